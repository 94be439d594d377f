//! Amounts at the ends of what can be written: there is always an answer, and it is not negative where nodes decide.

use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::Corrections;
use karmada_scheduler::estimator::AccurateEstimator;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::objects::{CLUSTER, assumed, member, node, pod, quota, replicas, sets};

fn amount() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("0".to_owned()),
        Just("1".to_owned()),
        Just("-3".to_owned()),
        Just("1n".to_owned()),
        Just("7500m".to_owned()),
        Just("9223372036854775807".to_owned()),
        Just("-9223372036854775808".to_owned()),
        Just("16Ei".to_owned()),
        Just("1e30".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
    ]
}

fn amounts() -> impl Strategy<Value = Value> {
    let name = "cpu|memory|pods|nvidia.com/gpu|hugepages-2Mi|storage|requests.cpu|requests.nvidia.com/gpu";
    prop::collection::btree_map(name, amount(), 0..5).prop_map(|map| json!(map))
}

fn parts() -> impl Strategy<Value = Value> {
    let replicas = prop_oneof![
        Just(0),
        Just(1),
        Just(-1),
        Just(i32::MAX),
        Just(i32::MIN),
        -5i32..50
    ];
    let part = (replicas, prop::option::of(amounts())).prop_map(|(replicas, request)| match request {
        Some(request) => {
            json!({"name": "c", "replicas": replicas, "replicaRequirements": {"resourceRequest": request}})
        }
        None => json!({"name": "c", "replicas": replicas}),
    });
    prop::collection::vec(part, 0..4).prop_map(Value::Array)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn there_is_always_an_answer(
        nodes in prop::collection::vec(amounts(), 1..4),
        pods in prop::collection::vec((0usize..4, amounts()), 0..6),
        limits in prop::collection::vec((amounts(), amounts()), 0..3),
        request in amounts(),
        list in parts(),
        workloads in prop::collection::vec(parts(), 0..3),
        quotas_count in any::<bool>(),
        corrected in any::<bool>(),
    ) {
        let nodes: Vec<_> = nodes.into_iter().enumerate().map(|(index, amounts)| node(&format!("n{index}"), amounts, json!({}))).collect();
        let pods: Vec<_> = pods.into_iter().enumerate().map(|(index, (on, amounts))| pod(&format!("p{index}"), &format!("n{on}"), amounts)).collect();
        let limits: Vec<_> = limits.into_iter().enumerate().map(|(index, (hard, used))| quota(&format!("q{index}"), json!({}), hard, used)).collect();
        let workloads: Vec<_> = workloads.iter().map(|list| assumed("ns", list)).collect();
        let mut member = member(&nodes, &pods, &limits);
        let gates = FeatureGates::default()
            .with(Feature::SchedulingOvercommitProtection, true)
            .with(Feature::ResourceQuotaEstimate, quotas_count);
        let corrections = if corrected { Corrections::all() } else { Corrections::none() };
        let estimator = AccurateEstimator::new(CLUSTER).with_features(gates).with_corrections(corrections);
        let needs = json!({"namespace": "ns", "resourceRequest": request});
        let answers = (replicas(&estimator, &member, &needs, &workloads), sets(&estimator, &member, &list, &workloads));
        if !quotas_count || corrected {
            prop_assert!(answers.0 >= 0 && answers.1 >= 0, "{answers:?}");
        }
        for index in 0..pods.len() {
            let name = format!("p{index}");
            prop_assert!(member.remove_pod("ns", &name));
        }
        let empty = crate::objects::member(&nodes, &[], &limits);
        prop_assert_eq!(
            replicas(&estimator, &member, &needs, &workloads),
            replicas(&estimator, &empty, &needs, &workloads)
        );
    }
}
