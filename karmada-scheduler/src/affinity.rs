//! Cluster affinities over the inverted index of a snapshot.
//!
//! What an affinity picks is defined by [`karmada_core::affinity`]; here the same answer is computed for the whole
//! fleet at once, with one index lookup per value and chunk instead of one evaluation per cluster.

use karmada_core::affinity::{AffinityTarget, fields};
use karmada_core::api::meta::{LabelSelector, NodeSelectorRequirement};
use karmada_core::api::policy::v1alpha1::ClusterAffinity;
use karmada_core::selector::{self, Labels, Requirement};

use crate::cluster_set::{ClusterId, ClusterSet, Rows};
use crate::fleet::chunk::{Chunk, Row};
use crate::fleet::postings::{Domain, Term};
use crate::fleet::{ClusterView, Snapshot};

/// The clusters an affinity picks.
///
/// # Complexity
/// `O(values × chunks × log terms)`, plus one lookup per name listed.
pub(crate) fn matching(snapshot: &Snapshot, affinity: &ClusterAffinity) -> ClusterSet {
    let Some(compiled) = Compiled::new(affinity) else {
        return snapshot.no_clusters();
    };
    let mut picked = ClusterSet::from_chunks(snapshot.chunks().iter().map(|chunk| compiled.rows(chunk)));
    if !affinity.cluster_names.is_empty() {
        let mut named = snapshot.no_clusters();
        for id in ids(snapshot, &affinity.cluster_names) {
            named.insert(id);
        }
        picked.intersect(&named);
    }
    for id in ids(snapshot, &affinity.exclude_clusters) {
        picked.remove(id);
    }
    picked
}

fn ids<'a>(snapshot: &'a Snapshot, names: &'a [String]) -> impl Iterator<Item = ClusterId> + 'a {
    names.iter().filter_map(|name| snapshot.find(name))
}

fn is_zone(requirement: &NodeSelectorRequirement) -> bool {
    requirement.key == fields::ZONE
}

impl Labels for ClusterView<'_> {
    fn value(&self, key: &str) -> Option<&str> {
        self.label(key)
    }
}

impl AffinityTarget for ClusterView<'_> {
    fn name(&self) -> &str {
        ClusterView::name(self)
    }
    fn provider(&self) -> &str {
        ClusterView::provider(self)
    }
    fn region(&self) -> &str {
        ClusterView::region(self)
    }
    fn zones(&self) -> impl Iterator<Item = &str> {
        ClusterView::zones(self)
    }
}

/// Provider and region of a row as labels; an empty one counts as absent.
struct RowFields<'a>(&'a Row);

impl Labels for RowFields<'_> {
    fn value(&self, key: &str) -> Option<&str> {
        field(&self.0.provider, &self.0.region, key)
    }
}

fn field<'a>(provider: &'a str, region: &'a str, key: &str) -> Option<&'a str> {
    let value = match key {
        fields::PROVIDER => provider,
        fields::REGION => region,
        _ => return None,
    };
    (!value.is_empty()).then_some(value)
}

/// Requirements with their terms hashed.
struct Compiled<'a> {
    tests: Vec<Test<'a>>,
}

enum Test<'a> {
    /// Some term has the row, or with `negated` none has.
    Any { terms: Vec<Term<'a>>, negated: bool },
    /// The field is set, or with `negated` is not.
    Set { field: &'a str, negated: bool },
    /// Compared as a number, which the index does not help with.
    Numeric(Requirement<'a>),
}

impl<'a> Compiled<'a> {
    /// `None` if a requirement is malformed, which makes the whole affinity pick nothing.
    fn new(affinity: &'a ClusterAffinity) -> Option<Self> {
        let mut tests = Vec::new();
        if let Some(selector) = &affinity.label_selector {
            labels(selector, &mut tests)?;
        }
        if let Some(selector) = &affinity.field_selector {
            for requirement in &selector.match_expressions {
                tests.push(field_test(requirement)?);
            }
        }
        Some(Self { tests })
    }

    fn rows(&self, chunk: &Chunk) -> Rows {
        let mut rows = chunk.live;
        for test in &self.tests {
            match test {
                Test::Any { terms, negated } => {
                    let mut any = Rows::default();
                    for term in terms {
                        any.union(&chunk.postings.get(term));
                    }
                    keep(&mut rows, &any, *negated);
                }
                Test::Set { field, negated } => {
                    let set = match *field {
                        fields::PROVIDER => chunk.has_provider,
                        fields::REGION => chunk.has_region,
                        fields::ZONE => chunk.has_zones,
                        _ => Rows::default(),
                    };
                    keep(&mut rows, &set, *negated);
                }
                Test::Numeric(requirement) => {
                    let before = rows;
                    for row in before.iter() {
                        let data = chunk.rows.get(row).and_then(Option::as_deref);
                        if !data.is_some_and(|data| requirement.holds(&RowFields(data))) {
                            rows.set(row, false);
                        }
                    }
                }
            }
        }
        rows
    }
}

fn keep(rows: &mut Rows, of: &Rows, negated: bool) {
    if negated {
        rows.subtract(of);
    } else {
        rows.intersect(of);
    }
}

fn labels<'a>(selector: &'a LabelSelector, tests: &mut Vec<Test<'a>>) -> Option<()> {
    selector::check(selector).ok()?;
    for (key, value) in &selector.match_labels {
        tests.push(Test::Any {
            terms: vec![Term::pair(Domain::Label, key, value)],
            negated: false,
        });
    }
    for requirement in &selector.match_expressions {
        let (key, values) = (&requirement.key, &requirement.values);
        let pairs = || values.iter().map(|value| Term::pair(Domain::Label, key, value));
        let (terms, negated) = match requirement.operator.as_str() {
            "In" => (pairs().collect(), false),
            "NotIn" => (pairs().collect(), true),
            "Exists" => (vec![Term::key(Domain::Label, key)], false),
            // What `check` accepts besides.
            _ => (vec![Term::key(Domain::Label, key)], true),
        };
        tests.push(Test::Any { terms, negated });
    }
    Some(())
}

fn field_test(requirement: &NodeSelectorRequirement) -> Option<Test<'_>> {
    let (key, values) = (requirement.key.as_str(), &requirement.values);
    let checked = if is_zone(requirement) {
        None
    } else {
        Some(Requirement::on_node(key, &requirement.operator, values).ok()?)
    };
    let pairs = || values.iter().map(|value| Term::pair(Domain::Field, key, value));
    Some(match (requirement.operator.as_str(), checked) {
        ("In", _) => Test::Any {
            terms: pairs().collect(),
            negated: false,
        },
        ("NotIn", _) => Test::Any {
            terms: pairs().collect(),
            negated: true,
        },
        ("Exists", _) => Test::Set {
            field: key,
            negated: false,
        },
        ("DoesNotExist", _) => Test::Set {
            field: key,
            negated: true,
        },
        (_, Some(requirement)) => Test::Numeric(requirement),
        // Zones know no other operators.
        (_, None) => return None,
    })
}
