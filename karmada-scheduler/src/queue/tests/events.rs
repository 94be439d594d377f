use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::policy::v1alpha1::{
    ClusterAffinity, ClusterAffinityTerm, OverflowClusterAffinity, Placement,
};
use karmada_core::api::work::v1alpha2::{
    AggregatedStatusItem, BindingSuspension, ClusterResourceBinding, ResourceBinding, ResourceBindingSpec,
    ResourceHealth, SchedulePriority, TargetCluster, WorkloadAffinityGroups,
};
use karmada_core::labels::PROPAGATION_POLICY_PERMANENT_ID;
use karmada_core::work::BindingRef;
use serde_json::json;

use super::*;
use crate::{AssumedWorkload, Corrections, Fleet, Options, Profile, Registry, schedule};

const CLUSTER_POLICY: &str = "clusterpropagationpolicy.karmada.io/permanent-id";

fn handlers(features: &[Feature]) -> EventHandlers {
    let gates = features.iter().fold(FeatureGates::default(), |gates, feature| {
        gates.with(*feature, true)
    });
    EventHandlers {
        features: gates,
        ..EventHandlers::default()
    }
}

fn corrected() -> EventHandlers {
    EventHandlers {
        corrections: Corrections::all(),
        ..EventHandlers::default()
    }
}

fn label(key: &str, value: &str) -> Option<std::collections::BTreeMap<String, String>> {
    Some([(key.to_owned(), value.to_owned())].into())
}

/// A binding that is dealt with, of generation 1 and priority 7.
fn binding() -> ResourceBinding {
    let mut binding = ResourceBinding::named("ns", "web-deployment");
    binding.metadata.labels = label(PROPAGATION_POLICY_PERMANENT_ID, "id");
    binding.metadata.generation = Some(1);
    binding.status.scheduler_observed_generation = 1;
    binding.spec.replicas = 1;
    binding.spec.schedule_priority = Some(SchedulePriority { priority: 7 });
    binding.spec.placement = Some(Placement::new());
    binding
}

fn cluster_binding() -> ClusterResourceBinding {
    let binding = binding();
    let mut cluster_binding = ClusterResourceBinding::named("viewer-clusterrole");
    cluster_binding.metadata.labels = binding.metadata.labels;
    cluster_binding.metadata.generation = binding.metadata.generation;
    (cluster_binding.spec, cluster_binding.status) = (binding.spec, binding.status);
    cluster_binding
}

fn suspended(mut binding: ResourceBinding) -> ResourceBinding {
    binding.spec.suspension = Some(BindingSuspension {
        scheduling: Some(true),
        ..BindingSuspension::default()
    });
    binding
}

fn updated(mut binding: ResourceBinding) -> ResourceBinding {
    *binding.metadata.generation.get_or_insert(0) += 1;
    binding
}

fn pushed(event: QueueEvent) -> Action<'static> {
    Action::Push {
        key: key("web-deployment"),
        priority: 7,
        event,
    }
}

#[test]
fn which_bindings_are_dealt_with() {
    fn check(row: &str, change: impl Fn(&mut ResourceBinding), want: bool) {
        let mut binding = binding();
        change(&mut binding);
        let mut both = cluster_binding();
        (both.metadata.labels, both.spec) = (binding.metadata.labels.clone(), binding.spec.clone());
        for binding in [BindingRef::Namespaced(&binding), BindingRef::Cluster(&both)] {
            assert_eq!(EventHandlers::default().handles(binding), want, "{row}");
        }
    }
    let name =
        |name: &'static str| move |binding: &mut ResourceBinding| binding.spec.scheduler_name = name.into();
    let labels = |key: &'static str, value: &'static str| {
        move |binding: &mut ResourceBinding| binding.metadata.labels = label(key, value)
    };
    let suspension = |suspension: serde_json::Value| {
        move |binding: &mut ResourceBinding| {
            binding.spec.suspension = serde_json::from_value(suspension.clone()).unwrap();
        }
    };
    check("no scheduler name", |_| {}, true);
    check("the default", name("default-scheduler"), true);
    check("another", name("another"), false);
    check("of a policy", labels(PROPAGATION_POLICY_PERMANENT_ID, "x"), true);
    check("of a cluster policy", labels(CLUSTER_POLICY, "x"), true);
    check("managed", labels("binding.karmada.io/managed-by", "x"), true);
    check("empty id", labels(CLUSTER_POLICY, ""), false);
    check("another label", labels("app", "x"), false);
    check("no labels", |binding| binding.metadata.labels = None, false);
    check("suspended", suspension(json!({"scheduling": true})), false);
    check("not suspended", suspension(json!({"scheduling": false})), true);
    check(
        "suspended otherwise",
        suspension(json!({"dispatching": true})),
        true,
    );
}

#[test]
fn the_name_of_the_scheduler() {
    let mut another = binding();
    another.spec.scheduler_name = "another".into();
    let handlers = EventHandlers {
        scheduler_name: "another".into(),
        ..EventHandlers::default()
    };
    assert!(handlers.handles(BindingRef::Namespaced(&another)));
    assert!(!handlers.handles(BindingRef::Namespaced(&binding())));
}

#[test]
fn changes_of_bindings() {
    fn check(row: &str, old: Option<&ResourceBinding>, new: Option<&ResourceBinding>, want: &[QueueEvent]) {
        let change = match (old.map(BindingRef::Namespaced), new.map(BindingRef::Namespaced)) {
            (None, Some(new)) => Change::Added(new),
            (Some(old), Some(new)) => Change::Updated { old, new },
            (Some(old), None) => Change::Deleted(old),
            (None, None) => return,
        };
        let got = EventHandlers::default().binding_changed(change);
        let want: Vec<Action<'_>> = want.iter().map(|event| pushed(*event)).collect();
        assert_eq!(got, want, "{row}");
    }
    let (seen, again) = (binding(), updated(binding()));
    let held = suspended(updated(binding()));
    check("added", None, Some(&seen), &[QueueEvent::BindingAdd]);
    check("added, held back", None, Some(&held), &[]);
    check(
        "new generation",
        Some(&seen),
        Some(&again),
        &[QueueEvent::BindingUpdate],
    );
    check("same generation", Some(&seen), Some(&seen), &[]);
    let mut relabelled = seen.clone();
    relabelled.metadata.labels = label(CLUSTER_POLICY, "other");
    relabelled.status.conditions.clear();
    check(
        "same generation, other labels",
        Some(&seen),
        Some(&relabelled),
        &[],
    );
    check("let go", Some(&held), Some(&again), &[QueueEvent::BindingAdd]);
    // Whatever the generation.
    check(
        "let go, same generation",
        Some(&suspended(seen.clone())),
        Some(&seen),
        &[QueueEvent::BindingAdd],
    );
    check("held back", Some(&seen), Some(&held), &[]);
    check(
        "held back all along",
        Some(&held),
        Some(&suspended(again.clone())),
        &[],
    );
    check("gone", Some(&seen), None, &[]);
    check("gone, held back", Some(&held), None, &[]);
}

#[test]
fn cluster_bindings_are_queued_alike_and_remembered_nowhere() {
    let handlers = handlers(&[Feature::WorkloadAffinity, Feature::SchedulingOvercommitProtection]);
    let old = cluster_binding();
    let mut new = old.clone();
    new.metadata.generation = Some(2);
    new.status.aggregated_status = vec![health("m1", Some(ResourceHealth::Healthy))];
    let push = |event| Action::Push {
        key: BindingKey::new("", "viewer-clusterrole"),
        priority: 7,
        event,
    };
    let (old, new) = (BindingRef::Cluster(&old), BindingRef::Cluster(&new));
    let check = |change, want: &[Action<'_>]| assert_eq!(handlers.binding_changed(change), want);
    check(Change::Added(old), &[push(QueueEvent::BindingAdd)]);
    check(Change::Updated { old, new }, &[push(QueueEvent::BindingUpdate)]);
    check(Change::Deleted(old), &[]);
}

fn health(cluster: &str, health: Option<ResourceHealth>) -> AggregatedStatusItem {
    AggregatedStatusItem {
        cluster_name: cluster.to_owned(),
        health,
        ..AggregatedStatusItem::default()
    }
}

#[test]
fn clusters_that_became_healthy() {
    use ResourceHealth::{Healthy, Unhealthy, Unknown};
    fn check(old: &[(&str, Option<ResourceHealth>)], new: &[(&str, Option<ResourceHealth>)], want: &[&str]) {
        let items = |rows: &[(&str, Option<ResourceHealth>)]| -> Vec<AggregatedStatusItem> {
            rows.iter()
                .map(|(cluster, state)| health(cluster, state.clone()))
                .collect()
        };
        let (old, new) = (items(old), items(new));
        assert_eq!(newly_healthy(&old, &new).collect::<Vec<_>>(), want);
    }
    let (healthy, unhealthy, unknown) = (Some(Healthy), Some(Unhealthy), Some(Unknown));
    check(&[], &[("m1", healthy.clone())], &["m1"]);
    check(&[("m1", unhealthy.clone())], &[("m1", healthy.clone())], &["m1"]);
    check(&[("m1", unknown.clone())], &[("m1", healthy.clone())], &["m1"]);
    check(&[("m1", None)], &[("m1", healthy.clone())], &["m1"]);
    check(&[("m1", healthy.clone())], &[("m1", healthy.clone())], &[]);
    check(&[("m1", healthy.clone())], &[("m1", unhealthy)], &[]);
    check(&[("m1", healthy.clone())], &[], &[]);
    check(
        &[("m2", healthy.clone())],
        &[
            ("m3", healthy.clone()),
            ("m2", healthy.clone()),
            ("m1", healthy),
            ("m4", unknown),
        ],
        &["m3", "m1"],
    );
}

/// What is remembered about a ResourceBinding, with each of the two features.
#[test]
fn what_events_about_bindings_do_besides() {
    let old = binding();
    let mut healthy = old.clone();
    healthy.status.aggregated_status = vec![
        health("m2", Some(ResourceHealth::Healthy)),
        health("m1", Some(ResourceHealth::Unhealthy)),
    ];
    let held = suspended(old.clone());
    let name = key("web-deployment");
    let check = |row: &str, features: &[Feature], change: Change<&ResourceBinding>, want: &[Action<'_>]| {
        assert_eq!(handlers(features).binding_changed(change), want, "{row}");
    };
    let release = |cluster| Action::Release {
        binding: key("web-deployment"),
        cluster,
    };

    let affinity = &[Feature::WorkloadAffinity];
    let add = pushed(QueueEvent::BindingAdd);
    check(
        "added",
        affinity,
        Change::Added(&old),
        &[Action::Observe(&old), add],
    );
    // The index covers bindings of any scheduler; the copy of the one being assigned does not.
    check(
        "added, held back",
        affinity,
        Change::Added(&held),
        &[Action::Observe(&held)],
    );
    let update = Change::Updated {
        old: &old,
        new: &healthy,
    };
    let want = [Action::Observe(&healthy), Action::UpdateAssigned(&healthy)];
    check("status only", affinity, update, &want);
    let want = [Action::Observe(&held), Action::Settle(name.clone())];
    check(
        "held back",
        affinity,
        Change::Updated {
            old: &old,
            new: &held,
        },
        &want,
    );
    let want = [Action::Forget(name.clone()), Action::Settle(name.clone())];
    check("gone", affinity, Change::Deleted(&old), &want);
    check(
        "gone, held back",
        affinity,
        Change::Deleted(&held),
        &[Action::Forget(name.clone())],
    );

    let overcommit = &[Feature::SchedulingOvercommitProtection];
    check("healthy", overcommit, update, &[release("m2")]);
    let again = updated(healthy.clone());
    let want = [release("m2"), pushed(QueueEvent::BindingUpdate)];
    check(
        "healthy, new generation",
        overcommit,
        Change::Updated {
            old: &old,
            new: &again,
        },
        &want,
    );
    check(
        "healthy before",
        overcommit,
        Change::Updated {
            old: &healthy,
            new: &healthy,
        },
        &[],
    );
    let release_all = [Action::ReleaseBinding(name.clone())];
    check(
        "held back",
        overcommit,
        Change::Updated {
            old: &old,
            new: &held,
        },
        &release_all,
    );
    check("gone", overcommit, Change::Deleted(&old), &release_all);
    check("gone, held back", overcommit, Change::Deleted(&held), &[]);
    let mut configuration = old.clone();
    configuration.spec.replicas = 0;
    check(
        "no workload",
        overcommit,
        Change::Updated {
            old: &configuration,
            new: &healthy,
        },
        &[],
    );
    check("neither feature", &[], update, &[]);
}

/// 8.4, 6: a binding that is suspended while it waits.
#[test]
fn suspended_while_queued() {
    let (old, new) = (binding(), suspended(updated(binding())));
    let (old, new) = (BindingRef::Namespaced(&old), BindingRef::Namespaced(&new));
    for (handlers, left) in [(EventHandlers::default(), 1), (corrected(), 0)] {
        let mut queue = SchedulingQueue::new(FeatureGates::default(), QueueOptions::default());
        let mut fleet = Fleet::new();
        for change in [Change::Added(old), Change::Updated { old, new }] {
            for action in handlers.binding_changed(change) {
                action.apply(&mut queue, &mut fleet, at(0));
            }
        }
        assert_eq!(queue.counts().active, left);
    }
    let want = [Action::Remove(key("web-deployment"))];
    assert_eq!(corrected().binding_changed(Change::Deleted(old)), want);
}

fn cluster(name: &str, labels: &[(&str, &str)]) -> Cluster {
    let mut cluster = Cluster::named(name);
    cluster.metadata.generation = Some(1);
    let labels = labels
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    cluster.metadata.labels = Some(labels.collect());
    cluster
}

fn in_zone(zone: &str) -> ClusterAffinity {
    serde_json::from_value(json!({"labelSelector": {"matchLabels": {"zone": zone}}})).unwrap()
}

#[test]
fn which_changes_of_clusters_queue_bindings() {
    fn check(row: &str, change: Change<&Cluster>, want: usize) {
        let bindings = [binding()];
        let bindings = bindings.iter().map(BindingRef::Namespaced);
        let actions = EventHandlers::default().cluster_changed(change, bindings);
        assert_eq!(actions.first(), Some(&Action::ConnectEstimator("m1")), "{row}");
        let pushes = actions.get(1..).unwrap();
        assert!(
            pushes
                .iter()
                .all(|action| *action == pushed(QueueEvent::ClusterChanged))
        );
        assert_eq!(pushes.len(), want, "{row}");
    }
    let old = cluster("m1", &[("zone", "a")]);
    let changed = |change: &dyn Fn(&mut Cluster)| {
        let mut new = old.clone();
        change(&mut new);
        new
    };
    let update = |row: &str, new: &Cluster, want| check(row, Change::Updated { old: &old, new }, want);
    let deletion = || Some(karmada_core::api::meta::Time(at(0)));
    check("added", Change::Added(&old), 0);
    check("deleted", Change::Deleted(&old), 0);
    update("nothing", &old, 0);
    update(
        "status only",
        &changed(&|new| new.status.node_summary = Some(Default::default())),
        0,
    );
    update(
        "annotations",
        &changed(&|new| new.metadata.annotations = label("a", "b")),
        0,
    );
    // Once for the cluster as it was, and once for what it is.
    update(
        "labels",
        &changed(&|new| new.metadata.labels = label("zone", "b")),
        2,
    );
    update(
        "generation",
        &changed(&|new| new.metadata.generation = Some(2)),
        2,
    );
    let deleting = changed(&|new| new.metadata.deletion_timestamp = deletion());
    update("begins to be deleted", &deleting, 1);
    let all = changed(&|new| {
        new.metadata.deletion_timestamp = deletion();
        new.metadata.generation = Some(2);
        new.metadata.labels = None;
    });
    update("all at once", &all, 1);
    check(
        "still being deleted",
        Change::Updated {
            old: &deleting,
            new: &deleting,
        },
        0,
    );
    check(
        "labels while being deleted",
        Change::Updated {
            old: &deleting,
            new: &all,
        },
        2,
    );
    // No labels are as good as an empty list of them, and no generation as 0.
    let bare = Cluster::named("m1");
    let mut empty = bare.clone();
    (empty.metadata.labels, empty.metadata.generation) = (Some([].into()), Some(0));
    check(
        "no labels",
        Change::Updated {
            old: &bare,
            new: &empty,
        },
        0,
    );
}

#[test]
fn old_and_new_cluster_in_the_order_of_bindings() {
    let (old, new) = (cluster("m1", &[("zone", "a")]), cluster("m1", &[("zone", "b")]));
    let named = |name: &str, affinity: Option<ClusterAffinity>| {
        let mut binding = binding();
        binding.metadata.name = Some(name.to_owned());
        binding.spec.placement = Some(Placement {
            cluster_affinity: affinity,
            ..Placement::default()
        });
        binding
    };
    let bindings = [
        named("b", Some(in_zone("b"))),
        named("any", None),
        named("a", Some(in_zone("a"))),
        named("c", Some(in_zone("c"))),
    ];
    let roles = cluster_binding();
    let all = bindings
        .iter()
        .map(BindingRef::Namespaced)
        .chain([BindingRef::Cluster(&roles)]);
    let actions = EventHandlers::default().cluster_changed(Change::Updated { old: &old, new: &new }, all);
    let keys: Vec<&str> = actions
        .iter()
        .filter_map(|action| match action {
            Action::Push { key, .. } => Some(key.name()),
            _ => None,
        })
        .collect();
    assert_eq!(
        keys,
        ["any", "a", "viewer-clusterrole", "b", "any", "viewer-clusterrole"]
    );
}

#[test]
fn which_bindings_a_cluster_matters_to() {
    let check = |row: &str, change: &dyn Fn(&mut ResourceBindingSpec), want: bool| {
        let mut binding = binding();
        change(&mut binding.spec);
        let a = cluster("m1", &[("zone", "a")]);
        assert_eq!(EventHandlers::default().uses(&binding, &a), want, "{row}");
    };
    let affinity = |affinity: Option<ClusterAffinity>| {
        move |spec: &mut ResourceBindingSpec| {
            spec.placement = Some(Placement {
                cluster_affinity: affinity.clone(),
                ..Placement::default()
            });
        }
    };
    check("no placement", &|spec| spec.placement = None, false);
    check("no affinity", &affinity(None), true);
    check("matches", &affinity(Some(in_zone("a"))), true);
    check("does not", &affinity(Some(in_zone("b"))), false);
    check(
        "empty affinity",
        &affinity(Some(ClusterAffinity::default())),
        true,
    );
    check(
        "another scheduler",
        &|spec| spec.scheduler_name = "another".into(),
        false,
    );
    check(
        "held back",
        &|spec| spec.suspension = suspended(binding()).spec.suspension,
        false,
    );
    // No label is asked for here.
    let mut unlabelled = binding();
    unlabelled.metadata.labels = None;
    let any = cluster("m1", &[]);
    assert!(EventHandlers::default().uses(&unlabelled, &any));
}

#[test]
fn affinity_groups() {
    fn check(row: &str, observed: &str, generation: i64, replicas: i32, want: (bool, bool)) {
        let term = |name: &str, zone: &str| ClusterAffinityTerm {
            affinity_name: name.to_owned(),
            affinity: in_zone(zone),
            overflow_affinities: vec![OverflowClusterAffinity {
                affinity_name: "overflow".to_owned(),
                affinity: in_zone(&format!("{zone}-overflow")),
            }],
        };
        let mut binding = binding();
        binding.spec.replicas = replicas;
        binding.spec.placement = Some(Placement {
            cluster_affinities: vec![term("first", "a"), term("second", "b")],
            ..Placement::default()
        });
        binding.status.scheduler_observed_affinity_name = observed.to_owned();
        binding.status.scheduler_observed_generation = generation;
        let cluster = cluster("m1", &[("zone", row)]);
        let binding = BindingRef::Namespaced(&binding);
        let got = (
            EventHandlers::default().uses(binding, &cluster),
            corrected().uses(binding, &cluster),
        );
        assert_eq!(got, want, "{row} {observed:?} {generation} {replicas}");
    }
    // Only the group in force counts, the first if none or an unknown one is.
    for observed in ["first", "", "unknown"] {
        check("a", observed, 1, 1, (true, true));
        check("b", observed, 1, 1, (false, false));
    }
    check("a", "second", 1, 1, (false, false));
    check("b", "second", 1, 1, (true, true));
    // While it waits to be scheduled any cluster may matter.
    check("elsewhere", "first", 0, 1, (true, true));
    check("elsewhere", "first", 1, 1, (false, false));
    // 8.4, 7: groups that help out; they are for what runs.
    check("a-overflow", "first", 1, 1, (false, true));
    check("a-overflow", "first", 1, 0, (false, false));
    check("b-overflow", "first", 1, 1, (false, false));
    check("b-overflow", "second", 1, 1, (false, true));
}

#[test]
fn an_affinity_group_without_a_name_is_not_in_force() {
    let term = |name: &str, zone: &str| ClusterAffinityTerm {
        affinity_name: name.to_owned(),
        affinity: in_zone(zone),
        ..ClusterAffinityTerm::default()
    };
    let mut binding = binding();
    binding.spec.placement = Some(Placement {
        cluster_affinities: vec![term("first", "a"), term("", "b")],
        ..Placement::default()
    });
    let uses = |zone| EventHandlers::default().uses(&binding, &cluster("m1", &[("zone", zone)]));
    assert_eq!((uses("a"), uses("b")), (true, false));
}

/// 8.4, 8: upstream crashes over a list of groups that is there and empty; here that is as none.
#[test]
fn an_empty_list_of_groups() {
    let mut binding = binding();
    let placement: Placement = serde_json::from_value(json!({"clusterAffinities": []})).unwrap();
    binding.spec.placement = Some(placement);
    binding.status.scheduler_observed_generation = 0;
    assert!(EventHandlers::default().uses(&binding, &cluster("m1", &[])));
}

#[test]
fn actions_are_carried_out() {
    let mut queue = SchedulingQueue::new(FeatureGates::default(), QueueOptions::default());
    let mut fleet = Fleet::new();
    for cluster in ["m1", "m2"] {
        fleet.assume("ns/web-deployment", cluster, AssumedWorkload::default());
    }
    let name = key("web-deployment");
    let release = Action::Release {
        binding: name.clone(),
        cluster: "m1",
    };
    let mut apply = |action: Action<'_>| {
        action.apply(&mut queue, &mut fleet, at(0));
        let assumed = |cluster: &str| fleet.clone().snapshot().assumed(cluster).count();
        (queue.counts().active, assumed("m1"), assumed("m2"))
    };
    assert_eq!(apply(pushed(QueueEvent::BindingAdd)), (1, 1, 1));
    assert_eq!(apply(Action::ConnectEstimator("m1")), (1, 1, 1));
    assert_eq!(apply(release), (1, 0, 1));
    assert_eq!(apply(Action::ReleaseBinding(name.clone())), (1, 0, 0));
    assert_eq!(apply(Action::Remove(name)), (0, 0, 0));
}

#[test]
fn names_of_counter_events() {
    let names = [
        (QueueEvent::BindingAdd, "BindingAdd"),
        (QueueEvent::BindingUpdate, "BindingUpdate"),
        (QueueEvent::ClusterChanged, "ClusterChanged"),
        (QueueEvent::ScheduleAttemptFailure, "ScheduleAttemptFailure"),
    ];
    for (event, name) in names {
        assert_eq!(event.to_string(), name);
    }
    assert_eq!(RetryClass::Forget.event(), None);
    for class in [RetryClass::Backoff, RetryClass::Unschedulable] {
        assert_eq!(class.event(), Some(QueueEvent::ScheduleAttemptFailure));
    }
}

/// Observed on `m1`, then assigned to `m2`, then observed there, then gone.
#[test]
fn actions_about_workload_affinity_are_carried_out() {
    let mut queue = SchedulingQueue::new(FeatureGates::default(), QueueOptions::default());
    let mut fleet = Fleet::new();
    for name in ["m1", "m2"] {
        fleet.apply(&Cluster::named(name)).unwrap();
    }
    let peer = |version: &str, cluster: &str| {
        let mut peer = ResourceBinding::named("ns", "peer");
        peer.metadata.resource_version = Some(version.to_owned());
        peer.spec.clusters = vec![TargetCluster::new(cluster, 1)];
        peer.spec.workload_affinity_groups = Some(WorkloadAffinityGroups {
            anti_affinity_group: "app=x".to_owned(),
            ..WorkloadAffinityGroups::default()
        });
        peer
    };
    let mut spec = ResourceBindingSpec {
        placement: Some(Placement::new()),
        workload_affinity_groups: peer("1", "m1").spec.workload_affinity_groups,
        ..ResourceBindingSpec::default()
    };
    spec.resource.namespace = "ns".to_owned();
    let options = Options {
        features: FeatureGates::default().with(Feature::WorkloadAffinity, true),
        profile: Profile::new("any API", &Registry::in_tree().select(&["*", "-APIEnablement"])).into(),
        ..Options::default()
    };
    let mut check = |action: Option<Action<'_>>, assigned: Option<&ResourceBinding>, want: &[&str]| {
        if let Some(assigned) = assigned {
            fleet.assign_binding(assigned);
        }
        if let Some(action) = action {
            action.apply(&mut queue, &mut fleet, at(0));
        }
        let decision = schedule(&fleet.snapshot(), &spec, &Default::default(), &options).unwrap();
        assert_eq!(decision.iter().map(|(name, _)| name).collect::<Vec<_>>(), want);
    };
    let (first, second, third) = (peer("1", "m1"), peer("2", "m2"), peer("3", "m1"));
    check(None, None, &["m1", "m2"]);
    check(Some(Action::Observe(&first)), None, &["m2"]);
    check(None, Some(&second), &["m1"]);
    check(Some(Action::UpdateAssigned(&third)), None, &["m2"]);
    check(None, Some(&second), &["m1"]);
    check(Some(Action::Settle(key("peer"))), None, &["m2"]);
    check(Some(Action::Forget(key("peer"))), None, &["m1", "m2"]);
}
