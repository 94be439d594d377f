//! `networking.k8s.io/v1`: Ingress.

use jiff::Timestamp;
use karmada_core::api::config::v1alpha1::DependentObjectReference;
use serde_json::{Value, json};

use super::status::{live, unless_same};
use super::{Items, Rules, load_balancer};
use crate::dependencies;
use crate::error::Error;
use crate::kubernetes::networking::{Ingress, IngressStatus};
use crate::kubernetes::{Described, items, member, text};

pub(super) const RULES: &[Rules] = &[Rules {
    aggregate: Some(aggregate),
    health: Some(load_balancer::has_address),
    dependencies: Some(secrets),
    ..Rules::of("networking.k8s.io/v1", "Ingress", Ingress::KIND)
}];

/// Brings the addresses of all members together.
fn aggregate(ingress: &Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<Option<Value>, Error> {
    let reports: Vec<_> =
        live(items.unwrap_or_default(), &[&IngressStatus::KIND]).collect::<Result<_, _>>()?;
    let addresses = load_balancer::merge(
        reports.iter().map(|report| report.status),
        load_balancer::Of::Ingress,
    );
    let new = json!({"loadBalancer": {"ingress": addresses}});
    Ok(unless_same(ingress, new, &IngressStatus::KIND))
}

/// The certificates, one reference per entry; an entry without name is an invalid one.
fn secrets(ingress: &Value) -> Vec<DependentObjectReference> {
    let namespace = text(member(ingress, &["metadata", "namespace"]));
    items(member(ingress, &["spec", "tls"]))
        .iter()
        .map(|tls| dependencies::in_core("Secret", namespace, text(member(tls, &["secretName"]))))
        .collect()
}
