//! Policies, found by what they select.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::{Policy, Rank};
use crate::api::policy::v1alpha1::ResourceSelector;
use crate::object::Object;
use crate::selector::{self, ImplicitPriority};

/// Policies of one kind, indexed by what their selectors ask for: kind, then namespace and name, or a label.
///
/// It answers as [`best_policy`](super::best_policy) does over all policies it holds, in any order of insertion.
///
/// # Complexity
/// With *n* policies and *l* labels on the resource, [`best`](Self::best) takes O(*l* log *n*) plus one evaluation of
/// each label selector that shares its first required label with the resource and is not outranked by one that matches.
/// Selectors that require no label are evaluated in order of rank until one matches. Changes take O(*s* log *n*) for a
/// policy with *s* selectors.
#[derive(Clone, Debug)]
pub struct PolicyIndex<P> {
    policies: BTreeMap<Key, P>,
    kinds: BTreeMap<Kind, Selectors>,
}

/// Namespace of the policies, API version and kind of the resources.
type Kind = (Arc<str>, Arc<str>, Arc<str>);
/// Namespace and name of a policy.
type Key = (Arc<str>, Arc<str>);
/// Policies in order of rank: the first is the best.
type Ranked = BTreeSet<(Reverse<i32>, Arc<str>)>;
/// Selectors in order of the rank of their policies; the number tells the selectors of a policy apart.
type RankedSelectors = BTreeMap<(Reverse<i32>, Arc<str>, usize), Arc<ResourceSelector>>;

#[derive(Clone, Debug, Default)]
struct Selectors {
    /// By the namespace (empty: any) and name asked for.
    by_name: BTreeMap<(Arc<str>, Arc<str>), Ranked>,
    /// By the namespace asked for.
    all: BTreeMap<Arc<str>, Ranked>,
    /// By the first label that must have a certain value.
    by_label: BTreeMap<(Arc<str>, Arc<str>), RankedSelectors>,
    /// With label selectors that ask for no certain value.
    by_expression: RankedSelectors,
}

/// The place of a selector among [`Selectors`].
enum Place {
    Name(Arc<str>, Arc<str>),
    All(Arc<str>),
    Label(Arc<str>, Arc<str>),
    Expression,
}

impl Place {
    fn of(selector: &ResourceSelector) -> Self {
        if !selector.name.is_empty() {
            return Self::Name(selector.namespace.as_str().into(), selector.name.as_str().into());
        }
        match &selector.label_selector {
            None => Self::All(selector.namespace.as_str().into()),
            Some(labels) => match labels.match_labels.first_key_value() {
                Some((key, value)) => Self::Label(key.as_str().into(), value.as_str().into()),
                None => Self::Expression,
            },
        }
    }
}

impl<P> Default for PolicyIndex<P> {
    fn default() -> Self {
        Self {
            policies: BTreeMap::new(),
            kinds: BTreeMap::new(),
        }
    }
}

impl<P: Policy> FromIterator<P> for PolicyIndex<P> {
    fn from_iter<T: IntoIterator<Item = P>>(policies: T) -> Self {
        let mut index = Self::default();
        for policy in policies {
            index.insert(policy);
        }
        index
    }
}

impl<P: Policy> PolicyIndex<P> {
    /// How many policies there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.policies.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// A policy by namespace (empty for a ClusterPropagationPolicy) and name.
    #[must_use]
    pub fn get(&self, namespace: &str, name: &str) -> Option<&P> {
        self.policies.get(&(namespace.into(), name.into()))
    }

    /// All policies, by namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &P> {
        self.policies.values()
    }

    /// Adds a policy, or replaces the one of that namespace and name; returns the replaced one.
    pub fn insert(&mut self, policy: P) -> Option<P> {
        let replaced = self.remove(policy.namespace(), policy.name());
        let key: Key = (policy.namespace().into(), policy.name().into());
        if !policy.is_deleting() {
            let priority = Reverse(policy.priority());
            for (number, selector) in policy.spec().resource_selectors.iter().enumerate() {
                let kind = (
                    key.0.clone(),
                    selector.api_version.as_str().into(),
                    selector.kind.as_str().into(),
                );
                let selectors = self.kinds.entry(kind).or_default();
                let rank = (priority, key.1.clone());
                let selector_rank = || (priority, key.1.clone(), number);
                match Place::of(selector) {
                    Place::Name(namespace, name) => {
                        selectors
                            .by_name
                            .entry((namespace, name))
                            .or_default()
                            .insert(rank);
                    }
                    Place::All(namespace) => {
                        selectors.all.entry(namespace).or_default().insert(rank);
                    }
                    Place::Label(key, value) => {
                        let ranked = selectors.by_label.entry((key, value)).or_default();
                        ranked.insert(selector_rank(), Arc::new(selector.clone()));
                    }
                    Place::Expression => {
                        selectors
                            .by_expression
                            .insert(selector_rank(), Arc::new(selector.clone()));
                    }
                }
            }
        }
        self.policies.insert(key, policy);
        replaced
    }

    /// Removes a policy.
    pub fn remove(&mut self, namespace: &str, name: &str) -> Option<P> {
        let key: Key = (namespace.into(), name.into());
        let policy = self.policies.remove(&key)?;
        let priority = Reverse(policy.priority());
        for (number, selector) in policy.spec().resource_selectors.iter().enumerate() {
            let kind = (
                key.0.clone(),
                selector.api_version.as_str().into(),
                selector.kind.as_str().into(),
            );
            let Some(selectors) = self.kinds.get_mut(&kind) else {
                continue;
            };
            let rank = (priority, key.1.clone());
            let selector_rank = (priority, key.1.clone(), number);
            match Place::of(selector) {
                Place::Name(namespace, name) => {
                    remove_ranked(&mut selectors.by_name, &(namespace, name), &rank);
                }
                Place::All(namespace) => remove_ranked(&mut selectors.all, &namespace, &rank),
                Place::Label(key, value) => {
                    let place = (key, value);
                    if let Some(ranked) = selectors.by_label.get_mut(&place) {
                        ranked.remove(&selector_rank);
                        if ranked.is_empty() {
                            selectors.by_label.remove(&place);
                        }
                    }
                }
                Place::Expression => {
                    selectors.by_expression.remove(&selector_rank);
                }
            }
            if selectors.is_empty() {
                self.kinds.remove(&kind);
            }
        }
        Some(policy)
    }

    /// The policy that is to propagate a resource.
    #[must_use]
    pub fn best(&self, resource: &Value) -> Option<&P> {
        let object = Object::new(resource);
        let namespace = object.namespace();
        let home = if P::NAMESPACED { namespace } else { "" };
        if P::NAMESPACED && home.is_empty() {
            return None;
        }
        let kind = (home.into(), object.api_version().into(), object.kind().into());
        let name = self.kinds.get(&kind)?.best(resource, namespace, object)?;
        self.policies.get(&(kind.0, name))
    }
}

fn remove_ranked<K: Ord>(places: &mut BTreeMap<K, Ranked>, place: &K, rank: &(Reverse<i32>, Arc<str>)) {
    if let Some(ranked) = places.get_mut(place) {
        ranked.remove(rank);
        if ranked.is_empty() {
            places.remove(place);
        }
    }
}

impl Selectors {
    fn is_empty(&self) -> bool {
        self.by_name.is_empty()
            && self.all.is_empty()
            && self.by_label.is_empty()
            && self.by_expression.is_empty()
    }

    fn best(&self, resource: &Value, namespace: &str, object: Object<'_>) -> Option<Arc<str>> {
        let mut best: Option<(Rank<'_>, &Arc<str>)> = None;
        // A namespaced resource is meant by selectors for its namespace and by those for any.
        let mut namespaces = vec![""];
        if !namespace.is_empty() {
            namespaces.push(namespace);
        }
        for namespace in namespaces {
            let by_name = self.by_name.get(&(namespace.into(), object.name().into()));
            consider(&mut best, by_name, ImplicitPriority::MatchName);
            consider(&mut best, self.all.get(namespace), ImplicitPriority::MatchAll);
        }
        let by_label = object
            .labels()
            .iter()
            .filter_map(|(key, value)| self.by_label.get(&(key.into(), value.into())));
        for selectors in by_label.chain([&self.by_expression]) {
            for ((priority, name, _), selector) in selectors {
                let rank = (
                    priority.0,
                    ImplicitPriority::MatchLabelSelector,
                    Reverse(name.as_ref()),
                );
                if best.as_ref().is_some_and(|(best, _)| *best >= rank) {
                    break;
                }
                if selector::matches(resource, selector) {
                    best = Some((rank, name));
                    break;
                }
            }
        }
        best.map(|(_, name)| name.clone())
    }
}

/// Takes the first of the policies if it is better.
fn consider<'a>(
    best: &mut Option<(Rank<'a>, &'a Arc<str>)>,
    ranked: Option<&'a Ranked>,
    implicit: ImplicitPriority,
) {
    let Some((priority, name)) = ranked.and_then(BTreeSet::first) else {
        return;
    };
    let rank = (priority.0, implicit, Reverse(name.as_ref()));
    if best.as_ref().is_none_or(|(best, _)| *best < rank) {
        *best = Some((rank, name));
    }
}
