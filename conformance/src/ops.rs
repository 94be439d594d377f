//! The ops: how each kind of question is put to our code, and what an equal answer is.
//!
//! One file per subject; how to add one is told at the [crate root](crate).

mod admission;
mod admission_scenarios;
mod cycle;
mod eviction;
mod interpreter;
mod manifests;
mod names;
mod overrides;
mod policy;
mod schedule;
mod selectors;
mod taints;
mod works;

use serde_json::Value;

use crate::case::{Case, RunError};
use crate::compare::Difference;

/// A kind of question.
#[derive(Debug, Clone, Copy)]
pub struct Op {
    /// The name in the recordings; see [`Case::op`].
    pub name: &'static str,
    /// Puts the question to our code and writes the answer as the recordings do.
    pub run: fn(&Case) -> Result<Value, RunError>,
    /// The differences of a recorded result and ours.
    pub compare: fn(&Case, &Value, &Value) -> Vec<Difference>,
}

/// Every op, by subject.
const SUBJECTS: &[&[Op]] = &[
    names::OPS,
    overrides::OPS,
    policy::OPS,
    manifests::OPS,
    works::OPS,
    admission::OPS,
    admission_scenarios::OPS,
    selectors::OPS,
    taints::OPS,
    eviction::OPS,
    interpreter::OPS,
    schedule::OPS,
    cycle::OPS,
];

/// All ops, in the order of their subjects.
pub fn all() -> impl Iterator<Item = &'static Op> {
    SUBJECTS.iter().copied().flatten()
}

/// The op of a case, if there is one.
pub fn find(case: &Case) -> Option<&'static Op> {
    all().find(|op| op.name == case.op)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = all().map(|op| op.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
