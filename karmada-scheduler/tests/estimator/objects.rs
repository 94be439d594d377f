//! Objects in few words.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, Pod, ResourceQuota};
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{Component, ReplicaRequirements};
use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::AssumedWorkload;
use karmada_scheduler::estimator::{
    AccurateEstimator, MaxAvailableComponentSetsRequest, MaxAvailableReplicasRequest, MemberState,
};
use serde_json::{Value, json};

pub(crate) const CLUSTER: &str = "member1";

pub(crate) fn node(name: &str, allocatable: Value, rest: Value) -> Node {
    let mut object = json!({
        "metadata": {"name": name, "labels": rest["labels"].clone()},
        "spec": {"taints": rest["taints"].clone(), "unschedulable": rest["unschedulable"].clone()},
        "status": {"allocatable": allocatable},
    });
    let metadata = object["metadata"].as_object_mut().unwrap();
    metadata.retain(|_, value| !value.is_null());
    serde_json::from_value(object).unwrap()
}

pub(crate) fn pod(name: &str, node: &str, requests: Value) -> Pod {
    serde_json::from_value(json!({
        "metadata": {"namespace": "ns", "name": name},
        "spec": {"nodeName": node, "containers": [{"name": "c", "resources": {"requests": requests}}]},
    }))
    .unwrap()
}

pub(crate) fn quota(name: &str, spec: Value, hard: Value, used: Value) -> ResourceQuota {
    serde_json::from_value(json!({
        "metadata": {"namespace": "ns", "name": name},
        "spec": spec,
        "status": {"hard": hard, "used": used},
    }))
    .unwrap()
}

pub(crate) fn member(nodes: &[Node], pods: &[Pod], quotas: &[ResourceQuota]) -> MemberState {
    let mut member = MemberState::new();
    for node in nodes {
        member.apply_node(node).unwrap();
    }
    for pod in pods {
        member.apply_pod(pod).unwrap();
    }
    for quota in quotas {
        member.apply_quota(quota).unwrap();
    }
    member
}

pub(crate) fn estimator() -> AccurateEstimator {
    let gates = FeatureGates::default()
        .with(Feature::SchedulingOvercommitProtection, true)
        .with(Feature::ResourceQuotaEstimate, true);
    AccurateEstimator::new(CLUSTER).with_features(gates)
}

pub(crate) fn requirements(value: &Value) -> Option<ReplicaRequirements> {
    wire::decode(value).unwrap()
}

pub(crate) fn components(value: &Value) -> Vec<Component> {
    wire::decode(value).unwrap()
}

pub(crate) fn assumed(namespace: &str, value: &Value) -> Arc<AssumedWorkload> {
    Arc::new(AssumedWorkload {
        namespace: namespace.into(),
        components: components(value),
    })
}

/// Room for replicas with these requirements.
pub(crate) fn replicas(
    estimator: &AccurateEstimator,
    member: &MemberState,
    needs: &Value,
    assumed_workloads: &[Arc<AssumedWorkload>],
) -> i32 {
    let request = MaxAvailableReplicasRequest {
        cluster: CLUSTER.into(),
        replica_requirements: requirements(needs),
        assumed_workloads: assumed_workloads.to_vec(),
    };
    estimator
        .max_available_replicas(&member.snapshot(), &request)
        .unwrap()
        .max_replicas
}

/// Room for sets of these components in namespace `ns`.
pub(crate) fn sets(
    estimator: &AccurateEstimator,
    member: &MemberState,
    list: &Value,
    assumed_workloads: &[Arc<AssumedWorkload>],
) -> i32 {
    let request = MaxAvailableComponentSetsRequest {
        cluster: CLUSTER.into(),
        components: components(list),
        namespace: "ns".into(),
        assumed_workloads: assumed_workloads.to_vec(),
    };
    estimator
        .max_available_component_sets(&member.snapshot(), &request)
        .unwrap()
        .max_sets
}

/// One component.
pub(crate) fn component(replicas: i32, request: Value) -> Value {
    json!({"name": "c", "replicas": replicas, "replicaRequirements": {"resourceRequest": request}})
}
