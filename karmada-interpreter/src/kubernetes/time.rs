//! Times as Go reads and Kubernetes writes them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Reads an RFC 3339 time as Go's `time.Parse` does: besides the standard form it accepts an hour of one digit, a comma
/// before the fraction, and offsets up to 24:60. Digits of the fraction beyond the nanosecond are dropped.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4, 4)?;
    sign(&mut rest, b"-")?;
    let month = digits(&mut rest, 2, 2)?;
    sign(&mut rest, b"-")?;
    let day = digits(&mut rest, 2, 2)?;
    sign(&mut rest, b"T")?;
    let hour = digits(&mut rest, 1, 2)?;
    sign(&mut rest, b":")?;
    let minute = digits(&mut rest, 2, 2)?;
    sign(&mut rest, b":")?;
    let second = digits(&mut rest, 2, 2)?;
    if second > 59 {
        return None;
    }
    let nanosecond = match rest {
        [b'.' | b',', digit, ..] if digit.is_ascii_digit() => {
            rest = rest.get(1..)?;
            fraction(&mut rest)
        }
        _ => 0,
    };
    let offset = match sign(&mut rest, b"Z+-")? {
        b'Z' => 0,
        direction => {
            let hours = digits(&mut rest, 2, 2)?;
            sign(&mut rest, b":")?;
            let minutes = digits(&mut rest, 2, 2)?;
            if hours > 24 || minutes > 60 {
                return None;
            }
            let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
            if direction == b'-' { -seconds } else { seconds }
        }
    };
    if !rest.is_empty() {
        return None;
    }
    let small = |number: i16| i8::try_from(number).ok();
    let civil = DateTime::new(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        nanosecond,
    )
    .ok()?;
    Offset::from_seconds(offset).ok()?.to_timestamp(civil).ok()
}

/// Writes a time as Kubernetes does, in UTC and whole seconds; nothing for Go's zero time, which is written as null.
pub(crate) fn format(time: Timestamp) -> Option<String> {
    let time =
        Timestamp::from_second(time.as_nanosecond().div_euclid(1_000_000_000).try_into().ok()?).ok()?;
    let text = time.to_string();
    (text != "0001-01-01T00:00:00Z").then_some(text)
}

/// The next `min` to `max` digits as a number.
fn digits(rest: &mut &[u8], min: usize, max: usize) -> Option<i16> {
    let count = rest
        .iter()
        .take(max)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if count < min {
        return None;
    }
    let (number, after) = rest.split_at(count);
    *rest = after;
    Some(
        number
            .iter()
            .fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0')),
    )
}

/// The digits of a fraction of a second, in nanoseconds.
fn fraction(rest: &mut &[u8]) -> i32 {
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, after) = rest.split_at(count);
    *rest = after;
    (0..9).fold(0, |sum, place| {
        sum * 10 + number.get(place).map_or(0, |digit| i32::from(digit - b'0'))
    })
}

/// The next byte, if it is one of `accepted`.
fn sign(rest: &mut &[u8], accepted: &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    if !accepted.contains(first) {
        return None;
    }
    *rest = after;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_go_reads_them() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                parse(text).map(|time| time.to_string()).as_deref(),
                expected,
                "{text}"
            );
        };
        check("2024-05-06T07:08:09Z", Some("2024-05-06T07:08:09Z"));
        check("2024-05-06T07:08:09+02:00", Some("2024-05-06T05:08:09Z"));
        check("2024-05-06T07:08:09-24:60", Some("2024-05-07T08:08:09Z"));
        check("2024-05-06T07:08:09.5Z", Some("2024-05-06T07:08:09.5Z"));
        check("2024-05-06T7:08:09,25Z", Some("2024-05-06T07:08:09.25Z"));
        check(
            "2024-05-06T07:08:09.1234567899Z",
            Some("2024-05-06T07:08:09.123456789Z"),
        );
        check("2024-05-06T07:08:60Z", None);
        check("2024-05-06T24:08:09Z", None);
        check("2024-02-30T07:08:09Z", None);
        check("2024-05-06T07:08:09", None);
        check("2024-05-06T07:08:09.Z", None);
        check("2024-05-06t07:08:09z", None);
        check("2024-05-06 07:08:09Z", None);
        check("2024-05-06T07:08:09+0200", None);
        check("2024-05-06T07:08:09+25:00", None);
        check("2024-05-06T07:08:09Z ", None);
        check("7", None);
        check("", None);
    }

    #[test]
    fn times_are_written_in_whole_seconds() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(parse(text).and_then(format).as_deref(), expected, "{text}");
        };
        check("2024-05-06T07:08:09.9+02:00", Some("2024-05-06T05:08:09Z"));
        check("1965-05-06T07:08:09.9Z", Some("1965-05-06T07:08:09Z"));
        check("0001-01-01T00:00:00Z", None);
    }
}
