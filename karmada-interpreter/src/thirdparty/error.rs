//! Why a rule has no answer.
//!
//! Upstream's rules are scripts without type checks: what does not fit stops them. The same objects stop ours, with a
//! message that names the member.

use karmada_core::api::wire::DecodeError;

use crate::error::FieldError;

/// The result of a rule.
pub(super) type Result<T> = std::result::Result<T, FieldError>;

/// A member was wanted of something that has none.
pub(super) fn no_member(field: &str, found: &str) -> FieldError {
    FieldError::new(&[field], format!("cannot be read from {found}"))
}

/// A member was to be set on something that holds none.
pub(super) fn not_settable(field: &str, found: &str) -> FieldError {
    FieldError::new(&[field], format!("cannot be set on {found}"))
}

/// A value of another type was wanted.
pub(super) fn wrong_type(expected: &str, found: &str) -> FieldError {
    FieldError::new(&[], format!("is {found}, expected {expected}"))
}

/// A value that is wrong for another reason.
pub(super) fn invalid(reason: impl Into<String>) -> FieldError {
    FieldError::new(&[], reason)
}

/// What does not fit a type.
pub(super) fn decode(error: DecodeError) -> FieldError {
    FieldError {
        path: error.path,
        reason: error.reason,
    }
}
