//! Seats in proportion to votes, as [`karmada_core::apportion`] defines it, for many parties at once.
//!
//! Parties are told apart by their place in the order of ties instead of by name, and the division starts from the
//! divisor that proportional shares suggest: one division per party, then the few seats by which that is off.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// Its share of the seats is its share of these.
    pub(crate) votes: u64,
    /// What it gets.
    pub(crate) seats: u64,
    /// Of equal claims that of the smaller number goes first. No two parties have the same.
    pub(crate) order: u32,
}

/// Gives `seats` seats one after the other to the party with the largest `votes / (2·seats + 1)`; of equal ones to
/// the one with fewer seats, then by order. Without votes nobody gets any.
///
/// # Complexity
/// `O(k + d log k)` for `k` parties and memory for `d` of them, where `d` is by how many seats rounded proportional shares miss the number to
/// give out: at most `k / 2`, and about the root of it usually.
pub(crate) fn divide(shares: &mut [Share], seats: u64) {
    let votes: u128 = shares.iter().map(|share| u128::from(share.votes)).sum();
    let largest = shares.iter().map(|share| share.votes).max().unwrap_or(0);
    for share in shares.iter_mut() {
        share.seats = 0;
    }
    if votes == 0 || seats == 0 {
        return;
    }
    // Every claim above the quotient `votes / (2·seats)` is met: those with (2s + 1) · votes < 2 · seats · own votes.
    let given: u64 = match (u64::try_from(votes), seats.checked_mul(2)) {
        (Ok(votes), Some(doubled)) if largest.checked_mul(doubled).is_some() => shares
            .iter_mut()
            .map(|share| {
                let claims = (share.votes * doubled).saturating_sub(1) / votes;
                share.seats = claims.div_ceil(2);
                share.seats
            })
            .sum(),
        _ => shares
            .iter_mut()
            .map(|share| {
                let product = u128::from(share.votes).saturating_mul(u128::from(seats) * 2);
                let claims = product.saturating_sub(1) / votes;
                share.seats = u64::try_from(claims.div_ceil(2)).unwrap_or(u64::MAX);
                share.seats
            })
            .fold(0, u64::saturating_add),
    };
    match given.cmp(&seats) {
        Ordering::Equal => {}
        Ordering::Less => {
            let missing = usize::try_from(seats - given).unwrap_or(usize::MAX);
            let first = first(shares, missing, |index, share| {
                (share.votes > 0).then_some(Next(*share, index))
            });
            let mut next = BinaryHeap::from(first);
            for _ in given..seats {
                let Some(mut top) = next.peek_mut() else { return };
                top.0.seats += 1;
                if let Some(share) = shares.get_mut(top.1) {
                    share.seats += 1;
                }
            }
        }
        Ordering::Greater => {
            let excess = usize::try_from(given - seats).unwrap_or(usize::MAX);
            let first = first(shares, excess, |index, share| Last::of(share, index));
            let mut last = BinaryHeap::from(first);
            for _ in seats..given {
                let Some(Last(taken, index)) = last.pop() else {
                    return;
                };
                if let Some(share) = shares.get_mut(index) {
                    share.seats = taken.seats;
                    last.extend(Last::of(share, index));
                }
            }
        }
    }
}

/// The parties that come first, as many as seats change: whoever comes behind them has no turn, because each seat that
/// changes leaves one of them fewer before it.
///
/// Keeps few of them in memory at a time; large fleets pay for every page.
fn first<T: Ord>(shares: &[Share], count: usize, of: impl Fn(usize, &Share) -> Option<T>) -> Vec<T> {
    let room = count.saturating_mul(2).max(64);
    let mut first: Vec<T> = Vec::new();
    for entry in shares
        .iter()
        .enumerate()
        .filter_map(|(index, share)| of(index, share))
    {
        if first.len() == room {
            first.select_nth_unstable_by(count, |left, right| right.cmp(left));
            first.truncate(count);
        }
        first.push(entry);
    }
    first
}

/// Which of two parties has the better claim to its next seat.
fn claim(left: &Share, right: &Share) -> Ordering {
    let odd = |share: &Share| share.seats.saturating_mul(2).saturating_add(1);
    let quotients = match (
        left.votes.checked_mul(odd(right)),
        right.votes.checked_mul(odd(left)),
    ) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => {
            let (left_product, right_product) = (
                u128::from(left.votes) * u128::from(odd(right)),
                u128::from(right.votes) * u128::from(odd(left)),
            );
            left_product.cmp(&right_product)
        }
    };
    quotients
        .then(right.seats.cmp(&left.seats))
        .then(right.order.cmp(&left.order))
}

/// A party and its place, the better claim to the next seat first.
#[derive(PartialEq, Eq)]
struct Next(Share, usize);

impl Ord for Next {
    fn cmp(&self, other: &Self) -> Ordering {
        claim(&self.0, &other.0)
    }
}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A party without the last seat it was given, the worst claim to that seat first.
#[derive(PartialEq, Eq)]
struct Last(Share, usize);

impl Last {
    fn of(share: &Share, index: usize) -> Option<Self> {
        let seats = share.seats.checked_sub(1)?;
        Some(Self(Share { seats, ..*share }, index))
    }
}

impl Ord for Last {
    fn cmp(&self, other: &Self) -> Ordering {
        claim(&other.0, &self.0)
    }
}

impl PartialOrd for Last {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use karmada_core::apportion::{Party, Ties, apportion};
    use proptest::prelude::*;

    use super::*;

    fn shares(votes: &[u64]) -> Vec<Share> {
        let share = |(order, votes): (usize, &u64)| Share {
            votes: *votes,
            seats: 0,
            order: order as u32,
        };
        votes.iter().enumerate().map(share).collect()
    }

    fn seats(shares: &[Share]) -> Vec<u64> {
        shares.iter().map(|share| share.seats).collect()
    }

    /// One seat after the other.
    fn one_by_one(shares: &mut [Share], seats: u64) {
        for _ in 0..seats {
            if let Some(first) = shares
                .iter_mut()
                .filter(|share| share.votes > 0)
                .max_by(|left, right| claim(left, right))
            {
                first.seats += 1;
            }
        }
    }

    #[test]
    fn large_numbers_divide_exactly() {
        fn check(votes: &[u64], number: u64, want: &[u64]) {
            let mut parties = shares(votes);
            divide(&mut parties, number);
            assert_eq!(seats(&parties), want);
        }
        check(&[3, 2, 1], 13, &[7, 4, 2]);
        check(&[0, 0], 5, &[0, 0]);
        check(&[], 5, &[]);
        check(
            &[i64::MAX as u64, i64::MAX as u64],
            2_147_483_647,
            &[1_073_741_824, 1_073_741_823],
        );
        check(&[1, i64::MAX as u64], 2_147_483_647, &[0, 2_147_483_647]);
    }

    fn any_votes() -> impl Strategy<Value = u64> {
        prop_oneof![0u64..4, 0u64..100, 0u64..0x8000_0000, 0u64..=i64::MAX as u64]
    }

    proptest! {
        #[test]
        fn equals_one_seat_after_the_other(
            votes in prop::collection::vec(any_votes(), 0..40),
            number in prop_oneof![0u64..20, 0u64..500],
        ) {
            let mut fast = shares(&votes);
            let mut slow = fast.clone();
            divide(&mut fast, number);
            one_by_one(&mut slow, number);
            prop_assert_eq!(fast, slow);
        }

        #[test]
        fn equals_the_definition_in_core(
            votes in prop::collection::vec(any_votes(), 1..200),
            number in 0u64..0x8000_0000,
            descending: bool,
        ) {
            let names: Vec<String> = (0..votes.len()).map(|i| format!("m{i:03}")).collect();
            let mut fast = shares(&votes);
            if descending {
                for share in &mut fast {
                    share.order = u32::MAX - share.order;
                }
            }
            divide(&mut fast, number);
            let mut parties: Vec<Party<'_>> = names
                .iter()
                .zip(&votes)
                .map(|(name, votes)| Party { name, votes: *votes, seats: 0 })
                .collect();
            apportion(&mut parties, number, if descending { Ties::Descending } else { Ties::Ascending });
            let wanted: Vec<u64> = parties.iter().map(|party| party.seats).collect();
            prop_assert_eq!(seats(&fast), wanted);
        }
    }
}
