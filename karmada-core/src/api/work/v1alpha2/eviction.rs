//! A workload on its way out of a cluster.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::meta::Time;
use crate::api::policy::v1alpha1::PurgeMode;
use crate::api::wire::{nullable, optional_set};

/// A workload on its way out of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct GracefulEvictionTask {
    /// The cluster.
    #[serde(deserialize_with = "nullable")]
    pub from_cluster: String,
    /// How it leaves.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    pub purge_mode: Option<PurgeMode>,
    /// The replicas it had there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// A word for why.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend(
        "minLength" = 1,
        "maxLength" = 32,
        "pattern" = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"
    ))]
    pub reason: String,
    /// A text for why.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    #[schemars(extend("maxLength" = 1024))]
    pub message: String,
    /// Who asked for it.
    #[serde(deserialize_with = "nullable")]
    pub producer: String,
    /// Seconds after which it leaves even if it does not run elsewhere. Excludes `suppressDeletion`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_period_seconds: Option<i32>,
    /// Whether it stays until somebody says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppress_deletion: Option<bool>,
    /// What of its state goes to the new copy, as labels.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub preserved_label_state: BTreeMap<String, String>,
    /// When the task was taken up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_timestamp: Option<Time>,
    /// The clusters the workload had before.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub clusters_before_failover: Vec<String>,
}
