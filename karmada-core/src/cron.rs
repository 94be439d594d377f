//! When the rules of a CronFederatedHPA are due, and what is remembered of it
//! (`karmada:pkg/controllers/cronfederatedhpa`, `github.com/robfig/cron`).

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use crate::admission::is_time_zone;
use crate::api::autoscaling::v1alpha1::{
    CronFederatedHPARule, CronFederatedHPAStatus, ExecutionHistory, FailedExecution, SuccessfulExecution,
};
use crate::api::meta::Time;

/// How many successes and failures a rule remembers if it does not say.
const HISTORY_LIMIT: i32 = 3;

/// After this many years without a match a schedule counts as never due.
const YEARS: i16 = 5;

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// It has more or less than five fields.
    #[error("schedule has {count} fields, expected 5")]
    Fields {
        /// How many it has.
        count: usize,
    },
    /// It begins with `@` and is no known name.
    #[error("unknown schedule {name:?}")]
    Name {
        /// The name.
        name: String,
    },
    /// A part of a field is no number, name, range or step.
    #[error("{field}: {part:?} is not a value, a range or a step")]
    Part {
        /// The field.
        field: &'static str,
        /// The part.
        part: String,
    },
    /// A part of a field lies outside of what the field can be, or is a range from high to low.
    #[error("{field}: {part:?} is out of range {least}-{greatest}")]
    Range {
        /// The field.
        field: &'static str,
        /// The part.
        part: String,
        /// The least value.
        least: u8,
        /// The greatest value.
        greatest: u8,
    },
}

/// One of the five fields.
struct Field {
    name: &'static str,
    least: u8,
    greatest: u8,
    /// Names of the values, from `least` on.
    names: &'static [&'static str],
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: [Field; 5] = [
    Field::new("minute", 0, 59, &[]),
    Field::new("hour", 0, 23, &[]),
    Field::new("day of month", 1, 31, &[]),
    Field::new("month", 1, 12, &MONTHS),
    Field::new("day of week", 0, 6, &DAYS),
];

/// The values a field may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Values {
    /// Bit `n` for value `n`.
    bits: u64,
    /// Whether it was written as all of them.
    any: bool,
}

impl Values {
    fn has(self, value: i8) -> bool {
        u32::try_from(value)
            .ok()
            .and_then(|value| self.bits.checked_shr(value))
            .is_some_and(|bits| bits & 1 == 1)
    }
}

impl Field {
    const fn new(name: &'static str, least: u8, greatest: u8, names: &'static [&'static str]) -> Self {
        Self {
            name,
            least,
            greatest,
            names,
        }
    }

    fn parse(&self, text: &str) -> Result<Values, ScheduleError> {
        let mut values = Values::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let one = self.part(part)?;
            values.bits |= one.bits;
            values.any |= one.any;
        }
        Ok(values)
    }

    /// `*`, `?`, `n`, `n-m`, each with an optional `/step`; `n/step` goes on to the greatest value.
    fn part(&self, part: &str) -> Result<Values, ScheduleError> {
        let unreadable = || ScheduleError::Part {
            field: self.name,
            part: part.to_owned(),
        };
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(number(step).ok_or_else(unreadable)?)),
            None => (part, None),
        };
        let ends = match range.split_once('-') {
            Some((first, last)) => Some((self.value(first), Some(self.value(last).ok_or_else(unreadable)?))),
            None if range == "*" || range == "?" => None,
            None => Some((self.value(range), None)),
        };
        let (first, last, any) = match ends {
            None => (
                self.least.into(),
                self.greatest.into(),
                step.is_none_or(|step| step <= 1),
            ),
            Some((first, last)) => {
                let first = first.ok_or_else(unreadable)?;
                let open = if step.is_some() {
                    self.greatest.into()
                } else {
                    first
                };
                (first, last.unwrap_or(open), false)
            }
        };
        let step = step.unwrap_or(1);
        if first < self.least.into() || last > self.greatest.into() || first > last || step == 0 {
            return Err(ScheduleError::Range {
                field: self.name,
                part: part.to_owned(),
                least: self.least,
                greatest: self.greatest,
            });
        }
        let step = usize::try_from(step).unwrap_or(usize::MAX);
        let bits = (first..=last)
            .step_by(step)
            .fold(0, |bits, value| bits | 1u64 << value);
        Ok(Values { bits, any })
    }

    fn value(&self, text: &str) -> Option<u32> {
        let named = self.names.iter().position(|name| text.eq_ignore_ascii_case(name));
        match named {
            Some(position) => u32::try_from(position).ok().map(|it| it + u32::from(self.least)),
            None => number(text),
        }
    }
}

fn number(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// When something is due: five fields, or a name such as `@daily`.
///
/// Fields are minute, hour, day of month, month and day of week (0 is Sunday); months and days have English names of
/// three letters. Days match if both day fields do, or if either does and none of them is `*` or `?`.
///
/// This is what the cron of upstream's controller accepts, without intervals (`@every`) and zones in the text, which
/// admission refuses. Admission lets pass more than this, seconds for example: such a rule never runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    minutes: Values,
    hours: Values,
    days: Values,
    months: Values,
    week_days: Values,
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let text = match text.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ if text.starts_with('@') => {
                return Err(ScheduleError::Name {
                    name: text.to_owned(),
                });
            }
            _ => text,
        };
        let texts: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, week_days] = *texts.as_slice() else {
            return Err(ScheduleError::Fields { count: texts.len() });
        };
        let [minute, hour, day, month, week_day] = &FIELDS;
        Ok(Self {
            minutes: minute.parse(minutes)?,
            hours: hour.parse(hours)?,
            days: day.parse(days)?,
            months: month.parse(months)?,
            week_days: week_day.parse(week_days)?,
        })
    }
}

impl Schedule {
    /// The first time after `now` at which it is due in a time zone; `None` if that is not within five years.
    ///
    /// A time of day that clocks skip is not due on that day; one that they show twice is due twice.
    ///
    /// # Complexity
    /// Constant per day until the next match, plus one look at the zone per minute of that day at most.
    #[must_use]
    pub fn next_fire(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let first = zone.to_datetime(now).date();
        let mut date = first;
        loop {
            if self.is_due_on(date)
                && let Some(next) = self.next_on(date, now, zone)
            {
                return Some(next);
            }
            date = date.tomorrow().ok()?;
            if date.year() > first.year().saturating_add(YEARS) {
                return None;
            }
        }
    }

    fn is_due_on(&self, date: Date) -> bool {
        let day = self.days.has(date.day());
        let week_day = self.week_days.has(date.weekday().to_sunday_zero_offset());
        let matches = if self.days.any || self.week_days.any {
            day && week_day
        } else {
            day || week_day
        };
        matches && self.months.has(date.month())
    }

    fn next_on(&self, date: Date, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut next: Option<Timestamp> = None;
        let hours = (0..24i8).filter(|hour| self.hours.has(*hour));
        for hour in hours {
            for minute in (0..60i8).filter(|minute| self.minutes.has(*minute)) {
                let time = date.at(hour, minute, 0, 0);
                let times = match zone.to_ambiguous_timestamp(time).offset() {
                    AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
                    AmbiguousOffset::Fold { before, after } => [Some(before), Some(after)],
                    AmbiguousOffset::Gap { .. } => [None, None],
                };
                for offset in times.into_iter().flatten() {
                    let candidate = offset.to_timestamp(time).ok().filter(|at| *at > now);
                    next = match (next, candidate) {
                        (Some(next), Some(candidate)) => Some(next.min(candidate)),
                        (next, candidate) => next.or(candidate),
                    };
                }
            }
        }
        next
    }
}

/// Why a rule cannot run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// Its schedule cannot be read.
    #[error("invalid schedule of rule {rule:?}")]
    Schedule {
        /// The rule.
        rule: String,
        /// What is wrong.
        #[source]
        source: ScheduleError,
    },
    /// Its time zone is unknown.
    #[error("unknown time zone {zone:?} of rule {rule:?}")]
    TimeZone {
        /// The rule.
        rule: String,
        /// The zone.
        zone: String,
    },
}

/// When a rule is due next after `now`, `None` while it is suspended or if that is never.
///
/// `local` is the zone of rules that name none. Zones come from the bundled database, so that every machine gives the
/// same answer.
///
/// # Errors
/// [`RuleError`] names the rule and what of it cannot be read; a suspended rule is not read.
pub fn next_execution(
    rule: &CronFederatedHPARule,
    now: Timestamp,
    local: &TimeZone,
) -> Result<Option<Timestamp>, RuleError> {
    if rule.suspend == Some(true) {
        return Ok(None);
    }
    let schedule: Schedule = rule.schedule.parse().map_err(|source| RuleError::Schedule {
        rule: rule.name.clone(),
        source,
    })?;
    let zone = match &rule.time_zone {
        None => local.clone(),
        Some(name) => time_zone(name, local).ok_or_else(|| RuleError::TimeZone {
            rule: rule.name.clone(),
            zone: name.clone(),
        })?,
    };
    Ok(schedule.next_fire(now, &zone))
}

/// A time zone by a name that [`is_time_zone`] knows; `Local` is `local`.
#[must_use]
pub fn time_zone(name: &str, local: &TimeZone) -> Option<TimeZone> {
    match name {
        "" | "UTC" => Some(TimeZone::UTC),
        "Local" => Some(local.clone()),
        _ if is_time_zone(name) => TimeZoneDatabase::bundled().get(name).ok(),
        _ => None,
    }
}

/// How a rule's execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Execution {
    /// The values of the rule were set.
    Successful,
    /// They were not.
    Failed {
        /// Why.
        message: String,
    },
}

/// Records an execution in front of the rule's history, of which it keeps as many as the rule says (3 successes and 3
/// failures by default), and when the rule is due next. The time that was recorded as next becomes the time for which
/// the execution was scheduled. A rule that the status does not know was deleted: nothing is recorded.
pub fn push_history(
    status: &mut CronFederatedHPAStatus,
    rule: &CronFederatedHPARule,
    execution: Execution,
    now: Timestamp,
    next: Option<Timestamp>,
) {
    let mut histories = status.execution_histories.iter_mut();
    let Some(history) = histories.find(|history| history.rule_name == rule.name) else {
        return;
    };
    let schedule_time = std::mem::replace(&mut history.next_execution_time, next.map(Time));
    let execution_time = Some(Time(now));
    match execution {
        Execution::Successful => push(
            &mut history.successful_executions,
            rule.successful_history_limit,
            SuccessfulExecution {
                schedule_time,
                execution_time,
                applied_replicas: rule.target_replicas,
                applied_max_replicas: rule.target_max_replicas,
                applied_min_replicas: rule.target_min_replicas,
            },
        ),
        Execution::Failed { message } => push(
            &mut history.failed_executions,
            rule.failed_history_limit,
            FailedExecution {
                schedule_time,
                execution_time,
                message,
            },
        ),
    }
}

fn push<T>(history: &mut Vec<T>, limit: Option<i32>, newest: T) {
    history.insert(0, newest);
    history.truncate(usize::try_from(limit.unwrap_or(HISTORY_LIMIT)).unwrap_or(0));
}

/// Brings the histories in line with the rules: those of deleted rules go, new rules get one, and each says when its
/// rule is due next. Histories stay in order, new ones come last.
pub fn sync_histories<'a>(
    status: &mut CronFederatedHPAStatus,
    rules: impl IntoIterator<Item = (&'a str, Option<Timestamp>)>,
) {
    let mut known = std::mem::take(&mut status.execution_histories);
    let mut rules: Vec<(&str, Option<Timestamp>)> = rules.into_iter().collect();
    known.retain_mut(|history| {
        let position = rules.iter().position(|(name, _)| *name == history.rule_name);
        if let Some(position) = position {
            history.next_execution_time = rules.remove(position).1.map(Time);
        }
        position.is_some()
    });
    known.extend(rules.into_iter().map(|(name, next)| ExecutionHistory {
        rule_name: name.to_owned(),
        next_execution_time: next.map(Time),
        ..ExecutionHistory::default()
    }));
    status.execution_histories = known;
}

#[cfg(test)]
mod tests;
