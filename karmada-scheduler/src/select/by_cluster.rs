//! Selection by the number of clusters (`karmada:pkg/scheduler/core/spreadconstraint/select_clusters_by_cluster.go`).

use karmada_core::api::policy::v1alpha1::SpreadConstraint;

use super::candidates::first_in_order;
use super::{Candidate, SelectError, Selection};
use crate::context::Context;

/// Takes the most preferred clusters the constraint allows; when they have too little room, replaces them from the
/// least preferred upwards by the one with the most room. `wanted` replicas must fit, unless room does not matter.
pub(super) fn select(
    ctx: &Context<'_>,
    mut candidates: Vec<Candidate>,
    constraint: &SpreadConstraint,
    wanted: Option<i64>,
) -> Result<Selection, SelectError> {
    let total = i64::try_from(candidates.len()).unwrap_or(i64::MAX);
    if total < constraint.min_groups {
        return Err(SelectError::TooFewClusters);
    }
    let allowed = total.min(ctx.max_groups(constraint));
    let kept = usize::try_from(allowed.max(0)).unwrap_or(usize::MAX);
    first_in_order(&mut candidates, kept);
    let too_little = Err(SelectError::TooLittleRoom { clusters: allowed });
    if let Some(wanted) = wanted {
        let kept = kept.min(candidates.len());
        let (keep, rest) = candidates.split_at_mut(kept);
        let mut sum: i64 = keep
            .iter()
            .fold(0, |sum, candidate| sum.saturating_add(candidate.available));
        if sum < wanted {
            // Of clusters with the same room the more preferred one comes first.
            super::in_order(rest);
            for slot in keep.iter_mut().rev() {
                if sum >= wanted {
                    break;
                }
                let mut best: Option<&mut Candidate> = None;
                for candidate in rest.iter_mut() {
                    let most = best.as_ref().map_or(slot.available, |best| best.available);
                    if candidate.available > most {
                        best = Some(candidate);
                    }
                }
                if let Some(best) = best {
                    sum = sum.saturating_add(best.available - slot.available);
                    std::mem::swap(slot, best);
                }
            }
        }
        if sum < wanted || keep.is_empty() {
            return too_little;
        }
    }
    candidates.truncate(kept);
    Ok(Selection::ordered(candidates))
}
