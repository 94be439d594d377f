//! Templates with JSONPath expressions in braces, as kubectl has them (client-go `util/jsonpath`).
//!
//! Text outside of braces stands for itself. Several results of an expression are joined with spaces; lists and maps are
//! written as JSON. All numbers of the document are floating-point numbers, all literals of a template without a dot are
//! integers, and the two cannot be compared: upstream's types say so. Unlike upstream, maps are walked in the order of
//! their keys.

mod evaluate;
mod parse;

use serde_json::Value;

/// Why a template cannot be read or evaluated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonPathError {
    /// Something that was opened is not closed.
    #[error("unclosed {what}")]
    Unclosed {
        /// What was opened.
        what: &'static str,
    },
    /// A character has no meaning where it stands.
    #[error("unexpected character {character:?}")]
    UnexpectedCharacter {
        /// The character.
        character: char,
    },
    /// What stands in brackets is neither key, index, slice nor list of those.
    #[error("invalid array index {text:?}")]
    InvalidIndex {
        /// What stands there.
        text: String,
    },
    /// A number or a quoted text cannot be read.
    #[error("invalid literal {text:?}")]
    InvalidLiteral {
        /// What stands there.
        text: String,
    },
    /// `..` follows on `..`.
    #[error("more than one recursive descent")]
    RepeatedDescent,
    /// A bare word that means nothing, or `end` without `range`.
    #[error("unrecognized identifier {name:?}")]
    Identifier {
        /// The word.
        name: String,
    },
    /// No value has such a field.
    #[error("{field} is not found")]
    NotFound {
        /// The field.
        field: String,
    },
    /// An index or a filter is applied to something that is no list.
    #[error("the value is not a list")]
    NotAList,
    /// An index is outside of the list.
    #[error("array index out of bounds: index {index}, length {length}")]
    OutOfBounds {
        /// The index.
        index: i64,
        /// The length of the list.
        length: i64,
    },
    /// A slice ends before it starts, or does not move on.
    #[error("a slice must not end before it starts, and its step must be positive")]
    InvalidSlice,
    /// A filter compares what cannot be compared.
    #[error("the values cannot be compared")]
    Incomparable,
    /// A filter has an operator that does not exist.
    #[error("unrecognized filter operator {operator:?}")]
    Operator {
        /// The operator.
        operator: String,
    },
}

/// A template that has been read.
///
/// ```
/// use karmada_core::jsonpath::JsonPath;
/// let status = serde_json::json!({"jobs": [{"id": "a", "n": 1}, {"id": "b", "n": 2.5}]});
/// assert_eq!(JsonPath::parse("{.jobs[*].id}")?.evaluate(&status)?, "a b");
/// assert_eq!(JsonPath::parse("n is {.jobs[-1].n}")?.evaluate(&status)?, "n is 2.5");
/// # Ok::<(), karmada_core::jsonpath::JsonPathError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    nodes: Vec<Node>,
}

/// One step; each turns a list of values into another.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Text(String),
    List(Vec<Node>),
    Field(String),
    Identifier(String),
    Array(Slice),
    Filter {
        left: Vec<Node>,
        right: Vec<Node>,
        operator: String,
    },
    Int(i64),
    Float(f64),
    Bool(bool),
    Wildcard,
    Recursive,
    Union(Vec<Vec<Node>>),
}

/// `[start:end:step]`; `[start]` is the slice of one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Slice {
    start: Option<i64>,
    end: Option<i64>,
    /// Whether the end is what follows from a single index.
    single: bool,
    step: Option<i64>,
}

impl JsonPath {
    /// Reads a template.
    ///
    /// # Errors
    /// The first thing in it that cannot be read.
    pub fn parse(template: &str) -> Result<Self, JsonPathError> {
        parse::template(template).map(|nodes| Self { nodes })
    }

    /// The template's text for a document.
    ///
    /// # Errors
    /// When a field is missing, or an index, filter or comparison does not fit the values.
    pub fn evaluate(&self, document: &Value) -> Result<String, JsonPathError> {
        evaluate::text(&self.nodes, document)
    }
}

#[cfg(test)]
mod tests;
