//! What the accurate estimator takes: a member of 5,000 nodes and 20,000 pods, the size of the published large-scale test.
//!
//! Goals, per question: replicas 50 µs, by node claim and quotas 100 µs, beside 100 assumed workloads 300 µs; component
//! sets 3 ms, of which there are thousands; a pod that comes or goes while a snapshot is held 10 µs; everything from
//! nothing 500 ms. Upstream copies every node into a snapshot before it looks at the first, and walks over all nodes
//! for every set; a scheduler waits at most 3 s for the slowest of its members.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark fails by panicking"
)]
#![allow(
    missing_docs,
    reason = "criterion's macros make a public function without documentation"
)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use k8s_openapi::api::core::v1::{Node, Pod, ResourceQuota};
use karmada_core::api::wire;
use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::AssumedWorkload;
use karmada_scheduler::estimator::{
    AccurateEstimator, MaxAvailableComponentSetsRequest, MaxAvailableReplicasRequest, MemberState,
};
use serde_json::{Value, json};

const NODES: usize = 5_000;
const PODS: usize = 20_000;
const CLUSTER: &str = "member1";

fn node(index: usize) -> Node {
    let (cpu, memory, kind) = [
        ("16", "64Gi", "m.4xlarge"),
        ("32", "128Gi", "m.8xlarge"),
        ("64", "512Gi", "r.16xlarge"),
    ][index % 3];
    let labels = json!({
        "kubernetes.io/hostname": format!("node-{index:05}"),
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": if index.is_multiple_of(7) { "arm64" } else { "amd64" },
        "node.kubernetes.io/instance-type": kind,
        "topology.kubernetes.io/region": "eu-west-1",
        "topology.kubernetes.io/zone": format!("eu-west-1{}", ["a", "b", "c"][index % 3]),
        "pool": format!("pool-{}", index % 20),
        "owner": "platform", "lifecycle": "on-demand", "image": "2026.08", "cgroup": "v2", "rack": format!("rack-{}", index / 40),
    });
    let taints = if index.is_multiple_of(50) {
        json!([{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}])
    } else {
        json!([])
    };
    serde_json::from_value(json!({
        "metadata": {"name": format!("node-{index:05}"), "labels": labels},
        "spec": {"taints": taints},
        "status": {"allocatable": {"cpu": cpu, "memory": memory, "ephemeral-storage": "100Gi", "pods": "110"}},
    }))
    .unwrap()
}

fn pod(index: usize) -> Pod {
    let requests = json!({"cpu": format!("{}m", 250 + index * 37 % 3_000), "memory": format!("{}Mi", 128 + index * 61 % 8_000)});
    serde_json::from_value(json!({
        "metadata": {"namespace": format!("ns-{}", index % 100), "name": format!("pod-{index}")},
        "spec": {
            "nodeName": format!("node-{:05}", index * 7919 % NODES),
            "containers": [{"name": "app", "resources": {"requests": requests}}],
        },
        "status": {"phase": "Running"},
    }))
    .unwrap()
}

fn quota(index: usize) -> ResourceQuota {
    serde_json::from_value(json!({
        "metadata": {"namespace": "shop", "name": format!("quota-{index}")},
        "spec": {"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "NotIn", "values": ["batch"]}]}},
        "status": {
            "hard": {"requests.cpu": "4000", "requests.memory": "16Ti", "nvidia.com/gpu": "8"},
            "used": {"requests.cpu": "100", "requests.memory": "1Ti", "nvidia.com/gpu": "0"},
        },
    }))
    .unwrap()
}

fn member(nodes: &[Node], pods: &[Pod]) -> MemberState {
    let mut member = MemberState::new();
    for node in nodes {
        member.apply_node(node).unwrap();
    }
    for pod in pods {
        member.apply_pod(pod).unwrap();
    }
    member
}

fn estimator(gates: &[Feature]) -> AccurateEstimator {
    let on = |gates: FeatureGates, gate: &Feature| gates.with(*gate, true);
    AccurateEstimator::new(CLUSTER).with_features(gates.iter().fold(FeatureGates::default(), on))
}

fn assumed(count: usize) -> Vec<Arc<AssumedWorkload>> {
    let workload = |index: usize| {
        let cpu = format!("{}m", 500 + index % 8 * 250);
        AssumedWorkload {
            namespace: "shop".into(),
            components: wire::decode(&json!([
                {"name": "app", "replicas": 1 + index % 20, "replicaRequirements": {"resourceRequest": {"cpu": cpu, "memory": "2Gi"}}},
            ]))
            .unwrap(),
        }
    };
    (0..count).map(workload).map(Arc::new).collect()
}

fn replicas(needs: &Value, assumed_workloads: Vec<Arc<AssumedWorkload>>) -> MaxAvailableReplicasRequest {
    MaxAvailableReplicasRequest {
        cluster: CLUSTER.into(),
        replica_requirements: wire::decode(needs).unwrap(),
        assumed_workloads,
    }
}

fn sets(assumed_workloads: Vec<Arc<AssumedWorkload>>) -> MaxAvailableComponentSetsRequest {
    let component = |name: &str, replicas: i32, cpu: &str, memory: &str| {
        json!({"name": name, "replicas": replicas,
            "replicaRequirements": {"resourceRequest": {"cpu": cpu, "memory": memory}}})
    };
    MaxAvailableComponentSetsRequest {
        cluster: CLUSTER.into(),
        namespace: "shop".into(),
        components: wire::decode(&json!([
            component("coordinator", 1, "1", "4Gi"),
            component("worker", 4, "2", "8Gi"),
            component("cache", 2, "500m", "16Gi"),
        ]))
        .unwrap(),
        assumed_workloads,
    }
}

fn questions(criterion: &mut Criterion) {
    let nodes: Vec<Node> = (0..NODES).map(node).collect();
    let pods: Vec<Pod> = (0..PODS).map(pod).collect();
    let mut member = member(&nodes, &pods);
    let plain = json!({"resourceRequest": {"cpu": "500m", "memory": "1Gi"}});
    let claim = json!({
        "resourceRequest": {"cpu": "500m", "memory": "1Gi"},
        "nodeClaim": {
            "nodeSelector": {"kubernetes.io/arch": "amd64"},
            "hardNodeAffinity": {"nodeSelectorTerms": [{"matchExpressions": [
                {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eu-west-1a", "eu-west-1b"]},
                {"key": "pool", "operator": "NotIn", "values": ["pool-1", "pool-2"]},
            ]}]},
            "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        },
    });
    let mut group = criterion.benchmark_group("estimator/5000 nodes, 20000 pods");
    let protection = estimator(&[Feature::SchedulingOvercommitProtection]);
    let snapshot = member.snapshot();
    for (name, request) in [
        ("replicas", replicas(&plain, vec![])),
        ("replicas/node claim", replicas(&claim, vec![])),
        ("replicas/100 assumed", replicas(&plain, assumed(100))),
    ] {
        let room = protection.max_available_replicas(&snapshot, &request).unwrap();
        assert!(room.max_replicas > 1_000, "{name}: {room:?}");
        group.bench_function(name, |bencher| {
            bencher.iter(|| protection.max_available_replicas(&snapshot, black_box(&request)));
        });
    }
    for (name, request) in [
        ("component sets", sets(vec![])),
        ("component sets/100 assumed", sets(assumed(100))),
        ("component sets/500 assumed", sets(assumed(500))),
    ] {
        let room = protection
            .max_available_component_sets(&snapshot, &request)
            .unwrap();
        assert!(room.max_sets > 1_000, "{name}: {room:?}");
        group.bench_function(name, |bencher| {
            bencher.iter(|| protection.max_available_component_sets(&snapshot, black_box(&request)));
        });
    }
    for index in 0..20 {
        member.apply_quota(&quota(index)).unwrap();
    }
    let with_quotas = estimator(&[Feature::ResourceQuotaEstimate]);
    let mut in_namespace = plain;
    in_namespace["namespace"] = json!("shop");
    let request = replicas(&in_namespace, vec![]);
    let snapshot = member.snapshot();
    assert_eq!(
        with_quotas
            .max_available_replicas(&snapshot, &request)
            .unwrap()
            .max_replicas,
        7_800
    );
    group.bench_function("replicas/20 quotas", |bencher| {
        bencher.iter(|| with_quotas.max_available_replicas(&snapshot, black_box(&request)));
    });
    group.finish();
}

fn updates(criterion: &mut Criterion) {
    let nodes: Vec<Node> = (0..NODES).map(node).collect();
    let pods: Vec<Pod> = (0..PODS).map(pod).collect();
    let mut changing = member(&nodes, &pods);
    let mut group = criterion.benchmark_group("estimator/5000 nodes, 20000 pods");
    let (mut ended, mut running) = (pods[7].clone(), pods[7].clone());
    ended.status.get_or_insert_default().phase = Some("Succeeded".into());
    running.status.get_or_insert_default().phase = Some("Running".into());
    group.bench_function("a pod ends and another comes, with snapshots", |bencher| {
        bencher.iter(|| {
            let before = changing.snapshot();
            changing.apply_pod(black_box(&ended)).unwrap();
            let between = changing.snapshot();
            changing.apply_pod(black_box(&running)).unwrap();
            (before, between)
        });
    });
    group.bench_function("a node changes, with a snapshot", |bencher| {
        bencher.iter(|| {
            let before = changing.snapshot();
            changing.apply_node(black_box(&nodes[4_321])).unwrap();
            before
        });
    });
    group.sample_size(10);
    group.bench_function("everything from nothing", |bencher| {
        bencher.iter(|| member(black_box(&nodes), black_box(&pods)));
    });
    group.finish();
}

criterion_group!(benches, questions, updates);
criterion_main!(benches);
