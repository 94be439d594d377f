//! The Karmada API types and the propagation model, pure.
//!
//! Nothing in this crate does I/O, reads a clock or keeps global state: every decision is a function of values.
//!
//! | Subject | Modules |
//! |---|---|
//! | Types on the wire | [`api`], [`crd`], [`quantity`], [`json`], [`yaml`] |
//! | Names and constants | [`names`], [`keys`], [`labels`], [`annotations`], [`finalizers`], [`conditions`], [`events`], [`features`] |
//! | Reading and comparing objects | [`object`], [`metadata`], [`field`], [`jsonpath`], [`shape`], [`syntax`], [`change`] |
//! | What the API server lets in | [`admission`] |
//! | Choosing resources and clusters | [`selector`], [`affinity`], [`toleration`], [`taints`] |
//! | From template to binding | [`policy`], [`claim`], [`preemption`], [`propagation`], [`binding`], [`requirements`], [`dependency`], [`namespaces`] |
//! | Dividing replicas | [`apportion`], [`job`], [`rebalance`], [`replicas_sync`] |
//! | From binding to Work | [`work`], [`prune`], [`override_rules`], [`manifest`] |
//! | From Work to member and back | [`execution`], [`retain`], [`status`] |
//! | When clusters or workloads fail | [`failover`], [`eviction`], [`remedy`] |
//! | Clusters | [`cluster_health`], [`cluster_resources`], [`cluster_status`], [`certificates`], [`unified_auth`] |
//! | Scaling, quotas and services | [`federated_hpa`], [`cron`], [`federated_quota`], [`multi_cluster_service`] |
//! | Command lines of controllers | [`switches`] |
//!
//! ```
//! use karmada_core::api::cluster::v1alpha1::{Cluster, ClusterSyncMode};
//! use karmada_core::api::policy::v1alpha1::*;
//! use karmada_core::{affinity, override_rules::Overrides};
//! use serde_json::json;
//!
//! let member = Cluster::new("member1", ClusterSyncMode::Push).region("eu");
//! let in_europe = ClusterAffinity::names(["member1", "member2"]);
//! assert!(affinity::matches(&member, &in_europe));
//!
//! let changes = Overriders::new().image(ImageOverrider::replace(ImageComponent::Registry, "eu.example.com"));
//! let rules = [RuleWithCluster::new(in_europe, changes)];
//! let spec = OverrideSpec::new([ResourceSelector::new("v1", "Pod")], rules);
//! let policies = [OverridePolicy::new("shop", "eu", spec)];
//!
//! let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop", "name": "web"},
//!     "spec": {"containers": [{"name": "web", "image": "example.com/web:1"}]}});
//! Overrides::select(&pod.clone(), &[], &policies).apply(&mut pod, &member)?;
//! assert_eq!(pod["spec"]["containers"][0]["image"], "eu.example.com/web:1");
//! # Ok::<(), karmada_core::override_rules::OverrideError>(())
//! ```
#![forbid(unsafe_code)]
// Tests hand `json!` values to their check functions.
#![cfg_attr(test, allow(clippy::needless_pass_by_value))]

pub mod admission;
pub mod affinity;
pub mod annotations;
pub mod api;
pub mod apportion;
pub mod binding;
pub mod certificates;
pub mod change;
pub mod claim;
pub mod cluster_health;
pub mod cluster_resources;
pub mod cluster_status;
pub mod conditions;
pub mod crd;
pub mod cron;
pub mod dependency;
pub mod events;
pub mod eviction;
pub mod execution;
pub mod failover;
pub mod features;
pub mod federated_hpa;
pub mod federated_quota;
pub mod field;
pub mod finalizers;
pub mod job;
pub mod json;
pub mod jsonpath;
pub mod keys;
pub mod labels;
pub mod manifest;
pub mod metadata;
pub mod multi_cluster_service;
pub mod names;
pub mod namespaces;
pub mod object;
pub mod override_rules;
pub mod policy;
pub mod preemption;
pub mod propagation;
pub mod prune;
pub mod quantity;
pub mod rebalance;
pub mod remedy;
pub mod replicas_sync;
pub mod requirements;
pub mod retain;
pub mod selector;
pub mod shape;
pub mod status;
pub mod switches;
pub mod syntax;
pub mod taints;
pub mod toleration;
pub mod unified_auth;
mod url;
pub mod work;
pub mod yaml;
