//! The YAML that overriders read and write inside text fields (`karmada:pkg/util/overridemanager`).
//!
//! Upstream reads YAML 1.1 through a Go library and writes what that library writes. Both matter: a ConfigMap that
//! says `on` means `true`, and a document that is written differently restarts the workloads that mount it.
//!
//! Reading ([`read`]):
//!
//! - plain scalars are resolved as in YAML 1.1, keys too: `y`, `no` and `on` are booleans, `010` is 8, `1_000` is 1000;
//!   keys become text afterwards (`y: 1` is `{"true": 1}`);
//! - a date stays text, `.inf` and `.nan` are errors since JSON has no word for them;
//! - of repeated keys the last wins, and so does a merge (`<<`) over what stands before it;
//! - only the first document is read; an empty stream is `null`.
//!
//! Writing ([`write()`]): block style, two spaces, keys sorted with numbers inside them by value, lines folded at 80
//! columns, quotes only where a reader would otherwise see something else.

mod read;
mod scalar;
mod write;

pub use read::{YamlError, read};
pub use write::write;
