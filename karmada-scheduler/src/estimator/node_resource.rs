//! Room on nodes (`karmada:pkg/estimator/server/framework/plugins/noderesource`).

use std::sync::Arc;

use karmada_core::api::work::v1alpha2::{Component, ComponentReplicaRequirements, ReplicaRequirements};

use super::first_fit::Placement;
use super::node_claim::allowed;
use super::plugin::{Code, ComponentEstimation, EstimatorPlugin, PluginResult, ReplicaEstimation};
use crate::cluster_set::ROWS;
use crate::estimate::resources::{is_simulated, positive};
use crate::fleet::AssumedWorkload;

/// Says what fits onto the nodes beside the pods that run there.
///
/// Replicas are added up over the nodes they may run on. Sets of components are placed one after the other, each pod
/// onto the first node with room for it; the nodes stand in the order of their names, where upstream's order is that in
/// which they came, zone by zone in turn. Assumed workloads are placed before, once each, as far as they fit.
///
/// Looked at are resources, pod slots, node selector, hard node affinity, taints and cordons. Whether a node is ready
/// shows in its taints only; affinity between pods, topology, ports, volumes and priorities do not matter.
///
/// # Complexity
/// Replicas: linear in nodes times requested resources. Sets of `c` components: at most `O(c² × nodes)`. An assumed
/// workload: linear in nodes per kind of pod for all of them together, and `O(1)` per pod placed.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeResourceEstimator;

impl EstimatorPlugin for NodeResourceEstimator {
    fn name(&self) -> &str {
        "NodeResourceEstimator"
    }

    fn replicas(&self, estimation: &ReplicaEstimation<'_>) -> (i32, PluginResult) {
        let room = if estimation.assumed_workloads.is_empty() {
            room(estimation)
        } else {
            room_beside(estimation)
        };
        (saturated(room), PluginResult::success())
    }

    fn component_sets(&self, estimation: &ComponentEstimation<'_>) -> (i32, PluginResult) {
        let components = estimation.components;
        if components.is_empty() {
            let reason = format!("{} received empty components list", self.name());
            return (i32::MAX, PluginResult::new(Code::NoOperation, reason));
        }
        let assumed = estimation.assumed_workloads;
        let all = assumed.iter().flat_map(|workload| &workload.components);
        let mut nodes = Placement::new(estimation.snapshot, all.chain(components));
        place(&mut nodes, assumed);
        let sets = saturated(nodes.sets(components, i64::from(i32::MAX)));
        if sets == 0 {
            return (0, PluginResult::new(Code::Unschedulable, "no enough resources"));
        }
        (sets, PluginResult::success())
    }
}

fn saturated(room: i64) -> i32 {
    i32::try_from(room).unwrap_or(i32::MAX)
}

/// Places each workload once. One that does not fit keeps what was placed of it: most likely it runs already.
fn place<'a>(nodes: &mut Placement<'a>, assumed: &'a [Arc<AssumedWorkload>]) {
    for workload in assumed {
        nodes.place_set(&workload.components);
    }
}

fn room(estimation: &ReplicaEstimation<'_>) -> i64 {
    let (snapshot, requirements) = (estimation.snapshot, estimation.requirements);
    let claim = requirements.and_then(|requirements| requirements.node_claim.as_ref());
    let request: Vec<(&str, i64)> = requirements
        .into_iter()
        .flat_map(|requirements| positive(&requirements.resource_request))
        .filter(|(name, _)| is_simulated(name))
        .collect();
    let mut room = 0i64;
    for (chunk, rows) in snapshot.chunks().iter().zip(allowed(snapshot, claim)) {
        if rows.is_empty() {
            continue;
        }
        let mut fits: [i64; ROWS] = chunk.slots;
        for (name, wanted) in &request {
            let Some(column) = chunk.column(name) else {
                fits = [0; ROWS];
                break;
            };
            for (fit, left) in fits.iter_mut().zip(&column.left) {
                // Divides only where this resource is the scarcer one.
                if *left < wanted.saturating_mul(*fit) {
                    *fit = left / wanted;
                }
            }
        }
        for row in rows.iter() {
            room = room.saturating_add(fits.get(row).copied().unwrap_or(0));
        }
    }
    room
}

fn room_beside(estimation: &ReplicaEstimation<'_>) -> i64 {
    let replica = component(estimation.requirements);
    let assumed = estimation.assumed_workloads;
    let all = assumed.iter().flat_map(|workload| &workload.components);
    let mut nodes = Placement::new(estimation.snapshot, all.chain([&replica]));
    place(&mut nodes, assumed);
    nodes.room(&replica)
}

fn component(requirements: Option<&ReplicaRequirements>) -> Component {
    Component {
        name: String::new(),
        replicas: 1,
        replica_requirements: requirements.map(|requirements| ComponentReplicaRequirements {
            node_claim: requirements.node_claim.clone(),
            resource_request: requirements.resource_request.clone(),
            priority_class_name: String::new(),
        }),
    }
}
