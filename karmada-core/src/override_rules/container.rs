//! Commands and arguments of containers.

use serde_json::{Value, json};

use super::OverriderError;
use super::patch::Operation;
use crate::api::policy::v1alpha1::{CommandOverrider, OverriderOperator};
use crate::json;
use crate::object::Object;

/// Where the containers of a workload are, for the kinds upstream knows; the group does not matter.
pub(super) fn containers_path(object: &Value) -> Option<&'static str> {
    match Object::new(object).kind() {
        "Pod" => Some("/spec/containers"),
        "ReplicaSet" | "Deployment" | "DaemonSet" | "StatefulSet" | "Job" => {
            Some("/spec/template/spec/containers")
        }
        _ => None,
    }
}

/// The operations of one overrider on `field` (`command` or `args`) of every container of its name.
///
/// Only `containers` are looked at. Kinds without containers and unknown container names have none.
pub(super) fn operations(
    object: &Value,
    field: &str,
    overrider: &CommandOverrider,
) -> Result<Vec<Operation>, OverriderError> {
    let Some(path) = containers_path(object) else {
        return Ok(Vec::new());
    };
    let containers = containers(object, path)?;
    let mut operations = Vec::new();
    for (index, container) in containers.iter().enumerate() {
        let container = container
            .as_object()
            .ok_or_else(|| OverriderError::not_a(format!("{path}/{index}"), "an object"))?;
        if container.get("name").and_then(Value::as_str) != Some(&overrider.container_name) {
            continue;
        }
        let path = format!("{path}/{index}/{field}");
        operations.push(match container.get(field) {
            None | Some(Value::Null) => {
                let words: &[String] = match overrider.operator {
                    OverriderOperator::Add => &overrider.value,
                    _ => &[],
                };
                Operation::new("add", path, json!(words))
            }
            Some(Value::Array(words)) => {
                let words = edit(words.iter().map(word), overrider);
                Operation::new("replace", path, json!(words))
            }
            Some(_) => return Err(OverriderError::not_a(path, "a list")),
        });
    }
    Ok(operations)
}

/// The containers at a path; a path that ends early has none, one that leads through something else is an error.
fn containers<'a>(object: &'a Value, path: &str) -> Result<&'a [Value], OverriderError> {
    let mut value = object;
    for part in path.split('/').skip(1) {
        match value {
            Value::Object(members) => match members.get(part) {
                Some(member) => value = member,
                None => return Ok(&[]),
            },
            Value::Null => return Ok(&[]),
            _ => return Err(OverriderError::not_a(path, "in an object")),
        }
    }
    value
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| OverriderError::not_a(path, "a list"))
}

fn edit(words: impl Iterator<Item = String>, overrider: &CommandOverrider) -> Vec<String> {
    match overrider.operator {
        OverriderOperator::Add => words.chain(overrider.value.iter().cloned()).collect(),
        OverriderOperator::Remove => words.filter(|word| !overrider.value.contains(word)).collect(),
        _ => words.collect(),
    }
}

/// A word of a command. Upstream formats what is no text with the verb for texts, so that `5` becomes `%!s(int64=5)`.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "%!s(<nil>)".to_owned(),
        Value::Bool(value) => format!("%!s(bool={value})"),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.as_i64().is_none() => {
                format!("%!s(float64={})", json::shortest_text(float))
            }
            _ => format!("%!s(int64={number})"),
        },
        Value::Array(list) => {
            let words: Vec<_> = list.iter().map(word).collect();
            format!("[{}]", words.join(" "))
        }
        Value::Object(members) => {
            let mut words: Vec<_> = members
                .iter()
                .map(|(key, value)| format!("{key}:{}", word(value)))
                .collect();
            words.sort();
            format!("map[{}]", words.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::patch;
    use super::*;

    #[test]
    fn edits() {
        fn check(operator: OverriderOperator, args: Value, expect: Value) {
            let mut pod =
                json!({"kind": "Pod", "spec": {"containers": [{"name": "b"}, {"name": "a", "args": args}]}});
            let overrider = CommandOverrider {
                container_name: "a".into(),
                operator,
                value: vec!["x".into(), "y".into()],
            };
            let operations = operations(&pod, "args", &overrider).unwrap();
            patch::apply(&mut pod, &operations).unwrap();
            assert_eq!(
                pod["spec"]["containers"],
                json!([{"name": "b"}, {"name": "a", "args": expect}])
            );
        }
        use OverriderOperator::{Add, Other, Remove};
        check(Add, json!(["x"]), json!(["x", "x", "y"]));
        check(Add, json!(null), json!(["x", "y"]));
        check(Remove, json!(["x", "z", "x"]), json!(["z"]));
        check(Remove, json!(null), json!([]));
        check(Other("replace".into()), json!(["z"]), json!(["z"]));
        check(
            Remove,
            json!([5, true, null, 1.5, [1, "x"], {"k": 1}]),
            json!([
                "%!s(int64=5)",
                "%!s(bool=true)",
                "%!s(<nil>)",
                "%!s(float64=1.5)",
                "[%!s(int64=1) x]",
                "map[k:%!s(int64=1)]"
            ]),
        );
    }

    #[test]
    fn odd_objects() {
        fn check(object: Value, expect: Result<usize, &str>) {
            let overrider = CommandOverrider {
                container_name: "a".into(),
                ..CommandOverrider::default()
            };
            let got = operations(&object, "command", &overrider);
            match expect {
                Ok(count) => assert_eq!(got.unwrap().len(), count, "{object}"),
                Err(text) => assert_eq!(got.unwrap_err().to_string(), text, "{object}"),
            }
        }
        check(json!({"kind": "CronJob"}), Ok(0));
        check(json!({"kind": "Pod"}), Ok(0));
        check(json!({"kind": "Pod", "spec": null}), Ok(0));
        check(
            json!({"kind": "Pod", "spec": {"containers": [{"name": "a"}, {"name": "a"}]}}),
            Ok(2),
        );
        check(
            json!({"kind": "Pod", "spec": 1}),
            Err("/spec/containers is not in an object"),
        );
        check(
            json!({"kind": "Pod", "spec": {"containers": "x"}}),
            Err("/spec/containers is not a list"),
        );
        check(
            json!({"kind": "Pod", "spec": {"containers": [1]}}),
            Err("/spec/containers/0 is not an object"),
        );
        check(
            json!({"kind": "Pod", "spec": {"containers": [{"name": "a", "command": "x"}]}}),
            Err("/spec/containers/0/command is not a list"),
        );
    }
}
