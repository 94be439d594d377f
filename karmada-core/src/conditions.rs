//! Types and reasons of conditions.
//!
//! The types are named after the object they are on, the reasons after the type.

/// On a Cluster: whether its API server answers and is healthy.
pub const CLUSTER_READY: &str = "Ready";

/// It is.
pub const CLUSTER_READY_REASON_READY: &str = "ClusterReady";

/// It answers, but not that it is healthy.
pub const CLUSTER_READY_REASON_NOT_READY: &str = "ClusterNotReady";

/// It does not answer.
pub const CLUSTER_READY_REASON_NOT_REACHABLE: &str = "ClusterNotReachable";

/// No client could be made for it.
pub const CLUSTER_READY_REASON_STATUS_COLLECTION_FAILED: &str = "StatusCollectionFailed";

/// Its agent has not been heard of lately.
pub const CLUSTER_READY_REASON_STATUS_UNKNOWN: &str = "ClusterStatusUnknown";

/// Its agent has not been heard of at all.
pub const CLUSTER_READY_REASON_STATUS_NEVER_UPDATED: &str = "ClusterStatusNeverUpdated";

/// On a Cluster: whether all the APIs it serves are known.
pub const CLUSTER_COMPLETE_API_ENABLEMENTS: &str = "CompleteAPIEnablements";

/// All are.
pub const CLUSTER_COMPLETE_API_ENABLEMENTS_REASON_COMPLETE: &str = "Complete";

/// Some groups could not be discovered.
pub const CLUSTER_COMPLETE_API_ENABLEMENTS_REASON_PARTIAL: &str = "Partial";

/// None could be discovered.
pub const CLUSTER_COMPLETE_API_ENABLEMENTS_REASON_EMPTY: &str = "Empty";

/// On a Cluster: whether Service names resolve there; a detector of its own writes it.
pub const CLUSTER_SERVICE_DOMAIN_NAME_RESOLUTION_READY: &str = "ServiceDomainNameResolutionReady";

/// They do on some node.
pub const CLUSTER_SERVICE_DOMAIN_NAME_RESOLUTION_READY_REASON_READY: &str =
    "ServiceDomainNameResolutionReady";

/// They do on none.
pub const CLUSTER_SERVICE_DOMAIN_NAME_RESOLUTION_READY_REASON_FAILED: &str =
    "ServiceDomainNameResolutionFailed";

/// On a binding: whether the last attempt to schedule it succeeded.
pub const BINDING_SCHEDULED: &str = "Scheduled";

/// It did.
pub const BINDING_SCHEDULED_REASON_SUCCESS: &str = "Success";

/// Something went wrong.
pub const BINDING_SCHEDULED_REASON_SCHEDULER_ERROR: &str = "SchedulerError";

/// No cluster passed the filters.
pub const BINDING_SCHEDULED_REASON_NO_CLUSTER_FIT: &str = "NoClusterFit";

/// The clusters lack room.
pub const BINDING_SCHEDULED_REASON_UNSCHEDULABLE: &str = "Unschedulable";

/// A FederatedResourceQuota does not allow it.
pub const BINDING_SCHEDULED_REASON_QUOTA_EXCEEDED: &str = "QuotaExceeded";

/// On a binding: whether every Work was applied in its cluster.
pub const BINDING_FULLY_APPLIED: &str = "FullyApplied";

/// Every one was.
pub const BINDING_FULLY_APPLIED_REASON_SUCCESS: &str = "FullyAppliedSuccess";

/// Not every one was.
pub const BINDING_FULLY_APPLIED_REASON_FAILED: &str = "FullyAppliedFailed";

/// On a Work: whether its manifests were applied in the cluster.
pub const WORK_APPLIED: &str = "Applied";

/// They were.
pub const WORK_APPLIED_REASON_SUCCESSFUL: &str = "AppliedSuccessful";

/// Not all were.
pub const WORK_APPLIED_REASON_FAILED: &str = "AppliedFailed";

/// On a Work: whether its manifests are sent to the cluster.
pub const WORK_DISPATCHING: &str = "Dispatching";

/// They are.
pub const WORK_DISPATCHING_REASON_DISPATCHING: &str = "Dispatching";

/// They are held back.
pub const WORK_DISPATCHING_REASON_SUSPENDED: &str = "SuspendDispatching";

/// On a Work: whether it is being applied. Not written by this version of Karmada.
pub const WORK_PROGRESSING: &str = "Progressing";

/// On a Work: whether its objects exist in the cluster. Not written by this version of Karmada.
pub const WORK_AVAILABLE: &str = "Available";

/// On a Work: whether its objects fall short. Not written by this version of Karmada.
pub const WORK_DEGRADED: &str = "Degraded";

/// On a MultiClusterService: whether the Service reached its clusters.
pub const MULTI_CLUSTER_SERVICE_SERVICE_APPLIED: &str = "ServiceApplied";

/// It did.
pub const MULTI_CLUSTER_SERVICE_SERVICE_APPLIED_REASON_SUCCEED: &str = "ServiceAppliedSucceed";

/// It did not reach every one.
pub const MULTI_CLUSTER_SERVICE_SERVICE_APPLIED_REASON_FAILED: &str = "ServiceAppliedFailed";

/// On a MultiClusterService: whether the providers' endpoints reached the consumers.
pub const MULTI_CLUSTER_SERVICE_ENDPOINT_SLICE_DISPATCHED: &str = "EndpointSliceDispatched";

/// They did.
pub const MULTI_CLUSTER_SERVICE_ENDPOINT_SLICE_DISPATCHED_REASON_SUCCEED: &str =
    "EndpointSliceDispatchedSucceed";

/// They did not reach every one.
pub const MULTI_CLUSTER_SERVICE_ENDPOINT_SLICE_DISPATCHED_REASON_FAILED: &str =
    "EndpointSliceDispatchedFailed";

/// On a ServiceExport: whether there is a Service to export.
pub const SERVICE_EXPORT_VALID: &str = "Valid";

/// On a ServiceExport: whether exports of the same Service from other clusters disagree with it.
pub const SERVICE_EXPORT_CONFLICT: &str = "Conflict";

/// On a Karmada of the operator: whether the instance is installed as asked for.
pub const KARMADA_READY: &str = "Ready";

/// It cannot be: what is asked for breaks a rule.
pub const KARMADA_READY_REASON_VALIDATION_ERROR: &str = "ValidationError";

/// In an eviction task: the binding does not tolerate a taint of the cluster.
pub const EVICTION_REASON_TAINT_UNTOLERATED: &str = "TaintUntolerated";

/// In an eviction task: the workload was unhealthy there for too long.
pub const EVICTION_REASON_APPLICATION_FAILURE: &str = "ApplicationFailure";

/// In an eviction task: it was asked for because of taints.
pub const EVICTION_PRODUCER_TAINT_MANAGER: &str = "TaintManager";

/// In an eviction task: it was asked for because a namespaced workload was unhealthy.
pub const EVICTION_PRODUCER_RESOURCE_BINDING_APPLICATION_FAILOVER: &str =
    "resource-binding-application-failover-controller";

/// In an eviction task: it was asked for because a cluster-scoped workload was unhealthy.
pub const EVICTION_PRODUCER_CLUSTER_RESOURCE_BINDING_APPLICATION_FAILOVER: &str =
    "cluster-resource-binding-application-failover-controller";

/// The reason of the API server's answer when a FederatedResourceQuota refuses a binding.
pub const QUOTA_EXCEEDED: &str = "QuotaExceeded";
