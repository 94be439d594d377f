use proptest::prelude::*;
use serde_json::json;

use super::*;

fn policy(name: &str, priority: i32, selectors: Value) -> PropagationPolicy {
    let mut policy = PropagationPolicy::named("ns", name);
    policy.spec.priority = Some(priority);
    policy.spec.resource_selectors = serde_json::from_value(selectors).unwrap();
    policy
}

fn cluster_policy(name: &str, priority: i32, selectors: Value) -> ClusterPropagationPolicy {
    let mut policy = ClusterPropagationPolicy::named(name);
    policy.spec.priority = Some(priority);
    policy.spec.resource_selectors = serde_json::from_value(selectors).unwrap();
    policy
}

fn all() -> Value {
    json!([{"apiVersion": "v1", "kind": "ConfigMap"}])
}

fn resource() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "ns", "name": "a", "labels": {"k": "v"}}})
}

#[test]
fn what_wins() {
    fn check(policies: &[PropagationPolicy], expect: Option<&str>) {
        assert_eq!(best_policy(&resource(), policies).map(Policy::name), expect);
        let index: PolicyIndex<_> = policies.iter().cloned().collect();
        assert_eq!(index.best(&resource()).map(Policy::name), expect);
    }
    let by_name = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "a"}]);
    let by_label =
        json!([{"apiVersion": "v1", "kind": "ConfigMap", "labelSelector": {"matchLabels": {"k": "v"}}}]);
    let by_empty = json!([{"apiVersion": "v1", "kind": "ConfigMap", "labelSelector": {}}]);
    let other = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "b"}, {"apiVersion": "v2", "kind": "ConfigMap"}]);
    check(&[], None);
    check(&[policy("x", 9, other.clone())], None);
    check(&[policy("b", 0, all()), policy("a", 0, all())], Some("a"));
    check(&[policy("a", 0, all()), policy("b", 1, all())], Some("b"));
    check(
        &[policy("a", 0, all()), policy("b", 0, by_label.clone())],
        Some("b"),
    );
    check(&[policy("a", 0, all()), policy("b", 0, by_empty)], Some("b"));
    check(
        &[policy("a", 0, by_label.clone()), policy("b", 0, by_name.clone())],
        Some("b"),
    );
    check(
        &[policy("a", 1, all()), policy("b", 0, by_name.clone())],
        Some("a"),
    );
    let both = json!([by_label[0], by_name[0], other[0]]);
    check(&[policy("a", 0, by_label), policy("b", 0, both)], Some("b"));
    let mut deleting = policy("a", 5, by_name.clone());
    deleting.metadata.deletion_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
        jiff::Timestamp::UNIX_EPOCH,
    ));
    check(&[deleting, policy("b", 0, all())], Some("b"));
    let mut elsewhere = policy("a", 5, by_name);
    elsewhere.metadata.namespace = Some("other".into());
    check(&[elsewhere], None);
}

#[test]
fn policies_of_the_namespace_come_first() {
    let policies = [policy("p", -5, all())];
    let cluster_policies = [cluster_policy("c", 5, all())];
    let chosen = |resource: &Value, policies: &[PropagationPolicy]| {
        select_policy(resource, &(policies, &cluster_policies[..]))
            .map(|it| (it.kind(), it.name().to_owned()))
    };
    assert_eq!(
        chosen(&resource(), &policies),
        Some(("PropagationPolicy", "p".into()))
    );
    assert_eq!(
        chosen(&resource(), &[]),
        Some(("ClusterPropagationPolicy", "c".into()))
    );
    let mut cluster_scoped = resource();
    cluster_scoped["metadata"]
        .as_object_mut()
        .unwrap()
        .remove("namespace");
    assert_eq!(
        chosen(&cluster_scoped, &policies),
        Some(("ClusterPropagationPolicy", "c".into()))
    );
}

#[test]
fn verdicts() {
    let mut claiming = policy("p", 0, all());
    claiming.spec.dependent_overrides = vec!["o".into()];
    let mut deleting = policy("d", 0, all());
    deleting.metadata.deletion_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
        jiff::Timestamp::UNIX_EPOCH,
    ));
    let unrelated = policy("u", 0, json!([{"apiVersion": "v1", "kind": "Secret"}]));
    let policies = [claiming, deleting, unrelated];
    let cluster_policies = [cluster_policy("c", 0, all())];
    let check = |labels: Value, annotations: Value, overrides: bool, expect: &str| {
        let mut template = resource();
        template["metadata"]["labels"] = labels;
        template["metadata"]["annotations"] = annotations;
        let lists = (&policies[..], &cluster_policies[..]);
        let verdict = decide(&template, &lists, &|namespace, name| {
            overrides && (namespace, name) == ("ns", "o")
        });
        let got = match verdict {
            Verdict::ClaimedByOther => "other".to_owned(),
            Verdict::Apply(policy) => format!("apply {}", policy.name()),
            Verdict::Release(_) => "release".to_owned(),
            Verdict::NotSelected(policy) => format!("not selected by {}", policy.name()),
            Verdict::Deleting(policy) => format!("{} deleting", policy.name()),
            Verdict::WaitForOverrides { missing, .. } => format!("wait for {missing}"),
            Verdict::Wait => "wait".to_owned(),
        };
        assert_eq!(got, expect);
    };
    let id = json!({labels::PROPAGATION_POLICY_PERMANENT_ID: "1"});
    let by = |name: &str| json!({annotations::PROPAGATION_POLICY_NAMESPACE: "ns", annotations::PROPAGATION_POLICY_NAME: name});
    check(
        json!({labels::CLAIMED_BY: "MultiClusterService"}),
        json!({}),
        true,
        "other",
    );
    check(json!({labels::CLAIMED_BY: ""}), json!({}), true, "apply p");
    check(json!({}), json!({}), false, "wait for o");
    check(id.clone(), by("p"), true, "apply p");
    check(id.clone(), by("d"), true, "d deleting");
    check(id.clone(), by("u"), true, "not selected by u");
    check(id.clone(), by("gone"), true, "release");
    // A claim that is not complete is none.
    check(json!({}), by("u"), true, "apply p");
    let cluster_id = json!({labels::CLUSTER_PROPAGATION_POLICY_PERMANENT_ID: "2"});
    check(
        cluster_id,
        json!({annotations::CLUSTER_PROPAGATION_POLICY_NAME: "c"}),
        true,
        "apply c",
    );
    let none: (&[PropagationPolicy], &[ClusterPropagationPolicy]) = (&[], &[]);
    assert_eq!(decide(&resource(), &none, &|_, _| true), Verdict::Wait);
}

fn any_selector() -> impl Strategy<Value = Value> {
    let labels = prop_oneof![
        Just(json!(null)),
        Just(json!({})),
        Just(json!({"matchLabels": {"k": "v"}})),
        Just(json!({"matchLabels": {"k": "w"}})),
        Just(json!({"matchLabels": {"k": "v", "l": "v"}})),
        Just(json!({"matchExpressions": [{"key": "l", "operator": "Exists"}]})),
        Just(json!({"matchLabels": {"k": "v"}, "matchExpressions": [{"key": "k", "operator": "Bad"}]})),
    ];
    ("v1|v2", "A|B", "|a|b", "||a|b", labels).prop_map(|(version, kind, namespace, name, labels)| {
        json!({"apiVersion": version, "kind": kind, "namespace": namespace, "name": name, "labelSelector": labels})
    })
}

fn any_resource() -> impl Strategy<Value = Value> {
    (
        "v1|v2",
        "A|B",
        "|a|b",
        "a|b|c",
        prop::option::of("v|w"),
        any::<bool>(),
    )
        .prop_map(|(version, kind, namespace, name, label, more)| {
            let mut labels = serde_json::Map::new();
            if let Some(label) = label {
                labels.insert("k".into(), json!(label));
            }
            if more {
                labels.insert("l".into(), json!("v"));
            }
            json!({"apiVersion": version, "kind": kind,
                "metadata": {"namespace": namespace, "name": name, "labels": labels}})
        })
}

proptest! {
    #[test]
    fn the_index_agrees_with_the_plain_choice(
        policies in prop::collection::vec(
            ("[a-d]", "a|b", -1..2_i32, prop::collection::vec(any_selector(), 0..4), any::<bool>()), 0..12),
        removed in prop::collection::vec("[a-d]", 0..3),
        resources in prop::collection::vec(any_resource(), 1..6),
    ) {
        let mut plain: Vec<PropagationPolicy> = Vec::new();
        let mut plain_cluster: Vec<ClusterPropagationPolicy> = Vec::new();
        let mut index = PolicyIndex::default();
        let mut cluster_index = PolicyIndex::default();
        for (name, namespace, priority, selectors, deleting) in policies {
            let mut one = policy(&name, priority, json!(selectors));
            one.metadata.namespace = Some(namespace.clone());
            if deleting && priority == 1 {
                one.metadata.deletion_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(jiff::Timestamp::UNIX_EPOCH));
            }
            let cluster_one = cluster_policy(&name, priority, json!(selectors));
            plain.retain(|have| (have.namespace(), have.name()) != (namespace.as_str(), name.as_str()));
            plain.push(one.clone());
            index.insert(one);
            plain_cluster.retain(|have| have.name() != name);
            plain_cluster.push(cluster_one.clone());
            cluster_index.insert(cluster_one);
        }
        for name in removed {
            plain.retain(|have| (have.namespace(), have.name()) != ("a", name.as_str()));
            index.remove("a", &name);
        }
        prop_assert_eq!(index.len(), plain.len());
        for resource in &resources {
            prop_assert_eq!(index.best(resource), best_policy(resource, &plain));
            prop_assert_eq!(cluster_index.best(resource), best_policy(resource, &plain_cluster));
            let lists = (&plain[..], &plain_cluster[..]);
            let indexes = (&index, &cluster_index);
            prop_assert_eq!(select_policy(resource, &indexes), select_policy(resource, &lists));
        }
    }
}
