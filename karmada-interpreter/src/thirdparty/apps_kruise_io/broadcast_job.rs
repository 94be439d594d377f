//! BroadcastJob: runs a pod to completion on every node.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::interpreter::Replicas;
use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::rules::{self, Rules};
use crate::thirdparty::view::{View, import};
use crate::thirdparty::{conditions, generation, pod_template, result};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    replicas: Some(replicas),
    revise: Some(rules::revise_parallelism),
    retain: Some(retain),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    dependencies: Some(rules::dependencies_of_workload),
    ..Rules::of("apps.kruise.io/v1alpha1", "BroadcastJob")
};

/// The parallelism, one if it is absent.
fn replicas(object: View<'_>) -> Result<Replicas> {
    let spec = object.get("spec")?;
    let parallelism = spec.get("parallelism")?;
    let replicas = if parallelism.is_absent() {
        1
    } else {
        rules::count(parallelism)?
    };
    Ok(Replicas {
        replicas,
        requirements: pod_template::requirements(spec.get("template")?)?,
    })
}

/// The labels of the pod template, which the member's controller extends.
fn retain(desired: &mut Value, observed: View<'_>) -> Result<()> {
    let template = observed.path(&["spec", "template"])?;
    let labels = template.get("metadata")?.find(&["labels"])?;
    if labels.is_present() {
        result::assign(
            desired,
            &["spec", "template", "metadata", "labels"],
            import(labels.value()),
        )?;
    }
    Ok(())
}

/// Sums; failed once it failed anywhere, completed once it completed everywhere.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    let Some(items) = items else { return Ok(()) };
    // Upstream does not reset the variable between items: a cluster without a terminal condition, or without a
    // status, counts as the one before it.
    let mut finished: Option<&'static str> = None;
    let mut completed = 0_usize;
    let mut failed = Vec::new();
    for member in items.iter() {
        for condition in member.status.find(&["conditions"])?.list_or_none()? {
            if let Some(kind) = terminal(condition)? {
                finished = Some(kind);
                break;
            }
        }
        match finished {
            Some("Complete") => completed += 1,
            Some(_) => failed.push(member.cluster),
            None => {}
        }
    }
    let mut rebuilt = Vec::new();
    if !failed.is_empty() {
        rebuilt.push(json!({
            "type": "Failed",
            "status": "True",
            "reason": "JobFailed",
            "message": format!("Job executed failed in member clusters: {}", failed.join(", ")),
        }));
    }
    if completed == items.len() && completed > 0 {
        rebuilt.push(json!({
            "type": "Completed",
            "status": "True",
            "reason": "Completed",
            "message": "Job completed",
        }));
    }
    let status = result::status(object)?;
    items.sum_into(status, &["active", "succeeded", "failed", "desired"])?;
    let phase = items.last_present("phase")?.unwrap_or_else(|| json!(""));
    result::set(status, "phase", phase);
    status.insert("conditions".to_owned(), Value::Array(rebuilt));
    Ok(())
}

/// How a condition says that the job has ended, if it does.
fn terminal(condition: View<'_>) -> Result<Option<&'static str>> {
    for kind in ["Complete", "Failed"] {
        if conditions::is(condition, kind, "True")? {
            return Ok(Some(kind));
        }
    }
    Ok(None)
}

fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect(
        observed,
        &[
            "conditions",
            "startTime",
            "completionTime",
            "active",
            "succeeded",
            "failed",
            "desired",
            "phase",
        ],
    )
}

/// Wanted somewhere, failed nowhere (and known to), active or succeeded somewhere.
fn health(observed: View<'_>) -> Result<bool> {
    let status = observed.get("status")?;
    if status.get("desired")?.equals(0.0) || !status.get("failed")?.equals(0.0) {
        return Ok(false);
    }
    Ok(!(status.get("succeeded")?.equals(0.0) && status.get("active")?.equals(0.0)))
}
