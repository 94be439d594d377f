//! A sorted map in pieces, for what snapshots share and single changes touch.

use std::cmp::Ordering;
use std::sync::Arc;

/// The most entries of a piece.
const PIECE: usize = 128;

/// A sorted map in pieces of up to 128 entries, each shared with the map's clones until it is changed.
///
/// # Complexity
/// With `n` entries: looking up is logarithmic; a change costs `O(128)`, and after a clone also `O(n / 128)`.
#[derive(Clone, Debug)]
pub(crate) struct SortedPieces<K, V> {
    /// None of them empty.
    pieces: Vec<Arc<Vec<(K, V)>>>,
}

impl<K, V> Default for SortedPieces<K, V> {
    fn default() -> Self {
        Self { pieces: Vec::new() }
    }
}

impl<K: Ord + Clone, V: Clone> SortedPieces<K, V> {
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The entries from the first that is not [`Less`](Ordering::Less); `order` compares a key with what is looked for.
    pub(crate) fn from(&self, order: impl Fn(&K) -> Ordering) -> impl Iterator<Item = &(K, V)> {
        let less = |entry: &(K, V)| order(&entry.0).is_lt();
        let piece = self
            .pieces
            .partition_point(|piece| piece.last().is_some_and(less));
        let row = self
            .pieces
            .get(piece)
            .map_or(0, |piece| piece.partition_point(less));
        let pieces = self.pieces.get(piece..).unwrap_or_default();
        pieces.iter().flat_map(|piece| piece.iter()).skip(row)
    }

    /// Sets the value of a key.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        let last = self.pieces.len().saturating_sub(1);
        let index = self.piece_of(&key).min(last);
        let Some(piece) = self.pieces.get_mut(index) else {
            self.pieces.push(Arc::new(vec![(key, value)]));
            return;
        };
        let piece = Arc::make_mut(piece);
        match piece.binary_search_by(|entry| entry.0.cmp(&key)) {
            Ok(row) => {
                if let Some(entry) = piece.get_mut(row) {
                    entry.1 = value;
                }
            }
            Err(row) => {
                piece.insert(row, (key, value));
                if piece.len() > PIECE {
                    let upper = piece.split_off(PIECE / 2);
                    self.pieces.insert(index + 1, Arc::new(upper));
                }
            }
        }
    }

    /// Removes a key; says whether it was there.
    pub(crate) fn remove(&mut self, key: &K) -> bool {
        let index = self.piece_of(key);
        let Some(piece) = self.pieces.get_mut(index) else {
            return false;
        };
        let Ok(row) = piece.binary_search_by(|entry| entry.0.cmp(key)) else {
            return false;
        };
        let piece = Arc::make_mut(piece);
        piece.remove(row);
        if piece.is_empty() {
            self.pieces.remove(index);
        }
        self.join(index);
        self.join(index.saturating_sub(1));
        true
    }

    /// Makes small neighbours one piece, so that the number of pieces follows that of entries.
    fn join(&mut self, index: usize) {
        let pieces = self.pieces.get(index..).unwrap_or_default();
        let [first, second, ..] = pieces else { return };
        if first.len() + second.len() > PIECE / 2 {
            return;
        }
        let second = self.pieces.remove(index + 1);
        if let Some(first) = self.pieces.get_mut(index) {
            Arc::make_mut(first).extend(second.iter().cloned());
        }
    }

    /// The piece a key is in, if it is in any.
    fn piece_of(&self, key: &K) -> usize {
        let before = |piece: &Arc<Vec<(K, V)>>| piece.last().is_some_and(|entry| entry.0 < *key);
        self.pieces.partition_point(before)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// A step, and whether a clone is taken before it.
    fn steps() -> impl Strategy<Value = Vec<(bool, Result<u16, u16>)>> {
        let key = prop_oneof![0..1000_u16, 0..40_u16];
        let step = prop_oneof![3 => key.clone().prop_map(Ok), 2 => key.prop_map(Err)];
        proptest::collection::vec((any::<bool>(), step), 0..1500)
    }

    fn entries(map: &SortedPieces<u16, usize>) -> Vec<(u16, usize)> {
        map.from(|_| Ordering::Equal).copied().collect()
    }

    #[test]
    fn a_small_piece_is_joined_with_either_neighbour() {
        for order in [[1, 2], [2, 1]] {
            let mut map = SortedPieces::default();
            for key in 0..320_u16 {
                map.insert(key, 0);
            }
            assert_eq!(map.pieces.len(), 4, "64, 64, 64 and 128");
            // Half of each of two.
            for key in order.into_iter().flat_map(|piece| piece * 64..piece * 64 + 32) {
                assert!(map.remove(&key));
            }
            assert_eq!(map.pieces.len(), 3);
            let kept: Vec<u16> = entries(&map).into_iter().map(|entry| entry.0).collect();
            assert_eq!(kept, (0..64).chain(96..128).chain(160..320).collect::<Vec<_>>());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn is_a_sorted_map_and_clones_keep_what_they_saw(steps in steps()) {
            let mut map = SortedPieces::default();
            let mut model: BTreeMap<u16, usize> = BTreeMap::new();
            let mut clones = Vec::new();
            for (number, (cloned, step)) in steps.into_iter().enumerate() {
                if cloned && number % 64 == 0 {
                    clones.push((map.clone(), model.clone()));
                }
                match step {
                    Ok(key) => {
                        map.insert(key, number);
                        model.insert(key, number);
                    }
                    Err(key) => prop_assert_eq!(map.remove(&key), model.remove(&key).is_some()),
                }
                prop_assert_eq!(map.is_empty(), model.is_empty());
                prop_assert!(map.pieces.iter().all(|piece| (1..=PIECE).contains(&piece.len())));
                let small = |pair: &[Arc<Vec<_>>]| pair[0].len() + pair[1].len() <= PIECE / 2;
                prop_assert!(!map.pieces.windows(2).any(small), "the number of pieces follows that of entries");
            }
            clones.push((map, model));
            for (map, model) in clones {
                prop_assert_eq!(entries(&map), model.iter().map(|(key, value)| (*key, *value)).collect::<Vec<_>>());
                for start in [0, 7, 500, 2000] {
                    let from: Vec<u16> = map.from(|key| key.cmp(&start)).map(|entry| entry.0).collect();
                    prop_assert_eq!(from, model.range(start..).map(|entry| *entry.0).collect::<Vec<_>>());
                }
            }
        }
    }
}
