//! The server side of the accurate estimator (`karmada:pkg/estimator/server`).

use std::sync::Arc;

use karmada_core::features::{Feature, FeatureGates};

use super::plugin::{Code, ComponentEstimation, EstimatorPlugin, PluginResult, ReplicaEstimation};
use super::request::{
    MaxAvailableComponentSetsRequest, MaxAvailableComponentSetsResponse, MaxAvailableReplicasRequest,
    MaxAvailableReplicasResponse,
};
use super::unschedulable::UnschedulableError;
use super::{MemberSnapshot, NodeResourceEstimator, ResourceQuotaEstimator};
use crate::Corrections;
use crate::fleet::AssumedWorkload;

/// Why an estimator has no answer. The texts are upstream's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccurateEstimatorError {
    /// The question is for another cluster.
    #[error("cluster name does not match, got: {got}, desire: {desire}")]
    Cluster {
        /// The cluster asked about.
        got: String,
        /// The estimator's cluster.
        desire: String,
    },
    /// A plugin failed while replicas were estimated.
    #[error("failed to estimate replicas: estimate replica plugins fails with {0}")]
    Replicas(PluginResult),
    /// A plugin failed while sets of components were estimated.
    #[error("failed to estimate component sets: estimate components plugins fails with {0}")]
    ComponentSets(PluginResult),
    /// Unschedulable replicas cannot be counted.
    #[error(transparent)]
    Unschedulable(UnschedulableError),
}

/// Answers for one cluster, from what is known of its nodes, pods and quotas.
///
/// The features `SchedulingOvercommitProtection` (whether assumed workloads count) and `ResourceQuotaEstimate` (whether
/// quotas count) are the estimator's own; whoever asks needs them as well. Upstream works on several nodes at a time;
/// here nothing is slow enough for that.
///
/// See [`MemberState`](super::MemberState) for an example.
#[derive(Clone, Debug)]
pub struct AccurateEstimator {
    cluster: String,
    features: FeatureGates,
    corrections: Corrections,
    /// `None` for those of the tree, which follow features and corrections.
    plugins: Option<Vec<Arc<dyn EstimatorPlugin>>>,
}

impl AccurateEstimator {
    /// The estimator of that cluster, with upstream's default features.
    #[must_use]
    pub fn new(cluster: impl Into<String>) -> Self {
        Self {
            cluster: cluster.into(),
            features: FeatureGates::default(),
            corrections: Corrections::none(),
            plugins: None,
        }
    }

    /// With these features.
    #[must_use]
    pub fn with_features(mut self, features: FeatureGates) -> Self {
        self.features = features;
        self
    }

    /// With these corrections.
    #[must_use]
    pub fn with_corrections(mut self, corrections: Corrections) -> Self {
        self.corrections = corrections;
        self
    }

    /// With these plugins instead of [`NodeResourceEstimator`] and [`ResourceQuotaEstimator`].
    #[must_use]
    pub fn with_only_plugins(mut self, plugins: Vec<Arc<dyn EstimatorPlugin>>) -> Self {
        self.plugins = Some(plugins);
        self
    }

    /// The cluster it answers for.
    #[must_use]
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// How many replicas there is room for: none without nodes.
    ///
    /// # Errors
    /// [`AccurateEstimatorError`] when the question is for another cluster, or a plugin fails.
    pub fn max_available_replicas(
        &self,
        snapshot: &MemberSnapshot,
        request: &MaxAvailableReplicasRequest,
    ) -> Result<MaxAvailableReplicasResponse, AccurateEstimatorError> {
        self.check_cluster(&request.cluster)?;
        let estimation = ReplicaEstimation {
            snapshot,
            requirements: request.replica_requirements.as_ref(),
            assumed_workloads: self.counted(&request.assumed_workloads),
        };
        let max_replicas = self
            .run(snapshot, |plugin| plugin.replicas(&estimation))
            .map_err(AccurateEstimatorError::Replicas)?;
        Ok(MaxAvailableReplicasResponse { max_replicas })
    }

    /// How many sets of components there is room for: none without nodes.
    ///
    /// # Errors
    /// [`AccurateEstimatorError`] when the question is for another cluster, or a plugin fails.
    pub fn max_available_component_sets(
        &self,
        snapshot: &MemberSnapshot,
        request: &MaxAvailableComponentSetsRequest,
    ) -> Result<MaxAvailableComponentSetsResponse, AccurateEstimatorError> {
        self.check_cluster(&request.cluster)?;
        let estimation = ComponentEstimation {
            snapshot,
            components: &request.components,
            namespace: &request.namespace,
            assumed_workloads: self.counted(&request.assumed_workloads),
        };
        let max_sets = self
            .run(snapshot, |plugin| plugin.component_sets(&estimation))
            .map_err(AccurateEstimatorError::ComponentSets)?;
        Ok(MaxAvailableComponentSetsResponse { max_sets })
    }

    pub(super) fn check_cluster(&self, got: &str) -> Result<(), AccurateEstimatorError> {
        if got == self.cluster {
            return Ok(());
        }
        Err(AccurateEstimatorError::Cluster {
            got: got.to_owned(),
            desire: self.cluster.clone(),
        })
    }

    fn counted<'a>(&self, assumed: &'a [Arc<AssumedWorkload>]) -> &'a [Arc<AssumedWorkload>] {
        if self.features.enabled(Feature::SchedulingOvercommitProtection) {
            assumed
        } else {
            &[]
        }
    }

    /// The smallest number of the plugins, or their results if one of them failed.
    fn run(
        &self,
        snapshot: &MemberSnapshot,
        ask: impl Fn(&dyn EstimatorPlugin) -> (i32, PluginResult),
    ) -> Result<i32, PluginResult> {
        if snapshot.is_empty() {
            return Ok(0);
        }
        let quota = ResourceQuotaEstimator::new(
            self.features.enabled(Feature::ResourceQuotaEstimate),
            self.corrections,
        );
        let answers: Vec<(i32, PluginResult)> = match &self.plugins {
            None => vec![ask(&NodeResourceEstimator), ask(&quota)],
            Some(plugins) => plugins.iter().map(|plugin| ask(&**plugin)).collect(),
        };
        let counts = |code| matches!(code, Code::Success | Code::Unschedulable);
        let numbers = answers
            .iter()
            .filter(|(_, result)| counts(result.code))
            .map(|(number, _)| *number);
        let number = numbers.min().unwrap_or(i32::MAX);
        let merged = PluginResult::merge(answers.into_iter().map(|(_, result)| result));
        match merged.code {
            Code::Error => Err(merged),
            Code::Unschedulable => Ok(0),
            Code::Success | Code::NoOperation => Ok(number),
        }
    }
}
