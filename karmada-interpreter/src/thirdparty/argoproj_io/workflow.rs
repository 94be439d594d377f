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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::thirdparty::testing::Kind;

    const IT: Kind = Kind(&RULES);

    #[test]
    fn replicas_are_the_parallelism() {
        let check = |spec, expected| assert_eq!(IT.replicas(&spec), expected, "{spec}");
        check(json!({}), Some((1, json!(null))));
        check(
            json!({"parallelism": 4, "nodeSelector": {"a": "b"}, "tolerations": [{"key": "k"}]}),
            Some((
                4,
                json!({"nodeClaim": {"nodeSelector": {"a": "b"}, "tolerations": [{"key": "k"}]}}),
            )),
        );
        // What is empty is as good as absent, but what contains it is not.
        check(
            json!({"nodeSelector": {}, "tolerations": []}),
            Some((1, json!(null))),
        );
        let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}});
        check(
            json!({"affinity": {"nodeAffinity": required}}),
            Some((1, json!({"nodeClaim": {}}))),
        );
        check(json!(null), None);
    }

    #[test]
    fn revision_writes_the_parallelism() {
        assert_eq!(IT.revise(&json!({}), 2), Some(json!({"parallelism": 2})));
    }

    #[test]
    fn retention_of_suspension_and_status() {
        let check = |desired, observed, expected: Option<Value>| {
            let expected = expected.map(|members| IT.object(&members));
            assert_eq!(IT.retain(&desired, &observed), expected, "{observed}");
        };
        check(
            json!({"spec": {}}),
            json!({"spec": {"suspend": false}, "status": {"phase": "Running", "nodes": {}}}),
            Some(json!({"spec": {"suspend": false}, "status": {"phase": "Running", "nodes": {}}})),
        );
        check(
            json!({"spec": {"suspend": true}}),
            json!({"spec": {}}),
            Some(json!({"spec": {"suspend": true}})),
        );
        check(json!({"spec": {}}), json!({}), None);
        check(json!({}), json!({"spec": {"suspend": true}}), None);
    }

    #[test]
    fn health_is_a_phase_without_error() {
        let check = |status, expected| assert_eq!(IT.health_of(&status), Some(expected), "{status}");
        check(json!({"phase": "Running"}), true);
        check(json!({"phase": "Pending"}), true);
        check(json!({"phase": "Error"}), false);
        check(json!({"phase": "Failed"}), false);
        check(json!({"phase": ""}), false);
        check(json!({}), false);
        check(json!(null), false);
    }

    #[test]
    fn dependencies_of_accounts_claims_and_volumes() {
        let check = |spec, expected: Option<&[&str]>| {
            let expected = expected.map(|all| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
            assert_eq!(IT.dependencies(&spec), expected, "{spec}");
        };
        check(json!({"serviceAccountName": "default"}), Some(&[]));
        check(json!({"serviceAccountName": "s"}), Some(&["ServiceAccount ns/s"]));
        check(
            json!({"executor": {"serviceAccountName": "default"}}),
            Some(&["ServiceAccount ns/default"]),
        );
        check(
            json!({"imagePullSecrets": [{"name": "p"}, {}]}),
            Some(&["Secret ns/p"]),
        );
        check(
            json!({"volumeClaimTemplates": [{"metadata": {"name": "c"}}, {"metadata": {}}]}),
            Some(&["PersistentVolumeClaim ns/c"]),
        );
        check(json!({"volumeClaimTemplates": [{}]}), None);
        // Every source of a volume counts.
        check(
            json!({"volumes": [{
                "persistentVolumeClaim": {"claimName": "claim"},
                "configMap": {"name": "c1"},
                "projected": {"sources": [{"configMap": {"name": "c2"}, "secret": {"name": "s1"}}]},
                "azureFile": {"secretName": "s2"},
                "csi": {"nodePublishSecretRef": {"name": "s3"}},
                "rbd": {"secretRef": {"name": "s4"}},
                "secret": {"name": "s5", "secretName": "not read"},
            }]}),
            Some(&[
                "ConfigMap ns/c1",
                "ConfigMap ns/c2",
                "PersistentVolumeClaim ns/claim",
                "Secret ns/s1",
                "Secret ns/s2",
                "Secret ns/s3",
                "Secret ns/s4",
                "Secret ns/s5",
            ]),
        );
        check(json!(null), None);
    }
}
