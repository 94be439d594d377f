//! What an object needs beside it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::meta::LabelSelector;
use crate::api::wire::nullable;

/// An object, or the objects, that another one depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(inline)]
pub struct DependentObjectReference {
    /// The API version of the dependency.
    #[serde(deserialize_with = "nullable")]
    pub api_version: String,
    /// The kind of the dependency.
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
    /// Its namespace; empty for a cluster-scoped object.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Its name. When it is given the selector does not count.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Selects the dependencies by their labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
}

impl DependentObjectReference {
    /// One object by name; an empty namespace for cluster-scoped ones.
    #[must_use]
    pub fn named(
        api_version: impl Into<String>,
        kind: impl Into<String>,
        namespace: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        Self {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
            label_selector: None,
        }
    }
}
