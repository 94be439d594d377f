//! `policy/v1`: PodDisruptionBudget.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::status::{live, part, unless_same};
use super::{Items, Rules};
use crate::error::Error;
use crate::kubernetes::policy::{PodDisruptionBudget, PodDisruptionBudgetStatus};
use crate::kubernetes::{Described, int32, member, members};

pub(super) const RULES: &[Rules] = &[Rules {
    aggregate: Some(aggregate),
    reflect: Some(|budget| {
        part(
            budget,
            &PodDisruptionBudgetStatus::KIND,
            &[
                "disruptionsAllowed",
                "expectedPods",
                "desiredHealthy",
                "currentHealthy",
                "disruptedPods",
            ],
        )
    }),
    health: Some(|budget| {
        let number = |name| int32(member(budget, &["status", name]));
        number("currentHealthy") >= number("desiredHealthy")
    }),
    ..Rules::of("policy/v1", "PodDisruptionBudget", PodDisruptionBudget::KIND)
}];

/// Adds the numbers up; disrupted pods are known by cluster and name.
fn aggregate(budget: &Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<Option<Value>, Error> {
    let names = [
        "currentHealthy",
        "desiredHealthy",
        "expectedPods",
        "disruptionsAllowed",
    ];
    let mut sums = [0_i32; 4];
    let mut disrupted = Map::new();
    for report in live(items.unwrap_or_default(), &[&PodDisruptionBudgetStatus::KIND]) {
        let report = report?;
        for (sum, name) in sums.iter_mut().zip(names) {
            *sum = sum.wrapping_add(int32(member(report.status, &[name])));
        }
        for (pod, since) in members(member(report.status, &["disruptedPods"])) {
            disrupted.insert(format!("{}/{pod}", report.cluster), since.clone());
        }
    }
    let [
        current_healthy,
        desired_healthy,
        expected_pods,
        disruptions_allowed,
    ] = sums;
    let new = json!({
        "currentHealthy": current_healthy,
        "desiredHealthy": desired_healthy,
        "expectedPods": expected_pods,
        "disruptionsAllowed": disruptions_allowed,
        "disruptedPods": disrupted,
    });
    Ok(unless_same(budget, new, &PodDisruptionBudgetStatus::KIND))
}
