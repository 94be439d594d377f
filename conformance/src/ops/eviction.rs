//! Eviction, failover and what a binding says: `graceful-evict`, `remove-cluster`, `binding-queries`, `job-division`,
//! `spread-replicas`, `merge-target-clusters`, `sum-target-clusters`, `merge-suspension`, `assess-eviction`,
//! `preserved-label-state`, `app-failover`, `cluster-failover`.

use std::collections::BTreeMap;
use std::time::Duration;

use karmada_core::api::meta::Time;
use karmada_core::api::policy::v1alpha1::{
    ApplicationFailoverBehavior, FailoverBehavior, PolicySuspension, PurgeMode, StatePreservation,
};
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{
    AggregatedStatusItem, BindingSnapshot, BindingSuspension, GracefulEvictionTask, ResourceBindingSpec,
    TargetCluster,
};
use karmada_core::eviction::{self, AssessOptions, EvictionOptions};
use karmada_core::{binding, failover, job};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Op;
use crate::case::{Case, RunError};
use crate::compare::{self, Difference};

pub(super) const OPS: &[Op] = &[
    Op {
        name: "graceful-evict",
        run: graceful_evict,
        compare: compare::typed,
    },
    Op {
        name: "remove-cluster",
        run: remove_cluster,
        compare: compare::typed,
    },
    Op {
        name: "binding-queries",
        run: binding_queries,
        compare: compare::typed,
    },
    Op {
        name: "job-division",
        run: job_division,
        compare: compare::typed,
    },
    Op {
        name: "spread-replicas",
        run: spread_replicas,
        compare: compare::typed,
    },
    Op {
        name: "merge-target-clusters",
        run: merge_target_clusters,
        compare: compare::typed,
    },
    Op {
        name: "sum-target-clusters",
        run: sum_target_clusters,
        compare: compare::typed,
    },
    Op {
        name: "merge-suspension",
        run: merge_suspension,
        compare: compare::typed,
    },
    Op {
        name: "assess-eviction",
        run: assess_eviction,
        compare: compare::typed,
    },
    Op {
        name: "preserved-label-state",
        run: preserved_label_state,
        compare: compare::typed,
    },
    Op {
        name: "app-failover",
        run: app_failover,
        compare: compare_failover,
    },
    Op {
        name: "cluster-failover",
        run: cluster_failover,
        compare: compare_failover,
    },
];

/// A list or map that may be missing.
fn decode_or_default<T: serde::de::DeserializeOwned + Default>(
    case: &Case,
    key: &str,
) -> Result<T, RunError> {
    Ok(case.decode::<Option<T>>(key)?.unwrap_or_default())
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Options {
    purge_mode: String,
    producer: String,
    reason: String,
    message: String,
    grace_period_seconds: Option<i32>,
    suppress_deletion: Option<bool>,
    preserved_label_state: Option<BTreeMap<String, String>>,
    clusters_before_failover: Option<Vec<String>>,
}

fn graceful_evict(case: &Case) -> Result<Value, RunError> {
    let mut spec: ResourceBindingSpec = case.decode("spec")?;
    let options: Options = decode_or_default(case, "options")?;
    let options = EvictionOptions {
        purge_mode: (!options.purge_mode.is_empty()).then(|| PurgeMode::from(options.purge_mode)),
        producer: options.producer,
        reason: options.reason,
        message: options.message,
        grace_period_seconds: options.grace_period_seconds,
        suppress_deletion: options.suppress_deletion,
        preserved_label_state: options.preserved_label_state.unwrap_or_default(),
        clusters_before_failover: options.clusters_before_failover.unwrap_or_default(),
    };
    spec.graceful_evict_cluster(case.text("cluster")?, options);
    clusters_and_tasks(&spec)
}

fn clusters_and_tasks(spec: &ResourceBindingSpec) -> Result<Value, RunError> {
    Ok(json!({
        "clusters": wire::encode(&spec.clusters)?,
        "gracefulEvictionTasks": wire::encode(&spec.graceful_eviction_tasks)?,
    }))
}

fn remove_cluster(case: &Case) -> Result<Value, RunError> {
    let mut spec: ResourceBindingSpec = case.decode("spec")?;
    spec.remove_cluster(case.text("cluster")?);
    Ok(json!({"clusters": wire::encode(&spec.clusters)?}))
}

fn binding_queries(case: &Case) -> Result<Value, RunError> {
    let spec: ResourceBindingSpec = case.decode("spec")?;
    let cluster = case.text("cluster")?;
    let triggered: Option<Time> = case.decode("rescheduleTriggeredAt")?;
    let scheduled: Option<Time> = case.decode("lastScheduledTime")?;
    let placement = spec.placement.as_ref();
    let strategy = placement.and_then(|placement| placement.replica_scheduling.as_ref());
    let names: Vec<&str> = spec.clusters.iter().map(|target| target.name.as_str()).collect();
    let mut answer = json!({
        "targetContains": spec.target_contains(cluster),
        "inEvictionTasks": spec.cluster_in_graceful_eviction_tasks(cluster),
        "assignedReplicas": spec.assigned_replicas_for_cluster(cluster),
        "schedulingSuspended": spec.scheduling_suspended(),
        "schedulePriority": spec.schedule_priority_value(),
        "isWorkload": spec.is_workload(),
        "clusterNames": names,
        "sumOfReplicas": spec.sum_of_replicas(),
        "replicasChanged": spec.is_replicas_changed(strategy, case.feature_gates()?),
        "existingClusters": spec.existing_clusters(),
        "purgeDirectlyClusters": spec.purge_directly_clusters(),
        "rescheduleRequired": binding::reschedule_required(triggered.map(|at| at.0), scheduled.map(|at| at.0)),
        "needReviseJobCompletions": spec.divides_job_completions(),
        "overflowAllowed": placement.is_some_and(|placement| placement.allows_overflow()),
    });
    if let (Some(placement), Some(answer)) = (placement, answer.as_object_mut()) {
        answer.insert(
            "replicaSchedulingType".into(),
            placement.replica_scheduling_type().as_str().into(),
        );
        answer.insert("dynamicDivided".into(), placement.is_dynamically_divided().into());
    }
    Ok(answer)
}

fn job_division(case: &Case) -> Result<Value, RunError> {
    let clusters: Vec<TargetCluster> = decode_or_default(case, "clusters")?;
    let completions = job::divide_completions(case.get("workload"), &clusters)?;
    Ok(json!({"completions": wire::encode(&completions)?}))
}

fn spread_replicas(case: &Case) -> Result<Value, RunError> {
    let weights: Vec<TargetCluster> = decode_or_default(case, "weights")?;
    let initial: Vec<TargetCluster> = decode_or_default(case, "init")?;
    let replicas: i64 = case.decode("replicas")?;
    let clusters = binding::spread_replicas(replicas, &weights, &initial, case.text("uid")?);
    Ok(json!({"clusters": wire::encode(&clusters)?}))
}

fn merge_target_clusters(case: &Case) -> Result<Value, RunError> {
    let clusters: Vec<TargetCluster> = decode_or_default(case, "clusters")?;
    let required_by: Vec<BindingSnapshot> = decode_or_default(case, "requiredBy")?;
    Ok(json!({"clusters": wire::encode(&binding::merge_target_clusters(&clusters, &required_by))?}))
}

fn sum_target_clusters(case: &Case) -> Result<Value, RunError> {
    let old: Vec<TargetCluster> = decode_or_default(case, "old")?;
    let new: Vec<TargetCluster> = decode_or_default(case, "new")?;
    Ok(json!({"clusters": wire::encode(&binding::sum_target_clusters(&old, &new))?}))
}

fn merge_suspension(case: &Case) -> Result<Value, RunError> {
    let of_binding: Option<BindingSuspension> = case.decode("binding")?;
    let of_policy: Option<PolicySuspension> = case.decode("policy")?;
    let merged = binding::merge_suspension(of_binding.as_ref(), of_policy.as_ref());
    Ok(json!({"suspension": wire::encode(&merged)?}))
}

fn assess_eviction(case: &Case) -> Result<Value, RunError> {
    let tasks: Vec<GracefulEvictionTask> = decode_or_default(case, "tasks")?;
    let clusters: Vec<TargetCluster> = decode_or_default(case, "clusters")?;
    let aggregated_status: Vec<AggregatedStatusItem> = decode_or_default(case, "aggregatedStatus")?;
    let now: Time = case.decode("now")?;
    let timeout = Duration::from_secs(case.decode("timeoutSeconds")?);
    let options = AssessOptions {
        now: now.0,
        timeout,
        clusters: &clusters,
        aggregated_status: &aggregated_status,
        scheduled: case.decode("scheduled")?,
        needs_targets: false,
    };
    let assessment = eviction::assess(&tasks, &options);
    let evicted: Vec<&str> = assessment
        .evicted
        .iter()
        .map(|task| task.from_cluster.as_str())
        .collect();
    let retry = eviction::next_retry(&assessment.kept, timeout, now.0).unwrap_or_default();
    Ok(json!({
        "kept": wire::encode(&assessment.kept)?,
        "evicted": evicted,
        "nextRetryNanos": i64::try_from(retry.as_nanos()).unwrap_or(i64::MAX),
    }))
}

fn preserved_label_state(case: &Case) -> Result<Value, RunError> {
    let preservation: StatePreservation = decode_or_default(case, "statePreservation")?;
    let labels = failover::preserved_label_state(&preservation, case.text("rawStatus")?)?;
    Ok(json!({"labels": labels}))
}

fn app_failover(case: &Case) -> Result<Value, RunError> {
    let behavior: ApplicationFailoverBehavior = case.decode("behavior")?;
    let mut spec: ResourceBindingSpec = case.decode("spec")?;
    let aggregated_status: Vec<AggregatedStatusItem> = decode_or_default(case, "aggregatedStatus")?;
    let before: Vec<String> = decode_or_default(case, "clustersBeforeFailover")?;
    let cluster = case.text("cluster")?;

    let health = failover::distinguish_unhealthy(&aggregated_status, &spec);
    let mut answer = json!({"unhealthy": health.unhealthy, "others": health.others});
    let options = failover::application_eviction_options(
        &behavior,
        &aggregated_status,
        cluster,
        case.text("producer")?,
        &before,
        case.feature_gates()?,
    );
    let rest = match options {
        Ok(options) => {
            spec.graceful_evict_cluster(cluster, options);
            clusters_and_tasks(&spec)?
        }
        Err(error) => json!({"optionsError": error.to_string()}),
    };
    if let (Some(answer), Value::Object(rest)) = (answer.as_object_mut(), rest) {
        answer.extend(rest);
    }
    Ok(answer)
}

fn cluster_failover(case: &Case) -> Result<Value, RunError> {
    let behavior: Option<FailoverBehavior> = case.decode("failover")?;
    let aggregated_status: Vec<AggregatedStatusItem> = decode_or_default(case, "aggregatedStatus")?;
    let flag = PurgeMode::from(case.text("noExecuteTaintEvictionPurgeMode")?);
    let mode = failover::cluster_purge_mode(behavior.as_ref(), &flag);
    let mut answer = json!({"purgeMode": mode.as_str()});
    if let Some(of_cluster) = behavior.and_then(|behavior| behavior.cluster)
        && let Some(answer) = answer.as_object_mut()
    {
        let preservation = of_cluster.state_preservation.unwrap_or_default();
        match failover::preserved_state_of(&preservation, &aggregated_status, case.text("cluster")?) {
            Ok(state) => answer.insert("state".into(), json!(state)),
            Err(error) => answer.insert("stateError".into(), error.to_string().into()),
        };
    }
    Ok(answer)
}

/// The texts of errors are for information, that there is one is not.
fn compare_failover(case: &Case, expected: &Value, got: &Value) -> Vec<Difference> {
    let without_texts = |answer: &Value| {
        let mut answer = answer.clone();
        for key in ["optionsError", "stateError"] {
            if let Some(error) = answer.get_mut(key).filter(|error| error.is_string()) {
                *error = "an error".into();
            }
        }
        answer
    };
    compare::typed(case, &without_texts(expected), &without_texts(got))
}
