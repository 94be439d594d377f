//! Argo Workflows (`argoproj.io`).

use super::rules::Rules;

mod workflow;

/// The kinds of this group.
pub(super) static KINDS: &[&Rules] = &[&workflow::RULES];
