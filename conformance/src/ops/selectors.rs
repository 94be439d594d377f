//! Resource selectors and cluster affinity: `selector-match`, `cluster-match`.

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::policy::v1alpha1::{ClusterAffinity, ResourceSelector};
use karmada_core::api::wire;
use karmada_core::{affinity, selector};
use serde_json::{Value, json};

use super::Op;
use crate::case::{Case, RunError};
use crate::compare::{self, Comparison, Difference, Empties, Rule};

pub(super) const OPS: &[Op] = &[
    Op {
        name: "selector-match",
        run: match_selectors,
        compare: compare_selectors,
    },
    Op {
        name: "cluster-match",
        run: match_cluster,
        compare: compare::exact,
    },
];

fn match_selectors(case: &Case) -> Result<Value, RunError> {
    let resource = case.get("resource");
    let selectors: Vec<ResourceSelector> = case.list("selectors")?;
    let priorities: Vec<Value> = selectors
        .iter()
        .map(|one| json!(selector::priority(resource, one) as i32))
        .collect();
    let unique = selector::unique_namespaced(&selectors);
    Ok(json!({
        "priorities": priorities,
        "overall": selector::highest_priority(resource, &selectors) as i32,
        "matches": selector::matches_any(resource, &selectors),
        "unique": if unique.is_empty() { Value::Null } else { wire::encode(&unique)? },
    }))
}

/// The selectors in `unique` are typed.
fn compare_selectors(_: &Case, expected: &Value, got: &Value) -> Vec<Difference> {
    Comparison::new(Empties::Distinct)
        .at("unique", Rule::Empties(Empties::AbsentCollections))
        .differences(expected, got)
}

fn match_cluster(case: &Case) -> Result<Value, RunError> {
    let cluster: Cluster = case.decode("cluster")?;
    let cluster_affinity: ClusterAffinity = case.decode("affinity")?;
    Ok(json!({"matches": affinity::matches(&cluster, &cluster_affinity)}))
}
