use serde_json::json;

use crate::interpreter::{Operation, SyncInterpreter, TypeMeta};
use crate::native::Native;

/// Which operations are answered: replica, revise, retain, aggregate, status, health, dependency; never components.
#[track_caller]
fn check(api_version: &str, kind: &str, answered: [bool; 7]) {
    let of = TypeMeta::new(api_version, kind);
    let operations = [
        Operation::InterpretReplica,
        Operation::ReviseReplica,
        Operation::Retain,
        Operation::AggregateStatus,
        Operation::InterpretStatus,
        Operation::InterpretHealth,
        Operation::InterpretDependency,
    ];
    let native = Native::default();
    for (operation, answered) in operations.into_iter().zip(answered) {
        assert_eq!(
            native.supports(of, operation),
            answered,
            "{api_version} {kind} {operation}"
        );
    }
    assert!(!native.supports(of, Operation::InterpretComponent));
    let object = json!({"apiVersion": api_version, "kind": kind});
    assert!(!native.get_components(&object).unwrap().is_value());
}

const YES: bool = true;
const NO: bool = false;

#[test]
fn kinds_and_operations() {
    check("apps/v1", "Deployment", [YES, YES, YES, YES, YES, YES, YES]);
    check("apps/v1", "ReplicaSet", [YES, YES, NO, YES, YES, YES, YES]);
    check("apps/v1", "StatefulSet", [YES, YES, NO, YES, YES, YES, YES]);
    check("apps/v1", "DaemonSet", [NO, NO, NO, YES, YES, YES, YES]);
    check("batch/v1", "Job", [YES, YES, YES, YES, YES, NO, YES]);
    check("batch/v1", "CronJob", [NO, NO, NO, YES, YES, NO, YES]);
    check("v1", "Pod", [YES, NO, YES, YES, YES, YES, YES]);
    check("v1", "Service", [NO, NO, YES, YES, YES, YES, NO]);
    check(
        "networking.k8s.io/v1",
        "Ingress",
        [NO, NO, NO, YES, YES, YES, YES],
    );
    check("v1", "PersistentVolumeClaim", [NO, NO, YES, YES, YES, YES, NO]);
    check("v1", "PersistentVolume", [NO, NO, YES, YES, YES, NO, NO]);
    check(
        "policy/v1",
        "PodDisruptionBudget",
        [NO, NO, NO, YES, YES, YES, NO],
    );
    check(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        [NO, NO, NO, YES, YES, NO, NO],
    );
    check("v1", "ServiceAccount", [NO, NO, YES, NO, YES, NO, NO]);
    check("v1", "Secret", [NO, NO, YES, NO, YES, NO, NO]);
    check(
        "multicluster.x-k8s.io/v1alpha1",
        "ServiceImport",
        [NO, NO, NO, NO, YES, NO, YES],
    );
}

#[test]
fn every_kind_is_listed_once() {
    let mut kinds: Vec<_> = Native::kinds().collect();
    assert_eq!(kinds.len(), 16);
    kinds.sort();
    kinds.dedup();
    assert_eq!(kinds.len(), 16);
}

#[test]
fn group_version_and_kind_are_matched_exactly() {
    for (api_version, kind) in [
        ("apps/v1beta1", "Deployment"),
        ("extensions/v1", "Deployment"),
        ("apps/v1", "deployment"),
        ("autoscaling/v1", "HorizontalPodAutoscaler"),
        ("v1", "ConfigMap"),
        ("discovery.k8s.io/v1", "EndpointSlice"),
        ("", ""),
    ] {
        check(api_version, kind, [NO, NO, NO, NO, YES, NO, NO]);
    }
}
