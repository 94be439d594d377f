//! The dialect of JSON Patch (RFC 6902) in which overriders edit objects.
//!
//! It differs from the RFC where upstream's library does (`karmada:pkg/util/overridemanager`):
//!
//! - `add` to a member that exists replaces it; `remove` and `replace` need the member to exist;
//! - array indices may be negative (from the end), signed, or have leading zeros; `-` appends and is for `add` only;
//! - what stands before the first `/` of a path is dropped, so `spec/replicas` means the member `replicas` of the root;
//! - `replace` at an empty last token writes the member named ``;
//! - `move` and `copy` are refused: an overrider has no field to say where from.

use serde_json::Value;

use super::raw::RawJson;

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Operation {
    /// `add`, `remove`, `replace` or `test`.
    pub(crate) operator: String,
    /// JSON pointer to the place.
    pub(crate) path: String,
    /// The value, `null` where the operator needs none.
    pub(crate) value: Value,
}

impl Operation {
    pub(crate) fn new(operator: impl Into<String>, path: impl Into<String>, value: Value) -> Self {
        Self {
            operator: operator.into(),
            path: path.into(),
            value,
        }
    }
}

/// Why a patch does not apply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// The operator is none of `add`, `remove`, `replace`, `test`.
    #[error("operator {operator:?} at {path:?} is not supported")]
    Operator {
        /// The operator.
        operator: String,
        /// Where it was to act.
        path: String,
    },
    /// The document, or what it would become, is neither an object nor an array.
    #[error("the document is neither an object nor an array")]
    NoContainer,
    /// What the path leads through does not exist or has no members.
    #[error("{operator} at {path:?}: the parent does not exist")]
    MissingParent {
        /// The operator.
        operator: String,
        /// The path.
        path: String,
    },
    /// There is nothing at the path to remove or replace.
    #[error("{operator} at {path:?}: there is nothing there")]
    Missing {
        /// The operator.
        operator: String,
        /// The path.
        path: String,
    },
    /// The last part of the path does not name an element of the list there.
    #[error("{operator} at {path:?}: no such position in the list")]
    Index {
        /// The operator.
        operator: String,
        /// The path.
        path: String,
    },
    /// A `test` found another value.
    #[error("test at {path:?}: another value is there")]
    Test {
        /// The path.
        path: String,
    },
}

/// A tree the operations work on.
pub(crate) trait Document: Sized {
    /// The members of an object.
    type Members: Members<Self>;

    /// A tree of that value.
    fn from_value(value: &Value) -> Self;
    /// The object or list this is; none for scalars.
    fn open(&mut self) -> Option<Container<'_, Self>>;
    /// Whether this is `null`.
    fn is_null(&self) -> bool;
    /// Whether this is that value.
    fn equals(&self, value: &Value) -> bool;
}

/// An object or a list.
pub(crate) enum Container<'a, D: Document> {
    Object(&'a mut D::Members),
    List(&'a mut Vec<D>),
}

/// The members of an object.
pub(crate) trait Members<D> {
    fn get(&mut self, key: &str) -> Option<&mut D>;
    fn set(&mut self, key: String, value: D);
    /// Whether there was one.
    fn remove(&mut self, key: &str) -> bool;
}

impl Document for Value {
    type Members = serde_json::Map<String, Value>;

    fn from_value(value: &Value) -> Self {
        value.clone()
    }

    fn open(&mut self) -> Option<Container<'_, Self>> {
        match self {
            Value::Object(members) => Some(Container::Object(members)),
            Value::Array(list) => Some(Container::List(list)),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        Value::is_null(self)
    }

    fn equals(&self, value: &Value) -> bool {
        self == value
    }
}

impl Members<Value> for serde_json::Map<String, Value> {
    fn get(&mut self, key: &str) -> Option<&mut Value> {
        self.get_mut(key)
    }

    fn set(&mut self, key: String, value: Value) {
        self.insert(key, value);
    }

    fn remove(&mut self, key: &str) -> bool {
        serde_json::Map::remove(self, key).is_some()
    }
}

/// Applies operations one after the other; on an error the document is left half-edited.
pub(crate) fn apply<D: Document>(document: &mut D, operations: &[Operation]) -> Result<(), PatchError> {
    for operation in operations {
        if !matches!(operation.operator.as_str(), "add" | "remove" | "replace" | "test") {
            return Err(PatchError::Operator {
                operator: operation.operator.clone(),
                path: operation.path.clone(),
            });
        }
    }
    if !document.is_null() && document.open().is_none() {
        return Err(PatchError::NoContainer);
    }
    operations
        .iter()
        .try_for_each(|operation| apply_one(document, operation))
}

fn apply_one<D: Document>(document: &mut D, operation: &Operation) -> Result<(), PatchError> {
    let missing_parent = || PatchError::MissingParent {
        operator: operation.operator.clone(),
        path: operation.path.clone(),
    };
    let missing = || PatchError::Missing {
        operator: operation.operator.clone(),
        path: operation.path.clone(),
    };
    let bad_index = || PatchError::Index {
        operator: operation.operator.clone(),
        path: operation.path.clone(),
    };
    if operation.path.is_empty() {
        return match operation.operator.as_str() {
            "add" | "replace" => {
                let mut value = D::from_value(&operation.value);
                if value.open().is_none() {
                    return Err(PatchError::NoContainer);
                }
                *document = value;
                Ok(())
            }
            "test" if document.equals(&operation.value) => Ok(()),
            "test" => Err(PatchError::Test { path: String::new() }),
            _ => Err(missing()),
        };
    }
    let mut tokens = operation.path.split('/').skip(1).map(unescape);
    let mut last = tokens.next().ok_or_else(missing_parent)?;
    let mut parent = document;
    for token in tokens {
        parent = child(parent, &last).ok_or_else(missing_parent)?;
        last = token;
    }
    let value = || D::from_value(&operation.value);
    match (
        operation.operator.as_str(),
        parent.open().ok_or_else(missing_parent)?,
    ) {
        ("add", Container::Object(members)) => members.set(last, value()),
        ("add", Container::List(list)) => {
            let index = if last == "-" {
                list.len()
            } else {
                // One position more than there are elements: the new one counts.
                position(&last, list.len() + 1).ok_or_else(bad_index)?
            };
            list.insert(index, value());
        }
        ("replace", Container::Object(members)) => {
            if !last.is_empty() && members.get(&last).is_none() {
                return Err(missing());
            }
            members.set(last, value());
        }
        ("replace", Container::List(list)) => {
            let index = position(&last, list.len()).ok_or_else(missing)?;
            *list.get_mut(index).ok_or_else(missing)? = value();
        }
        ("remove", Container::Object(members)) => {
            if !members.remove(&last) {
                return Err(missing());
            }
        }
        ("remove", Container::List(list)) => {
            list.remove(position(&last, list.len()).ok_or_else(bad_index)?);
        }
        (_, Container::Object(members)) => {
            let equal = match members.get(&last) {
                Some(member) => member.equals(&operation.value),
                None => operation.value.is_null(),
            };
            if !equal {
                return Err(PatchError::Test {
                    path: operation.path.clone(),
                });
            }
        }
        (_, Container::List(list)) => {
            let index = position(&last, list.len()).ok_or_else(bad_index)?;
            if !list
                .get(index)
                .is_some_and(|element| element.equals(&operation.value))
            {
                return Err(PatchError::Test {
                    path: operation.path.clone(),
                });
            }
        }
    }
    Ok(())
}

fn child<'a, D: Document>(parent: &'a mut D, token: &str) -> Option<&'a mut D> {
    match parent.open()? {
        Container::Object(members) if !token.is_empty() => members.get(token),
        Container::Object(_) => None,
        Container::List(list) => {
            let index = position(token, list.len())?;
            list.get_mut(index)
        }
    }
}

/// The position a token names among `length` elements; negative ones count from the end.
fn position(token: &str, length: usize) -> Option<usize> {
    let number: i64 = token.parse().ok()?;
    let length = i64::try_from(length).ok()?;
    let index = if number < 0 { number + length } else { number };
    (0..length)
        .contains(&index)
        .then(|| usize::try_from(index).ok())
        .flatten()
}

/// The text of a token of a JSON pointer.
pub(crate) fn unescape(token: &str) -> String {
    if token.contains('~') {
        token.replace("~1", "/").replace("~0", "~")
    } else {
        token.to_owned()
    }
}

/// Patches a JSON text, keeping the order of members and the text of everything that is not touched.
///
/// The empty text has nothing to patch and stays empty.
pub(crate) fn apply_to_text(text: &str, operations: &[Operation]) -> Result<String, RawTextError> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let mut document = RawJson::parse(text).map_err(|error| RawTextError::Json(error.to_string()))?;
    apply(&mut document, operations).map_err(RawTextError::Patch)?;
    document
        .into_text()
        .map_err(|error| RawTextError::Json(error.to_string()))
}

/// Why a JSON text cannot be patched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RawTextError {
    Json(String),
    Patch(PatchError),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn operations() {
        fn check(operator: &str, path: &str, value: Value, expect: Result<Value, &str>) {
            let mut document = json!({"a": {"x": 1}, "l": [1, 2], "n": null, "s": "t", "m/n": 1});
            let original = document.clone();
            let operation = Operation::new(operator, path, value);
            let got =
                apply(&mut document, std::slice::from_ref(&operation)).map_err(|error| error.to_string());
            match expect {
                Ok(changes) => {
                    got.unwrap();
                    let mut expected = original;
                    for (key, value) in changes.as_object().unwrap() {
                        expected[key] = value.clone();
                    }
                    assert_eq!(document, expected, "{operation:?}");
                }
                Err(text) => assert_eq!(got.unwrap_err(), text, "{operation:?}"),
            }
        }
        check("add", "/a/y", json!(2), Ok(json!({"a": {"x": 1, "y": 2}})));
        check("add", "/a/x", json!(2), Ok(json!({"a": {"x": 2}})));
        check("replace", "/a/x", json!(null), Ok(json!({"a": {"x": null}})));
        check("replace", "/n", json!(1), Ok(json!({"n": 1})));
        check("remove", "/a/x", json!(null), Ok(json!({"a": {}})));
        check("add", "/l/-", json!(3), Ok(json!({"l": [1, 2, 3]})));
        check("add", "/l/-1", json!(3), Ok(json!({"l": [1, 2, 3]})));
        check("add", "/l/01", json!(3), Ok(json!({"l": [1, 3, 2]})));
        check("replace", "/l/-2", json!(3), Ok(json!({"l": [3, 2]})));
        check("remove", "/l/1", json!(null), Ok(json!({"l": [1]})));
        check("add", "/m~1n", json!(2), Ok(json!({"m/n": 2})));
        check("add", "a/s", json!(2), Ok(json!({"s": 2})));
        check("replace", "/", json!(2), Ok(json!({"": 2})));
        check("test", "/l", json!([1, 2]), Ok(json!({})));
        check("test", "/absent", json!(null), Ok(json!({})));
        check(
            "test",
            "/s",
            json!(1),
            Err("test at \"/s\": another value is there"),
        );
        check(
            "add",
            "/l/3",
            json!(1),
            Err("add at \"/l/3\": no such position in the list"),
        );
        check(
            "add",
            "/l/x",
            json!(1),
            Err("add at \"/l/x\": no such position in the list"),
        );
        check(
            "remove",
            "/l/-",
            json!(1),
            Err("remove at \"/l/-\": no such position in the list"),
        );
        check(
            "replace",
            "/l/2",
            json!(1),
            Err("replace at \"/l/2\": there is nothing there"),
        );
        check(
            "replace",
            "/b",
            json!(1),
            Err("replace at \"/b\": there is nothing there"),
        );
        check(
            "remove",
            "",
            json!(1),
            Err("remove at \"\": there is nothing there"),
        );
        check(
            "remove",
            "/",
            json!(1),
            Err("remove at \"/\": there is nothing there"),
        );
        check(
            "add",
            "/n/x",
            json!(1),
            Err("add at \"/n/x\": the parent does not exist"),
        );
        check(
            "add",
            "/a//x",
            json!(1),
            Err("add at \"/a//x\": the parent does not exist"),
        );
        check(
            "remove",
            "s",
            json!(1),
            Err("remove at \"s\": the parent does not exist"),
        );
        check(
            "add",
            "",
            json!(1),
            Err("the document is neither an object nor an array"),
        );
        check(
            "move",
            "/a",
            json!(1),
            Err("operator \"move\" at \"/a\" is not supported"),
        );
        check(
            "",
            "/a",
            json!(1),
            Err("operator \"\" at \"/a\" is not supported"),
        );
    }

    #[test]
    fn the_root_can_be_replaced() {
        let mut document = json!([1]);
        apply(&mut document, &[Operation::new("replace", "", json!({"a": 1}))]).unwrap();
        assert_eq!(document, json!({"a": 1}));
    }
}
