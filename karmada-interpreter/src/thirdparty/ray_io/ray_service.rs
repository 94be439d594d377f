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
    let groups = view.find(&["spec", "rayClusterConfig", "workerGroupSpecs"])?;
    let groups: Vec<View<'_>> = groups.list_or_none()?.collect();
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
