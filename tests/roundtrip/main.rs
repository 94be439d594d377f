//! Every object of Karmada's kinds in the recordings, decoded and encoded again.
//!
//! What upstream wrote comes out equal, by the conventions of the recordings: `null`, an empty collection and nothing are
//! the same in a typed object, while manifests and reflected statuses are kept exactly. What upstream was given may hold
//! more than the types know; what it loses is told by [`check_input`]. What does not decode is told by its field.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod convention;
mod parts;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use karmada::core::api::any::{DOCUMENTS, Document};
use karmada::core::crd;
use karmada_conformance::case::Form;
use karmada_conformance::{Case, read, shared};
use serde_json::{Value, json};

use convention::{Convention, DEFAULTED, INPUT, OUTPUT, STORED, added};

/// Differences shown before the test fails.
const SHOWN: usize = 20;

/// A kind, how it is decoded and encoded, and its schema (nothing for kinds that are only sent).
struct Kind {
    document: Document,
    schema: Value,
}

type Kinds = BTreeMap<(&'static str, &'static str), Kind>;

fn kinds() -> Kinds {
    let kind = |document: &Document| {
        let mut schema = crd::schema(document.api_version, document.kind).unwrap_or_default();
        if schema.is_object() {
            schema["properties"]["metadata"] = metadata_schema();
        }
        Kind {
            document: *document,
            schema,
        }
    };
    DOCUMENTS
        .iter()
        .map(|document| ((document.api_version, document.kind), kind(document)))
        .collect()
}

/// What of metadata is known; a CustomResourceDefinition does not say it.
fn metadata_schema() -> Value {
    let any = json!({});
    let map = json!({"additionalProperties": {}});
    let time = json!({"format": "date-time"});
    json!({"properties": {
        "annotations": map, "creationTimestamp": time, "deletionGracePeriodSeconds": any, "deletionTimestamp": time,
        "finalizers": any, "generateName": any, "generation": any, "labels": map, "managedFields": any, "name": any,
        "namespace": any, "ownerReferences": any, "resourceVersion": any, "selfLink": any, "uid": any,
    }})
}

/// What was checked, and what went wrong.
#[derive(Default)]
struct Tally {
    inputs: BTreeMap<String, usize>,
    outputs: BTreeMap<String, usize>,
    undecodable: usize,
    failures: usize,
    shown: Vec<String>,
}

impl Tally {
    fn fail(&mut self, case: &Case, what: &str, found: &[String]) {
        if found.is_empty() {
            return;
        }
        self.failures += 1;
        if self.shown.len() < SHOWN {
            let mut text = format!("{}:{} {} {what}", case.file, case.number, case.name);
            for line in found.iter().take(5) {
                write!(text, "\n    {line}").unwrap();
            }
            self.shown.push(text);
        }
    }
}

struct Checker<'a> {
    kinds: &'a Kinds,
    tally: Tally,
}

impl<'a> Checker<'a> {
    fn new(kinds: &'a Kinds) -> Self {
        Self {
            kinds,
            tally: Tally::default(),
        }
    }

    /// Upstream wrote it: it comes out equal.
    fn check_output(
        &mut self,
        case: &Case,
        kind: &Kind,
        part: Option<&str>,
        value: &Value,
        convention: Convention,
    ) {
        let what = label(kind, part);
        *self.tally.outputs.entry(what.clone()).or_default() += 1;
        let value = settled(value);
        match recode(kind, part, &value) {
            Ok(ours) => {
                let mut found = Vec::new();
                let start = part.map_or_else(String::new, |part| format!(".{part}"));
                convention.differences(part_schema(kind, part), &start, &value, &ours, &mut found);
                self.tally.fail(case, &format!("out {what}"), &found);
            }
            Err(error) => self.tally.fail(case, &format!("out {what}"), &[error]),
        }
    }

    /// Upstream read it: encoding it twice is the same as once, it keeps what the types know, and only members that are
    /// always written are added. If it does not decode, the error names a field.
    fn check_input(&mut self, case: &Case, kind: &Kind, part: Option<&str>, value: &Value) {
        let what = label(kind, part);
        let value = &settled(value);
        let once = match recode(kind, part, value) {
            Ok(once) => once,
            Err(error) => {
                self.tally.undecodable += 1;
                if error.starts_with("cannot decode .:") || error.starts_with("cannot decode :") {
                    self.tally.fail(case, &format!("in {what}"), &[error]);
                }
                return;
            }
        };
        *self.tally.inputs.entry(what.clone()).or_default() += 1;
        let schema = part_schema(kind, part);
        let start = part.map_or_else(String::new, |part| format!(".{part}"));
        let mut found = Vec::new();
        match recode(kind, part, &once) {
            Ok(twice) if once == twice => {}
            Ok(twice) => found.push(format!("{once} became {twice}")),
            Err(error) => found.push(error),
        }
        INPUT.differences(schema, &start, value, &once, &mut found);
        added(kind.document.kind, schema, &start, value, &once, &mut found);
        self.tally.fail(case, &format!("in {what}"), &found);
    }

    /// Finds the objects of our kinds in a value.
    fn walk(&mut self, case: &Case, value: &Value, output: Option<Convention>) {
        match value {
            Value::Object(members) => {
                let text = |key: &str| members.get(key).and_then(Value::as_str).unwrap_or_default();
                // A reference names a kind as well, but is no object of it.
                let found = self.kinds.get(&(text("apiVersion"), text("kind")));
                if let Some(kind) = found.filter(|_| members.contains_key("metadata")) {
                    match output {
                        Some(convention) => self.check_output(case, kind, None, value, convention),
                        None => self.check_input(case, kind, None, value),
                    }
                    return;
                }
                for (key, member) in members {
                    let output = match (&case.form, key.as_str()) {
                        (Form::Pipeline | Form::ApiServer, "answer" | "state") => Some(STORED),
                        _ => output,
                    };
                    self.walk(case, member, output);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.walk(case, item, output)),
            _ => {}
        }
    }

    /// Finds the parts that stand alone.
    fn parts(&mut self, case: &Case) {
        for part in parts::of(&case.op) {
            let root = if part.answer {
                case.expected.as_ref()
            } else {
                Some(&case.input)
            };
            let mut values = Vec::new();
            collect(root.unwrap_or(&Value::Null), part.at, &mut values);
            let kind = self
                .kinds
                .values()
                .rfind(|known| known.document.kind == part.kind)
                .unwrap();
            for value in values {
                if part.answer {
                    self.check_output(case, kind, Some(part.path), value, convention(case));
                } else {
                    self.check_input(case, kind, Some(part.path), value);
                }
            }
        }
    }

    fn case(&mut self, case: &Case) {
        self.walk(case, &case.input, None);
        let convention = if case.op == "default" { DEFAULTED } else { OUTPUT };
        if let Some(expected) = &case.expected {
            self.walk(case, expected, Some(convention));
        }
        self.parts(case);
        if case.op == "validate" {
            self.same_refusal(case);
        }
    }

    /// An object decodes here exactly if it decodes upstream.
    fn same_refusal(&mut self, case: &Case) {
        let object = &case.input["object"];
        let Some(expected) = &case.expected else { return };
        let key = (
            object["apiVersion"].as_str().unwrap_or_default(),
            object["kind"].as_str().unwrap_or_default(),
        );
        if let Some(kind) = self.kinds.get(&key) {
            let refused = kind.document.recode(object).is_err();
            if refused != (expected["code"] == 400) {
                self.tally.fail(
                    case,
                    "in object",
                    &[format!("refused: {refused}, upstream: {expected}")],
                );
            }
        }
    }
}

/// How the answer of a case is compared, by the README of its folder.
fn convention(case: &Case) -> Convention {
    match case.form {
        Form::Generated { .. } | Form::Interpreter => Convention {
            by_value: true,
            ..OUTPUT
        },
        _ if case.op == "default" => DEFAULTED,
        _ => OUTPUT,
    }
}

/// The values at a path of keys, `[]` standing for every item.
fn collect<'a>(value: &'a Value, path: &str, found: &mut Vec<&'a Value>) {
    let (step, rest) = path.split_once('.').unwrap_or((path, ""));
    let (key, items) = step.strip_suffix("[]").map_or((step, false), |key| (key, true));
    let next = &value[key];
    let all = if items {
        next.as_array().map_or(&[][..], Vec::as_slice)
    } else {
        std::slice::from_ref(next)
    };
    for value in all {
        if rest.is_empty() {
            if !value.is_null() {
                found.push(value);
            }
        } else {
            collect(value, rest, found);
        }
    }
}

fn label(kind: &Kind, part: Option<&str>) -> String {
    let name = format!("{}/{}", kind.document.api_version, kind.document.kind);
    part.map_or_else(|| name.clone(), |part| format!("{name} {part}"))
}

/// Decodes and encodes an object, or a part of one inside an otherwise empty object.
fn recode(kind: &Kind, part: Option<&str>, value: &Value) -> Result<Value, String> {
    let mut object = value.clone();
    for step in part.into_iter().flat_map(|part| part.rsplit('.')) {
        object = match step.strip_suffix("[]") {
            Some(key) => json!({key: [object]}),
            None => json!({step: object}),
        };
    }
    let mut written = kind.document.recode(&object).map_err(|error| error.to_string())?;
    for step in part.into_iter().flat_map(|part| part.split('.')) {
        let (key, items) = step.strip_suffix("[]").map_or((step, false), |key| (key, true));
        written = written[key].take();
        if items {
            written = written[0].take();
        }
    }
    Ok(written)
}

fn part_schema<'a>(kind: &'a Kind, part: Option<&str>) -> &'a Value {
    let mut schema = &kind.schema;
    for step in part.into_iter().flat_map(|part| part.split('.')) {
        let (key, items) = step.strip_suffix("[]").map_or((step, false), |key| (key, true));
        schema = &schema["properties"][key];
        if items {
            schema = &schema["items"];
        }
    }
    schema
}

/// Replaces the symbols of the recordings by valid values.
fn settled(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.as_str() {
            "<time>" | "NOW" => json!("2026-01-02T03:04:05Z"),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(settled).collect(),
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| {
                let generation = key == "schedulerObservedGeneration" && value.is_string();
                (key.clone(), if generation { json!(7) } else { settled(value) })
            };
            Value::Object(members.iter().map(member).collect())
        }
        _ => value.clone(),
    }
}

fn check(folder: &Path, name: &str) {
    let kinds = kinds();
    let mut checker = Checker::new(&kinds);
    for file in read::files(folder).unwrap() {
        read::cases(&file, &mut |case| checker.case(&case.unwrap())).unwrap();
    }
    let tally = checker.tally;
    let sum = |counts: &BTreeMap<String, usize>| counts.values().sum::<usize>();
    let mut text = format!(
        "{name}: {} objects in answers, {} in questions, {} of questions do not decode\n",
        sum(&tally.outputs),
        sum(&tally.inputs),
        tally.undecodable
    );
    for (side, counts) in [("answers", &tally.outputs), ("questions", &tally.inputs)] {
        for (what, count) in counts {
            writeln!(text, "    {count:>6}  {what} in {side}").unwrap();
        }
    }
    // Past the capture of the test harness.
    std::io::stderr().write_all(text.as_bytes()).unwrap();
    assert!(
        tally.failures == 0,
        "{} objects changed:\n{}",
        tally.failures,
        tally.shown.join("\n")
    );
    assert!(sum(&tally.inputs) > 0, "no object in questions");
    assert!(sum(&tally.outputs) > 0, "no object in answers");
}

fn check_folder(folder: &str) {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors")
        .join(folder);
    match shared::find(&format!("vectors/{folder}")).unwrap() {
        Some(full) => check(&full, folder),
        None => {
            let at_hand = if sample.exists() {
                "the sample is checked"
            } else {
                "and there is no sample"
            };
            let note = format!("SKIPPED: the full set of {folder} is not there, {at_hand}\n");
            std::io::stderr().write_all(note.as_bytes()).unwrap();
            if sample.exists() {
                check(&sample, folder);
            }
        }
    }
}

#[test]
fn core() {
    check_folder("core");
}

#[test]
fn pipeline() {
    check_folder("pipeline");
}

#[test]
fn scheduler() {
    check_folder("scheduler");
}

#[test]
fn interpreter_generated() {
    check_folder("interpreter-generated");
}

#[test]
fn interpreter() {
    check_folder("interpreter");
}
