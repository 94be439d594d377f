//! What holds for every decision.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod random;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use karmada_core::affinity;
use karmada_core::api::policy::v1alpha1::{
    ClusterAffinity, ReplicaDivisionPreference, ReplicaSchedulingType,
};
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{ResourceBindingSpec, ResourceBindingStatus};
use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::{
    Answer, Candidate, ClusterId, ClusterSet, Context, Estimate, EstimateError, EstimateRequest,
    FilterPlugin, Fleet, Options, Profile, ReplicaEstimator, ScheduleError, SelectError, SelectStage,
    Selection, Session, Snapshot, SpreadSelection, Step, Verdict, plugins, schedule, schedule_batch,
};
use proptest::prelude::*;
use random::Rng;

struct Case {
    snapshot: Snapshot,
    spec: ResourceBindingSpec,
    status: ResourceBindingStatus,
    options: Options,
}

fn case(seed: u64, count: u64) -> Case {
    let rng = &mut Rng(seed);
    let clusters = random::clusters(rng, count);
    let bindings = random::bindings(rng, count);
    let features = FeatureGates::default()
        .with(Feature::MultiplePodTemplatesScheduling, rng.chance(80))
        .with(Feature::WorkloadAffinity, rng.chance(70));
    Case {
        snapshot: Snapshot::build(&clusters, &bindings).unwrap(),
        spec: random::spec(rng, count),
        status: random::status(rng),
        options: Options {
            features,
            enable_empty_workload_propagation: rng.chance(10),
            ..Options::default()
        },
    }
}

fn outcome(
    decision: Result<karmada_scheduler::Decision, ScheduleError>,
) -> Result<Vec<(String, i32)>, String> {
    decision
        .map(|decision| {
            decision
                .iter()
                .map(|(name, replicas)| (name.to_owned(), replicas))
                .collect()
        })
        .map_err(|error| error.to_string())
}

/// A filter that checks another one: what it removes has a reason, what it keeps has none.
#[derive(Debug)]
struct Checked<F>(F);

impl<F: FilterPlugin> FilterPlugin for Checked<F> {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn filter(&self, ctx: &Context<'_>, candidates: &mut ClusterSet) {
        let before: Vec<ClusterId> = candidates.iter().collect();
        self.0.filter(ctx, candidates);
        for cluster in before {
            let passes = self.0.verdict(ctx, cluster) == Verdict::Pass;
            assert_eq!(
                candidates.contains(cluster),
                passes,
                "{} on {cluster:?}",
                self.0.name()
            );
        }
    }
    fn verdict(&self, ctx: &Context<'_>, cluster: ClusterId) -> Verdict {
        self.0.verdict(ctx, cluster)
    }
}

/// Says the same as the host would.
#[derive(Debug)]
struct Stated(Vec<Estimate>);

impl ReplicaEstimator for Stated {
    fn name(&self) -> &str {
        "stated"
    }
    fn estimate(&self, _: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
        Ok(self.0.clone())
    }
}

/// Room that follows from the name of a cluster.
#[derive(Debug)]
struct ByName(u64);

fn room(seed: u64, name: &str) -> i32 {
    let mixed = name.bytes().fold(seed, |mixed, byte| {
        mixed.wrapping_mul(31).wrapping_add(byte.into())
    });
    Rng(mixed).below(30) as i32
}

impl ReplicaEstimator for ByName {
    fn name(&self) -> &str {
        "by-name"
    }
    fn estimate(&self, request: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
        let snapshot = request.context.snapshot();
        let room = |cluster: &ClusterId| Estimate::Value(room(self.0, snapshot.name(*cluster)));
        Ok(request.clusters.iter().map(room).collect())
    }
}

fn estimates(rng: &mut Rng, count: usize) -> Vec<Estimate> {
    let estimate = |rng: &mut Rng| match rng.below(4) {
        0 => Estimate::Unknown,
        1 => Estimate::Unlimited,
        _ => Estimate::Value(rng.below(30) as i32),
    };
    (0..count).map(|_| estimate(rng)).collect()
}

/// Selects as upstream does, and keeps what was selected.
#[derive(Clone, Debug, Default)]
struct Selected(Arc<Mutex<Vec<ClusterId>>>);

impl SelectStage for Selected {
    fn select(&self, ctx: &Context<'_>, candidates: Vec<Candidate>) -> Result<Selection, SelectError> {
        let selection = SpreadSelection.select(ctx, candidates)?;
        let clusters = selection.any_order().iter().map(|candidate| candidate.cluster);
        *self.0.lock().unwrap() = clusters.collect();
        Ok(selection)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn filters_agree_with_their_verdicts(seed: u64, count in 0u64..40) {
        let case = case(seed, count);
        let mut registry = karmada_scheduler::Registry::new();
        registry.register_filter(Checked(plugins::ApiEnablement)).unwrap();
        registry.register_filter(Checked(plugins::TaintToleration)).unwrap();
        registry.register_filter(Checked(plugins::ClusterAffinity)).unwrap();
        registry.register_filter(Checked(plugins::SpreadConstraint)).unwrap();
        registry.register_filter(Checked(plugins::ClusterEviction)).unwrap();
        registry.register_filter(Checked(plugins::WorkloadAntiAffinity)).unwrap();
        registry.register_filter(Checked(plugins::WorkloadAffinity)).unwrap();
        registry.register_score(plugins::ClusterLocality).unwrap();
        let options = Options { profile: Profile::new("checked", &registry).into(), ..case.options.clone() };
        let checked = schedule(&case.snapshot, &case.spec, &case.status, &options);
        let plain = schedule(&case.snapshot, &case.spec, &case.status, &case.options);
        prop_assert_eq!(outcome(checked), outcome(plain));
    }

    #[test]
    fn a_session_equals_one_call(seed: u64, count in 0u64..20) {
        let case = case(seed, count);
        let rng = &mut Rng(!seed);
        let profile = Profile::karmada().with_remote_estimator("remote");
        let options = Options { profile: profile.into(), ..case.options.clone() };
        let mut session = Session::new(&case.snapshot, &case.spec, &case.status, &options);
        let mut said = Vec::new();
        let mut answers: Vec<Answer> = Vec::new();
        let stepwise = loop {
            match session.step(answers) {
                Step::NeedEstimates(question) => {
                    said = estimates(rng, question.clusters.len());
                    answers = vec![Ok(said.clone()), Err(EstimateError::new("down"))];
                }
                Step::Done(done) => break done,
            }
        };
        prop_assert!(matches!(session.step(Vec::new()), Step::Done(Err(ScheduleError::Ended))));
        let profile = Profile::karmada().with_estimator(Stated(said));
        let options = Options { profile: profile.into(), ..case.options.clone() };
        let at_once = schedule(&case.snapshot, &case.spec, &case.status, &options);
        prop_assert_eq!(outcome(stepwise), outcome(at_once));
    }

    #[test]
    fn what_was_divided_adds_up(seed: u64, count in 0u64..20) {
        let case = case(seed, count);
        let Ok(decision) = schedule(&case.snapshot, &case.spec, &case.status, &case.options) else { return Ok(()) };
        let strategy = case.spec.placement.as_ref().unwrap().replica_scheduling.clone();
        let divided = strategy.is_some_and(|it| it.replica_scheduling_type == Some(ReplicaSchedulingType::Divided));
        let names: Vec<&str> = decision.iter().map(|(name, _)| name).collect();
        let unique: BTreeSet<&str> = names.iter().copied().collect();
        prop_assert_eq!(names.len(), unique.len());
        if case.spec.components.len() > 1 || case.spec.replicas == 0 {
            prop_assert!(decision.iter().all(|(_, replicas)| replicas == 0));
            return Ok(());
        }
        let sum: i64 = decision.iter().map(|(_, replicas)| i64::from(replicas)).sum();
        if divided {
            prop_assert_eq!(sum, i64::from(case.spec.replicas));
        } else {
            let tiered = case.spec.placement.as_ref().unwrap().cluster_affinities.iter()
                .any(|term| !term.overflow_affinities.is_empty());
            let given: BTreeSet<i32> = decision.iter().map(|(_, replicas)| replicas).filter(|it| *it > 0).collect();
            prop_assert!(tiered || given.len() <= 1);
        }
    }

    #[test]
    fn nobody_gets_more_than_it_has_room_for(seed: u64, count in 1u64..20) {
        let case = case(seed, count);
        let strategy = case.spec.placement.as_ref().and_then(|it| it.replica_scheduling.clone()).unwrap_or_default();
        let by_room = strategy.replica_scheduling_type == Some(ReplicaSchedulingType::Divided)
            && (strategy.replica_division_preference == Some(ReplicaDivisionPreference::Aggregated)
                || strategy.weight_preference.is_some_and(|it| it.dynamic_weight.is_some()));
        if !by_room {
            return Ok(());
        }
        let profile = Profile::karmada().with_only_estimators(vec![Arc::new(ByName(seed))]);
        let options = Options { profile: profile.into(), ..case.options.clone() };
        let Ok(decision) = schedule(&case.snapshot, &case.spec, &case.status, &options) else { return Ok(()) };
        for (name, replicas) in decision.iter() {
            let before = case.spec.clusters.iter().find(|it| it.name == name).map_or(0, |it| it.replicas);
            prop_assert!(replicas <= room(seed, name) + before, "{name}: {replicas}, before {before}");
        }
    }

    #[test]
    fn targets_are_selected(seed: u64, count in 1u64..20) {
        let case = case(seed, count);
        let selected = Selected::default();
        let profile = Profile::karmada().with_select(selected.clone());
        let options = Options { profile: profile.into(), ..case.options.clone() };
        let Ok(decision) = schedule(&case.snapshot, &case.spec, &case.status, &options) else { return Ok(()) };
        let selected = selected.0.lock().unwrap().clone();
        prop_assert!(decision.targets().iter().all(|target| selected.contains(&target.cluster)));
        if options.enable_empty_workload_propagation && !decision.targets().is_empty() {
            let targets: BTreeSet<ClusterId> = decision.targets().iter().map(|target| target.cluster).collect();
            prop_assert_eq!(targets, selected.into_iter().collect::<BTreeSet<_>>());
        }
    }

    #[test]
    fn scaling_never_goes_the_other_way(seed: u64, count in 1u64..20) {
        let mut case = case(seed, count);
        case.spec.reschedule_triggered_at = None;
        case.spec.components.clear();
        let placement = case.spec.placement.as_mut().unwrap();
        // Tiers are scaled each by itself.
        placement.cluster_affinities.clear();
        let strategy = placement.replica_scheduling.clone().unwrap_or_default();
        let aggregated = strategy.replica_division_preference == Some(ReplicaDivisionPreference::Aggregated);
        let by_room = aggregated || strategy.weight_preference.is_some_and(|it| it.dynamic_weight.is_some());
        if !by_room || strategy.replica_scheduling_type != Some(ReplicaSchedulingType::Divided) {
            return Ok(());
        }
        let selected = Selected::default();
        let profile = Profile::karmada().with_select(selected.clone());
        let options = Options { profile: profile.into(), ..case.options.clone() };
        let Ok(decision) = schedule(&case.snapshot, &case.spec, &case.status, &options) else { return Ok(()) };
        if case.spec.replicas == 0 {
            return Ok(());
        }
        let selected = selected.0.lock().unwrap().clone();
        let is_selected = |name: &str| case.snapshot.find(name).is_some_and(|id| selected.contains(&id));
        let after: BTreeMap<&str, i32> = decision.iter().collect();
        let now = |name: &str| after.get(name).copied().unwrap_or(0);
        let before: BTreeMap<&str, i32> = case.spec.clusters.iter().map(|it| (it.name.as_str(), it.replicas))
            .filter(|(name, _)| is_selected(name)).collect();
        let sum: i32 = before.values().sum();
        if sum <= case.spec.replicas {
            prop_assert!(before.iter().all(|(name, replicas)| now(name) >= *replicas), "{before:?} {after:?}");
        }
        if sum >= case.spec.replicas {
            let old = |name: &str| before.get(name).copied().unwrap_or(0);
            prop_assert!(after.iter().all(|(name, replicas)| *replicas <= old(name)), "{before:?} {after:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_index_picks_what_the_affinity_picks(seed: u64, count in 0u64..400) {
        let rng = &mut Rng(seed);
        let clusters = random::clusters(rng, count);
        let snapshot = Snapshot::build(&clusters, []).unwrap();
        for _ in 0..20 {
            let affinity: ClusterAffinity = wire::decode(&random::affinity(rng, count)).unwrap();
            let picked: BTreeSet<&str> = snapshot.matching(&affinity).iter().map(|id| snapshot.name(id)).collect();
            let wanted: BTreeSet<&str> =
                clusters.iter().filter(|cluster| affinity::matches(cluster, &affinity)).map(|it| it.name()).collect();
            prop_assert_eq!(picked, wanted, "{:?}", affinity);
        }
    }

    #[test]
    fn a_batch_equals_one_call_each(seed: u64, count in 0u64..20, bindings in 0usize..300, threads in 1usize..6) {
        let Case { snapshot, options, .. } = case(seed, count);
        let rng = &mut Rng(!seed);
        let bindings: Vec<(ResourceBindingSpec, ResourceBindingStatus)> = (0..bindings)
            .map(|_| {
                let mut spec = random::spec(rng, count);
                if rng.chance(5) {
                    spec.placement = None;
                }
                (spec, random::status(rng))
            })
            .collect();
        let all: Vec<_> = bindings.iter().map(|(spec, status)| (spec, status)).collect();
        let batch = schedule_batch(&snapshot, &all, &options, NonZeroUsize::new(threads).unwrap());
        let one_by_one = all.iter().map(|(spec, status)| outcome(schedule(&snapshot, spec, status, &options)));
        let batch: Vec<_> = batch.into_iter().map(outcome).collect();
        prop_assert_eq!(batch, one_by_one.collect::<Vec<_>>());
    }

    #[test]
    fn an_updated_fleet_equals_a_new_one(seed: u64, count in 1u64..30) {
        let rng = &mut Rng(seed);
        let mut current: BTreeMap<String, _> = BTreeMap::new();
        let mut fleet = Fleet::new();
        for _ in 0..60 {
            let name = random::name(rng.below(count));
            let cluster = random::cluster_named(rng, &name);
            if rng.chance(30) {
                prop_assert_eq!(fleet.remove(cluster.name()), current.remove(cluster.name()).is_some());
            } else {
                fleet.apply(&cluster).unwrap();
                current.insert(cluster.name().to_owned(), cluster);
            }
            if rng.chance(20) {
                let (spec, status) = (random::spec(rng, count), random::status(rng));
                let options = Options::default();
                let fresh = Snapshot::build(current.values(), []).unwrap();
                let updated = fleet.snapshot();
                prop_assert_eq!(
                    outcome(schedule(&updated, &spec, &status, &options)),
                    outcome(schedule(&fresh, &spec, &status, &options))
                );
            }
        }
    }
}
