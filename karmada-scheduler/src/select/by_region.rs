//! Selection by region (`karmada:pkg/scheduler/core/spreadconstraint/select_clusters_by_region.go`).

use karmada_core::api::policy::v1alpha1::SpreadConstraint;
use rustc_hash::FxHashMap;

use super::candidates::first_in_order;
use super::combination::{Group, best};
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
    region: &SpreadConstraint,
    cluster: Option<&SpreadConstraint>,
) -> Result<Selection, SelectError> {
    let mut regions = group(ctx, candidates);
    let count = i64::try_from(regions.len()).unwrap_or(i64::MAX);
    if count < region.min_groups {
        return Err(SelectError::TooFewRegions);
    }
    let score = GroupScore::new(ctx, region.min_groups);
    for (_, members) in &mut regions {
        in_order(members);
    }
    let groups: Vec<Group<'_>> = regions
        .iter()
        .map(|(name, members)| Group {
            name,
            value: members.len() as i64,
            weight: score.of(members.iter()),
        })
        .collect();
    let no_constraint = SpreadConstraint::default();
    let cluster = cluster.unwrap_or(&no_constraint);
    let max_clusters = ctx.max_groups(cluster);
    let mut max_regions = ctx.max_groups(region);
    if ctx.corrections().region_cluster_limit && cluster.max_groups > 0 {
        if region.min_groups > cluster.max_groups {
            return Err(SelectError::MoreRegionsThanClusters {
                regions: region.min_groups,
                clusters: cluster.max_groups,
            });
        }
        max_regions = max_regions.min(cluster.max_groups);
    }
    let chosen = best(&groups, region.min_groups, max_regions, cluster.min_groups)
        .filter(|chosen| !chosen.is_empty())
        .ok_or(SelectError::TooFewClustersInRegions)?;

    let (mut selected, mut others) = (Vec::new(), Vec::new());
    for position in chosen {
        let members = regions.get(position).map_or(&[][..], |(_, members)| members);
        if let Some((first, rest)) = members.split_first() {
            selected.push(*first);
            others.extend_from_slice(rest);
        }
    }
    let all = (selected.len() + others.len()) as i64;
    let missing = all.min(max_clusters.max(0)) - selected.len() as i64;
    if let Ok(missing) = usize::try_from(missing) {
        first_in_order(&mut others, missing);
        selected.extend(others.into_iter().take(missing));
    }
    Ok(Selection::ordered(selected))
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
