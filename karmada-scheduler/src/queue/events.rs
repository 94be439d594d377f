//! What an event means for the queue and for what the scheduler remembers (`karmada:pkg/scheduler/event_handler.go`).

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use karmada_core::affinity;
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::meta::ObjectMeta;
use karmada_core::api::policy::v1alpha1::ClusterAffinityTerm;
use karmada_core::api::work::v1alpha2::{
    AggregatedStatusItem, ResourceBinding, ResourceBindingSpec, ResourceHealth,
};
use karmada_core::features::{Feature, FeatureGates};
use karmada_core::labels::{
    BINDING_MANAGED_BY, CLUSTER_PROPAGATION_POLICY_PERMANENT_ID, PROPAGATION_POLICY_PERMANENT_ID,
};
use karmada_core::names::DEFAULT_SCHEDULER;
use karmada_core::work::BindingRef;

use super::{BindingKey, RetryClass, SchedulingQueue};
use crate::{Corrections, Fleet};

/// Something that happened to an object on the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<T> {
    /// It is new, or seen for the first time.
    Added(T),
    /// It changed.
    Updated {
        /// As it was.
        old: T,
        /// As it is.
        new: T,
    },
    /// It is gone; as it was last seen.
    Deleted(T),
}

impl<T> Change<T> {
    /// The same change, of something else.
    #[must_use]
    pub fn map<U>(self, mut map: impl FnMut(T) -> U) -> Change<U> {
        match self {
            Self::Added(object) => Change::Added(map(object)),
            Self::Updated { old, new } => Change::Updated {
                old: map(old),
                new: map(new),
            },
            Self::Deleted(object) => Change::Deleted(map(object)),
        }
    }
}

/// Why a key comes into the queue, as the counter `queue_incoming_bindings_total` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum QueueEvent {
    /// The binding is new to this scheduler.
    BindingAdd,
    /// The binding's generation changed.
    BindingUpdate,
    /// A cluster that the binding may use changed.
    ClusterChanged,
    /// The last pass failed.
    ScheduleAttemptFailure,
}

impl QueueEvent {
    /// The value of the counter's label `event`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BindingAdd => "BindingAdd",
            Self::BindingUpdate => "BindingUpdate",
            Self::ClusterChanged => "ClusterChanged",
            Self::ScheduleAttemptFailure => "ScheduleAttemptFailure",
        }
    }
}

impl fmt::Display for QueueEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl RetryClass {
    /// What the counter is told when a binding is given back to the queue.
    #[must_use]
    pub fn event(self) -> Option<QueueEvent> {
        (self != Self::Forget).then_some(QueueEvent::ScheduleAttemptFailure)
    }
}

/// Something to do because of an event.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action<'a> {
    /// Push a key into the queue.
    Push {
        /// The binding.
        key: BindingKey,
        /// Its priority.
        priority: i32,
        /// What to count it as.
        event: QueueEvent,
    },
    /// Take a key out of the queue, with [`suspended_while_queued`](Corrections::suspended_while_queued).
    Remove(BindingKey),
    /// Take note of a binding for workload affinity: [`Fleet::observe_binding`].
    Observe(&'a ResourceBinding),
    /// Forget a binding that is gone: [`Fleet::forget_binding`].
    Forget(BindingKey),
    /// Bring the copy of a binding being assigned up to date: [`Fleet::update_assigned_binding`].
    UpdateAssigned(&'a ResourceBinding),
    /// Drop the copy of a binding being assigned: [`Fleet::settle_binding`].
    Settle(BindingKey),
    /// Drop what is assumed about a binding on one cluster, where it runs now: [`Fleet::release`].
    Release {
        /// The binding.
        binding: BindingKey,
        /// The cluster.
        cluster: &'a str,
    },
    /// Drop all that is assumed about a binding: [`Fleet::release_binding`].
    ReleaseBinding(BindingKey),
    /// Connect to the cluster's estimator, again if need be, or disconnect if the cluster is gone. For hosts that ask
    /// estimators over the network.
    ConnectEstimator(&'a str),
}

impl Action<'_> {
    /// Does it. Connections to estimators are left to the host.
    pub fn apply(&self, queue: &mut SchedulingQueue, fleet: &mut Fleet, now: Timestamp) {
        match self {
            Self::Push { key, priority, .. } => {
                queue.push(key.clone(), *priority, now);
            }
            Self::Remove(key) => {
                queue.remove(key);
            }
            Self::Observe(binding) => fleet.observe_binding(binding),
            Self::Forget(key) => fleet.forget_binding(key.namespace(), key.name()),
            Self::UpdateAssigned(binding) => fleet.update_assigned_binding(binding),
            Self::Settle(key) => fleet.settle_binding(key.namespace(), key.name()),
            Self::Release { binding, cluster } => fleet.release(binding.as_str(), cluster),
            Self::ReleaseBinding(key) => fleet.release_binding(key.as_str()),
            Self::ConnectEstimator(_) => {}
        }
    }
}

/// What events mean to one scheduler.
///
/// # Example
/// ```
/// use jiff::Timestamp;
/// use karmada_core::api::work::v1alpha2::ResourceBinding;
/// use karmada_core::features::FeatureGates;
/// use karmada_core::labels::PROPAGATION_POLICY_PERMANENT_ID;
/// use karmada_scheduler::Fleet;
/// use karmada_scheduler::queue::{Change, EventHandlers, QueueOptions, RetryClass, SchedulingQueue};
///
/// let handlers = EventHandlers::default();
/// let mut queue = SchedulingQueue::new(FeatureGates::default(), QueueOptions::default());
/// let (mut fleet, now) = (Fleet::new(), Timestamp::UNIX_EPOCH);
///
/// let mut binding = ResourceBinding::named("shop", "web-deployment");
/// let id = (PROPAGATION_POLICY_PERMANENT_ID.to_owned(), "0815".to_owned());
/// binding.metadata.labels = Some([id].into());
/// for action in handlers.binding_changed(Change::Added(&binding)) {
///     action.apply(&mut queue, &mut fleet, now);
/// }
/// let queued = queue.pop().ok_or("it waits")?;
/// assert_eq!(queued.key().as_str(), "shop/web-deployment");
/// // … a pass over the binding, on `fleet.snapshot_at(now)` …
/// queue.done(queued, RetryClass::Forget, now);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EventHandlers {
    /// The name of the scheduler; it deals with the bindings that name it. `default-scheduler`, which bindings that name
    /// none are for.
    pub scheduler_name: String,
    /// Which features are on; `WorkloadAffinity` and `SchedulingOvercommitProtection` make a difference.
    pub features: FeatureGates,
    /// Which of upstream's defects are corrected; `overflow_events` and `suspended_while_queued` are looked at.
    pub corrections: Corrections,
}

impl Default for EventHandlers {
    fn default() -> Self {
        Self {
            scheduler_name: DEFAULT_SCHEDULER.to_owned(),
            features: FeatureGates::default(),
            corrections: Corrections::none(),
        }
    }
}

impl EventHandlers {
    /// Whether events about a binding are dealt with: it is for this scheduler, its scheduling is not suspended, and a
    /// policy or a controller is behind it.
    #[must_use]
    pub fn handles<'a>(&self, binding: impl Into<BindingRef<'a>>) -> bool {
        let binding = binding.into();
        let labels = binding.metadata().labels.as_ref();
        let origins = [
            PROPAGATION_POLICY_PERMANENT_ID,
            CLUSTER_PROPAGATION_POLICY_PERMANENT_ID,
            BINDING_MANAGED_BY,
        ];
        let labelled = |label: &&str| {
            let value = labels.and_then(|labels| labels.get(*label));
            value.is_some_and(|value| !value.is_empty())
        };
        self.schedules(binding.spec()) && origins.iter().any(labelled)
    }

    /// What to do about a change of a binding, in order.
    ///
    /// A binding that is dealt with from now on counts as added, one that is not any longer as deleted. A pass over a
    /// binding does not look at its suspension again: upstream leaves the key of a suspended binding in the queue, so
    /// that it is scheduled all the same.
    #[must_use]
    pub fn binding_changed<'a>(&self, change: Change<impl Into<BindingRef<'a>>>) -> Vec<Action<'a>> {
        let change = change.map(Into::into);
        let mut actions = Vec::new();
        self.index(change, &mut actions);
        match change {
            Change::Added(binding) => {
                if self.handles(binding) {
                    actions.push(push(binding, QueueEvent::BindingAdd));
                }
            }
            Change::Updated { old, new } => match (self.handles(old), self.handles(new)) {
                (true, true) => self.updated(old, new, &mut actions),
                (false, true) => actions.push(push(new, QueueEvent::BindingAdd)),
                (true, false) => self.deleted(old, &mut actions),
                (false, false) => {}
            },
            Change::Deleted(binding) => {
                if self.handles(binding) {
                    self.deleted(binding, &mut actions);
                }
            }
        }
        actions
    }

    /// What to do about a change of a cluster, in order, given all bindings.
    ///
    /// Bindings are queued when the cluster begins to be deleted, and when its labels or its generation change: first
    /// those that could use it as it was, then those that can use it as it is, each time in the order given (upstream
    /// takes ResourceBindings first). What changes in its status alone queues none, nor does a new cluster or one that
    /// is gone.
    ///
    /// # Complexity
    /// Up to two matches of an affinity per binding.
    #[must_use]
    pub fn cluster_changed<'a>(
        &self,
        change: Change<&'a Cluster>,
        bindings: impl IntoIterator<Item = impl Into<BindingRef<'a>>>,
    ) -> Vec<Action<'a>> {
        let (Change::Added(cluster) | Change::Deleted(cluster) | Change::Updated { new: cluster, .. }) =
            change;
        let mut actions = vec![Action::ConnectEstimator(cluster.name())];
        let Change::Updated { old, new } = change else {
            return actions;
        };
        let deleting = |cluster: &Cluster| cluster.metadata.deletion_timestamp.is_some();
        let before = if deleting(new) && !deleting(old) {
            None
        } else if labels(old).ne(labels(new)) || generation(&old.metadata) != generation(&new.metadata) {
            Some(old)
        } else {
            return actions;
        };
        let mut by_new = Vec::new();
        for binding in bindings {
            let binding = binding.into();
            let requeue = || push(binding, QueueEvent::ClusterChanged);
            if before.is_some_and(|old| self.uses(binding, old)) {
                actions.push(requeue());
            }
            if self.uses(binding, new) {
                by_new.push(requeue());
            }
        }
        actions.append(&mut by_new);
        actions
    }

    /// Whether a change of a cluster may matter to a binding: a binding for this scheduler, not suspended, whose affinity
    /// picks the cluster, or that has none. Of several affinity groups the one in force counts, the first if none is; while
    /// the binding waits to be scheduled any cluster may matter.
    ///
    /// Upstream does not look at the groups that help out, nor at the labels that events about bindings are chosen by.
    #[must_use]
    pub fn uses<'a>(&self, binding: impl Into<BindingRef<'a>>, cluster: &Cluster) -> bool {
        let binding = binding.into();
        let (spec, status) = (binding.spec(), binding.status());
        let Some(placement) = &spec.placement else {
            return false;
        };
        if !self.schedules(spec) {
            return false;
        }
        let observed = &status.scheduler_observed_affinity_name;
        let in_force = |term: &&ClusterAffinityTerm| !observed.is_empty() && term.affinity_name == *observed;
        let terms = &placement.cluster_affinities;
        let Some(term) = terms.iter().find(in_force).or_else(|| terms.first()) else {
            let affinity = placement.cluster_affinity.as_ref();
            return affinity.is_none_or(|affinity| affinity::matches(cluster, affinity));
        };
        let scheduled = status.scheduler_observed_generation == generation(binding.metadata());
        if !scheduled || affinity::matches(cluster, &term.affinity) {
            return true;
        }
        // Only what runs may use them.
        let mut overflow = term.overflow_affinities.iter();
        self.corrections.overflow_events
            && spec.is_workload()
            && overflow.any(|overflow| affinity::matches(cluster, &overflow.affinity))
    }

    /// Whether this scheduler deals with the binding at present.
    fn schedules(&self, spec: &ResourceBindingSpec) -> bool {
        let name = match spec.scheduler_name.as_str() {
            "" => DEFAULT_SCHEDULER,
            name => name,
        };
        name == self.scheduler_name && !spec.scheduling_suspended()
    }

    /// What workload affinity knows of bindings does not depend on who schedules them.
    fn index<'a>(&self, change: Change<BindingRef<'a>>, actions: &mut Vec<Action<'a>>) {
        if !self.features.enabled(Feature::WorkloadAffinity) {
            return;
        }
        match change {
            Change::Added(BindingRef::Namespaced(binding))
            | Change::Updated {
                new: BindingRef::Namespaced(binding),
                ..
            } => actions.push(Action::Observe(binding)),
            Change::Deleted(binding @ BindingRef::Namespaced(_)) => {
                actions.push(Action::Forget(BindingKey::of(binding)));
            }
            _ => {}
        }
    }

    fn updated<'a>(&self, old: BindingRef<'a>, new: BindingRef<'a>, actions: &mut Vec<Action<'a>>) {
        if let BindingRef::Namespaced(binding) = new {
            if self.features.enabled(Feature::WorkloadAffinity) {
                actions.push(Action::UpdateAssigned(binding));
            }
            // The health of clusters is part of the status, which leaves the generation as it is.
            if self.features.enabled(Feature::SchedulingOvercommitProtection) && old.spec().is_workload() {
                let key = BindingKey::of(new);
                let healthy =
                    newly_healthy(&old.status().aggregated_status, &binding.status.aggregated_status);
                actions.extend(healthy.map(|cluster| Action::Release {
                    binding: key.clone(),
                    cluster,
                }));
            }
        }
        if generation(old.metadata()) != generation(new.metadata()) {
            actions.push(push(new, QueueEvent::BindingUpdate));
        }
    }

    fn deleted<'a>(&self, binding: BindingRef<'a>, actions: &mut Vec<Action<'a>>) {
        let key = BindingKey::of(binding);
        if matches!(binding, BindingRef::Namespaced(_)) {
            if self.features.enabled(Feature::WorkloadAffinity) {
                actions.push(Action::Settle(key.clone()));
            }
            if self.features.enabled(Feature::SchedulingOvercommitProtection) {
                actions.push(Action::ReleaseBinding(key.clone()));
            }
        }
        if self.corrections.suspended_while_queued {
            actions.push(Action::Remove(key));
        }
    }
}

/// The clusters that report a workload healthy and did not before, in the order of the new reports.
pub fn newly_healthy<'a>(
    old: &'a [AggregatedStatusItem],
    new: &'a [AggregatedStatusItem],
) -> impl Iterator<Item = &'a str> {
    let healthy = |item: &&AggregatedStatusItem| item.health == Some(ResourceHealth::Healthy);
    let clusters = move |items: &'a [AggregatedStatusItem]| {
        let healthy = items.iter().filter(healthy);
        healthy.map(|item| item.cluster_name.as_str())
    };
    let before: BTreeSet<&str> = clusters(old).collect();
    clusters(new).filter(move |cluster| !before.contains(cluster))
}

fn push<'a>(binding: BindingRef<'_>, event: QueueEvent) -> Action<'a> {
    Action::Push {
        key: BindingKey::of(binding),
        priority: binding.spec().schedule_priority_value(),
        event,
    }
}

/// A generation that was never set is 0.
fn generation(metadata: &ObjectMeta) -> i64 {
    metadata.generation.unwrap_or_default()
}

fn labels(cluster: &Cluster) -> impl Iterator<Item = (&String, &String)> {
    cluster.metadata.labels.iter().flatten()
}
