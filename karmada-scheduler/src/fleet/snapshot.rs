//! The fleet at one moment.

use std::fmt;
use std::sync::Arc;

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::meta::Taint;
use karmada_core::api::policy::v1alpha1::ClusterAffinity;
use karmada_core::api::work::v1alpha2::ResourceBinding;

use super::bindings::Groups;
use super::chunk::{Chunk, Row};
use super::models::GradeTables;
use super::postings::Term;
use super::{AssumedWorkload, AssumptionTable, Fleet, FleetError, Names, hash};
use crate::cluster_set::{ClusterId, ClusterSet, ROWS};

/// Everything a decision reads, of one generation: clusters, affinity groups of workloads, assumed workloads.
///
/// Immutable; a clone shares everything.
#[derive(Clone)]
pub struct Snapshot(Arc<Parts>);

struct Parts {
    generation: u64,
    chunks: Arc<Vec<Arc<Chunk>>>,
    names: Arc<Names>,
    order: Arc<Vec<u32>>,
    rank: Arc<Vec<u32>>,
    groups: Groups,
    assumptions: Arc<AssumptionTable>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("generation", &self.0.generation)
            .field("clusters", &self.len())
            .finish_non_exhaustive()
    }
}

impl Snapshot {
    pub(super) fn new(fleet: &Fleet) -> Self {
        Self(Arc::new(Parts {
            generation: fleet.generation,
            chunks: fleet.chunks.clone(),
            names: fleet.names.clone(),
            order: fleet.order.clone(),
            rank: fleet.rank.clone(),
            groups: fleet.groups.clone(),
            assumptions: fleet.assumptions.table(),
        }))
    }

    /// Compiles clusters, and the other bindings the workload-affinity plugins may see, in one go.
    ///
    /// # Errors
    /// [`FleetError`] when a cluster has no name.
    pub fn build<'a>(
        clusters: impl IntoIterator<Item = &'a Cluster>,
        bindings: impl IntoIterator<Item = &'a ResourceBinding>,
    ) -> Result<Self, FleetError> {
        let mut fleet = Fleet::new();
        for cluster in clusters {
            fleet.apply(cluster)?;
        }
        for binding in bindings {
            fleet.observe_binding(binding);
        }
        Ok(fleet.snapshot())
    }

    /// The same with another version of one of its clusters, for questions of what would be; `None` if there is no
    /// cluster of that name. Its generation is that of this snapshot.
    ///
    /// # Complexity
    /// A copy of the chunk of the cluster, which holds up to 256.
    #[must_use]
    pub fn with_cluster(&self, cluster: &Cluster) -> Option<Self> {
        let ClusterId(slot) = self.find(cluster.name())?;
        let (chunk, row) = (slot as usize / ROWS, slot as usize % ROWS);
        let mut chunks: Vec<Arc<Chunk>> = self.0.chunks.to_vec();
        Arc::make_mut(chunks.get_mut(chunk)?).write(row, cluster, &mut GradeTables::default());
        Some(Self(Arc::new(Parts {
            chunks: Arc::new(chunks),
            names: self.0.names.clone(),
            order: self.0.order.clone(),
            rank: self.0.rank.clone(),
            groups: self.0.groups.clone(),
            assumptions: self.0.assumptions.clone(),
            generation: self.0.generation,
        })))
    }

    /// This cluster and no other, with what is assumed to run on it.
    pub(crate) fn alone(&self, cluster: &Cluster) -> Option<Self> {
        let Self(parts) = Self::build([cluster], []).ok()?;
        let parts = Arc::into_inner(parts)?;
        Some(Self(Arc::new(Parts {
            assumptions: self.0.assumptions.clone(),
            ..parts
        })))
    }

    /// Grows with every change of the fleet.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.generation
    }

    /// Number of clusters, those being deleted included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.order.len()
    }

    /// Whether there are no clusters.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.order.is_empty()
    }

    /// The cluster of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<ClusterId> {
        find(&self.0.names, &self.0.chunks, name)
    }

    /// The name of a cluster; empty for an id that is none of this snapshot's.
    #[must_use]
    pub fn name(&self, cluster: ClusterId) -> &str {
        name(&self.0.chunks, cluster)
    }

    /// What is known of a cluster.
    #[must_use]
    pub fn cluster(&self, cluster: ClusterId) -> Option<ClusterView<'_>> {
        let chunk = self.0.chunks.get(cluster.slot() / ROWS)?;
        let row = chunk.rows.get(cluster.slot() % ROWS)?.as_deref()?;
        Some(ClusterView {
            id: cluster,
            chunk,
            row,
        })
    }

    /// All clusters in the order of their names.
    pub fn clusters(&self) -> impl Iterator<Item = ClusterView<'_>> {
        self.0
            .order
            .iter()
            .filter_map(|slot| self.cluster(ClusterId(*slot)))
    }

    /// The clusters a new decision considers: all but those being deleted.
    #[must_use]
    pub fn candidates(&self) -> ClusterSet {
        ClusterSet::from_chunks(self.0.chunks.iter().map(|chunk| {
            let mut rows = chunk.live;
            rows.subtract(&chunk.deleting);
            rows
        }))
    }

    /// The clusters an affinity picks, as [`karmada_core::affinity::matches`] says for each.
    ///
    /// # Complexity
    /// One index lookup per value listed and 256 clusters.
    #[must_use]
    pub fn matching(&self, affinity: &ClusterAffinity) -> ClusterSet {
        crate::affinity::matching(self, affinity)
    }

    /// A set without clusters.
    #[must_use]
    pub fn no_clusters(&self) -> ClusterSet {
        ClusterSet::empty(self.0.chunks.len())
    }

    /// Position of a cluster in the order of names.
    pub(crate) fn rank(&self, cluster: ClusterId) -> u32 {
        self.0.rank.get(cluster.slot()).copied().unwrap_or(u32::MAX)
    }

    pub(crate) fn chunks(&self) -> &[Arc<Chunk>] {
        &self.0.chunks
    }

    pub(crate) fn groups(&self) -> &Groups {
        &self.0.groups
    }

    pub(crate) fn assumptions(&self) -> &AssumptionTable {
        &self.0.assumptions
    }

    /// The workloads assumed on a cluster with the keys of their bindings, in the order of the keys.
    pub fn assumed(&self, cluster: &str) -> impl Iterator<Item = (&str, &Arc<AssumedWorkload>)> {
        self.0.assumptions.on(cluster)
    }
}

pub(super) fn find(names: &Names, chunks: &[Arc<Chunk>], wanted: &str) -> Option<ClusterId> {
    let hash = hash(wanted);
    let start = names.partition_point(|(other, _)| *other < hash);
    names
        .iter()
        .skip(start)
        .take_while(|(other, _)| *other == hash)
        .map(|(_, slot)| ClusterId(*slot))
        .find(|id| name(chunks, *id) == wanted)
}

pub(super) fn name(chunks: &[Arc<Chunk>], cluster: ClusterId) -> &str {
    chunks
        .get(cluster.slot() / ROWS)
        .and_then(|chunk| chunk.rows.get(cluster.slot() % ROWS)?.as_deref())
        .map_or("", |row| &row.name)
}

/// What is known of one cluster of a snapshot.
#[derive(Clone, Copy)]
pub struct ClusterView<'a> {
    id: ClusterId,
    chunk: &'a Chunk,
    row: &'a Row,
}

impl fmt::Debug for ClusterView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterView")
            .field("id", &self.id)
            .field("name", &self.row.name)
            .finish_non_exhaustive()
    }
}

impl<'a> ClusterView<'a> {
    /// Its id in this snapshot.
    #[must_use]
    pub fn id(&self) -> ClusterId {
        self.id
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        &self.row.name
    }

    /// The value of a label.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&'a str> {
        self.row.label(key)
    }

    /// Its labels in the order of their keys.
    pub fn labels(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.row.labels.iter().map(|(key, value)| (&**key, &**value))
    }

    /// Who runs it, empty if unknown.
    #[must_use]
    pub fn provider(&self) -> &'a str {
        &self.row.provider
    }

    /// Where it runs, empty if unknown.
    #[must_use]
    pub fn region(&self) -> &'a str {
        &self.row.region
    }

    /// The zones it spans.
    pub fn zones(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.row.zones.iter().map(|zone| &**zone)
    }

    /// Taints with effect `NoSchedule` or `NoExecute`.
    #[must_use]
    pub fn taints(&self) -> &'a [Taint] {
        &self.row.taints
    }

    /// Whether it is being deleted.
    #[must_use]
    pub fn is_deleting(&self) -> bool {
        self.chunk.deleting.contains(self.id.slot() % ROWS)
    }

    /// Whether it serves a kind.
    #[must_use]
    pub fn serves(&self, api_version: &str, kind: &str) -> bool {
        let term = Term::pair(super::postings::Domain::Api, api_version, kind);
        self.chunk.postings.get(&term).contains(self.id.slot() % ROWS)
    }

    /// What is left of a resource according to the cluster's summary: milli units for `cpu`, whole units otherwise;
    /// absent when the cluster does not report the resource as allocatable.
    #[must_use]
    pub fn available(&self, resource: &str) -> Option<i64> {
        let row = self.id.slot() % ROWS;
        let column = self
            .chunk
            .resources
            .iter()
            .find(|column| *column.name == *resource)?;
        column.present.contains(row).then_some(())?;
        column.available.get(row).copied()
    }
}
