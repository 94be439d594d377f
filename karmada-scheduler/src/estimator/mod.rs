//! The accurate estimator: room by nodes, pods and quotas of a member cluster (`karmada:pkg/estimator`).
//!
//! Upstream runs an estimator beside every member and asks it over gRPC. Here are the questions, the algorithm that
//! answers them and what the scheduler makes of the answers, as values; a connection is the host's.
//!
//! - In the member: [`MemberState`] follows nodes, pods and quotas, [`AccurateEstimator`] answers on a snapshot of it.
//!   What bounds an estimate is an [`EstimatorPlugin`].
//! - In the scheduler: [`requests`] turns a question of a [`Session`](crate::Session) into one request per cluster, and
//!   [`answer`] the responses into the session's next input. [`MemberEstimators`] does both in this process.
//! - In the descheduler: [`AccurateEstimator::unschedulable_replicas`] counts, [`unschedulable_answer`] gathers, and
//!   [`deschedule`](crate::deschedule) asks and decides.

mod accurate;
mod chunk;
mod client;
mod first_fit;
mod member;
mod node_claim;
mod node_resource;
mod plugin;
mod request;
mod resource_quota;
mod unschedulable;

pub use accurate::{AccurateEstimator, AccurateEstimatorError};
pub use client::{
    CallError, EstimatorRequest, MemberEstimators, Method, answer, object_metadata, requests,
    unschedulable_answer,
};
pub use member::{MemberError, MemberSnapshot, MemberState, NodeView};
pub use node_resource::NodeResourceEstimator;
pub use plugin::{Code, ComponentEstimation, EstimatorPlugin, PluginResult, ReplicaEstimation};
pub use request::{
    DEFAULT_PORT, DEFAULT_TIMEOUT, MaxAvailableComponentSetsRequest, MaxAvailableComponentSetsResponse,
    MaxAvailableReplicasRequest, MaxAvailableReplicasResponse, ObjectReference, UnschedulableReplicasRequest,
    UnschedulableReplicasResponse,
};
pub use resource_quota::ResourceQuotaEstimator;
pub use unschedulable::{UnschedulableError, WorkloadObjects};
