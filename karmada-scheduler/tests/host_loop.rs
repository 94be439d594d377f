//! All that surrounds a decision at work together: events come in, keys wait in the queue, passes are made and
//! concluded, what they leave behind is remembered. Time is told; nothing waits.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "rows of a table read better with values"
)]

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{BindingSuspension, ResourceBinding};
use karmada_core::features::{Feature, FeatureGates};
use karmada_core::labels::PROPAGATION_POLICY_PERMANENT_ID;
use karmada_scheduler::cycle::{CycleOptions, schedule_binding};
use karmada_scheduler::queue::{
    BindingKey, Change, EventHandlers, QueueOptions, RetryClass, SchedulingQueue,
};
use karmada_scheduler::{Corrections, Fleet, Options, Profile, assumption_expiry};
use serde_json::{Value, json};

struct Host {
    handlers: EventHandlers,
    options: CycleOptions,
    queue: SchedulingQueue,
    fleet: Fleet,
    bindings: BTreeMap<BindingKey, ResourceBinding>,
    clusters: BTreeMap<String, Cluster>,
    now: Timestamp,
    log: Vec<String>,
}

impl Host {
    fn new(features: &[(Feature, bool)], corrections: Corrections) -> Self {
        let gates = features
            .iter()
            .fold(FeatureGates::default(), |gates, (feature, on)| {
                gates.with(*feature, *on)
            });
        let mut queue = QueueOptions::default();
        queue.priority.corrections = corrections;
        let options = Options {
            features: gates,
            profile: Profile::karmada().with_corrections(corrections).into(),
            ..Options::default()
        };
        Self {
            handlers: EventHandlers {
                features: gates,
                corrections,
                ..EventHandlers::default()
            },
            options: options.into(),
            queue: SchedulingQueue::new(gates, queue),
            fleet: Fleet::new(),
            bindings: BTreeMap::new(),
            clusters: BTreeMap::new(),
            now: Timestamp::UNIX_EPOCH,
            log: Vec::new(),
        }
    }

    fn seconds(&self) -> f64 {
        self.now.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64()
    }

    /// The informer of bindings has news.
    fn binding(&mut self, new: ResourceBinding) {
        let old = self.bindings.insert(BindingKey::of(&new), new.clone());
        let change = match &old {
            None => Change::Added(&new),
            Some(old) => Change::Updated { old, new: &new },
        };
        for action in self.handlers.binding_changed(change) {
            action.apply(&mut self.queue, &mut self.fleet, self.now);
        }
    }

    /// Somebody changes a binding; what they change in its spec makes a new generation.
    fn edit(&mut self, name: &str, edit: impl Fn(&mut ResourceBinding)) {
        let old = &self.bindings[&BindingKey::new("shop", name)];
        let mut new = old.clone();
        edit(&mut new);
        if new.spec != old.spec {
            *new.metadata.generation.as_mut().unwrap() += 1;
        }
        self.binding(new);
    }

    /// The informer of clusters has news.
    fn cluster(&mut self, value: &Value) {
        let new: Cluster = wire::decode(value).unwrap();
        self.fleet.apply(&new).unwrap();
        let old = self.clusters.insert(new.name().to_owned(), new.clone());
        let change = match &old {
            None => Change::Added(&new),
            Some(old) => Change::Updated { old, new: &new },
        };
        for action in self.handlers.cluster_changed(change, self.bindings.values()) {
            action.apply(&mut self.queue, &mut self.fleet, self.now);
        }
    }

    /// Passes over all that is ready.
    fn work(&mut self) {
        self.queue.flush(self.now);
        while let Some(queued) = self.queue.pop() {
            let Some(mut binding) = self.bindings.get(queued.key()).cloned() else {
                self.queue.done(queued, RetryClass::Forget, self.now);
                continue;
            };
            let plan = schedule_binding(&binding, &self.fleet.snapshot_at(self.now), &self.options);
            let executed = plan.apply(&mut binding, self.now);
            let expires = assumption_expiry(self.now, std::time::Duration::ZERO);
            executed.effects.apply(&mut self.fleet, queued.key(), expires);
            let attempt = executed.finished.attempt.map(|attempt| attempt.result.as_str());
            self.log.push(format!(
                "{}s {} {} {:?}",
                self.seconds(),
                queued.key().name(),
                attempt.unwrap_or("nothing"),
                executed.finished.retry
            ));
            // The notice of the change arrives before the key is given back.
            self.binding(binding);
            self.queue.done(queued, executed.finished.retry, self.now);
        }
    }

    /// Sleeps and works until nothing becomes ready any more before that time.
    fn work_until(&mut self, seconds: i64) {
        let end = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        self.work();
        while let Some(deadline) = self.queue.next_deadline()
            && deadline <= end
        {
            self.now = deadline;
            self.work();
        }
        self.now = end;
    }

    fn check(&mut self, want: &[&str]) {
        assert_eq!(std::mem::take(&mut self.log), want);
    }

    /// The clusters of a binding, with their replicas.
    fn targets(&self, name: &str) -> Vec<(&str, i32)> {
        let binding = &self.bindings[&BindingKey::new("shop", name)];
        let clusters = binding.spec.clusters.iter();
        clusters
            .map(|target| (target.name.as_str(), target.replicas))
            .collect()
    }
}

fn member(name: &str, pods: u32, zone: &str) -> Value {
    json!({
        "apiVersion": "cluster.karmada.io/v1alpha1", "kind": "Cluster",
        "metadata": {"name": name, "labels": {"zone": zone}, "generation": 1},
        "status": {
            "apiEnablements": [{"groupVersion": "apps/v1", "resources": [{"name": "deployments", "kind": "Deployment"}]}],
            "resourceSummary": {"allocatable": {"pods": pods.to_string()}},
        },
    })
}

fn deployment(name: &str, replicas: i32, placement: Value) -> ResourceBinding {
    let value = json!({
        "apiVersion": "work.karmada.io/v1alpha2", "kind": "ResourceBinding",
        "metadata": {"namespace": "shop", "name": name, "generation": 1, "resourceVersion": "1",
            "labels": {PROPAGATION_POLICY_PERMANENT_ID: "0815"}},
        "spec": {"replicas": replicas, "placement": placement, "resource": {
            "apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop",
            "name": name.strip_suffix("-deployment").unwrap(),
        }},
    });
    wire::decode(&value).unwrap()
}

fn dynamic() -> Value {
    json!({"replicaScheduling": {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted",
        "weightPreference": {"dynamicWeight": "AvailableReplicas"}}})
}

fn upstream(features: &[(Feature, bool)]) -> Host {
    Host::new(features, Corrections::none())
}

#[test]
fn a_result_brings_the_key_back_once() {
    let mut host = upstream(&[]);
    host.cluster(&member("m1", 10, "a"));
    host.binding(deployment("web-deployment", 3, dynamic()));
    host.work_until(60);
    // The result made a new generation.
    host.check(&[
        "0s web-deployment scheduled Forget",
        "0s web-deployment nothing Forget",
    ]);
    assert_eq!(host.targets("web-deployment"), [("m1", 3)]);
    host.edit("web-deployment", |binding| binding.spec.replicas = 5);
    host.work_until(120);
    host.check(&[
        "60s web-deployment scheduled Forget",
        "60s web-deployment nothing Forget",
    ]);
    assert_eq!(host.targets("web-deployment"), [("m1", 5)]);
}

#[test]
fn priority_decides_who_gets_the_room() {
    for (by_priority, winner, loser) in [
        (true, "b-deployment", "a-deployment"),
        (false, "a-deployment", "b-deployment"),
    ] {
        let mut host = upstream(&[
            (Feature::PriorityBasedScheduling, by_priority),
            (Feature::SchedulingOvercommitProtection, true),
        ]);
        host.cluster(&member("m1", 10, "a"));
        for (name, priority) in [("a-deployment", 0), ("b-deployment", 9)] {
            let mut binding = deployment(name, 6, dynamic());
            binding.spec.schedule_priority.get_or_insert_default().priority = priority;
            host.binding(binding);
        }
        host.work();
        assert_eq!((host.targets(winner).len(), host.targets(loser).len()), (1, 0));
    }
}

#[test]
fn no_cluster_fits_until_a_cluster_changes() {
    let mut host = upstream(&[]);
    host.cluster(&member("m1", 10, "a"));
    let mut placement = dynamic();
    placement["clusterAffinity"] = json!({"labelSelector": {"matchLabels": {"zone": "b"}}});
    host.binding(deployment("web-deployment", 3, placement));
    host.work_until(1000);
    // The placement that none fits is written down, which makes no new generation.
    host.check(&["0s web-deployment scheduled Forget"]);
    assert_eq!(host.targets("web-deployment"), []);
    // A new cluster wakes nobody up, a label does.
    host.cluster(&member("m2", 10, "b"));
    host.work_until(2000);
    host.check(&[]);
    host.cluster(&member("m1", 20, "b"));
    host.work_until(3000);
    host.check(&[
        "2000s web-deployment scheduled Forget",
        "2000s web-deployment nothing Forget",
    ]);
}

#[test]
fn no_room_for_five_minutes() {
    let mut host = upstream(&[]);
    host.cluster(&member("m1", 10, "a"));
    host.binding(deployment("web-deployment", 30, dynamic()));
    host.work_until(200);
    host.check(&["0s web-deployment error Unschedulable"]);
    // More room alone is no event.
    host.cluster(&member("m1", 50, "a"));
    host.work_until(299);
    host.check(&[]);
    host.work_until(301);
    let passes = [
        "300.000000001s web-deployment scheduled Forget",
        "300.000000001s web-deployment nothing Forget",
    ];
    host.check(&passes);
    assert_eq!(host.targets("web-deployment"), [("m1", 30)]);
}

#[test]
fn an_error_is_tried_again_ever_later() {
    let mut host = upstream(&[]);
    host.cluster(&member("m1", 10, "a"));
    let mut placement = dynamic();
    placement["spreadConstraints"] = json!([{"spreadByField": "cluster", "minGroups": 2, "maxGroups": 2}]);
    host.binding(deployment("web-deployment", 4, placement));
    host.work_until(30);
    let failed = |seconds: u32| format!("{seconds}s web-deployment error Backoff");
    let passes = [0, 1, 3, 7, 15, 25].map(failed);
    host.check(&passes.each_ref().map(String::as_str));
    // A change of the binding counts as a first attempt.
    host.edit("web-deployment", |binding| binding.spec.replicas = 6);
    host.work_until(32);
    host.check(&[30, 31].map(failed).each_ref().map(String::as_str));
    host.cluster(&member("m2", 10, "a"));
    host.work_until(40);
    host.check(&[
        "33s web-deployment scheduled Forget",
        "33s web-deployment nothing Forget",
    ]);
    assert_eq!(host.targets("web-deployment"), [("m1", 3), ("m2", 3)]);
}

/// The second binding finds no room while the first is on its way, and does once that is forgotten after five minutes or
/// the first runs.
#[test]
fn rooms_are_not_given_away_twice() {
    let start = |protected: bool| {
        let mut host = upstream(&[(Feature::SchedulingOvercommitProtection, protected)]);
        host.cluster(&member("m1", 10, "a"));
        for name in ["a-deployment", "b-deployment"] {
            host.binding(deployment(name, 6, dynamic()));
        }
        host.work();
        host
    };
    assert_eq!(start(false).targets("b-deployment"), [("m1", 6)]);
    let mut host = start(true);
    assert_eq!(host.targets("b-deployment"), []);
    host.work_until(301);
    assert_eq!(host.targets("b-deployment"), [("m1", 6)], "too long on its way");

    let mut host = start(true);
    host.edit("a-deployment", |binding| {
        binding.status.aggregated_status =
            serde_json::from_value(json!([{"clusterName": "m1", "health": "Healthy"}])).unwrap();
    });
    host.edit("b-deployment", |binding| binding.spec.replicas = 7);
    host.work();
    assert_eq!(
        host.targets("b-deployment"),
        [("m1", 7)],
        "what runs is for the cluster to report"
    );
}

/// 8.4, 6: suspended between the event and the pass.
#[test]
fn suspended_while_it_waits() {
    for (corrections, want) in [(Corrections::none(), 1), (Corrections::all(), 0)] {
        let mut host = Host::new(&[], corrections);
        host.cluster(&member("m1", 10, "a"));
        host.binding(deployment("web-deployment", 3, dynamic()));
        let suspension: BindingSuspension = serde_json::from_value(json!({"scheduling": true})).unwrap();
        host.edit("web-deployment", |binding| {
            binding.spec.suspension = Some(suspension.clone());
        });
        host.work_until(60);
        assert_eq!(host.targets("web-deployment").len(), want);
        host.edit("web-deployment", |binding| binding.spec.suspension = None);
        host.work_until(120);
        assert_eq!(host.targets("web-deployment").len(), 1);
    }
}
