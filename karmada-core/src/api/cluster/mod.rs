//! `cluster.karmada.io`: the members of the fleet.

pub mod v1alpha1;
