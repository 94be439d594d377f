//! Sets of components: how many a cluster has room for (`karmada:pkg/estimator/client/general.go`).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::iter::{Copied, Zip};
use std::slice::{ChunksExact, Iter};
use std::sync::Arc;

use karmada_core::api::work::v1alpha2::Component;
use karmada_core::features::Feature;
use karmada_core::quantity::Quantity;

use super::general::{assumed, by_chunk, pods_left, row, value};
use super::pod_set::PodSet;
use super::resources::{POD_SLOTS_PER_NODE, is_simulated, natural};
use super::sets::SetSimulation;
use super::simulate::{Nodes, Pods, Run};
use super::{Estimate, UpperBound};
use crate::cluster_set::ClusterId;
use crate::context::Context;
use crate::fleet::AssumedWorkload;
use crate::fleet::chunk::{Chunk, ModelColumn, ResourceColumn, by_notation};
use crate::fleet::models::GradeTable;

/// The sets each cluster has room for.
pub(super) fn sets(ctx: &Context<'_>, clusters: &[ClusterId], components: &[Component]) -> Vec<i64> {
    with_plan(ctx, components, |plan| {
        let mut simulation = SetSimulation::new(&plan.set);
        room(ctx, clusters, components, 0, |modelled, bound| match modelled {
            None => bound,
            Some(modelled) if modelled.assumed.is_empty() => plan.with_nodes(&modelled, |nodes| {
                let bound = plan.set.most(&nodes, bound);
                simulation.sets(nodes, bound)
            }),
            Some(modelled) => beside(&modelled, components, bound),
        })
    })
}

/// The same from above: what the summaries and the sums of the models say.
///
/// `None` where nothing is saved, because no cluster has models that count.
pub(super) fn upper_bounds(
    ctx: &Context<'_>,
    clusters: &[ClusterId],
    components: &[Component],
) -> Option<Vec<UpperBound>> {
    let modelled = |chunk: &Arc<Chunk>| !chunk.models.is_empty();
    if !ctx.enabled(Feature::CustomizedClusterResourceModeling)
        || !ctx.snapshot().chunks().iter().any(modelled)
    {
        return None;
    }
    let nothing = UpperBound::Exact(Estimate::Value(0));
    Some(with_plan(ctx, components, |plan| {
        room(ctx, clusters, components, nothing, |modelled, bound| {
            let Some(modelled) = modelled else {
                return UpperBound::Exact(value(bound));
            };
            // Assumed workloads only ever take room away.
            match plan.with_nodes(&modelled, |nodes| plan.set.most(&nodes, bound)) {
                0 => nothing,
                most => UpperBound::AtMost(i32::try_from(most).unwrap_or(i32::MAX)),
            }
        })
    }))
}

/// A cluster whose resource models count.
struct Modelled<'a> {
    column: &'a ModelColumn,
    row: usize,
    assumed: &'a [&'a Arc<AssumedWorkload>],
}

/// What is left of each cluster as a whole, turned into an answer by `finish`, which is also given the models there
/// are.
fn room<T: Clone>(
    ctx: &Context<'_>,
    clusters: &[ClusterId],
    components: &[Component],
    nothing: T,
    mut finish: impl FnMut(Option<Modelled<'_>>, i64) -> T,
) -> Vec<T> {
    let mut room = vec![nothing; clusters.len()];
    let units = if ctx.corrections().component_units {
        Units::Natural
    } else {
        Units::ByNotation
    };
    let set = SetDemand::new(components, units);
    let models = ctx.enabled(Feature::CustomizedClusterResourceModeling);
    by_chunk(ctx, clusters, &mut room, |chunk, clusters, room| {
        let columns: Vec<_> = set
            .resources
            .iter()
            .map(|(name, amount)| {
                let column = chunk.resources.iter().find(|column| *column.name == **name);
                (*name, *amount, column)
            })
            .collect();
        let by_row = (models && !chunk.models.is_empty()).then(|| chunk.models_by_row());
        for (cluster, room) in clusters.iter().zip(room) {
            let row = row(*cluster);
            let slots = pods_left(chunk, *cluster);
            if slots == 0 {
                continue;
            }
            let assumed = assumed(ctx, *cluster);
            let taken = Taken::new(&assumed, units);
            let slots = slots.saturating_sub(taken.pods);
            if slots <= 0 {
                continue;
            }
            if set.pods <= 0 {
                *room = finish(None, slots);
                continue;
            }
            let mut sets = (slots / set.pods).min(i64::from(i32::MAX));
            for (name, amount, column) in &columns {
                let available = column.and_then(|column| units.column(column).get(row).copied());
                let available = available.unwrap_or(0).saturating_sub(taken.of(name));
                sets = sets.min(available.max(0) / amount);
            }
            let position = by_row.as_ref().and_then(|by_row| by_row.get(row).copied());
            let column = position.and_then(|position| chunk.models.get(usize::from(position)));
            let modelled = column.filter(|_| sets > 0).map(|column| Modelled {
                column,
                row,
                assumed: &assumed,
            });
            *room = finish(modelled, sets);
        }
    });
    room
}

/// The sets that fit on the nodes of a cluster beside assumed workloads.
fn beside(modelled: &Modelled<'_>, components: &[Component], bound: i64) -> i64 {
    let all = modelled.assumed.iter().flat_map(|workload| &workload.components);
    let names = all.chain(components).flat_map(component_request);
    let dimensions = Dimensions::new(names.map(|(name, _)| name));
    let nodes = dimensions.nodes_beside(modelled.column, modelled.row, modelled.assumed);
    nodes.sets(&dimensions.pods(components), bound)
}

/// Nodes per grade, with how many there are.
type DescribedNodes<'a> = Zip<ChunksExact<'a, i64>, Copied<Iter<'a, i64>>>;

/// What placing a set of components on nodes needs, whichever cluster they belong to.
#[derive(Debug)]
pub(crate) struct SetPlan {
    /// The resources compared, sorted.
    names: Vec<Box<str>>,
    set: PodSet,
    /// The nodes of the grade tables met so far, as [`PodSet::describe`] describes them.
    tables: RefCell<Vec<(Arc<GradeTable>, Vec<i64>)>>,
}

impl SetPlan {
    fn new(components: &[Component]) -> Self {
        let names = components.iter().flat_map(component_request);
        let dimensions = Dimensions::new(names.map(|(name, _)| name));
        Self {
            set: PodSet::new(dimensions.names.len() + 1, &dimensions.pods(components)),
            names: dimensions.names.into_iter().map(Box::from).collect(),
            tables: RefCell::default(),
        }
    }

    /// Calls `with` with the nodes of a cluster in the order of their grades.
    fn with_nodes<T>(&self, modelled: &Modelled<'_>, with: impl FnOnce(DescribedNodes<'_>) -> T) -> T {
        let table = &modelled.column.table;
        let mut tables = self.tables.borrow_mut();
        let position = match tables.iter().position(|(known, _)| Arc::ptr_eq(known, table)) {
            Some(position) => position,
            None => {
                tables.push((table.clone(), self.describe(table)));
                tables.len() - 1
            }
        };
        let nodes = tables.get(position).map_or(&[][..], |(_, nodes)| nodes);
        let counts = modelled.column.counts(modelled.row).iter().copied();
        with(nodes.chunks_exact(self.set.description()).zip(counts))
    }

    fn describe(&self, table: &GradeTable) -> Vec<i64> {
        let mut nodes = Vec::with_capacity(table.grades.len() * self.set.description());
        let mut left = Vec::with_capacity(self.names.len() + 1);
        for (_, capacity) in &table.grades {
            left.clear();
            left.extend(
                self.names
                    .iter()
                    .map(|name| capacity.get(name).copied().unwrap_or(0)),
            );
            left.push(POD_SLOTS_PER_NODE);
            self.set.describe(&left, &mut nodes);
        }
        nodes
    }
}

/// The plan of the decision, or another where somebody asks about other components than the decision's.
fn with_plan<T>(ctx: &Context<'_>, components: &[Component], with: impl FnOnce(&SetPlan) -> T) -> T {
    if std::ptr::eq(components, ctx.spec().components.as_slice()) {
        with(ctx.set_plan().get_or_init(|| SetPlan::new(components)))
    } else {
        with(&SetPlan::new(components))
    }
}

pub(super) fn component_request(component: &Component) -> impl Iterator<Item = (&str, Quantity)> {
    let requirements = component.replica_requirements.iter();
    requirements.flat_map(|requirements| {
        requirements
            .resource_request
            .iter()
            .map(|(name, quantity)| (name.as_str(), *quantity))
    })
}

/// The integers that sets of components are compared by.
#[derive(Clone, Copy, Debug)]
enum Units {
    /// Thousandths or whole units as the notation of each amount says: what upstream does.
    ByNotation,
    /// Thousandths of `cpu`, whole units of the rest.
    Natural,
}

impl Units {
    fn amount(self, resource: &str, quantity: Quantity) -> i64 {
        match self {
            Self::ByNotation => by_notation(quantity),
            Self::Natural => natural(resource, quantity),
        }
    }

    fn column(self, column: &ResourceColumn) -> &[i64] {
        match self {
            Self::ByNotation => &column.by_notation,
            Self::Natural => &column.available,
        }
    }
}

/// What a set of components takes of a cluster as a whole.
struct SetDemand<'a> {
    pods: i64,
    /// Positive amounts.
    resources: Vec<(&'a str, i64)>,
}

impl<'a> SetDemand<'a> {
    fn new(components: &'a [Component], units: Units) -> Self {
        let pods = components
            .iter()
            .map(|component| i64::from(component.replicas))
            .sum();
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for component in components {
            for (name, quantity) in component_request(component) {
                let amount = units
                    .amount(name, quantity)
                    .saturating_mul(component.replicas.into());
                let sum = sums.entry(name).or_default();
                *sum = sum.saturating_add(amount);
            }
        }
        Self {
            pods,
            resources: sums.into_iter().filter(|(_, amount)| *amount > 0).collect(),
        }
    }
}

/// What assumed workloads take of a cluster as a whole, in the same units.
#[derive(Default)]
struct Taken<'a> {
    pods: i64,
    resources: BTreeMap<&'a str, i64>,
}

impl<'a> Taken<'a> {
    fn new(assumed: &[&'a Arc<AssumedWorkload>], units: Units) -> Self {
        let mut taken = Self::default();
        for component in assumed.iter().flat_map(|workload| &workload.components) {
            let replicas = i64::from(component.replicas);
            taken.pods = taken.pods.saturating_add(replicas);
            for (name, quantity) in component_request(component) {
                let sum = taken.resources.entry(name).or_default();
                *sum = sum.saturating_add(units.amount(name, quantity).saturating_mul(replicas));
            }
        }
        taken
    }

    fn of(&self, name: &str) -> i64 {
        self.resources.get(name).copied().unwrap_or(0)
    }
}

/// The resources that a placement on nodes compares, each with its place in the vectors.
pub(super) struct Dimensions<'a> {
    names: Vec<&'a str>,
}

impl<'a> Dimensions<'a> {
    pub(super) fn new(names: impl Iterator<Item = &'a str>) -> Self {
        let mut names: Vec<&str> = names.filter(|name| is_simulated(name)).collect();
        names.sort_unstable();
        names.dedup();
        Self { names }
    }

    pub(super) fn vector<'b>(&self, amounts: impl Iterator<Item = (&'b str, i64)>) -> Vec<i64> {
        let mut vector = vec![0; self.names.len()];
        for (name, amount) in amounts {
            if let Ok(position) = self.names.binary_search(&name)
                && let Some(cell) = vector.get_mut(position)
            {
                *cell = amount;
            }
        }
        vector
    }

    fn pods(&self, components: &[Component]) -> Vec<Pods> {
        let request =
            |component| component_request(component).map(|(name, quantity)| (name, natural(name, quantity)));
        components
            .iter()
            .map(|component| Pods {
                request: self.vector(request(component)),
                replicas: component.replicas.into(),
            })
            .collect()
    }

    /// The virtual nodes of a cluster in the order of their grades.
    fn nodes(&self, column: &ModelColumn, row: usize) -> Nodes {
        let grades = column.table.grades.iter().zip(column.counts(row));
        Nodes::new(grades.map(|((_, capacity), count)| {
            let amounts = capacity.iter().map(|(name, amount)| (&**name, *amount));
            let mut left = self.vector(amounts);
            left.push(POD_SLOTS_PER_NODE);
            Run { left, nodes: *count }
        }))
    }

    /// The same after assumed workloads were placed, each once.
    pub(super) fn nodes_beside(
        &self,
        column: &ModelColumn,
        row: usize,
        assumed: &[&Arc<AssumedWorkload>],
    ) -> Nodes {
        let mut nodes = self.nodes(column, row);
        for workload in assumed {
            nodes.place_set(&self.pods(&workload.components));
        }
        nodes
    }
}
