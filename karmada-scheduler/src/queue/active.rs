//! Bindings that are ready, and those somebody is working on.

use std::cmp::Reverse;

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::order::{Ordered, Rank};
use super::{BindingKey, QueuedBinding};

/// The queue behind both kinds of scheduling queue: a key waits at most once, and never while somebody works on it.
#[derive(Debug)]
pub(super) struct ActiveQueue {
    waiting: Ordered<Rank>,
    /// Keys somebody works on, with what was pushed meanwhile.
    processing: FxHashMap<BindingKey, Option<QueuedBinding>>,
    /// Whether the priority decides before the time does.
    by_priority: bool,
    /// Whether the latest push of a key counts. Upstream drops all but the first.
    latest: bool,
    sequence: u64,
    /// The latest time seen.
    now: Timestamp,
    closed: bool,
}

impl ActiveQueue {
    pub(super) fn new(by_priority: bool, latest: bool) -> Self {
        Self {
            waiting: Ordered::default(),
            processing: FxHashMap::default(),
            by_priority,
            latest,
            sequence: 0,
            now: Timestamp::MIN,
            closed: false,
        }
    }

    /// The time to go by: the given one, but none before an earlier one.
    pub(super) fn time(&mut self, now: Timestamp) -> Timestamp {
        self.now = self.now.max(now);
        self.now
    }

    /// Takes a binding in; says whether it was taken. One whose key waits already is not.
    pub(super) fn push(&mut self, mut binding: QueuedBinding, now: Timestamp) -> bool {
        let now = self.time(now);
        if self.closed {
            return false;
        }
        binding.timestamp = now;
        binding.initial_attempt_timestamp.get_or_insert(now);
        if let Some(again) = self.processing.get_mut(&binding.key) {
            if again.is_some() && !self.latest {
                return false;
            }
            *again = Some(binding);
            return true;
        }
        if !self.waiting.contains(&binding.key) {
            self.enter(binding, now);
            return true;
        }
        if self.latest
            && let Some(waiting) = self.waiting.remove(&binding.key)
        {
            // It keeps its place among those of its new priority.
            binding.timestamp = waiting.timestamp;
            binding.initial_attempt_timestamp = waiting.initial_attempt_timestamp;
            binding.sequence = waiting.sequence;
            self.insert(binding);
        }
        self.latest
    }

    /// Hands out the first binding, to be given back with [`done`](Self::done).
    pub(super) fn pop(&mut self) -> Option<QueuedBinding> {
        let mut binding = self.waiting.pop_first()?;
        binding.attempts = binding.attempts.saturating_add(1);
        self.processing.insert(binding.key.clone(), None);
        Some(binding)
    }

    /// Takes back a binding that was handed out. If its key was pushed meanwhile it waits again, otherwise the caller
    /// gets it to decide what becomes of it. One that was not handed out is dropped.
    pub(super) fn done(&mut self, binding: QueuedBinding, now: Timestamp) -> Option<QueuedBinding> {
        let now = self.time(now);
        match self.processing.remove(&binding.key)? {
            None => Some(binding),
            Some(pushed) => {
                // Upstream goes on with the old object, its priority and attempts included.
                self.enter(if self.latest { pushed } else { binding }, now);
                None
            }
        }
    }

    /// Whether somebody works on the key.
    pub(super) fn is_processing(&self, key: &BindingKey) -> bool {
        self.processing.contains_key(key)
    }

    /// Drops a key that waits, and the wish to see it again after the work on it.
    pub(super) fn remove(&mut self, key: &BindingKey) -> bool {
        let again = self.processing.get_mut(key).and_then(Option::take);
        self.waiting.remove(key).or(again).is_some()
    }

    /// Whether the key waits, or will after the work on it.
    pub(super) fn contains(&self, key: &BindingKey) -> bool {
        self.waiting.contains(key) || self.processing.get(key).is_some_and(Option::is_some)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    fn enter(&mut self, mut binding: QueuedBinding, now: Timestamp) {
        self.sequence += 1;
        binding.timestamp = now;
        binding.sequence = self.sequence;
        self.insert(binding);
    }

    fn insert(&mut self, binding: QueuedBinding) {
        let place = Rank {
            priority: Reverse(if self.by_priority { binding.priority } else { 0 }),
            ..binding.rank()
        };
        self.waiting.insert(place, binding);
    }
}
