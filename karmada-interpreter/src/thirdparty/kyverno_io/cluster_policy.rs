//! ClusterPolicy: rules for the whole cluster.

use crate::thirdparty::rules::Rules;

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    aggregate: Some(super::aggregate),
    reflect: Some(super::reflect),
    health: Some(super::health),
    ..Rules::of("kyverno.io/v1", "ClusterPolicy")
};
