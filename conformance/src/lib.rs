//! Recorded upstream results, read, run through our crates, and compared.
//!
//! A *case* is one recorded question with upstream's answer: a line of a `.jsonl` or `.jsonl.gz` file, or a document of
//! upstream's interpreter YAML. [`Case::recognise`] tells by a row's keys what it is, never by file or folder. An
//! [`Op`] knows how to put the question to our code and what an equal answer is; [`ops::find`] gives the op of a case.
//! [`run::run`] asks, catching panics; [`run::judge`] compares; a [`Report`] counts. [`command::run`] is all of it as the
//! command line tool, [`sample`] picks the part of the recordings that is kept in the repository.
//!
//! The comparison is what the READMEs of the recordings state and no looser. Its building blocks are in [`compare`].
//!
//! # How to add an op
//!
//! 1. Write `src/ops/<subject>.rs` with `pub(super) const OPS: &[Op]`, one entry per op of the subject:
//!
//!    ```ignore
//!    pub(super) const OPS: &[Op] = &[Op { name: "cluster-match", run: matches, compare: exact }];
//!
//!    fn matches(case: &Case) -> Result<Value, RunError> {
//!        let cluster: Cluster = case.decode("cluster")?;
//!        let affinity: ClusterAffinity = case.decode("affinity")?;
//!        Ok(json!({"matches": affinity::matches(&cluster, &affinity)?}))
//!    }
//!    ```
//!
//!    `run` returns the answer *in the vectors' own output shape*. A typed error of ours goes through `?` and becomes
//!    [`RunError::Failed`]: an answer like any other, right where upstream failed as well. What our code refuses because
//!    it does not cover it yet is [`RunError::Unsupported`], which never counts as passed.
//! 2. Choose the comparison the README states: [`compare::exact`] and [`compare::typed`] as they are, or a function of
//!    your own over [`Comparison`](compare::Comparison). Error and panic rows are judged before `compare` is called.
//! 3. Add the module and its `OPS` to the list in `src/ops.rs`.
//! 4. List what passes in `tests/conformance.rs` at the root of the workspace; the list only grows.
#![forbid(unsafe_code)]

pub mod case;
pub mod command;
pub mod compare;
pub mod ops;
pub mod read;
pub mod report;
pub mod run;
pub mod sample;
pub mod shared;

pub use case::{Case, Form, RunError};
pub use ops::Op;
pub use report::{Report, Tally};
pub use run::{Answer, Verdict};
