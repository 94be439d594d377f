//! HelmRepository: an index of Helm charts.

use serde_json::Value;

use crate::thirdparty::error::Result;
use crate::thirdparty::generation;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::View;

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    retain: Some(super::retain),
    aggregate: Some(super::aggregate_source_with_url),
    reflect: Some(reflect),
    health: Some(super::health_of_source),
    dependencies: Some(super::credentials),
    ..Rules::of("source.toolkit.fluxcd.io/v1beta2", "HelmRepository")
};

fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect_with_generations(observed, &["artifact", "conditions", "observedGeneration", "url"])
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
        check("Ready", "True", "Failed", false);
        assert_eq!(IT.health_of(&json!(null)), Some(false));
    }

    #[test]
    fn dependencies_by_name() {
        let check = |spec, expected: Option<&[&str]>| {
            let expected = expected.map(|all| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
            assert_eq!(IT.dependencies(&spec), expected, "{spec}");
        };
        check(json!({"secretRef": {"name": "s"}}), Some(&["Secret ns/s"]));
        check(json!({"secretRef": {}}), None);
        check(json!({}), Some(&[]));
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
        for field in ["artifact", "conditions", "observedGeneration", "url"] {
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
            Some(json!({"x": 1, "observedGeneration": 2, "url": ""})),
        );
        check(
            json!([]),
            Some(json!({"x": 1, "observedGeneration": 2, "url": ""})),
        );
        let condition = |message: &str| json!({"type": "Ready", "status": "True", "message": message});
        check(
            json!([
                {"conditions": [condition("m1")], "artifact": {"a": 2}, "url": "url"},
                {"conditions": [condition("m2")]},
            ]),
            Some(json!({
                "x": 1, "observedGeneration": 0, "artifact": {"a": 2}, "url": "url",
                "conditions": [condition("a=m1, b=m2")],
            })),
        );
        check(json!([{"conditions": [{"type": "Ready"}]}]), None);
    }
}
