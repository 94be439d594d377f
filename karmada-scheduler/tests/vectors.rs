//! Recorded upstream decisions (`vectors/scheduler` of the folder that `KARMADA_SHARED` names), each in two orders of
//! its clusters. Without the folder the tests say `SKIPPED`, or fail if `KARMADA_REQUIRE_SHARED` is `1`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod recorded;

use std::collections::BTreeMap;

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{ResourceBinding, ResourceBindingSpec, ResourceBindingStatus};
use karmada_scheduler::{ErrorKind, Options, ScheduleError, Snapshot, schedule};
use recorded::{cases, features, list};
use serde_json::{Value, json};

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
