//! What every kind of Kubernetes object means to a fleet.
//!
//! For any object an interpreter says how many replicas it has and of what size, which components it has, how to write
//! a number of replicas back, what to retain of the object in a member cluster, how to bring the statuses of the members
//! together, which part of a status to reflect, whether it does well, and what it depends on.
//!
//! - [`ResourceInterpreter`] is the trait, one method per [`Operation`]; an [`Answer`] is a value or "not mine".
//! - [`SyncInterpreter`] is the same for layers that answer at once; they need no executor.
//! - [`Chain`] asks several layers in order, [`SyncChain`] does so at once.
//! - [`Native`] is the layer for the kinds that Kubernetes brings.
//! - [`ThirdParty`] is the layer for the kinds of other projects that Karmada knows.
//! - [`Customization`] makes a layer out of closures.
//!
//! Objects are JSON values: a template is never forced through a typed struct that would lose what it does not know.
//!
//! # A kind of your own
//!
//! Say there is a CRD `Shop` whose `spec.tills` are run as pods of `spec.till`, a pod template. A fleet can divide the
//! tills among clusters once it knows three things: how many there are and what one takes, where their number is
//! written, and how the reports of the members make one status. The rest is optional.
//!
//! ```
//! use futures::executor::block_on;
//! use karmada_core::api::work::v1alpha2::AggregatedStatusItem;
//! use karmada_core::{features::FeatureGates, requirements::PodSpec};
//! use karmada_interpreter::{
//!     Answer, Chain, Customization, Error, FieldError, Replicas, ResourceInterpreter, dependencies, object,
//! };
//! use serde_json::{Value, json};
//!
//! const TILLS: &[&str] = &["spec", "tills"];
//!
//! // The rules are functions of the object.
//! fn replicas(shop: &Value) -> Result<Replicas, Error> {
//!     let tills = object::integer(shop, TILLS)?.unwrap_or_default();
//!     let pod = object::field(shop, &["spec", "till", "spec"])?.cloned().unwrap_or_default();
//!     let pod: PodSpec = serde_json::from_value(pod).map_err(Error::other)?;
//!     Ok(Replicas {
//!         replicas: tills.try_into().map_err(|_| FieldError::new(TILLS, "is out of range"))?,
//!         requirements: pod.replica_requirements(FeatureGates::default()),
//!     })
//! }
//!
//! fn aggregate(shop: &mut Value, reports: &[AggregatedStatusItem]) -> Result<(), Error> {
//!     let mut open = 0;
//!     for status in reports.iter().filter_map(|report| report.status.as_ref()) {
//!         open += object::integer(status, &["open"])?.unwrap_or_default();
//!     }
//!     Ok(object::set(shop, &["status"], json!({"open": open}))?)
//! }
//!
//! let shops = Customization::of("example.com/v1", "Shop")
//!     .replica_resource(replicas)
//!     .replica_revision(|shop, replica| Ok(object::set(shop, TILLS, replica.into())?))
//!     .status_aggregation(|shop, reports, _now| aggregate(shop, reports.unwrap_or_default()))
//!     .health_interpretation(|shop| {
//!         Ok(object::integer(shop, &["status", "open"])? == object::integer(shop, TILLS)?)
//!     })
//!     .dependency_interpretation(|shop| {
//!         let pod = object::field(shop, &["spec", "till", "spec"])?.unwrap_or(&Value::Null);
//!         Ok(dependencies::of_pod(pod, object::namespace(shop)))
//!     });
//!
//! // Before the built-in layers; what the customization has no rule for is theirs, here reflecting the status.
//! let interpreter = Chain::built_in().first("shops", shops);
//!
//! let shop = json!({
//!     "apiVersion": "example.com/v1",
//!     "kind": "Shop",
//!     "metadata": {"name": "corner", "namespace": "town"},
//!     "spec": {"tills": 3, "till": {"spec": {
//!         "containers": [{"name": "till", "resources": {"requests": {"cpu": "250m"}}}],
//!         "serviceAccountName": "cashier",
//!     }}},
//!     "status": {"open": 3},
//! });
//! block_on(async {
//!     let replicas = interpreter.get_replicas(&shop).await?.value().unwrap_or_default();
//!     assert_eq!(replicas.replicas, 3);
//!     let needed = replicas.requirements.unwrap_or_default();
//!     assert_eq!(needed.resource_request["cpu"].to_string(), "250m");
//!
//!     let mut here = shop.clone();
//!     let _ = interpreter.revise_replica(&mut here, 2).await?;
//!     assert_eq!(here["spec"]["tills"], 2);
//!
//!     let found = interpreter.get_dependencies(&shop).await?.value().unwrap_or_default();
//!     assert_eq!((found[0].kind.as_str(), found[0].name.as_str()), ("ServiceAccount", "cashier"));
//!     assert_eq!(interpreter.interpret_health(&shop).await?, Answer::Value(true));
//!     assert_eq!(interpreter.reflect_status(&shop).await?, Answer::Value(Some(json!({"open": 3}))));
//!     Ok::<(), Error>(())
//! })?;
//! # Ok::<(), Error>(())
//! ```
//!
//! A layer that has to wait for its answer implements [`ResourceInterpreter`] itself, under [`macro@async_trait`]; one
//! that serves many kinds implements [`SyncInterpreter`].
#![forbid(unsafe_code)]

pub mod chain;
mod customization;
pub mod dependencies;
pub mod error;
pub mod interpreter;
mod kubernetes;
#[cfg(feature = "lua")]
pub mod lua;
pub mod native;
pub mod object;
mod pod_template;
pub mod thirdparty;

pub use async_trait::async_trait;
pub use chain::{Chain, SyncChain};
pub use customization::Customization;
pub use error::{Error, FieldError};
pub use interpreter::{Answer, Operation, Replicas, ResourceInterpreter, SyncInterpreter, TypeMeta};
pub use native::Native;
pub use thirdparty::ThirdParty;
