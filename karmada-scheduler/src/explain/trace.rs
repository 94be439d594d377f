//! Makes a decision again and asks every stage what it did.

use karmada_core::api::policy::v1alpha1::{
    Placement, ReplicaDivisionPreference, ReplicaSchedulingType, SpreadConstraint,
};
use karmada_core::api::work::v1alpha2::{ResourceBindingSpec, ResourceBindingStatus};

use super::cluster::{
    CandidateExplanation, ClusterExplanation, ClusterVerdict, EstimatorAnswer, EstimatorExplanation,
    Objection, PluginScore, RoomExplanation,
};
use super::{Counts, Explanation, FailureClass, Outcome, Request, Spread, Strategy};
use crate::cluster_set::{ClusterId, ClusterSet};
use crate::context::Context;
use crate::error::{ErrorKind, ScheduleError};
use crate::estimate::{Estimate, EstimateRequest};
use crate::explain::{AssignmentExplanation, SelectionExplanation};
use crate::fleet::Snapshot;
use crate::framework::Verdict;
use crate::profile::Profile;
use crate::select::Candidate;
use crate::session::{self, Answer, Options, Session, Step};

pub(super) fn explain(
    snapshot: &Snapshot,
    spec: &ResourceBindingSpec,
    status: &ResourceBindingStatus,
    options: &Options,
    answers: &[Answer],
) -> Result<Explanation, ScheduleError> {
    let ctx = session::context(snapshot, spec, status, options)?;
    let mut session = Session::new(snapshot, spec, status, options);
    let mut given = Vec::new();
    let decision = loop {
        match session.step(given) {
            Step::NeedEstimates(_) => given = answers.to_vec(),
            Step::Done(decision) => break decision,
        }
    };
    let mut trace = Trace::new(&ctx, &options.profile);
    trace.score();
    if !trace.failed {
        trace.estimate(answers);
        trace.select_and_assign();
    }
    let outcome = match &decision {
        Ok(decision) => Outcome::Scheduled {
            targets: decision.to_target_clusters(),
        },
        Err(error) => Outcome::Failed {
            class: match error.kind() {
                ErrorKind::Fit => FailureClass::Fit,
                ErrorKind::Unschedulable => FailureClass::Unschedulable,
                ErrorKind::Other => FailureClass::Other,
            },
            message: error.to_string(),
        },
    };
    let targets = decision.iter().flat_map(|decision| decision.targets());
    let targets: Vec<(ClusterId, i32)> = targets.map(|target| (target.cluster, target.replicas)).collect();
    Ok(trace.finish(outcome, &targets))
}

/// A candidate with what is known of it so far, in the order of ids.
struct Traced {
    cluster: ClusterId,
    said: CandidateExplanation,
}

/// A candidate of which nothing is known.
fn nothing() -> CandidateExplanation {
    CandidateExplanation {
        scores: Vec::new(),
        score: 0,
        rank: None,
        overflow_tier: None,
        room: None,
        selected: None,
        target: None,
    }
}

struct Trace<'a, 'c> {
    ctx: &'c Context<'a>,
    profile: &'c Profile,
    feasible: ClusterSet,
    traced: Vec<Traced>,
    /// The candidates by rank, with their scores and room.
    ranked: Vec<Candidate>,
    /// Whether the decision ended at the stage before.
    failed: bool,
    selected: Vec<ClusterId>,
    selection: Option<SelectionExplanation>,
    assignment: Option<AssignmentExplanation>,
}

impl<'a, 'c> Trace<'a, 'c> {
    fn new(ctx: &'c Context<'a>, profile: &'c Profile) -> Self {
        let mut feasible = ctx.snapshot().candidates();
        for plugin in &profile.filters {
            plugin.filter(ctx, &mut feasible);
        }
        let traced = feasible.iter().map(|cluster| Traced {
            cluster,
            said: nothing(),
        });
        Self {
            ctx,
            profile,
            traced: traced.collect(),
            feasible,
            ranked: Vec::new(),
            failed: false,
            selected: Vec::new(),
            selection: None,
            assignment: None,
        }
    }

    fn clusters(&self) -> Vec<ClusterId> {
        self.traced.iter().map(|traced| traced.cluster).collect()
    }

    fn of(&mut self, cluster: ClusterId) -> Option<&mut CandidateExplanation> {
        let position = self
            .traced
            .binary_search_by_key(&cluster, |traced| traced.cluster);
        self.traced.get_mut(position.ok()?).map(|traced| &mut traced.said)
    }

    fn score(&mut self) {
        let clusters = self.clusters();
        self.failed = clusters.is_empty();
        for plugin in &self.profile.scores {
            let mut column = vec![0; clusters.len()];
            let scored = plugin.score(self.ctx, &clusters, &mut column);
            if scored
                .and_then(|()| plugin.normalize(self.ctx, &mut column))
                .is_err()
            {
                self.failed = true;
                return;
            }
            for (traced, score) in self.traced.iter_mut().zip(column) {
                traced.said.score = traced.said.score.saturating_add(score);
                traced.said.scores.push(PluginScore {
                    plugin: plugin.name().to_owned(),
                    score,
                });
            }
        }
    }

    fn estimate(&mut self, answers: &[Answer]) {
        let clusters = self.clusters();
        let mut columns = Vec::new();
        let workload = session::workload(self.ctx);
        if let Some(workload) = workload {
            for estimator in &self.profile.estimators {
                let request = EstimateRequest {
                    context: self.ctx,
                    clusters: &clusters,
                    workload,
                };
                let column = estimator.estimate(&request);
                columns.push((estimator.name(), column, estimator.bounds(&request)));
            }
            for (name, answer) in self.profile.remote_estimators.iter().zip(answers) {
                columns.push((name, answer.clone(), Vec::new()));
            }
        }
        let scores = self.traced.iter().map(|traced| traced.said.score).collect();
        let mut candidates = session::Candidates::new(clusters, scores);
        for (_, column, _) in &columns {
            candidates.bound_by(self.ctx, column);
        }
        let room = candidates.room().to_vec();
        let mut candidates = candidates.ranked(self.ctx);
        let tiers = self.ctx.groups().ordered
            && self
                .ctx
                .affinity_term()
                .is_some_and(|term| !term.overflow_affinities.is_empty());
        for (index, candidate) in candidates.iter().enumerate() {
            let bound = room.get(index).copied().unwrap_or(i32::MAX);
            let estimates = columns
                .iter_mut()
                .map(|(name, column, bounds)| EstimatorExplanation {
                    estimator: (*name).to_owned(),
                    answer: answer(self.ctx, column, index),
                    limits: bounds.get_mut(index).map(std::mem::take).unwrap_or_default(),
                });
            let estimates: Vec<EstimatorExplanation> = estimates.collect();
            let bounded_by = estimates
                .iter()
                .filter(|said| said.answer == EstimatorAnswer::Room(bound))
                .map(|said| said.estimator.clone())
                .collect();
            let assigned = candidate.available - i64::from(candidate.allocatable);
            let explained = RoomExplanation {
                estimates,
                bounded_by,
                allocatable: candidate.allocatable,
                assigned: i32::try_from(assigned).unwrap_or(i32::MAX),
                available: candidate.available,
            };
            if let Some(said) = self.of(candidate.cluster) {
                // Without replicas nobody is asked.
                said.room = workload.map(|_| explained);
                said.overflow_tier = tiers.then_some(candidate.overflow);
            }
        }
        candidates.sort_unstable_by_key(Candidate::key);
        for (index, candidate) in candidates.iter().enumerate() {
            if let Some(said) = self.of(candidate.cluster) {
                said.rank = Some(index + 1);
            }
        }
        self.ranked = candidates;
    }

    fn select_and_assign(&mut self) {
        let select = &self.profile.select;
        self.selection = select.explain(self.ctx, &self.ranked);
        let Ok(mut selection) = select.select(self.ctx, self.ranked.clone()) else {
            return;
        };
        let selected = selection.in_order().iter();
        self.selected = selected.map(|candidate| candidate.cluster).collect();
        for (index, cluster) in self.selected.clone().into_iter().enumerate() {
            if let Some(said) = self.of(cluster) {
                said.selected = Some(index + 1);
            }
        }
        if self.selected.is_empty() {
            return;
        }
        self.assignment = if session::divides(self.ctx) {
            self.profile.assign.explain(self.ctx, &mut selection)
        } else {
            Some(AssignmentExplanation::Everywhere)
        };
    }

    fn finish(mut self, outcome: Outcome, targets: &[(ClusterId, i32)]) -> Explanation {
        for (cluster, replicas) in targets {
            if let Some(said) = self.of(*cluster) {
                said.target = Some(*replicas);
            }
        }
        let attached = match &self.assignment {
            Some(AssignmentExplanation::Everywhere) => Vec::new(),
            _ => targets
                .iter()
                .filter(|(_, replicas)| *replicas == 0)
                .map(|(cluster, _)| self.ctx.snapshot().name(*cluster).to_owned())
                .collect(),
        };
        let clusters = self.verdicts();
        let count =
            |of: fn(&ClusterVerdict) -> bool| clusters.iter().filter(|cluster| of(&cluster.verdict)).count();
        let counts = Counts {
            clusters: clusters.len(),
            deleting: count(|verdict| matches!(verdict, ClusterVerdict::Deleting)),
            rejected: count(|verdict| matches!(verdict, ClusterVerdict::Rejected(_))),
            candidates: count(|verdict| matches!(verdict, ClusterVerdict::Candidate(_))),
            selected: self.selected.len(),
            targets: targets.len(),
        };
        Explanation {
            outcome,
            request: request(self.ctx, self.profile, self.selection.as_ref()),
            counts,
            clusters,
            selection: self.selection,
            assignment: self.assignment,
            attached,
        }
    }

    /// What became of every cluster.
    fn verdicts(&mut self) -> Vec<ClusterExplanation> {
        let (ctx, considered) = (self.ctx, self.ctx.snapshot().candidates());
        let mut clusters = Vec::with_capacity(ctx.snapshot().len());
        for view in ctx.snapshot().clusters() {
            let verdict = if self.feasible.contains(view.id()) {
                let Some(said) = self.of(view.id()) else { continue };
                ClusterVerdict::Candidate(Box::new(std::mem::replace(said, nothing())))
            } else if considered.contains(view.id()) {
                ClusterVerdict::Rejected(objections(ctx, self.profile, view.id()))
            } else {
                ClusterVerdict::Deleting
            };
            clusters.push(ClusterExplanation {
                name: view.name().to_owned(),
                verdict,
            });
        }
        clusters
    }
}

/// What filters have against a cluster, in their order.
fn objections(ctx: &Context<'_>, profile: &Profile, cluster: ClusterId) -> Vec<Objection> {
    let verdicts = profile
        .filters
        .iter()
        .map(|plugin| (plugin, plugin.verdict(ctx, cluster)));
    verdicts
        .filter_map(|(plugin, verdict)| match verdict {
            Verdict::Pass => None,
            Verdict::Reject(reason) => Some(Objection {
                plugin: plugin.name().to_owned(),
                reason: reason.into_owned(),
            }),
        })
        .collect()
}

fn answer(ctx: &Context<'_>, column: &Answer, index: usize) -> EstimatorAnswer {
    let estimate = match column {
        Ok(estimates) => estimates.get(index),
        // Where failing for one cluster is not failing for all.
        Err(error) if ctx.corrections().partial_estimates && error.partial().get(index).is_some() => {
            error.partial().get(index)
        }
        Err(error) => return EstimatorAnswer::Failed(error.to_string()),
    };
    match estimate {
        None | Some(Estimate::Unknown) => EstimatorAnswer::Unknown,
        Some(Estimate::Unlimited) => EstimatorAnswer::Unlimited,
        Some(Estimate::Value(room)) => EstimatorAnswer::Room((*room).max(0)),
    }
}

fn request(ctx: &Context<'_>, profile: &Profile, selection: Option<&SelectionExplanation>) -> Request {
    let (spec, placement) = (ctx.spec(), ctx.placement());
    let resource = &spec.resource;
    let name = if resource.namespace.is_empty() {
        resource.name.clone()
    } else {
        format!("{}/{}", resource.namespace, resource.name)
    };
    let constraints: &[SpreadConstraint] = &placement.spread_constraints;
    let spread = if constraints.is_empty() {
        Spread::Absent
    } else if ctx.ignores_spread() && !matches!(selection, Some(SelectionExplanation::Other { .. })) {
        // Other stages than the in-tree one may well look at them.
        Spread::Ignored
    } else {
        Spread::Applied
    };
    Request {
        resource: format!("{} {name}", resource.kind),
        profile: profile.name().to_owned(),
        replicas: spec.replicas,
        components: spec
            .components
            .iter()
            .map(|component| component.name.clone())
            .collect(),
        strategy: strategy(placement),
        fresh: ctx.reschedule_required(),
        affinity_group: ctx.affinity_term().map(|term| term.affinity_name.clone()),
        spread,
        needed: match selection {
            Some(SelectionExplanation::ByCluster(by_cluster)) => by_cluster.wanted,
            _ => None,
        },
    }
}

/// How a placement divides replicas.
fn strategy(placement: &Placement) -> Strategy {
    let chosen = placement.replica_scheduling.as_ref();
    let preference = chosen.and_then(|strategy| strategy.replica_division_preference.as_ref());
    match (placement.replica_scheduling_type(), preference) {
        (ReplicaSchedulingType::Duplicated, _) => Strategy::Duplicated,
        (ReplicaSchedulingType::Divided, Some(ReplicaDivisionPreference::Aggregated)) => Strategy::Aggregated,
        (ReplicaSchedulingType::Divided, Some(ReplicaDivisionPreference::Weighted)) => {
            let weights = chosen.and_then(|strategy| strategy.weight_preference.as_ref());
            if weights.is_some_and(|weights| weights.dynamic_weight.is_some()) {
                Strategy::DynamicWeight
            } else {
                Strategy::StaticWeight
            }
        }
        _ => Strategy::Unsupported,
    }
}
