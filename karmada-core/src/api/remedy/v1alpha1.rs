//! `remedy.karmada.io/v1alpha1` (`karmada:pkg/apis/remedy/v1alpha1/remedy_types.go`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::wire::nullable;

kind! {
    /// Asks for actions on clusters whose conditions match.
    pub struct Remedy {
        group: "remedy.karmada.io", version: "v1alpha1", plural: "remedies", singular: "remedy",
        scope: Cluster, short_names: [], categories: ["karmada-io"], status: false,
        columns: [],
        /// The clusters, the conditions and the actions.
        spec: RemedySpec,
    }
}

/// The clusters, the conditions and the actions of a remedy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct RemedySpec {
    /// The clusters; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_affinity: Option<ClusterAffinity>,
    /// Any of these has to match; none given means that every cluster does.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub decision_matches: Vec<DecisionMatch>,
    /// What is asked for.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub actions: Vec<RemedyAction>,
}

/// Clusters by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ClusterAffinity {
    /// Their names.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub cluster_names: Vec<String>,
}

/// A demand on a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct DecisionMatch {
    /// On one of its conditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_condition_match: Option<ClusterConditionRequirement>,
}

/// A demand on a condition of a cluster; a condition the cluster lacks never matches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ClusterConditionRequirement {
    /// The condition's type.
    #[serde(deserialize_with = "nullable")]
    pub condition_type: String,
    /// How its status is compared.
    #[serde(deserialize_with = "nullable")]
    pub operator: ClusterConditionOperator,
    /// With what.
    #[serde(deserialize_with = "nullable")]
    pub condition_status: String,
}

closed_set! {
    /// How the status of a condition is compared.
    pub enum ClusterConditionOperator {
        /// It is the same.
        Equal = "Equal",
        /// It is another.
        NotEqual = "NotEqual",
    }
}

closed_set! {
    /// What can be done about a cluster.
    pub enum RemedyAction {
        /// No traffic from outside goes there.
        TrafficControl = "TrafficControl",
    }
}

impl ClusterConditionRequirement {
    /// The condition has this status.
    #[must_use]
    pub fn equal(condition_type: impl Into<String>, status: impl Into<String>) -> Self {
        Self {
            condition_type: condition_type.into(),
            operator: ClusterConditionOperator::Equal,
            condition_status: status.into(),
        }
    }

    /// The condition has another status.
    #[must_use]
    pub fn not_equal(condition_type: impl Into<String>, status: impl Into<String>) -> Self {
        Self {
            operator: ClusterConditionOperator::NotEqual,
            ..Self::equal(condition_type, status)
        }
    }
}

impl From<ClusterConditionRequirement> for DecisionMatch {
    fn from(requirement: ClusterConditionRequirement) -> Self {
        Self {
            cluster_condition_match: Some(requirement),
        }
    }
}

impl Remedy {
    /// Asks for actions on all clusters that meet any of the demands.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        demands: impl IntoIterator<Item = ClusterConditionRequirement>,
        actions: impl IntoIterator<Item = RemedyAction>,
    ) -> Self {
        Self {
            spec: RemedySpec {
                cluster_affinity: None,
                decision_matches: demands.into_iter().map(DecisionMatch::from).collect(),
                actions: actions.into_iter().collect(),
            },
            ..Self::named(name)
        }
    }
}
