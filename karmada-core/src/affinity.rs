//! Which clusters a placement may use (`karmada:pkg/util/selector.go`).

use crate::api::cluster::v1alpha1::Cluster;
use crate::api::meta::NodeSelectorRequirement;
use crate::api::policy::v1alpha1::{ClusterAffinity, FieldSelector};
use crate::selector::{self, Labels};

/// The field selector keys.
pub mod fields {
    /// A cluster's provider.
    pub const PROVIDER: &str = "provider";
    /// A cluster's region.
    pub const REGION: &str = "region";
    /// One of a cluster's zones.
    pub const ZONE: &str = "zone";
}

/// A cluster as far as affinities look at it. Objects are, and so may be anything that was made from them.
///
/// The trait's [`Labels`] are those of the cluster.
pub trait AffinityTarget: Labels {
    /// Its name.
    fn name(&self) -> &str;
    /// Who runs it, empty if unknown.
    fn provider(&self) -> &str;
    /// Where it runs, empty if unknown.
    fn region(&self) -> &str;
    /// The zones it spans.
    fn zones(&self) -> impl Iterator<Item = &str>;
}

impl Labels for Cluster {
    fn value(&self, key: &str) -> Option<&str> {
        self.metadata.labels.value(key)
    }
}

impl AffinityTarget for Cluster {
    fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }
    fn provider(&self) -> &str {
        &self.spec.provider
    }
    fn region(&self) -> &str {
        &self.spec.region
    }
    fn zones(&self) -> impl Iterator<Item = &str> {
        self.spec.zones.iter().map(String::as_str)
    }
}

impl<C: AffinityTarget> AffinityTarget for &C {
    fn name(&self) -> &str {
        (**self).name()
    }
    fn provider(&self) -> &str {
        (**self).provider()
    }
    fn region(&self) -> &str {
        (**self).region()
    }
    fn zones(&self) -> impl Iterator<Item = &str> {
        (**self).zones()
    }
}

/// Whether an affinity picks a cluster: it is not excluded, and its labels, fields and name all fit.
///
/// An empty affinity picks every cluster. A label selector or a requirement on provider or region that is not
/// well-formed picks none; zones are not checked that way.
#[must_use]
pub fn matches(cluster: &impl AffinityTarget, affinity: &ClusterAffinity) -> bool {
    let is_own = |name: &String| name == cluster.name();
    !affinity.exclude_clusters.iter().any(is_own)
        && affinity
            .label_selector
            .as_ref()
            .is_none_or(|labels| selector::matches_labels(labels, cluster))
        && affinity
            .field_selector
            .as_ref()
            .is_none_or(|fields| matches_fields(cluster, fields))
        && (affinity.cluster_names.is_empty() || affinity.cluster_names.iter().any(is_own))
}

fn matches_fields(cluster: &impl AffinityTarget, selector: &FieldSelector) -> bool {
    let is_zone = |requirement: &&NodeSelectorRequirement| requirement.key == fields::ZONE;
    let requirements = || selector.match_expressions.iter();
    requirements()
        .filter(is_zone)
        .all(|requirement| matches_zones(cluster.zones(), requirement))
        && selector::matches_node_requirements(requirements().filter(|it| !is_zone(it)), &Fields(cluster))
}

/// Tests the list of zones as a whole: a cluster may have several.
fn matches_zones<'a>(
    mut zones: impl Iterator<Item = &'a str>,
    requirement: &NodeSelectorRequirement,
) -> bool {
    let mut any = || zones.any(|zone| requirement.values.iter().any(|value| value == zone));
    match requirement.operator.as_str() {
        "In" => any(),
        "NotIn" => !any(),
        "Exists" => zones.next().is_some(),
        "DoesNotExist" => zones.next().is_none(),
        _ => false,
    }
}

/// Provider and region as labels; one that is empty counts as absent.
struct Fields<'a, C>(&'a C);

impl<C: AffinityTarget> Labels for Fields<'_, C> {
    fn value(&self, key: &str) -> Option<&str> {
        let value = match key {
            fields::PROVIDER => self.0.provider(),
            fields::REGION => self.0.region(),
            _ => return None,
        };
        (!value.is_empty()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::api::wire;

    fn cluster() -> Cluster {
        wire::decode(&json!({
            "metadata": {"name": "member1", "labels": {"env": "prod"}},
            "spec": {"provider": "aws", "zones": ["z1", "z2"]},
        }))
        .unwrap()
    }

    #[test]
    fn picks() {
        fn check(affinity: &Value, want: bool) {
            let read: ClusterAffinity = wire::decode(affinity).unwrap();
            assert_eq!(matches(&cluster(), &read), want, "{affinity}");
        }
        check(&json!({}), true);
        check(&json!({"clusterNames": ["member1", "x"]}), true);
        check(&json!({"clusterNames": ["x"]}), false);
        check(&json!({"exclude": ["x"]}), true);
        check(
            &json!({"clusterNames": ["member1"], "exclude": ["member1"]}),
            false,
        );
        check(&json!({"labelSelector": {}}), true);
        check(&json!({"labelSelector": {"matchLabels": {"env": "prod"}}}), true);
        check(
            &json!({"labelSelector": {"matchLabels": {"env": "test"}}, "clusterNames": ["member1"]}),
            false,
        );
        check(
            &json!({"labelSelector": {"matchExpressions": [{"key": "env", "operator": "Has"}]}}),
            false,
        );
        check(&json!({"fieldSelector": {}}), true);
    }

    #[test]
    fn tests_fields() {
        fn check(key: &str, operator: &str, values: &[&str], want: bool) {
            let affinity: ClusterAffinity = wire::decode(&json!({"fieldSelector": {"matchExpressions": [
                {"key": key, "operator": operator, "values": values}]}}))
            .unwrap();
            assert_eq!(
                matches(&cluster(), &affinity),
                want,
                "{key} {operator} {values:?}"
            );
        }
        check("provider", "In", &["aws", "gcp"], true);
        check("provider", "In", &["gcp"], false);
        check("provider", "NotIn", &["gcp"], true);
        check("provider", "NotIn", &["aws"], false);
        check("provider", "Exists", &[], true);
        check("provider", "Exists", &["aws"], false);
        check("provider", "DoesNotExist", &[], false);
        check("provider", "Gt", &["1"], false);
        check("region", "In", &["eu"], false);
        check("region", "NotIn", &["eu"], true);
        check("region", "NotIn", &[], false);
        check("region", "NotIn", &["e u"], false);
        check("region", "Exists", &[], false);
        check("region", "DoesNotExist", &[], true);
        check("region", "Near", &["eu"], false);
        check("name", "NotIn", &["member1"], true);
        check("name", "In", &["member1"], false);
        check("", "NotIn", &["member1"], false);
        check("zone", "In", &["z2", "z3"], true);
        check("zone", "In", &["z3"], false);
        check("zone", "In", &[], false);
        check("zone", "NotIn", &["z3"], true);
        check("zone", "NotIn", &["z2", "z3"], false);
        check("zone", "NotIn", &[], true);
        check("zone", "Exists", &["ignored"], true);
        check("zone", "DoesNotExist", &[], false);
        check("zone", "Gt", &["1"], false);
    }

    #[test]
    fn a_cluster_without_zones_is_in_none() {
        fn check(operator: &str, want: bool) {
            let requirement = NodeSelectorRequirement {
                key: fields::ZONE.into(),
                operator: operator.into(),
                values: vec!["z1".into()],
            };
            assert_eq!(matches_zones([].into_iter(), &requirement), want, "{operator}");
        }
        check("In", false);
        check("NotIn", true);
        check("Exists", false);
        check("DoesNotExist", true);
    }

    proptest! {
        #[test]
        fn order_does_not_matter(
            expressions in prop::collection::vec(
                ("zone|provider|region|x", "In|NotIn|Exists|DoesNotExist|Gt", prop::collection::vec("z1|z3|aws|eu", 0..3)),
                0..4,
            ),
            names in prop::collection::vec("member[12]", 0..3),
            exclude in prop::collection::vec("member[12]", 0..2),
        ) {
            let mut affinity = ClusterAffinity {
                label_selector: None,
                field_selector: Some(FieldSelector {
                    match_expressions: expressions
                        .into_iter()
                        .map(|(key, operator, values)| NodeSelectorRequirement { key, operator, values })
                        .collect(),
                }),
                cluster_names: names,
                exclude_clusters: exclude,
            };
            let before = matches(&cluster(), &affinity);
            affinity.cluster_names.reverse();
            affinity.exclude_clusters.reverse();
            if let Some(fields) = &mut affinity.field_selector {
                fields.match_expressions.reverse();
            }
            prop_assert_eq!(matches(&cluster(), &affinity), before);
        }
    }
}
