//! The general estimator: what clusters report of themselves (`karmada:pkg/estimator/client/general.go`).

use std::collections::BTreeMap;
use std::sync::Arc;

use karmada_core::api::work::v1alpha2::{Component, ReplicaRequirements};
use karmada_core::features::Feature;

use super::resources::{POD_SLOTS_PER_NODE, is_simulated, natural, positive};
use super::simulate::{Nodes, Pods, Run, fit};
use super::{Estimate, EstimateError, EstimateRequest, ReplicaEstimator, Workload};
use crate::cluster_set::{ClusterId, ROWS};
use crate::context::Context;
use crate::explain::Limit;
use crate::fleet::AssumedWorkload;
use crate::fleet::chunk::{Chunk, ModelColumn, ResourceColumn, by_notation};
use crate::fleet::models::GradeTable;

/// Estimates from `status.resourceSummary`, and from resource models where a cluster has them and the feature
/// `CustomizedClusterResourceModeling` is on.
///
/// # Complexity
/// Linear in clusters times requested resources, and for resource models in clusters times grades, whatever the number
/// of nodes. Component sets on resource models: see `Nodes::sets`.
#[derive(Clone, Copy, Debug, Default)]
pub struct GeneralEstimator;

impl ReplicaEstimator for GeneralEstimator {
    fn name(&self) -> &str {
        "general-estimator"
    }

    fn estimate(&self, request: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
        let room = match request.workload {
            Workload::Replicas(requirements) => replicas(request.context, request.clusters, requirements),
            Workload::ComponentSets(components) => {
                component_sets(request.context, request.clusters, components)
            }
        };
        let saturated = |room: i64| i32::try_from(room.max(0)).unwrap_or(i32::MAX);
        Ok(room
            .into_iter()
            .map(|room| Estimate::Value(saturated(room)))
            .collect())
    }

    fn bounds(&self, request: &EstimateRequest<'_>) -> Vec<Vec<Limit>> {
        super::bounds::bounds(self, request)
    }
}

/// Calls `with` once per chunk that has clusters in question, with the cells that belong to them.
fn by_chunk<'a>(
    ctx: &'a Context<'_>,
    mut clusters: &'a [ClusterId],
    mut cells: &'a mut [i64],
    mut with: impl FnMut(&'a Chunk, &'a [ClusterId], &mut [i64]),
) {
    for (index, chunk) in ctx.snapshot().chunks().iter().enumerate() {
        let end = (index + 1) * ROWS;
        let count = clusters.partition_point(|cluster| cluster.slot() < end);
        let (own, others) = clusters.split_at(count.min(clusters.len()));
        let (own_cells, other_cells) = cells.split_at_mut(count.min(cells.len()));
        if !own.is_empty() {
            with(chunk, own, own_cells);
        }
        (clusters, cells) = (others, other_cells);
    }
}

fn row(cluster: ClusterId) -> usize {
    cluster.slot() % ROWS
}

fn pods_left(chunk: &Chunk, cluster: ClusterId) -> i64 {
    let row = row(cluster);
    if chunk.summarised.contains(row) {
        chunk.pods.get(row).copied().unwrap_or(0).max(0)
    } else {
        0
    }
}

/// The assumed workloads of a cluster, when they count.
pub(crate) fn assumed<'a>(ctx: &'a Context<'_>, cluster: ClusterId) -> Vec<&'a Arc<AssumedWorkload>> {
    if !ctx.enabled(Feature::SchedulingOvercommitProtection) || ctx.snapshot().assumptions().is_empty() {
        return Vec::new();
    }
    let name = ctx.snapshot().name(cluster);
    let own = ctx.corrections().assumed_self.then(|| ctx.binding_key());
    ctx.snapshot()
        .assumed(name)
        .filter(|(binding, _)| Some(*binding) != own)
        .map(|(_, workload)| workload)
        .collect()
}

fn component_request(
    component: &Component,
) -> impl Iterator<Item = (&str, karmada_core::quantity::Quantity)> {
    let requirements = component.replica_requirements.iter();
    requirements.flat_map(|requirements| {
        requirements
            .resource_request
            .iter()
            .map(|(name, quantity)| (name.as_str(), *quantity))
    })
}

// Replicas of one pod template.

fn replicas(
    ctx: &Context<'_>,
    clusters: &[ClusterId],
    requirements: Option<&ReplicaRequirements>,
) -> Vec<i64> {
    let mut room = vec![0; clusters.len()];
    let requests: Vec<(&str, i64)> = requirements
        .map(|requirements| positive(&requirements.resource_request).collect())
        .unwrap_or_default();
    let mut grades = GradeFits::new(&requests);
    let models = requirements.is_some() && ctx.enabled(Feature::CustomizedClusterResourceModeling);
    by_chunk(ctx, clusters, &mut room, |chunk, clusters, room| {
        for (cluster, room) in clusters.iter().zip(room.iter_mut()) {
            *room = pods_left(chunk, *cluster);
        }
        let modelled = if models {
            chunk.modelled()
        } else {
            Default::default()
        };
        for (name, amount) in &requests {
            let column = chunk.resources.iter().find(|column| *column.name == **name);
            for (cluster, room) in clusters.iter().zip(room.iter_mut()) {
                let row = row(*cluster);
                if modelled.contains(row) {
                    continue;
                }
                let available = column.and_then(|column| column.available.get(row).copied());
                *room = (*room).min(available.unwrap_or(0).max(0) / amount);
            }
        }
        if !modelled.is_empty() {
            for column in &chunk.models {
                let fits = grades.of(&column.table);
                for (cluster, room) in clusters.iter().zip(room.iter_mut()) {
                    let row = row(*cluster);
                    if column.rows.contains(row) {
                        *room = (*room).min(nodes_fit(column.counts(row), fits));
                    }
                }
            }
        }
    });
    if ctx.enabled(Feature::SchedulingOvercommitProtection) && !ctx.snapshot().assumptions().is_empty() {
        by_chunk(ctx, clusters, &mut room, |chunk, clusters, room| {
            for (cluster, room) in clusters.iter().zip(room) {
                let assumed = assumed(ctx, *cluster);
                if !assumed.is_empty() {
                    *room = replicas_beside(chunk, *cluster, requirements, &requests, models, &assumed);
                }
            }
        });
    }
    room
}

fn nodes_fit(counts: &[i64], fits: &[i64]) -> i64 {
    counts.iter().zip(fits).fold(0i64, |sum, (count, fit)| {
        sum.saturating_add(count.saturating_mul(*fit))
    })
}

/// How many replicas fit on one node of each grade, per grade table.
struct GradeFits<'a> {
    requests: Vec<(&'a str, i64)>,
    tables: Vec<(*const GradeTable, Vec<i64>)>,
}

impl<'a> GradeFits<'a> {
    fn new(requests: &[(&'a str, i64)]) -> Self {
        let simulated = requests.iter().filter(|(name, _)| is_simulated(name));
        Self {
            requests: simulated.copied().collect(),
            tables: Vec::new(),
        }
    }

    fn of(&mut self, table: &Arc<GradeTable>) -> &[i64] {
        let key = Arc::as_ptr(table);
        let position = match self.tables.iter().position(|(known, _)| *known == key) {
            Some(position) => position,
            None => {
                let fit = |capacity: &crate::fleet::models::Capacity| {
                    self.requests
                        .iter()
                        .fold(POD_SLOTS_PER_NODE, |fit, (name, amount)| {
                            fit.min(capacity.get(*name).copied().unwrap_or(0).max(0) / amount)
                        })
                };
                let fits = table.grades.iter().map(|(_, capacity)| fit(capacity)).collect();
                self.tables.push((key, fits));
                self.tables.len() - 1
            }
        };
        self.tables.get(position).map_or(&[], |(_, fits)| fits)
    }
}

/// The estimate for a cluster with assumed workloads.
fn replicas_beside(
    chunk: &Chunk,
    cluster: ClusterId,
    requirements: Option<&ReplicaRequirements>,
    requests: &[(&str, i64)],
    models: bool,
    assumed: &[&Arc<AssumedWorkload>],
) -> i64 {
    let row = row(cluster);
    if !chunk.summarised.contains(row) {
        return 0;
    }
    let mut taken: BTreeMap<&str, i64> = BTreeMap::new();
    let mut pods = 0i64;
    let components = assumed.iter().flat_map(|workload| &workload.components);
    for component in components.filter(|component| component.replicas > 0) {
        let replicas = i64::from(component.replicas);
        pods = pods.saturating_add(replicas);
        for (name, quantity) in component_request(component) {
            let amount = natural(name, quantity).saturating_mul(replicas);
            let sum = taken.entry(name).or_default();
            *sum = sum.saturating_add(amount);
        }
    }
    let pods = pods.saturating_add(taken.get("pods").copied().unwrap_or(0));
    let slots = chunk.pods.get(row).copied().unwrap_or(0).saturating_sub(pods);
    if slots <= 0 || requirements.is_none() {
        return slots.max(0);
    }
    if models && let Some(column) = chunk.models.iter().find(|column| column.rows.contains(row)) {
        let dimensions = Dimensions::new(
            assumed
                .iter()
                .flat_map(|workload| &workload.components)
                .flat_map(component_request)
                .map(|(name, _)| name)
                .chain(requests.iter().map(|(name, _)| *name)),
        );
        let nodes = dimensions.nodes_beside(column, row, assumed);
        let request = dimensions.vector(requests.iter().copied());
        let room = nodes.runs().iter().fold(0i64, |sum, run| {
            sum.saturating_add(run.nodes.saturating_mul(fit(&run.left, &request)))
        });
        return slots.min(room.min(i64::from(i32::MAX)));
    }
    let mut room = slots;
    for (name, amount) in requests {
        let column = chunk.resources.iter().find(|column| *column.name == **name);
        let available = column
            .filter(|column| column.present.contains(row))
            .and_then(|column| column.available.get(row).copied())
            .unwrap_or(0)
            .saturating_sub(taken.get(name).copied().unwrap_or(0));
        // The pods of assumed workloads also count where pods are requested by name.
        let available = if *name == "pods" {
            available.saturating_sub(pods.saturating_sub(taken.get("pods").copied().unwrap_or(0)))
        } else {
            available
        };
        room = room.min(available.max(0) / amount);
    }
    room
}

// Sets of components.

fn component_sets(ctx: &Context<'_>, clusters: &[ClusterId], components: &[Component]) -> Vec<i64> {
    let mut room = vec![0; clusters.len()];
    let units = if ctx.corrections().component_units {
        Units::Natural
    } else {
        Units::ByNotation
    };
    let set = SetDemand::new(components, units);
    let models = ctx.enabled(Feature::CustomizedClusterResourceModeling);
    let mut simulations = Simulations::new(components);
    by_chunk(ctx, clusters, &mut room, |chunk, clusters, room| {
        let columns: Vec<_> = set
            .resources
            .iter()
            .map(|(name, amount)| {
                let column = chunk.resources.iter().find(|column| *column.name == **name);
                (*name, *amount, column)
            })
            .collect();
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
                *room = slots;
                continue;
            }
            let mut sets = (slots / set.pods).min(i64::from(i32::MAX));
            for (name, amount, column) in &columns {
                let available = column.and_then(|column| units.column(column).get(row).copied());
                let available = available.unwrap_or(0).saturating_sub(taken.of(name));
                sets = sets.min(available.max(0) / amount);
            }
            if models && sets > 0 {
                let column = chunk.models.iter().find(|column| column.rows.contains(row));
                if let Some(column) = column {
                    sets = simulations.sets(column, row, &assumed, sets);
                }
            }
            *room = sets;
        }
    });
    room
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
    fn amount(self, resource: &str, quantity: karmada_core::quantity::Quantity) -> i64 {
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
struct Dimensions<'a> {
    names: Vec<&'a str>,
}

impl<'a> Dimensions<'a> {
    fn new(names: impl Iterator<Item = &'a str>) -> Self {
        let mut names: Vec<&str> = names.filter(|name| is_simulated(name)).collect();
        names.sort_unstable();
        names.dedup();
        Self { names }
    }

    fn vector<'b>(&self, amounts: impl Iterator<Item = (&'b str, i64)>) -> Vec<i64> {
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
    fn nodes_beside(&self, column: &ModelColumn, row: usize, assumed: &[&Arc<AssumedWorkload>]) -> Nodes {
        let mut nodes = self.nodes(column, row);
        for workload in assumed {
            nodes.place_set(&self.pods(&workload.components));
        }
        nodes
    }
}

/// Placement of component sets on the nodes of several clusters.
struct Simulations<'a> {
    components: &'a [Component],
    dimensions: Dimensions<'a>,
    set: Vec<Pods>,
}

impl<'a> Simulations<'a> {
    fn new(components: &'a [Component]) -> Self {
        let names = components
            .iter()
            .flat_map(component_request)
            .map(|(name, _)| name);
        let dimensions = Dimensions::new(names);
        let set = dimensions.pods(components);
        Self {
            components,
            dimensions,
            set,
        }
    }

    fn sets(
        &mut self,
        column: &ModelColumn,
        row: usize,
        assumed: &[&Arc<AssumedWorkload>],
        bound: i64,
    ) -> i64 {
        if assumed.is_empty() {
            return self.dimensions.nodes(column, row).sets(&self.set, bound);
        }
        let all = assumed.iter().flat_map(|workload| &workload.components);
        let names = all.chain(self.components).flat_map(component_request);
        let dimensions = Dimensions::new(names.map(|(name, _)| name));
        let nodes = dimensions.nodes_beside(column, row, assumed);
        nodes.sets(&dimensions.pods(self.components), bound)
    }
}
