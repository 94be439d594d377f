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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn health_by_phase() {
        let check = |status, expected| assert_eq!(IT.health_of(&status), Some(expected), "{status}");
        for phase in [
            "Running",
            "Completed",
            "Pending",
            "Aborting",
            "Aborted",
            "Restarting",
            "Completing",
            "Terminating",
            "Terminated",
        ] {
            check(json!({"state": {"phase": phase}}), true);
        }
        check(json!({"state": {"phase": "Failed"}}), false);
        check(json!({"state": {"phase": ""}}), false);
        check(json!({"state": {}}), false);
        check(json!(null), false);
    }

    #[test]
    fn components_are_tasks() {
        let check =
            |tasks, expected| assert_eq!(IT.components(&json!({"tasks": tasks})), expected, "{tasks}");
        check(json!(null), Some(json!([])));
        check(
            json!([
                {"name": "first", "minAvailable": 2, "replicas": 7, "template": {}},
                {"minAvailable": "3", "template": {}},
                {"name": "", "template": {}},
            ]),
            Some(json!([
                {"name": "first", "replicas": 2},
                {"name": "task-1", "replicas": 3},
                {"name": "task-2", "replicas": 1},
            ])),
        );
        check(json!([{"name": "a"}]), None);
        check(json!([{"name": "a", "minAvailable": 1.5, "template": {}}]), None);
    }

    #[test]
    fn reflection() {
        let status = json!({
            "minAvailable": 1, "taskStatusCount": {"t": {}}, "conditions": {"a": 1}, "state": {"phase": "p"}, "x": 1,
        });
        // The inner collection is deleted, the outer one stays.
        let expected = json!({"minAvailable": 1, "taskStatusCount": {}, "state": {"phase": "p"}});
        assert_eq!(IT.reflect(&status), Some(expected));
        assert_eq!(IT.reflect(&json!({"controlledResources": 1})), None);
    }

    #[test]
    fn aggregation_of_counts() {
        let check = |items, expected| assert_eq!(IT.aggregate(&json!({"x": 1}), &items), expected, "{items}");
        check(json!(null), Some(json!({"x": 1})));
        check(json!([]), Some(json!(null)));
        check(
            json!([{"pending": 0, "y": 1}]),
            Some(json!({"pending": 0, "y": 1})),
        );
        check(json!([null]), Some(json!(null)));
        check(
            json!([
                {"pending": 1, "running": 0, "version": 3, "runningDuration": "1h", "controlledResources": {"a": "1"},
                    "taskStatusCount": {"t": {"phase": {"Running": 1}}}},
                {"pending": 2, "running": 0, "version": 2, "runningDuration": "90s", "controlledResources": {"a": "2"},
                    "taskStatusCount": {"t": {"phase": {"Running": 2, "Pending": 0}}}},
            ]),
            Some(json!({
                "pending": 3, "version": 3, "runningDuration": "1h", "controlledResources": {"a": "2"},
                "taskStatusCount": {"t": {"phase": {"Running": 3}}},
            })),
        );
    }

    #[test]
    fn aggregation_of_conditions() {
        let check = |items, expected: Option<Value>| {
            let got = IT.aggregate(&json!(null), &items);
            assert_eq!(got, expected.map(|list| json!({"conditions": list})), "{items}");
        };
        let condition = |status: &str, time: &str| json!({"status": status, "lastTransitionTime": time});
        let list = |conditions: &[&Value]| json!({"conditions": conditions});
        let (old, new) = (condition("Running", "2024-01"), condition("Running", "2024-02"));
        let (failed, other) = (condition("Aborting", "2024-01"), condition("Pending", "2024-01"));
        // The latest of each status, in the order of the first.
        check(
            json!([list(&[&old, &other]), list(&[&new])]),
            Some(json!([new, other])),
        );
        check(json!([list(&[&new]), list(&[&old])]), Some(json!([new])));
        // All of the first cluster that fails.
        check(
            json!([list(&[&new]), list(&[&old, &failed]), list(&[&failed])]),
            Some(json!([old, failed])),
        );
        check(json!([list(&[&json!({"lastTransitionTime": "t"})]), null]), None);
        check(
            json!([list(&[&old]), list(&[&json!({"status": "Running"})])]),
            None,
        );
    }

    #[test]
    fn aggregation_of_states() {
        let check = |phases: &[&str], expected: Value| {
            let items: Vec<Value> = phases
                .iter()
                .map(|phase| json!({"state": {"phase": phase}}))
                .collect();
            let got = IT.aggregate(&json!(null), &json!(items)).unwrap_or_default();
            assert_eq!(got["state"], expected, "{phases:?}");
        };
        let now = crate::thirdparty::testing::NOW;
        check(&["Running", "Completed"], json!(null));
        check(
            &["Failed", "Completed", "Aborted"],
            json!({"phase": "Failed", "reason": "VolcanoJobFailed", "message": "Job failed in clusters: a,c",
                "lastTransitionTime": now}),
        );
        check(
            &["Completed", "Completed"],
            json!({"phase": "Completed", "reason": "Completed", "message": "Job completed successfully",
                "lastTransitionTime": now}),
        );
    }
}
