//! What a pass changes in what the scheduler remembers: workloads on their way to clusters, bindings being assigned
//! (`karmada:pkg/scheduler/scheduler.go`, `karmada:pkg/scheduler/cache`).

use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::{
    Component, ComponentReplicaRequirements, ReplicaRequirements, ResourceBinding, ResourceBindingSpec,
    ResourceHealth, TargetCluster,
};
use karmada_core::features::Feature;
use karmada_core::work::BindingRef;

use super::CycleOptions;
use crate::fleet::{AssumedWorkload, Fleet};
use crate::queue::BindingKey;

/// What the scheduler remembers once a result is written. A pass that writes no result has none, nor has one about a
/// ClusterResourceBinding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects {
    /// Clusters it no longer goes to: what was assumed about them is dropped.
    pub released: Vec<String>,
    /// What it is assumed to take, by cluster, in place of what was assumed before: all the cluster is to have, whatever
    /// runs there already. With [`assumed_twice`](crate::Corrections::assumed_twice) what runs where the workload is
    /// healthy is left out.
    pub assumed: Vec<(String, AssumedWorkload)>,
    /// The binding as written, reduced to what workload affinity looks at.
    pub assigned: Option<Box<ResourceBinding>>,
}

impl Effects {
    /// Whether nothing is to be remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.released.is_empty() && self.assumed.is_empty() && self.assigned.is_none()
    }

    /// Remembers it in a fleet; what is assumed, until `expires` at most (see
    /// [`assumption_expiry`](crate::assumption_expiry)).
    pub fn apply(&self, fleet: &mut Fleet, binding: &BindingKey, expires: Timestamp) {
        for cluster in &self.released {
            fleet.release(binding.as_str(), cluster);
        }
        for (cluster, workload) in &self.assumed {
            fleet.assume_until(binding.as_str(), cluster, workload.clone(), expires);
        }
        if let Some(binding) = &self.assigned {
            fleet.assign_binding(binding);
        }
    }

    /// What follows from writing those targets into the binding.
    pub(super) fn of(binding: BindingRef<'_>, targets: &[TargetCluster], options: &CycleOptions) -> Self {
        let BindingRef::Namespaced(namespaced) = binding else {
            return Self::default();
        };
        let enabled = |feature| options.decision.features.enabled(feature);
        let spec = binding.spec();
        let mut effects = Self::default();
        if enabled(Feature::WorkloadAffinity) {
            effects.assigned = Some(Box::new(assigned(namespaced, targets)));
        }
        if enabled(Feature::SchedulingOvercommitProtection) && spec.is_workload() {
            let kept = |cluster: &str| targets.iter().any(|target| target.name == cluster);
            let before = spec.clusters.iter().map(|target| target.name.as_str());
            effects.released = before
                .filter(|cluster| !kept(cluster))
                .map(str::to_owned)
                .collect();
            let added_only = options.decision.profile.corrections().assumed_twice;
            let targets = targets.iter();
            effects.assumed = targets
                .filter_map(|target| {
                    let mut components = footprint(spec, target);
                    if added_only {
                        take_off_running(binding, &target.name, &mut components);
                        if components.is_empty() {
                            return None;
                        }
                    }
                    let workload = AssumedWorkload {
                        namespace: spec.resource.namespace.clone(),
                        components,
                    };
                    Some((target.name.clone(), workload))
                })
                .collect();
        }
        effects
    }
}

/// What a cluster is to have: the components as declared, or the replicas as one component.
fn footprint(spec: &ResourceBindingSpec, target: &TargetCluster) -> Vec<Component> {
    if !spec.components.is_empty() {
        return spec.components.clone();
    }
    let requirements = |requirements: &ReplicaRequirements| ComponentReplicaRequirements {
        node_claim: requirements.node_claim.clone(),
        resource_request: requirements.resource_request.clone(),
        priority_class_name: requirements.priority_class_name.clone(),
    };
    vec![Component {
        name: spec.resource.name.clone(),
        replicas: target.replicas,
        replica_requirements: spec.replica_requirements.as_ref().map(requirements),
    }]
}

/// Takes off what runs in a cluster that reports the workload healthy: that is part of the cluster's own report.
fn take_off_running(binding: BindingRef<'_>, cluster: &str, components: &mut Vec<Component>) {
    let spec = binding.spec();
    let mut reported = binding.status().aggregated_status.iter();
    let healthy =
        reported.any(|item| item.cluster_name == cluster && item.health == Some(ResourceHealth::Healthy));
    let before = spec.clusters.iter().find(|target| target.name == cluster);
    let Some(before) = before.filter(|_| healthy) else {
        return;
    };
    for component in components.iter_mut() {
        let running = if spec.components.is_empty() {
            before.replicas
        } else if before.components.is_empty() {
            component.replicas
        } else {
            let mut before = before.components.iter();
            let same = before.find(|other| other.name == component.name);
            same.map_or(0, |other| other.replicas)
        };
        component.replicas = component.replicas.saturating_sub(running);
    }
    components.retain(|component| component.replicas > 0);
}

fn assigned(binding: &ResourceBinding, targets: &[TargetCluster]) -> ResourceBinding {
    let mut copy = ResourceBinding::default();
    copy.metadata.namespace.clone_from(&binding.metadata.namespace);
    copy.metadata.name.clone_from(&binding.metadata.name);
    copy.metadata
        .resource_version
        .clone_from(&binding.metadata.resource_version);
    copy.spec.clusters = targets.to_vec();
    copy.spec
        .workload_affinity_groups
        .clone_from(&binding.spec.workload_affinity_groups);
    copy
}
