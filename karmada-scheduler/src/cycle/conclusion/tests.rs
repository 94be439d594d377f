use karmada_core::api::work::v1alpha2::ResourceBinding;
use karmada_core::status::find_condition;
use serde_json::{Value, json};

use super::*;
use crate::cycle::fixtures::{EARLIER, LATER, binding, divided, groups, now, options, snapshot, told};
use crate::cycle::schedule_binding;

fn ok() -> Outcome {
    Ok(Written {
        generation: 3,
        resource_version: "11".to_owned(),
    })
}

fn refused(code: u16, reason: &str, message: &str) -> Outcome {
    Err(ApiError {
        code,
        reason: reason.to_owned(),
        message: message.to_owned(),
        causes: vec![],
    })
}

fn quota() -> Outcome {
    refused(403, "QuotaExceeded", "quota q exceeded")
}

fn conflict() -> Outcome {
    refused(409, "Conflict", "conflict")
}

fn terminating() -> Outcome {
    Err(ApiError {
        causes: vec!["NamespaceTerminating".to_owned()],
        ..refused(403, "Forbidden", "namespace is going away").unwrap_err()
    })
}

/// Runs a pass over a binding in which the operations meet the given outcomes, the last one that of the condition.
/// Returns the status and reason of the condition written, its message, the error, what becomes of the key, and the
/// last event.
fn outcome(value: Value, clusters: &[(&str, u32)], outcomes: &[Outcome]) -> [String; 5] {
    let mut binding = binding(value);
    let plan = schedule_binding(&binding, &snapshot(clusters), &options(&[], None));
    let mut outcomes = outcomes.iter();
    let mut scheduled = None;
    let executed = plan.execute(now(), |operation| {
        if let Operation::Scheduled(patch) = operation {
            scheduled = Some(patch.clone());
        }
        let outcome = outcomes.next().unwrap().clone();
        if outcome.is_ok() {
            operation.apply(&mut binding.metadata, &mut binding.spec, &mut binding.status);
        }
        outcome
    });
    assert!(outcomes.next().is_none(), "an outcome is left");
    let conditions = scheduled.and_then(|patch| patch.conditions).unwrap_or_default();
    let condition = find_condition(&conditions, "Scheduled");
    let (condition, message) = condition.map_or_else(Default::default, |condition| {
        (
            format!("{} {}", condition.status, condition.reason),
            condition.message.clone(),
        )
    });
    let finished = executed.finished;
    [
        condition,
        message,
        finished.error.map(|error| error.to_string()).unwrap_or_default(),
        format!("{:?}", finished.retry),
        told(&executed.reports).pop().unwrap_or_default(),
    ]
}

fn check(value: &Value, clusters: &[(&str, u32)], outcomes: &[Outcome], want: [&str; 5]) {
    assert_eq!(
        outcome(value.clone(), clusters, outcomes),
        want,
        "{value} {outcomes:?}"
    );
}

const SUCCEEDED: &str = "Binding has been scheduled successfully.";
const UNFIT: &str =
    "0/1 clusters are available: 1 cluster(s) did not match the placement cluster affinity constraint.";
const FULL: &str = "failed to assign replicas: failed to scale up: Clusters available replicas 0 are not enough to schedule.";

fn failed(text: &str) -> String {
    format!("Warning ScheduleBindingFailed {text}")
}

#[test]
fn one_group() {
    let value = json!({"spec": {"replicas": 4, "placement": divided("Weighted")}});
    let room = [("m1", 9)];
    let result = format!("Normal ScheduleBindingSucceed {SUCCEEDED} Result: {{m1:4}}");
    check(
        &value,
        &room,
        &[ok(), ok()],
        ["True Success", SUCCEEDED, "", "Forget", &result],
    );
    // The result cannot be written.
    check(
        &value,
        &room,
        &[conflict(), ok()],
        [
            "False SchedulerError",
            "conflict",
            "conflict",
            "Backoff",
            &failed("conflict"),
        ],
    );
    let over = "quota q exceeded";
    check(
        &value,
        &room,
        &[quota(), ok()],
        ["False QuotaExceeded", over, over, "Backoff", &failed(over)],
    );
    let not_quota = refused(422, "QuotaExceeded", over);
    check(
        &value,
        &room,
        &[not_quota, ok()],
        ["False SchedulerError", over, over, "Backoff", &failed(over)],
    );
    let gone = "namespace is going away";
    check(
        &value,
        &room,
        &[terminating(), ok()],
        ["False SchedulerError", gone, gone, "Backoff", &failed(gone)],
    );
    // The condition cannot be written: nothing else counts.
    check(
        &value,
        &room,
        &[ok(), conflict()],
        ["True Success", SUCCEEDED, "conflict", "Backoff", &result],
    );
    check(
        &value,
        &room,
        &[ok(), terminating()],
        ["True Success", SUCCEEDED, gone, "Forget", &result],
    );
    check(
        &value,
        &room,
        &[conflict(), terminating()],
        [
            "False SchedulerError",
            "conflict",
            gone,
            "Forget",
            &failed("conflict"),
        ],
    );
}

#[test]
fn no_cluster_fits() {
    let mut value = json!({"spec": {"replicas": 4, "placement": divided("Weighted"), "clusters": [{"name": "m1", "replicas": 4}]}});
    value["spec"]["placement"]["clusterAffinity"] = json!({"clusterNames": ["other"]});
    let room = [("m1", 9)];
    // Final: only a change can help.
    check(
        &value,
        &room,
        &[ok(), ok()],
        ["False NoClusterFit", UNFIT, "", "Forget", &failed(UNFIT)],
    );
    // But not if the clusters could not be taken away.
    let both = format!("[{UNFIT}, conflict]");
    check(
        &value,
        &room,
        &[conflict(), ok()],
        ["False NoClusterFit", &both, &both, "Backoff", &failed(&both)],
    );
    // That none fits comes first.
    let both = format!("[{UNFIT}, quota q exceeded]");
    check(
        &value,
        &room,
        &[quota(), ok()],
        ["False NoClusterFit", &both, &both, "Backoff", &failed(&both)],
    );
    check(
        &value,
        &room,
        &[ok(), conflict()],
        ["False NoClusterFit", UNFIT, "conflict", "Backoff", &failed(UNFIT)],
    );
}

#[test]
fn other_errors() {
    let value = json!({"spec": {"replicas": 4, "placement": divided("Weighted")}});
    check(
        &value,
        &[("m1", 0)],
        &[ok()],
        ["False Unschedulable", FULL, FULL, "Unschedulable", &failed(FULL)],
    );
    let mut spread = value;
    spread["spec"]["placement"]["spreadConstraints"] =
        json!([{"spreadByField": "cluster", "minGroups": 3, "maxGroups": 3}]);
    let text =
        "failed to select clusters: the number of feasible clusters is less than spreadConstraint.MinGroups";
    check(
        &spread,
        &[("m1", 9)],
        &[ok()],
        ["False SchedulerError", text, text, "Backoff", &failed(text)],
    );
    check(
        &json!({}),
        &[],
        &[],
        [
            "",
            "",
            "failed to get placement from resourceBinding(shop/web-deployment)",
            "Backoff",
            "",
        ],
    );
    let deleting = json!({"metadata": {"deletionTimestamp": EARLIER}});
    check(
        &deleting,
        &[],
        &[],
        [
            "",
            "",
            "",
            "Forget",
            &failed("skip schedule deleting resourceBinding: shop/web-deployment"),
        ],
    );
}

#[test]
fn several_groups() {
    let value = json!({"spec": {"replicas": 4, "placement": groups(&[("a", "m1")])}});
    let room = [("m1", 9)];
    let result = format!("Normal ScheduleBindingSucceed {SUCCEEDED} Result: {{m1:4}}");
    check(
        &value,
        &room,
        &[ok(), ok(), ok()],
        ["True Success", SUCCEEDED, "", "Forget", &result],
    );
    // Both are tried, whatever becomes of the first.
    check(
        &value,
        &room,
        &[conflict(), refused(500, "InternalError", "broken"), ok()],
        [
            "False SchedulerError",
            "[conflict, broken]",
            "[conflict, broken]",
            "Backoff",
            &failed("[conflict, broken]"),
        ],
    );
    check(
        &value,
        &room,
        &[ok(), conflict(), ok()],
        [
            "False SchedulerError",
            "conflict",
            "conflict",
            "Backoff",
            &failed("conflict"),
        ],
    );
    // The same text stands once.
    check(
        &value,
        &room,
        &[conflict(), conflict(), ok()],
        [
            "False SchedulerError",
            "conflict",
            "conflict",
            "Backoff",
            &failed("conflict"),
        ],
    );
    // A member that exceeds the quota gives its own text.
    check(
        &value,
        &room,
        &[quota(), conflict(), ok()],
        [
            "False QuotaExceeded",
            "quota q exceeded",
            "[quota q exceeded, conflict]",
            "Backoff",
            &failed("[quota q exceeded, conflict]"),
        ],
    );
    // A group that lacks room, and none after it: as the error itself says.
    let indexed = format!(
        "failed to schedule ResourceBinding(shop/web-deployment) with clusterAffiliates index(0): {FULL}"
    );
    check(
        &value,
        &[("m1", 0)],
        &[ok()],
        [
            "False Unschedulable",
            FULL,
            FULL,
            "Unschedulable",
            &failed(&indexed),
        ],
    );
}

#[test]
fn generations_without_scheduling() {
    let value = json!({
        "applied": true, "status": {"schedulerObservedGeneration": 1},
        "spec": {"replicas": 1, "placement": divided("Weighted"), "clusters": [{"name": "m1", "replicas": 1}]},
    });
    check(&value, &[], &[ok()], ["", "", "", "Forget", ""]);
    check(&value, &[], &[conflict()], ["", "", "conflict", "Backoff", ""]);
    check(
        &value,
        &[],
        &[terminating()],
        ["", "", "namespace is going away", "Forget", ""],
    );
}

#[test]
fn what_the_status_says_afterwards() {
    /// The status after a pass over a binding with that status and so much room.
    fn after(status: &Value, room: u32) -> Value {
        let mut binding =
            binding(json!({"spec": {"replicas": 4, "placement": divided("Weighted")}, "status": status}));
        let plan = schedule_binding(&binding, &snapshot(&[("m1", room)]), &options(&[], None));
        plan.apply(&mut binding, now());
        karmada_core::api::wire::encode(&binding.status).unwrap()
    }
    const NOW: &str = "2026-01-03T00:00:00Z";
    let condition = |status: &str, time: &str, reason: &str, message: &str| json!({"type": "Scheduled", "status": status, "lastTransitionTime": time, "reason": reason, "message": message});
    let success = |time: &str| condition("True", time, "Success", SUCCEEDED);
    let full = |time: &str| condition("False", time, "Unschedulable", FULL);
    let other = json!({"type": "FullyApplied", "status": "True", "lastTransitionTime": EARLIER, "reason": "r", "message": "m"});

    // The generation is that of the binding as it was read, whatever writing the result made of it.
    assert_eq!(
        after(&json!({}), 9),
        json!({"schedulerObservedGeneration": 2, "lastScheduledTime": NOW, "conditions": [success(NOW)]})
    );
    // The time of the condition moves with its status only; other conditions stay where they are.
    assert_eq!(
        after(
            &json!({"lastScheduledTime": LATER, "conditions": [condition("True", EARLIER, "x", "y"), other]}),
            9
        ),
        json!({"schedulerObservedGeneration": 2, "lastScheduledTime": NOW, "conditions": [success(EARLIER), other]})
    );
    assert_eq!(
        after(
            &json!({"conditions": [other, condition("False", EARLIER, "x", "y")]}),
            9
        ),
        json!({"schedulerObservedGeneration": 2, "lastScheduledTime": NOW, "conditions": [other, success(NOW)]})
    );
    // A failure moves neither the generation nor the time.
    let seen = json!({"schedulerObservedGeneration": 1, "lastScheduledTime": EARLIER, "conditions": [success(EARLIER)]});
    assert_eq!(
        after(&seen, 0),
        json!({"schedulerObservedGeneration": 1, "lastScheduledTime": EARLIER, "conditions": [full(NOW)]})
    );
}

#[test]
fn a_status_that_says_it_already_is_not_written() {
    let mut binding = binding(json!({"spec": {"replicas": 4, "placement": divided("Weighted")}}));
    let options = options(&[], None);
    let plan = |binding: &ResourceBinding| schedule_binding(binding, &snapshot(&[("m1", 0)]), &options);
    plan(&binding).apply(&mut binding, now());
    let conclusion = plan(&binding).conclude(&[], now());
    assert_eq!(conclusion.operation(), None);
    assert_eq!(conclusion.finish(None).retry, RetryClass::Unschedulable);
}

#[test]
fn what_was_not_tried_failed() {
    let binding = binding(json!({"spec": {"replicas": 4, "placement": divided("Weighted")}}));
    let plan = || schedule_binding(&binding, &snapshot(&[("m1", 9)]), &options(&[], None));
    let conclusion = plan().conclude(&[], now());
    assert_eq!(conclusion.error().unwrap().to_string(), NOT_TRIED);
    assert!(conclusion.effects().is_empty());
    let finished = plan().conclude(&[ok()], now()).finish(None);
    assert_eq!(
        (finished.error.unwrap().to_string().as_str(), finished.retry),
        (NOT_TRIED, RetryClass::Backoff)
    );
}

#[test]
fn attempts() {
    fn check(value: Value, room: u32, outcomes: &[Outcome], want: Option<(&str, &str)>, follows: bool) {
        let binding = binding(value);
        let plan = schedule_binding(&binding, &snapshot(&[("m1", room)]), &options(&[], None));
        let mut outcomes = outcomes.iter();
        let finished = plan.execute(now(), |_| outcomes.next().unwrap().clone()).finished;
        let attempt = finished
            .attempt
            .map(|attempt| (attempt.schedule_type.as_str(), attempt.result.as_str()));
        assert_eq!((attempt, finished.follows), (want, follows));
    }
    let value = |applied: bool| json!({"applied": applied, "spec": {"replicas": 4, "placement": divided("Weighted")}});
    check(
        value(false),
        9,
        &[ok(), ok()],
        Some(("ReconcileSchedule", "scheduled")),
        true,
    );
    check(
        value(true),
        9,
        &[ok(), ok()],
        Some(("ScaleSchedule", "scheduled")),
        true,
    );
    check(
        value(true),
        9,
        &[conflict(), ok()],
        Some(("ScaleSchedule", "error")),
        false,
    );
    check(
        value(true),
        9,
        &[ok(), conflict()],
        Some(("ScaleSchedule", "error")),
        true,
    );
    check(value(true), 0, &[ok()], Some(("ScaleSchedule", "error")), false);
    // Nothing fits: the pass is final, and counts as scheduled.
    let mut unfit = value(true);
    unfit["spec"]["placement"]["clusterAffinity"] = json!({"clusterNames": ["other"]});
    unfit["spec"]["clusters"] = json!([{"name": "m1", "replicas": 3}]);
    check(
        unfit,
        9,
        &[ok(), ok()],
        Some(("ScaleSchedule", "scheduled")),
        true,
    );
    check(json!({}), 9, &[], None, false);
}
