//! `config.karmada.io`: how interpreters are configured, and what they answer.

pub mod v1alpha1;
