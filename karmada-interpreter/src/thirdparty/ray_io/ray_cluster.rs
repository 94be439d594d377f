//! RayCluster: a head and groups of workers.

use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::Component;
use karmada_core::quantity::Quantity;
use serde_json::Value;

use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::times::{self, Blank};
use crate::thirdparty::view::{View, import, number_text};
use crate::thirdparty::{conditions, quantities, result};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    components: Some(components),
    aggregate: Some(aggregate),
    health: Some(health),
    ..Rules::of("ray.io/v1", "RayCluster")
};

fn components(object: View<'_>) -> Result<Vec<Component>> {
    super::components_of(object.get("spec")?)
}

/// The head is ready, the cluster has been provisioned, and no replica failed.
fn health(observed: View<'_>) -> Result<bool> {
    let (mut ready, mut provisioned, mut failed) = (false, false, false);
    for condition in observed.find(&["status", "conditions"])?.entries_or_none()? {
        ready |= conditions::is(condition, "HeadPodReady", "True")?;
        provisioned |= conditions::is(condition, "RayClusterProvisioned", "True")?;
        failed |= conditions::is(condition, "RayClusterReplicaFailure", "True")?;
    }
    Ok(ready && provisioned && !failed)
}

fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    let Some(items) = super::begin(object, items)? else {
        return Ok(());
    };
    let status = result::status(object)?;
    status.insert(
        "conditions".to_owned(),
        Value::Array(items.concatenated("conditions")?),
    );
    items.sum_into(
        status,
        &[
            "readyWorkerReplicas",
            "availableWorkerReplicas",
            "maxWorkerReplicas",
            "minWorkerReplicas",
            "desiredWorkerReplicas",
        ],
    )?;
    for field in ["desiredCPU", "desiredMemory"] {
        status.insert(field.to_owned(), quantity_sum(items, field)?.into());
    }
    for field in ["desiredGPU", "desiredTPU"] {
        status.insert(field.to_owned(), number_sum(items, field)?.into());
    }
    result::set(
        status,
        "lastUpdateTime",
        times::latest(items, &["lastUpdateTime"], Blank::Counts)?,
    );
    for field in ["endpoints", "head"] {
        result::set(status, field, super::first(items, field)?);
    }
    let mut first = View::absent();
    for member in items.live() {
        if member.status.get("state")?.is_present() {
            first = member.status;
            break;
        }
    }
    for field in ["state", "stateTransitionTimes"] {
        result::set(status, field, import(first.find(&[field])?.value()));
    }
    Ok(())
}

/// The sum of quantities, in canonical form.
fn quantity_sum(items: Items<'_>, field: &str) -> Result<String> {
    let mut sum = Quantity::ZERO;
    for quantity in items.at(&[field]) {
        let quantity = quantity?;
        if !quantity.is("") {
            sum += quantities::of_signed_text(quantity)?;
        }
    }
    Ok(sum.to_string())
}

/// The sum of numbers, as text.
fn number_sum(items: Items<'_>, field: &str) -> Result<String> {
    let mut sum = 0.0;
    for text in items.at(&[field]) {
        let text = text?;
        if !text.is("") {
            sum += text.to_number().ok_or_else(|| text.expected("a number"))?;
        }
    }
    Ok(number_text(sum))
}
