//! Admission: what an object becomes before it is stored, and why it is refused.
//!
//! [`admit`] does all that stands between a request and the store, in the order of an API server:
//!
//! 1. fields the schema does not know are dropped and its defaults filled in ([`schema`]),
//! 2. the object is completed by the rules of its kind ([`mutate`]),
//! 3. metadata and schema are checked ([`metadata`], [`schema`]), a refusal has code 422,
//! 4. the rules of its kind are checked ([`validate`]), a refusal has code 403.
//!
//! Clusters and ResourceRegistries have API servers of their own upstream, which do the same with a strategy in place
//! of schema and webhooks. The parts can be called alone.
//!
//! # Guarantees
//!
//! The answer is a function of the [`Request`] and its [`Context`]. Identifiers and the time come in with the context;
//! the objects of the request are never changed, and no object makes admission panic. Completing is idempotent, but
//! for the permanent id of policies, which creation always replaces, and the secrets of ServiceAccounts in Works
//! ([`prune`](crate::prune::prune)).
//!
//! # What is not here
//!
//! What only the server knows: uids, creation times, resource versions, whether a name is taken, authorisation. Kinds
//! that are not Karmada's pass unchanged; deletion protection covers them too.

mod admit;
mod binding;
pub mod cluster;
mod cron_hpa;
mod federated_hpa;
mod interpreter;
pub mod metadata;
mod mutate;
mod networking;
mod overrides;
mod placement;
mod propagation;
pub mod quota;
mod registry;
mod schedule;
pub mod schema;
mod syntax;
mod taint_policy;
mod validate;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::api::config::v1alpha1::ResourceInterpreterCustomization;
use crate::api::meta::Time;
use crate::api::policy::v1alpha1::FederatedResourceQuota;
use crate::api::wire::DecodeError;
use crate::crd::{KindInfo, kinds};
use crate::features::FeatureGates;
use crate::field::FieldError;

pub use admit::admit;
pub use cron_hpa::{is_time_zone, validate_cron_federated_hpa};
pub use federated_hpa::{default_federated_hpa, validate_federated_hpa};
pub use interpreter::{
    CustomizationError, ScriptCheck, validate_customization, validate_webhook_configuration,
};
pub use mutate::mutate;
pub use networking::validate_multi_cluster_service;
pub use placement::{validate_cluster_affinity, validate_spread_constraints};
pub use registry::validate_resource_registry;
pub use syntax::cluster_name;
pub use taint_policy::validate_cluster_taint_policy;
pub use validate::{is_deletion_protected, validate};

/// What is to be done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// It is new.
    Create,
    /// It takes the place of a stored one.
    Update,
    /// It goes.
    Delete,
}

/// A request to store or delete an object.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The object's kind.
    pub kind: &'a str,
    /// What is to be done with it.
    pub operation: Operation,
    /// The namespace asked for, empty for kinds without one.
    pub namespace: &'a str,
    /// The object; on deletion it does not count.
    pub object: &'a Value,
    /// The stored object, on update and deletion.
    pub old: Option<&'a Value>,
}

/// What admission has to know beside the request.
#[derive(Clone)]
#[non_exhaustive]
pub struct Context<'a> {
    /// Feature gates.
    pub gates: FeatureGates,
    /// A new UUID: the permanent id of an object that needs one.
    pub permanent_id: &'a str,
    /// The present time; without it taints get none.
    pub now: Option<Time>,
    /// Whether ClusterTaintPolicies may set taints that evict.
    pub allow_no_execute_taint_policy: bool,
    /// How scripts are checked; without it they are not.
    pub check_script: Option<ScriptCheck<'a>>,
    /// The customizations there are, for conflicts with another one.
    pub customizations: &'a [ResourceInterpreterCustomization],
    /// The quotas there are, with gate `FederatedQuotaEnforcement`.
    pub quotas: &'a [FederatedResourceQuota],
    /// Schemas made beforehand; without them [`admit`] makes the one it needs.
    pub schemas: Option<&'a Schemas>,
}

impl<'a> Context<'a> {
    /// A context with default gates, a permanent id, and nothing else there.
    #[must_use]
    pub fn new(permanent_id: &'a str) -> Self {
        Self {
            gates: FeatureGates::default(),
            permanent_id,
            now: None,
            allow_no_execute_taint_policy: false,
            check_script: None,
            customizations: &[],
            quotas: &[],
            schemas: None,
        }
    }

    /// With these feature gates.
    #[must_use]
    pub fn gates(mut self, gates: FeatureGates) -> Self {
        self.gates = gates;
        self
    }

    /// At this time.
    #[must_use]
    pub fn now(mut self, now: Time) -> Self {
        self.now = Some(now);
        self
    }

    /// With the administrator's consent to policies that evict, or without.
    #[must_use]
    pub fn allow_no_execute_taint_policy(mut self, allow: bool) -> Self {
        self.allow_no_execute_taint_policy = allow;
        self
    }

    /// With a check of scripts.
    #[must_use]
    pub fn check_script(mut self, check: ScriptCheck<'a>) -> Self {
        self.check_script = Some(check);
        self
    }

    /// With the customizations there are.
    #[must_use]
    pub fn customizations(mut self, customizations: &'a [ResourceInterpreterCustomization]) -> Self {
        self.customizations = customizations;
        self
    }

    /// With the quotas there are.
    #[must_use]
    pub fn quotas(mut self, quotas: &'a [FederatedResourceQuota]) -> Self {
        self.quotas = quotas;
        self
    }

    /// With schemas made beforehand.
    #[must_use]
    pub fn schemas(mut self, schemas: &'a Schemas) -> Self {
        self.schemas = Some(schemas);
        self
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("gates", &self.gates)
            .field("permanent_id", &self.permanent_id)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// The schemas of all kinds, made once.
#[derive(Clone, Debug)]
pub struct Schemas(BTreeMap<(&'static str, &'static str), Value>);

impl Schemas {
    /// Makes the schemas of all of Karmada's kinds.
    #[must_use]
    pub fn karmada() -> Self {
        let schema = |info: &KindInfo| ((info.api_version, info.kind), info.schema());
        Self(kinds().iter().map(schema).collect())
    }

    fn of(&self, info: &KindInfo) -> Option<&Value> {
        self.0.get(&(info.api_version, info.kind))
    }
}

/// Why a request is refused, as a Kubernetes Status says it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct Denial {
    /// HTTP status code.
    pub code: u16,
    /// The word for programs.
    pub reason: DenialReason,
    /// The words for people.
    pub message: String,
    /// The fields objected to, if it is about fields.
    pub errors: Vec<FieldError>,
}

/// The word for programs in a denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DenialReason {
    /// The object cannot be read.
    BadRequest,
    /// The rules of the kind forbid it.
    Forbidden,
    /// It does not fit the schema, or its metadata is wrong.
    Invalid,
    /// A quota has no room for it.
    QuotaExceeded,
    /// None, as when a webhook cannot answer.
    Unknown,
}

impl DenialReason {
    /// The text in `reason` of a Status.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BadRequest",
            Self::Forbidden => "Forbidden",
            Self::Invalid => "Invalid",
            Self::QuotaExceeded => crate::conditions::QUOTA_EXCEEDED,
            Self::Unknown => "",
        }
    }
}

impl Denial {
    /// A denial that is about no field.
    fn whole(code: u16, reason: DenialReason, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            errors: Vec::new(),
        }
    }

    /// The server cannot read the object.
    fn bad_request(message: impl Into<String>) -> Self {
        Self::whole(400, DenialReason::BadRequest, message)
    }

    /// A webhook cannot read the object.
    fn undecodable(error: &DecodeError) -> Self {
        Self::whole(400, DenialReason::Unknown, error.to_string())
    }

    /// The rules of the kind forbid it, as a whole.
    fn forbidden(message: impl Into<String>) -> Self {
        Self::whole(403, DenialReason::Forbidden, message)
    }

    /// Fields break the rules of the kind; none do, none is denied.
    fn unless_valid(errors: Vec<FieldError>) -> Result<(), Self> {
        if errors.is_empty() {
            return Ok(());
        }
        Err(Self {
            code: 403,
            reason: DenialReason::Forbidden,
            message: join(&errors),
            errors,
        })
    }

    /// Fields do not fit the schema; none do not, none is denied.
    fn unless_fitting(kind: &str, object: &Value, errors: Vec<FieldError>) -> Result<(), Self> {
        if errors.is_empty() {
            return Ok(());
        }
        let name = crate::object::Object::new(object).name();
        Err(Self {
            code: 422,
            reason: DenialReason::Invalid,
            message: format!("{kind} {name:?} is invalid: {}", join(&errors)),
            errors,
        })
    }
}

/// Objections in one text: one as it is, several in brackets.
fn join(errors: &[FieldError]) -> String {
    match errors {
        [only] => only.to_string(),
        several => {
            let texts: Vec<String> = several.iter().map(ToString::to_string).collect();
            format!("[{}]", texts.join(", "))
        }
    }
}

/// Whether an object has a member that is not `null`. Upstream tells an empty list from none.
fn given(object: &Value, field: &str) -> bool {
    object.get(field).is_some_and(|value| !value.is_null())
}

/// What the tests of the rules of single kinds ask.
#[cfg(test)]
mod testing {
    use serde_json::{Value, json};

    use super::{Context, Denial, Operation, Request, validate};

    /// An object of a kind, named, marked with its permanent id, of that spec.
    pub(super) fn object(kind: &str, spec: &Value) -> Value {
        json!({
            "kind": kind,
            "metadata": {"name": "a", "namespace": "shop", "resourceVersion": "1", "labels": {
                "propagationpolicy.karmada.io/permanent-id": "1",
                "clusterpropagationpolicy.karmada.io/permanent-id": "1",
            }},
            "spec": spec,
        })
    }

    /// Validates an object in namespace `shop`: on update if there is an old one, else on creation.
    pub(super) fn ask(kind: &str, object: &Value, old: Option<&Value>) -> Result<(), Denial> {
        let operation = if old.is_some() {
            Operation::Update
        } else {
            Operation::Create
        };
        let request = Request {
            kind,
            operation,
            namespace: "shop",
            object,
            old,
        };
        validate(&request, &Context::new("id"))
    }

    /// Checks which fields of an object are objected to, and how, in order of the fields.
    #[track_caller]
    pub(super) fn check_object(kind: &str, object: &Value, old: Option<&Value>, expected: &[(&str, &str)]) {
        let errors = ask(kind, object, old)
            .err()
            .map(|denial| denial.errors)
            .unwrap_or_default();
        let mut errors: Vec<_> = errors
            .iter()
            .map(|error| {
                (
                    error.field.as_str(),
                    error.kind.as_str().trim_start_matches("FieldValue"),
                )
            })
            .collect();
        errors.sort_unstable();
        assert_eq!(errors, expected, "{kind} {object}");
    }

    /// Checks which fields of a new object of that spec are objected to.
    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the tables read better without references"
    )]
    pub(super) fn check(kind: &str, spec: Value, expected: &[(&str, &str)]) {
        check_object(kind, &object(kind, &spec), None, expected);
    }
}
