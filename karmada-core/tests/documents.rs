//! What every kind has in common, on values made by chance: decoding never panics, and writing twice is writing once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use karmada_core::api::any::{AnyObject, DOCUMENTS};
use karmada_core::crd;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// How many values are made for each kind.
const CASES: u32 = 128;

/// Numbers by chance, which shrink together; zeros when they are used up.
struct Chance(std::vec::IntoIter<u32>);

impl Chance {
    /// A number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        self.0.next().unwrap_or(0) as usize % limit
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        of.get(self.below(of.len())).unwrap()
    }
}

fn chance() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(any::<u32>(), 0..400)
}

/// Values that fit nowhere in particular.
fn odd(chance: &mut Chance) -> Value {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!("x"),
        json!("1e400"),
        json!("<time>"),
        json!([]),
        json!([null]),
        json!({}),
        json!({"": {}}),
        json!([[["x"]]]),
    ];
    chance.pick(&odd).clone()
}

/// A value that a schema describes; with `damage`, now and then another one.
fn shaped(schema: &Value, chance: &mut Chance, damage: bool) -> Value {
    if damage && chance.below(12) == 11 {
        return odd(chance);
    }
    if let Some(Value::Array(values)) = schema.get("enum") {
        return chance.pick(values).clone();
    }
    if schema["x-kubernetes-int-or-string"] == true {
        return chance
            .pick(&[json!("1"), json!(7), json!("500m"), json!("1.5Gi"), json!("2e3")])
            .clone();
    }
    match schema["type"].as_str() {
        Some("string") => match schema["format"].as_str() {
            Some("date-time") => json!("2026-01-02T03:04:05Z"),
            Some("byte") => chance.pick(&[json!(""), json!("aGVsbG8=")]).clone(),
            _ => chance.pick(&[json!("text"), json!("")]).clone(),
        },
        Some("integer") => json!(chance.below(5)),
        Some("boolean") => json!(chance.below(2) == 1),
        Some("array") => (0..chance.below(3))
            .map(|_| shaped(&schema["items"], chance, damage))
            .collect(),
        _ => {
            let mut object = Map::new();
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                if chance.below(4) != 0 {
                    object.insert(name.clone(), shaped(property, chance, damage));
                }
            }
            if let Some(values) = schema.get("additionalProperties") {
                for index in 0..chance.below(3) {
                    object.insert(format!("key{index}"), shaped(values, chance, damage));
                }
            }
            Value::Object(object)
        }
    }
}

/// An object of a kind.
fn object(info: &crd::KindInfo, schema: &Value, numbers: Vec<u32>, damage: bool) -> Value {
    let mut value = shaped(schema, &mut Chance(numbers.into_iter()), damage);
    if let Value::Object(object) = &mut value {
        object.insert("apiVersion".to_owned(), json!(info.api_version));
        object.insert("kind".to_owned(), json!(info.kind));
    }
    value
}

/// The names of all members of all kinds.
fn names() -> Vec<String> {
    fn collect(schema: &Value, names: &mut BTreeSet<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            names.insert(name.clone());
            collect(property, names);
        }
        for part in ["items", "additionalProperties"] {
            if let Some(schema) = schema.get(part) {
                collect(schema, names);
            }
        }
    }
    let mut names = BTreeSet::new();
    for info in crd::kinds() {
        collect(&info.schema(), &mut names);
    }
    names.extend(["request", "response", "object", "dependencies", "path", ""].map(str::to_owned));
    names.into_iter().collect()
}

/// Any JSON, with the names of members in it.
fn any_json() -> impl Strategy<Value = Value> {
    let names = names();
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(names.clone()), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Decodes a value as every type; where it decodes, writing it once more changes nothing.
fn decode_as_everything(value: &Value) -> Result<(), TestCaseError> {
    for document in DOCUMENTS {
        match document.recode(value) {
            Ok(once) => {
                let twice = document.recode(&once);
                prop_assert_eq!(Ok(once), twice, "{}", document.kind);
            }
            Err(error) => prop_assert!(!error.path.is_empty() && !error.reason.is_empty()),
        }
    }
    let _ = AnyObject::decode(value);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES * 4))]

    #[test]
    fn any_json_is_decoded_or_refused(value in any_json()) {
        decode_as_everything(&value)?;
    }
}

/// Runs a check on objects of every kind.
fn for_every_kind(check: impl Fn(&crd::KindInfo, &Value, Vec<u32>) -> Result<(), TestCaseError>) {
    for info in crd::kinds() {
        let schema = info.schema();
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(CASES));
        runner
            .run(&chance(), |numbers| check(info, &schema, numbers))
            .unwrap();
    }
}

#[test]
fn what_the_schema_describes_is_decoded() {
    for_every_kind(|info, schema, numbers| {
        let value = object(info, schema, numbers, false);
        let decoded = AnyObject::decode(&value);
        let decoded = decoded.map_err(|error| TestCaseError::fail(format!("{error} in {value}")))?;
        prop_assert_eq!(
            (decoded.api_version(), decoded.kind()),
            (info.api_version, info.kind)
        );
        let once = decoded.encode().unwrap();
        let again = AnyObject::decode(&once).unwrap();
        prop_assert_eq!(&again, &decoded);
        prop_assert_eq!(again.encode().unwrap(), once);
        Ok(())
    });
}

#[test]
fn what_the_schema_does_not_describe_is_decoded_or_refused() {
    for_every_kind(|info, schema, numbers| {
        let value = object(info, schema, numbers, true);
        match AnyObject::decode(&value) {
            Ok(decoded) => {
                let once = decoded.encode().unwrap();
                let again = AnyObject::decode(&once).unwrap();
                prop_assert_eq!(again.encode().unwrap(), once);
            }
            Err(error) => prop_assert!(value.is_object() == (error.path != "."), "{error}"),
        }
        Ok(())
    });
}
