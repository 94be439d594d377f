//! What the native interpreter takes, per operation, on a Deployment of 10 KiB.
//!
//! Goals: revising and retaining, which need no typed decoding, under 10 µs; the others under 60 µs; bringing the reports
//! of 100 clusters together under 1 ms.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![allow(
    missing_docs,
    reason = "criterion's macros make a public function without documentation"
)]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use karmada_core::api::work::v1alpha2::AggregatedStatusItem;
use karmada_interpreter::{Native, SyncInterpreter};
use serde_json::{Value, json};

/// A Deployment as people write them, with as many containers as it takes.
fn deployment() -> Value {
    let container = |index: usize| {
        let env = |variable: usize| {
            json!({
                "name": format!("SETTING_{variable}"),
                "valueFrom": {"configMapKeyRef": {"name": format!("settings-{index}"), "key": format!("key-{variable}")}},
            })
        };
        let probe = |path: &str| json!({"httpGet": {"path": path, "port": "http", "scheme": "HTTP"}, "periodSeconds": 10, "failureThreshold": 3});
        json!({
            "name": format!("container-{index}"),
            "image": format!("registry.example.com/shop/service-{index}:1.{index}.0"),
            "args": ["--listen=:8080", "--log-format=json", format!("--shard={index}")],
            "env": (0..8).map(env).collect::<Value>(),
            "envFrom": [{"secretRef": {"name": format!("credentials-{index}")}}],
            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
            "resources": {
                "requests": {"cpu": "250m", "memory": "256Mi", "ephemeral-storage": "1Gi"},
                "limits": {"cpu": "1", "memory": "512Mi"},
            },
            "livenessProbe": probe("/live"),
            "readinessProbe": probe("/ready"),
            "securityContext": {"runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}},
            "volumeMounts": [{"name": "config", "mountPath": "/etc/config"}, {"name": "data", "mountPath": "/data"}],
        })
    };
    let with = |containers: usize| {
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": "shop",
                "namespace": "production",
                "generation": 3,
                "labels": {"app": "shop", "resourcetemplate.karmada.io/retain-replicas": "true"},
                "annotations": {"resourcetemplate.karmada.io/generation": "3"},
            },
            "spec": {
                "replicas": 12,
                "selector": {"matchLabels": {"app": "shop"}},
                "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}, "type": "RollingUpdate"},
                "template": {
                    "metadata": {"labels": {"app": "shop"}},
                    "spec": {
                        "serviceAccountName": "shop",
                        "nodeSelector": {"disk": "ssd"},
                        "tolerations": [{"key": "dedicated", "operator": "Equal", "value": "shop", "effect": "NoSchedule"}],
                        "containers": (0..containers).map(container).collect::<Value>(),
                        "volumes": [
                            {"name": "config", "configMap": {"name": "shop"}},
                            {"name": "data", "persistentVolumeClaim": {"claimName": "shop"}},
                        ],
                    },
                },
            },
            "status": {
                "observedGeneration": 3, "replicas": 12, "updatedReplicas": 12, "readyReplicas": 12,
                "availableReplicas": 12,
                "conditions": [{
                    "type": "Available", "status": "True", "reason": "MinimumReplicasAvailable",
                    "lastUpdateTime": "2026-01-02T03:04:05Z", "lastTransitionTime": "2026-01-02T03:04:05Z",
                }],
            },
        })
    };
    (1..)
        .map(with)
        .find(|deployment| deployment.to_string().len() >= 10 * 1024)
        .unwrap()
}

fn reports(status: &Value) -> Vec<AggregatedStatusItem> {
    let report = |index| AggregatedStatusItem {
        cluster_name: format!("member{index}"),
        status: Some(status.clone()),
        applied: true,
        ..AggregatedStatusItem::default()
    };
    (0..100).map(report).collect()
}

fn interpret(criterion: &mut Criterion) {
    let native = Native::default();
    let object = deployment();
    let mut group = criterion.benchmark_group("interpret/deployment");
    group.bench_function("InterpretReplica", |bencher| {
        bencher.iter(|| native.get_replicas(&object).unwrap());
    });
    group.bench_function("ReviseReplica", |bencher| {
        let mut object = object.clone();
        bencher.iter(|| native.revise_replica(&mut object, 4).unwrap());
    });
    group.bench_function("Retain", |bencher| {
        let mut desired = object.clone();
        bencher.iter(|| native.retain(&mut desired, &object).unwrap());
    });
    group.bench_function("InterpretStatus", |bencher| {
        bencher.iter(|| native.reflect_status(&object).unwrap());
    });
    group.bench_function("InterpretHealth", |bencher| {
        bencher.iter(|| native.interpret_health(&object).unwrap());
    });
    group.bench_function("InterpretDependency", |bencher| {
        bencher.iter(|| native.get_dependencies(&object).unwrap());
    });
    group.finish();

    let reflected = native.reflect_status(&object).unwrap().value().flatten().unwrap();
    let reports = reports(&reflected);
    let mut current = object.clone();
    let aggregate = |object: &mut Value| {
        native
            .aggregate_status(object, Some(&reports), Default::default())
            .unwrap()
    };
    let _ = aggregate(&mut current);
    let mut group = criterion.benchmark_group("interpret/deployment/AggregateStatus/100");
    group.bench_function("changed", |bencher| {
        bencher.iter_batched_ref(|| object.clone(), aggregate, BatchSize::SmallInput);
    });
    group.bench_function("up_to_date", |bencher| bencher.iter(|| aggregate(&mut current)));
    group.finish();
}

criterion_group!(benches, interpret);
criterion_main!(benches);
