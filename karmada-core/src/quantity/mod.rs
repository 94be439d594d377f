//! Kubernetes quantities (`500m`, `1.5Gi`, `12e6`): exact decimal numbers with a remembered notation.
//!
//! Parsing, rounding, capping and formatting are those of `resource.Quantity`
//! (apimachinery `pkg/api/resource`), with these intended differences:
//!
//! - [`Display`](fmt::Display) always writes the canonical form. Upstream keeps some spellings as they came (`+5`,
//!   `1.500`, `1E3`); by value they are equal.
//! - Where upstream's conversions to 64 bits overflow, wrapping or yielding 0, [`Quantity::value`] and its relatives
//!   saturate; and they always round away from zero, which upstream forgets for some negative numbers.
//! - Numbers are held with 38 significant digits instead of without bound. Every text of up to 38 significant digits
//!   is read exactly, longer ones are rounded away from zero. Sums keep at least 37 digits and products at least 18.
//! - A number too large for every suffix is written with an exponent (`1e21`, as current upstream) rather than
//!   without (as older releases).

mod format;
mod parse;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as WireQuantity;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

pub use parse::ParseQuantityError;

/// The smallest decimal exponent a quantity keeps: finer amounts are rounded away from zero to a nano.
const NANO: i64 = -9;

/// The pattern by which schemas check quantities.
pub(crate) const PATTERN: &str = r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$";

/// How a quantity is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// With decimal suffixes: `12M` is 12·10⁶.
    #[default]
    DecimalSi,
    /// With binary suffixes: `12Mi` is 12·2²⁰.
    BinarySi,
    /// With a decimal exponent: `12e6`.
    DecimalExponent,
}

impl Format {
    /// Upstream's name of the format.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DecimalSi => "DecimalSI",
            Self::BinarySi => "BinarySI",
            Self::DecimalExponent => "DecimalExponent",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An exact amount of a resource.
///
/// Equality, order and hash are by number: `1` equals `1000m`, whatever the [`Format`].
///
/// ```
/// use karmada_core::quantity::Quantity;
/// let memory: Quantity = "1.5Gi".parse()?;
/// assert_eq!(memory.to_string(), "1536Mi");
/// assert_eq!(memory.value(), 1_610_612_736);
/// assert_eq!("100m".parse::<Quantity>()?.value(), 1, "rounded up");
/// # Ok::<(), karmada_core::quantity::ParseQuantityError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantity {
    /// The number is `mantissa · 10^exponent`. Not normalised: like upstream, the exponent is the one the number was
    /// read or computed with, which [`Quantity::approximate_f64`] depends on.
    mantissa: i128,
    exponent: i64,
    format: Format,
}

impl Quantity {
    /// Zero, in decimal format.
    pub const ZERO: Self = Self {
        mantissa: 0,
        exponent: 0,
        format: Format::DecimalSi,
    };

    /// That many whole units.
    #[must_use]
    pub const fn new(value: i64, format: Format) -> Self {
        Self {
            mantissa: value as i128,
            exponent: 0,
            format,
        }
    }

    /// That many thousandths of a unit.
    #[must_use]
    pub const fn from_milli(value: i64, format: Format) -> Self {
        Self {
            mantissa: value as i128,
            exponent: -3,
            format,
        }
    }

    /// `value · 10^scale`, in decimal format; what is finer than a nano is rounded away from zero.
    #[must_use]
    pub fn scaled(value: i64, scale: i32) -> Self {
        Self {
            mantissa: value.into(),
            exponent: scale.into(),
            format: Format::DecimalSi,
        }
        .at_least(NANO)
    }

    /// How the quantity is written.
    #[must_use]
    pub fn format(self) -> Format {
        self.format
    }

    /// The same number, written in another format.
    #[must_use]
    pub fn with_format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// Whether the number is zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// -1, 0 or 1.
    #[must_use]
    pub fn sign(self) -> i32 {
        match self.mantissa.cmp(&0) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }
    }

    /// The number in whole units, rounded away from zero, saturating at the ends of `i64`.
    #[must_use]
    pub fn value(self) -> i64 {
        self.scaled_value(0)
    }

    /// The number in thousandths, rounded away from zero, saturating at the ends of `i64`.
    #[must_use]
    pub fn milli_value(self) -> i64 {
        self.scaled_value(-3)
    }

    /// The number divided by `10^scale`, rounded away from zero, saturating at the ends of `i64`.
    #[must_use]
    pub fn scaled_value(self, scale: i32) -> i64 {
        let end = if self.mantissa < 0 { i64::MIN } else { i64::MAX };
        self.mantissa_at(scale.into())
            .and_then(|value| value.try_into().ok())
            .unwrap_or(end)
    }

    /// The number in whole units if it is integral and fits.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        let value = self.mantissa_at(0)?;
        let exact = Self {
            mantissa: value,
            exponent: 0,
            format: self.format,
        } == self;
        if exact { value.try_into().ok() } else { None }
    }

    /// A nearby floating-point number: for display and for scripts, never for decisions.
    ///
    /// It is upstream's `AsApproximateFloat64`, not the nearest one: `9m` is 9 times the float next to 0.001.
    #[must_use]
    pub fn approximate_f64(self) -> f64 {
        let base = self.mantissa as f64;
        if self.mantissa == 0 || self.exponent == 0 {
            return base;
        }
        // Correctly rounded powers of ten, like the table Go uses; `powi` is not.
        base * format!("1e{}", self.exponent)
            .parse::<f64>()
            .unwrap_or(f64::INFINITY)
    }

    /// Rounds away from zero to a multiple of `10^scale`; finer scales than the number has change nothing.
    #[must_use]
    pub fn round_up(self, scale: i32) -> Self {
        self.at_least(scale.into())
    }

    /// The mantissa at another exponent, rounded away from zero; `None` if it does not fit.
    fn mantissa_at(self, exponent: i64) -> Option<i128> {
        if self.mantissa == 0 {
            return Some(0);
        }
        if exponent <= self.exponent {
            return scale_up(self.mantissa, self.exponent.saturating_sub(exponent));
        }
        Some(divide_up(self.mantissa, exponent.saturating_sub(self.exponent)))
    }

    /// The number with an exponent no smaller than given, rounded away from zero.
    fn at_least(self, exponent: i64) -> Self {
        if self.exponent >= exponent {
            return self;
        }
        let mantissa = divide_up(self.mantissa, exponent.saturating_sub(self.exponent));
        Self {
            mantissa,
            exponent,
            ..self
        }
    }

    /// The number without trailing zeros in the mantissa, zero with exponent 0: equal numbers become identical.
    fn normalised(self) -> (i128, i64) {
        let Self {
            mut mantissa,
            mut exponent,
            ..
        } = self;
        if mantissa == 0 {
            return (0, 0);
        }
        while mantissa % 10 == 0 {
            mantissa /= 10;
            exponent = exponent.saturating_add(1);
        }
        (mantissa, exponent)
    }

    /// The exponent at which the mantissa has no more than `digits` digits.
    fn exponent_for(self, digits: u32) -> i64 {
        let has = self
            .mantissa
            .unsigned_abs()
            .checked_ilog10()
            .map_or(1, |log| log + 1);
        self.exponent.saturating_add(i64::from(has) - i64::from(digits))
    }

    /// The sum at the finest exponent both allow, in this format; `None` if its mantissa does not fit.
    fn exact_sum(self, other: Self) -> Option<Self> {
        let exponent = self.exponent.min(other.exponent);
        let mantissa = self
            .mantissa_at(exponent)?
            .checked_add(other.mantissa_at(exponent)?)?;
        // Every mantissa has a negative.
        (mantissa > i128::MIN).then_some(Self {
            mantissa,
            exponent,
            ..self
        })
    }

    /// The same number with the shortest mantissa.
    fn reduced(self) -> Self {
        let (mantissa, exponent) = self.normalised();
        Self {
            mantissa,
            exponent,
            ..self
        }
    }
}

/// `mantissa · 10^by`.
fn scale_up(mantissa: i128, by: i64) -> Option<i128> {
    let by = u32::try_from(by).ok()?;
    mantissa.checked_mul(10i128.checked_pow(by)?)
}

/// `mantissa / 10^by`, rounded away from zero.
fn divide_up(mantissa: i128, by: i64) -> i128 {
    let power = u32::try_from(by).ok().and_then(|by| 10i128.checked_pow(by));
    let Some(power) = power else {
        // Larger than any mantissa.
        return mantissa.signum();
    };
    mantissa / power + (mantissa % power).signum()
}

/// If the left side is zero the sum takes the format of the right side, else of the left.
impl Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        if self.is_zero() {
            return other;
        }
        if other.is_zero() {
            return self;
        }
        self.exact_sum(other)
            .or_else(|| self.reduced().exact_sum(other.reduced()))
            .unwrap_or_else(|| {
                let exponent = self.exponent_for(37).max(other.exponent_for(37));
                let (left, right) = (self.at_least(exponent), other.at_least(exponent));
                // One of the two has that exponent now, and both fit there with a digit to spare.
                left.exact_sum(right).unwrap_or(left)
            })
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Neg for Quantity {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            mantissa: self.mantissa.saturating_neg(),
            ..self
        }
    }
}

/// If the left side is zero the difference takes the format of the right side, else of the left.
impl Sub for Quantity {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl SubAssign for Quantity {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Mul<i64> for Quantity {
    type Output = Self;

    fn mul(self, factor: i64) -> Self {
        let times = |quantity: Self| -> Option<Self> {
            let mantissa = quantity
                .mantissa
                .checked_mul(factor.into())
                .filter(|mantissa| *mantissa > i128::MIN)?;
            Some(Self { mantissa, ..quantity })
        };
        times(self).or_else(|| times(self.reduced())).unwrap_or_else(|| {
            let shortened = self.at_least(self.exponent_for(18));
            Self {
                mantissa: shortened.mantissa.saturating_mul(factor.into()),
                ..shortened
            }
        })
    }
}

/// Zero in decimal format for no terms; otherwise in the format of the first one that is not zero.
impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::ZERO, |sum, term| sum + term)
    }
}

impl<'a> Sum<&'a Quantity> for Quantity {
    fn sum<I: Iterator<Item = &'a Self>>(terms: I) -> Self {
        terms.copied().sum()
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_sign = self.mantissa.signum().cmp(&other.mantissa.signum());
        if by_sign.is_ne() || self.is_zero() {
            return by_sign;
        }
        let exponent = self.exponent.min(other.exponent);
        match (self.mantissa_at(exponent), other.mantissa_at(exponent)) {
            (Some(left), Some(right)) => left.cmp(&right),
            // Only the one with the larger exponent can fail to fit: it is the larger one in magnitude.
            (None, _) => self.mantissa.cmp(&0),
            (_, None) => 0.cmp(&other.mantissa),
        }
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Quantity {}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normalised().hash(state);
    }
}

/// The canonical text.
impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From a string, white space around it ignored, or from a number.
impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FromJson;

        impl Visitor<'_> for FromJson {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity, as a string or a number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Quantity, E> {
                text.trim().parse().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Quantity, E> {
                Ok(Quantity::new(value, Format::DecimalSi))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Quantity, E> {
                Ok(Quantity {
                    mantissa: value.into(),
                    exponent: 0,
                    format: Format::DecimalSi,
                })
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Quantity, E> {
                // Go's JSON text of a float, which is what upstream's decoder gets to see.
                let magnitude = value.abs();
                if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
                    self.visit_str(&format!("{value:e}"))
                } else {
                    self.visit_str(&value.to_string())
                }
            }
        }

        deserializer.deserialize_any(FromJson)
    }
}

impl JsonSchema for Quantity {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "pattern": PATTERN,
            "x-kubernetes-int-or-string": true,
        })
    }
}

impl TryFrom<&WireQuantity> for Quantity {
    type Error = ParseQuantityError;

    fn try_from(quantity: &WireQuantity) -> Result<Self, ParseQuantityError> {
        quantity.0.trim().parse()
    }
}

impl From<Quantity> for WireQuantity {
    fn from(quantity: Quantity) -> Self {
        Self(quantity.to_string())
    }
}

#[cfg(test)]
mod tests;
