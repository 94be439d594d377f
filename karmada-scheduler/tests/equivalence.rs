//! The scheduler decides as the slow reference does, on random fleets and bindings.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod random;
mod reference;

use karmada_core::features::{Feature, FeatureGates};
use karmada_scheduler::{Options, Snapshot, schedule};
use proptest::prelude::*;
use random::Rng;

/// Decides both ways; the targets sorted by name, or the text.
fn check(seed: u64, count: u64) {
    let rng = &mut Rng(seed);
    let mut clusters = random::clusters(rng, count);
    let spec = random::spec(rng, count);
    let status = random::status(rng);
    let features = FeatureGates::default()
        .with(Feature::MultiplePodTemplatesScheduling, rng.chance(80))
        .with(Feature::CustomizedClusterResourceModeling, rng.chance(80));
    let attach_empty = rng.chance(10);
    let input = reference::Input {
        clusters: &clusters,
        spec: &spec,
        status: &status,
        features,
        attach_empty,
    };
    let slow = reference::schedule(&input).map(|mut targets| {
        targets.sort_by(|left, right| left.name.cmp(&right.name));
        targets
    });
    let options = Options {
        features,
        enable_empty_workload_propagation: attach_empty,
        ..Options::default()
    };
    rng.shuffle(&mut clusters);
    let snapshot = Snapshot::build(&clusters, []).unwrap();
    let fast = schedule(&snapshot, &spec, &status, &options)
        .map(|decision| {
            let mut targets = decision.to_target_clusters();
            targets.sort_by(|left, right| left.name.cmp(&right.name));
            targets
        })
        .map_err(|error| error.to_string());
    assert_eq!(fast, slow, "seed {seed}, {count} clusters, {spec:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn decisions_equal_the_reference(seed: u64, count in 0u64..14) {
        check(seed, count);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn decisions_on_several_chunks_equal_the_reference(seed: u64, count in 30u64..700) {
        check(seed, count);
    }
}
