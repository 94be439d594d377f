//! How a policy marks the templates and bindings it propagates (`karmada:pkg/detector/claim.go`).

use serde_json::Value;

use crate::annotations::{
    CLUSTER_PROPAGATION_POLICY_NAME, PROPAGATION_POLICY_NAME, PROPAGATION_POLICY_NAMESPACE,
};
use crate::labels::{CLUSTER_PROPAGATION_POLICY_PERMANENT_ID, PROPAGATION_POLICY_PERMANENT_ID};
use crate::metadata::Field;
use crate::policy::PolicyRef;

/// Labels of the claim of a PropagationPolicy.
pub const POLICY_LABELS: [&str; 1] = [PROPAGATION_POLICY_PERMANENT_ID];
/// Annotations of the claim of a PropagationPolicy.
pub const POLICY_ANNOTATIONS: [&str; 2] = [PROPAGATION_POLICY_NAMESPACE, PROPAGATION_POLICY_NAME];
/// Labels of the claim of a ClusterPropagationPolicy.
pub const CLUSTER_POLICY_LABELS: [&str; 1] = [CLUSTER_PROPAGATION_POLICY_PERMANENT_ID];
/// Annotations of the claim of a ClusterPropagationPolicy.
pub const CLUSTER_POLICY_ANNOTATIONS: [&str; 1] = [CLUSTER_PROPAGATION_POLICY_NAME];

/// The labels a policy puts on what it claims.
#[must_use]
pub fn claim_labels(policy: PolicyRef<'_>) -> Vec<(String, String)> {
    let key = match policy {
        PolicyRef::Namespaced(_) => PROPAGATION_POLICY_PERMANENT_ID,
        PolicyRef::Cluster(_) => CLUSTER_PROPAGATION_POLICY_PERMANENT_ID,
    };
    vec![(key.to_owned(), policy.permanent_id().to_owned())]
}

/// The annotations a policy puts on what it claims.
#[must_use]
pub fn claim_annotations(policy: PolicyRef<'_>) -> Vec<(String, String)> {
    let name = policy.name().to_owned();
    match policy {
        PolicyRef::Namespaced(_) => vec![
            (
                PROPAGATION_POLICY_NAMESPACE.to_owned(),
                policy.namespace().to_owned(),
            ),
            (PROPAGATION_POLICY_NAME.to_owned(), name),
        ],
        PolicyRef::Cluster(_) => vec![(CLUSTER_PROPAGATION_POLICY_NAME.to_owned(), name)],
    }
}

/// Claims a template for a policy; says whether the template has to be written.
///
/// A PropagationPolicy takes the marks of a ClusterPropagationPolicy away, not the other way round. A template that
/// carries the policy's id already stays as it is, names included.
///
/// ```
/// use karmada_core::api::policy::v1alpha1::PropagationPolicy;
/// use karmada_core::claim::claim;
/// use karmada_core::policy::PolicyRef;
/// use serde_json::json;
///
/// let mut policy = PropagationPolicy::named("default", "web");
/// policy.metadata.labels = Some([("propagationpolicy.karmada.io/permanent-id".to_owned(), "1".to_owned())].into());
/// let mut template = json!({"metadata": {"name": "nginx"}});
/// assert!(claim(&mut template, PolicyRef::Namespaced(&policy)));
/// assert_eq!(template["metadata"]["annotations"]["propagationpolicy.karmada.io/name"], "web");
/// assert!(!claim(&mut template, PolicyRef::Namespaced(&policy)));
/// ```
pub fn claim(template: &mut Value, policy: PolicyRef<'_>) -> bool {
    let label = |key: &str| Field::Labels.get(template, key);
    match policy {
        PolicyRef::Namespaced(_) => {
            let of_cluster_policy = label(CLUSTER_PROPAGATION_POLICY_PERMANENT_ID).is_some();
            if !of_cluster_policy && label(PROPAGATION_POLICY_PERMANENT_ID) == Some(policy.permanent_id()) {
                return false;
            }
            if of_cluster_policy {
                release_cluster_policy(template);
            }
        }
        PolicyRef::Cluster(_) => {
            if label(CLUSTER_PROPAGATION_POLICY_PERMANENT_ID) == Some(policy.permanent_id()) {
                return false;
            }
        }
    }
    Field::Labels.merge(template, claim_labels(policy));
    Field::Annotations.merge(template, claim_annotations(policy));
    true
}

/// Takes the claim of the PropagationPolicy with that id off a template or binding; says whether it had it.
pub fn release_policy(object: &mut Value, id: &str) -> bool {
    if Field::Labels.get(object, PROPAGATION_POLICY_PERMANENT_ID) != Some(id) {
        return false;
    }
    Field::Labels.remove(object, POLICY_LABELS);
    Field::Annotations.remove(object, POLICY_ANNOTATIONS);
    true
}

/// Takes the claim of the ClusterPropagationPolicy with that id off a template or binding; says whether it had it.
pub fn release_cluster_policy_of(object: &mut Value, id: &str) -> bool {
    if Field::Labels.get(object, CLUSTER_PROPAGATION_POLICY_PERMANENT_ID) != Some(id) {
        return false;
    }
    release_cluster_policy(object);
    true
}

fn release_cluster_policy(object: &mut Value) {
    Field::Labels.remove(object, CLUSTER_POLICY_LABELS);
    Field::Annotations.remove(object, CLUSTER_POLICY_ANNOTATIONS);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::policy::v1alpha1::{ClusterPropagationPolicy, PropagationPolicy};

    fn policy(id: &str) -> PropagationPolicy {
        let mut policy = PropagationPolicy::named("ns", "p");
        policy.metadata.labels = Some([(PROPAGATION_POLICY_PERMANENT_ID.to_owned(), id.to_owned())].into());
        policy
    }

    fn cluster_policy(id: &str) -> ClusterPropagationPolicy {
        let mut policy = ClusterPropagationPolicy::named("c");
        policy.metadata.labels =
            Some([(CLUSTER_PROPAGATION_POLICY_PERMANENT_ID.to_owned(), id.to_owned())].into());
        policy
    }

    #[test]
    fn claims() {
        fn check(before: Value, policy: PolicyRef<'_>, after: Option<Value>) {
            let mut template = json!({"metadata": before});
            let changed = claim(&mut template, policy);
            assert_eq!(changed, after.is_some());
            assert_eq!(template["metadata"], after.unwrap_or(before));
        }
        let (mine, all) = (policy("1"), cluster_policy("2"));
        let (mine, all) = (PolicyRef::Namespaced(&mine), PolicyRef::Cluster(&all));
        let by_mine = json!({"labels": {PROPAGATION_POLICY_PERMANENT_ID: "1"},
            "annotations": {PROPAGATION_POLICY_NAME: "p", PROPAGATION_POLICY_NAMESPACE: "ns"}});
        let by_all = json!({"labels": {CLUSTER_PROPAGATION_POLICY_PERMANENT_ID: "2"},
            "annotations": {CLUSTER_PROPAGATION_POLICY_NAME: "c"}});
        check(json!({}), mine, Some(by_mine.clone()));
        check(json!({}), all, Some(by_all.clone()));
        check(by_mine.clone(), mine, None);
        check(by_all.clone(), all, None);
        check(by_all.clone(), mine, Some(by_mine.clone()));
        let mut both = by_mine;
        both["labels"][CLUSTER_PROPAGATION_POLICY_PERMANENT_ID] = json!("2");
        both["annotations"][CLUSTER_PROPAGATION_POLICY_NAME] = json!("c");
        let mut only_mine = both.clone();
        only_mine["labels"]
            .as_object_mut()
            .unwrap()
            .remove(CLUSTER_PROPAGATION_POLICY_PERMANENT_ID);
        only_mine["annotations"]
            .as_object_mut()
            .unwrap()
            .remove(CLUSTER_PROPAGATION_POLICY_NAME);
        check(only_mine, all, Some(both));
    }

    #[test]
    fn releases_what_it_claimed() {
        let mut template = json!({"metadata": {"labels": {"app": "web"}}});
        claim(&mut template, PolicyRef::Namespaced(&policy("1")));
        assert!(!release_policy(&mut template, "other"));
        assert!(!release_cluster_policy_of(&mut template, "1"));
        assert!(release_policy(&mut template, "1"));
        assert_eq!(
            template,
            json!({"metadata": {"labels": {"app": "web"}, "annotations": {}}})
        );

        claim(&mut template, PolicyRef::Cluster(&cluster_policy("2")));
        assert!(!release_policy(&mut template, "2"));
        assert!(!release_cluster_policy_of(&mut template, "1"));
        assert!(release_cluster_policy_of(&mut template, "2"));
        assert_eq!(
            template,
            json!({"metadata": {"labels": {"app": "web"}, "annotations": {}}})
        );
    }
}
