//! The in-tree strategies (`karmada:pkg/scheduler/core/assignment.go`, `division_algorithm.go`, `common.go`).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use karmada_core::api::policy::v1alpha1::{
    ReplicaDivisionPreference, ReplicaSchedulingType, StaticClusterWeight,
};
use karmada_core::apportion::Ties;

use super::{AssignError, Scale, Share, divide};
use crate::affinity;
use crate::cluster_set::ClusterId;
use crate::context::Context;
use crate::decision::Target;
use crate::select::{Candidate, Place, Selection};

/// How replicas are divided.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Strategy<'a> {
    Duplicated,
    StaticWeight(&'a [StaticClusterWeight]),
    Dynamic { aggregated: bool },
}

/// The division a placement names.
pub(crate) fn strategy<'a>(ctx: &Context<'a>) -> Result<Strategy<'a>, AssignError> {
    let scheduling_type = ctx.scheduling_type();
    if scheduling_type == ReplicaSchedulingType::Duplicated {
        return Ok(Strategy::Duplicated);
    }
    let chosen = ctx.placement().replica_scheduling.as_ref();
    let preference = chosen.and_then(|strategy| strategy.replica_division_preference.as_ref());
    let weights = chosen.and_then(|strategy| strategy.weight_preference.as_ref());
    match (&scheduling_type, preference) {
        (ReplicaSchedulingType::Divided, Some(ReplicaDivisionPreference::Aggregated)) => {
            Ok(Strategy::Dynamic { aggregated: true })
        }
        (ReplicaSchedulingType::Divided, Some(ReplicaDivisionPreference::Weighted)) => Ok(match weights {
            Some(weights) if weights.dynamic_weight.is_some() => Strategy::Dynamic { aggregated: false },
            Some(weights) => Strategy::StaticWeight(&weights.static_weight_list),
            None => Strategy::StaticWeight(&[]),
        }),
        _ => Err(AssignError::Unsupported {
            scheduling_type: scheduling_type.to_string(),
            division_preference: preference.map(ToString::to_string).unwrap_or_default(),
        }),
    }
}

pub(super) fn assign(ctx: &Context<'_>, selection: &mut Selection) -> Result<Vec<Target>, AssignError> {
    let mut targets = Vec::new();
    each_tier(ctx, selection, |_, clusters, replicas| {
        let assigned = assign_to(ctx, clusters, replicas)?;
        if targets.is_empty() {
            targets = assigned;
        } else {
            targets.extend(assigned);
        }
        Ok(())
    })?;
    Ok(targets)
}

/// Calls `with` for each tier that gets replicas, with its clusters and its replicas; once with everything where
/// tiers do not count.
pub(super) fn each_tier(
    ctx: &Context<'_>,
    selection: &mut Selection,
    mut with: impl FnMut(Option<u32>, &mut Selection, i64) -> Result<(), AssignError>,
) -> Result<(), AssignError> {
    let replicas = i64::from(ctx.spec().replicas);
    if !has_tiers(ctx) {
        return with(None, selection, replicas);
    }
    let mut tiers: BTreeMap<u32, Vec<Candidate>> = BTreeMap::new();
    for candidate in selection.in_order() {
        tiers.entry(candidate.overflow).or_default().push(*candidate);
    }
    let mut remaining = replicas;
    for (tier, clusters) in tiers {
        let available = clusters.iter().map(|candidate| candidate.available);
        let share = remaining.min(available.fold(0, i64::saturating_add));
        with(Some(tier), &mut Selection::ordered(clusters), share)?;
        remaining -= share;
        if remaining <= 0 {
            return Ok(());
        }
    }
    Err(AssignError::TooLittleRoomInTiers)
}

/// Whether the affinity group in force has groups that help out.
pub(super) fn has_tiers(ctx: &Context<'_>) -> bool {
    !ctx.affinity_name().is_empty()
        && ctx
            .affinity_term()
            .is_some_and(|term| !term.overflow_affinities.is_empty())
}

fn assign_to(
    ctx: &Context<'_>,
    selection: &mut Selection,
    replicas: i64,
) -> Result<Vec<Target>, AssignError> {
    let strategy = strategy(ctx)?;
    if replicas <= 0 {
        return Ok(Vec::new());
    }
    match strategy {
        Strategy::Duplicated => Ok(selection
            .in_order()
            .iter()
            .map(|candidate| target(candidate.cluster, replicas))
            .collect()),
        Strategy::StaticWeight(rules) => {
            let parties = by_static_weight(ctx, selection.any_order(), rules);
            Ok(targets(divide_by_name(ctx, parties, replicas)))
        }
        Strategy::Dynamic { aggregated } => Ok(match by_room(ctx, selection, replicas)? {
            ByRoom::Unchanged(scheduled) => targets(scheduled),
            ByRoom::Divide(division) => division.targets(ctx, aggregated),
        }),
    }
}

fn target(cluster: ClusterId, replicas: i64) -> Target {
    Target {
        cluster,
        replicas: i32::try_from(replicas).unwrap_or(i32::MAX),
    }
}

/// A party of a division.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Party {
    pub(crate) cluster: ClusterId,
    /// Its place in the order of names.
    pub(super) rank: u32,
    pub(crate) votes: i64,
}

/// Divides among parties whose clusters differ; what each gets, none left out, in the order of names.
pub(super) fn divide_by_name(
    ctx: &Context<'_>,
    mut parties: Vec<Party>,
    replicas: i64,
) -> Vec<(ClusterId, i64)> {
    let ties = Ties::for_uid(&ctx.spec().resource.uid);
    parties.sort_unstable_by_key(|party| party.rank);
    let mut shares: Vec<Share> = parties
        .iter()
        .map(|party| Share {
            votes: u64::try_from(party.votes).unwrap_or(0),
            seats: 0,
            order: match ties {
                Ties::Ascending => party.rank,
                Ties::Descending => u32::MAX - party.rank,
            },
        })
        .collect();
    divide(&mut shares, u64::try_from(replicas).unwrap_or(0));
    parties
        .iter()
        .zip(&shares)
        .map(|(party, share)| (party.cluster, i64::try_from(share.seats).unwrap_or(i64::MAX)))
        .collect()
}

fn targets(shares: impl IntoIterator<Item = (ClusterId, i64)>) -> Vec<Target> {
    shares
        .into_iter()
        .filter(|(_, replicas)| *replicas > 0)
        .map(|(cluster, replicas)| target(cluster, replicas))
        .collect()
}

/// By the largest weight of the rules that pick a cluster; clusters no rule picks take no part, unless no rule picks
/// any: then all weigh the same. Room and earlier results do not count.
pub(crate) fn by_static_weight(
    ctx: &Context<'_>,
    candidates: &[Candidate],
    rules: &[StaticClusterWeight],
) -> Vec<Party> {
    let mut weights: Vec<i64> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.weight > 0) {
        for cluster in affinity::matching(ctx.snapshot(), &rule.target_cluster).iter() {
            at_slot(&mut weights, cluster, |weight| {
                *weight = (*weight).max(rule.weight);
            });
        }
    }
    let party = |candidate: &Candidate, votes| Party {
        cluster: candidate.cluster,
        rank: candidate.rank,
        votes,
    };
    let mut parties: Vec<Party> = candidates
        .iter()
        .filter_map(|candidate| {
            let weight = weights.get(candidate.cluster.slot()).copied()?;
            (weight > 0).then(|| party(candidate, weight))
        })
        .collect();
    if parties.is_empty() {
        parties = candidates.iter().map(|candidate| party(candidate, 1)).collect();
    }
    parties
}

/// A cluster with the room that counts for it, and what orders it among others with as much.
#[derive(Clone, Copy, Debug)]
struct Room {
    cluster: ClusterId,
    rank: u32,
    room: i64,
    /// Already has replicas that stay.
    prior: bool,
    /// Its place in the selection.
    place: Place,
}

/// What a strategy that looks at room has to do.
#[derive(Debug)]
pub(super) enum ByRoom {
    /// All replicas are where they are wanted: nothing.
    Unchanged(Vec<(ClusterId, i64)>),
    /// To divide some.
    Divide(RoomDivision),
}

/// A division by room.
#[derive(Debug)]
pub(super) struct RoomDivision {
    pub(super) scale: Scale,
    /// The replicas to divide.
    pub(super) wanted: i64,
    /// The clusters in question; after scaling down with one entry per entry of the binding.
    rooms: Vec<Room>,
    /// What the binding has on selected clusters.
    pub(super) scheduled: Vec<(ClusterId, i64)>,
}

/// By room, in favour of what is there already: only the replicas that are missing or too many are divided, unless
/// somebody asked for all to be placed anew.
pub(super) fn by_room(
    ctx: &Context<'_>,
    selection: &Selection,
    replicas: i64,
) -> Result<ByRoom, AssignError> {
    let scheduled = scheduled(ctx, selection.any_order());
    let assigned: i64 = scheduled.iter().map(|(_, replicas)| replicas).sum();
    let scale = if ctx.reschedule_required() {
        Scale::Fresh
    } else if assigned > replicas {
        Scale::Down
    } else if assigned < replicas {
        Scale::Up
    } else {
        return Ok(ByRoom::Unchanged(scheduled));
    };
    let rooms: Vec<Room> = match scale {
        Scale::Down => scheduled
            .iter()
            .enumerate()
            .map(|(index, (cluster, replicas))| Room {
                cluster: *cluster,
                rank: ctx.snapshot().rank(*cluster),
                room: *replicas,
                prior: false,
                place: (index as u32, Reverse(0), Reverse(0), 0),
            })
            .collect(),
        Scale::Fresh | Scale::Up => {
            let places = selection.places();
            let (mut kept, mut prior) = (Vec::new(), ctx.snapshot().no_clusters());
            for (cluster, replicas) in &scheduled {
                if scale == Scale::Fresh {
                    at_slot(&mut kept, *cluster, |own: &mut i64| *own += replicas);
                } else if *replicas > 0 {
                    prior.insert(*cluster);
                }
            }
            selection
                .any_order()
                .iter()
                .zip(places)
                .map(|(candidate, place)| {
                    let own = kept.get(candidate.cluster.slot()).copied().unwrap_or(0);
                    Room {
                        cluster: candidate.cluster,
                        rank: candidate.rank,
                        room: i64::from(candidate.allocatable) + own,
                        prior: prior.contains(candidate.cluster),
                        place,
                    }
                })
                .collect()
        }
    };
    let available = rooms.iter().map(|room| room.room).sum();
    let wanted = if scale == Scale::Up {
        replicas - assigned
    } else {
        replicas
    };
    if available < wanted {
        return Err(AssignError::TooLittleRoom { scale, available });
    }
    Ok(ByRoom::Divide(RoomDivision {
        scale,
        wanted,
        rooms,
        scheduled,
    }))
}

impl RoomDivision {
    /// Leaves only the fewest clusters that have room for all wanted replicas.
    pub(super) fn cut_off(&mut self) {
        self.rooms = fewest(std::mem::take(&mut self.rooms), self.wanted);
    }

    /// The clusters in question with their room.
    pub(super) fn rooms(&self) -> impl ExactSizeIterator<Item = (ClusterId, i64)> + '_ {
        self.rooms.iter().map(|room| (room.cluster, room.room))
    }

    /// The clusters that take part.
    pub(super) fn parties(&mut self) -> Vec<Party> {
        // Of several entries for one cluster the last counts.
        let mut parties: Vec<Party> = std::mem::take(&mut self.rooms)
            .into_iter()
            .map(|room| Party {
                cluster: room.cluster,
                rank: room.rank,
                votes: room.room,
            })
            .collect();
        if self.scale == Scale::Down {
            parties.reverse();
            parties.sort_by_key(|party| party.cluster);
            parties.dedup_by_key(|party| party.cluster);
        }
        parties
    }

    fn targets(mut self, ctx: &Context<'_>, aggregated: bool) -> Vec<Target> {
        if aggregated {
            self.cut_off();
        }
        let added = divide_by_name(ctx, self.parties(), self.wanted);
        if self.scale != Scale::Up || self.scheduled.is_empty() {
            return targets(added);
        }
        // What was there stays: together with what is added, or behind it in the order it had.
        let mut base: Vec<Option<i64>> = Vec::new();
        for (cluster, replicas) in &self.scheduled {
            at_slot(&mut base, *cluster, |own| *own = Some(*replicas));
        }
        let mut taken = |cluster: ClusterId| base.get_mut(cluster.slot()).and_then(Option::take);
        let mut merged: Vec<(ClusterId, i64)> = added
            .into_iter()
            .map(|(cluster, replicas)| (cluster, replicas + taken(cluster).unwrap_or(0)))
            .collect();
        for (cluster, _) in &self.scheduled {
            if let Some(replicas) = taken(*cluster) {
                merged.push((*cluster, replicas));
            }
        }
        targets(merged)
    }
}

/// The binding's clusters that are still selected, with their replicas.
fn scheduled(ctx: &Context<'_>, selected: &[Candidate]) -> Vec<(ClusterId, i64)> {
    if ctx.spec().clusters.is_empty() {
        return Vec::new();
    }
    let mut set = ctx.snapshot().no_clusters();
    for candidate in selected {
        set.insert(candidate.cluster);
    }
    ctx.found()
        .iter()
        .filter(|(cluster, _)| set.contains(*cluster))
        .map(|(cluster, replicas)| (*cluster, i64::from(*replicas)))
        .collect()
}

/// The replicas the binding has on selected clusters.
pub(super) fn assigned(ctx: &Context<'_>, selection: &Selection) -> i64 {
    let scheduled = scheduled(ctx, selection.any_order());
    scheduled.iter().map(|(_, replicas)| replicas).sum()
}

/// Changes the cell of a cluster; cells are told apart by slot.
fn at_slot<T: Clone + Default>(cells: &mut Vec<T>, cluster: ClusterId, change: impl FnOnce(&mut T)) {
    if cells.len() <= cluster.slot() {
        cells.resize(cluster.slot() + 1, T::default());
    }
    if let Some(cell) = cells.get_mut(cluster.slot()) {
        change(cell);
    }
}

/// The fewest clusters that have room for all wanted replicas: those that have some already first, then those with the
/// most room.
fn fewest(mut rooms: Vec<Room>, wanted: i64) -> Vec<Room> {
    let key = |room: &Room| (Reverse(room.prior), Reverse(room.room), room.place);
    let (mut sorted, mut sum) = (0, 0i64);
    // Sorts no more than needed: the next few, four times as many each time.
    let mut step = 16;
    while sorted < rooms.len() {
        let end = (sorted + step).min(rooms.len());
        let (_, rest) = rooms.split_at_mut(sorted);
        if let Some(last) = (end - sorted).checked_sub(1)
            && end - sorted < rest.len()
        {
            rest.select_nth_unstable_by_key(last, key);
        }
        let (next, _) = rest.split_at_mut(end - sorted);
        next.sort_unstable_by_key(key);
        for (index, room) in next.iter().enumerate() {
            sum = sum.saturating_add(room.room);
            if sum >= wanted {
                rooms.truncate(sorted + index + 1);
                return rooms;
            }
        }
        sorted = end;
        step *= 4;
    }
    rooms
}
