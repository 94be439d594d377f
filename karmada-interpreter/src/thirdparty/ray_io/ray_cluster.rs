//! RayCluster: a head and groups of workers.

use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::Component;
use karmada_core::quantity::Quantity;
use serde_json::Value;

use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::times::{self, Blank};
use crate::thirdparty::view::{View, import, number_text};
use crate::thirdparty::{conditions, quantities, result};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    components: Some(components),
    aggregate: Some(aggregate),
    health: Some(health),
    ..Rules::of("ray.io/v1", "RayCluster")
};

fn components(object: View<'_>) -> Result<Vec<Component>> {
    super::components_of(object.get("spec")?)
}

/// The head is ready, the cluster has been provisioned, and no replica failed.
fn health(observed: View<'_>) -> Result<bool> {
    let (mut ready, mut provisioned, mut failed) = (false, false, false);
    for condition in observed.find(&["status", "conditions"])?.entries_or_none()? {
        ready |= conditions::is(condition, "HeadPodReady", "True")?;
        provisioned |= conditions::is(condition, "RayClusterProvisioned", "True")?;
        failed |= conditions::is(condition, "RayClusterReplicaFailure", "True")?;
    }
    Ok(ready && provisioned && !failed)
}

fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    let Some(items) = super::begin(object, items)? else {
        return Ok(());
    };
    let status = result::status(object)?;
    status.insert(
        "conditions".to_owned(),
        Value::Array(items.concatenated("conditions")?),
    );
    items.sum_into(
        status,
        &[
            "readyWorkerReplicas",
            "availableWorkerReplicas",
            "maxWorkerReplicas",
            "minWorkerReplicas",
            "desiredWorkerReplicas",
        ],
    )?;
    for field in ["desiredCPU", "desiredMemory"] {
        status.insert(field.to_owned(), quantity_sum(items, field)?.into());
    }
    for field in ["desiredGPU", "desiredTPU"] {
        status.insert(field.to_owned(), number_sum(items, field)?.into());
    }
    result::set(
        status,
        "lastUpdateTime",
        times::latest(items, &["lastUpdateTime"], Blank::Counts)?,
    );
    for field in ["endpoints", "head"] {
        result::set(status, field, super::first(items, field)?);
    }
    let mut first = View::absent();
    for member in items.live() {
        if member.status.get("state")?.is_present() {
            first = member.status;
            break;
        }
    }
    for field in ["state", "stateTransitionTimes"] {
        result::set(status, field, import(first.find(&[field])?.value()));
    }
    Ok(())
}

/// The sum of quantities, in canonical form.
fn quantity_sum(items: Items<'_>, field: &str) -> Result<String> {
    let mut sum = Quantity::ZERO;
    for quantity in items.at(&[field]) {
        let quantity = quantity?;
        if !quantity.is("") {
            sum += quantities::of_signed_text(quantity)?;
        }
    }
    Ok(sum.to_string())
}

/// The sum of numbers, as text.
fn number_sum(items: Items<'_>, field: &str) -> Result<String> {
    let mut sum = 0.0;
    for text in items.at(&[field]) {
        let text = text?;
        if !text.is("") {
            sum += text.to_number().ok_or_else(|| text.expected("a number"))?;
        }
    }
    Ok(number_text(sum))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn components_are_head_and_groups() {
        let check = |spec, expected| assert_eq!(IT.components(&spec), expected, "{spec}");
        check(json!(null), Some(json!([])));
        check(
            json!({
                "headGroupSpec": {"template": {}},
                "workerGroupSpecs": [{"groupName": "g", "replicas": 2}, {"groupName": ""}, {"template": {}}],
            }),
            Some(json!([
                {"name": "ray-head", "replicas": 1},
                {"name": "g", "replicas": 2},
                {"name": "worker-2", "replicas": 0},
                {"name": "worker-3", "replicas": 0},
            ])),
        );
        check(json!({"workerGroupSpecs": [{"replicas": "2"}]}), None);
        check(json!({"headGroupSpec": {"template": 1}}), None);
    }

    #[test]
    fn health_by_conditions() {
        let check = |kinds: &[(&str, &str)], expected| {
            let list: Vec<Value> = kinds
                .iter()
                .map(|(kind, status)| json!({"type": kind, "status": status}))
                .collect();
            assert_eq!(
                IT.health_of(&json!({"conditions": list})),
                Some(expected),
                "{kinds:?}"
            );
        };
        let (ready, provisioned) = (("HeadPodReady", "True"), ("RayClusterProvisioned", "True"));
        check(&[ready, provisioned], true);
        check(&[ready, provisioned, ("RayClusterReplicaFailure", "False")], true);
        check(&[ready, provisioned, ("RayClusterReplicaFailure", "True")], false);
        check(&[ready], false);
        check(&[provisioned], false);
        check(&[], false);
        assert_eq!(IT.health_of(&json!(null)), Some(false));
    }

    #[test]
    fn aggregation_drops_the_spec() {
        let check = |items, expected: Value| {
            let got = IT.aggregate_object(&json!({"spec": {"a": 1}, "status": {"x": 1}}), &items);
            assert_eq!(got, Some(IT.object(&expected)), "{items}");
        };
        check(json!(null), json!({"spec": {"a": 1}, "status": {"x": 1}}));
        check(json!([{"y": 1}]), json!({"status": {"y": 1}}));
        check(json!([null]), json!({}));
    }

    #[test]
    fn status_aggregation() {
        let check = |items, expected| {
            let before = json!({"x": 1, "state": "old", "head": {"a": 0}});
            assert_eq!(IT.aggregate(&before, &items), expected, "{items}");
        };
        let zero = json!({
            "x": 1, "readyWorkerReplicas": 0, "availableWorkerReplicas": 0, "maxWorkerReplicas": 0, "minWorkerReplicas": 0,
            "desiredWorkerReplicas": 0, "desiredCPU": "0", "desiredMemory": "0", "desiredGPU": "0", "desiredTPU": "0",
        });
        let with = |changes: Value| {
            let mut expected = zero.clone();
            for (key, value) in changes.as_object().unwrap() {
                expected[key] = value.clone();
            }
            Some(expected)
        };
        check(json!([]), with(json!({})));
        check(
            json!([
                {"conditions": [1], "maxWorkerReplicas": 2, "desiredCPU": "500m", "desiredMemory": "1Gi",
                    "desiredGPU": "1", "lastUpdateTime": "2024-02", "head": {"a": 1}, "state": "ready",
                    "stateTransitionTimes": {"ready": "t"}},
                {"conditions": [2], "maxWorkerReplicas": 3, "desiredCPU": "1", "desiredMemory": "1Gi", "desiredGPU": 2,
                    "desiredTPU": "", "lastUpdateTime": "2024-01", "head": {"a": 2}, "endpoints": {"b": 1},
                    "state": "failed", "stateTransitionTimes": {"failed": "t"}},
            ]),
            with(json!({
                "conditions": [1, 2], "maxWorkerReplicas": 5, "desiredCPU": "1500m", "desiredMemory": "2Gi",
                "desiredGPU": "3", "lastUpdateTime": "2024-02", "head": {"a": 1}, "endpoints": {"b": 1},
                "state": "ready", "stateTransitionTimes": {"ready": "t"},
            })),
        );
        check(json!([{"desiredCPU": 1}, {}]), None);
        check(json!([{"desiredGPU": "many"}, {}]), None);
    }
}
