//! Dividing seats in proportion to votes: Webster's method, also called Sainte-Laguë
//! (`karmada:pkg/util/helper/webster.go`).
//!
//! Upstream gives the seats one by one, each to the party with the largest `votes / (2·seats + 1)`, and compares those
//! quotients as floats. Here they are compared exactly, and the cost does not depend on how many seats there are.

use std::cmp::Ordering;

use crate::names::fnv1a32;

/// Who takes part in the division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party<'a> {
    /// Decides ties, in byte order.
    pub name: &'a str,
    /// Its share of the seats is its share of the votes.
    pub votes: u64,
    /// The seats it has: those it is given come on top.
    pub seats: u64,
}

/// Whose name comes first when quotients and seats are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ties {
    /// The name that sorts first.
    #[default]
    Ascending,
    /// The name that sorts last.
    Descending,
}

impl Ties {
    /// The order for a resource, by the hash of its UID, so that small remainders do not always meet the same clusters.
    #[must_use]
    pub fn for_uid(uid: &str) -> Self {
        if uid.is_empty() || fnv1a32(uid.as_bytes()).is_multiple_of(2) {
            Self::Ascending
        } else {
            Self::Descending
        }
    }
}

/// Gives out seats on top of those the parties have.
///
/// # Guarantees
/// - The outcome is that of giving the seats one by one to the party with the largest `votes / (2·seats + 1)`; among
///   equals to the one with fewer seats, then by name.
/// - All seats are given out unless nobody has votes: then none is. Who has no votes gets none.
/// - One more seat never costs a party one. If votes are room for seats, and there is room for all of them, nobody
///   gets more than it has room for.
/// - The order of the parties does not matter, provided their names differ.
///
/// # Complexity
/// O(k log k + k log n) for k parties and n seats. Exact for all votes up to `i64::MAX` and up to 2⁶² seats,
/// those the parties have included; beyond that the arithmetic saturates.
///
/// ```
/// use karmada_core::apportion::{Party, Ties, apportion};
/// let mut parties = [("a", 3), ("b", 2), ("c", 1)].map(|(name, votes)| Party { name, votes, seats: 0 });
/// apportion(&mut parties, 13, Ties::Ascending);
/// assert_eq!(parties.map(|party| party.seats), [7, 4, 2]);
/// ```
pub fn apportion(parties: &mut [Party<'_>], seats: u64, ties: Ties) {
    let Some(largest) = parties.iter().max_by_key(|party| party.votes).copied() else {
        return;
    };
    if largest.votes == 0 || seats == 0 {
        return;
    }
    // A party has a right to seat number k (from 0) at divisor d when d·votes/largest.votes >= 2k + 1. A larger d
    // means more seats. The search finds the largest whole d at which no more than all seats are due.
    let due = |party: &Party<'_>, d: u128| -> u128 {
        let odd = u128::from(party.votes).saturating_mul(d) / u128::from(largest.votes);
        (odd.saturating_add(1) / 2).saturating_sub(party.seats.into())
    };
    let total = |d: u128| {
        parties
            .iter()
            .fold(0u128, |sum, party| sum.saturating_add(due(party, d)))
    };

    let seats = u128::from(seats);
    // At this divisor the largest party alone has a right to more than all seats.
    let (mut fits, mut too_many) = (0, 2 * (seats + u128::from(largest.seats)) + 1);
    while too_many - fits > 1 {
        let middle = fits + (too_many - fits) / 2;
        if total(middle) <= seats {
            fits = middle;
        } else {
            too_many = middle;
        }
    }

    let mut left = seats;
    for party in parties.iter_mut() {
        let given = due(party, fits);
        left = left.saturating_sub(given);
        party.seats = party.seats.saturating_add(given.try_into().unwrap_or(u64::MAX));
    }
    // From one whole divisor to the next nobody gains more than one seat, so that what is left goes to that many
    // different parties: those that are next in line.
    let mut next: Vec<&mut Party<'_>> = parties.iter_mut().collect();
    next.sort_by(|left, right| precedence(left, right, ties));
    for (party, _) in next.into_iter().zip(0..left) {
        party.seats = party.seats.saturating_add(1);
    }
}

/// Who gets the next seat first.
fn precedence(left: &Party<'_>, right: &Party<'_>, ties: Ties) -> Ordering {
    // left.votes / (2·left.seats + 1) against right.votes / (2·right.seats + 1), without dividing.
    let weight = |votes: u64, seats: u64| u128::from(votes).saturating_mul(2 * u128::from(seats) + 1);
    weight(right.votes, left.seats)
        .cmp(&weight(left.votes, right.seats))
        .then(left.seats.cmp(&right.seats))
        .then_with(|| match ties {
            Ties::Ascending => left.name.cmp(right.name),
            Ties::Descending => right.name.cmp(left.name),
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parties<'a>(votes: &[(&'a str, u64, u64)]) -> Vec<Party<'a>> {
        votes
            .iter()
            .map(|&(name, votes, seats)| Party { name, votes, seats })
            .collect()
    }

    fn seats_of(parties: &[Party<'_>]) -> Vec<u64> {
        parties.iter().map(|party| party.seats).collect()
    }

    #[test]
    fn divides() {
        fn check(votes: &[u64], seats: u64, ties: Ties, want: &[u64]) {
            let names = ["m1", "m2", "m3", "m4"];
            let mut parties: Vec<Party<'_>> = names
                .iter()
                .zip(votes)
                .map(|(name, votes)| Party {
                    name,
                    votes: *votes,
                    seats: 0,
                })
                .collect();
            apportion(&mut parties, seats, ties);
            assert_eq!(seats_of(&parties), want, "{votes:?}; {seats}");
        }
        use Ties::{Ascending, Descending};
        check(&[3, 2, 1], 12, Ascending, &[6, 4, 2]);
        check(&[3, 2, 1], 13, Ascending, &[7, 4, 2]);
        check(&[3, 2, 1], 14, Ascending, &[7, 5, 2]);
        check(&[1, 3], 9, Ascending, &[2, 7]);
        check(&[1, 1, 1], 5, Ascending, &[2, 2, 1]);
        check(&[1, 1, 1], 5, Descending, &[1, 2, 2]);
        check(&[2, 1, 1, 1], 9, Ascending, &[3, 2, 2, 2]);
        check(&[2, 1, 1, 1], 8, Ascending, &[3, 2, 2, 1]);
        check(&[20, 12, 6], 12, Ascending, &[6, 4, 2]);
        check(&[6, 8, 10], 12, Ascending, &[3, 4, 5]);
        check(&[12, 6], 15, Ascending, &[10, 5]);
        for (seats, want) in [
            [1, 0, 0, 0],
            [1, 1, 0, 0],
            [2, 1, 0, 0],
            [2, 1, 1, 0],
            [2, 2, 1, 0],
            [2, 2, 1, 1],
            [3, 2, 1, 1],
            [3, 3, 1, 1],
        ]
        .iter()
        .enumerate()
        {
            check(
                &[100_000, 80_000, 30_000, 20_000],
                seats as u64 + 1,
                Ascending,
                want,
            );
        }
        check(&[1, 0], 3, Ascending, &[3, 0]);
        check(&[0, 0], 3, Ascending, &[0, 0]);
        check(&[5, 5], 0, Ascending, &[0, 0]);
        check(&[], 3, Ascending, &[]);
        check(&[1, i64::MAX as u64], 1 << 61, Ascending, &[0, 1 << 61]);
        check(
            &[i64::MAX as u64, i64::MAX as u64],
            (1 << 62) - 1,
            Descending,
            &[(1 << 61) - 1, 1 << 61],
        );
        check(&[u64::MAX, u64::MAX], 2, Descending, &[1, 1]);
    }

    #[test]
    fn tops_up() {
        fn check(given: &[(&str, u64, u64)], seats: u64, want: &[u64]) {
            let mut parties = parties(given);
            apportion(&mut parties, seats, Ties::Ascending);
            assert_eq!(seats_of(&parties), want, "{given:?}; {seats}");
        }
        check(&[("a", 1, 5), ("b", 1, 0)], 3, &[5, 3]);
        check(&[("a", 1, 5), ("b", 1, 0)], 7, &[6, 6]);
        check(&[("a", 0, 5), ("b", 1, 0)], 3, &[5, 3]);
        check(&[("a", 0, 5), ("b", 0, 0)], 3, &[5, 0]);
    }

    #[test]
    fn ties_depend_on_the_uid() {
        assert_eq!(Ties::for_uid(""), Ties::Ascending);
        assert_eq!(Ties::for_uid("a"), Ties::Ascending);
        assert_eq!(Ties::for_uid("b"), Ties::Descending);
    }

    /// The definition: one seat after the other.
    fn one_by_one(parties: &mut [Party<'_>], seats: u64, ties: Ties) {
        for _ in 0..seats {
            if let Some(first) = parties
                .iter_mut()
                .filter(|party| party.votes > 0)
                .min_by(|l, r| precedence(l, r, ties))
            {
                first.seats += 1;
            }
        }
    }

    fn names() -> [String; 12] {
        std::array::from_fn(|i| format!("member{i}"))
    }

    proptest! {
        #[test]
        fn equals_giving_seats_one_by_one(
            given in prop::collection::vec((prop_oneof![0u64..4, 0u64..100, any::<u32>().prop_map(u64::from)], prop_oneof![Just(0u64), 0u64..30]), 0..12),
            seats in 0u64..300,
            descending: bool,
        ) {
            let names = names();
            let ties = if descending { Ties::Descending } else { Ties::Ascending };
            let mut fast: Vec<Party<'_>> = names
                .iter()
                .zip(&given)
                .map(|(name, (votes, seats))| Party { name, votes: *votes, seats: *seats })
                .collect();
            let mut slow = fast.clone();
            let mut reversed: Vec<Party<'_>> = fast.iter().rev().copied().collect();
            apportion(&mut fast, seats, ties);
            one_by_one(&mut slow, seats, ties);
            apportion(&mut reversed, seats, ties);
            reversed.reverse();
            prop_assert_eq!(&fast, &slow);
            prop_assert_eq!(&fast, &reversed);
        }

        #[test]
        fn more_seats_cost_nobody_one(
            votes in prop::collection::vec(0u64..1_000_000_000_000, 1..12),
            seats in 0u64..1_000_000_000_000,
        ) {
            let names = names();
            let start: Vec<Party<'_>> =
                names.iter().zip(&votes).map(|(name, votes)| Party { name, votes: *votes, seats: 0 }).collect();
            let divided = |seats| {
                let mut parties = start.clone();
                apportion(&mut parties, seats, Ties::Ascending);
                parties
            };
            let (before, after) = (divided(seats), divided(seats + 1));
            prop_assert!(before.iter().zip(&after).all(|(before, after)| before.seats <= after.seats));
            if votes.iter().any(|votes| *votes > 0) {
                prop_assert_eq!(before.iter().map(|party| party.seats).sum::<u64>(), seats);
            }
        }

        #[test]
        fn nobody_exceeds_its_room(
            room in prop::collection::vec(0u64..1_000_000, 1..12),
            part in 0u64..=1000,
        ) {
            let names = names();
            let mut parties: Vec<Party<'_>> =
                names.iter().zip(&room).map(|(name, votes)| Party { name, votes: *votes, seats: 0 }).collect();
            let all: u64 = room.iter().sum();
            apportion(&mut parties, all * part / 1000, Ties::Ascending);
            prop_assert!(parties.iter().all(|party| party.seats <= party.votes));
            let mut parties = parties.iter().map(|party| Party { seats: 0, ..*party }).collect::<Vec<_>>();
            apportion(&mut parties, all, Ties::Descending);
            prop_assert_eq!(seats_of(&parties), room);
        }

        #[test]
        fn never_panics(given in prop::collection::vec((any::<u64>(), any::<u64>()), 0..5), seats: u64) {
            let names = names();
            let mut parties: Vec<Party<'_>> = names
                .iter()
                .zip(&given)
                .map(|(name, (votes, seats))| Party { name, votes: *votes, seats: *seats })
                .collect();
            apportion(&mut parties, seats, Ties::Ascending);
        }
    }
}
