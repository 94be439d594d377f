//! How much of what metrics ask for is done at once: limits, stabilization, and the pace of scaling.
//!
//! What happened before is a [`History`], which the caller keeps per FederatedHPA.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::autoscaling::v2::{HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscalerBehavior};

/// For how long a higher recommendation keeps replicas up if nothing else is said.
pub const DOWNSCALE_STABILIZATION: Duration = Duration::from_secs(300);

/// A number of replicas, at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timed {
    /// When.
    pub at: Timestamp,
    /// How many.
    pub replicas: i32,
}

/// What was recommended and done before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The replicas that metrics asked for.
    pub recommendations: Vec<Timed>,
    /// How many replicas were added.
    pub scale_ups: Vec<Timed>,
    /// How many were removed.
    pub scale_downs: Vec<Timed>,
}

fn before(now: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    now.saturating_sub(duration).unwrap_or(Timestamp::MIN)
}

fn seconds(seconds: i32) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

/// What the bounds say before anything is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The workload was scaled to nothing, by hand: leave it.
    Disabled,
    /// The replicas are out of bounds: set them, and measure nothing.
    Rescale(i32),
    /// Ask the metrics.
    Measure,
}

/// Compares the replicas with the bounds: those of all `members` together, and those of the template, `current`.
#[must_use]
pub fn start(members: i32, current: i32, min: i32, max: i32) -> Start {
    if members == 0 && min != 0 {
        Start::Disabled
    } else if current > max {
        Start::Rescale(max)
    } else if current < min {
        Start::Rescale(min)
    } else {
        Start::Measure
    }
}

/// How many replicas there are to be, and why not as many as metrics ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Normalized {
    /// The replicas.
    pub replicas: i32,
    /// The reason of the condition `AbleToScale`, which is `True`.
    pub able_to_scale: &'static str,
    /// Whether the condition `ScalingLimited` is `True`.
    pub limited: bool,
    /// Its reason.
    pub limited_reason: &'static str,
}

/// What metrics ask for, within what is allowed.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The replicas of the template.
    pub current: i32,
    /// What metrics ask for.
    pub desired: i32,
    /// The least allowed.
    pub min: i32,
    /// The most allowed.
    pub max: i32,
    /// How fast replicas come and go; `None` for the simple limits.
    pub behavior: Option<&'a HorizontalPodAutoscalerBehavior>,
    /// [`DOWNSCALE_STABILIZATION`], or as configured.
    pub downscale_stabilization: Duration,
    /// The time.
    pub now: Timestamp,
}

const READY_FOR_NEW_SCALE: &str = "ReadyForNewScale";
const SCALE_UP_STABILIZED: &str = "ScaleUpStabilized";
const SCALE_DOWN_STABILIZED: &str = "ScaleDownStabilized";
const DESIRED_WITHIN_RANGE: &str = "DesiredWithinRange";
const SCALE_UP_LIMIT: &str = "ScaleUpLimit";
const SCALE_DOWN_LIMIT: &str = "ScaleDownLimit";
const TOO_MANY_REPLICAS: &str = "TooManyReplicas";
const TOO_FEW_REPLICAS: &str = "TooFewReplicas";

/// Decides the replicas, and remembers in the history what was asked for.
#[must_use]
pub fn normalize(request: &Request<'_>, history: &mut History) -> Normalized {
    let (stabilized, stabilized_reason) = stabilize(request, history);
    let (replicas, limited_reason) = limit(request, stabilized, history);
    Normalized {
        replicas,
        able_to_scale: if stabilized == request.desired {
            READY_FOR_NEW_SCALE
        } else {
            stabilized_reason
        },
        limited: replicas != stabilized,
        limited_reason,
    }
}

/// The request, unless recent ones were higher, or with a behavior lower; remembers it.
///
/// Without behavior the highest request of the stabilization window counts. With one, replicas go up only as far as every
/// request of the window for going up asked for, and down only as far as every one of the window for going down did.
#[must_use]
pub fn stabilize(request: &Request<'_>, history: &mut History) -> (i32, &'static str) {
    let Request {
        current,
        desired,
        now,
        ..
    } = *request;
    let newest = Timed {
        at: now,
        replicas: desired,
    };
    let recommendations = &mut history.recommendations;
    let Some(behavior) = request.behavior else {
        let cutoff = before(now, request.downscale_stabilization);
        recommendations.retain(|old| old.at >= cutoff);
        recommendations.push(newest);
        let highest = recommendations.iter().map(|old| old.replicas).max();
        return (highest.unwrap_or(desired), SCALE_DOWN_STABILIZED);
    };
    let window = |rules: Option<&HPAScalingRules>, default| {
        rules
            .and_then(|rules| rules.stabilization_window_seconds)
            .map_or(default, seconds)
    };
    let up_cutoff = before(now, window(behavior.scale_up.as_ref(), Duration::ZERO));
    let down_cutoff = before(
        now,
        window(behavior.scale_down.as_ref(), request.downscale_stabilization),
    );
    let since = |cutoff| {
        let recent = recommendations.iter().filter(move |old| old.at > cutoff);
        recent.map(|old| old.replicas)
    };
    let up = since(up_cutoff).fold(desired, i32::min);
    let down = since(down_cutoff).fold(desired, i32::max);
    recommendations.retain(|old| old.at >= up_cutoff || old.at >= down_cutoff);
    recommendations.push(newest);
    let reason = if desired >= current {
        SCALE_UP_STABILIZED
    } else {
        SCALE_DOWN_STABILIZED
    };
    (current.max(up).min(down), reason)
}

/// What is allowed of `desired` replicas now.
///
/// Without behavior they at most double, or go up to 4. With one, its policies say how far they go up or down; they never
/// turn the direction around.
#[must_use]
pub fn limit(request: &Request<'_>, desired: i32, history: &History) -> (i32, &'static str) {
    let Request {
        current,
        min,
        max,
        now,
        ..
    } = *request;
    let allowed_up = |limit: i32| {
        if max > limit {
            (limit, SCALE_UP_LIMIT)
        } else {
            (max, TOO_MANY_REPLICAS)
        }
    };
    let Some(behavior) = request.behavior else {
        let (most, reason) = allowed_up(current.saturating_mul(2).max(4));
        return if desired < min {
            (min, TOO_FEW_REPLICAS)
        } else if desired > most {
            (most, reason)
        } else {
            (desired, DESIRED_WITHIN_RANGE)
        };
    };
    if desired > current {
        let limit = scale_up_limit(current, behavior.scale_up.as_ref(), history, now).max(current);
        let (most, reason) = allowed_up(limit);
        if desired > most {
            return (most, reason);
        }
    } else if desired < current {
        let limit = scale_down_limit(current, behavior.scale_down.as_ref(), history, now).min(current);
        let (least, reason) = if min < limit {
            (limit, SCALE_DOWN_LIMIT)
        } else {
            (min, TOO_FEW_REPLICAS)
        };
        if desired < least {
            return (least, reason);
        }
    }
    (desired, DESIRED_WITHIN_RANGE)
}

/// How many replicas changed within a period.
fn changed(events: &[Timed], period: i32, now: Timestamp) -> i32 {
    let cutoff = before(now, seconds(period));
    let recent = events.iter().filter(|event| event.at > cutoff);
    recent.fold(0, |sum, event| sum.saturating_add(event.replicas))
}

/// The replicas at the beginning of a policy's period.
fn at_start(current: i32, policy: &HPAScalingPolicy, history: &History, now: Timestamp) -> i32 {
    current
        .saturating_sub(changed(&history.scale_ups, policy.period_seconds, now))
        .saturating_add(changed(&history.scale_downs, policy.period_seconds, now))
}

fn policies(rules: Option<&HPAScalingRules>) -> &[HPAScalingPolicy] {
    rules
        .and_then(|rules| rules.policies.as_deref())
        .unwrap_or_default()
}

fn selects(rules: Option<&HPAScalingRules>, policy: &str) -> bool {
    rules.and_then(|rules| rules.select_policy.as_deref()) == Some(policy)
}

/// The most replicas that the policies for going up allow; less than any number without policies.
///
/// The policy that allows most counts, or with `Min` the one that allows least; `Disabled` allows none to be added.
/// Percentages are rounded up.
#[must_use]
pub fn scale_up_limit(
    current: i32,
    rules: Option<&HPAScalingRules>,
    history: &History,
    now: Timestamp,
) -> i32 {
    if selects(rules, "Disabled") {
        return current;
    }
    let proposals = policies(rules).iter().map(|policy| {
        let start = at_start(current, policy, history, now);
        if policy.type_ == "Percent" {
            (f64::from(start) * (1.0 + f64::from(policy.value) / 100.0)).ceil() as i32
        } else {
            start.saturating_add(policy.value)
        }
    });
    if selects(rules, "Min") {
        proposals.min().unwrap_or(i32::MAX)
    } else {
        proposals.max().unwrap_or(i32::MIN)
    }
}

/// The least replicas that the policies for going down allow; more than any number without policies.
///
/// The policy that allows fewest counts, or with `Min`, the least change, the one that allows most; `Disabled` allows
/// none to be removed. Percentages are rounded down.
#[must_use]
pub fn scale_down_limit(
    current: i32,
    rules: Option<&HPAScalingRules>,
    history: &History,
    now: Timestamp,
) -> i32 {
    if selects(rules, "Disabled") {
        return current;
    }
    let proposals = policies(rules).iter().map(|policy| {
        let start = at_start(current, policy, history, now);
        if policy.type_ == "Percent" {
            (f64::from(start) * (1.0 - f64::from(policy.value) / 100.0)) as i32
        } else {
            start.saturating_sub(policy.value)
        }
    });
    if selects(rules, "Min") {
        proposals.max().unwrap_or(i32::MIN)
    } else {
        proposals.min().unwrap_or(i32::MAX)
    }
}

/// Remembers that the template's replicas were changed; without behavior nobody will ask.
///
/// What is older than the longest period of the policies is forgotten.
pub fn record_scale(
    history: &mut History,
    behavior: Option<&HorizontalPodAutoscalerBehavior>,
    previous: i32,
    replicas: i32,
    now: Timestamp,
) {
    let Some(behavior) = behavior else {
        return;
    };
    let (events, rules) = if replicas > previous {
        (&mut history.scale_ups, behavior.scale_up.as_ref())
    } else {
        (&mut history.scale_downs, behavior.scale_down.as_ref())
    };
    let longest = policies(rules).iter().map(|policy| policy.period_seconds).max();
    let cutoff = before(now, seconds(longest.unwrap_or_default()));
    events.retain(|event| event.at >= cutoff);
    let changed = i64::from(replicas).abs_diff(i64::from(previous));
    events.push(Timed {
        at: now,
        replicas: i32::try_from(changed).unwrap_or(i32::MAX),
    });
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    /// Seconds and replicas.
    type Events<'a> = &'a [(i64, i32)];

    fn timed(events: Events<'_>) -> Vec<Timed> {
        let events = events.iter();
        events
            .map(|(second, replicas)| Timed {
                at: at(*second),
                replicas: *replicas,
            })
            .collect()
    }

    fn request(
        current: i32,
        desired: i32,
        behavior: Option<&HorizontalPodAutoscalerBehavior>,
    ) -> Request<'_> {
        Request {
            current,
            desired,
            min: 1,
            max: 20,
            behavior,
            downscale_stabilization: DOWNSCALE_STABILIZATION,
            now: at(0),
        }
    }

    #[test]
    fn starts() {
        fn check((members, current): (i32, i32), (min, max): (i32, i32), want: Start) {
            assert_eq!(
                start(members, current, min, max),
                want,
                "{members} {current} {min} {max}"
            );
        }
        check((0, 5), (1, 10), Start::Disabled);
        check((0, 0), (0, 10), Start::Measure);
        check((5, 11), (1, 10), Start::Rescale(10));
        check((5, 1), (2, 10), Start::Rescale(2));
        check((5, 5), (1, 10), Start::Measure);
    }

    #[test]
    fn stabilizes() {
        fn check(
            behavior: Value,
            (current, desired): (i32, i32),
            before: &[(i64, i32)],
            want: i32,
            after: &[(i64, i32)],
        ) {
            let behavior: Option<HorizontalPodAutoscalerBehavior> = serde_json::from_value(behavior).unwrap();
            let mut history = History {
                recommendations: timed(before),
                ..History::default()
            };
            let (got, _) = stabilize(&request(current, desired, behavior.as_ref()), &mut history);
            assert_eq!(got, want, "{behavior:?} {current} {desired} {before:?}");
            assert_eq!(history.recommendations, timed(after), "{before:?}");
        }
        check(json!(null), (5, 3), &[], 3, &[(0, 3)]);
        check(
            json!(null),
            (5, 3),
            &[(-301, 9), (-300, 8)],
            8,
            &[(-300, 8), (0, 3)],
        );
        check(json!(null), (5, 9), &[(-10, 3)], 9, &[(-10, 3), (0, 9)]);
        // Going down waits for the default window, going up does not wait.
        check(json!({}), (5, 3), &[(-10, 4)], 4, &[(-10, 4), (0, 3)]);
        check(json!({}), (5, 3), &[(-10, 9)], 5, &[(-10, 9), (0, 3)]);
        check(json!({}), (5, 9), &[(-10, 6)], 9, &[(-10, 6), (0, 9)]);
        let up = json!({"scaleUp": {"stabilizationWindowSeconds": 60}, "scaleDown": {"stabilizationWindowSeconds": 30}});
        check(up.clone(), (5, 9), &[(-59, 6), (-61, 4)], 6, &[(-59, 6), (0, 9)]);
        check(up.clone(), (5, 9), &[(-59, 2)], 5, &[(-59, 2), (0, 9)]);
        check(
            up,
            (5, 2),
            &[(-29, 4), (-31, 5)],
            4,
            &[(-29, 4), (-31, 5), (0, 2)],
        );
    }

    #[test]
    fn limits_without_behavior() {
        fn check(current: i32, desired: i32, want: (i32, &str)) {
            assert_eq!(
                limit(&request(current, desired, None), desired, &History::default()),
                want
            );
        }
        check(5, 10, (10, "DesiredWithinRange"));
        check(5, 11, (10, "ScaleUpLimit"));
        check(1, 9, (4, "ScaleUpLimit"));
        check(15, 25, (20, "TooManyReplicas"));
        check(5, 0, (1, "TooFewReplicas"));
        check(5, 1, (1, "DesiredWithinRange"));
    }

    #[test]
    fn limits_with_behavior() {
        fn check(
            rules: Value,
            (current, desired): (i32, i32),
            (ups, downs): (Events<'_>, Events<'_>),
            want: (i32, &str),
        ) {
            let behavior: HorizontalPodAutoscalerBehavior =
                serde_json::from_value(json!({"scaleUp": rules, "scaleDown": rules})).unwrap();
            let history = History {
                recommendations: Vec::new(),
                scale_ups: timed(ups),
                scale_downs: timed(downs),
            };
            let got = limit(&request(current, desired, Some(&behavior)), desired, &history);
            assert_eq!(got, want, "{rules} {current} {desired}");
        }
        let policy = |kind: &str, value: i32| json!({"type": kind, "value": value, "periodSeconds": 60});
        let rules = |select: &str| json!({"selectPolicy": select, "policies": [policy("Pods", 4), policy("Percent", 10)]});
        let none: (Events<'_>, Events<'_>) = (&[], &[]);
        check(rules("Max"), (10, 12), none, (12, "DesiredWithinRange"));
        check(rules("Max"), (10, 18), none, (14, "ScaleUpLimit"));
        check(rules("Max"), (18, 30), none, (20, "TooManyReplicas"));
        check(rules("Min"), (11, 18), none, (13, "ScaleUpLimit"));
        check(rules("Disabled"), (10, 18), none, (10, "ScaleUpLimit"));
        check(json!({}), (10, 18), none, (10, "ScaleUpLimit"));
        check(rules("Max"), (10, 5), none, (6, "ScaleDownLimit"));
        check(rules("Min"), (11, 5), none, (9, "ScaleDownLimit"));
        check(rules("Disabled"), (10, 5), none, (10, "ScaleDownLimit"));
        check(rules("Max"), (3, 0), none, (1, "TooFewReplicas"));
        check(json!({}), (10, 5), none, (10, "ScaleDownLimit"));
        check(rules("Max"), (10, 10), none, (10, "DesiredWithinRange"));
        // Three were added within the period: one more is allowed.
        check(
            rules("Max"),
            (10, 18),
            (&[(-30, 3), (-60, 9)], &[]),
            (11, "ScaleUpLimit"),
        );
        check(rules("Max"), (10, 18), (&[(-30, 9)], &[]), (10, "ScaleUpLimit"));
        check(rules("Max"), (10, 2), (&[], &[(-30, 3)]), (9, "ScaleDownLimit"));
        check(
            rules("Max"),
            (10, 18),
            (&[(-30, 3)], &[(-20, 2)]),
            (13, "ScaleUpLimit"),
        );
    }

    #[test]
    fn normalizes() {
        fn check(current: i32, desired: i32, before: &[(i64, i32)], want: (i32, &str, bool, &str)) {
            let mut history = History {
                recommendations: timed(before),
                ..History::default()
            };
            let got = normalize(&request(current, desired, None), &mut history);
            assert_eq!(
                (got.replicas, got.able_to_scale, got.limited, got.limited_reason),
                want
            );
        }
        check(5, 7, &[], (7, "ReadyForNewScale", false, "DesiredWithinRange"));
        check(
            5,
            2,
            &[(-10, 4)],
            (4, "ScaleDownStabilized", false, "DesiredWithinRange"),
        );
        check(5, 15, &[], (10, "ReadyForNewScale", true, "ScaleUpLimit"));
    }

    #[test]
    fn remembers_scaling() {
        fn check(behavior: Value, previous: i32, replicas: i32, ups: &[(i64, i32)], downs: &[(i64, i32)]) {
            let behavior: Option<HorizontalPodAutoscalerBehavior> = serde_json::from_value(behavior).unwrap();
            let mut history = History {
                recommendations: Vec::new(),
                scale_ups: timed(&[(-61, 1), (-60, 2)]),
                scale_downs: timed(&[(-16, 3)]),
            };
            record_scale(&mut history, behavior.as_ref(), previous, replicas, at(0));
            assert_eq!(history.scale_ups, timed(ups), "{previous} {replicas}");
            assert_eq!(history.scale_downs, timed(downs), "{previous} {replicas}");
        }
        let policies =
            |period: i32| json!({"policies": [{"type": "Pods", "value": 1, "periodSeconds": period}]});
        let behavior = json!({"scaleUp": policies(60), "scaleDown": policies(15)});
        check(json!(null), 1, 5, &[(-61, 1), (-60, 2)], &[(-16, 3)]);
        check(behavior.clone(), 1, 5, &[(-60, 2), (0, 4)], &[(-16, 3)]);
        check(behavior, 5, 1, &[(-61, 1), (-60, 2)], &[(0, 4)]);
    }
}
