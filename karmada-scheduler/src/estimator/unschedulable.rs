//! Replicas that were created and found no node (`karmada:pkg/estimator/server/replica`).

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{Pod, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as kube;
use karmada_core::api::meta::{LabelSelector, LabelSelectorRequirement, ObjectMeta};
use karmada_core::selector::{self, SelectorError};

use super::request::{UnschedulableReplicasRequest, UnschedulableReplicasResponse};
use super::{AccurateEstimator, AccurateEstimatorError};

/// The label by which the ReplicaSets of a Deployment differ.
const POD_TEMPLATE_HASH: &str = "pod-template-hash";

/// Why unschedulable replicas cannot be counted. Texts in upstream's words where upstream has some.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnschedulableError {
    /// The question names no workload.
    #[error("resource is nil")]
    NoResource,
    /// The cluster has no such workload.
    #[error("deployments.apps {name:?} not found")]
    NotFound {
        /// Its name.
        name: String,
    },
    /// Only Deployments are supported.
    #[error("kind({kind}) of workload({workload}) is not supported")]
    Kind {
        /// The kind.
        kind: String,
        /// Namespace and name.
        workload: String,
    },
    /// The Deployment selects nothing, and never will.
    #[error("the selector of deployment {name:?} is not valid")]
    Selector {
        /// The name of the Deployment.
        name: String,
        /// What is wrong with its selector.
        source: SelectorError,
    },
}

/// What a cluster has of a workload. Objects that do not belong to it do not matter, so all there are can be given.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorkloadObjects<'a> {
    /// The Deployment, if there is one of that namespace and name.
    pub deployment: Option<&'a Deployment>,
    /// ReplicaSets of its namespace.
    pub replica_sets: &'a [ReplicaSet],
    /// Pods of its namespace; upstream leaves out those that have ended.
    pub pods: &'a [Pod],
}

impl AccurateEstimator {
    /// How many replicas of a workload have been unschedulable for longer than the threshold at that time.
    ///
    /// # Errors
    /// [`AccurateEstimatorError`] when the question is for another cluster or none can be counted.
    pub fn unschedulable_replicas(
        &self,
        request: &UnschedulableReplicasRequest,
        objects: WorkloadObjects<'_>,
        now: Timestamp,
    ) -> Result<UnschedulableReplicasResponse, AccurateEstimatorError> {
        self.check_cluster(&request.cluster)?;
        let unschedulable_replicas =
            count(request, objects, now).map_err(AccurateEstimatorError::Unschedulable)?;
        Ok(UnschedulableReplicasResponse {
            unschedulable_replicas,
        })
    }
}

fn count(
    request: &UnschedulableReplicasRequest,
    objects: WorkloadObjects<'_>,
    now: Timestamp,
) -> Result<i32, UnschedulableError> {
    let resource = request.resource.as_ref().ok_or(UnschedulableError::NoResource)?;
    if resource.kind != "Deployment" {
        let workload = match resource.namespace.as_str() {
            "" => resource.name.clone(),
            namespace => format!("{namespace}/{}", resource.name),
        };
        return Err(UnschedulableError::Kind {
            kind: resource.kind.clone(),
            workload,
        });
    }
    let not_found = || UnschedulableError::NotFound {
        name: resource.name.clone(),
    };
    let deployment = objects.deployment.ok_or_else(not_found)?;
    let pods = newest_pods(deployment, objects)?;
    let threshold = SignedDuration::from_nanos(request.unschedulable_threshold.max(0));
    let stuck = pods.filter(|pod| is_unschedulable(pod, threshold, now)).count();
    Ok(i32::try_from(stuck).unwrap_or(i32::MAX))
}

/// The pods of the ReplicaSet that has the Deployment's template; none while there is no such ReplicaSet.
fn newest_pods<'a>(
    deployment: &Deployment,
    objects: WorkloadObjects<'a>,
) -> Result<impl Iterator<Item = &'a Pod>, UnschedulableError> {
    let spec = deployment.spec.clone().unwrap_or_default();
    let selector = label_selector(&spec.selector);
    selector::check(&selector).map_err(|source| UnschedulableError::Selector {
        name: deployment.metadata.name.clone().unwrap_or_default(),
        source,
    })?;
    let namespace = deployment.metadata.namespace.clone();
    let selected = move |metadata: &ObjectMeta| {
        metadata.namespace == namespace && selector::matches_labels(&selector, &metadata.labels)
    };
    let template = without_hash(&spec.template);
    let mut candidates: Vec<&ReplicaSet> = objects
        .replica_sets
        .iter()
        .filter(|replica_set| {
            selected(&replica_set.metadata)
                && controller(&replica_set.metadata)
                    .is_some_and(|uid| deployment.metadata.uid.as_deref().unwrap_or_default() == uid)
        })
        .collect();
    candidates.sort_by_key(|replica_set| {
        let metadata = &replica_set.metadata;
        let created = metadata.creation_timestamp.as_ref().map(|created| created.0);
        (created, metadata.name.as_deref())
    });
    let newest = candidates.into_iter().find(|replica_set| {
        let spec = replica_set.spec.as_ref();
        let own = spec.and_then(|spec| spec.template.as_ref());
        without_hash(&own.cloned().unwrap_or_default()) == template
    });
    let newest = newest.map(|replica_set| replica_set.metadata.uid.clone().unwrap_or_default());
    Ok(objects.pods.iter().filter(move |pod| {
        selected(&pod.metadata) && controller(&pod.metadata).is_some_and(|uid| newest.as_deref() == Some(uid))
    }))
}

/// The uid of the object's controller.
fn controller(metadata: &ObjectMeta) -> Option<&str> {
    let owners = metadata.owner_references.iter().flatten();
    let mut controllers = owners.filter(|owner| owner.controller == Some(true));
    controllers.next().map(|owner| owner.uid.as_str())
}

/// A template as the Deployment has it: without the hash, and no labels rather than an empty map of them.
fn without_hash(template: &PodTemplateSpec) -> PodTemplateSpec {
    let mut template = template.clone();
    if let Some(metadata) = &mut template.metadata {
        let labels = metadata.labels.take().map(|mut labels| {
            labels.remove(POD_TEMPLATE_HASH);
            labels
        });
        metadata.labels = labels.filter(|labels| !labels.is_empty());
    }
    if template.metadata == Some(ObjectMeta::default()) {
        template.metadata = None;
    }
    template
}

fn is_unschedulable(pod: &Pod, threshold: SignedDuration, now: Timestamp) -> bool {
    let status = pod.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_ref());
    let scheduled = conditions
        .into_iter()
        .flatten()
        .find(|condition| condition.type_ == "PodScheduled");
    scheduled.is_some_and(|condition| {
        // A time that is missing is long ago.
        let changed = condition.last_transition_time.as_ref();
        condition.status == "False"
            && condition.reason.as_deref() == Some("Unschedulable")
            && changed
                .is_none_or(|changed| changed.0.saturating_add(threshold).unwrap_or(Timestamp::MAX) < now)
    })
}

fn label_selector(selector: &kube::LabelSelector) -> LabelSelector {
    let expressions = selector.match_expressions.iter().flatten();
    LabelSelector {
        match_labels: selector.match_labels.clone().unwrap_or_default(),
        match_expressions: expressions
            .map(|expression| LabelSelectorRequirement {
                key: expression.key.clone(),
                operator: expression.operator.clone(),
                values: expression.values.clone().unwrap_or_default(),
            })
            .collect(),
    }
}
