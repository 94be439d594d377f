//! `APIEnablement`: the cluster serves the kind.

use crate::cluster_set::{ClusterId, ClusterSet};
use crate::context::Context;
use crate::explain::EditKind;
use crate::fleet::postings::{Domain, Term};
use crate::framework::{FilterPlugin, Verdict};

/// Keeps clusters that serve the kind of the template, and those the binding has already.
///
/// A kind that is missing from a list which may be incomplete counts as not served.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApiEnablement;

impl FilterPlugin for ApiEnablement {
    fn name(&self) -> &str {
        "APIEnablement"
    }

    fn filter(&self, ctx: &Context<'_>, candidates: &mut ClusterSet) {
        let resource = &ctx.spec().resource;
        let term = Term::pair(Domain::Api, &resource.api_version, &resource.kind);
        let chunks = ctx.snapshot().chunks().iter();
        let mut allowed = ClusterSet::from_chunks(chunks.map(|chunk| chunk.postings.get(&term)));
        allowed.union(ctx.targets());
        candidates.intersect(&allowed);
    }

    fn verdict(&self, ctx: &Context<'_>, cluster: ClusterId) -> Verdict {
        let resource = &ctx.spec().resource;
        let serves = ctx
            .snapshot()
            .cluster(cluster)
            .is_some_and(|view| view.serves(&resource.api_version, &resource.kind));
        Verdict::unless(
            !serves && !ctx.targets().contains(cluster),
            "cluster(s) did not have the API resource",
        )
    }

    fn reads(&self, kind: EditKind) -> bool {
        kind == EditKind::ApiEnablement
    }
}
