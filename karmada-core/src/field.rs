//! Errors that name a field of an object, as the Kubernetes API reports them
//! (apimachinery `pkg/util/validation/field`).

use std::fmt;

use serde::Serialize;

/// The place of a field in an object: `spec.rules[0].name`, `spec.overall[cpu]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldPath(String);

impl FieldPath {
    /// The path of a top-level field.
    #[must_use]
    pub fn new(field: &str) -> Self {
        Self(field.to_owned())
    }

    /// The object itself.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// A field of the object at this path.
    #[must_use]
    pub fn child(&self, field: &str) -> Self {
        if self.0.is_empty() {
            Self::new(field)
        } else {
            Self(format!("{}.{field}", self.0))
        }
    }

    /// An item of the list at this path.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    /// An entry of the map at this path.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self(format!("{}[{key}]", self.0))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FieldErrorKind {
    /// It must be given.
    Required,
    /// Another one has the same value.
    Duplicate,
    /// Its value breaks a rule.
    Invalid,
    /// Its value is not one of a closed set.
    NotSupported,
    /// It must not be given here.
    Forbidden,
    /// Its value has too many bytes.
    TooLong,
    /// It has too many items.
    TooMany,
    /// Its value has the wrong type.
    TypeInvalid,
    /// It could not be checked.
    Internal,
}

impl FieldErrorKind {
    /// The name in `details.causes[].reason` of a Kubernetes Status.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::Internal => "InternalError",
        }
    }

    /// The words a message starts with, which clients recognise.
    #[must_use]
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::Internal => "Internal error",
        }
    }
}

impl fmt::Display for FieldErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An objection to a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{field}: {message}")]
pub struct FieldError {
    /// The field.
    pub field: String,
    /// What is wrong with it.
    pub kind: FieldErrorKind,
    /// What is wrong, in words: the phrase of the kind, the value where that helps, and the rule.
    pub message: String,
}

impl FieldError {
    /// An objection without a value.
    fn plain(path: &FieldPath, kind: FieldErrorKind, detail: impl fmt::Display) -> Self {
        let mut message = format!("{}: {detail}", kind.phrase());
        if let Some(bare) = message.strip_suffix(": ") {
            message.truncate(bare.len());
        }
        Self {
            field: path.0.clone(),
            kind,
            message,
        }
    }

    /// An objection that quotes the value.
    fn quoting<V: Serialize + ?Sized>(
        path: &FieldPath,
        kind: FieldErrorKind,
        value: &V,
        detail: impl fmt::Display,
    ) -> Self {
        // A value without a JSON form is not quoted; the rule it breaks is still named.
        let value = serde_json::to_string(value).unwrap_or_default();
        Self::plain(path, kind, format_args!("{value}: {detail}"))
    }

    /// The field must be given.
    #[must_use]
    pub fn required(path: &FieldPath, detail: impl fmt::Display) -> Self {
        Self::plain(path, FieldErrorKind::Required, detail)
    }

    /// The value breaks a rule.
    #[must_use]
    pub fn invalid<V: Serialize + ?Sized>(path: &FieldPath, value: &V, detail: impl fmt::Display) -> Self {
        Self::quoting(path, FieldErrorKind::Invalid, value, detail)
    }

    /// The value has the wrong type, or excludes another one.
    #[must_use]
    pub fn type_invalid<V: Serialize + ?Sized>(
        path: &FieldPath,
        value: &V,
        detail: impl fmt::Display,
    ) -> Self {
        Self::quoting(path, FieldErrorKind::TypeInvalid, value, detail)
    }

    /// The value is there already.
    #[must_use]
    pub fn duplicate<V: Serialize + ?Sized>(path: &FieldPath, value: &V) -> Self {
        Self::quoting(path, FieldErrorKind::Duplicate, value, "")
    }

    /// The value is none of those supported.
    #[must_use]
    pub fn not_supported<V: Serialize + ?Sized>(path: &FieldPath, value: &V, supported: &[&str]) -> Self {
        let supported: Vec<_> = supported.iter().map(|text| format!("{text:?}")).collect();
        let supported = supported.join(", ");
        let detail = format_args!("supported values: {supported}");
        Self::quoting(path, FieldErrorKind::NotSupported, value, detail)
    }

    /// The field must not be given.
    #[must_use]
    pub fn forbidden(path: &FieldPath, detail: impl fmt::Display) -> Self {
        Self::plain(path, FieldErrorKind::Forbidden, detail)
    }

    /// The field could not be checked.
    #[must_use]
    pub fn internal(path: &FieldPath, detail: impl fmt::Display) -> Self {
        Self::plain(path, FieldErrorKind::Internal, detail)
    }

    /// The value has more than `limit` bytes.
    #[must_use]
    pub fn too_long(path: &FieldPath, limit: usize) -> Self {
        Self::plain(
            path,
            FieldErrorKind::TooLong,
            format_args!("may not be more than {limit} bytes"),
        )
    }

    /// There are `actual` items where `limit` are allowed.
    #[must_use]
    pub fn too_many(path: &FieldPath, actual: usize, limit: usize) -> Self {
        Self::plain(
            path,
            FieldErrorKind::TooMany,
            format_args!("{actual}: must have at most {limit} items"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_kubernetes_writes_them() {
        let path = FieldPath::new("spec").child("staticAssignments").index(2);
        assert_eq!(
            path.child("hard").key("cpu").as_str(),
            "spec.staticAssignments[2].hard[cpu]"
        );
        assert_eq!(FieldPath::root().child("spec").as_str(), "spec");
    }

    #[test]
    fn errors_say_what_where_and_why() {
        let path = FieldPath::new("spec").child("syncMode");
        let check = |error: FieldError, kind: &str, text: &str| {
            assert_eq!(error.kind.as_str(), kind);
            assert_eq!(error.to_string(), text);
        };
        check(
            FieldError::required(&path, ""),
            "FieldValueRequired",
            "spec.syncMode: Required value",
        );
        check(
            FieldError::not_supported(&path, "Pushh", &["Pull", "Push"]),
            "FieldValueNotSupported",
            "spec.syncMode: Unsupported value: \"Pushh\": supported values: \"Pull\", \"Push\"",
        );
        check(
            FieldError::invalid(&path, &0, "must be greater than 0"),
            "FieldValueInvalid",
            "spec.syncMode: Invalid value: 0: must be greater than 0",
        );
        check(
            FieldError::duplicate(&path, "a"),
            "FieldValueDuplicate",
            "spec.syncMode: Duplicate value: \"a\"",
        );
        check(
            FieldError::too_long(&path, 32),
            "FieldValueTooLong",
            "spec.syncMode: Too long: may not be more than 32 bytes",
        );
    }
}
