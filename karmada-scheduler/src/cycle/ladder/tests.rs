use karmada_core::api::wire;
use serde_json::{Value, json};

use super::*;
use crate::cycle::fixtures::{EARLIER, LATER, binding, cluster_binding, divided, groups, options, snapshot};

fn need(value: Value, features: &[Feature], correction: Option<&str>) -> Need {
    let snapshot = snapshot(&[("m1", 9), ("m2", 9), ("x1", 9)]);
    assess(&binding(value), &snapshot, &options(features, correction))
}

fn check(value: Value, want: &str) {
    let text = value.to_string();
    assert_eq!(need(value, &[], None).to_string(), want, "{text}");
}

/// A workload of 3 replicas, divided over `m1` and `m2`, that needs nothing.
fn settled() -> Value {
    json!({
        "applied": true,
        "spec": {
            "replicas": 3, "placement": divided("Weighted"),
            "clusters": [{"name": "m1", "replicas": 1}, {"name": "m2", "replicas": 2}],
        },
        "status": {"schedulerObservedGeneration": 2, "lastScheduledTime": EARLIER},
    })
}

fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut value = settled();
    change(&mut value);
    value
}

const NOTHING: &str = "not scheduled: nothing changed";
const NEVER: &str = "ReconcileSchedule: the placement changed: no placement was applied yet";

#[test]
fn what_is_never_scheduled() {
    let deleting = |value: &mut Value| {
        value["metadata"] = json!({"deletionTimestamp": EARLIER, "finalizers": ["f"]});
    };
    check(changed(deleting), "not scheduled: it is being deleted");
    // Deletion comes first.
    check(
        json!({"metadata": {"deletionTimestamp": EARLIER}}),
        "not scheduled: it is being deleted",
    );
    check(
        json!({"spec": {"replicas": 3}}),
        "not scheduled: it has no placement",
    );
}

#[test]
fn suspension_is_not_looked_at_again() {
    let suspended = || {
        changed(|value| {
            value["applied"] = json!(false);
            value["spec"]["suspension"] = json!({"scheduling": true});
        })
    };
    check(suspended(), NEVER);
    let corrected = need(suspended(), &[], Some("suspended_while_queued"));
    assert_eq!(corrected, Need::Suspended);
    let dispatching = changed(|value| value["spec"]["suspension"] = json!({"dispatching": true}));
    let corrected = need(dispatching, &[], Some("suspended_while_queued"));
    assert_eq!(corrected.to_string(), NOTHING);
}

#[test]
fn changed_placements() {
    check(settled(), NOTHING);
    check(changed(|value| value["applied"] = json!(false)), NEVER);
    let annotated = |text: &str| {
        changed(|value| {
            value["applied"] = json!(false);
            value["metadata"] = json!({"annotations": {"policy.karmada.io/applied-placement": text}});
        })
    };
    check(annotated(""), NEVER);
    check(
        annotated("{}"),
        "ReconcileSchedule: the placement changed: replicaScheduling differs from what was applied",
    );
    // What cannot be read counts as unchanged, and the rest of the ladder goes on.
    let Need::UpToDate {
        observe: false,
        malformed: Some(_),
    } = need(annotated("{"), &[], None)
    else {
        panic!("{:?}", need(annotated("{"), &[], None));
    };
    let mut scaled = annotated("{");
    scaled["spec"]["replicas"] = json!(4);
    check(
        scaled,
        "ScaleSchedule: the replicas changed: 4 are wanted, the clusters have 3",
    );
    // A changed placement comes before changed replicas.
    let mut scaled = annotated("{}");
    scaled["spec"]["replicas"] = json!(4);
    check(
        scaled,
        "ReconcileSchedule: the placement changed: replicaScheduling differs from what was applied",
    );
}

#[test]
fn changed_groups() {
    fn grouped(applied: &Value, placement: &Value, observed: &str) -> Value {
        let placed: karmada_core::api::policy::v1alpha1::Placement = wire::decode(applied).unwrap();
        let applied = karmada_core::binding::encode_applied_placement(&placed).unwrap();
        changed(|value| {
            value["applied"] = json!(false);
            value["spec"]["placement"] = placement.clone();
            value["metadata"] = json!({"annotations": {"policy.karmada.io/applied-placement": applied}});
            value["status"]["schedulerObservingAffinityName"] = json!(observed);
        })
    }
    let before = groups(&[("a", "m1"), ("b", "m2")]);
    let after = groups(&[("a", "m1"), ("b", "m1,m2")]);
    check(grouped(&before, &after, "a"), NOTHING);
    check(
        grouped(&before, &after, "b"),
        "ReconcileSchedule: the placement changed: affinity group \"b\" in force differs from what was applied",
    );
    check(
        grouped(&before, &after, ""),
        "ReconcileSchedule: the placement changed: it differs from what was applied, and no affinity group is in force",
    );

    let mut near = before.clone();
    near["workloadAffinity"] = json!({"affinity": {"groupByLabelKey": "app"}});
    check(grouped(&before, &near, "a"), NOTHING);
    let corrected = |value| need(value, &[], Some("workload_affinity_changes")).to_string();
    assert_eq!(
        corrected(grouped(&before, &near, "a")),
        "ReconcileSchedule: the placement changed: workloadAffinity differs from what was applied",
    );
    assert_eq!(corrected(grouped(&before, &after, "a")), NOTHING);
}

#[test]
fn changed_replicas() {
    let scaled = |replicas: i32| changed(|value| value["spec"]["replicas"] = json!(replicas));
    let text = |wanted: i32| {
        format!("ScaleSchedule: the replicas changed: {wanted} are wanted, the clusters have 3")
    };
    check(scaled(4), &text(4));
    check(scaled(2), &text(2));
    check(scaled(0), &text(0));
    // Whoever evicts a workload takes the cluster off the targets.
    let evicted = changed(|value| {
        value["spec"]["clusters"] = json!([{"name": "m2", "replicas": 2}]);
        value["spec"]["gracefulEvictionTasks"] = json!([{"fromCluster": "m1"}]);
    });
    check(
        evicted,
        "ScaleSchedule: the replicas changed: 3 are wanted, the clusters have 2",
    );
    let duplicated = |clusters: Value| {
        changed(|value| {
            value["spec"]["placement"] =
                json!({"replicaScheduling": {"replicaSchedulingType": "Duplicated"}});
            value["spec"]["clusters"] = clusters;
        })
    };
    check(
        duplicated(json!([{"name": "m1", "replicas": 3}, {"name": "m2", "replicas": 2}])),
        "ScaleSchedule: the replicas changed: 3 are wanted, the clusters have 5",
    );
    const DUPLICATED: &str = "ReconcileSchedule: what is duplicated is always scheduled";
    check(duplicated(json!([{"name": "m1", "replicas": 3}])), DUPLICATED);
    check(duplicated(json!([])), DUPLICATED);
    // Without a strategy replicas do not count.
    let plain = changed(|value| {
        value["spec"]["placement"] = json!({});
        value["spec"]["replicas"] = json!(9);
    });
    check(plain, DUPLICATED);
}

#[test]
fn changed_components() {
    let components = |clusters: Value| {
        changed(|value| {
            value["spec"]["replicas"] = json!(0);
            value["spec"]["components"] =
                json!([{"name": "jm", "replicas": 1}, {"name": "tm", "replicas": 2}]);
            value["spec"]["clusters"] = clusters;
        })
    };
    let gate = [Feature::MultiplePodTemplatesScheduling];
    let nowhere = |features: &[Feature]| need(components(json!([])), features, None).to_string();
    assert_eq!(nowhere(&[]), NOTHING);
    assert_eq!(
        nowhere(&gate),
        "ScaleSchedule: the replicas changed: 0 are wanted, the clusters have 0"
    );
    let scaled = || {
        components(
            json!([{"name": "m1", "components": [{"name": "jm", "replicas": 1}, {"name": "tm", "replicas": 1}]}]),
        )
    };
    assert_eq!(need(scaled(), &gate, None).to_string(), NOTHING);
    let corrected = Some("component_changes");
    assert_eq!(need(scaled(), &[], corrected).to_string(), NOTHING);
    assert_eq!(
        need(scaled(), &gate, corrected).to_string(),
        "ScaleSchedule: the replicas of components changed"
    );
    let placed = components(
        json!([{"name": "m1", "components": [{"name": "jm", "replicas": 1}, {"name": "tm", "replicas": 2}]}]),
    );
    assert_eq!(need(placed, &gate, corrected).to_string(), NOTHING);
}

#[test]
fn triggered_rescheduling() {
    let triggered = |at: &str, last: Value| {
        changed(|value| {
            value["spec"]["rescheduleTriggeredAt"] = json!(at);
            value["status"]["lastScheduledTime"] = last;
        })
    };
    check(
        triggered(LATER, json!(EARLIER)),
        "ReconcileSchedule: rescheduling was triggered at 2026-01-02T00:00:00Z",
    );
    check(triggered(EARLIER, json!(EARLIER)), NOTHING);
    check(triggered(EARLIER, json!(LATER)), NOTHING);
    check(triggered(LATER, Value::Null), NOTHING);
}

#[test]
fn what_is_always_scheduled() {
    let no_workload = changed(|value| {
        value["spec"]["replicas"] = json!(0);
        value["spec"]["clusters"] = json!([{"name": "m1"}]);
    });
    check(
        no_workload.clone(),
        "ReconcileSchedule: what is no workload is always scheduled",
    );
    let mut no_replicas = no_workload;
    no_replicas["spec"]["replicaRequirements"] = json!({});
    check(no_replicas, NOTHING);
}

#[test]
fn clusters_that_are_deleted() {
    let on = |first: &str, second: &str| {
        changed(|value| {
            value["spec"]["clusters"] =
                json!([{"name": first, "replicas": 1}, {"name": second, "replicas": 2}]);
        })
    };
    // `x1` is being deleted, `gone` does not exist any more.
    check(on("m1", "gone"), NOTHING);
    check(on("m1", "x1"), "ReconcileSchedule: cluster x1 is being deleted");
    check(on("x1", "gone"), "ReconcileSchedule: cluster x1 is being deleted");
}

#[test]
fn passes_that_did_not_write_their_status() {
    let said = |status: Option<&str>, correction: Option<&str>| {
        let with_condition = changed(|value| {
            if let Some(status) = status {
                value["status"]["conditions"] = json!([{"type": "Scheduled", "status": status}]);
            }
        });
        need(with_condition, &[], correction).to_string()
    };
    for status in [None, Some("False"), Some("True")] {
        assert_eq!(said(status, None), NOTHING);
    }
    let corrected = Some("unfinished_passes");
    const UNFINISHED: &str = "ReconcileSchedule: the status does not say that it was scheduled";
    assert_eq!(said(None, corrected), UNFINISHED);
    assert_eq!(said(Some("False"), corrected), UNFINISHED);
    assert_eq!(said(Some("True"), corrected), NOTHING);
}

#[test]
fn generations() {
    let seen = |generation: i64| {
        need(
            changed(|value| value["status"]["schedulerObservedGeneration"] = json!(generation)),
            &[],
            None,
        )
    };
    let up_to_date = |observe| Need::UpToDate {
        observe,
        malformed: None,
    };
    assert_eq!(seen(2), up_to_date(false));
    assert_eq!(seen(1), up_to_date(true));
    assert_eq!(seen(3), up_to_date(true));
}

#[test]
fn both_kinds_have_the_same_rules() {
    let snapshot = snapshot(&[("m1", 9), ("m2", 9)]);
    for value in [
        settled(),
        changed(|value| value["applied"] = json!(false)),
        changed(|value| value["spec"]["replicas"] = json!(7)),
    ] {
        assert_eq!(
            assess(&binding(value.clone()), &snapshot, &options(&[], None)),
            assess(&cluster_binding(value), &snapshot, &options(&[], None)),
        );
    }
}
