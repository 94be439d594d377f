//! How the in-tree selection comes about, told with its own steps.

use karmada_core::api::policy::v1alpha1::SpreadConstraint;

use super::by_region::{Limits, Region};
use super::groups::GroupScore;
use super::tally::tally;
use super::{Candidate, Method, by_cluster, by_region, with_room};
use crate::context::Context;
use crate::explain::{
    ByClusterExplanation, ByRegionExplanation, CombinationRule, Combinations, GroupExplanation,
    GroupScoreExplanation, GroupVerdict, SelectionExplanation, Swap,
};

pub(super) fn explain(ctx: &Context<'_>, candidates: &[Candidate]) -> Option<SelectionExplanation> {
    Some(match Method::of(ctx) {
        Method::All(because) => SelectionExplanation::All { because },
        Method::ByCluster { constraint, wanted } => {
            SelectionExplanation::ByCluster(clusters(ctx, candidates, constraint, wanted))
        }
        Method::ByRegion(limits) => SelectionExplanation::ByRegion(regions(ctx, candidates, &limits)),
        Method::Unsupported => SelectionExplanation::Unsupported,
    })
}

fn name(ctx: &Context<'_>, candidate: &Candidate) -> String {
    ctx.snapshot().name(candidate.cluster).to_owned()
}

fn names(ctx: &Context<'_>, candidates: &[Candidate]) -> Vec<String> {
    candidates.iter().map(|candidate| name(ctx, candidate)).collect()
}

fn clusters(
    ctx: &Context<'_>,
    candidates: &[Candidate],
    constraint: &SpreadConstraint,
    wanted: Option<i64>,
) -> ByClusterExplanation {
    let mut explained = ByClusterExplanation {
        min_groups: constraint.min_groups,
        max_groups: ctx.max_groups(constraint),
        candidates: candidates.len(),
        wanted,
        preferred: Vec::new(),
        preferred_available: 0,
        swaps: Vec::new(),
        available: 0,
    };
    let Ok(allowed) = by_cluster::allowed(ctx, candidates.len(), constraint) else {
        return explained;
    };
    let mut after = candidates.to_vec();
    let kept = by_cluster::keep(&mut after, allowed, wanted);
    after.truncate(kept);
    let preferred = candidates.get(..kept).unwrap_or(candidates);
    explained.preferred = names(ctx, preferred);
    explained.preferred_available = by_cluster::room(preferred);
    explained.available = explained.preferred_available;
    // Who comes in takes the place of who gives way, and every place changes once at most, the last one first.
    for (out, into) in preferred.iter().zip(&after).rev() {
        if out.cluster != into.cluster {
            explained.available = explained.available.saturating_add(into.available - out.available);
            explained.swaps.push(Swap {
                out: name(ctx, out),
                out_available: out.available,
                into: name(ctx, into),
                in_available: into.available,
                available: explained.available,
            });
        }
    }
    explained
}

fn regions(ctx: &Context<'_>, candidates: &[Candidate], limits: &Limits<'_>) -> ByRegionExplanation {
    let constraint = limits.region;
    let regions = by_region::grouped(ctx, with_room(ctx, candidates.to_vec()).unwrap_or_default());
    let groups = by_region::groups(ctx, &regions, constraint);
    let best = by_region::best_regions(ctx, &groups, limits).ok();
    let mut explained = ByRegionExplanation {
        min_groups: constraint.min_groups,
        max_groups: ctx.max_groups(constraint),
        min_clusters: limits.min_clusters(),
        max_clusters: limits.max_clusters(ctx),
        regions: Vec::with_capacity(regions.len()),
        combinations: None,
        firsts: Vec::new(),
        others: Vec::new(),
    };
    let score = GroupScore::new(ctx, constraint.min_groups);
    for (position, region) in regions.iter().enumerate() {
        let verdict = match &best {
            None => GroupVerdict::NoCombination,
            Some(best) if best.chosen().contains(&position) => GroupVerdict::Chosen,
            Some(best) if best.spared().contains(&position) => GroupVerdict::Spared,
            Some(_) => GroupVerdict::Outweighed,
        };
        explained.regions.push(group(ctx, region, score, verdict));
    }
    explained
        .regions
        .sort_by(|left, right| (right.score.total, &left.name).cmp(&(left.score.total, &right.name)));
    if let Some(best) = &best {
        let counted = tally(
            &groups,
            constraint.min_groups,
            limits.max_regions(ctx),
            limits.min_clusters(),
        );
        let positions = best.chosen().iter().chain(best.spared());
        explained.combinations = Some(Combinations {
            considered: counted.all,
            with_best_score: counted.heaviest,
            with_most_clusters: counted.most_valuable,
            decided_by: if counted.all <= 1 {
                CombinationRule::Only
            } else if counted.heaviest <= 1 {
                CombinationRule::Score
            } else if counted.most_valuable <= 1 {
                CombinationRule::Clusters
            } else {
                CombinationRule::FirstFound
            },
            best: positions
                .filter_map(|position| regions.get(*position))
                .map(|(name, _)| (*name).to_owned())
                .collect(),
        });
        let (firsts, others) = by_region::fill(ctx, &regions, best, limits);
        (explained.firsts, explained.others) = (names(ctx, &firsts), names(ctx, &others));
    }
    explained
}

fn group(
    ctx: &Context<'_>,
    (name, members): &Region<'_>,
    score: GroupScore,
    verdict: GroupVerdict,
) -> GroupExplanation {
    let parts = score.parts(members.iter());
    let (wanted, duplicated) = match score {
        GroupScore::Duplicated { target } => (target, true),
        GroupScore::Divided { target, .. } => (target, false),
    };
    GroupExplanation {
        name: (*name).to_owned(),
        clusters: names(ctx, members),
        available: by_cluster::room(members),
        score: GroupScoreExplanation {
            total: parts.total(),
            wanted,
            duplicated,
            reached: parts.reached,
            clusters: parts.clusters,
            mean: parts.mean,
        },
        verdict,
    }
}
