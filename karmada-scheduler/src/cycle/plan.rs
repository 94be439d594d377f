//! What a pass is to write, as values.

use karmada_core::annotations;
use karmada_core::api::meta::{Condition, ObjectMeta, Time};
use karmada_core::api::wire::{self, DecodeError};
use karmada_core::api::work::v1alpha2::{ResourceBindingSpec, ResourceBindingStatus, TargetCluster};
use karmada_core::work::BindingRef;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::effects::Effects;
use super::error::PassError;
use super::events::{Audience, Report};
use super::ladder::Need;
use crate::error::ScheduleError;
use crate::queue::BindingKey;

/// One change of the binding, for the API server as a merge patch. Only what differs is written.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// The result, in the binding itself.
    Schedule {
        /// The placement it was scheduled with, as upstream encodes it; nothing if the annotation has it already.
        applied_placement: Option<String>,
        /// The clusters, empty if none fits; nothing if they are the binding's, in the same order.
        clusters: Option<Vec<TargetCluster>>,
    },
    /// The affinity group in force, in the status.
    AffinityName(String),
    /// The generation that needs no scheduling, in the status.
    ObservedGeneration(i64),
    /// How the pass went, in the status.
    Scheduled(ScheduledPatch),
}

/// What the status says about the last pass; nothing of what stays as it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScheduledPatch {
    /// All conditions of the binding, `Scheduled` brought up to date: a merge patch replaces lists as a whole.
    pub conditions: Option<Vec<Condition>>,
    /// The generation that was scheduled.
    pub observed_generation: Option<i64>,
    /// When, to the second.
    pub last_scheduled_time: Option<Time>,
}

/// Which object an operation is meant for.
///
/// Upstream's patches are unconditional. A host that does not want to write into a binding that was deleted and made
/// anew, or changed meanwhile, has the API server compare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Precondition {
    /// The uid of the binding.
    pub uid: String,
    /// The version the plan was made from. The first operation that is applied changes it.
    pub resource_version: String,
}

impl Operation {
    /// The subresource to patch: `status`, or nothing for the binding itself.
    #[must_use]
    pub fn subresource(&self) -> Option<&'static str> {
        match self {
            Self::Schedule { .. } => None,
            Self::AffinityName(_) | Self::ObservedGeneration(_) | Self::Scheduled(_) => Some("status"),
        }
    }

    /// The JSON merge patch (`application/merge-patch+json`), without preconditions.
    ///
    /// # Errors
    /// [`DecodeError`] when a value has no JSON form, which none has.
    pub fn merge_patch(&self) -> Result<Value, DecodeError> {
        let (mut metadata, mut spec, mut status) = (Map::new(), Map::new(), Map::new());
        match self {
            Self::Schedule {
                applied_placement,
                clusters,
            } => {
                if let Some(placement) = applied_placement {
                    metadata.insert(
                        "annotations".to_owned(),
                        json!({annotations::POLICY_PLACEMENT: placement}),
                    );
                }
                if let Some(clusters) = clusters {
                    spec.insert("clusters".to_owned(), unless_zero(clusters)?);
                }
            }
            Self::AffinityName(name) => {
                status.insert("schedulerObservingAffinityName".to_owned(), unless_zero(name)?);
            }
            Self::ObservedGeneration(generation) => {
                status.insert("schedulerObservedGeneration".to_owned(), unless_zero(generation)?);
            }
            Self::Scheduled(scheduled) => {
                if let Some(conditions) = &scheduled.conditions {
                    status.insert("conditions".to_owned(), unless_zero(conditions)?);
                }
                if let Some(generation) = &scheduled.observed_generation {
                    status.insert("schedulerObservedGeneration".to_owned(), unless_zero(generation)?);
                }
                if let Some(time) = &scheduled.last_scheduled_time {
                    status.insert("lastScheduledTime".to_owned(), wire::encode(time)?);
                }
            }
        }
        let parts = [("metadata", metadata), ("spec", spec), ("status", status)];
        let parts = parts.into_iter().filter(|(_, part)| !part.is_empty());
        Ok(Value::Object(
            parts
                .map(|(name, part)| (name.to_owned(), Value::Object(part)))
                .collect(),
        ))
    }

    /// Makes the change in the parts of a binding; says whether the spec is another one now.
    pub fn apply(
        &self,
        metadata: &mut ObjectMeta,
        spec: &mut ResourceBindingSpec,
        status: &mut ResourceBindingStatus,
    ) -> bool {
        match self {
            Self::Schedule {
                applied_placement,
                clusters,
            } => {
                if let Some(placement) = applied_placement {
                    let annotations = metadata.annotations.get_or_insert_default();
                    annotations.insert(annotations::POLICY_PLACEMENT.to_owned(), placement.clone());
                }
                if let Some(clusters) = clusters {
                    spec.clusters.clone_from(clusters);
                    return true;
                }
            }
            Self::AffinityName(name) => status.scheduler_observed_affinity_name.clone_from(name),
            Self::ObservedGeneration(generation) => status.scheduler_observed_generation = *generation,
            Self::Scheduled(scheduled) => {
                if let Some(conditions) = &scheduled.conditions {
                    status.conditions.clone_from(conditions);
                }
                if let Some(generation) = scheduled.observed_generation {
                    status.scheduler_observed_generation = generation;
                }
                if scheduled.last_scheduled_time.is_some() {
                    status
                        .last_scheduled_time
                        .clone_from(&scheduled.last_scheduled_time);
                }
            }
        }
        false
    }
}

impl Precondition {
    /// Has the API server refuse the patch for an object with another uid.
    pub fn require_uid(&self, patch: &mut Value) {
        self.require(patch, "uid", &self.uid);
    }

    /// Has the API server refuse the patch for another version of the object.
    pub fn require_resource_version(&self, patch: &mut Value) {
        self.require(patch, "resourceVersion", &self.resource_version);
    }

    fn require(&self, patch: &mut Value, field: &str, value: &str) {
        let Some(patch) = patch.as_object_mut().filter(|_| !value.is_empty()) else {
            return;
        };
        let metadata = patch
            .entry("metadata")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert(field.to_owned(), value.into());
        }
    }
}

/// The zero value takes a field away, as upstream leaves it out.
fn unless_zero<T: Default + PartialEq + Serialize>(value: &T) -> Result<Value, DecodeError> {
    if *value == T::default() {
        Ok(Value::Null)
    } else {
        wire::encode(value)
    }
}

/// What one pass is to write, tell and remember, and what it takes to conclude it.
///
/// Made by [`Cycle`](super::Cycle) or [`schedule_binding`](super::schedule_binding). The host applies every operation
/// in order, whatever became of those before, and passes the outcomes to [`conclude`](Self::conclude).
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) key: BindingKey,
    pub(super) namespaced: bool,
    pub(super) need: Need,
    pub(super) precondition: Precondition,
    pub(super) audience: Audience,
    /// What the status said before.
    pub(super) before: Before,
    pub(super) operations: Vec<Operation>,
    pub(super) reports: Vec<Report>,
    pub(super) effects: Effects,
    pub(super) result: PassResult,
}

/// The parts of the binding's status that the outcome is compared with, and its generation.
#[derive(Clone, Debug, Default)]
pub(super) struct Before {
    pub(super) generation: i64,
    pub(super) conditions: Vec<Condition>,
    pub(super) observed_generation: i64,
    pub(super) last_scheduled: Option<Time>,
}

/// What scheduling came to.
#[derive(Clone, Debug)]
pub(super) enum PassResult {
    /// The binding is not scheduled; with an error, it could not be. The status says nothing of it.
    Skipped(Option<PassError>),
    /// It goes to these clusters.
    Placed(Vec<TargetCluster>),
    /// No cluster fits, so that it loses those it has.
    Unfit(ScheduleError),
    /// There is no decision, and nothing changes. No event says so, or the events of the affinity groups did.
    Failed { error: PassError, silent: bool },
}

impl Plan {
    pub(super) fn new(binding: BindingRef<'_>, need: Need) -> Self {
        let (metadata, status) = (binding.metadata(), binding.status());
        let audience = Audience::of(binding);
        Self {
            key: BindingKey::of(binding),
            namespaced: matches!(binding, BindingRef::Namespaced(_)),
            need,
            precondition: Precondition {
                uid: audience.binding.uid.clone(),
                resource_version: audience.binding.resource_version.clone(),
            },
            audience,
            before: Before {
                generation: metadata.generation.unwrap_or_default(),
                conditions: status.conditions.clone(),
                observed_generation: status.scheduler_observed_generation,
                last_scheduled: status.last_scheduled_time.clone(),
            },
            operations: Vec::new(),
            reports: Vec::new(),
            effects: Effects::default(),
            result: PassResult::Skipped(None),
        }
    }

    /// The key of the binding.
    #[must_use]
    pub fn key(&self) -> &BindingKey {
        &self.key
    }

    /// Whether and why the binding is scheduled.
    #[must_use]
    pub fn need(&self) -> &Need {
        &self.need
    }

    /// The object the operations are meant for.
    #[must_use]
    pub fn precondition(&self) -> &Precondition {
        &self.precondition
    }

    /// What is to be written, in this order; each is to be tried whatever became of those before.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// What is to be told before anything is written: affinity groups that failed, or that the binding is not scheduled.
    #[must_use]
    pub fn reports(&self) -> &[Report] {
        &self.reports
    }

    /// The clusters the binding is to go to; nothing if the plan does not say, empty if none fits.
    #[must_use]
    pub fn targets(&self) -> Option<&[TargetCluster]> {
        match &self.result {
            PassResult::Placed(targets) => Some(targets),
            PassResult::Unfit(_) => Some(&[]),
            PassResult::Skipped(_) | PassResult::Failed { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merge_patches() {
        fn check(operation: &Operation, subresource: Option<&str>, want: &Value) {
            assert_eq!(operation.merge_patch().unwrap(), *want);
            assert_eq!(operation.subresource(), subresource);
        }
        let schedule =
            |applied_placement: Option<&str>, clusters: Option<&[TargetCluster]>| Operation::Schedule {
                applied_placement: applied_placement.map(str::to_owned),
                clusters: clusters.map(<[TargetCluster]>::to_vec),
            };
        let targets = [TargetCluster::new("m1", 2), TargetCluster::new("m2", 0)];
        let annotation = json!({"annotations": {"policy.karmada.io/applied-placement": "{}"}});
        check(
            &schedule(Some("{}"), Some(&targets)),
            None,
            &json!({"metadata": annotation, "spec": {"clusters": [{"name": "m1", "replicas": 2}, {"name": "m2"}]}}),
        );
        check(
            &schedule(Some("{}"), None),
            None,
            &json!({"metadata": annotation}),
        );
        check(
            &schedule(None, Some(&[])),
            None,
            &json!({"spec": {"clusters": null}}),
        );

        let status = Some("status");
        check(
            &Operation::AffinityName("a".into()),
            status,
            &json!({"status": {"schedulerObservingAffinityName": "a"}}),
        );
        check(
            &Operation::AffinityName(String::new()),
            status,
            &json!({"status": {"schedulerObservingAffinityName": null}}),
        );
        check(
            &Operation::ObservedGeneration(4),
            status,
            &json!({"status": {"schedulerObservedGeneration": 4}}),
        );
        let time = Time("2026-01-01T00:00:00Z".parse().unwrap());
        let condition = Condition {
            type_: "Scheduled".into(),
            status: "True".into(),
            last_transition_time: Some(time.clone()),
            ..Condition::default()
        };
        check(
            &Operation::Scheduled(ScheduledPatch {
                conditions: Some(vec![condition]),
                observed_generation: Some(0),
                last_scheduled_time: Some(time),
            }),
            status,
            &json!({"status": {
                "conditions": [{"type": "Scheduled", "status": "True", "reason": "", "message": "",
                    "lastTransitionTime": "2026-01-01T00:00:00Z"}],
                "schedulerObservedGeneration": null, "lastScheduledTime": "2026-01-01T00:00:00Z",
            }}),
        );
    }

    #[test]
    fn preconditions() {
        let precondition = Precondition {
            uid: "u".into(),
            resource_version: "7".into(),
        };
        let mut patch = json!({"spec": {}});
        precondition.require_uid(&mut patch);
        assert_eq!(patch, json!({"metadata": {"uid": "u"}, "spec": {}}));
        precondition.require_resource_version(&mut patch);
        assert_eq!(
            patch,
            json!({"metadata": {"uid": "u", "resourceVersion": "7"}, "spec": {}})
        );
        // What is not known cannot be required.
        let mut patch = json!({"spec": {}});
        Precondition::default().require_uid(&mut patch);
        assert_eq!(patch, json!({"spec": {}}));
    }
}
