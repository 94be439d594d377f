//! How many combinations of groups there are, and how the best one stands out among them; for explanations.

use std::cmp::Ordering;

use super::combination::{Group, search_order};

/// Complete combinations: those at which upstream's search ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// All of them.
    pub(super) all: u64,
    /// Those with the largest weight.
    pub(super) heaviest: u64,
    /// Of those, the ones with the largest value.
    pub(super) most_valuable: u64,
    weight: i64,
    value: i64,
}

impl Tally {
    /// The empty completion.
    const ONE: Self = Self {
        all: 1,
        heaviest: 1,
        most_valuable: 1,
        weight: 0,
        value: 0,
    };

    /// All of these with one more group each.
    fn with(self, group: &Group<'_>) -> Self {
        Self {
            weight: self.weight.saturating_add(group.weight),
            value: self.value.saturating_add(group.value),
            ..self
        }
    }

    fn and(self, other: Self) -> Self {
        let all = self.all.saturating_add(other.all);
        let (best, rest) = match (self.all, other.all) {
            (0, _) => return other,
            (_, 0) => return self,
            _ if (self.weight, self.value) >= (other.weight, other.value) => (self, other),
            _ => (other, self),
        };
        let (mut heaviest, mut most_valuable) = (best.heaviest, best.most_valuable);
        if rest.weight == best.weight {
            heaviest = heaviest.saturating_add(rest.heaviest);
            if rest.value.cmp(&best.value) == Ordering::Equal {
                most_valuable = most_valuable.saturating_add(rest.most_valuable);
            }
        }
        Self {
            all,
            heaviest,
            most_valuable,
            ..best
        }
    }
}

/// Counts the complete combinations of at least `min` and at most `max` groups with a value of at least `target`.
///
/// # Complexity
/// `O(n·l·t)` time and `l·t` cells for `n` groups, `l` lengths that matter and the target `t`.
pub(super) fn tally(groups: &[Group<'_>], min: i64, max: i64, target: i64) -> Tally {
    let total = groups
        .iter()
        .fold(0i64, |sum, group| sum.saturating_add(group.value));
    if target > total || min > max || min > groups.len() as i64 || max < 0 {
        return Tally::default();
    }
    let max = usize::try_from(max).unwrap_or(usize::MAX).min(groups.len());
    let min = usize::try_from(min).unwrap_or(0);
    let target = usize::try_from(target).unwrap_or(0);
    // A path that is long enough ends with its value: only up to the minimum its length matters, unless it can get
    // too long.
    let bounded = max < groups.len() && max < min.max(target);
    let longest = if bounded { max } else { min };
    let cell = |length: usize, value: usize| length * (target + 1) + value;
    let mut tallies = vec![Tally::default(); cell(longest, target) + 1];
    let complete = |length: usize, value: usize| length >= min && value >= target;
    for length in 0..=longest {
        for value in 0..=target {
            if complete(length, value)
                && let Some(tally) = tallies.get_mut(cell(length, value))
            {
                *tally = Tally::ONE;
            }
        }
    }
    for group in search_order(groups)
        .iter()
        .rev()
        .filter_map(|index| groups.get(*index))
    {
        let more = usize::try_from(group.value).unwrap_or(0);
        for length in 0..=longest {
            for value in 0..=target {
                if complete(length, value) || bounded && length == longest {
                    continue;
                }
                let next = cell((length + 1).min(longest), value.saturating_add(more).min(target));
                let taken = tallies.get(next).copied().unwrap_or_default().with(group);
                if let Some(tally) = tallies.get_mut(cell(length, value)) {
                    *tally = tally.and(taken);
                }
            }
        }
    }
    tallies.first().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Weight and value of every combination at which the search ends.
    fn by_enumeration(groups: &[Group<'_>], (min, max, target): (i64, i64, i64)) -> Vec<(i64, i64)> {
        let mut found = Vec::new();
        let mut open = vec![(0usize, 0i64, 0i64, 0i64)];
        while let Some((begin, length, weight, value)) = open.pop() {
            if value >= target && min <= length && length <= max {
                found.push((weight, value));
            } else if length < max {
                open.extend(groups.iter().enumerate().skip(begin).map(|(index, group)| {
                    (index + 1, length + 1, weight + group.weight, value + group.value)
                }));
            }
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn equals_enumeration(
            of in prop::collection::vec((1i64..6, prop_oneof![0i64..4, 0i64..100]), 0..11),
            min in -1i64..8,
            extra in -1i64..8,
            target in -1i64..25,
        ) {
            let group = |(value, weight): &(i64, i64)| Group { name: "", value: *value, weight: *weight };
            let mut groups: Vec<Group<'_>> = of.iter().map(group).collect();
            groups.sort_by_key(|group| (group.value, std::cmp::Reverse(group.weight)));
            let found = by_enumeration(&groups, (min, min + extra, target));
            let tally = tally(&groups, min, min + extra, target);
            prop_assert_eq!(tally.all, found.len() as u64);
            let best = found.iter().max().copied().unwrap_or_default();
            prop_assert_eq!(tally.heaviest, found.iter().filter(|it| it.0 == best.0).count() as u64);
            prop_assert_eq!(tally.most_valuable, found.iter().filter(|it| **it == best).count() as u64);
        }
    }
}
