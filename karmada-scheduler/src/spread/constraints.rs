//! The spread constraints of a placement, read and checked.

use std::fmt;

use karmada_core::api::policy::v1alpha1::{Placement, SpreadConstraint, SpreadFieldValue};

use super::SpreadError;
use crate::fleet::ClusterView;

/// What groups clusters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SpreadBy {
    /// Each cluster is a group.
    Cluster,
    /// The provider.
    Provider,
    /// The region.
    Region,
    /// The zones: a cluster is in a group for each of its zones.
    Zone,
    /// The value of the label of this key.
    Label(String),
}

impl fmt::Display for SpreadBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cluster => "cluster",
            Self::Provider => "provider",
            Self::Region => "region",
            Self::Zone => "zone",
            Self::Label(key) => return write!(f, "label {key}"),
        })
    }
}

impl SpreadBy {
    /// The groups a cluster is in; none when it lacks the property.
    pub(super) fn groups<'a>(&self, cluster: ClusterView<'a>) -> Vec<&'a str> {
        let known = |value: &'a str| if value.is_empty() { Vec::new() } else { vec![value] };
        match self {
            Self::Cluster => vec![cluster.name()],
            Self::Provider => known(cluster.provider()),
            Self::Region => known(cluster.region()),
            Self::Zone => cluster.zones().collect(),
            Self::Label(key) => cluster.label(key).into_iter().collect(),
        }
    }
}

/// How many groups there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GroupLimit {
    pub(super) by: SpreadBy,
    pub(super) min: i64,
    /// `i64::MAX` when there is no limit.
    pub(super) max: i64,
}

/// One limit per property, in the order in which the placement first names them. Several constraints on one property
/// all hold.
pub(super) fn read(placement: &Placement) -> Result<Vec<GroupLimit>, SpreadError> {
    let mut limits: Vec<GroupLimit> = Vec::new();
    for (index, constraint) in placement.spread_constraints.iter().enumerate() {
        let invalid = |reason| SpreadError::Invalid { index, reason };
        let by = property(constraint).map_err(invalid)?;
        let (min, max) = (constraint.min_groups, constraint.max_groups);
        if min < 0 || max < 0 {
            return Err(invalid("minGroups and maxGroups must not be negative"));
        }
        // A limit that was never set is none.
        let max = if max == 0 { i64::MAX } else { max };
        match limits.iter_mut().find(|limit| limit.by == by) {
            Some(limit) => (limit.min, limit.max) = (limit.min.max(min), limit.max.min(max)),
            None => limits.push(GroupLimit { by, min, max }),
        }
    }
    if let Some(limit) = limits.iter().find(|limit| limit.min > limit.max) {
        return Err(SpreadError::Contradiction {
            by: limit.by.clone(),
            min: limit.min,
            max: limit.max,
        });
    }
    Ok(limits)
}

fn property(constraint: &SpreadConstraint) -> Result<SpreadBy, &'static str> {
    let label = &constraint.spread_by_label;
    match &constraint.spread_by_field {
        Some(_) if !label.is_empty() => Err("spreadByField and spreadByLabel exclude each other"),
        Some(SpreadFieldValue::Cluster) => Ok(SpreadBy::Cluster),
        Some(SpreadFieldValue::Provider) => Ok(SpreadBy::Provider),
        Some(SpreadFieldValue::Region) => Ok(SpreadBy::Region),
        Some(SpreadFieldValue::Zone) => Ok(SpreadBy::Zone),
        Some(SpreadFieldValue::Other(_)) => Err("spreadByField names no field of clusters"),
        // Admission makes it the default.
        None if label.is_empty() => Ok(SpreadBy::Cluster),
        None => Ok(SpreadBy::Label(label.clone())),
    }
}
