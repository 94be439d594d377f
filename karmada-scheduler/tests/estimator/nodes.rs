//! Room on nodes, rule by rule.

use std::sync::Arc;

use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::estimator::{
    AccurateEstimator, Code, ComponentEstimation, EstimatorPlugin, MaxAvailableComponentSetsRequest,
    MaxAvailableReplicasRequest, MemberError, MemberState, NodeResourceEstimator, PluginResult,
    ReplicaEstimation,
};
use serde_json::{Value, json};

use crate::objects::{assumed, component, estimator, member, node, pod, quota, replicas, sets};

fn needs(request: Value) -> Value {
    json!({"resourceRequest": request})
}

#[test]
fn what_is_left_of_nodes() {
    fn check(allocatable: Value, pods: &[Value], request: Value, want: i32) {
        let pods: Vec<_> = pods
            .iter()
            .enumerate()
            .map(|(index, requests)| pod(&format!("p{index}"), "n1", requests.clone()))
            .collect();
        let member = member(&[node("n1", allocatable.clone(), json!({}))], &pods, &[]);
        let got = replicas(&estimator(), &member, &needs(request.clone()), &[]);
        assert_eq!(got, want, "{allocatable} {request}");
        let got = sets(
            &estimator(),
            &member,
            &json!([component(1, request.clone())]),
            &[],
        );
        assert_eq!(got, want, "{allocatable} {request} as a component");
    }
    let large = json!({"cpu": "4", "memory": "8Gi", "pods": "110", "nvidia.com/gpu": "2"});
    check(large.clone(), &[], json!({"cpu": "500m"}), 8);
    check(large.clone(), &[], json!({"cpu": "500m", "memory": "3Gi"}), 2);
    check(
        large.clone(),
        &[json!({"cpu": "1500m"})],
        json!({"cpu": "500m"}),
        5,
    );
    // Pods count, whatever they ask for.
    check(
        json!({"cpu": "4", "pods": "3"}),
        &[json!({}), json!({})],
        json!({}),
        1,
    );
    check(
        json!({"cpu": "4", "pods": "1"}),
        &[json!({}), json!({})],
        json!({}),
        0,
    );
    check(json!({"cpu": "4"}), &[], json!({}), 0);
    // More is asked for than there is.
    check(large.clone(), &[json!({"cpu": "5"})], json!({"cpu": "1m"}), 0);
    check(large.clone(), &[json!({"cpu": "5"})], json!({"memory": "1Gi"}), 8);
    // Extended resources; one that the node does not have.
    check(
        large.clone(),
        &[json!({"nvidia.com/gpu": "1"})],
        json!({"nvidia.com/gpu": "1"}),
        1,
    );
    check(large.clone(), &[], json!({"example.com/fpga": "1"}), 0);
    check(large.clone(), &[], json!({"hugepages-2Mi": "2Mi"}), 0);
    // Amounts are rounded up to whole units, of cpu to thousandths.
    check(large.clone(), &[], json!({"cpu": "0.0001"}), 110);
    check(
        large.clone(),
        &[json!({"nvidia.com/gpu": "500m"})],
        json!({"nvidia.com/gpu": "500m"}),
        1,
    );
    // Names that placement does not look at, on either side; nothing is asked for.
    check(
        large.clone(),
        &[json!({"storage": "9Ti"})],
        json!({"storage": "1Ti"}),
        109,
    );
    check(
        large.clone(),
        &[json!({"pods": "50"})],
        json!({"pods": "50"}),
        109,
    );
    check(large, &[], json!({"cpu": "0"}), 110);
}

#[test]
fn requests_of_pods() {
    fn check(spec: Value, status: Value, want: i32) {
        let mut pod = json!({"metadata": {"namespace": "ns", "name": "p"}, "spec": spec, "status": status});
        if pod["spec"]["containers"].is_null() {
            pod["spec"]["containers"] = json!([]);
        }
        let pod = serde_json::from_value(pod).unwrap();
        let nodes = [node("n1", json!({"cpu": "10", "pods": "110"}), json!({}))];
        let member = member(&nodes, &[pod], &[]);
        let got = replicas(&estimator(), &member, &needs(json!({"cpu": "1"})), &[]);
        assert_eq!(got, want, "{spec} {status}");
    }
    let container = |requests: Value| json!({"name": "c", "resources": {"requests": requests}});
    let cpu = |amount: &str| container(json!({"cpu": amount}));
    let placed = |containers: Value, init: Value, overhead: Value| json!({"nodeName": "n1", "containers": containers, "initContainers": init, "overhead": overhead});
    check(
        placed(json!([cpu("1"), cpu("2")]), json!([]), json!({})),
        json!({}),
        7,
    );
    check(
        placed(json!([cpu("1"), cpu("2")]), json!([cpu("2")]), json!({})),
        json!({}),
        7,
    );
    check(
        placed(
            json!([cpu("1"), cpu("2")]),
            json!([cpu("2"), cpu("4")]),
            json!({}),
        ),
        json!({}),
        6,
    );
    check(
        placed(json!([cpu("1")]), json!([cpu("2")]), json!({"cpu": "1"})),
        json!({}),
        7,
    );
    // Limits of a stored pod have become requests already.
    let limited = json!([{"name": "c", "resources": {"limits": {"cpu": "3"}}}]);
    check(placed(limited, json!([]), json!({})), json!({}), 10);
    let two = || placed(json!([cpu("2")]), json!([]), json!({}));
    check(two(), json!({"phase": "Running"}), 8);
    check(two(), json!({"phase": "Pending"}), 8);
    check(two(), json!({"phase": "Succeeded"}), 10);
    check(two(), json!({"phase": "Failed"}), 10);
    check(json!({"containers": [cpu("2")]}), json!({"phase": "Pending"}), 10);
    check(json!({"containers": [cpu("2")], "nodeName": ""}), json!({}), 10);
    check(json!({"containers": [cpu("2")], "nodeName": "n2"}), json!({}), 10);
}

#[test]
fn which_nodes_a_claim_allows() {
    fn check(claim: Value, want: &str) {
        let node = |name: &str, rest: Value| node(name, json!({"pods": "1"}), rest);
        let taint = |key: &str, effect: &str| json!({"key": key, "value": "v", "effect": effect});
        let mut names = String::new();
        // Each node by itself, so that the number says which.
        for node in [
            node("a", json!({"labels": {"zone": "z1", "size": "8"}})),
            node("b", json!({"labels": {"zone": "z2", "size": "16", "odd": ""}})),
            node(
                "c",
                json!({"labels": {"zone": "z1"}, "taints": [taint("t", "NoSchedule")]}),
            ),
            node(
                "d",
                json!({"labels": {"zone": "z1"}, "taints": [taint("t", "PreferNoSchedule")]}),
            ),
            node(
                "e",
                json!({"taints": [taint("u", "NoExecute"), taint("t", "NoSchedule")]}),
            ),
            node("f", json!({"unschedulable": true})),
        ] {
            let name = node.metadata.name.clone().unwrap();
            let member = member(&[node], &[], &[]);
            let needs = json!({"nodeClaim": claim});
            let fits = replicas(&estimator(), &member, &needs, &[]);
            let one = json!([{"name": "c", "replicas": 1, "replicaRequirements": needs}]);
            assert_eq!(sets(&estimator(), &member, &one, &[]), fits, "{claim} {name}");
            if fits == 1 {
                names += &name;
            }
        }
        assert_eq!(names, want, "{claim}");
    }
    check(Value::Null, "abd");
    check(json!({}), "abd");
    check(json!({"nodeSelector": {"zone": "z1"}}), "ad");
    check(json!({"nodeSelector": {"zone": "z1", "size": "8"}}), "a");
    check(json!({"nodeSelector": {"odd": ""}}), "b");
    check(json!({"nodeSelector": {"not a label": "x"}}), "");

    let affinity = |terms: Value| json!({"hardNodeAffinity": {"nodeSelectorTerms": terms}});
    let on_labels = |list: Value| json!({"matchExpressions": list});
    let of = |key: &str, operator: &str, values: &[&str]| json!([{"key": key, "operator": operator, "values": values}]);
    let one =
        |key: &str, operator: &str, values: &[&str]| affinity(json!([on_labels(of(key, operator, values))]));
    check(one("zone", "In", &["z2", "z3"]), "b");
    check(one("zone", "NotIn", &["z1"]), "b");
    check(one("size", "NotIn", &["8"]), "bd");
    check(one("size", "Exists", &[]), "ab");
    check(one("size", "DoesNotExist", &[]), "d");
    check(one("size", "Gt", &["8"]), "b");
    check(one("size", "Lt", &["16"]), "a");
    // Selector and affinity must both hold; of the terms one.
    let mut both = one("zone", "In", &["z1"]);
    both["nodeSelector"] = json!({"size": "8"});
    check(both, "a");
    check(
        affinity(json!([
            on_labels(of("size", "Gt", &["8"])),
            on_labels(of("size", "DoesNotExist", &[]))
        ])),
        "bd",
    );
    // Malformed and empty terms match nothing, and the others still count.
    check(one("zone", "In", &[]), "");
    check(one("zone", "Near", &["z1"]), "");
    check(affinity(json!([])), "");
    check(affinity(json!([{}])), "");
    check(
        affinity(json!([
            {},
            on_labels(of("zone", "Near", &["z1"])),
            on_labels(of("size", "Exists", &[]))
        ])),
        "ab",
    );
    // Fields: the name, by one value.
    let field = |key: &str, operator: &str, values: &[&str]| {
        affinity(json!([{"matchFields": of(key, operator, values)}]))
    };
    check(field("metadata.name", "In", &["a"]), "a");
    check(field("metadata.name", "NotIn", &["a"]), "bd");
    check(field("metadata.name", "In", &["a", "b"]), "");
    check(field("metadata.name", "Exists", &[]), "");
    check(field("metadata.namespace", "In", &["a"]), "");
    check(field("metadata.namespace", "NotIn", &["a"]), "abd");
    check(field("metadata.namespace", "In", &[""]), "abd");
    check(
        affinity(
            json!([{"matchExpressions": of("zone", "In", &["z1"]), "matchFields": of("metadata.name", "NotIn", &["a"])}]),
        ),
        "d",
    );

    let tolerating = |list: Value| json!({"tolerations": list});
    check(tolerating(json!([{"operator": "Exists"}])), "abcdef");
    check(tolerating(json!([{"key": "t", "operator": "Exists"}])), "abcd");
    check(
        tolerating(json!([{"key": "t", "operator": "Equal", "value": "w"}])),
        "abd",
    );
    check(
        tolerating(json!([{"key": "t", "value": "v"}, {"key": "u", "value": "v", "effect": "NoExecute"}])),
        "abcde",
    );
    check(
        tolerating(json!([{"key": "t", "operator": "Gt", "value": "1"}])),
        "abd",
    );
    check(
        tolerating(json!([{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}])),
        "abdf",
    );
    check(
        tolerating(
            json!([{"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoExecute"}]),
        ),
        "abd",
    );
}

#[test]
fn a_node_that_is_not_ready_counts_until_it_is_tainted() {
    let mut node = node("n1", json!({"pods": "1"}), json!({}));
    let condition = json!({"type": "Ready", "status": "False"});
    node.status.get_or_insert_default().conditions = Some(vec![serde_json::from_value(condition).unwrap()]);
    assert_eq!(
        replicas(&estimator(), &member(&[node], &[], &[]), &Value::Null, &[]),
        1
    );
}

#[test]
fn sets_of_components_by_first_fit() {
    fn check(nodes: &[(&str, &str)], list: Value, want: i32) {
        let nodes: Vec<_> = nodes
            .iter()
            .map(|(name, cpu)| node(name, json!({"cpu": cpu, "pods": "110"}), json!({})))
            .collect();
        assert_eq!(
            sets(&estimator(), &member(&nodes, &[], &[]), &list, &[]),
            want,
            "{list}"
        );
    }
    let of = |replicas, cpu: &str| component(replicas, json!({"cpu": cpu}));
    check(&[("n1", "4")], json!([of(1, "1")]), 4);
    check(&[("n1", "4")], json!([of(3, "1")]), 1);
    check(&[("n1", "4"), ("n2", "4")], json!([of(1, "1"), of(2, "2")]), 1);
    check(&[("n1", "1"), ("n2", "9")], json!([of(1, "1"), of(2, "2")]), 2);
    // By name, not as they came; the small pod takes the room of the large one.
    check(&[("n2", "1"), ("n1", "4")], json!([of(1, "1"), of(1, "4")]), 0);
    check(&[("n2", "4"), ("n1", "1")], json!([of(1, "1"), of(1, "4")]), 1);
    check(&[("n1", "1")], json!([of(1, "2")]), 0);
    // Components without requirements take a pod slot.
    check(&[("n1", "1")], json!([{"name": "c", "replicas": 2}]), 55);
    // Without replicas there is nothing to place.
    check(&[("n1", "1")], json!([of(0, "2")]), i32::MAX);
    check(&[("n1", "1")], json!([of(0, "2"), of(-1, "2")]), i32::MAX);
    check(&[("n1", "4")], json!([of(0, "9"), of(1, "2")]), 2);
    check(&[("n1", "1")], json!([]), i32::MAX);
}

#[test]
fn components_go_where_their_claims_allow() {
    let nodes = [
        node(
            "n1",
            json!({"cpu": "5", "pods": "110"}),
            json!({"labels": {"disk": "ssd"}}),
        ),
        node("n2", json!({"cpu": "4", "pods": "110"}), json!({})),
    ];
    let mut store = component(1, json!({"cpu": "2"}));
    store["replicaRequirements"]["nodeClaim"] = json!({"nodeSelector": {"disk": "ssd"}});
    let plain = component(1, json!({"cpu": "1"}));
    let member = member(&nodes, &[], &[]);
    assert_eq!(
        sets(&estimator(), &member, &json!([store.clone(), plain.clone()]), &[]),
        2
    );
    // The plain one goes first onto the node that the other needs: of 5 it takes 1, the other 2, and it 1 again.
    assert_eq!(sets(&estimator(), &member, &json!([plain, store]), &[]), 1);
}

#[test]
fn assumed_workloads_are_placed_before() {
    let nodes = ["n1", "n2"].map(|name| node(name, json!({"cpu": "4", "pods": "110"}), json!({})));
    let member = member(&nodes, &[], &[]);
    let check = |assumed_components: &[Value], want: (i32, i32)| {
        let workloads: Vec<_> = assumed_components
            .iter()
            .map(|list| assumed("any", list))
            .collect();
        let with = |estimator: &AccurateEstimator| {
            (
                replicas(estimator, &member, &needs(json!({"cpu": "2"})), &workloads),
                sets(
                    estimator,
                    &member,
                    &json!([component(1, json!({"cpu": "2"}))]),
                    &workloads,
                ),
            )
        };
        assert_eq!(with(&estimator()), want, "{assumed_components:?}");
        assert_eq!(
            with(&AccurateEstimator::new("member1")),
            (4, 4),
            "the feature is off"
        );
    };
    let of = |replicas, cpu: &str| json!([component(replicas, json!({"cpu": cpu}))]);
    check(&[], (4, 4));
    check(&[json!([])], (4, 4));
    check(&[of(1, "1")], (3, 3));
    check(&[of(1, "1"), of(1, "1")], (3, 3));
    check(&[of(1, "1"), of(1, "4")], (1, 1));
    check(&[of(3, "2")], (1, 1));
    check(&[of(0, "9")], (4, 4));
    check(&[json!([{"name": "c", "replicas": 220}])], (0, 0));
    // One that does not fit keeps what was placed of it.
    check(&[of(5, "2")], (0, 0));
    check(
        &[json!([
            component(1, json!({"cpu": "3"})),
            component(1, json!({"cpu": "5"}))
        ])],
        (2, 2),
    );
}

#[test]
fn nodes_come_and_go() {
    let mut member = MemberState::new();
    let room = |member: &MemberState| replicas(&estimator(), member, &needs(json!({"cpu": "1"})), &[]);
    assert_eq!(room(&member), 0);
    member
        .apply_pod(&pod("early", "n1", json!({"cpu": "1"})))
        .unwrap();
    member
        .apply_node(&node("n1", json!({"cpu": "4", "pods": "110"}), json!({})))
        .unwrap();
    assert_eq!(room(&member), 3, "the pod was there before its node");
    let before = member.clone();
    member
        .apply_node(&node("n1", json!({"cpu": "8", "pods": "110"}), json!({})))
        .unwrap();
    member
        .apply_pod(&pod("early", "n1", json!({"cpu": "3"})))
        .unwrap();
    assert_eq!((room(&before), room(&member)), (3, 5));
    member
        .apply_pod(&pod("early", "n2", json!({"cpu": "3"})))
        .unwrap();
    assert_eq!(room(&member), 8, "the pod is elsewhere");
    assert!(member.remove_node("n1") && !member.remove_node("n1"));
    assert_eq!(room(&member), 0);
    member
        .apply_node(&node("n2", json!({"cpu": "8", "pods": "110"}), json!({})))
        .unwrap();
    assert_eq!(room(&member), 5);
    assert!(member.remove_pod("ns", "early") && !member.remove_pod("ns", "early"));
    assert_eq!(room(&member), 8);
    assert_eq!((member.snapshot().len(), before.snapshot().len()), (1, 1));
}

#[test]
fn objects_that_cannot_be_read_change_nothing() {
    let mut member = member(
        &[node("n1", json!({"cpu": "4", "pods": "110"}), json!({}))],
        &[pod("p", "n1", json!({"cpu": "1"}))],
        &[quota("q", json!({}), json!({"cpu": "3"}), json!({"cpu": "1"}))],
    );
    let check = |got: Result<(), MemberError>, want: &str| assert_eq!(got.unwrap_err().to_string(), want);
    check(
        member.apply_node(&node("", json!({}), json!({}))),
        "Node has no metadata.name",
    );
    check(
        member.apply_pod(&pod("", "n1", json!({}))),
        "Pod has no metadata.name",
    );
    check(
        member.apply_node(&node("n1", json!({"cpu": "four"}), json!({}))),
        "Node n1: status.allocatable[cpu] is not a quantity",
    );
    check(
        member.apply_pod(&pod("p", "n1", json!({"cpu": "1x"}))),
        "Pod ns/p: spec.containers[0].resources.requests[cpu] is not a quantity",
    );
    check(
        member.apply_quota(&quota("q", json!({}), json!({"cpu": ""}), json!({}))),
        "ResourceQuota ns/q: status.hard[cpu] is not a quantity",
    );
    let needs = json!({"namespace": "ns", "resourceRequest": {"cpu": "1"}});
    assert_eq!(replicas(&estimator(), &member, &needs, &[]), 2);
    assert!(member.remove_quota("ns", "q") && !member.remove_quota("ns", "q"));
    assert_eq!(replicas(&estimator(), &member, &needs, &[]), 3);
}

#[derive(Debug)]
struct Says(i32, Code, &'static str);

impl EstimatorPlugin for Says {
    fn name(&self) -> &str {
        self.2
    }
    fn replicas(&self, _: &ReplicaEstimation<'_>) -> (i32, PluginResult) {
        (self.0, PluginResult::new(self.1, self.2))
    }
    fn component_sets(&self, _: &ComponentEstimation<'_>) -> (i32, PluginResult) {
        (self.0, PluginResult::new(self.1, self.2))
    }
}

#[derive(Debug)]
struct Silent;

impl EstimatorPlugin for Silent {
    fn name(&self) -> &str {
        "Silent"
    }
}

#[test]
fn plugins_bound_the_number() {
    use Code::{Error, NoOperation, Success, Unschedulable};
    fn check(says: Vec<Says>, want: Result<i32, &str>) {
        let plugins = says
            .into_iter()
            .map(|says| Arc::new(says) as Arc<dyn EstimatorPlugin>);
        let silent: Arc<dyn EstimatorPlugin> = Arc::new(Silent);
        let estimator = AccurateEstimator::new("m").with_only_plugins(plugins.chain([silent]).collect());
        let member = member(&[node("n", json!({"pods": "9"}), json!({}))], &[], &[]);
        let got = estimator.max_available_replicas(
            &member.snapshot(),
            &MaxAvailableReplicasRequest {
                cluster: "m".into(),
                ..Default::default()
            },
        );
        let text = |kind: &str, what: &str| {
            want.map_err(|reasons| {
                format!("failed to estimate {kind}: estimate {what} plugins fails with [{reasons} Silent is disabled]")
            })
        };
        let got = got
            .map(|response| response.max_replicas)
            .map_err(|error| error.to_string());
        assert_eq!(got, text("replicas", "replica"));
        let got = estimator.max_available_component_sets(
            &member.snapshot(),
            &MaxAvailableComponentSetsRequest {
                cluster: "m".into(),
                ..Default::default()
            },
        );
        let got = got
            .map(|response| response.max_sets)
            .map_err(|error| error.to_string());
        assert_eq!(got, text("component sets", "components"));
    }
    check(vec![], Ok(i32::MAX));
    check(vec![Says(5, Success, "a")], Ok(5));
    check(vec![Says(5, Success, "a"), Says(3, Success, "b")], Ok(3));
    check(vec![Says(5, Success, "a"), Says(3, NoOperation, "b")], Ok(5));
    check(vec![Says(3, NoOperation, "b")], Ok(i32::MAX));
    check(vec![Says(5, Success, "a"), Says(3, Unschedulable, "b")], Ok(0));
    check(vec![Says(5, Unschedulable, "a"), Says(3, Error, "b")], Err("a b"));
}

#[test]
fn without_nodes_there_is_no_room_and_nobody_is_asked() {
    let failing: Arc<dyn EstimatorPlugin> = Arc::new(Says(0, Code::Error, "x"));
    let estimator = AccurateEstimator::new("member1").with_only_plugins(vec![failing]);
    assert_eq!(replicas(&estimator, &MemberState::new(), &Value::Null, &[]), 0);
    assert_eq!(sets(&estimator, &MemberState::new(), &json!([]), &[]), 0);
}

#[test]
fn questions_for_another_cluster_are_refused() {
    let estimator = AccurateEstimator::new("member1");
    let snapshot = MemberState::new().snapshot();
    let request = MaxAvailableReplicasRequest {
        cluster: "member2".into(),
        ..Default::default()
    };
    let error = estimator.max_available_replicas(&snapshot, &request).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cluster name does not match, got: member2, desire: member1"
    );
    let request = MaxAvailableComponentSetsRequest {
        cluster: String::new(),
        ..Default::default()
    };
    let error = estimator
        .max_available_component_sets(&snapshot, &request)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cluster name does not match, got: , desire: member1"
    );
}

#[test]
fn results_of_the_plugin_for_nodes() {
    assert_eq!(NodeResourceEstimator.name(), "NodeResourceEstimator");
    // A full cluster has room for no replicas, which is a number, and for no sets, which is not.
    let gates = FeatureGates::default().with(Feature::ResourceQuotaEstimate, true);
    let estimator = AccurateEstimator::new("member1").with_features(gates);
    let member = member(&[node("n1", json!({"cpu": "1"}), json!({}))], &[], &[]);
    assert_eq!(replicas(&estimator, &member, &Value::Null, &[]), 0);
    assert_eq!(
        sets(&estimator, &member, &json!([component(1, json!({}))]), &[]),
        0
    );
}

#[test]
fn plugins_see_nodes() {
    let taints = json!([{"key": "t", "effect": "NoSchedule"}, {"key": "u", "effect": "PreferNoSchedule"}]);
    let nodes = [
        node(
            "n2",
            json!({"cpu": "2", "pods": "3"}),
            json!({"unschedulable": true, "taints": taints}),
        ),
        node(
            "n1",
            json!({"memory": "1Gi", "pods": "2"}),
            json!({"labels": {"rack": "r1"}}),
        ),
    ];
    let snapshot = member(&nodes, &[pod("p", "n2", json!({"cpu": "500m"}))], &[]).snapshot();
    let seen: Vec<_> = snapshot
        .nodes()
        .map(|node| {
            (
                node.name(),
                node.left("cpu"),
                node.left("memory"),
                node.slots_left(),
            )
        })
        .collect();
    assert_eq!(seen, [("n1", 0, 1 << 30, 2), ("n2", 1500, 0, 2)]);
    let nodes: Vec<_> = snapshot.nodes().collect();
    assert_eq!(
        (nodes[0].label("rack"), nodes[1].label("rack")),
        (Some("r1"), None)
    );
    assert_eq!(
        (nodes[0].is_unschedulable(), nodes[1].is_unschedulable()),
        (false, true)
    );
    assert_eq!((nodes[0].taints().len(), nodes[1].taints().len()), (0, 1));
    assert_eq!(format!("{:?}", nodes[0]), "NodeView { name: \"n1\", .. }");
}
