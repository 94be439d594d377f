use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::api::wire;

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn spec(value: Value) -> ResourceBindingSpec {
    wire::decode(&value).unwrap()
}

#[test]
fn evicts_gracefully() {
    fn check(before: Value, cluster: &str, want: Value) {
        let mut spec = spec(before.clone());
        let options = EvictionOptions {
            purge_mode: Some(PurgeMode::Gracefully),
            producer: "p".into(),
            reason: "R".into(),
            message: "m".into(),
            grace_period_seconds: Some(5),
            suppress_deletion: None,
            preserved_label_state: BTreeMap::from([("a".into(), "b".into())]),
            clusters_before_failover: vec!["m9".into()],
        };
        spec.graceful_evict_cluster(cluster, options);
        let got = json!([
            wire::encode(&spec.clusters).unwrap(),
            wire::encode(&spec.graceful_eviction_tasks).unwrap()
        ]);
        assert_eq!(got, want, "{before} {cluster}");
    }
    let task = |replicas: Value| {
        let mut task = json!({"fromCluster": "m1", "purgeMode": "Gracefully", "producer": "p", "reason": "R",
            "message": "m", "gracePeriodSeconds": 5, "preservedLabelState": {"a": "b"},
            "clustersBeforeFailover": ["m9"]});
        if !replicas.is_null() {
            task["replicas"] = replicas;
        }
        task
    };
    let clusters = json!([{"name": "m1", "replicas": 3}, {"name": "m2"}]);
    check(
        json!({"clusters": clusters}),
        "m1",
        json!([[{"name": "m2"}], [task(json!(3))]]),
    );
    check(
        json!({"clusters": [{"name": "m1"}]}),
        "m1",
        json!([[], [task(Value::Null)]]),
    );
    check(json!({"clusters": clusters}), "m3", json!([clusters, []]));
    let earlier = json!({"fromCluster": "m1", "producer": "x", "reason": "X"});
    check(
        json!({"clusters": clusters, "gracefulEvictionTasks": [earlier]}),
        "m1",
        json!([[{"name": "m2"}], [earlier]]),
    );
}

#[test]
fn removes_the_first_entry() {
    let mut spec = spec(json!({"clusters": [{"name": "m1", "replicas": 1}, {"name": "m2"}, {"name": "m1"}]}));
    spec.remove_cluster("m1");
    assert_eq!(
        spec.clusters,
        [TargetCluster::new("m2", 0), TargetCluster::new("m1", 0)]
    );
    spec.remove_cluster("m3");
    assert_eq!(spec.clusters.len(), 2);
}

/// A task from m1, made so many seconds before now.
fn task(age: i64, extra: Value) -> GracefulEvictionTask {
    let mut task: GracefulEvictionTask = wire::decode(&extra).unwrap();
    task.from_cluster = "m1".into();
    task.creation_timestamp = Some(Time(now() - SignedDuration::from_secs(age)));
    task
}

fn status(items: &[(&str, &str)]) -> Vec<AggregatedStatusItem> {
    let item = |(cluster, health): &(&str, &str)| json!({"clusterName": cluster, "health": health});
    wire::decode(&items.iter().map(item).collect()).unwrap()
}

#[test]
fn assesses() {
    fn check(
        task: &GracefulEvictionTask,
        scheduled: bool,
        clusters: &[&str],
        items: &[(&str, &str)],
        done: bool,
    ) {
        let clusters: Vec<TargetCluster> = clusters.iter().map(|name| TargetCluster::new(*name, 1)).collect();
        let aggregated_status = status(items);
        let options = AssessOptions {
            now: now(),
            timeout: DEFAULT_TIMEOUT,
            clusters: &clusters,
            aggregated_status: &aggregated_status,
            scheduled,
            needs_targets: false,
        };
        let tasks = std::slice::from_ref(task);
        let want = if done {
            (vec![], tasks.to_vec())
        } else {
            (tasks.to_vec(), vec![])
        };
        let got = assess(tasks, &options);
        assert_eq!((got.kept, got.evicted), want, "{task:?} {scheduled} {items:?}");
    }
    let healthy = [("m2", "Healthy")];
    let plain = task(10, json!({}));
    check(&plain, true, &["m2"], &healthy, true);
    check(&plain, false, &["m2"], &healthy, false);
    check(&plain, true, &["m2"], &[("m2", "Unknown")], false);
    check(&plain, true, &["m2"], &[("m2", "")], false);
    check(&plain, true, &["m2"], &[], false);
    check(&plain, true, &["m2", "m3"], &healthy, false);
    check(
        &plain,
        true,
        &["m2"],
        &[("m2", "Unhealthy"), ("m2", "Healthy")],
        false,
    );
    check(&plain, true, &[], &[], true);
    check(&plain, false, &[], &[], false);
    // The grace period.
    check(&task(600, json!({})), false, &["m2"], &[], false);
    check(&task(601, json!({})), false, &["m2"], &[], true);
    check(
        &task(601, json!({"gracePeriodSeconds": 700})),
        false,
        &["m2"],
        &[],
        false,
    );
    check(
        &task(6, json!({"gracePeriodSeconds": 5})),
        false,
        &["m2"],
        &[],
        true,
    );
    check(
        &task(1, json!({"gracePeriodSeconds": -5})),
        false,
        &["m2"],
        &[],
        true,
    );
    // Somebody's word.
    check(
        &task(9999, json!({"suppressDeletion": true})),
        true,
        &["m2"],
        &healthy,
        false,
    );
    check(
        &task(1, json!({"suppressDeletion": false})),
        false,
        &["m2"],
        &[],
        true,
    );
}

#[test]
fn no_target_is_no_replacement_where_one_is_needed() {
    fn check(needs_targets: bool, clusters: &[TargetCluster], age: i64, done: bool) {
        let aggregated_status = status(&[("m2", "Healthy")]);
        let options = AssessOptions {
            now: now(),
            timeout: DEFAULT_TIMEOUT,
            clusters,
            aggregated_status: &aggregated_status,
            scheduled: true,
            needs_targets,
        };
        let assessment = assess(&[task(age, json!({}))], &options);
        assert_eq!(
            assessment.evicted.len() == 1,
            done,
            "{needs_targets} {clusters:?} {age}"
        );
    }
    let target = [TargetCluster::new("m2", 1)];
    check(false, &[], 10, true);
    check(true, &[], 10, false);
    check(true, &target, 10, true);
    // The grace period ends it all the same.
    check(true, &[], 601, true);
}

#[test]
fn delays_evictions() {
    fn check(rate: f32, back_off: u64, want: u64) {
        let got = eviction_delay(rate, Duration::from_secs(back_off));
        assert_eq!(got, Duration::from_secs(want), "{rate} {back_off}");
    }
    check(DEFAULT_EVICTION_RATE, 0, 2);
    check(DEFAULT_EVICTION_RATE, 5, 5);
    check(0.1, 5, 10);
    // Slow is not halted: such a rate waits longer than that.
    check(1.0 / 4096.0, 5, 4096);
    check(0.0, 3600, 3600);
    check(0.0, 5, 1800);
    check(-1.0, 5, 1800);
    check(f32::NAN, 5, 1800);
    check(f32::MIN_POSITIVE, 5, 1800);
}

#[test]
fn tells_of_evictions() {
    let event = eviction_event::<()>("m1", &Ok(()));
    assert_eq!(
        (event.reason, event.message.as_str()),
        (
            "EvictWorkloadFromClusterSucceed",
            "Evict from cluster m1 succeed."
        )
    );
    let event = eviction_event("m1", &Err(()));
    assert_eq!(
        (event.reason, event.message.as_str()),
        ("EvictWorkloadFromClusterFailed", "Evict from cluster m1 failed.")
    );
}

#[test]
fn stamps_new_tasks() {
    let new = GracefulEvictionTask {
        from_cluster: "m1".into(),
        suppress_deletion: Some(false),
        ..Default::default()
    };
    let options = AssessOptions {
        now: now(),
        timeout: DEFAULT_TIMEOUT,
        clusters: &[],
        aggregated_status: &[],
        scheduled: true,
        needs_targets: false,
    };
    let assessment = assess(std::slice::from_ref(&new), &options);
    assert_eq!(assessment.evicted, []);
    assert_eq!(
        assessment.kept,
        [GracefulEvictionTask {
            creation_timestamp: Some(Time(now())),
            ..new
        }]
    );
}

#[test]
fn looks_again_at_the_first_end() {
    fn check(tasks: &[GracefulEvictionTask], want: Option<u64>) {
        assert_eq!(
            next_retry(tasks, DEFAULT_TIMEOUT, now()),
            want.map(Duration::from_secs),
            "{tasks:?}"
        );
    }
    check(&[], None);
    check(&[task(100, json!({}))], Some(500));
    check(&[task(600, json!({}))], Some(0));
    check(&[task(700, json!({}))], None);
    check(
        &[
            task(100, json!({})),
            task(100, json!({"gracePeriodSeconds": 130})),
        ],
        Some(30),
    );
    check(
        &[
            task(100, json!({"gracePeriodSeconds": 130})),
            task(100, json!({})),
        ],
        Some(30),
    );
    check(&[task(100, json!({"suppressDeletion": true}))], None);
}

#[test]
fn guards_the_last_copy() {
    fn check(leaving: &[&str], staying: &[&str], items: &[(&str, &str)], want: &[&str]) {
        let held = last_copies(leaving.iter().copied(), staying.iter().copied(), &status(items));
        assert_eq!(Vec::from_iter(held), want, "{leaving:?} {staying:?} {items:?}");
    }
    check(&["m1"], &[], &[("m1", "Healthy")], &["m1"]);
    check(&["m1"], &["m2"], &[("m1", "Healthy"), ("m2", "Unknown")], &["m1"]);
    check(&["m1"], &["m2"], &[("m1", "Healthy"), ("m2", "Healthy")], &[]);
    check(&["m1"], &["m2"], &[("m1", "Unhealthy")], &[]);
    check(
        &["m3", "m1"],
        &["m2"],
        &[("m1", "Healthy"), ("m3", "Healthy")],
        &["m1", "m3"],
    );
    check(&[], &["m2"], &[], &[]);
}

#[test]
fn keeps_tasks_with_the_last_copy() {
    fn check(clusters: &[&str], kept: &[&str], items: &[(&str, &str)], held: bool) {
        let clusters: Vec<TargetCluster> = clusters.iter().map(|name| TargetCluster::new(*name, 1)).collect();
        let of = |names: &[&str]| -> Vec<GracefulEvictionTask> {
            names
                .iter()
                .map(|name| {
                    let (name, directly) = name.strip_suffix('!').map_or((*name, false), |name| (name, true));
                    GracefulEvictionTask {
                        from_cluster: name.into(),
                        purge_mode: directly.then_some(PurgeMode::Directly),
                        ..Default::default()
                    }
                })
                .collect()
        };
        let assessment = Assessment {
            kept: of(kept),
            evicted: of(&["m1"]),
        };
        let want = if held {
            Assessment {
                kept: [of(kept), of(&["m1"])].concat(),
                evicted: vec![],
            }
        } else {
            assessment.clone()
        };
        assert_eq!(
            keep_last_copy(assessment, &clusters, &status(items)),
            want,
            "{clusters:?} {kept:?} {items:?}"
        );
    }
    check(&["m2"], &[], &[("m1", "Healthy")], true);
    check(&["m2"], &[], &[("m1", "Healthy"), ("m2", "Healthy")], false);
    check(&["m2"], &[], &[("m1", "Unhealthy")], false);
    check(&["m2"], &["m3"], &[("m1", "Healthy"), ("m3", "Healthy")], false);
    check(&["m2"], &["m3!"], &[("m1", "Healthy"), ("m3", "Healthy")], true);
}

proptest! {
    /// However tasks end, a copy that runs is left as long as one runs at all.
    #[test]
    fn never_reaches_zero_running_copies(
        clusters in prop::collection::btree_set("m[0-5]", 0..3),
        tasks in prop::collection::btree_map("m[0-5]", (0i64..1000, prop::option::of(any::<bool>())), 0..5),
        healths in prop::collection::btree_map("m[0-5]", prop::sample::select(vec!["Healthy", "Unhealthy", "Unknown"]), 0..6),
        scheduled: bool,
    ) {
        let clusters: Vec<TargetCluster> = clusters.iter().map(|name| TargetCluster::new(name, 1)).collect();
        let aggregated_status: Vec<AggregatedStatusItem> =
            healths.iter().flat_map(|(name, health)| status(&[(name.as_str(), *health)])).collect();
        let tasks: Vec<GracefulEvictionTask> = tasks
            .iter()
            .map(|(name, (age, suppress))| GracefulEvictionTask {
                from_cluster: name.clone(),
                suppress_deletion: *suppress,
                ..task(*age, json!({}))
            })
            .collect();
        let options = AssessOptions {
            now: now(), timeout: DEFAULT_TIMEOUT, clusters: &clusters, aggregated_status: &aggregated_status, scheduled,
            needs_targets: false,
        };
        let assessment = keep_last_copy(assess(&tasks, &options), &clusters, &aggregated_status);
        prop_assert_eq!(assessment.kept.len() + assessment.evicted.len(), tasks.len());

        let running = |tasks: &[GracefulEvictionTask]| {
            let healthy = healthy_clusters(&aggregated_status);
            clusters.iter().any(|target| healthy.contains(target.name.as_str()))
                || tasks.iter().any(|task| healthy.contains(task.from_cluster.as_str()))
        };
        prop_assert_eq!(running(&assessment.kept), running(&tasks));
    }
}
