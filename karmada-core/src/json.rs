//! JSON text as Karmada writes it into annotations and embedded documents.
//!
//! Upstream's texts come from Go's encoder, which escapes `<`, `>`, `&`, U+2028 and U+2029 and has its own form for
//! floating-point numbers. Annotations are compared as text by whoever reads them, so ours are the same bytes.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

/// Encodes a value compactly, as upstream's encoder does.
///
/// # Errors
/// Only for values without a JSON form: maps whose keys are not strings, and `Serialize` implementations that refuse.
///
/// ```
/// let text = karmada_core::json::encode(&serde_json::json!({"a": "<b>", "n": 1e21})).unwrap();
/// assert_eq!(text, r#"{"a":"\u003cb\u003e","n":1e+21}"#);
/// ```
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    let mut text = Vec::with_capacity(128);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, Escaping))?;
    String::from_utf8(text).map_err(serde::ser::Error::custom)
}

/// A number the way upstream prints it inside JSON: no exponent between 1e-6 and 1e21.
#[must_use]
pub fn number_text(number: f64) -> String {
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        exponent_text(number, 1)
    } else {
        number.to_string()
    }
}

/// A number in the shortest form (`%g` of the C family): an exponent below 1e-4 and from 1e6 on.
///
/// ```
/// assert_eq!(karmada_core::json::shortest_text(20_000_000.0), "2e+07");
/// assert_eq!(karmada_core::json::shortest_text(0.5), "0.5");
/// ```
#[must_use]
pub fn shortest_text(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((_, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if number != 0.0 && !(-4..6).contains(&exponent) {
        exponent_text(number, 2)
    } else {
        number.to_string()
    }
}

/// Scientific notation with a sign and at least `width` digits in the exponent.
fn exponent_text(number: f64, width: usize) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>width$}")
}

/// Escapes what HTML would read, as part of a JSON string.
///
/// `text` is JSON already: only characters that need no escape in JSON are looked at.
pub(crate) fn escape_html(text: &str, out: &mut impl Write) -> io::Result<()> {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        let (before, from) = rest.split_at(at);
        out.write_all(before.as_bytes())?;
        let mut characters = from.chars();
        if let Some(character) = characters.next() {
            write!(out, "\\u{:04x}", u32::from(character))?;
        }
        rest = characters.as_str();
    }
    out.write_all(rest.as_bytes())
}

/// Compact output with upstream's escapes and numbers.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        mut writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        escape_html(fragment, &mut writer)
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(number_text(value).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        fn check(number: f64, json: &str, shortest: &str) {
            assert_eq!(number_text(number), json);
            assert_eq!(shortest_text(number), shortest);
        }
        check(0.0, "0", "0");
        check(2.0, "2", "2");
        check(1.5, "1.5", "1.5");
        check(-0.25, "-0.25", "-0.25");
        check(100_000.0, "100000", "100000");
        check(1_000_000.0, "1000000", "1e+06");
        check(123_456_789.0, "123456789", "1.23456789e+08");
        check(1e20, "100000000000000000000", "1e+20");
        check(1e21, "1e+21", "1e+21");
        check(0.0001, "0.0001", "0.0001");
        check(0.000_01, "0.00001", "1e-05");
        check(1e-7, "1e-7", "1e-07");
        check(-1e300, "-1e+300", "-1e+300");
    }

    #[test]
    fn text() {
        let value = serde_json::json!({"b": ["<&>", "\u{2028}é\""], "a": null});
        assert_eq!(
            encode(&value).unwrap(),
            "{\"a\":null,\"b\":[\"\\u003c\\u0026\\u003e\",\"\\u2028é\\\"\"]}"
        );
    }
}
