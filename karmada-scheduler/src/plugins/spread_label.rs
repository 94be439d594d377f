//! `SpreadLabel`: the cluster has the label it is to be grouped by.

use std::borrow::Cow;

use crate::cluster_set::{ClusterId, ClusterSet};
use crate::context::Context;
use crate::framework::{FilterPlugin, Verdict};

/// Removes clusters without the label that a spread constraint groups by. Upstream has no such plugin and does not look
/// at `spreadByLabel`; it belongs to [`Profile::spread`](crate::Profile::spread).
#[derive(Clone, Copy, Debug, Default)]
pub struct SpreadLabel;

/// The first label the cluster lacks.
fn missing<'a>(ctx: &Context<'a>, cluster: ClusterId) -> Option<&'a str> {
    let view = ctx.snapshot().cluster(cluster)?;
    let constraints = ctx.placement().spread_constraints.iter();
    constraints
        .map(|constraint| constraint.spread_by_label.as_str())
        .find(|key| !key.is_empty() && view.label(key).is_none())
}

impl FilterPlugin for SpreadLabel {
    fn name(&self) -> &str {
        "SpreadLabel"
    }

    fn filter(&self, ctx: &Context<'_>, candidates: &mut ClusterSet) {
        let mut constraints = ctx.placement().spread_constraints.iter();
        if constraints.any(|constraint| !constraint.spread_by_label.is_empty()) {
            candidates.retain(|cluster| missing(ctx, cluster).is_none());
        }
    }

    fn verdict(&self, ctx: &Context<'_>, cluster: ClusterId) -> Verdict {
        match missing(ctx, cluster) {
            Some(key) => Verdict::Reject(Cow::Owned(format!("cluster(s) did not have label {key}"))),
            None => Verdict::Pass,
        }
    }
}
