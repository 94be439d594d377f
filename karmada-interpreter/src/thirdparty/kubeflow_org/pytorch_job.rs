//! PyTorchJob: training with PyTorch.

use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::Component;
use serde_json::{Map, Value, json};

use super::training_job::{self, Aggregated};
use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::references::References;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::{View, import};
use crate::thirdparty::{conditions, result};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    components: Some(components),
    aggregate: Some(aggregate),
    health: Some(training_job::health),
    dependencies: Some(dependencies),
    ..Rules::of("kubeflow.org/v1", "PyTorchJob")
};

const SPECS: &str = "pytorchReplicaSpecs";
const TYPES: [&str; 2] = ["Master", "Worker"];

fn components(object: View<'_>) -> Result<Vec<Component>> {
    training_job::components(object, SPECS, &TYPES)
}

fn dependencies(object: View<'_>) -> Result<References> {
    training_job::dependencies(object, SPECS, &TYPES)
}

/// How the clusters do together.
#[derive(Debug, Default)]
struct Tally<'a> {
    created: usize,
    succeeded: usize,
    failed: Vec<&'a str>,
    /// The last condition that speaks of running, whether it does or not.
    running: Option<View<'a>>,
}

impl<'a> Tally<'a> {
    fn of(items: Items<'a>) -> Result<Self> {
        let mut tally = Self::default();
        for member in items.live() {
            let (mut created, mut succeeded, mut failed) = (false, false, false);
            for condition in member.status.get("conditions")?.entries_or_none()? {
                created |= conditions::is(condition, "Created", "True")?;
                succeeded |= conditions::is(condition, "Succeeded", "True")?;
                failed |= conditions::is(condition, "Failed", "True")?;
                if condition.get("type")?.is("Running") {
                    tally.running = Some(condition);
                }
            }
            tally.created += usize::from(created);
            if failed {
                tally.failed.push(member.cluster);
            } else if succeeded {
                tally.succeeded += 1;
            }
        }
        Ok(tally)
    }
}

/// Failed once it failed anywhere, succeeded once it succeeded everywhere.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    let Some(items) = items.filter(|items| items.len() > 0) else {
        return training_job::clear(object);
    };
    let mut aggregated = Aggregated::of(items, &TYPES)?;
    let tally = Tally::of(items)?;
    let all_succeeded = tally.succeeded == items.len() && tally.succeeded > 0;

    let mut list = Vec::new();
    let mut push =
        |kind: &str, status: &str, reason: &str, message: String, update: &Value, change: &Value| {
            let mut condition = Map::new();
            for (field, value) in [
                ("type", json!(kind)),
                ("status", json!(status)),
                ("reason", json!(reason)),
                ("message", Value::String(message)),
                ("lastUpdateTime", update.clone()),
                ("lastTransitionTime", change.clone()),
            ] {
                result::set(&mut condition, field, value);
            }
            list.push(Value::Object(condition));
        };
    if tally.created > 0 {
        let time = &aggregated.start_time;
        push(
            "Created",
            "True",
            "PyTorchJobCreated",
            "PyTorchJob is created.".to_owned(),
            time,
            time,
        );
    }
    if let Some(running) = tally.running {
        let ended = !tally.failed.is_empty() || all_succeeded;
        push(
            "Running",
            if ended { "False" } else { "True" },
            "PyTorchJobRunning",
            "PyTorchJob is running.".to_owned(),
            &import(running.get("lastUpdateTime")?.value()),
            &import(running.get("lastTransitionTime")?.value()),
        );
    }
    let time = aggregated.completion_time.clone();
    if !tally.failed.is_empty() {
        let message = format!(
            "PyTorchJob executed failed in member clusters: {}",
            tally.failed.join(", ")
        );
        push("Failed", "True", "PyTorchJobFailed", message, &time, &time);
    } else if all_succeeded {
        push(
            "Succeeded",
            "True",
            "PyTorchJobSucceeded",
            "PyTorchJob is successfully completed.".to_owned(),
            &time,
            &time,
        );
        aggregated.completed = true;
    }
    aggregated.conditions = list;
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
            json!({SPECS: {"Worker": {"replicas": "2"}, "Master": {"template": {}}, "Other": {"replicas": 9}}}),
            Some(json!([{"name": "master", "replicas": 1}, {"name": "worker", "replicas": 2}])),
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
    fn aggregation_of_nothing_clears() {
        let before = json!({"startTime": "s", "completionTime": "c", "conditions": [1], "replicaStatuses": {"a": 1}, "x": 0});
        for items in [json!(null), json!([])] {
            assert_eq!(IT.aggregate(&before, &items), Some(json!({"x": 0})), "{items}");
        }
    }

    #[test]
    fn aggregation_of_times_and_replicas() {
        let items = json!([
            {"startTime": "2024-02", "lastReconcileTime": "2024-02", "replicaStatuses": {"Worker": {"active": 1}}},
            null,
            {"startTime": "2024-01", "completionTime": "2024-03",
                "replicaStatuses": {"Worker": {"active": 2, "failed": 1}, "Other": {"active": 1}}},
        ]);
        let expected = json!({"startTime": "2024-01", "lastReconcileTime": "2024-02",
            "replicaStatuses": {"Worker": {"active": 3, "failed": 1}}});
        // What says nothing is left out of the template's part, too.
        assert_eq!(IT.aggregate(&json!({"x": 0, "y": ""}), &items), Some(expected));
        assert_eq!(IT.aggregate(&json!(null), &json!([{}])), Some(json!(null)));
    }

    #[test]
    fn aggregation_of_conditions() {
        let check = |items, expected: Value| {
            let got = IT.aggregate(&json!(null), &items).unwrap();
            assert_eq!(got["conditions"], expected, "{items}");
        };
        let cluster = |kinds: &[(&str, &str)]| {
            let conditions: Vec<Value> = kinds
                .iter()
                .map(|(kind, status)| json!({"type": kind, "status": status, "lastUpdateTime": "u"}))
                .collect();
            json!({"startTime": "s", "completionTime": "c", "conditions": conditions})
        };
        let condition = |kind: &str, status: &str, message: &str, time: &str| {
            json!({"type": kind, "status": status, "reason": format!("PyTorchJob{kind}"), "message": message,
                "lastUpdateTime": time, "lastTransitionTime": time})
        };
        let running = |status: &str| {
            json!({"type": "Running", "status": status, "reason": "PyTorchJobRunning",
                "message": "PyTorchJob is running.", "lastUpdateTime": "u"})
        };
        let created = condition("Created", "True", "PyTorchJob is created.", "s");
        check(
            json!([cluster(&[("Created", "True"), ("Running", "True")])]),
            json!([created, running("True")]),
        );
        // Whether it says that it runs does not matter.
        check(
            json!([cluster(&[("Running", "False")]), {}]),
            json!([running("True")]),
        );
        let done = [("Running", "False"), ("Succeeded", "True")];
        let succeeded = condition("Succeeded", "True", "PyTorchJob is successfully completed.", "c");
        check(
            json!([cluster(&done), cluster(&done)]),
            json!([running("False"), succeeded]),
        );
        check(json!([cluster(&done), null]), json!([running("True")]));
        let failed = condition(
            "Failed",
            "True",
            "PyTorchJob executed failed in member clusters: a, c",
            "c",
        );
        let broken = [("Failed", "True"), ("Succeeded", "True")];
        check(
            json!([cluster(&broken), cluster(&done), cluster(&broken)]),
            json!([running("False"), failed]),
        );
    }

    #[test]
    fn completion_counts_once_all_have_succeeded() {
        let done = json!({"completionTime": "c", "conditions": [{"type": "Succeeded", "status": "True"}]});
        let check = |items, expected: Value| {
            let got = IT.aggregate(&json!({"completionTime": "old"}), &items).unwrap();
            assert_eq!(got["completionTime"], expected, "{items}");
        };
        check(json!([done]), json!("c"));
        check(json!([done, {}]), json!("old"));
    }
}
