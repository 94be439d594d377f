//! Whom the proxy of a cluster may speak for (`karmada:pkg/controllers/unifiedauth`).

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::{PolicyRule, Subject};

/// The rules with which the proxy may impersonate the subjects: users, service accounts and groups in this order, each
/// with sorted names. The namespaces of service accounts are not kept. No subjects give no rules.
pub fn impersonation_rules<'a>(subjects: impl IntoIterator<Item = &'a Subject>) -> Vec<PolicyRule> {
    let (mut users, mut accounts, mut groups) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for subject in subjects {
        match subject.kind.as_str() {
            "User" => users.insert(subject.name.as_str()),
            "ServiceAccount" => accounts.insert(subject.name.as_str()),
            "Group" => groups.insert(subject.name.as_str()),
            _ => continue,
        };
    }
    [
        ("users", users),
        ("serviceaccounts", accounts),
        ("groups", groups),
    ]
    .into_iter()
    .filter(|(_, names)| !names.is_empty())
    .map(|(resource, names)| PolicyRule {
        verbs: vec!["impersonate".to_owned()],
        api_groups: Some(vec![String::new()]),
        resources: Some(vec![resource.to_owned()]),
        resource_names: Some(names.into_iter().map(str::to_owned).collect()),
        ..PolicyRule::default()
    })
    .collect()
}

/// The clusters whose proxy a role opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clusters {
    /// All there are.
    All,
    /// These, sorted.
    Named(Vec<String>),
}

/// The clusters whose proxy a ClusterRole opens: those named in its rules for `clusters/proxy`, all where a rule names
/// none, and all with a rule for the proxy of search.
#[must_use]
pub fn roles_to_clusters(rules: &[PolicyRule]) -> Clusters {
    let mut clusters = BTreeSet::new();
    for rule in rules {
        if is_for(rule, "search.karmada.io", "proxying/proxy") {
            return Clusters::All;
        }
        if is_for(rule, "cluster.karmada.io", "clusters/proxy") {
            let names = rule.resource_names.as_deref().unwrap_or_default();
            if names.is_empty() {
                return Clusters::All;
            }
            clusters.extend(names);
        }
    }
    Clusters::Named(clusters.into_iter().cloned().collect())
}

/// Whether a rule is for a resource; `*` stands for any group and any resource.
fn is_for(rule: &PolicyRule, group: &str, resource: &str) -> bool {
    let has = |list: Option<&Vec<String>>, wanted: &str| {
        list.is_some_and(|list| list.iter().any(|have| have == wanted || have == "*"))
    };
    has(rule.api_groups.as_ref(), group) && has(rule.resources.as_ref(), resource)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn rules() {
        fn check(subjects: Value, expect: Value) {
            let subjects: Vec<Subject> = serde_json::from_value(subjects).unwrap();
            assert_eq!(
                serde_json::to_value(impersonation_rules(&subjects)).unwrap(),
                expect
            );
        }
        let rule = |resource: &str, names: &[&str]| json!({"verbs": ["impersonate"], "apiGroups": [""], "resources": [resource], "resourceNames": names});
        check(json!([]), json!([]));
        check(
            json!([{"kind": "Group", "name": "g"}, {"kind": "User", "name": "b"}, {"kind": "User", "name": "a"}, {"kind": "User", "name": "b"},
                {"kind": "ServiceAccount", "name": "s", "namespace": "ns"}, {"kind": "Odd", "name": "o"}]),
            json!([
                rule("users", &["a", "b"]),
                rule("serviceaccounts", &["s"]),
                rule("groups", &["g"])
            ]),
        );
    }

    #[test]
    fn clusters() {
        fn check(rules: Value, expect: Clusters) {
            let rules: Vec<PolicyRule> = serde_json::from_value(rules).unwrap();
            assert_eq!(roles_to_clusters(&rules), expect);
        }
        let rule = |group: &str, resource: &str, names: &[&str]| json!({"verbs": ["*"], "apiGroups": [group], "resources": [resource], "resourceNames": names});
        let proxy = |names: &[&str]| rule("cluster.karmada.io", "clusters/proxy", names);
        check(json!([]), Clusters::Named(vec![]));
        check(
            json!([proxy(&["m2", "m1"]), proxy(&["m1"])]),
            Clusters::Named(vec!["m1".into(), "m2".into()]),
        );
        check(json!([proxy(&["m1"]), proxy(&[])]), Clusters::All);
        check(
            json!([rule("search.karmada.io", "proxying/proxy", &[])]),
            Clusters::All,
        );
        check(json!([rule("*", "*", &[])]), Clusters::All);
        check(
            json!([rule("cluster.karmada.io", "clusters", &[])]),
            Clusters::Named(vec![]),
        );
    }
}
