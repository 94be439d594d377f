//! Collecting the objects a workload depends on.

use std::borrow::Cow;
use std::collections::BTreeSet;

use karmada_core::api::config::v1alpha1::DependentObjectReference;
use serde_json::Value;

use super::error::{self, Result};
use super::view::View;

/// Objects of the core group a workload depends on: each once, by kind and name, and all in one namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct References {
    named: BTreeSet<(Cow<'static, str>, String)>,
    /// Whose namespace they are in.
    place: Place,
}

/// Where references point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Into the namespace of the workload, which must have metadata.
    #[default]
    Beside,
    /// Into the namespace of the workload, if it has metadata.
    BesideIfAny,
    /// Into this namespace.
    Named(String),
}

impl References {
    /// None yet, of a workload that need not have metadata.
    pub(super) fn of_anything() -> Self {
        Self {
            named: BTreeSet::new(),
            place: Place::BesideIfAny,
        }
    }

    /// None yet, of the pods of a workload: in its namespace, or in `default` when it has none.
    ///
    /// # Errors
    /// When the workload has no metadata, or its namespace is neither a text nor a number.
    pub(super) fn of_pods(object: View<'_>) -> Result<Self> {
        let namespace = object.path(&["metadata", "namespace"])?;
        let namespace = if namespace.is_absent() {
            "default".to_owned()
        } else {
            namespace.joined()?
        };
        Ok(Self {
            named: BTreeSet::new(),
            place: Place::Named(namespace),
        })
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// Adds an object, whose name must be there.
    ///
    /// # Errors
    /// When the name is not a text.
    pub(super) fn add(&mut self, kind: &'static str, name: View<'_>) -> Result<()> {
        let text = name.text().ok_or_else(|| name.expected("a name"))?;
        self.named.insert((kind.into(), text.to_owned()));
        Ok(())
    }

    /// Adds an object unless its name is absent or empty.
    ///
    /// # Errors
    /// When the name is something else than a text.
    pub(super) fn add_named(&mut self, kind: &'static str, name: View<'_>) -> Result<()> {
        if name.is_absent() || name.is("") {
            return Ok(());
        }
        self.add(kind, name)
    }

    /// Adds an object that a pod names.
    pub(super) fn add_of_pod(&mut self, reference: DependentObjectReference) {
        self.named.insert((reference.kind.into(), reference.name));
    }

    /// The references, sorted by kind and name, in the namespace of the workload.
    ///
    /// # Errors
    /// When a name is empty, or the workload has no metadata or a namespace that is not a text.
    pub(super) fn beside(self, object: View<'_>) -> Result<Vec<DependentObjectReference>> {
        if self.named.is_empty() {
            return Ok(Vec::new());
        }
        let namespace = self.namespace(object)?;
        self.named
            .into_iter()
            .map(|(kind, name)| {
                if name.is_empty() {
                    return Err(error::invalid(format!("the {kind} depended on has no name")));
                }
                Ok(DependentObjectReference {
                    api_version: "v1".to_owned(),
                    kind: kind.into_owned(),
                    namespace: namespace.clone(),
                    name,
                    label_selector: None,
                })
            })
            .collect()
    }

    fn namespace(&self, object: View<'_>) -> Result<String> {
        let namespace = match &self.place {
            Place::Named(namespace) => return Ok(namespace.clone()),
            Place::Beside => object.path(&["metadata", "namespace"])?,
            Place::BesideIfAny => object.find(&["metadata", "namespace"])?,
        };
        match namespace.value() {
            Value::String(text) => Ok(text.clone()),
            Value::Null => Ok(String::new()),
            _ if namespace.is_empty_table() => Ok(String::new()),
            _ => Err(namespace.expected("a namespace")),
        }
    }
}
