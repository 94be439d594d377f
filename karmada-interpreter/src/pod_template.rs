//! What the pods of a template need of a cluster.

use std::collections::BTreeMap;

use karmada_core::api::meta::{
    NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, ResourceList, Toleration,
};
use karmada_core::api::work::v1alpha2::ReplicaRequirements;
use karmada_core::features::FeatureGates;
use karmada_core::requirements::{Affinity, Container, NodeAffinity, PodSpec, Resources};
use serde_json::Value;

use crate::kubernetes::{int64, is_set, items, member, members, quantity, text};

/// What one pod of that (checked) spec needs of a cluster, nothing in particular when absent.
pub(crate) fn requirements(spec: &Value, gates: FeatureGates) -> Option<ReplicaRequirements> {
    let affinity = member(
        spec,
        &[
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
        ],
    );
    let node_selector = member(spec, &["nodeSelector"]);
    let spec = PodSpec {
        containers: list(member(spec, &["containers"]), container),
        init_containers: list(member(spec, &["initContainers"]), container),
        overhead: amounts(member(spec, &["overhead"])),
        node_selector: is_set(node_selector).then(|| texts(node_selector)),
        affinity: Affinity {
            node_affinity: NodeAffinity {
                required_during_scheduling_ignored_during_execution: is_set(affinity)
                    .then(|| selector(affinity)),
            },
        },
        tolerations: list(member(spec, &["tolerations"]), toleration),
        priority_class_name: owned(spec, "priorityClassName"),
    };
    spec.replica_requirements(gates)
}

fn container(container: &Value) -> Container {
    Container {
        resources: Resources {
            requests: amounts(member(container, &["resources", "requests"])),
            limits: amounts(member(container, &["resources", "limits"])),
        },
    }
}

fn selector(selector: &Value) -> NodeSelector {
    NodeSelector {
        node_selector_terms: list(member(selector, &["nodeSelectorTerms"]), |term| {
            NodeSelectorTerm {
                match_expressions: list(member(term, &["matchExpressions"]), requirement),
                match_fields: list(member(term, &["matchFields"]), requirement),
            }
        }),
    }
}

fn requirement(requirement: &Value) -> NodeSelectorRequirement {
    NodeSelectorRequirement {
        key: owned(requirement, "key"),
        operator: owned(requirement, "operator"),
        values: list(member(requirement, &["values"]), |value| text(value).to_owned()),
    }
}

fn toleration(toleration: &Value) -> Toleration {
    let seconds = member(toleration, &["tolerationSeconds"]);
    Toleration {
        effect: owned(toleration, "effect"),
        key: owned(toleration, "key"),
        operator: owned(toleration, "operator"),
        toleration_seconds: is_set(seconds).then(|| int64(seconds)),
        value: owned(toleration, "value"),
    }
}

fn amounts(map: &Value) -> ResourceList {
    members(map)
        .map(|(name, amount)| (name.clone(), quantity(amount)))
        .collect()
}

fn texts(map: &Value) -> BTreeMap<String, String> {
    members(map)
        .map(|(name, value)| (name.clone(), text(value).to_owned()))
        .collect()
}

fn list<T>(list: &Value, read: impl FnMut(&Value) -> T) -> Vec<T> {
    items(list).iter().map(read).collect()
}

fn owned(value: &Value, name: &str) -> String {
    text(member(value, &[name])).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn requirements_are_those_of_the_decoded_spec() {
        let check = |spec: Value, expected: Value| {
            let got = requirements(&spec, FeatureGates::default());
            assert_eq!(serde_json::to_value(got).unwrap(), expected, "{spec}");
        };
        check(json!({"containers": [{"name": "a"}]}), json!(null));
        check(json!(null), json!(null));
        check(
            json!({
                "containers": [
                    {"resources": {"requests": {"cpu": 0.5}, "limits": {"memory": "1Gi", "cpu": "2"}}},
                    null,
                    {"resources": {"limits": {"cpu": "1", "memory": null}}},
                ],
                "initContainers": [{"resources": {"requests": {"cpu": "3", "memory": "1Mi"}}}],
                "overhead": {"cpu": "250m"},
            }),
            json!({"resourceRequest": {"cpu": "3250m", "memory": "1Gi"}}),
        );
        check(
            json!({
                "nodeSelector": {"disk": "ssd", "gone": null},
                "tolerations": [{"key": "a", "operator": "Exists", "tolerationSeconds": 3.0}],
                "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [
                        {"key": "zone", "operator": "In", "values": ["a", null]},
                    ]}],
                }}},
            }),
            json!({"nodeClaim": {
                "hardNodeAffinity": {"nodeSelectorTerms": [{"matchExpressions": [
                    {"key": "zone", "operator": "In", "values": ["a", ""]},
                ]}]},
                "nodeSelector": {"disk": "ssd", "gone": ""},
                "tolerations": [{"key": "a", "operator": "Exists", "tolerationSeconds": 3}],
            }}),
        );
    }
}
