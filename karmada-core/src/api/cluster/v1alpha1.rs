//! `cluster.karmada.io/v1alpha1` (`karmada:pkg/apis/cluster/v1alpha1/types.go`).

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::meta::{Condition, ResourceList, Taint};
use crate::api::wire::{IntegerSchema, is_zero, nullable};
use crate::conditions::CLUSTER_COMPLETE_API_ENABLEMENTS;
use crate::quantity::Quantity;
use crate::status::is_condition_true;
use crate::url;

kind! {
    /// A member of the fleet.
    pub struct Cluster {
        group: "cluster.karmada.io", version: "v1alpha1", plural: "clusters", singular: "cluster",
        scope: Cluster, short_names: [], categories: [], status: true,
        columns: [
            ("Version", "string", ".status.kubernetesVersion"),
            ("Mode", "string", ".spec.syncMode"),
            ("Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status"),
            ("Age", "date", ".metadata.creationTimestamp"),
            ("Zones", "string", ".spec.zones", 1),
            ("Region", "string", ".spec.region", 1),
            ("Provider", "string", ".spec.provider", 1),
            ("API-Endpoint", "string", ".spec.apiEndpoint", 1),
            ("Proxy-URL", "string", ".spec.proxyURL", 1),
        ],
        /// What the cluster is and how to reach it.
        spec: ClusterSpec,
        /// What was last seen of it.
        status: ClusterStatus = optional,
    }
}

wire_kind! {
    /// What a request through the subresource `proxy` of a cluster carries.
    pub struct ClusterProxyOptions {
        group: "cluster.karmada.io", version: "v1alpha1", plural: "clusters", scope: Cluster,
        /// The path in the member.
        path: String,
    }
}

closed_set! {
    /// Who carries Works to a member.
    pub enum ClusterSyncMode {
        /// The control plane writes to the member.
        Push = "Push",
        /// An agent in the member reads from the control plane.
        Pull = "Pull",
    }
}

/// In the Secrets that a Cluster refers to: the token.
pub const SECRET_TOKEN_KEY: &str = "token";

/// In the Secret with a Cluster's credentials: the certificates of those who may sign the member's.
pub const SECRET_CA_BUNDLE_KEY: &str = "caBundle";

/// What a cluster is and how to reach it.
///
/// `Debug` shows neither the values of proxy headers nor user information in addresses: they may be credentials.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ClusterSpec {
    /// Unique id of the cluster, whatever it is registered as.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    #[schemars(extend("maxLength" = 128_000))]
    pub id: String,
    /// Who carries Works to the cluster.
    #[serde(deserialize_with = "nullable")]
    pub sync_mode: ClusterSyncMode,
    /// Address of the member's API server.
    #[serde(
        rename = "apiEndpoint",
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub api_endpoint: String,
    /// The Secret with the member's token and certificates: [`SECRET_TOKEN_KEY`], [`SECRET_CA_BUNDLE_KEY`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalSecretReference>,
    /// The Secret with the token of the account that impersonates users: [`SECRET_TOKEN_KEY`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impersonator_secret_ref: Option<LocalSecretReference>,
    /// Whether the member's certificate is not checked.
    #[serde(
        rename = "insecureSkipTLSVerification",
        deserialize_with = "nullable",
        skip_serializing_if = "is_zero"
    )]
    pub insecure_skip_tls_verification: bool,
    /// Proxy through which the member is reached.
    #[serde(
        rename = "proxyURL",
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub proxy_url: String,
    /// Headers for the proxy; several values of one header are comma-separated.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub proxy_header: BTreeMap<String, String>,
    /// Who runs the cluster.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub provider: String,
    /// Where it runs.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// Deprecated in favour of `zones`, into which it is moved on write.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub zone: String,
    /// Zones it spans.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
    /// Marks that keep away what does not tolerate them.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<Taint>,
    /// Grades by which the cluster's nodes are counted.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub resource_models: Vec<ResourceModel>,
}

impl fmt::Debug for ClusterSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Taken apart whole, so that a new member cannot be forgotten.
        let Self {
            id,
            sync_mode,
            api_endpoint,
            secret_ref,
            impersonator_secret_ref,
            insecure_skip_tls_verification,
            proxy_url,
            proxy_header,
            provider,
            region,
            zone,
            zones,
            taints,
            resource_models,
        } = self;
        let proxy_header: BTreeMap<_, _> = proxy_header.keys().map(|name| (name, "xxxxx")).collect();
        f.debug_struct("ClusterSpec")
            .field("id", id)
            .field("sync_mode", sync_mode)
            .field("api_endpoint", &url::redacted(api_endpoint))
            .field("secret_ref", secret_ref)
            .field("impersonator_secret_ref", impersonator_secret_ref)
            .field("insecure_skip_tls_verification", insecure_skip_tls_verification)
            .field("proxy_url", &url::redacted(proxy_url))
            .field("proxy_header", &proxy_header)
            .field("provider", provider)
            .field("region", region)
            .field("zone", zone)
            .field("zones", zones)
            .field("taints", taints)
            .field("resource_models", resource_models)
            .finish()
    }
}

/// A Secret in a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct LocalSecretReference {
    /// Where it is.
    #[serde(deserialize_with = "nullable")]
    pub namespace: String,
    /// What it is called.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
}

/// A grade of nodes, by how much they offer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ResourceModel {
    /// Position among the grades, from 0.
    #[serde(deserialize_with = "nullable")]
    #[schemars(with = "IntegerSchema")]
    pub grade: u64,
    /// What a node of the grade offers, per resource.
    #[serde(deserialize_with = "nullable")]
    pub ranges: Vec<ResourceModelRange>,
}

/// An interval `[min, max)` of one resource. The first grade starts at 0, the last one is open above.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ResourceModelRange {
    /// The resource.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Least amount, inclusive.
    #[serde(deserialize_with = "nullable")]
    pub min: Quantity,
    /// Upper bound, exclusive.
    #[serde(deserialize_with = "nullable")]
    pub max: Quantity,
}

/// What was last seen of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ClusterStatus {
    /// The member's version.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub kubernetes_version: String,
    /// The APIs it serves.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub api_enablements: Vec<ApiEnablement>,
    /// Its state: `Ready`, `CompleteAPIEnablements`, and what detectors add.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// How many nodes it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_summary: Option<NodeSummary>,
    /// What its nodes offer and what is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_summary: Option<ResourceSummary>,
    /// What remedies ask for, sorted.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub remedy_actions: Vec<String>,
}

/// The kinds a member serves in one group and version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ApiEnablement {
    /// Group and version, `apps/v1` or `v1`.
    #[serde(deserialize_with = "nullable")]
    pub group_version: String,
    /// The kinds in it.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<ApiResource>,
}

/// A kind a member serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ApiResource {
    /// Plural name.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Kind.
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
}

/// How many nodes a cluster has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct NodeSummary {
    /// All of them.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    pub total_num: i32,
    /// Those that are ready.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    pub ready_num: i32,
}

/// What a cluster's nodes offer and what is taken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ResourceSummary {
    /// What the nodes offer to pods.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub allocatable: ResourceList,
    /// What pods wait for that no node has taken.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub allocating: ResourceList,
    /// What pods on nodes have asked for.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub allocated: ResourceList,
    /// How many nodes there are of each grade.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub allocatable_modelings: Vec<AllocatableModeling>,
}

/// How many nodes there are of a grade.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct AllocatableModeling {
    /// The grade.
    #[serde(deserialize_with = "nullable")]
    #[schemars(with = "IntegerSchema")]
    pub grade: u64,
    /// Its nodes.
    #[serde(deserialize_with = "nullable")]
    #[schemars(with = "IntegerSchema")]
    pub count: i64,
}

/// What is known of a kind being served by a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiEnablementStatus {
    /// The cluster serves it.
    Enabled,
    /// The list of what the cluster serves is complete and lacks it.
    Disabled,
    /// The list lacks it, and may be incomplete.
    Unknown,
}

impl Cluster {
    /// A cluster of that name.
    ///
    /// ```
    /// use karmada_core::api::cluster::v1alpha1::{ApiEnablementStatus, Cluster, ClusterSyncMode};
    /// use karmada_core::api::meta::Taint;
    /// let cluster = Cluster::new("member1", ClusterSyncMode::Push)
    ///     .label("tier", "prod")
    ///     .provider("aws")
    ///     .region("eu")
    ///     .zone("eu-1")
    ///     .taint(Taint::new("maintenance", "NoSchedule"))
    ///     .serving("apps/v1", "deployments", "Deployment")
    ///     .capacity([("cpu", "64".parse()?), ("memory", "256Gi".parse()?), ("pods", "500".parse()?)]);
    /// assert_eq!(cluster.api_enablement("apps/v1", "Deployment"), ApiEnablementStatus::Enabled);
    /// assert_eq!(cluster.spec.zones, ["eu-1"]);
    /// # Ok::<(), karmada_core::quantity::ParseQuantityError>(())
    /// ```
    #[must_use]
    pub fn new(name: impl Into<String>, mode: ClusterSyncMode) -> Self {
        let mut cluster = Self::named(name);
        cluster.spec.sync_mode = mode;
        cluster
    }

    /// With that label.
    #[must_use]
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata
            .labels
            .get_or_insert_default()
            .insert(key.into(), value.into());
        self
    }

    /// Run by that provider.
    #[must_use]
    pub fn provider(mut self, provider: impl Into<String>) -> Self {
        self.spec.provider = provider.into();
        self
    }

    /// In that region.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.spec.region = region.into();
        self
    }

    /// In that zone as well.
    #[must_use]
    pub fn zone(mut self, zone: impl Into<String>) -> Self {
        self.spec.zones.push(zone.into());
        self
    }

    /// With that taint.
    #[must_use]
    pub fn taint(mut self, taint: Taint) -> Self {
        self.spec.taints.push(taint);
        self
    }

    /// Seen to serve that kind. `plural` is the name of its resource.
    #[must_use]
    pub fn serving(
        mut self,
        api_version: impl Into<String>,
        plural: impl Into<String>,
        kind: impl Into<String>,
    ) -> Self {
        let api_version = api_version.into();
        let resource = ApiResource {
            name: plural.into(),
            kind: kind.into(),
        };
        let enablements = &mut self.status.api_enablements;
        match enablements
            .iter_mut()
            .find(|enablement| enablement.group_version == api_version)
        {
            Some(enablement) => enablement.resources.push(resource),
            None => enablements.push(ApiEnablement {
                group_version: api_version,
                resources: vec![resource],
            }),
        }
        self
    }

    /// Seen to offer so much of each resource to pods.
    #[must_use]
    pub fn capacity<S: Into<String>>(mut self, allocatable: impl IntoIterator<Item = (S, Quantity)>) -> Self {
        self.status
            .resource_summary
            .get_or_insert_default()
            .allocatable
            .extend(
                allocatable
                    .into_iter()
                    .map(|(resource, amount)| (resource.into(), amount)),
            );
        self
    }

    /// The cluster's name, empty if it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// Whether the cluster serves `kind` in `api_version`. The kind decides, never the plural
    /// (`karmada:pkg/apis/cluster/v1alpha1/types_helper.go`).
    #[must_use]
    pub fn api_enablement(&self, api_version: &str, kind: &str) -> ApiEnablementStatus {
        let served = self.status.api_enablements.iter().any(|enablement| {
            enablement.group_version == api_version && enablement.resources.iter().any(|r| r.kind == kind)
        });
        if served {
            return ApiEnablementStatus::Enabled;
        }
        if is_condition_true(&self.status.conditions, CLUSTER_COMPLETE_API_ENABLEMENTS) {
            ApiEnablementStatus::Disabled
        } else {
            ApiEnablementStatus::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn debug_shows_no_credentials() {
        let cluster = Cluster {
            spec: serde_json::from_value(json!({
                "id": "c-1",
                "apiEndpoint": "https://u:secret@a.example",
                "proxyURL": "http://u:secret@proxy",
                "proxyHeader": {"Proxy-Authorization": "Basic secret"},
            }))
            .unwrap(),
            ..Cluster::default()
        };
        let text = format!("{cluster:?} {cluster:#?}");
        assert!(!text.contains("secret\"") && !text.contains("secret@"), "{text}");
        for shown in ["\"c-1\"", "Proxy-Authorization", "xxxxx@a.example", "xxxxx@proxy"] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
    }

    #[test]
    fn built_as_written() {
        let cluster = Cluster::new("m1", ClusterSyncMode::Pull)
            .label("tier", "prod")
            .provider("aws")
            .region("eu")
            .zone("a")
            .zone("b")
            .taint(Taint::new("k", "NoExecute").value("v"))
            .serving("v1", "pods", "Pod")
            .serving("v1", "services", "Service")
            .capacity([("cpu", "4".parse().unwrap())]);
        assert_eq!(
            serde_json::to_value(cluster).unwrap(),
            json!({
                "apiVersion": "cluster.karmada.io/v1alpha1",
                "kind": "Cluster",
                "metadata": {"name": "m1", "labels": {"tier": "prod"}},
                "spec": {
                    "syncMode": "Pull",
                    "provider": "aws",
                    "region": "eu",
                    "zones": ["a", "b"],
                    "taints": [{"key": "k", "effect": "NoExecute", "value": "v"}],
                },
                "status": {
                    "apiEnablements": [{"groupVersion": "v1", "resources": [
                        {"name": "pods", "kind": "Pod"}, {"name": "services", "kind": "Service"}]}],
                    "resourceSummary": {"allocatable": {"cpu": "4"}},
                },
            })
        );
    }

    #[test]
    fn served_kinds() {
        fn check(complete: Value, kind: &str, expect: ApiEnablementStatus) {
            let status = json!({
                "apiEnablements": [{"groupVersion": "v1", "resources": [{"name": "pods", "kind": "Pod"}]}],
                "conditions": [{"type": "CompleteAPIEnablements", "status": complete}],
            });
            let cluster = Cluster {
                status: serde_json::from_value(status).unwrap(),
                ..Cluster::default()
            };
            assert_eq!(cluster.api_enablement("v1", kind), expect);
        }
        check(json!("False"), "Pod", ApiEnablementStatus::Enabled);
        check(json!("True"), "Node", ApiEnablementStatus::Disabled);
        check(json!("True"), "pods", ApiEnablementStatus::Disabled);
        check(json!("False"), "Node", ApiEnablementStatus::Unknown);
    }
}
