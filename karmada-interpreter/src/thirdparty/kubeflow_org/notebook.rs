//! Notebook: a Jupyter server.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::interpreter::Replicas;
use crate::thirdparty::error::Result;
use crate::thirdparty::items::Items;
use crate::thirdparty::rules::Rules;
use crate::thirdparty::view::{View, import};
use crate::thirdparty::{pod_template, result, times};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    replicas: Some(replicas),
    aggregate: Some(aggregate),
    reflect: Some(reflect),
    health: Some(health),
    ..Rules::of("kubeflow.org/v1", "Notebook")
};

/// Always one.
fn replicas(object: View<'_>) -> Result<Replicas> {
    Ok(Replicas {
        replicas: 1,
        requirements: pod_template::requirements(object.path(&["spec", "template"])?)?,
    })
}

fn reflect(observed: View<'_>) -> Result<Value> {
    let status = observed.get("status")?;
    let mut reflected = Map::new();
    if status.is_absent() {
        return Ok(Value::Object(reflected));
    }
    let ready = status.get("readyReplicas")?;
    let ready = if ready.is_truthy() {
        import(ready.value())
    } else {
        json!(0)
    };
    reflected.insert("readyReplicas".to_owned(), ready);
    result::set(
        &mut reflected,
        "containerState",
        import(status.get("containerState")?.unless_false().value()),
    );
    let conditions = status.get("conditions")?;
    if conditions.is_table() {
        reflected.insert("conditions".to_owned(), import(conditions.value()));
    }
    Ok(Value::Object(reflected))
}

/// Running, or being created, or ended without an error.
fn health(observed: View<'_>) -> Result<bool> {
    let state = observed.find(&["status", "containerState"])?;
    if state.is_absent() {
        return Ok(false);
    }
    if state.get("running")?.is_present() {
        return Ok(true);
    }
    let waiting = state.get("waiting")?;
    if waiting.is_present() {
        return Ok(waiting.get("reason")?.is("ContainerCreating"));
    }
    let terminated = state.get("terminated")?;
    if terminated.is_absent() {
        return Ok(false);
    }
    if terminated
        .get("reason")?
        .is_any(&["Error", "OOMKilled", "ContainerCannotRun"])
    {
        return Ok(false);
    }
    let code = terminated.get("exitCode")?;
    Ok(!code.is_truthy() || code.equals(0.0))
}

/// Failed once it does not run anywhere, ready once it runs everywhere.
fn aggregate(object: &mut Value, items: Option<Items<'_>>, now: Timestamp) -> Result<()> {
    let Some(items) = items else { return Ok(()) };
    if let Some(only) = items.only_status() {
        return result::assign(object, &["status"], import(only.value()));
    }
    let mut status = Map::new();
    items.sum_or_zero_into(&mut status, &["readyReplicas"])?;

    let mut failed = Vec::new();
    let mut succeeded = 0_usize;
    let mut container = Value::Null;
    let mut started: Option<View<'_>> = None;
    for member in items.live() {
        let state = member.status.get("containerState")?;
        let missing = state.is_absent() || state.is_empty_table();
        if missing || state.get("terminated")?.is_present() || state.get("waiting")?.is_present() {
            failed.push(member.cluster);
            container = if missing {
                json!({"waiting": {"reason": "Unschedulable"}})
            } else {
                import(state.value())
            };
            continue;
        }
        let running = state.get("running")?;
        if running.is_absent() || !failed.is_empty() {
            continue;
        }
        succeeded += 1;
        let time = running.get("startedAt")?;
        let later = match started {
            None => time.is_present(),
            Some(known) => time.is_present() && known.less_than(time)?,
        };
        if later {
            started = Some(time);
        }
        let mut state = Map::new();
        result::set(
            &mut state,
            "startedAt",
            started.map_or(Value::Null, |time| import(time.value())),
        );
        container = json!({"running": state});
    }
    result::set(&mut status, "containerState", container);

    let condition = |kind: &str, reason: &str, message: String| {
        json!({
            "type": kind,
            "status": "True",
            "reason": reason,
            "message": message,
            "lastProbeTime": times::stamp(now),
            "lastTransitionTime": times::stamp(now),
        })
    };
    let mut conditions = Vec::new();
    if !failed.is_empty() {
        let message = format!(
            "Notebook executed failed in member clusters: {}",
            failed.join(", ")
        );
        conditions.push(condition("Failed", "NotebookFailed", message));
    }
    if succeeded == items.len() && succeeded > 0 {
        conditions.push(condition("Ready", "Ready", "All notebooks are ready".to_owned()));
    }
    status.insert("conditions".to_owned(), Value::Array(conditions));
    result::assign(object, &["status"], Value::Object(status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn replicas_are_one() {
        assert_eq!(
            IT.replicas(&json!({"template": {}, "replicas": 3})),
            Some((1, json!(null)))
        );
        assert_eq!(IT.replicas(&json!({})), None);
    }

    #[test]
    fn health_by_container_state() {
        let check = |state, expected| {
            assert_eq!(
                IT.health_of(&json!({"containerState": state})),
                Some(expected),
                "{state}"
            );
        };
        check(json!(null), false);
        check(json!({}), false);
        check(json!({"running": {}, "terminated": {"exitCode": 1}}), true);
        check(json!({"waiting": {"reason": "ContainerCreating"}}), true);
        check(json!({"waiting": {"reason": "CrashLoopBackOff"}}), false);
        check(json!({"waiting": {}, "terminated": {}}), false);
        for reason in ["Error", "OOMKilled", "ContainerCannotRun"] {
            check(json!({"terminated": {"reason": reason}}), false);
        }
        check(json!({"terminated": {"exitCode": 1}}), false);
        check(
            json!({"terminated": {"exitCode": 0, "reason": "Completed"}}),
            true,
        );
        check(json!({"terminated": {}}), true);
    }

    #[test]
    fn reflection() {
        let check = |status, expected| assert_eq!(IT.reflect(&status), Some(expected), "{status}");
        check(json!(null), json!({}));
        check(json!({}), json!({"readyReplicas": 0}));
        check(
            json!({"readyReplicas": 1, "containerState": {"running": {"a": 1}}, "conditions": [1], "x": 1}),
            json!({"readyReplicas": 1, "containerState": {"running": {"a": 1}}, "conditions": [1]}),
        );
        check(json!({"conditions": "none"}), json!({"readyReplicas": 0}));
    }

    #[test]
    fn status_aggregation() {
        let check =
            |items, expected| assert_eq!(IT.aggregate(&json!({"x": 1}), &items), Some(expected), "{items}");
        let now = crate::thirdparty::testing::NOW;
        let running =
            |time: &str| json!({"readyReplicas": 1, "containerState": {"running": {"startedAt": time}}});
        let failed = |clusters: &str| {
            json!({"type": "Failed", "status": "True", "reason": "NotebookFailed", "lastProbeTime": now,
                "lastTransitionTime": now, "message": format!("Notebook executed failed in member clusters: {clusters}")})
        };
        let ready = json!({"type": "Ready", "status": "True", "reason": "Ready", "lastProbeTime": now,
            "lastTransitionTime": now, "message": "All notebooks are ready"});
        check(json!(null), json!({"x": 1}));
        check(json!([]), json!({"readyReplicas": 0}));
        check(json!([{"y": 1}]), json!({"y": 1}));
        check(json!([null]), json!(null));
        check(
            json!([running("2024-01"), running("2024-02")]),
            json!({"readyReplicas": 2, "containerState": {"running": {"startedAt": "2024-02"}}, "conditions": [ready]}),
        );
        check(
            json!([running("2024-01"), null]),
            json!({"readyReplicas": 1, "containerState": {"running": {"startedAt": "2024-01"}}}),
        );
        check(
            json!([running("2024-01"), {}, {"containerState": {"waiting": {"reason": "r"}}}, running("2024-02")]),
            json!({"readyReplicas": 2, "containerState": {"waiting": {"reason": "r"}}, "conditions": [failed("b, c")]}),
        );
        check(
            json!([{"containerState": {"terminated": {"exitCode": 0}}}, {"containerState": {}}]),
            json!({"readyReplicas": 0, "containerState": {"waiting": {"reason": "Unschedulable"}},
                "conditions": [failed("a, b")]}),
        );
    }
}
