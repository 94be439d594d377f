use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::annotations;
use crate::api::wire;

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

/// `key[=value]:effect`, with the time of [`now`] when marked `!`.
fn taint(text: &str) -> Taint {
    let (text, time_added) = match text.strip_suffix('!') {
        Some(text) => (text, Some(Time(now()))),
        None => (text, None),
    };
    let (name, effect) = text.split_once(':').unwrap();
    let (key, value) = name.split_once('=').unwrap_or((name, ""));
    Taint {
        key: key.into(),
        value: value.into(),
        effect: effect.into(),
        time_added,
    }
}

fn taints(texts: &[&str]) -> Vec<Taint> {
    texts.iter().map(|text| taint(text)).collect()
}

#[test]
fn sets() {
    fn check(before: &[&str], add: &[&str], remove: &[&str], want: &[&str]) {
        let got = set(&taints(before), &taints(add), &taints(remove), now());
        assert_eq!(got, taints(want), "{before:?} + {add:?} - {remove:?}");
    }
    check(&[], &["a:NoSchedule"], &[], &["a:NoSchedule!"]);
    check(
        &["a=x:NoSchedule"],
        &["a=y:NoSchedule", "a:NoExecute"],
        &[],
        &["a=x:NoSchedule", "a:NoExecute!"],
    );
    check(
        &["a:NoSchedule", "b:NoSchedule", "a:NoExecute"],
        &[],
        &["a=x:NoSchedule"],
        &["b:NoSchedule", "a:NoExecute"],
    );
    check(&[], &["a:NoSchedule"], &["a:NoSchedule"], &["a:NoSchedule!"]);
    check(&["a:NoSchedule"], &["a:NoSchedule"], &["a:NoSchedule"], &[]);
    check(
        &["a:NoSchedule", "a=x:NoSchedule"],
        &[],
        &[],
        &["a:NoSchedule", "a=x:NoSchedule"],
    );
}

#[test]
fn follows_the_ready_condition() {
    fn check(before: &[&str], ready: Option<&str>, want: &[&str]) {
        let ready = ready.map(ConditionStatus::from);
        assert_eq!(
            for_ready_condition(&taints(before), ready.as_ref(), now()),
            taints(want),
            "{before:?} {ready:?}"
        );
    }
    const NOT_READY: &str = "cluster.karmada.io/not-ready:NoSchedule";
    const UNREACHABLE: &str = "cluster.karmada.io/unreachable:NoSchedule";
    const NOW_NOT_READY: &str = "cluster.karmada.io/not-ready:NoSchedule!";
    const NOW_UNREACHABLE: &str = "cluster.karmada.io/unreachable:NoSchedule!";
    check(&["a:NoSchedule"], None, &["a:NoSchedule", NOW_NOT_READY]);
    check(&[UNREACHABLE], None, &[UNREACHABLE, NOW_NOT_READY]);
    check(&[UNREACHABLE], Some("False"), &[NOW_NOT_READY]);
    check(&[NOT_READY], Some("False"), &[NOT_READY]);
    check(&[NOT_READY], Some("Unknown"), &[NOW_UNREACHABLE]);
    check(
        &[NOT_READY, "a:NoExecute", UNREACHABLE],
        Some("True"),
        &["a:NoExecute"],
    );
    check(
        &["cluster.karmada.io/not-ready:NoExecute"],
        Some("True"),
        &["cluster.karmada.io/not-ready:NoExecute"],
    );
    check(&[NOT_READY], Some("Perhaps"), &[NOT_READY]);
}

#[test]
fn matches_conditions() {
    fn check(demands: Value, want: bool) {
        let conditions: Vec<Condition> = wire::decode(&json!([
            {"type": "Ready", "status": "False"}, {"type": "Disk", "status": "Unknown"},
        ]))
        .unwrap();
        let read: Vec<MatchCondition> = wire::decode(&demands).unwrap();
        assert_eq!(conditions_match(&conditions, &read), want, "{demands}");
    }
    let demand = |condition: &str, operator: &str, values: &[&str]| json!({"conditionType": condition, "operator": operator, "statusValues": values});
    check(json!([]), false);
    check(json!([demand("Ready", "In", &["False", "Unknown"])]), true);
    check(json!([demand("Ready", "In", &["True"])]), false);
    check(json!([demand("Ready", "NotIn", &["True"])]), true);
    check(json!([demand("Ready", "NotIn", &["False"])]), false);
    check(
        json!([
            demand("Ready", "In", &["False"]),
            demand("Disk", "In", &["Unknown"])
        ]),
        true,
    );
    check(
        json!([demand("Ready", "In", &["False"]), demand("Disk", "In", &["True"])]),
        false,
    );
    check(json!([demand("Memory", "NotIn", &["True"])]), false);
    check(json!([demand("Ready", "Exists", &["False"])]), false);
}

#[test]
fn applies_policies_in_order_of_age() {
    fn policy(name: &str, created: &str, spec: Value) -> ClusterTaintPolicy {
        wire::decode(&json!({"metadata": {"name": name, "creationTimestamp": created}, "spec": spec}))
            .unwrap()
    }
    let cluster: Cluster = wire::decode(&json!({
        "metadata": {"name": "member1"},
        "spec": {"taints": [{"key": "a", "value": "old", "effect": "NoExecute"}]},
        "status": {"conditions": [{"type": "Ready", "status": "False"}]},
    }))
    .unwrap();
    let not_ready = json!([{"conditionType": "Ready", "operator": "In", "statusValues": ["False"]}]);
    let of = |key: &str| json!([{"key": key, "value": "new", "effect": "NoExecute"}]);
    let policies = [
        policy(
            "removes-b",
            "2026-01-03T00:00:00Z",
            json!({"removeOnConditions": not_ready, "taints": of("b")}),
        ),
        policy(
            "adds-b",
            "2026-01-02T00:00:00Z",
            json!({"addOnConditions": not_ready, "taints": of("b")}),
        ),
        policy(
            "adds-c-and-a",
            "2026-01-01T00:00:00Z",
            json!({"addOnConditions": not_ready, "taints":
            [{"key": "c", "effect": "NoSchedule"}, {"key": "a", "value": "new", "effect": "NoExecute"}]}),
        ),
        policy(
            "elsewhere",
            "2026-01-01T00:00:00Z",
            json!({"targetClusters": {"clusterNames": ["member2"]},
            "addOnConditions": not_ready, "taints": of("d")}),
        ),
        policy("never", "2026-01-01T00:00:00Z", json!({"taints": of("e")})),
        policy(
            "adds-and-removes",
            "2026-01-04T00:00:00Z",
            json!({"addOnConditions": not_ready, "removeOnConditions": not_ready, "taints": of("f")}),
        ),
    ];
    let want = taints(&["a=old:NoExecute", "c:NoSchedule!"]);
    assert_eq!(apply_policies(&cluster, &policies, now()), want);
    assert_eq!(apply_policies(&cluster, policies.iter().rev(), now()), want);
    assert_eq!(
        apply_policies(&cluster, &policies[1..2], now()),
        taints(&["a=old:NoExecute", "b=new:NoExecute!"])
    );
}

#[test]
fn decides_about_eviction() {
    fn check(cluster: Option<&[&str]>, placement: &str, enabled: bool, want: Result<EvictionDecision, &str>) {
        let cluster = cluster.map(|texts| {
            let mut cluster = Cluster::named("member1");
            cluster.spec.taints = taints(texts);
            cluster
        });
        let annotations = BTreeMap::from([(annotations::POLICY_PLACEMENT.to_owned(), placement.to_owned())]);
        let got = eviction_decision(cluster.as_ref(), &annotations, enabled, now())
            .map_err(|error| error.to_string());
        match (got, want) {
            (Ok(got), Ok(want)) => assert_eq!(got, want, "{placement}"),
            (Err(got), Err(want)) => assert!(got.contains(want), "{got}"),
            (got, want) => panic!("{placement}: {got:?}, expected {want:?}"),
        }
    }
    use EvictionDecision::{Evict, Stay, Wait};
    let tainted: Option<&[&str]> = Some(&["a:NoExecute!", "b:NoSchedule"]);
    let tolerating = |seconds: &str| {
        format!(r#"{{"clusterTolerations": [{{"key": "a", "operator": "Exists"{seconds}}}]}}"#)
    };
    check(tainted, "{}", true, Ok(Evict));
    check(tainted, "null", true, Ok(Evict));
    check(tainted, "{}", false, Ok(Stay));
    check(None, "{}", true, Ok(Stay));
    check(Some(&["b:NoSchedule"]), "{}", true, Ok(Stay));
    check(tainted, &tolerating(""), true, Ok(Stay));
    check(
        tainted,
        &tolerating(r#", "tolerationSeconds": 60"#),
        true,
        Ok(Wait(Duration::from_secs(60))),
    );
    check(
        tainted,
        &tolerating(r#", "tolerationSeconds": 0"#),
        true,
        Ok(Evict),
    );
    check(
        None,
        "",
        false,
        Err("policy.karmada.io/applied-placement is missing or empty"),
    );
    check(
        tainted,
        "{",
        true,
        Err("policy.karmada.io/applied-placement holds no placement"),
    );
    assert_eq!(
        eviction_decision(None, &BTreeMap::new(), true, now()),
        Err(AppliedPlacementError::Missing)
    );
}

#[test]
fn adds_tolerations_once() {
    let seconds = |seconds| Toleration {
        toleration_seconds: Some(seconds),
        ..Toleration::exists("a", "NoExecute")
    };
    let mut tolerations = vec![seconds(5)];
    add_tolerations(
        &mut tolerations,
        &[
            seconds(9),
            Toleration::exists("b", ""),
            Toleration::exists("b", ""),
        ],
    );
    add_tolerations(&mut tolerations, &[Toleration::equal("a", "", "NoExecute")]);
    assert_eq!(
        tolerations,
        [
            seconds(5),
            Toleration::exists("b", ""),
            Toleration::equal("a", "", "NoExecute")
        ]
    );
}

#[test]
fn describes() {
    assert_eq!(describe(&[]), "cluster now does not have taints");
    assert_eq!(
        describe(&taints(&["a:NoExecute", "b=x:"])),
        "cluster now has taints([{Key:a,Effect:NoExecute},{Key:b,Value:x,Effect:}])"
    );
}

#[test]
fn parses() {
    fn check(texts: &[&str], add: &[&str], remove: &[&str]) {
        assert_eq!(
            parse(texts),
            Ok(TaintChanges {
                add: taints(add),
                remove: taints(remove)
            }),
            "{texts:?}"
        );
    }
    check(&[], &[], &[]);
    check(
        &["a:NoSchedule", "b.io/c=d:NoExecute"],
        &["a:NoSchedule", "b.io/c=d:NoExecute"],
        &[],
    );
    check(&["a=:PreferNoSchedule"], &["a:PreferNoSchedule"], &[]);
    check(
        &["a-", "b:NoSchedule-", "c=d:NoExecute-", "a-"],
        &[],
        &["a:", "b:NoSchedule", "c:NoExecute", "a:"],
    );
    check(
        &["a:NoSchedule", "a:NoSchedule-"],
        &["a:NoSchedule"],
        &["a:NoSchedule"],
    );

    fn refuse(texts: &[&str], want: &str) {
        let error = parse(texts).unwrap_err();
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        let error = format!("{error}{}", cause.unwrap_or_default());
        assert!(error.contains(want), "{texts:?}: {error}");
    }
    refuse(&["a"], "must be KEY[=VALUE]:EFFECT");
    refuse(&["a:b:c"], "must be KEY[=VALUE]:EFFECT");
    refuse(&["a=b=c:NoSchedule"], "must be KEY[=VALUE]:EFFECT");
    refuse(&["a=b"], "bad key");
    refuse(&["a=b-"], "bad key");
    refuse(&["-"], "bad key");
    refuse(&["/a:NoSchedule"], "bad key: the prefix must not be empty");
    refuse(&["a=b c:NoSchedule"], "bad value");
    refuse(&["a:"], r#""" is not one of NoSchedule"#);
    refuse(&["a:noschedule"], r#""noschedule" is not one of NoSchedule"#);
    refuse(&["a:NoExecute", "a=b:NoExecute"], "added twice");
}

proptest! {
    #[test]
    fn parsing_never_panics(texts in prop::collection::vec(".{0,20}|[a-b=:-]{0,8}(NoSchedule|NoExecute)?-?", 0..4)) {
        let _ = parse(&texts);
    }

    #[test]
    fn setting_twice_changes_nothing(
        before in prop::collection::vec("[a-c](=[xy])?:(NoSchedule|NoExecute)", 0..4),
        add in prop::collection::vec("[a-c](=[xy])?:(NoSchedule|NoExecute)", 0..4),
    ) {
        let taints = |texts: &[String]| texts.iter().map(|text| taint(text)).collect::<Vec<_>>();
        let once = set(&taints(&before), &taints(&add), &[], now());
        prop_assert_eq!(set(&once, &taints(&add), &[], now()), once);
    }
}
