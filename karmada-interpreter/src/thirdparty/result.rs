//! Writing results the way the bundled rules' engine writes them.
//!
//! A script cannot tell an empty list from an empty map, so upstream deletes every empty collection of a result unless
//! the same path was an empty collection in an object the result was made from; then it gets that form again. The
//! deletion is one pass: what becomes empty by it stays.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::{self, Result};
use super::view::type_name;

/// Where the objects a result was made from have empty collections. Positions in lists are not part of a path.
///
/// A tree with one node for every member on the way to an empty collection.
#[derive(Debug, Default)]
pub(super) struct EmptyPaths<'a> {
    /// The form of the collection here, when one is empty.
    form: Option<Form>,
    /// What is below, by key.
    members: BTreeMap<&'a str, EmptyPaths<'a>>,
}

/// What an empty collection was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    List,
    Map,
}

impl<'a> EmptyPaths<'a> {
    /// Adds the empty collections of an object.
    pub(super) fn add(&mut self, object: &'a Value) {
        match object {
            Value::Object(map) if map.is_empty() => self.form = Some(Form::Map),
            Value::Array(list) if list.is_empty() => {
                self.form.get_or_insert(Form::List);
            }
            Value::Object(map) => {
                for (key, member) in map {
                    let mut below = self.members.remove(key.as_str()).unwrap_or_default();
                    below.add(member);
                    if below.form.is_some() || !below.members.is_empty() {
                        self.members.insert(key, below);
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|member| self.add(member)),
            _ => {}
        }
    }
}

/// Deletes the empty collections of a result, or gives them their form back.
pub(super) fn settle(value: &mut Value, kept: &EmptyPaths<'_>) {
    settle_at(value, Some(kept));
}

fn settle_at(value: &mut Value, kept: Option<&EmptyPaths<'_>>) {
    match value {
        Value::Object(map) => map.retain(|key, member| {
            let kept = kept.and_then(|kept| kept.members.get(key.as_str()));
            settle_member(member, kept)
        }),
        Value::Array(list) => list.retain_mut(|member| settle_member(member, kept)),
        _ => {}
    }
}

/// Settles a member; says whether it stays.
fn settle_member(member: &mut Value, kept: Option<&EmptyPaths<'_>>) -> bool {
    if !is_empty(member) {
        settle_at(member, kept);
        return true;
    }
    match kept.and_then(|kept| kept.form) {
        Some(Form::Map) => *member = Value::Object(Map::new()),
        Some(Form::List) => *member = Value::Array(Vec::new()),
        None => return false,
    }
    true
}

/// Whether a value is a collection without members.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// The members of a value to set some of them; an empty list counts as an empty map.
///
/// # Errors
/// When the value is not a map. `field` is the member that was to be set, for the message.
pub(super) fn members<'v>(value: &'v mut Value, field: &str) -> Result<&'v mut Map<String, Value>> {
    if is_empty(value) {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => Ok(map),
        other => Err(error::not_settable(field, type_name(other))),
    }
}

/// The members of the map at `field`, which must be there.
///
/// # Errors
/// When it is not a map.
pub(super) fn member<'v>(
    map: &'v mut Map<String, Value>,
    field: &str,
    of: &str,
) -> Result<&'v mut Map<String, Value>> {
    match map.get_mut(field) {
        Some(value) => members(value, of),
        None => Err(error::not_settable(of, type_name(&Value::Null))),
    }
}

/// The members of `status`, which is created when absent.
///
/// # Errors
/// When the object or its status is not a map.
pub(super) fn status(object: &mut Value) -> Result<&mut Map<String, Value>> {
    let status = members(object, "status")?
        .entry("status")
        .or_insert_with(|| Value::Object(Map::new()));
    members(status, "status")
}

/// Sets a member, or removes it when the value is `null`.
pub(super) fn set(map: &mut Map<String, Value>, field: &str, value: Value) {
    if value.is_null() {
        map.remove(field);
    } else {
        map.insert(field.to_owned(), value);
    }
}

/// Sets several members to one value.
pub(super) fn fill(map: &mut Map<String, Value>, fields: &[&str], value: &Value) {
    for field in fields {
        map.insert((*field).to_owned(), value.clone());
    }
}

/// Sets the member at a path all of whose parents must be maps, or removes it when the value is `null`.
///
/// # Errors
/// When a parent is not a map.
pub(super) fn assign(object: &mut Value, path: &[&str], value: Value) -> Result<()> {
    let Some((field, parents)) = path.split_last() else {
        return Ok(());
    };
    let mut map = members(object, field)?;
    for parent in parents {
        map = member(map, parent, field)?;
    }
    set(map, field, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn empty_collections_of_results() {
        fn check(mut value: Value, references: &[Value], expected: &Value) {
            let mut kept = EmptyPaths::default();
            for reference in references {
                kept.add(reference);
            }
            settle(&mut value, &kept);
            assert_eq!(&value, expected);
        }
        // Deleted, in maps and lists, and only once.
        check(json!({"a": {}, "b": []}), &[], &json!({}));
        check(json!({"a": {"b": {}}}), &[], &json!({"a": {}}));
        check(json!({"a": [{}, 1, [], {}]}), &[], &json!({"a": [1]}));
        check(json!({"a": [[]]}), &[], &json!({"a": []}));
        // Kept in the form of the reference; a map wins over a list.
        check(json!({"a": []}), &[json!({"a": {}})], &json!({"a": {}}));
        check(json!({"a": {}}), &[json!({"a": []})], &json!({"a": []}));
        check(
            json!({"a": []}),
            &[json!({"a": []}), json!({"a": {}})],
            &json!({"a": {}}),
        );
        // Positions do not matter, keys are literal.
        check(
            json!({"v": [{"n": 1}, {"e": []}]}),
            &[json!({"v": [{"e": {}}]})],
            &json!({"v": [{"n": 1}, {"e": {}}]}),
        );
        check(json!({"a": {"b": []}}), &[json!({"a.b": {}})], &json!({"a": {}}));
        check(
            json!({"a.b:c": []}),
            &[json!({"a.b:c": []})],
            &json!({"a.b:c": []}),
        );
    }
}
