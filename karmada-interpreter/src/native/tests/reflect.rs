use serde_json::{Value, json};

use super::{answered, object};
use crate::interpreter::SyncInterpreter;
use crate::native::Native;

#[track_caller]
fn check(object: &Value, expected: Result<Value, &str>) {
    let got = answered(Native::default().reflect_status(object));
    let got = got.map(|status| status.unwrap_or_default());
    let expected = expected.map_err(|text| format!("cannot interpret the object: {text}"));
    assert_eq!(got, expected, "{object}");
}

/// An object of generation 4, made from a template of generation 3.
fn workload(kind: &str, status: Value) -> Value {
    object(
        "apps/v1",
        kind,
        json!({
            "metadata": {"generation": 4, "annotations": {"resourcetemplate.karmada.io/generation": "3"}},
            "status": status,
        }),
    )
}

#[test]
fn deployment() {
    check(
        &workload(
            "Deployment",
            json!({
                "observedGeneration": 4, "replicas": 5, "updatedReplicas": 4, "readyReplicas": 3,
                "availableReplicas": 2, "unavailableReplicas": 1, "collisionCount": 1, "conditions": [{"type": "A"}],
            }),
        ),
        Ok(json!({
            "generation": 4, "resourceTemplateGeneration": 3, "observedGeneration": 4, "replicas": 5,
            "updatedReplicas": 4, "readyReplicas": 3, "availableReplicas": 2, "unavailableReplicas": 1,
        })),
    );
    check(
        &workload("Deployment", json!({"replicas": 0})),
        Ok(json!({"generation": 4, "resourceTemplateGeneration": 3})),
    );
}

#[test]
fn a_deployment_that_says_nothing_has_no_status() {
    let annotations = json!({"annotations": {"resourcetemplate.karmada.io/generation": "0"}});
    let nothing = |kind: &str| {
        object(
            "apps/v1",
            kind,
            json!({"metadata": annotations, "status": {"replicas": 0}}),
        )
    };
    check(&nothing("Deployment"), Ok(json!(null)));
    check(&nothing("ReplicaSet"), Ok(json!({"replicas": 0})));
}

#[test]
fn replica_set() {
    check(
        &workload(
            "ReplicaSet",
            json!({
                "observedGeneration": 4, "replicas": 5, "readyReplicas": 3, "availableReplicas": 2,
                "fullyLabeledReplicas": 5,
            }),
        ),
        Ok(json!({
            "generation": 4, "resourceTemplateGeneration": 3, "observedGeneration": 4, "replicas": 5,
            "readyReplicas": 3, "availableReplicas": 2,
        })),
    );
    check(
        &workload("ReplicaSet", json!({})),
        Ok(json!({"generation": 4, "resourceTemplateGeneration": 3, "replicas": 0})),
    );
}

#[test]
fn daemon_set() {
    check(
        &workload(
            "DaemonSet",
            json!({
                "observedGeneration": 4, "updatedNumberScheduled": 5, "numberAvailable": 4, "numberUnavailable": 3,
                "currentNumberScheduled": 2, "numberMisscheduled": 1, "desiredNumberScheduled": 6, "numberReady": 7,
                "collisionCount": 1,
            }),
        ),
        Ok(json!({
            "generation": 4, "resourceTemplateGeneration": 3, "observedGeneration": 4,
            "updatedNumberScheduled": 5, "numberAvailable": 4, "numberUnavailable": 3,
            "currentNumberScheduled": 2, "numberMisscheduled": 1, "desiredNumberScheduled": 6, "numberReady": 7,
        })),
    );
    check(
        &workload("DaemonSet", json!({})),
        Ok(json!({
            "generation": 4, "resourceTemplateGeneration": 3, "currentNumberScheduled": 0,
            "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
        })),
    );
}

#[test]
fn a_stateful_set_does_not_reflect_its_observed_generation() {
    check(
        &workload(
            "StatefulSet",
            json!({
                "observedGeneration": 4, "replicas": 5, "availableReplicas": 4, "readyReplicas": 3,
                "currentReplicas": 2, "updatedReplicas": 1, "currentRevision": "a",
            }),
        ),
        Ok(json!({
            "generation": 4, "resourceTemplateGeneration": 3, "replicas": 5, "availableReplicas": 4,
            "readyReplicas": 3, "currentReplicas": 2, "updatedReplicas": 1,
        })),
    );
    check(
        &workload("StatefulSet", json!({})),
        Ok(json!({
            "generation": 4, "resourceTemplateGeneration": 3, "replicas": 0, "availableReplicas": 0,
        })),
    );
}

#[test]
fn workloads_need_the_generation_of_their_template() {
    let missing = "metadata.annotations.resourcetemplate.karmada.io/generation: \"\" is not an integer";
    for kind in ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"] {
        let noted = |annotation: Value| {
            object(
                "apps/v1",
                kind,
                json!({
                    "metadata": {"annotations": {"resourcetemplate.karmada.io/generation": annotation}},
                    "status": {},
                }),
            )
        };
        check(
            &noted(json!("0x2")),
            Err("metadata.annotations.resourcetemplate.karmada.io/generation: \"0x2\" is not an integer"),
        );
        check(&noted(json!(null)), Err(missing));
        check(&noted(json!(2)), Err(missing));
        check(&object("apps/v1", kind, json!({"status": {}})), Err(missing));
        // Without status there is nothing to reflect, and nothing that could be wrong.
        check(&object("apps/v1", kind, json!({})), Ok(json!(null)));
    }
}

#[test]
fn job() {
    check(
        &object(
            "batch/v1",
            "Job",
            json!({"status": {
                "active": 1, "succeeded": 0, "failed": 2, "ready": 1, "startTime": "2024-01-01T02:00:00+02:00",
                "completionTime": null, "conditions": [{"type": "Failed", "status": "True"}],
            }}),
        ),
        Ok(json!({
            "active": 1, "failed": 2, "startTime": "2024-01-01T00:00:00Z",
            "conditions": [
                {"type": "Failed", "status": "True", "lastProbeTime": null, "lastTransitionTime": null},
            ],
        })),
    );
}

#[test]
fn service() {
    let service = |type_: Value| {
        object(
            "v1",
            "Service",
            json!({
                "spec": {"type": type_},
                "status": {"conditions": [{}], "loadBalancer": {"ingress": [{"ip": "1.1.1.1", "hostname": ""}]}},
            }),
        )
    };
    check(
        &service(json!("LoadBalancer")),
        Ok(json!({"loadBalancer": {"ingress": [{"ip": "1.1.1.1"}]}})),
    );
    check(&service(json!("ClusterIP")), Ok(json!(null)));
    check(&service(json!(1)), Ok(json!(null)));
    check(
        &object("v1", "Service", json!({"spec": {}, "status": {}})),
        Ok(json!(null)),
    );
    check(
        &object(
            "v1",
            "Service",
            json!({"spec": {"type": "LoadBalancer"}, "status": {}}),
        ),
        Ok(json!({"loadBalancer": {}})),
    );
}

#[test]
fn pod_disruption_budget() {
    let budget = |status: Value| object("policy/v1", "PodDisruptionBudget", json!({"status": status}));
    check(
        &budget(json!({"disruptedPods": {"a": "2024-01-01T00:00:00.5Z"}, "observedGeneration": 4})),
        Ok(json!({
            "disruptedPods": {"a": "2024-01-01T00:00:00Z"}, "disruptionsAllowed": 0, "currentHealthy": 0,
            "desiredHealthy": 0, "expectedPods": 0,
        })),
    );
}

#[test]
fn horizontal_pod_autoscaler() {
    let autoscaler = |status: Value| {
        object(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            json!({"status": status}),
        )
    };
    check(
        &autoscaler(
            json!({"currentReplicas": 2, "desiredReplicas": 3, "currentMetrics": [], "observedGeneration": 4}),
        ),
        Ok(json!({"currentReplicas": 2, "desiredReplicas": 3, "currentMetrics": null})),
    );
    check(
        &autoscaler(json!({})),
        Ok(json!({"desiredReplicas": 0, "currentMetrics": null})),
    );
}

#[test]
fn every_other_kind_reflects_all_of_its_status() {
    let status = json!({"any": [1, 2.5, null, {}], "empty": {}, "null": null});
    for (api_version, kind) in [
        ("networking.k8s.io/v1", "Ingress"),
        ("batch/v1", "CronJob"),
        ("v1", "Pod"),
        ("v1", "PersistentVolumeClaim"),
        ("v1", "PersistentVolume"),
        ("v1", "ServiceAccount"),
        ("v1", "Secret"),
        ("multicluster.x-k8s.io/v1alpha1", "ServiceImport"),
        ("example.com/v1", "Widget"),
    ] {
        let with = |status: &Value| object(api_version, kind, json!({"status": status}));
        check(&with(&status), Ok(status.clone()));
        check(&with(&json!({})), Ok(json!({})));
        check(&object(api_version, kind, json!({})), Ok(json!(null)));
        check(&with(&json!(null)), Err("status: is null, expected an object"));
        check(&with(&json!("x")), Err("status: is a string, expected an object"));
    }
}

#[test]
fn a_status_of_the_wrong_type_is_refused() {
    check(
        &workload("Deployment", json!({"conditions": [{"type": 1}]})),
        Err("status.conditions[0].type: is an integer, expected a string"),
    );
    check(
        &workload("DaemonSet", json!([])),
        Err("status: is a list, expected an object"),
    );
    check(
        &workload("StatefulSet", json!(null)),
        Err("status: is null, expected an object"),
    );
}
