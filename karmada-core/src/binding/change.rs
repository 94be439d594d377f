//! What makes a placement another one than the one last applied (`karmada:pkg/scheduler/helper.go`).

use std::fmt;

use crate::api::policy::v1alpha1::{ClusterAffinityTerm, Placement};

/// How a placement differs from the one a binding was last scheduled with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlacementChange {
    /// None was applied yet.
    NeverApplied,
    /// A field other than the affinity groups differs: the first one that does, by its name on the wire.
    Field(&'static str),
    /// Something else differs, and no affinity group is in force that one could go by.
    NoAffinityObserved,
    /// The affinity group in force was added, removed or edited.
    AffinityTerm(String),
    /// Only `workloadAffinity` differs, perhaps besides affinity groups that are not in force.
    WorkloadAffinity,
    /// Only affinity groups differ that are not in force.
    OtherAffinityTerms,
}

impl PlacementChange {
    /// Whether upstream places the workload anew for it.
    ///
    /// It does not for changes of affinity groups that are not in force, nor, while one is in force, for a change of
    /// `workloadAffinity`.
    #[must_use]
    pub fn reschedules(&self) -> bool {
        !matches!(self, Self::WorkloadAffinity | Self::OtherAffinityTerms)
    }
}

impl fmt::Display for PlacementChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverApplied => f.write_str("no placement was applied yet"),
            Self::Field(field) => write!(f, "{field} differs from what was applied"),
            Self::NoAffinityObserved => {
                f.write_str("it differs from what was applied, and no affinity group is in force")
            }
            Self::AffinityTerm(name) => {
                write!(
                    f,
                    "affinity group {name:?} in force differs from what was applied"
                )
            }
            Self::WorkloadAffinity => f.write_str("workloadAffinity differs from what was applied"),
            Self::OtherAffinityTerms => f.write_str("affinity groups differ that are not in force"),
        }
    }
}

/// How a placement differs from the one a binding was last scheduled with; nothing if they are equal.
///
/// `observed` is the affinity group in force, empty if there is none. Empty lists and lists that are not there are the
/// same, as they are in the annotation.
///
/// ```
/// use karmada_core::api::policy::v1alpha1::{ClusterAffinity, Placement};
/// use karmada_core::binding::{PlacementChange, placement_change};
/// let applied = Placement::new();
/// let placement = Placement::new().affinity(ClusterAffinity::names(["member1"]));
/// assert_eq!(placement_change(&placement, Some(&applied), ""), Some(PlacementChange::Field("clusterAffinity")));
/// assert_eq!(placement_change(&placement, Some(&placement), ""), None);
/// ```
#[must_use]
pub fn placement_change(
    placement: &Placement,
    applied: Option<&Placement>,
    observed: &str,
) -> Option<PlacementChange> {
    let Some(applied) = applied else {
        return Some(PlacementChange::NeverApplied);
    };
    if placement == applied {
        return None;
    }
    let fields = [
        (
            "clusterAffinity",
            placement.cluster_affinity == applied.cluster_affinity,
        ),
        (
            "clusterTolerations",
            placement.cluster_tolerations == applied.cluster_tolerations,
        ),
        (
            "spreadConstraints",
            placement.spread_constraints == applied.spread_constraints,
        ),
        (
            "replicaScheduling",
            placement.replica_scheduling == applied.replica_scheduling,
        ),
    ];
    if let Some((field, _)) = fields.into_iter().find(|(_, equal)| !equal) {
        return Some(PlacementChange::Field(field));
    }
    if observed.is_empty() {
        return Some(PlacementChange::NoAffinityObserved);
    }
    let in_force = |placement: &Placement| -> Option<ClusterAffinityTerm> {
        let mut terms = placement.cluster_affinities.iter();
        terms.find(|term| term.affinity_name == observed).cloned()
    };
    Some(match (in_force(placement), in_force(applied)) {
        (Some(new), Some(old)) if new == old => {
            if placement.workload_affinity == applied.workload_affinity {
                PlacementChange::OtherAffinityTerms
            } else {
                PlacementChange::WorkloadAffinity
            }
        }
        _ => PlacementChange::AffinityTerm(observed.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::wire;

    #[test]
    fn changes() {
        fn check(placement: &Value, applied: Option<&Value>, observed: &str, want: Option<(&str, bool)>) {
            let placement: Placement = wire::decode(placement).unwrap();
            let applied: Option<Placement> = applied.map(|applied| wire::decode(applied).unwrap());
            let got = placement_change(&placement, applied.as_ref(), observed);
            let got = got.map(|change| (change.to_string(), change.reschedules()));
            let got = got
                .as_ref()
                .map(|(text, reschedules)| (text.as_str(), *reschedules));
            assert_eq!(got, want, "{placement:?} {applied:?} {observed}");
        }
        let term = |name: &str, cluster: &str| json!({"affinityName": name, "clusterNames": [cluster]});
        let terms = |terms: &[Value]| json!({"clusterAffinities": terms});
        let both = terms(&[term("a", "m1"), term("b", "m2")]);
        let with = |field: &str, value: Value| {
            let mut placement = both.clone();
            placement[field] = value;
            placement
        };
        let field = |name: &str| format!("{name} differs from what was applied");
        let in_force =
            |name: &str| format!("affinity group \"{name}\" in force differs from what was applied");
        const NOT_IN_FORCE: &str = "affinity groups differ that are not in force";
        const NONE_IN_FORCE: &str = "it differs from what was applied, and no affinity group is in force";

        check(&both, None, "a", Some(("no placement was applied yet", true)));
        check(&both, Some(&both), "", None);
        check(&both, Some(&both), "gone", None);

        for (name, value) in [
            ("clusterAffinity", json!({})),
            ("clusterTolerations", json!([{"operator": "Exists"}])),
            (
                "spreadConstraints",
                json!([{"spreadByField": "cluster", "minGroups": 1}]),
            ),
            (
                "replicaScheduling",
                json!({"replicaSchedulingType": "Duplicated"}),
            ),
        ] {
            check(
                &with(name, value.clone()),
                Some(&both),
                "a",
                Some((&field(name), true)),
            );
            check(&both, Some(&with(name, value)), "", Some((&field(name), true)));
        }
        // The order of tolerations counts.
        let tolerations = |keys: [&str; 2]| {
            with(
                "clusterTolerations",
                json!(keys.map(|key| json!({"key": key, "operator": "Exists"}))),
            )
        };
        check(
            &tolerations(["x", "y"]),
            Some(&tolerations(["y", "x"])),
            "a",
            Some((&field("clusterTolerations"), true)),
        );
        // An empty list is none.
        check(&with("clusterTolerations", json!([])), Some(&both), "a", None);

        // Groups count as far as they are in force.
        let edited = terms(&[term("a", "m1"), term("b", "m3")]);
        check(&edited, Some(&both), "a", Some((NOT_IN_FORCE, false)));
        check(&edited, Some(&both), "b", Some((&in_force("b"), true)));
        check(&edited, Some(&both), "", Some((NONE_IN_FORCE, true)));
        check(&edited, Some(&both), "gone", Some((&in_force("gone"), true)));
        let reordered = terms(&[term("b", "m2"), term("a", "m1")]);
        check(&reordered, Some(&both), "a", Some((NOT_IN_FORCE, false)));
        let removed = terms(&[term("a", "m1")]);
        check(&removed, Some(&both), "a", Some((NOT_IN_FORCE, false)));
        check(&both, Some(&removed), "a", Some((NOT_IN_FORCE, false)));
        check(&removed, Some(&both), "b", Some((&in_force("b"), true)));
        check(&both, Some(&removed), "b", Some((&in_force("b"), true)));
        // What helps out is part of the group.
        let mut overflowing = both.clone();
        overflowing["clusterAffinities"][0]["overflowAffinities"] = json!([{"affinityName": "o"}]);
        check(&overflowing, Some(&both), "a", Some((&in_force("a"), true)));
        check(&overflowing, Some(&both), "b", Some((NOT_IN_FORCE, false)));

        let near = with(
            "workloadAffinity",
            json!({"affinity": {"groupByLabelKey": "app"}}),
        );
        check(&near, Some(&both), "a", Some((&field("workloadAffinity"), false)));
        check(&near, Some(&both), "", Some((NONE_IN_FORCE, true)));
        let mut near_and_edited = near;
        near_and_edited["clusterAffinities"] = edited["clusterAffinities"].clone();
        check(
            &near_and_edited,
            Some(&both),
            "a",
            Some((&field("workloadAffinity"), false)),
        );
        check(&near_and_edited, Some(&both), "b", Some((&in_force("b"), true)));
    }
}
