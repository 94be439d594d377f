//! The core group, `v1`: Pod, Service, PersistentVolume, PersistentVolumeClaim, ServiceAccount and Secret.

mod pod;
mod secret;
mod service;
mod volume;

use super::{Items, ReplicaRule, Rules, status};
use crate::kubernetes::pod::Pod;
use crate::kubernetes::service::{Service, ServiceStatus};
use crate::kubernetes::storage::{PersistentVolume, PersistentVolumeClaim};
use crate::kubernetes::{Described, Kind, member, text};
use crate::{dependencies, object};

const API_VERSION: &str = "v1";

pub(super) const RULES: &[Rules] = &[
    Rules {
        replicas: Some(ReplicaRule {
            count: |_| 1,
            pod_spec: &["spec"],
        }),
        retain: Some(pod::retain),
        aggregate: Some(pod::aggregate),
        health: Some(pod::is_healthy),
        dependencies: Some(|pod| {
            dependencies::of_pod(
                member(pod, &["spec"]),
                text(member(pod, &["metadata", "namespace"])),
            )
        }),
        ..Rules::of(API_VERSION, "Pod", Pod::KIND)
    },
    Rules {
        retain: Some(service::retain),
        aggregate: Some(service::aggregate),
        reflect: Some(|service| {
            // A type that is no text is like none.
            let of_type = object::string(service, &["spec", "type"]).ok().flatten();
            if of_type == Some(service::LOAD_BALANCER) {
                status::part(service, &ServiceStatus::KIND, &["loadBalancer"])
            } else {
                Ok(None)
            }
        }),
        health: Some(service::is_healthy),
        ..Rules::of(API_VERSION, "Service", Service::KIND)
    },
    Rules {
        retain: Some(volume::retain_claim),
        aggregate: Some(volume::aggregate_claim),
        health: Some(|claim| text(member(claim, &["status", "phase"])) == "Bound"),
        ..Rules::of(API_VERSION, "PersistentVolumeClaim", PersistentVolumeClaim::KIND)
    },
    Rules {
        retain: Some(volume::retain),
        aggregate: Some(volume::aggregate),
        ..Rules::of(API_VERSION, "PersistentVolume", PersistentVolume::KIND)
    },
    Rules {
        retain: Some(secret::retain_service_account),
        ..Rules::of(API_VERSION, "ServiceAccount", Kind::Any)
    },
    Rules {
        retain: Some(secret::retain),
        ..Rules::of(API_VERSION, "Secret", Kind::Any)
    },
];
