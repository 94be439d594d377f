//! The queue by priority.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::active::ActiveQueue;
use super::order::{Ordered, Rank};
use super::{BindingKey, QueueCounts, QueuedBinding, RetryClass, later};
use crate::Corrections;

/// How long bindings wait in a [`PriorityQueue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriorityQueueOptions {
    /// The back-off after the first attempt; it doubles with every further one. 1 second.
    pub initial_backoff: Duration,
    /// The longest back-off. 10 seconds.
    pub max_backoff: Duration,
    /// How long a binding stays in the unschedulable pool if nothing happens to it. 5 minutes.
    pub max_in_unschedulable: Duration,
    /// Which of upstream's defects are corrected; `queued_priority` is looked at.
    pub corrections: Corrections,
}

impl Default for PriorityQueueOptions {
    fn default() -> Self {
        Self {
            initial_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(10),
            max_in_unschedulable: Duration::from_secs(5 * 60),
            corrections: Corrections::none(),
        }
    }
}

/// Bindings by priority, and those that wait for a second attempt (`karmada:pkg/scheduler/internal/queue`).
///
/// A key is in one place at a time: ready, backing off, in the pool of those no cluster has room for, or handed out.
/// A ready binding comes out by priority, and among equals in the order of the times it became ready. A binding that
/// failed backs off: until 1, 2, 4, 8, 10, 10, … seconds after it last became *ready*, so that a long wait or a long pass
/// counts. One no cluster has room for stays in the pool until more than 5 minutes after it last became ready. Pushing the
/// key ends either at once and starts counting attempts anew.
///
/// # Complexity
/// Every operation is logarithmic in the number of keys, per key it moves.
#[derive(Debug)]
pub struct PriorityQueue {
    active: ActiveQueue,
    /// By the end of the back-off, then as if they were ready.
    backoff: Ordered<(Timestamp, Rank)>,
    /// By when they last became ready.
    unschedulable: Ordered<(Timestamp, u64)>,
    options: PriorityQueueOptions,
}

impl Default for PriorityQueue {
    fn default() -> Self {
        Self::new(PriorityQueueOptions::default())
    }
}

impl PriorityQueue {
    /// An empty queue.
    #[must_use]
    pub fn new(options: PriorityQueueOptions) -> Self {
        Self {
            active: ActiveQueue::new(true, options.corrections.queued_priority),
            backoff: Ordered::default(),
            unschedulable: Ordered::default(),
            options,
        }
    }

    /// See [`SchedulingQueue::push`](super::SchedulingQueue::push).
    ///
    /// Upstream ignores the priority of a key that waits already, and goes on with the old priority and number of
    /// attempts when the key was handed out; with the correction `queued_priority` the latest push counts.
    pub fn push(&mut self, key: BindingKey, priority: i32, now: Timestamp) -> bool {
        self.activate(QueuedBinding::new(key, priority), now)
    }

    /// See [`SchedulingQueue::pop`](super::SchedulingQueue::pop).
    pub fn pop(&mut self) -> Option<QueuedBinding> {
        self.active.pop()
    }

    /// See [`SchedulingQueue::done`](super::SchedulingQueue::done).
    pub fn done(&mut self, binding: QueuedBinding, class: RetryClass, now: Timestamp) {
        let Some(binding) = self.active.done(binding, now) else {
            return;
        };
        match class {
            RetryClass::Forget => {}
            RetryClass::Unschedulable => {
                let place = (binding.timestamp, binding.sequence);
                self.unschedulable.insert(place, binding);
            }
            RetryClass::Backoff => {
                let end = later(binding.timestamp, self.backoff_after(binding.attempts));
                self.backoff.insert((end, binding.rank()), binding);
            }
        }
    }

    /// Makes ready what need not back off any longer; says how many. Upstream does so every
    /// [`BACKOFF_FLUSH_INTERVAL`](super::BACKOFF_FLUSH_INTERVAL).
    pub fn flush_backoff(&mut self, now: Timestamp) -> usize {
        let now = self.active.time(now);
        self.flush(now, |queue| {
            let (end, _) = queue.backoff.first()?;
            (end <= now).then(|| queue.backoff.pop_first())?
        })
    }

    /// Makes ready what was in the unschedulable pool for too long; says how many. Upstream does so every
    /// [`UNSCHEDULABLE_FLUSH_INTERVAL`](super::UNSCHEDULABLE_FLUSH_INTERVAL).
    pub fn flush_unschedulable(&mut self, now: Timestamp) -> usize {
        let now = self.active.time(now);
        self.flush(now, |queue| {
            let (since, _) = queue.unschedulable.first()?;
            let due = queue.end_in_pool(since) < now;
            due.then(|| queue.unschedulable.pop_first())?
        })
    }

    /// See [`SchedulingQueue::next_deadline`](super::SchedulingQueue::next_deadline).
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        if self.active.is_closed() {
            return None;
        }
        let backoff = self.backoff.first().map(|(end, _)| end);
        let pool = self.unschedulable.first().map(|(since, _)| {
            // Not at the end of the time, but after it.
            later(self.end_in_pool(since), SignedDuration::from_nanos(1))
        });
        backoff.into_iter().chain(pool).min()
    }

    /// See [`SchedulingQueue::remove`](super::SchedulingQueue::remove).
    pub fn remove(&mut self, key: &BindingKey) -> bool {
        let parked = self.take_parked(key);
        self.active.remove(key) || parked
    }

    /// See [`SchedulingQueue::contains`](super::SchedulingQueue::contains).
    #[must_use]
    pub fn contains(&self, key: &BindingKey) -> bool {
        self.active.contains(key) || self.backoff.contains(key) || self.unschedulable.contains(key)
    }

    /// See [`SchedulingQueue::counts`](super::SchedulingQueue::counts).
    #[must_use]
    pub fn counts(&self) -> QueueCounts {
        QueueCounts {
            active: self.active.len(),
            backoff: self.backoff.len(),
            unschedulable: self.unschedulable.len(),
        }
    }

    /// See [`SchedulingQueue::close`](super::SchedulingQueue::close).
    pub fn close(&mut self) {
        self.active.close();
        self.unschedulable.clear();
    }

    /// See [`SchedulingQueue::is_closed`](super::SchedulingQueue::is_closed).
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.active.is_closed()
    }

    fn activate(&mut self, binding: QueuedBinding, now: Timestamp) -> bool {
        let key = binding.key.clone();
        let taken = self.active.push(binding, now);
        self.take_parked(&key);
        taken
    }

    fn take_parked(&mut self, key: &BindingKey) -> bool {
        let backoff = self.backoff.remove(key);
        self.unschedulable.remove(key).or(backoff).is_some()
    }

    fn flush(&mut self, now: Timestamp, due: impl Fn(&mut Self) -> Option<QueuedBinding>) -> usize {
        if self.active.is_closed() {
            return 0;
        }
        let mut batch: Vec<QueuedBinding> = std::iter::from_fn(|| due(self)).collect();
        // All of them become ready at the same time, and go on in the order they had.
        batch.sort_by_key(QueuedBinding::rank);
        let count = batch.len();
        for binding in batch {
            self.activate(binding, now);
        }
        count
    }

    fn end_in_pool(&self, since: Timestamp) -> Timestamp {
        let stay = SignedDuration::try_from(self.options.max_in_unschedulable);
        later(since, stay.unwrap_or(SignedDuration::MAX))
    }

    /// The back-off after so many attempts.
    fn backoff_after(&self, attempts: u32) -> SignedDuration {
        let (mut backoff, max) = (self.options.initial_backoff, self.options.max_backoff);
        if attempts == 0 || backoff.is_zero() {
            return SignedDuration::ZERO;
        }
        for _ in 1..attempts {
            match backoff.checked_mul(2) {
                Some(doubled) if doubled <= max => backoff = doubled,
                _ => {
                    backoff = max;
                    break;
                }
            }
        }
        SignedDuration::try_from(backoff).unwrap_or(SignedDuration::MAX)
    }
}
