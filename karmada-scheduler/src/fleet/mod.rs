//! The compiled fleet and its snapshots.
//!
//! A [`Fleet`] takes clusters, bindings and assumed workloads as they come and compiles each once; a [`Snapshot`] is
//! what it knows at one moment. A snapshot is immutable and shared: taking one copies a handful of pointers, and a
//! change afterwards copies only the chunk it falls into. For a binding that is in an affinity group, this is the group,
//! with all of its members, and a list of one in 64 of the groups.

mod assumptions;
pub(crate) mod bindings;
pub(crate) mod chunk;
pub(crate) mod models;
pub(crate) mod postings;
mod snapshot;
mod sorted;

use std::hash::BuildHasher;
use std::sync::Arc;

use jiff::Timestamp;
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::work::v1alpha2::ResourceBinding;
use rustc_hash::FxBuildHasher;

use self::assumptions::Assumptions;
pub(crate) use assumptions::AssumptionTable;
pub use assumptions::{ASSUMPTION_SWEEP_INTERVAL, ASSUMPTION_TTL, AssumedWorkload, assumption_expiry};
pub use snapshot::{ClusterView, Snapshot};

use self::bindings::{Bindings, Groups};
use self::chunk::Chunk;
use self::models::GradeTables;
use crate::cluster_set::{ClusterId, ROWS};

/// Why an object cannot be taken into a fleet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FleetError {
    /// A cluster without a name cannot be a target.
    #[error("cluster has no metadata.name")]
    ClusterWithoutName,
    /// A fleet numbers its clusters with 32 bits.
    #[error("the fleet is full")]
    Full,
}

/// Clusters by the hash of their name.
pub(crate) type Names = Vec<(u64, u32)>;

/// Everything decisions are made from, kept up to date incrementally.
///
/// # Complexity
/// With `c` clusters per chunk (256) and `n` clusters: an update costs `O(c)` copies of small values and the size of
/// the cluster object; adding and removing also move `O(n)` integers.
///
/// # Example
/// ```
/// use karmada_core::api::cluster::v1alpha1::Cluster;
/// use karmada_scheduler::Fleet;
/// let mut fleet = Fleet::new();
/// fleet.apply(&Cluster::named("member1"))?;
/// let before = fleet.snapshot();
/// fleet.remove("member1");
/// assert_eq!((before.len(), fleet.snapshot().len()), (1, 0));
/// # Ok::<(), karmada_scheduler::FleetError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    generation: u64,
    chunks: Arc<Vec<Arc<Chunk>>>,
    names: Arc<Names>,
    /// Slots in the order of names.
    order: Arc<Vec<u32>>,
    /// The position in `order` of each slot; made when a snapshot is taken.
    rank: Arc<Vec<u32>>,
    ranked: bool,
    free: Vec<u32>,
    slots: u32,
    tables: GradeTables,
    bindings: Bindings,
    groups: Groups,
    assumptions: Assumptions,
}

impl Fleet {
    /// A fleet without clusters.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a cluster, or replaces the one of that name.
    ///
    /// # Errors
    /// [`FleetError`] when the cluster has no name, or there are more than 2³² of them.
    pub fn apply(&mut self, cluster: &Cluster) -> Result<(), FleetError> {
        let name = cluster.name();
        if name.is_empty() {
            return Err(FleetError::ClusterWithoutName);
        }
        self.generation += 1;
        let slot = match self.find(name) {
            Some(id) => id.0,
            None => self.allot(name)?,
        };
        let chunks = Arc::make_mut(&mut self.chunks);
        let (chunk, row) = (slot as usize / ROWS, slot as usize % ROWS);
        if chunks.len() <= chunk {
            chunks.resize_with(chunk + 1, Arc::default);
        }
        if let Some(chunk) = chunks.get_mut(chunk) {
            Arc::make_mut(chunk).write(row, cluster, &mut self.tables);
        }
        Ok(())
    }

    /// Removes a cluster; says whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let Some(ClusterId(slot)) = self.find(name) else {
            return false;
        };
        self.generation += 1;
        let hash = hash(name);
        Arc::make_mut(&mut self.names).retain(|entry| *entry != (hash, slot));
        Arc::make_mut(&mut self.order).retain(|entry| *entry != slot);
        self.ranked = false;
        self.free.push(slot);
        if let Some(chunk) = Arc::make_mut(&mut self.chunks).get_mut(slot as usize / ROWS) {
            Arc::make_mut(chunk).clear(slot as usize % ROWS);
        }
        true
    }

    /// Takes note of a binding as the API server has it, for the workload-affinity plugins.
    pub fn observe_binding(&mut self, binding: &ResourceBinding) {
        self.generation += 1;
        self.bindings.observe(&mut self.groups, binding);
    }

    /// Forgets a binding that was deleted.
    pub fn forget_binding(&mut self, namespace: &str, name: &str) {
        self.generation += 1;
        self.bindings.forget(&mut self.groups, namespace, name);
        self.bindings.settle(&mut self.groups, namespace, name);
    }

    /// Takes note of a binding as it was just scheduled: this copy counts while it is newer than the observed one.
    pub fn assign_binding(&mut self, binding: &ResourceBinding) {
        self.generation += 1;
        self.bindings.assign(&mut self.groups, binding);
    }

    /// Drops the copy [`assign_binding`](Self::assign_binding) took.
    pub fn settle_binding(&mut self, namespace: &str, name: &str) {
        self.generation += 1;
        self.bindings.settle(&mut self.groups, namespace, name);
    }

    /// Takes note of an update to the copy [`assign_binding`](Self::assign_binding) took, if it took one: a newer binding
    /// replaces it, and ends it when it is `FullyApplied`. Of versions that cannot be compared the old copy stays.
    pub fn update_assigned_binding(&mut self, binding: &ResourceBinding) {
        self.generation += 1;
        self.bindings.update_assigned(&mut self.groups, binding);
    }

    /// Assumes that a workload takes capacity of a cluster although the cluster does not report it yet, until that is
    /// released. `binding` is the key of the workload's binding, `namespace/name`; what it was assumed to take there
    /// before is replaced.
    ///
    /// # Complexity
    /// Logarithmic in the number `n` of assumptions; the first change after a snapshot also copies `O(n / 128 + 128)`
    /// pointers.
    pub fn assume(&mut self, binding: &str, cluster: &str, workload: AssumedWorkload) {
        self.generation += 1;
        self.assumptions.assume(binding, cluster, workload, None);
    }

    /// Assumes the same until some time, at most: see [`assumption_expiry`] for upstream's. The time holds for all that
    /// is assumed about the binding, in place of the one given before.
    pub fn assume_until(
        &mut self,
        binding: &str,
        cluster: &str,
        workload: AssumedWorkload,
        expires: Timestamp,
    ) {
        self.generation += 1;
        self.assumptions.assume(binding, cluster, workload, Some(expires));
    }

    /// Drops the assumption about one binding on one cluster.
    pub fn release(&mut self, binding: &str, cluster: &str) {
        self.generation += 1;
        self.assumptions.release(binding, cluster);
    }

    /// Drops all assumptions about one binding.
    pub fn release_binding(&mut self, binding: &str) {
        self.generation += 1;
        self.assumptions.release_binding(binding);
    }

    /// Drops the assumptions that expired before `now`; says about how many bindings.
    ///
    /// Upstream does so [once a minute](ASSUMPTION_SWEEP_INTERVAL) and does not count what is left in between, but an
    /// assumption about another cluster of the binding revives that. Here what has expired once is gone.
    pub fn expire(&mut self, now: Timestamp) -> usize {
        let expired = self.assumptions.expire(now);
        self.generation += u64::from(expired > 0);
        expired
    }

    /// When the next assumption expires.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Timestamp> {
        self.assumptions.next_expiry()
    }

    /// Whether anything is assumed about a binding.
    #[must_use]
    pub fn assumes(&self, binding: &str) -> bool {
        self.assumptions.holds(binding)
    }

    /// The fleet at a time: without the assumptions that expired before it, which are dropped.
    pub fn snapshot_at(&mut self, now: Timestamp) -> Snapshot {
        self.expire(now);
        self.snapshot()
    }

    /// The fleet as it is now.
    ///
    /// # Complexity
    /// Constant, and linear in the number of clusters after one was added or removed.
    pub fn snapshot(&mut self) -> Snapshot {
        if !self.ranked {
            let mut rank = vec![0; self.slots as usize];
            for (position, slot) in self.order.iter().enumerate() {
                if let Some(cell) = rank.get_mut(*slot as usize) {
                    *cell = position as u32;
                }
            }
            self.rank = Arc::new(rank);
            self.ranked = true;
        }
        Snapshot::new(self)
    }

    fn find(&self, name: &str) -> Option<ClusterId> {
        snapshot::find(&self.names, &self.chunks, name)
    }

    fn allot(&mut self, name: &str) -> Result<u32, FleetError> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = self.slots;
                self.slots = slot.checked_add(1).ok_or(FleetError::Full)?;
                slot
            }
        };
        let hash = hash(name);
        let names = Arc::make_mut(&mut self.names);
        names.insert(names.partition_point(|entry| *entry < (hash, slot)), (hash, slot));
        let chunks = &self.chunks;
        let order = Arc::make_mut(&mut self.order);
        let position = order.partition_point(|other| snapshot::name(chunks, ClusterId(*other)) < name);
        order.insert(position, slot);
        self.ranked = false;
        Ok(slot)
    }
}

pub(crate) fn hash(name: &str) -> u64 {
    FxBuildHasher.hash_one(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(name: &str, region: &str) -> Cluster {
        let mut cluster = Cluster::named(name);
        cluster.spec.region = region.into();
        cluster
    }

    fn names(snapshot: &Snapshot) -> Vec<&str> {
        snapshot.clusters().map(|view| view.name()).collect()
    }

    #[test]
    fn a_snapshot_keeps_what_it_saw() {
        let mut fleet = Fleet::new();
        for name in ["b", "a", "c"] {
            fleet.apply(&cluster(name, "r1")).unwrap();
        }
        let before = fleet.snapshot();
        fleet.apply(&cluster("b", "r2")).unwrap();
        fleet.remove("a");
        fleet.apply(&cluster("d", "r3")).unwrap();
        let after = fleet.snapshot();
        assert_eq!(names(&before), ["a", "b", "c"]);
        assert_eq!(names(&after), ["b", "c", "d"]);
        let region = |snapshot: &Snapshot, name: &str| {
            let id = snapshot.find(name).unwrap();
            snapshot.cluster(id).unwrap().region().to_owned()
        };
        assert_eq!(
            (region(&before, "b"), region(&after, "b")),
            ("r1".to_owned(), "r2".to_owned())
        );
        assert_eq!(before.find("b"), after.find("b"), "ids are stable");
        assert!(after.find("a").is_none() && !fleet.remove("a"));
        assert!(before.generation() < after.generation());
    }

    #[test]
    fn a_cluster_needs_a_name() {
        assert_eq!(
            Fleet::new().apply(&Cluster::default()),
            Err(FleetError::ClusterWithoutName)
        );
    }
}
