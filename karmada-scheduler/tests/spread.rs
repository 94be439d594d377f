//! Spreading over several properties at once: against trying every choice, and what holds for every decision.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "rows of a table read better with values"
)]

mod random;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::Arc;

use karmada_core::affinity;
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::policy::v1alpha1::{Placement, SpreadConstraint, SpreadFieldValue};
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{ResourceBindingSpec, ResourceBindingStatus};
use karmada_core::apportion::Ties;
use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::explain::{Spread, explain};
use karmada_scheduler::{
    AssignError, ClusterId, ClusterSet, Context, ErrorKind, Estimate, EstimateError, EstimateRequest,
    FilterPlugin, Options, Profile, RegionWeights, Registry, ReplicaEstimator, ScheduleError, SelectError,
    Snapshot, SpreadBy, SpreadError, SpreadLimit, SpreadOptions, Verdict, diagnose, plugins, schedule,
};
use proptest::prelude::*;
use random::Rng;
use serde_json::{Value, json};

/// Room that follows from the name of a cluster.
#[derive(Debug)]
struct ByName(u64);

fn room(seed: u64, name: &str) -> i64 {
    let mixed = name.bytes().fold(seed, |mixed, byte| {
        mixed.wrapping_mul(31).wrapping_add(byte.into())
    });
    Rng(mixed).below(15) as i64
}

impl ReplicaEstimator for ByName {
    fn name(&self) -> &str {
        "by-name"
    }
    fn estimate(&self, request: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
        let snapshot = request.context.snapshot();
        let clusters = request.clusters.iter();
        Ok(clusters
            .map(|cluster| Estimate::Value(room(self.0, snapshot.name(*cluster)) as i32))
            .collect())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Division {
    Duplicated,
    Static,
    Dynamic,
    Aggregated,
}

/// One decision to make.
struct Case {
    seed: u64,
    clusters: Vec<Cluster>,
    spec: ResourceBindingSpec,
    status: ResourceBindingStatus,
    division: Division,
    min: u32,
    max: Option<u32>,
    regions: Option<RegionWeights>,
}

fn constraints(rng: &mut Rng) -> Value {
    let properties = [
        ("spreadByField", "cluster", 60, 6),
        ("spreadByField", "region", 40, 4),
        ("spreadByField", "provider", 25, 2),
        ("spreadByField", "zone", 25, 3),
        ("spreadByLabel", "env", 25, 2),
        ("spreadByLabel", "tier", 15, 2),
    ];
    let mut constraints = Vec::new();
    for (kind, property, percent, end) in properties {
        if rng.chance(percent) {
            let min = rng.below(end);
            let max = if rng.chance(70) { min + rng.below(3) } else { 0 };
            constraints.push(json!({kind: property, "minGroups": min, "maxGroups": max}));
        }
    }
    rng.shuffle(&mut constraints);
    json!(constraints)
}

fn case(seed: u64, count: u64) -> Case {
    let rng = &mut Rng(seed);
    let mut clusters = random::clusters(rng, count);
    // Few are kept out, and most have what they are grouped by.
    for cluster in &mut clusters {
        cluster.spec.taints.clear();
        if rng.chance(70) && cluster.spec.zones.is_empty() {
            cluster.spec.zones = vec!["z1".to_owned()];
        }
        if rng.chance(70) && cluster.spec.region.is_empty() {
            cluster.spec.region = "r1".to_owned();
        }
    }
    let mut spec = random::spec(rng, count);
    spec.components.clear();
    spec.graceful_eviction_tasks.clear();
    spec.workload_affinity_groups = None;
    spec.resource.kind = "Deployment".to_owned();
    spec.replicas = rng.below(60) as i32;
    if rng.chance(30) {
        spec.clusters.clear();
    }
    let (division, strategy) = match rng.below(6) {
        0 => (
            Division::Duplicated,
            json!({"replicaSchedulingType": "Duplicated"}),
        ),
        1 => {
            let rules: Vec<Value> = (0..rng.below(4))
                .map(|_| json!({"targetCluster": random::affinity(rng, count), "weight": rng.below(5)}))
                .collect();
            let weights = json!({"staticWeightList": rules});
            (
                Division::Static,
                json!({"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted", "weightPreference": weights}),
            )
        }
        2 | 3 => {
            let weights = json!({"dynamicWeight": "AvailableReplicas"});
            (
                Division::Dynamic,
                json!({"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted", "weightPreference": weights}),
            )
        }
        _ => (
            Division::Aggregated,
            json!({"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}),
        ),
    };
    let mut placement = json!({"spreadConstraints": constraints(rng), "replicaScheduling": strategy});
    if rng.chance(20) && matches!(division, Division::Dynamic | Division::Aggregated) {
        let mut own = random::affinity(rng, count);
        own["affinityName"] = json!("own");
        let mut more = random::affinity(rng, count);
        more["affinityName"] = json!("more");
        own["overflowAffinities"] = json!([more]);
        placement["clusterAffinities"] = json!([own]);
    }
    spec.placement = Some(wire::decode(&placement).unwrap());
    let min = if rng.chance(50) { rng.below(4) as u32 } else { 0 };
    let max = rng.chance(40).then(|| min + rng.below(12) as u32);
    let regions = match rng.below(6) {
        0 => Some(RegionWeights::Clusters),
        1 => Some(RegionWeights::equal()),
        2 => Some(RegionWeights::fixed([
            ("r1", NonZeroU32::new(3).unwrap()),
            ("r2", NonZeroU32::new(7).unwrap()),
        ])),
        _ => None,
    };
    let status = json!({
        "schedulerObservingAffinityName": "own",
        "lastScheduledTime": format!("2026-02-0{}T00:00:00Z", 1 + rng.below(4)),
    });
    let status = wire::decode(&status).unwrap();
    Case {
        seed,
        clusters,
        spec,
        status,
        division,
        min,
        max,
        regions,
    }
}

impl Case {
    /// What matters of it when a test fails.
    fn text(&self) -> String {
        let clusters: Vec<String> = self
            .clusters
            .iter()
            .map(|it| {
                let (spec, labels) = (&it.spec, &it.metadata.labels);
                let room = room(self.seed, it.name());
                format!(
                    "{} {} {} {:?} {labels:?} {room}",
                    it.name(),
                    spec.region,
                    spec.provider,
                    spec.zones
                )
            })
            .collect();
        let Self {
            seed,
            spec,
            division,
            min,
            max,
            regions,
            ..
        } = self;
        let (replicas, before) = (spec.replicas, &spec.clusters);
        let constraints = &self.placement().spread_constraints;
        format!(
            "seed {seed}: {division:?} {replicas} {min}..{max:?} {regions:?}\nbefore {before:?}\n{constraints:#?}\n{}",
            clusters.join("\n")
        )
    }

    fn placement(&self) -> &Placement {
        self.spec.placement.as_ref().unwrap()
    }

    fn options(&self, profile: Profile, attach_empty: bool) -> Options {
        Options {
            features: FeatureGates::default(),
            enable_empty_workload_propagation: attach_empty,
            profile: profile
                .with_only_estimators(vec![Arc::new(ByName(self.seed))])
                .into(),
        }
    }

    fn profile(&self) -> Profile {
        let mut options = SpreadOptions::new().min_replicas(self.min);
        if let Some(max) = self.max {
            options = options.max_replicas(max);
        }
        if let Some(regions) = &self.regions {
            options = options.region_weights(regions.clone());
        }
        Profile::spread_with(options)
    }

    fn decide(&self, profile: Profile, attach_empty: bool) -> Result<Vec<(String, i64)>, ScheduleError> {
        let snapshot = Snapshot::build(&self.clusters, []).unwrap();
        let options = self.options(profile, attach_empty);
        let decision = schedule(&snapshot, &self.spec, &self.status, &options)?;
        Ok(decision
            .iter()
            .map(|(name, replicas)| (name.to_owned(), replicas.into()))
            .collect())
    }

    fn assigned(&self, name: &str) -> i64 {
        self.spec
            .clusters
            .iter()
            .find(|target| target.name == name)
            .map_or(0, |target| target.replicas.into())
    }

    fn anew(&self) -> bool {
        let last = self.status.last_scheduled_time.as_ref();
        self.spec
            .reschedule_triggered_at
            .as_ref()
            .is_some_and(|at| at.0 > last.unwrap().0)
    }

    /// The clusters that can be used, with what each may get, in the order of names.
    fn usable(&self) -> Vec<Usable<'_>> {
        let snapshot = Snapshot::build(&self.clusters, []).unwrap();
        let options = self.options(self.profile(), false);
        let diagnosis = diagnose(&snapshot, &self.spec, &self.status, &options).unwrap();
        let rejected: BTreeSet<&str> = diagnosis
            .rejections()
            .map(|rejection| rejection.cluster)
            .collect();
        let strategy = self.placement().replica_scheduling.as_ref();
        let rules = strategy
            .and_then(|it| it.weight_preference.as_ref())
            .map(|it| &it.static_weight_list);
        let weight = |cluster: &Cluster| {
            let rules = rules.into_iter().flatten();
            let picking = rules.filter(|rule| affinity::matches(cluster, &rule.target_cluster));
            picking.map(|rule| rule.weight).max().unwrap_or(0)
        };
        let replicas = i64::from(self.spec.replicas);
        let mut usable: Vec<Usable<'_>> = self
            .clusters
            .iter()
            .filter(|cluster| {
                cluster.metadata.deletion_timestamp.is_none() && !rejected.contains(cluster.name())
            })
            .map(|cluster| {
                // Where there is nothing to place nobody is asked for room.
                let room = if replicas > 0 {
                    room(self.seed, cluster.name())
                } else {
                    i32::MAX.into()
                };
                let available = room + self.assigned(cluster.name());
                let most = self.max.map_or(replicas, i64::from).min(replicas);
                Usable {
                    cluster,
                    available,
                    weight: weight(cluster),
                    most: match self.division {
                        Division::Dynamic | Division::Aggregated => most.min(available),
                        _ => most,
                    },
                }
            })
            .collect();
        if replicas > 0 && self.divides() {
            if self.division == Division::Static {
                if usable.iter().all(|it| it.weight <= 0) {
                    usable.iter_mut().for_each(|it| it.weight = 1);
                } else if self.constrained() {
                    usable.retain(|it| it.weight > 0);
                }
            }
            // Whoever cannot have the least is not used, if there is a choice to make.
            if self.constrained() {
                usable.retain(|it| it.most >= i64::from(self.min));
            }
        }
        usable
    }

    /// Whether replicas are divided.
    fn divides(&self) -> bool {
        self.spec.replicas > 0 && self.division != Division::Duplicated
    }

    fn constrained(&self) -> bool {
        !self.placement().spread_constraints.is_empty() || self.divides() && self.min > 0
    }

    /// The groups of a choice by every property that is constrained, and whether they are as many as asked for.
    fn groups(&self, chosen: &[&Usable<'_>]) -> (usize, bool) {
        let mut limits: BTreeMap<String, (i64, i64, usize)> = BTreeMap::new();
        for constraint in &self.placement().spread_constraints {
            let mut groups: BTreeSet<&str> = BTreeSet::new();
            for it in chosen {
                groups.extend(groups_of(it.cluster, constraint));
            }
            let key = format!("{:?}{}", constraint.spread_by_field, constraint.spread_by_label);
            let max = if constraint.max_groups == 0 {
                i64::MAX
            } else {
                constraint.max_groups
            };
            let limit = limits.entry(key).or_insert((0, i64::MAX, groups.len()));
            *limit = (limit.0.max(constraint.min_groups), limit.1.min(max), limit.2);
        }
        let met = limits
            .values()
            .all(|(min, max, groups)| (*min..=*max).contains(&(*groups as i64)));
        let by_others = limits.iter().filter(|(key, _)| !key.contains("Cluster"));
        (by_others.map(|(_, (_, _, groups))| groups).sum(), met)
    }

    /// All choices of usable clusters that meet the limits on groups and on replicas of each, with the room they have.
    fn choices<'u>(&self, usable: &'u [Usable<'u>]) -> Vec<(Vec<&'u Usable<'u>>, i64)> {
        let replicas = i64::from(self.spec.replicas);
        (1u32..1 << usable.len())
            .map(|bits| {
                (0..usable.len())
                    .filter(|i| bits >> i & 1 == 1)
                    .map(|i| &usable[i])
                    .collect()
            })
            .filter(|chosen: &Vec<&Usable<'_>>| {
                let least = i64::from(self.min) * chosen.len() as i64;
                self.groups(chosen).1 && (!self.divides() || least <= replicas)
            })
            .map(|chosen| {
                let room = chosen.iter().map(|it| it.most).sum();
                (chosen, room)
            })
            .collect()
    }
}

#[derive(Debug)]
struct Usable<'a> {
    cluster: &'a Cluster,
    available: i64,
    weight: i64,
    /// The most it may get.
    most: i64,
}

fn groups_of<'a>(cluster: &'a Cluster, constraint: &SpreadConstraint) -> Vec<&'a str> {
    match &constraint.spread_by_field {
        Some(SpreadFieldValue::Region) => vec![&cluster.spec.region],
        Some(SpreadFieldValue::Provider) => vec![&cluster.spec.provider],
        Some(SpreadFieldValue::Zone) => cluster.spec.zones.iter().map(String::as_str).collect(),
        Some(_) => vec![cluster.name()],
        None => vec![&cluster.metadata.labels.as_ref().unwrap()[&constraint.spread_by_label]],
    }
}

/// One seat after the other to the largest `votes / (2·seats + 1)` of those that may have another one.
fn one_by_one(parties: &mut [(&str, i64, i64, i64)], seats: i64, ties: Ties) {
    for _ in 0..seats {
        let next = parties
            .iter_mut()
            .filter(|(_, votes, seats, most)| *votes > 0 && seats < most)
            .max_by(|left, right| {
                let by_name = match ties {
                    Ties::Ascending => right.0.cmp(left.0),
                    Ties::Descending => left.0.cmp(right.0),
                };
                let claims = (left.1 * (2 * right.2 + 1)).cmp(&(right.1 * (2 * left.2 + 1)));
                claims.then(right.2.cmp(&left.2)).then(by_name)
            });
        next.unwrap().2 += 1;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn decisions_equal_trying_every_choice(seed: u64, count in 0u64..9) {
        let case = case(seed, count);
        let usable = case.usable();
        let replicas = i64::from(case.spec.replicas);
        let limited = replicas > 0 && case.division == Division::Duplicated
            && (replicas < i64::from(case.min) || case.max.is_some_and(|max| replicas > max.into()));
        let choices = case.choices(&usable);
        let wanted = if case.divides() { replicas } else { 0 };
        let possible = if case.constrained() {
            choices.iter().any(|(_, room)| *room >= wanted)
        } else {
            // Without a choice to make all clusters are used.
            let with_votes = usable.iter().filter(|it| case.division != Division::Static || it.weight > 0);
            !usable.is_empty() && with_votes.map(|it| it.most).sum::<i64>() >= wanted
        };
        match case.decide(case.profile(), true) {
            Ok(targets) => {
                prop_assert!(possible && !limited, "{}", case.text());
                let by_name: BTreeMap<&str, &Usable<'_>> = usable.iter().map(|it| (it.cluster.name(), it)).collect();
                let chosen: Vec<&Usable<'_>> = targets.iter().map(|(name, _)| by_name[name.as_str()]).collect();
                prop_assert!(!case.constrained() || case.groups(&chosen).1);
                if wanted > 0 {
                    prop_assert_eq!(targets.iter().map(|(_, replicas)| replicas).sum::<i64>(), wanted);
                    for ((_, replicas), it) in targets.iter().zip(&chosen) {
                        prop_assert!((i64::from(case.min)..=it.most).contains(replicas), "{targets:?}, {it:?}");
                    }
                } else if replicas > 0 {
                    prop_assert!(targets.iter().all(|(_, each)| *each == replicas));
                }
                // The best choice.
                if case.constrained() && case.placement().cluster_affinities.is_empty() {
                    let key = |chosen: &[&Usable<'_>]| {
                        let kept = |it: &&&Usable<'_>| case.assigned(it.cluster.name()) > 0 && !case.anew();
                        let kept = chosen.iter().filter(kept).count();
                        let had = |it: &&&Usable<'_>| case.spec.clusters.iter().any(|t| t.name == it.cluster.name());
                        let had = chosen.iter().filter(had).count();
                        let fits = chosen.iter().filter(|it| it.available >= replicas).count();
                        let weight: i64 = chosen.iter().map(|it| it.weight).sum();
                        let available: i64 = chosen.iter().map(|it| it.available).sum();
                        let (count, groups) = (chosen.len() as i64, Reverse(case.groups(chosen).0));
                        if wanted > 0 && case.division == Division::Aggregated {
                            return (kept, -count, had, 0, available, groups);
                        }
                        let fits = if replicas > 0 && case.division == Division::Duplicated { fits } else { 0 };
                        let weight = if wanted > 0 && case.division == Division::Static { weight } else { 0 };
                        (fits, count, had, weight, available, groups)
                    };
                    let all = choices.iter().filter(|(_, room)| *room >= wanted);
                    prop_assert_eq!(key(&chosen), all.map(|(chosen, _)| key(chosen)).max().unwrap(), "{}", case.text());
                }
            }
            Err(error) if limited => {
                let outside = matches!(
                    error,
                    ScheduleError::Select(SelectError::Spread(SpreadError::DuplicatedOutsideLimits { .. }))
                        | ScheduleError::Fit(_)
                        | ScheduleError::Select(SelectError::Spread(SpreadError::Contradiction { .. }))
                );
                prop_assert!(outside, "{error}");
            }
            Err(ScheduleError::Fit(_)) => prop_assert!(case.usable().is_empty()),
            Err(ScheduleError::Select(SelectError::Spread(error))) => {
                prop_assert!(!possible, "{error}: {}", case.text());
                let most = choices.iter().map(|(_, room)| *room).max();
                match error {
                    SpreadError::TooLittleRoom { room, .. } if !usable.is_empty() => {
                        prop_assert_eq!(Some(room), most);
                    }
                    SpreadError::TooLittleRoom { .. } => {}
                    _ => prop_assert_eq!(most, None, "{}", error),
                }
            }
            Err(ScheduleError::Assign(error)) => {
                // Without a choice to make room is looked at when replicas are divided.
                prop_assert!(!possible && !case.constrained() && error.is_unschedulable(), "{error}: {}", case.text());
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn the_order_of_clusters_does_not_count(seed: u64, count in 0u64..40) {
        let mut case = case(seed, count);
        let text = |outcome: Result<Vec<(String, i64)>, ScheduleError>| outcome.map_err(|error| error.to_string());
        let before = text(case.decide(case.profile(), false));
        Rng(!seed).shuffle(&mut case.clusters);
        prop_assert_eq!(text(case.decide(case.profile(), false)), before);
    }

    #[test]
    fn what_has_replicas_is_spread_where_everybody_gets_one(seed: u64, count in 1u64..40) {
        let mut case = case(seed, count);
        case.min = case.min.max(1);
        case.max = case.max.map(|max| max.max(case.min));
        let Ok(targets) = case.decide(case.profile(), false) else { return Ok(()) };
        let by_name: BTreeMap<&str, Usable<'_>> =
            case.usable().into_iter().map(|it| (it.cluster.name(), it)).collect();
        let chosen: Vec<&Usable<'_>> = targets.iter().map(|(name, _)| &by_name[name.as_str()]).collect();
        if case.spec.replicas > 0 {
            prop_assert!(case.groups(&chosen).1, "{targets:?}");
        }
    }

    #[test]
    fn steady_scaling_moves_nothing_the_other_way(seed: u64, count in 1u64..12) {
        let mut case = case(seed, count);
        case.min = 0;
        case.spec.reschedule_triggered_at = None;
        case.spec.placement.as_mut().unwrap().cluster_affinities.clear();
        if !case.divides() || case.division == Division::Static {
            return Ok(());
        }
        let Ok(targets) = case.decide(case.profile(), true) else { return Ok(()) };
        let most = case.max.map_or(i64::MAX, i64::from);
        let kept: Vec<(i64, i64)> = targets
            .iter()
            .map(|(name, replicas)| (case.assigned(name).min(most), *replicas))
            .collect();
        let before: i64 = kept.iter().map(|(before, _)| before).sum();
        if before <= case.spec.replicas.into() {
            prop_assert!(kept.iter().all(|(before, after)| before <= after), "{kept:?}");
        }
        if before >= case.spec.replicas.into() {
            prop_assert!(kept.iter().all(|(before, after)| before >= after), "{kept:?}");
        }
    }

    #[test]
    fn each_level_is_divided_in_proportion(seed: u64, count in 1u64..12) {
        let mut case = case(seed, count);
        case.spec.clusters.clear();
        case.spec.placement.as_mut().unwrap().cluster_affinities.clear();
        if !case.divides() || case.division == Division::Aggregated {
            return Ok(());
        }
        if case.regions.is_none() {
            case.regions = Some(RegionWeights::equal());
        }
        let Ok(targets) = case.decide(case.profile(), true) else { return Ok(()) };
        let usable = case.usable();
        let of = |name: &str| usable.iter().find(|it| it.cluster.name() == name).unwrap();
        let ties = Ties::for_uid(&case.spec.resource.uid);
        let least = i64::from(case.min);
        let mut regions: BTreeMap<&str, Vec<&Usable<'_>>> = BTreeMap::new();
        for (name, _) in &targets {
            regions.entry(&of(name).cluster.spec.region).or_default().push(of(name));
        }
        let votes = |it: &Usable<'_>| if case.division == Division::Static { it.weight } else { it.available };
        let mut shares: Vec<(&str, i64, i64, i64)> = regions
            .iter()
            .map(|(region, members)| {
                let weight = match case.regions.as_ref().unwrap() {
                    RegionWeights::Fixed(weights) => weights.get(*region).map_or(1, |weight| weight.get().into()),
                    _ => members.iter().map(|it| votes(it)).sum(),
                };
                let most = members.iter().map(|it| if votes(it) > 0 { it.most } else { least }).sum();
                (*region, weight, least * members.len() as i64, most)
            })
            .collect();
        let given: i64 = shares.iter().map(|share| share.2).sum();
        one_by_one(&mut shares, i64::from(case.spec.replicas) - given, ties);
        let mut wanted: BTreeMap<&str, i64> = BTreeMap::new();
        for ((_, _, seats, _), members) in shares.iter().zip(regions.values()) {
            let mut clusters: Vec<(&str, i64, i64, i64)> =
                members.iter().map(|it| (it.cluster.name(), votes(it), least, it.most)).collect();
            one_by_one(&mut clusters, seats - least * members.len() as i64, ties);
            wanted.extend(clusters.iter().map(|cluster| (cluster.0, cluster.2)));
        }
        let got: BTreeMap<&str, i64> = targets.iter().map(|(name, replicas)| (name.as_str(), *replicas)).collect();
        prop_assert_eq!(got, wanted, "{}", case.text());
    }

    #[test]
    fn upstreams_constraints_are_met_when_upstream_meets_them(seed: u64, count in 0u64..14) {
        let mut case = case(seed, count);
        let rng = &mut Rng(!seed);
        let placement = case.spec.placement.as_mut().unwrap();
        placement.cluster_affinities.clear();
        let clusters = 1 + rng.below(4) as i64;
        let more = rng.below(4) as i64;
        let cluster = SpreadConstraint::by_field(SpreadFieldValue::Cluster, clusters, clusters + more);
        placement.spread_constraints = vec![cluster];
        let by_region = rng.chance(60);
        if by_region {
            // More regions than clusters is a contradiction upstream passes over.
            let regions = 1 + rng.below((clusters + more) as u64) as i64;
            let region = SpreadConstraint::by_field(SpreadFieldValue::Region, regions, regions + rng.below(3) as i64);
            placement.spread_constraints.push(region);
        }
        if case.division == Division::Static {
            return Ok(());
        }
        let upstream = case.decide(Profile::karmada(), false);
        let ours = case.decide(Profile::spread(), false);
        match (&upstream, &ours) {
            (Ok(_), Err(error)) => prop_assert!(false, "{error}: {}", case.text()),
            (Err(error), Ok(_)) => {
                // By region upstream chooses without regard to room.
                let short = matches!(error, ScheduleError::Assign(AssignError::TooLittleRoom { .. }));
                prop_assert!(by_region && short, "{error}: {}", case.text());
            }
            _ => {}
        }
    }
}

/// Clusters in a region, a provider, a zone and with a label each.
fn fleet(rows: &[(&str, &str, &str, &str, &str)]) -> Vec<Cluster> {
    rows.iter()
        .map(|(name, region, provider, zone, tier)| {
            let mut labels = json!({});
            if !tier.is_empty() {
                labels["tier"] = json!(tier);
            }
            wire::decode(&json!({
                "metadata": {"name": name, "labels": labels},
                "spec": {"region": region, "provider": provider, "zones": [zone]},
                "status": {
                    "apiEnablements": [
                        {"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]},
                    ],
                    "resourceSummary": {"allocatable": {"pods": 10}},
                },
            }))
            .unwrap()
        })
        .collect()
}

fn two_by_two() -> Vec<Cluster> {
    fleet(&[
        ("m1", "eu", "aws", "eu-a", "gold"),
        ("m2", "eu", "gcp", "eu-b", "gold"),
        ("m3", "us", "aws", "us-a", "silver"),
        ("m4", "us", "gcp", "us-b", ""),
    ])
}

fn outcome(
    clusters: &[Cluster],
    replicas: i32,
    placement: &Value,
    options: SpreadOptions,
) -> Result<Vec<(String, i32)>, ScheduleError> {
    let spec = json!({
        "resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "ns", "name": "web"},
        "replicas": replicas,
        "placement": placement,
    });
    let spec: ResourceBindingSpec = wire::decode(&spec).unwrap();
    let snapshot = Snapshot::build(clusters, []).unwrap();
    let options = Options {
        profile: Profile::spread_with(options).into(),
        ..Options::default()
    };
    let decision = schedule(&snapshot, &spec, &ResourceBindingStatus::default(), &options)?;
    Ok(decision
        .iter()
        .map(|(name, replicas)| (name.to_owned(), replicas))
        .collect())
}

fn aggregated(constraints: Value) -> Value {
    json!({
        "spreadConstraints": constraints,
        "replicaScheduling": {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"},
    })
}

#[test]
fn properties_are_spread_over_together() {
    fn check(constraints: Value, options: SpreadOptions, want: &[(&str, i32)]) {
        let got = outcome(&two_by_two(), 6, &aggregated(constraints.clone()), options).unwrap();
        let want: Vec<(String, i32)> = want
            .iter()
            .map(|(name, replicas)| ((*name).to_owned(), *replicas))
            .collect();
        assert_eq!(got, want, "{constraints}");
    }
    let by =
        |field: &str, min: i64, max: i64| json!({"spreadByField": field, "minGroups": min, "maxGroups": max});
    let each = || SpreadOptions::new().at_least_one();
    check(json!([by("region", 2, 2)]), each(), &[("m1", 5), ("m3", 1)]);
    check(
        json!([by("region", 2, 0), by("provider", 2, 0)]),
        each(),
        &[("m1", 5), ("m4", 1)],
    );
    check(
        json!([by("region", 1, 1), by("provider", 2, 0)]),
        each(),
        &[("m1", 5), ("m2", 1)],
    );
    check(
        json!([by("zone", 3, 0)]),
        each(),
        &[("m1", 4), ("m2", 1), ("m3", 1)],
    );
    // m4 has no such label.
    check(
        json!([{"spreadByLabel": "tier", "minGroups": 2}, by("provider", 2, 0)]),
        each(),
        &[("m2", 5), ("m3", 1)],
    );
    check(
        json!([by("region", 2, 0)]),
        each().max_replicas(2),
        &[("m1", 2), ("m2", 2), ("m3", 2)],
    );
    // Without a minimum of replicas constraints hold of what is chosen.
    check(json!([by("region", 2, 2)]), SpreadOptions::new(), &[("m1", 6)]);
}

#[test]
fn errors_name_what_cannot_be_met() {
    fn check(constraints: Value, replicas: i32, options: SpreadOptions, want: SpreadError) {
        let error = outcome(&two_by_two(), replicas, &aggregated(constraints), options).unwrap_err();
        let short = matches!(want, SpreadError::TooLittleRoom { .. });
        let kind = if short {
            ErrorKind::Unschedulable
        } else {
            ErrorKind::Other
        };
        assert_eq!(error.kind(), kind, "{error}");
        match error {
            ScheduleError::Select(SelectError::Spread(error)) => assert_eq!(error, want),
            error => panic!("{error}"),
        }
    }
    let by =
        |field: &str, min: i64, max: i64| json!({"spreadByField": field, "minGroups": min, "maxGroups": max});
    let none = SpreadOptions::new;
    let invalid = |index, reason| SpreadError::Invalid { index, reason };
    check(
        json!([by("cluster", 1, 1), by("zone", -1, 0)]),
        1,
        none(),
        invalid(1, "minGroups and maxGroups must not be negative"),
    );
    check(
        json!([{"spreadByField": "zone", "spreadByLabel": "tier"}]),
        1,
        none(),
        invalid(0, "spreadByField and spreadByLabel exclude each other"),
    );
    check(
        json!([by("planet", 1, 1)]),
        1,
        none(),
        invalid(0, "spreadByField names no field of clusters"),
    );
    check(
        json!([by("zone", 3, 2)]),
        1,
        none(),
        SpreadError::Contradiction {
            by: SpreadBy::Zone,
            min: 3,
            max: 2,
        },
    );
    check(
        json!([by("zone", 3, 0), by("zone", 0, 2)]),
        1,
        none(),
        SpreadError::Contradiction {
            by: SpreadBy::Zone,
            min: 3,
            max: 2,
        },
    );
    check(
        json!([by("zone", 1, 0)]),
        1,
        none().min_replicas(3).max_replicas(2),
        SpreadError::ContradictoryLimits { min: 3, max: 2 },
    );
    check(
        json!([by("provider", 3, 0)]),
        1,
        none(),
        SpreadError::TooFewGroups {
            by: SpreadBy::Provider,
            min: 3,
            found: 2,
        },
    );
    check(
        json!([{"spreadByLabel": "tier", "minGroups": 3}]),
        1,
        none(),
        SpreadError::TooFewGroups {
            by: SpreadBy::Label("tier".to_owned()),
            min: 3,
            found: 2,
        },
    );
    check(
        json!([by("cluster", 3, 0)]),
        8,
        none().min_replicas(3),
        SpreadError::TooFewReplicas {
            clusters: 3,
            min: 3,
            replicas: 8,
        },
    );
    check(
        json!([by("region", 1, 1), by("cluster", 1, 0)]),
        21,
        none(),
        SpreadError::TooLittleRoom { room: 20, wanted: 21 },
    );
    check(
        json!([by("cluster", 1, 3)]),
        8,
        none().max_replicas(2),
        SpreadError::TooLittleRoom { room: 6, wanted: 8 },
    );
    // Three zones are not in one region.
    check(
        json!([by("region", 1, 1), by("zone", 3, 0)]),
        1,
        none(),
        SpreadError::Conflict {
            limits: vec![SpreadLimit::Groups(SpreadBy::Region)],
        },
    );
    // Two regions take two clusters, which need six replicas.
    check(
        json!([by("region", 2, 0)]),
        5,
        none().min_replicas(3),
        SpreadError::Conflict {
            limits: vec![SpreadLimit::Groups(SpreadBy::Region)],
        },
    );
}

#[test]
fn texts_of_errors() {
    fn check(error: SpreadError, want: &str) {
        assert_eq!(error.to_string(), want);
    }
    check(
        SpreadError::Conflict {
            limits: vec![SpreadLimit::Groups(SpreadBy::Region)],
        },
        "no choice of clusters meets all constraints: spread by region cannot be met together with the others",
    );
    check(
        SpreadError::Conflict {
            limits: vec![
                SpreadLimit::Groups(SpreadBy::Label("tier".to_owned())),
                SpreadLimit::MinReplicas,
            ],
        },
        "no choice of clusters meets all constraints: spread by label tier, the minimum of replicas per cluster cannot \
         be met together",
    );
}

#[test]
fn replicas_everywhere_are_within_the_limits_of_one() {
    let duplicated = json!({"replicaScheduling": {"replicaSchedulingType": "Duplicated"}});
    let error = outcome(
        &two_by_two(),
        5,
        &duplicated,
        SpreadOptions::new().max_replicas(4),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed to select clusters: every cluster gets all 5 replicas, which is outside the limits of one"
    );
    let targets = outcome(
        &two_by_two(),
        4,
        &duplicated,
        SpreadOptions::new().max_replicas(4),
    )
    .unwrap();
    assert_eq!(targets.len(), 4);
}

#[test]
fn sets_of_components_go_where_there_is_room() {
    let mut clusters = two_by_two();
    for (cluster, pods) in clusters.iter_mut().zip([1, 1, 9, 5]) {
        cluster.status.resource_summary = wire::decode(&json!({"allocatable": {"pods": pods}})).unwrap();
    }
    let mut spec = json!({
        "resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "ns", "name": "web"},
        "components": [{"name": "driver", "replicas": 1}, {"name": "worker", "replicas": 2}],
        "placement": {"spreadConstraints": [
            {"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1},
            {"spreadByField": "provider", "minGroups": 1, "maxGroups": 1},
        ]},
    });
    let decide = |spec: &Value| {
        let spec: ResourceBindingSpec = wire::decode(spec).unwrap();
        let options = Options {
            features: FeatureGates::default().with(Feature::MultiplePodTemplatesScheduling, true),
            profile: Profile::spread().into(),
            ..Options::default()
        };
        let snapshot = Snapshot::build(&clusters, []).unwrap();
        let decision = schedule(&snapshot, &spec, &ResourceBindingStatus::default(), &options);
        decision.map(|decision| {
            decision
                .iter()
                .map(|(name, _)| name.to_owned())
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(decide(&spec).unwrap(), ["m3"]);
    // It is there already, and that is why there is no room.
    spec["clusters"] = json!([{"name": "m2"}]);
    assert_eq!(decide(&spec).unwrap(), ["m2"]);
    spec["clusters"] = json!([]);
    spec["components"][1]["replicas"] = json!(9);
    assert_eq!(
        decide(&spec).unwrap_err().to_string(),
        "failed to select clusters: the clusters that meet the spread constraints have room for 0 of 1 replicas"
    );
}

#[test]
fn explanations_say_which_groups_are_used() {
    fn check(placement: Value, options: SpreadOptions, want: [&str; 2]) {
        let spec = json!({
            "resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "ns", "name": "web"},
            "replicas": 6,
            "placement": placement,
        });
        let spec: ResourceBindingSpec = wire::decode(&spec).unwrap();
        let snapshot = Snapshot::build(&two_by_two(), []).unwrap();
        let options = Options {
            profile: Profile::spread_with(options).into(),
            ..Options::default()
        };
        let explained = explain(&snapshot, &spec, &ResourceBindingStatus::default(), &options).unwrap();
        let text = explained.to_text();
        for want in want {
            assert!(text.contains(want), "{want}: {text}");
        }
        let absent = spec.placement.unwrap().spread_constraints.is_empty();
        let spread = if absent { Spread::Absent } else { Spread::Applied };
        assert_eq!(explained.request.spread, spread);
    }
    let zones = json!([
        {"spreadByField": "zone", "minGroups": 3, "maxGroups": 0},
        {"spreadByField": "region", "minGroups": 1, "maxGroups": 2},
    ]);
    let each = || {
        SpreadOptions::new()
            .at_least_one()
            .region_weights(RegionWeights::equal())
    };
    check(
        aggregated(zones.clone()),
        each(),
        [
            "3 of 4 candidates: by zone 3 or more: eu-a, eu-b, us-a; by region 1 to 2: eu, us. No choice is better.",
            "Replicas and the limits of each cluster: eu 3: m1 2 (1 to 6), m2 1 (1 to 6); us 3: m3 3 (1 to 6).",
        ],
    );
    // Upstream does not look at constraints beside fixed weights.
    let fixed = json!({"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted"});
    check(
        json!({"spreadConstraints": zones, "replicaScheduling": fixed}),
        each(),
        [
            "4 of 4 candidates: by zone 3 or more: eu-a, eu-b, us-a, us-b; by region 1 to 2: eu, us.",
            "eu 3: m1 2 (1 to 6), m2 1 (1 to 6); us 3: m3 2 (1 to 6), m4 1 (1 to 6).",
        ],
    );
    check(
        aggregated(json!([{"spreadByField": "zone", "minGroups": 5}])),
        SpreadOptions::new(),
        [
            "is not scheduled: failed to select clusters: spread by zone",
            "Not at all: spread by zone: 5 groups are asked for and the clusters that can be used are in 4.",
        ],
    );
    check(
        aggregated(json!([])),
        SpreadOptions::new().max_replicas(4),
        [
            "there are no spread constraints",
            "Replicas and the limits of each cluster: m1 3 (0 to 4), m2 3 (0 to 4), m3 0 (0 to 4), m4 0 (0 to 4).",
        ],
    );
}

/// Checks that a filter removes what it has a reason for, and nothing else.
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
            assert_eq!(candidates.contains(cluster), passes, "{cluster:?}");
        }
    }
    fn verdict(&self, ctx: &Context<'_>, cluster: ClusterId) -> Verdict {
        self.0.verdict(ctx, cluster)
    }
}

#[test]
fn clusters_without_the_label_are_rejected() {
    let mut registry = Registry::new();
    registry.register_filter(Checked(plugins::SpreadLabel)).unwrap();
    let options = Options {
        profile: Profile::new("checked", &registry).into(),
        ..Options::default()
    };
    let snapshot = Snapshot::build(&two_by_two(), []).unwrap();
    let rejected = |constraints: Value| {
        let placement = wire::decode(&json!({"spreadConstraints": constraints})).unwrap();
        let spec = ResourceBindingSpec {
            placement: Some(placement),
            ..ResourceBindingSpec::default()
        };
        let status = ResourceBindingStatus::default();
        // The filter checks itself.
        let _ = schedule(&snapshot, &spec, &status, &options);
        let diagnosis = diagnose(&snapshot, &spec, &status, &options).unwrap();
        diagnosis
            .rejections()
            .map(|rejection| format!("{}: {}", rejection.cluster, rejection.reason))
            .collect::<Vec<_>>()
    };
    assert!(rejected(json!([{"spreadByField": "cluster"}])).is_empty());
    assert_eq!(
        rejected(json!([{"spreadByLabel": "tier"}])),
        ["m4: cluster(s) did not have label tier"]
    );
    assert_eq!(
        rejected(json!([{"spreadByLabel": "tier"}, {"spreadByLabel": "env"}])).len(),
        4
    );
}
