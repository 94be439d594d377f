//! Admission: `validate`, `default`.

use karmada_core::admission::{self, Context, Denial, Operation, Request};
use karmada_core::api::config::v1alpha1::ResourceInterpreterCustomization;
use karmada_core::object::Object;
use karmada_interpreter::lua::check_script;
use serde_json::{Value, json};

use super::Op;
use crate::case::{Case, RunError};
use crate::compare::{Comparison, Difference, Empties, Rule};

pub(super) const OPS: &[Op] = &[
    Op {
        name: "validate",
        run: validate,
        compare: compare_verdicts,
    },
    Op {
        name: "default",
        run: complete,
        compare: compare_objects,
    },
];

/// What the recordings write where the webhook made up an identifier.
const GENERATED: &str = "GENERATED";

/// Whether a script can be loaded.
pub(super) fn script_check(script: &str) -> Result<(), String> {
    check_script(script).map_err(|error| error.to_string())
}

/// The request of a case.
fn request(case: &Case) -> Result<Request<'_>, RunError> {
    let operation = match case.text("operation")? {
        "CREATE" => Operation::Create,
        "UPDATE" => Operation::Update,
        "DELETE" => Operation::Delete,
        other => return Err(RunError::Malformed(format!("no operation {other}"))),
    };
    Ok(Request {
        kind: case.text("kind")?,
        operation,
        namespace: case.get("namespace").as_str().unwrap_or_default(),
        object: case.get("object"),
        old: case.input.get("oldObject").filter(|old| !old.is_null()),
    })
}

fn validate(case: &Case) -> Result<Value, RunError> {
    let mut request = request(case)?;
    let customizations: Option<Vec<ResourceInterpreterCustomization>> = case.decode("existing")?;
    let customizations = customizations.unwrap_or_default();
    let allow = case.get("allowNoExecuteTaintPolicy").as_bool() == Some(true);
    let context = Context::new(GENERATED)
        .gates(case.feature_gates()?)
        .customizations(&customizations)
        .check_script(&script_check)
        .allow_no_execute_taint_policy(allow);
    if request.kind == "DeletionProtection" {
        // The webhook is for objects of any kind, and only looks at those on their way out.
        let old = request.old.unwrap_or(&Value::Null);
        if request.operation != Operation::Delete {
            return Ok(json!({"allowed": true, "errors": []}));
        }
        request.kind = Object::new(old).kind();
    }
    Ok(match admission::validate(&request, &context) {
        Ok(()) => json!({"allowed": true, "errors": []}),
        Err(denial) if denial.code == 400 => json!({"allowed": false, "code": 400}),
        // This webhook's objections were recorded in words only.
        Err(denial) if request.kind == "ResourceBinding" => refused(&denial, &[]),
        Err(denial) => refused(&denial, &errors(&denial)),
    })
}

fn errors(denial: &Denial) -> Vec<Value> {
    let mut errors = denial.errors.clone();
    errors.sort_by(|a, b| (&a.field, a.kind, &a.message).cmp(&(&b.field, b.kind, &b.message)));
    errors
        .iter()
        .map(|error| json!({"field": error.field, "type": error.kind.as_str(), "message": error.message}))
        .collect()
}

fn refused(denial: &Denial, errors: &[Value]) -> Value {
    if errors.is_empty() {
        json!({"allowed": false, "errors": [], "reason": denial.message})
    } else {
        json!({"allowed": false, "errors": errors})
    }
}

/// The verdict and the set of (field, type) count; texts do not.
fn compare_verdicts(_: &Case, expected: &Value, got: &Value) -> Vec<Difference> {
    Comparison::new(Empties::AbsentCollections)
        .at("reason", Rule::Ignored)
        .differences(&reduced(expected), &reduced(got))
}

/// A verdict with its errors as a sorted set of (field, type).
fn reduced(verdict: &Value) -> Value {
    let mut errors: Vec<String> = verdict
        .get("errors")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|error| json!([error.get("field"), error.get("type")]).to_string())
        .collect();
    errors.sort_unstable();
    errors.dedup();
    let mut verdict = verdict.clone();
    if let Some(members) = verdict.as_object_mut() {
        members.insert("errors".to_owned(), errors.into());
    }
    verdict
}

fn complete(case: &Case) -> Result<Value, RunError> {
    let context = Context::new(GENERATED).gates(case.feature_gates()?);
    let object = admission::mutate(&request(case)?, &context)?;
    Ok(json!({"object": object}))
}

/// Upstream encodes the object anew: empty values are as good as none, but for those of a Work's manifests.
fn compare_objects(case: &Case, expected: &Value, got: &Value) -> Vec<Difference> {
    let comparison = Comparison::new(Empties::AbsentZeros);
    let comparison = if case.get("kind") == "Work" {
        comparison.at("object.spec.workload.manifests", Rule::Empties(Empties::Distinct))
    } else {
        comparison
    };
    comparison.differences(expected, got)
}
