//! The Karmada scheduler as a pure function: which member clusters a workload goes to, and with how many replicas.
//!
//! A [`Fleet`] compiles clusters once, when they change; a [`Snapshot`] of it is immutable and shared; [`schedule`]
//! makes one decision on it. Nothing here does I/O, reads a clock or keeps global state, and the same input gives the
//! same decision whatever the order of clusters.
//!
//! ```
//! use karmada_core::api::cluster::v1alpha1::{ApiEnablement, ApiResource, Cluster};
//! use karmada_core::api::policy::v1alpha1::{ClusterAffinity, Placement, ReplicaSchedulingStrategy};
//! use karmada_core::api::work::v1alpha2::{ResourceBindingSpec, ResourceBindingStatus};
//! use karmada_scheduler::{Options, Snapshot, schedule};
//!
//! let clusters = ["member1", "member2"].map(|name| {
//!     let mut cluster = Cluster::named(name);
//!     cluster.status.api_enablements = vec![ApiEnablement {
//!         group_version: "apps/v1".into(),
//!         resources: vec![ApiResource { name: "deployments".into(), kind: "Deployment".into() }],
//!     }];
//!     cluster
//! });
//! let snapshot = Snapshot::build(&clusters, [])?;
//!
//! let mut spec = ResourceBindingSpec { replicas: 9, ..Default::default() };
//! (spec.resource.api_version, spec.resource.kind) = ("apps/v1".into(), "Deployment".into());
//! spec.placement = Some(Placement::new().replicas(ReplicaSchedulingStrategy::static_weight([
//!     (ClusterAffinity::names(["member1"]), 1),
//!     (ClusterAffinity::names(["member2"]), 2),
//! ])));
//! let decision = schedule(&snapshot, &spec, &ResourceBindingStatus::default(), &Options::default())?;
//! assert_eq!(decision.iter().collect::<Vec<_>>(), [("member1", 3), ("member2", 6)]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How a decision is made
//!
//! [`FilterPlugin`]s remove clusters, [`ScorePlugin`]s rate the others, [`ReplicaEstimator`]s say how much room each
//! has, a [`SelectStage`] picks the clusters to use, and an [`AssignStage`] divides the replicas among them. A
//! [`Profile`] names one of each; [`Profile::karmada`], the default, reproduces upstream's decisions, defects included;
//! [`Profile::corrected`] does without those, and [`Profile::spread`] spreads over several properties of clusters
//! together. A [`Session`] makes the same decision in steps, for hosts that ask estimators over the network;
//! [`schedule_batch`] makes many at once.
//!
//! # Around a decision
//!
//! [`queue`] says which binding is next and when a failed one is tried again; [`cycle`] whether and why a binding is
//! scheduled, and what a pass over it writes, tells and remembers.
#![forbid(unsafe_code)]

mod affinity;
mod assign;
mod batch;
mod cluster_set;
mod context;
mod corrections;
pub mod cycle;
mod decision;
pub mod deschedule;
mod error;
mod estimate;
pub mod estimator;
pub mod explain;
mod fleet;
mod framework;
pub mod plugins;
mod profile;
pub mod queue;
mod room;
mod select;
mod session;
mod spread;

pub use assign::{AssignError, AssignStage, Scale, StrategyAssignment};
pub use batch::schedule_batch;
pub use cluster_set::{ClusterId, ClusterSet};
pub use context::Context;
pub use corrections::{Corrections, UnknownCorrection};
pub use decision::{Decision, Target};
pub use error::{Diagnosis, ErrorKind, FitError, Rejection, ScheduleError, ScorePluginError};
pub use estimate::{
    Estimate, EstimateError, EstimateRequest, GeneralEstimator, ReplicaEstimator, UpperBound, Workload,
};
pub use fleet::{
    ASSUMPTION_SWEEP_INTERVAL, ASSUMPTION_TTL, AssumedWorkload, ClusterView, Fleet, FleetError, Snapshot,
    assumption_expiry,
};
pub use framework::{FilterPlugin, ScoreError, ScorePlugin, Verdict};
pub use profile::{Profile, Registry, RegistryError, UnknownProfile};
pub use select::{Candidate, RoomNeeded, SelectError, SelectStage, Selection, SpreadSelection};
pub use session::{Answer, EstimateQuestion, Options, Session, Step, diagnose, schedule};
pub use spread::{
    LimitedAssignment, RegionWeights, SpreadBy, SpreadError, SpreadLimit, SpreadOptions, TopologySelection,
};
