use proptest::prelude::*;
use serde_json::json;

use super::*;

fn cluster(name: &str) -> Cluster {
    Cluster::named(name)
}

fn policy(name: &str, spec: Value) -> OverridePolicy {
    OverridePolicy::new("ns", name, serde_json::from_value(spec).unwrap())
}

fn cluster_policy(name: &str, spec: Value) -> ClusterOverridePolicy {
    ClusterOverridePolicy::new(name, serde_json::from_value(spec).unwrap())
}

/// A policy that sets the label `last` to its own name.
fn last(selectors: Value, name: &str) -> Value {
    json!({
        "resourceSelectors": selectors,
        "overrideRules": [{"overriders": {"labelsOverrider": [{"operator": "add", "value": {"last": name}}]}}],
    })
}

fn object() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "ns", "labels": {"k": "v"}}})
}

#[test]
fn the_more_specific_have_the_last_word() {
    let by_kind = json!([{"apiVersion": "v1", "kind": "ConfigMap"}]);
    let by_label =
        json!([{"apiVersion": "v1", "kind": "ConfigMap", "labelSelector": {"matchLabels": {"k": "v"}}}]);
    let by_name = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "a"}]);
    let other = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "b"}]);
    let policies = [
        policy("n", last(by_name.clone(), "n")),
        policy("x", last(other, "x")),
        policy("l", last(by_label, "l")),
        policy("all", last(json!([]), "all")),
        policy("kind", last(by_kind.clone(), "kind")),
        OverridePolicy::new(
            "other",
            "n",
            serde_json::from_value(last(by_name, "other")).unwrap(),
        ),
    ];
    let cluster_policies = [cluster_policy("c", last(by_kind, "c"))];
    let overrides = Overrides::select(&object(), &cluster_policies, &policies);
    let mut manifest = object();
    let applied = overrides.apply(&mut manifest, &cluster("m1")).unwrap();
    let names = |list: &[AppliedOverride]| list.iter().map(|it| it.policy_name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&applied.cluster_overrides), ["c"]);
    assert_eq!(names(&applied.overrides), ["all", "kind", "l", "n"]);
    assert_eq!(manifest["metadata"]["labels"], json!({"k": "v", "last": "n"}));
}

#[test]
fn rules_are_for_their_clusters() {
    let rule = |clusters: Value, value: &str| json!({"targetCluster": clusters, "overriders": {"plaintext": [{"path": "/data", "operator": "add", "value": value}]}});
    let rules = json!({"overrideRules": [
        rule(json!(null), "all"),
        rule(json!({"clusterNames": ["m2"]}), "m2"),
        rule(json!({"exclude": ["m2", "m3"]}), "m1"),
    ]});
    let deprecated = json!({"targetCluster": {"clusterNames": ["m3"]}, "overriders": rule(json!(null), "old")["overriders"]});
    let policies = [policy("a", rules), policy("b", deprecated)];
    for (name, expect, count) in [
        ("m1", "m1", 2),
        ("m2", "m2", 2),
        ("m3", "old", 2),
        ("m4", "m1", 2),
    ] {
        let mut manifest = object();
        let applied = Overrides::select(&manifest.clone(), &[], &policies)
            .apply(&mut manifest, &cluster(name))
            .unwrap();
        assert_eq!(manifest["data"], json!(expect), "{name}");
        assert_eq!(applied.overrides.len(), count, "{name}");
    }
}

#[test]
fn errors_say_where_and_leave_the_manifest_alone() {
    let policies = [policy(
        "p",
        json!({"overrideRules": [
            {"targetCluster": {"clusterNames": ["other"]}, "overriders": {}},
            {"overriders": {
                "labelsOverrider": [{"operator": "add", "value": {"x": "y"}}],
                "plaintext": [{"path": "/data/x", "operator": "replace"}],
            }},
        ]}),
    )];
    let mut manifest = object();
    let error = Overrides::select(&object(), &[], &policies)
        .apply(&mut manifest, &cluster("m1"))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "OverridePolicy \"p\", rule 1: plaintext cannot be applied"
    );
    assert_eq!(
        error.source.to_string(),
        "replace at \"/data/x\": the parent does not exist"
    );
    assert_eq!(manifest, object());
}

#[test]
fn policies_of_the_namespace_see_what_cluster_policies_made() {
    let edit = |operator: &str| json!({"overriders": {"plaintext": [{"path": "/metadata/namespace", "operator": operator, "value": "other"}]}});
    let policies = [
        policy("ns", last(json!([]), "ns")),
        OverridePolicy::new(
            "other",
            "o",
            serde_json::from_value(last(json!([]), "other")).unwrap(),
        ),
    ];
    for (operator, expect) in [
        ("remove", json!(null)),
        ("replace", json!("other")),
        ("test", json!("ns")),
    ] {
        let mut cluster_policies = [cluster_policy("c", edit(operator))];
        cluster_policies[0].spec.overriders.plaintext[0].value = if operator == "test" {
            json!("ns")
        } else {
            json!("other")
        };
        let mut manifest = object();
        Overrides::select(&object(), &cluster_policies, &policies)
            .apply(&mut manifest, &cluster("m1"))
            .unwrap();
        assert_eq!(manifest["metadata"]["labels"]["last"], expect, "{operator}");
    }
}

#[test]
fn an_object_keeps_its_kind() {
    let policies = [policy(
        "p",
        json!({"overriders": {"plaintext": [{"path": "/kind", "operator": "remove"}]}}),
    )];
    let mut manifest = object();
    let error = Overrides::select(&object(), &[], &policies)
        .apply(&mut manifest, &cluster("m1"))
        .unwrap_err();
    assert_eq!(*error.source, OverriderError::NoKind);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        prop_oneof![
            Just("Pod"),
            Just("Deployment"),
            Just("nginx:1"),
            Just("a: [1]"),
            Just("{\"a\":1}"),
            Just("ns")
        ]
        .prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("kind"),
        Just("metadata"),
        Just("namespace"),
        Just("labels"),
        Just("spec"),
        Just("template"),
        Just("containers"),
        Just("name"),
        Just("image"),
        Just("args"),
        Just("data"),
    ];
    leaf.prop_recursive(6, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone().prop_map(str::to_owned), inner), 0..5)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

fn any_rule() -> impl Strategy<Value = Value> {
    let operator = prop_oneof![
        Just("add"),
        Just("remove"),
        Just("replace"),
        Just("test"),
        Just("odd")
    ];
    let path = prop_oneof![
        Just("/kind"),
        Just("/metadata/labels"),
        Just("/spec/containers/0/image"),
        Just("/spec/template/spec"),
        Just("/data"),
        Just("/data/-1"),
        Just(""),
        Just("x"),
        Just("/"),
    ];
    (operator, path, any_json(), 0..7_usize).prop_map(|(operator, path, value, which)| match which {
        0 => json!({"imageOverrider": [{"component": "Tag", "operator": operator, "value": "2"}]}),
        1 => json!({"imageOverrider": [{"predicate": {"path": path}, "component": "Registry", "operator": operator}]}),
        2 => json!({"commandOverrider": [{"containerName": "ns", "operator": operator, "value": ["x"]}]}),
        3 => json!({"labelsOverrider": [{"operator": operator, "value": {"kind": "x"}}]}),
        4 => json!({"fieldOverrider": [{"fieldPath": path, "json": [{"subPath": path, "operator": operator, "value": value}]}]}),
        5 => json!({"fieldOverrider": [{"fieldPath": path, "yaml": [{"subPath": path, "operator": operator, "value": value}]}]}),
        _ => json!({"plaintext": [{"path": path, "operator": operator, "value": value}]}),
    })
}

proptest! {
    #[test]
    fn anything_goes_without_panic_and_errors_change_nothing(
        mut manifest in any_json(),
        rules in prop::collection::vec(any_rule(), 1..4),
    ) {
        let rules: Vec<_> = rules.into_iter().map(|overriders| json!({"overriders": overriders})).collect();
        let policies = [cluster_policy("p", json!({"overrideRules": rules}))];
        let before = manifest.clone();
        let overrides = Overrides::select(&before, &policies, &[]);
        if overrides.apply(&mut manifest, &cluster("m1")).is_err() {
            prop_assert_eq!(manifest, before);
        }
    }

    #[test]
    fn the_order_of_policies_does_not_matter(order in Just([0, 1, 2, 3]).prop_shuffle()) {
        let by_kind = json!([{"apiVersion": "v1", "kind": "ConfigMap"}]);
        let by_name = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "a"}]);
        let all = [
            policy("b", last(by_kind.clone(), "b")),
            policy("a", last(by_kind, "a")),
            policy("d", last(by_name.clone(), "d")),
            policy("c", last(by_name, "c")),
        ];
        let policies: Vec<_> = order.iter().map(|&position: &usize| all[position].clone()).collect();
        let mut manifest = object();
        let applied = Overrides::select(&object(), &[], &policies).apply(&mut manifest, &cluster("m1")).unwrap();
        let names: Vec<_> = applied.overrides.iter().map(|it| it.policy_name.as_str()).collect();
        prop_assert_eq!(names, ["a", "b", "c", "d"]);
    }
}
