//! RayJob: a job on a Ray cluster of its own.

use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::Component;
use serde_json::Value;

use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::references::References;
use crate::thirdparty::result;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::{View, import};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    components: Some(components),
    aggregate: Some(aggregate),
    health: Some(health),
    dependencies: Some(dependencies),
    ..Rules::of("ray.io/v1", "RayJob")
};

fn components(object: View<'_>) -> Result<Vec<Component>> {
    super::components_of(object.find(&["spec", "rayClusterSpec"])?)
}

fn dependencies(object: View<'_>) -> Result<References> {
    let mut references = References::default();
    let spec = object.get("spec")?;
    super::add_cluster(spec.find(&["rayClusterSpec"])?, &mut references)?;
    super::add_pod(spec.find(&["submitterPodTemplate", "spec"])?, &mut references)?;
    Ok(references)
}

/// Running, or ended well.
fn health(observed: View<'_>) -> Result<bool> {
    let status = observed.get("status")?;
    let deployment = status.find(&["jobDeploymentStatus"])?;
    Ok(deployment.is("Running") || deployment.is("Complete") && status.find(&["jobStatus"])?.is("SUCCEEDED"))
}

/// How bad the state of a job's deployment is.
fn deployment_rank(state: View<'_>) -> u8 {
    match state.text().unwrap_or_default() {
        "Initializing" => 1,
        "Waiting" => 2,
        "Suspending" | "Suspended" => 3,
        "Retrying" => 4,
        "Running" => 5,
        "Complete" => 6,
        "ValidationFailed" => 7,
        "Failed" => 8,
        _ => 0,
    }
}

/// How bad the state of a job is.
fn job_rank(state: View<'_>) -> u8 {
    match state.text().unwrap_or_default() {
        "PENDING" => 1,
        "RUNNING" => 2,
        "SUCCEEDED" => 3,
        "STOPPED" => 4,
        "FAILED" => 5,
        _ => 0,
    }
}

/// The worst of the clusters; of equally bad ones the first.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    let Some(items) = super::begin(object, items)? else {
        return Ok(());
    };
    let mut deployment: Option<(u8, View<'_>, View<'_>)> = None;
    let mut job: Option<(u8, View<'_>)> = None;
    for member in items.live() {
        let state = member.status.get("jobDeploymentStatus")?;
        let rank = deployment_rank(state);
        if state.is_present() && deployment.is_none_or(|(worst, _, _)| rank > worst) {
            deployment = Some((rank, state, member.status));
        }
        let state = member.status.get("jobStatus")?;
        let rank = job_rank(state);
        if state.is_present() && !state.is("") && job.is_none_or(|(worst, _)| rank > worst) {
            job = Some((rank, state));
        }
    }
    let (state, worst) = deployment.map_or((View::absent(), View::absent()), |(_, state, worst)| {
        (state, worst)
    });
    let status = result::status(object)?;
    result::set(status, "jobDeploymentStatus", import(state.value()));
    for field in ["reason", "message"] {
        result::set(status, field, import(worst.find(&[field])?.value()));
    }
    let job = job.map_or(View::absent(), |(_, state)| state);
    result::set(status, "jobStatus", import(job.value()));
    Ok(())
}
