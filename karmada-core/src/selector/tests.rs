use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::api::wire;

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn matches_as_kubernetes_does() {
    fn check(selector: &Value, want: bool) {
        let read: LabelSelector = wire::decode(selector).unwrap();
        let labels = labels(&[("app", "web"), ("tier", ""), ("n", "7")]);
        assert_eq!(matches_labels(&read, &labels), want, "{selector}");
        if want {
            assert_eq!(super::check(&read), Ok(()), "{selector}");
        }
    }
    let expressions = |key: &str, operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
    check(&json!({}), true);
    check(&json!({"matchLabels": {"app": "web"}}), true);
    check(&json!({"matchLabels": {"app": "web", "tier": ""}}), true);
    check(&json!({"matchLabels": {"app": "db"}}), false);
    check(&json!({"matchLabels": {"env": ""}}), false);
    check(
        &json!({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "env", "operator": "Exists"}]}),
        false,
    );
    check(&expressions("app", "In", &["db", "web"]), true);
    check(&expressions("app", "In", &["db"]), false);
    check(&expressions("env", "In", &["db"]), false);
    check(&expressions("app", "NotIn", &["db"]), true);
    check(&expressions("app", "NotIn", &["db", "web"]), false);
    check(&expressions("env", "NotIn", &["db"]), true);
    check(&expressions("app", "Exists", &[]), true);
    check(&expressions("env", "Exists", &[]), false);
    check(&expressions("app", "DoesNotExist", &[]), false);
    check(&expressions("env", "DoesNotExist", &[]), true);
    // What is wrong matches nothing, even where it would hold.
    check(&expressions("env", "NotIn", &[]), false);
    check(&expressions("env", "NotIn", &["-x"]), false);
    check(&expressions("env", "DoesNotExist", &["x"]), false);
    check(&expressions("-env", "DoesNotExist", &[]), false);
    check(&expressions("app", "in", &["web"]), false);
    check(&expressions("n", "Gt", &["5"]), false);
}

#[test]
fn names_what_is_wrong() {
    fn check(selector: &Value, want: &str) {
        let selector: LabelSelector = wire::decode(selector).unwrap();
        assert_eq!(chain(&super::check(&selector).unwrap_err()), want);
    }
    fn chain(error: &dyn std::error::Error) -> String {
        let cause = error.source().map(|cause| format!(": {cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    }
    check(
        &json!({"matchLabels": {"": "x"}}),
        r#"label key "" is not valid: the name must not be empty"#,
    );
    check(
        &json!({"matchLabels": {"a": "x".repeat(64)}}),
        &format!(
            r#"value "{}" for label "a" is not valid: a label value must have no more than 63 characters"#,
            "x".repeat(64)
        ),
    );
    check(
        &json!({"matchExpressions": [{"key": "a", "operator": "Lt", "values": ["1"]}]}),
        r#"label "a": "Lt" is not an operator"#,
    );
    check(
        &json!({"matchExpressions": [{"key": "a", "operator": "In"}]}),
        r#"label "a": In needs values"#,
    );
    check(
        &json!({"matchExpressions": [{"key": "a", "operator": "Exists", "values": [""]}]}),
        r#"label "a": Exists takes no values"#,
    );
    let bad = ["1".to_owned(), "2".to_owned()];
    assert_eq!(
        Requirement::on_node("a", "Gt", &bad).unwrap_err().to_string(),
        r#"label "a": Gt needs exactly one integer"#
    );
}

#[test]
fn node_requirements_compare_integers() {
    fn check(operator: &str, values: &[&str], value: &str, want: bool) {
        let requirement = NodeSelectorRequirement {
            key: "n".into(),
            operator: operator.into(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        assert_eq!(
            matches_node_requirements([&requirement], &labels(&[("n", value)])),
            want,
            "{value} {operator} {values:?}"
        );
    }
    check("Gt", &["5"], "6", true);
    check("Gt", &["5"], "5", false);
    check("Lt", &["5"], "4", true);
    check("Lt", &["5"], "5", false);
    check("Gt", &["5"], "x", false);
    check("Gt", &["x"], "6", false);
    check("Gt", &[], "6", false);
    check("Gt", &["5", "4"], "6", false);
    check("In", &["6"], "6", true);
    check("Unknown", &["6"], "6", false);
}

#[test]
fn prioritises() {
    use ImplicitPriority::{MatchAll, MatchLabelSelector, MatchName, Mismatch};
    fn check(selector: &Value, want: ImplicitPriority) {
        let resource = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"namespace": "shop", "name": "web", "labels": {"app": "web"}}});
        let read: ResourceSelector = wire::decode(selector).unwrap();
        assert_eq!(priority(&resource, &read), want, "{selector}");
        assert_eq!(matches(&resource, &read), want != Mismatch);
    }
    let with = |extra: Value| {
        let mut selector = json!({"apiVersion": "apps/v1", "kind": "Deployment"});
        for (key, value) in extra.as_object().unwrap() {
            selector[key] = value.clone();
        }
        selector
    };
    check(&with(json!({})), MatchAll);
    check(&with(json!({"namespace": "shop"})), MatchAll);
    check(&with(json!({"namespace": "other"})), Mismatch);
    check(&with(json!({"kind": "StatefulSet"})), Mismatch);
    check(&with(json!({"apiVersion": "extensions/v1beta1"})), Mismatch);
    check(&with(json!({"name": "web"})), MatchName);
    check(
        &with(json!({"name": "web", "labelSelector": {"matchLabels": {"app": "db"}}})),
        MatchName,
    );
    check(
        &with(json!({"name": "db", "labelSelector": {"matchLabels": {"app": "web"}}})),
        Mismatch,
    );
    check(
        &with(json!({"labelSelector": {"matchLabels": {"app": "web"}}})),
        MatchLabelSelector,
    );
    check(
        &with(json!({"labelSelector": {"matchLabels": {"app": "db"}}})),
        Mismatch,
    );
    check(&with(json!({"labelSelector": {}})), MatchLabelSelector);
    check(
        &with(json!({"labelSelector": {"matchExpressions": [{"key": "app", "operator": "?"}]}})),
        Mismatch,
    );
}

#[test]
fn combines_selectors() {
    let resource =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "a", "name": "x"}});
    let selector = |namespace: &str, name: &str| ResourceSelector {
        api_version: "v1".into(),
        kind: "ConfigMap".into(),
        namespace: namespace.into(),
        name: name.into(),
        label_selector: None,
    };
    let all = [
        selector("b", ""),
        selector("", "y"),
        selector("a", ""),
        selector("", "x"),
        selector("a", "z"),
    ];
    assert_eq!(highest_priority(&resource, &all), ImplicitPriority::MatchName);
    assert_eq!(highest_priority(&resource, &all[..3]), ImplicitPriority::MatchAll);
    assert!(matches_any(&resource, &all) && !matches_any(&resource, &all[..2]));
    assert_eq!(highest_priority(&resource, &[]), ImplicitPriority::Mismatch);
    assert_eq!(
        unique_namespaced(&all),
        [selector("b", ""), selector("", ""), selector("a", "")]
    );
}

proptest! {
    /// Requirements are all met or not, in whatever order they stand.
    #[test]
    fn order_does_not_matter(
        requirements in prop::collection::vec(
            ("[a-c]|-", prop::sample::select(vec!["In", "NotIn", "Exists", "DoesNotExist", "Gt", "?"]),
             prop::collection::vec("[x-z]|_", 0..3)),
            0..5,
        ),
        labels in prop::collection::btree_map("[a-c]", "[x-z]", 0..4),
    ) {
        let mut selector = LabelSelector {
            match_expressions: requirements.into_iter().map(|(key, operator, values)| {
                crate::api::meta::LabelSelectorRequirement { key, operator: operator.into(), values }
            }).collect(),
            ..LabelSelector::default()
        };
        let before = matches_labels(&selector, &labels);
        let bad = super::check(&selector).is_err();
        prop_assert!(!(bad && before));
        selector.match_expressions.reverse();
        for requirement in &mut selector.match_expressions {
            requirement.values.reverse();
        }
        prop_assert_eq!(matches_labels(&selector, &labels), before);
        prop_assert_eq!(super::check(&selector).is_err(), bad);
    }
}
