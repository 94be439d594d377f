//! What follows a resource to its clusters: bindings attached to the binding of what depends on them
//! (`karmada:pkg/dependenciesdistributor`).

use serde_json::Value;

use crate::api::config::v1alpha1::DependentObjectReference;
use crate::api::meta::ObjectMeta;
use crate::api::policy::v1alpha1::ConflictResolution;
use crate::api::work::v1alpha2::{BindingSnapshot, ResourceBinding, ResourceBindingSpec};
use crate::labels::{DEPENDED_BY_PREFIX, RESOURCE_BINDING_PERMANENT_ID};
use crate::object::Object;
use crate::propagation::{PropagationError, check_owner, object_reference, owner_reference};
use crate::selector::matches_labels;
use crate::{finalizers, json, names};

/// The label that a binding carries for each binding it follows.
#[must_use]
pub fn depended_by_label(namespace: &str, name: &str) -> String {
    format!(
        "{DEPENDED_BY_PREFIX}{}",
        names::binding_reference_key(namespace, name)
    )
}

/// The text of the annotation in which a binding records what its template depends on.
///
/// Compared as text: the order of the references counts.
///
/// # Errors
/// None for references as interpreters make them; see [`json::encode`].
pub fn record(dependencies: &[DependentObjectReference]) -> Result<String, serde_json::Error> {
    if dependencies.is_empty() {
        return Ok("null".to_owned());
    }
    json::encode(dependencies)
}

/// A reference that names nothing and selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("dependency on {api_version} {kind} in namespace {namespace:?} has neither name nor label selector")]
pub struct ReferenceError {
    /// The API version.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The namespace, empty if it has none.
    pub namespace: String,
}

/// Whether a reference means an object: by name, or if it has none by labels.
///
/// # Errors
/// [`ReferenceError`] if it has neither.
pub fn dependency_matches(
    reference: &DependentObjectReference,
    object: &Value,
) -> Result<bool, ReferenceError> {
    let it = Object::new(object);
    let of_kind = it.api_version() == reference.api_version
        && it.kind() == reference.kind
        && it.namespace() == reference.namespace;
    if !reference.name.is_empty() {
        return Ok(of_kind && it.name() == reference.name);
    }
    match &reference.label_selector {
        Some(selector) => Ok(of_kind && matches_labels(selector, &it.labels())),
        None => Err(ReferenceError {
            api_version: reference.api_version.clone(),
            kind: reference.kind.clone(),
            namespace: reference.namespace.clone(),
        }),
    }
}

/// The binding attached to an independent one, for an object it depends on.
///
/// It lives in the namespace of the independent binding, has no placement, and follows that binding's clusters. What
/// happens on conflicts and on deletion is the independent binding's word.
#[must_use]
pub fn attached_binding(independent: &ResourceBinding, dependency: &Value) -> ResourceBinding {
    let object = Object::new(dependency);
    let (namespace, name) = key(&independent.metadata);
    let id = independent
        .metadata
        .labels
        .as_ref()
        .and_then(|labels| labels.get(RESOURCE_BINDING_PERMANENT_ID))
        .cloned()
        .unwrap_or_default();
    let mut binding = ResourceBinding::named(namespace, names::binding_name(object.kind(), object.name()));
    binding.metadata.labels = Some([(depended_by_label(namespace, name), id)].into());
    binding.metadata.finalizers = Some(vec![finalizers::BINDING.to_owned()]);
    binding.metadata.owner_references = Some(vec![owner_reference(dependency)]);
    binding.spec = ResourceBindingSpec {
        resource: object_reference(dependency),
        required_by: vec![BindingSnapshot {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            clusters: independent.spec.clusters.clone(),
        }],
        conflict_resolution: independent.spec.conflict_resolution.clone(),
        preserve_resources_on_deletion: independent.spec.preserve_resources_on_deletion,
        ..ResourceBindingSpec::default()
    };
    binding
}

/// Brings the attached binding that is there together with a new one: labels and finalizers are merged, the resource and
/// the owner replaced, the snapshot of the independent binding put in its place.
///
/// Its conflict resolution and preservation are to be computed anew from all it follows, see [`effective_policy`].
///
/// # Errors
/// [`PropagationError::OtherOwner`] when the binding belongs to an earlier object of that name.
pub fn merge_attached(
    existing: &ResourceBinding,
    desired: ResourceBinding,
) -> Result<ResourceBinding, PropagationError> {
    check_owner(
        &existing.metadata,
        desired.metadata.owner_references.as_deref().unwrap_or_default(),
    )?;
    let mut binding = existing.clone();
    binding
        .metadata
        .labels
        .get_or_insert_default()
        .extend(desired.metadata.labels.unwrap_or_default());
    let finalizers = binding.metadata.finalizers.get_or_insert_default();
    for finalizer in desired.metadata.finalizers.unwrap_or_default() {
        if !finalizers.contains(&finalizer) {
            finalizers.push(finalizer);
        }
    }
    binding.metadata.owner_references = desired.metadata.owner_references;
    binding.spec.resource = desired.spec.resource;
    for snapshot in desired.spec.required_by {
        merge_snapshot(&mut binding.spec.required_by, snapshot);
    }
    Ok(binding)
}

/// Puts the snapshot of a binding among those a binding follows: in place of the one of that namespace and name, or
/// sorted in.
///
/// Upstream appends in order of arrival; sorted, the same bindings give the same list.
pub fn merge_snapshot(required_by: &mut Vec<BindingSnapshot>, snapshot: BindingSnapshot) {
    let same = |have: &BindingSnapshot| have.namespace == snapshot.namespace && have.name == snapshot.name;
    match required_by.iter_mut().find(|have| same(have)) {
        Some(have) => have.clusters = snapshot.clusters,
        None => {
            required_by.push(snapshot);
            required_by.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        }
    }
}

/// Removes the snapshot of a binding; says whether it was there.
pub fn delete_snapshot(required_by: &mut Vec<BindingSnapshot>, namespace: &str, name: &str) -> bool {
    let before = required_by.len();
    required_by.retain(|snapshot| snapshot.namespace != namespace || snapshot.name != name);
    required_by.len() != before
}

/// Detaches a binding from the one of that namespace and name that it followed; says whether anything changed.
///
/// The binding itself stays: without clusters its Works become orphans. A binding that followed only this one forgets
/// the other's word on conflicts and preservation.
pub fn detach(binding: &mut ResourceBinding, namespace: &str, name: &str) -> bool {
    let label = depended_by_label(namespace, name);
    let had_label = binding
        .metadata
        .labels
        .as_mut()
        .is_some_and(|labels| labels.remove(&label).is_some());
    let had_snapshot = delete_snapshot(&mut binding.spec.required_by, namespace, name);
    let mut changed = had_label || had_snapshot;
    if binding.spec.placement.is_none() && binding.spec.required_by.is_empty() {
        changed |= binding.spec.conflict_resolution.take().is_some();
        changed |= binding.spec.preserve_resources_on_deletion.take().is_some();
    }
    changed
}

/// What all the bindings that a binding follows say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectivePolicy {
    /// `Overwrite` if any says so, else `Abort`.
    pub conflict_resolution: ConflictResolution,
    /// Whether any wants the resource preserved.
    pub preserve_resources_on_deletion: bool,
    /// Whether they disagree on either, which is worth a warning (`DependencyPolicyConflict`).
    pub is_conflicting: bool,
}

/// What the bindings that a binding follows say together on conflicts and preservation; nothing if it follows none.
///
/// Meant for bindings without placement; those that a policy placed keep that policy's word.
pub fn effective_policy<'a>(
    referrers: impl IntoIterator<Item = &'a ResourceBindingSpec>,
) -> Option<EffectivePolicy> {
    let (mut overwrite, mut abort, mut preserve, mut delete) = (false, false, false, false);
    for spec in referrers {
        match spec.conflict_resolution {
            Some(ConflictResolution::Overwrite) => overwrite = true,
            _ => abort = true,
        }
        match spec.preserve_resources_on_deletion {
            Some(true) => preserve = true,
            _ => delete = true,
        }
    }
    (overwrite || abort).then_some(EffectivePolicy {
        conflict_resolution: if overwrite {
            ConflictResolution::Overwrite
        } else {
            ConflictResolution::Abort
        },
        preserve_resources_on_deletion: preserve,
        is_conflicting: (overwrite && abort) || (preserve && delete),
    })
}

/// Whether an attached binding is no longer depended on: none of the references means its resource.
///
/// `template` is the resource as it is now; one that is gone is depended on by name only.
#[must_use]
pub fn is_orphan(
    attached: &ResourceBinding,
    dependencies: &[DependentObjectReference],
    template: Option<&Value>,
) -> bool {
    let resource = &attached.spec.resource;
    !dependencies.iter().any(|reference| {
        let of_kind = reference.api_version == resource.api_version
            && reference.kind == resource.kind
            && reference.namespace == resource.namespace;
        if !of_kind {
            return false;
        }
        if !reference.name.is_empty() {
            return reference.name == resource.name;
        }
        match (&reference.label_selector, template) {
            (Some(selector), Some(template)) => matches_labels(selector, &Object::new(template).labels()),
            _ => false,
        }
    })
}

fn key(metadata: &ObjectMeta) -> (&str, &str) {
    (
        metadata.namespace.as_deref().unwrap_or_default(),
        metadata.name.as_deref().unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::work::v1alpha2::TargetCluster;

    fn independent(clusters: &[&str]) -> ResourceBinding {
        let mut binding = ResourceBinding::named("test", "test-binding");
        binding.metadata.labels =
            Some([(RESOURCE_BINDING_PERMANENT_ID.to_owned(), "i-id".to_owned())].into());
        binding.spec.clusters = clusters.iter().map(|name| TargetCluster::new(*name, 0)).collect();
        binding.spec.conflict_resolution = Some(ConflictResolution::Overwrite);
        binding
    }

    fn config_map(uid: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "test", "name": "cm", "uid": uid, "labels": {"app": "x"}}})
    }

    #[test]
    fn an_attached_binding() {
        let attached = attached_binding(&independent(&["m1"]), &config_map("u"));
        assert_eq!(attached.metadata.name.as_deref(), Some("cm-configmap"));
        assert_eq!(
            attached.metadata.labels,
            Some(
                [(
                    "resourcebinding.karmada.io/depended-by-5dbb6dc9c8".to_owned(),
                    "i-id".to_owned()
                )]
                .into()
            )
        );
        assert_eq!(attached.spec.placement, None);
        assert_eq!(
            attached.spec.required_by[0].clusters,
            [TargetCluster::new("m1", 0)]
        );

        let mut again = attached_binding(&independent(&["m2"]), &config_map("u"));
        again.spec.required_by[0].name = "another".into();
        let merged = merge_attached(&attached, again).unwrap();
        let names: Vec<_> = merged
            .spec
            .required_by
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        assert_eq!(names, ["another", "test-binding"]);
        let merged =
            merge_attached(&merged, attached_binding(&independent(&["m3"]), &config_map("u"))).unwrap();
        assert_eq!(merged.spec.required_by[1].clusters, [TargetCluster::new("m3", 0)]);
        assert!(merge_attached(&merged, attached_binding(&independent(&[]), &config_map("other"))).is_err());
    }

    #[test]
    fn detaching() {
        let mut attached = attached_binding(&independent(&["m1"]), &config_map("u"));
        assert!(!detach(&mut attached.clone(), "test", "other"));
        assert!(detach(&mut attached, "test", "test-binding"));
        assert_eq!(attached.metadata.labels, Some([].into()));
        assert!(attached.spec.required_by.is_empty());
        assert_eq!(attached.spec.conflict_resolution, None);
        assert!(!detach(&mut attached, "test", "test-binding"));
    }

    #[test]
    fn what_referrers_say_together() {
        fn check(referrers: &[(Option<&str>, Option<bool>)], expect: Option<(&str, bool, bool)>) {
            let specs: Vec<ResourceBindingSpec> = referrers
                .iter()
                .map(|(resolution, preserve)| ResourceBindingSpec {
                    conflict_resolution: resolution.map(ConflictResolution::from),
                    preserve_resources_on_deletion: *preserve,
                    ..ResourceBindingSpec::default()
                })
                .collect();
            let got = effective_policy(&specs);
            let got = got.as_ref().map(|it| {
                (
                    it.conflict_resolution.as_str(),
                    it.preserve_resources_on_deletion,
                    it.is_conflicting,
                )
            });
            assert_eq!(got, expect);
        }
        check(&[], None);
        check(
            &[(None, None), (Some("Abort"), Some(false))],
            Some(("Abort", false, false)),
        );
        check(
            &[(Some("Overwrite"), Some(true))],
            Some(("Overwrite", true, false)),
        );
        check(
            &[(Some("Overwrite"), None), (None, None)],
            Some(("Overwrite", false, true)),
        );
        check(&[(None, Some(true)), (None, None)], Some(("Abort", true, true)));
    }

    #[test]
    fn references() {
        fn check(reference: Value, matches: Option<bool>, orphan: bool) {
            let reference: DependentObjectReference = serde_json::from_value(reference).unwrap();
            assert_eq!(dependency_matches(&reference, &config_map("u")).ok(), matches);
            let attached = attached_binding(&independent(&[]), &config_map("u"));
            assert_eq!(is_orphan(&attached, &[reference], Some(&config_map("u"))), orphan);
        }
        let reference = |name: &str, selector: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "namespace": "test", "name": name, "labelSelector": selector});
        check(reference("cm", json!(null)), Some(true), false);
        check(
            reference("other", json!({"matchLabels": {"app": "x"}})),
            Some(false),
            true,
        );
        check(
            reference("", json!({"matchLabels": {"app": "x"}})),
            Some(true),
            false,
        );
        check(
            reference("", json!({"matchLabels": {"app": "y"}})),
            Some(false),
            true,
        );
        check(reference("", json!(null)), None, true);
        check(
            json!({"apiVersion": "v1", "kind": "Secret", "namespace": "test", "name": "cm"}),
            Some(false),
            true,
        );
    }

    #[test]
    fn a_missing_template_is_depended_on_by_name_only() {
        let attached = attached_binding(&independent(&[]), &config_map("u"));
        let by_name = DependentObjectReference::named("v1", "ConfigMap", "test", "cm");
        let by_label = DependentObjectReference {
            name: String::new(),
            label_selector: Some(Default::default()),
            ..by_name.clone()
        };
        assert!(!is_orphan(&attached, &[by_name], None));
        assert!(is_orphan(&attached, std::slice::from_ref(&by_label), None));
        assert!(!is_orphan(&attached, &[by_label], Some(&config_map("u"))));
        assert!(is_orphan(&attached, &[], Some(&config_map("u"))));
    }

    #[test]
    fn the_record() {
        assert_eq!(record(&[]).unwrap(), "null");
        let reference = DependentObjectReference::named("v1", "ConfigMap", "test", "cm");
        assert_eq!(
            record(&[reference]).unwrap(),
            r#"[{"apiVersion":"v1","kind":"ConfigMap","namespace":"test","name":"cm"}]"#
        );
    }
}
