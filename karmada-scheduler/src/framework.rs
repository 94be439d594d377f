//! What plugins are, and what they see.

use std::borrow::Cow;
use std::fmt::Debug;

use crate::cluster_set::{ClusterId, ClusterSet};
use crate::context::Context;
use crate::explain::EditKind;

/// What a filter says of one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The cluster may be chosen.
    Pass,
    /// It may not, for this reason, which goes into the text of a fit error.
    Reject(Cow<'static, str>),
}

impl Verdict {
    /// `Pass`, unless `rejected`: then a rejection with this reason.
    pub fn unless(rejected: bool, reason: &'static str) -> Self {
        if rejected {
            Self::Reject(Cow::Borrowed(reason))
        } else {
            Self::Pass
        }
    }
}

/// Removes clusters that must not be chosen (`karmada:pkg/scheduler/framework/interface.go`).
///
/// A filter works on all candidates at once; the reasons are asked for afterwards, only where somebody wants to know
/// them, and only for clusters that [`filter`](Self::filter) removed. The two must agree: `verdict` passes exactly the
/// clusters that `filter` keeps.
///
/// # Example
/// A rule about one cluster becomes a filter with [`ClusterSet::retain`]:
/// ```
/// use karmada_scheduler::{ClusterId, ClusterSet, Context, FilterPlugin, Verdict};
///
/// #[derive(Debug)]
/// struct NotOnFridays;
///
/// impl NotOnFridays {
///     fn rejects(ctx: &Context<'_>, cluster: ClusterId) -> bool {
///         let cluster = ctx.snapshot().cluster(cluster);
///         cluster.is_some_and(|cluster| cluster.label("day") == Some("friday"))
///     }
/// }
///
/// impl FilterPlugin for NotOnFridays {
///     fn name(&self) -> &str {
///         "NotOnFridays"
///     }
///     fn filter(&self, ctx: &Context<'_>, candidates: &mut ClusterSet) {
///         candidates.retain(|cluster| !Self::rejects(ctx, cluster));
///     }
///     fn verdict(&self, ctx: &Context<'_>, cluster: ClusterId) -> Verdict {
///         Verdict::unless(Self::rejects(ctx, cluster), "cluster(s) had it friday")
///     }
/// }
/// ```
pub trait FilterPlugin: Debug + Send + Sync {
    /// The name the plugin is enabled and reported by.
    fn name(&self) -> &str;

    /// Removes the clusters that must not be chosen.
    fn filter(&self, ctx: &Context<'_>, candidates: &mut ClusterSet);

    /// Says why a cluster is removed, or that it is not.
    fn verdict(&self, ctx: &Context<'_>, cluster: ClusterId) -> Verdict;

    /// Whether an edit of this kind can change what the filter says of the cluster it is made for: what the search for
    /// the [smallest edit](crate::explain::edit) leaves out. By default any can.
    fn reads(&self, kind: EditKind) -> bool {
        let _ = kind;
        true
    }
}

/// Why a score plugin has no scores.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScoreError(pub String);

/// Says how much better one cluster is than another, from 0 to 100.
///
/// The scores of all plugins are added; upstream gives every plugin the same weight.
pub trait ScorePlugin: Debug + Send + Sync {
    /// The name the plugin is enabled and reported by.
    fn name(&self) -> &str;

    /// Scores clusters: `scores` has a cell per cluster, which starts at 0.
    ///
    /// # Errors
    /// [`ScoreError`] ends the decision with an error that names the plugin.
    fn score(&self, ctx: &Context<'_>, clusters: &[ClusterId], scores: &mut [i64]) -> Result<(), ScoreError>;

    /// Brings the scores of all clusters into the range; by default they stay.
    ///
    /// # Errors
    /// As for [`score`](Self::score).
    fn normalize(&self, ctx: &Context<'_>, scores: &mut [i64]) -> Result<(), ScoreError> {
        let _ = (ctx, scores);
        Ok(())
    }
}
