//! What every stage of one decision sees.

use std::cell::OnceCell;

use karmada_core::api::policy::v1alpha1::{
    ClusterAffinityTerm, Placement, ReplicaDivisionPreference, ReplicaSchedulingType, SpreadConstraint,
    SpreadFieldValue,
};
use karmada_core::api::work::v1alpha2::{ResourceBindingSpec, ResourceBindingStatus};
use karmada_core::binding::reschedule_required;
use karmada_core::features::{Feature, FeatureGates};
use karmada_core::names::binding_name;

use crate::affinity;
use crate::cluster_set::{ClusterId, ClusterSet};
use crate::corrections::Corrections;
use crate::estimate::SetPlan;
use crate::fleet::Snapshot;
use crate::session::Options;

/// The input of one decision, with what several stages need of it worked out once.
#[derive(Debug)]
pub struct Context<'a> {
    snapshot: Snapshot,
    spec: &'a ResourceBindingSpec,
    status: &'a ResourceBindingStatus,
    affinity_name: &'a str,
    placement: &'a Placement,
    features: FeatureGates,
    corrections: Corrections,
    found: OnceCell<Vec<(ClusterId, i32)>>,
    targets: OnceCell<ClusterSet>,
    groups: OnceCell<Groups>,
    set_plan: OnceCell<SetPlan>,
    binding_key: OnceCell<String>,
}

/// The clusters an affinity group may use, tier by tier: the group itself, then those that help out.
#[derive(Debug)]
pub(crate) struct Groups {
    /// Empty when the placement restricts nothing.
    pub(crate) tiers: Vec<ClusterSet>,
    /// Whether tiers decide in which order clusters are used.
    pub(crate) ordered: bool,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        snapshot: Snapshot,
        spec: &'a ResourceBindingSpec,
        status: &'a ResourceBindingStatus,
        placement: &'a Placement,
        options: &Options,
    ) -> Self {
        Self {
            snapshot,
            spec,
            status,
            affinity_name: &status.scheduler_observed_affinity_name,
            placement,
            features: options.features,
            corrections: options.profile.corrections(),
            found: OnceCell::new(),
            targets: OnceCell::new(),
            groups: OnceCell::new(),
            set_plan: OnceCell::new(),
            binding_key: OnceCell::new(),
        }
    }

    /// The same decision on another fleet.
    pub(crate) fn on(&self, snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            spec: self.spec,
            status: self.status,
            affinity_name: self.affinity_name,
            placement: self.placement,
            features: self.features,
            corrections: self.corrections,
            found: OnceCell::new(),
            targets: OnceCell::new(),
            groups: OnceCell::new(),
            set_plan: OnceCell::new(),
            binding_key: OnceCell::new(),
        }
    }

    /// Puts another affinity group in force than the status names.
    pub(crate) fn in_affinity_group(mut self, name: &'a str) -> Self {
        self.affinity_name = name;
        self
    }

    /// The fleet.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The spec of the binding.
    #[must_use]
    pub fn spec(&self) -> &'a ResourceBindingSpec {
        self.spec
    }

    /// The status of the binding as it was last written; what is in force now is said by
    /// [`affinity_name`](Self::affinity_name).
    #[must_use]
    pub fn status(&self) -> &'a ResourceBindingStatus {
        self.status
    }

    /// The affinity group in force, empty if there is none: the one the status names, unless the scheduling cycle is
    /// trying another one.
    #[must_use]
    pub fn affinity_name(&self) -> &'a str {
        self.affinity_name
    }

    /// The placement of the binding.
    #[must_use]
    pub fn placement(&self) -> &'a Placement {
        self.placement
    }

    /// What the general estimator works out once for the components of the binding.
    pub(crate) fn set_plan(&self) -> &OnceCell<SetPlan> {
        &self.set_plan
    }

    /// Whether a feature is on.
    #[must_use]
    pub fn enabled(&self, feature: Feature) -> bool {
        self.features.enabled(feature)
    }

    /// Which of upstream's defects are corrected.
    #[must_use]
    pub fn corrections(&self) -> Corrections {
        self.corrections
    }

    /// The clusters the binding has already, as far as they still exist.
    #[must_use]
    pub fn targets(&self) -> &ClusterSet {
        self.targets.get_or_init(|| {
            let mut targets = self.snapshot.no_clusters();
            for (cluster, _) in self.found() {
                targets.insert(*cluster);
            }
            targets
        })
    }

    /// The term of `clusterAffinities` in force.
    #[must_use]
    pub fn affinity_term(&self) -> Option<&'a ClusterAffinityTerm> {
        if self.placement.cluster_affinity.is_some() {
            return None;
        }
        self.placement
            .cluster_affinities
            .iter()
            .find(|term| term.affinity_name == self.affinity_name)
    }

    /// What the affinities of the placement pick.
    pub(crate) fn groups(&self) -> &Groups {
        self.groups.get_or_init(|| {
            let matching = |affinity| affinity::matching(&self.snapshot, affinity);
            if let Some(affinity) = &self.placement.cluster_affinity {
                return Groups {
                    tiers: vec![matching(affinity)],
                    ordered: false,
                };
            }
            let term = self.affinity_term();
            let overflow = term.into_iter().flat_map(|term| &term.overflow_affinities);
            let tiers = term.map(|term| &term.affinity).into_iter();
            Groups {
                tiers: tiers
                    .chain(overflow.map(|group| &group.affinity))
                    .map(matching)
                    .collect(),
                ordered: !self.placement.cluster_affinities.is_empty(),
            }
        })
    }

    /// Whether the template is a workload: it has replicas, requirements or components.
    #[must_use]
    pub fn is_workload(&self) -> bool {
        self.spec.is_workload()
    }

    /// Whether the workload is estimated and placed as sets of components
    /// (`karmada:pkg/scheduler/core/estimation.go`): the feature is on, there are components, and exactly one cluster
    /// is asked for.
    #[must_use]
    pub fn places_component_sets(&self) -> bool {
        self.enabled(Feature::MultiplePodTemplatesScheduling)
            && !self.spec.components.is_empty()
            && self.placement.spread_constraints.iter().any(|constraint| {
                constraint.spread_by_field == Some(SpreadFieldValue::Cluster)
                    && constraint.min_groups == 1
                    && constraint.max_groups == 1
            })
    }

    /// How replicas are divided; absent means that every cluster gets all of them.
    pub(crate) fn scheduling_type(&self) -> ReplicaSchedulingType {
        self.placement.replica_scheduling_type()
    }

    /// Whether spread constraints do not count, because the division follows fixed weights. Weights that are there but
    /// wholly empty do not switch them off, unless that is corrected.
    pub(crate) fn ignores_spread(&self) -> bool {
        let Some(strategy) = &self.placement.replica_scheduling else {
            return false;
        };
        let empty_counts = self.corrections.empty_weight_preference;
        strategy.replica_scheduling_type == Some(ReplicaSchedulingType::Divided)
            && strategy.replica_division_preference == Some(ReplicaDivisionPreference::Weighted)
            && strategy.weight_preference.as_ref().is_none_or(|weights| {
                (empty_counts || !weights.static_weight_list.is_empty()) && weights.dynamic_weight.is_none()
            })
    }

    /// The most groups a spread constraint allows.
    pub(crate) fn max_groups(&self, constraint: &SpreadConstraint) -> i64 {
        if constraint.max_groups == 0 && self.corrections.unset_max_groups {
            return i64::MAX;
        }
        constraint.max_groups
    }

    /// Whether sets of components go only where there is room for them.
    pub(crate) fn needs_component_room(&self) -> bool {
        self.corrections.component_room && self.places_component_sets()
    }

    /// The key of the binding, as assumed workloads are filed under it.
    pub(crate) fn binding_key(&self) -> &str {
        self.binding_key.get_or_init(|| {
            let resource = &self.spec.resource;
            let name = binding_name(&resource.kind, &resource.name);
            format!("{}/{name}", resource.namespace)
        })
    }

    /// Whether room is no criterion in selecting clusters.
    pub(crate) fn ignores_available(&self) -> bool {
        self.scheduling_type() == ReplicaSchedulingType::Duplicated
    }

    /// Whether somebody asked for all replicas to be placed anew since the binding was last scheduled.
    #[must_use]
    pub fn reschedule_required(&self) -> bool {
        reschedule_required(
            self.spec.reschedule_triggered_at.as_ref().map(|time| time.0),
            self.status.last_scheduled_time.as_ref().map(|time| time.0),
        )
    }

    /// The entries of the binding's `spec.clusters` whose clusters still exist, with their replicas.
    pub(crate) fn found(&self) -> &[(ClusterId, i32)] {
        self.found.get_or_init(|| {
            let clusters = self.spec.clusters.iter();
            clusters
                .filter_map(|target| Some((self.snapshot.find(&target.name)?, target.replicas)))
                .collect()
        })
    }

    /// The binding's replicas per cluster that still exists, sorted by slot; of entries with the same name the first.
    pub(crate) fn assigned(&self) -> Vec<(ClusterId, i32)> {
        let mut assigned = self.found().to_vec();
        assigned.sort_by_key(|(cluster, _)| *cluster);
        assigned.dedup_by_key(|(cluster, _)| *cluster);
        assigned
    }
}
