//! What the training jobs share: replicas by type, conditions, times.

use karmada_core::api::work::v1alpha2::Component;
use serde_json::{Map, Value, json};

use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::omit_zero::{Zero, omit_zero};
use crate::thirdparty::references::References;
use crate::thirdparty::times::{self, Blank};
use crate::thirdparty::view::{View, number};
use crate::thirdparty::{components, conditions, pod_template, result};

/// A component for each of the replica types that the map at `spec.<specs>` has, named in lower case.
pub(super) fn components(object: View<'_>, specs: &str, types: &[&str]) -> Result<Vec<Component>> {
    let specs = object.find(&["spec", specs])?;
    let mut all = Vec::new();
    for name in types {
        let replica = specs.find(&[name])?;
        if replica.is_absent() {
            continue;
        }
        let replicas = components::replicas(replica.get("replicas")?.to_number().unwrap_or(1.0))?;
        let template = replica.get("template")?;
        let name = name.to_lowercase();
        all.push(if template.is_absent() {
            Component {
                name,
                replicas,
                replica_requirements: None,
            }
        } else {
            components::of_template(name, replicas, template)?
        });
    }
    Ok(all)
}

/// What the pod templates of the replica types name.
pub(super) fn dependencies(object: View<'_>, specs: &str, types: &[&str]) -> Result<References> {
    let specs = object.find(&["spec", specs])?;
    let mut templates = Vec::new();
    for name in types {
        let template = specs.find(&[name, "template"])?;
        if template.is_present() {
            templates.push(template);
        }
    }
    pod_template::dependencies(object, &templates)
}

/// Not failed, as far as it says anything.
pub(super) fn health(observed: View<'_>) -> Result<bool> {
    let list = observed.find(&["status", "conditions"])?;
    if list.is_absent() {
        return Ok(false);
    }
    has_not_failed(list)
}

/// Whether no condition says that it failed.
pub(super) fn has_not_failed(list: View<'_>) -> Result<bool> {
    for condition in list.list()? {
        if conditions::is(condition, "Failed", "True")? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `active`, `failed` and `succeeded` of each replica type, summed.
pub(super) fn replica_statuses(items: Items<'_>, types: &[&str]) -> Result<Value> {
    let mut all = Map::new();
    for name in types {
        let mut sums = Map::new();
        for field in ["active", "failed", "succeeded"] {
            let sum = items.sum_or_zero(&["replicaStatuses", name, field])?;
            sums.insert(field.to_owned(), number(sum)?);
        }
        all.insert((*name).to_owned(), Value::Object(sums));
    }
    Ok(Value::Object(all))
}

/// What an aggregation writes over the template's status.
#[derive(Debug, Default)]
pub(super) struct Aggregated {
    pub(super) start_time: Value,
    pub(super) completion_time: Value,
    pub(super) last_reconcile_time: Value,
    pub(super) replica_statuses: Value,
    pub(super) conditions: Vec<Value>,
    /// Whether the completion time counts: the job has succeeded everywhere.
    pub(super) completed: bool,
}

impl Aggregated {
    /// Times and replicas of all clusters.
    pub(super) fn of(items: Items<'_>, types: &[&str]) -> Result<Self> {
        Ok(Self {
            start_time: times::earliest(items, &["startTime"], Blank::Counts)?,
            completion_time: times::latest(items, &["completionTime"], Blank::Counts)?,
            last_reconcile_time: times::latest(items, &["lastReconcileTime"], Blank::Counts)?,
            replica_statuses: replica_statuses(items, types)?,
            conditions: Vec::new(),
            completed: false,
        })
    }

    /// Writes it over the template's status and leaves out what says nothing.
    pub(super) fn write(self, object: &mut Value) -> Result<()> {
        let status = result::status(object)?;
        result::set(status, "startTime", self.start_time);
        result::set(status, "lastReconcileTime", self.last_reconcile_time);
        result::set(status, "replicaStatuses", self.replica_statuses);
        result::set(status, "conditions", Value::Array(self.conditions));
        if self.completed {
            result::set(status, "completionTime", self.completion_time);
        }
        let left = omit_zero(Value::Object(std::mem::take(status)), Zero::Dropped)?;
        result::assign(object, &["status"], left.unwrap_or_default())
    }
}

/// The status without any member: nothing is known.
pub(super) fn clear(object: &mut Value) -> Result<()> {
    let status = result::status(object)?;
    for field in ["startTime", "completionTime"] {
        status.remove(field);
    }
    result::fill(status, &["replicaStatuses", "conditions"], &json!([]));
    Ok(())
}
