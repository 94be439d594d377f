//! Policies that taint clusters by their conditions (`karmada:pkg/apis/policy/v1alpha1/clustertaint_types.go`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ClusterAffinity;
use crate::api::meta::ConditionStatus;
use crate::api::wire::nullable;

kind! {
    /// Taints clusters by their conditions. Deleting the policy removes no taint.
    pub struct ClusterTaintPolicy {
        group: "policy.karmada.io", version: "v1alpha1", plural: "clustertaintpolicies",
        singular: "clustertaintpolicy",
        scope: Cluster, short_names: [], categories: [], status: false,
        columns: [],
        /// Which taints come and go when.
        spec: ClusterTaintPolicySpec,
    }
}

/// Which taints come and go when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ClusterTaintPolicySpec {
    /// The clusters; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_clusters: Option<ClusterAffinity>,
    /// The taints are added when all of these hold.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub add_on_conditions: Vec<MatchCondition>,
    /// The taints are removed when all of these hold.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub remove_on_conditions: Vec<MatchCondition>,
    /// The taints.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("minItems" = 1))]
    pub taints: Vec<PolicyTaint>,
}

closed_set! {
    /// How a condition's status is compared.
    pub enum MatchConditionOperator {
        /// It is one of the values.
        In = "In",
        /// It is none of the values.
        NotIn = "NotIn",
    }
}

/// A demand on a condition of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct MatchCondition {
    /// The condition's type.
    #[serde(deserialize_with = "nullable")]
    pub condition_type: String,
    /// How its status is compared.
    #[serde(deserialize_with = "nullable")]
    #[schemars(with = "String")]
    pub operator: MatchConditionOperator,
    /// With what.
    #[serde(deserialize_with = "nullable")]
    #[schemars(with = "Vec<String>")]
    pub status_values: Vec<ConditionStatus>,
}

/// A taint a policy adds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct PolicyTaint {
    /// What it is called.
    #[serde(deserialize_with = "nullable")]
    pub key: String,
    /// What it does.
    #[serde(deserialize_with = "nullable")]
    pub effect: String,
    /// A value tolerations may ask for.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub value: String,
}
