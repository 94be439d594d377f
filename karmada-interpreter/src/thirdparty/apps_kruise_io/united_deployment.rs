//! UnitedDeployment: one workload in several subsets.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::thirdparty::error::Result;
use crate::thirdparty::generation::{self, Silent};
use crate::thirdparty::items::Items;
use crate::thirdparty::result;
use crate::thirdparty::rules::{self, Rules};
use crate::thirdparty::view::{View, import};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    replicas: Some(rules::replicas_of_workload),
    revise: Some(rules::revise_replicas),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    dependencies: Some(rules::dependencies_of_workload),
    ..Rules::of("apps.kruise.io/v1alpha1", "UnitedDeployment")
};

const COUNTS: [&str; 5] = [
    "replicas",
    "readyReplicas",
    "updatedReplicas",
    "availableReplicas",
    "unavailableReplicas",
];

/// Sums; of each type of condition the last one.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    generation::conclude(object, items, Silent::Lags)?;
    let status = result::status(object)?;
    let Some(items) = items else {
        result::fill(status, &COUNTS, &json!(0));
        return Ok(());
    };
    items.sum_or_zero_into(status, &COUNTS)?;
    let mut last: Vec<(View<'_>, View<'_>)> = Vec::new();
    for member in items.live() {
        for condition in member.status.get("conditions")?.entries_or_none()? {
            let kind = condition.get("type")?;
            if kind.is_absent() {
                return Err(kind.expected("the type of a condition"));
            }
            match last.iter_mut().find(|(known, _)| known.same(kind)) {
                Some((_, known)) => *known = condition,
                None => last.push((kind, condition)),
            }
        }
    }
    if !last.is_empty() {
        let conditions = last
            .iter()
            .map(|(_, condition)| import(condition.value()))
            .collect();
        status.insert("conditions".to_owned(), Value::Array(conditions));
    }
    Ok(())
}

fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect_with_generations(
        observed,
        &[
            "replicas",
            "readyReplicas",
            "updatedReplicas",
            "availableReplicas",
            "unavailableReplicas",
            "observedGeneration",
            "conditions",
        ],
    )
}

fn health(observed: View<'_>) -> Result<bool> {
    for part in ["status", "metadata", "spec"] {
        if observed.get(part)?.is_absent() {
            return Ok(false);
        }
    }
    rules::is_rolled_out(observed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn replicas_and_revision() {
        assert_eq!(
            IT.replicas(&json!({"replicas": 3, "template": {}})),
            Some((3, json!(null)))
        );
        assert_eq!(IT.replicas(&json!({"template": {}})), None);
        assert_eq!(IT.revise(&json!({}), 3), Some(json!({"replicas": 3})));
    }

    #[test]
    fn status_aggregation() {
        let zero = json!({
            "replicas": 0, "readyReplicas": 0, "updatedReplicas": 0, "availableReplicas": 0, "unavailableReplicas": 0,
            "observedGeneration": 2,
        });
        let check = |items, changes: Option<Value>| {
            let expected = changes.map(|changes| {
                let mut expected = zero.clone();
                for (key, value) in changes.as_object().unwrap() {
                    expected[key] = value.clone();
                }
                expected
            });
            assert_eq!(IT.aggregate(&json!(null), &items), expected, "{items}");
        };
        let aligned = json!({"resourceTemplateGeneration": 2});
        check(json!(null), Some(json!({})));
        check(json!([]), Some(json!({})));
        check(json!([aligned]), Some(json!({})));
        // A silent cluster has not acted, even on generation 0.
        check(json!([aligned, null]), Some(json!({"observedGeneration": 0})));
        check(
            json!([
                {"replicas": 1, "conditions": [{"type": "A", "status": "1"}, {"type": "B", "status": "1"}]},
                {"replicas": false, "conditions": [{"type": "A", "status": "2"}]},
            ]),
            Some(json!({
                "replicas": 1, "observedGeneration": 0,
                "conditions": [{"type": "A", "status": "2"}, {"type": "B", "status": "1"}],
            })),
        );
        check(json!([{"conditions": [{"status": "1"}]}]), None);
        check(json!([{"conditions": "x"}]), None);
    }

    #[test]
    fn reflection_with_generations() {
        let status = json!({"replicas": 1, "conditions": [1], "currentRevision": "r"});
        let expected =
            json!({"replicas": 1, "conditions": [1], "generation": 2, "resourceTemplateGeneration": 1});
        assert_eq!(IT.reflect(&status), Some(expected));
    }

    #[test]
    fn health_needs_spec_and_status() {
        let check = |members, expected| assert_eq!(IT.health(&members), expected, "{members}");
        let status = json!({"observedGeneration": 2, "updatedReplicas": 1, "availableReplicas": 1});
        check(json!({"spec": {"replicas": 1}, "status": status}), Some(true));
        check(json!({"spec": {"replicas": 2}, "status": status}), Some(false));
        check(json!({"status": status}), Some(false));
        check(json!({"spec": {}}), Some(false));
        check(
            json!({"spec": {"replicas": 2}, "status": {"observedGeneration": 2}}),
            None,
        );
    }

    #[test]
    fn dependencies_of_the_pods() {
        let check = |spec, expected: Option<&[&str]>| {
            let expected = expected.map(|all| all.iter().map(ToString::to_string).collect());
            assert_eq!(IT.dependencies(&spec), expected, "{spec}");
        };
        check(
            json!({"template": {"spec": {
                "serviceAccountName": "s",
                "imagePullSecrets": [{"name": "pull"}],
                "volumes": [
                    {"name": "c", "configMap": {"name": "settings"}},
                    {"name": "p", "persistentVolumeClaim": {"claimName": "data"}},
                ],
            }}}),
            Some(&[
                "ConfigMap ns/settings",
                "PersistentVolumeClaim ns/data",
                "Secret ns/pull",
                "ServiceAccount ns/s",
            ]),
        );
        // Upstream's rule fails where a template names nothing, and where there is no template.
        check(
            json!({"template": {"spec": {"serviceAccountName": "default"}}}),
            None,
        );
        check(json!({"template": {"spec": {}}}), None);
        check(json!({}), None);
        check(json!(null), None);
    }
}
