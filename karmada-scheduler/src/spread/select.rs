//! Which clusters are used so that all spread constraints hold together.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use karmada_core::api::policy::v1alpha1::StaticClusterWeight;
use rustc_hash::FxHashMap;

use super::constraints::{self, GroupLimit};
use super::search::{Answer, Item, Problem, Property, STEPS, Worth, best};
use super::{SpreadBy, SpreadError, SpreadLimit, SpreadOptions};
use crate::assign::strategy::{self, Strategy};
use crate::cluster_set::ClusterId;
use crate::context::Context;
use crate::explain::{AllBecause, SelectionExplanation};
use crate::select::{Candidate, SelectError, SelectStage, Selection};

/// Selection in which spread constraints over cluster, region, provider, zone and labels hold together, with room for
/// all replicas.
///
/// # Guarantees
/// - The chosen clusters are in as many groups as every constraint asks for and in no more than it allows. A cluster is
///   in a group for each of its zones; a `maxGroups` of 0 is no limit; several constraints on one property all hold.
/// - Where replicas are divided, the chosen clusters have room for all of them within the limits per cluster, fixed
///   weights look at the limits only, and nobody is chosen who cannot have the least replicas or has no weight.
/// - Of all such choices it is the best by these criteria, one after the other: as little as possible of later overflow
///   tiers; Duplicated: the most clusters with room for all replicas; Aggregated: the most of the clusters that have
///   replicas already, then the fewest clusters, otherwise the most clusters; the largest sum of scores; the largest
///   sum of fixed weights; the largest sum of room; the fewest groups over all constraints; the clusters that come
///   first when sorted by these criteria one by one and by name.
///
/// # Complexity
/// The general problem is NP-hard. The search is exact for up to 16 candidates, and for more of them whenever it ends
/// within a million (2²⁰) looks at a candidate, which groups that hold many clusters each usually allow. After that the
/// best choice found so far counts; if there is none by then, one that is looked for among the clusters with the most
/// room first. What counts is a number of steps, so that the outcome is always the same.
#[derive(Clone, Debug, Default)]
pub struct TopologySelection {
    options: SpreadOptions,
}

impl TopologySelection {
    /// With these limits on replicas per cluster.
    #[must_use]
    pub fn new(options: SpreadOptions) -> Self {
        Self { options }
    }
}

impl SelectStage for TopologySelection {
    /// # Errors
    /// [`SelectError::Spread`] says which constraint cannot be met.
    fn select(&self, ctx: &Context<'_>, candidates: Vec<Candidate>) -> Result<Selection, SelectError> {
        match choose(&self.options, ctx, candidates) {
            Ok(choice) => Ok(Selection::unordered(choice.clusters)),
            Err(error) => Err(SelectError::Spread(error)),
        }
    }

    /// Says which groups are used by each constraint, and whether there could be a better choice.
    fn explain(&self, ctx: &Context<'_>, candidates: &[Candidate]) -> Option<SelectionExplanation> {
        let choice = match choose(&self.options, ctx, candidates.to_vec()) {
            Ok(choice) => choice,
            Err(error) => {
                let text = format!("Not at all: {error}.");
                return Some(SelectionExplanation::Other { text });
            }
        };
        if choice.all {
            let because = AllBecause::NoConstraints;
            return Some(SelectionExplanation::All { because });
        }
        let limits = constraints::read(ctx.placement()).ok()?;
        let used = limits.iter().map(|limit| used(ctx, limit, &choice.clusters));
        let used: Vec<String> = used.collect();
        let (count, all) = (choice.clusters.len(), candidates.len());
        let mut text = format!("{count} of {all} candidates");
        if !used.is_empty() {
            text.push_str(&format!(": {}", used.join("; ")));
        }
        text.push_str(if choice.complete {
            ". No choice is better."
        } else {
            ". Not every choice was tried."
        });
        Some(SelectionExplanation::Other { text })
    }
}

/// The groups of one property that are used, and how many there may be.
fn used(ctx: &Context<'_>, limit: &GroupLimit, chosen: &[Candidate]) -> String {
    let views = chosen
        .iter()
        .filter_map(|candidate| ctx.snapshot().cluster(candidate.cluster));
    let groups: BTreeSet<&str> = views.flat_map(|view| limit.by.groups(view)).collect();
    let allowed = if limit.max == i64::MAX {
        format!("{} or more", limit.min)
    } else {
        format!("{} to {}", limit.min, limit.max)
    };
    let names: Vec<&str> = groups.into_iter().collect();
    format!("by {} {allowed}: {}", limit.by, names.join(", "))
}

/// The clusters to use.
struct Choice {
    clusters: Vec<Candidate>,
    /// Whether there was nothing to choose by.
    all: bool,
    /// Whether no choice is better.
    complete: bool,
}

/// What clusters are chosen for.
enum Demand<'a> {
    /// Objects, or sets of components: the same everywhere.
    Same,
    /// All replicas in every cluster.
    All(i64),
    /// Replicas that are divided by fixed weights.
    Weighted(i64, &'a [StaticClusterWeight]),
    /// Replicas that are divided by room.
    Room { replicas: i64, aggregated: bool },
}

impl<'a> Demand<'a> {
    fn of(ctx: &Context<'a>) -> Self {
        let spec = ctx.spec();
        let replicas = i64::from(spec.replicas);
        if replicas <= 0 || spec.components.len() > 1 || ctx.places_component_sets() {
            return Self::Same;
        }
        match strategy::strategy(ctx) {
            // Division refuses what is no strategy.
            Err(_) => Self::Same,
            Ok(Strategy::Duplicated) => Self::All(replicas),
            Ok(Strategy::StaticWeight(rules)) => Self::Weighted(replicas, rules),
            Ok(Strategy::Dynamic { aggregated }) => Self::Room { replicas, aggregated },
        }
    }

    /// The replicas that are divided.
    fn divided(&self) -> Option<i64> {
        match self {
            Self::Same | Self::All(_) => None,
            Self::Weighted(replicas, _) | Self::Room { replicas, .. } => Some(*replicas),
        }
    }
}

/// A candidate with what the search goes by.
#[derive(Clone, Copy)]
struct Entry {
    candidate: Candidate,
    worth: Worth,
    room: i64,
}

fn choose(
    options: &SpreadOptions,
    ctx: &Context<'_>,
    mut candidates: Vec<Candidate>,
) -> Result<Choice, SpreadError> {
    let limits = constraints::read(ctx.placement())?;
    let (min, max) = options.limits()?;
    let demand = Demand::of(ctx);
    if let Demand::All(replicas) = demand
        && (replicas < min || max.is_some_and(|max| replicas > max))
    {
        return Err(SpreadError::DuplicatedOutsideLimits { replicas });
    }
    let (wanted, min) = demand.divided().map_or((0, 0), |replicas| (replicas, min));
    if limits.is_empty() && min == 0 || candidates.is_empty() {
        return Ok(Choice {
            clusters: candidates,
            all: true,
            complete: true,
        });
    }
    if ctx.places_component_sets() {
        candidates.retain(|candidate| candidate.available > 0 || ctx.targets().contains(candidate.cluster));
        if candidates.is_empty() {
            return Err(SpreadError::TooLittleRoom { room: 0, wanted: 1 });
        }
    }
    let mut entries = entries(ctx, &demand, candidates, max);
    entries.retain(|entry| entry.room >= min);
    if entries.is_empty() {
        return Err(SpreadError::TooLittleRoom { room: 0, wanted });
    }
    entries.sort_by_key(|entry| (Reverse(entry.worth), entry.candidate.rank));

    let question = Question {
        ctx,
        limits: limits.iter().collect(),
        wanted,
        by_replicas: wanted.checked_div(min).unwrap_or(i64::MAX),
    };
    let (clusters, most) = question.clusters();
    if clusters > most {
        return Err(SpreadError::TooFewReplicas {
            clusters,
            min,
            replicas: wanted,
        });
    }
    question.check(&entries)?;
    let answer = question.solve(&entries);
    match answer.chosen {
        Some(chosen) => {
            let chosen = chosen.into_iter().filter_map(|position| entries.get(position));
            Ok(Choice {
                clusters: chosen.map(|entry| entry.candidate).collect(),
                all: false,
                complete: answer.complete,
            })
        }
        None if answer.complete => Err(question.why_not(&entries)),
        None => Err(SpreadError::Undecided { steps: answer.steps }),
    }
}

/// What candidates are worth, and the room they have; those that cannot get replicas are left out.
fn entries(
    ctx: &Context<'_>,
    demand: &Demand<'_>,
    candidates: Vec<Candidate>,
    max: Option<i64>,
) -> Vec<Entry> {
    let weights: Option<FxHashMap<ClusterId, i64>> = match demand {
        Demand::Weighted(_, rules) => {
            let parties = strategy::by_static_weight(ctx, &candidates, rules).into_iter();
            Some(parties.map(|party| (party.cluster, party.votes)).collect())
        }
        Demand::Same | Demand::All(_) | Demand::Room { .. } => None,
    };
    let weight = |candidate: &Candidate| match &weights {
        Some(weights) => weights.get(&candidate.cluster).copied(),
        None => Some(0),
    };
    let kept = ctx.assigned();
    let keeps = |candidate: &Candidate| {
        let found = kept
            .binary_search_by_key(&candidate.cluster, |(cluster, _)| *cluster)
            .ok();
        let replicas = found
            .and_then(|position| kept.get(position))
            .map_or(0, |(_, replicas)| *replicas);
        replicas > 0 && !ctx.reschedule_required()
    };
    let most = max.unwrap_or(i64::MAX);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let weight = i128::from(weight(&candidate)?);
            let (tier, score) = (-i128::from(candidate.overflow), i128::from(candidate.score));
            let available = i128::from(candidate.available);
            let (worth, room) = match demand {
                Demand::Same => ([tier, 1, score, available, 0], 0),
                Demand::All(replicas) => {
                    let fits = i128::from(candidate.available >= *replicas);
                    ([tier, fits, 1, score, available], 0)
                }
                Demand::Weighted(replicas, _) => ([tier, 1, score, weight, available], most.min(*replicas)),
                Demand::Room { replicas, aggregated } => {
                    let worth = if *aggregated {
                        [tier, keeps(&candidate).into(), -1, score, available]
                    } else {
                        [tier, 1, score, available, 0]
                    };
                    (worth, candidate.available.min(most).min(*replicas).max(0))
                }
            };
            Some(Entry {
                candidate,
                worth,
                room,
            })
        })
        .collect()
}

/// What is asked of the search.
#[derive(Clone)]
struct Question<'a> {
    ctx: &'a Context<'a>,
    limits: Vec<&'a GroupLimit>,
    /// Replicas there must be room for.
    wanted: i64,
    /// The most clusters that can have their least replicas.
    by_replicas: i64,
}

impl Question<'_> {
    /// The least and the most clusters.
    fn clusters(&self) -> (i64, i64) {
        let constraint = self.limits.iter().find(|limit| limit.by == SpreadBy::Cluster);
        let (least, most) = constraint.map_or((0, i64::MAX), |limit| (limit.min, limit.max));
        (least.max(1), most.min(self.by_replicas))
    }

    /// Finds a limit that cannot be met whatever is chosen.
    fn check(&self, entries: &[Entry]) -> Result<(), SpreadError> {
        for limit in &self.limits {
            let mut groups: Vec<&str> = entries
                .iter()
                .flat_map(|entry| self.groups(entry, limit))
                .collect();
            groups.sort_unstable();
            groups.dedup();
            let found = i64::try_from(groups.len()).unwrap_or(i64::MAX);
            if found < limit.min {
                return Err(SpreadError::TooFewGroups {
                    by: limit.by.clone(),
                    min: limit.min,
                    found,
                });
            }
        }
        Ok(())
    }

    fn groups(&self, entry: &Entry, limit: &GroupLimit) -> Vec<&str> {
        let cluster = self.ctx.snapshot().cluster(entry.candidate.cluster);
        cluster
            .map(|cluster| limit.by.groups(cluster))
            .unwrap_or_default()
    }

    /// Chooses among entries in the order of what they are worth.
    fn solve(&self, entries: &[Entry]) -> Answer {
        let size = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        let grouping: Vec<&&GroupLimit> = self
            .limits
            .iter()
            .filter(|limit| limit.by != SpreadBy::Cluster)
            .collect();
        let (mut owners, mut kinds) = (Vec::new(), FxHashMap::default());
        let mut positions: Vec<FxHashMap<&str, usize>> = vec![FxHashMap::default(); grouping.len()];
        // Positions in `entries`: a cluster that lacks a property cannot be grouped by it.
        let (mut items, mut origins) = (Vec::new(), Vec::new());
        for (origin, entry) in entries.iter().enumerate() {
            let mut groups = Vec::new();
            let mut complete = true;
            for ((property, limit), known) in grouping.iter().enumerate().zip(&mut positions) {
                let before = groups.len();
                for name in self.groups(entry, limit) {
                    let group = *known.entry(name).or_insert_with(|| {
                        owners.push(property);
                        owners.len() - 1
                    });
                    if !groups.contains(&group) {
                        groups.push(group);
                    }
                }
                complete &= groups.len() > before;
            }
            if !complete {
                continue;
            }
            let mut key = groups.clone();
            key.sort_unstable();
            let next = kinds.len();
            let kind = *kinds.entry(key).or_insert(next);
            items.push(Item {
                worth: entry.worth,
                room: entry.room,
                groups,
                kind,
            });
            origins.push(origin);
        }
        let (least, most) = self.clusters();
        let properties = grouping.iter().map(|limit| Property {
            min: size(limit.min),
            max: if limit.max == i64::MAX {
                usize::MAX
            } else {
                size(limit.max)
            },
            overlapping: limit.by == SpreadBy::Zone,
        });
        let problem = Problem {
            items: &items,
            properties: properties.collect(),
            groups: &owners,
            min_clusters: size(least),
            max_clusters: size(most).min(items.len()),
            wanted: self.wanted,
        };
        let mut answer = best(&problem, STEPS);
        if let Some(chosen) = &mut answer.chosen {
            for position in chosen {
                *position = origins.get(*position).copied().unwrap_or(usize::MAX);
            }
        }
        answer
    }

    /// Why there is no choice: the clusters that meet all limits lack room, or the limits cannot be met together.
    fn why_not(&self, entries: &[Entry]) -> SpreadError {
        let regardless = Self {
            wanted: 0,
            ..self.clone()
        };
        let room = |entry: &Entry| Entry {
            worth: [entry.room.into(), 0, 0, 0, 0],
            ..*entry
        };
        let mut by_room: Vec<Entry> = entries.iter().map(room).collect();
        by_room.sort_by_key(|entry| (Reverse(entry.worth), entry.candidate.rank));
        if let Some(chosen) = regardless.solve(&by_room).chosen {
            let chosen = chosen.into_iter().filter_map(|position| by_room.get(position));
            return SpreadError::TooLittleRoom {
                room: chosen.fold(0, |sum, entry| sum.saturating_add(entry.room)),
                wanted: self.wanted,
            };
        }
        let mut limits = Vec::new();
        for (position, limit) in self.limits.iter().enumerate() {
            let mut without = regardless.clone();
            without.limits.remove(position);
            limits.push((SpreadLimit::Groups(limit.by.clone()), without));
        }
        if self.by_replicas < i64::MAX {
            let by_replicas = i64::MAX;
            limits.push((
                SpreadLimit::MinReplicas,
                Self {
                    by_replicas,
                    ..regardless
                },
            ));
        }
        let decisive = limits
            .iter()
            .find(|(_, without)| without.solve(entries).chosen.is_some());
        SpreadError::Conflict {
            limits: match decisive {
                Some((limit, _)) => vec![limit.clone()],
                None => limits.into_iter().map(|(limit, _)| limit).collect(),
            },
        }
    }
}
