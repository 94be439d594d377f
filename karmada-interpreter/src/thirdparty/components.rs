//! Putting components together.

use karmada_core::api::work::v1alpha2::{Component, ComponentReplicaRequirements, ReplicaRequirements};

use super::error::{self, Result};
use super::pod_template;
use super::view::{View, integer};

/// The name of a component; an empty collection cannot be told from none.
///
/// # Errors
/// When it is not a text.
pub(super) fn name(name: View<'_>) -> Result<String> {
    if name.is_empty_table() {
        return Ok(String::new());
    }
    match name.text() {
        Some(text) => Ok(text.to_owned()),
        None => Err(name.expected("the name of a component")),
    }
}

/// The replicas of a component.
///
/// # Errors
/// When the number is not an integer in the range of `i32`.
pub(super) fn replicas(number: f64) -> Result<i32> {
    integer(number)
        .and_then(|integer| i32::try_from(integer).ok())
        .ok_or_else(|| error::invalid(format!("{number} is not a number of replicas")))
}

/// A component whose replicas are pods of the template.
///
/// # Errors
/// When it is not a pod template.
pub(super) fn of_template(name: String, replicas: i32, template: View<'_>) -> Result<Component> {
    Ok(Component {
        name,
        replicas,
        replica_requirements: pod_template::requirements(template)?.map(requirements),
    })
}

/// The requirements of a component's replica: those of any replica without the namespace.
pub(super) fn requirements(of: ReplicaRequirements) -> ComponentReplicaRequirements {
    ComponentReplicaRequirements {
        node_claim: of.node_claim,
        resource_request: of.resource_request,
        priority_class_name: of.priority_class_name,
    }
}
