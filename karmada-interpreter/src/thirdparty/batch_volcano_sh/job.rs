//! Job of Volcano: tasks that are scheduled together.

use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::Component;
use serde_json::{Map, Value, json};

use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::omit_zero::{Zero, omit_zero};
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::{View, import, number};
use crate::thirdparty::{components, generation, result, times};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    components: Some(components),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    ..Rules::of("batch.volcano.sh/v1alpha1", "Job")
};

/// Phases of a job in which it fails or has failed.
const FAILING: [&str; 5] = ["Failed", "Aborted", "Aborting", "Terminated", "Terminating"];

/// A component for each task, with as many replicas as it needs to start.
fn components(object: View<'_>) -> Result<Vec<Component>> {
    let mut all = Vec::new();
    for (index, task) in object.find(&["spec", "tasks"])?.entries_or_none()?.enumerate() {
        let name = task.get("name")?;
        let name = if name.is_absent() || name.is("") {
            format!("task-{index}")
        } else {
            components::name(name)?
        };
        let replicas = components::replicas(task.get("minAvailable")?.to_number().unwrap_or(1.0))?;
        all.push(components::of_template(name, replicas, task.get("template")?)?);
    }
    Ok(all)
}

fn reflect(observed: View<'_>) -> Result<Value> {
    let mut reflected = generation::reflect(
        observed,
        &[
            "minAvailable",
            "pending",
            "running",
            "succeeded",
            "failed",
            "terminating",
            "unknown",
            "version",
            "retryCount",
            "runningDuration",
            "state",
        ],
    )?;
    let status = observed.get("status")?;
    for field in ["taskStatusCount", "controlledResources"] {
        let map = status.find(&[field])?;
        if map.is_present() && !map.is_table() {
            return Err(map.expected("a map"));
        }
        result::assign(&mut reflected, &[field], import(map.value()))?;
    }
    let conditions = status.find(&["conditions"])?;
    if conditions.value().is_array() {
        result::assign(&mut reflected, &["conditions"], import(conditions.value()))?;
    }
    Ok(reflected)
}

/// In a phase that is not a failure.
fn health(observed: View<'_>) -> Result<bool> {
    Ok(observed.find(&["status", "state", "phase"])?.is_any(&[
        "Running",
        "Completed",
        "Pending",
        "Aborting",
        "Aborted",
        "Restarting",
        "Completing",
        "Terminating",
        "Terminated",
    ]))
}

fn aggregate(object: &mut Value, items: Option<Items<'_>>, now: Timestamp) -> Result<()> {
    let Some(items) = items else { return Ok(()) };
    if let Some(only) = items.only_status() {
        return result::assign(object, &["status"], import(only.value()));
    }
    let mut status = Map::new();
    items.sum_or_zero_into(
        &mut status,
        &[
            "minAvailable",
            "pending",
            "running",
            "succeeded",
            "failed",
            "terminating",
            "unknown",
            "retryCount",
        ],
    )?;
    status.insert("version".to_owned(), greatest_version(items)?);
    status.insert("runningDuration".to_owned(), longest(items)?);
    status.insert("taskStatusCount".to_owned(), task_counts(items)?);
    let mut resources = Map::new();
    for member in items.live() {
        let controlled = member.status.get("controlledResources")?.unless_false();
        if controlled.is_present() {
            for (key, value) in controlled.pairs()? {
                resources.insert(key, import(value.value()));
            }
        }
    }
    status.insert("controlledResources".to_owned(), Value::Object(resources));
    status.insert("conditions".to_owned(), conditions(items)?);
    result::set(&mut status, "state", state(items, now)?);
    result::assign(
        object,
        &["status"],
        omit_zero(Value::Object(status), Zero::Dropped)?.unwrap_or_else(|| json!({})),
    )
}

fn greatest_version(items: Items<'_>) -> Result<Value> {
    let mut greatest = 0.0;
    for version in items.at(&["version"]) {
        let version = version?.unless_false();
        let version = if version.is_present() {
            version.operand()?
        } else {
            0.0
        };
        if version > greatest {
            greatest = version;
        }
    }
    number(greatest)
}

/// The value, as it is, of the longest duration.
fn longest(items: Items<'_>) -> Result<Value> {
    let mut longest = (0.0, json!("0s"));
    for duration in items.at(&["runningDuration"]) {
        let duration = duration?;
        let seconds = times::seconds(duration)?;
        if seconds > longest.0 {
            longest = (seconds, import(duration.value()));
        }
    }
    Ok(longest.1)
}

/// `<task>.phase.<phase>`, summed.
fn task_counts(items: Items<'_>) -> Result<Value> {
    let mut tasks: Map<String, Value> = Map::new();
    for counts in items.at(&["taskStatusCount"]) {
        for (task, count) in counts?.pairs()? {
            let phases = count.get("phase")?;
            let task = result::members(tasks.entry(task).or_insert_with(|| json!({})), "phase")?;
            let sums = result::members(task.entry("phase").or_insert_with(|| json!({})), "phase")?;
            if phases.is_absent() {
                continue;
            }
            for (phase, count) in phases.pairs()? {
                let before = sums.get(&phase).and_then(Value::as_f64).unwrap_or_default();
                sums.insert(phase, number(before + count.operand()?)?);
            }
        }
    }
    Ok(Value::Object(tasks))
}

/// All conditions of the first cluster with a failing one; without any, of each status the latest condition.
fn conditions(items: Items<'_>) -> Result<Value> {
    let mut latest: Vec<(View<'_>, View<'_>)> = Vec::new();
    let mut failing: Option<View<'_>> = None;
    for member in items.live() {
        let list = member.status.get("conditions")?.unless_false();
        let mut fails = false;
        for condition in list.entries_or_none()? {
            let status = condition.get("status")?;
            fails |= status.is_any(&FAILING);
            if fails {
                failing.get_or_insert(list);
                continue;
            }
            if status.is_absent() {
                return Err(status.expected("the status of a condition"));
            }
            match latest.iter_mut().find(|(known, _)| known.same(status)) {
                None => latest.push((status, condition)),
                Some((_, known)) => {
                    if known
                        .get("lastTransitionTime")?
                        .less_than(condition.get("lastTransitionTime")?)?
                    {
                        *known = condition;
                    }
                }
            }
        }
    }
    if let Some(list) = failing {
        return Ok(import(list.value()));
    }
    Ok(Value::Array(
        latest
            .iter()
            .map(|(_, condition)| import(condition.value()))
            .collect(),
    ))
}

/// Failed once it failed anywhere; completed, whatever else, once it completed everywhere.
fn state(items: Items<'_>, now: Timestamp) -> Result<Value> {
    let (mut failed, mut completed) = (Vec::new(), 0_usize);
    for member in items.live() {
        let phase = member.status.find(&["state", "phase"])?;
        if phase.is_any(&["Failed", "Aborted"]) {
            failed.push(member.cluster);
        } else if phase.is("Completed") {
            completed += 1;
        }
    }
    if completed == items.len() && completed > 0 {
        return Ok(json!({
            "phase": "Completed",
            "reason": "Completed",
            "message": "Job completed successfully",
            "lastTransitionTime": times::stamp(now),
        }));
    }
    if failed.is_empty() {
        return Ok(Value::Null);
    }
    Ok(json!({
        "phase": "Failed",
        "reason": "VolcanoJobFailed",
        "message": format!("Job failed in clusters: {}", failed.join(",")),
        "lastTransitionTime": times::stamp(now),
    }))
}
