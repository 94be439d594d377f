//! What bounds an estimate is a plugin (`karmada:pkg/estimator/server/framework`).

use std::fmt;
use std::sync::Arc;

use karmada_core::api::work::v1alpha2::{Component, ReplicaRequirements};

use super::MemberSnapshot;
use crate::fleet::AssumedWorkload;

/// What became of a plugin's run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// There is a number.
    Success,
    /// There is no room.
    Unschedulable,
    /// The plugin is switched off or has nothing to say.
    NoOperation,
    /// The plugin failed.
    Error,
}

impl Code {
    /// Upstream's name of it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::Unschedulable => "Unschedulable",
            Self::NoOperation => "Nooperation",
            Self::Error => "Error",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a plugin says besides its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginResult {
    /// What became of it.
    pub code: Code,
    /// Why.
    pub reasons: Vec<String>,
}

impl PluginResult {
    /// There is a number, and nothing to add.
    #[must_use]
    pub fn success() -> Self {
        Self {
            code: Code::Success,
            reasons: Vec::new(),
        }
    }

    /// A result with one reason.
    #[must_use]
    pub fn new(code: Code, reason: impl Into<String>) -> Self {
        Self {
            code,
            reasons: vec![reason.into()],
        }
    }

    /// The result of several plugins: an error if there is one, else unschedulable if one is, else nothing done if none
    /// did anything. Reasons are those of all, in their order.
    #[must_use]
    pub fn merge(results: impl IntoIterator<Item = Self>) -> Self {
        let mut reasons = Vec::new();
        let mut codes = Vec::new();
        for result in results {
            codes.push(result.code);
            reasons.extend(result.reasons);
        }
        if codes.is_empty() {
            return Self::new(Code::NoOperation, "plugin results are empty");
        }
        let code = if codes.contains(&Code::Error) {
            Code::Error
        } else if codes.contains(&Code::Unschedulable) {
            Code::Unschedulable
        } else if codes.iter().all(|code| *code == Code::NoOperation) {
            Code::NoOperation
        } else {
            Code::Success
        };
        Self { code, reasons }
    }
}

/// The reasons as upstream prints them: between brackets, with spaces between them.
impl fmt::Display for PluginResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.reasons.join(" "))
    }
}

/// What a plugin sees where replicas of one pod template are estimated.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ReplicaEstimation<'a> {
    /// The cluster.
    pub snapshot: &'a MemberSnapshot,
    /// What one replica needs.
    pub requirements: Option<&'a ReplicaRequirements>,
    /// Workloads that count as if they ran already; none where the feature `SchedulingOvercommitProtection` is off.
    pub assumed_workloads: &'a [Arc<AssumedWorkload>],
}

/// What a plugin sees where sets of components are estimated.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ComponentEstimation<'a> {
    /// The cluster.
    pub snapshot: &'a MemberSnapshot,
    /// The components of one set.
    pub components: &'a [Component],
    /// The namespace of the workload.
    pub namespace: &'a str,
    /// Workloads that count as if they ran already; none where the feature `SchedulingOvercommitProtection` is off.
    pub assumed_workloads: &'a [Arc<AssumedWorkload>],
}

/// Bounds how much a member cluster has room for.
///
/// The smallest number counts, of the plugins that return [`Code::Success`] or [`Code::Unschedulable`].
///
/// # Example
/// At most one replica per rack:
/// ```
/// use std::collections::BTreeSet;
/// use karmada_scheduler::estimator::{EstimatorPlugin, PluginResult, ReplicaEstimation};
///
/// #[derive(Debug)]
/// struct Racks;
///
/// impl EstimatorPlugin for Racks {
///     fn name(&self) -> &str {
///         "Racks"
///     }
///     fn replicas(&self, estimation: &ReplicaEstimation<'_>) -> (i32, PluginResult) {
///         let racks: BTreeSet<_> = estimation.snapshot.nodes().filter_map(|node| node.label("rack")).collect();
///         (racks.len().try_into().unwrap_or(i32::MAX), PluginResult::success())
///     }
/// }
/// ```
pub trait EstimatorPlugin: fmt::Debug + Send + Sync {
    /// What it is called.
    fn name(&self) -> &str;

    /// Room for replicas of one pod template. A plugin without an opinion leaves this out.
    fn replicas(&self, estimation: &ReplicaEstimation<'_>) -> (i32, PluginResult) {
        let _ = estimation;
        self.no_opinion()
    }

    /// Room for sets of components. A plugin without an opinion leaves this out.
    fn component_sets(&self, estimation: &ComponentEstimation<'_>) -> (i32, PluginResult) {
        let _ = estimation;
        self.no_opinion()
    }

    /// No bound, and nothing done.
    fn no_opinion(&self) -> (i32, PluginResult) {
        (
            i32::MAX,
            PluginResult::new(Code::NoOperation, format!("{} is disabled", self.name())),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_merge() {
        use Code::{Error, NoOperation, Success, Unschedulable};
        fn check(codes: &[Code], want: Code) {
            let results = codes.iter().map(|code| PluginResult::new(*code, code.as_str()));
            let merged = PluginResult::merge(results);
            assert_eq!(merged.code, want, "{codes:?}");
            let reasons: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
            assert_eq!(merged.to_string(), format!("[{}]", reasons.join(" ")));
        }
        check(&[Success], Success);
        check(&[Success, NoOperation], Success);
        check(&[NoOperation, NoOperation], NoOperation);
        check(&[NoOperation, Unschedulable, Success], Unschedulable);
        check(&[Error, Unschedulable, Success], Error);
        check(&[NoOperation, Error], Error);
        assert_eq!(
            PluginResult::merge([]),
            PluginResult::new(NoOperation, "plugin results are empty")
        );
        assert_eq!(NoOperation.to_string(), "Nooperation");
    }
}
