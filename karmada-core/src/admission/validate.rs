//! Checking objects by the rules of their kind.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::binding::{validate_components, validate_dependencies};
use super::cron_hpa::validate_cron_federated_hpa;
use super::federated_hpa::{check_quantities, validate_federated_hpa};
use super::interpreter::{validate_customization, validate_webhook_configuration};
use super::mutate::{CLUSTER_PROPAGATION_POLICY, PROPAGATION_POLICY};
use super::networking::{validate_multi_cluster_ingress, validate_multi_cluster_service};
use super::quota::{admit_binding, validate_federated_resource_quota};
use super::registry::validate_resource_registry;
use super::taint_policy::validate_cluster_taint_policy;
use super::{Context, Denial, DenialReason, Operation, Request, cluster, overrides, propagation};
use crate::api::autoscaling::v1alpha1::{CronFederatedHPA, FederatedHPA};
use crate::api::cluster::v1alpha1::Cluster;
use crate::api::config::v1alpha1::{
    ResourceInterpreterCustomization, ResourceInterpreterWebhookConfiguration,
};
use crate::api::networking::v1alpha1::{MultiClusterIngress, MultiClusterService};
use crate::api::policy::v1alpha1::{
    ClusterOverridePolicy, ClusterPropagationPolicy, ClusterTaintPolicy, FederatedResourceQuota,
    OverridePolicy, PropagationPolicy,
};
use crate::api::search::v1alpha1::ResourceRegistry;
use crate::api::wire;
use crate::api::work::v1alpha2::ResourceBinding;
use crate::features::Feature;
use crate::labels;
use crate::object::Object;

/// Checks an object as upstream's validating webhooks do (api.md 3.4 to 3.6), a Cluster or ResourceRegistry as their
/// API servers do (api.md 3.3). On deletion only deletion protection counts, for objects of any kind.
///
/// The object has to be complete; [`mutate`](super::mutate) comes first. Where upstream tells an empty list from none, so does this:
/// it looks at the object as it was sent.
///
/// # Errors
/// [`Denial`] with code 403 and the fields objected to, all at once; 422 for a Cluster or ResourceRegistry; 400 when
/// an object is not one of its kind.
pub fn validate(request: &Request<'_>, context: &Context<'_>) -> Result<(), Denial> {
    let object = request.object;
    if request.operation == Operation::Delete {
        return if is_deletion_protected(request.old.unwrap_or(object)) {
            let label = labels::DELETION_PROTECTED;
            Err(Denial::forbidden(format!(
                "the object is protected, remove its label {label} first"
            )))
        } else {
            Ok(())
        };
    }
    let raw_spec = object.get("spec").unwrap_or(&Value::Null);
    let old = request.old.filter(|_| request.operation == Operation::Update);
    match request.kind {
        "PropagationPolicy" => {
            let policy: PropagationPolicy = decode(object)?;
            let old: Option<PropagationPolicy> = old.map(decode).transpose()?;
            let old = old.as_ref().map(|old| (&old.metadata, &old.spec));
            if let Some(message) =
                propagation::refuse(&PROPAGATION_POLICY, (&policy.metadata, &policy.spec), old)
            {
                return Err(Denial::forbidden(message));
            }
            Denial::unless_valid(propagation::validate_spec(
                &policy.spec,
                raw_spec,
                request.namespace,
            ))
        }
        "ClusterPropagationPolicy" => {
            let policy: ClusterPropagationPolicy = decode(object)?;
            let old: Option<ClusterPropagationPolicy> = old.map(decode).transpose()?;
            let old = old.as_ref().map(|old| (&old.metadata, &old.spec));
            let new = (&policy.metadata, &policy.spec);
            if let Some(message) = propagation::refuse(&CLUSTER_PROPAGATION_POLICY, new, old) {
                return Err(Denial::forbidden(message));
            }
            Denial::unless_valid(propagation::validate_spec(&policy.spec, raw_spec, ""))
        }
        "OverridePolicy" => {
            let policy: OverridePolicy = decode(object)?;
            Denial::unless_valid(overrides::validate_spec(
                &policy.spec,
                raw_spec,
                request.namespace,
            ))
        }
        "ClusterOverridePolicy" => {
            let policy: ClusterOverridePolicy = decode(object)?;
            Denial::unless_valid(overrides::validate_spec(&policy.spec, raw_spec, ""))
        }
        "ClusterTaintPolicy" => {
            let policy: ClusterTaintPolicy = decode(object)?;
            let allow = context.allow_no_execute_taint_policy;
            Denial::unless_valid(validate_cluster_taint_policy(&policy, allow))
        }
        "FederatedResourceQuota" => {
            let quota: FederatedResourceQuota = decode(object)?;
            Denial::unless_valid(validate_federated_resource_quota(&quota))
        }
        "ResourceBinding" => {
            let old: Option<ResourceBinding> = old.map(decode).transpose()?;
            validate_binding(&decode(object)?, old.as_ref(), context)
        }
        "FederatedHPA" => {
            let hpa: FederatedHPA = decode(object)?;
            check_quantities(&hpa.spec).map_err(|error| Denial::undecodable(&error))?;
            Denial::unless_valid(validate_federated_hpa(&hpa))
        }
        "CronFederatedHPA" => {
            let hpa: CronFederatedHPA = decode(object)?;
            Denial::unless_valid(validate_cron_federated_hpa(&hpa))
        }
        "MultiClusterService" => {
            let service: MultiClusterService = decode(object)?;
            let old: Option<MultiClusterService> = old.map(decode).transpose()?;
            Denial::unless_valid(validate_multi_cluster_service(&service, old.as_ref()))
        }
        "MultiClusterIngress" => {
            let ingress: MultiClusterIngress = decode(object)?;
            let old: Option<MultiClusterIngress> = old.map(decode).transpose()?;
            Denial::unless_valid(validate_multi_cluster_ingress(&ingress, object, old.as_ref()))
        }
        "ResourceInterpreterWebhookConfiguration" => {
            let configuration: ResourceInterpreterWebhookConfiguration = decode(object)?;
            Denial::unless_valid(validate_webhook_configuration(&configuration))
        }
        "ResourceInterpreterCustomization" => {
            let customization: ResourceInterpreterCustomization = decode(object)?;
            validate_customization(&customization, context.customizations, context.check_script)
                .map_err(|error| Denial::forbidden(error.to_string()))
        }
        "Cluster" => {
            let cluster: Cluster = decode(object)?;
            let old: Option<Cluster> = old.map(decode).transpose()?;
            let raw_models = raw_spec.get("resourceModels").unwrap_or(&Value::Null);
            let errors = cluster::validate(&cluster, raw_models, old.as_ref());
            Denial::unless_fitting(request.kind, object, errors)
        }
        "ResourceRegistry" => {
            let registry: ResourceRegistry = decode(object)?;
            let old: Option<ResourceRegistry> = old.map(decode).transpose()?;
            let errors = validate_resource_registry(&registry, old.as_ref());
            Denial::unless_fitting(request.kind, object, errors)
        }
        _ => Ok(()),
    }
}

fn validate_binding(
    binding: &ResourceBinding,
    old: Option<&ResourceBinding>,
    context: &Context<'_>,
) -> Result<(), Denial> {
    Denial::unless_valid(validate_dependencies(binding).into_iter().collect())?;
    if context.gates.enabled(Feature::FederatedQuotaEnforcement) {
        admit_binding(binding, old, context.quotas)
            .map_err(|exceeded| Denial::whole(403, DenialReason::QuotaExceeded, exceeded.to_string()))?;
    }
    if context.gates.enabled(Feature::MultiplePodTemplatesScheduling) {
        Denial::unless_valid(validate_components(&binding.spec.components))?;
    }
    Ok(())
}

/// Whether an object of any kind carries the mark that keeps it from being deleted
/// (`karmada:pkg/webhook/resourcedeletionprotection`).
#[must_use]
pub fn is_deletion_protected(object: &Value) -> bool {
    Object::new(object).labels().get(labels::DELETION_PROTECTED) == Some(labels::DELETION_PROTECTED_ALWAYS)
}

fn decode<T: DeserializeOwned>(object: &Value) -> Result<T, Denial> {
    wire::decode(object).map_err(|error| Denial::undecodable(&error))
}
