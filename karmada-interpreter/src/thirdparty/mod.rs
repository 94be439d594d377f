//! The bundled third-party layer: kinds of projects beside Kubernetes that Karmada knows out of the box.
//!
//! Upstream ships a Lua script for each of these 27 kinds (`karmada:pkg/resourceinterpreter/default/thirdparty`). Here
//! they are functions with the same results, the scripts' own quirks included, because members and control planes of
//! upstream see them.
//!
//! # Adding a kind
//!
//! A kind is a file in the folder of its project, with a constant `RULES` that has a function for each operation it
//! answers. The folder's `mod.rs` declares the file and lists it in its `KINDS`; nothing outside of the folder changes,
//! and the order of the list does not matter. A new folder is declared here and listed in `GROUPS`. Functions are plain and synchronous; they read through `view::View`, which has
//! the scripts' notion of "absent", and write into a copy of the object, of which the layer then removes what a script
//! cannot hold. What several kinds need has a module of its own:
//!
//! | Module | What |
//! |---|---|
//! | `view` | reading, numbers, order, text |
//! | `result` | writing, and the rule of empty collections |
//! | `rules` | replicas, revision and health of kinds like a Deployment |
//! | `items` | sums and last values over the clusters |
//! | `generation` | observed generations; reflecting a status |
//! | `conditions` | merged conditions, readiness |
//! | `times`, `quantities`, `omit_zero` | times, quantities, zero values |
//! | `pod_template`, `components` | what a pod template needs and names |
//! | `references`, `volumes` | dependencies |

mod components;
mod conditions;
mod error;
mod generation;
mod items;
mod omit_zero;
mod pod_template;
mod quantities;
mod references;
mod result;
mod rules;
#[cfg(test)]
mod testing;
mod times;
mod view;
mod volumes;

mod apps_kruise_io;
mod argoproj_io;
mod batch_volcano_sh;
mod flink_apache_org;
mod fluxcd_io;
mod kubeflow_org;
mod kyverno_io;
mod ray_io;
mod sparkoperator_k8s_io;

use std::sync::LazyLock;

use jiff::Timestamp;
use karmada_core::api::config::v1alpha1::DependentObjectReference;
use karmada_core::api::work::v1alpha2::{AggregatedStatusItem, Component};
use serde_json::Value;

use crate::error::Error;
use crate::interpreter::{Answer, Operation, Replicas, SyncInterpreter, TypeMeta};
use items::Items;
use result::{EmptyPaths, settle};
use rules::Rules;
use view::{View, import};

/// The kinds, by folder.
static GROUPS: &[&[&Rules]] = &[
    apps_kruise_io::KINDS,
    argoproj_io::KINDS,
    batch_volcano_sh::KINDS,
    flink_apache_org::KINDS,
    fluxcd_io::KINDS,
    kubeflow_org::KINDS,
    kyverno_io::KINDS,
    ray_io::KINDS,
    sparkoperator_k8s_io::KINDS,
];

/// Every kind, sorted by API version and kind for the search.
static ALL: LazyLock<Vec<&Rules>> = LazyLock::new(|| {
    let mut all = GROUPS.concat();
    all.sort_by_key(|rules| rules.of);
    all
});

/// Answers for the kinds of projects beside Kubernetes that Karmada bundles rules for; it has no state.
///
/// Objects are taken to be of the kind they say they are. An operation that changes an object copies it once, and
/// leaves it untouched on error.
///
/// ```
/// use karmada_interpreter::{Answer, SyncInterpreter, ThirdParty};
/// let set = serde_json::json!({
///     "apiVersion": "apps.kruise.io/v1alpha1",
///     "kind": "CloneSet",
///     "metadata": {"name": "web", "generation": 2},
///     "spec": {"replicas": 3},
///     "status": {"observedGeneration": 2, "updatedReplicas": 3, "availableReplicas": 2},
/// });
/// assert_eq!(ThirdParty.interpret_health(&set).unwrap(), Answer::Value(false));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ThirdParty;

impl ThirdParty {
    /// The kinds there are rules for, sorted by API version and kind.
    pub fn kinds() -> impl Iterator<Item = TypeMeta<'static>> {
        ALL.iter().map(|rules| rules.of)
    }
}

/// The rules of a kind.
fn rules(of: TypeMeta<'_>) -> Option<&'static Rules> {
    let index = ALL.binary_search_by(|rules| rules.of.cmp(&of)).ok()?;
    ALL.get(index).copied()
}

/// The rule of the object's kind for an operation.
fn rule<T: Copy>(object: &Value, operation: fn(&Rules) -> Option<T>) -> Option<T> {
    operation(rules(TypeMeta::of(object))?)
}

impl SyncInterpreter for ThirdParty {
    fn supports(&self, of: TypeMeta<'_>, operation: Operation) -> bool {
        rules(of).is_some_and(|rules| rules.supports(operation))
    }

    fn get_replicas(&self, object: &Value) -> Result<Answer<Replicas>, Error> {
        let Some(rule) = rule(object, |rules| rules.replicas) else {
            return Ok(Answer::NotMine);
        };
        Ok(Answer::Value(rule(View::new(object))?))
    }

    fn get_components(&self, object: &Value) -> Result<Answer<Vec<Component>>, Error> {
        let Some(rule) = rule(object, |rules| rules.components) else {
            return Ok(Answer::NotMine);
        };
        Ok(Answer::Value(rule(View::new(object))?))
    }

    fn revise_replica(&self, object: &mut Value, replica: i64) -> Result<Answer<()>, Error> {
        let Some(rule) = rule(object, |rules| rules.revise) else {
            return Ok(Answer::NotMine);
        };
        #[expect(clippy::cast_precision_loss, reason = "a script's numbers are floats")]
        let replicas = replica as f64;
        let mut revised = import(object);
        rule(&mut revised, replicas)?;
        let mut kept = EmptyPaths::default();
        kept.add(object);
        settle(&mut revised, &kept);
        *object = revised;
        Ok(Answer::Value(()))
    }

    fn retain(&self, desired: &mut Value, observed: &Value) -> Result<Answer<()>, Error> {
        let Some(rule) = rule(desired, |rules| rules.retain) else {
            return Ok(Answer::NotMine);
        };
        let mut retained = import(desired);
        rule(&mut retained, View::new(observed))?;
        let mut kept = EmptyPaths::default();
        kept.add(desired);
        kept.add(observed);
        settle(&mut retained, &kept);
        *desired = retained;
        Ok(Answer::Value(()))
    }

    fn aggregate_status(
        &self,
        object: &mut Value,
        items: Option<&[AggregatedStatusItem]>,
        now: Timestamp,
    ) -> Result<Answer<()>, Error> {
        let Some(rule) = rule(object, |rules| rules.aggregate) else {
            return Ok(Answer::NotMine);
        };
        let mut aggregated = import(object);
        rule(&mut aggregated, items.map(Items::new), now)?;
        settle(&mut aggregated, &EmptyPaths::default());
        *object = aggregated;
        Ok(Answer::Value(()))
    }

    fn reflect_status(&self, object: &Value) -> Result<Answer<Option<Value>>, Error> {
        let Some(rule) = rule(object, |rules| rules.reflect) else {
            return Ok(Answer::NotMine);
        };
        let mut status = rule(View::new(object))?;
        settle(&mut status, &EmptyPaths::default());
        Ok(Answer::Value(Some(status)))
    }

    fn interpret_health(&self, object: &Value) -> Result<Answer<bool>, Error> {
        let Some(rule) = rule(object, |rules| rules.health) else {
            return Ok(Answer::NotMine);
        };
        Ok(Answer::Value(rule(View::new(object))?))
    }

    fn get_dependencies(&self, object: &Value) -> Result<Answer<Vec<DependentObjectReference>>, Error> {
        let Some(rule) = rule(object, |rules| rules.dependencies) else {
            return Ok(Answer::NotMine);
        };
        let view = View::new(object);
        Ok(Answer::Value(rule(view)?.beside(view)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_and_there_once() {
        assert!(ALL.is_sorted_by(|left, right| left.of < right.of));
        for kind in ThirdParty::kinds() {
            assert!(rules(kind).is_some());
        }
    }

    #[test]
    fn operations_of_each_kind() {
        let check = |api_version: &str, kind: &str, expected: &str| {
            let letters = [
                (Operation::InterpretReplica, 'R'),
                (Operation::InterpretComponent, 'C'),
                (Operation::ReviseReplica, 'V'),
                (Operation::InterpretStatus, 'S'),
                (Operation::AggregateStatus, 'A'),
                (Operation::InterpretHealth, 'H'),
                (Operation::InterpretDependency, 'D'),
                (Operation::Retain, 'T'),
            ];
            let of = TypeMeta::new(api_version, kind);
            let got: String = letters
                .into_iter()
                .filter(|(operation, _)| ThirdParty.supports(of, *operation))
                .map(|(_, letter)| letter)
                .collect();
            assert_eq!(got, expected, "{api_version} {kind}");
        };
        check("apps.kruise.io/v1alpha1", "AdvancedCronJob", "AD");
        check("apps.kruise.io/v1alpha1", "BroadcastJob", "RVSAHDT");
        check("apps.kruise.io/v1alpha1", "CloneSet", "RVSAHD");
        check("apps.kruise.io/v1alpha1", "DaemonSet", "SAHD");
        check("apps.kruise.io/v1alpha1", "SidecarSet", "RSAHDT");
        check("apps.kruise.io/v1alpha1", "UnitedDeployment", "RVSAHD");
        check("apps.kruise.io/v1beta1", "StatefulSet", "RVSAHD");
        check("argoproj.io/v1alpha1", "Workflow", "RVHDT");
        check("batch.volcano.sh/v1alpha1", "Job", "CSAH");
        check("flink.apache.org/v1beta1", "FlinkDeployment", "RCSAH");
        check("helm.toolkit.fluxcd.io/v2beta1", "HelmRelease", "SAHDT");
        check("kubeflow.org/v1", "Notebook", "RSAH");
        check("kubeflow.org/v1", "PyTorchJob", "CAHD");
        check("kubeflow.org/v1", "TFJob", "CAHD");
        check("kubeflow.org/v2beta1", "MPIJob", "CSAH");
        check("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "SAHDT");
        check("kyverno.io/v1", "ClusterPolicy", "SAH");
        check("kyverno.io/v1", "Policy", "SAH");
        check("ray.io/v1", "RayCluster", "CAH");
        check("ray.io/v1", "RayJob", "CAHD");
        check("ray.io/v1", "RayService", "RVAHD");
        check("source.toolkit.fluxcd.io/v1", "GitRepository", "SAHDT");
        check("source.toolkit.fluxcd.io/v1beta2", "Bucket", "SAHDT");
        check("source.toolkit.fluxcd.io/v1beta2", "HelmChart", "SAHDT");
        check("source.toolkit.fluxcd.io/v1beta2", "HelmRepository", "SAHDT");
        check("source.toolkit.fluxcd.io/v1beta2", "OCIRepository", "SAHDT");
        check("sparkoperator.k8s.io/v1beta2", "SparkApplication", "CSAH");
        // Group, version and kind must all be these.
        check("apps.kruise.io/v1beta1", "CloneSet", "");
        check("apps/v1", "Deployment", "");
        assert_eq!(ThirdParty::kinds().count(), 27);
    }
}
