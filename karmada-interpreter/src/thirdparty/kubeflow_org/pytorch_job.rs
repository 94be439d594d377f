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
