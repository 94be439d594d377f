//! `policy/v1`.

use super::meta::{Condition, LabelSelector, ObjectMeta};
use super::schema::{Int32, Int64, IntOrString, Map, Str, Time};

types! {
    PodDisruptionBudget {
        apiVersion: Str, kind: Str, metadata = ObjectMeta, spec = PodDisruptionBudgetSpec,
        status = PodDisruptionBudgetStatus,
    }
    PodDisruptionBudgetSpec {
        maxUnavailable ? IntOrString, minAvailable ? IntOrString, selector ? LabelSelector,
        unhealthyPodEvictionPolicy ? Str,
    }
    PodDisruptionBudgetStatus {
        conditions: [Condition], currentHealthy = Int32, desiredHealthy = Int32, disruptedPods: Map<Time>,
        disruptionsAllowed = Int32, expectedPods = Int32, observedGeneration: Int64,
    }
}
