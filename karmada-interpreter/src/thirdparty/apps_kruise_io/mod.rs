//! OpenKruise (`apps.kruise.io`).

pub(super) mod advanced_cron_job;
pub(super) mod broadcast_job;
pub(super) mod clone_set;
pub(super) mod daemon_set;
pub(super) mod sidecar_set;
pub(super) mod stateful_set;
pub(super) mod united_deployment;
