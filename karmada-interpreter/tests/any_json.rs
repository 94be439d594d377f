//! Any JSON, asked anything of as any kind: the layers answer or refuse, and keep to their contract.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;

use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::AggregatedStatusItem;
use karmada_interpreter::{Answer, Error, Native, Operation, SyncInterpreter, ThirdParty, TypeMeta};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Names that rules look for, so that objects get past the first of them.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "metadata", "name", "namespace", "generation", "labels", "annotations", "spec", "status", "type", "kind",
    "resourcetemplate.karmada.io/generation", "resourcetemplate.karmada.io/retain-replicas",
    "template", "jobTemplate", "selector", "matchLabels", "replicas", "parallelism", "completions", "suspend",
    "containers", "initContainers", "env", "envFrom", "valueFrom", "configMapRef", "secretRef", "configMapKeyRef",
    "resources", "limits", "requests", "cpu", "memory", "volumes", "volumeMounts", "configMap", "secret", "projected",
    "sources", "persistentVolumeClaim", "claimName", "secretName", "imagePullSecrets", "secrets", "data", "nodeSelector",
    "tolerations", "overhead", "serviceAccountName", "volumeClaimTemplates", "tls", "clusterIP", "healthCheckNodePort",
    "conditions", "reason", "message", "observedGeneration", "resourceTemplateGeneration", "readyReplicas",
    "updatedReplicas", "availableReplicas", "active", "succeeded", "failed", "startTime", "completionTime",
    "lastScheduleTime", "phase", "containerStatuses", "initContainerStatuses", "ready", "state", "disruptedPods",
    "loadBalancer", "ingress", "hostname", "ip", "ipMode", "ports", "port", "protocol", "error", "jobManager",
    "taskManager", "pytorchReplicaSpecs", "tfReplicaSpecs", "mpiReplicaSpecs", "Worker", "Master", "workerGroupSpecs",
    "headGroupSpec", "tasks", "minAvailable", "driver", "executor", "cores", "instances", "sourceRef", "chart",
    "valuesFrom", "artifact", "revision", "templates", "containerState", "rulecount", "autogen", "rules", "policies",
];

const TEXTS: &[&str] = &[
    "",
    "a",
    "true",
    "True",
    "LoadBalancer",
    "Ready",
    "Complete",
    "Failed",
    "Running",
    "Bound",
    "Lost",
    "2",
    "0x10",
    "-1",
    "1.5Gi",
    "500m",
    "1e3",
    "99999999999E",
    "2024-01-01T00:00:00Z",
    "2024-02-30T00:00:00Z",
    "3m",
    "kubernetes.io/service-account-token",
];

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..5).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-2_i32..5).prop_map(|number| f64::from(number).into()),
        select(TEXTS).prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(7, 96, 6, |inner| {
        let members = btree_map(select(NAMES).prop_map(str::to_owned), inner.clone(), 0..6);
        prop_oneof![
            1 => vec(inner, 0..4).prop_map(Value::Array),
            3 => members.prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

fn items() -> impl Strategy<Value = Option<Vec<AggregatedStatusItem>>> {
    let item = ("m[0-9]", proptest::option::of(json_value())).prop_map(|(cluster_name, status)| {
        AggregatedStatusItem {
            cluster_name,
            status,
            ..AggregatedStatusItem::default()
        }
    });
    proptest::option::of(vec(item, 0..4))
}

/// An answer must be there exactly if the operation is supported.
fn answered<T: Debug>(answer: &Result<Answer<T>, Error>, supported: bool) {
    match answer {
        Ok(answer) => assert_eq!(answer.is_value(), supported, "{answer:?}"),
        Err(error) => assert!(supported && !error.to_string().is_empty(), "{error}"),
    }
}

/// A change must not be there after an error, nor where nobody answered.
fn changed(
    object: &Value,
    supported: bool,
    change: impl FnOnce(&mut Value) -> Result<Answer<()>, Error>,
) -> Value {
    let mut result = object.clone();
    let answer = change(&mut result);
    answered(&answer, supported);
    if !matches!(answer, Ok(Answer::Value(()))) {
        assert_eq!(result, *object);
    }
    result
}

fn ask_everything(
    layer: &dyn SyncInterpreter,
    object: &Value,
    other: &Value,
    items: Option<&[AggregatedStatusItem]>,
) {
    let supports = |operation| layer.supports(TypeMeta::of(object), operation);
    answered(&layer.get_replicas(object), supports(Operation::InterpretReplica));
    answered(
        &layer.get_components(object),
        supports(Operation::InterpretComponent),
    );
    answered(
        &layer.reflect_status(object),
        supports(Operation::InterpretStatus),
    );
    answered(
        &layer.interpret_health(object),
        supports(Operation::InterpretHealth),
    );
    answered(
        &layer.get_dependencies(object),
        supports(Operation::InterpretDependency),
    );
    changed(object, supports(Operation::ReviseReplica), |object| {
        layer.revise_replica(object, 3)
    });
    changed(object, supports(Operation::Retain), |desired| {
        layer.retain(desired, other)
    });
    let aggregate = |object: &Value| {
        changed(object, supports(Operation::AggregateStatus), |object| {
            layer.aggregate_status(object, items, Timestamp::UNIX_EPOCH)
        })
    };
    assert_eq!(
        aggregate(object),
        aggregate(object),
        "the same question has the same answer"
    );
}

/// Every kind with the layer that has rules for it, and one that nobody has rules for.
fn kinds(native: &Native) -> Vec<(&dyn SyncInterpreter, TypeMeta<'static>)> {
    let of_native = Native::kinds().chain([TypeMeta::new("example.com/v1", "Widget")]);
    let of_native = of_native.map(|kind| (native as &dyn SyncInterpreter, kind));
    let of_third_party = ThirdParty::kinds().map(|kind| (&ThirdParty as &dyn SyncInterpreter, kind));
    of_native.chain(of_third_party).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn layers_answer_or_refuse(
        parts in vec(json_value(), 6),
        whole in json_value(),
        items in items(),
    ) {
        let [metadata, spec, status, metadata2, spec2, status2] = <[Value; 6]>::try_from(parts).unwrap();
        let native = Native::default();
        for (layer, kind) in kinds(&native) {
            let typed = |metadata: &Value, spec: &Value, status: &Value| json!({
                "apiVersion": kind.api_version, "kind": kind.kind,
                "metadata": metadata, "spec": spec, "status": status, "data": spec, "secrets": spec,
            });
            let object = typed(&metadata, &spec, &status);
            let other = typed(&metadata2, &spec2, &status2);
            ask_everything(layer, &object, &other, items.as_deref());
            ask_everything(layer, &object, &whole, items.as_deref());
            ask_everything(layer, &whole, &object, items.as_deref());
        }
    }
}
