//! BroadcastJob: runs a pod to completion on every node.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::interpreter::Replicas;
use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::rules::{self, Rules};
use crate::thirdparty::view::{View, import};
use crate::thirdparty::{conditions, generation, pod_template, result};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    replicas: Some(replicas),
    revise: Some(rules::revise_parallelism),
    retain: Some(retain),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    dependencies: Some(rules::dependencies_of_workload),
    ..Rules::of("apps.kruise.io/v1alpha1", "BroadcastJob")
};

/// The parallelism, one if it is absent.
fn replicas(object: View<'_>) -> Result<Replicas> {
    let spec = object.get("spec")?;
    let parallelism = spec.get("parallelism")?;
    let replicas = if parallelism.is_absent() {
        1
    } else {
        rules::count(parallelism)?
    };
    Ok(Replicas {
        replicas,
        requirements: pod_template::requirements(spec.get("template")?)?,
    })
}

/// The labels of the pod template, which the member's controller extends.
fn retain(desired: &mut Value, observed: View<'_>) -> Result<()> {
    let template = observed.path(&["spec", "template"])?;
    let labels = template.get("metadata")?.find(&["labels"])?;
    if labels.is_present() {
        result::assign(
            desired,
            &["spec", "template", "metadata", "labels"],
            import(labels.value()),
        )?;
    }
    Ok(())
}

/// Sums; failed once it failed anywhere, completed once it completed everywhere.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, _now: Timestamp) -> Result<()> {
    let Some(items) = items else { return Ok(()) };
    // Upstream does not reset the variable between items: a cluster without a terminal condition, or without a
    // status, counts as the one before it.
    let mut finished: Option<&'static str> = None;
    let mut completed = 0_usize;
    let mut failed = Vec::new();
    for member in items.iter() {
        for condition in member.status.find(&["conditions"])?.list_or_none()? {
            if let Some(kind) = terminal(condition)? {
                finished = Some(kind);
                break;
            }
        }
        match finished {
            Some("Complete") => completed += 1,
            Some(_) => failed.push(member.cluster),
            None => {}
        }
    }
    let mut rebuilt = Vec::new();
    if !failed.is_empty() {
        rebuilt.push(json!({
            "type": "Failed",
            "status": "True",
            "reason": "JobFailed",
            "message": format!("Job executed failed in member clusters: {}", failed.join(", ")),
        }));
    }
    if completed == items.len() && completed > 0 {
        rebuilt.push(json!({
            "type": "Completed",
            "status": "True",
            "reason": "Completed",
            "message": "Job completed",
        }));
    }
    let status = result::status(object)?;
    items.sum_into(status, &["active", "succeeded", "failed", "desired"])?;
    let phase = items.last_present("phase")?.unwrap_or_else(|| json!(""));
    result::set(status, "phase", phase);
    status.insert("conditions".to_owned(), Value::Array(rebuilt));
    Ok(())
}

/// How a condition says that the job has ended, if it does.
fn terminal(condition: View<'_>) -> Result<Option<&'static str>> {
    for kind in ["Complete", "Failed"] {
        if conditions::is(condition, kind, "True")? {
            return Ok(Some(kind));
        }
    }
    Ok(None)
}

fn reflect(observed: View<'_>) -> Result<Value> {
    generation::reflect(
        observed,
        &[
            "conditions",
            "startTime",
            "completionTime",
            "active",
            "succeeded",
            "failed",
            "desired",
            "phase",
        ],
    )
}

/// Wanted somewhere, failed nowhere (and known to), active or succeeded somewhere.
fn health(observed: View<'_>) -> Result<bool> {
    let status = observed.get("status")?;
    if status.get("desired")?.equals(0.0) || !status.get("failed")?.equals(0.0) {
        return Ok(false);
    }
    Ok(!(status.get("succeeded")?.equals(0.0) && status.get("active")?.equals(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn replicas_are_the_parallelism() {
        let check = |spec, expected| {
            assert_eq!(
                IT.replicas(&spec).map(|(replicas, _)| replicas),
                expected,
                "{spec}"
            );
        };
        check(json!({"parallelism": 4, "template": {}}), Some(4));
        check(json!({"template": {}}), Some(1));
        check(
            json!({"parallelism": 2_147_483_648_i64, "template": {}}),
            Some(i32::MIN),
        );
        check(json!({"parallelism": "4", "template": {}}), None);
        check(json!({"parallelism": 4}), None);
        check(json!(null), None);
    }

    #[test]
    fn revision_writes_the_parallelism() {
        assert_eq!(IT.revise(&json!({}), 3), Some(json!({"parallelism": 3})));
        assert_eq!(
            IT.revise(&json!({"parallelism": 1, "a": {}}), 3),
            Some(json!({"parallelism": 3, "a": {}}))
        );
        assert_eq!(IT.revise(&json!(null), 3), None);
    }

    #[test]
    fn retention_of_pod_labels() {
        let labels = |labels| json!({"spec": {"template": {"metadata": {"labels": labels}}}});
        let check = |desired: Value, observed: Value, expected: Option<Value>| {
            let got = IT
                .retain(&desired, &observed)
                .map(|object| object["spec"].clone());
            assert_eq!(
                got,
                expected.map(|object| object["spec"].clone()),
                "{desired} {observed}"
            );
        };
        check(
            labels(json!({"a": "1"})),
            labels(json!({"b": "2"})),
            Some(labels(json!({"b": "2"}))),
        );
        check(
            labels(json!({"a": "1"})),
            json!({"spec": {"template": {}}}),
            Some(labels(json!({"a": "1"}))),
        );
        check(labels(json!({"a": "1"})), json!({}), None);
        check(json!({"spec": {"template": {}}}), labels(json!({"b": "2"})), None);
    }

    #[test]
    fn health_is_known_wanted_unfailed_and_alive() {
        let check = |status, expected| assert_eq!(IT.health_of(&status), expected, "{status}");
        check(
            json!({"desired": 2, "failed": 0, "succeeded": 0, "active": 1}),
            Some(true),
        );
        check(
            json!({"desired": 2, "failed": 0, "succeeded": 2, "active": 0}),
            Some(true),
        );
        check(
            json!({"desired": 2, "failed": 0, "succeeded": 0, "active": 0}),
            Some(false),
        );
        check(
            json!({"desired": 0, "failed": 0, "succeeded": 1, "active": 1}),
            Some(false),
        );
        check(
            json!({"desired": 2, "failed": 1, "succeeded": 1, "active": 1}),
            Some(false),
        );
        // An unknown number of failures is not none.
        check(json!({"desired": 2, "succeeded": 1, "active": 1}), Some(false));
        check(json!(null), None);
    }

    #[test]
    fn status_aggregation() {
        let check =
            |items, expected| assert_eq!(IT.aggregate(&json!({"x": 1}), &items), Some(expected), "{items}");
        let ended = |kind: &str| json!({"conditions": [{"type": kind, "status": "True"}]});
        let sums = json!({"x": 1, "active": 0, "succeeded": 0, "failed": 0, "desired": 0, "phase": ""});
        let with = |conditions: Value| {
            let mut status = sums.clone();
            status["conditions"] = conditions;
            status
        };
        let failed = |clusters: &str| {
            json!({"type": "Failed", "status": "True", "reason": "JobFailed",
                "message": format!("Job executed failed in member clusters: {clusters}")})
        };
        let completed =
            json!({"type": "Completed", "status": "True", "reason": "Completed", "message": "Job completed"});
        check(json!(null), json!({"x": 1}));
        check(json!([]), sums.clone());
        check(
            json!([{"active": 1, "desired": 2, "phase": "running"}, {"active": 2, "succeeded": 1, "failed": 1}]),
            json!({"x": 1, "active": 3, "succeeded": 1, "failed": 1, "desired": 2, "phase": "running"}),
        );
        check(
            json!([ended("Complete"), ended("Complete")]),
            with(json!([completed])),
        );
        check(
            json!([ended("Failed"), ended("Complete"), ended("Failed")]),
            with(json!([failed("a, c")])),
        );
        check(json!([{}, ended("Complete")]), sums.clone());
        // What a cluster does not say is what the one before it said.
        check(json!([ended("Complete"), null]), with(json!([completed])));
        check(json!([ended("Failed"), {}]), with(json!([failed("a, b")])));
    }

    #[test]
    fn reflection_has_no_generations() {
        let status = json!({"active": 1, "phase": "p", "startTime": "t", "other": 1, "conditions": []});
        assert_eq!(
            IT.reflect(&status),
            Some(json!({"active": 1, "phase": "p", "startTime": "t"}))
        );
        assert_eq!(IT.reflect(&json!(null)), Some(json!({})));
    }

    #[test]
    fn dependencies_of_the_pods() {
        let check = |spec, expected: Option<&[&str]>| {
            let expected = expected.map(|all| all.iter().map(ToString::to_string).collect());
            assert_eq!(IT.dependencies(&spec), expected, "{spec}");
        };
        check(
            json!({"template": {"spec": {
                "serviceAccountName": "s",
                "imagePullSecrets": [{"name": "pull"}],
                "volumes": [
                    {"name": "c", "configMap": {"name": "settings"}},
                    {"name": "p", "persistentVolumeClaim": {"claimName": "data"}},
                ],
            }}}),
            Some(&[
                "ConfigMap ns/settings",
                "PersistentVolumeClaim ns/data",
                "Secret ns/pull",
                "ServiceAccount ns/s",
            ]),
        );
        // Upstream's rule fails where a template names nothing, and where there is no template.
        check(
            json!({"template": {"spec": {"serviceAccountName": "default"}}}),
            None,
        );
        check(json!({"template": {"spec": {}}}), None);
        check(json!({}), None);
        check(json!(null), None);
    }
}
