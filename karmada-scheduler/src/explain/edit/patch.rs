//! Edits as patches.

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::work::v1alpha2::ResourceBindingSpec;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Edits as JSON merge patches (RFC 7386).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EditPatch {
    /// For the Cluster; its `status` is a subresource. What is under `status` reports what the member is like: it is
    /// the member that has to change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Value>,
    /// For the binding. Its `spec.placement` is that of the policy, where it is to be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Value>,
}

impl EditPatch {
    /// What changed.
    pub(super) fn between(
        cluster: (&Cluster, &Cluster),
        spec: (&ResourceBindingSpec, &ResourceBindingSpec),
    ) -> Result<Self, serde_json::Error> {
        let (before, after) = cluster;
        let cluster = difference(&serde_json::to_value(before)?, &serde_json::to_value(after)?);
        let (before, after) = spec;
        let spec = difference(&serde_json::to_value(before)?, &serde_json::to_value(after)?);
        Ok(Self {
            cluster,
            binding: spec.map(|spec| json!({ "spec": spec })),
        })
    }
}

/// The merge patch from one value to another; none if they are the same.
fn difference(before: &Value, after: &Value) -> Option<Value> {
    if before == after {
        return None;
    }
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return Some(after.clone());
    };
    let mut patch = Map::new();
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, value) in after {
        let change = match before.get(key) {
            Some(known) => difference(known, value),
            None => Some(value.clone()),
        };
        if let Some(change) = change {
            patch.insert(key.clone(), change);
        }
    }
    Some(Value::Object(patch))
}
