//! Upstream's defects and what happens where they are corrected: each by itself, all together, and nowhere else.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "rows of a table read better with values"
)]

mod random;
mod recorded;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::policy::v1alpha1::{
    Placement, ReplicaDivisionPreference, ReplicaSchedulingType, SpreadConstraint, SpreadFieldValue,
};
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{ResourceBinding, ResourceBindingSpec, ResourceBindingStatus};
use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::{
    AssumedWorkload, Corrections, Estimate, EstimateError, EstimateRequest, Fleet, Options, Profile,
    ReplicaEstimator, Snapshot, schedule,
};
use proptest::prelude::*;
use random::Rng;
use serde_json::{Value, json};

/// Names and replicas sorted by name, or the text.
type Outcome = Result<Vec<(String, i32)>, String>;

fn ok(targets: &[(&str, i32)]) -> Outcome {
    let targets = targets.iter();
    Ok(targets
        .map(|(name, replicas)| ((*name).to_owned(), *replicas))
        .collect())
}

fn error(text: &str) -> Outcome {
    Err(text.to_owned())
}

fn decide(
    snapshot: &Snapshot,
    spec: &ResourceBindingSpec,
    status: &ResourceBindingStatus,
    options: &Options,
) -> Outcome {
    let decision = schedule(snapshot, spec, status, options).map_err(|error| error.to_string())?;
    let mut targets: Vec<(String, i32)> = decision
        .iter()
        .map(|(name, replicas)| (name.to_owned(), replicas))
        .collect();
    targets.sort();
    Ok(targets)
}

fn cluster(name: &str, spec: Value, allocatable: Value) -> Value {
    json!({
        "metadata": {"name": name},
        "spec": spec,
        "status": {
            "apiEnablements": [
                {"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]},
            ],
            "resourceSummary": {"allocatable": allocatable},
        },
    })
}

fn deployment(replicas: i32, placement: Value) -> Value {
    json!({
        "resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "ns", "name": "web"},
        "replicas": replicas,
        "replicaRequirements": {},
        "placement": placement,
    })
}

/// A workload of two components that take this much each, for one cluster.
fn components(request: Value, scheduling_type: &str) -> Value {
    let component =
        |name| json!({"name": name, "replicas": 1, "replicaRequirements": {"resourceRequest": request}});
    json!({
        "resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "ns", "name": "web"},
        "components": [component("driver"), component("worker")],
        "placement": {
            "spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}],
            "replicaScheduling": {
                "replicaSchedulingType": scheduling_type,
                "replicaDivisionPreference": "Aggregated",
            },
        },
    })
}

/// One situation in which a defect shows.
struct Row {
    name: &'static str,
    correction: &'static str,
    fleet: Fleet,
    spec: Value,
    status: Value,
    profile: Profile,
}

impl Row {
    fn new(name: &'static str, correction: &'static str, clusters: &[Value], spec: Value) -> Self {
        let mut fleet = Fleet::new();
        for cluster in clusters {
            fleet.apply(&wire::decode(cluster).unwrap()).unwrap();
        }
        Self {
            name,
            correction,
            fleet,
            spec,
            status: json!({}),
            profile: Profile::karmada(),
        }
    }

    /// Upstream decides one way, with the one correction alone and with all of them it is the other, and with all but
    /// this one it is as upstream.
    fn check(mut self, upstream: Outcome, corrected: Outcome) {
        let features = FeatureGates::default()
            .with(Feature::MultiplePodTemplatesScheduling, true)
            .with(Feature::SchedulingOvercommitProtection, true);
        let spec: ResourceBindingSpec = wire::decode(&self.spec).unwrap();
        let status: ResourceBindingStatus = wire::decode(&self.status).unwrap();
        let snapshot = self.fleet.snapshot();
        let decide = |corrections: Corrections| {
            let profile = self.profile.clone().with_corrections(corrections).into();
            let options = Options {
                features,
                profile,
                ..Options::default()
            };
            decide(&snapshot, &spec, &status, &options)
        };
        let name = self.name;
        let alone = Corrections::none().with(self.correction).unwrap();
        let others = Corrections::all()
            .iter()
            .filter(|(other, _)| *other != self.correction);
        let others = others.fold(Corrections::none(), |all, (other, _)| all.with(other).unwrap());
        assert_eq!(decide(Corrections::none()), upstream, "{name}, as upstream");
        assert_eq!(decide(alone), corrected, "{name}, corrected");
        assert_eq!(
            decide(Corrections::all()),
            corrected,
            "{name}, everything corrected"
        );
        assert_eq!(decide(others), upstream, "{name}, everything else corrected");
    }
}

fn pods(pods: i64) -> Value {
    json!({"pods": pods})
}

fn in_region(name: &str, region: &str) -> Value {
    cluster(name, json!({"region": region}), pods(10))
}

fn divided(preference: &str, spread: Value) -> Value {
    json!({
        "spreadConstraints": spread,
        "replicaScheduling": {"replicaSchedulingType": "Divided", "replicaDivisionPreference": preference},
    })
}

#[test]
fn max_groups_that_were_never_set() {
    let by_cluster = json!([{"spreadByField": "cluster", "minGroups": 1}]);
    let two = || {
        [
            cluster("m1", json!({}), pods(10)),
            cluster("m2", json!({}), pods(20)),
        ]
    };
    Row::new(
        "duplicated",
        "unset_max_groups",
        &two(),
        deployment(3, json!({"spreadConstraints": by_cluster})),
    )
    .check(
        error("failed to assign replicas: no clusters available to schedule"),
        ok(&[("m1", 3), ("m2", 3)]),
    );
    Row::new(
        "divided",
        "unset_max_groups",
        &two(),
        deployment(3, divided("Aggregated", by_cluster)),
    )
    .check(
        error("failed to select clusters: no enough resource when selecting 0 clusters"),
        ok(&[("m2", 3)]),
    );
    let regions = || {
        [
            in_region("m1", "r1"),
            in_region("m2", "r2"),
            in_region("m3", "r2"),
        ]
    };
    let by_region = json!([{"spreadByField": "region", "minGroups": 2},
                           {"spreadByField": "cluster", "minGroups": 1, "maxGroups": 9}]);
    Row::new(
        "regions",
        "unset_max_groups",
        &regions(),
        deployment(1, json!({"spreadConstraints": by_region})),
    )
    .check(
        error(
            "failed to select clusters: the number of clusters is less than the cluster spreadConstraint.MinGroups",
        ),
        ok(&[("m1", 1), ("m2", 1), ("m3", 1)]),
    );
    let no_cluster = json!([{"spreadByField": "region", "minGroups": 2, "maxGroups": 2}]);
    Row::new(
        "regions without a constraint on clusters",
        "unset_max_groups",
        &regions(),
        deployment(1, json!({"spreadConstraints": no_cluster})),
    )
    .check(
        ok(&[("m1", 1), ("m2", 1)]),
        ok(&[("m1", 1), ("m2", 1), ("m3", 1)]),
    );
}

#[test]
fn units_of_component_sets() {
    // 1G in thousandths is 10^12, more than the 64Gi of the cluster in bytes.
    let clusters = |memory: &str| [cluster("m1", json!({}), json!({"pods": 10, "memory": memory}))];
    let no_room = error("failed to select clusters: no enough resource when selecting 1 clusters");
    Row::new(
        "a decimal request against a binary amount",
        "component_units",
        &clusters("64Gi"),
        components(json!({"memory": "1G"}), "Divided"),
    )
    .check(no_room.clone(), ok(&[("m1", 0)]));
    // 1Gi in bytes is less than 2M in thousandths.
    Row::new(
        "a binary request against a decimal amount",
        "component_units",
        &clusters("20M"),
        components(json!({"memory": "1Gi"}), "Divided"),
    )
    .check(ok(&[("m1", 0)]), no_room);
}

/// Fails for the first cluster and has room for 2 on every other.
#[derive(Debug)]
struct FailsForFirst;

impl ReplicaEstimator for FailsForFirst {
    fn name(&self) -> &str {
        "fails-for-first"
    }
    fn estimate(&self, request: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
        let mut estimates = vec![Estimate::Value(2); request.clusters.len()];
        estimates[0] = Estimate::Unknown;
        Err(EstimateError::new("no answer from one cluster").with_partial(estimates))
    }
}

#[test]
fn an_estimator_that_fails_for_some_clusters() {
    let mut row = Row::new(
        "divided",
        "partial_estimates",
        &[
            cluster("m1", json!({}), pods(10)),
            cluster("m2", json!({}), pods(20)),
        ],
        deployment(12, divided("Aggregated", json!([]))),
    );
    row.profile = row.profile.with_estimator(FailsForFirst);
    row.check(ok(&[("m2", 12)]), ok(&[("m1", 10), ("m2", 2)]));
}

#[test]
fn components_that_nobody_bounds() {
    let mut row = Row::new(
        "sets",
        "unbounded_components",
        &[cluster("m1", json!({}), pods(0))],
        components(json!({"cpu": 1}), "Divided"),
    );
    row.profile = row.profile.with_only_estimators(vec![]);
    row.check(
        error("failed to select clusters: no enough resource when selecting 1 clusters"),
        ok(&[("m1", 0)]),
    );

    /// Has room for one replica on the first cluster and does not know the others.
    #[derive(Debug)]
    struct KnowsFirst;
    impl ReplicaEstimator for KnowsFirst {
        fn name(&self) -> &str {
            "knows-first"
        }
        fn estimate(&self, _: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
            Ok(vec![Estimate::Value(1)])
        }
    }
    // Not in sets: which cluster is preferred follows from its room for pods.
    let mut spec = components(json!({"cpu": 1}), "Duplicated");
    spec["placement"]["spreadConstraints"] =
        json!([{"spreadByField": "cluster", "minGroups": 0, "maxGroups": 1}]);
    let mut row = Row::new(
        "replicas",
        "unbounded_components",
        &[in_region("m1", "r1"), in_region("m2", "r1")],
        spec,
    );
    row.profile = row
        .profile
        .with_only_estimators(vec![std::sync::Arc::new(KnowsFirst)]);
    row.check(ok(&[("m1", 0)]), ok(&[("m2", 0)]));
}

#[test]
fn room_for_component_sets() {
    let request = json!({"cpu": 2});
    let clusters = |first: i64, second: i64| {
        let with = |name, cpu| cluster(name, json!({"region": "r1"}), json!({"pods": 99, "cpu": cpu}));
        [with("m1", first), with("m2", second)]
    };
    let full = error("failed to select clusters: no enough resource when selecting 1 clusters");
    let mut by_region = components(request.clone(), "Divided");
    let regions = json!({"spreadByField": "region", "minGroups": 1, "maxGroups": 1});
    by_region["placement"]["spreadConstraints"]
        .as_array_mut()
        .unwrap()
        .push(regions);
    Row::new(
        "duplicated, room nowhere",
        "component_room",
        &clusters(3, 1),
        components(request.clone(), "Duplicated"),
    )
    .check(ok(&[("m1", 0)]), full.clone());
    Row::new(
        "by region, room nowhere",
        "component_room",
        &clusters(3, 1),
        by_region.clone(),
    )
    .check(ok(&[("m1", 0)]), full);

    // The tier of a cluster counts more than its room.
    let mut tiered = components(request.clone(), "Duplicated");
    tiered["placement"]["clusterAffinities"] = json!([{
        "affinityName": "own", "clusterNames": ["m1"],
        "overflowAffinities": [{"affinityName": "more", "clusterNames": ["m2"]}],
    }]);
    let mut row = Row::new(
        "duplicated, room elsewhere",
        "component_room",
        &clusters(3, 4),
        tiered,
    );
    row.status = json!({"schedulerObservingAffinityName": "own"});
    row.check(ok(&[("m1", 0)]), ok(&[("m2", 0)]));

    // What fills the cluster is the set itself.
    let mut placed = components(request, "Divided");
    placed["clusters"] = json!([{"name": "m1"}]);
    Row::new("placed already", "component_room", &clusters(0, 8), placed)
        .check(ok(&[("m2", 0)]), ok(&[("m1", 0)]));
}

#[test]
fn no_more_clusters_than_allowed_by_region() {
    let regions = || {
        [
            in_region("m1", "r1"),
            in_region("m2", "r2"),
            in_region("m3", "r3"),
        ]
    };
    let spread = |regions: (i64, i64), clusters: (i64, i64)| {
        deployment(
            1,
            json!({"spreadConstraints": [
                {"spreadByField": "region", "minGroups": regions.0, "maxGroups": regions.1},
                {"spreadByField": "cluster", "minGroups": clusters.0, "maxGroups": clusters.1},
            ]}),
        )
    };
    let all = || ok(&[("m1", 1), ("m2", 1), ("m3", 1)]);
    Row::new(
        "more regions asked for",
        "region_cluster_limit",
        &regions(),
        spread((3, 3), (1, 2)),
    )
    .check(
        all(),
        error("failed to select clusters: 3 regions are asked for and only 2 clusters allowed"),
    );
    Row::new(
        "more clusters asked for",
        "region_cluster_limit",
        &regions(),
        spread((1, 3), (3, 2)),
    )
    .check(
        all(),
        error(
            "failed to select clusters: the number of clusters is less than the cluster spreadConstraint.MinGroups",
        ),
    );
}

#[test]
fn weights_without_content() {
    let mut placement = divided(
        "Weighted",
        json!([{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]),
    );
    placement["replicaScheduling"]["weightPreference"] = json!({});
    Row::new(
        "equal weights",
        "empty_weight_preference",
        &[
            cluster("m1", json!({}), pods(10)),
            cluster("m2", json!({}), pods(20)),
        ],
        deployment(4, placement),
    )
    .check(ok(&[("m2", 4)]), ok(&[("m1", 2), ("m2", 2)]));
}

#[test]
fn assumptions_of_the_binding_itself() {
    let pods_of = |replicas: i32| AssumedWorkload {
        namespace: "ns".to_owned(),
        components: vec![wire::decode(&json!({"name": "web", "replicas": replicas})).unwrap()],
    };
    let clusters = [
        cluster("m1", json!({}), pods(10)),
        cluster("m2", json!({}), pods(8)),
    ];
    let row = |spec: Value| {
        let mut row = Row::new("replicas", "assumed_self", &clusters, spec);
        row.fleet.assume("ns/web-deployment", "m1", pods_of(4));
        row.fleet.assume("ns/other-deployment", "m1", pods_of(1));
        row
    };
    row(deployment(6, divided("Aggregated", json!([])))).check(ok(&[("m2", 6)]), ok(&[("m1", 6)]));
    let no_requests = components(json!({}), "Divided");
    row(no_requests).check(ok(&[("m2", 0)]), ok(&[("m1", 0)]));
}

/// The constraint on a field that counts.
fn last<'a>(placement: &'a Placement, field: &SpreadFieldValue) -> Option<&'a SpreadConstraint> {
    let constraints = placement.spread_constraints.iter();
    constraints
        .rev()
        .find(|constraint| constraint.spread_by_field.as_ref() == Some(field))
}

fn places_component_sets(spec: &ResourceBindingSpec, features: FeatureGates) -> bool {
    let placement = spec.placement.as_ref().unwrap();
    features.enabled(Feature::MultiplePodTemplatesScheduling)
        && !spec.components.is_empty()
        && placement.spread_constraints.iter().any(|constraint| {
            constraint.spread_by_field == Some(SpreadFieldValue::Cluster)
                && (constraint.min_groups, constraint.max_groups) == (1, 1)
        })
}

/// Whether a decision touches a defect. Only that it may: what is not touched must not change.
fn touches(correction: &str, spec: &ResourceBindingSpec, features: FeatureGates) -> bool {
    let placement = spec.placement.as_ref().unwrap();
    let region = last(placement, &SpreadFieldValue::Region);
    let cluster = last(placement, &SpreadFieldValue::Cluster);
    match correction {
        "unset_max_groups" => {
            let unset =
                |constraint: Option<&SpreadConstraint>| constraint.is_none_or(|it| it.max_groups == 0);
            region.is_some_and(|it| it.max_groups == 0) || (region.or(cluster).is_some() && unset(cluster))
        }
        "component_units" | "component_room" => places_component_sets(spec, features),
        "region_cluster_limit" => {
            let (Some(region), Some(cluster)) = (region, cluster) else {
                return false;
            };
            cluster.max_groups > 0 && (region.max_groups == 0 || region.max_groups > cluster.max_groups)
        }
        "empty_weight_preference" => placement.replica_scheduling.as_ref().is_some_and(|strategy| {
            strategy.replica_scheduling_type == Some(ReplicaSchedulingType::Divided)
                && strategy.replica_division_preference == Some(ReplicaDivisionPreference::Weighted)
                && strategy
                    .weight_preference
                    .as_ref()
                    .is_some_and(|it| it.static_weight_list.is_empty() && it.dynamic_weight.is_none())
        }),
        // The general estimator answers for every cluster and never fails, nothing is assumed, and the rest is not
        // about one decision.
        _ => false,
    }
}

fn options(corrections: Corrections, features: FeatureGates, attach_empty: bool) -> Options {
    Options {
        features,
        enable_empty_workload_propagation: attach_empty,
        profile: Profile::karmada().with_corrections(corrections).into(),
    }
}

struct Case {
    clusters: Vec<Cluster>,
    spec: ResourceBindingSpec,
    status: ResourceBindingStatus,
    features: FeatureGates,
}

fn case(seed: u64, count: u64) -> Case {
    let rng = &mut Rng(seed);
    Case {
        clusters: random::clusters(rng, count),
        spec: random::spec(rng, count),
        status: random::status(rng),
        features: FeatureGates::default().with(Feature::MultiplePodTemplatesScheduling, rng.chance(80)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_touches_no_defect_is_decided_as_upstream(seed: u64, count in 0u64..20) {
        let Case { clusters, spec, status, features } = case(seed, count);
        let snapshot = Snapshot::build(&clusters, []).unwrap();
        let decide = |corrections| decide(&snapshot, &spec, &status, &options(corrections, features, false));
        let upstream = decide(Corrections::none());
        let mut touched = false;
        for (name, _) in Corrections::all().iter() {
            if touches(name, &spec, features) {
                touched = true;
            } else {
                prop_assert_eq!(&decide(Corrections::none().with(name).unwrap()), &upstream, "{}", name);
            }
        }
        if !touched {
            prop_assert_eq!(decide(Corrections::all()), upstream);
        }
    }

    #[test]
    fn corrected_decisions_keep_what_holds_for_all(seed: u64, count in 0u64..20) {
        let Case { mut clusters, spec, status, features } = case(seed, count);
        let options = options(Corrections::all(), features, false);
        let snapshot = Snapshot::build(&clusters, []).unwrap();
        let decision = decide(&snapshot, &spec, &status, &options);
        Rng(!seed).shuffle(&mut clusters);
        prop_assert_eq!(&decide(&Snapshot::build(&clusters, []).unwrap(), &spec, &status, &options), &decision);

        let Ok(targets) = decision else { return Ok(()) };
        let placement = spec.placement.as_ref().unwrap();
        let strategy = placement.replica_scheduling.clone().unwrap_or_default();
        let divided = strategy.replica_scheduling_type == Some(ReplicaSchedulingType::Divided);
        if spec.components.is_empty() && spec.replicas > 0 {
            let sum: i64 = targets.iter().map(|(_, replicas)| i64::from(*replicas)).sum();
            let tiered = placement.cluster_affinities.iter().any(|term| !term.overflow_affinities.is_empty());
            if divided {
                prop_assert_eq!(sum, i64::from(spec.replicas));
            } else if !tiered {
                prop_assert!(targets.iter().all(|(_, replicas)| *replicas == spec.replicas));
            }
        }
        let weights = strategy.weight_preference.as_ref();
        let fixed = divided
            && strategy.replica_division_preference == Some(ReplicaDivisionPreference::Weighted)
            && weights.is_none_or(|weights| weights.dynamic_weight.is_none());
        if let Some(cluster) = last(placement, &SpreadFieldValue::Cluster)
            && cluster.max_groups > 0
            && !fixed
        {
            prop_assert!(targets.len() as i64 <= cluster.max_groups, "{targets:?}");
        }
    }
}

/// Decides recorded cases as upstream did and with everything corrected; every difference is due to defects the case
/// touches. Prints how many there are by the corrections that make it.
fn check_recorded(file: &str) {
    let Some(cases) = recorded::cases(file) else {
        return;
    };
    let (mut same, mut different) = (0, BTreeMap::<Vec<&str>, usize>::new());
    for case in cases {
        let clusters: Vec<Cluster> = recorded::list(&case["clusters"]);
        let bindings: Vec<ResourceBinding> = recorded::list(&case["bindings"]);
        let spec: ResourceBindingSpec = wire::decode(&case["spec"]).unwrap();
        let status: ResourceBindingStatus = wire::decode(&case["status"]).unwrap();
        let features = recorded::features(&case);
        let attach_empty = case["enableEmptyWorkloadPropagation"] == json!(true);
        let snapshot = Snapshot::build(&clusters, &bindings).unwrap();
        let decide = |corrections| {
            decide(
                &snapshot,
                &spec,
                &status,
                &options(corrections, features, attach_empty),
            )
        };
        let upstream = decide(Corrections::none());
        let corrected = decide(Corrections::all());
        let due: Vec<&str> = Corrections::all()
            .iter()
            .map(|(name, _)| name)
            .filter(|name| decide(Corrections::none().with(name).unwrap()) != upstream)
            .collect();
        let name = &case["name"];
        for correction in &due {
            assert!(
                touches(correction, &spec, features),
                "{name} does not touch {correction}"
            );
        }
        if corrected == upstream {
            same += 1;
        } else {
            assert!(!due.is_empty(), "{name}: {upstream:?} became {corrected:?}");
            *different.entry(due).or_default() += 1;
        }
    }
    println!("{file}: {same} as upstream, otherwise {different:?}");
    assert!(same > 0);
}

#[test]
fn recorded_decisions_differ_by_known_defects_only() {
    check_recorded("small.jsonl.gz");
    check_recorded("region.jsonl.gz");
}

/// Rust sources below a folder, as one text.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| match path.extension() {
            None if path.is_dir() => sources(&path),
            Some(extension) if extension == "rs" => fs::read_to_string(path).unwrap(),
            _ => String::new(),
        })
        .collect()
}

#[test]
fn every_correction_is_documented_with_tests_that_exist() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(folder.join("../docs/compatibility.md")).unwrap();
    let section = document
        .split("\n## ")
        .find(|section| section.starts_with("Profile corrected"))
        .unwrap();
    let sources = sources(&folder.join("src")) + &sources(&folder.join("tests"));
    let mut documented = Vec::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        documented.push(cells[1].split('`').nth(1).unwrap());
        let tests = cells[cells.len() - 2].split('`').skip(1).step_by(2);
        let tests: Vec<&str> = tests.filter(|name| !name.contains([':', '/'])).collect();
        assert!(!tests.is_empty(), "{row}");
        for test in tests {
            assert!(sources.contains(&format!("fn {test}()")), "{test}");
        }
    }
    documented.sort_unstable();
    let mut all: Vec<&str> = Corrections::all().iter().map(|(name, _)| name).collect();
    all.sort_unstable();
    assert_eq!(documented, all);
}
