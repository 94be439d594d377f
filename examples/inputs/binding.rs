//! From a template and the policies to the binding.

use anyhow::{Context as _, bail};
use karmada::core::api::work::v1alpha2::{ResourceBindingSpec, ResourceBindingStatus};
use karmada::core::claim::claim;
use karmada::core::features::FeatureGates;
use karmada::core::labels;
use karmada::core::names::DEFAULT_SCHEDULER;
use karmada::core::object::Object;
use karmada::core::policy::{PolicyRef, select_policy};
use karmada::core::propagation::{Binding, Interpretation, build_binding};
use karmada::interpreter::{Replicas, SyncChain, SyncInterpreter};
use karmada::prelude::*;
use karmada::scheduler::{Decision, Options, ScheduleError, Snapshot, schedule};
use serde_json::Value;

use super::{Inputs, PERMANENT_ID};

/// The policies to choose from: those of namespaces, and those of the cluster.
pub(crate) type Policies<'a> = (&'a [PropagationPolicy], &'a [ClusterPropagationPolicy]);

/// A template with its policy and its binding.
#[derive(Debug)]
pub(crate) struct Bound<'a> {
    /// Claimed by the policy.
    pub(crate) template: Value,
    pub(crate) policy: PolicyRef<'a>,
    /// What the template wants, if its kind has replicas.
    pub(crate) wanted: Option<Replicas>,
    pub(crate) binding: Binding,
}

/// Claims the template for the policy that selects it, and binds it.
pub(crate) fn bind<'a>(
    inputs: &Inputs,
    policies: &'a Policies<'a>,
    interpreter: &SyncChain,
) -> anyhow::Result<Bound<'a>> {
    let gates = FeatureGates::default();
    let mut template = inputs.template.clone();
    let policy = select_policy(&template, policies).with_context(|| {
        let considered = policies.0.len() + policies.1.len();
        format!(
            "no policy is for {}: none of the {considered} given selects it",
            title(&inputs.template)
        )
    })?;
    refuse_what_is_not_covered(policy)?;
    claim(&mut template, policy);

    let wanted = interpreter.get_replicas(&template)?.value();
    let interpretation = wanted
        .clone()
        .map_or(Interpretation::None, |wanted| Interpretation::Replicas {
            replicas: wanted.replicas,
            requirements: wanted.requirements,
        });
    let mut binding = build_binding(&template, policy, interpretation, gates, &|_| None)?;
    let (metadata, key) = match &mut binding {
        Binding::Namespaced(binding) => (&mut binding.metadata, labels::RESOURCE_BINDING_PERMANENT_ID),
        Binding::Cluster(binding) => (
            &mut binding.metadata,
            labels::CLUSTER_RESOURCE_BINDING_PERMANENT_ID,
        ),
    };
    let binding_labels = metadata.labels.get_or_insert_default();
    binding_labels.insert(key.to_owned(), PERMANENT_ID.to_owned());
    Ok(Bound {
        template,
        policy,
        wanted,
        binding,
    })
}

/// What scheduling reads and writes of a binding.
pub(crate) fn parts(binding: &mut Binding) -> (&mut ResourceBindingSpec, &mut ResourceBindingStatus) {
    match binding {
        Binding::Namespaced(binding) => (&mut binding.spec, &mut binding.status),
        Binding::Cluster(binding) => (&mut binding.spec, &mut binding.status),
    }
}

/// Schedules, and leaves in the status which of the placement's affinity groups is in force: the first that works out,
/// or the first of all if none does.
pub(crate) fn schedule_groups(
    snapshot: &Snapshot,
    spec: &ResourceBindingSpec,
    status: &mut ResourceBindingStatus,
    options: &Options,
) -> Result<Decision, ScheduleError> {
    let terms = spec
        .placement
        .iter()
        .flat_map(|placement| &placement.cluster_affinities);
    let mut first_failure = None;
    for term in terms {
        status
            .scheduler_observed_affinity_name
            .clone_from(&term.affinity_name);
        match schedule(snapshot, spec, status, options) {
            Ok(decision) => return Ok(decision),
            Err(error) => {
                first_failure.get_or_insert((term.affinity_name.clone(), error));
            }
        }
    }
    let Some((first, error)) = first_failure else {
        return schedule(snapshot, spec, status, options);
    };
    status.scheduler_observed_affinity_name = first;
    Err(error)
}

/// What a control plane would do for the policy, and the examples do not.
fn refuse_what_is_not_covered(policy: PolicyRef<'_>) -> anyhow::Result<()> {
    let spec = policy.spec();
    let subject = format!("{} {}", policy.kind(), policy.name());
    if !matches!(spec.scheduler_name.as_str(), "" | DEFAULT_SCHEDULER) {
        bail!(
            "{subject}: spec.schedulerName: only {DEFAULT_SCHEDULER:?} is at hand, not {:?}",
            spec.scheduler_name
        );
    }
    if spec.propagate_deps {
        bail!("{subject}: spec.propagateDeps: dependencies are not followed by this example");
    }
    Ok(())
}

/// Kind, namespace and name.
pub(crate) fn title(object: &Value) -> String {
    let object = Object::new(object);
    match object.namespace() {
        "" => format!("{} {}", object.kind(), object.name()),
        namespace => format!("{} {namespace}/{}", object.kind(), object.name()),
    }
}
