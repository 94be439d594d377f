//! A chunk of the compiled fleet: up to [`ROWS`] clusters in columns.
//!
//! An update copies the chunk of the changed cluster, and snapshots share all the others.

use std::sync::Arc;

use karmada_core::api::cluster::v1alpha1::{Cluster, ResourceSummary};
use karmada_core::api::meta::Taint;
use karmada_core::quantity::{Format, Quantity};

use super::models::{GradeTable, GradeTables};
use super::postings::{Domain, Postings, Term};
use crate::cluster_set::{ROWS, Rows};
use crate::estimate::resources::natural;

/// What is kept of a cluster besides the columns: the texts verdicts and views are made from.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: Box<str>,
    pub(crate) labels: Box<[(Box<str>, Box<str>)]>,
    pub(crate) provider: Box<str>,
    pub(crate) region: Box<str>,
    pub(crate) zones: Box<[Box<str>]>,
    /// Those that keep new workloads away.
    pub(crate) taints: Arc<[Taint]>,
}

impl Row {
    fn new(cluster: &Cluster) -> Self {
        let labels = cluster.metadata.labels.iter().flatten();
        Self {
            name: cluster.name().into(),
            labels: labels
                .map(|(key, value)| (key.as_str().into(), value.as_str().into()))
                .collect(),
            provider: cluster.spec.provider.as_str().into(),
            region: cluster.spec.region.as_str().into(),
            zones: cluster
                .spec
                .zones
                .iter()
                .map(|zone| zone.as_str().into())
                .collect(),
            taints: cluster
                .spec
                .taints
                .iter()
                .filter(|taint| taint.effect == "NoSchedule" || taint.effect == "NoExecute")
                .cloned()
                .collect(),
        }
    }

    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        let index = self
            .labels
            .binary_search_by(|(label, _)| (**label).cmp(key))
            .ok()?;
        self.labels.get(index).map(|(_, value)| &**value)
    }
}

/// What is left of one resource, per row.
#[derive(Clone, Debug)]
pub(crate) struct ResourceColumn {
    pub(crate) name: Box<str>,
    /// Rows whose allocatable list has the resource.
    pub(crate) present: Rows,
    /// Allocatable minus allocated minus allocating, in milli units for `cpu` and whole units for the rest; 0 where
    /// the resource is absent.
    pub(crate) available: Vec<i64>,
    /// The same in milli units or whole units as the notation of the quantity decides, which is what upstream
    /// compares component sets by.
    pub(crate) by_notation: Vec<i64>,
}

/// The rows that share a grade table.
#[derive(Clone, Debug)]
pub(crate) struct ModelColumn {
    pub(crate) table: Arc<GradeTable>,
    pub(crate) rows: Rows,
    /// Where a row's counts start in `counts`, in rows of the table's length.
    pub(crate) offsets: Vec<u32>,
    /// Nodes per grade.
    pub(crate) counts: Vec<i64>,
}

impl ModelColumn {
    /// Nodes per grade of a row.
    pub(crate) fn counts(&self, row: usize) -> &[i64] {
        let grades = self.table.grades.len();
        let start = self
            .offsets
            .get(row)
            .map_or(0, |offset| *offset as usize * grades);
        self.counts.get(start..start + grades).unwrap_or_default()
    }
}

/// Up to [`ROWS`] clusters in columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunk {
    pub(crate) rows: Vec<Option<Arc<Row>>>,
    pub(crate) live: Rows,
    /// Those with a deletion timestamp.
    pub(crate) deleting: Rows,
    pub(crate) postings: Postings,
    pub(crate) has_provider: Rows,
    pub(crate) has_region: Rows,
    pub(crate) has_zones: Rows,
    /// Lists of taints that occur, and where.
    pub(crate) taints: Vec<(Arc<[Taint]>, Rows)>,
    /// Regions that occur, and where; `region` holds positions in it.
    pub(crate) regions: Vec<(Box<str>, Rows)>,
    pub(crate) region: Vec<u16>,
    /// Rows with a resource summary.
    pub(crate) summarised: Rows,
    /// Pod slots left.
    pub(crate) pods: Vec<i64>,
    pub(crate) resources: Vec<ResourceColumn>,
    pub(crate) models: Vec<ModelColumn>,
}

/// No region.
pub(crate) const NO_REGION: u16 = u16::MAX;
/// No resource models.
const NO_MODELS: u16 = u16::MAX;

fn put<T: Clone>(column: &mut Vec<T>, row: usize, value: T, filler: &T) {
    if column.len() <= row {
        column.resize(row + 1, filler.clone());
    }
    if let Some(cell) = column.get_mut(row) {
        *cell = value;
    }
}

impl Chunk {
    /// Writes a cluster into a row.
    pub(crate) fn write(&mut self, row: usize, cluster: &Cluster, tables: &mut GradeTables) {
        self.clear(row);
        let data = Arc::new(Row::new(cluster));
        self.live.set(row, true);
        self.deleting
            .set(row, cluster.metadata.deletion_timestamp.is_some());
        self.has_provider.set(row, !data.provider.is_empty());
        self.has_region.set(row, !data.region.is_empty());
        self.has_zones.set(row, !data.zones.is_empty());
        self.index(row, cluster);
        if !data.taints.is_empty() {
            match self.taints.iter_mut().find(|(taints, _)| *taints == data.taints) {
                Some((_, rows)) => rows.set(row, true),
                None => {
                    let mut rows = Rows::default();
                    rows.set(row, true);
                    self.taints.push((data.taints.clone(), rows));
                }
            }
        }
        let region = self.region_position(&data.region, row);
        put(&mut self.region, row, region, &NO_REGION);
        put(&mut self.rows, row, Some(data), &None);
        let summary = cluster.status.resource_summary.as_ref();
        self.summarised.set(row, summary.is_some());
        let pods = summary.map_or(0, pods_left);
        put(&mut self.pods, row, pods, &0);
        if let Some(summary) = summary {
            self.write_resources(row, summary);
            self.write_models(row, cluster, summary, tables);
        }
    }

    /// Empties a row.
    pub(crate) fn clear(&mut self, row: usize) {
        if !self.live.contains(row) {
            return;
        }
        for rows in [
            &mut self.live,
            &mut self.deleting,
            &mut self.has_provider,
            &mut self.has_region,
            &mut self.has_zones,
            &mut self.summarised,
        ] {
            rows.set(row, false);
        }
        self.postings.remove_row(row);
        self.taints.retain_mut(|(_, rows)| {
            rows.set(row, false);
            !rows.is_empty()
        });
        // Positions of regions stay: other rows refer to them.
        for (_, rows) in &mut self.regions {
            rows.set(row, false);
        }
        self.resources.retain_mut(|column| {
            column.present.set(row, false);
            if let Some(cell) = column.available.get_mut(row) {
                *cell = 0;
            }
            if let Some(cell) = column.by_notation.get_mut(row) {
                *cell = 0;
            }
            !column.present.is_empty()
        });
        self.models.retain_mut(|column| {
            column.rows.set(row, false);
            !column.rows.is_empty()
        });
        if let Some(cell) = self.rows.get_mut(row) {
            *cell = None;
        }
    }

    /// Rows with resource models.
    pub(crate) fn modelled(&self) -> Rows {
        let mut rows = Rows::default();
        for column in &self.models {
            rows.union(&column.rows);
        }
        rows
    }

    /// Per row the position of its column in `models`; [`NO_MODELS`] for the others.
    pub(crate) fn models_by_row(&self) -> [u16; ROWS] {
        let mut by_row = [NO_MODELS; ROWS];
        for (position, column) in self.models.iter().enumerate() {
            for row in column.rows.iter() {
                if let Some(cell) = by_row.get_mut(row) {
                    // At most one column per row.
                    *cell = position as u16;
                }
            }
        }
        by_row
    }

    fn index(&mut self, row: usize, cluster: &Cluster) {
        let postings = &mut self.postings;
        for (key, value) in cluster.metadata.labels.iter().flatten() {
            postings.insert(&Term::key(Domain::Label, key), row);
            postings.insert(&Term::pair(Domain::Label, key, value), row);
        }
        let spec = &cluster.spec;
        let zones = spec.zones.iter().map(|zone| ("zone", zone));
        for (field, value) in [("provider", &spec.provider), ("region", &spec.region)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .chain(zones)
        {
            postings.insert(&Term::pair(Domain::Field, field, value), row);
        }
        for enablement in &cluster.status.api_enablements {
            for resource in &enablement.resources {
                postings.insert(
                    &Term::pair(Domain::Api, &enablement.group_version, &resource.kind),
                    row,
                );
            }
        }
    }

    fn region_position(&mut self, region: &str, row: usize) -> u16 {
        if region.is_empty() {
            return NO_REGION;
        }
        let known = self.regions.iter().position(|(name, _)| **name == *region);
        // A position nobody refers to any more is given to the new region.
        let free = || self.regions.iter().position(|(_, rows)| rows.is_empty());
        let position = known.or_else(free).unwrap_or(self.regions.len());
        if position == self.regions.len() {
            self.regions.push((region.into(), Rows::default()));
        }
        if let Some((name, rows)) = self.regions.get_mut(position) {
            if **name != *region {
                *name = region.into();
            }
            rows.set(row, true);
        }
        // At most one region per row.
        position as u16
    }

    fn write_resources(&mut self, row: usize, summary: &ResourceSummary) {
        for (name, allocatable) in &summary.allocatable {
            let taken = |list: &karmada_core::api::meta::ResourceList| {
                list.get(name).copied().unwrap_or(Quantity::ZERO)
            };
            let left = *allocatable - taken(&summary.allocated) - taken(&summary.allocating);
            let position = self
                .resources
                .iter()
                .position(|column| *column.name == **name)
                .unwrap_or(self.resources.len());
            if position == self.resources.len() {
                self.resources.push(ResourceColumn {
                    name: name.as_str().into(),
                    present: Rows::default(),
                    available: Vec::new(),
                    by_notation: Vec::new(),
                });
            }
            if let Some(column) = self.resources.get_mut(position) {
                column.present.set(row, true);
                put(&mut column.available, row, natural(name, left), &0);
                put(&mut column.by_notation, row, by_notation(left), &0);
            }
        }
    }

    fn write_models(
        &mut self,
        row: usize,
        cluster: &Cluster,
        summary: &ResourceSummary,
        tables: &mut GradeTables,
    ) {
        if summary.allocatable_modelings.is_empty() || cluster.spec.resource_models.is_empty() {
            return;
        }
        let table = tables.intern(&cluster.spec.resource_models);
        let Some(counts) = table.counts(&summary.allocatable_modelings) else {
            return;
        };
        let position = self
            .models
            .iter()
            .position(|column| Arc::ptr_eq(&column.table, &table))
            .unwrap_or(self.models.len());
        if position == self.models.len() {
            self.models.push(ModelColumn {
                table,
                rows: Rows::default(),
                offsets: Vec::new(),
                counts: Vec::new(),
            });
        }
        if let Some(column) = self.models.get_mut(position) {
            column.write(row, &counts);
        }
    }
}

impl ModelColumn {
    fn write(&mut self, row: usize, counts: &[i64]) {
        let grades = self.table.grades.len().max(1);
        // Rows that left behind more than a chunk's worth of counts: pack the others.
        if self.counts.len() / grades >= 2 * ROWS {
            let packed: Vec<(usize, Vec<i64>)> = self
                .rows
                .iter()
                .map(|row| (row, self.counts(row).to_vec()))
                .collect();
            self.counts.clear();
            for (row, counts) in packed {
                self.append(row, &counts);
            }
        }
        self.append(row, counts);
    }

    fn append(&mut self, row: usize, counts: &[i64]) {
        let grades = self.table.grades.len().max(1);
        let offset = (self.counts.len() / grades) as u32;
        self.counts.extend_from_slice(counts);
        put(&mut self.offsets, row, offset, &0);
        self.rows.set(row, true);
    }
}

/// Pod slots left: each amount is rounded before they are subtracted.
fn pods_left(summary: &ResourceSummary) -> i64 {
    let pods = |list: &karmada_core::api::meta::ResourceList| list.get("pods").map_or(0, |q| q.value());
    pods(&summary.allocatable)
        .saturating_sub(pods(&summary.allocated))
        .saturating_sub(pods(&summary.allocating))
}

/// Upstream's integer of a quantity in the component path: milli units in decimal notation, whole units in binary.
pub(crate) fn by_notation(quantity: Quantity) -> i64 {
    match quantity.format() {
        Format::DecimalSi | Format::DecimalExponent => quantity.milli_value(),
        Format::BinarySi => quantity.value(),
    }
}
