//! MPIJob: training over MPI.

use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::Component;
use serde_json::{Map, Value, json};

use super::training_job;
use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::omit_zero::{Zero, omit_zero};
use crate::thirdparty::rules::Rules;
use crate::thirdparty::times::{self, Blank};
use crate::thirdparty::view::{View, import, number};
use crate::thirdparty::{components, result};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    components: Some(components),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    ..Rules::of("kubeflow.org/v2beta1", "MPIJob")
};

/// A component for each replica type with a pod template, named as it is written; workers are none unless counted.
fn components(object: View<'_>) -> Result<Vec<Component>> {
    let specs = object.find(&["spec", "mpiReplicaSpecs"])?;
    let mut all = Vec::new();
    if specs.is_absent() {
        return Ok(all);
    }
    for (name, replica) in specs.pairs()? {
        let template = replica.get("template")?;
        if template.is_absent() {
            continue;
        }
        let default = if name.eq_ignore_ascii_case("worker") {
            0.0
        } else {
            1.0
        };
        let replicas = components::replicas(replica.get("replicas")?.to_number().unwrap_or(default))?;
        if specs.value().is_array() {
            return Err(specs.expected("a map"));
        }
        all.push(components::of_template(name, replicas, template)?);
    }
    Ok(all)
}

fn reflect(observed: View<'_>) -> Result<Value> {
    let status = observed.get("status")?;
    let mut reflected = Map::new();
    if status.is_absent() {
        return Ok(Value::Object(reflected));
    }
    let statuses = status.get("replicaStatuses")?;
    if statuses.is_present() {
        let mut types = Map::new();
        for (name, counts) in statuses.pairs()? {
            let mut picked = Map::new();
            for field in ["active", "succeeded", "failed", "selector"] {
                result::set(&mut picked, field, import(counts.get(field)?.value()));
            }
            types.insert(name, Value::Object(picked));
        }
        reflected.insert("replicaStatuses".to_owned(), Value::Object(types));
    }
    let conditions = status.get("conditions")?;
    if conditions.value().is_array() {
        reflected.insert("conditions".to_owned(), import(conditions.value()));
    }
    for field in ["startTime", "completionTime", "lastReconcileTime"] {
        result::set(&mut reflected, field, import(status.get(field)?.value()));
    }
    Ok(Value::Object(reflected))
}

/// Not failed, and says something.
fn health(observed: View<'_>) -> Result<bool> {
    let list = observed.find(&["status", "conditions"])?;
    if list.is_absent() || list.list()?.next().is_none() {
        return Ok(false);
    }
    training_job::has_not_failed(list)
}

fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    let Some(items) = items.filter(|items| items.len() > 0) else {
        return Ok(());
    };
    if let Some(only) = items.only_status() {
        return result::assign(object, &["status"], import(only.value()));
    }
    let mut status = Map::new();
    status.insert("replicaStatuses".to_owned(), replica_statuses(items)?);
    result::set(
        &mut status,
        "startTime",
        times::earliest(items, &["startTime"], Blank::Skipped)?,
    );
    for field in ["completionTime", "lastReconcileTime"] {
        result::set(
            &mut status,
            field,
            times::latest(items, &[field], Blank::Skipped)?,
        );
    }
    status.insert("conditions".to_owned(), latest_conditions(items)?);
    result::assign(
        object,
        &["status"],
        omit_zero(Value::Object(status), Zero::Kept)?.unwrap_or_default(),
    )
}

fn replica_statuses(items: Items<'_>) -> Result<Value> {
    let mut all: Map<String, Value> = Map::new();
    for statuses in items.at(&["replicaStatuses"]) {
        for (name, counts) in statuses?.pairs()? {
            let sums = result::members(all.entry(name).or_insert_with(|| json!({})), "active")?;
            for field in ["active", "succeeded", "failed"] {
                let count = counts.get(field)?.unless_false();
                let count = if count.is_present() { count.operand()? } else { 0.0 };
                let before = sums.get(field).and_then(Value::as_f64).unwrap_or_default();
                sums.insert(field.to_owned(), number(before + count)?);
            }
        }
    }
    Ok(Value::Object(all))
}

/// Of each type of condition the one with the latest time; those without a time do not count.
fn latest_conditions(items: Items<'_>) -> Result<Value> {
    let mut latest: Vec<(View<'_>, View<'_>, View<'_>)> = Vec::new();
    for member in items.live() {
        let list = member.status.get("conditions")?.unless_false();
        for condition in list.entries_or_none()? {
            let kind = condition.get("type")?;
            let mut time = condition.get("lastUpdateTime")?.unless_false();
            if time.is_absent() {
                time = condition.get("lastTransitionTime")?;
            }
            if time.is_absent() || time.is("") {
                continue;
            }
            if kind.is_absent() {
                return Err(kind.expected("the type of a condition"));
            }
            match latest.iter_mut().find(|(known, _, _)| known.same(kind)) {
                None => latest.push((kind, time, condition)),
                Some((_, known, kept)) => {
                    if known.less_than(time)? {
                        (*known, *kept) = (time, condition);
                    }
                }
            }
        }
    }
    Ok(Value::Array(
        latest
            .iter()
            .map(|(_, _, condition)| import(condition.value()))
            .collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn components_keep_their_names() {
        let check = |specs, expected| {
            assert_eq!(
                IT.components(&json!({"mpiReplicaSpecs": specs})),
                expected,
                "{specs}"
            );
        };
        check(json!(null), Some(json!([])));
        check(
            json!({"Worker": {"template": {}}, "Launcher": {"template": {}}, "wORKER": {"template": {}, "replicas": "3"},
                "Other": {}}),
            Some(json!([
                {"name": "Launcher", "replicas": 1},
                {"name": "Worker", "replicas": 0},
                {"name": "wORKER", "replicas": 3},
            ])),
        );
        check(json!("x"), None);
    }

    #[test]
    fn health_is_known_and_not_failed() {
        let check = |conditions, expected| {
            assert_eq!(
                IT.health_of(&json!({"conditions": conditions})),
                Some(expected),
                "{conditions}"
            );
        };
        check(json!(null), false);
        check(json!([]), false);
        check(json!([{"type": "Failed", "status": "True"}]), false);
        check(json!([{"type": "Failed", "status": "False"}]), true);
    }

    #[test]
    fn reflection() {
        let status = json!({
            "replicaStatuses": {"Worker": {"active": 1, "labelSelector": 1}, "Launcher": {"x": 1}},
            "conditions": "none", "startTime": "s", "x": 1,
        });
        let expected = json!({"replicaStatuses": {"Worker": {"active": 1}}, "startTime": "s"});
        assert_eq!(IT.reflect(&status), Some(expected));
        assert_eq!(IT.reflect(&json!(null)), Some(json!({})));
    }

    #[test]
    fn status_aggregation() {
        let check = |items, expected| assert_eq!(IT.aggregate(&json!({"x": 1}), &items), expected, "{items}");
        check(json!(null), Some(json!({"x": 1})));
        check(json!([]), Some(json!({"x": 1})));
        check(json!([{"y": 0}]), Some(json!({"y": 0})));
        check(json!([{}, {}]), Some(json!(null)));
        check(
            json!([
                {"replicaStatuses": {"Worker": {"active": 1}}, "startTime": "2024-02", "completionTime": "",
                    "lastReconcileTime": "2024-01"},
                {"replicaStatuses": {"Worker": {"failed": 1}}, "startTime": "2024-01", "completionTime": "2024-03",
                    "lastReconcileTime": "2024-02"},
            ]),
            Some(json!({
                "replicaStatuses": {"Worker": {"active": 1, "succeeded": 0, "failed": 1}},
                "startTime": "2024-01", "completionTime": "2024-03", "lastReconcileTime": "2024-02",
            })),
        );
    }

    #[test]
    fn aggregation_of_conditions() {
        let check = |lists: &[Value], expected: Option<Value>| {
            let items: Vec<Value> = lists.iter().map(|list| json!({"conditions": list})).collect();
            let got = IT.aggregate(&json!(null), &json!(items));
            assert_eq!(got, expected.map(|list| json!({"conditions": list})), "{lists:?}");
        };
        let updated = |kind: &str, time: &str| json!({"type": kind, "lastUpdateTime": time});
        let changed = |kind: &str, time: &str| json!({"type": kind, "lastTransitionTime": time});
        check(
            &[
                json!([updated("A", "2024-01"), {"type": "C"}]),
                json!([updated("B", "2024-01"), changed("A", "2024-02")]),
            ],
            Some(json!([changed("A", "2024-02"), updated("B", "2024-01")])),
        );
        check(
            &[json!([updated("A", "2024-01")]), json!([changed("A", "2024-01")])],
            Some(json!([updated("A", "2024-01")])),
        );
        check(&[json!([{"lastUpdateTime": "2024-01"}]), json!([])], None);
    }
}
