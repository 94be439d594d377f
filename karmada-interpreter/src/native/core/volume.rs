//! PersistentVolume and PersistentVolumeClaim.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Items;
use super::status::{decode, live, unless_same};
use crate::error::{Error, FieldError};
use crate::kubernetes::storage::{PersistentVolumeClaimStatus, PersistentVolumeStatus};
use crate::kubernetes::{Described, member, text};
use crate::object;

const CLAIM_REF: &[&str] = &["spec", "claimRef"];
const VOLUME_NAME: &[&str] = &["spec", "volumeName"];

/// Keeps the claim that the member has bound the volume to.
pub(super) fn retain(desired: &mut Value, observed: &Value) -> Result<(), FieldError> {
    match object::field(observed, CLAIM_REF)? {
        Some(claim) => object::set(desired, CLAIM_REF, claim.clone()),
        None => Ok(()),
    }
}

/// Keeps the volume that the member has bound the claim to.
pub(super) fn retain_claim(desired: &mut Value, observed: &Value) -> Result<(), FieldError> {
    match object::string(observed, VOLUME_NAME)? {
        Some(name) if !name.is_empty() => object::set(desired, VOLUME_NAME, name.into()),
        _ => Ok(()),
    }
}

/// The phase that stands for most trouble; a member that reports nothing counts as pending.
pub(super) fn aggregate(
    volume: &Value,
    items: Option<Items<'_>>,
    _now: Timestamp,
) -> Result<Option<Value>, Error> {
    let mut phases = Vec::new();
    for item in items.unwrap_or_default() {
        phases.push(match decode(item, &[&PersistentVolumeStatus::KIND])? {
            Some(report) => text(member(report.status, &["phase"])),
            None => "Pending",
        });
    }
    let phase = ["Failed", "Pending", "Available", "Bound", "Released"]
        .into_iter()
        .find(|phase| phases.contains(phase))
        .unwrap_or_default();
    Ok(unless_same(
        volume,
        json!({"phase": phase}),
        &PersistentVolumeStatus::KIND,
    ))
}

/// Bound, unless a member says otherwise: lost anywhere is lost, else the last other phase counts.
pub(super) fn aggregate_claim(
    claim: &Value,
    items: Option<Items<'_>>,
    _now: Timestamp,
) -> Result<Option<Value>, Error> {
    let mut phase = "Bound";
    for report in live(items.unwrap_or_default(), &[&PersistentVolumeClaimStatus::KIND]) {
        match text(member(report?.status, &["phase"])) {
            "Bound" => {}
            "Lost" => {
                phase = "Lost";
                break;
            }
            other => phase = other,
        }
    }
    Ok(unless_same(
        claim,
        json!({"phase": phase}),
        &PersistentVolumeClaimStatus::KIND,
    ))
}
