use serde_json::json;

use super::*;
use crate::api::wire;

fn items(value: Value) -> Vec<AggregatedStatusItem> {
    wire::decode(&value).unwrap()
}

#[test]
fn sorts_out_the_unhealthy() {
    let spec: ResourceBindingSpec =
        wire::decode(&json!({"gracefulEvictionTasks": [{"fromCluster": "m2"}]})).unwrap();
    let items = items(json!([
        {"clusterName": "m3", "health": "Unhealthy"}, {"clusterName": "m1", "health": "Healthy"},
        {"clusterName": "m2", "health": "Unhealthy"}, {"clusterName": "m4", "health": ""},
        {"clusterName": "m5", "health": "Unknown"}, {"clusterName": "m6", "health": "Ailing"},
    ]));
    let health = distinguish_unhealthy(&items, &spec);
    assert_eq!(
        health,
        Health {
            unhealthy: vec!["m3"],
            others: vec!["m1", "m5"]
        }
    );
}

#[test]
fn waits_before_it_calls_it_a_failure() {
    let at = |seconds: i64| Timestamp::from_second(1_000 + seconds).unwrap();
    let clusters = [TargetCluster::new("m1", 1), TargetCluster::new("m2", 1)];
    let detect = |memory: &BTreeMap<String, Timestamp>, unhealthy: &[&str], now: i64| {
        detect_failure(memory, unhealthy, &clusters, Duration::from_secs(30), at(now))
    };
    let since = |pairs: &[(&str, i64)]| -> BTreeMap<String, Timestamp> {
        pairs
            .iter()
            .map(|(cluster, seconds)| ((*cluster).to_owned(), at(*seconds)))
            .collect()
    };
    let seconds = |seconds| Some(Duration::from_secs(seconds));

    let first = detect(&BTreeMap::new(), &["m1"], 0);
    assert_eq!(
        first,
        FailureDetection {
            due: vec![],
            retry_after: seconds(30),
            memory: since(&[("m1", 0)])
        }
    );
    let second = detect(&first.memory, &["m2", "m1", "m1"], 20);
    assert_eq!(
        second,
        FailureDetection {
            due: vec![],
            retry_after: seconds(10),
            memory: since(&[("m1", 0), ("m2", 20)]),
        }
    );
    assert_eq!(
        detect(&second.memory, &["m1", "m2"], 30).due,
        Vec::<String>::new()
    );
    let third = detect(&second.memory, &["m1", "m2"], 31);
    assert_eq!(
        third,
        FailureDetection {
            due: vec!["m1".into()],
            retry_after: seconds(19),
            memory: since(&[("m1", 0), ("m2", 20)]),
        }
    );
    // Recovered, and not chosen at all.
    assert_eq!(detect(&third.memory, &["m3"], 40), FailureDetection::default());
}

fn behavior(value: Value) -> ApplicationFailoverBehavior {
    wire::decode(&value).unwrap()
}

#[test]
fn application_eviction_follows_the_policy() {
    fn check(policy: Value, gates: &str, want: Result<Value, &str>) {
        let status = items(json!([
            {"clusterName": "m1", "status": {"job": {"id": "j1"}}}, {"clusterName": "m2"},
        ]));
        let gates = FeatureGates::parse(gates).unwrap();
        let got = application_eviction_options(
            &behavior(policy.clone()),
            &status,
            "m1",
            "me",
            &["m0".into()],
            gates,
        );
        let got = got.map_err(|error| error.to_string()).map(|options| {
            assert_eq!(
                (options.producer.as_str(), options.reason.as_str()),
                ("me", "ApplicationFailure")
            );
            json!({
                "mode": options.purge_mode.map(|mode| mode.to_string()),
                "grace": options.grace_period_seconds,
                "suppress": options.suppress_deletion,
                "state": options.preserved_label_state,
                "before": options.clusters_before_failover,
            })
        });
        assert_eq!(got, want.map_err(str::to_owned), "{policy}");
    }
    let want = |mode: Value, grace: Value, suppress: Value| {
        Ok(json!({"mode": mode, "grace": grace, "suppress": suppress, "state": {}, "before": []}))
    };
    let null = Value::Null;
    check(json!({}), "", want(null.clone(), null.clone(), null.clone()));
    check(
        json!({"purgeMode": "Gracefully", "gracePeriodSeconds": 9}),
        "",
        want(json!("Gracefully"), json!(9), null.clone()),
    );
    check(
        json!({"purgeMode": "Gracefully"}),
        "GracefulEviction=false",
        Err("purge mode Gracefully needs feature gate GracefulEviction"),
    );
    check(
        json!({"purgeMode": "Directly", "gracePeriodSeconds": 9}),
        "GracefulEviction=false",
        want(json!("Directly"), null.clone(), null.clone()),
    );
    check(
        json!({"purgeMode": "Never"}),
        "",
        want(json!("Never"), null.clone(), json!(true)),
    );
    check(
        json!({"purgeMode": "Soon"}),
        "",
        want(json!("Soon"), null.clone(), null.clone()),
    );

    let preserving = |path: &str| json!({"purgeMode": "Directly", "statePreservation": {"rules": [{"aliasLabelName": "id", "jsonPath": path}]}});
    check(
        preserving("{.job.id}"),
        "",
        want(json!("Directly"), null.clone(), null.clone()),
    );
    check(
        preserving("{.job.id}"),
        "StatefulFailoverInjection=true",
        Ok(
            json!({"mode": "Directly", "grace": null, "suppress": null, "state": {"id": "j1"}, "before": ["m0"]}),
        ),
    );
    check(
        preserving("{.job.no}"),
        "StatefulFailoverInjection=true",
        Err(r#"state for label "id""#),
    );
    check(
        json!({"statePreservation": {"rules": []}}),
        "StatefulFailoverInjection=true",
        want(null.clone(), null.clone(), null),
    );
}

#[test]
fn cluster_eviction_follows_policy_or_flag() {
    fn check(failover: Value, flag: &str, want: &str) {
        let read: Option<FailoverBehavior> = wire::decode(&failover).unwrap();
        let flag = PurgeMode::from(flag);
        assert_eq!(
            cluster_purge_mode(read.as_ref(), &flag).as_str(),
            want,
            "{failover} {flag}"
        );
    }
    check(json!(null), "Gracefully", "Gracefully");
    check(json!(null), "Directly", "Directly");
    check(json!(null), "Never", "Gracefully");
    check(json!({"application": {}}), "Directly", "Directly");
    check(json!({"cluster": {}}), "Directly", "Gracefully");
    check(
        json!({"cluster": {"purgeMode": "Directly"}}),
        "Gracefully",
        "Directly",
    );
}

#[test]
fn cluster_eviction_preserves_state_with_the_gate() {
    let failover: FailoverBehavior = wire::decode(&json!({"cluster": {"purgeMode": "Directly",
        "statePreservation": {"rules": [{"aliasLabelName": "id", "jsonPath": "{.id}"}]}}}))
    .unwrap();
    let status = items(json!([{"clusterName": "m1", "status": {"id": "j1"}}, {"clusterName": "m2"}]));
    let options = |cluster: &str, gates: &str| {
        let gates = FeatureGates::parse(gates).unwrap();
        cluster_eviction_options(Some(&failover), &PurgeMode::Gracefully, &status, cluster, gates)
    };
    let want = EvictionOptions {
        purge_mode: Some(PurgeMode::Directly),
        producer: "TaintManager".into(),
        reason: "TaintUntolerated".into(),
        ..EvictionOptions::default()
    };
    assert_eq!(options("m1", ""), Ok(want.clone()));
    let state = BTreeMap::from([("id".to_owned(), "j1".to_owned())]);
    assert_eq!(
        options("m1", "StatefulFailoverInjection=true"),
        Ok(EvictionOptions {
            preserved_label_state: state,
            ..want
        })
    );
    for cluster in ["m2", "m3"] {
        let error = options(cluster, "StatefulFailoverInjection=true").unwrap_err();
        assert_eq!(
            error,
            FailoverError::NoStatus {
                cluster: cluster.into()
            }
        );
    }
}

#[test]
fn reads_state_from_text() {
    fn check(rules: &[(&str, &str)], status: &str, want: Result<&[(&str, &str)], &str>) {
        let rules = rules
            .iter()
            .map(|(label, path)| StatePreservationRule {
                alias_label_name: (*label).into(),
                json_path: (*path).into(),
            })
            .collect();
        let got = preserved_label_state(&StatePreservation { rules }, status);
        match (got, want) {
            (Ok(got), Ok(want)) => {
                let want = want
                    .iter()
                    .map(|(label, value)| ((*label).to_owned(), (*value).to_owned()))
                    .collect();
                assert_eq!(got, want, "{status}");
            }
            (Err(got), Err(want)) => assert!(got.to_string().contains(want), "{got}"),
            (got, want) => panic!("{status}: {got:?}, expected {want:?}"),
        }
    }
    check(
        &[("a", "{.n}"), ("b", "x"), ("a", "{.s}")],
        r#"{"n": 20000000, "s": "y"}"#,
        Ok(&[("a", "y"), ("b", "x")]),
    );
    check(&[("a", "{.n}")], r#"{"n": 20000000}"#, Ok(&[("a", "2e+07")]));
    check(&[("a", "{.n}")], "{", Err("the status is no JSON"));
    check(&[("a", "{.n}")], "{}", Err(r#"state for label "a""#));
    check(&[], "{", Ok(&[]));
}

#[test]
fn injects_state_into_the_replacement_only() {
    fn check(targets: &[&str], task: Value, want: bool) {
        let targets: Vec<TargetCluster> = targets.iter().map(|name| TargetCluster::new(*name, 1)).collect();
        let mut last: GracefulEvictionTask = wire::decode(&task).unwrap();
        last.preserved_label_state = BTreeMap::from([("a".into(), "b".into())]);
        let tasks = [GracefulEvictionTask::default(), last.clone()];
        let want = want.then_some(&last.preserved_label_state);
        assert_eq!(
            injected_labels("m2", &targets, &tasks),
            want,
            "{targets:?} {task}"
        );
    }
    let directly = json!({"purgeMode": "Directly", "clustersBeforeFailover": ["m1"]});
    check(&["m2"], directly.clone(), true);
    check(&["m2", "m3"], directly.clone(), false);
    check(&[], directly, false);
    check(&["m2"], json!({"purgeMode": "Gracefully"}), false);
    check(
        &["m2"],
        json!({"purgeMode": "Directly", "clustersBeforeFailover": ["m1", "m2"]}),
        false,
    );
    assert_eq!(injected_labels("m2", &[TargetCluster::new("m2", 1)], &[]), None);
}

#[test]
fn watches_workloads_whose_policy_says_so() {
    fn check(failover: Value, propagate_deps: bool, reports: usize, interprets_health: bool, want: bool) {
        let spec: ResourceBindingSpec =
            wire::decode(&json!({"failover": failover, "propagateDeps": propagate_deps})).unwrap();
        let aggregated_status = vec![AggregatedStatusItem::default(); reports];
        let got = watches_application(&spec, &aggregated_status, interprets_health);
        assert_eq!(
            got, want,
            "{failover} {propagate_deps} {reports} {interprets_health}"
        );
    }
    let application = || json!({"application": {}});
    check(application(), true, 1, true, true);
    check(application(), false, 1, true, false);
    check(application(), true, 0, true, false);
    check(application(), true, 1, false, false);
    check(json!({"cluster": {}}), true, 1, true, false);
    check(Value::Null, true, 1, true, false);
}
