//! Kubeflow (`kubeflow.org`).

pub(super) mod mpi_job;
pub(super) mod notebook;
pub(super) mod pytorch_job;
pub(super) mod tf_job;
mod training_job;
