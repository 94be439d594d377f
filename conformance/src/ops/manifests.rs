//! Manifests on their way to members and there: `prune`, `workload-mutate`, `retain-metadata`, `retain`.

use karmada_core::labels::WORK_PERMANENT_ID;
use karmada_core::manifest::record_managed;
use karmada_core::prune::{prune, prune_job_time_to_live};
use karmada_core::retain::{retain_annotations, retain_labels};
use karmada_interpreter::{Native, Operation, SyncInterpreter, TypeMeta};
use serde_json::{Value, json};

use super::Op;
use crate::case::{Case, RunError};
use crate::compare;

pub(super) const OPS: &[Op] = &[
    Op {
        name: "prune",
        run: run_prune,
        compare: compare::exact,
    },
    Op {
        name: "workload-mutate",
        run: mutate,
        compare: compare::exact,
    },
    Op {
        name: "retain-metadata",
        run: retain_metadata,
        compare: compare::exact,
    },
    Op {
        name: "retain",
        run: retain,
        compare: compare::exact,
    },
];

fn run_prune(case: &Case) -> Result<Value, RunError> {
    let mut manifest = case.get("manifest").clone();
    prune(&mut manifest)?;
    if case.get("removeJobTTL") == &Value::Bool(true) {
        prune_job_time_to_live(&mut manifest);
    }
    Ok(json!({"manifest": manifest}))
}

fn mutate(case: &Case) -> Result<Value, RunError> {
    let mut manifest = case.get("manifest").clone();
    let id = case
        .get("workLabels")
        .get(WORK_PERMANENT_ID)
        .and_then(Value::as_str);
    record_managed(&mut manifest, id.unwrap_or_default());
    Ok(json!({"manifest": manifest}))
}

fn retain_metadata(case: &Case) -> Result<Value, RunError> {
    let mut desired = case.get("desired").clone();
    retain_annotations(&mut desired, case.get("observed"));
    retain_labels(&mut desired, case.get("observed"));
    Ok(json!({"desired": desired}))
}

fn retain(case: &Case) -> Result<Value, RunError> {
    let mut desired = case.get("desired").clone();
    let answer = Native::default().retain(&mut desired, case.get("observed"))?;
    answer.require(Operation::Retain, TypeMeta::of(case.get("desired")))?;
    Ok(json!({"retained": desired}))
}
