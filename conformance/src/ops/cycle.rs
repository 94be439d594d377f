//! One pass of the scheduler over a binding: `cycle`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{Component, ResourceBinding};
use karmada_core::features::Feature;
use karmada_scheduler::cycle::{CycleOptions, Report, schedule_binding};
use karmada_scheduler::{AssumedWorkload, Fleet, Options, Snapshot};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Op;
use crate::case::{Case, RunError};
use crate::compare;

/// Texts are upstream's, so all of the recorded result is compared; the binding is a typed object.
pub(super) const OPS: &[Op] = &[Op {
    name: "cycle",
    run: cycle,
    compare: compare::typed,
}];

/// Times set by the pass, as recorded.
const NOW: Timestamp = Timestamp::constant(946_684_800, 0);

/// What a workload is assumed to take of a cluster. Afterwards the key of the binding is recorded as empty.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Assumption {
    binding: String,
    cluster: String,
    namespace: String,
    components: Vec<Component>,
}

fn cycle(case: &Case) -> Result<Value, RunError> {
    let mut clusters: Vec<Cluster> = case.list("clusters")?;
    let as_listed = pass(case, &clusters)?;
    clusters.reverse();
    if pass(case, &clusters)? != as_listed {
        return Err(RunError::Unsupported(
            "the result depends on the order of clusters".to_owned(),
        ));
    }
    Ok(as_listed)
}

fn pass(case: &Case, clusters: &[Cluster]) -> Result<Value, RunError> {
    let before: ResourceBinding = case.decode("binding")?;
    let assumptions: Vec<Assumption> = case.list("assumptions")?;
    let features = case.feature_gates()?;
    let options = CycleOptions::from(Options {
        features,
        enable_empty_workload_propagation: case.get("enableEmptyWorkloadPropagation") == &json!(true),
        ..Options::default()
    });
    let mut fleet = Fleet::new();
    for cluster in clusters {
        fleet.apply(cluster)?;
    }
    for assumption in &assumptions {
        let workload = AssumedWorkload {
            namespace: assumption.namespace.clone(),
            components: assumption.components.clone(),
        };
        fleet.assume(&assumption.binding, &assumption.cluster, workload);
    }

    let mut after = before.clone();
    let plan = schedule_binding(&before, &fleet.snapshot(), &options);
    let key = plan.key().clone();
    let executed = plan.apply(&mut after, NOW);
    executed.effects.apply(&mut fleet, &key, Timestamp::MAX);

    // Whatever keeps the recorded bindings does not count generations and versions.
    after.metadata.generation = before.metadata.generation;
    after
        .metadata
        .resource_version
        .clone_from(&before.metadata.resource_version);
    after
        .spec
        .clusters
        .sort_by(|left, right| left.name.cmp(&right.name));
    let events: Vec<String> = executed.reports.iter().map(event).collect();
    let assumed = if features.enabled(Feature::SchedulingOvercommitProtection) {
        let named = assumptions.iter().map(|assumption| assumption.cluster.as_str());
        let targets = after.spec.clusters.iter().map(|target| target.name.as_str());
        assumed(&fleet.snapshot(), named.chain(targets).collect())?
    } else {
        Vec::new()
    };
    Ok(json!({
        "binding": wire::encode(&after)?,
        "error": executed.finished.error.map(|error| error.to_string()),
        "events": events,
        "assumed": assumed,
    }))
}

/// `Type Reason Message`, the targets in a message by name.
fn event(report: &Report) -> String {
    let event = &report.event;
    let mut message = event.message.clone();
    if let Some((before, rest)) = event.message.split_once('{')
        && let Some((targets, after)) = rest.split_once('}')
        && before.ends_with("Result: ")
    {
        let mut targets: Vec<&str> = targets.split(", ").collect();
        targets.sort_unstable();
        message = format!("{before}{{{}}}{after}", targets.join(", "));
    }
    format!("{} {} {message}", event.type_, event.reason)
}

/// What is assumed on the clusters, by cluster and then as upstream's list of them is sorted: by text.
fn assumed(snapshot: &Snapshot, clusters: BTreeSet<&str>) -> Result<Vec<Value>, RunError> {
    let mut all = Vec::new();
    for cluster in clusters {
        for (_, workload) in snapshot.assumed(cluster) {
            let assumption = Assumption {
                binding: String::new(),
                cluster: cluster.to_owned(),
                namespace: workload.namespace.clone(),
                components: workload.components.clone(),
            };
            let text = karmada_core::json::encode(&assumption)?;
            all.push((cluster, text, wire::encode(&assumption)?));
        }
    }
    all.sort_by(|(left, left_text, _), (right, right_text, _)| (left, left_text).cmp(&(right, right_text)));
    Ok(all.into_iter().map(|(_, _, assumption)| assumption).collect())
}
