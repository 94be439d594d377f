//! The accurate estimator: tables of its rules, and equality with a slow, obvious one.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test fails by panicking, and its tables hold values"
)]

mod calls;
mod hostile;
mod nodes;
mod objects;
mod properties;
mod quotas;
mod reference;
mod unschedulable;
mod worked;
