//! OverridePolicy and ClusterOverridePolicy (`karmada:pkg/util/validation/validation.go`).

use serde_json::Value;

use super::given;
use super::metadata::{validate_annotations, validate_labels};
use super::placement::validate_cluster_affinity;
use super::propagation::validate_selector_namespaces;
use super::syntax::json_pointer;
use crate::api::policy::v1alpha1::{
    FieldOverrider, FieldPatchOperation, OverrideSpec, OverriderOperator, Overriders,
};
use crate::field::{FieldError, FieldPath};

/// Checks the spec of an override policy. `namespace` is the policy's, empty for a ClusterOverridePolicy; `raw` is the
/// object the spec was decoded from.
///
/// The deprecated top-level overriders are not looked into, nor are plaintext operations.
pub(super) fn validate_spec(spec: &OverrideSpec, raw: &Value, namespace: &str) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let mut errors = Vec::new();
    let rules_given = given(raw, "overrideRules");
    if let Some(target) = &spec.target_cluster {
        let target_path = path.child("targetCluster");
        errors.extend(validate_cluster_affinity(target, &target_path));
        if rules_given {
            errors.push(FieldError::invalid(
                &target_path,
                target,
                "cannot co-exist with overrideRules",
            ));
        }
    }
    if rules_given && !is_empty(&spec.overriders) {
        errors.push(FieldError::invalid(
            &path.child("overriders"),
            &spec.overriders,
            "cannot co-exist with overrideRules",
        ));
    }
    for (index, rule) in spec.override_rules.iter().enumerate() {
        let rule_path = path.child("overrideRules").index(index);
        errors.extend(validate_overriders(
            &rule.overriders,
            &rule_path.child("overriders"),
        ));
        errors.extend(
            rule.target_cluster
                .iter()
                .flat_map(|target| validate_cluster_affinity(target, &rule_path.child("targetCluster"))),
        );
    }
    errors.extend(validate_selector_namespaces(
        &spec.resource_selectors,
        namespace,
        &path.child("resourceSelectors"),
    ));
    errors
}

/// Whether there is nothing to do. Field overriders do not count, as upstream.
fn is_empty(overriders: &Overriders) -> bool {
    let counted = Overriders {
        field_overrider: Vec::new(),
        ..overriders.clone()
    };
    counted == Overriders::default()
}

fn validate_overriders(overriders: &Overriders, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, annotations) in overriders.annotations_overrider.iter().enumerate() {
        let path = path.child("annotationsOverrider").index(index).child("value");
        errors.extend(validate_annotations(&annotations.value, &path));
    }
    for (index, labels) in overriders.labels_overrider.iter().enumerate() {
        let path = path.child("labelsOverrider").index(index).child("value");
        errors.extend(validate_labels(&labels.value, &path));
    }
    for (index, image) in overriders.image_overrider.iter().enumerate() {
        let Some(predicate) = &image.predicate else {
            continue;
        };
        let path = path.child("imageOverrider").index(index);
        errors.extend(validate_pointer(
            &predicate.path,
            &path.child("predicate").child("path"),
        ));
    }
    for (index, field) in overriders.field_overrider.iter().enumerate() {
        errors.extend(validate_field_overrider(
            field,
            &path.child("fieldOverrider").index(index),
        ));
    }
    errors
}

fn validate_field_overrider(overrider: &FieldOverrider, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    match (overrider.json.is_empty(), overrider.yaml.is_empty()) {
        (false, false) => errors.push(FieldError::invalid(
            path,
            overrider,
            "has both yaml and json, only one is allowed",
        )),
        (true, true) => errors.push(FieldError::required(path, "either json or yaml")),
        _ => {}
    }
    errors.extend(validate_pointer(&overrider.field_path, &path.child("fieldPath")));
    for (field, operations) in [("json", &overrider.json), ("yaml", &overrider.yaml)] {
        for (index, operation) in operations.iter().enumerate() {
            errors.extend(validate_operation(operation, &path.child(field).index(index)));
        }
    }
    errors
}

fn validate_operation(operation: &FieldPatchOperation, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = validate_pointer(&operation.sub_path, &path.child("subPath"))
        .into_iter()
        .collect();
    // `null` is not told from a missing value.
    let detail = match (&operation.operator, operation.value.is_null()) {
        (OverriderOperator::Add | OverriderOperator::Replace, true) => "is required to add or replace",
        (OverriderOperator::Remove, false) => "is not allowed to remove",
        _ => return errors,
    };
    errors.push(FieldError::invalid(
        &path.child("value"),
        &operation.value,
        detail,
    ));
    errors
}

fn validate_pointer(pointer: &str, path: &FieldPath) -> Option<FieldError> {
    let rule = json_pointer(pointer).err()?;
    Some(FieldError::invalid(path, pointer, rule))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::check;

    #[test]
    fn rules_exclude_what_they_replace() {
        let check = |spec: Value, expected: &[(&str, &str)]| check("OverridePolicy", spec, expected);
        let both = [("spec.overriders", "Invalid"), ("spec.targetCluster", "Invalid")];
        let image = json!({"imageOverrider": [{"component": "Tag", "operator": "remove"}]});
        check(
            json!({"targetCluster": {}, "overriders": image, "overrideRules": []}),
            &both,
        );
        check(
            json!({"targetCluster": {}, "overriders": image, "overrideRules": null}),
            &[],
        );
        check(
            json!({"overriders": {"plaintext": []}, "overrideRules": [{}]}),
            &[],
        );
        // Field overriders do not count here.
        check(
            json!({"overriders": {"fieldOverrider": [{}]}, "overrideRules": [{}]}),
            &[],
        );
    }

    #[test]
    fn selectors() {
        let bad = json!({"fieldSelector": {"matchExpressions": [{"key": "planet", "operator": "In"}]}});
        let selectors = json!([{"namespace": "shop"}, {"namespace": "other"}]);
        let fields = [
            ("spec.overrideRules[0].targetCluster.fieldSelector", "Invalid"),
            ("spec.resourceSelectors[1].namespace", "Invalid"),
        ];
        let spec = json!({"resourceSelectors": selectors, "overrideRules": [{"targetCluster": bad}]});
        check("OverridePolicy", spec.clone(), &fields);
        check("ClusterOverridePolicy", spec, &fields[..1]);
        check(
            "OverridePolicy",
            json!({"targetCluster": bad}),
            &[("spec.targetCluster.fieldSelector", "Invalid")],
        );
    }

    #[test]
    fn overriders() {
        let check = |overriders: Value, expected: &[(&str, &str)]| {
            let prefix = "spec.overrideRules[0].overriders.";
            let expected: Vec<_> = expected
                .iter()
                .map(|(field, kind)| (format!("{prefix}{field}"), *kind))
                .collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|(field, kind)| (field.as_str(), *kind))
                .collect();
            check(
                "OverridePolicy",
                json!({"overrideRules": [{"overriders": overriders}]}),
                &expected,
            );
        };
        check(
            json!({"labelsOverrider": [{"value": {"a": "b"}}, {"value": {"a": "not ok!"}}, {"value": {"a b": "c"}}]}),
            &[
                ("labelsOverrider[1].value", "Invalid"),
                ("labelsOverrider[2].value", "Invalid"),
            ],
        );
        check(
            json!({"annotationsOverrider": [{"value": {"A/b": "any text!"}}, {"value": {"a b": ""}}]}),
            &[("annotationsOverrider[1].value", "Invalid")],
        );
        check(
            json!({"imageOverrider": [{"predicate": {"path": "/a"}}, {}, {"predicate": {"path": "a"}}]}),
            &[("imageOverrider[2].predicate.path", "Invalid")],
        );
        // Plaintext is not looked into.
        check(json!({"plaintext": [{"path": "a", "operator": "move"}]}), &[]);

        let operation =
            |operator: &str, value: Value| json!({"subPath": "/a", "operator": operator, "value": value});
        check(
            json!({"fieldOverrider": [{"json": [operation("add", json!(0))]}]}),
            &[],
        );
        check(
            json!({"fieldOverrider": [{"yaml": [operation("remove", json!(null))]}]}),
            &[],
        );
        check(
            json!({"fieldOverrider": [{}]}),
            &[("fieldOverrider[0]", "Required")],
        );
        check(
            json!({"fieldOverrider": [{"fieldPath": "a", "json": [{"subPath": "b", "operator": "remove"}],
                "yaml": [operation("replace", json!(null)), operation("remove", json!(1))]}]}),
            &[
                ("fieldOverrider[0]", "Invalid"),
                ("fieldOverrider[0].fieldPath", "Invalid"),
                ("fieldOverrider[0].json[0].subPath", "Invalid"),
                ("fieldOverrider[0].yaml[0].value", "Invalid"),
                ("fieldOverrider[0].yaml[1].value", "Invalid"),
            ],
        );
    }
}
