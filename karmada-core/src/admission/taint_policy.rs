//! ClusterTaintPolicy (`karmada:pkg/webhook/clustertaintpolicy/validating.go`).

use crate::api::policy::v1alpha1::ClusterTaintPolicy;
use crate::field::{FieldError, FieldPath};

/// Checks the taints of a policy; nothing else of it has rules beyond the schema.
///
/// Evicting taints need `allow_no_execute`, the administrator's consent. Of taints with the same key and effect every
/// one but the last is objected to.
#[must_use]
pub fn validate_cluster_taint_policy(policy: &ClusterTaintPolicy, allow_no_execute: bool) -> Vec<FieldError> {
    let path = FieldPath::new("spec").child("taints");
    let taints = &policy.spec.taints;
    let mut errors = Vec::new();
    for (index, taint) in taints.iter().enumerate() {
        let path = path.index(index);
        if taint.effect == "NoExecute" && !allow_no_execute {
            errors.push(FieldError::forbidden(
                &path,
                "taints with effect NoExecute have to be enabled by the administrator",
            ));
        }
        let later = taints.iter().skip(index.saturating_add(1));
        if later
            .into_iter()
            .any(|other| other.key == taint.key && other.effect == taint.effect)
        {
            errors.push(FieldError::duplicate(&path, taint));
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn taints() {
        let check = |taints: &[(&str, &str)], allow: bool, expected: &[&str]| {
            let taints: Vec<_> = taints
                .iter()
                .map(|(key, effect)| json!({"key": key, "effect": effect}))
                .collect();
            let policy = crate::api::wire::decode(&json!({"spec": {"taints": taints}})).unwrap();
            let errors = validate_cluster_taint_policy(&policy, allow);
            let errors: Vec<_> = errors
                .iter()
                .map(|error| format!("{} {}", error.field, error.kind))
                .collect();
            assert_eq!(errors, expected);
        };
        check(
            &[("a", "NoSchedule"), ("a", "NoExecute"), ("b", "NoSchedule")],
            true,
            &[],
        );
        check(
            &[("a", "NoExecute")],
            false,
            &["spec.taints[0] FieldValueForbidden"],
        );
        check(
            &[
                ("a", "NoSchedule"),
                ("b", ""),
                ("a", "NoSchedule"),
                ("a", "NoSchedule"),
            ],
            false,
            &[
                "spec.taints[0] FieldValueDuplicate",
                "spec.taints[2] FieldValueDuplicate",
            ],
        );
    }
}
