//! The scheduler once more: slow, obvious, and written on its own from the description of upstream's behaviour. It
//! walks over Cluster objects, places pods node by node, gives out seats one by one, and enumerates combinations.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use karmada_core::affinity;
use karmada_core::api::cluster::v1alpha1::{ApiEnablementStatus, Cluster};
use karmada_core::api::meta::ResourceList;
use karmada_core::api::policy::v1alpha1::{
    ClusterAffinity, ClusterAffinityTerm, Placement, ReplicaDivisionPreference, ReplicaSchedulingType,
    SpreadConstraint, SpreadFieldValue,
};
use karmada_core::api::work::v1alpha2::{
    Component, ResourceBindingSpec, ResourceBindingStatus, TargetCluster, TargetComponent,
};
use karmada_core::apportion::Ties;
use karmada_core::features::{Feature, FeatureGates};
use karmada_core::quantity::{Format, Quantity};
use karmada_core::toleration::tolerates;

/// One decision's input. Workload affinity and assumed workloads are not covered.
pub(crate) struct Input<'a> {
    pub(crate) clusters: &'a [Cluster],
    pub(crate) spec: &'a ResourceBindingSpec,
    pub(crate) status: &'a ResourceBindingStatus,
    pub(crate) features: FeatureGates,
    pub(crate) attach_empty: bool,
}

#[derive(Clone)]
struct Info<'a> {
    cluster: &'a Cluster,
    tier: usize,
    score: i64,
    allocatable: i64,
    available: i64,
}

type Key<'a> = (usize, Reverse<i64>, Reverse<i64>, &'a str);

impl<'a> Info<'a> {
    fn key(&self) -> Key<'a> {
        (
            self.tier,
            Reverse(self.score),
            Reverse(self.available),
            self.cluster.name(),
        )
    }
}

/// Targets in no particular order, or upstream's text.
pub(crate) fn schedule(input: &Input<'_>) -> Result<Vec<TargetCluster>, String> {
    let spec = input.spec;
    let placement = spec.placement.as_ref().unwrap();
    let mut reasons: Vec<String> = Vec::new();
    let mut infos: Vec<Info<'_>> = Vec::new();
    for cluster in input.clusters {
        if cluster.metadata.deletion_timestamp.is_some() {
            continue;
        }
        match rejection(input, placement, cluster) {
            Some(reason) => reasons.push(reason),
            None => infos.push(Info {
                cluster,
                tier: tier(input, placement, cluster),
                score: if is_target(spec, cluster) { 100 } else { 0 },
                allocatable: 0,
                available: 0,
            }),
        }
    }
    if infos.is_empty() {
        return Err(fit_error(input.clusters.len(), &reasons));
    }
    for info in &mut infos {
        info.allocatable = room(input, placement, info.cluster);
        let own = spec
            .clusters
            .iter()
            .find(|target| target.name == info.cluster.name());
        info.available = info.allocatable + own.map_or(0, |target| i64::from(target.replicas));
    }
    infos.sort_by(|left, right| left.key().cmp(&right.key()));
    let selected =
        select(input, placement, infos).map_err(|text| format!("failed to select clusters: {text}"))?;
    let mut targets =
        assign(input, placement, &selected).map_err(|text| format!("failed to assign replicas: {text}"))?;
    if input.attach_empty {
        for info in &selected {
            if !targets.iter().any(|target| target.name == info.cluster.name()) {
                targets.push(TargetCluster::new(info.cluster.name(), 0));
            }
        }
    }
    Ok(targets)
}

fn is_target(spec: &ResourceBindingSpec, cluster: &Cluster) -> bool {
    spec.clusters.iter().any(|target| target.name == cluster.name())
}

fn is_workload(spec: &ResourceBindingSpec) -> bool {
    spec.replicas > 0 || spec.replica_requirements.is_some() || !spec.components.is_empty()
}

fn term<'a>(input: &Input<'_>, placement: &'a Placement) -> Option<&'a ClusterAffinityTerm> {
    let observed = &input.status.scheduler_observed_affinity_name;
    let mut terms = placement.cluster_affinities.iter();
    terms.find(|term| term.affinity_name == *observed)
}

fn rejection(input: &Input<'_>, placement: &Placement, cluster: &Cluster) -> Option<String> {
    let spec = input.spec;
    if !is_target(spec, cluster) {
        let served = cluster.api_enablement(&spec.resource.api_version, &spec.resource.kind);
        if served != ApiEnablementStatus::Enabled {
            return Some("cluster(s) did not have the API resource".to_owned());
        }
        for taint in &cluster.spec.taints {
            let mut tolerations = placement.cluster_tolerations.iter();
            if taint.effect != "PreferNoSchedule" && !tolerations.any(|it| tolerates(it, taint)) {
                let value = if taint.value.is_empty() {
                    String::new()
                } else {
                    format!("={}", taint.value)
                };
                let (key, effect) = (&taint.key, &taint.effect);
                return Some(format!(
                    "cluster(s) had untolerated taint {{{key}{value}:{effect}}}"
                ));
            }
        }
    }
    let mut affinities: Vec<&ClusterAffinity> = Vec::new();
    if let Some(affinity) = &placement.cluster_affinity {
        affinities.push(affinity);
    } else if let Some(term) = term(input, placement) {
        affinities.push(&term.affinity);
        if is_workload(spec) {
            affinities.extend(term.overflow_affinities.iter().map(|group| &group.affinity));
        }
    }
    if !affinities.is_empty() && !affinities.iter().any(|it| affinity::matches(cluster, it)) {
        return Some("cluster(s) did not match the placement cluster affinity constraint".to_owned());
    }
    for constraint in &placement.spread_constraints {
        let lacks = match &constraint.spread_by_field {
            Some(SpreadFieldValue::Provider) if cluster.spec.provider.is_empty() => "provider",
            Some(SpreadFieldValue::Region) if cluster.spec.region.is_empty() => "region",
            Some(SpreadFieldValue::Zone) if cluster.spec.zones.is_empty() => "zones",
            _ => continue,
        };
        return Some(format!("cluster(s) did not have {lacks} property"));
    }
    let mut tasks = spec.graceful_eviction_tasks.iter();
    tasks
        .any(|task| task.from_cluster == cluster.name())
        .then(|| "cluster(s) is in the process of eviction".to_owned())
}

fn fit_error(total: usize, reasons: &[String]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_default() += 1;
    }
    let mut texts: Vec<String> = counts
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    texts.sort();
    let texts = if texts.is_empty() {
        "no cluster exists".to_owned()
    } else {
        texts.join(", ")
    };
    format!("0/{total} clusters are available: {texts}.")
}

fn tier(input: &Input<'_>, placement: &Placement, cluster: &Cluster) -> usize {
    if placement.cluster_affinity.is_some() || placement.cluster_affinities.is_empty() {
        return 0;
    }
    let Some(term) = term(input, placement) else {
        return 1000;
    };
    let groups =
        std::iter::once(&term.affinity).chain(term.overflow_affinities.iter().map(|it| &it.affinity));
    groups
        .into_iter()
        .position(|it| affinity::matches(cluster, it))
        .unwrap_or(1000)
}

// Room.

fn places_sets(input: &Input<'_>, placement: &Placement) -> bool {
    input.features.enabled(Feature::MultiplePodTemplatesScheduling)
        && !input.spec.components.is_empty()
        && placement.spread_constraints.iter().any(|it| {
            it.spread_by_field == Some(SpreadFieldValue::Cluster) && it.min_groups == 1 && it.max_groups == 1
        })
}

fn room(input: &Input<'_>, placement: &Placement, cluster: &Cluster) -> i64 {
    let spec = input.spec;
    let most = i64::from(i32::MAX);
    if spec.replicas == 0 && spec.components.is_empty() {
        return most;
    }
    let models = input.features.enabled(Feature::CustomizedClusterResourceModeling);
    let room = if places_sets(input, placement) {
        sets(cluster, &spec.components, models)
    } else {
        let request = spec.replica_requirements.as_ref().map(|it| &it.resource_request);
        replicas(cluster, request, models)
    };
    if room >= most {
        i64::from(spec.replicas)
    } else {
        room
    }
}

fn value(name: &str, quantity: Quantity) -> i64 {
    if name == "cpu" {
        quantity.milli_value()
    } else {
        quantity.value()
    }
}

fn pods_left(cluster: &Cluster) -> i64 {
    let Some(summary) = &cluster.status.resource_summary else {
        return 0;
    };
    let pods = |list: &ResourceList| list.get("pods").map_or(0, |quantity| quantity.value());
    (pods(&summary.allocatable) - pods(&summary.allocated) - pods(&summary.allocating)).max(0)
}

fn left(cluster: &Cluster, name: &str) -> Option<Quantity> {
    let summary = cluster.status.resource_summary.as_ref()?;
    let mut left = *summary.allocatable.get(name)?;
    for taken in [&summary.allocated, &summary.allocating] {
        if let Some(taken) = taken.get(name) {
            left -= *taken;
        }
    }
    Some(left)
}

fn replicas(cluster: &Cluster, request: Option<&ResourceList>, models: bool) -> i64 {
    let pods = pods_left(cluster);
    let Some(request) = request else { return pods };
    if pods == 0 {
        return 0;
    }
    if models && let Some(grades) = grades(cluster) {
        // Nodes do not depend on each other.
        let fitting: i64 = grades.iter().map(|(node, count)| node.fit(request) * count).sum();
        return pods.min(fitting);
    }
    request
        .iter()
        .filter(|(name, quantity)| value(name, **quantity) > 0)
        .map(|(name, quantity)| {
            let left = left(cluster, name).map_or(0, |left| value(name, left));
            left.max(0) / value(name, *quantity)
        })
        .fold(pods, i64::min)
}

fn as_written(quantity: Quantity) -> i64 {
    if quantity.format() == Format::BinarySi {
        quantity.value()
    } else {
        quantity.milli_value()
    }
}

fn sets(cluster: &Cluster, components: &[Component], models: bool) -> i64 {
    let pods = pods_left(cluster);
    let per_set: i64 = components
        .iter()
        .map(|component| i64::from(component.replicas))
        .sum();
    if pods == 0 || per_set <= 0 {
        return pods;
    }
    let mut demand: BTreeMap<&str, i64> = BTreeMap::new();
    for component in components {
        for (name, quantity) in component
            .replica_requirements
            .iter()
            .flat_map(|it| &it.resource_request)
        {
            *demand.entry(name).or_default() += as_written(*quantity) * i64::from(component.replicas);
        }
    }
    let mut sets = pods / per_set;
    for (name, amount) in demand.into_iter().filter(|(_, amount)| *amount > 0) {
        sets = sets.min(left(cluster, name).map_or(0, as_written).max(0) / amount);
    }
    if models && let Some(mut nodes) = nodes(cluster) {
        sets = place_sets(&mut nodes, components, sets);
    }
    sets
}

/// A virtual node.
#[derive(Clone)]
struct Node {
    left: BTreeMap<String, i64>,
    pods: i64,
}

fn simulated(name: &str) -> bool {
    ["cpu", "memory", "ephemeral-storage"].contains(&name)
        || name.contains('/')
        || name.starts_with("hugepages-")
}

impl Node {
    fn fit(&self, request: &ResourceList) -> i64 {
        request
            .iter()
            .filter(|(name, quantity)| simulated(name) && value(name, **quantity) > 0)
            .map(|(name, quantity)| self.left.get(name).copied().unwrap_or(0) / value(name, *quantity))
            .fold(self.pods, i64::min)
    }

    fn take(&mut self, request: &ResourceList, pods: i64) {
        for (name, quantity) in request {
            if let Some(left) = self.left.get_mut(name) {
                *left = (*left - value(name, *quantity) * pods).max(0);
            }
        }
        self.pods -= pods;
    }
}

/// The virtual nodes one by one.
fn nodes(cluster: &Cluster) -> Option<Vec<Node>> {
    let grades = grades(cluster)?;
    Some(
        grades
            .iter()
            .flat_map(|(node, count)| (0..*count).map(|_| node.clone()))
            .collect(),
    )
}

/// The virtual nodes of each grade.
fn grades(cluster: &Cluster) -> Option<Vec<(Node, i64)>> {
    let counts = &cluster.status.resource_summary.as_ref()?.allocatable_modelings;
    if counts.is_empty() || cluster.spec.resource_models.is_empty() || counts.iter().any(|it| it.count < 0) {
        return None;
    }
    let mut models: Vec<_> = cluster.spec.resource_models.iter().collect();
    models.sort_by_key(|model| model.grade);
    let mut grades = Vec::new();
    for model in models {
        let count: i64 = counts
            .iter()
            .filter(|it| it.grade == model.grade)
            .map(|it| it.count)
            .sum();
        let ranges = model.ranges.iter();
        let node = Node {
            left: ranges
                .map(|range| (range.name.clone(), value(&range.name, range.min)))
                .collect(),
            pods: 110,
        };
        grades.push((node, count));
    }
    Some(grades)
}

/// Whole sets placed on the first nodes with room, one after the other.
fn place_sets(nodes: &mut [Node], components: &[Component], bound: i64) -> i64 {
    let none = ResourceList::new();
    let components: Vec<(&ResourceList, i64)> = components
        .iter()
        .map(|it| {
            let request = it
                .replica_requirements
                .as_ref()
                .map_or(&none, |it| &it.resource_request);
            (request, i64::from(it.replicas))
        })
        .filter(|(_, replicas)| *replicas > 0)
        .collect();
    if components.is_empty() {
        return bound;
    }
    // A node that is too full for a component stays so: each component goes on where it last found room.
    let mut starts = vec![0; components.len()];
    for set in 0..bound {
        for ((request, replicas), start) in components.iter().zip(&mut starts) {
            let mut remaining = *replicas;
            while remaining > 0 {
                let Some(node) = nodes.get_mut(*start) else {
                    return set;
                };
                let pods = node.fit(request).min(remaining);
                if pods == 0 {
                    *start += 1;
                    continue;
                }
                node.take(request, pods);
                remaining -= pods;
            }
        }
    }
    bound
}

// Selection.

fn select<'a>(
    input: &Input<'_>,
    placement: &Placement,
    infos: Vec<Info<'a>>,
) -> Result<Vec<Info<'a>>, String> {
    let strategy = placement.replica_scheduling.as_ref();
    let static_weight = strategy.is_some_and(|it| {
        it.replica_scheduling_type == Some(ReplicaSchedulingType::Divided)
            && it.replica_division_preference == Some(ReplicaDivisionPreference::Weighted)
            && it
                .weight_preference
                .as_ref()
                .is_none_or(|it| !it.static_weight_list.is_empty() && it.dynamic_weight.is_none())
    });
    if placement.spread_constraints.is_empty() || static_weight {
        return Ok(infos);
    }
    let last = |field: SpreadFieldValue| {
        let constraints = placement.spread_constraints.iter().rev();
        constraints
            .into_iter()
            .find(|it| it.spread_by_field.as_ref() == Some(&field))
    };
    let cluster = last(SpreadFieldValue::Cluster);
    if let Some(region) = last(SpreadFieldValue::Region) {
        return by_region(input, placement, infos, region, cluster);
    }
    let Some(constraint) = cluster else {
        return Err("just support cluster and region spread constraint".to_owned());
    };
    if (infos.len() as i64) < constraint.min_groups {
        return Err("the number of feasible clusters is less than spreadConstraint.MinGroups".to_owned());
    }
    let count = (infos.len() as i64).min(constraint.max_groups).max(0) as usize;
    let mut keep = infos;
    let mut rest = keep.split_off(count);
    if is_duplicated(placement) {
        return Ok(keep);
    }
    let wanted = if places_sets(input, placement) {
        1
    } else {
        i64::from(input.spec.replicas)
    };
    let sum = |keep: &[Info<'_>]| keep.iter().map(|it| it.available).sum::<i64>();
    for index in (0..count).rev() {
        if sum(&keep) >= wanted {
            break;
        }
        let most = rest.iter().map(|it| it.available).max().unwrap_or(i64::MIN);
        if most > keep[index].available {
            let better = rest.iter().position(|it| it.available == most).unwrap();
            std::mem::swap(&mut keep[index], &mut rest[better]);
        }
    }
    if keep.is_empty() || sum(&keep) < wanted {
        return Err(format!("no enough resource when selecting {count} clusters"));
    }
    Ok(keep)
}

fn is_duplicated(placement: &Placement) -> bool {
    placement
        .replica_scheduling
        .as_ref()
        .is_none_or(|it| it.replica_scheduling_type == Some(ReplicaSchedulingType::Duplicated))
}

fn by_region<'a>(
    input: &Input<'_>,
    placement: &Placement,
    infos: Vec<Info<'a>>,
    region: &SpreadConstraint,
    cluster: Option<&SpreadConstraint>,
) -> Result<Vec<Info<'a>>, String> {
    let mut regions: BTreeMap<&str, Vec<Info<'a>>> = BTreeMap::new();
    for info in infos {
        regions.entry(&info.cluster.spec.region).or_default().push(info);
    }
    if (regions.len() as i64) < region.min_groups {
        return Err("the number of feasible region is less than spreadConstraint.MinGroups".to_owned());
    }
    let cluster_min = cluster.map_or(0, |it| it.min_groups);
    let groups: Vec<Group> = regions
        .iter()
        .map(|(name, members)| Group {
            name: (*name).to_owned(),
            value: members.len() as i64,
            weight: group_score(input, placement, members, region.min_groups, cluster_min),
        })
        .collect();
    let chosen = best_path(groups, region.min_groups, region.max_groups, cluster_min);
    if chosen.is_empty() {
        return Err("the number of clusters is less than the cluster spreadConstraint.MinGroups".to_owned());
    }
    let (mut selected, mut others) = (Vec::new(), Vec::new());
    for group in &chosen {
        let members = &regions[group.name.as_str()];
        selected.push(members[0].clone());
        others.extend_from_slice(&members[1..]);
    }
    others.sort_by(|left, right| left.key().cmp(&right.key()));
    let most = cluster.map_or(0, |it| it.max_groups).max(0) as usize;
    let missing = most.saturating_sub(selected.len());
    selected.extend(others.into_iter().take(missing));
    Ok(selected)
}

fn group_score(
    input: &Input<'_>,
    placement: &Placement,
    members: &[Info<'_>],
    min: i64,
    cluster_min: i64,
) -> i64 {
    let replicas = i64::from(input.spec.replicas);
    if is_duplicated(placement) {
        let valid: Vec<&Info<'_>> = members.iter().filter(|it| it.available >= replicas).collect();
        let count = valid.len() as i64;
        return if count == 0 {
            0
        } else {
            count * 1000 + valid.iter().map(|it| it.score).sum::<i64>() / count
        };
    }
    let target = (replicas as f64 / min.max(1) as f64).ceil() as i64;
    let needed = cluster_min.max(min);
    let (mut available, mut score) = (0, 0);
    for (index, member) in members.iter().enumerate() {
        available += member.available;
        score += member.score;
        let count = index as i64 + 1;
        if count >= needed && available >= target {
            return target * 1000 + score / count;
        }
    }
    let count = members.len() as i64;
    available.min(target) * 1000 + score / count
}

/// A region to choose.
#[derive(Clone)]
struct Group {
    name: String,
    value: i64,
    weight: i64,
}

/// Every complete path, then the best of them.
fn best_path(mut groups: Vec<Group>, min: i64, max: i64, target: i64) -> Vec<Group> {
    groups.sort_by(|l, r| (l.value, Reverse(l.weight), &l.name).cmp(&(r.value, Reverse(r.weight), &r.name)));
    let mut found: Vec<Vec<usize>> = Vec::new();
    let mut path: Vec<usize> = Vec::new();
    search(&groups, (min, max, target), &mut path, 0, &mut found);
    for path in &mut found {
        path.sort_by_key(|index| (Reverse(groups[*index].weight), &groups[*index].name));
    }
    found.sort_by_key(|path| {
        let weight: i64 = path.iter().map(|index| groups[*index].weight).sum();
        let value: i64 = path.iter().map(|index| groups[*index].value).sum();
        (Reverse(weight), Reverse(value))
    });
    let mut paths = found.into_iter();
    let Some(mut best) = paths.next() else {
        return Vec::new();
    };
    for path in paths {
        if path.len() < best.len() && best.starts_with(&path) {
            best = path;
        }
    }
    best.into_iter().map(|index| groups[index].clone()).collect()
}

fn search(
    groups: &[Group],
    bounds: (i64, i64, i64),
    path: &mut Vec<usize>,
    begin: usize,
    found: &mut Vec<Vec<usize>>,
) {
    let (min, max, target) = bounds;
    let (length, sum) = (
        path.len() as i64,
        path.iter().map(|index| groups[*index].value).sum::<i64>(),
    );
    if sum >= target && min <= length && length <= max {
        found.push(path.clone());
        return;
    }
    if length >= max {
        return;
    }
    for next in begin..groups.len() {
        path.push(next);
        search(groups, bounds, path, next + 1, found);
        path.pop();
    }
}

// Assignment.

fn assign(
    input: &Input<'_>,
    placement: &Placement,
    selected: &[Info<'_>],
) -> Result<Vec<TargetCluster>, String> {
    let spec = input.spec;
    if selected.is_empty() {
        return Err("no clusters available to schedule".to_owned());
    }
    if (spec.replicas == 0 && spec.replica_requirements.is_none()) || spec.components.len() > 1 {
        let components: Vec<TargetComponent> = if places_sets(input, placement) && spec.components.len() > 1 {
            let components = spec.components.iter();
            components
                .map(|it| TargetComponent {
                    name: it.name.clone(),
                    replicas: it.replicas,
                })
                .collect()
        } else {
            Vec::new()
        };
        let all = selected.iter().map(|info| TargetCluster {
            name: info.cluster.name().to_owned(),
            replicas: 0,
            components: components.clone(),
        });
        return Ok(all.collect());
    }
    let replicas = i64::from(spec.replicas);
    let tiered = placement.cluster_affinity.is_none()
        && !input.status.scheduler_observed_affinity_name.is_empty()
        && term(input, placement).is_some_and(|term| !term.overflow_affinities.is_empty());
    if !tiered {
        return divide_among(input, placement, selected, replicas);
    }
    let mut tiers: Vec<usize> = selected.iter().map(|info| info.tier).collect();
    tiers.sort_unstable();
    tiers.dedup();
    let (mut remaining, mut targets) = (replicas, Vec::new());
    for tier in tiers {
        let members: Vec<Info<'_>> = selected
            .iter()
            .filter(|info| info.tier == tier)
            .cloned()
            .collect();
        let share = remaining.min(members.iter().map(|info| info.available).sum());
        targets.extend(divide_among(input, placement, &members, share)?);
        remaining -= share;
        if remaining <= 0 {
            return Ok(targets);
        }
    }
    Err("Clusters available replicas are not enough to schedule.".to_owned())
}

fn divide_among(
    input: &Input<'_>,
    placement: &Placement,
    selected: &[Info<'_>],
    replicas: i64,
) -> Result<Vec<TargetCluster>, String> {
    let strategy = placement.replica_scheduling.as_ref();
    let preference = strategy.and_then(|it| it.replica_division_preference.clone());
    let weights = strategy.and_then(|it| it.weight_preference.as_ref());
    let divided =
        strategy.is_some_and(|it| it.replica_scheduling_type == Some(ReplicaSchedulingType::Divided));
    let uid = &input.spec.resource.uid;
    let shares: Vec<(String, i64)> = match preference {
        _ if is_duplicated(placement) => {
            let all = selected
                .iter()
                .map(|info| (info.cluster.name().to_owned(), replicas));
            all.collect()
        }
        Some(ReplicaDivisionPreference::Aggregated) if divided => dynamic(input, selected, replicas, true)?,
        Some(ReplicaDivisionPreference::Weighted) if divided => match weights {
            Some(weights) if weights.dynamic_weight.is_some() => dynamic(input, selected, replicas, false)?,
            _ => {
                let rules = weights.map_or(&[][..], |it| &it.static_weight_list);
                let weight = |info: &Info<'_>| {
                    let matching = rules
                        .iter()
                        .filter(|it| affinity::matches(info.cluster, &it.target_cluster));
                    matching.map(|it| it.weight).max().unwrap_or(0).max(0)
                };
                let none = selected.iter().all(|info| weight(info) == 0);
                let votes = selected.iter().map(|info| {
                    let votes = if none { 1 } else { weight(info) };
                    (info.cluster.name().to_owned(), votes)
                });
                seats(replicas, &votes.collect::<Vec<_>>(), uid)
            }
        },
        preference => {
            let scheduling_type = strategy
                .and_then(|it| it.replica_scheduling_type.clone())
                .unwrap_or_default();
            let preference = preference.unwrap_or_default();
            return Err(format!(
                "unsupported replica scheduling strategy, replicaSchedulingType: {scheduling_type}, \
                 replicaDivisionPreference: {preference}, please try another scheduling strategy"
            ));
        }
    };
    let targets = shares.into_iter().filter(|(_, replicas)| *replicas > 0);
    Ok(targets
        .map(|(name, replicas)| TargetCluster::new(name, replicas as i32))
        .collect())
}

fn dynamic(
    input: &Input<'_>,
    selected: &[Info<'_>],
    replicas: i64,
    aggregated: bool,
) -> Result<Vec<(String, i64)>, String> {
    let (spec, status) = (input.spec, input.status);
    let scheduled: Vec<(String, i64)> = spec
        .clusters
        .iter()
        .filter(|target| selected.iter().any(|info| info.cluster.name() == target.name))
        .map(|target| (target.name.clone(), i64::from(target.replicas)))
        .collect();
    let assigned: i64 = scheduled.iter().map(|(_, replicas)| replicas).sum();
    if replicas <= 0 {
        return Ok(Vec::new());
    }
    let own = |name: &str| {
        let entries = scheduled.iter().filter(|(other, _)| other == name);
        entries.map(|(_, replicas)| replicas).sum::<i64>()
    };
    let fresh = match (&spec.reschedule_triggered_at, &status.last_scheduled_time) {
        (Some(triggered), Some(scheduled)) => triggered.0 > scheduled.0,
        _ => false,
    };
    let room = |extra: bool| -> Vec<(String, i64)> {
        let all = selected.iter().map(|info| {
            let name = info.cluster.name();
            (
                name.to_owned(),
                info.allocatable + if extra { own(name) } else { 0 },
            )
        });
        all.collect()
    };
    let (prefix, mut weights, target, base) = if fresh {
        ("failed to do fresh scale", room(true), replicas, Vec::new())
    } else if assigned > replicas {
        ("failed to scale down", scheduled, replicas, Vec::new())
    } else if assigned < replicas {
        ("failed to scale up", room(false), replicas - assigned, scheduled)
    } else {
        return Ok(scheduled);
    };
    weights.sort_by_key(|(_, weight)| Reverse(*weight));
    let sum: i64 = weights.iter().map(|(_, weight)| weight).sum();
    if sum < target {
        return Err(format!(
            "{prefix}: Clusters available replicas {sum} are not enough to schedule."
        ));
    }
    if aggregated {
        weights.sort_by_key(|(name, _)| {
            !base
                .iter()
                .any(|(other, replicas)| other == name && *replicas > 0)
        });
        let mut sum = 0;
        let enough = weights.iter().position(|(_, weight)| {
            sum += weight;
            sum >= target
        });
        weights.truncate(enough.unwrap_or(weights.len()) + 1);
    }
    let mut result = seats(target, &weights, &spec.resource.uid);
    for (name, replicas) in base {
        match result.iter_mut().find(|(other, _)| *other == name) {
            Some((_, sum)) => *sum += replicas,
            None => result.push((name, replicas)),
        }
    }
    Ok(result)
}

/// One seat after the other.
fn seats(number: i64, votes: &[(String, i64)], uid: &str) -> Vec<(String, i64)> {
    let ascending = Ties::for_uid(uid) == Ties::Ascending;
    let mut seats: Vec<(String, i64)> = votes.iter().map(|(name, _)| (name.clone(), 0)).collect();
    if votes.iter().all(|(_, votes)| *votes == 0) {
        return seats;
    }
    // Sorted by name in the order of ties: the first of equal claims wins.
    let mut order: Vec<usize> = (0..votes.len()).collect();
    order.sort_by(|l, r| votes[*l].0.cmp(&votes[*r].0));
    if !ascending {
        order.reverse();
    }
    let claim = |votes: i64, seats: i64, place: usize| {
        // Greater first; the exact quotient is compared by cross products in `Claim`.
        Claim { votes, seats, place }
    };
    let mut heap: std::collections::BinaryHeap<(Claim, usize)> = order
        .iter()
        .enumerate()
        .map(|(place, index)| (claim(votes[*index].1, 0, place), *index))
        .collect();
    for _ in 0..number {
        let (top, index) = heap.pop().unwrap();
        seats[index].1 += 1;
        heap.push((claim(top.votes, top.seats + 1, top.place), index));
    }
    seats
}

#[derive(PartialEq, Eq)]
struct Claim {
    votes: i64,
    seats: i64,
    place: usize,
}

impl Ord for Claim {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let product = |votes: i64, seats: i64| i128::from(votes) * (2 * i128::from(seats) + 1);
        product(self.votes, other.seats)
            .cmp(&product(other.votes, self.seats))
            .then(other.seats.cmp(&self.seats))
            .then(other.place.cmp(&self.place))
    }
}

impl PartialOrd for Claim {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
