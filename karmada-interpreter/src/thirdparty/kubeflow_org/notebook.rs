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
