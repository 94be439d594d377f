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

impl ClusterTaintPolicy {
    /// A policy of that name.
    #[must_use]
    pub fn new(name: impl Into<String>, spec: ClusterTaintPolicySpec) -> Self {
        Self {
            spec,
            ..Self::named(name)
        }
    }
}

impl ClusterTaintPolicySpec {
    /// These taints on every cluster; conditions say when.
    ///
    /// ```
    /// use karmada_core::api::policy::v1alpha1::{
    ///     ClusterAffinity, ClusterTaintPolicy, ClusterTaintPolicySpec, MatchCondition, PolicyTaint,
    /// };
    /// let spec = ClusterTaintPolicySpec::new([PolicyTaint::new("not-ready", "NoSchedule")])
    ///     .clusters(ClusterAffinity::names(["member1"]))
    ///     .add_on(MatchCondition::is_in("Ready", ["False", "Unknown"]))
    ///     .remove_on(MatchCondition::is_in("Ready", ["True"]));
    /// let policy = ClusterTaintPolicy::new("ready", spec);
    /// assert_eq!(policy.spec.add_on_conditions[0].status_values.len(), 2);
    /// ```
    pub fn new(taints: impl IntoIterator<Item = PolicyTaint>) -> Self {
        Self {
            taints: taints.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Only on clusters this affinity picks.
    #[must_use]
    pub fn clusters(mut self, affinity: ClusterAffinity) -> Self {
        self.target_clusters = Some(affinity);
        self
    }

    /// Adds the taints where this holds as well.
    #[must_use]
    pub fn add_on(mut self, condition: MatchCondition) -> Self {
        self.add_on_conditions.push(condition);
        self
    }

    /// Removes the taints where this holds as well.
    #[must_use]
    pub fn remove_on(mut self, condition: MatchCondition) -> Self {
        self.remove_on_conditions.push(condition);
        self
    }
}

impl MatchCondition {
    /// The condition has one of these statuses.
    pub fn is_in<I, S>(condition: impl Into<String>, statuses: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<ConditionStatus>,
    {
        Self {
            condition_type: condition.into(),
            operator: MatchConditionOperator::In,
            status_values: statuses.into_iter().map(Into::into).collect(),
        }
    }

    /// The condition has none of these statuses.
    pub fn is_not_in<I, S>(condition: impl Into<String>, statuses: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<ConditionStatus>,
    {
        Self {
            operator: MatchConditionOperator::NotIn,
            ..Self::is_in(condition, statuses)
        }
    }
}

impl PolicyTaint {
    /// A taint without a value; `effect` is `NoSchedule` or `NoExecute`.
    #[must_use]
    pub fn new(key: impl Into<String>, effect: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            effect: effect.into(),
            value: String::new(),
        }
    }

    /// With that value.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }
}
