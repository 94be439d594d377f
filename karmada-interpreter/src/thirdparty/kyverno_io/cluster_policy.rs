//! ClusterPolicy: rules for the whole cluster.

use crate::thirdparty::rules::Rules;

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    aggregate: Some(super::aggregate),
    reflect: Some(super::reflect),
    health: Some(super::health),
    ..Rules::of("kyverno.io/v1", "ClusterPolicy")
};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn health_is_what_it_says_or_its_conditions() {
        let check = |status, expected| assert_eq!(IT.health_of(&status), expected, "{status}");
        let ready = json!([{"type": "Ready", "status": "True", "reason": "Succeeded"}]);
        check(json!({"ready": true}), Some(true));
        check(json!({"ready": false, "conditions": ready}), Some(false));
        check(json!({"conditions": ready}), Some(true));
        check(
            json!({"conditions": [{"type": "Ready", "status": "True", "reason": "Other"}]}),
            Some(false),
        );
        check(json!(null), Some(false));
        check(json!({"ready": "yes"}), None);
    }

    #[test]
    fn status_aggregation() {
        let check = |items, expected| assert_eq!(IT.aggregate(&json!({"x": 1}), &items), expected, "{items}");
        let counts = |all: u32| json!({"validate": all, "generate": all, "mutate": all, "verifyimages": all});
        let condition = |message: &str| json!({"type": "Ready", "status": "True", "message": message});
        check(json!(null), Some(json!({"x": 1})));
        check(json!([]), Some(json!({"rulecount": counts(0)})));
        check(
            json!([
                {"ready": true, "autogen": {"rules": [1]}, "rulecount": counts(1), "conditions": [condition("m")]},
                {"ready": false, "rulecount": counts(2), "conditions": [condition("m")]},
            ]),
            Some(
                json!({"ready": false, "autogen": {"rules": [1]}, "rulecount": counts(3),
                "conditions": [condition("a=m, b=m")]}),
            ),
        );
        check(json!([{"rulecount": {"validate": 1}}]), None);
        check(json!([{"conditions": [{"type": "Ready"}]}]), None);
    }

    #[test]
    fn reflection_has_no_generations() {
        let status = json!({"ready": true, "rulecount": {"validate": 1}, "x": 1});
        assert_eq!(
            IT.reflect(&status),
            Some(json!({"ready": true, "rulecount": {"validate": 1}}))
        );
    }
}
