//! Room in the quotas of a namespace (`karmada:pkg/estimator/server/framework/plugins/resourcequota`).

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::ResourceQuotaSpec;
use karmada_core::api::meta::ResourceList;
use karmada_core::api::work::v1alpha2::Component;
use karmada_core::quantity::{Format, Quantity};
use karmada_core::selector::{Labels, Requirement};

use super::plugin::{Code, ComponentEstimation, EstimatorPlugin, PluginResult, ReplicaEstimation};
use crate::Corrections;
use crate::estimate::resources::{is_extended, natural};
use crate::fleet::AssumedWorkload;

/// Says what the ResourceQuotas of the workload's namespace leave, of `cpu`, `memory` and extended resources. With the
/// feature `ResourceQuotaEstimate` off it does nothing.
///
/// What is left is `status.hard` less `status.used`, of resources that are in both; `requests.` before a name means the
/// same as nothing, and `limits.` does not count. Assumed workloads of the namespace are taken off before. Pods are not
/// counted. The namespace is that of the requirements, or of the request for sets of components; without one there is
/// no bound.
///
/// A quota with scopes applies when any of them matches ([corrected](Corrections::quota_scopes): all), and only
/// `PriorityClass` can. Where a quota limits both spellings of a resource the one with `requests.` counts
/// ([corrected](Corrections::quota_spellings): the smaller amount). Where more is used than is allowed, room is negative,
/// as upstream has it; a room of exactly -1 then reads as "unknown"
/// ([corrected](Corrections::overdrawn_quotas): there is none).
///
/// # Complexity
/// Linear in quotas of the namespace times what they limit, and in assumed workloads per quota.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResourceQuotaEstimator {
    enabled: bool,
    corrections: Corrections,
}

impl ResourceQuotaEstimator {
    /// The plugin, switched on or off.
    #[must_use]
    pub fn new(enabled: bool, corrections: Corrections) -> Self {
        Self { enabled, corrections }
    }
}

const NAME: &str = "ResourceQuotaEstimator";

fn unbounded() -> (i32, PluginResult) {
    let reason = format!("{NAME} found no quota constraints");
    (i32::MAX, PluginResult::new(Code::Success, reason))
}

impl EstimatorPlugin for ResourceQuotaEstimator {
    fn name(&self) -> &str {
        NAME
    }

    fn replicas(&self, estimation: &ReplicaEstimation<'_>) -> (i32, PluginResult) {
        if !self.enabled {
            return self.no_opinion();
        }
        let Some(requirements) = estimation.requirements else {
            return unbounded();
        };
        let namespace = requirements.namespace.as_str();
        let assumed = assumed_components(estimation.assumed_workloads, namespace);
        let room = estimation.snapshot.quotas(namespace).map(|quota| {
            if !quota.applies_to(&requirements.priority_class_name, self.corrections) {
                return i32::MAX;
            }
            let request = requirements.resource_request.iter();
            let request = request.map(|(name, amount)| (name.as_str(), natural(name, *amount)));
            quota.room(request, &assumed, self.corrections)
        });
        conclude(room.min(), "zero replica is estimated by")
    }

    fn component_sets(&self, estimation: &ComponentEstimation<'_>) -> (i32, PluginResult) {
        if !self.enabled {
            return self.no_opinion();
        }
        if estimation.components.is_empty() {
            let reason = format!("{NAME} received empty components list");
            return (i32::MAX, PluginResult::new(Code::Success, reason));
        }
        if estimation.namespace.is_empty() {
            return (i32::MAX, PluginResult::success());
        }
        let assumed = assumed_components(estimation.assumed_workloads, estimation.namespace);
        let room = estimation.snapshot.quotas(estimation.namespace).map(|quota| {
            let matching = quota.matching(estimation.components, self.corrections);
            if matching.is_empty() {
                return i32::MAX;
            }
            let set = sum(matching.iter().copied());
            quota.room(set.into_iter(), &assumed, self.corrections)
        });
        conclude(room.min(), "zero component sets estimated by")
    }
}

fn conclude(room: Option<i32>, none: &str) -> (i32, PluginResult) {
    match room {
        None | Some(i32::MAX) => unbounded(),
        Some(0) => (
            0,
            PluginResult::new(Code::Unschedulable, format!("{none} {NAME}")),
        ),
        Some(room) => (room, PluginResult::success()),
    }
}

/// The components of the namespace's assumed workloads, those without requirements left out.
fn assumed_components<'a>(assumed: &'a [Arc<AssumedWorkload>], namespace: &str) -> Vec<&'a Component> {
    let workloads = assumed.iter().filter(|workload| workload.namespace == namespace);
    workloads
        .flat_map(|workload| &workload.components)
        .filter(|component| component.replica_requirements.is_some())
        .collect()
}

/// What components take together of what quotas limit, in natural units.
fn sum<'a>(components: impl Iterator<Item = &'a Component>) -> BTreeMap<&'a str, i64> {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for component in components {
        let requirements = component.replica_requirements.iter();
        for (name, amount) in requirements.flat_map(|requirements| &requirements.resource_request) {
            if !matches!(name.as_str(), "cpu" | "memory") && !is_extended_for_quota(name) {
                continue;
            }
            let amount = natural(name, *amount).saturating_mul(component.replicas.into());
            let sum = sums.entry(name).or_default();
            *sum = sum.saturating_add(amount);
        }
    }
    sums
}

fn is_extended_for_quota(name: &str) -> bool {
    !name.contains("kubernetes.io/") && is_extended(name)
}

/// The label that stands for the priority class in the selectors of scopes.
const PRIORITY_CLASS: &str = "PriorityClass";

/// A quota, compiled.
#[derive(Debug)]
pub(super) struct Quota {
    scopes: Vec<Scope>,
    left: BTreeMap<Box<str>, Left>,
}

/// What is left of a resource, by the spelling of the limit.
#[derive(Debug, Default)]
struct Left {
    plain: Option<Quantity>,
    prefixed: Option<Quantity>,
}

#[derive(Debug)]
enum Scope {
    /// Not one that is looked at.
    Other,
    /// There is a priority class.
    PriorityClassExists,
    PriorityClass {
        operator: String,
        values: Vec<String>,
    },
}

/// The labels that selectors of scopes look at.
struct PriorityClass<'a>(&'a str);

impl Labels for PriorityClass<'_> {
    fn value(&self, key: &str) -> Option<&str> {
        (key == PRIORITY_CLASS && !self.0.is_empty()).then_some(self.0)
    }
}

impl Quota {
    pub(super) fn new(spec: Option<&ResourceQuotaSpec>, hard: &ResourceList, used: &ResourceList) -> Self {
        let scopes = spec.and_then(|spec| spec.scopes.as_ref()).into_iter().flatten();
        let selector = spec.and_then(|spec| spec.scope_selector.as_ref());
        let expressions = selector.and_then(|selector| selector.match_expressions.as_ref());
        let scopes = scopes.map(|name| Scope::new(name, "Exists", &[]));
        let expressions = expressions.into_iter().flatten().map(|expression| {
            let values = expression.values.as_deref().unwrap_or_default();
            Scope::new(&expression.scope_name, &expression.operator, values)
        });
        let mut left: BTreeMap<Box<str>, Left> = BTreeMap::new();
        for (name, hard) in hard {
            let Some(used) = used.get(name) else { continue };
            let (resource, prefixed) = match name.strip_prefix("requests.") {
                Some(resource) => (resource, true),
                None => (name.as_str(), false),
            };
            if resource.starts_with("limits.")
                || !matches!(resource, "cpu" | "memory") && !is_extended_for_quota(resource)
            {
                continue;
            }
            let left = left.entry(resource.into()).or_default();
            let amount = Some(*hard - *used);
            if prefixed {
                left.prefixed = amount;
            } else {
                left.plain = amount;
            }
        }
        Self {
            scopes: scopes.chain(expressions).collect(),
            left,
        }
    }

    fn applies_to(&self, priority_class: &str, corrections: Corrections) -> bool {
        let mut matches = self.scopes.iter().map(|scope| scope.matches(priority_class));
        if corrections.quota_scopes {
            matches.all(|matches| matches)
        } else {
            self.scopes.is_empty() || matches.any(|matches| matches)
        }
    }

    /// The components it applies to. One without requirements is in no scope.
    fn matching<'a>(
        &self,
        components: impl IntoIterator<Item = &'a Component>,
        corrections: Corrections,
    ) -> Vec<&'a Component> {
        let applies = |component: &&Component| {
            self.scopes.is_empty()
                || component
                    .replica_requirements
                    .as_ref()
                    .is_some_and(|requirements| {
                        self.applies_to(&requirements.priority_class_name, corrections)
                    })
        };
        components.into_iter().filter(applies).collect()
    }

    /// How often a request fits beside assumed workloads; `i32::MAX` if nothing it asks for is limited.
    fn room<'a>(
        &self,
        request: impl Iterator<Item = (&'a str, i64)>,
        assumed: &[&Component],
        corrections: Corrections,
    ) -> i32 {
        let taken = sum(self.matching(assumed.iter().copied(), corrections).into_iter());
        let mut left: BTreeMap<&str, Quantity> = BTreeMap::new();
        for (name, amount) in &self.left {
            let Some(mut amount) = amount.counted(corrections) else {
                continue;
            };
            if let Some(taken) = taken.get(&**name) {
                amount -= match &**name {
                    "cpu" => Quantity::from_milli(*taken, Format::DecimalSi),
                    _ => Quantity::new(*taken, Format::DecimalSi),
                };
                if amount.sign() < 0 {
                    return 0;
                }
            }
            left.insert(name, amount);
        }
        let room = request
            .filter(|(_, wanted)| *wanted > 0)
            .filter_map(|(name, wanted)| Some(natural(name, *left.get(name)?) / wanted))
            .min();
        let least = if corrections.overdrawn_quotas { 0 } else { i32::MIN };
        room.map_or(i32::MAX, |room| {
            i32::try_from(room).unwrap_or(if room < 0 { i32::MIN } else { i32::MAX })
        })
        .max(least)
    }
}

impl Left {
    fn counted(&self, corrections: Corrections) -> Option<Quantity> {
        match (self.plain, self.prefixed) {
            (Some(plain), Some(prefixed)) if corrections.quota_spellings => Some(plain.min(prefixed)),
            (plain, prefixed) => prefixed.or(plain),
        }
    }
}

impl Scope {
    fn new(name: &str, operator: &str, values: &[String]) -> Self {
        match (name, operator) {
            (PRIORITY_CLASS, "Exists") => Self::PriorityClassExists,
            (PRIORITY_CLASS, _) => Self::PriorityClass {
                operator: operator.to_owned(),
                values: values.to_vec(),
            },
            _ => Self::Other,
        }
    }

    /// A selector that is malformed does not match.
    fn matches(&self, priority_class: &str) -> bool {
        match self {
            Self::Other => false,
            Self::PriorityClassExists => !priority_class.is_empty(),
            Self::PriorityClass { operator, values } => {
                Requirement::on_label(PRIORITY_CLASS, operator, values)
                    .is_ok_and(|requirement| requirement.holds(&PriorityClass(priority_class)))
            }
        }
    }
}
