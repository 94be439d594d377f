//! Workflow: steps that each run a pod.

use serde_json::{Map, Value};

use crate::interpreter::Replicas;
use crate::thirdparty::error::Result;
use crate::thirdparty::references::References;
use crate::thirdparty::rules::{self, Rules};
use crate::thirdparty::view::{View, import};
use crate::thirdparty::{pod_template, result, volumes};

/// The rules.
pub(in crate::thirdparty) const RULES: Rules = Rules {
    replicas: Some(replicas),
    revise: Some(rules::revise_parallelism),
    retain: Some(retain),
    health: Some(health),
    dependencies: Some(dependencies),
    ..Rules::of("argoproj.io/v1alpha1", "Workflow")
};

/// The parallelism, one if it is absent; of the pods only where they may run is known.
fn replicas(object: View<'_>) -> Result<Replicas> {
    let spec = object.get("spec")?;
    let parallelism = spec.get("parallelism")?;
    let replicas = if parallelism.is_absent() {
        1
    } else {
        rules::count(parallelism)?
    };
    let mut pods = Map::new();
    for field in ["affinity", "nodeSelector", "tolerations"] {
        result::set(&mut pods, field, import(spec.get(field)?.value()));
    }
    let template = Value::Object(Map::from_iter([("spec".to_owned(), Value::Object(pods))]));
    Ok(Replicas {
        replicas,
        requirements: pod_template::requirements(View::new(&template))?,
    })
}

/// Whether it is suspended, and the whole status: both change in the member.
fn retain(desired: &mut Value, observed: View<'_>) -> Result<()> {
    let suspend = observed.path(&["spec", "suspend"])?;
    if suspend.is_present() {
        result::assign(desired, &["spec", "suspend"], import(suspend.value()))?;
    }
    let status = observed.get("status")?;
    if status.is_present() {
        result::assign(desired, &["status"], import(status.value()))?;
    }
    Ok(())
}

/// In a phase that is neither an error nor a failure.
fn health(observed: View<'_>) -> Result<bool> {
    let phase = observed.find(&["status", "phase"])?;
    Ok(phase.is_present() && !phase.is_any(&["", "Error", "Failed"]))
}

fn dependencies(object: View<'_>) -> Result<References> {
    let mut references = References::default();
    let spec = object.get("spec")?;
    references.add_named("ServiceAccount", spec.find(&["executor", "serviceAccountName"])?)?;
    let account = spec.get("serviceAccountName")?;
    if !account.is("default") {
        references.add_named("ServiceAccount", account)?;
    }
    for claim in spec.get("volumeClaimTemplates")?.values_or_none()? {
        references.add_named("PersistentVolumeClaim", claim.path(&["metadata", "name"])?)?;
    }
    for volume in spec.get("volumes")?.values_or_none()? {
        // Upstream reads `name` of a secret volume, not its `secretName`.
        volumes::references(volume, "name", &mut references)?;
    }
    for secret in spec.get("imagePullSecrets")?.values_or_none()? {
        references.add_named("Secret", secret.get("name")?)?;
    }
    Ok(references)
}
