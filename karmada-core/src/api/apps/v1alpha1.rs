//! `apps.karmada.io/v1alpha1` (`karmada:pkg/apis/apps/v1alpha1/workloadrebalancer_types.go`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::meta::Time;
use crate::api::wire::{is_zero, nullable, optional_set};

kind! {
    /// Has workloads placed anew, once.
    pub struct WorkloadRebalancer {
        group: "apps.karmada.io", version: "v1alpha1", plural: "workloadrebalancers",
        singular: "workloadrebalancer",
        scope: Cluster, short_names: [], categories: [], status: true,
        columns: [],
        /// The workloads.
        spec: WorkloadRebalancerSpec,
        /// What became of them.
        status: WorkloadRebalancerStatus = optional,
    }
}

/// The workloads that are placed anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct WorkloadRebalancerSpec {
    /// The workloads.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("minItems" = 1))]
    pub workloads: Vec<ObjectReference>,
    /// Seconds after which the object is deleted once all is done; absent means never, 0 at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_seconds_after_finished: Option<i32>,
}

/// A workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ObjectReference {
    /// Group and version.
    #[serde(deserialize_with = "nullable")]
    pub api_version: String,
    /// Kind.
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
    /// Name.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Namespace, empty if it has none.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub namespace: String,
}

/// What became of the workloads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct WorkloadRebalancerStatus {
    /// By workload.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub observed_workloads: Vec<ObservedWorkload>,
    /// The generation this status was made for.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    pub observed_generation: i64,
    /// When all was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_time: Option<Time>,
}

/// What became of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ObservedWorkload {
    /// The workload.
    #[serde(deserialize_with = "nullable")]
    pub workload: ObjectReference,
    /// Whether its placing anew was asked for.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub result: Option<RebalanceResult>,
    /// Why not.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub reason: Option<RebalanceFailedReason>,
}

closed_set! {
    /// Whether the placing anew of a workload was asked for.
    pub enum RebalanceResult {
        /// It was not.
        Failed = "Failed",
        /// It was.
        Successful = "Successful",
    }
}

closed_set! {
    /// Why a workload cannot be placed anew.
    pub enum RebalanceFailedReason {
        /// It has no binding.
        ReferencedBindingNotFound = "ReferencedBindingNotFound",
    }
}

impl ObjectReference {
    /// A workload; an empty namespace for cluster-scoped ones.
    #[must_use]
    pub fn new(
        api_version: impl Into<String>,
        kind: impl Into<String>,
        namespace: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        Self {
            api_version: api_version.into(),
            kind: kind.into(),
            name: name.into(),
            namespace: namespace.into(),
        }
    }
}

impl WorkloadRebalancer {
    /// Has these workloads placed anew.
    #[must_use]
    pub fn new(name: impl Into<String>, workloads: impl IntoIterator<Item = ObjectReference>) -> Self {
        Self {
            spec: WorkloadRebalancerSpec {
                workloads: workloads.into_iter().collect(),
                ttl_seconds_after_finished: None,
            },
            ..Self::named(name)
        }
    }
}
