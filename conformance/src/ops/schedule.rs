//! One scheduling decision: `schedule`.

use std::collections::BTreeMap;

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{ResourceBinding, ResourceBindingSpec, ResourceBindingStatus};
use karmada_scheduler::{Decision, ErrorKind, Options, ScheduleError, Snapshot};
use serde_json::{Value, json};

use super::Op;
use crate::case::{Case, RunError};
use crate::compare;

/// Error texts and reasons are upstream's, so all of the recorded result is compared.
pub(super) const OPS: &[Op] = &[Op {
    name: "schedule",
    run: schedule,
    compare: compare::exact,
}];

fn schedule(case: &Case) -> Result<Value, RunError> {
    let clusters: Vec<Cluster> = case.list("clusters")?;
    let bindings: Vec<ResourceBinding> = case.list("bindings")?;
    let spec: ResourceBindingSpec = case.decode("spec")?;
    let status: Option<ResourceBindingStatus> = case.decode("status")?;
    let options = Options {
        features: case.feature_gates()?,
        enable_empty_workload_propagation: case.get("enableEmptyWorkloadPropagation") == &json!(true),
        ..Options::default()
    };
    let snapshot = Snapshot::build(&clusters, &bindings)?;
    match karmada_scheduler::schedule(&snapshot, &spec, &status.unwrap_or_default(), &options) {
        Ok(decision) => targets(&decision),
        Err(error) => Ok(failure(&error)),
    }
}

/// The targets by name; no key where there are none.
fn targets(decision: &Decision) -> Result<Value, RunError> {
    let mut targets = decision.to_target_clusters();
    if targets.is_empty() {
        return Ok(json!({}));
    }
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(json!({"targets": wire::encode(&targets)?}))
}

fn failure(error: &ScheduleError) -> Value {
    let kind = match error.kind() {
        ErrorKind::Fit => "fit",
        ErrorKind::Unschedulable => "unschedulable",
        ErrorKind::Other => "other",
    };
    let error_text = error.to_string();
    let ScheduleError::Fit(fit) = error else {
        return json!({"errorKind": kind, "error": error_text});
    };
    let rejected: BTreeMap<&str, &str> = fit
        .diagnosis
        .rejections()
        .map(|rejection| (rejection.cluster, rejection.reason))
        .collect();
    json!({"errorKind": kind, "error": error_text, "rejected": rejected})
}
