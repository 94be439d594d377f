//! Flink (`flink.apache.org`).

pub(super) mod flink_deployment;
