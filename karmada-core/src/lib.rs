//! The Karmada API types and the propagation model, pure.
//!
//! Nothing in this crate does I/O, reads a clock or keeps global state: every decision is a function of values.
#![forbid(unsafe_code)]

pub mod api;
pub mod crd;
pub mod quantity;
