//! Parts of objects that stand alone in recordings.

/// By line: the kind and the path of the part in it, where it is in a case (`in` is the question, `out` the answer), and
/// the ops of such cases.
const PARTS: &str = "
ResourceBinding | spec | in.spec | schedule binding-queries graceful-evict remove-cluster app-failover
ResourceBinding | status | in.status | schedule
ResourceBinding | spec.clusters[] | out.targets[] | schedule
ResourceBinding | spec.clusters[] | out.clusters[] | graceful-evict remove-cluster app-failover merge-target-clusters
ResourceBinding | spec.clusters[] | out.clusters[] | sum-target-clusters spread-replicas
ResourceBinding | spec.clusters[] | in.clusters[] | merge-target-clusters job-division assess-eviction
ResourceBinding | spec.requiredBy[] | in.requiredBy[] | merge-target-clusters
ResourceBinding | spec.clusters[] | in.old[] | sum-target-clusters
ResourceBinding | spec.clusters[] | in.new[] | sum-target-clusters
ResourceBinding | spec.gracefulEvictionTasks[] | out.gracefulEvictionTasks[] | graceful-evict app-failover
ResourceBinding | spec.gracefulEvictionTasks[] | in.tasks[] | assess-eviction
ResourceBinding | spec.gracefulEvictionTasks[] | out.kept[] | assess-eviction
ResourceBinding | spec.suspension | in.binding | merge-suspension
ResourceBinding | spec.suspension | out.suspension | merge-suspension
PropagationPolicy | spec.suspension | in.policy | merge-suspension
PropagationPolicy | spec.failover.application | in.behavior | app-failover
PropagationPolicy | spec.failover | in.failover | cluster-failover
PropagationPolicy | spec.failover.application.statePreservation | in.statePreservation | preserved-label-state
ResourceBinding | status.aggregatedStatus[] | in.aggregatedStatus[] | app-failover assess-eviction cluster-failover
ResourceBinding | status.aggregatedStatus[] | in.items[] | AggregateStatus
ResourceBinding | status.aggregatedStatus[] | in.statusItems[] | AggregateStatus
ResourceBinding | spec.replicaRequirements | out.requires | InterpretReplica
ResourceBinding | spec.components[] | out.components[] | InterpretComponent
ResourceInterpreterContext | response.dependencies[] | out.dependencies[] | InterpretDependency
PropagationPolicy | spec.resourceSelectors[] | in.selectors[] | selector-match
PropagationPolicy | spec.resourceSelectors[] | out.unique[] | selector-match
PropagationPolicy | spec.placement.clusterAffinity | in.affinity | cluster-match
PropagationPolicy | spec.placement | in.placement | add-tolerations
PropagationPolicy | spec.placement.clusterTolerations[] | in.add[] | add-tolerations
PropagationPolicy | spec.placement.clusterTolerations[] | out.tolerations[] | add-tolerations
PropagationPolicy | spec.placement.clusterTolerations[] | in.tolerations[] | tolerate
PropagationPolicy | spec.placement.clusterTolerations[] | out.used[] | tolerate
Cluster | spec.taints[] | in.taints[] | tolerate
Cluster | spec.taints[] | in.add[] | set-taints
Cluster | spec.taints[] | in.remove[] | set-taints
Cluster | spec.taints[] | out.taints[] | set-taints parse-taints
Cluster | spec.taints[] | out.add[] | parse-taints
Cluster | spec.taints[] | out.remove[] | parse-taints
OverridePolicy | spec.overriders.imageOverrider[] | in.overrider | image-override
OverridePolicy | spec.overriders | out.appliedOverrides[].overriders | override
OverridePolicy | spec.overriders | out.appliedClusterOverrides[].overriders | override
";

/// A part of an object that stands alone in cases of some ops.
pub(crate) struct Part {
    /// The kind it is a part of.
    pub(crate) kind: &'static str,
    /// Where it is in an object of that kind.
    pub(crate) path: &'static str,
    /// Whether it is in the answer.
    pub(crate) answer: bool,
    /// Where it is in the question or the answer, `[]` standing for every item.
    pub(crate) at: &'static str,
}

/// The parts that cases of an op hold.
pub(crate) fn of(op: &str) -> Vec<Part> {
    let part = |line: &'static str| {
        let [kind, path, at, ops] = line.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let (side, at) = at.split_once('.').unwrap();
        let part = Part {
            kind,
            path,
            answer: side == "out",
            at,
        };
        ops.split(' ').any(|of| of == op).then_some(part)
    };
    PARTS.trim().lines().filter_map(part).collect()
}
