//! `remedy.karmada.io`: what is done about clusters in trouble.

pub mod v1alpha1;
