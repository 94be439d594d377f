//! Which plugins, stages and estimators make a decision.

use std::sync::Arc;

use crate::assign::{AssignStage, StrategyAssignment};
use crate::corrections::Corrections;
use crate::estimate::{GeneralEstimator, ReplicaEstimator};
use crate::framework::{FilterPlugin, ScorePlugin};
use crate::plugins;
use crate::select::{SelectStage, SpreadSelection};
use crate::spread::{LimitedAssignment, SpreadOptions, TopologySelection};

/// One plugin: a filter, a score, or both under one name.
#[derive(Clone, Debug)]
struct Plugin {
    name: String,
    filter: Option<Arc<dyn FilterPlugin>>,
    score: Option<Arc<dyn ScorePlugin>>,
}

/// Why plugins cannot be registered or removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The name is taken.
    #[error("a plugin named {0} already exists")]
    Exists(String),
    /// There is no such plugin.
    #[error("no plugin named {0} exists")]
    Missing(String),
}

/// Why there is no profile to decide by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no profile named {0}")]
pub struct UnknownProfile(pub String);

/// The plugins there are (`karmada:pkg/scheduler/framework/runtime/registry.go`), in the order in which they run:
/// the in-tree ones, then others as they were registered.
///
/// Upstream's order is that of a map, and differs from run to run; here it is fixed.
///
/// ```
/// use karmada_scheduler::Registry;
/// let registry = Registry::in_tree().select(&["*", "-ClusterLocality"]);
/// assert!(registry.names().contains(&"TaintToleration"));
/// assert!(!registry.names().contains(&"ClusterLocality"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Registry {
    plugins: Vec<Plugin>,
}

impl Registry {
    /// No plugins.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The in-tree plugins. The two for workload affinity do nothing unless the feature `WorkloadAffinity` is on.
    #[must_use]
    pub fn in_tree() -> Self {
        let filters: Vec<Arc<dyn FilterPlugin>> = vec![
            Arc::new(plugins::ApiEnablement),
            Arc::new(plugins::TaintToleration),
            Arc::new(plugins::ClusterAffinity),
            Arc::new(plugins::SpreadConstraint),
            Arc::new(plugins::ClusterEviction),
            Arc::new(plugins::WorkloadAntiAffinity),
            Arc::new(plugins::WorkloadAffinity),
        ];
        let scores: Vec<Arc<dyn ScorePlugin>> = vec![
            Arc::new(plugins::ClusterAffinity),
            Arc::new(plugins::ClusterLocality),
        ];
        let mut registry = Self::new();
        for filter in filters {
            let name = filter.name().to_owned();
            registry.entry(name).filter = Some(filter);
        }
        for score in scores {
            let name = score.name().to_owned();
            registry.entry(name).score = Some(score);
        }
        registry
    }

    fn entry(&mut self, name: String) -> &mut Plugin {
        let position = self.plugins.iter().position(|plugin| plugin.name == name);
        let position = position.unwrap_or(self.plugins.len());
        if position == self.plugins.len() {
            self.plugins.push(Plugin {
                name,
                filter: None,
                score: None,
            });
        }
        #[allow(
            clippy::indexing_slicing,
            reason = "the position was found or has just been filled"
        )]
        &mut self.plugins[position]
    }

    /// Registers a filter.
    ///
    /// # Errors
    /// [`RegistryError::Exists`] when there is a filter of that name.
    pub fn register_filter(&mut self, plugin: impl FilterPlugin + 'static) -> Result<(), RegistryError> {
        let name = plugin.name().to_owned();
        let entry = self.entry(name.clone());
        if entry.filter.is_some() {
            return Err(RegistryError::Exists(name));
        }
        entry.filter = Some(Arc::new(plugin));
        Ok(())
    }

    /// Registers a score plugin.
    ///
    /// # Errors
    /// [`RegistryError::Exists`] when there is a score plugin of that name.
    pub fn register_score(&mut self, plugin: impl ScorePlugin + 'static) -> Result<(), RegistryError> {
        let name = plugin.name().to_owned();
        let entry = self.entry(name.clone());
        if entry.score.is_some() {
            return Err(RegistryError::Exists(name));
        }
        entry.score = Some(Arc::new(plugin));
        Ok(())
    }

    /// Removes the plugin of that name.
    ///
    /// # Errors
    /// [`RegistryError::Missing`] when there is none.
    pub fn unregister(&mut self, name: &str) -> Result<(), RegistryError> {
        let before = self.plugins.len();
        self.plugins.retain(|plugin| plugin.name != name);
        if self.plugins.len() == before {
            return Err(RegistryError::Missing(name.to_owned()));
        }
        Ok(())
    }

    /// Adds the plugins of another registry behind its own.
    ///
    /// # Errors
    /// [`RegistryError::Exists`] when both have a plugin of the same name; those before it were added.
    pub fn merge(&mut self, other: Self) -> Result<(), RegistryError> {
        for plugin in other.plugins {
            if self.plugins.iter().any(|known| known.name == plugin.name) {
                return Err(RegistryError::Exists(plugin.name));
            }
            self.plugins.push(plugin);
        }
        Ok(())
    }

    /// The names of the plugins, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.plugins.iter().map(|plugin| plugin.name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// The plugins a list as of the flag `--plugins` enables: all if it has `*` anywhere; then from left to right a
    /// name adds a plugin, and `-name` removes it.
    ///
    /// A removal that comes before there is anything to remove does nothing, and neither does an unknown name.
    #[must_use]
    pub fn select<S: AsRef<str>>(&self, list: &[S]) -> Self {
        let mut enabled = vec![list.iter().any(|item| item.as_ref() == "*"); self.plugins.len()];
        for item in list {
            let item = item.as_ref();
            let (name, enable) = match item.strip_prefix('-') {
                Some(rest) => (rest.trim_start_matches('-'), false),
                None => (item, true),
            };
            // A plugin whose own name begins with a dash is added by it, as upstream does.
            let exact = self.plugins.iter().position(|plugin| plugin.name == item);
            for (index, (plugin, cell)) in self.plugins.iter().zip(&mut enabled).enumerate() {
                if exact == Some(index) {
                    *cell = true;
                } else if exact.is_none() && plugin.name == name {
                    *cell = enable;
                }
            }
        }
        let kept = self.plugins.iter().zip(&enabled).filter(|(_, enabled)| **enabled);
        Self {
            plugins: kept.map(|(plugin, _)| plugin.clone()).collect(),
        }
    }
}

/// Which plugins, stages and estimators make a decision.
///
/// [`Profile::karmada`] reproduces upstream's decisions, known defects included, except where upstream panics,
/// overflows, does not end or depends on the order of a map.
#[derive(Clone, Debug)]
pub struct Profile {
    name: String,
    pub(crate) filters: Vec<Arc<dyn FilterPlugin>>,
    pub(crate) scores: Vec<Arc<dyn ScorePlugin>>,
    pub(crate) estimators: Vec<Arc<dyn ReplicaEstimator>>,
    pub(crate) remote_estimators: Vec<String>,
    pub(crate) select: Arc<dyn SelectStage>,
    pub(crate) assign: Arc<dyn AssignStage>,
    corrections: Corrections,
}

impl Default for Profile {
    fn default() -> Self {
        Self::karmada()
    }
}

impl Profile {
    /// Upstream's decisions.
    #[must_use]
    pub fn karmada() -> Self {
        Self::new("karmada", &Registry::in_tree())
    }

    /// Upstream's decisions, with the defects of upstream [corrected](Corrections) that concern a decision.
    ///
    /// Where none of them is touched the decision is that of [`karmada`](Self::karmada). Each is listed in
    /// `docs/compatibility.md` with what happens instead; to have only some, give [`karmada`](Self::karmada) those by
    /// [`with_corrections`](Self::with_corrections).
    ///
    /// # Example
    /// A limit on clusters that was never set is none:
    /// ```
    /// use karmada_core::api::{cluster::v1alpha1::*, policy::v1alpha1::*, work::v1alpha2::*};
    /// use karmada_scheduler::{Options, Profile, Snapshot, schedule};
    /// # let mut clusters = ["member1", "member2"].map(Cluster::named);
    /// # for cluster in &mut clusters {
    /// #     let resources = vec![ApiResource { name: "deployments".into(), kind: "Deployment".into() }];
    /// #     cluster.status.api_enablements.push(ApiEnablement { group_version: "apps/v1".into(), resources });
    /// # }
    /// # let mut spec = ResourceBindingSpec { replicas: 2, ..Default::default() };
    /// # spec.resource.api_version = "apps/v1".into();
    /// # spec.resource.kind = "Deployment".into();
    /// # let (snapshot, status) = (Snapshot::build(&clusters, [])?, ResourceBindingStatus::default());
    /// let mut placement = Placement::new();
    /// placement.spread_constraints = vec![SpreadConstraint {
    ///     spread_by_field: Some(SpreadFieldValue::Cluster),
    ///     min_groups: 2,
    ///     ..SpreadConstraint::default()
    /// }];
    /// spec.placement = Some(placement);
    ///
    /// let as_upstream = schedule(&snapshot, &spec, &status, &Options::default());
    /// assert_eq!(as_upstream.unwrap_err().to_string(), "failed to assign replicas: no clusters available to schedule");
    ///
    /// let corrected = Options { profile: Profile::corrected().into(), ..Options::default() };
    /// let decision = schedule(&snapshot, &spec, &status, &corrected)?;
    /// assert_eq!(decision.iter().collect::<Vec<_>>(), [("member1", 2), ("member2", 2)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn corrected() -> Self {
        Self::new("corrected", &Registry::in_tree()).with_corrections(Corrections::all())
    }

    /// Spread constraints over cluster, region, provider, zone and labels that hold together; upstream's defects
    /// [corrected](Self::corrected).
    ///
    /// [`TopologySelection`] says which clusters are chosen and
    /// [`LimitedAssignment`] how replicas are divided; `docs/spread-profile.md` puts the two together.
    ///
    /// # Example
    /// Two regions, and three zones together, in no more than three clusters:
    /// ```
    /// use karmada_core::api::{cluster::v1alpha1::*, policy::v1alpha1::*, work::v1alpha2::*};
    /// use karmada_scheduler::{Options, Profile, Snapshot, schedule};
    /// let fleet = [("m1", "eu", "eu-a"), ("m2", "eu", "eu-a"), ("m3", "eu", "eu-b"), ("m4", "us", "us-a")];
    /// let clusters = fleet.map(|(name, region, zone)| {
    ///     let mut cluster = Cluster::named(name);
    ///     cluster.spec.region = region.into();
    ///     cluster.spec.zones = vec![zone.into()];
    /// #   let resources = vec![ApiResource { name: "deployments".into(), kind: "Deployment".into() }];
    /// #   cluster.status.api_enablements.push(ApiEnablement { group_version: "apps/v1".into(), resources });
    ///     cluster
    /// });
    /// # let mut spec = ResourceBindingSpec { replicas: 5, ..Default::default() };
    /// # spec.resource.api_version = "apps/v1".into();
    /// # spec.resource.kind = "Deployment".into();
    /// # let (snapshot, status) = (Snapshot::build(&clusters, [])?, ResourceBindingStatus::default());
    /// spec.placement = Some(
    ///     Placement::new()
    ///         .spread(SpreadConstraint::by_field(SpreadFieldValue::Region, 2, 2))
    ///         .spread(SpreadConstraint::by_field(SpreadFieldValue::Zone, 3, 3))
    ///         .spread(SpreadConstraint::by_field(SpreadFieldValue::Cluster, 1, 3)),
    /// );
    /// let options = Options { profile: Profile::spread().into(), ..Options::default() };
    /// let decision = schedule(&snapshot, &spec, &status, &options)?;
    /// assert_eq!(decision.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["m1", "m3", "m4"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn spread() -> Self {
        Self::spread_with(SpreadOptions::default())
    }

    /// The same with limits on what each cluster gets, and weights of regions.
    ///
    /// # Example
    /// Nobody gets more than 4 replicas, and both regions get half of them:
    /// ```
    /// use karmada_core::api::{cluster::v1alpha1::*, policy::v1alpha1::*, work::v1alpha2::*};
    /// use karmada_scheduler::{Options, Profile, RegionWeights, Snapshot, SpreadOptions, schedule};
    /// # let clusters = [("m1", "eu"), ("m2", "eu"), ("m3", "eu"), ("m4", "us")].map(|(name, region)| {
    /// #     let mut cluster = Cluster::named(name);
    /// #     cluster.spec.region = region.into();
    /// #     let resources = vec![ApiResource { name: "deployments".into(), kind: "Deployment".into() }];
    /// #     cluster.status.api_enablements.push(ApiEnablement { group_version: "apps/v1".into(), resources });
    /// #     cluster
    /// # });
    /// # let mut spec = ResourceBindingSpec { replicas: 8, ..Default::default() };
    /// # spec.resource.api_version = "apps/v1".into();
    /// # spec.resource.kind = "Deployment".into();
    /// # let (snapshot, status) = (Snapshot::build(&clusters, [])?, ResourceBindingStatus::default());
    /// let spread = SpreadOptions::new().at_least_one().max_replicas(4).region_weights(RegionWeights::equal());
    /// let options = Options { profile: Profile::spread_with(spread).into(), ..Options::default() };
    /// // Three clusters in one region, one in another; equal weights.
    /// spec.placement = Some(Placement::new().replicas(ReplicaSchedulingStrategy::static_weight([])));
    /// let decision = schedule(&snapshot, &spec, &status, &options)?;
    /// assert_eq!(decision.iter().collect::<Vec<_>>(), [("m1", 2), ("m2", 1), ("m3", 1), ("m4", 4)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn spread_with(options: SpreadOptions) -> Self {
        let mut profile = Self::new("spread", &Registry::in_tree());
        profile.filters.push(Arc::new(plugins::SpreadLabel));
        profile
            .with_corrections(Corrections::all())
            .with_select(TopologySelection::new(options.clone()))
            .with_assign(LimitedAssignment::new(options))
    }

    /// The profile of that name, for hosts that read it from a file: `karmada`, `corrected` or `spread`.
    ///
    /// # Errors
    /// [`UnknownProfile`] for any other name.
    ///
    /// ```
    /// use karmada_scheduler::Profile;
    /// assert_eq!(Profile::by_name("corrected")?.name(), "corrected");
    /// assert_eq!(Profile::by_name("best").unwrap_err().to_string(), "there is no profile named best");
    /// # Ok::<(), karmada_scheduler::UnknownProfile>(())
    /// ```
    pub fn by_name(name: &str) -> Result<Self, UnknownProfile> {
        match name {
            "karmada" => Ok(Self::karmada()),
            "corrected" => Ok(Self::corrected()),
            "spread" => Ok(Self::spread()),
            _ => Err(UnknownProfile(name.to_owned())),
        }
    }

    /// A profile with these plugins, and the in-tree stages and estimator.
    #[must_use]
    pub fn new(name: impl Into<String>, registry: &Registry) -> Self {
        let plugins = &registry.plugins;
        Self {
            name: name.into(),
            filters: plugins
                .iter()
                .filter_map(|plugin| plugin.filter.clone())
                .collect(),
            scores: plugins.iter().filter_map(|plugin| plugin.score.clone()).collect(),
            estimators: vec![Arc::new(GeneralEstimator)],
            remote_estimators: Vec::new(),
            select: Arc::new(SpreadSelection),
            assign: Arc::new(StrategyAssignment),
            corrections: Corrections::none(),
        }
    }

    /// What the profile is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which of upstream's defects are corrected.
    #[must_use]
    pub fn corrections(&self) -> Corrections {
        self.corrections
    }

    /// Corrects these of upstream's defects and no others.
    #[must_use]
    pub fn with_corrections(mut self, corrections: Corrections) -> Self {
        self.corrections = corrections;
        self
    }

    /// Asks another estimator as well: the smallest estimate counts.
    #[must_use]
    pub fn with_estimator(mut self, estimator: impl ReplicaEstimator + 'static) -> Self {
        self.estimators.push(Arc::new(estimator));
        self
    }

    /// Asks these estimators and no others.
    #[must_use]
    pub fn with_only_estimators(mut self, estimators: Vec<Arc<dyn ReplicaEstimator>>) -> Self {
        self.estimators = estimators;
        self
    }

    /// Has the host ask an estimator that is not in this process: a [`Session`](crate::Session) stops for it.
    #[must_use]
    pub fn with_remote_estimator(mut self, name: impl Into<String>) -> Self {
        self.remote_estimators.push(name.into());
        self
    }

    /// Selects clusters another way.
    #[must_use]
    pub fn with_select(mut self, stage: impl SelectStage + 'static) -> Self {
        self.select = Arc::new(stage);
        self
    }

    /// Divides replicas another way.
    #[must_use]
    pub fn with_assign(mut self, stage: impl AssignStage + 'static) -> Self {
        self.assign = Arc::new(stage);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;
    use crate::{ClusterId, ClusterSet, Verdict};

    #[derive(Debug)]
    struct Named(&'static str);

    impl FilterPlugin for Named {
        fn name(&self) -> &str {
            self.0
        }
        fn filter(&self, _: &Context<'_>, _: &mut ClusterSet) {}
        fn verdict(&self, _: &Context<'_>, _: ClusterId) -> Verdict {
            Verdict::Pass
        }
    }

    fn registry() -> Registry {
        let mut registry = Registry::new();
        for name in ["foo", "bar"] {
            registry.register_filter(Named(name)).unwrap();
        }
        registry
    }

    #[test]
    fn lists_enable_and_disable() {
        fn check(list: &[&str], want: &[&str]) {
            assert_eq!(registry().select(list).names(), want, "{list:?}");
        }
        check(&["*"], &["bar", "foo"]);
        check(&["*", "-foo"], &["bar"]);
        check(&["-foo", "*"], &["bar"]);
        check(&["--foo", "*"], &["bar"]);
        check(&["-foo"], &[]);
        check(&["foo", "bar"], &["bar", "foo"]);
        check(&["-foo", "foo"], &["foo"]);
        check(&["foo", "-foo"], &[]);
        check(&["unknown"], &[]);
        check(&[], &[]);
    }

    #[test]
    fn names_are_unique() {
        let mut ours = registry();
        let exists = Err(RegistryError::Exists("foo".to_owned()));
        assert_eq!(ours.register_filter(Named("foo")), exists);
        assert_eq!(ours.merge(registry()), exists);
        assert_eq!(
            ours.unregister("baz"),
            Err(RegistryError::Missing("baz".to_owned()))
        );
        assert_eq!(ours.unregister("foo"), Ok(()));
        assert_eq!(ours.names(), ["bar"]);
    }

    #[test]
    fn in_tree_plugins_are_upstreams() {
        assert_eq!(
            Registry::in_tree().names(),
            [
                "APIEnablement",
                "ClusterAffinity",
                "ClusterEviction",
                "ClusterLocality",
                "SpreadConstraint",
                "TaintToleration",
                "WorkloadAffinity",
                "WorkloadAntiAffinity"
            ]
        );
    }
}
