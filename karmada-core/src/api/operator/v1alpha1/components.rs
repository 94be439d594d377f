//! The parts of a control plane.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, Container, EmptyDirVolumeSource, HostPathVolumeSource, PersistentVolumeClaimTemplate,
    ResourceRequirements, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LocalSecretReference;
use crate::api::meta::Toleration;
use crate::api::wire::{nullable, optional_set};

/// The parts of a control plane.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct KarmadaComponents {
    /// Where its objects are stored; validation wants it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-karmada-required" = true))]
    pub etcd: Option<Etcd>,
    /// Its API server.
    #[serde(rename = "karmadaAPIServer", skip_serializing_if = "Option::is_none")]
    pub karmada_api_server: Option<KarmadaAPIServer>,
    /// The API server for clusters.
    #[serde(
        rename = "karmadaAggregatedAPIServer",
        skip_serializing_if = "Option::is_none"
    )]
    pub karmada_aggregated_api_server: Option<KarmadaAggregatedAPIServer>,
    /// Kubernetes' own controllers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kube_controller_manager: Option<KubeControllerManager>,
    /// Karmada's controllers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub karmada_controller_manager: Option<KarmadaControllerManager>,
    /// The scheduler.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub karmada_scheduler: Option<KarmadaScheduler>,
    /// The admission webhooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub karmada_webhook: Option<KarmadaWebhook>,
    /// The descheduler.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub karmada_descheduler: Option<KarmadaDescheduler>,
    /// The search server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub karmada_search: Option<KarmadaSearch>,
    /// The metrics adapter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub karmada_metrics_adapter: Option<KarmadaMetricsAdapter>,
}

/// Where a control plane's objects are stored: exactly one of the two.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct Etcd {
    /// In an etcd that is installed with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<LocalEtcd>,
    /// In one that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalEtcd>,
}

/// An etcd that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ExternalEtcd {
    /// Its addresses.
    #[serde(deserialize_with = "nullable")]
    pub endpoints: Vec<String>,
    /// The Secret with `ca.crt`, `tls.crt` and `tls.key`.
    #[serde(deserialize_with = "nullable")]
    pub secret_ref: LocalSecretReference,
}

/// Where an etcd keeps its data: one of the three.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct VolumeData {
    /// In a volume claimed for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_claim: Option<PersistentVolumeClaimTemplate>,
    /// In a folder of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_path: Option<HostPathVolumeSource>,
    /// In a volume that lives as long as the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_dir: Option<EmptyDirVolumeSource>,
}

/// How many pods of a component may be away at a time: exactly one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline, extend("x-kubernetes-validations" = [
    {
        "rule": "has(self.minAvailable) || has(self.maxUnavailable)",
        "message": "either minAvailable or maxUnavailable must be set",
    },
    {
        "rule": "!(has(self.minAvailable) && has(self.maxUnavailable))",
        "message": "minAvailable and maxUnavailable are mutually exclusive",
    },
]))]
pub struct PodDisruptionBudgetConfig {
    /// So many stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_available: Option<IntOrString>,
    /// So many may go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrString>,
}

closed_set! {
    /// How the API server is reached from outside its cluster.
    pub enum ServiceType {
        /// Not at all.
        ClusterIp = "ClusterIP",
        /// By a port of every node.
        NodePort = "NodePort",
        /// By a load balancer.
        LoadBalancer = "LoadBalancer",
    }
}

/// Declares a component: what all components have, and then its own members.
///
/// The members are repeated instead of nested with `flatten`, so that an error names the member at fault.
macro_rules! component {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $($(#[$fmeta:meta])* pub $field:ident: $type:ty,)* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, rename_all = "camelCase")]
        #[schemars(inline)]
        pub struct $name {
            /// Image without its tag.
            #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
            pub image_repository: String,
            /// Tag of the image.
            #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
            pub image_tag: String,
            /// When the image is pulled: `Always`, `IfNotPresent` or `Never`.
            #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
            pub image_pull_policy: String,
            /// How many pods run.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub replicas: Option<i32>,
            /// Labels of the pods.
            #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
            pub labels: BTreeMap<String, String>,
            /// Annotations of the pods.
            #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
            pub annotations: BTreeMap<String, String>,
            /// What a pod needs.
            #[serde(deserialize_with = "nullable")]
            #[schemars(extend("x-karmada-optional" = true))]
            pub resources: ResourceRequirements,
            /// The priority class of the pods.
            #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
            #[schemars(extend("x-karmada-default" = "system-node-critical"))]
            pub priority_class_name: String,
            /// How many pods may be away at a time.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub pod_disruption_budget_config: Option<PodDisruptionBudgetConfig>,
            /// Taints of nodes the pods put up with.
            #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
            pub tolerations: Vec<Toleration>,
            /// Where the pods go.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub affinity: Option<Affinity>,
            $($(#[$fmeta])* pub $field: $type,)*
        }
    };
}

component! {
    /// An etcd that is installed with a control plane.
    pub struct LocalEtcd {
        /// Where it keeps its data.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub volume_data: Option<VolumeData>,
        /// Further names in its server certificate.
        #[serde(rename = "serverCertSANs", deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
        pub server_cert_sans: Vec<String>,
        /// Further names in its peer certificate.
        #[serde(rename = "peerCertSANs", deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
        pub peer_cert_sans: Vec<String>,
    }
}

component! {
    /// The API server of a control plane.
    pub struct KarmadaAPIServer {
        /// Addresses for services; absent means `10.96.0.0/12`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub service_subnet: Option<String>,
        /// How it is reached from outside its cluster.
        #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
        #[schemars(extend("x-karmada-default" = "ClusterIP"))]
        pub service_type: Option<ServiceType>,
        /// The class of its load balancer.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub load_balancer_class: Option<String>,
        /// Annotations of its Service.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
        pub service_annotations: BTreeMap<String, String>,
        /// Flags, without dashes.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
        pub extra_args: BTreeMap<String, String>,
        /// Further volumes of its pods.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
        pub extra_volumes: Vec<Volume>,
        /// Where they are mounted.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
        pub extra_volume_mounts: Vec<VolumeMount>,
        /// Further names in its certificate.
        #[serde(rename = "certSANs", deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
        pub cert_sans: Vec<String>,
        /// Its feature gates.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
        pub feature_gates: BTreeMap<String, bool>,
        /// Further containers of its pods.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
        pub sidecar_containers: Vec<Container>,
    }
}

component! {
    /// The API server for clusters.
    pub struct KarmadaAggregatedAPIServer {
        /// Flags, without dashes.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
        pub extra_args: BTreeMap<String, String>,
        /// Further names in its certificate.
        #[serde(rename = "certSANs", deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
        pub cert_sans: Vec<String>,
        /// Its feature gates.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
        pub feature_gates: BTreeMap<String, bool>,
    }
}

component! {
    /// Kubernetes' own controllers.
    pub struct KubeControllerManager {
        /// Which controllers run, as in its flag.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
        pub controllers: Vec<String>,
        /// Flags, without dashes.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
        pub extra_args: BTreeMap<String, String>,
        /// Its feature gates.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
        pub feature_gates: BTreeMap<String, bool>,
    }
}

component! {
    /// Karmada's controllers.
    pub struct KarmadaControllerManager {
        /// Which controllers run, as in its flag.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
        pub controllers: Vec<String>,
        /// Flags, without dashes.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
        pub extra_args: BTreeMap<String, String>,
        /// Its feature gates.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
        pub feature_gates: BTreeMap<String, bool>,
    }
}

component! {
    /// The scheduler.
    pub struct KarmadaScheduler {
        /// Flags, without dashes.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
        pub extra_args: BTreeMap<String, String>,
        /// Its feature gates.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
        pub feature_gates: BTreeMap<String, bool>,
    }
}

component! {
    /// The admission webhooks.
    pub struct KarmadaWebhook {
        /// Flags, without dashes.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
        pub extra_args: BTreeMap<String, String>,
    }
}

component! {
    /// The descheduler.
    pub struct KarmadaDescheduler {
        /// Flags, without dashes.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
        pub extra_args: BTreeMap<String, String>,
    }
}

component! {
    /// The search server.
    pub struct KarmadaSearch {
        /// Flags, without dashes.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
        pub extra_args: BTreeMap<String, String>,
    }
}

component! {
    /// The metrics adapter.
    pub struct KarmadaMetricsAdapter {
        /// Flags, without dashes.
        #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
        pub extra_args: BTreeMap<String, String>,
    }
}
