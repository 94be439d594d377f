//! For how long nothing may be heard of a cluster (`karmada:pkg/controllers/cluster/cluster_controller.go`).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::api::cluster::v1alpha1::{Cluster, ClusterSyncMode};
use crate::api::meta::{Condition, ConditionStatus, Time};
use crate::conditions::{
    CLUSTER_READY, CLUSTER_READY_REASON_STATUS_NEVER_UPDATED, CLUSTER_READY_REASON_STATUS_UNKNOWN,
};
use crate::status::find_condition;

/// `time + duration`, at the end of time if that is later.
fn later(time: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    time.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

/// What is remembered of a cluster between two looks at its health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthRecord {
    /// When it was last heard of.
    pub probed: Timestamp,
    /// The `Ready` condition at that time.
    pub ready: Option<Condition>,
    /// When its lease was last renewed.
    pub renewed: Option<Timestamp>,
}

/// For how long nothing may be heard of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GracePeriods {
    /// While it has no `Ready` condition.
    pub startup: Duration,
    /// Once it has one.
    pub monitor: Duration,
}

/// Upstream's: 60 and 40 seconds.
impl Default for GracePeriods {
    fn default() -> Self {
        Self {
            startup: Duration::from_secs(60),
            monitor: Duration::from_secs(40),
        }
    }
}

/// What to remember of a cluster, and its new `Ready` condition if nothing was heard of it for too long.
///
/// It is heard of when its `Ready` condition changes or its lease is renewed; `lease` is when that last happened, `None`
/// if the lease cannot be read. A cluster that never had the condition counts from its creation. Only clusters in `Pull`
/// mode become unknown: the condition of the others is written where it is observed.
#[must_use]
pub fn next_health(
    record: Option<HealthRecord>,
    cluster: &Cluster,
    lease: Option<Timestamp>,
    now: Timestamp,
    graces: GracePeriods,
) -> (HealthRecord, Option<Condition>) {
    let current = find_condition(&cluster.status.conditions, CLUSTER_READY);
    let created = cluster.metadata.creation_timestamp.as_ref();
    let known_renewal = record.as_ref().and_then(|record| record.renewed);
    let heard_now = HealthRecord {
        probed: now,
        ready: current.cloned(),
        renewed: None,
    };
    let mut record = match (record, current) {
        (Some(record), None) => HealthRecord {
            ready: None,
            ..record
        },
        (None, None) => HealthRecord {
            probed: created.map_or(now, |created| created.0),
            ..heard_now
        },
        (Some(record), Some(_)) if record.ready.as_ref() == current => record,
        (_, Some(_)) => heard_now,
    };
    if cluster.spec.sync_mode == ClusterSyncMode::Push {
        return (record, None);
    }
    if let Some(lease) = lease
        && known_renewal.is_none_or(|known| known < lease)
    {
        record.renewed = Some(lease);
        record.probed = now;
    }
    let grace = if current.is_some() {
        graces.monitor
    } else {
        graces.startup
    };
    if now <= later(record.probed, grace) {
        return (record, None);
    }
    let (reason, message) = match current {
        None => (
            CLUSTER_READY_REASON_STATUS_NEVER_UPDATED,
            "Cluster status controller never posted cluster status.",
        ),
        Some(condition) if condition.status != ConditionStatus::Unknown => (
            CLUSTER_READY_REASON_STATUS_UNKNOWN,
            "Cluster status controller stopped posting cluster status.",
        ),
        Some(_) => return (record, None),
    };
    let unknown = Condition {
        type_: CLUSTER_READY.into(),
        status: ConditionStatus::Unknown,
        reason: reason.into(),
        message: message.into(),
        last_transition_time: Some(Time(now)),
        ..current.cloned().unwrap_or_default()
    };
    record.ready = Some(unknown.clone());
    record.renewed = lease.or(record.renewed);
    (record, Some(unknown))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn condition(status: &str) -> Condition {
        Condition {
            type_: CLUSTER_READY.into(),
            status: status.into(),
            ..Condition::default()
        }
    }

    /// A record in seconds: probed, status, renewed.
    type Record<'a> = (i64, Option<&'a str>, Option<i64>);

    #[test]
    fn health() {
        fn check(
            mode: ClusterSyncMode,
            saved: Option<Record<'_>>,
            current: Option<&str>,
            lease: Option<i64>,
            now: i64,
            want: Record<'_>,
            reason: Option<&str>,
        ) {
            let record = |(probed, status, renewed): Record<'_>| HealthRecord {
                probed: at(probed),
                ready: status.map(condition),
                renewed: renewed.map(at),
            };
            let mut cluster = Cluster::named("m1");
            cluster.spec.sync_mode = mode;
            cluster.metadata.creation_timestamp = Some(Time(at(10)));
            cluster.status.conditions.extend(current.map(condition));
            let graces = GracePeriods::default();
            let (mut got, patch) = next_health(saved.map(record), &cluster, lease.map(at), at(now), graces);
            let context = format!("{saved:?} {current:?} {lease:?} {now}");
            if let Some(patch) = &patch {
                assert_eq!(got.ready.as_ref(), Some(patch), "{context}");
                assert_eq!(patch.last_transition_time, Some(Time(at(now))), "{context}");
                got.ready = Some(condition(patch.status.as_str()));
            }
            assert_eq!(got, record(want), "{context}");
            assert_eq!(patch.as_ref().map(|it| it.reason.as_str()), reason, "{context}");
        }
        use ClusterSyncMode::{Pull, Push};
        let never = Some("ClusterStatusNeverUpdated");
        let stopped = Some("ClusterStatusUnknown");
        // Nothing known yet: counts from the creation.
        check(Pull, None, None, None, 20, (10, None, None), None);
        check(Pull, None, None, None, 70, (10, None, None), None);
        check(Pull, None, None, None, 71, (10, Some("Unknown"), None), never);
        check(Pull, None, None, Some(60), 71, (71, None, Some(60)), None);
        check(Push, None, None, None, 99, (10, None, None), None);
        // The first condition, and each change, is a sign of life.
        check(
            Pull,
            None,
            Some("True"),
            None,
            500,
            (500, Some("True"), None),
            None,
        );
        check(
            Pull,
            Some((10, Some("True"), None)),
            Some("False"),
            None,
            99,
            (99, Some("False"), None),
            None,
        );
        check(
            Pull,
            Some((10, None, None)),
            Some("True"),
            None,
            99,
            (99, Some("True"), None),
            None,
        );
        check(
            Push,
            Some((10, Some("True"), None)),
            Some("False"),
            None,
            99,
            (99, Some("False"), None),
            None,
        );
        // Silence.
        check(
            Pull,
            Some((10, Some("True"), None)),
            Some("True"),
            None,
            50,
            (10, Some("True"), None),
            None,
        );
        check(
            Pull,
            Some((10, Some("True"), None)),
            Some("True"),
            None,
            51,
            (10, Some("Unknown"), None),
            stopped,
        );
        check(
            Push,
            Some((10, Some("True"), None)),
            Some("True"),
            None,
            51,
            (10, Some("True"), None),
            None,
        );
        check(
            Pull,
            Some((10, Some("Unknown"), None)),
            Some("Unknown"),
            None,
            99,
            (10, Some("Unknown"), None),
            None,
        );
        check(
            Pull,
            Some((20, Some("True"), None)),
            None,
            None,
            80,
            (20, None, None),
            None,
        );
        check(
            Pull,
            Some((20, Some("True"), None)),
            None,
            None,
            81,
            (20, Some("Unknown"), None),
            never,
        );
        // The lease is a sign of life when it advances.
        check(
            Pull,
            Some((10, Some("True"), Some(5))),
            Some("True"),
            Some(6),
            51,
            (51, Some("True"), Some(6)),
            None,
        );
        check(
            Pull,
            Some((10, Some("True"), Some(5))),
            Some("True"),
            Some(5),
            51,
            (10, Some("Unknown"), Some(5)),
            stopped,
        );
        check(
            Pull,
            Some((10, Some("True"), None)),
            Some("True"),
            Some(5),
            51,
            (51, Some("True"), Some(5)),
            None,
        );
    }
}
