//! Labels that Karmada puts on objects or reads from them.

/// Identifies a PropagationPolicy for life; on templates and bindings, the one that claims them.
pub const PROPAGATION_POLICY_PERMANENT_ID: &str = "propagationpolicy.karmada.io/permanent-id";

/// Identifies a ClusterPropagationPolicy for life; on templates and bindings, the one that claims them.
pub const CLUSTER_PROPAGATION_POLICY_PERMANENT_ID: &str = "clusterpropagationpolicy.karmada.io/permanent-id";

/// Identifies a ResourceBinding for life; on Works and their manifests, the one they come from.
pub const RESOURCE_BINDING_PERMANENT_ID: &str = "resourcebinding.karmada.io/permanent-id";

/// Identifies a ClusterResourceBinding for life; on Works and their manifests, the one they come from.
pub const CLUSTER_RESOURCE_BINDING_PERMANENT_ID: &str = "clusterresourcebinding.karmada.io/permanent-id";

/// Identifies a Work for life; on manifests and derived EndpointSlices, the one they come from.
pub const WORK_PERMANENT_ID: &str = "work.karmada.io/permanent-id";

/// Identifies a MultiClusterService for life; on Services and their bindings, the one that claims them.
pub const MULTI_CLUSTER_SERVICE_PERMANENT_ID: &str = "multiclusterservice.karmada.io/permanent-id";

/// On a Work, the namespace of the MultiClusterService it serves.
pub const MULTI_CLUSTER_SERVICE_NAMESPACE: &str = "multiclusterservice.karmada.io/namespace";

/// On a Work, the MultiClusterService it serves.
pub const MULTI_CLUSTER_SERVICE_NAME: &str = "multiclusterservice.karmada.io/name";

/// On a Work with a collected EndpointSlice, the namespace of its Service.
pub const ENDPOINT_SLICE_NAMESPACE: &str = "endpointslice.karmada.io/namespace";

/// On a Work with a collected EndpointSlice, its Service.
pub const ENDPOINT_SLICE_NAME: &str = "endpointslice.karmada.io/name";

/// On a Work with a collected EndpointSlice, the kinds it is kept for, joined with dots.
pub const ENDPOINT_SLICE_MANAGED_BY: &str = "endpointslice.karmada.io/managed-by";

/// On a Work with a ResourceQuota, the namespace of the FederatedResourceQuota.
pub const FEDERATED_RESOURCE_QUOTA_NAMESPACE: &str = "federatedresourcequota.karmada.io/namespace";

/// On a Work with a ResourceQuota, the FederatedResourceQuota.
pub const FEDERATED_RESOURCE_QUOTA_NAME: &str = "federatedresourcequota.karmada.io/name";

/// On everything Karmada creates in a member cluster; without it Karmada leaves an object alone.
pub const MANAGED: &str = "karmada.io/managed";

/// The value of [`MANAGED`].
pub const MANAGED_VALUE: &str = "true";

/// On namespaces, accounts and roles that Karmada creates for itself.
pub const SYSTEM: &str = "karmada.io/system";

/// The value of [`SYSTEM`].
pub const SYSTEM_VALUE: &str = "true";

/// On a template: whether the number of replicas found in a member cluster is kept.
pub const RETAIN_REPLICAS: &str = "resourcetemplate.karmada.io/retain-replicas";

/// The value of [`RETAIN_REPLICAS`] that says so.
pub const RETAIN_REPLICAS_VALUE: &str = "true";

/// On a template: who takes care of it in place of policies. The detector ignores it.
pub const CLAIMED_BY: &str = "resourcetemplate.karmada.io/claimed-by";

/// On any object: whether deleting it is refused.
pub const DELETION_PROTECTED: &str = "resourcetemplate.karmada.io/deletion-protected";

/// The value of [`DELETION_PROTECTED`] that says so.
pub const DELETION_PROTECTED_ALWAYS: &str = "Always";

/// On a binding without policy: who takes care of it, so that the scheduler may.
pub const BINDING_MANAGED_BY: &str = "binding.karmada.io/managed-by";

/// On an attached binding, together with the key of an independent one: that one's permanent id.
/// See [`names::binding_reference_key`](crate::names::binding_reference_key).
pub const DEPENDED_BY_PREFIX: &str = "resourcebinding.karmada.io/depended-by-";

/// On a namespace: whether it is kept from member clusters; `true` in any case of letters.
pub const NAMESPACE_SKIP_AUTO_PROPAGATION: &str = "namespace.karmada.io/skip-auto-propagation";

/// On an EndpointSlice: the controller it belongs to.
pub const SERVICE_ENDPOINT_SLICE_MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";

/// The value of [`SERVICE_ENDPOINT_SLICE_MANAGED_BY`] where a MultiClusterService brought the EndpointSlice in.
pub const ENDPOINT_SLICE_DISPATCH_CONTROLLER: &str = "endpointslice-dispatch-controller.karmada.io";

/// The value of [`SERVICE_ENDPOINT_SLICE_MANAGED_BY`] where a ServiceExport brought the EndpointSlice in.
pub const ENDPOINT_SLICE_CONTROLLER: &str = "endpointslice-controller.karmada.io";

/// On an EndpointSlice: its Service.
pub const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// Labels taken off an object in a member cluster that stays there without Karmada.
///
/// Upstream's list, which leaves the label of cluster-scoped bindings in place.
pub const MANAGED_RESOURCE_LABELS: [&str; 3] = [RESOURCE_BINDING_PERMANENT_ID, WORK_PERMANENT_ID, MANAGED];
