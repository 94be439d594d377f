//! Bringing a Work to its member (`karmada:pkg/controllers/execution`).

use serde_json::Value;

use crate::annotations::{WORK_NAME, WORK_NAMESPACE};
use crate::api::cluster::v1alpha1::Cluster;
use crate::api::meta::{Condition, ConditionStatus};
use crate::api::work::v1alpha1::Work;
use crate::conditions;
use crate::labels::{MANAGED, MANAGED_VALUE};
use crate::object::Object;
use crate::prune::prune;
use crate::status::{condition, find_condition, is_condition_true};

/// The condition `Dispatching` of a Work.
#[must_use]
pub fn dispatching_condition(work: &Work) -> Condition {
    let (status, reason, message) = if work.spec.suspend_dispatching == Some(true) {
        (
            ConditionStatus::False,
            conditions::WORK_DISPATCHING_REASON_SUSPENDED,
            "Work dispatching is in a suspended state.",
        )
    } else {
        (
            ConditionStatus::True,
            conditions::WORK_DISPATCHING_REASON_DISPATCHING,
            "Work is being dispatched to member clusters.",
        )
    };
    condition(conditions::WORK_DISPATCHING, status, reason, message)
}

/// Whether the condition `Dispatching` has to be written: its status is another than the one that is there.
#[must_use]
pub fn dispatching_changed(work: &Work) -> bool {
    let wanted = dispatching_condition(work);
    find_condition(&work.status.conditions, conditions::WORK_DISPATCHING)
        .is_none_or(|have| have.status != wanted.status)
}

/// The condition `Applied` of a Work after its manifests were sent: what failed, if anything did.
#[must_use]
pub fn applied_condition(manifests: usize, errors: &[String]) -> Condition {
    if errors.is_empty() {
        return condition(
            conditions::WORK_APPLIED,
            ConditionStatus::True,
            conditions::WORK_APPLIED_REASON_SUCCESSFUL,
            "Manifest has been successfully applied",
        );
    }
    let applied = manifests.saturating_sub(errors.len());
    condition(
        conditions::WORK_APPLIED,
        ConditionStatus::False,
        conditions::WORK_APPLIED_REASON_FAILED,
        format!(
            "Failed to apply all manifests ({applied}/{manifests}): {}",
            errors.join("; ")
        ),
    )
}

/// What becomes of a Work's objects in the member when the Work goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeletionPlan {
    /// They stay, without the marks of Karmada; see [`strip_management`](crate::retain::strip_management).
    Preserve,
    /// They are deleted.
    Delete,
    /// They are given up: the cluster is leaving and does not answer.
    Skip,
    /// Nothing now: the cluster does not answer, try again.
    Retry,
}

/// What becomes of a Work's objects in the member when the Work goes.
#[must_use]
pub fn deletion_plan(work: &Work, cluster: &Cluster) -> DeletionPlan {
    if work.spec.preserve_resources_on_deletion == Some(true) {
        DeletionPlan::Preserve
    } else if is_condition_true(&cluster.status.conditions, conditions::CLUSTER_READY) {
        DeletionPlan::Delete
    } else if cluster.metadata.deletion_timestamp.is_some() {
        DeletionPlan::Skip
    } else {
        DeletionPlan::Retry
    }
}

/// The Work an object in a member belongs to: namespace and name, if it is Karmada's.
#[must_use]
pub fn work_of(object: &Value) -> Option<(&str, &str)> {
    let object = Object::new(object);
    if object.labels().get(MANAGED) != Some(MANAGED_VALUE) {
        return None;
    }
    let annotations = object.annotations();
    Some((annotations.get(WORK_NAMESPACE)?, annotations.get(WORK_NAME)?))
}

/// What happened to an object in a member.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum MemberEvent<'a> {
    /// It appeared.
    Added(&'a Value),
    /// It changed from the first to the second.
    Updated(&'a Value, &'a Value),
    /// It is gone.
    Deleted(&'a Value),
}

/// The Work to look at again because an object in a member is no longer what Karmada left there.
///
/// `recorded` is the resource version that Karmada itself last left there, nothing if it has not been there yet. Changes
/// of what pruning removes, of the status above all, are no drift.
#[must_use]
pub fn drift_decision<'a>(event: MemberEvent<'a>, recorded: Option<&str>) -> Option<(&'a str, &'a str)> {
    let version = |object: &'a Value| {
        object
            .pointer("/metadata/resourceVersion")
            .and_then(Value::as_str)
    };
    match event {
        MemberEvent::Deleted(object) => work_of(object),
        MemberEvent::Added(object) => {
            work_of(object).filter(|_| recorded.is_some() && version(object) != recorded)
        }
        MemberEvent::Updated(old, new) => work_of(old)
            .filter(|_| recorded.is_some() && version(new) != recorded && pruned(old) != pruned(new)),
    }
}

fn pruned(object: &Value) -> Value {
    let mut object = object.clone();
    // What cannot be pruned is compared as it is.
    let _ = prune(&mut object);
    object
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::meta::Time;

    #[test]
    fn dispatching() {
        let mut work = Work::named("karmada-es-m1", "w");
        assert_eq!(dispatching_condition(&work).status, ConditionStatus::True);
        assert!(dispatching_changed(&work));
        work.status.conditions = vec![dispatching_condition(&work)];
        assert!(!dispatching_changed(&work));
        work.spec.suspend_dispatching = Some(true);
        assert_eq!(dispatching_condition(&work).reason, "SuspendDispatching");
        assert!(dispatching_changed(&work));
    }

    #[test]
    fn application() {
        assert_eq!(applied_condition(2, &[]).status, ConditionStatus::True);
        let failed = applied_condition(2, &["no such namespace".into()]);
        assert_eq!(
            (failed.status, failed.reason.as_str()),
            (ConditionStatus::False, "AppliedFailed")
        );
        assert_eq!(
            failed.message,
            "Failed to apply all manifests (1/2): no such namespace"
        );
    }

    #[test]
    fn deletion() {
        fn check(preserve: Option<bool>, ready: &str, leaving: bool, expect: DeletionPlan) {
            let mut work = Work::named("karmada-es-m1", "w");
            work.spec.preserve_resources_on_deletion = preserve;
            let mut cluster = Cluster::named("m1");
            cluster.status.conditions = vec![condition("Ready", ready.into(), "", "")];
            cluster.metadata.deletion_timestamp = leaving.then_some(Time(jiff::Timestamp::UNIX_EPOCH));
            assert_eq!(deletion_plan(&work, &cluster), expect);
        }
        check(Some(true), "False", false, DeletionPlan::Preserve);
        check(Some(false), "True", true, DeletionPlan::Delete);
        check(None, "Unknown", true, DeletionPlan::Skip);
        check(None, "False", false, DeletionPlan::Retry);
    }

    #[test]
    fn drift() {
        fn check(event: MemberEvent<'_>, recorded: Option<&str>, expect: bool) {
            assert_eq!(
                drift_decision(event, recorded),
                expect.then_some(("es", "w")),
                "{event:?} {recorded:?}"
            );
        }
        let object = |version: &str, spec: i64, status: i64| {
            json!({"kind": "X", "metadata": {"resourceVersion": version,
            "labels": {MANAGED: "true"}, "annotations": {WORK_NAMESPACE: "es", WORK_NAME: "w"}}, "spec": spec, "status": status})
        };
        let (old, same, drifted) = (object("1", 1, 1), object("2", 1, 2), object("3", 2, 2));
        check(MemberEvent::Added(&old), None, false);
        check(MemberEvent::Added(&old), Some("1"), false);
        check(MemberEvent::Added(&drifted), Some("1"), true);
        check(MemberEvent::Updated(&old, &same), Some("1"), false);
        check(MemberEvent::Updated(&old, &drifted), Some("1"), true);
        check(MemberEvent::Updated(&old, &drifted), Some("3"), false);
        check(MemberEvent::Updated(&old, &drifted), None, false);
        check(MemberEvent::Deleted(&old), None, true);
        check(
            MemberEvent::Deleted(
                &json!({"metadata": {"annotations": {WORK_NAMESPACE: "es", WORK_NAME: "w"}}}),
            ),
            None,
            false,
        );
    }
}
