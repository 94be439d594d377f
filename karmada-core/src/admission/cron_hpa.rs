//! CronFederatedHPA (`karmada:pkg/webhook/cronfederatedhpa/validating.go`).

use std::collections::BTreeSet;

use jiff::tz::TimeZoneDatabase;

use super::federated_hpa::validate_reference;
use super::metadata::validate_metadata;
use super::schedule::is_schedule;
use crate::api::autoscaling::v1alpha1::{CronFederatedHPA, CronFederatedHPARule};
use crate::crd::Scope;
use crate::field::{FieldError, FieldPath};
use crate::syntax;

/// Checks an autoscaler by the clock.
#[must_use]
pub fn validate_cron_federated_hpa(hpa: &CronFederatedHPA) -> Vec<FieldError> {
    let mut errors = validate_metadata(&hpa.metadata, Scope::Namespaced, syntax::dns_subdomain);
    let path = FieldPath::new("spec");
    let target = &hpa.spec.scale_target_ref;
    let target_path = path.child("scaleTargetRef");
    let scales_hpa = target.api_version.as_deref() == Some("autoscaling.karmada.io/v1alpha1");
    if scales_hpa && target.kind != "FederatedHPA" {
        errors.push(FieldError::invalid(
            &target_path.child("kind"),
            &target.kind,
            "of this group only FederatedHPA can be scaled",
        ));
        return errors;
    }
    errors.extend(validate_reference(target, &target_path));
    let mut names = BTreeSet::new();
    for (index, rule) in hpa.spec.rules.iter().enumerate() {
        let path = path.child("rules").index(index);
        if !names.insert(&rule.name) {
            errors.push(FieldError::duplicate(&path.child("name"), &rule.name));
        }
        if !is_schedule(&rule.schedule) {
            errors.push(FieldError::invalid(
                &path.child("schedule"),
                &rule.schedule,
                "invalid cron format",
            ));
        }
        if let Some(zone) = rule.time_zone.as_deref().filter(|zone| !is_time_zone(zone)) {
            errors.push(FieldError::invalid(
                &path.child("timeZone"),
                zone,
                "unknown time zone",
            ));
        }
        errors.extend(if scales_hpa {
            validate_limits(rule, &path)
        } else {
            validate_replicas(rule, &path)
        });
    }
    errors
}

/// Whether a time zone is known: by its IANA name, letter by letter, from the bundled database; empty and `UTC` are
/// UTC, `Local` is the zone of whoever asks.
#[must_use]
pub fn is_time_zone(name: &str) -> bool {
    // Go looks up files by name, so case matters; the database does not care.
    matches!(name, "" | "UTC" | "Local")
        || TimeZoneDatabase::bundled()
            .get(name)
            .is_ok_and(|zone| zone.iana_name() == Some(name))
}

/// A FederatedHPA is scaled by moving its limits.
fn validate_limits(rule: &CronFederatedHPARule, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut refuse = |field: &str, value: Option<i32>, detail: &str| {
        errors.push(FieldError::invalid(&path.child(field), &value, detail));
    };
    let (min, max) = (rule.target_min_replicas, rule.target_max_replicas);
    if min.is_none() && max.is_none() {
        refuse(
            "targetMaxReplicas",
            None,
            "one of targetMinReplicas and targetMaxReplicas is needed to scale a FederatedHPA",
        );
    }
    if min.is_some_and(|min| min <= 0) {
        refuse("targetMinReplicas", min, "must be greater than 0");
    }
    if max.is_some_and(|max| max <= 0) {
        refuse("targetMaxReplicas", max, "must be greater than 0");
    }
    if min.unwrap_or(1) > max.unwrap_or(i32::MAX) {
        refuse(
            "targetMinReplicas",
            min,
            "must be less than or equal to targetMaxReplicas",
        );
    }
    errors
}

/// Anything else is scaled by its number of replicas, to none as well.
fn validate_replicas(rule: &CronFederatedHPARule, path: &FieldPath) -> Vec<FieldError> {
    let detail = match rule.target_replicas {
        None => "is needed to scale this kind",
        Some(replicas) if replicas < 0 => "must be greater than or equal to 0",
        Some(_) => return Vec::new(),
    };
    vec![FieldError::invalid(
        &path.child("targetReplicas"),
        &rule.target_replicas,
        detail,
    )]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::check;
    use super::*;

    #[test]
    fn rules() {
        let check = |api_version: &str, kind: &str, rules: Value, expected: &[(&str, &str)]| {
            let target = json!({"apiVersion": api_version, "kind": kind, "name": "web"});
            check(
                "CronFederatedHPA",
                json!({"scaleTargetRef": target, "rules": rules}),
                expected,
            );
        };
        let own = "autoscaling.karmada.io/v1alpha1";
        let rule = |min: Option<i32>, max: Option<i32>| json!([{"name": "a", "schedule": "@daily", "targetMinReplicas": min, "targetMaxReplicas": max}]);
        check(
            own,
            "CronFederatedHPA",
            json!([{}]),
            &[("spec.scaleTargetRef.kind", "Invalid")],
        );
        check(own, "FederatedHPA", rule(Some(1), None), &[]);
        check(own, "FederatedHPA", rule(None, Some(1)), &[]);
        check(
            own,
            "FederatedHPA",
            rule(None, None),
            &[("spec.rules[0].targetMaxReplicas", "Invalid")],
        );
        check(
            own,
            "FederatedHPA",
            rule(Some(2), Some(1)),
            &[("spec.rules[0].targetMinReplicas", "Invalid")],
        );
        check(
            own,
            "FederatedHPA",
            rule(Some(0), Some(0)),
            &[
                ("spec.rules[0].targetMaxReplicas", "Invalid"),
                ("spec.rules[0].targetMinReplicas", "Invalid"),
            ],
        );
        check(
            "apps/v1",
            "Deployment",
            json!([
                {"name": "a", "schedule": "0 0 * * *", "targetReplicas": 0, "timeZone": "Asia/Shanghai"},
                {"name": "a", "schedule": "whenever", "targetReplicas": -1, "timeZone": "Mars/Base"},
                {"name": "b", "schedule": "@daily"},
            ]),
            &[
                ("spec.rules[1].name", "Duplicate"),
                ("spec.rules[1].schedule", "Invalid"),
                ("spec.rules[1].targetReplicas", "Invalid"),
                ("spec.rules[1].timeZone", "Invalid"),
                ("spec.rules[2].targetReplicas", "Invalid"),
            ],
        );
    }

    #[test]
    fn time_zones() {
        for (name, known) in [
            ("", true),
            ("UTC", true),
            ("Local", true),
            ("Europe/Berlin", true),
            ("Etc/GMT+5", true),
            ("CET", true),
            ("europe/berlin", false),
            ("utc", false),
            ("Mars/Base", false),
            ("../UTC", false),
            ("\\x", false),
            ("/UTC", false),
        ] {
            assert_eq!(is_time_zone(name), known, "{name:?}");
        }
    }
}
