//! Where a workload may go, and how its replicas are divided.
//!
//! The order of fields is the order upstream writes them in, which matters for the annotation
//! `policy.karmada.io/applied-placement`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::meta::{LabelSelector, NodeSelectorRequirement, Toleration};
use crate::api::wire::{IntegerSchema, is_zero, nullable, optional_set};

/// Where a workload may go, and how its replicas are divided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct Placement {
    /// The clusters that come into question; absent means all. Excludes `clusterAffinities`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_affinity: Option<ClusterAffinity>,
    /// Groups of clusters, in order of preference: the first group that can take the workload gets it.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub cluster_affinities: Vec<ClusterAffinityTerm>,
    /// Taints of clusters the workload puts up with.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub cluster_tolerations: Vec<Toleration>,
    /// Over how many groups of clusters the workload is spread.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub spread_constraints: Vec<SpreadConstraint>,
    /// How replicas are divided; absent means that every cluster gets all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_scheduling: Option<ReplicaSchedulingStrategy>,
    /// Workloads to be near to or away from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_affinity: Option<WorkloadAffinity>,
}

/// Picks clusters. All parts that are given must hold; an empty affinity picks every cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ClusterAffinity {
    /// By labels of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
    /// By provider, region and zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_selector: Option<FieldSelector>,
    /// By name; empty picks all.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub cluster_names: Vec<String>,
    /// Names never picked, whatever else holds.
    #[serde(
        rename = "exclude",
        deserialize_with = "nullable",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub exclude_clusters: Vec<String>,
}

/// Picks clusters by their fields `provider`, `region` and `zone`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct FieldSelector {
    /// Requirements, all of which must hold.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<NodeSelectorRequirement>,
}

/// A named group of clusters, with groups that help out when it is full.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "TermWire", rename_all = "camelCase")]
#[schemars(inline)]
pub struct ClusterAffinityTerm {
    /// The group's name.
    #[schemars(extend("minLength" = 1, "maxLength" = 32))]
    pub affinity_name: String,
    /// The clusters in it.
    #[serde(flatten)]
    pub affinity: ClusterAffinity,
    /// Groups added in this order when the first lacks capacity, and given up in the reverse order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overflow_affinities: Vec<OverflowClusterAffinity>,
}

/// A group of clusters that helps out when the one before it is full.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "TermWire", rename_all = "camelCase")]
#[schemars(inline)]
pub struct OverflowClusterAffinity {
    /// The group's name.
    #[schemars(extend("minLength" = 1, "maxLength" = 32))]
    pub affinity_name: String,
    /// The clusters in it.
    #[serde(flatten)]
    pub affinity: ClusterAffinity,
}

/// How a term is read: without `flatten`, so that an error names the member at fault.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
struct TermWire {
    #[serde(deserialize_with = "nullable")]
    affinity_name: String,
    label_selector: Option<LabelSelector>,
    field_selector: Option<FieldSelector>,
    #[serde(deserialize_with = "nullable")]
    cluster_names: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    exclude: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    overflow_affinities: Vec<OverflowClusterAffinity>,
}

impl TermWire {
    fn split(self) -> (String, ClusterAffinity, Vec<OverflowClusterAffinity>) {
        let affinity = ClusterAffinity {
            label_selector: self.label_selector,
            field_selector: self.field_selector,
            cluster_names: self.cluster_names,
            exclude_clusters: self.exclude,
        };
        (self.affinity_name, affinity, self.overflow_affinities)
    }
}

impl From<TermWire> for ClusterAffinityTerm {
    fn from(wire: TermWire) -> Self {
        let (affinity_name, affinity, overflow_affinities) = wire.split();
        Self {
            affinity_name,
            affinity,
            overflow_affinities,
        }
    }
}

impl From<TermWire> for OverflowClusterAffinity {
    fn from(wire: TermWire) -> Self {
        let (affinity_name, affinity, _) = wire.split();
        Self {
            affinity_name,
            affinity,
        }
    }
}

closed_set! {
    /// A field of clusters by which they are grouped.
    pub enum SpreadFieldValue {
        /// Each cluster is a group.
        Cluster = "cluster",
        /// By region.
        Region = "region",
        /// By zone.
        Zone = "zone",
        /// By provider.
        Provider = "provider",
    }
}

/// Over how many groups of clusters a workload is spread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct SpreadConstraint {
    /// Grouped by this field. Excludes `spreadByLabel`.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    pub spread_by_field: Option<SpreadFieldValue>,
    /// Grouped by the value of this label.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub spread_by_label: String,
    /// At most so many groups.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    #[schemars(with = "IntegerSchema")]
    pub max_groups: i64,
    /// At least so many groups.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    #[schemars(with = "IntegerSchema")]
    pub min_groups: i64,
}

closed_set! {
    /// What clusters get of a workload's replicas.
    pub enum ReplicaSchedulingType {
        /// Every cluster gets all of them.
        Duplicated = "Duplicated",
        /// They are divided among the clusters.
        Divided = "Divided",
    }
}

closed_set! {
    /// How replicas are divided.
    pub enum ReplicaDivisionPreference {
        /// Into as few clusters as can hold them.
        Aggregated = "Aggregated",
        /// By weight.
        Weighted = "Weighted",
    }
}

closed_set! {
    /// What a weight is made from.
    pub enum DynamicWeightFactor {
        /// The replicas a cluster has room for.
        AvailableReplicas = "AvailableReplicas",
    }
}

/// How replicas are divided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ReplicaSchedulingStrategy {
    /// Duplicated or divided.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-karmada-default" = "Divided"))]
    pub replica_scheduling_type: Option<ReplicaSchedulingType>,
    /// When divided, how.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    pub replica_division_preference: Option<ReplicaDivisionPreference>,
    /// When divided by weight, by which; absent weighs all clusters the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_preference: Option<ClusterPreferences>,
}

/// The weights of clusters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ClusterPreferences {
    /// Fixed weights; a cluster that several rules pick gets the largest.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub static_weight_list: Vec<StaticClusterWeight>,
    /// Weights made from the state of the fleet; if set, the fixed ones do not count.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    pub dynamic_weight: Option<DynamicWeightFactor>,
}

/// The weight of the clusters an affinity picks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct StaticClusterWeight {
    /// The clusters.
    #[serde(deserialize_with = "nullable")]
    pub target_cluster: ClusterAffinity,
    /// Their weight, at least 1.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("minimum" = 1))]
    pub weight: i64,
}

/// Workloads to be near to or away from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct WorkloadAffinity {
    /// On the clusters of the other members of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affinity: Option<WorkloadAffinityTerm>,
    /// On none of the clusters of the other members of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anti_affinity: Option<WorkloadAffinityTerm>,
}

/// A group of workloads: those with the same value of a label.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct WorkloadAffinityTerm {
    /// The label of the template.
    #[serde(deserialize_with = "nullable")]
    pub group_by_label_key: String,
}

impl ClusterAffinity {
    /// Picks clusters by name.
    pub fn names<I, S>(names: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        Self {
            cluster_names: names.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Picks clusters that carry this label.
    #[must_use]
    pub fn label(key: impl Into<String>, value: impl Into<String>) -> Self {
        let mut selector = LabelSelector::default();
        selector.match_labels.insert(key.into(), value.into());
        Self {
            label_selector: Some(selector),
            ..Self::default()
        }
    }

    /// Leaves these clusters out.
    ///
    /// ```
    /// use karmada_core::api::policy::v1alpha1::ClusterAffinity;
    /// let affinity = ClusterAffinity::label("tier", "prod").excluding(["member3"]);
    /// assert_eq!(affinity.exclude_clusters, ["member3"]);
    /// ```
    #[must_use]
    pub fn excluding<I, S>(mut self, names: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        self.exclude_clusters.extend(names.into_iter().map(Into::into));
        self
    }
}

impl SpreadConstraint {
    /// Spreads over `min` to `max` groups of clusters with the same value of `field`.
    ///
    /// ```
    /// use karmada_core::api::policy::v1alpha1::{SpreadConstraint, SpreadFieldValue};
    /// let constraint = SpreadConstraint::by_field(SpreadFieldValue::Region, 1, 2);
    /// assert_eq!((constraint.min_groups, constraint.max_groups), (1, 2));
    /// ```
    #[must_use]
    pub fn by_field(field: SpreadFieldValue, min: i64, max: i64) -> Self {
        Self {
            spread_by_field: Some(field),
            min_groups: min,
            max_groups: max,
            ..Self::default()
        }
    }
}

impl ReplicaSchedulingStrategy {
    /// Every cluster gets all replicas.
    #[must_use]
    pub fn duplicated() -> Self {
        Self {
            replica_scheduling_type: Some(ReplicaSchedulingType::Duplicated),
            ..Self::default()
        }
    }

    /// Replicas go into as few clusters as can hold them.
    #[must_use]
    pub fn aggregated() -> Self {
        Self {
            replica_scheduling_type: Some(ReplicaSchedulingType::Divided),
            replica_division_preference: Some(ReplicaDivisionPreference::Aggregated),
            weight_preference: None,
        }
    }

    /// Replicas are divided by what the clusters have room for.
    #[must_use]
    pub fn dynamic_weight() -> Self {
        Self::weighted(ClusterPreferences {
            dynamic_weight: Some(DynamicWeightFactor::AvailableReplicas),
            ..ClusterPreferences::default()
        })
    }

    /// Replicas are divided by fixed weights.
    #[must_use]
    pub fn static_weight(weights: impl IntoIterator<Item = (ClusterAffinity, i64)>) -> Self {
        Self::weighted(ClusterPreferences {
            static_weight_list: weights
                .into_iter()
                .map(|(target_cluster, weight)| StaticClusterWeight {
                    target_cluster,
                    weight,
                })
                .collect(),
            dynamic_weight: None,
        })
    }

    fn weighted(preference: ClusterPreferences) -> Self {
        Self {
            replica_scheduling_type: Some(ReplicaSchedulingType::Divided),
            replica_division_preference: Some(ReplicaDivisionPreference::Weighted),
            weight_preference: Some(preference),
        }
    }
}

impl Placement {
    /// Any cluster, every one gets all replicas.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only clusters this affinity picks.
    #[must_use]
    pub fn affinity(mut self, affinity: ClusterAffinity) -> Self {
        self.cluster_affinity = Some(affinity);
        self
    }

    /// Puts up with taints.
    #[must_use]
    pub fn tolerate(mut self, toleration: Toleration) -> Self {
        self.cluster_tolerations.push(toleration);
        self
    }

    /// Adds a spread constraint.
    #[must_use]
    pub fn spread(mut self, constraint: SpreadConstraint) -> Self {
        self.spread_constraints.push(constraint);
        self
    }

    /// Says how replicas are divided.
    #[must_use]
    pub fn replicas(mut self, strategy: ReplicaSchedulingStrategy) -> Self {
        self.replica_scheduling = Some(strategy);
        self
    }
}
