//! Scenarios of a running control plane that need nothing but admission: `pipeline/admission`.
//!
//! What a step stores is what [`admit`] answers with. Steps that wait for controllers, and
//! requests that fail by what only a server knows, are out of reach.

use std::collections::BTreeMap;

use karmada_core::admission::{Context, Denial, Operation, Request, Schemas, admit};
use karmada_core::api::config::v1alpha1::ResourceInterpreterCustomization;
use karmada_core::api::policy::v1alpha1::FederatedResourceQuota;
use karmada_core::api::wire;
use karmada_core::crd::kinds;
use karmada_core::features::FeatureGates;
use karmada_core::field::FieldErrorKind;
use karmada_core::object::Object;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::Op;
use super::admission::script_check;
use crate::case::{Case, RunError};
use crate::compare::{Comparison, Difference, Empties, Rule};

pub(super) const OPS: &[Op] = &[Op {
    name: "pipeline/admission",
    run: play,
    compare: compare_answers,
}];

/// The permanent id given, and the present.
const ID: &str = "11111111-2222-4333-8444-555555555555";
const NOW: &str = "2026-01-01T00:00:00Z";

/// Kind, namespace and name.
type Key = (String, String, String);

fn key(object: &Value) -> Key {
    let object = Object::new(object);
    (
        object.kind().to_owned(),
        object.namespace().to_owned(),
        object.name().to_owned(),
    )
}

/// The answers of all steps, in the recordings' own form.
fn play(case: &Case) -> Result<Value, RunError> {
    let full = case.get("profile") == "full";
    let gates = if full {
        FeatureGates::default().with_names([("AllAlpha", true), ("AllBeta", true)])?
    } else {
        FeatureGates::default()
    };
    let schemas = Schemas::karmada();
    let mut stored: BTreeMap<Key, Value> = BTreeMap::new();
    let mut answers = Vec::new();
    for step in case.get("steps").as_array().into_iter().flatten() {
        if step.get("on").is_some_and(|on| on != "control") {
            return Err(out_of_reach("a step on a member"));
        }
        let (subject, operation) = if let Some(object) = step.get("create") {
            (object, Some(Operation::Create))
        } else if let Some(object) = step.get("patch") {
            (object, Some(Operation::Update))
        } else if let Some(object) = step.get("delete") {
            (object, Some(Operation::Delete))
        } else if let Some(object) = step.get("get") {
            (object, None)
        } else {
            return Err(out_of_reach(
                "a step that waits for controllers or writes a status",
            ));
        };
        if step.get("subresource").is_some() {
            return Err(out_of_reach("a step on a subresource"));
        }
        let is_ours = kinds()
            .iter()
            .any(|info| info.kind == Object::new(subject).kind());
        if !is_ours && step.pointer("/answer/object").is_some() {
            return Err(out_of_reach(
                "what a server makes of kinds that are not Karmada's",
            ));
        }
        let key = key(subject);
        let old = stored.get(&key).cloned();
        let known = old.is_some();
        if known == (operation == Some(Operation::Create)) {
            return Err(out_of_reach("whether an object exists is the server's to know"));
        }
        let object = match (operation, &old) {
            (Some(Operation::Update), Some(old)) => patched(old, step)?,
            (_, Some(old)) => old.clone(),
            (_, None) => subject.clone(),
        };
        let answer = match operation {
            None => Ok(object),
            Some(operation) => {
                let customizations: Vec<ResourceInterpreterCustomization> =
                    stored_objects(&stored, "ResourceInterpreterCustomization")?;
                let quotas: Vec<FederatedResourceQuota> = stored_objects(&stored, "FederatedResourceQuota")?;
                let context = Context::new(ID)
                    .gates(gates)
                    .now(serde_json::from_value(json!(NOW))?)
                    .allow_no_execute_taint_policy(full)
                    .customizations(&customizations)
                    .check_script(&script_check)
                    .quotas(&quotas)
                    .schemas(&schemas);
                let request = Request {
                    kind: &key.0,
                    operation,
                    namespace: &key.1,
                    object: &object,
                    old: old.as_ref(),
                };
                admit(&request, &context)
            }
        };
        answers.push(match answer {
            Ok(object) => {
                if operation == Some(Operation::Delete) {
                    stored.remove(&key);
                } else {
                    stored.insert(key, object.clone());
                }
                json!({"object": object})
            }
            Err(denial) => json!({"error": written(&denial)}),
        });
    }
    Ok(answers.into())
}

fn out_of_reach(reason: &str) -> RunError {
    RunError::OutOfReach(reason.to_owned())
}

fn stored_objects<T: DeserializeOwned>(
    stored: &BTreeMap<Key, Value>,
    kind: &str,
) -> Result<Vec<T>, RunError> {
    let of_kind = stored.iter().filter(|((of, _, _), _)| of == kind);
    Ok(of_kind
        .map(|(_, object)| wire::decode(object))
        .collect::<Result<_, _>>()?)
}

/// A denial as a recording writes one, its fields where a client finds them.
fn written(denial: &Denial) -> Value {
    let (code, reason, message) = (denial.code, denial.reason.as_str(), &denial.message);
    if code != 422 {
        return json!({"code": code, "reason": reason, "message": message});
    }
    let causes: Vec<Value> = denial
        .errors
        .iter()
        .map(|error| json!({"field": error.field, "reason": error.kind.as_str(), "message": error.message}))
        .collect();
    json!({"code": code, "reason": reason, "message": message, "causes": causes})
}

fn patched(old: &Value, step: &Value) -> Result<Value, RunError> {
    let mut object = old.clone();
    let body = step.get("body").unwrap_or(&Value::Null);
    match step.get("type").and_then(Value::as_str) {
        Some("merge") => merge(&mut object, body),
        Some("json") => {
            for operation in body.as_array().into_iter().flatten() {
                apply(&mut object, operation)?;
            }
        }
        _ => return Err(RunError::Malformed("no type of patch".to_owned())),
    }
    Ok(object)
}

/// JSON merge patch (RFC 7386).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(members) = target.as_object_mut() else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

/// One operation of a JSON patch (RFC 6902): `add`, `replace` or `remove`.
fn apply(target: &mut Value, operation: &Value) -> Result<(), RunError> {
    let text = |field: &str| operation.get(field).and_then(Value::as_str).unwrap_or_default();
    let failed = || out_of_reach("a patch that does not apply is the server's to refuse");
    let (parent, last) = text("path").rsplit_once('/').ok_or_else(failed)?;
    let last = last.replace("~1", "/").replace("~0", "~");
    let value = operation.get("value").cloned().unwrap_or_default();
    match (target.pointer_mut(parent), text("op")) {
        (Some(Value::Object(members)), "add" | "replace") => {
            members.insert(last, value);
        }
        (Some(Value::Object(members)), "remove") => {
            members.remove(&last).ok_or_else(failed)?;
        }
        (Some(Value::Array(items)), "add") if last == "-" => items.push(value),
        (Some(Value::Array(items)), operator) => {
            let index: usize = last.parse().map_err(|_| failed())?;
            match operator {
                "add" if index <= items.len() => items.insert(index, value),
                "replace" => *items.get_mut(index).ok_or_else(failed)? = value,
                "remove" if index < items.len() => {
                    items.remove(index);
                }
                _ => return Err(failed()),
            }
        }
        _ => return Err(failed()),
    }
    Ok(())
}

/// Compares the answer of every step with the one recorded in it.
fn compare_answers(case: &Case, _: &Value, got: &Value) -> Vec<Difference> {
    let steps = case.get("steps").as_array().into_iter().flatten();
    let (mut expected, mut ours) = (Vec::new(), Vec::new());
    for (step, answer) in steps.zip(got.as_array().into_iter().flatten()) {
        let recorded = step.get("answer").unwrap_or(&Value::Null);
        if let Some(error) = recorded.get("error") {
            expected.push(reduced(error));
            ours.push(answer.get("error").map_or_else(|| answer.clone(), reduced));
        } else if let Some(object) = recorded.get("object") {
            expected.push(with_symbols(object));
            let object = answer.get("object").map(|ours| comparable(ours, object));
            ours.push(object.unwrap_or_else(|| answer.clone()));
        } else {
            expected.push(recorded.clone());
            ours.push(if answer.get("object").is_some() {
                "ok".into()
            } else {
                answer.clone()
            });
        }
    }
    Comparison::new(Empties::AbsentCollections)
        .at("*.metadata.uid", Rule::Ignored)
        .differences(&expected.into(), &ours.into())
}

/// Code, reason and the set of (field, type) of a refusal: from the causes of a 422, from the message of a 403.
fn reduced(error: &Value) -> Value {
    let mut fields: Vec<(String, String)> = match error.get("causes").and_then(Value::as_array) {
        Some(causes) => causes
            .iter()
            .map(|cause| {
                let text = |field: &str| cause.get(field).and_then(Value::as_str).unwrap_or_default();
                (text("field").to_owned(), text("reason").to_owned())
            })
            .collect(),
        None if error.get("code") == Some(&json!(403)) => {
            fields_in(error.get("message").and_then(Value::as_str).unwrap_or_default())
        }
        None => Vec::new(),
    };
    fields.sort_unstable();
    fields.dedup();
    // A webhook that cannot answer gives no reason; it is the same as an empty one.
    let reason = error.get("reason").filter(|reason| *reason != "");
    json!({"code": error.get("code"), "reason": reason, "fields": fields})
}

/// The fields a message objects to: `PATH: Invalid value` and so on.
fn fields_in(message: &str) -> Vec<(String, String)> {
    const KINDS: [FieldErrorKind; 6] = [
        FieldErrorKind::Invalid,
        FieldErrorKind::Required,
        FieldErrorKind::NotSupported,
        FieldErrorKind::Duplicate,
        FieldErrorKind::Forbidden,
        FieldErrorKind::TooLong,
    ];
    let mut fields = Vec::new();
    for kind in KINDS {
        let phrase = format!(": {}", kind.phrase());
        for (at, _) in message.match_indices(&phrase) {
            let before = message.get(..at).unwrap_or_default();
            let path = before.rsplit([' ', '\n']).next().unwrap_or_default();
            // Several objections stand in brackets.
            let path = path.strip_prefix('[').unwrap_or(path);
            let is_path = path.starts_with(|first: char| first.is_ascii_lowercase());
            if is_path {
                fields.push((path.to_owned(), kind.as_str().to_owned()));
            }
        }
    }
    fields
}

/// A recorded object with our identifier and time in place of the symbols.
fn with_symbols(object: &Value) -> Value {
    match object {
        Value::String(text) if text.starts_with("<uid:") => ID.into(),
        Value::String(text) if text == "<time>" => NOW.into(),
        Value::Array(items) => items.iter().map(with_symbols).collect(),
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| (name.clone(), with_symbols(value)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

/// Our object without what the recording leaves out: the generation of all but templates, the grades of Clusters.
fn comparable(ours: &Value, recorded: &Value) -> Value {
    let mut ours = ours.clone();
    let mut drop = |parent: &str, field: &str| {
        let pointer = format!("{parent}/{field}");
        if recorded.pointer(&pointer).is_none()
            && let Some(Value::Object(members)) = ours.pointer_mut(parent)
        {
            members.remove(field);
        }
    };
    drop("/metadata", "generation");
    drop("/metadata", "resourceVersion");
    if recorded.get("kind") == Some(&json!("Cluster")) {
        drop("/spec", "resourceModels");
    }
    ours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_out_of_messages() {
        let check = |message: &str, expected: &[(&str, &str)]| {
            let fields = fields_in(message);
            let fields: Vec<_> = fields
                .iter()
                .map(|(path, kind)| (path.as_str(), kind.as_str()))
                .collect();
            assert_eq!(fields, expected, "{message}");
        };
        check("it denied the request: no", &[]);
        check(
            "it denied the request: spec.maxReplicas: Invalid value: 0: must be greater than 0",
            &[("spec.maxReplicas", "FieldValueInvalid")],
        );
        check(
            "it denied the request: [spec.overall[pods]: Required value, spec.taints[0]: Duplicate value: \"a\"]",
            &[
                ("spec.overall[pods]", "FieldValueRequired"),
                ("spec.taints[0]", "FieldValueDuplicate"),
            ],
        );
    }

    #[test]
    fn patches() {
        let check = |body: Value, kind: &str, expected: Value| {
            let old = json!({"a": {"b": [1, 2], "c": 1}});
            let object = patched(&old, &json!({"type": kind, "body": body})).unwrap();
            assert_eq!(object, expected);
        };
        check(
            json!({"a": {"c": null, "d": {}}}),
            "merge",
            json!({"a": {"b": [1, 2], "d": {}}}),
        );
        check(
            json!([
                {"op": "add", "path": "/a/b/-", "value": 3},
                {"op": "remove", "path": "/a/b/0"},
                {"op": "replace", "path": "/a/c", "value": 2},
                {"op": "add", "path": "/a/d~1e", "value": 1},
            ]),
            "json",
            json!({"a": {"b": [2, 3], "c": 2, "d/e": 1}}),
        );
    }
}
