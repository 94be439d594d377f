//! ServiceAccount and Secret.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::FieldError;
use crate::object;

const SERVICE_ACCOUNT_TOKEN: &str = "kubernetes.io/service-account-token";

/// Keeps the token that the member has made.
pub(super) fn retain(desired: &mut Value, observed: &Value) -> Result<(), FieldError> {
    // A type that is no text is like another type.
    if object::string(desired, &["type"]) != Ok(Some(SERVICE_ACCOUNT_TOKEN)) {
        return Ok(());
    }
    match object::string_map(observed, &["data"])? {
        Some(data) => object::set(desired, &["data"], Value::Object(data.clone())),
        None => Ok(()),
    }
}

/// Adds the secrets that the member has put on the account. Both lists are always written, as null when they would be
/// empty.
pub(super) fn retain_service_account(desired: &mut Value, observed: &Value) -> Result<(), FieldError> {
    let secrets = merge(desired, observed, "secrets")?;
    let image_pull_secrets = merge(desired, observed, "imagePullSecrets")?;
    object::set_all(
        desired,
        vec![
            (&["secrets"], secrets),
            (&["imagePullSecrets"], image_pull_secrets),
        ],
    )
}

/// All desired references, then the observed ones of names that have not been seen.
fn merge(desired: &Value, observed: &Value, list: &str) -> Result<Value, FieldError> {
    let mut seen = BTreeSet::new();
    let mut merged = Vec::new();
    for (object, all) in [(desired, true), (observed, false)] {
        let references = object::list(object, &[list])?.map_or(&[][..], Vec::as_slice);
        for (index, reference) in references.iter().enumerate() {
            let name = object::string(reference, &["name"])
                .and_then(|name| name.ok_or_else(|| FieldError::new(&["name"], "is missing")))
                .map_err(|error| error.at(index).within(list))?;
            if seen.insert(name) || all {
                merged.push(reference.clone());
            }
        }
    }
    Ok(if merged.is_empty() {
        Value::Null
    } else {
        Value::Array(merged)
    })
}
