//! Whole passes over bindings, whatever becomes of what they write.

use karmada_core::api::work::v1alpha2::{ClusterResourceBinding, ResourceBinding};
use karmada_scheduler::cycle::{ApiError, CycleOptions, Outcome, Written, schedule_binding};
use karmada_scheduler::queue::RetryClass;
use karmada_scheduler::{Fleet, Options, assumption_expiry};

use super::{I64, Source, around, time};

fn written(from: &mut Source<'_>) -> Outcome {
    if from.chance(180) {
        return Ok(Written {
            generation: from.number(I64),
            resource_version: from.pick(&["1", "2", "", "x"]).to_owned(),
        });
    }
    Err(ApiError {
        code: from.number(&[0, 403, 409, 500]) as u16,
        reason: from.pick(&["", "QuotaExceeded", "Conflict"]).to_owned(),
        message: from.pick(&["", "no"]).to_owned(),
        causes: vec![from.pick(&["", "NamespaceTerminating"]).to_owned()],
    })
}

/// Makes passes; what is written can be written as a patch, and a pass that met no error is not made again.
pub(super) fn exercise(
    from: &mut Source<'_>,
    fleet: &mut Fleet,
    bindings: &[ResourceBinding],
    options: &Options,
) {
    let options = CycleOptions::from(options.clone());
    for binding in bindings {
        let now = time(from);
        let snapshot = fleet.snapshot_at(now);
        let plan = schedule_binding(binding, &snapshot, &options);
        assert!(!plan.need().to_string().is_empty());
        for operation in plan.operations() {
            assert!(operation.merge_patch().unwrap().is_object());
        }
        let outcomes: Vec<Outcome> = (0..from.below(4)).map(|_| written(from)).collect();
        let finished = plan
            .conclude(&outcomes, now)
            .finish(from.chance(200).then(|| written(from)));
        assert!(finished.error.is_some() || finished.retry == RetryClass::Forget);

        let mut changed = binding.clone();
        let plan = schedule_binding(binding, &snapshot, &options);
        let (key, targets) = (plan.key().clone(), plan.targets().map(<[_]>::to_vec));
        let executed = plan.apply(&mut changed, now);
        if let Some(targets) = targets {
            assert_eq!(changed.spec.clusters, targets);
        }
        executed
            .effects
            .apply(fleet, &key, assumption_expiry(now, around::duration(from)));

        let mut cluster_scoped = ClusterResourceBinding {
            metadata: binding.metadata.clone(),
            spec: binding.spec.clone(),
            status: binding.status.clone(),
        };
        let plan = schedule_binding(&cluster_scoped, &snapshot, &options);
        assert!(plan.apply(&mut cluster_scoped, now).effects.is_empty());
        assert_eq!(cluster_scoped.spec.clusters, changed.spec.clusters);
    }
}
