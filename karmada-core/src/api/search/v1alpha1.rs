//! `search.karmada.io/v1alpha1` (`karmada:pkg/apis/search/v1alpha1`). Upstream serves the group from an API server of
//! its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::cluster::v1alpha1::LocalSecretReference;
use crate::api::meta::{Condition, ObjectMeta};
use crate::api::policy::v1alpha1::ClusterAffinity;
use crate::api::wire::nullable;

kind! {
    /// Has objects of members cached.
    pub struct ResourceRegistry {
        group: "search.karmada.io", version: "v1alpha1", plural: "resourceregistries", singular: "resourceregistry",
        scope: Cluster, short_names: [], categories: [], status: true,
        columns: [],
        /// What is cached, from where to where.
        spec: ResourceRegistrySpec,
        /// What became of it.
        status: ResourceRegistryStatus = optional,
    }
}

wire_kind! {
    /// What the resource `search` is described by; requests go to its subresources.
    pub struct Search {
        group: "search.karmada.io", version: "v1alpha1", plural: "search", scope: Cluster,
        /// Standard object metadata.
        metadata: ObjectMeta,
    }
}

wire_kind! {
    /// What the resource `proxying` is described by; requests go to its subresources.
    pub struct Proxying {
        group: "search.karmada.io", version: "v1alpha1", plural: "proxying", scope: Cluster,
        /// Standard object metadata.
        metadata: ObjectMeta,
    }
}

/// What is cached, from where to where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ResourceRegistrySpec {
    /// The clusters.
    #[serde(deserialize_with = "nullable")]
    pub target_cluster: ClusterAffinity,
    /// The kinds.
    #[serde(deserialize_with = "nullable")]
    pub resource_selectors: Vec<ResourceSelector>,
    /// Where the objects go; absent means the server's memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend_store: Option<BackendStoreConfig>,
}

/// A kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ResourceSelector {
    /// Group and version.
    #[serde(deserialize_with = "nullable")]
    pub api_version: String,
    /// Kind.
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
    /// Namespace; empty means all.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub namespace: String,
}

/// Where cached objects go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct BackendStoreConfig {
    /// An OpenSearch cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_search: Option<OpenSearchConfig>,
}

/// An OpenSearch cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct OpenSearchConfig {
    /// URLs of its nodes.
    #[serde(deserialize_with = "nullable")]
    pub addresses: Vec<String>,
    /// The Secret with user name and password.
    #[serde(deserialize_with = "nullable")]
    pub secret_ref: LocalSecretReference,
}

/// What became of a ResourceRegistry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ResourceRegistryStatus {
    /// Its state.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

impl ResourceSelector {
    /// A kind in all namespaces.
    #[must_use]
    pub fn new(api_version: impl Into<String>, kind: impl Into<String>) -> Self {
        Self {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: String::new(),
        }
    }
}

impl ResourceRegistry {
    /// Has these kinds cached from the clusters an affinity picks.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        clusters: ClusterAffinity,
        selectors: impl IntoIterator<Item = ResourceSelector>,
    ) -> Self {
        Self {
            spec: ResourceRegistrySpec {
                target_cluster: clusters,
                resource_selectors: selectors.into_iter().collect(),
                backend_store: None,
            },
            ..Self::named(name)
        }
    }
}
