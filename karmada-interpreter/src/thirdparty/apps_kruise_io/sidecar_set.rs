//! SidecarSet: injects containers into matching pods.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::interpreter::Replicas;
use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::references::References;
use crate::thirdparty::result;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::{List, View, import, number};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    replicas: Some(replicas),
    retain: Some(retain),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    dependencies: Some(dependencies),
    ..Rules::of("apps.kruise.io/v1alpha1", "SidecarSet")
};

const COUNTS: [&str; 3] = ["matchedPods", "updatedPods", "readyPods"];

/// It has no pods of its own.
fn replicas(_object: View<'_>) -> Result<Replicas> {
    Ok(Replicas::default())
}

/// Nothing is kept.
fn retain(_desired: &mut Value, _observed: View<'_>) -> Result<()> {
    Ok(())
}

/// Sums, on an object that has nothing but its identity beside them.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    let items = items.ok_or_else(|| View::absent().expected("a list of statuses"))?;
    let mut status = Map::new();
    for field in COUNTS {
        let mut sum = 0.0;
        for member in items.iter() {
            let count = member.status.unless_false().find(&[field])?.unless_false();
            if count.is_present() {
                sum += count.operand()?;
            }
        }
        status.insert(field.to_owned(), number(sum)?);
    }
    let metadata = result::members(object, "status")?.remove("metadata");
    let mut aggregated = Map::from_iter([
        ("apiVersion".to_owned(), json!("apps.kruise.io/v1alpha1")),
        ("kind".to_owned(), json!("SidecarSet")),
        ("status".to_owned(), Value::Object(status)),
    ]);
    result::set(&mut aggregated, "metadata", metadata.unwrap_or_default());
    *object = Value::Object(aggregated);
    Ok(())
}

fn reflect(observed: View<'_>) -> Result<Value> {
    let status = observed.get("status")?;
    let mut reflected = Map::new();
    if status.is_present() {
        for field in COUNTS {
            let count = status.get(field)?;
            let count = if count.is_truthy() {
                import(count.value())
            } else {
                json!(0)
            };
            reflected.insert(field.to_owned(), count);
        }
    }
    Ok(Value::Object(reflected))
}

/// All matched pods are updated.
fn health(observed: View<'_>) -> Result<bool> {
    let status = observed.get("status")?;
    if status.is_absent() {
        return Ok(false);
    }
    let zero = json!(0);
    let count = |field: &str| -> Result<Value> {
        let count = status.get(field)?;
        Ok(if count.is_truthy() {
            count.value().clone()
        } else {
            zero.clone()
        })
    };
    let (matched, updated) = (count("matchedPods")?, count("updatedPods")?);
    let matched = View::new(&matched);
    Ok(matched.equals(0.0) || View::new(&updated).same(matched))
}

/// What the injected containers and volumes name.
fn dependencies(object: View<'_>) -> Result<References> {
    let mut references = References::of_anything();
    let spec = object.get("spec")?.unless_false();
    if spec.is_absent() {
        return Ok(references);
    }
    for container in list(spec, "containers")? {
        for variable in list(container, "env")? {
            let from = variable.get("valueFrom")?.unless_false();
            add(&mut references, "ConfigMap", from, "configMapKeyRef", "name")?;
            add(&mut references, "Secret", from, "secretKeyRef", "name")?;
        }
        for source in list(container, "envFrom")? {
            add(&mut references, "ConfigMap", source, "configMapRef", "name")?;
            add(&mut references, "Secret", source, "secretRef", "name")?;
        }
    }
    for volume in list(spec, "volumes")? {
        add(&mut references, "ConfigMap", volume, "configMap", "name")?;
        add(&mut references, "Secret", volume, "secret", "secretName")?;
        for source in list(volume.get("projected")?.unless_false(), "sources")? {
            add(&mut references, "ConfigMap", source, "configMap", "name")?;
            add(&mut references, "Secret", source, "secret", "name")?;
        }
    }
    Ok(references)
}

/// The list that is a member, which may be absent.
fn list<'a>(of: View<'a>, member: &str) -> Result<List<'a>> {
    of.find(&[member])?.unless_false().list_or_none()
}

/// Adds what a member names, unless the member is absent.
fn add(
    references: &mut References,
    kind: &'static str,
    of: View<'_>,
    member: &str,
    name: &str,
) -> Result<()> {
    let named = of.find(&[member])?.unless_false();
    if named.is_absent() {
        return Ok(());
    }
    references.add(kind, named.get(name)?)
}
