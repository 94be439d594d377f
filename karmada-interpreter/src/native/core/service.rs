//! Service.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Items;
use super::status::{live, unless_same};
use crate::error::{Error, FieldError};
use crate::kubernetes::service::ServiceStatus;
use crate::kubernetes::{Described, member, text};
use crate::native::load_balancer;
use crate::object;

/// The type of Service that has addresses to report.
pub(super) const LOAD_BALANCER: &str = "LoadBalancer";

const HEALTH_CHECK_NODE_PORT: &[&str] = &["spec", "healthCheckNodePort"];
const CLUSTER_IP: &[&str] = &["spec", "clusterIP"];

/// Keeps what the member has allocated and does not let change.
pub(super) fn retain(desired: &mut Value, observed: &Value) -> Result<(), FieldError> {
    let port = object::integer(observed, HEALTH_CHECK_NODE_PORT)?.filter(|port| *port > 0);
    let address = object::string(observed, CLUSTER_IP)?.filter(|address| !address.is_empty());
    let port = port.map(|port| (HEALTH_CHECK_NODE_PORT, port.into()));
    let address = address.map(|address| (CLUSTER_IP, address.into()));
    object::set_all(desired, port.into_iter().chain(address).collect())
}

/// Brings the addresses of all members together, for a load balancer.
pub(super) fn aggregate(
    service: &Value,
    items: Option<Items<'_>>,
    _now: Timestamp,
) -> Result<Option<Value>, Error> {
    if text(member(service, &["spec", "type"])) != LOAD_BALANCER {
        return Ok(None);
    }
    let reports: Vec<_> =
        live(items.unwrap_or_default(), &[&ServiceStatus::KIND]).collect::<Result<_, _>>()?;
    let ingress = load_balancer::merge(
        reports.iter().map(|report| report.status),
        load_balancer::Of::Service,
    );
    let new = json!({"loadBalancer": {"ingress": ingress}});
    Ok(unless_same(service, new, &ServiceStatus::KIND))
}

/// A load balancer must have an address; nothing is known about the others.
pub(super) fn is_healthy(service: &Value) -> bool {
    text(member(service, &["spec", "type"])) != LOAD_BALANCER || load_balancer::has_address(service)
}
