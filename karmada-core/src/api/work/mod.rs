//! `work.karmada.io`: bindings, and the Works made from them.

pub mod v1alpha1;
pub mod v1alpha2;
