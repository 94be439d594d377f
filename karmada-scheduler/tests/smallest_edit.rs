//! The smallest edit is the first in the order of the vocabulary after which scheduling chooses the cluster: against a
//! search that tries every combination on objects.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod random;

use std::collections::BTreeMap;

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{
    ResourceBinding, ResourceBindingSpec, ResourceBindingStatus, TargetCluster,
};
use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::explain::edit::candidate_edits;
use karmada_scheduler::explain::{Edit, EditAnswer, EditError, EditKind, SmallestEdit, smallest_edit};
use karmada_scheduler::{Options, Profile, Snapshot, schedule};
use random::Rng;
use serde_json::{Value, json};

struct Case {
    clusters: Vec<Cluster>,
    /// The one in question.
    own: usize,
    bindings: Vec<ResourceBinding>,
    spec: ResourceBindingSpec,
    status: ResourceBindingStatus,
    options: Options,
}

impl Case {
    fn own(&self) -> &Cluster {
        &self.clusters[self.own]
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::build(&self.clusters, &self.bindings).unwrap()
    }

    fn answer(&self) -> EditAnswer {
        smallest_edit(
            &self.snapshot(),
            self.own(),
            &self.spec,
            &self.status,
            &self.options,
        )
        .unwrap()
    }

    /// The targets, if the cluster is one of them.
    fn chosen(&self, snapshot: &Snapshot, spec: &ResourceBindingSpec) -> Option<Vec<TargetCluster>> {
        let decision = schedule(snapshot, spec, &self.status, &self.options).ok()?;
        let targets = decision.to_target_clusters();
        targets
            .iter()
            .any(|target| target.name == self.own().name())
            .then_some(targets)
    }

    /// Objects after edits.
    fn edited(&self, edits: &[&Edit]) -> (Vec<Cluster>, ResourceBindingSpec) {
        let (mut clusters, mut spec) = (self.clusters.clone(), self.spec.clone());
        for edit in edits {
            edit.apply(&mut clusters[self.own], &mut spec);
        }
        (clusters, spec)
    }
}

/// Tries every combination in order; the positions in the list, or nothing.
fn exhaustive(case: &Case, edits: &[Edit]) -> Option<Vec<usize>> {
    let mut snapshots: BTreeMap<Vec<usize>, Snapshot> = BTreeMap::new();
    let mut chosen = |combination: &[usize]| {
        let picked: Vec<&Edit> = combination.iter().map(|position| &edits[*position]).collect();
        for (index, edit) in picked.iter().enumerate() {
            if picked[..index].iter().any(|other| edit.conflicts_with(other)) {
                return false;
            }
        }
        let changes: Vec<usize> = combination
            .iter()
            .copied()
            .filter(|position| edits[*position].changes_cluster())
            .collect();
        let (clusters, spec) = case.edited(&picked);
        let snapshot = snapshots
            .entry(changes)
            .or_insert_with(|| Snapshot::build(&clusters, &case.bindings).unwrap());
        case.chosen(snapshot, &spec).is_some()
    };
    let all = 0..edits.len();
    let pairs = || {
        all.clone()
            .flat_map(|first| (first + 1..edits.len()).map(move |second| vec![first, second]))
    };
    let triples =
        pairs().flat_map(|pair| (pair[1] + 1..edits.len()).map(move |third| vec![pair[0], pair[1], third]));
    let singles = all.clone().map(|position| vec![position]);
    singles
        .chain(pairs())
        .chain(triples)
        .find(|combination| chosen(combination))
}

/// RFC 7386.
fn merged(mut target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch.clone();
    };
    if !target.is_object() {
        target = json!({});
    }
    let members = target.as_object_mut().unwrap();
    for (key, value) in patch {
        let before = members.remove(key).unwrap_or(Value::Null);
        if !value.is_null() {
            members.insert(key.clone(), merged(before, value));
        }
    }
    target
}

fn the_answer_holds(case: &Case, answer: &SmallestEdit) {
    let (clusters, spec) = case.edited(&answer.edits.iter().collect::<Vec<_>>());
    let snapshot = Snapshot::build(&clusters, &case.bindings).unwrap();
    assert_eq!(case.chosen(&snapshot, &spec).as_ref(), Some(&answer.targets));
    let json = |value: &Cluster| serde_json::to_value(value).unwrap();
    let patch = answer.patch.cluster.clone().unwrap_or_else(|| json!({}));
    assert_eq!(merged(json(case.own()), &patch), json(&clusters[case.own]));
    let json = |spec: &ResourceBindingSpec| json!({"spec": serde_json::to_value(spec).unwrap()});
    let patch = answer.patch.binding.clone().unwrap_or_else(|| json!({}));
    assert_eq!(merged(json(&case.spec), &patch), json(&spec));
}

/// Holds the answer against every combination; which kinds it is made of, none for none, or nothing if it is not asked
/// for.
fn check(case: &Case, seed: u64) -> Option<Vec<EditKind>> {
    let answer = case.answer();
    let snapshot = case.snapshot();
    let text = serde_json::to_string(&answer).unwrap();
    assert_eq!(serde_json::from_str::<EditAnswer>(&text).unwrap(), answer);
    if case.chosen(&snapshot, &case.spec).is_some() {
        assert_eq!(answer, EditAnswer::AlreadyChosen, "seed {seed}");
        return None;
    }
    let edits = candidate_edits(&snapshot, case.own(), &case.spec, &case.status, &case.options).unwrap();
    assert!(edits.is_sorted_by_key(Edit::kind), "{edits:#?}");
    for (index, edit) in edits.iter().enumerate() {
        assert!(!edits[..index].contains(edit), "{edit}");
    }
    let first = exhaustive(case, &edits);
    match answer {
        EditAnswer::AlreadyChosen => panic!("seed {seed}: it is not chosen"),
        EditAnswer::None { considered } => {
            assert_eq!(
                (first, considered),
                (None, edits.len()),
                "seed {seed}: {edits:#?}"
            );
            Some(Vec::new())
        }
        EditAnswer::Edit(answer) => {
            let first: Vec<Edit> = first
                .unwrap_or_default()
                .into_iter()
                .map(|position| edits[position].clone())
                .collect();
            assert_eq!(answer.edits, first, "seed {seed}");
            the_answer_holds(case, &answer);
            Some(first.iter().map(Edit::kind).collect())
        }
    }
}

/// A fleet on which everything goes, and a cluster that is kept out in a few ways.
fn kept_out(seed: u64) -> Case {
    let rng = &mut Rng(seed);
    let count = 2 + rng.below(5);
    let names: Vec<String> = (0..count).map(random::name).collect();
    let mut clusters: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            json!({
                "metadata": {"name": name, "labels": {"env": "prod"}},
                "spec": {"provider": "aws", "region": format!("r{}", index % 3), "zones": ["z1"]},
                "status": {
                    "apiEnablements": [
                        {"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]}
                    ],
                    "resourceSummary": {"allocatable": {"cpu": 4 + rng.below(12), "memory": "64Gi", "pods": 110}},
                },
            })
        })
        .collect();
    let own = rng.below(count) as usize;
    let name = &names[own];
    let others: Vec<&String> = names.iter().filter(|other| *other != name).collect();
    let mut placement = json!({});
    let divided = |preference: &str| json!({"replicaSchedulingType": "Divided", "replicaDivisionPreference": preference});
    match rng.below(4) {
        0 => {}
        1 => placement["replicaScheduling"] = divided("Aggregated"),
        2 => {
            placement["replicaScheduling"] = divided("Weighted");
            placement["replicaScheduling"]["weightPreference"] =
                json!({"dynamicWeight": "AvailableReplicas"});
        }
        _ => {
            placement["replicaScheduling"] = divided("Weighted");
            if rng.chance(80) {
                let rules = json!([{"targetCluster": {"clusterNames": others}, "weight": 1 + rng.below(4)}]);
                placement["replicaScheduling"]["weightPreference"] = json!({"staticWeightList": rules});
            }
        }
    }
    if rng.chance(35) {
        let most = 1 + rng.below(2);
        let mut constraints = vec![json!({"spreadByField": "cluster", "minGroups": 1, "maxGroups": most})];
        if rng.chance(40) {
            let min = 1 + rng.below(4);
            constraints.push(json!({"spreadByField": "region", "minGroups": min, "maxGroups": min}));
        }
        placement["spreadConstraints"] = json!(constraints);
    }
    if rng.chance(30) {
        placement["clusterAffinity"] = json!({"labelSelector": {"matchLabels": {"env": "prod"}}});
    }
    let mut tasks = json!([]);
    let cluster = &mut clusters[own];
    for _ in 0..rng.below(4) {
        match rng.below(10) {
            0 => {
                let taint = |index: u64, rng: &mut Rng| json!({"key": format!("t{index}"), "effect": "NoSchedule", "value": rng.pick(&["", "x"])});
                let taints: Vec<Value> = (0..1 + rng.below(2)).map(|index| taint(index, rng)).collect();
                cluster["spec"]["taints"] = json!(taints);
            }
            1 => {
                cluster["metadata"]["labels"] = json!({"env": rng.pick(&["dev", "test"])});
                let requirement = json!({"key": "env", "operator": "In", "values": ["prod", "stage"]});
                placement["clusterAffinity"]["labelSelector"] = json!({"matchExpressions": [requirement]});
            }
            2 => {
                cluster["metadata"]["labels"]["spare"] = json!("true");
                let requirement = json!({"key": "spare", "operator": "DoesNotExist"});
                placement["clusterAffinity"]["labelSelector"] = json!({"matchExpressions": [requirement]});
            }
            3 => placement["clusterAffinity"]["exclude"] = json!([name]),
            4 => placement["clusterAffinity"]["clusterNames"] = json!(others),
            5 => {
                let region = cluster["spec"]["region"].clone();
                let requirement = match rng.below(3) {
                    0 => json!({"key": "region", "operator": "NotIn", "values": [region, "x"]}),
                    1 => json!({"key": "zone", "operator": "In", "values": ["z2"]}),
                    _ => json!({"key": "provider", "operator": "DoesNotExist"}),
                };
                placement["clusterAffinity"]["fieldSelector"] = json!({"matchExpressions": [requirement]});
            }
            6 => cluster["status"]["apiEnablements"] = json!([]),
            7 => tasks = json!([{"fromCluster": name}]),
            8 => cluster["status"]["resourceSummary"]["allocatable"]["cpu"] = json!(rng.below(2)),
            _ => cluster["spec"]["region"] = json!(""),
        }
    }
    let spec = json!({
        "resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "ns", "name": "web", "uid": "a"},
        "replicas": 1 + rng.below(12),
        "replicaRequirements": {"resourceRequest": {"cpu": "1", "memory": "1Gi"}},
        "placement": placement,
        "gracefulEvictionTasks": tasks,
    });
    let profile = match rng.below(10) {
        0 => Profile::spread(),
        1..=2 => Profile::corrected(),
        _ => Profile::karmada(),
    };
    Case {
        clusters: clusters
            .iter()
            .map(|cluster| wire::decode(cluster).unwrap())
            .collect(),
        own,
        bindings: Vec::new(),
        spec: wire::decode(&spec).unwrap(),
        status: ResourceBindingStatus::default(),
        options: Options {
            profile: profile.into(),
            ..Options::default()
        },
    }
}

/// A fleet and a binding of which nothing is left out.
fn any(seed: u64) -> Case {
    let rng = &mut Rng(seed);
    let count = 1 + rng.below(6);
    let features = FeatureGates::default()
        .with(Feature::MultiplePodTemplatesScheduling, rng.chance(80))
        .with(Feature::CustomizedClusterResourceModeling, rng.chance(80))
        .with(Feature::WorkloadAffinity, rng.chance(20));
    Case {
        clusters: random::clusters(rng, count),
        own: rng.below(count) as usize,
        bindings: random::bindings(rng, count),
        spec: random::spec(rng, count),
        status: random::status(rng),
        options: Options {
            features,
            enable_empty_workload_propagation: rng.chance(10),
            ..Options::default()
        },
    }
}

#[test]
fn the_answer_is_the_first_of_all_combinations() {
    let mut single: BTreeMap<EditKind, usize> = BTreeMap::new();
    let mut sizes = [0; 4];
    for seed in 0..1000 {
        for case in [kept_out(seed), any(seed)] {
            let Some(kinds) = check(&case, seed) else { continue };
            sizes[kinds.len()] += 1;
            if let [kind] = kinds[..] {
                *single.entry(kind).or_default() += 1;
            }
        }
    }
    println!("{sizes:?} {single:?}");
    assert!(
        EditKind::ALL
            .iter()
            .all(|kind| single.get(kind).is_some_and(|count| *count >= 5)),
        "{single:?}"
    );
    assert!(sizes.iter().all(|count| *count >= 10), "{sizes:?}");
}

#[test]
fn unknown_clusters_and_missing_placements_are_errors() {
    let mut case = kept_out(1);
    let snapshot = case.snapshot();
    let stranger = Cluster::named("stranger");
    let unknown = smallest_edit(&snapshot, &stranger, &case.spec, &case.status, &case.options);
    assert!(matches!(unknown, Err(EditError::UnknownCluster(name)) if name == "stranger"));
    case.spec.placement = None;
    let refused = smallest_edit(&snapshot, case.own(), &case.spec, &case.status, &case.options);
    let refused = refused.unwrap_err();
    assert_eq!(refused.to_string(), "binding has no spec.placement");
    assert!(std::error::Error::source(&refused).is_none());
}

/// The edits of one kind for a cluster with one modelled node and four replicas.
fn edits_of(kind: EditKind, spec: &Value, options: &Options) -> Vec<Edit> {
    let cluster: Cluster = wire::decode(&json!({
        "metadata": {"name": "m1"},
        "spec": {"resourceModels": [{"grade": 0, "ranges": [{"name": "cpu", "min": "1", "max": "2"}]}]},
        "status": {
            "apiEnablements": [{"groupVersion": "apps/v1", "resources": [{"kind": "Deployment"}]}],
            "resourceSummary": {
                "allocatable": {"cpu": "1", "pods": "100"},
                "allocatableModelings": [{"grade": 0, "count": 1}],
            },
        },
    }))
    .unwrap();
    let mut spec: ResourceBindingSpec = wire::decode(spec).unwrap();
    spec.replicas = 4;
    let snapshot = Snapshot::build([&cluster], []).unwrap();
    let edits = candidate_edits(
        &snapshot,
        &cluster,
        &spec,
        &ResourceBindingStatus::default(),
        options,
    )
    .unwrap();
    edits.into_iter().filter(|edit| edit.kind() == kind).collect()
}

#[test]
fn where_nodes_are_short_the_sum_is_raised_no_further() {
    let spec = json!({
        "resource": {"apiVersion": "apps/v1", "kind": "Deployment"},
        "replicaRequirements": {"resourceRequest": {"cpu": "1"}},
        "placement": {},
    });
    let edits = edits_of(EditKind::Capacity, &spec, &Options::default());
    let wanted = edits.iter().find_map(|edit| match edit {
        Edit::Capacity {
            room: 4,
            allocatable,
            modelings,
        } => Some((allocatable, modelings)),
        _ => None,
    });
    let (allocatable, modelings) = wanted.unwrap();
    // The sum does not bound clusters with models, but does not contradict their nodes.
    assert_eq!(serde_json::to_value(allocatable).unwrap(), json!({"cpu": "4"}));
    assert_eq!(modelings[0].count, 4);
}

#[test]
fn an_unlimited_maximum_is_not_raised() {
    let spec = json!({
        "resource": {"apiVersion": "apps/v1", "kind": "Deployment"},
        "placement": {"spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 0}]},
    });
    let limited = edits_of(EditKind::GroupLimits, &spec, &Options::default());
    assert!(!limited.is_empty());
    let corrected = Options {
        profile: Profile::corrected().into(),
        ..Options::default()
    };
    assert_eq!(edits_of(EditKind::GroupLimits, &spec, &corrected), []);
}
