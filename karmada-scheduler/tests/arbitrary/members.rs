//! Any nodes, pods and quotas of members, with estimators on them.

use std::sync::Arc;

use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::estimator::{
    AccurateEstimator, MaxAvailableComponentSetsRequest, MaxAvailableReplicasRequest, MemberEstimators,
    MemberState, UnschedulableReplicasRequest, WorkloadObjects,
};
use karmada_scheduler::{AssumedWorkload, Corrections};
use serde_json::{Value, json};

use super::{I64, KEYS, NAMES, Source, TIMES, VALUES, component, decoded, names, resources, selector};

fn node(from: &mut Source<'_>) -> Value {
    let mut node = json!({
        "metadata": {"name": from.pick(&["n1", "n2", "n3", ""])},
        "spec": {"unschedulable": from.chance(30)},
        "status": {"allocatable": resources(from)},
    });
    if from.chance(220) {
        node["status"]["allocatable"]["pods"] = json!(from.pick(&["110", "1", "0", "1e30", "-1"]));
    }
    if from.chance(100) {
        node["metadata"]["labels"] = json!({from.pick(KEYS): from.pick(VALUES)});
    }
    if from.chance(60) {
        node["spec"]["taints"] = from.list(3, |from| {
            json!({"key": from.pick(KEYS), "value": from.pick(VALUES), "effect": from.pick(&["NoSchedule", "NoExecute", ""])})
        });
    }
    node
}

fn pod(from: &mut Source<'_>) -> Value {
    let container = |from: &mut Source<'_>| json!({"name": "c", "resources": {"requests": resources(from), "limits": resources(from)}});
    json!({
        "metadata": {"namespace": "ns", "name": from.pick(&["a", "b", "c", ""])},
        "spec": {
            "nodeName": from.pick(&["n1", "n2", ""]), "containers": from.list(3, container),
            "initContainers": from.list(2, container), "overhead": resources(from),
        },
        "status": {"phase": from.pick(&["Running", "Pending", "Failed", ""])},
    })
}

fn quota(from: &mut Source<'_>) -> Value {
    let expression = |from: &mut Source<'_>| {
        json!({
            "scopeName": from.pick(&["PriorityClass", "PriorityClass", "BestEffort", ""]),
            "operator": from.pick(&["In", "NotIn", "Exists", "DoesNotExist", "Near"]),
            "values": from.list(3, |from| json!(from.pick(VALUES))),
        })
    };
    let mut quota = json!({
        "metadata": {"namespace": "ns", "name": from.pick(&["q", "r", ""])},
        "spec": {}, "status": {"hard": resources(from), "used": resources(from)},
    });
    if from.chance(60) {
        quota["spec"]["scopes"] = json!([from.pick(&["PriorityClass", "Terminating", ""])]);
    }
    if from.chance(60) {
        quota["spec"]["scopeSelector"] = json!({"matchExpressions": from.list(3, expression)});
    }
    quota
}

fn member(from: &mut Source<'_>) -> MemberState {
    let mut member = MemberState::new();
    for _ in 0..from.below(12) {
        // What cannot be read is refused.
        match from.below(6) {
            0 => {
                member.remove_node(from.pick(&["n1", "n2"]));
            }
            1 => {
                member.remove_pod("ns", from.pick(&["a", "b"]));
            }
            2 => {
                if let Ok(quota) = serde_json::from_value(quota(from)) {
                    let _ = member.apply_quota(&quota);
                }
            }
            3 => {
                if let Ok(pod) = serde_json::from_value(pod(from)) {
                    let _ = member.apply_pod(&pod);
                }
            }
            _ => {
                if let Ok(node) = serde_json::from_value(node(from)) {
                    let _ = member.apply_node(&node);
                }
            }
        }
    }
    member
}

fn requirements(from: &mut Source<'_>) -> Value {
    let terms = |from: &mut Source<'_>| {
        let mut term = selector(from, KEYS);
        if from.chance(60) {
            term["matchFields"] = json!([{"key": "metadata.name", "operator": "In", "values": names(from)}]);
        }
        term
    };
    json!({
        "resourceRequest": resources(from), "namespace": from.pick(&["ns", ""]),
        "priorityClassName": from.pick(VALUES),
        "nodeClaim": {
            "nodeSelector": {from.pick(KEYS): from.pick(VALUES)},
            "hardNodeAffinity": {"nodeSelectorTerms": from.list(3, terms)},
            "tolerations": from.list(3, |from| json!({"key": from.pick(KEYS), "operator": from.pick(&["Exists", "", "Gt"])})),
        },
    })
}

fn estimator(from: &mut Source<'_>, cluster: &str) -> AccurateEstimator {
    let features = FeatureGates::default()
        .with(Feature::SchedulingOvercommitProtection, !from.chance(60))
        .with(Feature::ResourceQuotaEstimate, !from.chance(60));
    let corrections = if from.chance(60) {
        Corrections::all()
    } else {
        Corrections::none()
    };
    AccurateEstimator::new(cluster)
        .with_features(features)
        .with_corrections(corrections)
}

/// Estimators of some members.
pub(super) fn estimators(from: &mut Source<'_>) -> MemberEstimators {
    (0..from.below(5)).fold(MemberEstimators::default(), |estimators, _| {
        let cluster = from.pick(NAMES);
        estimators.with(estimator(from, cluster), member(from).snapshot())
    })
}

/// Asks one estimator everything; nothing panics, and no number is below -1 but for quotas that are overdrawn.
pub(super) fn exercise(from: &mut Source<'_>) {
    let member = member(from);
    let estimator = estimator(from, "m1");
    let assumed_workloads: Vec<Arc<AssumedWorkload>> = (0..from.below(3))
        .filter_map(|_| decoded(from, |from| from.list(3, component)))
        .map(|components| {
            Arc::new(AssumedWorkload {
                namespace: "ns".into(),
                components,
            })
        })
        .collect();
    let cluster = from.pick(&["m1", "m1", "m1", "m2"]).to_owned();
    let request = MaxAvailableReplicasRequest {
        cluster: cluster.clone(),
        replica_requirements: decoded(from, requirements),
        assumed_workloads: assumed_workloads.clone(),
    };
    let room = estimator.max_available_replicas(&member.snapshot(), &request);
    assert_eq!(room.is_err(), cluster != "m1");
    let claimed = |from: &mut Source<'_>| {
        let mut component = component(from);
        if from.chance(128) {
            component["replicaRequirements"] = requirements(from);
        }
        component
    };
    let request = MaxAvailableComponentSetsRequest {
        cluster: cluster.clone(),
        components: decoded(from, |from| from.list(4, claimed)).unwrap_or_default(),
        namespace: from.pick(&["ns", ""]).to_owned(),
        assumed_workloads,
    };
    let sets = estimator.max_available_component_sets(&member.snapshot(), &request);
    assert_eq!(sets.is_err(), cluster != "m1");
    let request = UnschedulableReplicasRequest {
        cluster,
        resource: from
            .chance(200)
            .then(|| karmada_scheduler::estimator::ObjectReference {
                kind: from.pick(&["Deployment", "Job", ""]).to_owned(),
                ..Default::default()
            }),
        unschedulable_threshold: from.number(I64),
    };
    let deployment = serde_json::from_value(json!({
        "metadata": {"name": "", "uid": "d"},
        "spec": {"selector": selector(from, KEYS), "template": {}},
    }));
    let stuck = |from: &mut Source<'_>| {
        json!({
            "metadata": {"ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "r", "controller": true}]},
            "status": {"conditions": [
                {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": from.pick(TIMES)},
            ]},
        })
    };
    let replica_sets: Vec<_> = [json!({
        "metadata": {"uid": "r", "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "", "uid": "d", "controller": true}]},
        "spec": {"selector": {}, "template": {}},
    })]
    .into_iter()
    .filter_map(|object| serde_json::from_value(object).ok())
    .collect();
    let pods: Vec<_> = (0..from.below(3))
        .filter_map(|_| serde_json::from_value(stuck(from)).ok())
        .collect();
    let objects = WorkloadObjects {
        deployment: deployment.as_ref().ok(),
        replica_sets: &replica_sets,
        pods: &pods,
    };
    if let Ok(counted) = estimator.unschedulable_replicas(&request, objects, super::time(from)) {
        assert!((0..=pods.len() as i32).contains(&counted.unschedulable_replicas));
    }
}
