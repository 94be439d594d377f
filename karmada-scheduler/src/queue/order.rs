//! In which order bindings wait.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::{BindingKey, QueuedBinding};

/// Where a binding stands among those that are ready: higher priority first, then the earlier time, then the earlier
/// arrival. Upstream leaves the order of equal times open, as real clocks hardly produce them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) priority: Reverse<i32>,
    pub(super) timestamp: Timestamp,
    pub(super) sequence: u64,
}

/// Bindings in the order of something that is different for each, findable by key.
///
/// Every operation is logarithmic in the number of bindings.
#[derive(Debug)]
pub(super) struct Ordered<R> {
    bindings: BTreeMap<R, QueuedBinding>,
    places: FxHashMap<BindingKey, R>,
}

impl<R> Default for Ordered<R> {
    fn default() -> Self {
        Self {
            bindings: BTreeMap::new(),
            places: FxHashMap::default(),
        }
    }
}

impl<R: Ord + Copy> Ordered<R> {
    /// Puts a binding in its place; what waits under its key gives way.
    pub(super) fn insert(&mut self, place: R, binding: QueuedBinding) {
        if let Some(former) = self.places.insert(binding.key.clone(), place) {
            self.bindings.remove(&former);
        }
        self.bindings.insert(place, binding);
    }

    pub(super) fn remove(&mut self, key: &BindingKey) -> Option<QueuedBinding> {
        let place = self.places.remove(key)?;
        self.bindings.remove(&place)
    }

    pub(super) fn pop_first(&mut self) -> Option<QueuedBinding> {
        let (_, binding) = self.bindings.pop_first()?;
        self.places.remove(&binding.key);
        Some(binding)
    }

    pub(super) fn first(&self) -> Option<R> {
        self.bindings.first_key_value().map(|(place, _)| *place)
    }

    pub(super) fn place(&self, key: &BindingKey) -> Option<R> {
        self.places.get(key).copied()
    }

    pub(super) fn contains(&self, key: &BindingKey) -> bool {
        self.places.contains_key(key)
    }

    pub(super) fn len(&self) -> usize {
        self.bindings.len()
    }

    pub(super) fn clear(&mut self) {
        self.bindings.clear();
        self.places.clear();
    }
}
