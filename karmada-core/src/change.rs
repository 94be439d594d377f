//! What counts as a change of a template (`karmada:pkg/util/eventfilter`).

use serde_json::Value;

use crate::labels::NAMESPACE_SKIP_AUTO_PROPAGATION;

/// What marks a label or annotation as Karmada's own.
const KARMADA: &str = ".karmada.io";

/// Whether a template changed in more than its status, version and field managers.
#[must_use]
pub fn specification_changed(old: &Value, new: &Value) -> bool {
    specification(old) != specification(new)
}

/// Whether only Karmada's own labels and annotations (and the generation) changed, so that a lazy policy keeps waiting.
///
/// The label that keeps a namespace back from members counts as a person's.
#[must_use]
pub fn changed_by_karmada(old: &Value, new: &Value) -> bool {
    persons(old) == persons(new)
}

fn specification(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(root) = object.as_object_mut() {
        root.remove("status");
        if let Some(metadata) = root.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
            metadata.remove("resourceVersion");
        }
    }
    object
}

/// What people write.
fn persons(object: &Value) -> Value {
    let mut object = specification(object);
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("generation");
        for (field, kept) in [("labels", NAMESPACE_SKIP_AUTO_PROPAGATION), ("annotations", "")] {
            if let Some(map) = metadata.get_mut(field).and_then(Value::as_object_mut) {
                map.retain(|key, _| !key.contains(KARMADA) || key == kept);
                if map.is_empty() {
                    metadata.remove(field);
                }
            }
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes() {
        fn check(new: Value, changed: bool, by_karmada: bool) {
            let old = json!({"metadata": {"name": "a", "labels": {"app": "x"}, "generation": 1}, "spec": {"replicas": 1}});
            assert_eq!(specification_changed(&old, &new), changed, "{new}");
            assert_eq!(changed_by_karmada(&old, &new), by_karmada, "{new}");
        }
        let object = |metadata: Value| json!({"metadata": metadata, "spec": {"replicas": 1}});
        check(
            object(
                json!({"name": "a", "labels": {"app": "x"}, "generation": 1, "resourceVersion": "7", "managedFields": []}),
            ),
            false,
            true,
        );
        check(
            object(json!({"name": "a", "labels": {"app": "x"}, "generation": 2})),
            true,
            true,
        );
        check(
            object(
                json!({"name": "a", "labels": {"app": "x", "propagationpolicy.karmada.io/permanent-id": "1"}, "generation": 1,
            "annotations": {"propagationpolicy.karmada.io/name": "p"}}),
            ),
            true,
            true,
        );
        check(
            object(
                json!({"name": "a", "labels": {"app": "x", NAMESPACE_SKIP_AUTO_PROPAGATION: "true"}, "generation": 1}),
            ),
            true,
            false,
        );
        // No dot before the domain: not told apart from a person's.
        check(
            object(
                json!({"name": "a", "labels": {"app": "x", "karmada.io/managed": "true"}, "generation": 1}),
            ),
            true,
            false,
        );
        check(
            object(json!({"name": "a", "labels": {"app": "y"}, "generation": 1})),
            true,
            false,
        );
        check(
            json!({"metadata": {"name": "a", "labels": {"app": "x"}, "generation": 1}, "spec": {"replicas": 2}}),
            true,
            false,
        );
        check(
            json!({"metadata": {"name": "a", "labels": {"app": "x"}, "generation": 1}, "spec": {"replicas": 1}, "status": {}}),
            false,
            true,
        );
    }

    #[test]
    fn emptied_maps_are_as_absent() {
        let old = json!({"metadata": {"annotations": {"policy.karmada.io/x": "y"}}});
        assert!(changed_by_karmada(&old, &json!({"metadata": {}})));
    }
}
