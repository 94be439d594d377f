//! The changes an answer may be made of.

use std::fmt;

use karmada_core::api::cluster::v1alpha1::{AllocatableModeling, ApiEnablement, ApiResource, Cluster};
use karmada_core::api::meta::{NodeSelectorRequirement, ResourceList, Toleration};
use karmada_core::api::policy::v1alpha1::{ClusterAffinity, Placement, StaticClusterWeight};
use karmada_core::api::work::v1alpha2::ResourceBindingSpec;
use serde::{Deserialize, Serialize};

/// The kinds of edits, in the order in which they are preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EditKind {
    /// The placement tolerates a taint of the cluster.
    Toleration,
    /// A label of the cluster is set or removed.
    ClusterLabel,
    /// An affinity of the placement picks the cluster by name or by field.
    AffinityTerm,
    /// The cluster serves the kind.
    ApiEnablement,
    /// The workload is not on its way out of the cluster.
    Eviction,
    /// The cluster has more room.
    Capacity,
    /// The cluster has a larger fixed weight.
    Weight,
    /// A spread constraint asks for fewer or more groups.
    GroupLimits,
}

impl EditKind {
    /// All kinds, in their order.
    pub const ALL: [Self; 8] = [
        Self::Toleration,
        Self::ClusterLabel,
        Self::AffinityTerm,
        Self::ApiEnablement,
        Self::Eviction,
        Self::Capacity,
        Self::Weight,
        Self::GroupLimits,
    ];
}

/// One change of a cluster or of a binding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Edit {
    /// Adds a toleration to the placement.
    Tolerate {
        /// The toleration.
        toleration: Toleration,
    },
    /// Sets or removes a label of the cluster.
    Label {
        /// The label.
        key: String,
        /// Its value; absent removes it.
        value: Option<String>,
    },
    /// Changes an affinity of the placement.
    Affinity {
        /// Which one.
        affinity: AffinityRef,
        /// How.
        change: AffinityChange,
    },
    /// Has the cluster serve a kind.
    EnableApi {
        /// The group and version, as `apps/v1`.
        group_version: String,
        /// The kind.
        kind: String,
    },
    /// Drops the graceful eviction tasks from the cluster.
    StopEviction,
    /// Raises what the cluster can give to pods.
    Capacity {
        /// The replicas, or sets of components, it has room for then.
        room: i64,
        /// The resources that are raised, with their new amounts in `status.resourceSummary.allocatable`.
        allocatable: ResourceList,
        /// All nodes per grade of the cluster's resource models; empty where those do not change.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        modelings: Vec<AllocatableModeling>,
    },
    /// Adds a rule for the cluster to the static weight list. Where there is no rule yet all clusters weigh 1, and a
    /// rule that says so is added before it.
    Weight {
        /// The weight.
        weight: i64,
    },
    /// Sets `minGroups` of a spread constraint.
    MinGroups {
        /// The place of the constraint in the placement.
        constraint: usize,
        /// The minimum.
        groups: i64,
    },
    /// Sets `maxGroups` of a spread constraint.
    MaxGroups {
        /// The place of the constraint in the placement.
        constraint: usize,
        /// The maximum.
        groups: i64,
    },
}

/// An affinity of a placement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "in", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AffinityRef {
    /// `clusterAffinity`.
    ClusterAffinity,
    /// The term of `clusterAffinities` of this name.
    Term {
        /// Its name.
        name: String,
    },
    /// A group that helps out a term.
    Overflow {
        /// The name of the term.
        term: String,
        /// The place of the group in it.
        index: usize,
    },
}

/// How an affinity is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AffinityChange {
    /// The cluster is taken off `exclude`.
    NotExcluded,
    /// The cluster is added to `clusterNames`.
    Named,
    /// A requirement of the field selector is replaced, wherever it stands in it.
    Field {
        /// The requirement the cluster does not meet.
        requirement: NodeSelectorRequirement,
        /// What is there instead; absent removes it.
        becomes: Option<NodeSelectorRequirement>,
    },
}

impl AffinityRef {
    /// The affinity in a placement.
    #[must_use]
    pub fn get<'a>(&self, placement: &'a Placement) -> Option<&'a ClusterAffinity> {
        let terms = &placement.cluster_affinities;
        let term = |name: &str| terms.iter().find(|term| term.affinity_name == name);
        match self {
            Self::ClusterAffinity => placement.cluster_affinity.as_ref(),
            Self::Term { name } => Some(&term(name)?.affinity),
            Self::Overflow { term: name, index } => {
                Some(&term(name)?.overflow_affinities.get(*index)?.affinity)
            }
        }
    }

    fn get_mut<'a>(&self, placement: &'a mut Placement) -> Option<&'a mut ClusterAffinity> {
        let terms = &mut placement.cluster_affinities;
        match self {
            Self::ClusterAffinity => placement.cluster_affinity.as_mut(),
            Self::Term { name } => {
                let term = terms.iter_mut().find(|term| term.affinity_name == *name)?;
                Some(&mut term.affinity)
            }
            Self::Overflow { term: name, index } => {
                let term = terms.iter_mut().find(|term| term.affinity_name == *name)?;
                Some(&mut term.overflow_affinities.get_mut(*index)?.affinity)
            }
        }
    }
}

impl Edit {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> EditKind {
        match self {
            Self::Tolerate { .. } => EditKind::Toleration,
            Self::Label { .. } => EditKind::ClusterLabel,
            Self::Affinity { .. } => EditKind::AffinityTerm,
            Self::EnableApi { .. } => EditKind::ApiEnablement,
            Self::StopEviction => EditKind::Eviction,
            Self::Capacity { .. } => EditKind::Capacity,
            Self::Weight { .. } => EditKind::Weight,
            Self::MinGroups { .. } | Self::MaxGroups { .. } => EditKind::GroupLimits,
        }
    }

    /// Whether both set the same thing, so that only one of them can be made.
    #[must_use]
    pub fn conflicts_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Label { key, .. }, Self::Label { key: other, .. }) => key == other,
            (
                Self::Affinity { affinity, change },
                Self::Affinity {
                    affinity: other,
                    change: with,
                },
            ) => {
                affinity == other
                    && match (change, with) {
                        (
                            AffinityChange::Field { requirement, .. },
                            AffinityChange::Field {
                                requirement: other, ..
                            },
                        ) => requirement == other,
                        (change, with) => change == with,
                    }
            }
            (
                Self::MinGroups { constraint, .. },
                Self::MinGroups {
                    constraint: other, ..
                },
            )
            | (
                Self::MaxGroups { constraint, .. },
                Self::MaxGroups {
                    constraint: other, ..
                },
            ) => constraint == other,
            (Self::Capacity { .. }, Self::Capacity { .. }) | (Self::Weight { .. }, Self::Weight { .. }) => {
                true
            }
            _ => self == other,
        }
    }

    /// Whether it changes the cluster; all others change the binding.
    #[must_use]
    pub fn changes_cluster(&self) -> bool {
        matches!(
            self,
            Self::Label { .. } | Self::EnableApi { .. } | Self::Capacity { .. }
        )
    }

    /// Makes the change. What it is about and is not there stays as it is.
    pub fn apply(&self, cluster: &mut Cluster, spec: &mut ResourceBindingSpec) {
        if self.changes_cluster() {
            self.apply_to_cluster(cluster);
        } else {
            self.apply_to_binding(cluster.name(), spec);
        }
    }

    pub(super) fn apply_to_cluster(&self, cluster: &mut Cluster) {
        match self {
            Self::Label { key, value } => {
                let labels = cluster.metadata.labels.get_or_insert_default();
                match value {
                    Some(value) => labels.insert(key.clone(), value.clone()),
                    None => labels.remove(key),
                };
            }
            Self::EnableApi { group_version, kind } => {
                let enablements = &mut cluster.status.api_enablements;
                let resource = ApiResource {
                    name: format!("{}s", kind.to_lowercase()),
                    kind: kind.clone(),
                };
                match enablements
                    .iter_mut()
                    .find(|it| it.group_version == *group_version)
                {
                    Some(enablement) => enablement.resources.push(resource),
                    None => enablements.push(ApiEnablement {
                        group_version: group_version.clone(),
                        resources: vec![resource],
                    }),
                }
            }
            Self::Capacity {
                allocatable,
                modelings,
                ..
            } => {
                let summary = cluster.status.resource_summary.get_or_insert_default();
                for (name, amount) in allocatable {
                    summary.allocatable.insert(name.clone(), *amount);
                }
                if !modelings.is_empty() {
                    summary.allocatable_modelings.clone_from(modelings);
                }
            }
            _ => {}
        }
    }

    pub(super) fn apply_to_binding(&self, name: &str, spec: &mut ResourceBindingSpec) {
        if *self == Self::StopEviction {
            spec.graceful_eviction_tasks
                .retain(|task| task.from_cluster != name);
        }
        let Some(placement) = &mut spec.placement else {
            return;
        };
        match self {
            Self::Tolerate { toleration } => placement.cluster_tolerations.push(toleration.clone()),
            Self::Affinity { affinity, change } => {
                if let Some(affinity) = affinity.get_mut(placement) {
                    change.apply(name, affinity);
                }
            }
            Self::Weight { weight } => {
                let Some(strategy) = &mut placement.replica_scheduling else {
                    return;
                };
                let rules = &mut strategy
                    .weight_preference
                    .get_or_insert_default()
                    .static_weight_list;
                if rules.is_empty() {
                    rules.push(StaticClusterWeight {
                        target_cluster: ClusterAffinity::default(),
                        weight: 1,
                    });
                }
                rules.push(StaticClusterWeight {
                    target_cluster: ClusterAffinity::names([name]),
                    weight: *weight,
                });
            }
            Self::MinGroups { constraint, groups } => {
                if let Some(constraint) = placement.spread_constraints.get_mut(*constraint) {
                    constraint.min_groups = *groups;
                }
            }
            Self::MaxGroups { constraint, groups } => {
                if let Some(constraint) = placement.spread_constraints.get_mut(*constraint) {
                    constraint.max_groups = *groups;
                }
            }
            _ => {}
        }
    }
}

impl AffinityChange {
    fn apply(&self, name: &str, affinity: &mut ClusterAffinity) {
        match self {
            Self::NotExcluded => affinity.exclude_clusters.retain(|excluded| excluded != name),
            Self::Named => affinity.cluster_names.push(name.to_owned()),
            Self::Field { requirement, becomes } => {
                let Some(selector) = &mut affinity.field_selector else {
                    return;
                };
                let before = std::mem::take(&mut selector.match_expressions);
                selector.match_expressions = before
                    .into_iter()
                    .filter_map(|it| {
                        if it == *requirement {
                            becomes.clone()
                        } else {
                            Some(it)
                        }
                    })
                    .collect();
            }
        }
    }
}

impl fmt::Display for AffinityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClusterAffinity => f.write_str("clusterAffinity"),
            Self::Term { name } => write!(f, "clusterAffinities[{name}]"),
            Self::Overflow { term, index } => {
                write!(f, "clusterAffinities[{term}].overflowAffinities[{index}]")
            }
        }
    }
}

fn requirement(of: &NodeSelectorRequirement) -> String {
    format!("{} {} [{}]", of.key, of.operator, of.values.join(", "))
}

/// What is to be done, in words.
impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tolerate { toleration } => {
                let Toleration {
                    key, value, effect, ..
                } = toleration;
                let value = if value.is_empty() {
                    String::new()
                } else {
                    format!("={value}")
                };
                write!(
                    f,
                    "tolerate {key}{value}:{effect} in placement.clusterTolerations"
                )
            }
            Self::Label {
                key,
                value: Some(value),
            } => write!(f, "set the label {key}={value} of the cluster"),
            Self::Label { key, value: None } => write!(f, "remove the label {key} of the cluster"),
            Self::Affinity { affinity, change } => match change {
                AffinityChange::NotExcluded => write!(f, "take the cluster off placement.{affinity}.exclude"),
                AffinityChange::Named => write!(f, "add the cluster to placement.{affinity}.clusterNames"),
                AffinityChange::Field {
                    requirement: old,
                    becomes,
                } => {
                    let old = requirement(old);
                    match becomes {
                        Some(new) => write!(
                            f,
                            "change {old} to {} in placement.{affinity}.fieldSelector",
                            requirement(new)
                        ),
                        None => write!(f, "remove {old} from placement.{affinity}.fieldSelector"),
                    }
                }
            },
            Self::EnableApi { group_version, kind } => {
                write!(f, "have the cluster serve {group_version} {kind}")
            }
            Self::StopEviction => f.write_str("drop the graceful eviction task from the cluster"),
            Self::Capacity {
                room,
                allocatable,
                modelings,
            } => {
                write!(f, "make room for {room} on the cluster")?;
                let mut separator = ": ";
                for (name, amount) in allocatable {
                    write!(f, "{separator}{name} {amount}")?;
                    separator = ", ";
                }
                for AllocatableModeling { grade, count, .. } in modelings {
                    write!(f, "{separator}{count} nodes of grade {grade}")?;
                    separator = ", ";
                }
                Ok(())
            }
            Self::Weight { weight } => write!(
                f,
                "give the cluster weight {weight} in placement.replicaScheduling.weightPreference.staticWeightList"
            ),
            Self::MinGroups { constraint, groups } => {
                write!(
                    f,
                    "set placement.spreadConstraints[{constraint}].minGroups to {groups}"
                )
            }
            Self::MaxGroups { constraint, groups } => {
                write!(
                    f,
                    "set placement.spreadConstraints[{constraint}].maxGroups to {groups}"
                )
            }
        }
    }
}
