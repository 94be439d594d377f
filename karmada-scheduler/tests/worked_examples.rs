//! The worked examples and tables of upstream's behaviour, one named row each.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "rows of a table read better with values"
)]

use std::sync::{Arc, Mutex};

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{
    Component, ResourceBinding, ResourceBindingSpec, ResourceBindingStatus,
};
use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::{
    AssumedWorkload, ClusterId, Context, ErrorKind, Estimate, EstimateError, EstimateRequest, Fleet,
    GeneralEstimator, Options, Profile, Registry, ReplicaEstimator, ScheduleError, ScoreError, ScorePlugin,
    Snapshot, schedule,
};
use serde_json::{Value, json};

/// Room as the examples state it.
#[derive(Debug)]
struct Room(Vec<(&'static str, i32)>);

impl ReplicaEstimator for Room {
    fn name(&self) -> &str {
        "room"
    }
    fn estimate(&self, request: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
        let room = |name: &str| self.0.iter().find(|(cluster, _)| *cluster == name);
        let snapshot = request.context.snapshot();
        let estimates = request.clusters.iter().map(|id| match room(snapshot.name(*id)) {
            Some((_, room)) => Estimate::from_wire(*room),
            None => Estimate::Unknown,
        });
        Ok(estimates.collect())
    }
}

fn cluster(name: &str) -> Value {
    json!({
        "metadata": {"name": name},
        "status": {"apiEnablements": [
            {"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]},
        ]},
    })
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

fn deployment(replicas: i32, placement: Value) -> Value {
    json!({
        "resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "ns", "name": "web", "uid": "a"},
        "replicas": replicas,
        "placement": placement,
    })
}

fn divided(preference: &str) -> Value {
    json!({"replicaScheduling": {"replicaSchedulingType": "Divided", "replicaDivisionPreference": preference}})
}

fn dynamic() -> Value {
    let mut placement = divided("Weighted");
    placement["replicaScheduling"]["weightPreference"] = json!({"dynamicWeight": "AvailableReplicas"});
    placement
}

/// Names and replicas in the order of the decision, or the text.
type Outcome = Result<Vec<(String, i32)>, String>;

fn ok(targets: &[(&str, i32)]) -> Outcome {
    Ok(targets
        .iter()
        .map(|(name, replicas)| ((*name).to_owned(), *replicas))
        .collect())
}

fn decide(clusters: &[Value], spec: &Value, status: &Value, options: &Options) -> Outcome {
    let clusters: Vec<Cluster> = clusters
        .iter()
        .map(|cluster| wire::decode(cluster).unwrap())
        .collect();
    let spec: ResourceBindingSpec = wire::decode(spec).unwrap();
    let status: ResourceBindingStatus = wire::decode(status).unwrap();
    let snapshot = Snapshot::build(&clusters, []).unwrap();
    schedule(&snapshot, &spec, &status, options)
        .map(|decision| {
            decision
                .iter()
                .map(|(name, replicas)| (name.to_owned(), replicas))
                .collect()
        })
        .map_err(|error| error.to_string())
}

fn with_room(room: &[(&'static str, i32)]) -> Options {
    Options {
        profile: Profile::karmada()
            .with_only_estimators(vec![Arc::new(Room(room.to_vec()))])
            .into(),
        ..Options::default()
    }
}

/// Divides among clusters with stated room, given the targets so far.
fn check_dynamic(
    row: &str,
    placement: Value,
    replicas: i32,
    before: &[(&str, i32)],
    room: &[(&'static str, i32)],
    want: &Outcome,
) {
    let clusters: Vec<Value> = room.iter().map(|(name, _)| cluster(name)).collect();
    let mut spec = deployment(replicas, placement);
    let before: Vec<Value> = before
        .iter()
        .map(|(name, replicas)| json!({"name": name, "replicas": replicas}))
        .collect();
    spec["clusters"] = json!(before);
    let got = decide(&clusters, &spec, &json!({}), &with_room(room));
    assert_eq!(&got, want, "{row}");
}

/// A row: its name, the placement, replicas, the targets so far, the room of each cluster, and the outcome.
type Row<'a> = (
    &'a str,
    Value,
    i32,
    &'a [(&'a str, i32)],
    &'a [(&'static str, i32)],
    Outcome,
);

/// Section 4.6: scaling by room.
#[test]
fn dynamic_scaling() {
    let short = |text: &str| {
        Err(format!(
            "failed to assign replicas: {text} are not enough to schedule."
        ))
    };
    let rows: &[Row<'_>] = &[
        (
            "dynamic first",
            dynamic(),
            12,
            &[],
            &[("m1", 6), ("m2", 8), ("m3", 10)],
            ok(&[("m1", 3), ("m2", 4), ("m3", 5)]),
        ),
        (
            "dynamic up 12->24",
            dynamic(),
            24,
            &[("m1", 2), ("m2", 4), ("m3", 6)],
            &[("m1", 10), ("m2", 10), ("m3", 10)],
            ok(&[("m1", 6), ("m2", 8), ("m3", 10)]),
        ),
        (
            "dynamic down 12->6",
            dynamic(),
            6,
            &[("m1", 2), ("m2", 4), ("m3", 6)],
            &[("m1", 10), ("m2", 10), ("m3", 10)],
            ok(&[("m1", 1), ("m2", 2), ("m3", 3)]),
        ),
        (
            "dynamic up 12->24 without room",
            dynamic(),
            24,
            &[("m1", 2), ("m2", 4), ("m3", 6)],
            &[("m1", 1), ("m2", 1), ("m3", 1)],
            short("failed to scale up: Clusters available replicas 3"),
        ),
        (
            "aggregated down 12->6",
            divided("Aggregated"),
            6,
            &[("m1", 4), ("m2", 8)],
            &[("m1", 0), ("m2", 0)],
            ok(&[("m2", 6)]),
        ),
        (
            "aggregated down 12->8",
            divided("Aggregated"),
            8,
            &[("m1", 4), ("m2", 8)],
            &[("m1", 0), ("m2", 0)],
            ok(&[("m2", 8)]),
        ),
        (
            "aggregated up 12->24, spread",
            divided("Aggregated"),
            24,
            &[("m1", 4), ("m2", 8)],
            &[("m1", 4), ("m2", 6), ("m3", 8)],
            ok(&[("m1", 7), ("m2", 12), ("m3", 5)]),
        ),
        (
            "aggregated up 12->24, in place",
            divided("Aggregated"),
            24,
            &[("m1", 4), ("m2", 8)],
            &[("m1", 6), ("m2", 6), ("m3", 20)],
            ok(&[("m1", 10), ("m2", 14)]),
        ),
        (
            "aggregated, m2 gone, m4 new, 24",
            divided("Aggregated"),
            24,
            &[("m1", 4), ("m2", 8)],
            &[("m1", 4), ("m3", 8), ("m4", 12)],
            ok(&[("m1", 7), ("m3", 7), ("m4", 10)]),
        ),
        (
            "aggregated first",
            divided("Aggregated"),
            12,
            &[],
            &[("m1", 12), ("m2", 6), ("m3", 6)],
            ok(&[("m1", 12)]),
        ),
    ];
    for (row, placement, replicas, before, room, want) in rows {
        check_dynamic(row, placement.clone(), *replicas, before, room, want);
    }
}

/// Section 4.6: everything placed anew.
#[test]
fn fresh_scaling() {
    let mut spec = deployment(9, dynamic());
    spec["clusters"] = json!([{"name": "m1", "replicas": 4}]);
    spec["rescheduleTriggeredAt"] = json!("2026-01-02T00:00:00Z");
    let status = json!({"lastScheduledTime": "2026-01-01T00:00:00Z"});
    let clusters = [cluster("m1"), cluster("m2")];
    let got = decide(&clusters, &spec, &status, &with_room(&[("m1", 5), ("m2", 10)]));
    assert_eq!(got, ok(&[("m1", 4), ("m2", 5)]), "fresh 9");
    let got = decide(&clusters, &spec, &status, &with_room(&[("m1", 1), ("m2", 1)]));
    let text = "failed to assign replicas: failed to do fresh scale: \
                Clusters available replicas 6 are not enough to schedule.";
    assert_eq!(got, Err(text.to_owned()));
    // Section 8.4, 1: where upstream overflows, nothing wants room.
    spec["replicas"] = json!(0);
    spec["replicaRequirements"] = json!({});
    assert_eq!(decide(&clusters, &spec, &status, &Options::default()), ok(&[]));
}

/// Section 4.7: groups that help out.
#[test]
fn overflow_tiers() {
    let check = |replicas: i32, before: i32, room: &[(&'static str, i32)], want: Outcome| {
        let mut placement = divided("Aggregated");
        placement["clusterAffinities"] = json!([{
            "affinityName": "group", "clusterNames": ["m1"],
            "overflowAffinities": [{"affinityName": "more", "clusterNames": ["m2"]}],
        }]);
        let mut spec = deployment(replicas, placement);
        if before > 0 {
            spec["clusters"] = json!([{"name": "m1", "replicas": before}]);
        }
        let status = json!({"schedulerObservingAffinityName": "group"});
        let got = decide(&[cluster("m1"), cluster("m2")], &spec, &status, &with_room(room));
        assert_eq!(got, want);
    };
    check(5, 0, &[("m1", 2), ("m2", 10)], ok(&[("m1", 2), ("m2", 3)]));
    check(8, 3, &[("m1", 2), ("m2", 10)], ok(&[("m1", 5), ("m2", 3)]));
    let short = "failed to assign replicas: Clusters available replicas are not enough to schedule.";
    check(8, 0, &[("m1", 2), ("m2", 3)], Err(short.to_owned()));
}

/// Section 4.2: what the strategy is called.
#[test]
fn strategies() {
    let clusters = [cluster("m1"), cluster("m2")];
    let check = |row: &str, placement: Value, want: Outcome| {
        let got = decide(
            &clusters,
            &deployment(6, placement),
            &json!({}),
            &with_room(&[("m1", 2), ("m2", 4)]),
        );
        assert_eq!(got, want, "{row}");
    };
    let strategy = |strategy: Value| json!({"replicaScheduling": strategy});
    // All replicas in each, the cluster with more room first.
    let all = ok(&[("m2", 6), ("m1", 6)]);
    let equal = ok(&[("m1", 3), ("m2", 3)]);
    let by_room = ok(&[("m1", 2), ("m2", 4)]);
    check("nil", json!({}), all.clone());
    check(
        "Duplicated",
        strategy(json!({"replicaSchedulingType": "Duplicated"})),
        all,
    );
    check("Aggregated", divided("Aggregated"), by_room.clone());
    check("Weighted, dynamicWeight", dynamic(), by_room);
    check("Weighted, nil", divided("Weighted"), equal.clone());
    let mut empty = divided("Weighted");
    empty["replicaScheduling"]["weightPreference"] = json!({});
    check("Weighted, empty", empty, equal);
    let mut weights = divided("Weighted");
    weights["replicaScheduling"]["weightPreference"] = json!({"staticWeightList": [
        {"targetCluster": {"clusterNames": ["m1"]}, "weight": 1},
        {"targetCluster": {"clusterNames": ["m1"]}, "weight": 2},
        {"targetCluster": {"clusterNames": ["m2"]}, "weight": 1},
    ]});
    check(
        "Weighted, static: the largest weight counts",
        weights,
        ok(&[("m1", 4), ("m2", 2)]),
    );
    let only = |name: &str| {
        let mut only = divided("Weighted");
        only["replicaScheduling"]["weightPreference"] =
            json!({"staticWeightList": [{"targetCluster": {"clusterNames": [name]}, "weight": 1}]});
        only
    };
    check(
        "Weighted, static: no weight, no replicas",
        only("m2"),
        ok(&[("m2", 6)]),
    );
    check(
        "Weighted, static: no weights at all",
        only("m3"),
        ok(&[("m1", 3), ("m2", 3)]),
    );
    let unsupported = |kind: &str, preference: &str| {
        Err(format!(
            "failed to assign replicas: unsupported replica scheduling strategy, replicaSchedulingType: {kind}, \
             replicaDivisionPreference: {preference}, please try another scheduling strategy"
        ))
    };
    check(
        "Divided, empty",
        strategy(json!({"replicaSchedulingType": "Divided"})),
        unsupported("Divided", ""),
    );
    check(
        "Divided, unknown",
        divided("Somehow"),
        unsupported("Divided", "Somehow"),
    );
    check(
        "unknown",
        strategy(json!({"replicaSchedulingType": "Some"})),
        unsupported("Some", ""),
    );
}

/// Section 3.7: selection by the number of clusters.
#[test]
fn selection_by_cluster() {
    let room = [("member1", 40), ("member2", 30), ("member3", 60)];
    let check = |min: i64, max: i64, replicas: i32, duplicated: bool, want: Outcome| {
        let mut placement = if duplicated { json!({}) } else { dynamic() };
        placement["spreadConstraints"] =
            json!([{"spreadByField": "cluster", "minGroups": min, "maxGroups": max}]);
        let clusters = room.map(|(name, _)| cluster(name));
        let got = decide(
            &clusters,
            &deployment(replicas, placement),
            &json!({}),
            &with_room(&room),
        );
        assert_eq!(got, want, "{min}..{max}, {replicas}");
    };
    let none = |text: &str| Err(text.to_owned());
    check(1, 2, 80, false, ok(&[("member1", 32), ("member3", 48)]));
    check(
        1,
        2,
        110,
        false,
        none("failed to select clusters: no enough resource when selecting 2 clusters"),
    );
    check(
        4,
        5,
        1,
        false,
        none(
            "failed to select clusters: the number of feasible clusters is less than spreadConstraint.MinGroups",
        ),
    );
    // maxGroups that was never set.
    check(
        1,
        0,
        5,
        true,
        none("failed to assign replicas: no clusters available to schedule"),
    );
    check(
        1,
        0,
        5,
        false,
        none("failed to select clusters: no enough resource when selecting 0 clusters"),
    );
}

/// Section 3.6: selection by region; 8.4, 9: its clusters stay although the cluster constraint allows fewer.
#[test]
fn selection_by_region() {
    let clusters: Vec<Value> = [("m1", "r1"), ("m2", "r1"), ("m3", "r2"), ("m4", "r3")]
        .iter()
        .map(|(name, region)| {
            let mut value = cluster(name);
            value["spec"] = json!({"region": region});
            value
        })
        .collect();
    let check = |constraints: Value, want: Outcome| {
        let spec = deployment(1, json!({"spreadConstraints": constraints}));
        assert_eq!(
            decide(&clusters, &spec, &json!({}), &Options::default()),
            want,
            "{constraints}"
        );
    };
    let by =
        |field: &str, min: i64, max: i64| json!({"spreadByField": field, "minGroups": min, "maxGroups": max});
    let none = |text: &str| Err(format!("failed to select clusters: {text}"));
    check(
        json!([by("region", 3, 3)]),
        ok(&[("m1", 1), ("m3", 1), ("m4", 1)]),
    );
    check(
        json!([by("region", 3, 3), by("cluster", 1, 2)]),
        ok(&[("m1", 1), ("m3", 1), ("m4", 1)]),
    );
    check(
        json!([by("region", 1, 1), by("cluster", 2, 2)]),
        ok(&[("m1", 1), ("m2", 1)]),
    );
    check(
        json!([by("region", 4, 4)]),
        none("the number of feasible region is less than spreadConstraint.MinGroups"),
    );
    check(
        json!([by("region", 1, 1), by("cluster", 3, 3)]),
        none("the number of clusters is less than the cluster spreadConstraint.MinGroups"),
    );
    check(
        json!([by("region", 1, 0)]),
        none("the number of clusters is less than the cluster spreadConstraint.MinGroups"),
    );
}

/// Sections 2.5 and 2.6: every reason, and the text they make.
#[test]
fn rejections() {
    let check = |row: &str, change: Value, placement: Value, want: &str| {
        let mut value = cluster("m1");
        merge(&mut value, change);
        let clusters: Vec<Cluster> = vec![wire::decode(&value).unwrap()];
        let snapshot = Snapshot::build(&clusters, []).unwrap();
        let mut spec = deployment(1, placement);
        let decide = |spec: &Value| {
            let spec: ResourceBindingSpec = wire::decode(spec).unwrap();
            schedule(
                &snapshot,
                &spec,
                &ResourceBindingStatus::default(),
                &Options::default(),
            )
        };
        let error = decide(&spec).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Fit, "{row}");
        assert_eq!(
            error.to_string(),
            format!("0/1 clusters are available: 1 {want}."),
            "{row}"
        );
        let ScheduleError::Fit(fit) = error else {
            unreachable!()
        };
        assert_eq!(fit.diagnosis.rejections().next().unwrap().plugin, row);
        // Missing APIs and taints do not drive out what is there.
        spec["clusters"] = json!([{"name": "m1", "replicas": 1}]);
        let stays = ["APIEnablement", "TaintToleration"].contains(&row);
        assert_eq!(decide(&spec).is_ok(), stays, "{row}");
    };
    let spread = |field: &str| json!({"spreadConstraints": [{"spreadByField": field, "minGroups": 1, "maxGroups": 1}]});
    check(
        "APIEnablement",
        json!({"status": {"apiEnablements": []}}),
        json!({}),
        "cluster(s) did not have the API resource",
    );
    let tainted = |taint: Value| json!({"spec": {"taints": [taint]}});
    check(
        "TaintToleration",
        tainted(json!({"key": "k", "value": "v", "effect": "NoSchedule"})),
        json!({}),
        "cluster(s) had untolerated taint {k=v:NoSchedule}",
    );
    check(
        "TaintToleration",
        tainted(json!({"key": "k", "effect": "NoExecute"})),
        json!({"clusterTolerations": [{"key": "k", "operator": "Lt"}]}),
        "cluster(s) had untolerated taint {k:NoExecute}",
    );
    check(
        "ClusterAffinity",
        json!({}),
        json!({"clusterAffinity": {"exclude": ["m1"]}}),
        "cluster(s) did not match the placement cluster affinity constraint",
    );
    check(
        "SpreadConstraint",
        json!({}),
        spread("provider"),
        "cluster(s) did not have provider property",
    );
    check(
        "SpreadConstraint",
        json!({}),
        spread("region"),
        "cluster(s) did not have region property",
    );
    check(
        "SpreadConstraint",
        json!({"spec": {"zone": "deprecated"}}),
        spread("zone"),
        "cluster(s) did not have zones property",
    );
}

/// Sections 2.6 and 2.7: the reasons that lie in the binding and in other bindings.
#[test]
fn rejections_by_bindings() {
    let check = |row: &str, change: Value, stays: bool, want: &str| {
        let other: ResourceBinding = wire::decode(&json!({
            "metadata": {"namespace": "ns", "name": "other", "resourceVersion": "1"},
            "spec": {
                "clusters": [{"name": if row == "WorkloadAffinity" { "m2" } else { "m1" }, "replicas": 1}],
                "workloadAffinityGroups": {"affinityGroup": "app=web", "antiAffinityGroup": "app=web"},
            },
        }))
        .unwrap();
        let clusters: Vec<Cluster> = vec![wire::decode(&cluster("m1")).unwrap()];
        let snapshot = Snapshot::build(&clusters, [&other]).unwrap();
        let options = Options {
            features: FeatureGates::default().with(Feature::WorkloadAffinity, true),
            ..Options::default()
        };
        let mut spec = deployment(1, json!({}));
        merge(&mut spec, change);
        let decide = |spec: &Value| {
            let spec: ResourceBindingSpec = wire::decode(spec).unwrap();
            schedule(&snapshot, &spec, &ResourceBindingStatus::default(), &options)
        };
        let ScheduleError::Fit(fit) = decide(&spec).unwrap_err() else {
            unreachable!()
        };
        let rejection = fit.diagnosis.rejections().next().unwrap();
        assert_eq!((rejection.plugin, rejection.reason), (row, want));
        spec["clusters"] = json!([{"name": "m1", "replicas": 1}]);
        assert_eq!(decide(&spec).is_ok(), stays, "{row}");
    };
    check(
        "ClusterEviction",
        json!({"gracefulEvictionTasks": [{"fromCluster": "m1", "reason": "r", "producer": "p"}]}),
        false,
        "cluster(s) is in the process of eviction",
    );
    check(
        "WorkloadAffinity",
        json!({"workloadAffinityGroups": {"affinityGroup": "app=web"}}),
        true,
        "ResourceBinding with the same affinity group does not target this cluster",
    );
    check(
        "WorkloadAntiAffinity",
        json!({"workloadAffinityGroups": {"antiAffinityGroup": "app=web"}}),
        true,
        "cluster already has workload with the same anti-affinity group",
    );
}

/// Section 2.7: which other bindings count, and what they leave.
#[test]
fn workload_groups() {
    let clusters: Vec<Cluster> = ["m1", "m2", "m3"]
        .iter()
        .map(|name| wire::decode(&cluster(name)).unwrap())
        .collect();
    let options = Options {
        features: FeatureGates::default().with(Feature::WorkloadAffinity, true),
        ..Options::default()
    };
    let check = |row: &str, own: Value, others: &[(&str, &str, &[&str])], want: &[&str]| {
        let others: Vec<ResourceBinding> = others
            .iter()
            .map(|(namespace, name, targets)| {
                let targets: Vec<Value> = targets.iter().map(|name| json!({"name": name, "replicas": 1})).collect();
                wire::decode(&json!({
                    "metadata": {"namespace": namespace, "name": name, "resourceVersion": "1"},
                    "spec": {"clusters": targets, "workloadAffinityGroups": {"affinityGroup": "k=v", "antiAffinityGroup": "k="}},
                }))
                .unwrap()
            })
            .collect();
        let snapshot = Snapshot::build(&clusters, &others).unwrap();
        let mut spec = deployment(1, json!({}));
        spec["workloadAffinityGroups"] = own;
        let spec: ResourceBindingSpec = wire::decode(&spec).unwrap();
        let decision = schedule(&snapshot, &spec, &ResourceBindingStatus::default(), &options).unwrap();
        let names: Vec<&str> = decision.iter().map(|(name, _)| name).collect();
        assert_eq!(names, want, "{row}");
    };
    let (near, apart) = (
        json!({"affinityGroup": "k=v"}),
        json!({"antiAffinityGroup": "k="}),
    );
    let all = ["m1", "m2", "m3"];
    let two: [(&str, &str, &[&str]); 2] = [("ns", "a", &["m1", "m2"]), ("ns", "b", &["m2", "m3"])];
    check("affinity: what all have", near.clone(), &two, &["m2"]);
    check(
        "affinity: who has nothing does not count",
        near.clone(),
        &[("ns", "a", &[]), ("ns", "b", &["m3"])],
        &["m3"],
    );
    check(
        "affinity: the first may go anywhere",
        near.clone(),
        &[("ns", "a", &[])],
        &all,
    );
    check(
        "affinity: another namespace",
        near.clone(),
        &[("other", "a", &["m1"])],
        &all,
    );
    check(
        "affinity: oneself",
        near.clone(),
        &[("ns", "web-deployment", &["m1"])],
        &all,
    );
    check(
        "affinity: another group",
        json!({"affinityGroup": "k=w"}),
        &two,
        &all,
    );
    check(
        "anti-affinity: what nobody has",
        apart.clone(),
        &[("ns", "a", &["m1", "m2"])],
        &["m3"],
    );
    check(
        "anti-affinity: oneself",
        apart.clone(),
        &[("ns", "web-deployment", &["m1"])],
        &all,
    );
    check(
        "anti-affinity: another namespace",
        apart,
        &[("other", "a", &["m1"])],
        &all,
    );
    check("no group", json!({}), &two, &all);
}

/// A score plugin that fails.
#[derive(Debug)]
struct Failing {
    scoring: bool,
}

impl ScorePlugin for Failing {
    fn name(&self) -> &str {
        "Failing"
    }
    fn score(&self, _: &Context<'_>, _: &[ClusterId], _: &mut [i64]) -> Result<(), ScoreError> {
        if self.scoring {
            Err(ScoreError("no".into()))
        } else {
            Ok(())
        }
    }
    fn normalize(&self, _: &Context<'_>, _: &mut [i64]) -> Result<(), ScoreError> {
        Err(ScoreError("no".into()))
    }
}

/// Section 2.6: the texts of failing score plugins.
#[test]
fn score_failures() {
    let check = |scoring: bool, want: &str| {
        let mut registry = Registry::in_tree();
        registry.register_score(Failing { scoring }).unwrap();
        let options = Options {
            profile: Profile::new("failing", &registry).into(),
            ..Options::default()
        };
        let got = decide(&[cluster("m1")], &deployment(1, json!({})), &json!({}), &options);
        assert_eq!(got, Err(format!("failed to prioritize clusters: {want}")));
    };
    check(true, "plugin \"Failing\" failed with: no");
    check(false, "plugin \"Failing\" normalizeScore failed with: no");
}

/// Section 2.5: reasons are counted and sorted as texts, so that ten come before two.
#[test]
fn fit_error_text() {
    let many: Vec<Value> = (0..12)
        .map(|index| {
            let mut value = cluster(&format!("m{index}"));
            if index < 10 {
                value["status"] = json!({});
            }
            value
        })
        .collect();
    let spec = deployment(1, json!({"clusterAffinity": {"clusterNames": ["none"]}}));
    let text = "0/12 clusters are available: 10 cluster(s) did not have the API resource, \
                2 cluster(s) did not match the placement cluster affinity constraint.";
    assert_eq!(
        decide(&many, &spec, &json!({}), &Options::default()),
        Err(text.to_owned())
    );
    let three = &many[9..];
    let text = "0/3 clusters are available: 1 cluster(s) did not have the API resource, \
                2 cluster(s) did not match the placement cluster affinity constraint.";
    assert_eq!(
        decide(three, &spec, &json!({}), &Options::default()),
        Err(text.to_owned())
    );
    let none = "0/0 clusters are available: no cluster exists.";
    assert_eq!(
        decide(&[], &spec, &json!({}), &Options::default()),
        Err(none.to_owned())
    );
    let mut leaving = cluster("m1");
    leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let none = "0/1 clusters are available: no cluster exists.";
    assert_eq!(
        decide(&[leaving], &spec, &json!({}), &Options::default()),
        Err(none.to_owned())
    );
}

fn summary(allocatable: Value) -> Value {
    json!({"status": {"resourceSummary": {"allocatable": allocatable}}})
}

/// The room a cluster has for a request, as the division of many replicas reveals it.
fn room(cluster_change: Value, spec_change: Value, features: FeatureGates) -> String {
    let mut value = cluster("m1");
    merge(&mut value, cluster_change);
    let mut spec = deployment(1_000_000, dynamic());
    merge(&mut spec, spec_change);
    let options = Options {
        features,
        ..Options::default()
    };
    let text = decide(&[value], &spec, &json!({}), &options).unwrap_err();
    let before = "failed to assign replicas: failed to scale up: Clusters available replicas ";
    text.strip_prefix(before)
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .to_owned()
}

/// Section 5.2: room by the summary.
#[test]
fn summary_estimates() {
    let check = |row: &str, allocatable: Value, request: Value, want: &str| {
        let requirements = json!({"replicaRequirements": {"resourceRequest": request}});
        assert_eq!(
            room(summary(allocatable), requirements, FeatureGates::default()),
            want,
            "{row}"
        );
    };
    check("no summary", Value::Null, json!({"cpu": "1"}), "0");
    check("pods", json!({"pods": 7}), json!({}), "7");
    check(
        "cpu in thousandths",
        json!({"pods": 100, "cpu": "1"}),
        json!({"cpu": "300m"}),
        "3",
    );
    check(
        "the scarcest",
        json!({"pods": 100, "cpu": "9", "memory": "2Gi"}),
        json!({"cpu": "1", "memory": "1Gi"}),
        "2",
    );
    check(
        "not offered",
        json!({"pods": 100}),
        json!({"nvidia.com/gpu": 1}),
        "0",
    );
    check(
        "nothing asked for",
        json!({"pods": 100, "cpu": "1"}),
        json!({"cpu": "0"}),
        "100",
    );
}

/// Says one number for each cluster, or fails.
#[derive(Debug)]
struct Says(Result<i32, ()>);

impl ReplicaEstimator for Says {
    fn name(&self) -> &str {
        "says"
    }
    fn estimate(&self, request: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
        let number = self.0.map_err(|()| EstimateError::new("down"))?;
        Ok(vec![Estimate::from_wire(number); request.clusters.len()])
    }
}

/// Section 5.1: several estimators together.
#[test]
fn merged_estimates() {
    let check = |row: &str, said: &[Result<i32, ()>], want: Option<i32>| {
        let estimators = said
            .iter()
            .map(|said| Arc::new(Says(*said)) as Arc<dyn ReplicaEstimator>);
        let options = Options {
            profile: Profile::karmada()
                .with_only_estimators(estimators.collect())
                .into(),
            ..Options::default()
        };
        let got = decide(&[cluster("m1")], &deployment(9, dynamic()), &json!({}), &options);
        let want = want.map_or(ok(&[("m1", 9)]), |room| {
            Err(format!(
                "failed to assign replicas: failed to scale up: Clusters available replicas {room} are not enough to \
                 schedule."
            ))
        });
        assert_eq!(got, want, "{row}");
    };
    check("nobody knows: as many as are wanted", &[], None);
    check("unknown", &[Ok(-1)], None);
    check("unlimited", &[Ok(i32::MAX)], None);
    check("the smallest counts", &[Ok(7), Ok(3), Ok(5)], Some(3));
    check("unknown beside a number", &[Ok(-1), Ok(4)], Some(4));
    check("failed beside a number", &[Err(()), Ok(4)], Some(4));
    check("all failed", &[Err(()), Err(())], None);
}

/// Keeps what the general estimator says.
#[derive(Debug, Default)]
struct Recorder(Arc<Mutex<Vec<Estimate>>>);

impl ReplicaEstimator for Recorder {
    fn name(&self) -> &str {
        "recorder"
    }
    fn estimate(&self, request: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
        let estimates = GeneralEstimator.estimate(request)?;
        self.0.lock().unwrap().clone_from(&estimates);
        Ok(estimates)
    }
}

/// Section 5.3: room for sets of components; 8.4, 2: quantities count in the unit of their notation.
#[test]
fn component_set_estimates() {
    let check = |row: &str, allocatable: Value, components: Value, want: i32| {
        let recorder = Recorder::default();
        let recorded = recorder.0.clone();
        let options = Options {
            features: FeatureGates::default().with(Feature::MultiplePodTemplatesScheduling, true),
            profile: Profile::karmada()
                .with_only_estimators(vec![Arc::new(recorder)])
                .into(),
            ..Options::default()
        };
        let mut value = cluster("m1");
        merge(&mut value, summary(allocatable));
        let mut spec = deployment(
            0,
            json!({"spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]}),
        );
        spec["components"] = components;
        decide(&[value], &spec, &json!({}), &options).unwrap();
        assert_eq!(*recorded.lock().unwrap(), [Estimate::Value(want)], "{row}");
    };
    let part = |replicas: i32, resource: &str, amount: &str| json!({"name": "part", "replicas": replicas, "replicaRequirements": {"resourceRequest": {resource: amount}}});
    let room = |resource: &str, amount: &str| json!({"pods": 100, resource: amount});
    check("no summary", Value::Null, json!([part(1, "cpu", "1")]), 0);
    check(
        "the scarcest",
        room("cpu", "10"),
        json!([part(1, "cpu", "1"), part(2, "cpu", "500m")]),
        5,
    );
    check(
        "pods",
        room("cpu", "10"),
        json!([part(30, "cpu", "1m"), part(3, "cpu", "1m")]),
        3,
    );
    check(
        "no replicas",
        room("cpu", "10"),
        json!([part(0, "cpu", "1")]),
        100,
    );
    check(
        "not offered",
        room("cpu", "10"),
        json!([part(1, "memory", "1Gi")]),
        0,
    );
    check(
        "1Gi of 64Gi",
        room("memory", "64Gi"),
        json!([part(1, "memory", "1Gi")]),
        64,
    );
    check(
        "1G of 64G",
        room("memory", "64G"),
        json!([part(1, "memory", "1G")]),
        64,
    );
    check(
        "1G of 64Gi",
        room("memory", "64Gi"),
        json!([part(1, "memory", "1G")]),
        0,
    );
    check(
        "100Gi of 64G",
        room("memory", "64G"),
        json!([part(1, "memory", "100Gi")]),
        100,
    );
}

/// Section 5.4: the example, with the models and without them.
#[test]
fn model_estimates() {
    let mut change = summary(json!({"pods": 110, "cpu": "100", "memory": "100Gi"}));
    change["status"]["resourceSummary"]["allocatableModelings"] =
        json!([{"grade": 1, "count": 2}, {"grade": 3, "count": 1}]);
    let range = |name: &str, min: &str| json!({"name": name, "min": min, "max": "9223372036854775807"});
    change["spec"] = json!({"resourceModels": [
        {"grade": 0, "ranges": [range("cpu", "0"), range("memory", "0")]},
        {"grade": 1, "ranges": [range("cpu", "1"), range("memory", "4Gi")]},
        {"grade": 3, "ranges": [range("cpu", "4"), range("memory", "32Gi")]},
    ]});
    let request = json!({"replicaRequirements": {"resourceRequest": {"cpu": "1", "memory": "1Gi"}}});
    let gates = FeatureGates::default();
    assert_eq!(room(change.clone(), request.clone(), gates), "6");
    let off = gates.with(Feature::CustomizedClusterResourceModeling, false);
    assert_eq!(room(change.clone(), request, off), "100");
    // A resource no model offers.
    let storage = json!({"replicaRequirements": {"resourceRequest": {"ephemeral-storage": "1"}}});
    assert_eq!(room(change, storage, gates), "0");
}

/// Section 4.1: what goes to all selected clusters, and what does not.
#[test]
fn workloads_and_others() {
    let clusters = [cluster("m1"), cluster("m2")];
    let check = |row: &str, change: Value, options: &Options, want: Outcome| {
        let mut spec = deployment(0, divided("Weighted"));
        merge(&mut spec, change);
        assert_eq!(decide(&clusters, &spec, &json!({}), options), want, "{row}");
    };
    let plain = Options::default();
    check(
        "no replicas, no requests",
        json!({}),
        &plain,
        ok(&[("m1", 0), ("m2", 0)]),
    );
    check(
        "no replicas but requests",
        json!({"replicaRequirements": {}}),
        &plain,
        ok(&[]),
    );
    let attach = Options {
        enable_empty_workload_propagation: true,
        ..Options::default()
    };
    check(
        "no replicas but requests, attached",
        json!({"replicaRequirements": {}}),
        &attach,
        ok(&[("m1", 0), ("m2", 0)]),
    );
    let parts =
        json!({"replicas": 3, "components": [{"name": "a", "replicas": 1}, {"name": "b", "replicas": 2}]});
    check(
        "several pod templates",
        parts,
        &plain,
        ok(&[("m1", 0), ("m2", 0)]),
    );
}

/// Section 8.4, 3: of several reasons the first in the fixed order of plugins, which upstream draws by lot.
#[test]
fn the_first_of_several_reasons() {
    let check = |change: Value, want: &str| {
        let mut value = cluster("m1");
        merge(&mut value, change);
        let mut spec = deployment(
            1,
            json!({
                "clusterAffinity": {"clusterNames": ["none"]},
                "spreadConstraints": [{"spreadByField": "region", "minGroups": 1, "maxGroups": 1}],
            }),
        );
        spec["gracefulEvictionTasks"] = json!([{"fromCluster": "m1", "reason": "r", "producer": "p"}]);
        let got = decide(&[value], &spec, &json!({}), &Options::default()).unwrap_err();
        assert_eq!(got, format!("0/1 clusters are available: 1 cluster(s) {want}."));
    };
    let taints = json!([{"key": "k", "effect": "NoSchedule"}]);
    check(
        json!({"status": {"apiEnablements": []}, "spec": {"taints": taints}}),
        "did not have the API resource",
    );
    check(
        json!({"spec": {"taints": taints}}),
        "had untolerated taint {k:NoSchedule}",
    );
    check(
        json!({}),
        "did not match the placement cluster affinity constraint",
    );
}

/// Section 8.4, 4: targets that get nothing new follow in the order they had, which upstream draws by lot.
#[test]
fn the_order_of_targets() {
    check_dynamic(
        "aggregated up 3->8, two in place",
        divided("Aggregated"),
        8,
        &[("m4", 1), ("m3", 1), ("m1", 1)],
        &[("m1", 10), ("m2", 4), ("m3", 2), ("m4", 2)],
        &ok(&[("m1", 6), ("m4", 1), ("m3", 1)]),
    );
}

/// Upstream issue 6771: what a cluster has already counts as room, also where it would not fit any more.
#[test]
fn stale_replicas_count_as_room() {
    let mut placement = dynamic();
    placement["spreadConstraints"] = json!([{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]);
    let mut spec = deployment(5, placement);
    spec["clusters"] = json!([{"name": "m1", "replicas": 5}]);
    spec["rescheduleTriggeredAt"] = json!("2026-01-02T00:00:00Z");
    let status = json!({"lastScheduledTime": "2026-01-01T00:00:00Z"});
    let options = with_room(&[("m1", 0), ("m2", 9)]);
    let got = decide(&[cluster("m1"), cluster("m2")], &spec, &status, &options);
    assert_eq!(got, ok(&[("m1", 5)]));
}

/// Section 8.4, 14: assumed workloads take room, the binding's own too, though its replicas run already.
#[test]
fn assumed_workloads() {
    let check = |row: &str, enabled: bool, released: &[&str], want: i32| {
        let mut value = cluster("m1");
        merge(&mut value, summary(json!({"pods": 10})));
        let mut fleet = Fleet::new();
        fleet.apply(&wire::decode(&value).unwrap()).unwrap();
        for (binding, replicas) in [("ns/web-deployment", 3), ("ns/other", 2)] {
            let component = Component {
                name: "pods".into(),
                replicas,
                ..Component::default()
            };
            let workload = AssumedWorkload {
                namespace: "ns".into(),
                components: vec![component],
            };
            fleet.assume(binding, "m1", workload);
        }
        for binding in released {
            fleet.release(binding, "m1");
        }
        let mut spec = deployment(100, dynamic());
        spec["clusters"] = json!([{"name": "m1", "replicas": 3}]);
        let spec: ResourceBindingSpec = wire::decode(&spec).unwrap();
        let options = Options {
            features: FeatureGates::default().with(Feature::SchedulingOvercommitProtection, enabled),
            ..Options::default()
        };
        let got = schedule(
            &fleet.snapshot(),
            &spec,
            &ResourceBindingStatus::default(),
            &options,
        );
        let want = format!("Clusters available replicas {want} are not enough to schedule.");
        assert!(got.unwrap_err().to_string().ends_with(&want), "{row}");
    };
    check("off", false, &[], 10);
    check("on", true, &[], 5);
    check("one released", true, &["ns/other"], 7);
    check("both released", true, &["ns/other", "ns/web-deployment"], 10);
}

/// Section 8.4, 15: sets of components that are not divided go to the first cluster, room or not.
#[test]
fn component_sets_without_room() {
    let check = |row: &str, mut placement: Value, want: Outcome| {
        placement["spreadConstraints"] =
            json!([{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]);
        let mut spec = deployment(0, placement);
        spec["components"] = json!([{"name": "part", "replicas": 1}]);
        let options = Options {
            features: FeatureGates::default().with(Feature::MultiplePodTemplatesScheduling, true),
            ..Options::default()
        };
        assert_eq!(
            decide(&[cluster("m1")], &spec, &json!({}), &options),
            want,
            "{row}"
        );
    };
    check("Duplicated", json!({}), ok(&[("m1", 0)]));
    let short = "failed to select clusters: no enough resource when selecting 1 clusters";
    check("Divided", dynamic(), Err(short.to_owned()));
}
