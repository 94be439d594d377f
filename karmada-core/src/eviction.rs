//! Moving a workload out of a cluster without stopping it: eviction tasks, and when they are done
//! (`karmada:pkg/apis/work/v1alpha2/binding_types_helper.go`, `karmada:pkg/controllers/gracefuleviction`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::api::meta::Time;
use crate::api::policy::v1alpha1::PurgeMode;
use crate::api::work::v1alpha2::{
    AggregatedStatusItem, GracefulEvictionTask, ResourceBindingSpec, ResourceHealth, TargetCluster,
};
use crate::events::{EVICT_WORKLOAD_FROM_CLUSTER_FAILED, EVICT_WORKLOAD_FROM_CLUSTER_SUCCEED, Event};

/// How long a workload that is on its way out waits for its replacement, unless the task says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// What an eviction task says besides the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvictionOptions {
    /// How the workload leaves.
    pub purge_mode: Option<PurgeMode>,
    /// Who asks for it.
    pub producer: String,
    /// A word for why.
    pub reason: String,
    /// A text for why.
    pub message: String,
    /// Seconds after which it leaves even if it does not run elsewhere.
    pub grace_period_seconds: Option<i32>,
    /// Whether it stays until somebody says otherwise.
    pub suppress_deletion: Option<bool>,
    /// What of its state goes to the new copy, as labels.
    pub preserved_label_state: BTreeMap<String, String>,
    /// The clusters the workload had before.
    pub clusters_before_failover: Vec<String>,
}

impl ResourceBindingSpec {
    /// Takes a cluster out of those chosen: its first entry, and nothing if it has none.
    pub fn remove_cluster(&mut self, cluster: &str) {
        self.take_cluster(cluster);
    }

    fn take_cluster(&mut self, cluster: &str) -> Option<TargetCluster> {
        let index = self.clusters.iter().position(|target| target.name == cluster)?;
        Some(self.clusters.remove(index))
    }

    /// Takes a cluster out of those chosen and adds the task to evict the workload from it.
    ///
    /// Nothing happens if the cluster is not chosen; and there is at most one task for a cluster, the first. The task's
    /// creation time is left for whoever takes the task up; see [`assess`].
    pub fn graceful_evict_cluster(&mut self, cluster: &str, options: EvictionOptions) {
        let Some(target) = self.take_cluster(cluster) else {
            return;
        };
        if self.cluster_in_graceful_eviction_tasks(cluster) {
            return;
        }
        self.graceful_eviction_tasks.push(GracefulEvictionTask {
            from_cluster: cluster.to_owned(),
            purge_mode: options.purge_mode,
            replicas: (target.replicas > 0).then_some(target.replicas),
            reason: options.reason,
            message: options.message,
            producer: options.producer,
            grace_period_seconds: options.grace_period_seconds,
            suppress_deletion: options.suppress_deletion,
            preserved_label_state: options.preserved_label_state,
            creation_timestamp: None,
            clusters_before_failover: options.clusters_before_failover,
        });
    }
}

/// What [`assess`] looks at besides the tasks.
#[derive(Clone, Copy, Debug)]
pub struct AssessOptions<'a> {
    /// The present.
    pub now: Timestamp,
    /// The grace period of tasks that have none of their own; see [`DEFAULT_TIMEOUT`].
    pub timeout: Duration,
    /// The clusters chosen.
    pub clusters: &'a [TargetCluster],
    /// What the clusters report.
    pub aggregated_status: &'a [AggregatedStatusItem],
    /// Whether the scheduler has dealt with the binding as it is.
    pub scheduled: bool,
    /// Whether a binding without any cluster chosen replaces nothing. Upstream takes the workload of such a binding for
    /// healthy on all of none, so that its evictions end and the last copies go; that is `false`.
    pub needs_targets: bool,
}

/// Which eviction tasks go on and which are done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// The tasks that go on, each with a creation time.
    pub kept: Vec<GracefulEvictionTask>,
    /// The tasks that are done: the copies in their clusters may go.
    pub evicted: Vec<GracefulEvictionTask>,
}

/// Decides which eviction tasks are done.
///
/// A new task gets `now` as its creation time and goes on. One with `suppressDeletion` goes on for ever, or is done at
/// once when that is `false`. Any other is done when its grace period is over, or when the workload is healthy on all
/// clusters chosen, of which there may be none unless [`needs_targets`](AssessOptions::needs_targets) says otherwise.
///
/// How the workload leaves (`purgeMode`) does not matter here. As upstream, this may drop the last running copy; see
/// [`keep_last_copy`].
#[must_use]
pub fn assess(tasks: &[GracefulEvictionTask], options: &AssessOptions<'_>) -> Assessment {
    let chosen = !(options.needs_targets && options.clusters.is_empty());
    let replaced = options.scheduled && chosen && {
        let healthy = healthy_clusters(options.aggregated_status);
        options
            .clusters
            .iter()
            .all(|target| healthy.contains(target.name.as_str()))
    };
    let mut assessment = Assessment::default();
    for task in tasks {
        let Some(created) = &task.creation_timestamp else {
            assessment.kept.push(GracefulEvictionTask {
                creation_timestamp: Some(Time(options.now)),
                ..task.clone()
            });
            continue;
        };
        let done = match task.suppress_deletion {
            Some(suppressed) => !suppressed,
            None => options.now > deadline(task, created.0, options.timeout) || replaced,
        };
        let list = if done {
            &mut assessment.evicted
        } else {
            &mut assessment.kept
        };
        list.push(task.clone());
    }
    assessment
}

/// The event for binding and template about a task that is done, once the outcome of the update is known.
pub fn eviction_event<E>(cluster: &str, outcome: &Result<(), E>) -> Event {
    match outcome {
        Ok(()) => Event::new(
            EVICT_WORKLOAD_FROM_CLUSTER_SUCCEED,
            format!("Evict from cluster {cluster} succeed."),
        ),
        Err(_) => Event::new(
            EVICT_WORKLOAD_FROM_CLUSTER_FAILED,
            format!("Evict from cluster {cluster} failed."),
        ),
    }
}

/// How many resources leave a failing cluster per second unless told otherwise (`--resource-eviction-rate`).
pub const DEFAULT_EVICTION_RATE: f32 = 0.5;

/// How long the next eviction because of taints waits, at that many per second, or as long as its own back-off after
/// failures if that is longer. A rate of nothing halts evictions: then they wait half an hour, and are looked at again
/// (`karmada:pkg/controllers/cluster/dynamic_rate_limiter.go`).
#[must_use]
pub fn eviction_delay(rate: f32, back_off: Duration) -> Duration {
    let delay = if rate > 0.0 {
        Duration::try_from_secs_f32(1.0 / rate).unwrap_or(HALTED)
    } else {
        HALTED
    };
    delay.max(back_off)
}

/// How long evictions wait that are halted.
const HALTED: Duration = Duration::from_secs(1800);

/// The clusters that say the workload is healthy; of several reports from a cluster the first counts.
fn healthy_clusters(aggregated_status: &[AggregatedStatusItem]) -> BTreeSet<&str> {
    let mut seen = BTreeSet::new();
    aggregated_status
        .iter()
        .filter(|item| seen.insert(item.cluster_name.as_str()))
        .filter(|item| item.health == Some(ResourceHealth::Healthy))
        .map(|item| item.cluster_name.as_str())
        .collect()
}

/// When a task's grace period is over.
fn deadline(task: &GracefulEvictionTask, created: Timestamp, timeout: Duration) -> Timestamp {
    let timeout = match task.grace_period_seconds {
        Some(seconds) => SignedDuration::from_secs(seconds.into()),
        None => SignedDuration::try_from(timeout).unwrap_or(SignedDuration::MAX),
    };
    created.saturating_add(timeout).unwrap_or(Timestamp::MAX)
}

/// When to look at the tasks again, of those that go on: at the first end of a grace period, or never.
///
/// Tasks that wait for somebody's word have no end; nor have those held by [`keep_last_copy`] past theirs, which a
/// change of the binding's status releases.
#[must_use]
pub fn next_retry(kept: &[GracefulEvictionTask], timeout: Duration, now: Timestamp) -> Option<Duration> {
    kept.iter()
        .filter(|task| task.suppress_deletion.is_none())
        .filter_map(|task| Some(deadline(task, task.creation_timestamp.as_ref()?.0, timeout)))
        .filter_map(|deadline| deadline.duration_since(now).try_into().ok())
        .min()
}

/// Which of the clusters that a workload would leave it must not leave yet, since it runs there and nowhere else.
///
/// It runs where its status says that it is healthy. If it does so in one of the clusters that stay, or in none at all,
/// nothing is held. A plan that passes this never takes away the last running copy before a replacement is ready.
#[must_use]
pub fn last_copies<'a>(
    leaving: impl IntoIterator<Item = &'a str>,
    staying: impl IntoIterator<Item = &'a str>,
    aggregated_status: &[AggregatedStatusItem],
) -> BTreeSet<&'a str> {
    let healthy = healthy_clusters(aggregated_status);
    if staying.into_iter().any(|cluster| healthy.contains(cluster)) {
        return BTreeSet::new();
    }
    leaving
        .into_iter()
        .filter(|cluster| healthy.contains(cluster))
        .collect()
}

/// Keeps the tasks of an [`Assessment`] whose copies are the last that run; see [`last_copies`].
///
/// Upstream has no such guard: when the grace period ends, or no cluster is chosen at all, the last copy goes
/// (karmada issue 7455). It is for callers to apply it or not.
#[must_use]
pub fn keep_last_copy(
    assessment: Assessment,
    clusters: &[TargetCluster],
    aggregated_status: &[AggregatedStatusItem],
) -> Assessment {
    let Assessment { mut kept, evicted } = assessment;
    let held: BTreeSet<String> = {
        // The copy of a task that purges directly is gone already.
        let leaving_later = kept
            .iter()
            .filter(|task| task.purge_mode != Some(PurgeMode::Directly));
        let staying = clusters
            .iter()
            .map(|target| &target.name)
            .chain(leaving_later.map(|task| &task.from_cluster));
        let leaving = evicted.iter().map(|task| task.from_cluster.as_str());
        last_copies(leaving, staying.map(String::as_str), aggregated_status)
            .into_iter()
            .map(str::to_owned)
            .collect()
    };
    let (held, evicted) = evicted
        .into_iter()
        .partition(|task| held.contains(&task.from_cluster));
    kept.extend::<Vec<_>>(held);
    Assessment { kept, evicted }
}

#[cfg(test)]
mod tests;
