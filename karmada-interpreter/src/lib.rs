//! What every kind of Kubernetes object means to a fleet.
//!
//! For any object an interpreter says how many replicas it has and of what size, which components it has, how to write
//! a number of replicas back, what to retain of the object in a member cluster, how to bring the statuses of the members
//! together, which part of a status to reflect, whether it does well, and what it depends on.
//!
//! - [`ResourceInterpreter`] is the trait, one method per [`Operation`]; an [`Answer`] is a value or "not mine".
//! - [`SyncInterpreter`] is the same for layers that answer at once; they need no executor.
//! - [`Native`] is the layer for the kinds that Kubernetes brings.
//! - [`ThirdParty`] is the layer for the kinds of other projects that Karmada knows.
//!
//! Objects are JSON values: a template is never forced through a typed struct that would lose what it does not know.
#![forbid(unsafe_code)]

pub mod dependencies;
pub mod error;
pub mod interpreter;
mod kubernetes;
pub mod native;
pub mod object;
mod pod_template;
pub mod thirdparty;

pub use error::{Error, FieldError};
pub use interpreter::{Answer, Operation, Replicas, ResourceInterpreter, SyncInterpreter, TypeMeta};
pub use native::Native;
pub use thirdparty::ThirdParty;
