use proptest::prelude::*;
use serde_json::json;

use super::*;

fn spec(value: Value) -> ResourceBindingSpec {
    wire::decode(&value).unwrap()
}

fn targets_of(pairs: &[(&str, i32)]) -> Vec<TargetCluster> {
    pairs
        .iter()
        .map(|(name, replicas)| TargetCluster::new(*name, *replicas))
        .collect()
}

#[test]
fn answers_about_clusters() {
    let spec = spec(json!({
        "clusters": [{"name": "m2", "replicas": 5}, {"name": "m1"}],
        "requiredBy": [{"namespace": "d", "name": "x", "clusters": [{"name": "m3", "replicas": 1}, {"name": "m1"}]}],
        "gracefulEvictionTasks": [
            {"fromCluster": "m4", "purgeMode": "Directly"}, {"fromCluster": "m5", "purgeMode": "Never"},
            {"fromCluster": "m6"}, {"fromCluster": "m7", "purgeMode": "Sometimes"},
        ],
    }));
    assert!(spec.target_contains("m1") && !spec.target_contains("m3") && !spec.target_contains("m4"));
    assert!(spec.cluster_in_graceful_eviction_tasks("m4") && !spec.cluster_in_graceful_eviction_tasks("m1"));
    assert_eq!(
        ["m1", "m2", "m3"].map(|name| spec.assigned_replicas_for_cluster(name)),
        [0, 5, 0]
    );
    assert_eq!(spec.sum_of_replicas(), 5);
    assert_eq!(
        Vec::from_iter(spec.existing_clusters()),
        ["m1", "m2", "m3", "m5", "m6", "m7"]
    );
    assert_eq!(Vec::from_iter(spec.purge_directly_clusters()), ["m4"]);
}

#[test]
fn knows_workloads() {
    fn check(value: Value, want: bool) {
        assert_eq!(spec(value.clone()).is_workload(), want, "{value}");
    }
    check(json!({}), false);
    check(json!({"replicas": 1}), true);
    check(json!({"replicas": -1}), false);
    check(json!({"replicaRequirements": {}}), true);
    check(json!({"components": [{"name": "a", "replicas": 0}]}), true);
}

#[test]
fn reads_suspension_and_priority() {
    fn check(value: Value, suspended: bool, priority: i32) {
        let spec = spec(value.clone());
        assert_eq!(
            (spec.scheduling_suspended(), spec.schedule_priority_value()),
            (suspended, priority),
            "{value}"
        );
    }
    check(json!({}), false, 0);
    check(
        json!({"suspension": {"dispatching": true}, "schedulePriority": {}}),
        false,
        0,
    );
    check(
        json!({"suspension": {"scheduling": false}, "schedulePriority": {"priority": -3}}),
        false,
        -3,
    );
    check(json!({"suspension": {"scheduling": true}}), true, 0);
}

#[test]
fn notices_changed_replicas() {
    fn check(strategy: Value, value: Value, want: bool) {
        let strategy: Option<ReplicaSchedulingStrategy> = wire::decode(&strategy).unwrap();
        let gates = FeatureGates::default().with(Feature::MultiplePodTemplatesScheduling, true);
        let got = spec(value.clone()).is_replicas_changed(strategy.as_ref(), gates);
        assert_eq!(got, want, "{strategy:?} {value}");
    }
    let divided = json!({"replicaSchedulingType": "Divided"});
    let duplicated = json!({"replicaSchedulingType": "Duplicated"});
    let clusters = |m1: i32, m2: i32| json!([{"name": "m1", "replicas": m1}, {"name": "m2", "replicas": m2}]);
    check(json!(null), json!({"replicas": 3}), false);
    check(json!({}), json!({"replicas": 3}), false);
    check(
        divided.clone(),
        json!({"replicas": 3, "clusters": clusters(1, 2)}),
        false,
    );
    check(
        divided.clone(),
        json!({"replicas": 4, "clusters": clusters(1, 2)}),
        true,
    );
    check(divided.clone(), json!({"replicas": 4}), true);
    check(
        duplicated.clone(),
        json!({"replicas": 4, "clusters": clusters(4, 4)}),
        false,
    );
    check(
        duplicated.clone(),
        json!({"replicas": 4, "clusters": clusters(4, 3)}),
        true,
    );
    check(duplicated.clone(), json!({"replicas": 4}), false);
    let components = json!([{"name": "a", "replicas": 1}]);
    check(duplicated.clone(), json!({"components": components}), true);
    check(
        duplicated,
        json!({"components": components, "clusters": clusters(0, 0)}),
        false,
    );
    check(
        divided,
        json!({"components": components, "clusters": clusters(0, 1)}),
        true,
    );

    let off = FeatureGates::default();
    let strategy = ReplicaSchedulingStrategy::duplicated();
    assert!(!spec(json!({"components": components})).is_replicas_changed(Some(&strategy), off));
}

#[test]
fn classifies_placements() {
    fn check(placement: Value, kind: &str, dynamic: bool, completions: bool) {
        let read: Placement = wire::decode(&placement).unwrap();
        assert_eq!(read.replica_scheduling_type().as_str(), kind, "{placement}");
        assert_eq!(
            (read.is_dynamically_divided(), read.allows_overflow()),
            (dynamic, dynamic),
            "{placement}"
        );
        let divides = spec(json!({"replicas": 1, "placement": placement})).divides_job_completions();
        assert_eq!(divides, completions, "{placement}");
    }
    let strategy = |value: Value| json!({"replicaScheduling": value});
    let weighted = |weights: Value| {
        strategy(
            json!({"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted",
            "weightPreference": weights}),
        )
    };
    check(json!({}), "Duplicated", false, false);
    check(strategy(json!({})), "", false, false);
    check(
        strategy(json!({"replicaSchedulingType": "Duplicated"})),
        "Duplicated",
        false,
        false,
    );
    check(
        strategy(json!({"replicaSchedulingType": "Divided"})),
        "Divided",
        false,
        true,
    );
    check(weighted(json!(null)), "Divided", false, true);
    check(weighted(json!({"staticWeightList": []})), "Divided", false, true);
    check(
        weighted(json!({"dynamicWeight": "AvailableReplicas"})),
        "Divided",
        true,
        true,
    );
    check(weighted(json!({"dynamicWeight": ""})), "Divided", false, true);
    let aggregated = |kind: &str| {
        strategy(json!({"replicaSchedulingType": kind, "replicaDivisionPreference": "Aggregated"}))
    };
    check(aggregated("Divided"), "Divided", true, true);
    check(aggregated("Duplicated"), "Duplicated", false, false);

    assert!(!spec(json!({"replicas": 1})).divides_job_completions());
    assert!(
        !spec(json!({"placement": {"replicaScheduling": {"replicaSchedulingType": "Divided"}}}))
            .divides_job_completions()
    );
}

#[test]
fn reschedules_on_request() {
    fn check(triggered: Option<i64>, scheduled: Option<i64>, want: bool) {
        let at = |seconds: Option<i64>| seconds.map(|seconds| Timestamp::from_second(seconds).unwrap());
        assert_eq!(
            reschedule_required(at(triggered), at(scheduled)),
            want,
            "{triggered:?} {scheduled:?}"
        );
    }
    check(None, None, false);
    check(Some(2), None, false);
    check(None, Some(1), false);
    check(Some(2), Some(1), true);
    check(Some(1), Some(1), false);
    check(Some(1), Some(2), false);
}

#[test]
fn merges_suspensions() {
    fn check(binding: Value, policy: Value, want: Value) {
        let read: Option<BindingSuspension> = wire::decode(&binding).unwrap();
        let of_policy: Option<PolicySuspension> = wire::decode(&policy).unwrap();
        let merged = merge_suspension(read.as_ref(), of_policy.as_ref());
        assert_eq!(wire::encode(&merged).unwrap(), want, "{binding} {policy}");
    }
    check(json!(null), json!(null), json!(null));
    check(json!({"dispatching": true}), json!(null), json!(null));
    check(
        json!({"dispatching": true, "scheduling": false}),
        json!(null),
        json!({"scheduling": false}),
    );
    check(json!(null), json!({}), json!({}));
    check(
        json!({"dispatching": true, "scheduling": true}),
        json!({"dispatchingOnClusters": {"clusterNames": ["m1"]}}),
        json!({"dispatchingOnClusters": {"clusterNames": ["m1"]}, "scheduling": true}),
    );
}

#[test]
fn merges_and_sums_targets() {
    let required = |clusters: &[(&str, i32)]| BindingSnapshot {
        clusters: targets_of(clusters),
        ..BindingSnapshot::default()
    };
    assert_eq!(
        merge_target_clusters(
            &targets_of(&[("m2", 1), ("m1", 0)]),
            &[
                required(&[("m1", 5), ("m3", 2)]),
                required(&[("m3", 9), ("m0", 1)])
            ],
        ),
        targets_of(&[("m2", 1), ("m1", 0), ("m3", 2), ("m0", 1)])
    );
    assert_eq!(
        sum_target_clusters(
            &targets_of(&[("b", 1), ("a", 2)]),
            &targets_of(&[("c", 3), ("b", i32::MAX)])
        ),
        targets_of(&[("a", 2), ("b", i32::MAX), ("c", 3)])
    );
}

#[test]
fn spreads() {
    fn check(
        replicas: i64,
        weights: &[(&str, i32)],
        initial: &[(&str, i32)],
        uid: &str,
        want: &[(&str, i32)],
    ) {
        let got = spread_replicas(replicas, &targets_of(weights), &targets_of(initial), uid);
        assert_eq!(got, targets_of(want), "{replicas} {weights:?} {initial:?}");
    }
    check(12, &[("b", 1), ("a", 3)], &[], "", &[("a", 9), ("b", 3)]);
    check(1, &[("b", 1), ("a", 1)], &[], "", &[("a", 1), ("b", 0)]);
    check(1, &[("b", 1), ("a", 1)], &[], "b", &[("a", 0), ("b", 1)]);
    check(
        3,
        &[("a", 1), ("b", 1)],
        &[("a", 5), ("c", 1)],
        "",
        &[("a", 5), ("b", 3), ("c", 1)],
    );
    check(3, &[("a", 0)], &[("c", 1)], "", &[("c", 1)]);
    check(3, &[], &[], "", &[]);
    check(0, &[("a", 1)], &[], "", &[("a", 0)]);
    check(0, &[("a", 1)], &[("c", 1)], "", &[("c", 1)]);
    check(-3, &[("a", 1), ("b", -1)], &[], "", &[("a", 0), ("b", 0)]);
    check(i64::MAX, &[("a", 1)], &[], "", &[("a", i32::MAX)]);
}

#[test]
fn components_that_changed() {
    fn check(components: &[(&str, i32)], targets: &[&[(&str, i32)]], want: bool) {
        let list = |components: &[(&str, i32)]| -> Vec<Value> {
            let components = components.iter();
            components
                .map(|(name, replicas)| json!({"name": name, "replicas": replicas}))
                .collect()
        };
        let clusters: Vec<Value> = targets
            .iter()
            .map(|got| json!({"name": "m", "components": list(got)}))
            .collect();
        let spec = spec(json!({"components": list(components), "clusters": clusters}));
        assert_eq!(spec.is_components_changed(), want, "{components:?} {targets:?}");
    }
    let both = &[("jm", 1), ("tm", 3)];
    check(both, &[], false);
    check(both, &[both, both], false);
    check(both, &[both, &[("jm", 1), ("tm", 2)]], true);
    check(both, &[&[("jm", 1)]], true);
    check(&both[..1], &[both], true);
    // Where components are not placed as a set nothing is recorded.
    check(both, &[&[]], false);
}

#[test]
fn reads_the_applied_placement() {
    fn check(text: Option<&str>, want: Result<Option<Placement>, &str>) {
        let annotations = text
            .map(|text| (annotations::POLICY_PLACEMENT.to_owned(), text.to_owned()))
            .into_iter()
            .collect();
        match (applied_placement(&annotations), want) {
            (Ok(got), Ok(want)) => assert_eq!(got, want, "{text:?}"),
            (Err(got), Err(want)) => assert!(got.to_string().contains(want), "{got}"),
            (got, want) => panic!("{text:?}: {got:?}, expected {want:?}"),
        }
    }
    check(None, Ok(None));
    check(Some(""), Ok(None));
    check(Some("null"), Ok(Some(Placement::default())));
    check(
        Some(r#"{"replicaScheduling":{"replicaSchedulingType":"Duplicated"},"new":1}"#),
        Ok(Some(
            Placement::default().replicas(ReplicaSchedulingStrategy::duplicated()),
        )),
    );
    check(Some("{"), Err("holds no placement"));
    check(Some("[]"), Err("it is no object"));
    check(Some(r#"{"clusterTolerations": 5}"#), Err("clusterTolerations"));
}

proptest! {
    #[test]
    fn spreading_keeps_the_sum(
        replicas in 0i64..10_000,
        weights in prop::collection::btree_map("m[0-9]", 0i32..1000, 1..8),
        initial in prop::collection::btree_map("m[0-9]", 0i32..100, 0..8),
    ) {
        let list = |map: &BTreeMap<String, i32>| {
            map.iter().map(|(name, replicas)| TargetCluster::new(name, *replicas)).collect::<Vec<_>>()
        };
        let sum = |list: &[TargetCluster]| list.iter().map(|target| i64::from(target.replicas)).sum::<i64>();
        let (weights, initial) = (list(&weights), list(&initial));
        let spread = spread_replicas(replicas, &weights, &initial, "a");
        let given = if sum(&weights) == 0 { 0 } else { replicas };
        prop_assert_eq!(sum(&spread), sum(&initial) + given);
        let reversed: Vec<_> = weights.iter().rev().cloned().collect();
        prop_assert_eq!(spread_replicas(replicas, &reversed, &initial, "a"), spread);
    }
}

#[test]
fn writes_the_applied_placement_as_upstream_does() {
    let selector = r#""labelSelector":{"matchLabels":{"a":"<b>","c":"d"},"matchExpressions":[{"key":"e","operator":"In","values":["f"]}]}"#;
    let affinity = format!(
        r#"{selector},"fieldSelector":{{"matchExpressions":[{{"key":"zone","operator":"NotIn","values":["z"]}}]}},"clusterNames":["m1","m2"],"exclude":["m3"]"#
    );
    let affinities = format!(
        r#"[{{"affinityName":"g1",{affinity},"overflowAffinities":[{{"affinityName":"o1","clusterNames":["m4"]}}]}},{{"affinityName":"g2"}}]"#
    );
    let text = [
        format!(r#"{{"clusterAffinity":{{{affinity}}},"clusterAffinities":{affinities},"#),
        r#""clusterTolerations":[{"key":"k","operator":"Equal","value":"v","effect":"NoExecute","tolerationSeconds":30}],"#.to_owned(),
        r#""spreadConstraints":[{"spreadByField":"region","maxGroups":3,"minGroups":2},{"spreadByLabel":"l","minGroups":1}],"#.to_owned(),
        r#""replicaScheduling":{"replicaSchedulingType":"Divided","replicaDivisionPreference":"Weighted","weightPreference":"#.to_owned(),
        r#"{"staticWeightList":[{"targetCluster":{"clusterNames":["m1"]},"weight":2}],"dynamicWeight":"AvailableReplicas"}},"#.to_owned(),
        r#""workloadAffinity":{"affinity":{"groupByLabelKey":"x"},"antiAffinity":{"groupByLabelKey":"y"}}}"#.to_owned(),
    ]
    .concat()
    .replace("<b>", "\\u003cb\\u003e");
    let annotations = [(annotations::POLICY_PLACEMENT.to_owned(), text.clone())].into();
    let placement = applied_placement(&annotations).unwrap().unwrap();
    assert_eq!(encode_applied_placement(&placement).unwrap(), text);
    assert_eq!(encode_applied_placement(&Placement::default()).unwrap(), "{}");
}
