//! Why each target got its number.

use serde::{Deserialize, Serialize};

/// How replicas were assigned to the selected clusters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum AssignmentExplanation {
    /// There are no replicas to divide: every selected cluster becomes a target.
    Everywhere,
    /// Replicas are divided, in tiers where the affinity group in force has overflow groups.
    Divided {
        /// The tiers that were reached, the only one without overflow groups.
        tiers: Vec<TierExplanation>,
    },
    /// As another stage says.
    Other {
        /// What it says.
        text: String,
    },
}

/// What a tier of clusters gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TierExplanation {
    /// Its number: 0 is the affinity group itself, others help out in this order; absent where there are no tiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<u32>,
    /// The replicas it is to take.
    pub replicas: i64,
    /// What its clusters have room for, the replicas they have included.
    pub available: i64,
    /// How they are divided.
    pub strategy: Strategy,
    /// Which way replicas change; absent where earlier replicas do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The replicas that are divided by weight: all, or only those to add; with an error those for which the tier has
    /// too little room, 0 where the error is another one.
    pub divided: i64,
    /// The sum of the weights.
    pub weights: i64,
    /// Why it is not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Of clusters with equal claims and equal replicas, whose name comes first; chosen by a hash of the resource's uid.
    pub ties: TieOrder,
    /// Where replicas are aggregated: how many clusters take part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_off: Option<CutOff>,
    /// What each cluster of the tier gets, in the order of names. Those cut off are in it with no weight.
    /// None of them in any tier where the division fails.
    pub shares: Vec<ShareExplanation>,
}

/// How replicas are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Strategy {
    /// Every cluster gets all of them.
    Duplicated,
    /// By fixed weights.
    StaticWeight,
    /// By the room clusters have.
    DynamicWeight,
    /// By the room clusters have, among the fewest that have enough.
    Aggregated,
    /// The placement names a division that does not exist.
    Unsupported,
}

/// Which way replicas change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// Somebody asked for all to be placed anew.
    Fresh,
    /// Some are added to what is there.
    ScaleUp,
    /// There are too many: the wanted number is divided by what clusters have.
    ScaleDown,
    /// They are as they should be.
    Unchanged,
}

/// Whose name comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TieOrder {
    /// The name that sorts first.
    Ascending,
    /// The name that sorts last.
    Descending,
}

/// Which clusters take part when replicas are aggregated: those with replicas first, then those with the most room, as
/// few as are enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CutOff {
    /// Those that take part, in this order.
    pub kept: Vec<String>,
    /// What they have room for.
    pub available: i64,
    /// How many others do not.
    pub dropped: usize,
}

/// Why a cluster gets its number of replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShareExplanation {
    /// The cluster.
    pub cluster: String,
    /// Its weight; 0 if it takes no part in the division.
    pub weight: i64,
    /// The rule of the static weight list the weight comes from; absent where it comes from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<usize>,
    /// Its exact share of the divided replicas, as an integer or a reduced fraction: `12/5`.
    pub exact: String,
    /// The whole replicas that became of it.
    pub seats: i64,
    /// Replicas it had before and keeps.
    pub kept: i64,
    /// What it gets: the sum of both.
    pub replicas: i64,
    /// The tie that decided on its last replica, or on one more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tie: Option<Tie>,
}

/// A tie between equal claims to the last replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tie {
    /// Whether the cluster won.
    pub won: bool,
    /// Against whom.
    pub against: String,
    /// What decided.
    pub by: TieRule,
}

/// What decides between equal claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TieRule {
    /// Who has fewer replicas.
    FewerReplicas,
    /// Whose name comes first.
    Name,
}
