//! Pod.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Items;
use super::status::{decode, unless_same};
use crate::error::{Error, FieldError};
use crate::kubernetes::pod::Pod;
use crate::kubernetes::pod_status::PodStatus;
use crate::kubernetes::{self, Described, Reading, items, member, text};

/// What the member decides when it admits a pod: the node, the service account, and the volumes with their mounts, which
/// the service account's token is one of.
pub(super) fn retain(desired: &mut Value, observed: &Value) -> Result<(), FieldError> {
    kubernetes::check(desired, &Pod::KIND, Reading::Object)?;
    kubernetes::check(observed, &Pod::KIND, Reading::Object).map_err(|error| error.within("observed"))?;
    // Now that the types are right, members that every Pod has can be filled in.
    kubernetes::normalise(desired, &Pod::KIND);
    let observed = member(observed, &["spec"]);
    if let Some(spec) = desired.get_mut("spec").and_then(Value::as_object_mut) {
        for name in ["nodeName", "serviceAccountName", "volumes"] {
            copy(spec, observed, name);
        }
        for list in ["containers", "initContainers"] {
            let containers = spec.get_mut(list).and_then(Value::as_array_mut);
            retain_mounts(
                containers.map_or(&mut [], Vec::as_mut_slice),
                items(member(observed, &[list])),
            );
        }
    }
    kubernetes::normalise(desired, &Pod::KIND);
    Ok(())
}

/// Gives each observed container's mounts to the first desired container of that name.
fn retain_mounts(desired: &mut [Value], observed: &[Value]) {
    for from in observed {
        let name = text(member(from, &["name"]));
        let to = desired
            .iter_mut()
            .find(|container| text(member(container, &["name"])) == name);
        if let Some(Value::Object(to)) = to {
            copy(to, from, "volumeMounts");
        }
    }
}

fn copy(to: &mut Map<String, Value>, from: &Value, name: &str) {
    to.insert(name.to_owned(), member(from, &[name]).clone());
}

/// Takes over the states of all containers, and the phase that stands for most trouble.
pub(super) fn aggregate(
    pod: &Value,
    reports: Option<Items<'_>>,
    _now: Timestamp,
) -> Result<Option<Value>, Error> {
    let Some(reports) = reports else {
        return Ok(Some(member(pod, &["status"]).clone()));
    };
    let mut phases = Vec::new();
    let mut containers = Vec::new();
    let mut init_containers = Vec::new();
    for report in reports {
        let Some(report) = decode(report, &[&PodStatus::KIND])? else {
            // Nothing collected yet.
            phases.push("Pending");
            continue;
        };
        phases.push(text(member(report.status, &["phase"])));
        containers.extend(
            items(member(report.status, &["containerStatuses"]))
                .iter()
                .map(state),
        );
        init_containers.extend(
            items(member(report.status, &["initContainerStatuses"]))
                .iter()
                .map(state),
        );
    }
    let phase = ["Failed", "Pending", "Running", "Succeeded"]
        .into_iter()
        .find(|phase| phases.contains(phase))
        .unwrap_or_default();
    let init_containers = if init_containers.is_empty() {
        Value::Null
    } else {
        Value::Array(init_containers)
    };
    let new = json!({
        "containerStatuses": containers,
        "initContainerStatuses": init_containers,
        "phase": phase,
    });
    Ok(unless_same(pod, new, &PodStatus::KIND))
}

fn state(container: &Value) -> Value {
    json!({"ready": member(container, &["ready"]), "state": member(container, &["state"])})
}

/// Done, or running and ready.
pub(super) fn is_healthy(pod: &Value) -> bool {
    let ready = items(member(pod, &["status", "conditions"]))
        .iter()
        .find(|condition| text(member(condition, &["type"])) == "Ready");
    match text(member(pod, &["status", "phase"])) {
        "Succeeded" => true,
        "Running" => ready.is_some_and(|condition| text(member(condition, &["status"])) == "True"),
        _ => false,
    }
}
