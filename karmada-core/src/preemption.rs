//! Taking claimed templates over (`karmada:pkg/detector/preemption.go`).
//!
//! Once claimed, a template keeps its policy; only a policy that says `preemption: Always` may take it over, and only
//! with the feature gate `PropagationPolicyPreemption`. What decides is the kind of policy and the explicit priority.

use serde_json::Value;

use crate::api::policy::v1alpha1::PreemptionBehavior;
use crate::claim::claim;
use crate::features::{Feature, FeatureGates};
use crate::object::Object;
use crate::policy::{Policies, Policy, PolicyRef};
use crate::{annotations, labels};

/// Whether a policy takes claimed templates over at all.
#[must_use]
pub fn is_enabled(policy: PolicyRef<'_>, gates: FeatureGates) -> bool {
    gates.enabled(Feature::PropagationPolicyPreemption)
        && policy.spec().preemption == Some(PreemptionBehavior::Always)
}

/// The policy that claims a template is gone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {name:?}, which claims the template, does not exist")]
pub struct ClaimantGone {
    /// Its kind.
    pub kind: &'static str,
    /// Its name, with its namespace if it has one.
    pub name: String,
}

/// Whether a policy may take a template over from the policy that claims it.
///
/// A PropagationPolicy takes over from another of strictly lower explicit priority, and from any
/// ClusterPropagationPolicy; a ClusterPropagationPolicy only from another of strictly lower explicit priority.
/// Unclaimed templates are no matter of preemption.
///
/// # Errors
/// [`ClaimantGone`] if the policy whose priority would have to be compared does not exist.
pub fn can_preempt(
    template: &Value,
    preemptor: PolicyRef<'_>,
    policies: &impl Policies,
) -> Result<bool, ClaimantGone> {
    let object = Object::new(template);
    let annotation = |key: &str| object.annotations().get(key).unwrap_or_default();
    let namespace = annotation(annotations::PROPAGATION_POLICY_NAMESPACE);
    let name = annotation(annotations::PROPAGATION_POLICY_NAME);
    let by_policy = !namespace.is_empty() && !name.is_empty();
    let cluster_name = annotation(annotations::CLUSTER_PROPAGATION_POLICY_NAME);
    let priority = preemptor.spec().priority.unwrap_or_default();
    match preemptor {
        PolicyRef::Namespaced(policy) => {
            if by_policy && (policy.namespace(), policy.name()) != (namespace, name) {
                let claimant = policies.policy(namespace, name).ok_or_else(|| ClaimantGone {
                    kind: preemptor.kind(),
                    name: format!("{namespace}/{name}"),
                })?;
                if claimant.priority() < priority {
                    return Ok(true);
                }
            }
            Ok(!cluster_name.is_empty())
        }
        PolicyRef::Cluster(policy) => {
            if by_policy || cluster_name.is_empty() || cluster_name == policy.name() {
                return Ok(false);
            }
            let claimant = policies
                .cluster_policy(cluster_name)
                .ok_or_else(|| ClaimantGone {
                    kind: preemptor.kind(),
                    name: cluster_name.to_owned(),
                })?;
            Ok(claimant.priority() < priority)
        }
    }
}

/// Takes a template over if the policy may; says whether the template has to be written.
///
/// The caller asks [`is_enabled`] first, and fetches the templates that the policy's selectors name; templates that are
/// being deleted are left alone.
///
/// # Errors
/// As [`can_preempt`]; the template is then unchanged.
pub fn preempt(
    template: &mut Value,
    preemptor: PolicyRef<'_>,
    policies: &impl Policies,
) -> Result<bool, ClaimantGone> {
    let deleting = template
        .pointer("/metadata/deletionTimestamp")
        .is_some_and(|time| !time.is_null());
    Ok(!deleting && can_preempt(template, preemptor, policies)? && claim(template, preemptor))
}

/// The policies that may take templates over because the priority of another has dropped, the highest first.
///
/// Those that preempt, with an explicit priority strictly between the new one and the old one, in the namespace of the
/// changed policy.
pub fn requeue_candidates<'a, P: Policy>(
    changed: &P,
    old_priority: i32,
    policies: impl IntoIterator<Item = &'a P>,
) -> Vec<&'a P> {
    let between = changed.priority() + i32::from(changed.priority() < i32::MAX)..old_priority;
    let mut candidates: Vec<&P> = policies
        .into_iter()
        .filter(|policy| {
            policy.namespace() == changed.namespace()
                && policy.name() != changed.name()
                && policy.spec().preemption == Some(PreemptionBehavior::Always)
                && policy
                    .spec()
                    .priority
                    .is_some_and(|priority| between.contains(&priority))
        })
        .collect();
    candidates.sort_by(|a, b| {
        b.priority()
            .cmp(&a.priority())
            .then_with(|| a.name().cmp(b.name()))
    });
    candidates
}

/// Whether a template is claimed by the policy with that id.
#[must_use]
pub fn is_claimed_by(template: &Value, policy: PolicyRef<'_>) -> bool {
    let key = match policy {
        PolicyRef::Namespaced(_) => labels::PROPAGATION_POLICY_PERMANENT_ID,
        PolicyRef::Cluster(_) => labels::CLUSTER_PROPAGATION_POLICY_PERMANENT_ID,
    };
    Object::new(template).labels().get(key) == Some(policy.permanent_id())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::policy::v1alpha1::{ClusterPropagationPolicy, PropagationPolicy};

    fn policy(name: &str, priority: i32) -> PropagationPolicy {
        let mut policy = PropagationPolicy::named("ns", name);
        policy.metadata.labels =
            Some([(PropagationPolicy::PERMANENT_ID.to_owned(), format!("id-{name}"))].into());
        policy.spec.priority = Some(priority);
        policy.spec.preemption = Some(PreemptionBehavior::Always);
        policy
    }

    fn cluster_policy(name: &str, priority: i32) -> ClusterPropagationPolicy {
        let mut policy = ClusterPropagationPolicy::named(name);
        policy.metadata.labels = Some(
            [(
                ClusterPropagationPolicy::PERMANENT_ID.to_owned(),
                format!("id-{name}"),
            )]
            .into(),
        );
        policy.spec.priority = Some(priority);
        policy
    }

    #[test]
    fn who_may() {
        let policies = [policy("p5", 5)];
        let cluster_policies = [cluster_policy("c5", 5)];
        let lists = (&policies[..], &cluster_policies[..]);
        let unclaimed = json!({"metadata": {"name": "t"}});
        let claimed = |policy: PolicyRef<'_>| {
            let mut template = unclaimed.clone();
            claim(&mut template, policy);
            template
        };
        let by_policy = claimed(PolicyRef::Namespaced(&policies[0]));
        let by_cluster_policy = claimed(PolicyRef::Cluster(&cluster_policies[0]));
        let check = |template: &Value, preemptor: PolicyRef<'_>, expect: bool| {
            let mut after = template.clone();
            assert_eq!(
                preempt(&mut after, preemptor, &lists),
                Ok(expect),
                "{template} {preemptor:?}"
            );
            assert_eq!(after != *template, expect);
            if expect {
                assert!(is_claimed_by(&after, preemptor));
            }
        };
        for (priority, higher) in [(4, false), (5, false), (6, true)] {
            let (mine, all) = (policy("new", priority), cluster_policy("new", priority));
            let (mine, all) = (PolicyRef::Namespaced(&mine), PolicyRef::Cluster(&all));
            check(&unclaimed, mine, false);
            check(&unclaimed, all, false);
            check(&by_policy, mine, higher);
            check(&by_policy, all, false);
            check(&by_cluster_policy, mine, true);
            check(&by_cluster_policy, all, higher);
        }
        let mut deleting = by_policy.clone();
        deleting["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        check(&deleting, PolicyRef::Namespaced(&policy("new", 9)), false);
        check(&by_policy, PolicyRef::Namespaced(&policies[0]), false);
        let none: (&[PropagationPolicy], &[ClusterPropagationPolicy]) = (&[], &[]);
        assert!(can_preempt(&by_policy, PolicyRef::Namespaced(&policy("new", 9)), &none).is_err());
    }

    #[test]
    fn needs_the_gate_and_the_word() {
        fn check(gate: bool, preemption: Option<&str>, expect: bool) {
            let mut policy = policy("p", 1);
            policy.spec.preemption = preemption.map(PreemptionBehavior::from);
            let mut cluster_policy = cluster_policy("c", 1);
            cluster_policy.spec.preemption = policy.spec.preemption.clone();
            let gates = FeatureGates::default().with(Feature::PropagationPolicyPreemption, gate);
            for policy in [
                PolicyRef::Namespaced(&policy),
                PolicyRef::Cluster(&cluster_policy),
            ] {
                assert_eq!(is_enabled(policy, gates), expect, "{gate} {preemption:?}");
            }
        }
        check(true, Some("Always"), true);
        check(false, Some("Always"), false);
        check(true, Some("Never"), false);
        check(true, None, false);
    }

    #[test]
    fn candidates_lie_strictly_between() {
        let mut never = policy("never", 4);
        never.spec.preemption = None;
        let policies = [
            policy("a", 2),
            policy("b", 3),
            policy("c", 4),
            policy("d", 5),
            never,
            policy("e", 4),
        ];
        let names = |new: i32, old: i32| -> Vec<String> {
            requeue_candidates(&policy("changed", new), old, &policies)
                .into_iter()
                .map(|policy| policy.name().to_owned())
                .collect()
        };
        assert_eq!(names(2, 5), ["c", "e", "b"]);
        assert_eq!(names(4, 5), [""; 0]);
        assert_eq!(names(5, 2), [""; 0]);
        assert_eq!(names(i32::MAX, i32::MAX), [""; 0]);
    }
}
