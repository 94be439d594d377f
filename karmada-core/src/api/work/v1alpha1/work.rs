//! What goes to one cluster (`karmada:pkg/apis/work/v1alpha1/work_types.go`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::meta::Condition;
use crate::api::wire::{IntegerSchema, RawObjectSchema, nullable, optional_set};
use crate::api::work::v1alpha2::ResourceHealth;

kind! {
    /// Manifests for one cluster, in the namespace that stands for it.
    pub struct Work {
        group: "work.karmada.io", version: "v1alpha1", plural: "works", singular: "work",
        scope: Namespaced, short_names: ["wk"], categories: ["karmada-io"], status: true,
        columns: [
            ("WORKLOAD-KIND", "string", ".spec.workload.manifests[*].kind"),
            ("APPLIED", "string", ".status.conditions[?(@.type==\"Applied\")].status"),
            ("AGE", "date", ".metadata.creationTimestamp"),
        ],
        /// The manifests.
        spec: WorkSpec,
        /// What became of them.
        status: WorkStatus = optional,
    }
}

/// The manifests of a Work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct WorkSpec {
    /// The manifests.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("x-karmada-optional" = true))]
    pub workload: WorkloadTemplate,
    /// Whether they are held back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspend_dispatching: Option<bool>,
    /// Whether the member keeps them when the Work is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserve_resources_on_deletion: Option<bool>,
}

/// A list of manifests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct WorkloadTemplate {
    /// Whole objects, as they go to the member.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<RawObjectSchema>")]
    pub manifests: Vec<Value>,
}

/// What became of a Work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct WorkStatus {
    /// Its state: `Applied`, `Dispatching`.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// What the member reports of the manifests.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub manifest_statuses: Vec<ManifestStatus>,
}

/// What the member reports of a manifest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ManifestStatus {
    /// Which manifest.
    #[serde(deserialize_with = "nullable")]
    pub identifier: ResourceIdentifier,
    /// The part of its status that is reflected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "RawObjectSchema")]
    pub status: Option<Value>,
    /// How it is doing.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    pub health: Option<ResourceHealth>,
}

/// Names a manifest of a Work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ResourceIdentifier {
    /// Its position in the Work.
    #[serde(deserialize_with = "nullable")]
    #[schemars(with = "IntegerSchema")]
    pub ordinal: i64,
    /// Group, empty for the core group.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// Version.
    #[serde(deserialize_with = "nullable")]
    pub version: String,
    /// Kind.
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
    /// Plural name; upstream leaves it empty.
    #[serde(deserialize_with = "nullable")]
    pub resource: String,
    /// Namespace, empty if it has none.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Name.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
}
