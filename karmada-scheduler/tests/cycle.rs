//! What holds for every pass over a binding.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod random;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::meta::Time;
use karmada_core::api::policy::v1alpha1::Placement;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{ClusterResourceBinding, ResourceBinding};
use karmada_core::binding::encode_applied_placement;
use karmada_core::events::EventType;
use karmada_core::features::{Feature, FeatureGates};
use karmada_core::status::find_condition;
use karmada_scheduler::cycle::{
    ApiError, AttemptResult, BindingMut, Cycle, CycleOptions, CycleStep, Need, Operation, Outcome, Plan,
    Written, assess, schedule_binding,
};
use karmada_scheduler::queue::RetryClass;
use karmada_scheduler::{
    Answer, ClusterId, Context, Estimate, EstimateError, EstimateRequest, Options, Profile, ReplicaEstimator,
    Snapshot,
};
use proptest::prelude::*;
use random::Rng;
use serde_json::{Value, json};

const APPLIED: &str = "policy.karmada.io/applied-placement";

struct Case {
    clusters: Vec<Cluster>,
    others: Vec<ResourceBinding>,
    binding: ResourceBinding,
    options: CycleOptions,
}

impl Case {
    fn snapshot(&self) -> Snapshot {
        Snapshot::build(&self.clusters, &self.others).unwrap()
    }
}

fn now() -> Timestamp {
    "2026-06-01T12:00:00.25Z".parse().unwrap()
}

/// A binding somewhere on its way: with and without an applied placement, that may be another one or none at all.
fn case(seed: u64, count: u64) -> Case {
    let rng = &mut Rng(seed);
    let mut binding = ResourceBinding::named("shop", "web-deployment");
    binding.spec = random::spec(rng, count);
    binding.status = random::status(rng);
    binding.metadata.uid = Some("b-uid".to_owned());
    binding.metadata.generation = Some(1 + rng.below(3) as i64);
    binding.metadata.resource_version = Some("100".to_owned());
    if rng.chance(60) {
        binding.status.scheduler_observed_generation = rng.below(4) as i64;
    }
    if rng.chance(5) {
        binding.spec.placement = None;
    }
    if rng.chance(5) {
        binding.metadata.deletion_timestamp = Some(Time("2026-05-01T00:00:00Z".parse().unwrap()));
    }
    let applied = match rng.below(10) {
        0..6 => binding.spec.placement.clone(),
        6 => random::spec(rng, count).placement,
        _ => None,
    };
    let text = applied.map(|placement| encode_applied_placement(&placement).unwrap());
    let text = if rng.chance(3) { Some("{".to_owned()) } else { text };
    if let Some(text) = text {
        binding.metadata.annotations = Some([(APPLIED.to_owned(), text)].into());
    }
    let features = FeatureGates::default()
        .with(Feature::MultiplePodTemplatesScheduling, rng.chance(50))
        .with(Feature::WorkloadAffinity, rng.chance(50))
        .with(Feature::SchedulingOvercommitProtection, rng.chance(50));
    Case {
        clusters: random::clusters(rng, count),
        others: random::bindings(rng, count),
        binding,
        options: CycleOptions::from(Options {
            features,
            enable_empty_workload_propagation: rng.chance(10),
            ..Options::default()
        }),
    }
}

/// RFC 7386.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let target = target.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key).or_insert(Value::Null), value);
        }
    }
}

fn outcome(rng: &mut Rng) -> Outcome {
    let error = |code: u16, reason: &str, causes: &[&str]| ApiError {
        code,
        reason: reason.to_owned(),
        message: format!("the server says {reason}"),
        causes: causes.iter().map(|cause| (*cause).to_owned()).collect(),
    };
    match rng.below(8) {
        0 => Err(error(403, "QuotaExceeded", &[])),
        1 => Err(error(403, "Forbidden", &["NamespaceTerminating"])),
        2 => Err(error(409, "Conflict", &[])),
        3 => Err(ApiError::transport("no route to host")),
        _ => Ok(Written {
            generation: 9,
            resource_version: "101".to_owned(),
        }),
    }
}

/// Room that depends on the cluster alone, as something local and something remote can both say it.
#[derive(Debug)]
struct ByName;

fn room(snapshot: &Snapshot, cluster: ClusterId) -> Estimate {
    match snapshot.name(cluster).bytes().map(u32::from).sum::<u32>() % 7 {
        0 => Estimate::Unknown,
        1 => Estimate::Unlimited,
        rest => Estimate::Value(rest as i32 * 3),
    }
}

impl ReplicaEstimator for ByName {
    fn name(&self) -> &str {
        "ByName"
    }

    fn estimate(&self, request: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
        let context: &Context<'_> = request.context;
        let clusters = request.clusters.iter();
        Ok(clusters
            .map(|cluster| room(context.snapshot(), *cluster))
            .collect())
    }
}

fn with_profile(options: &CycleOptions, profile: Profile) -> CycleOptions {
    let mut options = options.clone();
    options.decision.profile = Arc::new(profile);
    options
}

/// What a plan comes to, whatever snapshot it was made from.
fn summary(plan: Plan) -> String {
    let text = format!("{:?} {:?} {:?}", plan.need(), plan.operations(), plan.reports());
    let conclusion = plan.conclude(&[], now());
    format!("{text} {:?}", conclusion.reports())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 400 } else { 4000 }))]

    /// The patches make of the JSON what the operations make of the value.
    #[test]
    fn patches_are_the_operations(seed: u64, count in 1u64..9) {
        let case = case(seed, count);
        let mut binding = case.binding.clone();
        let mut json = wire::encode(&binding).unwrap();
        let plan = schedule_binding(&case.binding, &case.snapshot(), &case.options);
        plan.execute(now(), |operation| {
            merge(&mut json, &operation.merge_patch().unwrap());
            Ok(BindingMut::from(&mut binding).apply(operation))
        });
        let mut read: ResourceBinding = wire::decode(&json).unwrap();
        // These the server counts.
        read.metadata.generation = binding.metadata.generation;
        read.metadata.resource_version.clone_from(&binding.metadata.resource_version);
        prop_assert_eq!(&read, &binding);
        // Nothing but what a pass may write is written.
        let mut rest = binding.clone();
        rest.metadata.clone_from(&case.binding.metadata);
        rest.spec.clusters.clone_from(&case.binding.spec.clusters);
        rest.status.conditions.clone_from(&case.binding.status.conditions);
        rest.status.last_scheduled_time.clone_from(&case.binding.status.last_scheduled_time);
        rest.status.scheduler_observed_generation = case.binding.status.scheduler_observed_generation;
        rest.status.scheduler_observed_affinity_name.clone_from(&case.binding.status.scheduler_observed_affinity_name);
        prop_assert_eq!(rest, case.binding);
    }

    /// After a success a divided workload needs nothing but the generation, and then nothing at all.
    #[test]
    fn a_success_settles_divided_workloads(seed: u64, count in 1u64..9) {
        let case = case(seed, count);
        let (snapshot, mut binding) = (case.snapshot(), case.binding.clone());
        let plan = schedule_binding(&binding, &snapshot, &case.options);
        let scheduled = matches!(plan.need(), Need::Schedule(_));
        let executed = plan.apply(&mut binding, now());
        let success = find_condition(&binding.status.conditions, "Scheduled")
            .is_some_and(|condition| condition.reason == "Success");
        if !scheduled || !success || executed.finished.error.is_some() {
            return Ok(());
        }
        let again = assess(&binding, &snapshot, &case.options);
        let always = !binding.spec.is_workload()
            || binding.spec.placement.as_ref().is_some_and(|placement| placement.replica_scheduling_type().as_str() == "Duplicated");
        if always {
            return Ok(());
        }
        // Sets of components have no replicas that could add up, and what has both never does.
        if !binding.spec.components.is_empty() {
            return Ok(());
        }
        let Need::UpToDate { observe, malformed } = again else {
            return Err(TestCaseError::fail(again.to_string()));
        };
        prop_assert_eq!(malformed.is_none(), binding.metadata.annotations.as_ref().is_some_and(|all| all[APPLIED] != "{"));
        prop_assert_eq!(observe, executed.finished.follows);
        let plan = schedule_binding(&binding, &snapshot, &case.options);
        let generation = binding.metadata.generation.unwrap();
        let expected = if observe { vec![Operation::ObservedGeneration(generation)] } else { vec![] };
        prop_assert_eq!(plan.operations(), expected);
        plan.apply(&mut binding, now());
        let third = schedule_binding(&binding, &snapshot, &case.options);
        prop_assert_eq!(third.operations(), &[]);
    }

    /// A failed pass moves neither the generation seen nor the time, and keeps the affinity group unless the result
    /// was written.
    #[test]
    fn failures_leave_the_status(seed: u64, count in 1u64..9) {
        let case = case(seed, count);
        let mut binding = case.binding.clone();
        let plan = schedule_binding(&binding, &case.snapshot(), &case.options);
        let scheduled = matches!(plan.need(), Need::Schedule(_));
        plan.apply(&mut binding, now());
        let (before, after) = (&case.binding.status, &binding.status);
        let condition = find_condition(&after.conditions, "Scheduled");
        if scheduled && condition.is_some_and(|condition| condition.status.as_str() == "False") {
            prop_assert_eq!(before.scheduler_observed_generation, after.scheduler_observed_generation);
            prop_assert_eq!(&before.last_scheduled_time, &after.last_scheduled_time);
            prop_assert_eq!(&before.scheduler_observed_affinity_name, &after.scheduler_observed_affinity_name);
        }
    }

    /// Whatever the API server says, the key goes to exactly one place, and everything agrees about it.
    #[test]
    fn every_outcome_has_one_place(seed: u64, count in 1u64..9) {
        let case = case(seed, count);
        let rng = &mut Rng(seed ^ 1);
        let plan = schedule_binding(&case.binding, &case.snapshot(), &case.options);
        let scheduled = matches!(plan.need(), Need::Schedule(_));
        let outcomes: Vec<Outcome> = plan.operations().iter().map(|_| outcome(rng)).collect();
        let written = plan.operations().iter().zip(&outcomes)
            .any(|(operation, outcome)| matches!(operation, Operation::Schedule { .. }) && outcome.is_ok());
        let conclusion = plan.conclude(&outcomes, now());
        // Only what is written is remembered.
        prop_assert!(written || conclusion.effects().is_empty());
        let error = conclusion.error().map(ToString::to_string);
        if let Some(Operation::Scheduled(patch)) = conclusion.operation() {
            let conditions = patch.conditions.clone().unwrap_or_else(|| case.binding.status.conditions.clone());
            let condition = find_condition(&conditions, "Scheduled").unwrap();
            prop_assert_eq!(condition.status.as_str() == "True", error.is_none());
            prop_assert_eq!(patch.observed_generation.is_some() || patch.last_scheduled_time.is_some(), error.is_none());
        }
        for report in conclusion.reports() {
            prop_assert_eq!(report.event.type_ == EventType::Normal, error.is_none());
        }
        prop_assert!(scheduled || conclusion.operation().is_none());
        let last = conclusion.operation().is_some().then(|| outcome(rng));
        let finished = conclusion.finish(last.clone());
        if let Some(Err(refused)) = last {
            let text = finished.error.as_ref().map(ToString::to_string);
            prop_assert_eq!(text.as_deref(), Some(refused.message.as_str()));
            let want = if refused.is_namespace_terminating() { RetryClass::Forget } else { RetryClass::Backoff };
            prop_assert_eq!(finished.retry, want);
        }
        if finished.error.is_none() {
            prop_assert_eq!(finished.retry, RetryClass::Forget);
        }
        let result = finished.attempt.map(|attempt| attempt.result);
        let wanted = if finished.error.is_none() { AttemptResult::Scheduled } else { AttemptResult::Error };
        prop_assert_eq!(result, scheduled.then_some(wanted));
    }

    /// In steps, with remote estimators, the same comes out as at once, with local ones that say the same.
    #[test]
    fn steps_come_to_the_same(seed: u64, count in 1u64..9) {
        let case = case(seed, count);
        let snapshot = case.snapshot();
        let local = with_profile(&case.options, Profile::karmada().with_only_estimators(vec![Arc::new(ByName)]));
        let remote = Profile::karmada().with_only_estimators(vec![]).with_remote_estimator("a").with_remote_estimator("b");
        let remote = with_profile(&case.options, remote);
        let mut cycle = Cycle::new(&case.binding, &snapshot, &remote);
        let mut answers: Vec<Answer> = Vec::new();
        let mut asked = 0;
        let plan = loop {
            match cycle.step(answers) {
                CycleStep::NeedEstimates(question) => {
                    asked += 1;
                    let clusters = question.clusters.iter();
                    answers = vec![Ok(clusters.map(|cluster| room(&snapshot, *cluster)).collect()), Ok(vec![])];
                }
                CycleStep::Done(plan) => break *plan,
            }
        };
        let groups = |placement: &Placement| placement.cluster_affinities.len().max(1);
        prop_assert!(asked <= case.binding.spec.placement.as_ref().map_or(0, groups));
        prop_assert_eq!(summary(plan), summary(schedule_binding(&case.binding, &snapshot, &local)));
    }

    /// The order of clusters and of other bindings is nothing to a pass.
    #[test]
    fn order_does_not_matter(seed: u64, count in 1u64..9) {
        let mut case = case(seed, count);
        let before = summary(schedule_binding(&case.binding, &case.snapshot(), &case.options));
        let rng = &mut Rng(seed ^ 2);
        rng.shuffle(&mut case.clusters);
        rng.shuffle(&mut case.others);
        prop_assert_eq!(before, summary(schedule_binding(&case.binding, &case.snapshot(), &case.options)));
    }

    /// A cluster-scoped binding is treated alike, in other words.
    #[test]
    fn both_kinds_are_treated_alike(seed: u64, count in 1u64..9) {
        let mut case = case(seed, count);
        // Workload affinity compares namespaces.
        case.others.clear();
        case.binding.spec.workload_affinity_groups = None;
        let mut cluster = ClusterResourceBinding::named("web-deployment");
        cluster.metadata.clone_from(&case.binding.metadata);
        cluster.spec.clone_from(&case.binding.spec);
        cluster.status.clone_from(&case.binding.status);
        let snapshot = case.snapshot();
        let mut namespaced = case.binding.clone();
        let ours = schedule_binding(&namespaced, &snapshot, &case.options).apply(&mut namespaced, now());
        let theirs = schedule_binding(&cluster, &snapshot, &case.options).apply(&mut cluster, now());
        prop_assert_eq!(&namespaced.metadata.annotations, &cluster.metadata.annotations);
        prop_assert_eq!(&namespaced.spec, &cluster.spec);
        prop_assert_eq!(&namespaced.status, &cluster.status);
        prop_assert_eq!(ours.finished.retry, theirs.finished.retry);
        prop_assert_eq!(ours.reports.len(), theirs.reports.len());
        prop_assert!(theirs.effects.is_empty());
    }

    /// A trigger is acted upon once.
    #[test]
    fn a_trigger_is_acted_upon_once(seed: u64, count in 1u64..9) {
        let mut case = case(seed, count);
        case.binding.metadata.deletion_timestamp = None;
        let hour = SignedDuration::from_hours(1);
        case.binding.spec.reschedule_triggered_at = Some(Time(now() - hour));
        case.binding.status.last_scheduled_time = Some(Time(now() - hour - hour));
        let snapshot = case.snapshot();
        let mut binding = case.binding.clone();
        let finished = schedule_binding(&binding, &snapshot, &case.options).apply(&mut binding, now()).finished;
        let need = assess(&binding, &snapshot, &case.options);
        if find_condition(&binding.status.conditions, "Scheduled").is_some_and(|condition| condition.reason == "Success")
            && finished.error.is_none()
        {
            prop_assert!(!need.to_string().contains("triggered"), "{}", need);
        }
    }
}
