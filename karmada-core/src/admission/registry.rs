//! ResourceRegistry: what the search API server checks (`karmada:pkg/apis/search/validation/validation.go`).

use super::metadata::{validate_metadata, validate_metadata_update};
use super::placement::validate_cluster_affinity;
use super::syntax::group_version;
use crate::api::search::v1alpha1::ResourceRegistry;
use crate::crd::Scope;
use crate::field::{FieldError, FieldPath};
use crate::syntax;
use crate::url;

/// Checks a registry; `old` is the stored one on an update.
#[must_use]
pub fn validate_resource_registry(
    registry: &ResourceRegistry,
    old: Option<&ResourceRegistry>,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(old) = old {
        errors.extend(validate_metadata_update(&registry.metadata, &old.metadata));
    }
    errors.extend(validate_metadata(
        &registry.metadata,
        Scope::Cluster,
        syntax::dns_subdomain,
    ));
    let path = FieldPath::new("spec");
    errors.extend(validate_cluster_affinity(
        &registry.spec.target_cluster,
        &path.child("targetCluster"),
    ));
    for (index, selector) in registry.spec.resource_selectors.iter().enumerate() {
        let path = path.child("resourceSelectors").index(index);
        if let Err(rule) = group_version(&selector.api_version) {
            errors.push(FieldError::invalid(
                &path.child("apiVersion"),
                &selector.api_version,
                rule,
            ));
        }
        if !selector.namespace.is_empty()
            && let Err(rule) = syntax::dns_label(&selector.namespace)
        {
            errors.push(FieldError::invalid(
                &path.child("namespace"),
                &selector.namespace,
                rule,
            ));
        }
    }
    let store = registry.spec.backend_store.as_ref();
    let addresses = store
        .and_then(|store| store.open_search.as_ref())
        .map_or(&[][..], |open_search| open_search.addresses.as_slice());
    let path = path.child("backendStore").child("openSearch").child("addresses");
    for (index, address) in addresses.iter().enumerate() {
        let refused = match url::parse(address) {
            Err(reason) => reason,
            Ok(url) if matches!(url.scheme.as_str(), "http" | "https") && !url.host.is_empty() => continue,
            Ok(_) => "must be an http or https URL with a host",
        };
        errors.push(FieldError::invalid(
            &path.index(index),
            &url::redacted(address),
            refused,
        ));
    }
    errors
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::check_object;

    #[test]
    fn registries() {
        let registry = json!({
            "metadata": {"name": "A"},
            "spec": {
                "targetCluster": {"fieldSelector": {"matchExpressions": [{"key": "planet", "operator": "In"}]}},
                "resourceSelectors": [
                    {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "a"},
                    {"apiVersion": "a/b/c", "kind": "A", "namespace": "a.b"},
                ],
                "backendStore": {"openSearch": {"addresses": ["https://a:9200", "a:9200", "ftp://a", "https://"]}},
            },
        });
        check_object(
            "ResourceRegistry",
            &registry,
            None,
            &[
                ("metadata.name", "Invalid"),
                ("spec.backendStore.openSearch.addresses[1]", "Invalid"),
                ("spec.backendStore.openSearch.addresses[2]", "Invalid"),
                ("spec.backendStore.openSearch.addresses[3]", "Invalid"),
                ("spec.resourceSelectors[1].apiVersion", "Invalid"),
                ("spec.resourceSelectors[1].namespace", "Invalid"),
                ("spec.targetCluster.fieldSelector", "Invalid"),
            ],
        );
        let good = json!({"metadata": {"name": "a"}, "spec": {}});
        check_object("ResourceRegistry", &good, None, &[]);
        check_object(
            "ResourceRegistry",
            &good,
            Some(&good),
            &[("metadata.resourceVersion", "Invalid")],
        );
    }
}
