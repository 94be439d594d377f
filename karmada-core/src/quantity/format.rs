//! Writing quantities in canonical form.

use std::fmt;

use super::{Format, Quantity};

/// The canonical form: no fraction, no loss, and the largest suffix or exponent that allows both.
///
/// A binary quantity below 1024 in magnitude, or with a fraction, is written in decimal format
/// (apimachinery `Quantity.CanonicalizeBytes`).
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return f.pad("0");
        }
        let text = match self.format {
            Format::BinarySi => self.binary().unwrap_or_else(|| self.decimal(Format::DecimalSi)),
            decimal => self.decimal(decimal),
        };
        f.pad(&text)
    }
}

impl Quantity {
    /// With a binary suffix, if there is one that loses nothing.
    fn binary(self) -> Option<String> {
        const SUFFIXES: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

        let whole = self.mantissa_at(0)?;
        let exact = Self {
            mantissa: whole,
            exponent: 0,
            ..self
        } == self;
        if !exact || (-1024 < whole && whole < 1024) {
            return None;
        }
        let (mut amount, mut suffix) = (whole, "");
        for larger in SUFFIXES {
            if amount % 1024 != 0 {
                break;
            }
            amount /= 1024;
            suffix = larger;
        }
        Some(format!("{amount}{suffix}"))
    }

    /// With a decimal suffix, or an exponent where that is asked for or no suffix is large enough.
    fn decimal(self, format: Format) -> String {
        let (mantissa, exponent) = self.normalised();
        // Exponents in steps of three; the zeros that are left over go to the digits.
        let zeros = match exponent.rem_euclid(3) {
            0 => "",
            1 => "0",
            _ => "00",
        };
        let exponent = exponent - exponent.rem_euclid(3);
        let suffix = match (format, exponent) {
            (_, 0) => "",
            (Format::DecimalSi, -9) => "n",
            (Format::DecimalSi, -6) => "u",
            (Format::DecimalSi, -3) => "m",
            (Format::DecimalSi, 3) => "k",
            (Format::DecimalSi, 6) => "M",
            (Format::DecimalSi, 9) => "G",
            (Format::DecimalSi, 12) => "T",
            (Format::DecimalSi, 15) => "P",
            (Format::DecimalSi, 18) => "E",
            _ => return format!("{mantissa}{zeros}e{exponent}"),
        };
        format!("{mantissa}{zeros}{suffix}")
    }
}
