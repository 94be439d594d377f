//! Random fleets and bindings, the same for the same seed.
#![allow(dead_code, reason = "each test binary uses a part")]

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{ResourceBinding, ResourceBindingSpec, ResourceBindingStatus};
use serde_json::{Value, json};

/// A stream of pseudo-random numbers.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }

    pub(crate) fn some<'a>(&mut self, of: &[&'a str], percent: u64) -> Vec<&'a str> {
        of.iter().filter(|_| self.chance(percent)).copied().collect()
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index as u64 + 1) as usize);
        }
    }
}

const REGIONS: &[&str] = &["r1", "r2", "r3", "r4", ""];
const PROVIDERS: &[&str] = &["aws", "gcp", ""];
const ZONES: &[&str] = &["z1", "z2", "z3"];
const TAINTS: &[&str] = &["spot", "dedicated"];
const EFFECTS: &[&str] = &["NoSchedule", "NoExecute", "PreferNoSchedule"];
const UIDS: &[&str] = &["a", "b", "", "c3", "d4"];

pub(crate) fn name(index: u64) -> String {
    format!("m{index:02}")
}

pub(crate) fn clusters(rng: &mut Rng, count: u64) -> Vec<Cluster> {
    (0..count).map(|index| cluster_named(rng, &name(index))).collect()
}

pub(crate) fn cluster_named(rng: &mut Rng, name: &str) -> Cluster {
    wire::decode(&cluster(rng, name)).unwrap()
}

fn cluster(rng: &mut Rng, name: &str) -> Value {
    let mut value = json!({
        "metadata": {"name": name, "labels": {}},
        "spec": {"provider": rng.pick(PROVIDERS), "region": rng.pick(REGIONS), "zones": rng.some(ZONES, 40)},
        "status": {},
    });
    for (key, values) in [("env", ["prod", "dev"]), ("tier", ["gold", "silver"])] {
        if rng.chance(60) {
            value["metadata"]["labels"][key] = json!(rng.pick(&values));
        }
    }
    if rng.chance(3) {
        value["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    }
    if rng.chance(25) {
        let taint =
            json!({"key": rng.pick(TAINTS), "value": rng.pick(&["", "a"]), "effect": rng.pick(EFFECTS)});
        value["spec"]["taints"] = json!([taint]);
    }
    if rng.chance(92) {
        let kinds = ["Deployment", "FlinkDeployment"].map(|kind| json!({"name": "x", "kind": kind}));
        value["status"]["apiEnablements"] = json!([{"groupVersion": "apps/v1", "resources": kinds}]);
    }
    if rng.chance(90) {
        let memory = if rng.chance(80) {
            format!("{}Gi", rng.below(200))
        } else {
            format!("{}", rng.below(200) << 30)
        };
        value["status"]["resourceSummary"] = json!({
            "allocatable": {"cpu": format!("{}m", rng.below(100_000)), "memory": memory, "pods": rng.below(300)},
            "allocated": {"cpu": format!("{}m", rng.below(30_000)), "memory": rng.below(50 << 30), "pods": rng.below(60)},
        });
        if rng.chance(20) {
            value["status"]["resourceSummary"]["allocatable"]["nvidia.com/gpu"] = json!(rng.below(20));
        }
        if rng.chance(30) {
            let mut models = Vec::new();
            let mut counts = Vec::new();
            for (grade, memory) in [0, 4, 16, 32].into_iter().enumerate() {
                models.push(json!({"grade": grade, "ranges": [
                    {"name": "cpu", "min": (1 << grade) - 1, "max": (2 << grade) - 1},
                    {"name": "memory", "min": format!("{memory}Gi"), "max": "1Ti"},
                ]}));
                counts.push(json!({"grade": grade, "count": rng.below(20)}));
            }
            value["spec"]["resourceModels"] = json!(models);
            value["status"]["resourceSummary"]["allocatableModelings"] = json!(counts);
        }
    }
    value
}

fn names(rng: &mut Rng, count: u64, percent: u64) -> Vec<String> {
    (0..count + 1).filter(|_| rng.chance(percent)).map(name).collect()
}

pub(crate) fn affinity(rng: &mut Rng, count: u64) -> Value {
    let mut value = json!({});
    if rng.chance(35) {
        let operator = rng.pick(&["In", "NotIn", "Exists", "DoesNotExist", "Near"]);
        let values = if operator.ends_with("In") {
            rng.some(&["prod", "dev", "x"], 60)
        } else {
            vec![]
        };
        value["labelSelector"] = json!({"matchExpressions": [{"key": rng.pick(&["env", "tier"]), "operator": operator, "values": values}]});
        if rng.chance(20) {
            value["labelSelector"]["matchLabels"] = json!({"tier": "gold"});
        }
    }
    if rng.chance(35) {
        let key = rng.pick(&["provider", "region", "zone", "other"]);
        let operator = rng.pick(&["In", "NotIn", "NotIn", "Exists", "DoesNotExist", "Gt"]);
        let values = match (operator, key) {
            ("Gt", _) => vec!["1"],
            ("In" | "NotIn", "provider") => rng.some(&["aws", "gcp"], 60),
            ("In" | "NotIn", "zone") => rng.some(ZONES, 60),
            ("In" | "NotIn", _) => rng.some(&["r1", "r2", "r3"], 60),
            _ => vec![],
        };
        value["fieldSelector"] =
            json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
    }
    if rng.chance(25) {
        value["clusterNames"] = json!(names(rng, count, 70));
    }
    if rng.chance(25) {
        value["exclude"] = json!(names(rng, count, 15));
    }
    value
}

fn term(rng: &mut Rng, count: u64, name: &str) -> Value {
    let mut value = affinity(rng, count);
    value["affinityName"] = json!(name);
    value
}

fn placement(rng: &mut Rng, count: u64) -> Value {
    let mut value = json!({});
    match rng.below(3) {
        0 => value["clusterAffinity"] = affinity(rng, count),
        1 => {
            let mut terms = vec![term(rng, count, "group0"), term(rng, count, "group1")];
            if rng.chance(60) {
                let overflow = vec![term(rng, count, "more"), term(rng, count, "most")];
                terms[0]["overflowAffinities"] = json!(overflow);
            }
            value["clusterAffinities"] = json!(terms);
        }
        _ => {}
    }
    if rng.chance(30) {
        let operator = rng.pick(&["Exists", "Equal", "", "Gt"]);
        let toleration =
            json!({"key": rng.pick(TAINTS), "operator": operator, "value": rng.pick(&["", "a"])});
        value["clusterTolerations"] = json!([toleration]);
    }
    let mut constraints = Vec::new();
    for (field, percent) in [("region", 25), ("provider", 5), ("zone", 5), ("cluster", 40)] {
        if rng.chance(percent) {
            let min = rng.below(4);
            let mut constraint = json!({"spreadByField": field, "minGroups": min});
            if rng.chance(95) {
                constraint["maxGroups"] = json!(min + rng.below(5));
            }
            constraints.push(constraint);
        }
    }
    value["spreadConstraints"] = json!(constraints);
    let divided = |preference: &str| json!({"replicaSchedulingType": "Divided", "replicaDivisionPreference": preference});
    match rng.below(12) {
        0 => value["replicaScheduling"] = json!({"replicaSchedulingType": "Duplicated"}),
        1 => {}
        2..=4 => value["replicaScheduling"] = divided("Aggregated"),
        5..=7 => {
            value["replicaScheduling"] = divided("Weighted");
            value["replicaScheduling"]["weightPreference"] = json!({"dynamicWeight": "AvailableReplicas"});
        }
        8 => value["replicaScheduling"] = divided("Weighted"),
        9 => {
            value["replicaScheduling"] = divided("Weighted");
            value["replicaScheduling"]["weightPreference"] = json!({});
        }
        10 => {
            value["replicaScheduling"] = divided("Weighted");
            let rules: Vec<Value> = (0..rng.below(4))
                .map(|_| json!({"targetCluster": affinity(rng, count), "weight": rng.below(5)}))
                .collect();
            value["replicaScheduling"]["weightPreference"] = json!({"staticWeightList": rules});
        }
        _ => value["replicaScheduling"] = divided("Somehow"),
    }
    value
}

fn request(rng: &mut Rng) -> Value {
    let mut request = json!({"cpu": format!("{}m", rng.below(3000))});
    if rng.chance(60) {
        request["memory"] = json!(format!("{}Mi", rng.below(4000)));
    }
    if rng.chance(10) {
        request["nvidia.com/gpu"] = json!("1");
    }
    if rng.chance(10) {
        request["storage"] = json!("1");
    }
    json!({"resourceRequest": request})
}

pub(crate) fn spec(rng: &mut Rng, count: u64) -> ResourceBindingSpec {
    let kind = rng.pick(&["Deployment", "FlinkDeployment"]);
    let mut value = json!({
        "resource": {"apiVersion": "apps/v1", "kind": kind, "namespace": "ns", "name": "web", "uid": rng.pick(UIDS)},
        "placement": placement(rng, count),
    });
    if rng.chance(85) {
        let end = if rng.chance(50) { 20 } else { 300 };
        value["replicas"] = json!(rng.below(end));
    }
    if rng.chance(80) {
        value["replicaRequirements"] = request(rng);
    }
    if rng.chance(15) {
        let components: Vec<Value> = (0..1 + rng.below(3))
            .map(|index| {
                let mut component = json!({"name": format!("c{index}"), "replicas": rng.below(5)});
                if rng.chance(80) {
                    component["replicaRequirements"] = request(rng);
                }
                component
            })
            .collect();
        value["components"] = json!(components);
        value["replicas"] = json!(0);
        value["replicaRequirements"] = Value::Null;
        if rng.chance(70) {
            value["placement"]["spreadConstraints"] =
                json!([{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]);
        }
    }
    if rng.chance(60) {
        let end = if rng.chance(50) { 8 } else { 60 };
        let mut clusters = Vec::new();
        for name in names(rng, count, 40) {
            clusters.push(json!({"name": name, "replicas": rng.below(end)}));
        }
        rng.shuffle(&mut clusters);
        value["clusters"] = json!(clusters);
    }
    if rng.chance(10) {
        value["gracefulEvictionTasks"] = json!([{"fromCluster": name(rng.below(count + 1))}]);
    }
    if rng.chance(15) {
        value["rescheduleTriggeredAt"] = json!("2026-02-02T00:00:00Z");
    }
    if rng.chance(20) {
        value["workloadAffinityGroups"] =
            json!({"affinityGroup": "a=1", "antiAffinityGroup": rng.pick(&["b=1", ""])});
    }
    wire::decode(&value).unwrap()
}

pub(crate) fn status(rng: &mut Rng) -> ResourceBindingStatus {
    let observed = rng.pick(&["group0", "group0", "group1", "", "gone"]);
    let day = 1 + rng.below(4);
    let value = json!({
        "schedulerObservingAffinityName": observed,
        "lastScheduledTime": format!("2026-02-0{day}T00:00:00Z"),
    });
    wire::decode(&value).unwrap()
}

/// Members of the affinity groups that [`spec`] names.
pub(crate) fn bindings(rng: &mut Rng, count: u64) -> Vec<ResourceBinding> {
    (0..rng.below(4))
        .map(|index| {
            let clusters: Vec<Value> =
                names(rng, count, 60).into_iter().map(|name| json!({"name": name, "replicas": 1})).collect();
            let name = if index == 0 { "web-deployment".to_owned() } else { format!("other{index}") };
            let groups = json!({"affinityGroup": rng.pick(&["a=1", "a=2"]), "antiAffinityGroup": rng.pick(&["b=1", ""])});
            let value = json!({
                "metadata": {"namespace": rng.pick(&["ns", "ns", "other"]), "name": name},
                "spec": {"clusters": clusters, "workloadAffinityGroups": groups},
            });
            wire::decode(&value).unwrap()
        })
        .collect()
}
