//! Recorded upstream decisions (`vectors/scheduler` of the folder that `KARMADA_SHARED` names), each in two orders of
//! its clusters. Without the folder the tests say `SKIPPED`, or fail if `KARMADA_REQUIRE_SHARED` is `1`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use flate2::read::GzDecoder;
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{ResourceBinding, ResourceBindingSpec, ResourceBindingStatus};
use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::{ErrorKind, Options, ScheduleError, Snapshot, schedule};
use serde_json::{Value, json};

/// The cases of a file, or nothing and a line that says so where the file is missing.
fn cases(file: &str) -> Option<impl Iterator<Item = Value>> {
    // Relative to the root of the workspace, whichever folder a test runs in.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let shared = env::var_os("KARMADA_SHARED").unwrap_or_else(|| "../shared".into());
    let path = root.join(shared).join("vectors/scheduler").join(file);
    if !path.exists() {
        let required = env::var("KARMADA_REQUIRE_SHARED").is_ok_and(|value| value == "1");
        assert!(
            !required,
            "{} is missing, and KARMADA_REQUIRE_SHARED=1",
            path.display()
        );
        // Not through `print!`, which the harness shows of failed tests only.
        let note = format!("SKIPPED: {} is missing\n", path.display());
        io::stderr().write_all(note.as_bytes()).unwrap();
        return None;
    }
    let lines = BufReader::new(GzDecoder::new(File::open(path).unwrap())).lines();
    Some(lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()))
}

fn list<T: serde::de::DeserializeOwned>(value: &Value) -> Vec<T> {
    let items = value.as_array().into_iter().flatten();
    items.map(|item| wire::decode(item).unwrap()).collect()
}

fn features(case: &Value) -> FeatureGates {
    let given = case["featureGates"].as_object().into_iter().flatten();
    given.fold(FeatureGates::default(), |gates, (name, enabled)| {
        let feature = Feature::ALL
            .iter()
            .find(|feature| feature.name() == name)
            .unwrap();
        gates.with(*feature, enabled.as_bool().unwrap())
    })
}

/// Ours in the form of `expect`.
fn decide(case: &Value, clusters: &[Cluster]) -> Value {
    let bindings: Vec<ResourceBinding> = list(&case["bindings"]);
    let spec: ResourceBindingSpec = wire::decode(&case["spec"]).unwrap();
    let status: ResourceBindingStatus = wire::decode(&case["status"]).unwrap();
    let options = Options {
        features: features(case),
        enable_empty_workload_propagation: case["enableEmptyWorkloadPropagation"] == json!(true),
        ..Options::default()
    };
    let snapshot = Snapshot::build(clusters, &bindings).unwrap();
    match schedule(&snapshot, &spec, &status, &options) {
        Ok(decision) => {
            let mut targets = decision.to_target_clusters();
            targets.sort_by(|left, right| left.name.cmp(&right.name));
            if targets.is_empty() {
                return json!({});
            }
            json!({"targets": targets})
        }
        Err(error) => {
            let kind = match error.kind() {
                ErrorKind::Fit => "fit",
                ErrorKind::Unschedulable => "unschedulable",
                ErrorKind::Other => "other",
            };
            let mut out = json!({"errorKind": kind, "error": error.to_string()});
            if let ScheduleError::Fit(fit) = &error {
                let rejected: BTreeMap<&str, &str> = fit
                    .diagnosis
                    .rejections()
                    .map(|rejection| (rejection.cluster, rejection.reason))
                    .collect();
                out["rejected"] = json!(rejected);
            }
            out
        }
    }
}

/// Runs every case with an expectation; says how many there were.
fn check(file: &str) {
    let Some(cases) = cases(file) else { return };
    let (mut passed, mut failures) = (0, Vec::new());
    for case in cases {
        let Some(expect) = case.get("expect") else {
            continue;
        };
        // Absent and empty are the same.
        let mut expect = expect.clone();
        let members = expect.as_object_mut().unwrap();
        members.retain(|_, value| !value.is_null() && *value != json!([]) && *value != json!({}));
        let mut clusters: Vec<Cluster> = list(&case["clusters"]);
        let as_listed = decide(&case, &clusters);
        shuffle(&mut clusters);
        let shuffled = decide(&case, &clusters);
        let name = case["name"].as_str().unwrap();
        assert_eq!(as_listed, shuffled, "{name} depends on the order of clusters");
        if as_listed == expect {
            passed += 1;
        } else {
            failures.push(format!("{name}\n expect {expect}\n got    {as_listed}"));
        }
    }
    assert!(
        failures.is_empty(),
        "{file}: {passed} passed, {} failed\n{}",
        failures.len(),
        failures.iter().take(5).cloned().collect::<Vec<_>>().join("\n")
    );
    println!("{file}: {passed} passed");
    assert!(passed > 0);
}

/// Some other order, the same every time.
fn shuffle<T>(items: &mut [T]) {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for index in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        items.swap(index, (state >> 33) as usize % (index + 1));
    }
}

#[test]
fn small() {
    check("small.jsonl.gz");
}

#[test]
fn large() {
    check("large.jsonl.gz");
}

#[test]
fn region() {
    check("region.jsonl.gz");
}

#[test]
fn bench() {
    check("bench.jsonl.gz");
}
