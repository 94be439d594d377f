//! Reading quantities.

use std::str::FromStr;

use super::{Format, NANO, Quantity, scale_up};

/// Digits a mantissa always has room for.
const DIGITS: usize = 38;

const NANOS_PER_UNIT: i128 = 1_000_000_000;

/// Why a text is no quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseQuantityError {
    /// The text is empty or has characters that no quantity has.
    #[error("{text:?} is not a quantity: it must be a decimal number with an optional suffix")]
    Malformed {
        /// The text.
        text: String,
    },
    /// What follows the number is neither a known suffix nor a decimal exponent.
    #[error("{text:?} is not a quantity: unknown suffix {suffix:?}")]
    UnknownSuffix {
        /// The text.
        text: String,
        /// The part after the number.
        suffix: String,
    },
    /// There is no digit before the suffix.
    #[error("{text:?} is not a quantity: it has no digits")]
    NoDigits {
        /// The text.
        text: String,
    },
}

/// The parts of a quantity's text.
struct Parts<'a> {
    negative: bool,
    /// Without leading zeros.
    integer: &'a str,
    fraction: &'a str,
    has_digits: bool,
    suffix: &'a str,
}

/// What a suffix stands for.
enum Unit {
    /// A power of ten.
    Decimal(i64, Format),
    /// A power of 1024.
    Binary(u32),
}

impl FromStr for Quantity {
    type Err = ParseQuantityError;

    /// Reads a quantity as upstream's `ParseQuantity`, its oddities included: a missing number in front of a suffix is
    /// 0 (`k`, `+`, `.`), unless the suffix is `Pi`, `Ei` or an exponent below -9.
    ///
    /// More than nano precision is rounded away from zero; a binary quantity is capped at ±(2⁶³-1); one between -1 and 1
    /// that needs more than a whole number of bytes becomes decimal.
    fn from_str(text: &str) -> Result<Self, ParseQuantityError> {
        let parts = split(text)?;
        let unit = unit(parts.suffix).ok_or_else(|| ParseQuantityError::UnknownSuffix {
            text: text.to_owned(),
            suffix: parts.suffix.to_owned(),
        })?;
        let magnitude = match unit {
            Unit::Decimal(exponent, format) => decimal(&parts, exponent, format),
            Unit::Binary(power) => binary(&parts, power),
        };
        let magnitude = magnitude.ok_or_else(|| ParseQuantityError::NoDigits {
            text: text.to_owned(),
        })?;
        Ok(if parts.negative { -magnitude } else { magnitude })
    }
}

/// Splits a text into sign, digits and suffix; what the suffix means is not checked.
fn split(text: &str) -> Result<Parts<'_>, ParseQuantityError> {
    let malformed = || ParseQuantityError::Malformed {
        text: text.to_owned(),
    };
    if text.is_empty() {
        return Err(malformed());
    }
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (integer, rest) = take(rest, |c| c.is_ascii_digit());
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => take(rest, |c| c.is_ascii_digit()),
        None => ("", rest),
    };
    let (_, rest) = take(suffix, |c| "eEinumkKMGTP".contains(c));
    let (_, rest) = take(rest.strip_prefix(['-', '+']).unwrap_or(rest), |c| {
        c.is_ascii_digit()
    });
    if !rest.is_empty() {
        return Err(malformed());
    }
    let has_digits = !integer.is_empty() || !fraction.is_empty();
    Ok(Parts {
        negative,
        integer: integer.trim_start_matches('0'),
        fraction,
        has_digits,
        suffix,
    })
}

/// The longest start of the text made of such characters, and the rest.
fn take(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

fn unit(suffix: &str) -> Option<Unit> {
    let si = |exponent| Some(Unit::Decimal(exponent, Format::DecimalSi));
    match suffix {
        "n" => si(-9),
        "u" => si(-6),
        "m" => si(-3),
        "" => si(0),
        "k" => si(3),
        "M" => si(6),
        "G" => si(9),
        "T" => si(12),
        "P" => si(15),
        "E" => si(18),
        "Ki" => Some(Unit::Binary(1)),
        "Mi" => Some(Unit::Binary(2)),
        "Gi" => Some(Unit::Binary(3)),
        "Ti" => Some(Unit::Binary(4)),
        "Pi" => Some(Unit::Binary(5)),
        "Ei" => Some(Unit::Binary(6)),
        _ => {
            let exponent: i64 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            // Upstream keeps the low 32 bits.
            let exponent = exponent as i32;
            Some(Unit::Decimal(exponent.into(), Format::DecimalExponent))
        }
    }
}

/// Reads the digits as a multiple of `10^exponent`; `None` when there are none and upstream minds.
fn decimal(parts: &Parts<'_>, exponent: i64, format: Format) -> Option<Quantity> {
    let places = i64::try_from(parts.fraction.len()).unwrap_or(i64::MAX);
    let exponent = exponent.saturating_sub(places);
    // Upstream's fast path keeps the exponent as written; the other one goes to nano precision.
    let fast = parts.integer.len().max(1) + parts.fraction.len() <= 18 && exponent >= NANO;
    if !fast && !parts.has_digits {
        return None;
    }

    let digits = [parts.integer, parts.fraction].concat();
    let digits = digits.trim_start_matches('0');
    let too_fine = NANO.saturating_sub(exponent).max(0);
    let too_long = i64::try_from(digits.len().saturating_sub(DIGITS)).unwrap_or(i64::MAX);
    let drop = too_fine.max(too_long);
    let keep = usize::try_from(drop).map_or(0, |drop| digits.len().saturating_sub(drop));
    let (kept, dropped) = digits.split_at(keep);
    let mantissa = number(kept) + i128::from(dropped.bytes().any(|digit| digit != b'0'));
    let exponent = exponent.saturating_add(drop);
    if !fast && let Some(nanos) = scale_up(mantissa, exponent.saturating_sub(NANO)) {
        return Some(Quantity {
            mantissa: nanos,
            exponent: NANO,
            format,
        });
    }
    Some(Quantity {
        mantissa,
        exponent,
        format,
    })
}

/// Reads the digits as a multiple of `1024^power`; `None` when there are none and upstream minds.
fn binary(parts: &Parts<'_>, power: u32) -> Option<Quantity> {
    const CAP: i128 = i64::MAX as i128;

    let capped = Quantity {
        mantissa: CAP,
        exponent: 0,
        format: Format::BinarySi,
    };
    if parts.integer.len() > 19 {
        return Some(capped);
    }
    let mut whole = number(parts.integer);
    let mut fraction: Vec<u32> = parts
        .fraction
        .bytes()
        .map(|digit| u32::from(digit.saturating_sub(b'0')))
        .collect();
    for _ in 0..power {
        let mut carry = 0;
        for digit in fraction.iter_mut().rev() {
            carry += *digit * 1024;
            *digit = carry % 10;
            carry /= 10;
        }
        whole = whole.saturating_mul(1024).saturating_add(carry.into());
    }
    if whole > CAP {
        return Some(capped);
    }
    // Below, `whole` is at most 2^63: its nanos fit with room to spare.
    let kept = fraction.iter().copied().chain(std::iter::repeat(0)).take(9);
    let nanos = kept.fold(whole, |nanos, digit| nanos * 10 + i128::from(digit))
        + i128::from(fraction.iter().skip(9).any(|digit| *digit != 0));
    if nanos > CAP * NANOS_PER_UNIT {
        return Some(capped);
    }
    let digits = u32::try_from(parts.integer.len().max(1)).unwrap_or(u32::MAX);
    let fast = parts.fraction.is_empty() && digits.saturating_add(3 * power) <= 14;
    if fast {
        return Some(Quantity {
            mantissa: whole,
            exponent: 0,
            format: Format::BinarySi,
        });
    }
    let less_than_one = 0 < nanos && nanos < NANOS_PER_UNIT;
    let format = if less_than_one {
        Format::DecimalSi
    } else {
        Format::BinarySi
    };
    parts.has_digits.then_some(Quantity {
        mantissa: nanos,
        exponent: NANO,
        format,
    })
}

/// The value of at most 38 digits.
fn number(digits: &str) -> i128 {
    digits.bytes().fold(0, |number, digit| {
        number * 10 + i128::from(digit.saturating_sub(b'0'))
    })
}
