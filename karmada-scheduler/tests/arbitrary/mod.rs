//! Any fleet and any binding, drawn from bytes: what a decoder accepts, admission or not, with the extremes of every
//! number. `karmada-scheduler/tests/any_input.rs` and the fuzz target `schedule` draw from it.

mod around;
mod members;
mod passes;

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};

use jiff::Timestamp;
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::meta::Time;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{
    Component, ResourceBinding, ResourceBindingSpec, ResourceBindingStatus,
};
use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::explain::{EditAnswer, Explanation, explain, smallest_edit};
use karmada_scheduler::{
    Answer, AssumedWorkload, Corrections, Decision, Estimate, EstimateError, Fleet, Options, Profile,
    RegionWeights, Registry, ScheduleError, Session, Snapshot, SpreadOptions, Step, diagnose, schedule,
    schedule_batch,
};
use serde_json::{Value, json};

/// Choices read off a list of bytes; when it is used up, always the first choice.
pub(crate) struct Source<'a>(pub(crate) &'a [u8]);

impl Source<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    /// Likely in so many of 256 cases; never when the bytes are used up.
    fn chance(&mut self, of_256: u8) -> bool {
        let byte = self.byte();
        byte != 0 && byte <= of_256
    }

    fn pick<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }

    fn number(&mut self, of: &[i64]) -> i64 {
        of[self.below(of.len())]
    }

    fn list(&mut self, end: usize, item: impl Fn(&mut Self) -> Value) -> Value {
        let items: Vec<Value> = (0..self.below(end)).map(|_| item(self)).collect();
        json!(items)
    }
}

const NAMES: &[&str] = &["m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "é", "", "a/b c"];
const VALUES: &[&str] = &["a", "b", "", "c", "not a label value!", "\u{0}"];
const KEYS: &[&str] = &["env", "tier", "", "x/y", "/", "not a key!"];
const GROUPS: &[&str] = &["g", "h", "", "more", "gone"];
const RESOURCES: &[&str] = &[
    "cpu",
    "memory",
    "pods",
    "nvidia.com/gpu",
    "ephemeral-storage",
    "storage",
    "hugepages-2Mi",
    "requests.x/y",
    "",
];
const QUANTITIES: &[&str] = &[
    "1",
    "0",
    "2",
    "100",
    "100m",
    "1500m",
    "1Gi",
    "64Gi",
    "1G",
    "8Ei",
    "1e30",
    "-1",
    "-5Gi",
    "-1e30",
    "1n",
    "-1n",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775807m",
    "0.5",
    "1e-30",
    "99999999999999999999999999999999999999999",
    "110",
    "1000000",
    "12e6",
    "",
];
const I32: &[i64] = &[
    3,
    0,
    1,
    2,
    5,
    10,
    100,
    1_000_000,
    -1,
    2_147_483_647,
    -2_147_483_648,
    1_073_741_824,
];
const I64: &[i64] = &[
    1,
    1,
    2,
    2,
    3,
    0,
    4,
    9,
    300,
    -1,
    2_147_483_647,
    2_147_483_648,
    4_294_967_296,
    i64::MAX,
    i64::MIN,
    i64::MAX / 2,
];
const TIMES: &[&str] = &[
    "2026-01-01T00:00:00Z",
    "2026-01-02T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-30T22:00:00Z",
    "1969-12-31T23:59:59.999999999Z",
];

fn resources(from: &mut Source<'_>) -> Value {
    let mut list = json!({});
    for _ in 0..from.below(5) {
        let name = from.pick(RESOURCES);
        list[name] = json!(from.pick(QUANTITIES));
    }
    list
}

fn grade(from: &mut Source<'_>) -> Value {
    match from.below(8) {
        7 => json!(u64::MAX),
        6 => json!(1u64 << 63),
        small => json!(small),
    }
}

fn names(from: &mut Source<'_>) -> Value {
    from.list(5, |from| json!(from.pick(NAMES)))
}

fn cluster(from: &mut Source<'_>) -> Value {
    let mut cluster = json!({"metadata": {"name": from.pick(NAMES)}});
    if from.chance(230) {
        let kind =
            |from: &mut Source<'_>| json!({"name": "x", "kind": from.pick(&["Deployment", "", "Job"])});
        let enablement = |from: &mut Source<'_>| json!({"groupVersion": from.pick(&["apps/v1", ""]), "resources": from.list(3, kind)});
        cluster["status"]["apiEnablements"] = json!([
            {"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]},
            enablement(from),
        ]);
    }
    if from.chance(120) {
        for _ in 0..from.below(3) {
            let key = from.pick(KEYS);
            cluster["metadata"]["labels"][key] = json!(from.pick(VALUES));
        }
    }
    if from.chance(10) {
        cluster["metadata"]["deletionTimestamp"] = json!(from.pick(TIMES));
    }
    if from.chance(200) {
        cluster["spec"] = json!({
            "provider": from.pick(VALUES), "region": from.pick(VALUES), "zone": from.pick(VALUES),
            "zones": from.list(4, |from| json!(from.pick(VALUES))),
        });
    }
    if from.chance(60) {
        cluster["spec"]["taints"] = from.list(3, |from| {
            json!({
                "key": from.pick(KEYS), "value": from.pick(VALUES),
                "effect": from.pick(&["NoSchedule", "NoExecute", "PreferNoSchedule", "", "Somehow"]),
                "timeAdded": from.pick(TIMES),
            })
        });
    }
    if from.chance(220) {
        cluster["status"]["resourceSummary"] = json!({
            "allocatable": resources(from), "allocated": resources(from), "allocating": resources(from),
        });
        if from.chance(230) {
            cluster["status"]["resourceSummary"]["allocatable"]["pods"] = json!(from.pick(QUANTITIES));
        }
    }
    if from.chance(100) {
        let range = |from: &mut Source<'_>| json!({"name": from.pick(RESOURCES), "min": from.pick(QUANTITIES), "max": from.pick(QUANTITIES)});
        cluster["spec"]["resourceModels"] = from.list(
            6,
            |from| json!({"grade": grade(from), "ranges": from.list(4, range)}),
        );
        cluster["status"]["resourceSummary"]["allocatableModelings"] =
            from.list(6, |from| json!({"grade": grade(from), "count": from.number(I64)}));
    }
    cluster
}

fn selector(from: &mut Source<'_>, keys: &[&str]) -> Value {
    let expression = |from: &mut Source<'_>| {
        json!({
            "key": from.pick(keys),
            "operator": from.pick(&["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "", "Near"]),
            "values": from.list(4, |from| json!(from.pick(VALUES))),
        })
    };
    json!({"matchExpressions": from.list(3, expression)})
}

fn affinity(from: &mut Source<'_>) -> Value {
    let mut affinity = json!({});
    if from.chance(60) {
        affinity["labelSelector"] = selector(from, KEYS);
        if from.chance(60) {
            affinity["labelSelector"]["matchLabels"][from.pick(KEYS)] = json!(from.pick(VALUES));
        }
    }
    if from.chance(60) {
        affinity["fieldSelector"] = selector(from, &["region", "provider", "zone", "", "other"]);
    }
    if from.chance(60) {
        affinity["clusterNames"] = names(from);
    }
    if from.chance(60) {
        affinity["exclude"] = names(from);
    }
    affinity
}

fn term(from: &mut Source<'_>) -> Value {
    let mut term = affinity(from);
    term["affinityName"] = json!(from.pick(GROUPS));
    term
}

fn placement(from: &mut Source<'_>) -> Value {
    let mut placement = json!({});
    if from.chance(80) {
        placement["clusterAffinity"] = affinity(from);
    }
    if from.chance(110) {
        placement["clusterAffinities"] = from.list(4, |from| {
            let mut primary = term(from);
            if from.chance(120) {
                primary["overflowAffinities"] = from.list(4, term);
            }
            primary
        });
    }
    if from.chance(80) {
        placement["clusterTolerations"] = from.list(3, |from| {
            json!({
                "key": from.pick(KEYS), "value": from.pick(VALUES),
                "operator": from.pick(&["Exists", "Equal", "", "Gt", "Lt", "Near"]),
                "effect": from.pick(&["", "NoSchedule", "NoExecute", "Somehow"]),
                "tolerationSeconds": from.number(I64),
            })
        });
    }
    if from.chance(130) {
        placement["spreadConstraints"] = from.list(5, |from| {
            let mut constraint = json!({"minGroups": from.number(I64), "maxGroups": from.number(I64)});
            if from.chance(240) {
                let fields = [
                    "cluster", "cluster", "region", "region", "zone", "provider", "", "planet",
                ];
                constraint["spreadByField"] = json!(from.pick(&fields));
            }
            if from.chance(20) {
                constraint["spreadByLabel"] = json!(from.pick(KEYS));
            }
            constraint
        });
    }
    if from.chance(230) {
        placement["replicaScheduling"] = json!({
            "replicaSchedulingType": from.pick(&["Divided", "Divided", "Divided", "Divided", "Divided", "Duplicated", "", "Tripled"]),
            "replicaDivisionPreference": from.pick(&["Weighted", "Aggregated", "Weighted", "Aggregated", "Weighted", "", "Somehow"]),
        });
        if from.chance(200) {
            let mut weights = json!({});
            if from.chance(140) {
                weights["dynamicWeight"] =
                    json!(from.pick(&["AvailableReplicas", "AvailableReplicas", "", "Mood"]));
            }
            if from.chance(140) {
                weights["staticWeightList"] = from.list(
                    5,
                    |from| json!({"targetCluster": affinity(from), "weight": from.number(I64)}),
                );
            }
            placement["replicaScheduling"]["weightPreference"] = weights;
        }
    }
    placement
}

fn component(from: &mut Source<'_>) -> Value {
    let mut component = json!({"name": from.pick(GROUPS), "replicas": from.number(I32)});
    if from.chance(220) {
        component["replicaRequirements"] = json!({"resourceRequest": resources(from)});
    }
    component
}

fn targets(from: &mut Source<'_>) -> Value {
    from.list(
        9,
        |from| json!({"name": from.pick(NAMES), "replicas": from.number(I32)}),
    )
}

fn binding(from: &mut Source<'_>) -> Value {
    let mut spec = json!({
        "resource": {
            "apiVersion": from.pick(&["apps/v1", "apps/v1", "apps/v1", "apps/v1", "apps/v1", "", "batch/v1"]),
            "kind": from.pick(&["Deployment", "Deployment", "Deployment", "Deployment", "", "Job"]),
            "namespace": from.pick(&["ns", ""]), "name": from.pick(&["web", "", "a:b"]), "uid": from.pick(&["a", "b", ""]),
        },
        "placement": placement(from),
        "clusters": targets(from),
        "replicas": from.number(I32),
    });
    if from.chance(4) {
        spec["placement"] = Value::Null;
    }
    if from.chance(180) {
        spec["replicaRequirements"] = json!({"resourceRequest": resources(from)});
    }
    if from.chance(60) {
        spec["components"] = from.list(4, component);
        if from.chance(128) {
            let one = json!({"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1});
            spec["placement"]["spreadConstraints"] = json!([one]);
        }
    }
    if from.chance(40) {
        spec["gracefulEvictionTasks"] = from.list(4, |from| json!({"fromCluster": from.pick(NAMES)}));
    }
    if from.chance(60) {
        spec["rescheduleTriggeredAt"] = json!(from.pick(TIMES));
    }
    if from.chance(60) {
        spec["workloadAffinityGroups"] =
            json!({"affinityGroup": from.pick(GROUPS), "antiAffinityGroup": from.pick(GROUPS)});
    }
    let mut status = json!({"schedulerObservingAffinityName": from.pick(GROUPS)});
    if from.chance(128) {
        status["lastScheduledTime"] = json!(from.pick(TIMES));
    }
    if from.chance(60) {
        status["aggregatedStatus"] = from.list(4, |from| {
            let status = match from.below(4) {
                0 => json!({"readyReplicas": from.number(I64)}),
                1 => json!({"readyReplicas": "many"}),
                2 => Value::Null,
                _ => json!({}),
            };
            json!({"clusterName": from.pick(NAMES), "status": status, "health": from.pick(&["Healthy", "Ill", ""])})
        });
    }
    let mut metadata = json!({
        "namespace": from.pick(&["ns", ""]), "name": from.pick(&["web-deployment", "other", ""]),
        "resourceVersion": from.pick(&["1", "2", "", "x", "99999999999999999999"]),
    });
    if from.chance(80) {
        let applied = if from.chance(200) {
            spec["placement"].to_string()
        } else {
            "{".to_owned()
        };
        metadata["annotations"]["policy.karmada.io/applied-placement"] = json!(applied);
    }
    json!({"metadata": metadata, "spec": spec, "status": status})
}

/// Puts something else somewhere into a document.
fn spoil(from: &mut Source<'_>, value: &mut Value) {
    let child = match value {
        Value::Object(members) if !members.is_empty() => {
            let position = from.below(members.len());
            members.values_mut().nth(position)
        }
        Value::Array(items) if !items.is_empty() => {
            let position = from.below(items.len());
            if from.chance(40) {
                items.push(items[position].clone());
            }
            items.get_mut(position)
        }
        _ => None,
    };
    match child {
        Some(child) if from.chance(230) => spoil(from, child),
        Some(child) => *child = Value::Null,
        None => {
            *value = match from.below(6) {
                0 => Value::Null,
                1 => json!(from.number(I32)),
                2 => json!(from.number(I64)),
                3 => json!(from.pick(QUANTITIES)),
                4 => json!([]),
                _ => json!({}),
            };
        }
    }
}

/// What the drawn document decodes as, if it does.
fn decoded<T: serde::de::DeserializeOwned>(
    from: &mut Source<'_>,
    draw: impl Fn(&mut Source<'_>) -> Value,
) -> Option<T> {
    let mut value = draw(from);
    if from.chance(40) {
        spoil(from, &mut value);
    }
    wire::decode(&value).ok()
}

/// Everything a host tells a fleet.
#[derive(Clone, Debug)]
enum Change {
    Apply(Box<Cluster>),
    Remove(String),
    Observe(Box<ResourceBinding>),
    Assign(Box<ResourceBinding>),
    Forget(String, String),
    Settle(String, String),
    Assume(String, String, Vec<Component>),
    Release(String, String),
}

fn change(from: &mut Source<'_>) -> Option<Change> {
    let text = |from: &mut Source<'_>, of: &[&str]| from.pick(of).to_owned();
    let (namespaces, bindings): (&[&str], &[&str]) = (&["ns", ""], &["web-deployment", "other", ""]);
    Some(match from.below(16) {
        0 => Change::Remove(text(from, NAMES)),
        1 => Change::Observe(decoded(from, binding)?),
        2 => Change::Assign(decoded(from, binding)?),
        3 => Change::Forget(text(from, namespaces), text(from, bindings)),
        4 => Change::Settle(text(from, namespaces), text(from, bindings)),
        5 | 6 => {
            let components = from.list(3, component);
            let components = wire::decode(&components).ok()?;
            Change::Assume(text(from, bindings), text(from, NAMES), components)
        }
        7 => Change::Release(text(from, bindings), text(from, NAMES)),
        _ => Change::Apply(decoded(from, cluster)?),
    })
}

fn tell(fleet: &mut Fleet, change: &Change) {
    match change {
        Change::Apply(cluster) => assert_eq!(fleet.apply(cluster).is_err(), cluster.name().is_empty()),
        Change::Remove(name) => {
            fleet.remove(name);
        }
        Change::Observe(binding) => fleet.observe_binding(binding),
        Change::Assign(binding) => fleet.assign_binding(binding),
        Change::Forget(namespace, name) => fleet.forget_binding(namespace, name),
        Change::Settle(namespace, name) => fleet.settle_binding(namespace, name),
        Change::Assume(binding, cluster, components) => {
            let workload = AssumedWorkload {
                namespace: "ns".to_owned(),
                components: components.clone(),
            };
            fleet.assume(binding, cluster, workload);
        }
        Change::Release(binding, cluster) => fleet.release(binding, cluster),
    }
}

/// Tells the changes twice: as they come, and what remains of the clusters in the opposite order into a new fleet.
fn fleets(from: &mut Source<'_>, changes: &[Change]) -> (Fleet, Snapshot) {
    let mut fleet = Fleet::new();
    for change in changes {
        tell(&mut fleet, change);
        if from.chance(30) {
            let _ = fleet.snapshot();
        }
    }
    let mut clusters: BTreeMap<&str, &Change> = BTreeMap::new();
    for change in changes {
        match change {
            Change::Apply(cluster) => {
                clusters.insert(cluster.name(), change);
            }
            Change::Remove(name) => {
                clusters.remove(name.as_str());
            }
            _ => {}
        }
    }
    let mut other = Fleet::new();
    for change in clusters.values().rev() {
        tell(&mut other, change);
    }
    let of_clusters = |change: &&Change| matches!(change, Change::Apply(_) | Change::Remove(_));
    for change in changes.iter().filter(|change| !of_clusters(change)) {
        tell(&mut other, change);
    }
    (fleet, other.snapshot())
}

fn options(from: &mut Source<'_>) -> Options {
    let mut features = FeatureGates::default();
    for feature in [
        Feature::MultiplePodTemplatesScheduling,
        Feature::WorkloadAffinity,
        Feature::SchedulingOvercommitProtection,
        Feature::CustomizedClusterResourceModeling,
    ] {
        features = features.with(feature, !from.chance(90));
    }
    let profile = if from.chance(60) {
        let list = from.pick(&[
            &["*", "-APIEnablement"][..],
            &["*", "-TaintToleration", "-ClusterAffinity"],
            &[],
            &["--", "-"],
            &["SpreadConstraint", "ClusterLocality"],
        ]);
        Profile::new("own", &Registry::in_tree().select(list))
    } else if from.chance(60) {
        let mut spread = SpreadOptions::new().min_replicas(*from.pick(&[&0, &1, &3, &u32::MAX]));
        if from.chance(128) {
            spread = spread.max_replicas(*from.pick(&[&0, &1, &3, &40, &u32::MAX]));
        }
        if from.chance(128) {
            spread = spread.region_weights(match from.below(3) {
                0 => RegionWeights::Clusters,
                1 => RegionWeights::equal(),
                _ => RegionWeights::fixed([("a", NonZeroU32::MAX), ("", NonZeroU32::MIN)]),
            });
        }
        Profile::spread_with(spread)
    } else {
        Profile::karmada()
    };
    let profile = if from.chance(60) {
        profile.with_estimator(members::estimators(from))
    } else {
        profile
    };
    let mut corrections = Corrections::none();
    if from.chance(100) {
        for (name, _) in Corrections::all().iter() {
            if from.chance(128) {
                corrections = corrections.with(name).unwrap();
            }
        }
    }
    Options {
        features,
        enable_empty_workload_propagation: from.chance(40),
        profile: profile.with_corrections(corrections).into(),
    }
}

/// Names and replicas in their order, or the text.
type Outcome = Result<Vec<(String, i32)>, String>;

fn outcome(decision: Result<Decision, ScheduleError>) -> Outcome {
    match decision {
        Ok(decision) => {
            let names: Vec<String> = decision
                .to_target_clusters()
                .into_iter()
                .map(|it| it.name)
                .collect();
            Ok(names
                .into_iter()
                .zip(decision.targets().iter().map(|it| it.replicas))
                .collect())
        }
        Err(error) => Err(format!("{:?} {error}", error.kind())),
    }
}

/// What holds of every outcome.
fn check(snapshot: &Snapshot, spec: &ResourceBindingSpec, options: &Options, outcome: &Outcome) {
    let Ok(targets) = outcome else { return };
    assert!(!options.enable_empty_workload_propagation || !targets.is_empty());
    let distinct = |mut names: Vec<&str>| {
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        names.len() == all
    };
    assert!(
        targets
            .iter()
            .all(|(name, replicas)| snapshot.find(name).is_some() && *replicas >= 0)
    );
    // Where a cluster is a target twice already, upstream leaves it at that, or loses one of the two.
    if !distinct(spec.clusters.iter().map(|target| target.name.as_str()).collect()) {
        return;
    }
    assert!(distinct(targets.iter().map(|(name, _)| name.as_str()).collect()));
    let divided = spec
        .placement
        .as_ref()
        .is_some_and(|placement| placement.replica_scheduling_type().as_str() == "Divided");
    // Targets below 0 are dropped, and with them what made up for them.
    let sound = spec.clusters.iter().all(|target| target.replicas >= 0);
    if divided && sound && spec.components.len() <= 1 && spec.replicas > 0 {
        let sum: i64 = targets.iter().map(|(_, replicas)| i64::from(*replicas)).sum();
        assert_eq!(sum, i64::from(spec.replicas), "{targets:?}");
    }
}

fn estimate(from: &mut Source<'_>) -> Estimate {
    match from.below(4) {
        0 => Estimate::Unknown,
        1 => Estimate::Unlimited,
        _ => Estimate::from_wire(from.number(I32) as i32),
    }
}

fn answer(from: &mut Source<'_>) -> Answer {
    if from.chance(30) {
        let partial = (0..from.below(12)).map(|_| estimate(from)).collect();
        return Err(EstimateError::new("down").with_partial(partial));
    }
    // Too few and too many as well.
    Ok((0..from.below(12)).map(|_| estimate(from)).collect())
}

/// Makes a decision in steps, with whatever answers.
fn in_steps(
    from: &mut Source<'_>,
    snapshot: &Snapshot,
    spec: &ResourceBindingSpec,
    status: &ResourceBindingStatus,
    options: &Options,
) -> Outcome {
    let mut session = Session::new(snapshot, spec, status, options);
    let mut answers = (0..from.below(2)).map(|_| answer(from)).collect();
    let done = loop {
        match session.step(answers) {
            Step::NeedEstimates(question) => {
                assert!(question.clusters.windows(2).all(|pair| pair[0] < pair[1]));
                answers = (0..from.below(4)).map(|_| answer(from)).collect();
            }
            Step::Done(done) => break done,
        }
    };
    assert!(matches!(
        session.step(Vec::new()),
        Step::Done(Err(ScheduleError::Ended))
    ));
    outcome(done)
}

/// Explains the decision: it is the same, and the explanation can be written, read and told.
fn explained(
    snapshot: &Snapshot,
    spec: &ResourceBindingSpec,
    status: &ResourceBindingStatus,
    options: &Options,
    outcome: &Outcome,
) {
    let Ok(explanation) = explain(snapshot, spec, status, options) else {
        assert!(spec.placement.is_none());
        return;
    };
    let targets = explanation
        .targets()
        .iter()
        .map(|it| (it.name.clone(), it.replicas));
    match outcome {
        Ok(wanted) => assert_eq!(&targets.collect::<Vec<_>>(), wanted),
        Err(_) => assert_eq!(targets.count(), 0),
    }
    assert_eq!(explanation.clusters.len(), snapshot.len());
    let written = serde_json::to_string(&explanation).unwrap();
    assert_eq!(
        serde_json::from_str::<Explanation>(&written).unwrap(),
        explanation
    );
    assert!(!explanation.to_text().is_empty() && !explanation.to_markdown().is_empty());
}

/// Asks what it takes for a cluster to be chosen: at most three edits, after which it is.
fn edited(snapshot: &Snapshot, cluster: &Cluster, binding: &ResourceBinding, options: &Options) {
    match smallest_edit(snapshot, cluster, &binding.spec, &binding.status, options) {
        Ok(EditAnswer::Edit(answer)) => {
            assert!((1..=3).contains(&answer.edits.len()));
            assert!(answer.targets.iter().any(|target| target.name == cluster.name()));
        }
        Ok(_) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Some moment.
fn time(from: &mut Source<'_>) -> Timestamp {
    let time: Time = wire::decode(&json!(from.pick(TIMES))).unwrap();
    time.0
}

/// Draws a fleet and bindings and makes every kind of decision about them and around them; panics if one of them does, or
/// if something does not hold that holds of all decisions.
pub(crate) fn exercise(bytes: &[u8]) {
    let from = &mut Source(bytes);
    let mut options = options(from);
    let count = 1 + from.below(4);
    let bindings: Vec<ResourceBinding> = (0..count).filter_map(|_| decoded(from, binding)).collect();
    let changes: Vec<Change> = (0..40)
        .map_while(|_| (!from.0.is_empty()).then(|| change(from)))
        .flatten()
        .collect();
    let (mut fleet, other) = fleets(from, &changes);
    let snapshot = fleet.snapshot();

    let all: Vec<_> = bindings
        .iter()
        .map(|binding| (&binding.spec, &binding.status))
        .collect();
    let mut outcomes = Vec::new();
    for (spec, status) in &all {
        let got = outcome(schedule(&snapshot, spec, status, &options));
        check(&snapshot, spec, &options, &got);
        assert_eq!(
            got,
            outcome(schedule(&other, spec, status, &options)),
            "{spec:?} {status:?}"
        );
        let reasons = |snapshot: &Snapshot| match diagnose(snapshot, spec, status, &options) {
            Ok(diagnosis) => Ok(diagnosis
                .rejections()
                .map(|it| format!("{it:?}"))
                .collect::<Vec<_>>()),
            Err(error) => Err(error.to_string()),
        };
        assert_eq!(reasons(&snapshot), reasons(&other));
        explained(&snapshot, spec, status, &options, &got);
        outcomes.push(got);
    }
    let batch = schedule_batch(&snapshot, &all, &options, NonZeroUsize::MIN);
    assert_eq!(batch.into_iter().map(outcome).collect::<Vec<_>>(), outcomes);

    around::take_back(from, &bindings);
    let clusters: Vec<Cluster> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Apply(cluster) => Some((**cluster).clone()),
            _ => None,
        })
        .collect();
    for binding in &bindings {
        if !clusters.is_empty() && from.chance(8) {
            edited(
                &snapshot,
                &clusters[from.below(clusters.len())],
                binding,
                &options,
            );
        }
    }
    members::exercise(from);
    passes::exercise(from, &mut fleet, &bindings, &options);
    around::events(from, &mut fleet, &bindings, &clusters, &options);

    let profile = (*options.profile).clone().with_remote_estimator("remote");
    options.profile = profile.into();
    for (spec, status) in &all {
        let got = in_steps(from, &snapshot, spec, status, &options);
        check(&snapshot, spec, &options, &got);
    }
}
