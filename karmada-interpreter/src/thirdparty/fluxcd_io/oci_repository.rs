//! OCIRepository: sources from a container registry.

use serde_json::Value;

use crate::thirdparty::error::Result;
use crate::thirdparty::generation;
use crate::thirdparty::references::References;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::View;

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    retain: Some(super::retain),
    aggregate: Some(super::aggregate_source_with_url),
    reflect: Some(reflect),
    health: Some(super::health_of_source),
    dependencies: Some(dependencies),
    ..Rules::of("source.toolkit.fluxcd.io/v1beta2", "OCIRepository")
};

fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect_with_generations(
        observed,
        &[
            "conditions",
            "artifact",
            "url",
            "observedGeneration",
            "observedIgnore",
            "observedLayerSelector",
        ],
    )
}

fn dependencies(object: View<'_>) -> Result<References> {
    let mut references = References::default();
    let spec = object.get("spec")?;
    super::add_secret(spec.get("secretRef")?, &mut references)?;
    super::add_secret(spec.get("verify")?.find(&["secretRef"])?, &mut references)?;
    super::add_secret(spec.get("certSecretRef")?, &mut references)?;
    // An absent account stops upstream's rule; only the empty text says that there is none.
    let account = spec.get("serviceAccountName")?;
    if !account.is("") {
        references.add("ServiceAccount", account)?;
    }
    Ok(references)
}
