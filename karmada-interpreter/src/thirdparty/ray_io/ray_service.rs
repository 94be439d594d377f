//! RayService: applications served by a Ray cluster.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::interpreter::Replicas;
use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::references::References;
use crate::thirdparty::rules::{self, Rules};
use crate::thirdparty::times::{self, Blank};
use crate::thirdparty::view::{View, import, number};
use crate::thirdparty::{conditions, pod_template, result};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    replicas: Some(replicas),
    revise: Some(revise),
    aggregate: Some(aggregate),
    health: Some(health),
    dependencies: Some(dependencies),
    ..Rules::of("ray.io/v1", "RayService")
};

/// The head and all workers, each as large as the largest of them in processor and memory.
fn replicas(object: View<'_>) -> Result<Replicas> {
    let cluster = object.find(&["spec", "rayClusterConfig"])?;
    let head = cluster.find(&["headGroupSpec", "template"])?;
    if head.is_absent() {
        return Ok(Replicas::default());
    }
    let mut requirements = pod_template::requirements(head)?;
    let mut total = 1.0;
    for group in cluster.get("workerGroupSpecs")?.entries_or_none()? {
        let count = group.get("replicas")?;
        if count.is_truthy() {
            total += count.operand()?;
        }
        let template = group.get("template")?;
        if template.is_absent() {
            continue;
        }
        let workers = pod_template::requirements(template)?;
        let (Some(all), Some(workers)) = (&mut requirements, workers) else {
            continue;
        };
        for resource in ["cpu", "memory"] {
            let Some(wanted) = workers.resource_request.get(resource) else {
                continue;
            };
            let known = all.resource_request.get(resource);
            if known.is_none_or(|known| wanted.approximate_f64() > known.approximate_f64()) {
                all.resource_request.insert(resource.to_owned(), *wanted);
            }
        }
    }
    let total = number(total)?;
    Ok(Replicas {
        replicas: rules::count(View::new(&total))?,
        requirements,
    })
}

/// Shares what the head leaves over among the worker groups, as they share it now.
fn revise(object: &mut Value, replicas: f64) -> Result<()> {
    let workers = (replicas - 1.0).max(0.0);
    let view = View::new(object);
    let list = view.find(&["spec", "rayClusterConfig", "workerGroupSpecs"])?;
    let groups: Vec<View<'_>> = list.list_or_none()?.collect();
    if groups.is_empty() {
        return Ok(());
    }
    if !list.is_table() {
        return Err(list.expected("a list"));
    }
    let shares = match groups.as_slice() {
        // The size of an only group is not looked at.
        [_] => vec![workers],
        _ => shares(workers, &sizes(&groups)?),
    };
    let Some(groups) = object
        .pointer_mut("/spec/rayClusterConfig/workerGroupSpecs")
        .and_then(Value::as_array_mut)
    else {
        return Ok(());
    };
    for (group, share) in groups.iter_mut().zip(shares) {
        result::assign(group, &["replicas"], number(share)?)?;
    }
    Ok(())
}

/// The size of each group now.
fn sizes(groups: &[View<'_>]) -> Result<Vec<f64>> {
    groups
        .iter()
        .map(|group| {
            let size = group.get("replicas")?;
            if size.is_truthy() { size.operand() } else { Ok(0.0) }
        })
        .collect()
}

/// The new size of each group. The last one takes what rounding leaves, which can be less than nothing.
fn shares(workers: f64, counts: &[f64]) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a script's numbers are floats")]
    let groups = counts.len() as f64;
    let total: f64 = counts.iter().sum();
    let mut distributed = 0.0;
    let mut position = 0.0;
    counts
        .iter()
        .map(|count| {
            position += 1.0;
            let share = if workers == 0.0 {
                workers
            } else if position == groups {
                workers - distributed
            } else if total == 0.0 {
                (workers / groups).floor() + if position <= workers % groups { 1.0 } else { 0.0 }
            } else {
                (workers * (count / total) + 0.5).floor()
            };
            distributed += share;
            share
        })
        .collect()
}

fn health(observed: View<'_>) -> Result<bool> {
    for condition in observed.find(&["status", "conditions"])?.entries_or_none()? {
        if conditions::is(condition, "Ready", "True")? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn dependencies(object: View<'_>) -> Result<References> {
    let mut references = References::default();
    super::add_cluster(object.find(&["spec", "rayClusterConfig"])?, &mut references)?;
    Ok(references)
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
    items.sum_into(status, &["numServeEndpoints"])?;
    result::set(
        status,
        "lastUpdateTime",
        times::latest(items, &["lastUpdateTime"], Blank::Counts)?,
    );
    status.insert("observedGeneration".to_owned(), greatest_generation(items)?);
    let mut service = "Running";
    for reported in items.at(&["serviceStatus"]) {
        if reported?.is("") {
            service = "";
        }
    }
    status.insert("serviceStatus".to_owned(), service.into());
    // Without any, those of the template stay.
    for (field, service) in [
        ("activeServiceStatus", active_service(items)?),
        (
            "pendingServiceStatus",
            super::first(items, "pendingServiceStatus")?,
        ),
    ] {
        if !service.is_null() {
            status.insert(field.to_owned(), service);
        }
    }
    Ok(())
}

fn greatest_generation(items: Items<'_>) -> Result<Value> {
    let start = json!(0);
    let mut greatest = View::new(&start);
    for generation in items.at(&["observedGeneration"]) {
        let generation = generation?;
        if greatest.less_than(generation)? {
            greatest = generation;
        }
    }
    Ok(import(greatest.value()))
}

/// How bad the state of an application is.
fn application_rank(state: View<'_>) -> u8 {
    match state.text().unwrap_or_default() {
        "NOT_STARTED" => 1,
        "DEPLOYING" => 2,
        "DELETING" => 3,
        "UNHEALTHY" => 4,
        "DEPLOY_FAILED" => 5,
        _ => 0,
    }
}

/// The first one that is there, with the worst report of each application in any cluster.
fn active_service(items: Items<'_>) -> Result<Value> {
    let mut active = super::first(items, "activeServiceStatus")?;
    if active.is_null() {
        return Ok(active);
    }
    let mut worst: Vec<(String, u8, View<'_>)> = Vec::new();
    for statuses in items.at(&["activeServiceStatus", "applicationStatuses"]) {
        for (name, application) in statuses?.pairs()? {
            let rank = application_rank(application.get("status")?);
            match worst.iter_mut().find(|(known, _, _)| *known == name) {
                None => worst.push((name, rank, application)),
                Some((_, known, kept)) => {
                    if rank > *known {
                        (*known, *kept) = (rank, application);
                    }
                }
            }
        }
    }
    let merged = worst
        .into_iter()
        .map(|(name, _, application)| (name, import(application.value())))
        .collect();
    result::members(&mut active, "applicationStatuses")?
        .insert("applicationStatuses".to_owned(), Value::Object(merged));
    Ok(active)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    fn cluster(head: &Value, groups: &Value) -> Value {
        json!({"rayClusterConfig": {"headGroupSpec": {"template": head}, "workerGroupSpecs": groups}})
    }

    #[test]
    fn replicas_are_as_large_as_the_largest() {
        let check = |spec: Value, expected| assert_eq!(IT.replicas(&spec), Some(expected), "{spec}");
        let pod = |requests: Value| json!({"spec": {"containers": [{"resources": {"requests": requests}}]}});
        check(json!(null), (0, json!(null)));
        check(
            json!({"rayClusterConfig": {"workerGroupSpecs": [{"replicas": 2}]}}),
            (0, json!(null)),
        );
        check(
            cluster(
                &pod(json!({"cpu": "1", "memory": "2Gi", "nvidia.com/gpu": "1"})),
                &json!([
                    {"replicas": 2, "template": pod(json!({"cpu": "2", "memory": "1Gi", "nvidia.com/gpu": "8"}))},
                    {"template": pod(json!({"cpu": "2000m"}))},
                ]),
            ),
            (
                3,
                json!({"resourceRequest": {"cpu": "2", "memory": "2Gi", "nvidia.com/gpu": "1"}}),
            ),
        );
        // A head without requirements hides those of the workers.
        check(
            cluster(
                &json!({}),
                &json!([{"replicas": 1, "template": pod(json!({"cpu": "2"}))}]),
            ),
            (2, json!(null)),
        );
    }

    #[test]
    fn revision_shares_among_groups() {
        let check = |replicas: i64, before: &[i64], after: &[i64]| {
            let groups = |sizes: &[i64]| {
                json!(
                    sizes
                        .iter()
                        .map(|size| json!({"replicas": size}))
                        .collect::<Vec<_>>()
                )
            };
            let got = IT.revise(&cluster(&json!({}), &groups(before)), replicas);
            assert_eq!(
                got,
                Some(cluster(&json!({}), &groups(after))),
                "{replicas} {before:?}"
            );
        };
        check(5, &[1], &[4]);
        check(0, &[3], &[0]);
        check(1, &[3, 4], &[0, 0]);
        check(8, &[0, 0, 0], &[3, 2, 2]);
        check(9, &[1, 3], &[2, 6]);
        check(7, &[2, 2, 2], &[2, 2, 2]);
        // Rounding up twice leaves less than nothing for the last one.
        check(2, &[1, 1, 0], &[1, 1, -1]);
        assert_eq!(IT.revise(&json!({}), 3), Some(json!({})));
        assert_eq!(
            IT.revise(&json!({"rayClusterConfig": {"a": 1}}), 3),
            Some(json!({"rayClusterConfig": {"a": 1}}))
        );
    }

    #[test]
    fn health_is_ready() {
        let check = |list, expected| {
            assert_eq!(
                IT.health_of(&json!({"conditions": list})),
                Some(expected),
                "{list}"
            );
        };
        check(
            json!([{"type": "Other", "status": "True"}, {"type": "Ready", "status": "True"}]),
            true,
        );
        check(json!([{"type": "Ready", "status": "False"}]), false);
        check(json!(null), false);
    }

    #[test]
    fn status_aggregation() {
        let check = |items, expected| {
            let before = json!({"x": 1, "lastUpdateTime": "old", "pendingServiceStatus": {"old": 1}});
            assert_eq!(IT.aggregate(&before, &items), Some(expected), "{items}");
        };
        check(
            json!([]),
            json!({"x": 1, "numServeEndpoints": 0, "observedGeneration": 0, "serviceStatus": "Running",
                "pendingServiceStatus": {"old": 1}}),
        );
        check(
            json!([
                {"conditions": [1], "numServeEndpoints": 1, "observedGeneration": 2, "serviceStatus": "Running",
                    "lastUpdateTime": "2024-01", "pendingServiceStatus": {"a": 1}},
                {"conditions": [2], "numServeEndpoints": 2, "observedGeneration": 1, "serviceStatus": "",
                    "lastUpdateTime": "2024-02", "pendingServiceStatus": {"b": 1}},
            ]),
            json!({"x": 1, "conditions": [1, 2], "numServeEndpoints": 3, "observedGeneration": 2, "serviceStatus": "",
                "lastUpdateTime": "2024-02", "pendingServiceStatus": {"a": 1}}),
        );
    }

    #[test]
    fn the_worst_report_of_an_application_wins() {
        let check = |statuses: &[&str], expected: usize| {
            let report = |index: usize, status: &str| json!({"status": status, "index": index});
            let items: Vec<Value> = statuses
                .iter()
                .enumerate()
                .map(|(index, status)| {
                    json!({"activeServiceStatus": {"cluster": index, "applicationStatuses": {"app": report(index, status)}}})
                })
                .collect();
            let got = IT.aggregate(&json!(null), &json!(items)).unwrap();
            let expected = report(expected, statuses[expected]);
            assert_eq!(
                got["activeServiceStatus"],
                json!({"cluster": 0, "applicationStatuses": {"app": expected}}),
                "{statuses:?}"
            );
        };
        let ranked = [
            "RUNNING",
            "NOT_STARTED",
            "DEPLOYING",
            "DELETING",
            "UNHEALTHY",
            "DEPLOY_FAILED",
        ];
        for pair in ranked.windows(2) {
            check(pair, 1);
            check(&[pair[1], pair[0]], 0);
        }
        check(&["RUNNING", "UNKNOWN"], 0);
        check(&["UNKNOWN", "RUNNING"], 0);
    }

    #[test]
    fn dependencies_of_head_and_workers() {
        let pod = |name: &str| json!({"spec": {"serviceAccountName": name}});
        let spec = cluster(
            &pod("h"),
            &json!([{"template": pod("w")}, {"template": pod("default")}]),
        );
        let expected = ["ServiceAccount ns/h".to_owned(), "ServiceAccount ns/w".to_owned()];
        assert_eq!(IT.dependencies(&spec), Some(expected.to_vec()));
    }
}
