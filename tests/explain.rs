//! The example `explain`, run as an operator runs it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::process::{Command, Output};

use karmada::scheduler::explain::Explanation;
use serde_json::{Value, json};

fn run(args: &[&str]) -> Output {
    // Test binaries are in `deps`, examples in a folder beside it; `cargo test` builds both.
    let mut binary: PathBuf = std::env::current_exe().unwrap();
    binary.pop();
    binary.pop();
    binary.push("examples");
    binary.push(format!("explain{}", std::env::consts::EXE_SUFFIX));
    assert!(
        binary.exists(),
        "{} is missing: run `cargo build --example explain` first",
        binary.display()
    );
    Command::new(binary).args(args).output().unwrap()
}

fn text(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_answer_comes_first_then_the_reasons() {
    let text = text(&[]);
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("Deployment default/nginx goes to 3 of 6 clusters: member1 5, member3 5, member2 2.")
    );
    for line in [
        "  member4  -         weight 1 of 61: share 12/61 (0.20) of 12 comes to nothing",
        "  - 1: cluster(s) had untolerated taint {maintenance:NoSchedule} (TaintToleration): member6",
    ] {
        assert!(text.lines().any(|written| written == line), "{line}\n{text}");
    }
}

#[test]
fn the_data_is_an_explanation() {
    let explanation: Explanation = serde_json::from_str(&text(&["--output", "json"])).unwrap();
    let targets: Vec<(&str, i32)> = explanation
        .targets()
        .iter()
        .map(|target| (target.name.as_str(), target.replicas))
        .collect();
    assert_eq!(targets, [("member1", 5), ("member2", 2), ("member3", 5)]);
    assert_eq!(explanation.counts.rejected, 2);
    let rejected = explanation.cluster("member5").unwrap().rejection().unwrap();
    assert_eq!(rejected.plugin, "ClusterAffinity");
}

#[test]
fn a_cluster_is_told_what_it_takes() {
    fn check(args: &[&str], edits: &Value) {
        let told: Value = serde_json::from_str(&text(&[args, &["--output", "json"]].concat())).unwrap();
        assert_eq!(told["smallestEdit"]["edits"], *edits, "{told:#}");
    }
    let toleration = json!({"key": "maintenance", "operator": "Exists", "effect": "NoSchedule"});
    check(
        &["--cluster", "member6"],
        &json!([{"edit": "tolerate", "toleration": toleration}]),
    );
    let label = json!({"edit": "label", "key": "env", "value": "production"});
    check(&["--cluster", "member5"], &json!([label]));
    let room = json!({"edit": "capacity", "room": 3, "allocatable": {"cpu": "9"}});
    check(&["--cluster=member4"], &json!([room]));
    let room = json!({"edit": "capacity", "room": 500, "allocatable": {"cpu": "254", "memory": "266Gi"}});
    check(
        &["--cluster", "member5", "--replicas", "500"],
        &json!([label, room]),
    );
    let chosen = text(&["--cluster", "member1"]);
    assert!(
        chosen.ends_with("Nothing has to change: member1 is chosen.\n"),
        "{chosen}"
    );
    let markdown = text(&["--cluster", "member6", "--output", "markdown"]);
    assert!(
        markdown.contains("### The smallest edit that makes member6 a target"),
        "{markdown}"
    );
}

#[test]
fn errors_name_the_option() {
    fn check(args: &[&str], expected: &str) {
        let output = run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(expected), "{args:?}: {text}");
    }
    check(
        &["--cluster", "member9"],
        "--cluster member9: there is no such cluster in the fleet",
    );
    check(
        &["--output", "xml"],
        "--output xml: expected text, json or markdown",
    );
    check(&["--frob"], "--frob: no such option");
    check(&["--replicas", "-1"], "--replicas -1: must not be negative");
    check(&["--fleet", "nowhere"], "nowhere: cannot be read");
}
