//! Taints of clusters: which come and go, how they are written on the command line, and whom they evict
//! (`karmada:pkg/util/helper/taint.go`, `karmada:pkg/controllers/cluster`, `karmada:pkg/controllers/taint`).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::affinity;
use crate::api::cluster::v1alpha1::Cluster;
use crate::api::meta::{Condition, ConditionStatus, Taint, Time, Toleration};
use crate::api::policy::v1alpha1::{ClusterTaintPolicy, MatchCondition, MatchConditionOperator};
use crate::binding::{self, AppliedPlacementError};
use crate::syntax::{self, SyntaxError};
use crate::toleration::{TolerationTime, effects, matching_tolerations, min_toleration_time};

/// On a cluster that is not ready.
pub const NOT_READY: &str = "cluster.karmada.io/not-ready";

/// On a cluster of which nothing is heard.
pub const UNREACHABLE: &str = "cluster.karmada.io/unreachable";

/// On a cluster that an administrator has closed to new workloads.
pub const UNSCHEDULABLE: &str = "cluster.karmada.io/unschedulable";

/// Whether two taints count as the same one: key and effect are equal. A cluster has each of them once.
#[must_use]
pub fn is_same(left: &Taint, right: &Taint) -> bool {
    left.key == right.key && left.effect == right.effect
}

fn contains(taints: &[Taint], taint: &Taint) -> bool {
    taints.iter().any(|other| is_same(other, taint))
}

/// The taints that make what is on the cluster leave.
pub fn no_execute(taints: &[Taint]) -> impl Iterator<Item = &Taint> + Clone {
    taints.iter().filter(|taint| taint.effect == effects::NO_EXECUTE)
}

/// The taints after some were added and some removed in one go.
///
/// Both look at the taints that were there before: one that was there is not added again and keeps its time and value,
/// and what is added stays even if it is to be removed as well. Added taints come last, with `now` as their time.
#[must_use]
pub fn set(taints: &[Taint], add: &[Taint], remove: &[Taint], now: Timestamp) -> Vec<Taint> {
    let kept = taints.iter().filter(|taint| !contains(remove, taint)).cloned();
    let added = add.iter().filter(|taint| !contains(taints, taint)).cloned();
    kept.chain(added.map(|taint| Taint {
        time_added: Some(Time(now)),
        ..taint
    }))
    .collect()
}

/// Adds the tolerations that are not there yet; key, operator, value and effect count, seconds do not.
pub fn add_tolerations(tolerations: &mut Vec<Toleration>, add: &[Toleration]) {
    let is_same = |left: &Toleration, right: &Toleration| {
        left.key == right.key
            && left.effect == right.effect
            && left.operator == right.operator
            && left.value == right.value
    };
    for toleration in add {
        if !tolerations.iter().any(|other| is_same(other, toleration)) {
            tolerations.push(toleration.clone());
        }
    }
}

/// Which taints a `Ready` condition adds to and removes from those a cluster has.
///
/// A cluster that is not ready, or says nothing about it, gets [`NOT_READY`]; one that is unknown [`UNREACHABLE`]
/// instead; a ready one loses both. They keep new workloads away; what is there stays.
#[must_use]
pub fn for_ready_condition(taints: &[Taint], ready: Option<&ConditionStatus>, now: Timestamp) -> Vec<Taint> {
    let no_schedule = |key: &str| Taint {
        key: key.to_owned(),
        effect: effects::NO_SCHEDULE.to_owned(),
        ..Taint::default()
    };
    let not_ready = no_schedule(NOT_READY);
    let unreachable = no_schedule(UNREACHABLE);
    let (add, remove) = match ready {
        None => (vec![not_ready], vec![]),
        Some(ConditionStatus::False) => (vec![not_ready], vec![unreachable]),
        Some(ConditionStatus::Unknown) => (vec![unreachable], vec![not_ready]),
        Some(ConditionStatus::True) => (vec![], vec![not_ready, unreachable]),
        Some(ConditionStatus::Other(_)) => (vec![], vec![]),
    };
    set(taints, &add, &remove, now)
}

/// The taints of a cluster after all policies for it have had their say, the oldest first.
///
/// A policy whose conditions for adding hold adds those of its taints that are not there, then one whose conditions for
/// removing hold removes them; later policies see what earlier ones did. Policies of the same age go by name.
#[must_use]
pub fn apply_policies<'a>(
    cluster: &Cluster,
    policies: impl IntoIterator<Item = &'a ClusterTaintPolicy>,
    now: Timestamp,
) -> Vec<Taint> {
    let concerns = |policy: &&ClusterTaintPolicy| {
        policy
            .spec
            .target_clusters
            .as_ref()
            .is_none_or(|targets| affinity::matches(cluster, targets))
    };
    let mut policies: Vec<&ClusterTaintPolicy> = policies.into_iter().filter(concerns).collect();
    policies.sort_by_key(|policy| {
        let created = policy
            .metadata
            .creation_timestamp
            .as_ref()
            .map(|created| created.0);
        (created, policy.metadata.name.as_deref())
    });
    let mut taints = cluster.spec.taints.clone();
    for policy in policies {
        let of_policy: Vec<Taint> = policy
            .spec
            .taints
            .iter()
            .map(|taint| Taint {
                key: taint.key.clone(),
                effect: taint.effect.clone(),
                value: taint.value.clone(),
                time_added: None,
            })
            .collect();
        if conditions_match(&cluster.status.conditions, &policy.spec.add_on_conditions) {
            taints = set(&taints, &of_policy, &[], now);
        }
        if conditions_match(&cluster.status.conditions, &policy.spec.remove_on_conditions) {
            taints = set(&taints, &[], &of_policy, now);
        }
    }
    taints
}

/// Whether all demands hold. None at all do not; nor does one on a condition that is missing, whatever it demands.
#[must_use]
pub fn conditions_match(conditions: &[Condition], demands: &[MatchCondition]) -> bool {
    let holds = |demand: &MatchCondition| {
        let condition = conditions
            .iter()
            .find(|condition| condition.type_ == demand.condition_type);
        condition.is_some_and(|condition| match demand.operator {
            MatchConditionOperator::In => demand.status_values.contains(&condition.status),
            MatchConditionOperator::NotIn => !demand.status_values.contains(&condition.status),
            MatchConditionOperator::Other(_) => false,
        })
    };
    !demands.is_empty() && demands.iter().all(holds)
}

/// What becomes of a workload on a cluster with taints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvictionDecision {
    /// It stays.
    Stay,
    /// It leaves now.
    Evict,
    /// It stays that long, then the question is asked again.
    Wait(Duration),
}

/// What becomes of a workload on a cluster, by the `NoExecute` taints of the cluster and the tolerations of the placement
/// that the workload was last scheduled with.
///
/// `cluster` is `None` when it no longer exists. `enabled` says whether taints evict at all
/// (`--enable-no-execute-taint-eviction`).
///
/// # Errors
/// When the annotations of the binding hold no placement, also where the answer would be to stay.
pub fn eviction_decision(
    cluster: Option<&Cluster>,
    annotations: &BTreeMap<String, String>,
    enabled: bool,
    now: Timestamp,
) -> Result<EvictionDecision, AppliedPlacementError> {
    let placement = binding::applied_placement(annotations)?.ok_or(AppliedPlacementError::Missing)?;
    let Some(cluster) = cluster.filter(|_| enabled) else {
        return Ok(EvictionDecision::Stay);
    };
    let taints: Vec<&Taint> = no_execute(&cluster.spec.taints).collect();
    let Some(used) = matching_tolerations(taints.iter().copied(), &placement.cluster_tolerations) else {
        return Ok(EvictionDecision::Evict);
    };
    Ok(match min_toleration_time(&taints, used, now) {
        TolerationTime::Forever => EvictionDecision::Stay,
        TolerationTime::For(Duration::ZERO) => EvictionDecision::Evict,
        TolerationTime::For(left) => EvictionDecision::Wait(left),
    })
}

/// A cluster's taints in the text of events.
#[must_use]
pub fn describe(taints: &[Taint]) -> String {
    if taints.is_empty() {
        return "cluster now does not have taints".into();
    }
    let described: Vec<String> = taints
        .iter()
        .map(
            |Taint {
                 key, value, effect, ..
             }| {
                if value.is_empty() {
                    format!("{{Key:{key},Effect:{effect}}}")
                } else {
                    format!("{{Key:{key},Value:{value},Effect:{effect}}}")
                }
            },
        )
        .collect();
    format!("cluster now has taints([{}])", described.join(","))
}

/// Taints to add and to remove, as asked for on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaintChanges {
    /// To be added, in the order given.
    pub add: Vec<Taint>,
    /// To be removed, in the order given; an empty effect means every one.
    pub remove: Vec<Taint>,
}

/// Why a taint on the command line cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseTaintError {
    /// Too many colons or equals signs, or an addition without effect.
    #[error("taint {text:?} must be KEY[=VALUE]:EFFECT, or KEY[=VALUE][:EFFECT]- to remove it")]
    Malformed {
        /// The taint.
        text: String,
    },
    /// There is no such effect.
    #[error("taint {text:?}: {effect:?} is not one of NoSchedule, PreferNoSchedule and NoExecute")]
    Effect {
        /// The taint.
        text: String,
        /// The effect.
        effect: String,
    },
    /// The key is no label key.
    #[error("taint {text:?}: bad key")]
    Key {
        /// The taint.
        text: String,
        /// The rule it breaks.
        source: SyntaxError,
    },
    /// The value is no label value.
    #[error("taint {text:?}: bad value")]
    Value {
        /// The taint.
        text: String,
        /// The rule it breaks.
        source: SyntaxError,
    },
    /// Two additions have the same key and effect.
    #[error("taint {text:?} is added twice with the same key and effect")]
    Duplicate {
        /// The second one.
        text: String,
    },
}

/// Reads taints as on the command line: `key[=value]:effect` to add, `key[=value]:effect-` or `key-` to remove.
///
/// # Errors
/// What is wrong with the first one that cannot be understood.
pub fn parse<S: AsRef<str>>(texts: &[S]) -> Result<TaintChanges, ParseTaintError> {
    let mut changes = TaintChanges::default();
    for text in texts {
        let text = text.as_ref();
        if let Some(text) = text.strip_suffix('-') {
            changes.remove.push(Taint {
                value: String::new(),
                ..parse_one(text)?
            });
            continue;
        }
        let taint = parse_one(text)?;
        if taint.effect.is_empty() {
            return Err(ParseTaintError::Malformed {
                text: text.to_owned(),
            });
        }
        if contains(&changes.add, &taint) {
            return Err(ParseTaintError::Duplicate {
                text: text.to_owned(),
            });
        }
        changes.add.push(taint);
    }
    Ok(changes)
}

fn parse_one(text: &str) -> Result<Taint, ParseTaintError> {
    let malformed = || ParseTaintError::Malformed {
        text: text.to_owned(),
    };
    let parts: Vec<&str> = text.split(':').collect();
    let (key, value, effect) = match parts.as_slice() {
        // Without effect a value is not split off: what follows makes the key a bad one.
        [key] => (*key, "", ""),
        [key_and_value, effect] => {
            if ![
                effects::NO_SCHEDULE,
                effects::PREFER_NO_SCHEDULE,
                effects::NO_EXECUTE,
            ]
            .contains(effect)
            {
                return Err(ParseTaintError::Effect {
                    text: text.to_owned(),
                    effect: (*effect).to_owned(),
                });
            }
            let (key, value) = key_and_value.split_once('=').unwrap_or((key_and_value, ""));
            if value.contains('=') {
                return Err(malformed());
            }
            (key, value, *effect)
        }
        _ => return Err(malformed()),
    };
    syntax::label_value(value).map_err(|source| ParseTaintError::Value {
        text: text.to_owned(),
        source,
    })?;
    syntax::qualified_name(key).map_err(|source| ParseTaintError::Key {
        text: text.to_owned(),
        source,
    })?;
    Ok(Taint {
        key: key.to_owned(),
        value: value.to_owned(),
        effect: effect.to_owned(),
        time_added: None,
    })
}

#[cfg(test)]
mod tests;
