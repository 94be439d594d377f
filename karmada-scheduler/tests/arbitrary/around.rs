//! What surrounds a decision: events, the queue, the descheduler.

use std::time::Duration;

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::work::v1alpha2::{ResourceBinding, TargetCluster};
use karmada_core::work::BindingRef;
use karmada_scheduler::queue::{
    BindingKey, Change, EventHandlers, PriorityQueueOptions, QueueOptions, RateLimiterOptions, RetryClass,
    SchedulingQueue,
};
use karmada_scheduler::{EstimateError, Fleet, Options, deschedule};

use super::{I32, NAMES, Source, time};

fn change<'a, T>(from: &mut Source<'_>, of: &'a [T]) -> Change<&'a T> {
    let mut one = || &of[from.below(of.len())];
    let (old, new) = (one(), one());
    match from.below(6) {
        0 => Change::Added(new),
        1 => Change::Deleted(old),
        _ => Change::Updated { old, new },
    }
}

pub(super) fn duration(from: &mut Source<'_>) -> Duration {
    *from.pick(&[
        &Duration::from_secs(1),
        &Duration::ZERO,
        &Duration::from_nanos(1),
        &Duration::from_secs(600),
        &Duration::MAX,
    ])
}

/// Has a queue and a fleet deal with events, in whatever order and at whatever time.
pub(super) fn events(
    from: &mut Source<'_>,
    fleet: &mut Fleet,
    bindings: &[ResourceBinding],
    clusters: &[Cluster],
    options: &Options,
) {
    let handlers = EventHandlers {
        features: options.features,
        corrections: options.profile.corrections(),
        ..EventHandlers::default()
    };
    let settings = QueueOptions {
        priority: PriorityQueueOptions {
            initial_backoff: duration(from),
            max_backoff: duration(from),
            max_in_unschedulable: duration(from),
            corrections: options.profile.corrections(),
        },
        rate_limiter: RateLimiterOptions {
            base_delay: duration(from),
            max_delay: duration(from),
            qps: from.number(I32).unsigned_abs() as u32,
            bucket_size: from.number(I32).unsigned_abs() as u32,
        },
    };
    let features = options.features.with(
        karmada_core::features::Feature::PriorityBasedScheduling,
        !from.chance(60),
    );
    let mut queue = SchedulingQueue::new(features, settings);
    let mut taken = Vec::new();
    for _ in 0..from.below(30) {
        let now = time(from);
        match from.below(8) {
            0 if !clusters.is_empty() => {
                let all = bindings.iter().map(BindingRef::Namespaced);
                for action in handlers.cluster_changed(change(from, clusters), all) {
                    action.apply(&mut queue, fleet, now);
                }
            }
            1 | 2 if !bindings.is_empty() => {
                let change = match change(from, bindings) {
                    Change::Added(binding) => Change::Added(BindingRef::Namespaced(binding)),
                    Change::Deleted(binding) => Change::Deleted(BindingRef::Namespaced(binding)),
                    Change::Updated { old, new } => Change::Updated {
                        old: BindingRef::Namespaced(old),
                        new: BindingRef::Namespaced(new),
                    },
                };
                for action in handlers.binding_changed(change) {
                    action.apply(&mut queue, fleet, now);
                }
            }
            3 => {
                queue.push(
                    BindingKey::new("ns", from.pick(NAMES)),
                    from.number(I32) as i32,
                    now,
                );
            }
            4 => taken.extend(queue.pop()),
            5 => {
                let class =
                    [RetryClass::Backoff, RetryClass::Unschedulable, RetryClass::Forget][from.below(3)];
                if let Some(binding) = taken.pop() {
                    queue.done(binding, class, now);
                }
            }
            6 => {
                queue.flush(now);
                fleet.expire(now);
            }
            _ => {
                if let Some(deadline) = queue.next_deadline() {
                    queue.flush(deadline);
                }
            }
        }
    }
    queue.close();
    assert!(queue.next_deadline().is_none());
}

/// Takes replicas back, by whatever estimators say; no cluster has more afterwards, or less than none.
pub(super) fn take_back(from: &mut Source<'_>, bindings: &[ResourceBinding]) {
    for binding in bindings {
        let requests = deschedule::requests(binding, duration(from));
        let answers: Vec<deschedule::Answer> = (0..from.below(3))
            .map(|_| {
                if from.chance(40) {
                    return Err(EstimateError::new("down"));
                }
                let skipped = usize::from(from.chance(40));
                let named = requests
                    .iter()
                    .map(|request| TargetCluster::new(&request.cluster, from.number(I32) as i32));
                Ok(named.chain([TargetCluster::new("m1", 1)]).skip(skipped).collect())
            })
            .collect();
        let Some(plan) = deschedule::plan(binding, &answers) else {
            continue;
        };
        assert!(!plan.message.is_empty() && plan.clusters.len() == binding.spec.clusters.len());
        for (before, after) in binding.spec.clusters.iter().zip(&plan.clusters) {
            let kept = before.replicas == after.replicas;
            assert!(
                kept || (0..before.replicas).contains(&after.replicas),
                "{before:?} {after:?}"
            );
        }
    }
}
