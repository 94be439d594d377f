//! What a plain scalar means in YAML 1.1.

/// The meaning of a scalar.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond `i64`.
    Unsigned(u64),
    Float(f64),
    /// A date; kept as text.
    Timestamp,
    Text,
}

/// Resolves a scalar that has no tag and no quotes.
pub(super) fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Scalar::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    match text.as_bytes().first() {
        Some(b'.') => decimal(text).map_or(Scalar::Text, Scalar::Float),
        Some(b'0'..=b'9' | b'+' | b'-') => {
            if is_timestamp(text) {
                return Scalar::Timestamp;
            }
            let plain = text.replace('_', "");
            integer(&plain)
                .or_else(|| decimal(&plain).map(Scalar::Float))
                .unwrap_or(Scalar::Text)
        }
        _ => Scalar::Text,
    }
}

/// An integer, with the prefixes `0x`, `0o`, `0b` and `0` for other bases.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, signed, digits) = match text.as_bytes().first()? {
        b'-' => (true, true, text.get(1..)?),
        b'+' => (false, true, text.get(1..)?),
        _ => (false, false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = lower.strip_prefix("0o") {
        (8, rest)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, rest)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, lower.as_str())
    } else {
        (10, lower.as_str())
    };
    if !digits.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    let value = if negative {
        -i128::from(magnitude)
    } else {
        i128::from(magnitude)
    };
    match i64::try_from(value) {
        Ok(value) => Some(Scalar::Int(value)),
        Err(_) if signed => None,
        Err(_) => Some(Scalar::Unsigned(magnitude)),
    }
}

/// A decimal number with optional point and exponent, if it is finite.
fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    if !(digits(whole) && digits(fraction) && exponent_fits) || whole.is_empty() && fraction.is_empty() {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A date (`2026-1-2`), alone or with a time after `T`, `t` or a space.
fn is_timestamp(text: &str) -> bool {
    let Some((year, rest)) = text.split_at_checked(4) else {
        return false;
    };
    let Some((month, rest)) = rest.strip_prefix('-').and_then(number) else {
        return false;
    };
    let Some((day, rest)) = rest.strip_prefix('-').and_then(number) else {
        return false;
    };
    let Ok(year) = year.parse::<i16>() else {
        return false;
    };
    if !text.bytes().take(4).all(|byte| byte.is_ascii_digit())
        || jiff::civil::Date::new(year, month, day).is_err()
    {
        return false;
    }
    match rest.strip_prefix(['T', 't']) {
        Some(time) => clock(time).is_some_and(is_offset),
        None => rest.is_empty() || rest.strip_prefix(' ').and_then(clock) == Some(""),
    }
}

/// One or two digits, and what follows.
fn number(text: &str) -> Option<(i8, &str)> {
    let count = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(count)?;
    Some((digits.parse().ok()?, rest))
}

/// Hours, minutes, seconds and a fraction; returns what follows.
fn clock(text: &str) -> Option<&str> {
    let (hour, rest) = number(text)?;
    let (minute, rest) = number(rest.strip_prefix(':')?)?;
    let (second, rest) = number(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    match rest.strip_prefix('.') {
        Some(fraction) => {
            let rest = fraction.trim_start_matches(|character: char| character.is_ascii_digit());
            (rest.len() < fraction.len()).then_some(rest)
        }
        None => Some(rest),
    }
}

/// `Z` or `+hh:mm`.
fn is_offset(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['+', '-']) else {
        return text == "Z";
    };
    rest.len() == 5
        && rest.split_once(':').is_some_and(|(hours, minutes)| {
            hours.len() == 2
                && hours.parse::<u8>().is_ok_and(|hours| hours <= 24)
                && minutes.parse::<u8>().is_ok_and(|minutes| minutes < 60)
        })
}

/// Whether other YAML 1.1 readers take the text for a number of base 60, such as `12:30`.
pub(super) fn is_base60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let first_fits = first.starts_with(|digit: char| digit.is_ascii_digit())
        && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let mut more = false;
    let rest_fits = parts.all(|part| {
        more = true;
        match part.as_bytes() {
            [last] => last.is_ascii_digit(),
            [b'0'..=b'5', last] => last.is_ascii_digit(),
            _ => false,
        }
    });
    first_fits && rest_fits && more && fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars() {
        fn check(text: &str, expect: Scalar) {
            assert_eq!(resolve(text), expect, "{text:?}");
        }
        check("~", Scalar::Null);
        check("y", Scalar::Bool(true));
        check("Off", Scalar::Bool(false));
        check("tRue", Scalar::Text);
        check("12", Scalar::Int(12));
        check("-0x1F", Scalar::Int(-31));
        check("010", Scalar::Int(8));
        check("0o17", Scalar::Int(15));
        check("0b101", Scalar::Int(5));
        check("08", Scalar::Float(8.0));
        check("1_000", Scalar::Int(1000));
        check("18446744073709551615", Scalar::Unsigned(u64::MAX));
        check(
            "-18446744073709551615",
            Scalar::Float(-18_446_744_073_709_551_615.0),
        );
        check("1e3", Scalar::Float(1000.0));
        check(".5", Scalar::Float(0.5));
        check("1.", Scalar::Float(1.0));
        check("1e999", Scalar::Text);
        check("+", Scalar::Text);
        check("--1", Scalar::Text);
        check("0x", Scalar::Text);
        check("1.2.3", Scalar::Text);
        check("2026-01-02", Scalar::Timestamp);
        check("2026-1-2T3:4:5.6Z", Scalar::Timestamp);
        check("2026-01-02 03:04:05", Scalar::Timestamp);
        check("2026-13-02", Scalar::Text);
        check("2026-01-02T03:04:05", Scalar::Text);
        check("12:30", Scalar::Text);
        check("名", Scalar::Text);
        check("2名-1", Scalar::Text);
    }

    #[test]
    fn base_sixty() {
        for (text, expect) in [
            ("12:30", true),
            ("1:2:59.5", true),
            ("12:60", false),
            ("a:1", false),
            ("12", false),
        ] {
            assert_eq!(is_base60(text), expect, "{text}");
        }
    }
}
