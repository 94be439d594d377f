//! How many replicas the load of all clusters together asks for (`karmada:pkg/controllers/federatedhpa`).
//!
//! Kubernetes' algorithm for HorizontalPodAutoscalers, with one difference: pods are counted in all clusters, while the
//! replicas are those of the template. The *calibration* is the sum of the members' replicas by the template's, and what
//! is computed from pods is divided by it.
//!
//! Values of metrics are in thousandths, as in Kubernetes. What to ask for comes from [`by_utilization`], [`by_average`],
//! [`by_object_value`] or [`by_object_average`] per metric and from [`choose`] over all of them; how much of that is done
//! at once is the matter of [`normalize`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub mod normalize;

/// When a proposal counts, and which pods do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// A ratio that is off by no more than this changes nothing.
    pub tolerance: f64,
    /// How long after its start a pod's use of CPU may be that of its initialization.
    pub cpu_initialization_period: Duration,
    /// How long after its start a pod may become ready for the first time.
    pub delay_of_initial_readiness: Duration,
}

/// Upstream's: a tenth, 5 minutes and 30 seconds.
impl Default for Options {
    fn default() -> Self {
        Self {
            tolerance: 0.1,
            cpu_initialization_period: Duration::from_secs(300),
            delay_of_initial_readiness: Duration::from_secs(30),
        }
    }
}

/// A pod of the workload in any cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// Its name. Pods of the same name in two clusters count as one metric, as upstream.
    pub name: String,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: String,
    /// When it was started.
    pub started: Option<Timestamp>,
    /// Its condition `Ready`.
    pub ready: Option<Readiness>,
    /// What its containers ask for of the resource that is measured, in thousandths; `None` if one of them does not say.
    pub request: Option<i64>,
}

/// The condition `Ready` of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// `None` if unknown.
    pub status: Option<bool>,
    /// When it last changed.
    pub since: Timestamp,
}

/// What was measured of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodMetric {
    /// When.
    pub timestamp: Timestamp,
    /// Over which time.
    pub window: Duration,
    /// In thousandths.
    pub value: i64,
}

/// Metrics by name of the pod.
pub type PodMetrics = BTreeMap<String, PodMetric>;

/// Pods by what they are good for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodGroups {
    /// How many can be relied on.
    pub ready: usize,
    /// Those that have not begun to work.
    pub unready: BTreeSet<String>,
    /// Those without a metric.
    pub missing: BTreeSet<String>,
    /// Those that will not come back.
    pub ignored: BTreeSet<String>,
}

fn later(time: Timestamp, duration: Duration) -> Timestamp {
    let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    time.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

/// Sorts pods by what they are good for. `is_cpu`: the use of CPU is misleading while a pod starts.
#[must_use]
pub fn group_pods(
    pods: &[Pod],
    metrics: &PodMetrics,
    is_cpu: bool,
    options: &Options,
    now: Timestamp,
) -> PodGroups {
    let mut groups = PodGroups::default();
    for pod in pods {
        if pod.deleting || pod.phase == "Failed" {
            groups.ignored.insert(pod.name.clone());
            continue;
        }
        if pod.phase == "Pending" {
            groups.unready.insert(pod.name.clone());
            continue;
        }
        let Some(metric) = metrics.get(&pod.name) else {
            groups.missing.insert(pod.name.clone());
            continue;
        };
        if is_cpu && is_starting(pod, metric, options, now) {
            groups.unready.insert(pod.name.clone());
            continue;
        }
        groups.ready += 1;
    }
    groups
}

fn is_starting(pod: &Pod, metric: &PodMetric, options: &Options, now: Timestamp) -> bool {
    let (Some(ready), Some(started)) = (pod.ready, pod.started) else {
        return true;
    };
    let not_ready = ready.status == Some(false);
    if later(started, options.cpu_initialization_period) > now {
        not_ready || metric.timestamp < later(ready.since, metric.window)
    } else {
        // Never been ready, as opposed to not ready any more.
        not_ready && later(started, options.delay_of_initial_readiness) > ready.since
    }
}

/// Why no number of replicas can be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProposalError {
    /// There are no pods.
    #[error("no pods returned by selector while calculating replica count")]
    NoPods,
    /// A container does not say what it asks for.
    #[error("missing request in a container of pod {pod:?}")]
    MissingRequest {
        /// Its pod.
        pod: String,
    },
    /// No pod that can be relied on has a metric.
    #[error("did not receive metrics for any ready pods")]
    NoMetrics,
    /// No metric is of a pod that asks for anything.
    #[error("no metrics returned matched known pods")]
    NoRequests,
    /// The target or the calibration is not positive.
    #[error("{what} must be positive")]
    NotPositive {
        /// Which of them.
        what: &'static str,
    },
}

/// How many replicas a metric asks for, and what it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The replicas of the template.
    pub replicas: i32,
    /// The average per pod, or the value of the object; in thousandths.
    pub value: i64,
    /// The average as a percentage of what pods ask for, where that is the target.
    pub utilization: Option<i32>,
}

/// The situation a metric is looked at in.
#[derive(Clone, Copy, Debug)]
pub struct Scale<'a> {
    /// The replicas of the template.
    pub current: i32,
    /// The sum of the members' replicas by the template's.
    pub calibration: f64,
    /// The pods in all clusters.
    pub pods: &'a [Pod],
    /// When a proposal counts.
    pub options: Options,
    /// The time.
    pub now: Timestamp,
}

fn positive(what: &'static str, is_positive: bool) -> Result<(), ProposalError> {
    is_positive
        .then_some(())
        .ok_or(ProposalError::NotPositive { what })
}

/// Rounded up, within what a number of replicas can be.
fn ceil(replicas: f64) -> i32 {
    // Conversion from floats saturates.
    replicas.ceil() as i32
}

impl Scale<'_> {
    fn is_close(&self, ratio: f64) -> bool {
        (1.0 - ratio).abs() <= self.options.tolerance
    }

    /// The steps that both kinds of pod metrics share. `ratio` gives the ratio of use to target, and what is reported;
    /// `stand_in` the use assumed of a pod without metric when there is too much of everything.
    fn propose(
        &self,
        metrics: &PodMetrics,
        is_cpu: bool,
        ratio: impl Fn(&BTreeMap<&str, i64>) -> Result<(f64, i64, Option<i32>), ProposalError>,
        stand_in: impl Fn(&str) -> i64,
    ) -> Result<Proposal, ProposalError> {
        let groups = group_pods(self.pods, metrics, is_cpu, &self.options, self.now);
        let mut values: BTreeMap<&str, i64> = metrics
            .iter()
            .filter(|(pod, _)| !groups.ignored.contains(*pod) && !groups.unready.contains(*pod))
            .map(|(pod, metric)| (pod.as_str(), metric.value))
            .collect();
        if values.is_empty() {
            return Err(ProposalError::NoMetrics);
        }
        let (first, value, utilization) = ratio(&values)?;
        let proposal = |replicas| Proposal {
            replicas,
            value,
            utilization,
        };
        let up_with_unready = !groups.unready.is_empty() && first > 1.0;
        if !up_with_unready && groups.missing.is_empty() {
            return Ok(proposal(if self.is_close(first) {
                self.current
            } else {
                ceil(first * groups.ready as f64 / self.calibration)
            }));
        }
        for pod in &groups.missing {
            if first < 1.0 {
                values.insert(pod, stand_in(pod));
            } else if first > 1.0 {
                values.insert(pod, 0);
            }
        }
        if up_with_unready {
            values.extend(groups.unready.iter().map(|pod| (pod.as_str(), 0)));
        }
        let (second, ..) = ratio(&values)?;
        let turned = first < 1.0 && second > 1.0 || first > 1.0 && second < 1.0;
        if self.is_close(second) || turned {
            return Ok(proposal(self.current));
        }
        let replicas = ceil(second * values.len() as f64 / self.calibration);
        let against = second < 1.0 && replicas > self.current || second > 1.0 && replicas < self.current;
        Ok(proposal(if against { self.current } else { replicas }))
    }
}

/// For a target utilization, in percent of what pods ask for, of a resource of pods or of one of their containers.
///
/// Pods without metric count as using all they ask for (or the target, if that is more) when the others use too little,
/// as using nothing when they use too much. Pods that are not ready count as using nothing, when the others use too much.
/// Nothing changes when that turns the direction around.
///
/// # Errors
/// [`ProposalError`], among others for a pod that does not say what it asks for.
pub fn by_utilization(
    scale: &Scale<'_>,
    metrics: &PodMetrics,
    is_cpu: bool,
    target: i32,
) -> Result<Proposal, ProposalError> {
    positive("target utilization", target > 0)?;
    positive("calibration", scale.calibration > 0.0)?;
    if scale.pods.is_empty() {
        return Err(ProposalError::NoPods);
    }
    let mut requests = BTreeMap::new();
    for pod in scale.pods {
        let request = pod.request.ok_or_else(|| ProposalError::MissingRequest {
            pod: pod.name.clone(),
        })?;
        requests.insert(pod.name.as_str(), request);
    }
    let ratio = |values: &BTreeMap<&str, i64>| {
        let known = values
            .iter()
            .filter_map(|(pod, value)| Some((i128::from(*value), i128::from(*requests.get(pod)?))));
        let (mut used, mut requested, mut count) = (0i128, 0i128, 0i128);
        for (value, request) in known {
            used += value;
            requested += request;
            count += 1;
        }
        if requested == 0 {
            return Err(ProposalError::NoRequests);
        }
        let utilization = saturate_i32(used * 100 / requested);
        let average = saturate_i64(used / count.max(1));
        Ok((
            f64::from(utilization) / f64::from(target),
            average,
            Some(utilization),
        ))
    };
    let fallback = i128::from(target.max(100));
    let stand_in = |pod: &str| {
        let request = requests.get(pod).copied().unwrap_or_default();
        saturate_i64(i128::from(request) * fallback / 100)
    };
    scale.propose(metrics, is_cpu, ratio, stand_in)
}

/// For a target average per pod, in thousandths, of a resource or any other metric.
///
/// Pods without metric and pods that are not ready count as in [`by_utilization`], with the target in place of what
/// they ask for.
///
/// # Errors
/// [`ProposalError`].
pub fn by_average(
    scale: &Scale<'_>,
    metrics: &PodMetrics,
    is_cpu: bool,
    target: i64,
) -> Result<Proposal, ProposalError> {
    positive("target average", target > 0)?;
    positive("calibration", scale.calibration > 0.0)?;
    if scale.pods.is_empty() {
        return Err(ProposalError::NoPods);
    }
    let ratio = |values: &BTreeMap<&str, i64>| {
        let used: i128 = values.values().map(|value| i128::from(*value)).sum();
        let average = saturate_i64(used / i128::try_from(values.len()).unwrap_or(i128::MAX).max(1));
        Ok((average as f64 / target as f64, average, None))
    };
    scale.propose(metrics, is_cpu, ratio, |_| target)
}

/// For a target value of an object, in thousandths.
///
/// A template without replicas is scaled by the ratio alone.
///
/// # Errors
/// [`ProposalError`].
pub fn by_object_value(scale: &Scale<'_>, value: i64, target: i64) -> Result<Proposal, ProposalError> {
    positive("target value", target > 0)?;
    positive("calibration", scale.calibration > 0.0)?;
    let ratio = value as f64 / target as f64;
    let replicas = if scale.current == 0 {
        ceil(ratio)
    } else if scale.is_close(ratio) {
        scale.current
    } else if scale.pods.is_empty() {
        return Err(ProposalError::NoPods);
    } else {
        let is_ready =
            |pod: &&Pod| pod.phase == "Running" && pod.ready.is_some_and(|ready| ready.status == Some(true));
        let ready = scale.pods.iter().filter(is_ready).count();
        ceil(ratio * ready as f64 / scale.calibration)
    };
    Ok(Proposal {
        replicas,
        value,
        utilization: None,
    })
}

/// For a target value of an object per pod, in thousandths. `member_replicas` is how many replicas all members have.
///
/// Outside the tolerance upstream divides by the calibration twice; here it is once, unless `divide_twice` asks for
/// upstream's number.
///
/// # Errors
/// [`ProposalError`].
pub fn by_object_average(
    scale: &Scale<'_>,
    member_replicas: i32,
    value: i64,
    target: i64,
    divide_twice: bool,
) -> Result<Proposal, ProposalError> {
    positive("target average", target > 0)?;
    positive("calibration", scale.calibration > 0.0)?;
    positive("number of member replicas", member_replicas > 0)?;
    let wanted = value as f64 / target as f64;
    let members = f64::from(member_replicas);
    let replicas = if scale.is_close(wanted / members) {
        ceil(members / scale.calibration)
    } else {
        let once = ceil(wanted / scale.calibration);
        if divide_twice {
            ceil(f64::from(once) / scale.calibration)
        } else {
            once
        }
    };
    Ok(Proposal {
        replicas,
        value: (value as f64 / members).ceil() as i64,
        utilization: None,
    })
}

fn saturate_i64(value: i128) -> i64 {
    value
        .try_into()
        .unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

fn saturate_i32(value: i128) -> i32 {
    value
        .try_into()
        .unwrap_or(if value < 0 { i32::MIN } else { i32::MAX })
}

/// Which proposal of several metrics counts: the highest, by its position; `None` if all failed, or if some failed and
/// the others ask for less than the current replicas. The first of equal ones counts.
///
/// As upstream, a first proposal of none counts less than any later one.
#[must_use]
pub fn choose<E>(proposals: &[Result<Proposal, E>], current: i32) -> Option<usize> {
    let mut best: Option<(usize, i32)> = None;
    for (index, proposal) in proposals.iter().enumerate() {
        if let Ok(proposal) = proposal
            && best.is_none_or(|(_, replicas)| replicas == 0 || proposal.replicas > replicas)
        {
            best = Some((index, proposal.replicas));
        }
    }
    let failures = proposals.iter().any(Result::is_err);
    best.filter(|(_, replicas)| !failures || *replicas >= current)
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests;
