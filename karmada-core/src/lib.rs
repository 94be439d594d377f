//! The Karmada API types and the propagation model, pure.
//!
//! Nothing in this crate does I/O, reads a clock or keeps global state: every decision is a function of values.
#![forbid(unsafe_code)]
// Tests hand `json!` values to their check functions.
#![cfg_attr(test, allow(clippy::needless_pass_by_value))]

pub mod admission;
pub mod affinity;
pub mod annotations;
pub mod api;
pub mod apportion;
pub mod binding;
pub mod certificates;
pub mod change;
pub mod claim;
pub mod cluster_health;
pub mod cluster_resources;
pub mod cluster_status;
pub mod conditions;
pub mod crd;
pub mod cron;
pub mod dependency;
pub mod events;
pub mod eviction;
pub mod execution;
pub mod failover;
pub mod features;
pub mod federated_hpa;
pub mod federated_quota;
pub mod field;
pub mod finalizers;
pub mod job;
pub mod json;
pub mod jsonpath;
pub mod keys;
pub mod labels;
pub mod manifest;
pub mod metadata;
pub mod multi_cluster_service;
pub mod names;
pub mod namespaces;
pub mod object;
pub mod override_rules;
pub mod policy;
pub mod preemption;
pub mod propagation;
pub mod prune;
pub mod quantity;
pub mod rebalance;
pub mod remedy;
pub mod replicas_sync;
pub mod requirements;
pub mod retain;
pub mod selector;
pub mod shape;
pub mod status;
pub mod switches;
pub mod syntax;
pub mod taints;
pub mod toleration;
pub mod unified_auth;
mod url;
pub mod work;
pub mod yaml;
