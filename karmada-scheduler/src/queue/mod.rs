//! Which binding is scheduled next, and when a failed one is tried again (`karmada:pkg/scheduler/internal/queue`).
//!
//! A queue keeps keys, not bindings, and reads no clock: every method that depends on the time is told it. [`EventHandlers`]
//! say which keys an event pushes. A host pops one key after the other, makes a pass over the binding, and gives the key
//! back with what becomes of it; upstream has one worker, so that a pass sees what the one before it decided. When nothing
//! is ready it sleeps until [`next_deadline`](SchedulingQueue::next_deadline), and flushes.
//!
//! Times come from a clock that does not jump; a time before an earlier one counts as that one.
//!
//! # Example
//! A host in memory: events in, passes made and concluded, retries. The binding wants two clusters and there is one, until
//! another comes.
//! ```
//! use std::collections::BTreeMap;
//! use jiff::{SignedDuration, Timestamp};
//! use karmada_core::api::cluster::v1alpha1::Cluster;
//! use karmada_core::api::policy::v1alpha1::{Placement, SpreadConstraint, SpreadFieldValue};
//! use karmada_core::api::work::v1alpha2::ResourceBinding;
//! use karmada_core::labels::PROPAGATION_POLICY_PERMANENT_ID;
//! use karmada_scheduler::cycle::{CycleOptions, schedule_binding};
//! use karmada_scheduler::queue::{BindingKey, Change, EventHandlers, QueueOptions, RetryClass, SchedulingQueue};
//! use karmada_scheduler::{ASSUMPTION_TTL, Fleet, Options, Profile, Registry, assumption_expiry};
//!
//! struct Host {
//!     handlers: EventHandlers,
//!     options: CycleOptions,
//!     queue: SchedulingQueue,
//!     fleet: Fleet,
//!     bindings: BTreeMap<BindingKey, ResourceBinding>,
//! }
//!
//! impl Host {
//!     /// An informer has news of a binding.
//!     fn observe(&mut self, new: ResourceBinding, now: Timestamp) {
//!         let old = self.bindings.insert(BindingKey::of(&new), new.clone());
//!         let change = match &old {
//!             None => Change::Added(&new),
//!             Some(old) => Change::Updated { old, new: &new },
//!         };
//!         for action in self.handlers.binding_changed(change) {
//!             action.apply(&mut self.queue, &mut self.fleet, now);
//!         }
//!     }
//!
//!     /// Passes over all that is ready; gives what became of each key.
//!     fn work(&mut self, now: Timestamp) -> Vec<RetryClass> {
//!         let mut classes = Vec::new();
//!         self.queue.flush(now);
//!         while let Some(queued) = self.queue.pop() {
//!             let Some(mut binding) = self.bindings.get(queued.key()).cloned() else {
//!                 self.queue.done(queued, RetryClass::Forget, now);
//!                 continue;
//!             };
//!             let plan = schedule_binding(&binding, &self.fleet.snapshot_at(now), &self.options);
//!             let executed = plan.apply(&mut binding, now);
//!             executed.effects.apply(&mut self.fleet, queued.key(), assumption_expiry(now, ASSUMPTION_TTL));
//!             self.observe(binding, now);
//!             classes.push(executed.finished.retry);
//!             self.queue.done(queued, executed.finished.retry, now);
//!         }
//!         classes
//!     }
//! }
//!
//! let any_api = Profile::new("any API", &Registry::in_tree().select(&["*", "-APIEnablement"]));
//! let handlers = EventHandlers::default();
//! let mut host = Host {
//!     queue: SchedulingQueue::new(handlers.features, QueueOptions::default()),
//!     handlers,
//!     options: Options { profile: any_api.into(), ..Options::default() }.into(),
//!     fleet: Fleet::new(),
//!     bindings: BTreeMap::new(),
//! };
//! host.fleet.apply(&Cluster::named("member1"))?;
//!
//! let mut binding = ResourceBinding::named("shop", "web-configmap");
//! binding.metadata.labels = Some([(PROPAGATION_POLICY_PERMANENT_ID.to_owned(), "0815".to_owned())].into());
//! binding.spec.placement = Some(Placement {
//!     spread_constraints: vec![SpreadConstraint {
//!         spread_by_field: Some(SpreadFieldValue::Cluster),
//!         min_groups: 2,
//!         max_groups: 2,
//!         ..SpreadConstraint::default()
//!     }],
//!     ..Placement::default()
//! });
//! let start = Timestamp::UNIX_EPOCH;
//! host.observe(binding, start);
//! assert_eq!(host.work(start), [RetryClass::Backoff]);
//!
//! // Nothing happens before the end of the back-off.
//! let first = host.queue.next_deadline().ok_or("it waits")?;
//! assert_eq!(first, start + SignedDuration::from_secs(1));
//! assert_eq!(host.work(first), [RetryClass::Backoff]);
//!
//! host.fleet.apply(&Cluster::named("member2"))?;
//! let second = host.queue.next_deadline().ok_or("it waits longer")?;
//! assert_eq!(second, first + SignedDuration::from_secs(2));
//! // The second pass is over the new generation that the result of the first made.
//! assert_eq!(host.work(second), [RetryClass::Forget, RetryClass::Forget]);
//! assert_eq!(host.bindings[&BindingKey::new("shop", "web-configmap")].spec.clusters.len(), 2);
//! assert_eq!(host.queue.next_deadline(), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod active;
mod events;
mod key;
mod order;
mod priority;
mod rate_limited;

use std::cmp::Reverse;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use karmada_core::features::{Feature, FeatureGates};

pub use self::events::{Action, Change, EventHandlers, QueueEvent, newly_healthy};
pub use self::key::BindingKey;
use self::order::Rank;
pub use self::priority::{PriorityQueue, PriorityQueueOptions};
pub use self::rate_limited::{RateLimitedQueue, RateLimiterOptions};

/// How often upstream looks for bindings that need not back off any longer.
pub const BACKOFF_FLUSH_INTERVAL: Duration = Duration::from_secs(1);

/// How often upstream looks for bindings that were in the unschedulable pool for too long.
pub const UNSCHEDULABLE_FLUSH_INTERVAL: Duration = Duration::from_secs(30);

/// What becomes of a binding after a pass over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryClass {
    /// Nothing, until an event concerns it.
    Forget,
    /// No cluster has room for it: it is tried again after some minutes, or when an event concerns it.
    Unschedulable,
    /// Something went wrong: it is tried again soon, later with every further failure.
    Backoff,
}

/// A binding that was handed out by a queue, to be given back to it with `done`.
#[derive(Debug, PartialEq, Eq)]
pub struct QueuedBinding {
    key: BindingKey,
    priority: i32,
    timestamp: Timestamp,
    initial_attempt_timestamp: Option<Timestamp>,
    attempts: u32,
    sequence: u64,
}

impl QueuedBinding {
    fn new(key: BindingKey, priority: i32) -> Self {
        Self {
            key,
            priority,
            timestamp: Timestamp::MIN,
            initial_attempt_timestamp: None,
            attempts: 0,
            sequence: 0,
        }
    }

    /// Not `Clone`, so that hosts cannot give a binding back twice.
    fn duplicate(&self) -> Self {
        Self {
            key: self.key.clone(),
            ..*self
        }
    }

    fn rank(&self) -> Rank {
        Rank {
            priority: Reverse(self.priority),
            timestamp: self.timestamp,
            sequence: self.sequence,
        }
    }

    /// Which binding it is.
    #[must_use]
    pub fn key(&self) -> &BindingKey {
        &self.key
    }

    /// The priority it was pushed with.
    #[must_use]
    pub fn priority(&self) -> i32 {
        self.priority
    }

    /// When it last became ready.
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// When it first became ready since it was last pushed from outside; a retry does not change it, nor does a push while
    /// it is ready or, without the correction `queued_priority`, handed out.
    #[must_use]
    pub fn initial_attempt_timestamp(&self) -> Timestamp {
        self.initial_attempt_timestamp.unwrap_or(self.timestamp)
    }

    /// How many passes there were since it was last pushed from outside, this one included. In a [`RateLimitedQueue`]
    /// since it was last forgotten.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

/// How many bindings wait, as the gauge `scheduler_pending_bindings` shows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueCounts {
    /// Those that are ready.
    pub active: usize,
    /// Those that wait for a retry.
    pub backoff: usize,
    /// Those no cluster had room for.
    pub unschedulable: usize,
}

/// The settings of a [`SchedulingQueue`]; of the two kinds only one applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueOptions {
    /// Those of the queue by priority.
    pub priority: PriorityQueueOptions,
    /// Those of the queue in order of arrival.
    pub rate_limiter: RateLimiterOptions,
}

/// The bindings to schedule, in either of upstream's queues.
#[derive(Debug)]
#[non_exhaustive]
pub enum SchedulingQueue {
    /// By priority.
    Priority(PriorityQueue),
    /// In order of arrival.
    RateLimited(RateLimitedQueue),
}

impl SchedulingQueue {
    /// The queue that upstream uses with these features: by priority with `PriorityBasedScheduling`, which is the
    /// default.
    #[must_use]
    pub fn new(features: FeatureGates, options: QueueOptions) -> Self {
        if features.enabled(Feature::PriorityBasedScheduling) {
            Self::Priority(PriorityQueue::new(options.priority))
        } else {
            Self::RateLimited(RateLimitedQueue::new(options.rate_limiter))
        }
    }

    /// Makes a key ready because of an event; says whether that changed anything. Waiting for a second attempt ends.
    ///
    /// A key that is ready already stays where it is. One that is handed out is ready again once it is given back. A
    /// closed queue takes nothing in.
    pub fn push(&mut self, key: BindingKey, priority: i32, now: Timestamp) -> bool {
        match self {
            Self::Priority(queue) => queue.push(key, priority, now),
            Self::RateLimited(queue) => queue.push(key, priority, now),
        }
    }

    /// Hands out the next ready binding. Its key is not handed out again before it is given back with
    /// [`done`](Self::done).
    pub fn pop(&mut self) -> Option<QueuedBinding> {
        match self {
            Self::Priority(queue) => queue.pop(),
            Self::RateLimited(queue) => queue.pop(),
        }
    }

    /// Gives a binding back after a pass over it. If its key was pushed meanwhile it is ready again at once.
    ///
    /// A binding that this queue did not hand out is ignored.
    pub fn done(&mut self, binding: QueuedBinding, class: RetryClass, now: Timestamp) {
        match self {
            Self::Priority(queue) => queue.done(binding, class, now),
            Self::RateLimited(queue) => queue.done(binding, class, now),
        }
    }

    /// Makes everything ready that waited long enough; says how many keys that were.
    ///
    /// Called at [`next_deadline`](Self::next_deadline) nothing waits longer than it has to. To wait as long as upstream
    /// does, call [`flush_backoff`](PriorityQueue::flush_backoff) and
    /// [`flush_unschedulable`](PriorityQueue::flush_unschedulable) at upstream's intervals instead.
    pub fn flush(&mut self, now: Timestamp) -> usize {
        match self {
            Self::Priority(queue) => queue.flush_backoff(now) + queue.flush_unschedulable(now),
            Self::RateLimited(queue) => queue.flush(now),
        }
    }

    /// The earliest time at which [`flush`](Self::flush) makes something ready that waits now.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Priority(queue) => queue.next_deadline(),
            Self::RateLimited(queue) => queue.next_deadline(),
        }
    }

    /// Drops a key, wherever it waits; says whether it did. Upstream never does: a binding that was deleted is found
    /// to be gone when its turn comes.
    pub fn remove(&mut self, key: &BindingKey) -> bool {
        match self {
            Self::Priority(queue) => queue.remove(key),
            Self::RateLimited(queue) => queue.remove(key),
        }
    }

    /// Whether a key waits: it is ready, will be when it is given back, or waits for a retry.
    #[must_use]
    pub fn contains(&self, key: &BindingKey) -> bool {
        match self {
            Self::Priority(queue) => queue.contains(key),
            Self::RateLimited(queue) => queue.contains(key),
        }
    }

    /// How many bindings wait, and for what. Those handed out do not count.
    #[must_use]
    pub fn counts(&self) -> QueueCounts {
        match self {
            Self::Priority(queue) => queue.counts(),
            Self::RateLimited(queue) => queue.counts(),
        }
    }

    /// Ends it: nothing is taken in any more and nothing becomes ready by itself, but what is ready is still handed
    /// out.
    pub fn close(&mut self) {
        match self {
            Self::Priority(queue) => queue.close(),
            Self::RateLimited(queue) => queue.close(),
        }
    }

    /// Whether it was closed. Once it is and nothing is handed out any more, the work is over.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Priority(queue) => queue.is_closed(),
            Self::RateLimited(queue) => queue.is_closed(),
        }
    }
}

fn later(time: Timestamp, delay: SignedDuration) -> Timestamp {
    time.saturating_add(delay).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
