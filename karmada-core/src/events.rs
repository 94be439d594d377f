//! Reasons of events (`karmada:pkg/events/events.go`).
//!
//! Those ending in `Failed` are warnings, those in `Succeed` are normal.

/// On a Cluster: creating its execution space failed.
pub const CREATE_EXECUTION_SPACE_FAILED: &str = "CreateExecutionSpaceFailed";

/// On a Cluster: creating its execution space succeeded.
pub const CREATE_EXECUTION_SPACE_SUCCEED: &str = "CreateExecutionSpaceSucceed";

/// On a Cluster: removing its execution space failed.
pub const REMOVE_EXECUTION_SPACE_FAILED: &str = "RemoveExecutionSpaceFailed";

/// On a Cluster: removing its execution space succeeded.
pub const REMOVE_EXECUTION_SPACE_SUCCEED: &str = "RemoveExecutionSpaceSucceed";

/// On a Cluster: writing its taints failed.
pub const TAINT_CLUSTER_FAILED: &str = "TaintClusterFailed";

/// On a Cluster: writing its taints succeeded.
pub const TAINT_CLUSTER_SUCCEED: &str = "TaintClusterSucceed";

/// On a Cluster: writing the impersonation rules failed.
pub const SYNC_IMPERSONATION_CONFIG_FAILED: &str = "SyncImpersonationConfigFailed";

/// On a Cluster: writing the impersonation rules succeeded.
pub const SYNC_IMPERSONATION_CONFIG_SUCCEED: &str = "SyncImpersonationConfigSucceed";

/// On a Work: reading the status from the cluster failed.
pub const REFLECT_STATUS_FAILED: &str = "ReflectStatusFailed";

/// On a Work: reading the status from the cluster succeeded.
pub const REFLECT_STATUS_SUCCEED: &str = "ReflectStatusSucceed";

/// On a Work: judging the health failed.
pub const INTERPRET_HEALTH_FAILED: &str = "InterpretHealthFailed";

/// On a Work: judging the health succeeded.
pub const INTERPRET_HEALTH_SUCCEED: &str = "InterpretHealthSucceed";

/// On a Work: applying it in the cluster failed.
pub const SYNC_FAILED: &str = "SyncFailed";

/// On a Work: applying it in the cluster succeeded.
pub const SYNC_SUCCEED: &str = "SyncSucceed";

/// On a Work: dispatching was suspended or resumed.
pub const WORK_DISPATCHING: &str = "WorkDispatching";

/// On a binding: removing Works that are no longer wanted failed.
pub const CLEANUP_WORK_FAILED: &str = "CleanupWorkFailed";

/// On a binding: passing the clusters on to what the resource depends on failed.
pub const SYNC_SCHEDULE_RESULT_TO_DEPENDENCIES_FAILED: &str = "SyncScheduleResultToDependenciesFailed";

/// On a binding: passing the clusters on to what the resource depends on succeeded.
pub const SYNC_SCHEDULE_RESULT_TO_DEPENDENCIES_SUCCEED: &str = "SyncScheduleResultToDependenciesSucceed";

/// On a binding: those it is attached to disagree about conflict resolution or preservation.
pub const DEPENDENCY_POLICY_CONFLICT: &str = "DependencyPolicyConflict";

/// On a binding, its template or a quota: writing the Works failed.
pub const SYNC_WORK_FAILED: &str = "SyncWorkFailed";

/// On a binding, its template or a quota: writing the Works succeeded.
pub const SYNC_WORK_SUCCEED: &str = "SyncWorkSucceed";

/// On a binding, its template or a quota: collecting the status failed.
pub const AGGREGATE_STATUS_FAILED: &str = "AggregateStatusFailed";

/// On a binding, its template or a quota: collecting the status succeeded.
pub const AGGREGATE_STATUS_SUCCEED: &str = "AggregateStatusSucceed";

/// On a binding and its template: choosing clusters failed.
pub const SCHEDULE_BINDING_FAILED: &str = "ScheduleBindingFailed";

/// On a binding and its template: choosing clusters succeeded.
pub const SCHEDULE_BINDING_SUCCEED: &str = "ScheduleBindingSucceed";

/// On a binding and its template: taking back replicas that cannot start failed.
pub const DESCHEDULE_BINDING_FAILED: &str = "DescheduleBindingFailed";

/// On a binding and its template: taking back replicas that cannot start succeeded.
pub const DESCHEDULE_BINDING_SUCCEED: &str = "DescheduleBindingSucceed";

/// On a binding and its template: moving it out of a cluster failed.
pub const EVICT_WORKLOAD_FROM_CLUSTER_FAILED: &str = "EvictWorkloadFromClusterFailed";

/// On a binding and its template: moving it out of a cluster succeeded.
pub const EVICT_WORKLOAD_FROM_CLUSTER_SUCCEED: &str = "EvictWorkloadFromClusterSucceed";

/// On a quota: adding up what is used failed.
pub const COLLECT_OVERALL_STATUS_FAILED: &str = "CollectOverallStatusFailed";

/// On a quota: adding up what is used succeeded.
pub const COLLECT_OVERALL_STATUS_SUCCEED: &str = "CollectOverallStatusSucceed";

/// On a template: claiming it for a policy failed.
pub const APPLY_POLICY_FAILED: &str = "ApplyPolicyFailed";

/// On a template: claiming it for a policy succeeded.
pub const APPLY_POLICY_SUCCEED: &str = "ApplyPolicySucceed";

/// On a template: applying overrides failed.
pub const APPLY_OVERRIDE_POLICY_FAILED: &str = "ApplyOverridePolicyFailed";

/// On a template: applying overrides succeeded.
pub const APPLY_OVERRIDE_POLICY_SUCCEED: &str = "ApplyOverridePolicySucceed";

/// On a template: asking what it depends on failed.
pub const GET_DEPENDENCIES_FAILED: &str = "GetDependenciesFailed";

/// On a template: asking what it depends on succeeded.
pub const GET_DEPENDENCIES_SUCCEED: &str = "GetDependenciesSucceed";

/// On a template: asking for its components failed.
pub const GET_COMPONENTS_FAILED: &str = "GetComponentsFailed";

/// On a template: asking for its components succeeded.
pub const GET_COMPONENTS_SUCCEED: &str = "GetComponentsSucceed";

/// On a template: asking for its replicas failed.
pub const GET_REPLICAS_FAILED: &str = "GetReplicasFailed";

/// On a template: asking for its replicas succeeded.
pub const GET_REPLICAS_SUCCEED: &str = "GetReplicasSucceed";

/// On a template: claiming it for a policy of higher priority failed.
pub const PREEMPT_POLICY_FAILED: &str = "PreemptPolicyFailed";

/// On a template: claiming it for a policy of higher priority succeeded.
pub const PREEMPT_POLICY_SUCCEED: &str = "PreemptPolicySucceed";

/// On a ServiceImport: writing the derived Service failed.
pub const SYNC_DERIVED_SERVICE_FAILED: &str = "SyncDerivedServiceFailed";

/// On a ServiceImport: writing the derived Service succeeded.
pub const SYNC_DERIVED_SERVICE_SUCCEED: &str = "SyncDerivedServiceSucceed";

/// On a MultiClusterService: sending the Service to clusters failed.
pub const SYNC_SERVICE_FAILED: &str = "SyncServiceFailed";

/// On a MultiClusterService: sending the Service to clusters succeeded.
pub const SYNC_SERVICE_SUCCEED: &str = "SyncServiceSucceed";

/// On a MultiClusterService: sending endpoints to consumers failed.
pub const DISPATCH_ENDPOINT_SLICE_FAILED: &str = "DispatchEndpointSliceFailed";

/// On a MultiClusterService: sending endpoints to consumers succeeded.
pub const DISPATCH_ENDPOINT_SLICE_SUCCEED: &str = "DispatchEndpointSliceSucceed";

/// On a MultiClusterService: it names a cluster that does not exist.
pub const CLUSTER_NOT_FOUND: &str = "ClusterNotFound";

/// On a MultiClusterService: a cluster does not serve an API it needs.
pub const API_INCOMPATIBLE: &str = "APIIncompatible";

/// How serious an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// Something went as it should.
    Normal,
    /// Something did not.
    Warning,
}

impl EventType {
    /// The text on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

impl std::fmt::Display for EventType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is to be told about an object: a value, until somebody with a client records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// How serious it is; follows from the reason.
    pub type_: EventType,
    /// One of the reasons of this module.
    pub reason: &'static str,
    /// The words for people.
    pub message: String,
}

impl Event {
    /// An event with that reason, a warning where the reason is one of failure.
    ///
    /// ```
    /// use karmada_core::events::{self, Event, EventType};
    /// let event = Event::new(events::APPLY_POLICY_FAILED, "no such priority class");
    /// assert_eq!(event.type_, EventType::Warning);
    /// ```
    #[must_use]
    pub fn new(reason: &'static str, message: impl Into<String>) -> Self {
        let warning = reason.starts_with("Failed")
            || reason.ends_with("Failed")
            || matches!(
                reason,
                DEPENDENCY_POLICY_CONFLICT | CLUSTER_NOT_FOUND | API_INCOMPATIBLE
            );
        Self {
            type_: if warning {
                EventType::Warning
            } else {
                EventType::Normal
            },
            reason,
            message: message.into(),
        }
    }

    /// The event for the outcome of something that has a reason for success and one for failure.
    ///
    /// The message of a failure is the error with its sources.
    #[must_use]
    pub fn of_outcome<T>(
        (succeed, failed): (&'static str, &'static str),
        outcome: &Result<T, impl std::error::Error>,
        success: impl FnOnce(&T) -> String,
    ) -> Self {
        match outcome {
            Ok(value) => Self::new(succeed, success(value)),
            Err(error) => {
                let mut message = error.to_string();
                let mut source = error.source();
                while let Some(cause) = source {
                    message.push_str(": ");
                    message.push_str(&cause.to_string());
                    source = cause.source();
                }
                Self::new(failed, message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot do it")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn outcomes() {
        fn check(outcome: &Result<u8, Outer>, type_: EventType, reason: &str, message: &str) {
            let reasons = (SCHEDULE_BINDING_SUCCEED, SCHEDULE_BINDING_FAILED);
            let event = Event::of_outcome(reasons, outcome, |count| format!("{count} clusters"));
            assert_eq!(
                (event.type_, event.reason, event.message.as_str()),
                (type_, reason, message)
            );
        }
        check(&Ok(2), EventType::Normal, "ScheduleBindingSucceed", "2 clusters");
        let error = Outer(std::fmt::Error);
        let message = format!("cannot do it: {}", std::fmt::Error);
        check(&Err(error), EventType::Warning, "ScheduleBindingFailed", &message);
    }

    #[test]
    fn seriousness() {
        fn check(reason: &'static str, type_: EventType) {
            assert_eq!(Event::new(reason, "").type_, type_, "{reason}");
        }
        check(SYNC_SUCCEED, EventType::Normal);
        check(WORK_DISPATCHING, EventType::Normal);
        check(SYNC_FAILED, EventType::Warning);
        check(DEPENDENCY_POLICY_CONFLICT, EventType::Warning);
        check(CLUSTER_NOT_FOUND, EventType::Warning);
    }
}
