//! Quotas over the whole fleet (`karmada:pkg/apis/policy/v1alpha1/federatedresourcequota_types.go`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::meta::ResourceList;
use crate::api::wire::nullable;
use crate::quantity::Quantity;

kind! {
    /// Limits what a namespace may use in all clusters together.
    pub struct FederatedResourceQuota {
        group: "policy.karmada.io", version: "v1alpha1", plural: "federatedresourcequotas",
        singular: "federatedresourcequota",
        scope: Namespaced, short_names: [], categories: ["karmada-io"], status: true,
        columns: [
            ("OVERALL", "string", ".status.overall"),
            ("OVERALL_USED", "string", ".status.overallUsed"),
        ],
        /// The limits.
        spec: FederatedResourceQuotaSpec,
        /// What is used of them.
        status: FederatedResourceQuotaStatus = optional,
    }
}

/// The limits of a quota.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct FederatedResourceQuotaSpec {
    /// In all clusters together.
    #[serde(deserialize_with = "nullable")]
    pub overall: ResourceList,
    /// Fixed shares of clusters.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub static_assignments: Vec<StaticClusterAssignment>,
}

/// The fixed share of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct StaticClusterAssignment {
    /// The cluster.
    #[serde(deserialize_with = "nullable")]
    pub cluster_name: String,
    /// Its share.
    #[serde(deserialize_with = "nullable")]
    pub hard: ResourceList,
}

/// What is used of a quota.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct FederatedResourceQuotaStatus {
    /// The limits this status was made for.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub overall: ResourceList,
    /// What is used in all clusters together.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub overall_used: ResourceList,
    /// What is used per cluster.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub aggregated_status: Vec<ClusterQuotaStatus>,
}

/// What a cluster uses of its share.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ClusterQuotaStatus {
    /// The cluster.
    #[serde(deserialize_with = "nullable")]
    pub cluster_name: String,
    /// Its share.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub hard: ResourceList,
    /// What it uses.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub used: ResourceList,
}

impl FederatedResourceQuota {
    /// A quota of that namespace and name.
    #[must_use]
    pub fn new(
        namespace: impl Into<String>,
        name: impl Into<String>,
        spec: FederatedResourceQuotaSpec,
    ) -> Self {
        Self {
            spec,
            ..Self::named(namespace, name)
        }
    }
}

impl FederatedResourceQuotaSpec {
    /// So much of each resource, in all clusters together.
    ///
    /// ```
    /// use karmada_core::api::policy::v1alpha1::{FederatedResourceQuota, FederatedResourceQuotaSpec};
    /// let spec = FederatedResourceQuotaSpec::new([("cpu", "10".parse()?), ("memory", "20Gi".parse()?)])
    ///     .assign("member1", [("cpu", "4".parse()?)]);
    /// let quota = FederatedResourceQuota::new("shop", "all", spec);
    /// assert_eq!(quota.spec.overall["memory"].to_string(), "20Gi");
    /// assert_eq!(quota.spec.static_assignments[0].hard["cpu"].to_string(), "4");
    /// # Ok::<(), karmada_core::quantity::ParseQuantityError>(())
    /// ```
    pub fn new<S: Into<String>>(overall: impl IntoIterator<Item = (S, Quantity)>) -> Self {
        Self {
            overall: resources(overall),
            static_assignments: Vec::new(),
        }
    }

    /// So much of it fixed for a cluster.
    #[must_use]
    pub fn assign<S: Into<String>>(
        mut self,
        cluster: impl Into<String>,
        hard: impl IntoIterator<Item = (S, Quantity)>,
    ) -> Self {
        self.static_assignments.push(StaticClusterAssignment {
            cluster_name: cluster.into(),
            hard: resources(hard),
        });
        self
    }
}

fn resources<S: Into<String>>(amounts: impl IntoIterator<Item = (S, Quantity)>) -> ResourceList {
    amounts
        .into_iter()
        .map(|(resource, amount)| (resource.into(), amount))
        .collect()
}
