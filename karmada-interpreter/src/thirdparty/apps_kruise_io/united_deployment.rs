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
