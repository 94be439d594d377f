//! Ingresses across clusters (`karmada:pkg/apis/networking/v1alpha1/ingress_types.go`).

use k8s_openapi::api::networking::v1::{IngressLoadBalancerStatus, IngressSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::wire::nullable;

kind! {
    /// Routes outside traffic to services in several clusters.
    pub struct MultiClusterIngress {
        group: "networking.karmada.io", version: "v1alpha1", plural: "multiclusteringresses",
        singular: "multiclusteringress",
        scope: Namespaced, short_names: ["mci"], categories: ["karmada-io"], status: true,
        columns: [],
        /// The routes, as in an Ingress.
        spec: IngressSpec = optional,
        /// What became of them.
        status: MultiClusterIngressStatus = optional,
    }
}

/// What became of a MultiClusterIngress.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct MultiClusterIngressStatus {
    /// Addresses of the load balancer.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("x-karmada-optional" = true))]
    pub load_balancer: IngressLoadBalancerStatus,
    /// Clusters to which no traffic goes.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub traffic_block_clusters: Vec<String>,
    /// Where the services are.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub service_locations: Vec<ServiceLocation>,
}

/// Where a service is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ServiceLocation {
    /// The service.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Its clusters.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<String>,
}

impl MultiClusterIngress {
    /// An ingress with these routes.
    #[must_use]
    pub fn new(namespace: impl Into<String>, name: impl Into<String>, spec: IngressSpec) -> Self {
        Self {
            spec,
            ..Self::named(namespace, name)
        }
    }
}
