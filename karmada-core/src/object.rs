//! Reading objects of any kind.

use serde_json::{Map, Value};

/// The members of workloads' specs and statuses that say how many there are.
pub mod fields {
    /// In the spec of a workload, how many pods it asks for; in its status, how many it has.
    pub const REPLICAS: &str = "replicas";
    /// In the spec of a Job, how many pods run at a time.
    pub const PARALLELISM: &str = "parallelism";
    /// In the spec of a Job, how many pods have to succeed.
    pub const COMPLETIONS: &str = "completions";
    /// In the status of a workload, how many pods are ready.
    pub const READY_REPLICAS: &str = "readyReplicas";
}

/// The parts that all objects have, read from a manifest.
///
/// A part that is missing or has another type reads as empty; labels or annotations with a value that is no string
/// read as none at all (apimachinery `unstructured`).
#[derive(Clone, Copy, Debug)]
pub struct Object<'a>(&'a Value);

impl<'a> Object<'a> {
    /// A view of a manifest.
    #[must_use]
    pub fn new(manifest: &'a Value) -> Self {
        Self(manifest)
    }

    /// `apiVersion`.
    #[must_use]
    pub fn api_version(self) -> &'a str {
        text(self.0, "apiVersion")
    }

    /// `kind`.
    #[must_use]
    pub fn kind(self) -> &'a str {
        text(self.0, "kind")
    }

    /// `metadata.name`.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.metadata("name")
    }

    /// `metadata.namespace`.
    #[must_use]
    pub fn namespace(self) -> &'a str {
        self.metadata("namespace")
    }

    /// `metadata.uid`.
    #[must_use]
    pub fn uid(self) -> &'a str {
        self.metadata("uid")
    }

    /// `metadata.labels`.
    #[must_use]
    pub fn labels(self) -> Texts<'a> {
        self.texts("labels")
    }

    /// `metadata.annotations`.
    #[must_use]
    pub fn annotations(self) -> Texts<'a> {
        self.texts("annotations")
    }

    fn metadata(self, key: &str) -> &'a str {
        self.0.get("metadata").map_or("", |metadata| text(metadata, key))
    }

    fn texts(self, key: &str) -> Texts<'a> {
        let map = self
            .0
            .get("metadata")
            .and_then(|metadata| metadata.get(key))
            .and_then(Value::as_object);
        Texts(map.filter(|map| map.values().all(Value::is_string)))
    }
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Labels or annotations of an [`Object`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Texts<'a>(Option<&'a Map<String, Value>>);

impl<'a> Texts<'a> {
    /// The value of a key.
    #[must_use]
    pub fn get(self, key: &str) -> Option<&'a str> {
        self.0?.get(key)?.as_str()
    }

    /// All keys and values, in the manifest's order.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads() {
        fn check(manifest: &Value, want: [&str; 5], labels: &[(&str, &str)]) {
            let object = Object::new(manifest);
            let got = [
                object.api_version(),
                object.kind(),
                object.namespace(),
                object.name(),
                object.uid(),
            ];
            assert_eq!(got, want, "{manifest}");
            assert_eq!(object.labels().iter().collect::<Vec<_>>(), labels, "{manifest}");
        }
        check(
            &json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "a", "name": "b", "uid": "c",
                "labels": {"x": "y", "z": ""}}}),
            ["v1", "Pod", "a", "b", "c"],
            &[("x", "y"), ("z", "")],
        );
        check(
            &json!({"kind": 5, "metadata": {"name": null, "labels": {"x": "y", "z": 1}}}),
            [""; 5],
            &[],
        );
        check(&json!({"metadata": "x"}), [""; 5], &[]);
        check(&json!({"metadata": {"labels": []}}), [""; 5], &[]);
        check(&json!([]), [""; 5], &[]);

        let manifest = json!({"metadata": {"annotations": {"a": "b"}}});
        assert_eq!(Object::new(&manifest).annotations().get("a"), Some("b"));
        assert_eq!(Object::new(&manifest).annotations().get("b"), None);
        assert_eq!(Object::new(&manifest).labels().get("a"), None);
    }
}
