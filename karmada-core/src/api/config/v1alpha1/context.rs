//! What is sent to interpreter webhooks and what they answer
//! (`karmada:pkg/apis/config/v1alpha1/interpretercontext_types.go`). Never stored.

use k8s_openapi::ByteString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DependentObjectReference, InterpreterOperation};
use crate::api::wire::{is_zero, nullable, optional_set};
use crate::api::work::v1alpha2::{AggregatedStatusItem, Component, ReplicaRequirements};

wire_kind! {
    /// A question to an interpreter webhook, or its answer.
    pub struct ResourceInterpreterContext {
        group: "config.karmada.io", version: "v1alpha1", plural: "resourceinterpretercontexts", scope: Cluster,
        /// The question.
        request: Option<ResourceInterpreterRequest>,
        /// The answer.
        response: Option<ResourceInterpreterResponse>,
    }
}

/// A question to an interpreter webhook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ResourceInterpreterRequest {
    /// Names the question; the answer repeats it.
    #[serde(deserialize_with = "nullable")]
    pub uid: String,
    /// The kind of the object.
    #[serde(deserialize_with = "nullable")]
    pub kind: GroupVersionKind,
    /// Its name.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Its namespace, empty if it has none.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// What is asked.
    #[serde(deserialize_with = "nullable")]
    pub operation: InterpreterOperation,
    /// The object; `null` when there is none.
    pub object: Value,
    /// With `Retain`: the copy in the member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_object: Option<Value>,
    /// With `ReviseReplica`: the replicas wanted.
    #[serde(rename = "replicas", skip_serializing_if = "Option::is_none")]
    pub desired_replicas: Option<i32>,
    /// With `AggregateStatus`: what the clusters report.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub aggregated_status: Vec<AggregatedStatusItem>,
}

/// A kind, fully named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GroupVersionKind {
    /// Group, empty for the core group.
    #[serde(deserialize_with = "nullable")]
    pub group: String,
    /// Version.
    #[serde(deserialize_with = "nullable")]
    pub version: String,
    /// Kind.
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
}

closed_set! {
    /// The form of a patch.
    pub enum PatchType {
        /// RFC 6902.
        JsonPatch = "JSONPatch",
    }
}

/// The answer of an interpreter webhook; which members count depends on what was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ResourceInterpreterResponse {
    /// The uid of the question.
    #[serde(deserialize_with = "nullable")]
    pub uid: String,
    /// Whether the question could be answered.
    #[serde(deserialize_with = "nullable")]
    pub successful: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<RequestStatus>,
    /// A patch of the object, base64 on the wire.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    pub patch: ByteString,
    /// The form of the patch.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    pub patch_type: Option<PatchType>,
    /// To `InterpretReplica`: what one replica needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_requirements: Option<ReplicaRequirements>,
    /// To `InterpretReplica`: how many replicas there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// To `InterpretComponent`: the parts of the workload.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    /// To `InterpretDependency`: what goes with the object.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<DependentObjectReference>,
    /// To `InterpretStatus`: the part of the status that is collected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_status: Option<Value>,
    /// To `InterpretHealth`: whether the object is healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthy: Option<bool>,
}

/// Why a question could not be answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RequestStatus {
    /// A text for people.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// An HTTP status code.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    pub code: i32,
}

impl ResourceInterpreterContext {
    /// A question.
    #[must_use]
    pub fn request(request: ResourceInterpreterRequest) -> Self {
        Self {
            request: Some(request),
            response: None,
        }
    }

    /// An answer.
    #[must_use]
    pub fn response(response: ResourceInterpreterResponse) -> Self {
        Self {
            request: None,
            response: Some(response),
        }
    }
}
