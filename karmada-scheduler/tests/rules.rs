//! The rules of a decision that no worked example of upstream's behaviour shows, each by a small case of its own.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "rows of a table read better with values"
)]

use std::sync::Arc;

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{
    Component, ResourceBinding, ResourceBindingSpec, ResourceBindingStatus,
};
use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::{
    AssumedWorkload, ClusterId, Context, Decision, Estimate, EstimateError, EstimateRequest, Fleet, Options,
    Profile, Registry, ReplicaEstimator, ScheduleError, ScoreError, ScorePlugin, Snapshot, deschedule,
    schedule,
};
use serde_json::{Value, json};

/// Room by the names of clusters; unknown for others.
#[derive(Debug)]
struct Room(Vec<(&'static str, i32)>);

impl ReplicaEstimator for Room {
    fn name(&self) -> &str {
        "room"
    }
    fn estimate(&self, request: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
        let snapshot = request.context.snapshot();
        let room = |id: &ClusterId| self.0.iter().find(|(name, _)| *name == snapshot.name(*id));
        let estimate =
            |id: &ClusterId| room(id).map_or(Estimate::Unknown, |(_, room)| Estimate::from_wire(*room));
        Ok(request.clusters.iter().map(estimate).collect())
    }
}

fn options(room: &[(&'static str, i32)], on: &[Feature]) -> Options {
    let features = on
        .iter()
        .fold(FeatureGates::default(), |gates, gate| gates.with(*gate, true));
    Options {
        features,
        profile: Profile::karmada()
            .with_only_estimators(vec![Arc::new(Room(room.to_vec()))])
            .into(),
        ..Options::default()
    }
}

/// By what clusters report of themselves.
fn by_summary(on: &[Feature]) -> Options {
    Options {
        profile: Arc::default(),
        ..options(&[], on)
    }
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

/// A cluster that serves Deployments, with something more.
fn cluster(name: &str, more: Value) -> Cluster {
    let mut value = json!({
        "metadata": {"name": name},
        "status": {"apiEnablements": [
            {"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]},
        ]},
    });
    merge(&mut value, more);
    wire::decode(&value).unwrap()
}

fn clusters(names: &[&str]) -> Vec<Cluster> {
    names.iter().map(|name| cluster(name, json!({}))).collect()
}

/// A Deployment with something more.
fn deployment(replicas: i32, placement: Value, more: Value) -> ResourceBindingSpec {
    let mut value = json!({
        "resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "ns", "name": "web", "uid": "a"},
        "replicas": replicas,
        "placement": placement,
    });
    merge(&mut value, more);
    wire::decode(&value).unwrap()
}

fn divided(preference: &str) -> Value {
    json!({"replicaScheduling": {"replicaSchedulingType": "Divided", "replicaDivisionPreference": preference}})
}

fn dynamic() -> Value {
    let mut placement = divided("Weighted");
    placement["replicaScheduling"]["weightPreference"] = json!({"dynamicWeight": "AvailableReplicas"});
    placement
}

fn with(mut placement: Value, more: Value) -> Value {
    merge(&mut placement, more);
    placement
}

fn by(field: &str, min: i64, max: i64) -> Value {
    json!({"spreadByField": field, "minGroups": min, "maxGroups": max})
}

/// Names and replicas in the order of the decision, or the text.
type Outcome = Result<Vec<(String, i32)>, String>;

fn ok(targets: &[(&str, i32)]) -> Outcome {
    Ok(targets
        .iter()
        .map(|(name, replicas)| ((*name).to_owned(), *replicas))
        .collect())
}

fn short(what: &str, available: i64) -> Outcome {
    Err(format!(
        "failed to assign replicas: failed to {what}: Clusters available replicas {available} are not enough to schedule."
    ))
}

fn outcome(decision: Result<Decision, ScheduleError>) -> Outcome {
    match decision {
        Ok(decision) => Ok(decision
            .iter()
            .map(|(name, replicas)| (name.to_owned(), replicas))
            .collect()),
        Err(error) => Err(error.to_string()),
    }
}

fn decide_in(snapshot: &Snapshot, spec: &ResourceBindingSpec, observed: &str, options: &Options) -> Outcome {
    let status = ResourceBindingStatus {
        scheduler_observed_affinity_name: observed.into(),
        ..ResourceBindingStatus::default()
    };
    outcome(schedule(snapshot, spec, &status, options))
}

fn decide(clusters: &[Cluster], spec: &ResourceBindingSpec, options: &Options) -> Outcome {
    decide_in(&Snapshot::build(clusters, []).unwrap(), spec, "", options)
}

/// Rates the clusters named.
#[derive(Debug)]
struct Rates(&'static str, Vec<(&'static str, i64)>);

impl ScorePlugin for Rates {
    fn name(&self) -> &str {
        self.0
    }
    fn score(&self, ctx: &Context<'_>, clusters: &[ClusterId], scores: &mut [i64]) -> Result<(), ScoreError> {
        for (cluster, score) in clusters.iter().zip(scores) {
            let rated = self
                .1
                .iter()
                .find(|(name, _)| *name == ctx.snapshot().name(*cluster));
            *score = rated.map_or(0, |(_, score)| *score);
        }
        Ok(())
    }
}

/// Section 2.1: scores of several plugins are added with equal weight, and no range is enforced.
#[test]
fn scores_add_up() {
    let check = |first: &[(&'static str, i64)], second: &[(&'static str, i64)], want: &str| {
        let mut registry = Registry::in_tree();
        registry.register_score(Rates("first", first.to_vec())).unwrap();
        registry.register_score(Rates("second", second.to_vec())).unwrap();
        let profile = Profile::new("rates", &registry);
        let options = Options {
            profile: profile.into(),
            ..Options::default()
        };
        let spec = deployment(1, json!({"spreadConstraints": [by("cluster", 1, 1)]}), json!({}));
        assert_eq!(
            decide(&clusters(&["m1", "m2"]), &spec, &options),
            ok(&[(want, 1)])
        );
    };
    check(&[("m1", 50)], &[("m2", 60)], "m2");
    check(&[("m1", 50), ("m2", 20)], &[("m2", 20)], "m1");
    check(&[("m1", 100)], &[("m2", 1000)], "m2");
    check(&[("m1", -1)], &[], "m2");
    check(&[("m1", i64::MAX), ("m2", 1)], &[("m1", i64::MAX)], "m1");
}

/// Section 2.4: a cluster being deleted is passed over without a reason, and counted; one that is not ready is used.
#[test]
fn which_clusters_are_considered() {
    let leaving = cluster(
        "m1",
        json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}),
    );
    let not_ready = cluster(
        "m2",
        json!({"status": {"conditions": [{"type": "Ready", "status": "False"}]}}),
    );
    let spec = deployment(1, json!({}), json!({}));
    let both = [leaving, not_ready];
    assert_eq!(decide(&both, &spec, &Options::default()), ok(&[("m2", 1)]));
    let nowhere = deployment(1, json!({"clusterAffinity": {"clusterNames": ["m3"]}}), json!({}));
    let text =
        "0/2 clusters are available: 1 cluster(s) did not match the placement cluster affinity constraint.";
    assert_eq!(decide(&both, &nowhere, &Options::default()), Err(text.to_owned()));
}

/// Section 2.6: an API counts as enabled when it is listed, however complete the list is said to be.
#[test]
fn enabled_apis() {
    let check = |complete: &str, kind: &str, want: bool| {
        let enabled = json!({"status": {
            "apiEnablements": [{"groupVersion": "apps/v1", "resources": [{"name": "x", "kind": kind}]}],
            "conditions": [{"type": "CompleteAPIEnablements", "status": complete}],
        }});
        let spec = deployment(1, json!({}), json!({}));
        let got = decide(&[cluster("m1", enabled)], &spec, &Options::default());
        assert_eq!(got.is_ok(), want, "{complete} {kind}");
    };
    for complete in ["True", "False", "Unknown"] {
        check(complete, "Deployment", true);
        check(complete, "StatefulSet", false);
    }
}

/// Section 2.6: which taints keep a binding out, and what tolerates them.
#[test]
fn tolerated_taints() {
    let check = |taint: Value, tolerations: Value, want: bool| {
        let tainted = cluster("m1", json!({"spec": {"taints": [taint]}}));
        let spec = deployment(1, json!({"clusterTolerations": tolerations}), json!({}));
        let got = decide(&[tainted], &spec, &Options::default());
        assert_eq!(got.is_ok(), want, "{taint} {tolerations}");
    };
    let taint = json!({"key": "k", "value": "v", "effect": "NoSchedule"});
    check(taint.clone(), json!([]), false);
    check(
        json!({"key": "k", "value": "v", "effect": "PreferNoSchedule"}),
        json!([]),
        true,
    );
    check(taint.clone(), json!([{"operator": "Exists"}]), true);
    check(taint.clone(), json!([{"key": "k", "operator": "Exists"}]), true);
    check(
        taint.clone(),
        json!([{"key": "other", "operator": "Exists"}]),
        false,
    );
    check(taint.clone(), json!([{"key": "k", "value": "v"}]), true);
    check(
        taint.clone(),
        json!([{"key": "k", "operator": "Equal", "value": "w"}]),
        false,
    );
    check(
        taint.clone(),
        json!([{"key": "k", "value": "v", "effect": "NoSchedule"}]),
        true,
    );
    check(
        taint.clone(),
        json!([{"key": "k", "value": "v", "effect": "NoExecute"}]),
        false,
    );
    // For how long does not matter here.
    let brief = json!([{"key": "k", "operator": "Exists", "tolerationSeconds": 0}]);
    check(taint, brief, true);
}

/// Section 2.6: a cluster the binding has already is preferred, also to one with more room.
#[test]
fn what_is_there_is_preferred() {
    let check = |targets: Value, want: &str| {
        let placement = json!({"spreadConstraints": [by("cluster", 1, 1)]});
        let spec = deployment(1, placement, json!({"clusters": targets}));
        let options = options(&[("m1", 9), ("m2", 1)], &[]);
        assert_eq!(
            decide(&clusters(&["m1", "m2"]), &spec, &options),
            ok(&[(want, 1)])
        );
    };
    check(json!([]), "m1");
    check(json!([{"name": "m2", "replicas": 1}]), "m2");
    check(json!([{"name": "m2"}]), "m2");
    check(json!([{"name": "gone", "replicas": 1}]), "m1");
}

/// Sections 2.2 and 2.7: affinity groups need the feature, and only bindings of a namespace are in any.
#[test]
fn when_affinity_groups_count() {
    let check = |enabled: bool, namespace: &str, want: &[&str]| {
        let other: ResourceBinding = wire::decode(&json!({
            "metadata": {"namespace": "ns", "name": "other", "resourceVersion": "1"},
            "spec": {
                "clusters": [{"name": "m1"}],
                "workloadAffinityGroups": {"affinityGroup": "k=v", "antiAffinityGroup": "k=w"},
            },
        }))
        .unwrap();
        let snapshot = Snapshot::build(&clusters(&["m1", "m2"]), [&other]).unwrap();
        let more =
            json!({"resource": {"namespace": namespace}, "workloadAffinityGroups": {"affinityGroup": "k=v"}});
        let options = Options {
            features: FeatureGates::default().with(Feature::WorkloadAffinity, enabled),
            ..Options::default()
        };
        let got = decide_in(&snapshot, &deployment(1, json!({}), more), "", &options).unwrap();
        let names: Vec<&str> = got.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, want, "{enabled} {namespace:?}");
    };
    check(true, "ns", &["m1"]);
    check(false, "ns", &["m1", "m2"]);
    check(true, "", &["m1", "m2"]);
}

/// Section 3.1: tier, score, room, name.
#[test]
fn order_of_preference() {
    let names = ["m1", "m2", "m3", "m4", "m5", "m6"];
    let room = [("m1", 5), ("m2", 1), ("m3", 9), ("m4", 5), ("m5", 50), ("m6", 1)];
    let check = |row: &str, observed: &str, want: &[&str]| {
        let group = json!({
            "affinityName": "group", "clusterNames": ["m1", "m2", "m3", "m4"],
            "overflowAffinities": [{"affinityName": "more", "clusterNames": ["m4", "m5", "m6"]}],
        });
        // Parts go to all selected clusters in the order of selection.
        let more = json!({
            "components": [{"name": "a", "replicas": 1}, {"name": "b", "replicas": 1}],
            "clusters": [{"name": "m2", "replicas": 1}, {"name": "m6", "replicas": 3}],
        });
        let spec = deployment(0, json!({"clusterAffinities": [group]}), more);
        let snapshot = Snapshot::build(&clusters(&names), []).unwrap();
        let got = decide_in(&snapshot, &spec, observed, &options(&room, &[])).unwrap();
        let got: Vec<&str> = got.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(got, want, "{row}");
    };
    check(
        "a group and one that helps out",
        "group",
        &["m2", "m3", "m1", "m4", "m6", "m5"],
    );
    check(
        "a group that is not there",
        "gone",
        &["m6", "m2", "m5", "m3", "m1", "m4"],
    );
}

/// Sections 3.2 and 4.5: where weights are fixed, neither spread constraints nor room nor targets count.
#[test]
fn fixed_weights_look_at_nothing_else() {
    let check = |row: &str, constraint: Value, weights: Value, want: Outcome| {
        let mut placement = divided("Weighted");
        placement["spreadConstraints"] = json!([constraint]);
        placement["replicaScheduling"]["weightPreference"] = weights;
        let spec = deployment(6, placement, json!({"clusters": [{"name": "m2", "replicas": 6}]}));
        let clusters = ["m1", "m2"].map(|name| cluster(name, json!({"spec": {"zones": ["z"]}})));
        assert_eq!(
            decide(&clusters, &spec, &options(&[("m1", 1), ("m2", 0)], &[])),
            want,
            "{row}"
        );
    };
    let rules = json!([
        {"targetCluster": {"clusterNames": ["m1"]}, "weight": 2}, {"targetCluster": {"clusterNames": ["m2"]}, "weight": 1},
    ]);
    let equal = || ok(&[("m1", 3), ("m2", 3)]);
    check("no weights", by("cluster", 1, 1), Value::Null, equal());
    check(
        "no weights, another field",
        by("zone", 1, 1),
        Value::Null,
        equal(),
    );
    check(
        "weights",
        by("cluster", 1, 1),
        json!({"staticWeightList": rules}),
        ok(&[("m1", 4), ("m2", 2)]),
    );
    // What has no content is something all the same.
    check(
        "an empty preference",
        by("cluster", 1, 1),
        json!({}),
        ok(&[("m2", 6)]),
    );
    check(
        "both kinds of weights",
        by("cluster", 1, 1),
        json!({"staticWeightList": rules, "dynamicWeight": "AvailableReplicas"}),
        ok(&[("m2", 6)]),
    );
}

/// Sections 3.3 and 3.5: zones and providers are asked for, but not spread over.
#[test]
fn zones_and_providers_only_filter() {
    let check = |row: &str, constraints: Value, want: Outcome| {
        let clusters = [
            cluster("m1", json!({"spec": {"zones": ["z1", "z2"], "provider": "p1"}})),
            cluster("m2", json!({"spec": {"zones": ["z1"], "provider": "p1"}})),
            cluster("m3", json!({"spec": {"zones": ["z3"], "provider": "p2"}})),
            cluster("m4", json!({"spec": {"provider": "p3"}})),
        ];
        let spec = deployment(1, json!({"spreadConstraints": constraints}), json!({}));
        let room = [("m1", 9), ("m2", 8), ("m3", 7), ("m4", 99)];
        assert_eq!(decide(&clusters, &spec, &options(&room, &[])), want, "{row}");
    };
    let unsupported =
        || Err("failed to select clusters: just support cluster and region spread constraint".to_owned());
    check("zones", json!([by("zone", 2, 2)]), unsupported());
    check("providers", json!([by("provider", 2, 2)]), unsupported());
    // Neither two zones nor two providers come of it.
    check(
        "zones and clusters",
        json!([by("zone", 2, 2), by("cluster", 2, 2)]),
        ok(&[("m1", 1), ("m2", 1)]),
    );
    check(
        "providers and clusters",
        json!([by("cluster", 1, 2), by("provider", 2, 2)]),
        ok(&[("m4", 1), ("m1", 1)]),
    );
}

fn regions(of: &[(&str, &str)]) -> Vec<Cluster> {
    of.iter()
        .map(|(name, region)| cluster(name, json!({"spec": {"region": region}})))
        .collect()
}

/// Section 3.6: what selection by region looks at, and what not.
#[test]
fn selection_by_region() {
    let fleet = regions(&[("m1", "r1"), ("m2", "r1"), ("m3", "r2"), ("m4", "")]);
    let check = |row: &str, placement: Value, replicas: i32, room: &[(&'static str, i32)], want: Outcome| {
        let got = decide(
            &fleet,
            &deployment(replicas, placement, json!({})),
            &options(room, &[]),
        );
        assert_eq!(got, want, "{row}");
    };
    let spread = |constraints: Value| json!({"spreadConstraints": constraints});
    let room = [("m1", 5), ("m2", 7), ("m3", 9), ("m4", 99)];
    check(
        "the first cluster of each region, then the best of the others",
        spread(json!([by("region", 2, 2), by("cluster", 2, 3)])),
        1,
        &room,
        ok(&[("m2", 1), ("m3", 1), ("m1", 1)]),
    );
    check(
        "of two constraints on regions the last",
        spread(json!([
            by("region", 3, 3),
            by("region", 2, 2),
            by("cluster", 2, 2)
        ])),
        1,
        &room,
        ok(&[("m2", 1), ("m3", 1)]),
    );
    // Room tells for a region, but is not demanded of it.
    check(
        "too little room shows in the division",
        with(
            dynamic(),
            spread(json!([by("region", 1, 1), by("cluster", 1, 1)])),
        ),
        20,
        &room,
        short("scale up", 7),
    );
}

/// Section 3.7: a cluster that is taken for its room takes the place of the one it replaces.
#[test]
fn replacements_keep_the_place() {
    let placement = with(dynamic(), json!({"spreadConstraints": [by("cluster", 1, 2)]}));
    let more = json!({
        "components": [{"name": "a", "replicas": 1}, {"name": "b", "replicas": 1}],
        "clusters": [{"name": "m1"}, {"name": "m2"}],
    });
    let check = |replicas: i32, want: Outcome| {
        let spec = deployment(replicas, placement.clone(), more.clone());
        let room = [("m1", 10), ("m2", 20), ("m3", 30), ("m4", 40)];
        let got = decide(&clusters(&["m1", "m2", "m3", "m4"]), &spec, &options(&room, &[]));
        assert_eq!(got, want, "{replicas}");
    };
    check(30, ok(&[("m2", 0), ("m1", 0)]));
    // From the last upwards: m1 goes first, for the cluster with the most room.
    check(31, ok(&[("m2", 0), ("m4", 0)]));
    check(60, ok(&[("m2", 0), ("m4", 0)]));
    check(61, ok(&[("m3", 0), ("m4", 0)]));
    let text = "failed to select clusters: no enough resource when selecting 2 clusters";
    check(71, Err(text.to_owned()));
}

/// Sections 4.1, 4.2 and 6.1: whose targets name components.
#[test]
fn components_of_targets() {
    let parts = |count: usize| {
        let parts = [
            json!({"name": "a", "replicas": 1}),
            json!({"name": "b", "replicas": 2}),
        ];
        json!({"components": parts[..count], "clusters": [{"name": "m1", "replicas": 1, "components": [{"name": "x", "replicas": 1}]}]})
    };
    let check = |row: &str, gate: bool, max: i64, replicas: i32, count: usize, want: &[(&str, i32)]| {
        let placement = json!({"spreadConstraints": [by("cluster", 1, max)]});
        let spec = deployment(replicas, placement, parts(count));
        let mut options = options(&[("m1", 9)], &[]);
        options.features = options
            .features
            .with(Feature::MultiplePodTemplatesScheduling, gate);
        let snapshot = Snapshot::build(&clusters(&["m1"]), []).unwrap();
        let decision = schedule(&snapshot, &spec, &ResourceBindingStatus::default(), &options).unwrap();
        let targets = decision.to_target_clusters();
        let got: Vec<(&str, i32)> = targets[0]
            .components
            .iter()
            .map(|it| (it.name.as_str(), it.replicas))
            .collect();
        assert_eq!(got, want, "{row}");
        assert_eq!(targets[0].replicas, if count > 1 { 0 } else { replicas }, "{row}");
    };
    check("sets", true, 1, 0, 2, &[("a", 1), ("b", 2)]);
    check("gate off", false, 1, 0, 2, &[]);
    check("not one cluster", true, 2, 0, 2, &[]);
    check("one component", true, 1, 0, 1, &[]);
    check("one component, divided", true, 1, 3, 1, &[]);
}

/// Section 6.1: sets of components that are not asked for on one cluster go everywhere, room or not.
#[test]
fn component_sets_on_several_clusters() {
    let components = json!({"components": [{"name": "a", "replicas": 1}, {"name": "b", "replicas": 2}]});
    let spec = deployment(0, json!({}), components);
    let options = options(
        &[("m1", 0), ("m2", 0)],
        &[Feature::MultiplePodTemplatesScheduling],
    );
    assert_eq!(
        decide(&clusters(&["m1", "m2"]), &spec, &options),
        ok(&[("m1", 0), ("m2", 0)])
    );
}

/// Section 4.4: every cluster gets all replicas, room or not.
#[test]
fn duplicated_without_room() {
    let spec = deployment(5, json!({}), json!({}));
    let options = options(&[("m1", 0), ("m2", 1)], &[]);
    assert_eq!(
        decide(&clusters(&["m1", "m2"]), &spec, &options),
        ok(&[("m2", 5), ("m1", 5)])
    );
}

/// Section 4.2: only where room divides does it matter whether all is placed anew.
#[test]
fn placed_anew() {
    let check = |row: &str, placement: Value, fresh: bool, want: Outcome| {
        let mut more = json!({"clusters": [{"name": "m2", "replicas": 4}, {"name": "m1", "replicas": 2}]});
        if fresh {
            more["rescheduleTriggeredAt"] = json!("2026-01-02T00:00:00Z");
        }
        let status: ResourceBindingStatus =
            wire::decode(&json!({"lastScheduledTime": "2026-01-01T00:00:00Z"})).unwrap();
        let snapshot = Snapshot::build(&clusters(&["m1", "m2"]), []).unwrap();
        let options = options(&[("m1", 8), ("m2", 0)], &[]);
        let got = outcome(schedule(
            &snapshot,
            &deployment(6, placement, more),
            &status,
            &options,
        ));
        assert_eq!(got, want, "{row}");
    };
    // Enough is enough: not even the order changes.
    check("dynamic, steady", dynamic(), false, ok(&[("m2", 4), ("m1", 2)]));
    check(
        "aggregated, steady",
        divided("Aggregated"),
        false,
        ok(&[("m2", 4), ("m1", 2)]),
    );
    check("dynamic, fresh", dynamic(), true, ok(&[("m1", 4), ("m2", 2)]));
    check("aggregated, fresh", divided("Aggregated"), true, ok(&[("m1", 6)]));
    for fresh in [false, true] {
        check("static", divided("Weighted"), fresh, ok(&[("m1", 3), ("m2", 3)]));
        check("duplicated", json!({}), fresh, ok(&[("m1", 6), ("m2", 6)]));
    }
}

/// Section 4.6: clusters with as much room keep the order of selection, also where upstream's sort is not stable.
#[test]
fn equal_room_keeps_the_order() {
    let names: Vec<String> = (0..40).map(|index| format!("m{index:02}")).collect();
    let fleet: Vec<Cluster> = names
        .iter()
        .map(|name| {
            cluster(
                name,
                json!({"status": {"resourceSummary": {"allocatable": {"pods": 2}}}}),
            )
        })
        .collect();
    let spec = deployment(10, divided("Aggregated"), json!({}));
    let want: Vec<(&str, i32)> = names[..5].iter().map(|name| (name.as_str(), 2)).collect();
    assert_eq!(decide(&fleet, &spec, &Options::default()), ok(&want));
}

/// Section 4.8: what was evicted goes elsewhere; what stays keeps its replicas.
#[test]
fn evicted_replicas_go_elsewhere() {
    let check = |targets: Value, evicted: Value, want: Outcome| {
        let more = json!({"clusters": targets, "gracefulEvictionTasks": evicted});
        let room = [("m1", 9), ("m2", 9), ("m3", 9)];
        let got = decide(
            &clusters(&["m1", "m2", "m3"]),
            &deployment(6, dynamic(), more),
            &options(&room, &[]),
        );
        assert_eq!(got, want);
    };
    let evicted = |names: &[&str]| {
        names
            .iter()
            .map(|name| json!({"fromCluster": name}))
            .collect::<Vec<_>>()
    };
    let kept = json!([{"name": "m2", "replicas": 3}]);
    check(kept, json!(evicted(&["m1"])), ok(&[("m2", 5), ("m3", 1)]));
    // With nothing left it is a first scheduling.
    check(json!([]), json!(evicted(&["m1"])), ok(&[("m2", 3), ("m3", 3)]));
    check(json!([]), json!(evicted(&["m1", "m2"])), ok(&[("m3", 6)]));
}

/// Section 7.1: replicas that were taken back are placed anew, on the same cluster where there is room; a target
/// without any goes.
#[test]
fn what_was_taken_back_is_placed_anew() {
    let check = |targets: Value, room: &[(&'static str, i32)], want: Outcome| {
        let spec = deployment(9, dynamic(), json!({"clusters": targets}));
        let mut binding = ResourceBinding::named("ns", "web-deployment");
        binding.spec = spec;
        let applied = serde_json::to_string(&binding.spec.placement).unwrap();
        let annotations = binding.metadata.annotations.get_or_insert_default();
        annotations.insert("policy.karmada.io/applied-placement".into(), applied);
        let placed = deschedule::placed(&binding);
        binding.spec.clusters =
            deschedule::deschedule_targets(&placed, |name| if name == "m1" { 3 } else { 0 }).unwrap();
        assert!(
            binding.spec.is_replicas_changed(
                binding
                    .spec
                    .placement
                    .as_ref()
                    .unwrap()
                    .replica_scheduling
                    .as_ref(),
                FeatureGates::default()
            )
        );
        assert_eq!(
            decide(&clusters(&["m1", "m2", "m3"]), &binding.spec, &options(room, &[])),
            want
        );
    };
    let both = json!([{"name": "m1", "replicas": 5}, {"name": "m2", "replicas": 4}]);
    check(
        both.clone(),
        &[("m1", 0), ("m2", 0), ("m3", 9)],
        ok(&[("m1", 2), ("m2", 4), ("m3", 3)]),
    );
    check(
        both,
        &[("m1", 9), ("m2", 0), ("m3", 0)],
        ok(&[("m1", 5), ("m2", 4)]),
    );
    let few = json!([{"name": "m1", "replicas": 3}, {"name": "m2", "replicas": 6}]);
    check(few, &[("m1", 0), ("m2", 9), ("m3", 0)], ok(&[("m2", 9)]));
}

/// Is not to be asked.
#[derive(Debug)]
struct Unasked;

impl ReplicaEstimator for Unasked {
    fn name(&self) -> &str {
        "unasked"
    }
    fn estimate(&self, _: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
        unreachable!("asked")
    }
}

/// Section 5.1: for what has neither replicas nor components no estimator is asked, and there is room everywhere.
#[test]
fn nothing_to_estimate() {
    let profile = Profile::karmada().with_only_estimators(vec![Arc::new(Unasked)]);
    let options = Options {
        profile: profile.into(),
        ..Options::default()
    };
    let spread = json!({"spreadConstraints": [by("cluster", 1, 1)]});
    for placement in [json!({}), divided("Aggregated"), dynamic()] {
        let spec = deployment(
            0,
            with(placement, spread.clone()),
            json!({"replicaRequirements": {}}),
        );
        assert_eq!(decide(&clusters(&["m1"]), &spec, &options), ok(&[]));
    }
}

/// Section 5.1: another estimator can only lower what clusters report.
#[test]
fn estimators_only_lower() {
    let check = |said: i32, want: i64| {
        let profile = Profile::karmada().with_estimator(Room(vec![("m1", said)]));
        let options = Options {
            profile: profile.into(),
            ..Options::default()
        };
        let fleet = [cluster(
            "m1",
            json!({"status": {"resourceSummary": {"allocatable": {"pods": 5}}}}),
        )];
        let got = decide(&fleet, &deployment(100, dynamic(), json!({})), &options);
        assert_eq!(got, short("scale up", want), "{said}");
    };
    check(3, 3);
    check(9, 5);
    check(-1, 5);
    check(0, 0);
    check(i32::MAX, 5);
}

/// Section 5.1: sets of components; where nobody knows their room, it is `spec.replicas`, which is 0.
#[test]
fn estimates_of_component_sets() {
    let check = |row: &str, said: i32, replicas: i32, want: bool| {
        let placement = with(dynamic(), json!({"spreadConstraints": [by("cluster", 1, 1)]}));
        let components = json!({"components": [{"name": "a", "replicas": 1}, {"name": "b", "replicas": 1}]});
        let options = options(&[("m1", said)], &[Feature::MultiplePodTemplatesScheduling]);
        let got = decide(
            &clusters(&["m1", "m2"]),
            &deployment(replicas, placement, components),
            &options,
        );
        assert_eq!(got.is_ok(), want, "{row}");
    };
    check("one set", 1, 0, true);
    check("none", 0, 0, false);
    check("unknown", -1, 0, false);
    check("unlimited", i32::MAX, 0, false);
    check("unknown, with replicas", -1, 1, true);
}

/// How much room the general estimator finds on one cluster.
fn room(fleet: &mut Fleet, more: Value, gates: &[Feature]) -> i64 {
    let spec = deployment(1_000_000, dynamic(), more);
    match decide_in(&fleet.snapshot(), &spec, "", &by_summary(gates)) {
        Ok(_) => i64::MAX,
        Err(text) => text
            .strip_prefix("failed to assign replicas: failed to scale up: Clusters available replicas ")
            .and_then(|text| text.split(' ').next()?.parse().ok())
            .unwrap(),
    }
}

fn fleet_of(more: Value) -> Fleet {
    let mut fleet = Fleet::new();
    fleet.apply(&cluster("m1", more)).unwrap();
    fleet
}

/// Section 5.2: what the summary path leaves out of account, and large numbers.
#[test]
fn summaries() {
    let check = |row: &str, summary: Value, requirements: Value, want: i64| {
        let mut fleet = fleet_of(json!({"status": {"resourceSummary": summary}}));
        let got = room(&mut fleet, json!({"replicaRequirements": requirements}), &[]);
        assert_eq!(got, want, "{row}");
    };
    let cpu = |amount: &str| json!({"resourceRequest": {"cpu": amount}});
    check(
        "taken and promised",
        json!({"allocatable": {"pods": 100, "cpu": "10"}, "allocated": {"cpu": "3"}, "allocating": {"cpu": "2"}}),
        cpu("1"),
        5,
    );
    check(
        "more taken than there is",
        json!({"allocatable": {"pods": 100, "cpu": "1"}, "allocated": {"cpu": "3"}}),
        cpu("1"),
        0,
    );
    check(
        "no pods left",
        json!({"allocatable": {"pods": 3, "cpu": "9"}, "allocated": {"pods": 2}, "allocating": {"pods": 1}}),
        cpu("1"),
        0,
    );
    check("no list", json!({}), cpu("1"), 0);
    check(
        "no requirements",
        json!({"allocatable": {"pods": 7}}),
        Value::Null,
        7,
    );
    check(
        "rounded up",
        json!({"allocatable": {"pods": 100, "memory": "10"}}),
        json!({"resourceRequest": {"memory": "1500m"}}),
        5,
    );
    let claim = json!({
        "nodeClaim": {"nodeSelector": {"disk": "fast"}}, "namespace": "ns", "resourceRequest": {"cpu": "1"},
    });
    check(
        "node claims",
        json!({"allocatable": {"pods": 100, "cpu": "4"}}),
        claim,
        4,
    );
    check(
        "beyond 32 bits",
        json!({"allocatable": {"pods": "1e30", "cpu": "1e30"}}),
        cpu("1n"),
        i64::MAX,
    );
}

fn models(counts: Value) -> Value {
    let range = |name: &str, min: &str| json!({"name": name, "min": min, "max": "9223372036854775807"});
    json!({
        "spec": {"resourceModels": [
            {"grade": 2, "ranges": [range("cpu", "4"), range("memory", "32Gi")]},
            {"grade": 0, "ranges": [range("cpu", "0"), range("memory", "0")]},
            {"grade": 1, "ranges": [range("cpu", "1"), range("memory", "4Gi")]},
        ]},
        "status": {"resourceSummary": {
            "allocatable": {"pods": 1000, "cpu": "77", "memory": "1Ti"}, "allocatableModelings": counts,
        }},
    })
}

/// Section 5.4: nodes by grade, and when the summary is gone by instead.
#[test]
fn modelled_nodes() {
    let check = |row: &str, change: Value, request: Value, want: i64| {
        let mut fleet = fleet_of(change);
        let got = room(
            &mut fleet,
            json!({"replicaRequirements": {"resourceRequest": request}}),
            &[],
        );
        assert_eq!(got, want, "{row}");
    };
    let one = || json!({"cpu": "1"});
    let some = || models(json!([{"grade": 1, "count": 2}, {"grade": 2, "count": 1}]));
    check("nodes", some(), one(), 6);
    check(
        "grades without models",
        models(json!([{"grade": 7, "count": 9}, {"grade": 1, "count": 2}])),
        one(),
        2,
    );
    check(
        "a grade twice",
        models(json!([{"grade": 1, "count": 2}, {"grade": 1, "count": 3}])),
        one(),
        5,
    );
    check("grade 0", models(json!([{"grade": 0, "count": 3}])), one(), 0);
    check(
        "grade 0, nothing asked for",
        models(json!([{"grade": 0, "count": 3}])),
        json!({"cpu": "0"}),
        330,
    );
    check(
        "a resource not modelled",
        some(),
        json!({"cpu": "1", "nvidia.com/gpu": "1"}),
        0,
    );
    check(
        "pods of the cluster",
        with(
            some(),
            json!({"status": {"resourceSummary": {"allocatable": {"pods": 3}}}}),
        ),
        one(),
        3,
    );
    check(
        "a negative count: the summary",
        models(json!([{"grade": 1, "count": -1}])),
        one(),
        77,
    );
    check(
        "no models: the summary",
        with(some(), json!({"spec": {"resourceModels": []}})),
        one(),
        77,
    );
    check("nothing counted: the summary", models(json!([])), one(), 77);
}

/// Section 5.3: sets of components on models, within what the summary allows.
#[test]
fn component_sets_on_models() {
    let check = |row: &str, counts: Value, want: bool| {
        let placement = with(dynamic(), json!({"spreadConstraints": [by("cluster", 1, 1)]}));
        let part = |name: &str, cpu: &str| json!({"name": name, "replicas": 1, "replicaRequirements": {"resourceRequest": {"cpu": cpu}}});
        let components = json!({"components": [part("a", "1"), part("b", "4")]});
        let snapshot = fleet_of(models(counts)).snapshot();
        let options = by_summary(&[Feature::MultiplePodTemplatesScheduling]);
        let got = decide_in(&snapshot, &deployment(0, placement, components), "", &options);
        assert_eq!(got.is_ok(), want, "{row}");
    };
    check(
        "both parts fit",
        json!([{"grade": 1, "count": 1}, {"grade": 2, "count": 1}]),
        true,
    );
    check(
        "the small part takes the large node",
        json!([{"grade": 2, "count": 1}]),
        false,
    );
    check("no large node", json!([{"grade": 1, "count": 50}]), false);
    check(
        "a negative count: the summary",
        json!([{"grade": 1, "count": -1}]),
        true,
    );
}

/// Sections 5.2 to 5.4: assumed workloads take pods and resources, of nodes the first that fit.
#[test]
fn assumed_workloads() {
    let part = |replicas: i32, cpu: &str| -> Component {
        wire::decode(&json!({
            "name": "part", "replicas": replicas, "replicaRequirements": {"resourceRequest": {"cpu": cpu}},
        }))
        .unwrap()
    };
    let check = |row: &str, change: Value, assumed: Vec<Component>, want: i64| {
        let mut fleet = fleet_of(change);
        let workload = AssumedWorkload {
            namespace: "ns".into(),
            components: assumed,
        };
        fleet.assume("ns/other", "m1", workload);
        let request = json!({"replicaRequirements": {"resourceRequest": {"cpu": "1"}}});
        let got = room(&mut fleet, request, &[Feature::SchedulingOvercommitProtection]);
        assert_eq!(got, want, "{row}");
    };
    let summary =
        |pods: i32| json!({"status": {"resourceSummary": {"allocatable": {"pods": pods, "cpu": "10"}}}});
    check("cpu", summary(100), vec![part(2, "1500m")], 7);
    check("pods", summary(9), vec![part(5, "1m")], 4);
    check("no replicas", summary(9), vec![part(0, "5")], 9);
    check("all of it", summary(9), vec![part(3, "5")], 0);
    let nodes = || models(json!([{"grade": 1, "count": 2}, {"grade": 2, "count": 1}]));
    check("of the first nodes", nodes(), vec![part(2, "500m")], 5);
    check("of a large node", nodes(), vec![part(1, "2")], 4);
    // What was placed of it stays placed.
    check("too large for the nodes", nodes(), vec![part(2, "4")], 2);
}

/// Section 5.3: assumed workloads take of what sets of components may use.
#[test]
fn component_sets_beside_assumed_workloads() {
    let check = |row: &str, gate: bool, assumed: Value, want: bool| {
        let mut fleet =
            fleet_of(json!({"status": {"resourceSummary": {"allocatable": {"pods": 10, "cpu": "10"}}}}));
        let workload = AssumedWorkload {
            namespace: "ns".into(),
            components: wire::decode(&json!([assumed])).unwrap(),
        };
        fleet.assume("ns/other", "m1", workload);
        let placement = with(dynamic(), json!({"spreadConstraints": [by("cluster", 1, 1)]}));
        let part = |name: &str, cpu: &str| json!({"name": name, "replicas": 1, "replicaRequirements": {"resourceRequest": {"cpu": cpu}}});
        let components = json!({"components": [part("a", "1"), part("b", "4")]});
        let mut options = by_summary(&[Feature::MultiplePodTemplatesScheduling]);
        options.features = options
            .features
            .with(Feature::SchedulingOvercommitProtection, gate);
        let got = decide_in(
            &fleet.snapshot(),
            &deployment(0, placement, components),
            "",
            &options,
        );
        assert_eq!(got.is_ok(), want, "{row}");
    };
    let of = |replicas: i32, cpu: &str| json!({"name": "c", "replicas": replicas, "replicaRequirements": {"resourceRequest": {"cpu": cpu}}});
    check("room for both", true, of(5, "1"), true);
    check("too much cpu is taken", true, of(6, "1"), false);
    check("gate off", false, of(6, "1"), true);
    check("too many pods are taken", true, of(9, "1m"), false);
    check("no replicas", true, of(0, "9"), true);
}

/// Issue 6783: two bindings decided on one snapshot do not see each other, unless the first is assumed.
#[test]
fn one_snapshot_serves_many() {
    let change = json!({"status": {"resourceSummary": {"allocatable": {"pods": 10}}}});
    let mut fleet = fleet_of(change);
    let spec = deployment(6, dynamic(), json!({}));
    let gate = [Feature::SchedulingOvercommitProtection];
    for _ in 0..2 {
        let got = decide_in(&fleet.snapshot(), &spec, "", &by_summary(&gate));
        assert_eq!(got, ok(&[("m1", 6)]));
    }
    let pods = Component {
        name: "web".into(),
        replicas: 6,
        ..Component::default()
    };
    let workload = AssumedWorkload {
        namespace: "ns".into(),
        components: vec![pods],
    };
    fleet.assume("ns/web-deployment", "m1", workload);
    let got = decide_in(&fleet.snapshot(), &spec, "", &by_summary(&gate));
    assert_eq!(got, short("scale up", 4));
}

/// Issue 4216: replicas that do not fit at once are accepted in steps, while nobody reports the first ones.
#[test]
fn steps_succeed_where_one_does_not() {
    let placement = || with(dynamic(), json!({"spreadConstraints": [by("cluster", 1, 1)]}));
    let fleet = clusters(&["m1"]);
    let options = options(&[("m1", 10)], &[]);
    let text = "failed to select clusters: no enough resource when selecting 1 clusters";
    assert_eq!(
        decide(&fleet, &deployment(12, placement(), json!({})), &options),
        Err(text.to_owned())
    );
    assert_eq!(
        decide(&fleet, &deployment(8, placement(), json!({})), &options),
        ok(&[("m1", 8)])
    );
    let placed = json!({"clusters": [{"name": "m1", "replicas": 8}]});
    assert_eq!(
        decide(&fleet, &deployment(12, placement(), placed), &options),
        ok(&[("m1", 12)])
    );
}

/// Section 8.4, 19: no default is written into the placement that was handed over.
#[test]
fn the_input_stays_as_it_was() {
    let spec = deployment(6, divided("Weighted"), json!({}));
    let before = spec.clone();
    assert_eq!(
        decide(&clusters(&["m1", "m2"]), &spec, &Options::default()),
        ok(&[("m1", 3), ("m2", 3)])
    );
    assert_eq!(spec, before);
}
