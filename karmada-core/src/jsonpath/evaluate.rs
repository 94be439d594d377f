//! Evaluating templates.

use serde_json::{Number, Value};

use super::{JsonPathError, Node, Slice};
use crate::json;

/// One value on the way.
#[derive(Clone, Debug)]
enum Item<'a> {
    /// A part of the document.
    Json(&'a Value),
    /// A literal text of the template.
    Text(&'a str),
    /// A literal number of the template without a dot.
    Int(i64),
    /// A literal number of the template with a dot.
    Float(f64),
    /// A literal of the template.
    Bool(bool),
    /// A byte of a text, which is what a text is made of when its elements are asked for.
    Byte(u8),
    /// Nothing at all: what a loop over nothing, or over a `null`, works with.
    Nothing,
}

type Items<'a> = Vec<Item<'a>>;

/// An error, and whether values were at hand when it happened: a filter for existence takes that for an answer.
struct Failure {
    error: JsonPathError,
    found: bool,
}

impl Failure {
    fn with(items: &[Item<'_>], error: JsonPathError) -> Self {
        Self {
            error,
            found: !items.is_empty(),
        }
    }
}

/// The text of a template for a document.
pub(super) fn text(nodes: &[Node], document: &Value) -> Result<String, JsonPathError> {
    let root = if document.is_null() {
        Item::Nothing
    } else {
        Item::Json(document)
    };
    let mut walker = Walker::default();
    let results = walker.results(root, nodes, 0).map_err(|failure| failure.error)?;
    let mut text = String::new();
    for items in results {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                text.push(' ');
            }
            text.push_str(&item.text());
        }
    }
    Ok(text)
}

/// Where the evaluation is among the loops of the template.
#[derive(Default)]
struct Walker {
    /// Loops that were asked for and have not begun.
    begun: u32,
    /// Loops that the evaluation is in.
    depth: u32,
    /// Ends that were met and have not ended a loop yet.
    ended: u32,
    /// The place of the end met last.
    last_end: Option<usize>,
}

impl Walker {
    /// The results of each node of a template; `offset` is the place of the first node in the whole template.
    fn results<'a>(
        &mut self,
        root: Item<'a>,
        nodes: &'a [Node],
        offset: usize,
    ) -> Result<Vec<Items<'a>>, Failure> {
        let start = vec![root];
        let mut all = Vec::new();
        let mut index = 0;
        while let Some(node) = nodes.get(index) {
            let place = offset + index;
            index += 1;
            let items = self.step(start.clone(), node)?;
            if self.ended > 0 && self.ended <= self.depth {
                self.ended -= 1;
                self.last_end = Some(place);
                break;
            }
            if self.begun == 0 {
                all.push(items);
                continue;
            }
            self.begun -= 1;
            self.depth += 1;
            let body = nodes.get(index..).unwrap_or_default();
            if items.is_empty() {
                // Only to find the end of the loop; but what fails without a value fails here, too.
                self.results(Item::Nothing, body, place + 1)?;
            }
            for item in items {
                let item = if matches!(item, Item::Json(Value::Null)) {
                    Item::Nothing
                } else {
                    item
                };
                all.extend(self.results(item, body, place + 1)?);
            }
            self.depth -= 1;
            // Go on after the end of the loop, or right here if it has none.
            if let Some(end) = self
                .last_end
                .filter(|end| *end > place && *end < offset + nodes.len())
            {
                index = end + 1 - offset;
            }
        }
        Ok(all)
    }

    fn steps<'a>(&mut self, items: Items<'a>, nodes: &'a [Node]) -> Result<Items<'a>, Failure> {
        nodes.iter().try_fold(items, |items, node| self.step(items, node))
    }

    fn step<'a>(&mut self, items: Items<'a>, node: &'a Node) -> Result<Items<'a>, Failure> {
        Ok(match node {
            Node::List(nodes) => self.steps(items, nodes)?,
            Node::Text(text) => vec![Item::Text(text)],
            Node::Field(name) => field(&items, name)?,
            Node::Identifier(name) => self.identifier(items, name)?,
            Node::Array(slice) => array(&items, *slice)?,
            Node::Filter {
                left,
                right,
                operator,
            } => self.filter(&items, left, right, operator)?,
            Node::Int(number) => items.iter().map(|_| Item::Int(*number)).collect(),
            Node::Float(number) => items.iter().map(|_| Item::Float(*number)).collect(),
            Node::Bool(value) => items.iter().map(|_| Item::Bool(*value)).collect(),
            Node::Wildcard => items.iter().flat_map(Item::elements).collect(),
            Node::Recursive => {
                let mut descendants = Vec::new();
                descend(&items, &mut descendants);
                descendants
            }
            Node::Union(parts) => {
                let mut union = Vec::new();
                for part in parts {
                    let found = self.steps(items.clone(), part);
                    union.extend(found.map_err(|failure| Failure::with(&items, failure.error))?);
                }
                union
            }
        })
    }

    fn identifier<'a>(&mut self, items: Items<'a>, name: &str) -> Result<Items<'a>, Failure> {
        let unknown = || JsonPathError::Identifier {
            name: name.to_owned(),
        };
        match name {
            "range" => {
                self.begun += 1;
                Ok(items)
            }
            "end" if self.depth > 0 => {
                self.ended += 1;
                Ok(Vec::new())
            }
            "end" => Err(Failure {
                error: unknown(),
                found: false,
            }),
            _ => Err(Failure::with(&items, unknown())),
        }
    }

    fn filter<'a>(
        &mut self,
        items: &Items<'a>,
        left: &'a [Node],
        right: &'a [Node],
        operator: &str,
    ) -> Result<Items<'a>, Failure> {
        let mut passed = Vec::new();
        for item in items {
            let Item::Json(Value::Array(list)) = item else {
                return Err(Failure::with(items, JsonPathError::NotAList));
            };
            for element in list {
                let element = Item::Json(element);
                let lefts = self.steps(vec![element.clone()], left);
                if operator == "exists" {
                    if lefts.map_or_else(|failure| failure.found, |lefts| !lefts.is_empty()) {
                        passed.push(element);
                    }
                    continue;
                }
                let lefts = lefts.map_err(|failure| Failure::with(items, failure.error))?;
                let Some(left) = only(&lefts).map_err(|error| Failure::with(items, error))? else {
                    continue;
                };
                let rights = self.steps(vec![element.clone()], right);
                let rights = rights.map_err(|failure| Failure::with(items, failure.error))?;
                let Some(right) = only(&rights).map_err(|error| Failure::with(items, error))? else {
                    continue;
                };
                if compare(left, right, operator).map_err(|error| Failure::with(&passed, error))? {
                    passed.push(element);
                }
            }
        }
        Ok(passed)
    }
}

/// The only value, if there is one; more cannot be compared.
fn only<'i, 'a>(items: &'i [Item<'a>]) -> Result<Option<&'i Item<'a>>, JsonPathError> {
    match items {
        [] => Ok(None),
        [item] => Ok(Some(item)),
        _ => Err(JsonPathError::Incomparable),
    }
}

fn field<'a>(items: &[Item<'a>], name: &str) -> Result<Items<'a>, Failure> {
    let found: Items<'a> = items
        .iter()
        .filter_map(|item| match item {
            Item::Json(Value::Object(map)) => map.get(name).map(Item::Json),
            _ => None,
        })
        .collect();
    if found.is_empty() && !items.is_empty() {
        return Err(Failure {
            error: JsonPathError::NotFound {
                field: name.to_owned(),
            },
            found: false,
        });
    }
    Ok(found)
}

fn array<'a>(items: &[Item<'a>], slice: Slice) -> Result<Items<'a>, Failure> {
    let fail = |error| Failure::with(items, error);
    let mut elements = Vec::new();
    for item in items {
        let list = match item {
            Item::Json(Value::Null) => continue,
            Item::Json(Value::Array(list)) => list,
            _ => return Err(fail(JsonPathError::NotAList)),
        };
        let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
        let mut start = slice.start.unwrap_or(0);
        if start < 0 {
            start = start.saturating_add(length);
        }
        let mut end = slice.end.unwrap_or(length);
        if end < 0 || (end == 0 && slice.single) {
            end = end.saturating_add(length);
        }
        if start == end {
            return Ok(elements);
        }
        if start < 0 || start >= length {
            return Err(fail(JsonPathError::OutOfBounds { index: start, length }));
        }
        if end < 0 || end > length {
            return Err(fail(JsonPathError::OutOfBounds {
                index: end.saturating_sub(1),
                length,
            }));
        }
        let step = slice.step.unwrap_or(1);
        let (Ok(skip), Ok(take), Ok(step)) = (
            usize::try_from(start),
            usize::try_from(end - start),
            usize::try_from(step),
        ) else {
            return Err(fail(JsonPathError::InvalidSlice));
        };
        if step == 0 {
            return Err(fail(JsonPathError::InvalidSlice));
        }
        elements.extend(list.iter().skip(skip).take(take).step_by(step).map(Item::Json));
    }
    Ok(elements)
}

/// All values that have elements, each before what is in it.
fn descend<'a>(items: &[Item<'a>], found: &mut Items<'a>) {
    for item in items {
        let elements = item.elements();
        if !elements.is_empty() {
            found.push(item.clone());
            descend(&elements, found);
        }
    }
}

/// Compares two values of one kind: numbers, texts, and for equality truth values.
fn compare(left: &Item<'_>, right: &Item<'_>, operator: &str) -> Result<bool, JsonPathError> {
    let less = || left.less(right);
    let equal = || left.equal(right);
    match operator {
        "<" => less(),
        ">" => Ok(!(less()? || equal()?)),
        "==" => equal(),
        "!=" => Ok(!equal()?),
        "<=" => Ok(less()? || equal()?),
        ">=" => Ok(!less()?),
        _ => Err(JsonPathError::Operator {
            operator: operator.to_owned(),
        }),
    }
}

/// A value that can be compared.
enum Basic<'i> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'i str),
    Byte(u8),
}

impl<'a> Item<'a> {
    /// The elements of a list, the values of a map, the bytes of a text.
    fn elements(&self) -> Items<'a> {
        match self {
            Self::Json(Value::Array(list)) => list.iter().map(Item::Json).collect(),
            Self::Json(Value::Object(map)) => {
                let mut entries: Vec<(&String, &Value)> = map.iter().collect();
                entries.sort_by_key(|(key, _)| *key);
                entries.into_iter().map(|(_, value)| Item::Json(value)).collect()
            }
            Self::Json(Value::String(text)) => text.bytes().map(Item::Byte).collect(),
            Self::Text(text) => text.bytes().map(Item::Byte).collect(),
            _ => Vec::new(),
        }
    }

    fn basic(&self) -> Option<Basic<'_>> {
        match self {
            Self::Json(Value::Bool(value)) => Some(Basic::Bool(*value)),
            Self::Json(Value::Number(number)) => number.as_f64().map(Basic::Float),
            Self::Json(Value::String(text)) => Some(Basic::Text(text)),
            Self::Json(_) | Self::Nothing => None,
            Self::Text(text) => Some(Basic::Text(text)),
            Self::Int(number) => Some(Basic::Int(*number)),
            Self::Float(number) => Some(Basic::Float(*number)),
            Self::Bool(value) => Some(Basic::Bool(*value)),
            Self::Byte(byte) => Some(Basic::Byte(*byte)),
        }
    }

    fn equal(&self, other: &Self) -> Result<bool, JsonPathError> {
        match (self.basic(), other.basic()) {
            (Some(Basic::Bool(left)), Some(Basic::Bool(right))) => Ok(left == right),
            (Some(Basic::Int(left)), Some(Basic::Int(right))) => Ok(left == right),
            (Some(Basic::Float(left)), Some(Basic::Float(right))) => Ok(left == right),
            (Some(Basic::Text(left)), Some(Basic::Text(right))) => Ok(left == right),
            (Some(Basic::Byte(left)), Some(Basic::Byte(right))) => Ok(left == right),
            (Some(Basic::Int(int)), Some(Basic::Byte(byte)))
            | (Some(Basic::Byte(byte)), Some(Basic::Int(int))) => Ok(int == i64::from(byte)),
            _ => Err(JsonPathError::Incomparable),
        }
    }

    fn less(&self, other: &Self) -> Result<bool, JsonPathError> {
        match (self.basic(), other.basic()) {
            (Some(Basic::Int(left)), Some(Basic::Int(right))) => Ok(left < right),
            (Some(Basic::Float(left)), Some(Basic::Float(right))) => Ok(left < right),
            (Some(Basic::Text(left)), Some(Basic::Text(right))) => Ok(left < right),
            (Some(Basic::Byte(left)), Some(Basic::Byte(right))) => Ok(left < right),
            (Some(Basic::Int(left)), Some(Basic::Byte(right))) => Ok(left < right.into()),
            (Some(Basic::Byte(left)), Some(Basic::Int(right))) => Ok(i64::from(left) < right),
            _ => Err(JsonPathError::Incomparable),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Json(value @ (Value::Array(_) | Value::Object(_))) => {
                // No value of this type is without JSON form.
                json::encode(&with_floats(value)).unwrap_or_default()
            }
            Self::Json(Value::String(text)) => text.clone(),
            Self::Json(Value::Number(number)) => number.as_f64().map(json::shortest_text).unwrap_or_default(),
            Self::Json(Value::Bool(value)) | Self::Bool(value) => value.to_string(),
            Self::Json(Value::Null) => "null".to_owned(),
            Self::Text(text) => (*text).to_owned(),
            Self::Int(number) => number.to_string(),
            Self::Float(number) => json::shortest_text(*number),
            Self::Byte(byte) => byte.to_string(),
            Self::Nothing => "<no value>".to_owned(),
        }
    }
}

/// The value with its keys sorted and every number turned into a floating-point one.
fn with_floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => number
            .as_f64()
            .and_then(Number::from_f64)
            .map_or_else(|| value.clone(), Value::Number),
        Value::Array(list) => list.iter().map(with_floats).collect(),
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            entries
                .into_iter()
                .map(|(key, value)| (key.clone(), with_floats(value)))
                .collect()
        }
        _ => value.clone(),
    }
}
