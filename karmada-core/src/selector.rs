//! Selecting objects by label, and resources by policy.
//!
//! Label selectors are evaluated and checked as Kubernetes does (apimachinery `pkg/labels`): a selector with one bad
//! requirement matches nothing. Resource selectors are upstream's (`karmada:pkg/util/selector.go`).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::meta::{LabelSelector, NodeSelectorRequirement};
use crate::api::policy::v1alpha1::ResourceSelector;
use crate::object::{Object, Texts};
use crate::syntax::{self, SyntaxError};

/// Labels to match: anything that can say the value of a key.
pub trait Labels {
    /// The value of a label, if the object has it.
    fn value(&self, key: &str) -> Option<&str>;
}

impl Labels for BTreeMap<String, String> {
    fn value(&self, key: &str) -> Option<&str> {
        self.get(key).map(String::as_str)
    }
}

/// No labels are like an empty map of them.
impl<L: Labels> Labels for Option<L> {
    fn value(&self, key: &str) -> Option<&str> {
        self.as_ref()?.value(key)
    }
}

impl<L: Labels> Labels for &L {
    fn value(&self, key: &str) -> Option<&str> {
        (**self).value(key)
    }
}

impl Labels for Texts<'_> {
    fn value(&self, key: &str) -> Option<&str> {
        self.get(key)
    }
}

/// Why a requirement can match nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectorError {
    /// The key is no label key.
    #[error("label key {key:?} is not valid")]
    Key {
        /// The key.
        key: String,
        /// The rule it breaks.
        source: SyntaxError,
    },
    /// A value can be no label's.
    #[error("value {value:?} for label {key:?} is not valid")]
    Value {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// The rule it breaks.
        source: SyntaxError,
    },
    /// There is no such operator.
    #[error("label {key:?}: {operator:?} is not an operator")]
    Operator {
        /// The key.
        key: String,
        /// The operator.
        operator: String,
    },
    /// `In` or `NotIn` without values.
    #[error("label {key:?}: {operator} needs values")]
    NoValues {
        /// The key.
        key: String,
        /// The operator.
        operator: String,
    },
    /// `Exists` or `DoesNotExist` with values.
    #[error("label {key:?}: {operator} takes no values")]
    Values {
        /// The key.
        key: String,
        /// The operator.
        operator: String,
    },
    /// `Gt` or `Lt` without exactly one integer.
    #[error("label {key:?}: {operator} needs exactly one integer")]
    NotAnInteger {
        /// The key.
        key: String,
        /// The operator.
        operator: String,
    },
}

/// A checked requirement on one label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement<'a> {
    key: &'a str,
    test: Test<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test<'a> {
    In(&'a [String]),
    NotIn(&'a [String]),
    Exists,
    DoesNotExist,
    Gt(i64),
    Lt(i64),
}

impl<'a> Requirement<'a> {
    /// A requirement of a [`LabelSelector`].
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn on_label(key: &'a str, operator: &str, values: &'a [String]) -> Result<Self, SelectorError> {
        match operator {
            "Gt" | "Lt" => Err(SelectorError::Operator {
                key: key.to_owned(),
                operator: operator.to_owned(),
            }),
            _ => Self::on_node(key, operator, values),
        }
    }

    /// A requirement of a node selector, which also knows `Gt` and `Lt`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn on_node(key: &'a str, operator: &str, values: &'a [String]) -> Result<Self, SelectorError> {
        let named = || (key.to_owned(), operator.to_owned());
        let integer = || match values {
            [value] => value.parse().ok(),
            _ => None,
        };
        let not_an_integer = || {
            let (key, operator) = named();
            SelectorError::NotAnInteger { key, operator }
        };
        let test = match operator {
            "In" => Test::In(values),
            "NotIn" => Test::NotIn(values),
            "Exists" => Test::Exists,
            "DoesNotExist" => Test::DoesNotExist,
            "Gt" => Test::Gt(integer().ok_or_else(not_an_integer)?),
            "Lt" => Test::Lt(integer().ok_or_else(not_an_integer)?),
            _ => {
                let (key, operator) = named();
                return Err(SelectorError::Operator { key, operator });
            }
        };
        match test {
            Test::In(_) | Test::NotIn(_) if values.is_empty() => {
                let (key, operator) = named();
                return Err(SelectorError::NoValues { key, operator });
            }
            Test::Exists | Test::DoesNotExist if !values.is_empty() => {
                let (key, operator) = named();
                return Err(SelectorError::Values { key, operator });
            }
            _ => {}
        }
        check_key(key)?;
        values.iter().try_for_each(|value| check_value(key, value))?;
        Ok(Self { key, test })
    }

    /// Whether labels meet the requirement. `NotIn` holds for a missing label; `Gt` and `Lt` do not hold for one that
    /// is no integer.
    pub fn holds(&self, labels: &impl Labels) -> bool {
        let value = labels.value(self.key);
        let integer = || value.and_then(|value| value.parse::<i64>().ok());
        match self.test {
            Test::In(values) => value.is_some_and(|value| values.iter().any(|wanted| wanted == value)),
            Test::NotIn(values) => value.is_none_or(|value| values.iter().all(|unwanted| unwanted != value)),
            Test::Exists => value.is_some(),
            Test::DoesNotExist => value.is_none(),
            Test::Gt(bound) => integer().is_some_and(|value| value > bound),
            Test::Lt(bound) => integer().is_some_and(|value| value < bound),
        }
    }
}

fn check_key(key: &str) -> Result<(), SelectorError> {
    syntax::qualified_name(key).map_err(|source| SelectorError::Key {
        key: key.to_owned(),
        source,
    })
}

fn check_value(key: &str, value: &str) -> Result<(), SelectorError> {
    syntax::label_value(value).map_err(|source| SelectorError::Value {
        key: key.to_owned(),
        value: value.to_owned(),
        source,
    })
}

/// Checks every requirement of a selector.
///
/// # Errors
/// What is wrong with the first bad one, labels before expressions.
pub fn check(selector: &LabelSelector) -> Result<(), SelectorError> {
    for (key, value) in &selector.match_labels {
        check_key(key)?;
        check_value(key, value)?;
    }
    selector
        .match_expressions
        .iter()
        .try_for_each(|it| Requirement::on_label(&it.key, &it.operator, &it.values).map(|_| ()))
}

/// Whether labels meet every requirement of a selector; an empty selector matches all, one that
/// [`check`] refuses nothing.
///
/// Allocates nothing unless a requirement is bad.
#[must_use]
pub fn matches_labels(selector: &LabelSelector, labels: &impl Labels) -> bool {
    // A requirement that is bad and one that does not hold have the same effect: nothing matches.
    selector.match_labels.iter().all(|(key, value)| {
        labels.value(key) == Some(value) && check_key(key).is_ok() && check_value(key, value).is_ok()
    }) && selector.match_expressions.iter().all(|it| {
        Requirement::on_label(&it.key, &it.operator, &it.values)
            .is_ok_and(|requirement| requirement.holds(labels))
    })
}

/// Whether labels meet every requirement of a node selector term, `Gt` and `Lt` among them; a bad one is never met.
#[must_use]
pub fn matches_node_requirements<'a>(
    requirements: impl IntoIterator<Item = &'a NodeSelectorRequirement>,
    labels: &impl Labels,
) -> bool {
    requirements.into_iter().all(|it| {
        Requirement::on_node(&it.key, &it.operator, &it.values)
            .is_ok_and(|requirement| requirement.holds(labels))
    })
}

/// How closely a policy selects a resource; the closest policy wins among those of equal priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImplicitPriority {
    /// Not at all.
    #[default]
    Mismatch = 0,
    /// With all others of its kind.
    MatchAll = 1,
    /// By its labels.
    MatchLabelSelector = 2,
    /// By its name.
    MatchName = 3,
}

/// How closely a selector selects a resource.
///
/// API version and kind are compared as texts, so a selector for `extensions/v1beta1` does not select the same resource
/// in `networking.k8s.io/v1`. With a name in the selector labels do not count. An empty label selector counts as one;
/// a bad one selects nothing.
#[must_use]
pub fn priority(resource: &Value, selector: &ResourceSelector) -> ImplicitPriority {
    let object = Object::new(resource);
    if object.api_version() != selector.api_version
        || object.kind() != selector.kind
        || (!selector.namespace.is_empty() && object.namespace() != selector.namespace)
    {
        return ImplicitPriority::Mismatch;
    }
    if !selector.name.is_empty() {
        return if object.name() == selector.name {
            ImplicitPriority::MatchName
        } else {
            ImplicitPriority::Mismatch
        };
    }
    match &selector.label_selector {
        None => ImplicitPriority::MatchAll,
        Some(labels) if matches_labels(labels, &object.labels()) => ImplicitPriority::MatchLabelSelector,
        Some(_) => ImplicitPriority::Mismatch,
    }
}

/// Whether a selector selects a resource.
#[must_use]
pub fn matches(resource: &Value, selector: &ResourceSelector) -> bool {
    priority(resource, selector) > ImplicitPriority::Mismatch
}

/// How closely the closest of the selectors selects a resource; no selectors select nothing.
#[must_use]
pub fn highest_priority(resource: &Value, selectors: &[ResourceSelector]) -> ImplicitPriority {
    selectors
        .iter()
        .map(|selector| priority(resource, selector))
        .max()
        .unwrap_or_default()
}

/// Whether any of the selectors selects a resource; no selectors select nothing.
#[must_use]
pub fn matches_any(resource: &Value, selectors: &[ResourceSelector]) -> bool {
    selectors.iter().any(|selector| matches(resource, selector))
}

/// What must be listed to find all that the selectors may select: each API version, kind and namespace once, in order
/// of first occurrence.
#[must_use]
pub fn unique_namespaced(selectors: &[ResourceSelector]) -> Vec<ResourceSelector> {
    let mut unique: Vec<ResourceSelector> = Vec::new();
    for selector in selectors {
        let reduced = ResourceSelector {
            api_version: selector.api_version.clone(),
            kind: selector.kind.clone(),
            namespace: selector.namespace.clone(),
            ..ResourceSelector::default()
        };
        if !unique.contains(&reduced) {
            unique.push(reduced);
        }
    }
    unique
}

#[cfg(test)]
mod tests;
