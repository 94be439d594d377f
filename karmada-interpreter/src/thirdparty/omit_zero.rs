//! Leaving out of a status what says nothing.

use serde_json::{Map, Value};

use super::error::{self, Result};

/// What to do with zero, the empty text and a duration of zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zero {
    /// Leave it out, too.
    Dropped,
    /// Keep it.
    Kept,
}

/// Drops members and list entries that are collections in which nothing is left, and zeros if told so. `false` stays.
/// `None` when nothing is left at all.
///
/// # Errors
/// When an entry would be dropped from within a list: the rest of the list would keep their positions, and such a list
/// cannot be written.
pub(super) fn omit_zero(value: Value, zero: Zero) -> Result<Option<Value>> {
    let kept = match &value {
        Value::String(text) => zero == Zero::Kept || !(text.is_empty() || text == "0s"),
        Value::Number(number) => zero == Zero::Kept || number.as_f64() != Some(0.0),
        Value::Bool(_) => true,
        Value::Null => false,
        Value::Object(_) | Value::Array(_) => return omit_members(value, zero),
    };
    Ok(kept.then_some(value))
}

fn omit_members(value: Value, zero: Zero) -> Result<Option<Value>> {
    match value {
        Value::Object(map) => {
            let mut left = Map::new();
            for (key, member) in map {
                if let Some(member) = omit_zero(member, zero)? {
                    left.insert(key, member);
                }
            }
            Ok((!left.is_empty()).then_some(Value::Object(left)))
        }
        Value::Array(list) => {
            let mut left = Vec::with_capacity(list.len());
            let mut dropped = false;
            for member in list {
                match omit_zero(member, zero)? {
                    Some(_) if dropped => {
                        return Err(error::invalid(
                            "a list entry without content precedes one with content",
                        ));
                    }
                    Some(member) => left.push(member),
                    None => dropped = true,
                }
            }
            Ok((!left.is_empty()).then_some(Value::Array(left)))
        }
        other => Ok(Some(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_says_nothing_is_left_out() {
        fn check(value: &Value, expected: Option<&Value>) {
            assert_eq!(
                omit_zero(value.clone(), Zero::Dropped).unwrap().as_ref(),
                expected,
                "{value}"
            );
        }
        check(&json!({"a": 0, "b": "", "c": "0s", "d": 0.0}), None);
        check(&json!({"a": {"b": {"c": 0}}, "d": 1}), Some(&json!({"d": 1})));
        check(&json!({"a": [2, 0, {"b": ""}]}), Some(&json!({"a": [2]})));
        check(
            &json!({"a": false, "b": "0m"}),
            Some(&json!({"a": false, "b": "0m"})),
        );
        check(&json!({"a": []}), None);
    }

    #[test]
    fn zeros_can_stay() {
        let value = json!({"a": 0, "b": "", "c": {"d": {}}});
        assert_eq!(
            omit_zero(value, Zero::Kept).unwrap(),
            Some(json!({"a": 0, "b": ""}))
        );
    }

    #[test]
    fn a_list_cannot_lose_an_entry_from_within() {
        assert!(omit_zero(json!([0, 1]), Zero::Dropped).is_err());
    }
}
