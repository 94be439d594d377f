//! Services across clusters: what is collected, derived and dispatched (`karmada:pkg/controllers/mcs`,
//! `karmada:pkg/controllers/multiclusterservice`).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::annotations::{
    ENDPOINT_SLICE_PROVISION_CLUSTER, MULTI_CLUSTER_SERVICE_NAME, MULTI_CLUSTER_SERVICE_NAMESPACE, WORK_NAME,
    WORK_NAMESPACE,
};
use crate::api::multicluster::v1alpha1::ServiceImport;
use crate::api::networking::v1alpha1::MultiClusterService;
use crate::api::work::v1alpha1::Work;
use crate::claim::{CLUSTER_POLICY_ANNOTATIONS, CLUSTER_POLICY_LABELS, POLICY_ANNOTATIONS, POLICY_LABELS};
use crate::metadata::Field;
use crate::object::Object;
use crate::prune::prune;
use crate::{labels, names};

/// What separates the controllers in the label that says who collects an EndpointSlice.
const SEPARATOR: char = '.';
/// The value of [`labels::CLAIMED_BY`] on a Service of a MultiClusterService.
pub const MULTI_CLUSTER_SERVICE_KIND: &str = "MultiClusterService";

/// The label of a collected EndpointSlice after a controller has joined those that collect it; sorted, so that the same
/// controllers give the same text.
#[must_use]
pub fn managed_by_add(label: &str, controller: &str) -> String {
    let mut controllers = managers(label);
    controllers.insert(controller);
    join(&controllers)
}

/// The label after a controller has left; empty when nobody collects the EndpointSlice any more, and its Work can go.
#[must_use]
pub fn managed_by_remove(label: &str, controller: &str) -> String {
    let mut controllers = managers(label);
    controllers.remove(controller);
    join(&controllers)
}

fn managers(label: &str) -> BTreeSet<&str> {
    label.split(SEPARATOR).filter(|part| !part.is_empty()).collect()
}

fn join(controllers: &BTreeSet<&str>) -> String {
    let list: Vec<&str> = controllers.iter().copied().collect();
    list.join(&SEPARATOR.to_string())
}

/// Whether an EndpointSlice was put into a cluster by Karmada, and so is not collected from it.
#[must_use]
pub fn is_dispatched(endpoint_slice: &Value) -> bool {
    Object::new(endpoint_slice)
        .labels()
        .get(labels::SERVICE_ENDPOINT_SLICE_MANAGED_BY)
        .is_some_and(|by| {
            by == labels::ENDPOINT_SLICE_DISPATCH_CONTROLLER || by == labels::ENDPOINT_SLICE_CONTROLLER
        })
}

/// The EndpointSlice in the control plane for one that was collected from a cluster, as part of the derived Service.
///
/// Nothing if it says of no Service.
#[must_use]
pub fn derive_slice(collected: &Value, cluster: &str, work: &Work) -> Option<Value> {
    let service = Object::new(collected)
        .labels()
        .get(labels::SERVICE_NAME)?
        .to_owned();
    let mut slice = bare(collected);
    rename(
        &mut slice,
        &names::endpoint_slice(Object::new(collected).name(), cluster),
    );
    let id = work
        .metadata
        .labels
        .as_ref()
        .and_then(|labels| labels.get(labels::WORK_PERMANENT_ID));
    replace_labels(
        &mut slice,
        [
            (labels::WORK_PERMANENT_ID, id.map_or("", String::as_str)),
            (labels::SERVICE_NAME, names::derived_service(&service).as_str()),
            (
                labels::SERVICE_ENDPOINT_SLICE_MANAGED_BY,
                labels::ENDPOINT_SLICE_CONTROLLER,
            ),
        ],
    );
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Field::Annotations.merge(
        &mut slice,
        [
            (WORK_NAMESPACE, text(&work.metadata.namespace)),
            (WORK_NAME, text(&work.metadata.name)),
        ],
    );
    Some(slice)
}

/// The EndpointSlice for the clusters that use a MultiClusterService, out of one collected from a provider.
#[must_use]
pub fn dispatch_slice(collected: &Value, provider: &str, service: &str) -> Value {
    let mut slice = bare(collected);
    rename(
        &mut slice,
        &names::dispatched_endpoint_slice(provider, Object::new(collected).name()),
    );
    replace_labels(
        &mut slice,
        [
            (labels::SERVICE_NAME, service),
            (
                labels::SERVICE_ENDPOINT_SLICE_MANAGED_BY,
                labels::ENDPOINT_SLICE_DISPATCH_CONTROLLER,
            ),
        ],
    );
    Field::Annotations.merge(&mut slice, [(ENDPOINT_SLICE_PROVISION_CLUSTER, provider)]);
    slice
}

fn bare(slice: &Value) -> Value {
    let mut slice = slice.clone();
    // Only Jobs can fail to be pruned.
    let _ = prune(&mut slice);
    slice
}

fn rename(object: &mut Value, name: &str) {
    if let Some(metadata) = crate::metadata::metadata_mut(object) {
        metadata.insert("name".to_owned(), name.into());
    }
}

fn replace_labels<const N: usize>(object: &mut Value, labels: [(&str, &str); N]) {
    if let Some(metadata) = crate::metadata::metadata_mut(object) {
        let labels: Map<String, Value> = labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).into()))
            .collect();
        metadata.insert("labels".to_owned(), Value::Object(labels));
    }
}

/// The Service derived from an import: its ports, and its addresses as those of a load balancer, which go into the
/// status. An existing Service keeps its cluster IP and its version.
///
/// Only for imports of the type `ClusterSetIP`; nothing for others.
#[must_use]
pub fn derive_service(import: &ServiceImport, existing: Option<&Value>) -> Option<Value> {
    if import.spec.type_.as_str() != "ClusterSetIP" {
        return None;
    }
    let ports: Vec<Value> = import
        .spec
        .ports
        .iter()
        .map(|port| {
            let mut entry = json!({"port": port.port});
            for (key, text) in [("name", &port.name), ("protocol", &port.protocol)] {
                if let (false, Some(entry)) = (text.is_empty(), entry.as_object_mut()) {
                    entry.insert(key.to_owned(), text.as_str().into());
                }
            }
            if let (Some(protocol), Some(entry)) = (&port.app_protocol, entry.as_object_mut()) {
                entry.insert("appProtocol".to_owned(), protocol.as_str().into());
            }
            entry
        })
        .collect();
    let ingress: Vec<Value> = import.spec.ips.iter().map(|ip| json!({"ip": ip})).collect();
    let mut spec = json!({"type": "ClusterIP", "ports": ports});
    let mut metadata = json!({
        "namespace": import.metadata.namespace.as_deref().unwrap_or_default(),
        "name": names::derived_service(import.metadata.name.as_deref().unwrap_or_default()),
    });
    for (part, pointer, key) in [
        (&mut spec, "/spec/clusterIP", "clusterIP"),
        (&mut metadata, "/metadata/resourceVersion", "resourceVersion"),
    ] {
        if let (Some(value), Some(part)) = (existing.and_then(|it| it.pointer(pointer)), part.as_object_mut())
        {
            part.insert(key.to_owned(), value.clone());
        }
    }
    Some(json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": spec,
        "status": {"loadBalancer": {"ingress": ingress}},
    }))
}

/// Claims a Service for a MultiClusterService: policies lose it. Says whether the Service has to be written.
pub fn claim_service(service: &mut Value, owner: &MultiClusterService) -> bool {
    let before = service.clone();
    Field::Labels.remove(service, POLICY_LABELS.into_iter().chain(CLUSTER_POLICY_LABELS));
    Field::Annotations.remove(
        service,
        POLICY_ANNOTATIONS.into_iter().chain(CLUSTER_POLICY_ANNOTATIONS),
    );
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let own = owner.metadata.labels.as_ref();
    let id = own
        .and_then(|own| own.get(labels::MULTI_CLUSTER_SERVICE_PERMANENT_ID))
        .cloned();
    Field::Labels.merge(
        service,
        [
            (labels::CLAIMED_BY, MULTI_CLUSTER_SERVICE_KIND.to_owned()),
            (labels::MULTI_CLUSTER_SERVICE_PERMANENT_ID, id.unwrap_or_default()),
        ],
    );
    Field::Annotations.merge(
        service,
        [
            (MULTI_CLUSTER_SERVICE_NAMESPACE, text(&owner.metadata.namespace)),
            (MULTI_CLUSTER_SERVICE_NAME, text(&owner.metadata.name)),
        ],
    );
    *service != before
}

/// The clusters a MultiClusterService is about, sorted: those that provide and those that use it. A list that is empty
/// means all of `clusters`.
#[must_use]
pub fn target_clusters<'a>(service: &'a MultiClusterService, clusters: &'a [String]) -> Vec<&'a str> {
    let named = |list: &'a [crate::api::networking::v1alpha1::ClusterSelector]| -> Vec<&'a str> {
        if list.is_empty() {
            clusters.iter().map(String::as_str).collect()
        } else {
            list.iter().map(|selector| selector.name.as_str()).collect()
        }
    };
    let all: BTreeSet<&str> = named(&service.spec.provider_clusters)
        .into_iter()
        .chain(named(&service.spec.consumer_clusters))
        .collect();
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collectors() {
        fn check(label: &str, controller: &str, added: &str, removed: &str) {
            assert_eq!(managed_by_add(label, controller), added);
            assert_eq!(managed_by_remove(label, controller), removed);
        }
        check("", "ServiceExport", "ServiceExport", "");
        check("ServiceExport", "ServiceExport", "ServiceExport", "");
        check(
            "ServiceExport",
            "MultiClusterService",
            "MultiClusterService.ServiceExport",
            "ServiceExport",
        );
        check(
            "ServiceExport.MultiClusterService",
            "ServiceExport",
            "MultiClusterService.ServiceExport",
            "MultiClusterService",
        );
    }

    fn collected() -> Value {
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"namespace": "ns", "name": "web-x", "uid": "u",
            "labels": {labels::SERVICE_NAME: "web", "other": "x"}}, "endpoints": []})
    }

    #[test]
    fn slices() {
        let mut work = Work::named("karmada-es-m1", "w");
        work.metadata.labels = Some([(labels::WORK_PERMANENT_ID.to_owned(), "w-id".to_owned())].into());
        let derived = derive_slice(&collected(), "m1", &work).unwrap();
        assert_eq!(
            derived["metadata"],
            json!({"namespace": "ns", "name": "imported-m1-web-x",
            "labels": {labels::WORK_PERMANENT_ID: "w-id", labels::SERVICE_NAME: "derived-web",
                labels::SERVICE_ENDPOINT_SLICE_MANAGED_BY: labels::ENDPOINT_SLICE_CONTROLLER},
            "annotations": {WORK_NAMESPACE: "karmada-es-m1", WORK_NAME: "w"}})
        );
        let dispatched = dispatch_slice(&collected(), "m1", "web");
        assert_eq!(
            dispatched["metadata"],
            json!({"namespace": "ns", "name": "m1-web-x",
            "labels": {labels::SERVICE_NAME: "web", labels::SERVICE_ENDPOINT_SLICE_MANAGED_BY: labels::ENDPOINT_SLICE_DISPATCH_CONTROLLER},
            "annotations": {ENDPOINT_SLICE_PROVISION_CLUSTER: "m1"}})
        );
        assert!(is_dispatched(&dispatched) && is_dispatched(&derived) && !is_dispatched(&collected()));
        assert_eq!(
            derive_slice(&json!({"metadata": {"name": "x"}}), "m1", &work),
            None
        );
    }

    #[test]
    fn derived_services() {
        let import: ServiceImport = serde_json::from_value(json!({"metadata": {"namespace": "ns", "name": "web"},
            "spec": {"type": "ClusterSetIP", "ips": ["1.2.3.4"], "ports": [{"name": "http", "protocol": "TCP", "port": 80, "appProtocol": "h2c"}, {"port": 81}]}})).unwrap();
        let service = derive_service(
            &import,
            Some(&json!({"metadata": {"resourceVersion": "7"}, "spec": {"clusterIP": "10.0.0.1"}})),
        )
        .unwrap();
        assert_eq!(
            service,
            json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"namespace": "ns", "name": "derived-web", "resourceVersion": "7"},
            "spec": {"type": "ClusterIP", "clusterIP": "10.0.0.1", "ports": [{"name": "http", "protocol": "TCP", "port": 80, "appProtocol": "h2c"}, {"port": 81}]},
            "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}})
        );
        let mut headless = import;
        headless.spec.type_ = "Headless".into();
        assert_eq!(derive_service(&headless, None), None);
    }

    #[test]
    fn services_are_claimed() {
        let owner: MultiClusterService =
            serde_json::from_value(json!({"metadata": {"namespace": "ns", "name": "web",
            "labels": {labels::MULTI_CLUSTER_SERVICE_PERMANENT_ID: "id"}}}))
            .unwrap();
        let mut service = json!({"metadata": {"labels": {labels::PROPAGATION_POLICY_PERMANENT_ID: "p", "app": "x"},
            "annotations": {crate::annotations::PROPAGATION_POLICY_NAME: "p"}}});
        assert!(claim_service(&mut service, &owner));
        assert_eq!(
            service["metadata"],
            json!({
            "labels": {"app": "x", labels::CLAIMED_BY: "MultiClusterService", labels::MULTI_CLUSTER_SERVICE_PERMANENT_ID: "id"},
            "annotations": {MULTI_CLUSTER_SERVICE_NAMESPACE: "ns", MULTI_CLUSTER_SERVICE_NAME: "web"}})
        );
        assert!(!claim_service(&mut service, &owner));
    }

    #[test]
    fn clusters_of_a_service() {
        fn check(spec: Value, expect: &[&str]) {
            let service: MultiClusterService =
                serde_json::from_value(json!({"metadata": {}, "spec": spec})).unwrap();
            let all = ["m2".to_owned(), "m1".to_owned()];
            assert_eq!(target_clusters(&service, &all), expect);
        }
        check(json!({}), &["m1", "m2"]);
        check(
            json!({"providerClusters": [{"name": "m3"}], "consumerClusters": [{"name": "m1"}, {"name": "m3"}]}),
            &["m1", "m3"],
        );
        check(json!({"providerClusters": [{"name": "m3"}]}), &["m1", "m2", "m3"]);
    }
}
