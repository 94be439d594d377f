use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{Fleet, Snapshot};

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn workload(replicas: i32) -> AssumedWorkload {
    let component = Component {
        name: "pods".to_owned(),
        replicas,
        ..Component::default()
    };
    AssumedWorkload {
        namespace: "ns".to_owned(),
        components: vec![component],
    }
}

/// The keys and replicas assumed on a cluster.
fn on(snapshot: &Snapshot, cluster: &str) -> Vec<(String, i32)> {
    let assumed = snapshot.assumed(cluster);
    assumed
        .map(|(binding, workload)| (binding.to_owned(), workload.components[0].replicas))
        .collect()
}

fn rows(rows: &[(&str, i32)]) -> Vec<(String, i32)> {
    rows.iter()
        .map(|(binding, replicas)| ((*binding).to_owned(), *replicas))
        .collect()
}

#[test]
fn expiry_times() {
    fn check(ttl: Duration, expires: Timestamp) {
        assert_eq!(assumption_expiry(at(0), ttl), expires);
    }
    check(ASSUMPTION_TTL, at(300));
    check(Duration::from_secs(7), at(7));
    check(Duration::ZERO, at(300));
    check(Duration::MAX, Timestamp::MAX);
}

#[test]
fn by_cluster_in_the_order_of_keys_and_replaced() {
    let mut fleet = Fleet::new();
    for (binding, cluster, replicas) in [
        ("ns/b", "m1", 2),
        ("ns/a", "m1", 1),
        ("ns/a", "m2", 3),
        ("ns/c", "m10", 4),
        ("ns/a", "m1", 9),
    ] {
        fleet.assume(binding, cluster, workload(replicas));
    }
    let snapshot = fleet.snapshot();
    assert_eq!(on(&snapshot, "m1"), rows(&[("ns/a", 9), ("ns/b", 2)]));
    assert_eq!(on(&snapshot, "m2"), rows(&[("ns/a", 3)]));
    assert_eq!(on(&snapshot, "m10"), rows(&[("ns/c", 4)]));
    assert_eq!(on(&snapshot, "m"), rows(&[]));
}

#[test]
fn the_time_holds_for_the_whole_binding_and_starts_anew() {
    let mut fleet = Fleet::new();
    fleet.assume_until("ns/a", "m1", workload(1), at(300));
    fleet.assume_until("ns/b", "m1", workload(2), at(310));
    assert_eq!(fleet.next_expiry(), Some(at(300)));
    fleet.assume_until("ns/a", "m2", workload(3), at(400));
    assert_eq!(fleet.next_expiry(), Some(at(310)));
    // It holds at the time itself, and not after it.
    assert_eq!(
        on(&fleet.snapshot_at(at(310)), "m1"),
        rows(&[("ns/a", 1), ("ns/b", 2)])
    );
    let later = at(310) + SignedDuration::from_nanos(1);
    let snapshot = fleet.snapshot_at(later);
    assert_eq!(on(&snapshot, "m1"), rows(&[("ns/a", 1)]));
    assert!(fleet.assumes("ns/a") && !fleet.assumes("ns/b"));
    assert_eq!(
        (
            fleet.expire(at(400)),
            fleet.expire(at(401)),
            fleet.expire(at(402))
        ),
        (0, 1, 0)
    );
    assert_eq!(fleet.next_expiry(), None);
    assert_eq!(
        on(&snapshot, "m2"),
        rows(&[("ns/a", 3)]),
        "a snapshot keeps what it saw"
    );
    assert_eq!(on(&fleet.snapshot(), "m2"), rows(&[]));
}

#[test]
fn without_a_time_until_released() {
    let mut fleet = Fleet::new();
    fleet.assume_until("ns/a", "m1", workload(1), at(300));
    fleet.assume("ns/a", "m2", workload(2));
    assert_eq!((fleet.next_expiry(), fleet.expire(Timestamp::MAX)), (None, 0));
    fleet.assume_until("ns/a", "m2", workload(2), at(5));
    assert_eq!(fleet.expire(at(6)), 1);
}

#[test]
fn released() {
    let mut fleet = Fleet::new();
    for cluster in ["m1", "m2", "m3"] {
        fleet.assume_until("ns/a", cluster, workload(1), at(300));
        fleet.assume_until("ns/b", cluster, workload(2), at(300));
    }
    fleet.release("ns/a", "m1");
    fleet.release("ns/a", "m1");
    fleet.release("ns/a", "nowhere");
    fleet.release("ns/nobody", "m1");
    let snapshot = fleet.snapshot();
    assert_eq!(on(&snapshot, "m1"), rows(&[("ns/b", 2)]));
    assert_eq!(on(&snapshot, "m2"), rows(&[("ns/a", 1), ("ns/b", 2)]));
    fleet.release_binding("ns/b");
    fleet.release_binding("ns/b");
    assert_eq!(on(&fleet.snapshot(), "m2"), rows(&[("ns/a", 1)]));
    assert!(fleet.assumes("ns/a"));
    fleet.release("ns/a", "m2");
    fleet.release("ns/a", "m3");
    assert!(
        !fleet.assumes("ns/a"),
        "the last cluster of a binding takes the binding with it"
    );
    assert_eq!((fleet.next_expiry(), fleet.expire(Timestamp::MAX)), (None, 0));
    assert!(fleet.snapshot().assumptions().is_empty());
}

#[derive(Clone, Debug)]
enum Step {
    Assume {
        binding: usize,
        cluster: usize,
        replicas: i32,
        expires: Option<i64>,
    },
    Release {
        binding: usize,
        cluster: usize,
    },
    ReleaseBinding {
        binding: usize,
    },
    Expire {
        now: i64,
    },
    Snapshot,
    SnapshotAt {
        now: i64,
    },
}

const BINDINGS: usize = 40;
const CLUSTERS: usize = 9;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (binding, cluster) = (0..BINDINGS, 0..CLUSTERS);
    let place = (binding.clone(), cluster);
    let expires = proptest::option::weighted(0.9, 0..50_i64);
    let step = prop_oneof![
        12 => (place.clone(), 0..100, expires).prop_map(|((binding, cluster), replicas, expires)| {
            Step::Assume { binding, cluster, replicas, expires }
        }),
        4 => place.prop_map(|(binding, cluster)| Step::Release { binding, cluster }),
        1 => binding.prop_map(|binding| Step::ReleaseBinding { binding }),
        1 => (0..60_i64).prop_map(|now| Step::Expire { now }),
        1 => Just(Step::Snapshot),
        1 => (0..60_i64).prop_map(|now| Step::SnapshotAt { now }),
    ];
    proptest::collection::vec(step, 0..600)
}

/// Upstream's cache: by binding, then by cluster, with one expiry per binding.
type Model = BTreeMap<String, (BTreeMap<usize, i32>, Option<i64>)>;

fn model_expire(model: &mut Model, now: i64) -> usize {
    let before = model.len();
    model.retain(|_, (_, expires)| expires.is_none_or(|expires| now <= expires));
    before - model.len()
}

/// What the model says is assumed on each cluster, and what the snapshot says.
fn compare(snapshot: &Snapshot, model: &Model) -> Result<(), TestCaseError> {
    for cluster in 0..CLUSTERS {
        let entries = model
            .iter()
            .filter_map(|(binding, (entries, _))| Some((binding.clone(), *entries.get(&cluster)?)));
        prop_assert_eq!(on(snapshot, &cluster_name(cluster)), entries.collect::<Vec<_>>());
    }
    Ok(())
}

/// Names of which some begin others.
fn cluster_name(cluster: usize) -> String {
    "m".repeat(1 + cluster % 3) + &"1".repeat(cluster / 3)
}

fn key(binding: usize) -> String {
    format!("ns/{}", binding * 7)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn as_upstreams_cache(steps in steps()) {
        let (mut fleet, mut model) = (Fleet::new(), Model::new());
        let mut snapshots: Vec<(Snapshot, Model)> = Vec::new();
        for step in steps {
            match step {
                Step::Assume { binding, cluster, replicas, expires } => {
                    let (binding, name) = (key(binding), cluster_name(cluster));
                    match expires {
                        Some(expires) => fleet.assume_until(&binding, &name, workload(replicas), at(expires)),
                        None => fleet.assume(&binding, &name, workload(replicas)),
                    }
                    let held = model.entry(binding).or_default();
                    held.0.insert(cluster, replicas);
                    held.1 = expires;
                }
                Step::Release { binding, cluster } => {
                    fleet.release(&key(binding), &cluster_name(cluster));
                    if let Some((entries, _)) = model.get_mut(&key(binding)) {
                        entries.remove(&cluster);
                        if entries.is_empty() {
                            model.remove(&key(binding));
                        }
                    }
                }
                Step::ReleaseBinding { binding } => {
                    fleet.release_binding(&key(binding));
                    model.remove(&key(binding));
                }
                Step::Expire { now } => {
                    prop_assert_eq!(fleet.expire(at(now)), model_expire(&mut model, now));
                    prop_assert!(fleet.next_expiry().is_none_or(|next| next >= at(now)), "time is monotone");
                }
                Step::Snapshot => snapshots.push((fleet.snapshot(), model.clone())),
                Step::SnapshotAt { now } => {
                    model_expire(&mut model, now);
                    snapshots.push((fleet.snapshot_at(at(now)), model.clone()));
                }
            }
            let expiries = model.values().filter_map(|(_, expires)| *expires);
            prop_assert_eq!(fleet.next_expiry(), expiries.min().map(at));
            for binding in 0..BINDINGS {
                prop_assert_eq!(fleet.assumes(&key(binding)), model.contains_key(&key(binding)));
            }
        }
        snapshots.push((fleet.snapshot(), model));
        for (snapshot, model) in &snapshots {
            compare(snapshot, model)?;
        }
    }
}
