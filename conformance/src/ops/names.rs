//! Names and hashes: `names`.

use karmada_core::names;
use serde_json::{Value, json};

use super::Op;
use crate::case::{Case, RunError};
use crate::compare;

pub(super) const OPS: &[Op] = &[Op {
    name: "names",
    run: name,
    compare: compare::exact,
}];

fn name(case: &Case) -> Result<Value, RunError> {
    let arguments: Vec<String> = case.decode("args")?;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let value: Value = match (case.text("fn")?, arguments.as_slice()) {
        ("GenerateExecutionSpaceName", [cluster]) => names::execution_space(cluster).into(),
        ("GetClusterName", [namespace]) => names::cluster_of_execution_space(namespace)?.into(),
        ("GenerateServiceAccountName", [cluster]) => names::service_account(cluster).into(),
        ("GenerateEstimatorDeploymentName", [cluster]) => names::estimator_deployment(cluster).into(),
        ("GenerateEstimatorServiceName", [prefix, cluster]) => {
            names::estimator_service(prefix, cluster).into()
        }
        ("GenerateImpersonationSecretName", [cluster]) => names::impersonation_secret(cluster).into(),
        ("GenerateBindingName", [kind, name]) => names::binding_name(kind, name).into(),
        ("GenerateBindingReferenceKey", [namespace, name]) => {
            names::binding_reference_key(namespace, name).into()
        }
        ("NamespacedKey", [namespace, name]) => names::namespaced_key(namespace, name).into(),
        ("GenerateWorkName", [kind, name, namespace]) => names::work_name(kind, name, namespace).into(),
        ("GenerateRoleName", [service_account]) => names::role(service_account).into(),
        ("GenerateEndpointSliceName", [slice, cluster]) => names::endpoint_slice(slice, cluster).into(),
        ("GenerateDerivedServiceName", [service]) => names::derived_service(service).into(),
        ("IsReservedNamespace", [namespace]) => names::is_reserved_namespace(namespace).into(),
        ("GeneratePolicyName", [namespace, name, group_version_kind]) => {
            names::policy_name(namespace, name, group_version_kind).into()
        }
        (function, arguments) => {
            let count = arguments.len();
            return Err(RunError::Malformed(format!(
                "no function {function} of {count} arguments"
            )));
        }
    };
    Ok(json!({"value": value}))
}
