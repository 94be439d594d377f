//! The quickstart, run as a newcomer runs it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn quickstart(args: &[&str]) -> Output {
    // Test binaries are in `deps`, examples in a folder beside it; `cargo test` builds both.
    let mut binary: PathBuf = std::env::current_exe().unwrap();
    binary.pop();
    binary.pop();
    binary.push("examples");
    binary.push(format!("quickstart{}", std::env::consts::EXE_SUFFIX));
    assert!(
        binary.exists(),
        "{} is missing: run `cargo build --example quickstart` first",
        binary.display()
    );
    Command::new(binary).args(args).output().unwrap()
}

fn report(args: &[&str]) -> Value {
    let output = quickstart(&[args, &["--format", "json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn shares(report: &Value) -> Vec<(&str, &str, i64)> {
    let clusters = report["clusters"].as_array().unwrap();
    let share = |cluster: &'_ Value| cluster["replicas"].as_i64().unwrap();
    clusters
        .iter()
        .map(|cluster| {
            (
                cluster["name"].as_str().unwrap(),
                cluster["verdict"].as_str().unwrap(),
                share(cluster),
            )
        })
        .collect()
}

#[test]
fn the_samples_are_placed_with_a_reason_for_every_cluster() {
    let report = report(&[]);
    assert_eq!(
        shares(&report),
        [
            ("member1", "chosen", 5),
            ("member2", "chosen", 2),
            ("member3", "chosen", 5),
            ("member4", "unused", 0),
            ("member5", "rejected", 0),
            ("member6", "rejected", 0),
        ]
    );
    for cluster in report["clusters"].as_array().unwrap() {
        assert_ne!(cluster["reason"], "", "{cluster}");
    }
    assert_eq!(report["policy"]["name"], "PropagationPolicy default/nginx");

    let works = report["works"].as_array().unwrap();
    let image = |work: &Value| {
        let manifest = &work["spec"]["workload"]["manifests"][0]["spec"];
        (
            work["metadata"]["namespace"].as_str().unwrap().to_owned(),
            manifest["replicas"].as_i64().unwrap(),
            manifest["template"]["spec"]["containers"][0]["image"]
                .as_str()
                .unwrap()
                .to_owned(),
        )
    };
    let expected = [
        ("karmada-es-member1", 5, "docker.io/library/nginx:1.29"),
        ("karmada-es-member2", 2, "docker.io/library/nginx:1.29"),
        (
            "karmada-es-member3",
            5,
            "registry.us-east.example.com/library/nginx:1.29",
        ),
    ];
    let expected = expected.map(|(space, replicas, image)| (space.to_owned(), replicas, image.to_owned()));
    assert_eq!(works.iter().map(image).collect::<Vec<_>>(), expected);
}

#[test]
fn replicas_that_fit_nowhere_are_told_and_fail() {
    let output = quickstart(&["--replicas", "500"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("Not scheduled: failed to assign replicas"),
        "{text}"
    );
    assert!(text.contains("member6  aws       ap-south  rejected"), "{text}");
}

#[test]
fn works_are_written_to_a_folder() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("quickstart-works");
    let output = quickstart(&["--output", folder.to_str().unwrap(), "--format", "yaml"]);
    assert!(output.status.success(), "{output:?}");
    let works = karmada::loader::load_path(&folder).unwrap();
    let work: karmada::prelude::Work = works[0].decode().unwrap();
    assert_eq!(works.len(), 3);
    assert_eq!(work.metadata.namespace.as_deref(), Some("karmada-es-member1"));
}

#[test]
fn errors_name_the_file_the_document_and_the_option() {
    fn check(args: &[&str], expected: &str) {
        let output = quickstart(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(expected), "{args:?}: {text}");
    }
    let fleet = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/fleet.yaml");
    check(
        &["--policy", fleet],
        "fleet.yaml: document 1 (Cluster member1): expected a PropagationPolicy",
    );
    check(
        &["--deployment", fleet],
        "expected one resource template, found 6",
    );
    check(&["--fleet", "nowhere"], "nowhere: cannot be read");
    check(
        &["--replicas", "many"],
        "--replicas many: not a number of replicas",
    );
    check(&["--replicas", "-1"], "--replicas -1: must not be negative");
    check(&["--format", "xml"], "--format xml: expected table, json or yaml");
    check(&["--frob"], "--frob: no such option");
    check(&["--fleet"], "--fleet needs a value");
}

/// A policy for the sample Deployment, in a file of its own.
fn policy(name: &str, metadata: &str, spec: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("quickstart-policies");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.yaml"));
    let text = format!(
        "apiVersion: policy.karmada.io/v1alpha1\nkind: PropagationPolicy\nmetadata: {metadata}\nspec:\n  \
         resourceSelectors: [{{apiVersion: apps/v1, kind: Deployment}}]\n  {spec}\n"
    );
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn policies_get_the_defaults_of_admission() {
    fn check(name: &str, spec: &str, expected: &[(&str, i64)]) {
        // Nor does the policy name a namespace, as usual with kubectl.
        let path = policy(name, "{name: web}", spec);
        let report = report(&["--policy", path.to_str().unwrap()]);
        let chosen: Vec<_> = shares(&report)
            .into_iter()
            .filter(|(_, verdict, _)| *verdict == "chosen")
            .map(|(name, _, replicas)| (name, replicas))
            .collect();
        assert_eq!(chosen, expected, "{report}");
    }
    check(
        "type",
        "placement: {clusterAffinity: {clusterNames: [member1, member2]}, replicaScheduling: {}}",
        &[("member1", 6), ("member2", 6)],
    );
    check(
        "spread",
        "placement: {spreadConstraints: [{maxGroups: 1}]}",
        &[("member5", 12)],
    );
}

#[test]
fn affinity_groups_are_tried_in_order() {
    let of = |names: &str| format!("clusterNames: [{names}]");
    let placement = |first: &str, second: &str| {
        format!(
            "placement: {{replicaScheduling: {{}}, clusterAffinities: [{{affinityName: first, {}}}, \
             {{affinityName: second, {}}}]}}",
            of(first),
            of(second)
        )
    };
    let check = |name: &str, spec: &str, expected: &[&str]| {
        let path = policy(name, "{name: web, namespace: default}", spec);
        let report = report(&["--policy", path.to_str().unwrap()]);
        let shares = shares(&report);
        let chosen: Vec<_> = shares
            .iter()
            .filter(|(_, verdict, _)| *verdict == "chosen")
            .collect();
        let chosen: Vec<&str> = chosen.iter().map(|(name, _, _)| *name).collect();
        assert_eq!(chosen, expected, "{report}");
    };
    check("groups-first", &placement("member1", "member2"), &["member1"]);
    // The first group has no cluster that may be used.
    check("groups-second", &placement("member6", "member2"), &["member2"]);
    check("groups-none", &placement("member6", "nowhere"), &[]);
}

#[test]
fn policies_are_refused_by_field() {
    fn check(name: &str, spec: &str, expected: &str) {
        let path = policy(name, "{name: web, namespace: default}", spec);
        let output = quickstart(&["--policy", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{spec}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(expected), "{spec}: {text}");
    }
    check(
        "bogus",
        "placement: {replicaScheduling: {replicaSchedulingType: Bogus}}",
        "document 1 (PropagationPolicy default/web): spec.placement.replicaScheduling.replicaSchedulingType: Unsupported",
    );
    check(
        "scheduler",
        "schedulerName: other",
        "spec.schedulerName: only \"default-scheduler\"",
    );
    check(
        "dependencies",
        "propagateDeps: true",
        "spec.propagateDeps: dependencies are not followed",
    );
    check(
        "overrides",
        "dependentOverrides: [missing]",
        "\"missing\" is not among those given",
    );
}
