//! Spark (`sparkoperator.k8s.io`).

pub(super) mod memory;
pub(super) mod spark_application;
