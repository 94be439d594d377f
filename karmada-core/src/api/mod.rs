//! Every kind Karmada serves or stores, field for field as on the wire.
//!
//! One module per API group; a group with several versions has a module per version.
//!
//! # How the types read and write
//!
//! They follow upstream's encoding, so that an object can be read, changed and written back unchanged otherwise:
//!
//! - unknown fields are ignored, `null` counts as absent, and a missing field takes its zero value, also where the
//!   schema requires it: what the schema or validation refuses must be *readable*, or nobody could say what is wrong;
//! - an `Option` is a pointer upstream: absent and zero differ. Strings, lists, maps and numbers that upstream omits
//!   when empty are plain values here and are omitted when empty;
//! - keys that upstream always writes (`spec.placement`, every `status`, ...) are always written;
//! - closed sets are enums with an `Other` variant that keeps the text: the schema and validation refuse it, the
//!   decoder does not;
//! - templates and patch values stay [`serde_json::Value`].
//!
//! The schema of a kind is derived from its type: a field is required if it is always written, except where
//! `x-karmada-optional` or `x-karmada-required` says otherwise, and has the default that `x-karmada-default` names; these
//! marks are for the generator and do not reach the CustomResourceDefinition.
//!
//! Controllers patch; they never write a typed value back whole over an object that somebody else may have extended.

#[macro_use]
mod macros;
pub mod wire;

pub mod any;
pub mod meta;

pub mod apps;
pub mod autoscaling;
pub mod cluster;
pub mod config;
pub mod multicluster;
pub mod networking;
pub mod operator;
pub mod policy;
pub mod remedy;
pub mod search;
pub mod work;
