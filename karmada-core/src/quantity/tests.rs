use std::collections::hash_map::DefaultHasher;

use proptest::prelude::*;

use super::*;

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn parses_and_formats() {
    // text, canonical form, format, value, milli value
    fn check(text: &str, canonical: &str, format: Format, value: i64, milli: i64) {
        let read = quantity(text);
        assert_eq!(read.to_string(), canonical, "{text:?}");
        assert_eq!(read.format(), format, "{text:?}");
        assert_eq!(read.value(), value, "value of {text:?}");
        assert_eq!(read.milli_value(), milli, "milli value of {text:?}");
    }
    use Format::{BinarySi as B, DecimalExponent as E, DecimalSi as D};
    const MAX: i64 = i64::MAX;

    check("0", "0", D, 0, 0);
    check("00", "0", D, 0, 0);
    check("0Ki", "0", B, 0, 0);
    check("0e5", "0", E, 0, 0);
    check("-0", "0", D, 0, 0);
    check("1", "1", D, 1, 1000);
    check("+5", "5", D, 5, 5000);
    check("007", "7", D, 7, 7000);
    check("5.", "5", D, 5, 5000);
    check(".5", "500m", D, 1, 500);
    check("-1.5", "-1500m", D, -2, -1500);
    check("1000", "1k", D, 1000, 1_000_000);
    check("1024", "1024", D, 1024, 1_024_000);
    check("1000m", "1", D, 1, 1000);
    check("1024m", "1024m", D, 2, 1024);
    check("1500u", "1500u", D, 1, 2);
    check("999n", "999n", D, 1, 1);
    check("1.1n", "2n", D, 1, 1);
    check("0.1n", "1n", D, 1, 1);
    check("-.0000000001", "-1n", D, -1, -1);
    check("-1500.5u", "-1500500n", D, -1, -2);
    check("1.0000000000000000000000001", "1000000001n", D, 2, 1001);
    check("12k", "12k", D, 12_000, 12_000_000);
    check("1.2M", "1200k", D, 1_200_000, 1_200_000_000);
    check("3G", "3G", D, 3_000_000_000, 3_000_000_000_000);
    check("3T", "3T", D, 3_000_000_000_000, 3_000_000_000_000_000);
    check("3P", "3P", D, 3_000_000_000_000_000, 3_000_000_000_000_000_000);
    check("1E", "1E", D, 1_000_000_000_000_000_000, MAX);
    check("10E", "10E", D, MAX, MAX);
    check("-10E", "-10E", D, i64::MIN, i64::MIN);
    check("1000E", "1e21", D, MAX, MAX);
    check("1E3", "1e3", E, 1000, 1_000_000);
    check("1e+3", "1e3", E, 1000, 1_000_000);
    check("1e-3", "1e-3", E, 1, 1);
    check("1e-10", "1e-9", E, 1, 1);
    check("15e4", "150e3", E, 150_000, 150_000_000);
    check("1e19", "10e18", E, MAX, MAX);
    check("1e3000", "1e3000", E, MAX, MAX);
    check("1e2147483647", "10e2147483646", E, MAX, MAX);
    check("1e4294967296", "1", E, 1, 1000);
    check("7e-2147483648", "1e-9", E, 1, 1);
    check("1Ki", "1Ki", B, 1024, 1_024_000);
    check("1.Ki", "1Ki", B, 1024, 1_024_000);
    check("-1Ki", "-1Ki", B, -1024, -1_024_000);
    check("0.5Ki", "512", B, 512, 512_000);
    check("-0.5Ki", "-512", B, -512, -512_000);
    check("0.0001Ki", "102400u", D, 1, 103);
    check("-0.0001Ki", "-102400u", D, -1, -103);
    check("0.8Ki", "819200m", B, 820, 819_200);
    check("1.23Mi", "1289748480m", B, 1_289_749, 1_289_748_480);
    check("1000Ki", "1000Ki", B, 1_024_000, 1_024_000_000);
    check("1024Ki", "1Mi", B, 1_048_576, 1_048_576_000);
    check("1.5Gi", "1536Mi", B, 1_610_612_736, 1_610_612_736_000);
    check("2Ti", "2Ti", B, 2_199_023_255_552, 2_199_023_255_552_000);
    check("7Ei", "7Ei", B, 8_070_450_532_247_928_832, MAX);
    check("8Ei", "9223372036854775807", B, MAX, MAX);
    check("7.9999999999999999999999Ei", "9223372036854775807", B, MAX, MAX);
    check("-12.1Ei", "-9223372036854775807", B, -MAX, i64::MIN);
    check(
        "99999999999999999999999999999999999999999999Ki",
        "9223372036854775807",
        B,
        MAX,
        MAX,
    );
    check("0.00000000000000000000000000000000000000000001Ei", "1n", D, 1, 1);
    check("9223372036854775807", "9223372036854775807", D, MAX, MAX);
    check("99999999999999999999", "99999999999999999999", D, MAX, MAX);
    check(
        "123456789012345678901234567890",
        "123456789012345678901234567890",
        D,
        MAX,
        MAX,
    );
    check(
        "1000000000000000000000000000000000000000000000n",
        "1e36",
        D,
        MAX,
        MAX,
    );
    // The 39th digit is lost, upwards.
    check(
        "100000000000000000000000000000000000001",
        "100000000000000000000000000000000000010",
        D,
        MAX,
        MAX,
    );
    // No number at all is zero, as upstream has it.
    check("+", "0", D, 0, 0);
    check(".", "0", D, 0, 0);
    check("-Ki", "0", B, 0, 0);
    check(".Ti", "0", B, 0, 0);
    check("m", "0", D, 0, 0);
    check("e-9", "0", E, 0, 0);
    check("0e-10", "0", E, 0, 0);
}

#[test]
fn refuses() {
    fn check(text: &str, want: &str) {
        let error = text.parse::<Quantity>().unwrap_err();
        let kind = match error {
            ParseQuantityError::Malformed { .. } => "malformed",
            ParseQuantityError::UnknownSuffix { .. } => "suffix",
            ParseQuantityError::NoDigits { .. } => "digits",
        };
        assert_eq!(kind, want, "{text:?}");
        assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
    }
    check("", "malformed");
    check(" 1", "malformed");
    check("1 ", "malformed");
    check("1..2", "malformed");
    check("--1", "suffix");
    check("0x10", "malformed");
    check("1_0", "malformed");
    check("１", "malformed");
    check("1µ", "malformed");
    check("1e1.5", "malformed");
    check("1e5k", "malformed");
    check("abc", "malformed");
    check("NaN", "malformed");
    check("1e", "suffix");
    check("1e+", "suffix");
    check("1K", "suffix");
    check("1ki", "suffix");
    check("1Kii", "suffix");
    check("1k5", "suffix");
    check("1Ee5", "suffix");
    check("1e99999999999999999999", "suffix");
    check(".e-10", "digits");
    check("-e-30", "digits");
    check("Pi", "digits");
    check("+.Ei", "digits");
}

#[test]
fn converts() {
    assert_eq!(quantity("1500m").scaled_value(-6), 1_500_000);
    assert_eq!(quantity("1500m").scaled_value(3), 1);
    assert_eq!(quantity("-1500m").scaled_value(3), -1);
    assert_eq!(quantity("1e2147483647").scaled_value(i32::MIN), i64::MAX);
    assert_eq!(quantity("3").as_i64(), Some(3));
    assert_eq!(quantity("3000m").as_i64(), Some(3));
    assert_eq!(quantity("3001m").as_i64(), None);
    assert_eq!(quantity("10E").as_i64(), None);
    assert_eq!(Quantity::from_milli(1500, Format::BinarySi).to_string(), "1500m");
    assert_eq!(Quantity::new(2048, Format::BinarySi).to_string(), "2Ki");
    assert_eq!(Quantity::scaled(15, 2).to_string(), "1500");
    assert_eq!(Quantity::scaled(15, -10).to_string(), "2n");
    assert_eq!(quantity("1234").round_up(2), quantity("1300"));
    assert_eq!(quantity("-1234m").round_up(0), quantity("-2"));
    assert_eq!(
        quantity("2Gi").with_format(Format::DecimalSi).to_string(),
        "2147483648"
    );
    assert_eq!(
        (quantity("-1").sign(), quantity("0").sign(), quantity("1n").sign()),
        (-1, 0, 1)
    );
    assert_eq!(quantity("500m").approximate_f64(), 0.5);
    assert_eq!(quantity("1Gi").approximate_f64(), 1_073_741_824.0);
    assert_eq!(quantity("9m").approximate_f64(), 0.009_000_000_000_000_001);
    assert_eq!(quantity("1e400").approximate_f64(), f64::INFINITY);
    assert_eq!(quantity("0e400").approximate_f64(), 0.0);
}

#[test]
fn calculates() {
    fn check(got: Quantity, want: &str, format: Format) {
        assert_eq!(got.to_string(), want);
        assert_eq!(got.format(), format, "{want}");
    }
    use Format::{BinarySi, DecimalExponent, DecimalSi};
    let q = quantity;
    check(q("1") + q("500m"), "1500m", DecimalSi);
    check(q("1Gi") + q("1G"), "2073741824", BinarySi);
    check(q("0") + q("1Gi"), "1Gi", BinarySi);
    check(q("0") - q("1Gi"), "-1Gi", BinarySi);
    check(q("1e3") + q("0Ki"), "1e3", DecimalExponent);
    check(q("1Ki") - q("1Ki"), "0", BinarySi);
    check(q("100m") * 3, "300m", DecimalSi);
    check(-q("1.5Gi"), "-1536Mi", BinarySi);
    check([q("0"), q("512Mi"), q("1G")].iter().sum(), "1536870912", BinarySi);
    check(std::iter::empty::<Quantity>().sum(), "0", DecimalSi);
    check(q("4Ei") + q("4Ei"), "8Ei", BinarySi);
    check(q("4Ei") * 1024, "4096Ei", BinarySi);
    // At the limit of 38 digits: rounded away from zero, never an overflow.
    check(
        q("1e60") + q("1"),
        "1000000000000000000000000000000000001e24",
        DecimalExponent,
    );
    check(
        q("1e2147483647") + q("1n"),
        "10000000000000000000000000000000000010e2147483610",
        DecimalExponent,
    );
    let most = q("99999999999999999999999999999999999999");
    check(most + most, "200e36", DecimalSi);
    check((most + most) - most, "100e36", DecimalSi);
    check(most * -1000, "-100e39", DecimalSi);
    check(most * i64::MAX, "922337203685477580700e36", DecimalSi);
}

#[test]
fn orders_by_number() {
    let ascending = [
        "-1e60", "-10E", "-1Ki", "-1", "-1n", "0", "1n", "1m", "1", "1000", "1Ki", "1E", "1Ei", "1e60",
        "1e61",
    ];
    for (i, left) in ascending.iter().enumerate() {
        for (j, right) in ascending.iter().enumerate() {
            assert_eq!(
                quantity(left).cmp(&quantity(right)),
                i.cmp(&j),
                "{left} and {right}"
            );
        }
    }
    for (left, right) in [
        ("1", "1000m"),
        ("1Ki", "1.024k"),
        ("1e21", "1000E"),
        ("0Ki", "-0"),
        ("2.50", "25e-1"),
    ] {
        assert_eq!(quantity(left), quantity(right));
        assert_eq!(hash(quantity(left)), hash(quantity(right)), "{left} and {right}");
    }
}

fn hash(quantity: Quantity) -> u64 {
    let mut hasher = DefaultHasher::new();
    quantity.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn reads_and_writes_json() {
    fn check(json: &str, want: Result<&str, &str>) {
        let got = serde_json::from_str::<Quantity>(json);
        match (got, want) {
            (Ok(got), Ok(want)) => assert_eq!(
                serde_json::to_string(&got).unwrap(),
                format!("{want:?}"),
                "{json}"
            ),
            (Err(got), Err(want)) => assert!(got.to_string().contains(want), "{json}: {got}"),
            (got, want) => panic!("{json}: {got:?}, expected {want:?}"),
        }
    }
    check(r#""1.5Gi""#, Ok("1536Mi"));
    check(r#"" 2 ""#, Ok("2"));
    check("3", Ok("3"));
    check("-3", Ok("-3"));
    check("18446744073709551615", Ok("18446744073709551615"));
    check("2.048", Ok("2048m"));
    check("1e-7", Ok("100e-9"));
    check("1e22", Ok("10e21"));
    check("0.0", Ok("0"));
    check(r#""1K""#, Err("unknown suffix \"K\""));
    check(r#""""#, Err("not a quantity"));
    check("true", Err("a quantity, as a string or a number"));
    check("[1]", Err("a quantity, as a string or a number"));

    let wire = WireQuantity("2048Ki".into());
    assert_eq!(WireQuantity::from(Quantity::try_from(&wire).unwrap()).0, "2Mi");
    assert!(Quantity::try_from(&WireQuantity("x".into())).is_err());
}

/// Texts in every notation, sized so that sums of a few and products with an `i32` stay within the exact range.
fn text() -> impl Strategy<Value = String> {
    (
        "[+-]?[0-9]{1,9}(\\.[0-9]{0,6})?",
        prop::sample::select(vec![
            "", "n", "u", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "e3", "E-4", "e+7",
        ]),
    )
        .prop_map(|(number, suffix)| format!("{number}{suffix}"))
}

fn any_quantity() -> impl Strategy<Value = Quantity> {
    text().prop_map(|text| quantity(&text))
}

proptest! {
    #[test]
    fn parsing_never_panics(text in ".{0,60}", number in "[+-]?[0-9.]{0,80}[eEinumkKMGTP]{0,3}[+-]?[0-9]{0,12}") {
        for text in [text, number] {
            if let Ok(read) = text.parse::<Quantity>() {
                prop_assert_eq!(quantity(&read.to_string()), read);
                prop_assert_eq!(read - read, Quantity::ZERO);
                let _ = (read + read, read * i64::MIN, read.value(), read.milli_value(), read.approximate_f64());
            }
        }
    }

    #[test]
    fn canonical_form_is_stable(read in any_quantity()) {
        let canonical = read.to_string();
        let again = quantity(&canonical);
        prop_assert_eq!(again, read);
        prop_assert_eq!(again.to_string(), canonical);
    }

    #[test]
    fn addition_is_a_group(a in any_quantity(), b in any_quantity(), c in any_quantity()) {
        prop_assert_eq!(a + b, b + a);
        prop_assert_eq!((a + b) + c, a + (b + c));
        prop_assert_eq!(a + Quantity::ZERO, a);
        prop_assert_eq!(a + -a, Quantity::ZERO);
        prop_assert_eq!(a - b, -(b - a));
        prop_assert_eq!((a + b) - b, a);
    }

    #[test]
    fn order_respects_addition(a in any_quantity(), b in any_quantity(), c in any_quantity()) {
        prop_assert_eq!(a.cmp(&b), (a + c).cmp(&(b + c)));
        prop_assert_eq!(a.cmp(&b), (-b).cmp(&-a));
        prop_assert_eq!(a.cmp(&b), (a - b).sign().cmp(&0));
        if a == b {
            prop_assert_eq!(hash(a), hash(b));
        }
    }

    #[test]
    fn products_are_repeated_sums(a in any_quantity(), n in 0i64..20, m in any::<i32>()) {
        prop_assert_eq!(a * n, (0..n).map(|_| a).sum());
        prop_assert_eq!(a * i64::from(m) + a, a * (i64::from(m) + 1));
    }

    #[test]
    fn conversions_round_away_from_zero(a in any_quantity(), scale in -9i32..9) {
        let unit = Quantity::scaled(1, scale);
        let rounded = Quantity::scaled(a.scaled_value(scale), scale);
        let magnitude = |q: Quantity| if q.sign() < 0 { -q } else { q };
        if a.scaled_value(scale).unsigned_abs() < i64::MAX as u64 {
            prop_assert_eq!(rounded, a.round_up(scale));
            prop_assert!(magnitude(rounded) >= magnitude(a));
            prop_assert!(magnitude(rounded) < magnitude(a) + unit);
        }
    }

    #[test]
    fn arithmetic_beyond_the_exact_range_keeps_its_bounds(digits in "[1-9][0-9]{30,60}", exponent in 0u32..80, n: i64) {
        let large = quantity(&format!("{digits}e{exponent}"));
        let small = quantity("1n");
        prop_assert!(large + small >= large);
        prop_assert!(large + large >= large);
        prop_assert_eq!((large * n).sign(), i32::try_from(n.signum()).unwrap());
        prop_assert!((large * n).cmp(&large).is_ge() || n < 1);
    }
}
