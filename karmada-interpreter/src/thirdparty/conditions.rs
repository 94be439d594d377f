//! Conditions: found, merged.

use serde_json::Value;

use super::error::Result;
use super::items::Items;
use super::view::{View, import};

/// The conditions of a status; none when the status or the list is absent.
///
/// # Errors
/// When the status or the list is a number or a boolean.
pub(super) fn of<'a>(object: View<'a>) -> Result<super::view::List<'a>> {
    object.find(&["status", "conditions"])?.list_or_none()
}

/// Whether a condition has the type and the status.
///
/// # Errors
/// When the condition is not something with members.
pub(super) fn is(condition: View<'_>, kind: &str, status: &str) -> Result<bool> {
    Ok(condition.get("type")?.is(kind) && condition.get("status")?.is(status))
}

/// Whether some condition is `Ready` for one of the reasons.
///
/// # Errors
/// When the object's status or a condition before it cannot be read.
pub(super) fn is_ready(object: View<'_>, reasons: &[&str]) -> Result<bool> {
    for condition in of(object)? {
        if is(condition, "Ready", "True")? && condition.get("reason")?.is_any(reasons) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The conditions of all clusters, those of equal type, status and reason as one; its messages say which cluster they
/// come from (`member1=stored artifact, member2=stored artifact`), its other members are those of the first.
///
/// # Errors
/// When a condition has no message.
pub(super) fn merged(items: Items<'_>) -> Result<Value> {
    let mut merged: Vec<(View<'_>, String)> = Vec::new();
    for member in items.live() {
        for condition in member.status.get("conditions")?.list_or_none()? {
            let message = format!("{}={}", member.cluster, condition.get("message")?.joined()?);
            let key = |condition: View<'_>, other: View<'_>| -> Result<bool> {
                for field in ["type", "status", "reason"] {
                    if !condition.get(field)?.same(other.get(field)?) {
                        return Ok(false);
                    }
                }
                Ok(true)
            };
            let mut found = None;
            for (index, (known, _)) in merged.iter().enumerate() {
                if key(*known, condition)? {
                    found = Some(index);
                    break;
                }
            }
            match found.and_then(|index| merged.get_mut(index)) {
                Some((_, messages)) => {
                    messages.push_str(", ");
                    messages.push_str(&message);
                }
                None => merged.push((condition, message)),
            }
        }
    }
    let mut list = Vec::with_capacity(merged.len());
    for (condition, message) in merged {
        let mut condition = import(condition.value());
        super::result::members(&mut condition, "message")?.insert("message".to_owned(), message.into());
        list.push(condition);
    }
    Ok(Value::Array(list))
}
