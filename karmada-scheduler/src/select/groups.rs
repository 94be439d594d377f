//! How good a group of clusters is (`karmada:pkg/scheduler/core/spreadconstraint/group_clusters.go`).

use karmada_core::api::policy::v1alpha1::{ReplicaSchedulingType, SpreadFieldValue};

use super::Candidate;
use crate::context::Context;

/// What a cluster, or a replica, counts compared with a score.
const WEIGHT_UNIT: i64 = 1000;

/// What the scores of all groups of a decision are computed with.
#[derive(Clone, Copy, Debug)]
pub(super) enum GroupScore {
    /// Every cluster gets all replicas: how many clusters of the group can take them.
    Duplicated {
        /// The replicas.
        target: i64,
    },
    /// The replicas are divided: whether the group can take its share.
    Divided {
        /// Its share.
        target: i64,
        /// Over at least so many clusters.
        clusters: i64,
    },
}

impl GroupScore {
    pub(super) fn new(ctx: &Context<'_>, min_groups: i64) -> Self {
        let replicas = i64::from(ctx.spec().replicas);
        if ctx.scheduling_type() == ReplicaSchedulingType::Duplicated {
            return Self::Duplicated { target: replicas };
        }
        // Admission sees to at least one group; a hand-written 0 counts as 1.
        let groups = min_groups.max(1);
        let constraints = ctx.placement().spread_constraints.iter();
        let cluster_min = constraints
            .filter(|constraint| constraint.spread_by_field == Some(SpreadFieldValue::Cluster))
            .map(|constraint| constraint.min_groups)
            .next_back()
            .unwrap_or(0);
        Self::Divided {
            target: replicas.div_euclid(groups) + i64::from(replicas.rem_euclid(groups) > 0),
            clusters: cluster_min.max(min_groups),
        }
    }

    /// The score of a group of clusters, given in the order of preference.
    pub(super) fn of<'a>(self, group: impl ExactSizeIterator<Item = &'a Candidate>) -> i64 {
        self.parts(group).total()
    }

    /// What the score of a group is made of.
    pub(super) fn parts<'a>(self, group: impl ExactSizeIterator<Item = &'a Candidate>) -> ScoreParts {
        match self {
            Self::Duplicated { target } => {
                let (mut valid, mut scores) = (0i64, 0i64);
                for candidate in group.filter(|candidate| candidate.available >= target) {
                    valid += 1;
                    scores = scores.saturating_add(candidate.score);
                }
                ScoreParts {
                    reached: valid,
                    clusters: valid,
                    mean: scores.checked_div(valid).unwrap_or(0),
                }
            }
            Self::Divided { target, clusters } => {
                let size = group.len() as i64;
                let (mut count, mut scores, mut available) = (0i64, 0i64, 0i64);
                for candidate in group {
                    available = available.saturating_add(candidate.available);
                    scores = scores.saturating_add(candidate.score);
                    count += 1;
                    if count >= clusters && available >= target {
                        break;
                    }
                }
                let (reached, among) = if available < target {
                    (available, size)
                } else {
                    (target, count)
                };
                ScoreParts {
                    reached,
                    clusters: among,
                    mean: scores.checked_div(among).unwrap_or(0),
                }
            }
        }
    }
}

/// What the score of a group is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ScoreParts {
    /// Clusters that can take all replicas, or the replicas of its share that the group can take.
    pub(super) reached: i64,
    /// The clusters looked at for that.
    pub(super) clusters: i64,
    /// Their mean score.
    pub(super) mean: i64,
}

impl ScoreParts {
    pub(super) fn total(self) -> i64 {
        self.reached.saturating_mul(WEIGHT_UNIT).saturating_add(self.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster_set::ClusterId;

    #[test]
    fn scores_follow_the_worked_examples() {
        fn check(score: GroupScore, cluster_score: i64, available: &[i64], want: i64) {
            let group: Vec<Candidate> = available
                .iter()
                .map(|available| Candidate {
                    cluster: ClusterId(0),
                    rank: 0,
                    overflow: 0,
                    score: cluster_score,
                    allocatable: 0,
                    available: *available,
                })
                .collect();
            assert_eq!(score.of(group.iter()), want, "{available:?}");
        }
        let divided = GroupScore::Divided {
            target: 50,
            clusters: 2,
        };
        check(divided, 100, &[10, 10, 10, 10, 5], 45_100);
        check(divided, 0, &[40, 30, 10, 10], 50_000);
        check(divided, 100, &[40, 40, 10, 10, 5], 50_100);
        check(divided, 0, &[100, 100, 10, 10], 50_000);
        let duplicated = GroupScore::Duplicated { target: 50 };
        check(duplicated, 100, &[60, 70, 40, 30, 10], 2_100);
        check(duplicated, 0, &[60, 60, 60, 60], 4_000);
        check(duplicated, 100, &[1, 2], 0);
    }
}
