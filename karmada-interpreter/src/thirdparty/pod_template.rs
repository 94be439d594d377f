//! What pod templates need and name.
//!
//! Upstream hands a template of a script to code that decodes it into the Kubernetes type: without what a script cannot
//! hold (`null`, empty collections), and refusing what does not fit the type.

use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::ReplicaRequirements;
use karmada_core::features::FeatureGates;
use serde_json::{Map, Value};

use super::error::{self, Result};
use super::references::References;
use super::result::{EmptyPaths, settle};
use super::view::{View, import};
use crate::kubernetes::{self, Described, member, pod};

/// Where a pod template has the nodes it must run on.
const TERMS: [&str; 5] = [
    "spec",
    "affinity",
    "nodeAffinity",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "nodeSelectorTerms",
];

/// What one pod of the template needs, nothing in particular when absent.
///
/// # Errors
/// When it is not a pod template.
pub(super) fn requirements(template: View<'_>) -> Result<Option<ReplicaRequirements>> {
    let template = decode(template)?;
    let requirements =
        crate::pod_template::requirements(member(&template, &["spec"]), FeatureGates::default());
    match requirements {
        Some(requirements) if requirements.node_claim.is_some() => {
            through_script(&requirements, &template).map(Some)
        }
        other => Ok(other),
    }
}

/// The requirements after they have passed through the script, which drops what is empty.
fn through_script(requirements: &ReplicaRequirements, template: &Value) -> Result<ReplicaRequirements> {
    let mut value = wire::encode(requirements).map_err(error::decode)?;
    if member(template, &TERMS).is_null()
        && let Some(affinity) = value.pointer_mut("/nodeClaim/hardNodeAffinity")
    {
        // Upstream writes a list that is not there as `null`, and an empty one as such.
        *affinity = Value::Object(Map::new());
    }
    let mut value = import(&value);
    settle(&mut value, &EmptyPaths::default());
    wire::decode(&value).map_err(error::decode)
}

/// What pods of the templates of a workload name.
///
/// # Errors
/// When one is not a pod template, or there are any and the workload has no metadata.
pub(super) fn dependencies(object: View<'_>, templates: &[View<'_>]) -> Result<References> {
    if templates.is_empty() {
        return Ok(References::default());
    }
    let mut references = References::of_pods(object)?;
    for template in templates {
        let template = decode(*template)?;
        for reference in crate::dependencies::of_pod(member(&template, &["spec"]), "") {
            references.add_of_pod(reference);
        }
    }
    Ok(references)
}

/// What pods of the template of a workload name, which must be something: the rules of some kinds fail otherwise.
///
/// # Errors
/// When it is not a pod template, or names nothing.
pub(super) fn some_dependencies(object: View<'_>, template: View<'_>) -> Result<References> {
    let references = dependencies(object, &[template])?;
    if references.is_empty() {
        return Err(error::invalid(
            "the pod template has no dependencies, which this kind's rule cannot express",
        ));
    }
    Ok(references)
}

/// The template as Kubernetes reads it.
fn decode(template: View<'_>) -> Result<Value> {
    if !template.is_table() {
        return Err(template.expected("a pod template"));
    }
    if template.is_empty_table() {
        return Ok(Value::Object(Map::new()));
    }
    let mut template = import(template.value());
    settle(&mut template, &EmptyPaths::default());
    kubernetes::check(&template, &pod::PodTemplateSpec::KIND, kubernetes::Reading::Text)?;
    Ok(template)
}
