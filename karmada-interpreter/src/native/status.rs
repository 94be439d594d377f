//! Reading what members report, and reflecting what an object says of itself.

use karmada_core::api::work::v1alpha2::AggregatedStatusItem;
use serde_json::Value;

use super::Items;
use crate::error::{Error, FieldError};
use crate::kubernetes::{self, Kind, Reading};
use crate::object;

/// A report whose status is there and can be decoded.
pub(super) struct Live<'a> {
    pub(super) cluster: &'a str,
    pub(super) status: &'a Value,
}

/// The reports that have a status, decoded as each of `kinds` one after the other.
pub(super) fn live<'a>(
    items: Items<'a>,
    kinds: &'a [&'a Kind],
) -> impl Iterator<Item = Result<Live<'a>, Error>> {
    items
        .iter()
        .filter_map(move |item| decode(item, kinds).transpose())
}

/// The status of a report, if it has one.
pub(super) fn decode<'a>(item: &'a AggregatedStatusItem, kinds: &[&Kind]) -> Result<Option<Live<'a>>, Error> {
    let Some(status) = item.status.as_ref().filter(|status| !status.is_null()) else {
        return Ok(None);
    };
    for kind in kinds {
        kubernetes::check(status, kind, Reading::Text).map_err(|source| Error::Status {
            cluster: item.cluster_name.clone(),
            source,
        })?;
    }
    Ok(Some(Live {
        cluster: &item.cluster_name,
        status,
    }))
}

/// The new status, unless it equals the one the object has.
pub(super) fn unless_same(object: &Value, new: Value, kind: &Kind) -> Option<Value> {
    let old = kubernetes::member(object, &["status"]);
    (!kubernetes::same(old, &new, kind)).then_some(new)
}

/// The status of an object as it is.
pub(super) fn whole(object: &Value) -> Result<Option<Value>, FieldError> {
    Ok(object::map(object, &["status"])?.cloned().map(Value::Object))
}

/// Those members of an object's status that are named, encoded by the type of the status; nothing without a status.
pub(super) fn part(object: &Value, kind: &Kind, names: &[&str]) -> Result<Option<Value>, FieldError> {
    let Some(status) = object::field(object, &["status"])? else {
        return Ok(None);
    };
    object::map(object, &["status"])?;
    kubernetes::check(status, kind, Reading::Object).map_err(|error| error.within("status"))?;
    let named = names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), status.get(*name)?.clone())));
    let mut part = Value::Object(named.collect());
    kubernetes::normalise(&mut part, kind);
    Ok(Some(part))
}
