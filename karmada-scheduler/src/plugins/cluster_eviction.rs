//! `ClusterEviction`: the workload is not on its way out of the cluster.

use crate::cluster_set::{ClusterId, ClusterSet};
use crate::context::Context;
use crate::explain::EditKind;
use crate::framework::{FilterPlugin, Verdict};

/// Removes clusters with a graceful eviction task, even those the binding has.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClusterEviction;

impl FilterPlugin for ClusterEviction {
    fn name(&self) -> &str {
        "ClusterEviction"
    }

    fn filter(&self, ctx: &Context<'_>, candidates: &mut ClusterSet) {
        for task in &ctx.spec().graceful_eviction_tasks {
            if let Some(cluster) = ctx.snapshot().find(&task.from_cluster) {
                candidates.remove(cluster);
            }
        }
    }

    fn verdict(&self, ctx: &Context<'_>, cluster: ClusterId) -> Verdict {
        let name = ctx.snapshot().name(cluster);
        let mut tasks = ctx.spec().graceful_eviction_tasks.iter();
        Verdict::unless(
            tasks.any(|task| task.from_cluster == name),
            "cluster(s) is in the process of eviction",
        )
    }

    fn reads(&self, kind: EditKind) -> bool {
        kind == EditKind::Eviction
    }
}
