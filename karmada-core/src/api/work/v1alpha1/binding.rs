//! The first form of bindings, and its conversion to and from the one that is stored
//! (`karmada:pkg/apis/work/v1alpha1/binding_types_conversion.go`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::meta::{Condition, ResourceList};
use crate::api::wire::{RawObjectSchema, is_zero, nullable};
use crate::api::work::v1alpha2;

kind! {
    /// Binds a template that lives in a namespace to clusters, first form.
    pub struct ResourceBinding {
        group: "work.karmada.io", version: "v1alpha1", plural: "resourcebindings", singular: "resourcebinding",
        scope: Namespaced, short_names: ["rb"], categories: ["karmada-io"], status: true,
        columns: [],
        /// The template and the clusters chosen.
        spec: ResourceBindingSpec,
        /// What became of it.
        status: ResourceBindingStatus = optional,
    }
}

kind! {
    /// Binds a cluster-scoped template to clusters, first form.
    pub struct ClusterResourceBinding {
        group: "work.karmada.io", version: "v1alpha1", plural: "clusterresourcebindings",
        singular: "clusterresourcebinding",
        scope: Cluster, short_names: ["crb"], categories: ["karmada-io"], status: true,
        columns: [],
        /// The template and the clusters chosen.
        spec: ResourceBindingSpec,
        /// What became of it.
        status: ResourceBindingStatus = optional,
    }
}

/// The template and the clusters chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ResourceBindingSpec {
    /// The template.
    #[serde(deserialize_with = "nullable")]
    pub resource: ObjectReference,
    /// The clusters chosen.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<TargetCluster>,
}

/// A resource template and what it wants.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ObjectReference {
    /// Group and version.
    #[serde(deserialize_with = "nullable")]
    pub api_version: String,
    /// Kind.
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
    /// Namespace, empty if it has none.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Name.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// The version that was looked at.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub resource_version: String,
    /// What one replica needs.
    #[serde(
        rename = "resourcePerReplicas",
        deserialize_with = "nullable",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub replica_resource_requirements: ResourceList,
    /// How many replicas it wants.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    pub replicas: i32,
}

/// A cluster chosen, and its replicas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct TargetCluster {
    /// The cluster.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Its replicas.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    pub replicas: i32,
}

/// What became of a binding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ResourceBindingStatus {
    /// Its state.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// What the clusters report.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub aggregated_status: Vec<AggregatedStatusItem>,
}

/// What one cluster reports of a resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct AggregatedStatusItem {
    /// The cluster.
    #[serde(deserialize_with = "nullable")]
    pub cluster_name: String,
    /// The part of its status that is reflected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "RawObjectSchema")]
    pub status: Option<Value>,
    /// Whether it was applied.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    pub applied: bool,
    /// Why it was not.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub applied_message: String,
}

fn spec_to_hub(spec: ResourceBindingSpec) -> v1alpha2::ResourceBindingSpec {
    let resource = spec.resource;
    let requirements =
        (!resource.replica_resource_requirements.is_empty()).then(|| v1alpha2::ReplicaRequirements {
            resource_request: resource.replica_resource_requirements,
            ..v1alpha2::ReplicaRequirements::default()
        });
    v1alpha2::ResourceBindingSpec {
        resource: v1alpha2::ObjectReference {
            api_version: resource.api_version,
            kind: resource.kind,
            namespace: resource.namespace,
            name: resource.name,
            uid: String::new(),
            resource_version: resource.resource_version,
        },
        replica_requirements: requirements,
        replicas: resource.replicas,
        clusters: spec
            .clusters
            .into_iter()
            .map(|target| v1alpha2::TargetCluster::new(target.name, target.replicas))
            .collect(),
        ..v1alpha2::ResourceBindingSpec::default()
    }
}

fn spec_from_hub(spec: v1alpha2::ResourceBindingSpec) -> ResourceBindingSpec {
    ResourceBindingSpec {
        resource: ObjectReference {
            api_version: spec.resource.api_version,
            kind: spec.resource.kind,
            namespace: spec.resource.namespace,
            name: spec.resource.name,
            resource_version: spec.resource.resource_version,
            replica_resource_requirements: spec
                .replica_requirements
                .map(|requirements| requirements.resource_request)
                .unwrap_or_default(),
            replicas: spec.replicas,
        },
        clusters: spec
            .clusters
            .into_iter()
            .map(|target| TargetCluster {
                name: target.name,
                replicas: target.replicas,
            })
            .collect(),
    }
}

fn status_to_hub(status: ResourceBindingStatus) -> v1alpha2::ResourceBindingStatus {
    v1alpha2::ResourceBindingStatus {
        conditions: status.conditions,
        aggregated_status: status
            .aggregated_status
            .into_iter()
            .map(|item| v1alpha2::AggregatedStatusItem {
                cluster_name: item.cluster_name,
                status: item.status,
                applied: item.applied,
                applied_message: item.applied_message,
                health: None,
            })
            .collect(),
        ..v1alpha2::ResourceBindingStatus::default()
    }
}

fn status_from_hub(status: v1alpha2::ResourceBindingStatus) -> ResourceBindingStatus {
    ResourceBindingStatus {
        conditions: status.conditions,
        aggregated_status: status
            .aggregated_status
            .into_iter()
            .map(|item| AggregatedStatusItem {
                cluster_name: item.cluster_name,
                status: item.status,
                applied: item.applied,
                applied_message: item.applied_message,
            })
            .collect(),
    }
}

macro_rules! conversion {
    ($($kind:ident),+) => {
        $(
            /// To the version that is stored; nothing is lost.
            impl From<$kind> for v1alpha2::$kind {
                fn from(old: $kind) -> Self {
                    Self {
                        metadata: old.metadata,
                        spec: spec_to_hub(old.spec),
                        status: status_to_hub(old.status),
                    }
                }
            }

            /// From the version that is stored; what this version lacks is dropped.
            impl From<v1alpha2::$kind> for $kind {
                fn from(hub: v1alpha2::$kind) -> Self {
                    Self {
                        metadata: hub.metadata,
                        spec: spec_from_hub(hub.spec),
                        status: status_from_hub(hub.status),
                    }
                }
            }
        )+
    };
}

conversion!(ResourceBinding, ClusterResourceBinding);
