//! How much memory a Spark pod takes: the process and what runs beside it, in the units of the Java virtual machine.

use crate::thirdparty::error::{self, Result};
use crate::thirdparty::view::View;

/// Units by ascending size: suffixes in lower case, and the suffix of the quantity. Each is 1024 of the one before it.
const UNITS: [(&[&str], &str); 6] = [
    (&["b"], "B"),
    (&["k", "kb"], "Ki"),
    (&["m", "mb"], "Mi"),
    (&["g", "gb"], "Gi"),
    (&["t", "tb"], "Ti"),
    (&["p", "pb"], "Pi"),
];

/// An amount of memory and the unit it is stated in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    amount: f64,
    /// The position of the unit in [`UNITS`].
    unit: usize,
}

impl Memory {
    /// The least overhead, 384 MiB.
    pub(super) const LEAST_OVERHEAD: Self = Self {
        amount: 384.0,
        unit: 2,
    };

    /// What an operator writes: a number with a unit, in any case.
    ///
    /// # Errors
    /// When the number or the unit is missing.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let lower = text.to_lowercase();
        let digits = lower
            .find(|character: char| !character.is_ascii_digit() && character != '.')
            .filter(|_| lower.starts_with(|first: char| first.is_ascii_digit()))
            .unwrap_or_default();
        let (amount, suffix) = lower.split_at(digits);
        let unit = UNITS.iter().position(|(suffixes, _)| suffixes.contains(&suffix));
        match (amount.parse::<f64>(), unit) {
            (Ok(amount), Some(unit)) => Ok(Self { amount, unit }),
            _ => Err(error::invalid(format!(
                "{text:?} is not an amount of memory with a unit"
            ))),
        }
    }

    /// As [`Memory::parse`] of a value, `default` when it is absent.
    ///
    /// # Errors
    /// When the value is not a text with an amount of memory.
    pub(super) fn of(value: View<'_>, default: &str) -> Result<Self> {
        if value.is_absent() {
            return Self::parse(default);
        }
        match value.text() {
            Some(text) => Self::parse(text),
            None => Err(value.expected("an amount of memory")),
        }
    }

    /// That many times as much.
    pub(super) fn times(self, factor: f64) -> Self {
        Self {
            amount: self.amount * factor,
            ..self
        }
    }

    /// The same in a unit no larger than given.
    fn within(self, unit: usize) -> Self {
        let unit = unit.min(self.unit);
        let steps = i32::try_from(self.unit - unit).unwrap_or_default();
        Self {
            amount: self.amount * 1024_f64.powi(steps),
            unit,
        }
    }

    /// Both together, in the smaller of their units.
    pub(super) fn plus(self, other: Self) -> Self {
        let (left, right) = (self.within(other.unit), other.within(self.unit));
        Self {
            amount: left.amount + right.amount,
            unit: left.unit,
        }
    }

    /// The larger of both, in the smaller of their units.
    pub(super) fn max(self, other: Self) -> Self {
        let (left, right) = (self.within(other.unit), other.within(self.unit));
        if left.amount < right.amount { right } else { left }
    }

    /// As a quantity with six decimals; bytes are given a unit that quantities do not have, as upstream does.
    pub(super) fn to_quantity(self) -> String {
        let suffix = UNITS.get(self.unit).map_or("", |(_, suffix)| *suffix);
        format!("{:.6}{suffix}", self.amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_in_the_smaller_unit() {
        fn check(base: &str, overhead: &str, expected: &str) {
            let sum = Memory::parse(base)
                .unwrap()
                .plus(Memory::parse(overhead).unwrap());
            assert_eq!(sum.to_quantity(), expected, "{base} + {overhead}");
        }
        check("1g", "384m", "1408.000000Mi");
        check("1G", "1GB", "2.000000Gi");
        check("1.5g", "512mb", "2048.000000Mi");
        check("2k", "512b", "2560.000000B");
        check("1p", "1t", "1025.000000Ti");
    }

    #[test]
    fn the_least_overhead() {
        fn check(base: &str, factor: f64, expected: &str) {
            let base = Memory::parse(base).unwrap();
            let overhead = base.times(factor).max(Memory::LEAST_OVERHEAD);
            assert_eq!(base.plus(overhead).to_quantity(), expected);
        }
        check("1g", 0.1, "1408.000000Mi");
        check("1g", 0.4, "1433.600000Mi");
        check("500000k", 0.1, "893216.000000Ki");
    }

    #[test]
    fn what_is_not_memory() {
        for text in ["", "g", "1", "1x", "1 g", "-1g", "1Gi", ".5g", "1.2.3g"] {
            assert!(Memory::parse(text).is_err(), "{text:?}");
        }
    }
}
