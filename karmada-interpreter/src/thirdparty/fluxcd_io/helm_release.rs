//! HelmRelease: an installed Helm chart.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::thirdparty::error::Result;
use crate::thirdparty::generation::{self, Silent};
use crate::thirdparty::items::Items;
use crate::thirdparty::references::References;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::{View, number};
use crate::thirdparty::{conditions, result};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    retain: Some(super::retain),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    dependencies: Some(dependencies),
    ..Rules::of("helm.toolkit.fluxcd.io/v2beta1", "HelmRelease")
};

const TEXTS: [&str; 4] = [
    "lastAttemptedRevision",
    "lastAppliedRevision",
    "lastAttemptedValuesChecksum",
    "helmChart",
];

const COUNTERS: [&str; 3] = ["failures", "upgradeFailures", "installFailures"];

/// Merged conditions; the last revisions, else those that the template has; counters added to those that the template
/// has, so that they grow with every aggregation.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    generation::conclude(object, items, Silent::Counts)?;
    let status = result::status(object)?;
    let Some(items) = items else {
        status.remove("conditions");
        result::fill(status, &TEXTS, &json!(""));
        result::fill(status, &["lastReleaseRevision"], &json!(""));
        result::fill(status, &COUNTERS, &json!(0));
        return Ok(());
    };
    result::set(status, "conditions", conditions::merged(items)?);
    for field in TEXTS {
        if let Some(last) = items.last(field)? {
            status.insert(field.to_owned(), last);
        }
    }
    if let Some(revision) = items.last_present("lastReleaseRevision")? {
        status.insert("lastReleaseRevision".to_owned(), revision);
    }
    for field in COUNTERS {
        for count in items.at(&[field]) {
            if let Some(before) = status.get(field) {
                let sum = View::new(before).operand()? + count?.operand()?;
                status.insert(field.to_owned(), number(sum)?);
            }
        }
    }
    Ok(())
}

fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect_with_generations(
        observed,
        &[
            "conditions",
            "observedGeneration",
            "lastAttemptedRevision",
            "lastAppliedRevision",
            "lastAttemptedValuesChecksum",
            "helmChart",
            "lastReleaseRevision",
            "failures",
            "upgradeFailures",
            "installFailures",
        ],
    )
}

fn health(observed: View<'_>) -> Result<bool> {
    conditions::is_ready(observed, &["ReconciliationSucceeded"])
}

fn dependencies(object: View<'_>) -> Result<References> {
    let mut references = References::default();
    let spec = object.get("spec")?;
    for values in spec.get("valuesFrom")?.list_or_none()? {
        for kind in ["Secret", "ConfigMap"] {
            if values.get("kind")?.is(kind) {
                references.add(kind, values.get("name")?)?;
            }
        }
    }
    super::add_secret(
        spec.find(&["chart", "spec", "verify", "secretRef"])?,
        &mut references,
    )?;
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
            json!({"valuesFrom": [{"kind": "Secret", "name": "s1"}, {"kind": "ConfigMap", "name": "c"}, {"kind": "Other"}], "chart": {"spec": {"verify": {"secretRef": {"name": "s2"}}}}, "kubeConfig": {"secretRef": {"name": "s3"}}, "serviceAccountName": "default"}),
            Some(&[
                "ConfigMap ns/c",
                "Secret ns/s1",
                "Secret ns/s2",
                "Secret ns/s3",
                "ServiceAccount ns/default",
            ]),
        );
        check(json!({"valuesFrom": [{"kind": "Secret", "name": ""}]}), None);
        check(json!({"valuesFrom": [{"kind": "Secret"}]}), None);
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
            "observedGeneration",
            "lastAttemptedRevision",
            "lastAppliedRevision",
            "lastAttemptedValuesChecksum",
            "helmChart",
            "lastReleaseRevision",
            "failures",
            "upgradeFailures",
            "installFailures",
        ] {
            status[field] = field.into();
            expected[field] = field.into();
        }
        assert_eq!(IT.reflect(&status), Some(expected));
    }

    #[test]
    fn status_aggregation() {
        let check = |items, expected| {
            let before = json!({"failures": 1, "helmChart": "old", "lastReleaseRevision": 1});
            assert_eq!(IT.aggregate(&before, &items), Some(expected), "{items}");
        };
        check(
            json!(null),
            json!({
                "observedGeneration": 2, "lastAttemptedRevision": "", "lastAppliedRevision": "",
                "lastAttemptedValuesChecksum": "", "helmChart": "", "lastReleaseRevision": "", "failures": 0,
                "upgradeFailures": 0, "installFailures": 0,
            }),
        );
        // Counters grow, but only where the template has them.
        check(
            json!([
                {"failures": 2, "upgradeFailures": 2, "helmChart": "new", "lastReleaseRevision": 3},
                {"failures": 3, "helmChart": "", "lastAppliedRevision": "r"},
            ]),
            json!({
                "observedGeneration": 0, "failures": 6, "helmChart": "new", "lastReleaseRevision": 3,
                "lastAppliedRevision": "r",
            }),
        );
    }
}
