//! Whether a binding has to be scheduled, and why (`karmada:pkg/scheduler/scheduler.go`).

use std::fmt;

use jiff::Timestamp;
use karmada_core::api::policy::v1alpha1::ReplicaSchedulingType;
use karmada_core::api::work::v1alpha2::ResourceBindingSpec;
use karmada_core::binding::{
    AppliedPlacementError, PlacementChange, applied_placement, placement_change, reschedule_required,
};
use karmada_core::conditions::BINDING_SCHEDULED;
use karmada_core::features::Feature;
use karmada_core::status::is_condition_true;
use karmada_core::work::BindingRef;

use super::CycleOptions;
use crate::fleet::Snapshot;

/// What is to be done about a binding.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// Nothing: it is being deleted. An event says so.
    Deleting,
    /// Nothing can be: it has no placement. The pass fails.
    NoPlacement,
    /// Nothing: scheduling is suspended. Only with
    /// [`suspended_while_queued`](crate::Corrections::suspended_while_queued); upstream schedules what was suspended
    /// after it was queued.
    Suspended,
    /// It is scheduled.
    Schedule(Reason),
    /// Nothing: its clusters are what it needs.
    UpToDate {
        /// Whether the status still has to say that the scheduler has seen this generation.
        observe: bool,
        /// What is wrong with the applied placement, if it cannot be read. Upstream then takes the placement for
        /// unchanged.
        malformed: Option<AppliedPlacementError>,
    },
}

/// Why a binding is scheduled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The placement is not the one it was last scheduled with.
    PlacementChanged(PlacementChange),
    /// The clusters have other replicas than the template wants.
    ReplicasChanged {
        /// Replicas the template wants; with the duplicated strategy each cluster does.
        wanted: i32,
        /// Replicas of all its clusters.
        assigned: i64,
    },
    /// The clusters have other replicas of components than the template wants. Only with
    /// [`component_changes`](crate::Corrections::component_changes).
    ComponentsChanged,
    /// Somebody asked for all replicas to be placed anew.
    RescheduleTriggered {
        /// When.
        at: Timestamp,
    },
    /// It is no workload, so that every cluster gets the same, whatever the strategy says.
    NoWorkload,
    /// Every cluster gets all replicas.
    Duplicated,
    /// One of its clusters is being deleted.
    ClusterDeleting {
        /// The first of them in the order of its clusters.
        cluster: String,
    },
    /// Its status does not say that it was scheduled. Only with
    /// [`unfinished_passes`](crate::Corrections::unfinished_passes).
    Unfinished,
}

/// How metrics class the passes that schedule (label `schedule_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScheduleType {
    /// Something other than the number of replicas asks for it.
    ReconcileSchedule,
    /// The number of replicas does.
    ScaleSchedule,
}

impl ScheduleType {
    /// The value of the label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReconcileSchedule => "ReconcileSchedule",
            Self::ScaleSchedule => "ScaleSchedule",
        }
    }
}

impl fmt::Display for ScheduleType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Reason {
    /// How metrics class a pass for this reason.
    #[must_use]
    pub fn schedule_type(&self) -> ScheduleType {
        match self {
            Self::ReplicasChanged { .. } | Self::ComponentsChanged => ScheduleType::ScaleSchedule,
            _ => ScheduleType::ReconcileSchedule,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlacementChanged(change) => write!(f, "the placement changed: {change}"),
            Self::ReplicasChanged { wanted, assigned } => {
                write!(
                    f,
                    "the replicas changed: {wanted} are wanted, the clusters have {assigned}"
                )
            }
            Self::ComponentsChanged => f.write_str("the replicas of components changed"),
            Self::RescheduleTriggered { at } => write!(f, "rescheduling was triggered at {at}"),
            Self::NoWorkload => f.write_str("what is no workload is always scheduled"),
            Self::Duplicated => f.write_str("what is duplicated is always scheduled"),
            Self::ClusterDeleting { cluster } => write!(f, "cluster {cluster} is being deleted"),
            Self::Unfinished => f.write_str("the status does not say that it was scheduled"),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deleting => f.write_str("not scheduled: it is being deleted"),
            Self::NoPlacement => f.write_str("not scheduled: it has no placement"),
            Self::Suspended => f.write_str("not scheduled: scheduling is suspended"),
            Self::Schedule(reason) => write!(f, "{}: {reason}", reason.schedule_type()),
            Self::UpToDate { malformed: None, .. } => f.write_str("not scheduled: nothing changed"),
            Self::UpToDate {
                malformed: Some(error),
                ..
            } => write!(f, "not scheduled: nothing else changed, and {error}"),
        }
    }
}

/// What is to be done about a binding: the first that applies.
///
/// A workload that is leaving a cluster gracefully needs no rule of its own: whoever evicts it takes the cluster off the
/// targets, and the replicas no longer add up.
///
/// # Example
/// ```
/// use karmada_core::api::work::v1alpha2::ResourceBinding;
/// use karmada_scheduler::Snapshot;
/// use karmada_scheduler::cycle::{CycleOptions, Need, assess};
/// let binding = ResourceBinding::named("shop", "web-deployment");
/// let snapshot = Snapshot::build([], [])?;
/// assert_eq!(assess(&binding, &snapshot, &CycleOptions::default()), Need::NoPlacement);
/// # Ok::<(), karmada_scheduler::FleetError>(())
/// ```
#[must_use]
pub fn assess<'a>(binding: impl Into<BindingRef<'a>>, snapshot: &Snapshot, options: &CycleOptions) -> Need {
    let binding = binding.into();
    let (metadata, spec, status) = (binding.metadata(), binding.spec(), binding.status());
    let corrections = options.decision.profile.corrections();
    let features = options.decision.features;
    if metadata.deletion_timestamp.is_some() {
        return Need::Deleting;
    }
    let Some(placement) = &spec.placement else {
        return Need::NoPlacement;
    };
    if corrections.suspended_while_queued && spec.scheduling_suspended() {
        return Need::Suspended;
    }

    let applied = metadata.annotations.as_ref().map(applied_placement);
    let (change, malformed) = match applied.unwrap_or(Ok(None)) {
        Ok(applied) => (
            placement_change(
                placement,
                applied.as_ref(),
                &status.scheduler_observed_affinity_name,
            ),
            None,
        ),
        Err(error) => (None, Some(error)),
    };
    let counts = |change: &PlacementChange| {
        change.reschedules()
            || corrections.workload_affinity_changes && *change == PlacementChange::WorkloadAffinity
    };
    if let Some(change) = change.filter(counts) {
        return Need::Schedule(Reason::PlacementChanged(change));
    }
    if spec.is_replicas_changed(placement.replica_scheduling.as_ref(), features) {
        return Need::Schedule(Reason::ReplicasChanged {
            wanted: spec.replicas,
            assigned: spec.sum_of_replicas(),
        });
    }
    if corrections.component_changes
        && features.enabled(Feature::MultiplePodTemplatesScheduling)
        && spec.is_components_changed()
    {
        return Need::Schedule(Reason::ComponentsChanged);
    }
    let triggered = spec.reschedule_triggered_at.as_ref().map(|time| time.0);
    let scheduled = status.last_scheduled_time.as_ref().map(|time| time.0);
    if let Some(at) = triggered.filter(|_| reschedule_required(triggered, scheduled)) {
        return Need::Schedule(Reason::RescheduleTriggered { at });
    }
    if !spec.is_workload() {
        return Need::Schedule(Reason::NoWorkload);
    }
    if placement.replica_scheduling_type() == ReplicaSchedulingType::Duplicated {
        return Need::Schedule(Reason::Duplicated);
    }
    if let Some(cluster) = deleting_target(spec, snapshot) {
        return Need::Schedule(Reason::ClusterDeleting {
            cluster: cluster.to_owned(),
        });
    }
    if corrections.unfinished_passes && !is_condition_true(&status.conditions, BINDING_SCHEDULED) {
        return Need::Schedule(Reason::Unfinished);
    }
    Need::UpToDate {
        observe: metadata.generation.unwrap_or_default() != status.scheduler_observed_generation,
        malformed,
    }
}

/// The first target that is being deleted.
fn deleting_target<'a>(spec: &'a ResourceBindingSpec, snapshot: &Snapshot) -> Option<&'a str> {
    let names = spec.clusters.iter().map(|target| target.name.as_str());
    let deleting = |name: &&str| {
        let cluster = snapshot.find(name).and_then(|id| snapshot.cluster(id));
        cluster.is_some_and(|cluster| cluster.is_deleting())
    };
    names.into_iter().find(deleting)
}

#[cfg(test)]
mod tests;
