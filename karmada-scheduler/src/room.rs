//! Estimates that are not made before somebody needs them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::context::Context;
use crate::estimate::{EstimateRequest, UpperBound, Workload};
use crate::profile::Profile;
use crate::select::{Candidate, RoomNeeded};

/// Which candidates' room is known from above only, and to which estimators it is left open.
#[derive(Debug, Default)]
pub(crate) struct OpenRoom {
    /// Per candidate; empty when nothing is open.
    open: Vec<bool>,
    /// Positions in the profile.
    estimators: Vec<usize>,
}

impl OpenRoom {
    /// Lowers the room of candidates to the upper bounds of an estimator.
    pub(crate) fn bound(&mut self, room: &mut [i32], estimator: usize, bounds: &[UpperBound]) {
        self.open.resize(room.len(), false);
        self.estimators.push(estimator);
        for ((room, open), bound) in room.iter_mut().zip(&mut self.open).zip(bounds) {
            match bound {
                UpperBound::Exact(estimate) => estimate.bound(room),
                UpperBound::AtMost(most) => {
                    *room = (*room).min((*most).max(0));
                    *open = true;
                }
            }
        }
    }

    /// Whether the room of a candidate is known from above only.
    pub(crate) fn contains(&self, candidate: usize) -> bool {
        self.open.get(candidate).copied().unwrap_or(false)
    }

    /// Asks for the estimates on which the choice of the profile hangs. A candidate nobody bounds has room for
    /// `unbounded`.
    ///
    /// Bounds order the candidates, as their room does. Once the first of them has room that is known, no other can
    /// come before it: bounds only ever sink.
    ///
    /// # Complexity
    /// `O(n + e log n)` for `n` candidates and `e` estimates asked for, and those.
    pub(crate) fn settle(
        mut self,
        ctx: &Context<'_>,
        profile: &Profile,
        workload: Workload<'_>,
        candidates: &mut [Candidate],
        unbounded: i32,
    ) {
        if !self.open.contains(&true) {
            return;
        }
        let mut settle = |index: usize, candidate: &mut Candidate| {
            let Some(open) = self.open.get_mut(index).filter(|open| **open) else {
                return false;
            };
            *open = false;
            if candidate.allocatable == 0 {
                return false;
            }
            let (own, mut room) = (
                candidate.available - i64::from(candidate.allocatable),
                candidate.allocatable,
            );
            let asked = self.estimators.iter();
            for estimator in asked.filter_map(|position| profile.estimators.get(*position)) {
                let request = EstimateRequest {
                    context: ctx,
                    clusters: &[candidate.cluster],
                    workload,
                };
                if let Ok([estimate, ..]) = estimator.estimate(&request).as_deref() {
                    estimate.bound(&mut room);
                }
            }
            candidate.allocatable = if room == i32::MAX { unbounded } else { room };
            candidate.available = i64::from(candidate.allocatable) + own;
            true
        };
        if let RoomNeeded::First { clusters, replicas } = profile.select.room_needed(ctx, candidates.len()) {
            let places = candidates.iter().map(Candidate::key);
            let mut best: BinaryHeap<_> = places.zip(0..).map(Reverse).collect();
            let (mut known, mut room) = (0, 0i64);
            while known < clusters
                && let Some(Reverse((_, index))) = best.pop()
                && let Some(candidate) = candidates.get_mut(index)
            {
                if settle(index, candidate) {
                    best.push(Reverse((candidate.key(), index)));
                } else {
                    known += 1;
                    room = room.saturating_add(candidate.available);
                }
            }
            if room >= replicas {
                return;
            }
        }
        for (index, candidate) in candidates.iter_mut().enumerate() {
            settle(index, candidate);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use karmada_core::api::cluster::v1alpha1::{ApiEnablement, ApiResource, Cluster};
    use karmada_core::api::policy::v1alpha1::{
        Placement, ReplicaSchedulingStrategy, SpreadConstraint, SpreadFieldValue,
    };
    use karmada_core::api::work::v1alpha2::{
        Component, ResourceBindingSpec, ResourceBindingStatus, TargetCluster,
    };
    use karmada_core::features::{Feature, FeatureGates};
    use proptest::prelude::*;

    use super::*;
    use crate::estimate::{Estimate, EstimateError, ReplicaEstimator};
    use crate::{Options, Session, Snapshot, Step};

    /// What a test estimator says of a cluster, by its position.
    #[derive(Clone, Copy, Debug)]
    struct Said {
        exact: i32,
        /// How far above that the bound is; none makes it exact.
        slack: Option<i32>,
    }

    #[derive(Debug)]
    struct Scripted {
        said: Vec<Said>,
        bounds: bool,
        asked: Arc<AtomicUsize>,
    }

    impl Scripted {
        fn of(&self, ctx: &Context<'_>, cluster: crate::ClusterId) -> Said {
            let index: usize = ctx.snapshot().name(cluster).parse().unwrap();
            self.said[index]
        }
    }

    impl ReplicaEstimator for Scripted {
        fn name(&self) -> &str {
            "scripted"
        }
        fn estimate(&self, request: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
            self.asked.fetch_add(request.clusters.len(), Ordering::Relaxed);
            let exact = |cluster: &crate::ClusterId| self.of(request.context, *cluster).exact;
            Ok(request.clusters.iter().map(exact).map(Estimate::Value).collect())
        }
        fn upper_bounds(&self, request: &EstimateRequest<'_>) -> Option<Vec<UpperBound>> {
            let bound = |cluster: &crate::ClusterId| {
                let said = self.of(request.context, *cluster);
                match said.slack {
                    Some(slack) => UpperBound::AtMost(said.exact.saturating_add(slack)),
                    None => UpperBound::Exact(Estimate::Value(said.exact)),
                }
            };
            self.bounds.then(|| request.clusters.iter().map(bound).collect())
        }
    }

    type Outcome = Result<Vec<(String, i32)>, String>;

    struct Case {
        said: Vec<Said>,
        other: Option<Vec<Said>>,
        remote: Vec<Estimate>,
        max_groups: i64,
        divided: Option<ReplicaSchedulingStrategy>,
        replicas: i32,
        targets: Vec<usize>,
    }

    /// The outcome and how many exact estimates were made.
    fn decide(case: &Case, bounds: bool) -> (Outcome, usize) {
        let clusters: Vec<Cluster> = (0..case.said.len())
            .map(|index| {
                let mut cluster = Cluster::named(index.to_string());
                cluster.status.api_enablements = vec![ApiEnablement {
                    group_version: "v1".into(),
                    resources: vec![ApiResource {
                        name: "kinds".into(),
                        kind: "Kind".into(),
                    }],
                }];
                cluster
            })
            .collect();
        let snapshot = Snapshot::build(&clusters, []).unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let scripted = |said: &Vec<Said>| Scripted {
            said: said.clone(),
            bounds,
            asked: asked.clone(),
        };
        let mut profile = Profile::karmada()
            .with_only_estimators(vec![Arc::new(scripted(&case.said))])
            .with_remote_estimator("remote");
        if let Some(other) = &case.other {
            profile = profile.with_estimator(scripted(other));
        }
        let options = Options {
            features: FeatureGates::default().with(Feature::MultiplePodTemplatesScheduling, true),
            profile: profile.into(),
            ..Options::default()
        };
        let mut placement = Placement::new();
        placement.spread_constraints = vec![SpreadConstraint {
            spread_by_field: Some(SpreadFieldValue::Cluster),
            min_groups: 1,
            max_groups: case.max_groups,
            ..Default::default()
        }];
        placement.replica_scheduling = case.divided.clone();
        let mut spec = ResourceBindingSpec {
            replicas: case.replicas,
            placement: Some(placement),
            components: vec![Component {
                name: "only".into(),
                replicas: 1,
                ..Default::default()
            }],
            ..Default::default()
        };
        (spec.resource.api_version, spec.resource.kind) = ("v1".into(), "Kind".into());
        let target = |index: &usize| TargetCluster {
            name: index.to_string(),
            replicas: 2,
            ..Default::default()
        };
        spec.clusters = case.targets.iter().map(target).collect();
        let status = ResourceBindingStatus::default();
        let mut session = Session::new(&snapshot, &spec, &status, &options);
        let mut answers = Vec::new();
        let outcome = loop {
            match session.step(answers) {
                Step::NeedEstimates(_) => answers = vec![Ok(case.remote.clone())],
                Step::Done(outcome) => break outcome,
            }
        };
        let outcome = outcome
            .map(|decision| {
                decision
                    .iter()
                    .map(|(name, replicas)| (name.to_owned(), replicas))
                    .collect()
            })
            .map_err(|error| error.to_string());
        (outcome, asked.load(Ordering::Relaxed))
    }

    fn exact(rooms: &[(i32, i32)]) -> Vec<Said> {
        let said = |(exact, slack): &(i32, i32)| Said {
            exact: *exact,
            slack: Some(*slack),
        };
        rooms.iter().map(said).collect()
    }

    #[test]
    fn only_estimates_that_matter_are_made() {
        fn check(rooms: &[(i32, i32)], remote: &[i32], targets: &[usize], want: &str, asked: usize) {
            let case = Case {
                said: exact(rooms),
                other: None,
                remote: remote.iter().copied().map(Estimate::from_wire).collect(),
                max_groups: 1,
                divided: None,
                replicas: 2,
                targets: targets.to_vec(),
            };
            assert_eq!(
                decide(&case, true),
                (Ok(vec![(want.to_owned(), 2)]), asked),
                "{rooms:?}"
            );
            assert_eq!(
                decide(&case, false).0,
                Ok(vec![(want.to_owned(), 2)]),
                "{rooms:?}"
            );
        }
        // The bound that is largest is exact: it is the only one that is looked at.
        check(&[(5, 0), (9, 0), (7, 1)], &[], &[], "1", 1);
        // What is left of the largest bound is less than another one.
        check(&[(5, 6), (9, 0), (7, 1)], &[], &[], "1", 2);
        // Of equal room the first by name, whose bound comes into question as well.
        check(&[(9, 0), (9, 3), (7, 1)], &[], &[], "0", 2);
        // Without room there is nothing to find out.
        check(&[(0, 0), (0, 0)], &[], &[], "0", 0);
        // A remote estimator makes the bound an estimate too small to matter.
        check(&[(50, 50), (9, 1), (7, 1)], &[3, -1, -1], &[], "1", 1);
        // A target has the better score, whatever its room.
        check(&[(50, 50), (9, 1), (7, 1)], &[], &[2], "2", 1);
        // An unlimited bound is an upper bound only.
        check(&[(3, i32::MAX), (9, 1), (i32::MAX, 0)], &[], &[], "1", 3);
    }

    fn said() -> impl Strategy<Value = Vec<Said>> {
        let room = prop_oneof![8 => 0i32..6, 1 => Just(i32::MAX)];
        let slack = prop::option::of(prop_oneof![4 => 0i32..4, 1 => Just(i32::MAX)]);
        let said = (room, slack).prop_map(|(exact, slack)| Said { exact, slack });
        prop::collection::vec(said, 8)
    }

    fn strategy() -> impl Strategy<Value = Option<ReplicaSchedulingStrategy>> {
        prop_oneof![
            Just(None),
            Just(Some(ReplicaSchedulingStrategy::dynamic_weight())),
            Just(Some(ReplicaSchedulingStrategy::aggregated())),
            Just(Some(ReplicaSchedulingStrategy::static_weight([]))),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn bounds_do_not_change_the_decision(
            (said, other) in (said(), prop::option::of(said())),
            remote in prop::collection::vec((-1i32..6).prop_map(Estimate::from_wire), 0..9),
            (max_groups, replicas) in (0i64..5, 0i32..12),
            divided in strategy(),
            targets in prop::collection::vec(0usize..8, 0..3),
        ) {
            let case = Case { said, other, remote, max_groups, divided, replicas, targets };
            let (eager, all) = decide(&case, false);
            let (lazy, some) = decide(&case, true);
            prop_assert_eq!(eager, lazy);
            prop_assert!(some <= all);
        }
    }
}
