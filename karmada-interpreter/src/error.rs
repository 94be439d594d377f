//! Why an interpretation failed.

use crate::interpreter::{Operation, TypeMeta};

/// A field that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}{}{reason}", if path.is_empty() { "" } else { ": " })]
pub struct FieldError {
    /// Where it is, such as `spec.replicas` or `spec.template.spec.containers[0].ports`; empty for the object itself.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

impl FieldError {
    /// A field at `path` (member names, outermost first) and what is wrong with it.
    #[must_use]
    pub fn new(path: &[&str], reason: impl Into<String>) -> Self {
        Self {
            path: path.join("."),
            reason: reason.into(),
        }
    }

    /// The same error seen from the object that holds the faulty one as its member `name`.
    #[must_use]
    pub fn within(mut self, name: &str) -> Self {
        let separator = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{name}{separator}{}", self.path);
        self
    }

    /// The same error seen from the list that holds the faulty value at `index`.
    #[must_use]
    pub fn at(self, index: usize) -> Self {
        self.within(&format!("[{index}]"))
    }
}

/// Why an operation that a layer answers has no result.
///
/// What is wrong with which field is in the [`source`](std::error::Error::source), not repeated in the message.
///
/// "This layer does not answer" is not an error, it is [`Answer::NotMine`](crate::Answer::NotMine).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The object is not one of its kind: a field has the wrong type or an impossible value, or is missing.
    #[error("cannot interpret the object")]
    Object(#[from] FieldError),
    /// What a member cluster reported cannot be read.
    #[error("cannot read the status reported by cluster {cluster}")]
    Status {
        /// The cluster.
        cluster: String,
        /// What is wrong with its status.
        source: FieldError,
    },
    /// The dependencies were found but are not valid references; every violation is listed.
    #[error("invalid dependencies: {}", list(.0))]
    Dependencies(Vec<FieldError>),
    /// No layer answers the operation for the kind.
    #[error("{operation} is not implemented for {api_version}, Kind={kind}")]
    NotImplemented {
        /// What was asked.
        operation: Operation,
        /// The API version of the object.
        api_version: String,
        /// The kind of the object.
        kind: String,
    },
    /// A layer cannot answer yet, for instance because its configuration has not arrived.
    #[error("interpreter {layer} is not ready")]
    NotReady {
        /// Which one.
        layer: String,
    },
    /// An error of a host's own layer.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Nobody answers `operation` for the kind.
    #[must_use]
    pub fn not_implemented(operation: Operation, of: TypeMeta<'_>) -> Self {
        Self::NotImplemented {
            operation,
            api_version: of.api_version.to_owned(),
            kind: of.kind.to_owned(),
        }
    }

    /// Wraps any error, or a text, as an error of a host's own layer.
    #[must_use]
    pub fn other(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(source.into())
    }
}

fn list(errors: &[FieldError]) -> String {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// The messages of an error and its sources, outermost first.
#[cfg(test)]
pub(crate) fn messages(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_of_a_chain_is_its_own() {
        let check = |error: Error, expected: &[&str]| assert_eq!(messages(&error), expected);
        let field = || FieldError::new(&["spec", "replicas"], "is a string");
        check(
            field().into(),
            &["cannot interpret the object", "spec.replicas: is a string"],
        );
        let cluster = "m1".to_owned();
        check(
            Error::Status {
                cluster,
                source: field(),
            },
            &[
                "cannot read the status reported by cluster m1",
                "spec.replicas: is a string",
            ],
        );
        check(Error::other("no such script"), &["no such script"]);
        check(Error::other(field()), &["spec.replicas: is a string"]);
        check(
            Error::other(Error::from(field())),
            &["cannot interpret the object", "spec.replicas: is a string"],
        );
    }

    #[test]
    fn paths_grow_outwards() {
        let check = |error: FieldError, expected: &str| assert_eq!(error.path, expected);
        check(FieldError::new(&["spec", "replicas"], "x"), "spec.replicas");
        check(
            FieldError::new(&["name"], "x").at(3).within("containers"),
            "containers[3].name",
        );
        check(
            FieldError::new(&[], "x").at(0).within("args").within("spec"),
            "spec.args[0]",
        );
        check(FieldError::new(&[], "x").within("spec"), "spec");
    }
}
