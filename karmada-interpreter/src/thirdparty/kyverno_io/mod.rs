//! Kyverno (`kyverno.io`).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::error::Result;
use super::items::Items;
use super::rules::Rules;
use super::view::{View, import, number};
use super::{conditions, generation, result};

mod cluster_policy;
mod policy;

/// The kinds of this group.
pub(super) static KINDS: &[&Rules] = &[&cluster_policy::RULES, &policy::RULES];

/// `AggregateStatus`: a status of its own, with merged conditions and rules counted over all clusters.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    let Some(items) = items else { return Ok(()) };
    let mut status = Map::new();
    for member in items.live() {
        for field in ["autogen", "ready"] {
            let found = member.status.get(field)?;
            if found.is_present() {
                status.insert(field.to_owned(), import(found.value()));
            }
        }
    }
    let mut counts = Map::new();
    for rule in ["validate", "generate", "mutate", "verifyimages"] {
        let mut sum = 0.0;
        for rules in items.at(&["rulecount"]) {
            sum += rules?.get(rule)?.operand()?;
        }
        counts.insert(rule.to_owned(), number(sum)?);
    }
    status.insert("rulecount".to_owned(), Value::Object(counts));
    status.insert("conditions".to_owned(), conditions::merged(items)?);
    result::assign(object, &["status"], Value::Object(status))
}

/// `InterpretStatus`.
fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect(observed, &["ready", "conditions", "autogen", "rulecount"])
}

/// `InterpretHealth`: as it says, else by its conditions.
fn health(observed: View<'_>) -> Result<bool> {
    let ready = observed.find(&["status", "ready"])?;
    match ready.value() {
        Value::Null => conditions::is_ready(observed, &["Succeeded"]),
        Value::Bool(ready) => Ok(*ready),
        _ => Err(ready.expected("whether it is ready")),
    }
}
