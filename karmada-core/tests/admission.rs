//! Properties of admission over objects nobody would write.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use karmada_core::admission::{Context, Operation, Request, Schemas, admit, mutate, schema, validate};
use karmada_core::crd::kinds;
use karmada_core::features::FeatureGates;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Names of fields, so that arbitrary objects get past the first level.
const FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "spec",
    "status",
    "name",
    "namespace",
    "labels",
    "annotations",
    "finalizers",
    "generation",
    "placement",
    "clusterAffinity",
    "clusterAffinities",
    "affinityName",
    "overflowAffinities",
    "fieldSelector",
    "matchExpressions",
    "key",
    "operator",
    "values",
    "spreadConstraints",
    "minGroups",
    "maxGroups",
    "spreadByField",
    "replicaScheduling",
    "replicaSchedulingType",
    "resourceSelectors",
    "failover",
    "application",
    "purgeMode",
    "gracePeriodSeconds",
    "overrideRules",
    "overriders",
    "fieldOverrider",
    "labelsOverrider",
    "json",
    "value",
    "taints",
    "effect",
    "overall",
    "staticAssignments",
    "hard",
    "clusterName",
    "resourceModels",
    "ranges",
    "grade",
    "min",
    "max",
    "syncMode",
    "apiEndpoint",
    "proxyURL",
    "zones",
    "zone",
    "metrics",
    "type",
    "resource",
    "target",
    "behavior",
    "scaleUp",
    "policies",
    "minReplicas",
    "maxReplicas",
    "rules",
    "schedule",
    "timeZone",
    "types",
    "ports",
    "port",
    "http",
    "paths",
    "path",
    "pathType",
    "backend",
    "webhooks",
    "clientConfig",
    "url",
    "service",
    "customizations",
    "retention",
    "luaScript",
    "components",
    "replicas",
    "clusters",
    "workload",
    "manifests",
    "scaleTargetRef",
    "targetCluster",
    "workloads",
];

/// Texts that mean something somewhere.
const TEXTS: &[&str] = &[
    "",
    "a",
    "A b",
    "Divided",
    "Gracefully",
    "cluster",
    "Push",
    "NoExecute",
    "https://a:1",
    "1",
    "100m",
    "-1",
    "1e400",
    "cpu",
    "Resource",
    "Always",
    "@daily",
    "*/0 * * * *",
    "Europe/Berlin",
    "2026-01-02T03:04:05Z",
    "\u{0}",
    "ä/ö",
    "[{]",
    "%zz",
    "apps/v1",
];

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        proptest::sample::select(TEXTS).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 5, |inner| {
        let name = proptest::sample::select(FIELDS).prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((name, inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// An object of a kind: whole nonsense, or with a name and arbitrary members.
fn any_object(kind: &'static str) -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => any_value(),
        9 => (any_value(), any_value(), any_value()).prop_map(move |(spec, metadata, status)| {
            let info = kinds().iter().rfind(|info| info.kind == kind).unwrap();
            let mut object = json!({"apiVersion": info.api_version, "kind": kind, "metadata": {"name": "a"},
                "spec": spec, "webhooks": status});
            object["status"] = status;
            if let Value::Object(members) = metadata {
                for (name, value) in members {
                    object["metadata"][name] = value;
                }
            }
            object
        }),
    ]
}

fn any_kind() -> impl Strategy<Value = &'static str> {
    let all: Vec<&str> = kinds().iter().map(|info| info.kind).collect();
    proptest::sample::select(all)
}

fn any_request() -> impl Strategy<Value = (&'static str, Value, Option<Value>)> {
    any_kind().prop_flat_map(|kind| {
        (
            Just(kind),
            any_object(kind),
            proptest::option::of(any_object(kind)),
        )
    })
}

fn request<'a>(
    kind: &'a str,
    operation: Operation,
    object: &'a Value,
    old: Option<&'a Value>,
) -> Request<'a> {
    Request {
        kind,
        operation,
        namespace: "shop",
        object,
        old,
    }
}

fn everything_on() -> FeatureGates {
    FeatureGates::default()
        .with_names([("AllAlpha", true), ("AllBeta", true)])
        .unwrap()
}

proptest! {
    #[test]
    fn no_object_makes_admission_panic((kind, object, old) in any_request()) {
        let context = Context::new("id").gates(everything_on());
        let before = (object.clone(), old.clone());
        for operation in [Operation::Create, Operation::Update, Operation::Delete] {
            let request = request(kind, operation, &object, old.as_ref());
            let _ = admit(&request, &context);
            let _ = mutate(&request, &context);
            let _ = validate(&request, &context);
        }
        prop_assert_eq!(before, (object, old));
    }

    #[test]
    fn completing_is_idempotent((kind, object, _) in any_request()) {
        let context = Context::new("id");
        for operation in [Operation::Create, Operation::Update] {
            if let Ok(once) = mutate(&request(kind, operation, &object, None), &context) {
                let twice = mutate(&request(kind, operation, &once, None), &context);
                prop_assert_eq!(twice, Ok(once));
            }
        }
    }

    #[test]
    fn schemas_complete_in_one_go((kind, mut object, _) in any_request()) {
        let info = kinds().iter().rfind(|info| info.kind == kind).unwrap();
        let schema = info.schema();
        schema::prune(&schema, &mut object);
        schema::apply_defaults(&schema, &mut object);
        let once = object.clone();
        schema::prune(&schema, &mut object);
        schema::apply_defaults(&schema, &mut object);
        prop_assert_eq!(&once, &object);
        prop_assert_eq!(schema::validate(&schema, &object, Some(&once)), Vec::new());
    }
}

#[test]
fn an_admitted_object_is_admitted_again_unchanged() {
    let schemas = Schemas::karmada();
    let context = Context::new("id").schemas(&schemas);
    let object = |group: &str, kind: &str, spec: Value| json!({"apiVersion": format!("{group}.karmada.io/v1alpha1"), "kind": kind, "metadata": {"name": "a"}, "spec": spec});
    let selectors = json!([{"apiVersion": "apps/v1", "kind": "Deployment"}]);
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
    for object in [
        object(
            "policy",
            "PropagationPolicy",
            json!({"resourceSelectors": selectors, "placement": {"replicaScheduling": {}}}),
        ),
        object(
            "policy",
            "ClusterPropagationPolicy",
            json!({"resourceSelectors": selectors}),
        ),
        object(
            "policy",
            "OverridePolicy",
            json!({"resourceSelectors": selectors, "overrideRules": []}),
        ),
        object(
            "policy",
            "FederatedResourceQuota",
            json!({"overall": {"cpu": "1"}}),
        ),
        object(
            "autoscaling",
            "FederatedHPA",
            json!({"maxReplicas": 1, "scaleTargetRef": target, "behavior": {}}),
        ),
        object(
            "networking",
            "MultiClusterService",
            json!({"types": ["CrossCluster"]}),
        ),
        object("cluster", "Cluster", json!({"syncMode": "Push", "zone": "z"})),
    ] {
        let kind = object["kind"].as_str().unwrap();
        let stored = admit(&request(kind, Operation::Create, &object, None), &context).unwrap();
        let again = admit(
            &request(kind, Operation::Update, &stored, Some(&stored)),
            &context,
        );
        assert_eq!(again, Ok(stored));
    }
}
