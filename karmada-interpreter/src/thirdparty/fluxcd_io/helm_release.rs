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
