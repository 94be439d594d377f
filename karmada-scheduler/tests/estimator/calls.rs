//! What the scheduler asks estimators, and what it makes of their answers.

use std::sync::Arc;

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{ResourceBindingSpec, ResourceBindingStatus, TargetCluster};
use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::estimator::{
    AccurateEstimator, CallError, EstimatorRequest, MaxAvailableComponentSetsRequest,
    MaxAvailableReplicasRequest, MemberEstimators, MemberState, Method, ObjectReference,
    UnschedulableReplicasRequest, answer, object_metadata, requests, unschedulable_answer,
};
use karmada_scheduler::{
    AssumedWorkload, Corrections, Estimate, EstimateError, Fleet, Options, Profile, Session, Snapshot, Step,
    schedule,
};
use serde_json::{Value, json};

use crate::objects::{component, components, member, node, requirements};

fn cluster(name: &str, cpu: &str) -> Cluster {
    wire::decode(&json!({
        "metadata": {"name": name},
        "status": {
            "apiEnablements": [{"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]}],
            "resourceSummary": {"allocatable": {"cpu": cpu, "pods": "110"}},
        },
    }))
    .unwrap()
}

fn spec(rest: &Value) -> ResourceBindingSpec {
    let mut object = json!({
        "resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "ns", "name": "web"},
        "placement": {"replicaScheduling": {
            "replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted",
            "weightPreference": {"dynamicWeight": "AvailableReplicas"},
        }},
    });
    for (key, value) in rest.as_object().unwrap() {
        object[key] = value.clone();
    }
    wire::decode(&object).unwrap()
}

fn one_cluster(rest: Value) -> Value {
    let mut rest = rest;
    rest["placement"] = json!({
        "spreadConstraints": [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 1}],
        "replicaScheduling": {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"},
    });
    rest
}

fn options(profile: Profile, gates: &[Feature]) -> Options {
    let features = gates.iter().fold(FeatureGates::default(), |gates, feature| {
        gates.with(*feature, true)
    });
    Options {
        profile: Arc::new(profile),
        features,
        ..Options::default()
    }
}

/// What a session asks of two clusters, on the first of which a workload is assumed.
fn asked(rest: &Value, gates: &[Feature]) -> Vec<EstimatorRequest> {
    asked_besides(other(), rest, gates)
}

fn asked_besides(assumed: AssumedWorkload, rest: &Value, gates: &[Feature]) -> Vec<EstimatorRequest> {
    let mut fleet = Fleet::new();
    for name in ["m1", "m2"] {
        fleet.apply(&cluster(name, "10")).unwrap();
    }
    fleet.assume("ns/other", "m1", assumed);
    let profile = Profile::karmada().with_remote_estimator("scheduler-estimator");
    let (spec, status, options) = (
        spec(rest),
        ResourceBindingStatus::default(),
        options(profile, gates),
    );
    let snapshot = fleet.snapshot();
    let mut session = Session::new(&snapshot, &spec, &status, &options);
    assert!(session.estimate_request().is_none());
    let Step::NeedEstimates(question) = session.step(vec![]) else {
        panic!("nothing is asked")
    };
    assert_eq!(question.clusters.len(), 2);
    let asked = requests(&session.estimate_request().unwrap());
    assert_eq!(
        asked.iter().map(EstimatorRequest::cluster).collect::<Vec<_>>(),
        ["m1", "m2"]
    );
    assert!(matches!(session.step(vec![]), Step::Done(_)));
    asked
}

fn other() -> AssumedWorkload {
    AssumedWorkload {
        namespace: "ns".into(),
        components: components(&json!([component(2, json!({"cpu": "1"}))])),
    }
}

#[test]
fn requests_follow_the_binding() {
    fn check(rest: &Value, gates: &[Feature], want: [EstimatorRequest; 2]) {
        assert_eq!(asked(rest, gates), want, "{rest}");
    }
    let replicas = |cluster: &str, needs: &Value, assumed: &[AssumedWorkload]| {
        EstimatorRequest::Replicas(MaxAvailableReplicasRequest {
            cluster: cluster.into(),
            replica_requirements: requirements(needs),
            assumed_workloads: assumed.iter().cloned().map(Arc::new).collect(),
        })
    };
    let needs = json!({
        "nodeClaim": {"nodeSelector": {"a": "b"}, "tolerations": [{"operator": "Exists"}],
            "hardNodeAffinity": {"nodeSelectorTerms": [{}]}},
        "resourceRequest": {"cpu": "1"}, "namespace": "ns", "priorityClassName": "high",
    });
    let protection = [Feature::SchedulingOvercommitProtection];
    let workload = json!({"replicas": 3, "replicaRequirements": needs});
    check(
        &workload,
        &[],
        [replicas("m1", &needs, &[]), replicas("m2", &needs, &[])],
    );
    check(
        &workload,
        &protection,
        [replicas("m1", &needs, &[other()]), replicas("m2", &needs, &[])],
    );
    check(
        &json!({"replicas": 3}),
        &[],
        [
            replicas("m1", &Value::Null, &[]),
            replicas("m2", &Value::Null, &[]),
        ],
    );
    // On the wire an affinity without terms is none.
    check(
        &json!({"replicas": 3, "replicaRequirements": {"nodeClaim": {"hardNodeAffinity": {"nodeSelectorTerms": []}}}}),
        &[],
        ["m1", "m2"].map(|cluster| replicas(cluster, &json!({"nodeClaim": {}}), &[])),
    );

    let parts = json!([component(1, json!({"cpu": "1"})), {"name": "d", "replicas": 2}]);
    let sets = |cluster: &str, assumed: &[AssumedWorkload]| {
        EstimatorRequest::ComponentSets(MaxAvailableComponentSetsRequest {
            cluster: cluster.into(),
            components: components(&parts),
            namespace: "ns".into(),
            assumed_workloads: assumed.iter().cloned().map(Arc::new).collect(),
        })
    };
    let workload = one_cluster(json!({"components": parts}));
    let both = [
        Feature::MultiplePodTemplatesScheduling,
        Feature::SchedulingOvercommitProtection,
    ];
    check(&workload, &both[..1], [sets("m1", &[]), sets("m2", &[])]);
    check(&workload, &both, [sets("m1", &[other()]), sets("m2", &[])]);
}

#[test]
fn assumed_workloads_are_asked_about_as_they_are_on_the_wire() {
    fn check(claim: &Value, want: &Value) {
        let workload = |claim: &Value| AssumedWorkload {
            namespace: "ns".into(),
            components: components(&json!([
                component(2, json!({"cpu": "1"})),
                {"name": "d", "replicas": 1, "replicaRequirements": {"nodeClaim": claim}},
            ])),
        };
        let gates = [Feature::SchedulingOvercommitProtection];
        for request in asked_besides(workload(claim), &json!({"replicas": 3}), &gates) {
            let EstimatorRequest::Replicas(request) = request else {
                panic!("asked about component sets")
            };
            let assumed = (request.cluster == "m1").then(|| Arc::new(workload(want)));
            assert_eq!(request.assumed_workloads, Vec::from_iter(assumed), "{claim}");
        }
    }
    let selector = json!({"a": "b"});
    check(
        &json!({"nodeSelector": selector, "hardNodeAffinity": {"nodeSelectorTerms": []}}),
        &json!({"nodeSelector": selector}),
    );
    let claim = json!({"nodeSelector": selector, "hardNodeAffinity": {"nodeSelectorTerms": [{}]}});
    check(&claim, &claim);
}

#[test]
fn numbers_become_estimates() {
    let failed = |cluster: &str| {
        Err(CallError::Failed {
            cluster: cluster.into(),
            method: Method::MaxAvailableReplicas,
            message: "deadline exceeded".into(),
        })
    };
    let missing = |cluster: &str| {
        Err(CallError::NoEstimator {
            cluster: cluster.into(),
        })
    };
    assert_eq!(
        answer(&[Ok(3), Ok(-1), Ok(i32::MAX), Ok(0), Ok(-2)]),
        Ok(vec![
            Estimate::Value(3),
            Estimate::Unknown,
            Estimate::Unlimited,
            Estimate::Value(0),
            Estimate::Value(-2)
        ])
    );
    assert_eq!(answer(&[]), Ok(vec![]));
    let check = |responses: &[Result<i32, CallError>], text: &str, partial: &[Estimate]| {
        let want = EstimateError::new(text).with_partial(partial.to_vec());
        assert_eq!(answer(responses), Err(want), "{responses:?}");
    };
    let m1 = "gRPC request cluster(m1) estimator error when calling MaxAvailableReplicas: deadline exceeded";
    let m2 = "cluster m2 does not exist in estimator cache";
    let (unknown, three) = (Estimate::Unknown, Estimate::Value(3));
    check(&[Ok(3), failed("m1")], m1, &[three, unknown]);
    check(&[missing("m2"), Ok(3)], m2, &[unknown, three]);
    check(
        &[failed("m1"), missing("m2")],
        &format!("[{m1}, {m2}]"),
        &[unknown, unknown],
    );
    check(&[failed("m1"), failed("m1")], m1, &[unknown, unknown]);
}

#[test]
fn numbers_of_unschedulable_replicas() {
    let asked = ["m1", "m2"].map(|cluster| UnschedulableReplicasRequest {
        cluster: cluster.into(),
        ..Default::default()
    });
    let got = unschedulable_answer(&asked, &[Ok(2), Ok(-1)]);
    let want = vec![TargetCluster::new("m1", 2), TargetCluster::new("m2", -1)];
    assert_eq!(got, Ok(want));
    let failed = CallError::Failed {
        cluster: "m1".into(),
        method: Method::GetUnschedulableReplicas,
        message: "resource is nil".into(),
    };
    let text = "gRPC request cluster(m1) estimator error when calling UnschedulableReplicas: resource is nil";
    assert_eq!(
        unschedulable_answer(&asked, &[Err(failed), Ok(1)]),
        Err(EstimateError::new(text))
    );
}

#[test]
fn names_on_the_wire() {
    let service = "/github.com.karmada_io.karmada.pkg.estimator.service.Estimator/";
    let check = |method: Method, path: &str, text: &str| {
        assert_eq!(method.path(), format!("{service}{path}"));
        assert_eq!(method.to_string(), text);
    };
    check(
        Method::MaxAvailableReplicas,
        "MaxAvailableReplicas",
        "MaxAvailableReplicas",
    );
    check(
        Method::MaxAvailableComponentSets,
        "MaxAvailableComponentSets",
        "MaxAvailableComponentSets",
    );
    check(
        Method::GetUnschedulableReplicas,
        "GetUnschedulableReplicas",
        "UnschedulableReplicas",
    );
    let spec = spec(&json!({}));
    assert_eq!(object_metadata(&spec), "kind=Deployment, name=ns/web");
    let reference = ObjectReference::from(&spec.resource);
    assert_eq!(
        (reference.api_version.as_str(), reference.name.as_str()),
        ("apps/v1", "web")
    );
}

fn estimators(rooms: &[(&str, &str)]) -> MemberEstimators {
    rooms
        .iter()
        .fold(MemberEstimators::default(), |estimators, (cluster, cpu)| {
            let nodes = [node("n1", json!({"cpu": cpu, "pods": "110"}), json!({}))];
            estimators.with(
                AccurateEstimator::new(*cluster),
                member(&nodes, &[], &[]).snapshot(),
            )
        })
}

#[test]
fn the_smaller_estimate_counts() {
    fn check(
        rest: &Value,
        gates: &[Feature],
        rooms: &[(&str, &str)],
        corrections: Corrections,
        want: Result<&[(&str, i32)], &str>,
    ) {
        let snapshot = Snapshot::build(&[cluster("m1", "10"), cluster("m2", "10")], []).unwrap();
        let profile = Profile::karmada()
            .with_estimator(estimators(rooms))
            .with_corrections(corrections);
        let outcome = schedule(
            &snapshot,
            &spec(rest),
            &ResourceBindingStatus::default(),
            &options(profile, gates),
        );
        let got = outcome
            .as_ref()
            .map(|decision| decision.iter().collect::<Vec<_>>());
        let got = got.as_deref().map_err(ToString::to_string);
        assert_eq!(got, want.map_err(str::to_owned), "{rest} {rooms:?}");
    }
    let none = Corrections::none();
    let mut partial = none;
    partial.partial_estimates = true;
    let of = |replicas: i32| json!({"replicas": replicas, "replicaRequirements": {"resourceRequest": {"cpu": "1"}}});
    check(
        &of(6),
        &[],
        &[("m1", "10"), ("m2", "10")],
        none,
        Ok(&[("m1", 3), ("m2", 3)]),
    );
    check(
        &of(6),
        &[],
        &[("m1", "10"), ("m2", "2")],
        none,
        Ok(&[("m1", 5), ("m2", 1)]),
    );
    // The general estimator is always heard.
    check(
        &of(12),
        &[],
        &[("m1", "99"), ("m2", "2")],
        none,
        Ok(&[("m1", 10), ("m2", 2)]),
    );
    let short = "failed to assign replicas: failed to scale up: Clusters available replicas 3 are not enough to schedule.";
    check(&of(6), &[], &[("m1", "1"), ("m2", "2")], none, Err(short));
    // One that fails for a cluster is not heard at all, or, corrected, about the others.
    check(&of(6), &[], &[("m1", "1")], none, Ok(&[("m1", 3), ("m2", 3)]));
    check(
        &of(11),
        &[],
        &[("m1", "1")],
        partial,
        Ok(&[("m1", 1), ("m2", 10)]),
    );
    // Sets of components.
    let sets = one_cluster(
        json!({"components": [component(2, json!({"cpu": "1"})), component(1, json!({"cpu": "4"}))]}),
    );
    let gate = [Feature::MultiplePodTemplatesScheduling];
    check(&sets, &gate, &[("m1", "5"), ("m2", "6")], none, Ok(&[("m2", 0)]));
    let full = "failed to select clusters: no enough resource when selecting 1 clusters";
    check(&sets, &gate, &[("m1", "5"), ("m2", "5")], none, Err(full));
}

#[test]
fn calls_name_the_cluster_that_fails() {
    let estimators = estimators(&[("m1", "4")]);
    let call = |cluster: &str| {
        estimators.call(&EstimatorRequest::Replicas(MaxAvailableReplicasRequest {
            cluster: cluster.into(),
            ..Default::default()
        }))
    };
    assert_eq!(call("m1"), Ok(110));
    let missing = CallError::NoEstimator { cluster: "m2".into() };
    assert_eq!(call("m2"), Err(missing));
    assert_eq!(MemberState::new().snapshot().len(), 0);
}
