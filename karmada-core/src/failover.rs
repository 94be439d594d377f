//! Failover: which clusters a workload has failed on, and how it leaves them
//! (`karmada:pkg/controllers/applicationfailover`, `karmada:pkg/controllers/cluster`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::api::policy::v1alpha1::{
    ApplicationFailoverBehavior, FailoverBehavior, PurgeMode, StatePreservation, StatePreservationRule,
};
use crate::api::work::v1alpha2::{
    AggregatedStatusItem, GracefulEvictionTask, ResourceBindingSpec, ResourceHealth, TargetCluster,
};
use crate::conditions;
use crate::eviction::EvictionOptions;
use crate::features::{Feature, FeatureGates};
use crate::jsonpath::{JsonPath, JsonPathError};

/// Why a workload cannot be moved as its policy wants.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FailoverError {
    /// The policy wants a grace period, and [`Feature::GracefulEviction`] is off.
    #[error("purge mode Gracefully needs feature gate GracefulEviction")]
    GracefulEvictionDisabled,
    /// State is to be preserved, and the cluster has not reported any.
    #[error("the application status has not yet been collected from Cluster({cluster})")]
    NoStatus {
        /// The cluster.
        cluster: String,
    },
    /// The status to take state from is no JSON.
    #[error("the status is no JSON: {reason}")]
    MalformedStatus {
        /// What is wrong with it.
        reason: String,
    },
    /// A value of the state cannot be read from the status.
    #[error("state for label {label:?}")]
    State {
        /// The label.
        label: String,
        /// What went wrong.
        source: JsonPathError,
    },
}

/// Whether somebody has to look after the health of a workload: its policy says what to do when it fails, what it depends
/// on goes with it, clusters report on it, and its health can be told (`interprets_health`).
#[must_use]
pub fn watches_application(
    spec: &ResourceBindingSpec,
    aggregated_status: &[AggregatedStatusItem],
    interprets_health: bool,
) -> bool {
    let behavior = spec.failover.as_ref();
    behavior.is_some_and(|failover| failover.application.is_some())
        && !aggregated_status.is_empty()
        && interprets_health
        && spec.propagate_deps
}

/// How a workload is doing on the clusters that report it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health<'a> {
    /// The clusters where it is unhealthy, those it is leaving already left out.
    pub unhealthy: Vec<&'a str>,
    /// The clusters where it is healthy, or nobody can tell.
    pub others: Vec<&'a str>,
}

/// Sorts out where a workload is unhealthy. Both lists are in the order of the reports; clusters that say nothing about
/// health are in neither.
#[must_use]
pub fn distinguish_unhealthy<'a>(
    aggregated_status: &'a [AggregatedStatusItem],
    spec: &ResourceBindingSpec,
) -> Health<'a> {
    let mut health = Health::default();
    for item in aggregated_status {
        let cluster = item.cluster_name.as_str();
        match item.health {
            Some(ResourceHealth::Unhealthy) if !spec.cluster_in_graceful_eviction_tasks(cluster) => {
                health.unhealthy.push(cluster);
            }
            Some(ResourceHealth::Healthy | ResourceHealth::Unknown) => health.others.push(cluster),
            _ => {}
        }
    }
    health
}

/// What is to be done about unhealthy clusters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureDetection {
    /// Clusters the workload has been unhealthy on for too long: it is to leave them.
    pub due: Vec<String>,
    /// When to look again because of the others.
    pub retry_after: Option<Duration>,
    /// Since when the workload is unhealthy on which cluster: the memory for the next look.
    pub memory: BTreeMap<String, Timestamp>,
}

/// Decides where a workload has been unhealthy for longer than is tolerated.
///
/// `memory` is that of the last look, empty at first. The time runs from the first look at which the cluster was
/// unhealthy; one that is no longer unhealthy, or no longer chosen, is forgotten.
#[must_use]
pub fn detect_failure(
    memory: &BTreeMap<String, Timestamp>,
    unhealthy: &[&str],
    clusters: &[TargetCluster],
    toleration: Duration,
    now: Timestamp,
) -> FailureDetection {
    let toleration = SignedDuration::try_from(toleration).unwrap_or(SignedDuration::MAX);
    let chosen: BTreeSet<&str> = clusters.iter().map(|target| target.name.as_str()).collect();
    let mut detection = FailureDetection::default();
    for cluster in unhealthy
        .iter()
        .copied()
        .filter(|cluster| chosen.contains(cluster))
    {
        let since = memory.get(cluster).copied().unwrap_or(now);
        if detection.memory.insert(cluster.to_owned(), since).is_some() {
            continue;
        }
        let end = since.saturating_add(toleration).unwrap_or(Timestamp::MAX);
        if now > end {
            detection.due.push(cluster.to_owned());
        } else {
            let left = end.duration_since(now).try_into().unwrap_or_default();
            detection.retry_after = Some(detection.retry_after.map_or(left, |earliest| earliest.min(left)));
        }
    }
    detection
}

/// How a workload leaves a cluster on which it failed, as the policy wants it.
///
/// With [`Feature::StatefulFailoverInjection`], and rules for what to preserve, the state that the cluster reported last
/// and the clusters the workload had before go along.
///
/// # Errors
/// [`FailoverError`] when the policy cannot be followed; the workload then stays.
pub fn application_eviction_options(
    behavior: &ApplicationFailoverBehavior,
    aggregated_status: &[AggregatedStatusItem],
    cluster: &str,
    producer: &str,
    clusters_before_failover: &[String],
    gates: FeatureGates,
) -> Result<EvictionOptions, FailoverError> {
    let mut options = EvictionOptions {
        purge_mode: behavior.purge_mode.clone(),
        producer: producer.to_owned(),
        reason: conditions::EVICTION_REASON_APPLICATION_FAILURE.to_owned(),
        ..EvictionOptions::default()
    };
    if gates.enabled(Feature::StatefulFailoverInjection)
        && let Some(preservation) = behavior
            .state_preservation
            .as_ref()
            .filter(|it| !it.rules.is_empty())
    {
        options.preserved_label_state = preserved_state_of(preservation, aggregated_status, cluster)?;
        options.clusters_before_failover = clusters_before_failover.to_vec();
    }
    match behavior.purge_mode {
        Some(PurgeMode::Gracefully) if !gates.enabled(Feature::GracefulEviction) => {
            return Err(FailoverError::GracefulEvictionDisabled);
        }
        Some(PurgeMode::Gracefully) => options.grace_period_seconds = behavior.grace_period_seconds,
        Some(PurgeMode::Never) => options.suppress_deletion = Some(true),
        _ => {}
    }
    Ok(options)
}

/// How a workload leaves a cluster with taints it does not tolerate: as its policy says, if that says anything about
/// failing clusters; else as the flag says (`--no-execute-taint-eviction-purge-mode`).
#[must_use]
pub fn cluster_purge_mode(failover: Option<&FailoverBehavior>, flag: &PurgeMode) -> PurgeMode {
    match failover.and_then(|failover| failover.cluster.as_ref()) {
        Some(cluster) => cluster.purge_mode.clone().unwrap_or(PurgeMode::Gracefully),
        None if *flag == PurgeMode::Directly => PurgeMode::Directly,
        None => PurgeMode::Gracefully,
    }
}

/// How a workload leaves a cluster with taints it does not tolerate.
///
/// # Errors
/// [`FailoverError`] when state is to be preserved and cannot be; the workload then stays.
pub fn cluster_eviction_options(
    failover: Option<&FailoverBehavior>,
    flag: &PurgeMode,
    aggregated_status: &[AggregatedStatusItem],
    cluster: &str,
    gates: FeatureGates,
) -> Result<EvictionOptions, FailoverError> {
    let preservation = failover
        .filter(|_| gates.enabled(Feature::StatefulFailoverInjection))
        .and_then(|failover| failover.cluster.as_ref()?.state_preservation.as_ref());
    let preserved_label_state = match preservation {
        Some(preservation) => preserved_state_of(preservation, aggregated_status, cluster)?,
        None => BTreeMap::new(),
    };
    Ok(EvictionOptions {
        purge_mode: Some(cluster_purge_mode(failover, flag)),
        producer: conditions::EVICTION_PRODUCER_TAINT_MANAGER.to_owned(),
        reason: conditions::EVICTION_REASON_TAINT_UNTOLERATED.to_owned(),
        preserved_label_state,
        ..EvictionOptions::default()
    })
}

/// What of a workload's state in a cluster is preserved, out of what the cluster reported. Nothing without rules.
///
/// # Errors
/// [`FailoverError::NoStatus`] when the cluster reported nothing, [`FailoverError::State`] when a value is not there.
pub fn preserved_state_of(
    preservation: &StatePreservation,
    aggregated_status: &[AggregatedStatusItem],
    cluster: &str,
) -> Result<BTreeMap<String, String>, FailoverError> {
    if preservation.rules.is_empty() {
        return Ok(BTreeMap::new());
    }
    let item = aggregated_status.iter().find(|item| item.cluster_name == cluster);
    let status = item.and_then(|item| item.status.as_ref());
    let status = status.ok_or_else(|| FailoverError::NoStatus {
        cluster: cluster.to_owned(),
    })?;
    preservation
        .rules
        .iter()
        .map(|rule| preserved(rule, status))
        .collect()
}

/// What the rules read from a status in text form, by label. Without rules the text is not looked at.
///
/// Of several rules for a label the last counts. Numbers become floating-point numbers, as upstream.
///
/// # Errors
/// [`FailoverError::MalformedStatus`] when the text is no JSON, [`FailoverError::State`] when a value is not there.
pub fn preserved_label_state(
    preservation: &StatePreservation,
    raw_status: &str,
) -> Result<BTreeMap<String, String>, FailoverError> {
    if preservation.rules.is_empty() {
        return Ok(BTreeMap::new());
    }
    let status: Value = serde_json::from_str(raw_status).map_err(|error| FailoverError::MalformedStatus {
        reason: error.to_string(),
    })?;
    preservation
        .rules
        .iter()
        .map(|rule| preserved(rule, &status))
        .collect()
}

fn preserved(rule: &StatePreservationRule, status: &Value) -> Result<(String, String), FailoverError> {
    let value = JsonPath::parse(&rule.json_path).and_then(|path| path.evaluate(status));
    let value = value.map_err(|source| FailoverError::State {
        label: rule.alias_label_name.clone(),
        source,
    })?;
    Ok((rule.alias_label_name.clone(), value))
}

/// The labels that the copy in a cluster gets from the state preserved in the copy it replaces.
///
/// Only when it is the one cluster chosen, the latest eviction purges directly, so that the old copy has stopped, and
/// the workload was not in the cluster before.
#[must_use]
pub fn injected_labels<'a>(
    cluster: &str,
    targets: &[TargetCluster],
    tasks: &'a [GracefulEvictionTask],
) -> Option<&'a BTreeMap<String, String>> {
    let task = tasks.last()?;
    let injects = targets.len() == 1
        && task.purge_mode == Some(PurgeMode::Directly)
        && !task
            .clusters_before_failover
            .iter()
            .any(|before| before == cluster);
    injects.then_some(&task.preserved_label_state)
}

#[cfg(test)]
mod tests;
