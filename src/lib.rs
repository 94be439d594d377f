//! Run one workload on many Kubernetes clusters.
//!
//! This is the facade of the Karmada crates: each is re-exported whole as a module, and the everyday names are in the
//! [`prelude`].
//!
//! | Module | What for |
//! |---|---|
//! | [`core`] | API types, CustomResourceDefinitions, quantities, names, selectors, the propagation model |
//! | [`scheduler`] | which clusters, how many replicas, and why |
//! | [`interpreter`] | what each kind of resource means to a fleet |
//! | [`loader`] | YAML and JSON files into objects |
//!
//! Nothing here needs a cluster, a runtime or a network: a decision is a function of values. `ARCHITECTURE.md` in the
//! repository has the map, `cargo run --example quickstart` the tour.

pub use {
    k8s_openapi, karmada_core as core, karmada_interpreter as interpreter, karmada_scheduler as scheduler,
    kube,
};

pub mod loader;

/// The names most programs need.
pub mod prelude {
    pub use karmada_core::api::cluster::v1alpha1::Cluster;
    pub use karmada_core::api::policy::v1alpha1::{
        ClusterAffinity, ClusterOverridePolicy, ClusterPropagationPolicy, OverridePolicy, OverrideSpec,
        Placement, PropagationPolicy, PropagationSpec, ReplicaSchedulingStrategy, ResourceSelector,
        SpreadConstraint,
    };
    pub use karmada_core::api::work::v1alpha1::Work;
    pub use karmada_core::api::work::v1alpha2::{ClusterResourceBinding, ResourceBinding, TargetCluster};
    pub use karmada_core::quantity::Quantity;
    pub use kube::ResourceExt;
}

/// Compiles and runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
