//! An explanation never contradicts the decision, and its numbers add up.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod random;
mod recorded;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{ResourceBinding, ResourceBindingSpec, ResourceBindingStatus};
use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::explain::{
    AssignmentExplanation, CandidateExplanation, ClusterVerdict, EstimatorAnswer, Explanation, FailureClass,
    GroupVerdict, Mode, Outcome, SelectionExplanation, ShareExplanation, Strategy, TierExplanation, explain,
    explain_answered,
};
use karmada_scheduler::{
    Answer, AssumedWorkload, ClusterId, ClusterSet, Context, ErrorKind, Estimate, FilterPlugin, Fleet,
    Options, Profile, Registry, Session, Snapshot, Step, Verdict, diagnose, schedule,
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
    let mut fleet = Fleet::new();
    for cluster in random::clusters(rng, count) {
        fleet.apply(&cluster).unwrap();
    }
    for binding in random::bindings(rng, count) {
        fleet.observe_binding(&binding);
    }
    let spec = random::spec(rng, count);
    if rng.chance(30) {
        let workload = AssumedWorkload {
            components: random::spec(rng, count).components,
            ..AssumedWorkload::default()
        };
        fleet.assume("ns/other", &random::name(rng.below(count.max(1))), workload);
    }
    let profile = match rng.below(10) {
        0 => Profile::spread(),
        1..=2 => Profile::corrected(),
        _ => Profile::karmada(),
    };
    Case {
        snapshot: fleet.snapshot(),
        spec,
        status: random::status(rng),
        options: Options {
            features: FeatureGates::default()
                .with(Feature::MultiplePodTemplatesScheduling, rng.chance(80))
                .with(Feature::CustomizedClusterResourceModeling, rng.chance(80))
                .with(Feature::SchedulingOvercommitProtection, rng.chance(50))
                .with(Feature::WorkloadAffinity, rng.chance(70)),
            enable_empty_workload_propagation: rng.chance(10),
            profile: profile.into(),
        },
    }
}

/// Explains and holds all that is said against the decision.
fn check(case: &Case) -> Explanation {
    let Case {
        snapshot,
        spec,
        status,
        options,
    } = case;
    let explanation = explain(snapshot, spec, status, options).unwrap();
    let decision = schedule(snapshot, spec, status, options);
    match (&decision, &explanation.outcome) {
        (Ok(decision), Outcome::Scheduled { targets }) => assert_eq!(decision.to_target_clusters(), *targets),
        (Err(error), Outcome::Failed { class, message }) => {
            let expected = match error.kind() {
                ErrorKind::Fit => FailureClass::Fit,
                ErrorKind::Unschedulable => FailureClass::Unschedulable,
                ErrorKind::Other => FailureClass::Other,
            };
            assert_eq!((error.to_string(), expected), (message.clone(), *class));
        }
        other => panic!("{other:?}"),
    }
    let text = serde_json::to_string(&explanation).unwrap();
    assert_eq!(serde_json::from_str::<Explanation>(&text).unwrap(), explanation);

    clusters_add_up(case, &explanation);
    candidates_add_up(&explanation);
    selection_adds_up(&explanation);
    assignment_adds_up(case, &explanation);
    explanation
}

fn clusters_add_up(case: &Case, explanation: &Explanation) {
    let Case {
        snapshot,
        spec,
        status,
        options,
    } = case;
    let names: Vec<&str> = explanation
        .clusters
        .iter()
        .map(|cluster| cluster.name.as_str())
        .collect();
    assert_eq!(
        names,
        snapshot.clusters().map(|view| view.name()).collect::<Vec<_>>()
    );
    let counts = explanation.counts;
    assert_eq!(
        counts.clusters,
        counts.deleting + counts.rejected + counts.candidates
    );
    assert_eq!(counts.targets, explanation.targets().len());
    let diagnosis = diagnose(snapshot, spec, status, options).unwrap();
    let said: Vec<(&str, &str, &str)> = explanation
        .clusters
        .iter()
        .filter_map(|cluster| Some((cluster, cluster.rejection()?)))
        .map(|(cluster, it)| (cluster.name.as_str(), it.plugin.as_str(), it.reason.as_str()))
        .collect();
    let diagnosed: Vec<(&str, &str, &str)> = diagnosis
        .rejections()
        .map(|it| (it.cluster, it.plugin, it.reason))
        .collect();
    assert_eq!(said, diagnosed);
    assert_eq!(said.len(), counts.rejected);
}

/// The candidates by a number each of them should have: it counts them without gaps.
fn by_place(
    explanation: &Explanation,
    place: impl Fn(&CandidateExplanation) -> Option<usize>,
) -> Vec<(&str, &CandidateExplanation)> {
    let candidates = explanation
        .clusters
        .iter()
        .filter_map(|it| Some((it.name.as_str(), it.candidate()?)));
    let placed: BTreeMap<usize, (&str, &CandidateExplanation)> =
        candidates.filter_map(|it| Some((place(it.1)?, it))).collect();
    assert!(placed.keys().copied().eq(1..=placed.len()));
    placed.into_values().collect()
}

fn candidates_add_up(explanation: &Explanation) {
    let ranked = by_place(explanation, |candidate| candidate.rank);
    let failed_early = matches!(
        &explanation.outcome,
        Outcome::Failed {
            class: FailureClass::Fit,
            ..
        }
    );
    assert_eq!(
        ranked.len(),
        if failed_early {
            0
        } else {
            explanation.counts.candidates
        }
    );
    let keys: Vec<_> = ranked
        .iter()
        .map(|(name, candidate)| {
            assert_eq!(
                candidate.score,
                candidate.scores.iter().map(|it| it.score).sum::<i64>()
            );
            // Absent where nobody is asked: the order among equal scores cannot be checked then.
            let Some(room) = &candidate.room else {
                assert_eq!(explanation.request.replicas, 0);
                return (candidate.overflow_tier, -candidate.score, 0, "");
            };
            assert_eq!(
                room.available,
                i64::from(room.allocatable) + i64::from(room.assigned)
            );
            let bound = room.estimates.iter().filter_map(|it| match it.answer {
                EstimatorAnswer::Room(room) => Some(room),
                _ => None,
            });
            assert_eq!(bound.clone().min().is_none(), room.bounded_by.is_empty());
            if let Some(least) = bound.min() {
                assert_eq!(least, room.allocatable);
            }
            for said in &room.estimates {
                let limits = said.limits.iter().map(|limit| EstimatorAnswer::Room(limit.room));
                assert!(limits.clone().all(|limit| limit == said.answer), "{said:?}");
                assert!(said.estimator != "general-estimator" || limits.len() > 0);
            }
            (candidate.overflow_tier, -candidate.score, -room.available, *name)
        })
        .collect();
    assert!(keys.is_sorted());
}

fn selection_adds_up(explanation: &Explanation) {
    let selected = by_place(explanation, |candidate| candidate.selected);
    assert_eq!(selected.len(), explanation.counts.selected);
    let targets: BTreeMap<&str, i32> = explanation
        .targets()
        .iter()
        .map(|target| (target.name.as_str(), target.replicas))
        .collect();
    for cluster in &explanation.clusters {
        let candidate = cluster.candidate();
        assert_eq!(
            targets.get(cluster.name.as_str()).copied(),
            candidate.and_then(|it| it.target)
        );
        if let Some(candidate) = candidate {
            assert!(candidate.target.is_none() || candidate.selected.is_some());
        }
    }
    let names: Vec<&str> = selected.iter().map(|(name, _)| *name).collect();
    let estimated = |name: &str| {
        let candidate = explanation.cluster(name).unwrap().candidate().unwrap();
        candidate.room.as_ref().map(|room| room.available)
    };
    let mut candidates = explanation.clusters.iter().filter_map(|it| it.candidate());
    let without_room = candidates.any(|candidate| candidate.room.is_none());
    let room = |name: &str| estimated(name).unwrap_or(0);
    match &explanation.selection {
        None if explanation.request.profile == "spread" => assert!(names.is_empty()),
        None => assert_eq!(explanation.counts.candidates, 0),
        Some(SelectionExplanation::Other { text }) => assert!(!text.is_empty()),
        Some(SelectionExplanation::All { .. }) => assert_eq!(names.len(), explanation.counts.candidates),
        Some(SelectionExplanation::ByCluster(by_cluster)) => {
            let mut kept = by_cluster.preferred.clone();
            let mut available: i64 = kept.iter().map(|name| room(name)).sum();
            if without_room {
                assert!(by_cluster.swaps.is_empty());
                available = by_cluster.preferred_available;
            }
            assert_eq!(available, by_cluster.preferred_available);
            for swap in &by_cluster.swaps {
                assert!(available < by_cluster.wanted.unwrap() && swap.in_available > swap.out_available);
                available += swap.in_available - swap.out_available;
                assert_eq!(available, swap.available);
                assert_eq!(
                    (room(&swap.out), room(&swap.into)),
                    (swap.out_available, swap.in_available)
                );
                let place = kept.iter().rposition(|name| *name == swap.out).unwrap();
                kept[place].clone_from(&swap.into);
            }
            assert_eq!(available, by_cluster.available);
            if !names.is_empty() {
                assert_eq!(names, kept);
            }
        }
        Some(SelectionExplanation::ByRegion(by_region)) => {
            let all: Vec<&String> = by_region.firsts.iter().chain(&by_region.others).collect();
            assert_eq!(names, all);
            for region in &by_region.regions {
                assert_eq!(
                    region.score.total,
                    region.score.reached * 1000 + region.score.mean
                );
                let sum = region.clusters.iter().map(|name| room(name)).sum::<i64>();
                assert!(without_room || region.available == sum);
                let used = region.clusters.iter().any(|name| names.contains(&name.as_str()));
                assert_eq!(used, region.verdict == GroupVerdict::Chosen);
            }
            assert_eq!(by_region.combinations.is_none(), names.is_empty());
            if let Some(combinations) = &by_region.combinations {
                let counts = [
                    combinations.considered,
                    combinations.with_best_score,
                    combinations.with_most_clusters,
                ];
                assert!(counts.is_sorted_by(|more, fewer| more >= fewer) && counts[2] > 0);
                assert!(combinations.best.len() >= by_region.firsts.len());
            }
        }
        Some(other) => assert!(names.is_empty(), "{other:?}"),
    }
}

fn rational(text: &str) -> (i128, i128) {
    let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
    (numerator.parse().unwrap(), denominator.parse().unwrap())
}

fn sum(left: (i128, i128), right: (i128, i128)) -> (i128, i128) {
    let (numerator, denominator) = (left.0 * right.1 + right.0 * left.1, left.1 * right.1);
    let (mut a, mut b) = (numerator, denominator);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (numerator / a.max(1), denominator / a.max(1))
}

fn assignment_adds_up(case: &Case, explanation: &Explanation) {
    let Some(AssignmentExplanation::Divided { tiers }) = &explanation.assignment else {
        // A stage need not say why it fails.
        let silent =
            explanation.request.profile == "spread" && matches!(explanation.outcome, Outcome::Failed { .. });
        let assigned = explanation.assignment.is_some();
        assert!(silent || assigned == (explanation.counts.selected > 0));
        return;
    };
    let duplicates = {
        let mut names: Vec<&str> = case.spec.clusters.iter().map(|it| it.name.as_str()).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        names.len() < all
    };
    for tier in tiers {
        tier_adds_up(tier);
    }
    let shares = tiers.iter().flat_map(|tier| &tier.shares);
    let given: BTreeMap<&str, i64> = shares
        .filter(|share| share.replicas > 0)
        .map(|share| (share.cluster.as_str(), share.replicas))
        .collect();
    let targets: BTreeMap<&str, i64> = explanation
        .targets()
        .iter()
        .filter(|target| !explanation.attached.contains(&target.name))
        .map(|target| (target.name.as_str(), i64::from(target.replicas)))
        .collect();
    if matches!(explanation.outcome, Outcome::Scheduled { .. }) && !duplicates {
        assert_eq!(given, targets, "{explanation:#?}");
    }
    let failed = matches!(explanation.outcome, Outcome::Failed { .. });
    assert_eq!(tiers.iter().any(|tier| tier.error.is_some()), failed);
    assert!(!failed || tiers.iter().all(|tier| tier.shares.is_empty()));
}

fn tier_adds_up(tier: &TierExplanation) {
    let shares = &tier.shares;
    // Another tier may be the one that fails.
    if shares.is_empty() {
        return;
    }
    assert!(shares.is_sorted_by(|left, right| left.cluster < right.cluster));
    if tier.error.is_some() || tier.strategy == Strategy::Duplicated || tier.divided == 0 {
        return;
    }
    assert_eq!(tier.weights, shares.iter().map(|share| share.weight).sum::<i64>());
    if tier.weights > 0 {
        assert_eq!(tier.divided, shares.iter().map(|share| share.seats).sum::<i64>());
        let exact = shares
            .iter()
            .fold((0, 1), |total, share| sum(total, rational(&share.exact)));
        assert_eq!(exact, (i128::from(tier.divided), 1));
    }
    if matches!(tier.mode, None | Some(Mode::Fresh | Mode::ScaleDown)) {
        assert!(shares.iter().all(|share| share.kept == 0));
    }
    let of = |name: &str| shares.iter().find(|share| share.cluster == name).unwrap();
    for share in shares {
        assert_eq!(share.replicas, share.seats + share.kept);
        let Some(tie) = &share.tie else { continue };
        let (winner, loser) = if tie.won {
            (share, of(&tie.against))
        } else {
            (of(&tie.against), share)
        };
        let claim = |share: &ShareExplanation, other: i64| i128::from(share.weight) * i128::from(other);
        assert_eq!(
            claim(winner, 2 * loser.seats + 1),
            claim(loser, 2 * winner.seats - 1),
            "{tie:?}"
        );
    }
    if let Some(cut_off) = &tier.cut_off {
        let weighty = shares.iter().filter(|share| share.weight > 0).count();
        assert!(weighty <= cut_off.kept.len());
        assert!(cut_off.available >= tier.divided);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1200))]
    #[test]
    fn explanations_agree_with_decisions(seed: u64, count in 0u64..14) {
        check(&case(seed, count));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(25))]
    #[test]
    fn explanations_of_large_fleets_agree_with_decisions(seed: u64, count in 30u64..600) {
        check(&case(seed, count));
    }

    #[test]
    fn answers_of_remote_estimators_are_explained(seed: u64, count in 1u64..14) {
        let mut case = case(seed, count);
        let profile = Profile::karmada().with_remote_estimator("scheduler-estimator");
        case.options.profile = profile.into();
        let mut answers: Vec<Answer> = Vec::new();
        let mut session = Session::new(&case.snapshot, &case.spec, &case.status, &case.options);
        let decision = loop {
            match session.step(answers.clone()) {
                Step::NeedEstimates(question) => {
                    let rng = &mut Rng(seed);
                    let some = |_: &ClusterId| Estimate::from_wire(rng.below(30) as i32 - 1);
                    answers = vec![Ok(question.clusters.iter().map(some).collect())];
                }
                Step::Done(decision) => break decision,
            }
        };
        let explanation =
            explain_answered(&case.snapshot, &case.spec, &case.status, &case.options, &answers).unwrap();
        match (decision, &explanation.outcome) {
            (Ok(decision), Outcome::Scheduled { targets }) => {
                prop_assert_eq!(&decision.to_target_clusters(), targets);
            }
            (Err(error), Outcome::Failed { message, .. }) => prop_assert_eq!(&error.to_string(), message),
            other => panic!("{other:?}"),
        }
        candidates_add_up(&explanation);
        assignment_adds_up(&case, &explanation);
    }
}

fn recorded_cases(file: &str) {
    for case in recorded::cases(file).into_iter().flatten() {
        let clusters: Vec<Cluster> = recorded::list(&case["clusters"]);
        let bindings: Vec<ResourceBinding> = recorded::list(&case["bindings"]);
        check(&Case {
            snapshot: Snapshot::build(&clusters, &bindings).unwrap(),
            spec: wire::decode(&case["spec"]).unwrap(),
            status: wire::decode(&case["status"]).unwrap(),
            options: Options {
                features: recorded::features(&case),
                enable_empty_workload_propagation: case["enableEmptyWorkloadPropagation"] == true,
                ..Options::default()
            },
        });
    }
}

#[test]
fn recorded_decisions_are_explained() {
    for file in ["small.jsonl.gz", "region.jsonl.gz", "large.jsonl.gz"] {
        recorded_cases(file);
    }
}

/// Counts how often it is asked for reasons.
#[derive(Debug)]
struct Counting(Arc<AtomicUsize>);

impl FilterPlugin for Counting {
    fn name(&self) -> &str {
        "Counting"
    }
    fn filter(&self, ctx: &Context<'_>, candidates: &mut ClusterSet) {
        candidates.retain(|cluster| ctx.snapshot().name(cluster) != "m00");
    }
    fn verdict(&self, ctx: &Context<'_>, cluster: ClusterId) -> Verdict {
        self.0.fetch_add(1, Ordering::Relaxed);
        Verdict::unless(ctx.snapshot().name(cluster) == "m00", "is the first")
    }
}

#[test]
fn a_decision_asks_nobody_for_reasons() {
    let asked = Arc::new(AtomicUsize::new(0));
    let mut registry = Registry::in_tree();
    registry.register_filter(Counting(asked.clone())).unwrap();
    let profile = Profile::new("counting", &registry);
    let options = Options {
        profile: profile.into(),
        ..Options::default()
    };
    let mut scheduled = 0;
    for seed in 0..200 {
        let case = Case {
            options: options.clone(),
            ..case(seed, 8)
        };
        let decided = schedule(&case.snapshot, &case.spec, &case.status, &options);
        scheduled += usize::from(decided.is_ok());
        if decided.is_ok() {
            assert_eq!(asked.load(Ordering::Relaxed), 0, "seed {seed}");
        }
        asked.store(0, Ordering::Relaxed);
    }
    assert!(scheduled > 50);
    let explained = check(&Case {
        options,
        ..case(1, 8)
    });
    assert!(asked.load(Ordering::Relaxed) > 0);
    let first = explained.cluster("m00").unwrap();
    let ClusterVerdict::Rejected(objections) = &first.verdict else {
        panic!("{first:?}")
    };
    assert_eq!(objections.last().unwrap().plugin, "Counting");
}
