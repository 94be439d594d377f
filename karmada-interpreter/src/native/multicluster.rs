//! `multicluster.x-k8s.io/v1alpha1`: ServiceImport.

use karmada_core::api::config::v1alpha1::DependentObjectReference;
use karmada_core::api::meta::LabelSelector;
use karmada_core::names;
use serde_json::Value;

use super::Rules;
use crate::dependencies;
use crate::kubernetes::multicluster::ServiceImport;
use crate::kubernetes::{Described, member, text};

/// The label by which EndpointSlices name their Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

pub(super) const RULES: &[Rules] = &[Rules {
    dependencies: Some(derived_service),
    ..Rules::of(
        "multicluster.x-k8s.io/v1alpha1",
        "ServiceImport",
        ServiceImport::KIND,
    )
}];

/// The Service that Karmada derives from the import, and its EndpointSlices.
fn derived_service(import: &Value) -> Vec<DependentObjectReference> {
    let namespace = text(member(import, &["metadata", "namespace"]));
    let service = names::derived_service(text(member(import, &["metadata", "name"])));
    let slices = DependentObjectReference {
        api_version: "discovery.k8s.io/v1".to_owned(),
        kind: "EndpointSlice".to_owned(),
        namespace: namespace.to_owned(),
        name: String::new(),
        label_selector: Some(LabelSelector {
            match_labels: [(SERVICE_NAME.to_owned(), service.clone())].into(),
            ..LabelSelector::default()
        }),
    };
    vec![dependencies::in_core("Service", namespace, &service), slices]
}
