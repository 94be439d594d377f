//! `policy.karmada.io`: what goes where, and how it changes on the way.

pub mod v1alpha1;
