//! One decision, from the snapshot to the targets.

use std::sync::Arc;

use karmada_core::api::work::v1alpha2::{
    Component, ReplicaRequirements, ResourceBindingSpec, ResourceBindingStatus, TargetComponent,
};
use karmada_core::features::FeatureGates;

use crate::assign::AssignError;
use crate::cluster_set::{ClusterId, ClusterSet};
use crate::context::Context;
use crate::decision::{Decision, Target};
use crate::error::{Diagnosis, FitError, ScheduleError, ScorePluginError};
use crate::estimate::{Estimate, EstimateError, EstimateRequest, Workload};
use crate::fleet::Snapshot;
use crate::framework::Verdict;
use crate::profile::Profile;
use crate::room::OpenRoom;
use crate::select::{Candidate, RoomNeeded, Selection};

/// How decisions are made.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Features that are on.
    pub features: FeatureGates,
    /// Whether selected clusters that get no replicas become targets with 0 replicas
    /// (`--enable-empty-workload-propagation`).
    pub enable_empty_workload_propagation: bool,
    /// Plugins, stages and estimators.
    pub profile: Arc<Profile>,
}

/// What a session needs to go on.
#[derive(Debug)]
pub enum Step<'a> {
    /// How much room clusters have, according to the profile's remote estimators.
    NeedEstimates(EstimateQuestion<'a>),
    /// Nothing: this is the outcome.
    Done(Result<Decision, ScheduleError>),
}

/// A question for remote estimators.
#[derive(Clone, Debug)]
pub struct EstimateQuestion<'a> {
    /// Who is asked.
    pub estimators: Vec<String>,
    /// The clusters asked about.
    pub clusters: Vec<ClusterId>,
    /// What room is wanted for.
    pub workload: Workload<'a>,
}

/// What one remote estimator said: an estimate per cluster of the question, in its order, where those missing at the
/// end are unknown; or an error, which leaves the estimator out, but for its
/// [partial](EstimateError::with_partial) answer where the [correction](crate::Corrections::partial_estimates) is on.
pub type Answer = Result<Vec<Estimate>, EstimateError>;

/// A decision that can stop to ask for estimates.
///
/// A host that estimates over the network calls [`step`](Self::step) until it is done, answering each question with
/// what it found out; deadlines are its own. [`schedule`] is the same without remote estimators.
///
/// # Example
/// ```
/// use karmada_core::api::{cluster::v1alpha1::Cluster, policy::v1alpha1::*, work::v1alpha2::*};
/// use karmada_scheduler::{Estimate, Options, Profile, Session, Snapshot, Step};
/// # let mut cluster = Cluster::named("member1");
/// # cluster.status.api_enablements.push(karmada_core::api::cluster::v1alpha1::ApiEnablement {
/// #     group_version: "apps/v1".into(),
/// #     resources: vec![karmada_core::api::cluster::v1alpha1::ApiResource { name: "deployments".into(), kind: "Deployment".into() }],
/// # });
/// # let mut spec = ResourceBindingSpec { replicas: 3, ..Default::default() };
/// # spec.resource.api_version = "apps/v1".into();
/// # spec.resource.kind = "Deployment".into();
/// # spec.placement = Some(Placement::new().replicas(ReplicaSchedulingStrategy::dynamic_weight()));
/// let snapshot = Snapshot::build([&cluster], [])?;
/// let profile = Profile::karmada().with_only_estimators(vec![]).with_remote_estimator("scheduler-estimator");
/// let options = Options { profile: profile.into(), ..Options::default() };
/// let status = ResourceBindingStatus::default();
/// let mut session = Session::new(&snapshot, &spec, &status, &options);
/// let mut answers = vec![];
/// let decision = loop {
///     match session.step(answers) {
///         Step::NeedEstimates(question) => answers = vec![Ok(vec![Estimate::Value(5); question.clusters.len()])],
///         Step::Done(outcome) => break outcome?,
///     }
/// };
/// assert_eq!(decision.iter().collect::<Vec<_>>(), [("member1", 3)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Session<'a> {
    state: State<'a>,
    options: &'a Options,
}

#[derive(Debug)]
enum State<'a> {
    New(Result<Context<'a>, ScheduleError>),
    /// Waits for remote estimates.
    Asked(Context<'a>, Candidates),
    Ended,
}

/// The clusters that passed the filters.
#[derive(Debug)]
pub(crate) struct Candidates {
    clusters: Vec<ClusterId>,
    scores: Vec<i64>,
    /// The smallest estimate so far.
    room: Vec<i32>,
    /// Which of these are upper bounds only.
    open: OpenRoom,
}

/// Schedules one binding on a snapshot: the placement and everything else comes with its spec, and
/// `status.scheduler_observed_affinity_name` names the affinity group in force.
///
/// # Guarantees
/// The same input gives the same decision, in whatever order clusters were added to the fleet. Divided replicas add up
/// to `spec.replicas`, and by strategies that look at room no cluster gets more than it has room for.
///
/// # Errors
/// [`ScheduleError`], which displays upstream's text.
///
/// # Complexity
/// `O(n log n)` in the number of clusters at worst, independent of replicas; the stages say more.
pub fn schedule(
    snapshot: &Snapshot,
    spec: &ResourceBindingSpec,
    status: &ResourceBindingStatus,
    options: &Options,
) -> Result<Decision, ScheduleError> {
    let mut session = Session::new(snapshot, spec, status, options);
    loop {
        if let Step::Done(outcome) = session.step(Vec::new()) {
            return outcome;
        }
    }
}

/// Why clusters do not come into question for a binding: for each, the first filter of the profile that rejects it.
///
/// [`schedule`] collects this only where no cluster is left; here it is for every decision. Clusters that are being
/// deleted are in neither.
///
/// # Errors
/// [`ScheduleError::NoPlacement`].
///
/// # Example
/// ```
/// use karmada_core::api::{cluster::v1alpha1::Cluster, policy::v1alpha1::*, work::v1alpha2::*};
/// use karmada_scheduler::{Options, Snapshot, diagnose};
/// let snapshot = Snapshot::build(&[Cluster::named("member1")], [])?;
/// let spec = ResourceBindingSpec { placement: Some(Placement::new()), ..Default::default() };
/// let diagnosis = diagnose(&snapshot, &spec, &ResourceBindingStatus::default(), &Options::default())?;
/// let rejection = diagnosis.rejections().next().unwrap();
/// assert_eq!((rejection.cluster, rejection.plugin), ("member1", "APIEnablement"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn diagnose(
    snapshot: &Snapshot,
    spec: &ResourceBindingSpec,
    status: &ResourceBindingStatus,
    options: &Options,
) -> Result<Diagnosis, ScheduleError> {
    let context = context(snapshot, spec, status, options)?;
    Ok(rejections(&context, &options.profile, &snapshot.no_clusters()))
}

/// What the stages of a decision see.
pub(crate) fn context<'a>(
    snapshot: &Snapshot,
    spec: &'a ResourceBindingSpec,
    status: &'a ResourceBindingStatus,
    options: &Options,
) -> Result<Context<'a>, ScheduleError> {
    let placement = spec.placement.as_ref().ok_or(ScheduleError::NoPlacement)?;
    Ok(Context::new(snapshot.clone(), spec, status, placement, options))
}

impl<'a> Session<'a> {
    /// Begins a decision; see [`schedule`].
    #[must_use]
    pub fn new(
        snapshot: &Snapshot,
        spec: &'a ResourceBindingSpec,
        status: &'a ResourceBindingStatus,
        options: &'a Options,
    ) -> Self {
        let context = context(snapshot, spec, status, options);
        Self {
            state: State::New(context),
            options,
        }
    }

    /// What is asked while the session waits for estimates, with the decision it belongs to.
    #[must_use]
    pub fn estimate_request(&self) -> Option<EstimateRequest<'_>> {
        let State::Asked(context, candidates) = &self.state else {
            return None;
        };
        Some(EstimateRequest {
            context,
            clusters: &candidates.clusters,
            workload: workload(context)?,
        })
    }

    /// The same decision for another affinity group than the status names, as the scheduling cycle tries them one after
    /// the other. To be called before the first step.
    #[must_use]
    pub fn in_affinity_group(mut self, name: &'a str) -> Self {
        if let State::New(Ok(context)) = self.state {
            self.state = State::New(Ok(context.in_affinity_group(name)));
        }
        self
    }

    /// Goes on until estimates are needed or the decision is made. `answers` are those to the last question, none at
    /// first.
    pub fn step(&mut self, answers: Vec<Answer>) -> Step<'a> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Ended => Step::Done(Err(ScheduleError::Ended)),
            State::New(Err(error)) => Step::Done(Err(error)),
            State::New(Ok(context)) => self.begin(context),
            State::Asked(context, mut candidates) => {
                for answer in answers {
                    candidates.bound_by(&context, &answer);
                }
                Step::Done(self.conclude(&context, candidates))
            }
        }
    }

    fn begin(&mut self, context: Context<'a>) -> Step<'a> {
        let profile = &self.options.profile;
        let mut candidates = match candidates(&context, profile) {
            Ok(candidates) => candidates,
            Err(error) => return Step::Done(Err(error)),
        };
        let Some(workload) = workload(&context) else {
            return Step::Done(self.conclude(&context, candidates));
        };
        let needed = profile.select.room_needed(&context, candidates.clusters.len());
        for (index, estimator) in profile.estimators.iter().enumerate() {
            let request = EstimateRequest {
                context: &context,
                clusters: &candidates.clusters,
                workload,
            };
            let bounds = match needed {
                RoomNeeded::All => None,
                RoomNeeded::First { .. } => estimator.upper_bounds(&request),
            };
            match bounds {
                Some(bounds) => candidates.open.bound(&mut candidates.room, index, &bounds),
                None => candidates.bound_by(&context, &estimator.estimate(&request)),
            }
        }
        if profile.remote_estimators.is_empty() {
            return Step::Done(self.conclude(&context, candidates));
        }
        let question = EstimateQuestion {
            estimators: profile.remote_estimators.clone(),
            clusters: candidates.clusters.clone(),
            workload,
        };
        self.state = State::Asked(context, candidates);
        Step::NeedEstimates(question)
    }

    fn conclude(&self, context: &Context<'_>, candidates: Candidates) -> Result<Decision, ScheduleError> {
        let profile = &self.options.profile;
        let mut ranked = candidates.ranked(context);
        if let Some(workload) = workload(context) {
            let open = candidates.open;
            open.settle(context, profile, workload, &mut ranked, unbounded(context));
        }
        let mut selection = profile
            .select
            .select(context, ranked)
            .map_err(ScheduleError::Select)?;
        let (mut targets, components) =
            assign(context, profile, &mut selection).map_err(ScheduleError::Assign)?;
        if self.options.enable_empty_workload_propagation {
            attach_without_replicas(context, &mut selection, &mut targets);
        }
        Ok(Decision::new(context.snapshot().clone(), targets, components))
    }
}

impl Candidates {
    /// Clusters with their scores, of whose room nothing is known.
    pub(crate) fn new(clusters: Vec<ClusterId>, scores: Vec<i64>) -> Self {
        Self {
            room: vec![i32::MAX; clusters.len()],
            open: OpenRoom::default(),
            clusters,
            scores,
        }
    }

    /// The smallest estimate of each cluster so far; `i32::MAX` where nobody knows one.
    pub(crate) fn room(&self) -> &[i32] {
        &self.room
    }

    /// Takes in what an estimator said. Whatever one that failed would have said, the others count.
    pub(crate) fn bound_by(&mut self, ctx: &Context<'_>, answer: &Answer) {
        let estimates: &[Estimate] = match answer {
            Ok(estimates) => estimates,
            Err(error) if ctx.corrections().partial_estimates => error.partial(),
            Err(_) => return,
        };
        for (room, estimate) in self.room.iter_mut().zip(estimates) {
            estimate.bound(room);
        }
    }

    /// With everything selection goes by.
    pub(crate) fn ranked(&self, ctx: &Context<'_>) -> Vec<Candidate> {
        let snapshot = ctx.snapshot();
        let estimated = workload(ctx).is_some();
        let unbounded = unbounded(ctx);
        let needs_room = ctx.needs_component_room();
        let mut assigned = ctx.assigned().into_iter().peekable();
        let groups = ctx.groups();
        let cells = self.clusters.iter().zip(&self.scores).zip(&self.room);
        cells
            .enumerate()
            .map(|(index, ((cluster, score), room))| {
                let (cluster, score, room) = (*cluster, *score, *room);
                // Nobody knew a bound: as many as are wanted.
                let allocatable = if estimated && room == i32::MAX && !self.open.contains(index) {
                    unbounded
                } else {
                    room
                };
                while assigned.next_if(|(other, _)| *other < cluster).is_some() {}
                let own = assigned
                    .next_if(|(other, _)| *other == cluster)
                    .map_or(
                        0,
                        |(_, replicas)| if needs_room { replicas.max(1) } else { replicas },
                    );
                let overflow = if groups.ordered {
                    let tier = groups.tiers.iter().position(|tier| tier.contains(cluster));
                    tier.map_or(NO_TIER, |tier| tier as u32)
                } else {
                    0
                };
                Candidate {
                    cluster,
                    rank: snapshot.rank(cluster),
                    overflow,
                    score,
                    allocatable,
                    available: i64::from(allocatable) + i64::from(own),
                }
            })
            .collect()
    }
}

/// The room of a cluster that nobody bounds: as much as is wanted.
fn unbounded(ctx: &Context<'_>) -> i32 {
    let spec = ctx.spec();
    if !ctx.corrections().unbounded_components || spec.components.is_empty() || spec.replicas != 0 {
        return spec.replicas;
    }
    if ctx.places_component_sets() {
        return 1;
    }
    let replicas = spec.components.iter().map(|component| component.replicas.max(0));
    replicas.fold(0, i32::saturating_add)
}

/// The tier of a cluster that no affinity of the group picks.
const NO_TIER: u32 = 1000;

/// Filters and scores.
fn candidates(ctx: &Context<'_>, profile: &Profile) -> Result<Candidates, ScheduleError> {
    let mut feasible = ctx.snapshot().candidates();
    for plugin in &profile.filters {
        plugin.filter(ctx, &mut feasible);
    }
    let clusters: Vec<ClusterId> = feasible.iter().collect();
    if clusters.is_empty() {
        return Err(ScheduleError::Fit(FitError {
            total: ctx.snapshot().len(),
            diagnosis: rejections(ctx, profile, &feasible),
        }));
    }
    let mut scores = vec![0i64; clusters.len()];
    let mut column = Vec::new();
    for plugin in &profile.scores {
        column.clear();
        column.resize(clusters.len(), 0i64);
        plugin
            .score(ctx, &clusters, &mut column)
            .map_err(|source| ScorePluginError::Score {
                plugin: plugin.name().to_owned(),
                source,
            })
            .map_err(ScheduleError::Score)?;
        plugin
            .normalize(ctx, &mut column)
            .map_err(|source| ScorePluginError::Normalize {
                plugin: plugin.name().to_owned(),
                source,
            })
            .map_err(ScheduleError::Score)?;
        for (sum, score) in scores.iter_mut().zip(&column) {
            *sum = sum.saturating_add(*score);
        }
    }
    Ok(Candidates::new(clusters, scores))
}

/// Asks the filters why each cluster is not feasible; the first that has a reason counts.
fn rejections(ctx: &Context<'_>, profile: &Profile, feasible: &ClusterSet) -> Diagnosis {
    let considered = ctx.snapshot().candidates();
    let mut entries = Vec::new();
    for view in ctx.snapshot().clusters() {
        let cluster = view.id();
        if !considered.contains(cluster) || feasible.contains(cluster) {
            continue;
        }
        let mut verdicts = profile.filters.iter().enumerate();
        let first = verdicts.find_map(|(index, plugin)| match plugin.verdict(ctx, cluster) {
            Verdict::Pass => None,
            Verdict::Reject(reason) => Some((cluster, index, reason)),
        });
        entries.extend(first);
    }
    let names = profile.filters.iter().map(|plugin| plugin.name().to_owned());
    Diagnosis::new(ctx.snapshot().clone(), names.collect(), entries)
}

/// What estimators are asked, if at all: what has neither replicas nor components has room everywhere.
pub(crate) fn workload<'a>(ctx: &Context<'a>) -> Option<Workload<'a>> {
    let spec = ctx.spec();
    if ctx.places_component_sets() {
        let components: &'a [Component] = &spec.components;
        return Some(Workload::ComponentSets(components));
    }
    if spec.replicas == 0 && spec.components.is_empty() {
        return None;
    }
    let requirements: Option<&'a ReplicaRequirements> = spec.replica_requirements.as_ref();
    Some(Workload::Replicas(requirements))
}

/// What goes to the selected clusters (`karmada:pkg/scheduler/core/common.go`): replicas of a workload with at most one
/// pod template are divided; anything else goes to all of them.
fn assign(
    ctx: &Context<'_>,
    profile: &Profile,
    selection: &mut Selection,
) -> Result<(Vec<Target>, Vec<TargetComponent>), AssignError> {
    let spec = ctx.spec();
    if selection.any_order().is_empty() {
        return Err(AssignError::NoClusters);
    }
    if divides(ctx) {
        return Ok((profile.assign.assign(ctx, selection)?, Vec::new()));
    }
    let selected = selection.in_order().iter();
    let targets = selected.map(|candidate| Target {
        cluster: candidate.cluster,
        replicas: 0,
    });
    let targets = targets.collect();
    let components = if ctx.places_component_sets() && spec.components.len() > 1 {
        let components = spec.components.iter();
        components
            .map(|component| TargetComponent {
                name: component.name.clone(),
                replicas: component.replicas,
            })
            .collect()
    } else {
        Vec::new()
    };
    Ok((targets, components))
}

/// Whether there are replicas to divide.
pub(crate) fn divides(ctx: &Context<'_>) -> bool {
    let spec = ctx.spec();
    (spec.replicas > 0 || spec.replica_requirements.is_some()) && spec.components.len() <= 1
}

/// Adds the selected clusters that got nothing, in the order of selection.
fn attach_without_replicas(ctx: &Context<'_>, selection: &mut Selection, targets: &mut Vec<Target>) {
    let mut chosen = ctx.snapshot().no_clusters();
    for target in targets.iter() {
        chosen.insert(target.cluster);
    }
    for candidate in selection.in_order() {
        if !chosen.contains(candidate.cluster) {
            targets.push(Target {
                cluster: candidate.cluster,
                replicas: 0,
            });
        }
    }
}
