//! Argo Workflows (`argoproj.io`).

pub(super) mod workflow;
