//! `apps.karmada.io`: workloads placed anew.

pub mod v1alpha1;
