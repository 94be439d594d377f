//! Bindings and Works: `works`, `propagate`.

use std::collections::BTreeMap;

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::policy::v1alpha1::{
    ClusterOverridePolicy, ClusterPropagationPolicy, OverridePolicy, PropagationPolicy,
};
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha1::Work;
use karmada_core::api::work::v1alpha2::{ClusterResourceBinding, ResourceBinding};
use karmada_core::claim::claim;
use karmada_core::features::{Feature, FeatureGates};
use karmada_core::override_rules::Overrides;
use karmada_core::policy::{Verdict, decide};
use karmada_core::propagation::{Binding, Interpretation, build_binding, merge_binding, waits_for_change};
use karmada_core::work::{BindingRef, WorkBuilder};
use karmada_interpreter::{Answer, Native, SyncInterpreter};
use serde_json::{Value, json};

use super::Op;
use crate::case::{Case, RunError};
use crate::compare::{Comparison, Difference, Empties, Rule};

pub(super) const OPS: &[Op] = &[
    Op {
        name: "works",
        run: works,
        compare: compare_works,
    },
    Op {
        name: "propagate",
        run: propagate,
        compare: compare_propagated,
    },
];

/// A list of the input; one that is not there is empty.
fn list<T: serde::de::DeserializeOwned>(case: &Case, key: &str) -> Result<Vec<T>, RunError> {
    Ok(case.decode::<Option<Vec<T>>>(key)?.unwrap_or_default())
}

fn works(case: &Case) -> Result<Value, RunError> {
    let template = case.get("workload");
    let (binding, cluster_binding);
    let binding = if is_kind(case.get("binding"), "ResourceBinding") {
        binding = case.decode::<ResourceBinding>("binding")?;
        BindingRef::Namespaced(&binding)
    } else {
        cluster_binding = case.decode::<ClusterResourceBinding>("binding")?;
        BindingRef::Cluster(&cluster_binding)
    };
    let clusters: Vec<Cluster> = list(case, "clusters")?;
    let policies: Vec<OverridePolicy> = list(case, "overridePolicies")?;
    let cluster_policies: Vec<ClusterOverridePolicy> = list(case, "clusterOverridePolicies")?;
    let mut works: BTreeMap<(String, String), Work> = BTreeMap::new();
    for work in list::<Work>(case, "existingWorks")? {
        works.insert(key(&work), work);
    }
    let mut errors = Vec::new();
    let overrides = Overrides::select(template, &cluster_policies, &policies);
    let gates = case.feature_gates()?;
    match WorkBuilder::new(template, binding, overrides, gates) {
        Ok(builder) => {
            let native = Native { gates };
            for target in builder.targets() {
                let cluster = clusters
                    .iter()
                    .find(|cluster| cluster.metadata.name.as_deref() == Some(&target.name));
                let revise =
                    |manifest: &mut Value, replicas: i64| match native.revise_replica(manifest, replicas) {
                        Ok(_) => Ok(()),
                        Err(error) => Err(error.into()),
                    };
                // Overrides may change what the Work is called, so the new one comes first.
                let built = builder.build(target, cluster, &revise, None).and_then(|work| {
                    let existing = works.get(&key(&work));
                    builder.build(target, cluster, &revise, existing)
                });
                match built {
                    Ok(work) => {
                        works.insert(key(&work), work);
                    }
                    Err(error) => errors.push(error.to_string()),
                }
            }
        }
        Err(error) => errors.push(error.to_string()),
    }
    let works = works.into_values().map(normal).collect::<Result<Vec<_>, _>>()?;
    Ok(if errors.is_empty() {
        json!({"works": works})
    } else {
        json!({"works": works, "errorText": errors.join("; ")})
    })
}

fn key(work: &Work) -> (String, String) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    (text(&work.metadata.namespace), text(&work.metadata.name))
}

fn is_kind(object: &Value, kind: &str) -> bool {
    object.get("kind").and_then(Value::as_str) == Some(kind)
}

/// Without what the README says is taken out.
fn normal<T: serde::Serialize>(object: T) -> Result<Value, RunError> {
    let mut object = wire::encode(&object)?;
    if let Some(object) = object.as_object_mut() {
        object.remove("status");
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("resourceVersion");
        }
    }
    Ok(object)
}

/// Works are typed, the manifests in them are not; of an error only that there is one counts.
fn compare_works(_: &Case, expected: &Value, got: &Value) -> Vec<Difference> {
    let has_error = |out: &Value| {
        let mut out = out.clone();
        if let Some(text) = out.get_mut("errorText") {
            *text = true.into();
        }
        out
    };
    Comparison::new(Empties::AbsentCollections)
        .at(
            "works.*.spec.workload.manifests",
            Rule::Empties(Empties::Distinct),
        )
        .differences(&has_error(expected), &has_error(got))
}

fn propagate(case: &Case) -> Result<Value, RunError> {
    let mut template = case.get("template").clone();
    let policies: Vec<PropagationPolicy> = list(case, "policies")?;
    let cluster_policies: Vec<ClusterPropagationPolicy> = list(case, "clusterPolicies")?;
    let overrides: Vec<OverridePolicy> = list(case, "overridePolicies")?;
    let cluster_overrides: Vec<ClusterOverridePolicy> = list(case, "clusterOverridePolicies")?;
    let gates = case.feature_gates()?;
    let existing = match case.get("existingBinding") {
        Value::Null => None,
        object if is_kind(object, "ResourceBinding") => {
            Some(Binding::Namespaced(case.decode("existingBinding")?))
        }
        _ => Some(Binding::Cluster(case.decode("existingBinding")?)),
    };
    let exists = |namespace: &str, name: &str| {
        if namespace.is_empty() {
            cluster_overrides
                .iter()
                .any(|it| it.metadata.name.as_deref() == Some(name))
        } else {
            overrides.iter().any(|it| {
                it.metadata.namespace.as_deref() == Some(namespace)
                    && it.metadata.name.as_deref() == Some(name)
            })
        }
    };
    let failed = |text: String| RunError::Failed { text, kind: None };
    let before = template.clone();
    let lists = (&policies[..], &cluster_policies[..]);
    let mut binding = existing.clone();
    match decide(&before, &lists, &exists) {
        Verdict::ClaimedByOther | Verdict::NotSelected(_) => {}
        Verdict::Apply(policy) => {
            claim(&mut template, policy);
            let by_karmada = case.get("resourceChangeByKarmada") == &Value::Bool(true);
            if !waits_for_change(policy, by_karmada) {
                let class = |name: &str| priority_of_class(case.get("priorityClasses"), name);
                let desired = build_binding(&template, policy, interpret(&template, gates)?, gates, &class)?;
                binding = Some(match &existing {
                    Some(existing) => merge_binding(existing, desired, policy)?,
                    None => desired,
                });
            }
        }
        Verdict::Release(claim) => return Err(failed(format!("{claim:?} is to be released"))),
        Verdict::Deleting(policy) => {
            return Err(failed(format!("policy {} is being deleted", policy.name())));
        }
        Verdict::WaitForOverrides { missing, .. } => return Err(failed(format!("waiting for {missing}"))),
        Verdict::Wait => return Err(failed("no matched propagation policy".into())),
        other => return Err(RunError::Unsupported(format!("{other:?}"))),
    }
    let binding = match binding {
        None => Value::Null,
        Some(Binding::Namespaced(binding)) => without_resource_version(normal(binding)?),
        Some(Binding::Cluster(binding)) => without_resource_version(normal(binding)?),
    };
    let metadata = |key: &str| {
        template
            .get("metadata")
            .and_then(|metadata| metadata.get(key))
            .cloned()
    };
    Ok(json!({
        "template": {"labels": metadata("labels"), "annotations": metadata("annotations")},
        "binding": binding,
    }))
}

fn without_resource_version(mut binding: Value) -> Value {
    if let Some(resource) = binding
        .pointer_mut("/spec/resource")
        .and_then(Value::as_object_mut)
    {
        resource.remove("resourceVersion");
    }
    binding
}

fn interpret(template: &Value, gates: FeatureGates) -> Result<Interpretation, RunError> {
    let native = Native { gates };
    if gates.enabled(Feature::MultiplePodTemplatesScheduling)
        && let Answer::Value(components) = native.get_components(template)?
    {
        return Ok(Interpretation::Components(components));
    }
    Ok(match native.get_replicas(template)? {
        Answer::Value(it) => Interpretation::Replicas {
            replicas: it.replicas,
            requirements: it.requirements,
        },
        Answer::NotMine => Interpretation::None,
    })
}

fn priority_of_class(classes: &Value, name: &str) -> Option<i32> {
    let class = classes
        .as_array()?
        .iter()
        .find(|class| class.pointer("/metadata/name").and_then(Value::as_str) == Some(name))?;
    let value = class.get("value").and_then(Value::as_i64).unwrap_or_default();
    i32::try_from(value).ok()
}

/// Bindings are typed; so are labels and annotations.
fn compare_propagated(case: &Case, expected: &Value, got: &Value) -> Vec<Difference> {
    crate::compare::typed(case, expected, got)
}
