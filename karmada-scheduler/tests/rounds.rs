//! Passes one after the other: events, the queue, the cycle and what the scheduler remembers, over bindings in memory
//! and an API server that sometimes refuses.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod random;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use karmada_core::admission::quota::admit_binding;
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::meta::Time;
use karmada_core::api::policy::v1alpha1::FederatedResourceQuota;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{ResourceBinding, ResourceHealth};
use karmada_core::conditions::QUOTA_EXCEEDED;
use karmada_core::eviction::EvictionOptions;
use karmada_core::features::{Feature, FeatureGates};
use karmada_core::labels::PROPAGATION_POLICY_PERMANENT_ID;
use karmada_core::status::find_condition;
use karmada_scheduler::cycle::{
    ApiError, BindingMut, CycleOptions, Need, Operation, Outcome, assess, schedule_binding,
};
use karmada_scheduler::queue::{
    Action, BindingKey, Change, EventHandlers, QueueOptions, RetryClass, SchedulingQueue,
};
use karmada_scheduler::{ASSUMPTION_TTL, Fleet, Options, Profile, assumption_expiry};
use proptest::prelude::*;
use random::Rng;
use serde_json::{Value, json};

/// What a control plane stores, and the scheduler that works on it.
struct Plane {
    clusters: BTreeMap<String, Cluster>,
    bindings: BTreeMap<BindingKey, ResourceBinding>,
    quotas: Vec<FederatedResourceQuota>,
    /// One of so many changes is refused for no reason; 0 for none.
    refused: u64,
    /// So many changes go through before one is refused.
    refused_after: Option<usize>,
    rng: Rng,
    handlers: EventHandlers,
    options: CycleOptions,
    fleet: Fleet,
    queue: SchedulingQueue,
    now: Timestamp,
    /// The key and reason of each pass.
    passes: Vec<String>,
}

impl Plane {
    fn new(clusters: Vec<Cluster>, features: &[Feature], profile: Profile) -> Self {
        let features = features.iter().fold(FeatureGates::default(), |gates, feature| {
            gates.with(*feature, true)
        });
        let mut fleet = Fleet::new();
        for cluster in &clusters {
            fleet.apply(cluster).unwrap();
        }
        Self {
            clusters: clusters
                .into_iter()
                .map(|cluster| (cluster.name().to_owned(), cluster))
                .collect(),
            bindings: BTreeMap::new(),
            quotas: Vec::new(),
            refused: 0,
            refused_after: None,
            rng: Rng(7),
            handlers: EventHandlers {
                features,
                corrections: profile.corrections(),
                ..EventHandlers::default()
            },
            options: CycleOptions::from(Options {
                features,
                profile: profile.into(),
                ..Options::default()
            }),
            fleet,
            queue: SchedulingQueue::new(features, QueueOptions::default()),
            now: "2026-06-01T00:00:00Z".parse().unwrap(),
            passes: Vec::new(),
        }
    }

    fn handle(&mut self, actions: &[Action<'_>]) {
        for action in actions {
            action.apply(&mut self.queue, &mut self.fleet, self.now);
        }
    }

    fn add(&mut self, mut binding: ResourceBinding) -> BindingKey {
        let id = (PROPAGATION_POLICY_PERMANENT_ID.to_owned(), "0815".to_owned());
        binding.metadata.labels = Some([id].into());
        binding.metadata.generation = Some(1);
        binding.metadata.resource_version = Some("1".to_owned());
        let key = BindingKey::of(&binding);
        let actions = self.handlers.binding_changed(Change::Added(&binding));
        self.handle(&actions);
        self.bindings.insert(key.clone(), binding);
        key
    }

    /// Changes a binding as its users and controllers do; what is in the spec makes a new generation.
    fn change(&mut self, key: &BindingKey, change: impl FnOnce(&mut ResourceBinding)) {
        let old = self.bindings[key].clone();
        let mut new = old.clone();
        change(&mut new);
        if new.spec != old.spec {
            new.metadata.generation = Some(old.metadata.generation.unwrap() + 1);
        }
        let version: u64 = old.metadata.resource_version.as_ref().unwrap().parse().unwrap();
        new.metadata.resource_version = Some((version + 1).to_string());
        self.store(&old, new);
    }

    fn store(&mut self, old: &ResourceBinding, new: ResourceBinding) {
        let actions = self.handlers.binding_changed(Change::Updated { old, new: &new });
        self.handle(&actions);
        self.bindings.insert(BindingKey::of(&new), new);
    }

    fn change_cluster(&mut self, name: &str, change: impl FnOnce(&mut Cluster)) {
        let old = self.clusters[name].clone();
        let mut new = old.clone();
        change(&mut new);
        self.fleet.apply(&new).unwrap();
        let bindings = self.bindings.clone();
        let change = Change::Updated { old: &old, new: &new };
        let actions = self.handlers.cluster_changed(change, bindings.values());
        self.handle(&actions);
        self.clusters.insert(name.to_owned(), new);
    }

    /// The API server.
    fn write(&mut self, key: &BindingKey, operation: &Operation) -> Outcome {
        if self.refused > 0 && self.rng.below(self.refused) == 0 {
            return Err(ApiError::transport("no route to host"));
        }
        let countdown = self.refused_after;
        self.refused_after = countdown.and_then(|left| left.checked_sub(1));
        if countdown == Some(0) {
            return Err(ApiError::transport("no route to host"));
        }
        let old = self.bindings[key].clone();
        let mut new = old.clone();
        let written = BindingMut::from(&mut new).apply(operation);
        if let Err(refused) = admit_binding(&new, Some(&old), &self.quotas) {
            return Err(ApiError {
                code: 403,
                reason: QUOTA_EXCEEDED.to_owned(),
                message: refused.to_string(),
                causes: Vec::new(),
            });
        }
        self.store(&old, new);
        Ok(written)
    }

    /// Makes passes until nothing is ready.
    fn run(&mut self) {
        self.queue.flush(self.now);
        while let Some(queued) = self.queue.pop() {
            let key = queued.key().clone();
            let class = self.pass(&key);
            self.queue.done(queued, class, self.now);
            assert!(
                self.passes.len() < 1000,
                "passes for ever: {:?}",
                &self.passes[990..]
            );
        }
    }

    fn pass(&mut self, key: &BindingKey) -> RetryClass {
        let binding = self.bindings[key].clone();
        let plan = schedule_binding(&binding, &self.fleet.snapshot_at(self.now), &self.options);
        self.passes.push(format!("{} {}", key.as_str(), plan.need()));
        let now = self.now;
        let executed = plan.execute(now, |operation| self.write(key, operation));
        let expires = assumption_expiry(now, ASSUMPTION_TTL);
        executed.effects.apply(&mut self.fleet, key, expires);
        executed.finished.retry
    }

    /// Runs, and lets time pass, for so long.
    fn run_for(&mut self, time: SignedDuration) {
        let end = self.now + time;
        self.run();
        while let Some(deadline) = self.queue.next_deadline().filter(|deadline| *deadline <= end) {
            self.now = deadline;
            self.run();
        }
        self.now = end;
    }

    fn targets(&self, key: &BindingKey) -> Vec<(&str, i32)> {
        let targets = self.bindings[key].spec.clusters.iter();
        let mut targets: Vec<_> = targets
            .map(|target| (target.name.as_str(), target.replicas))
            .collect();
        targets.sort_unstable();
        targets
    }

    fn scheduled(&self, key: &BindingKey) -> String {
        let condition = find_condition(&self.bindings[key].status.conditions, "Scheduled");
        condition.map_or_else(String::new, |condition| {
            format!("{} {}", condition.status, condition.reason)
        })
    }

    /// What the passes since the last call were for.
    fn reasons(&mut self) -> Vec<String> {
        self.passes.drain(..).collect()
    }
}

fn cluster(name: &str, room: u32) -> Cluster {
    wire::decode(&json!({
        "metadata": {"name": name},
        "status": {
            "apiEnablements": [{"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]}],
            "resourceSummary": {"allocatable": {"cpu": room.to_string(), "pods": "1000"}},
        },
    }))
    .unwrap()
}

fn binding(name: &str, replicas: i32, placement: &Value) -> ResourceBinding {
    wire::decode(&json!({
        "metadata": {"namespace": "shop", "name": format!("{name}-deployment")},
        "spec": {
            "resource": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": name, "uid": name},
            "replicas": replicas, "replicaRequirements": {"resourceRequest": {"cpu": "1"}}, "placement": placement,
        },
    }))
    .unwrap()
}

fn divided() -> Value {
    json!({"replicaScheduling": {
        "replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted",
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    }})
}

const NEVER: &str = "ReconcileSchedule: the placement changed: no placement was applied yet";
const NOTHING: &str = "not scheduled: nothing changed";

#[test]
fn a_result_brings_the_binding_back_once() {
    let mut plane = Plane::new(vec![cluster("m1", 9), cluster("m2", 9)], &[], Profile::karmada());
    let web = plane.add(binding("web", 4, &divided()));
    plane.run();
    assert_eq!(plane.targets(&web), [("m1", 2), ("m2", 2)]);
    assert_eq!(
        plane.reasons(),
        [NEVER, NOTHING].map(|reason| format!("shop/web-deployment {reason}"))
    );
    let status = &plane.bindings[&web].status;
    assert_eq!(
        (
            status.scheduler_observed_generation,
            plane.bindings[&web].metadata.generation
        ),
        (2, Some(2))
    );

    // What is duplicated is decided about once more.
    let db = plane.add(binding("db", 1, &json!({})));
    plane.run();
    assert_eq!(plane.targets(&db), [("m1", 1), ("m2", 1)]);
    let again = "ReconcileSchedule: what is duplicated is always scheduled";
    assert_eq!(
        plane.reasons(),
        [NEVER, again].map(|reason| format!("shop/db-deployment {reason}"))
    );
}

#[test]
fn evicted_rebalanced_and_deleted() {
    let mut plane = Plane::new(
        vec![cluster("m1", 9), cluster("m2", 9), cluster("m3", 9)],
        &[],
        Profile::karmada(),
    );
    let mut placement = divided();
    placement["clusterAffinities"] = json!([
        {"affinityName": "a", "clusterNames": ["m1", "m2"]}, {"affinityName": "b", "clusterNames": ["m3"]},
    ]);
    let web = plane.add(binding("web", 4, &placement));
    plane.run();
    plane.reasons();
    // Evicted: the other cluster of the group helps out.
    plane.change(&web, |binding| {
        binding
            .spec
            .graceful_evict_cluster("m1", EvictionOptions::default());
    });
    plane.run();
    assert_eq!(plane.targets(&web), [("m2", 4)]);
    let scaled = "shop/web-deployment ScaleSchedule: the replicas changed: 4 are wanted, the clusters have 2";
    assert_eq!(plane.reasons()[0], scaled);
    // The cluster goes away, and with it the group.
    plane.change_cluster("m2", |cluster| {
        cluster.metadata.deletion_timestamp = Some(Time("2026-06-01T00:00:00Z".parse().unwrap()));
    });
    plane.run();
    assert_eq!(plane.targets(&web), [("m3", 4)]);
    assert_eq!(plane.bindings[&web].status.scheduler_observed_affinity_name, "b");
    assert_eq!(
        plane.reasons()[0],
        "shop/web-deployment ReconcileSchedule: cluster m2 is being deleted"
    );
    // Back to the first group only on request.
    plane.change(&web, |binding| binding.spec.graceful_eviction_tasks.clear());
    plane.run();
    assert_eq!(plane.targets(&web), [("m3", 4)]);
    plane.now += SignedDuration::from_mins(1);
    let at = plane.now;
    plane.change(&web, |binding| {
        binding.spec.reschedule_triggered_at = Some(Time(at));
    });
    plane.now += SignedDuration::from_secs(1);
    plane.run();
    assert_eq!(plane.targets(&web), [("m1", 4)]);
    assert_eq!(plane.bindings[&web].status.scheduler_observed_affinity_name, "a");
}

#[test]
fn room_that_is_missing_is_waited_for() {
    let mut plane = Plane::new(vec![cluster("m1", 2)], &[], Profile::karmada());
    let web = plane.add(binding("web", 4, &divided()));
    plane.run_for(SignedDuration::from_mins(1));
    assert_eq!(
        (plane.scheduled(&web), plane.reasons().len()),
        ("False Unschedulable".to_owned(), 1)
    );
    // A change of the status alone queues nothing; the pool is emptied after five minutes.
    plane.change_cluster("m1", |old| old.status = cluster("m1", 9).status);
    plane.run_for(SignedDuration::from_mins(1));
    assert_eq!(plane.reasons().len(), 0);
    plane.run_for(SignedDuration::from_mins(4));
    assert_eq!(
        (plane.scheduled(&web), plane.targets(&web)),
        ("True Success".to_owned(), vec![("m1", 4)])
    );
}

#[test]
fn a_quota_is_tried_again() {
    let mut plane = Plane::new(vec![cluster("m1", 9)], &[], Profile::karmada());
    let quota = |cpu: &str| {
        wire::decode(&json!({
            "metadata": {"namespace": "shop", "name": "quota"}, "spec": {"overall": {"cpu": cpu}},
        }))
    };
    plane.quotas = vec![quota("3").unwrap()];
    let web = plane.add(binding("web", 4, &divided()));
    plane.run_for(SignedDuration::from_secs(4));
    // At once, and after 1 and 2 more seconds.
    assert_eq!(
        (plane.scheduled(&web), plane.reasons().len()),
        ("False QuotaExceeded".to_owned(), 3)
    );
    let message = find_condition(&plane.bindings[&web].status.conditions, "Scheduled")
        .unwrap()
        .message
        .clone();
    assert_eq!(
        message,
        "FederatedResourceQuota(shop/quota) exceeded for resource cpu: requested sum 4, limit 3."
    );
    assert_eq!(plane.targets(&web), []);
    plane.quotas = vec![quota("4").unwrap()];
    plane.run_for(SignedDuration::from_mins(1));
    assert_eq!(
        (plane.scheduled(&web), plane.targets(&web)),
        ("True Success".to_owned(), vec![("m1", 4)])
    );
}

#[test]
fn a_status_that_could_not_be_written() {
    let run = |profile: Profile| {
        let mut plane = Plane::new(vec![cluster("m1", 9)], &[], profile);
        let mut placement = divided();
        placement["clusterAffinities"] = json!([{"affinityName": "a"}]);
        // The result is written, the name of the affinity group is not.
        plane.refused_after = Some(1);
        let web = plane.add(binding("web", 4, &placement));
        plane.run_for(SignedDuration::from_mins(1));
        assert_eq!(plane.targets(&web), [("m1", 4)]);
        let name = plane.bindings[&web]
            .status
            .scheduler_observed_affinity_name
            .clone();
        (plane.scheduled(&web), name)
    };
    assert_eq!(
        run(Profile::karmada()),
        ("False SchedulerError".to_owned(), String::new())
    );
    assert_eq!(
        run(Profile::corrected()),
        ("True Success".to_owned(), "a".to_owned())
    );
}

#[test]
fn workloads_on_their_way_take_room() {
    let gate = [Feature::SchedulingOvercommitProtection];
    let run = |features: &[Feature]| {
        let mut plane = Plane::new(vec![cluster("m1", 6)], features, Profile::karmada());
        plane.add(binding("web", 4, &divided()));
        let db = plane.add(binding("db", 4, &divided()));
        plane.run();
        (plane, db)
    };
    // Both fit into what the cluster reports, which does not know of the first yet.
    let (plane, db) = run(&[]);
    assert_eq!(plane.scheduled(&db), "True Success");
    let (mut plane, db) = run(&gate);
    assert_eq!(plane.scheduled(&db), "False Unschedulable");
    // The first is reported healthy, so that it is in the summary from now on; here it ended meanwhile.
    let web = BindingKey::new("shop", "web-deployment");
    plane.change(&web, |binding| {
        let item = json!({"clusterName": "m1", "health": "Healthy"});
        binding.status.aggregated_status = vec![wire::decode(&item).unwrap()];
        assert_eq!(
            binding.status.aggregated_status[0].health,
            Some(ResourceHealth::Healthy)
        );
    });
    plane.run_for(SignedDuration::from_mins(6));
    assert_eq!(plane.scheduled(&db), "True Success");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 60 } else { 600 }))]

    /// However often the API server refuses: once it does not any more, every binding comes to rest, is as its condition
    /// says, and no key is lost.
    #[test]
    fn everything_comes_to_rest(seed: u64, count in 2u64..7, corrected: bool) {
        let rng = &mut Rng(seed);
        let gates = [Feature::MultiplePodTemplatesScheduling, Feature::WorkloadAffinity, Feature::SchedulingOvercommitProtection];
        let gates: Vec<Feature> = gates.into_iter().filter(|_| rng.chance(50)).collect();
        let profile = if corrected { Profile::corrected() } else { Profile::karmada() };
        let mut plane = Plane::new(random::clusters(rng, count), &gates, profile);
        plane.rng = Rng(seed ^ 5);
        plane.refused = 2 + rng.below(4);
        let mut keys = Vec::new();
        for index in 0..1 + rng.below(5) {
            let mut binding = ResourceBinding::named("shop", format!("b{index}"));
            binding.spec = random::spec(rng, count);
            binding.spec.resource.namespace = "shop".into();
            binding.spec.placement.get_or_insert_default();
            binding.spec.suspension = None;
            // Templates have replicas or components, never both; with both some bindings never come to rest.
            if !binding.spec.components.is_empty() {
                binding.spec.replicas = 0;
                binding.spec.replica_requirements = None;
            }
            keys.push(plane.add(binding));
        }
        plane.run_for(SignedDuration::from_secs(30));
        for key in &keys {
            let added = 1 + rng.below(5) as i32;
            plane.change(key, |binding| match binding.spec.components.first_mut() {
                Some(component) => component.replicas += added,
                None => binding.spec.replicas += added,
            });
        }
        plane.run_for(SignedDuration::from_secs(30));
        plane.refused = 0;
        plane.reasons();
        plane.run_for(SignedDuration::from_mins(11));
        let mut waiting = BTreeSet::new();
        let counts = plane.queue.counts();
        prop_assert_eq!(counts.active, 0);
        for key in &keys {
            let binding = &plane.bindings[key];
            let need = assess(binding, &plane.fleet.snapshot_at(plane.now), &plane.options);
            let needed = matches!(need, Need::Schedule(_));
            match plane.scheduled(key).as_str() {
                "True Success" => {
                    prop_assert_eq!(Some(binding.status.scheduler_observed_generation), binding.metadata.generation);
                }
                "False NoClusterFit" => prop_assert!(binding.spec.clusters.is_empty()),
                "False Unschedulable" | "False SchedulerError" if needed => {
                    waiting.insert(key);
                }
                // Whoever no longer needs what failed is left alone, and its status as well: upstream.
                "" | "False Unschedulable" | "False SchedulerError" => prop_assert!(!needed && !corrected),
                other => prop_assert!(false, "{}", other),
            }
        }
        // Who failed otherwise is tried again; who did not is not.
        prop_assert_eq!(counts.backoff + counts.unschedulable, waiting.len());
    }
}
