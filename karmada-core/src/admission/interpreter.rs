//! ResourceInterpreterCustomization and ResourceInterpreterWebhookConfiguration
//! (`karmada:pkg/webhook/resourceinterpretercustomization`, `karmada:pkg/webhook/configuration`).

use std::collections::BTreeSet;

use k8s_openapi::api::admissionregistration::v1::{ServiceReference, WebhookClientConfig};

use super::syntax::{dns1035_label, domain_name, port_number};
use crate::api::config::v1alpha1::{
    CustomizationRules, InterpreterOperation, LuaScript, ResourceInterpreterCustomization,
    ResourceInterpreterWebhook, ResourceInterpreterWebhookConfiguration, RuleWithOperations,
};
use crate::field::{FieldError, FieldPath};
use crate::syntax;
use crate::url;

/// Checks whether the text of a script can be loaded, answering with the reason if not. Core knows no Lua.
pub type ScriptCheck<'a> = &'a dyn Fn(&str) -> Result<(), String>;

/// Why a customization is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CustomizationError {
    /// Another customization interprets the same kind for the same operation.
    #[error("conflicts with operation {operation} of ResourceInterpreterCustomization {existing}")]
    Conflict {
        /// The operation.
        operation: InterpreterOperation,
        /// The other customization.
        existing: String,
    },
    /// A script cannot be loaded.
    #[error("script of operation {operation}: {reason}")]
    Script {
        /// The operation.
        operation: InterpreterOperation,
        /// What the language says.
        reason: String,
    },
}

/// The scripts by operation, in the order they are checked; an empty script is none.
fn scripts(rules: &CustomizationRules) -> impl Iterator<Item = (InterpreterOperation, &str)> {
    use InterpreterOperation as Operation;
    let by_operation: [(Operation, &Option<LuaScript>); 8] = [
        (Operation::Retain, &rules.retention),
        (Operation::InterpretReplica, &rules.replica_resource),
        (Operation::InterpretComponent, &rules.component_resource),
        (Operation::ReviseReplica, &rules.replica_revision),
        (Operation::InterpretStatus, &rules.status_reflection),
        (Operation::AggregateStatus, &rules.status_aggregation),
        (Operation::InterpretHealth, &rules.health_interpretation),
        (Operation::InterpretDependency, &rules.dependency_interpretation),
    ];
    by_operation.into_iter().filter_map(|(operation, script)| {
        let text = script.as_ref()?.lua_script.as_str();
        (!text.is_empty()).then_some((operation, text))
    })
}

/// Checks that no other customization does the same for the same kind (what a kind depends on may be said by several)
/// and that every script loads. `existing` may hold the customization itself, which does not count.
///
/// # Errors
/// The first conflict in the order of `existing`, or the first script that does not load.
pub fn validate_customization(
    customization: &ResourceInterpreterCustomization,
    existing: &[ResourceInterpreterCustomization],
    check_script: Option<ScriptCheck<'_>>,
) -> Result<(), CustomizationError> {
    for other in existing {
        if other.metadata.name == customization.metadata.name
            || other.spec.target != customization.spec.target
        {
            continue;
        }
        let taken: Vec<InterpreterOperation> = scripts(&other.spec.customizations)
            .map(|(operation, _)| operation)
            .collect();
        for (operation, _) in scripts(&customization.spec.customizations) {
            if operation != InterpreterOperation::InterpretDependency && taken.contains(&operation) {
                return Err(CustomizationError::Conflict {
                    operation,
                    existing: other.metadata.name.clone().unwrap_or_default(),
                });
            }
        }
    }
    let Some(check) = check_script else {
        return Ok(());
    };
    for (operation, script) in scripts(&customization.spec.customizations) {
        check(script).map_err(|reason| CustomizationError::Script { operation, reason })?;
    }
    Ok(())
}

/// Checks the webhooks of a configuration.
#[must_use]
pub fn validate_webhook_configuration(
    configuration: &ResourceInterpreterWebhookConfiguration,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut names = BTreeSet::new();
    for (index, webhook) in configuration.webhooks.iter().enumerate() {
        let path = FieldPath::new("webhooks").index(index);
        errors.extend(validate_webhook(webhook, &path));
        if !names.insert(&webhook.name) {
            errors.push(FieldError::duplicate(&path.child("name"), &webhook.name));
        }
    }
    errors
}

fn validate_webhook(webhook: &ResourceInterpreterWebhook, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let name_path = path.child("name");
    if webhook.name.is_empty() {
        errors.push(FieldError::required(&name_path, ""));
    } else if let Err(rule) = domain_name(&webhook.name) {
        errors.push(FieldError::invalid(&name_path, &webhook.name, rule));
    }
    for (index, rule) in webhook.rules.iter().enumerate() {
        errors.extend(validate_rule(rule, &path.child("rules").index(index)));
    }
    if let Some(seconds) = webhook
        .timeout_seconds
        .filter(|seconds| !(1..=30).contains(seconds))
    {
        errors.push(FieldError::invalid(
            &path.child("timeoutSeconds"),
            &seconds,
            "must be between 1 and 30 seconds",
        ));
    }
    errors.extend(validate_client(
        &webhook.client_config,
        &path.child("clientConfig"),
    ));
    errors.extend(validate_versions(
        &webhook.interpreter_context_versions,
        &path.child("interpreterContextVersions"),
    ));
    errors
}

fn validate_rule(rule: &RuleWithOperations, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let operations: Vec<&str> = rule.operations.iter().map(InterpreterOperation::as_str).collect();
    let texts = |list: &[String]| list.to_vec();
    let lists = [
        (
            "operations",
            operations.iter().map(|&text| text.to_owned()).collect(),
        ),
        ("apiGroups", texts(&rule.api_groups)),
        ("apiVersions", texts(&rule.api_versions)),
        ("kinds", texts(&rule.kinds)),
    ];
    for (field, list) in &lists {
        let path = path.child(field);
        if list.is_empty() {
            errors.push(FieldError::required(&path, ""));
        }
        if list.len() > 1 && list.iter().any(|item| item == "*") {
            errors.push(FieldError::invalid(&path, list, "'*' must stand alone"));
        }
        // The empty group is the core group.
        if matches!(*field, "apiVersions" | "kinds") {
            for (index, _) in list.iter().enumerate().filter(|(_, item)| item.is_empty()) {
                errors.push(FieldError::required(&path.index(index), ""));
            }
        }
    }
    for (index, operation) in rule.operations.iter().enumerate() {
        // Pruning is declared and not implemented.
        if !operation.is_known() || *operation == InterpreterOperation::Prune {
            let supported: Vec<&str> = InterpreterOperation::VALUES
                .iter()
                .copied()
                .filter(|value| *value != "Prune")
                .collect();
            errors.push(FieldError::not_supported(
                &path.child("operations").index(index),
                operation,
                &supported,
            ));
        }
    }
    errors
}

fn validate_client(client: &WebhookClientConfig, path: &FieldPath) -> Vec<FieldError> {
    match (&client.url, &client.service) {
        (Some(url), None) => validate_url(url, &path.child("url")),
        (None, Some(service)) => validate_service(service, &path.child("service")),
        _ => vec![FieldError::required(
            path,
            "exactly one of url or service is required",
        )],
    }
}

fn validate_url(text: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let url = match url::parse(text) {
        Ok(url) => url,
        // Upstream calls a text that is no URL missing.
        Err(reason) => return vec![FieldError::required(path, reason)],
    };
    let mut refuse = |value: &str, reason: &str| errors.push(FieldError::invalid(path, value, reason));
    if url.scheme != "https" {
        refuse(&url.scheme, "'https' is the only allowed URL scheme");
    }
    if url.host.is_empty() {
        refuse("", "host must be specified");
    }
    url.refused_in_addresses()
        .for_each(|(value, reason)| refuse(value, reason));
    errors
}

fn validate_service(service: &ServiceReference, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (field, value) in [("name", &service.name), ("namespace", &service.namespace)] {
        if value.is_empty() {
            errors.push(FieldError::required(&path.child(field), ""));
        }
    }
    if let Some(port) = service.port
        && let Err(rule) = port_number(port)
    {
        errors.push(FieldError::invalid(&path.child("port"), &port, rule));
    }
    if let Some(text) = &service.path
        && let Err(reason) = url_path(text)
    {
        errors.push(FieldError::invalid(&path.child("path"), text, reason));
    }
    errors
}

/// A path of DNS subdomains; the trailing slash is optional.
fn url_path(path: &str) -> Result<(), String> {
    if matches!(path, "" | "/") {
        return Ok(());
    }
    let Some(inner) = path.strip_prefix('/') else {
        return Err("must start with a '/'".to_owned());
    };
    for (index, step) in inner.strip_suffix('/').unwrap_or(inner).split('/').enumerate() {
        syntax::dns_subdomain(step).map_err(|rule| format!("segment[{index}]: {rule}"))?;
    }
    Ok(())
}

fn validate_versions(versions: &[String], path: &FieldPath) -> Vec<FieldError> {
    const ACCEPTED: &str = "v1alpha1";
    if versions.is_empty() {
        return vec![FieldError::required(
            path,
            format_args!("must specify {ACCEPTED}"),
        )];
    }
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, version) in versions.iter().enumerate() {
        let path = path.index(index);
        if !seen.insert(version) {
            errors.push(FieldError::invalid(&path, version, "duplicate version"));
        } else if let Err(rule) = dns1035_label(version) {
            errors.push(FieldError::invalid(&path, version, rule));
        }
    }
    if !versions.iter().any(|version| version == ACCEPTED) {
        errors.push(FieldError::invalid(
            path,
            versions,
            format_args!("must include {ACCEPTED}"),
        ));
    }
    errors
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::check_object;
    use super::*;

    fn customization(name: &str, kind: &str, rules: CustomizationRules) -> ResourceInterpreterCustomization {
        ResourceInterpreterCustomization::new(name, "apps/v1", kind, rules)
    }

    #[test]
    fn conflicts_and_scripts() {
        let rules = CustomizationRules::default;
        let existing = [
            customization(
                "other",
                "Deployment",
                rules().retention("r").dependency_interpretation("d"),
            ),
            customization("same", "Deployment", rules().replica_resource("r")),
        ];
        let check =
            |name: &str, kind: &str, rules: CustomizationRules, expected: Option<InterpreterOperation>| {
                let refuse_bad = |script: &str| {
                    if script == "bad" {
                        Err("syntax".to_owned())
                    } else {
                        Ok(())
                    }
                };
                let answer =
                    validate_customization(&customization(name, kind, rules), &existing, Some(&refuse_bad));
                let operation = answer.err().map(|error| match error {
                    CustomizationError::Conflict { operation, .. }
                    | CustomizationError::Script { operation, .. } => operation,
                });
                assert_eq!(operation, expected);
            };
        check(
            "same",
            "Deployment",
            rules().retention("x"),
            Some(InterpreterOperation::Retain),
        );
        check("same", "Deployment", rules().replica_resource("x"), None);
        check("same", "Deployment", rules().dependency_interpretation("x"), None);
        check("same", "Deployment", rules().retention(""), None);
        check("same", "StatefulSet", rules().retention("x"), None);
        check(
            "new",
            "StatefulSet",
            rules().status_reflection("bad"),
            Some(InterpreterOperation::InterpretStatus),
        );
        check(
            "new",
            "StatefulSet",
            rules().dependency_interpretation("bad"),
            Some(InterpreterOperation::InterpretDependency),
        );
    }

    #[test]
    fn without_a_check_scripts_pass() {
        let rules = CustomizationRules::default().retention("bad");
        assert_eq!(
            validate_customization(&customization("a", "A", rules), &[], None),
            Ok(())
        );
    }

    fn check(change: impl Fn(&mut Value), expected: &[(&str, &str)]) {
        let mut webhook = json!({
            "name": "a.example.com",
            "clientConfig": {"url": "https://a.example/x"},
            "interpreterContextVersions": ["v1alpha1"],
            "rules": [{"operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "kinds": ["*"]}],
        });
        change(&mut webhook);
        let expected: Vec<_> = expected
            .iter()
            .map(|(field, kind)| (format!("webhooks[0].{field}"), *kind))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(field, kind)| (field.as_str(), *kind))
            .collect();
        let configuration = json!({"metadata": {"name": "a"}, "webhooks": [webhook]});
        check_object(
            "ResourceInterpreterWebhookConfiguration",
            &configuration,
            None,
            &expected,
        );
    }

    #[test]
    fn webhooks() {
        check(|_| {}, &[]);
        check(|webhook| webhook["name"] = json!(""), &[("name", "Required")]);
        check(|webhook| webhook["name"] = json!("a"), &[("name", "Invalid")]);
        check(|webhook| webhook["name"] = json!("a.b"), &[]);
        check(|webhook| webhook["timeoutSeconds"] = json!(30), &[]);
        check(
            |webhook| webhook["timeoutSeconds"] = json!(31),
            &[("timeoutSeconds", "Invalid")],
        );
        check(
            |webhook| webhook["timeoutSeconds"] = json!(0),
            &[("timeoutSeconds", "Invalid")],
        );
        let versions = "interpreterContextVersions";
        check(|webhook| webhook[versions] = json!([]), &[(versions, "Required")]);
        check(
            |webhook| webhook[versions] = json!(["v1", "v1", "1"]),
            &[
                (versions, "Invalid"),
                ("interpreterContextVersions[1]", "Invalid"),
                ("interpreterContextVersions[2]", "Invalid"),
            ],
        );
        let webhook = json!({"name": "a.b", "clientConfig": {"url": "https://a"}, versions: ["v1alpha1"]});
        let configuration = json!({"metadata": {"name": "a"}, "webhooks": [webhook, webhook]});
        let expected = [("webhooks[1].name", "Duplicate")];
        check_object(
            "ResourceInterpreterWebhookConfiguration",
            &configuration,
            None,
            &expected,
        );
    }

    #[test]
    fn rules() {
        let check = |rule: Value, expected: &[(&str, &str)]| {
            let expected: Vec<_> = expected
                .iter()
                .map(|(field, kind)| (format!("rules[0].{field}"), *kind))
                .collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|(field, kind)| (field.as_str(), *kind))
                .collect();
            check(|webhook| webhook["rules"] = json!([rule]), &expected);
        };
        check(
            json!({}),
            &[
                ("apiGroups", "Required"),
                ("apiVersions", "Required"),
                ("kinds", "Required"),
                ("operations", "Required"),
            ],
        );
        check(
            json!({"operations": ["*", "Retain"], "apiGroups": ["*", ""], "apiVersions": ["*", "v1"], "kinds": ["*", "A"]}),
            &[
                ("apiGroups", "Invalid"),
                ("apiVersions", "Invalid"),
                ("kinds", "Invalid"),
                ("operations", "Invalid"),
            ],
        );
        check(
            json!({"operations": ["Prune", "retain", "InterpretComponent"], "apiGroups": [""], "apiVersions": [""], "kinds": [""]}),
            &[
                ("apiVersions[0]", "Required"),
                ("kinds[0]", "Required"),
                ("operations[0]", "NotSupported"),
                ("operations[1]", "NotSupported"),
            ],
        );
    }

    #[test]
    fn clients() {
        let check = |client: Value, expected: &[(&str, &str)]| {
            let expected: Vec<_> = expected
                .iter()
                .map(|(field, kind)| (format!("clientConfig{field}"), *kind))
                .collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|(field, kind)| (field.as_str(), *kind))
                .collect();
            check(|webhook| webhook["clientConfig"] = client.clone(), &expected);
        };
        check(json!({}), &[("", "Required")]);
        check(
            json!({"url": "https://a", "service": {"namespace": "a", "name": "b"}}),
            &[("", "Required")],
        );
        check(json!({"url": "https://a:b"}), &[(".url", "Required")]);
        check(json!({"url": "http://a"}), &[(".url", "Invalid")]);
        check(
            json!({"url": "https://u@/?q#f"}),
            &[
                (".url", "Invalid"),
                (".url", "Invalid"),
                (".url", "Invalid"),
                (".url", "Invalid"),
            ],
        );
        check(
            json!({"service": {"namespace": "a", "name": "b", "path": "/x/y/", "port": 1}}),
            &[],
        );
        check(
            json!({"service": {"path": "/x//y", "port": 0}}),
            &[
                (".service.name", "Required"),
                (".service.namespace", "Required"),
                (".service.path", "Invalid"),
                (".service.port", "Invalid"),
            ],
        );
        check(
            json!({"service": {"namespace": "a", "name": "b", "path": "x"}}),
            &[(".service.path", "Invalid")],
        );
    }
}
