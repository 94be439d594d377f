//! MultiClusterService and MultiClusterIngress (`karmada:pkg/webhook/multiclusterservice`,
//! `karmada:pkg/webhook/multiclusteringress`, `karmada:pkg/util/lifted/validatingmci.go`): the rules of Kubernetes' Ingress 1.27.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::TypedLocalObjectReference;
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, IngressBackend, IngressRule, IngressSpec, IngressTLS,
};
use serde_json::Value;

use super::federated_hpa::segment;
use super::given;
use super::metadata::{validate_metadata, validate_metadata_update};
use super::syntax::{cluster_name, dns1035_label, is_ip, port_name, port_number, wildcard_subdomain};
use crate::api::networking::v1alpha1::{
    ClusterSelector, MultiClusterIngress, MultiClusterService, MultiClusterServiceSpec,
};
use crate::crd::Scope;
use crate::field::{FieldError, FieldPath};
use crate::syntax::{self, SyntaxError};

/// Checks a MultiClusterService; `old` is the stored one on an update.
#[must_use]
pub fn validate_multi_cluster_service(
    service: &MultiClusterService,
    old: Option<&MultiClusterService>,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let types_path = FieldPath::new("spec").child("types");
    if let Some(old) = old {
        errors.extend(validate_metadata_update(&service.metadata, &old.metadata));
        if service.spec.types != old.spec.types {
            errors.push(FieldError::invalid(
                &types_path,
                &service.spec.types,
                "field is immutable",
            ));
        }
        let ingresses = service.status.load_balancer.ingress.iter().flatten();
        let addresses = ingresses.map(|ingress| (ingress.ip.as_deref(), ingress.hostname.as_deref()));
        errors.extend(validate_load_balancer(addresses));
    }
    errors.extend(validate_metadata(
        &service.metadata,
        Scope::Namespaced,
        dns1035_label,
    ));
    errors.extend(validate_service_spec(&service.spec));
    errors
}

fn validate_service_spec(spec: &MultiClusterServiceSpec) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let mut errors = Vec::new();
    let mut names = BTreeSet::new();
    for (index, port) in spec.ports.iter().enumerate() {
        let path = path.child("ports").index(index);
        if !port.name.is_empty() {
            let path = path.child("name");
            if let Err(rule) = syntax::dns_label(&port.name) {
                errors.push(FieldError::invalid(&path, &port.name, rule));
            }
            if !names.insert(&port.name) {
                errors.push(FieldError::duplicate(&path, &port.name));
            }
        }
        if let Err(rule) = port_number(port.port) {
            errors.push(FieldError::invalid(&path.child("port"), &port.port, rule));
        }
    }
    let types_path = path.child("types");
    for (index, exposure) in spec.types.iter().enumerate() {
        if !exposure.is_known() {
            errors.push(FieldError::invalid(
                &types_path.index(index),
                exposure,
                "must be CrossCluster or LoadBalancer",
            ));
        }
    }
    if spec.types.iter().collect::<BTreeSet<_>>().len() > 1 {
        errors.push(FieldError::invalid(
            &types_path,
            &spec.types,
            "must not contain more than one type",
        ));
    }
    // The clusters stand beside the range; the paths are upstream's.
    let range_path = path.child("range");
    let mut clusters = |field: &str, clusters: &[ClusterSelector]| {
        for (index, cluster) in clusters.iter().enumerate() {
            if let Err(rule) = cluster_name(&cluster.name) {
                let path = range_path.child(field).index(index);
                errors.push(FieldError::invalid(&path, &cluster.name, rule));
            }
        }
    };
    clusters("providerClusters", &spec.provider_clusters);
    clusters("consumerClusters", &spec.consumer_clusters);
    errors
}

fn validate_load_balancer<'a>(
    addresses: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)>,
) -> Vec<FieldError> {
    let path = FieldPath::new("status").child("loadBalancer").child("ingress");
    let mut errors = Vec::new();
    for (index, (ip, hostname)) in addresses.enumerate() {
        let path = path.index(index);
        if let Some(ip) = ip.filter(|ip| !ip.is_empty() && !is_ip(ip)) {
            errors.push(FieldError::invalid(
                &path.child("ip"),
                ip,
                "must be a valid IP address",
            ));
        }
        if let Some(hostname) = hostname.filter(|hostname| !hostname.is_empty()) {
            let path = path.child("hostname");
            errors.extend(invalid(&path, hostname, syntax::dns_subdomain(hostname)));
            errors.extend(not_an_address(&path, hostname));
        }
    }
    errors
}

fn invalid(path: &FieldPath, value: &str, result: Result<(), SyntaxError>) -> Option<FieldError> {
    let rule = result.err()?;
    Some(FieldError::invalid(path, value, rule))
}

fn not_an_address(path: &FieldPath, value: &str) -> Option<FieldError> {
    is_ip(value).then(|| FieldError::invalid(path, value, "must be a DNS name, not an IP address"))
}

/// Checks a MultiClusterIngress; `old` is the stored one on an update, `raw` the object it was decoded from.
pub(super) fn validate_multi_cluster_ingress(
    ingress: &MultiClusterIngress,
    raw: &Value,
    old: Option<&MultiClusterIngress>,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(old) = old {
        errors.extend(validate_metadata_update(&ingress.metadata, &old.metadata));
        let ingresses = ingress.status.load_balancer.ingress.iter().flatten();
        let addresses = ingresses.map(|ingress| (ingress.ip.as_deref(), ingress.hostname.as_deref()));
        errors.extend(validate_load_balancer(addresses));
    }
    errors.extend(validate_metadata(
        &ingress.metadata,
        Scope::Namespaced,
        syntax::dns_subdomain,
    ));
    let raw_rules = raw.pointer("/spec/rules").unwrap_or(&Value::Null);
    errors.extend(validate_ingress_spec(&ingress.spec, raw_rules));
    errors
}

fn validate_ingress_spec(spec: &IngressSpec, raw_rules: &Value) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let mut errors = Vec::new();
    let rules = spec.rules.as_deref().unwrap_or_default();
    match &spec.default_backend {
        None if rules.is_empty() => errors.push(FieldError::invalid(
            &path,
            rules,
            "either defaultBackend or rules must be specified",
        )),
        None => {}
        Some(backend) => errors.extend(validate_backend(backend, &path.child("defaultBackend"))),
    }
    for (index, rule) in rules.iter().enumerate() {
        let raw_paths = raw_rules
            .get(index)
            .and_then(|rule| rule.pointer("/http/paths"))
            .unwrap_or(&Value::Null);
        errors.extend(validate_rule(rule, raw_paths, &path.child("rules").index(index)));
    }
    for (index, tls) in spec.tls.iter().flatten().enumerate() {
        errors.extend(validate_tls(tls, &path.child("tls").index(index)));
    }
    if let Some(class) = &spec.ingress_class_name {
        let path = path.child("ingressClassName");
        errors.extend(invalid(&path, class, syntax::dns_subdomain(class)));
    }
    errors
}

/// Checks a host name, which may begin with a wildcard.
fn validate_host(host: &str, path: &FieldPath) -> Option<FieldError> {
    let result = if host.contains('*') {
        wildcard_subdomain(host)
    } else {
        syntax::dns_subdomain(host)
    };
    invalid(path, host, result)
}

fn validate_rule(rule: &IngressRule, raw_paths: &Value, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(host) = rule.host.as_deref().filter(|host| !host.is_empty()) {
        let path = path.child("host");
        errors.extend(not_an_address(&path, host));
        errors.extend(validate_host(host, &path));
    }
    if let Some(http) = &rule.http {
        let paths_path = path.child("http").child("paths");
        if http.paths.is_empty() {
            errors.push(FieldError::required(&paths_path, ""));
        }
        for (index, http_path) in http.paths.iter().enumerate() {
            let path = paths_path.index(index);
            if raw_paths.get(index).is_some_and(|raw| given(raw, "pathType")) {
                errors.extend(validate_path(http_path, &path));
            } else {
                errors.push(FieldError::required(&path.child("pathType"), "must be specified"));
            }
        }
    }
    errors
}

fn validate_path(http_path: &HTTPIngressPath, path: &FieldPath) -> Vec<FieldError> {
    const TYPES: [&str; 3] = ["Exact", "ImplementationSpecific", "Prefix"];
    const SEQUENCES: [&str; 5] = ["//", "/./", "/../", "%2f", "%2F"];
    let mut errors = Vec::new();
    let text = http_path.path.as_deref().unwrap_or_default();
    let mut refuse = |detail: &str| {
        errors.push(FieldError::invalid(&path.child("path"), text, detail));
    };
    match http_path.path_type.as_str() {
        "Exact" | "Prefix" => {
            if !text.starts_with('/') {
                refuse("must be an absolute path");
            }
            if SEQUENCES.iter().any(|sequence| text.contains(sequence)) {
                refuse("must not contain '//', '/./', '/../' or an escaped slash");
            }
            if text.ends_with("/..") || text.ends_with("/.") {
                refuse("cannot end with '/..' or '/.'");
            }
        }
        "ImplementationSpecific" => {
            if !text.is_empty() && !text.starts_with('/') {
                refuse("must be an absolute path");
            }
        }
        other => errors.push(FieldError::not_supported(&path.child("pathType"), other, &TYPES)),
    }
    errors.extend(validate_backend(&http_path.backend, &path.child("backend")));
    errors
}

fn validate_backend(backend: &IngressBackend, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let service = match (&backend.resource, &backend.service) {
        (Some(_), Some(_)) => {
            errors.push(FieldError::invalid(
                path,
                "",
                "cannot set both resource and service backends",
            ));
            return errors;
        }
        (Some(resource), None) => return validate_resource(resource, &path.child("resource")),
        (None, None) => {
            errors.push(FieldError::invalid(
                path,
                "",
                "a resource or service backend is required",
            ));
            return errors;
        }
        (None, Some(service)) => service,
    };
    let service_path = path.child("service");
    if service.name.is_empty() {
        errors.push(FieldError::required(&service_path.child("name"), ""));
    } else {
        errors.extend(invalid(
            &service_path.child("name"),
            &service.name,
            dns1035_label(&service.name),
        ));
    }
    let port_path = service_path.child("port");
    let port = service.port.as_ref();
    let name = port.and_then(|port| port.name.as_deref()).unwrap_or_default();
    let number = port.and_then(|port| port.number).unwrap_or_default();
    match (name.is_empty(), number == 0) {
        (false, false) => errors.push(FieldError::invalid(
            path,
            "",
            "cannot set both port name and port number",
        )),
        (false, true) => errors.extend(invalid(&port_path.child("name"), name, port_name(name))),
        (true, false) => errors.extend(
            port_number(number)
                .err()
                .map(|rule| FieldError::invalid(&port_path.child("number"), &number, rule)),
        ),
        (true, true) => errors.push(FieldError::required(path, "port name or number is required")),
    }
    errors
}

fn validate_resource(resource: &TypedLocalObjectReference, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(group) = &resource.api_group {
        errors.extend(invalid(
            &path.child("apiGroup"),
            group,
            syntax::dns_subdomain(group),
        ));
    }
    errors.extend(segment(&resource.kind, &path.child("kind")));
    errors.extend(segment(&resource.name, &path.child("name")));
    errors
}

fn validate_tls(tls: &IngressTLS, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, host) in tls.hosts.iter().flatten().enumerate() {
        errors.extend(validate_host(host, &path.child("hosts").index(index)));
    }
    if let Some(secret) = tls.secret_name.as_deref().filter(|secret| !secret.is_empty()) {
        errors.extend(invalid(
            &path.child("secretName"),
            secret,
            syntax::dns_subdomain(secret),
        ));
    }
    errors
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{check, check_object, object};

    const MCS: &str = "MultiClusterService";
    const MCI: &str = "MultiClusterIngress";

    #[test]
    fn services() {
        check(
            MCS,
            json!({"types": ["LoadBalancer"], "ports": [{"name": "a", "port": 1}, {"port": 65535}]}),
            &[],
        );
        check(
            MCS,
            json!({
                "types": ["LoadBalancer", "CrossCluster", "Elsewhere"],
                "ports": [{"name": "A", "port": 0}, {"name": "b", "port": 1}, {"name": "b", "port": 65536}],
                "providerClusters": [{"name": "m"}, {"name": ""}],
                "consumerClusters": [{"name": "a.b"}],
            }),
            &[
                ("spec.ports[0].name", "Invalid"),
                ("spec.ports[0].port", "Invalid"),
                ("spec.ports[2].name", "Duplicate"),
                ("spec.ports[2].port", "Invalid"),
                ("spec.range.consumerClusters[0]", "Invalid"),
                ("spec.range.providerClusters[1]", "Invalid"),
                ("spec.types", "Invalid"),
                ("spec.types[2]", "Invalid"),
            ],
        );
    }

    #[test]
    fn updates() {
        let addresses = json!([{"ip": "1.2.3"}, {"hostname": "1.2.3.4"}, {"hostname": "A"}, {"ip": "::1", "hostname": "a"}]);
        let status = json!({"loadBalancer": {"ingress": addresses}});
        let refused = [
            ("status.loadBalancer.ingress[0].ip", "Invalid"),
            ("status.loadBalancer.ingress[1].hostname", "Invalid"),
            ("status.loadBalancer.ingress[2].hostname", "Invalid"),
        ];
        let old = object(MCS, &json!({"types": ["LoadBalancer"]}));
        let mut new = old.clone();
        new["status"] = status.clone();
        check_object(MCS, &new, None, &[]);
        check_object(MCS, &new, Some(&old), &refused);
        let other = object(MCS, &json!({"types": ["CrossCluster"]}));
        check_object(MCS, &other, Some(&old), &[("spec.types", "Invalid")]);
        let mut renamed = old.clone();
        renamed["metadata"]["name"] = json!("b");
        check_object(MCS, &renamed, Some(&old), &[("metadata.name", "Invalid")]);

        let service = json!({"name": "a", "port": {"number": 1}});
        let old = object(MCI, &json!({"defaultBackend": {"service": service}}));
        let mut new = old.clone();
        new["status"] = status;
        check_object(MCI, &new, Some(&old), &refused);
    }

    #[test]
    fn names() {
        let mut service = object(MCS, &json!({}));
        service["metadata"]["name"] = json!("0a");
        check_object(MCS, &service, None, &[("metadata.name", "Invalid")]);
        let mut ingress = object(MCI, &json!({"rules": [{}]}));
        ingress["metadata"]["name"] = json!("0.a");
        check_object(MCI, &ingress, None, &[]);
    }

    #[test]
    fn backends() {
        let check = |backend: Value, expected: &[(&str, &str)]| {
            check(MCI, json!({"defaultBackend": backend}), expected);
        };
        let port = |port: Value| json!({"service": {"name": "a", "port": port}});
        let field = "spec.defaultBackend";
        check(port(json!({"number": 80})), &[]);
        check(port(json!({"name": "http"})), &[]);
        check(port(json!({})), &[(field, "Required")]);
        check(port(json!({"name": "http", "number": 80})), &[(field, "Invalid")]);
        check(
            port(json!({"name": "HTTP"})),
            &[("spec.defaultBackend.service.port.name", "Invalid")],
        );
        check(
            port(json!({"number": -1})),
            &[("spec.defaultBackend.service.port.number", "Invalid")],
        );
        check(json!({}), &[(field, "Invalid")]);
        check(
            json!({"service": {"name": "0", "port": {"number": 1}}}),
            &[("spec.defaultBackend.service.name", "Invalid")],
        );
        check(
            json!({"service": {"port": {"number": 1}}}),
            &[("spec.defaultBackend.service.name", "Required")],
        );
        check(json!({"service": {}, "resource": {}}), &[(field, "Invalid")]);
        check(
            json!({"resource": {"apiGroup": "A", "name": ".."}}),
            &[
                ("spec.defaultBackend.resource.apiGroup", "Invalid"),
                ("spec.defaultBackend.resource.kind", "Required"),
                ("spec.defaultBackend.resource.name", "Invalid"),
            ],
        );
    }

    #[test]
    fn ingresses() {
        check(MCI, json!({}), &[("spec", "Invalid")]);
        let rule = |host: &str| json!({"host": host});
        check(
            MCI,
            json!({
                "rules": [rule("a.b"), rule("*.a"), rule("1.2.3.4"), rule("a*"), rule("A"), {"http": {"paths": []}}],
                "tls": [{"hosts": ["a", "*", "B"], "secretName": "S"}, {"secretName": ""}],
                "ingressClassName": "C",
            }),
            &[
                ("spec.ingressClassName", "Invalid"),
                ("spec.rules[2].host", "Invalid"),
                ("spec.rules[3].host", "Invalid"),
                ("spec.rules[4].host", "Invalid"),
                ("spec.rules[5].http.paths", "Required"),
                ("spec.tls[0].hosts[1]", "Invalid"),
                ("spec.tls[0].hosts[2]", "Invalid"),
                ("spec.tls[0].secretName", "Invalid"),
            ],
        );
    }

    #[test]
    fn paths() {
        for (path, type_, expected) in [
            ("/", "Exact", None),
            ("", "ImplementationSpecific", None),
            ("", "Prefix", Some(("path", "Invalid"))),
            ("a", "ImplementationSpecific", Some(("path", "Invalid"))),
            ("/a//b", "Prefix", Some(("path", "Invalid"))),
            ("/a/..", "Prefix", Some(("path", "Invalid"))),
            ("/a%2fb", "Exact", Some(("path", "Invalid"))),
            ("/", "Any", Some(("pathType", "NotSupported"))),
            ("/", "", Some(("pathType", "NotSupported"))),
        ] {
            let backend = json!({"service": {"name": "a", "port": {"number": 1}}});
            let path = json!({"path": path, "pathType": type_, "backend": backend});
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(field, kind)| (format!("spec.rules[0].http.paths[0].{field}"), kind))
                .collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|(field, kind)| (field.as_str(), *kind))
                .collect();
            check(MCI, json!({"rules": [{"http": {"paths": [path]}}]}), &expected);
        }
        check(
            MCI,
            json!({"rules": [{"http": {"paths": [{"path": "a", "backend": {}}]}}]}),
            &[("spec.rules[0].http.paths[0].pathType", "Required")],
        );
    }
}
