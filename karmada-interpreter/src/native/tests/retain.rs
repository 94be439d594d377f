use serde_json::{Value, json};

use super::{answered, object};
use crate::interpreter::SyncInterpreter;
use crate::native::Native;

/// Retains from one object of a kind into another; on error the desired one must be as before.
#[track_caller]
fn check(of: (&str, &str), desired: Value, observed: Value, expected: Result<Value, &str>) {
    let object = |rest| object(of.0, of.1, rest);
    let (mut desired, observed) = (object(desired), object(observed));
    let before = desired.clone();
    let got = answered(Native::default().retain(&mut desired, &observed));
    match expected {
        Ok(expected) => assert_eq!((got, desired), (Ok(()), object(expected))),
        Err(text) => assert_eq!(
            (got, desired),
            (Err(format!("cannot interpret the object: {text}")), before)
        ),
    }
}

#[test]
fn deployment() {
    let check = |label: Value, observed: Value, expected: Result<Value, &str>| {
        let of = |replicas: Value| {
            json!({
                "metadata": {"labels": {"resourcetemplate.karmada.io/retain-replicas": label}},
                "spec": {"replicas": replicas},
            })
        };
        check(
            ("apps/v1", "Deployment"),
            of(json!(2)),
            json!({"spec": observed}),
            expected.map(of),
        );
    };
    check(json!("true"), json!({"replicas": 5}), Ok(json!(5)));
    check(json!("True"), json!({"replicas": 5}), Ok(json!(2)));
    check(json!("false"), json!({}), Ok(json!(2)));
    check(
        json!("true"),
        json!({}),
        Err("spec.replicas: is missing in the observed object"),
    );
    check(
        json!("true"),
        json!({"replicas": null}),
        Err("spec.replicas: is null, expected an integer"),
    );
    check(
        json!(null),
        json!({"replicas": 5}),
        Err("metadata.labels.resourcetemplate.karmada.io/retain-replicas: is null, expected a string"),
    );
}

#[test]
fn the_label_counts_on_the_desired_deployment() {
    let labelled = json!({"metadata": {"labels": {"resourcetemplate.karmada.io/retain-replicas": "true"}}});
    check(("apps/v1", "Deployment"), json!({}), labelled, Ok(json!({})));
    let null = json!({"metadata": {"labels": null}});
    check(
        ("apps/v1", "Deployment"),
        null,
        json!({}),
        Err("metadata.labels: is null, expected an object"),
    );
}

#[test]
fn pod() {
    let mounts = |name: &str| json!([{"mountPath": format!("/{name}"), "name": name}]);
    check(
        ("v1", "Pod"),
        json!({
            "unknown": 1,
            "spec": {
                "nodeName": "gone",
                "volumes": [{"name": "own"}],
                "containers": [
                    {"name": "a", "image": "new", "volumeMounts": mounts("own")},
                    {"name": "a", "volumeMounts": mounts("own")},
                    {"name": "b", "volumeMounts": mounts("own")},
                    {"name": "c", "volumeMounts": mounts("own")},
                ],
                "initContainers": [{"name": "i"}],
            },
        }),
        json!({
            "spec": {
                "serviceAccountName": "robot",
                "volumes": [{"name": "token", "emptyDir": {}}],
                "containers": [
                    {"name": "a", "image": "old", "volumeMounts": mounts("token")},
                    {"name": "b"},
                    {"name": "z", "volumeMounts": mounts("token")},
                ],
                "initContainers": [{"name": "i", "volumeMounts": mounts("token")}],
            },
            "status": {"phase": "Running"},
        }),
        Ok(json!({
            "metadata": {},
            "spec": {
                "serviceAccountName": "robot",
                "volumes": [{"name": "token", "emptyDir": {}}],
                "containers": [
                    {"name": "a", "image": "new", "resources": {}, "volumeMounts": mounts("token")},
                    {"name": "a", "resources": {}, "volumeMounts": mounts("own")},
                    {"name": "b", "resources": {}},
                    {"name": "c", "resources": {}, "volumeMounts": mounts("own")},
                ],
                "initContainers": [{"name": "i", "resources": {}, "volumeMounts": mounts("token")}],
            },
            "status": {},
        })),
    );
    check(
        ("v1", "Pod"),
        json!({"spec": {"containers": 1}}),
        json!({}),
        Err("spec.containers: is an integer, expected a list"),
    );
    check(
        ("v1", "Pod"),
        json!({}),
        json!({"spec": {"nodeName": 1}}),
        Err("observed.spec.nodeName: is an integer, expected a string"),
    );
}

#[test]
fn service() {
    let check = |observed: Value, expected: Result<Value, &str>| {
        let spec = |spec: Value| json!({"spec": spec});
        check(
            ("v1", "Service"),
            spec(json!({"clusterIP": "own"})),
            spec(observed),
            expected.map(spec),
        );
    };
    check(
        json!({"clusterIP": "10.0.0.1"}),
        Ok(json!({"clusterIP": "10.0.0.1"})),
    );
    check(json!({"clusterIP": "None"}), Ok(json!({"clusterIP": "None"})));
    check(json!({"clusterIP": ""}), Ok(json!({"clusterIP": "own"})));
    check(
        json!({"clusterIPs": ["10.0.0.1"], "ports": [{"nodePort": 30000}]}),
        Ok(json!({"clusterIP": "own"})),
    );
    check(
        json!({"healthCheckNodePort": 31000}),
        Ok(json!({"clusterIP": "own", "healthCheckNodePort": 31000})),
    );
    check(json!({"healthCheckNodePort": 0}), Ok(json!({"clusterIP": "own"})));
    check(
        json!({"clusterIP": null, "healthCheckNodePort": 31000}),
        Err("spec.clusterIP: is null, expected a string"),
    );
    check(
        json!({"healthCheckNodePort": 31000.0}),
        Err("spec.healthCheckNodePort: is a floating-point number, expected an integer"),
    );
}

#[test]
fn service_account() {
    let names = |names: &[&str]| -> Value { names.iter().map(|name| json!({"name": name})).collect() };
    let check = |desired, observed, expected| check(("v1", "ServiceAccount"), desired, observed, expected);
    check(
        json!({"secrets": names(&["a", "b", "a"])}),
        json!({"secrets": names(&["c", "b", "c", "d"])}),
        Ok(json!({"secrets": names(&["a", "b", "a", "c", "d"]), "imagePullSecrets": null})),
    );
    check(
        json!({"secrets": []}),
        json!({"imagePullSecrets": names(&["x"])}),
        Ok(json!({"secrets": null, "imagePullSecrets": names(&["x"])})),
    );
    check(
        json!({}),
        json!({}),
        Ok(json!({"secrets": null, "imagePullSecrets": null})),
    );
    check(
        json!({"secrets": [{}]}),
        json!({}),
        Err("secrets[0].name: is missing"),
    );
    check(
        json!({}),
        json!({"secrets": [{"name": "a"}, {"name": null}]}),
        Err("secrets[1].name: is null, expected a string"),
    );
    check(
        json!({}),
        json!({"secrets": ["a"]}),
        Err("secrets[0]: is a string, expected an object"),
    );
    check(
        json!({"imagePullSecrets": null}),
        json!({}),
        Err("imagePullSecrets: is null, expected a list"),
    );
}

#[test]
fn persistent_volume_claim() {
    let check = |observed: Value, expected: Result<Value, &str>| {
        let spec = |name: Value| json!({"spec": {"volumeName": name}});
        check(
            ("v1", "PersistentVolumeClaim"),
            spec(json!("own")),
            spec(observed),
            expected.map(spec),
        );
    };
    check(json!("pv-1"), Ok(json!("pv-1")));
    check(json!(""), Ok(json!("own")));
    check(json!(null), Err("spec.volumeName: is null, expected a string"));
}

#[test]
fn persistent_volume() {
    let check = |observed, expected| {
        check(
            ("v1", "PersistentVolume"),
            json!({"spec": {"claimRef": 1}}),
            observed,
            Ok(expected),
        );
    };
    check(
        json!({"spec": {"claimRef": {"name": "a"}}}),
        json!({"spec": {"claimRef": {"name": "a"}}}),
    );
    check(
        json!({"spec": {"claimRef": null}}),
        json!({"spec": {"claimRef": null}}),
    );
    check(json!({"spec": {}}), json!({"spec": {"claimRef": 1}}));
}

#[test]
fn job() {
    let job = |selector: Value, template: Value| json!({"spec": {"selector": {"matchLabels": selector}, "template": {"metadata": {"labels": template}}}});
    let check = |observed, expected| {
        let desired = job(json!({"own": "a"}), json!({"own": "b"}));
        check(("batch/v1", "Job"), desired, observed, expected);
    };
    check(
        job(json!({"uid": "1"}), json!({"uid": "2"})),
        Ok(job(json!({"uid": "1"}), json!({"uid": "2"}))),
    );
    check(json!({}), Ok(job(json!({"own": "a"}), json!({"own": "b"}))));
    check(
        job(json!({"uid": "1"}), json!({"uid": 2})),
        Err("spec.template.metadata.labels.uid: is an integer, expected a string"),
    );
    check(
        job(json!(null), json!({"uid": "2"})),
        Err("spec.selector.matchLabels: is null, expected an object"),
    );
}

#[test]
fn secret() {
    let check = |type_: &str, observed: Value, expected: Result<Value, &str>| {
        let secret = |data: Value| json!({"type": type_, "data": data});
        check(
            ("v1", "Secret"),
            secret(json!({"own": "eA=="})),
            observed,
            expected.map(secret),
        );
    };
    let token = "kubernetes.io/service-account-token";
    check(
        token,
        json!({"data": {"token": "eQ=="}}),
        Ok(json!({"token": "eQ=="})),
    );
    check(token, json!({}), Ok(json!({"own": "eA=="})));
    check(
        "Opaque",
        json!({"data": {"token": "eQ=="}}),
        Ok(json!({"own": "eA=="})),
    );
    check("Opaque", json!({"data": null}), Ok(json!({"own": "eA=="})));
    check(
        token,
        json!({"data": null}),
        Err("data: is null, expected an object"),
    );
    check(
        token,
        json!({"data": {"n": 1}}),
        Err("data.n: is an integer, expected a string"),
    );
}
