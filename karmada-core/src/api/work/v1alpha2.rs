//! `work.karmada.io/v1alpha2`, the version bindings are stored in (`karmada:pkg/apis/work/v1alpha2/binding_types.go`).

mod binding;
mod eviction;
mod requirements;
mod status;

pub use binding::{
    BindingSnapshot, BindingSuspension, ClusterResourceBinding, ObjectReference, ResourceBinding,
    ResourceBindingSpec, SchedulePriority, TargetCluster, TargetComponent, WorkloadAffinityGroups,
};
pub use eviction::GracefulEvictionTask;
pub use requirements::{Component, ComponentReplicaRequirements, NodeClaim, ReplicaRequirements};
pub use status::{AggregatedStatusItem, ResourceBindingStatus, ResourceHealth};
