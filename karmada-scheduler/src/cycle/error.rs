//! What goes wrong in a pass, with upstream's texts.

use std::collections::BTreeSet;
use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use karmada_core::conditions::QUOTA_EXCEEDED;

use crate::error::{ErrorKind, ScheduleError};
use crate::queue::{BindingKey, RetryClass};

/// In the causes of an API server's refusal: the namespace is going away, so nothing new can be in it.
const NAMESPACE_TERMINATING: &str = "NamespaceTerminating";

/// The API server's code for what it does not allow.
const FORBIDDEN: u16 = 403;

/// Why a change did not reach the API server, or why it refused it.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The HTTP status, 0 if there was no answer.
    pub code: u16,
    /// The word for programs, empty if there was no answer.
    pub reason: String,
    /// The text for people.
    pub message: String,
    /// The words for programs of the causes (`details.causes[].reason`).
    pub causes: Vec<String>,
}

impl ApiError {
    /// An error that is no answer of the API server's.
    #[must_use]
    pub fn transport(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }

    /// Whether a FederatedResourceQuota does not allow it; the admission of bindings says so.
    #[must_use]
    pub fn is_quota_exceeded(&self) -> bool {
        self.code == FORBIDDEN && self.reason == QUOTA_EXCEEDED
    }

    /// Whether the namespace is going away.
    #[must_use]
    pub fn is_namespace_terminating(&self) -> bool {
        self.causes.iter().any(|cause| cause == NAMESPACE_TERMINATING)
    }
}

impl From<&Status> for ApiError {
    fn from(status: &Status) -> Self {
        let details = status.details.iter();
        let causes = details.flat_map(|details| details.causes.iter().flatten());
        Self {
            code: status
                .code
                .and_then(|code| u16::try_from(code).ok())
                .unwrap_or_default(),
            reason: status.reason.clone().unwrap_or_default(),
            message: status.message.clone().unwrap_or_default(),
            causes: causes.filter_map(|cause| cause.reason.clone()).collect(),
        }
    }
}

/// Why a pass failed. Displays upstream's text.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassError {
    /// The binding has no placement.
    #[error("failed to get placement from {}({key})", lower_first(kind))]
    NoPlacement {
        /// The kind of the binding.
        kind: &'static str,
        /// Its key: `NAMESPACE/NAME`, or the name.
        key: BindingKey,
    },
    /// The placement has no JSON form.
    #[error("failed to marshal placement of {kind} {name}: {reason}")]
    Placement {
        /// The kind of the binding.
        kind: &'static str,
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// No decision was made.
    #[error(transparent)]
    Schedule(ScheduleError),
    /// The status could not be written.
    #[error(transparent)]
    Api(ApiError),
    /// What went wrong until the result was written, in that order.
    #[error("{}", Listed(.0))]
    Aggregate(Vec<PassError>),
}

impl PassError {
    /// What no decision means for the binding. Upstream's aggregates hide what is in them.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Schedule(error) => error.kind(),
            _ => ErrorKind::Other,
        }
    }
}

/// What an error that was not swallowed means for the key (`karmada:pkg/scheduler/scheduler.go`, `handleErr`).
///
/// A namespace that is going away is not waited for, unless the API server says so about the result of scheduling:
/// upstream's aggregate hides it, and the key is tried again.
pub(super) fn retry_class(error: Option<&PassError>) -> RetryClass {
    match error {
        None => RetryClass::Forget,
        Some(PassError::Api(error)) if error.is_namespace_terminating() => RetryClass::Forget,
        Some(error) if error.kind() == ErrorKind::Unschedulable => RetryClass::Unschedulable,
        Some(_) => RetryClass::Backoff,
    }
}

/// The text of an aggregate (apimachinery `util/errors`): each text once, in brackets if there are several.
struct Listed<'a>(&'a [PassError]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut seen = BTreeSet::new();
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        let texts: Vec<&str> = texts
            .iter()
            .map(String::as_str)
            .filter(|text| seen.insert(*text))
            .collect();
        match texts.as_slice() {
            [text] => f.write_str(text),
            texts => write!(f, "[{}]", texts.join(", ")),
        }
    }
}

/// `resourceBinding` for `ResourceBinding`, as upstream's texts begin the word.
pub(super) fn lower_first(kind: &str) -> String {
    let mut characters = kind.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::{StatusCause, StatusDetails};

    use super::*;
    use crate::assign::AssignError;

    fn api(code: u16, reason: &str, message: &str, causes: &[&str]) -> ApiError {
        ApiError {
            code,
            reason: reason.into(),
            message: message.into(),
            causes: causes.iter().map(|cause| (*cause).to_owned()).collect(),
        }
    }

    #[test]
    fn texts() {
        fn check(error: &PassError, want: &str) {
            assert_eq!(error.to_string(), want);
        }
        let conflict = || PassError::Api(api(409, "Conflict", "conflict", &[]));
        let full = || PassError::Schedule(ScheduleError::Assign(AssignError::NoClusters));
        let full_text = full().to_string();
        check(
            &PassError::NoPlacement {
                kind: "ResourceBinding",
                key: BindingKey::new("a", "b"),
            },
            "failed to get placement from resourceBinding(a/b)",
        );
        check(
            &PassError::NoPlacement {
                kind: "ClusterResourceBinding",
                key: BindingKey::new("", "b"),
            },
            "failed to get placement from clusterResourceBinding(b)",
        );
        check(&PassError::Aggregate(vec![conflict()]), "conflict");
        check(&PassError::Aggregate(vec![conflict(), conflict()]), "conflict");
        check(
            &PassError::Aggregate(vec![full(), conflict()]),
            &format!("[{full_text}, conflict]"),
        );
        check(
            &PassError::Aggregate(vec![full(), conflict(), full()]),
            &format!("[{full_text}, conflict]"),
        );
    }

    #[test]
    fn statuses() {
        let cause = |reason: &str| StatusCause {
            reason: Some(reason.into()),
            ..StatusCause::default()
        };
        let status = Status {
            code: Some(403),
            reason: Some("Forbidden".into()),
            message: Some("no".into()),
            details: Some(StatusDetails {
                causes: Some(vec![cause("NamespaceTerminating")]),
                ..StatusDetails::default()
            }),
            ..Status::default()
        };
        let error = ApiError::from(&status);
        assert_eq!(error, api(403, "Forbidden", "no", &["NamespaceTerminating"]));
        assert!(error.is_namespace_terminating() && !error.is_quota_exceeded());
        assert_eq!(ApiError::from(&Status::default()), ApiError::default());
        assert!(api(403, "QuotaExceeded", "", &[]).is_quota_exceeded());
        assert!(!api(409, "QuotaExceeded", "", &[]).is_quota_exceeded());
        assert!(!ApiError::transport("timeout").is_quota_exceeded());
    }

    #[test]
    fn retries() {
        fn check(error: Option<&PassError>, want: RetryClass) {
            assert_eq!(retry_class(error), want, "{error:?}");
        }
        let terminating = || PassError::Api(api(403, "Forbidden", "gone", &["NamespaceTerminating"]));
        let unschedulable = || PassError::Schedule(ScheduleError::Assign(AssignError::TooLittleRoomInTiers));
        check(None, RetryClass::Forget);
        check(Some(&terminating()), RetryClass::Forget);
        check(
            Some(&PassError::Aggregate(vec![terminating()])),
            RetryClass::Backoff,
        );
        check(Some(&unschedulable()), RetryClass::Unschedulable);
        check(
            Some(&PassError::Aggregate(vec![unschedulable()])),
            RetryClass::Backoff,
        );
        check(
            Some(&PassError::Api(api(500, "InternalError", "x", &[]))),
            RetryClass::Backoff,
        );
        check(
            Some(&PassError::Schedule(ScheduleError::Assign(
                AssignError::NoClusters,
            ))),
            RetryClass::Backoff,
        );
        check(
            Some(&PassError::NoPlacement {
                kind: "ResourceBinding",
                key: BindingKey::new("a", "b"),
            }),
            RetryClass::Backoff,
        );
    }
}
