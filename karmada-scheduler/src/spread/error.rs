//! Why replicas cannot be spread as asked.

use std::fmt;

use super::SpreadBy;

/// What a choice of clusters has to keep to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpreadLimit {
    /// A spread constraint.
    Groups(SpreadBy),
    /// The least replicas of each cluster.
    MinReplicas,
}

impl fmt::Display for SpreadLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Groups(by) => write!(f, "spread by {by}"),
            Self::MinReplicas => f.write_str("the minimum of replicas per cluster"),
        }
    }
}

/// Why replicas cannot be spread as asked. Only [`Profile::spread`](crate::Profile::spread) gives these errors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpreadError {
    /// A constraint that admission would have refused.
    #[error("spreadConstraints[{index}]: {reason}")]
    Invalid {
        /// Its position.
        index: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// More groups are asked for than are allowed.
    #[error("spread by {by}: {min} groups are asked for and only {max} allowed")]
    Contradiction {
        /// What groups the clusters.
        by: SpreadBy,
        /// The least groups.
        min: i64,
        /// The most groups.
        max: i64,
    },
    /// More replicas per cluster are asked for than are allowed.
    #[error("replicas per cluster: at least {min} are asked for and at most {max} allowed")]
    ContradictoryLimits {
        /// The least replicas.
        min: u32,
        /// The most replicas.
        max: u32,
    },
    /// Every cluster gets all replicas, and those are too few or too many for one.
    #[error("every cluster gets all {replicas} replicas, which is outside the limits of one")]
    DuplicatedOutsideLimits {
        /// The replicas.
        replicas: i64,
    },
    /// The clusters are in too few groups.
    #[error("spread by {by}: {min} groups are asked for and the clusters that can be used are in {found}")]
    TooFewGroups {
        /// What groups the clusters.
        by: SpreadBy,
        /// The least groups.
        min: i64,
        /// The groups there are.
        found: i64,
    },
    /// So many clusters with so many replicas each take more than there are.
    #[error("{clusters} clusters with at least {min} replicas each take more than {replicas} replicas")]
    TooFewReplicas {
        /// The least clusters.
        clusters: i64,
        /// The least replicas of each.
        min: i64,
        /// The replicas.
        replicas: i64,
    },
    /// Each constraint could be met, but not together. With one limit: without it the others could be met.
    #[error("no choice of clusters meets all constraints: {}", names(.limits))]
    Conflict {
        /// What cannot be met together with the others.
        limits: Vec<SpreadLimit>,
    },
    /// The clusters that meet all constraints have too little room.
    #[error("the clusters that meet the spread constraints have room for {room} of {wanted} replicas")]
    TooLittleRoom {
        /// The most room that was found.
        room: i64,
        /// The replicas.
        wanted: i64,
    },
    /// The search for clusters was given up.
    #[error("no choice of clusters was found in {steps} steps, and not all were tried")]
    Undecided {
        /// The steps it took.
        steps: u64,
    },
}

impl SpreadError {
    /// Whether room may be there later.
    #[must_use]
    pub fn is_unschedulable(&self) -> bool {
        matches!(self, Self::TooLittleRoom { .. })
    }
}

fn names(limits: &[SpreadLimit]) -> String {
    let names: Vec<String> = limits.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [one] => format!("{one} cannot be met together with the others"),
        all => format!("{} cannot be met together", all.join(", ")),
    }
}
