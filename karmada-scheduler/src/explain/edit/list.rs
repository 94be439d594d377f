//! Which edits come into question for a cluster and a binding.

use std::collections::BTreeSet;

use karmada_core::affinity::{self, fields};
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::meta::{NodeSelectorRequirement, Toleration};
use karmada_core::api::policy::v1alpha1::{
    ClusterAffinity, FieldSelector, ReplicaDivisionPreference, ReplicaSchedulingType, SpreadConstraint,
    SpreadFieldValue,
};
use karmada_core::selector::{self, Requirement};
use karmada_core::toleration::{effects, tolerates};

use super::capacity;
use super::vocabulary::{AffinityChange, AffinityRef, Edit};
use crate::context::Context;
use crate::estimate::EstimateRequest;
use crate::profile::Profile;
use crate::select::Candidate;
use crate::session;

/// A list ends here.
pub(super) const MAX_EDITS: usize = 64;

/// The edits in their order.
pub(super) fn edits(ctx: &Context<'_>, profile: &Profile, cluster: &Cluster) -> Vec<Edit> {
    let ranked = ranked(ctx, profile);
    let mut edits = tolerations(ctx, cluster);
    edits.extend(labels(ctx, cluster));
    edits.extend(affinities(ctx, cluster));
    edits.extend(api(ctx, cluster));
    edits.extend(eviction(ctx, cluster));
    edits.extend(capacity::edits(ctx, cluster, &ranked));
    edits.extend(weights(ctx, cluster));
    edits.extend(group_limits(ctx, cluster, &ranked));
    edits.truncate(MAX_EDITS);
    edits
}

/// The clusters that pass the filters now, by room in place of the scores, which no edit goes by.
fn ranked(ctx: &Context<'_>, profile: &Profile) -> Vec<Candidate> {
    let mut feasible = ctx.snapshot().candidates();
    for plugin in &profile.filters {
        plugin.filter(ctx, &mut feasible);
    }
    let clusters: Vec<_> = feasible.iter().collect();
    let mut candidates = session::Candidates::new(clusters.clone(), vec![0; clusters.len()]);
    if let Some(workload) = session::workload(ctx) {
        for estimator in &profile.estimators {
            let request = EstimateRequest {
                context: ctx,
                clusters: &clusters,
                workload,
            };
            candidates.bound_by(ctx, &estimator.estimate(&request));
        }
    }
    candidates.ranked(ctx)
}

/// The values between `current` and `top`, at distances of 1, 2, 4 and so on, and `top` itself.
pub(super) fn rungs(current: i64, top: i64) -> Vec<i64> {
    let distance = top.saturating_sub(current);
    let steps = std::iter::successors(Some(1i64), |step| step.checked_mul(2));
    let mut rungs: Vec<i64> = steps
        .take_while(|step| *step < distance)
        .map(|step| current + step)
        .collect();
    if distance > 0 {
        rungs.push(top);
    }
    rungs
}

fn push(edits: &mut Vec<Edit>, edit: Edit) {
    if !edits.contains(&edit) {
        edits.push(edit);
    }
}

fn tolerations(ctx: &Context<'_>, cluster: &Cluster) -> Vec<Edit> {
    let tolerations = &ctx.placement().cluster_tolerations;
    let mut edits = Vec::new();
    for taint in &cluster.spec.taints {
        let keeps_away = taint.effect == effects::NO_SCHEDULE || taint.effect == effects::NO_EXECUTE;
        if !keeps_away || tolerations.iter().any(|toleration| tolerates(toleration, taint)) {
            continue;
        }
        let toleration = if taint.value.is_empty() {
            Toleration::exists(&taint.key, &taint.effect)
        } else {
            Toleration::equal(&taint.key, &taint.value, &taint.effect)
        };
        push(&mut edits, Edit::Tolerate { toleration });
    }
    edits
}

/// The affinities in force that do not pick the cluster.
fn unmet<'a>(ctx: &Context<'a>, cluster: &Cluster) -> Vec<(AffinityRef, &'a ClusterAffinity)> {
    let mut in_force = Vec::new();
    if let Some(affinity) = &ctx.placement().cluster_affinity {
        in_force.push((AffinityRef::ClusterAffinity, affinity));
    } else if let Some(term) = ctx.affinity_term() {
        let name = || term.affinity_name.clone();
        in_force.push((AffinityRef::Term { name: name() }, &term.affinity));
        let overflow = term.overflow_affinities.iter().enumerate();
        if ctx.is_workload() {
            in_force.extend(
                overflow
                    .map(|(index, group)| (AffinityRef::Overflow { term: name(), index }, &group.affinity)),
            );
        }
    }
    in_force.retain(|(_, affinity)| !affinity::matches(cluster, affinity));
    in_force
}

fn labels(ctx: &Context<'_>, cluster: &Cluster) -> Vec<Edit> {
    let mut edits = Vec::new();
    let own = &cluster.metadata.labels;
    let set = |key: &str, value: &str| Edit::Label {
        key: key.to_owned(),
        value: Some(value.to_owned()),
    };
    for (_, affinity) in unmet(ctx, cluster) {
        let Some(selector) = &affinity.label_selector else {
            continue;
        };
        if selector::check(selector).is_err() {
            continue;
        }
        for (key, value) in &selector.match_labels {
            if own.as_ref().and_then(|labels| labels.get(key)) != Some(value) {
                push(&mut edits, set(key, value));
            }
        }
        for it in &selector.match_expressions {
            let holds = Requirement::on_label(&it.key, &it.operator, &it.values)
                .is_ok_and(|requirement| requirement.holds(own));
            if holds {
                continue;
            }
            match it.operator.as_str() {
                "In" => it
                    .values
                    .iter()
                    .for_each(|value| push(&mut edits, set(&it.key, value))),
                "Exists" => push(&mut edits, set(&it.key, "true")),
                _ => push(
                    &mut edits,
                    Edit::Label {
                        key: it.key.clone(),
                        value: None,
                    },
                ),
            }
        }
    }
    edits
}

fn affinities(ctx: &Context<'_>, cluster: &Cluster) -> Vec<Edit> {
    let mut edits = Vec::new();
    let name = cluster.name();
    for (reference, affinity) in unmet(ctx, cluster) {
        let mut change = |change: AffinityChange| {
            let affinity = reference.clone();
            push(&mut edits, Edit::Affinity { affinity, change });
        };
        if affinity.exclude_clusters.iter().any(|excluded| excluded == name) {
            change(AffinityChange::NotExcluded);
        }
        if !affinity.cluster_names.is_empty() && !affinity.cluster_names.iter().any(|wanted| wanted == name) {
            change(AffinityChange::Named);
        }
        let requirements = affinity.field_selector.iter();
        for requirement in requirements.flat_map(|selector| &selector.match_expressions) {
            if !meets(cluster, requirement) {
                change(AffinityChange::Field {
                    requirement: requirement.clone(),
                    becomes: relaxed(cluster, requirement),
                });
            }
        }
    }
    edits
}

/// Whether a cluster meets a requirement on its fields.
fn meets(cluster: &Cluster, requirement: &NodeSelectorRequirement) -> bool {
    let only = ClusterAffinity {
        field_selector: Some(FieldSelector {
            match_expressions: vec![requirement.clone()],
        }),
        ..ClusterAffinity::default()
    };
    affinity::matches(cluster, &only)
}

/// The requirement changed by as little as lets the cluster meet it: its value is listed, or no longer ruled out.
fn relaxed(cluster: &Cluster, requirement: &NodeSelectorRequirement) -> Option<NodeSelectorRequirement> {
    let spec = &cluster.spec;
    let own: Vec<&String> = match requirement.key.as_str() {
        fields::PROVIDER => vec![&spec.provider],
        fields::REGION => vec![&spec.region],
        fields::ZONE => spec.zones.iter().collect(),
        _ => Vec::new(),
    };
    let mut relaxed = requirement.clone();
    match requirement.operator.as_str() {
        "In" => relaxed.values.extend(own.first().copied().cloned()),
        "NotIn" => relaxed.values.retain(|value| !own.contains(&value)),
        _ => return None,
    }
    (!relaxed.values.is_empty() && meets(cluster, &relaxed)).then_some(relaxed)
}

fn api(ctx: &Context<'_>, cluster: &Cluster) -> Option<Edit> {
    let resource = &ctx.spec().resource;
    let served = cluster.status.api_enablements.iter().any(|enablement| {
        enablement.group_version == resource.api_version
            && enablement
                .resources
                .iter()
                .any(|served| served.kind == resource.kind)
    });
    (!served).then(|| Edit::EnableApi {
        group_version: resource.api_version.clone(),
        kind: resource.kind.clone(),
    })
}

fn eviction(ctx: &Context<'_>, cluster: &Cluster) -> Option<Edit> {
    let mut tasks = ctx.spec().graceful_eviction_tasks.iter();
    tasks
        .any(|task| task.from_cluster == cluster.name())
        .then_some(Edit::StopEviction)
}

fn weights(ctx: &Context<'_>, cluster: &Cluster) -> Vec<Edit> {
    let Some(strategy) = &ctx.placement().replica_scheduling else {
        return Vec::new();
    };
    let by_weight = strategy.replica_scheduling_type == Some(ReplicaSchedulingType::Divided)
        && strategy.replica_division_preference == Some(ReplicaDivisionPreference::Weighted);
    let preference = strategy.weight_preference.as_ref();
    if !by_weight || preference.is_some_and(|preference| preference.dynamic_weight.is_some()) {
        return Vec::new();
    }
    let rules = preference.map_or(&[][..], |preference| &preference.static_weight_list);
    // Without rules all clusters weigh 1.
    let none = if rules.is_empty() { 1 } else { 0 };
    let own = rules
        .iter()
        .filter(|rule| affinity::matches(cluster, &rule.target_cluster))
        .fold(none, |own, rule| own.max(rule.weight));
    let largest = rules.iter().fold(none, |largest, rule| largest.max(rule.weight));
    let weights = rungs(own, largest.saturating_add(1)).into_iter();
    weights.map(|weight| Edit::Weight { weight }).collect()
}

fn group_limits(ctx: &Context<'_>, cluster: &Cluster, ranked: &[Candidate]) -> Vec<Edit> {
    let constraints = &ctx.placement().spread_constraints;
    let mut edits = Vec::new();
    for (index, constraint) in constraints.iter().enumerate() {
        let same = |other: &SpreadConstraint| {
            other.spread_by_field == constraint.spread_by_field
                && other.spread_by_label == constraint.spread_by_label
        };
        // Of several constraints on one field the last counts.
        if constraints.iter().skip(index + 1).any(same) {
            continue;
        }
        let (groups, place) = groups(ctx, cluster, ranked, constraint);
        let (min, max) = (constraint.min_groups, ctx.max_groups(constraint));
        // The same ladder downwards.
        let mut lower: Vec<i64> = rungs(min.saturating_neg(), -1)
            .into_iter()
            .map(|rung| -rung)
            .collect();
        if 1 <= groups && groups < min && !lower.contains(&groups) {
            lower.push(groups);
            lower.sort_unstable_by_key(|rung| -rung);
        }
        // A maximum below the minimum is none.
        let max = max.max(min.saturating_sub(1)).max(0);
        // Without a maximum a minimum above the groups there are cannot be met.
        let highest = if max == i64::MAX { groups } else { max };
        let mut higher = rungs(max, groups);
        if max < place && place < groups && !higher.contains(&place) {
            higher.push(place);
            higher.sort_unstable();
        }
        let minima = lower.into_iter().chain(rungs(min, highest));
        edits.extend(minima.map(|groups| Edit::MinGroups {
            constraint: index,
            groups,
        }));
        edits.extend(higher.into_iter().map(|groups| Edit::MaxGroups {
            constraint: index,
            groups,
        }));
    }
    edits
}

/// How many groups the candidates and the cluster are in, and at which place the cluster would be if each cluster is a
/// group.
fn groups(
    ctx: &Context<'_>,
    cluster: &Cluster,
    ranked: &[Candidate],
    constraint: &SpreadConstraint,
) -> (i64, i64) {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let own = ctx.snapshot().find(cluster.name());
    let mut of: BTreeSet<&str> = BTreeSet::new();
    let views = ranked.iter().map(|candidate| candidate.cluster).chain(own);
    for view in views.filter_map(|cluster| ctx.snapshot().cluster(cluster)) {
        match &constraint.spread_by_field {
            Some(SpreadFieldValue::Cluster) => _ = of.insert(view.name()),
            Some(SpreadFieldValue::Region) => _ = of.insert(view.region()),
            Some(SpreadFieldValue::Provider) => _ = of.insert(view.provider()),
            Some(SpreadFieldValue::Zone) => of.extend(view.zones()),
            _ => of.extend(view.label(&constraint.spread_by_label)),
        }
    }
    of.remove("");
    let place = ranked.iter().find(|candidate| Some(candidate.cluster) == own);
    let place = match (place, &constraint.spread_by_field) {
        (Some(own), Some(SpreadFieldValue::Cluster)) => {
            1 + ranked
                .iter()
                .filter(|candidate| candidate.key() < own.key())
                .count()
        }
        _ => 0,
    };
    (count(of.len()), count(place))
}
