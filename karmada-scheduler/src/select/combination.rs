//! The best combination of groups (`karmada:pkg/scheduler/core/spreadconstraint/select_groups.go`).
//!
//! Upstream enumerates combinations depth first over the groups sorted by ascending value: a path is complete as soon
//! as it has enough groups and enough value, and is not extended then. Of the complete paths the one with the largest
//! weight, then value, then the first found is best; a complete path that is a prefix of it, when the groups of each
//! are sorted by weight, is preferred to it.
//!
//! What can still become of a path depends only on its length, its value up to the target, and the groups that follow.
//! So the best completion of each such state is computed once, from the last group to the first.

/// A group to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group<'a> {
    pub(super) name: &'a str,
    /// Its clusters.
    pub(super) value: i64,
    /// Its score.
    pub(super) weight: i64,
}

/// Weight and value of the rest of a path; larger is better.
type Gain = (i64, i64);

/// The best combination: positions of groups, sorted by descending weight, then name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Best {
    /// The combination with the largest weight, then value, then the first found.
    positions: Vec<usize>,
    /// How many of its groups are enough.
    enough: usize,
}

impl Best {
    /// The groups to use.
    pub(super) fn chosen(&self) -> &[usize] {
        self.positions.get(..self.enough).unwrap_or(&self.positions)
    }

    /// The groups that would be used as well, if those in front of them were not enough.
    pub(super) fn spared(&self) -> &[usize] {
        self.positions.get(self.enough..).unwrap_or_default()
    }
}

/// The positions of groups in the order in which combinations are searched: by value, descending weight, name.
pub(super) fn search_order(groups: &[Group<'_>]) -> Vec<usize> {
    let mut by_value: Vec<usize> = (0..groups.len()).collect();
    by_value.sort_by_key(|index| {
        groups
            .get(*index)
            .map(|group| (group.value, std::cmp::Reverse(group.weight), group.name))
    });
    by_value
}

/// The best combination of at least `min` and at most `max` groups with a value of at least `target`; `None` if there
/// is no combination.
///
/// # Complexity
/// At most `O(n · l · t)` time and `n · l · t` bits, for `n` groups, `t` the target, and `l` the minimum, or the maximum
/// where that can be in the way: when it is smaller than the target and the number of groups. Much less where groups are
/// of about the same value, or nearly all are needed.
pub(super) fn best(groups: &[Group<'_>], min: i64, max: i64, target: i64) -> Option<Best> {
    let by_value = search_order(groups);
    let ordered: Vec<Group<'_>> = by_value
        .iter()
        .filter_map(|index| groups.get(*index).copied())
        .collect();
    let mut by_weight = Table::new(&ordered, min, max, target)?.path();
    by_weight.sort_by_key(|position| {
        ordered
            .get(*position)
            .map(|group| (std::cmp::Reverse(group.weight), group.name))
    });
    let enough = (1..by_weight.len())
        .find(|length| {
            let prefix = by_weight.get(..*length).unwrap_or_default();
            is_complete(&ordered, prefix, min, max, target)
        })
        .unwrap_or(by_weight.len());
    let positions = by_weight
        .into_iter()
        .filter_map(|position| by_value.get(position).copied())
        .collect();
    Some(Best { positions, enough })
}

/// Whether the search ends at exactly this set of positions: it has enough groups and value, and had not without its
/// last group.
fn is_complete(ordered: &[Group<'_>], positions: &[usize], min: i64, max: i64, target: i64) -> bool {
    let value = |position: &usize| ordered.get(*position).map_or(0, |group| group.value);
    let length = positions.len() as i64;
    let sum: i64 = positions.iter().map(value).sum();
    let last = positions.iter().max().map_or(0, value);
    min <= length && length <= max && sum >= target && (length == min || sum - last < target)
}

/// The best completions, from the last group backwards.
///
/// Only states count that some path reaches and that can still become complete. Groups stand in ascending order of
/// value, so that the value of a path lies between that of the first groups and that of the last ones it can have.
struct Table<'a> {
    groups: &'a [Group<'a>],
    min: usize,
    target: usize,
    /// Lengths are told apart up to this one.
    longest: usize,
    /// Whether paths may be longer than that.
    unbounded: bool,
    /// The value of so many groups from the first on.
    sums: Vec<usize>,
    /// Where the states of each group start in `takes`.
    starts: Vec<usize>,
    /// Per state: whether the best completion takes the group.
    takes: Vec<u64>,
}

/// The values of a row of states, without the last.
type Values = std::ops::Range<usize>;

impl<'a> Table<'a> {
    fn new(groups: &'a [Group<'a>], min: i64, max: i64, target: i64) -> Option<Self> {
        let mut sums = vec![0usize];
        let mut total = 0usize;
        for group in groups {
            total = total.saturating_add(usize::try_from(group.value).unwrap_or(0));
            sums.push(total);
        }
        let max = usize::try_from(max).ok()?;
        let min = usize::try_from(min).unwrap_or(0);
        let target = usize::try_from(target).unwrap_or(0);
        if target > total || min > max || min > groups.len() {
            return None;
        }
        // Every group adds to the value, and a path ends once it has enough groups and value.
        let unbounded = max >= groups.len() || max >= min.max(target);
        let mut table = Self {
            groups,
            min,
            target,
            longest: if unbounded { min } else { max },
            unbounded,
            sums,
            starts: Vec::with_capacity(groups.len()),
            takes: Vec::new(),
        };
        table.fill().then_some(table)
    }

    /// Computes the completions; says whether there is one from the start.
    fn fill(&mut self) -> bool {
        let mut size = 0;
        for position in 0..self.groups.len() {
            self.starts.push(size);
            size += self
                .lengths(position)
                .map(|length| self.values(position, length).len())
                .sum::<usize>();
        }
        self.takes = vec![0; size.div_ceil(64)];
        let mut best = Completions::new(self);
        for (position, group) in self.groups.iter().enumerate().rev() {
            let mut bit = self.starts.get(position).copied().unwrap_or(0);
            // A path sees the completions by the groups behind this one: states of longer and more valuable paths are
            // updated after it.
            for length in self.lengths(position) {
                for value in self.values(position, length) {
                    let (next_length, next_value) = self.add(length, value, group);
                    let taken = best.get(next_length, next_value).map(|(weight, sum)| {
                        (
                            weight.saturating_add(group.weight),
                            sum.saturating_add(group.value),
                        )
                    });
                    // On equal gain the path that takes the earlier group was found first.
                    if taken.is_some() && taken >= best.get(length, value) {
                        best.set(length, value, taken);
                        self.mark(bit);
                    }
                    bit += 1;
                }
            }
        }
        best.get(0, 0).is_some()
    }

    /// The lengths a path can have in front of a group.
    fn lengths(&self, position: usize) -> std::ops::RangeInclusive<usize> {
        let behind = self.groups.len().saturating_sub(position);
        let last = if self.unbounded {
            self.longest
        } else {
            self.longest.saturating_sub(1)
        };
        self.min.saturating_sub(behind)..=position.min(last)
    }

    /// The values that a path of that length can have in front of a group, up to the target; where it is complete with
    /// the target, without that.
    fn values(&self, position: usize, length: usize) -> Values {
        let sum = |count: usize| self.sums.get(count).copied().unwrap_or(0);
        let behind = sum(self.groups.len()).saturating_sub(sum(position));
        let least = sum(length)
            .min(self.target)
            .max(self.target.saturating_sub(behind));
        let end = if length >= self.min {
            self.target
        } else {
            self.target + 1
        };
        least..self.most(position, length).saturating_add(1).min(end).max(least)
    }

    /// The most a path of that length can be worth in front of a group.
    fn most(&self, position: usize, length: usize) -> usize {
        let sum = |count: usize| self.sums.get(count).copied().unwrap_or(0);
        let skipped = if self.unbounded && length == self.longest {
            0
        } else {
            sum(position.saturating_sub(length))
        };
        sum(position).saturating_sub(skipped)
    }

    /// A path with one more group. Values beyond the target are all the same.
    fn add(&self, length: usize, value: usize, group: &Group<'_>) -> (usize, usize) {
        let more = usize::try_from(group.value).unwrap_or(0);
        (
            (length + 1).min(self.longest),
            value.saturating_add(more).min(self.target),
        )
    }

    fn mark(&mut self, bit: usize) {
        if let Some(word) = self.takes.get_mut(bit / 64) {
            *word |= 1 << (bit % 64);
        }
    }

    /// Whether the best completion of a state in front of a group takes it.
    fn is_taken(&self, position: usize, length: usize, value: usize) -> bool {
        let values = self.values(position, length);
        if !self.lengths(position).contains(&length) || !values.contains(&value) {
            return false;
        }
        let shorter = self.lengths(position).take_while(|other| *other < length);
        let before: usize = shorter.map(|shorter| self.values(position, shorter).len()).sum();
        let start = self.starts.get(position).copied().unwrap_or(0);
        let bit = start + before + (value - values.start);
        self.takes
            .get(bit / 64)
            .is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    /// The best path from the start.
    fn path(&self) -> Vec<usize> {
        let (mut length, mut value, mut path) = (0, 0, Vec::new());
        for (position, group) in self.groups.iter().enumerate() {
            if self.is_taken(position, length, value) {
                path.push(position);
                (length, value) = self.add(length, value, group);
            }
        }
        path
    }
}

/// The best gain of every state, for the groups behind the one that is looked at.
struct Completions {
    /// Per length the least value, and where its row starts.
    rows: Vec<(usize, usize)>,
    gains: Vec<Option<Gain>>,
}

impl Completions {
    /// After the last group only complete paths have a completion: the empty one.
    fn new(table: &Table<'_>) -> Self {
        let (mut rows, mut size) = (Vec::with_capacity(table.longest + 2), 0);
        for length in 0..=table.longest {
            let least = table.sums.get(length).copied().unwrap_or(0).min(table.target);
            // The last group in front of which a path can be so short.
            let position = (table.groups.len() + length)
                .saturating_sub(table.min)
                .min(table.groups.len());
            let most = table.most(position, length).min(table.target).max(least);
            rows.push((least, size));
            size += most - least + 1;
        }
        rows.push((0, size));
        let mut completions = Self {
            rows,
            gains: vec![None; size],
        };
        for length in table.min..=table.longest {
            completions.set(length, table.target, Some((0, 0)));
        }
        completions
    }

    fn cell(&self, length: usize, value: usize) -> Option<usize> {
        let (least, start) = self.rows.get(length).copied()?;
        let (_, end) = self.rows.get(length + 1).copied()?;
        let cell = start + value.checked_sub(least)?;
        (cell < end).then_some(cell)
    }

    fn get(&self, length: usize, value: usize) -> Option<Gain> {
        self.gains.get(self.cell(length, value)?).copied().flatten()
    }

    fn set(&mut self, length: usize, value: usize, gain: Option<Gain>) {
        if let Some(cell) = self.cell(length, value)
            && let Some(slot) = self.gains.get_mut(cell)
        {
            *slot = gain;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The search as upstream does it.
    fn by_enumeration(groups: &[Group<'_>], min: i64, max: i64, target: i64) -> Option<Vec<usize>> {
        let mut ordered: Vec<usize> = (0..groups.len()).collect();
        ordered.sort_by_key(|i| {
            (
                groups[*i].value,
                std::cmp::Reverse(groups[*i].weight),
                groups[*i].name,
            )
        });
        let mut found: Vec<Vec<usize>> = Vec::new();
        fn search(
            groups: &[Group<'_>],
            ordered: &[usize],
            (min, max, target): (i64, i64, i64),
            path: &mut Vec<usize>,
            begin: usize,
            sum: i64,
            found: &mut Vec<Vec<usize>>,
        ) {
            let length = path.len() as i64;
            if sum >= target && min <= length && length <= max {
                found.push(path.clone());
                return;
            }
            if length >= max {
                return;
            }
            for next in begin..ordered.len() {
                path.push(ordered[next]);
                let sum = sum + groups[ordered[next]].value;
                search(groups, ordered, (min, max, target), path, next + 1, sum, found);
                if ordered.len() as i64 == min {
                    break;
                }
                path.pop();
            }
        }
        search(
            groups,
            &ordered,
            (min, max, target),
            &mut Vec::new(),
            0,
            0,
            &mut found,
        );
        for path in &mut found {
            path.sort_by_key(|i| (std::cmp::Reverse(groups[*i].weight), groups[*i].name));
        }
        let sum =
            |path: &[usize], of: fn(&Group<'_>) -> i64| path.iter().map(|i| of(&groups[*i])).sum::<i64>();
        // Stable: paths found earlier stay in front.
        found.sort_by_key(|path| {
            (
                std::cmp::Reverse(sum(path, |g| g.weight)),
                std::cmp::Reverse(sum(path, |g| g.value)),
            )
        });
        let mut paths = found.into_iter();
        let mut best = paths.next()?;
        for path in paths {
            if path.len() < best.len() && best.starts_with(&path) {
                best = path;
            }
        }
        Some(best)
    }

    fn chosen(groups: &[Group<'_>], min: i64, max: i64, target: i64) -> Option<Vec<usize>> {
        best(groups, min, max, target).map(|best| best.chosen().to_vec())
    }

    fn groups(of: &[(&'static str, i64, i64)]) -> Vec<Group<'static>> {
        of.iter()
            .map(|(name, value, weight)| Group {
                name,
                value: *value,
                weight: *weight,
            })
            .collect()
    }

    #[test]
    fn follows_the_worked_examples() {
        fn check(of: &[(&'static str, i64, i64)], (min, max, target): (i64, i64, i64), want: &[&str]) {
            let groups = groups(of);
            for found in [
                chosen(&groups, min, max, target),
                by_enumeration(&groups, min, max, target),
            ] {
                let names: Vec<&str> = found
                    .unwrap_or_default()
                    .iter()
                    .map(|i| groups[*i].name)
                    .collect();
                assert_eq!(names, want);
            }
        }
        // A: of equal combinations the first found.
        check(
            &[("R1", 1, 60), ("R2", 2, 50), ("R3", 3, 40), ("R4", 4, 30)],
            (1, 2, 5),
            &["R1", "R4"],
        );
        // B: more than two are needed.
        check(
            &[
                ("R1", 1, 60),
                ("R2", 1, 50),
                ("R3", 1, 40),
                ("R4", 3, 30),
                ("R5", 3, 20),
                ("R6", 3, 10),
            ],
            (1, 3, 6),
            &["R1", "R4", "R5"],
        );
        // C: the prefix of the best combination is enough.
        check(
            &[
                ("R1", 1, 80),
                ("R2", 4, 40),
                ("R3", 1, 30),
                ("R4", 3, 30),
                ("R5", 3, 20),
                ("R6", 5, 10),
            ],
            (2, 6, 5),
            &["R1", "R2"],
        );
        // D: of equal weights the larger value.
        check(
            &[("R4", 1, 60), ("R3", 3, 50), ("R1", 3, 40), ("R2", 4, 30)],
            (1, 2, 5),
            &["R3", "R1"],
        );
        check(&[("R1", 1, 60), ("R2", 2, 50)], (1, 2, 5), &[]);
        check(&[("R1", 1, 60), ("R2", 2, 50)], (1, 0, 1), &[]);
    }

    #[test]
    fn many_groups_cost_little() {
        let names: Vec<String> = (0..60).map(|i| format!("r{i:02}")).collect();
        let groups: Vec<Group<'_>> = names
            .iter()
            .enumerate()
            .map(|(i, name)| Group {
                name,
                value: 1 + (i as i64 * 7) % 11,
                weight: (i as i64 * 31) % 17,
            })
            .collect();
        let found = chosen(&groups, 20, 30, 150).unwrap();
        let value: i64 = found.iter().map(|i| groups[*i].value).sum();
        assert!((20..=30).contains(&found.len()) && value >= 150);
    }

    #[test]
    fn a_cluster_per_region_costs_little() {
        let names: Vec<String> = (0..3000).map(|i| format!("r{i:04}")).collect();
        let groups: Vec<Group<'_>> = names
            .iter()
            .enumerate()
            .map(|(i, name)| Group {
                name,
                value: 1,
                weight: (i as i64 * 31) % 1000,
            })
            .collect();
        let check = |min: i64, max: i64, target: i64, want: usize| {
            let found = best(&groups, min, max, target).unwrap();
            assert_eq!(found.chosen().len(), want, "{min} {max} {target}");
            let least = found.chosen().iter().map(|i| groups[*i].weight).min();
            assert!(least >= Some(1000 - 1000 * want as i64 / 3000), "the heaviest");
        };
        check(1500, 1500, 1500, 1500);
        check(3000, 3000, 3000, 3000);
        check(10, 3000, 1500, 1500);
        check(3, 5, 3, 3);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn equals_enumeration(
            of in prop::collection::vec((1i64..6, prop_oneof![0i64..4, 0i64..100]), 0..=14),
            min in -1i64..8,
            extra in -1i64..8,
            target in -1i64..25,
        ) {
            let names: Vec<String> = (0..of.len()).map(|i| format!("r{}", (i * 5) % 14)).collect();
            let groups: Vec<Group<'_>> = of
                .iter()
                .zip(&names)
                .map(|((value, weight), name)| Group { name, value: *value, weight: *weight })
                .collect();
            let max = min + extra;
            prop_assert_eq!(chosen(&groups, min, max, target), by_enumeration(&groups, min, max, target));
        }
    }
}
