//! How replicas are divided within limits per cluster, and among regions first.

use std::collections::BTreeMap;

use karmada_core::apportion::Ties;

use super::divide::{Share, divide};
use super::{RegionWeights, SpreadError, SpreadOptions};
use crate::assign::strategy::{self, Strategy};
use crate::assign::{AssignError, AssignStage, StrategyAssignment};
use crate::context::Context;
use crate::decision::Target;
use crate::explain::AssignmentExplanation;
use crate::select::{Candidate, Selection};

/// Division by the placement's strategy within limits per cluster, and among regions first where they have weights.
///
/// Without options it is [`StrategyAssignment`].
///
/// # Guarantees
/// - Replicas add up, every selected cluster gets at least the minimum and nobody more than the maximum or, where
///   replicas are divided by room, than it has room for.
/// - Proportions at each level are those of [`karmada_core::apportion`], one replica at a time to those who may have
///   another one, beginning with the least each must have.
/// - What is there stays as far as limits allow, unless somebody asked for all to be placed anew or weights are fixed:
///   with more replicas nobody loses one, with fewer nobody gains one.
///
/// # Complexity
/// `O(k² log k)` for `k` selected clusters at worst, `O(k log k)` where few reach their maximum; whatever the number of
/// replicas.
#[derive(Clone, Debug, Default)]
pub struct LimitedAssignment {
    options: SpreadOptions,
}

impl LimitedAssignment {
    /// With these limits and weights.
    #[must_use]
    pub fn new(options: SpreadOptions) -> Self {
        Self { options }
    }
}

impl LimitedAssignment {
    /// What each cluster gets within limits; nothing where limits and weights of regions do not count.
    fn divide<'a>(
        &self,
        ctx: &'a Context<'_>,
        selection: &mut Selection,
    ) -> Result<Option<Vec<Member<'a>>>, AssignError> {
        let strategy = strategy::strategy(ctx)?;
        let (min, max) = self.options.limits().map_err(AssignError::Spread)?;
        let replicas = i64::from(ctx.spec().replicas);
        if replicas <= 0 {
            return Ok(Some(Vec::new()));
        }
        let duplicated = matches!(strategy, Strategy::Duplicated);
        if duplicated && (replicas < min || max.is_some_and(|max| replicas > max)) {
            return Err(AssignError::Spread(SpreadError::DuplicatedOutsideLimits {
                replicas,
            }));
        }
        if duplicated || self.options.is_plain() {
            return Ok(None);
        }
        let division = Division {
            ties: Ties::for_uid(&ctx.spec().resource.uid),
            region_weights: self.options.region_weights.as_ref(),
            aggregated: matches!(strategy, Strategy::Dynamic { aggregated: true }),
            anew: !matches!(strategy, Strategy::Dynamic { .. }) || ctx.reschedule_required(),
        };
        let limits = (min, max.unwrap_or(i64::MAX).min(replicas));
        let members = members(ctx, selection.in_order(), &strategy, limits);
        division
            .by_tier(members, replicas)
            .map(Some)
            .map_err(AssignError::Spread)
    }
}

impl AssignStage for LimitedAssignment {
    /// # Errors
    /// As [`StrategyAssignment`], and [`AssignError::Spread`] when the limits leave no division.
    fn assign(&self, ctx: &Context<'_>, selection: &mut Selection) -> Result<Vec<Target>, AssignError> {
        let Some(members) = self.divide(ctx, selection)? else {
            return StrategyAssignment.assign(ctx, selection);
        };
        let targets = members.into_iter().filter(|member| member.replicas > 0);
        Ok(targets
            .map(|member| Target {
                cluster: member.candidate.cluster,
                replicas: i32::try_from(member.replicas).unwrap_or(i32::MAX),
            })
            .collect())
    }

    /// Says what every cluster gets and between which limits, by region where regions have weights.
    fn explain(&self, ctx: &Context<'_>, selection: &mut Selection) -> Option<AssignmentExplanation> {
        let Some(members) = self.divide(ctx, selection).ok()? else {
            return StrategyAssignment.explain(ctx, selection);
        };
        let of = |member: &Member<'_>| {
            let (name, replicas, least, most) = (member.name, member.replicas, member.least, member.most);
            format!("{name} {replicas} ({least} to {most})")
        };
        let mut regions: BTreeMap<&str, Vec<&Member<'_>>> = BTreeMap::new();
        for member in &members {
            let region = self.options.region_weights.as_ref().map_or("", |_| member.region);
            regions.entry(region).or_default().push(member);
        }
        let texts = regions.into_iter().map(|(region, members)| {
            let clusters: Vec<String> = members.iter().map(|member| of(member)).collect();
            let clusters = clusters.join(", ");
            if self.options.region_weights.is_none() {
                return clusters;
            }
            let replicas = sum(members.iter().map(|member| member.replicas));
            let region = if region.is_empty() { "no region" } else { region };
            format!("{region} {replicas}: {clusters}")
        });
        let texts: Vec<String> = texts.collect();
        Some(AssignmentExplanation::Other {
            text: format!("Replicas and the limits of each cluster: {}.", texts.join("; ")),
        })
    }
}

/// A selected cluster.
#[derive(Clone, Debug)]
struct Member<'a> {
    candidate: Candidate,
    name: &'a str,
    region: &'a str,
    /// Its weight.
    votes: i64,
    /// The replicas it has.
    base: i64,
    /// The least and the most it may have.
    least: i64,
    most: i64,
    /// What it gets.
    replicas: i64,
}

fn members<'a>(
    ctx: &'a Context<'_>,
    selected: &[Candidate],
    strategy: &Strategy<'_>,
    (least, most): (i64, i64),
) -> Vec<Member<'a>> {
    let assigned: BTreeMap<_, _> = ctx.assigned().into_iter().collect();
    let weights: Option<BTreeMap<_, i64>> = match strategy {
        Strategy::StaticWeight(rules) => {
            let parties = strategy::by_static_weight(ctx, selected, rules).into_iter();
            Some(parties.map(|party| (party.cluster, party.votes)).collect())
        }
        Strategy::Duplicated | Strategy::Dynamic { .. } => None,
    };
    selected
        .iter()
        .map(|candidate| {
            let view = ctx.snapshot().cluster(candidate.cluster);
            let base = assigned
                .get(&candidate.cluster)
                .copied()
                .map_or(0, i64::from)
                .max(0);
            let (votes, room) = if let Some(weights) = &weights {
                (weights.get(&candidate.cluster).copied().unwrap_or(0), i64::MAX)
            } else if ctx.reschedule_required() {
                (candidate.available, candidate.available)
            } else {
                (candidate.allocatable.into(), candidate.available)
            };
            Member {
                candidate: *candidate,
                name: ctx.snapshot().name(candidate.cluster),
                region: view.map_or("", |view| view.region()),
                votes: votes.max(0),
                base,
                least,
                most: most.min(room),
                replicas: 0,
            }
        })
        .collect()
}

/// Somebody who may get replicas, to begin with as many as it has by itself.
struct Receiver {
    /// Its position among the members.
    member: usize,
    votes: i64,
    /// Replicas that count as given when proportions are compared.
    counted: i64,
    /// How many more it may get.
    more: i64,
}

struct Division<'a> {
    ties: Ties,
    region_weights: Option<&'a RegionWeights>,
    aggregated: bool,
    /// Whether what is there does not count.
    anew: bool,
}

fn sum(numbers: impl Iterator<Item = i64>) -> i64 {
    numbers.fold(0, i64::saturating_add)
}

impl Division<'_> {
    /// Overflow tiers one after the other: each gets what it has room for, but for the least that those after it must
    /// have. What every member gets, in the order of names.
    fn by_tier<'m>(&self, members: Vec<Member<'m>>, replicas: i64) -> Result<Vec<Member<'m>>, SpreadError> {
        let too_little = |room: i64| SpreadError::TooLittleRoom {
            room,
            wanted: replicas,
        };
        let room = sum(members.iter().map(|member| member.most));
        let mut reserved = sum(members.iter().map(|member| member.least));
        if members.iter().any(|member| member.most < member.least) || room < replicas {
            return Err(too_little(room));
        }
        if reserved > replicas {
            return Err(SpreadError::TooFewReplicas {
                clusters: i64::try_from(members.len()).unwrap_or(i64::MAX),
                min: members.first().map_or(0, |member| member.least),
                replicas,
            });
        }
        let mut tiers: BTreeMap<u32, Vec<Member<'_>>> = BTreeMap::new();
        for member in members {
            tiers.entry(member.candidate.overflow).or_default().push(member);
        }
        let (mut remaining, mut divided) = (replicas, Vec::new());
        for mut tier in tiers.into_values() {
            reserved -= sum(tier.iter().map(|member| member.least));
            let share = sum(tier.iter().map(|member| member.most)).min(remaining - reserved);
            let left = self.within_tier(&mut tier, share);
            if left > 0 {
                return Err(too_little(replicas - left));
            }
            remaining -= share;
            divided.append(&mut tier);
        }
        divided.sort_unstable_by_key(|member| member.candidate.rank);
        Ok(divided)
    }

    /// Returns the replicas nobody with votes may have.
    fn within_tier(&self, members: &mut [Member<'_>], replicas: i64) -> i64 {
        for member in members.iter_mut() {
            let base = if self.anew { 0 } else { member.base };
            member.replicas = base.clamp(member.least, member.most);
        }
        let missing = replicas - sum(members.iter().map(|member| member.replicas));
        let fewer = missing < 0;
        let receivers = (0..).zip(members.iter()).map(|(position, member)| Receiver {
            member: position,
            // With fewer replicas what each has weighs, and nobody gets more than that.
            votes: if fewer { member.replicas } else { member.votes },
            counted: if fewer || self.anew {
                member.least
            } else {
                (member.replicas - member.base).max(0)
            },
            more: if fewer {
                member.replicas - member.least
            } else {
                member.most - member.replicas
            },
        });
        let receivers: Vec<Receiver> = receivers.collect();
        if fewer {
            for member in members.iter_mut() {
                member.replicas = member.least;
            }
        }
        let missing = replicas - sum(members.iter().map(|member| member.replicas));
        self.give(members, &receivers, missing)
    }

    /// The fewest that may have all that is missing: those that have replicas already first, then those with the most
    /// votes.
    fn fewest<'r>(
        &self,
        members: &[Member<'_>],
        mut receivers: Vec<&'r Receiver>,
        missing: i64,
    ) -> Vec<&'r Receiver> {
        let has_replicas = |receiver: &Receiver| {
            !self.anew && members.get(receiver.member).is_some_and(|member| member.base > 0)
        };
        receivers.sort_by_key(|receiver| std::cmp::Reverse((has_replicas(receiver), receiver.votes)));
        let mut room = 0i64;
        let enough = receivers.iter().position(|receiver| {
            room = room.saturating_add(receiver.more);
            room >= missing
        });
        receivers.truncate(enough.map_or(receivers.len(), |last| last + 1));
        receivers
    }

    /// Gives out what is missing; returns what nobody with votes may have.
    fn give(&self, members: &mut [Member<'_>], receivers: &[Receiver], missing: i64) -> i64 {
        let Some(weights) = self.region_weights else {
            return self.give_to(members, receivers.iter().collect(), missing);
        };
        let mut held: BTreeMap<&str, i64> = BTreeMap::new();
        for member in members.iter() {
            let replicas = held.entry(member.region).or_default();
            *replicas = replicas.saturating_add(member.replicas);
        }
        let mut regions: BTreeMap<&str, Vec<&Receiver>> = BTreeMap::new();
        for receiver in receivers {
            let region = members.get(receiver.member).map_or("", |member| member.region);
            regions.entry(region).or_default().push(receiver);
        }
        let number = |number: i64| u64::try_from(number).unwrap_or(0);
        let mut shares: Vec<Share<'_>> = regions
            .iter()
            .map(|(region, receivers)| {
                let of = |what: fn(&Receiver) -> i64| sum(receivers.iter().map(|receiver| what(receiver)));
                // Who has no votes gets nothing, and makes no room for its region.
                let open = receivers.iter().filter(|receiver| receiver.votes > 0);
                let more = sum(open.map(|receiver| receiver.more));
                let (votes, seats) = match weights {
                    RegionWeights::Clusters => {
                        (of(|receiver| receiver.votes), of(|receiver| receiver.counted))
                    }
                    RegionWeights::Fixed(weights) => {
                        let weight = weights.get(*region).map_or(1, |weight| weight.get());
                        (weight.into(), held.get(region).copied().unwrap_or(0))
                    }
                };
                Share {
                    name: region,
                    votes: number(votes),
                    seats: number(seats),
                    most: number(seats.saturating_add(more)),
                }
            })
            .collect();
        let before: Vec<u64> = shares.iter().map(|share| share.seats).collect();
        let mut left = i64::try_from(divide(&mut shares, number(missing), self.ties)).unwrap_or(i64::MAX);
        let given: Vec<i64> = shares
            .iter()
            .zip(before)
            .map(|(share, before)| i64::try_from(share.seats - before).unwrap_or(i64::MAX))
            .collect();
        for (receivers, given) in regions.into_values().zip(given) {
            left += self.give_to(members, receivers, given);
        }
        left
    }

    fn give_to(&self, members: &mut [Member<'_>], mut receivers: Vec<&Receiver>, missing: i64) -> i64 {
        let number = |number: i64| u64::try_from(number).unwrap_or(0);
        if self.aggregated {
            receivers = self.fewest(members, receivers, missing);
        }
        let mut shares: Vec<Share<'_>> = receivers
            .iter()
            .map(|receiver| Share {
                name: members.get(receiver.member).map_or("", |member| member.name),
                votes: number(receiver.votes),
                seats: number(receiver.counted),
                most: number(receiver.counted.saturating_add(receiver.more)),
            })
            .collect();
        let left = divide(&mut shares, number(missing), self.ties);
        let given: Vec<u64> = shares.iter().map(|share| share.seats).collect();
        for (receiver, seats) in receivers.iter().zip(given) {
            if let Some(member) = members.get_mut(receiver.member) {
                let given = i64::try_from(seats).unwrap_or(i64::MAX) - receiver.counted;
                member.replicas = member.replicas.saturating_add(given);
            }
        }
        i64::try_from(left).unwrap_or(i64::MAX)
    }
}
