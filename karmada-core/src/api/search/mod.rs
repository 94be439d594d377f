//! `search.karmada.io`: objects of members, cached and searched.

pub mod v1alpha1;
