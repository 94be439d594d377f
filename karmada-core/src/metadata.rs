//! Writing the metadata of objects of any kind.
//!
//! As upstream's `unstructured` does: labels or annotations that are not all texts read as none and are replaced; what
//! stands in the way of the metadata (a `metadata` that is no object) is left alone.

use serde_json::{Map, Value};

use crate::object::Object;

/// Labels or annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `metadata.labels`.
    Labels,
    /// `metadata.annotations`.
    Annotations,
}

impl Field {
    /// The name of the member of `metadata`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::Annotations => "annotations",
        }
    }

    /// The value of a key.
    #[must_use]
    pub fn get<'a>(self, object: &'a Value, key: &str) -> Option<&'a str> {
        let object = Object::new(object);
        match self {
            Self::Labels => object.labels().get(key),
            Self::Annotations => object.annotations().get(key),
        }
    }

    /// Sets keys, whatever they were before.
    pub fn merge<K: Into<String>, V: Into<String>>(
        self,
        object: &mut Value,
        entries: impl IntoIterator<Item = (K, V)>,
    ) {
        let mut entries = entries.into_iter().peekable();
        if entries.peek().is_none() {
            return;
        }
        let Some(metadata) = metadata_mut(object) else {
            return;
        };
        let map = metadata.entry(self.name()).or_insert(Value::Null);
        if !is_texts(map) {
            *map = Value::Object(Map::new());
        }
        if let Value::Object(map) = map {
            map.extend(entries.map(|(key, value)| (key.into(), Value::String(value.into()))));
        }
    }

    /// Removes keys. A map that was no map of texts goes as a whole; one that becomes empty stays.
    pub fn remove<'a>(self, object: &mut Value, keys: impl IntoIterator<Item = &'a str>) {
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return;
        };
        let Some(map) = metadata.get_mut(self.name()) else {
            return;
        };
        if !is_texts(map) {
            metadata.remove(self.name());
        } else if let Value::Object(map) = map {
            for key in keys {
                map.remove(key);
            }
        }
    }

    /// All keys, sorted.
    pub(crate) fn keys(self, object: &Value) -> Vec<&str> {
        let object = Object::new(object);
        let texts = match self {
            Self::Labels => object.labels(),
            Self::Annotations => object.annotations(),
        };
        let mut keys: Vec<_> = texts.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        keys
    }
}

/// The metadata of an object, made if it has none.
pub(crate) fn metadata_mut(object: &mut Value) -> Option<&mut Map<String, Value>> {
    object
        .as_object_mut()?
        .entry("metadata")
        .or_insert_with(|| Value::Object(Map::new()))
        .as_object_mut()
}

fn is_texts(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|map| map.values().all(Value::is_string))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merges() {
        fn check(object: Value, expect: Value) {
            let mut object = object;
            Field::Labels.merge(&mut object, [("a", "1"), ("b", "2")]);
            assert_eq!(object, expect);
        }
        check(json!({}), json!({"metadata": {"labels": {"a": "1", "b": "2"}}}));
        check(
            json!({"metadata": {"labels": null}}),
            json!({"metadata": {"labels": {"a": "1", "b": "2"}}}),
        );
        check(
            json!({"metadata": {"labels": {"a": "0", "c": ""}}}),
            json!({"metadata": {"labels": {"a": "1", "b": "2", "c": ""}}}),
        );
        check(
            json!({"metadata": {"labels": {"c": 5}}}),
            json!({"metadata": {"labels": {"a": "1", "b": "2"}}}),
        );
        check(json!({"metadata": 5}), json!({"metadata": 5}));
        check(json!([]), json!([]));
    }

    #[test]
    fn removes() {
        fn check(annotations: Value, expect: Value) {
            let mut object = json!({"metadata": {"annotations": annotations}});
            Field::Annotations.remove(&mut object, ["a", "b"]);
            assert_eq!(object["metadata"], expect);
        }
        check(json!({"a": "", "c": ""}), json!({"annotations": {"c": ""}}));
        check(json!({"a": ""}), json!({"annotations": {}}));
        check(json!({"a": 5}), json!({}));
        check(json!(null), json!({}));
    }
}
