//! Finalizers: what must be cleaned up before an object may go.

/// On a Cluster: its execution space and Works.
pub const CLUSTER: &str = "karmada.io/cluster-controller";

/// On a Work: what it put into the member cluster.
pub const EXECUTION: &str = "karmada.io/execution-controller";

/// On a ResourceBinding: its Works.
pub const BINDING: &str = "karmada.io/binding-controller";

/// On a ClusterResourceBinding: its Works.
pub const CLUSTER_BINDING: &str = "karmada.io/cluster-resource-binding-controller";

/// On an independent ResourceBinding: what it left in attached ones.
pub const BINDING_DEPENDENCIES_DISTRIBUTOR: &str = "karmada.io/binding-dependencies-distributor";

/// On a PropagationPolicy: its claims on templates and bindings.
pub const PROPAGATION_POLICY: &str = "karmada.io/propagation-policy-controller";

/// On a ClusterPropagationPolicy: its claims on templates and bindings.
pub const CLUSTER_PROPAGATION_POLICY: &str = "karmada.io/cluster-propagation-policy-controller";

/// On a Work with a collected EndpointSlice: the derived EndpointSlice.
pub const ENDPOINT_SLICE: &str = "karmada.io/endpointslice-controller";

/// On a MultiClusterService: its Works and its claim on the Service.
pub const MULTI_CLUSTER_SERVICE: &str = "karmada.io/multiclusterservice-controller";

/// On what the EndpointSlice collector made. Upstream knows the name and does not use it.
pub const MCS_ENDPOINT_SLICE_COLLECT: &str = "karmada.io/mcs-endpointslice-collect-controller";

/// On a Work with an EndpointSlice collected for a MultiClusterService: the slices dispatched from it.
pub const MCS_ENDPOINT_SLICE_DISPATCH: &str = "karmada.io/mcs-endpointslice-dispatch-controller";
