//! What an API server does to a custom object by its schema: unknown fields are dropped, defaults filled in, types,
//! limits and closed sets checked (apiextensions-apiserver, `pkg/apiserver/schema` and `pkg/apiserver/validation`).
//!
//! A schema is the structural OpenAPI v3 of a CustomResourceDefinition as [`crd`](crate::crd) gives it, a JSON value.
//! Of its keywords those are known that Karmada's kinds use; `allOf`, `oneOf`, `not`, `anyOf` other than int-or-string
//! and expressions (`x-kubernetes-validations`) are not looked at.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::{Map, Value};

use crate::field::{FieldError, FieldPath};

const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";
const INT_OR_STRING: &str = "x-kubernetes-int-or-string";
const EMBEDDED: &str = "x-kubernetes-embedded-resource";

fn flag(schema: &Value, keyword: &str) -> bool {
    schema.get(keyword).and_then(Value::as_bool).unwrap_or_default()
}

/// The schema of a member of an object: of a known one, or of every other one in a map.
fn member<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    let known = schema
        .get("properties")
        .and_then(|properties| properties.get(name));
    known.or_else(|| {
        schema
            .get("additionalProperties")
            .filter(|schema| schema.is_object())
    })
}

/// Drops what the schema does not know. The object's `apiVersion`, `kind` and `metadata` stay as they are.
///
/// Idempotent.
pub fn prune(schema: &Value, object: &mut Value) {
    prune_value(schema, object, true);
}

fn prune_value(schema: &Value, value: &mut Value, is_root: bool) {
    match value {
        Value::Object(members) => {
            let is_object = is_root || flag(schema, EMBEDDED);
            let is_typed = |name: &str| is_object && matches!(name, "apiVersion" | "kind" | "metadata");
            let keeps_others = flag(schema, PRESERVE)
                || schema.get("additionalProperties").and_then(Value::as_bool) == Some(true);
            if !keeps_others {
                members.retain(|name, _| is_typed(name) || member(schema, name).is_some());
            }
            for (name, value) in members {
                if let Some(schema) = member(schema, name).filter(|_| !is_typed(name)) {
                    prune_value(schema, value, false);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    prune_value(schema, item, false);
                }
            }
        }
        _ => {}
    }
}

/// Fills in defaults where something is absent, or `null` and may not be, in objects that exist; then drops what still
/// is `null` and may not be.
///
/// Idempotent.
pub fn apply_defaults(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(members) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            for (name, schema) in properties.into_iter().flatten() {
                let Some(default) = schema.get("default") else {
                    continue;
                };
                let absent = match members.get(name) {
                    None => true,
                    Some(value) => value.is_null() && !flag(schema, "nullable"),
                };
                if absent {
                    members.insert(name.clone(), default.clone());
                }
            }
            members.retain(|name, value| {
                let Some(schema) = member(schema, name) else {
                    return true;
                };
                apply_defaults(schema, value);
                !value.is_null() || flag(schema, "nullable")
            });
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    apply_defaults(schema, item);
                }
            }
        }
        _ => {}
    }
}

/// Checks an object against a schema.
///
/// With the stored object of an update, what has not changed is not objected to, so that an object can be edited
/// after its schema became stricter.
///
/// Complexity: linear in the object, apart from lists whose items must differ, which are quadratic.
#[must_use]
pub fn validate(schema: &Value, object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let mut validator = Validator::default();
    validator.check(schema, object, old, &FieldPath::root());
    validator.errors
}

#[derive(Default)]
struct Validator<'a> {
    errors: Vec<FieldError>,
    /// Compiled patterns; `None` for one that does not compile.
    patterns: BTreeMap<&'a str, Option<Regex>>,
}

impl<'a> Validator<'a> {
    fn check(&mut self, schema: &'a Value, value: &Value, old: Option<&Value>, path: &FieldPath) {
        if old == Some(value) {
            return;
        }
        if value.is_null() && flag(schema, "nullable") {
            return;
        }
        self.check_type(schema, value, path);
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
            && !allowed.contains(value)
        {
            let texts: Vec<String> = allowed
                .iter()
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                .collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            self.errors.push(FieldError::not_supported(path, value, &texts));
        }
        match value {
            Value::String(text) => self.check_text(schema, text, path),
            Value::Number(number) => self.check_number(schema, number.as_f64(), value, path),
            Value::Array(items) => self.check_list(schema, items, old, path),
            Value::Object(members) => self.check_object(schema, members, old, path),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn check_type(&mut self, schema: &Value, value: &Value, path: &FieldPath) {
        let (wanted, fits) = if flag(schema, INT_OR_STRING) {
            ("integer,string", value.is_string() || is_integral(value))
        } else {
            let Some(wanted) = schema.get("type").and_then(Value::as_str) else {
                return;
            };
            let fits = match wanted {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => is_integral(value),
                "number" => value.is_number(),
                _ => true,
            };
            (wanted, fits)
        };
        if !fits {
            let detail = format_args!("must be of type {wanted}");
            self.errors
                .push(FieldError::type_invalid(path, type_name(value), detail));
        }
    }

    fn check_text(&mut self, schema: &'a Value, text: &str, path: &FieldPath) {
        let length = text.chars().count();
        if let Some(least) = limit(schema, "minLength").filter(|least| length < *least) {
            let detail = format_args!("should be at least {least} characters long");
            self.errors.push(FieldError::invalid(path, text, detail));
        }
        if let Some(most) = limit(schema, "maxLength").filter(|most| length > *most) {
            self.errors.push(FieldError::too_long(path, most));
        }
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
            let compiled = self
                .patterns
                .entry(pattern)
                .or_insert_with(|| Regex::new(pattern).ok());
            match compiled {
                Some(regex) if regex.is_match(text) => {}
                Some(_) => {
                    let detail = format_args!("should match '{pattern}'");
                    self.errors.push(FieldError::invalid(path, text, detail));
                }
                None => self.errors.push(FieldError::internal(
                    path,
                    format_args!("the schema's pattern '{pattern}' cannot be read"),
                )),
            }
        }
        let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
        let fits = match format {
            "date-time" => is_date_time(text),
            "byte" => is_base64(text),
            _ => true,
        };
        if !fits {
            let detail = format_args!("must be of type {format}");
            self.errors.push(FieldError::type_invalid(path, text, detail));
        }
    }

    fn check_number(&mut self, schema: &Value, number: Option<f64>, value: &Value, path: &FieldPath) {
        let Some(number) = number else { return };
        let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
        if let Some(least) = bound("minimum") {
            let exclusive = flag(schema, "exclusiveMinimum");
            if number < least || exclusive && number <= least {
                let relation = if exclusive {
                    "greater than"
                } else {
                    "greater than or equal to"
                };
                let detail = format_args!("should be {relation} {least}");
                self.errors.push(FieldError::invalid(path, value, detail));
            }
        }
        if let Some(most) = bound("maximum") {
            let exclusive = flag(schema, "exclusiveMaximum");
            if number > most || exclusive && number >= most {
                let relation = if exclusive {
                    "less than"
                } else {
                    "less than or equal to"
                };
                let detail = format_args!("should be {relation} {most}");
                self.errors.push(FieldError::invalid(path, value, detail));
            }
        }
    }

    fn check_list(&mut self, schema: &'a Value, items: &[Value], old: Option<&Value>, path: &FieldPath) {
        if let Some(least) = limit(schema, "minItems").filter(|least| items.len() < *least) {
            let detail = format_args!("should have at least {least} items");
            self.errors.push(FieldError::invalid(path, &items.len(), detail));
        }
        if let Some(most) = limit(schema, "maxItems").filter(|most| items.len() > *most) {
            self.errors.push(FieldError::too_many(path, items.len(), most));
        }
        let keys = list_keys(schema);
        if let Some(item_schema) = schema.get("items") {
            let old_items = old
                .and_then(Value::as_array)
                .map(Vec::as_slice)
                .unwrap_or_default();
            for (index, item) in items.iter().enumerate() {
                // Only items with a key can be found again.
                let before = old_items
                    .iter()
                    .find(|before| !keys.is_empty() && same_keys(&keys, before, item));
                self.check(item_schema, item, before, &path.index(index));
            }
        }
        let list_type = schema.get("x-kubernetes-list-type").and_then(Value::as_str);
        let alike: &dyn Fn(&Value, &Value) -> bool = match list_type {
            Some("set") => &|a, b| a == b,
            Some("map") => &|a, b| same_keys(&keys, a, b),
            _ => return,
        };
        for (index, item) in items.iter().enumerate() {
            if items.iter().take(index).any(|before| alike(before, item)) {
                self.errors.push(FieldError::duplicate(&path.index(index), item));
            }
        }
    }

    fn check_object(
        &mut self,
        schema: &'a Value,
        members: &Map<String, Value>,
        old: Option<&Value>,
        path: &FieldPath,
    ) {
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                self.errors.push(FieldError::required(&path.child(name), ""));
            }
        }
        if let Some(least) = limit(schema, "minProperties").filter(|least| members.len() < *least) {
            let detail = format_args!("should have at least {least} properties");
            self.errors
                .push(FieldError::invalid(path, &members.len(), detail));
        }
        if let Some(most) = limit(schema, "maxProperties").filter(|most| members.len() > *most) {
            self.errors.push(FieldError::too_many(path, members.len(), most));
        }
        for (name, value) in members {
            if let Some(schema) = member(schema, name) {
                let before = old.and_then(|old| old.get(name));
                self.check(schema, value, before, &path.child(name));
            }
        }
    }
}

fn limit(schema: &Value, keyword: &str) -> Option<usize> {
    schema.get(keyword)?.as_u64()?.try_into().ok()
}

/// The members that tell the items of a list apart.
fn list_keys(schema: &Value) -> Vec<&str> {
    let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
    keys.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn same_keys(keys: &[&str], a: &Value, b: &Value) -> bool {
    keys.iter().all(|key| a.get(key) == b.get(key))
}

fn is_integral(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) if is_integral(value) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn is_date_time(text: &str) -> bool {
    text.contains(['T', 't']) && text.parse::<jiff::Timestamp>().is_ok()
}

fn is_base64(text: &str) -> bool {
    let body = text
        .strip_suffix("==")
        .or_else(|| text.strip_suffix('='))
        .unwrap_or(text);
    !text.is_empty()
        && text.len().is_multiple_of(4)
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": {"type": "object"},
                "spec": {
                    "type": "object",
                    "required": ["mode"],
                    "properties": {
                        "mode": {"type": "string", "enum": ["a", "b"]},
                        "name": {"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^[a-zä]+$"},
                        "count": {"type": "integer", "minimum": 1, "maximum": 5, "default": 3},
                        "amount": {"x-kubernetes-int-or-string": true, "pattern": "^[0-9]+%$",
                            "anyOf": [{"type": "integer"}, {"type": "string"}]},
                        "when": {"type": "string", "format": "date-time"},
                        "blob": {"type": "string", "format": "byte"},
                        "maybe": {"type": "string", "nullable": true, "default": "x"},
                        "labels": {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 2},
                        "list": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "integer"}},
                        "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
                        "map": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["key"],
                            "items": {"type": "object", "properties": {
                                "key": {"type": "string"},
                                "value": {"type": "string", "maxLength": 1},
                                "inner": {"type": "object", "properties": {"on": {"type": "boolean", "default": false}}},
                            }}},
                        "raw": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                        "any": {"x-kubernetes-preserve-unknown-fields": true},
                    },
                },
            },
        })
    }

    fn check(spec: Value, expected: &[(&str, &str)]) {
        let errors = validate(&schema(), &json!({"spec": spec}), None);
        let mut errors: Vec<_> = errors
            .iter()
            .map(|error| (error.field.as_str(), error.kind.as_str()))
            .collect();
        errors.sort_unstable();
        assert_eq!(errors, expected, "{spec}");
    }

    #[test]
    fn types() {
        const TYPE: &str = "FieldValueTypeInvalid";
        check(json!({"mode": "a", "count": 2.0, "any": null}), &[]);
        check(json!({"mode": "a", "count": 1.5}), &[("spec.count", TYPE)]);
        check(json!({"mode": "a", "count": "1"}), &[("spec.count", TYPE)]);
        check(
            json!({"mode": 5}),
            &[("spec.mode", "FieldValueNotSupported"), ("spec.mode", TYPE)],
        );
        check(
            json!({"mode": "a", "labels": {"x": 1}}),
            &[("spec.labels.x", TYPE)],
        );
        check(json!({"mode": "a", "list": [1, null]}), &[("spec.list[1]", TYPE)]);
        check(json!({"mode": "a", "amount": 1.5}), &[("spec.amount", TYPE)]);
        check(json!({"mode": "a", "amount": true}), &[("spec.amount", TYPE)]);
        check(json!({"mode": "a", "amount": 1}), &[]);
        check(json!({"mode": "a", "maybe": null}), &[]);
        check(json!({"mode": "a", "when": "yesterday"}), &[("spec.when", TYPE)]);
        check(json!({"mode": "a", "when": "2026-01-02T03:04:05Z"}), &[]);
        check(json!({"mode": "a", "when": "2026-01-02T03:04:05.123+02:00"}), &[]);
        check(json!({"mode": "a", "blob": "*"}), &[("spec.blob", TYPE)]);
        check(json!({"mode": "a", "blob": "YQ=="}), &[]);
    }

    #[test]
    fn limits_and_sets() {
        const INVALID: &str = "FieldValueInvalid";
        check(json!({}), &[("spec.mode", "FieldValueRequired")]);
        check(json!({"mode": "c"}), &[("spec.mode", "FieldValueNotSupported")]);
        check(json!({"mode": "a", "name": "a"}), &[("spec.name", INVALID)]);
        check(json!({"mode": "a", "name": "ää"}), &[]);
        check(
            json!({"mode": "a", "name": "aaaa"}),
            &[("spec.name", "FieldValueTooLong")],
        );
        check(json!({"mode": "a", "name": "AA"}), &[("spec.name", INVALID)]);
        check(json!({"mode": "a", "amount": "x"}), &[("spec.amount", INVALID)]);
        check(json!({"mode": "a", "count": 0}), &[("spec.count", INVALID)]);
        check(json!({"mode": "a", "count": 6}), &[("spec.count", INVALID)]);
        check(json!({"mode": "a", "list": []}), &[("spec.list", INVALID)]);
        check(
            json!({"mode": "a", "list": [1, 2, 3]}),
            &[("spec.list", "FieldValueTooMany")],
        );
        check(
            json!({"mode": "a", "labels": {"a": "", "b": "", "c": ""}}),
            &[("spec.labels", "FieldValueTooMany")],
        );
        check(
            json!({"mode": "a", "set": ["x", "y", "x"]}),
            &[("spec.set[2]", "FieldValueDuplicate")],
        );
        check(
            json!({"mode": "a", "map": [{"key": "x"}, {"key": "x", "value": "1"}]}),
            &[("spec.map[1]", "FieldValueDuplicate")],
        );
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_no_silent_pass() {
        let errors = validate(&json!({"type": "string", "pattern": "("}), &json!("x"), None);
        assert_eq!(errors[0].kind.as_str(), "InternalError");
    }

    #[test]
    fn what_has_not_changed_is_not_objected_to() {
        let check = |new: Value, old: Value, expected: &[&str]| {
            let errors = validate(&schema(), &json!({"spec": new}), Some(&json!({"spec": old})));
            let errors: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(errors, expected);
        };
        check(json!({"mode": "z"}), json!({"mode": "z"}), &[]);
        check(json!({"mode": "z", "count": 1}), json!({"mode": "z"}), &[]);
        check(
            json!({"mode": "z", "count": 9}),
            json!({"mode": "z", "count": 8}),
            &["spec.count"],
        );
        check(
            json!({"mode": "a", "map": [{"key": "new", "value": "long"}, {"key": "old", "value": "long", "inner": {}}]}),
            json!({"mode": "a", "map": [{"key": "old", "value": "long"}]}),
            &["spec.map[0].value"],
        );
    }

    #[test]
    fn defaults_and_pruning() {
        let check = |spec: Value, expected: Value| {
            let schema = schema();
            let mut object =
                json!({"apiVersion": "v1", "kind": "A", "metadata": {"x": 1}, "spec": spec, "y": 1});
            for _ in 0..2 {
                prune(&schema, &mut object);
                apply_defaults(&schema, &mut object);
                let whole = json!({"apiVersion": "v1", "kind": "A", "metadata": {"x": 1}, "spec": expected});
                assert_eq!(object, whole);
            }
        };
        check(json!({}), json!({"count": 3, "maybe": "x"}));
        check(
            json!({"count": null, "maybe": null, "mode": null, "unknown": 1}),
            json!({"count": 3, "maybe": null}),
        );
        check(
            json!({"count": 1, "maybe": "y", "map": [{"key": "a", "z": 1, "inner": {}}, {"key": "b"}]}),
            json!({"count": 1, "maybe": "y", "map": [{"key": "a", "inner": {"on": false}}, {"key": "b"}]}),
        );
        check(
            json!({"count": 1, "maybe": "y", "raw": {"a": {"b": null}}, "labels": {"a": "b", "c": null}, "list": [null]}),
            json!({"count": 1, "maybe": "y", "raw": {"a": {"b": null}}, "labels": {"a": "b"}, "list": [null]}),
        );
    }
}
