//! `networking.karmada.io/v1alpha1`.

mod ingress;
mod service;

pub use ingress::{MultiClusterIngress, MultiClusterIngressStatus, ServiceLocation};
pub use service::{
    ClusterSelector, ExposurePort, ExposureRange, ExposureType, MultiClusterService, MultiClusterServiceSpec,
    MultiClusterServiceStatus,
};
