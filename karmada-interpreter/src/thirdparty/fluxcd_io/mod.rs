//! Flux (`helm.toolkit.fluxcd.io`, `kustomize.toolkit.fluxcd.io`, `source.toolkit.fluxcd.io`).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::Result;
use super::generation::{self, Silent};
use super::items::Items;
use super::references::References;
use super::rules::Rules;
use super::view::{View, import};
use super::{conditions, result};

mod bucket;
mod git_repository;
mod helm_chart;
mod helm_release;
mod helm_repository;
mod kustomization;
mod oci_repository;

/// The kinds of this group.
pub(super) static KINDS: &[&Rules] = &[
    &bucket::RULES,
    &git_repository::RULES,
    &helm_chart::RULES,
    &helm_release::RULES,
    &helm_repository::RULES,
    &kustomization::RULES,
    &oci_repository::RULES,
];

/// `Retain`: whether it is suspended, `false` included.
fn retain(desired: &mut Value, observed: View<'_>) -> Result<()> {
    let suspend = observed.path(&["spec", "suspend"])?;
    if suspend.is_present() {
        result::assign(desired, &["spec", "suspend"], import(suspend.value()))?;
    }
    Ok(())
}

/// `AggregateStatus` of the source kinds: merged conditions, the last artifact, and the last text of each of `texts`.
fn aggregate_source(object: &mut Value, items: Option<Items<'_>>, texts: &[&str]) -> Result<()> {
    generation::conclude(object, items, Silent::Counts)?;
    let status = result::status(object)?;
    let Some(items) = items else {
        status.remove("conditions");
        status.remove("artifact");
        result::fill(status, texts, &json!(""));
        return Ok(());
    };
    result::set(status, "conditions", conditions::merged(items)?);
    result::set(
        status,
        "artifact",
        items.last_present("artifact")?.unwrap_or_default(),
    );
    items.last_into(status, texts, &json!(""))
}

/// `AggregateStatus` of the source kinds with a URL.
fn aggregate_source_with_url(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    aggregate_source(object, items, &["url"])
}

/// `InterpretHealth` of most source kinds.
fn health_of_source(observed: View<'_>) -> Result<bool> {
    conditions::is_ready(observed, &["Succeeded"])
}

/// `InterpretDependency` of the source kinds that have credentials and nothing else.
fn credentials(object: View<'_>) -> Result<References> {
    let mut references = References::default();
    add_secret(object.path(&["spec", "secretRef"])?, &mut references)?;
    Ok(references)
}

/// Adds the secret that a reference names, unless there is none or its name is empty.
///
/// # Errors
/// When the reference has no name, or it is not a text.
fn add_secret(secret: View<'_>, references: &mut References) -> Result<()> {
    if secret.is_absent() {
        return Ok(());
    }
    let name = secret.get("name")?;
    if name.is("") {
        return Ok(());
    }
    references.add("Secret", name)
}
