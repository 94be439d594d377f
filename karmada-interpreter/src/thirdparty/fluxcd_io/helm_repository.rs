//! HelmRepository: an index of Helm charts.

use serde_json::Value;

use crate::thirdparty::error::Result;
use crate::thirdparty::generation;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::View;

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    retain: Some(super::retain),
    aggregate: Some(super::aggregate_source_with_url),
    reflect: Some(reflect),
    health: Some(super::health_of_source),
    dependencies: Some(super::credentials),
    ..Rules::of("source.toolkit.fluxcd.io/v1beta2", "HelmRepository")
};

fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect_with_generations(observed, &["artifact", "conditions", "observedGeneration", "url"])
}
