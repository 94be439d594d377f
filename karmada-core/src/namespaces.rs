//! Which namespaces follow to every member (`karmada:pkg/controllers/namespace`).

use crate::api::policy::v1alpha1::OverrideSpec;
use crate::labels::NAMESPACE_SKIP_AUTO_PROPAGATION;
use crate::names::{NAMESPACE_DEFAULT, is_reserved_namespace};
use crate::selector::Labels;

/// Whether a namespace is made in every member: it is neither reserved nor `default` nor skipped, and has no label that
/// keeps it back.
///
/// `is_skipped` says whether the name matches one of `--skipped-propagating-namespaces`, which are regular expressions
/// over the whole name (`kube-.*` by default).
pub fn should_sync_namespace(name: &str, labels: &impl Labels, is_skipped: &dyn Fn(&str) -> bool) -> bool {
    let kept_back = labels
        .value(NAMESPACE_SKIP_AUTO_PROPAGATION)
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    !is_reserved_namespace(name) && name != NAMESPACE_DEFAULT && !is_skipped(name) && !kept_back
}

/// The namespaces that a ClusterOverridePolicy is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namespaces {
    /// All there are.
    All,
    /// These, in the order of the policy.
    Named(Vec<String>),
}

/// The namespaces to look at again when a ClusterOverridePolicy changes.
///
/// A policy without selectors is about every resource, namespaces included. Upstream looks at none again then.
#[must_use]
pub fn namespaces_for_override(spec: &OverrideSpec) -> Namespaces {
    if spec.resource_selectors.is_empty() {
        return Namespaces::All;
    }
    let mut names = Vec::new();
    for selector in &spec.resource_selectors {
        if (selector.api_version.as_str(), selector.kind.as_str()) != ("v1", "Namespace") {
            continue;
        }
        if selector.name.is_empty() {
            return Namespaces::All;
        }
        names.push(selector.name.clone());
    }
    Namespaces::Named(names)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn synced_namespaces() {
        fn check(name: &str, label: Option<&str>, expect: bool) {
            let labels: BTreeMap<String, String> = label
                .map(|value| (NAMESPACE_SKIP_AUTO_PROPAGATION.to_owned(), value.to_owned()))
                .into_iter()
                .collect();
            assert_eq!(
                should_sync_namespace(name, &labels, &|name| name.starts_with("kube-")),
                expect,
                "{name}"
            );
        }
        check("shop", None, true);
        check("shop", Some("false"), true);
        check("shop", Some("True"), false);
        check("default", None, false);
        check("kube-system", None, false);
        check("karmada-system", None, false);
        check("karmada-es-m1", None, false);
    }

    #[test]
    fn namespaces_of_policies() {
        fn check(selectors: Value, expect: Namespaces) {
            let spec: OverrideSpec = serde_json::from_value(json!({"resourceSelectors": selectors})).unwrap();
            assert_eq!(namespaces_for_override(&spec), expect);
        }
        check(json!([]), Namespaces::All);
        check(
            json!([{"apiVersion": "v1", "kind": "Secret", "name": "x"}]),
            Namespaces::Named(vec![]),
        );
        let named = json!({"apiVersion": "v1", "kind": "Namespace", "name": "a"});
        check(json!([named]), Namespaces::Named(vec!["a".into()]));
        check(
            json!([named, {"apiVersion": "v1", "kind": "Namespace"}]),
            Namespaces::All,
        );
    }
}
