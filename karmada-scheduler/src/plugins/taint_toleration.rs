//! `TaintToleration`: the placement puts up with the cluster's taints.

use std::borrow::Cow;

use karmada_core::api::meta::Taint;
use karmada_core::toleration::tolerates;

use crate::cluster_set::{ClusterId, ClusterSet};
use crate::context::Context;
use crate::explain::EditKind;
use crate::framework::{FilterPlugin, Verdict};

/// Removes clusters with a `NoSchedule` or `NoExecute` taint that the placement does not tolerate, except those the
/// binding has already.
#[derive(Clone, Copy, Debug, Default)]
pub struct TaintToleration;

/// The first taint in the way.
fn untolerated<'t>(ctx: &Context<'_>, taints: &'t [Taint]) -> Option<&'t Taint> {
    let tolerations = &ctx.placement().cluster_tolerations;
    taints
        .iter()
        .find(|taint| !tolerations.iter().any(|toleration| tolerates(toleration, taint)))
}

/// A taint as Kubernetes prints it; its effect is never empty here.
fn display(taint: &Taint) -> String {
    let Taint {
        key, value, effect, ..
    } = taint;
    if value.is_empty() {
        format!("{key}:{effect}")
    } else {
        format!("{key}={value}:{effect}")
    }
}

impl FilterPlugin for TaintToleration {
    fn name(&self) -> &str {
        "TaintToleration"
    }

    fn filter(&self, ctx: &Context<'_>, candidates: &mut ClusterSet) {
        let mut removed = ClusterSet::from_chunks(ctx.snapshot().chunks().iter().map(|chunk| {
            let mut rows = crate::cluster_set::Rows::default();
            for (taints, tainted) in &chunk.taints {
                if untolerated(ctx, taints).is_some() {
                    rows.union(tainted);
                }
            }
            rows
        }));
        removed.subtract(ctx.targets());
        candidates.subtract(&removed);
    }

    fn verdict(&self, ctx: &Context<'_>, cluster: ClusterId) -> Verdict {
        if ctx.targets().contains(cluster) {
            return Verdict::Pass;
        }
        let view = ctx.snapshot().cluster(cluster);
        match view.and_then(|view| untolerated(ctx, view.taints())) {
            None => Verdict::Pass,
            Some(taint) => Verdict::Reject(Cow::Owned(format!(
                "cluster(s) had untolerated taint {{{}}}",
                display(taint)
            ))),
        }
    }

    fn reads(&self, kind: EditKind) -> bool {
        kind == EditKind::Toleration
    }
}
