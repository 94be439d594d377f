//! The resource interpreters: `supported` and the eight operations, both of the generated recordings and of upstream's
//! own documents.

use jiff::Timestamp;
use karmada_core::api::wire;
use karmada_core::api::work::v1alpha2::AggregatedStatusItem;
use karmada_interpreter::{Answer, Error, Native, Operation, SyncInterpreter, ThirdParty, TypeMeta};
use serde_json::{Map, Value, json};

use super::Op;
use crate::case::{Case, Form, RunError};
use crate::compare::{Comparison, Difference, Empties, Rule};

pub(super) const OPS: &[Op] = &[
    Op {
        name: "supported",
        run: supported,
        compare,
    },
    Op {
        name: "InterpretReplica",
        run,
        compare,
    },
    Op {
        name: "InterpretComponent",
        run,
        compare,
    },
    Op {
        name: "ReviseReplica",
        run,
        compare,
    },
    Op {
        name: "Retain",
        run,
        compare,
    },
    Op {
        name: "AggregateStatus",
        run,
        compare,
    },
    Op {
        name: "InterpretStatus",
        run,
        compare,
    },
    Op {
        name: "InterpretHealth",
        run,
        compare,
    },
    Op {
        name: "InterpretDependency",
        run,
        compare,
    },
];

type Layer = Box<dyn SyncInterpreter>;

/// Makes a layer; each case gets its own.
type MakeLayer = fn() -> Layer;

/// Our layers, by the names the recordings give them.
const LAYERS: &[(&str, MakeLayer)] = &[
    ("native", || Box::new(Native::default())),
    ("thirdparty", || Box::new(ThirdParty)),
];

/// The layer that upstream's own documents are about.
const DOCUMENTS: &str = "thirdparty";

/// The time at which every case runs. No recorded input has it, so where it comes out a layer stamped it.
const NOW: Timestamp = Timestamp::constant(981_173_106, 0);
/// What recordings have in the place of the time of the run.
const NOW_SYMBOL: &str = "{{NOW}}";

fn layer(case: &Case) -> Result<Layer, RunError> {
    let name = match &case.form {
        Form::Generated { layer } => layer,
        _ => DOCUMENTS,
    };
    LAYERS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, make)| make())
        .ok_or_else(|| RunError::Unsupported(format!("no layer {name}")))
}

fn supported(case: &Case) -> Result<Value, RunError> {
    let layer = layer(case)?;
    let of = TypeMeta::new(case.text("apiVersion")?, case.text("kind")?);
    let operations: Map<String, Value> = Operation::ALL
        .into_iter()
        .map(|operation| {
            (
                operation.as_str().to_owned(),
                layer.supports(of, operation).into(),
            )
        })
        .collect();
    Ok(json!({"ops": operations}))
}

/// Upstream's documents call the inputs differently.
struct Input<'a> {
    case: &'a Case,
    document: bool,
}

impl<'a> Input<'a> {
    fn object(&self, key: &str) -> Result<&'a Value, RunError> {
        match self.case.get(key) {
            Value::Null => Err(RunError::Malformed(format!("`{key}` is missing"))),
            object => Ok(object),
        }
    }

    /// The one object of an operation other than Retain.
    fn only(&self) -> Result<&'a Value, RunError> {
        if !self.document {
            return self.object("object");
        }
        match (self.case.get("desiredObj"), self.case.get("observedObj")) {
            (object, Value::Null) | (Value::Null, object) => Ok(object),
            _ => Err(RunError::Malformed("both objects are given".into())),
        }
    }

    fn replica(&self) -> Result<i64, RunError> {
        let key = if self.document { "inputReplicas" } else { "replica" };
        match self.case.get(key) {
            Value::Null if self.document => Ok(0),
            number => number
                .as_i64()
                .ok_or_else(|| RunError::Malformed(format!("`{key}` is no integer"))),
        }
    }

    /// A list that is absent or `null` is not an empty one.
    fn items(&self) -> Result<Option<Vec<AggregatedStatusItem>>, RunError> {
        self.case
            .decode(if self.document { "statusItems" } else { "items" })
    }
}

fn run(case: &Case) -> Result<Value, RunError> {
    let layer = layer(case)?;
    let input = Input {
        case,
        document: case.form == Form::Interpreter,
    };
    let Some(operation) = Operation::from_name(&case.op) else {
        return Err(RunError::Malformed(format!("no operation {}", case.op)));
    };
    let mut answer = match operation {
        Operation::InterpretReplica => said(case, layer.get_replicas(input.only()?), |replicas| {
            Ok(json!({"replica": replicas.replicas, "requires": wire::encode(&replicas.requirements)?}))
        }),
        Operation::InterpretComponent => said(case, layer.get_components(input.only()?), |components| {
            Ok(json!({"components": wire::encode(&components)?}))
        }),
        Operation::ReviseReplica => {
            let mut object = input.only()?.clone();
            let revised = layer.revise_replica(&mut object, input.replica()?);
            said(case, revised, |()| Ok(json!({"revised": object})))
        }
        Operation::Retain => {
            let names = if input.document {
                ["desiredObj", "observedObj"]
            } else {
                ["desired", "observed"]
            };
            let mut desired = input.object(names[0])?.clone();
            let retained = layer.retain(&mut desired, input.object(names[1])?);
            said(case, retained, |()| Ok(json!({"retained": desired})))
        }
        Operation::AggregateStatus => {
            let mut object = input.only()?.clone();
            let aggregated = layer.aggregate_status(&mut object, input.items()?.as_deref(), NOW);
            said(case, aggregated, |()| Ok(json!({"aggregatedStatus": object})))
        }
        Operation::InterpretStatus => said(case, layer.reflect_status(input.only()?), |status| {
            Ok(json!({"status": status}))
        }),
        Operation::InterpretHealth => said(case, layer.interpret_health(input.only()?), |healthy| {
            Ok(json!({"healthy": healthy}))
        }),
        Operation::InterpretDependency => said(case, layer.get_dependencies(input.only()?), |dependencies| {
            Ok(json!({"dependencies": wire::encode(&dependencies)?}))
        }),
        other => return Err(RunError::Unsupported(format!("operation {other}"))),
    }?;
    symbols(&mut answer, &NOW.to_string());
    Ok(answer)
}

/// The result in the vectors' shape, `{"unsupported": true}`, or the error with its class.
fn said<T>(
    case: &Case,
    answer: Result<Answer<T>, Error>,
    write: impl FnOnce(T) -> Result<Value, RunError>,
) -> Result<Value, RunError> {
    match answer {
        Ok(Answer::Value(value)) => write(value),
        Ok(Answer::NotMine) if case.form == Form::Interpreter => {
            Err(RunError::Unsupported(format!("{} of this kind", case.op)))
        }
        Ok(Answer::NotMine) => Ok(json!({"unsupported": true})),
        Err(error) => Err(match (&error, &case.form) {
            (Error::Dependencies(_), _) => RunError::failed(&error, "dependency"),
            (_, Form::Generated { layer }) if layer == "native" => RunError::failed(&error, "native"),
            // Upstream's other classes are about scripts; these layers have none.
            _ => error.into(),
        }),
    }
}

fn symbols(value: &mut Value, now: &str) {
    match value {
        Value::String(text) if text == now => NOW_SYMBOL.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| symbols(item, now)),
        Value::Object(fields) => fields.values_mut().for_each(|field| symbols(field, now)),
        _ => {}
    }
}

/// `requires`, `components` and `dependencies` are typed, the rest is compared as JSON.
fn compare(case: &Case, expected: &Value, got: &Value) -> Vec<Difference> {
    let typed = || Rule::Empties(Empties::AbsentCollections);
    let comparison = Comparison::new(Empties::Distinct)
        .at("requires", typed())
        .at("requires.resourceRequest.*", Rule::Quantity)
        .at("components", typed())
        .at("components", Rule::SortedBy(&["name"]))
        .at(
            "components.*.replicaRequirements.resourceRequest.*",
            Rule::Quantity,
        )
        .at("dependencies", typed())
        .at(
            "dependencies",
            Rule::SortedBy(&["apiVersion", "kind", "namespace", "name"]),
        );
    if case.form != Form::Interpreter {
        return comparison.differences(expected, got);
    }
    // A document says what it wants compared, and one without `output` wants no more than success.
    let wanted = |name: &str| expected.get(name).is_some();
    let compared: Map<String, Value> = got
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| wanted(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let expected = if expected.is_null() { &json!({}) } else { expected };
    comparison
        .with_excludes()
        .with_strict_integers()
        .differences(expected, &Value::Object(compared))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: Value, expected: &Value, got: &Value, differ: &[&str]) {
        let case = Case::recognise("f", 1, document).unwrap();
        let paths: Vec<String> = compare(&case, expected, got)
            .into_iter()
            .map(|difference| difference.path)
            .collect();
        assert_eq!(paths, differ, "{expected} against {got}");
    }

    fn generated() -> Value {
        json!({"op": "Retain", "layer": "native", "name": "a", "in": {}})
    }

    fn document() -> Value {
        json!({"operation": "Retain", "desiredObj": {}})
    }

    #[test]
    fn typed_results() {
        for row in [generated(), document()] {
            check(
                row.clone(),
                &json!({"replica": 1, "requires": {"resourceRequest": {"cpu": "1", "memory": "1Ki"}, "nodeClaim": null}}),
                &json!({"replica": 1, "requires": {"resourceRequest": {"cpu": "1000m", "memory": "1024"}}}),
                &[],
            );
            check(
                row.clone(),
                &json!({"requires": null}),
                &json!({"requires": {}}),
                &[],
            );
            check(
                row.clone(),
                &json!({"components": [{"name": "a", "replicas": 1}, {"name": "b", "replicas": 2}]}),
                &json!({"components": [{"name": "b", "replicas": 2}, {"name": "a", "replicas": 2}]}),
                &["components[0].replicas"],
            );
            let secret =
                |name: &str| json!({"apiVersion": "v1", "kind": "Secret", "namespace": "n", "name": name});
            check(
                row.clone(),
                &json!({"dependencies": [secret("a"), secret("b")]}),
                &json!({"dependencies": [secret("b"), secret("a")]}),
                &[],
            );
            check(
                row,
                &json!({"retained": {"a": {}}}),
                &json!({"retained": {}}),
                &["retained.a"],
            );
        }
    }

    #[test]
    fn documents_say_what_is_compared() {
        check(
            document(),
            &json!({"replica": 2}),
            &json!({"replica": 2, "requires": {"x": 1}}),
            &[],
        );
        check(
            document(),
            &json!({"replica": 2, "other": 1}),
            &json!({"replica": 2}),
            &["other"],
        );
        check(document(), &Value::Null, &json!({"replica": 2}), &[]);
        check(
            document(),
            &json!({"status": {"a": "{{EXCLUDE}}"}}),
            &json!({"status": {"a": 1}}),
            &[],
        );
        check(
            document(),
            &json!({"status": {"a": 2}}),
            &json!({"status": {"a": 2.0}}),
            &["status.a"],
        );
        check(
            generated(),
            &json!({"status": {"a": 2}}),
            &json!({"status": {"a": 2.0}}),
            &[],
        );
        check(
            generated(),
            &json!({"status": {"a": "{{EXCLUDE}}"}}),
            &json!({"status": {"a": 1}}),
            &["status.a"],
        );
    }

    #[test]
    fn the_time_of_the_run_becomes_its_symbol() {
        let mut answer = json!({"conditions": [{"lastTransitionTime": "2001-02-03T04:05:06Z", "message": "at 2001-02-03T04:05:06Z"}]});
        symbols(&mut answer, &NOW.to_string());
        assert_eq!(
            answer,
            json!({"conditions": [{"lastTransitionTime": "{{NOW}}", "message": "at 2001-02-03T04:05:06Z"}]})
        );
    }
}
