//! The first combination of edits after which the cluster is chosen.

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::work::v1alpha2::{ResourceBindingSpec, ResourceBindingStatus};

use super::vocabulary::Edit;
use crate::cluster_set::ClusterId;
use crate::decision::Decision;
use crate::error::ScheduleError;
use crate::fleet::Snapshot;
use crate::framework::Verdict;
use crate::session::{self, Options};

/// The question.
pub(super) struct Search<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) cluster: &'a Cluster,
    pub(super) id: ClusterId,
    pub(super) spec: &'a ResourceBindingSpec,
    pub(super) status: &'a ResourceBindingStatus,
    pub(super) options: &'a Options,
}

/// What comes of some edits.
pub(super) struct Chosen {
    pub(super) cluster: Cluster,
    pub(super) spec: ResourceBindingSpec,
    pub(super) decision: Decision,
}

impl Search<'_> {
    /// What comes of no edits, if the cluster is chosen.
    pub(super) fn unedited(&self) -> Result<Option<Chosen>, ScheduleError> {
        // Why nothing can be decided, if so.
        session::context(self.snapshot, self.spec, self.status, self.options)?;
        Ok(self.attempt(&[], self.snapshot))
    }

    /// The first combination, in the order of their sizes and then of the list.
    pub(super) fn first(&self, edits: &[Edit]) -> Option<(Vec<usize>, Chosen)> {
        let needs = Needs::new(self, edits)?;
        let mut fleet = Edited::default();
        for size in 1..=super::MAX_COMBINED {
            let mut combination = Vec::with_capacity(size);
            if let Some(chosen) = self.extend(edits, &needs, size, &mut combination, &mut fleet) {
                return Some((combination, chosen));
            }
        }
        None
    }

    /// Extends a combination to the wanted size in every way.
    fn extend(
        &self,
        edits: &[Edit],
        needs: &Needs,
        size: usize,
        combination: &mut Vec<usize>,
        fleet: &mut Edited,
    ) -> Option<Chosen> {
        let of = |positions: &[usize]| -> Vec<&Edit> {
            positions
                .iter()
                .filter_map(|position| edits.get(*position))
                .collect()
        };
        if combination.len() == size {
            if !needs.met(combination) {
                return None;
            }
            let chosen = of(combination);
            let changes: Vec<usize> = combination
                .iter()
                .copied()
                .filter(|position| edits.get(*position).is_some_and(Edit::changes_cluster))
                .collect();
            let snapshot = fleet.get(self, changes, edits)?;
            return self.attempt(&chosen, &snapshot);
        }
        let begin = combination.last().map_or(0, |last| last + 1);
        for (position, edit) in edits.iter().enumerate().skip(begin) {
            if of(combination).iter().any(|other| edit.conflicts_with(other)) {
                continue;
            }
            combination.push(position);
            if let Some(chosen) = self.extend(edits, needs, size, combination, fleet) {
                return Some(chosen);
            }
            combination.pop();
        }
        None
    }

    /// Decides with some edits; nothing unless the cluster is chosen.
    fn attempt(&self, edits: &[&Edit], snapshot: &Snapshot) -> Option<Chosen> {
        let mut spec = None;
        for edit in edits.iter().filter(|edit| !edit.changes_cluster()) {
            edit.apply_to_binding(self.cluster.name(), spec.get_or_insert_with(|| self.spec.clone()));
        }
        let edited = spec.as_ref().unwrap_or(self.spec);
        if !self.passes(snapshot, edited) {
            return None;
        }
        let decision = session::schedule(snapshot, edited, self.status, self.options).ok()?;
        let chosen = decision.targets().iter().any(|target| target.cluster == self.id);
        chosen.then(|| {
            let mut cluster = self.cluster.clone();
            for edit in edits {
                edit.apply_to_cluster(&mut cluster);
            }
            let spec = spec.unwrap_or_else(|| self.spec.clone());
            Chosen {
                cluster,
                spec,
                decision,
            }
        })
    }

    /// Whether the cluster passes all filters: much less to ask than a decision.
    fn passes(&self, snapshot: &Snapshot, spec: &ResourceBindingSpec) -> bool {
        let Ok(ctx) = session::context(snapshot, spec, self.status, self.options) else {
            return false;
        };
        let mut filters = self.options.profile.filters.iter();
        filters.all(|plugin| plugin.verdict(&ctx, self.id) == Verdict::Pass)
    }
}

/// Per filter that rejects the cluster as it is: the edits that may change its mind. A combination needs one of each.
struct Needs(Vec<Vec<usize>>);

impl Needs {
    /// `None` if there is a filter that no edit convinces.
    fn new(search: &Search<'_>, edits: &[Edit]) -> Option<Self> {
        let ctx = session::context(search.snapshot, search.spec, search.status, search.options).ok()?;
        if !search.snapshot.candidates().contains(search.id) {
            return None;
        }
        let mut needs = Vec::new();
        for plugin in &search.options.profile.filters {
            if plugin.verdict(&ctx, search.id) == Verdict::Pass {
                continue;
            }
            let helping = edits
                .iter()
                .enumerate()
                .filter(|(_, edit)| plugin.reads(edit.kind()));
            let helping: Vec<usize> = helping.map(|(position, _)| position).collect();
            if helping.is_empty() {
                return None;
            }
            needs.push(helping);
        }
        Some(Self(needs))
    }

    fn met(&self, combination: &[usize]) -> bool {
        let mut needs = self.0.iter();
        needs.all(|helping| helping.iter().any(|position| combination.contains(position)))
    }
}

/// The fleet with the last edited version of the cluster: neighbouring combinations often change it in the same way.
#[derive(Default)]
struct Edited {
    last: Option<(Vec<usize>, Snapshot)>,
}

impl Edited {
    fn get(&mut self, search: &Search<'_>, changes: Vec<usize>, edits: &[Edit]) -> Option<Snapshot> {
        if changes.is_empty() {
            return Some(search.snapshot.clone());
        }
        if let Some((known, snapshot)) = &self.last
            && *known == changes
        {
            return Some(snapshot.clone());
        }
        let mut cluster = search.cluster.clone();
        for edit in changes.iter().filter_map(|position| edits.get(*position)) {
            edit.apply_to_cluster(&mut cluster);
        }
        let snapshot = search.snapshot.with_cluster(&cluster)?;
        self.last = Some((changes, snapshot.clone()));
        Some(snapshot)
    }
}
