//! The wire form of kinds: which members are always written, and the names that are not what one would guess.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use karmada_core::api::any::{AnyObject, DOCUMENTS, KINDS};
use karmada_core::api::config::v1alpha1::{
    CustomizationRules, DependentObjectReference, InterpreterOperation, ResourceInterpreterContext,
    ResourceInterpreterCustomization, ResourceInterpreterRequest, ResourceInterpreterResponse,
    ResourceInterpreterWebhook, RuleWithOperations,
};
use karmada_core::api::multicluster::v1alpha1::{ServiceImport, ServicePort};
use karmada_core::api::networking::v1alpha1::MultiClusterService;
use karmada_core::api::remedy::v1alpha1::{ClusterConditionRequirement, Remedy, RemedyAction};
use karmada_core::api::wire;
use serde_json::{Value, json};

/// What an object without anything in it is written as, apart from `metadata`.
fn empty(kind: &str) -> Value {
    let policy = json!({"spec": {"resourceSelectors": [], "placement": {}}});
    let override_policy = json!({"spec": {"overriders": {}}});
    let object = json!({"apiVersion": "", "kind": "", "name": ""});
    match kind {
        "Cluster" => json!({"spec": {"syncMode": ""}, "status": {}}),
        "PropagationPolicy" | "ClusterPropagationPolicy" => policy,
        "OverridePolicy" | "ClusterOverridePolicy" => override_policy,
        "FederatedResourceQuota" => json!({"spec": {"overall": {}}, "status": {}}),
        "ClusterTaintPolicy" => json!({"spec": {"taints": []}}),
        "ResourceBinding" | "ClusterResourceBinding" => json!({"spec": {"resource": object}, "status": {}}),
        "Work" => json!({"spec": {"workload": {}}, "status": {}}),
        "ResourceInterpreterCustomization" => {
            json!({"spec": {"target": {"apiVersion": "", "kind": ""}, "customizations": {}}})
        }
        "ResourceInterpreterWebhookConfiguration" => json!({"webhooks": []}),
        "MultiClusterService" => json!({"spec": {"types": [], "range": {}}, "status": {"loadBalancer": {}}}),
        "MultiClusterIngress" => json!({"spec": {}, "status": {"loadBalancer": {}}}),
        "FederatedHPA" => json!({
            "spec": {"scaleTargetRef": {"kind": "", "name": ""}, "maxReplicas": 0},
            "status": {"desiredReplicas": 0},
        }),
        "CronFederatedHPA" => {
            json!({"spec": {"scaleTargetRef": {"kind": "", "name": ""}, "rules": []}, "status": {}})
        }
        "WorkloadRebalancer" => json!({"spec": {"workloads": []}, "status": {}}),
        "Remedy" => json!({"spec": {}}),
        "ResourceRegistry" => json!({"spec": {"targetCluster": {}, "resourceSelectors": []}, "status": {}}),
        "Karmada" => json!({"spec": {}, "status": {}}),
        "ServiceExport" => json!({"status": {}}),
        "ServiceImport" => json!({"spec": {"ports": [], "type": ""}, "status": {}}),
        other => panic!("{other} is not listed"),
    }
}

#[test]
fn empty_objects_have_the_members_that_are_always_written() {
    for info in KINDS {
        let mut expected = empty(info.kind);
        expected["apiVersion"] = json!(info.api_version);
        expected["kind"] = json!(info.kind);
        expected["metadata"] = json!({});
        // `null`, absent and empty are read alike.
        for members in [
            json!({}),
            json!({"metadata": null, "spec": null, "status": null, "webhooks": null}),
        ] {
            let mut object = members;
            object["apiVersion"] = json!(info.api_version);
            object["kind"] = json!(info.kind);
            assert_eq!(AnyObject::decode(&object).unwrap().encode().unwrap(), expected);
        }
        assert_eq!(AnyObject::decode(&expected).unwrap().encode().unwrap(), expected);
    }
}

#[test]
fn objects_of_another_type_are_refused() {
    for document in DOCUMENTS {
        assert!(
            document.recode(&json!({"kind": "Other"})).is_err(),
            "{}",
            document.kind
        );
        assert!(
            document.recode(&json!({"apiVersion": "other/v1"})).is_err(),
            "{}",
            document.kind
        );
        assert!(document.recode(&json!({})).is_ok(), "{}", document.kind);
    }
}

#[track_caller]
fn check<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(
    value: &T,
    written: &Value,
) {
    assert_eq!(&wire::encode(value).unwrap(), written);
    assert_eq!(&wire::decode::<T>(written).unwrap(), value);
}

#[test]
fn questions_and_answers_of_interpreter_webhooks() {
    let envelope = json!({"apiVersion": "config.karmada.io/v1alpha1", "kind": "ResourceInterpreterContext"});
    let with = |member: &str, value: Value| {
        let mut envelope = envelope.clone();
        envelope[member] = value;
        envelope
    };
    check(&ResourceInterpreterContext::default(), &envelope);
    check(
        &ResourceInterpreterContext::request(ResourceInterpreterRequest {
            uid: "1".into(),
            name: "nginx".into(),
            operation: InterpreterOperation::ReviseReplica,
            desired_replicas: Some(0),
            ..ResourceInterpreterRequest::default()
        }),
        &with(
            "request",
            json!({
                "uid": "1", "kind": {"group": "", "version": "", "kind": ""}, "name": "nginx",
                "operation": "ReviseReplica", "object": null, "replicas": 0,
            }),
        ),
    );
    check(
        &ResourceInterpreterContext::response(ResourceInterpreterResponse {
            uid: "1".into(),
            successful: true,
            patch: k8s_openapi::ByteString(b"[]".to_vec()),
            patch_type: Some("JSONPatch".into()),
            healthy: Some(false),
            raw_status: Some(json!({"a": null})),
            dependencies: vec![DependentObjectReference::named("v1", "Secret", "default", "tls")],
            ..ResourceInterpreterResponse::default()
        }),
        &with(
            "response",
            json!({
                "uid": "1", "successful": true, "patch": "W10=", "patchType": "JSONPatch", "healthy": false,
                "rawStatus": {"a": null},
                "dependencies": [{"apiVersion": "v1", "kind": "Secret", "namespace": "default", "name": "tls"}],
            }),
        ),
    );
}

#[test]
fn constructors_write_what_people_would() {
    let rules = CustomizationRules::default()
        .replica_resource("a")
        .health_interpretation("b");
    let written = wire::encode(&ResourceInterpreterCustomization::new(
        "x",
        "apps/v1",
        "Deployment",
        rules,
    ))
    .unwrap();
    assert_eq!(
        written["spec"],
        json!({
            "target": {"apiVersion": "apps/v1", "kind": "Deployment"},
            "customizations": {"replicaResource": {"luaScript": "a"}, "healthInterpretation": {"luaScript": "b"}},
        })
    );
    check(
        &ResourceInterpreterWebhook::at_url("w.example.com", "https://w").rule(RuleWithOperations::new(
            [InterpreterOperation::All],
            ("apps", "v1", "Deployment"),
        )),
        &json!({
            "name": "w.example.com", "clientConfig": {"url": "https://w"},
            "rules": [{"operations": ["*"], "apiGroups": ["apps"], "apiVersions": ["v1"], "kinds": ["Deployment"]}],
            "interpreterContextVersions": ["v1alpha1"],
        }),
    );
    let service = MultiClusterService::cross_cluster("default", "web")
        .providers(["m1"])
        .consumers(["m2"]);
    assert_eq!(
        wire::encode(&service.spec).unwrap(),
        json!({
            "types": ["CrossCluster"], "range": {}, "providerClusters": [{"name": "m1"}],
            "consumerClusters": [{"name": "m2"}],
        })
    );
    let import = ServiceImport::new("default", "web", [ServicePort::tcp("http", 80)]);
    assert_eq!(
        wire::encode(&import.spec).unwrap(),
        json!({"type": "ClusterSetIP", "ports": [{"name": "http", "protocol": "TCP", "port": 80}]})
    );
    let demand = ClusterConditionRequirement::not_equal("ServiceDomainNameResolutionReady", "True");
    assert_eq!(
        wire::encode(&Remedy::new("dns", [demand], [RemedyAction::TrafficControl]).spec).unwrap(),
        json!({
            "decisionMatches": [{"clusterConditionMatch": {
                "conditionType": "ServiceDomainNameResolutionReady", "operator": "NotEqual", "conditionStatus": "True",
            }}],
            "actions": ["TrafficControl"],
        })
    );
}
