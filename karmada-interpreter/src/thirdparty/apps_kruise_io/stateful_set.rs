//! StatefulSet of OpenKruise: a StatefulSet with in-place updates.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::thirdparty::error::Result;
use crate::thirdparty::generation::{self, Silent};
use crate::thirdparty::items::Items;
use crate::thirdparty::result;
use crate::thirdparty::rules::{self, Rules};
use crate::thirdparty::view::View;

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    replicas: Some(rules::replicas_of_workload),
    revise: Some(rules::revise_replicas),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(rules::is_rolled_out),
    dependencies: Some(rules::dependencies_of_workload),
    ..Rules::of("apps.kruise.io/v1beta1", "StatefulSet")
};

const COUNTS: [&str; 6] = [
    "replicas",
    "readyReplicas",
    "currentReplicas",
    "updatedReplicas",
    "availableReplicas",
    "updatedReadyReplicas",
];

const REVISIONS: [&str; 2] = ["updateRevision", "currentRevision"];

fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    generation::conclude(object, items, Silent::Counts)?;
    let status = result::status(object)?;
    let Some(items) = items else {
        result::fill(status, &COUNTS, &json!(0));
        result::fill(status, &REVISIONS, &json!(""));
        return Ok(());
    };
    items.sum_into(status, &COUNTS)?;
    items.last_into(status, &REVISIONS, &json!(""))
}

fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect_with_generations(
        observed,
        &[
            "replicas",
            "readyReplicas",
            "currentReplicas",
            "updatedReplicas",
            "availableReplicas",
            "updateRevision",
            "currentRevision",
            "updatedReadyReplicas",
            "observedGeneration",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn replicas_and_requirements() {
        let template = json!({"spec": {"containers": [{"resources": {"requests": {"cpu": 1}}}]}});
        let check = |spec, expected| assert_eq!(IT.replicas(&spec), expected, "{spec}");
        check(
            json!({"replicas": 3, "template": template}),
            Some((3, json!({"resourceRequest": {"cpu": "1"}}))),
        );
        check(json!({"replicas": 3, "template": {}}), Some((3, json!(null))));
        check(json!({"template": template}), None);
        check(json!({"replicas": 3}), None);
        check(
            json!({"replicas": 3, "template": {"spec": {"containers": 1}}}),
            None,
        );
    }

    #[test]
    fn revision_writes_the_replicas() {
        assert_eq!(IT.revise(&json!({}), 3), Some(json!({"replicas": 3})));
        assert_eq!(IT.revise(&json!(null), 3), None);
    }

    #[test]
    fn status_aggregation() {
        let check = |items, expected| assert_eq!(IT.aggregate(&json!({"x": 1}), &items), expected, "{items}");
        check(
            json!(null),
            Some(
                json!({"x": 1, "observedGeneration": 2, "updateRevision": "", "currentRevision": "", "replicas": 0, "readyReplicas": 0, "currentReplicas": 0, "updatedReplicas": 0, "availableReplicas": 0, "updatedReadyReplicas": 0}),
            ),
        );
        check(
            json!([]),
            Some(
                json!({"x": 1, "observedGeneration": 2, "replicas": 0, "readyReplicas": 0, "currentReplicas": 0, "updatedReplicas": 0, "availableReplicas": 0, "updatedReadyReplicas": 0, "updateRevision": "", "currentRevision": ""}),
            ),
        );
        // One cluster lags, another says nothing.
        check(
            json!([
                {"replicas": 1, "updateRevision": "r1", "resourceTemplateGeneration": 2, "generation": 5, "observedGeneration": 5},
                {"replicas": 2, "updateRevision": "", "resourceTemplateGeneration": 1, "generation": 5, "observedGeneration": 5},
                null,
            ]),
            Some(
                json!({"x": 1, "observedGeneration": 0, "replicas": 3, "readyReplicas": 0, "currentReplicas": 0, "updatedReplicas": 0, "availableReplicas": 0, "updatedReadyReplicas": 0, "updateRevision": "r1", "currentRevision": ""}),
            ),
        );
        check(json!([{"replicas": {}}]), None);
        check(json!([1]), None);
    }

    #[test]
    fn reflection_with_generations() {
        let check = |status, expected| assert_eq!(IT.reflect(&status), expected, "{status}");
        check(
            json!({"replicas": 1, "updateRevision": "r", "observedGeneration": 2, "other": 1}),
            Some(json!({
                "replicas": 1, "updateRevision": "r", "observedGeneration": 2,
                "generation": 2, "resourceTemplateGeneration": 1,
            })),
        );
        check(
            json!({}),
            Some(json!({"generation": 2, "resourceTemplateGeneration": 1})),
        );
        check(json!(null), Some(json!({})));
    }

    #[test]
    fn health_is_a_finished_rollout() {
        let check = |spec: Value, status: Value, expected| {
            assert_eq!(
                IT.health(&json!({"spec": spec, "status": status})),
                expected,
                "{spec} {status}"
            );
        };
        let status = |observed, updated, available| json!({"observedGeneration": observed, "updatedReplicas": updated, "availableReplicas": available});
        check(json!({"replicas": 2}), status(2, 2, 2), Some(true));
        check(json!({"replicas": 2}), status(1, 2, 2), Some(false));
        check(json!({"replicas": 2}), status(2, 1, 2), Some(false));
        check(json!({"replicas": 2}), status(2, 2, 1), Some(false));
        check(json!({}), status(2, 0, 0), Some(true));
        check(json!({"replicas": 2}), json!({"observedGeneration": 2}), None);
        check(json!({"replicas": 2}), json!(null), None);
        check(json!(null), status(2, 2, 2), None);
    }

    #[test]
    fn dependencies_of_the_pods() {
        let check = |spec, expected: Option<&str>| {
            assert_eq!(
                IT.dependencies(&spec),
                expected.map(|it| vec![it.to_owned()]),
                "{spec}"
            );
        };
        check(
            json!({"template": {"spec": {"serviceAccountName": "s"}}}),
            Some("ServiceAccount ns/s"),
        );
        check(json!({"template": {"spec": {}}}), None);
        check(json!({}), None);
    }
}
