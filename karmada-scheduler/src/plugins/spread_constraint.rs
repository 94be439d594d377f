//! `SpreadConstraint`: the cluster has the field it is to be grouped by.

use karmada_core::api::policy::v1alpha1::SpreadFieldValue;

use crate::cluster_set::Rows;
use crate::cluster_set::{ClusterId, ClusterSet};
use crate::context::Context;
use crate::explain::EditKind;
use crate::fleet::chunk::Chunk;
use crate::framework::{FilterPlugin, Verdict};

/// Removes clusters without a provider, region or zone when a spread constraint groups by it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpreadConstraint;

/// Reads which rows of a chunk have a field.
type HasField = fn(&Chunk) -> Rows;

/// The rows that have a field, and what is said of the others; nothing for fields every cluster has.
fn required(field: &SpreadFieldValue) -> Option<(HasField, &'static str)> {
    match field {
        SpreadFieldValue::Provider => Some((
            |chunk| chunk.has_provider,
            "cluster(s) did not have provider property",
        )),
        SpreadFieldValue::Region => Some((
            |chunk| chunk.has_region,
            "cluster(s) did not have region property",
        )),
        SpreadFieldValue::Zone => Some((|chunk| chunk.has_zones, "cluster(s) did not have zones property")),
        SpreadFieldValue::Cluster | SpreadFieldValue::Other(_) => None,
    }
}

fn fields<'a>(ctx: &Context<'a>) -> impl Iterator<Item = &'a SpreadFieldValue> + use<'a> {
    let constraints = ctx.placement().spread_constraints.iter();
    constraints.filter_map(|constraint| constraint.spread_by_field.as_ref())
}

impl FilterPlugin for SpreadConstraint {
    fn name(&self) -> &str {
        "SpreadConstraint"
    }

    fn filter(&self, ctx: &Context<'_>, candidates: &mut ClusterSet) {
        for (rows, _) in fields(ctx).filter_map(required) {
            let chunks = ctx.snapshot().chunks().iter();
            candidates.intersect(&ClusterSet::from_chunks(chunks.map(|chunk| rows(chunk))));
        }
    }

    fn verdict(&self, ctx: &Context<'_>, cluster: ClusterId) -> Verdict {
        let Some(view) = ctx.snapshot().cluster(cluster) else {
            return Verdict::Pass;
        };
        let lacks = |field: &SpreadFieldValue| match field {
            SpreadFieldValue::Provider => view.provider().is_empty(),
            SpreadFieldValue::Region => view.region().is_empty(),
            SpreadFieldValue::Zone => view.zones().next().is_none(),
            SpreadFieldValue::Cluster | SpreadFieldValue::Other(_) => false,
        };
        match fields(ctx).find(|field| lacks(field)).and_then(required) {
            Some((_, reason)) => Verdict::unless(true, reason),
            None => Verdict::Pass,
        }
    }

    fn reads(&self, _: EditKind) -> bool {
        false
    }
}
