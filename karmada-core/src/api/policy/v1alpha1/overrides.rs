//! Policies that change resources on their way to members (`karmada:pkg/apis/policy/v1alpha1/override_types.go`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ClusterAffinity, ResourceSelector};
use crate::api::wire::{AnyValueSchema, nullable};

kind! {
    /// Changes resources of its own namespace.
    pub struct OverridePolicy {
        group: "policy.karmada.io", version: "v1alpha1", plural: "overridepolicies", singular: "overridepolicy",
        scope: Namespaced, short_names: ["op"], categories: ["karmada-io"], status: false,
        columns: [],
        /// What is changed where.
        spec: OverrideSpec,
    }
}

kind! {
    /// Changes cluster-scoped resources and resources of any namespace.
    pub struct ClusterOverridePolicy {
        group: "policy.karmada.io", version: "v1alpha1", plural: "clusteroverridepolicies",
        singular: "clusteroverridepolicy",
        scope: Cluster, short_names: ["cop"], categories: ["karmada-io"], status: false,
        columns: [],
        /// What is changed where.
        spec: OverrideSpec,
    }
}

/// What is changed where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct OverrideSpec {
    /// The resources the policy is for; empty picks all.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub resource_selectors: Vec<ResourceSelector>,
    /// Changes by cluster, applied in this order.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub override_rules: Vec<RuleWithCluster>,
    /// Deprecated in favour of `overrideRules`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_cluster: Option<ClusterAffinity>,
    /// Deprecated in favour of `overrideRules`.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("x-karmada-optional" = true))]
    pub overriders: Overriders,
}

/// Changes for the clusters an affinity picks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct RuleWithCluster {
    /// The clusters; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_cluster: Option<ClusterAffinity>,
    /// The changes.
    #[serde(deserialize_with = "nullable")]
    pub overriders: Overriders,
}

/// Changes, by kind of change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct Overriders {
    /// JSON patch operations.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub plaintext: Vec<PlaintextOverrider>,
    /// Parts of image names.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub image_overrider: Vec<ImageOverrider>,
    /// Commands of containers.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub command_overrider: Vec<CommandOverrider>,
    /// Arguments of containers.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub args_overrider: Vec<ArgsOverrider>,
    /// Labels.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub labels_overrider: Vec<LabelAnnotationOverrider>,
    /// Annotations.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub annotations_overrider: Vec<LabelAnnotationOverrider>,
    /// JSON or YAML documents inside a text field.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub field_overrider: Vec<FieldOverrider>,
}

closed_set! {
    /// What is done with a value.
    pub enum OverriderOperator {
        /// It is added.
        Add = "add",
        /// It is removed.
        Remove = "remove",
        /// It is replaced.
        Replace = "replace",
    }
}

/// A JSON patch operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct PlaintextOverrider {
    /// JSON pointer to the place.
    #[serde(deserialize_with = "nullable")]
    pub path: String,
    /// What is done there.
    #[serde(deserialize_with = "nullable")]
    pub operator: OverriderOperator,
    /// The value, `null` when none is given.
    #[schemars(with = "AnyValueSchema", extend("x-karmada-optional" = true))]
    pub value: Value,
}

closed_set! {
    /// A part of an image name.
    pub enum ImageComponent {
        /// The host, and port if any.
        Registry = "Registry",
        /// The path.
        Repository = "Repository",
        /// The tag or digest.
        Tag = "Tag",
    }
}

/// Changes part of an image name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ImageOverrider {
    /// Where the image is; absent means every container of a workload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate: Option<ImagePredicate>,
    /// The part.
    #[serde(deserialize_with = "nullable")]
    pub component: ImageComponent,
    /// What is done with it.
    #[serde(deserialize_with = "nullable")]
    pub operator: OverriderOperator,
    /// The new text.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub value: String,
}

/// Where an image is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ImagePredicate {
    /// JSON pointer to the field that holds the image name.
    #[serde(deserialize_with = "nullable")]
    pub path: String,
}

/// Changes a container's command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct CommandOverrider {
    /// The container.
    #[serde(deserialize_with = "nullable")]
    pub container_name: String,
    /// `add` or `remove`.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("enum" = ["add", "remove"]))]
    pub operator: OverriderOperator,
    /// The words.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub value: Vec<String>,
}

/// Changes a container's arguments.
pub type ArgsOverrider = CommandOverrider;

/// Changes labels or annotations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct LabelAnnotationOverrider {
    /// What is done.
    #[serde(deserialize_with = "nullable")]
    pub operator: OverriderOperator,
    /// Keys and values; for `remove` the keys count.
    #[serde(deserialize_with = "nullable")]
    pub value: BTreeMap<String, String>,
}

/// Changes a JSON or YAML document that is the text of a field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct FieldOverrider {
    /// JSON pointer to the field.
    #[serde(deserialize_with = "nullable")]
    pub field_path: String,
    /// Operations on a JSON document.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub json: Vec<FieldPatchOperation>,
    /// Operations on a YAML document.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub yaml: Vec<FieldPatchOperation>,
}

/// An operation on an embedded document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct FieldPatchOperation {
    /// JSON pointer to the place in the document.
    #[serde(deserialize_with = "nullable")]
    pub sub_path: String,
    /// What is done there.
    #[serde(deserialize_with = "nullable")]
    pub operator: OverriderOperator,
    /// The value, `null` when none is given.
    #[schemars(with = "AnyValueSchema", extend("x-karmada-optional" = true))]
    pub value: Value,
}

impl OverridePolicy {
    /// A policy of that namespace and name.
    #[must_use]
    pub fn new(namespace: impl Into<String>, name: impl Into<String>, spec: OverrideSpec) -> Self {
        Self {
            spec,
            ..Self::named(namespace, name)
        }
    }
}

impl ClusterOverridePolicy {
    /// A policy of that name.
    #[must_use]
    pub fn new(name: impl Into<String>, spec: OverrideSpec) -> Self {
        Self {
            spec,
            ..Self::named(name)
        }
    }
}

impl OverrideSpec {
    /// Changes what the selectors pick, rule by rule.
    pub fn new(
        selectors: impl IntoIterator<Item = ResourceSelector>,
        rules: impl IntoIterator<Item = RuleWithCluster>,
    ) -> Self {
        Self {
            resource_selectors: selectors.into_iter().collect(),
            override_rules: rules.into_iter().collect(),
            ..Self::default()
        }
    }
}
