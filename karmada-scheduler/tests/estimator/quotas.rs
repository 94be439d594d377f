//! Room in quotas, rule by rule.

use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::Corrections;
use karmada_scheduler::estimator::{AccurateEstimator, MemberState};
use serde_json::{Value, json};

use crate::objects::{assumed, component, estimator, member, node, quota, replicas, sets};

fn member_with(quotas: &[(Value, Value, Value)]) -> MemberState {
    let quotas: Vec<_> = quotas
        .iter()
        .enumerate()
        .map(|(index, (spec, hard, used))| {
            quota(&format!("q{index}"), spec.clone(), hard.clone(), used.clone())
        })
        .collect();
    let amounts =
        json!({"cpu": "1000", "memory": "1Ti", "pods": "500", "nvidia.com/gpu": "500", "zeta.io/x": "500"});
    member(&[node("n1", amounts, json!({}))], &[], &quotas)
}

/// Room for replicas and for sets of one such component.
fn room(estimator: &AccurateEstimator, member: &MemberState, class: &str, request: &Value) -> (i32, i32) {
    let needs = json!({"namespace": "ns", "priorityClassName": class, "resourceRequest": request});
    let one = json!([{"name": "c", "replicas": 1,
        "replicaRequirements": {"priorityClassName": class, "resourceRequest": request}}]);
    (
        replicas(estimator, member, &needs, &[]),
        sets(estimator, member, &one, &[]),
    )
}

#[test]
fn what_is_left_of_quotas() {
    fn check(hard: Value, used: Value, request: Value, want: i32) {
        let member = member_with(&[(json!({}), hard.clone(), used.clone())]);
        let got = room(&estimator(), &member, "", &request);
        assert_eq!(got, (want, want), "{hard} {used} {request}");
    }
    let cpu = |amount: &str| json!({"cpu": amount});
    check(cpu("10"), cpu("4"), cpu("2"), 3);
    check(cpu("10"), cpu("10"), cpu("2"), 0);
    check(cpu("10"), cpu("4"), json!({"memory": "1Gi"}), 500);
    check(cpu("10"), cpu("4"), json!({"cpu": "0"}), 500);
    // Without a used amount a limit does not count.
    check(cpu("10"), json!({}), cpu("2"), 500);
    check(json!({}), json!({}), cpu("2"), 500);
    // The prefix for requests changes nothing, that for limits makes it another thing.
    check(
        json!({"requests.cpu": "10"}),
        json!({"requests.cpu": "4"}),
        cpu("2"),
        3,
    );
    check(
        json!({"limits.cpu": "10"}),
        json!({"limits.cpu": "4"}),
        cpu("2"),
        500,
    );
    check(
        json!({"requests.memory": "10Gi"}),
        json!({"requests.memory": "4Gi"}),
        json!({"memory": "2Gi", "cpu": "1m"}),
        3,
    );
    let gpu = |amount: &str| json!({"nvidia.com/gpu": amount});
    check(gpu("10"), gpu("4"), gpu("2"), 3);
    check(
        json!({"requests.nvidia.com/gpu": "10"}),
        json!({"requests.nvidia.com/gpu": "4"}),
        gpu("2"),
        3,
    );
    check(
        json!({"limits.nvidia.com/gpu": "10"}),
        json!({"limits.nvidia.com/gpu": "4"}),
        gpu("2"),
        250,
    );
    // Neither pods nor anything else is looked at.
    check(json!({"pods": "1"}), json!({"pods": "0"}), cpu("2"), 500);
    check(
        json!({"ephemeral-storage": "1", "requests.storage": "1", "hugepages-2Mi": "1"}),
        json!({"ephemeral-storage": "1", "requests.storage": "1", "hugepages-2Mi": "1"}),
        json!({"cpu": "2"}),
        500,
    );
    // The scarcest counts.
    check(
        json!({"cpu": "10", "memory": "3Gi"}),
        json!({"cpu": "0", "memory": "1Gi"}),
        json!({"cpu": "1", "memory": "1Gi"}),
        2,
    );
}

#[test]
fn several_quotas() {
    let of = |hard: &str| (json!({}), json!({"cpu": hard}), json!({"cpu": "0"}));
    let member = member_with(&[of("8"), of("4"), of("6")]);
    assert_eq!(room(&estimator(), &member, "", &json!({"cpu": "1"})), (4, 4));
    // Those of other namespaces do not count, nor does any without a namespace to look in.
    let elsewhere = json!({"namespace": "other", "resourceRequest": {"cpu": "1"}});
    assert_eq!(replicas(&estimator(), &member, &elsewhere, &[]), 500);
    assert_eq!(
        replicas(
            &estimator(),
            &member,
            &json!({"resourceRequest": {"cpu": "1"}}),
            &[]
        ),
        500
    );
    assert_eq!(replicas(&estimator(), &member, &Value::Null, &[]), 500);
    // And the feature must be on.
    let off = AccurateEstimator::new("member1");
    assert_eq!(room(&off, &member, "", &json!({"cpu": "1"})), (500, 500));
}

#[test]
fn scopes() {
    fn check(spec: Value, class: &str, applies: bool, corrected: bool) {
        let member = member_with(&[(spec.clone(), json!({"cpu": "1"}), json!({"cpu": "0"}))]);
        let mut corrections = Corrections::none();
        let with = |corrections| {
            room(
                &estimator().with_corrections(corrections),
                &member,
                class,
                &json!({"cpu": "1"}),
            )
        };
        let number = |applies| if applies { (1, 1) } else { (500, 500) };
        assert_eq!(with(corrections), number(applies), "{spec} {class}");
        corrections.quota_scopes = true;
        assert_eq!(with(corrections), number(corrected), "{spec} {class} corrected");
    }
    let scopes = |list: &[&str]| json!({"scopes": list});
    let selector = |list: Value| json!({"scopeSelector": {"matchExpressions": list}});
    let class = |operator: &str, values: &[&str]| json!({"scopeName": "PriorityClass", "operator": operator, "values": values});
    check(json!({}), "", true, true);
    check(scopes(&["PriorityClass"]), "high", true, true);
    check(scopes(&["PriorityClass"]), "", false, false);
    for other in [
        "Terminating",
        "NotTerminating",
        "BestEffort",
        "NotBestEffort",
        "CrossNamespacePodAffinity",
        "New",
    ] {
        check(scopes(&[other]), "high", false, false);
        let expression = json!({"scopeName": other, "operator": "Exists"});
        check(selector(json!([expression])), "high", false, false);
    }
    check(selector(json!([class("Exists", &[])])), "high", true, true);
    check(
        selector(json!([class("In", &["low", "high"])])),
        "high",
        true,
        true,
    );
    check(selector(json!([class("In", &["low"])])), "high", false, false);
    check(selector(json!([class("In", &["low"])])), "", false, false);
    check(selector(json!([class("NotIn", &["low"])])), "high", true, true);
    check(selector(json!([class("NotIn", &["high"])])), "high", false, false);
    check(selector(json!([class("NotIn", &["high"])])), "", true, true);
    check(selector(json!([class("DoesNotExist", &[])])), "", true, true);
    check(
        selector(json!([class("DoesNotExist", &[])])),
        "high",
        false,
        false,
    );
    // Malformed selectors do not match.
    check(selector(json!([class("In", &[])])), "high", false, false);
    check(selector(json!([class("Near", &["high"])])), "high", false, false);
    // Any of several is enough; in Kubernetes it is not.
    check(
        selector(json!([class("In", &["low"]), class("In", &["high"])])),
        "high",
        true,
        false,
    );
    check(
        json!({"scopes": ["NotTerminating"], "scopeSelector": {"matchExpressions": [class("In", &["high"])]}}),
        "high",
        true,
        false,
    );
    check(
        selector(json!([class("In", &["high"]), class("Exists", &[])])),
        "high",
        true,
        true,
    );
}

#[test]
fn both_spellings_of_a_resource() {
    fn check(name: &str, plain: &str, prefixed: &str, want: i32, corrected: i32) {
        let long = format!("requests.{name}");
        let member = member_with(&[(
            json!({}),
            json!({name: plain, &long: prefixed}),
            json!({name: "0", &long: "0"}),
        )]);
        let mut corrections = Corrections::none();
        let with = |corrections| {
            room(
                &estimator().with_corrections(corrections),
                &member,
                "",
                &json!({name: "1"}),
            )
        };
        assert_eq!(with(corrections), (want, want), "{name} {plain} {prefixed}");
        corrections.quota_spellings = true;
        assert_eq!(
            with(corrections),
            (corrected, corrected),
            "{name} {plain} {prefixed} corrected"
        );
    }
    check("cpu", "3", "8", 8, 3);
    check("cpu", "8", "3", 3, 3);
    check("memory", "3", "8", 8, 3);
    check("nvidia.com/gpu", "3", "8", 8, 3);
    check("zeta.io/x", "8", "3", 3, 3);
}

#[test]
fn quotas_of_which_too_much_is_used() {
    fn check(used: &str, want: i32) {
        let member = member_with(&[(json!({}), json!({"cpu": "2"}), json!({"cpu": used}))]);
        let request = json!({"cpu": "1"});
        assert_eq!(room(&estimator(), &member, "", &request), (want, want), "{used}");
        let mut corrections = Corrections::none();
        corrections.overdrawn_quotas = true;
        let corrected = estimator().with_corrections(corrections);
        assert_eq!(
            room(&corrected, &member, "", &request),
            (want.max(0), want.max(0))
        );
    }
    check("2", 0);
    check("2500m", 0);
    check("3", -1);
    check("5", -3);
}

#[test]
fn components_of_a_set() {
    let gates = FeatureGates::default().with(Feature::ResourceQuotaEstimate, true);
    let estimator = AccurateEstimator::new("member1").with_features(gates);
    let high = json!({"scopes": ["PriorityClass"]});
    let member = member_with(&[
        (
            json!({}),
            json!({"cpu": "12", "memory": "100"}),
            json!({"cpu": "2", "memory": "0"}),
        ),
        (high, json!({"cpu": "3"}), json!({"cpu": "0"})),
    ]);
    let check = |list: Value, want: i32| assert_eq!(sets(&estimator, &member, &list, &[]), want, "{list}");
    let of = |replicas: i32, request: Value, class: &str| {
        let mut one = component(replicas, request);
        one["replicaRequirements"]["priorityClassName"] = json!(class);
        one
    };
    check(
        json!([of(1, json!({"cpu": "1"}), ""), of(2, json!({"cpu": "2"}), "")]),
        2,
    );
    // Only the components of its scope count against a quota with scopes.
    check(
        json!([of(1, json!({"cpu": "1"}), "high"), of(2, json!({"cpu": "1"}), "")]),
        3,
    );
    check(
        json!([of(2, json!({"cpu": "1"}), "high"), of(1, json!({"cpu": "1"}), "")]),
        1,
    );
    check(json!([of(4, json!({"cpu": "1"}), "high")]), 0);
    check(json!([{"name": "c", "replicas": 1}]), 500);
    check(
        json!([{"name": "c", "replicas": 1}, of(1, json!({"memory": "40"}), "")]),
        2,
    );
    check(json!([]), i32::MAX);
}

#[test]
fn assumed_workloads_of_the_namespace_are_taken_off() {
    let high = json!({"scopes": ["PriorityClass"]});
    let quotas = [
        (
            json!({}),
            json!({"cpu": "10", "nvidia.com/gpu": "9"}),
            json!({"cpu": "2", "nvidia.com/gpu": "0"}),
        ),
        (high, json!({"cpu": "4"}), json!({"cpu": "0"})),
    ];
    let member = member_with(&quotas);
    let check = |namespace: &str, list: Value, class: &str, want: i32| {
        let workloads = [assumed(namespace, &list)];
        let needs = json!({"namespace": "ns", "priorityClassName": class, "resourceRequest": {"cpu": "1"}});
        assert_eq!(
            replicas(&estimator(), &member, &needs, &workloads),
            want,
            "{list}"
        );
        let one = json!([{"name": "c", "replicas": 1,
            "replicaRequirements": {"priorityClassName": class, "resourceRequest": {"cpu": "1"}}}]);
        assert_eq!(sets(&estimator(), &member, &one, &workloads), want, "{list} sets");
    };
    let of = |replicas: i32, request: Value, class: &str| {
        let mut one = component(replicas, request);
        one["replicaRequirements"]["priorityClassName"] = json!(class);
        json!([one])
    };
    check("ns", json!([]), "", 8);
    check("ns", of(3, json!({"cpu": "1"}), ""), "", 5);
    check("other", of(3, json!({"cpu": "1"}), ""), "", 8);
    check("ns", of(3, json!({"cpu": "1"}), ""), "high", 4);
    check("ns", of(3, json!({"cpu": "1"}), "high"), "high", 1);
    check("ns", of(3, json!({"cpu": "1"}), "high"), "", 5);
    check("ns", json!([{"name": "c", "replicas": 3}]), "", 8);
    check("ns", of(8, json!({"cpu": "1"}), ""), "", 0);
    // More is assumed than is left, also of what nobody asks for now.
    check("ns", of(9, json!({"cpu": "1"}), ""), "", 0);
    check("ns", of(10, json!({"nvidia.com/gpu": "1"}), ""), "", 0);
    check("ns", of(9, json!({"nvidia.com/gpu": "1"}), ""), "", 8);
}
