//! `WorkloadAffinity` and `WorkloadAntiAffinity`: near to, or away from, the other workloads of a group.

use karmada_core::features::Feature;
use karmada_core::names::binding_name;

use crate::cluster_set::{ClusterId, ClusterSet};
use crate::context::Context;
use crate::explain::EditKind;
use crate::fleet::bindings::{GroupKind, Others};
use crate::framework::{FilterPlugin, Verdict};

/// Keeps the clusters that every other placed member of the affinity group targets, and those the binding has already.
/// While no other member is placed all clusters stay. Does nothing unless the feature `WorkloadAffinity` is on.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorkloadAffinity;

/// Removes the clusters that another member of the anti-affinity group targets, except those the binding has already.
/// Does nothing unless the feature `WorkloadAffinity` is on.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorkloadAntiAffinity;

const INCOMPARABLE: &str = "failed to compare resource versions for ResourceBinding";

/// Calls `then` with the other members of the binding's group, if it is in one that has any.
fn with_others<T>(ctx: &Context<'_>, kind: GroupKind, then: impl FnOnce(Others<'_>) -> T) -> Option<T> {
    if !ctx.enabled(Feature::WorkloadAffinity) {
        return None;
    }
    let spec = ctx.spec();
    let groups = spec.workload_affinity_groups.as_ref()?;
    let group = match kind {
        GroupKind::Affinity => &groups.affinity_group,
        GroupKind::AntiAffinity => &groups.anti_affinity_group,
    };
    if group.is_empty() {
        return None;
    }
    let members = ctx
        .snapshot()
        .groups()
        .get(kind, &spec.resource.namespace, group)?;
    let own_name = binding_name(&spec.resource.kind, &spec.resource.name);
    Some(then(members.others(&own_name)))
}

/// The clusters for which `keep` holds, given how many other members target them.
fn keep_counted(
    ctx: &Context<'_>,
    others: &Others<'_>,
    candidates: &mut ClusterSet,
    select: impl FnOnce(&mut ClusterSet, ClusterSet),
    counted: impl Fn(usize) -> bool,
) {
    if others.incomparable() {
        candidates.intersect(ctx.targets());
        return;
    }
    let mut found = ctx.snapshot().no_clusters();
    for (name, count) in others.targets() {
        if counted(count)
            && let Some(cluster) = ctx.snapshot().find(name)
        {
            found.insert(cluster);
        }
    }
    select(candidates, found);
}

impl FilterPlugin for WorkloadAffinity {
    fn name(&self) -> &str {
        "WorkloadAffinity"
    }

    fn filter(&self, ctx: &Context<'_>, candidates: &mut ClusterSet) {
        with_others(ctx, GroupKind::Affinity, |others| {
            if others.placed() == 0 && !others.incomparable() {
                return;
            }
            let keep = |candidates: &mut ClusterSet, mut shared: ClusterSet| {
                shared.union(ctx.targets());
                candidates.intersect(&shared);
            };
            keep_counted(ctx, &others, candidates, keep, |count| count == others.placed());
        });
    }

    fn verdict(&self, ctx: &Context<'_>, cluster: ClusterId) -> Verdict {
        if ctx.targets().contains(cluster) {
            return Verdict::Pass;
        }
        let verdict = with_others(ctx, GroupKind::Affinity, |others| {
            if others.incomparable() {
                return Verdict::unless(true, INCOMPARABLE);
            }
            Verdict::unless(
                others.on(ctx.snapshot().name(cluster)) < others.placed(),
                "ResourceBinding with the same affinity group does not target this cluster",
            )
        });
        verdict.unwrap_or(Verdict::Pass)
    }

    fn reads(&self, _: EditKind) -> bool {
        false
    }
}

impl FilterPlugin for WorkloadAntiAffinity {
    fn name(&self) -> &str {
        "WorkloadAntiAffinity"
    }

    fn filter(&self, ctx: &Context<'_>, candidates: &mut ClusterSet) {
        with_others(ctx, GroupKind::AntiAffinity, |others| {
            let remove = |candidates: &mut ClusterSet, mut taken: ClusterSet| {
                taken.subtract(ctx.targets());
                candidates.subtract(&taken);
            };
            keep_counted(ctx, &others, candidates, remove, |_| true);
        });
    }

    fn verdict(&self, ctx: &Context<'_>, cluster: ClusterId) -> Verdict {
        if ctx.targets().contains(cluster) {
            return Verdict::Pass;
        }
        let verdict = with_others(ctx, GroupKind::AntiAffinity, |others| {
            if others.incomparable() {
                return Verdict::unless(true, INCOMPARABLE);
            }
            Verdict::unless(
                others.on(ctx.snapshot().name(cluster)) > 0,
                "cluster already has workload with the same anti-affinity group",
            )
        });
        verdict.unwrap_or(Verdict::Pass)
    }

    fn reads(&self, _: EditKind) -> bool {
        false
    }
}
