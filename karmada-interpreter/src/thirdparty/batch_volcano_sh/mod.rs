//! Volcano (`batch.volcano.sh`).

use super::rules::Rules;

mod job;

/// The kinds of this group.
pub(super) static KINDS: &[&Rules] = &[&job::RULES];
