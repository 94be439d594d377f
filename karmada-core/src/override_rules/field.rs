//! JSON and YAML documents inside text fields.

use serde_json::Value;

use super::OverriderError;
use super::patch::{self, Operation, RawTextError, unescape};
use crate::api::policy::v1alpha1::{FieldOverrider, FieldPatchOperation};
use crate::yaml;

/// Edits the document in a text field.
///
/// With operations for both forms those for YAML count; with none at all the field is emptied, as upstream does.
pub(super) fn apply(object: &mut Value, overrider: &FieldOverrider) -> Result<(), OverriderError> {
    let path = &overrider.field_path;
    let field = field(object, path).ok_or_else(|| OverriderError::NotText(path.clone()))?;
    let Value::String(text) = field else {
        return Err(OverriderError::NotText(path.clone()));
    };
    let patch_error = |source| OverriderError::Document {
        path: path.clone(),
        source,
    };
    let edited = if !overrider.yaml.is_empty() {
        let mut document = yaml::read(text).map_err(|source| OverriderError::Yaml {
            path: path.clone(),
            source,
        })?;
        patch::apply(&mut document, &operations(&overrider.yaml)).map_err(patch_error)?;
        yaml::write(&document)
    } else if !overrider.json.is_empty() {
        patch::apply_to_text(text, &operations(&overrider.json)).map_err(|error| match error {
            RawTextError::Json(reason) => OverriderError::Json {
                path: path.clone(),
                reason,
            },
            RawTextError::Patch(source) => patch_error(source),
        })?
    } else {
        String::new()
    };
    *text = edited;
    Ok(())
}

fn operations(operations: &[FieldPatchOperation]) -> Vec<Operation> {
    operations
        .iter()
        .map(|it| Operation::new(it.operator.as_str(), it.sub_path.as_str(), it.value.clone()))
        .collect()
}

/// What a JSON pointer (RFC 6901) leads to; list positions may have leading zeros.
fn field<'a>(object: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.strip_prefix('/')?
        .split('/')
        .map(unescape)
        .try_fold(object, |value, token| match value {
            Value::Object(members) => members.get_mut(&token),
            Value::Array(list) => list.get_mut(token.parse::<usize>().ok()?),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents() {
        fn check(text: &str, overrider: Value, expect: Result<&str, &str>) {
            let mut object = json!({"kind": "ConfigMap", "data": {"a/b": [text]}, "number": 5});
            let mut overrider: FieldOverrider = serde_json::from_value(overrider).unwrap();
            if overrider.field_path.is_empty() {
                overrider.field_path = "/data/a~1b/0".into();
            }
            let got = apply(&mut object, &overrider).map_err(|error| error.to_string());
            match expect {
                Ok(text) => {
                    got.unwrap();
                    assert_eq!(object["data"]["a/b"][0], json!(text));
                }
                Err(text) => assert!(got.unwrap_err().contains(text), "{overrider:?}"),
            }
        }
        let add = json!([{"subPath": "/new", "operator": "add", "value": [1]}]);
        check(
            "b: on\na: 1\n",
            json!({"yaml": add}),
            Ok("a: 1\nb: true\nnew:\n- 1\n"),
        );
        check(
            r#"{"b": 1.50}"#,
            json!({"json": add}),
            Ok(r#"{"b":1.50,"new":[1]}"#),
        );
        check("a: 1", json!({"yaml": add, "json": add}), Ok("a: 1\nnew:\n- 1\n"));
        check("a: 1", json!({}), Ok(""));
        check("", json!({"json": add}), Ok(""));
        check("", json!({"yaml": add}), Err("/data/a~1b/0"));
        check("{", json!({"json": add}), Err("is not valid JSON"));
        check("a: [", json!({"yaml": add}), Err("cannot be read as YAML"));
        check("5", json!({"json": add}), Err("cannot be patched"));
        check(
            "",
            json!({"fieldPath": "/number", "json": add}),
            Err("/number is not a text"),
        );
        check(
            "",
            json!({"fieldPath": "/data/x", "json": add}),
            Err("/data/x is not a text"),
        );
        check(
            "",
            json!({"fieldPath": "data", "json": add}),
            Err("data is not a text"),
        );
    }
}
