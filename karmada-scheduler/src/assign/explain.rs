//! How the in-tree division comes about, told with its own steps.

use std::collections::BTreeMap;

use karmada_core::affinity;
use karmada_core::api::policy::v1alpha1::StaticClusterWeight;
use karmada_core::apportion::Ties;

use super::strategy::{self, ByRoom, Party, RoomDivision};
use super::{AssignError, Scale};

use crate::cluster_set::ClusterId;
use crate::context::Context;
use crate::explain::{
    AssignmentExplanation, CutOff, Mode, ShareExplanation, Strategy, Tie, TieOrder, TieRule, TierExplanation,
};
use crate::select::{Candidate, Selection};

pub(super) fn explain(ctx: &Context<'_>, selection: &mut Selection) -> AssignmentExplanation {
    let mut tiers = Vec::new();
    let outcome = strategy::each_tier(ctx, selection, |number, clusters, replicas| {
        let (tier, outcome) = tier(ctx, number, clusters, replicas);
        tiers.push(tier);
        outcome
    });
    // An error ends the decision: nobody gets anything, and the last tier says why.
    if let Err(error) = outcome {
        if let Some(last) = tiers.last_mut().filter(|tier| tier.error.is_none()) {
            last.error = Some(error.to_string());
            (last.mode, last.divided, last.weights, last.cut_off) = (None, 0, 0, None);
        }
        for tier in &mut tiers {
            tier.shares.clear();
        }
    }
    AssignmentExplanation::Divided { tiers }
}

fn tier(
    ctx: &Context<'_>,
    number: Option<u32>,
    clusters: &mut Selection,
    replicas: i64,
) -> (TierExplanation, Result<(), AssignError>) {
    let ties = Ties::for_uid(&ctx.spec().resource.uid);
    let available = clusters.any_order().iter().map(|candidate| candidate.available);
    let mut explained = TierExplanation {
        tier: number,
        replicas,
        available: available.fold(0, i64::saturating_add),
        strategy: Strategy::Unsupported,
        mode: None,
        divided: 0,
        weights: 0,
        error: None,
        ties: match ties {
            Ties::Ascending => TieOrder::Ascending,
            Ties::Descending => TieOrder::Descending,
        },
        cut_off: None,
        shares: Vec::new(),
    };
    let mut shares = Shares::of(ctx, clusters.any_order());
    let outcome = divide(ctx, clusters, replicas, &mut explained, &mut shares);
    match &outcome {
        Ok(()) => explained.shares = shares.into_list(),
        Err(error) => explained.error = Some(error.to_string()),
    }
    (explained, outcome)
}

fn divide(
    ctx: &Context<'_>,
    clusters: &mut Selection,
    replicas: i64,
    explained: &mut TierExplanation,
    shares: &mut Shares<'_>,
) -> Result<(), AssignError> {
    let strategy = strategy::strategy(ctx)?;
    explained.strategy = match strategy {
        strategy::Strategy::Duplicated => Strategy::Duplicated,
        strategy::Strategy::StaticWeight(_) => Strategy::StaticWeight,
        strategy::Strategy::Dynamic { aggregated: false } => Strategy::DynamicWeight,
        strategy::Strategy::Dynamic { aggregated: true } => Strategy::Aggregated,
    };
    if replicas <= 0 {
        return Ok(());
    }
    match strategy {
        strategy::Strategy::Duplicated => {
            for share in shares.by_cluster.values_mut() {
                share.seats = replicas;
                share.exact = replicas.to_string();
            }
        }
        strategy::Strategy::StaticWeight(rules) => {
            let parties = strategy::by_static_weight(ctx, clusters.any_order(), rules);
            shares.name_rules(&parties, rules);
            shares.divide(&parties, replicas, explained);
        }
        strategy::Strategy::Dynamic { aggregated } => match strategy::by_room(ctx, clusters, replicas) {
            Ok(ByRoom::Unchanged(scheduled)) => {
                explained.mode = Some(Mode::Unchanged);
                shares.keep(&scheduled);
            }
            Ok(ByRoom::Divide(division)) => shares.divide_by_room(division, aggregated, explained),
            Err(error) => {
                if let AssignError::TooLittleRoom { scale, .. } = &error {
                    explained.mode = Some(mode(*scale));
                    explained.divided = match scale {
                        Scale::Up => replicas.saturating_sub(strategy::assigned(ctx, clusters)),
                        Scale::Fresh | Scale::Down => replicas,
                    };
                }
                return Err(error);
            }
        },
    }
    Ok(())
}

/// Which way replicas change.
fn mode(scale: Scale) -> Mode {
    match scale {
        Scale::Fresh => Mode::Fresh,
        Scale::Up => Mode::ScaleUp,
        Scale::Down => Mode::ScaleDown,
    }
}

/// What the clusters of a tier get, by the order of their names.
struct Shares<'a> {
    ctx: &'a Context<'a>,
    by_cluster: BTreeMap<u32, ShareExplanation>,
}

impl<'a> Shares<'a> {
    fn of(ctx: &'a Context<'_>, clusters: &[Candidate]) -> Self {
        let share = |candidate: &Candidate| ShareExplanation {
            cluster: ctx.snapshot().name(candidate.cluster).to_owned(),
            weight: 0,
            rule: None,
            exact: "0".to_owned(),
            seats: 0,
            kept: 0,
            replicas: 0,
            tie: None,
        };
        Self {
            ctx,
            by_cluster: clusters
                .iter()
                .map(|candidate| (candidate.rank, share(candidate)))
                .collect(),
        }
    }

    fn get(&mut self, cluster: ClusterId) -> Option<&mut ShareExplanation> {
        let rank = self.ctx.snapshot().rank(cluster);
        self.by_cluster.get_mut(&rank)
    }

    fn into_list(self) -> Vec<ShareExplanation> {
        let shares = self.by_cluster.into_values();
        shares
            .map(|share| ShareExplanation {
                replicas: share.seats.saturating_add(share.kept),
                ..share
            })
            .collect()
    }

    /// Replicas that stay; of several entries for one cluster the last counts.
    fn keep(&mut self, scheduled: &[(ClusterId, i64)]) {
        for (cluster, replicas) in scheduled {
            if let Some(share) = self.get(*cluster) {
                share.kept = *replicas;
            }
        }
    }

    /// Which rule each weight comes from: the first of the largest ones that pick the cluster.
    fn name_rules(&mut self, parties: &[Party], rules: &[StaticClusterWeight]) {
        for party in parties {
            let view = self.ctx.snapshot().cluster(party.cluster);
            let rule = view.and_then(|view| {
                rules.iter().position(|rule| {
                    rule.weight == party.votes && affinity::matches(&view, &rule.target_cluster)
                })
            });
            if let Some(share) = self.get(party.cluster) {
                share.rule = rule;
            }
        }
    }

    fn divide_by_room(
        &mut self,
        mut division: RoomDivision,
        aggregated: bool,
        explained: &mut TierExplanation,
    ) {
        explained.mode = Some(mode(division.scale));
        if division.scale == Scale::Up {
            self.keep(&division.scheduled);
        }
        let all = division.rooms().len();
        if aggregated {
            division.cut_off();
            let kept: Vec<(ClusterId, i64)> = division.rooms().collect();
            let name = |cluster| self.ctx.snapshot().name(cluster).to_owned();
            explained.cut_off = Some(CutOff {
                kept: kept.iter().map(|(cluster, _)| name(*cluster)).collect(),
                available: kept.iter().fold(0, |sum, (_, room)| sum.saturating_add(*room)),
                dropped: all - kept.len(),
            });
        }
        let wanted = division.wanted;
        self.divide(&division.parties(), wanted, explained);
    }

    /// Divides, and says of each party how it came by its number.
    fn divide(&mut self, parties: &[Party], replicas: i64, explained: &mut TierExplanation) {
        let votes: i128 = parties.iter().map(|party| i128::from(party.votes)).sum();
        explained.divided = replicas;
        explained.weights = i64::try_from(votes).unwrap_or(i64::MAX);
        let seats: BTreeMap<ClusterId, i64> = strategy::divide_by_name(self.ctx, parties.to_vec(), replicas)
            .into_iter()
            .collect();
        let claims: Vec<Claim> = parties
            .iter()
            .map(|party| Claim {
                party: *party,
                seats: seats.get(&party.cluster).copied().unwrap_or(0),
            })
            .collect();
        let ascending = explained.ties == TieOrder::Ascending;
        let close = Close::of(&claims, ascending);
        for claim in &claims {
            let tie = close.as_ref().and_then(|close| close.tie(self.ctx, claim));
            let exact = fraction(i128::from(claim.party.votes) * i128::from(replicas), votes);
            if let Some(share) = self.get(claim.party.cluster) {
                share.weight = claim.party.votes;
                share.seats = claim.seats;
                share.exact = exact;
                share.tie = tie;
            }
        }
    }
}

/// A party with what it got.
#[derive(Clone, Copy)]
struct Claim {
    party: Party,
    seats: i64,
}

impl Claim {
    /// Compares `votes / (2·seats + 1)`, given how many seats each has; larger is the better claim.
    fn compare(&self, seats: i64, other: &Self, other_seats: i64) -> std::cmp::Ordering {
        let odd = |seats: i64| 2 * i128::from(seats) + 1;
        let (left, right) = (i128::from(self.party.votes), i128::from(other.party.votes));
        (left * odd(other_seats)).cmp(&(right * odd(seats)))
    }

    /// The whole order: by claim, then fewer seats, then name.
    fn order(&self, seats: i64, other: &Self, other_seats: i64, ascending: bool) -> std::cmp::Ordering {
        let by_name = other.party.rank.cmp(&self.party.rank);
        self.compare(seats, other, other_seats)
            .then(other_seats.cmp(&seats))
            .then(if ascending { by_name } else { by_name.reverse() })
    }
}

/// The last seat that was given and the first that was not, where their claims are equal.
struct Close {
    last: Claim,
    next: Claim,
}

impl Close {
    fn of(claims: &[Claim], ascending: bool) -> Option<Self> {
        let with_votes = || claims.iter().filter(|claim| claim.party.votes > 0);
        let last = with_votes()
            .filter(|claim| claim.seats > 0)
            .min_by(|left, right| left.order(left.seats - 1, right, right.seats - 1, ascending))?;
        let next =
            with_votes().max_by(|left, right| left.order(left.seats, right, right.seats, ascending))?;
        let equal = last.compare(last.seats - 1, next, next.seats).is_eq();
        (equal && last.party.cluster != next.party.cluster).then_some(Self {
            last: *last,
            next: *next,
        })
    }

    /// The tie that a party won its last seat in, or lost one more in.
    fn tie(&self, ctx: &Context<'_>, claim: &Claim) -> Option<Tie> {
        if claim.party.votes == 0 {
            return None;
        }
        let won = claim.seats > 0
            && claim
                .compare(claim.seats - 1, &self.next, self.next.seats)
                .is_eq();
        let lost = claim
            .compare(claim.seats, &self.last, self.last.seats - 1)
            .is_eq();
        if !won && !lost {
            return None;
        }
        let (against, fewer) = if won {
            (&self.next, claim.seats - 1 != self.next.seats)
        } else {
            (&self.last, claim.seats != self.last.seats - 1)
        };
        Some(Tie {
            won,
            against: ctx.snapshot().name(against.party.cluster).to_owned(),
            by: if fewer {
                TieRule::FewerReplicas
            } else {
                TieRule::Name
            },
        })
    }
}

/// A reduced fraction; an integer where it is one.
fn fraction(numerator: i128, denominator: i128) -> String {
    let (mut left, mut right) = (numerator, denominator);
    while right != 0 {
        (left, right) = (right, left % right);
    }
    if denominator == 0 || left == 0 {
        return "0".to_owned();
    }
    let (numerator, denominator) = (numerator / left, denominator / left);
    if denominator == 1 {
        numerator.to_string()
    } else {
        format!("{numerator}/{denominator}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_reduced() {
        fn check(numerator: i128, denominator: i128, want: &str) {
            assert_eq!(fraction(numerator, denominator), want);
        }
        check(36, 15, "12/5");
        check(36, 12, "3");
        check(0, 7, "0");
        check(0, 0, "0");
    }
}
