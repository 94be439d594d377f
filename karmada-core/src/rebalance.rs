//! Placing workloads anew on request (`karmada:pkg/controllers/workloadrebalancer`).

use jiff::{SignedDuration, Timestamp};

use crate::api::apps::v1alpha1::{ObjectReference, ObservedWorkload, RebalanceResult};

/// The workloads a rebalancer reports on after its spec changed, sorted by API version, kind, namespace and name.
///
/// Those listed keep what is known of them; those no longer listed stay only if they were rebalanced.
#[must_use]
pub fn merge_observed(listed: &[ObjectReference], observed: &[ObservedWorkload]) -> Vec<ObservedWorkload> {
    let mut merged: Vec<ObservedWorkload> = observed
        .iter()
        .filter(|it| listed.contains(&it.workload) || it.result == Some(RebalanceResult::Successful))
        .cloned()
        .collect();
    for workload in listed {
        if !merged.iter().any(|it| it.workload == *workload) {
            merged.push(ObservedWorkload {
                workload: workload.clone(),
                ..ObservedWorkload::default()
            });
        }
    }
    merged.sort_by_key(|it| key(&it.workload));
    merged
}

fn key(workload: &ObjectReference) -> String {
    let ObjectReference {
        api_version,
        kind,
        namespace,
        name,
    } = workload;
    format!("{api_version} {kind} {namespace} {name}")
}

/// Whether a workload still has to be dealt with: neither rebalanced nor given up.
#[must_use]
pub fn is_pending(observed: &ObservedWorkload) -> bool {
    !matches!(
        observed.result,
        Some(RebalanceResult::Successful | RebalanceResult::Failed)
    )
}

/// Whether a binding has to be told to be placed anew: nobody has asked since the rebalancer was made.
#[must_use]
pub fn needs_trigger(triggered_at: Option<Timestamp>, rebalancer_created: Timestamp) -> bool {
    triggered_at.is_none_or(|triggered| triggered < rebalancer_created)
}

/// How long a finished rebalancer is kept; zero when it is time to delete it, nothing if it is kept for ever or has not
/// finished.
#[must_use]
pub fn ttl_left(
    finished: Option<Timestamp>,
    ttl_seconds: Option<i32>,
    now: Timestamp,
) -> Option<SignedDuration> {
    let end = finished?
        .checked_add(SignedDuration::from_secs(i64::from(ttl_seconds?)))
        .ok()?;
    Some(end.duration_since(now).max(SignedDuration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(name: &str) -> ObjectReference {
        ObjectReference {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: "ns".into(),
            name: name.into(),
        }
    }

    fn observed(name: &str, result: Option<RebalanceResult>) -> ObservedWorkload {
        ObservedWorkload {
            workload: workload(name),
            result,
            ..ObservedWorkload::default()
        }
    }

    #[test]
    fn observed_workloads() {
        let before = [
            observed("failed", Some(RebalanceResult::Failed)),
            observed("kept", Some(RebalanceResult::Failed)),
            observed("done", Some(RebalanceResult::Successful)),
        ];
        let listed = [workload("new"), workload("kept"), workload("new")];
        let merged = merge_observed(&listed, &before);
        let names: Vec<_> = merged
            .iter()
            .map(|it| (it.workload.name.as_str(), is_pending(it)))
            .collect();
        assert_eq!(names, [("done", false), ("kept", false), ("new", true)]);
        assert_eq!(merge_observed(&listed, &merged), merged);
    }

    #[test]
    fn triggers() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        for (triggered, expect) in [
            (None, true),
            (Some(at(1)), true),
            (Some(at(2)), false),
            (Some(at(3)), false),
        ] {
            assert_eq!(needs_trigger(triggered, at(2)), expect);
        }
    }

    #[test]
    fn time_to_live() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        assert_eq!(ttl_left(None, Some(5), at(0)), None);
        assert_eq!(ttl_left(Some(at(0)), None, at(0)), None);
        assert_eq!(
            ttl_left(Some(at(0)), Some(5), at(2)),
            Some(SignedDuration::from_secs(3))
        );
        assert_eq!(ttl_left(Some(at(0)), Some(5), at(9)), Some(SignedDuration::ZERO));
    }
}
