//! The third-party layer against the recorded results of upstream.
//!
//! The vectors are read from the folder that `KARMADA_SHARED` names, `../shared` beside the workspace by default; without
//! it the tests say `SKIPPED`, or fail if `KARMADA_REQUIRE_SHARED` is `1`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy knows tests by their attribute, not what they call"
)]

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::{env, fs};

use jiff::Timestamp;
use karmada_core::api::config::v1alpha1::DependentObjectReference;
use karmada_core::api::work::v1alpha2::{AggregatedStatusItem, Component, ReplicaRequirements};
use karmada_interpreter::{Answer, Operation, SyncInterpreter, ThirdParty, TypeMeta};
use serde_json::{Map, Value, json};

const NOW: &str = "2026-01-02T03:04:05Z";

/// A file or folder of the recordings, or nothing and a line that says so.
fn vectors(path: &str) -> Option<PathBuf> {
    // Relative to the root of the workspace, whichever folder a test runs in.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let shared = env::var_os("KARMADA_SHARED").unwrap_or_else(|| "../shared".into());
    let path = root.join(shared).join("vectors").join(path);
    if path.exists() {
        return Some(path);
    }
    let required = env::var("KARMADA_REQUIRE_SHARED").is_ok_and(|value| value == "1");
    assert!(
        !required,
        "{} is missing, and KARMADA_REQUIRE_SHARED=1",
        path.display()
    );
    // Not through `print!`, which the harness shows of failed tests only.
    let note = format!("SKIPPED: {} is missing\n", path.display());
    io::stderr().write_all(note.as_bytes()).unwrap();
    None
}

/// What an operation is asked about.
#[derive(Default)]
struct Question {
    object: Value,
    observed: Value,
    items: Option<Vec<AggregatedStatusItem>>,
    replica: i64,
}

/// The results by name, `None` if the layer does not answer.
fn ask(operation: Operation, question: Question) -> Result<Option<BTreeMap<&'static str, Value>>, String> {
    fn named<T>(
        answer: Result<Answer<T>, karmada_interpreter::Error>,
        name: impl FnOnce(T) -> BTreeMap<&'static str, Value>,
    ) -> Result<Option<BTreeMap<&'static str, Value>>, String> {
        match answer {
            Ok(Answer::Value(value)) => Ok(Some(name(value))),
            Ok(Answer::NotMine) => Ok(None),
            Err(error) => Err(format!("{error:?}")),
        }
    }
    fn one(name: &'static str, value: Value) -> BTreeMap<&'static str, Value> {
        BTreeMap::from([(name, value)])
    }
    let Question {
        mut object,
        observed,
        items,
        replica,
    } = question;
    let before = object.clone();
    let now: Timestamp = NOW.parse().unwrap();
    let layer = &ThirdParty;
    match operation {
        Operation::InterpretReplica => named(layer.get_replicas(&object), |replicas| {
            BTreeMap::from([
                ("replica", json!(replicas.replicas)),
                ("requires", json!(replicas.requirements)),
            ])
        }),
        Operation::InterpretComponent => named(layer.get_components(&object), |components| {
            one("components", json!(components))
        }),
        Operation::ReviseReplica => {
            let answer = layer.revise_replica(&mut object, replica);
            assert!(answer.is_ok() || object == before, "changed on error");
            named(answer, |()| one("revised", object))
        }
        Operation::Retain => {
            let answer = layer.retain(&mut object, &observed);
            assert!(answer.is_ok() || object == before, "changed on error");
            named(answer, |()| one("retained", object))
        }
        Operation::AggregateStatus => {
            let answer = layer.aggregate_status(&mut object, items.as_deref(), now);
            assert!(answer.is_ok() || object == before, "changed on error");
            named(answer, |()| one("aggregatedStatus", object))
        }
        Operation::InterpretStatus => named(layer.reflect_status(&object), |status| {
            one("status", json!(status))
        }),
        Operation::InterpretHealth => named(layer.interpret_health(&object), |healthy| {
            one("healthy", json!(healthy))
        }),
        Operation::InterpretDependency => named(layer.get_dependencies(&object), |dependencies| {
            one("dependencies", json!(dependencies))
        }),
        other => panic!("unknown operation {other}"),
    }
}

/// The form in which two results of that name are equal if they mean the same.
fn comparable(name: &str, value: &Value) -> Value {
    match name {
        "requires" => {
            let typed: Option<ReplicaRequirements> = serde_json::from_value(value.clone()).unwrap();
            json!(typed)
        }
        "components" => {
            let mut typed: Vec<Component> = serde_json::from_value::<Option<_>>(value.clone())
                .unwrap()
                .unwrap_or_default();
            typed.sort_by(|left, right| left.name.cmp(&right.name));
            json!(typed)
        }
        "dependencies" => {
            let mut typed: Vec<DependentObjectReference> = serde_json::from_value::<Option<_>>(value.clone())
                .unwrap()
                .unwrap_or_default();
            typed.sort_by_key(|it| {
                (
                    it.api_version.clone(),
                    it.kind.clone(),
                    it.namespace.clone(),
                    it.name.clone(),
                )
            });
            json!(typed)
        }
        _ => plain(value),
    }
}

/// Numbers by value, times of the run by their placeholder.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| (key.clone(), plain(value)))
                .collect(),
        ),
        Value::Array(list) => list.iter().map(plain).collect(),
        Value::Number(number) if number.as_i64().is_none() => json!(number.as_f64()),
        Value::String(text) if text == NOW => json!("{{NOW}}"),
        other => other.clone(),
    }
}

/// Fails with the first differences, if there are any.
fn report(cases: usize, failures: &[String]) {
    println!("{cases} cases, {} different", failures.len());
    let show = env::var("SHOW")
        .ok()
        .and_then(|show| show.parse().ok())
        .unwrap_or(5);
    for failure in failures.iter().take(show) {
        println!("{failure}\n");
    }
    assert!(failures.is_empty(), "{} of {cases} cases differ", failures.len());
}

#[test]
fn generated_vectors() {
    let Some(path) = vectors("interpreter-generated/thirdparty.jsonl.gz") else {
        return;
    };
    let file = fs::File::open(path).unwrap();
    let (mut cases, mut failures) = (0, Vec::new());
    for line in BufReader::new(flate2::read::GzDecoder::new(file)).lines() {
        let mut case: Value = serde_json::from_str(&line.unwrap()).unwrap();
        cases += 1;
        let input = case["in"].take();
        let expected = case["out"].take();
        let name = case["name"].as_str().unwrap();
        let got = if case["op"] == "supported" {
            let kind = TypeMeta::of(&input);
            let ops: Map<String, Value> = Operation::ALL
                .into_iter()
                .map(|operation| {
                    let supported = SyncInterpreter::supports(&ThirdParty, kind, operation);
                    (operation.to_string(), json!(supported))
                })
                .collect();
            Ok(Some(BTreeMap::from([("ops", Value::Object(ops))])))
        } else {
            let operation = Operation::from_name(case["op"].as_str().unwrap()).unwrap();
            let object = if operation == Operation::Retain {
                "desired"
            } else {
                "object"
            };
            ask(
                operation,
                Question {
                    object: input[object].clone(),
                    observed: input["observed"].clone(),
                    items: serde_json::from_value(input["items"].clone()).unwrap(),
                    replica: input["replica"].as_i64().unwrap_or_default(),
                },
            )
        };
        let same = match &got {
            Err(_) => !expected["error"].is_null(),
            Ok(None) => expected == json!({"unsupported": true}),
            Ok(Some(results)) => {
                expected["error"].is_null()
                    && results
                        .iter()
                        .all(|(name, value)| comparable(name, value) == comparable(name, &expected[name]))
            }
        };
        if !same {
            failures.push(format!(
                "{name}\n  in   {input}\n  want {expected}\n  got  {got:?}"
            ));
        }
    }
    report(cases, &failures);
}

#[test]
fn upstream_vectors() {
    let Some(path) = vectors("interpreter") else {
        return;
    };
    let (mut cases, mut failures) = (0, Vec::new());
    for file in files(&path) {
        for case in serde_saphyr::from_multiple::<Value>(&fs::read_to_string(&file).unwrap()).unwrap() {
            cases += 1;
            let operation = case["operation"].as_str().unwrap();
            let operation = Operation::ALL
                .into_iter()
                .find(|known| known.as_str().eq_ignore_ascii_case(operation))
                .unwrap();
            let desired_given = operation == Operation::Retain || !case["desiredObj"].is_null();
            let object = if desired_given {
                "desiredObj"
            } else {
                "observedObj"
            };
            let got = ask(
                operation,
                Question {
                    object: case[object].clone(),
                    observed: case["observedObj"].clone(),
                    items: serde_json::from_value(case["statusItems"].clone()).unwrap(),
                    replica: case["inputReplicas"].as_i64().unwrap_or_default(),
                },
            );
            let Ok(Some(results)) = got else {
                failures.push(format!("{}: {} got {got:?}", file.display(), case["name"]));
                continue;
            };
            let Some(expected) = case["output"].as_object() else {
                continue;
            };
            for (name, expected) in expected {
                let (mut expected, mut got) = (expected.clone(), results[name.as_str()].clone());
                exclude(&mut expected, &mut got);
                let (expected, got) = match name.as_str() {
                    "retained" | "revised" | "aggregatedStatus" => {
                        (without_empty(&expected), without_empty(&got))
                    }
                    _ => (expected, got),
                };
                if comparable(name, &expected) != comparable(name, &got) {
                    failures.push(format!(
                        "{}: {}\n  want {expected}\n  got  {got}",
                        file.display(),
                        case["name"]
                    ));
                }
            }
        }
    }
    report(cases, &failures);
}

/// The YAML files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Removes on both sides what the expectation excludes.
fn exclude(expected: &mut Value, got: &mut Value) {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => expected.retain(|key, value| {
            if value == "{{EXCLUDE}}" {
                got.remove(key);
                return false;
            }
            exclude(value, got.get_mut(key).unwrap_or(&mut Value::Null));
            true
        }),
        (Value::Array(expected), Value::Array(got)) => {
            for (expected, got) in expected.iter_mut().zip(got) {
                exclude(expected, got);
            }
        }
        _ => {}
    }
}

/// Without members that are null or empty: as objects they are the same as absent ones.
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(_, value)| !value.is_null() && **value != json!({}) && **value != json!([]))
                .map(|(key, value)| (key.clone(), without_empty(value)))
                .collect(),
        ),
        Value::Array(list) => list.iter().map(without_empty).collect(),
        other => other.clone(),
    }
}
