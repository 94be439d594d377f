//! Why there is no decision. The texts are upstream's.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::assign::AssignError;
use crate::cluster_set::ClusterId;
use crate::fleet::Snapshot;
use crate::framework::ScoreError;
use crate::select::SelectError;

/// Why a binding was not scheduled.
///
/// Displays upstream's text (`karmada:pkg/scheduler/core/generic_scheduler.go`).
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// The binding has no placement.
    #[error("binding has no spec.placement")]
    NoPlacement,
    /// The session was asked to go on after it was done.
    #[error("the scheduling session has ended")]
    Ended,
    /// No cluster passed the filters.
    #[error("{0}")]
    Fit(FitError),
    /// A score plugin failed.
    #[error("failed to prioritize clusters: {0}")]
    Score(#[source] ScorePluginError),
    /// The clusters that passed cannot be grouped as the spread constraints ask.
    #[error("failed to select clusters: {0}")]
    Select(#[source] SelectError),
    /// The replicas cannot be divided among the selected clusters.
    #[error("failed to assign replicas: {0}")]
    Assign(#[source] AssignError),
}

/// What an error means for the binding (`karmada:pkg/scheduler/helper.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// No cluster passed the filters; only a change can help.
    Fit,
    /// There is too little room; it may be there later.
    Unschedulable,
    /// Anything else; worth trying again.
    Other,
}

impl ScheduleError {
    /// What the error means for the binding.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Fit(_) => ErrorKind::Fit,
            Self::Assign(error) if error.is_unschedulable() => ErrorKind::Unschedulable,
            Self::Select(SelectError::Spread(error)) if error.is_unschedulable() => ErrorKind::Unschedulable,
            _ => ErrorKind::Other,
        }
    }
}

/// Which score plugin failed, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScorePluginError {
    /// Scoring failed.
    #[error("plugin {plugin:?} failed with: {source}")]
    Score {
        /// The plugin.
        plugin: String,
        /// What it says.
        source: ScoreError,
    },
    /// Normalising its scores failed.
    #[error("plugin {plugin:?} normalizeScore failed with: {source}")]
    Normalize {
        /// The plugin.
        plugin: String,
        /// What it says.
        source: ScoreError,
    },
}

/// Why each cluster was rejected, by the first filter that did.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    snapshot: Snapshot,
    entries: Vec<(ClusterId, usize, Cow<'static, str>)>,
    plugins: Vec<String>,
}

/// One rejected cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection<'a> {
    /// The cluster.
    pub cluster: &'a str,
    /// The filter plugin.
    pub plugin: &'a str,
    /// What it says.
    pub reason: &'a str,
}

impl Diagnosis {
    pub(crate) fn new(
        snapshot: Snapshot,
        plugins: Vec<String>,
        entries: Vec<(ClusterId, usize, Cow<'static, str>)>,
    ) -> Self {
        Self {
            snapshot,
            entries,
            plugins,
        }
    }

    /// The rejected clusters in the order of their names.
    pub fn rejections(&self) -> impl Iterator<Item = Rejection<'_>> {
        self.entries.iter().map(|(cluster, plugin, reason)| Rejection {
            cluster: self.snapshot.name(*cluster),
            plugin: self.plugins.get(*plugin).map_or("", String::as_str),
            reason,
        })
    }

    /// Number of rejected clusters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no cluster was rejected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// No cluster passed the filters.
#[derive(Clone, Debug)]
pub struct FitError {
    /// Clusters in the snapshot, those being deleted included.
    pub total: usize,
    /// Why each was rejected; those being deleted are not in it.
    pub diagnosis: Diagnosis,
}

/// `0/3 clusters are available: 1 reason, 2 other reason.`: how many clusters have each reason, sorted as texts.
impl fmt::Display for FitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0/{} clusters are available: ", self.total)?;
        if self.total == 0 || self.diagnosis.is_empty() {
            return f.write_str("no cluster exists.");
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        // Most clusters have the reason of the one before.
        let mut last: Option<(&str, usize)> = None;
        for (_, _, reason) in &self.diagnosis.entries {
            let reason: &str = reason;
            match &mut last {
                Some((known, count)) if *known == reason => *count += 1,
                _ => {
                    if let Some((known, count)) = last.replace((reason, 1)) {
                        *counts.entry(known).or_default() += count;
                    }
                }
            }
        }
        if let Some((known, count)) = last {
            *counts.entry(known).or_default() += count;
        }
        let mut reasons: Vec<String> = counts
            .into_iter()
            .map(|(reason, count)| format!("{count} {reason}"))
            .collect();
        reasons.sort_unstable();
        write!(f, "{}.", reasons.join(", "))
    }
}
