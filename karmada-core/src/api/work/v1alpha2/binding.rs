//! A resource template, bound to clusters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Component, GracefulEvictionTask, ReplicaRequirements, ResourceBindingStatus};
use crate::api::meta::Time;
use crate::api::policy::v1alpha1::{ConflictResolution, FailoverBehavior, Placement, SuspendClusters};
use crate::api::wire::{is_zero, nullable, optional_set};

kind! {
    /// Binds a template that lives in a namespace to clusters.
    pub struct ResourceBinding {
        group: "work.karmada.io", version: "v1alpha2", plural: "resourcebindings", singular: "resourcebinding",
        scope: Namespaced, short_names: ["rb"], categories: ["karmada-io"], status: true,
        columns: [
            ("SCHEDULED", "string", ".status.conditions[?(@.type==\"Scheduled\")].status"),
            ("FULLYAPPLIED", "string", ".status.conditions[?(@.type==\"FullyApplied\")].status"),
            ("AGE", "date", ".metadata.creationTimestamp"),
        ],
        /// The template, the rules it is placed by, and the clusters chosen.
        spec: ResourceBindingSpec,
        /// What became of it.
        status: ResourceBindingStatus = optional,
    }
}

kind! {
    /// Binds a cluster-scoped template to clusters.
    pub struct ClusterResourceBinding {
        group: "work.karmada.io", version: "v1alpha2", plural: "clusterresourcebindings",
        singular: "clusterresourcebinding",
        scope: Cluster, short_names: ["crb"], categories: ["karmada-io"], status: true,
        columns: [
            ("SCHEDULED", "string", ".status.conditions[?(@.type==\"Scheduled\")].status"),
            ("FULLYAPPLIED", "string", ".status.conditions[?(@.type==\"FullyApplied\")].status"),
            ("AGE", "date", ".metadata.creationTimestamp"),
        ],
        /// The template, the rules it is placed by, and the clusters chosen.
        spec: ResourceBindingSpec,
        /// What became of it.
        status: ResourceBindingStatus = optional,
    }
}

/// The template, the rules it is placed by, and the clusters chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ResourceBindingSpec {
    /// The template.
    #[serde(deserialize_with = "nullable")]
    pub resource: ObjectReference,
    /// Whether what the template refers to goes with it.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    pub propagate_deps: bool,
    /// What one replica needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_requirements: Option<ReplicaRequirements>,
    /// How many replicas the template wants.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    pub replicas: i32,
    /// The parts of a workload with several pod templates.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    /// The clusters chosen.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<TargetCluster>,
    /// The rules of the policy; absent means that the binding follows others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
    /// Clusters the workload is leaving.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub graceful_eviction_tasks: Vec<GracefulEvictionTask>,
    /// The bindings this one follows.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub required_by: Vec<BindingSnapshot>,
    /// The scheduler in charge.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub scheduler_name: String,
    /// What happens when a cluster or the workload on it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failover: Option<FailoverBehavior>,
    /// What happens when a member already has an object of that name.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-karmada-default" = "Abort"))]
    pub conflict_resolution: Option<ConflictResolution>,
    /// When somebody last asked for all replicas to be placed anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reschedule_triggered_at: Option<Time>,
    /// What is held back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspension: Option<BindingSuspension>,
    /// Whether members keep the resources when the template is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserve_resources_on_deletion: Option<bool>,
    /// Precedence in the scheduling queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_priority: Option<SchedulePriority>,
    /// The groups of workloads this one belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_affinity_groups: Option<WorkloadAffinityGroups>,
}

/// A resource template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ObjectReference {
    /// Group and version.
    #[serde(deserialize_with = "nullable")]
    pub api_version: String,
    /// Kind.
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
    /// Namespace, empty if it has none.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Name.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Uid.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// The version that was looked at.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub resource_version: String,
}

/// A cluster chosen, and what it gets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct TargetCluster {
    /// The cluster.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Its replicas.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    pub replicas: i32,
    /// Its replicas by component, for workloads with several pod templates.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<TargetComponent>,
}

/// What a cluster gets of one component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct TargetComponent {
    /// The component.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Its replicas.
    #[serde(deserialize_with = "nullable")]
    pub replicas: i32,
}

/// A binding that another one follows, as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct BindingSnapshot {
    /// Its namespace; empty means a ClusterResourceBinding.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Its name.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// The clusters chosen for it.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<TargetCluster>,
}

/// What is held back of a binding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct BindingSuspension {
    /// Whether nothing is dispatched at all. Comes from the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispatching: Option<bool>,
    /// Clusters to which nothing is dispatched. Comes from the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispatching_on_clusters: Option<SuspendClusters>,
    /// Whether the binding is not scheduled. Set on the binding itself, by somebody who queues workloads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduling: Option<bool>,
}

/// Precedence in the scheduling queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct SchedulePriority {
    /// Higher goes first.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    #[schemars(extend("x-karmada-default" = 0))]
    pub priority: i32,
}

/// The groups of workloads a binding belongs to, as `key=value`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct WorkloadAffinityGroups {
    /// It goes where the others of this group are.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub affinity_group: String,
    /// It goes where none of the others of this group is.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub anti_affinity_group: String,
}

impl TargetCluster {
    /// So many replicas for that cluster.
    #[must_use]
    pub fn new(name: impl Into<String>, replicas: i32) -> Self {
        Self {
            name: name.into(),
            replicas,
            components: Vec::new(),
        }
    }
}
