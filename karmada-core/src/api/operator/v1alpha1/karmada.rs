//! A control plane as a whole.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::KarmadaComponents;
use crate::api::meta::Condition;
use crate::api::wire::{is_zero, nullable, optional_set};

kind! {
    /// A control plane to install.
    pub struct Karmada {
        group: "operator.karmada.io", version: "v1alpha1", plural: "karmadas", singular: "karmada",
        scope: Namespaced, short_names: [], categories: ["karmada-io"], status: true,
        columns: [
            ("READY", "string", ".status.conditions[?(@.type==\"Ready\")].status"),
            ("AGE", "date", ".metadata.creationTimestamp"),
        ],
        /// What is installed, and where.
        spec: KarmadaSpec = optional,
        /// What became of it.
        status: KarmadaStatus = optional,
    }
}

/// What is installed, and where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct KarmadaSpec {
    /// The cluster it runs in; absent means the operator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_cluster: Option<HostCluster>,
    /// Where all images come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_registry: Option<ImageRegistry>,
    /// The components; those left out are not installed, or as usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<KarmadaComponents>,
    /// Feature gates of all components.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub feature_gates: BTreeMap<String, bool>,
    /// Where the CustomResourceDefinitions come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crd_tarball: Option<CRDTarball>,
    /// Certificates to use instead of made ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_certificate: Option<CustomCertificate>,
    /// Whether the operator leaves the control plane alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

/// The cluster a control plane runs in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct HostCluster {
    /// Address of its API server.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub api_endpoint: String,
    /// The Secret with credentials for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalSecretReference>,
    /// Its network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub networking: Option<Networking>,
}

/// A Secret in a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct LocalSecretReference {
    /// Where it is.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// What it is called.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// The network of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct Networking {
    /// The domain of its services; absent means `cluster.local`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns_domain: Option<String>,
}

/// A registry of images.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ImageRegistry {
    /// Its host name.
    #[serde(deserialize_with = "nullable")]
    pub registry: String,
}

closed_set! {
    /// When CustomResourceDefinitions are downloaded.
    pub enum CRDDownloadPolicy {
        /// Every time.
        Always = "Always",
        /// Unless they are there.
        IfNotPresent = "IfNotPresent",
    }
}

/// Where CustomResourceDefinitions come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct CRDTarball {
    /// From a web server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_source: Option<HTTPSource>,
    /// When they are downloaded.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-karmada-default" = "IfNotPresent"))]
    pub crd_download_policy: Option<CRDDownloadPolicy>,
}

/// A file on a web server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct HTTPSource {
    /// Its URL.
    #[serde(deserialize_with = "nullable")]
    pub url: String,
    /// How the server is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyConfig>,
}

/// A proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ProxyConfig {
    /// Its URL.
    #[serde(rename = "proxyURL", deserialize_with = "nullable")]
    pub proxy_url: String,
}

/// Certificates to use instead of made ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct CustomCertificate {
    /// The Secret with the authority that signs the API server's certificate.
    #[serde(rename = "apiServerCACert", skip_serializing_if = "Option::is_none")]
    pub api_server_ca_cert: Option<LocalSecretReference>,
    /// How many days certificates signed by it are valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 1))]
    pub leaf_cert_validity_days: Option<i32>,
}

/// What became of a control plane.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct KarmadaStatus {
    /// The generation this status was made for.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    pub observed_generation: i64,
    /// The Secret with a kubeconfig for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalSecretReference>,
    /// Its version.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub karmada_version: String,
    /// The version of its API server.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub kubernetes_version: String,
    /// Its state: `Ready`.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The Service of its API server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_server_service: Option<APIServerService>,
}

/// The Service of an API server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct APIServerService {
    /// Its name.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
}

impl Karmada {
    /// A control plane to install.
    #[must_use]
    pub fn new(namespace: impl Into<String>, name: impl Into<String>, spec: KarmadaSpec) -> Self {
        Self {
            spec,
            ..Self::named(namespace, name)
        }
    }
}
