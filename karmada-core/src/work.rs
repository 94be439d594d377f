//! From a template and its binding to the Works of its clusters (`karmada:pkg/controllers/binding/common.go`,
//! `karmada:pkg/controllers/ctrlutil/work.go`).

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use serde_json::Value;

use crate::annotations;
use crate::api::cluster::v1alpha1::Cluster;
use crate::api::meta::ObjectMeta;
use crate::api::policy::v1alpha1::ConflictResolution;
use crate::api::work::v1alpha1::{Work, WorkSpec, WorkloadTemplate};
use crate::api::work::v1alpha2::{
    BindingSuspension, ClusterResourceBinding, ResourceBinding, ResourceBindingSpec, ResourceBindingStatus,
    TargetCluster,
};
use crate::binding::merge_target_clusters;
use crate::failover::injected_labels;
use crate::features::{Feature, FeatureGates};
use crate::job::{CompletionsError, divide_completions};
use crate::manifest::record_managed;
use crate::metadata::Field;
use crate::object::Object;
use crate::override_rules::{Applied, AppliedOverride, OverrideError, Overrides};
use crate::prune::{prune, prune_job_time_to_live};
use crate::shape::ShapeError;
use crate::{finalizers, json, labels, names};

/// A binding of either kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BindingRef<'a> {
    /// Of a template that lives in a namespace.
    Namespaced(&'a ResourceBinding),
    /// Of a cluster-scoped template.
    Cluster(&'a ClusterResourceBinding),
}

impl<'a> From<&'a ResourceBinding> for BindingRef<'a> {
    fn from(binding: &'a ResourceBinding) -> Self {
        Self::Namespaced(binding)
    }
}

impl<'a> From<&'a ClusterResourceBinding> for BindingRef<'a> {
    fn from(binding: &'a ClusterResourceBinding) -> Self {
        Self::Cluster(binding)
    }
}

impl<'a> BindingRef<'a> {
    /// The template, the rules it is placed by, and the clusters chosen.
    #[must_use]
    pub fn spec(self) -> &'a ResourceBindingSpec {
        match self {
            Self::Namespaced(binding) => &binding.spec,
            Self::Cluster(binding) => &binding.spec,
        }
    }

    /// Its metadata.
    #[must_use]
    pub fn metadata(self) -> &'a ObjectMeta {
        match self {
            Self::Namespaced(binding) => &binding.metadata,
            Self::Cluster(binding) => &binding.metadata,
        }
    }

    /// What became of it.
    #[must_use]
    pub fn status(self) -> &'a ResourceBindingStatus {
        match self {
            Self::Namespaced(binding) => &binding.status,
            Self::Cluster(binding) => &binding.status,
        }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Namespaced(_) => "ResourceBinding",
            Self::Cluster(_) => "ClusterResourceBinding",
        }
    }

    /// Its permanent id, empty if it has none.
    #[must_use]
    pub fn permanent_id(self) -> &'a str {
        let labels = self.metadata().labels.as_ref();
        labels
            .and_then(|labels| labels.get(self.id_label()))
            .map_or("", String::as_str)
    }

    /// The label with its permanent id, on itself, on its Works and on their manifests.
    #[must_use]
    pub fn id_label(self) -> &'static str {
        match self {
            Self::Namespaced(_) => labels::RESOURCE_BINDING_PERMANENT_ID,
            Self::Cluster(_) => labels::CLUSTER_RESOURCE_BINDING_PERMANENT_ID,
        }
    }

    /// The annotations that name it, on its Works and on their manifests.
    #[must_use]
    pub fn reference_annotations(self) -> Vec<(&'static str, &'a str)> {
        let text = |text: &'a Option<String>| text.as_deref().unwrap_or_default();
        let metadata = self.metadata();
        match self {
            Self::Namespaced(_) => vec![
                (annotations::RESOURCE_BINDING_NAMESPACE, text(&metadata.namespace)),
                (annotations::RESOURCE_BINDING_NAME, text(&metadata.name)),
            ],
            Self::Cluster(_) => vec![(annotations::CLUSTER_RESOURCE_BINDING_NAME, text(&metadata.name))],
        }
    }
}

/// Writes a number of replicas into a manifest; kinds it does not know it leaves alone.
///
/// What an interpreter does for `ReviseReplica`.
pub type ReviseReplica<'a> = dyn Fn(&mut Value, i64) -> Result<(), Box<dyn Error + Send + Sync>> + 'a;

/// Why a cluster gets no Work, or why the Works of a binding cannot be made at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkError {
    /// The cluster does not exist.
    #[error("cluster {0:?} does not exist")]
    ClusterNotFound(String),
    /// The replicas cannot be written into the manifest.
    #[error("cannot revise the replicas for cluster {cluster:?}")]
    Revise {
        /// The cluster.
        cluster: String,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The completions of a Job cannot be divided.
    #[error("cannot divide the completions of the job")]
    Completions(#[from] CompletionsError),
    /// The division of a Job's completions leaves the cluster out.
    #[error("the division of the job's completions has nothing for cluster {0:?}")]
    NoCompletions(String),
    /// An override policy cannot be applied.
    #[error("cannot override for cluster {cluster:?}")]
    Override {
        /// The cluster.
        cluster: String,
        /// Why not.
        source: OverrideError,
    },
    /// The Work that is there already is being deleted.
    #[error("work {namespace}/{name} is being deleted")]
    Deleting {
        /// The namespace of the Work.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// The manifest cannot be pruned.
    #[error("cannot prune the manifest")]
    Prune(#[from] ShapeError),
    /// The applied overrides cannot be recorded.
    #[error("cannot record the applied overrides")]
    Record(#[source] serde_json::Error),
}

/// Makes the Works of one binding, cluster by cluster.
///
/// # Guarantees
/// The same inputs give the same Works. One cluster's failure does not concern the others. The template is not changed.
#[derive(Debug)]
pub struct WorkBuilder<'a> {
    template: &'a Value,
    binding: BindingRef<'a>,
    overrides: Overrides<'a>,
    gates: FeatureGates,
    targets: Vec<TargetCluster>,
    completions: Vec<TargetCluster>,
}

impl<'a> WorkBuilder<'a> {
    /// Prepares what is the same for all clusters: the targets, and the division of a Job's completions.
    ///
    /// # Errors
    /// [`WorkError::Completions`], with which no cluster gets a Work.
    pub fn new(
        template: &'a Value,
        binding: BindingRef<'a>,
        overrides: Overrides<'a>,
        gates: FeatureGates,
    ) -> Result<Self, WorkError> {
        let spec = binding.spec();
        let targets = merge_target_clusters(&spec.clusters, &spec.required_by);
        let completions = if Object::new(template).kind() == "Job" && spec.divides_job_completions() {
            divide_completions(template, &targets)?
        } else {
            Vec::new()
        };
        Ok(Self {
            template,
            binding,
            overrides,
            gates,
            targets,
            completions,
        })
    }

    /// The clusters that get a Work: those chosen, then those of bindings this one follows.
    #[must_use]
    pub fn targets(&self) -> &[TargetCluster] {
        &self.targets
    }

    /// The Work of one target, as it is to be written.
    ///
    /// In order: replicas, completions, override policies, marks of the binding, conflict resolution, preserved state,
    /// marks of the Work, pruning, records of what is Karmada's. With an existing Work labels, annotations and
    /// finalizers are merged and the spec is replaced.
    ///
    /// # Errors
    /// [`WorkError`]; the cluster then gets no Work, and an existing one stays as it is.
    pub fn build(
        &self,
        target: &TargetCluster,
        cluster: Option<&Cluster>,
        revise: &ReviseReplica<'_>,
        existing: Option<&Work>,
    ) -> Result<Work, WorkError> {
        let cluster = cluster.ok_or_else(|| WorkError::ClusterNotFound(target.name.clone()))?;
        let mut manifest = self.template.clone();
        self.divide(&mut manifest, target, revise)?;
        let applied = self
            .overrides
            .apply(&mut manifest, cluster)
            .map_err(|source| WorkError::Override {
                cluster: target.name.clone(),
                source,
            })?;
        let work = self.work(manifest, target, &applied)?;
        merge_work(existing, work)
    }

    fn divide(
        &self,
        manifest: &mut Value,
        target: &TargetCluster,
        revise: &ReviseReplica<'_>,
    ) -> Result<(), WorkError> {
        if self.binding.spec().is_workload() {
            revise(manifest, i64::from(target.replicas)).map_err(|source| WorkError::Revise {
                cluster: target.name.clone(),
                source,
            })?;
        }
        if !self.completions.is_empty() {
            let share = self
                .completions
                .iter()
                .find(|share| share.name == target.name)
                .ok_or_else(|| WorkError::NoCompletions(target.name.clone()))?;
            if let Some(completions) = manifest.pointer_mut("/spec/completions") {
                *completions = share.replicas.into();
            }
        }
        Ok(())
    }

    fn work(
        &self,
        mut manifest: Value,
        target: &TargetCluster,
        applied: &Applied,
    ) -> Result<Work, WorkError> {
        let spec = self.binding.spec();
        let id = (self.binding.id_label(), self.binding.permanent_id());
        let reference = self.binding.reference_annotations();
        let resolution = conflict_resolution(&manifest, spec.conflict_resolution.as_ref());

        Field::Labels.merge(&mut manifest, [id]);
        if let Some(generation) = generation(&manifest) {
            let generation = (annotations::RESOURCE_TEMPLATE_GENERATION, generation.to_string());
            Field::Annotations.merge(&mut manifest, [generation]);
        }
        Field::Annotations.merge(&mut manifest, reference.iter().copied());
        if let Some(state) = self.preserved_state(target) {
            Field::Labels.merge(
                &mut manifest,
                state.iter().map(|(key, value)| (key.as_str(), value.as_str())),
            );
        }

        let mut work_annotations: Vec<(&str, String)> = reference
            .iter()
            .map(|(key, value)| (*key, (*value).to_owned()))
            .collect();
        work_annotations.push((annotations::WORK_CONFLICT_RESOLUTION, resolution.to_owned()));
        for (key, applied) in [
            (annotations::APPLIED_CLUSTER_OVERRIDES, &applied.cluster_overrides),
            (annotations::APPLIED_OVERRIDES, &applied.overrides),
        ] {
            if !applied.is_empty() {
                work_annotations.push((key, record(applied).map_err(WorkError::Record)?));
            }
        }
        let mut work = for_cluster(
            &target.name,
            manifest,
            [(id.0.to_owned(), id.1.to_owned())],
            work_annotations
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value)),
        )?;
        work.spec.suspend_dispatching = Some(suspends_dispatching(spec.suspension.as_ref(), &target.name));
        work.spec.preserve_resources_on_deletion =
            Some(spec.preserve_resources_on_deletion.unwrap_or_default());
        Ok(work)
    }

    /// What a stateful workload takes along from the cluster it was evicted from.
    ///
    /// Only with the gate `StatefulFailoverInjection`, only if the workload has no other target, and only into a cluster
    /// it was not in before.
    fn preserved_state(&self, target: &TargetCluster) -> Option<&'a BTreeMap<String, String>> {
        let tasks = &self.binding.spec().graceful_eviction_tasks;
        self.gates
            .enabled(Feature::StatefulFailoverInjection)
            .then(|| injected_labels(&target.name, &self.targets, tasks))
            .flatten()
    }
}

/// A Work that carries one manifest to a cluster, as any controller makes it: named after the manifest, with the marks
/// of Karmada in the manifest, pruned.
///
/// It says nothing about suspension and preservation; binding controllers do.
///
/// # Errors
/// [`WorkError::Prune`] for a Job that has not the types of one.
pub fn for_cluster(
    cluster: &str,
    mut manifest: Value,
    work_labels: impl IntoIterator<Item = (String, String)>,
    work_annotations: impl IntoIterator<Item = (String, String)>,
) -> Result<Work, WorkError> {
    let object = Object::new(&manifest);
    let namespace = names::execution_space(cluster);
    let name = names::work_name(object.kind(), object.name(), object.namespace());
    let uid = object.uid().to_owned();
    let mut work = Work::named(namespace.as_str(), name.as_str());
    work.metadata.finalizers = Some(vec![finalizers::EXECUTION.to_owned()]);
    let work_labels: BTreeMap<String, String> = work_labels.into_iter().collect();
    let work_annotations: BTreeMap<String, String> = work_annotations.into_iter().collect();

    Field::Labels.merge(&mut manifest, [(labels::MANAGED, labels::MANAGED_VALUE)]);
    Field::Annotations.merge(
        &mut manifest,
        [
            (annotations::RESOURCE_TEMPLATE_UID, uid.as_str()),
            (annotations::WORK_NAME, name.as_str()),
            (annotations::WORK_NAMESPACE, namespace.as_str()),
        ],
    );
    if let Some(resolution) = work_annotations.get(annotations::WORK_CONFLICT_RESOLUTION) {
        Field::Annotations.merge(
            &mut manifest,
            [(annotations::WORK_CONFLICT_RESOLUTION, resolution.as_str())],
        );
    }
    prune(&mut manifest)?;
    prune_job_time_to_live(&mut manifest);
    work.metadata.labels = Some(work_labels).filter(|labels| !labels.is_empty());
    work.metadata.annotations = Some(work_annotations).filter(|annotations| !annotations.is_empty());
    work.spec = WorkSpec {
        workload: WorkloadTemplate {
            manifests: vec![manifest],
        },
        ..WorkSpec::default()
    };
    Ok(work)
}

/// Brings a new Work together with the one that is there: labels, annotations and finalizers are merged, the spec is
/// replaced. What is Karmada's is recorded in the manifests, the permanent id of the existing Work among it.
///
/// # Errors
/// [`WorkError::Deleting`] when the existing Work is being deleted.
pub fn merge_work(existing: Option<&Work>, desired: Work) -> Result<Work, WorkError> {
    let mut work = match existing {
        None => desired,
        Some(existing) if existing.metadata.deletion_timestamp.is_some() => {
            return Err(WorkError::Deleting {
                namespace: existing.metadata.namespace.clone().unwrap_or_default(),
                name: existing.metadata.name.clone().unwrap_or_default(),
            });
        }
        Some(existing) => {
            let mut work = Work {
                metadata: existing.metadata.clone(),
                spec: desired.spec,
                status: existing.status.clone(),
            };
            for (map, new) in [
                (&mut work.metadata.labels, desired.metadata.labels),
                (&mut work.metadata.annotations, desired.metadata.annotations),
            ] {
                if let Some(new) = new {
                    map.get_or_insert_default().extend(new);
                }
            }
            let finalizers: BTreeSet<String> = [work.metadata.finalizers, desired.metadata.finalizers]
                .into_iter()
                .flatten()
                .flatten()
                .collect();
            work.metadata.finalizers = Some(finalizers.into_iter().collect());
            work
        }
    };
    let labels = work.metadata.labels.as_ref();
    let id = labels
        .and_then(|labels| labels.get(labels::WORK_PERMANENT_ID))
        .map_or("", String::as_str);
    for manifest in &mut work.spec.workload.manifests {
        record_managed(manifest, id);
    }
    Ok(work)
}

/// The text of the annotation that records applied overrides: by policy name, rules of a policy in order.
fn record(applied: &[AppliedOverride]) -> Result<String, serde_json::Error> {
    let mut sorted: Vec<_> = applied.iter().collect();
    sorted.sort_by(|a, b| a.policy_name.cmp(&b.policy_name));
    json::encode(&sorted)
}

fn generation(manifest: &Value) -> Option<i64> {
    let generation = manifest.pointer("/metadata/generation")?.as_i64()?;
    (generation > 0).then_some(generation)
}

/// What happens when a member has an object of that name that is not Karmada's: `overwrite` or `abort`.
///
/// The manifest's own annotation counts if it is one of the two, else the binding's word, else `abort`.
#[must_use]
pub fn conflict_resolution(manifest: &Value, binding: Option<&ConflictResolution>) -> &'static str {
    match Field::Annotations.get(manifest, annotations::WORK_CONFLICT_RESOLUTION) {
        Some(annotations::CONFLICT_RESOLUTION_OVERWRITE) => annotations::CONFLICT_RESOLUTION_OVERWRITE,
        Some(annotations::CONFLICT_RESOLUTION_ABORT) => annotations::CONFLICT_RESOLUTION_ABORT,
        _ if binding == Some(&ConflictResolution::Overwrite) => annotations::CONFLICT_RESOLUTION_OVERWRITE,
        _ => annotations::CONFLICT_RESOLUTION_ABORT,
    }
}

/// Whether nothing is dispatched to a cluster.
#[must_use]
pub fn suspends_dispatching(suspension: Option<&BindingSuspension>, cluster: &str) -> bool {
    suspension.is_some_and(|suspension| {
        suspension.dispatching == Some(true)
            || suspension
                .dispatching_on_clusters
                .as_ref()
                .is_some_and(|on| on.cluster_names.iter().any(|name| name == cluster))
    })
}

/// The Works of a binding that are no longer wanted: in clusters where the workload neither is nor is leaving gently.
///
/// Works outside of execution spaces are none of a binding's and are left alone.
pub fn orphan_works<'a>(
    spec: &ResourceBindingSpec,
    works: impl IntoIterator<Item = &'a Work>,
) -> Vec<&'a Work> {
    let existing = spec.existing_clusters();
    works
        .into_iter()
        .filter(|work| cluster_of(work).is_some_and(|cluster| !existing.contains(cluster)))
        .collect()
}

/// Whether Works must not be written yet: some still are in clusters that the workload leaves at once, before it starts
/// elsewhere.
pub fn waits_for_removal<'a>(spec: &ResourceBindingSpec, works: impl IntoIterator<Item = &'a Work>) -> bool {
    let leaving = spec.purge_directly_clusters();
    works
        .into_iter()
        .any(|work| cluster_of(work).is_some_and(|cluster| leaving.contains(cluster)))
}

/// The cluster a Work is for.
#[must_use]
pub fn cluster_of(work: &Work) -> Option<&str> {
    names::cluster_of_execution_space(work.metadata.namespace.as_deref()?).ok()
}

#[cfg(test)]
mod tests;
