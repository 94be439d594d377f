use std::sync::Arc;

use karmada_core::api::work::v1alpha2::ResourceBinding;
use karmada_core::features::Feature;
use serde_json::{Value, json};

use super::*;
use crate::cycle::fixtures::{
    EARLIER, LATER, binding, cluster_binding, divided, fleet, groups, now, options, snapshot, told,
};
use crate::queue::BindingKey;
use crate::{ASSUMPTION_TTL, Estimate, Options, Profile, assumption_expiry};

/// What the plan writes, in short.
fn written(plan: &Plan) -> Vec<String> {
    let operations = plan.operations().iter();
    let text = |operation: &Operation| match operation {
        Operation::Schedule {
            applied_placement,
            clusters,
        } => {
            let placement = if applied_placement.is_some() {
                "placement "
            } else {
                ""
            };
            let targets = |target: &TargetCluster| format!("{}:{}", target.name, target.replicas);
            let clusters = clusters.as_ref().map(|clusters| {
                let mut clusters: Vec<String> = clusters.iter().map(targets).collect();
                clusters.sort();
                clusters.join(" ")
            });
            format!("{placement}{clusters:?}")
        }
        Operation::AffinityName(name) => format!("group {name}"),
        Operation::ObservedGeneration(generation) => format!("generation {generation}"),
        Operation::Scheduled(_) => panic!("the condition depends on the outcome"),
    };
    operations.map(text).collect()
}

fn check(value: Value, clusters: &[(&str, u32)], operations: &[&str], events: &[&str]) -> Plan {
    let text = value.to_string();
    let plan = schedule_binding(&binding(value), &snapshot(clusters), &options(&[], None));
    assert_eq!(written(&plan), operations, "{text}");
    assert_eq!(told(plan.reports()), events, "{text}");
    plan
}

#[test]
fn without_a_decision() {
    check(
        json!({"metadata": {"deletionTimestamp": EARLIER}}),
        &[],
        &[],
        &["Warning ScheduleBindingFailed skip schedule deleting resourceBinding: shop/web-deployment"],
    );
    check(json!({}), &[], &[], &[]);
    let settled = |observed: i64| {
        json!({
            "applied": true, "status": {"schedulerObservedGeneration": observed},
            "spec": {"replicas": 1, "placement": divided("Weighted"), "clusters": [{"name": "m1", "replicas": 1}]},
        })
    };
    check(settled(2), &[("m1", 9)], &[], &[]);
    let plan = check(settled(1), &[("m1", 9)], &["generation 2"], &[]);
    assert_eq!(plan.targets(), None);

    let deleting = cluster_binding(json!({"metadata": {"deletionTimestamp": EARLIER}}));
    let plan = schedule_binding(&deleting, &snapshot(&[]), &options(&[], None));
    assert_eq!(
        told(plan.reports()),
        ["Warning ScheduleBindingFailed skip schedule deleting clusterResourceBinding: web-deployment"]
    );
}

#[test]
fn one_group() {
    let value = |clusters: Value| json!({"spec": {"replicas": 4, "placement": divided("Weighted"), "clusters": clusters}});
    let room = [("m1", 10), ("m2", 30)];
    check(value(json!([])), &room, &["placement Some(\"m1:1 m2:3\")"], &[]);
    // Only what differs is written.
    let mut scaled = value(json!([{"name": "m1", "replicas": 1}, {"name": "m2", "replicas": 2}]));
    scaled["applied"] = json!(true);
    check(scaled.clone(), &room, &["Some(\"m1:1 m2:3\")"], &[]);
    scaled["spec"]["clusters"] = json!([{"name": "m1", "replicas": 1}, {"name": "m2", "replicas": 3}]);
    scaled["spec"]["rescheduleTriggeredAt"] = json!(LATER);
    scaled["status"] = json!({"lastScheduledTime": EARLIER});
    let reversed = schedule_binding(&binding(scaled.clone()), &snapshot(&room), &options(&[], None));
    scaled["spec"]["clusters"] = json!(reversed.targets().unwrap());
    check(scaled, &room, &[], &[]);
    // The order of clusters is part of what is written.
    let placed = json!([{"name": "m1", "replicas": 2}, {"name": "m2", "replicas": 2}]);
    let duplicated = |clusters: &Value| json!({"applied": true, "spec": {"replicas": 2, "placement": {}, "clusters": clusters}});
    let plan = check(duplicated(&placed), &room, &["Some(\"m1:2 m2:2\")"], &[]);
    check(duplicated(&json!(plan.targets().unwrap())), &room, &[], &[]);
    // No cluster fits: the workload leaves those it has, and what it was scheduled with is recorded.
    let plan = check(value(placed), &[], &["placement Some(\"\")"], &[]);
    assert_eq!(plan.targets(), Some(&[][..]));
    check(value(json!([])), &[], &["placement None"], &[]);
    // There is too little room: nothing changes, and nothing is recorded.
    let fewer = json!([{"name": "m1", "replicas": 1}]);
    let plan = check(value(fewer), &[("m1", 1), ("m2", 1)], &[], &[]);
    assert_eq!(plan.targets(), None);
}

#[test]
fn several_groups() {
    let value = |observed: &str, placement: Value| json!({"spec": {"replicas": 4, "placement": placement}, "status": {"schedulerObservingAffinityName": observed}});
    let names = || groups(&[("a", "m1"), ("b", "m2"), ("c", "m3")]);
    let room = |rooms: [u32; 3]| [("m1", rooms[0]), ("m2", rooms[1]), ("m3", rooms[2])];
    let full = |index: u32| {
        format!(
            "Warning ScheduleBindingFailed failed to schedule ResourceBinding(shop/web-deployment) with clusterAffiliates \
             index({index}): failed to assign replicas: failed to scale up: Clusters available replicas 0 are not enough to schedule."
        )
    };
    let (full_0, full_1, full_2) = (full(0), full(1), full(2));
    let a = "placement Some(\"m1:4\")";
    let b = "placement Some(\"m2:4\")";
    let c = "placement Some(\"m3:4\")";

    // From the first group on, the first that works out.
    check(value("", names()), &room([9, 9, 9]), &[a, "group a"], &[]);
    check(value("", names()), &room([0, 9, 9]), &[b, "group b"], &[&full_0]);
    check(
        value("", names()),
        &room([0, 0, 9]),
        &[c, "group c"],
        &[&full_0, &full_1],
    );
    check(value("gone", names()), &room([9, 9, 9]), &[a, "group a"], &[]);
    // From the group in force on, never back; its name is written only if it is another one.
    check(value("a", names()), &room([9, 9, 9]), &[a], &[]);
    check(value("b", names()), &room([9, 9, 9]), &[b], &[]);
    check(value("b", names()), &room([9, 0, 9]), &[c, "group c"], &[&full_1]);
    check(value("c", names()), &room([9, 9, 0]), &[], &[&full_2]);
    // Unless somebody asks for all replicas to be placed anew.
    let mut anew = value("b", names());
    anew["spec"]["rescheduleTriggeredAt"] = json!(LATER);
    check(anew.clone(), &room([9, 9, 9]), &[b], &[]);
    anew["status"]["lastScheduledTime"] = json!(EARLIER);
    check(anew.clone(), &room([9, 9, 9]), &[a, "group a"], &[]);
    let full_anew = full_0.replace("scale up", "do fresh scale");
    check(anew, &room([0, 9, 9]), &[b], &[&full_anew]);
}

#[test]
fn all_groups_fail() {
    let value = |placement: Value| json!({"spec": {"replicas": 4, "placement": placement, "clusters": [{"name": "m1", "replicas": 2}]}});
    let failed = |index: u32, error: &str| {
        format!(
            "Warning ScheduleBindingFailed failed to schedule ResourceBinding(shop/web-deployment) with clusterAffiliates \
             index({index}): {error}"
        )
    };
    // The one cluster of the group is named last; the others do not match.
    let unfit =
        "0/1 clusters are available: 1 cluster(s) did not match the placement cluster affinity constraint.";
    let full = "failed to assign replicas: failed to scale up: Clusters available replicas 0 are not enough to schedule.";
    let room = [("m1", 0)];

    // The first error counts: none fits there, so the workload leaves.
    let plan = check(
        value(groups(&[("a", "gone"), ("b", "m1")])),
        &room,
        &["placement Some(\"\")"],
        &[&failed(0, unfit), &failed(1, full)],
    );
    let conclusion = plan.conclude(&[Ok(Default::default())], now());
    assert_eq!(
        told(conclusion.reports()),
        [format!("Warning ScheduleBindingFailed {unfit}")]
    );
    // The other way round nothing changes, and nothing more is told.
    let plan = check(
        value(groups(&[("a", "m1"), ("b", "gone")])),
        &room,
        &[],
        &[&failed(0, full), &failed(1, unfit)],
    );
    let conclusion = plan.conclude(&[], now());
    assert_eq!(told(conclusion.reports()), [""; 0]);
    assert_eq!(conclusion.error().unwrap().to_string(), full);
}

#[test]
fn texts_of_cluster_scoped_bindings() {
    let value = || json!({"spec": {"replicas": 4, "placement": groups(&[("a", "gone"), ("b", "m1")])}});
    let mut binding = cluster_binding(value());
    let plan = schedule_binding(&binding, &snapshot(&[("m1", 9)]), &options(&[], None));
    let executed = plan.apply(&mut binding, now());
    assert_eq!(
        told(&executed.reports),
        [
            "Warning ScheduleBindingFailed failed to schedule ClusterResourceBinding(web-deployment) with clusterAffiliates \
             index(0): 0/1 clusters are available: 1 cluster(s) did not match the placement cluster affinity constraint.",
            "Normal ScheduleBindingSucceed Binding has been scheduled successfully. Result {m1:4}",
        ]
    );
    assert_eq!(binding.status.scheduler_observed_affinity_name, "b");
    assert!(executed.effects.is_empty());
}

#[test]
fn groups_that_help_out() {
    // The second tier of the group in force takes what the first has no room for; the status names no group yet.
    let mut placement = groups(&[("a", "m1")]);
    placement["clusterAffinities"][0]["overflowAffinities"] =
        json!([{"affinityName": "o", "clusterNames": ["m2"]}]);
    let value = json!({"spec": {"replicas": 4, "placement": placement}});
    check(
        value,
        &[("m1", 3), ("m2", 9)],
        &["placement Some(\"m1:3 m2:1\")", "group a"],
        &[],
    );
}

#[test]
fn clusters_without_replicas() {
    let value = || json!({"spec": {"replicas": 1, "placement": divided("Aggregated")}});
    let mut options = options(&[], None);
    let plan = |options: &CycleOptions| {
        let binding = binding(value());
        written(&schedule_binding(
            &binding,
            &snapshot(&[("m1", 9), ("m2", 8)]),
            options,
        ))
    };
    assert_eq!(plan(&options), ["placement Some(\"m1:1\")"]);
    options.decision.enable_empty_workload_propagation = true;
    assert_eq!(plan(&options), ["placement Some(\"m1:1 m2:0\")"]);
}

#[test]
fn priority_decides_nothing() {
    let plan = |priority: i32| {
        let binding = binding(json!({"spec": {
            "replicas": 3, "placement": divided("Weighted"), "schedulePriority": {"priority": priority},
        }}));
        schedule_binding(&binding, &snapshot(&[("m1", 4)]), &options(&[], None))
    };
    assert_eq!(format!("{:?}", plan(0)), format!("{:?}", plan(9)));
}

fn remote() -> CycleOptions {
    let profile = Profile::karmada()
        .with_only_estimators(vec![])
        .with_remote_estimator("scheduler-estimator");
    CycleOptions::from(Options {
        profile: Arc::new(profile),
        ..Options::default()
    })
}

#[test]
fn remote_estimators_are_asked_for_every_group() {
    let binding =
        binding(json!({"spec": {"replicas": 4, "placement": groups(&[("a", "m1,m2"), ("b", "m3")])}}));
    let options = remote();
    let snapshot = snapshot(&[("m1", 0), ("m2", 0), ("m3", 0)]);
    let mut cycle = Cycle::new(&binding, &snapshot, &options);
    assert!(matches!(cycle.need(), Some(Need::Schedule(_))));
    let mut asked = Vec::new();
    let mut answers = Vec::new();
    let plan = loop {
        match cycle.step(answers) {
            CycleStep::NeedEstimates(question) => {
                let request = cycle.estimate_request().unwrap();
                assert_eq!(request.clusters, question.clusters);
                assert_eq!(request.context.affinity_name(), ["a", "b"][asked.len()]);
                let names = question.clusters.iter().map(|cluster| snapshot.name(*cluster));
                asked.push(names.collect::<Vec<_>>().join(","));
                // Room for one, then for two each.
                let room = Estimate::Value(asked.len() as i32);
                answers = vec![Ok(vec![room; question.clusters.len()])];
                if asked.len() == 2 {
                    answers = vec![Ok(vec![Estimate::Value(4)])];
                }
            }
            CycleStep::Done(plan) => break *plan,
        }
    };
    assert_eq!(asked, ["m1,m2", "m3"]);
    assert_eq!(written(&plan), ["placement Some(\"m3:4\")", "group b"]);
    assert_eq!(plan.reports().len(), 2);
}

#[test]
fn a_pass_ends_once() {
    let binding = binding(json!({"spec": {"replicas": 1, "placement": {}}}));
    let options = options(&[], None);
    let mut cycle = Cycle::new(&binding, &snapshot(&[("m1", 1)]), &options);
    let CycleStep::Done(_) = cycle.step(vec![]) else {
        panic!()
    };
    assert_eq!(cycle.need(), None);
    let CycleStep::Done(plan) = cycle.step(vec![]) else {
        panic!()
    };
    assert!(plan.operations().is_empty() && plan.reports().is_empty());
    let finished = plan.conclude(&[], now()).finish(None);
    assert_eq!(
        finished.error.unwrap().to_string(),
        "the scheduling session has ended"
    );
}

/// What a pass with both gates remembers, as `-CLUSTER` and `CLUSTER=NAME*REPLICAS,...`.
fn remembered(value: Value, features: &[Feature], correction: Option<&str>) -> Vec<String> {
    let mut binding = binding(value);
    let room = [("m1", 10), ("m2", 30), ("m3", 50)];
    let plan = schedule_binding(&binding, &snapshot(&room), &options(features, correction));
    let executed = plan.apply(&mut binding, now());
    let effects = executed.effects;
    let released = effects.released.iter().map(|cluster| format!("-{cluster}"));
    let assumed = effects.assumed.iter().map(|(cluster, workload)| {
        assert_eq!(workload.namespace, "shop");
        let components = workload.components.iter();
        let components: Vec<String> = components
            .map(|component| format!("{}*{}", component.name, component.replicas))
            .collect();
        format!("{cluster}={}", components.join(","))
    });
    let mut all: Vec<String> = released.chain(assumed).collect();
    all.sort();
    if let Some(assigned) = &effects.assigned {
        assert_eq!(assigned.metadata.resource_version.as_deref(), Some("11"));
        assert_eq!(assigned.spec.clusters, binding.spec.clusters);
        all.push("assigned".to_owned());
    }
    all
}

#[test]
fn what_is_remembered() {
    use Feature::{MultiplePodTemplatesScheduling, SchedulingOvercommitProtection, WorkloadAffinity};
    let value = || {
        json!({"spec": {
            "replicas": 4, "placement": divided("Weighted"),
            "clusters": [{"name": "m1", "replicas": 1}, {"name": "gone", "replicas": 1}],
        }})
    };
    assert_eq!(remembered(value(), &[], None), [""; 0]);
    assert_eq!(remembered(value(), &[WorkloadAffinity], None), ["assigned"]);
    let both = [SchedulingOvercommitProtection, WorkloadAffinity];
    // All a cluster is to have, also what it had before.
    let all = remembered(value(), &both, None);
    assert!(
        all.contains(&"-gone".to_owned()) && all.contains(&"assigned".to_owned()),
        "{all:?}"
    );
    assert!(all.iter().any(|text| text.starts_with("m1=web*")), "{all:?}");

    // What is no workload takes nothing, and neither does what is not written.
    let mut no_workload = value();
    no_workload["spec"]["replicas"] = json!(0);
    assert_eq!(remembered(no_workload, &both, None), ["assigned"]);
    let same = json!({"applied": true, "spec": {
        "replicas": 2, "placement": {}, "clusters": [
            {"name": "m1", "replicas": 2}, {"name": "m2", "replicas": 2}, {"name": "m3", "replicas": 2},
        ],
    }});
    let mut placed = binding(same);
    let options = options(&both, None);
    let snapshot = snapshot(&[("m1", 9), ("m2", 9), ("m3", 9)]);
    schedule_binding(&placed, &snapshot, &options).apply(&mut placed, now());
    let again = schedule_binding(&placed, &snapshot, &options);
    assert_eq!(written(&again), [""; 0]);
    assert!(again.apply(&mut placed, now()).effects.is_empty());

    // Components as they are declared.
    let components = json!({"spec": {
        "components": [{"name": "jm", "replicas": 1}, {"name": "tm", "replicas": 3}],
        "placement": {"spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]},
    }});
    assert_eq!(
        remembered(
            components.clone(),
            &[SchedulingOvercommitProtection, MultiplePodTemplatesScheduling],
            None
        ),
        ["m3=jm*1,tm*3"]
    );
    // No cluster fits: all are released.
    let mut unfit = value();
    unfit["spec"]["placement"]["clusterAffinity"] = json!({"clusterNames": ["other"]});
    assert_eq!(remembered(unfit, &both, None), ["-gone", "-m1", "assigned"]);
}

#[test]
fn what_runs_already_is_not_assumed_twice() {
    let gates = [
        Feature::SchedulingOvercommitProtection,
        Feature::MultiplePodTemplatesScheduling,
    ];
    let value = |health: &str| {
        json!({
            "spec": {"replicas": 5, "placement": {"clusterAffinity": {"clusterNames": ["m1", "m2"]}},
                "clusters": [{"name": "m1", "replicas": 3}]},
            "status": {"aggregatedStatus": [{"clusterName": "m1", "health": health}]},
        })
    };
    let corrected = Some("assumed_twice");
    assert_eq!(
        remembered(value("Healthy"), &gates, None),
        ["m1=web*5", "m2=web*5"]
    );
    assert_eq!(
        remembered(value("Healthy"), &gates, corrected),
        ["m1=web*2", "m2=web*5"]
    );
    assert_eq!(
        remembered(value("Unhealthy"), &gates, corrected),
        ["m1=web*5", "m2=web*5"]
    );
    let mut shrinking = value("Healthy");
    shrinking["spec"]["replicas"] = json!(2);
    assert_eq!(remembered(shrinking, &gates, corrected), ["m2=web*2"]);

    let components = |recorded: Value| {
        json!({
            "spec": {
                "components": [{"name": "jm", "replicas": 1}, {"name": "tm", "replicas": 3}],
                "placement": {"spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}]},
                "clusters": [{"name": "m3", "components": recorded}],
            },
            "status": {"aggregatedStatus": [{"clusterName": "m3", "health": "Healthy"}]},
        })
    };
    let had = json!([{"name": "jm", "replicas": 1}, {"name": "tm", "replicas": 2}]);
    assert_eq!(remembered(components(had), &gates, corrected), ["m3=tm*1"]);
    assert_eq!(remembered(components(json!([])), &gates, corrected), [""; 0]);
}

#[test]
fn effects_reach_the_fleet() {
    let mut fleet = fleet(&[("m1", 9), ("m2", 9)]);
    let expires = assumption_expiry(now(), ASSUMPTION_TTL);
    let options = options(&[Feature::SchedulingOvercommitProtection], None);
    let assumed = |fleet: &mut crate::Fleet, cluster: &str| {
        let snapshot = fleet.snapshot();
        let keys = snapshot.assumed(cluster).map(|(key, _)| key.to_owned());
        keys.collect::<Vec<_>>()
    };
    let mut binding: ResourceBinding =
        binding(json!({"spec": {"replicas": 2, "placement": groups(&[("a", "m1")])}}));
    let executed = schedule_binding(&binding, &fleet.snapshot(), &options).apply(&mut binding, now());
    executed
        .effects
        .apply(&mut fleet, &BindingKey::new("shop", "web-deployment"), expires);
    assert_eq!(assumed(&mut fleet, "m1"), ["shop/web-deployment"]);
    binding.spec.placement.as_mut().unwrap().cluster_affinities[0]
        .affinity
        .cluster_names = vec!["m2".into()];
    let executed = schedule_binding(&binding, &fleet.snapshot(), &options).apply(&mut binding, now());
    executed
        .effects
        .apply(&mut fleet, &BindingKey::new("shop", "web-deployment"), expires);
    assert_eq!(assumed(&mut fleet, "m1"), [""; 0]);
    assert_eq!(assumed(&mut fleet, "m2"), ["shop/web-deployment"]);
    assert_eq!(fleet.next_expiry(), Some(expires));
}

#[test]
fn bindings_without_versions_share_an_affinity_group() {
    let mut fleet = fleet(&[("m1", 9), ("m2", 9)]);
    let expires = assumption_expiry(now(), ASSUMPTION_TTL);
    let options = options(&[Feature::WorkloadAffinity], None);
    for name in ["first", "second", "third"] {
        let mut binding = binding(json!({"spec": {
            "replicas": 2, "placement": groups(&[("a", "m1")]), "workloadAffinityGroups": {"affinityGroup": "g"},
        }}));
        binding.metadata.name = Some(name.to_owned());
        binding.metadata.resource_version = (name == "second").then(String::new);
        fleet.observe_binding(&binding);
        let executed = schedule_binding(&binding, &fleet.snapshot(), &options).apply(&mut binding, now());
        let key = BindingKey::new("shop", name);
        executed.effects.apply(&mut fleet, &key, expires);
        fleet.observe_binding(&binding);
        let targets: Vec<&str> = binding
            .spec
            .clusters
            .iter()
            .map(|target| target.name.as_str())
            .collect();
        assert_eq!(targets, ["m1"], "{name}");
        // The result, the name of the group and the condition are a change each.
        assert_eq!(binding.metadata.resource_version.as_deref(), Some("3"), "{name}");
    }
}
