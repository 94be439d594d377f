//! Which taints are tolerated, and for how long (`karmada:pkg/util/helper/taint.go`, component-helpers
//! `scheduling/corev1`).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::api::meta::{Taint, Toleration};

/// The effects a taint can have.
pub mod effects {
    /// Nothing new comes in.
    pub const NO_SCHEDULE: &str = "NoSchedule";
    /// New things rather go elsewhere.
    pub const PREFER_NO_SCHEDULE: &str = "PreferNoSchedule";
    /// What is there leaves, too.
    pub const NO_EXECUTE: &str = "NoExecute";
}

/// The operators of tolerations. An empty operator is [`EQUAL`](operators::EQUAL).
pub mod operators {
    /// The taint's value is the toleration's.
    pub const EQUAL: &str = "Equal";
    /// The taint is there.
    pub const EXISTS: &str = "Exists";
}

/// Whether a toleration accepts a taint.
///
/// An empty effect or key accepts every one. Operators other than `Exists` and `Equal` accept nothing: the numeric ones
/// that Kubernetes has lately are switched off upstream.
#[must_use]
pub fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    (toleration.effect.is_empty() || toleration.effect == taint.effect)
        && (toleration.key.is_empty() || toleration.key == taint.key)
        && match toleration.operator.as_str() {
            "" | operators::EQUAL => toleration.value == taint.value,
            operators::EXISTS => true,
            _ => false,
        }
}

/// The first of the taints concerned that no toleration accepts.
#[must_use]
pub fn first_untolerated<'a>(
    taints: &'a [Taint],
    tolerations: &[Toleration],
    concerns: impl Fn(&Taint) -> bool,
) -> Option<&'a Taint> {
    taints
        .iter()
        .filter(|taint| concerns(taint))
        .find(|taint| !tolerations.iter().any(|toleration| tolerates(toleration, taint)))
}

/// For each taint the first toleration that accepts it, or `None` if a taint has no such toleration.
#[must_use]
pub fn matching_tolerations<'a, 't>(
    taints: impl IntoIterator<Item = &'t Taint>,
    tolerations: &'a [Toleration],
) -> Option<Vec<&'a Toleration>> {
    taints
        .into_iter()
        .map(|taint| tolerations.iter().find(|toleration| tolerates(toleration, taint)))
        .collect()
}

/// How much longer something may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TolerationTime {
    /// For ever.
    Forever,
    /// That long; zero means no longer.
    For(Duration),
}

impl TolerationTime {
    /// Nanoseconds as upstream counts them: -1 for ever, saturating at the end of `i64`.
    #[must_use]
    pub fn nanos(self) -> i64 {
        match self {
            Self::Forever => -1,
            Self::For(left) => i64::try_from(left.as_nanos()).unwrap_or(i64::MAX),
        }
    }
}

/// How much longer the taints let something stay, given the tolerations that accept them, one per taint or more.
///
/// A toleration with `tolerationSeconds` runs out that long after the taints it accepts were added; of all that run out
/// the earliest counts. Taints without `timeAdded` do not run out. With taints but no tolerations there is no time at all.
#[must_use]
pub fn min_toleration_time<'a>(
    no_execute_taints: &[&Taint],
    used_tolerations: impl IntoIterator<Item = &'a Toleration>,
    now: Timestamp,
) -> TolerationTime {
    if no_execute_taints.is_empty() {
        return TolerationTime::Forever;
    }
    let mut none_used = true;
    let mut earliest: Option<Timestamp> = None;
    for toleration in used_tolerations {
        none_used = false;
        let Some(seconds) = toleration.toleration_seconds else {
            continue;
        };
        for taint in no_execute_taints
            .iter()
            .filter(|taint| tolerates(toleration, taint))
        {
            let Some(added) = &taint.time_added else { continue };
            let end = added
                .0
                .saturating_add(SignedDuration::from_secs(seconds))
                .unwrap_or(Timestamp::MAX);
            earliest = Some(earliest.map_or(end, |earliest| earliest.min(end)));
        }
    }
    match earliest {
        _ if none_used => TolerationTime::For(Duration::ZERO),
        None => TolerationTime::Forever,
        Some(end) => TolerationTime::For(end.duration_since(now).try_into().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taint(key: &str, value: &str, effect: &str, added: Option<&str>) -> Taint {
        Taint {
            key: key.into(),
            value: value.into(),
            effect: effect.into(),
            time_added: added.map(|added| crate::api::meta::Time(added.parse().unwrap())),
        }
    }

    fn toleration(text: &str, seconds: Option<i64>) -> Toleration {
        // key operator value:effect, `-` for empty
        let parts: Vec<&str> = text
            .split([' ', ':'])
            .map(|part| if part == "-" { "" } else { part })
            .collect();
        let [key, operator, value, effect] = parts[..] else {
            panic!("{text}")
        };
        Toleration {
            key: key.into(),
            operator: operator.into(),
            value: value.into(),
            effect: effect.into(),
            toleration_seconds: seconds,
        }
    }

    #[test]
    fn accepts() {
        fn check(text: &str, want: bool) {
            let taint = taint("k", "v", "NoExecute", None);
            assert_eq!(tolerates(&toleration(text, None), &taint), want, "{text}");
        }
        check("k Equal v:NoExecute", true);
        check("k - v:NoExecute", true);
        check("k Equal v:-", true);
        check("- Equal v:-", true);
        check("k Equal w:NoExecute", false);
        check("k Equal -:NoExecute", false);
        check("k Exists -:NoExecute", true);
        check("k Exists w:NoExecute", true);
        check("- Exists -:-", true);
        check("k Exists -:NoSchedule", false);
        check("j Exists -:NoExecute", false);
        check("k exists v:NoExecute", false);
        check("k Gt 1:NoExecute", false);
        check("k Lt 1:NoExecute", false);
    }

    #[test]
    fn finds_the_first_match_of_each_taint() {
        let taints = [
            taint("a", "", "NoSchedule", None),
            taint("b", "x", "NoExecute", None),
        ];
        let all = [
            toleration("b Equal y:-", None),
            toleration("- Exists -:NoExecute", None),
            toleration("a Exists -:-", None),
            toleration("b Exists -:-", None),
        ];
        assert_eq!(matching_tolerations(&taints, &all), Some(vec![&all[2], &all[1]]));
        assert_eq!(matching_tolerations(&taints, &all[..2]), None);
        assert_eq!(matching_tolerations(&taints, &[]), None);
        assert_eq!(matching_tolerations(&[], &all), Some(vec![]));

        assert_eq!(first_untolerated(&taints, &all, |_| true), None);
        assert_eq!(first_untolerated(&taints, &all[..2], |_| true), Some(&taints[0]));
        assert_eq!(
            first_untolerated(&taints, &all[..2], |taint| taint.effect == effects::NO_EXECUTE),
            None
        );
    }

    #[test]
    fn takes_the_earliest_end() {
        use TolerationTime::{For, Forever};
        fn check(taints: &[Taint], tolerations: &[Toleration], want: TolerationTime) {
            let taints: Vec<&Taint> = taints.iter().collect();
            let now = "2026-06-01T00:00:00Z".parse().unwrap();
            assert_eq!(
                min_toleration_time(&taints, tolerations, now),
                want,
                "{taints:?} {tolerations:?}"
            );
        }
        let seconds = |seconds| For(Duration::from_secs(seconds));
        let a = taint("a", "", "NoExecute", Some("2026-05-31T23:59:00Z"));
        let b = taint("b", "", "NoExecute", Some("2026-05-31T23:59:30Z"));
        let untimed = taint("a", "", "NoExecute", None);
        let of = |key: &str, seconds| toleration(&format!("{key} Exists -:-"), seconds);

        check(&[], &[of("a", Some(0))], Forever);
        check(std::slice::from_ref(&a), &[], seconds(0));
        check(std::slice::from_ref(&a), &[of("a", None)], Forever);
        check(std::slice::from_ref(&untimed), &[of("a", Some(10))], Forever);
        check(std::slice::from_ref(&a), &[of("a", Some(100))], seconds(40));
        check(std::slice::from_ref(&a), &[of("a", Some(60))], seconds(0));
        check(std::slice::from_ref(&a), &[of("a", Some(-5))], seconds(0));
        check(
            &[a.clone(), b.clone()],
            &[of("a", Some(100)), of("b", Some(50))],
            seconds(20),
        );
        check(
            &[a.clone(), b.clone()],
            &[of("a", None), of("b", Some(50))],
            seconds(20),
        );
        // One toleration may accept both, and then ends with the older taint.
        check(
            &[b, a.clone()],
            &[toleration("- Exists -:-", Some(90))],
            seconds(30),
        );
        let longest = Timestamp::MAX.duration_since("2026-06-01T00:00:00Z".parse().unwrap());
        check(&[a], &[of("a", Some(i64::MAX))], For(longest.try_into().unwrap()));
    }

    #[test]
    fn counts_nanoseconds() {
        assert_eq!(TolerationTime::Forever.nanos(), -1);
        assert_eq!(TolerationTime::For(Duration::ZERO).nanos(), 0);
        assert_eq!(TolerationTime::For(Duration::from_millis(1)).nanos(), 1_000_000);
        assert_eq!(TolerationTime::For(Duration::MAX).nanos(), i64::MAX);
    }
}
