//! Cluster: what its API server makes of an object before storing it (`karmada:pkg/registry/cluster/strategy.go`,
//! `karmada:pkg/apis/cluster/mutation`, `karmada:pkg/apis/cluster/validation`).

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::Value;

use super::metadata::{validate_metadata, validate_metadata_update};
use super::syntax::cluster_name;
use crate::api::cluster::v1alpha1::{
    Cluster, ClusterSpec, ClusterStatus, ClusterSyncMode, LocalSecretReference, ResourceModel,
    ResourceModelRange,
};
use crate::api::meta::Taint;
use crate::crd::Scope;
use crate::field::{FieldError, FieldPath};
use crate::quantity::{Format, Quantity};
use crate::syntax;
use crate::url;

const GIB: i64 = 1024 * 1024 * 1024;

/// Upper bounds of the default grades: whole CPUs and GiB of memory. The last grade is open.
const DEFAULT_GRADES: [(i64, i64); 8] = [
    (1, 4),
    (2, 16),
    (4, 32),
    (8, 64),
    (16, 128),
    (32, 256),
    (64, 512),
    (128, 1024),
];

/// The nine grades of nodes a cluster has that names none.
#[must_use]
pub fn default_resource_models() -> Vec<ResourceModel> {
    let mut lower = (0, 0);
    let bounds = DEFAULT_GRADES
        .iter()
        .map(|&(cpu, memory)| (cpu, memory.saturating_mul(GIB)))
        .chain([(i64::MAX, i64::MAX)]);
    let range = |name: &str, min, max, format| ResourceModelRange {
        name: name.to_owned(),
        min: Quantity::new(min, format),
        max: Quantity::new(max, format),
    };
    (0..)
        .zip(bounds)
        .map(|(grade, upper)| {
            let model = ResourceModel {
                grade,
                ranges: vec![
                    range("cpu", lower.0, upper.0, Format::DecimalSi),
                    range("memory", lower.1, upper.1, Format::BinarySi),
                ],
            };
            lower = upper;
            model
        })
        .collect()
}

/// Sorts grades, and opens the first below and the last above.
///
/// Idempotent. Grades of the same number keep their order.
pub fn standardise_resource_models(models: &mut [ResourceModel]) {
    models.sort_by_key(|model| model.grade);
    for range in models.first_mut().into_iter().flat_map(|model| &mut model.ranges) {
        range.min = Quantity::new(0, range.min.format());
    }
    for range in models.last_mut().into_iter().flat_map(|model| &mut model.ranges) {
        range.max = Quantity::new(i64::MAX, range.max.format());
    }
}

/// Prepares a cluster for being stored: on creation without status and in generation 1, on update with the stored
/// status and a generation that counts changes of the spec.
///
/// With `model_resources` (gate `CustomizedClusterResourceModeling`) grades are standardised, and on creation filled
/// in.
pub fn prepare(cluster: &mut Cluster, old: Option<&Cluster>, model_resources: bool) {
    if let Some(old) = old {
        cluster.status = old.status.clone();
        if cluster.spec != old.spec {
            cluster.metadata.generation = Some(old.metadata.generation.unwrap_or_default().saturating_add(1));
        }
    } else {
        cluster.status = ClusterStatus::default();
        cluster.metadata.generation = Some(1);
    }
    if model_resources {
        if cluster.spec.resource_models.is_empty() && old.is_none() {
            cluster.spec.resource_models = default_resource_models();
        } else {
            standardise_resource_models(&mut cluster.spec.resource_models);
        }
    }
}

/// Writes a cluster that has been found valid in its stored form: NoExecute taints know since when they are there,
/// and the zone is one of the zones. Idempotent.
pub fn canonicalise(cluster: &mut Cluster, now: Option<&Time>) {
    for taint in &mut cluster.spec.taints {
        if taint.effect == "NoExecute" && taint.time_added.is_none() {
            taint.time_added = now.cloned();
        }
    }
    if !cluster.spec.zone.is_empty() && cluster.spec.zones.is_empty() {
        cluster.spec.zones = vec![std::mem::take(&mut cluster.spec.zone)];
    }
}

/// Checks a cluster; `old` is the stored one on an update. `raw_models` is what its grades were decoded from: amounts
/// have to be written alike where one grade ends and the next begins.
pub(super) fn validate(cluster: &Cluster, raw_models: &Value, old: Option<&Cluster>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(old) = old {
        errors.extend(validate_metadata_update(&cluster.metadata, &old.metadata));
    }
    errors.extend(validate_metadata(&cluster.metadata, Scope::Cluster, cluster_name));
    errors.extend(validate_spec(&cluster.spec, raw_models));
    errors
}

fn validate_spec(spec: &ClusterSpec, raw_models: &Value) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let mut errors = Vec::new();
    let mode_path = path.child("syncMode");
    if spec.sync_mode == ClusterSyncMode::default() {
        errors.push(FieldError::required(&mode_path, ""));
    }
    if !spec.sync_mode.is_known() {
        errors.push(FieldError::not_supported(
            &mode_path,
            &spec.sync_mode,
            &["Pull", "Push"],
        ));
    }
    if !spec.api_endpoint.is_empty() {
        errors.extend(validate_endpoint(&spec.api_endpoint, &path.child("apiEndpoint")));
    }
    errors.extend(validate_secret(
        spec.secret_ref.as_ref(),
        &path.child("secretRef"),
    ));
    errors.extend(validate_secret(
        spec.impersonator_secret_ref.as_ref(),
        &path.child("impersonatorSecretRef"),
    ));
    if !spec.proxy_url.is_empty() {
        let path = path.child("proxyURL");
        let refused = match url::parse(&spec.proxy_url) {
            Err(reason) => Some(reason),
            Ok(url) if !matches!(url.scheme.as_str(), "http" | "https" | "socks5") => {
                Some("the scheme must be http, https or socks5")
            }
            Ok(_) => None,
        };
        errors.extend(
            refused.map(|reason| FieldError::invalid(&path, &url::redacted(&spec.proxy_url), reason)),
        );
    }
    errors.extend(validate_location(spec, &path));
    errors.extend(validate_taints(&spec.taints, &path.child("taints")));
    if let Err(reason) = validate_models(&spec.resource_models, raw_models) {
        errors.push(FieldError::invalid(
            &path.child("resourceModels"),
            &spec.resource_models,
            reason,
        ));
    }
    errors
}

fn validate_endpoint(endpoint: &str, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut refuse = |value: &str, reason: &str| errors.push(FieldError::invalid(path, value, reason));
    match url::parse(endpoint) {
        Err(reason) => refuse(&url::redacted(endpoint), reason),
        Ok(url) => {
            if url.host.is_empty() {
                refuse(&url.host, "host must be provided");
            }
            url.refused_in_addresses()
                .for_each(|(value, reason)| refuse(value, reason));
        }
    }
    errors
}

fn validate_secret(secret: Option<&LocalSecretReference>, path: &FieldPath) -> Vec<FieldError> {
    let Some(secret) = secret else {
        return Vec::new();
    };
    [("namespace", &secret.namespace), ("name", &secret.name)]
        .into_iter()
        .filter(|(_, value)| value.is_empty())
        .map(|(field, _)| FieldError::required(&path.child(field), ""))
        .collect()
}

/// Provider, region and zones have the syntax of label values. The paths of zones are upstream's.
fn validate_location(spec: &ClusterSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut check = |field: &str, value: &str| {
        errors.extend(
            syntax::label_value(value)
                .err()
                .map(|rule| FieldError::invalid(&path.child(field), value, rule)),
        );
    };
    check("provider", &spec.provider);
    check("region", &spec.region);
    if spec.zone.is_empty() {
        for zone in &spec.zones {
            check("Zones", zone);
        }
    } else if spec.zones.is_empty() {
        check("Zone", &spec.zone);
    } else {
        errors.push(FieldError::type_invalid(
            &path.child("spec"),
            &spec.zone,
            "zone and zones cannot co-exist",
        ));
    }
    errors
}

fn validate_taints(taints: &[Taint], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, taint) in taints.iter().enumerate() {
        let path = path.index(index);
        if let Err(rule) = syntax::qualified_name(&taint.key) {
            errors.push(FieldError::invalid(&path.child("key"), &taint.key, rule));
        }
        if let Err(rule) = syntax::label_value(&taint.value) {
            errors.push(FieldError::invalid(&path.child("value"), &taint.value, rule));
        }
        match taint.effect.as_str() {
            "" => errors.push(FieldError::required(&path.child("effect"), "")),
            "NoSchedule" | "NoExecute" => {}
            effect => errors.push(FieldError::not_supported(
                &path.child("effect"),
                effect,
                &["NoSchedule", "NoExecute"],
            )),
        }
        if !seen.insert((&taint.effect, &taint.key)) {
            errors.push(FieldError::duplicate(&path, taint));
        }
    }
    errors
}

/// Checks that grades follow one another without gaps. The first broken rule counts.
fn validate_models(models: &[ResourceModel], raw: &Value) -> Result<(), &'static str> {
    let written = |grade: usize, range: usize, field: &str| {
        let value = raw.get(grade)?.get("ranges")?.get(range)?.get(field)?;
        Some(match value {
            Value::String(text) => text.trim().to_owned(),
            other => other.to_string(),
        })
    };
    let alike = |before: usize, grade: usize, range: usize| {
        let end = written(before, range, "max").filter(|text| is_held_as_integer(text));
        end.is_some() && end == written(grade, range, "min")
    };
    let mut previous: Option<&ResourceModel> = None;
    for (grade, model) in models.iter().enumerate() {
        if let Some(previous) = previous {
            if previous.grade == model.grade {
                return Err("the grade of each model must differ");
            }
            if previous.ranges.len() != model.ranges.len() {
                return Err("all models must have the same number of resources");
            }
        }
        for (index, range) in model.ranges.iter().enumerate() {
            if range.max <= range.min {
                return Err("max must be greater than min");
            }
            match previous.map(|previous| (grade.saturating_sub(1), previous.ranges.get(index))) {
                None if !range.min.is_zero() => return Err("min of the first model must be 0"),
                Some((_, Some(before))) if before.name != range.name => {
                    return Err("all models must have the same resources in the same order");
                }
                Some((before, _)) if !alike(before, grade, index) => {
                    return Err("intervals must be contiguous and written alike where they meet");
                }
                _ => {}
            }
            let last = grade.saturating_add(1) == models.len();
            if last && range.max.value() != i64::MAX {
                return Err("max of the last model must be the greatest 64-bit integer");
            }
        }
        previous = Some(model);
    }
    Ok(())
}

/// Whether upstream holds an amount as a 64-bit integer and a power of ten. What is too long for that, or a fraction
/// with a binary suffix, it holds in a way in which no two amounts are equal.
fn is_held_as_integer(text: &str) -> bool {
    let text = text.trim_start_matches(['+', '-']);
    let suffix_at = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(suffix_at).unwrap_or((text, ""));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole.trim_start_matches('0').len();
    // How many decimal digits upstream reckons a power of two to take.
    let binary_digits = match suffix {
        "Ki" => 3,
        "Mi" => 6,
        "Gi" => 9,
        "Ti" => 12,
        "Pi" => 15,
        "Ei" => 18,
        _ => return whole.saturating_add(fraction.len()) <= 18,
    };
    fraction.is_empty() && whole.max(1).saturating_add(binary_digits) <= 14
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn decode(value: &Value) -> Cluster {
        crate::api::wire::decode(value).unwrap()
    }

    #[test]
    fn grades_are_sorted_and_opened() {
        let mut cluster = decode(&json!({"spec": {"syncMode": "Push", "resourceModels": [
            {"grade": 1, "ranges": [{"name": "cpu", "min": "1", "max": "2"}]},
            {"grade": 0, "ranges": [{"name": "cpu", "min": "500m", "max": "1"}]},
        ]}}));
        prepare(&mut cluster, None, true);
        let models = json!([
            {"grade": 0, "ranges": [{"name": "cpu", "min": "0", "max": "1"}]},
            {"grade": 1, "ranges": [{"name": "cpu", "min": "1", "max": "9223372036854775807"}]},
        ]);
        assert_eq!(
            serde_json::to_value(&cluster.spec.resource_models).unwrap(),
            models
        );
        assert_eq!(validate_models(&cluster.spec.resource_models, &models), Ok(()));
    }

    #[test]
    fn default_grades() {
        let models = default_resource_models();
        let raw = serde_json::to_value(&models).unwrap();
        assert_eq!(models.len(), 9);
        assert_eq!(validate_models(&models, &raw), Ok(()));
        assert_eq!(
            raw[1]["ranges"][1],
            json!({"name": "memory", "min": "4Gi", "max": "16Gi"})
        );
        assert_eq!(raw[8]["ranges"][0]["min"], "128");
        assert_eq!(raw[8]["ranges"][1]["min"], "1Ti");
        let mut standardised = models.clone();
        standardise_resource_models(&mut standardised);
        assert_eq!(standardised, models);
    }

    #[test]
    fn stored_form() {
        let object = json!({
            "metadata": {"name": "m", "generation": 7},
            "spec": {"syncMode": "Pull", "zone": "z", "taints": [
                {"key": "a", "effect": "NoExecute"},
                {"key": "b", "effect": "NoSchedule"},
            ]},
            "status": {"kubernetesVersion": "v1"},
        });
        let now: Time = serde_json::from_value(json!("2026-01-02T03:04:05Z")).unwrap();
        let mut created = decode(&object);
        prepare(&mut created, None, false);
        canonicalise(&mut created, Some(&now));
        assert_eq!(created.metadata.generation, Some(1));
        assert_eq!(created.status, ClusterStatus::default());
        assert_eq!(
            (created.spec.zone.as_str(), created.spec.zones.as_slice()),
            ("", &["z".to_owned()][..])
        );
        assert_eq!(created.spec.taints[0].time_added, Some(now));
        assert_eq!(created.spec.taints[1].time_added, None);
        assert!(created.spec.resource_models.is_empty());

        let mut old = created.clone();
        old.status.kubernetes_version = "v2".into();
        let mut same = old.clone();
        same.status.kubernetes_version = "v3".into();
        prepare(&mut same, Some(&old), true);
        assert_eq!(
            (same.metadata.generation, same.status.kubernetes_version.as_str()),
            (Some(1), "v2")
        );
        assert!(same.spec.resource_models.is_empty(), "no defaults on update");
        let mut changed = old.clone();
        changed.spec.region = "r".into();
        prepare(&mut changed, Some(&old), true);
        assert_eq!(changed.metadata.generation, Some(2));
    }

    #[test]
    fn broken_grades() {
        let check = |models: Value, expected: &str| {
            let decoded: Vec<ResourceModel> = serde_json::from_value(models.clone()).unwrap();
            let error = validate_models(&decoded, &models).unwrap_err();
            assert!(error.contains(expected), "{models}: {error}");
        };
        let model = |grade: u64, min: &str, max: &str| json!({"grade": grade, "ranges": [{"name": "cpu", "min": min, "max": max}]});
        let max = i64::MAX.to_string();
        check(json!([model(0, "0", "1"), model(0, "1", &max)]), "grade");
        check(json!([model(0, "0", "1"), {"grade": 1, "ranges": []}]), "number");
        check(json!([model(0, "1", "1")]), "greater than min");
        check(json!([model(0, "1", "2")]), "first model");
        check(
            json!([model(0, "0", "1"), model(1, "1000m", &max)]),
            "written alike",
        );
        check(json!([model(0, "0", "1"), model(1, "2", &max)]), "contiguous");
        check(
            json!([model(0, "0", "1.5Gi"), model(1, "1.5Gi", &max)]),
            "written alike",
        );
        check(json!([model(0, "0", "1"), model(1, "1", "2")]), "last model");
        check(
            json!([model(0, "0", "1"), {"grade": 1, "ranges": [{"name": "memory", "min": "1", "max": max}]}]),
            "same resources",
        );
    }

    #[test]
    fn messages_quote_no_passwords() {
        let check = |spec: Value, field: &str, quoted: &str| {
            let mut spec: ClusterSpec = serde_json::from_value(spec).unwrap();
            spec.sync_mode = ClusterSyncMode::Push;
            let errors = validate_spec(&spec, &Value::Null);
            let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
            let text = texts.join("\n");
            assert!(text.starts_with(field) && text.contains(quoted), "{text}");
            assert!(!text.contains("secret"), "{text}");
        };
        let user = "spec.apiEndpoint: Invalid value: \"\": user information";
        check(json!({"apiEndpoint": "https://u:secret@a"}), user, "");
        check(
            json!({"apiEndpoint": "https://u:secret@a:x"}),
            "spec.apiEndpoint",
            "\"https://xxxxx@a:x\"",
        );
        check(
            json!({"apiEndpoint": "https://u:se/secret@a"}),
            "spec.apiEndpoint",
            "\"https://xxxxx@a\"",
        );
        check(
            json!({"proxyURL": "ftp://u:secret@proxy"}),
            "spec.proxyURL",
            "\"ftp://xxxxx@proxy\"",
        );
        check(
            json!({"proxyURL": "http://u:^secret@proxy"}),
            "spec.proxyURL",
            "\"http://xxxxx@proxy\"",
        );
    }

    #[test]
    fn locations() {
        let check = |spec: Value, expected: &[(&str, &str)]| {
            let spec: ClusterSpec = serde_json::from_value(spec).unwrap();
            let errors = validate_location(&spec, &FieldPath::new("spec"));
            let errors: Vec<_> = errors
                .iter()
                .map(|error| (error.field.as_str(), error.kind.as_str()))
                .collect();
            assert_eq!(errors, expected);
        };
        check(
            json!({"provider": "a b", "region": "-"}),
            &[
                ("spec.provider", "FieldValueInvalid"),
                ("spec.region", "FieldValueInvalid"),
            ],
        );
        check(json!({"zone": "a b"}), &[("spec.Zone", "FieldValueInvalid")]);
        check(
            json!({"zones": ["a", "a b"]}),
            &[("spec.Zones", "FieldValueInvalid")],
        );
        check(
            json!({"zone": "a", "zones": ["a b"]}),
            &[("spec.spec", "FieldValueTypeInvalid")],
        );
    }
}
