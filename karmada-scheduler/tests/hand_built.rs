//! Objects that admission would refuse, as only a host that builds them by hand has them: each is decided by the rules as
//! they are written down, or refused with a typed error.
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
use karmada_core::api::work::v1alpha2::{ResourceBindingSpec, ResourceBindingStatus};
use karmada_scheduler::{
    Estimate, EstimateError, EstimateRequest, Fleet, FleetError, Options, Profile, ReplicaEstimator,
    ScheduleError, Snapshot, schedule,
};
use serde_json::{Value, json};

/// The same room everywhere.
#[derive(Debug)]
struct Room(i32);

impl ReplicaEstimator for Room {
    fn name(&self) -> &str {
        "room"
    }
    fn estimate(&self, request: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
        Ok(vec![Estimate::Value(self.0); request.clusters.len()])
    }
}

/// Names and replicas in the order of the decision, or the text.
type Outcome = Result<Vec<(String, i32)>, String>;

fn ok(targets: &[(&str, i32)]) -> Outcome {
    Ok(targets
        .iter()
        .map(|(name, replicas)| ((*name).to_owned(), *replicas))
        .collect())
}

fn refused(text: &str) -> Outcome {
    Err(text.to_owned())
}

/// Four clusters with room for ten each, two per region.
fn fleet() -> Vec<Value> {
    ["m1", "m2", "m3", "m4"]
        .iter()
        .zip(["r1", "r1", "r2", "r2"])
        .map(|(name, region)| {
            json!({
                "metadata": {"name": name, "labels": {"name": name}},
                "spec": {"region": region},
                "status": {"apiEnablements": [
                    {"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]},
                ]},
            })
        })
        .collect()
}

fn decide(clusters: &[Value], spec: Value, observed: &str) -> Outcome {
    let clusters: Vec<Cluster> = clusters.iter().map(|it| wire::decode(it).unwrap()).collect();
    let snapshot = Snapshot::build(&clusters, []).unwrap();
    let mut spec: ResourceBindingSpec = wire::decode(&spec).unwrap();
    spec.resource.api_version = "apps/v1".into();
    spec.resource.kind = "Deployment".into();
    let status = ResourceBindingStatus {
        scheduler_observed_affinity_name: observed.into(),
        ..Default::default()
    };
    let options = Options {
        profile: Profile::karmada()
            .with_only_estimators(vec![Arc::new(Room(10))])
            .into(),
        ..Options::default()
    };
    schedule(&snapshot, &spec, &status, &options)
        .map(|decision| {
            decision
                .iter()
                .map(|(name, replicas)| (name.to_owned(), replicas))
                .collect()
        })
        .map_err(|error| error.to_string())
}

fn strategy(strategy: Value) -> Value {
    json!({"replicaScheduling": strategy})
}

fn dynamic() -> Value {
    strategy(json!({
        "replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted",
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    }))
}

/// Spread constraints: what 8 replicas become where every cluster gets all, and where room divides them.
#[test]
fn spread_constraints() {
    let check = |row: &str, constraints: Value, duplicated: Outcome, divided: Outcome| {
        for (mut placement, want) in [(json!({}), duplicated), (dynamic(), divided)] {
            placement["spreadConstraints"] = constraints.clone();
            let got = decide(&fleet(), json!({"replicas": 8, "placement": placement}), "");
            assert_eq!(got, want, "{row}: {placement}");
        }
    };
    let by =
        |field: &str, min: i64, max: i64| json!({"spreadByField": field, "minGroups": min, "maxGroups": max});
    let four_all = ok(&[("m1", 8), ("m2", 8), ("m3", 8), ("m4", 8)]);
    let four = ok(&[("m1", 2), ("m2", 2), ("m3", 2), ("m4", 2)]);
    let two = || (ok(&[("m1", 8), ("m2", 8)]), ok(&[("m1", 4), ("m2", 4)]));
    let one = || (ok(&[("m1", 8)]), ok(&[("m1", 8)]));
    let none = |text: &str| (refused(text), refused(text));
    let too_few =
        "failed to select clusters: the number of feasible clusters is less than spreadConstraint.MinGroups";
    let too_few_regions =
        "failed to select clusters: the number of feasible region is less than spreadConstraint.MinGroups";
    let no_combination = "failed to select clusters: the number of clusters is less than the cluster spreadConstraint.MinGroups";
    let unsupported = "failed to select clusters: just support cluster and region spread constraint";
    let rows: Vec<(&str, Value, (Outcome, Outcome))> = vec![
        ("minGroups 0", json!([by("cluster", 0, 2)]), two()),
        ("minGroups below 0", json!([by("cluster", -3, 2)]), two()),
        ("maxGroups below minGroups", json!([by("cluster", 3, 2)]), two()),
        (
            "more groups than clusters",
            json!([by("cluster", 5, 9)]),
            none(too_few),
        ),
        (
            "the widest limits",
            json!([by("cluster", i64::MIN, i64::MAX)]),
            (four_all, four),
        ),
        (
            "maxGroups below 0",
            json!([by("cluster", 1, -1)]),
            (
                refused("failed to assign replicas: no clusters available to schedule"),
                refused("failed to select clusters: no enough resource when selecting -1 clusters"),
            ),
        ),
        // The empty combination is complete at once, and it is none.
        (
            "region: minGroups 0",
            json!([by("region", 0, 1)]),
            none(no_combination),
        ),
        // A group score divides by 1 then.
        (
            "region: minGroups 0, with clusters",
            json!([by("region", 0, 1), by("cluster", 2, 2)]),
            two(),
        ),
        (
            "region: minGroups below 0",
            json!([by("region", -1, 1), by("cluster", 1, 1)]),
            one(),
        ),
        (
            "region: maxGroups below minGroups",
            json!([by("region", 2, 1), by("cluster", 1, 2)]),
            none(no_combination),
        ),
        (
            "region: maxGroups 0",
            json!([by("region", 1, 0), by("cluster", 1, 2)]),
            none(no_combination),
        ),
        (
            "region: more groups than regions",
            json!([by("region", i64::MAX, i64::MAX)]),
            none(too_few_regions),
        ),
        (
            "region: maxGroups of clusters below 0",
            json!([by("region", 1, 1), by("cluster", 1, i64::MIN)]),
            one(),
        ),
        (
            "field and label",
            json!([{"spreadByField": "cluster", "spreadByLabel": "x", "minGroups": 1, "maxGroups": 2}]),
            two(),
        ),
        (
            "label only",
            json!([{"spreadByLabel": "x", "minGroups": 1, "maxGroups": 2}]),
            none(unsupported),
        ),
        (
            "no field",
            json!([{"minGroups": 1, "maxGroups": 2}]),
            none(unsupported),
        ),
        ("unknown field", json!([by("planet", 1, 2)]), none(unsupported)),
        (
            "unknown field beside cluster",
            json!([by("planet", 1, 1), by("cluster", 1, 2)]),
            two(),
        ),
        (
            "a field twice: the last",
            json!([by("cluster", 1, 1), by("cluster", 1, 2)]),
            two(),
        ),
    ];
    for (row, constraints, (duplicated, divided)) in rows {
        check(row, constraints, duplicated, divided);
    }
}

/// Strategies: what 8 replicas become on four clusters with room for 10 each.
#[test]
fn strategies() {
    let check = |row: &str, replica_scheduling: Value, want: Outcome| {
        let placement = strategy(replica_scheduling);
        let got = decide(&fleet(), json!({"replicas": 8, "placement": placement}), "");
        assert_eq!(got, want, "{row}");
    };
    let unsupported = |kind: &str, preference: &str| {
        Err(format!(
            "failed to assign replicas: unsupported replica scheduling strategy, replicaSchedulingType: {kind}, \
             replicaDivisionPreference: {preference}, please try another scheduling strategy"
        ))
    };
    let four = || ok(&[("m1", 2), ("m2", 2), ("m3", 2), ("m4", 2)]);
    check("no type", json!({}), unsupported("", ""));
    check(
        "unknown type",
        json!({"replicaSchedulingType": "Tripled", "replicaDivisionPreference": "Aggregated"}),
        unsupported("Tripled", "Aggregated"),
    );
    check(
        "no preference",
        json!({"replicaSchedulingType": "Divided", "weightPreference": {"dynamicWeight": "AvailableReplicas"}}),
        unsupported("Divided", ""),
    );
    check(
        "unknown preference",
        json!({"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Somehow"}),
        unsupported("Divided", "Somehow"),
    );
    // Whatever stands there, something does.
    check(
        "unknown dynamic weight",
        json!({
            "replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted",
            "weightPreference": {"dynamicWeight": "Mood", "staticWeightList": [
                {"targetCluster": {"clusterNames": ["m1"]}, "weight": 1},
            ]},
        }),
        four(),
    );
    let weights = |weights: &[(&str, i64)]| {
        let rule = |(name, weight): &(&str, i64)| json!({"targetCluster": {"clusterNames": [name]}, "weight": weight});
        json!({
            "replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted",
            "weightPreference": {"staticWeightList": weights.iter().map(rule).collect::<Vec<_>>()},
        })
    };
    check(
        "a weight below 0 is none",
        weights(&[("m1", -5), ("m2", 1), ("m3", 3)]),
        ok(&[("m2", 2), ("m3", 6)]),
    );
    check(
        "only weights below 0: all alike",
        weights(&[("m1", -5), ("m2", i64::MIN)]),
        four(),
    );
    check(
        "the largest weights",
        weights(&[
            ("m1", i64::MAX),
            ("m2", i64::MAX),
            ("m3", i64::MAX),
            ("m4", i64::MAX),
        ]),
        four(),
    );
    check(
        "the largest weight beside a small one",
        weights(&[("m1", i64::MAX), ("m2", 1)]),
        ok(&[("m1", 8)]),
    );
}

/// Affinities: who is picked, and in which order.
#[test]
fn affinities() {
    let check = |row: &str, mut placement: Value, replicas: i32, observed: &str, want: Outcome| {
        if let Some(strategy) = dynamic().get("replicaScheduling")
            && placement.get("replicaScheduling").is_none()
        {
            placement["replicaScheduling"] = strategy.clone();
        }
        let got = decide(
            &fleet(),
            json!({"replicas": replicas, "placement": placement}),
            observed,
        );
        assert_eq!(got, want, "{row}");
    };
    let term = |name: &str, clusters: &[&str]| json!({"affinityName": name, "clusterNames": clusters});
    let overflow = |name: &str, clusters: &[&str], more: Value| {
        let mut term = term(name, clusters);
        term["overflowAffinities"] = more;
        term
    };
    check(
        "both kinds: the single one",
        json!({"clusterAffinity": {"clusterNames": ["m2"]}, "clusterAffinities": [term("g", &["m1"])]}),
        8,
        "g",
        ok(&[("m2", 8)]),
    );
    check(
        "a name twice: the first",
        json!({"clusterAffinities": [term("g", &["m1"]), term("g", &["m2"])]}),
        8,
        "g",
        ok(&[("m1", 8)]),
    );
    check(
        "a name that is not there restricts nothing",
        json!({"clusterAffinities": [term("g", &["m1"])]}),
        8,
        "gone",
        ok(&[("m1", 2), ("m2", 2), ("m3", 2), ("m4", 2)]),
    );
    check(
        "no terms restrict nothing",
        json!({"clusterAffinities": []}),
        8,
        "g",
        ok(&[("m1", 2), ("m2", 2), ("m3", 2), ("m4", 2)]),
    );
    check(
        "an overflow group without restrictions is everything else",
        json!({"clusterAffinities": [overflow("g", &["m2"], json!([{"affinityName": "all"}]))]}),
        13,
        "g",
        ok(&[("m2", 10), ("m1", 1), ("m3", 1), ("m4", 1)]),
    );
    check(
        "a cluster of several groups belongs to the first",
        json!({"clusterAffinities": [overflow("g", &["m2"], json!([term("g", &["m2", "m1"]), term("g", &["m1"])]))]}),
        13,
        "g",
        ok(&[("m2", 10), ("m1", 3)]),
    );
    // Each tier gets what it has room for, and every cluster in it all of that.
    check(
        "overflow where nothing is divided",
        json!({
            "replicaScheduling": {"replicaSchedulingType": "Duplicated"},
            "clusterAffinities": [overflow("g", &["m2"], json!([term("more", &["m1", "m3"])]))],
        }),
        15,
        "g",
        ok(&[("m2", 10), ("m1", 5), ("m3", 5)]),
    );
    check(
        "overflow by fixed weights",
        json!({
            "replicaScheduling": {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted"},
            "clusterAffinities": [overflow("g", &["m2"], json!([term("more", &["m1", "m3"])]))],
        }),
        15,
        "g",
        ok(&[("m2", 10), ("m1", 3), ("m3", 2)]),
    );
    let nobody = || {
        refused(
            "0/4 clusters are available: 4 cluster(s) did not match the placement cluster affinity constraint.",
        )
    };
    for (row, selector) in [
        (
            "unknown operator of labels",
            json!({"labelSelector": {"matchExpressions": [{"key": "name", "operator": "Near"}]}}),
        ),
        (
            "values where none belong",
            json!({"labelSelector": {"matchExpressions": [{"key": "name", "operator": "Exists", "values": ["x"]}]}}),
        ),
        (
            "a key that is none",
            json!({"labelSelector": {"matchExpressions": [{"key": "a key!", "operator": "DoesNotExist"}]}}),
        ),
        (
            "unknown operator of fields",
            json!({"fieldSelector": {"matchExpressions": [{"key": "region", "operator": "Near"}]}}),
        ),
        (
            "unknown operator of zones",
            json!({"fieldSelector": {"matchExpressions": [{"key": "zone", "operator": "Gt"}]}}),
        ),
    ] {
        check(row, json!({"clusterAffinity": selector}), 8, "", nobody());
    }
}

/// Numbers that no template has.
#[test]
fn replicas_below_zero() {
    let check = |row: &str, spec: Value, want: Outcome| {
        assert_eq!(decide(&fleet()[..2], spec, ""), want, "{row}");
    };
    check(
        "without requests: goes everywhere",
        json!({"replicas": -1, "placement": {}}),
        ok(&[("m1", 0), ("m2", 0)]),
    );
    for placement in [
        json!({}),
        dynamic(),
        strategy(json!({
            "replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted",
        })),
    ] {
        check(
            "with requests: goes nowhere",
            json!({"replicas": i32::MIN, "replicaRequirements": {}, "placement": placement}),
            ok(&[]),
        );
    }
    // What is there counts for less than nothing, and is made up for.
    check(
        "targets",
        json!({"replicas": 2, "clusters": [{"name": "m1", "replicas": -2}], "placement": dynamic()}),
        ok(&[("m2", 2)]),
    );
    check(
        "targets far below",
        json!({"replicas": 2, "clusters": [{"name": "m1", "replicas": i32::MIN}], "placement": dynamic()}),
        refused(
            "failed to assign replicas: failed to scale up: Clusters available replicas 20 are not enough to schedule.",
        ),
    );
}

/// What a fleet or a decision cannot do without.
#[test]
fn missing_parts() {
    assert_eq!(
        Fleet::new().apply(&Cluster::default()),
        Err(FleetError::ClusterWithoutName)
    );
    let snapshot = Snapshot::build([], []).unwrap();
    let (spec, status) = (ResourceBindingSpec::default(), ResourceBindingStatus::default());
    let outcome = schedule(&snapshot, &spec, &status, &Options::default());
    assert!(matches!(outcome, Err(ScheduleError::NoPlacement)));
}
