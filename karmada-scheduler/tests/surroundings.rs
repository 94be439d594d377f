//! What happens around a decision, told from one step to the next: eviction, failover, rebalancing, descheduling and
//! quotas change a binding by core's functions, and the next decision follows.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Node, Pod};
use karmada_core::admission::quota::admit_binding;
use karmada_core::api::apps::v1alpha1::{ObjectReference, WorkloadRebalancer};
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::meta::{ConditionStatus, Time};
use karmada_core::api::policy::v1alpha1::{ClusterTaintPolicy, FederatedResourceQuota, PurgeMode};
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{ResourceBinding, TargetCluster};
use karmada_core::eviction::{AssessOptions, DEFAULT_TIMEOUT, EvictionOptions, assess};
use karmada_core::failover::{
    application_eviction_options, cluster_eviction_options, detect_failure, distinguish_unhealthy,
    injected_labels, watches_application,
};
use karmada_core::features::{Feature, FeatureGates};
use karmada_core::rebalance::{Outcome, conclude, needs_trigger};
use karmada_core::taints::{EvictionDecision, apply_policies, eviction_decision, for_ready_condition};
use karmada_scheduler::cycle::{ApiError, BindingMut, CycleOptions, Need, Reason, schedule_binding};
use karmada_scheduler::deschedule::{self, UNSCHEDULABLE_THRESHOLD};
use karmada_scheduler::estimator::{
    AccurateEstimator, MemberEstimators, MemberState, WorkloadObjects, unschedulable_answer,
};
use karmada_scheduler::queue::RetryClass;
use karmada_scheduler::{Options, Profile, ScheduleError, Snapshot, schedule};
use proptest::prelude::*;
use serde_json::{Value, json};

fn cluster(name: &str, cpu: i64) -> Cluster {
    wire::decode(&json!({
        "metadata": {"name": name},
        "status": {
            "apiEnablements": [{"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]}],
            "resourceSummary": {"allocatable": {"cpu": cpu.to_string(), "pods": "1000"}},
        },
    }))
    .unwrap()
}

fn fleet(rooms: &[(&str, i64)]) -> Vec<Cluster> {
    rooms.iter().map(|(name, cpu)| cluster(name, *cpu)).collect()
}

fn divided(preference: &str) -> Value {
    json!({"replicaScheduling": {
        "replicaSchedulingType": "Divided", "replicaDivisionPreference": preference,
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    }})
}

/// A Deployment whose replicas take one CPU each, scheduled by that placement before.
fn binding(placement: &Value, replicas: i32, targets: &[(&str, i32)]) -> ResourceBinding {
    let clusters: Vec<Value> = targets
        .iter()
        .map(|(name, replicas)| json!({"name": name, "replicas": replicas}))
        .collect();
    let mut binding: ResourceBinding = wire::decode(&json!({
        "metadata": {"namespace": "shop", "name": "web-deployment", "generation": 2},
        "spec": {
            "resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web", "uid": "u"},
            "replicas": replicas, "replicaRequirements": {"resourceRequest": {"cpu": "1"}},
            "placement": placement, "clusters": clusters,
        },
        "status": {"schedulerObservedGeneration": 2, "lastScheduledTime": "2026-01-01T00:00:00Z"},
    }))
    .unwrap();
    let annotations = binding.metadata.annotations.get_or_insert_default();
    annotations.insert(
        "policy.karmada.io/applied-placement".into(),
        placement.to_string(),
    );
    binding
}

fn options(estimators: Option<MemberEstimators>) -> Options {
    let profile = Profile::karmada();
    let profile = match estimators {
        Some(estimators) => profile.with_estimator(estimators),
        None => profile,
    };
    Options {
        profile: Arc::new(profile),
        ..Options::default()
    }
}

/// Schedules the binding and writes the targets into it, sorted by name.
fn place(
    clusters: &[Cluster],
    binding: &mut ResourceBinding,
    options: &Options,
) -> Result<(), ScheduleError> {
    let snapshot = Snapshot::build(clusters, []).unwrap();
    let decision = schedule(&snapshot, &binding.spec, &binding.status, options)?;
    let mut targets: Vec<TargetCluster> = decision
        .iter()
        .map(|(name, replicas)| TargetCluster::new(name, replicas))
        .collect();
    targets.sort_by(|one, other| one.name.cmp(&other.name));
    binding.spec.clusters = targets;
    Ok(())
}

fn targets(binding: &ResourceBinding) -> Vec<(&str, i32)> {
    let clusters = binding.spec.clusters.iter();
    clusters
        .map(|target| (target.name.as_str(), target.replicas))
        .collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn report(binding: &mut ResourceBinding, healths: &[(&str, &str)]) {
    let items: Vec<Value> = healths
        .iter()
        .map(|(name, health)| json!({"clusterName": name, "health": health, "status": {"replicas": 1}}))
        .collect();
    binding.status.aggregated_status = wire::decode(&json!(items)).unwrap();
}

/// Looks after the eviction tasks of a binding; the names of the clusters that were left.
fn look_after_evictions(binding: &mut ResourceBinding, now: Timestamp) -> Vec<String> {
    let assessment = assess(
        &binding.spec.graceful_eviction_tasks,
        &AssessOptions {
            now,
            timeout: DEFAULT_TIMEOUT,
            clusters: &binding.spec.clusters,
            aggregated_status: &binding.status.aggregated_status,
            scheduled: binding.metadata.generation == Some(binding.status.scheduler_observed_generation),
            needs_targets: false,
        },
    );
    binding.spec.graceful_eviction_tasks = assessment.kept;
    assessment
        .evicted
        .into_iter()
        .map(|task| task.from_cluster)
        .collect()
}

#[test]
fn an_evicted_cluster_is_replaced_and_left_once_the_replacement_is_healthy() {
    let clusters = fleet(&[("m1", 10), ("m2", 10), ("m3", 10)]);
    let mut binding = binding(&divided("Weighted"), 9, &[("m1", 4), ("m2", 5)]);
    report(&mut binding, &[("m1", "Healthy"), ("m2", "Healthy")]);
    binding
        .spec
        .graceful_evict_cluster("m1", EvictionOptions::default());
    assert_eq!(targets(&binding), [("m2", 5)]);
    let strategy = binding
        .spec
        .placement
        .as_ref()
        .unwrap()
        .replica_scheduling
        .clone();
    assert!(
        binding
            .spec
            .is_replicas_changed(strategy.as_ref(), FeatureGates::default())
    );

    // What is there stays, what is missing is divided among the others by their room.
    place(&clusters, &mut binding, &options(None)).unwrap();
    assert_eq!(targets(&binding), [("m2", 7), ("m3", 2)]);
    assert!(
        binding.spec.existing_clusters().contains("m1"),
        "its Work stays for now"
    );

    // The first look only stamps the task.
    let start = at("2026-01-01T01:00:00Z");
    binding.metadata.generation = Some(3);
    binding.status.scheduler_observed_generation = 3;
    assert!(look_after_evictions(&mut binding, start).is_empty());
    assert_eq!(
        binding.spec.graceful_eviction_tasks[0].creation_timestamp,
        Some(Time(start))
    );
    // The new cluster has not reported; then it has, but the scheduler has not seen the latest change.
    let soon = at("2026-01-01T01:01:00Z");
    assert!(look_after_evictions(&mut binding, soon).is_empty());
    report(&mut binding, &[("m2", "Healthy"), ("m3", "Healthy")]);
    binding.metadata.generation = Some(4);
    assert!(look_after_evictions(&mut binding, soon).is_empty());
    binding.status.scheduler_observed_generation = 4;
    assert_eq!(look_after_evictions(&mut binding, soon), ["m1"]);
    assert!(!binding.spec.existing_clusters().contains("m1"));

    // Only now may the cluster be chosen again.
    binding.spec.replicas = 12;
    place(&clusters, &mut binding, &options(None)).unwrap();
    assert!(binding.spec.target_contains("m1"));
}

#[test]
fn an_eviction_ends_with_its_grace_period() {
    let mut binding = binding(&divided("Weighted"), 4, &[("m1", 4)]);
    let seconds = EvictionOptions {
        grace_period_seconds: Some(30),
        ..EvictionOptions::default()
    };
    binding.spec.graceful_evict_cluster("m1", seconds);
    // There is nowhere to go, and no target at all counts as a healthy one unless a target is needed.
    let room = fleet(&[("m1", 10)]);
    assert!(matches!(
        place(&room, &mut binding, &options(None)),
        Err(ScheduleError::Fit(_))
    ));
    look_after_evictions(&mut binding, at("2026-01-01T01:00:00Z"));
    let look = |now: &str, needs_targets: bool| {
        let tasks = &binding.spec.graceful_eviction_tasks;
        let options = AssessOptions {
            now: at(now),
            timeout: DEFAULT_TIMEOUT,
            clusters: &[],
            aggregated_status: &[],
            scheduled: true,
            needs_targets,
        };
        assess(tasks, &options).evicted.len()
    };
    assert_eq!(look("2026-01-01T01:00:10Z", false), 1);
    assert_eq!(look("2026-01-01T01:00:10Z", true), 0);
    assert_eq!(look("2026-01-01T01:00:31Z", true), 1);
}

#[test]
fn everything_evicted_is_placed_as_at_first() {
    for preference in ["Weighted", "Aggregated"] {
        let clusters = fleet(&[("m1", 3), ("m2", 10), ("m3", 7)]);
        let mut evicted = binding(&divided(preference), 6, &[("m1", 6)]);
        evicted
            .spec
            .graceful_evict_cluster("m1", EvictionOptions::default());
        place(&clusters, &mut evicted, &options(None)).unwrap();
        let mut first = binding(&divided(preference), 6, &[]);
        place(&clusters[1..], &mut first, &options(None)).unwrap();
        assert_eq!(targets(&evicted), targets(&first), "{preference}");
    }
}

#[test]
fn a_rebalancer_has_replicas_placed_anew() {
    let clusters = fleet(&[("m1", 10), ("m2", 20)]);
    let mut rebalancer: WorkloadRebalancer = wire::decode(&json!({
        "metadata": {"name": "r", "creationTimestamp": "2026-01-02T00:00:00Z", "generation": 1},
        "spec": {"workloads": [
            {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "web"},
            {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "gone"},
        ]},
    }))
    .unwrap();
    let created = at("2026-01-02T00:00:00Z");
    let pass = |rebalancer: &WorkloadRebalancer, binding: &mut ResourceBinding| {
        let mut trigger = |workload: &ObjectReference| {
            if workload.name != "web" {
                return Outcome::NotFound;
            }
            let triggered_at = binding.spec.reschedule_triggered_at.as_ref().map(|time| time.0);
            if needs_trigger(triggered_at, created) {
                binding.spec.reschedule_triggered_at = Some(Time(created));
            }
            Outcome::Triggered
        };
        conclude(rebalancer, &mut trigger, at("2026-01-02T00:00:05Z"))
    };

    // All replicas went to m1 while m2 was away; as long as the number is right nothing moves.
    let mut web = binding(&divided("Weighted"), 9, &[("m1", 9)]);
    place(&clusters, &mut web, &options(None)).unwrap();
    assert_eq!(targets(&web), [("m1", 9)]);
    let conclusion = pass(&rebalancer, &mut web);
    assert!(conclusion.outcome().is_ok() && conclusion.status.finish_time.is_some());
    place(&clusters, &mut web, &options(None)).unwrap();
    // By room and what runs there: 10 + 9 against 20.
    assert_eq!(targets(&web), [("m1", 4), ("m2", 5)]);

    // Scheduled since, and the rebalancer is as old as before: no second time, whatever its spec says.
    web.status.last_scheduled_time = Some(Time(at("2026-01-02T00:01:00Z")));
    rebalancer.status = conclusion.status;
    rebalancer.spec.workloads.pop();
    web.spec.clusters = vec![TargetCluster::new("m1", 9)];
    pass(&rebalancer, &mut web);
    place(&clusters, &mut web, &options(None)).unwrap();
    assert_eq!(targets(&web), [("m1", 9)]);
}

#[test]
fn fixed_weights_and_copies_do_not_care_for_rebalancers() {
    let clusters = fleet(&[("m1", 10), ("m2", 20)]);
    let fixed = json!({"replicaScheduling": {
        "replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted",
        "weightPreference": {"staticWeightList": [
            {"targetCluster": {"clusterNames": ["m1"]}, "weight": 2}, {"targetCluster": {"clusterNames": ["m2"]}, "weight": 1},
        ]},
    }});
    for placement in [fixed, json!({})] {
        let mut steady = binding(&placement, 9, &[("m2", 9)]);
        let mut fresh = steady.clone();
        fresh.spec.reschedule_triggered_at = Some(Time(at("2026-01-02T00:00:00Z")));
        place(&clusters, &mut steady, &options(None)).unwrap();
        place(&clusters, &mut fresh, &options(None)).unwrap();
        assert_eq!(targets(&steady), targets(&fresh), "{placement}");
    }
}

#[test]
fn a_failing_cluster_is_avoided_and_a_tainted_one_left() {
    let mut clusters = fleet(&[("m1", 10), ("m2", 10), ("m3", 10)]);
    let now = at("2026-01-01T01:00:00Z");
    let mut binding = binding(&divided("Weighted"), 6, &[("m1", 3), ("m2", 3)]);

    // Not ready: nothing new goes there, but what is there stays and may even grow.
    for index in [0, 2] {
        let taints = for_ready_condition(&clusters[index].spec.taints, Some(&ConditionStatus::False), now);
        clusters[index].spec.taints = taints;
    }
    let annotations = binding.metadata.annotations.clone().unwrap();
    let decide = |cluster: &Cluster, now| eviction_decision(Some(cluster), &annotations, true, now).unwrap();
    assert_eq!(decide(&clusters[0], now), EvictionDecision::Stay);
    binding.spec.replicas = 10;
    place(&clusters, &mut binding, &options(None)).unwrap();
    assert_eq!(targets(&binding), [("m1", 5), ("m2", 5)]);

    // A policy of the administrator turns the condition into a taint that evicts.
    let policy: ClusterTaintPolicy = wire::decode(&json!({
        "metadata": {"name": "not-ready"},
        "spec": {
            "addOnConditions": [{"conditionType": "Ready", "operator": "In", "statusValues": ["False"]}],
            "taints": [{"key": "not-ready", "effect": "NoExecute"}],
        },
    }))
    .unwrap();
    clusters[0].status.conditions = wire::decode(&json!([{"type": "Ready", "status": "False"}])).unwrap();
    clusters[0].spec.taints = apply_policies(&clusters[0], [&policy], now);
    assert_eq!(decide(&clusters[0], now), EvictionDecision::Evict);
    assert_eq!(
        eviction_decision(Some(&clusters[0]), &annotations, false, now),
        Ok(EvictionDecision::Stay)
    );
    let gates = FeatureGates::default();
    let aggregated_status = &binding.status.aggregated_status;
    let how = cluster_eviction_options(None, &PurgeMode::Gracefully, aggregated_status, "m1", gates).unwrap();
    binding.spec.graceful_evict_cluster("m1", how);
    let task = &binding.spec.graceful_eviction_tasks[0];
    assert_eq!(
        (task.producer.as_str(), task.reason.as_str(), task.replicas),
        ("TaintManager", "TaintUntolerated", Some(5))
    );
    place(&clusters, &mut binding, &options(None)).unwrap();
    assert_eq!(targets(&binding), [("m2", 10)]);
}

#[test]
fn a_tolerated_taint_evicts_when_its_time_is_over() {
    let mut placement = divided("Weighted");
    placement["clusterTolerations"] =
        json!([{"key": "t", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}]);
    let binding = binding(&placement, 4, &[("m1", 4)]);
    let mut tainted = cluster("m1", 10);
    tainted.spec.taints =
        wire::decode(&json!([{"key": "t", "effect": "NoExecute", "timeAdded": "2026-01-01T01:00:00Z"}]))
            .unwrap();
    let check = |now: &str, want: EvictionDecision| {
        let annotations = binding.metadata.annotations.as_ref().unwrap();
        assert_eq!(
            eviction_decision(Some(&tainted), annotations, true, at(now)),
            Ok(want),
            "{now}"
        );
    };
    check(
        "2026-01-01T01:00:20Z",
        EvictionDecision::Wait(Duration::from_secs(40)),
    );
    check("2026-01-01T01:01:00Z", EvictionDecision::Evict);
    check("2026-01-01T02:00:00Z", EvictionDecision::Evict);
    // A target may stay where a new one could come: the toleration counts for scheduling without its time.
    let mut first = binding.clone();
    first.spec.clusters.clear();
    place(&[tainted.clone()], &mut first, &options(None)).unwrap();
    assert_eq!(targets(&first), [("m1", 4)]);
}

#[test]
fn a_failing_application_moves_with_its_state() {
    let clusters = fleet(&[("m1", 10), ("m2", 10)]);
    let mut placement = divided("Aggregated");
    placement["spreadConstraints"] = json!([{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]);
    let mut binding = binding(&placement, 4, &[("m1", 4)]);
    binding.spec.propagate_deps = true;
    binding.spec.failover = wire::decode(&json!({"application": {
        "decisionConditions": {"tolerationSeconds": 30}, "purgeMode": "Directly",
        "statePreservation": {"rules": [{"aliasLabelName": "job-id", "jsonPath": "{.jobId}"}]},
    }}))
    .unwrap();
    binding.status.aggregated_status = wire::decode(&json!([
        {"clusterName": "m1", "health": "Unhealthy", "status": {"jobId": "j-1"}},
    ]))
    .unwrap();
    assert!(watches_application(
        &binding.spec,
        &binding.status.aggregated_status,
        true
    ));

    let look = |memory: &BTreeMap<String, Timestamp>, binding: &ResourceBinding, now: &str| {
        let health = distinguish_unhealthy(&binding.status.aggregated_status, &binding.spec);
        let seconds = Duration::from_secs(30);
        detect_failure(
            memory,
            &health.unhealthy,
            &binding.spec.clusters,
            seconds,
            at(now),
        )
    };
    let first = look(&BTreeMap::new(), &binding, "2026-01-01T01:00:00Z");
    assert_eq!(
        (first.due.len(), first.retry_after),
        (0, Some(Duration::from_secs(30)))
    );
    let second = look(&first.memory, &binding, "2026-01-01T01:00:31Z");
    assert_eq!(second.due, ["m1"]);

    let behavior = binding
        .spec
        .failover
        .as_ref()
        .unwrap()
        .application
        .clone()
        .unwrap();
    let gates = FeatureGates::default().with(Feature::StatefulFailoverInjection, true);
    let before = ["m1".to_owned()];
    let producer = "resource-binding-application-failover-controller";
    let how = application_eviction_options(
        &behavior,
        &binding.status.aggregated_status,
        "m1",
        producer,
        &before,
        gates,
    )
    .unwrap();
    binding.spec.graceful_evict_cluster("m1", how);
    assert!(
        !binding.spec.existing_clusters().contains("m1"),
        "its Work goes at once"
    );
    place(&clusters, &mut binding, &options(None)).unwrap();
    assert_eq!(targets(&binding), [("m2", 4)]);
    let tasks = &binding.spec.graceful_eviction_tasks;
    let labels = injected_labels("m2", &binding.spec.clusters, tasks).unwrap();
    assert_eq!(labels.get("job-id").map(String::as_str), Some("j-1"));
    // It is leaving, so it is no longer looked at.
    assert!(
        look(&second.memory, &binding, "2026-01-01T01:02:00Z")
            .memory
            .is_empty()
    );
}

fn member(cpu: &str) -> MemberState {
    let node: Node = serde_json::from_value(json!({
        "metadata": {"name": "n1"}, "status": {"allocatable": {"cpu": cpu, "pods": "110"}},
    }))
    .unwrap();
    let mut member = MemberState::new();
    member.apply_node(&node).unwrap();
    member
}

#[test]
fn descheduled_replicas_go_where_there_is_room() {
    let clusters = fleet(&[("m1", 10), ("m2", 10)]);
    let mut web = binding(&divided("Weighted"), 6, &[("m1", 6)]);
    web.status.aggregated_status =
        wire::decode(&json!([{"clusterName": "m1", "status": {"replicas": 6, "readyReplicas": 4}}])).unwrap();

    // In the member: four run on its only node, two have found none for six minutes.
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c"}]}});
    let owned = |kind: &str, uid: &str| json!([{"apiVersion": "apps/v1", "kind": kind, "name": "x", "uid": uid, "controller": true}]);
    let deployment = serde_json::from_value(json!({
        "metadata": {"namespace": "shop", "name": "web", "uid": "d"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template},
    }))
    .unwrap();
    let replica_set = serde_json::from_value(json!({
        "metadata": {"namespace": "shop", "name": "web-1", "uid": "r", "labels": {"app": "web"}, "ownerReferences": owned("Deployment", "d")},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template},
    }))
    .unwrap();
    let pods: Vec<Pod> = (0..6)
        .map(|index| {
            let scheduled = json!({"type": "PodScheduled", "status": if index < 4 { "True" } else { "False" },
                "reason": "Unschedulable", "lastTransitionTime": "2026-01-01T00:54:00Z"});
            serde_json::from_value(json!({
                "metadata": {"namespace": "shop", "name": format!("web-{index}"), "labels": {"app": "web"}, "ownerReferences": owned("ReplicaSet", "r")},
                "spec": {"nodeName": if index < 4 { "n1" } else { "" },
                    "containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}]},
                "status": {"conditions": [scheduled]},
            }))
            .unwrap()
        })
        .collect();
    let mut m1 = member("4");
    for pod in &pods {
        m1.apply_pod(pod).unwrap();
    }

    let asked = deschedule::requests(&web, UNSCHEDULABLE_THRESHOLD);
    let objects = WorkloadObjects {
        deployment: Some(&deployment),
        replica_sets: std::slice::from_ref(&replica_set),
        pods: &pods,
    };
    let responses: Vec<_> = asked
        .iter()
        .map(|request| {
            let estimator = AccurateEstimator::new("m1");
            let response = estimator.unschedulable_replicas(request, objects, at("2026-01-01T01:00:00Z"));
            Ok(response.unwrap().unschedulable_replicas)
        })
        .collect();
    let plan = deschedule::plan(&web, &[unschedulable_answer(&asked, &responses)]).unwrap();
    assert_eq!(
        plan.message,
        "Binding has been descheduled, 2 replica(s) in cluster(m1), 2 total descheduled replica(s)"
    );
    web.spec.clusters = plan.clusters;
    assert_eq!(targets(&web), [("m1", 4)]);

    // The accurate estimators know that m1 is full, so what is missing goes to m2. The summary alone would send half back.
    let estimators = MemberEstimators::default()
        .with(AccurateEstimator::new("m1"), m1.snapshot())
        .with(AccurateEstimator::new("m2"), member("3").snapshot());
    let mut misled = web.clone();
    place(&clusters, &mut misled, &options(None)).unwrap();
    assert_eq!(targets(&misled), [("m1", 5), ("m2", 1)]);
    place(&clusters, &mut web, &options(Some(estimators))).unwrap();
    assert_eq!(targets(&web), [("m1", 4), ("m2", 2)]);
    assert!(deschedule::plan(&web, &[Ok(vec![])]).is_none());
}

#[test]
fn a_cluster_that_lost_all_its_replicas_stays_until_they_are_placed() {
    let mut web = binding(&divided("Weighted"), 3, &[("m1", 3), ("m2", 0)]);
    let answer = Ok(vec![TargetCluster::new("m1", 3)]);
    web.spec.clusters = deschedule::plan(&web, &[answer]).unwrap().clusters;
    assert_eq!(targets(&web), [("m1", 0), ("m2", 0)]);
    place(&fleet(&[("m1", 0), ("m2", 10)]), &mut web, &options(None)).unwrap();
    assert_eq!(targets(&web), [("m2", 3)]);
}

#[test]
fn a_quota_refuses_what_the_scheduler_writes() {
    let clusters = fleet(&[("m1", 10), ("m2", 10)]);
    let mut quota: FederatedResourceQuota = wire::decode(&json!({
        "metadata": {"namespace": "shop", "name": "quota"},
        "spec": {"overall": {"cpu": "5"}}, "status": {"overallUsed": {"cpu": "1"}},
    }))
    .unwrap();
    let stored = binding(&divided("Weighted"), 6, &[]);
    let mut scheduled = stored.clone();
    place(&clusters, &mut scheduled, &options(None)).unwrap();
    assert_eq!(targets(&scheduled), [("m1", 3), ("m2", 3)]);
    let refused = admit_binding(&scheduled, Some(&stored), std::slice::from_ref(&quota)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "FederatedResourceQuota(shop/quota) exceeded for resource cpu: requested sum 7, limit 5."
    );

    // Fewer replicas fit, and are counted; a move that needs no more is not looked at; giving up gives back.
    let mut smaller = stored.clone();
    smaller.spec.replicas = 4;
    place(&clusters, &mut smaller, &options(None)).unwrap();
    let updates = admit_binding(&smaller, Some(&stored), std::slice::from_ref(&quota)).unwrap();
    assert_eq!(updates[0].overall_used["cpu"].to_string(), "5");
    quota.status.overall_used = updates[0].overall_used.clone();
    let mut moved = smaller.clone();
    moved
        .spec
        .graceful_evict_cluster("m1", EvictionOptions::default());
    let evicted = admit_binding(&moved, Some(&smaller), std::slice::from_ref(&quota)).unwrap();
    assert_eq!(evicted[0].overall_used["cpu"].to_string(), "3");
    place(&clusters, &mut moved, &options(None)).unwrap();
    assert_eq!(targets(&moved), [("m2", 4)]);
    assert_eq!(admit_binding(&moved, Some(&smaller), &[quota]), Ok(vec![]));
}

/// A pass over a stored binding, with quotas at the door.
fn pass(
    clusters: &[Cluster],
    stored: &mut ResourceBinding,
    quotas: &[FederatedResourceQuota],
    now: &str,
) -> (Need, RetryClass) {
    let (read, options) = (stored.clone(), CycleOptions::default());
    let plan = schedule_binding(&read, &Snapshot::build(clusters, []).unwrap(), &options);
    let need = plan.need().clone();
    let executed = plan.execute(at(now), |operation| {
        let mut changed = stored.clone();
        let written = BindingMut::from(&mut changed).apply(operation);
        if let Err(exceeded) = admit_binding(&changed, Some(stored), quotas) {
            return Err(ApiError {
                code: 403,
                reason: "QuotaExceeded".into(),
                message: exceeded.to_string(),
                causes: Vec::new(),
            });
        }
        *stored = changed;
        Ok(written)
    });
    (need, executed.finished.retry)
}

fn scheduled(binding: &ResourceBinding) -> (&ConditionStatus, &str, &str) {
    let condition = &binding.status.conditions[0];
    (&condition.status, &condition.reason, &condition.message)
}

#[test]
fn a_refused_result_is_told_and_tried_again() {
    let clusters = fleet(&[("m1", 10), ("m2", 10)]);
    let mut quota: FederatedResourceQuota = wire::decode(&json!({
        "metadata": {"namespace": "shop", "name": "quota"}, "spec": {"overall": {"cpu": "5"}},
    }))
    .unwrap();
    let mut web = binding(&divided("Weighted"), 6, &[]);
    let (_, retry) = pass(
        &clusters,
        &mut web,
        std::slice::from_ref(&quota),
        "2026-01-01T01:00:00Z",
    );
    assert_eq!((targets(&web), retry), (vec![], RetryClass::Backoff));
    let text = "FederatedResourceQuota(shop/quota) exceeded for resource cpu: requested sum 6, limit 5.";
    assert_eq!(scheduled(&web), (&ConditionStatus::False, "QuotaExceeded", text));

    quota.spec.overall.insert("cpu".into(), "6".parse().unwrap());
    let (_, retry) = pass(&clusters, &mut web, &[quota], "2026-01-01T01:00:02Z");
    assert_eq!(
        (targets(&web), retry),
        (vec![("m1", 3), ("m2", 3)], RetryClass::Forget)
    );
    assert_eq!(
        (scheduled(&web).0, scheduled(&web).1),
        (&ConditionStatus::True, "Success")
    );
}

#[test]
fn passes_follow_what_happens_to_a_binding() {
    let clusters = fleet(&[("m1", 10), ("m2", 10), ("m3", 10)]);
    let mut web = binding(&divided("Weighted"), 9, &[]);
    let settle = |web: &mut ResourceBinding, now: &str| {
        let (need, _) = pass(&clusters, web, &[], now);
        let (then, _) = pass(&clusters, web, &[], now);
        assert_eq!(
            then,
            Need::UpToDate {
                observe: true,
                malformed: None
            },
            "{need:?}"
        );
        need
    };
    let change =
        |web: &mut ResourceBinding| web.metadata.generation = web.metadata.generation.map(|it| it + 1);
    let short = |assigned| Need::Schedule(Reason::ReplicasChanged { wanted: 9, assigned });
    assert_eq!(settle(&mut web, "2026-01-01T01:00:00Z"), short(0));
    assert_eq!(targets(&web), [("m1", 3), ("m2", 3), ("m3", 3)]);

    // Evicted: what is missing goes elsewhere, what is there stays.
    web.spec.graceful_evict_cluster("m1", EvictionOptions::default());
    change(&mut web);
    assert_eq!(settle(&mut web, "2026-01-01T02:00:00Z"), short(6));
    let moved: Vec<_> = targets(&web)
        .into_iter()
        .map(|(name, replicas)| (name.to_owned(), replicas))
        .collect();
    assert_eq!(
        moved.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["m2", "m3"]
    );
    assert!(
        moved.iter().all(|(_, replicas)| (4..=5).contains(replicas)),
        "{moved:?}"
    );
    look_after_evictions(&mut web, at("2026-01-01T02:00:01Z"));
    report(&mut web, &[("m2", "Healthy"), ("m3", "Healthy")]);
    assert_eq!(look_after_evictions(&mut web, at("2026-01-01T02:00:02Z")), ["m1"]);
    change(&mut web);
    let (need, _) = pass(&clusters, &mut web, &[], "2026-01-01T02:00:03Z");
    assert!(
        matches!(need, Need::UpToDate { .. }),
        "nothing goes back by itself: {need:?}"
    );

    // Descheduled: the same from another side.
    web.status.aggregated_status =
        wire::decode(&json!([{"clusterName": "m2", "status": {"readyReplicas": 1}},
            {"clusterName": "m3", "status": {"readyReplicas": 9}}]))
        .unwrap();
    let answer = Ok(vec![TargetCluster::new("m2", 2)]);
    web.spec.clusters = deschedule::plan(&web, &[answer]).unwrap().clusters;
    change(&mut web);
    assert_eq!(settle(&mut web, "2026-01-01T03:00:00Z"), short(7));
    assert_eq!(web.spec.sum_of_replicas(), 9);

    // Rebalanced: everything is placed anew, once.
    let asked = at("2026-01-01T04:00:00Z");
    web.spec.clusters = vec![TargetCluster::new("m1", 9)];
    web.spec.reschedule_triggered_at = Some(Time(asked));
    change(&mut web);
    let triggered = Need::Schedule(Reason::RescheduleTriggered { at: asked });
    assert_eq!(settle(&mut web, "2026-01-01T04:00:01Z"), triggered);
    assert_eq!(web.spec.clusters.len(), 3);
}

proptest! {
    #[test]
    fn evictions_move_replicas_and_nothing_else(
        rooms in prop::collection::vec(0i64..20, 3..7),
        assigned in prop::collection::vec(0i32..6, 3..7),
        evicted in prop::collection::vec(any::<bool>(), 3..7),
        aggregated in any::<bool>(),
    ) {
        let names = ["m0", "m1", "m2", "m3", "m4", "m5"];
        let rooms: Vec<(&str, i64)> = names.into_iter().zip(rooms).collect();
        let before: Vec<(&str, i32)> = rooms.iter().zip(&assigned).map(|((name, _), replicas)| (*name, *replicas)).filter(|(_, replicas)| *replicas > 0).collect();
        let total: i32 = before.iter().map(|(_, replicas)| replicas).sum();
        let preference = if aggregated { "Aggregated" } else { "Weighted" };
        let mut binding = binding(&divided(preference), total, &before);
        for ((name, _), evict) in rooms.iter().zip(&evicted) {
            if *evict {
                binding.spec.graceful_evict_cluster(name, EvictionOptions::default());
            }
        }
        let left: BTreeMap<String, i32> = targets(&binding).into_iter().map(|(name, replicas)| (name.to_owned(), replicas)).collect();
        let gone: Vec<String> = binding.spec.graceful_eviction_tasks.iter().map(|task| task.from_cluster.clone()).collect();
        match place(&fleet(&rooms), &mut binding, &options(None)) {
            Ok(()) => {
                let after = targets(&binding);
                prop_assert_eq!(after.iter().map(|(_, replicas)| replicas).sum::<i32>(), total);
                prop_assert!(after.iter().all(|(name, _)| !gone.iter().any(|cluster| cluster == name)));
                for (name, replicas) in &left {
                    prop_assert!(binding.spec.assigned_replicas_for_cluster(name) >= *replicas);
                }
            }
            Err(_) => {
                // Only for want of room.
                let missing: i32 = total - left.values().sum::<i32>();
                let room: i64 = rooms.iter().filter(|(name, _)| !gone.iter().any(|cluster| cluster == name)).map(|(_, room)| room).sum();
                prop_assert!(i64::from(missing) > room || gone.len() == rooms.len());
            }
        }
    }
}
