//! Recorded upstream results for what this crate decides, read from the folder `KARMADA_SHARED` (default `../shared`).
//!
//! Without that folder the tests print SKIPPED, unless `KARMADA_REQUIRE_SHARED=1` asks for it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use flate2::read::GzDecoder;
use karmada_core::override_rules::{AppliedOverride, ImageReference, Overrides, override_image};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Runs the cases of one op of a file; a case passes if it gives the recorded result.
///
/// `loose` names the members of the result that come from typed objects, where empty and absent are the same.
fn run(file: &str, op: &str, loose: &[&str], ours: impl Fn(&Value) -> Result<Value, String>) {
    let root = std::env::var_os("KARMADA_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let path = root.join("vectors/core").join(file);
    let Ok(data) = std::fs::File::open(&path) else {
        assert!(
            std::env::var_os("KARMADA_REQUIRE_SHARED").is_none_or(|value| value != "1"),
            "{} is missing",
            path.display()
        );
        println!("SKIPPED {op}: no {}", path.display());
        return;
    };
    let (mut count, mut failures) = (0, Vec::new());
    for line in BufReader::new(GzDecoder::new(data)).lines() {
        let case: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if case["op"] != op {
            continue;
        }
        count += 1;
        let out = &case["out"];
        let expected_failure = out.get("error").is_some() || out.get("panic").is_some();
        match ours(&case["in"]) {
            Err(_) if expected_failure => {}
            // What made upstream crash may be anything but a crash.
            Ok(_) if out.get("panic").is_some() => {}
            Ok(got)
                if !expected_failure
                    && same(&loosened(got.clone(), loose), &loosened(out.clone(), loose)) => {}
            got => failures.push(format!("{}: got {got:?}\nexpected {out}", case["name"])),
        }
    }
    for failure in failures.iter().take(5) {
        println!("{failure}\n");
    }
    assert!(
        failures.is_empty(),
        "{op}: {} of {count} cases failed",
        failures.len()
    );
    assert!(count > 0, "{op}: no cases in {file}");
    println!("{op}: {count} cases passed");
}

/// Equality of JSON values where numbers are compared by value; texts, embedded documents too, by their characters.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn loosened(mut result: Value, members: &[&str]) -> Value {
    for member in members {
        if let Some(value) = result.get_mut(member) {
            *value = pruned(value);
        }
    }
    result
}

/// A value without what is null or an empty list or map: how results from typed objects are compared.
fn pruned(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(pruned).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), pruned(value)))
            .filter(|(_, value)| !is_empty(value))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        _ => value.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn typed<T: DeserializeOwned + Default>(value: &Value) -> T {
    if value.is_null() {
        return T::default();
    }
    karmada_core::api::wire::decode(value).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn image_parse() {
    run("image.jsonl.gz", "image-parse", &[], |input| {
        let image = ImageReference::parse(text(&input["image"])).map_err(|error| error.to_string())?;
        Ok(json!({
            "registry": image.registry, "repository": image.repository, "tag": image.tag, "digest": image.digest,
            "string": image.to_string(),
        }))
    });
}

#[test]
fn image_override() {
    run("image.jsonl.gz", "image-override", &[], |input| {
        override_image(text(&input["image"]), &typed(&input["overrider"]))
            .map(|image| json!({"image": image}))
            .map_err(|error| error.to_string())
    });
}

#[test]
fn override_manifest() {
    run(
        "override.jsonl.gz",
        "override",
        &["appliedOverrides", "appliedClusterOverrides"],
        |input| {
            let policies: Vec<_> = typed(&input["overridePolicies"]);
            let cluster_policies: Vec<_> = typed(&input["clusterOverridePolicies"]);
            let mut manifest = input["manifest"].clone();
            let overrides = Overrides::select(&input["manifest"], &cluster_policies, &policies);
            let applied = overrides
                .apply(&mut manifest, &typed(&input["cluster"]))
                .map_err(|error| error.to_string())?;
            Ok(json!({
                "manifest": manifest,
                "appliedClusterOverrides": records(&applied.cluster_overrides),
                "appliedOverrides": records(&applied.overrides),
            }))
        },
    );
}

fn records(applied: &[AppliedOverride]) -> Value {
    if applied.is_empty() {
        return Value::Null;
    }
    serde_json::to_value(applied).unwrap()
}
