//! `batch/v1`: Job and CronJob.

use jiff::Timestamp;
use karmada_core::api::config::v1alpha1::DependentObjectReference;
use serde_json::{Value, json};

use super::status::{live, unless_same};
use super::{Items, ReplicaRule, Rules, status};
use crate::dependencies;
use crate::error::{Error, FieldError};
use crate::kubernetes::batch::{CronJob, CronJobStatus, Job, JobStatus};
use crate::kubernetes::{self, Described, int32, is_set, items, member, text, time};
use crate::object;

const API_VERSION: &str = "batch/v1";
const PARALLELISM: &[&str] = &["spec", "parallelism"];
const POD_SPEC: &[&str] = &["spec", "template", "spec"];
const CRON_JOB_POD_SPEC: &[&str] = &["spec", "jobTemplate", "spec", "template", "spec"];

pub(super) const RULES: &[Rules] = &[
    Rules {
        replicas: Some(ReplicaRule {
            count: job_replicas,
            pod_spec: POD_SPEC,
        }),
        revise: Some(PARALLELISM),
        retain: Some(retain_job),
        aggregate: Some(aggregate_job),
        reflect: Some(|job| {
            status::part(
                job,
                &JobStatus::KIND,
                &[
                    "active",
                    "succeeded",
                    "failed",
                    "conditions",
                    "startTime",
                    "completionTime",
                ],
            )
        }),
        dependencies: Some(|job| pod_dependencies(job, POD_SPEC)),
        ..Rules::of(API_VERSION, "Job", Job::KIND)
    },
    Rules {
        aggregate: Some(aggregate_cron_job),
        dependencies: Some(|cron_job| pod_dependencies(cron_job, CRON_JOB_POD_SPEC)),
        ..Rules::of(API_VERSION, "CronJob", CronJob::KIND)
    },
];

fn pod_dependencies(object: &Value, pod_spec: &[&str]) -> Vec<DependentObjectReference> {
    dependencies::of_pod(
        member(object, pod_spec),
        text(member(object, &["metadata", "namespace"])),
    )
}

/// The pods that run side by side; never more than completions are wanted.
fn job_replicas(job: &Value) -> i32 {
    let parallelism = int32(member(job, PARALLELISM));
    let completions = member(job, &["spec", "completions"]);
    if is_set(completions) {
        parallelism.min(int32(completions))
    } else {
        parallelism
    }
}

/// Keeps the labels by which the member's Job finds its pods: they are generated there.
fn retain_job(desired: &mut Value, observed: &Value) -> Result<(), FieldError> {
    let paths: [&[&str]; 2] = [
        &["spec", "selector", "matchLabels"],
        &["spec", "template", "metadata", "labels"],
    ];
    let mut retained = Vec::new();
    for path in paths {
        if let Some(labels) = object::string_map(observed, path)? {
            retained.push((path, Value::Object(labels.clone())));
        }
    }
    object::set_all(desired, retained)
}

/// How a Job ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Finish {
    Complete,
    Failed,
}

/// How a Job ended by its status, if it did: the first such condition decides.
fn finish(status: &Value) -> Option<Finish> {
    conditions(status)
        .filter(|(_, holds)| *holds)
        .find_map(|(name, _)| match name {
            "Complete" => Some(Finish::Complete),
            "Failed" => Some(Finish::Failed),
            _ => None,
        })
}

/// The types of the conditions, and whether they hold.
fn conditions(status: &Value) -> impl Iterator<Item = (&str, bool)> {
    items(member(status, &["conditions"])).iter().map(|condition| {
        let name = text(member(condition, &["type"]));
        (name, text(member(condition, &["status"])) == "True")
    })
}

/// Adds the members' numbers up, and decides whether the Job as a whole is done. The status of a Job that is done stays.
fn aggregate_job(job: &Value, items: Option<Items<'_>>, now: Timestamp) -> Result<Option<Value>, Error> {
    let old = member(job, &["status"]);
    if finish(old).is_some() {
        return Ok(None);
    }
    let items = items.unwrap_or_default();
    let (mut active, mut succeeded, mut failed) = (0_i32, 0_i32, 0_i32);
    let mut failed_in = Vec::new();
    let (mut complete, mut criteria_met) = (0, 0);
    let (mut started, mut completed) = (Vec::new(), Vec::new());
    for report in live(items, &[&JobStatus::KIND]) {
        let report = report?;
        let number = |name| int32(member(report.status, &[name]));
        active = active.wrapping_add(number("active"));
        succeeded = succeeded.wrapping_add(number("succeeded"));
        failed = failed.wrapping_add(number("failed"));
        match finish(report.status) {
            Some(Finish::Complete) => complete += 1,
            Some(Finish::Failed) => failed_in.push(report.cluster),
            None => {}
        }
        if conditions(report.status).any(|condition| condition == ("SuccessCriteriaMet", true)) {
            criteria_met += 1;
        }
        started.extend(Some(member(report.status, &["startTime"])).filter(|time| is_set(time)));
        completed.extend(Some(member(report.status, &["completionTime"])).filter(|time| is_set(time)));
    }

    let mut conditions = Vec::new();
    let mut holds = |name: &str, reason: &str, message: String| {
        let now = kubernetes::format_time(now);
        conditions.push(json!({
            "type": name,
            "status": "True",
            "lastProbeTime": now,
            "lastTransitionTime": now,
            "reason": reason,
            "message": message,
        }));
    };
    if !failed_in.is_empty() {
        let message = format!("Job executed failed in member clusters {}", failed_in.join(","));
        holds("Failed", "JobFailed", message);
    }
    // Without any report there is nothing that could be complete.
    if complete == items.len() && complete > 0 {
        holds("Complete", "Completed", "Job completed".to_owned());
        if criteria_met == items.len() {
            let message = "All member clusters have met success criteria".to_owned();
            holds("SuccessCriteriaMet", "CompletionsReached", message);
        }
    }

    let start = match member(old, &["startTime"]) {
        Value::Null if started.len() == items.len() => earliest(&started),
        time => time.clone(),
    };
    let completion = if completed.len() == items.len() {
        latest(&completed)
    } else {
        Value::Null
    };
    let conditions = if conditions.is_empty() {
        Value::Null
    } else {
        Value::Array(conditions)
    };
    let new = json!({
        "active": active,
        "succeeded": succeeded,
        "failed": failed,
        "conditions": conditions,
        "startTime": start,
        "completionTime": completion,
    });
    Ok(unless_same(job, new, &JobStatus::KIND))
}

/// Lists what is active in all members, with the latest times.
fn aggregate_cron_job(
    cron_job: &Value,
    reports: Option<Items<'_>>,
    _now: Timestamp,
) -> Result<Option<Value>, Error> {
    let mut active = Vec::new();
    let (mut scheduled, mut successful) = (Vec::new(), Vec::new());
    for report in live(reports.unwrap_or_default(), &[&CronJobStatus::KIND]) {
        let status = report?.status;
        active.extend(items(member(status, &["active"])).iter().cloned());
        scheduled.push(member(status, &["lastScheduleTime"]));
        successful.push(member(status, &["lastSuccessfulTime"]));
    }
    let active = if active.is_empty() {
        Value::Null
    } else {
        Value::Array(active)
    };
    let new = json!({
        "active": active,
        "lastScheduleTime": latest(&scheduled),
        "lastSuccessfulTime": latest(&successful),
    });
    Ok(unless_same(cron_job, new, &CronJobStatus::KIND))
}

/// The first of the earliest times that are set, null without any.
fn earliest(times: &[&Value]) -> Value {
    let set = times.iter().filter(|time| is_set(time));
    set.min_by_key(|value| time(value))
        .map_or(Value::Null, |time| (*time).clone())
}

/// The latest of the times that are set, null without any.
fn latest(times: &[&Value]) -> Value {
    let set = times.iter().filter(|time| is_set(time));
    set.max_by_key(|value| time(value))
        .map_or(Value::Null, |time| (*time).clone())
}
