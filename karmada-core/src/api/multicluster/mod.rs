//! `multicluster.x-k8s.io`: the Multi-Cluster Services API, which Karmada serves and reads.

pub mod v1alpha1;
