//! What the third-party interpreter takes, per operation, on a CloneSet of 10 KiB.
//!
//! Goals: as for the native one, under 60 µs; under 1 ms to bring the reports of 100 clusters together. Operations that
//! change an object copy it once, without what a script could not hold; the others copy nothing but pod templates.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![allow(
    missing_docs,
    reason = "criterion's macros make a public function without documentation"
)]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use karmada_core::api::work::v1alpha2::AggregatedStatusItem;
use karmada_interpreter::{SyncInterpreter, ThirdParty};
use serde_json::{Value, json};

/// An object of a kind with a pod template, with as many containers as it takes.
fn object(api_version: &str, kind: &str) -> Value {
    let container = |index: usize| {
        let env = |variable: usize| {
            json!({
                "name": format!("SETTING_{variable}"),
                "valueFrom": {"configMapKeyRef": {"name": format!("settings-{index}"), "key": format!("key-{variable}")}},
            })
        };
        json!({
            "name": format!("container-{index}"),
            "image": format!("registry.example.com/shop/service-{index}:1.{index}.0"),
            "env": (0..8).map(env).collect::<Value>(),
            "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
            "livenessProbe": {"httpGet": {"path": "/live", "port": "http"}, "periodSeconds": 10},
            "volumeMounts": [{"name": "config", "mountPath": "/etc/config"}, {"name": "data", "mountPath": "/data"}],
        })
    };
    let with = |containers: usize| {
        json!({
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {
                "name": "shop",
                "namespace": "production",
                "generation": 3,
                "annotations": {"resourcetemplate.karmada.io/generation": "3"},
            },
            "spec": {
                "replicas": 12,
                "parallelism": 12,
                "selector": {"matchLabels": {"app": "shop"}},
                "template": {
                    "metadata": {"labels": {"app": "shop"}},
                    "spec": {
                        "serviceAccountName": "shop",
                        "containers": (0..containers).map(container).collect::<Value>(),
                        "volumes": [{"name": "config", "configMap": {"name": "shop"}}, {"name": "data", "emptyDir": {}}],
                    },
                },
            },
            "status": status(),
        })
    };
    (1..)
        .map(with)
        .find(|object| object.to_string().len() >= 10 << 10)
        .unwrap()
}

fn status() -> Value {
    json!({
        "observedGeneration": 3, "generation": 3, "resourceTemplateGeneration": 3,
        "replicas": 12, "readyReplicas": 12, "updatedReplicas": 12, "availableReplicas": 12, "updatedReadyReplicas": 12,
        "updateRevision": "shop-7d9f", "currentRevision": "shop-7d9f", "labelSelector": "app=shop",
    })
}

fn operations(criterion: &mut Criterion) {
    let layer = &ThirdParty;
    let set = object("apps.kruise.io/v1alpha1", "CloneSet");
    let job = object("apps.kruise.io/v1alpha1", "BroadcastJob");
    let mut group = criterion.benchmark_group("interpret/third-party");
    group.bench_function("InterpretReplica", |bencher| {
        bencher.iter(|| layer.get_replicas(&set).unwrap());
    });
    group.bench_function("InterpretStatus", |bencher| {
        bencher.iter(|| layer.reflect_status(&set).unwrap());
    });
    group.bench_function("InterpretHealth", |bencher| {
        bencher.iter(|| layer.interpret_health(&set).unwrap());
    });
    group.bench_function("InterpretDependency", |bencher| {
        bencher.iter(|| layer.get_dependencies(&set).unwrap());
    });
    group.bench_function("ReviseReplica", |bencher| {
        bencher.iter_batched_ref(
            || set.clone(),
            |set| layer.revise_replica(set, 7).unwrap(),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("Retain", |bencher| {
        bencher.iter_batched_ref(
            || job.clone(),
            |desired| layer.retain(desired, &job).unwrap(),
            BatchSize::SmallInput,
        );
    });
    let items: Vec<AggregatedStatusItem> = (0..100)
        .map(|index| AggregatedStatusItem {
            cluster_name: format!("member{index}"),
            status: Some(status()),
            ..AggregatedStatusItem::default()
        })
        .collect();
    group.bench_function("AggregateStatus/100", |bencher| {
        bencher.iter_batched_ref(
            || set.clone(),
            |set| {
                layer
                    .aggregate_status(set, Some(&items), Default::default())
                    .unwrap()
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, operations);
criterion_main!(benches);
