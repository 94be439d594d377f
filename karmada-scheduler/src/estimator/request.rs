//! The questions an accurate estimator answers (`karmada:pkg/estimator/pb/estimator.proto`).
//!
//! Plain values: encoding them is the business of whoever has a connection. Service
//! `github.com.karmada_io.karmada.pkg.estimator.service.Estimator`, a method per kind of request; the numbers are those
//! of the fields on the wire.

use std::sync::Arc;
use std::time::Duration;

use karmada_core::api::work::v1alpha2::{Component, ReplicaRequirements};

use crate::fleet::AssumedWorkload;

/// The port an estimator listens on unless told otherwise.
pub const DEFAULT_PORT: u16 = 10352;

/// How long the scheduler and the descheduler wait for all estimators together (`--scheduler-estimator-timeout`).
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3);

/// How many replicas of one pod template a cluster has room for. Method `MaxAvailableReplicas`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MaxAvailableReplicasRequest {
    /// The cluster asked about, which must be the estimator's. Field 1.
    pub cluster: String,
    /// What one replica needs; without any, only pod slots and taints count. Field 2.
    pub replica_requirements: Option<ReplicaRequirements>,
    /// Workloads that were sent to the cluster and may not run there yet. Field 3.
    pub assumed_workloads: Vec<Arc<AssumedWorkload>>,
}

/// The answer to a [`MaxAvailableReplicasRequest`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaxAvailableReplicasResponse {
    /// Room for so many; `i32::MAX` if nothing bounds it. Field 1.
    pub max_replicas: i32,
}

/// How many sets of components a cluster has room for, each with all its replicas. Method `MaxAvailableComponentSets`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MaxAvailableComponentSetsRequest {
    /// The cluster asked about, which must be the estimator's. Field 1.
    pub cluster: String,
    /// The components of one set. Field 2.
    pub components: Vec<Component>,
    /// The namespace of the workload, whose quotas count. Field 3.
    pub namespace: String,
    /// Workloads that were sent to the cluster and may not run there yet. Field 4.
    pub assumed_workloads: Vec<Arc<AssumedWorkload>>,
}

/// The answer to a [`MaxAvailableComponentSetsRequest`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaxAvailableComponentSetsResponse {
    /// Room for so many; `i32::MAX` if nothing bounds it. Field 1.
    pub max_sets: i32,
}

/// How many replicas of a workload cannot be scheduled in a cluster. Method `GetUnschedulableReplicas`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnschedulableReplicasRequest {
    /// The cluster asked about, which must be the estimator's. Field 1.
    pub cluster: String,
    /// The workload. Field 2.
    pub resource: Option<ObjectReference>,
    /// For how many nanoseconds a replica must have been unschedulable to count; less than nothing is nothing. Field 3.
    pub unschedulable_threshold: i64,
}

/// The answer to an [`UnschedulableReplicasRequest`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnschedulableReplicasResponse {
    /// That many. Field 1.
    pub unschedulable_replicas: i32,
}

/// Names a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectReference {
    /// Its API version. Field 1.
    pub api_version: String,
    /// Its kind. Field 2.
    pub kind: String,
    /// Its namespace. Field 3.
    pub namespace: String,
    /// Its name. Field 4.
    pub name: String,
}

impl From<&karmada_core::api::work::v1alpha2::ObjectReference> for ObjectReference {
    fn from(reference: &karmada_core::api::work::v1alpha2::ObjectReference) -> Self {
        Self {
            api_version: reference.api_version.clone(),
            kind: reference.kind.clone(),
            namespace: reference.namespace.clone(),
            name: reference.name.clone(),
        }
    }
}
