//! The general estimator: what clusters report of themselves (`karmada:pkg/estimator/client/general.go`).

use std::collections::BTreeMap;
use std::sync::Arc;

use karmada_core::api::work::v1alpha2::ReplicaRequirements;
use karmada_core::features::Feature;

use super::components::{self, Dimensions, component_request};
use super::resources::{POD_SLOTS_PER_NODE, is_simulated, natural, positive};
use super::simulate::fit;
use super::{Estimate, EstimateError, EstimateRequest, ReplicaEstimator, UpperBound, Workload};
use crate::cluster_set::{ClusterId, ROWS};
use crate::context::Context;
use crate::explain::Limit;
use crate::fleet::AssumedWorkload;
use crate::fleet::chunk::Chunk;
use crate::fleet::models::GradeTable;

/// Estimates from `status.resourceSummary`, and from resource models where a cluster has them and the feature
/// `CustomizedClusterResourceModeling` is on.
///
/// # Complexity
/// Linear in clusters times requested resources, and for resource models in clusters times grades, whatever the number
/// of nodes. Component sets on resource models cost more, see `SetSimulation::sets`; a decision asks for them only where
/// [`upper_bounds`](ReplicaEstimator::upper_bounds) leave open what is chosen.
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
                components::sets(request.context, request.clusters, components)
            }
        };
        Ok(room.into_iter().map(value).collect())
    }

    fn upper_bounds(&self, request: &EstimateRequest<'_>) -> Option<Vec<UpperBound>> {
        let Workload::ComponentSets(components) = request.workload else {
            return None;
        };
        components::upper_bounds(request.context, request.clusters, components)
    }

    fn bounds(&self, request: &EstimateRequest<'_>) -> Vec<Vec<Limit>> {
        super::bounds::bounds(self, request)
    }
}

/// Room as an estimate, which has no more than 32 bits.
pub(super) fn value(room: i64) -> Estimate {
    Estimate::Value(i32::try_from(room.max(0)).unwrap_or(i32::MAX))
}

/// Calls `with` once per chunk that has clusters in question, with the cells that belong to them.
pub(super) fn by_chunk<'a, T>(
    ctx: &'a Context<'_>,
    mut clusters: &'a [ClusterId],
    mut cells: &'a mut [T],
    mut with: impl FnMut(&'a Chunk, &'a [ClusterId], &mut [T]),
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

pub(super) fn row(cluster: ClusterId) -> usize {
    cluster.slot() % ROWS
}

pub(super) fn pods_left(chunk: &Chunk, cluster: ClusterId) -> i64 {
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
            let by_row = chunk.models_by_row();
            let tables = chunk.models.iter().map(|column| grades.position(&column.table));
            let tables: Vec<usize> = tables.collect();
            for (cluster, room) in clusters.iter().zip(room.iter_mut()) {
                let row = row(*cluster);
                let position = by_row.get(row).map_or(usize::MAX, |column| usize::from(*column));
                if let (Some(column), Some(table)) = (chunk.models.get(position), tables.get(position)) {
                    *room = (*room).min(nodes_fit(column.counts(row), grades.fits(*table)));
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

    /// The position of a table, which is added if it is new.
    fn position(&mut self, table: &Arc<GradeTable>) -> usize {
        let key = Arc::as_ptr(table);
        match self.tables.iter().position(|(known, _)| *known == key) {
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
        }
    }

    fn fits(&self, position: usize) -> &[i64] {
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
