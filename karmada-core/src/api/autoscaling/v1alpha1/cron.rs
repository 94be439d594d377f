//! Replicas by the clock (`karmada:pkg/apis/autoscaling/v1alpha1/cronfederatedhpa_types.go`).

use k8s_openapi::api::autoscaling::v2::CrossVersionObjectReference;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::meta::Time;
use crate::api::wire::nullable;

kind! {
    /// Scales a template, or changes the limits of a FederatedHPA, by the clock.
    pub struct CronFederatedHPA {
        group: "autoscaling.karmada.io", version: "v1alpha1", plural: "cronfederatedhpas",
        singular: "cronfederatedhpa",
        scope: Namespaced, short_names: ["cronfhpa"], categories: ["karmada-io"], status: true,
        columns: [
            ("REFERENCE-KIND", "string", ".spec.scaleTargetRef.kind"),
            ("REFERENCE-NAME", "string", ".spec.scaleTargetRef.name"),
            ("AGE", "date", ".metadata.creationTimestamp"),
        ],
        /// What is scaled when.
        spec: CronFederatedHPASpec,
        /// What has been done.
        status: CronFederatedHPAStatus = optional,
    }
}

/// What is scaled when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct CronFederatedHPASpec {
    /// A template, or a FederatedHPA.
    #[serde(deserialize_with = "nullable")]
    pub scale_target_ref: CrossVersionObjectReference,
    /// What happens when.
    #[serde(deserialize_with = "nullable")]
    pub rules: Vec<CronFederatedHPARule>,
}

/// Sets replicas at certain times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct CronFederatedHPARule {
    /// Names the rule within the object.
    #[serde(deserialize_with = "nullable")]
    #[schemars(extend("minLength" = 1, "maxLength" = 32))]
    pub name: String,
    /// When, in cron's five fields.
    #[serde(deserialize_with = "nullable")]
    pub schedule: String,
    /// Replicas for a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_replicas: Option<i32>,
    /// `minReplicas` for a FederatedHPA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_min_replicas: Option<i32>,
    /// `maxReplicas` for a FederatedHPA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_max_replicas: Option<i32>,
    /// Whether the rule rests.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-karmada-default" = false))]
    pub suspend: Option<bool>,
    /// The time zone of the schedule by its IANA name; absent means that of the controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How many successes the status remembers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-karmada-default" = 3, "minimum" = 1, "maximum" = 32))]
    pub successful_history_limit: Option<i32>,
    /// How many failures the status remembers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-karmada-default" = 3, "minimum" = 0, "maximum" = 32))]
    pub failed_history_limit: Option<i32>,
}

/// What the rules have done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct CronFederatedHPAStatus {
    /// By rule.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub execution_histories: Vec<ExecutionHistory>,
}

/// What a rule has done and when it is due.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct ExecutionHistory {
    /// The rule.
    #[serde(deserialize_with = "nullable")]
    pub rule_name: String,
    /// When it is due; absent while the rule rests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_execution_time: Option<Time>,
    /// Successes, newest first.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub successful_executions: Vec<SuccessfulExecution>,
    /// Failures, newest first.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub failed_executions: Vec<FailedExecution>,
}

/// A success of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct SuccessfulExecution {
    /// When it was due.
    #[schemars(with = "Time")]
    pub schedule_time: Option<Time>,
    /// When it happened.
    #[schemars(with = "Time")]
    pub execution_time: Option<Time>,
    /// The replicas set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_replicas: Option<i32>,
    /// The `maxReplicas` set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_max_replicas: Option<i32>,
    /// The `minReplicas` set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_min_replicas: Option<i32>,
}

/// A failure of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct FailedExecution {
    /// When it was due.
    #[schemars(with = "Time")]
    pub schedule_time: Option<Time>,
    /// When it happened.
    #[schemars(with = "Time")]
    pub execution_time: Option<Time>,
    /// What went wrong.
    #[serde(deserialize_with = "nullable")]
    pub message: String,
}

impl CronFederatedHPARule {
    /// Gives a template that many replicas at these times.
    #[must_use]
    pub fn replicas(name: impl Into<String>, schedule: impl Into<String>, replicas: i32) -> Self {
        Self {
            name: name.into(),
            schedule: schedule.into(),
            target_replicas: Some(replicas),
            ..Self::default()
        }
    }

    /// Gives a FederatedHPA these limits at these times.
    #[must_use]
    pub fn limits(name: impl Into<String>, schedule: impl Into<String>, min: i32, max: i32) -> Self {
        Self {
            name: name.into(),
            schedule: schedule.into(),
            target_min_replicas: Some(min),
            target_max_replicas: Some(max),
            ..Self::default()
        }
    }

    /// Reads the schedule in this time zone.
    #[must_use]
    pub fn time_zone(mut self, name: impl Into<String>) -> Self {
        self.time_zone = Some(name.into());
        self
    }
}

impl CronFederatedHPA {
    /// Applies rules to a template or a FederatedHPA.
    #[must_use]
    pub fn new(
        namespace: impl Into<String>,
        name: impl Into<String>,
        target: CrossVersionObjectReference,
        rules: impl IntoIterator<Item = CronFederatedHPARule>,
    ) -> Self {
        Self {
            spec: CronFederatedHPASpec {
                scale_target_ref: target,
                rules: rules.into_iter().collect(),
            },
            ..Self::named(namespace, name)
        }
    }
}
