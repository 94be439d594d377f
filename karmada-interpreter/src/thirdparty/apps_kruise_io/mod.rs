//! OpenKruise (`apps.kruise.io`).

use super::rules::Rules;

mod advanced_cron_job;
mod broadcast_job;
mod clone_set;
mod daemon_set;
mod sidecar_set;
mod stateful_set;
mod united_deployment;

/// The kinds of this group.
pub(super) static KINDS: &[&Rules] = &[
    &advanced_cron_job::RULES,
    &broadcast_job::RULES,
    &clone_set::RULES,
    &daemon_set::RULES,
    &sidecar_set::RULES,
    &stateful_set::RULES,
    &united_deployment::RULES,
];
