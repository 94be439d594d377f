//! PropagationPolicy and ClusterPropagationPolicy (`karmada:pkg/webhook/propagationpolicy`,
//! `karmada:pkg/util/validation/validation.go`).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::Operation;
use super::placement::validate_placement;
use crate::api::policy::v1alpha1::{
    FailoverBehavior, PolicySuspension, PreemptionBehavior, PropagationSpec, PurgeMode,
    ReplicaDivisionPreference, ReplicaSchedulingType, ResourceSelector, SpreadFieldValue, StatePreservation,
};
use crate::field::{FieldError, FieldPath};
use crate::syntax;

/// Seconds a workload has to start elsewhere before it leaves a cluster, where the policy does not say.
const GRACE_PERIOD_SECONDS: i32 = 600;

/// What tells the two kinds of policy apart.
pub(super) struct PolicyKind {
    /// The label with the policy's own permanent id.
    pub(super) permanent_id_label: &'static str,
    /// The finalizer of its controller.
    pub(super) finalizer: &'static str,
    /// Whether selectors are confined to the policy's namespace.
    pub(super) namespaced: bool,
}

/// Fills in what a policy leaves open, and names it on creation: `id` replaces whatever permanent id it came with.
pub(super) fn mutate(
    kind: &PolicyKind,
    operation: Operation,
    namespace: &str,
    id: &str,
    metadata: &mut ObjectMeta,
    spec: &mut PropagationSpec,
) {
    if kind.namespaced {
        default_selector_namespaces(&mut spec.resource_selectors, namespace);
    }
    for constraint in &mut spec.placement.spread_constraints {
        if constraint.spread_by_field.is_none() && constraint.spread_by_label.is_empty() {
            constraint.spread_by_field = Some(SpreadFieldValue::Cluster);
        }
        if constraint.min_groups == 0 {
            constraint.min_groups = 1;
        }
    }
    let imports_service = |selector: &ResourceSelector| {
        selector.kind == "ServiceImport" && selector.api_version == "multicluster.x-k8s.io/v1alpha1"
    };
    if spec.resource_selectors.iter().any(imports_service) {
        // The Service an import is derived from has to go where the import goes.
        spec.propagate_deps = true;
    }
    if let Some(strategy) = &mut spec.placement.replica_scheduling
        && strategy.replica_scheduling_type == Some(ReplicaSchedulingType::Divided)
    {
        strategy
            .replica_division_preference
            .get_or_insert(ReplicaDivisionPreference::Weighted);
    }
    if let Some(application) = spec
        .failover
        .as_mut()
        .and_then(|failover| failover.application.as_mut())
        && application.purge_mode == Some(PurgeMode::Gracefully)
    {
        application
            .grace_period_seconds
            .get_or_insert(GRACE_PERIOD_SECONDS);
    }
    if operation == Operation::Create {
        metadata
            .labels
            .get_or_insert_default()
            .insert(kind.permanent_id_label.to_owned(), id.to_owned());
        let finalizers = metadata.finalizers.get_or_insert_default();
        if !finalizers.iter().any(|finalizer| finalizer == kind.finalizer) {
            finalizers.push(kind.finalizer.to_owned());
        }
    }
}

/// Selectors without a namespace pick from the policy's.
pub(super) fn default_selector_namespaces(selectors: &mut [ResourceSelector], namespace: &str) {
    for selector in selectors {
        if selector.namespace.is_empty() {
            namespace.clone_into(&mut selector.namespace);
        }
    }
}

/// Why an update, or a policy that lacks its mark, is refused as a whole.
pub(super) fn refuse(
    kind: &PolicyKind,
    new: (&ObjectMeta, &PropagationSpec),
    old: Option<(&ObjectMeta, &PropagationSpec)>,
) -> Option<String> {
    let label = kind.permanent_id_label;
    let id = |metadata: &ObjectMeta| metadata.labels.as_ref()?.get(label).cloned();
    if let Some((old_metadata, old_spec)) = old {
        if new.1.scheduler_name != old_spec.scheduler_name {
            return Some("spec.schedulerName cannot be changed".to_owned());
        }
        if id(new.0).unwrap_or_default() != id(old_metadata).unwrap_or_default() {
            return Some(format!(
                "label {label} is immutable, it is set by the system during creation"
            ));
        }
    }
    id(new.0)
        .is_none()
        .then(|| format!("label {label} is required, it is set by mutating admission during creation"))
}

/// Checks the spec of a policy. `namespace` is the policy's, empty for a ClusterPropagationPolicy; `raw` is the object
/// the spec was decoded from.
pub(super) fn validate_spec(spec: &PropagationSpec, raw: &Value, namespace: &str) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let raw_placement = raw.get("placement").unwrap_or(&Value::Null);
    let mut errors = validate_placement(&spec.placement, raw_placement, &path.child("placement"));
    if let Some(failover) = &spec.failover {
        if failover.application.is_some() && !spec.propagate_deps {
            errors.push(FieldError::invalid(
                &path.child("propagateDeps"),
                &false,
                "must be true with application failover",
            ));
        }
        errors.extend(validate_failover(failover, &path.child("failover")));
    }
    let selectors_path = path.child("resourceSelectors");
    errors.extend(validate_selector_namespaces(
        &spec.resource_selectors,
        namespace,
        &selectors_path,
    ));
    if spec.preemption == Some(PreemptionBehavior::Always) {
        for (index, selector) in spec.resource_selectors.iter().enumerate() {
            if selector.name.is_empty() {
                errors.push(FieldError::invalid(
                    &selectors_path.index(index).child("name"),
                    "",
                    "cannot be empty if preemption is Always, it would take over resources nobody named",
                ));
            }
        }
    }
    errors.extend(
        spec.suspension
            .as_ref()
            .and_then(|suspension| validate_suspension(suspension, &path.child("suspension"))),
    );
    errors
}

/// Selectors of a namespaced policy pick from its own namespace only.
pub(super) fn validate_selector_namespaces(
    selectors: &[ResourceSelector],
    namespace: &str,
    path: &FieldPath,
) -> Vec<FieldError> {
    selectors
        .iter()
        .enumerate()
        .filter(|(_, selector)| !namespace.is_empty() && selector.namespace != namespace)
        .map(|(index, selector)| {
            FieldError::invalid(
                &path.index(index).child("namespace"),
                &selector.namespace,
                "must be the namespace of the policy",
            )
        })
        .collect()
}

fn validate_suspension(suspension: &PolicySuspension, path: &FieldPath) -> Option<FieldError> {
    let names = suspension
        .dispatching_on_clusters
        .as_ref()
        .is_some_and(|clusters| !clusters.cluster_names.is_empty());
    (suspension.dispatching == Some(true) && names).then(|| {
        FieldError::invalid(
            // The doubled name is upstream's.
            &path.child("suspension"),
            suspension,
            "dispatching cannot co-exist with dispatchingOnClusters.clusterNames",
        )
    })
}

fn validate_failover(failover: &FailoverBehavior, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(application) = &failover.application {
        let path = path.child("application");
        let toleration = application.decision_conditions.toleration_seconds;
        if let Some(seconds) = toleration.filter(|seconds| *seconds < 0) {
            errors.push(FieldError::invalid(
                &path.child("decisionConditions").child("tolerationSeconds"),
                &seconds,
                "must be greater than or equal to 0",
            ));
        }
        let gracefully = application.purge_mode == Some(PurgeMode::Gracefully);
        let grace = application.grace_period_seconds;
        let mut refuse = |detail: &str| {
            errors.push(FieldError::invalid(
                &path.child("gracePeriodSeconds"),
                &grace,
                detail,
            ));
        };
        if !gracefully && grace.is_some() {
            refuse("only takes effect when purgeMode is Gracefully");
        }
        if gracefully && grace.is_none() {
            refuse("must be given when purgeMode is Gracefully");
        }
        if grace.is_some_and(|seconds| seconds <= 0) {
            refuse("must be greater than 0");
        }
        errors.extend(validate_state_preservation(
            application.state_preservation.as_ref(),
            &path,
        ));
    }
    if let Some(cluster) = &failover.cluster {
        errors.extend(validate_state_preservation(
            cluster.state_preservation.as_ref(),
            &path.child("cluster"),
        ));
    }
    errors
}

fn validate_state_preservation(state: Option<&StatePreservation>, path: &FieldPath) -> Vec<FieldError> {
    let path = path.child("statePreservation").child("rules");
    state
        .iter()
        .flat_map(|state| state.rules.iter().enumerate())
        .filter_map(|(index, rule)| {
            let broken = syntax::qualified_name(&rule.alias_label_name).err()?;
            Some(FieldError::invalid(
                &path.index(index).child("aliasLabelName"),
                &rule.alias_label_name,
                broken,
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{ask, check, object};

    const PP: &str = "PropagationPolicy";

    #[test]
    fn affinities() {
        let bad = json!({"matchExpressions": [{"key": "planet", "operator": "In"}]});
        let worse = json!({"matchExpressions": [{"key": "zone", "operator": "Exists"}]});
        let good = json!({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]});
        for (selector, valid) in [(&bad, false), (&worse, false), (&good, true)] {
            let refused = [("spec.placement.clusterAffinity.fieldSelector", "Invalid")];
            let expected = if valid { &[][..] } else { &refused };
            check(
                PP,
                json!({"placement": {"clusterAffinity": {"fieldSelector": selector}}}),
                expected,
            );
        }
        // An empty list is something given.
        check(
            PP,
            json!({"placement": {"clusterAffinity": {}, "clusterAffinities": []}}),
            &[("spec.placement", "Invalid")],
        );
        check(
            PP,
            json!({"placement": {"clusterAffinity": {}, "clusterAffinities": null}}),
            &[],
        );
        check(
            PP,
            json!({"placement": {"clusterAffinities": [
                {"affinityName": "a"}, {"affinityName": "a", "fieldSelector": bad}, {"affinityName": "a b"},
            ]}}),
            &[
                ("spec.placement.clusterAffinities", "Invalid"),
                ("spec.placement.clusterAffinities[1].fieldSelector", "Invalid"),
                ("spec.placement.clusterAffinities[2]", "Invalid"),
            ],
        );
    }

    #[test]
    fn overflow() {
        let check =
            |scheduling: serde_json::Value, names: &[&str], overflow: &[&str], expected: &[(&str, &str)]| {
                let overflow: Vec<_> = overflow
                    .iter()
                    .map(|name| json!({"affinityName": name}))
                    .collect();
                let term =
                    json!({"affinityName": "a", "clusterNames": names, "overflowAffinities": overflow});
                let placement = json!({"replicaScheduling": scheduling, "clusterAffinities": [term]});
                check(PP, json!({"placement": placement}), expected);
            };
        let aggregated =
            json!({"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"});
        let weighted = json!({"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted"});
        let mut dynamic = weighted.clone();
        dynamic["weightPreference"] = json!({"dynamicWeight": "AvailableReplicas"});
        let field = "spec.placement.clusterAffinities[0].overflowAffinities";
        check(aggregated.clone(), &["m"], &["b", "c"], &[]);
        check(dynamic, &["m"], &["b"], &[]);
        check(weighted, &["m"], &["b"], &[(field, "Invalid")]);
        check(json!(null), &["m"], &[], &[(field, "Invalid")]);
        check(aggregated.clone(), &[], &["b"], &[(field, "Invalid")]);
        check(
            aggregated,
            &["m"],
            &["a", "b", "b", ""],
            &[
                (&format!("{field}[0].affinityName"), "Invalid"),
                (&format!("{field}[2].affinityName"), "Invalid"),
                (&format!("{field}[3].affinityName"), "Invalid"),
            ],
        );
    }

    #[test]
    fn spread_tolerations_and_workload_affinity() {
        let field = "spec.placement.spreadConstraints";
        let check_spread = |constraints: serde_json::Value, expected: &[(&str, &str)]| {
            check(
                PP,
                json!({"placement": {"spreadConstraints": constraints}}),
                expected,
            );
        };
        check_spread(
            json!([{"spreadByField": "cluster"}, {"spreadByField": "zone", "maxGroups": 2, "minGroups": 2}]),
            &[],
        );
        check_spread(json!([{"spreadByLabel": "a"}]), &[]);
        check_spread(json!([{"spreadByField": "zone"}]), &[(field, "Invalid")]);
        check_spread(
            json!([{"spreadByField": "cluster"}, {"spreadByField": "cluster"}, {"spreadByField": "cluster"}]),
            &[(field, "Invalid")],
        );
        let first = format!("{field}[0]");
        check_spread(
            json!([{"spreadByLabel": "a", "minGroups": -1, "maxGroups": -2}]),
            &[(&first, "Invalid"), (&first, "Invalid")],
        );
        check_spread(
            json!([{"spreadByLabel": "a", "minGroups": 3, "maxGroups": 2}]),
            &[(&first, "Invalid")],
        );
        check_spread(
            json!([{"spreadByLabel": "a", "spreadByField": "cluster"}]),
            &[(&first, "Invalid")],
        );

        check(
            PP,
            json!({"placement": {"clusterTolerations": [{"operator": "Exists"}, {"operator": "Gt"}, {"operator": "no"}]}}),
            &[("spec.placement.clusterTolerations[1].operator", "NotSupported")],
        );
        let key = |key: &str| json!({"groupByLabelKey": key});
        check(
            PP,
            json!({"placement": {"workloadAffinity": {"affinity": key("a"), "antiAffinity": key("b c")}}}),
            &[(
                "spec.placement.workloadAffinity.antiAffinity.groupByLabelKey",
                "Invalid",
            )],
        );
        check(
            PP,
            json!({"placement": {"workloadAffinity": {"affinity": key("a"), "antiAffinity": key("a")}}}),
            &[("spec.placement.workloadAffinity", "Invalid")],
        );
    }

    #[test]
    fn failover() {
        let check = |application: serde_json::Value, expected: &[(&str, &str)]| {
            let spec = json!({"propagateDeps": true, "failover": {"application": application}});
            check(PP, spec, expected);
        };
        let grace = "spec.failover.application.gracePeriodSeconds";
        check(json!({}), &[]);
        check(json!({"purgeMode": "Gracefully", "gracePeriodSeconds": 1}), &[]);
        check(json!({"purgeMode": "Gracefully"}), &[(grace, "Invalid")]);
        check(
            json!({"purgeMode": "Gracefully", "gracePeriodSeconds": 0}),
            &[(grace, "Invalid")],
        );
        check(
            json!({"purgeMode": "Never", "gracePeriodSeconds": 1}),
            &[(grace, "Invalid")],
        );
        check(
            json!({"decisionConditions": {"tolerationSeconds": -1}}),
            &[(
                "spec.failover.application.decisionConditions.tolerationSeconds",
                "Invalid",
            )],
        );
    }

    #[test]
    fn the_rest_of_the_spec() {
        check(
            PP,
            json!({"failover": {
                "application": {"statePreservation": {"rules": [{"aliasLabelName": "a"}, {"aliasLabelName": ""}]}},
                "cluster": {"statePreservation": {"rules": [{"aliasLabelName": "a b"}]}},
            }}),
            &[
                (
                    "spec.failover.application.statePreservation.rules[1].aliasLabelName",
                    "Invalid",
                ),
                (
                    "spec.failover.cluster.statePreservation.rules[0].aliasLabelName",
                    "Invalid",
                ),
                ("spec.propagateDeps", "Invalid"),
            ],
        );
        let selectors = json!([{"namespace": "shop", "name": "a"}, {"namespace": "other"}]);
        check(
            PP,
            json!({"preemption": "Always", "resourceSelectors": selectors}),
            &[
                ("spec.resourceSelectors[1].name", "Invalid"),
                ("spec.resourceSelectors[1].namespace", "Invalid"),
            ],
        );
        check(
            "ClusterPropagationPolicy",
            json!({"resourceSelectors": selectors}),
            &[],
        );
        let suspension = |on: bool, names: &[&str]| json!({"suspension": {"dispatching": on, "dispatchingOnClusters": {"clusterNames": names}}});
        check(PP, suspension(true, &[]), &[]);
        check(PP, suspension(false, &["m"]), &[]);
        check(
            PP,
            suspension(true, &["m"]),
            &[("spec.suspension.suspension", "Invalid")],
        );
    }

    #[test]
    fn what_may_not_change() {
        let check = |kind: &str, field: &str, value: serde_json::Value, refused: bool| {
            let old = object(kind, &json!({"schedulerName": "s"}));
            let mut new = old.clone();
            *new.pointer_mut(field).unwrap() = value;
            let answer = ask(kind, &new, Some(&old));
            assert_eq!(
                answer.as_ref().err().map(|denial| denial.code),
                refused.then_some(403),
                "{new}"
            );
            assert!(answer.is_ok() || answer.unwrap_err().errors.is_empty());
        };
        for kind in [PP, "ClusterPropagationPolicy"] {
            check(kind, "/spec/schedulerName", json!("t"), true);
            check(kind, "/spec/schedulerName", json!("s"), false);
            check(kind, "/metadata/labels", json!({}), true);
        }
        check(
            PP,
            "/metadata/labels",
            json!({"propagationpolicy.karmada.io/permanent-id": "2"}),
            true,
        );
        let unmarked = json!({"kind": PP, "metadata": {"name": "a"}, "spec": {}});
        assert_eq!(ask(PP, &unmarked, None).unwrap_err().code, 403);
    }
}
