//! RayJob: a job on a Ray cluster of its own.

use jiff::Timestamp;
use karmada_core::api::work::v1alpha2::Component;
use serde_json::Value;

use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::references::References;
use crate::thirdparty::result;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::{View, import};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    components: Some(components),
    aggregate: Some(aggregate),
    health: Some(health),
    dependencies: Some(dependencies),
    ..Rules::of("ray.io/v1", "RayJob")
};

fn components(object: View<'_>) -> Result<Vec<Component>> {
    super::components_of(object.find(&["spec", "rayClusterSpec"])?)
}

fn dependencies(object: View<'_>) -> Result<References> {
    let mut references = References::default();
    let spec = object.get("spec")?;
    super::add_cluster(spec.find(&["rayClusterSpec"])?, &mut references)?;
    super::add_pod(spec.find(&["submitterPodTemplate", "spec"])?, &mut references)?;
    Ok(references)
}

/// Running, or ended well.
fn health(observed: View<'_>) -> Result<bool> {
    let status = observed.get("status")?;
    let deployment = status.find(&["jobDeploymentStatus"])?;
    Ok(deployment.is("Running") || deployment.is("Complete") && status.find(&["jobStatus"])?.is("SUCCEEDED"))
}

/// How bad the state of a job's deployment is.
fn deployment_rank(state: View<'_>) -> u8 {
    match state.text().unwrap_or_default() {
        "Initializing" => 1,
        "Waiting" => 2,
        "Suspending" | "Suspended" => 3,
        "Retrying" => 4,
        "Running" => 5,
        "Complete" => 6,
        "ValidationFailed" => 7,
        "Failed" => 8,
        _ => 0,
    }
}

/// How bad the state of a job is.
fn job_rank(state: View<'_>) -> u8 {
    match state.text().unwrap_or_default() {
        "PENDING" => 1,
        "RUNNING" => 2,
        "SUCCEEDED" => 3,
        "STOPPED" => 4,
        "FAILED" => 5,
        _ => 0,
    }
}

/// The worst of the clusters; of equally bad ones the first.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    let Some(items) = super::begin(object, items)? else {
        return Ok(());
    };
    let mut deployment: Option<(u8, View<'_>, View<'_>)> = None;
    let mut job: Option<(u8, View<'_>)> = None;
    for member in items.live() {
        let state = member.status.get("jobDeploymentStatus")?;
        let rank = deployment_rank(state);
        if state.is_present() && deployment.is_none_or(|(worst, _, _)| rank > worst) {
            deployment = Some((rank, state, member.status));
        }
        let state = member.status.get("jobStatus")?;
        let rank = job_rank(state);
        if state.is_present() && !state.is("") && job.is_none_or(|(worst, _)| rank > worst) {
            job = Some((rank, state));
        }
    }
    let (state, worst) = deployment.map_or((View::absent(), View::absent()), |(_, state, worst)| {
        (state, worst)
    });
    let status = result::status(object)?;
    result::set(status, "jobDeploymentStatus", import(state.value()));
    for field in ["reason", "message"] {
        result::set(status, field, import(worst.find(&[field])?.value()));
    }
    let job = job.map_or(View::absent(), |(_, state)| state);
    result::set(status, "jobStatus", import(job.value()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn components_of_its_cluster() {
        assert_eq!(IT.components(&json!({})), Some(json!([])));
        let spec = json!({"rayClusterSpec": {"headGroupSpec": {"template": {}}}});
        assert_eq!(
            IT.components(&spec),
            Some(json!([{"name": "ray-head", "replicas": 1}]))
        );
    }

    #[test]
    fn health_by_deployment_and_job() {
        let check = |deployment: &str, job: &str, expected| {
            let status = json!({"jobDeploymentStatus": deployment, "jobStatus": job});
            assert_eq!(IT.health_of(&status), Some(expected), "{status}");
        };
        check("Running", "PENDING", true);
        check("Running", "FAILED", true);
        check("Complete", "SUCCEEDED", true);
        check("Complete", "FAILED", false);
        check("Initializing", "", false);
        check("Failed", "SUCCEEDED", false);
        assert_eq!(IT.health_of(&json!(null)), Some(false));
    }

    #[test]
    fn the_worst_state_wins() {
        let check = |items, expected| {
            let before = json!({"x": 1, "reason": "old", "jobStatus": "old"});
            assert_eq!(IT.aggregate(&before, &items), Some(expected), "{items}");
        };
        check(json!([{}, null]), json!({"x": 1}));
        let ranked = [
            "",
            "Initializing",
            "Waiting",
            "Suspending",
            "Retrying",
            "Running",
            "Complete",
            "ValidationFailed",
            "Failed",
        ];
        for pair in ranked.windows(2) {
            check(
                json!([{"jobDeploymentStatus": pair[1], "reason": "r", "message": "m"}, {"jobDeploymentStatus": pair[0]}]),
                json!({"x": 1, "jobDeploymentStatus": pair[1], "reason": "r", "message": "m"}),
            );
            check(
                json!([{"jobDeploymentStatus": pair[0], "reason": "r"}, {"jobDeploymentStatus": pair[1]}]),
                json!({"x": 1, "jobDeploymentStatus": pair[1]}),
            );
        }
        // The first of equally bad ones, and of those that nobody knows.
        check(
            json!([{"jobDeploymentStatus": "Suspended"}, {"jobDeploymentStatus": "Suspending"}]),
            json!({"x": 1, "jobDeploymentStatus": "Suspended"}),
        );
        check(
            json!([{"jobDeploymentStatus": "A"}, {"jobDeploymentStatus": "B"}]),
            json!({"x": 1, "jobDeploymentStatus": "A"}),
        );
        for pair in ["PENDING", "RUNNING", "SUCCEEDED", "STOPPED", "FAILED"].windows(2) {
            for items in [
                json!([{"jobStatus": pair[0]}, {"jobStatus": pair[1]}]),
                json!([{"jobStatus": pair[1]}, {"jobStatus": pair[0]}]),
            ] {
                check(items, json!({"x": 1, "jobStatus": pair[1]}));
            }
        }
        check(
            json!([{"jobStatus": ""}, {"jobStatus": "A"}]),
            json!({"x": 1, "jobStatus": "A"}),
        );
    }

    #[test]
    fn dependencies_of_every_pod() {
        let pod = |name: &str| {
            json!({"spec": {
                "serviceAccountName": format!("sa-{name}"),
                "volumes": [{"secret": {"secretName": format!("s-{name}"), "name": "not read"},
                    "configMap": {"name": format!("c-{name}")}, "persistentVolumeClaim": {"claimName": format!("p-{name}")}}],
                "initContainers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": format!("e-{name}")}}}]}],
                "ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "not read"}}]}],
            }})
        };
        let spec = json!({
            "rayClusterSpec": {
                "headGroupSpec": {"template": pod("h")},
                "workerGroupSpecs": [{"template": pod("w")}, {}],
            },
            "submitterPodTemplate": pod("s"),
        });
        let mut expected: Vec<String> = Vec::new();
        for (kind, prefixes) in [
            ("ConfigMap", &["c"][..]),
            ("PersistentVolumeClaim", &["p"]),
            ("Secret", &["e", "s"]),
            ("ServiceAccount", &["sa"]),
        ] {
            for prefix in prefixes {
                expected.extend(["h", "s", "w"].map(|pod| format!("{kind} ns/{prefix}-{pod}")));
            }
        }
        assert_eq!(IT.dependencies(&spec), Some(expected));
        assert_eq!(IT.dependencies(&json!({})), Some(vec![]));
    }
}
