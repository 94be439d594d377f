//! Selection by the number of clusters (`karmada:pkg/scheduler/core/spreadconstraint/select_clusters_by_cluster.go`).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use karmada_core::api::policy::v1alpha1::SpreadConstraint;

use super::candidates::first_in_order;
use super::{Candidate, SelectError, Selection};
use crate::context::Context;

/// Takes the most preferred clusters the constraint allows; when they have too little room, replaces them from the
/// least preferred upwards by the one with the most room. `wanted` replicas must fit, unless room does not matter.
///
/// # Complexity
/// `O(n log n)` for `n` candidates, however many are replaced.
pub(super) fn select(
    ctx: &Context<'_>,
    mut candidates: Vec<Candidate>,
    constraint: &SpreadConstraint,
    wanted: Option<i64>,
) -> Result<Selection, SelectError> {
    let allowed = allowed(ctx, candidates.len(), constraint)?;
    let kept = keep(&mut candidates, allowed, wanted);
    candidates.truncate(kept);
    if let Some(wanted) = wanted
        && (room(&candidates) < wanted || candidates.is_empty())
    {
        return Err(SelectError::TooLittleRoom { clusters: allowed });
    }
    Ok(Selection::ordered(candidates))
}

/// How many of so many clusters the constraint allows.
pub(super) fn allowed(
    ctx: &Context<'_>,
    candidates: usize,
    constraint: &SpreadConstraint,
) -> Result<i64, SelectError> {
    let total = i64::try_from(candidates).unwrap_or(i64::MAX);
    if total < constraint.min_groups {
        return Err(SelectError::TooFewClusters);
    }
    Ok(total.min(ctx.max_groups(constraint)))
}

/// What clusters have room for together.
pub(super) fn room(clusters: &[Candidate]) -> i64 {
    let available = clusters.iter().map(|candidate| candidate.available);
    available.fold(0, i64::saturating_add)
}

/// Brings the clusters to keep to the front, as far as possible such that the wanted replicas fit; how many they are.
pub(super) fn keep(candidates: &mut [Candidate], allowed: i64, wanted: Option<i64>) -> usize {
    let kept = usize::try_from(allowed.max(0)).unwrap_or(usize::MAX);
    first_in_order(candidates, kept);
    let kept = kept.min(candidates.len());
    let Some(wanted) = wanted else { return kept };
    let (keep, rest) = candidates.split_at_mut(kept);
    let mut sum = room(keep);
    if sum < wanted {
        // Of clusters with the same room the more preferred one comes first.
        super::in_order(rest);
        let mut most: BinaryHeap<(i64, Reverse<usize>)> = rest
            .iter()
            .enumerate()
            .map(|(index, candidate)| (candidate.available, Reverse(index)))
            .collect();
        for slot in keep.iter_mut().rev() {
            if sum >= wanted {
                break;
            }
            let Some(mut top) = most.peek_mut() else { break };
            let (available, Reverse(index)) = *top;
            if available > slot.available
                && let Some(best) = rest.get_mut(index)
            {
                sum = sum.saturating_add(available - slot.available);
                // The one that gives way can come back in place of a later one.
                top.0 = slot.available;
                std::mem::swap(slot, best);
            }
        }
    }
    kept
}
