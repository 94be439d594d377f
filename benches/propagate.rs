//! What the propagation model takes: Works for 100 clusters, the choice among 10,000 policies, the statuses of 100 clusters.
//!
//! Times of Works are per Work; how much a Work allocates is printed before. Goals: a new Work for a Deployment of 10 KiB with
//! two override policies under 250 µs; a policy from the index under 10 µs; the statuses of 100 clusters under 1 ms.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark fails by panicking"
)]
#![allow(
    missing_docs,
    reason = "criterion's macros make a public function without documentation"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::policy::v1alpha1::{ClusterOverridePolicy, OverridePolicy, PropagationPolicy};
use karmada_core::api::work::v1alpha1::Work;
use karmada_core::api::work::v1alpha2::{ResourceBinding, TargetCluster};
use karmada_core::features::FeatureGates;
use karmada_core::labels;
use karmada_core::override_rules::Overrides;
use karmada_core::policy::{Policy, PolicyIndex, best_policy};
use karmada_core::propagation::object_reference;
use karmada_core::status::{aggregate_items, fully_applied};
use karmada_core::work::{BindingRef, WorkBuilder, WorkError};
use karmada_interpreter::{Native, SyncInterpreter};
use serde_json::{Value, json};

const CLUSTERS: usize = 100;
const POLICIES: usize = 10_000;

/// A Deployment of 10 KiB, most of which is environment variables.
fn deployment() -> Value {
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
            "args": ["--listen=:8080", format!("--shard={index}")],
            "env": (0..8).map(env).collect::<Value>(),
            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
            "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 10},
            "volumeMounts": [{"name": "config", "mountPath": "/etc/config"}],
        })
    };
    let with = |containers: usize| {
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": "shop", "namespace": "production", "uid": "0b7f4a4e-6d1e-4c55-8a43-0d1d7a5f9e11", "generation": 3,
                "resourceVersion": "4711", "creationTimestamp": "2026-01-02T03:04:05Z", "labels": {"app": "shop"},
            },
            "spec": {
                "replicas": 200,
                "selector": {"matchLabels": {"app": "shop"}},
                "template": {
                    "metadata": {"labels": {"app": "shop"}},
                    "spec": {
                        "containers": (0..containers).map(container).collect::<Value>(),
                        "volumes": [{"name": "config", "configMap": {"name": "shop"}}],
                    },
                },
            },
            "status": {"observedGeneration": 3, "replicas": 200, "readyReplicas": 200},
        })
    };
    (1..)
        .map(with)
        .find(|deployment| deployment.to_string().len() >= 10 * 1024)
        .unwrap()
}

fn clusters() -> Vec<Cluster> {
    let cluster = |index: usize| {
        let mut cluster = Cluster::named(format!("member{index}"));
        let region = if index.is_multiple_of(2) { "eu" } else { "us" };
        cluster.metadata.labels = Some([("region".to_owned(), region.to_owned())].into());
        cluster
    };
    (0..CLUSTERS).map(cluster).collect()
}

fn binding(clusters: &[Cluster]) -> ResourceBinding {
    let mut binding = ResourceBinding::named("production", "shop-deployment");
    binding.metadata.labels = Some(
        [(
            labels::RESOURCE_BINDING_PERMANENT_ID.to_owned(),
            "5f1f6f0e-6e0b-4b5e-8d64-6a0a8f6d8e10".to_owned(),
        )]
        .into(),
    );
    binding.spec.resource = object_reference(&deployment());
    binding.spec.replicas = 200;
    binding.spec.clusters = clusters
        .iter()
        .map(|cluster| TargetCluster::new(cluster.metadata.name.clone().unwrap(), 2))
        .collect();
    binding
}

/// For all clusters another registry, label and annotation; in one region also other arguments and tolerations.
fn override_policies() -> ([ClusterOverridePolicy; 1], [OverridePolicy; 1]) {
    let selectors = json!([{"apiVersion": "apps/v1", "kind": "Deployment"}]);
    let everywhere = json!({"resourceSelectors": selectors, "overrideRules": [{"overriders": {
        "imageOverrider": [{"component": "Registry", "operator": "replace", "value": "mirror.example.com"}],
        "labelsOverrider": [{"operator": "add", "value": {"tier": "gold"}}],
        "annotationsOverrider": [{"operator": "add", "value": {"example.com/owner": "shop"}}],
    }}]});
    let in_region = json!({"resourceSelectors": selectors, "overrideRules": [{
        "targetCluster": {"labelSelector": {"matchLabels": {"region": "eu"}}},
        "overriders": {
            "argsOverrider": [{"containerName": "container-0", "operator": "add", "value": ["--region=eu"]}],
            "plaintext": [{"path": "/spec/template/spec/tolerations", "operator": "add",
                "value": [{"key": "region", "operator": "Equal", "value": "eu", "effect": "NoSchedule"}]}],
        },
    }]});
    (
        [ClusterOverridePolicy::new(
            "mirror",
            serde_json::from_value(everywhere).unwrap(),
        )],
        [OverridePolicy::new(
            "production",
            "region",
            serde_json::from_value(in_region).unwrap(),
        )],
    )
}

fn revise(manifest: &mut Value, replicas: i64) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let _ = Native::default().revise_replica(manifest, replicas)?;
    Ok(())
}

fn build(
    builder: &WorkBuilder<'_>,
    clusters: &[Cluster],
    at: usize,
    existing: Option<&Work>,
) -> Result<Work, WorkError> {
    builder.build(&builder.targets()[at], clusters.get(at), &revise, existing)
}

fn works(criterion: &mut Criterion) {
    let (template, clusters) = (deployment(), clusters());
    let binding = binding(&clusters);
    let (cluster_policies, policies) = override_policies();
    let prepare = |cluster_policies, policies| {
        let overrides = Overrides::select(&template, cluster_policies, policies);
        let binding = BindingRef::Namespaced(&binding);
        WorkBuilder::new(&template, binding, overrides, FeatureGates::default()).unwrap()
    };
    let builder = prepare(&cluster_policies, &policies);
    let plain = prepare(&[], &[]);
    let existing: Vec<Work> = (0..CLUSTERS)
        .map(|at| build(&builder, &clusters, at, None).unwrap())
        .collect();

    for (name, builder) in [("with overrides", &builder), ("without overrides", &plain)] {
        let allocated = allocation_counter::measure(|| {
            for at in 0..CLUSTERS {
                drop(black_box(build(builder, &clusters, at, None)));
            }
        });
        println!(
            "propagate/work, {name}: {} allocations and {} bytes per Work",
            allocated.count_total / CLUSTERS as u64,
            allocated.bytes_total / CLUSTERS as u64
        );
    }

    let mut group = criterion.benchmark_group("propagate/work");
    group.bench_function("prepare", |bencher| {
        bencher.iter(|| prepare(&cluster_policies, &policies));
    });
    let mut bench = |name: &str, builder: &WorkBuilder<'_>, existing: &[Work]| {
        group.bench_function(name, |bencher| {
            let mut order = (0..CLUSTERS).cycle();
            bencher.iter(|| {
                let at = order.next().unwrap();
                build(builder, &clusters, at, existing.get(at)).unwrap()
            });
        });
    };
    bench("new", &builder, &[]);
    bench("update", &builder, &existing);
    bench("without_overrides", &plain, &[]);
    group.finish();
}

/// Most select by name or label; some select other kinds, a few by an expression, one selects everything.
fn policy(index: usize) -> PropagationPolicy {
    let mut selector = json!({"apiVersion": "apps/v1", "kind": "Deployment"});
    match index % 1000 {
        0..450 => selector["name"] = json!(format!("app-{index}")),
        450..900 => selector["labelSelector"] = json!({"matchLabels": {"app": format!("app-{index}")}}),
        900..999 => selector["kind"] = json!("StatefulSet"),
        _ if index == POLICIES - 1 => {}
        _ => {
            selector["labelSelector"] = json!({"matchExpressions": [{"key": "app", "operator": "In", "values": [format!("app-{index}")]}]});
        }
    }
    let mut policy = PropagationPolicy::named("production", format!("policy-{index}"));
    policy.spec.resource_selectors = vec![serde_json::from_value(selector).unwrap()];
    policy
}

fn policies(criterion: &mut Criterion) {
    let policies: Vec<PropagationPolicy> = (0..POLICIES).map(policy).collect();
    let mut index: PolicyIndex<PropagationPolicy> = policies.iter().cloned().collect();
    // Templates that a policy selects by name, by label, by an expression, and only with everything else.
    let templates: Vec<Value> = (0..1000)
        .map(|number| {
            let name = format!("app-{}", number * 10 + number % 10);
            json!({"apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"namespace": "production", "name": name, "labels": {"app": name, "tier": "gold"}}})
        })
        .collect();
    for template in &templates {
        let (scanned, found) = (best_policy(template, &policies), index.best(template));
        assert!(scanned.is_some());
        assert_eq!(scanned.map(Policy::name), found.map(Policy::name));
    }

    let mut group = criterion.benchmark_group(format!("propagate/policy/{POLICIES}"));
    group.bench_function("index", |bencher| {
        let mut templates = templates.iter().cycle();
        bencher.iter(|| index.best(templates.next().unwrap()).map(Policy::name));
    });
    group.bench_function("scan", |bencher| {
        let mut templates = templates.iter().cycle();
        bencher.iter(|| best_policy(templates.next().unwrap(), &policies).map(Policy::name));
    });
    group.bench_function("change_one", |bencher| {
        let mut changed = policies.iter().cycle();
        bencher.iter(|| index.insert(changed.next().unwrap().clone()));
    });
    group.finish();
}

fn statuses(criterion: &mut Criterion) {
    let (template, clusters) = (deployment(), clusters());
    let binding = binding(&clusters);
    let overrides = Overrides::select(&template, &[], &[]);
    let builder = WorkBuilder::new(
        &template,
        BindingRef::Namespaced(&binding),
        overrides,
        FeatureGates::default(),
    )
    .unwrap();
    let status = json!({
        "conditions": [{"type": "Applied", "status": "True", "reason": "AppliedSuccessful", "message": ""}],
        "manifestStatuses": [{
            "identifier": {"ordinal": 0, "group": "apps", "version": "v1", "kind": "Deployment",
                "resource": "deployments", "namespace": "production", "name": "shop"},
            "status": {"generation": 3, "observedGeneration": 3, "replicas": 2, "updatedReplicas": 2,
                "readyReplicas": 2, "availableReplicas": 2, "resourceTemplateGeneration": 3},
            "health": "Healthy",
        }],
    });
    let works: Vec<Work> = (0..CLUSTERS)
        .map(|at| {
            let mut work = build(&builder, &clusters, at, None).unwrap();
            work.status = serde_json::from_value(status.clone()).unwrap();
            work
        })
        .collect();
    let aggregate = || {
        let items = aggregate_items(&works, &binding.spec.resource).unwrap();
        let condition = fully_applied(&binding.spec, &items);
        (items, condition)
    };
    let (items, condition) = aggregate();
    assert_eq!((items.len(), condition.status.as_str()), (CLUSTERS, "True"));
    criterion.bench_function(&format!("propagate/status/{CLUSTERS}"), |bencher| {
        bencher.iter(aggregate);
    });
}

criterion_group!(benches, works, policies, statuses);
criterion_main!(benches);
