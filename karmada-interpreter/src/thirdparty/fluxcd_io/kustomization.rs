//! Kustomization: applies manifests from a source.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::thirdparty::error::Result;
use crate::thirdparty::generation::{self, Silent};
use crate::thirdparty::items::Items;
use crate::thirdparty::references::References;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::View;
use crate::thirdparty::{conditions, result};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    retain: Some(super::retain),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    dependencies: Some(dependencies),
    ..Rules::of("kustomize.toolkit.fluxcd.io/v1", "Kustomization")
};

const REVISIONS: [&str; 2] = ["lastAttemptedRevision", "lastAppliedRevision"];

/// Merged conditions; the last revisions, else those that the template has.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    generation::conclude(object, items, Silent::Counts)?;
    let status = result::status(object)?;
    let Some(items) = items else {
        status.remove("conditions");
        result::fill(status, &REVISIONS, &json!(""));
        return Ok(());
    };
    result::set(status, "conditions", conditions::merged(items)?);
    for field in REVISIONS {
        if let Some(last) = items.last(field)? {
            status.insert(field.to_owned(), last);
        }
    }
    Ok(())
}

fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect_with_generations(
        observed,
        &[
            "conditions",
            "lastAppliedRevision",
            "lastAttemptedRevision",
            "observedGeneration",
        ],
    )
}

fn health(observed: View<'_>) -> Result<bool> {
    conditions::is_ready(observed, &["ReconciliationSucceeded"])
}

fn dependencies(object: View<'_>) -> Result<References> {
    let mut references = References::default();
    let spec = object.get("spec")?;
    super::add_secret(spec.get("decryption")?.find(&["secretRef"])?, &mut references)?;
    super::add_secret(spec.get("kubeConfig")?.find(&["secretRef"])?, &mut references)?;
    references.add_named("ServiceAccount", spec.get("serviceAccountName")?)?;
    Ok(references)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn health_is_ready_for_the_right_reason() {
        let check = |kind: &str, status: &str, reason: &str, expected| {
            let status = json!({"conditions": [{}, {"type": kind, "status": status, "reason": reason}]});
            assert_eq!(IT.health_of(&status), Some(expected), "{status}");
        };
        check("Ready", "True", "ReconciliationSucceeded", true);
        check("Ready", "False", "ReconciliationSucceeded", false);
        check("Released", "True", "ReconciliationSucceeded", false);
        check("Ready", "True", "Failed", false);
        assert_eq!(IT.health_of(&json!(null)), Some(false));
    }

    #[test]
    fn dependencies_by_name() {
        let check = |spec, expected: Option<&[&str]>| {
            let expected = expected.map(|all| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
            assert_eq!(IT.dependencies(&spec), expected, "{spec}");
        };
        check(
            json!({"decryption": {"secretRef": {"name": "s1"}}, "kubeConfig": {"secretRef": {"name": "s2"}}, "serviceAccountName": "default"}),
            Some(&["Secret ns/s1", "Secret ns/s2", "ServiceAccount ns/default"]),
        );
        check(json!({"decryption": {"secretRef": {}}}), None);
        check(json!({}), Some(&[]));
        check(json!(null), None);
    }

    #[test]
    fn retention_of_suspension() {
        let check = |observed, expected: Option<serde_json::Value>| {
            let got = IT.retain(&json!({"spec": {"suspend": true}}), &json!({"spec": observed}));
            assert_eq!(
                got,
                expected.map(|spec| IT.object(&json!({"spec": spec}))),
                "{observed}"
            );
        };
        check(json!({"suspend": false}), Some(json!({"suspend": false})));
        check(json!({}), Some(json!({"suspend": true})));
        check(json!(null), None);
    }

    #[test]
    fn reflection_of_its_fields_and_generations() {
        let mut status = json!({"other": 1, "observedGeneration": "not always"});
        let mut expected = json!({"generation": 2, "resourceTemplateGeneration": 1});
        for field in [
            "conditions",
            "lastAppliedRevision",
            "lastAttemptedRevision",
            "observedGeneration",
        ] {
            status[field] = field.into();
            expected[field] = field.into();
        }
        assert_eq!(IT.reflect(&status), Some(expected));
    }

    #[test]
    fn status_aggregation() {
        let check = |items, expected| {
            let before = json!({"lastAppliedRevision": "old", "x": 1});
            assert_eq!(IT.aggregate(&before, &items), Some(expected), "{items}");
        };
        let nothing =
            json!({"x": 1, "observedGeneration": 2, "lastAppliedRevision": "", "lastAttemptedRevision": ""});
        check(json!(null), nothing);
        check(
            json!([]),
            json!({"x": 1, "observedGeneration": 2, "lastAppliedRevision": "old"}),
        );
        check(
            json!([{"lastAppliedRevision": "new"}, {"lastAppliedRevision": "", "lastAttemptedRevision": "next"}]),
            json!({"x": 1, "observedGeneration": 0, "lastAppliedRevision": "new", "lastAttemptedRevision": "next"}),
        );
    }
}
