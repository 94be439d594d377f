//! How many replicas a cluster has room for.
//!
//! Estimators answer per cluster with a [`Estimate`]; the smallest value counts
//! (`karmada:pkg/scheduler/core/util.go`, calAvailableReplicas). [`GeneralEstimator`] reads the summaries and resource
//! models that clusters report; others, such as the accurate estimators that run in the members, are asked by the host
//! through a [`Session`](crate::Session).

mod bounds;
mod components;
mod general;
mod pod_set;
pub(crate) mod resources;
mod sets;
pub(crate) mod simulate;

use std::fmt::Debug;

use karmada_core::api::work::v1alpha2::{Component, ReplicaRequirements};

pub(crate) use components::SetPlan;
pub use general::GeneralEstimator;
pub(crate) use general::assumed;

use crate::cluster_set::ClusterId;
use crate::context::Context;
use crate::explain::Limit;

/// What an estimator says of one cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimate {
    /// Room for so many; a negative number counts as 0.
    Value(i32),
    /// The estimator does not know; upstream's -1. Others decide.
    Unknown,
    /// As many as one likes; upstream's `MaxInt32`.
    Unlimited,
}

impl Estimate {
    /// Reads upstream's number: -1 is [`Unknown`](Self::Unknown), `i32::MAX` [`Unlimited`](Self::Unlimited).
    #[must_use]
    pub fn from_wire(number: i32) -> Self {
        match number {
            -1 => Self::Unknown,
            i32::MAX => Self::Unlimited,
            number => Self::Value(number),
        }
    }

    /// Lowers a bound.
    pub(crate) fn bound(self, cell: &mut i32) {
        if let Self::Value(value) = self {
            *cell = (*cell).min(value.max(0));
        }
    }
}

/// What is known of an [`Estimate`] that was not made yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpperBound {
    /// The estimate.
    Exact(Estimate),
    /// It is a value, and no larger than this; a negative number counts as 0.
    AtMost(i32),
}

/// What room is wanted for.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Workload<'a> {
    /// Replicas of one pod template; without requirements only pods count.
    Replicas(Option<&'a ReplicaRequirements>),
    /// Sets of components, each with all its replicas.
    ComponentSets(&'a [Component]),
}

/// A question to an estimator.
#[derive(Clone, Copy, Debug)]
pub struct EstimateRequest<'a> {
    /// The decision the question belongs to.
    pub context: &'a Context<'a>,
    /// The clusters asked about, in the order of their ids.
    pub clusters: &'a [ClusterId],
    /// What room is wanted for.
    pub workload: Workload<'a>,
}

/// Why an estimator has no answer, or only part of one.
///
/// All it would have said is left out, as upstream does, unless the
/// [correction](crate::Corrections::partial_estimates) for that is on.
///
/// # Example
/// ```
/// use karmada_scheduler::{Estimate, EstimateError};
/// let error = EstimateError::new("cluster member2 does not exist in estimator cache")
///     .with_partial(vec![Estimate::Value(5), Estimate::Unknown]);
/// assert_eq!(error.partial(), [Estimate::Value(5), Estimate::Unknown]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EstimateError {
    message: String,
    partial: Vec<Estimate>,
}

impl EstimateError {
    /// An error that says this.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            partial: Vec::new(),
        }
    }

    /// With what was found out all the same: an estimate per cluster of the request, in its order, unknown where the
    /// estimator failed. Clusters missing at the end are unknown.
    #[must_use]
    pub fn with_partial(mut self, estimates: Vec<Estimate>) -> Self {
        self.partial = estimates;
        self
    }

    /// What was found out all the same.
    #[must_use]
    pub fn partial(&self) -> &[Estimate] {
        &self.partial
    }
}

/// Says how much room clusters have.
///
/// For estimators that need not wait; one that asks over the network is driven by the host, see
/// [`Session`](crate::Session).
pub trait ReplicaEstimator: Debug + Send + Sync {
    /// What it is called in explanations.
    fn name(&self) -> &str;

    /// One estimate per cluster of the request, in its order. Clusters missing at the end are unknown.
    ///
    /// # Errors
    /// [`EstimateError`] leaves the estimator out of the decision.
    fn estimate(&self, request: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError>;

    /// What bounds the estimate of each cluster of the request, in its order; for [explanations](crate::explain) only.
    /// By default it does not say.
    fn bounds(&self, request: &EstimateRequest<'_>) -> Vec<Vec<Limit>> {
        let _ = request;
        Vec::new()
    }

    /// Upper bounds of what [`estimate`](Self::estimate) says, one per cluster of the request in its order, for
    /// estimators to which exact numbers cost much more; `None`, the default, where that is not so.
    ///
    /// A decision that has bounds asks for the exact estimates of those clusters only on which its choice hangs, one
    /// request each; the outcome is the same. Such a request must not fail: where it does, the bound counts. Clusters
    /// missing at the end are unknown.
    fn upper_bounds(&self, request: &EstimateRequest<'_>) -> Option<Vec<UpperBound>> {
        let _ = request;
        None
    }
}
