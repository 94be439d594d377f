//! The native layer: the kinds Kubernetes itself brings, in plain Rust.
//!
//! Every group of kinds has a module with a table of rules, one entry per kind; a rule is a function of values. Rules
//! that read an object through its type run after the type has been checked, so that they cannot fail on its shape. To
//! add a kind, copy an entry.
//!
//! # How often an object is cloned
//! No operation clones an object whole. Revising and retaining write into it; aggregation builds a new status, and turns
//! the object in place into what upstream's round trip through the Go type gives. Reflection clones the part of the status
//! that it reflects. What retaining copies from the observed object is cloned, and nothing else of it.
//!
//! # Differences from upstream
//! - Members of a reported status are recognised by their exact names; Go's decoder ignores case.
//! - Where upstream crashes (a ServiceAccount's secret without a name), there is an error.
//! - Dependencies are sorted; upstream's order is random.

mod apps;
mod autoscaling;
mod batch;
mod core;
mod load_balancer;
mod multicluster;
mod networking;
mod policy;
mod status;

use jiff::Timestamp;
use karmada_core::api::config::v1alpha1::DependentObjectReference;
use karmada_core::api::work::v1alpha2::AggregatedStatusItem;
use karmada_core::features::FeatureGates;
use serde_json::Value;

use crate::dependencies;
use crate::error::{Error, FieldError};
use crate::interpreter::{Answer, Operation, Replicas, SyncInterpreter, TypeMeta};
use crate::kubernetes::{self, Kind, Reading};
use crate::object;
use crate::pod_template;

/// The native layer (`karmada:pkg/resourceinterpreter/default/native`).
///
/// It reflects the status of every kind there is; the other operations it answers for the kinds it has rules for.
///
/// ```
/// use karmada_interpreter::{Native, SyncInterpreter};
/// use serde_json::json;
///
/// let mut job = json!({"apiVersion": "batch/v1", "kind": "Job", "spec": {"parallelism": 8, "completions": 5}});
/// let native = Native::default();
/// let replicas = native.get_replicas(&job)?.value().unwrap_or_default();
/// assert_eq!(replicas.replicas, 5, "no more pods run than there are completions left");
///
/// let _ = native.revise_replica(&mut job, 2)?;
/// assert_eq!(job["spec"]["parallelism"], 2);
/// # Ok::<(), karmada_interpreter::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Native {
    /// `ResourceQuotaEstimate` makes requirements carry the priority class.
    pub gates: FeatureGates,
}

impl Native {
    /// The kinds there are rules for, by API group. The status of all others is reflected whole.
    pub fn kinds() -> impl Iterator<Item = TypeMeta<'static>> {
        GROUPS.into_iter().flatten().map(|rules| rules.of)
    }
}

/// What is reported by the members, in the order of the binding.
type Items<'a> = &'a [AggregatedStatusItem];

/// What is known about a kind. An operation without rule is not answered.
struct Rules {
    of: TypeMeta<'static>,
    /// The type objects are decoded into before `replicas`, `aggregate`, `health` and `dependencies`.
    kind: Kind,
    /// The number of replicas, and where the spec of the pods is.
    replicas: Option<ReplicaRule>,
    /// Where a number of replicas is written, if there is one already.
    revise: Option<&'static [&'static str]>,
    /// Carries over into the first what the second has.
    retain: Option<RetainRule>,
    /// The new status, nothing where the status is up to date.
    aggregate: Option<AggregateRule>,
    /// The part of the status to reflect; without rule all of it.
    reflect: Option<ReflectRule>,
    /// Whether the object does well.
    health: Option<fn(&Value) -> bool>,
    /// What the object needs beside it.
    dependencies: Option<fn(&Value) -> Vec<DependentObjectReference>>,
}

struct ReplicaRule {
    count: fn(&Value) -> i32,
    pod_spec: &'static [&'static str],
}

type RetainRule = fn(&mut Value, &Value) -> Result<(), FieldError>;
type ReflectRule = fn(&Value) -> Result<Option<Value>, FieldError>;
type AggregateRule = fn(&Value, Option<Items<'_>>, Timestamp) -> Result<Option<Value>, Error>;

impl Rules {
    /// A kind nothing is known about.
    const fn of(api_version: &'static str, name: &'static str, kind: Kind) -> Self {
        Self {
            of: TypeMeta::new(api_version, name),
            kind,
            replicas: None,
            revise: None,
            retain: None,
            aggregate: None,
            reflect: None,
            health: None,
            dependencies: None,
        }
    }

    fn check(&self, object: &Value) -> Result<(), FieldError> {
        kubernetes::check(object, &self.kind, Reading::Object)
    }
}

const GROUPS: [&[Rules]; 7] = [
    apps::RULES,
    batch::RULES,
    core::RULES,
    networking::RULES,
    policy::RULES,
    autoscaling::RULES,
    multicluster::RULES,
];

fn rules(of: TypeMeta<'_>) -> Option<&'static Rules> {
    GROUPS.into_iter().flatten().find(|rules| rules.of == of)
}

/// The rule of a kind for an operation; a layer without one answers that the question is not for it.
macro_rules! rule {
    ($object:expr, $operation:ident) => {{
        let Some(rules) = rules(TypeMeta::of($object)) else {
            return Ok(Answer::NotMine);
        };
        let Some(rule) = &rules.$operation else {
            return Ok(Answer::NotMine);
        };
        (rules, rule)
    }};
}

impl SyncInterpreter for Native {
    fn supports(&self, of: TypeMeta<'_>, operation: Operation) -> bool {
        let Some(rules) = rules(of) else {
            return operation == Operation::InterpretStatus;
        };
        match operation {
            Operation::InterpretReplica => rules.replicas.is_some(),
            Operation::InterpretComponent => false,
            Operation::ReviseReplica => rules.revise.is_some(),
            Operation::Retain => rules.retain.is_some(),
            Operation::AggregateStatus => rules.aggregate.is_some(),
            Operation::InterpretStatus => true,
            Operation::InterpretHealth => rules.health.is_some(),
            Operation::InterpretDependency => rules.dependencies.is_some(),
        }
    }

    fn get_replicas(&self, object: &Value) -> Result<Answer<Replicas>, Error> {
        let (rules, rule) = rule!(object, replicas);
        rules.check(object)?;
        Ok(Answer::Value(Replicas {
            replicas: (rule.count)(object),
            requirements: pod_template::requirements(kubernetes::member(object, rule.pod_spec), self.gates),
        }))
    }

    fn revise_replica(&self, object: &mut Value, replica: i64) -> Result<Answer<()>, Error> {
        let (_, path) = rule!(object, revise);
        if object::integer(object, path)?.is_some() {
            object::set(object, path, replica.into())?;
        }
        Ok(Answer::Value(()))
    }

    fn retain(&self, desired: &mut Value, observed: &Value) -> Result<Answer<()>, Error> {
        let (_, retain) = rule!(desired, retain);
        retain(desired, observed)?;
        Ok(Answer::Value(()))
    }

    fn aggregate_status(
        &self,
        object: &mut Value,
        items: Option<&[AggregatedStatusItem]>,
        now: Timestamp,
    ) -> Result<Answer<()>, Error> {
        let (rules, aggregate) = rule!(object, aggregate);
        rules.check(object)?;
        if let Some(status) = aggregate(object, items, now)? {
            object::set(object, &["status"], status)?;
            kubernetes::normalise(object, &rules.kind);
        }
        Ok(Answer::Value(()))
    }

    fn reflect_status(&self, object: &Value) -> Result<Answer<Option<Value>>, Error> {
        let reflect = rules(TypeMeta::of(object)).and_then(|rules| rules.reflect);
        Ok(Answer::Value(match reflect {
            Some(reflect) => reflect(object)?,
            None => status::whole(object)?,
        }))
    }

    fn interpret_health(&self, object: &Value) -> Result<Answer<bool>, Error> {
        let (rules, health) = rule!(object, health);
        rules.check(object)?;
        Ok(Answer::Value(health(object)))
    }

    fn get_dependencies(&self, object: &Value) -> Result<Answer<Vec<DependentObjectReference>>, Error> {
        let (rules, find) = rule!(object, dependencies);
        rules.check(object)?;
        let mut found = find(object);
        dependencies::sort(&mut found);
        dependencies::verify(&found)?;
        Ok(Answer::Value(found))
    }
}

#[cfg(test)]
mod tests;
