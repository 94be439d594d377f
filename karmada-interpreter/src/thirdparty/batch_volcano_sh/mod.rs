//! Volcano (`batch.volcano.sh`).

pub(super) mod job;
