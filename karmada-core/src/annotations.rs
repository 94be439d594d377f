//! Annotations that Karmada puts on objects or reads from them.

/// On templates and bindings: the namespace of the PropagationPolicy that claims them.
pub const PROPAGATION_POLICY_NAMESPACE: &str = "propagationpolicy.karmada.io/namespace";

/// On templates and bindings: the PropagationPolicy that claims them.
pub const PROPAGATION_POLICY_NAME: &str = "propagationpolicy.karmada.io/name";

/// On templates and bindings: the ClusterPropagationPolicy that claims them.
pub const CLUSTER_PROPAGATION_POLICY_NAME: &str = "clusterpropagationpolicy.karmada.io/name";

/// On Works and manifests: the namespace of the ResourceBinding they come from.
pub const RESOURCE_BINDING_NAMESPACE: &str = "resourcebinding.karmada.io/namespace";

/// On Works and manifests: the ResourceBinding they come from.
pub const RESOURCE_BINDING_NAME: &str = "resourcebinding.karmada.io/name";

/// On Works and manifests: the ClusterResourceBinding they come from.
pub const CLUSTER_RESOURCE_BINDING_NAME: &str = "clusterresourcebinding.karmada.io/name";

/// On manifests and derived EndpointSlices: the namespace of the Work they come from.
pub const WORK_NAMESPACE: &str = "work.karmada.io/namespace";

/// On manifests and derived EndpointSlices: the Work they come from.
pub const WORK_NAME: &str = "work.karmada.io/name";

/// On templates, Works and manifests: what happens when a member has such an object of its own.
pub const WORK_CONFLICT_RESOLUTION: &str = "work.karmada.io/conflict-resolution";

/// The value of [`WORK_CONFLICT_RESOLUTION`] that takes the object over.
pub const CONFLICT_RESOLUTION_OVERWRITE: &str = "overwrite";

/// The value of [`WORK_CONFLICT_RESOLUTION`] that leaves it alone.
pub const CONFLICT_RESOLUTION_ABORT: &str = "abort";

/// On a binding: the placement it was last scheduled with, as JSON.
pub const POLICY_PLACEMENT: &str = "policy.karmada.io/applied-placement";

/// On a Work: the OverridePolicies applied, as a JSON array.
pub const APPLIED_OVERRIDES: &str = "policy.karmada.io/applied-overrides";

/// On a Work: the ClusterOverridePolicies applied, as a JSON array.
pub const APPLIED_CLUSTER_OVERRIDES: &str = "policy.karmada.io/applied-cluster-overrides";

/// On an independent binding: what the resource depends on, as a JSON array of references.
pub const BINDING_DEPENDENCIES: &str = "resourcebinding.karmada.io/dependencies";

/// On a manifest: the template's UID.
pub const RESOURCE_TEMPLATE_UID: &str = "resourcetemplate.karmada.io/uid";

/// On a manifest: the template's generation, in decimal.
pub const RESOURCE_TEMPLATE_GENERATION: &str = "resourcetemplate.karmada.io/generation";

/// On a manifest: the keys of the labels Karmada set, sorted and joined with commas.
pub const MANAGED_LABELS: &str = "resourcetemplate.karmada.io/managed-labels";

/// On a manifest: the keys of the annotations Karmada set, sorted and joined with commas.
pub const MANAGED_ANNOTATIONS: &str = "resourcetemplate.karmada.io/managed-annotations";

/// On a Service and its binding: the namespace of the MultiClusterService that claims them.
pub const MULTI_CLUSTER_SERVICE_NAMESPACE: &str = "multiclusterservice.karmada.io/namespace";

/// On a Service and its binding: the MultiClusterService that claims them.
pub const MULTI_CLUSTER_SERVICE_NAME: &str = "multiclusterservice.karmada.io/name";

/// On a dispatched EndpointSlice and its Work: the cluster whose endpoints it has.
pub const ENDPOINT_SLICE_PROVISION_CLUSTER: &str = "endpointslice.karmada.io/provision-cluster";

/// On an object that the search proxy returns: the cluster it comes from.
pub const CACHED_FROM_CLUSTER: &str = "resource.karmada.io/cached-from-cluster";

/// On metrics: the cluster they come from.
pub const QUERY_FROM_CLUSTER: &str = "resource.karmada.io/query-from-cluster";

/// Annotations taken off an object in a member cluster that stays there without Karmada.
///
/// Upstream's list, which leaves those of cluster-scoped bindings and of conflict resolution in place.
pub const MANAGED_RESOURCE_ANNOTATIONS: [&str; 8] = [
    MANAGED_ANNOTATIONS,
    MANAGED_LABELS,
    RESOURCE_BINDING_NAMESPACE,
    RESOURCE_BINDING_NAME,
    RESOURCE_TEMPLATE_UID,
    RESOURCE_TEMPLATE_GENERATION,
    WORK_NAME,
    WORK_NAMESPACE,
];
