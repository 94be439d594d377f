//! Workloads that take capacity although their clusters do not report it yet (`karmada:pkg/scheduler/cache`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use karmada_core::api::work::v1alpha2::Component;

use super::sorted::SortedPieces;

/// How long a workload is assumed to be on its way if nobody says otherwise.
pub const ASSUMPTION_TTL: Duration = Duration::from_secs(5 * 60);

/// How often upstream sweeps out assumptions that expired.
pub const ASSUMPTION_SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// When an assumption made now expires; a `ttl` of 0 stands for [`ASSUMPTION_TTL`].
#[must_use]
pub fn assumption_expiry(now: Timestamp, ttl: Duration) -> Timestamp {
    let ttl = if ttl.is_zero() { ASSUMPTION_TTL } else { ttl };
    let ttl = SignedDuration::try_from(ttl).unwrap_or(SignedDuration::MAX);
    now.saturating_add(ttl).unwrap_or(Timestamp::MAX)
}

/// What a workload that was just scheduled will take of a cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssumedWorkload {
    /// The namespace of the workload.
    pub namespace: String,
    /// Its parts; a workload with one pod template is one component.
    pub components: Vec<Component>,
}

/// A cluster, and the key of a binding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    cluster: Arc<str>,
    binding: Arc<str>,
}

/// The assumed workloads, as a snapshot shares them: by cluster, then in the order of the bindings' keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct AssumptionTable(SortedPieces<Place, Arc<AssumedWorkload>>);

impl AssumptionTable {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is assumed to run on a cluster, by the key of its binding.
    pub(crate) fn on(&self, cluster: &str) -> impl Iterator<Item = (&str, &Arc<AssumedWorkload>)> {
        let from = self.0.from(|place| (*place.cluster).cmp(cluster));
        from.take_while(move |(place, _)| *place.cluster == *cluster)
            .map(|(place, workload)| (&*place.binding, workload))
    }
}

/// What is assumed about one binding.
#[derive(Clone, Debug, Default)]
struct Held {
    clusters: BTreeSet<Arc<str>>,
    /// When all of it expires; `None` if never.
    expires: Option<Timestamp>,
}

/// The assumed workloads with what is needed to change them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assumptions {
    table: Arc<AssumptionTable>,
    bindings: BTreeMap<Arc<str>, Held>,
    expiries: BTreeSet<(Timestamp, Arc<str>)>,
}

impl Assumptions {
    /// As they are now.
    pub(crate) fn table(&self) -> Arc<AssumptionTable> {
        self.table.clone()
    }

    /// Sets what a binding takes of a cluster, and until when everything about that binding holds.
    pub(crate) fn assume(
        &mut self,
        binding: &str,
        cluster: &str,
        workload: AssumedWorkload,
        expires: Option<Timestamp>,
    ) {
        let key = match self.bindings.get_key_value(binding) {
            Some((key, _)) => key.clone(),
            None => binding.into(),
        };
        let held = self.bindings.entry(key.clone()).or_default();
        if held.expires != expires {
            if let Some(before) = held.expires {
                self.expiries.remove(&(before, key.clone()));
            }
            self.expiries.extend(expires.map(|time| (time, key.clone())));
            held.expires = expires;
        }
        let cluster = match held.clusters.get(cluster) {
            Some(cluster) => cluster.clone(),
            None => cluster.into(),
        };
        held.clusters.insert(cluster.clone());
        let place = Place {
            cluster,
            binding: key,
        };
        Arc::make_mut(&mut self.table).0.insert(place, Arc::new(workload));
    }

    /// Drops what is assumed about a binding on one cluster.
    pub(crate) fn release(&mut self, binding: &str, cluster: &str) {
        let Some(held) = self.bindings.get_mut(binding) else {
            return;
        };
        let Some(cluster) = held.clusters.take(cluster) else {
            return;
        };
        let last = held.clusters.is_empty();
        let place = Place {
            cluster,
            binding: binding.into(),
        };
        Arc::make_mut(&mut self.table).0.remove(&place);
        if last {
            self.release_binding(binding);
        }
    }

    /// Drops all that is assumed about a binding.
    pub(crate) fn release_binding(&mut self, binding: &str) {
        let Some((key, held)) = self.bindings.remove_entry(binding) else {
            return;
        };
        if let Some(expires) = held.expires {
            self.expiries.remove(&(expires, key.clone()));
        }
        if held.clusters.is_empty() {
            return;
        }
        let table = Arc::make_mut(&mut self.table);
        for cluster in held.clusters {
            let binding = key.clone();
            table.0.remove(&Place { cluster, binding });
        }
    }

    /// Drops what expired before now; says about how many bindings that was.
    pub(crate) fn expire(&mut self, now: Timestamp) -> usize {
        let mut count = 0;
        while let Some((expires, binding)) = self.expiries.first()
            && *expires < now
        {
            let binding = binding.clone();
            self.release_binding(&binding);
            count += 1;
        }
        count
    }

    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        self.expiries.first().map(|(expires, _)| *expires)
    }

    pub(crate) fn holds(&self, binding: &str) -> bool {
        self.bindings.contains_key(binding)
    }
}

#[cfg(test)]
mod tests;
