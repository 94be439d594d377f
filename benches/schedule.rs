//! What decisions take: the recorded fixtures, and what these leave out.
//!
//! The fixtures are `vectors/scheduler/bench.jsonl.gz` of the folder that `KARMADA_SHARED` names (default `../shared`, from
//! the root of the workspace), or of this repository's sample where that folder is missing. Their budgets are upstream's
//! times divided by hundreds to thousands. `cargo run --release --example schedule-bench` also says whether the
//! decisions are right, and counts allocations.
//!
//! The other budgets, each per decision unless said otherwise, on one core:
//!
//! | Benchmark | Budget | Because |
//! |---|---|---|
//! | `fleet-5000/update` | 50 µs | clusters report every few seconds; one chunk of 256 clusters is copied |
//! | `fleet-5000/add`, `/remove` | 100 µs | rare; three lists of 5,000 integers are copied besides |
//! | bytes per cluster, without models | 8 KiB | 5,000 clusters stay below 40 MiB |
//! | `divide/1000000-replicas` over 100 clusters | 15 µs | that of the fixture `static-weight-20-rules`, which has 1,000 |
//! | `divide/5000-parties` | 450 µs | that of `dynamic-weight` over as many clusters |
//! | `regions/20-of-60`, 1,800 clusters | 1 ms | up to 20 regions with 450 clusters of 60 regions are 540,000 states at worst |
//! | `models/50-tables` over 1,000 clusters | 200 µs | twice that of `resource-models`, which has one table |
//! | `scale/up`, `/down`, `/fresh`: 1,000 of 5,000 clusters are targets | 800 µs | that of `dynamic-weight`, and 1,000 names are looked up |
//! | `overflow/4-tiers` over 1,000 clusters | 250 µs | three times that of `dynamic-weight`: tiers are sorted |
//! | `fit-error/text` of 5,000 clusters | 2 ms | a verdict of the filters per cluster, and a text of most |
//! | `affinity/10000-bindings` over 1,000 clusters | 30 µs | that of `duplicated-label-affinity`: the index counts by cluster |
//! | `assumptions/100` over 1,000 clusters | 400 µs | the nodes of each of 100 clusters are filled before it is asked |
//! | 100,000 bindings of eight kinds over 100 clusters | 1 s | 10 µs each; two threads at least 1.7 times as fast |

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark fails by panicking"
)]
#![allow(
    missing_docs,
    reason = "criterion's macros make a public function without documentation"
)]

use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use flate2::read::GzDecoder;
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{ResourceBinding, ResourceBindingSpec, ResourceBindingStatus};
use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::{AssumedWorkload, Fleet, Options, Snapshot, schedule, schedule_batch};
use serde_json::{Value, json};

/// A cluster of 5,000 nodes, of which some part is in use.
fn cluster(index: usize, regions: usize) -> Value {
    let used = 1 + index * 7_919 % 97;
    json!({
        "apiVersion": "cluster.karmada.io/v1alpha1",
        "kind": "Cluster",
        "metadata": {
            "name": format!("member-{index:05}"),
            "labels": {
                "env": (["prod", "staging", "dev"][index % 3]),
                "tier": (["gold", "silver"][index % 2]),
                "slot": format!("{}", index % 16),
            },
        },
        "spec": {
            "syncMode": "Push",
            "provider": (["aws", "gcp", "azure"][index % 3]),
            "region": format!("region-{:02}", index % regions),
            "zones": [format!("region-{:02}-a", index % regions)],
        },
        "status": {
            "apiEnablements": [
                {"groupVersion": "apps/v1", "resources": [
                    {"name": "deployments", "kind": "Deployment"},
                    {"name": "statefulsets", "kind": "StatefulSet"},
                ]},
                {"groupVersion": "v1", "resources": [{"name": "configmaps", "kind": "ConfigMap"}]},
                {"groupVersion": "batch/v1", "resources": [{"name": "jobs", "kind": "Job"}]},
            ],
            "resourceSummary": {
                "allocatable": {"cpu": "160k", "memory": "625Ti", "pods": "550k"},
                "allocated": {"cpu": format!("{}", 1_600 * used), "memory": format!("{}Ti", 6 * used), "pods": "20k"},
            },
        },
    })
}

/// With resource models of nine grades; `table` tells their sizes apart.
fn with_models(mut cluster: Value, index: usize, table: usize) -> Value {
    let grade = |grade: usize| {
        let cpu = |grade: usize| {
            if grade == 0 {
                0
            } else {
                (1000 + 10 * table) << (grade - 1)
            }
        };
        let memory = |grade: usize| if grade == 0 { 0 } else { 4 << (grade - 1) };
        json!({"grade": grade, "ranges": [
            {"name": "cpu", "min": format!("{}m", cpu(grade)), "max": format!("{}m", cpu(grade + 1))},
            {"name": "memory", "min": format!("{}Gi", memory(grade)), "max": format!("{}Gi", memory(grade + 1))},
        ]})
    };
    let count = |grade: usize| json!({"grade": grade, "count": 100 + (index * 31 + grade * 97) % 900});
    cluster["spec"]["resourceModels"] = (0..9).map(grade).collect();
    cluster["status"]["resourceSummary"]["allocatableModelings"] = (0..9).map(count).collect();
    cluster
}

fn clusters(count: usize, make: impl Fn(usize) -> Value) -> Vec<Cluster> {
    (0..count)
        .map(|index| wire::decode(&make(index)).unwrap())
        .collect()
}

fn fleet_of(count: usize) -> Snapshot {
    Snapshot::build(&clusters(count, |index| cluster(index, 20)), []).unwrap()
}

/// A Deployment with this placement and these replicas; `more` is merged into the spec.
fn spec(placement: &Value, replicas: usize, more: &Value) -> ResourceBindingSpec {
    let mut spec = json!({
        "resource": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "namespace": "default",
            "name": "web",
            "uid": "7f3b1c9e-0000-4000-8000-00000000beef",
        },
        "replicas": replicas,
        "replicaRequirements": {"resourceRequest": {"cpu": "250m", "memory": "512Mi"}},
        "placement": placement,
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    wire::decode(&spec).unwrap()
}

fn dynamic_weight() -> Value {
    json!({
        "replicaSchedulingType": "Divided",
        "replicaDivisionPreference": "Weighted",
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    })
}

fn aggregated() -> Value {
    json!({"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"})
}

fn with_feature(feature: Feature) -> Options {
    Options {
        features: FeatureGates::default().with(feature, true),
        ..Options::default()
    }
}

/// A decision as it must be possible: it is made once before it is timed.
fn decision(
    c: &mut Criterion,
    (group, name): (&str, &str),
    snapshot: &Snapshot,
    (spec, status): (&ResourceBindingSpec, &ResourceBindingStatus),
    options: &Options,
) {
    schedule(snapshot, spec, status, options).unwrap_or_else(|error| panic!("{group}/{name}: {error}"));
    c.benchmark_group(group).bench_function(name, |b| {
        b.iter(|| schedule(snapshot, black_box(spec), status, options));
    });
}

fn fixtures(c: &mut Criterion) {
    // Relative to the root of the workspace, whichever folder this runs in.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let shared = std::env::var_os("KARMADA_SHARED").unwrap_or_else(|| "../shared".into());
    let full = root.join(shared).join("vectors/scheduler/bench.jsonl.gz");
    let sample = root.join("tests/vectors/scheduler/bench.jsonl.gz");
    let file = File::open(&full).or_else(|_| {
        println!("SKIPPED: {} is missing; a sample of it instead", full.display());
        File::open(&sample)
    });
    let Ok(file) = file else {
        println!("SKIPPED: {} is missing", sample.display());
        return;
    };
    let mut group = c.benchmark_group("fixture");
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        let case: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let clusters: Vec<Cluster> = wire::decode(&case["clusters"]).unwrap();
        let snapshot = Snapshot::build(&clusters, []).unwrap();
        let spec: ResourceBindingSpec = wire::decode(&case["spec"]).unwrap();
        let status: ResourceBindingStatus = wire::decode(&case["status"]).unwrap();
        let gates = case["featureGates"].as_object().into_iter().flatten();
        let features = gates.fold(FeatureGates::default(), |gates, (name, enabled)| {
            let feature = Feature::ALL.iter().find(|feature| feature.name() == name);
            gates.with(*feature.unwrap(), enabled == true)
        });
        let options = Options {
            features,
            ..Options::default()
        };
        group.bench_function(case["name"].as_str().unwrap(), |b| {
            b.iter(|| schedule(&snapshot, black_box(&spec), &status, &options));
        });
    }
    group.finish();
}

/// Each change is followed by a snapshot while the one before it is held, as a host does.
fn fleet_changes(c: &mut Criterion) {
    let mut fleet = Fleet::new();
    for cluster in &clusters(5_000, |index| cluster(index, 20)) {
        fleet.apply(cluster).unwrap();
    }
    let version = |used: usize| {
        let mut changed = cluster(2_500, 20);
        changed["status"]["resourceSummary"]["allocated"]["cpu"] = json!(format!("{used}"));
        wire::decode::<Cluster>(&changed).unwrap()
    };
    let versions = [version(50_000), version(60_000)];
    let extra: Cluster = wire::decode(&cluster(70_000, 20)).unwrap();
    let mut held = fleet.snapshot();
    let mut group = c.benchmark_group("fleet-5000");
    let mut turn = 0;
    group.bench_function("update", |b| {
        b.iter(|| {
            turn ^= 1;
            fleet.apply(black_box(&versions[turn])).unwrap();
            held = fleet.snapshot();
        });
    });
    group.bench_function("add", |b| {
        b.iter_custom(|times| {
            let mut spent = Duration::ZERO;
            for _ in 0..times {
                let started = Instant::now();
                fleet.apply(black_box(&extra)).unwrap();
                held = fleet.snapshot();
                spent += started.elapsed();
                fleet.remove("member-70000");
                held = fleet.snapshot();
            }
            spent
        });
    });
    group.bench_function("remove", |b| {
        b.iter_custom(|times| {
            let mut spent = Duration::ZERO;
            for _ in 0..times {
                fleet.apply(&extra).unwrap();
                held = fleet.snapshot();
                let started = Instant::now();
                assert!(fleet.remove(black_box("member-70000")));
                held = fleet.snapshot();
                spent += started.elapsed();
            }
            spent
        });
    });
    group.finish();
    assert_eq!(held.len(), 5_000);
}

/// What a compiled cluster takes of the heap, shared parts counted once.
fn memory(_: &mut Criterion) {
    let count = 5_000;
    for (what, clusters) in [
        ("without models", clusters(count, |index| cluster(index, 20))),
        (
            "with models of 9 grades",
            clusters(count, |index| with_models(cluster(index, 20), index, 0)),
        ),
    ] {
        let mut snapshot = None;
        let measured =
            allocation_counter::measure(|| snapshot = Some(Snapshot::build(&clusters, []).unwrap()));
        let bytes = measured.bytes_current / count as i64;
        println!("bytes per compiled cluster, {what}: {bytes} (budget 8192)");
        assert_eq!(snapshot.unwrap().len(), count);
    }
}

fn division(c: &mut Criterion) {
    let status = ResourceBindingStatus::default();
    let options = Options::default();
    let rules: Value = (0..20)
        .map(|region| {
            let region = format!("region-{region:02}");
            let expression = json!({"key": "region", "operator": "In", "values": [region]});
            json!({"targetCluster": {"fieldSelector": {"matchExpressions": [expression]}}, "weight": 7})
        })
        .collect();
    let static_weight = json!({"replicaScheduling": {
        "replicaSchedulingType": "Divided",
        "replicaDivisionPreference": "Weighted",
        "weightPreference": {"staticWeightList": rules},
    }});
    let many = spec(&static_weight, 1_000_000, &Value::Null);
    decision(
        c,
        ("divide", "1000000-replicas"),
        &fleet_of(100),
        (&many, &status),
        &options,
    );
    let by_room = json!({"replicaScheduling": dynamic_weight()});
    let wide = spec(&by_room, 200_000, &Value::Null);
    decision(
        c,
        ("divide", "5000-parties"),
        &fleet_of(5_000),
        (&wide, &status),
        &options,
    );
}

fn regions(c: &mut Criterion) {
    // Regions of different sizes, so that combinations differ.
    let region = |index: usize| (index * index) % 97 % 60;
    let make = |index: usize| {
        let mut cluster = cluster(index, 60);
        cluster["spec"]["region"] = json!(format!("region-{:02}", region(index)));
        cluster
    };
    let clusters = clusters(1_800, make);
    let snapshot = Snapshot::build(&clusters, []).unwrap();
    let placement = json!({
        "spreadConstraints": [
            {"spreadByField": "region", "minGroups": 10, "maxGroups": 20},
            {"spreadByField": "cluster", "minGroups": 450, "maxGroups": 900},
        ],
        "replicaScheduling": dynamic_weight(),
    });
    let spec = spec(&placement, 5_000, &Value::Null);
    let status = ResourceBindingStatus::default();
    decision(
        c,
        ("regions", "20-of-60"),
        &snapshot,
        (&spec, &status),
        &Options::default(),
    );
}

fn models(c: &mut Criterion) {
    let tables = clusters(1_000, |index| with_models(cluster(index, 20), index, index % 50));
    let snapshot = Snapshot::build(&tables, []).unwrap();
    let placement = json!({"replicaScheduling": dynamic_weight()});
    let spec = spec(&placement, 1_000, &Value::Null);
    let status = ResourceBindingStatus::default();
    decision(
        c,
        ("models", "50-tables"),
        &snapshot,
        (&spec, &status),
        &Options::default(),
    );
}

fn scale(c: &mut Criterion) {
    let snapshot = fleet_of(5_000);
    let targets: Value = (0..1_000)
        .map(|index| json!({"name": format!("member-{:05}", index * 5), "replicas": 1 + index % 7}))
        .collect();
    let placement = json!({"replicaScheduling": dynamic_weight()});
    let steady = json!({"clusters": targets});
    let fresh = json!({"clusters": targets, "rescheduleTriggeredAt": "2026-01-02T00:00:00Z"});
    let status = wire::decode(&json!({"lastScheduledTime": "2026-01-01T00:00:00Z"})).unwrap();
    for (name, replicas, more) in [
        ("up", 10_000, &steady),
        ("down", 2_000, &steady),
        ("fresh", 4_000, &fresh),
    ] {
        let spec = spec(&placement, replicas, more);
        decision(
            c,
            ("scale", name),
            &snapshot,
            (&spec, &status),
            &Options::default(),
        );
    }
}

fn overflow(c: &mut Criterion) {
    let group = |values: &[&str]| json!({"labelSelector": {"matchExpressions": [{"key": "slot", "operator": "In", "values": values}]}});
    let tier = |name: &str, values: &[&str]| {
        let mut tier = group(values);
        tier["affinityName"] = json!(name);
        tier
    };
    let mut term = tier("primary", &["0"]);
    term["overflowAffinities"] = json!([
        tier("first", &["1", "2"]),
        tier("second", &["3", "4", "5"]),
        tier("third", &["6", "7", "8", "9", "10", "11", "12", "13", "14", "15"]),
    ]);
    let placement = json!({"clusterAffinities": [term], "replicaScheduling": aggregated()});
    // More than the first two tiers have room for.
    let spec = spec(&placement, 70_000_000, &Value::Null);
    let status = wire::decode(&json!({"schedulerObservingAffinityName": "primary"})).unwrap();
    decision(
        c,
        ("overflow", "4-tiers"),
        &fleet_of(1_000),
        (&spec, &status),
        &Options::default(),
    );
}

fn fit_error(c: &mut Criterion) {
    // Each cluster is out for one of many reasons.
    let make = |index: usize| {
        let mut cluster = cluster(index, 20);
        match index % 3 {
            0 => cluster["status"]["apiEnablements"] = json!([]),
            1 => {
                let value = format!("team-{}", index % 40);
                cluster["spec"]["taints"] =
                    json!([{"key": "dedicated", "value": value, "effect": "NoSchedule"}]);
            }
            _ => {}
        }
        cluster
    };
    let clusters = clusters(5_000, make);
    let snapshot = Snapshot::build(&clusters, []).unwrap();
    let placement = json!({"clusterAffinity": {"labelSelector": {"matchLabels": {"env": "none"}}}});
    let spec = spec(&placement, 3, &Value::Null);
    let (status, options) = (ResourceBindingStatus::default(), Options::default());
    let text = || {
        let outcome = schedule(&snapshot, black_box(&spec), &status, &options);
        outcome.map(|_| ()).unwrap_err().to_string()
    };
    assert!(text().starts_with("0/5000 clusters are available: "));
    c.benchmark_group("fit-error")
        .bench_function("text", |b| b.iter(text));
}

fn workload_affinity(c: &mut Criterion) {
    let mut fleet = Fleet::new();
    for cluster in &clusters(1_000, |index| cluster(index, 20)) {
        fleet.apply(cluster).unwrap();
    }
    for index in 0..10_000 {
        let binding = json!({
            "apiVersion": "work.karmada.io/v1alpha2",
            "kind": "ResourceBinding",
            "metadata": {"name": format!("app{index}-deployment"), "namespace": "default", "resourceVersion": "1"},
            "spec": {
                "resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "default", "name": format!("app{index}")},
                "clusters": [{"name": format!("member-{:05}", index % 100)}, {"name": "member-00900"}],
                "workloadAffinityGroups": {
                    "affinityGroup": format!("app={}", index % 100),
                    "antiAffinityGroup": format!("zone={}", index % 100),
                },
            },
        });
        fleet.observe_binding(&wire::decode::<ResourceBinding>(&binding).unwrap());
    }
    let snapshot = fleet.snapshot();
    let placement = json!({"replicaScheduling": {"replicaSchedulingType": "Duplicated"}});
    let groups = json!({"workloadAffinityGroups": {"affinityGroup": "app=7", "antiAffinityGroup": "zone=8"}});
    let spec = spec(&placement, 3, &groups);
    let status = ResourceBindingStatus::default();
    let options = with_feature(Feature::WorkloadAffinity);
    decision(
        c,
        ("affinity", "10000-bindings"),
        &snapshot,
        (&spec, &status),
        &options,
    );
}

fn assumptions(c: &mut Criterion) {
    let mut fleet = Fleet::new();
    for cluster in &clusters(1_000, |index| with_models(cluster(index, 20), index, 0)) {
        fleet.apply(cluster).unwrap();
    }
    let component = json!({
        "name": "web",
        "replicas": 20,
        "replicaRequirements": {"resourceRequest": {"cpu": "500m", "memory": "1Gi"}},
    });
    for index in 0..100 {
        let workload = AssumedWorkload {
            namespace: "default".to_owned(),
            components: vec![wire::decode(&component).unwrap()],
        };
        fleet.assume(
            &format!("default/app{index}"),
            &format!("member-{:05}", index * 10),
            workload,
        );
    }
    let snapshot = fleet.snapshot();
    let placement = json!({"replicaScheduling": dynamic_weight()});
    let spec = spec(&placement, 1_000, &Value::Null);
    let status = ResourceBindingStatus::default();
    let options = with_feature(Feature::SchedulingOvercommitProtection);
    decision(c, ("assumptions", "100"), &snapshot, (&spec, &status), &options);
}

/// Kinds that a control plane has side by side.
fn mixed(index: usize) -> ResourceBindingSpec {
    let env = ["prod", "staging", "dev"][index % 3];
    let affinity = json!({"labelSelector": {"matchLabels": {"env": env}}});
    let by_cluster = json!([{"spreadByField": "cluster", "minGroups": 2, "maxGroups": 5}]);
    let by_region = json!([
        {"spreadByField": "region", "minGroups": 3, "maxGroups": 3},
        {"spreadByField": "cluster", "minGroups": 3, "maxGroups": 6},
    ]);
    let static_weight = json!({
        "replicaSchedulingType": "Divided",
        "replicaDivisionPreference": "Weighted",
        "weightPreference": {"staticWeightList": [
            {"targetCluster": {"labelSelector": {"matchLabels": {"tier": "gold"}}}, "weight": 2},
            {"targetCluster": {"labelSelector": {"matchLabels": {"tier": "silver"}}}, "weight": 1},
        ]},
    });
    let targets: Value = (0..3)
        .map(|offset| json!({"name": format!("member-{:05}", (index + offset) % 100), "replicas": 2}))
        .collect();
    let uid = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "namespace": "default", "name": format!("app{index}"),
        "uid": format!("7f3b1c9e-0000-4000-8000-{index:012}"),
    });
    let config = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "namespace": "default", "name": format!("app{index}"),
        "uid": format!("7f3b1c9e-0000-4000-8000-{index:012}"),
    });
    let (placement, replicas, more) = match index % 8 {
        0 => (json!({"clusterAffinity": affinity}), 3, json!({"resource": uid})),
        1 => (
            json!({"clusterAffinity": affinity}),
            0,
            json!({"resource": config, "replicaRequirements": null}),
        ),
        2 => (
            json!({"replicaScheduling": static_weight}),
            50,
            json!({"resource": uid}),
        ),
        3 => (
            json!({"replicaScheduling": dynamic_weight()}),
            200,
            json!({"resource": uid}),
        ),
        4 => (
            json!({"replicaScheduling": aggregated()}),
            500,
            json!({"resource": uid}),
        ),
        5 => (
            json!({"spreadConstraints": by_cluster, "replicaScheduling": dynamic_weight()}),
            40,
            json!({"resource": uid}),
        ),
        6 => (
            json!({"spreadConstraints": by_region, "replicaScheduling": dynamic_weight()}),
            40,
            json!({"resource": uid}),
        ),
        _ => (
            json!({"clusterAffinity": affinity, "replicaScheduling": dynamic_weight()}),
            30,
            json!({"resource": uid, "clusters": targets}),
        ),
    };
    spec(&placement, replicas, &more)
}

/// 100,000 bindings, no two the same: too long for criterion's samples, so the median of five.
fn batch(c: &mut Criterion) {
    let snapshot = fleet_of(100);
    let specs: Vec<ResourceBindingSpec> = (0..100_000).map(mixed).collect();
    let status = ResourceBindingStatus::default();
    let bindings: Vec<_> = specs.iter().map(|spec| (spec, &status)).collect();
    let options = Options::default();
    let median = |threads: usize| {
        let threads = NonZeroUsize::new(threads).unwrap();
        let mut times: Vec<Duration> = (0..5)
            .map(|_| {
                let started = Instant::now();
                let outcomes = black_box(schedule_batch(&snapshot, &bindings, &options, threads));
                let spent = started.elapsed();
                assert!(outcomes.iter().all(Result::is_ok));
                spent
            })
            .collect();
        times.sort_unstable();
        times[2]
    };
    let (one, two) = (median(1), median(2));
    let times = one.as_secs_f64() / two.as_secs_f64();
    println!(
        "100000 bindings over 100 clusters: {one:.2?} on one thread (budget 1 s), {two:.2?} on two: {times:.2} times as fast (budget 1.7)"
    );
    let mut group = c.benchmark_group("batch");
    for (kind, spec) in specs.iter().enumerate().take(8) {
        group.bench_with_input(BenchmarkId::new("kind", kind), spec, |b, spec| {
            b.iter(|| schedule(&snapshot, black_box(spec), &status, &options));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = memory, fixtures, fleet_changes, division, regions, models, scale, overflow, fit_error, workload_affinity,
        assumptions, batch
}
criterion_main!(benches);
