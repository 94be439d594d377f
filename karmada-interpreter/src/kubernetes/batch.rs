//! `batch/v1`.

use super::meta::{LabelSelector, ObjectMeta};
use super::pod::{ObjectReference, PodTemplateSpec};
use super::schema::{Bool, Int32, Int64, Str, Time};

types! {
    Job { apiVersion: Str, kind: Str, metadata = ObjectMeta, spec = JobSpec, status = JobStatus }
    CronJob { apiVersion: Str, kind: Str, metadata = ObjectMeta, spec = CronJobSpec, status = CronJobStatus }
    JobSpec {
        activeDeadlineSeconds ? Int64, backoffLimit ? Int32, backoffLimitPerIndex ? Int32,
        completionMode ? Str, completions ? Int32, managedBy ? Str, manualSelector ? Bool,
        maxFailedIndexes ? Int32, parallelism ? Int32, podFailurePolicy ? PodFailurePolicy,
        podReplacementPolicy ? Str, selector ? LabelSelector, successPolicy ? SuccessPolicy, suspend ? Bool,
        template = PodTemplateSpec, ttlSecondsAfterFinished ? Int32,
    }
    JobStatus {
        active: Int32, completedIndexes: Str, completionTime ? Time, conditions: [JobCondition],
        failed: Int32, failedIndexes ? Str, ready ? Int32, startTime ? Time, succeeded: Int32,
        terminating ? Int32, uncountedTerminatedPods ? UncountedTerminatedPods,
    }
    CronJobSpec {
        concurrencyPolicy: Str, failedJobsHistoryLimit ? Int32, jobTemplate = JobTemplateSpec, schedule = Str,
        startingDeadlineSeconds ? Int64, successfulJobsHistoryLimit ? Int32, suspend ? Bool, timeZone ? Str,
    }
    CronJobStatus { active: [ObjectReference], lastScheduleTime ? Time, lastSuccessfulTime ? Time }
    PodFailurePolicy { rules = [PodFailurePolicyRule] }
    SuccessPolicy { rules = [SuccessPolicyRule] }
    JobCondition {
        lastProbeTime = Time, lastTransitionTime = Time, message: Str, reason: Str, status = Str, type = Str,
    }
    UncountedTerminatedPods { failed: [Str], succeeded: [Str] }
    JobTemplateSpec { metadata = ObjectMeta, spec = JobSpec }
    PodFailurePolicyRule {
        action = Str, onExitCodes ? PodFailurePolicyOnExitCodesRequirement,
        onPodConditions: [PodFailurePolicyOnPodConditionsPattern],
    }
    SuccessPolicyRule { succeededCount ? Int32, succeededIndexes ? Str }
    PodFailurePolicyOnExitCodesRequirement { containerName ? Str, operator = Str, values = [Int32] }
    PodFailurePolicyOnPodConditionsPattern { status = Str, type = Str }
}
