//! `networking.karmada.io`: services and ingresses across clusters.

pub mod v1alpha1;
