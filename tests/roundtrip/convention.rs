//! What counts as equal, and what may be added.

use karmada::core::api::meta::Time;
use karmada::core::quantity::Quantity;
use serde_json::Value;

/// Members that are always written although the schema does not require them, by kind and path.
const ALWAYS_WRITTEN: &[(&str, &str)] = &[
    ("", ".metadata"),
    ("", ".status"),
    ("Karmada", ".spec"),
    ("MultiClusterIngress", ".spec"),
    ("ServiceImport", ".spec"),
    ("PropagationPolicy", ".spec.placement"),
    ("ClusterPropagationPolicy", ".spec.placement"),
    ("OverridePolicy", ".spec.overriders"),
    ("ClusterOverridePolicy", ".spec.overriders"),
    ("", "overriders.plaintext[].value"),
    ("", "overriders.fieldOverrider[].json[].value"),
    ("", "overriders.fieldOverrider[].yaml[].value"),
    ("Work", ".spec.workload"),
    ("MultiClusterService", ".spec.range"),
    ("MultiClusterService", ".status.loadBalancer"),
    ("MultiClusterIngress", ".status.loadBalancer"),
];

/// What counts as equal.
#[derive(Clone, Copy)]
pub(crate) struct Convention {
    /// Whether scalar zeros are nothing, too.
    pub(crate) zeros: bool,
    /// Whether quantities and times are compared by value; otherwise they are in canonical form on both sides.
    pub(crate) by_value: bool,
    /// Whether a status without anything in it may be missing on the recorded side.
    pub(crate) unwritten_status: bool,
    /// Whether the recorded side may hold what the types do not know.
    pub(crate) unknown: bool,
}

/// Answers that typed objects give.
pub(crate) const OUTPUT: Convention = Convention {
    zeros: false,
    by_value: false,
    unknown: false,
    unwritten_status: false,
};
/// Answers of `default` (README of `core`).
pub(crate) const DEFAULTED: Convention = Convention {
    zeros: true,
    ..OUTPUT
};
/// What an API server keeps: a status that nobody has written yet is missing there, and always written here.
pub(crate) const STORED: Convention = Convention {
    unwritten_status: true,
    ..OUTPUT
};
/// Questions.
pub(crate) const INPUT: Convention = Convention {
    zeros: true,
    by_value: true,
    unknown: true,
    unwritten_status: false,
};

impl Convention {
    fn is_nothing(self, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Bool(value) => self.zeros && !value,
            Value::Number(number) => self.zeros && number.as_f64() == Some(0.0),
            Value::String(text) => self.zeros && text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.values().all(|value| self.is_nothing(value)),
        }
    }

    /// Lists where two values differ.
    pub(crate) fn differences(
        self,
        schema: &Value,
        path: &str,
        recorded: &Value,
        ours: &Value,
        found: &mut Vec<String>,
    ) {
        if schema["x-kubernetes-preserve-unknown-fields"] == true {
            if recorded != ours {
                found.push(format!("{path}: {recorded} became {ours}"));
            }
            return;
        }
        match (recorded, ours) {
            (Value::Object(left), Value::Object(right)) => {
                let mut keys: Vec<&String> = left.keys().chain(right.keys()).collect();
                keys.sort();
                keys.dedup();
                for key in keys {
                    let below = format!("{path}.{key}");
                    let member = member_schema(schema, key);
                    if self.unknown && member.is_none() && !right.contains_key(key) {
                        continue;
                    }
                    let (left, right) = (
                        left.get(key).unwrap_or(&Value::Null),
                        right.get(key).unwrap_or(&Value::Null),
                    );
                    self.differences(member.unwrap_or(&Value::Null), &below, left, right, found);
                }
            }
            (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
                for (index, (left, right)) in left.iter().zip(right).enumerate() {
                    self.differences(&schema["items"], &format!("{path}[{index}]"), left, right, found);
                }
            }
            (Value::Null, _) if self.unwritten_status && path == ".status" && DEFAULTED.is_nothing(ours) => {}
            _ if recorded == ours || (self.is_nothing(recorded) && self.is_nothing(ours)) => {}
            _ if self.by_value
                && schema["x-kubernetes-int-or-string"] == true
                && same_quantity(recorded, ours) => {}
            _ if self.by_value && schema["format"] == "date-time" && same_time(recorded, ours) => {}
            _ => found.push(format!("{path}: {recorded} became {ours}")),
        }
    }
}

fn member_schema<'a>(schema: &'a Value, key: &str) -> Option<&'a Value> {
    schema["properties"]
        .get(key)
        .or_else(|| schema.get("additionalProperties"))
}

fn same_quantity(left: &Value, right: &Value) -> bool {
    let parse = |value: &Value| serde_json::from_value::<Quantity>(value.clone()).ok();
    parse(left).is_some_and(|left| Some(left) == parse(right))
}

fn same_time(left: &Value, right: &Value) -> bool {
    let parse = |value: &Value| {
        serde_json::from_value::<Time>(value.clone())
            .ok()
            .map(|time| time.0.as_second())
    };
    parse(left).is_some_and(|left| Some(left) == parse(right))
}

/// Lists the members that were added to an input, apart from those that are always written.
pub(crate) fn added(
    kind: &str,
    schema: &Value,
    path: &str,
    input: &Value,
    ours: &Value,
    found: &mut Vec<String>,
) {
    match (input, ours) {
        (Value::Object(input), Value::Object(ours)) => {
            for (key, value) in ours {
                // Index and key of maps stay out of the path.
                let known = schema["properties"].get(key).is_some();
                let below = if known {
                    format!("{path}.{key}")
                } else {
                    format!("{path}{{}}")
                };
                let member = member_schema(schema, key).unwrap_or(&Value::Null);
                match input.get(key) {
                    Some(before) => added(kind, member, &below, before, value, found),
                    None if always_written(kind, schema, key, &below) && INPUT.is_nothing(value) => {}
                    None => found.push(format!("{below}: {value} was added")),
                }
            }
        }
        (Value::Array(input), Value::Array(ours)) => {
            for (before, value) in input.iter().zip(ours) {
                added(kind, &schema["items"], &format!("{path}[]"), before, value, found);
            }
        }
        _ => {}
    }
}

fn always_written(kind: &str, schema: &Value, key: &str, path: &str) -> bool {
    let required = schema["required"]
        .as_array()
        .is_some_and(|names| names.iter().any(|name| name == key));
    let listed = ALWAYS_WRITTEN.iter().any(|(of, written)| {
        (of.is_empty() || *of == kind)
            && if written.starts_with('.') {
                path == *written
            } else {
                path.ends_with(written)
            }
    });
    // A component of a control plane always has its resources.
    let resources = kind == "Karmada" && key == "resources";
    required || listed || resources
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({"required": ["name"], "properties": {
            "name": {"type": "string"},
            "cpu": {"x-kubernetes-int-or-string": true},
            "at": {"format": "date-time"},
            "list": {"items": {"properties": {"a": {}}}},
            "status": {},
            "raw": {"x-kubernetes-preserve-unknown-fields": true},
        }})
    }

    #[track_caller]
    fn check(convention: Convention, recorded: &Value, ours: &Value, expected: &[&str]) {
        let mut found = Vec::new();
        convention.differences(&schema(), "", recorded, ours, &mut found);
        let places: Vec<&str> = found.iter().map(|text| text.split(':').next().unwrap()).collect();
        assert_eq!(places, expected);
    }

    #[test]
    fn conventions_allow_what_they_say() {
        check(
            OUTPUT,
            &json!({"name": "a", "list": null}),
            &json!({"name": "a"}),
            &[],
        );
        check(
            OUTPUT,
            &json!({"name": "a", "other": 1}),
            &json!({"name": "a"}),
            &[".other"],
        );
        check(
            INPUT,
            &json!({"name": "a", "other": 1}),
            &json!({"name": "a"}),
            &[],
        );
        check(INPUT, &json!({"name": "a"}), &json!({}), &[".name"]);
        check(OUTPUT, &json!({"name": ""}), &json!({}), &[".name"]);
        check(DEFAULTED, &json!({"name": ""}), &json!({}), &[]);
        check(OUTPUT, &json!({"cpu": "1000m"}), &json!({"cpu": "1"}), &[".cpu"]);
        check(INPUT, &json!({"cpu": "1000m"}), &json!({"cpu": "1"}), &[]);
        check(INPUT, &json!({"cpu": "1001m"}), &json!({"cpu": "1"}), &[".cpu"]);
        check(STORED, &json!({}), &json!({"status": {"a": 0}}), &[]);
        check(STORED, &json!({}), &json!({"status": {"a": 1}}), &[".status"]);
        check(OUTPUT, &json!({}), &json!({"status": {"a": 0}}), &[".status"]);
        let [local, utc] = ["2026-01-01T08:00:00+08:00", "2026-01-01T00:00:00Z"];
        check(INPUT, &json!({"at": local}), &json!({"at": utc}), &[]);
        check(OUTPUT, &json!({"at": local}), &json!({"at": utc}), &[".at"]);
        check(
            OUTPUT,
            &json!({"list": [{"a": 1}]}),
            &json!({"list": [{"a": 2}]}),
            &[".list[0].a"],
        );
        check(
            OUTPUT,
            &json!({"list": [{}, {}]}),
            &json!({"list": [{}]}),
            &[".list"],
        );
        check(
            INPUT,
            &json!({"raw": {"a": null}}),
            &json!({"raw": {}}),
            &[".raw"],
        );
    }

    #[test]
    fn only_what_is_always_written_may_be_added() {
        let check = |input: &Value, ours: &Value, expected: usize| {
            let mut found = Vec::new();
            added("Kind", &schema(), "", input, ours, &mut found);
            assert_eq!(found.len(), expected, "{found:?}");
        };
        check(&json!({}), &json!({"name": ""}), 0);
        check(&json!({}), &json!({"name": "a"}), 1);
        check(&json!({}), &json!({"cpu": "0"}), 1);
        check(&json!({}), &json!({"status": {}}), 0);
    }
}
