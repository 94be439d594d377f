//! `ClusterAffinity`: the placement picks the cluster.

use karmada_core::affinity;

use crate::cluster_set::{ClusterId, ClusterSet};
use crate::context::Context;
use crate::explain::EditKind;
use crate::framework::{FilterPlugin, ScoreError, ScorePlugin, Verdict};

/// Keeps clusters that the affinity in force picks: `clusterAffinity`, or else the observed term of
/// `clusterAffinities` with, for workloads, the groups that help out. Without an affinity all clusters stay.
///
/// As a score plugin it gives every cluster 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClusterAffinity;

impl FilterPlugin for ClusterAffinity {
    fn name(&self) -> &str {
        "ClusterAffinity"
    }

    fn filter(&self, ctx: &Context<'_>, candidates: &mut ClusterSet) {
        let mut tiers = ctx.groups().tiers.iter();
        let Some(first) = tiers.next() else { return };
        if !ctx.is_workload() || tiers.len() == 0 {
            candidates.intersect(first);
            return;
        }
        let mut any = first.clone();
        for tier in tiers {
            any.union(tier);
        }
        candidates.intersect(&any);
    }

    fn verdict(&self, ctx: &Context<'_>, cluster: ClusterId) -> Verdict {
        let Some(view) = ctx.snapshot().cluster(cluster) else {
            return Verdict::Pass;
        };
        let picked = if let Some(affinity) = &ctx.placement().cluster_affinity {
            affinity::matches(&view, affinity)
        } else if let Some(term) = ctx.affinity_term() {
            let mut overflow = term.overflow_affinities.iter();
            affinity::matches(&view, &term.affinity)
                || ctx.is_workload() && overflow.any(|group| affinity::matches(&view, &group.affinity))
        } else {
            true
        };
        Verdict::unless(
            !picked,
            "cluster(s) did not match the placement cluster affinity constraint",
        )
    }

    fn reads(&self, kind: EditKind) -> bool {
        matches!(kind, EditKind::ClusterLabel | EditKind::AffinityTerm)
    }
}

impl ScorePlugin for ClusterAffinity {
    fn name(&self) -> &str {
        "ClusterAffinity"
    }

    fn score(&self, _: &Context<'_>, _: &[ClusterId], _: &mut [i64]) -> Result<(), ScoreError> {
        Ok(())
    }
}
