//! Policies that say what goes where (`karmada:pkg/apis/policy/v1alpha1/propagation_types.go`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Placement;
use crate::api::meta::LabelSelector;
use crate::api::wire::{is_zero, nullable, optional_set};

kind! {
    /// Propagates resources of its own namespace.
    pub struct PropagationPolicy {
        group: "policy.karmada.io", version: "v1alpha1", plural: "propagationpolicies", singular: "propagationpolicy",
        scope: Namespaced, short_names: ["pp"], categories: ["karmada-io"], status: false,
        columns: [
            ("CONFLICT-RESOLUTION", "string", ".spec.conflictResolution"),
            ("PRIORITY", "string", ".spec.priority"),
            ("AGE", "date", ".metadata.creationTimestamp"),
        ],
        /// What goes where.
        spec: PropagationSpec,
    }
}

kind! {
    /// Propagates cluster-scoped resources and resources of any namespace that is not reserved.
    pub struct ClusterPropagationPolicy {
        group: "policy.karmada.io", version: "v1alpha1", plural: "clusterpropagationpolicies",
        singular: "clusterpropagationpolicy",
        scope: Cluster, short_names: ["cpp"], categories: ["karmada-io"], status: false,
        columns: [
            ("CONFLICT-RESOLUTION", "string", ".spec.conflictResolution"),
            ("PRIORITY", "string", ".spec.priority"),
            ("AGE", "date", ".metadata.creationTimestamp"),
        ],
        /// What goes where.
        spec: PropagationSpec,
    }
}

/// What goes where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct PropagationSpec {
    /// The resources the policy is for: any of these.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("minItems" = 1))]
    pub resource_selectors: Vec<ResourceSelector>,
    /// Deprecated and without effect.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    pub association: bool,
    /// Whether what a resource refers to (ConfigMaps, Secrets, ...) goes with it.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_zero")]
    pub propagate_deps: bool,
    /// Where resources may go, and how replicas are divided.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("x-karmada-optional" = true))]
    pub placement: Placement,
    /// Precedence among policies of the same kind; absent counts as 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-karmada-default" = 0))]
    pub priority: Option<i32>,
    /// Whether the policy takes over resources that another one has claimed.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-karmada-default" = "Never"))]
    pub preemption: Option<PreemptionBehavior>,
    /// Override policies that must exist before anything is propagated.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub dependent_overrides: Vec<String>,
    /// The scheduler in charge.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    #[schemars(extend("x-karmada-default" = "default-scheduler"))]
    pub scheduler_name: String,
    /// What happens when a cluster or the workload on it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failover: Option<FailoverBehavior>,
    /// What happens when a member already has an object of that name.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-karmada-default" = "Abort"))]
    pub conflict_resolution: Option<ConflictResolution>,
    /// When a change of the policy takes effect.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    pub activation_preference: Option<ActivationPreference>,
    /// What is held back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspension: Option<PolicySuspension>,
    /// Whether members keep the resources when the template is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserve_resources_on_deletion: Option<bool>,
    /// Precedence in the scheduling queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_priority: Option<SchedulePriority>,
}

/// Picks resource templates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ResourceSelector {
    /// Group and version, compared as text.
    #[serde(deserialize_with = "nullable")]
    pub api_version: String,
    /// Kind.
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
    /// Namespace; empty picks all the policy may see.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Name; empty picks all.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Labels; does not count when a name is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
}

closed_set! {
    /// Whether a policy takes over resources that another one has claimed.
    pub enum PreemptionBehavior {
        /// It does, where its priority is higher.
        Always = "Always",
        /// It does not.
        Never = "Never",
    }
}

closed_set! {
    /// What happens when a member already has an object that Karmada did not create.
    pub enum ConflictResolution {
        /// Nothing is propagated there.
        Abort = "Abort",
        /// The object is taken over.
        Overwrite = "Overwrite",
    }
}

closed_set! {
    /// When a change of a policy takes effect.
    pub enum ActivationPreference {
        /// With the next change of the template.
        Lazy = "Lazy",
    }
}

/// What is held back, as a policy says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct PolicySuspension {
    /// Whether nothing is dispatched at all. Excludes `dispatchingOnClusters`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispatching: Option<bool>,
    /// Clusters to which nothing is dispatched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispatching_on_clusters: Option<SuspendClusters>,
}

/// Clusters to which nothing is dispatched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct SuspendClusters {
    /// Their names.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub cluster_names: Vec<String>,
}

closed_set! {
    /// Where a scheduling priority comes from.
    pub enum PriorityClassSource {
        /// A `scheduling.k8s.io/v1` PriorityClass.
        KubePriorityClass = "KubePriorityClass",
    }
}

/// Precedence in the scheduling queue, as a policy says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct SchedulePriority {
    /// Where the priority comes from.
    #[serde(deserialize_with = "nullable")]
    pub priority_class_source: PriorityClassSource,
    /// The name of the class there.
    #[serde(deserialize_with = "nullable")]
    pub priority_class_name: String,
}

/// What happens when a cluster or the workload on it fails.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct FailoverBehavior {
    /// When the workload is unhealthy on a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationFailoverBehavior>,
    /// When a cluster has taints the workload does not tolerate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterFailoverBehavior>,
}

closed_set! {
    /// How a workload leaves a cluster.
    pub enum PurgeMode {
        /// At once.
        Directly = "Directly",
        /// Once it runs elsewhere, or the grace period is over.
        Gracefully = "Gracefully",
        /// Only by hand.
        Never = "Never",
    }
}

/// What happens when a workload is unhealthy on a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ApplicationFailoverBehavior {
    /// From when on it counts as failed.
    #[serde(deserialize_with = "nullable")]
    pub decision_conditions: DecisionConditions,
    /// How it leaves the cluster.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-karmada-default" = "Gracefully"))]
    pub purge_mode: Option<PurgeMode>,
    /// With `Gracefully`: seconds after which it leaves even if it does not run elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_period_seconds: Option<i32>,
    /// What of its state goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_preservation: Option<StatePreservation>,
}

/// From when on a workload counts as failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct DecisionConditions {
    /// How many seconds it may be unhealthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-karmada-default" = 300))]
    pub toleration_seconds: Option<i32>,
}

/// What happens when a cluster has taints a workload does not tolerate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ClusterFailoverBehavior {
    /// How the workload leaves the cluster: `Directly` or `Gracefully`.
    #[serde(deserialize_with = "optional_set", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-karmada-default" = "Gracefully", "enum" = ["Directly", "Gracefully"]))]
    pub purge_mode: Option<PurgeMode>,
    /// What of its state goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_preservation: Option<StatePreservation>,
}

/// What of a workload's state goes with it to another cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct StatePreservation {
    /// What is read from its status.
    #[serde(deserialize_with = "nullable")]
    pub rules: Vec<StatePreservationRule>,
}

/// Reads one value from a workload's status into a label.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct StatePreservationRule {
    /// The label on the new copy.
    #[serde(deserialize_with = "nullable")]
    pub alias_label_name: String,
    /// Where the value is in the status, as a JSONPath.
    #[serde(deserialize_with = "nullable")]
    pub json_path: String,
}

impl ResourceSelector {
    /// Picks every resource of a kind.
    #[must_use]
    pub fn new(api_version: impl Into<String>, kind: impl Into<String>) -> Self {
        Self {
            api_version: api_version.into(),
            kind: kind.into(),
            ..Self::default()
        }
    }

    /// Only the one of that name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Only those in that namespace.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Only those with matching labels.
    #[must_use]
    pub fn labels(mut self, selector: LabelSelector) -> Self {
        self.label_selector = Some(selector);
        self
    }
}

impl PropagationSpec {
    /// Propagates what the selectors pick to where the placement says.
    pub fn new(selectors: impl IntoIterator<Item = ResourceSelector>, placement: Placement) -> Self {
        Self {
            resource_selectors: selectors.into_iter().collect(),
            placement,
            ..Self::default()
        }
    }

    /// Whether what a resource refers to goes with it.
    #[must_use]
    pub fn propagate_deps(mut self, propagate: bool) -> Self {
        self.propagate_deps = propagate;
        self
    }

    /// Precedence among policies of the same kind.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Whether the policy takes over what policies of lower priority have claimed.
    #[must_use]
    pub fn preemption(mut self, preemption: PreemptionBehavior) -> Self {
        self.preemption = Some(preemption);
        self
    }

    /// Waits for these override policies.
    #[must_use]
    pub fn dependent_overrides<I, S>(mut self, names: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        self.dependent_overrides.extend(names.into_iter().map(Into::into));
        self
    }

    /// Leaves it to that scheduler.
    #[must_use]
    pub fn scheduler_name(mut self, name: impl Into<String>) -> Self {
        self.scheduler_name = name.into();
        self
    }

    /// Says what happens when a cluster or the workload on it fails.
    #[must_use]
    pub fn failover(mut self, failover: FailoverBehavior) -> Self {
        self.failover = Some(failover);
        self
    }

    /// Says what happens when a member already has an object of that name.
    #[must_use]
    pub fn conflict_resolution(mut self, resolution: ConflictResolution) -> Self {
        self.conflict_resolution = Some(resolution);
        self
    }

    /// Changes of the policy take effect with the next change of a template.
    #[must_use]
    pub fn lazy(mut self) -> Self {
        self.activation_preference = Some(ActivationPreference::Lazy);
        self
    }

    /// Holds something back.
    #[must_use]
    pub fn suspension(mut self, suspension: PolicySuspension) -> Self {
        self.suspension = Some(suspension);
        self
    }

    /// Whether members keep the resources when the template is deleted.
    #[must_use]
    pub fn preserve_resources_on_deletion(mut self, preserve: bool) -> Self {
        self.preserve_resources_on_deletion = Some(preserve);
        self
    }

    /// Says how early it is scheduled.
    #[must_use]
    pub fn schedule_priority(mut self, priority: SchedulePriority) -> Self {
        self.schedule_priority = Some(priority);
        self
    }
}

impl PolicySuspension {
    /// Nothing is dispatched.
    #[must_use]
    pub fn everywhere() -> Self {
        Self {
            dispatching: Some(true),
            dispatching_on_clusters: None,
        }
    }

    /// Nothing is dispatched to these clusters.
    pub fn on_clusters<I, S>(names: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        Self {
            dispatching: None,
            dispatching_on_clusters: Some(SuspendClusters {
                cluster_names: names.into_iter().map(Into::into).collect(),
            }),
        }
    }
}

impl SchedulePriority {
    /// The priority of a PriorityClass of Kubernetes.
    #[must_use]
    pub fn class(name: impl Into<String>) -> Self {
        Self {
            priority_class_source: PriorityClassSource::KubePriorityClass,
            priority_class_name: name.into(),
        }
    }
}

impl FailoverBehavior {
    /// Nothing happens.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// When the workload is unhealthy on a cluster.
    #[must_use]
    pub fn application(mut self, behavior: ApplicationFailoverBehavior) -> Self {
        self.application = Some(behavior);
        self
    }

    /// When a cluster has taints the workload does not tolerate.
    #[must_use]
    pub fn cluster(mut self, behavior: ClusterFailoverBehavior) -> Self {
        self.cluster = Some(behavior);
        self
    }
}

impl ApplicationFailoverBehavior {
    /// After so many unhealthy seconds the workload leaves the cluster that way.
    #[must_use]
    pub fn new(toleration_seconds: i32, purge_mode: PurgeMode) -> Self {
        Self {
            decision_conditions: DecisionConditions {
                toleration_seconds: Some(toleration_seconds),
            },
            purge_mode: Some(purge_mode),
            ..Self::default()
        }
    }

    /// With `Gracefully`: seconds after which it leaves even if it does not run elsewhere.
    #[must_use]
    pub fn grace_period_seconds(mut self, seconds: i32) -> Self {
        self.grace_period_seconds = Some(seconds);
        self
    }
}

impl ClusterFailoverBehavior {
    /// The workload leaves the cluster that way: `Directly` or `Gracefully`.
    #[must_use]
    pub fn new(purge_mode: PurgeMode) -> Self {
        Self {
            purge_mode: Some(purge_mode),
            state_preservation: None,
        }
    }
}

impl PropagationPolicy {
    /// A policy of that namespace and name.
    #[must_use]
    pub fn new(namespace: impl Into<String>, name: impl Into<String>, spec: PropagationSpec) -> Self {
        Self {
            spec,
            ..Self::named(namespace, name)
        }
    }
}

impl ClusterPropagationPolicy {
    /// A policy of that name.
    #[must_use]
    pub fn new(name: impl Into<String>, spec: PropagationSpec) -> Self {
        Self {
            spec,
            ..Self::named(name)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn built_as_written() {
        let spec = PropagationSpec::new(
            [ResourceSelector::new("apps/v1", "Deployment").name("web")],
            Placement::new(),
        )
        .propagate_deps(true)
        .priority(5)
        .preemption(PreemptionBehavior::Always)
        .dependent_overrides(["eu"])
        .scheduler_name("mine")
        .failover(
            FailoverBehavior::new()
                .application(
                    ApplicationFailoverBehavior::new(60, PurgeMode::Gracefully).grace_period_seconds(120),
                )
                .cluster(ClusterFailoverBehavior::new(PurgeMode::Directly)),
        )
        .conflict_resolution(ConflictResolution::Overwrite)
        .lazy()
        .suspension(PolicySuspension::on_clusters(["m1"]))
        .preserve_resources_on_deletion(true)
        .schedule_priority(SchedulePriority::class("high"));
        assert_eq!(
            serde_json::to_value(spec).unwrap(),
            json!({
                "resourceSelectors": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}],
                "propagateDeps": true,
                "placement": {},
                "priority": 5,
                "preemption": "Always",
                "dependentOverrides": ["eu"],
                "schedulerName": "mine",
                "failover": {
                    "application": {
                        "decisionConditions": {"tolerationSeconds": 60},
                        "purgeMode": "Gracefully",
                        "gracePeriodSeconds": 120,
                    },
                    "cluster": {"purgeMode": "Directly"},
                },
                "conflictResolution": "Overwrite",
                "activationPreference": "Lazy",
                "suspension": {"dispatchingOnClusters": {"clusterNames": ["m1"]}},
                "preserveResourcesOnDeletion": true,
                "schedulePriority": {"priorityClassSource": "KubePriorityClass", "priorityClassName": "high"},
            })
        );
        assert_eq!(
            serde_json::to_value(PolicySuspension::everywhere()).unwrap(),
            json!({"dispatching": true})
        );
    }
}
