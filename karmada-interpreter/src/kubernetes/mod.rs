//! The Kubernetes types of the built-in kinds, and what reading and writing through them does to an object.
//!
//! Upstream decodes an object into the Go type of its kind and encodes it again. That is visible from outside: objects
//! that do not fit are refused, unknown members disappear, some members are written although nobody set them, numbers
//! are narrowed, quantities and times are rewritten. Here the types are tables, and objects stay JSON values:
//!
//! - [`check`] refuses an object that would not decode (no allocation, linear in the object's size);
//! - [`member`], [`items`], [`text`], [`int32`], ... read from a checked object, absent and null being the zero value;
//! - [`same`] compares two checked values as Go compares the decoded ones;
//! - [`normalise`] turns a checked object into what encoding the decoded one would give, in place.
//!
//! The tables follow Kubernetes 1.36. k8s-openapi's structs would not do: they refuse what Go accepts (`replicas: 3.0`, a
//! missing required member), and a library must leave the Kubernetes version to the binary it ends up in.

#[macro_use]
mod schema;
mod check;
mod encode;
mod read;
mod time;

pub(crate) mod apps;
pub(crate) mod autoscaling;
pub(crate) mod batch;
pub(crate) mod meta;
pub(crate) mod multicluster;
pub(crate) mod networking;
pub(crate) mod pod;
pub(crate) mod pod_status;
pub(crate) mod policy;
pub(crate) mod service;
pub(crate) mod storage;
pub(crate) mod volume;

pub(crate) use check::{Reading, check};
pub(crate) use encode::{normalise, same};
pub(crate) use read::{int32, int64, is_set, items, member, members, quantity, text, time};
pub(crate) use schema::{Described, Kind};
pub(crate) use time::format as format_time;
