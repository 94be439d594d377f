//! What an explanation takes beside the decision it explains, and what it takes to find the smallest edit.
//!
//! Fleets of 1,000 and 5,000 clusters; a third is rejected by label, a tenth by taint. Goals: an explanation takes 10 µs per
//! cluster; a single edit or a pair is found in 5 ms on 1,000 clusters.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![allow(
    missing_docs,
    reason = "criterion's macros make a public function without documentation"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use karmada_core::api::cluster::v1alpha1::{Cluster, ClusterSyncMode};
use karmada_core::api::meta::Taint;
use karmada_core::api::policy::v1alpha1::{
    ClusterAffinity, Placement, ReplicaSchedulingStrategy, SpreadConstraint, SpreadFieldValue,
};
use karmada_core::api::work::v1alpha2::{ReplicaRequirements, ResourceBindingSpec, ResourceBindingStatus};
use karmada_scheduler::explain::{EditAnswer, explain, smallest_edit};
use karmada_scheduler::{Options, Snapshot, schedule};

/// What a cluster is like.
#[derive(Clone, Copy)]
struct Shape {
    production: bool,
    tainted: bool,
    cpu: i64,
}

fn cluster(index: usize, shape: Shape) -> Cluster {
    let env = if shape.production { "production" } else { "staging" };
    let cpu = format!("{}m", shape.cpu * 1000);
    let cluster = Cluster::new(format!("member{index:05}"), ClusterSyncMode::Push)
        .label("env", env)
        .label("team", format!("team-{}", index % 40))
        .provider(if index.is_multiple_of(2) { "aws" } else { "gcp" })
        .region(format!("region-{:02}", index % 20))
        .zone(format!("zone-{:02}", index % 60))
        .serving("apps/v1", "deployments", "Deployment")
        .capacity([
            ("cpu", cpu.parse().unwrap()),
            ("memory", "4Ti".parse().unwrap()),
            ("pods", "5000".parse().unwrap()),
        ]);
    if shape.tainted {
        cluster.taint(Taint::new("maintenance", "NoSchedule"))
    } else {
        cluster
    }
}

fn fleet(count: usize) -> Vec<Cluster> {
    (0..count)
        .map(|index| {
            let shape = Shape {
                production: !index.is_multiple_of(3),
                tainted: index % 10 == 1,
                cpu: 100 + (index as i64 * 7919) % 900,
            };
            cluster(index, shape)
        })
        .collect()
}

fn spec(strategy: ReplicaSchedulingStrategy) -> ResourceBindingSpec {
    let placement = Placement::new()
        .affinity(ClusterAffinity::label("env", "production"))
        .replicas(strategy);
    let mut spec = ResourceBindingSpec {
        replicas: 2_000,
        placement: Some(placement),
        replica_requirements: Some(ReplicaRequirements {
            resource_request: [
                ("cpu".to_owned(), "500m".parse().unwrap()),
                ("memory".to_owned(), "1Gi".parse().unwrap()),
            ]
            .into(),
            ..ReplicaRequirements::default()
        }),
        ..ResourceBindingSpec::default()
    };
    let resource = &mut spec.resource;
    (resource.api_version, resource.kind) = ("apps/v1".into(), "Deployment".into());
    (resource.namespace, resource.name) = ("shop".into(), "web".into());
    spec
}

fn by_room() -> ResourceBindingSpec {
    spec(ReplicaSchedulingStrategy::dynamic_weight())
}

fn by_region() -> ResourceBindingSpec {
    let mut spec = spec(ReplicaSchedulingStrategy::aggregated());
    if let Some(placement) = &mut spec.placement {
        placement.spread_constraints = vec![
            SpreadConstraint::by_field(SpreadFieldValue::Region, 3, 3),
            SpreadConstraint::by_field(SpreadFieldValue::Cluster, 6, 12),
        ];
    }
    spec
}

fn decisions(criterion: &mut Criterion) {
    let (status, options) = (ResourceBindingStatus::default(), Options::default());
    for count in [1_000, 5_000] {
        let snapshot = Snapshot::build(&fleet(count), []).unwrap();
        for (name, spec) in [("by room", by_room()), ("by region", by_region())] {
            let mut group = criterion.benchmark_group(format!("{count} clusters, {name}"));
            group.bench_function("schedule", |bencher| {
                bencher.iter(|| schedule(&snapshot, black_box(&spec), &status, &options).unwrap());
            });
            group.bench_function("explain", |bencher| {
                bencher.iter(|| explain(&snapshot, black_box(&spec), &status, &options).unwrap());
            });
            let explanation = explain(&snapshot, &spec, &status, &options).unwrap();
            group.bench_function("to text", |bencher| {
                bencher.iter(|| black_box(&explanation).to_text());
            });
            group.finish();
        }
    }
}

fn edits(criterion: &mut Criterion) {
    let (status, options) = (ResourceBindingStatus::default(), Options::default());
    let ready = Shape {
        production: true,
        tainted: false,
        cpu: 0,
    };
    let questions = [
        (
            "toleration",
            Shape {
                tainted: true,
                cpu: 900,
                ..ready
            },
            1,
        ),
        (
            "label",
            Shape {
                production: false,
                cpu: 900,
                ..ready
            },
            1,
        ),
        ("capacity", ready, 1),
        (
            "label and capacity",
            Shape {
                production: false,
                ..ready
            },
            2,
        ),
    ];
    for count in [1_000, 5_000] {
        let mut group = criterion.benchmark_group(format!("smallest edit, {count} clusters"));
        group.sample_size(20);
        for (name, shape, edits) in questions {
            let mut clusters = fleet(count);
            let own = cluster(clusters.len(), shape);
            clusters.push(own.clone());
            let snapshot = Snapshot::build(&clusters, []).unwrap();
            let spec = by_room();
            let answer = || smallest_edit(&snapshot, &own, black_box(&spec), &status, &options).unwrap();
            match answer() {
                EditAnswer::Edit(answer) => assert_eq!(answer.edits.len(), edits, "{name}"),
                other => panic!("{name}: {other:?}"),
            }
            group.bench_function(name, |bencher| bencher.iter(answer));
        }
        // Without a region where one is asked for: no edit helps, which the filters say at once.
        let mut clusters = fleet(count);
        let mut own = cluster(clusters.len(), ready);
        own.spec.region = String::new();
        clusters.push(own.clone());
        let snapshot = Snapshot::build(&clusters, []).unwrap();
        let spec = by_region();
        group.bench_function("none", |bencher| {
            bencher.iter(|| smallest_edit(&snapshot, &own, black_box(&spec), &status, &options).unwrap());
        });
        group.finish();
    }
}

criterion_group!(benches, decisions, edits);
criterion_main!(benches);
