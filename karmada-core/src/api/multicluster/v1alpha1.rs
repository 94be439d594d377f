//! `multicluster.x-k8s.io/v1alpha1` (`karmada:charts/_crds/bases/multicluster`, KEP 1645).

use k8s_openapi::api::core::v1::SessionAffinityConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::meta::Condition;
use crate::api::wire::nullable;

kind! {
    /// Offers the Service of the same name to the other clusters.
    pub struct ServiceExport {
        group: "multicluster.x-k8s.io", version: "v1alpha1", plural: "serviceexports", singular: "serviceexport",
        scope: Namespaced, short_names: ["svcex"], categories: [], status: true,
        columns: [
            ("Age", "date", ".metadata.creationTimestamp"),
        ],
        /// What became of it.
        status: ServiceExportStatus = optional,
    }
}

kind! {
    /// A Service that other clusters offer.
    pub struct ServiceImport {
        group: "multicluster.x-k8s.io", version: "v1alpha1", plural: "serviceimports", singular: "serviceimport",
        scope: Namespaced, short_names: ["svcim"], categories: [], status: true,
        columns: [
            ("Type", "string", ".spec.type"),
            ("IP", "string", ".spec.ips"),
            ("Age", "date", ".metadata.creationTimestamp"),
        ],
        /// How it is reached.
        spec: ServiceImportSpec = optional,
        /// Who offers it.
        status: ServiceImportStatus = optional,
    }
}

/// What became of a ServiceExport.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ServiceExportStatus {
    /// Its state: `Valid`, `Conflict`.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

closed_set! {
    /// How an imported Service is reached.
    pub enum ServiceImportType {
        /// By an address of its own.
        ClusterSetIp = "ClusterSetIP",
        /// By the addresses of its pods.
        Headless = "Headless",
    }
}

/// How an imported Service is reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ServiceImportSpec {
    /// Its ports.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub ports: Vec<ServicePort>,
    /// Its address.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = 1))]
    pub ips: Vec<String>,
    /// With or without an address of its own.
    #[serde(rename = "type", deserialize_with = "nullable")]
    pub type_: ServiceImportType,
    /// `ClientIP` or `None`: whether a client stays with a pod.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub session_affinity: String,
    /// For how long it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_affinity_config: Option<SessionAffinityConfig>,
}

/// A port of an imported Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ServicePort {
    /// Its name.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// `TCP`, `UDP` or `SCTP`; empty means `TCP`.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub protocol: String,
    /// What is spoken on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_protocol: Option<String>,
    /// Its number.
    #[serde(deserialize_with = "nullable")]
    pub port: i32,
}

/// Who offers an imported Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ServiceImportStatus {
    /// The clusters.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["cluster"]))]
    pub clusters: Vec<ClusterStatus>,
}

/// A cluster that offers a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ClusterStatus {
    /// Its name.
    #[serde(deserialize_with = "nullable")]
    pub cluster: String,
}

impl ServicePort {
    /// A TCP port.
    #[must_use]
    pub fn tcp(name: impl Into<String>, port: i32) -> Self {
        Self {
            name: name.into(),
            protocol: "TCP".into(),
            app_protocol: None,
            port,
        }
    }
}

impl ServiceImport {
    /// A Service with an address of its own and these ports.
    #[must_use]
    pub fn new(
        namespace: impl Into<String>,
        name: impl Into<String>,
        ports: impl IntoIterator<Item = ServicePort>,
    ) -> Self {
        Self {
            spec: ServiceImportSpec {
                ports: ports.into_iter().collect(),
                type_: ServiceImportType::ClusterSetIp,
                ..ServiceImportSpec::default()
            },
            ..Self::named(namespace, name)
        }
    }
}
