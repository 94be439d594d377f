//! Which generation of the template the members have acted upon: reported by each, concluded for all.

use serde_json::{Map, Value};

use super::error::Result;
use super::items::Items;
use super::result::{member, members, set, status};
use super::view::{View, import, number};

/// The annotation on a member's object with the generation of the template it was made from.
const TEMPLATE_GENERATION: &str = "resourcetemplate.karmada.io/generation";

/// Whether a cluster without a status can have acted upon the generation 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silent {
    /// It counts as reporting zeros.
    Counts,
    /// It has not acted.
    Lags,
}

/// Concludes `status.observedGeneration` of the template: its generation once every cluster reports it with nothing
/// pending (`resourceTemplateGeneration` equal to it, `generation` equal to `observedGeneration`), else the value it
/// had. Without a list of clusters it is the template's generation.
///
/// Absent generations of the template become 0 in the object.
///
/// # Errors
/// When the object has no metadata, or a status is a number or a boolean.
pub(super) fn conclude(object: &mut Value, items: Option<Items<'_>>, silent: Silent) -> Result<()> {
    let map = members(object, "status")?;
    map.entry("status").or_insert_with(|| Value::Object(Map::new()));
    let metadata = member(map, "metadata", "generation")?;
    let generation = metadata
        .entry("generation")
        .or_insert_with(|| Value::from(0))
        .clone();
    let done = match items {
        Some(items) => has_acted(items, View::new(&generation), silent)?,
        None => true,
    };
    let status = status(object)?;
    if done {
        status.insert("observedGeneration".to_owned(), generation);
    } else {
        status
            .entry("observedGeneration")
            .or_insert_with(|| Value::from(0));
    }
    Ok(())
}

fn has_acted(items: Items<'_>, generation: View<'_>, silent: Silent) -> Result<bool> {
    let mut all = true;
    for member in items.iter() {
        if member.status.is_absent() && silent == Silent::Lags {
            all = false;
            continue;
        }
        let reported = |field: &str| -> Result<Value> {
            Ok(match member.status.find(&[field])?.value() {
                Value::Null => Value::from(0),
                // Where silent clusters lag, the rule reads "or zero" instead of "unless absent".
                Value::Bool(false) if silent == Silent::Lags => Value::from(0),
                value => value.clone(),
            })
        };
        let template = reported("resourceTemplateGeneration")?;
        let (own, observed) = (reported("generation")?, reported("observedGeneration")?);
        all &= View::new(&template).same(generation) && View::new(&own).same(View::new(&observed));
    }
    Ok(all)
}

/// Adds what a member's object says of its generations: `generation`, and `resourceTemplateGeneration` when its
/// annotation spells a number.
///
/// # Errors
/// When the metadata or its annotations are a number or a boolean.
pub(super) fn report(status: &mut Map<String, Value>, observed: View<'_>) -> Result<()> {
    let metadata = observed.get("metadata")?;
    if metadata.is_absent() {
        return Ok(());
    }
    set(status, "generation", import(metadata.get("generation")?.value()));
    let annotation = metadata.find(&["annotations", TEMPLATE_GENERATION])?;
    if let Some(generation) = annotation.to_number() {
        status.insert("resourceTemplateGeneration".to_owned(), number(generation)?);
    }
    Ok(())
}

/// The status a member reports: the listed fields as they are, then the generations. Without a status it is empty.
///
/// # Errors
/// As [`report`], and when the status is a number or a boolean.
pub(super) fn reflect_with_generations(observed: View<'_>, fields: &[&str]) -> Result<Value> {
    let status = observed.get("status")?;
    if status.is_absent() {
        return Ok(Value::Object(Map::new()));
    }
    let mut reflected = pick(status, fields)?;
    report(&mut reflected, observed)?;
    Ok(Value::Object(reflected))
}

/// The status a member reports: the listed fields as they are. Without a status it is empty.
///
/// # Errors
/// When the status is a number or a boolean.
pub(super) fn reflect(observed: View<'_>, fields: &[&str]) -> Result<Value> {
    let status = observed.get("status")?;
    if status.is_absent() {
        return Ok(Value::Object(Map::new()));
    }
    pick(status, fields).map(Value::Object)
}

/// Copies of the members that are there.
///
/// # Errors
/// When the value is something without members.
fn pick(from: View<'_>, fields: &[&str]) -> Result<Map<String, Value>> {
    let mut picked = Map::new();
    for field in fields {
        set(&mut picked, field, import(from.get(field)?.value()));
    }
    Ok(picked)
}
