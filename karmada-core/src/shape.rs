//! Whether an object has the types of its kind.
//!
//! Upstream converts a workload to its Go type before it looks for images or prunes a Job, so an object that does not
//! convert is an error even where nothing that is looked at is at fault. The types come from the schemas of k8s-openapi, reduced to what the
//! conversion looks at: missing members are fine, `null` fits everything, unknown members are ignored, whole floats
//! pass for integers.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use crate::object::Object;

/// A value that has not the type its field has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path} is not {expected}")]
pub struct ShapeError {
    /// Where it is.
    pub path: String,
    /// What it should be.
    pub expected: &'static str,
}

impl ShapeError {
    pub(crate) fn new(path: impl Into<String>, expected: &'static str) -> Self {
        Self {
            path: path.into(),
            expected,
        }
    }
}

/// The type of a value.
#[derive(Debug)]
enum Shape {
    Any,
    Text,
    Time,
    Bool,
    Integer,
    Number,
    IntOrText,
    Quantity,
    List(Arc<Shape>),
    Map(Arc<Shape>),
    Object(BTreeMap<String, Arc<Shape>>),
}

/// Checks a Pod, Deployment, ReplicaSet, DaemonSet, StatefulSet or Job, whatever its group; other kinds pass.
///
/// # Errors
/// [`ShapeError`] names the first value that does not fit.
pub fn check_workload(object: &Value) -> Result<(), ShapeError> {
    static SHAPES: LazyLock<BTreeMap<&'static str, Arc<Shape>>> = LazyLock::new(|| {
        BTreeMap::from([
            ("Pod", compile_kind::<Pod>()),
            ("Deployment", compile_kind::<Deployment>()),
            ("ReplicaSet", compile_kind::<ReplicaSet>()),
            ("DaemonSet", compile_kind::<DaemonSet>()),
            ("StatefulSet", compile_kind::<StatefulSet>()),
            ("Job", compile_kind::<Job>()),
        ])
    });
    match SHAPES.get(Object::new(object).kind()) {
        Some(shape) => check(shape, object, &mut String::new()),
        None => Ok(()),
    }
}

fn check(shape: &Shape, value: &Value, path: &mut String) -> Result<(), ShapeError> {
    let expected = match (shape, value) {
        (_, Value::Null)
        | (Shape::Any, _)
        | (Shape::Text | Shape::IntOrText, Value::String(_))
        | (Shape::Bool, Value::Bool(_))
        | (Shape::Number, Value::Number(_)) => return Ok(()),
        (Shape::List(element), Value::Array(list)) => {
            return list
                .iter()
                .enumerate()
                .try_for_each(|(index, value)| within(element, value, path, index));
        }
        (Shape::Map(element), Value::Object(members)) => {
            return members
                .iter()
                .try_for_each(|(key, value)| within(element, value, path, key));
        }
        (Shape::Object(fields), Value::Object(members)) => {
            return fields
                .iter()
                .try_for_each(|(name, shape)| match members.get(name) {
                    Some(value) => within(shape, value, path, name),
                    None => Ok(()),
                });
        }
        (Shape::Integer, Value::Number(number)) => {
            if number.as_f64().is_some_and(|number| number.fract() == 0.0) {
                return Ok(());
            }
            "an integer"
        }
        (Shape::IntOrText, Value::Number(number)) => {
            if number
                .as_i64()
                .is_some_and(|number| i32::try_from(number).is_ok())
            {
                return Ok(());
            }
            "a 32-bit integer or a text"
        }
        (Shape::Quantity, Value::String(text)) if is_quantity(text.trim()) => return Ok(()),
        (Shape::Quantity, Value::Number(number)) if is_quantity(&number.to_string()) => return Ok(()),
        (Shape::Time, Value::String(text)) if jiff::Timestamp::from_str(text).is_ok() => return Ok(()),
        (Shape::Text, _) => "a text",
        (Shape::Time, _) => "a time",
        (Shape::Bool, _) => "a boolean",
        (Shape::Integer, _) => "an integer",
        (Shape::Number, _) => "a number",
        (Shape::IntOrText, _) => "an integer or a text",
        (Shape::Quantity, _) => "a quantity",
        (Shape::List(_), _) => "a list",
        (Shape::Map(_) | Shape::Object(_), _) => "an object",
    };
    Err(ShapeError::new(path.as_str(), expected))
}

fn within(
    shape: &Shape,
    value: &Value,
    path: &mut String,
    part: impl fmt::Display,
) -> Result<(), ShapeError> {
    let length = path.len();
    // Writing to a text cannot fail.
    let _ = write!(path, "/{part}");
    let result = check(shape, value, path);
    path.truncate(length);
    result
}

fn is_quantity(text: &str) -> bool {
    crate::quantity::Quantity::from_str(text).is_ok()
}

fn compile_kind<K: JsonSchema>() -> Arc<Shape> {
    let mut generator = SchemaGenerator::default();
    let schema = Value::from(generator.subschema_for::<K>());
    let definitions = generator.take_definitions(true);
    Compiler {
        definitions: &definitions,
        done: BTreeMap::new(),
    }
    .compile(&schema)
}

struct Compiler<'a> {
    definitions: &'a serde_json::Map<String, Value>,
    done: BTreeMap<&'a str, Arc<Shape>>,
}

impl<'a> Compiler<'a> {
    fn compile(&mut self, schema: &'a Value) -> Arc<Shape> {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap_or_default();
            return self.definition(name);
        }
        if let Some([only]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
            return self.compile(only);
        }
        Arc::new(match schema.get("type").and_then(Value::as_str) {
            Some("string") if schema.get("format").and_then(Value::as_str) == Some("date-time") => {
                Shape::Time
            }
            Some("string") => Shape::Text,
            Some("boolean") => Shape::Bool,
            Some("integer") => Shape::Integer,
            Some("number") => Shape::Number,
            Some("array") => Shape::List(match schema.get("items") {
                Some(items) => self.compile(items),
                None => Arc::new(Shape::Any),
            }),
            Some("object") => {
                if let Some(fields) = schema.get("properties").and_then(Value::as_object) {
                    Shape::Object(
                        fields
                            .iter()
                            .map(|(name, schema)| (name.clone(), self.compile(schema)))
                            .collect(),
                    )
                } else {
                    match schema.get("additionalProperties") {
                        Some(values) => Shape::Map(self.compile(values)),
                        None => Shape::Map(Arc::new(Shape::Any)),
                    }
                }
            }
            _ if schema.get("x-kubernetes-int-or-string").is_some() => Shape::IntOrText,
            _ => Shape::Any,
        })
    }

    fn definition(&mut self, name: &'a str) -> Arc<Shape> {
        if let Some(shape) = self.done.get(name) {
            return shape.clone();
        }
        let shape = if name.ends_with(".Quantity") {
            Arc::new(Shape::Quantity)
        } else {
            // A type that contains itself would end here; none of those in a pod does.
            self.done.insert(name, Arc::new(Shape::Any));
            match self.definitions.get(name) {
                Some(schema) => self.compile(schema),
                None => Arc::new(Shape::Any),
            }
        };
        self.done.insert(name, shape.clone());
        shape
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects() {
        fn check(object: Value, expect: Result<(), &str>) {
            let got = check_workload(&object).map_err(|error| error.to_string());
            assert_eq!(got, expect.map_err(str::to_owned), "{object}");
        }
        let pod = |spec: Value| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"creationTimestamp": null}, "spec": spec});
        let container = |field: &str, value: Value| {
            let mut container = json!({"name": "a"});
            container[field] = value;
            json!({"kind": "Deployment", "spec": {"template": {"spec": {"containers": [container]}}}})
        };
        check(
            pod(json!({"containers": [null, {"image": "x"}], "unknown": 5})),
            Ok(()),
        );
        check(
            pod(json!({"containers": "none"})),
            Err("/spec/containers is not a list"),
        );
        check(
            pod(json!({"nodeSelector": {"a": 1}})),
            Err("/spec/nodeSelector/a is not a text"),
        );
        check(pod(json!({"priority": 1.0})), Ok(()));
        check(
            pod(json!({"priority": 1.5})),
            Err("/spec/priority is not an integer"),
        );
        check(
            container("args", json!({})),
            Err("/spec/template/spec/containers/0/args is not a list"),
        );
        check(
            container("ports", json!(["x"])),
            Err("/spec/template/spec/containers/0/ports/0 is not an object"),
        );
        check(
            container(
                "resources",
                json!({"limits": {"cpu": "1", "memory": 5, "x": "1e3"}}),
            ),
            Ok(()),
        );
        check(
            container("resources", json!({"limits": {"cpu": "much"}})),
            Err("/spec/template/spec/containers/0/resources/limits/cpu is not a quantity"),
        );
        check(
            container("livenessProbe", json!({"httpGet": {"port": "http"}})),
            Ok(()),
        );
        check(
            json!({"kind": "Job", "spec": {"completions": "x"}}),
            Err("/spec/completions is not an integer"),
        );
        check(
            json!({"kind": "Pod", "metadata": {"creationTimestamp": "now"}}),
            Err("/metadata/creationTimestamp is not a time"),
        );
        check(json!({"kind": "CronJob", "spec": 5}), Ok(()));
    }
}
