//! The queue in order of arrival, with limited retries.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashMap;

use super::active::ActiveQueue;
use super::order::Ordered;
use super::{BindingKey, QueueCounts, QueuedBinding, RetryClass, later};

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// How fast a [`RateLimitedQueue`] hands out what failed again (`karmada:pkg/sharedcli/ratelimiterflag`). A value of 0
/// stands for the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimiterOptions {
    /// The delay after a key's first failure; it doubles with every further one. 5 milliseconds.
    pub base_delay: Duration,
    /// The longest delay of one key. 1000 seconds.
    pub max_delay: Duration,
    /// So many retries of all keys together per second. 10.
    pub qps: u32,
    /// So many retries more after a quiet time. 100.
    pub bucket_size: u32,
}

impl Default for RateLimiterOptions {
    fn default() -> Self {
        Self {
            base_delay: Duration::from_millis(5),
            max_delay: Duration::from_secs(1000),
            qps: 10,
            bucket_size: 100,
        }
    }
}

impl RateLimiterOptions {
    fn or_defaults(self) -> Self {
        let default = Self::default();
        let duration = |given: Duration, default| if given.is_zero() { default } else { given };
        let number = |given: u32, default| if given == 0 { default } else { given };
        Self {
            base_delay: duration(self.base_delay, default.base_delay),
            max_delay: duration(self.max_delay, default.max_delay),
            qps: number(self.qps, default.qps),
            bucket_size: number(self.bucket_size, default.bucket_size),
        }
    }
}

/// A bucket of tokens that fills with time; what is taken out of the empty bucket has to wait.
///
/// Counted in whole numbers: a token is a thousand million units, and `qps` units arrive every nanosecond.
#[derive(Debug)]
struct TokenBucket {
    qps: i128,
    capacity: i128,
    /// Negative when tokens to come are given away already.
    units: i128,
    filled: Option<Timestamp>,
}

impl TokenBucket {
    fn new(options: &RateLimiterOptions) -> Self {
        let capacity = i128::from(options.bucket_size) * NANOS_PER_SECOND;
        Self {
            qps: options.qps.into(),
            capacity,
            units: capacity,
            filled: None,
        }
    }

    /// Takes a token; says how long to wait for it.
    fn take(&mut self, now: Timestamp) -> SignedDuration {
        let since = self.filled.replace(now).unwrap_or(now);
        let elapsed = now.as_nanosecond() - since.as_nanosecond();
        self.units = self.capacity.min(self.units + elapsed * self.qps) - NANOS_PER_SECOND;
        duration((-self.units).max(0) / self.qps)
    }
}

fn duration(nanoseconds: i128) -> SignedDuration {
    SignedDuration::try_from_nanos_i128(nanoseconds).unwrap_or(SignedDuration::MAX)
}

/// Bindings in order of arrival, whatever their priority; used while the feature `PriorityBasedScheduling` is off
/// (client-go's rate limited work queue, as `karmada:pkg/scheduler/scheduler.go` sets it up).
///
/// Whatever went wrong, a failed binding is retried after the longer of two delays: its own, which doubles with every
/// failure until it is forgotten, and that of a bucket of tokens shared by all. A key that waits for its retry may be
/// pushed, and is then handed out for both reasons.
///
/// # Complexity
/// Every operation is logarithmic in the number of keys, per key it moves.
#[derive(Debug)]
pub struct RateLimitedQueue {
    active: ActiveQueue,
    /// By the time they are ready again, then by the time they failed.
    waiting: Ordered<(Timestamp, u64)>,
    failures: FxHashMap<BindingKey, u32>,
    bucket: TokenBucket,
    options: RateLimiterOptions,
    sequence: u64,
}

impl Default for RateLimitedQueue {
    fn default() -> Self {
        Self::new(RateLimiterOptions::default())
    }
}

impl RateLimitedQueue {
    /// An empty queue.
    #[must_use]
    pub fn new(options: RateLimiterOptions) -> Self {
        let options = options.or_defaults();
        Self {
            active: ActiveQueue::new(false, false),
            waiting: Ordered::default(),
            failures: FxHashMap::default(),
            bucket: TokenBucket::new(&options),
            options,
            sequence: 0,
        }
    }

    /// See [`SchedulingQueue::push`](super::SchedulingQueue::push). The priority is kept, but decides nothing.
    pub fn push(&mut self, key: BindingKey, priority: i32, now: Timestamp) -> bool {
        self.active.push(QueuedBinding::new(key, priority), now)
    }

    /// See [`SchedulingQueue::pop`](super::SchedulingQueue::pop).
    pub fn pop(&mut self) -> Option<QueuedBinding> {
        let mut binding = self.active.pop()?;
        let failures = self.failures.get(&binding.key).copied().unwrap_or_default();
        binding.attempts = failures.saturating_add(1);
        Some(binding)
    }

    /// See [`SchedulingQueue::done`](super::SchedulingQueue::done). Both failures are retried alike.
    pub fn done(&mut self, binding: QueuedBinding, class: RetryClass, now: Timestamp) {
        let now = self.active.time(now);
        if !self.active.is_processing(&binding.key) {
            return;
        }
        if class == RetryClass::Forget {
            self.failures.remove(&binding.key);
        } else if !self.active.is_closed() {
            let delay = self.failure_delay(&binding.key).max(self.bucket.take(now));
            self.retry_at(later(now, delay), binding.duplicate());
        }
        self.active.done(binding, now);
    }

    /// Makes ready what waited long enough for its retry; says how many keys are ready because of that. Upstream does
    /// so at [`next_deadline`](Self::next_deadline).
    pub fn flush(&mut self, now: Timestamp) -> usize {
        let now = self.active.time(now);
        let mut count = 0;
        while !self.active.is_closed() && self.waiting.first().is_some_and(|(ready, _)| ready <= now) {
            let Some(binding) = self.waiting.pop_first() else {
                break;
            };
            count += usize::from(self.active.push(binding, now));
        }
        count
    }

    /// See [`SchedulingQueue::next_deadline`](super::SchedulingQueue::next_deadline).
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let (ready, _) = self.waiting.first()?;
        (!self.active.is_closed()).then_some(ready)
    }

    /// See [`SchedulingQueue::remove`](super::SchedulingQueue::remove).
    pub fn remove(&mut self, key: &BindingKey) -> bool {
        self.failures.remove(key);
        let waiting = self.waiting.remove(key).is_some();
        self.active.remove(key) || waiting
    }

    /// See [`SchedulingQueue::contains`](super::SchedulingQueue::contains).
    #[must_use]
    pub fn contains(&self, key: &BindingKey) -> bool {
        self.active.contains(key) || self.waiting.contains(key)
    }

    /// See [`SchedulingQueue::counts`](super::SchedulingQueue::counts).
    #[must_use]
    pub fn counts(&self) -> QueueCounts {
        QueueCounts {
            active: self.active.len(),
            backoff: self.waiting.len(),
            unschedulable: 0,
        }
    }

    /// See [`SchedulingQueue::close`](super::SchedulingQueue::close).
    pub fn close(&mut self) {
        self.active.close();
    }

    /// See [`SchedulingQueue::is_closed`](super::SchedulingQueue::is_closed).
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.active.is_closed()
    }

    /// Counts a failure; says how long the key has to wait for it.
    fn failure_delay(&mut self, key: &BindingKey) -> SignedDuration {
        let failures = self.failures.entry(key.clone()).or_default();
        let factor = 1_u128.checked_shl(*failures);
        *failures = failures.saturating_add(1);
        let base = self.options.base_delay.as_nanos();
        let delay = factor
            .and_then(|factor| base.checked_mul(factor))
            .unwrap_or(u128::MAX);
        let delay = delay.min(self.options.max_delay.as_nanos());
        duration(i128::try_from(delay).unwrap_or(i128::MAX))
    }

    /// A key that waits already is retried at the earlier of both times.
    fn retry_at(&mut self, ready: Timestamp, binding: QueuedBinding) {
        if self
            .waiting
            .place(&binding.key)
            .is_some_and(|(sooner, _)| sooner <= ready)
        {
            return;
        }
        self.sequence += 1;
        self.waiting.insert((ready, self.sequence), binding);
    }
}
