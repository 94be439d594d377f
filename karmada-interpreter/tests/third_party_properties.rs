//! Whatever the objects look like, the third-party layer answers or says why not.

use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::AggregatedStatusItem;
use karmada_interpreter::{SyncInterpreter, ThirdParty, TypeMeta};
use proptest::prelude::*;
use serde_json::{Map, Number, Value, json};

/// Members that rules look at, so that arbitrary objects reach them.
const MEMBERS: [&str; 64] = [
    "metadata",
    "spec",
    "status",
    "generation",
    "observedGeneration",
    "resourceTemplateGeneration",
    "namespace",
    "annotations",
    "resourcetemplate.karmada.io/generation",
    "template",
    "replicas",
    "parallelism",
    "containers",
    "env",
    "envFrom",
    "valueFrom",
    "configMapKeyRef",
    "secretRef",
    "name",
    "volumes",
    "projected",
    "sources",
    "secret",
    "resources",
    "requests",
    "cpu",
    "memory",
    "nodeSelector",
    "tolerations",
    "affinity",
    "conditions",
    "type",
    "message",
    "reason",
    "lastTransitionTime",
    "lastUpdateTime",
    "startTime",
    "completionTime",
    "state",
    "phase",
    "runningDuration",
    "taskStatusCount",
    "controlledResources",
    "replicaStatuses",
    "Worker",
    "active",
    "mpiReplicaSpecs",
    "tfReplicaSpecs",
    "pytorchReplicaSpecs",
    "tasks",
    "rayClusterConfig",
    "rayClusterSpec",
    "headGroupSpec",
    "workerGroupSpecs",
    "activeServiceStatus",
    "applicationStatuses",
    "jobManager",
    "resource",
    "podTemplate",
    "driver",
    "executor",
    "containerState",
    "running",
    "rulecount",
];

/// Texts that rules treat specially.
const TEXTS: [&str; 16] = [
    "",
    "True",
    "Failed",
    "Complete",
    "Succeeded",
    "Ready",
    "Running",
    "Completed",
    "1",
    "0x2",
    "1e3",
    "0s",
    "1h2.5s",
    "Scala",
    "1g",
    "100m",
];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|float| Number::from_f64(float).map_or(Value::Null, Value::Number)),
        prop::sample::select(&TEXTS[..]).prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ]
}

fn member() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(&MEMBERS[..]).prop_map(str::to_owned),
        1 => ".{0,4}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(7, 96, 6, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            3 => prop::collection::btree_map(member(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// An operation that changes an object; whether it is answered, nothing on error.
type Change<'a> = &'a dyn Fn(&mut Value) -> Option<bool>;

/// An arbitrary object that says it is of the kind.
fn object(kind: TypeMeta<'_>, mut value: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.insert("apiVersion".to_owned(), kind.api_version.into());
        members.insert("kind".to_owned(), kind.kind.into());
        return value;
    }
    json!({"apiVersion": kind.api_version, "kind": kind.kind, "spec": value, "status": value, "metadata": value})
}

fn no_null(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(list) => list.iter().all(no_null),
        Value::Object(map) => map.values().all(no_null),
        _ => true,
    }
}

proptest! {
    #[test]
    fn no_object_is_too_odd(
        first in value(),
        second in value(),
        statuses in prop::option::of(prop::collection::vec(value(), 0..4)),
        replicas in any::<i64>(),
    ) {
        let now = Timestamp::UNIX_EPOCH;
        let items: Option<Vec<AggregatedStatusItem>> = statuses.map(|statuses| {
            statuses
                .into_iter()
                .map(|status| AggregatedStatusItem {
                    cluster_name: "member1".to_owned(),
                    status: Some(status),
                    ..AggregatedStatusItem::default()
                })
                .collect()
        });
        for kind in ThirdParty::kinds() {
            let object = object(kind, first.clone());
            let layer = &ThirdParty;

            let _ = layer.get_replicas(&object);
            let _ = layer.get_components(&object);
            let _ = layer.interpret_health(&object);
            if let Ok(answer) = layer.reflect_status(&object) {
                prop_assert!(answer.value().flatten().is_none_or(|status| no_null(&status)));
            }
            if let Ok(answer) = layer.get_dependencies(&object) {
                let dependencies = answer.value().unwrap_or_default();
                prop_assert!(dependencies.is_sorted_by(|a, b| (&a.kind, &a.name) < (&b.kind, &b.name)));
            }

            // What changes an object leaves it alone on error, and has the same result when asked again.
            let changes: [Change<'_>; 3] = [
                &|it| layer.revise_replica(it, replicas).ok().map(|answer| answer.is_value()),
                &|it| layer.retain(it, &second).ok().map(|answer| answer.is_value()),
                &|it| {
                    layer
                        .aggregate_status(it, items.as_deref(), now)
                        .ok()
                        .map(|answer| answer.is_value())
                },
            ];
            for change in changes {
                let (mut once, mut again) = (object.clone(), object.clone());
                let answered = change(&mut once);
                prop_assert_eq!(answered, change(&mut again));
                prop_assert_eq!(&once, &again);
                match answered {
                    Some(true) => prop_assert!(no_null(&once)),
                    _ => prop_assert_eq!(&once, &object),
                }
            }
        }
    }
}
