//! From the statuses of Works to the status of their binding (`karmada:pkg/util/helper/workstatus.go`,
//! `karmada:pkg/controllers/status`).

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use crate::api::meta::{Condition, ConditionStatus, Time};
use crate::api::work::v1alpha1::{ManifestStatus, Work};
use crate::api::work::v1alpha2::{
    AggregatedStatusItem, ObjectReference, ResourceBindingSpec, ResourceHealth,
};
use crate::conditions;
use crate::object::Object;
use crate::work::cluster_of;

/// Sets a condition; says whether anything changed. The transition time moves with the status only: one
/// that was never set stays so until the status changes.
pub fn set_condition(conditions: &mut Vec<Condition>, condition: Condition, now: Timestamp) -> bool {
    let mut next = condition;
    match conditions.iter_mut().find(|have| have.type_ == next.type_) {
        None => {
            next.last_transition_time.get_or_insert(Time(now));
            conditions.push(next);
            true
        }
        Some(have) => {
            if have.status == next.status {
                next.last_transition_time = have.last_transition_time.clone();
            } else {
                next.last_transition_time.get_or_insert(Time(now));
            }
            let changed = *have != next;
            *have = next;
            changed
        }
    }
}

/// The condition of a type.
#[must_use]
pub fn find_condition<'a>(conditions: &'a [Condition], type_: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.type_ == type_)
}

/// Whether the condition of a type is there and holds.
#[must_use]
pub fn is_condition_true(conditions: &[Condition], type_: &str) -> bool {
    find_condition(conditions, type_).is_some_and(|condition| condition.status == ConditionStatus::True)
}

/// Why the statuses of Works cannot be brought together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatusError {
    /// A Work of the binding is not in an execution space.
    #[error("work {namespace:?}/{name:?} is not in the namespace of a cluster")]
    NoCluster {
        /// The namespace of the Work.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// A Work of the binding does not carry the binding's resource.
    #[error("work {namespace}/{name} has no manifest of {kind} {resource}")]
    NoManifest {
        /// The namespace of the Work.
        namespace: String,
        /// Its name.
        name: String,
        /// The kind of the resource.
        kind: String,
        /// The name of the resource.
        resource: String,
    },
}

/// The position of a resource among manifests.
#[must_use]
pub fn manifest_index(manifests: &[Value], resource: &ObjectReference) -> Option<usize> {
    manifests.iter().position(|manifest| {
        let object = Object::new(manifest);
        object.api_version() == resource.api_version
            && object.kind() == resource.kind
            && object.namespace() == resource.namespace
            && object.name() == resource.name
    })
}

/// What the clusters report of a binding's resource, sorted by cluster.
///
/// Works that are being deleted do not count. Of a Work that was not applied only why is reported; of one that was, what
/// the member says of the manifest, health unknown if it says nothing yet.
///
/// # Errors
/// [`StatusError`] for a Work that is in no cluster or does not carry the resource.
pub fn aggregate_items<'a>(
    works: impl IntoIterator<Item = &'a Work>,
    resource: &ObjectReference,
) -> Result<Vec<AggregatedStatusItem>, StatusError> {
    let mut items = works
        .into_iter()
        .filter(|work| work.metadata.deletion_timestamp.is_none())
        .map(|work| aggregate_item(work, resource))
        .collect::<Result<Vec<_>, _>>()?;
    items.sort_by(|a, b| a.cluster_name.cmp(&b.cluster_name));
    Ok(items)
}

fn aggregate_item(work: &Work, resource: &ObjectReference) -> Result<AggregatedStatusItem, StatusError> {
    let namespace = work.metadata.namespace.clone().unwrap_or_default();
    let name = work.metadata.name.clone().unwrap_or_default();
    let Some(cluster) = cluster_of(work) else {
        return Err(StatusError::NoCluster { namespace, name });
    };
    let Some(ordinal) = manifest_index(&work.spec.workload.manifests, resource) else {
        return Err(StatusError::NoManifest {
            namespace,
            name,
            kind: resource.kind.clone(),
            resource: resource.name.clone(),
        });
    };
    let mut item = AggregatedStatusItem {
        cluster_name: cluster.to_owned(),
        health: Some(ResourceHealth::Unknown),
        ..AggregatedStatusItem::default()
    };
    match find_condition(&work.status.conditions, conditions::WORK_APPLIED) {
        Some(applied) if applied.status == ConditionStatus::True => {
            item.applied = true;
            let reported = work
                .status
                .manifest_statuses
                .iter()
                .find(|status| is_about(status, ordinal, resource));
            if let Some(reported) = reported {
                item.status = reported.status.clone();
                item.health = reported.health.clone();
            }
        }
        Some(applied) => item.applied_message = applied.message.clone(),
        None => {}
    }
    Ok(item)
}

fn is_about(status: &ManifestStatus, ordinal: usize, resource: &ObjectReference) -> bool {
    let identifier = &status.identifier;
    let (group, version) = resource
        .api_version
        .split_once('/')
        .unwrap_or(("", &resource.api_version));
    usize::try_from(identifier.ordinal) == Ok(ordinal)
        && identifier.group == group
        && identifier.version == version
        && identifier.kind == resource.kind
        && identifier.namespace == resource.namespace
        && identifier.name == resource.name
}

/// Whether a binding's resource has been applied in every cluster where it is to be, and in no other.
///
/// Clusters that the workload is leaving gently count as well.
#[must_use]
pub fn is_fully_applied(spec: &ResourceBindingSpec, items: &[AggregatedStatusItem]) -> bool {
    let expected: BTreeSet<&str> = spec.existing_clusters();
    !expected.is_empty()
        && expected.len() == items.len()
        && items
            .iter()
            .all(|item| item.applied && expected.contains(item.cluster_name.as_str()))
}

/// The condition `FullyApplied` of a binding.
#[must_use]
pub fn fully_applied(spec: &ResourceBindingSpec, items: &[AggregatedStatusItem]) -> Condition {
    let (status, reason, message) = if is_fully_applied(spec, items) {
        (
            ConditionStatus::True,
            conditions::BINDING_FULLY_APPLIED_REASON_SUCCESS,
            "All works have been successfully applied",
        )
    } else {
        (
            ConditionStatus::False,
            conditions::BINDING_FULLY_APPLIED_REASON_FAILED,
            "Failed to apply all works, see status.aggregatedStatus for details",
        )
    };
    condition(conditions::BINDING_FULLY_APPLIED, status, reason, message)
}

/// A condition without a time of transition.
pub(crate) fn condition(
    type_: &str,
    status: ConditionStatus,
    reason: &str,
    message: impl Into<String>,
) -> Condition {
    Condition {
        type_: type_.to_owned(),
        status,
        reason: reason.to_owned(),
        message: message.into(),
        ..Condition::default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn work(cluster: &str, status: Value) -> Work {
        let mut work = Work::named(crate::names::execution_space(cluster), "w");
        work.spec.workload.manifests = vec![
            json!({"apiVersion": "v1", "kind": "Other"}),
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": "ns", "name": "web"}}),
        ];
        work.status = serde_json::from_value(status).unwrap();
        work
    }

    fn resource() -> ObjectReference {
        serde_json::from_value(
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "ns", "name": "web"}),
        )
        .unwrap()
    }

    fn applied(status: &str, manifest_statuses: Value) -> Value {
        json!({"conditions": [{"type": "Applied", "status": status, "message": "m"}], "manifestStatuses": manifest_statuses})
    }

    #[test]
    fn finds_its_manifest() {
        fn check(member: &str, value: Value, expect: Option<usize>) {
            let mut wanted = serde_json::to_value(resource()).unwrap();
            wanted[member] = value;
            let wanted: ObjectReference = serde_json::from_value(wanted).unwrap();
            let manifests = work("m1", json!({})).spec.workload.manifests;
            assert_eq!(manifest_index(&manifests, &wanted), expect, "{wanted:?}");
        }
        check("uid", json!("does not count"), Some(1));
        check("apiVersion", json!("apps/v1beta1"), None);
        check("kind", json!("StatefulSet"), None);
        check("namespace", json!(""), None);
        check("name", json!("web2"), None);
    }

    #[test]
    fn items() {
        fn check(status: Value, expect: Value) {
            let items = aggregate_items([&work("m1", status)], &resource()).unwrap();
            assert_eq!(serde_json::to_value(&items).unwrap(), json!([expect]));
        }
        let reported = |ordinal: i64| {
            json!([{"identifier": {"ordinal": ordinal, "group": "apps", "version": "v1", "kind": "Deployment",
            "namespace": "ns", "name": "web", "resource": "ignored"}, "status": {"replicas": 1}, "health": "Healthy"}])
        };
        check(json!({}), json!({"clusterName": "m1", "health": "Unknown"}));
        check(
            applied("False", reported(1)),
            json!({"clusterName": "m1", "appliedMessage": "m", "health": "Unknown"}),
        );
        check(
            applied("True", json!([])),
            json!({"clusterName": "m1", "applied": true, "health": "Unknown"}),
        );
        check(
            applied("True", reported(0)),
            json!({"clusterName": "m1", "applied": true, "health": "Unknown"}),
        );
        check(
            applied("True", reported(1)),
            json!({"clusterName": "m1", "applied": true, "health": "Healthy", "status": {"replicas": 1}}),
        );
    }

    #[test]
    fn works_that_do_not_count_or_do_not_fit() {
        let mut deleting = work("m1", json!({}));
        deleting.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
        assert_eq!(aggregate_items([&deleting], &resource()), Ok(vec![]));
        let mut elsewhere = work("m1", json!({}));
        elsewhere.metadata.namespace = Some("default".into());
        assert!(matches!(
            aggregate_items([&elsewhere], &resource()),
            Err(StatusError::NoCluster { .. })
        ));
        let mut other = work("m1", json!({}));
        other.spec.workload.manifests.truncate(1);
        assert!(matches!(
            aggregate_items([&other], &resource()),
            Err(StatusError::NoManifest { .. })
        ));
    }

    #[test]
    fn full_application() {
        fn check(spec: Value, applied: &[(&str, bool)], expect: bool) {
            let spec: ResourceBindingSpec = serde_json::from_value(spec).unwrap();
            let items: Vec<_> = applied
                .iter()
                .map(|(cluster, applied)| AggregatedStatusItem {
                    cluster_name: (*cluster).into(),
                    applied: *applied,
                    ..Default::default()
                })
                .collect();
            assert_eq!(is_fully_applied(&spec, &items), expect);
            assert_eq!(
                fully_applied(&spec, &items).status == ConditionStatus::True,
                expect
            );
        }
        let spec = json!({"clusters": [{"name": "m1"}], "requiredBy": [{"name": "x", "clusters": [{"name": "m2"}]}],
            "gracefulEvictionTasks": [{"fromCluster": "m3"}, {"fromCluster": "m4", "purgeMode": "Directly"}]});
        check(json!({}), &[], false);
        check(spec.clone(), &[("m1", true), ("m2", true), ("m3", true)], true);
        check(spec.clone(), &[("m1", true), ("m2", false), ("m3", true)], false);
        check(spec.clone(), &[("m1", true), ("m2", true)], false);
        check(spec, &[("m1", true), ("m2", true), ("m4", true)], false);
    }

    #[test]
    fn conditions_keep_their_time_while_the_status_stays() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let mut list = Vec::new();
        let ready = |status: ConditionStatus, message: &str| condition("Ready", status, "r", message);
        assert!(set_condition(&mut list, ready(ConditionStatus::True, "a"), at(1)));
        assert!(!set_condition(
            &mut list,
            ready(ConditionStatus::True, "a"),
            at(2)
        ));
        assert!(set_condition(&mut list, ready(ConditionStatus::True, "b"), at(2)));
        assert_eq!(list[0].last_transition_time, Some(Time(at(1))));
        assert!(set_condition(
            &mut list,
            ready(ConditionStatus::False, "b"),
            at(3)
        ));
        assert_eq!(list[0].last_transition_time, Some(Time(at(3))));
        assert!(!is_condition_true(&list, "Ready") && list.len() == 1);

        list = vec![ready(ConditionStatus::True, "a")];
        let again = ready(ConditionStatus::True, "a");
        assert!(!set_condition(&mut list, again.clone(), at(4)));
        assert_eq!(list, [again]);
    }

    proptest! {
        #[test]
        fn the_order_of_works_does_not_matter(order in Just([0, 1, 2]).prop_shuffle()) {
            let works = [work("m1", json!({})), work("m2", applied("True", json!([]))), work("m3", applied("False", json!([])))];
            let items = aggregate_items(order.iter().map(|position: &usize| &works[*position]), &resource());
            prop_assert_eq!(items, aggregate_items(&works, &resource()));
        }
    }
}
