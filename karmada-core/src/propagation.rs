//! From a template and its policy to the binding (`karmada:pkg/detector/detector.go`).

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use serde_json::Value;

use crate::api::meta::ObjectMeta;
use crate::api::policy::v1alpha1::{PriorityClassSource, PropagationSpec, WorkloadAffinityTerm};
use crate::api::work::v1alpha2::{
    ClusterResourceBinding, Component, ObjectReference, ReplicaRequirements, ResourceBinding,
    ResourceBindingSpec, SchedulePriority, WorkloadAffinityGroups,
};
use crate::binding::merge_suspension;
use crate::claim::{CLUSTER_POLICY_ANNOTATIONS, CLUSTER_POLICY_LABELS, claim_annotations, claim_labels};
use crate::features::{Feature, FeatureGates};
use crate::object::Object;
use crate::policy::PolicyRef;
use crate::{finalizers, names};

/// What an interpreter says about a template.
///
/// With the gate `MultiplePodTemplatesScheduling` components are asked for first, and replicas only where the kind has
/// no components.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Interpretation {
    /// The kind has neither replicas nor components.
    #[default]
    None,
    /// How many replicas, and what one of them needs.
    Replicas {
        /// How many.
        replicas: i32,
        /// What one needs.
        requirements: Option<ReplicaRequirements>,
    },
    /// The parts of a workload with several pod templates.
    Components(Vec<Component>),
}

/// A binding of either kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Binding {
    /// Of a template that lives in a namespace.
    Namespaced(ResourceBinding),
    /// Of a cluster-scoped template.
    Cluster(ClusterResourceBinding),
}

/// Why a binding cannot be made or brought up to date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PropagationError {
    /// Priorities come from PriorityClasses only.
    #[error("priority class source {0:?} is not supported")]
    PriorityClassSource(String),
    /// There is no such PriorityClass.
    #[error("priority class {0:?} does not exist")]
    PriorityClassNotFound(String),
    /// The existing binding belongs to an earlier object of that name and is about to be collected.
    #[error(
        "binding {binding:?} belongs to an earlier object with uid {owner:?}; it has to be collected first"
    )]
    OtherOwner {
        /// The binding.
        binding: String,
        /// The uid of its owner.
        owner: String,
    },
    /// The existing binding is of the other kind than the new one.
    #[error("a binding cannot change its kind")]
    OtherKind,
}

/// Whether a pass that Karmada itself caused stops after the claim, because the policy waits for the next change of the
/// template.
///
/// Such a policy claims a template that exists already, and propagates it only when somebody changes it.
#[must_use]
pub fn waits_for_change(policy: PolicyRef<'_>, changed_by_karmada: bool) -> bool {
    changed_by_karmada && policy.is_lazy()
}

/// The binding a policy gives a template.
///
/// `priority_of_class` looks up the value of a `scheduling.k8s.io/v1` PriorityClass.
///
/// # Errors
/// [`PropagationError`] when the scheduling priority cannot be told.
///
/// ```
/// use karmada_core::api::policy::v1alpha1::PropagationPolicy;
/// use karmada_core::features::FeatureGates;
/// use karmada_core::policy::PolicyRef;
/// use karmada_core::propagation::{Binding, Interpretation, build_binding};
/// use serde_json::json;
///
/// let template = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"}});
/// let policy = PropagationPolicy::named("default", "web");
/// let replicas = Interpretation::Replicas { replicas: 2, requirements: None };
/// let binding = build_binding(&template, PolicyRef::Namespaced(&policy), replicas, FeatureGates::default(), &|_| None)?;
/// let Binding::Namespaced(binding) = binding else { unreachable!() };
/// assert_eq!(binding.metadata.name.as_deref(), Some("web-deployment"));
/// assert_eq!(binding.spec.replicas, 2);
/// # Ok::<(), karmada_core::propagation::PropagationError>(())
/// ```
pub fn build_binding(
    template: &Value,
    policy: PolicyRef<'_>,
    interpretation: Interpretation,
    gates: FeatureGates,
    priority_of_class: &dyn Fn(&str) -> Option<i32>,
) -> Result<Binding, PropagationError> {
    let object = Object::new(template);
    let rules = policy.spec();
    let namespace = object.namespace();
    let mut spec = ResourceBindingSpec {
        resource: object_reference(template),
        propagate_deps: rules.propagate_deps,
        scheduler_name: rules.scheduler_name.clone(),
        placement: Some(rules.placement.clone()),
        failover: rules.failover.clone(),
        conflict_resolution: rules.conflict_resolution.clone(),
        preserve_resources_on_deletion: rules.preserve_resources_on_deletion,
        suspension: merge_suspension(None, rules.suspension.as_ref()),
        ..ResourceBindingSpec::default()
    };
    match interpretation {
        Interpretation::None => {}
        Interpretation::Replicas {
            replicas,
            mut requirements,
        } => {
            if let Some(requirements) = &mut requirements
                && gates.enabled(Feature::ResourceQuotaEstimate)
                && requirements.namespace.is_empty()
            {
                requirements.namespace = namespace.to_owned();
            }
            spec.replicas = replicas;
            spec.replica_requirements = requirements;
        }
        Interpretation::Components(components) => spec.components = components,
    }
    let metadata = |finalizer: &str| ObjectMeta {
        name: Some(names::binding_name(object.kind(), object.name())),
        namespace: Some(namespace.to_owned()).filter(|namespace| !namespace.is_empty()),
        labels: Some(claim_labels(policy).into_iter().collect()),
        annotations: Some(claim_annotations(policy).into_iter().collect()),
        finalizers: Some(vec![finalizer.to_owned()]),
        owner_references: Some(vec![owner_reference(template)]),
        ..ObjectMeta::default()
    };
    if namespace.is_empty() {
        return Ok(Binding::Cluster(ClusterResourceBinding {
            metadata: metadata(finalizers::CLUSTER_BINDING),
            spec,
            ..ClusterResourceBinding::default()
        }));
    }
    if gates.enabled(Feature::WorkloadAffinity) {
        spec.workload_affinity_groups = affinity_groups(template, rules);
    }
    if gates.enabled(Feature::PriorityBasedScheduling) {
        spec.schedule_priority = schedule_priority(rules, priority_of_class)?;
    }
    Ok(Binding::Namespaced(ResourceBinding {
        metadata: metadata(finalizers::BINDING),
        spec,
        ..ResourceBinding::default()
    }))
}

/// Brings an existing binding up to date with the one its policy now gives the template.
///
/// Labels, annotations and finalizers are merged, owners and what comes from template and policy are replaced; clusters,
/// eviction tasks, what follows or is followed, and when somebody asked for rescheduling are left alone. A
/// ClusterResourceBinding keeps its `propagateDeps`, as upstream's does. The claim of a PropagationPolicy displaces that
/// of a ClusterPropagationPolicy.
///
/// # Errors
/// [`PropagationError::OtherOwner`] when the binding belongs to an earlier object of that name.
pub fn merge_binding(
    existing: &Binding,
    desired: Binding,
    policy: PolicyRef<'_>,
) -> Result<Binding, PropagationError> {
    match (existing, desired) {
        (Binding::Namespaced(existing), Binding::Namespaced(desired)) => {
            let mut binding = existing.clone();
            merge_metadata(&mut binding.metadata, desired.metadata, policy)?;
            let propagate_deps = desired.spec.propagate_deps;
            merge_spec(&mut binding.spec, &desired.spec);
            binding.spec.propagate_deps = propagate_deps;
            binding.spec.schedule_priority = desired.spec.schedule_priority;
            binding.spec.workload_affinity_groups = desired.spec.workload_affinity_groups;
            Ok(Binding::Namespaced(binding))
        }
        (Binding::Cluster(existing), Binding::Cluster(desired)) => {
            let mut binding = existing.clone();
            merge_metadata(&mut binding.metadata, desired.metadata, policy)?;
            merge_spec(&mut binding.spec, &desired.spec);
            Ok(Binding::Cluster(binding))
        }
        _ => Err(PropagationError::OtherKind),
    }
}

fn merge_metadata(
    metadata: &mut ObjectMeta,
    desired: ObjectMeta,
    policy: PolicyRef<'_>,
) -> Result<(), PropagationError> {
    check_owner(metadata, desired.owner_references.as_deref().unwrap_or_default())?;
    if matches!(policy, PolicyRef::Namespaced(_)) {
        remove(&mut metadata.labels, &CLUSTER_POLICY_LABELS);
        remove(&mut metadata.annotations, &CLUSTER_POLICY_ANNOTATIONS);
    }
    metadata
        .labels
        .get_or_insert_default()
        .extend(desired.labels.unwrap_or_default());
    metadata
        .annotations
        .get_or_insert_default()
        .extend(desired.annotations.unwrap_or_default());
    let finalizers = metadata.finalizers.get_or_insert_default();
    for finalizer in desired.finalizers.unwrap_or_default() {
        if !finalizers.contains(&finalizer) {
            finalizers.push(finalizer);
        }
    }
    metadata.owner_references = desired.owner_references;
    Ok(())
}

/// An existing binding must belong to the same object as the new one.
pub(crate) fn check_owner(existing: &ObjectMeta, owners: &[OwnerReference]) -> Result<(), PropagationError> {
    let controller = |owners: &[OwnerReference]| {
        owners
            .iter()
            .find(|owner| owner.controller == Some(true))
            .map(|owner| owner.uid.clone())
    };
    match controller(existing.owner_references.as_deref().unwrap_or_default()) {
        Some(owner) if Some(&owner) != controller(owners).as_ref() => Err(PropagationError::OtherOwner {
            binding: existing.name.clone().unwrap_or_default(),
            owner,
        }),
        _ => Ok(()),
    }
}

fn remove(map: &mut Option<BTreeMap<String, String>>, keys: &[&str]) {
    if let Some(map) = map {
        for key in keys {
            map.remove(*key);
        }
    }
}

fn merge_spec(spec: &mut ResourceBindingSpec, desired: &ResourceBindingSpec) {
    spec.resource = desired.resource.clone();
    spec.replica_requirements = desired.replica_requirements.clone();
    spec.replicas = desired.replicas;
    spec.components = desired.components.clone();
    spec.scheduler_name = desired.scheduler_name.clone();
    spec.placement = desired.placement.clone();
    spec.failover = desired.failover.clone();
    spec.conflict_resolution = desired.conflict_resolution.clone();
    spec.preserve_resources_on_deletion = desired.preserve_resources_on_deletion;
    let policy =
        desired
            .suspension
            .as_ref()
            .map(|suspension| crate::api::policy::v1alpha1::PolicySuspension {
                dispatching: suspension.dispatching,
                dispatching_on_clusters: suspension.dispatching_on_clusters.clone(),
            });
    spec.suspension = merge_suspension(spec.suspension.as_ref(), policy.as_ref());
}

/// The reference to a template, with its uid and the version that was looked at.
#[must_use]
pub fn object_reference(template: &Value) -> ObjectReference {
    let object = Object::new(template);
    let version = template
        .pointer("/metadata/resourceVersion")
        .and_then(Value::as_str);
    ObjectReference {
        api_version: object.api_version().to_owned(),
        kind: object.kind().to_owned(),
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
        uid: object.uid().to_owned(),
        resource_version: version.unwrap_or_default().to_owned(),
    }
}

/// The owner reference of the one controller of a binding: the template.
#[must_use]
pub fn owner_reference(template: &Value) -> OwnerReference {
    let object = Object::new(template);
    OwnerReference {
        api_version: object.api_version().to_owned(),
        kind: object.kind().to_owned(),
        name: object.name().to_owned(),
        uid: object.uid().to_owned(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// The groups of workloads a template belongs to, by the labels its policy names.
#[must_use]
pub fn affinity_groups(template: &Value, policy: &PropagationSpec) -> Option<WorkloadAffinityGroups> {
    let affinity = policy.placement.workload_affinity.as_ref()?;
    let labels = Object::new(template).labels();
    let group = |term: Option<&WorkloadAffinityTerm>| {
        let key = &term?.group_by_label_key;
        labels.get(key).map(|value| format!("{key}={value}"))
    };
    let groups = WorkloadAffinityGroups {
        affinity_group: group(affinity.affinity.as_ref()).unwrap_or_default(),
        anti_affinity_group: group(affinity.anti_affinity.as_ref()).unwrap_or_default(),
    };
    (groups != WorkloadAffinityGroups::default()).then_some(groups)
}

fn schedule_priority(
    policy: &PropagationSpec,
    priority_of_class: &dyn Fn(&str) -> Option<i32>,
) -> Result<Option<SchedulePriority>, PropagationError> {
    let Some(priority) = &policy.schedule_priority else {
        return Ok(None);
    };
    if priority.priority_class_source != PriorityClassSource::KubePriorityClass {
        let source = priority.priority_class_source.to_string();
        return Err(PropagationError::PriorityClassSource(source));
    }
    let class = &priority.priority_class_name;
    let value =
        priority_of_class(class).ok_or_else(|| PropagationError::PriorityClassNotFound(class.clone()))?;
    Ok(Some(SchedulePriority { priority: value }))
}

#[cfg(test)]
mod tests;
