//! One pass of the scheduler over a binding: around the decision.
//!
//! [`assess`] says whether and why a binding is scheduled. [`schedule_binding`] tries its affinity groups one after the
//! other and returns a [`Plan`]: what is to be written and told. [`Cycle`] does the same in steps, for hosts that ask
//! estimators over the network. What became of the plan's operations goes into [`Plan::conclude`], and that of the last
//! one, the condition, into [`Conclusion::finish`], which says what happens to the key. Everything is a value: nothing
//! here writes, waits, or reads a clock.
//!
//! Follows `karmada:pkg/scheduler/scheduler.go`, in order:
//!
//! 1. The placement is encoded as it is now; that is what the binding was scheduled with, whatever happens meanwhile.
//! 2. Each affinity group from the one in force on is one decision; the first that works out ends the search, and every
//!    one that does not is told. Without groups there is one decision. A binding returns to an earlier group only if
//!    somebody asks for all replicas to be placed anew.
//! 3. The result is written with the encoded placement. Where no cluster fits (of several groups, in the first one
//!    tried), an empty result is: the workload leaves its clusters. Any other error leaves the clusters as they are. What
//!    the binding has already is not written again, and then nothing is assumed either.
//! 4. The name of the group is written into the status, whatever became of the result.
//! 5. The result is told, and the condition `Scheduled` written. If that fails, its error is what counts.
//!
//! Of the passes that schedule, only a success moves `schedulerObservedGeneration` and `lastScheduledTime`; a pass with
//! nothing to do brings the observed generation up to date. The generation is the one that was read: writing a result
//! makes a newer one, so that the binding comes back. Divided workloads then need nothing but the generation; duplicated
//! ones, and what is no workload, are decided about once more.
//!
//! Not in the decision: priority orders the queue only ([`schedule_priority_value`]), and a quota is enforced by the
//! admission of bindings, whose refusal is told apart by [`ApiError::is_quota_exceeded`].
//!
//! [`schedule_priority_value`]: karmada_core::api::work::v1alpha2::ResourceBindingSpec::schedule_priority_value
//!
//! # Example
//! What a host does with one binding. `read`, `estimate`, `write` and `tell` are where it does I/O, and may wait.
//! ```
//! use jiff::Timestamp;
//! use karmada_core::api::work::v1alpha2::ResourceBinding;
//! use karmada_scheduler::cycle::{Cycle, CycleOptions, CycleStep, Finished, Operation, Outcome, Report};
//! use karmada_scheduler::queue::BindingKey;
//! use karmada_scheduler::{ASSUMPTION_TTL, Answer, EstimateQuestion, Fleet, assumption_expiry};
//!
//! trait Host {
//!     fn estimate(&self, question: &EstimateQuestion<'_>) -> Vec<Answer>;
//!     /// Patches the binding with `operation.merge_patch()` at `operation.subresource()`.
//!     fn write(&self, key: &BindingKey, operation: &Operation) -> Outcome;
//!     fn tell(&self, source: &str, reports: &[Report]);
//! }
//!
//! fn pass(
//!     host: &impl Host, fleet: &mut Fleet, binding: &ResourceBinding, options: &CycleOptions, now: Timestamp,
//! ) -> Finished {
//!     let mut cycle = Cycle::new(binding, &fleet.snapshot_at(now), options);
//!     let mut answers = Vec::new();
//!     let plan = loop {
//!         match cycle.step(answers) {
//!             CycleStep::NeedEstimates(question) => answers = host.estimate(&question),
//!             CycleStep::Done(plan) => break plan,
//!         }
//!     };
//!     host.tell(&options.scheduler_name, plan.reports());
//!     let key = plan.key().clone();
//!     let outcomes: Vec<Outcome> = plan.operations().iter().map(|operation| host.write(&key, operation)).collect();
//!     let conclusion = plan.conclude(&outcomes, now);
//!     host.tell(&options.scheduler_name, conclusion.reports());
//!     conclusion.effects().apply(fleet, &key, assumption_expiry(now, ASSUMPTION_TTL));
//!     let outcome = conclusion.operation().map(|operation| host.write(&key, operation));
//!     // `retry` is for the queue, `attempt` for metrics.
//!     conclusion.finish(outcome)
//! }
//! ```

mod apply;
mod conclusion;
mod effects;
mod error;
mod events;
#[cfg(test)]
mod fixtures;
mod ladder;
mod pass;
mod plan;

use karmada_core::names::DEFAULT_SCHEDULER;

pub use apply::BindingMut;
pub use conclusion::{
    Attempt, AttemptResult, Conclusion, Executed, Finished, Outcome, Written, scheduled_condition,
};
pub use effects::Effects;
pub use error::{ApiError, PassError};
pub use events::Report;
pub use ladder::{Need, Reason, ScheduleType, assess};
pub use pass::{Cycle, CycleStep, schedule_binding};
pub use plan::{Operation, Plan, Precondition, ScheduledPatch};

use crate::session::Options;

/// How passes are made.
#[derive(Clone, Debug)]
pub struct CycleOptions {
    /// How decisions are made. The corrections of its profile hold for the whole pass.
    pub decision: Options,
    /// The name of the scheduler (`--scheduler-name`): the source of its events.
    pub scheduler_name: String,
}

impl Default for CycleOptions {
    fn default() -> Self {
        Options::default().into()
    }
}

impl From<Options> for CycleOptions {
    fn from(decision: Options) -> Self {
        Self {
            decision,
            scheduler_name: DEFAULT_SCHEDULER.to_owned(),
        }
    }
}
