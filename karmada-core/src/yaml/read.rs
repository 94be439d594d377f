//! Reading.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

use super::scalar::{Scalar, resolve};
use crate::json;

/// Why a text cannot be read as YAML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum YamlError {
    /// The text is not YAML.
    #[error("not valid YAML: {0}")]
    Syntax(String),
    /// A key is null, a list, a mapping or an infinite number.
    #[error("line {line}: a key must be text, a number or a boolean")]
    Key {
        /// The line of the key.
        line: usize,
    },
    /// JSON has no word for the value: an infinite number, or no number.
    #[error("line {line}: {text} has no form in JSON")]
    NoJson {
        /// The line of the value.
        line: usize,
        /// The value as written.
        text: String,
    },
    /// A tag demands what the value is not.
    #[error("line {line}: {text:?} does not fit its tag")]
    Tag {
        /// The line of the value.
        line: usize,
        /// The value as written.
        text: String,
    },
    /// A merge (`<<`) of something that is no mapping.
    #[error("line {line}: a merge needs a mapping or a list of mappings")]
    Merge {
        /// The line of the value.
        line: usize,
    },
    /// An alias stands inside the node it refers to.
    #[error("line {line}: an alias inside the node it refers to")]
    Recursion {
        /// The line of the alias.
        line: usize,
    },
    /// Aliases expand to too much.
    #[error("aliases expand to more than {limit} values")]
    Expansion {
        /// How many values a document may have.
        limit: usize,
    },
}

/// How many values a document may expand to.
const NODE_LIMIT: usize = 1_000_000;
const CORE_TAG: &str = "tag:yaml.org,2002:";

/// Reads the first document of a text.
///
/// # Errors
/// [`YamlError`]: the text is no YAML, or has no counterpart in JSON.
///
/// ```
/// let value = karmada_core::yaml::read("y: 010\nn: on\n").unwrap();
/// assert_eq!(value, serde_json::json!({"true": 8, "false": true}));
/// ```
pub fn read(text: &str) -> Result<Value, YamlError> {
    let options = granit_parser::options! { emit_comments: false };
    let mut reader = Reader {
        parser: Parser::new_from_str_with_options(text, options),
        anchors: BTreeMap::new(),
        nodes: 0,
    };
    loop {
        match reader.next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (Event::StreamEnd | Event::DocumentEnd, _) => return Ok(Value::Null),
            (event, line) => return reader.node(event, line).map(|node| node.value),
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    /// What anchors stand for; nothing while the node is still being read.
    anchors: BTreeMap<usize, Option<Node>>,
    nodes: usize,
}

/// A value, and what it is as a key.
#[derive(Clone, Debug)]
struct Node {
    value: Value,
    key: Option<String>,
    /// How many values there are in it.
    size: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, usize), YamlError> {
        match self.parser.next() {
            Some(Ok((event, span))) => Ok((event, span.start.line())),
            Some(Err(error)) => Err(YamlError::Syntax(error.to_string())),
            None => Ok((Event::StreamEnd, 0)),
        }
    }

    fn count(&mut self, nodes: usize) -> Result<(), YamlError> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > NODE_LIMIT {
            return Err(YamlError::Expansion { limit: NODE_LIMIT });
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'a>, line: usize) -> Result<Node, YamlError> {
        let before = self.nodes;
        let (anchor, mut node) = match event {
            Event::Alias(anchor) => {
                let node = match self.anchors.get(&anchor) {
                    Some(Some(node)) => node.clone(),
                    _ => return Err(YamlError::Recursion { line }),
                };
                self.count(node.size)?;
                (0, node)
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1)?;
                let tag = tag.map(|tag| format!("{}{}", tag.handle(), tag.suffix()));
                (
                    anchor,
                    scalar(&text, style == ScalarStyle::Plain, tag.as_deref(), line)?,
                )
            }
            Event::SequenceStart(_, anchor, _) => {
                self.count(1)?;
                self.anchors.insert(anchor, None);
                let value = Value::Array(self.list()?);
                (
                    anchor,
                    Node {
                        value,
                        key: None,
                        size: 0,
                    },
                )
            }
            Event::MappingStart(_, anchor, _) => {
                self.count(1)?;
                self.anchors.insert(anchor, None);
                let value = Value::Object(self.mapping()?);
                (
                    anchor,
                    Node {
                        value,
                        key: None,
                        size: 0,
                    },
                )
            }
            other => return Err(YamlError::Syntax(format!("line {line}: unexpected {other:?}"))),
        };
        node.size = self.nodes - before;
        if anchor != 0 {
            self.anchors.insert(anchor, Some(node.clone()));
        }
        Ok(node)
    }

    fn list(&mut self) -> Result<Vec<Value>, YamlError> {
        let mut list = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(list),
                (event, line) => list.push(self.node(event, line)?.value),
            }
        }
    }

    fn mapping(&mut self) -> Result<Map<String, Value>, YamlError> {
        let mut members = Map::new();
        loop {
            let (event, line) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(members);
            }
            let merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, _) if text == "<<");
            let key = self.node(event, line)?;
            let (event, value_line) = self.next()?;
            let value = self.node(event, value_line)?.value;
            if merge {
                merge_into(&mut members, value, value_line)?;
            } else {
                members.insert(key.key.ok_or(YamlError::Key { line })?, value);
            }
        }
    }
}

/// Merges a mapping, or several of which the first wins, over what is there.
fn merge_into(members: &mut Map<String, Value>, value: Value, line: usize) -> Result<(), YamlError> {
    match value {
        Value::Object(other) => {
            members.extend(other);
            Ok(())
        }
        Value::Array(list) => list.into_iter().rev().try_for_each(|element| match element {
            Value::Object(other) => {
                members.extend(other);
                Ok(())
            }
            _ => Err(YamlError::Merge { line }),
        }),
        _ => Err(YamlError::Merge { line }),
    }
}

fn scalar(text: &str, plain: bool, tag: Option<&str>, line: usize) -> Result<Node, YamlError> {
    let as_text = || Node {
        value: Value::String(text.to_owned()),
        key: Some(text.to_owned()),
        size: 1,
    };
    let misfit = || YamlError::Tag {
        line,
        text: text.to_owned(),
    };
    let resolved = match tag.map(|tag| tag.strip_prefix(CORE_TAG)) {
        None if !plain => Scalar::Text,
        None => resolve(text),
        Some(Some("str")) => Scalar::Text,
        Some(Some("binary")) => return binary(text).map_or_else(|| Err(misfit()), Ok),
        Some(Some(kind @ ("null" | "bool" | "int" | "float" | "timestamp"))) => match (kind, resolve(text)) {
            ("float", Scalar::Int(number)) => Scalar::Float(number as f64),
            ("float", Scalar::Unsigned(number)) => Scalar::Float(number as f64),
            ("null", scalar @ Scalar::Null)
            | ("bool", scalar @ Scalar::Bool(_))
            | ("int", scalar @ (Scalar::Int(_) | Scalar::Unsigned(_)))
            | ("float", scalar @ Scalar::Float(_))
            | ("timestamp", scalar @ Scalar::Timestamp) => scalar,
            _ => return Err(misfit()),
        },
        // Tags of others mean nothing here: the text counts.
        Some(_) => Scalar::Text,
    };
    let (value, key) = match resolved {
        Scalar::Text | Scalar::Timestamp => return Ok(as_text()),
        Scalar::Null => (Value::Null, None),
        Scalar::Bool(value) => (Value::Bool(value), Some(value.to_string())),
        Scalar::Int(number) => (number.into(), Some(number.to_string())),
        Scalar::Unsigned(number) => (number.into(), Some(number.to_string())),
        Scalar::Float(number) => {
            let value = Number::from_f64(number).ok_or_else(|| YamlError::NoJson {
                line,
                text: text.to_owned(),
            })?;
            // Keys are written with the precision of 32 bits.
            let key = json::shortest_text((number as f32).to_string().parse().unwrap_or(number));
            (whole(number).unwrap_or(Value::Number(value)), Some(key))
        }
    };
    Ok(Node { value, key, size: 1 })
}

/// A float without fraction is an integer once it has been written as JSON.
fn whole(number: f64) -> Option<Value> {
    let text = json::number_text(number);
    text.parse::<i64>()
        .map(Value::from)
        .or_else(|_| text.parse::<u64>().map(Value::from))
        .ok()
}

/// Base64, decoded to text.
fn binary(text: &str) -> Option<Node> {
    let mut bits = 0_u32;
    let mut width = 0;
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for character in text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=')
    {
        let digit = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        width += 6;
        if width >= 8 {
            width -= 8;
            bytes.push(u8::try_from(bits >> width & 0xff).ok()?);
        }
    }
    let decoded = String::from_utf8(bytes).ok()?;
    Some(Node {
        value: Value::String(decoded.clone()),
        key: Some(decoded),
        size: 1,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents() {
        fn check(text: &str, expect: Value) {
            assert_eq!(read(text).unwrap(), expect, "{text:?}");
        }
        check("", Value::Null);
        check("# only\n", Value::Null);
        check("5", json!(5));
        check("a: 1\na: 2\n", json!({"a": 2}));
        check("a: 1\n---\nb: [\n", json!({"a": 1}));
        check(
            "y: 'y'\n1: one\n1.5: x\n",
            json!({"true": "y", "1": "one", "1.5": "x"}),
        );
        check(
            "d: 2026-01-02\ne: 1_000\nf: 1e3\ng: 0o10\n",
            json!({"d": "2026-01-02", "e": 1000, "f": 1000, "g": 8}),
        );
        check(
            "a: &x {k: v, j: 1}\nb: *x\nc:\n  k: w\n  <<: *x\n",
            json!({"a": {"k": "v", "j": 1}, "b": {"k": "v", "j": 1}, "c": {"k": "v", "j": 1}}),
        );
        check("<<: [{a: 1}, {a: 2, b: 2}]\n", json!({"a": 1, "b": 2}));
        check(
            "a: !!str 5\nb: !!float 5\nc: !mine 5\nd: !!binary aGk=\n",
            json!({"a": "5", "b": 5, "c": "5", "d": "hi"}),
        );
        check(
            "a: |\n  x\n  y\nb: >\n  f\n  g\n",
            json!({"a": "x\ny\n", "b": "f g\n"}),
        );
    }

    #[test]
    fn refusals() {
        fn check(text: &str, expect: &str) {
            assert!(
                read(text).unwrap_err().to_string().contains(expect),
                "{text:?}: {:?}",
                read(text)
            );
        }
        check("a: .inf", "no form in JSON");
        check("~: 1", "a key must be");
        check("[1]: 1", "a key must be");
        check("a: !!int x", "does not fit its tag");
        check("<<: 1", "a merge needs");
        check("a: &a [*a]", "an alias inside");
        check("a:\n\t- bad\n", "not valid YAML");
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..9 {
            let alias = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(",")));
        }
        check(&bomb, "aliases expand");
    }
}
