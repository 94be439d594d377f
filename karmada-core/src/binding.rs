//! What a binding says about where its workload is and should be (`karmada:pkg/util/binding.go`,
//! `karmada:pkg/apis/work/v1alpha2/binding_types_helper.go`).

mod change;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use crate::api::policy::v1alpha1::{
    Placement, PolicySuspension, PurgeMode, ReplicaDivisionPreference, ReplicaSchedulingStrategy,
    ReplicaSchedulingType,
};
use crate::api::wire;
use crate::api::work::v1alpha2::{BindingSnapshot, BindingSuspension, ResourceBindingSpec, TargetCluster};
use crate::apportion::{Party, Ties, apportion};
use crate::features::{Feature, FeatureGates};
use crate::{annotations, json};

pub use change::{PlacementChange, placement_change};

impl ResourceBindingSpec {
    /// Whether a cluster was chosen, for however many replicas.
    #[must_use]
    pub fn target_contains(&self, cluster: &str) -> bool {
        self.clusters.iter().any(|target| target.name == cluster)
    }

    /// Whether the workload is on its way out of a cluster.
    #[must_use]
    pub fn cluster_in_graceful_eviction_tasks(&self, cluster: &str) -> bool {
        self.graceful_eviction_tasks
            .iter()
            .any(|task| task.from_cluster == cluster)
    }

    /// The replicas a cluster was chosen for; 0 if it was not.
    #[must_use]
    pub fn assigned_replicas_for_cluster(&self, cluster: &str) -> i32 {
        self.clusters
            .iter()
            .find(|target| target.name == cluster)
            .map_or(0, |target| target.replicas)
    }

    /// The replicas of all clusters chosen.
    #[must_use]
    pub fn sum_of_replicas(&self) -> i64 {
        self.clusters
            .iter()
            .map(|target| i64::from(target.replicas))
            .sum()
    }

    /// Whether scheduling is held back.
    #[must_use]
    pub fn scheduling_suspended(&self) -> bool {
        self.suspension
            .as_ref()
            .and_then(|suspension| suspension.scheduling)
            .unwrap_or_default()
    }

    /// The precedence in the scheduling queue, 0 by default.
    #[must_use]
    pub fn schedule_priority_value(&self) -> i32 {
        self.schedule_priority
            .as_ref()
            .map_or(0, |priority| priority.priority)
    }

    /// Whether the template is one that runs: it wants replicas, or somebody said what one of them needs.
    #[must_use]
    pub fn is_workload(&self) -> bool {
        self.replicas > 0 || self.replica_requirements.is_some() || !self.components.is_empty()
    }

    /// The clusters where the workload has or keeps a copy: those chosen, those chosen for the bindings it follows, and
    /// those it leaves other than at once.
    #[must_use]
    pub fn existing_clusters(&self) -> BTreeSet<&str> {
        let leaving = self
            .graceful_eviction_tasks
            .iter()
            .filter(|task| task.purge_mode != Some(PurgeMode::Directly))
            .map(|task| task.from_cluster.as_str());
        let required = self.required_by.iter().flat_map(|snapshot| &snapshot.clusters);
        self.clusters
            .iter()
            .chain(required)
            .map(|target| target.name.as_str())
            .chain(leaving)
            .collect()
    }

    /// The clusters that the workload leaves at once, before it starts elsewhere.
    #[must_use]
    pub fn purge_directly_clusters(&self) -> BTreeSet<&str> {
        self.graceful_eviction_tasks
            .iter()
            .filter(|task| task.purge_mode == Some(PurgeMode::Directly))
            .map(|task| task.from_cluster.as_str())
            .collect()
    }

    /// Whether the replicas of the clusters are no longer what the template wants, given how they are divided.
    ///
    /// A workload of several components counts as changed while it is nowhere, with
    /// [`Feature::MultiplePodTemplatesScheduling`].
    #[must_use]
    pub fn is_replicas_changed(
        &self,
        strategy: Option<&ReplicaSchedulingStrategy>,
        gates: FeatureGates,
    ) -> bool {
        let Some(strategy) = strategy else { return false };
        let with_components =
            gates.enabled(Feature::MultiplePodTemplatesScheduling) && !self.components.is_empty();
        if with_components && self.clusters.is_empty() {
            return true;
        }
        match strategy.replica_scheduling_type {
            Some(ReplicaSchedulingType::Duplicated) => self
                .clusters
                .iter()
                .any(|target| target.replicas != self.replicas),
            Some(ReplicaSchedulingType::Divided) => self.sum_of_replicas() != i64::from(self.replicas),
            _ => false,
        }
    }

    /// Whether a cluster that records what it got of each component no longer has what the template wants.
    ///
    /// Upstream does not look (issue 6998).
    #[must_use]
    pub fn is_components_changed(&self) -> bool {
        let wanted = |target: &TargetCluster| {
            let wanted = self.components.iter();
            let wanted = wanted.map(|component| (component.name.as_str(), component.replicas));
            let got = target.components.iter();
            wanted.eq(got.map(|component| (component.name.as_str(), component.replicas)))
        };
        let mut recorded = self
            .clusters
            .iter()
            .filter(|target| !target.components.is_empty());
        recorded.any(|target| !wanted(target))
    }

    /// Whether the completions of a Job are to be divided among the clusters.
    #[must_use]
    pub fn divides_job_completions(&self) -> bool {
        let divided =
            |placement: &Placement| placement.replica_scheduling_type() == ReplicaSchedulingType::Divided;
        self.replicas > 0 && self.placement.as_ref().is_some_and(divided)
    }
}

impl Placement {
    /// How replicas are scheduled: duplicated if nothing is said, else as written, which may be the empty text.
    #[must_use]
    pub fn replica_scheduling_type(&self) -> ReplicaSchedulingType {
        match &self.replica_scheduling {
            None => ReplicaSchedulingType::Duplicated,
            Some(strategy) => strategy.replica_scheduling_type.clone().unwrap_or_default(),
        }
    }

    /// Whether replicas are divided by what clusters have room for.
    #[must_use]
    pub fn is_dynamically_divided(&self) -> bool {
        let Some(strategy) = &self.replica_scheduling else {
            return false;
        };
        strategy.replica_scheduling_type == Some(ReplicaSchedulingType::Divided)
            && match strategy.replica_division_preference {
                Some(ReplicaDivisionPreference::Aggregated) => true,
                Some(ReplicaDivisionPreference::Weighted) => strategy
                    .weight_preference
                    .as_ref()
                    .is_some_and(|preference| preference.dynamic_weight.is_some()),
                _ => false,
            }
    }

    /// Whether a group of clusters may have others to help it out: only where room counts.
    #[must_use]
    pub fn allows_overflow(&self) -> bool {
        self.is_dynamically_divided()
    }
}

/// Whether somebody asked for all replicas to be placed anew since they were last scheduled. A binding that has not been
/// scheduled yet will be anyway.
#[must_use]
pub fn reschedule_required(triggered_at: Option<Timestamp>, last_scheduled: Option<Timestamp>) -> bool {
    triggered_at
        .zip(last_scheduled)
        .is_some_and(|(triggered, scheduled)| triggered > scheduled)
}

/// The suspension of a binding after its policy's changed: the policy decides about dispatching, the binding itself
/// about scheduling.
#[must_use]
pub fn merge_suspension(
    binding: Option<&BindingSuspension>,
    policy: Option<&PolicySuspension>,
) -> Option<BindingSuspension> {
    let scheduling = binding.and_then(|binding| binding.scheduling);
    if policy.is_none() && scheduling.is_none() {
        return None;
    }
    let policy = policy.cloned().unwrap_or_default();
    Some(BindingSuspension {
        dispatching: policy.dispatching,
        dispatching_on_clusters: policy.dispatching_on_clusters,
        scheduling,
    })
}

/// The clusters that get the resource: those chosen for it, then those chosen for bindings it follows. Of several entries
/// for a cluster the first counts.
#[must_use]
pub fn merge_target_clusters(
    clusters: &[TargetCluster],
    required_by: &[BindingSnapshot],
) -> Vec<TargetCluster> {
    let mut merged = clusters.to_vec();
    let mut present: BTreeSet<&str> = clusters.iter().map(|target| target.name.as_str()).collect();
    for target in required_by.iter().flat_map(|snapshot| &snapshot.clusters) {
        if present.insert(&target.name) {
            merged.push(target.clone());
        }
    }
    merged
}

/// Two divisions added up, sorted by cluster.
#[must_use]
pub fn sum_target_clusters(old: &[TargetCluster], new: &[TargetCluster]) -> Vec<TargetCluster> {
    let mut sums: BTreeMap<&str, i32> = BTreeMap::new();
    for target in old.iter().chain(new) {
        let sum = sums.entry(&target.name).or_default();
        *sum = sum.saturating_add(target.replicas);
    }
    sums.into_iter()
        .map(|(name, replicas)| TargetCluster::new(name, replicas))
        .collect()
}

/// Divides replicas among clusters by weight, on top of what they have, sorted by cluster.
///
/// Clusters without weight keep what they have. Nothing changes when no cluster has any weight, or when there is nothing
/// to divide and somebody has something. `uid` is that of the resource and decides ties; see [`Ties::for_uid`]. Of several
/// entries for a cluster the last counts. Negative weights and replicas count as zero.
#[must_use]
pub fn spread_replicas(
    replicas: i64,
    weights: &[TargetCluster],
    initial: &[TargetCluster],
    uid: &str,
) -> Vec<TargetCluster> {
    let natural = |number: i32| u64::try_from(number).unwrap_or_default();
    let mut by_name: BTreeMap<&str, Party<'_>> = BTreeMap::new();
    for target in initial {
        let party = Party {
            name: &target.name,
            votes: 0,
            seats: natural(target.replicas),
        };
        by_name.insert(&target.name, party);
    }
    if weights.iter().all(|weight| weight.replicas <= 0) || (replicas == 0 && !initial.is_empty()) {
        return targets(by_name.into_values());
    }
    for weight in weights {
        let name = weight.name.as_str();
        by_name
            .entry(name)
            .or_insert(Party {
                name,
                votes: 0,
                seats: 0,
            })
            .votes = natural(weight.replicas);
    }
    let mut parties: Vec<Party<'_>> = by_name.into_values().collect();
    apportion(
        &mut parties,
        u64::try_from(replicas).unwrap_or_default(),
        Ties::for_uid(uid),
    );
    targets(parties)
}

fn targets<'a>(parties: impl IntoIterator<Item = Party<'a>>) -> Vec<TargetCluster> {
    parties
        .into_iter()
        .map(|party| TargetCluster::new(party.name, i32::try_from(party.seats).unwrap_or(i32::MAX)))
        .collect()
}

/// Why the placement a binding was last scheduled with is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppliedPlacementError {
    /// It was never recorded.
    #[error("annotation {} is missing or empty", annotations::POLICY_PLACEMENT)]
    Missing,
    /// What was recorded is not a placement.
    #[error("annotation {} holds no placement: {reason}", annotations::POLICY_PLACEMENT)]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
}

/// The placement a binding was last scheduled with, out of its annotations; `None` if it was never recorded.
///
/// # Errors
/// [`AppliedPlacementError::Malformed`] when the annotation cannot be read.
pub fn applied_placement(
    annotations: &BTreeMap<String, String>,
) -> Result<Option<Placement>, AppliedPlacementError> {
    let text = annotations
        .get(annotations::POLICY_PLACEMENT)
        .map_or("", String::as_str);
    if text.is_empty() {
        return Ok(None);
    }
    let malformed = |reason: String| AppliedPlacementError::Malformed { reason };
    let value: Value = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
    match value {
        Value::Null => Ok(Some(Placement::default())),
        Value::Object(_) => wire::decode(&value)
            .map(Some)
            .map_err(|error| malformed(error.to_string())),
        _ => Err(malformed("it is no object".to_owned())),
    }
}

/// The annotation with the placement a binding is scheduled with, byte for byte as upstream encodes it.
///
/// # Errors
/// When the placement has no JSON form, which every one has.
///
/// ```
/// use karmada_core::api::policy::v1alpha1::{ClusterAffinity, Placement};
/// let placement = Placement::new().affinity(ClusterAffinity::names(["member1"]));
/// let text = karmada_core::binding::encode_applied_placement(&placement)?;
/// assert_eq!(text, r#"{"clusterAffinity":{"clusterNames":["member1"]}}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn encode_applied_placement(placement: &Placement) -> Result<String, serde_json::Error> {
    json::encode(placement)
}

#[cfg(test)]
mod tests;
