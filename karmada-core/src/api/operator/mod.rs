//! `operator.karmada.io`: how a control plane is installed.

pub mod v1alpha1;
