//! Kubernetes types that Karmada's objects embed, read and written as Kubernetes does.
//!
//! k8s-openapi's counterparts refuse an object in which a required member is missing; Kubernetes' decoder reads it as
//! empty, and admission then names the field. These types follow Kubernetes, and convert to k8s-openapi's.
//!
//! The members of what a placement holds are in upstream's order: a binding's annotation has it as text.

use std::collections::BTreeMap;

pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::wire::nullable;
use crate::quantity::Quantity;

/// The pattern of names with an optional prefix, such as types of conditions.
pub(crate) const QUALIFIED_NAME_PATTERN: &str = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$";

/// Amounts by resource name (`cpu`, `memory`, `pods`, `nvidia.com/gpu`, ...).
pub type ResourceList = BTreeMap<String, Quantity>;

/// Selects objects by their labels; all requirements must hold, and an empty selector selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline, extend("x-kubernetes-map-type" = "atomic"))]
pub struct LabelSelector {
    /// Labels that must be present with exactly these values.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    /// Requirements on labels.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// One requirement on a label.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct LabelSelectorRequirement {
    /// The label the requirement is about.
    #[serde(deserialize_with = "nullable")]
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    #[serde(deserialize_with = "nullable")]
    pub operator: String,
    /// Values for `In` and `NotIn`; empty for the others.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub values: Vec<String>,
}

/// One requirement on a label or field of a node or cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct NodeSelectorRequirement {
    /// The label or field the requirement is about.
    #[serde(deserialize_with = "nullable")]
    pub key: String,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt` or `Lt`.
    #[serde(deserialize_with = "nullable")]
    pub operator: String,
    /// Values for `In` and `NotIn`, one integer for `Gt` and `Lt`, empty for the others.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub values: Vec<String>,
}

/// Selects nodes: any of the terms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline, extend("x-kubernetes-map-type" = "atomic"))]
pub struct NodeSelector {
    /// Alternatives.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub node_selector_terms: Vec<NodeSelectorTerm>,
}

/// Requirements that must all hold; a term without any selects nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline, extend("x-kubernetes-map-type" = "atomic"))]
pub struct NodeSelectorTerm {
    /// Requirements on labels.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub match_expressions: Vec<NodeSelectorRequirement>,
    /// Requirements on fields.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub match_fields: Vec<NodeSelectorRequirement>,
}

/// A mark on a cluster that keeps away what does not tolerate it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct Taint {
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    #[serde(deserialize_with = "nullable")]
    pub effect: String,
    /// What the taint is called.
    #[serde(deserialize_with = "nullable")]
    pub key: String,
    /// When it was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_added: Option<Time>,
    /// A value tolerations may ask for.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub value: String,
}

impl Taint {
    /// A taint without a value; for the effects see [`effects`](crate::toleration::effects).
    #[must_use]
    pub fn new(key: impl Into<String>, effect: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            effect: effect.into(),
            ..Self::default()
        }
    }

    /// With that value.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }
}

/// Accepts taints; an empty key with operator `Exists` accepts every taint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct Toleration {
    /// The key accepted.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// `Exists` or `Equal`; empty means `Equal`.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub operator: String,
    /// The value accepted by `Equal`.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// The effect accepted; empty accepts all.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub effect: String,
    /// For `NoExecute`: how many seconds the taint is tolerated; absent means for ever, zero or less means not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toleration_seconds: Option<i64>,
}

impl Toleration {
    /// Accepts every taint of that key and effect; an empty effect accepts all effects.
    #[must_use]
    pub fn exists(key: impl Into<String>, effect: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            operator: "Exists".into(),
            effect: effect.into(),
            ..Self::default()
        }
    }

    /// Accepts taints of that key, value and effect.
    #[must_use]
    pub fn equal(key: impl Into<String>, value: impl Into<String>, effect: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            operator: "Equal".into(),
            value: value.into(),
            effect: effect.into(),
            ..Self::default()
        }
    }
}

closed_set! {
    /// Whether a condition holds.
    pub enum ConditionStatus {
        /// It holds.
        True = "True",
        /// It does not.
        False = "False",
        /// Nobody can tell.
        Unknown = "Unknown",
    }
}

/// One aspect of an object's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct Condition {
    /// When the status last changed; upstream writes `null` for a time that was never set.
    #[schemars(with = "Time")]
    pub last_transition_time: Option<Time>,
    /// A text for people.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("maxLength" = 32768))]
    pub message: String,
    /// The generation of the object that was looked at.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "super::wire::is_zero")]
    #[schemars(extend("minimum" = 0))]
    pub observed_generation: i64,
    /// A word for programs.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend(
        "minLength" = 1,
        "maxLength" = 1024,
        "pattern" = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"
    ))]
    pub reason: String,
    /// Whether it holds.
    #[serde(deserialize_with = "nullable")]
    pub status: ConditionStatus,
    /// What the condition is about.
    #[serde(rename = "type", deserialize_with = "nullable")]
    #[schemars(extend(
        "maxLength" = 316,
        "pattern" = QUALIFIED_NAME_PATTERN
    ))]
    pub type_: String,
}

/// The schema of `metadata` in a CustomResourceDefinition: an object, whose content the API server knows.
pub(crate) struct MetadataSchema;

impl JsonSchema for MetadataSchema {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ObjectMeta".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "object"})
    }
}
