//! What a CustomResourceDefinition says about a kind besides its schema.

/// Whether objects of a kind live in a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Objects have a namespace.
    Namespaced,
    /// Objects have none.
    Cluster,
}

impl Scope {
    /// The text in `spec.scope`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Namespaced => "Namespaced",
            Self::Cluster => "Cluster",
        }
    }
}

/// The names a kind goes by in URLs and on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// Lower-case plural, the path segment.
    pub plural: &'static str,
    /// Lower-case singular.
    pub singular: &'static str,
    /// Abbreviations.
    pub short_names: &'static [&'static str],
    /// Groups of kinds, as in `kubectl get karmada-io`.
    pub categories: &'static [&'static str],
}

/// One column of `kubectl get`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Heading.
    pub name: &'static str,
    /// OpenAPI type: `string`, `integer`, `date`, ...
    pub type_: &'static str,
    /// Where the value is.
    pub json_path: &'static str,
}

/// A kind that a CustomResourceDefinition can serve.
pub trait CustomResource:
    k8s_openapi::Resource + k8s_openapi::ListableResource + schemars::JsonSchema + serde::Serialize
{
    /// Plural, singular, short names and categories.
    const NAMES: Names;
    /// Namespaced or cluster-scoped.
    const SCOPE: Scope;
    /// Whether the kind has the `status` subresource.
    const STATUS_SUBRESOURCE: bool;
    /// Printer columns, in order.
    const COLUMNS: &'static [Column];
}
