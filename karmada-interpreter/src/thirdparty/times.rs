//! Times and durations as texts.

use jiff::Timestamp;
use serde_json::Value;

use super::error::{self, Result};
use super::items::Items;
use super::view::{View, import};

/// The time as conditions carry it: RFC 3339 in UTC, whole seconds.
pub(super) fn stamp(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Whether the empty text is a time, before all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blank {
    /// It is.
    Counts,
    /// It is as good as absent.
    Skipped,
}

/// The first time in the order of texts at a path of the statuses; absent when there is none.
///
/// # Errors
/// When two of them have no order.
pub(super) fn earliest(items: Items<'_>, path: &[&str], blank: Blank) -> Result<Value> {
    extreme(items, path, blank, |candidate, known| candidate.less_than(known))
}

/// The last time in the order of texts at a path of the statuses; absent when there is none.
///
/// # Errors
/// When two of them have no order.
pub(super) fn latest(items: Items<'_>, path: &[&str], blank: Blank) -> Result<Value> {
    extreme(items, path, blank, |candidate, known| known.less_than(candidate))
}

fn extreme(
    items: Items<'_>,
    path: &[&str],
    blank: Blank,
    replaces: impl Fn(View<'_>, View<'_>) -> Result<bool>,
) -> Result<Value> {
    let mut found: Option<View<'_>> = None;
    for member in items.live() {
        let candidate = member.status.find(path)?;
        if candidate.is_absent() || blank == Blank::Skipped && candidate.is("") {
            continue;
        }
        let better = match found {
            None => true,
            Some(known) => replaces(candidate, known)?,
        };
        if better {
            found = Some(candidate);
        }
    }
    Ok(found.map_or(Value::Null, |found| import(found.value())))
}

/// A duration in seconds: a number of them, or hours, minutes and seconds as in `1h2m3.5s`, wherever in the text. What
/// is neither is zero.
///
/// # Errors
/// When what stands before a unit is not a number, such as `1.2.3`.
pub(super) fn seconds(duration: View<'_>) -> Result<f64> {
    let Some(text) = duration.text() else {
        return Ok(duration.number().unwrap_or_default());
    };
    let mut total = 0.0;
    let mut digits = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() || character == '.' {
            digits.push(character);
            continue;
        }
        let unit = match character {
            'h' => Some(3600.0),
            'm' => Some(60.0),
            's' => Some(1.0),
            _ => None,
        };
        if let Some(unit) = unit.filter(|_| !digits.is_empty()) {
            let amount = digits
                .parse::<f64>()
                .map_err(|_| error::invalid(format!("{text:?} is not a duration")))?;
            total += amount * unit;
        }
        digits.clear();
    }
    if total > 0.0 {
        return Ok(total);
    }
    Ok(duration.to_number().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn stamps_have_whole_seconds() {
        let now: Timestamp = "2024-07-01T00:00:00.789-05:30".parse().unwrap();
        assert_eq!(stamp(now), "2024-07-01T05:30:00Z");
    }

    #[test]
    fn durations() {
        fn check(duration: &Value, expected: f64) {
            let got = seconds(View::new(duration)).unwrap();
            assert!((got - expected).abs() < 1e-9, "{duration}: {got}");
        }
        check(&json!("1h2m3s"), 3723.0);
        check(&json!("90m"), 5400.0);
        check(&json!("1.5s"), 1.5);
        check(&json!(42), 42.0);
        check(&json!("soon"), 0.0);
        check(&json!(null), 0.0);
        check(&json!("42"), 42.0);
        // The rule does not know milliseconds.
        check(&json!("2ms"), 120.0);
        assert!(seconds(View::new(&json!("1.2.3s"))).is_err());
    }
}
