//! What one replica of a pod template asks of a cluster (`karmada:pkg/util/helper/binding.go`,
//! `karmada:pkg/util/resource.go`).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::api::meta::{NodeSelector, ResourceList, Toleration};
use crate::api::wire::nullable;
use crate::api::work::v1alpha2::{NodeClaim, ReplicaRequirements};
use crate::features::{Feature, FeatureGates};
use crate::quantity::{Format, Quantity};
use crate::syntax;

/// The parts of a pod's specification that say where it can run and what it takes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    /// The containers, which run side by side.
    #[serde(deserialize_with = "nullable")]
    pub containers: Vec<Container>,
    /// The containers that run before them, one after the other.
    #[serde(deserialize_with = "nullable")]
    pub init_containers: Vec<Container>,
    /// What the runtime takes on top.
    #[serde(deserialize_with = "nullable")]
    pub overhead: ResourceList,
    /// Labels of the nodes it can run on.
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Further rules about nodes.
    #[serde(deserialize_with = "nullable")]
    pub affinity: Affinity,
    /// Taints it puts up with.
    #[serde(deserialize_with = "nullable")]
    pub tolerations: Vec<Toleration>,
    /// Its priority class.
    #[serde(deserialize_with = "nullable")]
    pub priority_class_name: String,
}

/// One container, for what it takes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Container {
    /// What it takes.
    #[serde(deserialize_with = "nullable")]
    pub resources: Resources,
}

/// What a container takes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// At least.
    #[serde(deserialize_with = "nullable")]
    pub requests: ResourceList,
    /// At most.
    #[serde(deserialize_with = "nullable")]
    pub limits: ResourceList,
}

/// Where a pod runs, as far as nodes are concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Affinity {
    /// By properties of nodes.
    #[serde(deserialize_with = "nullable")]
    pub node_affinity: NodeAffinity,
}

/// Rules about nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeAffinity {
    /// Rules that must hold; those that should are not considered.
    pub required_during_scheduling_ignored_during_execution: Option<NodeSelector>,
}

impl PodSpec {
    /// What one replica needs: `None` if it can run anywhere and takes nothing.
    ///
    /// The priority class counts only with [`Feature::ResourceQuotaEstimate`], and not by itself.
    #[must_use]
    pub fn replica_requirements(&self, gates: FeatureGates) -> Option<ReplicaRequirements> {
        let node_claim = self.node_claim();
        let resource_request = self.resource_request();
        if node_claim.is_none() && resource_request.is_empty() {
            return None;
        }
        let priority_class_name = if gates.enabled(Feature::ResourceQuotaEstimate) {
            self.priority_class_name.clone()
        } else {
            String::new()
        };
        Some(ReplicaRequirements {
            node_claim,
            resource_request,
            namespace: String::new(),
            priority_class_name,
        })
    }

    /// Which nodes it can run on: `None` without node selector, required node affinity and tolerations. A node selector
    /// that is there but empty is a claim, too.
    #[must_use]
    pub fn node_claim(&self) -> Option<NodeClaim> {
        let hard_node_affinity = &self
            .affinity
            .node_affinity
            .required_during_scheduling_ignored_during_execution;
        if self.node_selector.is_none() && hard_node_affinity.is_none() && self.tolerations.is_empty() {
            return None;
        }
        Some(NodeClaim {
            hard_node_affinity: hard_node_affinity.clone(),
            node_selector: self.node_selector.clone().unwrap_or_default(),
            tolerations: self.tolerations.clone(),
        })
    }

    /// What it takes: the sum of the containers, or what one of the init containers takes if that is more, plus the
    /// overhead. A limit stands in for a missing request. Resources of unknown names and amounts of nothing are left out.
    ///
    /// As upstream, amounts are 64-bit integers, thousandths for `cpu`, rounded up; one that is too large counts as
    /// `i64::MAX`, and sums wrap around.
    #[must_use]
    pub fn resource_request(&self) -> ResourceList {
        let mut total = Amounts::default();
        for container in &self.containers {
            total.add(container.requests());
        }
        for container in &self.init_containers {
            total.raise_to(container.requests());
        }
        total.add(&self.overhead);
        total.into_list()
    }
}

impl Container {
    /// The requests, and the limits of resources that have no request.
    fn requests(&self) -> impl Iterator<Item = (&String, &Quantity)> {
        let Resources { requests, limits } = &self.resources;
        requests
            .iter()
            .chain(limits.iter().filter(|(name, _)| !requests.contains_key(*name)))
    }
}

const CPU: &str = "cpu";
const MEMORY: &str = "memory";
const EPHEMERAL_STORAGE: &str = "ephemeral-storage";
const PODS: &str = "pods";
const HUGE_PAGES_PREFIX: &str = "hugepages-";

/// Amounts by resource name: thousandths of `cpu`, whole units of the others.
#[derive(Default)]
struct Amounts<'a>(BTreeMap<&'a str, i64>);

impl<'a> Amounts<'a> {
    fn add(&mut self, list: impl IntoIterator<Item = (&'a String, &'a Quantity)>) {
        self.merge(list, i64::wrapping_add);
    }

    fn raise_to(&mut self, list: impl IntoIterator<Item = (&'a String, &'a Quantity)>) {
        self.merge(list, i64::max);
    }

    fn merge(
        &mut self,
        list: impl IntoIterator<Item = (&'a String, &'a Quantity)>,
        with: impl Fn(i64, i64) -> i64,
    ) {
        for (name, quantity) in list {
            let amount = match name.as_str() {
                CPU => quantity.milli_value(),
                MEMORY | EPHEMERAL_STORAGE | PODS => quantity.value(),
                name if is_scalar(name) => quantity.value(),
                _ => continue,
            };
            let total = self.0.entry(name).or_default();
            *total = with(*total, amount);
        }
    }

    fn into_list(self) -> ResourceList {
        let quantity = |name: &str, amount| match name {
            CPU => Quantity::from_milli(amount, Format::DecimalSi),
            MEMORY | EPHEMERAL_STORAGE => Quantity::new(amount, Format::BinarySi),
            _ if name.starts_with(HUGE_PAGES_PREFIX) => Quantity::new(amount, Format::BinarySi),
            _ => Quantity::new(amount, Format::DecimalSi),
        };
        let amounts = self.0.into_iter().filter(|(_, amount)| *amount > 0);
        amounts
            .map(|(name, amount)| (name.to_owned(), quantity(name, amount)))
            .collect()
    }
}

/// Two lists added up as upstream adds up what quotas count: resources it does not know and sums that are not positive
/// are left out.
pub(crate) fn sum(left: &ResourceList, right: &ResourceList) -> ResourceList {
    let mut total = Amounts::default();
    total.merge(left, i64::saturating_add);
    total.merge(right, i64::saturating_add);
    total.into_list()
}

/// Whether a name is that of a countable resource: an extended one, huge pages, volumes, or one of `kubernetes.io`.
fn is_scalar(name: &str) -> bool {
    let prefixed_native = name.contains("kubernetes.io/");
    let extended = name.contains('/')
        && !prefixed_native
        && !name.starts_with("requests.")
        && syntax::qualified_name(&format!("requests.{name}")).is_ok();
    extended
        || prefixed_native
        || name.starts_with(HUGE_PAGES_PREFIX)
        || name.starts_with("attachable-volumes-")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::wire;

    fn check_with(gates: FeatureGates, spec: &Value, want: &Value) {
        let read: PodSpec = wire::decode(spec).unwrap();
        let got = read
            .replica_requirements(gates)
            .map(|requirements| wire::encode(&requirements).unwrap());
        assert_eq!(got.unwrap_or_default(), *want, "{spec}");
    }

    fn check(spec: &Value, want: &Value) {
        check_with(FeatureGates::default(), spec, want);
    }

    #[test]
    fn adds_up_resources() {
        let of = |requests: Value| json!({"containers": [{"resources": {"requests": requests}}]});
        check(&json!({}), &Value::Null);
        check(
            &json!({"containers": null, "overhead": null, "affinity": null}),
            &Value::Null,
        );
        check(&of(json!({"cpu": "0", "memory": "0Ki"})), &Value::Null);
        check(
            &of(json!({"cpu": "0.0001", "memory": "0.5Ki", "ephemeral-storage": "1Gi", "pods": "2"})),
            &json!({"resourceRequest": {"cpu": "1m", "memory": "512", "ephemeral-storage": "1Gi", "pods": "2"}}),
        );
        check(
            &of(json!({"cpu": 1.5, "memory": "1500M", "nvidia.com/gpu": "500m", "hugepages-2Mi": "4Mi"})),
            &json!({"resourceRequest":
                {"cpu": "1500m", "memory": "1500000000", "nvidia.com/gpu": "1", "hugepages-2Mi": "4Mi"}}),
        );
        check(
            &json!({
                "containers": [
                    {"resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "2", "memory": "1Gi"}}},
                    {"resources": {"limits": {"cpu": "500m"}}},
                    {},
                ],
                "initContainers": [
                    {"resources": {"requests": {"cpu": "1", "memory": "2Gi"}}},
                    {"restartPolicy": "Always", "resources": {"limits": {"memory": "1Gi", "example.com/x": "3"}}},
                ],
                "overhead": {"cpu": "250m", "memory": "1Mi"},
                "resources": {"requests": {"cpu": "100"}},
            }),
            &json!({"resourceRequest": {"cpu": "1750m", "memory": "2049Mi", "example.com/x": "3"}}),
        );
    }

    #[test]
    fn knows_resource_names() {
        fn check(name: &str, want: bool) {
            let spec: PodSpec =
                wire::decode(&json!({"containers": [{"resources": {"requests": {name: "1"}}}]})).unwrap();
            assert_eq!(spec.resource_request().contains_key(name), want, "{name}");
        }
        check("cpu", true);
        check("nvidia.com/gpu", true);
        check("hugepages-", true);
        check("attachable-volumes-aws-ebs", true);
        check("kubernetes.io/anything at all", true);
        check("storage", false);
        check("requests.cpu", false);
        check("requests.example.com/x", false);
        check("example.com/-x", false);
        check("Example.com/x", false);
        check("example.com/x/y", false);
        check(&format!("{}.com/x", "a".repeat(244)), false);
    }

    #[test]
    fn large_amounts_behave_as_upstream() {
        let of = |amounts: &[&str]| {
            let containers: Vec<Value> = amounts
                .iter()
                .map(|amount| json!({"resources": {"requests": {"memory": amount}}}))
                .collect();
            json!({"containers": containers})
        };
        check(
            &of(&["8Ei"]),
            &json!({"resourceRequest": {"memory": "9223372036854775807"}}),
        );
        check(
            &of(&["99E"]),
            &json!({"resourceRequest": {"memory": "9223372036854775807"}}),
        );
        check(&of(&["8Ei", "1"]), &Value::Null);
        check(&of(&["-1"]), &Value::Null);
    }

    #[test]
    fn claims_nodes() {
        check(&json!({"nodeSelector": {}}), &json!({"nodeClaim": {}}));
        check(
            &json!({"nodeSelector": {"a": "b"}}),
            &json!({"nodeClaim": {"nodeSelector": {"a": "b"}}}),
        );
        check(&json!({"tolerations": []}), &Value::Null);
        check(
            &json!({"tolerations": [{"key": "k", "operator": "Exists"}]}),
            &json!({"nodeClaim": {"tolerations": [{"key": "k", "operator": "Exists"}]}}),
        );
        let required =
            json!({"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]});
        check(
            &json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}),
            &json!({"nodeClaim": {"hardNodeAffinity": required}}),
        );
        check(
            &json!({"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}}),
            &Value::Null,
        );
    }

    #[test]
    fn priority_class_needs_the_gate_and_more() {
        let gates = FeatureGates::default().with(Feature::ResourceQuotaEstimate, true);
        let spec = json!({"priorityClassName": "high", "nodeSelector": {}});
        check(&spec, &json!({"nodeClaim": {}}));
        check_with(
            gates,
            &spec,
            &json!({"nodeClaim": {}, "priorityClassName": "high"}),
        );
        check_with(gates, &json!({"priorityClassName": "high"}), &Value::Null);
    }

    #[test]
    fn bad_amounts_are_errors() {
        let spec = json!({"containers": [{"resources": {"limits": {"cpu": "1x"}}}]});
        let error = wire::decode::<PodSpec>(&spec).unwrap_err();
        assert_eq!(error.path, "containers[0].resources.limits.cpu");
    }
}
