//! Seats in proportion to votes within limits.

use karmada_core::apportion::{Party, Ties, apportion};

/// Who takes part in a division.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Share<'a> {
    pub(super) name: &'a str,
    pub(super) votes: u64,
    /// What it has already; what it is given comes on top.
    pub(super) seats: u64,
    /// The most it may have.
    pub(super) most: u64,
}

/// Gives out seats one by one as [`apportion`] does, to those who may have another one. Returns the seats nobody with
/// votes may have.
///
/// # Complexity
/// An [`apportion`] per round, in each of which but the last somebody gets the most it may have.
pub(super) fn divide(shares: &mut [Share<'_>], seats: u64, ties: Ties) -> u64 {
    let mut left = seats;
    loop {
        let mut open: Vec<&mut Share<'_>> = shares
            .iter_mut()
            .filter(|share| share.votes > 0 && share.seats < share.most)
            .collect();
        if left == 0 || open.is_empty() {
            return left;
        }
        let mut parties: Vec<Party<'_>> = open
            .iter()
            .map(|share| Party {
                name: share.name,
                votes: share.votes,
                seats: share.seats,
            })
            .collect();
        apportion(&mut parties, left, ties);
        // Whoever gets more than it may have gets the most, as it would one seat at a time: the others' claims do not
        // depend on it. What that leaves is divided among them.
        let mut full = false;
        for (share, party) in open.iter_mut().zip(&parties) {
            if party.seats > share.most {
                left = left.saturating_sub(share.most - share.seats);
                share.seats = share.most;
                full = true;
            }
        }
        if !full {
            for (share, party) in open.into_iter().zip(&parties) {
                share.seats = party.seats;
            }
            return 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 6] = ["m1", "m2", "m3", "m4", "m5", "m6"];

    fn shares(rows: &[(u64, u64, u64)]) -> Vec<Share<'static>> {
        let rows = NAMES.iter().zip(rows);
        rows.map(|(name, (votes, seats, more))| Share {
            name,
            votes: *votes,
            seats: *seats,
            most: seats + more,
        })
        .collect()
    }

    /// One seat after the other.
    fn one_by_one(shares: &mut [Share<'_>], seats: u64, ties: Ties) -> u64 {
        for given in 0..seats {
            let next = shares
                .iter_mut()
                .filter(|share| share.votes > 0 && share.seats < share.most)
                .max_by(|left, right| {
                    let (l, r) = (
                        left.votes * (2 * right.seats + 1),
                        right.votes * (2 * left.seats + 1),
                    );
                    let by_name = match ties {
                        Ties::Ascending => right.name.cmp(left.name),
                        Ties::Descending => left.name.cmp(right.name),
                    };
                    l.cmp(&r).then(right.seats.cmp(&left.seats)).then(by_name)
                });
            let Some(next) = next else { return seats - given };
            next.seats += 1;
        }
        0
    }

    #[test]
    fn limits_hold() {
        fn check(rows: &[(u64, u64, u64)], seats: u64, want: &[u64], left: u64) {
            let mut shares = shares(rows);
            assert_eq!(divide(&mut shares, seats, Ties::Ascending), left, "{rows:?}");
            let got: Vec<u64> = shares.iter().map(|share| share.seats).collect();
            assert_eq!(got, want, "{rows:?}");
        }
        check(&[(3, 0, 9), (2, 0, 9), (1, 0, 9)], 12, &[6, 4, 2], 0);
        check(&[(3, 0, 2), (2, 0, 9), (1, 0, 9)], 8, &[2, 4, 2], 0);
        // Everybody has one already.
        check(&[(8, 1, 9), (1, 1, 9), (1, 1, 9)], 7, &[8, 1, 1], 0);
        check(&[(1, 0, 2), (0, 0, 9)], 5, &[2, 0], 3);
        check(&[], 5, &[], 5);
    }

    proptest! {
        #[test]
        fn equals_one_seat_after_the_other(
            rows in prop::collection::vec((0u64..20, 0u64..5, 0u64..12), 0..6),
            seats in 0u64..60,
            descending: bool,
        ) {
            let ties = if descending { Ties::Descending } else { Ties::Ascending };
            let mut fast = shares(&rows);
            let mut slow = fast.clone();
            prop_assert_eq!(divide(&mut fast, seats, ties), one_by_one(&mut slow, seats, ties));
            prop_assert_eq!(fast, slow);
        }
    }
}
