//! Selection by region (`karmada:pkg/scheduler/core/spreadconstraint/select_clusters_by_region.go`).

use karmada_core::api::policy::v1alpha1::SpreadConstraint;
use rustc_hash::FxHashMap;

use super::candidates::first_in_order;
use super::combination::{Best, Group, best};
use super::groups::GroupScore;
use super::{Candidate, SelectError, Selection, in_order};
use crate::cluster_set::ROWS;
use crate::context::Context;
use crate::fleet::chunk::NO_REGION;

/// Picks the best combination of regions, takes the most preferred cluster of each, and fills up with the most
/// preferred of the others to as many clusters as allowed. The regions' clusters stay even if there are more of them
/// than that, unless that is corrected; room is not looked at.
pub(super) fn select(
    ctx: &Context<'_>,
    candidates: Vec<Candidate>,
    limits: &Limits<'_>,
) -> Result<Selection, SelectError> {
    let regions = grouped(ctx, candidates);
    let groups = groups(ctx, &regions, limits.region);
    let best = best_regions(ctx, &groups, limits)?;
    let (mut selected, others) = fill(ctx, &regions, &best, limits);
    selected.extend(others);
    Ok(Selection::ordered(selected))
}

/// The constraints that count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits<'a> {
    pub(super) region: &'a SpreadConstraint,
    pub(super) cluster: Option<&'a SpreadConstraint>,
}

impl Limits<'_> {
    pub(super) fn min_clusters(&self) -> i64 {
        self.cluster.map_or(0, |constraint| constraint.min_groups)
    }

    pub(super) fn max_clusters(&self, ctx: &Context<'_>) -> i64 {
        ctx.max_groups(self.cluster.unwrap_or(&SpreadConstraint::default()))
    }

    pub(super) fn max_regions(&self, ctx: &Context<'_>) -> i64 {
        let max_regions = ctx.max_groups(self.region);
        match self.limits_regions(ctx) {
            Some(clusters) => max_regions.min(clusters),
            None => max_regions,
        }
    }

    /// The number of clusters that is also one of regions.
    fn limits_regions(&self, ctx: &Context<'_>) -> Option<i64> {
        let limit = self.cluster.map_or(0, |constraint| constraint.max_groups);
        (ctx.corrections().region_cluster_limit && limit > 0).then_some(limit)
    }
}

/// A region with its candidates, the most preferred first.
pub(super) type Region<'a> = (&'a str, Vec<Candidate>);

/// The candidates of each region in the order of preference; those without one are left out.
pub(super) fn grouped<'a>(ctx: &'a Context<'_>, candidates: Vec<Candidate>) -> Vec<Region<'a>> {
    let mut regions = group(ctx, candidates);
    for (_, members) in &mut regions {
        in_order(members);
    }
    regions
}

/// What combinations of regions are made of.
pub(super) fn groups<'a>(
    ctx: &Context<'_>,
    regions: &'a [Region<'_>],
    region: &SpreadConstraint,
) -> Vec<Group<'a>> {
    let score = GroupScore::new(ctx, region.min_groups);
    let group = |(name, members): &'a Region<'_>| Group {
        name,
        value: members.len() as i64,
        weight: score.of(members.iter()),
    };
    regions.iter().map(group).collect()
}

/// The regions to use.
pub(super) fn best_regions(
    ctx: &Context<'_>,
    groups: &[Group<'_>],
    limits: &Limits<'_>,
) -> Result<Best, SelectError> {
    let min_regions = limits.region.min_groups;
    let count = i64::try_from(groups.len()).unwrap_or(i64::MAX);
    if count < min_regions {
        return Err(SelectError::TooFewRegions);
    }
    if let Some(clusters) = limits.limits_regions(ctx)
        && min_regions > clusters
    {
        return Err(SelectError::MoreRegionsThanClusters {
            regions: min_regions,
            clusters,
        });
    }
    best(
        groups,
        min_regions,
        limits.max_regions(ctx),
        limits.min_clusters(),
    )
    .filter(|best| !best.chosen().is_empty())
    .ok_or(SelectError::TooFewClustersInRegions)
}

/// The most preferred cluster of each chosen region, and the most preferred of their others up to the limit.
pub(super) fn fill(
    ctx: &Context<'_>,
    regions: &[Region<'_>],
    best: &Best,
    limits: &Limits<'_>,
) -> (Vec<Candidate>, Vec<Candidate>) {
    let (mut selected, mut others) = (Vec::new(), Vec::new());
    for position in best.chosen() {
        let members = regions.get(*position).map_or(&[][..], |(_, members)| members);
        if let Some((first, rest)) = members.split_first() {
            selected.push(*first);
            others.extend_from_slice(rest);
        }
    }
    let all = (selected.len() + others.len()) as i64;
    let missing = all.min(limits.max_clusters(ctx).max(0)) - selected.len() as i64;
    let missing = usize::try_from(missing).unwrap_or(0);
    first_in_order(&mut others, missing);
    others.truncate(missing);
    (selected, others)
}

/// The candidates of each region; those without one are left out.
fn group<'a>(ctx: &'a Context<'_>, candidates: Vec<Candidate>) -> Vec<(&'a str, Vec<Candidate>)> {
    let mut regions: Vec<(&str, Vec<Candidate>)> = Vec::new();
    let mut positions: FxHashMap<&str, usize> = FxHashMap::default();
    // Where the regions of the current chunk are in `regions`.
    let mut chunk_index = usize::MAX;
    let mut local: Vec<usize> = Vec::new();
    for candidate in candidates {
        let (index, row) = (candidate.cluster.slot() / ROWS, candidate.cluster.slot() % ROWS);
        let Some(chunk) = ctx.snapshot().chunks().get(index) else {
            continue;
        };
        if index != chunk_index {
            chunk_index = index;
            local.clear();
            local.resize(chunk.regions.len(), usize::MAX);
        }
        let region = chunk.region.get(row).copied().unwrap_or(NO_REGION);
        let Some(position) = local.get_mut(usize::from(region)) else {
            continue;
        };
        if *position == usize::MAX {
            let name = chunk
                .regions
                .get(usize::from(region))
                .map_or("", |(name, _)| &**name);
            *position = *positions.entry(name).or_insert_with(|| {
                regions.push((name, Vec::new()));
                regions.len() - 1
            });
        }
        if let Some((_, members)) = regions.get_mut(*position) {
            members.push(candidate);
        }
    }
    regions
}
