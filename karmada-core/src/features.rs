//! Feature gates, as a value that is passed around (`karmada:pkg/features/features.go`).

use std::fmt;

/// How settled a feature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Off unless asked for.
    Alpha,
    /// Mostly on.
    Beta,
}

macro_rules! features {
    ($($(#[$meta:meta])* $feature:ident = $name:literal, $default:literal, $stage:ident;)+) => {
        /// Something that can be switched on or off.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Feature {
            $($(#[$meta])* $feature,)+
        }

        impl Feature {
            /// Every feature.
            pub const ALL: &'static [Self] = &[$(Self::$feature),+];

            /// Upstream's name of the gate.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$feature => $name,)+
                }
            }

            /// Whether it is on when nobody says otherwise.
            #[must_use]
            pub fn default_enabled(self) -> bool {
                match self {
                    $(Self::$feature => $default,)+
                }
            }

            /// How settled it is.
            #[must_use]
            pub fn stage(self) -> Stage {
                match self {
                    $(Self::$feature => Stage::$stage,)+
                }
            }
        }
    };
}

features! {
    /// Moving workloads away from clusters that fail.
    Failover = "Failover", false, Beta;
    /// Removing a workload from a cluster only once it runs elsewhere.
    GracefulEviction = "GracefulEviction", true, Beta;
    /// Sending along what a resource depends on.
    PropagateDeps = "PropagateDeps", true, Beta;
    /// Counting a cluster's nodes by size.
    CustomizedClusterResourceModeling = "CustomizedClusterResourceModeling", true, Beta;
    /// Taking resources over from policies of lower priority.
    PropagationPolicyPreemption = "PropagationPolicyPreemption", false, Alpha;
    /// Services across clusters.
    MultiClusterService = "MultiClusterService", false, Alpha;
    /// Asking members' quotas for what fits.
    ResourceQuotaEstimate = "ResourceQuotaEstimate", false, Alpha;
    /// Giving a moved workload something of its old state.
    StatefulFailoverInjection = "StatefulFailoverInjection", false, Alpha;
    /// Scheduling bindings of higher priority first.
    PriorityBasedScheduling = "PriorityBasedScheduling", true, Beta;
    /// Refusing what goes over a FederatedResourceQuota.
    FederatedQuotaEnforcement = "FederatedQuotaEnforcement", false, Alpha;
    /// Workloads with several pod templates.
    MultiplePodTemplatesScheduling = "MultiplePodTemplatesScheduling", false, Alpha;
    /// Controllers that deal with changes before resynchronisation.
    ControllerPriorityQueue = "ControllerPriorityQueue", true, Beta;
    /// Keeping workloads together or apart.
    WorkloadAffinity = "WorkloadAffinity", false, Alpha;
    /// Counting replicas that are on their way to a cluster.
    SchedulingOvercommitProtection = "SchedulingOvercommitProtection", false, Alpha;
    /// Options for logs that may change. Known for its name; it decides nothing here.
    LoggingAlphaOptions = "LoggingAlphaOptions", false, Alpha;
    /// Options for logs. Known for its name; it decides nothing here.
    LoggingBetaOptions = "LoggingBetaOptions", true, Beta;
    /// Logs with context. Known for its name; it decides nothing here.
    ContextualLogging = "ContextualLogging", true, Beta;
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why feature gates cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeatureGatesError {
    /// There is no such feature.
    #[error("unknown feature gate {name:?}")]
    Unknown {
        /// The name.
        name: String,
    },
    /// An entry is not `NAME=true` or `NAME=false`.
    #[error("feature gate {entry:?} must be NAME=true or NAME=false")]
    Malformed {
        /// The entry.
        entry: String,
    },
}

/// Which features are on.
///
/// ```
/// use karmada_core::features::{Feature, FeatureGates};
/// let gates = FeatureGates::default().with(Feature::Failover, true);
/// assert!(gates.enabled(Feature::Failover) && gates.enabled(Feature::GracefulEviction));
/// assert_eq!(FeatureGates::parse("Failover=true")?, gates);
/// # Ok::<(), karmada_core::features::FeatureGatesError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FeatureGates {
    /// One bit per feature, by its place in the enum.
    enabled: u32,
}

impl FeatureGates {
    /// Whether a feature is on.
    #[must_use]
    pub fn enabled(self, feature: Feature) -> bool {
        self.enabled & bit(feature) != 0
    }

    /// The same gates with one feature switched.
    #[must_use]
    pub fn with(mut self, feature: Feature, enabled: bool) -> Self {
        if enabled {
            self.enabled |= bit(feature);
        } else {
            self.enabled &= !bit(feature);
        }
        self
    }

    /// The same gates with some switched by name; `AllAlpha` and `AllBeta` switch every feature of that stage that is
    /// not named itself.
    ///
    /// # Errors
    /// [`FeatureGatesError::Unknown`] for a name that is no feature's.
    pub fn with_names<'a>(
        mut self,
        names: impl IntoIterator<Item = (&'a str, bool)> + Clone,
    ) -> Result<Self, FeatureGatesError> {
        for (name, enabled) in names.clone() {
            let stage = match name {
                "AllAlpha" => Stage::Alpha,
                "AllBeta" => Stage::Beta,
                _ => continue,
            };
            for feature in Feature::ALL.iter().filter(|feature| feature.stage() == stage) {
                self = self.with(*feature, enabled);
            }
        }
        for (name, enabled) in names {
            match Feature::ALL.iter().find(|feature| feature.name() == name) {
                Some(feature) => self = self.with(*feature, enabled),
                None if matches!(name, "AllAlpha" | "AllBeta") => {}
                None => {
                    return Err(FeatureGatesError::Unknown {
                        name: name.to_owned(),
                    });
                }
            }
        }
        Ok(self)
    }

    /// The default gates as changed by a list as in `--feature-gates`: `Failover=true,PropagateDeps=false`.
    ///
    /// # Errors
    /// [`FeatureGatesError`] for the first entry that cannot be read or is unknown.
    pub fn parse(text: &str) -> Result<Self, FeatureGatesError> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let read = |entry: &'_ str| {
            let malformed = || FeatureGatesError::Malformed {
                entry: entry.to_owned(),
            };
            let (name, value) = entry.split_once('=').ok_or_else(malformed)?;
            Ok((
                name.trim().to_owned(),
                value.trim().parse().map_err(|_| malformed())?,
            ))
        };
        let names = entries.map(read).collect::<Result<Vec<(String, bool)>, _>>()?;
        Self::default().with_names(names.iter().map(|(name, enabled)| (name.as_str(), *enabled)))
    }
}

fn bit(feature: Feature) -> u32 {
    1 << feature as u32
}

/// Upstream's defaults.
impl Default for FeatureGates {
    fn default() -> Self {
        Feature::ALL.iter().fold(Self { enabled: 0 }, |gates, feature| {
            gates.with(*feature, feature.default_enabled())
        })
    }
}

impl fmt::Debug for FeatureGates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(
                Feature::ALL
                    .iter()
                    .map(|feature| (feature, self.enabled(*feature))),
            )
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_upstreams() {
        let gates = FeatureGates::default();
        let on: Vec<&str> = Feature::ALL
            .iter()
            .filter(|feature| gates.enabled(**feature))
            .map(|feature| feature.name())
            .collect();
        assert_eq!(
            on,
            [
                "GracefulEviction",
                "PropagateDeps",
                "CustomizedClusterResourceModeling",
                "PriorityBasedScheduling",
                "ControllerPriorityQueue",
                "LoggingBetaOptions",
                "ContextualLogging",
            ]
        );
        assert!(Feature::ALL.len() <= 32, "one bit each");
    }

    #[test]
    fn reads_lists() {
        fn check(text: &str, changed: Result<&[(Feature, bool)], &str>) {
            let want = changed.map_err(str::to_owned).map(|changed| {
                changed
                    .iter()
                    .fold(FeatureGates::default(), |gates, (feature, on)| {
                        gates.with(*feature, *on)
                    })
            });
            assert_eq!(
                FeatureGates::parse(text).map_err(|error| error.to_string()),
                want,
                "{text}"
            );
        }
        check("", Ok(&[]));
        check("Failover=true", Ok(&[(Feature::Failover, true)]));
        check(
            " PropagateDeps=false , WorkloadAffinity = true,",
            Ok(&[(Feature::PropagateDeps, false), (Feature::WorkloadAffinity, true)]),
        );
        check("Failover=true,Failover=false", Ok(&[]));
        check(
            "Failover",
            Err(r#"feature gate "Failover" must be NAME=true or NAME=false"#),
        );
        check(
            "Failover=1",
            Err(r#"feature gate "Failover=1" must be NAME=true or NAME=false"#),
        );
        check("failover=true", Err(r#"unknown feature gate "failover""#));

        let alphas = FeatureGates::parse("MultiClusterService=false,AllAlpha=true").unwrap();
        for feature in Feature::ALL {
            let want = match feature {
                Feature::MultiClusterService => false,
                _ => feature.stage() == Stage::Alpha || feature.default_enabled(),
            };
            assert_eq!(alphas.enabled(*feature), want, "{feature}");
        }
    }
}
