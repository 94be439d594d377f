//! `meta/v1`: what all objects have in common.

use super::schema::{Any, Bool, Int64, Map, Str, Time};

types! {
    ObjectMeta {
        annotations: Map<Str>, creationTimestamp: Time, deletionGracePeriodSeconds ? Int64,
        deletionTimestamp ? Time, finalizers: [Str], generateName: Str, generation: Int64, labels: Map<Str>,
        managedFields: [ManagedFieldsEntry], name: Str, namespace: Str, ownerReferences: [OwnerReference],
        resourceVersion: Str, selfLink: Str, uid: Str,
    }
    OwnerReference {
        apiVersion = Str, blockOwnerDeletion ? Bool, controller ? Bool, kind = Str, name = Str, uid = Str,
    }
    ManagedFieldsEntry {
        apiVersion: Str, fieldsType: Str, fieldsV1 ? Any, manager: Str, operation: Str, subresource: Str,
        time ? Time,
    }
    LabelSelector { matchExpressions: [LabelSelectorRequirement], matchLabels: Map<Str> }
    Condition {
        lastTransitionTime = Time, message = Str, observedGeneration: Int64, reason = Str, status = Str,
        type = Str,
    }
    LabelSelectorRequirement { key = Str, operator = Str, values: [Str] }
}
