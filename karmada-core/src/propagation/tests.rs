use serde_json::json;

use super::*;
use crate::annotations;
use crate::api::policy::v1alpha1::{ClusterPropagationPolicy, PropagationPolicy};
use crate::labels;

fn policy(spec: Value) -> PropagationPolicy {
    let mut policy = PropagationPolicy::new("ns", "p", serde_json::from_value(spec).unwrap());
    policy.metadata.labels = Some(
        [(
            labels::PROPAGATION_POLICY_PERMANENT_ID.to_owned(),
            "p-id".to_owned(),
        )]
        .into(),
    );
    policy
}

fn template(namespace: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "Web:1", "namespace": namespace,
        "uid": "u", "resourceVersion": "7", "labels": {"group": "g", "app": "a"}}})
}

fn built(policy: &PropagationPolicy, gates: FeatureGates) -> Result<ResourceBinding, PropagationError> {
    let replicas = Interpretation::Replicas {
        replicas: 3,
        requirements: Some(ReplicaRequirements::default()),
    };
    let class = |name: &str| (name == "high").then_some(100);
    match build_binding(
        &template("ns"),
        PolicyRef::Namespaced(policy),
        replicas,
        gates,
        &class,
    )? {
        Binding::Namespaced(binding) => Ok(binding),
        Binding::Cluster(_) => panic!("not of a namespace"),
    }
}

#[test]
fn a_binding() {
    let policy = policy(
        json!({"propagateDeps": true, "schedulerName": "s", "placement": {"clusterAffinity": {"clusterNames": ["m1"]}},
        "conflictResolution": "Overwrite", "suspension": {"dispatching": true}, "preserveResourcesOnDeletion": true}),
    );
    let binding = built(&policy, FeatureGates::default()).unwrap();
    assert_eq!(
        serde_json::to_value(&binding.metadata).unwrap(),
        json!({
        "name": "web.1-deployment", "namespace": "ns", "finalizers": [finalizers::BINDING],
        "labels": {labels::PROPAGATION_POLICY_PERMANENT_ID: "p-id"},
        "annotations": {annotations::PROPAGATION_POLICY_NAMESPACE: "ns", annotations::PROPAGATION_POLICY_NAME: "p"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "Web:1", "uid": "u",
            "controller": true, "blockOwnerDeletion": true}]})
    );
    assert_eq!(
        serde_json::to_value(&binding.spec).unwrap(),
        json!({
        "resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "ns", "name": "Web:1", "uid": "u", "resourceVersion": "7"},
        "propagateDeps": true, "schedulerName": "s", "placement": {"clusterAffinity": {"clusterNames": ["m1"]}},
        "conflictResolution": "Overwrite", "suspension": {"dispatching": true}, "preserveResourcesOnDeletion": true,
        "replicas": 3, "replicaRequirements": {}})
    );
}

#[test]
fn what_the_template_says() {
    let policy = policy(json!({}));
    let check = |interpretation: Interpretation, replicas: i32, requirements: bool, components: usize| {
        let binding = build_binding(
            &template("ns"),
            PolicyRef::Namespaced(&policy),
            interpretation.clone(),
            FeatureGates::default(),
            &|_| None,
        );
        let Ok(Binding::Namespaced(binding)) = binding else {
            panic!("{binding:?}")
        };
        let spec = binding.spec;
        assert_eq!(
            (
                spec.replicas,
                spec.replica_requirements.is_some(),
                spec.components.len()
            ),
            (replicas, requirements, components),
            "{interpretation:?}"
        );
    };
    let requirements = Some(ReplicaRequirements::default());
    check(Interpretation::None, 0, false, 0);
    check(
        Interpretation::Replicas {
            replicas: 3,
            requirements,
        },
        3,
        true,
        0,
    );
    check(
        Interpretation::Components(vec![Component::default(); 2]),
        0,
        false,
        2,
    );
}

#[test]
fn a_cluster_scoped_template() {
    let policy = ClusterPropagationPolicy::new(
        "c",
        serde_json::from_value(json!({
        "schedulePriority": {"priorityClassSource": "Odd", "priorityClassName": "x"}}))
        .unwrap(),
    );
    let binding = build_binding(
        &template(""),
        PolicyRef::Cluster(&policy),
        Interpretation::None,
        FeatureGates::default(),
        &|_| None,
    );
    let Ok(Binding::Cluster(binding)) = binding else {
        panic!("{binding:?}")
    };
    assert_eq!(binding.metadata.namespace, None);
    assert_eq!(
        binding.metadata.finalizers,
        Some(vec![finalizers::CLUSTER_BINDING.to_owned()])
    );
    assert_eq!(binding.spec.schedule_priority, None);
}

#[test]
fn gates() {
    let policy = policy(
        json!({"placement": {"workloadAffinity": {"affinity": {"groupByLabelKey": "group"},
        "antiAffinity": {"groupByLabelKey": "absent"}}}}),
    );
    let check = |gate: Feature, on: bool, groups: Option<&str>, namespace: &str| {
        let binding = built(&policy, FeatureGates::default().with(gate, on)).unwrap();
        assert_eq!(
            binding.spec.workload_affinity_groups.map(|it| it.affinity_group),
            groups.map(str::to_owned)
        );
        assert_eq!(binding.spec.replica_requirements.unwrap().namespace, namespace);
    };
    check(Feature::WorkloadAffinity, false, None, "");
    check(Feature::WorkloadAffinity, true, Some("group=g"), "");
    check(Feature::ResourceQuotaEstimate, true, None, "ns");
}

#[test]
fn priorities() {
    let check = |source: &str, class: &str, gate: bool, expect: Result<Option<i32>, &str>| {
        let policy =
            policy(json!({"schedulePriority": {"priorityClassSource": source, "priorityClassName": class}}));
        let got = built(
            &policy,
            FeatureGates::default().with(Feature::PriorityBasedScheduling, gate),
        )
        .map(|binding| binding.spec.schedule_priority.map(|it| it.priority))
        .map_err(|error| error.to_string());
        assert_eq!(got, expect.map_err(str::to_owned));
    };
    check("KubePriorityClass", "high", true, Ok(Some(100)));
    check("KubePriorityClass", "high", false, Ok(None));
    check(
        "KubePriorityClass",
        "low",
        true,
        Err("priority class \"low\" does not exist"),
    );
    check(
        "PodPriorityClass",
        "high",
        true,
        Err("priority class source \"PodPriorityClass\" is not supported"),
    );
    check("PodPriorityClass", "high", false, Ok(None));
}

#[test]
fn lazy_policies_wait_for_a_change_by_people() {
    let (lazy, eager) = (policy(json!({"activationPreference": "Lazy"})), policy(json!({})));
    let (lazy, eager) = (PolicyRef::Namespaced(&lazy), PolicyRef::Namespaced(&eager));
    assert!(waits_for_change(lazy, true));
    assert!(!waits_for_change(lazy, false));
    assert!(!waits_for_change(eager, true));
}

#[test]
fn existing_bindings_are_merged() {
    let policy = policy(json!({"suspension": {"dispatching": false}, "propagateDeps": true}));
    let desired = built(&policy, FeatureGates::default()).unwrap();
    let mut existing: ResourceBinding = serde_json::from_value(json!({
        "metadata": {"name": "web.1-deployment", "namespace": "ns", "finalizers": ["old"],
            "labels": {"old": "x", labels::CLUSTER_PROPAGATION_POLICY_PERMANENT_ID: "c"},
            "annotations": {"old": "x", annotations::CLUSTER_PROPAGATION_POLICY_NAME: "c"}},
        "spec": {"resource": {"kind": "Old"}, "replicas": 9, "clusters": [{"name": "m1"}], "requiredBy": [{"name": "x"}],
            "suspension": {"scheduling": true, "dispatching": true}, "placement": {"clusterAffinity": {}},
            "gracefulEvictionTasks": [{"fromCluster": "m2"}], "rescheduleTriggeredAt": "2026-01-01T00:00:00Z"}})).unwrap();
    let merge = |existing: &ResourceBinding| {
        merge_binding(
            &Binding::Namespaced(existing.clone()),
            Binding::Namespaced(desired.clone()),
            PolicyRef::Namespaced(&policy),
        )
    };
    let Ok(Binding::Namespaced(merged)) = merge(&existing) else {
        panic!()
    };
    let labels = merged.metadata.labels.as_ref().unwrap();
    assert_eq!(
        labels.keys().collect::<Vec<_>>(),
        ["old", labels::PROPAGATION_POLICY_PERMANENT_ID]
    );
    assert_eq!(
        merged.metadata.finalizers.as_ref().unwrap(),
        &["old", finalizers::BINDING]
    );
    assert_eq!(
        merged.metadata.owner_references,
        desired.metadata.owner_references
    );
    assert_eq!(merged.spec.resource, desired.spec.resource);
    assert_eq!((merged.spec.replicas, merged.spec.propagate_deps), (3, true));
    assert_eq!(merged.spec.clusters, existing.spec.clusters);
    assert_eq!(merged.spec.required_by, existing.spec.required_by);
    assert_eq!(
        merged.spec.graceful_eviction_tasks,
        existing.spec.graceful_eviction_tasks
    );
    assert_eq!(
        merged.spec.reschedule_triggered_at,
        existing.spec.reschedule_triggered_at
    );
    let suspension = merged.spec.suspension.as_ref().unwrap();
    assert_eq!(
        (suspension.scheduling, suspension.dispatching),
        (Some(true), Some(false))
    );
    assert_eq!(merge(&merged), Ok(Binding::Namespaced(merged)));

    let mut owner = owner_reference(&template("ns"));
    owner.uid = "earlier".into();
    existing.metadata.owner_references = Some(vec![owner]);
    assert!(matches!(
        merge(&existing),
        Err(PropagationError::OtherOwner { .. })
    ));
}

#[test]
fn cluster_bindings_keep_whether_dependencies_follow() {
    let policy = ClusterPropagationPolicy::new(
        "c",
        serde_json::from_value(json!({"propagateDeps": true})).unwrap(),
    );
    let policy = PolicyRef::Cluster(&policy);
    let desired = build_binding(
        &template(""),
        policy,
        Interpretation::None,
        FeatureGates::default(),
        &|_| None,
    )
    .unwrap();
    let Binding::Cluster(mut existing) = desired.clone() else {
        panic!()
    };
    assert!(existing.spec.propagate_deps);
    existing.spec.propagate_deps = false;
    let Ok(Binding::Cluster(merged)) = merge_binding(&Binding::Cluster(existing), desired, policy) else {
        panic!()
    };
    assert!(!merged.spec.propagate_deps);
}
