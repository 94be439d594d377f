//! The outcome of scheduling.

use karmada_core::api::work::v1alpha2::{TargetCluster, TargetComponent};

use crate::cluster_set::ClusterId;
use crate::fleet::Snapshot;

/// What one cluster gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The cluster.
    pub cluster: ClusterId,
    /// Its replicas; 0 for what is no workload, and for sets of components.
    pub replicas: i32,
}

/// The clusters a workload goes to.
///
/// Targets are ids of the snapshot the decision was made on, in the order upstream writes them; names are looked up
/// when they are asked for.
#[derive(Clone, Debug)]
pub struct Decision {
    snapshot: Snapshot,
    targets: Vec<Target>,
    components: Vec<TargetComponent>,
}

impl Decision {
    pub(crate) fn new(snapshot: Snapshot, targets: Vec<Target>, components: Vec<TargetComponent>) -> Self {
        Self {
            snapshot,
            targets,
            components,
        }
    }

    /// The snapshot the decision was made on.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What each chosen cluster gets.
    #[must_use]
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// What every chosen cluster gets of a workload with several pod templates; empty for others.
    #[must_use]
    pub fn components(&self) -> &[TargetComponent] {
        &self.components
    }

    /// Names and replicas of the chosen clusters.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i32)> {
        self.targets
            .iter()
            .map(|target| (self.snapshot.name(target.cluster), target.replicas))
    }

    /// The decision as a binding's `spec.clusters`.
    #[must_use]
    pub fn to_target_clusters(&self) -> Vec<TargetCluster> {
        self.iter()
            .map(|(name, replicas)| TargetCluster {
                name: name.to_owned(),
                replicas,
                components: self.components.clone(),
            })
            .collect()
    }
}
