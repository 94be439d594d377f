//! FederatedHPA (`karmada:pkg/util/lifted/federatedhpa.go`, `karmada:pkg/util/lifted/validatingfhpa.go`): the rules of
//! Kubernetes' HorizontalPodAutoscaler 1.27, without external metrics and without scaling to zero.

use k8s_openapi::api::autoscaling::v2::{
    ContainerResourceMetricSource, CrossVersionObjectReference, HPAScalingPolicy, HPAScalingRules,
    MetricIdentifier, MetricSpec, MetricTarget, ObjectMetricSource, PodsMetricSource, ResourceMetricSource,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as WireQuantity;

use super::metadata::validate_metadata;
use super::quota::{is_extended, is_native};
use super::syntax::path_segment;
use crate::api::autoscaling::v1alpha1::{FederatedHPA, FederatedHPASpec};
use crate::api::wire::DecodeError;
use crate::crd::Scope;
use crate::field::{FieldError, FieldPath};
use crate::quantity::Quantity;
use crate::syntax;

/// Average CPU use aimed at where no metric is given, in percent of what is requested.
const CPU_UTILIZATION: i32 = 80;
/// Longest window over which recommendations are remembered, in seconds.
const MAX_WINDOW_SECONDS: i32 = 3600;
/// Longest period of a scaling policy, in seconds.
const MAX_PERIOD_SECONDS: i32 = 1800;

/// Fills in what an autoscaler leaves open. A behaviour is completed member by member where one is given at all.
pub fn default_federated_hpa(hpa: &mut FederatedHPA) {
    let spec = &mut hpa.spec;
    spec.min_replicas.get_or_insert(1);
    if spec.metrics.is_empty() {
        spec.metrics.push(MetricSpec {
            type_: "Resource".to_owned(),
            resource: Some(ResourceMetricSource {
                name: "cpu".to_owned(),
                target: MetricTarget {
                    type_: "Utilization".to_owned(),
                    average_utilization: Some(CPU_UTILIZATION),
                    ..MetricTarget::default()
                },
            }),
            ..MetricSpec::default()
        });
    }
    if let Some(behavior) = &mut spec.behavior {
        let up = behavior.scale_up.get_or_insert_default();
        up.stabilization_window_seconds.get_or_insert(0);
        default_rules(up, &[("Pods", 4), ("Percent", 100)]);
        // How long to wait before scaling down is the controller's own setting.
        default_rules(behavior.scale_down.get_or_insert_default(), &[("Percent", 100)]);
    }
}

fn default_rules(rules: &mut HPAScalingRules, policies: &[(&str, i32)]) {
    rules.select_policy.get_or_insert_with(|| "Max".to_owned());
    rules.policies.get_or_insert_with(|| {
        policies
            .iter()
            .map(|&(type_, value)| HPAScalingPolicy {
                type_: type_.to_owned(),
                value,
                period_seconds: 15,
            })
            .collect()
    });
}

/// Refuses amounts that are no quantities: the Kubernetes types of metrics hold them as text.
pub(super) fn check_quantities(spec: &FederatedHPASpec) -> Result<(), DecodeError> {
    let targets = spec.metrics.iter().enumerate().flat_map(|(index, metric)| {
        [
            metric.object.as_ref().map(|source| ("object", &source.target)),
            metric.pods.as_ref().map(|source| ("pods", &source.target)),
            metric
                .resource
                .as_ref()
                .map(|source| ("resource", &source.target)),
            metric
                .container_resource
                .as_ref()
                .map(|source| ("containerResource", &source.target)),
            metric
                .external
                .as_ref()
                .map(|source| ("external", &source.target)),
        ]
        .into_iter()
        .flatten()
        .map(move |(source, target)| (index, source, target))
    });
    for (index, source, target) in targets {
        for (field, amount) in [("value", &target.value), ("averageValue", &target.average_value)] {
            let Some(amount) = amount else { continue };
            amount.0.parse::<Quantity>().map_err(|error| DecodeError {
                path: format!("spec.metrics[{index}].{source}.target.{field}"),
                reason: error.to_string(),
            })?;
        }
    }
    Ok(())
}

/// Checks an autoscaler.
#[must_use]
pub fn validate_federated_hpa(hpa: &FederatedHPA) -> Vec<FieldError> {
    let mut errors = validate_metadata(&hpa.metadata, Scope::Namespaced, syntax::dns_subdomain);
    let path = FieldPath::new("spec");
    let spec = &hpa.spec;
    let max = spec.max_replicas;
    if let Some(min) = spec.min_replicas.filter(|min| *min < 1) {
        errors.push(FieldError::invalid(
            &path.child("minReplicas"),
            &min,
            "must be greater than or equal to 1",
        ));
    }
    let max_path = path.child("maxReplicas");
    if max < 1 {
        errors.push(FieldError::invalid(&max_path, &max, "must be greater than 0"));
    }
    if spec.min_replicas.is_some_and(|min| max < min) {
        errors.push(FieldError::invalid(
            &max_path,
            &max,
            "must be greater than or equal to minReplicas",
        ));
    }
    errors.extend(validate_reference(
        &spec.scale_target_ref,
        &path.child("scaleTargetRef"),
    ));
    for (index, metric) in spec.metrics.iter().enumerate() {
        errors.extend(validate_metric(metric, &path.child("metrics").index(index)));
    }
    if let Some(behavior) = &spec.behavior {
        let path = path.child("behavior");
        for (field, rules) in [
            ("scaleUp", &behavior.scale_up),
            ("scaleDown", &behavior.scale_down),
        ] {
            errors.extend(
                rules
                    .iter()
                    .flat_map(|rules| validate_rules(rules, &path.child(field))),
            );
        }
    }
    let status = FieldPath::new("status");
    for (field, count) in [
        ("currentReplicas", hpa.status.current_replicas.unwrap_or_default()),
        ("desiredReplicas", hpa.status.desired_replicas),
    ] {
        if count < 0 {
            errors.push(FieldError::invalid(
                &status.child(field),
                &count,
                "must be greater than or equal to 0",
            ));
        }
    }
    errors
}

/// Checks that a reference names a kind and an object, both fit for a URL path.
pub(super) fn validate_reference(
    reference: &CrossVersionObjectReference,
    path: &FieldPath,
) -> Vec<FieldError> {
    [("kind", &reference.kind), ("name", &reference.name)]
        .into_iter()
        .filter_map(|(field, value)| segment(value, &path.child(field)))
        .collect()
}

/// Objects to a text that is empty or unfit for a URL path.
pub(super) fn segment(value: &str, path: &FieldPath) -> Option<FieldError> {
    if value.is_empty() {
        return Some(FieldError::required(path, ""));
    }
    let rule = path_segment(value).err()?;
    Some(FieldError::invalid(path, value, rule))
}

fn validate_metric(metric: &MetricSpec, path: &FieldPath) -> Vec<FieldError> {
    const TYPES: [&str; 4] = ["ContainerResource", "Object", "Pods", "Resource"];
    let mut errors = Vec::new();
    let type_path = path.child("type");
    if metric.type_.is_empty() {
        errors.push(FieldError::required(
            &type_path,
            "must specify a metric source type",
        ));
    }
    let expected = match metric.type_.as_str() {
        "Object" => Some("object"),
        "Pods" => Some("pods"),
        "Resource" => Some("resource"),
        "ContainerResource" => Some("containerResource"),
        other => {
            errors.push(FieldError::not_supported(&type_path, other, &TYPES));
            None
        }
    };
    // Sources are looked at in this order, and only the first one closely.
    let sources = [
        metric
            .object
            .as_ref()
            .map(|source| ("object", validate_object_source(source, &path.child("object")))),
        metric
            .pods
            .as_ref()
            .map(|source| ("pods", validate_pods_source(source, &path.child("pods")))),
        metric.resource.as_ref().map(|source| {
            (
                "resource",
                validate_resource_source(source, &path.child("resource")),
            )
        }),
        metric.container_resource.as_ref().map(|source| {
            (
                "containerResource",
                validate_container_source(source, &path.child("containerResource")),
            )
        }),
    ];
    let mut given = Vec::new();
    for (field, objections) in sources.into_iter().flatten() {
        if given.is_empty() {
            errors.extend(objections);
        }
        given.push(field);
    }
    if let Some(expected) = expected.filter(|expected| !given.contains(expected)) {
        errors.push(FieldError::required(
            &path.child(expected),
            "must populate information for the given metric source",
        ));
    }
    if given.len() > 1 {
        for field in given.into_iter().filter(|field| Some(*field) != expected) {
            errors.push(FieldError::forbidden(
                &path.child(field),
                "must populate the given metric source only",
            ));
        }
    }
    errors
}

fn validate_object_source(source: &ObjectMetricSource, path: &FieldPath) -> Vec<FieldError> {
    let target_path = path.child("target");
    let mut errors = validate_reference(&source.described_object, &path.child("describedObject"));
    errors.extend(validate_metric_name(&source.metric, path));
    errors.extend(validate_target(&source.target, &target_path));
    if source.target.value.is_none() && source.target.average_value.is_none() {
        errors.push(FieldError::required(
            &target_path.child("averageValue"),
            "must set either a target value or averageValue",
        ));
    }
    errors
}

fn validate_pods_source(source: &PodsMetricSource, path: &FieldPath) -> Vec<FieldError> {
    let target_path = path.child("target");
    let mut errors: Vec<FieldError> = validate_metric_name(&source.metric, path).into_iter().collect();
    errors.extend(validate_target(&source.target, &target_path));
    if source.target.average_value.is_none() {
        errors.push(FieldError::required(
            &target_path.child("averageValue"),
            "must specify a positive target averageValue",
        ));
    }
    errors
}

fn validate_resource_source(source: &ResourceMetricSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if source.name.is_empty() {
        errors.push(FieldError::required(
            &path.child("name"),
            "must specify a resource name",
        ));
    }
    errors.extend(validate_resource_target(&source.target, &path.child("target")));
    errors
}

fn validate_container_source(source: &ContainerResourceMetricSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let name_path = path.child("name");
    if source.name.is_empty() {
        errors.push(FieldError::required(&name_path, "must specify a resource name"));
    } else if let Err(rule) = container_resource(&source.name) {
        errors.push(FieldError::invalid(&name_path, &source.name, rule));
    }
    let container_path = path.child("container");
    if source.container.is_empty() {
        errors.push(FieldError::required(&container_path, "must specify a container"));
    } else if let Err(rule) = syntax::dns_label(&source.container) {
        errors.push(FieldError::invalid(&container_path, &source.container, rule));
    }
    errors.extend(validate_resource_target(&source.target, &path.child("target")));
    errors
}

/// Whether a container can ask for a resource of that name.
fn container_resource(resource: &str) -> Result<(), String> {
    syntax::qualified_name(resource).map_err(|error| error.to_string())?;
    let known =
        matches!(resource, "cpu" | "memory" | "ephemeral-storage") || resource.starts_with("hugepages-");
    if known || resource.contains('/') && (is_native(resource) || is_extended(resource)) {
        Ok(())
    } else {
        Err("must be a standard or extended resource for containers".to_owned())
    }
}

fn validate_resource_target(target: &MetricTarget, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = validate_target(target, path);
    match (
        target.average_utilization.is_some(),
        target.average_value.is_some(),
    ) {
        (false, false) => errors.push(FieldError::required(
            &path.child("averageUtilization"),
            "must set either a target raw value or a target utilization",
        )),
        (true, true) => errors.push(FieldError::forbidden(
            &path.child("averageValue"),
            "may not set both a target raw value and a target utilization",
        )),
        _ => {}
    }
    errors
}

fn validate_target(target: &MetricTarget, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let type_path = path.child("type");
    if target.type_.is_empty() {
        errors.push(FieldError::required(
            &type_path,
            "must specify a metric target type",
        ));
    }
    if !matches!(target.type_.as_str(), "Utilization" | "Value" | "AverageValue") {
        errors.push(FieldError::invalid(
            &type_path,
            &target.type_,
            "must be either Utilization, Value, or AverageValue",
        ));
    }
    for (field, amount) in [("value", &target.value), ("averageValue", &target.average_value)] {
        let Some(amount) = amount else { continue };
        if !is_positive(amount) {
            errors.push(FieldError::invalid(
                &path.child(field),
                amount,
                "must be positive",
            ));
        }
    }
    if let Some(percent) = target.average_utilization.filter(|percent| *percent < 1) {
        errors.push(FieldError::invalid(
            &path.child("averageUtilization"),
            &percent,
            "must be greater than 0",
        ));
    }
    errors
}

fn is_positive(amount: &WireQuantity) -> bool {
    amount.0.parse::<Quantity>().is_ok_and(|amount| amount.sign() > 0)
}

fn validate_metric_name(metric: &MetricIdentifier, path: &FieldPath) -> Option<FieldError> {
    segment(&metric.name, &path.child("metric").child("name"))
}

fn validate_rules(rules: &HPAScalingRules, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(window) = rules.stabilization_window_seconds
        && !(0..=MAX_WINDOW_SECONDS).contains(&window)
    {
        errors.push(FieldError::invalid(
            &path.child("stabilizationWindowSeconds"),
            &window,
            format_args!("must be between 0 and {MAX_WINDOW_SECONDS}"),
        ));
    }
    if let Some(policy) = &rules.select_policy {
        const SUPPORTED: [&str; 3] = ["Disabled", "Max", "Min"];
        if !SUPPORTED.contains(&policy.as_str()) {
            errors.push(FieldError::not_supported(
                &path.child("selectPolicy"),
                policy,
                &SUPPORTED,
            ));
        }
    }
    let policies_path = path.child("policies");
    let policies = rules.policies.as_deref().unwrap_or_default();
    if policies.is_empty() {
        errors.push(FieldError::required(
            &policies_path,
            "must specify at least one policy",
        ));
    }
    for (index, policy) in policies.iter().enumerate() {
        errors.extend(validate_policy(policy, &policies_path.index(index)));
    }
    errors
}

fn validate_policy(policy: &HPAScalingPolicy, path: &FieldPath) -> Vec<FieldError> {
    const SUPPORTED: [&str; 2] = ["Percent", "Pods"];
    let mut errors = Vec::new();
    if !SUPPORTED.contains(&policy.type_.as_str()) {
        errors.push(FieldError::not_supported(
            &path.child("type"),
            &policy.type_,
            &SUPPORTED,
        ));
    }
    if policy.value <= 0 {
        errors.push(FieldError::invalid(
            &path.child("value"),
            &policy.value,
            "must be greater than zero",
        ));
    }
    if !(1..=MAX_PERIOD_SECONDS).contains(&policy.period_seconds) {
        errors.push(FieldError::invalid(
            &path.child("periodSeconds"),
            &policy.period_seconds,
            format_args!("must be between 1 and {MAX_PERIOD_SECONDS}"),
        ));
    }
    errors
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{ask, check, object};
    use super::*;

    const HPA: &str = "FederatedHPA";

    #[test]
    fn defaults() {
        let check = |spec: Value, expected: Value| {
            let mut hpa: FederatedHPA = crate::api::wire::decode(&json!({"spec": spec})).unwrap();
            for _ in 0..2 {
                default_federated_hpa(&mut hpa);
                assert_eq!(serde_json::to_value(&hpa.spec.behavior).unwrap(), expected);
                assert_eq!(hpa.spec.min_replicas, Some(1));
                assert_eq!(hpa.spec.metrics.len(), 1);
            }
        };
        let percent = json!([{"type": "Percent", "value": 100, "periodSeconds": 15}]);
        check(json!({}), json!(null));
        check(
            json!({"behavior": {"scaleUp": {"policies": [], "selectPolicy": "Min"}, "scaleDown": {"stabilizationWindowSeconds": 7}}}),
            json!({
                "scaleUp": {"policies": [], "selectPolicy": "Min", "stabilizationWindowSeconds": 0},
                "scaleDown": {"policies": percent, "selectPolicy": "Max", "stabilizationWindowSeconds": 7},
            }),
        );
    }

    fn check_metric(metric: Value, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(field, kind)| (format!("spec.metrics[0].{field}"), *kind))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(field, kind)| (field.as_str(), *kind))
            .collect();
        let target = json!({"kind": "Deployment", "name": "a"});
        check(
            HPA,
            json!({"maxReplicas": 1, "scaleTargetRef": target, "metrics": [metric]}),
            &expected,
        );
    }

    #[test]
    fn sources() {
        let target = json!({"type": "AverageValue", "averageValue": "1"});
        let pods = json!({"metric": {"name": "rps"}, "target": target});
        let resource = json!({"name": "cpu", "target": target});
        check_metric(json!({"type": "Pods", "pods": pods}), &[]);
        check_metric(json!({"type": "Resource", "resource": resource}), &[]);
        check_metric(json!({"type": "Pods"}), &[("pods", "Required")]);
        check_metric(json!({}), &[("type", "NotSupported"), ("type", "Required")]);
        check_metric(
            json!({"type": "External", "external": {"metric": {"name": "x"}, "target": target}}),
            &[("type", "NotSupported")],
        );
        check_metric(
            json!({"type": "Pods", "pods": pods, "resource": {"target": {}}}),
            &[("resource", "Forbidden")],
        );
        check_metric(
            json!({"type": "Resource", "object": {"target": {"type": "Value", "value": "1"}}, "resource": resource}),
            &[
                ("object", "Forbidden"),
                ("object.describedObject.kind", "Required"),
                ("object.describedObject.name", "Required"),
                ("object.metric.name", "Required"),
            ],
        );
        check_metric(
            json!({"type": "ContainerResource", "containerResource": {"name": "pods", "container": "A", "target": target}}),
            &[
                ("containerResource.container", "Invalid"),
                ("containerResource.name", "Invalid"),
            ],
        );
        check_metric(
            json!({"type": "ContainerResource", "containerResource": {"name": "nvidia.com/gpu", "container": "a", "target": target}}),
            &[],
        );
    }

    #[test]
    fn targets() {
        let check = |target: Value, expected: &[(&str, &str)]| {
            let expected: Vec<_> = expected
                .iter()
                .map(|(field, kind)| (format!("resource.target.{field}"), *kind))
                .collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|(field, kind)| (field.as_str(), *kind))
                .collect();
            let metric = json!({"type": "Resource", "resource": {"name": "cpu", "target": target}});
            check_metric(metric, &expected);
        };
        check(
            json!({}),
            &[
                ("averageUtilization", "Required"),
                ("type", "Invalid"),
                ("type", "Required"),
            ],
        );
        check(
            json!({"type": "None", "averageUtilization": 1}),
            &[("type", "Invalid")],
        );
        check(
            json!({"type": "Utilization", "averageUtilization": 0}),
            &[("averageUtilization", "Invalid")],
        );
        check(
            json!({"type": "Value", "averageUtilization": 1, "averageValue": "-1", "value": "0"}),
            &[
                ("averageValue", "Forbidden"),
                ("averageValue", "Invalid"),
                ("value", "Invalid"),
            ],
        );
    }

    #[test]
    fn limits_and_behavior() {
        check(
            HPA,
            json!({"minReplicas": 0, "maxReplicas": -1}),
            &[
                ("spec.maxReplicas", "Invalid"),
                ("spec.maxReplicas", "Invalid"),
                ("spec.minReplicas", "Invalid"),
                ("spec.scaleTargetRef.kind", "Required"),
                ("spec.scaleTargetRef.name", "Required"),
            ],
        );
        let policy = json!({"type": "Nodes", "value": 0, "periodSeconds": 1801});
        check(
            HPA,
            json!({"maxReplicas": 1, "scaleTargetRef": {"kind": "a/b", "name": ".."}, "behavior": {
                "scaleUp": {"stabilizationWindowSeconds": 3601, "selectPolicy": "Avg"},
                "scaleDown": {"stabilizationWindowSeconds": -1, "policies": [policy]},
            }}),
            &[
                ("spec.behavior.scaleDown.policies[0].periodSeconds", "Invalid"),
                ("spec.behavior.scaleDown.policies[0].type", "NotSupported"),
                ("spec.behavior.scaleDown.policies[0].value", "Invalid"),
                ("spec.behavior.scaleDown.stabilizationWindowSeconds", "Invalid"),
                ("spec.behavior.scaleUp.policies", "Required"),
                ("spec.behavior.scaleUp.selectPolicy", "NotSupported"),
                ("spec.behavior.scaleUp.stabilizationWindowSeconds", "Invalid"),
                ("spec.scaleTargetRef.kind", "Invalid"),
                ("spec.scaleTargetRef.name", "Invalid"),
            ],
        );
    }

    #[test]
    fn an_amount_that_is_none_cannot_be_read() {
        let metric =
            json!({"type": "Pods", "pods": {"metric": {"name": "a"}, "target": {"averageValue": "x"}}});
        let denial = ask(HPA, &object(HPA, &json!({"metrics": [metric]})), None).unwrap_err();
        assert_eq!(denial.code, 400);
        assert!(
            denial
                .message
                .contains("spec.metrics[0].pods.target.averageValue"),
            "{denial}"
        );
    }
}
