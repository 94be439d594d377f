//! HelmChart: a chart fetched from a source.

use jiff::Timestamp;
use serde_json::Value;

use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::references::References;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::View;
use crate::thirdparty::{conditions, generation};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    retain: Some(super::retain),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    dependencies: Some(dependencies),
    ..Rules::of("source.toolkit.fluxcd.io/v1beta2", "HelmChart")
};

fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    super::aggregate_source(
        object,
        items,
        &["url", "observedChartName", "observedSourceArtifactRevision"],
    )
}

/// Without `observedGeneration`, which upstream means to reflect and does not.
fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect_with_generations(
        observed,
        &[
            "artifact",
            "conditions",
            "observedChartName",
            "observedSourceArtifactRevision",
            "url",
        ],
    )
}

fn health(observed: View<'_>) -> Result<bool> {
    conditions::is_ready(observed, &["Succeeded", "ChartPullSucceeded"])
}

fn dependencies(object: View<'_>) -> Result<References> {
    let mut references = References::default();
    let spec = object.get("spec")?;
    super::add_secret(spec.get("verify")?.find(&["secretRef"])?, &mut references)?;
    Ok(references)
}
