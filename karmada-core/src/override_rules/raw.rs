//! A JSON document that keeps its text.
//!
//! Upstream opens an embedded document only where a patch leads, so everything else keeps its order, the text of its
//! numbers and the escapes of its strings. People diff these documents, and workloads restart when they change: ours
//! come out the same.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::patch::{Container, Document, Members};
use crate::json;

/// A JSON value, opened as far as somebody looked.
#[derive(Clone, Debug)]
pub(super) enum RawJson {
    /// Not looked into: valid JSON text.
    Text(String),
    Object(RawMembers),
    List(Vec<RawJson>),
}

/// The members of an object, in the order of the text.
#[derive(Clone, Debug, Default)]
pub(super) struct RawMembers {
    /// A key that the text repeats is here as often; the last value counts.
    keys: Vec<String>,
    values: BTreeMap<String, RawJson>,
}

impl RawJson {
    /// # Errors
    /// For anything but one JSON value, with white space around it at most.
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let raw: &RawValue = serde_json::from_str(text)?;
        Ok(Self::Text(raw.get().to_owned()))
    }

    /// # Errors
    /// Never for documents made by [`RawJson::parse`].
    pub(super) fn into_text(self) -> Result<String, serde_json::Error> {
        let mut text = String::new();
        self.write(&mut text)?;
        Ok(text)
    }

    fn write(&self, out: &mut String) -> Result<(), serde_json::Error> {
        match self {
            Self::Text(text) => out.push_str(&compact(text)),
            Self::Object(members) => {
                out.push('{');
                for (position, key) in members.keys.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    out.push_str(&json::encode(key)?);
                    out.push(':');
                    match members.values.get(key) {
                        Some(value) => value.write(out)?,
                        // A repeated key, one of which was removed.
                        None => out.push_str("null"),
                    }
                }
                out.push('}');
            }
            Self::List(list) => {
                out.push('[');
                for (position, element) in list.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    element.write(out)?;
                }
                out.push(']');
            }
        }
        Ok(())
    }
}

impl Document for RawJson {
    type Members = RawMembers;

    fn from_value(value: &Value) -> Self {
        Self::Text(json::encode(value).unwrap_or_else(|_| "null".to_owned()))
    }

    fn open(&mut self) -> Option<Container<'_, Self>> {
        if let Self::Text(text) = self {
            *self = match text.as_bytes().first() {
                Some(b'{') => Self::Object(serde_json::from_str(text).ok()?),
                Some(b'[') => {
                    let list: Vec<&RawValue> = serde_json::from_str(text).ok()?;
                    Self::List(
                        list.into_iter()
                            .map(|raw| Self::Text(raw.get().to_owned()))
                            .collect(),
                    )
                }
                _ => return None,
            };
        }
        match self {
            Self::Object(members) => Some(Container::Object(members)),
            Self::List(list) => Some(Container::List(list)),
            Self::Text(_) => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Text(text) if text == "null")
    }

    fn equals(&self, value: &Value) -> bool {
        let mut text = String::new();
        self.write(&mut text).is_ok() && serde_json::from_str::<Value>(&text).is_ok_and(|own| own == *value)
    }
}

impl Members<RawJson> for RawMembers {
    fn get(&mut self, key: &str) -> Option<&mut RawJson> {
        self.values.get_mut(key)
    }

    fn set(&mut self, key: String, value: RawJson) {
        if !self.values.contains_key(&key) {
            self.keys.push(key.clone());
        }
        self.values.insert(key, value);
    }

    fn remove(&mut self, key: &str) -> bool {
        if self.values.remove(key).is_none() {
            return false;
        }
        if let Some(position) = self.keys.iter().position(|have| have == key) {
            self.keys.remove(position);
        }
        true
    }
}

impl<'de> Deserialize<'de> for RawMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = RawMembers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawMembers, A::Error> {
                let mut members = RawMembers::default();
                while let Some((key, raw)) = map.next_entry::<String, &RawValue>()? {
                    members.keys.push(key.clone());
                    members.values.insert(key, RawJson::Text(raw.get().to_owned()));
                }
                Ok(members)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<RawMembers, A::Error> {
                Err(serde::de::Error::custom("not an object"))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

/// JSON text without white space between tokens, and with upstream's escapes in strings.
fn compact(text: &str) -> Cow<'_, str> {
    let special = |character: char| {
        character.is_ascii_whitespace() || matches!(character, '<' | '>' | '&' | '\u{2028}' | '\u{2029}')
    };
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut in_string = false;
    let mut escaped = false;
    for character in text.chars() {
        if in_string {
            match character {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    out.push_str(&format!("\\u{:04x}", u32::from(character)));
                }
                _ => out.push(character),
            }
            in_string = escaped || character != '"';
            escaped = character == '\\' && !escaped;
        } else if !character.is_ascii_whitespace() {
            out.push(character);
            in_string = character == '"';
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::super::patch::{Operation, apply_to_text};
    use super::*;
    use serde_json::json;

    #[test]
    fn text_survives() {
        fn check(text: &str, operator: &str, path: &str, value: Value, expect: &str) {
            let got = apply_to_text(text, &[Operation::new(operator, path, value)]).unwrap();
            assert_eq!(got, expect, "{operator} {path} on {text}");
        }
        let text =
            r#"{"z": 1, "a": {"y": [1, 2.50, 1e3, 12345678901234567890], "x": "<b>\"&\u00e9"}, "n": null}"#;
        let inner = "{\"y\":[1,2.50,1e3,12345678901234567890],\"x\":\"\\u003cb\\u003e\\\"\\u0026\\u00e9\"}";
        check(
            text,
            "add",
            "/new",
            json!("<"),
            &format!(r#"{{"z":1,"a":{inner},"n":null,"new":"\u003c"}}"#),
        );
        check(text, "replace", "/a", json!(5), r#"{"z":1,"a":5,"n":null}"#);
        check(
            text,
            "remove",
            "/a/y/1",
            json!(null),
            &format!(r#"{{"z":1,"a":{},"n":null}}"#, inner.replace("2.50,", "")),
        );
        check(
            r#"{"a":1,"a":2}"#,
            "add",
            "/b",
            json!(1),
            r#"{"a":2,"a":2,"b":1}"#,
        );
        check(r#"{"a":1,"a":2}"#, "remove", "/a", json!(1), r#"{"a":null}"#);
        check("", "remove", "/a", json!(1), "");
        check(" [ 1 , 2 ] ", "add", "/-", json!(3), "[1,2,3]");
    }

    #[test]
    fn what_is_no_json() {
        for text in [" ", "{", "{\"a\":1}trailing", "{'a':1}"] {
            assert!(apply_to_text(text, &[]).is_err(), "{text:?}");
        }
    }
}
