//! What the nodes of a cluster offer and what pods take of it
//! (`karmada:pkg/controllers/status/cluster_status_controller.go`, `karmada:pkg/modeling`).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::api::cluster::v1alpha1::{AllocatableModeling, NodeSummary, ResourceModel, ResourceSummary};
use crate::api::meta::{Condition, ObjectMeta, ResourceList};
use crate::api::wire::nullable;
use crate::quantity::{Format, Quantity};
use crate::requirements::PodSpec;
use crate::status::is_condition_true;

const PODS: &str = "pods";

/// A node, for what it offers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Node {
    /// Its name.
    #[serde(deserialize_with = "nullable")]
    pub metadata: ObjectMeta,
    /// What it offers.
    #[serde(deserialize_with = "nullable")]
    pub status: NodeStatus,
}

/// What a node offers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NodeStatus {
    /// To pods.
    #[serde(deserialize_with = "nullable")]
    pub allocatable: ResourceList,
    /// Its state.
    #[serde(deserialize_with = "nullable")]
    pub conditions: Vec<Condition>,
}

/// A pod, for where it runs and what it takes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// Where it runs and what it takes.
    #[serde(deserialize_with = "nullable")]
    pub spec: PlacedPodSpec,
    /// Whether it still runs.
    #[serde(deserialize_with = "nullable")]
    pub status: PodStatus,
}

/// Where a pod runs and what it takes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PlacedPodSpec {
    /// The node; empty while it waits for one.
    #[serde(deserialize_with = "nullable")]
    pub node_name: String,
    /// What it takes.
    #[serde(flatten)]
    pub pod: PodSpec,
}

/// Whether a pod still runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    #[serde(deserialize_with = "nullable")]
    pub phase: String,
}

impl Pod {
    /// Whether it takes something of a node.
    fn occupies(&self) -> bool {
        !self.spec.node_name.is_empty() && self.status.phase != "Succeeded" && self.status.phase != "Failed"
    }
}

/// How many nodes there are, and how many are ready.
#[must_use]
pub fn node_summary(nodes: &[Node]) -> NodeSummary {
    let is_ready = |node: &&Node| is_condition_true(&node.status.conditions, "Ready");
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    NodeSummary {
        total_num: count(nodes.len()),
        ready_num: count(nodes.iter().filter(is_ready).count()),
    }
}

fn add(total: &mut ResourceList, amounts: &ResourceList) {
    for (name, amount) in amounts {
        *total.entry(name.clone()).or_default() += *amount;
    }
}

/// What pods take together, the number of them included. Empty for no pods.
fn requests<'a>(pods: impl Iterator<Item = &'a Pod>) -> ResourceList {
    let one = ResourceList::from([(PODS.to_owned(), Quantity::new(1, Format::DecimalSi))]);
    let mut total = ResourceList::new();
    for pod in pods {
        add(&mut total, &pod.spec.pod.resource_request());
        add(&mut total, &one);
    }
    total
}

/// What the nodes offer together, ready or not; what pods on nodes take; and what pods without a node wait for.
///
/// Each pod counts for what it takes by itself. Upstream compares an init container with the sum of the pods before it,
/// so that its result depends on their order. The modelings are left empty: see [`allocatable_modelings`].
#[must_use]
pub fn resource_summary(nodes: &[Node], pods: &[Pod]) -> ResourceSummary {
    let mut allocatable = ResourceList::new();
    for node in nodes {
        add(&mut allocatable, &node.status.allocatable);
    }
    ResourceSummary {
        allocatable,
        allocating: requests(pods.iter().filter(|pod| pod.spec.node_name.is_empty())),
        allocated: requests(pods.iter().filter(|pod| pod.occupies())),
        allocatable_modelings: Vec::new(),
    }
}

/// What a node without free pod slots does to the count of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FullNodes {
    /// The nodes after it are not counted either: upstream's behaviour, by which the result depends on the order of
    /// nodes.
    #[default]
    EndTheCount,
    /// Nothing.
    AreLeftOut,
}

/// How many nodes there are of each grade, by what pods have left of them. Grades come in order of the models, none for
/// no models.
///
/// A node is of the highest grade whose lower bounds are all met; one that has less than the first grade asks for is of
/// none. Which resources count is what the first model says. A node without free pod slots is of none.
///
/// # Complexity
/// Linear in pods, and in nodes times models.
#[must_use]
pub fn allocatable_modelings(
    models: &[ResourceModel],
    nodes: &[Node],
    pods: &[Pod],
    full: FullNodes,
) -> Vec<AllocatableModeling> {
    let mut by_node: BTreeMap<&str, Vec<&Pod>> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| pod.occupies()) {
        by_node.entry(&pod.spec.node_name).or_default().push(pod);
    }
    let mut modelings: Vec<AllocatableModeling> = models
        .iter()
        .map(|model| AllocatableModeling {
            grade: model.grade,
            count: 0,
        })
        .collect();
    for node in nodes {
        let name = node.metadata.name.as_deref().unwrap_or_default();
        let on_node = by_node.get(name).map(Vec::as_slice).unwrap_or_default();
        let available = available(node, on_node);
        if available.is_none() && full == FullNodes::EndTheCount {
            break;
        }
        let grade = available.and_then(|available| grade(models, &available));
        if let Some(modeling) = grade.and_then(|index| modelings.get_mut(index)) {
            modeling.count += 1;
        }
    }
    modelings
}

/// What pods have left of a node; `None` if there is no room for another pod.
fn available(node: &Node, pods: &[&Pod]) -> Option<ResourceList> {
    let mut available = node.status.allocatable.clone();
    if pods.is_empty() {
        return Some(available);
    }
    for (name, taken) in requests(pods.iter().copied()) {
        if let Some(amount) = available.get_mut(&name) {
            *amount -= taken;
        }
    }
    let slots = available.get(PODS).copied().unwrap_or_default();
    (slots.sign() > 0).then_some(available)
}

/// The position of the highest grade that an amount of resources reaches.
fn grade(models: &[ResourceModel], available: &ResourceList) -> Option<usize> {
    let least = |model: &ResourceModel, name: &str| {
        let range = model.ranges.iter().find(|range| range.name == name);
        range.map(|range| range.min).unwrap_or_default()
    };
    let grades = models.first()?.ranges.iter().map(|range| {
        let amount = available.get(&range.name).copied().unwrap_or_default();
        models
            .iter()
            .rposition(|model| least(model, &range.name) <= amount)
    });
    // `None` is below every grade.
    grades.min().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::wire;

    fn nodes(list: Value) -> Vec<Node> {
        let list = list.as_array().unwrap().iter();
        list.map(|node| wire::decode(node).unwrap()).collect()
    }

    fn node(name: &str, cpu: &str, pods: &str) -> Value {
        json!({"metadata": {"name": name}, "status": {"allocatable": {"cpu": cpu, "memory": "4Gi", "pods": pods}}})
    }

    fn pods(list: Value) -> Vec<Pod> {
        let list = list.as_array().unwrap().iter();
        list.map(|pod| wire::decode(pod).unwrap()).collect()
    }

    fn pod(node: &str, phase: &str, cpu: &str, init: &str) -> Value {
        let container = |cpu: &str| json!([{"resources": {"requests": {"cpu": cpu}}}]);
        json!({
            "spec": {"nodeName": node, "containers": container(cpu), "initContainers": container(init)},
            "status": {"phase": phase},
        })
    }

    #[test]
    fn counts_nodes() {
        fn check(list: Value, want: (i32, i32)) {
            let got = node_summary(&nodes(list.clone()));
            assert_eq!((got.total_num, got.ready_num), want, "{list}");
        }
        let ready = |status: &str| json!({"status": {"conditions": [{"type": "DiskPressure", "status": "False"}, {"type": "Ready", "status": status}]}});
        check(json!([]), (0, 0));
        check(
            json!([{}, ready("True"), ready("False"), ready("Unknown"), ready("True")]),
            (5, 2),
        );
    }

    #[test]
    fn sums() {
        fn check(node_list: Value, pod_list: Value, want: Value) {
            let summary = resource_summary(&nodes(node_list.clone()), &pods(pod_list.clone()));
            let mut reversed = pods(pod_list.clone());
            reversed.reverse();
            assert_eq!(
                resource_summary(&nodes(node_list), &reversed),
                summary,
                "{pod_list}"
            );
            assert_eq!(serde_json::to_value(summary).unwrap(), want, "{pod_list}");
        }
        check(json!([]), json!([]), json!({}));
        check(
            json!([node("a", "2", "10"), node("b", "1500m", "10")]),
            json!([]),
            json!({"allocatable": {"cpu": "3500m", "memory": "8Gi", "pods": "20"}}),
        );
        check(
            json!([]),
            json!([
                pod("", "Pending", "1", "0"),
                pod("", "Failed", "1", "0"),
                pod("a", "Running", "100m", "300m"),
                pod("b", "Pending", "1", "300m"),
                pod("a", "Succeeded", "5", "0"),
                pod("a", "Failed", "5", "0"),
            ]),
            json!({
                "allocating": {"cpu": "2", "pods": "2"},
                "allocated": {"cpu": "1300m", "pods": "2"},
            }),
        );
    }

    #[test]
    fn models() {
        fn check(models: Value, node_list: Value, pod_list: Value, want: &[i64]) {
            let list = models.as_array().unwrap().iter();
            let grades: Vec<ResourceModel> = list.map(|model| wire::decode(model).unwrap()).collect();
            let read = (nodes(node_list.clone()), pods(pod_list.clone()));
            let got = allocatable_modelings(&grades, &read.0, &read.1, FullNodes::AreLeftOut);
            let counts: Vec<i64> = got.iter().map(|modeling| modeling.count).collect();
            assert_eq!(counts, want, "{models} {node_list} {pod_list}");
            assert!(
                got.iter()
                    .zip(&grades)
                    .all(|(modeling, model)| modeling.grade == model.grade)
            );
        }
        let model = |grade: u64, cpu: &str, memory: &str| json!({"grade": grade, "ranges": [{"name": "cpu", "min": cpu}, {"name": "memory", "min": memory}]});
        let grades = json!([model(0, "0", "0"), model(1, "1", "1Gi"), model(2, "2", "8Gi")]);
        check(json!([]), json!([node("a", "1", "10")]), json!([]), &[]);
        check(grades.clone(), json!([]), json!([]), &[0, 0, 0]);
        check(
            grades.clone(),
            json!([
                node("a", "500m", "10"),
                node("b", "1", "10"),
                node("c", "64", "10")
            ]),
            json!([]),
            // The last one lacks memory for the highest grade.
            &[1, 2, 0],
        );
        check(
            grades.clone(),
            json!([node("a", "2", "10")]),
            json!([
                pod("a", "Running", "1500m", "0"),
                pod("a", "Succeeded", "1", "0"),
                pod("b", "Running", "1", "0")
            ]),
            &[1, 0, 0],
        );
        // No slot left on the first node; the others still count. Upstream stops there.
        let full = (
            nodes(json!([node("a", "2", "1"), node("b", "2", "1")])),
            pods(json!([pod("a", "Running", "100m", "0")])),
        );
        let list = grades.as_array().unwrap().iter();
        let read: Vec<ResourceModel> = list.map(|model| wire::decode(model).unwrap()).collect();
        let count = |nodes: &[Node]| -> Vec<i64> {
            let got = allocatable_modelings(&read, nodes, &full.1, FullNodes::default());
            got.iter().map(|modeling| modeling.count).collect()
        };
        assert_eq!(count(&full.0), [0, 0, 0]);
        let reversed: Vec<Node> = full.0.iter().rev().cloned().collect();
        assert_eq!(count(&reversed), [0, 1, 0]);
        check(
            grades.clone(),
            json!([node("a", "2", "1"), node("b", "2", "1"), node("c", "2", "0")]),
            json!([pod("a", "Running", "100m", "0")]),
            &[0, 2, 0],
        );
        // Overcommitted: below the first grade.
        check(
            grades,
            json!([node("a", "1", "10")]),
            json!([pod("a", "Running", "3", "0")]),
            &[0, 0, 0],
        );
        check(
            json!([{"grade": 7, "ranges": []}]),
            json!([node("a", "1", "10")]),
            json!([]),
            &[0],
        );
        check(
            json!([{"grade": 0, "ranges": [{"name": "nvidia.com/gpu", "min": "1"}]}]),
            json!([node("a", "1", "10")]),
            json!([]),
            &[0],
        );
    }
}
