//! `ClusterLocality`: stay where you are.

use crate::cluster_set::ClusterId;
use crate::context::Context;
use crate::framework::{ScoreError, ScorePlugin};

/// Scores 100 for the clusters the binding has, 0 for others.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClusterLocality;

/// The best score.
const MAX_CLUSTER_SCORE: i64 = 100;

impl ScorePlugin for ClusterLocality {
    fn name(&self) -> &str {
        "ClusterLocality"
    }

    fn score(&self, ctx: &Context<'_>, clusters: &[ClusterId], scores: &mut [i64]) -> Result<(), ScoreError> {
        if ctx.spec().clusters.is_empty() {
            return Ok(());
        }
        let targets = ctx.targets();
        for (cluster, score) in clusters.iter().zip(scores) {
            if targets.contains(*cluster) {
                *score = MAX_CLUSTER_SCORE;
            }
        }
        Ok(())
    }
}
