//! TFJob: training with TensorFlow.

use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::Component;
use serde_json::{Value, json};

use super::training_job::{self, Aggregated};
use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::references::References;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::View;
use crate::thirdparty::{conditions, times};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    components: Some(components),
    aggregate: Some(aggregate),
    health: Some(training_job::health),
    dependencies: Some(dependencies),
    ..Rules::of("kubeflow.org/v1", "TFJob")
};

const SPECS: &str = "tfReplicaSpecs";
const TYPES: [&str; 5] = ["PS", "Worker", "Chief", "Master", "Evaluator"];

fn components(object: View<'_>) -> Result<Vec<Component>> {
    training_job::components(object, SPECS, &TYPES)
}

fn dependencies(object: View<'_>) -> Result<References> {
    training_job::dependencies(object, SPECS, &TYPES)
}

/// Failed once it failed anywhere, succeeded once it succeeded everywhere.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, now: Timestamp) -> Result<()> {
    let Some(items) = items else {
        return training_job::clear(object);
    };
    let mut aggregated = Aggregated::of(items, &TYPES)?;
    let (mut succeeded, mut failed) = (0_usize, Vec::new());
    for member in items.live() {
        let mut ended = None;
        for condition in member.status.get("conditions")?.entries_or_none()? {
            for kind in ["Succeeded", "Failed"] {
                if conditions::is(condition, kind, "True")? {
                    ended = Some(kind);
                }
            }
        }
        match ended {
            Some("Succeeded") => succeeded += 1,
            Some(_) => failed.push(member.cluster),
            None => {}
        }
    }
    let condition = |kind: &str, reason: &str, message: String| {
        json!({
            "type": kind,
            "status": "True",
            "reason": reason,
            "message": message,
            "lastProbeTime": times::stamp(now),
            "lastTransitionTime": times::stamp(now),
        })
    };
    if !failed.is_empty() {
        let message = format!("TFJob executed failed in member clusters: {}", failed.join(", "));
        aggregated
            .conditions
            .push(condition("Failed", "TFJobFailed", message));
    }
    if succeeded == items.len() && succeeded > 0 {
        let message = "TFJob completed successfully".to_owned();
        aggregated
            .conditions
            .push(condition("Succeeded", "Completed", message));
        aggregated.completed = true;
    }
    aggregated.write(object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn components_by_replica_type() {
        let check = |spec, expected| assert_eq!(IT.components(&spec), expected, "{spec}");
        check(json!(null), Some(json!([])));
        check(
            json!({SPECS: {"Worker": {"replicas": 2}, "PS": {"replicas": "x"}, "Master": {"template": {}}, "Chief": {}, "Evaluator": {}, "Other": {"replicas": 9}}}),
            Some(
                json!([{"name": "ps", "replicas": 1}, {"name": "worker", "replicas": 2}, {"name": "chief", "replicas": 1}, {"name": "master", "replicas": 1}, {"name": "evaluator", "replicas": 1}]),
            ),
        );
        check(json!({SPECS: {"Master": {"template": 1}}}), None);
        check(json!({SPECS: {"Master": {"replicas": 1.5}}}), None);
    }

    #[test]
    fn health_is_not_failed() {
        let check = |status, expected| assert_eq!(IT.health_of(&status), Some(expected), "{status}");
        check(json!(null), false);
        check(json!({}), false);
        check(json!({"conditions": []}), true);
        check(
            json!({"conditions": [{"type": "Succeeded", "status": "True"}]}),
            true,
        );
        check(
            json!({"conditions": [{"type": "Failed", "status": "False"}]}),
            true,
        );
        check(
            json!({"conditions": [{"type": "Running", "status": "True"}, {"type": "Failed", "status": "True"}]}),
            false,
        );
    }

    #[test]
    fn dependencies_of_the_templates() {
        let account = |name: &str| json!({"template": {"spec": {"serviceAccountName": name}}});
        let spec =
            json!({SPECS: {"Master": account("m"), "Worker": account("w"), "Other": account("o"), "PS": {}}});
        let expected = ["ServiceAccount ns/m".to_owned(), "ServiceAccount ns/w".to_owned()];
        assert_eq!(IT.dependencies(&spec), Some(expected.to_vec()));
        assert_eq!(IT.dependencies(&json!(null)), Some(vec![]));
    }

    #[test]
    fn status_aggregation() {
        let check = |items, expected| {
            let before = json!({"startTime": "old", "completionTime": "old", "conditions": [1], "x": 1});
            assert_eq!(IT.aggregate(&before, &items), Some(expected), "{items}");
        };
        let now = crate::thirdparty::testing::NOW;
        let ended = |kinds: &[&str]| {
            let conditions: Vec<Value> = kinds
                .iter()
                .map(|kind| json!({"type": kind, "status": "True"}))
                .collect();
            json!({"completionTime": "c", "conditions": conditions})
        };
        let condition = |kind: &str, reason: &str, message: &str| {
            json!({"type": kind, "status": "True", "reason": reason, "message": message, "lastProbeTime": now,
                "lastTransitionTime": now})
        };
        let failed = condition(
            "Failed",
            "TFJobFailed",
            "TFJob executed failed in member clusters: b",
        );
        let succeeded = condition("Succeeded", "Completed", "TFJob completed successfully");
        check(json!(null), json!({"x": 1}));
        check(json!([]), json!({"x": 1, "completionTime": "old"}));
        check(
            json!([
                {"startTime": "2024-02", "replicaStatuses": {"PS": {"active": 1}, "Chief": {"succeeded": 1}}},
                {"startTime": "2024-01", "replicaStatuses": {"PS": {"active": 1}}, "lastReconcileTime": "l"},
            ]),
            json!({
                "x": 1, "completionTime": "old", "startTime": "2024-01", "lastReconcileTime": "l",
                "replicaStatuses": {"PS": {"active": 2}, "Chief": {"succeeded": 1}},
            }),
        );
        check(
            json!([ended(&["Succeeded"]), ended(&["Failed", "Succeeded"])]),
            json!({"x": 1, "completionTime": "c", "conditions": [succeeded]}),
        );
        // The last condition tells how it ended.
        check(
            json!([ended(&["Succeeded"]), ended(&["Succeeded", "Failed"])]),
            json!({"x": 1, "completionTime": "old", "conditions": [failed]}),
        );
        check(
            json!([ended(&["Succeeded"]), {}]),
            json!({"x": 1, "completionTime": "old"}),
        );
    }
}
