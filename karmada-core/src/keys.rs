//! What identifies a resource in a queue (`karmada:pkg/util/fedinformer/keys`).

use std::fmt;

use serde_json::Value;

use crate::names::namespaced_key;
use crate::object::Object;

/// A resource of any kind on the control plane.
///
/// ```
/// use karmada_core::keys::ClusterWideKey;
/// let key = ClusterWideKey::new("apps/v1", "Deployment", "shop", "web")?;
/// assert_eq!(key.to_string(), "apps/v1, kind=Deployment, shop/web");
/// # Ok::<(), karmada_core::keys::ApiVersionError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterWideKey {
    /// The API group, empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// The namespace, empty for cluster-scoped resources.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// An `apiVersion` that is neither `VERSION` nor `GROUP/VERSION`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("apiVersion {api_version:?} is neither VERSION nor GROUP/VERSION")]
pub struct ApiVersionError {
    /// The text.
    pub api_version: String,
}

impl ClusterWideKey {
    /// The key of the resource of that kind, namespace and name.
    ///
    /// # Errors
    /// [`ApiVersionError`] when `api_version` has more than one slash.
    pub fn new(
        api_version: &str,
        kind: impl Into<String>,
        namespace: impl Into<String>,
        name: impl Into<String>,
    ) -> Result<Self, ApiVersionError> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        if version.contains('/') {
            return Err(ApiVersionError {
                api_version: api_version.to_owned(),
            });
        }
        Ok(Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
        })
    }

    /// The key of an object.
    ///
    /// # Errors
    /// [`ApiVersionError`] when its `apiVersion` has more than one slash.
    pub fn of(object: &Value) -> Result<Self, ApiVersionError> {
        let object = Object::new(object);
        Self::new(
            object.api_version(),
            object.kind(),
            object.namespace(),
            object.name(),
        )
    }

    /// `GROUP/VERSION`, or the version alone in the core group.
    #[must_use]
    pub fn group_version(&self) -> String {
        namespaced_key(&self.group, &self.version)
    }

    /// `NAMESPACE/NAME`, or the name alone without a namespace.
    #[must_use]
    pub fn namespaced_key(&self) -> String {
        namespaced_key(&self.namespace, &self.name)
    }
}

impl fmt::Display for ClusterWideKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, kind={}, {}",
            self.group_version(),
            self.kind,
            self.namespaced_key()
        )
    }
}

/// A resource template in the detector's queue, and on whose account it is there. Its text is that of the key.
///
/// Both count for equality: a template that is there on both accounts is dealt with twice. Only for lazy policies may
/// the change be Karmada's own, or the two would race.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterWideKeyWithConfig {
    /// The resource.
    pub key: ClusterWideKey,
    /// Whether Karmada brought about the change, a policy for example, and not a user.
    pub resource_change_by_karmada: bool,
}

impl fmt::Display for ClusterWideKeyWithConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts() {
        fn check(object: Value, expect: Result<&str, &str>) {
            let got = ClusterWideKey::of(&object);
            let got = got.map(|key| key.to_string()).map_err(|error| error.to_string());
            assert_eq!(
                got.as_deref(),
                expect.map_err(str::to_owned).as_ref().map(|text| *text)
            );
        }
        let object = |version: &str, kind: &str, metadata: Value| json!({"apiVersion": version, "kind": kind, "metadata": metadata});
        check(
            object(
                "apps/v1",
                "Deployment",
                json!({"namespace": "shop", "name": "web"}),
            ),
            Ok("apps/v1, kind=Deployment, shop/web"),
        );
        check(
            object("v1", "Namespace", json!({"name": "shop"})),
            Ok("v1, kind=Namespace, shop"),
        );
        check(
            object("a/b/c", "X", json!({})),
            Err("apiVersion \"a/b/c\" is neither VERSION nor GROUP/VERSION"),
        );
    }

    #[test]
    fn the_cause_of_a_change_is_part_of_the_key() {
        let key = ClusterWideKey::new("v1", "Secret", "shop", "tls").unwrap();
        let by = |resource_change_by_karmada| ClusterWideKeyWithConfig {
            key: key.clone(),
            resource_change_by_karmada,
        };
        assert_ne!(by(true), by(false));
        assert_eq!(by(true).to_string(), key.to_string());
    }
}
