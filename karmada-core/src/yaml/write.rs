//! Writing.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::scalar::{Scalar, is_base60, resolve};
use crate::json;

/// The column after which lines are folded.
const WIDTH: usize = 80;
/// The longest key that stands on the line of its value.
const KEY_LIMIT: usize = 128;
const INDENT: usize = 2;

/// Writes a document in block style, ending with a line break.
///
/// ```
/// let text = karmada_core::yaml::write(&serde_json::json!({"b10": ["on", 1.5], "b9": {}}));
/// assert_eq!(text, "b9: {}\nb10:\n- \"on\"\n- 1.5\n");
/// ```
#[must_use]
pub fn write(value: &Value) -> String {
    let mut writer = Writer::default();
    match value {
        Value::Object(members) if !members.is_empty() => writer.mapping(members, 0, true),
        Value::Array(list) if !list.is_empty() => writer.list(list, 0, true),
        _ => writer.scalar(value, INDENT),
    }
    if !writer.out.ends_with('\n') {
        writer.out.push('\n');
    }
    writer.out
}

#[derive(Default)]
struct Writer {
    out: String,
    column: usize,
}

impl Writer {
    fn push(&mut self, text: &str) {
        for character in text.chars() {
            self.put(character);
        }
    }

    fn put(&mut self, character: char) {
        self.out.push(character);
        self.column = if character == '\n' { 0 } else { self.column + 1 };
    }

    fn line(&mut self, indent: usize) {
        if self.column > 0 {
            self.put('\n');
        }
        for _ in 0..indent {
            self.put(' ');
        }
    }

    /// `inline`: the first entry goes where the cursor is.
    fn mapping(&mut self, members: &Map<String, Value>, indent: usize, inline: bool) {
        for (position, (key, value)) in in_natural_order(members.iter().collect()).into_iter().enumerate() {
            if position > 0 || !inline {
                self.line(indent);
            }
            let simple = key.len() <= KEY_LIMIT && !key.contains(is_break);
            if simple {
                self.text(key, indent + INDENT, true);
                self.put(':');
            } else {
                self.push("? ");
                self.text(key, indent + INDENT, false);
                self.line(indent);
                self.put(':');
            }
            match value {
                Value::Object(inner) if !inner.is_empty() && simple => {
                    self.mapping(inner, indent + INDENT, false);
                }
                Value::Object(inner) if !inner.is_empty() => {
                    self.put(' ');
                    self.mapping(inner, indent + INDENT, true);
                }
                // A list under a key is not indented.
                Value::Array(list) if !list.is_empty() && simple => self.list(list, indent, false),
                Value::Array(list) if !list.is_empty() => {
                    self.put(' ');
                    self.list(list, indent + INDENT, true);
                }
                _ => {
                    self.put(' ');
                    self.scalar(value, indent + INDENT);
                }
            }
        }
    }

    fn list(&mut self, list: &[Value], indent: usize, inline: bool) {
        for (position, element) in list.iter().enumerate() {
            if position > 0 || !inline {
                self.line(indent);
            }
            self.push("- ");
            match element {
                Value::Object(inner) if !inner.is_empty() => self.mapping(inner, indent + INDENT, true),
                Value::Array(inner) if !inner.is_empty() => self.list(inner, indent + INDENT, true),
                _ => self.scalar(element, indent + INDENT),
            }
        }
    }

    fn scalar(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Null => self.push("null"),
            Value::Bool(value) => self.push(if *value { "true" } else { "false" }),
            Value::Number(number) => self.push(&number_text(number)),
            Value::String(text) => self.text(text, indent, false),
            Value::Array(_) => self.push("[]"),
            Value::Object(_) => self.push("{}"),
        }
    }

    fn text(&mut self, text: &str, indent: usize, key: bool) {
        let form = Form::of(text);
        // `<<` without quotes would merge.
        let plain = resolve(text) == Scalar::Text && !is_base60(text) && text != "<<";
        if text.contains('\n') {
            if form.block && !key {
                self.literal(text, indent);
            } else {
                self.double_quoted(text, indent, !key);
            }
        } else if !plain {
            self.double_quoted(text, indent, !key);
        } else if form.plain && !(key && form.multiline) {
            self.folded(text, indent, !key, |character, out| out.put(character));
        } else if form.single_quoted && !(key && form.multiline) {
            self.single_quoted(text, indent, !key);
        } else {
            self.double_quoted(text, indent, !key);
        }
    }

    /// Characters one by one, with a line break in place of a single space beyond the width.
    fn folded(&mut self, text: &str, indent: usize, fold: bool, put: impl Fn(char, &mut Self)) {
        let mut after_space = false;
        let mut characters = text.chars().peekable();
        let mut first = true;
        while let Some(character) = characters.next() {
            let next = characters.peek();
            if character == ' ' {
                let inner = !first && next.is_some_and(|next| *next != ' ');
                if fold && !after_space && self.column > WIDTH && inner {
                    self.line(indent);
                } else {
                    self.put(' ');
                }
                after_space = true;
            } else {
                put(character, self);
                after_space = false;
            }
            first = false;
        }
    }

    fn single_quoted(&mut self, text: &str, indent: usize, fold: bool) {
        self.put('\'');
        self.folded(text, indent, fold, |character, out| {
            if character == '\'' {
                out.put('\'');
            }
            out.put(character);
        });
        self.put('\'');
    }

    fn double_quoted(&mut self, text: &str, indent: usize, fold: bool) {
        self.put('"');
        let mut after_space = false;
        let mut characters = text.chars().peekable();
        let mut first = true;
        while let Some(character) = characters.next() {
            if character == ' ' {
                if fold && !after_space && self.column > WIDTH && !first && characters.peek().is_some() {
                    self.line(indent);
                    if characters.peek() == Some(&' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                after_space = true;
            } else {
                after_space = false;
                match escape(character) {
                    Some(escape) => self.push(&escape),
                    None => self.put(character),
                }
            }
            first = false;
        }
        self.put('"');
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put('|');
        if text.starts_with(' ') || text.starts_with(is_break) {
            self.push(&INDENT.to_string());
        }
        if !text.ends_with(is_break) {
            self.put('-');
        } else if text.chars().rev().nth(1).is_none_or(is_break) {
            self.put('+');
        }
        self.put('\n');
        let mut start = true;
        for character in text.chars() {
            if is_break(character) {
                self.out.push(character);
                self.column = 0;
                start = true;
            } else {
                if start {
                    for _ in 0..indent {
                        self.put(' ');
                    }
                }
                self.put(character);
                start = false;
            }
        }
    }
}

/// The number as upstream writes it after a detour over JSON.
fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => {
            let text = json::number_text(float);
            if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
                text
            } else {
                json::shortest_text(float)
            }
        }
        _ => number.to_string(),
    }
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What the writer shows as it is.
fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

fn escape(character: char) -> Option<String> {
    if is_printable(character) && !is_break(character) && character != '"' && character != '\\' {
        return None;
    }
    Some(match character {
        '\0' => "\\0".to_owned(),
        '\u{7}' => "\\a".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\t' => "\\t".to_owned(),
        '\n' => "\\n".to_owned(),
        '\u{b}' => "\\v".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\r' => "\\r".to_owned(),
        '\u{1b}' => "\\e".to_owned(),
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\u{85}' => "\\N".to_owned(),
        '\u{2028}' => "\\L".to_owned(),
        '\u{2029}' => "\\P".to_owned(),
        '\u{10000}'.. => format!("\\U{:08X}", u32::from(character)),
        '\u{100}'.. => format!("\\u{:04X}", u32::from(character)),
        _ => format!("\\x{:02X}", u32::from(character)),
    })
}

/// The styles in which a text can be written.
struct Form {
    plain: bool,
    single_quoted: bool,
    block: bool,
    multiline: bool,
}

impl Form {
    fn of(text: &str) -> Self {
        let mut form = Self {
            plain: !(text.starts_with("---") || text.starts_with("...")),
            single_quoted: true,
            block: !text.is_empty() && !text.ends_with(' '),
            multiline: text.contains(is_break),
        };
        let mut previous = None;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let blank_follows = characters
                .peek()
                .is_none_or(|next| matches!(next, ' ' | '\t') || is_break(*next));
            let indicates = match (previous, character) {
                (
                    None,
                    '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
                    | '`',
                ) => true,
                (None, '?' | '-') | (_, ':') => blank_follows,
                (Some(before), '#') => matches!(before, ' ' | '\t') || is_break(before),
                _ => false,
            };
            if indicates {
                form.plain = false;
            }
            if !is_printable(character) {
                form.plain = false;
                form.single_quoted = false;
                form.block = false;
            }
            match (previous, character) {
                (Some(before), ' ') if is_break(before) => form.single_quoted = false,
                (Some(' '), after) if is_break(after) => {
                    form.single_quoted = false;
                    form.block = false;
                }
                _ => {}
            }
            previous = Some(character);
        }
        if form.multiline || text.starts_with(' ') || text.ends_with(' ') {
            form.plain = false;
        }
        form
    }
}

/// Sorts by key.
///
/// The order is upstream's and not quite transitive (`a01` < `a10` < `a1b` < `a01`), which the sort of the standard
/// library may answer with a panic. This one gives the same result for the same keys, whatever they are.
fn in_natural_order<'a>(mut entries: Vec<(&'a String, &'a Value)>) -> Vec<(&'a String, &'a Value)> {
    if entries.len() < 2 {
        return entries;
    }
    let right = in_natural_order(entries.split_off(entries.len() / 2));
    let left = in_natural_order(entries);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some((a, _)), Some((b, _))) = (left.peek(), right.peek()) {
        let next = if natural_order(b, a) == Ordering::Less {
            right.next()
        } else {
            left.next()
        };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    merged
}

/// The order of keys: letters by code point, everything else before letters, numbers by value.
fn natural_order(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else {
        return a.len().cmp(&b.len());
    };
    let (Some(&first), Some(&second)) = (a.get(at), b.get(at)) else {
        return a.len().cmp(&b.len());
    };
    match (first.is_alphabetic(), second.is_alphabetic()) {
        (true, true) => first.cmp(&second),
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            // Zeros inside a number that has already begun count as digits of it.
            let inside = (first == '0' || second == '0')
                && a.iter()
                    .take(at)
                    .rev()
                    .take_while(|digit| digit.is_numeric())
                    .any(|digit| *digit != '0');
            let number = |text: &[char]| {
                let digits = text.iter().skip(at).take_while(|digit| digit.is_numeric());
                digits.fold((i64::from(inside), 0_usize), |(value, count), digit| {
                    let digit = i64::from(u32::from(*digit)) - i64::from(u32::from('0'));
                    (value.wrapping_mul(10).wrapping_add(digit), count + 1)
                })
            };
            number(&a).cmp(&number(&b)).then(first.cmp(&second))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::yaml::read;

    #[test]
    fn documents() {
        fn check(value: Value, expect: &str) {
            assert_eq!(write(&value), expect);
            assert_eq!(read(expect).unwrap(), value, "{expect}");
        }
        check(json!(null), "null\n");
        check(json!({}), "{}\n");
        check(json!([]), "[]\n");
        check(json!("x"), "x\n");
        check(
            json!([1, [2, [3]], {"a": [4], "b": {}}]),
            "- 1\n- - 2\n  - - 3\n- a:\n  - 4\n  b: {}\n",
        );
        check(
            json!({"a": {"b": {"c": 1}}, "d": [{"e": 1, "f": [2]}]}),
            "a:\n  b:\n    c: 1\nd:\n- e: 1\n  f:\n  - 2\n",
        );
        check(json!({"<<": "<<"}), "\"<<\": \"<<\"\n");
        check(json!({"y": "on", "1": "0x1"}), "\"1\": \"0x1\"\n\"y\": \"on\"\n");
        check(
            json!({"a": "x: y", "b": "- x", "c": "#c", "d": " x ", "e": "it's", "f": "a #b"}),
            "a: 'x: y'\nb: '- x'\nc: '#c'\nd: ' x '\ne: it's\nf: 'a #b'\n",
        );
        check(
            json!({"a": "l1\nl2\n", "b": "l1", "c": "\nx", "d": "x\n\n", "e": "x\ny"}),
            "a: |\n  l1\n  l2\nb: l1\nc: |2-\n\n  x\nd: |+\n  x\n\ne: |-\n  x\n  y\n",
        );
        check(json!("tab\t"), "\"tab\\t\"\n");
        check(json!("\u{1f600}é"), "\"\\U0001F600é\"\n");
        check(json!("12:30"), "\"12:30\"\n");
        check(json!([1.5, 12, 2_000_000.5]), "- 1.5\n- 12\n- 2.0000005e+06\n");
    }

    #[test]
    fn long_lines_are_folded() {
        let words = "word ".repeat(20);
        let text = write(&json!({"a": words.trim_end(), "b": words.clone(), "c": format!("{words}\"\t")}));
        assert!(text.lines().all(|line| line.len() < 90), "{text}");
        assert_eq!(read(&text).unwrap()["b"], json!(words));
    }

    #[test]
    fn keys_are_in_natural_order() {
        let keys = ["a10", "a9", "b", "a", "_", "a01", "10", "9"];
        let value: Value = keys
            .iter()
            .map(|key| (key.to_string(), json!(1)))
            .collect::<Map<_, _>>()
            .into();
        let order: Vec<_> = write(&value)
            .lines()
            .map(|line| line.trim_end_matches(": 1").trim_matches('"').to_owned())
            .collect();
        assert_eq!(order, ["_", "9", "10", "a", "a01", "a9", "a10", "b"]);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9_f64).prop_map(Value::from),
            "[ -~\n\té]{0,40}".prop_map(Value::from),
            "(word  ?){10,30}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec(("[ -~]{0,20}", inner), 0..5)
                    .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in any_value()) {
            let text = write(&value);
            let back = read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            prop_assert_eq!(normal(&back), normal(&value), "{}", text);
        }

        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,60}") {
            let _ = read(&text);
        }
    }

    /// Whole floats are integers.
    fn normal(value: &Value) -> Value {
        match value {
            Value::Number(number) => number.as_f64().map_or_else(|| value.clone(), Value::from),
            Value::Array(list) => list.iter().map(normal).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(key, value)| (key.clone(), normal(value)))
                .collect::<Map<_, _>>()
                .into(),
            _ => value.clone(),
        }
    }
}
