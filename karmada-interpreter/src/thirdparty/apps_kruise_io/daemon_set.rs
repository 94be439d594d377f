//! DaemonSet of OpenKruise: a DaemonSet with in-place updates.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::thirdparty::error::Result;
use crate::thirdparty::generation::{self, Silent};
use crate::thirdparty::items::Items;
use crate::thirdparty::references::References;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::View;
use crate::thirdparty::{pod_template, result};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    dependencies: Some(dependencies),
    ..Rules::of("apps.kruise.io/v1alpha1", "DaemonSet")
};

const COUNTS: [&str; 7] = [
    "currentNumberScheduled",
    "numberMisscheduled",
    "desiredNumberScheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
];

fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    generation::conclude(object, items, Silent::Counts)?;
    let status = result::status(object)?;
    let Some(items) = items else {
        result::fill(status, &COUNTS, &json!(0));
        result::fill(status, &["daemonSetHash"], &json!(0));
        return Ok(());
    };
    items.sum_into(status, &COUNTS)?;
    // The hash is a text, but upstream starts from the number.
    items.last_into(status, &["daemonSetHash"], &json!(0))
}

fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect_with_generations(
        observed,
        &[
            "currentNumberScheduled",
            "numberMisscheduled",
            "desiredNumberScheduled",
            "numberReady",
            "updatedNumberScheduled",
            "numberAvailable",
            "numberUnavailable",
            "daemonSetHash",
            "observedGeneration",
        ],
    )
}

/// The status is of this generation, every wanted pod is updated and every updated one available.
fn health(observed: View<'_>) -> Result<bool> {
    let status = observed.get("status")?;
    if !status
        .get("observedGeneration")?
        .same(observed.path(&["metadata", "generation"])?)
    {
        return Ok(false);
    }
    let updated = status.get("updatedNumberScheduled")?;
    if updated.less_than(status.get("desiredNumberScheduled")?)? {
        return Ok(false);
    }
    Ok(!status.get("numberAvailable")?.less_than(updated)?)
}

fn dependencies(object: View<'_>) -> Result<References> {
    pod_template::dependencies(object, &[object.path(&["spec", "template"])?])
}
