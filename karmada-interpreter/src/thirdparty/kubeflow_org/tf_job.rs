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
