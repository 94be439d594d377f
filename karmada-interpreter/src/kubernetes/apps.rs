//! `apps/v1`.

use super::meta::{LabelSelector, ObjectMeta};
use super::pod::PodTemplateSpec;
use super::schema::{Bool, Int32, Int64, IntOrString, Str, Time};
use super::storage::PersistentVolumeClaim;

types! {
    Deployment {
        apiVersion: Str, kind: Str, metadata = ObjectMeta, spec = DeploymentSpec, status = DeploymentStatus,
    }
    ReplicaSet {
        apiVersion: Str, kind: Str, metadata = ObjectMeta, spec = ReplicaSetSpec, status = ReplicaSetStatus,
    }
    StatefulSet {
        apiVersion: Str, kind: Str, metadata = ObjectMeta, spec = StatefulSetSpec, status = StatefulSetStatus,
    }
    DaemonSet {
        apiVersion: Str, kind: Str, metadata = ObjectMeta, spec = DaemonSetSpec, status = DaemonSetStatus,
    }
    DeploymentSpec {
        minReadySeconds: Int32, paused: Bool, progressDeadlineSeconds ? Int32, replicas ? Int32,
        revisionHistoryLimit ? Int32, selector ~ LabelSelector, strategy = DeploymentStrategy,
        template = PodTemplateSpec,
    }
    DeploymentStatus {
        availableReplicas: Int32, collisionCount ? Int32, conditions: [DeploymentCondition],
        observedGeneration: Int64, readyReplicas: Int32, replicas: Int32, terminatingReplicas ? Int32,
        unavailableReplicas: Int32, updatedReplicas: Int32,
    }
    ReplicaSetSpec {
        minReadySeconds: Int32, replicas ? Int32, selector ~ LabelSelector, template = PodTemplateSpec,
    }
    ReplicaSetStatus {
        availableReplicas: Int32, conditions: [ReplicaSetCondition], fullyLabeledReplicas: Int32,
        observedGeneration: Int64, readyReplicas: Int32, replicas = Int32, terminatingReplicas ? Int32,
    }
    StatefulSetSpec {
        minReadySeconds: Int32, ordinals ? StatefulSetOrdinals,
        persistentVolumeClaimRetentionPolicy ? StatefulSetPersistentVolumeClaimRetentionPolicy,
        podManagementPolicy: Str, replicas ? Int32, revisionHistoryLimit ? Int32, selector ~ LabelSelector,
        serviceName = Str, template = PodTemplateSpec, updateStrategy = StatefulSetUpdateStrategy,
        volumeClaimTemplates: [PersistentVolumeClaim],
    }
    StatefulSetStatus {
        availableReplicas = Int32, collisionCount ? Int32, conditions: [StatefulSetCondition],
        currentReplicas: Int32, currentRevision: Str, observedGeneration: Int64, readyReplicas: Int32,
        replicas = Int32, updateRevision: Str, updatedReplicas: Int32,
    }
    DaemonSetSpec {
        minReadySeconds: Int32, revisionHistoryLimit ? Int32, selector ~ LabelSelector,
        template = PodTemplateSpec, updateStrategy = DaemonSetUpdateStrategy,
    }
    DaemonSetStatus {
        collisionCount ? Int32, conditions: [DaemonSetCondition], currentNumberScheduled = Int32,
        desiredNumberScheduled = Int32, numberAvailable: Int32, numberMisscheduled = Int32,
        numberReady = Int32, numberUnavailable: Int32, observedGeneration: Int64,
        updatedNumberScheduled: Int32,
    }
    DeploymentStrategy { rollingUpdate ? RollingUpdateDeployment, type: Str }
    DeploymentCondition {
        lastTransitionTime = Time, lastUpdateTime = Time, message: Str, reason: Str, status = Str, type = Str,
    }
    ReplicaSetCondition { lastTransitionTime = Time, message: Str, reason: Str, status = Str, type = Str }
    StatefulSetUpdateStrategy { rollingUpdate ? RollingUpdateStatefulSetStrategy, type: Str }
    StatefulSetPersistentVolumeClaimRetentionPolicy { whenDeleted: Str, whenScaled: Str }
    StatefulSetOrdinals { start = Int32 }
    StatefulSetCondition { lastTransitionTime = Time, message: Str, reason: Str, status = Str, type = Str }
    DaemonSetUpdateStrategy { rollingUpdate ? RollingUpdateDaemonSet, type: Str }
    DaemonSetCondition { lastTransitionTime = Time, message: Str, reason: Str, status = Str, type = Str }
    RollingUpdateDeployment { maxSurge ? IntOrString, maxUnavailable ? IntOrString }
    RollingUpdateStatefulSetStrategy { maxUnavailable ? IntOrString, partition ? Int32 }
    RollingUpdateDaemonSet { maxSurge ? IntOrString, maxUnavailable ? IntOrString }
    // What Karmada adds to the reflected status of these kinds.
    FederatedGeneration { generation: Int64, resourceTemplateGeneration: Int64 }
}
