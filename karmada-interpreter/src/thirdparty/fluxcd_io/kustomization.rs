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
