//! How clusters were selected.

use serde::{Deserialize, Serialize};

/// How clusters were selected among the candidates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum SelectionExplanation {
    /// All of them were.
    All {
        /// Why.
        because: AllBecause,
    },
    /// By the number of clusters.
    ByCluster(ByClusterExplanation),
    /// By region.
    ByRegion(ByRegionExplanation),
    /// Not at all: the constraints name neither cluster nor region.
    Unsupported,
    /// As another stage says.
    Other {
        /// What it says.
        text: String,
    },
}

/// Why all candidates are selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AllBecause {
    /// There are no spread constraints.
    NoConstraints,
    /// Replicas are divided by fixed weights, and then spread constraints do not count.
    StaticWeight,
}

/// Selection by the number of clusters: the most preferred ones that are allowed; while they have too little room, the
/// least preferred of them still unchanged gives way to the cluster with the most room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ByClusterExplanation {
    /// The constraint's minimum.
    pub min_groups: i64,
    /// The constraint's maximum; `i64::MAX` where it is unlimited.
    pub max_groups: i64,
    /// Clusters there were to choose from.
    pub candidates: usize,
    /// The replicas, or sets of components, for which the selected clusters need room; absent where room does not
    /// matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<i64>,
    /// The most preferred clusters, as many as are allowed; none when there are fewer candidates than the minimum.
    pub preferred: Vec<String>,
    /// What those have room for.
    pub preferred_available: i64,
    /// Who gave way to whom, in this order.
    pub swaps: Vec<Swap>,
    /// What the clusters have room for after that.
    pub available: i64,
}

/// A preferred cluster that gave way to one with more room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Swap {
    /// The cluster that gave way.
    pub out: String,
    /// What it has room for.
    pub out_available: i64,
    /// The cluster in its place.
    #[serde(rename = "in")]
    pub into: String,
    /// What that one has room for.
    pub in_available: i64,
    /// What the selected clusters have room for after the swap.
    pub available: i64,
}

/// Selection by region: the best combination of regions, the most preferred cluster of each, then the most preferred of
/// their other clusters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ByRegionExplanation {
    /// The region constraint's minimum.
    pub min_groups: i64,
    /// The region constraint's maximum; `i64::MAX` where it is unlimited.
    pub max_groups: i64,
    /// The cluster constraint's minimum, 0 without one.
    pub min_clusters: i64,
    /// The cluster constraint's maximum, `i64::MAX` where it is unlimited; 0 without one, as upstream has it: then one
    /// cluster per region is taken.
    pub max_clusters: i64,
    /// The regions, the best score first.
    pub regions: Vec<GroupExplanation>,
    /// The combinations there were; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combinations: Option<Combinations>,
    /// The most preferred cluster of each chosen region.
    pub firsts: Vec<String>,
    /// The clusters taken besides, the most preferred first.
    pub others: Vec<String>,
}

/// A group of clusters, such as a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupExplanation {
    /// Its name.
    pub name: String,
    /// Its candidates, the most preferred first.
    pub clusters: Vec<String>,
    /// What they have room for.
    pub available: i64,
    /// How good it is.
    pub score: GroupScoreExplanation,
    /// What became of it.
    pub verdict: GroupVerdict,
}

/// What the score of a group is made of: `reached` × 1000 + `mean`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupScoreExplanation {
    /// The score.
    pub total: i64,
    /// The replicas the group, or each of its clusters where `duplicated`, should have room for.
    pub wanted: i64,
    /// Whether every cluster gets all replicas.
    pub duplicated: bool,
    /// Where duplicated the clusters with room for all replicas, else the wanted replicas the group has room for.
    pub reached: i64,
    /// The clusters looked at for that: where divided the first ones that are enough, or all.
    pub clusters: i64,
    /// The mean score of those clusters, rounded down.
    pub mean: i64,
}

/// What became of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GroupVerdict {
    /// It is used.
    Chosen,
    /// It is in the best combination, but those before it in it are enough.
    Spared,
    /// Another combination is better.
    Outweighed,
    /// No combination meets the constraints.
    NoCombination,
}

/// The combinations of groups that meet the constraints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Combinations {
    /// How many upstream's search finds; it does not extend one that is enough.
    pub considered: u64,
    /// How many of them have the largest sum of scores.
    pub with_best_score: u64,
    /// How many of those have the most clusters.
    pub with_most_clusters: u64,
    /// What decided.
    pub decided_by: CombinationRule,
    /// The groups of the best one, the best score first; those that were spared included.
    pub best: Vec<String>,
}

/// What decides between combinations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CombinationRule {
    /// There is only one.
    Only,
    /// The largest sum of scores.
    Score,
    /// Of those, the most clusters.
    Clusters,
    /// Of those, the one found first: the search takes groups with few clusters first.
    FirstFound,
}
