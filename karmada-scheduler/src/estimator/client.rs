//! The scheduler's side of accurate estimators (`karmada:pkg/estimator/client/accurate.go`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use karmada_core::api::work::v1alpha2::{
    Component, NodeClaim, ReplicaRequirements, ResourceBindingSpec, TargetCluster,
};

use super::request::{
    MaxAvailableComponentSetsRequest, MaxAvailableReplicasRequest, UnschedulableReplicasRequest,
};
use super::{AccurateEstimator, AccurateEstimatorError, MemberSnapshot};
use crate::deschedule;
use crate::estimate::{Estimate, EstimateError, EstimateRequest, ReplicaEstimator, Workload, assumed};
use crate::fleet::AssumedWorkload;
use crate::session::Answer;

/// What an estimator can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Room for replicas of one pod template.
    MaxAvailableReplicas,
    /// Room for sets of components.
    MaxAvailableComponentSets,
    /// Replicas that cannot be scheduled.
    GetUnschedulableReplicas,
}

impl Method {
    /// The path of the method on the wire.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::MaxAvailableReplicas => {
                "/github.com.karmada_io.karmada.pkg.estimator.service.Estimator/MaxAvailableReplicas"
            }
            Self::MaxAvailableComponentSets => {
                "/github.com.karmada_io.karmada.pkg.estimator.service.Estimator/MaxAvailableComponentSets"
            }
            Self::GetUnschedulableReplicas => {
                "/github.com.karmada_io.karmada.pkg.estimator.service.Estimator/GetUnschedulableReplicas"
            }
        }
    }
}

/// The name in the texts of errors, which is not quite that on the wire.
impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MaxAvailableReplicas => "MaxAvailableReplicas",
            Self::MaxAvailableComponentSets => "MaxAvailableComponentSets",
            Self::GetUnschedulableReplicas => "UnschedulableReplicas",
        })
    }
}

/// Why one cluster's estimator was not asked or did not answer. The texts are upstream's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// There is no connection to the cluster's estimator.
    #[error("cluster {cluster} does not exist in estimator cache")]
    NoEstimator {
        /// The cluster.
        cluster: String,
    },
    /// The estimator failed, or could not be reached in time.
    #[error("gRPC request cluster({cluster}) estimator error when calling {method}: {message}")]
    Failed {
        /// The cluster.
        cluster: String,
        /// What it was asked.
        method: Method,
        /// What it or the connection says.
        message: String,
    },
}

/// A question to the estimator of one cluster.
#[derive(Clone, Debug, PartialEq)]
pub enum EstimatorRequest {
    /// About replicas of one pod template.
    Replicas(MaxAvailableReplicasRequest),
    /// About sets of components.
    ComponentSets(MaxAvailableComponentSetsRequest),
}

impl EstimatorRequest {
    /// The cluster asked about.
    #[must_use]
    pub fn cluster(&self) -> &str {
        match self {
            Self::Replicas(request) => &request.cluster,
            Self::ComponentSets(request) => &request.cluster,
        }
    }

    /// The method to call.
    #[must_use]
    pub fn method(&self) -> Method {
        match self {
            Self::Replicas(_) => Method::MaxAvailableReplicas,
            Self::ComponentSets(_) => Method::MaxAvailableComponentSets,
        }
    }
}

/// What to ask the estimators of the clusters in question, a request per cluster in their order.
///
/// Namespace and priority class of replicas are as in the binding, where they are only if the feature
/// `ResourceQuotaEstimate` was on when it was made. Assumed workloads go along with the feature
/// `SchedulingOvercommitProtection`. A hard node affinity without terms is left out everywhere: it is nothing on the
/// wire.
///
/// A host gets the argument from [`Session::estimate_request`](crate::Session::estimate_request), and passes
/// [`object_metadata`] along for the estimators' logs.
///
/// # Example
/// ```
/// use karmada_scheduler::estimator::{CallError, EstimatorRequest, answer, requests};
/// use karmada_scheduler::{Decision, ScheduleError, Session, Step};
///
/// /// Drives a session whose one remote estimator is the accurate one; `call` asks the estimator of a cluster.
/// fn drive(
///     mut session: Session<'_>,
///     call: impl Fn(&EstimatorRequest) -> Result<i32, CallError>,
/// ) -> Result<Decision, ScheduleError> {
///     let mut answers = Vec::new();
///     loop {
///         if let Step::Done(outcome) = session.step(answers) {
///             return outcome;
///         }
///         let asked = session.estimate_request().map(|request| requests(&request)).unwrap_or_default();
///         let responses: Vec<_> = asked.iter().map(&call).collect();
///         answers = vec![answer(&responses)];
///     }
/// }
/// ```
#[must_use]
pub fn requests(request: &EstimateRequest<'_>) -> Vec<EstimatorRequest> {
    let (ctx, workload) = (request.context, request.workload);
    let replica_requirements = match workload {
        Workload::Replicas(requirements) => requirements.cloned().map(|requirements| ReplicaRequirements {
            node_claim: requirements.node_claim.map(on_wire),
            ..requirements
        }),
        Workload::ComponentSets(_) => None,
    };
    let components: Vec<Component> = match workload {
        Workload::Replicas(_) => Vec::new(),
        Workload::ComponentSets(components) => components.iter().cloned().map(component_on_wire).collect(),
    };
    let clusters = request.clusters.iter();
    clusters
        .map(|id| {
            let cluster = ctx.snapshot().name(*id).to_owned();
            let assumed_workloads = assumed(ctx, *id).into_iter().map(workload_on_wire).collect();
            match workload {
                Workload::Replicas(_) => EstimatorRequest::Replicas(MaxAvailableReplicasRequest {
                    cluster,
                    replica_requirements: replica_requirements.clone(),
                    assumed_workloads,
                }),
                Workload::ComponentSets(_) => {
                    EstimatorRequest::ComponentSets(MaxAvailableComponentSetsRequest {
                        cluster,
                        components: components.clone(),
                        namespace: ctx.spec().resource.namespace.clone(),
                        assumed_workloads,
                    })
                }
            }
        })
        .collect()
}

fn on_wire(mut claim: NodeClaim) -> NodeClaim {
    claim.hard_node_affinity = claim
        .hard_node_affinity
        .filter(|affinity| !affinity.node_selector_terms.is_empty());
    claim
}

fn component_on_wire(mut component: Component) -> Component {
    if let Some(requirements) = &mut component.replica_requirements {
        requirements.node_claim = requirements.node_claim.take().map(on_wire);
    }
    component
}

/// Copies the workload only if it is another on the wire.
fn workload_on_wire(workload: &Arc<AssumedWorkload>) -> Arc<AssumedWorkload> {
    let differs = |component: &Component| {
        let claim = component
            .replica_requirements
            .as_ref()
            .and_then(|requirements| requirements.node_claim.as_ref());
        claim
            .and_then(|claim| claim.hard_node_affinity.as_ref())
            .is_some_and(|affinity| affinity.node_selector_terms.is_empty())
    };
    if !workload.components.iter().any(differs) {
        return workload.clone();
    }
    let components = workload.components.iter().cloned();
    Arc::new(AssumedWorkload {
        namespace: workload.namespace.clone(),
        components: components.map(component_on_wire).collect(),
    })
}

/// What goes along with calls as metadata `object`, so that an estimator can tell what it is asked for.
#[must_use]
pub fn object_metadata(spec: &ResourceBindingSpec) -> String {
    let resource = &spec.resource;
    format!(
        "kind={}, name={}/{}",
        resource.kind, resource.namespace, resource.name
    )
}

/// What the estimators' numbers, one per request in their order, mean to a decision.
///
/// # Errors
/// When any of them failed, as upstream: a decision then does without all of them. What the others said is in the
/// [partial](EstimateError::partial) answer, which counts where that is
/// [corrected](crate::Corrections::partial_estimates).
pub fn answer(responses: &[Result<i32, CallError>]) -> Answer {
    let estimates: Vec<Estimate> = responses
        .iter()
        .map(|response| {
            response
                .as_ref()
                .map_or(Estimate::Unknown, |number| Estimate::from_wire(*number))
        })
        .collect();
    match failure(responses) {
        None => Ok(estimates),
        Some(text) => Err(EstimateError::new(text).with_partial(estimates)),
    }
}

/// What the numbers of unschedulable replicas, one per request in their order, mean to the descheduler.
///
/// # Errors
/// When any of the estimators failed: the descheduler then does without all of them.
pub fn unschedulable_answer(
    requests: &[UnschedulableReplicasRequest],
    responses: &[Result<i32, CallError>],
) -> deschedule::Answer {
    if let Some(text) = failure(responses) {
        return Err(EstimateError::new(text));
    }
    let numbers = requests.iter().zip(responses.iter().flatten());
    Ok(numbers
        .map(|(request, number)| TargetCluster::new(&request.cluster, *number))
        .collect())
}

/// The errors as upstream puts them into one: each text once.
fn failure(responses: &[Result<i32, CallError>]) -> Option<String> {
    let mut texts: Vec<String> = Vec::new();
    for error in responses.iter().filter_map(|response| response.as_ref().err()) {
        let text = error.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [] => None,
        [text] => Some(text.clone()),
        _ => Some(format!("[{}]", texts.join(", "))),
    }
}

/// Accurate estimators of several members in this process: for simulations, tests, and hosts that watch the members
/// themselves.
///
/// # Example
/// ```
/// use karmada_scheduler::Profile;
/// use karmada_scheduler::estimator::{AccurateEstimator, MemberEstimators, MemberState};
/// let member1 = MemberState::new();
/// let estimators = MemberEstimators::default().with(AccurateEstimator::new("member1"), member1.snapshot());
/// let profile = Profile::karmada().with_estimator(estimators);
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemberEstimators {
    members: BTreeMap<String, (AccurateEstimator, MemberSnapshot)>,
}

impl MemberEstimators {
    /// With the estimator of one more cluster, on what is known of it. Replaces the one the cluster had.
    #[must_use]
    pub fn with(mut self, estimator: AccurateEstimator, snapshot: MemberSnapshot) -> Self {
        let cluster = estimator.cluster().to_owned();
        self.members.insert(cluster, (estimator, snapshot));
        self
    }

    /// Asks the estimator of one cluster.
    ///
    /// # Errors
    /// [`CallError`] when the cluster has none, or it fails.
    pub fn call(&self, request: &EstimatorRequest) -> Result<i32, CallError> {
        let cluster = request.cluster();
        let Some((estimator, snapshot)) = self.members.get(cluster) else {
            return Err(CallError::NoEstimator {
                cluster: cluster.to_owned(),
            });
        };
        let number = match request {
            EstimatorRequest::Replicas(request) => estimator
                .max_available_replicas(snapshot, request)
                .map(|response| response.max_replicas),
            EstimatorRequest::ComponentSets(request) => estimator
                .max_available_component_sets(snapshot, request)
                .map(|response| response.max_sets),
        };
        number.map_err(|error: AccurateEstimatorError| CallError::Failed {
            cluster: cluster.to_owned(),
            method: request.method(),
            message: error.to_string(),
        })
    }
}

impl ReplicaEstimator for MemberEstimators {
    fn name(&self) -> &str {
        "scheduler-estimator"
    }

    fn estimate(&self, request: &EstimateRequest<'_>) -> Result<Vec<Estimate>, EstimateError> {
        let responses: Vec<_> = requests(request)
            .iter()
            .map(|request| self.call(request))
            .collect();
        answer(&responses)
    }
}
