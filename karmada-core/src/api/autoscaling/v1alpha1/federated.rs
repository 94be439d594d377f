//! Replicas by load, across clusters (`karmada:pkg/apis/autoscaling/v1alpha1/federatedhpa_types.go`).

use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HorizontalPodAutoscalerBehavior, HorizontalPodAutoscalerStatus, MetricSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::wire::nullable;

kind! {
    /// Scales a template by the load of all clusters together.
    pub struct FederatedHPA {
        group: "autoscaling.karmada.io", version: "v1alpha1", plural: "federatedhpas", singular: "federatedhpa",
        scope: Namespaced, short_names: ["fhpa"], categories: ["karmada-io"], status: true,
        columns: [
            ("REFERENCE-KIND", "string", ".spec.scaleTargetRef.kind"),
            ("REFERENCE-NAME", "string", ".spec.scaleTargetRef.name"),
            ("MINPODS", "integer", ".spec.minReplicas"),
            ("MAXPODS", "integer", ".spec.maxReplicas"),
            ("REPLICAS", "integer", ".status.currentReplicas"),
            ("AGE", "date", ".metadata.creationTimestamp"),
        ],
        /// What is scaled, and by what.
        spec: FederatedHPASpec,
        /// What was last measured and decided.
        status: HorizontalPodAutoscalerStatus = optional,
    }
}

/// What is scaled, and by what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct FederatedHPASpec {
    /// The template.
    #[serde(deserialize_with = "nullable")]
    pub scale_target_ref: CrossVersionObjectReference,
    /// At least so many replicas; absent means 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_replicas: Option<i32>,
    /// At most so many.
    #[serde(deserialize_with = "nullable")]
    pub max_replicas: i32,
    /// What is measured; the largest number any of them asks for counts.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<MetricSpec>,
    /// How fast replicas come and go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behavior: Option<HorizontalPodAutoscalerBehavior>,
}

impl FederatedHPA {
    /// Scales a template between `min` and `max` replicas by the metrics admission fills in: 80 % CPU.
    #[must_use]
    pub fn new(
        namespace: impl Into<String>,
        name: impl Into<String>,
        target: CrossVersionObjectReference,
        min: i32,
        max: i32,
    ) -> Self {
        Self {
            spec: FederatedHPASpec {
                scale_target_ref: target,
                min_replicas: Some(min),
                max_replicas: max,
                ..FederatedHPASpec::default()
            },
            ..Self::named(namespace, name)
        }
    }
}
