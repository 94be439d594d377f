//! FlinkDeployment: a Flink cluster of job managers and task managers.

use jiff::Timestamp;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::{Component, ReplicaRequirements};
use karmada_core::quantity::Quantity;
use serde_json::{Map, Value, json};

use crate::interpreter::Replicas;
use crate::thirdparty::error::{self, Result};
use crate::thirdparty::items::Items;
use crate::thirdparty::rules::{self, Rules};
use crate::thirdparty::view::{View, import, number};
use crate::thirdparty::{components, generation, quantities, result};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    replicas: Some(replicas),
    components: Some(components),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    ..Rules::of("flink.apache.org/v1beta1", "FlinkDeployment")
};

const STATUS: [&str; 8] = [
    "clusterInfo",
    "error",
    "jobManagerDeploymentStatus",
    "jobStatus",
    "lifecycleState",
    "observedGeneration",
    "reconciliationStatus",
    "taskManager",
];

/// How many job managers, one if it does not say.
fn job_managers(spec: View<'_>) -> Result<f64> {
    Ok(spec.find(&["jobManager", "replicas"])?.to_number().unwrap_or(1.0))
}

/// How many task managers: as it says, else as many as give the job its slots, else one.
fn task_managers(spec: View<'_>) -> Result<f64> {
    if let Some(replicas) = spec.find(&["taskManager", "replicas"])?.to_number() {
        return Ok(replicas);
    }
    let parallelism = spec.find(&["job", "parallelism"])?.to_number();
    let slots = spec
        .find(&["flinkConfiguration", "taskmanager.numberOfTaskSlots"])?
        .to_number();
    Ok(match (parallelism, slots) {
        (Some(parallelism), Some(slots)) if slots != 0.0 => (parallelism / slots).ceil(),
        _ => 1.0,
    })
}

/// Where pods may run, from the common pod template; absent when it does not say.
fn node_claim(pods: View<'_>) -> Result<Value> {
    let mut claim = Map::new();
    for field in ["nodeSelector", "tolerations"] {
        result::set(&mut claim, field, import(pods.find(&[field])?.value()));
    }
    Ok(if claim.is_empty() {
        Value::Null
    } else {
        Value::Object(claim)
    })
}

/// The number of a memory size, read as a Kubernetes quantity: `2048m` is about two bytes.
fn memory(size: View<'_>) -> Result<Quantity> {
    quantities::of_text(size)
}

/// The job managers, then the task managers.
fn components(object: View<'_>) -> Result<Vec<Component>> {
    let spec = object.get("spec")?;
    let pods = spec.find(&["podTemplate", "spec"])?;
    let component = |name: &str, part: &str, replicas: f64| -> Result<Component> {
        let mut requirements = Map::new();
        let resource = spec.find(&[part, "resource"])?;
        let mut request = Map::new();
        result::set(&mut request, "cpu", import(resource.find(&["cpu"])?.value()));
        let size = resource.find(&["memory"])?;
        if size.is_present() {
            request.insert("memory".to_owned(), number(memory(size)?.approximate_f64())?);
        }
        requirements.insert("resourceRequest".to_owned(), Value::Object(request));
        place(&mut requirements, pods)?;
        Ok(Component {
            name: name.to_owned(),
            replicas: components::replicas(replicas)?,
            replica_requirements: Some(components::requirements(decode(requirements)?)),
        })
    };
    Ok(vec![
        component("jobmanager", "jobManager", job_managers(spec)?)?,
        component("taskmanager", "taskManager", task_managers(spec)?)?,
    ])
}

/// All managers, each as large as the larger kind.
fn replicas(object: View<'_>) -> Result<Replicas> {
    let spec = object.get("spec")?;
    let job = spec.find(&["jobManager", "resource"])?;
    let task = spec.find(&["taskManager", "resource"])?;

    let mut request = Map::new();
    let (job_cpu, task_cpu) = (job.find(&["cpu"])?, task.find(&["cpu"])?);
    let cpu = match (job_cpu.is_present(), task_cpu.is_present()) {
        (true, true) => number(job_cpu.operand()?.max(task_cpu.operand()?))?,
        (true, false) => import(job_cpu.value()),
        _ => import(task_cpu.value()),
    };
    result::set(&mut request, "cpu", cpu);
    let (job_memory, task_memory) = (job.find(&["memory"])?, task.find(&["memory"])?);
    let job_is_larger = match (job_memory.is_present(), task_memory.is_present()) {
        (true, true) => memory(job_memory)?.approximate_f64() > memory(task_memory)?.approximate_f64(),
        (job_has_one, _) => job_has_one,
    };
    let size = if job_is_larger { job_memory } else { task_memory };
    result::set(&mut request, "memory", import(size.value()));

    let mut requirements = Map::new();
    requirements.insert("resourceRequest".to_owned(), Value::Object(request));
    place(&mut requirements, spec.find(&["podTemplate", "spec"])?)?;
    let namespace = object.find(&["metadata", "namespace"])?;
    if !namespace.is("") {
        result::set(&mut requirements, "namespace", import(namespace.value()));
    }
    let replicas = number(job_managers(spec)? + task_managers(spec)?)?;
    Ok(Replicas {
        replicas: rules::count(View::new(&replicas))?,
        requirements: Some(decode(requirements)?),
    })
}

/// Adds where the pods may run and their priority class.
fn place(requirements: &mut Map<String, Value>, pods: View<'_>) -> Result<()> {
    result::set(requirements, "nodeClaim", node_claim(pods)?);
    let class = pods.find(&["priorityClassName"])?;
    if !class.is("") {
        result::set(requirements, "priorityClassName", import(class.value()));
    }
    Ok(())
}

fn decode(requirements: Map<String, Value>) -> Result<ReplicaRequirements> {
    let mut requirements = Value::Object(requirements);
    result::settle(&mut requirements, &result::EmptyPaths::default());
    wire::decode(&requirements).map_err(error::decode)
}

fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect(observed, &STATUS)
}

/// The status of the last cluster that reports one.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    let Some(items) = items else { return Ok(()) };
    let start = json!({
        "error": "",
        "jobManagerDeploymentStatus": "",
        "lifecycleState": "",
        "observedGeneration": 0,
    });
    let status = result::status(object)?;
    for field in STATUS {
        let mut last = View::new(&start).get(field)?;
        for member in items.live() {
            last = member.status.get(field)?;
        }
        result::set(status, field, import(last.value()));
    }
    Ok(())
}

/// A job that runs, has ended or is about to is healthy, whatever its end; one that has yet to start is when its pods
/// cannot start, so that it is not moved for an image that is nowhere.
fn health(observed: View<'_>) -> Result<bool> {
    let status = observed.get("status")?.unless_false();
    let state = status.find(&["jobStatus"])?.unless_false().find(&["state"])?;
    if state.is_absent() {
        return Ok(status.find(&["jobManagerDeploymentStatus"])?.is("READY")
            && status.find(&["lifecycleState"])?.is("STABLE"));
    }
    if state.is_any(&[
        "RUNNING",
        "FINISHED",
        "FAILED",
        "CANCELED",
        "SUSPENDED",
        "CANCELLING",
        "FAILING",
        "RESTARTING",
    ]) {
        return Ok(true);
    }
    if !state.is_any(&["CREATED", "INITIALIZING", "RECONCILING"]) {
        return Ok(false);
    }
    let error = status.get("error")?.unless_false();
    if error.is_absent() {
        return Ok(false);
    }
    let error = error.joined()?;
    Ok(["ErrImagePull", "ImagePullBackOff", "CrashLoopBackOff"]
        .iter()
        .any(|reason| error.contains(reason)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn components_are_both_managers() {
        let check = |spec, jobs: Value, tasks: Value| {
            let expected = json!([jobs, tasks]);
            assert_eq!(IT.components(&spec), Some(expected), "{spec}");
        };
        let plain = |name: &str, replicas: i32| json!({"name": name, "replicas": replicas, "replicaRequirements": {}});
        check(json!(null), plain("jobmanager", 1), plain("taskmanager", 1));
        let slots = |slots: Value| json!({"taskmanager.numberOfTaskSlots": slots});
        check(
            json!({"jobManager": {"replicas": 2}, "job": {"parallelism": 5}, "flinkConfiguration": slots(json!("2"))}),
            plain("jobmanager", 2),
            plain("taskmanager", 3),
        );
        check(
            json!({"job": {"parallelism": 5}, "flinkConfiguration": slots(json!(0))}),
            plain("jobmanager", 1),
            plain("taskmanager", 1),
        );
        check(
            json!({"taskManager": {"replicas": "4"}, "job": {"parallelism": 5}, "flinkConfiguration": slots(json!(1))}),
            plain("jobmanager", 1),
            plain("taskmanager", 4),
        );
        // Sizes are Kubernetes quantities: this is 2.048 bytes.
        check(
            json!({
                "jobManager": {"resource": {"cpu": 1, "memory": "2048m"}},
                "podTemplate": {"spec": {"nodeSelector": {"a": "b"}, "priorityClassName": "high", "affinity": {"x": 1}}},
            }),
            json!({"name": "jobmanager", "replicas": 1, "replicaRequirements": {
                "resourceRequest": {"cpu": "1", "memory": "2048m"},
                "nodeClaim": {"nodeSelector": {"a": "b"}}, "priorityClassName": "high",
            }}),
            json!({"name": "taskmanager", "replicas": 1, "replicaRequirements": {
                "nodeClaim": {"nodeSelector": {"a": "b"}}, "priorityClassName": "high",
            }}),
        );
        assert_eq!(
            IT.components(&json!({"jobManager": {"resource": {"memory": 1}}})),
            None
        );
        assert_eq!(
            IT.components(&json!({"jobManager": {"resource": {"memory": "-1"}}})),
            None
        );
    }

    #[test]
    fn replicas_are_as_large_as_the_larger() {
        let check = |job: Value, task: Value, expected: Value| {
            let spec = json!({"jobManager": {"resource": job}, "taskManager": {"resource": task}});
            let mut requirements = json!({"namespace": "ns"});
            if expected != json!(null) {
                requirements["resourceRequest"] = expected;
            }
            assert_eq!(IT.replicas(&spec), Some((2, requirements)), "{spec}");
        };
        check(json!(null), json!(null), json!(null));
        check(
            json!({"cpu": 1, "memory": "2Gi"}),
            json!({"cpu": 2, "memory": "1Gi"}),
            json!({"cpu": "2", "memory": "2Gi"}),
        );
        check(
            json!({"cpu": 1, "memory": "1Gi"}),
            json!({"cpu": 1}),
            json!({"cpu": "1", "memory": "1Gi"}),
        );
        // Of equal sizes the text of the task manager.
        check(
            json!({"memory": "1024Mi"}),
            json!({"memory": "1Gi"}),
            json!({"memory": "1Gi"}),
        );
    }

    #[test]
    fn health_by_job_state() {
        let check = |status, expected| assert_eq!(IT.health_of(&status), Some(expected), "{status}");
        let of = |state: &str| json!({"jobStatus": {"state": state}});
        for state in [
            "RUNNING",
            "FINISHED",
            "FAILED",
            "CANCELED",
            "SUSPENDED",
            "CANCELLING",
            "FAILING",
            "RESTARTING",
        ] {
            check(of(state), true);
        }
        for state in ["CREATED", "INITIALIZING", "RECONCILING"] {
            check(of(state), false);
            for (error, expected) in [
                ("x ErrImagePull y", true),
                ("ImagePullBackOff", true),
                ("CrashLoopBackOff", true),
                ("other", false),
                ("", false),
            ] {
                check(json!({"jobStatus": {"state": state}, "error": error}), expected);
            }
        }
        check(of("UNKNOWN"), false);
        let ready = |deployment: &str, lifecycle: &str| json!({"jobManagerDeploymentStatus": deployment, "lifecycleState": lifecycle});
        check(ready("READY", "STABLE"), true);
        check(ready("READY", "DEPLOYED"), false);
        check(ready("MISSING", "STABLE"), false);
        check(json!(null), false);
    }

    #[test]
    fn aggregation_takes_the_last_status() {
        let check = |items, expected| {
            let before = json!({"error": "e", "jobStatus": {"state": "s"}, "x": 1});
            assert_eq!(IT.aggregate(&before, &items), Some(expected), "{items}");
        };
        check(
            json!(null),
            json!({"error": "e", "jobStatus": {"state": "s"}, "x": 1}),
        );
        check(
            json!([null]),
            json!({"error": "", "jobManagerDeploymentStatus": "", "lifecycleState": "", "observedGeneration": 0, "x": 1}),
        );
        check(
            json!([{"error": "a"}, {"lifecycleState": "STABLE", "y": 1}, null]),
            json!({"lifecycleState": "STABLE", "x": 1}),
        );
    }

    #[test]
    fn reflection_has_no_generations() {
        let status = json!({"error": "e", "jobStatus": {"state": "s"}, "x": 1});
        assert_eq!(
            IT.reflect(&status),
            Some(json!({"error": "e", "jobStatus": {"state": "s"}}))
        );
    }
}
