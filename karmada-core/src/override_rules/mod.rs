//! Override policies: what a cluster gets instead of what the template says.
//!
//! ClusterOverridePolicies come first, then the OverridePolicies of the namespace the object then has; in each list the less
//! specific come first, so that the more specific have the last word; equals go by name. Of a policy every rule whose
//! cluster affinity matches is applied, in order; a rule's overriders go image, command, arguments, labels,
//! annotations, documents in fields, plain patches (`karmada:pkg/util/overridemanager`).

mod container;
mod field;
mod image;
mod metadata;
mod patch;
mod raw;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use image::{ImageError, ImageReference, override_image};
pub use patch::PatchError;

use crate::affinity;
use crate::api::cluster::v1alpha1::Cluster;
use crate::api::policy::v1alpha1::{
    ClusterOverridePolicy, OverridePolicy, OverrideSpec, Overriders, RuleWithCluster,
};
use crate::object::Object;
use crate::selector::{ImplicitPriority, highest_priority};
use crate::shape::ShapeError;
use crate::yaml::YamlError;
use patch::Operation;

/// A rule that was applied, as it is recorded on the Work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AppliedOverride {
    /// The policy.
    pub policy_name: String,
    /// What the rule changes.
    pub overriders: Overriders,
}

/// The rules that were applied to an object, in the order of application.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// Those of ClusterOverridePolicies.
    pub cluster_overrides: Vec<AppliedOverride>,
    /// Those of OverridePolicies.
    pub overrides: Vec<AppliedOverride>,
}

/// An override policy that cannot be applied to an object.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{kind} {policy:?}, rule {rule}: {overrider} cannot be applied")]
pub struct OverrideError {
    /// `OverridePolicy` or `ClusterOverridePolicy`.
    pub kind: &'static str,
    /// The policy's name.
    pub policy: String,
    /// The position of the rule in the policy.
    pub rule: usize,
    /// Which of its overriders.
    pub overrider: &'static str,
    /// Why not.
    #[source]
    pub source: Box<OverriderError>,
}

/// Why one overrider cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OverriderError {
    /// A value has another type than it needs to have.
    #[error(transparent)]
    Type(#[from] ShapeError),
    /// There is no text at a path.
    #[error("{0} is not a text")]
    NotText(String),
    /// An image name cannot be parsed.
    #[error(transparent)]
    Image(ImageError),
    /// The component of an image is none of `Registry`, `Repository`, `Tag`.
    #[error("image component {0:?} is not supported")]
    ImageComponent(String),
    /// The object cannot be patched.
    #[error(transparent)]
    Patch(PatchError),
    /// The text of a field is no JSON.
    #[error("the text of {path} is not valid JSON: {reason}")]
    Json {
        /// The field.
        path: String,
        /// Why not.
        reason: String,
    },
    /// The text of a field is no YAML, or has no JSON form.
    #[error("the text of {path} cannot be read as YAML")]
    Yaml {
        /// The field.
        path: String,
        /// Why not.
        source: YamlError,
    },
    /// The document in a field cannot be patched.
    #[error("the document in {path} cannot be patched")]
    Document {
        /// The field.
        path: String,
        /// Why not.
        source: PatchError,
    },
    /// The object would be left without a kind.
    #[error("the object has no kind")]
    NoKind,
}

impl OverriderError {
    fn not_a(path: impl Into<String>, expected: &'static str) -> Self {
        Self::Type(ShapeError::new(path, expected))
    }
}

/// The override policies of a control plane that can concern one object, in the order of application.
///
/// Made once per object and then applied for each of its clusters.
///
/// ```
/// use karmada_core::api::cluster::v1alpha1::Cluster;
/// use karmada_core::api::policy::v1alpha1::{OverridePolicy, OverrideSpec};
/// use karmada_core::override_rules::Overrides;
/// use serde_json::json;
///
/// let deployment = json!({
///     "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "nginx", "namespace": "default"},
///     "spec": {"template": {"spec": {"containers": [{"name": "nginx", "image": "nginx:1.27"}]}}},
/// });
/// let spec: OverrideSpec = serde_json::from_value(json!({"overrideRules": [{
///     "targetCluster": {"clusterNames": ["member1"]},
///     "overriders": {"imageOverrider": [{"component": "Registry", "operator": "replace", "value": "eu.example.com"}]},
/// }]})).unwrap();
/// let policies = [OverridePolicy::new("default", "eu", spec)];
///
/// let overrides = Overrides::select(&deployment, &[], &policies);
/// let mut manifest = deployment.clone();
/// let applied = overrides.apply(&mut manifest, &Cluster::named("member1")).unwrap();
/// assert_eq!(applied.overrides.len(), 1);
/// assert_eq!(manifest["spec"]["template"]["spec"]["containers"][0]["image"], "eu.example.com/nginx:1.27");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Overrides<'a> {
    cluster_policies: Vec<Policy<'a>>,
    policies: Vec<Policy<'a>>,
    all_policies: &'a [OverridePolicy],
}

#[derive(Clone, Debug)]
struct Policy<'a> {
    name: &'a str,
    spec: &'a OverrideSpec,
}

impl<'a> Overrides<'a> {
    /// Picks the policies for an object and puts them in order, whatever the order they come in.
    ///
    /// OverridePolicies of other namespaces than the object's do not count, nor any for a cluster-scoped object.
    /// A policy without selectors is for every object. Policies that are being deleted count.
    #[must_use]
    pub fn select(
        object: &Value,
        cluster_policies: &'a [ClusterOverridePolicy],
        policies: &'a [OverridePolicy],
    ) -> Self {
        Self {
            cluster_policies: in_order(
                object,
                cluster_policies
                    .iter()
                    .map(|policy| (&policy.metadata.name, &policy.spec)),
            ),
            policies: of_namespace(object, policies),
            all_policies: policies,
        }
    }

    /// Whether no policy concerns the object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cluster_policies.is_empty() && self.policies.is_empty()
    }

    /// Changes a manifest into what the cluster gets.
    ///
    /// # Errors
    /// [`OverrideError`] names the policy, the rule and the overrider that does not apply; the manifest is then as it
    /// was before.
    pub fn apply(&self, manifest: &mut Value, cluster: &Cluster) -> Result<Applied, OverrideError> {
        let mut applied = Applied::default();
        let mut edited = None;
        applied.cluster_overrides = apply_policies(
            "ClusterOverridePolicy",
            &self.cluster_policies,
            manifest,
            &mut edited,
            cluster,
        )?;
        // ClusterOverridePolicies may have changed what the selectors look at.
        let reselected = edited
            .as_ref()
            .filter(|edited| !is_selected_alike(manifest, edited))
            .map(|edited| of_namespace(edited, self.all_policies));
        let policies = reselected.as_deref().unwrap_or(&self.policies);
        applied.overrides = apply_policies("OverridePolicy", policies, manifest, &mut edited, cluster)?;
        if let Some(edited) = edited {
            *manifest = edited;
        }
        Ok(applied)
    }
}

/// Applies policies to a copy of the manifest, made for the first of them.
fn apply_policies(
    kind: &'static str,
    policies: &[Policy<'_>],
    manifest: &Value,
    edited: &mut Option<Value>,
    cluster: &Cluster,
) -> Result<Vec<AppliedOverride>, OverrideError> {
    let mut applied = Vec::new();
    for policy in policies {
        for (rule, overriders) in rules(policy.spec, cluster) {
            let edited = edited.get_or_insert_with(|| manifest.clone());
            apply_overriders(edited, overriders).map_err(|(overrider, source)| OverrideError {
                kind,
                policy: policy.name.to_owned(),
                rule,
                overrider,
                source: Box::new(source),
            })?;
            applied.push(AppliedOverride {
                policy_name: policy.name.to_owned(),
                overriders: overriders.clone(),
            });
        }
    }
    Ok(applied)
}

/// Whether the same selectors select both objects.
fn is_selected_alike(a: &Value, b: &Value) -> bool {
    let (a, b) = (Object::new(a), Object::new(b));
    a.api_version() == b.api_version()
        && a.kind() == b.kind()
        && a.namespace() == b.namespace()
        && a.name() == b.name()
        && a.labels().iter().eq(b.labels().iter())
}

fn of_namespace<'a>(object: &Value, policies: &'a [OverridePolicy]) -> Vec<Policy<'a>> {
    let namespace = Object::new(object).namespace();
    let of_namespace = policies
        .iter()
        .filter(|policy| !namespace.is_empty() && policy.metadata.namespace.as_deref() == Some(namespace));
    in_order(
        object,
        of_namespace.map(|policy| (&policy.metadata.name, &policy.spec)),
    )
}

fn in_order<'a>(
    object: &Value,
    policies: impl Iterator<Item = (&'a Option<String>, &'a OverrideSpec)>,
) -> Vec<Policy<'a>> {
    let mut matching: Vec<_> = policies
        .filter_map(|(name, spec)| {
            let priority = if spec.resource_selectors.is_empty() {
                ImplicitPriority::MatchAll
            } else {
                highest_priority(object, &spec.resource_selectors)
            };
            let name = name.as_deref().unwrap_or_default();
            (priority > ImplicitPriority::Mismatch).then_some((priority, Policy { name, spec }))
        })
        .collect();
    matching.sort_by(|(a, first), (b, second)| a.cmp(b).then_with(|| first.name.cmp(second.name)));
    matching.into_iter().map(|(_, policy)| policy).collect()
}

/// The rules of a policy for a cluster, with their positions.
///
/// The deprecated members count as one rule where there are no others.
fn rules<'a>(spec: &'a OverrideSpec, cluster: &Cluster) -> impl Iterator<Item = (usize, &'a Overriders)> {
    let deprecated =
        spec.override_rules
            .is_empty()
            .then_some((0, spec.target_cluster.as_ref(), &spec.overriders));
    let rules = spec.override_rules.iter().enumerate().map(
        |(
            position,
            RuleWithCluster {
                target_cluster,
                overriders,
            },
        )| (position, target_cluster.as_ref(), overriders),
    );
    rules
        .chain(deprecated)
        .filter(|(_, target, _)| target.is_none_or(|target| affinity::matches(cluster, target)))
        .map(|(position, _, overriders)| (position, overriders))
}

/// Applies the overriders of one rule; the error names the member of the rule.
///
/// On an error the manifest is left half-edited.
fn apply_overriders(
    manifest: &mut Value,
    overriders: &Overriders,
) -> Result<(), (&'static str, OverriderError)> {
    for overrider in &overriders.image_overrider {
        let operations = image::operations(manifest, overrider);
        edit(manifest, operations).map_err(|error| ("imageOverrider", error))?;
    }
    for (name, field, list) in [
        ("commandOverrider", "command", &overriders.command_overrider),
        ("argsOverrider", "args", &overriders.args_overrider),
    ] {
        for overrider in list {
            let operations = container::operations(manifest, field, overrider);
            edit(manifest, operations).map_err(|error| (name, error))?;
        }
    }
    for (name, field, list) in [
        ("labelsOverrider", "labels", &overriders.labels_overrider),
        (
            "annotationsOverrider",
            "annotations",
            &overriders.annotations_overrider,
        ),
    ] {
        for overrider in list {
            let operations = metadata::operations(manifest, field, overrider);
            edit(manifest, Ok(operations)).map_err(|error| (name, error))?;
        }
    }
    for overrider in &overriders.field_overrider {
        field::apply(manifest, overrider).map_err(|error| ("fieldOverrider", error))?;
    }
    let operations = overriders
        .plaintext
        .iter()
        .map(|it| Operation::new(it.operator.as_str(), it.path.as_str(), it.value.clone()))
        .collect();
    edit(manifest, Ok(operations)).map_err(|error| ("plaintext", error))
}

fn edit(
    manifest: &mut Value,
    operations: Result<Vec<Operation>, OverriderError>,
) -> Result<(), OverriderError> {
    let operations = operations?;
    if operations.is_empty() {
        return Ok(());
    }
    patch::apply(manifest, &operations).map_err(OverriderError::Patch)?;
    if Object::new(manifest).kind().is_empty() {
        return Err(OverriderError::NoKind);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
