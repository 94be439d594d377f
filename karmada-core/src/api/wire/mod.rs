//! Decoding as Kubernetes does it, and errors that name the field.

mod strict;

use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use strict::Strict;

/// Why a JSON value is not an object of the wanted type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot decode {path}: {reason}")]
pub struct DecodeError {
    /// The field at fault in JSONPath-like notation, `.` for the document itself.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Decodes a JSON value, naming the field that does not fit. A list never passes for an object.
///
/// # Errors
/// [`DecodeError`] with the path of the first field whose value has the wrong shape.
///
/// ```
/// use karmada_core::api::{policy::v1alpha1::PropagationPolicy, wire};
/// let wrong = serde_json::json!({"spec": {"placement": {"clusterTolerations": 5}}});
/// let error = wire::decode::<PropagationPolicy>(&wrong).unwrap_err();
/// assert_eq!(error.path, "spec.placement.clusterTolerations");
/// ```
pub fn decode<T: DeserializeOwned>(value: &Value) -> Result<T, DecodeError> {
    serde_path_to_error::deserialize(Strict(value)).map_err(|error| DecodeError {
        path: error.path().to_string(),
        reason: error.inner().to_string(),
    })
}

/// Encodes a typed value as JSON.
///
/// # Errors
/// [`DecodeError`] when the value has no JSON form, which no type of this crate produces.
pub fn encode<T: Serialize>(value: &T) -> Result<Value, DecodeError> {
    serde_json::to_value(value).map_err(|error| DecodeError {
        path: ".".into(),
        reason: error.to_string(),
    })
}

/// Reads `null` as the default value, as Go's decoder does for everything that is not a pointer.
pub(crate) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads an optional member of a closed set: absent, `null` and the empty string are all "not set".
pub(crate) fn optional_set<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<String>,
{
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    Ok(if text.is_empty() {
        None
    } else {
        Some(T::from(text))
    })
}

/// Whether a field holds its zero value and is left out.
pub(crate) fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Refuses an object that says it is of another type; one that does not say is taken at the caller's word.
pub(crate) fn expect_type<E: serde::de::Error>(
    (api_version, kind): (&str, &str),
    (got_api_version, got_kind): (&str, &str),
) -> Result<(), E> {
    if !got_kind.is_empty() && got_kind != kind {
        return Err(E::custom(format_args!("kind is {got_kind:?}, expected {kind:?}")));
    }
    if !got_api_version.is_empty() && got_api_version != api_version {
        return Err(E::custom(format_args!(
            "apiVersion is {got_api_version:?}, expected {api_version:?}"
        )));
    }
    Ok(())
}

/// The schema of any JSON object, kept as it is.
pub(crate) struct RawObjectSchema;

impl schemars::JsonSchema for RawObjectSchema {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RawObject".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
    }
}

/// The schema of any JSON value at all, kept as it is.
pub(crate) struct AnyValueSchema;

impl schemars::JsonSchema for AnyValueSchema {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AnyValue".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"x-kubernetes-preserve-unknown-fields": true})
    }
}

/// The schema of a Go `int`: an integer of no stated width.
pub(crate) struct IntegerSchema;

impl schemars::JsonSchema for IntegerSchema {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Integer".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "integer"})
    }
}
