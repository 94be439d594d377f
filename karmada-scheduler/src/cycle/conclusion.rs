//! What became of a plan: the condition, the events, the error, and what happens to the key.

use jiff::Timestamp;
use karmada_core::api::meta::{Condition, ConditionStatus, Time};
use karmada_core::conditions;
use karmada_core::status::set_condition;

use super::effects::Effects;
use super::error::{ApiError, PassError, retry_class};
use super::events::{self, Report, SUCCESS};
use super::ladder::{Need, ScheduleType};
use super::plan::{Before, Operation, PassResult, Plan, ScheduledPatch};
use crate::error::ErrorKind;
use crate::queue::RetryClass;

/// What the API server says about an object it has written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Its generation now.
    pub generation: i64,
    /// Its version now. The copy that is [assigned](crate::Fleet::assign_binding) carries it; with an empty one it cannot be
    /// compared with the copy that is observed, and as long as both are there, no member of the binding's affinity
    /// group gets new targets.
    pub resource_version: String,
}

/// What became of an operation.
pub type Outcome = Result<Written, ApiError>;

/// What is left to be done after the operations of a plan were tried.
#[derive(Clone, Debug)]
pub struct Conclusion {
    reports: Vec<Report>,
    effects: Effects,
    operation: Option<Operation>,
    error: Option<PassError>,
    /// Whether the key is not retried for the error.
    is_final: bool,
    schedule_type: Option<ScheduleType>,
    follows: bool,
}

/// How a pass ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// What the key is retried for; nothing if the pass is final.
    pub error: Option<PassError>,
    /// What becomes of the key.
    pub retry: RetryClass,
    /// What metrics count (`karmada_scheduler_schedule_attempts_total`): nothing if the binding was not scheduled.
    pub attempt: Option<Attempt>,
    /// Whether the API server has a newer generation of the binding than the one that was scheduled, so that its
    /// notice brings the key back.
    pub follows: bool,
}

/// A pass that was carried out by [`Plan::execute`].
#[derive(Clone, Debug)]
pub struct Executed {
    /// What is to be told, in order.
    pub reports: Vec<Report>,
    /// What is to be remembered.
    pub effects: Effects,
    /// How it ended.
    pub finished: Finished,
}

/// One attempt at scheduling, as metrics count them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt {
    /// Label `schedule_type`.
    pub schedule_type: ScheduleType,
    /// Label `result`. A binding that fits no cluster counts as scheduled.
    pub result: AttemptResult,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttemptResult {
    /// The pass is final.
    Scheduled,
    /// The key is tried again.
    Error,
}

impl AttemptResult {
    /// The value of the label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Error => "error",
        }
    }
}

impl Plan {
    /// What follows from the outcomes of the plan's operations, in their order, at the time `now`. An operation without
    /// an outcome counts as one that did not reach the API server.
    #[must_use]
    pub fn conclude(self, outcomes: &[Outcome], now: Timestamp) -> Conclusion {
        let mut planned = Some(self.effects);
        let mut conclusion = Conclusion {
            reports: Vec::new(),
            effects: Effects::default(),
            operation: None,
            error: None,
            is_final: false,
            schedule_type: match &self.need {
                Need::Schedule(reason) => Some(reason.schedule_type()),
                _ => None,
            },
            follows: false,
        };
        let mut refused = Vec::new();
        for (index, operation) in self.operations.iter().enumerate() {
            match outcomes.get(index) {
                Some(Ok(written)) => {
                    conclusion.follows |= written.generation > self.before.generation;
                    if let Operation::Schedule { .. } = operation {
                        conclusion.effects = planned.take().unwrap_or_default();
                        if let Some(binding) = &mut conclusion.effects.assigned {
                            binding.metadata.resource_version = Some(written.resource_version.clone());
                        }
                    }
                }
                Some(Err(error)) => refused.push(PassError::Api(error.clone())),
                None => refused.push(PassError::Api(ApiError::transport(NOT_TRIED))),
            }
        }
        let aggregate = |errors: Vec<PassError>| (!errors.is_empty()).then_some(PassError::Aggregate(errors));
        let (error, event) = match self.result {
            // Nothing but the status is written, so that what the API server says counts as it is.
            PassResult::Skipped(error) => {
                conclusion.error = error.or_else(|| refused.into_iter().next());
                return conclusion;
            }
            PassResult::Placed(targets) => {
                let error = aggregate(refused);
                let event = match &error {
                    None => events::succeeded(self.namespaced, &targets),
                    Some(error) => events::failed(error.to_string()),
                };
                (error, Some(event))
            }
            PassResult::Unfit(error) => {
                let mut errors = vec![PassError::Schedule(error)];
                let error = if refused.is_empty() {
                    errors.pop()
                } else {
                    errors.append(&mut refused);
                    aggregate(errors)
                };
                let event = error.as_ref().map(|error| events::failed(error.to_string()));
                (error, event)
            }
            PassResult::Failed { error, silent } => {
                let event = (!silent).then(|| events::failed(error.to_string()));
                (Some(error), event)
            }
        };
        let reports = event.into_iter().flat_map(|event| self.audience.tell(event));
        conclusion.reports = reports.collect();
        let (condition, is_final) = scheduled_condition(error.as_ref());
        conclusion.is_final = is_final;
        conclusion.operation = scheduled_patch(self.before, condition, now).map(Operation::Scheduled);
        conclusion.error = error;
        conclusion
    }

    /// Applies the plan with `write` as the API server: every operation, then the condition.
    pub fn execute(self, now: Timestamp, mut write: impl FnMut(&Operation) -> Outcome) -> Executed {
        let mut reports = self.reports.clone();
        let outcomes: Vec<Outcome> = self.operations.iter().map(&mut write).collect();
        let mut conclusion = self.conclude(&outcomes, now);
        reports.append(&mut conclusion.reports);
        let effects = std::mem::take(&mut conclusion.effects);
        let outcome = conclusion.operation.as_ref().map(write);
        Executed {
            reports,
            effects,
            finished: conclusion.finish(outcome),
        }
    }
}

impl Conclusion {
    /// What is to be told about the result.
    #[must_use]
    pub fn reports(&self) -> &[Report] {
        &self.reports
    }

    /// What is to be remembered, before anything else is scheduled.
    #[must_use]
    pub fn effects(&self) -> &Effects {
        &self.effects
    }

    /// How the pass went, to be written into the status; nothing if it says so already.
    #[must_use]
    pub fn operation(&self) -> Option<&Operation> {
        self.operation.as_ref()
    }

    /// What went wrong until here, also where it is not worth trying again.
    #[must_use]
    pub fn error(&self) -> Option<&PassError> {
        self.error.as_ref()
    }

    /// What becomes of the key. `outcome` is that of [`operation`](Self::operation), nothing if there is none; when it
    /// failed, nothing else counts.
    #[must_use]
    pub fn finish(self, outcome: Option<Outcome>) -> Finished {
        let error = match (self.operation, outcome) {
            (Some(_), Some(Err(error))) => Some(PassError::Api(error)),
            (Some(_), None) => Some(PassError::Api(ApiError::transport(NOT_TRIED))),
            _ => self.error.filter(|_| !self.is_final),
        };
        let result = if error.is_none() {
            AttemptResult::Scheduled
        } else {
            AttemptResult::Error
        };
        Finished {
            retry: retry_class(error.as_ref()),
            error,
            attempt: self.schedule_type.map(|schedule_type| Attempt {
                schedule_type,
                result,
            }),
            follows: self.follows,
        }
    }
}

/// What an operation without an outcome is taken to have met.
const NOT_TRIED: &str = "the change was not tried";

/// The condition for an error, and whether the pass is final all the same (`karmada:pkg/scheduler/helper.go`).
#[must_use]
pub fn scheduled_condition(error: Option<&PassError>) -> (Condition, bool) {
    let condition = |status, reason: &str, message: String| Condition {
        type_: conditions::BINDING_SCHEDULED.to_owned(),
        status,
        reason: reason.to_owned(),
        message,
        ..Condition::default()
    };
    let Some(error) = error else {
        let reason = conditions::BINDING_SCHEDULED_REASON_SUCCESS;
        return (condition(ConditionStatus::True, reason, SUCCESS.to_owned()), true);
    };
    let failed =
        |reason: &str, error: &PassError| condition(ConditionStatus::False, reason, error.to_string());
    match error.kind() {
        ErrorKind::Unschedulable => {
            return (
                failed(conditions::BINDING_SCHEDULED_REASON_UNSCHEDULABLE, error),
                false,
            );
        }
        ErrorKind::Fit => {
            return (
                failed(conditions::BINDING_SCHEDULED_REASON_NO_CLUSTER_FIT, error),
                true,
            );
        }
        ErrorKind::Other => {}
    }
    if let PassError::Aggregate(members) = error {
        for member in members {
            if member.kind() == ErrorKind::Fit {
                return (
                    failed(conditions::BINDING_SCHEDULED_REASON_NO_CLUSTER_FIT, error),
                    false,
                );
            }
            if matches!(member, PassError::Api(error) if error.is_quota_exceeded()) {
                return (
                    failed(conditions::BINDING_SCHEDULED_REASON_QUOTA_EXCEEDED, member),
                    false,
                );
            }
        }
    }
    (
        failed(conditions::BINDING_SCHEDULED_REASON_SCHEDULER_ERROR, error),
        false,
    )
}

/// What to write about the pass, if anything. Only a success counts as seen.
fn scheduled_patch(before: Before, condition: Condition, now: Timestamp) -> Option<ScheduledPatch> {
    // Times on the wire are whole seconds.
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let success = condition.status == ConditionStatus::True;
    let mut conditions = before.conditions;
    let mut patch = ScheduledPatch {
        conditions: set_condition(&mut conditions, condition, now).then_some(conditions),
        ..ScheduledPatch::default()
    };
    if success {
        let (seen, at) = (before.generation, Some(Time(now)));
        patch.observed_generation = (before.observed_generation != seen).then_some(seen);
        patch.last_scheduled_time = if before.last_scheduled == at { None } else { at };
    }
    (patch != ScheduledPatch::default()).then_some(patch)
}

#[cfg(test)]
mod tests;
