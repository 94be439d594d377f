//! Taking back replicas that cannot start where they were placed (`karmada:pkg/descheduler`).
//!
//! What is taken back makes the binding short of replicas, and the next scheduling places them anew.
//!
//! Every [`INTERVAL`] the bindings are gone through: of each that [`is_candidate`], [`requests`] says what to ask the
//! estimators of its clusters, and [`plan`] what to write then.

use std::time::Duration;

use karmada_core::api::work::v1alpha2::{ResourceBinding, TargetCluster};
use karmada_core::binding::applied_placement;
use karmada_core::events::{DESCHEDULE_BINDING_FAILED, DESCHEDULE_BINDING_SUCCEED, Event};

use crate::estimate::EstimateError;
use crate::estimator::{ObjectReference, UnschedulableReplicasRequest};

/// How often bindings are looked at (`--descheduling-interval`).
pub const INTERVAL: Duration = Duration::from_secs(2 * 60);

/// How long a replica must have been unschedulable before it is taken back (`--unschedulable-threshold`).
pub const UNSCHEDULABLE_THRESHOLD: Duration = Duration::from_secs(5 * 60);

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
            let ready = item.status.as_ref()?.get("readyReplicas")?.as_f64()?;
            (item.cluster_name == cluster).then_some(ready)
        });
        // Every number of JSON is a float upstream; one that is no integer loses its fraction.
        reported.map(|ready| ready as i32).next()
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
    take_back(placed, |placed| unschedulable(&placed.target.name))
}

/// The clusters after what is `stuck` is taken back, which is asked of the undesired ones in their order; `None` if
/// nothing changes.
fn take_back(placed: &[Placed], mut stuck: impl FnMut(&Placed) -> i32) -> Option<Vec<TargetCluster>> {
    let targets: Vec<TargetCluster> = placed
        .iter()
        .map(|placed| {
            let stuck = if placed.is_undesired() { stuck(placed) } else { 0 };
            without(placed, stuck)
        })
        .collect();
    let changed = placed
        .iter()
        .zip(&targets)
        .any(|(placed, target)| placed.target.replicas != target.replicas);
    changed.then_some(targets)
}

/// What a cluster keeps of its replicas when so many cannot be scheduled: those that are ready in any case, and all if
/// more are stuck than it has.
fn without(placed: &Placed, stuck: i32) -> TargetCluster {
    let assigned = placed.target.replicas;
    let mut target = placed.target.clone();
    if stuck > 0 && stuck <= assigned {
        let ready = placed.ready.filter(|ready| *ready <= assigned);
        target.replicas = (assigned - stuck).max(ready.unwrap_or(0));
    }
    target
}

/// What to ask the estimators of a binding's clusters: a request for each where not all replicas are ready, in their
/// order. None when there is nothing to take back.
#[must_use]
pub fn requests(binding: &ResourceBinding, threshold: Duration) -> Vec<UnschedulableReplicasRequest> {
    if !is_candidate(binding) {
        return Vec::new();
    }
    let placed = placed(binding).into_iter();
    placed
        .filter(Placed::is_undesired)
        .map(|placed| UnschedulableReplicasRequest {
            cluster: placed.target.name,
            resource: Some(ObjectReference::from(&binding.spec.resource)),
            unschedulable_threshold: i64::try_from(threshold.as_nanos()).unwrap_or(i64::MAX),
        })
        .collect()
}

/// What one kind of estimator says: per request, in their order, the cluster and how many of its replicas cannot be
/// scheduled, -1 if it does not know. An error leaves out all of it.
pub type Answer = Result<Vec<TargetCluster>, EstimateError>;

/// What is to be written about a binding.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The clusters it is to have, by an update that names the version looked at.
    pub clusters: Vec<TargetCluster>,
    /// What to say of it once it is written.
    pub message: String,
}

impl Plan {
    /// The event for binding and template, once the outcome of the update is known.
    pub fn event(&self, outcome: &Result<(), impl std::error::Error>) -> Event {
        let reasons = (DESCHEDULE_BINDING_SUCCEED, DESCHEDULE_BINDING_FAILED);
        Event::of_outcome(reasons, outcome, |()| self.message.clone())
    }
}

/// What is taken back of a binding, by the estimators' answers to [`requests`]; `None` if nothing is.
///
/// Of several numbers for a cluster the least counts. A number counts for the request in whose place it stands and whose
/// cluster it names.
///
/// # Example
/// ```
/// use karmada_core::api::work::v1alpha2::{ResourceBinding, TargetCluster};
/// use karmada_scheduler::deschedule::{self, UNSCHEDULABLE_THRESHOLD};
/// let mut binding = ResourceBinding::default();
/// (binding.spec.resource.api_version, binding.spec.resource.kind) = ("apps/v1".into(), "Deployment".into());
/// binding.spec.clusters = vec![TargetCluster::new("member1", 5), TargetCluster::new("member2", 5)];
/// binding.metadata.annotations.get_or_insert_default().insert(
///     "policy.karmada.io/applied-placement".into(),
///     r#"{"replicaScheduling": {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}}"#.into(),
/// );
/// assert_eq!(deschedule::requests(&binding, UNSCHEDULABLE_THRESHOLD).len(), 2);
/// let answer = vec![TargetCluster::new("member1", 2), TargetCluster::new("member2", 0)];
/// let plan = deschedule::plan(&binding, &[Ok(answer)]).unwrap();
/// assert_eq!(plan.clusters, [TargetCluster::new("member1", 3), TargetCluster::new("member2", 5)]);
/// ```
#[must_use]
pub fn plan(binding: &ResourceBinding, answers: &[Answer]) -> Option<Plan> {
    if !is_candidate(binding) {
        return None;
    }
    let placed = placed(binding);
    let mut position = 0;
    let clusters = take_back(&placed, |placed| {
        let numbers = answers.iter().flatten().map(|answer| {
            let number = answer.get(position)?;
            (number.name == placed.target.name && number.replicas != -1).then_some(number.replicas)
        });
        let stuck = unschedulable(numbers);
        position += 1;
        stuck
    })?;
    let message = describe(&placed, &clusters);
    Some(Plan { clusters, message })
}

/// The text of the event about replicas taken back
/// ([`DESCHEDULE_BINDING_SUCCEED`]): what [`deschedule_targets`] makes of
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
        check(&json!({"readyReplicas": 2.5}), Some(2), true);
        check(&json!({"readyReplicas": 1e20}), Some(i32::MAX), false);
        check(&json!({"readyReplicas": "4"}), None, true);
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

    /// Three clusters of five replicas; the second is well.
    fn descheduled() -> ResourceBinding {
        let clusters = ["a", "b", "c"].map(|name| json!({"name": name, "replicas": 5}));
        let mut binding: ResourceBinding = wire::decode(&json!({
            "spec": {
                "resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "ns", "name": "web"},
                "clusters": clusters,
            },
            "status": {"aggregatedStatus": [
                {"clusterName": "a", "status": {"readyReplicas": 1}},
                {"clusterName": "b", "status": {"readyReplicas": 5}},
            ]},
        }))
        .unwrap();
        let placement = r#"{"replicaScheduling": {
            "replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}}"#;
        let annotations = binding.metadata.annotations.get_or_insert_default();
        annotations.insert("policy.karmada.io/applied-placement".into(), placement.into());
        binding
    }

    #[test]
    fn plans() {
        type Numbers<'a> = Option<&'a [(&'a str, i32)]>;
        fn check(answers: &[Numbers<'_>], want: Option<[i32; 3]>) {
            let answers: Vec<Answer> = answers
                .iter()
                .map(|answer| {
                    let numbers = answer.ok_or_else(|| EstimateError::new("no"))?.iter();
                    Ok(numbers
                        .map(|(name, number)| TargetCluster::new(*name, *number))
                        .collect())
                })
                .collect();
            let plan = plan(&descheduled(), &answers);
            let got = plan.map(|plan| plan.clusters);
            let got = got.map(|clusters| clusters.iter().map(|target| target.replicas).collect::<Vec<_>>());
            assert_eq!(got.as_deref(), want.as_ref().map(|want| &want[..]), "{answers:?}");
        }
        check(&[], None);
        check(&[None], None);
        check(&[Some(&[("a", 0), ("c", -1)])], None);
        check(&[Some(&[("a", 2), ("c", -1)])], Some([3, 5, 5]));
        check(&[Some(&[("a", 2), ("c", 5)])], Some([3, 5, 0]));
        check(&[Some(&[("a", 5), ("c", 6)])], Some([1, 5, 5]));
        // The least number, errors left out.
        check(
            &[Some(&[("a", 3), ("c", 1)]), None, Some(&[("a", 2), ("c", -1)])],
            Some([3, 5, 4]),
        );
        check(&[Some(&[("a", 3)]), Some(&[("a", 0), ("c", 1)])], Some([5, 5, 4]));
        // In its place, under its name.
        check(&[Some(&[("c", 2), ("a", 2)])], None);
        check(&[Some(&[("a", 2), ("b", 2), ("c", 2)])], Some([3, 5, 5]));
        check(&[Some(&[("b", 2), ("c", 2)])], Some([5, 5, 3]));
    }

    #[test]
    fn asks_about_clusters_that_are_not_well() {
        let asked = requests(&descheduled(), UNSCHEDULABLE_THRESHOLD);
        let clusters: Vec<&str> = asked.iter().map(|request| request.cluster.as_str()).collect();
        assert_eq!(clusters, ["a", "c"]);
        assert_eq!(asked[0].unschedulable_threshold, 300_000_000_000);
        assert_eq!(
            asked[0].resource.as_ref().map(|resource| resource.name.as_str()),
            Some("web")
        );
        let mut other = descheduled();
        other.spec.resource.kind = "StatefulSet".into();
        let answer = || Ok(vec![TargetCluster::new("a", 2)]);
        assert!(plan(&descheduled(), &[answer()]).is_some());
        assert!(requests(&other, UNSCHEDULABLE_THRESHOLD).is_empty() && plan(&other, &[answer()]).is_none());
    }

    #[test]
    fn events() {
        let plan = plan(&descheduled(), &[Ok(vec![TargetCluster::new("a", 2)])]).unwrap();
        let event = plan.event(&Ok::<_, EstimateError>(()));
        let text = "Binding has been descheduled, 2 replica(s) in cluster(a), 2 total descheduled replica(s)";
        assert_eq!(
            (event.reason, event.message.as_str()),
            ("DescheduleBindingSucceed", text)
        );
        let event = plan.event(&Err(EstimateError::new("conflict")));
        assert_eq!(
            (event.reason, event.message.as_str()),
            ("DescheduleBindingFailed", "conflict")
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
