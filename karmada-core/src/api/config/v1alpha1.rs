//! `config.karmada.io/v1alpha1` (`karmada:pkg/apis/config/v1alpha1`).

mod dependency;

pub use dependency::DependentObjectReference;
