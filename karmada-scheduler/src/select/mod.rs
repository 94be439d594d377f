//! Which of the feasible clusters are used (`karmada:pkg/scheduler/core/spreadconstraint`).

mod by_cluster;
mod by_region;
mod candidates;
mod combination;
mod explain;
mod groups;
mod tally;

use std::cmp::Reverse;
use std::fmt::Debug;

use karmada_core::api::policy::v1alpha1::{SpreadConstraint, SpreadFieldValue};

pub use candidates::Candidate;
pub(crate) use candidates::Place;
use candidates::in_order;

use self::by_region::Limits;
use crate::context::Context;
use crate::explain::{AllBecause, SelectionExplanation};
use crate::spread::SpreadError;

/// Why no clusters can be selected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// Spread constraints name neither cluster nor region.
    #[error("just support cluster and region spread constraint")]
    Unsupported,
    /// Too few regions.
    #[error("the number of feasible region is less than spreadConstraint.MinGroups")]
    TooFewRegions,
    /// No combination of regions has enough clusters.
    #[error("the number of clusters is less than the cluster spreadConstraint.MinGroups")]
    TooFewClustersInRegions,
    /// Too few clusters.
    #[error("the number of feasible clusters is less than spreadConstraint.MinGroups")]
    TooFewClusters,
    /// As many clusters as are allowed have too little room.
    #[error("no enough resource when selecting {clusters} clusters")]
    TooLittleRoom {
        /// How many clusters are allowed.
        clusters: i64,
    },
    /// More regions are asked for than clusters are allowed; only where upstream's way of exceeding the limit is
    /// [corrected](crate::Corrections::region_cluster_limit).
    #[error("{regions} regions are asked for and only {clusters} clusters allowed")]
    MoreRegionsThanClusters {
        /// `minGroups` of regions.
        regions: i64,
        /// `maxGroups` of clusters.
        clusters: i64,
    },
    /// Clusters cannot be chosen as [`Profile::spread`](crate::Profile::spread) is asked to.
    #[error(transparent)]
    Spread(SpreadError),
}

/// The clusters that are used.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    clusters: Vec<Candidate>,
    /// Whether they still have to be brought into the order of selection.
    unsorted: bool,
}

impl Selection {
    /// These clusters in this order.
    #[must_use]
    pub fn ordered(clusters: Vec<Candidate>) -> Self {
        Self {
            clusters,
            unsorted: false,
        }
    }

    /// These clusters in the usual order: overflow tier, score, room, name. Sorting is put off until the order is asked
    /// for.
    #[must_use]
    pub fn unordered(clusters: Vec<Candidate>) -> Self {
        Self {
            clusters,
            unsorted: true,
        }
    }

    /// The clusters in no particular order, for strategies whose result does not depend on it.
    #[must_use]
    pub fn any_order(&self) -> &[Candidate] {
        &self.clusters
    }

    /// What brings the clusters of [`any_order`](Self::any_order) into the order of selection.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> + '_ {
        self.clusters.iter().zip(0..).map(|(candidate, index)| {
            if self.unsorted {
                candidate.key()
            } else {
                (index, Reverse(0), Reverse(0), 0)
            }
        })
    }

    /// The clusters in the order of selection.
    pub fn in_order(&mut self) -> &[Candidate] {
        if self.unsorted {
            in_order(&mut self.clusters);
            self.unsorted = false;
        }
        &self.clusters
    }
}

/// Which candidates' room has a say in a selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomNeeded {
    /// That of all.
    All,
    /// That of the most preferred, if these have enough together; that of all, if they have not.
    First {
        /// How many of the most preferred candidates.
        clusters: usize,
        /// What they must have together, in [`Candidate::available`].
        replicas: i64,
    },
}

/// Picks the clusters to use among those that passed the filters.
pub trait SelectStage: Debug + Send + Sync {
    /// Selects clusters.
    ///
    /// # Errors
    /// [`SelectError`] when the spread constraints cannot be met.
    fn select(&self, ctx: &Context<'_>, candidates: Vec<Candidate>) -> Result<Selection, SelectError>;

    /// Says how it selects among the same candidates, which are given in the order of preference; for
    /// [explanations](crate::explain) only. By default it does not say.
    fn explain(&self, ctx: &Context<'_>, candidates: &[Candidate]) -> Option<SelectionExplanation> {
        let _ = (ctx, candidates);
        None
    }

    /// Which candidates' room has a say; by default that of all.
    ///
    /// Room that has none may be given to [`select`](Self::select) as an upper bound, where exact estimates
    /// [cost much](crate::ReplicaEstimator::upper_bounds). By these bounds candidates come later in the order of
    /// preference than all whose room is needed, and must not be selected.
    fn room_needed(&self, ctx: &Context<'_>, candidates: usize) -> RoomNeeded {
        let _ = (ctx, candidates);
        RoomNeeded::All
    }
}

/// Selection by spread constraints, as upstream does it.
///
/// # Complexity
/// `O(n log n)` in the number of candidates; by region see the module `combination`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpreadSelection;

impl SelectStage for SpreadSelection {
    fn select(&self, ctx: &Context<'_>, candidates: Vec<Candidate>) -> Result<Selection, SelectError> {
        match Method::of(ctx) {
            Method::All(_) => Ok(Selection::unordered(candidates)),
            Method::ByRegion(limits) => by_region::select(ctx, with_room(ctx, candidates)?, &limits),
            Method::ByCluster { constraint, wanted } => {
                by_cluster::select(ctx, candidates, constraint, wanted)
            }
            Method::Unsupported => Err(SelectError::Unsupported),
        }
    }

    fn room_needed(&self, ctx: &Context<'_>, candidates: usize) -> RoomNeeded {
        match Method::of(ctx) {
            Method::ByCluster { constraint, wanted } => {
                let allowed = usize::try_from(ctx.max_groups(constraint)).unwrap_or(0);
                RoomNeeded::First {
                    clusters: allowed.min(candidates),
                    replicas: wanted.unwrap_or(0),
                }
            }
            _ => RoomNeeded::All,
        }
    }

    fn explain(&self, ctx: &Context<'_>, candidates: &[Candidate]) -> Option<SelectionExplanation> {
        explain::explain(ctx, candidates)
    }
}

/// What decides which clusters are selected.
enum Method<'a> {
    /// Nothing: all are.
    All(AllBecause),
    ByRegion(Limits<'a>),
    ByCluster {
        constraint: &'a SpreadConstraint,
        /// The replicas that must fit; absent where room does not matter.
        wanted: Option<i64>,
    },
    Unsupported,
}

impl<'a> Method<'a> {
    fn of(ctx: &Context<'a>) -> Self {
        let constraints: &'a [SpreadConstraint] = &ctx.placement().spread_constraints;
        if constraints.is_empty() {
            return Self::All(AllBecause::NoConstraints);
        }
        if ctx.ignores_spread() {
            return Self::All(AllBecause::StaticWeight);
        }
        // Of several constraints on one field the last counts.
        let last = |field: &SpreadFieldValue| -> Option<&'a SpreadConstraint> {
            constraints
                .iter()
                .rev()
                .find(|constraint| constraint.spread_by_field.as_ref() == Some(field))
        };
        let cluster = last(&SpreadFieldValue::Cluster);
        if let Some(region) = last(&SpreadFieldValue::Region) {
            return Self::ByRegion(Limits { region, cluster });
        }
        let Some(constraint) = cluster else {
            return Self::Unsupported;
        };
        let wanted = if ctx.needs_component_room() {
            Some(1)
        } else if ctx.ignores_available() {
            None
        } else if ctx.places_component_sets() {
            Some(1)
        } else {
            Some(i64::from(ctx.spec().replicas))
        };
        Self::ByCluster { constraint, wanted }
    }
}

/// The candidates selection by region may use: those with room, where sets of components need it.
fn with_room(ctx: &Context<'_>, mut candidates: Vec<Candidate>) -> Result<Vec<Candidate>, SelectError> {
    if ctx.needs_component_room() {
        candidates.retain(|candidate| candidate.available > 0);
        if candidates.is_empty() {
            return Err(SelectError::TooLittleRoom { clusters: 1 });
        }
    }
    Ok(candidates)
}
