//! Taking back replicas that cannot start where they were placed (`karmada:pkg/descheduler`).
//!
//! What is taken back makes the binding short of replicas, and the next scheduling places them anew.

use karmada_core::api::work::v1alpha2::{ResourceBinding, TargetCluster};
use karmada_core::binding::applied_placement;

/// A cluster of a binding, for what runs there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The cluster and the replicas assigned to it.
    pub target: TargetCluster,
    /// How many of them are ready; `None` if it does not say.
    pub ready: Option<i32>,
}

impl Placed {
    /// Whether some replicas are not ready, so that estimators are to be asked how many cannot be scheduled.
    #[must_use]
    pub fn is_undesired(&self) -> bool {
        self.ready.is_none_or(|ready| ready < self.target.replicas)
    }
}

/// Whether replicas of a binding may be taken back: those of a Deployment that was last divided by what clusters have
/// room for, and is not being deleted. A binding whose applied placement cannot be read is left alone.
#[must_use]
pub fn is_candidate(binding: &ResourceBinding) -> bool {
    let resource = &binding.spec.resource;
    let annotations = binding.metadata.annotations.as_ref();
    let placement = annotations.and_then(|annotations| applied_placement(annotations).ok().flatten());
    binding.metadata.deletion_timestamp.is_none()
        && (resource.api_version.as_str(), resource.kind.as_str()) == ("apps/v1", "Deployment")
        && placement.is_some_and(|placement| placement.is_dynamically_divided())
}

/// The clusters of a binding, with the ready replicas that their statuses report.
#[must_use]
pub fn placed(binding: &ResourceBinding) -> Vec<Placed> {
    let ready = |cluster: &str| {
        let reported = binding.status.aggregated_status.iter().rev().filter_map(|item| {
            let ready = item
                .status
                .as_ref()?
                .get("readyReplicas")
                .and_then(|ready| ready.as_i64())?;
            (item.cluster_name == cluster).then_some(ready)
        });
        reported
            .map(|ready| i32::try_from(ready).unwrap_or(i32::MAX))
            .next()
    };
    let clusters = binding.spec.clusters.iter();
    clusters
        .map(|target| Placed {
            target: target.clone(),
            ready: ready(&target.name),
        })
        .collect()
}

/// How many replicas of a cluster cannot be scheduled, by what the estimators say: the least, and none if none knows.
#[must_use]
pub fn unschedulable(estimates: impl IntoIterator<Item = Option<i32>>) -> i32 {
    estimates.into_iter().flatten().min().unwrap_or(0)
}

/// The clusters of a binding after unschedulable replicas are taken back; `None` if nothing changes.
///
/// `unschedulable` says for each undesired cluster how many of its replicas cannot be scheduled. No more are taken than
/// are assigned, and those that are ready stay.
#[must_use]
pub fn deschedule_targets(
    placed: &[Placed],
    unschedulable: impl Fn(&str) -> i32,
) -> Option<Vec<TargetCluster>> {
    let mut taken_back = 0i64;
    let targets = placed
        .iter()
        .map(|placed| {
            let assigned = placed.target.replicas;
            let stuck = if placed.is_undesired() {
                unschedulable(&placed.target.name)
            } else {
                0
            };
            let mut replicas = assigned;
            if stuck > 0 && stuck <= assigned {
                let ready = placed.ready.filter(|ready| *ready <= assigned);
                replicas = (assigned - stuck).max(ready.unwrap_or(0));
                taken_back += i64::from(assigned) - i64::from(replicas);
            }
            TargetCluster {
                replicas,
                ..placed.target.clone()
            }
        })
        .collect();
    (taken_back > 0).then_some(targets)
}

/// The text of the event about replicas taken back
/// ([`DESCHEDULE_BINDING_SUCCEED`](karmada_core::events::DESCHEDULE_BINDING_SUCCEED)): what [`deschedule_targets`] makes of
/// the clusters, which are those of `placed` in the same order.
#[must_use]
pub fn describe(placed: &[Placed], targets: &[TargetCluster]) -> String {
    let mut text = "Binding has been descheduled".to_owned();
    let mut total = 0i64;
    for (placed, target) in placed.iter().zip(targets) {
        let taken_back = i64::from(placed.target.replicas) - i64::from(target.replicas);
        if taken_back > 0 {
            text += &format!(", {taken_back} replica(s) in cluster({})", target.name);
            total += taken_back;
        }
    }
    text + &format!(", {total} total descheduled replica(s)")
}

#[cfg(test)]
mod tests {
    use karmada_core::api::wire;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn candidates() {
        fn check(api_version: &str, kind: &str, placement: Option<&str>, want: bool) {
            let mut binding: ResourceBinding = wire::decode(&json!({
                "spec": {"resource": {"apiVersion": api_version, "kind": kind}},
            }))
            .unwrap();
            binding.metadata.annotations = placement
                .map(|text| [("policy.karmada.io/applied-placement".to_owned(), text.to_owned())].into());
            assert_eq!(is_candidate(&binding), want, "{api_version} {kind} {placement:?}");
        }
        let divided = |preference: &str| {
            json!({"replicaScheduling": {
                "replicaSchedulingType": "Divided", "replicaDivisionPreference": preference,
                "weightPreference": {"dynamicWeight": "AvailableReplicas"},
            }})
            .to_string()
        };
        check("apps/v1", "Deployment", Some(&divided("Aggregated")), true);
        check("apps/v1", "Deployment", Some(&divided("Weighted")), true);
        check("apps/v1", "StatefulSet", Some(&divided("Aggregated")), false);
        check("extensions/v1", "Deployment", Some(&divided("Aggregated")), false);
        check("apps/v1", "Deployment", Some("{}"), false);
        check("apps/v1", "Deployment", Some("{"), false);
        check("apps/v1", "Deployment", None, false);
    }

    #[test]
    fn ready_replicas() {
        fn check(status: &Value, want: Option<i32>, undesired: bool) {
            let binding: ResourceBinding = wire::decode(&json!({
                "spec": {"clusters": [{"name": "m1", "replicas": 3}]},
                "status": {"aggregatedStatus": [
                    {"clusterName": "m2", "status": {"readyReplicas": 9}},
                    {"clusterName": "m1", "status": status},
                ]},
            }))
            .unwrap();
            let got = placed(&binding);
            assert_eq!(got.len(), 1);
            assert_eq!((got[0].target.replicas, got[0].ready), (3, want), "{status}");
            assert_eq!(got[0].is_undesired(), undesired, "{status}");
        }
        check(&json!(null), None, true);
        check(&json!({}), None, true);
        check(&json!({"readyReplicas": 0}), Some(0), true);
        check(&json!({"readyReplicas": 2}), Some(2), true);
        check(&json!({"readyReplicas": 3}), Some(3), false);
        check(&json!({"readyReplicas": 4}), Some(4), false);
    }

    #[test]
    fn estimates() {
        fn check(estimates: &[Option<i32>], want: i32) {
            assert_eq!(unschedulable(estimates.iter().copied()), want, "{estimates:?}");
        }
        check(&[], 0);
        check(&[None], 0);
        check(&[Some(4), None, Some(2)], 2);
        check(&[Some(0), Some(3)], 0);
    }

    #[test]
    fn targets() {
        /// Assigned, ready, unschedulable.
        type Cluster = (i32, Option<i32>, i32);
        fn check(clusters: &[Cluster], want: Option<&[i32]>) {
            let list: Vec<Placed> = clusters
                .iter()
                .enumerate()
                .map(|(index, (assigned, ready, _))| Placed {
                    target: TargetCluster {
                        name: index.to_string(),
                        replicas: *assigned,
                        ..TargetCluster::default()
                    },
                    ready: *ready,
                })
                .collect();
            let got = deschedule_targets(&list, |name| clusters[name.parse::<usize>().unwrap()].2);
            let got: Option<Vec<i32>> =
                got.map(|targets| targets.iter().map(|target| target.replicas).collect());
            assert_eq!(got.as_deref(), want, "{clusters:?}");
        }
        check(&[], None);
        check(&[(5, Some(2), 0)], None);
        check(&[(5, Some(2), 3)], Some(&[2]));
        check(&[(5, Some(2), 1)], Some(&[4]));
        check(&[(5, None, 5)], Some(&[0]));
        check(&[(5, Some(2), 6)], None);
        check(&[(5, Some(2), -1)], None);
        // Those that are ready stay.
        check(&[(5, Some(4), 3)], Some(&[4]));
        // Nothing is asked about clusters where all is well.
        check(&[(5, Some(5), 3)], None);
        check(&[(5, Some(9), 3)], None);
        check(
            &[(5, Some(2), 3), (4, Some(4), 0), (3, None, 1)],
            Some(&[2, 4, 2]),
        );
    }

    #[test]
    fn texts() {
        fn check(clusters: &[(&str, i32, i32)], want: &str) {
            let placed: Vec<Placed> = clusters
                .iter()
                .map(|(name, before, _)| Placed {
                    target: TargetCluster::new(*name, *before),
                    ready: None,
                })
                .collect();
            let after = clusters
                .iter()
                .map(|(name, _, after)| TargetCluster::new(*name, *after));
            let text = format!("Binding has been descheduled, {want} total descheduled replica(s)");
            assert_eq!(describe(&placed, &after.collect::<Vec<_>>()), text);
        }
        check(&[("m1", 5, 3)], "2 replica(s) in cluster(m1), 2");
        check(
            &[("m1", 5, 4), ("m2", 4, 4), ("m3", 2, 0)],
            "1 replica(s) in cluster(m1), 2 replica(s) in cluster(m3), 3",
        );
    }
}
