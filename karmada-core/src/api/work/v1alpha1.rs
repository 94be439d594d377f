//! `work.karmada.io/v1alpha1`: Works, and the first form of bindings, which is still served.

mod binding;
mod work;

pub use binding::{
    AggregatedStatusItem, ClusterResourceBinding, ObjectReference, ResourceBinding, ResourceBindingSpec,
    ResourceBindingStatus, TargetCluster,
};
pub use work::{ManifestStatus, ResourceIdentifier, Work, WorkSpec, WorkStatus, WorkloadTemplate};
