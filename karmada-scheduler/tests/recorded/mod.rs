//! Recorded upstream decisions (`vectors/scheduler` of the folder that `KARMADA_SHARED` names).

use std::env;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use flate2::read::GzDecoder;
use karmada_core::api::wire;
use karmada_core::features::{Feature, FeatureGates};
use serde_json::Value;

/// The cases of a file, or nothing and a line that says so where the file is missing.
pub(crate) fn cases(file: &str) -> Option<impl Iterator<Item = Value>> {
    // Relative to the root of the workspace, whichever folder a test runs in.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let shared = env::var_os("KARMADA_SHARED").unwrap_or_else(|| "../shared".into());
    let path = root.join(shared).join("vectors/scheduler").join(file);
    if !path.exists() {
        let required = env::var("KARMADA_REQUIRE_SHARED").is_ok_and(|value| value == "1");
        assert!(
            !required,
            "{} is missing, and KARMADA_REQUIRE_SHARED=1",
            path.display()
        );
        // Not through `print!`, which the harness shows of failed tests only.
        let note = format!("SKIPPED: {} is missing\n", path.display());
        io::stderr().write_all(note.as_bytes()).unwrap();
        return None;
    }
    let lines = BufReader::new(GzDecoder::new(File::open(path).unwrap())).lines();
    Some(lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()))
}

/// The objects of a list.
pub(crate) fn list<T: serde::de::DeserializeOwned>(value: &Value) -> Vec<T> {
    let items = value.as_array().into_iter().flatten();
    items.map(|item| wire::decode(item).unwrap()).collect()
}

/// The feature gates of a case.
pub(crate) fn features(case: &Value) -> FeatureGates {
    let given = case["featureGates"].as_object().into_iter().flatten();
    given.fold(FeatureGates::default(), |gates, (name, enabled)| {
        let feature = Feature::ALL
            .iter()
            .find(|feature| feature.name() == name)
            .unwrap();
        gates.with(*feature, enabled.as_bool().unwrap())
    })
}
