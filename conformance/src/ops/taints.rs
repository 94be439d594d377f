//! Taints and tolerations: `tolerate`, `need-eviction`, `set-taints`, `add-tolerations`, `parse-taints`.

use std::collections::BTreeMap;

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::meta::{Taint, Time, Toleration};
use karmada_core::api::policy::v1alpha1::Placement;
use karmada_core::api::wire;
use karmada_core::taints::{self, EvictionDecision};
use karmada_core::toleration::{self, TolerationTime};
use serde_json::{Value, json};

use super::Op;
use crate::case::{Case, RunError};
use crate::compare;

pub(super) const OPS: &[Op] = &[
    Op {
        name: "tolerate",
        run: tolerate,
        compare: compare::typed,
    },
    Op {
        name: "need-eviction",
        run: need_eviction,
        compare: compare::exact,
    },
    Op {
        name: "set-taints",
        run: set_taints,
        compare: compare::typed,
    },
    Op {
        name: "add-tolerations",
        run: add_tolerations,
        compare: compare::typed,
    },
    Op {
        name: "parse-taints",
        run: parse_taints,
        compare: compare::typed,
    },
];

fn tolerate(case: &Case) -> Result<Value, RunError> {
    let all: Vec<Taint> = case.decode("taints")?;
    let tolerations: Vec<Toleration> = case.decode("tolerations")?;
    let now: Time = case.decode("now")?;
    let no_execute: Vec<&Taint> = taints::no_execute(&all).collect();

    let used = toleration::matching_tolerations(&all, &tolerations);
    let no_execute_used = toleration::matching_tolerations(no_execute.iter().copied(), &tolerations);
    let tolerated = no_execute_used.iter().flatten().copied();
    let time = toleration::min_toleration_time(&no_execute, tolerated, now.0);
    Ok(json!({
        "tolerated": used.is_some(),
        "used": wire::encode(&used.unwrap_or_default())?,
        "noExecuteTolerated": no_execute_used.is_some(),
        "noExecuteUsed": wire::encode(&no_execute_used.unwrap_or_default())?,
        "hasNoExecute": !no_execute.is_empty(),
        "minTolerationNanos": time.nanos(),
        "message": taints::describe(&all),
    }))
}

fn need_eviction(case: &Case) -> Result<Value, RunError> {
    let cluster: Option<Cluster> = case.decode("cluster")?;
    let annotations: Option<BTreeMap<String, String>> = case.decode("annotations")?;
    let enabled: bool = case.decode("noExecuteEvictionEnabled")?;
    let now: Time = case.decode("now")?;
    let decision =
        taints::eviction_decision(cluster.as_ref(), &annotations.unwrap_or_default(), enabled, now.0)?;
    let (evict, time) = match decision {
        EvictionDecision::Stay => (false, TolerationTime::Forever.nanos()),
        EvictionDecision::Evict => (true, 0),
        EvictionDecision::Wait(left) => (false, TolerationTime::For(left).nanos()),
        other => return Err(RunError::Unsupported(format!("{other:?}"))),
    };
    Ok(json!({"needEviction": evict, "tolerationNanos": time}))
}

fn set_taints(case: &Case) -> Result<Value, RunError> {
    let cluster: Cluster = case.decode("cluster")?;
    let (add, remove): (Vec<Taint>, Vec<Taint>) = (case.decode("add")?, case.decode("remove")?);
    // A time that no case has, to be recognised in the answer.
    let now: Time = serde_json::from_value(json!("1999-12-31T23:59:59Z"))?;
    let taints = taints::set(&cluster.spec.taints, &add, &remove, now.0);
    let mut answer = wire::encode(&taints)?;
    for (taint, written) in taints.iter().zip(answer.as_array_mut().into_iter().flatten()) {
        if taint.time_added.as_ref() == Some(&now) {
            *written.get_mut("timeAdded").unwrap_or(&mut Value::Null) = "NOW".into();
        }
    }
    Ok(json!({"taints": answer}))
}

fn add_tolerations(case: &Case) -> Result<Value, RunError> {
    let mut placement: Placement = case.decode("placement")?;
    let add: Vec<Toleration> = case.decode("add")?;
    taints::add_tolerations(&mut placement.cluster_tolerations, &add);
    Ok(json!({"tolerations": wire::encode(&placement.cluster_tolerations)?}))
}

fn parse_taints(case: &Case) -> Result<Value, RunError> {
    let texts: Vec<String> = case.decode("spec")?;
    let changes = taints::parse(&texts)?;
    Ok(json!({"add": wire::encode(&changes.add)?, "remove": wire::encode(&changes.remove)?}))
}
