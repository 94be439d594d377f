//! One pass over a binding, group by group.

use karmada_core::annotations::POLICY_PLACEMENT;
use karmada_core::api::policy::v1alpha1::{ClusterAffinityTerm, Placement};
use karmada_core::api::work::v1alpha2::TargetCluster;
use karmada_core::binding::{encode_applied_placement, reschedule_required};
use karmada_core::work::BindingRef;

use super::CycleOptions;
use super::effects::Effects;
use super::error::{PassError, lower_first};
use super::events;
use super::ladder::{Need, assess};
use super::plan::{Operation, PassResult, Plan};
use crate::decision::Decision;
use crate::error::{ErrorKind, ScheduleError};
use crate::estimate::EstimateRequest;
use crate::fleet::Snapshot;
use crate::session::{Answer, EstimateQuestion, Session, Step};

/// What a pass needs to go on.
#[derive(Debug)]
pub enum CycleStep<'a> {
    /// How much room clusters have, according to the profile's remote estimators; asked once for every affinity group
    /// that is tried.
    NeedEstimates(EstimateQuestion<'a>),
    /// Nothing: this is to be done.
    Done(Box<Plan>),
}

/// One pass over a binding that can stop to ask for estimates.
///
/// # Guarantees
/// All groups are tried on the same snapshot. With the same answers the plan is that of [`schedule_binding`].
///
/// # Caveats
/// The session of a group keeps the snapshot alive while it waits; the binding, if it changes meanwhile, is written as
/// it was read. See [`Precondition`](super::Precondition).
#[derive(Debug)]
pub struct Cycle<'a> {
    binding: BindingRef<'a>,
    snapshot: Snapshot,
    options: &'a CycleOptions,
    state: State<'a>,
}

#[derive(Debug)]
enum State<'a> {
    /// There is nothing to decide.
    Planned(Box<Plan>),
    Deciding(Box<Deciding<'a>>),
    Ended,
}

/// The decision about one affinity group, or about all clusters.
#[derive(Debug)]
struct Deciding<'a> {
    plan: Box<Plan>,
    applied_placement: String,
    session: Session<'a>,
    groups: Option<Groups<'a>>,
}

/// Where the pass is among the affinity groups of a placement.
#[derive(Debug)]
struct Groups<'a> {
    terms: &'a [ClusterAffinityTerm],
    index: usize,
    first_error: Option<ScheduleError>,
}

/// Decides about a binding without asking remote estimators.
///
/// # Complexity
/// That of one decision for each affinity group that is tried.
#[must_use]
pub fn schedule_binding<'a>(
    binding: impl Into<BindingRef<'a>>,
    snapshot: &Snapshot,
    options: &CycleOptions,
) -> Plan {
    let mut cycle = Cycle::new(binding.into(), snapshot, options);
    loop {
        if let CycleStep::Done(plan) = cycle.step(Vec::new()) {
            return *plan;
        }
    }
}

impl<'a> Cycle<'a> {
    /// Begins a pass: says whether the binding is scheduled at all.
    #[must_use]
    pub fn new(binding: impl Into<BindingRef<'a>>, snapshot: &Snapshot, options: &'a CycleOptions) -> Self {
        let binding = binding.into();
        let need = assess(binding, snapshot, options);
        let plan = Box::new(Plan::new(binding, need));
        let state = match (&plan.need, &binding.spec().placement) {
            (Need::Schedule(_), Some(placement)) => begin(plan, binding, placement, snapshot, options),
            _ => State::Planned(without_decision(plan, binding)),
        };
        Self {
            binding,
            snapshot: snapshot.clone(),
            options,
            state,
        }
    }

    /// Whether and why the binding is scheduled.
    #[must_use]
    pub fn need(&self) -> Option<&Need> {
        match &self.state {
            State::Planned(plan) => Some(&plan.need),
            State::Deciding(deciding) => Some(&deciding.plan.need),
            State::Ended => None,
        }
    }

    /// What is asked while the pass waits for estimates, with the decision it belongs to.
    #[must_use]
    pub fn estimate_request(&self) -> Option<EstimateRequest<'_>> {
        match &self.state {
            State::Deciding(deciding) => deciding.session.estimate_request(),
            State::Planned(_) | State::Ended => None,
        }
    }

    /// Goes on until estimates are needed or it is clear what to do. `answers` are those to the last question, none at
    /// first.
    pub fn step(&mut self, answers: Vec<Answer>) -> CycleStep<'a> {
        let mut answers = answers;
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => {
                    let mut plan =
                        Plan::new(self.binding, assess(self.binding, &self.snapshot, self.options));
                    plan.result = PassResult::Skipped(Some(PassError::Schedule(ScheduleError::Ended)));
                    return CycleStep::Done(Box::new(plan));
                }
                State::Planned(plan) => return CycleStep::Done(plan),
                State::Deciding(mut deciding) => match deciding.session.step(std::mem::take(&mut answers)) {
                    Step::NeedEstimates(question) => {
                        self.state = State::Deciding(deciding);
                        return CycleStep::NeedEstimates(question);
                    }
                    Step::Done(outcome) => self.state = self.decided(*deciding, outcome),
                },
            }
        }
    }

    /// After the decision about a group: the next one's turn, or the end.
    fn decided(&self, deciding: Deciding<'a>, outcome: Result<Decision, ScheduleError>) -> State<'a> {
        let Deciding {
            mut plan,
            applied_placement,
            groups,
            ..
        } = deciding;
        let error = match outcome {
            Ok(decision) => {
                self.place(&mut plan, applied_placement, &decision);
                if let Some(term) = groups.as_ref().and_then(Groups::term)
                    && term.affinity_name != self.binding.status().scheduler_observed_affinity_name
                {
                    plan.operations
                        .push(Operation::AffinityName(term.affinity_name.clone()));
                }
                return State::Planned(plan);
            }
            Err(error) => error,
        };
        let Some(mut groups) = groups else {
            self.fail(&mut plan, applied_placement, error, false);
            return State::Planned(plan);
        };
        let text = format!(
            "failed to schedule {}({}) with clusterAffiliates index({}): {error}",
            self.binding.kind(),
            plan.key,
            groups.index
        );
        let reports = plan.audience.tell(events::failed(text));
        plan.reports.extend(reports);
        let first_error = groups.first_error.take().unwrap_or(error);
        groups.index += 1;
        match groups.term() {
            Some(term) => State::Deciding(Box::new(Deciding {
                plan,
                applied_placement,
                session: self.session().in_affinity_group(&term.affinity_name),
                groups: Some(Groups {
                    first_error: Some(first_error),
                    ..groups
                }),
            })),
            None => {
                self.fail(&mut plan, applied_placement, first_error, true);
                State::Planned(plan)
            }
        }
    }

    fn session(&self) -> Session<'a> {
        session(self.binding, &self.snapshot, self.options)
    }

    fn place(&self, plan: &mut Plan, applied_placement: String, decision: &Decision) {
        let targets = decision.to_target_clusters();
        self.write(plan, applied_placement, &targets);
        plan.result = PassResult::Placed(targets);
    }

    /// Without a cluster that fits the binding loses those it has; any other error changes nothing. Of several groups
    /// the first one's error counts, and only where none fits it is told once more.
    fn fail(&self, plan: &mut Plan, applied_placement: String, error: ScheduleError, told: bool) {
        plan.result = if error.kind() == ErrorKind::Fit {
            self.write(plan, applied_placement, &[]);
            PassResult::Unfit(error)
        } else {
            PassResult::Failed {
                error: PassError::Schedule(error),
                silent: told,
            }
        };
    }

    /// Plans to write the result, as far as the binding does not have it.
    fn write(&self, plan: &mut Plan, applied_placement: String, targets: &[TargetCluster]) {
        let annotations = self.binding.metadata().annotations.as_ref();
        let applied = annotations.and_then(|annotations| annotations.get(POLICY_PLACEMENT));
        let same_placement = applied == Some(&applied_placement);
        let same_clusters = self.binding.spec().clusters == targets;
        if same_placement && same_clusters {
            return;
        }
        plan.operations.push(Operation::Schedule {
            applied_placement: (!same_placement).then_some(applied_placement),
            clusters: (!same_clusters).then(|| targets.to_vec()),
        });
        plan.effects = Effects::of(self.binding, targets, self.options);
    }
}

impl<'a> Groups<'a> {
    /// The groups to be tried: from the one in force on, or from the first if somebody asked for all replicas to be
    /// placed anew. Nothing if the placement has no groups.
    fn of(binding: BindingRef<'a>, placement: &'a Placement) -> Option<Self> {
        let terms = placement.cluster_affinities.as_slice();
        if terms.is_empty() {
            return None;
        }
        let (spec, status) = (binding.spec(), binding.status());
        let anew = reschedule_required(
            spec.reschedule_triggered_at.as_ref().map(|time| time.0),
            status.last_scheduled_time.as_ref().map(|time| time.0),
        );
        let observed = &status.scheduler_observed_affinity_name;
        let in_force =
            |term: &ClusterAffinityTerm| !anew && !observed.is_empty() && term.affinity_name == *observed;
        Some(Self {
            terms,
            index: terms.iter().position(in_force).unwrap_or_default(),
            first_error: None,
        })
    }

    fn term(&self) -> Option<&'a ClusterAffinityTerm> {
        self.terms.get(self.index)
    }
}

fn session<'a>(binding: BindingRef<'a>, snapshot: &Snapshot, options: &'a CycleOptions) -> Session<'a> {
    Session::new(snapshot, binding.spec(), binding.status(), &options.decision)
}

fn begin<'a>(
    mut plan: Box<Plan>,
    binding: BindingRef<'a>,
    placement: &'a Placement,
    snapshot: &Snapshot,
    options: &'a CycleOptions,
) -> State<'a> {
    let applied_placement = match encode_applied_placement(placement) {
        Ok(text) => text,
        Err(error) => {
            plan.result = PassResult::Failed {
                error: PassError::Placement {
                    kind: binding.kind(),
                    name: binding.metadata().name.clone().unwrap_or_default(),
                    reason: error.to_string(),
                },
                silent: true,
            };
            return State::Planned(plan);
        }
    };
    let groups = Groups::of(binding, placement);
    let mut session = session(binding, snapshot, options);
    if let Some(term) = groups.as_ref().and_then(Groups::term) {
        session = session.in_affinity_group(&term.affinity_name);
    }
    State::Deciding(Box::new(Deciding {
        plan,
        applied_placement,
        session,
        groups,
    }))
}

/// The plan for a binding that is not scheduled.
fn without_decision(mut plan: Box<Plan>, binding: BindingRef<'_>) -> Box<Plan> {
    match &plan.need {
        Need::Deleting => {
            let text = format!(
                "skip schedule deleting {}: {}",
                lower_first(binding.kind()),
                plan.key
            );
            plan.reports = plan.audience.tell(events::failed(text)).into();
        }
        Need::UpToDate { observe: true, .. } => {
            plan.operations
                .push(Operation::ObservedGeneration(plan.before.generation));
        }
        Need::NoPlacement => {
            plan.result = PassResult::Skipped(Some(PassError::NoPlacement {
                kind: binding.kind(),
                key: plan.key.clone(),
            }));
        }
        Need::UpToDate { .. } | Need::Suspended | Need::Schedule(_) => {}
    }
    plan
}

#[cfg(test)]
mod tests;
