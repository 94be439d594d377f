//! What became of a binding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::meta::{Condition, Time};
use crate::api::wire::{RawObjectSchema, is_zero, nullable, optional_set};

/// What became of a binding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ResourceBindingStatus {
    /// The generation the scheduler last dealt with.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    pub scheduler_observed_generation: i64,
    /// The affinity group in force.
    #[serde(
        rename = "schedulerObservingAffinityName",
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub scheduler_observed_affinity_name: String,
    /// When it was last scheduled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_scheduled_time: Option<Time>,
    /// Its state: `Scheduled`, `FullyApplied`.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// What the clusters report, sorted by cluster.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub aggregated_status: Vec<AggregatedStatusItem>,
}

closed_set! {
    /// How a resource is doing in a cluster.
    pub enum ResourceHealth {
        /// Well.
        Healthy = "Healthy",
        /// Not well.
        Unhealthy = "Unhealthy",
        /// Nobody can tell.
        Unknown = "Unknown",
    }
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
    /// How it is doing.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    pub health: Option<ResourceHealth>,
}
