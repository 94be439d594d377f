//! Workloads that take capacity although their clusters do not report it yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use karmada_core::api::work::v1alpha2::Component;

/// What a workload that was just scheduled will take of a cluster (`karmada:pkg/scheduler/cache`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssumedWorkload {
    /// The namespace of the workload.
    pub namespace: String,
    /// Its parts; a workload with one pod template is one component.
    pub components: Vec<Component>,
}

/// By cluster and binding; iterated in the order of the bindings' keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assumptions {
    by_cluster: BTreeMap<Box<str>, BTreeMap<Box<str>, Arc<AssumedWorkload>>>,
}

impl Assumptions {
    pub(crate) fn assume(&mut self, binding: &str, cluster: &str, workload: AssumedWorkload) {
        self.by_cluster
            .entry(cluster.into())
            .or_default()
            .insert(binding.into(), Arc::new(workload));
    }

    pub(crate) fn release(&mut self, binding: &str, cluster: &str) {
        if let Some(bindings) = self.by_cluster.get_mut(cluster) {
            bindings.remove(binding);
            if bindings.is_empty() {
                self.by_cluster.remove(cluster);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_cluster.is_empty()
    }

    /// What is assumed to run on a cluster, by the key of its binding.
    pub(crate) fn on(&self, cluster: &str) -> impl Iterator<Item = (&str, &Arc<AssumedWorkload>)> {
        self.by_cluster
            .get(cluster)
            .into_iter()
            .flatten()
            .map(|(binding, workload)| (&**binding, workload))
    }
}
