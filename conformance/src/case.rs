//! What a recorded case is, by its keys.

use std::collections::BTreeMap;

use karmada_core::api::wire;
use karmada_core::features::FeatureGates;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The format of a row, which decides where its question and its recorded answer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// `{op, name, in, out}`.
    Core,
    /// `{op, layer, name, in, out}`: one of the interpreter layers.
    Generated {
        /// `native`, `thirdparty` or `lua`.
        layer: String,
    },
    /// One scheduling decision: `{name, clusters, spec, status, expect, ...}`.
    Schedule,
    /// One pass of the scheduler over a binding: `{name, clusters, binding, expect, ...}`.
    Cycle,
    /// A document of upstream's interpreter tests: `{name, operation, desiredObj, observedObj, output, ...}`.
    Interpreter,
    /// A scenario of a running control plane: `{topic, name, profile, steps, ...}`.
    Pipeline,
    /// A conversation with an API server: `{topic, name, server, steps, ...}`.
    ApiServer,
}

/// One recorded question and, where there is one, upstream's answer.
#[derive(Debug, Clone)]
pub struct Case {
    /// The file, as it was found.
    pub file: String,
    /// The line or document, from 1.
    pub number: usize,
    /// The name of the case; the number where it has none.
    pub name: String,
    /// The name of the [`Op`](crate::Op).
    pub op: String,
    /// The format of the row.
    pub form: Form,
    /// What the op may look at: `in`, or the row without the recorded answer.
    pub input: Value,
    /// The recorded answer: `out`, `expect` or `output`.
    pub expected: Option<Value>,
}

/// Why there is no value to compare.
///
/// Every error of ours converts into [`RunError::Failed`], so that an op can use `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunError {
    /// Our code answered with a typed error. Right where upstream failed as well.
    Failed {
        /// The error's text.
        text: String,
        /// The class of the error, where the vectors have one (`errorKind`).
        kind: Option<String>,
    },
    /// Our code says that it does not cover this. Never right.
    Unsupported(String),
    /// The row lacks what its README promises. Never right.
    Malformed(String),
    /// A README or an issue declares the case out of reach; the text is the reason. Counted as skipped.
    OutOfReach(String),
}

impl RunError {
    /// A typed error of ours with its class.
    pub fn failed(error: &dyn std::fmt::Display, kind: impl Into<String>) -> Self {
        Self::Failed {
            text: error.to_string(),
            kind: Some(kind.into()),
        }
    }
}

impl<E: std::error::Error> From<E> for RunError {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text += &format!(": {cause}");
            source = cause.source();
        }
        Self::Failed { text, kind: None }
    }
}

/// A row whose keys are those of no known format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no known case: {0}")]
pub struct NotACase(String);

impl Case {
    /// Tells what a row is by its keys.
    ///
    /// # Errors
    /// [`NotACase`] when the keys are those of no format.
    pub fn recognise(file: &str, number: usize, row: Value) -> Result<Self, NotACase> {
        let Value::Object(mut row) = row else {
            return Err(NotACase("not an object".into()));
        };
        let name = match row.get("name") {
            Some(Value::String(name)) => name.clone(),
            _ => number.to_string(),
        };
        let text =
            |row: &Map<String, Value>, key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
        let object = |row: &Map<String, Value>, key: &str| row.get(key).is_some_and(Value::is_object);
        let array = |row: &Map<String, Value>, key: &str| row.get(key).is_some_and(Value::is_array);

        let (form, op, input, expected);
        if let (Some(recorded_op), true) = (text(&row, "op"), object(&row, "in")) {
            form = match text(&row, "layer") {
                Some(layer) => Form::Generated { layer },
                None => Form::Core,
            };
            op = recorded_op;
            expected = row.remove("out");
            input = row.remove("in").unwrap_or_default();
        } else if let (Some(topic), true) = (text(&row, "topic"), array(&row, "steps")) {
            // The recorded answers are part of the steps.
            (form, op) = if row.contains_key("server") {
                (Form::ApiServer, format!("apiserver/{topic}"))
            } else {
                (Form::Pipeline, format!("pipeline/{topic}"))
            };
            expected = None;
            input = Value::Object(row);
        } else if array(&row, "clusters") && (object(&row, "binding") || object(&row, "spec")) {
            (form, op) = if object(&row, "binding") {
                (Form::Cycle, "cycle".to_owned())
            } else {
                (Form::Schedule, "schedule".to_owned())
            };
            expected = row.remove("expect");
            input = Value::Object(row);
        } else {
            let mut document = interpreter_keys(row)?;
            form = Form::Interpreter;
            op = interpreter_operation(&text(&document, "operation").unwrap_or_default());
            expected = document.remove("output").filter(|output| !output.is_null());
            input = Value::Object(document);
        }
        Ok(Self {
            file: file.to_owned(),
            number,
            name,
            op,
            form,
            input,
            expected,
        })
    }

    /// Whether the recorded answer lives outside the input, so that a row without one has nothing to compare with.
    pub(crate) fn unanswered(&self) -> Option<&'static str> {
        match (&self.form, &self.expected) {
            (Form::Core | Form::Generated { .. }, None) => Some("no `out` recorded"),
            (Form::Schedule | Form::Cycle, None) => Some("no `expect` recorded"),
            // A document without `output` asks for success only; steps carry their answers.
            _ => None,
        }
    }

    /// The value at a key of the input, `null` where there is none.
    pub fn get(&self, key: &str) -> &Value {
        self.input.get(key).unwrap_or(&Value::Null)
    }

    /// A text of the input that the README promises.
    ///
    /// # Errors
    /// [`RunError::Malformed`] when it is not there.
    pub fn text(&self, key: &str) -> Result<&str, RunError> {
        self.get(key)
            .as_str()
            .ok_or_else(|| RunError::Malformed(format!("`{key}` is no text")))
    }

    /// Upstream's default gates as changed by `featureGates`.
    ///
    /// # Errors
    /// [`RunError::Unsupported`] for a gate that we do not know.
    pub fn feature_gates(&self) -> Result<FeatureGates, RunError> {
        let named: Option<BTreeMap<String, bool>> = self.decode("featureGates")?;
        let named = named.unwrap_or_default();
        FeatureGates::default()
            .with_names(named.iter().map(|(name, enabled)| (name.as_str(), *enabled)))
            .map_err(|error| RunError::Unsupported(error.to_string()))
    }

    /// A list of typed values of the input; absent and `null` are empty.
    ///
    /// # Errors
    /// [`RunError::Failed`] with the field that does not fit.
    pub fn list<T: DeserializeOwned>(&self, key: &str) -> Result<Vec<T>, RunError> {
        Ok(self.decode::<Option<Vec<T>>>(key)?.unwrap_or_default())
    }

    /// A typed value of the input. An absent key reads as `null` does.
    ///
    /// # Errors
    /// [`RunError::Failed`] with the field that does not fit: upstream fails there as well. [`RunError::Malformed`] when
    /// there is nothing at the key and the type cannot do without.
    pub fn decode<T: DeserializeOwned>(&self, key: &str) -> Result<T, RunError> {
        wire::decode(self.get(key)).map_err(|error| {
            if self.input.get(key).is_none() {
                return RunError::Malformed(format!("`{key}` is missing"));
            }
            let path = match error.path.as_str() {
                "." => key.to_owned(),
                below => format!("{key}.{below}"),
            };
            wire::DecodeError {
                path,
                reason: error.reason,
            }
            .into()
        })
    }
}

const INTERPRETER_KEYS: [&str; 8] = [
    "name",
    "description",
    "operation",
    "desiredObj",
    "observedObj",
    "statusItems",
    "inputReplicas",
    "output",
];

/// The keys of upstream's interpreter documents match whatever their case.
fn interpreter_keys(row: Map<String, Value>) -> Result<Map<String, Value>, NotACase> {
    let found = row.keys().cloned().collect::<Vec<_>>().join(", ");
    let row: Map<String, Value> = row
        .into_iter()
        .map(|(key, value)| {
            let known = INTERPRETER_KEYS
                .iter()
                .find(|known| known.eq_ignore_ascii_case(&key));
            (known.map_or(key, |&known| known.to_owned()), value)
        })
        .collect();
    let has_object = ["desiredObj", "observedObj"]
        .iter()
        .any(|key| row.get(*key).is_some_and(Value::is_object));
    if has_object && row.get("operation").is_some_and(Value::is_string) {
        return Ok(row);
    }
    Err(NotACase(if found.is_empty() {
        "no keys".into()
    } else {
        format!("keys {found}")
    }))
}

const INTERPRETER_OPERATIONS: [&str; 8] = [
    "InterpretReplica",
    "InterpretComponent",
    "ReviseReplica",
    "InterpretStatus",
    "AggregateStatus",
    "InterpretHealth",
    "InterpretDependency",
    "Retain",
];

fn interpreter_operation(text: &str) -> String {
    let known = INTERPRETER_OPERATIONS
        .iter()
        .find(|known| known.eq_ignore_ascii_case(text));
    known.map_or(text, |&known| known).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_are_recognised_by_their_keys() {
        #[track_caller]
        #[expect(
            clippy::needless_pass_by_value,
            reason = "the table reads better without references"
        )]
        fn check(row: Value, form: Form, op: &str, name: &str, expected: Option<Value>) {
            let case = Case::recognise("f", 7, row).unwrap();
            assert_eq!(
                (case.form, case.op.as_str(), case.name.as_str()),
                (form, op, name)
            );
            assert_eq!(case.expected, expected);
            for answer in ["out", "expect", "output"] {
                assert!(case.input.get(answer).is_none(), "an op must not see the answer");
            }
        }
        check(
            json!({"op": "names", "name": "a", "in": {}, "out": 1}),
            Form::Core,
            "names",
            "a",
            Some(json!(1)),
        );
        check(json!({"op": "names", "in": {}}), Form::Core, "names", "7", None);
        let native = || Form::Generated {
            layer: "native".into(),
        };
        check(
            json!({"op": "Retain", "layer": "native", "name": "a", "in": {}, "out": {}}),
            native(),
            "Retain",
            "a",
            Some(json!({})),
        );
        check(
            json!({"name": "a", "clusters": [], "spec": {}, "status": {}, "expect": {}}),
            Form::Schedule,
            "schedule",
            "a",
            Some(json!({})),
        );
        check(
            json!({"name": "a", "clusters": [], "spec": {}}),
            Form::Schedule,
            "schedule",
            "a",
            None,
        );
        check(
            json!({"name": "a", "clusters": [], "binding": {}, "expect": {"binding": {}}}),
            Form::Cycle,
            "cycle",
            "a",
            Some(json!({"binding": {}})),
        );
        check(
            json!({"Name": "a", "name": "a", "Operation": "retain", "desiredobj": {}, "output": {"retained": {}}}),
            Form::Interpreter,
            "Retain",
            "a",
            Some(json!({"retained": {}})),
        );
        check(
            json!({"operation": "Other", "observedObj": {}}),
            Form::Interpreter,
            "Other",
            "7",
            None,
        );
        check(
            json!({"topic": "admission", "name": "a", "clusters": [], "profile": "default", "steps": []}),
            Form::Pipeline,
            "pipeline/admission",
            "a",
            None,
        );
        check(
            json!({"topic": "get", "name": "a", "server": "1.36", "steps": []}),
            Form::ApiServer,
            "apiserver/get",
            "a",
            None,
        );
    }

    #[test]
    fn other_rows_are_no_cases() {
        for row in [
            json!(1),
            json!([]),
            json!({}),
            json!({"op": "names"}),
            json!({"op": 1, "in": {}}),
            json!({"apiVersion": "v1", "kind": "ConfigMap"}),
            json!({"operation": "Retain"}),
            json!({"clusters": []}),
        ] {
            assert!(Case::recognise("f", 1, row.clone()).is_err(), "{row}");
        }
    }

    #[test]
    fn feature_gates_change_the_defaults() {
        use karmada_core::features::Feature;
        #[track_caller]
        fn gates(gates: &Value) -> Result<FeatureGates, RunError> {
            let row = json!({"op": "x", "in": {"featureGates": gates}});
            Case::recognise("f", 1, row).unwrap().feature_gates()
        }
        assert_eq!(gates(&Value::Null), Ok(FeatureGates::default()));
        let changed = FeatureGates::default().with(Feature::Failover, true);
        assert_eq!(gates(&json!({"Failover": true})), Ok(changed));
        assert!(matches!(
            gates(&json!({"NoSuchGate": true})),
            Err(RunError::Unsupported(_))
        ));
        assert!(matches!(
            gates(&json!(["Failover"])),
            Err(RunError::Failed { .. })
        ));
    }

    #[test]
    fn decoding_names_key_and_field() {
        let row = json!({"op": "x", "in": {"cluster": {"metadata": {"name": 1}}}});
        let case = Case::recognise("f", 1, row).unwrap();
        let error = case
            .decode::<karmada_core::api::cluster::v1alpha1::Cluster>("cluster")
            .unwrap_err();
        let RunError::Failed { text, kind: None } = error else {
            panic!("{error:?}")
        };
        assert!(text.contains("cluster.metadata.name"), "{text}");
        assert_eq!(
            case.text("cluster"),
            Err(RunError::Malformed("`cluster` is no text".into()))
        );
        assert_eq!(case.get("other"), &Value::Null);
        assert_eq!(
            case.decode::<Vec<String>>("other"),
            Err(RunError::Malformed("`other` is missing".into()))
        );
        assert_eq!(case.decode::<Option<String>>("other"), Ok(None));
        assert_eq!(case.list::<String>("other"), Ok(Vec::new()));
        assert!(matches!(
            case.list::<String>("cluster"),
            Err(RunError::Failed { .. })
        ));
    }
}
