//! The native layer against results recorded from upstream.
//!
//! Every case must come out the same, the marks of upstream's typed conversion included.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use flate2::read::GzDecoder;
use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::{AggregatedStatusItem, ReplicaRequirements};
use karmada_interpreter::{Answer, Error, Native, Operation, SyncInterpreter, TypeMeta};
use serde_json::{Value, json};

fn ask(operation: &str, input: &Value) -> Result<Option<Value>, Error> {
    let native = Native::default();
    let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let object = &input["object"];
    let answer = match operation {
        "InterpretReplica" => native
            .get_replicas(object)?
            .value()
            .map(|replicas| json!({"replica": replicas.replicas, "requires": replicas.requirements})),
        "InterpretComponent" => native
            .get_components(object)?
            .value()
            .map(|components| json!({"components": components})),
        "ReviseReplica" => {
            let mut object = object.clone();
            let answer = native.revise_replica(&mut object, input["replica"].as_i64().unwrap())?;
            answer.value().map(|()| json!({"revised": object}))
        }
        "Retain" => {
            let mut desired = input["desired"].clone();
            let answer = native.retain(&mut desired, &input["observed"])?;
            answer.value().map(|()| json!({"retained": desired}))
        }
        "AggregateStatus" => {
            let mut object = object.clone();
            let items: Option<Vec<AggregatedStatusItem>> =
                serde_json::from_value(input["items"].clone()).unwrap();
            let answer = native.aggregate_status(&mut object, items.as_deref(), now)?;
            answer.value().map(|()| json!({"aggregatedStatus": object}))
        }
        "InterpretStatus" => native
            .reflect_status(object)?
            .value()
            .map(|status| json!({"status": status})),
        "InterpretHealth" => native
            .interpret_health(object)?
            .value()
            .map(|healthy| json!({"healthy": healthy})),
        "InterpretDependency" => native
            .get_dependencies(object)?
            .value()
            .map(|dependencies| json!({"dependencies": dependencies})),
        "supported" => {
            let of = TypeMeta::new(
                input["apiVersion"].as_str().unwrap(),
                input["kind"].as_str().unwrap(),
            );
            let ops: serde_json::Map<_, _> = Operation::ALL
                .into_iter()
                .map(|operation| (operation.to_string(), native.supports(of, operation).into()))
                .collect();
            Some(json!({"ops": ops}))
        }
        other => panic!("unknown operation {other}"),
    };
    Ok(answer)
}

/// Writes integral floating-point numbers as integers and what is out of range as floating point, as the recordings say;
/// fills in the time of the run.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (None, Some(float)) if float.fract() == 0.0 && float.abs() < 9.0e15 => json!(float as i64),
            (None, Some(float)) => json!(float),
            _ => value.clone(),
        },
        Value::String(text) if text == "{{NOW}}" => json!("2026-01-02T03:04:05Z"),
        Value::Array(items) => items.iter().map(comparable).collect(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), comparable(value)))
                .collect(),
        ),
        _ => value.clone(),
    }
}

fn check(row: &Value) -> Result<(), String> {
    let expected = &row["out"];
    let got = ask(row["op"].as_str().unwrap(), &row["in"]);
    match got {
        Err(error) if expected.get("error").is_some() => match expected["errorKind"].as_str() {
            Some("dependency") if !matches!(error, Error::Dependencies(_)) => {
                Err(format!("expected invalid dependencies, got {error}"))
            }
            _ => Ok(()),
        },
        Err(error) => Err(format!("unexpected error {error}")),
        Ok(_) if expected.get("error").is_some() => Err(format!("expected {expected}, got {got:?}")),
        Ok(None) if *expected == json!({"unsupported": true}) => Ok(()),
        Ok(None) => Err("not answered".to_owned()),
        Ok(Some(got)) => {
            let (mut got, mut expected) = (comparable(&got), comparable(expected));
            // Requirements are equal by what they decode to: an empty collection is none, quantities compare by value.
            if let (Some(got), Some(expected)) = (got.get_mut("requires"), expected.get_mut("requires")) {
                let typed = |value: &Value| -> Option<ReplicaRequirements> {
                    serde_json::from_value(value.clone()).unwrap()
                };
                if typed(got) == typed(expected) {
                    *got = Value::Null;
                    *expected = Value::Null;
                }
            }
            if got == expected {
                Ok(())
            } else {
                Err(format!("\n     got {got}\nexpected {expected}"))
            }
        }
    }
}

#[test]
fn recorded_results_come_out_the_same() {
    let shared =
        std::env::var_os("KARMADA_SHARED").map_or_else(|| PathBuf::from("../../shared"), PathBuf::from);
    let path = shared.join("vectors/interpreter-generated/native.jsonl.gz");
    let Ok(file) = std::fs::File::open(&path) else {
        assert!(
            std::env::var_os("KARMADA_REQUIRE_SHARED").is_none(),
            "{} is missing",
            path.display()
        );
        eprintln!("SKIPPED: 1330 cases of {}", path.display());
        return;
    };
    let mut failures = Vec::new();
    let mut cases = 0;
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        let row: Value = serde_json::from_str(&line.unwrap()).unwrap();
        cases += 1;
        if let Err(failure) = check(&row) {
            failures.push(format!("{}: {failure}", row["name"]));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {cases} cases failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(cases >= 1330, "only {cases} cases");
}

#[test]
fn what_the_layer_does_not_answer_is_not_its() {
    let object = json!({"apiVersion": "example.com/v1", "kind": "Widget", "status": {"ready": true}});
    let native = Native::default();
    assert_eq!(native.interpret_health(&object).unwrap(), Answer::NotMine);
    assert_eq!(
        native.reflect_status(&object).unwrap(),
        Answer::Value(Some(json!({"ready": true})))
    );
}
