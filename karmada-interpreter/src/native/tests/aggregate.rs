use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::AggregatedStatusItem;
use serde_json::{Value, json};

use super::{answered, object};
use crate::interpreter::SyncInterpreter;
use crate::native::Native;

/// The status after aggregating the members' statuses, null being a report without; nothing where the object is left alone.
#[track_caller]
fn aggregated(object: &Value, statuses: Option<&[Value]>) -> Result<Option<Value>, String> {
    let items: Option<Vec<_>> = statuses.map(|statuses| {
        let report = |(index, status): (usize, &Value)| AggregatedStatusItem {
            cluster_name: format!("m{}", index + 1),
            status: (!status.is_null()).then(|| status.clone()),
            ..AggregatedStatusItem::default()
        };
        statuses.iter().enumerate().map(report).collect()
    });
    let now: Timestamp = "2026-01-02T03:04:05.6Z".parse().unwrap();
    let mut result = object.clone();
    answered(Native::default().aggregate_status(&mut result, items.as_deref(), now)).inspect_err(|_| {
        assert_eq!(result, *object, "an error changes nothing");
    })?;
    Ok((result != *object).then(|| result["status"].take()))
}

#[track_caller]
fn check(object: &Value, statuses: &[Value], expected: Value) {
    assert_eq!(aggregated(object, Some(statuses)), Ok(Some(expected)), "{object}");
}

#[track_caller]
fn unchanged(object: &Value, statuses: &[Value]) {
    assert_eq!(aggregated(object, Some(statuses)), Ok(None), "{object}");
}

/// A template of generation 3 whose status says that generation 1 was observed.
fn workload(kind: &str) -> Value {
    let status = json!({"observedGeneration": 1, "conditions": [{"type": "A", "status": "True"}], "collisionCount": 0});
    object(
        "apps/v1",
        kind,
        json!({"metadata": {"generation": 3}, "status": status}),
    )
}

/// What the status of [`workload`] keeps.
fn kept(kind: &str, mut sums: Value) -> Value {
    sums["conditions"] = json!([{"type": "A", "status": "True", "lastTransitionTime": null}]);
    if kind == "Deployment" {
        sums["conditions"][0]["lastUpdateTime"] = Value::Null;
    }
    if kind != "ReplicaSet" {
        sums["collisionCount"] = 0.into();
    }
    sums
}

#[test]
fn deployment() {
    let member = json!({
        "replicas": 1, "readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 4, "unavailableReplicas": 5,
        "generation": 9, "observedGeneration": 9, "resourceTemplateGeneration": 3,
    });
    let sums = |observed: i64| {
        kept(
            "Deployment",
            json!({
                "replicas": 2, "readyReplicas": 4, "updatedReplicas": 6, "availableReplicas": 8,
                "unavailableReplicas": 10, "observedGeneration": observed,
            }),
        )
    };
    check(
        &workload("Deployment"),
        &[member.clone(), member.clone()],
        sums(3),
    );
    check(
        &workload("Deployment"),
        &[member.clone(), member, json!(null)],
        sums(1),
    );
}

#[test]
fn replica_set() {
    let member =
        json!({"replicas": 1, "readyReplicas": 2, "availableReplicas": 3, "fullyLabeledReplicas": 4});
    check(
        &workload("ReplicaSet"),
        &[member.clone(), member],
        kept(
            "ReplicaSet",
            json!({"replicas": 2, "readyReplicas": 4, "availableReplicas": 6, "observedGeneration": 1}),
        ),
    );
}

#[test]
fn daemon_set() {
    let member = json!({
        "currentNumberScheduled": 1, "desiredNumberScheduled": 2, "numberAvailable": 3, "numberMisscheduled": 4,
        "numberReady": 5, "updatedNumberScheduled": 6, "numberUnavailable": 7,
    });
    check(
        &workload("DaemonSet"),
        &[member.clone(), member],
        kept(
            "DaemonSet",
            json!({
                "currentNumberScheduled": 2, "desiredNumberScheduled": 4, "numberAvailable": 6,
                "numberMisscheduled": 8, "numberReady": 10, "updatedNumberScheduled": 12, "numberUnavailable": 14,
                "observedGeneration": 1,
            }),
        ),
    );
}

#[test]
fn stateful_set() {
    let member = json!({
        "availableReplicas": 1, "currentReplicas": 2, "readyReplicas": 3, "replicas": 4, "updatedReplicas": 5,
    });
    let sums = |observed: i64| {
        kept(
            "StatefulSet",
            json!({
                "availableReplicas": 1, "currentReplicas": 2, "readyReplicas": 3, "replicas": 4,
                "updatedReplicas": 5, "observedGeneration": observed,
            }),
        )
    };
    // The member's template generation is compared with the member's own generation, not with the template's.
    let with = |generation: i64, template: i64, observed: i64| {
        let mut member = member.clone();
        member["generation"] = generation.into();
        member["resourceTemplateGeneration"] = template.into();
        member["observedGeneration"] = observed.into();
        member
    };
    check(&workload("StatefulSet"), &[with(2, 2, 2)], sums(3));
    check(&workload("StatefulSet"), &[with(4, 3, 4)], sums(1));
    check(&workload("StatefulSet"), &[with(2, 3, 0)], sums(1));
    check(&workload("StatefulSet"), &[member], sums(3));
}

#[test]
fn the_generation_counts_as_observed_once_every_member_has_it() {
    let aligned = |generation: i64, observed: i64, template: i64| json!({"generation": generation, "observedGeneration": observed, "resourceTemplateGeneration": template});
    for kind in ["Deployment", "ReplicaSet", "DaemonSet"] {
        let check = |members: &[Value], expected: i64| {
            let status = aggregated(&workload(kind), Some(members)).unwrap();
            let observed = status.map_or(1, |status| status["observedGeneration"].as_i64().unwrap());
            assert_eq!(observed, expected, "{kind} {members:?}");
        };
        check(&[], 3);
        check(&[aligned(2, 2, 3)], 3);
        check(&[aligned(2, 5, 4)], 3);
        check(&[aligned(2, 2, 3), aligned(2, 1, 3)], 1);
        check(&[aligned(2, 2, 2)], 1);
        check(&[aligned(2, 2, 3), json!(null)], 1);
        check(&[json!({})], 1);
    }
}

#[test]
fn a_status_that_is_up_to_date_leaves_the_object_alone() {
    for kind in ["Deployment", "ReplicaSet", "StatefulSet"] {
        let mut object = workload(kind);
        object["status"]["observedGeneration"] = 3.into();
        object["status"]["replicas"] = 2.into();
        object["unknown"] = 1.into();
        unchanged(
            &object,
            &[json!({"replicas": 2, "resourceTemplateGeneration": 3})],
        );
    }
    let daemon_set = |status: Value| {
        object(
            "apps/v1",
            "DaemonSet",
            json!({"metadata": {"generation": 3}, "status": status}),
        )
    };
    unchanged(
        &daemon_set(json!({"observedGeneration": 3, "conditions": []})),
        &[],
    );
    // What is not summed up counts for a DaemonSet.
    let collisions = daemon_set(json!({"observedGeneration": 3, "collisionCount": 0}));
    assert!(aggregated(&collisions, Some(&[])).unwrap().is_some());
}

#[test]
fn sums_wrap_around() {
    let max = json!({"replicas": i32::MAX});
    let deployment = object("apps/v1", "Deployment", json!({}));
    check(&deployment, &[max.clone(), max], json!({"replicas": -2}));
}

#[test]
fn aggregation_shows_the_marks_of_the_type() {
    let mut deployment = object(
        "apps/v1",
        "Deployment",
        json!({"unknown": 1, "spec": {"replicas": 2.0, "template": {"spec": {"containers": [{"name": "a"}]}}}}),
    );
    let items = [AggregatedStatusItem {
        status: Some(json!({"replicas": 2})),
        ..AggregatedStatusItem::default()
    }];
    let native = Native::default();
    answered(native.aggregate_status(&mut deployment, Some(&items), Timestamp::UNIX_EPOCH)).unwrap();
    assert_eq!(
        deployment,
        object(
            "apps/v1",
            "Deployment",
            json!({
                "metadata": {},
                "spec": {
                    "replicas": 2,
                    "selector": null,
                    "strategy": {},
                    "template": {"metadata": {}, "spec": {"containers": [{"name": "a", "resources": {}}]}},
                },
                "status": {"replicas": 2},
            })
        )
    );
}

#[test]
fn service() {
    let service = |type_: &str, status: Value| {
        object(
            "v1",
            "Service",
            json!({"spec": {"type": type_}, "status": status}),
        )
    };
    let member = |ip: &str| json!({"loadBalancer": {"ingress": [{"ip": ip}]}});
    unchanged(&service("ClusterIP", json!({})), &[member("1.1.1.1")]);
    check(
        &service("LoadBalancer", json!({"conditions": [{"type": "gone"}]})),
        &[
            member("2.2.2.2"),
            json!(null),
            member("1.1.1.1"),
            member("2.2.2.2"),
        ],
        json!({"loadBalancer": {"ingress": [{"ip": "1.1.1.1"}, {"ip": "2.2.2.2"}]}}),
    );
    unchanged(&service("LoadBalancer", member("1.1.1.1")), &[member("1.1.1.1")]);
}

#[test]
fn ingress() {
    let ingress = |status: Value| object("networking.k8s.io/v1", "Ingress", json!({"status": status}));
    let member = |host: &str| json!({"loadBalancer": {"ingress": [{"hostname": host}]}});
    check(
        &ingress(json!({})),
        &[member("b"), member("a")],
        json!({"loadBalancer": {"ingress": [{"hostname": "a"}, {"hostname": "b"}]}}),
    );
    unchanged(&ingress(member("a")), &[member("a"), member("a")]);
}

fn finished(type_: &str) -> Value {
    json!({"conditions": [{"type": type_, "status": "True"}]})
}

fn stamped(type_: &str, reason: &str, message: &str) -> Value {
    json!({
        "type": type_, "status": "True", "reason": reason, "message": message,
        "lastProbeTime": "2026-01-02T03:04:05Z", "lastTransitionTime": "2026-01-02T03:04:05Z",
    })
}

fn job(status: Value) -> Value {
    object("batch/v1", "Job", json!({"status": status}))
}

#[test]
fn a_job_that_is_finished_stays_as_it_is() {
    for type_ in ["Complete", "Failed"] {
        unchanged(&job(finished(type_)), &[json!({"active": 5})]);
    }
    let suspended = json!({"conditions": [{"type": "Complete", "status": "False"}]});
    check(&job(suspended), &[json!({"active": 5})], json!({"active": 5}));
}

#[test]
fn jobs_add_up() {
    check(
        &job(json!({"ready": 1, "active": 9})),
        &[
            json!({"active": 1, "succeeded": 2, "failed": 3, "ready": 4}),
            json!({"active": 1}),
        ],
        json!({"active": 2, "succeeded": 2, "failed": 3}),
    );
    unchanged(&job(json!({"active": 2})), &[json!({"active": 2})]);
}

#[test]
fn a_job_fails_with_any_member() {
    let failed = stamped(
        "Failed",
        "JobFailed",
        "Job executed failed in member clusters m2,m4",
    );
    check(
        &job(json!({})),
        &[
            finished("Complete"),
            finished("Failed"),
            json!(null),
            finished("Failed"),
        ],
        json!({"conditions": [failed]}),
    );
    // The first condition that holds decides.
    let both = json!({"conditions": [
        {"type": "Failed", "status": "False"}, {"type": "Complete", "status": "True"}, {"type": "Failed", "status": "True"},
    ]});
    check(
        &job(json!({})),
        &[both],
        json!({"conditions": [stamped("Complete", "Completed", "Job completed")]}),
    );
}

#[test]
fn a_job_is_complete_with_all_members() {
    let complete = stamped("Complete", "Completed", "Job completed");
    let met = stamped(
        "SuccessCriteriaMet",
        "CompletionsReached",
        "All member clusters have met success criteria",
    );
    let succeeded = json!({"conditions": [
        {"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Complete", "status": "True"},
    ]});
    check(
        &job(json!({})),
        &[finished("Complete"), succeeded.clone()],
        json!({"conditions": [complete]}),
    );
    check(
        &job(json!({})),
        &[succeeded.clone(), succeeded.clone()],
        json!({"conditions": [complete, met]}),
    );
    unchanged(&job(json!({})), &[succeeded, json!(null)]);
    unchanged(&job(json!({})), &[]);
}

#[test]
fn a_job_starts_with_the_first_and_ends_with_the_last_member() {
    let ran = |start: &str, end: &str| json!({"startTime": format!("2024-01-01T{start}:00:00Z"), "completionTime": format!("2024-01-01T{end}:00:00Z")});
    check(
        &job(json!({})),
        &[ran("02", "05"), ran("01", "04")],
        ran("01", "05"),
    );
    unchanged(&job(json!({})), &[ran("02", "05"), json!({})]);
    check(
        &job(json!({"startTime": "2024-01-01T09:00:00Z", "completionTime": "2024-01-01T09:00:00Z"})),
        &[ran("02", "05"), json!({})],
        json!({"startTime": "2024-01-01T09:00:00Z"}),
    );
}

#[test]
fn cron_job() {
    let cron_job = |status: Value| object("batch/v1", "CronJob", json!({"status": status}));
    let time = |hour: &str| format!("2024-01-01T{hour}:00:00Z");
    let member = json!({
        "active": [{"name": "a"}], "lastScheduleTime": "2024-01-01T05:00:00+02:00", "lastSuccessfulTime": time("01"),
    });
    check(
        &cron_job(json!({})),
        &[
            member.clone(),
            json!({"active": [{"name": "b"}], "lastScheduleTime": time("02")}),
            json!(null),
        ],
        json!({
            "active": [{"name": "a"}, {"name": "b"}], "lastScheduleTime": time("03"),
            "lastSuccessfulTime": time("01"),
        }),
    );
    unchanged(&cron_job(member.clone()), &[member]);
}

#[test]
fn pod_phases() {
    let pod = object("v1", "Pod", json!({}));
    let phase = |phases: &[Option<&str>]| {
        let statuses: Vec<_> = phases
            .iter()
            .map(|phase| phase.map_or(Value::Null, |phase| json!({"phase": phase})))
            .collect();
        let status = aggregated(&pod, Some(&statuses)).unwrap().unwrap();
        status["phase"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(
        phase(&[Some("Succeeded"), Some("Running"), None, Some("Failed")]),
        "Failed"
    );
    assert_eq!(phase(&[Some("Succeeded"), Some("Running"), None]), "Pending");
    assert_eq!(
        phase(&[Some("Succeeded"), Some("Pending"), Some("Running")]),
        "Pending"
    );
    assert_eq!(phase(&[Some("Succeeded"), Some("Running")]), "Running");
    assert_eq!(phase(&[Some("Succeeded"), Some("Succeeded")]), "Succeeded");
    assert_eq!(phase(&[Some("Unknown")]), "");
    assert_eq!(phase(&[]), "");
}

#[test]
fn pod_containers() {
    let state = json!({"running": {"startedAt": "2024-01-01T00:00:00Z"}});
    let container =
        |name: &str| json!({"name": name, "image": "i", "ready": true, "restartCount": 3, "state": state});
    let plain = json!({
        "name": "", "image": "", "imageID": "", "ready": true, "restartCount": 0, "state": state, "lastState": {},
    });
    check(
        &object("v1", "Pod", json!({"status": {"podIP": "10.0.0.1"}})),
        &[
            json!({"phase": "Running", "containerStatuses": [container("a")], "initContainerStatuses": [container("i")]}),
            json!({"phase": "Running", "containerStatuses": [container("b")]}),
        ],
        json!({"phase": "Running", "containerStatuses": [plain, plain], "initContainerStatuses": [plain]}),
    );
}

#[test]
fn a_pod_without_list_of_reports_only_shows_its_type() {
    let pod = object("v1", "Pod", json!({"unknown": 1, "status": {"phase": "Running"}}));
    assert_eq!(aggregated(&pod, None), Ok(Some(json!({"phase": "Running"}))));
    check(&pod, &[], json!({}));
}

#[test]
fn persistent_volume() {
    let volume = |phase: &str| object("v1", "PersistentVolume", json!({"status": {"phase": phase}}));
    let check = |phases: &[&str], expected: &str| {
        let members: Vec<_> = phases
            .iter()
            .map(|phase| {
                if phase.is_empty() {
                    Value::Null
                } else {
                    json!({"phase": phase, "reason": "r"})
                }
            })
            .collect();
        check(
            &volume("Old"),
            &members,
            if expected.is_empty() {
                json!({})
            } else {
                json!({"phase": expected})
            },
        );
        if !expected.is_empty() {
            unchanged(&volume(expected), &members);
        }
    };
    check(&["Released", "Bound", "Available", "Pending", "Failed"], "Failed");
    check(&["Released", "Bound", "Available", "Pending"], "Pending");
    check(&["Released", "Bound", ""], "Pending");
    check(&["Released", "Bound", "Available"], "Available");
    check(&["Released", "Bound"], "Bound");
    check(&["Released"], "Released");
    check(&["Other"], "");
    check(&[], "");
}

#[test]
fn persistent_volume_claim() {
    let claim = |phase: &str| object("v1", "PersistentVolumeClaim", json!({"status": {"phase": phase}}));
    let check = |phases: &[&str], expected: &str| {
        let members: Vec<_> = phases.iter().map(|phase| json!({"phase": phase})).collect();
        check(&claim("Old"), &members, json!({"phase": expected}));
        unchanged(&claim(expected), &members);
    };
    check(&[], "Bound");
    check(&["Bound", "Pending", "Bound"], "Pending");
    check(&["Pending", "Other"], "Other");
    check(&["Pending", "Lost", "Other"], "Lost");
    // Nothing after a lost claim is looked at.
    let statuses = [json!({"phase": "Lost"}), json!("unreadable")];
    assert_eq!(
        aggregated(&claim("Old"), Some(&statuses)),
        Ok(Some(json!({"phase": "Lost"})))
    );
}

#[test]
fn pod_disruption_budget() {
    let budget = object(
        "policy/v1",
        "PodDisruptionBudget",
        json!({"status": {"observedGeneration": 4}}),
    );
    let member = json!({
        "currentHealthy": 1, "desiredHealthy": 2, "expectedPods": 3, "disruptionsAllowed": 4,
        "disruptedPods": {"a": "2024-01-01T00:00:00Z"},
    });
    check(
        &budget,
        &[member.clone(), member],
        json!({
            "currentHealthy": 2, "desiredHealthy": 4, "expectedPods": 6, "disruptionsAllowed": 8,
            "disruptedPods": {"m1/a": "2024-01-01T00:00:00Z", "m2/a": "2024-01-01T00:00:00Z"},
        }),
    );
}

#[test]
fn horizontal_pod_autoscaler() {
    let autoscaler = |status: Value| {
        object(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            json!({"status": status}),
        )
    };
    let member = json!({"currentReplicas": 1, "desiredReplicas": 2, "currentMetrics": []});
    check(
        &autoscaler(json!({"observedGeneration": 4})),
        &[member.clone(), json!(null), member.clone()],
        json!({"currentReplicas": 2, "desiredReplicas": 4, "currentMetrics": null}),
    );
    unchanged(
        &autoscaler(json!({"currentReplicas": 1, "desiredReplicas": 2})),
        &[member],
    );
}

#[test]
fn a_report_that_cannot_be_read_is_an_error() {
    let deployment = object("apps/v1", "Deployment", json!({}));
    let check = |status: Value, expected: &str| {
        let expected = format!("cannot read the status reported by cluster m2: {expected}");
        assert_eq!(aggregated(&deployment, Some(&[json!({}), status])), Err(expected));
    };
    check(json!("x"), "is a string, expected an object");
    check(
        json!({"replicas": 2.0}),
        "replicas: is a floating-point number, expected an integer",
    );
    check(
        json!({"generation": "1"}),
        "generation: is a string, expected an integer",
    );
}
