//! `policy.karmada.io/v1alpha1`.

mod overrides;
mod placement;
mod propagation;
mod quota;
mod taint;

pub use overrides::{
    ArgsOverrider, ClusterOverridePolicy, CommandOverrider, FieldOverrider, FieldPatchOperation,
    ImageComponent, ImageOverrider, ImagePredicate, LabelAnnotationOverrider, OverridePolicy, OverrideSpec,
    OverriderOperator, Overriders, PlaintextOverrider, RuleWithCluster,
};
pub use placement::{
    ClusterAffinity, ClusterAffinityTerm, ClusterPreferences, DynamicWeightFactor, FieldSelector,
    OverflowClusterAffinity, Placement, ReplicaDivisionPreference, ReplicaSchedulingStrategy,
    ReplicaSchedulingType, SpreadConstraint, SpreadFieldValue, StaticClusterWeight, WorkloadAffinity,
    WorkloadAffinityTerm,
};
pub use propagation::{
    ActivationPreference, ApplicationFailoverBehavior, ClusterFailoverBehavior, ClusterPropagationPolicy,
    ConflictResolution, DecisionConditions, FailoverBehavior, PolicySuspension, PreemptionBehavior,
    PriorityClassSource, PropagationPolicy, PropagationSpec, PurgeMode, ResourceSelector, SchedulePriority,
    StatePreservation, StatePreservationRule, SuspendClusters,
};
pub use quota::{
    ClusterQuotaStatus, FederatedResourceQuota, FederatedResourceQuotaSpec, FederatedResourceQuotaStatus,
    StaticClusterAssignment,
};
pub use taint::{
    ClusterTaintPolicy, ClusterTaintPolicySpec, MatchCondition, MatchConditionOperator, PolicyTaint,
};
