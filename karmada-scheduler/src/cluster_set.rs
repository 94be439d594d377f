//! Sets of clusters as bit sets over the slots of a snapshot.

use std::fmt;

/// Identifies a cluster within a [`Snapshot`](crate::Snapshot) and in every later snapshot of the same fleet, until
/// the cluster is removed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(pub(crate) u32);

impl ClusterId {
    /// The position of the cluster's bit in a [`ClusterSet`].
    #[must_use]
    pub fn slot(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Clusters per chunk of a fleet.
pub(crate) const ROWS: usize = 256;
/// Words per chunk.
pub(crate) const WORDS: usize = ROWS / 64;

/// A set of rows of one chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows(pub(crate) [u64; WORDS]);

impl Rows {
    pub(crate) fn set(&mut self, row: usize, value: bool) {
        if let Some(word) = self.0.get_mut(row / 64) {
            let bit = 1 << (row % 64);
            if value {
                *word |= bit;
            } else {
                *word &= !bit;
            }
        }
    }

    pub(crate) fn contains(&self, row: usize) -> bool {
        self.0
            .get(row / 64)
            .is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0 == [0; WORDS]
    }

    pub(crate) fn union(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word |= other;
        }
    }

    pub(crate) fn intersect(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word &= other;
        }
    }

    pub(crate) fn subtract(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word &= !other;
        }
    }

    /// The rows in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0
            .iter()
            .enumerate()
            .flat_map(|(index, word)| bits(*word).map(move |bit| index * 64 + bit))
    }
}

/// The positions of the ones of a word.
fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        if word == 0 {
            return None;
        }
        let bit = word.trailing_zeros() as usize;
        word &= word - 1;
        Some(bit)
    })
}

/// A set of clusters of one snapshot.
///
/// Filters receive the clusters still in question and remove those they reject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterSet {
    words: Vec<u64>,
}

impl ClusterSet {
    /// The empty set over the slots of so many chunks.
    pub(crate) fn empty(chunks: usize) -> Self {
        Self {
            words: vec![0; chunks * WORDS],
        }
    }

    /// Builds a set chunk by chunk.
    pub(crate) fn from_chunks(rows: impl Iterator<Item = Rows>) -> Self {
        let mut words = Vec::with_capacity(rows.size_hint().0 * WORDS);
        for rows in rows {
            words.extend_from_slice(&rows.0);
        }
        Self { words }
    }

    /// Whether the cluster is in the set.
    #[must_use]
    pub fn contains(&self, cluster: ClusterId) -> bool {
        let slot = cluster.slot();
        self.words
            .get(slot / 64)
            .is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    /// Adds a cluster; one that lies outside the snapshot the set was made for is ignored.
    pub fn insert(&mut self, cluster: ClusterId) {
        let slot = cluster.slot();
        if let Some(word) = self.words.get_mut(slot / 64) {
            *word |= 1 << (slot % 64);
        }
    }

    /// Removes a cluster.
    pub fn remove(&mut self, cluster: ClusterId) {
        let slot = cluster.slot();
        if let Some(word) = self.words.get_mut(slot / 64) {
            *word &= !(1 << (slot % 64));
        }
    }

    /// Keeps the clusters for which `keep` holds: how a per-cluster rule becomes a filter.
    pub fn retain(&mut self, mut keep: impl FnMut(ClusterId) -> bool) {
        for (index, word) in self.words.iter_mut().enumerate() {
            for bit in bits(*word) {
                if !keep(id(index, bit)) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    /// Keeps what both sets have.
    pub fn intersect(&mut self, other: &Self) {
        let others = other.words.iter().copied().chain(std::iter::repeat(0));
        for (word, other) in self.words.iter_mut().zip(others) {
            *word &= other;
        }
    }

    /// Removes what the other set has.
    pub fn subtract(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= !other;
        }
    }

    /// Adds what the other set of the same snapshot has.
    pub fn union(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    /// Number of clusters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there is no cluster in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// The clusters in the order of their ids, which is not the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = ClusterId> + '_ {
        self.words
            .iter()
            .enumerate()
            .flat_map(|(index, word)| bits(*word).map(move |bit| id(index, bit)))
    }
}

fn id(word: usize, bit: usize) -> ClusterId {
    // Slots are handed out as u32.
    ClusterId((word * 64 + bit) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_inserted_in_order() {
        let mut set = ClusterSet::empty(2);
        for slot in [300, 5, 64, 511, 5] {
            set.insert(ClusterId(slot));
        }
        set.insert(ClusterId(512));
        let got: Vec<u32> = set.iter().map(|id| id.0).collect();
        assert_eq!(got, [5, 64, 300, 511]);
        assert_eq!(set.len(), 4);
        set.retain(|id| id.0 != 64);
        set.remove(ClusterId(511));
        assert!(
            set.contains(ClusterId(300)) && !set.contains(ClusterId(64)) && !set.contains(ClusterId(511))
        );
        let mut other = ClusterSet::empty(2);
        other.insert(ClusterId(5));
        set.subtract(&other);
        assert_eq!(set.iter().map(|id| id.0).collect::<Vec<_>>(), [300]);
        set.union(&other);
        set.intersect(&other);
        assert_eq!(set, other);
    }
}
