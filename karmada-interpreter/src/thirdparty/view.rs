//! Reading JSON the way the bundled rules read it.
//!
//! Upstream's rules are Lua scripts, and three facts of that language decide results: `null` is the same as absent,
//! every number is a 64-bit float, and a member of something that is not a table is an error, except that a member of
//! a text is absent. [`View`] has exactly these.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::error::{self, Result};
use crate::error::FieldError;
use crate::object::describe;

static ABSENT: Value = Value::Null;

/// 2^63 as a float: the first integral value beyond the range of `i64`.
const I64_END: f64 = 9_223_372_036_854_775_808.0;

/// One JSON value as a rule sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a>(&'a Value);

impl<'a> View<'a> {
    /// Looks at a value.
    pub(super) fn new(value: &'a Value) -> Self {
        View(value)
    }

    /// Looks at a value that may be missing.
    pub(super) fn optional(value: Option<&'a Value>) -> Self {
        View(value.unwrap_or(&ABSENT))
    }

    /// The absent value.
    pub(super) fn absent() -> Self {
        View(&ABSENT)
    }

    /// The value behind the view.
    pub(super) fn value(self) -> &'a Value {
        self.0
    }

    /// Whether there is nothing: absent or `null`.
    pub(super) fn is_absent(self) -> bool {
        self.0.is_null()
    }

    /// Whether there is something.
    pub(super) fn is_present(self) -> bool {
        !self.0.is_null()
    }

    /// Whether this is a list or a map.
    pub(super) fn is_table(self) -> bool {
        self.0.is_object() || self.0.is_array()
    }

    /// Whether this is a list or a map without members.
    pub(super) fn is_empty_table(self) -> bool {
        match self.0 {
            Value::Object(map) => map.values().all(Value::is_null),
            Value::Array(list) => list.iter().all(Value::is_null),
            _ => false,
        }
    }

    /// Whether this is the given text.
    pub(super) fn is(self, text: &str) -> bool {
        self.0.as_str() == Some(text)
    }

    /// Whether this is one of the given texts.
    pub(super) fn is_any(self, texts: &[&str]) -> bool {
        self.0.as_str().is_some_and(|text| texts.contains(&text))
    }

    /// Whether this counts as true: everything but absent and `false`.
    pub(super) fn is_truthy(self) -> bool {
        !matches!(self.0, Value::Null | Value::Bool(false))
    }

    /// The same, but absent where it is `false`: what a rule means by "or else".
    pub(super) fn unless_false(self) -> Self {
        if self.is_truthy() { self } else { View::absent() }
    }

    /// The text, when it is one.
    pub(super) fn text(self) -> Option<&'a str> {
        self.0.as_str()
    }

    /// A member, which may be absent.
    ///
    /// # Errors
    /// When this has no members: it is absent, a number or a boolean.
    pub(super) fn get(self, field: &str) -> Result<View<'a>> {
        match self.0 {
            Value::Object(map) => Ok(View::optional(map.get(field))),
            Value::Array(_) | Value::String(_) => Ok(View::absent()),
            Value::Null | Value::Bool(_) | Value::Number(_) => Err(error::no_member(field, self.type_name())),
        }
    }

    /// The member at a path all of whose parents must be there.
    ///
    /// # Errors
    /// When a parent has no members.
    pub(super) fn path(self, fields: &[&str]) -> Result<View<'a>> {
        fields.iter().try_fold(self, |view, field| view.get(field))
    }

    /// The member at a path whose parents may be absent, and then it is absent too.
    ///
    /// # Errors
    /// When a parent is a number or a boolean.
    pub(super) fn find(self, fields: &[&str]) -> Result<View<'a>> {
        let mut view = self;
        for field in fields {
            if view.is_absent() {
                return Ok(view);
            }
            view = view.get(field)?;
        }
        Ok(view)
    }

    /// The members of a list in order; a map has none in this sense.
    ///
    /// # Errors
    /// When this has no length: it is absent, a number or a boolean.
    pub(super) fn list(self) -> Result<List<'a>> {
        match self.0 {
            Value::Array(list) => Ok(List {
                members: list,
                blanks: 0,
            }),
            Value::Object(_) => Ok(List {
                members: &[],
                blanks: 0,
            }),
            Value::String(text) => Ok(List {
                members: &[],
                blanks: text.len(),
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => Err(self.expected("a list")),
        }
    }

    /// The members of a list that may be absent.
    ///
    /// # Errors
    /// As [`View::list`], except for an absent list.
    pub(super) fn list_or_none(self) -> Result<List<'a>> {
        if self.is_absent() {
            return Ok(List {
                members: &[],
                blanks: 0,
            });
        }
        self.list()
    }

    /// The members of a list in order; a map has none in this sense. Unlike [`View::list`] it takes nothing else.
    ///
    /// # Errors
    /// When this is neither.
    pub(super) fn entries(self) -> Result<List<'a>> {
        if self.is_table() {
            self.list()
        } else {
            Err(self.expected("a list"))
        }
    }

    /// As [`View::entries`] of a list that may be absent.
    ///
    /// # Errors
    /// As [`View::entries`], except for an absent list.
    pub(super) fn entries_or_none(self) -> Result<List<'a>> {
        if self.is_absent() {
            self.list_or_none()
        } else {
            self.entries()
        }
    }

    /// The members of a list or a map, whatever their keys; none when it is absent.
    ///
    /// # Errors
    /// When this is something else.
    pub(super) fn values_or_none(self) -> Result<Vec<View<'a>>> {
        if self.is_absent() {
            return Ok(Vec::new());
        }
        Ok(self.pairs()?.into_iter().map(|(_, value)| value).collect())
    }

    /// The members of a map by ascending key. Those of a list come with their position, counted from one.
    ///
    /// # Errors
    /// When this is neither.
    pub(super) fn pairs(self) -> Result<Vec<(String, View<'a>)>> {
        match self.0 {
            Value::Object(map) => Ok(map
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), View(value)))
                .collect()),
            Value::Array(list) => Ok(list
                .iter()
                .filter(|value| !value.is_null())
                .enumerate()
                .map(|(index, value)| ((index + 1).to_string(), View(value)))
                .collect()),
            _ => Err(self.expected("a map")),
        }
    }

    /// The number, when it is one; texts are not converted.
    pub(super) fn number(self) -> Option<f64> {
        match self.0 {
            Value::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// The number this is or spells: decimal digits, a decimal fraction, or hexadecimal digits after `0x`.
    pub(super) fn to_number(self) -> Option<f64> {
        match self.0 {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => spelled_number(text),
            _ => None,
        }
    }

    /// The number that arithmetic takes this for: a number, or a text that spells one.
    ///
    /// # Errors
    /// When it is neither.
    pub(super) fn operand(self) -> Result<f64> {
        match self.0 {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => operand(text),
            _ => None,
        }
        .ok_or_else(|| self.expected("a number"))
    }

    /// The text that joining texts takes this for: a text or a number.
    ///
    /// # Errors
    /// When it is neither.
    pub(super) fn joined(self) -> Result<String> {
        match self.0 {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number_text(number.as_f64().unwrap_or_default())),
            _ => Err(self.expected("a text")),
        }
    }

    /// Whether both are the same text, number or boolean, or both absent. Lists and maps are never the same.
    pub(super) fn same(self, other: View<'_>) -> bool {
        match (self.0, other.0) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(left), Value::Bool(right)) => left == right,
            (Value::Number(_), Value::Number(_)) => self.number() == other.number(),
            (Value::String(left), Value::String(right)) => left == right,
            _ => false,
        }
    }

    /// Whether this is the given number.
    pub(super) fn equals(self, number: f64) -> bool {
        self.number() == Some(number)
    }

    /// Whether this is less than the other.
    ///
    /// # Errors
    /// When they are not two numbers or two texts.
    pub(super) fn less_than(self, other: View<'_>) -> Result<bool> {
        match (self.0, other.0) {
            (Value::Number(_), Value::Number(_)) => Ok(self.number() < other.number()),
            (Value::String(left), Value::String(right)) => {
                Ok(left.as_bytes().cmp(right.as_bytes()) == Ordering::Less)
            }
            _ => Err(error::invalid(format!(
                "cannot compare {} with {}",
                self.type_name(),
                other.type_name()
            ))),
        }
    }

    /// The error for a value that is not what was wanted.
    pub(super) fn expected(self, expected: &'static str) -> FieldError {
        error::wrong_type(expected, self.type_name())
    }

    /// What the value is, for messages.
    pub(super) fn type_name(self) -> &'static str {
        type_name(self.0)
    }
}

/// What a value is, for messages.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        // To a rule, null and absent are the same.
        Value::Null => "an absent value",
        present => describe(present),
    }
}

/// The members of a list; `null` is not one. A text counts as that many absent members.
#[derive(Clone, Debug)]
pub(super) struct List<'a> {
    members: &'a [Value],
    blanks: usize,
}

impl<'a> Iterator for List<'a> {
    type Item = View<'a>;

    fn next(&mut self) -> Option<View<'a>> {
        while let Some((first, rest)) = self.members.split_first() {
            self.members = rest;
            if !first.is_null() {
                return Some(View(first));
            }
        }
        self.blanks = self.blanks.checked_sub(1)?;
        Some(View::absent())
    }
}

/// A number as JSON: integral values in the range of `i64` as integers, everything else as a float.
///
/// # Errors
/// When it is not finite.
pub(super) fn number(number: f64) -> Result<Value> {
    if let Some(integer) = integer(number) {
        return Ok(Value::from(integer));
    }
    Number::from_f64(number)
        .map(Value::Number)
        .ok_or_else(|| error::invalid(format!("{number} is not a finite number")))
}

/// The integer a float is, when it is one in the range of `i64`.
pub(super) fn integer(number: f64) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "integral and in range, as checked before"
    )]
    (number.fract() == 0.0 && (-I64_END..I64_END).contains(&number)).then_some(number as i64)
}

/// A copy as a rule sees it: no `null`, and numbers as 64-bit floats hold them.
pub(super) fn import(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(_, member)| !member.is_null())
                .map(|(key, member)| (key.clone(), import(member)))
                .collect::<Map<_, _>>(),
        ),
        Value::Array(list) => Value::Array(
            list.iter()
                .filter(|member| !member.is_null())
                .map(import)
                .collect(),
        ),
        Value::Number(n) => n
            .as_f64()
            .and_then(|float| number(float).ok())
            .unwrap_or_else(|| value.clone()),
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

/// `tonumber` of the scripting engine: a fraction needs its point, otherwise an integer in the range of `i64`.
fn spelled_number(text: &str) -> Option<f64> {
    let text = text.trim_matches([' ', '\t', '\n']);
    if text.contains('.') {
        return text.parse().ok();
    }
    let integer = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => i64::from_str_radix(digits, 16),
        None => text.parse::<i64>(),
    };
    #[expect(clippy::cast_precision_loss, reason = "a script's numbers are floats")]
    integer.ok().map(|integer| integer as f64)
}

/// What arithmetic makes of a text: Go's integer syntax with its prefixes, or a float.
fn operand(text: &str) -> Option<f64> {
    let text = text.trim_matches([' ', '\t', '\n']);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let integer = [("0x", 16), ("0o", 8), ("0b", 2), ("0", 8)]
        .iter()
        .find_map(|(prefix, radix)| Some((lower.strip_prefix(prefix)?, *radix)))
        .filter(|(digits, _)| !digits.is_empty())
        .unwrap_or((lower.as_str(), 10));
    let plain = integer.0.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain && let Ok(value) = i64::from_str_radix(integer.0, integer.1) {
        #[expect(clippy::cast_precision_loss, reason = "a script's numbers are floats")]
        return Some(sign * value as f64);
    }
    digits
        .starts_with(|first: char| first.is_ascii_digit() || first == '.')
        .then(|| digits.parse::<f64>().ok())
        .flatten()
        .map(|value| sign * value)
}

/// A number as text: integers in the range of `i64` plainly, others with as many digits as tell them apart, and with an
/// exponent below -4 and from 6.
pub(super) fn number_text(number: f64) -> String {
    if let Some(integer) = integer(number) {
        return integer.to_string();
    }
    let scientific = format!("{number:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if (-4..6).contains(&exponent) => number.to_string(),
        Ok(exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
        }
        Err(_) => scientific,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_of_what_has_none() {
        fn check(value: &Value, expected: Option<&Value>) {
            let got = View::new(value).get("a").ok().map(View::value);
            assert_eq!(got, expected, "{value}");
        }
        check(&json!({"a": 1}), Some(&json!(1)));
        check(&json!({"a": null}), Some(&Value::Null));
        check(&json!({}), Some(&Value::Null));
        check(&json!(["a"]), Some(&Value::Null));
        check(&json!("text"), Some(&Value::Null));
        check(&json!(null), None);
        check(&json!(1), None);
        check(&json!(true), None);
    }

    #[test]
    fn a_path_may_end_early_only_where_allowed() {
        let value = json!({"a": {"b": 1}});
        let view = View::new(&value);
        assert!(view.path(&["x", "y"]).is_err());
        assert!(view.find(&["x", "y"]).unwrap().is_absent());
        assert!(view.find(&["a", "b", "c"]).is_err());
        assert!(view.path(&["a", "b"]).unwrap().equals(1.0));
    }

    #[test]
    fn lists_skip_null_and_maps_have_no_positions() {
        fn check(value: &Value, expected: Option<usize>) {
            assert_eq!(
                View::new(value).list().ok().map(Iterator::count),
                expected,
                "{value}"
            );
        }
        check(&json!([1, null, 2]), Some(2));
        check(&json!({"a": 1}), Some(0));
        check(&json!("abc"), Some(3));
        check(&json!(null), None);
        check(&json!(3), None);
        check(&json!(false), None);
    }

    #[test]
    fn numbers_from_text() {
        fn check(text: &str, spelled: Option<f64>, used: Option<f64>) {
            assert_eq!(View::new(&json!(text)).to_number(), spelled, "tonumber {text:?}");
            assert_eq!(
                View::new(&json!(text)).operand().ok(),
                used,
                "arithmetic {text:?}"
            );
        }
        check("3", Some(3.0), Some(3.0));
        check(" 3 ", Some(3.0), Some(3.0));
        check("-3", Some(-3.0), Some(-3.0));
        check("2.0", Some(2.0), Some(2.0));
        check("0x2", Some(2.0), Some(2.0));
        check("010", Some(10.0), Some(8.0));
        check("0", Some(0.0), Some(0.0));
        check("1e3", None, Some(1000.0));
        check("1.5e3", Some(1500.0), Some(1500.0));
        check("two", None, None);
        check("", None, None);
        check("inf", None, None);
    }

    #[test]
    fn numbers_to_text() {
        fn check(number: f64, expected: &str) {
            assert_eq!(number_text(number), expected);
        }
        check(5.0, "5");
        check(-0.5, "-0.5");
        check(1.5, "1.5");
        check(1.0 / 3.0, "0.3333333333333333");
        check(1e20, "1e+20");
        check(-1.25e-5, "-1.25e-05");
        check(1e100, "1e+100");
        check(123_456.789, "123456.789");
        check(1_234_567.5, "1.2345675e+06");
        check(1e16, "10000000000000000");
    }

    #[test]
    fn order_needs_two_numbers_or_two_texts() {
        fn check(left: &Value, right: &Value, expected: Option<bool>) {
            assert_eq!(
                View::new(left).less_than(View::new(right)).ok(),
                expected,
                "{left} {right}"
            );
        }
        check(&json!(1), &json!(1.5), Some(true));
        check(&json!("10"), &json!("9"), Some(true));
        check(&json!("1"), &json!(2), None);
        check(&json!(null), &json!(2), None);
        check(&json!({}), &json!({}), None);
    }

    #[test]
    fn import_drops_null_and_keeps_what_floats_hold() {
        let value = json!({"a": null, "b": [null, 1, {"c": null}], "n": 3.0, "big": 9_007_199_254_740_993_u64, "f": 1.5});
        assert_eq!(
            import(&value),
            json!({"b": [1, {}], "n": 3, "big": 9_007_199_254_740_992_u64, "f": 1.5})
        );
    }
}
