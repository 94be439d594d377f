//! Placing workloads anew on request (`karmada:pkg/controllers/workloadrebalancer`).

use jiff::{SignedDuration, Timestamp};

use crate::api::apps::v1alpha1::{
    ObjectReference, ObservedWorkload, RebalanceFailedReason, RebalanceResult, WorkloadRebalancer,
    WorkloadRebalancerStatus,
};
use crate::api::meta::Time;

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

/// What became of a workload that was dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its binding has been told, or need not be; see [`needs_trigger`].
    Triggered,
    /// It has no binding. That is final.
    NotFound,
    /// Something went wrong that may go right another time.
    Retry,
}

/// What a pass over a rebalancer comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Conclusion {
    /// The status it gets.
    pub status: WorkloadRebalancerStatus,
    /// Whether that differs from the one it has.
    pub changed: bool,
    /// How many workloads have to be tried again.
    pub retries: usize,
}

/// Some workloads of a rebalancer have to be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} resource reschedule triggered failed and need retry")]
pub struct RetryNeeded(pub usize);

impl Conclusion {
    /// An error if something has to be tried again.
    ///
    /// # Errors
    /// [`RetryNeeded`] says how many workloads.
    pub fn outcome(&self) -> Result<(), RetryNeeded> {
        match self.retries {
            0 => Ok(()),
            retries => Err(RetryNeeded(retries)),
        }
    }
}

/// Concludes a pass over a rebalancer: `outcome` says for each workload that [`is_pending`] what became of it.
///
/// A status that changed while nothing is left to try again has finished now.
pub fn conclude(
    rebalancer: &WorkloadRebalancer,
    mut outcome: impl FnMut(&ObjectReference) -> Outcome,
    now: Timestamp,
) -> Conclusion {
    let before = &rebalancer.status;
    let mut observed_workloads = merge_observed(&rebalancer.spec.workloads, &before.observed_workloads);
    let mut retries = 0;
    for observed in observed_workloads.iter_mut().filter(|it| is_pending(it)) {
        match outcome(&observed.workload) {
            Outcome::Triggered => observed.result = Some(RebalanceResult::Successful),
            Outcome::NotFound => {
                observed.result = Some(RebalanceResult::Failed);
                observed.reason = Some(RebalanceFailedReason::ReferencedBindingNotFound);
            }
            Outcome::Retry => retries += 1,
        }
    }
    let mut status = WorkloadRebalancerStatus {
        observed_workloads,
        observed_generation: rebalancer.metadata.generation.unwrap_or_default(),
        finish_time: before.finish_time.clone(),
    };
    let changed = status != *before;
    if changed && retries == 0 {
        status.finish_time = Some(Time(now));
    }
    Conclusion {
        status,
        changed,
        retries,
    }
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
    fn conclusions() {
        let now = Timestamp::from_second(60).unwrap();
        let mut rebalancer = WorkloadRebalancer::default();
        rebalancer.metadata.generation = Some(3);
        rebalancer.spec.workloads = ["done", "gone", "later"].map(workload).to_vec();
        let outcome = |workload: &ObjectReference| match workload.name.as_str() {
            "done" => Outcome::Triggered,
            "gone" => Outcome::NotFound,
            _ => Outcome::Retry,
        };
        let first = conclude(&rebalancer, outcome, now);
        let results: Vec<_> = first
            .status
            .observed_workloads
            .iter()
            .map(|it| it.result.clone())
            .collect();
        let successful = Some(RebalanceResult::Successful);
        assert_eq!(results, [successful.clone(), Some(RebalanceResult::Failed), None]);
        assert_eq!(
            first.status.observed_workloads[1].reason,
            Some(RebalanceFailedReason::ReferencedBindingNotFound)
        );
        assert_eq!(
            (
                first.changed,
                first.status.finish_time.is_none(),
                first.status.observed_generation
            ),
            (true, true, 3)
        );
        let error = first.outcome().unwrap_err();
        assert_eq!(
            error.to_string(),
            "1 resource reschedule triggered failed and need retry"
        );

        // Only what is left is tried again.
        rebalancer.status = first.status;
        let mut tried = Vec::new();
        let second = conclude(
            &rebalancer,
            |workload| {
                tried.push(workload.name.clone());
                Outcome::Triggered
            },
            now,
        );
        assert_eq!(tried, ["later"]);
        assert_eq!(second.status.finish_time, Some(Time(now)));
        assert!(second.changed && second.outcome().is_ok());

        // And then nothing changes any more.
        rebalancer.status = second.status;
        let third = conclude(&rebalancer, |_| Outcome::Retry, Timestamp::MAX);
        assert!(!third.changed && third.status == rebalancer.status);
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
