//! What an estimator knows of its cluster: nodes, the pods on them, quotas.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use k8s_openapi::api::core::v1 as kube;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as WireQuantity;
use karmada_core::api::meta::{ResourceList, Taint};
use karmada_core::quantity::{ParseQuantityError, Quantity};
use karmada_core::requirements::{Container, PodSpec, Resources};
use karmada_core::selector::Labels;
use karmada_core::toleration::effects;
use rustc_hash::FxHashMap;

use super::chunk::{Chunk, NodeRow, Usage};
use super::resource_quota::Quota;
use crate::cluster_set::ROWS;
use crate::estimate::resources::{is_simulated, natural};

/// Why an object cannot be taken in. What was known before stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemberError {
    /// An object without a name.
    #[error("{kind} has no metadata.name")]
    NoName {
        /// The kind of the object.
        kind: &'static str,
    },
    /// An amount that is none.
    #[error("{kind} {name}: {field} is not a quantity")]
    Quantity {
        /// The kind of the object.
        kind: &'static str,
        /// Its namespace and name.
        name: String,
        /// The field.
        field: String,
        /// What is wrong with it.
        source: ParseQuantityError,
    },
    /// Nodes are numbered with 32 bits.
    #[error("there are too many nodes")]
    Full,
}

/// Everything an accurate estimator goes by, kept up to date incrementally
/// (`karmada:pkg/util/lifted/scheduler/cache`, `karmada:pkg/estimator/server/eventhandlers.go`).
///
/// Objects are compiled once, when they come: amounts into integer columns of what is left, labels into an inverted
/// index, taints into classes. Pods count from when they have a node until they have ended, also if their node is not
/// known yet.
///
/// # Complexity
/// A pod costs what it asks for and one copy of 256 numbers per resource if there is a snapshot that shares them; a
/// node costs its labels besides, and adding or removing one moves `O(nodes)` integers.
///
/// # Example
/// ```
/// use k8s_openapi::api::core::v1::Node;
/// use karmada_scheduler::estimator::{AccurateEstimator, MaxAvailableReplicasRequest, MemberState};
///
/// let mut node = Node::default();
/// node.metadata.name = Some("worker-1".into());
/// let amounts = [("cpu", "4"), ("pods", "110")].map(|(name, amount)| (name.into(), k8s_openapi::apimachinery::pkg::api::resource::Quantity(amount.into())));
/// node.status.get_or_insert_default().allocatable = Some(amounts.into());
///
/// let mut member = MemberState::new();
/// member.apply_node(&node)?;
/// let estimator = AccurateEstimator::new("member1");
/// let mut request = MaxAvailableReplicasRequest { cluster: "member1".into(), ..Default::default() };
/// request.replica_requirements.get_or_insert_default().resource_request.insert("cpu".into(), "500m".parse()?);
/// assert_eq!(estimator.max_available_replicas(&member.snapshot(), &request)?.max_replicas, 8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemberState {
    chunks: Arc<Vec<Arc<Chunk>>>,
    /// Slots in the order of the nodes' names.
    order: Arc<Vec<u32>>,
    free: Vec<u32>,
    slots: u32,
    /// By the name of the node, which need not be known.
    usage: FxHashMap<Box<str>, Usage>,
    /// By namespace and name.
    pods: FxHashMap<Box<str>, PlacedPod>,
    /// Names of resources, each once.
    resources: BTreeSet<Arc<str>>,
    quotas: Arc<Quotas>,
}

/// By namespace, then by name.
type Quotas = BTreeMap<Box<str>, BTreeMap<Box<str>, Arc<Quota>>>;

#[derive(Clone, Debug)]
struct PlacedPod {
    node: Box<str>,
    request: Box<[(Arc<str>, i64)]>,
}

/// What an estimator knows at one moment: immutable, and a clone shares everything.
#[derive(Clone, Default)]
pub struct MemberSnapshot {
    chunks: Arc<Vec<Arc<Chunk>>>,
    order: Arc<Vec<u32>>,
    quotas: Arc<Quotas>,
}

impl fmt::Debug for MemberSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberSnapshot")
            .field("nodes", &self.len())
            .finish_non_exhaustive()
    }
}

impl MemberSnapshot {
    /// Number of nodes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are no nodes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The nodes in the order of their names.
    pub fn nodes(&self) -> impl Iterator<Item = NodeView<'_>> {
        self.places().filter_map(|(chunk, row)| {
            let chunk = self.chunks.get(chunk)?;
            Some(NodeView {
                chunk,
                node: chunk.node(row)?,
                row,
            })
        })
    }

    pub(super) fn chunks(&self) -> &[Arc<Chunk>] {
        &self.chunks
    }

    /// Where each node is, chunk and row, in the order of their names.
    pub(super) fn places(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.order
            .iter()
            .map(|slot| (*slot as usize / ROWS, *slot as usize % ROWS))
    }

    /// Where the node of that name is.
    pub(super) fn place(&self, node: &str) -> Option<(usize, usize)> {
        let position = position(&self.chunks, &self.order, node).ok()?;
        let slot = *self.order.get(position)? as usize;
        Some((slot / ROWS, slot % ROWS))
    }

    /// The quotas of a namespace in the order of their names.
    pub(super) fn quotas(&self, namespace: &str) -> impl Iterator<Item = &Quota> {
        let quotas = self.quotas.get(namespace).into_iter();
        quotas.flat_map(|quotas| quotas.values().map(|quota| &**quota))
    }
}

/// What is known of one node: for plugins.
#[derive(Clone, Copy)]
pub struct NodeView<'a> {
    chunk: &'a Chunk,
    node: &'a NodeRow,
    row: usize,
}

impl fmt::Debug for NodeView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeView")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

impl<'a> NodeView<'a> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        &self.node.name
    }

    /// The value of a label, if the node has it.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&'a str> {
        self.node.value(key)
    }

    /// The taints that keep pods away: those with effect `NoSchedule` or `NoExecute`.
    #[must_use]
    pub fn taints(&self) -> &'a [Taint] {
        &self.node.taints
    }

    /// Whether it is closed to new pods.
    #[must_use]
    pub fn is_unschedulable(&self) -> bool {
        self.node.unschedulable
    }

    /// What its pods leave of a resource, at least 0: thousandths of `cpu`, whole units of the rest.
    #[must_use]
    pub fn left(&self, resource: &str) -> i64 {
        let column = self.chunk.column(resource);
        column
            .and_then(|column| column.left.get(self.row).copied())
            .unwrap_or(0)
    }

    /// How many more pods it takes.
    #[must_use]
    pub fn slots_left(&self) -> i64 {
        self.chunk.slots.get(self.row).copied().unwrap_or(0)
    }
}

impl MemberState {
    /// A cluster without nodes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The cluster as it is now. Constant.
    #[must_use]
    pub fn snapshot(&self) -> MemberSnapshot {
        MemberSnapshot {
            chunks: self.chunks.clone(),
            order: self.order.clone(),
            quotas: self.quotas.clone(),
        }
    }

    /// Adds a node, or replaces the one of that name.
    ///
    /// # Errors
    /// [`MemberError`] when it has no name, or offers an amount that is none.
    pub fn apply_node(&mut self, node: &kube::Node) -> Result<(), MemberError> {
        let node = self.compile(node)?;
        let slot = match position(&self.chunks, &self.order, &node.name) {
            Ok(position) => self.order.get(position).copied().unwrap_or_default(),
            Err(position) => {
                let slot = match self.free.pop() {
                    Some(slot) => slot,
                    None => {
                        let slot = self.slots;
                        self.slots = slot.checked_add(1).ok_or(MemberError::Full)?;
                        slot
                    }
                };
                Arc::make_mut(&mut self.order).insert(position, slot);
                slot
            }
        };
        let usage = self.usage.get(&node.name);
        if let Some(chunk) = chunk(&mut self.chunks, slot) {
            chunk.write(slot as usize % ROWS, node, usage);
        }
        Ok(())
    }

    /// Removes a node; says whether there was one. Its pods stay until they are removed.
    pub fn remove_node(&mut self, name: &str) -> bool {
        let Ok(position) = position(&self.chunks, &self.order, name) else {
            return false;
        };
        let slot = Arc::make_mut(&mut self.order).remove(position);
        if let Some(chunk) = chunk(&mut self.chunks, slot) {
            chunk.clear(slot as usize % ROWS);
        }
        self.free.push(slot);
        true
    }

    /// Adds a pod, or replaces the one of that namespace and name. One that has no node or has ended takes nothing.
    ///
    /// # Errors
    /// [`MemberError`] when it has no name, or asks for an amount that is none.
    pub fn apply_pod(&mut self, pod: &kube::Pod) -> Result<(), MemberError> {
        let key = key("Pod", &pod.metadata)?;
        let spec = pod.spec.as_ref();
        let node = spec
            .and_then(|spec| spec.node_name.as_deref())
            .unwrap_or_default();
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
        let (Some(spec), false, false) = (
            spec,
            node.is_empty(),
            matches!(phase, Some("Succeeded" | "Failed")),
        ) else {
            self.forget_pod(&key);
            return Ok(());
        };
        let request = request(&key, spec)?
            .iter()
            .filter(|(name, _)| is_simulated(name))
            .map(|(name, amount)| (self.resource(name), natural(name, *amount)))
            .collect();
        self.forget_pod(&key);
        let usage = self.usage.entry(node.into()).or_default();
        usage.pods += 1;
        let placed = PlacedPod {
            node: node.into(),
            request,
        };
        usage.add(&placed.request, 1);
        self.refresh(node);
        self.pods.insert(key.into(), placed);
        Ok(())
    }

    /// Removes a pod; says whether there was one that took something.
    pub fn remove_pod(&mut self, namespace: &str, name: &str) -> bool {
        self.forget_pod(&format!("{namespace}/{name}"))
    }

    /// Adds a ResourceQuota, or replaces the one of that namespace and name.
    ///
    /// # Errors
    /// [`MemberError`] when it has no name, or an amount in its status is none.
    pub fn apply_quota(&mut self, quota: &kube::ResourceQuota) -> Result<(), MemberError> {
        let key = key("ResourceQuota", &quota.metadata)?;
        let status = quota.status.as_ref();
        let list = |field: &str, list| amounts("ResourceQuota", &key, field, list);
        let hard = list("status.hard", status.and_then(|status| status.hard.as_ref()))?;
        let used = list("status.used", status.and_then(|status| status.used.as_ref()))?;
        let compiled = Quota::new(quota.spec.as_ref(), &hard, &used);
        let (namespace, name) = key.split_once('/').unwrap_or(("", &key));
        Arc::make_mut(&mut self.quotas)
            .entry(namespace.into())
            .or_default()
            .insert(name.into(), Arc::new(compiled));
        Ok(())
    }

    /// Removes a ResourceQuota; says whether there was one.
    pub fn remove_quota(&mut self, namespace: &str, name: &str) -> bool {
        let quotas = Arc::make_mut(&mut self.quotas);
        let Some(others) = quotas.get_mut(namespace) else {
            return false;
        };
        let known = others.remove(name).is_some();
        if others.is_empty() {
            quotas.remove(namespace);
        }
        known
    }

    fn forget_pod(&mut self, key: &str) -> bool {
        let Some(placed) = self.pods.remove(key) else {
            return false;
        };
        if let Some(usage) = self.usage.get_mut(&placed.node) {
            usage.pods -= 1;
            usage.add(&placed.request, -1);
            if usage.pods == 0 {
                self.usage.remove(&placed.node);
            }
        }
        self.refresh(&placed.node);
        true
    }

    /// Brings the columns of a node up to date with its pods.
    fn refresh(&mut self, node: &str) {
        let Ok(position) = position(&self.chunks, &self.order, node) else {
            return;
        };
        let slot = self.order.get(position).copied().unwrap_or_default();
        let usage = self.usage.get(node);
        if let Some(chunk) = chunk(&mut self.chunks, slot) {
            chunk.refresh(slot as usize % ROWS, usage);
        }
    }

    fn resource(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.resources.get(name) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        self.resources.insert(name.clone());
        name
    }

    fn compile(&mut self, node: &kube::Node) -> Result<NodeRow, MemberError> {
        let name = node.metadata.name.as_deref().filter(|name| !name.is_empty());
        let name = name.ok_or(MemberError::NoName { kind: "Node" })?;
        let status = node.status.as_ref();
        let allocatable = status.and_then(|status| status.allocatable.as_ref());
        let allocatable = amounts("Node", name, "status.allocatable", allocatable)?;
        let spec = node.spec.as_ref();
        let taints = spec.and_then(|spec| spec.taints.as_ref()).into_iter().flatten();
        let labels = node.metadata.labels.iter().flatten();
        Ok(NodeRow {
            name: name.into(),
            labels: labels
                .map(|(key, value)| (key.as_str().into(), value.as_str().into()))
                .collect(),
            taints: taints
                .filter(|taint| taint.effect == effects::NO_SCHEDULE || taint.effect == effects::NO_EXECUTE)
                .map(|taint| {
                    Taint::new(&taint.key, &taint.effect).value(taint.value.as_deref().unwrap_or_default())
                })
                .collect(),
            unschedulable: spec.and_then(|spec| spec.unschedulable).unwrap_or_default(),
            slots: allocatable.get("pods").map_or(0, |pods| pods.value()),
            allocatable: allocatable
                .iter()
                .filter(|(name, _)| is_simulated(name))
                .map(|(name, amount)| (self.resource(name), natural(name, *amount)))
                .collect(),
        })
    }
}

/// Where a node is in the order of names, or would be.
fn position(chunks: &[Arc<Chunk>], order: &[u32], node: &str) -> Result<usize, usize> {
    order.binary_search_by(|slot| {
        let chunk = chunks.get(*slot as usize / ROWS);
        let row = chunk.and_then(|chunk| chunk.node(*slot as usize % ROWS));
        row.map_or("", |row| &row.name).cmp(node)
    })
}

fn chunk(chunks: &mut Arc<Vec<Arc<Chunk>>>, slot: u32) -> Option<&mut Chunk> {
    let chunks = Arc::make_mut(chunks);
    let index = slot as usize / ROWS;
    if chunks.len() <= index {
        chunks.resize_with(index + 1, Arc::default);
    }
    chunks.get_mut(index).map(Arc::make_mut)
}

fn key(kind: &'static str, metadata: &karmada_core::api::meta::ObjectMeta) -> Result<String, MemberError> {
    let name = metadata.name.as_deref().filter(|name| !name.is_empty());
    let name = name.ok_or(MemberError::NoName { kind })?;
    Ok(format!(
        "{}/{name}",
        metadata.namespace.as_deref().unwrap_or_default()
    ))
}

fn amounts(
    kind: &'static str,
    name: &str,
    field: &str,
    list: Option<&BTreeMap<String, WireQuantity>>,
) -> Result<ResourceList, MemberError> {
    let list = list.into_iter().flatten();
    list.map(|(resource, amount)| match Quantity::try_from(amount) {
        Ok(amount) => Ok((resource.clone(), amount)),
        Err(source) => Err(MemberError::Quantity {
            kind,
            name: name.to_owned(),
            field: format!("{field}[{resource}]"),
            source,
        }),
    })
    .collect()
}

/// What a pod takes of its node. Its limits do not stand in for requests: in a stored pod they have been filled in.
fn request(key: &str, spec: &kube::PodSpec) -> Result<ResourceList, MemberError> {
    let containers = |field: &str, containers: &[kube::Container]| {
        let containers = containers.iter().enumerate();
        containers
            .map(|(index, container)| {
                let resources = container.resources.as_ref();
                let field = format!("spec.{field}[{index}].resources.requests");
                let requests = resources.and_then(|resources| resources.requests.as_ref());
                Ok(Container {
                    resources: Resources {
                        requests: amounts("Pod", key, &field, requests)?,
                        limits: ResourceList::new(),
                    },
                })
            })
            .collect::<Result<Vec<_>, MemberError>>()
    };
    let spec = PodSpec {
        containers: containers("containers", &spec.containers)?,
        init_containers: containers(
            "initContainers",
            spec.init_containers.as_deref().unwrap_or_default(),
        )?,
        overhead: amounts("Pod", key, "spec.overhead", spec.overhead.as_ref())?,
        ..PodSpec::default()
    };
    Ok(spec.resource_request())
}
