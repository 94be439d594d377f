//! Kubeflow (`kubeflow.org`).

use super::rules::Rules;

mod mpi_job;
mod notebook;
mod pytorch_job;
mod tf_job;
mod training_job;

/// The kinds of this group.
pub(super) static KINDS: &[&Rules] = &[
    &mpi_job::RULES,
    &notebook::RULES,
    &pytorch_job::RULES,
    &tf_job::RULES,
];
