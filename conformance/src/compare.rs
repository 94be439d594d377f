//! Equality of a recorded answer and ours.
//!
//! A [`Comparison`] walks both values side by side and lists every [`Difference`]. What may differ is said by rules, each
//! of which stands in a README of the recordings: [`Empties`] for what counts as absent, and [`Rule`]s for single paths.
//! Without any, two values are equal when they are the same JSON, object keys in any order and numbers by value.

use std::collections::BTreeSet;
use std::fmt;

use karmada_core::quantity::Quantity;
use serde_json::{Number, Value};

use crate::case::Case;

/// A place where two answers differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where, `.` for the whole answer.
    pub path: String,
    /// What was recorded.
    pub expected: Side,
    /// What came out.
    pub got: Side,
}

/// One side of a [`Difference`].
#[derive(Debug, Clone, PartialEq)]
pub enum Side {
    /// There is nothing at the path.
    Absent,
    /// The value at the path.
    Value(Value),
    /// Something other than a value, in words.
    Words(String),
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("nothing"),
            Self::Value(value) => write!(f, "{value}"),
            Self::Words(words) => f.write_str(words),
        }
    }
}

impl From<Option<&Value>> for Side {
    fn from(value: Option<&Value>) -> Self {
        value.map_or(Self::Absent, |value| Self::Value(value.clone()))
    }
}

/// The comparison of an op whose answer must be the recorded JSON.
pub fn exact(_: &Case, expected: &Value, got: &Value) -> Vec<Difference> {
    Comparison::new(Empties::Distinct).differences(expected, got)
}

/// The comparison of an op whose answer comes from a typed object.
pub fn typed(_: &Case, expected: &Value, got: &Value) -> Vec<Difference> {
    Comparison::new(Empties::AbsentCollections).differences(expected, got)
}

/// Which values are the same as a missing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empties {
    /// None: `null`, `{}` and absent differ.
    Distinct,
    /// `null`, and empty lists and maps: results that come from a typed object.
    AbsentCollections,
    /// `null`, `""`, `0`, `false`, `{}` and `[]`: results that upstream encoded again.
    AbsentZeros,
}

impl Empties {
    fn absent(self, value: Option<&Value>) -> bool {
        let Some(value) = value else { return true };
        let zeros = self == Self::AbsentZeros;
        match value {
            _ if self == Self::Distinct => false,
            Value::Null => true,
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Bool(bool) => zeros && !bool,
            Value::Number(number) => zeros && number.as_f64() == Some(0.0),
            Value::String(text) => zeros && text.is_empty(),
        }
    }
}

/// What holds at a path.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// From here down, these values are the same as absent.
    Empties(Empties),
    /// The order of this list does not matter.
    Unordered,
    /// Both lists are sorted (stable) by these fields first.
    SortedBy(&'static [&'static str]),
    /// The text or number is a quantity and compared by value.
    Quantity,
    /// For information only.
    Ignored,
}

/// How to compare two answers.
#[derive(Debug, Clone)]
pub struct Comparison {
    empties: Empties,
    rules: Vec<(Vec<&'static str>, Rule)>,
    excludes: bool,
    strict_integers: bool,
}

/// The expected text that takes its path out of the comparison, where [`Comparison::with_excludes`] allows it.
const EXCLUDE: &str = "{{EXCLUDE}}";

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl Comparison {
    /// A comparison without rules for single paths.
    pub fn new(empties: Empties) -> Self {
        Self {
            empties,
            rules: Vec::new(),
            excludes: false,
            strict_integers: false,
        }
    }

    /// Adds a rule for a path: keys separated by dots, `*` for any one key or index, `**` for any number of them, and
    /// the empty path for the whole answer.
    #[must_use]
    pub fn at(mut self, path: &'static str, rule: Rule) -> Self {
        let pattern = if path.is_empty() {
            Vec::new()
        } else {
            path.split('.').collect()
        };
        self.rules.push((pattern, rule));
        self
    }

    /// Lets the expected text `{{EXCLUDE}}` take its path out on both sides.
    #[must_use]
    pub fn with_excludes(mut self) -> Self {
        self.excludes = true;
        self
    }

    /// Makes `2` and `2.0` differ.
    #[must_use]
    pub fn with_strict_integers(mut self) -> Self {
        self.strict_integers = true;
        self
    }

    /// All places where the answers differ, in the order of the paths.
    pub fn differences(&self, expected: &Value, got: &Value) -> Vec<Difference> {
        let mut differences = Vec::new();
        self.walk(
            &mut Vec::new(),
            self.empties,
            Some(expected),
            Some(got),
            &mut differences,
        );
        differences
    }

    fn walk<'a>(
        &self,
        path: &mut Vec<Step<'a>>,
        mut empties: Empties,
        expected: Option<&'a Value>,
        got: Option<&'a Value>,
        differences: &mut Vec<Difference>,
    ) {
        let (mut order, mut quantity) = (None, false);
        for (_, rule) in self.rules.iter().filter(|(pattern, _)| leads_to(pattern, path)) {
            match rule {
                Rule::Ignored => return,
                Rule::Empties(here) => empties = *here,
                Rule::Unordered | Rule::SortedBy(_) => order = Some(*rule),
                Rule::Quantity => quantity = true,
            }
        }
        if self.excludes && expected.and_then(Value::as_str) == Some(EXCLUDE) {
            return;
        }
        let absent = (empties.absent(expected), empties.absent(got));
        if absent == (true, true) {
            return;
        }
        let (expected_map, got_map) = (
            expected.and_then(Value::as_object),
            got.and_then(Value::as_object),
        );
        // Where an absent map equals an empty one, its members are compared with nothing.
        let both_maps = match (expected_map, got_map) {
            (Some(_), Some(_)) => true,
            (Some(_), None) => empties != Empties::Distinct && absent.1,
            (None, Some(_)) => empties != Empties::Distinct && absent.0,
            (None, None) => false,
        };
        if both_maps {
            let keys: BTreeSet<&'a String> = expected_map
                .into_iter()
                .chain(got_map)
                .flat_map(|map| map.keys())
                .collect();
            for key in keys {
                path.push(Step::Key(key));
                let member =
                    |map: Option<&'a serde_json::Map<String, Value>>| map.and_then(|map| map.get(key));
                self.walk(path, empties, member(expected_map), member(got_map), differences);
                path.pop();
            }
            return;
        }
        let equal = match (expected, got) {
            (Some(Value::Array(expected)), Some(Value::Array(got))) if expected.len() == got.len() => {
                self.lists(path, empties, order, expected, got, differences);
                return;
            }
            (Some(expected), Some(got)) => {
                (quantity && same_quantity(expected, got)) || self.same_scalar(expected, got)
            }
            _ => false,
        };
        if !equal {
            differences.push(Difference {
                path: written(path),
                expected: expected.into(),
                got: got.into(),
            });
        }
    }

    fn lists<'a>(
        &self,
        path: &mut Vec<Step<'a>>,
        empties: Empties,
        order: Option<Rule>,
        expected: &'a [Value],
        got: &'a [Value],
        differences: &mut Vec<Difference>,
    ) {
        let mut got: Vec<&Value> = got.iter().collect();
        let mut expected: Vec<&Value> = expected.iter().collect();
        match order {
            Some(Rule::SortedBy(fields)) => {
                let by_fields = |value: &&Value| -> Vec<String> {
                    fields.iter().map(|field| sort_text(value.get(*field))).collect()
                };
                expected.sort_by_cached_key(by_fields);
                got.sort_by_cached_key(by_fields);
            }
            Some(Rule::Unordered) => {
                // Pairs of equal members fall out; what is left is shown in its order.
                expected.retain(|wanted| {
                    let partner = got.iter().position(|candidate| {
                        let mut found = Vec::new();
                        path.push(Step::Index(0));
                        self.walk(path, empties, Some(wanted), Some(candidate), &mut found);
                        path.pop();
                        found.is_empty()
                    });
                    partner.map(|index| got.remove(index)).is_none()
                });
            }
            _ => {}
        }
        for (index, (expected, got)) in expected.into_iter().zip(got).enumerate() {
            path.push(Step::Index(index));
            self.walk(path, empties, Some(expected), Some(got), differences);
            path.pop();
        }
    }

    fn same_scalar(&self, expected: &Value, got: &Value) -> bool {
        match (expected, got) {
            (Value::Number(expected), Value::Number(got)) => {
                if self.strict_integers && expected.is_f64() != got.is_f64() {
                    return false;
                }
                same_number(expected, got)
            }
            _ => expected == got,
        }
    }
}

/// Numbers by value: exact within the range of i64, beyond it and for fractions as 64-bit floats, as recorded.
fn same_number(expected: &Number, got: &Number) -> bool {
    match (expected.as_i64(), got.as_i64()) {
        (Some(expected), Some(got)) => expected == got,
        _ => expected.as_f64() == got.as_f64(),
    }
}

fn same_quantity(expected: &Value, got: &Value) -> bool {
    fn parse(value: &Value) -> Option<Quantity> {
        match value {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.to_string().parse().ok(),
            _ => None,
        }
    }
    matches!((parse(expected), parse(got)), (Some(expected), Some(got)) if expected == got)
}

fn sort_text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn leads_to(pattern: &[&str], path: &[Step<'_>]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), next) => {
            leads_to(rest, path) || next.is_some_and(|(_, below)| leads_to(pattern, below))
        }
        (Some((part, rest)), Some((step, below))) => {
            let fits = match step {
                Step::Key(key) => *part == "*" || part == key,
                Step::Index(_) => *part == "*",
            };
            fits && leads_to(rest, below)
        }
        _ => false,
    }
}

fn written(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Index(index) => text += &format!("[{index}]"),
            Step::Key(key)
                if key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') && !key.is_empty() =>
            {
                if !text.is_empty() {
                    text.push('.');
                }
                text += key;
            }
            Step::Key(key) => text += &format!("[{key:?}]"),
        }
    }
    if text.is_empty() { ".".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// The paths at which two values differ.
    fn paths(comparison: &Comparison, expected: &Value, got: &Value) -> Vec<String> {
        comparison
            .differences(expected, got)
            .into_iter()
            .map(|difference| difference.path)
            .collect()
    }

    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the tables read better without references"
    )]
    fn check(comparison: &Comparison, expected: Value, got: Value, differ: &[&str]) {
        assert_eq!(
            paths(comparison, &expected, &got),
            differ,
            "{expected} against {got}"
        );
        // No rule favours a side, except the one that reads a marker.
        if !comparison.excludes {
            assert_eq!(
                paths(comparison, &got, &expected),
                differ,
                "{got} against {expected}"
            );
        }
    }

    #[test]
    fn distinct_is_plain_json() {
        let plain = &Comparison::new(Empties::Distinct);
        check(
            plain,
            json!({"a": 1, "b": [true, "x"]}),
            json!({"b": [true, "x"], "a": 1}),
            &[],
        );
        check(plain, json!({"a": 1}), json!({"a": 2}), &["a"]);
        check(plain, json!({"a": null}), json!({}), &["a"]);
        check(plain, json!({"a": []}), json!({}), &["a"]);
        check(plain, json!({"a": {}}), json!({"a": null}), &["a"]);
        check(plain, json!({"a": {}}), json!({"a": []}), &["a"]);
        check(plain, json!({"a": {"b": 1}}), json!({}), &["a"]);
        check(plain, json!([1, 2]), json!([2, 1]), &["[0]", "[1]"]);
        check(plain, json!([1]), json!([1, 1]), &["."]);
        check(plain, json!("1"), json!(1), &["."]);
        check(
            plain,
            json!({"a.b": {"c d": [{"e": 1}]}}),
            json!({"a.b": {"c d": [{"e": 2}]}}),
            &[r#"["a.b"]["c d"][0].e"#],
        );
        check(plain, json!("{{EXCLUDE}}"), json!(1), &["."]);
    }

    #[test]
    fn numbers_by_value() {
        let plain = &Comparison::new(Empties::Distinct);
        check(plain, json!(2), json!(2.0), &[]);
        check(plain, json!(2), json!(2.5), &["."]);
        check(plain, json!(i64::MAX), json!(i64::MAX - 1), &["."]);
        check(
            plain,
            json!(12_345_678_901_234_567_000_u64),
            json!(12_345_678_901_234_567_890_u64),
            &[],
        );
        check(
            plain,
            json!(12_345_678_901_234_567_000_u64),
            json!(1.234_567_890_123_456_7e19),
            &[],
        );
        check(plain, json!(0), json!(-0.0), &[]);
        let strict = &Comparison::new(Empties::Distinct).with_strict_integers();
        check(strict, json!(2), json!(2.0), &["."]);
        check(strict, json!(2), json!(2), &[]);
        check(strict, json!(2.0), json!(2.0), &[]);
    }

    #[test]
    fn absent_collections() {
        let typed = &Comparison::new(Empties::AbsentCollections);
        for empty in [json!(null), json!([]), json!({}), json!({"b": {"c": []}})] {
            check(typed, json!({"a": empty}), json!({}), &[]);
        }
        for value in [json!(0), json!(""), json!(false), json!([null]), json!([{}])] {
            check(typed, json!({"a": value}), json!({}), &["a"]);
        }
        check(typed, json!({"a": {"b": {"c": 1}}}), json!({}), &["a.b.c"]);
        check(typed, json!({"a": [{"b": null}]}), json!({"a": [{}]}), &[]);
        check(typed, json!({"a": [{}]}), json!({"a": []}), &["a"]);
        check(typed, json!(null), json!({}), &[]);
    }

    #[test]
    fn absent_zeros() {
        let zeros = &Comparison::new(Empties::AbsentZeros);
        for zero in [
            json!(0),
            json!(0.0),
            json!(""),
            json!(false),
            json!({}),
            json!([]),
            json!(null),
        ] {
            check(zeros, json!({"a": zero}), json!({}), &[]);
            check(zeros, json!({"a": zero}), json!({"a": ""}), &[]);
            check(zeros, json!({"a": zero}), json!({"a": 1}), &["a"]);
        }
    }

    #[test]
    fn rules_hold_at_their_paths_only() {
        let manifests = &Comparison::new(Empties::AbsentCollections)
            .at("works.*.manifests", Rule::Empties(Empties::Distinct));
        check(
            manifests,
            json!({"works": [{"x": {}, "manifests": [{"a": {}}]}]}),
            json!({"works": [{"manifests": [{"a": {}}]}]}),
            &[],
        );
        check(
            manifests,
            json!({"works": [{"manifests": [{"a": {}}]}]}),
            json!({"works": [{"manifests": [{}]}]}),
            &["works[0].manifests[0].a"],
        );
        check(
            manifests,
            json!({"works": [{"manifests": []}]}),
            json!({"works": [{}]}),
            &["works[0].manifests"],
        );

        let ignored = &Comparison::new(Empties::Distinct).at("errors.*.message", Rule::Ignored);
        check(
            ignored,
            json!({"errors": [{"message": "a", "type": "t"}]}),
            json!({"errors": [{"type": "t"}]}),
            &[],
        );
        check(
            ignored,
            json!({"message": "a"}),
            json!({"message": "b"}),
            &["message"],
        );
        check(
            ignored,
            json!({"errors": [{"x": {"message": 1}}]}),
            json!({"errors": [{"x": {"message": 2}}]}),
            &["errors[0].x.message"],
        );

        let deep = &Comparison::new(Empties::Distinct).at("**.t", Rule::Ignored);
        check(
            deep,
            json!({"t": 1, "a": [{"t": 1, "b": 1}]}),
            json!({"t": 2, "a": [{"t": 2, "b": 2}]}),
            &["a[0].b"],
        );
    }

    #[test]
    fn order() {
        let unordered = &Comparison::new(Empties::AbsentCollections).at("l", Rule::Unordered);
        check(
            unordered,
            json!({"l": [1, {"a": []}, 1]}),
            json!({"l": [{}, 1, 1]}),
            &[],
        );
        check(
            unordered,
            json!({"l": [1, 1, 2]}),
            json!({"l": [1, 2, 2]}),
            &["l[0]"],
        );
        check(
            unordered,
            json!({"l": [[1, 2]]}),
            json!({"l": [[2, 1]]}),
            &["l[0][0]", "l[0][1]"],
        );
        check(
            unordered,
            json!({"m": [1, 2]}),
            json!({"m": [2, 1]}),
            &["m[0]", "m[1]"],
        );

        let sorted = &Comparison::new(Empties::Distinct).at("", Rule::SortedBy(&["kind", "name"]));
        let (a, b, c) = (
            json!({"kind": "A", "name": "b"}),
            json!({"kind": "A"}),
            json!({"kind": "B", "name": "a"}),
        );
        check(sorted, json!([a, b, c]), json!([c, b, a]), &[]);
        check(
            sorted,
            json!([a, a, c]),
            json!([a, c, c]),
            &["[1].kind", "[1].name"],
        );
        // Members with equal fields keep their order.
        check(
            sorted,
            json!([{"kind": "A", "x": 1}, {"kind": "A", "x": 2}]),
            json!([{"kind": "A", "x": 2}, {"kind": "A", "x": 1}]),
            &["[0].x", "[1].x"],
        );
    }

    #[test]
    fn quantities_by_value() {
        let quantities = &Comparison::new(Empties::Distinct).at("q", Rule::Quantity);
        for (a, b) in [
            (json!("1"), json!("1000m")),
            (json!("1Ki"), json!("1024")),
            (json!(1), json!("1")),
            (json!(0.5), json!("500m")),
        ] {
            check(quantities, json!({"q": a}), json!({"q": b}), &[]);
        }
        check(quantities, json!({"q": "1"}), json!({"q": "2"}), &["q"]);
        check(quantities, json!({"q": "x"}), json!({"q": "y"}), &["q"]);
        check(quantities, json!({"q": "x"}), json!({"q": "x"}), &[]);
        check(quantities, json!({"p": "1"}), json!({"p": "1000m"}), &["p"]);
    }

    #[test]
    fn markers() {
        let excludes = &Comparison::new(Empties::Distinct).with_excludes();
        check(
            excludes,
            json!({"a": "{{EXCLUDE}}", "b": 1}),
            json!({"a": {"x": 1}, "b": 1}),
            &[],
        );
        check(excludes, json!({"a": "{{EXCLUDE}}"}), json!({}), &[]);
        check(excludes, json!({"a": 1}), json!({"a": "{{EXCLUDE}}"}), &["a"]);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-2_i64..3).prop_map(Value::from),
            (-2_i32..3).prop_map(|number| Value::from(f64::from(number) / 2.0)),
            "[ab]?".prop_map(Value::from),
        ];
        scalar.prop_recursive(3, 16, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[abc]", inner, 0..3)
                    .prop_map(|fields| Value::from(fields.into_iter().collect::<serde_json::Map<_, _>>())),
            ]
        })
    }

    proptest! {
        #[test]
        fn equality_is_reflexive_and_symmetric(a in any_value(), b in any_value()) {
            for empties in [Empties::Distinct, Empties::AbsentCollections, Empties::AbsentZeros] {
                for comparison in [
                    Comparison::new(empties),
                    Comparison::new(empties).at("**", Rule::Unordered).at("**.a", Rule::Quantity),
                    Comparison::new(empties).at("**", Rule::SortedBy(&["a", "b"])).at("**.c", Rule::Ignored),
                ] {
                    prop_assert_eq!(comparison.differences(&a, &a), []);
                    prop_assert_eq!(
                        comparison.differences(&a, &b).is_empty(),
                        comparison.differences(&b, &a).is_empty()
                    );
                }
            }
        }

        #[test]
        fn looser_rules_find_no_more(a in any_value(), b in any_value()) {
            let found = |empties| Comparison::new(empties).differences(&a, &b).is_empty();
            prop_assert!(!found(Empties::Distinct) || found(Empties::AbsentCollections));
            prop_assert!(!found(Empties::AbsentCollections) || found(Empties::AbsentZeros));
            // Without rules the comparison is the one of the values, but for numbers.
            prop_assert!(a != b || found(Empties::Distinct));
        }
    }
}
