//! `autoscaling.karmada.io`: replicas by load and by the clock, across clusters.

pub mod v1alpha1;
