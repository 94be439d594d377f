use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::api::policy::v1alpha1::OverridePolicy;

fn binding(spec: Value) -> ResourceBinding {
    let mut binding = ResourceBinding::named("ns", "web-deployment");
    binding.metadata.labels = Some(
        [(
            labels::RESOURCE_BINDING_PERMANENT_ID.to_owned(),
            "b-id".to_owned(),
        )]
        .into(),
    );
    binding.spec = serde_json::from_value(spec).unwrap();
    binding
}

fn template(kind: &str, spec: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": kind, "spec": spec, "status": {"replicas": 1}, "metadata": {
        "name": "web", "namespace": "ns", "uid": "t-uid", "generation": 3, "resourceVersion": "7"}})
}

fn revise(manifest: &mut Value, replicas: i64) -> Result<(), Box<dyn Error + Send + Sync>> {
    if let Some(field) = manifest.pointer_mut("/spec/replicas") {
        *field = replicas.into();
    }
    Ok(())
}

fn build(
    template: &Value,
    binding: &ResourceBinding,
    policies: &[OverridePolicy],
    gates: FeatureGates,
) -> Vec<Work> {
    let overrides = Overrides::select(template, &[], policies);
    let builder = WorkBuilder::new(template, BindingRef::Namespaced(binding), overrides, gates).unwrap();
    builder
        .targets()
        .iter()
        .map(|target| {
            let cluster = Cluster::named(target.name.as_str());
            builder.build(target, Some(&cluster), &revise, None).unwrap()
        })
        .collect()
}

#[test]
fn a_work_and_its_manifest() {
    let template = template("Deployment", json!({"replicas": 5}));
    let binding = binding(
        json!({"replicas": 5, "clusters": [{"name": "m1", "replicas": 2}], "conflictResolution": "Overwrite",
        "suspension": {"dispatchingOnClusters": {"clusterNames": ["m1"]}}, "preserveResourcesOnDeletion": true}),
    );
    let policies = [OverridePolicy::new(
        "ns",
        "o",
        serde_json::from_value(json!({"overrideRules": [{"overriders":
        {"labelsOverrider": [{"operator": "add", "value": {"env": "<test>"}}]}}]}))
        .unwrap(),
    )];
    let works = build(&template, &binding, &policies, FeatureGates::default());
    let work = &works[0];
    assert_eq!(work.metadata.namespace.as_deref(), Some("karmada-es-m1"));
    assert_eq!(
        work.metadata.name.as_deref(),
        Some(names::work_name("Deployment", "web", "ns").as_str())
    );
    assert_eq!(
        work.metadata.finalizers,
        Some(vec![finalizers::EXECUTION.to_owned()])
    );
    let own = work.metadata.annotations.as_ref().unwrap();
    assert_eq!(own[annotations::WORK_CONFLICT_RESOLUTION], "overwrite");
    assert_eq!(
        own[annotations::APPLIED_OVERRIDES],
        r#"[{"policyName":"o","overriders":{"labelsOverrider":[{"operator":"add","value":{"env":"\u003ctest\u003e"}}]}}]"#
    );
    assert_eq!(
        (
            work.spec.suspend_dispatching,
            work.spec.preserve_resources_on_deletion
        ),
        (Some(true), Some(true))
    );
    let manifest = &work.spec.workload.manifests[0];
    assert_eq!(manifest["spec"], json!({"replicas": 2}));
    assert_eq!(
        manifest["metadata"]["labels"],
        json!({"env": "<test>", "karmada.io/managed": "true",
        "resourcebinding.karmada.io/permanent-id": "b-id"})
    );
    let marks = manifest["metadata"]["annotations"].as_object().unwrap();
    assert_eq!(marks[annotations::RESOURCE_TEMPLATE_UID], "t-uid");
    assert_eq!(marks[annotations::RESOURCE_TEMPLATE_GENERATION], "3");
    assert_eq!(
        marks[annotations::MANAGED_LABELS],
        "env,karmada.io/managed,resourcebinding.karmada.io/permanent-id"
    );
    assert_eq!(manifest["metadata"].get("uid"), None);
    assert_eq!(manifest.get("status"), None);
}

#[test]
fn a_work_of_no_binding() {
    fn check(manifest: Value, name: &str, expect: Value) {
        let label = ("a".to_owned(), "b".to_owned());
        let work = for_cluster("m1", manifest, [label], []).unwrap();
        assert_eq!(work.metadata.namespace.as_deref(), Some("karmada-es-m1"));
        assert_eq!(work.metadata.name.as_deref(), Some(name));
        assert_eq!(work.metadata.labels.unwrap()["a"], "b");
        assert_eq!(work.metadata.annotations, None);
        assert_eq!(
            (
                work.spec.suspend_dispatching,
                work.spec.preserve_resources_on_deletion
            ),
            (None, None)
        );
        let mut manifest = work.spec.workload.manifests.into_iter().next().unwrap();
        assert_eq!(manifest["metadata"]["labels"], json!({labels::MANAGED: "true"}));
        let marks = manifest["metadata"]["annotations"].take();
        assert_eq!(
            marks,
            json!({annotations::RESOURCE_TEMPLATE_UID: "u", annotations::WORK_NAME: name,
                annotations::WORK_NAMESPACE: "karmada-es-m1"})
        );
        manifest.as_object_mut().unwrap().remove("metadata");
        assert_eq!(manifest, expect);
    }
    check(
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns", "uid": "u"}, "status": {"phase": "Active"}}),
        &names::work_name("Namespace", "ns", ""),
        json!({"apiVersion": "v1", "kind": "Namespace"}),
    );
    check(
        json!({"apiVersion": "v1", "kind": "ResourceQuota", "spec": {"hard": {"cpu": "1"}},
            "metadata": {"name": "q", "namespace": "ns", "uid": "u", "resourceVersion": "7"}}),
        &names::work_name("ResourceQuota", "q", "ns"),
        json!({"apiVersion": "v1", "kind": "ResourceQuota", "spec": {"hard": {"cpu": "1"}}}),
    );
}

#[test]
fn every_cluster_once_in_order() {
    let binding = binding(json!({"clusters": [{"name": "m2"}],
        "requiredBy": [{"name": "a", "clusters": [{"name": "m1"}, {"name": "m2"}]}, {"name": "b", "clusters": [{"name": "m1"}]}]}));
    let works = build(
        &template("ConfigMap", json!({})),
        &binding,
        &[],
        FeatureGates::default(),
    );
    let clusters: Vec<_> = works.iter().filter_map(cluster_of).collect();
    assert_eq!(clusters, ["m2", "m1"]);
}

#[test]
fn completions_are_divided() {
    fn check(spec: Value, expect: &[Value]) {
        let job = template("Job", json!({"completions": 5, "parallelism": 4}));
        let works = build(&job, &binding(spec), &[], FeatureGates::default());
        let got: Vec<_> = works
            .iter()
            .map(|work| work.spec.workload.manifests[0]["spec"]["completions"].clone())
            .collect();
        assert_eq!(got, expect);
    }
    let clusters = json!([{"name": "m1", "replicas": 3}, {"name": "m2", "replicas": 1}]);
    let divided = json!({"replicaScheduling": {"replicaSchedulingType": "Divided"}});
    check(
        json!({"replicas": 4, "clusters": clusters, "placement": divided}),
        &[json!(4), json!(1)],
    );
    check(
        json!({"replicas": 4, "clusters": clusters, "placement": {}}),
        &[json!(5), json!(5)],
    );
    check(
        json!({"replicas": 0, "clusters": clusters, "placement": divided}),
        &[json!(5), json!(5)],
    );
}

#[test]
fn a_cluster_that_is_not_there_is_an_error() {
    let template = template("ConfigMap", json!({}));
    let binding = binding(json!({"clusters": [{"name": "gone"}]}));
    let builder = WorkBuilder::new(
        &template,
        BindingRef::Namespaced(&binding),
        Overrides::default(),
        FeatureGates::default(),
    )
    .unwrap();
    let error = builder
        .build(&builder.targets()[0], None, &revise, None)
        .unwrap_err();
    assert_eq!(error.to_string(), "cluster \"gone\" does not exist");
}

#[test]
fn existing_works_are_merged() {
    let template = template("ConfigMap", json!({}));
    let binding = binding(json!({"clusters": [{"name": "m1"}]}));
    let mut existing = build(&template, &binding, &[], FeatureGates::default()).remove(0);
    existing
        .metadata
        .labels
        .as_mut()
        .unwrap()
        .insert(labels::WORK_PERMANENT_ID.into(), "w-id".into());
    existing
        .metadata
        .annotations
        .as_mut()
        .unwrap()
        .insert("note".into(), "x".into());
    existing.metadata.finalizers = Some(vec!["z".into(), "a".into()]);
    existing.spec.workload.manifests = vec![json!(1), json!(2)];
    let builder = WorkBuilder::new(
        &template,
        BindingRef::Namespaced(&binding),
        Overrides::default(),
        FeatureGates::default(),
    )
    .unwrap();
    let cluster = Cluster::named("m1");
    let build =
        |existing: &Work| builder.build(&builder.targets()[0], Some(&cluster), &revise, Some(existing));
    let work = build(&existing).unwrap();
    assert_eq!(work.metadata.annotations.as_ref().unwrap()["note"], "x");
    assert_eq!(
        work.metadata.finalizers.as_ref().unwrap(),
        &["a", finalizers::EXECUTION, "z"]
    );
    assert_eq!(work.spec.workload.manifests.len(), 1);
    assert_eq!(
        work.spec.workload.manifests[0]["metadata"]["labels"][labels::WORK_PERMANENT_ID],
        "w-id"
    );
    assert_eq!(build(&work).unwrap(), work, "writing again changes nothing");
    existing.metadata.deletion_timestamp = Some(crate::api::meta::Time(jiff::Timestamp::UNIX_EPOCH));
    assert!(matches!(build(&existing), Err(WorkError::Deleting { .. })));
}

#[test]
fn state_is_preserved() {
    fn check(gate: bool, mode: &str, before: &[&str], others: bool, expect: bool) {
        let mut clusters = vec![json!({"name": "m2"})];
        if others {
            clusters.push(json!({"name": "m3"}));
        }
        let binding = binding(json!({"clusters": clusters, "gracefulEvictionTasks": [
            {"fromCluster": "m0", "purgeMode": "Directly", "preservedLabelState": {"old": "1"}},
            {"fromCluster": "m1", "purgeMode": mode, "clustersBeforeFailover": before, "preservedLabelState": {"state": "1"}}]}));
        let gates = FeatureGates::default().with(Feature::StatefulFailoverInjection, gate);
        let works = build(&template("ConfigMap", json!({})), &binding, &[], gates);
        let labels = &works[0].spec.workload.manifests[0]["metadata"]["labels"];
        assert_eq!(
            labels.get("state").is_some(),
            expect,
            "{gate} {mode} {before:?} {others}"
        );
        assert_eq!(labels.get("old"), None);
    }
    check(true, "Directly", &["m1"], false, true);
    check(false, "Directly", &["m1"], false, false);
    check(true, "Gracefully", &["m1"], false, false);
    check(true, "Directly", &["m1", "m2"], false, false);
    check(true, "Directly", &["m1"], true, false);
}

#[test]
fn conflicts() {
    fn check(annotation: Value, binding: Option<&str>, expect: &str) {
        let manifest =
            json!({"metadata": {"annotations": {annotations::WORK_CONFLICT_RESOLUTION: annotation}}});
        let binding = binding.map(ConflictResolution::from);
        assert_eq!(conflict_resolution(&manifest, binding.as_ref()), expect);
    }
    check(json!("overwrite"), Some("Abort"), "overwrite");
    check(json!("abort"), Some("Overwrite"), "abort");
    check(json!("Overwrite"), None, "abort");
    check(json!(null), Some("Overwrite"), "overwrite");
    check(json!(null), Some(""), "abort");
    check(json!(null), None, "abort");
}

#[test]
fn suspension() {
    fn check(suspension: Value, expect: bool) {
        let suspension: Option<BindingSuspension> = serde_json::from_value(suspension).unwrap();
        assert_eq!(suspends_dispatching(suspension.as_ref(), "m1"), expect);
    }
    check(json!(null), false);
    check(json!({"scheduling": true}), false);
    check(json!({"dispatching": true}), true);
    check(
        json!({"dispatching": false, "dispatchingOnClusters": {"clusterNames": ["m1"]}}),
        true,
    );
    check(json!({"dispatchingOnClusters": {"clusterNames": ["m2"]}}), false);
}

#[test]
fn orphans_and_clusters_to_be_left_at_once() {
    let works: Vec<_> = ["m1", "m2", "m3", "m4", "m5"]
        .iter()
        .map(|cluster| Work::named(names::execution_space(cluster), "w"))
        .chain([Work::named("default", "w")])
        .collect();
    let spec = |tasks: Value| -> ResourceBindingSpec {
        serde_json::from_value(
            json!({"clusters": [{"name": "m1"}], "requiredBy": [{"name": "x", "clusters": [{"name": "m2"}]}],
            "gracefulEvictionTasks": tasks}),
        )
        .unwrap()
    };
    let leaving = spec(json!([{"fromCluster": "m3"}, {"fromCluster": "m4", "purgeMode": "Directly"}]));
    let orphans: Vec<_> = orphan_works(&leaving, &works)
        .into_iter()
        .filter_map(cluster_of)
        .collect();
    assert_eq!(orphans, ["m4", "m5"]);
    assert!(waits_for_removal(&leaving, &works));
    assert!(!waits_for_removal(&leaving, &works[..3]));
    assert!(!waits_for_removal(&spec(json!([])), &works));
}

proptest! {
    #[test]
    fn works_do_not_depend_on_the_order_of_policies(reversed in any::<bool>(), replicas in 0..5_i32) {
        let template = template("Deployment", json!({"replicas": 5}));
        let binding = binding(json!({"replicas": 5, "clusters": [{"name": "m1", "replicas": replicas}]}));
        let mut policies: Vec<_> = ["a", "b"].iter().map(|name| OverridePolicy::new("ns", *name, serde_json::from_value(json!(
            {"overriders": {"labelsOverrider": [{"operator": "add", "value": {"last": name}}]}})).unwrap())).collect();
        let works = build(&template, &binding, &policies, FeatureGates::default());
        if reversed {
            policies.reverse();
        }
        prop_assert_eq!(build(&template, &binding, &policies, FeatureGates::default()), works);
    }
}
