//! What a manifest loses on its way into a Work (`karmada:pkg/resourceinterpreter/default/native/prune`).

use serde_json::{Map, Value};

use crate::metadata::Field;
use crate::object::Object;
use crate::shape::{ShapeError, check_workload};

/// Members of the metadata that belong to one API server.
const METADATA: [&str; 10] = [
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
    "ownerReferences",
    "finalizers",
];
/// Labels that the Job controller puts on pods and into selectors.
const CONTROLLER_UIDS: [&str; 2] = ["controller-uid", "batch.kubernetes.io/controller-uid"];
const JOB_NAMES: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];
const SERVICE_ACCOUNT_TOKEN: &str = "kubernetes.io/service-account-token";
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// Removes what the control plane's API server and controllers added: identity, bookkeeping, status, and per kind what
/// a member's controllers must decide anew. Kinds are told by name, whatever their group.
///
/// # Errors
/// [`ShapeError`] for a Job that has not the types of one; it is then half pruned.
///
/// # Guarantees
/// Idempotent, except for ServiceAccounts: upstream's loop over their secrets passes over the one that follows a
/// removed one.
///
/// ```
/// use karmada_core::prune::prune;
/// use serde_json::json;
/// let mut service = json!({"kind": "Service", "metadata": {"name": "a", "uid": "1"}, "spec": {"clusterIP": "10.0.0.1"}});
/// prune(&mut service).unwrap();
/// assert_eq!(service, json!({"kind": "Service", "metadata": {"name": "a"}, "spec": {}}));
/// ```
pub fn prune(manifest: &mut Value) -> Result<(), ShapeError> {
    let Some(root) = manifest.as_object_mut() else {
        return Ok(());
    };
    root.remove("status");
    if let Some(metadata) = root.get_mut("metadata").and_then(Value::as_object_mut) {
        for member in METADATA {
            metadata.remove(member);
        }
    }
    match Object::new(manifest).kind() {
        "Deployment" => Field::Annotations.remove(
            manifest,
            [
                "deployment.kubernetes.io/revision",
                "deployment.kubernetes.io/revision-history",
            ],
        ),
        "Job" => {
            check_workload(manifest)?;
            prune_job(manifest);
        }
        "Secret" if text(manifest, "type") == Some(SERVICE_ACCOUNT_TOKEN) => {
            if let Some(annotations) = object_at(manifest, &["metadata", "annotations"]) {
                annotations.remove("kubernetes.io/service-account.uid");
            }
            if let Some(root) = manifest.as_object_mut() {
                root.insert("data".to_owned(), Value::Null);
            }
        }
        "ServiceAccount" => prune_service_account(manifest),
        "Service" => {
            if let Some(spec) = object_at(manifest, &["spec"])
                && spec
                    .get("clusterIP")
                    .and_then(Value::as_str)
                    .is_some_and(|ip| ip != "None")
            {
                spec.remove("clusterIP");
                spec.remove("clusterIPs");
            }
        }
        "PersistentVolumeClaim"
            if Field::Annotations
                .get(manifest, SELECTED_NODE)
                .is_some_and(|node| !node.is_empty()) =>
        {
            Field::Annotations.remove(manifest, [SELECTED_NODE]);
        }
        _ => {}
    }
    Ok(())
}

/// Removes a Job's time to live, lest members delete it and Karmada make it again.
pub fn prune_job_time_to_live(manifest: &mut Value) {
    if Object::new(manifest).kind() == "Job"
        && let Some(spec) = object_at(manifest, &["spec"])
    {
        spec.remove("ttlSecondsAfterFinished");
    }
}

fn prune_job(manifest: &mut Value) {
    if manifest.pointer("/spec/manualSelector") == Some(&Value::Bool(true)) {
        return;
    }
    if let Some(labels) = object_at(manifest, &["spec", "selector", "matchLabels"]) {
        for label in CONTROLLER_UIDS {
            labels.remove(label);
        }
    }
    if let Some(labels) = object_at(manifest, &["spec", "template", "metadata", "labels"]) {
        for label in CONTROLLER_UIDS.iter().chain(&JOB_NAMES) {
            labels.remove(*label);
        }
    }
}

fn prune_service_account(manifest: &mut Value) {
    let prefix = format!("{}-token-", Object::new(manifest).name());
    let Some(secrets) = manifest.get_mut("secrets").and_then(Value::as_array_mut) else {
        return;
    };
    let mut after_removed = false;
    secrets.retain(|secret| {
        after_removed = !after_removed && text(secret, "name").is_some_and(|name| name.starts_with(&prefix));
        !after_removed
    });
}

fn text<'a>(object: &'a Value, member: &str) -> Option<&'a str> {
    object.get(member)?.as_str()
}

fn object_at<'a>(manifest: &'a mut Value, path: &[&str]) -> Option<&'a mut Map<String, Value>> {
    path.iter()
        .try_fold(manifest, |value, member| value.get_mut(*member))?
        .as_object_mut()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn kinds() {
        fn check(manifest: Value, expect: Value) {
            let mut manifest = manifest;
            prune(&mut manifest).unwrap();
            prune_job_time_to_live(&mut manifest);
            assert_eq!(manifest, expect);
        }
        check(
            json!({"kind": "X", "metadata": {"name": "a", "uid": "u", "finalizers": ["f"], "labels": {}}, "status": {}}),
            json!({"kind": "X", "metadata": {"name": "a", "labels": {}}}),
        );
        check(
            json!({"kind": "Deployment", "metadata": {"annotations": {"deployment.kubernetes.io/revision": "1", "a": "b"}}}),
            json!({"kind": "Deployment", "metadata": {"annotations": {"a": "b"}}}),
        );
        let uids = json!({"controller-uid": "u", "batch.kubernetes.io/controller-uid": "u", "job-name": "j",
            "batch.kubernetes.io/job-name": "j", "keep": "x"});
        let job = |manual: Value| {
            json!({"kind": "Job", "spec": {"manualSelector": manual, "ttlSecondsAfterFinished": 1,
            "selector": {"matchLabels": uids}, "template": {"metadata": {"labels": uids}}}})
        };
        check(
            job(json!(false)),
            json!({"kind": "Job", "spec": {"manualSelector": false,
                "selector": {"matchLabels": {"job-name": "j", "batch.kubernetes.io/job-name": "j", "keep": "x"}},
                "template": {"metadata": {"labels": {"keep": "x"}}}}}),
        );
        check(
            job(json!(true)),
            json!({"kind": "Job", "spec": {"manualSelector": true,
                "selector": {"matchLabels": uids}, "template": {"metadata": {"labels": uids}}}}),
        );
        let secret = |kind: &str| {
            json!({"kind": "Secret", "type": kind, "data": {"a": "b"},
            "metadata": {"annotations": {"kubernetes.io/service-account.uid": "u"}}})
        };
        check(
            secret("kubernetes.io/service-account-token"),
            json!({"kind": "Secret", "type": "kubernetes.io/service-account-token", "data": null, "metadata": {"annotations": {}}}),
        );
        check(secret("Opaque"), secret("Opaque"));
        check(
            json!({"kind": "ServiceAccount", "metadata": {"name": "s"},
                "secrets": [{"name": "s-token-1"}, {"name": "s-token-2"}, {"name": "s-token-3"}, {"name": "other"}]}),
            json!({"kind": "ServiceAccount", "metadata": {"name": "s"}, "secrets": [{"name": "s-token-2"}, {"name": "other"}]}),
        );
        for (ip, stays) in [
            (json!("None"), true),
            (json!("10.0.0.1"), false),
            (json!(""), false),
            (json!(5), true),
        ] {
            let service = json!({"kind": "Service", "spec": {"clusterIP": ip, "clusterIPs": [ip]}});
            check(
                service.clone(),
                if stays {
                    service
                } else {
                    json!({"kind": "Service", "spec": {}})
                },
            );
        }
        let claim = |node: &str| json!({"kind": "PersistentVolumeClaim", "metadata": {"annotations": {SELECTED_NODE: node}}});
        check(
            claim("n"),
            json!({"kind": "PersistentVolumeClaim", "metadata": {"annotations": {}}}),
        );
        check(claim(""), claim(""));
    }

    proptest! {
        #[test]
        fn odd_objects_do_no_harm(kind in "Job|Service|Secret|ServiceAccount|Deployment|x", odd in prop_oneof![
            Just(json!(null)), Just(json!(5)), Just(json!("x")), Just(json!([1])), Just(json!({"name": 5}))]) {
            let mut manifest = json!({"kind": kind, "metadata": odd, "spec": odd, "secrets": [odd], "type": odd});
            let pruned = prune(&mut manifest);
            prune_job_time_to_live(&mut manifest);
            let once = manifest.clone();
            prop_assert_eq!(prune(&mut manifest), pruned);
            prop_assert_eq!(manifest, once);
        }
    }
}
