//! What became of each cluster.

use serde::{Deserialize, Serialize};

/// What became of one cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterExplanation {
    /// Its name.
    pub name: String,
    /// How far it got.
    pub verdict: ClusterVerdict,
}

/// How far a cluster got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    content = "detail",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ClusterVerdict {
    /// It is being deleted, and not considered.
    Deleting,
    /// Filters reject it.
    Rejected(Vec<Objection>),
    /// It passed the filters.
    Candidate(Box<CandidateExplanation>),
}

/// What a filter has against a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Objection {
    /// The filter plugin.
    pub plugin: String,
    /// What it says.
    pub reason: String,
}

/// What became of a cluster that passed the filters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidateExplanation {
    /// What each score plugin gives it, in the order of the plugins.
    pub scores: Vec<PluginScore>,
    /// Their sum.
    pub score: i64,
    /// Its place among the candidates, from 1: by overflow tier, then score, then room, then name. Absent when the
    /// decision ended before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<usize>,
    /// Its overflow tier, where the affinity group in force has any: 0 is the group itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overflow_tier: Option<u32>,
    /// How much room it has, and who says so. Absent when the decision ended before, and where nobody is asked
    /// because there are no replicas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomExplanation>,
    /// Its place in the selection, from 1, if it was selected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selected: Option<usize>,
    /// The replicas it gets, if it is a target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<i32>,
}

/// What one score plugin gives a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginScore {
    /// The plugin.
    pub plugin: String,
    /// Its score, normalised.
    pub score: i64,
}

/// How much room a cluster has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomExplanation {
    /// What each estimator says, remote ones last.
    pub estimates: Vec<EstimatorExplanation>,
    /// The estimators whose number is the smallest, which counts. None when nobody knew a bound: then the cluster
    /// counts as having room for as many as are wanted.
    pub bounded_by: Vec<String>,
    /// Replicas, or sets of components, it has room for.
    pub allocatable: i32,
    /// Replicas it has already, which count as room.
    pub assigned: i32,
    /// The sum of both: what selection goes by.
    pub available: i64,
}

/// What one estimator says of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EstimatorExplanation {
    /// The estimator.
    pub estimator: String,
    /// What it says.
    pub answer: EstimatorAnswer,
    /// What it would say if only one thing were asked for, the tightest first; empty where it cannot tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
}

/// What an estimator says of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "camelCase")]
pub enum EstimatorAnswer {
    /// Room for so many.
    Room(i32),
    /// It does not know.
    Unknown,
    /// As many as one likes.
    Unlimited,
    /// It failed, and is left out for all clusters.
    Failed(String),
}

/// How much room one resource leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limit {
    /// The resource; `pods` for pod slots, [`Limit::NODES`] for whole nodes.
    pub resource: String,
    /// Replicas, or sets of components, that fit as far as this resource goes.
    pub room: i32,
}

impl Limit {
    /// In place of a resource: what fits on the nodes of resource models, where several resources together leave less
    /// room than each alone.
    pub const NODES: &'static str = "nodes";
}

impl ClusterExplanation {
    /// The objection that counts: that of the first filter.
    #[must_use]
    pub fn rejection(&self) -> Option<&Objection> {
        match &self.verdict {
            ClusterVerdict::Rejected(objections) => objections.first(),
            _ => None,
        }
    }

    /// What became of it after the filters, if it passed them.
    #[must_use]
    pub fn candidate(&self) -> Option<&CandidateExplanation> {
        match &self.verdict {
            ClusterVerdict::Candidate(candidate) => Some(candidate),
            _ => None,
        }
    }
}
