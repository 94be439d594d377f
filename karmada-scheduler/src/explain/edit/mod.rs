//! The smallest edit after which a cluster is chosen.
//!
//! # What "smallest" means
//! Edits come from a closed, ordered vocabulary, and for a cluster and a binding it is a finite list: kind after kind
//! as [`EditKind`] orders them, and within a kind as below. [`candidate_edits`] has the list. The smallest edit is the
//! first single edit of the list after which the cluster is a target of the decision; else the first pair, in the
//! lexicographic order of the list; else the first such triple. Edits that [conflict](Edit::conflicts_with), because
//! they set the same thing, are not combined.
//!
//! The list is made from the cluster and the binding as they are:
//!
//! 1. **Toleration**: for each taint `NoSchedule` or `NoExecute` that the placement does not tolerate, in the order of
//!    the taints: exactly that taint is tolerated.
//! 2. **Cluster label**: for each requirement of a label selector that the cluster does not meet: for `matchLabels` and
//!    each value of `In` the label gets the value, for `Exists` the value `true`, for `NotIn` and `DoesNotExist` it is
//!    removed. The affinities in force are gone through in order: `clusterAffinity`, or the observed term of
//!    `clusterAffinities` and, for workloads, the groups that help it out; those that pick the cluster already are left
//!    out.
//! 3. **Affinity term**: for each of the same affinities: the cluster is taken off `exclude`; it is added to
//!    `clusterNames` if names are listed; each requirement of the field selector (`provider`, `region`, `zone`) that
//!    the cluster does not meet has the cluster's value added (`In`) or taken off (`NotIn`), or is removed where that
//!    is not possible.
//! 4. **API enablement**: the cluster serves the kind of the template.
//! 5. **Eviction**: the graceful eviction tasks from the cluster are dropped.
//! 6. **Capacity**: what the cluster can give to pods is raised such that the general estimator finds room for `r`
//!    replicas (or sets of components). With `c` the room there is, `r` is `c + 1`, `c + 2`, `c + 4` and so on, and the
//!    wanted replicas, up to the largest of these and one more than any candidate has. Clusters with resource models
//!    get nodes of the smallest grade that helps. An `r` that cannot be reached this way is left out.
//! 7. **Weight**: where replicas are divided by fixed weights, the cluster gets a rule of its own: with `w` its weight,
//!    `w + 1`, `w + 2`, `w + 4` and so on, up to one more than the largest weight of the list. Without a list all
//!    clusters weigh 1, and still do.
//! 8. **Group limits**: for each spread constraint that counts, in their order: `minGroups` lowered by 1, 2, 4 and so on
//!    down to 1, and to the number of groups there are; then raised by 1, 2, 4 and so on up to `maxGroups`, or
//!    to the number of groups there are where that is unlimited; then
//!    `maxGroups` raised by 1, 2, 4 and so on up to the number of groups there are, and, where each cluster is a group,
//!    to the cluster's place in the order of preference.
//!
//! Nothing else is considered: not the cluster's region or provider, not other clusters, not other workloads of an
//! affinity group. So a cluster that is being deleted, or lacks a region where one is asked for, has no answer.
//!
//! # Work
//! The list is cut off after 64 edits, so that there are at most 43,744 combinations; most need no decision, because
//! the cluster does not pass the filters after them. That bounds combinations, not time: each of the others costs a
//! decision, so that "none" can take seconds on thousands of clusters, and minutes with the profile
//! [spread](crate::Profile::spread).
//! [`FilterPlugin::reads`](crate::FilterPlugin::reads) tells in advance which edits can change a verdict.

mod capacity;
mod list;
mod patch;
mod search;
mod vocabulary;

use karmada_core::api::cluster::v1alpha1::Cluster;
use karmada_core::api::work::v1alpha2::{ResourceBindingSpec, ResourceBindingStatus, TargetCluster};
use serde::{Deserialize, Serialize};

pub use patch::EditPatch;
pub use vocabulary::{AffinityChange, AffinityRef, Edit, EditKind};

use self::search::Search;
use crate::error::ScheduleError;
use crate::fleet::Snapshot;
use crate::session::{self, Options};

/// How many edits are combined.
const MAX_COMBINED: usize = 3;

/// What it takes for a cluster to be chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum EditAnswer {
    /// Nothing: it is chosen.
    AlreadyChosen,
    /// These edits.
    Edit(SmallestEdit),
    /// No combination of up to three of the edits that come into question is enough.
    None {
        /// How many edits come into question.
        considered: usize,
    },
}

/// Edits after which a cluster is chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SmallestEdit {
    /// One, two or three, in the order of the list.
    pub edits: Vec<Edit>,
    /// The same as patches.
    pub patch: EditPatch,
    /// The decision after them.
    pub targets: Vec<TargetCluster>,
}

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The snapshot has no cluster of that name.
    #[error("there is no cluster {0:?} in the fleet")]
    UnknownCluster(String),
    /// There is nothing to decide.
    #[error(transparent)]
    Schedule(ScheduleError),
    /// The edits cannot be written as a patch.
    #[error("the edits cannot be written as a patch")]
    Patch(#[source] std::sync::Arc<serde_json::Error>),
}

/// The smallest edit after which the cluster is a target of the binding; see the [module](self) for what that means.
///
/// `cluster` is the object of one of the snapshot's clusters, which does not keep all of it. Remote estimators cannot
/// be asked about a cluster that does not exist yet, and are left out. For a placement with `clusterAffinities` the
/// status names the group in force in `scheduler_observed_affinity_name`; otherwise none is.
///
/// # Guarantees
/// Scheduling on the edited objects makes the cluster a target; after no combination that comes before it does.
///
/// # Errors
/// [`EditError`] when the snapshot has no such cluster, or the binding no placement.
///
/// # Example
/// ```
/// use karmada_core::api::cluster::v1alpha1::{Cluster, ClusterSyncMode};
/// use karmada_core::api::{meta::Taint, policy::v1alpha1::Placement, work::v1alpha2::*};
/// use karmada_scheduler::explain::{EditAnswer, smallest_edit};
/// use karmada_scheduler::{Options, Snapshot};
/// let cluster = Cluster::new("member1", ClusterSyncMode::Push)
///     .taint(Taint::new("maintenance", "NoSchedule"))
///     .serving("v1", "configmaps", "ConfigMap");
/// let mut spec = ResourceBindingSpec { placement: Some(Placement::new()), ..Default::default() };
/// (spec.resource.api_version, spec.resource.kind) = ("v1".into(), "ConfigMap".into());
/// let (status, options) = (ResourceBindingStatus::default(), Options::default());
/// let snapshot = Snapshot::build([&cluster], [])?;
/// let EditAnswer::Edit(answer) = smallest_edit(&snapshot, &cluster, &spec, &status, &options)? else { panic!() };
/// assert_eq!(answer.edits[0].to_string(), "tolerate maintenance:NoSchedule in placement.clusterTolerations");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn smallest_edit(
    snapshot: &Snapshot,
    cluster: &Cluster,
    spec: &ResourceBindingSpec,
    status: &ResourceBindingStatus,
    options: &Options,
) -> Result<EditAnswer, EditError> {
    let snapshot = &on(snapshot, cluster)?;
    let unknown = || EditError::UnknownCluster(cluster.name().to_owned());
    let search = Search {
        snapshot,
        cluster,
        id: snapshot.find(cluster.name()).ok_or_else(unknown)?,
        spec,
        status,
        options,
    };
    if search.unedited().map_err(EditError::Schedule)?.is_some() {
        return Ok(EditAnswer::AlreadyChosen);
    }
    let edits = candidate_edits(snapshot, cluster, spec, status, options)?;
    let Some((combination, chosen)) = search.first(&edits) else {
        return Ok(EditAnswer::None {
            considered: edits.len(),
        });
    };
    let patch = EditPatch::between((cluster, &chosen.cluster), (spec, &chosen.spec))
        .map_err(|error| EditError::Patch(error.into()))?;
    Ok(EditAnswer::Edit(SmallestEdit {
        edits: combination
            .iter()
            .filter_map(|position| edits.get(*position).cloned())
            .collect(),
        patch,
        targets: chosen.decision.to_target_clusters(),
    }))
}

/// The edits that come into question for a cluster and a binding, in their order; see the [module](self).
///
/// # Errors
/// As for [`smallest_edit`].
pub fn candidate_edits(
    snapshot: &Snapshot,
    cluster: &Cluster,
    spec: &ResourceBindingSpec,
    status: &ResourceBindingStatus,
    options: &Options,
) -> Result<Vec<Edit>, EditError> {
    let snapshot = on(snapshot, cluster)?;
    let ctx = session::context(&snapshot, spec, status, options).map_err(EditError::Schedule)?;
    Ok(list::edits(&ctx, &options.profile, cluster))
}

/// The fleet with the cluster as it was handed in.
fn on(snapshot: &Snapshot, cluster: &Cluster) -> Result<Snapshot, EditError> {
    let unknown = || EditError::UnknownCluster(cluster.name().to_owned());
    snapshot.with_cluster(cluster).ok_or_else(unknown)
}
