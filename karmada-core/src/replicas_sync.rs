//! Taking the replicas that members decide back into the template (`karmada:pkg/controllers/deploymentreplicassyncer`).

use serde_json::Value;

use crate::api::policy::v1alpha1::ReplicaSchedulingType;
use crate::api::work::v1alpha2::ResourceBinding;
use crate::object::fields;

/// What the template's replicas are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplicasSync {
    /// They stay: they agree with the members, or the members do not decide them.
    Keep,
    /// The members have not all reported yet: look again in a second.
    Wait,
    /// They become what the members run together.
    Set(i64),
}

/// Whether the members of a divided Deployment have settled on another number of replicas.
///
/// They have when scheduler and members are done with the template as it is: the binding has its replicas and was
/// scheduled, every cluster reports replicas, and their sum is what the template's status says.
#[must_use]
pub fn replicas_sync(deployment: &Value, binding: &ResourceBinding) -> ReplicasSync {
    let number = |pointer: &str| deployment.pointer(pointer).and_then(Value::as_i64);
    let divided = binding
        .spec
        .placement
        .as_ref()
        .is_some_and(|placement| placement.replica_scheduling_type() == ReplicaSchedulingType::Divided);
    let wanted = number("/spec/replicas").unwrap_or(1);
    let running = number("/status/replicas").unwrap_or_default();
    if !divided || wanted == running {
        return ReplicasSync::Keep;
    }
    if status_collected(wanted, running, binding) {
        ReplicasSync::Set(running)
    } else {
        ReplicasSync::Wait
    }
}

fn status_collected(wanted: i64, running: i64, binding: &ResourceBinding) -> bool {
    let items = &binding.status.aggregated_status;
    let scheduled =
        binding.metadata.generation.unwrap_or_default() == binding.status.scheduler_observed_generation;
    if wanted != i64::from(binding.spec.replicas) || !scheduled || items.len() != binding.spec.clusters.len()
    {
        return false;
    }
    let reported: Option<Vec<i64>> = items
        .iter()
        .map(|item| {
            let replicas = item.status.as_ref()?.get(fields::REPLICAS)?.as_i64()?;
            (replicas > 0).then_some(replicas)
        })
        .collect();
    reported.is_some_and(|reported| reported.iter().sum::<i64>() == running)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn syncs() {
        fn check(edit: impl FnOnce(&mut Value, &mut Value), expect: ReplicasSync) {
            let mut deployment = json!({"spec": {"replicas": 4}, "status": {"replicas": 6}});
            let mut binding = json!({"metadata": {"generation": 2}, "spec": {"replicas": 4, "clusters": [{"name": "m1"}, {"name": "m2"}],
                "placement": {"replicaScheduling": {"replicaSchedulingType": "Divided"}}},
                "status": {"schedulerObservedGeneration": 2, "aggregatedStatus": [
                    {"clusterName": "m1", "status": {"replicas": 4}}, {"clusterName": "m2", "status": {"replicas": 2}}]}});
            edit(&mut deployment, &mut binding);
            let binding: ResourceBinding = serde_json::from_value(binding).unwrap();
            assert_eq!(replicas_sync(&deployment, &binding), expect);
        }
        check(|_, _| {}, ReplicasSync::Set(6));
        check(
            |deployment, _| deployment["status"]["replicas"] = json!(4),
            ReplicasSync::Keep,
        );
        check(
            |_, binding| binding["spec"]["placement"] = json!({}),
            ReplicasSync::Keep,
        );
        check(
            |_, binding| binding["spec"]["replicas"] = json!(3),
            ReplicasSync::Wait,
        );
        check(
            |_, binding| binding["metadata"]["generation"] = json!(3),
            ReplicasSync::Wait,
        );
        check(
            |_, binding| binding["spec"]["clusters"] = json!([]),
            ReplicasSync::Wait,
        );
        check(
            |_, binding| binding["status"]["aggregatedStatus"][0]["status"] = json!(null),
            ReplicasSync::Wait,
        );
        check(
            |_, binding| binding["status"]["aggregatedStatus"][0]["status"]["replicas"] = json!(0),
            ReplicasSync::Wait,
        );
        check(
            |deployment, _| deployment["status"]["replicas"] = json!(7),
            ReplicasSync::Wait,
        );
    }
}
