//! The Karmada API types and the propagation model, pure.
//!
//! Nothing in this crate does I/O, reads a clock or keeps global state: every decision is a function of values.
#![forbid(unsafe_code)]
// Tests hand `json!` values to their check functions.
#![cfg_attr(test, allow(clippy::needless_pass_by_value))]

pub mod affinity;
pub mod annotations;
pub mod api;
pub mod apportion;
pub mod conditions;
pub mod crd;
pub mod events;
pub mod features;
pub mod finalizers;
pub mod json;
pub mod labels;
pub mod names;
pub mod object;
pub mod override_rules;
pub mod quantity;
pub mod requirements;
pub mod selector;
pub mod syntax;
pub mod toleration;
pub mod yaml;
