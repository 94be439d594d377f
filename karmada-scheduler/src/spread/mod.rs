//! Spread constraints over several properties of clusters at once, and limits on what each cluster gets.
//!
//! Upstream groups clusters by region or not at all, and says how replicas are divided by one list of weights. The
//! stages here choose clusters so that constraints over regions, providers, zones and labels hold together
//! ([`TopologySelection`]), and divide replicas within limits per cluster and first among regions
//! ([`LimitedAssignment`]). [`Profile::spread`](crate::Profile::spread) is made of them; `docs/spread-profile.md` says
//! what exactly is chosen.

mod assign;
mod constraints;
mod divide;
mod error;
mod search;
mod select;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

pub use assign::LimitedAssignment;
pub use constraints::SpreadBy;
pub use error::{SpreadError, SpreadLimit};
pub use select::TopologySelection;

/// What [`Profile::spread_with`](crate::Profile::spread_with) places replicas by besides the placement, which has no
/// fields for it.
///
/// A host that wants other options for some bindings keeps a profile for each: [`Options`](crate::Options) name one
/// per decision.
///
/// # Example
/// ```
/// use karmada_scheduler::{Profile, RegionWeights, SpreadOptions};
/// let options = SpreadOptions::new().at_least_one().max_replicas(10).region_weights(RegionWeights::equal());
/// let profile = Profile::spread_with(options);
/// assert_eq!(profile.name(), "spread");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpreadOptions {
    min_replicas: u32,
    max_replicas: Option<u32>,
    region_weights: Option<RegionWeights>,
}

impl SpreadOptions {
    /// No limits, and no weights of regions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every chosen cluster gets at least so many replicas, so that spread constraints hold of the clusters that have
    /// replicas, not only of those that were chosen. 0, the default, lets chosen clusters go without.
    #[must_use]
    pub fn min_replicas(mut self, replicas: u32) -> Self {
        self.min_replicas = replicas;
        self
    }

    /// Every chosen cluster gets at least one replica.
    #[must_use]
    pub fn at_least_one(self) -> Self {
        self.min_replicas(1)
    }

    /// No cluster gets more replicas than this.
    #[must_use]
    pub fn max_replicas(mut self, replicas: u32) -> Self {
        self.max_replicas = Some(replicas);
        self
    }

    /// Divides replicas among regions first, and what a region gets among its clusters.
    #[must_use]
    pub fn region_weights(mut self, weights: RegionWeights) -> Self {
        self.region_weights = Some(weights);
        self
    }

    /// Whether they ask for anything.
    fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The limits per cluster: at least, and at most if there is such a limit.
    fn limits(&self) -> Result<(i64, Option<i64>), SpreadError> {
        match self.max_replicas {
            Some(max) if max < self.min_replicas => Err(SpreadError::ContradictoryLimits {
                min: self.min_replicas,
                max,
            }),
            max => Ok((self.min_replicas.into(), max.map(i64::from))),
        }
    }
}

/// How replicas are divided among regions. Clusters without a region are a region together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegionWeights {
    /// By the weights of their clusters together: their room, or the fixed weights of the placement.
    Clusters,
    /// By these weights; regions that are not listed weigh 1.
    Fixed(BTreeMap<String, NonZeroU32>),
}

impl RegionWeights {
    /// All regions weigh the same.
    #[must_use]
    pub fn equal() -> Self {
        Self::Fixed(BTreeMap::new())
    }

    /// Regions with these weights; others weigh 1.
    ///
    /// ```
    /// use std::num::NonZeroU32;
    /// use karmada_scheduler::RegionWeights;
    /// let weights = RegionWeights::fixed([("eu-west", NonZeroU32::MIN.saturating_add(2))]);
    /// assert_ne!(weights, RegionWeights::equal());
    /// ```
    pub fn fixed<S: Into<String>>(weights: impl IntoIterator<Item = (S, NonZeroU32)>) -> Self {
        Self::Fixed(
            weights
                .into_iter()
                .map(|(region, weight)| (region.into(), weight))
                .collect(),
        )
    }
}
