//! What the rules of one kind are.

use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::Component;
use serde_json::Value;

use super::error::Result;
use super::items::Items;
use super::references::References;
use super::view::{View, integer, number};
use super::{pod_template, result};
use crate::interpreter::{Operation, Replicas, TypeMeta};

/// A rule that reads an object.
type Read<T> = fn(View<'_>) -> Result<T>;

/// The rule that aggregates statuses.
type Aggregate = fn(&mut Value, Option<Items<'_>>, Timestamp) -> Result<()>;

/// The rules of one kind: a function for each operation that it answers.
///
/// Functions that change an object get a copy as the rules see it ([`super::view::import`]); the layer settles the
/// result ([`super::result::settle`]) and throws it away on error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// The kind.
    pub(super) of: TypeMeta<'static>,
    /// `InterpretReplica`.
    pub(super) replicas: Option<Read<Replicas>>,
    /// `InterpretComponent`.
    pub(super) components: Option<Read<Vec<Component>>>,
    /// `ReviseReplica`.
    pub(super) revise: Option<fn(&mut Value, f64) -> Result<()>>,
    /// `Retain`: into the desired object, from the observed one.
    pub(super) retain: Option<fn(&mut Value, View<'_>) -> Result<()>>,
    /// `AggregateStatus`.
    pub(super) aggregate: Option<Aggregate>,
    /// `InterpretStatus`.
    pub(super) reflect: Option<Read<Value>>,
    /// `InterpretHealth`.
    pub(super) health: Option<Read<bool>>,
    /// `InterpretDependency`.
    pub(super) dependencies: Option<Read<References>>,
}

impl Rules {
    /// No rules for the kind; to be filled with `..Rules::of(..)`.
    pub(super) const fn of(api_version: &'static str, kind: &'static str) -> Self {
        Self {
            of: TypeMeta::new(api_version, kind),
            replicas: None,
            components: None,
            revise: None,
            retain: None,
            aggregate: None,
            reflect: None,
            health: None,
            dependencies: None,
        }
    }

    /// Whether there is a rule for the operation.
    pub(super) fn supports(&self, operation: Operation) -> bool {
        match operation {
            Operation::InterpretReplica => self.replicas.is_some(),
            Operation::InterpretComponent => self.components.is_some(),
            Operation::ReviseReplica => self.revise.is_some(),
            Operation::Retain => self.retain.is_some(),
            Operation::AggregateStatus => self.aggregate.is_some(),
            Operation::InterpretStatus => self.reflect.is_some(),
            Operation::InterpretHealth => self.health.is_some(),
            Operation::InterpretDependency => self.dependencies.is_some(),
        }
    }
}

/// The replica count of a rule's result: the integer part, wrapping to the smallest `i32` beyond its range.
///
/// # Errors
/// When it is not a number.
pub(super) fn count(view: View<'_>) -> Result<i32> {
    let number = view
        .number()
        .ok_or_else(|| view.expected("a number of replicas"))?;
    Ok(integer(number.trunc())
        .and_then(|integer| i32::try_from(integer).ok())
        .unwrap_or(i32::MIN))
}

/// `InterpretReplica` of kinds with `spec.replicas`, which must be there, and `spec.template`.
///
/// # Errors
/// When one of them is missing or not of its type.
pub(super) fn replicas_of_workload(object: View<'_>) -> Result<Replicas> {
    let spec = object.get("spec")?;
    let requirements = pod_template::requirements(spec.get("template")?)?;
    Ok(Replicas {
        replicas: count(spec.get("replicas")?)?,
        requirements,
    })
}

/// `ReviseReplica` of kinds with `spec.replicas`, which is always written.
///
/// # Errors
/// When there is no spec.
pub(super) fn revise_replicas(object: &mut Value, replicas: f64) -> Result<()> {
    result::assign(object, &["spec", "replicas"], number(replicas)?)
}

/// `ReviseReplica` of kinds with `spec.parallelism`, which is always written.
///
/// # Errors
/// When there is no spec.
pub(super) fn revise_parallelism(object: &mut Value, replicas: f64) -> Result<()> {
    result::assign(object, &["spec", "parallelism"], number(replicas)?)
}

/// `InterpretHealth` of kinds that roll out like a Deployment: the status is of this generation, every wanted replica
/// is updated and every updated one available.
///
/// # Errors
/// When spec, status or a needed number is missing.
pub(super) fn is_rolled_out(object: View<'_>) -> Result<bool> {
    let status = object.get("status")?;
    if !status
        .get("observedGeneration")?
        .same(object.path(&["metadata", "generation"])?)
    {
        return Ok(false);
    }
    let updated = status.get("updatedReplicas")?;
    let wanted = object.path(&["spec", "replicas"])?;
    if wanted.is_present() && updated.less_than(wanted)? {
        return Ok(false);
    }
    Ok(!status.get("availableReplicas")?.less_than(updated)?)
}

/// `InterpretDependency` of kinds with `spec.template`, which must be there and depend on something.
///
/// # Errors
/// When the template is missing, is not a pod template, or depends on nothing.
pub(super) fn dependencies_of_workload(object: View<'_>) -> Result<References> {
    pod_template::some_dependencies(object, object.path(&["spec", "template"])?)
}
