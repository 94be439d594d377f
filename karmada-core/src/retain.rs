//! What the object in a member keeps when it is updated, whatever its kind (`karmada:pkg/util/objectwatcher`).
//!
//! What it keeps by kind (node ports, assigned volumes, ...) is the interpreters' business.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::annotations::{MANAGED_ANNOTATIONS, MANAGED_LABELS};
use crate::labels::{MANAGED, MANAGED_VALUE};
use crate::metadata::{Field, metadata_mut};
use crate::object::Object;
use crate::{annotations, labels};

/// Members of the metadata that the member's API server and controllers own.
const CLUSTER_FIELDS: [&str; 3] = ["resourceVersion", "finalizers", "ownerReferences"];

/// Prepares a manifest for the update of the object that is in the member: resource version, finalizers and owners are
/// the member's, labels and annotations that others put there stay.
pub fn retain_cluster_fields(desired: &mut Value, observed: &Value) {
    if let Some(metadata) = metadata_mut(desired) {
        for field in CLUSTER_FIELDS {
            match observed.get("metadata").and_then(|metadata| metadata.get(field)) {
                Some(value) => metadata.insert(field.to_owned(), value.clone()),
                None => metadata.remove(field),
            };
        }
    }
    retain_annotations(desired, observed);
    retain_labels(desired, observed);
}

/// Keeps annotations of the observed object, except those that Karmada once wrote and the manifest no longer has.
pub fn retain_annotations(desired: &mut Value, observed: &Value) {
    retain(desired, observed, Field::Annotations, MANAGED_ANNOTATIONS);
}

/// Keeps labels of the observed object, except those that Karmada once wrote and the manifest no longer has.
pub fn retain_labels(desired: &mut Value, observed: &Value) {
    retain(desired, observed, Field::Labels, MANAGED_LABELS);
}

fn retain(desired: &mut Value, observed: &Value, field: Field, record: &str) {
    let object = Object::new(observed);
    let written: BTreeSet<&str> = object
        .annotations()
        .get(record)
        .unwrap_or_default()
        .split(',')
        .collect();
    let texts = match field {
        Field::Labels => object.labels(),
        Field::Annotations => object.annotations(),
    };
    let kept: Vec<(&str, &str)> = texts
        .iter()
        .filter(|(key, _)| field.get(desired, key).is_none() && !written.contains(key))
        .collect();
    field.merge(desired, kept);
}

/// Whether Karmada may overwrite the object it finds in a member: it is Karmada's, or the manifest says so.
///
/// # Errors
/// [`Conflict`] names the object and says that it is not managed by Karmada.
pub fn allow_update(desired: &Value, observed: &Value) -> Result<(), Conflict> {
    let (desired, observed) = (Object::new(desired), Object::new(observed));
    if observed.labels().get(MANAGED) == Some(MANAGED_VALUE)
        || desired.annotations().get(annotations::WORK_CONFLICT_RESOLUTION)
            == Some(annotations::CONFLICT_RESOLUTION_OVERWRITE)
    {
        return Ok(());
    }
    Err(Conflict {
        kind: desired.kind().to_owned(),
        namespace: desired.namespace().to_owned(),
        name: desired.name().to_owned(),
    })
}

/// A member has an object of that name that Karmada did not make.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the member has a {kind} {namespace}/{name} that is not managed by Karmada, and conflict resolution is not \"overwrite\""
)]
pub struct Conflict {
    /// Its kind.
    pub kind: String,
    /// Its namespace, empty if it has none.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// Strips what Karmada wrote into a manifest, for an object that stays in a member when its Work goes.
///
/// Claims of a ClusterPropagationPolicy are stripped from cluster-scoped objects only, those of a PropagationPolicy
/// from the others, whoever claimed them; upstream's lists of keys leave out those of cluster-scoped bindings.
pub fn strip_management(manifest: &mut Value) {
    let (claim_labels, claim_annotations): (&[&str], &[&str]) =
        if Object::new(manifest).namespace().is_empty() {
            (
                &[labels::CLUSTER_PROPAGATION_POLICY_PERMANENT_ID],
                &[annotations::CLUSTER_PROPAGATION_POLICY_NAME],
            )
        } else {
            (
                &[labels::PROPAGATION_POLICY_PERMANENT_ID],
                &[
                    annotations::PROPAGATION_POLICY_NAMESPACE,
                    annotations::PROPAGATION_POLICY_NAME,
                ],
            )
        };
    Field::Labels.remove(
        manifest,
        claim_labels
            .iter()
            .chain(&labels::MANAGED_RESOURCE_LABELS)
            .copied(),
    );
    Field::Annotations.remove(
        manifest,
        claim_annotations
            .iter()
            .chain(&annotations::MANAGED_RESOURCE_ANNOTATIONS)
            .copied(),
    );
}

/// Whether the object in the member must be updated: the retained manifest differs from it in anything that is not the
/// API server's own bookkeeping.
#[must_use]
pub fn needs_update(retained: &Value, observed: &Value) -> bool {
    bare(retained) != bare(observed)
}

fn bare(object: &Value) -> Value {
    let mut object = object.clone();
    // What cannot be pruned is compared as it is.
    let _ = crate::prune::prune(&mut object);
    object
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_and_annotations() {
        fn check(desired: Value, observed: Value, expect: Value) {
            let mut object = json!({"metadata": desired});
            retain_cluster_fields(&mut object, &json!({"metadata": observed}));
            assert_eq!(object["metadata"], expect);
        }
        check(
            json!({"labels": {"a": "1"}, "resourceVersion": "1", "finalizers": ["mine"]}),
            json!({"labels": {"a": "0", "b": "0"}, "resourceVersion": "7", "ownerReferences": [{"uid": "u"}]}),
            json!({"labels": {"a": "1", "b": "0"}, "resourceVersion": "7", "ownerReferences": [{"uid": "u"}]}),
        );
        // What Karmada wrote and no longer writes goes.
        check(
            json!({"annotations": {MANAGED_LABELS: "a"}}),
            json!({"labels": {"b": "0", "c": "0"}, "annotations": {MANAGED_LABELS: "a,b", MANAGED_ANNOTATIONS: format!("x,{MANAGED_ANNOTATIONS}"), "x": "1", "y": "1"}}),
            json!({"labels": {"c": "0"}, "annotations": {MANAGED_LABELS: "a", "y": "1"}}),
        );
        check(json!({"labels": {}}), json!({}), json!({"labels": {}}));
    }

    #[test]
    fn conflicts() {
        fn check(managed: &str, resolution: &str, expect: bool) {
            let desired = json!({"kind": "X", "metadata": {"name": "a", "annotations": {annotations::WORK_CONFLICT_RESOLUTION: resolution}}});
            let observed = json!({"metadata": {"labels": {MANAGED: managed}}});
            assert_eq!(allow_update(&desired, &observed).is_ok(), expect);
        }
        check("true", "abort", true);
        check("false", "overwrite", true);
        check("false", "abort", false);
        check("", "Overwrite", false);
    }

    #[test]
    fn what_stays_in_a_member_loses_the_marks_of_karmada() {
        let mut object = json!({"metadata": {"namespace": "ns",
            "labels": {MANAGED: "true", labels::PROPAGATION_POLICY_PERMANENT_ID: "p",
                labels::CLUSTER_PROPAGATION_POLICY_PERMANENT_ID: "c", "app": "web"},
            "annotations": {annotations::WORK_NAME: "w", annotations::PROPAGATION_POLICY_NAME: "p", "note": "x"}}});
        strip_management(&mut object);
        assert_eq!(
            object["metadata"],
            json!({"namespace": "ns",
            "labels": {labels::CLUSTER_PROPAGATION_POLICY_PERMANENT_ID: "c", "app": "web"}, "annotations": {"note": "x"}})
        );
    }

    #[test]
    fn updates() {
        fn check(retained: Value, observed: Value, expect: bool) {
            assert_eq!(needs_update(&retained, &observed), expect);
        }
        let object = |version: &str, replicas: i32| json!({"metadata": {"name": "a", "resourceVersion": version}, "spec": {"replicas": replicas}});
        check(object("1", 1), object("2", 1), false);
        check(object("1", 1), object("1", 2), true);
        check(json!({"spec": 1}), json!({"spec": 1, "status": 2}), false);
    }
}
