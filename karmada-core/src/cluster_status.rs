//! The state of a cluster as its controller sees it (`karmada:pkg/controllers/status`).

use jiff::{SignedDuration, Timestamp};

use crate::api::cluster::v1alpha1::ApiEnablement;
use crate::api::meta::{Condition, ConditionStatus};
use crate::conditions;
use crate::status::condition;

/// What a probe of a member found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It does not answer.
    Offline,
    /// It answers that it is not well.
    Unhealthy,
    /// It is well.
    Healthy,
}

/// The condition `Ready` that a probe suggests.
#[must_use]
pub fn ready_condition(probe: Probe) -> Condition {
    let (status, reason, message) = match probe {
        Probe::Offline => (
            ConditionStatus::False,
            conditions::CLUSTER_READY_REASON_NOT_REACHABLE,
            "cluster is not reachable",
        ),
        Probe::Unhealthy => (
            ConditionStatus::False,
            conditions::CLUSTER_READY_REASON_NOT_READY,
            "cluster is reachable but health endpoint responded without ok",
        ),
        Probe::Healthy => (
            ConditionStatus::True,
            conditions::CLUSTER_READY_REASON_READY,
            "cluster is healthy and ready to accept workloads",
        ),
    };
    condition(conditions::CLUSTER_READY, status, reason, message)
}

/// The status that was last observed, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedCondition {
    /// The status.
    pub status: ConditionStatus,
    /// Since when; nothing for the first one ever.
    pub start: Option<Timestamp>,
}

/// How long a cluster has to be well, or not, before its condition says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// How long it has to be well.
    pub success: SignedDuration,
    /// How long it has to be other than well.
    pub failure: SignedDuration,
}

/// Keeps a condition from flapping: a change between `True` and the rest shows only once it has lasted.
///
/// Returns what to remember and the condition to write. Without memory or current condition the observation passes at
/// once, as does a change between `Unknown` and `False`.
#[must_use]
pub fn threshold_adjust(
    saved: Option<&SavedCondition>,
    observed: Condition,
    current: Option<&Condition>,
    thresholds: Thresholds,
    now: Timestamp,
) -> (SavedCondition, Condition) {
    let Some(saved) = saved else {
        let first = SavedCondition {
            status: observed.status.clone(),
            start: None,
        };
        return (first, observed);
    };
    let Some(current) = current else {
        return (saved.clone(), observed);
    };
    let saved = if saved.status == observed.status {
        saved.clone()
    } else {
        SavedCondition {
            status: observed.status.clone(),
            start: Some(now),
        }
    };
    let is_true = |condition: &Condition| condition.status == ConditionStatus::True;
    let threshold = if is_true(&observed) {
        thresholds.success
    } else {
        thresholds.failure
    };
    let recent = saved
        .start
        .is_some_and(|start| now.duration_since(start) < threshold);
    if is_true(&observed) != is_true(current) && recent {
        return (saved, current.clone());
    }
    (saved, observed)
}

/// The condition `CompleteAPIEnablements`, and the API enablements in order: resources by name, groups by group and
/// version, without subresources.
#[must_use]
pub fn api_enablements(mut found: Vec<ApiEnablement>, is_partial: bool) -> (Vec<ApiEnablement>, Condition) {
    for enablement in &mut found {
        enablement
            .resources
            .retain(|resource| !resource.name.contains('/'));
        enablement.resources.sort_by(|a, b| a.name.cmp(&b.name));
    }
    found.sort_by(|a, b| a.group_version.cmp(&b.group_version));
    let (status, reason, message) = if found.is_empty() {
        (
            ConditionStatus::False,
            conditions::CLUSTER_COMPLETE_API_ENABLEMENTS_REASON_EMPTY,
            "collected empty APIEnablements from the cluster",
        )
    } else if is_partial {
        (
            ConditionStatus::False,
            conditions::CLUSTER_COMPLETE_API_ENABLEMENTS_REASON_PARTIAL,
            "might collect partial APIEnablements from the cluster",
        )
    } else {
        (
            ConditionStatus::True,
            conditions::CLUSTER_COMPLETE_API_ENABLEMENTS_REASON_COMPLETE,
            "collected complete APIEnablements from the cluster",
        )
    };
    let complete = condition(
        conditions::CLUSTER_COMPLETE_API_ENABLEMENTS,
        status,
        reason,
        message,
    );
    (found, complete)
}

/// Whether names of services resolve in a cluster, out of what its nodes say; nothing if that cannot be told.
#[must_use]
pub fn aggregate_dns(nodes: &[ConditionStatus]) -> Option<Condition> {
    if nodes.is_empty()
        || nodes
            .iter()
            .any(|node| !matches!(node, ConditionStatus::True | ConditionStatus::False))
    {
        return None;
    }
    let (status, reason, message) = if nodes.contains(&ConditionStatus::True) {
        (
            ConditionStatus::True,
            conditions::CLUSTER_SERVICE_DOMAIN_NAME_RESOLUTION_READY_REASON_READY,
            "service domain name resolution is functional",
        )
    } else {
        (
            ConditionStatus::False,
            conditions::CLUSTER_SERVICE_DOMAIN_NAME_RESOLUTION_READY_REASON_FAILED,
            "service domain name resolution is unready",
        )
    };
    Some(condition(
        conditions::CLUSTER_SERVICE_DOMAIN_NAME_RESOLUTION_READY,
        status,
        reason,
        message,
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ConditionStatus::{False, True, Unknown};

    #[test]
    fn thresholds() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let ready = |status: &ConditionStatus| condition("Ready", status.clone(), "r", "m");
        let limits = Thresholds {
            success: SignedDuration::from_secs(10),
            failure: SignedDuration::from_secs(30),
        };
        let check = |saved: Option<(ConditionStatus, Option<i64>)>,
                     observed,
                     current: Option<ConditionStatus>,
                     now,
                     start: Option<i64>,
                     expect| {
            let saved = saved.map(|(status, start)| SavedCondition {
                status,
                start: start.map(at),
            });
            let current = current.as_ref().map(ready);
            let (kept, got) = threshold_adjust(
                saved.as_ref(),
                ready(&observed),
                current.as_ref(),
                limits,
                at(now),
            );
            assert_eq!((kept.start, got.status), (start.map(at), expect));
        };
        check(None, False, Some(True), 100, None, False);
        check(Some((True, None)), False, None, 100, None, False);
        check(Some((True, None)), False, Some(True), 100, Some(100), True);
        check(Some((False, Some(100))), False, Some(True), 129, Some(100), True);
        check(Some((False, Some(100))), False, Some(True), 130, Some(100), False);
        check(Some((False, Some(100))), True, Some(False), 105, Some(105), False);
        check(Some((True, Some(105))), True, Some(False), 115, Some(105), True);
        check(
            Some((Unknown, Some(100))),
            False,
            Some(Unknown),
            101,
            Some(101),
            False,
        );
        check(Some((True, None)), True, Some(True), 101, None, True);
    }

    #[test]
    fn probes() {
        for (probe, status, reason) in [
            (Probe::Offline, False, "ClusterNotReachable"),
            (Probe::Unhealthy, False, "ClusterNotReady"),
            (Probe::Healthy, True, "ClusterReady"),
        ] {
            let condition = ready_condition(probe);
            assert_eq!((condition.status, condition.reason.as_str()), (status, reason));
        }
    }

    #[test]
    fn enablements() {
        let found: Vec<ApiEnablement> = serde_json::from_value(json!([
            {"groupVersion": "v1", "resources": [{"name": "pods", "kind": "Pod"}, {"name": "pods/log", "kind": "Pod"}, {"name": "nodes", "kind": "Node"}]},
            {"groupVersion": "apps/v1", "resources": []}])).unwrap();
        let (sorted, complete) = api_enablements(found.clone(), false);
        assert_eq!(
            serde_json::to_value(&sorted).unwrap()[1]["resources"],
            json!([{"name": "nodes", "kind": "Node"}, {"name": "pods", "kind": "Pod"}])
        );
        assert_eq!(complete.reason, "Complete");
        assert_eq!(api_enablements(found, true).1.reason, "Partial");
        assert_eq!(api_enablements(vec![], true).1.reason, "Empty");
    }

    #[test]
    fn names_of_services() {
        fn check(nodes: &[ConditionStatus], expect: Option<ConditionStatus>) {
            assert_eq!(aggregate_dns(nodes).map(|condition| condition.status), expect);
        }
        check(&[], None);
        check(&[True, Unknown], None);
        check(&[True, False], Some(True));
        check(&[False, False], Some(False));
    }
}
