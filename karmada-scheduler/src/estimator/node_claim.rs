//! Which nodes a pod may run on (`karmada:pkg/estimator/server/nodes/filter.go`, component-helpers `nodeaffinity`).

use std::collections::BTreeMap;

use karmada_core::api::meta::{NodeSelectorRequirement, NodeSelectorTerm, Taint, Toleration};
use karmada_core::api::work::v1alpha2::NodeClaim;
use karmada_core::selector::Requirement;
use karmada_core::toleration::{effects, first_untolerated};

use super::MemberSnapshot;
use super::chunk::Fixed;
use crate::cluster_set::Rows;
use crate::fleet::postings::{Domain, Term};

/// What a node carries that takes no new pods, as far as tolerations are concerned.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// The field that node selectors know.
const NAME_FIELD: &str = "metadata.name";

/// The nodes a claim allows, per chunk; without a claim all but those with taints and those that take no new pods.
///
/// Node selector and hard affinity must both hold, and every taint that keeps pods away must be tolerated. Of the
/// terms of an affinity one must hold; a term that is malformed does not, and upstream says nothing about it either.
///
/// # Complexity
/// One index lookup per value listed and 256 nodes; comparisons of numbers look at each node.
pub(super) fn allowed(snapshot: &MemberSnapshot, claim: Option<&NodeClaim>) -> Vec<Rows> {
    let tolerations = claim.map_or(&[][..], |claim| &claim.tolerations);
    let cordon = Taint::new(UNSCHEDULABLE, effects::NO_SCHEDULE);
    let ignores_cordon = tolerates(std::slice::from_ref(&cordon), tolerations);
    let mut allowed: Vec<Rows> = snapshot
        .chunks()
        .iter()
        .map(|chunk| {
            let fixed = &chunk.fixed;
            let mut rows = fixed.live;
            if !ignores_cordon {
                rows.subtract(&fixed.unschedulable);
            }
            for (taints, tainted) in &fixed.taints {
                if !tolerates(taints, tolerations) {
                    rows.subtract(tainted);
                }
            }
            rows
        })
        .collect();
    let Some(claim) = claim else { return allowed };
    select(snapshot, &claim.node_selector, &mut allowed);
    if let Some(affinity) = &claim.hard_node_affinity {
        let terms: Vec<Vec<Rows>> = affinity
            .node_selector_terms
            .iter()
            .filter_map(|term| with_term(snapshot, term))
            .collect();
        for (index, rows) in allowed.iter_mut().enumerate() {
            let mut any = Rows::default();
            for term in terms.iter().filter_map(|term| term.get(index)) {
                any.union(term);
            }
            rows.intersect(&any);
        }
    }
    allowed
}

fn tolerates(taints: &[Taint], tolerations: &[Toleration]) -> bool {
    first_untolerated(taints, tolerations, |_| true).is_none()
}

/// Keeps the nodes that have all these labels. The labels are not checked for being well-formed.
fn select(snapshot: &MemberSnapshot, labels: &BTreeMap<String, String>, allowed: &mut [Rows]) {
    for (key, value) in labels {
        let term = Term::pair(Domain::Label, key, value);
        for (rows, chunk) in allowed.iter_mut().zip(snapshot.chunks()) {
            rows.intersect(&chunk.fixed.labels.get(&term));
        }
    }
}

/// The nodes with which a term holds; `None` for one that is empty or malformed.
fn with_term(snapshot: &MemberSnapshot, term: &NodeSelectorTerm) -> Option<Vec<Rows>> {
    if term.match_expressions.is_empty() && term.match_fields.is_empty() {
        return None;
    }
    let mut matching: Vec<Rows> = snapshot.chunks().iter().map(|chunk| chunk.fixed.live).collect();
    let labels: Vec<Test<'_>> = term
        .match_expressions
        .iter()
        .map(Test::on_label)
        .collect::<Option<_>>()?;
    for (rows, chunk) in matching.iter_mut().zip(snapshot.chunks()) {
        for test in &labels {
            test.keep(rows, &chunk.fixed);
        }
    }
    for requirement in &term.match_fields {
        let [value] = requirement.values.as_slice() else {
            return None;
        };
        let negated = match requirement.operator.as_str() {
            "In" => false,
            "NotIn" => true,
            _ => return None,
        };
        keep_by_field(snapshot, &requirement.key, value, negated, &mut matching);
    }
    Some(matching)
}

fn keep_by_field(snapshot: &MemberSnapshot, field: &str, value: &str, negated: bool, matching: &mut [Rows]) {
    if field != NAME_FIELD {
        // Every other field is empty.
        if value.is_empty() == negated {
            matching.fill(Rows::default());
        }
        return;
    }
    let place = snapshot.place(value);
    for (index, rows) in matching.iter_mut().enumerate() {
        let mut named = Rows::default();
        if let Some((chunk, row)) = place
            && chunk == index
        {
            named.set(row, true);
        }
        if negated {
            rows.subtract(&named);
        } else {
            rows.intersect(&named);
        }
    }
}

/// A requirement on labels with its terms hashed.
enum Test<'a> {
    /// Some term has the row, or with `negated` none has.
    Any { terms: Vec<Term<'a>>, negated: bool },
    /// Compared as a number, which the index does not help with.
    Numeric(Requirement<'a>),
}

impl<'a> Test<'a> {
    /// `None` if the requirement is malformed.
    fn on_label(requirement: &'a NodeSelectorRequirement) -> Option<Self> {
        let NodeSelectorRequirement {
            key,
            operator,
            values,
        } = requirement;
        let checked = Requirement::on_node(key, operator, values).ok()?;
        let pairs = || values.iter().map(|value| Term::pair(Domain::Label, key, value));
        let (terms, negated) = match operator.as_str() {
            "In" => (pairs().collect(), false),
            "NotIn" => (pairs().collect(), true),
            "Exists" => (vec![Term::key(Domain::Label, key)], false),
            "DoesNotExist" => (vec![Term::key(Domain::Label, key)], true),
            _ => return Some(Self::Numeric(checked)),
        };
        Some(Self::Any { terms, negated })
    }

    fn keep(&self, rows: &mut Rows, nodes: &Fixed) {
        match self {
            Self::Any { terms, negated } => {
                let mut any = Rows::default();
                for term in terms {
                    any.union(&nodes.labels.get(term));
                }
                if *negated {
                    rows.subtract(&any);
                } else {
                    rows.intersect(&any);
                }
            }
            Self::Numeric(requirement) => {
                let before = *rows;
                for row in before.iter() {
                    let node = nodes.rows.get(row).and_then(Option::as_deref);
                    if !node.is_some_and(|node| requirement.holds(node)) {
                        rows.set(row, false);
                    }
                }
            }
        }
    }
}
