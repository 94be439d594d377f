//! HelmChart: a chart fetched from a source.

use jiff::Timestamp;
use serde_json::Value;

use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::references::References;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::View;
use crate::thirdparty::{conditions, generation};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    retain: Some(super::retain),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    dependencies: Some(dependencies),
    ..Rules::of("source.toolkit.fluxcd.io/v1beta2", "HelmChart")
};

fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    super::aggregate_source(
        object,
        items,
        &["url", "observedChartName", "observedSourceArtifactRevision"],
    )
}

/// Without `observedGeneration`, which upstream means to reflect and does not.
fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect_with_generations(
        observed,
        &[
            "artifact",
            "conditions",
            "observedChartName",
            "observedSourceArtifactRevision",
            "url",
        ],
    )
}

fn health(observed: View<'_>) -> Result<bool> {
    conditions::is_ready(observed, &["Succeeded", "ChartPullSucceeded"])
}

fn dependencies(object: View<'_>) -> Result<References> {
    let mut references = References::default();
    let spec = object.get("spec")?;
    super::add_secret(spec.get("verify")?.find(&["secretRef"])?, &mut references)?;
    Ok(references)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn health_is_ready_for_the_right_reason() {
        let check = |kind: &str, status: &str, reason: &str, expected| {
            let status = json!({"conditions": [{}, {"type": kind, "status": status, "reason": reason}]});
            assert_eq!(IT.health_of(&status), Some(expected), "{status}");
        };
        check("Ready", "True", "Succeeded", true);
        check("Ready", "False", "Succeeded", false);
        check("Released", "True", "Succeeded", false);
        check("Ready", "True", "ChartPullSucceeded", true);
        check("Ready", "False", "ChartPullSucceeded", false);
        check("Released", "True", "ChartPullSucceeded", false);
        check("Ready", "True", "Failed", false);
        assert_eq!(IT.health_of(&json!(null)), Some(false));
    }

    #[test]
    fn dependencies_by_name() {
        let check = |spec, expected: Option<&[&str]>| {
            let expected = expected.map(|all| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
            assert_eq!(IT.dependencies(&spec), expected, "{spec}");
        };
        check(
            json!({"verify": {"secretRef": {"name": "s"}}, "secretRef": {"name": "x"}}),
            Some(&["Secret ns/s"]),
        );
        check(json!({"verify": {"secretRef": {}}}), None);
        check(json!({"verify": {}}), Some(&[]));
        check(json!(null), None);
    }

    #[test]
    fn retention_of_suspension() {
        let check = |observed, expected: Option<serde_json::Value>| {
            let got = IT.retain(&json!({"spec": {"suspend": true}}), &json!({"spec": observed}));
            assert_eq!(
                got,
                expected.map(|spec| IT.object(&json!({"spec": spec}))),
                "{observed}"
            );
        };
        check(json!({"suspend": false}), Some(json!({"suspend": false})));
        check(json!({}), Some(json!({"suspend": true})));
        check(json!(null), None);
    }

    #[test]
    fn reflection_of_its_fields_and_generations() {
        let mut status = json!({"other": 1, "observedGeneration": "not always"});
        let mut expected = json!({"generation": 2, "resourceTemplateGeneration": 1});
        for field in [
            "artifact",
            "conditions",
            "observedChartName",
            "observedSourceArtifactRevision",
            "url",
        ] {
            status[field] = field.into();
            expected[field] = field.into();
        }
        assert_eq!(IT.reflect(&status), Some(expected));
    }

    #[test]
    fn status_aggregation() {
        let check = |items, expected| {
            let before = json!({"artifact": {"a": 1}, "conditions": [1], "x": 1});
            assert_eq!(IT.aggregate(&before, &items), expected, "{items}");
        };
        check(
            json!(null),
            Some(
                json!({"x": 1, "observedGeneration": 2, "url": "", "observedChartName": "", "observedSourceArtifactRevision": ""}),
            ),
        );
        check(
            json!([]),
            Some(
                json!({"x": 1, "observedGeneration": 2, "url": "", "observedChartName": "", "observedSourceArtifactRevision": ""}),
            ),
        );
        let condition = |message: &str| json!({"type": "Ready", "status": "True", "message": message});
        check(
            json!([
                {"conditions": [condition("m1")], "artifact": {"a": 2}, "url": "url", "observedChartName": "observedChartName", "observedSourceArtifactRevision": "observedSourceArtifactRevision"},
                {"conditions": [condition("m2")]},
            ]),
            Some(json!({
                "x": 1, "observedGeneration": 0, "artifact": {"a": 2}, "url": "url", "observedChartName": "observedChartName", "observedSourceArtifactRevision": "observedSourceArtifactRevision",
                "conditions": [condition("a=m1, b=m2")],
            })),
        );
        check(json!([{"conditions": [{"type": "Ready"}]}]), None);
    }
}
