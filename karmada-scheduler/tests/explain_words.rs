//! What explanations say to people.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use karmada_core::api::cluster::v1alpha1::{Cluster, ClusterSyncMode};
use karmada_core::api::meta::Taint;
use karmada_core::api::policy::v1alpha1::{
    ClusterAffinity, ClusterAffinityTerm, OverflowClusterAffinity, Placement, ReplicaSchedulingStrategy,
    ReplicaSchedulingType, SpreadConstraint, SpreadFieldValue,
};
use karmada_core::api::work::v1alpha2::{
    ReplicaRequirements, ResourceBindingSpec, ResourceBindingStatus, TargetCluster,
};
use karmada_scheduler::explain::{ClusterVerdict, Explanation, explain};
use karmada_scheduler::{Options, Profile, Snapshot};

/// Six clusters in three regions; one cannot serve the kind, one is tainted.
fn fleet() -> Vec<Cluster> {
    let rooms = [
        ("m1", "eu", "8"),
        ("m2", "eu", "4"),
        ("m3", "us", "6"),
        ("m4", "us", "1"),
        ("m5", "ap", "9"),
        ("m6", "ap", "9"),
    ];
    rooms
        .into_iter()
        .map(|(name, region, cpu)| {
            let cluster = Cluster::new(name, ClusterSyncMode::Push)
                .region(region)
                .capacity([("cpu", cpu.parse().unwrap()), ("pods", "110".parse().unwrap())]);
            match name {
                "m5" => cluster,
                "m6" => cluster
                    .serving("apps/v1", "deployments", "Deployment")
                    .taint(Taint::new("maintenance", "NoSchedule")),
                _ => cluster.serving("apps/v1", "deployments", "Deployment"),
            }
        })
        .collect()
}

fn spec(replicas: i32, placement: Placement) -> ResourceBindingSpec {
    let mut spec = ResourceBindingSpec {
        replicas,
        placement: Some(placement),
        replica_requirements: Some(ReplicaRequirements {
            resource_request: [("cpu".to_owned(), "1".parse().unwrap())].into(),
            ..ReplicaRequirements::default()
        }),
        ..ResourceBindingSpec::default()
    };
    let resource = &mut spec.resource;
    (resource.api_version, resource.kind) = ("apps/v1".into(), "Deployment".into());
    (resource.namespace, resource.name) = ("shop".into(), "web".into());
    spec
}

fn explained(spec: &ResourceBindingSpec) -> Explanation {
    let snapshot = Snapshot::build(&fleet(), []).unwrap();
    explain(
        &snapshot,
        spec,
        &ResourceBindingStatus::default(),
        &Options::default(),
    )
    .unwrap()
}

/// Holds a text against the expected one; blanks at the ends of lines do not count.
fn check(text: &str, expected: &str) {
    let trimmed = |text: &str| {
        text.trim()
            .lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(trimmed(text), trimmed(expected), "\n{text}");
}

/// Seven more replicas on top of two.
fn scaled_up() -> Explanation {
    let mut spec = spec(
        9,
        Placement::new().replicas(ReplicaSchedulingStrategy::dynamic_weight()),
    );
    spec.clusters = vec![TargetCluster::new("m2", 2)];
    explained(&spec)
}

#[test]
fn a_division_by_room() {
    check(
        &scaled_up().to_text(),
        "
Deployment shop/web goes to 3 of 6 clusters: m2 4, m1 3, m3 2.
2 rejected, 4 passed the filters, 4 selected; 9 replicas, divided by room; profile karmada.

Why these numbers:
7 more divided by the room clusters have, 19 in all; what is there stays.

  CLUSTER  REPLICAS  WHY
  m2       4         keeps 2; weight 4 of 19: share 28/19 (1.47) of 7 comes to 2
  m1       3         weight 8 of 19: share 56/19 (2.95) of 7 comes to 3
  m3       2         weight 6 of 19: share 42/19 (2.21) of 7 comes to 2
  m4       -         weight 1 of 19: share 7/19 (0.37) of 7 comes to nothing

How clusters were selected:
All that passed the filters: there are no spread constraints.

Clusters that passed the filters, the most preferred first:
  #  CLUSTER  SCORE  ROOM  HAS  BOUND BY
  1  m2       100    4     2    cpu       target
  2  m1       0      8     0    cpu       target
  3  m3       0      6     0    cpu       target
  4  m4       0      1     0    cpu       selected

Rejected:
  - 1: cluster(s) did not have the API resource (APIEnablement): m5
  - 1: cluster(s) had untolerated taint {maintenance:NoSchedule} (TaintToleration): m6
",
    );
}

#[test]
fn markdown_says_the_same() {
    let markdown = scaled_up().to_markdown();
    for line in [
        "### Why these numbers",
        "| CLUSTER | REPLICAS | WHY |",
        "|---|---|---|",
        "| m4 | - | weight 1 of 19: share 7/19 (0.37) of 7 comes to nothing |",
        "- 1: cluster(s) did not have the API resource (APIEnablement): m5",
    ] {
        assert!(
            markdown.lines().any(|written| written == line),
            "{line}\n{markdown}"
        );
    }
    let placement = Placement::new().affinity(ClusterAffinity::label("a_b", "c"));
    let mut spec = spec(1, placement);
    spec.resource.name = "a_b|c".into();
    let markdown = explained(&spec).to_markdown();
    assert!(
        markdown.starts_with("Deployment shop/a\\_b\\|c is not scheduled"),
        "{markdown}"
    );
}

#[test]
fn one_cluster() {
    fn check_cluster(name: &str, expected: &str) {
        check(&scaled_up().cluster_to_text(name).unwrap(), expected);
    }
    check_cluster(
        "m4",
        "
m4 is selected, but gets nothing.

  - preferred as number 4 of 4, with score 0
  - room for 1, and 0 there already
  - general-estimator: room for 1, for lack of cpu
  - selected as number 4 of 4
  - weight 1 of 19: share 7/19 (0.37) of 7 comes to nothing
",
    );
    check_cluster(
        "m6",
        "
m6 is rejected.

  - TaintToleration: cluster(s) had untolerated taint {maintenance:NoSchedule}
",
    );
    assert_eq!(scaled_up().cluster_to_text("m7"), None);
    let markdown = scaled_up().cluster_to_markdown("m2").unwrap();
    assert!(markdown.contains("- preferred as number 1 of 4, with score 100 (ClusterLocality 100)"));
}

/// Lines that the text of an explanation has.
fn check_lines(spec: &ResourceBindingSpec, expected: &[&str]) {
    let text = explained(spec).to_text();
    for line in expected {
        assert!(
            text.lines().any(|written| written.trim() == *line),
            "{line}\n{text}"
        );
    }
}

fn clusters(min: i64, max: i64) -> SpreadConstraint {
    SpreadConstraint::by_field(SpreadFieldValue::Cluster, min, max)
}

#[test]
fn a_choice_of_clusters() {
    let aggregated = || Placement::new().replicas(ReplicaSchedulingStrategy::aggregated());
    check_lines(
        &spec(15, aggregated().spread(clusters(1, 2))),
        &[
            "Deployment shop/web is not scheduled: failed to select clusters: no enough resource when selecting 2 clusters",
            "By number: 1 to 2 clusters are asked for, 4 come into question.",
            "The most preferred are m1, m3, with room for 14; 15 are needed.",
        ],
    );
    let mut preferred = spec(12, aggregated().spread(clusters(1, 2)));
    preferred.clusters = vec![TargetCluster::new("m4", 1)];
    check_lines(
        &preferred,
        &[
            "The most preferred are m4, m1, with room for 10; 12 are needed.",
            "m4 (room for 2) gives way to m3 (room for 6), the one with the most room: 14 together.",
        ],
    );
    let by_region = SpreadConstraint::by_field(SpreadFieldValue::Region, 1, 2);
    check_lines(
        &spec(10, aggregated().spread(by_region).spread(clusters(2, 3))),
        &[
            "Of 2 combinations, eu is best: it has the best sum of scores.",
            "The most preferred cluster of each region: m1; then m2.",
            "eu      10000  10 of 10 in 2 clusters  0     2         12    chosen",
            "us      7000   7 of 10 in 2 clusters   0     2         7     another combination is better",
        ],
    );
}

#[test]
fn other_divisions() {
    let weights = [
        (ClusterAffinity::names(["m1", "m2"]), 1),
        (ClusterAffinity::names(["m3"]), 2),
    ];
    let fixed = Placement::new().replicas(ReplicaSchedulingStrategy::static_weight(weights));
    check_lines(
        &spec(6, fixed),
        &[
            "6 divided by fixed weights, 4 in all.",
            "m1       2         weight 1 of 4 (staticWeightList[0]): share 3/2 (1.50) of 6 comes to 2; \
             tie for the last replica won against m2: the name that sorts first wins",
            "m4       -         no rule gives it a weight",
        ],
    );
    check_lines(
        &spec(5, Placement::new().affinity(ClusterAffinity::names(["m1", "m3"]))),
        &[
            "Every cluster gets all 5.",
            "m3       5         all replicas",
            "- 2: cluster(s) did not match the placement cluster affinity constraint (ClusterAffinity): m2, m4",
        ],
    );
    let by_room = Placement::new().replicas(ReplicaSchedulingStrategy::dynamic_weight());
    check_lines(
        &spec(500, by_room),
        &["failed to scale up: Clusters available replicas 19 are not enough to schedule. 500 are wanted."],
    );
    let aggregated = Placement::new().replicas(ReplicaSchedulingStrategy::aggregated());
    check_lines(
        &spec(10, aggregated),
        &[
            "10 divided by the room clusters have, 14 in all. The first 2 have room for 14, which is enough; 2 are left out.",
            "m2       -         left out: others have enough room",
        ],
    );
}

#[test]
fn too_little_room_in_all_tiers_leaves_no_shares() {
    let mut spec = spec(
        15,
        Placement::new().replicas(ReplicaSchedulingStrategy::dynamic_weight()),
    );
    let placement = spec.placement.as_mut().unwrap();
    placement.cluster_affinities = vec![ClusterAffinityTerm {
        affinity_name: "own".into(),
        affinity: ClusterAffinity::names(["m1"]),
        overflow_affinities: vec![OverflowClusterAffinity {
            affinity_name: "help".into(),
            affinity: ClusterAffinity::names(["m2"]),
        }],
    }];
    let snapshot = Snapshot::build(&fleet(), []).unwrap();
    let status = ResourceBindingStatus {
        scheduler_observed_affinity_name: "own".into(),
        ..ResourceBindingStatus::default()
    };
    let explanation = explain(&snapshot, &spec, &status, &Options::default()).unwrap();
    assert_eq!(explanation.share("m1"), None);
    assert_eq!(explanation.share_to_text("m2"), None);
    let text = explanation.to_text();
    let last = "Tier 1 takes 4 (room for 4): Clusters available replicas are not enough to schedule.";
    assert!(text.lines().any(|line| line == last), "{text}");
    assert!(!text.contains("comes to"), "{text}");
}

#[test]
fn what_is_wanted_besides_what_is_there() {
    let mut more = spec(
        500,
        Placement::new().replicas(ReplicaSchedulingStrategy::dynamic_weight()),
    );
    more.clusters = vec![TargetCluster::new("m2", 2)];
    check_lines(
        &more,
        &[
            "failed to scale up: Clusters available replicas 19 are not enough to schedule. 498 more are wanted.",
        ],
    );
    let divided = ReplicaSchedulingStrategy {
        replica_scheduling_type: Some(ReplicaSchedulingType::Divided),
        ..ReplicaSchedulingStrategy::default()
    };
    let text = explained(&spec(5, Placement::new().replicas(divided))).to_text();
    assert!(text.contains("unsupported replica scheduling strategy"), "{text}");
    assert!(!text.contains("wanted"), "{text}");
}

#[test]
fn objects_without_replicas_are_not_asked_for_room() {
    for placement in [
        Placement::new(),
        Placement::new().spread(clusters(1, 2)),
        Placement::new()
            .spread(SpreadConstraint::by_field(SpreadFieldValue::Region, 1, 2))
            .spread(clusters(1, 3)),
    ] {
        let mut spec = spec(0, placement);
        spec.replica_requirements = None;
        let explanation = explained(&spec);
        let candidate = explanation.cluster("m1").and_then(|cluster| cluster.candidate());
        assert_eq!(candidate.unwrap().room, None);
        let text = explanation.to_text() + &explanation.cluster_to_text("m1").unwrap();
        assert!(!text.contains("214748"), "{text}");
        assert!(text.contains("m1 is a target."), "{text}");
    }
}

#[test]
fn candidates_that_were_never_ranked_have_no_reason_for_not_being_selected() {
    let mut explanation = explained(&spec(1, Placement::new()));
    for cluster in &mut explanation.clusters {
        if let ClusterVerdict::Candidate(candidate) = &mut cluster.verdict {
            (
                candidate.rank,
                candidate.room,
                candidate.selected,
                candidate.target,
            ) = (None, None, None, None);
        }
    }
    let text = explanation.cluster_to_text("m1").unwrap();
    assert!(!text.contains("not selected: "), "{text}");
}

#[test]
fn unlimited_maxima() {
    let region = SpreadConstraint::by_field(SpreadFieldValue::Region, 1, 0);
    let options = Options {
        profile: Profile::corrected().into(),
        ..Options::default()
    };
    let snapshot = Snapshot::build(&fleet(), []).unwrap();
    for (placement, expected) in [
        (
            Placement::new().spread(clusters(1, 0)),
            "By number: 1 or more clusters are asked for, 4 come into question.",
        ),
        (
            Placement::new().spread(region.clone()).spread(clusters(2, 0)),
            "By region: 1 or more regions and 2 or more clusters are asked for.",
        ),
        (
            Placement::new().spread(region),
            "By region: 1 or more regions and 0 or more clusters are asked for.",
        ),
    ] {
        let spec = spec(1, placement);
        let text = explain(&snapshot, &spec, &ResourceBindingStatus::default(), &options)
            .unwrap()
            .to_text();
        assert!(text.lines().any(|line| line == expected), "{text}");
    }
}

#[test]
fn slots_on_the_nodes_of_models_are_pods() {
    let mut cluster = Cluster::new("m1", ClusterSyncMode::Push)
        .serving("apps/v1", "deployments", "Deployment")
        .capacity([
            ("cpu", "1000".parse().unwrap()),
            ("pods", "5000".parse().unwrap()),
        ]);
    cluster.spec.resource_models = serde_json::from_value(serde_json::json!([
        {"grade": 0, "ranges": [{"name": "cpu", "min": "500", "max": "2000"}]},
    ]))
    .unwrap();
    let summary = cluster.status.resource_summary.as_mut().unwrap();
    summary.allocatable_modelings =
        serde_json::from_value(serde_json::json!([{"grade": 0, "count": 2}])).unwrap();
    let snapshot = Snapshot::build([&cluster], []).unwrap();
    let text = explain(
        &snapshot,
        &spec(1, Placement::new()),
        &ResourceBindingStatus::default(),
        &Options::default(),
    )
    .unwrap()
    .cluster_to_text("m1")
    .unwrap();
    assert!(
        text.contains("general-estimator: room for 220, for lack of pods"),
        "{text}"
    );
}
