//! Which resource leaves the least room: the same question asked for one resource at a time.

use std::collections::BTreeSet;

use karmada_core::api::meta::ResourceList;
use karmada_core::api::work::v1alpha2::{Component, ReplicaRequirements};

use super::resources::natural;
use super::{Estimate, EstimateRequest, GeneralEstimator, ReplicaEstimator, Workload};
use crate::explain::Limit;

/// The resource pod slots are counted by.
const PODS: &str = "pods";

pub(super) fn bounds(estimator: &GeneralEstimator, request: &EstimateRequest<'_>) -> Vec<Vec<Limit>> {
    let rooms = |request: &EstimateRequest<'_>| -> Vec<i32> {
        let estimates = estimator.estimate(request).unwrap_or_default();
        estimates.into_iter().map(room).collect()
    };
    let all = rooms(request);
    let slots = with_only(request, None, rooms);
    let columns: Vec<(&str, Vec<i32>)> = requested(request.workload)
        .into_iter()
        .map(|name| (name, with_only(request, Some(name), rooms)))
        .collect();
    let limit = |resource: &str, room: i32| Limit {
        resource: resource.to_owned(),
        room,
    };
    all.iter()
        .enumerate()
        .map(|(index, bound)| {
            // Every answer counts pod slots, so that resources say nothing where those are the bound.
            if slots.get(index) == Some(bound) {
                return vec![limit(PODS, *bound)];
            }
            let tight = columns
                .iter()
                .filter(|(_, column)| column.get(index) == Some(bound));
            let limits: Vec<Limit> = tight.map(|(name, _)| limit(name, *bound)).collect();
            if limits.is_empty() {
                return vec![limit(Limit::NODES, *bound)];
            }
            limits
        })
        .collect()
}

fn room(estimate: Estimate) -> i32 {
    match estimate {
        Estimate::Value(room) => room,
        Estimate::Unknown | Estimate::Unlimited => i32::MAX,
    }
}

/// The resources that are asked for, each once.
fn requested(workload: Workload<'_>) -> BTreeSet<&str> {
    let requests: Vec<&ResourceList> = match workload {
        Workload::Replicas(requirements) => requirements.iter().map(|it| &it.resource_request).collect(),
        Workload::ComponentSets(components) => components
            .iter()
            .filter_map(|component| component.replica_requirements.as_ref())
            .map(|requirements| &requirements.resource_request)
            .collect(),
    };
    requests
        .into_iter()
        .flatten()
        .filter(|(name, quantity)| natural(name, **quantity) > 0)
        .map(|(name, _)| name.as_str())
        .collect()
}

/// The answer if only this resource were asked for, or none.
fn with_only<T>(
    request: &EstimateRequest<'_>,
    resource: Option<&str>,
    ask: impl Fn(&EstimateRequest<'_>) -> T,
) -> T {
    let only = |list: &ResourceList| -> ResourceList {
        let entry = resource.and_then(|name| list.get_key_value(name));
        entry
            .map(|(name, quantity)| (name.clone(), *quantity))
            .into_iter()
            .collect()
    };
    match request.workload {
        Workload::Replicas(requirements) => {
            // Without requirements resource models, whose nodes have pod slots as well, would not be looked at.
            let reduced = requirements.map(|requirements| ReplicaRequirements {
                resource_request: only(&requirements.resource_request),
                ..requirements.clone()
            });
            ask(&EstimateRequest {
                workload: Workload::Replicas(reduced.as_ref()),
                ..*request
            })
        }
        Workload::ComponentSets(components) => {
            let mut reduced: Vec<Component> = components.to_vec();
            for requirements in reduced
                .iter_mut()
                .filter_map(|component| component.replica_requirements.as_mut())
            {
                requirements.resource_request = only(&requirements.resource_request);
            }
            ask(&EstimateRequest {
                workload: Workload::ComponentSets(&reduced),
                ..*request
            })
        }
    }
}
