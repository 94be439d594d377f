//! Whether a value can be decoded.

use karmada_core::quantity::{ParseQuantityError, Quantity};
use serde_json::Value;

use super::schema::{Kind, find};
use super::time::parse;
use crate::error::FieldError;
use crate::object::describe;

/// How Go would decode the value: the two ways disagree on numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// An untyped object converted to its type (`k8s.io/apimachinery:pkg/runtime/converter.go`): integers too large wrap
    /// around, floating point is accepted where it has no fraction.
    Object,
    /// JSON text decoded into the type (`encoding/json`): integers are written as such and in range.
    Text,
}

/// Checks that a value can be decoded into the type.
///
/// # Errors
/// [`FieldError`] for the first member that does not fit, in the order of the object.
pub(crate) fn check(value: &Value, kind: &Kind, reading: Reading) -> Result<(), FieldError> {
    match (kind, value) {
        (_, Value::Null)
        | (Kind::Any, _)
        | (Kind::Str | Kind::IntOrString, Value::String(_))
        | (Kind::Bool, Value::Bool(_)) => Ok(()),
        (Kind::Int64, Value::Number(_)) if is_integer(value, reading) => Ok(()),
        (Kind::Int32, Value::Number(_)) if is_integer(value, reading) => match reading {
            Reading::Object => Ok(()),
            Reading::Text => in_range(value),
        },
        (Kind::IntOrString, Value::Number(_)) if is_integer(value, reading) => in_range(value),
        (Kind::Time, Value::String(text)) => match parse(text) {
            Some(_) => Ok(()),
            None => Err(wrong(format!("{text:?} is not a time in RFC 3339 format"))),
        },
        (Kind::Quantity, Value::String(text)) => quantity(text),
        (Kind::Quantity, Value::Number(number)) => quantity(&number.to_string()),
        (Kind::List(element), Value::Array(items)) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| check(item, element, reading).map_err(|error| error.at(index))),
        (Kind::Map(element), Value::Object(members)) => members
            .iter()
            .try_for_each(|(name, value)| check(value, element, reading).map_err(|error| error.within(name))),
        (Kind::Struct(fields), Value::Object(members)) => {
            members
                .iter()
                .try_for_each(|(name, value)| match find(fields, name) {
                    Some(field) => check(value, &field.kind, reading).map_err(|error| error.within(name)),
                    None => Ok(()),
                })
        }
        _ => Err(wrong(format!(
            "is {}, expected {}",
            describe(value),
            expected(kind)
        ))),
    }
}

/// What the type's quantity reads from a text.
pub(super) fn parse_quantity(text: &str) -> Result<Quantity, FieldError> {
    text.trim()
        .parse()
        .map_err(|error: ParseQuantityError| wrong(error.to_string()))
}

fn quantity(text: &str) -> Result<(), FieldError> {
    parse_quantity(text).map(|_| ())
}

fn is_integer(value: &Value, reading: Reading) -> bool {
    match reading {
        Reading::Object => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        Reading::Text => value.is_i64(),
    }
}

fn in_range(value: &Value) -> Result<(), FieldError> {
    let fits = match value.as_i64() {
        Some(integer) => i32::try_from(integer).is_ok(),
        None => value
            .as_f64()
            .is_some_and(|number| (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number)),
    };
    if fits {
        Ok(())
    } else {
        Err(wrong(format!("{value} is not in the range of 32 bits")))
    }
}

fn expected(kind: &Kind) -> &'static str {
    match kind {
        Kind::Str => "a string",
        Kind::Bool => "a boolean",
        Kind::Int32 | Kind::Int64 => "an integer",
        Kind::Time => "a time",
        Kind::Quantity => "a quantity",
        Kind::IntOrString => "an integer or a string",
        Kind::Any => "anything",
        Kind::List(_) => "a list",
        Kind::Map(_) | Kind::Struct(_) => "an object",
    }
}

fn wrong(reason: String) -> FieldError {
    FieldError::new(&[], reason)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::apps::Deployment;
    use super::super::schema::Described;
    use super::*;

    #[test]
    fn objects_that_do_not_decode_are_refused() {
        let run = |spec: Value, reading: Reading, expected: Result<(), &str>| {
            let object = json!({"spec": spec});
            let got = check(&object, &Deployment::KIND, reading).map_err(|error| error.to_string());
            assert_eq!(got, expected.map_err(str::to_owned), "{object}");
        };
        let both = |spec: Value, expected: Result<(), &str>| {
            run(spec.clone(), Reading::Object, expected);
            run(spec, Reading::Text, expected);
        };
        let strategy = |value: Value| json!({"strategy": {"rollingUpdate": {"maxSurge": value}}});
        let overhead = |value: Value| json!({"template": {"spec": {"overhead": {"cpu": value}}}});

        both(json!(null), Ok(()));
        both(json!({"replicas": 3, "unknown": []}), Ok(()));
        both(json!({"replicas": null}), Ok(()));
        both(
            json!({"replicas": "3"}),
            Err("spec.replicas: is a string, expected an integer"),
        );
        both(
            json!({"replicas": 1.5}),
            Err("spec.replicas: is a floating-point number, expected an integer"),
        );
        run(json!({"replicas": 3.0}), Reading::Object, Ok(()));
        run(
            json!({"replicas": 3.0}),
            Reading::Text,
            Err("spec.replicas: is a floating-point number, expected an integer"),
        );
        run(json!({"replicas": 1_i64 << 31}), Reading::Object, Ok(()));
        run(
            json!({"replicas": 1_i64 << 31}),
            Reading::Text,
            Err("spec.replicas: 2147483648 is not in the range of 32 bits"),
        );
        both(
            json!({"paused": 1}),
            Err("spec.paused: is an integer, expected a boolean"),
        );
        both(json!([]), Err("spec: is a list, expected an object"));
        both(strategy(json!("25%")), Ok(()));
        both(strategy(json!(1)), Ok(()));
        both(
            strategy(json!(1_i64 << 31)),
            Err("spec.strategy.rollingUpdate.maxSurge: 2147483648 is not in the range of 32 bits"),
        );
        both(
            strategy(json!(true)),
            Err("spec.strategy.rollingUpdate.maxSurge: is a boolean, expected an integer or a string"),
        );
        both(overhead(json!(" 0.5 ")), Ok(()));
        both(overhead(json!(2)), Ok(()));
        both(overhead(json!(1.5)), Ok(()));
        both(
            overhead(json!([])),
            Err("spec.template.spec.overhead.cpu: is a list, expected a quantity"),
        );
        both(
            json!({"template": {"metadata": {"creationTimestamp": ""}}}),
            Err("spec.template.metadata.creationTimestamp: \"\" is not a time in RFC 3339 format"),
        );
        both(
            json!({"template": {"spec": {"containers": [null, {"args": ["a", 1]}]}}}),
            Err("spec.template.spec.containers[1].args[1]: is an integer, expected a string"),
        );
        both(
            json!({"template": {"metadata": {"labels": {"a": 1}}}}),
            Err("spec.template.metadata.labels.a: is an integer, expected a string"),
        );
    }

    #[test]
    fn a_quantity_that_does_not_parse_is_refused() {
        let object = json!({"spec": {"template": {"spec": {"overhead": {"cpu": "1x"}}}}});
        let error = check(&object, &Deployment::KIND, Reading::Object).unwrap_err();
        assert_eq!(error.path, "spec.template.spec.overhead.cpu");
        assert!(error.reason.starts_with("\"1x\" is not a quantity: "), "{error}");
    }
}
