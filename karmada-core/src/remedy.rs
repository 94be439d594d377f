//! Remedies: what is asked of a cluster in trouble (`karmada:pkg/controllers/remediation`).

use std::collections::BTreeSet;

use crate::api::cluster::v1alpha1::Cluster;
use crate::api::remedy::v1alpha1::{ClusterConditionOperator, DecisionMatch, Remedy};
use crate::status::find_condition;

/// The actions that all remedies together ask of a cluster, sorted, each once.
///
/// A remedy without affinity is for all clusters, one without decision matches always applies; of several matches one is
/// enough, and a condition that the cluster does not have matches nothing, not even `NotEqual`.
pub fn remedy_actions<'a>(remedies: impl IntoIterator<Item = &'a Remedy>, cluster: &Cluster) -> Vec<String> {
    let actions: BTreeSet<&str> = remedies
        .into_iter()
        .filter(|remedy| applies(remedy, cluster))
        .flat_map(|remedy| remedy.spec.actions.iter().map(|action| action.as_str()))
        .collect();
    actions.into_iter().map(str::to_owned).collect()
}

fn applies(remedy: &Remedy, cluster: &Cluster) -> bool {
    let name = cluster.metadata.name.as_deref().unwrap_or_default();
    let named = remedy
        .spec
        .cluster_affinity
        .as_ref()
        .is_none_or(|affinity| affinity.cluster_names.iter().any(|have| have == name));
    let matches = &remedy.spec.decision_matches;
    named && (matches.is_empty() || matches.iter().any(|it| decides(it, cluster)))
}

fn decides(decision: &DecisionMatch, cluster: &Cluster) -> bool {
    let Some(wanted) = &decision.cluster_condition_match else {
        return false;
    };
    let Some(condition) = find_condition(&cluster.status.conditions, &wanted.condition_type) else {
        return false;
    };
    let equal = condition.status.as_str() == wanted.condition_status;
    match wanted.operator {
        ClusterConditionOperator::Equal => equal,
        ClusterConditionOperator::NotEqual => !equal,
        ClusterConditionOperator::Other(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn actions() {
        fn check(specs: &[Value], expect: &[&str]) {
            let remedies: Vec<Remedy> = specs
                .iter()
                .map(|spec| serde_json::from_value(json!({"metadata": {"name": "r"}, "spec": spec})).unwrap())
                .collect();
            let cluster: Cluster = serde_json::from_value(json!({"metadata": {"name": "m1"},
                "status": {"conditions": [{"type": "Ready", "status": "False"}]}}))
            .unwrap();
            assert_eq!(remedy_actions(&remedies, &cluster), expect);
            assert_eq!(remedy_actions(remedies.iter().rev(), &cluster), expect);
        }
        let when = |type_: &str, operator: &str, status: &str| {
            json!({"clusterConditionMatch":
            {"conditionType": type_, "operator": operator, "conditionStatus": status}})
        };
        check(&[], &[]);
        check(
            &[
                json!({"actions": ["TrafficControl"]}),
                json!({"actions": ["B", "TrafficControl"]}),
            ],
            &["B", "TrafficControl"],
        );
        check(
            &[json!({"clusterAffinity": {"clusterNames": ["m2"]}, "actions": ["A"]})],
            &[],
        );
        check(
            &[json!({"clusterAffinity": {"clusterNames": ["m1"]}, "actions": ["A"]})],
            &["A"],
        );
        check(
            &[
                json!({"decisionMatches": [when("Ready", "Equal", "True"), when("Ready", "NotEqual", "True")], "actions": ["A"]}),
            ],
            &["A"],
        );
        check(
            &[json!({"decisionMatches": [when("Ready", "Equal", "True")], "actions": ["A"]})],
            &[],
        );
        check(
            &[json!({"decisionMatches": [when("Other", "NotEqual", "True")], "actions": ["A"]})],
            &[],
        );
        check(&[json!({"decisionMatches": [{}], "actions": ["A"]})], &[]);
        check(
            &[json!({"decisionMatches": [when("Ready", "Odd", "False")], "actions": ["A"]})],
            &[],
        );
    }
}
