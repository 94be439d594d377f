use serde_json::{Value, json};

use super::{answered, object};
use crate::interpreter::SyncInterpreter;
use crate::native::Native;

#[track_caller]
fn check(object: &Value, expected: Result<&[&str], &str>) {
    let got = answered(Native::default().get_dependencies(object)).map(|found| {
        found
            .iter()
            .map(|it| format!("{} {} {}/{}", it.api_version, it.kind, it.namespace, it.name))
            .collect::<Vec<_>>()
    });
    let expected = expected
        .map(|texts| texts.iter().map(ToString::to_string).collect())
        .map_err(str::to_owned);
    assert_eq!(got, expected, "{object}");
}

fn pod_spec() -> Value {
    json!({
        "serviceAccountName": "robot",
        "containers": [{"name": "a", "envFrom": [{"secretRef": {"name": "b"}}, {"configMapRef": {"name": "c"}}]}],
        "volumes": [
            {"name": "v", "persistentVolumeClaim": {"claimName": "data"}},
            {"name": "w", "persistentVolumeClaim": {"claimName": "logs"}},
        ],
    })
}

const OF_POD: &[&str] = &[
    "v1 ConfigMap ns/c",
    "v1 PersistentVolumeClaim ns/data",
    "v1 PersistentVolumeClaim ns/logs",
    "v1 Secret ns/b",
    "v1 ServiceAccount ns/robot",
];

#[test]
fn kinds_with_a_pod_template() {
    let template = json!({"template": {"spec": pod_spec()}});
    for (api_version, kind, spec) in [
        ("apps/v1", "Deployment", &template),
        ("apps/v1", "ReplicaSet", &template),
        ("apps/v1", "StatefulSet", &template),
        ("apps/v1", "DaemonSet", &template),
        ("batch/v1", "Job", &template),
        ("batch/v1", "CronJob", &json!({"jobTemplate": {"spec": template}})),
        ("v1", "Pod", &pod_spec()),
    ] {
        let of = |spec: &Value| {
            object(
                api_version,
                kind,
                json!({"metadata": {"namespace": "ns"}, "spec": spec}),
            )
        };
        check(&of(spec), Ok(OF_POD));
        check(&of(&json!({})), Ok(&[]));
        check(
            &of(&json!(1)),
            Err("cannot interpret the object: spec: is an integer, expected an object"),
        );
    }
}

#[test]
fn a_stateful_set_makes_claims_itself() {
    let set = object(
        "apps/v1",
        "StatefulSet",
        json!({
            "metadata": {"namespace": "ns"},
            "spec": {
                "template": {"spec": pod_spec()},
                // A Secret of the same name is another thing.
                "volumeClaimTemplates": [{"metadata": {"name": "data"}}, {"metadata": {"name": "b"}}, null],
            },
        }),
    );
    let expected: Vec<_> = OF_POD
        .iter()
        .copied()
        .filter(|it| !it.ends_with("/data"))
        .collect();
    check(&set, Ok(&expected));
}

#[test]
fn ingress() {
    let ingress = |tls: Value| {
        object(
            "networking.k8s.io/v1",
            "Ingress",
            json!({"metadata": {"namespace": "ns"}, "spec": {"tls": tls, "defaultBackend": {"service": {"name": "s"}}}}),
        )
    };
    check(
        &ingress(json!([{"secretName": "b"}, {"secretName": "a"}, {"secretName": "b"}])),
        Ok(&["v1 Secret ns/a", "v1 Secret ns/b", "v1 Secret ns/b"]),
    );
    check(&ingress(json!(null)), Ok(&[]));
    check(
        &ingress(json!([{"secretName": "a"}, {"hosts": ["x"]}])),
        Err("invalid dependencies: dependencies[0]: has neither a name nor a label selector"),
    );
}

#[test]
fn service_import() {
    let import = |name: &str| {
        let metadata = json!({"name": name, "namespace": "ns"});
        object(
            "multicluster.x-k8s.io/v1alpha1",
            "ServiceImport",
            json!({"metadata": metadata}),
        )
    };
    check(
        &import("web"),
        Ok(&[
            "discovery.k8s.io/v1 EndpointSlice ns/",
            "v1 Service ns/derived-web",
        ]),
    );
    let found = answered(Native::default().get_dependencies(&import("web"))).unwrap();
    assert_eq!(
        serde_json::to_value(&found[0].label_selector).unwrap(),
        json!({"matchLabels": {"kubernetes.io/service-name": "derived-web"}})
    );
    // Longer than a label value can be.
    let error = answered(Native::default().get_dependencies(&import(&"x".repeat(60)))).unwrap_err();
    assert!(
        error.starts_with("invalid dependencies: dependencies[0].labelSelector: "),
        "{error}"
    );
}
