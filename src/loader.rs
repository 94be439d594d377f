//! YAML and JSON text into Kubernetes objects.
//!
//! What people keep in files: one object or many, in YAML streams separated by `---`, in JSON, or in the lists that
//! `kubectl get -o yaml` prints. [`load_path`] reads a file or a folder, [`load_str`] a text; each object comes back as a
//! [`Document`] that knows where it was read, and [`Document::decode`] turns it into a typed kind. Every error names the
//! file, the document and, where there is one, the field.
//!
//! ```
//! use karmada::core::api::policy::v1alpha1::PropagationPolicy;
//! use karmada::loader;
//!
//! let text = "
//! apiVersion: policy.karmada.io/v1alpha1
//! kind: PropagationPolicy
//! metadata: {name: nginx, namespace: default}
//! spec: {placement: {spreadConstraints: none}}
//! ";
//! let documents = loader::load_str("policy.yaml", text)?;
//! let error = documents[0].decode::<PropagationPolicy>().unwrap_err();
//! assert!(error.to_string().starts_with("policy.yaml: document 1 (PropagationPolicy default/nginx): spec.placement.spread"));
//! # Ok::<(), loader::Error>(())
//! ```
//!
//! # How text is read
//!
//! - A text that starts with `{` is read as JSON, one object or several in a row; where that fails, and for every other
//!   text, it is YAML. A file called `*.json` is JSON and nothing else.
//! - YAML scalars mean what they mean to `kubectl`, that is YAML 1.1: `yes`, `on` and `y` are true, `0644` is octal,
//!   `1_000` is a thousand. A whole number in the form of a float (`2.0`, `1e3`) becomes an integer, because that is how it
//!   reaches an API server. JSON numbers stay as written. Anchors, aliases and merge keys work.
//! - A key that occurs twice in a mapping is an error, in JSON as well.
//! - Empty documents do not count. A document of a list kind (`List`, `ClusterList`) stands for its items.
//! - Every object must have a non-empty `apiVersion` and `kind`, as text.
//!
//! # Limits
//!
//! Input is treated as hostile: a text may hold up to 64 MiB, 100,000 documents, four million nodes and 100 levels of
//! nesting; aliases are limited in number and in what they expand to. Beyond that the answer is an error.

use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use karmada_core::api::wire;

/// The largest text that is read, in bytes.
const MAX_BYTES: usize = 64 << 20;
/// The deepest nesting of YAML; JSON has serde_json's own limit of 128.
const MAX_DEPTH: usize = 100;
const MAX_NODES: usize = 4_000_000;
const MAX_DOCUMENTS: usize = 100_000;

/// Why a text does not give objects.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file or folder cannot be read.
    #[error("{origin}: cannot be read")]
    Read {
        /// The path as given.
        origin: String,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// A folder without a single `.yaml`, `.yml` or `.json` file.
    #[error("{origin}: holds no .yaml, .yml or .json file")]
    NoFiles {
        /// The path as given.
        origin: String,
    },
    /// The text exceeds the size limit.
    #[error("{origin}: larger than {limit} bytes")]
    TooLarge {
        /// Where the text is from.
        origin: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The text is neither YAML nor JSON, or exceeds a limit of nesting or number.
    #[error("{origin}: document {document}: {reason}")]
    Syntax {
        /// Where the text is from.
        origin: String,
        /// The document at fault, from 1.
        document: usize,
        /// What is wrong, with line and column where they are known.
        reason: String,
    },
    /// A field is missing or has a value that does not fit.
    #[error("{position}: {field}: {reason}")]
    Field {
        /// The object at fault.
        position: Position,
        /// The path of the field, `.` for the object itself.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Where an object was read; displays as `fleet.yaml: document 2 (Cluster member1)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The file, or the name that was given to the text.
    pub origin: Arc<str>,
    /// The document within the text, from 1; empty documents do not count.
    pub document: usize,
    /// The index in `items`, if the document is a list.
    pub item: Option<usize>,
    /// Kind, namespace and name, as far as the object has them.
    subject: String,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: document {}", self.origin, self.document)?;
        if let Some(item) = self.item {
            write!(f, ", items[{item}]")?;
        }
        if !self.subject.is_empty() {
            write!(f, " ({})", self.subject)?;
        }
        Ok(())
    }
}

/// One object, and where it was read. `Debug` shows the place and not the object, which may be a Secret.
#[derive(Clone, PartialEq)]
pub struct Document {
    position: Position,
    value: Value,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Document").field(&self.position).finish()
    }
}

impl Document {
    /// Where the object was read.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// The object.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The object, by value.
    pub fn into_value(self) -> Value {
        self.value
    }

    /// `apiVersion`, never empty.
    pub fn api_version(&self) -> &str {
        text(&self.value, "/apiVersion").unwrap_or_default()
    }

    /// `kind`, never empty.
    pub fn kind(&self) -> &str {
        text(&self.value, "/kind").unwrap_or_default()
    }

    /// `metadata.name`, if it is there and a text.
    pub fn name(&self) -> Option<&str> {
        text(&self.value, "/metadata/name")
    }

    /// `metadata.namespace`, if it is there and a text.
    pub fn namespace(&self) -> Option<&str> {
        text(&self.value, "/metadata/namespace")
    }

    /// Whether the object says it is a `K`, by `apiVersion` and `kind`.
    pub fn is<K: kube::Resource<DynamicType = ()>>(&self) -> bool {
        self.api_version() == K::api_version(&()) && self.kind() == K::kind(&())
    }

    /// The object as a typed kind, read the way Kubernetes reads it: unknown fields are ignored, `null` is absent.
    ///
    /// # Errors
    /// [`Error::Field`] naming the first field that does not fit, `apiVersion` and `kind` included.
    pub fn decode<K: DeserializeOwned>(&self) -> Result<K, Error> {
        wire::decode(&self.value).map_err(|error| Error::Field {
            position: self.position.clone(),
            field: error.path,
            reason: error.reason,
        })
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// Reads the objects of a file, or of all `.yaml`, `.yml` and `.json` files of a folder in the order of their names.
///
/// Folders are not descended into.
///
/// # Errors
/// [`Error::Read`] and [`Error::NoFiles`] for the path itself, otherwise those of [`load_file`]; the first one ends it.
pub fn load_path(path: impl AsRef<Path>) -> Result<Vec<Document>, Error> {
    let path = path.as_ref();
    let cannot_read = |source| Error::Read {
        origin: path.display().to_string(),
        source,
    };
    if !fs::metadata(path).map_err(cannot_read)?.is_dir() {
        return load_file(path);
    }
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(path).map_err(cannot_read)? {
        let file = entry.map_err(cannot_read)?.path();
        let wanted = file
            .extension()
            .is_some_and(|e| e == "yaml" || e == "yml" || e == "json");
        if wanted && file.is_file() {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(Error::NoFiles {
            origin: path.display().to_string(),
        });
    }
    files.sort();
    let mut documents = Vec::new();
    for file in files {
        documents.append(&mut load_file(&file)?);
    }
    Ok(documents)
}

/// Reads the objects of one file, in order.
///
/// # Errors
/// [`Error::Read`] when the file cannot be read or is not UTF-8, otherwise those of [`load_str`].
pub fn load_file(path: impl AsRef<Path>) -> Result<Vec<Document>, Error> {
    let path = path.as_ref();
    let origin = path.display().to_string();
    let mut content = String::new();
    let read = File::open(path)
        // One byte more than allowed tells a text that is too large from one that just fits.
        .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_string(&mut content));
    if let Err(source) = read {
        return Err(Error::Read { origin, source });
    }
    let json_only = path.extension().is_some_and(|extension| extension == "json");
    load(&origin, &content, json_only)
}

/// Reads the objects of a text, in order. `origin` is what errors call the text.
///
/// # Errors
/// [`Error::TooLarge`], [`Error::Syntax`] for text that is not YAML or JSON, and [`Error::Field`] for a document that
/// is no Kubernetes object. The first one ends the reading.
pub fn load_str(origin: &str, text: &str) -> Result<Vec<Document>, Error> {
    load(origin, text, false)
}

fn load(origin: &str, text: &str, json_only: bool) -> Result<Vec<Document>, Error> {
    if text.len() > MAX_BYTES {
        return Err(Error::TooLarge {
            origin: origin.to_owned(),
            limit: MAX_BYTES,
        });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let values = if json_only {
        json_values(origin, text)?
    } else if text.trim_start().starts_with('{') {
        // A flow mapping of YAML starts in the same way.
        json_values(origin, text).or_else(|_| yaml_values(origin, text))?
    } else {
        yaml_values(origin, text)?
    };
    let origin: Arc<str> = origin.into();
    let mut documents = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        add_objects(&origin, index + 1, value, &mut documents)?;
    }
    Ok(documents)
}

fn json_values(origin: &str, text: &str) -> Result<Vec<Value>, Error> {
    let mut values = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<Tree<false>>() {
        match value {
            Ok(Tree(value)) if values.len() < MAX_DOCUMENTS => values.push(value),
            Ok(_) => return Err(too_many(origin, values.len() + 1)),
            Err(error) => return Err(syntax(origin, values.len() + 1, &error)),
        }
    }
    Ok(values)
}

fn yaml_values(origin: &str, text: &str) -> Result<Vec<Value>, Error> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_reader_input_bytes: Some(MAX_BYTES),
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: MAX_NODES * 2,
            max_documents: MAX_DOCUMENTS,
            max_total_scalar_bytes: MAX_BYTES,
        },
        legacy_octal_numbers: true,
        with_snippet: false,
    };
    let mut bytes = text.as_bytes();
    let mut values = Vec::new();
    for value in serde_saphyr::read_with_options::<_, Tree<true>>(&mut bytes, options) {
        match value {
            Ok(Tree(value)) if values.len() < MAX_DOCUMENTS => values.push(value),
            Ok(_) => return Err(too_many(origin, values.len() + 1)),
            Err(error) => return Err(syntax(origin, values.len() + 1, &error)),
        }
    }
    Ok(values)
}

fn syntax(origin: &str, document: usize, reason: &dyn fmt::Display) -> Error {
    Error::Syntax {
        origin: origin.to_owned(),
        document,
        reason: reason.to_string(),
    }
}

fn too_many(origin: &str, document: usize) -> Error {
    syntax(
        origin,
        document,
        &format_args!("more than {MAX_DOCUMENTS} documents"),
    )
}

/// Adds the object, or the items of a list, after a look at the fields no object is without.
fn add_objects(
    origin: &Arc<str>,
    document: usize,
    value: Value,
    documents: &mut Vec<Document>,
) -> Result<(), Error> {
    let kind = text(&value, "/kind").unwrap_or_default();
    if !kind.ends_with("List") || !value.get("items").is_some_and(Value::is_array) {
        documents.push(object(origin, document, None, value)?);
        return Ok(());
    }
    // Servers leave out the type of the items of a typed list.
    let item_kind = kind.strip_suffix("List").unwrap_or_default().to_owned();
    let item_api_version = text(&value, "/apiVersion").unwrap_or_default().to_owned();
    let Value::Object(mut list) = value else {
        return Ok(());
    };
    let Some(Value::Array(items)) = list.remove("items") else {
        return Ok(());
    };
    for (index, mut item) in items.into_iter().enumerate() {
        if let (false, Value::Object(fields)) = (item_kind.is_empty(), &mut item)
            && !fields.contains_key("apiVersion")
            && !fields.contains_key("kind")
        {
            fields.insert("apiVersion".into(), item_api_version.clone().into());
            fields.insert("kind".into(), item_kind.clone().into());
        }
        documents.push(object(origin, document, Some(index), item)?);
    }
    Ok(())
}

fn object(origin: &Arc<str>, document: usize, item: Option<usize>, value: Value) -> Result<Document, Error> {
    let position = Position {
        origin: origin.clone(),
        document,
        item,
        subject: subject(&value),
    };
    let wrong = |field: &str, reason: String| Error::Field {
        position: position.clone(),
        field: field.to_owned(),
        reason,
    };
    let Value::Object(fields) = &value else {
        return Err(wrong(
            ".",
            format!(
                "is {}, expected a mapping with apiVersion and kind",
                shape(&value)
            ),
        ));
    };
    for field in ["apiVersion", "kind"] {
        match fields.get(field) {
            None | Some(Value::Null) => return Err(wrong(field, "missing".into())),
            Some(Value::String(text)) if text.is_empty() => return Err(wrong(field, "empty".into())),
            Some(Value::String(_)) => {}
            Some(other) => return Err(wrong(field, format!("is {}, expected a text", shape(other)))),
        }
    }
    Ok(Document { position, value })
}

fn subject(value: &Value) -> String {
    let parts = [
        text(value, "/kind").map(|kind| format!("{kind} ")),
        text(value, "/metadata/namespace").map(|namespace| format!("{namespace}/")),
        text(value, "/metadata/name").map(str::to_owned),
    ];
    parts
        .into_iter()
        .flatten()
        .collect::<String>()
        .trim_end()
        .to_owned()
}

fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// A JSON value in which no key occurs twice. With `WHOLE`, whole floats become integers.
struct Tree<const WHOLE: bool>(Value);

impl<'de, const WHOLE: bool> Deserialize<'de> for Tree<WHOLE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor::<WHOLE>).map(Tree)
    }
}

struct TreeVisitor<const WHOLE: bool>;

impl<'de, const WHOLE: bool> Visitor<'de> for TreeVisitor<WHOLE> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can express")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        if WHOLE && let Some(integer) = whole(value) {
            return Ok(integer.into());
        }
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("infinity and NaN have no form in JSON"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Tree(item)) = access.next_element::<Tree<WHOLE>>()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            if fields.contains_key(&key) {
                return Err(de::Error::custom(format_args!("key {key:?} occurs twice")));
            }
            let Tree(value) = access.next_value::<Tree<WHOLE>>()?;
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}

/// The integer a float stands for, if there is exactly one.
///
/// Beyond 2^53 neighbouring integers share a float, so that the text may have meant another one.
fn whole(value: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    // The cast is exact: the value has no fraction and is within the range of i64.
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use karmada_core::api::cluster::v1alpha1::Cluster;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn debug_keeps_the_object_to_itself() {
        let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {token: hunter2}\n";
        let documents = load_str("t", text).unwrap();
        let printed = format!("{documents:?}");
        assert!(
            printed.contains("Secret a") && !printed.contains("hunter2"),
            "{printed}"
        );
    }

    /// `value:` of an otherwise complete object, or the error.
    fn scalar(yaml: &str) -> Result<Value, String> {
        let text = format!("apiVersion: v1\nkind: Test\nvalue: {yaml}\n");
        let documents = load_str("t", &text).map_err(|error| error.to_string())?;
        Ok(documents[0].value()["value"].clone())
    }

    #[test]
    fn yaml_scalars_mean_what_kubectl_means() {
        #[track_caller]
        fn check(yaml: &str, expect: Value) {
            assert_eq!(scalar(yaml), Ok(expect), "{yaml}");
        }
        for text in ["true", "True", "yes", "on", "y", "Yes", "ON"] {
            check(text, json!(true));
        }
        for text in ["false", "no", "off", "n"] {
            check(text, json!(false));
        }
        for text in ["null", "~", ""] {
            check(text, Value::Null);
        }
        check("12", json!(12));
        check("-7", json!(-7));
        check("012", json!(10));
        check("0644", json!(420));
        check("0x1F", json!(31));
        check("1_000", json!(1000));
        check("1e3", json!(1000));
        check("2.0", json!(2));
        check("-0.0", json!(0));
        check("2.5", json!(2.5));
        check("1e300", json!(1e300));
        check("9223372036854775807", json!(i64::MAX));
        check("18446744073709551615", json!(u64::MAX));
        check("9007199254740993.0", json!(9_007_199_254_740_992_i64));
        check("9.3e18", json!(9.3e18));
        for text in ["\"yes\"", "'012'", "\"2.0\"", "\"null\""] {
            check(text, json!(text.trim_matches(['"', '\''])));
        }
        for text in [
            "1.2.3",
            "10Mi",
            "100m",
            "2026-01-01",
            "2026-01-01T00:00:00Z",
            "12:30:45",
            "a b",
        ] {
            check(text, json!(text));
        }
        check("|\n  two\n  lines", json!("two\nlines\n"));
        check("{yes: 1, 7: x, 1.5: z}", json!({"yes": 1, "7": "x", "1.5": "z"}));
    }

    #[test]
    fn yaml_refuses() {
        #[track_caller]
        fn check(yaml: &str, expect: &str) {
            let error = scalar(yaml).unwrap_err();
            assert!(error.starts_with("t: document 1: "), "{error}");
            assert!(error.contains(expect), "{yaml}: {error}");
        }
        check(".inf", "");
        check(".nan", "");
        check("{a: 1, a: 2}", "duplicate");
        check("*missing", "");
        check("[1, 2", "line");
        check("\"open", "line");
        check(&"[".repeat(200), "");
    }

    #[test]
    fn anchors_and_merge_keys() {
        let text = "apiVersion: v1\nkind: Test\nbase: &base {a: 1, b: 2}\nother: {<<: *base, b: 3}\nlist: [*base, *base]\n";
        let value = load_str("t", text).unwrap().remove(0).into_value();
        assert_eq!(value["other"], json!({"a": 1, "b": 3}));
        assert_eq!(value["list"], json!([{"a": 1, "b": 2}, {"a": 1, "b": 2}]));
    }

    #[test]
    fn aliases_cannot_explode() {
        let mut text = "apiVersion: v1\nkind: Test\nl0: &l0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let inner = vec![format!("*l{}", level - 1); 10].join(", ");
            text += &format!("l{level}: &l{level} [{inner}]\n");
        }
        assert!(matches!(
            load_str("t", &text),
            Err(Error::Syntax { document: 1, .. })
        ));
    }

    /// Kind and name of each object with its place, or the error.
    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        let got = match load_str("t", text) {
            Ok(documents) => documents.iter().map(|d| d.position().to_string()).collect(),
            Err(error) => vec![error.to_string()],
        };
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn streams() {
        check("", &[]);
        check("# nothing\n---\n---\n", &[]);
        check(
            "---\n# first\n---\napiVersion: v1\nkind: A\n---\n\n---\napiVersion: v1\nkind: B\nmetadata: {name: b}\n",
            &["t: document 1 (A)", "t: document 2 (B b)"],
        );
        check(
            "\u{feff}apiVersion: v1\nkind: A\nmetadata: {name: a, namespace: n1}\n",
            &["t: document 1 (A n1/a)"],
        );
        check(
            r#"{"apiVersion":"v1","kind":"A"} {"apiVersion":"v1","kind":"B"}"#,
            &["t: document 1 (A)", "t: document 2 (B)"],
        );
        check("{apiVersion: v1, kind: A}", &["t: document 1 (A)"]);
        check(
            "{\"apiVersion\":\"v1\",\"kind\":\"A\"}\n---\nkind: B\napiVersion: v1\n",
            &["t: document 1 (A)", "t: document 2 (B)"],
        );
    }

    #[test]
    fn lists_stand_for_their_items() {
        check(
            "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: A}, {apiVersion: v1, kind: B, metadata: {name: b}}]",
            &["t: document 1, items[0] (A)", "t: document 1, items[1] (B b)"],
        );
        check(
            "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1}]",
            &["t: document 1, items[0]: kind: missing"],
        );
        check("apiVersion: v1\nkind: List\nitems: []", &[]);
        check(
            "apiVersion: example.com/v1\nkind: AllowList\nspec: {}",
            &["t: document 1 (AllowList)"],
        );
        let text =
            "apiVersion: cluster.karmada.io/v1alpha1\nkind: ClusterList\nitems: [{metadata: {name: m1}}]";
        let documents = load_str("t", text).unwrap();
        assert!(documents[0].is::<Cluster>());
        assert_eq!(documents[0].position().item, Some(0));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        check(
            "just text",
            &["t: document 1: .: is a text, expected a mapping with apiVersion and kind"],
        );
        check(
            "- 1\n- 2",
            &["t: document 1: .: is a list, expected a mapping with apiVersion and kind"],
        );
        check("apiVersion: v1", &["t: document 1: kind: missing"]);
        check(
            "apiVersion: v1\nkind: A\n---\nkind: B\nmetadata: {name: b}",
            &["t: document 2 (B b): apiVersion: missing"],
        );
        check(
            "apiVersion: 1\nkind: A",
            &["t: document 1 (A): apiVersion: is a number, expected a text"],
        );
        check("apiVersion: v1\nkind: ''", &["t: document 1: kind: empty"]);
    }

    #[test]
    fn json_numbers_stay_as_written_and_keys_are_unique() {
        let documents = load_str("t", r#"{"apiVersion":"v1","kind":"A","i":2,"f":2.0}"#).unwrap();
        assert!(documents[0].value()["i"].is_i64() && documents[0].value()["f"].is_f64());
        let folder = Folder::new("json-keys");
        let file = folder.file("a.json", r#"{"apiVersion":"v1","kind":"A","kind":"B"}"#);
        let error = load_file(&file).unwrap_err().to_string();
        assert!(
            error.contains("document 1: key \"kind\" occurs twice at line 1 column"),
            "{error}"
        );
    }

    #[test]
    fn decoding_names_object_and_field() {
        let text = "apiVersion: cluster.karmada.io/v1alpha1\nkind: Cluster\nmetadata: {name: m1}\nspec: {syncMode: Push, taints: [{key: a, effect: 5}]}";
        let document = &load_str("fleet.yaml", text).unwrap()[0];
        let error = document.decode::<Cluster>().unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with("fleet.yaml: document 1 (Cluster m1): spec.taints[0].effect: "),
            "{message}"
        );
        let Error::Field { field, .. } = error else {
            panic!("{message}")
        };
        assert_eq!(field, "spec.taints[0].effect");

        let other = &load_str("t", "apiVersion: v1\nkind: Node\nmetadata: {name: m1}").unwrap()[0];
        assert!(!other.is::<Cluster>());
        assert!(other.decode::<Cluster>().is_err());
    }

    #[test]
    fn whole_floats_of_yaml_fit_integer_fields() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 3.0, selector: {}, template: {}}";
        let deployment: k8s_openapi::api::apps::v1::Deployment =
            load_str("t", text).unwrap()[0].decode().unwrap();
        assert_eq!(deployment.spec.unwrap().replicas, Some(3));
    }

    /// A folder of its own below the system's temporary one, removed in the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("karmada-loader-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
            let path = self.0.join(name);
            fs::write(&path, content).unwrap();
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn folders_are_read_in_the_order_of_names() {
        let folder = Folder::new("order");
        folder.file("b.yaml", "apiVersion: v1\nkind: B");
        folder.file("a.yml", "apiVersion: v1\nkind: A");
        folder.file("c.json", r#"{"apiVersion":"v1","kind":"C"}"#);
        folder.file("README.md", "not an object");
        fs::create_dir_all(folder.0.join("d.yaml")).unwrap();
        let documents = load_path(&folder.0).unwrap();
        assert_eq!(
            documents.iter().map(Document::kind).collect::<Vec<_>>(),
            ["A", "B", "C"]
        );
        assert!(documents[1].position().origin.ends_with("b.yaml"));
    }

    #[test]
    fn unreadable_paths() {
        let folder = Folder::new("unreadable");
        assert!(matches!(load_path(&folder.0), Err(Error::NoFiles { .. })));
        assert!(matches!(
            load_path(folder.0.join("missing.yaml")),
            Err(Error::Read { .. })
        ));
        let latin1 = folder.file("latin1.yaml", b"kind: \xe9");
        assert!(matches!(load_file(&latin1), Err(Error::Read { .. })));
        let yaml = folder.file("yaml.json", "kind: A");
        assert!(matches!(load_file(&yaml), Err(Error::Syntax { .. })));
        assert!(matches!(
            load_str("t", &" ".repeat(MAX_BYTES + 1)),
            Err(Error::TooLarge { .. })
        ));
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            // Halves and eighths have one spelling only, so that a difference is not one of rounding.
            any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
            "\\PC*".prop_map(Value::from),
            "(yes|no|on|off|y|n|null|~|0?[0-9_.e:-]{0,6}|<<|[*&!|>%@`#{}\\[\\],?:-].{0,3})"
                .prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        scalar.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("\\PC{0,8}", inner, 0..5)
                    .prop_map(|fields| Value::from(fields.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    fn with_integers(value: Value) -> Value {
        match value {
            Value::Number(number) if number.is_f64() => number
                .as_f64()
                .and_then(whole)
                .map_or(Value::Number(number), Value::from),
            Value::Array(items) => items.into_iter().map(with_integers).collect(),
            Value::Object(fields) => fields
                .into_iter()
                .map(|(key, field)| (key, with_integers(field)))
                .collect(),
            other => other,
        }
    }

    proptest! {
        #[test]
        fn json_comes_back(value in any_value()) {
            let object = json!({"apiVersion": "v1", "kind": "Test", "value": value});
            let documents = load_str("t", &object.to_string()).unwrap();
            prop_assert_eq!(documents[0].value(), &object);
        }

        #[test]
        fn yaml_comes_back(value in any_value()) {
            let object = json!({"apiVersion": "v1", "kind": "Test", "value": value});
            let text = serde_saphyr::to_string(&object).unwrap();
            let documents = load_str("t", &text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            prop_assert_eq!(documents[0].value(), &with_integers(object), "{}", text);
        }

        #[test]
        fn no_text_panics(
            any in any::<String>(),
            yaml in "(---\n|[-:?{}\\[\\],&*!|>'\"#%@a-c0-9.~<] ?|\n *){0,60}",
        ) {
            let _ = load_str("t", &any);
            let _ = load_str("t", &yaml);
            let _ = load_str("t", &format!("apiVersion: v1\nkind: A\nvalue: {yaml}"));
        }
    }
}
