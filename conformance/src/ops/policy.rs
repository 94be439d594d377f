//! Policies and the templates they claim: `select-policy`, `preempt`.

use karmada_core::api::policy::v1alpha1::{ClusterPropagationPolicy, PropagationPolicy};
use karmada_core::policy::{Policy, PolicyIndex, PolicyRef, best_policy, select_policy};
use karmada_core::preemption;
use serde_json::{Value, json};

use super::Op;
use crate::case::{Case, RunError};
use crate::compare;

pub(super) const OPS: &[Op] = &[
    Op {
        name: "select-policy",
        run: select,
        compare: compare::exact,
    },
    Op {
        name: "preempt",
        run: preempt,
        compare: compare::typed,
    },
];

fn select(case: &Case) -> Result<Value, RunError> {
    let template = case.get("template");
    let policies: Vec<PropagationPolicy> = case.list("policies")?;
    let cluster_policies: Vec<ClusterPropagationPolicy> = case.list("clusterPolicies")?;
    let index: PolicyIndex<_> = policies.iter().cloned().collect();
    let cluster_index: PolicyIndex<_> = cluster_policies.iter().cloned().collect();
    let winner = select_policy(template, &(&index, &cluster_index)).map(|policy| {
        let mut winner = json!({"kind": policy.kind(), "name": policy.name()});
        if let PolicyRef::Namespaced(policy) = policy
            && let Some(winner) = winner.as_object_mut()
        {
            winner.insert("namespace".into(), policy.namespace().into());
        }
        winner
    });
    Ok(json!({
        "policy": best_policy(template, &policies).map(Policy::name),
        "clusterPolicy": best_policy(template, &cluster_policies).map(Policy::name),
        "winner": winner,
    }))
}

fn preempt(case: &Case) -> Result<Value, RunError> {
    let mut template = case.get("template").clone();
    let (policy, cluster_policy);
    let preemptor =
        if case.get("preemptor").get("kind").and_then(Value::as_str) == Some(PropagationPolicy::KIND) {
            policy = case.decode::<PropagationPolicy>("preemptor")?;
            PolicyRef::Namespaced(&policy)
        } else {
            cluster_policy = case.decode::<ClusterPropagationPolicy>("preemptor")?;
            PolicyRef::Cluster(&cluster_policy)
        };
    let policies: Vec<PropagationPolicy> = case.list("policies")?;
    let cluster_policies: Vec<ClusterPropagationPolicy> = case.list("clusterPolicies")?;
    let enabled = preemption::is_enabled(preemptor, case.feature_gates()?);
    let changed =
        enabled && preemption::preempt(&mut template, preemptor, &(&policies[..], &cluster_policies[..]))?;
    Ok(json!({
        "enabled": enabled,
        "changed": changed,
        "metadata": claim_metadata(&template),
    }))
}

/// Labels and annotations of a template.
fn claim_metadata(template: &Value) -> Value {
    let metadata = template.get("metadata");
    let part = |key: &str| metadata.and_then(|metadata| metadata.get(key)).cloned();
    json!({"labels": part("labels"), "annotations": part("annotations")})
}
