//! How replicas are divided among the selected clusters (`karmada:pkg/scheduler/core`).

mod divide;
mod explain;
pub(crate) mod strategy;

use std::fmt::{self, Debug};

pub(crate) use divide::{Share, divide};

use crate::context::Context;
use crate::decision::Target;
use crate::explain::AssignmentExplanation;
use crate::select::Selection;
use crate::spread::SpreadError;

/// Which way replicas were to be changed when room ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// All replicas were to be placed anew.
    Fresh,
    /// Some were to be added, or all for the first time.
    Up,
    /// Some were to be taken away.
    Down,
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fresh => "failed to do fresh scale",
            Self::Up => "failed to scale up",
            Self::Down => "failed to scale down",
        })
    }
}

/// Why replicas cannot be divided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssignError {
    /// No cluster was selected.
    #[error("no clusters available to schedule")]
    NoClusters,
    /// The placement names a division that does not exist.
    #[error(
        "unsupported replica scheduling strategy, replicaSchedulingType: {scheduling_type}, \
         replicaDivisionPreference: {division_preference}, please try another scheduling strategy"
    )]
    Unsupported {
        /// `replicaSchedulingType`.
        scheduling_type: String,
        /// `replicaDivisionPreference`.
        division_preference: String,
    },
    /// The clusters have too little room.
    #[error("{scale}: Clusters available replicas {available} are not enough to schedule.")]
    TooLittleRoom {
        /// What was to be done.
        scale: Scale,
        /// What they have room for.
        available: i64,
    },
    /// The group and those that help out have too little room together.
    #[error("Clusters available replicas are not enough to schedule.")]
    TooLittleRoomInTiers,
    /// Replicas cannot be spread as [`Profile::spread`](crate::Profile::spread) is asked to.
    #[error(transparent)]
    Spread(SpreadError),
}

impl AssignError {
    /// Whether room may be there later.
    #[must_use]
    pub fn is_unschedulable(&self) -> bool {
        match self {
            Self::TooLittleRoom { .. } | Self::TooLittleRoomInTiers => true,
            Self::Spread(error) => error.is_unschedulable(),
            Self::NoClusters | Self::Unsupported { .. } => false,
        }
    }
}

/// Divides the replicas of a workload among the selected clusters.
///
/// Asked only where there is something to divide: workloads with at most one pod template.
pub trait AssignStage: Debug + Send + Sync {
    /// Divides replicas.
    ///
    /// # Errors
    /// [`AssignError`] when there is too little room or no such strategy.
    fn assign(&self, ctx: &Context<'_>, selection: &mut Selection) -> Result<Vec<Target>, AssignError>;

    /// Says how it divides replicas among the same clusters; for [explanations](crate::explain) only. By default it does
    /// not say.
    fn explain(&self, ctx: &Context<'_>, selection: &mut Selection) -> Option<AssignmentExplanation> {
        let _ = (ctx, selection);
        None
    }
}

/// Division by the placement's strategy, as upstream does it.
///
/// # Complexity
/// `O(n log n)` in the number of selected clusters, whatever the number of replicas.
#[derive(Clone, Copy, Debug, Default)]
pub struct StrategyAssignment;

impl AssignStage for StrategyAssignment {
    fn assign(&self, ctx: &Context<'_>, selection: &mut Selection) -> Result<Vec<Target>, AssignError> {
        strategy::assign(ctx, selection)
    }

    fn explain(&self, ctx: &Context<'_>, selection: &mut Selection) -> Option<AssignmentExplanation> {
        Some(explain::explain(ctx, selection))
    }
}
