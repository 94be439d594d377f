//! What identifies a binding in a queue.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use karmada_core::names::namespaced_key;
use karmada_core::work::BindingRef;

/// Identifies a binding: `NAMESPACE/NAME` of a ResourceBinding, `NAME` of a ClusterResourceBinding.
///
/// A clone shares the text.
///
/// ```
/// use karmada_scheduler::queue::BindingKey;
/// let key = BindingKey::new("shop", "web-deployment");
/// assert_eq!((key.as_str(), key.namespace(), key.name()), ("shop/web-deployment", "shop", "web-deployment"));
/// let key = BindingKey::new("", "viewer-clusterrole");
/// assert_eq!((key.as_str(), key.namespace(), key.name()), ("viewer-clusterrole", "", "viewer-clusterrole"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BindingKey(Arc<str>);

impl BindingKey {
    /// The key of the binding of that namespace and name; the namespace of a ClusterResourceBinding is empty.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Self(namespaced_key(namespace, name).into())
    }

    /// The key of a binding.
    #[must_use]
    pub fn of<'a>(binding: impl Into<BindingRef<'a>>) -> Self {
        let binding = binding.into();
        let metadata = binding.metadata();
        let name = metadata.name.as_deref().unwrap_or_default();
        match binding {
            BindingRef::Namespaced(_) => Self::new(metadata.namespace.as_deref().unwrap_or_default(), name),
            BindingRef::Cluster(_) => Self::new("", name),
        }
    }

    /// The whole key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The namespace, empty for a ClusterResourceBinding.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.0.split_once('/').map_or("", |(namespace, _)| namespace)
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(_, name)| name)
    }
}

impl Borrow<str> for BindingKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BindingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
