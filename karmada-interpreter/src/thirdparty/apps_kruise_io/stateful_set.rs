//! StatefulSet of OpenKruise: a StatefulSet with in-place updates.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::thirdparty::error::Result;
use crate::thirdparty::generation::{self, Silent};
use crate::thirdparty::items::Items;
use crate::thirdparty::result;
use crate::thirdparty::rules::{self, Rules};
use crate::thirdparty::view::View;

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    replicas: Some(rules::replicas_of_workload),
    revise: Some(rules::revise_replicas),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(rules::is_rolled_out),
    dependencies: Some(rules::dependencies_of_workload),
    ..Rules::of("apps.kruise.io/v1beta1", "StatefulSet")
};

const COUNTS: [&str; 6] = [
    "replicas",
    "readyReplicas",
    "currentReplicas",
    "updatedReplicas",
    "availableReplicas",
    "updatedReadyReplicas",
];

const REVISIONS: [&str; 2] = ["updateRevision", "currentRevision"];

fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    generation::conclude(object, items, Silent::Counts)?;
    let status = result::status(object)?;
    let Some(items) = items else {
        result::fill(status, &COUNTS, &json!(0));
        result::fill(status, &REVISIONS, &json!(""));
        return Ok(());
    };
    items.sum_into(status, &COUNTS)?;
    items.last_into(status, &REVISIONS, &json!(""))
}

fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect_with_generations(
        observed,
        &[
            "replicas",
            "readyReplicas",
            "currentReplicas",
            "updatedReplicas",
            "availableReplicas",
            "updateRevision",
            "currentRevision",
            "updatedReadyReplicas",
            "observedGeneration",
        ],
    )
}
