//! Addresses of load balancers, which Service and Ingress report alike.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::kubernetes::{int32, is_set, items, member, text};

const INGRESS: &[&str] = &["loadBalancer", "ingress"];

/// Whose load balancer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// A Service's; addresses of different modes differ.
    Service,
    /// An Ingress's.
    Ingress,
}

/// An address in the order of the result: host names first, in order, then what has none; then by IP and mode, absent
/// last.
type Address<'a> = (bool, &'a str, &'a str, bool, &'a str);

/// A port in the order of the result; no error comes before any.
type Port<'a> = (i32, &'a str, Option<&'a str>);

/// The addresses of all statuses, each once with the ports of all its occurrences
/// (`karmada:pkg/util/helper/service.go`, `ingress.go`).
pub(super) fn merge<'a>(statuses: impl Iterator<Item = &'a Value>, of: Of) -> Value {
    let mut addresses: BTreeMap<Address<'a>, BTreeSet<Port<'a>>> = BTreeMap::new();
    for entry in statuses.flat_map(|status| items(member(status, INGRESS))) {
        let hostname = text(member(entry, &["hostname"]));
        let mode = match of {
            Of::Service => member(entry, &["ipMode"]),
            Of::Ingress => &Value::Null,
        };
        let address = (
            hostname.is_empty(),
            hostname,
            text(member(entry, &["ip"])),
            !is_set(mode),
            text(mode),
        );
        let ports = items(member(entry, &["ports"])).iter().map(|port| {
            let error = member(port, &["error"]);
            (
                int32(member(port, &["port"])),
                text(member(port, &["protocol"])),
                is_set(error).then(|| text(error)),
            )
        });
        addresses.entry(address).or_default().extend(ports);
    }
    addresses
        .into_iter()
        .map(|(address, ports)| entry(address, &ports))
        .collect()
}

fn entry((_, hostname, ip, no_mode, mode): Address<'_>, ports: &BTreeSet<Port<'_>>) -> Value {
    let mut entry = Map::new();
    entry.insert("hostname".to_owned(), hostname.into());
    entry.insert("ip".to_owned(), ip.into());
    if !no_mode {
        entry.insert("ipMode".to_owned(), mode.into());
    }
    if !ports.is_empty() {
        let ports = ports
            .iter()
            .map(|(port, protocol, error)| json!({"port": port, "protocol": protocol, "error": error}));
        entry.insert("ports".to_owned(), ports.collect());
    }
    Value::Object(entry)
}

/// Whether the object's status has an address.
pub(super) fn has_address(object: &Value) -> bool {
    items(member(object, &["status", "loadBalancer", "ingress"]))
        .iter()
        .any(|entry| {
            !text(member(entry, &["hostname"])).is_empty() || !text(member(entry, &["ip"])).is_empty()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_united_and_sorted() {
        let check = |of: Of, ingress: Value, expected: Value| {
            let status = json!({"loadBalancer": {"ingress": ingress}});
            assert_eq!(merge([&status, &status].into_iter(), of), expected);
        };
        let ports = json!([
            {"port": 80, "protocol": "TCP", "error": "b"},
            {"port": 80, "protocol": "TCP"},
            {"port": 80, "protocol": "SCTP"},
            {"port": 53, "protocol": "UDP"},
            {"port": 80, "protocol": "TCP", "error": "a"},
        ]);
        let sorted = json!([
            {"port": 53, "protocol": "UDP", "error": null},
            {"port": 80, "protocol": "SCTP", "error": null},
            {"port": 80, "protocol": "TCP", "error": null},
            {"port": 80, "protocol": "TCP", "error": "a"},
            {"port": 80, "protocol": "TCP", "error": "b"},
        ]);
        check(Of::Service, json!(null), json!([]));
        check(
            Of::Service,
            json!([
                {"ip": "2.2.2.2"},
                {"ip": "1.1.1.1", "ipMode": "VIP"},
                {"hostname": "b"},
                {"ip": "1.1.1.1"},
                {"hostname": "a", "ip": "9.9.9.9", "ports": ports},
                {"ip": "1.1.1.1", "ipMode": "Proxy"},
            ]),
            json!([
                {"hostname": "a", "ip": "9.9.9.9", "ports": sorted},
                {"hostname": "b", "ip": ""},
                {"hostname": "", "ip": "1.1.1.1", "ipMode": "Proxy"},
                {"hostname": "", "ip": "1.1.1.1", "ipMode": "VIP"},
                {"hostname": "", "ip": "1.1.1.1"},
                {"hostname": "", "ip": "2.2.2.2"},
            ]),
        );
        check(
            Of::Ingress,
            json!([{"ip": "1.1.1.1", "ipMode": "VIP"}, {"ip": "1.1.1.1"}]),
            json!([{"hostname": "", "ip": "1.1.1.1"}]),
        );
    }
}
