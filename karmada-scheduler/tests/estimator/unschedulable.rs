//! Replicas that found no node.

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Pod;
use karmada_scheduler::estimator::{
    AccurateEstimator, ObjectReference, UnschedulableReplicasRequest, WorkloadObjects,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn template(image: &str, hash: Option<&str>) -> Value {
    let mut labels = json!({"app": "web"});
    if let Some(hash) = hash {
        labels["pod-template-hash"] = json!(hash);
    }
    json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image}]}})
}

fn deployment(image: &str) -> Value {
    json!({
        "metadata": {"namespace": "ns", "name": "web", "uid": "d"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template(image, None)},
    })
}

fn owner(kind: &str, uid: &str) -> Value {
    json!([{"apiVersion": "apps/v1", "kind": kind, "name": "x", "uid": uid, "controller": true}])
}

fn replica_set(uid: &str, image: &str, created: &str, owner_uid: &str) -> Value {
    json!({
        "metadata": {"namespace": "ns", "name": uid, "uid": uid, "labels": {"app": "web", "pod-template-hash": uid},
            "creationTimestamp": created, "ownerReferences": owner("Deployment", owner_uid)},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template(image, Some(uid))},
    })
}

fn pod(replica_set: &str, status: &str, reason: &str, since: &str) -> Value {
    json!({
        "metadata": {"namespace": "ns", "name": "p", "labels": {"app": "web"},
            "ownerReferences": owner("ReplicaSet", replica_set)},
        "status": {"conditions": [
            {"type": "Ready", "status": "False", "reason": "Unschedulable", "lastTransitionTime": "2020-01-01T00:00:00Z"},
            {"type": "PodScheduled", "status": status, "reason": reason, "lastTransitionTime": since},
        ]},
    })
}

const LONG_AGO: &str = "2026-01-01T00:00:00Z";
const NOW: &str = "2026-01-01T01:00:00Z";

fn ask(
    resource: Option<(&str, &str)>,
    threshold: i64,
    deployment: Option<&Value>,
    replica_sets: &[Value],
    pods: &[Value],
) -> Result<i32, String> {
    let deployment: Option<Deployment> = deployment.map(read);
    let replica_sets: Vec<ReplicaSet> = replica_sets.iter().map(read).collect();
    let pods: Vec<Pod> = pods.iter().map(read).collect();
    let request = UnschedulableReplicasRequest {
        cluster: "member1".into(),
        resource: resource.map(|(kind, namespace)| ObjectReference {
            api_version: "apps/v1".into(),
            kind: kind.into(),
            namespace: namespace.into(),
            name: "web".into(),
        }),
        unschedulable_threshold: threshold,
    };
    let objects = WorkloadObjects {
        deployment: deployment.as_ref(),
        replica_sets: &replica_sets,
        pods: &pods,
    };
    let now: Timestamp = NOW.parse().unwrap();
    AccurateEstimator::new("member1")
        .unschedulable_replicas(&request, objects, now)
        .map(|response| response.unschedulable_replicas)
        .map_err(|error| error.to_string())
}

#[test]
fn counts_pods_by_their_condition() {
    fn check(threshold: i64, pods: &[Value], want: i32) {
        let sets = [replica_set("r", "v1", LONG_AGO, "d")];
        let got = ask(
            Some(("Deployment", "ns")),
            threshold,
            Some(&deployment("v1")),
            &sets,
            pods,
        );
        assert_eq!(got, Ok(want), "{threshold} {pods:?}");
    }
    let of = |status, reason, since| pod("r", status, reason, since);
    let stuck = || of("False", "Unschedulable", LONG_AGO);
    let minute = 60_000_000_000;
    check(0, &[], 0);
    check(0, &[stuck(), stuck()], 2);
    check(0, &[of("True", "Unschedulable", LONG_AGO)], 0);
    check(0, &[of("Unknown", "Unschedulable", LONG_AGO)], 0);
    check(0, &[of("False", "SchedulingGated", LONG_AGO)], 0);
    // Longer than the threshold, not just as long; less than nothing is nothing.
    check(59 * minute, &[stuck()], 1);
    check(60 * minute, &[stuck()], 0);
    check(61 * minute, &[stuck()], 0);
    check(-minute, &[of("False", "Unschedulable", NOW)], 0);
    check(
        -minute,
        &[of("False", "Unschedulable", "2026-01-01T00:59:59Z")],
        1,
    );
    check(i64::MAX, &[stuck()], 0);
    let mut timeless = stuck();
    timeless["status"]["conditions"][1]["lastTransitionTime"] = Value::Null;
    check(minute, &[timeless], 1);
    let mut silent = stuck();
    silent["status"] = json!({});
    check(0, &[silent], 0);
}

#[test]
fn only_pods_of_the_newest_template_count() {
    fn check(deployment: &Value, sets: &[Value], pods: &[Value], want: i32) {
        let got = ask(Some(("Deployment", "ns")), 0, Some(deployment), sets, pods);
        assert_eq!(got, Ok(want), "{sets:?} {pods:?}");
    }
    let stuck = |replica_set: &str| pod(replica_set, "False", "Unschedulable", LONG_AGO);
    let old = replica_set("old", "v1", LONG_AGO, "d");
    let new = replica_set("new", "v2", NOW, "d");
    let both = [old.clone(), new.clone()];
    let pods = [stuck("old"), stuck("old"), stuck("new")];
    check(&deployment("v2"), &both, &pods, 1);
    check(&deployment("v1"), &both, &pods, 2);
    // No such ReplicaSet yet.
    check(&deployment("v3"), &both, &pods, 0);
    // Of several with the same template the oldest, then by name.
    let same = replica_set("same", "v1", NOW, "d");
    check(
        &deployment("v1"),
        &[same.clone(), old.clone()],
        &[stuck("same"), stuck("old"), stuck("old")],
        2,
    );
    let twin = replica_set("a-twin", "v1", LONG_AGO, "d");
    check(
        &deployment("v1"),
        &[old.clone(), twin],
        &[stuck("old"), stuck("old"), stuck("a-twin")],
        1,
    );
    // Another's ReplicaSets, and those that are not selected, do not count.
    check(
        &deployment("v1"),
        &[replica_set("old", "v1", LONG_AGO, "other")],
        &pods,
        0,
    );
    let mut unselected = old.clone();
    unselected["metadata"]["labels"] = json!({});
    check(&deployment("v1"), &[unselected], &pods, 0);
    let mut elsewhere = old.clone();
    elsewhere["metadata"]["namespace"] = json!("other");
    check(&deployment("v1"), &[elsewhere], &pods, 0);
    let mut orphan = stuck("old");
    orphan["metadata"]["ownerReferences"][0]["controller"] = json!(false);
    check(&deployment("v1"), &both, &[orphan], 0);
    let mut unselected = stuck("old");
    unselected["metadata"]["labels"] = json!({"app": "other"});
    check(&deployment("v1"), &both, &[unselected], 0);
}

#[test]
fn refuses_what_it_cannot_count() {
    let check = |resource, deployment: Option<&Value>, want: &str| {
        assert_eq!(ask(resource, 0, deployment, &[], &[]), Err(want.to_owned()));
    };
    check(None, None, "resource is nil");
    check(
        Some(("StatefulSet", "ns")),
        None,
        "kind(StatefulSet) of workload(ns/web) is not supported",
    );
    check(
        Some(("StatefulSet", "")),
        None,
        "kind(StatefulSet) of workload(web) is not supported",
    );
    check(
        Some(("Deployment", "ns")),
        None,
        "deployments.apps \"web\" not found",
    );
    let mut bad = deployment("v1");
    bad["spec"]["selector"] = json!({"matchExpressions": [{"key": "app", "operator": "Near"}]});
    check(
        Some(("Deployment", "ns")),
        Some(&bad),
        "the selector of deployment \"web\" is not valid",
    );
    let request = UnschedulableReplicasRequest {
        cluster: "member2".into(),
        ..Default::default()
    };
    let error = AccurateEstimator::new("member1")
        .unschedulable_replicas(&request, WorkloadObjects::default(), NOW.parse().unwrap())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cluster name does not match, got: member2, desire: member1"
    );
}
