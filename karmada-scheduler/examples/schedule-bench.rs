//! Times decisions on recorded fleets: `cargo run --release --example schedule-bench -- FILE [--filter NAME]`.
//!
//! A file, compressed where its name ends in `.gz`, has one case per line: clusters, a binding's spec and status, and
//! what upstream decides. Each case becomes 64 bindings with distinct requests, replicas, uids and label values; the
//! first is the recorded one. All are decided in shuffled order, again and again, and every decision is held against
//! the recorded one or the slow reference
//! of the tests. The time of a decision is that from the spec to the targets, compiling selectors and dropping the
//! decision included, and nothing is kept from one decision to the next. Allocations are counted apart.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a tool may stop with a message"
)]

use std::hint::black_box;
use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::meta::ResourceList;
use karmada_core::api::policy::v1alpha1::ClusterAffinity;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{ResourceBindingSpec, ResourceBindingStatus, TargetCluster};
use karmada_core::features::{Feature, FeatureGates};
use karmada_core::quantity::Quantity;
use karmada_scheduler::{Options, Snapshot, schedule};
use serde_json::Value;

#[path = "../tests/reference/mod.rs"]
mod reference;

/// Bindings made from a case.
const VARIANTS: usize = 64;
/// How long a case is timed.
const BUDGET: Duration = Duration::from_millis(600);

type Outcome = Result<Vec<TargetCluster>, String>;

fn main() {
    let mut files = Vec::new();
    let mut filter = String::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--filter" {
            filter = arguments.next().expect("--filter needs a name");
        } else {
            files.push(argument);
        }
    }
    assert!(!files.is_empty(), "usage: schedule-bench FILE... [--filter NAME]");
    println!(
        "{:<34} {:>8} {:>10} {:>10} {:>10} {:>7}  verdict",
        "case", "clusters", "p50", "p99", "first", "allocs"
    );
    let mut wrong = 0;
    for file in files {
        let reader = std::fs::File::open(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let reader: Box<dyn Read> = if file.ends_with(".gz") {
            Box::new(GzDecoder::new(reader))
        } else {
            Box::new(reader)
        };
        for line in BufReader::new(reader).lines() {
            let case: Value = serde_json::from_str(&line.unwrap()).unwrap();
            let name = case["name"].as_str().unwrap_or("?").to_owned();
            if name.contains(&filter) {
                wrong += usize::from(!run(&name, &case));
            }
        }
    }
    std::process::exit(i32::from(wrong > 0));
}

/// Times one case; whether all decisions were right.
fn run(name: &str, case: &Value) -> bool {
    let clusters: Vec<Cluster> = case["clusters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cluster| wire::decode(cluster).unwrap())
        .collect();
    let spec: ResourceBindingSpec = wire::decode(&case["spec"]).unwrap();
    let status: ResourceBindingStatus = wire::decode(&case["status"]).unwrap();
    let options = options(case);
    let specs: Vec<ResourceBindingSpec> = (0..VARIANTS)
        .map(|index| variant(&spec, index, &clusters))
        .collect();

    let snapshot = Snapshot::build(&clusters, []).unwrap();
    let started = Instant::now();
    drop(black_box(schedule(
        &snapshot,
        black_box(&specs[0]),
        &status,
        &options,
    )));
    let first = started.elapsed();

    let mut order: Vec<usize> = (0..VARIANTS).collect();
    let mut times = Vec::new();
    let (started, mut state) = (Instant::now(), 1u64);
    while started.elapsed() < BUDGET || times.len() < 2 * VARIANTS {
        for index in (1..VARIANTS).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            order.swap(index, (state >> 33) as usize % (index + 1));
        }
        for index in &order {
            let started = Instant::now();
            drop(black_box(schedule(
                &snapshot,
                black_box(&specs[*index]),
                &status,
                &options,
            )));
            times.push(started.elapsed());
        }
    }
    times.sort_unstable();

    let allocations = allocation_counter::measure(|| {
        for spec in &specs {
            drop(black_box(schedule(&snapshot, spec, &status, &options)));
        }
    });
    let right = specs.iter().enumerate().all(|(index, spec)| {
        let got = outcome(&snapshot, spec, &status, &options);
        let recorded = (index == 0).then(|| recorded(case)).flatten();
        let slow = || {
            let mut targets = reference::schedule(&reference::Input {
                clusters: &clusters,
                spec,
                status: &status,
                features: options.features,
                attach_empty: options.enable_empty_workload_propagation,
            });
            if let Ok(targets) = &mut targets {
                targets.sort_by(|left, right| left.name.cmp(&right.name));
            }
            targets
        };
        got == slow() && recorded.is_none_or(|recorded| got == recorded)
    });
    println!(
        "{name:<34} {:>8} {:>10.1?} {:>10.1?} {:>10.1?} {:>7}  {}",
        clusters.len(),
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        first,
        allocations.count_total / VARIANTS as u64,
        if right { "right" } else { "wrong" }
    );
    right
}

fn options(case: &Value) -> Options {
    let given = case["featureGates"].as_object().into_iter().flatten();
    let features = given.fold(FeatureGates::default(), |gates, (name, enabled)| {
        let feature = Feature::ALL.iter().find(|feature| feature.name() == name);
        gates.with(*feature.expect("a known feature"), enabled == true)
    });
    Options {
        features,
        enable_empty_workload_propagation: case["enableEmptyWorkloadPropagation"] == true,
        ..Options::default()
    }
}

fn outcome(
    snapshot: &Snapshot,
    spec: &ResourceBindingSpec,
    status: &ResourceBindingStatus,
    options: &Options,
) -> Outcome {
    let decision = schedule(snapshot, spec, status, options).map_err(|error| error.to_string())?;
    let mut targets = decision.to_target_clusters();
    targets.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(targets)
}

fn recorded(case: &Value) -> Option<Outcome> {
    let expect = case.get("expect")?;
    if let Some(error) = expect["error"].as_str() {
        return Some(Err(error.to_owned()));
    }
    let targets = expect["targets"].as_array().into_iter().flatten();
    Some(Ok(targets.map(|target| wire::decode(target).unwrap()).collect()))
}

/// The binding with other requests, replicas, uid and label values; number 0 is unchanged.
fn variant(spec: &ResourceBindingSpec, index: usize, clusters: &[Cluster]) -> ResourceBindingSpec {
    let mut spec = spec.clone();
    if index == 0 {
        return spec;
    }
    let step = index as i64;
    // Between the recorded request and twice that.
    let change = |request: &mut ResourceList| {
        for (name, quantity) in request {
            let format = quantity.format();
            *quantity = if name == "cpu" {
                Quantity::from_milli(quantity.milli_value() * (64 + step) / 64, format)
            } else {
                Quantity::new(quantity.value() * (64 + step) / 64, format)
            };
        }
    };
    if let Some(requirements) = &mut spec.replica_requirements {
        change(&mut requirements.resource_request);
    }
    for component in &mut spec.components {
        if let Some(requirements) = &mut component.replica_requirements {
            change(&mut requirements.resource_request);
        }
    }
    spec.replicas += if spec.replicas > 0 { index as i32 } else { 0 };
    spec.resource.uid = format!("{}-{index}", spec.resource.uid);
    let placement = spec.placement.as_mut().unwrap();
    if let Some(affinity) = &mut placement.cluster_affinity {
        change_labels(affinity, index, clusters);
    }
    let weights = placement
        .replica_scheduling
        .as_mut()
        .and_then(|it| it.weight_preference.as_mut());
    if let Some(weights) = weights {
        let rules = weights.static_weight_list.len().max(1);
        weights.static_weight_list.rotate_left(index % rules);
        for (position, rule) in weights.static_weight_list.iter_mut().enumerate() {
            rule.weight = 1 + ((position + index) % 23) as i64;
        }
    }
    spec
}

/// Other values that some cluster has for the same labels.
fn change_labels(affinity: &mut ClusterAffinity, index: usize, clusters: &[Cluster]) {
    let Some(selector) = &mut affinity.label_selector else {
        return;
    };
    for (key, value) in &mut selector.match_labels {
        let labels = clusters[index % clusters.len()].metadata.labels.as_ref();
        if let Some(other) = labels.and_then(|labels| labels.get(key)) {
            other.clone_into(value);
        }
    }
}
