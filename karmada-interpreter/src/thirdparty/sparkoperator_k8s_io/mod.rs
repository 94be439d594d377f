//! Spark (`sparkoperator.k8s.io`).

use super::rules::Rules;

mod memory;
mod spark_application;

/// The kinds of this group.
pub(super) static KINDS: &[&Rules] = &[&spark_application::RULES];
