//! The rules every object's metadata follows (apimachinery `pkg/api/validation/objectmeta.go`).

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use super::syntax::group_version;
use crate::crd::Scope;
use crate::field::{FieldError, FieldPath};
use crate::syntax::{self, SyntaxError};

/// How many bytes all annotations of an object may have together, keys and values.
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

/// Checks the metadata of an object: names by `name_rule`, the namespace by the scope of the kind, labels,
/// annotations, owners and finalizers.
#[must_use]
pub fn validate_metadata(
    metadata: &ObjectMeta,
    scope: Scope,
    name_rule: fn(&str) -> Result<(), SyntaxError>,
) -> Vec<FieldError> {
    let path = FieldPath::new("metadata");
    let mut errors = Vec::new();
    let mut check = |path: FieldPath, value: &str, result: Result<(), SyntaxError>| {
        errors.extend(result.err().map(|rule| FieldError::invalid(&path, value, rule)));
    };
    let name = metadata.name.as_deref().unwrap_or_default();
    let generate_name = metadata.generate_name.as_deref().unwrap_or_default();
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    if !generate_name.is_empty() {
        let masked = mask_trailing_hyphen(generate_name);
        check(path.child("generateName"), generate_name, name_rule(&masked));
    }
    if !name.is_empty() {
        check(path.child("name"), name, name_rule(name));
    }
    if scope == Scope::Namespaced && !namespace.is_empty() {
        check(path.child("namespace"), namespace, syntax::dns_label(namespace));
    }
    if name.is_empty() {
        errors.push(FieldError::required(
            &path.child("name"),
            "name or generateName is required",
        ));
    }
    match scope {
        Scope::Namespaced if namespace.is_empty() => {
            errors.push(FieldError::required(&path.child("namespace"), ""));
        }
        Scope::Cluster if !namespace.is_empty() => {
            errors.push(FieldError::forbidden(
                &path.child("namespace"),
                "not allowed on this type",
            ));
        }
        _ => {}
    }
    if let Some(generation) = metadata.generation.filter(|generation| *generation < 0) {
        errors.push(FieldError::invalid(
            &path.child("generation"),
            &generation,
            "must be greater than or equal to 0",
        ));
    }
    errors.extend(
        metadata
            .labels
            .iter()
            .flat_map(|labels| validate_labels(labels, &path.child("labels"))),
    );
    errors.extend(
        metadata
            .annotations
            .iter()
            .flat_map(|annotations| validate_annotations(annotations, &path.child("annotations"))),
    );
    errors.extend(
        metadata
            .owner_references
            .iter()
            .flat_map(|owners| validate_owners(owners, &path.child("ownerReferences"))),
    );
    errors.extend(
        metadata
            .finalizers
            .iter()
            .flat_map(|finalizers| validate_finalizers(finalizers, &path.child("finalizers"))),
    );
    errors
}

/// Checks what an update may not change in an object's metadata.
#[must_use]
pub fn validate_metadata_update(new: &ObjectMeta, old: &ObjectMeta) -> Vec<FieldError> {
    let path = FieldPath::new("metadata");
    let mut errors = Vec::new();
    if old.deletion_timestamp.is_some() {
        let before: BTreeSet<&String> = old.finalizers.iter().flatten().collect();
        let added: Vec<&String> = new
            .finalizers
            .iter()
            .flatten()
            .filter(|finalizer| !before.contains(finalizer))
            .collect();
        if !added.is_empty() {
            errors.push(FieldError::forbidden(
                &path.child("finalizers"),
                format!("no new finalizers can be added if the object is being deleted, found {added:?}"),
            ));
        }
    }
    if new.resource_version.as_deref().unwrap_or_default().is_empty() {
        errors.push(FieldError::invalid(
            &path.child("resourceVersion"),
            "",
            "must be specified for an update",
        ));
    }
    if new.generation.unwrap_or_default() < old.generation.unwrap_or_default() {
        errors.push(FieldError::invalid(
            &path.child("generation"),
            &new.generation,
            "must not be decremented",
        ));
    }
    fn text(value: Option<&String>) -> &str {
        value.map_or("", String::as_str)
    }
    let mut immutable = |field: &str, same: bool| {
        if !same {
            errors.push(FieldError::invalid(
                &path.child(field),
                &value(new, field),
                "field is immutable",
            ));
        }
    };
    immutable("name", text(new.name.as_ref()) == text(old.name.as_ref()));
    immutable(
        "namespace",
        text(new.namespace.as_ref()) == text(old.namespace.as_ref()),
    );
    immutable("uid", text(new.uid.as_ref()) == text(old.uid.as_ref()));
    immutable(
        "creationTimestamp",
        new.creation_timestamp == old.creation_timestamp,
    );
    immutable(
        "deletionTimestamp",
        new.deletion_timestamp == old.deletion_timestamp,
    );
    immutable(
        "deletionGracePeriodSeconds",
        new.deletion_grace_period_seconds == old.deletion_grace_period_seconds,
    );
    errors
}

/// One member of the metadata, to be quoted.
fn value(metadata: &ObjectMeta, field: &str) -> serde_json::Value {
    let mut object = serde_json::to_value(metadata).unwrap_or_default();
    object
        .get_mut(field)
        .map(serde_json::Value::take)
        .unwrap_or_default()
}

/// What `generateName` would be with something appended, for the rules of names.
fn mask_trailing_hyphen(name: &str) -> String {
    match name.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => {
            let mut rest = rest.to_owned();
            rest.pop();
            rest.push('a');
            rest
        }
        _ => name.to_owned(),
    }
}

/// Checks labels: keys are qualified names, values label values.
#[must_use]
pub fn validate_labels(labels: &BTreeMap<String, String>, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (key, value) in labels {
        errors.extend(
            syntax::qualified_name(key)
                .err()
                .map(|rule| FieldError::invalid(path, key, rule)),
        );
        errors.extend(
            syntax::label_value(value)
                .err()
                .map(|rule| FieldError::invalid(path, value, rule)),
        );
    }
    errors
}

/// Checks annotations: keys are qualified names, whatever their case, and all of them together are bounded.
#[must_use]
pub fn validate_annotations(annotations: &BTreeMap<String, String>, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut size = 0_usize;
    for (key, value) in annotations {
        size = size.saturating_add(key.len()).saturating_add(value.len());
        errors.extend(
            syntax::qualified_name(&key.to_lowercase())
                .err()
                .map(|rule| FieldError::invalid(path, key, rule)),
        );
    }
    if size > ANNOTATIONS_LIMIT {
        errors.push(FieldError::too_long(path, ANNOTATIONS_LIMIT));
    }
    errors
}

fn validate_owners(owners: &[OwnerReference], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for owner in owners {
        let version = owner.api_version.rsplit('/').next().unwrap_or_default();
        if version.is_empty() {
            errors.push(FieldError::invalid(
                &path.child("apiVersion"),
                &owner.api_version,
                "version must not be empty",
            ));
        }
        if let Err(rule) = group_version(&owner.api_version) {
            errors.push(FieldError::invalid(
                &path.child("apiVersion"),
                &owner.api_version,
                rule,
            ));
        }
        for (field, value) in [("kind", &owner.kind), ("name", &owner.name), ("uid", &owner.uid)] {
            if value.is_empty() {
                errors.push(FieldError::invalid(
                    &path.child(field),
                    value,
                    "must not be empty",
                ));
            }
        }
    }
    let controllers = owners
        .iter()
        .filter(|owner| owner.controller == Some(true))
        .count();
    if controllers > 1 {
        errors.push(FieldError::invalid(
            path,
            owners,
            "only one reference can have controller set to true",
        ));
    }
    errors
}

fn validate_finalizers(finalizers: &[String], path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = finalizers
        .iter()
        .filter_map(|finalizer| {
            let rule = syntax::qualified_name(finalizer).err()?;
            Some(FieldError::invalid(path, finalizer, rule))
        })
        .collect();
    let has = |wanted: &str| finalizers.iter().any(|finalizer| finalizer == wanted);
    if has("orphan") && has("foregroundDeletion") {
        errors.push(FieldError::invalid(
            path,
            finalizers,
            "'orphan' and 'foregroundDeletion' cannot be set together",
        ));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn metadata(value: Value) -> ObjectMeta {
        serde_json::from_value(value).unwrap()
    }

    fn fields(errors: &[FieldError]) -> Vec<(&str, &str)> {
        errors
            .iter()
            .map(|error| (error.field.as_str(), error.kind.as_str()))
            .collect()
    }

    #[test]
    fn creation() {
        let check = |value: Value, scope: Scope, expected: &[(&str, &str)]| {
            let errors = validate_metadata(&metadata(value.clone()), scope, syntax::dns_subdomain);
            assert_eq!(fields(&errors), expected, "{value}");
        };
        use Scope::{Cluster, Namespaced};
        check(json!({"name": "a", "namespace": "b"}), Namespaced, &[]);
        check(json!({"name": "a"}), Cluster, &[]);
        check(json!({"generateName": "a-", "name": "a-1"}), Cluster, &[]);
        check(
            json!({"name": "a", "namespace": "b"}),
            Cluster,
            &[("metadata.namespace", "FieldValueForbidden")],
        );
        check(
            json!({}),
            Namespaced,
            &[
                ("metadata.name", "FieldValueRequired"),
                ("metadata.namespace", "FieldValueRequired"),
            ],
        );
        check(
            json!({"name": "A", "namespace": "a.b", "generateName": "B_c-", "generation": -1}),
            Namespaced,
            &[
                ("metadata.generateName", "FieldValueInvalid"),
                ("metadata.name", "FieldValueInvalid"),
                ("metadata.namespace", "FieldValueInvalid"),
                ("metadata.generation", "FieldValueInvalid"),
            ],
        );
        check(
            json!({"name": "a", "labels": {"a b": "c d"}, "annotations": {"A/b": "c d", "": ""}}),
            Cluster,
            &[
                ("metadata.labels", "FieldValueInvalid"),
                ("metadata.labels", "FieldValueInvalid"),
                ("metadata.annotations", "FieldValueInvalid"),
            ],
        );
        check(
            json!({"name": "a", "annotations": {"a": "x".repeat(256 * 1024)}}),
            Cluster,
            &[("metadata.annotations", "FieldValueTooLong")],
        );
        let owner = json!({"apiVersion": "v1", "kind": "A", "name": "a", "uid": "1", "controller": true});
        check(
            json!({"name": "a", "ownerReferences": [owner, owner]}),
            Cluster,
            &[("metadata.ownerReferences", "FieldValueInvalid")],
        );
        check(
            json!({"name": "a", "ownerReferences": [{"apiVersion": "", "kind": "", "name": "", "uid": ""}]}),
            Cluster,
            &[
                ("metadata.ownerReferences.apiVersion", "FieldValueInvalid"),
                ("metadata.ownerReferences.kind", "FieldValueInvalid"),
                ("metadata.ownerReferences.name", "FieldValueInvalid"),
                ("metadata.ownerReferences.uid", "FieldValueInvalid"),
            ],
        );
        check(
            json!({"name": "a", "finalizers": ["a b", "orphan", "foregroundDeletion"]}),
            Cluster,
            &[
                ("metadata.finalizers", "FieldValueInvalid"),
                ("metadata.finalizers", "FieldValueInvalid"),
            ],
        );
    }

    #[test]
    fn update() {
        let check = |new: Value, old: Value, expected: &[(&str, &str)]| {
            let errors = validate_metadata_update(&metadata(new.clone()), &metadata(old.clone()));
            assert_eq!(fields(&errors), expected, "{new} over {old}");
        };
        let old = json!({"name": "a", "namespace": "b", "uid": "1", "generation": 2, "resourceVersion": "1"});
        check(old.clone(), old.clone(), &[]);
        check(
            json!({"name": "x", "namespace": "y", "uid": "2", "generation": 1}),
            old,
            &[
                ("metadata.resourceVersion", "FieldValueInvalid"),
                ("metadata.generation", "FieldValueInvalid"),
                ("metadata.name", "FieldValueInvalid"),
                ("metadata.namespace", "FieldValueInvalid"),
                ("metadata.uid", "FieldValueInvalid"),
            ],
        );
        check(
            json!({"resourceVersion": "1", "deletionTimestamp": "2026-01-02T03:04:05Z", "finalizers": ["a/b", "c/d"]}),
            json!({"deletionTimestamp": "2026-01-02T03:04:05Z", "finalizers": ["a/b"]}),
            &[("metadata.finalizers", "FieldValueForbidden")],
        );
        check(
            json!({"resourceVersion": "1", "deletionTimestamp": "2026-01-02T03:04:05Z", "deletionGracePeriodSeconds": 1}),
            json!({"creationTimestamp": "2026-01-02T03:04:05Z"}),
            &[
                ("metadata.creationTimestamp", "FieldValueInvalid"),
                ("metadata.deletionTimestamp", "FieldValueInvalid"),
                ("metadata.deletionGracePeriodSeconds", "FieldValueInvalid"),
            ],
        );
    }
}
