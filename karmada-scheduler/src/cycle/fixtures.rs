//! What the tests of this module share.

use jiff::Timestamp;
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{ClusterResourceBinding, ResourceBinding};
use karmada_core::binding::encode_applied_placement;
use karmada_core::features::{Feature, FeatureGates};
use serde_json::{Value, json};

use super::{CycleOptions, Report};
use crate::{Corrections, Fleet, Options, Profile, Snapshot};

pub(super) const EARLIER: &str = "2026-01-01T00:00:00Z";
pub(super) const LATER: &str = "2026-01-02T00:00:00Z";

pub(super) fn now() -> Timestamp {
    "2026-01-03T00:00:00.5Z".parse().unwrap()
}

/// Clusters that serve Deployments, each with room for so many replicas; a name that begins with `x` is being deleted.
pub(super) fn fleet(clusters: &[(&str, u32)]) -> Fleet {
    let mut fleet = Fleet::new();
    for (name, room) in clusters {
        let mut cluster = json!({
            "metadata": {"name": name},
            "status": {
                "apiEnablements": [{"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]}],
                "resourceSummary": {"allocatable": {"pods": room}},
            },
        });
        if name.starts_with('x') {
            cluster["metadata"]["deletionTimestamp"] = json!(EARLIER);
        }
        let cluster: Cluster = wire::decode(&cluster).unwrap();
        fleet.apply(&cluster).unwrap();
    }
    fleet
}

pub(super) fn snapshot(clusters: &[(&str, u32)]) -> Snapshot {
    fleet(clusters).snapshot()
}

/// The spec of a Deployment with that placement, and other members.
fn with_resource(mut binding: Value) -> Value {
    binding["metadata"]["name"] = json!("web-deployment");
    binding["spec"]["resource"] = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "shop", "uid": "t-uid", "resourceVersion": "7",
    });
    binding
}

/// A binding of generation 2 and version 10 as given otherwise. `"applied": true` puts its placement into the annotation.
pub(super) fn binding(binding: Value) -> ResourceBinding {
    let mut value = with_resource(binding);
    value["metadata"]["namespace"] = json!("shop");
    let mut binding: ResourceBinding = wire::decode(&value).unwrap();
    finish(&value, &mut binding.metadata, binding.spec.placement.as_ref());
    binding
}

/// The same about a cluster-scoped template.
pub(super) fn cluster_binding(binding: Value) -> ClusterResourceBinding {
    let value = with_resource(binding);
    let mut binding: ClusterResourceBinding = wire::decode(&value).unwrap();
    finish(&value, &mut binding.metadata, binding.spec.placement.as_ref());
    binding
}

fn finish(
    value: &Value,
    metadata: &mut karmada_core::api::meta::ObjectMeta,
    placement: Option<&karmada_core::api::policy::v1alpha1::Placement>,
) {
    metadata.uid = Some("b-uid".to_owned());
    metadata.generation = Some(2);
    metadata.resource_version = Some("10".to_owned());
    if value["applied"] == json!(true) {
        let text = encode_applied_placement(placement.unwrap()).unwrap();
        let annotations = metadata.annotations.get_or_insert_default();
        annotations.insert("policy.karmada.io/applied-placement".to_owned(), text);
    }
}

pub(super) fn divided(preference: &str) -> Value {
    json!({"replicaScheduling": {
        "replicaSchedulingType": "Divided", "replicaDivisionPreference": preference,
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    }})
}

/// A placement with groups of clusters, by names separated with commas.
pub(super) fn groups(groups: &[(&str, &str)]) -> Value {
    let mut placement = divided("Weighted");
    let groups = groups.iter().map(|(name, clusters)| {
        let clusters: Vec<&str> = clusters.split(',').collect();
        json!({"affinityName": name, "clusterNames": clusters})
    });
    placement["clusterAffinities"] = groups.collect();
    placement
}

pub(super) fn options(features: &[Feature], correction: Option<&str>) -> CycleOptions {
    let mut corrections = Corrections::none();
    if let Some(name) = correction {
        corrections = corrections.with(name).unwrap();
    }
    let off = FeatureGates::default();
    CycleOptions::from(Options {
        features: features
            .iter()
            .fold(off, |gates, feature| gates.with(*feature, true)),
        profile: Profile::karmada().with_corrections(corrections).into(),
        ..Options::default()
    })
}

/// `Type Reason Message` of the reports about the binding; each has to stand twice, about the template as well.
pub(super) fn told(reports: &[Report]) -> Vec<String> {
    let mut texts = Vec::new();
    for pair in reports.chunks(2) {
        let [about_binding, about_template] = pair else {
            panic!("a report without its twin: {pair:?}");
        };
        assert_eq!(about_binding.event, about_template.event);
        let binding = &about_binding.regarding;
        assert_eq!(
            (
                binding.api_version.as_str(),
                binding.name.as_str(),
                binding.uid.as_str()
            ),
            ("work.karmada.io/v1alpha2", "web-deployment", "b-uid")
        );
        let template = &about_template.regarding;
        let parts = [
            &template.api_version,
            &template.kind,
            &template.namespace,
            &template.name,
            &template.uid,
        ];
        assert_eq!(parts, ["apps/v1", "Deployment", "shop", "web", "t-uid"]);
        assert_eq!(template.resource_version, "");
        let event = &about_binding.event;
        texts.push(format!("{} {} {}", event.type_, event.reason, event.message));
    }
    texts
}
