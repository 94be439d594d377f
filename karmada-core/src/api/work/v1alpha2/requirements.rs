//! What replicas need of a cluster.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::meta::{NodeSelector, ResourceList, Toleration};
use crate::api::wire::nullable;

/// What one replica needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ReplicaRequirements {
    /// Which nodes it can run on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_claim: Option<NodeClaim>,
    /// How much of each resource.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub resource_request: ResourceList,
    /// The namespace of the workload.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The priority class of its pods.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub priority_class_name: String,
}

/// Which nodes a replica can run on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct NodeClaim {
    /// By rules on labels and fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hard_node_affinity: Option<NodeSelector>,
    /// By labels.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub node_selector: BTreeMap<String, String>,
    /// Taints it puts up with.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
}

/// A part of a workload with a pod template of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct Component {
    /// What the part is called.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("maxLength" = 32))]
    pub name: String,
    /// How many replicas it wants.
    #[serde(deserialize_with = "nullable")]
    pub replicas: i32,
    /// What one of them needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_requirements: Option<ComponentReplicaRequirements>,
}

/// What one replica of a component needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ComponentReplicaRequirements {
    /// Which nodes it can run on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_claim: Option<NodeClaim>,
    /// How much of each resource.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub resource_request: ResourceList,
    /// The priority class of its pods.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub priority_class_name: String,
}
