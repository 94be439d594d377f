use serde_json::{Value, json};

use super::{answered, object};
use crate::interpreter::SyncInterpreter;
use crate::native::Native;

#[track_caller]
fn check(api_version: &str, kind: &str, rest: Value, expected: bool) {
    let object = object(api_version, kind, rest);
    assert_eq!(
        answered(Native::default().interpret_health(&object)),
        Ok(expected),
        "{object}"
    );
}

fn workload(spec: Value, status: Value) -> Value {
    json!({"metadata": {"generation": 2}, "spec": spec, "status": status})
}

#[test]
fn deployment_and_stateful_set() {
    for kind in ["Deployment", "StatefulSet"] {
        let check = |spec, status, expected| check("apps/v1", kind, workload(spec, status), expected);
        let status = |observed: i64, updated: i64, available: i64| json!({"observedGeneration": observed, "updatedReplicas": updated, "availableReplicas": available});
        check(json!({"replicas": 3}), status(2, 3, 3), true);
        check(json!({"replicas": 3}), status(2, 4, 4), true);
        check(json!({"replicas": 3}), status(1, 3, 3), false);
        check(json!({"replicas": 3}), status(3, 3, 3), false);
        check(json!({"replicas": 3}), status(2, 2, 3), false);
        check(json!({"replicas": 3}), status(2, 3, 2), false);
        check(json!({}), status(2, 0, 0), true);
        check(json!({"replicas": 0}), status(2, 0, 0), true);
        check(json!({}), json!({}), false);
    }
    check("apps/v1", "Deployment", json!({}), true);
}

#[test]
fn replica_set() {
    let check = |spec, status, expected| check("apps/v1", "ReplicaSet", workload(spec, status), expected);
    check(
        json!({"replicas": 3}),
        json!({"observedGeneration": 2, "availableReplicas": 3}),
        true,
    );
    check(
        json!({"replicas": 3}),
        json!({"observedGeneration": 2, "availableReplicas": 2}),
        false,
    );
    check(
        json!({"replicas": 3}),
        json!({"observedGeneration": 1, "availableReplicas": 3}),
        false,
    );
    check(json!({}), json!({"observedGeneration": 2}), true);
}

#[test]
fn daemon_set() {
    let check = |observed: i64, updated: i64, desired: i64, available: i64, expected| {
        let status = json!({
            "observedGeneration": observed, "updatedNumberScheduled": updated,
            "desiredNumberScheduled": desired, "numberAvailable": available,
        });
        check("apps/v1", "DaemonSet", workload(json!({}), status), expected);
    };
    check(2, 3, 3, 3, true);
    check(1, 3, 3, 3, false);
    check(2, 2, 3, 3, false);
    check(2, 3, 3, 2, false);
}

#[test]
fn service() {
    let check = |type_: &str, ingress: Value, expected| {
        let rest = json!({"spec": {"type": type_}, "status": {"loadBalancer": {"ingress": ingress}}});
        check("v1", "Service", rest, expected);
    };
    check("ClusterIP", json!(null), true);
    check("LoadBalancer", json!(null), false);
    check("LoadBalancer", json!([{"hostname": "", "ip": ""}, null]), false);
    check("LoadBalancer", json!([{}, {"hostname": "a"}]), true);
    check("LoadBalancer", json!([{"ip": "1.1.1.1"}]), true);
}

#[test]
fn ingress() {
    let check = |ingress: Value, expected| {
        let rest = json!({"status": {"loadBalancer": {"ingress": ingress}}});
        check("networking.k8s.io/v1", "Ingress", rest, expected);
    };
    check(json!(null), false);
    check(json!([{}]), false);
    check(json!([{"hostname": "a"}]), true);
    check(json!([{}, {"ip": "1.1.1.1"}]), true);
}

#[test]
fn persistent_volume_claim() {
    let check = |phase: Value, expected| {
        check(
            "v1",
            "PersistentVolumeClaim",
            json!({"status": {"phase": phase}}),
            expected,
        );
    };
    check(json!("Bound"), true);
    check(json!("Pending"), false);
    check(json!(null), false);
}

#[test]
fn pod() {
    let check = |phase: &str, ready: &[&str], expected| {
        let conditions: Vec<_> = ready
            .iter()
            .map(|status| json!({"type": "Ready", "status": status}))
            .collect();
        check(
            "v1",
            "Pod",
            json!({"status": {"phase": phase, "conditions": conditions}}),
            expected,
        );
    };
    check("Succeeded", &[], true);
    check("Running", &["True"], true);
    check("Running", &["True", "False"], true);
    check("Running", &["False", "True"], false);
    check("Running", &[], false);
    check("Pending", &["True"], false);
    check("Failed", &["True"], false);
}

#[test]
fn pod_disruption_budget() {
    let check = |status, expected| {
        check(
            "policy/v1",
            "PodDisruptionBudget",
            json!({"status": status}),
            expected,
        );
    };
    check(json!({"currentHealthy": 2, "desiredHealthy": 2}), true);
    check(json!({"currentHealthy": 1, "desiredHealthy": 2}), false);
    check(json!({}), true);
}

#[test]
fn the_whole_object_is_decoded_first() {
    let pod = object(
        "v1",
        "Pod",
        json!({"status": {"phase": "Succeeded"}, "spec": {"hostname": 1}}),
    );
    assert_eq!(
        answered(Native::default().interpret_health(&pod)),
        Err("cannot interpret the object: spec.hostname: is an integer, expected a string".to_owned())
    );
}
