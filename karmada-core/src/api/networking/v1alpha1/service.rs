//! Services across clusters (`karmada:pkg/apis/networking/v1alpha1/service_types.go`).

use k8s_openapi::api::core::v1::LoadBalancerStatus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::meta::Condition;
use crate::api::wire::nullable;

kind! {
    /// Makes the Service of the same name reachable across clusters.
    pub struct MultiClusterService {
        group: "networking.karmada.io", version: "v1alpha1", plural: "multiclusterservices",
        singular: "multiclusterservice",
        scope: Namespaced, short_names: ["mcs"], categories: ["karmada-io"], status: true,
        columns: [],
        /// How, and between which clusters.
        spec: MultiClusterServiceSpec,
        /// What became of it.
        status: MultiClusterServiceStatus = optional,
    }
}

/// How a Service is reachable, and between which clusters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct MultiClusterServiceSpec {
    /// How it is reachable.
    #[serde(deserialize_with = "nullable")]
    #[schemars(with = "Vec<String>")]
    pub types: Vec<ExposureType>,
    /// Its ports; empty means all.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<ExposurePort>,
    /// Deprecated in favour of `providerClusters`.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("x-karmada-optional" = true))]
    pub range: ExposureRange,
    /// Deprecated in favour of `providerClusters`.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub service_provision_clusters: Vec<String>,
    /// Deprecated in favour of `consumerClusters`.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub service_consumption_clusters: Vec<String>,
    /// The clusters whose endpoints serve; empty means all.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub provider_clusters: Vec<ClusterSelector>,
    /// The clusters that reach them; empty means all.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub consumer_clusters: Vec<ClusterSelector>,
}

closed_set! {
    /// How a Service is reachable across clusters.
    pub enum ExposureType {
        /// From the other members.
        CrossCluster = "CrossCluster",
        /// Through a load balancer in front of the members.
        LoadBalancer = "LoadBalancer",
    }
}

/// A port of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ExposurePort {
    /// Its name.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its number.
    #[serde(deserialize_with = "nullable")]
    pub port: i32,
}

/// Clusters by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ExposureRange {
    /// Their names.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub cluster_names: Vec<String>,
}

/// A cluster by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ClusterSelector {
    /// Its name.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
}

/// What became of a MultiClusterService: the status of a Service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct MultiClusterServiceStatus {
    /// Addresses of the load balancer.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("x-karmada-optional" = true))]
    pub load_balancer: LoadBalancerStatus,
    /// Its state: `ServiceApplied`, `EndpointSliceDispatched`.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

impl MultiClusterService {
    /// Makes the Service of that name reachable from all clusters in all clusters.
    #[must_use]
    pub fn cross_cluster(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        let mut service = Self::named(namespace, name);
        service.spec.types = vec![ExposureType::CrossCluster];
        service
    }

    /// Serves from these clusters only.
    #[must_use]
    pub fn providers<I, S>(mut self, names: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        self.spec.provider_clusters = select(names);
        self
    }

    /// Is reachable from these clusters only.
    #[must_use]
    pub fn consumers<I, S>(mut self, names: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        self.spec.consumer_clusters = select(names);
        self
    }
}

fn select<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Vec<ClusterSelector> {
    names
        .into_iter()
        .map(|name| ClusterSelector { name: name.into() })
        .collect()
}
