//! Room made on a cluster.

use std::collections::BTreeMap;

use karmada_core::api::cluster::v1alpha1::{AllocatableModeling, Cluster, ResourceSummary};
use karmada_core::api::meta::ResourceList;
use karmada_core::quantity::{Format, Quantity};

use super::list::rungs;
use super::vocabulary::Edit;
use crate::context::Context;
use crate::estimate::resources::natural;
use crate::estimate::{Estimate, EstimateRequest, GeneralEstimator, ReplicaEstimator, Workload};
use crate::select::Candidate;
use crate::session;

/// The resource pod slots are counted by.
const PODS: &str = "pods";

/// The edits that give the cluster room, each as far as that can be done.
pub(super) fn edits(ctx: &Context<'_>, cluster: &Cluster, ranked: &[Candidate]) -> Vec<Edit> {
    let Some(workload) = session::workload(ctx) else {
        return Vec::new();
    };
    let wanted = match workload {
        Workload::Replicas(_) => i64::from(ctx.spec().replicas),
        Workload::ComponentSets(_) => 1,
    };
    let largest = ranked.iter().map(|candidate| candidate.available).max();
    let maker = RoomMaker { ctx, workload };
    let current = maker.room(cluster);
    let top = wanted.max(largest.unwrap_or(0).saturating_add(1));
    let top = top.max(current.saturating_add(1)).min(i32::MAX.into());
    let mut rungs = rungs(current, top);
    if current < wanted && wanted < top && !rungs.contains(&wanted) {
        rungs.push(wanted);
        rungs.sort_unstable();
    }
    rungs
        .into_iter()
        .filter_map(|room| maker.edit(cluster, room))
        .collect()
}

struct RoomMaker<'a, 'c> {
    ctx: &'c Context<'a>,
    workload: Workload<'c>,
}

impl RoomMaker<'_, '_> {
    /// What the general estimator says of the cluster, with what is assumed on it.
    fn room(&self, cluster: &Cluster) -> i64 {
        let Some(snapshot) = self.ctx.snapshot().alone(cluster) else {
            return 0;
        };
        let Some(id) = snapshot.find(cluster.name()) else {
            return 0;
        };
        let context = self.ctx.on(snapshot);
        let estimates = GeneralEstimator.estimate(&EstimateRequest {
            context: &context,
            clusters: &[id],
            workload: self.workload,
        });
        match estimates.unwrap_or_default().first() {
            Some(Estimate::Value(room)) => i64::from(*room),
            _ => i64::from(i32::MAX),
        }
    }

    /// Raises whatever is short for that much room; `None` if that does not help.
    fn edit(&self, cluster: &Cluster, room: i64) -> Option<Edit> {
        let mut raised = cluster.clone();
        let mut wanted = room;
        let mut first = None;
        // Assumed workloads take room that the summary does not show: as much more is made.
        for _ in 0..3 {
            self.raise(raised.status.resource_summary.get_or_insert_default(), wanted);
            let missing = room - self.room(&raised);
            if missing <= 0 {
                return Some(difference(cluster, &raised, room));
            }
            wanted = wanted.saturating_add(missing);
            first.get_or_insert_with(|| raised.clone());
        }
        // Where nodes are short, the sum need not be raised further for their sake.
        let raised = first
            .and_then(|first| self.more_nodes(&first, room))
            .or_else(|| self.more_nodes(&raised, room))?;
        Some(difference(cluster, &raised, room))
    }

    /// Raises what is allocatable in sum.
    fn raise(&self, summary: &mut ResourceSummary, room: i64) {
        for (name, per_room) in self.demand() {
            let need = per_room.saturating_mul(room);
            let amount = |list: &ResourceList| list.get(&name).copied();
            let [allocated, allocating] =
                [&summary.allocated, &summary.allocating].map(|list| amount(list).unwrap_or(Quantity::ZERO));
            let allocatable = amount(&summary.allocatable);
            let before = allocatable.unwrap_or(Quantity::ZERO);
            let left = if name == PODS {
                // Each amount is rounded before they are subtracted.
                before
                    .value()
                    .saturating_sub(allocated.value())
                    .saturating_sub(allocating.value())
            } else {
                natural(&name, before - allocated - allocating)
            };
            let missing = need.saturating_sub(left);
            if missing <= 0 && allocatable.is_some() {
                continue;
            }
            let format = allocatable.map_or(Format::DecimalSi, Quantity::format);
            let more = if name == "cpu" {
                Quantity::from_milli(missing.max(0), format)
            } else {
                Quantity::new(missing.max(0), format)
            };
            let after = (before + more).with_format(format);
            summary.allocatable.insert(name, after);
        }
    }

    /// What a replica, or a set of components, takes, pod slots included.
    fn demand(&self) -> BTreeMap<String, i64> {
        let mut demand: BTreeMap<String, i64> = BTreeMap::new();
        let mut add = |name: &str, amount: i64| {
            if amount > 0 {
                let sum = demand.entry(name.to_owned()).or_default();
                *sum = sum.saturating_add(amount);
            }
        };
        match self.workload {
            Workload::Replicas(requirements) => {
                add(PODS, 1);
                for (name, quantity) in requirements.iter().flat_map(|it| &it.resource_request) {
                    add(name, natural(name, *quantity));
                }
            }
            Workload::ComponentSets(components) => {
                for component in components {
                    let replicas = i64::from(component.replicas);
                    add(PODS, replicas);
                    let requirements = component.replica_requirements.iter();
                    for (name, quantity) in requirements.flat_map(|it| &it.resource_request) {
                        add(name, natural(name, *quantity).saturating_mul(replicas));
                    }
                }
                if self.pods() <= 0 {
                    add(PODS, 1);
                }
            }
        }
        demand
    }

    /// Pods per replica or set of components.
    fn pods(&self) -> i64 {
        match self.workload {
            Workload::Replicas(_) => 1,
            Workload::ComponentSets(components) => components
                .iter()
                .map(|component| i64::from(component.replicas))
                .sum(),
        }
    }

    /// More nodes of the smallest grade of the cluster's resource models that helps.
    fn more_nodes(&self, cluster: &Cluster, room: i64) -> Option<Cluster> {
        let mut grades: Vec<u64> = cluster
            .spec
            .resource_models
            .iter()
            .map(|model| model.grade)
            .collect();
        grades.sort_unstable();
        grades.dedup();
        let before = self.room(cluster);
        let with = |grade: u64, nodes: i64| {
            let mut more = cluster.clone();
            let modelings = &mut more.status.resource_summary.as_mut()?.allocatable_modelings;
            match modelings.iter_mut().find(|modeling| modeling.grade == grade) {
                Some(modeling) => modeling.count = modeling.count.saturating_add(nodes),
                None => modelings.push(AllocatableModeling { grade, count: nodes }),
            }
            Some(more)
        };
        grades.into_iter().find_map(|grade| {
            let step = self.pods().max(1);
            let gain = self.room(&with(grade, step)?) - before;
            if gain <= 0 {
                return None;
            }
            let steps = room.saturating_sub(before).saturating_add(gain - 1) / gain;
            with(grade, steps.saturating_mul(step)).filter(|more| self.room(more) >= room)
        })
    }
}

/// What was raised.
fn difference(before: &Cluster, after: &Cluster, room: i64) -> Edit {
    let empty = ResourceSummary::default();
    let summary = |cluster: &Cluster| -> ResourceSummary {
        cluster.status.resource_summary.as_ref().unwrap_or(&empty).clone()
    };
    let (before, after) = (summary(before), summary(after));
    Edit::Capacity {
        room,
        allocatable: after
            .allocatable
            .into_iter()
            .filter(|(name, amount)| before.allocatable.get(name) != Some(amount))
            .collect(),
        modelings: if before.allocatable_modelings == after.allocatable_modelings {
            Vec::new()
        } else {
            after.allocatable_modelings
        },
    }
}
