//! `autoscaling/v2`: HorizontalPodAutoscaler.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::status::{live, part, unless_same};
use super::{Items, Rules};
use crate::error::Error;
use crate::kubernetes::autoscaling::{HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus};
use crate::kubernetes::{Described, int32, member};

pub(super) const RULES: &[Rules] = &[Rules {
    aggregate: Some(aggregate),
    // The metrics, always written, come out as null.
    reflect: Some(|autoscaler| {
        part(
            autoscaler,
            &HorizontalPodAutoscalerStatus::KIND,
            &["currentReplicas", "desiredReplicas"],
        )
    }),
    ..Rules::of(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        HorizontalPodAutoscaler::KIND,
    )
}];

/// Adds the numbers up.
fn aggregate(autoscaler: &Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<Option<Value>, Error> {
    let (mut current, mut desired) = (0_i32, 0_i32);
    for report in live(items.unwrap_or_default(), &[&HorizontalPodAutoscalerStatus::KIND]) {
        let status = report?.status;
        current = current.wrapping_add(int32(member(status, &["currentReplicas"])));
        desired = desired.wrapping_add(int32(member(status, &["desiredReplicas"])));
    }
    let new = json!({"currentReplicas": current, "desiredReplicas": desired});
    Ok(unless_same(autoscaler, new, &HorizontalPodAutoscalerStatus::KIND))
}
