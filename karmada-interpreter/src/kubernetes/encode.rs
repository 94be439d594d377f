//! What encoding a decoded value gives, and whether two decoded values are equal.

use serde_json::{Map, Value};

use super::read::{int32, int64, is_set, quantity, text};
use super::schema::{Field, Form, Kind, find};
use super::time;

/// Turns a checked value into what encoding the decoded value would give.
///
/// Unknown members and empty optional ones disappear, members that are always written appear, integers are narrowed,
/// quantities become canonical, times UTC and whole seconds.
pub(crate) fn normalise(value: &mut Value, kind: &Kind) {
    match kind {
        Kind::Str if value.is_null() => *value = Value::String(String::new()),
        Kind::Bool if value.is_null() => *value = Value::Bool(false),
        Kind::Int32 => *value = int32(value).into(),
        Kind::Int64 => *value = int64(value).into(),
        Kind::IntOrString if !value.is_string() => *value = int32(value).into(),
        Kind::Time => *value = time_text(value),
        Kind::Quantity => *value = quantity(value).to_string().into(),
        Kind::Str | Kind::Bool | Kind::IntOrString | Kind::Any => {}
        Kind::List(element) => {
            for item in value.as_array_mut().into_iter().flatten() {
                normalise(item, element);
            }
        }
        Kind::Map(element) => {
            for (_, member) in value.as_object_mut().into_iter().flatten() {
                normalise(member, element);
            }
        }
        Kind::Struct(fields) => {
            if value.is_null() {
                *value = Value::Object(Map::new());
            }
            if let Value::Object(members) = value {
                normalise_members(members, fields);
            }
        }
    }
}

/// A time as it is written; null where it is absent.
fn time_text(value: &Value) -> Value {
    super::time(value)
        .and_then(time::format)
        .map_or(Value::Null, Value::String)
}

fn normalise_members(members: &mut Map<String, Value>, fields: &[Field]) {
    members.retain(|name, value| {
        let Some(field) = find(fields, name) else {
            return false;
        };
        match field.form {
            Form::Optional | Form::Nullable if value.is_null() => false,
            Form::Optional | Form::Nullable | Form::Always => {
                normalise(value, &field.kind);
                true
            }
            Form::Omitted => {
                normalise(value, &field.kind);
                !is_empty(value)
            }
        }
    });
    for field in fields {
        let missing = match field.form {
            Form::Always | Form::Nullable => !members.contains_key(field.name),
            Form::Omitted | Form::Optional => false,
        };
        if missing {
            let mut zero = Value::Null;
            if field.form == Form::Always {
                normalise(&mut zero, &field.kind);
            }
            members.insert(field.name.to_owned(), zero);
        }
    }
}

/// Whether an encoded value is one that is left out.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(set) => !set,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// Whether two checked values are equal once decoded, as Go's `reflect.DeepEqual` sees it: a list or map that was never
/// set differs from an empty one, and a pointer that was never set from one to zero; times compare as instants.
pub(crate) fn same(a: &Value, b: &Value, kind: &Kind) -> bool {
    match kind {
        Kind::Str => text(a) == text(b),
        Kind::Bool => a.as_bool().unwrap_or_default() == b.as_bool().unwrap_or_default(),
        Kind::Int32 => int32(a) == int32(b),
        Kind::Int64 => int64(a) == int64(b),
        Kind::Time => super::time(a) == super::time(b),
        Kind::Quantity => quantity(a) == quantity(b),
        Kind::IntOrString => match (a, b) {
            (Value::String(a), Value::String(b)) => a == b,
            (Value::String(_), _) | (_, Value::String(_)) => false,
            _ => int32(a) == int32(b),
        },
        Kind::Any => a == b,
        Kind::List(element) => match (a, b) {
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, element))
            }
            _ => a.is_null() && b.is_null(),
        },
        Kind::Map(element) => match (a, b) {
            (Value::Object(a), Value::Object(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .all(|(name, a)| b.get(name).is_some_and(|b| same(a, b, element)))
            }
            _ => a.is_null() && b.is_null(),
        },
        Kind::Struct(fields) => fields.iter().all(|field| {
            let (a, b) = (super::member(a, &[field.name]), super::member(b, &[field.name]));
            match field.form {
                Form::Optional | Form::Nullable if is_set(a) != is_set(b) => false,
                Form::Optional | Form::Nullable if !is_set(a) => true,
                _ => same(a, b, &field.kind),
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::apps::{Deployment, DeploymentStatus};
    use super::super::batch::JobStatus;
    use super::super::pod::{Container, PodSpec};
    use super::super::schema::Described;
    use super::*;

    #[test]
    fn encoding_shows_the_marks_of_the_type() {
        let check = |mut value: Value, kind: &Kind, expected: Value| {
            normalise(&mut value, kind);
            assert_eq!(value, expected);
            normalise(&mut value, kind);
            assert_eq!(value, expected, "twice is once");
        };
        check(
            json!({"kind": "Deployment", "spec": {"replicas": 3.0, "unknown": 1, "paused": false}}),
            &Deployment::KIND,
            json!({
                "kind": "Deployment",
                "metadata": {},
                "spec": {
                    "replicas": 3,
                    "selector": null,
                    "strategy": {},
                    "template": {"metadata": {}, "spec": {"containers": null}},
                },
                "status": {},
            }),
        );
        check(
            json!({"name": null, "args": [null], "resources": {"limits": {"cpu": "0.5", "memory": "0.5Ki", "pods": 2}}}),
            &Container::KIND,
            json!({"name": "", "args": [""], "resources": {"limits": {"cpu": "500m", "memory": "512", "pods": "2"}}}),
        );
        check(
            json!({"containers": [], "nodeSelector": {}, "activeDeadlineSeconds": 0, "priority": null}),
            &PodSpec::KIND,
            json!({"containers": [], "activeDeadlineSeconds": 0}),
        );
        check(
            json!({"startTime": "2024-01-01T02:00:00.5+02:00", "conditions": [{"lastProbeTime": null}]}),
            &JobStatus::KIND,
            json!({
                "startTime": "2024-01-01T00:00:00Z",
                "conditions": [{"lastProbeTime": null, "lastTransitionTime": null, "status": "", "type": ""}],
            }),
        );
    }

    #[test]
    fn equality_is_that_of_the_decoded_values() {
        let check = |a: Value, b: Value, expected: bool| {
            assert_eq!(same(&a, &b, &DeploymentStatus::KIND), expected, "{a} {b}");
            assert_eq!(same(&b, &a, &DeploymentStatus::KIND), expected, "{b} {a}");
        };
        check(
            json!({}),
            json!({"replicas": 0, "conditions": null, "unknown": 1}),
            true,
        );
        check(json!({"replicas": 3}), json!({"replicas": 3.0}), true);
        check(json!({"replicas": 3}), json!({"replicas": 4}), false);
        check(json!({}), json!({"conditions": []}), false);
        check(json!({}), json!({"collisionCount": 0}), false);
        check(json!(null), json!({}), true);
        let condition = |time: &str| json!({"conditions": [{"type": "A", "lastUpdateTime": time}]});
        check(
            condition("2024-01-01T00:00:00Z"),
            condition("2024-01-01T01:00:00+01:00"),
            true,
        );
        check(
            condition("2024-01-01T00:00:00Z"),
            condition("2024-01-01T00:00:00.5Z"),
            false,
        );
    }
}
