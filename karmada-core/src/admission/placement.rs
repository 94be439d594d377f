//! Rules about where a workload may go (`karmada:pkg/util/validation/validation.go`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::given;
use crate::affinity::fields;
use crate::api::policy::v1alpha1::{
    ClusterAffinity, ClusterAffinityTerm, FieldSelector, Placement, SpreadConstraint, SpreadFieldValue,
    WorkloadAffinity,
};
use crate::field::{FieldError, FieldPath};
use crate::syntax;

/// Checks a placement. `raw` is the object it was decoded from: an empty list there is something given, as it is
/// upstream.
pub(super) fn validate_placement(placement: &Placement, raw: &Value, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let affinities_path = path.child("clusterAffinities");
    if placement.cluster_affinity.is_some() && given(raw, "clusterAffinities") {
        errors.push(FieldError::invalid(
            path,
            placement,
            "clusterAffinities cannot co-exist with clusterAffinity",
        ));
    }
    let overflow_allowed = placement.allows_overflow();
    errors.extend(
        placement
            .cluster_affinity
            .iter()
            .flat_map(|affinity| validate_cluster_affinity(affinity, &path.child("clusterAffinity"))),
    );
    let mut names = BTreeSet::new();
    let raw_terms = raw.get("clusterAffinities").unwrap_or(&Value::Null);
    for (index, term) in placement.cluster_affinities.iter().enumerate() {
        let term_path = affinities_path.index(index);
        if let Err(rule) = syntax::qualified_name(&term.affinity_name) {
            errors.push(FieldError::invalid(&term_path, &term.affinity_name, rule));
        }
        if !names.insert(&term.affinity_name) {
            errors.push(FieldError::invalid(
                &affinities_path,
                &term.affinity_name,
                "each affinity term must have a name of its own",
            ));
        }
        errors.extend(validate_cluster_affinity(&term.affinity, &term_path));
        if raw_terms
            .get(index)
            .is_some_and(|term| given(term, "overflowAffinities"))
        {
            errors.extend(validate_overflow(term, overflow_allowed, &term_path));
        }
    }
    errors.extend(validate_spread_constraints(
        &placement.spread_constraints,
        &path.child("spreadConstraints"),
    ));
    errors.extend(
        placement
            .workload_affinity
            .iter()
            .flat_map(|affinity| validate_workload_affinity(affinity, &path.child("workloadAffinity"))),
    );
    for (index, toleration) in placement.cluster_tolerations.iter().enumerate() {
        // Kubernetes compares numbers with these; for clusters they have no meaning yet.
        if matches!(toleration.operator.as_str(), "Lt" | "Gt") {
            errors.push(FieldError::not_supported(
                &path.child("clusterTolerations").index(index).child("operator"),
                &toleration.operator,
                &["", "Exists", "Equal"],
            ));
        }
    }
    errors
}

/// Checks the groups that help a term out.
fn validate_overflow(term: &ClusterAffinityTerm, allowed: bool, path: &FieldPath) -> Vec<FieldError> {
    let path = path.child("overflowAffinities");
    let mut errors = Vec::new();
    if !allowed {
        errors.push(FieldError::invalid(
            &path,
            &term.overflow_affinities,
            "needs dynamic weights or aggregated division",
        ));
    }
    if term.affinity == ClusterAffinity::default() {
        errors.push(FieldError::invalid(
            &path,
            &term.overflow_affinities,
            "needs a term that restricts the clusters itself",
        ));
    }
    let mut names = BTreeSet::from([&term.affinity_name]);
    for (index, overflow) in term.overflow_affinities.iter().enumerate() {
        let overflow_path = path.index(index);
        let name_path = overflow_path.child("affinityName");
        if let Err(rule) = syntax::qualified_name(&overflow.affinity_name) {
            errors.push(FieldError::invalid(&name_path, &overflow.affinity_name, rule));
        }
        if !names.insert(&overflow.affinity_name) {
            errors.push(FieldError::invalid(
                &name_path,
                &overflow.affinity_name,
                "must differ from the names of the term and of its other overflow groups",
            ));
        }
        errors.extend(validate_cluster_affinity(&overflow.affinity, &overflow_path));
    }
    errors
}

/// Checks an affinity: its field selector, the one part that has rules.
#[must_use]
pub fn validate_cluster_affinity(affinity: &ClusterAffinity, path: &FieldPath) -> Vec<FieldError> {
    affinity
        .field_selector
        .iter()
        .filter_map(|selector| {
            let rule = field_selector(selector).err()?;
            Some(FieldError::invalid(&path.child("fieldSelector"), selector, rule))
        })
        .collect()
}

/// Only provider, region and zone can be selected by, and only by membership.
fn field_selector(selector: &FieldSelector) -> Result<(), &'static str> {
    for expression in &selector.match_expressions {
        if !matches!(
            expression.key.as_str(),
            fields::PROVIDER | fields::REGION | fields::ZONE
        ) {
            return Err("the key must be provider, region or zone");
        }
        if !matches!(expression.operator.as_str(), "In" | "NotIn") {
            return Err("the operator must be In or NotIn");
        }
    }
    Ok(())
}

/// Checks spread constraints, each for itself and all together.
#[must_use]
pub fn validate_spread_constraints(constraints: &[SpreadConstraint], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut fields: BTreeMap<&SpreadFieldValue, usize> = BTreeMap::new();
    for (index, constraint) in constraints.iter().enumerate() {
        let mut refuse = |detail: &str| {
            errors.push(FieldError::invalid(&path.index(index), constraint, detail));
        };
        if constraint.spread_by_field.is_some() && !constraint.spread_by_label.is_empty() {
            refuse("spreadByLabel should not co-exist with spreadByField");
        }
        if constraint.min_groups < 0 {
            refuse("minGroups lower than 0 is not allowed");
        }
        if constraint.max_groups < 0 {
            refuse("maxGroups lower than 0 is not allowed");
        }
        if constraint.max_groups > 0 && constraint.max_groups < constraint.min_groups {
            refuse("maxGroups lower than minGroups is not allowed");
        }
        if let Some(field) = &constraint.spread_by_field {
            let times = fields.entry(field).or_default();
            *times = times.saturating_add(1);
            if *times == 2 {
                errors.push(FieldError::invalid(
                    path,
                    constraints,
                    format!("multiple {field} spread constraints are not allowed"),
                ));
            }
        }
    }
    if !fields.is_empty() && !fields.contains_key(&SpreadFieldValue::Cluster) {
        errors.push(FieldError::invalid(
            path,
            constraints,
            "one of the constraints must be by cluster when any is by field",
        ));
    }
    errors
}

fn validate_workload_affinity(affinity: &WorkloadAffinity, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (field, term) in [
        ("affinity", &affinity.affinity),
        ("antiAffinity", &affinity.anti_affinity),
    ] {
        let Some(term) = term else { continue };
        if let Err(rule) = syntax::qualified_name(&term.group_by_label_key) {
            errors.push(FieldError::invalid(
                &path.child(field).child("groupByLabelKey"),
                &term.group_by_label_key,
                rule,
            ));
        }
    }
    if let (Some(near), Some(away)) = (&affinity.affinity, &affinity.anti_affinity)
        && near.group_by_label_key == away.group_by_label_key
    {
        errors.push(FieldError::invalid(
            path,
            affinity,
            "affinity and antiAffinity must not use the same groupByLabelKey",
        ));
    }
    errors
}
