use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn fires() {
    fn check(schedule: &str, zone: &str, now: &str, want: &[&str]) {
        let parsed: Schedule = schedule.parse().unwrap();
        let zone = time_zone(zone, &TimeZone::UTC).unwrap();
        let mut now = at(now);
        let mut got = Vec::new();
        for _ in want {
            let Some(next) = parsed.next_fire(now, &zone) else {
                break;
            };
            got.push(next);
            now = next;
        }
        let want: Vec<Timestamp> = want.iter().map(|text| at(text)).collect();
        assert_eq!(got, want, "{schedule}");
    }
    let noon = "2026-08-21T12:00:00Z"; // A Friday.
    check(
        "* * * * *",
        "UTC",
        "2026-08-21T12:00:30.5Z",
        &["2026-08-21T12:01:00Z", "2026-08-21T12:02:00Z"],
    );
    check(
        "*/20 * * * *",
        "UTC",
        noon,
        &[
            "2026-08-21T12:20:00Z",
            "2026-08-21T12:40:00Z",
            "2026-08-21T13:00:00Z",
        ],
    );
    check(
        "50/5 * * * *",
        "UTC",
        noon,
        &[
            "2026-08-21T12:50:00Z",
            "2026-08-21T12:55:00Z",
            "2026-08-21T13:50:00Z",
        ],
    );
    check("0 8 * * *", "UTC", noon, &["2026-08-22T08:00:00Z"]);
    check("0 8 * * *", "Asia/Shanghai", noon, &["2026-08-22T00:00:00Z"]);
    check(
        "0 9 * * MON-FRI",
        "UTC",
        noon,
        &["2026-08-24T09:00:00Z", "2026-08-25T09:00:00Z"],
    );
    check(
        "0 0 1 jan,Jul *",
        "UTC",
        noon,
        &["2027-01-01T00:00:00Z", "2027-07-01T00:00:00Z"],
    );
    check("0 0 29 2 *", "UTC", noon, &["2028-02-29T00:00:00Z"]);
    check(
        "0 0 13 * 5",
        "UTC",
        noon,
        &[
            "2026-08-28T00:00:00Z",
            "2026-09-04T00:00:00Z",
            "2026-09-11T00:00:00Z",
            "2026-09-13T00:00:00Z",
        ],
    );
    check("0 0 13 * ?", "UTC", noon, &["2026-09-13T00:00:00Z"]);
    check(
        "0 0 */2 * MON",
        "UTC",
        noon,
        &["2026-08-23T00:00:00Z", "2026-08-24T00:00:00Z"],
    );
    check("0 0 * * 0", "UTC", noon, &["2026-08-23T00:00:00Z"]);
    check("@yearly", "UTC", noon, &["2027-01-01T00:00:00Z"]);
    check("@annually", "UTC", noon, &["2027-01-01T00:00:00Z"]);
    check("@monthly", "UTC", noon, &["2026-09-01T00:00:00Z"]);
    check("@weekly", "UTC", noon, &["2026-08-23T00:00:00Z"]);
    check("@daily", "UTC", noon, &["2026-08-22T00:00:00Z"]);
    check("@midnight", "UTC", noon, &["2026-08-22T00:00:00Z"]);
    check("@hourly", "UTC", noon, &["2026-08-21T13:00:00Z"]);
    // Clocks go from 2 to 3 on the 8th of March, and from 2 back to 1 on the 1st of November.
    check(
        "30 2 * * *",
        "America/New_York",
        "2026-03-07T12:00:00Z",
        &["2026-03-09T06:30:00Z"],
    );
    check(
        "30 1 * * *",
        "America/New_York",
        "2026-11-01T00:00:00Z",
        &[
            "2026-11-01T05:30:00Z",
            "2026-11-01T06:30:00Z",
            "2026-11-02T06:30:00Z",
        ],
    );
    check(
        "0,30 1,2 * * *",
        "America/New_York",
        "2026-11-01T05:00:00Z",
        &[
            "2026-11-01T05:30:00Z",
            "2026-11-01T06:00:00Z",
            "2026-11-01T06:30:00Z",
            "2026-11-01T07:00:00Z",
        ],
    );
}

#[test]
fn never_fires() {
    fn check(schedule: &str, now: &str) {
        let parsed: Schedule = schedule.parse().unwrap();
        assert_eq!(parsed.next_fire(at(now), &TimeZone::UTC), None, "{schedule}");
    }
    check("0 0 30 2 *", "2026-08-21T12:00:00Z");
    check("0 0 31 4,6,9,11 *", "2026-08-21T12:00:00Z");
    // No leap year between 2096 and 2104.
    check("0 0 29 2 *", "2097-01-01T00:00:00Z");
}

#[test]
fn refuses() {
    fn check(schedule: &str, want: &str) {
        let error = schedule.parse::<Schedule>().unwrap_err();
        assert_eq!(error.to_string(), want, "{schedule}");
    }
    check("", "schedule has 0 fields, expected 5");
    check("* * * *", "schedule has 4 fields, expected 5");
    check("0 * * * * *", "schedule has 6 fields, expected 5");
    check("@fortnightly", r#"unknown schedule "@fortnightly""#);
    check("@every 5m", r#"unknown schedule "@every 5m""#);
    check("60 * * * *", r#"minute: "60" is out of range 0-59"#);
    check("* 24 * * *", r#"hour: "24" is out of range 0-23"#);
    check("* * 0 * *", r#"day of month: "0" is out of range 1-31"#);
    check("* * * 13 *", r#"month: "13" is out of range 1-12"#);
    check("* * * * 7", r#"day of week: "7" is out of range 0-6"#);
    check("* * * * FRI-MON", r#"day of week: "FRI-MON" is out of range 0-6"#);
    check("*/0 * * * *", r#"minute: "*/0" is out of range 0-59"#);
    check("x * * * *", r#"minute: "x" is not a value, a range or a step"#);
    check(
        "1-2-3 * * * *",
        r#"minute: "1-2-3" is not a value, a range or a step"#,
    );
    check(
        "1/2/3 * * * *",
        r#"minute: "1/2/3" is not a value, a range or a step"#,
    );
    check("-1 * * * *", r#"minute: "-1" is not a value, a range or a step"#);
    check(
        "* * L * *",
        r#"day of month: "L" is not a value, a range or a step"#,
    );
}

fn rule(schedule: &str) -> CronFederatedHPARule {
    CronFederatedHPARule::replicas("up", schedule, 5)
}

#[test]
fn rules() {
    fn check(rule: &CronFederatedHPARule, want: Result<Option<&str>, &str>) {
        let local = time_zone("Asia/Tokyo", &TimeZone::UTC).unwrap();
        let got = next_execution(rule, at("2026-08-21T12:00:00Z"), &local);
        assert_eq!(
            got.map_err(|error| error.to_string()),
            want.map(|it| it.map(at)).map_err(str::to_owned)
        );
    }
    let suspended = CronFederatedHPARule {
        suspend: Some(true),
        ..rule("x")
    };
    check(&rule("0 9 * * *"), Ok(Some("2026-08-22T00:00:00Z")));
    check(
        &rule("0 9 * * *").time_zone("UTC"),
        Ok(Some("2026-08-22T09:00:00Z")),
    );
    check(&rule("0 9 * * *").time_zone(""), Ok(Some("2026-08-22T09:00:00Z")));
    check(
        &rule("0 9 * * *").time_zone("Europe/Berlin"),
        Ok(Some("2026-08-22T07:00:00Z")),
    );
    check(
        &rule("0 9 * * *").time_zone("Local"),
        Ok(Some("2026-08-22T00:00:00Z")),
    );
    check(
        &rule(" @daily ").time_zone("UTC"),
        Ok(Some("2026-08-22T00:00:00Z")),
    );
    check(&suspended, Ok(None));
    check(&rule("0 0 30 2 *"), Ok(None));
    check(&rule("x"), Err(r#"invalid schedule of rule "up""#));
    check(
        &rule("0 9 * * *").time_zone("Mars/Base"),
        Err(r#"unknown time zone "Mars/Base" of rule "up""#),
    );
}

#[test]
fn histories() {
    fn check(limit: Option<i32>, pushes: usize, want: &[&str]) {
        for failing in [false, true] {
            let mut rule = rule("* * * * *");
            rule.successful_history_limit = limit;
            rule.failed_history_limit = limit;
            let mut status = CronFederatedHPAStatus::default();
            let noon = at("2026-08-21T12:00:00Z");
            sync_histories(&mut status, [("up", Some(noon))]);
            for push in 0..pushes {
                let execution = if failing {
                    Execution::Failed { message: "no".into() }
                } else {
                    Execution::Successful
                };
                let due = noon + jiff::SignedDuration::from_mins(push.try_into().unwrap());
                let next = due + jiff::SignedDuration::from_mins(1);
                push_history(&mut status, &rule, execution, due, Some(next));
            }
            let history = &status.execution_histories[0];
            let times: Vec<String> = if failing {
                assert!(history.failed_executions.iter().all(|it| it.message == "no"));
                assert!(
                    history
                        .failed_executions
                        .iter()
                        .all(|it| it.schedule_time == it.execution_time)
                );
                history
                    .failed_executions
                    .iter()
                    .map(|it| it.schedule_time.clone().unwrap().0.to_string())
                    .collect()
            } else {
                assert!(
                    history
                        .successful_executions
                        .iter()
                        .all(|it| it.applied_replicas == Some(5))
                );
                history
                    .successful_executions
                    .iter()
                    .map(|it| it.schedule_time.clone().unwrap().0.to_string())
                    .collect()
            };
            assert_eq!(times, want, "{limit:?} {pushes} {failing}");
        }
    }
    check(None, 1, &["2026-08-21T12:00:00Z"]);
    check(
        None,
        5,
        &[
            "2026-08-21T12:04:00Z",
            "2026-08-21T12:03:00Z",
            "2026-08-21T12:02:00Z",
        ],
    );
    check(Some(1), 2, &["2026-08-21T12:01:00Z"]);
    check(Some(0), 2, &[]);
    check(Some(-1), 2, &[]);
}

#[test]
fn histories_follow_rules() {
    fn check(before: &[&str], rules: &[&str], want: &[&str]) {
        let mut status = CronFederatedHPAStatus::default();
        sync_histories(&mut status, before.iter().map(|name| (*name, None)));
        let noon = at("2026-08-21T12:00:00Z");
        sync_histories(&mut status, rules.iter().map(|name| (*name, Some(noon))));
        let names: Vec<&str> = status
            .execution_histories
            .iter()
            .map(|it| it.rule_name.as_str())
            .collect();
        assert_eq!(names, want, "{before:?} {rules:?}");
        assert!(
            status
                .execution_histories
                .iter()
                .all(|it| it.next_execution_time == Some(Time(noon)))
        );
    }
    check(&[], &["a", "b"], &["a", "b"]);
    check(&["a", "b"], &["c", "b"], &["b", "c"]);
    check(&["a"], &[], &[]);
}

#[test]
fn an_unknown_rule_leaves_no_trace() {
    let mut status = CronFederatedHPAStatus::default();
    let now = at("2026-08-21T12:00:00Z");
    push_history(&mut status, &rule("* * * * *"), Execution::Successful, now, None);
    assert_eq!(status, CronFederatedHPAStatus::default());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[-0-9a-z*/?, @+]{0,20}") {
        let _ = text.parse::<Schedule>();
    }

    #[test]
    fn what_fires_is_later_and_nothing_was_missed(second in 0i64..4_000_000_000, minute in 0..60u8, hour in 0..24u8) {
        let schedule: Schedule = format!("{minute} {hour} * * *").parse().unwrap();
        let now = Timestamp::from_second(second).unwrap();
        let next = schedule.next_fire(now, &TimeZone::UTC).unwrap();
        prop_assert!(next > now);
        prop_assert!(next.duration_since(now) <= jiff::SignedDuration::from_hours(24));
    }
}
