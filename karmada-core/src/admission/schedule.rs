//! Which texts pass for a cron schedule.
//!
//! Upstream's admission reads schedules more liberally than the scheduler that later runs them: it takes seconds and
//! years, named intervals, and the letters `L`, `W` and `#` (github.com/adhocore/gronx). A schedule that passes here
//! and cannot be run is reported by the controller.

/// Schedules with a name.
const NAMED: [(&str, &str); 12] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
    ("@always", "* * * * *"),
    ("@5minutes", "*/5 * * * *"),
    ("@10minutes", "*/10 * * * *"),
    ("@15minutes", "*/15 * * * *"),
    ("@30minutes", "0,30 * * * *"),
    ("@everysecond", "* * * * * *"),
];

/// What separates the parts.
const BLANK: [char; 5] = [' ', '\t', '\n', '\r', '\x0c'];

/// Names of days and months. Each stands for its number wherever it occurs, also inside a longer word.
const NUMBERS: [(&str, &str); 19] = [
    ("SUN", "0"),
    ("MON", "1"),
    ("TUE", "2"),
    ("WED", "3"),
    ("THU", "4"),
    ("FRI", "5"),
    ("SAT", "6"),
    ("JAN", "1"),
    ("FEB", "2"),
    ("MAR", "3"),
    ("APR", "4"),
    ("MAY", "5"),
    ("JUN", "6"),
    ("JUL", "7"),
    ("AUG", "8"),
    ("SEP", "9"),
    ("OCT", "10"),
    ("NOV", "11"),
    ("DEC", "12"),
];

/// The parts of a schedule, with the numbers each may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Second,
    Minute,
    Hour,
    MonthDay,
    Month,
    WeekDay,
    Year,
}

impl Part {
    const ALL: [Self; 7] = [
        Self::Second,
        Self::Minute,
        Self::Hour,
        Self::MonthDay,
        Self::Month,
        Self::WeekDay,
        Self::Year,
    ];

    fn bounds(self) -> (i64, i64) {
        match self {
            Self::Second | Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::MonthDay => (1, 31),
            Self::Month => (1, 12),
            Self::WeekDay => (0, 7),
            Self::Year => (1, 9999),
        }
    }
}

/// Whether a text passes for a cron schedule: five parts, or up to seven with seconds in front and a year behind, or
/// a named interval.
///
/// Of a list upstream reads the items only until one matches the present time; here all of them count.
pub(super) fn is_schedule(text: &str) -> bool {
    let text = text.trim_matches([' ', '\t']);
    if text.starts_with(BLANK) || text.ends_with(BLANK) {
        // What is left are line ends, which leave an empty part.
        return false;
    }
    let named = NAMED.iter().find(|(name, _)| text.eq_ignore_ascii_case(name));
    let mut text = named.map_or(text, |(_, schedule)| *schedule).to_uppercase();
    for (name, number) in NUMBERS {
        text = text.replace(name, number);
    }
    let parts: Vec<&str> = text.split(BLANK).filter(|part| !part.is_empty()).collect();
    let ends_in_year = parts.last().is_some_and(|part| has_four_digits(part));
    let first = match parts.len() {
        5 => 1,
        6 if ends_in_year => 1,
        6 | 7 => 0,
        _ => return false,
    };
    let expected = Part::ALL.iter().skip(first);
    parts
        .iter()
        .zip(expected)
        .all(|(text, part)| is_part(text, *part))
}

fn has_four_digits(text: &str) -> bool {
    text.as_bytes()
        .windows(4)
        .any(|window| window.iter().all(u8::is_ascii_digit))
}

fn is_part(text: &str, part: Part) -> bool {
    for item in text.split(',') {
        if matches!(item, "*" | "?") {
            // Always due: nothing after it is read.
            return true;
        }
        let special = matches!(part, Part::MonthDay | Part::WeekDay) && item.contains(['L', 'W', '#']);
        let valid = match part {
            Part::MonthDay if special => is_special_month_day(item),
            _ if special => is_special_week_day(item),
            _ => is_plain(item, part),
        };
        if !valid {
            return false;
        }
    }
    true
}

/// A number, a range, or a step.
fn is_plain(item: &str, part: Part) -> bool {
    let (low, high) = part.bounds();
    let inside = |start: i64, end: i64| start <= end && start >= low && end <= high;
    if let Some((base, rest)) = item.split_once('/') {
        let step = rest.split('/').next().and_then(number).unwrap_or_default();
        if base == "*" || base == "0" {
            return step != 0;
        }
        if step <= 0 {
            return false;
        }
        let mut ends = base.split('-').map(number);
        let (Some(Some(start)), end) = (ends.next(), ends.next()) else {
            return false;
        };
        return match end {
            None => start >= low,
            Some(end) => end.is_some_and(|end| inside(start, end)),
        };
    }
    let item = if part == Part::WeekDay {
        item.replacen("7-", "0-", 1)
    } else {
        item.to_owned()
    };
    if item.contains('-') {
        let mut ends = item.split('-').map(number);
        return matches!((ends.next(), ends.next()), (Some(Some(start)), Some(Some(end))) if inside(start, end));
    }
    // Zero passes everywhere, also as a day or month, where it never comes.
    item == "0" || number(&item).is_some_and(|value| inside(value, value))
}

/// `L`, the last day; or `15W`, the working day nearest to the 15th.
fn is_special_month_day(item: &str) -> bool {
    item == "L"
        || item
            .split_once('W')
            .is_some_and(|(day, _)| !day.is_empty() && number(day).is_some())
}

/// `5L`, the last Friday; or `5#2`, the second one.
fn is_special_week_day(item: &str) -> bool {
    if let Some((day, _)) = item.split_once('L').filter(|(day, _)| !day.is_empty()) {
        return number(day).is_some();
    }
    let mut parts = item.split('#');
    matches!(
        (parts.next().map(number), parts.next().map(number)),
        (Some(Some(_)), Some(Some(_)))
    )
}

fn number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules() {
        for (text, expected) in [
            ("* * * * *", true),
            ("  0 8\t* * 1-5 ", true),
            ("*/5 * * * *", true),
            ("0 9 * * MON-FRI", true),
            ("0 9 * jan,Feb sun", true),
            ("30 4 1,15 * *", true),
            ("0 0 L * *", true),
            ("0 0 15W * *", true),
            ("0 0 * * 5L", true),
            ("0 0 * * 5#2", true),
            ("0 0 * * 7", true),
            ("0 0 * * 7-2", true),
            ("10-50/5 * * * *", true),
            ("10/5 * * * *", true),
            ("0 0 8 * * *", true),
            ("0 8 * * * 2027", true),
            ("0 0 8 * * * 2027", true),
            ("@daily", true),
            ("@DAILY", true),
            ("@5minutes", true),
            ("", false),
            ("whenever", false),
            ("@every 5m", false),
            ("@fortnightly", false),
            ("* * * *", false),
            ("* * * * * * * *", false),
            ("60 * * * *", false),
            ("* 24 * * *", false),
            ("* * 0 * *", true),
            ("* * 00 * *", false),
            ("*/-5 * * * *", true),
            ("1-9/-5 * * * *", false),
            ("\n0 8 * * *", false),
            ("0\n8 * * *", true),
            ("* * * 13 *", false),
            ("* * * * 8", false),
            ("5-1 * * * *", false),
            ("*/0 * * * *", false),
            ("*/x * * * *", false),
            ("1,,2 * * * *", false),
            ("-1 * * * *", false),
            ("0 0 W * *", false),
            ("0 0 * * L", false),
            ("0 0 * * 5#", false),
        ] {
            assert_eq!(is_schedule(text), expected, "{text:?}");
        }
    }
}
