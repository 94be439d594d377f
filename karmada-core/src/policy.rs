//! Which policy propagates a resource (`karmada:pkg/detector/compare.go`, `policy.go`).
//!
//! Among policies of one kind the higher explicit priority wins; among equals the one that selects more closely (by name
//! over by labels over by kind); among those the smaller name. A matching PropagationPolicy beats every
//! ClusterPropagationPolicy, whatever their priorities. Policies that are being deleted do not count.

mod index;

use std::cmp::Reverse;

use serde_json::Value;

pub use index::PolicyIndex;

use crate::annotations;
use crate::api::meta::ObjectMeta;
use crate::api::policy::v1alpha1::{
    ActivationPreference, ClusterPropagationPolicy, PropagationPolicy, PropagationSpec,
};
use crate::labels;
use crate::object::Object;
use crate::selector::{ImplicitPriority, highest_priority};

/// A PropagationPolicy or a ClusterPropagationPolicy.
pub trait Policy: k8s_openapi::Metadata<Ty = ObjectMeta> {
    /// The kind.
    const KIND: &'static str;
    /// Whether it is for resources of its own namespace only.
    const NAMESPACED: bool;
    /// The label with its permanent id, on itself and on what it claims.
    const PERMANENT_ID: &'static str;

    /// What goes where.
    fn spec(&self) -> &PropagationSpec;

    /// Its name.
    fn name(&self) -> &str {
        self.metadata().name.as_deref().unwrap_or_default()
    }

    /// Its namespace, empty for a ClusterPropagationPolicy.
    fn namespace(&self) -> &str {
        self.metadata().namespace.as_deref().unwrap_or_default()
    }

    /// Its permanent id, empty if it has none.
    fn permanent_id(&self) -> &str {
        let labels = self.metadata().labels.as_ref();
        labels
            .and_then(|labels| labels.get(Self::PERMANENT_ID))
            .map_or("", String::as_str)
    }

    /// Whether it is being deleted.
    fn is_deleting(&self) -> bool {
        self.metadata().deletion_timestamp.is_some()
    }

    /// The explicit priority.
    fn priority(&self) -> i32 {
        self.spec().priority.unwrap_or_default()
    }

    /// Whether its changes wait for the next change of each template.
    fn is_lazy(&self) -> bool {
        self.spec().activation_preference == Some(ActivationPreference::Lazy)
    }
}

impl Policy for PropagationPolicy {
    const KIND: &'static str = "PropagationPolicy";
    const NAMESPACED: bool = true;
    const PERMANENT_ID: &'static str = labels::PROPAGATION_POLICY_PERMANENT_ID;

    fn spec(&self) -> &PropagationSpec {
        &self.spec
    }
}

impl Policy for ClusterPropagationPolicy {
    const KIND: &'static str = "ClusterPropagationPolicy";
    const NAMESPACED: bool = false;
    const PERMANENT_ID: &'static str = labels::CLUSTER_PROPAGATION_POLICY_PERMANENT_ID;

    fn spec(&self) -> &PropagationSpec {
        &self.spec
    }
}

/// What decides between two policies; the greater wins.
type Rank<'a> = (i32, ImplicitPriority, Reverse<&'a str>);

/// The policy of one kind that is to propagate a resource.
///
/// Linear in the number of policies; [`PolicyIndex::best`] gives the same answer without looking at all of them.
pub fn best_policy<'a, P: Policy>(
    resource: &Value,
    policies: impl IntoIterator<Item = &'a P>,
) -> Option<&'a P> {
    policies
        .into_iter()
        .filter_map(|policy| Some((rank(resource, policy)?, policy)))
        .max_by(|(a, _), (b, _)| a.cmp(b))
        .map(|(_, policy)| policy)
}

/// How a policy ranks for a resource; nothing if it is not for it.
fn rank<'a, P: Policy>(resource: &Value, policy: &'a P) -> Option<Rank<'a>> {
    if policy.is_deleting() || !concerns_namespace(resource, policy) {
        return None;
    }
    let implicit = highest_priority(resource, &policy.spec().resource_selectors);
    (implicit > ImplicitPriority::Mismatch).then(|| (policy.priority(), implicit, Reverse(policy.name())))
}

fn concerns_namespace<P: Policy>(resource: &Value, policy: &P) -> bool {
    let namespace = Object::new(resource).namespace();
    !P::NAMESPACED || (!namespace.is_empty() && policy.namespace() == namespace)
}

/// A policy of either kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PolicyRef<'a> {
    /// Of the resource's namespace.
    Namespaced(&'a PropagationPolicy),
    /// Of the whole control plane.
    Cluster(&'a ClusterPropagationPolicy),
}

impl<'a> PolicyRef<'a> {
    /// The kind.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Namespaced(_) => PropagationPolicy::KIND,
            Self::Cluster(_) => ClusterPropagationPolicy::KIND,
        }
    }

    /// The name.
    #[must_use]
    pub fn name(self) -> &'a str {
        match self {
            Self::Namespaced(policy) => policy.name(),
            Self::Cluster(policy) => policy.name(),
        }
    }

    /// The namespace, empty for a ClusterPropagationPolicy.
    #[must_use]
    pub fn namespace(self) -> &'a str {
        match self {
            Self::Namespaced(policy) => policy.namespace(),
            Self::Cluster(_) => "",
        }
    }

    /// The permanent id, empty if it has none.
    #[must_use]
    pub fn permanent_id(self) -> &'a str {
        match self {
            Self::Namespaced(policy) => policy.permanent_id(),
            Self::Cluster(policy) => policy.permanent_id(),
        }
    }

    /// What goes where.
    #[must_use]
    pub fn spec(self) -> &'a PropagationSpec {
        match self {
            Self::Namespaced(policy) => &policy.spec,
            Self::Cluster(policy) => &policy.spec,
        }
    }

    /// Whether it is being deleted.
    #[must_use]
    pub fn is_deleting(self) -> bool {
        match self {
            Self::Namespaced(policy) => policy.is_deleting(),
            Self::Cluster(policy) => policy.is_deleting(),
        }
    }

    /// Whether its changes wait for the next change of each template.
    #[must_use]
    pub fn is_lazy(self) -> bool {
        self.spec().activation_preference == Some(ActivationPreference::Lazy)
    }
}

/// Where policies are looked up.
pub trait Policies {
    /// A PropagationPolicy by namespace and name.
    fn policy(&self, namespace: &str, name: &str) -> Option<&PropagationPolicy>;
    /// A ClusterPropagationPolicy by name.
    fn cluster_policy(&self, name: &str) -> Option<&ClusterPropagationPolicy>;
    /// The PropagationPolicy that is to propagate an unclaimed resource; [`best_policy`] says which.
    fn best_policy(&self, resource: &Value) -> Option<&PropagationPolicy>;
    /// The ClusterPropagationPolicy that is to propagate an unclaimed resource.
    fn best_cluster_policy(&self, resource: &Value) -> Option<&ClusterPropagationPolicy>;
}

/// All policies of a control plane, in lists: the plain way of looking up, for few of them.
impl Policies for (&[PropagationPolicy], &[ClusterPropagationPolicy]) {
    fn policy(&self, namespace: &str, name: &str) -> Option<&PropagationPolicy> {
        self.0
            .iter()
            .find(|policy| policy.namespace() == namespace && policy.name() == name)
    }

    fn cluster_policy(&self, name: &str) -> Option<&ClusterPropagationPolicy> {
        self.1.iter().find(|policy| policy.name() == name)
    }

    fn best_policy(&self, resource: &Value) -> Option<&PropagationPolicy> {
        best_policy(resource, self.0)
    }

    fn best_cluster_policy(&self, resource: &Value) -> Option<&ClusterPropagationPolicy> {
        best_policy(resource, self.1)
    }
}

/// All policies of a control plane, indexed.
impl Policies
    for (
        &PolicyIndex<PropagationPolicy>,
        &PolicyIndex<ClusterPropagationPolicy>,
    )
{
    fn policy(&self, namespace: &str, name: &str) -> Option<&PropagationPolicy> {
        self.0.get(namespace, name)
    }

    fn cluster_policy(&self, name: &str) -> Option<&ClusterPropagationPolicy> {
        self.1.get("", name)
    }

    fn best_policy(&self, resource: &Value) -> Option<&PropagationPolicy> {
        self.0.best(resource)
    }

    fn best_cluster_policy(&self, resource: &Value) -> Option<&ClusterPropagationPolicy> {
        self.1.best(resource)
    }
}

/// The policy that is to propagate an unclaimed resource.
///
/// ```
/// use karmada_core::api::policy::v1alpha1::{ClusterPropagationPolicy, PropagationPolicy, PropagationSpec, ResourceSelector};
/// use karmada_core::policy::select_policy;
/// use serde_json::json;
///
/// let spec = PropagationSpec::new([ResourceSelector::new("v1", "ConfigMap")], Default::default());
/// let policies = [PropagationPolicy::new("default", "mine", spec.clone())];
/// let cluster_policies = [ClusterPropagationPolicy::new("all", PropagationSpec { priority: Some(100), ..spec })];
/// let resource = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "default", "name": "a"}});
/// let policies = (&policies[..], &cluster_policies[..]);
/// let chosen = select_policy(&resource, &policies).unwrap();
/// assert_eq!((chosen.kind(), chosen.name()), ("PropagationPolicy", "mine"));
/// ```
pub fn select_policy<'a>(resource: &Value, policies: &'a impl Policies) -> Option<PolicyRef<'a>> {
    policies
        .best_policy(resource)
        .map(PolicyRef::Namespaced)
        .or_else(|| policies.best_cluster_policy(resource).map(PolicyRef::Cluster))
}

/// What is to be done with a resource template.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Verdict<'a> {
    /// Something other than a policy claims it: it is left alone and no longer waits.
    ClaimedByOther,
    /// The policy propagates it.
    Apply(PolicyRef<'a>),
    /// The policy that claims it is gone: the claim is taken off the binding, then off the template.
    Release(Claim<'a>),
    /// The policy that claims it no longer selects it: nothing, until the policy itself takes the claim away.
    NotSelected(PolicyRef<'a>),
    /// The policy that claims it is being deleted: try again.
    Deleting(PolicyRef<'a>),
    /// Override policies that the policy asks for are missing: try again.
    WaitForOverrides {
        /// The policy.
        policy: PolicyRef<'a>,
        /// The first override policy that is missing.
        missing: &'a str,
    },
    /// No policy is for it: it waits for one.
    Wait,
}

/// The claim on a template or binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim<'a> {
    /// Of a PropagationPolicy.
    Policy {
        /// Its namespace.
        namespace: &'a str,
        /// Its name.
        name: &'a str,
        /// Its permanent id.
        id: &'a str,
    },
    /// Of a ClusterPropagationPolicy.
    ClusterPolicy {
        /// Its name.
        name: &'a str,
        /// Its permanent id.
        id: &'a str,
    },
}

impl<'a> Claim<'a> {
    /// The claim of a PropagationPolicy, if it is complete: namespace, name and id.
    #[must_use]
    pub fn of_policy(template: &'a Value) -> Option<Self> {
        let object = Object::new(template);
        let text = |text: Option<&'a str>| text.filter(|text| !text.is_empty());
        Some(Self::Policy {
            namespace: text(
                object
                    .annotations()
                    .get(annotations::PROPAGATION_POLICY_NAMESPACE),
            )?,
            name: text(object.annotations().get(annotations::PROPAGATION_POLICY_NAME))?,
            id: text(object.labels().get(labels::PROPAGATION_POLICY_PERMANENT_ID))?,
        })
    }

    /// The claim of a ClusterPropagationPolicy, if it is complete: name and id.
    #[must_use]
    pub fn of_cluster_policy(template: &'a Value) -> Option<Self> {
        let object = Object::new(template);
        let text = |text: Option<&'a str>| text.filter(|text| !text.is_empty());
        Some(Self::ClusterPolicy {
            name: text(
                object
                    .annotations()
                    .get(annotations::CLUSTER_PROPAGATION_POLICY_NAME),
            )?,
            id: text(
                object
                    .labels()
                    .get(labels::CLUSTER_PROPAGATION_POLICY_PERMANENT_ID),
            )?,
        })
    }
}

/// Decides what is to be done with a resource template.
///
/// A claimed template keeps its policy, even if a better one appears (see [`preemption`](crate::preemption)).
/// `override_exists` is asked for the names in `dependentOverrides`: a namespace and a name for an OverridePolicy, an
/// empty namespace for a ClusterOverridePolicy.
pub fn decide<'a>(
    template: &'a Value,
    policies: &'a impl Policies,
    override_exists: &dyn Fn(&str, &str) -> bool,
) -> Verdict<'a> {
    let claimed_by = Object::new(template).labels().get(labels::CLAIMED_BY);
    if claimed_by.is_some_and(|by| !by.is_empty()) {
        return Verdict::ClaimedByOther;
    }
    let claim = Claim::of_policy(template).or_else(|| Claim::of_cluster_policy(template));
    let policy = match claim {
        Some(claim) => {
            let policy = match claim {
                Claim::Policy { namespace, name, .. } => {
                    policies.policy(namespace, name).map(PolicyRef::Namespaced)
                }
                Claim::ClusterPolicy { name, .. } => policies.cluster_policy(name).map(PolicyRef::Cluster),
            };
            let Some(policy) = policy else {
                return Verdict::Release(claim);
            };
            if policy.is_deleting() {
                return Verdict::Deleting(policy);
            }
            if !crate::selector::matches_any(template, &policy.spec().resource_selectors) {
                return Verdict::NotSelected(policy);
            }
            policy
        }
        None => match select_policy(template, policies) {
            Some(policy) => policy,
            None => return Verdict::Wait,
        },
    };
    let missing = policy
        .spec()
        .dependent_overrides
        .iter()
        .find(|name| !override_exists(policy.namespace(), name));
    match missing {
        Some(missing) => Verdict::WaitForOverrides { policy, missing },
        None => Verdict::Apply(policy),
    }
}

#[cfg(test)]
mod tests;
