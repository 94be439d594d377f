//! The clusters that passed the filters, and the order in which they are preferred.

use std::cmp::Reverse;

use crate::cluster_set::ClusterId;

/// A cluster that passed the filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The cluster.
    pub cluster: ClusterId,
    /// Position in the order of names.
    pub(crate) rank: u32,
    /// Which tier of its affinity group it belongs to: 0 for the group itself, then those that help out.
    pub overflow: u32,
    /// Sum of the score plugins.
    pub score: i64,
    /// Replicas it has room for.
    pub allocatable: i32,
    /// The same with the replicas of the binding it has already. They count although the requirements may have
    /// changed since.
    pub available: i64,
}

/// Orders candidates; the smallest is the most preferred.
pub(crate) type Place = (u32, Reverse<i64>, Reverse<i64>, u32);

impl Candidate {
    /// The order of preference: tier, score, room, name.
    pub(crate) fn key(&self) -> Place {
        (
            self.overflow,
            Reverse(self.score),
            Reverse(self.available),
            self.rank,
        )
    }
}

/// Sorts by tier, descending score, descending room and name: a total order.
pub(super) fn in_order(candidates: &mut [Candidate]) {
    candidates.sort_unstable_by_key(Candidate::key);
}

/// The `count` most preferred in front and sorted, the rest behind them in no order.
pub(super) fn first_in_order(candidates: &mut [Candidate], count: usize) {
    if let Some(last) = count.checked_sub(1)
        && count < candidates.len()
    {
        candidates.select_nth_unstable_by_key(last, Candidate::key);
    }
    let count = count.min(candidates.len());
    let (first, _) = candidates.split_at_mut(count);
    in_order(first);
}
