//! Random clusters, pods and questions.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, Pod};
use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::estimator::{AccurateEstimator, EstimatorPlugin, MemberState, ResourceQuotaEstimator};
use karmada_scheduler::{AssumedWorkload, Corrections};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::objects::{CLUSTER, assumed, components, member, node, quota, replicas, requirements, sets};
use crate::reference::{self, PlainQuota};

fn taint() -> impl Strategy<Value = Value> {
    ("[ab]", "(NoSchedule|NoExecute|PreferNoSchedule)")
        .prop_map(|(key, effect)| json!({"key": key, "value": "v", "effect": effect}))
}

fn any_node() -> impl Strategy<Value = Node> {
    let amounts = (0u32..9, 0u32..9, 0u32..3, 0u32..12);
    let labels = prop::collection::btree_map("(zone|size)", "[0-3]", 0..3);
    let taints = prop_oneof![4 => Just(vec![]), 1 => prop::collection::vec(taint(), 1..3)];
    let cordoned = prop::bool::weighted(0.1);
    (0usize..8, amounts, labels, taints, cordoned).prop_map(|(name, (cpu, memory, gpu, pods), labels, taints, cordoned)| {
        let mut allocatable = json!({"cpu": format!("{}m", cpu * 500), "memory": format!("{memory}Gi"), "pods": pods, "storage": "5"});
        allocatable["pods"] = json!(pods.to_string());
        if gpu > 0 {
            allocatable["nvidia.com/gpu"] = json!(gpu.to_string());
        }
        node(&format!("n{name}"), allocatable, json!({"labels": labels, "taints": taints, "unschedulable": cordoned}))
    })
}

fn request() -> impl Strategy<Value = Value> {
    (0u32..5, 0u32..4, 0u32..8).prop_map(|(cpu, memory, gpu)| {
        let mut request =
            json!({"cpu": format!("{}m", cpu * 250), "memory": format!("{memory}Gi"), "storage": "1"});
        if gpu == 1 {
            request["nvidia.com/gpu"] = json!("1");
        }
        request
    })
}

fn any_pod() -> impl Strategy<Value = Pod> {
    // Also on nodes there are not, on none, and pods that have ended.
    (
        (0usize..12),
        (0usize..10),
        request(),
        "(Running|Running|Pending|Succeeded|Failed)",
    )
        .prop_map(|(name, node, request, phase)| {
            let node = if node == 9 {
                String::new()
            } else {
                format!("n{node}")
            };
            serde_json::from_value(json!({
                "metadata": {"namespace": "ns", "name": format!("p{name}")},
                "spec": {"nodeName": node, "containers": [{"name": "c", "resources": {"requests": request}}]},
                "status": {"phase": phase},
            }))
            .unwrap()
        })
}

fn claim() -> impl Strategy<Value = Value> {
    let requirement = (
        "(zone|size)",
        "(In|NotIn|Exists|DoesNotExist|Gt|Lt|Near)",
        prop::collection::vec("[0-3]", 0..3),
    )
        .prop_map(|(key, operator, values)| json!({"key": key, "operator": operator, "values": values}));
    let field = ("(In|NotIn|Exists)", prop::collection::vec("n[0-8]", 1..3)).prop_map(
        |(operator, values)| json!({"key": "metadata.name", "operator": operator, "values": values}),
    );
    let term = (
        prop::collection::vec(requirement, 0..3),
        prop_oneof![3 => Just(vec![]), 1 => prop::collection::vec(field, 1..2)],
    )
        .prop_map(|(labels, fields)| json!({"matchExpressions": labels, "matchFields": fields}));
    let affinity = prop::collection::vec(term, 0..3).prop_map(|terms| json!({"nodeSelectorTerms": terms}));
    let toleration = ("[ab]?", "(Exists|Equal|)", "[vw]", "(NoSchedule|NoExecute|)")
        .prop_map(|(key, operator, value, effect)| json!({"key": key, "operator": operator, "value": value, "effect": effect}));
    let parts = (
        prop::collection::btree_map("zone", "[0-3]", 0..2),
        prop::option::weighted(0.3, affinity),
        prop::collection::vec(toleration, 0..3),
    );
    let claim = parts.prop_map(|(selector, affinity, tolerations)| {
        let mut claim = json!({"nodeSelector": selector, "tolerations": tolerations});
        if let Some(affinity) = affinity {
            claim["hardNodeAffinity"] = affinity;
        }
        claim
    });
    prop_oneof![1 => Just(Value::Null), 1 => claim]
}

fn needs() -> impl Strategy<Value = Value> {
    let some = (request(), claim())
        .prop_map(|(request, claim)| json!({"resourceRequest": request, "nodeClaim": claim}));
    prop_oneof![1 => Just(Value::Null), 9 => some]
}

fn component_list() -> impl Strategy<Value = Value> {
    let one = (0i32..4, needs()).prop_map(
        |(replicas, needs)| json!({"name": "c", "replicas": replicas, "replicaRequirements": needs}),
    );
    prop::collection::vec(one, 1..4).prop_map(Value::Array)
}

fn assumptions() -> impl Strategy<Value = Vec<Arc<AssumedWorkload>>> {
    let one = component_list().prop_map(|list| assumed("ns", &list));
    prop_oneof![1 => Just(vec![]), 1 => prop::collection::vec(one, 1..4)]
}

fn estimator() -> AccurateEstimator {
    let gates = FeatureGates::default().with(Feature::SchedulingOvercommitProtection, true);
    AccurateEstimator::new(CLUSTER).with_features(gates)
}

/// The last object of each name.
fn last<T: Clone>(objects: &[T], name: impl Fn(&T) -> String) -> Vec<T> {
    let by_name: BTreeMap<String, T> = objects
        .iter()
        .map(|object| (name(object), object.clone()))
        .collect();
    by_name.into_values().collect()
}

fn node_name(node: &Node) -> String {
    node.metadata.name.clone().unwrap()
}

fn pod_name(pod: &Pod) -> String {
    pod.metadata.name.clone().unwrap()
}

#[derive(Clone, Debug)]
enum Change {
    Node(Box<Node>),
    NoNode(usize),
    Pod(Box<Pod>),
    NoPod(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => any_node().prop_map(|node| Change::Node(Box::new(node))),
        1 => (0usize..8).prop_map(Change::NoNode),
        4 => any_pod().prop_map(|pod| Change::Pod(Box::new(pod))),
        2 => (0usize..12).prop_map(Change::NoPod),
    ]
}

/// Quotas by spelled name: hard and used; and scopes, each a list of classes.
fn plain_quota() -> impl Strategy<Value = PlainQuota> {
    let name = "(requests[.])?(cpu|memory|nvidia[.]com/gpu)";
    let limits = prop::collection::btree_map(name, (0i64..20, 0i64..20), 0..5);
    let scopes = prop::collection::vec(prop::collection::vec("[ab]", 0..2), 0..3);
    (limits, scopes).prop_map(|(limits, scopes)| PlainQuota {
        limits: limits
            .into_iter()
            .map(|(name, (hard, used))| (name, hard, used))
            .collect(),
        scopes,
    })
}

fn as_quota(index: usize, plain: &PlainQuota) -> k8s_openapi::api::core::v1::ResourceQuota {
    let unit = |name: &str| if name.ends_with("cpu") { "m" } else { "" };
    let list = |used: bool| -> Value {
        let limits = plain.limits.iter();
        limits
            .map(|(name, hard, spent)| {
                let amount = if used { spent } else { hard };
                (name.clone(), json!(format!("{amount}{}", unit(name))))
            })
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let scope = |classes: &Vec<String>| match classes.as_slice() {
        [] => json!({"scopeName": "PriorityClass", "operator": "Exists"}),
        classes => json!({"scopeName": "PriorityClass", "operator": "In", "values": classes}),
    };
    let expressions: Vec<Value> = plain.scopes.iter().map(scope).collect();
    let spec = json!({"scopeSelector": {"matchExpressions": expressions}});
    quota(&format!("q{index}"), spec, list(false), list(true))
}

/// Components that take a few thousandths of CPU, bytes and GPUs.
fn limited_components() -> impl Strategy<Value = Value> {
    let request = prop::collection::btree_map("cpu|memory|nvidia[.]com/gpu|storage", 0u32..4, 0..3);
    let one = (0i32..4, request, "[ab]?", prop::bool::weighted(0.9));
    let one = one.prop_map(|(replicas, request, class, with_needs)| {
        let request: serde_json::Map<String, Value> = request
            .into_iter()
            .map(|(name, amount)| {
                let unit = if name == "cpu" { "m" } else { "" };
                (name, json!(format!("{amount}{unit}")))
            })
            .collect();
        let needs = json!({"resourceRequest": request, "priorityClassName": class});
        json!({"name": "c", "replicas": replicas, "replicaRequirements": if with_needs { needs } else { Value::Null }})
    });
    prop::collection::vec(one, 1..3).prop_map(Value::Array)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn the_rules_of_quotas_are_the_slow_ones(
        plain in prop::collection::vec(plain_quota(), 0..3),
        list in limited_components(),
        in_flight in prop_oneof![Just(json!([])), limited_components()],
        corrected in any::<[bool; 3]>(),
    ) {
        let quotas: Vec<_> = plain.iter().enumerate().map(|(index, plain)| as_quota(index, plain)).collect();
        let large = json!({"cpu": "1k", "memory": "1Ti", "nvidia.com/gpu": "9999", "pods": "100000"});
        let member = member(&[node("n", large, json!({}))], &[], &quotas);
        let mut corrections = Corrections::none();
        [corrections.quota_spellings, corrections.quota_scopes, corrections.overdrawn_quotas] = corrected;
        let workloads = [assumed("ns", &in_flight)];
        // The plugin alone: nodes are in other tests.
        let plugin: Arc<dyn EstimatorPlugin> = Arc::new(ResourceQuotaEstimator::new(true, corrections));
        let alone = estimator().with_only_plugins(vec![plugin]);
        let want = reference::quota_room(&plain, &components(&list), &components(&in_flight), corrected);
        prop_assert_eq!(sets(&alone, &member, &list, &workloads), want);
        // A set of one replica is the same as a replica.
        if let [one] = components(&list).as_slice()
            && one.replicas == 1
            && one.replica_requirements.is_some()
        {
            let mut needs = list[0]["replicaRequirements"].clone();
            needs["namespace"] = json!("ns");
            prop_assert_eq!(replicas(&alone, &member, &needs, &workloads), want);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_compiled_rules_are_the_slow_ones(
        nodes in prop::collection::vec(any_node(), 0..8),
        pods in prop::collection::vec(any_pod(), 0..12),
        needs in needs(),
        list in component_list(),
        assumed in assumptions(),
    ) {
        let member = member(&nodes, &pods, &[]);
        let (nodes, pods) = (last(&nodes, node_name), last(&pods, pod_name));
        let want = reference::max_replicas(&nodes, &pods, requirements(&needs).as_ref(), &assumed);
        prop_assert_eq!(replicas(&estimator(), &member, &needs, &assumed), want);
        let want = reference::max_sets(&nodes, &pods, &components(&list), &assumed);
        prop_assert_eq!(sets(&estimator(), &member, &list, &assumed), want);
    }

    #[test]
    fn changes_one_by_one_equal_a_rebuild(
        changes in prop::collection::vec(change(), 0..40),
        watched in 0usize..40,
        questions in prop::collection::vec((needs(), component_list()), 1..4),
    ) {
        let (mut member, mut nodes, mut pods) = (MemberState::new(), BTreeMap::new(), BTreeMap::new());
        let mut before = None;
        let answers = |member: &MemberState| -> Vec<(i32, i32)> {
            let room = questions.iter();
            room.map(|(needs, list)| (replicas(&estimator(), member, needs, &[]), sets(&estimator(), member, list, &[]))).collect()
        };
        for (position, change) in changes.iter().enumerate() {
            if position == watched {
                before = Some((member.clone(), answers(&member)));
            }
            match change {
                Change::Node(node) => {
                    member.apply_node(node).unwrap();
                    nodes.insert(node_name(node), (**node).clone());
                }
                Change::NoNode(name) => {
                    let name = format!("n{name}");
                    prop_assert_eq!(member.remove_node(&name), nodes.remove(&name).is_some());
                }
                Change::Pod(pod) => {
                    member.apply_pod(pod).unwrap();
                    pods.insert(pod_name(pod), (**pod).clone());
                }
                Change::NoPod(name) => {
                    let name = format!("p{name}");
                    member.remove_pod("ns", &name);
                    pods.remove(&name);
                }
            }
        }
        let mut rebuilt = MemberState::new();
        for pod in pods.values().rev() {
            rebuilt.apply_pod(pod).unwrap();
        }
        for node in nodes.values().rev() {
            rebuilt.apply_node(node).unwrap();
        }
        prop_assert_eq!(answers(&member), answers(&rebuilt));
        prop_assert_eq!(member.snapshot().len(), nodes.len());
        // What was seen before is still as it was.
        if let Some((member, seen)) = before {
            prop_assert_eq!(answers(&member), seen);
        }
    }

    #[test]
    fn the_order_in_which_objects_come_does_not_matter(
        nodes in prop::collection::vec(any_node(), 0..8),
        pods in prop::collection::vec(any_pod(), 0..12),
        needs in needs(),
        list in component_list(),
    ) {
        let (nodes, pods) = (last(&nodes, node_name), last(&pods, pod_name));
        let one = member(&nodes, &pods, &[]);
        let (mut nodes, mut pods) = (nodes, pods);
        nodes.reverse();
        pods.reverse();
        let other = member(&nodes, &pods, &[]);
        prop_assert_eq!(replicas(&estimator(), &one, &needs, &[]), replicas(&estimator(), &other, &needs, &[]));
        prop_assert_eq!(sets(&estimator(), &one, &list, &[]), sets(&estimator(), &other, &list, &[]));
    }
}
