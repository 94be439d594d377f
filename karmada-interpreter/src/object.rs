//! Typed access to members of JSON objects, with the rules of Kubernetes' untyped objects.
//!
//! A member that is absent, or lies below one that is absent or null, is `None`. A present member of another type than
//! asked for is an error, null included. Integers are JSON integers in the range of `i64`: upstream reads everything
//! else, `2.0` too, as floating point (`k8s.io/apimachinery:pkg/apis/meta/v1/unstructured/helpers.go`).

use serde_json::{Map, Value};

use crate::error::FieldError;

/// The member at `path`, whatever it is; null is a value.
///
/// # Errors
/// When something on the way is neither an object nor null.
pub fn field<'a>(object: &'a Value, path: &[&str]) -> Result<Option<&'a Value>, FieldError> {
    let mut value = object;
    for (depth, name) in path.iter().enumerate() {
        match value {
            Value::Null => return Ok(None),
            Value::Object(members) => match members.get(*name) {
                Some(member) => value = member,
                None => return Ok(None),
            },
            other => return Err(wrong(path.get(..depth).unwrap_or_default(), other, "an object")),
        }
    }
    Ok(Some(value))
}

/// The text at `path`.
///
/// # Errors
/// When there is something else.
pub fn string<'a>(object: &'a Value, path: &[&str]) -> Result<Option<&'a str>, FieldError> {
    typed(object, path, "a string", Value::as_str)
}

/// The integer at `path`.
///
/// # Errors
/// When there is something else, floating point included.
pub fn integer(object: &Value, path: &[&str]) -> Result<Option<i64>, FieldError> {
    typed(object, path, "an integer", Value::as_i64)
}

/// The list at `path`.
///
/// # Errors
/// When there is something else.
pub fn list<'a>(object: &'a Value, path: &[&str]) -> Result<Option<&'a Vec<Value>>, FieldError> {
    typed(object, path, "a list", Value::as_array)
}

/// The object at `path`.
///
/// # Errors
/// When there is something else.
pub fn map<'a>(object: &'a Value, path: &[&str]) -> Result<Option<&'a Map<String, Value>>, FieldError> {
    typed(object, path, "an object", Value::as_object)
}

/// The object at `path`, all of whose members are texts.
///
/// # Errors
/// When there is something else, or a member is not a text.
pub fn string_map<'a>(
    object: &'a Value,
    path: &[&str],
) -> Result<Option<&'a Map<String, Value>>, FieldError> {
    let members = map(object, path)?;
    for (key, value) in members.into_iter().flatten() {
        if !value.is_string() {
            let mut path = path.to_vec();
            path.push(key);
            return Err(wrong(&path, value, "a string"));
        }
    }
    Ok(members)
}

/// Writes a member, making the objects on the way to it where they are absent.
///
/// # Errors
/// When something on the way is not an object, null included; nothing is changed then.
pub fn set(object: &mut Value, path: &[&str], value: Value) -> Result<(), FieldError> {
    settable(object, path)?;
    write(object, path, value);
    Ok(())
}

/// Writes several members, all or none. No path may lie within another.
///
/// # Errors
/// When something on the way to one is not an object, null included; nothing is changed then.
pub(crate) fn set_all(object: &mut Value, values: Vec<(&[&str], Value)>) -> Result<(), FieldError> {
    for (path, _) in &values {
        settable(object, path)?;
    }
    for (path, value) in values {
        write(object, path, value);
    }
    Ok(())
}

/// Checks that what is there on the way to a member is an object.
fn settable(object: &Value, path: &[&str]) -> Result<(), FieldError> {
    let mut value = object;
    for (depth, name) in path.iter().enumerate() {
        let Value::Object(members) = value else {
            return Err(wrong(path.get(..depth).unwrap_or_default(), value, "an object"));
        };
        match members.get(*name) {
            Some(member) => value = member,
            None => break,
        }
    }
    Ok(())
}

fn write(mut object: &mut Value, path: &[&str], value: Value) {
    for name in path {
        let Value::Object(members) = object else {
            return;
        };
        object = members.entry(*name).or_insert_with(|| Value::Object(Map::new()));
    }
    *object = value;
}

/// `metadata.name`; empty when it is absent or not a text.
#[must_use]
pub fn name(object: &Value) -> &str {
    string(object, &["metadata", "name"])
        .ok()
        .flatten()
        .unwrap_or_default()
}

/// `metadata.namespace`; empty when it is absent or not a text.
#[must_use]
pub fn namespace(object: &Value) -> &str {
    string(object, &["metadata", "namespace"])
        .ok()
        .flatten()
        .unwrap_or_default()
}

/// `metadata.generation`; 0 when it is absent or not an integer.
#[must_use]
pub fn generation(object: &Value) -> i64 {
    integer(object, &["metadata", "generation"])
        .ok()
        .flatten()
        .unwrap_or_default()
}

/// A label's value; nothing when any label is neither a text nor null, as nobody would store such an object.
#[must_use]
pub fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    entry(object, "labels", key)
}

/// An annotation's value; nothing when any annotation is neither a text nor null.
#[must_use]
pub fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    entry(object, "annotations", key)
}

fn entry<'a>(object: &'a Value, member: &str, key: &str) -> Option<&'a str> {
    let entries = map(object, &["metadata", member]).ok().flatten()?;
    if entries
        .values()
        .any(|value| !value.is_string() && !value.is_null())
    {
        return None;
    }
    // A null value reads as the empty text.
    entries.get(key).map(|value| value.as_str().unwrap_or_default())
}

fn typed<'a, T>(
    object: &'a Value,
    path: &[&str],
    expected: &str,
    read: impl Fn(&'a Value) -> Option<T>,
) -> Result<Option<T>, FieldError> {
    match field(object, path)? {
        None => Ok(None),
        Some(value) => match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(wrong(path, value, expected)),
        },
    }
}

fn wrong(path: &[&str], value: &Value, expected: &str) -> FieldError {
    FieldError::new(path, format!("is {}, expected {expected}", describe(value)))
}

/// What kind of value it is, for messages.
pub(crate) fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_i64() => "an integer",
        Value::Number(_) => "a floating-point number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn integers_are_read_as_upstream_reads_them() {
        let check = |object: Value, expected: Result<Option<i64>, &str>| {
            let got = integer(&object, &["spec", "replicas"]).map_err(|error| error.to_string());
            assert_eq!(got, expected.map_err(str::to_owned), "{object}");
        };
        check(json!({"spec": {"replicas": 2}}), Ok(Some(2)));
        check(json!({"spec": {}}), Ok(None));
        check(json!({}), Ok(None));
        check(json!({"spec": null}), Ok(None));
        check(
            json!({"spec": {"replicas": null}}),
            Err("spec.replicas: is null, expected an integer"),
        );
        check(
            json!({"spec": {"replicas": 2.0}}),
            Err("spec.replicas: is a floating-point number, expected an integer"),
        );
        check(
            json!({"spec": {"replicas": u64::MAX}}),
            Err("spec.replicas: is a floating-point number, expected an integer"),
        );
        check(
            json!({"spec": {"replicas": "2"}}),
            Err("spec.replicas: is a string, expected an integer"),
        );
        check(json!({"spec": []}), Err("spec: is a list, expected an object"));
        check(json!([]), Err("is a list, expected an object"));
    }

    #[test]
    fn string_maps_hold_only_strings() {
        let check = |labels: Value, expected: Result<bool, &str>| {
            let object = json!({"labels": labels});
            let got = string_map(&object, &["labels"])
                .map(|found| found.is_some())
                .map_err(|error| error.to_string());
            assert_eq!(got, expected.map_err(str::to_owned), "{object}");
        };
        check(json!({"a": "b"}), Ok(true));
        check(json!({}), Ok(true));
        check(json!({"a": null}), Err("labels.a: is null, expected a string"));
        check(json!(null), Err("labels: is null, expected an object"));
    }

    #[test]
    fn setting_makes_parents_but_replaces_none() {
        let check = |mut object: Value, expected: Result<Value, &str>| {
            let before = object.clone();
            let got =
                set(&mut object, &["spec", "selector", "a"], json!(1)).map_err(|error| error.to_string());
            match expected {
                Ok(expected) => {
                    assert_eq!(got, Ok(()));
                    assert_eq!(object, expected);
                }
                Err(text) => {
                    assert_eq!(got, Err(text.to_owned()));
                    assert_eq!(object, before);
                }
            }
        };
        check(json!({}), Ok(json!({"spec": {"selector": {"a": 1}}})));
        check(
            json!({"spec": {"b": 2}}),
            Ok(json!({"spec": {"b": 2, "selector": {"a": 1}}})),
        );
        check(json!({"spec": null}), Err("spec: is null, expected an object"));
        check(
            json!({"spec": {"selector": "x"}}),
            Err("spec.selector: is a string, expected an object"),
        );
    }

    #[test]
    fn metadata_that_is_not_as_it_should_be_counts_as_absent() {
        let object = json!({"metadata": {
            "name": 1, "generation": 3, "labels": {"a": "x", "b": null}, "annotations": {"a": "x", "b": 1},
        }});
        assert_eq!(name(&object), "");
        assert_eq!(namespace(&object), "");
        assert_eq!(generation(&object), 3);
        assert_eq!(label(&object, "a"), Some("x"));
        assert_eq!(label(&object, "b"), Some(""));
        assert_eq!(annotation(&object, "a"), None);
    }
}
