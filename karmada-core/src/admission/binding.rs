//! ResourceBinding (`karmada:pkg/webhook/resourcebinding/validating.go`).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::annotations::BINDING_DEPENDENCIES;
use crate::api::config::v1alpha1::DependentObjectReference;
use crate::api::wire;
use crate::api::work::v1alpha2::{Component, ResourceBinding};
use crate::field::{FieldError, FieldPath};

/// Checks that the list of what the template refers to can be read.
pub(super) fn validate_dependencies(binding: &ResourceBinding) -> Option<FieldError> {
    let annotations = binding.metadata.annotations.as_ref()?;
    let text = annotations.get(BINDING_DEPENDENCIES)?;
    (!is_dependency_list(text)).then(|| {
        FieldError::invalid(
            &FieldPath::new("metadata")
                .child("annotations")
                .child(BINDING_DEPENDENCIES),
            text,
            "must be a JSON list of dependent object references",
        )
    })
}

/// Whether a text is `null`, or a JSON list of references (or `null`s) whose members have the right types.
fn is_dependency_list(text: &str) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return false;
    };
    let items = match &value {
        Value::Null => return true,
        Value::Array(items) => items,
        _ => return false,
    };
    items.iter().all(|item| {
        item.is_null() || item.is_object() && wire::decode::<DependentObjectReference>(item).is_ok()
    })
}

/// Checks that components have names, each its own (gate `MultiplePodTemplatesScheduling`).
pub(super) fn validate_components(components: &[Component]) -> Vec<FieldError> {
    let path = FieldPath::new("spec").child("components");
    let mut errors = Vec::new();
    let mut names = BTreeSet::new();
    for (index, component) in components.iter().enumerate() {
        let path = path.index(index).child("name");
        if component.name.is_empty() {
            errors.push(FieldError::invalid(
                &path,
                "",
                "component names must be non-empty",
            ));
        } else if !names.insert(&component.name) {
            errors.push(FieldError::invalid(
                &path,
                &component.name,
                "component names must be unique",
            ));
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn dependencies() {
        for (text, valid) in [
            ("null", true),
            ("[]", true),
            (r#"[{"kind": "Secret", "more": 1}, null]"#, true),
            ("", false),
            ("{}", false),
            ("[1]", false),
            (r#"[{"kind": 1}]"#, false),
            ("[{]", false),
        ] {
            let object = json!({"metadata": {"annotations": {BINDING_DEPENDENCIES: text}}});
            let error = validate_dependencies(&wire::decode(&object).unwrap());
            assert_eq!(error.is_none(), valid, "{text:?}");
        }
        assert_eq!(validate_dependencies(&ResourceBinding::default()), None);
    }

    #[test]
    fn components() {
        let component = |name: &str| Component {
            name: name.to_owned(),
            ..Component::default()
        };
        let errors = validate_components(&["a", "b", "a", "", ""].map(component));
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "spec.components[2].name",
                "spec.components[3].name",
                "spec.components[4].name"
            ]
        );
    }
}
