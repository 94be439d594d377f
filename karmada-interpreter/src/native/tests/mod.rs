//! The rules as tables, one test per kind and operation.

#![allow(
    clippy::needless_pass_by_value,
    reason = "rows of a table read better without references"
)]

mod aggregate;
mod coverage;
mod dependencies;
mod health;
mod reflect;
mod replica;
mod retain;

use serde_json::{Value, json};

use crate::error::{Error, messages};
use crate::interpreter::Answer;

/// An object of that kind, with the members of `rest`.
fn object(api_version: &str, kind: &str, rest: Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind});
    let (Value::Object(members), Value::Object(rest)) = (&mut object, rest) else {
        panic!("not an object");
    };
    members.extend(rest);
    object
}

/// The answer of a layer that must have one, errors as the text of their chain.
fn answered<T>(answer: Result<Answer<T>, Error>) -> Result<T, String> {
    answer
        .map(|answer| answer.value().expect("the layer answers"))
        .map_err(|error| messages(&error).join(": "))
}
