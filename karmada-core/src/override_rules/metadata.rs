//! Labels and annotations of the object itself.

use serde_json::{Map, Value};

use super::patch::Operation;
use crate::api::policy::v1alpha1::{LabelAnnotationOverrider, OverriderOperator};
use crate::object::Object;

/// The operations of one overrider on `metadata.labels` or `metadata.annotations`.
///
/// A map that is missing, or not a map of texts, is made anew for the first key added to it; keys to replace or remove
/// that are not there are passed over. In a key only `/` is escaped, so a key with `~1` in it reaches the one with a
/// `/`.
pub(super) fn operations(
    object: &mut Value,
    field: &str,
    overrider: &LabelAnnotationOverrider,
) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (key, value) in &overrider.value {
        match overrider.operator {
            OverriderOperator::Add if !has_texts(object, field) && !make_texts(object, field) => continue,
            OverriderOperator::Remove | OverriderOperator::Replace if text(object, field, key).is_none() => {
                continue;
            }
            _ => {}
        }
        let path = format!("/metadata/{field}/{}", key.replace('/', "~1"));
        let value = Value::from(value.as_str());
        operations.push(Operation::new(overrider.operator.as_str(), path, value));
    }
    operations
}

fn has_texts(object: &Value, field: &str) -> bool {
    object
        .get("metadata")
        .and_then(|metadata| metadata.get(field))
        .and_then(Value::as_object)
        .is_some_and(|map| map.values().all(Value::is_string))
}

fn text<'a>(object: &'a Value, field: &str, key: &str) -> Option<&'a str> {
    let object = Object::new(object);
    match field {
        "labels" => object.labels().get(key),
        _ => object.annotations().get(key),
    }
}

/// Whether there is a place for the map.
fn make_texts(object: &mut Value, field: &str) -> bool {
    let Some(root) = object.as_object_mut() else {
        return false;
    };
    let metadata = root
        .entry("metadata")
        .or_insert_with(|| Value::Object(Map::new()));
    let Some(metadata) = metadata.as_object_mut() else {
        return false;
    };
    metadata.insert(field.to_owned(), Value::Object(Map::new()));
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::patch;
    use super::*;

    fn check(metadata: Value, overriders: Value, expect: Value) {
        let mut object = json!({"kind": "X", "metadata": metadata});
        let overriders: Vec<LabelAnnotationOverrider> = serde_json::from_value(overriders).unwrap();
        for overrider in &overriders {
            let operations = operations(&mut object, "labels", overrider);
            patch::apply(&mut object, &operations).unwrap();
        }
        assert_eq!(object["metadata"], expect);
    }

    #[test]
    fn edits() {
        let add = json!([{"operator": "add", "value": {"a/b": "1", "x~y": "2"}}]);
        check(
            json!({}),
            add.clone(),
            json!({"labels": {"a/b": "1", "x~y": "2"}}),
        );
        check(
            json!({"labels": null}),
            add.clone(),
            json!({"labels": {"a/b": "1", "x~y": "2"}}),
        );
        check(
            json!({"labels": {"k": 5}}),
            add.clone(),
            json!({"labels": {"a/b": "1", "x~y": "2"}}),
        );
        check(
            json!({"labels": {"a/b": "0"}}),
            add.clone(),
            json!({"labels": {"a/b": "1", "x~y": "2"}}),
        );
        check(json!("odd"), add, json!("odd"));
        check(
            json!({"labels": {"k": 5}}),
            json!([{"operator": "add"}]),
            json!({"labels": {"k": 5}}),
        );
        let replace = json!([{"operator": "replace", "value": {"a/b": "1", "c": "2"}}]);
        check(
            json!({"labels": {"c": "0"}}),
            replace.clone(),
            json!({"labels": {"c": "2"}}),
        );
        check(
            json!({"labels": {"c": "0", "k": 5}}),
            replace,
            json!({"labels": {"c": "0", "k": 5}}),
        );
        let remove = json!([{"operator": "remove", "value": {"c": "", "d": ""}}]);
        check(
            json!({"labels": {"c": "0", "e": ""}}),
            remove.clone(),
            json!({"labels": {"e": ""}}),
        );
        check(json!({}), remove, json!({}));
    }
}
