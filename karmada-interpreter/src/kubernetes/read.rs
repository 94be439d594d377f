//! Reading from checked values: absent and null are the zero value, and nothing can fail.

use jiff::Timestamp;
use karmada_core::quantity::Quantity;
use serde_json::{Map, Value};

use super::check::parse_quantity;
use super::time::parse;

static NULL: Value = Value::Null;

/// The member at `path`; null where it is absent.
pub(crate) fn member<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter()
        .try_fold(value, |value, name| value.get(*name))
        .unwrap_or(&NULL)
}

/// Whether a pointer is set.
pub(crate) fn is_set(value: &Value) -> bool {
    !value.is_null()
}

/// A text.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The elements of a list.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The members of a map.
pub(crate) fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

/// An integer of 64 bits. Floating point beyond its range is what Go makes of it on common hardware, the least integer.
pub(crate) fn int64(value: &Value) -> i64 {
    if let Some(integer) = value.as_i64() {
        return integer;
    }
    let Some(number) = value.as_f64() else {
        return 0;
    };
    // Both bounds are powers of two, exact as floating point.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}

/// An integer of 32 bits, wrapped around as Go's conversion does.
pub(crate) fn int32(value: &Value) -> i32 {
    int64(value) as i32
}

/// A point in time.
pub(crate) fn time(value: &Value) -> Option<Timestamp> {
    parse(value.as_str()?)
}

/// A quantity; zero where it is absent.
pub(crate) fn quantity(value: &Value) -> Quantity {
    match value {
        Value::Null => Quantity::ZERO,
        Value::String(text) => parse_quantity(text).unwrap_or_default(),
        other => parse_quantity(&other.to_string()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn integers_wrap_as_go_converts() {
        let check = |value: Value, expected: i32| assert_eq!(int32(&value), expected, "{value}");
        check(json!(7), 7);
        check(json!(3.0), 3);
        check(json!(null), 0);
        check(json!(2_147_483_648_i64), i32::MIN);
        check(json!(-2_147_483_649_i64), i32::MAX);
        check(json!(1e19), 0);
        check(json!(u64::MAX), 0);
        assert_eq!(int64(&json!(u64::MAX)), i64::MIN);
        assert_eq!(int64(&json!(-1e300)), i64::MIN);
    }

    #[test]
    fn what_is_absent_is_zero() {
        let object = json!({"spec": null, "list": [1]});
        assert_eq!(text(member(&object, &["spec", "name"])), "");
        assert!(!is_set(member(&object, &["spec"])));
        assert_eq!(items(member(&object, &["list"])).len(), 1);
        assert!(items(member(&object, &["spec", "list"])).is_empty());
        assert_eq!(members(member(&object, &["spec"])).count(), 0);
        assert_eq!(time(member(&object, &["spec"])), None);
    }
}
