//! Many decisions on one snapshot.

use std::num::NonZeroUsize;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use karmada_core::api::work::v1alpha2::{ResourceBindingSpec, ResourceBindingStatus};

use crate::decision::Decision;
use crate::error::ScheduleError;
use crate::fleet::Snapshot;
use crate::session::{Options, schedule};

/// How many bindings a thread takes at once: enough to make taking them cheap, few enough to share out the rest evenly.
const BLOCK: usize = 64;

/// Schedules many bindings on a snapshot, on several threads: an outcome per binding, in their order.
///
/// Every outcome is the one [`schedule`] has for that binding alone, whatever the number of threads: decisions do not
/// see each other. A host that wants later ones to know of earlier ones schedules in rounds, and tells the
/// [`Fleet`](crate::Fleet) in between.
///
/// The calling thread works too; with one thread no other is started. Where the system gives fewer threads than asked
/// for, those do the work. A panic of a plugin is passed on.
///
/// # Example
/// ```
/// use std::thread::available_parallelism;
/// use karmada_core::api::{cluster::v1alpha1::Cluster, policy::v1alpha1::*, work::v1alpha2::*};
/// use karmada_scheduler::{Options, Snapshot, schedule_batch};
/// # let mut cluster = Cluster::named("member1");
/// # cluster.status.api_enablements.push(karmada_core::api::cluster::v1alpha1::ApiEnablement {
/// #     group_version: "apps/v1".into(),
/// #     resources: vec![karmada_core::api::cluster::v1alpha1::ApiResource { name: "deployments".into(), kind: "Deployment".into() }],
/// # });
/// # let mut spec = ResourceBindingSpec { replicas: 3, ..Default::default() };
/// # spec.resource.api_version = "apps/v1".into();
/// # spec.resource.kind = "Deployment".into();
/// # spec.placement = Some(Placement::new());
/// let snapshot = Snapshot::build([&cluster], [])?;
/// let status = ResourceBindingStatus::default();
/// let bindings = vec![(&spec, &status); 1000];
/// let outcomes = schedule_batch(&snapshot, &bindings, &Options::default(), available_parallelism()?);
/// assert!(outcomes.iter().all(|outcome| outcome.is_ok()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn schedule_batch(
    snapshot: &Snapshot,
    bindings: &[(&ResourceBindingSpec, &ResourceBindingStatus)],
    options: &Options,
    threads: NonZeroUsize,
) -> Vec<Result<Decision, ScheduleError>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let position = next.fetch_add(1, Ordering::Relaxed);
            let Some(block) = bindings.chunks(BLOCK).nth(position) else {
                return done;
            };
            let outcomes = block
                .iter()
                .map(|(spec, status)| schedule(snapshot, spec, status, options));
            done.push((position, outcomes.collect::<Vec<_>>()));
        }
    };
    let blocks = bindings.len().div_ceil(BLOCK);
    let helpers = threads.get().min(blocks).saturating_sub(1);
    let mut done = thread::scope(|scope| {
        let started: Vec<_> = (0..helpers)
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok())
            .collect();
        let mut done = work();
        for helper in started {
            match helper.join() {
                Ok(more) => done.extend(more),
                Err(payload) => panic::resume_unwind(payload),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(position, _)| *position);
    done.into_iter().flat_map(|(_, outcomes)| outcomes).collect()
}
