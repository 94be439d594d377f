//! FederatedResourceQuota, and what quotas say about bindings (`karmada:pkg/webhook/federatedresourcequota`,
//! `karmada:pkg/webhook/resourcebinding/validating.go`).

use std::collections::BTreeSet;

use super::syntax::cluster_name;
use crate::api::meta::ResourceList;
use crate::api::policy::v1alpha1::FederatedResourceQuota;
use crate::api::work::v1alpha2::{Component, ResourceBinding, ResourceBindingSpec};
use crate::federated_quota::filter_overall;
use crate::field::{FieldError, FieldPath};
use crate::quantity::Quantity;
use crate::{requirements, syntax};

/// Checks a quota.
#[must_use]
pub fn validate_federated_resource_quota(quota: &FederatedResourceQuota) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let name = quota.metadata.name.as_deref().unwrap_or_default();
    if name.len() > 63 {
        // The name becomes the value of a label.
        errors.push(FieldError::invalid(
            &FieldPath::new("metadata").child("name"),
            name,
            "must be no more than 63 characters",
        ));
    }
    let path = FieldPath::new("spec");
    let overall_path = path.child("overall");
    errors.extend(validate_resource_list(&quota.spec.overall, &overall_path));
    let assignments = &quota.spec.static_assignments;
    for (index, assignment) in assignments.iter().enumerate() {
        let path = path.child("staticAssignments").index(index);
        let hard_path = path.child("hard");
        errors.extend(validate_cluster_name(&assignment.cluster_name, &path));
        errors.extend(validate_resource_list(&assignment.hard, &hard_path));
        for resource in assignment.hard.keys() {
            if !quota.spec.overall.contains_key(resource) {
                errors.push(FieldError::invalid(
                    &hard_path.key(resource),
                    resource,
                    "does not exist in overall",
                ));
            }
        }
    }
    for (resource, overall) in &quota.spec.overall {
        let assigned: Quantity = assignments
            .iter()
            .filter_map(|assignment| assignment.hard.get(resource))
            .copied()
            .sum();
        if *overall < assigned {
            errors.push(FieldError::invalid(
                &overall_path.key(resource),
                overall,
                "overall is less than assignments",
            ));
        }
    }
    let path = FieldPath::new("status");
    errors.extend(validate_resource_list(
        &quota.status.overall,
        &path.child("overall"),
    ));
    errors.extend(validate_resource_list(
        &quota.status.overall_used,
        &path.child("overallUsed"),
    ));
    for (index, cluster) in quota.status.aggregated_status.iter().enumerate() {
        let path = path.child("aggregatedStatus").index(index);
        errors.extend(validate_cluster_name(&cluster.cluster_name, &path));
        errors.extend(validate_resource_list(&cluster.hard, &path.child("hard")));
        errors.extend(validate_resource_list(&cluster.used, &path.child("used")));
    }
    errors
}

fn validate_cluster_name(name: &str, path: &FieldPath) -> Option<FieldError> {
    let rule = cluster_name(name).err()?;
    Some(FieldError::invalid(&path.child("clusterName"), name, rule))
}

fn validate_resource_list(resources: &ResourceList, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (resource, amount) in resources {
        let path = path.key(resource);
        errors.extend(
            quota_resource(resource)
                .err()
                .map(|rule| FieldError::invalid(&path, resource, rule)),
        );
        if amount.sign() < 0 {
            errors.push(FieldError::invalid(
                &path,
                amount,
                "must be greater than or equal to 0",
            ));
        }
        if counts_whole_units(resource) && amount.milli_value() % 1000 != 0 {
            errors.push(FieldError::invalid(&path, amount, "must be an integer"));
        }
    }
    errors
}

/// Resources that are counted in objects.
const COUNTED: [&str; 9] = [
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

/// Resources that are measured.
const MEASURED: [&str; 10] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];

/// Whether a resource may be in a quota: one that Kubernetes knows, or any qualified name with a prefix.
fn quota_resource(resource: &str) -> Result<(), String> {
    let huge_pages = resource.starts_with("hugepages-") || resource.starts_with("requests.hugepages-");
    let known = COUNTED.contains(&resource) || MEASURED.contains(&resource) || huge_pages;
    if known || resource.contains('/') {
        syntax::qualified_name(resource).map_err(|error| error.to_string())
    } else {
        Err("must be a standard resource for quota, or fully qualified".to_owned())
    }
}

/// Whether a resource comes in whole units: objects that are counted, and extended resources.
fn counts_whole_units(resource: &str) -> bool {
    COUNTED.contains(&resource) || is_extended(resource)
}

/// Whether a resource is defined by somebody else than Kubernetes.
pub(super) fn is_extended(resource: &str) -> bool {
    !is_native(resource)
        && !resource.starts_with("requests.")
        && syntax::qualified_name(&format!("requests.{resource}")).is_ok()
}

/// Whether a resource is Kubernetes' own, by its name.
pub(super) fn is_native(resource: &str) -> bool {
    !resource.contains('/') || resource.contains("kubernetes.io/")
}

/// What a binding takes of its namespace's quotas: what one replica asks for, times the replicas in all clusters, or
/// with components what one set of them asks for, times the clusters. Amounts of zero are left out
/// (`karmada:pkg/util/helper/binding.go`).
#[must_use]
pub fn binding_usage(spec: &ResourceBindingSpec) -> ResourceList {
    let mut usage = ResourceList::new();
    let mut add = |requests: &ResourceList, times: i64| {
        for (resource, amount) in requests {
            *usage.entry(resource.clone()).or_default() += *amount * times;
        }
    };
    if spec.components.is_empty() {
        if let Some(requirements) = &spec.replica_requirements {
            add(&requirements.resource_request, scheduled_replicas(spec));
        }
    } else {
        let clusters = i64::try_from(spec.clusters.len()).unwrap_or(i64::MAX);
        for component in &spec.components {
            if let Some(requests) = component_request(component) {
                add(requests, i64::from(component.replicas).saturating_mul(clusters));
            }
        }
    }
    usage.retain(|_, amount| !amount.is_zero());
    usage
}

fn scheduled_replicas(spec: &ResourceBindingSpec) -> i64 {
    spec.clusters
        .iter()
        .map(|cluster| i64::from(cluster.replicas))
        .sum()
}

fn component_request(component: &Component) -> Option<&ResourceList> {
    Some(&component.replica_requirements.as_ref()?.resource_request)
}

/// Whether an update of a binding can change what it takes of quotas.
fn usage_may_change(old: &ResourceBindingSpec, new: &ResourceBindingSpec) -> bool {
    fn request(spec: &ResourceBindingSpec) -> Option<&ResourceList> {
        let request = &spec.replica_requirements.as_ref()?.resource_request;
        (!request.is_empty()).then_some(request)
    }
    fn clusters(spec: &ResourceBindingSpec) -> (usize, BTreeSet<&str>) {
        let names = spec.clusters.iter().map(|cluster| cluster.name.as_str());
        (spec.clusters.len(), names.collect())
    }
    fn components(spec: &ResourceBindingSpec) -> Vec<(i32, Option<&ResourceList>)> {
        spec.components
            .iter()
            .map(|component| (component.replicas, component_request(component)))
            .collect()
    }
    let has_components = !old.components.is_empty() || !new.components.is_empty();
    request(old) != request(new)
        || scheduled_replicas(old) != scheduled_replicas(new)
        || has_components && clusters(old) != clusters(new)
        || components(old) != components(new)
}

/// A quota that a binding would exceed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "FederatedResourceQuota({namespace}/{name}) exceeded for resource {resource}: requested sum {requested}, limit {limit}."
)]
pub struct QuotaExceeded {
    /// Namespace of the quota.
    pub namespace: String,
    /// Name of the quota.
    pub name: String,
    /// The resource.
    pub resource: String,
    /// What would be used.
    pub requested: Quantity,
    /// What may be used.
    pub limit: Quantity,
}

/// What a quota's `status.overallUsed` has to become once the binding is admitted.
#[derive(Clone, Debug, PartialEq)]
pub struct QuotaUpdate {
    /// Name of the quota; its namespace is the binding's.
    pub name: String,
    /// The amounts used.
    pub overall_used: ResourceList,
}

/// Decides whether the quotas of a binding's namespace have room for it, and what they say afterwards
/// (gate `FederatedQuotaEnforcement`; api.md 4.16, controllers.md 15).
///
/// `old` is the stored binding on an update. `quotas` may hold quotas of other namespaces; they do not count. The
/// caller writes the updates, all of them or none, and asks again when one meets a conflict. As upstream does, what is
/// used is written without resources that pods cannot request and without amounts that are not positive.
///
/// # Errors
/// [`QuotaExceeded`] names the first quota and resource without room, quotas and resources in order of their names.
/// Displays upstream's text.
pub fn admit_binding(
    binding: &ResourceBinding,
    old: Option<&ResourceBinding>,
    quotas: &[FederatedResourceQuota],
) -> Result<Vec<QuotaUpdate>, Box<QuotaExceeded>> {
    let unaffected = match old {
        None => binding.spec.clusters.is_empty(),
        Some(old) => !usage_may_change(&old.spec, &binding.spec),
    };
    if unaffected {
        return Ok(Vec::new());
    }
    let mut delta = binding_usage(&binding.spec);
    for (resource, amount) in old.map(|old| binding_usage(&old.spec)).unwrap_or_default() {
        *delta.entry(resource).or_default() -= amount;
    }
    delta.retain(|_, amount| !amount.is_zero());

    let mut concerned: Vec<&FederatedResourceQuota> = quotas
        .iter()
        .filter(|quota| quota.metadata.namespace == binding.metadata.namespace)
        .collect();
    concerned.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    let mut updates = Vec::new();
    for quota in concerned {
        let counted = filter_overall(&quota.spec.overall, &delta);
        if counted.is_empty() {
            continue;
        }
        let used = requirements::sum(&quota.status.overall_used, &counted);
        let name = quota.metadata.name.clone().unwrap_or_default();
        for (resource, requested) in &used {
            let limit = quota.spec.overall.get(resource);
            if let Some(limit) = limit.filter(|limit| requested > *limit) {
                return Err(Box::new(QuotaExceeded {
                    namespace: quota.metadata.namespace.clone().unwrap_or_default(),
                    name,
                    resource: resource.clone(),
                    requested: *requested,
                    limit: *limit,
                }));
            }
        }
        updates.push(QuotaUpdate {
            name,
            overall_used: used,
        });
    }
    Ok(updates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn binding(spec: Value) -> ResourceBinding {
        let spec = json!({"metadata": {"namespace": "shop", "name": "b"}, "spec": spec});
        crate::api::wire::decode(&spec).unwrap()
    }

    fn quota(name: &str, overall: Value, used: Value) -> FederatedResourceQuota {
        let object = json!({
            "metadata": {"namespace": "shop", "name": name},
            "spec": {"overall": overall},
            "status": {"overallUsed": used},
        });
        crate::api::wire::decode(&object).unwrap()
    }

    fn replicas(cpu: &str, counts: &[i32]) -> Value {
        let clusters: Vec<Value> = (0..)
            .zip(counts)
            .map(|(n, count): (i32, _)| json!({"name": format!("m{n}"), "replicas": count}))
            .collect();
        json!({"replicaRequirements": {"resourceRequest": {"cpu": cpu, "memory": "0"}}, "clusters": clusters})
    }

    #[test]
    fn usage() {
        let check = |spec: Value, expected: Value| {
            let usage = serde_json::to_value(binding_usage(&binding(spec.clone()).spec)).unwrap();
            assert_eq!(usage, expected, "{spec}");
        };
        check(json!({}), json!({}));
        check(replicas("500m", &[]), json!({}));
        check(replicas("500m", &[1, 2]), json!({"cpu": "1500m"}));
        check(
            json!({
                "components": [
                    {"name": "a", "replicas": 2, "replicaRequirements": {"resourceRequest": {"cpu": "1"}}},
                    {"name": "b", "replicas": 1, "replicaRequirements": {"resourceRequest": {"cpu": "250m", "memory": "1Gi"}}},
                    {"name": "c", "replicas": 9},
                ],
                "clusters": [{"name": "m1"}, {"name": "m2"}],
                "replicaRequirements": {"resourceRequest": {"cpu": "100"}},
            }),
            json!({"cpu": "4500m", "memory": "2Gi"}),
        );
    }

    #[test]
    fn admission() {
        let quotas = [
            quota("b", json!({"cpu": "10"}), json!({"cpu": "2"})),
            quota("a", json!({"cpu": "10", "memory": "1Gi"}), json!({})),
            quota("other", json!({"pods": "1"}), json!({"pods": "1"})),
        ];
        let check = |old: Option<Value>, new: Value, expected: Result<&[(&str, &str)], &str>| {
            let old = old.map(binding);
            let answer = admit_binding(&binding(new.clone()), old.as_ref(), &quotas)
                .map_err(|exceeded| exceeded.name)
                .map(|updates| {
                    let mut result = Vec::new();
                    for update in updates {
                        let cpu = update.overall_used.get("cpu").map(ToString::to_string);
                        result.push((update.name, cpu.unwrap_or_default()));
                    }
                    result
                });
            let answer = answer.as_ref().map_err(String::as_str).map(|updates| {
                updates
                    .iter()
                    .map(|(name, cpu)| (name.as_str(), cpu.as_str()))
                    .collect::<Vec<_>>()
            });
            assert_eq!(answer, expected.map(<[_]>::to_vec), "{new}");
        };
        check(None, replicas("1", &[]), Ok(&[]));
        check(None, replicas("1", &[3]), Ok(&[("a", "3"), ("b", "5")]));
        check(None, replicas("1", &[8]), Ok(&[("a", "8"), ("b", "10")]));
        check(None, replicas("1", &[9]), Err("b"));
        check(None, replicas("1", &[11]), Err("a"));
        check(Some(replicas("1", &[3])), replicas("1", &[1, 2]), Ok(&[]));
        check(
            Some(replicas("1", &[2])),
            replicas("1", &[1]),
            Ok(&[("a", ""), ("b", "1")]),
        );
        check(
            Some(replicas("1", &[2])),
            replicas("1", &[0]),
            Ok(&[("a", ""), ("b", "")]),
        );
        check(Some(replicas("1", &[4])), replicas("2", &[2]), Ok(&[]));
    }

    #[test]
    fn what_is_used_is_written_as_upstream_does() {
        let overall = json!({"cpu": "10", "memory": "1Gi", "storage": "1", "requests.cpu": "1"});
        let used = json!({"cpu": "1", "memory": "0", "storage": "9", "requests.cpu": "9"});
        let updates =
            admit_binding(&binding(replicas("1", &[3])), None, &[quota("a", overall, used)]).unwrap();
        assert_eq!(
            serde_json::to_value(&updates[0].overall_used).unwrap(),
            json!({"cpu": "4"})
        );
    }

    #[test]
    fn the_text_of_a_refusal() {
        let quota = quota("a", json!({"cpu": "4"}), json!({"cpu": "3"}));
        let exceeded = admit_binding(&binding(replicas("1", &[2])), None, &[quota]).unwrap_err();
        assert_eq!(
            exceeded.to_string(),
            "FederatedResourceQuota(shop/a) exceeded for resource cpu: requested sum 5, limit 4."
        );
    }

    #[test]
    fn a_quota_of_another_namespace_does_not_count() {
        let mut elsewhere = quota("a", json!({"cpu": "1"}), json!({}));
        elsewhere.metadata.namespace = Some("elsewhere".into());
        assert_eq!(
            admit_binding(&binding(replicas("5", &[5])), None, &[elsewhere]),
            Ok(Vec::new())
        );
    }

    #[test]
    fn resources_of_quotas() {
        for (resource, known, whole) in [
            ("cpu", true, false),
            ("pods", true, true),
            ("services.nodeports", true, true),
            ("limits.ephemeral-storage", true, false),
            ("hugepages-2Mi", true, false),
            ("requests.hugepages-2Mi", true, false),
            ("storage", false, false),
            ("bananas", false, false),
            ("nvidia.com/gpu", true, true),
            ("requests.nvidia.com/gpu", true, false),
            ("count/deployments.apps", true, true),
            ("gold.storageclass.storage.k8s.io/requests.storage", true, true),
            ("a.kubernetes.io/b", true, false),
            ("a b/c", false, false),
        ] {
            assert_eq!(quota_resource(resource).is_ok(), known, "{resource}");
            assert_eq!(counts_whole_units(resource), whole, "{resource}");
        }
    }
}
