//! Decisions that explain themselves.
//!
//! [`explain`] says, as plain data with stable names, what became of every cluster of a snapshot and why each target
//! got its number; [`Explanation::to_text`] and [`Explanation::to_markdown`] say it to people. Nothing of it is
//! collected while a decision is made: an explanation makes the decision again, with the same code, and asks each stage
//! afterwards. So a decision that nobody asks about pays nothing, and an explanation cannot differ from the decision.
//!
//! [`smallest_edit`] answers the question that follows: what it takes for a cluster to be chosen.
//!
//! Plugins, estimators and stages of other authors explain themselves through the optional methods of their traits:
//! [`FilterPlugin::verdict`](crate::FilterPlugin::verdict),
//! [`ReplicaEstimator::bounds`](crate::ReplicaEstimator::bounds),
//! [`SelectStage::explain`](crate::SelectStage::explain) and [`AssignStage::explain`](crate::AssignStage::explain).

mod assignment;
mod cluster;
pub mod edit;
mod report;
mod selection;
mod trace;

use karmada_core::api::work::v1alpha2::{ResourceBindingSpec, ResourceBindingStatus, TargetCluster};
use serde::{Deserialize, Serialize};

pub use assignment::{
    AssignmentExplanation, CutOff, Mode, ShareExplanation, Strategy, Tie, TieOrder, TieRule, TierExplanation,
};
pub use cluster::{
    CandidateExplanation, ClusterExplanation, ClusterVerdict, EstimatorAnswer, EstimatorExplanation, Limit,
    Objection, PluginScore, RoomExplanation,
};
pub use edit::{Edit, EditAnswer, EditError, EditKind, EditPatch, SmallestEdit, smallest_edit};
pub use selection::{
    AllBecause, ByClusterExplanation, ByRegionExplanation, CombinationRule, Combinations, GroupExplanation,
    GroupScoreExplanation, GroupVerdict, SelectionExplanation, Swap,
};

use crate::error::ScheduleError;
use crate::fleet::Snapshot;
use crate::session::{Answer, Options};

/// Why a binding is scheduled as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// What comes of it.
    pub outcome: Outcome,
    /// What is asked for.
    pub request: Request,
    /// How many clusters get how far.
    pub counts: Counts,
    /// Every cluster of the snapshot, in the order of names.
    pub clusters: Vec<ClusterExplanation>,
    /// How clusters are selected; absent when the decision ends before, or the stage does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<SelectionExplanation>,
    /// How replicas are assigned; absent when the decision ends before, or the stage does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<AssignmentExplanation>,
    /// Selected clusters that get nothing and become targets without replicas all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<String>,
}

/// What comes of scheduling a binding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Outcome {
    /// It goes to these clusters.
    Scheduled {
        /// What each gets, in the order of the decision.
        targets: Vec<TargetCluster>,
    },
    /// It goes nowhere.
    Failed {
        /// What that means for the binding.
        class: FailureClass,
        /// Upstream's text.
        message: String,
    },
}

/// What a failure means for the binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FailureClass {
    /// No cluster passes the filters; only a change can help.
    Fit,
    /// There is too little room; it may be there later.
    Unschedulable,
    /// Anything else.
    Other,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Kind, namespace and name of the resource template: `Deployment default/nginx`.
    pub resource: String,
    /// The profile.
    pub profile: String,
    /// The replicas of the template; 0 for what has none.
    pub replicas: i32,
    /// The pod templates, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// How replicas are divided.
    pub strategy: Strategy,
    /// Whether all replicas are placed anew because somebody asked for it.
    pub fresh: bool,
    /// The affinity group in force, where the placement has groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affinity_group: Option<String>,
    /// What spread constraints do.
    pub spread: Spread,
    /// The replicas, or sets of components, for which the selected clusters need room together; absent where room is
    /// no criterion of selection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed: Option<i64>,
}

/// What spread constraints do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Spread {
    /// There are none.
    Absent,
    /// They are there, but do not count in selection: replicas are divided by fixed weights.
    Ignored,
    /// They select clusters.
    Applied,
}

/// How many clusters get how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// In the snapshot.
    pub clusters: usize,
    /// Being deleted.
    pub deleting: usize,
    /// Rejected by filters.
    pub rejected: usize,
    /// Passed all filters.
    pub candidates: usize,
    /// Selected.
    pub selected: usize,
    /// Targets.
    pub targets: usize,
}

/// Explains the decision that [`schedule`](crate::schedule) makes on the same input.
///
/// # Guarantees
/// The explanation has the targets, or the error, of the decision. Every cluster of the snapshot is in it once. What it
/// says of rejected clusters first is what [`diagnose`](crate::diagnose) says.
///
/// For a placement with `clusterAffinities` the status names the group in force in `scheduler_observed_affinity_name`;
/// otherwise none is.
///
/// # Errors
/// [`ScheduleError::NoPlacement`]; every other failure is explained.
///
/// # Complexity
/// A few decisions, a verdict per filter and rejected cluster, and an estimate of all candidates per requested resource
/// and two more. For sets of components over resource models that is the larger part: where a decision fills nodes of
/// few clusters, this fills those of every candidate, 3 + resources times.
///
/// # Example
/// ```
/// use karmada_core::api::{cluster::v1alpha1::Cluster, policy::v1alpha1::*, work::v1alpha2::*};
/// use karmada_scheduler::{Options, Snapshot, explain::explain};
/// let snapshot = Snapshot::build(&[Cluster::named("member1")], [])?;
/// let spec = ResourceBindingSpec { placement: Some(Placement::new()), ..Default::default() };
/// let explanation = explain(&snapshot, &spec, &ResourceBindingStatus::default(), &Options::default())?;
/// let rejection = explanation.cluster("member1").and_then(|cluster| cluster.rejection()).unwrap();
/// assert_eq!(rejection.reason, "cluster(s) did not have the API resource");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn explain(
    snapshot: &Snapshot,
    spec: &ResourceBindingSpec,
    status: &ResourceBindingStatus,
    options: &Options,
) -> Result<Explanation, ScheduleError> {
    explain_answered(snapshot, spec, status, options, &[])
}

/// The same for a decision in which remote estimators had a say: with their answers to the question of the
/// [`Session`](crate::Session), in the order of [`EstimateQuestion::estimators`](crate::EstimateQuestion).
///
/// # Errors
/// As for [`explain`].
pub fn explain_answered(
    snapshot: &Snapshot,
    spec: &ResourceBindingSpec,
    status: &ResourceBindingStatus,
    options: &Options,
    answers: &[Answer],
) -> Result<Explanation, ScheduleError> {
    trace::explain(snapshot, spec, status, options, answers)
}

impl Explanation {
    /// What became of a cluster.
    #[must_use]
    pub fn cluster(&self, name: &str) -> Option<&ClusterExplanation> {
        let position = self
            .clusters
            .binary_search_by(|cluster| cluster.name.as_str().cmp(name))
            .ok()?;
        self.clusters.get(position)
    }

    /// The targets; none when the decision fails.
    #[must_use]
    pub fn targets(&self) -> &[TargetCluster] {
        match &self.outcome {
            Outcome::Scheduled { targets } => targets,
            Outcome::Failed { .. } => &[],
        }
    }

    /// Why a cluster gets its number of replicas; absent where replicas are not divided, or not among it.
    #[must_use]
    pub fn share(&self, cluster: &str) -> Option<&ShareExplanation> {
        self.tier_and_share(cluster).map(|(_, share)| share)
    }

    fn tier_and_share(&self, cluster: &str) -> Option<(&TierExplanation, &ShareExplanation)> {
        let Some(AssignmentExplanation::Divided { tiers }) = &self.assignment else {
            return None;
        };
        tiers.iter().find_map(|tier| {
            let by_name = |share: &ShareExplanation| share.cluster.as_str().cmp(cluster);
            let position = tier.shares.binary_search_by(by_name).ok()?;
            Some((tier, tier.shares.get(position)?))
        })
    }
}
