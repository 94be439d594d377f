//! Ray (`ray.io`).

use karmada_core::api::work::v1alpha2::Component;
use serde_json::Value;

use super::components;
use super::error::Result;
use super::items::Items;
use super::references::References;
use super::rules::Rules;
use super::view::{View, import};
use super::{result, volumes};

mod ray_cluster;
mod ray_job;
mod ray_service;

/// The kinds of this group.
pub(super) static KINDS: &[&Rules] = &[&ray_cluster::RULES, &ray_job::RULES, &ray_service::RULES];

/// The head, one replica, and the worker groups of a cluster.
fn components_of(cluster: View<'_>) -> Result<Vec<Component>> {
    let mut all = Vec::new();
    let head = cluster.find(&["headGroupSpec", "template"])?;
    if head.is_present() {
        all.push(components::of_template("ray-head".to_owned(), 1, head)?);
    }
    let groups = cluster.find(&["workerGroupSpecs"])?.entries_or_none()?;
    for (index, group) in groups.enumerate() {
        let name = group.get("groupName")?;
        let name = if name.is_absent() || name.is("") {
            format!("worker-{}", index + 1)
        } else {
            components::name(name)?
        };
        let replicas = group.get("replicas")?.unless_false();
        let replicas = if replicas.is_absent() || replicas.is_empty_table() {
            0
        } else {
            components::replicas(replicas.number().ok_or_else(|| replicas.expected("a number"))?)?
        };
        let template = group.get("template")?;
        all.push(if template.is_absent() {
            Component {
                name,
                replicas,
                replica_requirements: None,
            }
        } else {
            components::of_template(name, replicas, template)?
        });
    }
    Ok(all)
}

/// Adds what the pods of a cluster name.
fn add_cluster(cluster: View<'_>, references: &mut References) -> Result<()> {
    add_pod(cluster.find(&["headGroupSpec", "template", "spec"])?, references)?;
    for group in cluster.find(&["workerGroupSpecs"])?.values_or_none()? {
        add_pod(group.find(&["template", "spec"])?, references)?;
    }
    Ok(())
}

/// Adds what a pod names. Upstream's rule looks at pods itself: every source of a volume counts, ephemeral containers do
/// not.
fn add_pod(pod: View<'_>, references: &mut References) -> Result<()> {
    if pod.is_absent() {
        return Ok(());
    }
    let account = pod.get("serviceAccountName")?;
    if !account.is("default") {
        references.add_named("ServiceAccount", account)?;
    }
    for secret in pod.get("imagePullSecrets")?.values_or_none()? {
        references.add_named("Secret", secret.get("name")?)?;
    }
    for volume in pod.get("volumes")?.values_or_none()? {
        volumes::references(volume, "secretName", references)?;
    }
    for containers in ["containers", "initContainers"] {
        for container in pod.get(containers)?.values_or_none()? {
            for source in container.get("envFrom")?.values_or_none()? {
                references.add_named("ConfigMap", source.find(&["configMapRef", "name"])?)?;
                references.add_named("Secret", source.find(&["secretRef", "name"])?)?;
            }
            for variable in container.get("env")?.values_or_none()? {
                let from = variable.get("valueFrom")?;
                references.add_named("ConfigMap", from.find(&["configMapKeyRef", "name"])?)?;
                references.add_named("Secret", from.find(&["secretKeyRef", "name"])?)?;
            }
        }
    }
    Ok(())
}

/// The part of aggregation that all kinds share: the spec is dropped, and the status of an only cluster taken as it is.
/// The clusters to aggregate, if there is anything left to do.
fn begin<'a>(object: &mut Value, items: Option<Items<'a>>) -> Result<Option<Items<'a>>> {
    let Some(items) = items else { return Ok(None) };
    result::members(object, "spec")?.remove("spec");
    if let Some(only) = items.only_status() {
        result::assign(object, &["status"], import(only.value()))?;
        return Ok(None);
    }
    Ok(Some(items))
}

/// The first value that is there.
fn first(items: Items<'_>, field: &str) -> Result<Value> {
    for member in items.live() {
        let found = member.status.get(field)?;
        if found.is_present() {
            return Ok(import(found.value()));
        }
    }
    Ok(Value::Null)
}
