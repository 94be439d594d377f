//! Completing objects by the rules of their kind.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::federated_hpa::{check_quantities, default_federated_hpa};
use super::propagation::{self, PolicyKind};
use super::{Context, Denial, DenialReason, Operation, Request};
use crate::api::autoscaling::v1alpha1::FederatedHPA;
use crate::api::networking::v1alpha1::MultiClusterService;
use crate::api::policy::v1alpha1::{ClusterPropagationPolicy, OverridePolicy, PropagationPolicy};
use crate::api::wire::{self, DecodeError};
use crate::api::work::v1alpha1::Work;
use crate::api::work::v1alpha2::{ClusterResourceBinding, ResourceBinding};
use crate::object::Object;
use crate::{finalizers, labels, manifest, prune};

pub(super) const PROPAGATION_POLICY: PolicyKind = PolicyKind {
    permanent_id_label: labels::PROPAGATION_POLICY_PERMANENT_ID,
    finalizer: finalizers::PROPAGATION_POLICY,
    namespaced: true,
};

pub(super) const CLUSTER_PROPAGATION_POLICY: PolicyKind = PolicyKind {
    permanent_id_label: labels::CLUSTER_PROPAGATION_POLICY_PERMANENT_ID,
    finalizer: finalizers::CLUSTER_PROPAGATION_POLICY,
    namespaced: false,
};

/// Completes an object as upstream's mutating webhooks do (api.md 3.2). An object of another kind comes back as it is.
///
/// What comes back is the object as its type writes it: fields the type does not know are gone, and what is always
/// written is there.
///
/// # Errors
/// [`Denial`] with code 400 when the object is not one of its kind, 500 when a manifest of a Work is none.
pub fn mutate(request: &Request<'_>, context: &Context<'_>) -> Result<Value, Denial> {
    let object = request.object;
    let id = context.permanent_id;
    match request.kind {
        "PropagationPolicy" => change(object, |policy: &mut PropagationPolicy| {
            let (operation, namespace) = (request.operation, request.namespace);
            let (metadata, spec) = (&mut policy.metadata, &mut policy.spec);
            propagation::mutate(&PROPAGATION_POLICY, operation, namespace, id, metadata, spec);
            Ok(())
        }),
        "ClusterPropagationPolicy" => change(object, |policy: &mut ClusterPropagationPolicy| {
            let (metadata, spec) = (&mut policy.metadata, &mut policy.spec);
            propagation::mutate(
                &CLUSTER_PROPAGATION_POLICY,
                request.operation,
                "",
                id,
                metadata,
                spec,
            );
            Ok(())
        }),
        "OverridePolicy" => change(object, |policy: &mut OverridePolicy| {
            propagation::default_selector_namespaces(&mut policy.spec.resource_selectors, request.namespace);
            Ok(())
        }),
        "ResourceBinding" => change(object, |binding: &mut ResourceBinding| {
            name_once(&mut binding.metadata, labels::RESOURCE_BINDING_PERMANENT_ID, id);
            Ok(())
        }),
        "ClusterResourceBinding" => change(object, |binding: &mut ClusterResourceBinding| {
            name_once(
                &mut binding.metadata,
                labels::CLUSTER_RESOURCE_BINDING_PERMANENT_ID,
                id,
            );
            Ok(())
        }),
        "Work" => change(object, |work: &mut Work| {
            name_once(&mut work.metadata, labels::WORK_PERMANENT_ID, id);
            complete_manifests(work)
        }),
        "FederatedHPA" => change(object, |hpa: &mut FederatedHPA| {
            check_quantities(&hpa.spec).map_err(|error| Denial::undecodable(&error))?;
            default_federated_hpa(hpa);
            Ok(())
        }),
        "MultiClusterService" => change(object, |service: &mut MultiClusterService| {
            name_once(
                &mut service.metadata,
                labels::MULTI_CLUSTER_SERVICE_PERMANENT_ID,
                id,
            );
            Ok(())
        }),
        _ => Ok(object.clone()),
    }
}

/// Whether [`mutate`] is asked for a kind and an operation (api.md 3.1): bindings are completed on creation only.
pub(super) fn applies(kind: &str, operation: Operation) -> bool {
    match kind {
        "PropagationPolicy"
        | "ClusterPropagationPolicy"
        | "OverridePolicy"
        | "Work"
        | "FederatedHPA"
        | "MultiClusterService" => operation != Operation::Delete,
        "ResourceBinding" | "ClusterResourceBinding" => operation == Operation::Create,
        _ => false,
    }
}

/// Reads an object, changes it and writes it again.
fn change<T: Serialize + DeserializeOwned>(
    object: &Value,
    change: impl FnOnce(&mut T) -> Result<(), Denial>,
) -> Result<Value, Denial> {
    let undecodable = |error: DecodeError| Denial::undecodable(&error);
    let mut object: T = wire::decode(object).map_err(undecodable)?;
    change(&mut object)?;
    wire::encode(&object).map_err(undecodable)
}

/// Strips manifests of what belongs to the control plane, and records in each what is Karmada's, under the Work's id.
fn complete_manifests(work: &mut Work) -> Result<(), Denial> {
    let labels = work.metadata.labels.as_ref();
    let id = labels
        .and_then(|labels| labels.get(labels::WORK_PERMANENT_ID))
        .cloned()
        .unwrap_or_default();
    for (index, manifest) in work.spec.workload.manifests.iter_mut().enumerate() {
        let refuse = |reason: &dyn std::fmt::Display| {
            let message = format!("spec.workload.manifests[{index}]: {reason}");
            Denial::whole(500, DenialReason::Unknown, message)
        };
        if Object::new(manifest).kind().is_empty() {
            return Err(refuse(&"not an object with a kind"));
        }
        prune::prune(manifest).map_err(|error| refuse(&error))?;
        prune::prune_job_time_to_live(manifest);
        manifest::record_managed(manifest, &id);
    }
    Ok(())
}

/// Gives an object its permanent id, unless it has one.
fn name_once(metadata: &mut ObjectMeta, label: &str, id: &str) {
    let labels = metadata.labels.get_or_insert_default();
    if labels.get(label).is_none_or(String::is_empty) {
        labels.insert(label.to_owned(), id.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What becomes of an object of namespace `shop`.
    fn ask(operation: Operation, kind: &str, object: &Value) -> Result<Value, Denial> {
        let request = Request {
            kind,
            operation,
            namespace: "shop",
            object,
            old: None,
        };
        mutate(&request, &Context::new("new"))
    }

    #[test]
    fn policies() {
        let check = |spec: Value, pointer: &str, expected: Value| {
            let stored = ask(Operation::Update, "PropagationPolicy", &json!({"spec": spec})).unwrap();
            assert_eq!(
                stored.pointer(pointer).unwrap_or(&Value::Null),
                &expected,
                "{spec}"
            );
        };
        let selector = json!({"apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": "ServiceImport", "namespace": "x"});
        check(
            json!({"resourceSelectors": [{}]}),
            "/spec/resourceSelectors/0/namespace",
            json!("shop"),
        );
        check(
            json!({"resourceSelectors": [selector]}),
            "/spec/resourceSelectors/0/namespace",
            json!("x"),
        );
        check(
            json!({"resourceSelectors": [selector]}),
            "/spec/propagateDeps",
            json!(true),
        );
        check(
            json!({"resourceSelectors": [{"kind": "ServiceImport"}]}),
            "/spec/propagateDeps",
            json!(null),
        );

        let constraint = "/spec/placement/spreadConstraints/0";
        let spread = |constraint: Value| json!({"placement": {"spreadConstraints": [constraint]}});
        check(
            spread(json!({})),
            constraint,
            json!({"spreadByField": "cluster", "minGroups": 1}),
        );
        check(
            spread(json!({"spreadByLabel": "a", "minGroups": -1})),
            constraint,
            json!({"spreadByLabel": "a", "minGroups": -1}),
        );

        let preference = "/spec/placement/replicaScheduling/replicaDivisionPreference";
        let scheduling =
            |type_: &str| json!({"placement": {"replicaScheduling": {"replicaSchedulingType": type_}}});
        check(scheduling("Divided"), preference, json!("Weighted"));
        check(scheduling("Duplicated"), preference, json!(null));
        // Without a default of the schema the type is open, and so is the preference.
        check(
            json!({"placement": {"replicaScheduling": {}}}),
            preference,
            json!(null),
        );
        check(json!({}), preference, json!(null));

        let grace = "/spec/failover/application/gracePeriodSeconds";
        let failover = |mode: &str| json!({"failover": {"application": {"purgeMode": mode}}});
        check(failover("Gracefully"), grace, json!(600));
        check(failover("Directly"), grace, json!(null));
    }

    #[test]
    fn names() {
        let check = |operation, kind: &str, label: &str, given: Option<&str>, expected: Option<&str>| {
            let labels = given.map(|id| json!({label: id}));
            let stored = ask(operation, kind, &json!({"metadata": {"labels": labels}})).unwrap();
            let id = stored["metadata"]["labels"].get(label).and_then(Value::as_str);
            assert_eq!(id, expected, "{kind} {given:?}");
        };
        use Operation::{Create, Update};
        for (kind, label) in [
            ("PropagationPolicy", labels::PROPAGATION_POLICY_PERMANENT_ID),
            (
                "ClusterPropagationPolicy",
                labels::CLUSTER_PROPAGATION_POLICY_PERMANENT_ID,
            ),
        ] {
            check(Create, kind, label, None, Some("new"));
            check(Create, kind, label, Some("own"), Some("new"));
            check(Update, kind, label, None, None);
            check(Update, kind, label, Some("own"), Some("own"));
        }
        for (kind, label) in [
            ("ResourceBinding", labels::RESOURCE_BINDING_PERMANENT_ID),
            (
                "ClusterResourceBinding",
                labels::CLUSTER_RESOURCE_BINDING_PERMANENT_ID,
            ),
            ("Work", labels::WORK_PERMANENT_ID),
            ("MultiClusterService", labels::MULTI_CLUSTER_SERVICE_PERMANENT_ID),
        ] {
            for operation in [Create, Update] {
                check(operation, kind, label, None, Some("new"));
                check(operation, kind, label, Some(""), Some("new"));
                check(operation, kind, label, Some("own"), Some("own"));
            }
        }
    }

    #[test]
    fn finalizers_are_added_once() {
        let policy = json!({"metadata": {"finalizers": ["a/b", finalizers::PROPAGATION_POLICY]}});
        let stored = ask(Operation::Create, "PropagationPolicy", &policy).unwrap();
        assert_eq!(stored["metadata"]["finalizers"], policy["metadata"]["finalizers"]);
        let stored = ask(Operation::Create, "ClusterPropagationPolicy", &json!({})).unwrap();
        assert_eq!(
            stored["metadata"]["finalizers"],
            json!([finalizers::CLUSTER_PROPAGATION_POLICY])
        );
    }

    #[test]
    fn works() {
        let work = |manifest: Value| json!({"spec": {"workload": {"manifests": [manifest]}}});
        let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a", "uid": "1"},
            "spec": {"ttlSecondsAfterFinished": 5}, "status": {}});
        let stored = ask(Operation::Create, "Work", &work(job)).unwrap();
        let manifest = &stored["spec"]["workload"]["manifests"][0];
        assert_eq!(manifest["spec"], json!({}));
        assert_eq!(
            manifest["metadata"]["labels"],
            json!({"work.karmada.io/permanent-id": "new"})
        );
        assert_eq!(
            manifest["metadata"]["annotations"]["resourcetemplate.karmada.io/managed-labels"],
            "work.karmada.io/permanent-id"
        );
        assert!(manifest.get("status").is_none() && manifest["metadata"].get("uid").is_none());
        for manifest in [json!(null), json!("text"), json!({}), json!({"kind": 5})] {
            assert_eq!(
                ask(Operation::Create, "Work", &work(manifest)).unwrap_err().code,
                500
            );
        }
    }
}
