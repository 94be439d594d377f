//! Flink (`flink.apache.org`).

use super::rules::Rules;

mod flink_deployment;

/// The kinds of this group.
pub(super) static KINDS: &[&Rules] = &[&flink_deployment::RULES];
