//! Situations whose answers upstream's own tests state (`karmada:pkg/estimator`), in our words.

use serde_json::{Value, json};

use crate::objects::{assumed, component, estimator, member, node, pod, quota, replicas, sets};

#[test]
fn three_machines_with_five_pods() {
    fn check(pods_allowed: [&str; 3], nodes: [Value; 3], claim: Value, want: i32) {
        let machines: Vec<_> = (1..)
            .zip(pods_allowed.into_iter().zip(nodes))
            .map(|(index, (pods, rest)): (i32, _)| {
                let amounts = json!({"cpu": "8", "memory": "16", "pods": pods, "ephemeral-storage": "16"});
                node(&format!("machine{index}"), amounts, rest)
            })
            .collect();
        let running = [
            ("machine1", 1, 3),
            ("machine1", 3, 3),
            ("machine1", 2, 4),
            ("machine2", 4, 8),
            ("machine2", 1, 3),
        ];
        let running: Vec<_> = (1..)
            .zip(running)
            .map(|(index, (machine, cpu, memory)): (i32, _)| {
                let request = json!({"cpu": cpu.to_string(), "memory": memory.to_string()});
                pod(&format!("pod{index}"), machine, request)
            })
            .collect();
        let needs = json!({"resourceRequest": {"cpu": "1", "memory": "2"}, "nodeClaim": claim});
        let member = member(&machines, &running, &[]);
        assert_eq!(replicas(&estimator(), &member, &needs, &[]), want, "{claim}");
    }
    let plain = || [json!({}), json!({}), json!({})];
    let labelled = || {
        [
            json!({"labels": {"a": "1"}}),
            json!({"labels": {"a": "3", "b": "2"}}),
            json!({}),
        ]
    };
    let many = ["11"; 3];
    check(many, plain(), Value::Null, 12);
    check(["4", "3", "11"], plain(), Value::Null, 10);
    check(many, labelled(), json!({"nodeSelector": {"a": "3"}}), 2);
    let above_zero = json!([{"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["0"]}]}]);
    check(
        many,
        labelled(),
        json!({"hardNodeAffinity": {"nodeSelectorTerms": above_zero}}),
        4,
    );
    let taint =
        |key: &str, value: &str| json!({"taints": [{"key": key, "value": value, "effect": "NoSchedule"}]});
    let tainted = [taint("key1", "value1"), taint("key2", "value2"), json!({})];
    check(
        many,
        tainted,
        json!({"tolerations": [{"key": "key1", "operator": "Equal", "value": "value1"}]}),
        10,
    );
}

#[test]
fn sets_on_a_few_nodes() {
    fn check(nodes: &[Value], list: Value, want: i32) {
        let nodes: Vec<_> = (1..)
            .zip(nodes)
            .map(|(index, amounts): (i32, _)| node(&format!("node{index}"), amounts.clone(), json!({})))
            .collect();
        assert_eq!(
            sets(&estimator(), &member(&nodes, &[], &[]), &list, &[]),
            want,
            "{list}"
        );
    }
    let of = |cpu: &str, memory: &str, pods: &str| json!({"cpu": cpu, "memory": memory, "pods": pods});
    let takes =
        |replicas: i32, cpu: &str, memory: &str| component(replicas, json!({"cpu": cpu, "memory": memory}));
    check(&[of("4", "8Gi", "10")], json!([takes(2, "1", "2Gi")]), 2);
    check(
        &[of("8", "16Gi", "10")],
        json!([takes(2, "1", "2Gi"), takes(1, "2", "4Gi")]),
        2,
    );
    check(&[of("0", "0", "10")], json!([takes(1, "1", "0")]), 0);
    check(
        &[of("2", "0", "10"), of("2", "0", "10")],
        json!([takes(3, "1", "0")]),
        1,
    );
    check(
        &[of("1", "2Gi", "10"), of("4", "8Gi", "20"), of("8", "16Gi", "30")],
        json!([takes(2, "500m", "1Gi"), takes(1, "2", "4Gi")]),
        4,
    );
    check(
        &[of("1", "0", "5"), of("1", "0", "5"), of("1", "0", "5")],
        json!([takes(1, "2", "0")]),
        0,
    );
}

/// A quota on `cpu`, `memory` and GPUs, of which 800m, 3Mi and 3 are left; for one priority class or for all.
fn quota_for(name: &str, class: Option<&str>) -> k8s_openapi::api::core::v1::ResourceQuota {
    let spec = match class {
        Some(class) => json!({"scopeSelector": {"matchExpressions": [
            {"scopeName": "PriorityClass", "operator": "In", "values": [class]}]}}),
        None => json!({}),
    };
    let hard = json!({"cpu": "1", "memory": "4Mi", "nvidia.com/gpu": "5"});
    quota(
        name,
        spec,
        hard,
        json!({"cpu": "200m", "memory": "1Mi", "nvidia.com/gpu": "2"}),
    )
}

fn part(class: &str, replicas: i32, request: Value) -> Value {
    let mut part = component(replicas, request);
    part["replicaRequirements"]["priorityClassName"] = json!(class);
    part
}

#[test]
fn one_quota_for_a_priority_class() {
    fn check(class: Option<&str>, list: Value, in_flight: &[(&str, Value)], want: i32) {
        let large = json!({"cpu": "1k", "memory": "1Ti", "pods": "999", "nvidia.com/gpu": "999"});
        let member = member(&[node("n", large, json!({}))], &[], &[quota_for("q", class)]);
        let workloads: Vec<_> = in_flight
            .iter()
            .map(|(namespace, list)| assumed(namespace, list))
            .collect();
        assert_eq!(
            sets(&estimator(), &member, &list, &workloads),
            want,
            "{list} {in_flight:?}"
        );
        // A single component of one replica is the same as replicas of it.
        if let Some([one]) = list.as_array().map(Vec::as_slice)
            && one["replicas"] == 1
        {
            let mut needs = one["replicaRequirements"].clone();
            needs["namespace"] = json!("ns");
            assert_eq!(
                replicas(&estimator(), &member, &needs, &workloads),
                want,
                "{needs}"
            );
        }
    }
    let foo = Some("foo");
    let cpu = |amount: &str| json!({"cpu": amount});
    check(foo, json!([part("foo", 1, cpu("200m"))]), &[], 4);
    check(foo, json!([part("foo", 1, json!({"memory": "2Mi"}))]), &[], 1);
    check(
        foo,
        json!([part("foo", 1, json!({"nvidia.com/gpu": "1"}))]),
        &[],
        3,
    );
    check(
        foo,
        json!([part(
            "foo",
            1,
            json!({"cpu": "2", "memory": "2Mi", "nvidia.com/gpu": "1"})
        )]),
        &[],
        0,
    );
    check(
        foo,
        json!([part(
            "foo",
            1,
            json!({"cpu": "200m", "memory": "2Mi", "nvidia.com/gpu": "1"})
        )]),
        &[],
        1,
    );
    // Of another class, or of none: the nodes decide.
    check(foo, json!([part("bar", 1, cpu("100m"))]), &[], 999);
    check(foo, json!([part("", 1, cpu("100m"))]), &[], 999);
    check(None, json!([part("", 1, cpu("100m"))]), &[], 8);
    check(
        foo,
        json!([part("foo", 1, json!({"cpu": "100m", "memory": "500Ki"}))]),
        &[],
        6,
    );
    let two = json!([
        part("foo", 3, json!({"cpu": "50m", "memory": "200Ki"})),
        part("foo", 2, json!({"cpu": "100m", "memory": "500Ki"})),
    ]);
    check(foo, two, &[], 1);
    check(
        foo,
        json!([part(
            "foo",
            2,
            json!({"cpu": "100m", "memory": "500Ki", "nvidia.com/gpu": "1"})
        )]),
        &[],
        1,
    );
    // Workloads on their way to the cluster.
    let app = || json!([part("foo", 1, cpu("200m"))]);
    let in_flight = |namespace, class, amount| (namespace, json!([part(class, 1, cpu(amount))]));
    check(foo, app(), &[in_flight("ns", "foo", "400m")], 2);
    check(foo, app(), &[in_flight("other", "foo", "400m")], 4);
    check(foo, app(), &[in_flight("ns", "bar", "400m")], 4);
    check(foo, app(), &[in_flight("ns", "foo", "900m")], 0);
}

#[test]
fn quotas_for_all_and_for_one_class() {
    let of = |name: &str, class: Option<&str>, cpu: &str, memory: &str, used: [&str; 2]| {
        let mut quota = quota_for(name, class);
        let status =
            json!({"hard": {"cpu": cpu, "memory": memory}, "used": {"cpu": used[0], "memory": used[1]}});
        quota.status = Some(serde_json::from_value(status).unwrap());
        quota
    };
    let check = |quotas: &[k8s_openapi::api::core::v1::ResourceQuota], list: Value, want: i32| {
        let large = json!({"cpu": "1k", "memory": "1Ti", "pods": "999"});
        let member = member(&[node("n", large, json!({}))], &[], quotas);
        assert_eq!(sets(&estimator(), &member, &list, &[]), want, "{list}");
    };
    let takes = |class: &str, replicas: i32, cpu: &str, memory: &str| {
        part(class, replicas, json!({"cpu": cpu, "memory": memory}))
    };
    let classes = |foo: [&str; 2], bar: [&str; 2]| {
        [
            of("foo-quota", Some("foo"), "2", "4Mi", foo),
            of("bar-quota", Some("bar"), bar[0], "4Mi", ["100m", bar[1]]),
        ]
    };
    check(
        &classes(["200m", "1Mi"], ["1", "2560Ki"]),
        json!([takes("foo", 2, "300m", "500Ki"), takes("bar", 1, "200m", "400Ki")]),
        3,
    );
    check(
        &classes(["1600m", "1Mi"], ["2", "512Ki"]),
        json!([takes("foo", 1, "300m", "500Ki"), takes("bar", 1, "100m", "200Ki")]),
        1,
    );
    // All parts count against the one for all.
    check(
        &[
            of("global", None, "1", "2Mi", ["0", "0"]),
            of("high", Some("foo"), "2", "4Mi", ["0", "0"]),
        ],
        json!([takes("foo", 1, "600m", "1Mi"), takes("bar", 1, "500m", "1Mi")]),
        0,
    );
}
