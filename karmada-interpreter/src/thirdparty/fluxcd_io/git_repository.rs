//! GitRepository: sources from Git.

use jiff::Timestamp;
use serde_json::Value;

use crate::thirdparty::error::Result;
use crate::thirdparty::generation;
use crate::thirdparty::items::Items;
use crate::thirdparty::references::References;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::View;

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    retain: Some(super::retain),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(super::health_of_source),
    dependencies: Some(dependencies),
    ..Rules::of("source.toolkit.fluxcd.io/v1", "GitRepository")
};

fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    super::aggregate_source(object, items, &[])
}

fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect_with_generations(
        observed,
        &[
            "conditions",
            "artifact",
            "observedGeneration",
            "observedIgnore",
            "observedRecurseSubmodules",
        ],
    )
}

fn dependencies(object: View<'_>) -> Result<References> {
    let mut references = References::default();
    let spec = object.get("spec")?;
    super::add_secret(spec.get("secretRef")?, &mut references)?;
    super::add_secret(spec.get("verify")?.find(&["secretRef"])?, &mut references)?;
    Ok(references)
}
