//! The rules of section 5.7 node by node and set by set, without an index, a column or a shortcut.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, Pod};
use karmada_core::api::meta::{NodeSelectorTerm, ResourceList, Toleration};
use karmada_core::api::work::v1alpha2::{Component, NodeClaim, ReplicaRequirements};
use karmada_core::quantity::Quantity;
use karmada_scheduler::AssumedWorkload;

/// The resources that the generated objects have and placement looks at.
const RESOURCES: [&str; 3] = ["cpu", "memory", "nvidia.com/gpu"];

type Amounts = BTreeMap<&'static str, i64>;

#[derive(Clone, Debug)]
struct FreeNode<'a> {
    node: &'a Node,
    left: Amounts,
    slots: i64,
}

fn amount(resource: &str, quantity: Quantity) -> i64 {
    if resource == "cpu" {
        quantity.milli_value()
    } else {
        quantity.value()
    }
}

fn wire_amount(
    list: Option<&BTreeMap<String, k8s_openapi::apimachinery::pkg::api::resource::Quantity>>,
    resource: &str,
) -> i64 {
    let quantity = list.and_then(|list| list.get(resource));
    quantity.map_or(0, |quantity| {
        amount(resource, Quantity::try_from(quantity).unwrap())
    })
}

fn free_nodes<'a>(nodes: &'a [Node], pods: &[Pod]) -> Vec<FreeNode<'a>> {
    let mut nodes: Vec<&Node> = nodes.iter().collect();
    nodes.sort_by_key(|node| node.metadata.name.clone());
    nodes
        .into_iter()
        .map(|node| {
            let on_node: Vec<&Pod> = pods
                .iter()
                .filter(|pod| pod.spec.as_ref().unwrap().node_name == node.metadata.name)
                .filter(|pod| {
                    let phase = pod.status.as_ref().and_then(|status| status.phase.clone());
                    !["Succeeded", "Failed"].contains(&phase.unwrap_or_default().as_str())
                })
                .collect();
            let allocatable = node.status.as_ref().unwrap().allocatable.as_ref();
            let left = RESOURCES.map(|resource| {
                let taken: i64 = on_node
                    .iter()
                    .flat_map(|pod| &pod.spec.as_ref().unwrap().containers)
                    .map(|container| {
                        let resources = container.resources.as_ref().unwrap();
                        wire_amount(resources.requests.as_ref(), resource)
                    })
                    .sum();
                (resource, (wire_amount(allocatable, resource) - taken).max(0))
            });
            FreeNode {
                node,
                left: left.into(),
                slots: (wire_amount(allocatable, "pods") - on_node.len() as i64).max(0),
            }
        })
        .collect()
}

fn term_holds(node: &Node, term: &NodeSelectorTerm) -> bool {
    let labels = node.metadata.labels.clone().unwrap_or_default();
    let name = node.metadata.name.clone().unwrap();
    let on_label = |key: &String, operator: &str, values: &[String]| {
        let value = labels.get(key);
        let number = |text: &String| text.parse::<i64>().ok();
        match (operator, values) {
            ("In", [_, ..]) => value.is_some_and(|value| values.contains(value)),
            ("NotIn", [_, ..]) => value.is_none_or(|value| !values.contains(value)),
            ("Exists", []) => value.is_some(),
            ("DoesNotExist", []) => value.is_none(),
            ("Gt", [bound]) => {
                value.and_then(number) > number(bound)
                    && value.and_then(number).is_some()
                    && number(bound).is_some()
            }
            ("Lt", [bound]) => match (value.and_then(number), number(bound)) {
                (Some(value), Some(bound)) => value < bound,
                _ => false,
            },
            _ => false,
        }
    };
    let on_field = |operator: &str, values: &[String]| match (operator, values) {
        ("In", [value]) => *value == name,
        ("NotIn", [value]) => *value != name,
        _ => false,
    };
    let empty = term.match_expressions.is_empty() && term.match_fields.is_empty();
    !empty
        && term
            .match_expressions
            .iter()
            .all(|it| on_label(&it.key, &it.operator, &it.values))
        && term
            .match_fields
            .iter()
            .all(|it| on_field(&it.operator, &it.values))
}

fn tolerates(toleration: &Toleration, key: &str, value: &str, effect: &str) -> bool {
    (toleration.effect.is_empty() || toleration.effect == effect)
        && (toleration.key.is_empty() || toleration.key == key)
        && (toleration.operator == "Exists" || toleration.value == value)
}

fn allows(claim: Option<&NodeClaim>, node: &Node) -> bool {
    let none = NodeClaim::default();
    let claim = claim.unwrap_or(&none);
    let labels = node.metadata.labels.clone().unwrap_or_default();
    let selected = claim
        .node_selector
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value));
    let affine = claim.hard_node_affinity.as_ref().is_none_or(|affinity| {
        affinity
            .node_selector_terms
            .iter()
            .any(|term| term_holds(node, term))
    });
    let tolerated = |key: &str, value: &str, effect: &str| {
        claim
            .tolerations
            .iter()
            .any(|toleration| tolerates(toleration, key, value, effect))
    };
    let spec = node.spec.as_ref().unwrap();
    let cordoned = spec.unschedulable.unwrap_or_default();
    let taints = spec.taints.iter().flatten().all(|taint| {
        taint.effect == "PreferNoSchedule"
            || tolerated(
                &taint.key,
                taint.value.as_deref().unwrap_or_default(),
                &taint.effect,
            )
    });
    selected
        && affine
        && taints
        && (!cordoned || tolerated("node.kubernetes.io/unschedulable", "", "NoSchedule"))
}

fn wanted(request: &ResourceList, resource: &str) -> i64 {
    request
        .get(resource)
        .map_or(0, |quantity| amount(resource, *quantity))
}

fn fit(node: &FreeNode<'_>, request: &ResourceList) -> i64 {
    let by_resource = RESOURCES
        .iter()
        .filter(|resource| wanted(request, resource) > 0)
        .map(|resource| node.left[resource] / wanted(request, resource));
    by_resource.min().unwrap_or(i64::MAX).min(node.slots)
}

/// Places the components once; `false` when they do not all fit.
fn place(nodes: &mut [FreeNode<'_>], components: &[Component]) -> bool {
    let empty = ResourceList::new();
    components.iter().all(|component| {
        let needs = component.replica_requirements.as_ref();
        let request = needs.map_or(&empty, |needs| &needs.resource_request);
        let claim = needs.and_then(|needs| needs.node_claim.as_ref());
        let mut remaining = i64::from(component.replicas);
        for node in nodes.iter_mut().filter(|node| allows(claim, node.node)) {
            let here = fit(node, request).min(remaining);
            for resource in RESOURCES {
                *node.left.get_mut(resource).unwrap() -= wanted(request, resource).max(0) * here;
            }
            node.slots -= here;
            remaining -= here;
        }
        remaining == 0
    })
}

pub(crate) fn max_replicas(
    nodes: &[Node],
    pods: &[Pod],
    needs: Option<&ReplicaRequirements>,
    assumed: &[Arc<AssumedWorkload>],
) -> i32 {
    let mut nodes = free_nodes(nodes, pods);
    for workload in assumed {
        place(&mut nodes, &workload.components);
    }
    let empty = ResourceList::new();
    let request = needs.map_or(&empty, |needs| &needs.resource_request);
    let claim = needs.and_then(|needs| needs.node_claim.as_ref());
    let allowed = nodes.iter().filter(|node| allows(claim, node.node));
    allowed.map(|node| fit(node, request)).sum::<i64>() as i32
}

pub(crate) fn max_sets(
    nodes: &[Node],
    pods: &[Pod],
    components: &[Component],
    assumed: &[Arc<AssumedWorkload>],
) -> i32 {
    if nodes.is_empty() {
        return 0;
    }
    if components.iter().all(|component| component.replicas == 0) {
        return i32::MAX;
    }
    let mut nodes = free_nodes(nodes, pods);
    for workload in assumed {
        place(&mut nodes, &workload.components);
    }
    (0..).find(|_| !place(&mut nodes, components)).unwrap()
}

/// A quota as it is generated: what is left per spelling of each resource, and the priority classes it is for.
#[derive(Clone, Debug)]
pub(crate) struct PlainQuota {
    /// Name as in the quota, hard and used in the smallest unit.
    pub(crate) limits: Vec<(String, i64, i64)>,
    /// Each a scope: the classes it is for, or any class if there are none.
    pub(crate) scopes: Vec<Vec<String>>,
}

impl PlainQuota {
    fn applies(&self, class: &str, all: bool) -> bool {
        let holds = |classes: &Vec<String>| {
            !class.is_empty() && (classes.is_empty() || classes.iter().any(|known| known == class))
        };
        if self.scopes.is_empty() || all {
            return self.scopes.iter().all(holds);
        }
        self.scopes.iter().any(holds)
    }

    fn left(&self, resource: &str, least: bool) -> Option<i64> {
        let of = |name: &str| {
            let limit = self.limits.iter().find(|(known, _, _)| known == name);
            limit.map(|(_, hard, used)| hard - used)
        };
        match (of(resource), of(&format!("requests.{resource}"))) {
            (Some(plain), Some(prefixed)) if least => Some(plain.min(prefixed)),
            (plain, prefixed) => prefixed.or(plain),
        }
    }
}

/// Room in quotas for sets of these components, by the corrections of spellings, scopes and overdrawn quotas.
pub(crate) fn quota_room(
    quotas: &[PlainQuota],
    components: &[Component],
    assumed: &[Component],
    corrections: [bool; 3],
) -> i32 {
    let [least, all, floor] = corrections;
    let mut room = i64::from(i32::MAX);
    for quota in quotas {
        let counted = |component: &&Component| {
            quota.scopes.is_empty()
                || component
                    .replica_requirements
                    .as_ref()
                    .is_some_and(|needs| quota.applies(&needs.priority_class_name, all))
        };
        let total = |list: &[Component], resource: &str| -> i64 {
            list.iter()
                .filter(counted)
                .filter_map(|component| Some((component.replicas, component.replica_requirements.as_ref()?)))
                .map(|(replicas, needs)| wanted(&needs.resource_request, resource) * i64::from(replicas))
                .sum()
        };
        if !components.iter().any(|component| counted(&component)) {
            continue;
        }
        let mut own = i64::from(i32::MAX);
        for resource in RESOURCES {
            let per_set = total(components, resource);
            if let Some(left) = quota.left(resource, least)
                && per_set > 0
            {
                own = own.min((left - total(assumed, resource)) / per_set);
            }
        }
        // What is assumed beyond the quota leaves nothing at all, not less.
        let exhausted = RESOURCES.iter().any(|resource| {
            let asked = assumed.iter().filter(counted).any(|component| {
                let needs = component.replica_requirements.as_ref();
                needs.is_some_and(|needs| needs.resource_request.contains_key(*resource))
            });
            asked
                && quota
                    .left(resource, least)
                    .is_some_and(|left| left - total(assumed, resource) < 0)
        });
        if exhausted {
            own = 0;
        }
        room = room.min(if floor { own.max(0) } else { own });
    }
    room as i32
}
