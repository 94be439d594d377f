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

impl RuleWithCluster {
    /// Changes on the clusters this affinity picks.
    #[must_use]
    pub fn new(clusters: ClusterAffinity, overriders: Overriders) -> Self {
        Self {
            target_cluster: Some(clusters),
            overriders,
        }
    }

    /// Changes on all clusters.
    #[must_use]
    pub fn everywhere(overriders: Overriders) -> Self {
        Self {
            target_cluster: None,
            overriders,
        }
    }
}

impl Overriders {
    /// No changes.
    ///
    /// ```
    /// use karmada_core::api::policy::v1alpha1::{
    ///     ClusterAffinity, ImageComponent, ImageOverrider, LabelAnnotationOverrider, OverridePolicy, OverrideSpec,
    ///     Overriders, PlaintextOverrider, ResourceSelector, RuleWithCluster,
    /// };
    /// let changes = Overriders::new()
    ///     .image(ImageOverrider::replace(ImageComponent::Registry, "registry.eu.example.com"))
    ///     .labels(LabelAnnotationOverrider::add([("region", "eu")]))
    ///     .plaintext(PlaintextOverrider::replace("/spec/replicas", 3));
    /// let spec = OverrideSpec::new(
    ///     [ResourceSelector::new("apps/v1", "Deployment")],
    ///     [RuleWithCluster::new(ClusterAffinity::names(["member1"]), changes)],
    /// );
    /// let policy = OverridePolicy::new("shop", "eu", spec);
    /// assert_eq!(policy.spec.override_rules[0].overriders.plaintext[0].value, 3);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// And this JSON patch operation.
    #[must_use]
    pub fn plaintext(mut self, overrider: PlaintextOverrider) -> Self {
        self.plaintext.push(overrider);
        self
    }

    /// And this change of images.
    #[must_use]
    pub fn image(mut self, overrider: ImageOverrider) -> Self {
        self.image_overrider.push(overrider);
        self
    }

    /// And this change of a container's command.
    #[must_use]
    pub fn command(mut self, overrider: CommandOverrider) -> Self {
        self.command_overrider.push(overrider);
        self
    }

    /// And this change of a container's arguments.
    #[must_use]
    pub fn args(mut self, overrider: ArgsOverrider) -> Self {
        self.args_overrider.push(overrider);
        self
    }

    /// And this change of labels.
    #[must_use]
    pub fn labels(mut self, overrider: LabelAnnotationOverrider) -> Self {
        self.labels_overrider.push(overrider);
        self
    }

    /// And this change of annotations.
    #[must_use]
    pub fn annotations(mut self, overrider: LabelAnnotationOverrider) -> Self {
        self.annotations_overrider.push(overrider);
        self
    }

    /// And this change of a document inside a field.
    #[must_use]
    pub fn field(mut self, overrider: FieldOverrider) -> Self {
        self.field_overrider.push(overrider);
        self
    }
}

impl PlaintextOverrider {
    /// Adds a value at a JSON pointer.
    #[must_use]
    pub fn add(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self {
            path: path.into(),
            operator: OverriderOperator::Add,
            value: value.into(),
        }
    }

    /// Replaces the value at a JSON pointer.
    #[must_use]
    pub fn replace(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self {
            operator: OverriderOperator::Replace,
            ..Self::add(path, value)
        }
    }

    /// Removes the value at a JSON pointer.
    #[must_use]
    pub fn remove(path: impl Into<String>) -> Self {
        Self {
            operator: OverriderOperator::Remove,
            ..Self::add(path, Value::Null)
        }
    }
}

impl ImageOverrider {
    /// Appends to a component, or sets one that is not there.
    #[must_use]
    pub fn add(component: ImageComponent, value: impl Into<String>) -> Self {
        Self {
            predicate: None,
            component,
            operator: OverriderOperator::Add,
            value: value.into(),
        }
    }

    /// Replaces a component.
    #[must_use]
    pub fn replace(component: ImageComponent, value: impl Into<String>) -> Self {
        Self {
            operator: OverriderOperator::Replace,
            ..Self::add(component, value)
        }
    }

    /// Removes a component.
    #[must_use]
    pub fn remove(component: ImageComponent) -> Self {
        Self {
            operator: OverriderOperator::Remove,
            ..Self::add(component, "")
        }
    }

    /// Only of the image at a JSON pointer, in place of those of all containers.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.predicate = Some(ImagePredicate { path: path.into() });
        self
    }
}

impl CommandOverrider {
    /// Appends words.
    pub fn add<I, S>(container: impl Into<String>, words: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        Self {
            container_name: container.into(),
            operator: OverriderOperator::Add,
            value: words.into_iter().map(Into::into).collect(),
        }
    }

    /// Takes words out.
    pub fn remove<I, S>(container: impl Into<String>, words: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        Self {
            operator: OverriderOperator::Remove,
            ..Self::add(container, words)
        }
    }
}

impl LabelAnnotationOverrider {
    /// Sets these keys.
    pub fn add<K: Into<String>, V: Into<String>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        Self {
            operator: OverriderOperator::Add,
            value: entries
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        }
    }

    /// Sets those of these keys that are there already.
    pub fn replace<K: Into<String>, V: Into<String>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        Self {
            operator: OverriderOperator::Replace,
            ..Self::add(entries)
        }
    }

    /// Removes these keys.
    pub fn remove<K: Into<String>>(keys: impl IntoIterator<Item = K>) -> Self {
        Self {
            operator: OverriderOperator::Remove,
            ..Self::add(keys.into_iter().map(|key| (key, "")))
        }
    }
}

impl FieldOverrider {
    /// Changes the JSON document in the field at a JSON pointer.
    pub fn json(path: impl Into<String>, operations: impl IntoIterator<Item = FieldPatchOperation>) -> Self {
        Self {
            field_path: path.into(),
            json: operations.into_iter().collect(),
            yaml: Vec::new(),
        }
    }

    /// Changes the YAML document in the field at a JSON pointer.
    pub fn yaml(path: impl Into<String>, operations: impl IntoIterator<Item = FieldPatchOperation>) -> Self {
        Self {
            field_path: path.into(),
            json: Vec::new(),
            yaml: operations.into_iter().collect(),
        }
    }
}

impl FieldPatchOperation {
    /// Adds a value at a JSON pointer into the document.
    #[must_use]
    pub fn add(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self {
            sub_path: path.into(),
            operator: OverriderOperator::Add,
            value: value.into(),
        }
    }

    /// Replaces the value at a JSON pointer into the document.
    #[must_use]
    pub fn replace(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self {
            operator: OverriderOperator::Replace,
            ..Self::add(path, value)
        }
    }

    /// Removes the value at a JSON pointer into the document.
    #[must_use]
    pub fn remove(path: impl Into<String>) -> Self {
        Self {
            operator: OverriderOperator::Remove,
            ..Self::add(path, Value::Null)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn built_as_written() {
        let rule = RuleWithCluster::everywhere(
            Overriders::new()
                .plaintext(PlaintextOverrider::add("/a", "x"))
                .plaintext(PlaintextOverrider::remove("/b"))
                .image(ImageOverrider::add(ImageComponent::Tag, "-eu").at("/spec/image"))
                .image(ImageOverrider::remove(ImageComponent::Registry))
                .command(CommandOverrider::add("web", ["-v"]))
                .args(ArgsOverrider::remove("web", ["-q"]))
                .labels(LabelAnnotationOverrider::replace([("a", "b")]))
                .annotations(LabelAnnotationOverrider::remove(["c"]))
                .field(FieldOverrider::json(
                    "/data/x",
                    [FieldPatchOperation::replace("/y", 1)],
                ))
                .field(FieldOverrider::yaml(
                    "/data/z",
                    [
                        FieldPatchOperation::add("/y", true),
                        FieldPatchOperation::remove("/w"),
                    ],
                )),
        );
        assert_eq!(
            serde_json::to_value(rule).unwrap(),
            json!({"overriders": {
                "plaintext": [
                    {"path": "/a", "operator": "add", "value": "x"},
                    {"path": "/b", "operator": "remove", "value": null},
                ],
                "imageOverrider": [
                    {"predicate": {"path": "/spec/image"}, "component": "Tag", "operator": "add", "value": "-eu"},
                    {"component": "Registry", "operator": "remove"},
                ],
                "commandOverrider": [{"containerName": "web", "operator": "add", "value": ["-v"]}],
                "argsOverrider": [{"containerName": "web", "operator": "remove", "value": ["-q"]}],
                "labelsOverrider": [{"operator": "replace", "value": {"a": "b"}}],
                "annotationsOverrider": [{"operator": "remove", "value": {"c": ""}}],
                "fieldOverrider": [
                    {"fieldPath": "/data/x", "json": [{"subPath": "/y", "operator": "replace", "value": 1}]},
                    {"fieldPath": "/data/z", "yaml": [
                        {"subPath": "/y", "operator": "add", "value": true},
                        {"subPath": "/w", "operator": "remove", "value": null},
                    ]},
                ],
            }})
        );
    }
}
