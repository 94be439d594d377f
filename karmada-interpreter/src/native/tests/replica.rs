use karmada_core::features::{Feature, FeatureGates};
use serde_json::{Value, json};

use super::{answered, object};
use crate::interpreter::SyncInterpreter;
use crate::native::Native;

const REPLICATED: [&str; 3] = ["Deployment", "ReplicaSet", "StatefulSet"];

#[track_caller]
fn replicas(object: &Value, expected: Result<i32, &str>) {
    let got = answered(Native::default().get_replicas(object)).map(|replicas| replicas.replicas);
    assert_eq!(got, expected.map_err(str::to_owned), "{object}");
}

#[track_caller]
fn revised(mut object: Value, expected: Result<Value, &str>) {
    let before = object.clone();
    let got = answered(Native::default().revise_replica(&mut object, 7));
    match expected {
        Ok(expected) => assert_eq!((got, object), (Ok(()), expected)),
        Err(text) => assert_eq!((got, object), (Err(text.to_owned()), before)),
    }
}

#[test]
fn replicas_of_replicated_workloads() {
    for kind in REPLICATED {
        let check =
            |spec: Value, expected| replicas(&object("apps/v1", kind, json!({"spec": spec})), expected);
        check(json!({"replicas": 3}), Ok(3));
        check(json!({"replicas": 3.0}), Ok(3));
        check(json!({"replicas": 0}), Ok(0));
        check(json!({"replicas": null}), Ok(0));
        check(json!({}), Ok(0));
        check(json!({"replicas": 2_147_483_648_i64}), Ok(i32::MIN));
        check(
            json!({"replicas": "3"}),
            Err("cannot interpret the object: spec.replicas: is a string, expected an integer"),
        );
        check(
            json!({"replicas": 3, "template": {"spec": {"containers": {}}}}),
            Err("cannot interpret the object: spec.template.spec.containers: is an object, expected a list"),
        );
    }
}

#[test]
fn replicas_of_a_job() {
    let check =
        |spec: Value, expected| replicas(&object("batch/v1", "Job", json!({"spec": spec})), Ok(expected));
    check(json!({"parallelism": 8, "completions": 5}), 5);
    check(json!({"parallelism": 4, "completions": 5}), 4);
    check(json!({"parallelism": 4}), 4);
    check(json!({"completions": 5}), 0);
    check(json!({"parallelism": 4, "completions": 0}), 0);
    check(json!({}), 0);
}

#[test]
fn replicas_of_a_pod() {
    replicas(&object("v1", "Pod", json!({})), Ok(1));
    replicas(&object("v1", "Pod", json!({"spec": {"containers": []}})), Ok(1));
    replicas(
        &object("v1", "Pod", json!({"spec": []})),
        Err("cannot interpret the object: spec: is a list, expected an object"),
    );
}

#[test]
fn requirements_come_from_the_pods() {
    let pod = json!({
        "containers": [{"name": "a", "resources": {"limits": {"cpu": "1"}, "requests": {"memory": "1Gi"}}}],
        "nodeSelector": {},
        "priorityClassName": "high",
    });
    let template = json!({"spec": {"template": {"spec": pod}}});
    for (api_version, kind, rest) in [
        ("apps/v1", "Deployment", &template),
        ("apps/v1", "ReplicaSet", &template),
        ("apps/v1", "StatefulSet", &template),
        ("batch/v1", "Job", &template),
        ("v1", "Pod", &json!({"spec": pod})),
    ] {
        let object = object(api_version, kind, rest.clone());
        let requirements = |native: Native| {
            let replicas = answered(native.get_replicas(&object)).unwrap();
            serde_json::to_value(replicas.requirements).unwrap()
        };
        let mut expected = json!({"nodeClaim": {}, "resourceRequest": {"cpu": "1", "memory": "1Gi"}});
        assert_eq!(requirements(Native::default()), expected, "{kind}");
        expected["priorityClassName"] = "high".into();
        let gates = FeatureGates::default().with(Feature::ResourceQuotaEstimate, true);
        assert_eq!(requirements(Native { gates }), expected, "{kind}");
    }
}

#[test]
fn revising_writes_only_over_a_number() {
    for (api_version, kind, field) in [
        ("apps/v1", "Deployment", "replicas"),
        ("apps/v1", "ReplicaSet", "replicas"),
        ("apps/v1", "StatefulSet", "replicas"),
        ("batch/v1", "Job", "parallelism"),
    ] {
        let of = |spec: Value| object(api_version, kind, json!({"spec": spec}));
        let wrong =
            |found| format!("cannot interpret the object: spec.{field}: is {found}, expected an integer");
        revised(
            of(json!({field: 3, "completions": 5})),
            Ok(of(json!({field: 7, "completions": 5}))),
        );
        revised(of(json!({})), Ok(of(json!({}))));
        revised(of(json!(null)), Ok(of(json!(null))));
        revised(of(json!({field: "3"})), Err(&wrong("a string")));
        revised(of(json!({field: null})), Err(&wrong("null")));
        revised(of(json!({field: 3.0})), Err(&wrong("a floating-point number")));
        revised(
            of(json!([])),
            Err("cannot interpret the object: spec: is a list, expected an object"),
        );
    }
}
