//! DaemonSet of OpenKruise: a DaemonSet with in-place updates.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::thirdparty::error::Result;
use crate::thirdparty::generation::{self, Silent};
use crate::thirdparty::items::Items;
use crate::thirdparty::references::References;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::View;
use crate::thirdparty::{pod_template, result};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    dependencies: Some(dependencies),
    ..Rules::of("apps.kruise.io/v1alpha1", "DaemonSet")
};

const COUNTS: [&str; 7] = [
    "currentNumberScheduled",
    "numberMisscheduled",
    "desiredNumberScheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
];

fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    generation::conclude(object, items, Silent::Counts)?;
    let status = result::status(object)?;
    let Some(items) = items else {
        result::fill(status, &COUNTS, &json!(0));
        result::fill(status, &["daemonSetHash"], &json!(0));
        return Ok(());
    };
    items.sum_into(status, &COUNTS)?;
    // The hash is a text, but upstream starts from the number.
    items.last_into(status, &["daemonSetHash"], &json!(0))
}

fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect_with_generations(
        observed,
        &[
            "currentNumberScheduled",
            "numberMisscheduled",
            "desiredNumberScheduled",
            "numberReady",
            "updatedNumberScheduled",
            "numberAvailable",
            "numberUnavailable",
            "daemonSetHash",
            "observedGeneration",
        ],
    )
}

/// The status is of this generation, every wanted pod is updated and every updated one available.
fn health(observed: View<'_>) -> Result<bool> {
    let status = observed.get("status")?;
    if !status
        .get("observedGeneration")?
        .same(observed.path(&["metadata", "generation"])?)
    {
        return Ok(false);
    }
    let updated = status.get("updatedNumberScheduled")?;
    if updated.less_than(status.get("desiredNumberScheduled")?)? {
        return Ok(false);
    }
    Ok(!status.get("numberAvailable")?.less_than(updated)?)
}

fn dependencies(object: View<'_>) -> Result<References> {
    pod_template::dependencies(object, &[object.path(&["spec", "template"])?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn status_aggregation() {
        let zero = json!({
            "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
            "updatedNumberScheduled": 0, "numberAvailable": 0, "numberUnavailable": 0, "daemonSetHash": 0,
            "observedGeneration": 2,
        });
        let check = |items, changes: Value| {
            let mut expected = zero.clone();
            for (key, value) in changes.as_object().unwrap() {
                expected[key] = value.clone();
            }
            assert_eq!(IT.aggregate(&json!(null), &items), Some(expected), "{items}");
        };
        check(json!(null), json!({}));
        check(json!([]), json!({}));
        check(
            json!([{"numberReady": 1, "daemonSetHash": "h"}, {"numberReady": 2, "daemonSetHash": ""}]),
            json!({"numberReady": 3, "daemonSetHash": "h", "observedGeneration": 0}),
        );
    }

    #[test]
    fn reflection_with_generations() {
        let status =
            json!({"numberReady": 1, "daemonSetHash": "h", "observedGeneration": 2, "collisionCount": 1});
        let expected = json!({
            "numberReady": 1, "daemonSetHash": "h", "observedGeneration": 2, "generation": 2,
            "resourceTemplateGeneration": 1,
        });
        assert_eq!(IT.reflect(&status), Some(expected));
    }

    #[test]
    fn health_is_a_finished_rollout() {
        let check = |observed, desired, updated, available, expected| {
            let status = json!({
                "observedGeneration": observed, "desiredNumberScheduled": desired,
                "updatedNumberScheduled": updated, "numberAvailable": available,
            });
            assert_eq!(IT.health_of(&status), expected, "{status}");
        };
        check(json!(2), json!(3), json!(3), json!(3), Some(true));
        check(json!(1), json!(3), json!(3), json!(3), Some(false));
        check(json!(2), json!(3), json!(2), json!(3), Some(false));
        check(json!(2), json!(3), json!(3), json!(2), Some(false));
        check(json!(2), json!(null), json!(3), json!(3), None);
    }

    #[test]
    fn dependencies_may_be_none() {
        assert_eq!(IT.dependencies(&json!({"template": {}})), Some(vec![]));
        assert_eq!(IT.dependencies(&json!({"template": "7"})), None);
        let spec = json!({"template": {"spec": {"imagePullSecrets": [{"name": "s"}]}}});
        assert_eq!(IT.dependencies(&spec), Some(vec!["Secret ns/s".to_owned()]));
    }
}
