//! Overrides: `image-parse`, `image-override`, `override`.

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::policy::v1alpha1::{ClusterOverridePolicy, ImageOverrider, OverridePolicy};
use karmada_core::api::wire;
use karmada_core::override_rules::{AppliedOverride, ImageReference, Overrides, override_image};
use serde_json::{Value, json};

use super::Op;
use crate::case::{Case, RunError};
use crate::compare::{self, Comparison, Difference, Empties, Rule};

pub(super) const OPS: &[Op] = &[
    Op {
        name: "image-parse",
        run: parse_image,
        compare: compare::exact,
    },
    Op {
        name: "image-override",
        run: edit_image,
        compare: compare::exact,
    },
    Op {
        name: "override",
        run: apply,
        compare: compare_applied,
    },
];

fn parse_image(case: &Case) -> Result<Value, RunError> {
    let image = ImageReference::parse(case.text("image")?)?;
    Ok(json!({
        "registry": image.registry,
        "repository": image.repository,
        "tag": image.tag,
        "digest": image.digest,
        "string": image.to_string(),
    }))
}

fn edit_image(case: &Case) -> Result<Value, RunError> {
    let overrider: ImageOverrider = case.decode("overrider")?;
    Ok(json!({"image": override_image(case.text("image")?, &overrider)?}))
}

fn apply(case: &Case) -> Result<Value, RunError> {
    let mut manifest = case.get("manifest").clone();
    let cluster: Cluster = case.decode("cluster")?;
    let policies: Vec<OverridePolicy> = case.list("overridePolicies")?;
    let cluster_policies: Vec<ClusterOverridePolicy> = case.list("clusterOverridePolicies")?;
    let overrides = Overrides::select(case.get("manifest"), &cluster_policies, &policies);
    let applied = overrides.apply(&mut manifest, &cluster)?;
    Ok(json!({
        "manifest": manifest,
        "appliedClusterOverrides": records(&applied.cluster_overrides)?,
        "appliedOverrides": records(&applied.overrides)?,
    }))
}

fn records(applied: &[AppliedOverride]) -> Result<Value, RunError> {
    Ok(if applied.is_empty() {
        Value::Null
    } else {
        wire::encode(&applied)?
    })
}

/// Manifests are compared exactly, the text of embedded documents too; the records are typed.
fn compare_applied(_: &Case, expected: &Value, got: &Value) -> Vec<Difference> {
    Comparison::new(Empties::Distinct)
        .at(
            "appliedClusterOverrides",
            Rule::Empties(Empties::AbsentCollections),
        )
        .at("appliedOverrides", Rule::Empties(Empties::AbsentCollections))
        .differences(expected, got)
}
