//! Asking our code, and judging what it says.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Once;

use serde_json::{Value, json};

use crate::case::{Case, Form, RunError};
use crate::compare::{Difference, Side};
use crate::ops::{self, Op};
use crate::read;

/// What our code says to a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A value in the vectors' own output shape.
    Value(Value),
    /// Anything else it said.
    Error(RunError),
    /// It panicked; the text says where.
    Panic(String),
    /// There is no such op.
    UnknownOp,
}

/// Whether an answer is the recorded one.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It is.
    Passed,
    /// It is not; at least one difference.
    Failed(Vec<Difference>),
    /// There is nothing to compare with; the reason.
    Skipped(String),
}

/// Puts a case to our code. A panic is caught and its usual output suppressed.
pub fn run(case: &Case) -> Answer {
    match ops::find(case) {
        Some(op) => run_op(op, case),
        None => Answer::UnknownOp,
    }
}

/// As [`run`], with the op given.
pub fn run_op(op: &Op, case: &Case) -> Answer {
    match catch(|| (op.run)(case)) {
        Ok(Ok(value)) => Answer::Value(value),
        Ok(Err(error)) => Answer::Error(error),
        Err(text) => Answer::Panic(text),
    }
}

/// Runs the cases of a file, or of every file below a folder, and hands each with its answer and verdict to `each`.
///
/// # Errors
/// The first row or file that cannot be read.
pub fn run_all(path: &Path, each: &mut dyn FnMut(&Case, &Answer, &Verdict)) -> Result<(), read::Error> {
    for file in read::files(path)? {
        let mut unread = None;
        read::cases(&file, &mut |case| match case {
            Ok(case) => {
                let answer = run(&case);
                let verdict = judge(&case, &answer);
                each(&case, &answer, &verdict);
            }
            Err(error) => unread = unread.take().or(Some(error)),
        })?;
        if let Some(error) = unread {
            return Err(error);
        }
    }
    Ok(())
}

impl Answer {
    /// The answer as the vectors write one, before any comparison.
    ///
    /// A typed error of ours is `{"error": text}`, with `errorKind` where it has a class. What is no answer at all has a
    /// shape that equals no recorded one: `{"panic": text}`, `{"unsupported operation": text}`, `{"malformed": text}`
    /// and `{"skipped": reason}`.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Value(value) => value.clone(),
            Self::Error(RunError::Failed { text, kind: None }) => json!({"error": text}),
            Self::Error(RunError::Failed {
                text,
                kind: Some(kind),
            }) => json!({"error": text, "errorKind": kind}),
            Self::Error(RunError::Unsupported(text)) => json!({"unsupported operation": text}),
            Self::Error(RunError::Malformed(text)) => json!({"malformed": text}),
            Self::Error(RunError::OutOfReach(reason)) => json!({"skipped": reason}),
            Self::Panic(text) => json!({"panic": text}),
            Self::UnknownOp => json!({"unsupported operation": "not an op of this runner"}),
        }
    }
}

/// Compares an answer with the recorded one.
pub fn judge(case: &Case, answer: &Answer) -> Verdict {
    match ops::find(case) {
        Some(op) => judge_op(op, case, answer),
        None => differs(recorded(case), "not an op of this runner"),
    }
}

/// As [`judge`], with the op given.
pub fn judge_op(op: &Op, case: &Case, answer: &Answer) -> Verdict {
    match answer {
        Answer::UnknownOp => return differs(recorded(case), "not an op of this runner"),
        Answer::Panic(text) => return differs(recorded(case), &format!("a panic: {text}")),
        Answer::Error(RunError::Unsupported(text)) => {
            return differs(recorded(case), &format!("refused as not covered: {text}"));
        }
        Answer::Error(RunError::Malformed(text)) => {
            return differs(recorded(case), &format!("the case cannot be read: {text}"));
        }
        Answer::Error(RunError::OutOfReach(reason)) => return Verdict::Skipped(reason.clone()),
        Answer::Value(_) | Answer::Error(RunError::Failed { .. }) => {}
    }
    if let Some(reason) = case.unanswered() {
        return Verdict::Skipped(reason.to_owned());
    }
    match (outcome(case), answer) {
        // Upstream crashed: anything but a crash is right.
        (Outcome::Panic, _) | (Outcome::Error, Answer::Error(_)) => Verdict::Passed,
        (Outcome::Error, _) => Verdict::Failed(vec![Difference {
            path: ".".into(),
            expected: recorded(case),
            got: Side::Value(answer.to_json()),
        }]),
        (Outcome::Value, Answer::Value(got)) => {
            let nothing = Value::Null;
            let expected = case.expected.as_ref().unwrap_or(&nothing);
            let differences = (op.compare)(case, expected, got);
            if differences.is_empty() {
                Verdict::Passed
            } else {
                Verdict::Failed(differences)
            }
        }
        (Outcome::Value, _) => Verdict::Failed(vec![Difference {
            path: ".".into(),
            expected: recorded(case),
            got: Side::Value(answer.to_json()),
        }]),
    }
}

fn differs(expected: Side, got: &str) -> Verdict {
    Verdict::Failed(vec![Difference {
        path: ".".into(),
        expected,
        got: Side::Words(got.to_owned()),
    }])
}

fn recorded(case: &Case) -> Side {
    case.expected.as_ref().into()
}

/// What upstream did.
#[derive(Clone, Copy)]
enum Outcome {
    Value,
    Error,
    Panic,
}

/// `{"error": ...}` and `{"panic": ...}` take the place of a result; inside a result such keys mean something else.
fn outcome(case: &Case) -> Outcome {
    let Some(Value::Object(expected)) = &case.expected else {
        return Outcome::Value;
    };
    let only =
        |keys: &[&str]| expected.len() == keys.len() && keys.iter().all(|key| expected.contains_key(*key));
    match case.form {
        Form::Core | Form::Generated { .. } if only(&["error"]) => Outcome::Error,
        Form::Core if only(&["panic"]) => Outcome::Panic,
        // The class `panic` asks for an ordinary error as well.
        Form::Generated { .. } if only(&["error", "errorKind"]) => Outcome::Error,
        _ => Outcome::Value,
    }
}

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static CAUGHT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs a function; a panic becomes its text and place. Panics of other threads print as they always do.
fn catch<T>(function: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CATCHING.get() {
                return usual(info);
            }
            let payload = info.payload();
            let text = payload
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| payload.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "no text".into());
            let place = info
                .location()
                .map_or_else(String::new, |location| format!(" at {location}"));
            CAUGHT.with_borrow_mut(|caught| *caught = text + &place);
        }));
    });
    let before = CATCHING.replace(true);
    // Ops take the case by shared reference and keep no state: nothing half-changed is seen afterwards.
    let result = panic::catch_unwind(AssertUnwindSafe(function));
    CATCHING.set(before);
    result.map_err(|_| CAUGHT.take())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare;

    fn op(run: fn(&Case) -> Result<Value, RunError>) -> Op {
        Op {
            name: "x",
            run,
            compare: compare::exact,
        }
    }

    fn core(out: Option<Value>) -> Case {
        let mut row = json!({"op": "x", "name": "a", "in": {}});
        if let Some(out) = out {
            row["out"] = out;
        }
        Case::recognise("f", 1, row).unwrap()
    }

    fn generated(out: &Value) -> Case {
        let row = json!({"op": "x", "layer": "native", "name": "a", "in": {}, "out": out});
        Case::recognise("f", 1, row).unwrap()
    }

    #[track_caller]
    fn check(case: &Case, run: fn(&Case) -> Result<Value, RunError>, passes: bool) {
        let op = op(run);
        let verdict = judge_op(&op, case, &run_op(&op, case));
        match verdict {
            Verdict::Passed => assert!(passes, "passed"),
            Verdict::Failed(differences) => {
                assert!(!passes, "{differences:?}");
                assert!(!differences.is_empty());
            }
            Verdict::Skipped(reason) => panic!("skipped: {reason}"),
        }
    }

    fn one(_: &Case) -> Result<Value, RunError> {
        Ok(json!({"value": 1}))
    }

    fn error(_: &Case) -> Result<Value, RunError> {
        Err(RunError::Failed {
            text: "no".into(),
            kind: None,
        })
    }

    fn unsupported(_: &Case) -> Result<Value, RunError> {
        Err(RunError::Unsupported("later".into()))
    }

    fn malformed(_: &Case) -> Result<Value, RunError> {
        Err(RunError::Malformed("no `fn`".into()))
    }

    fn crash(_: &Case) -> Result<Value, RunError> {
        panic!("boom {}", 7)
    }

    #[test]
    fn values_errors_and_panics_are_told_apart() {
        let value = || core(Some(json!({"value": 1})));
        check(&value(), one, true);
        check(&core(Some(json!({"value": 2}))), one, false);
        check(&value(), error, false);
        check(&core(Some(json!({"error": "other text"}))), error, true);
        check(&core(Some(json!({"error": "other text"}))), one, false);
        // A result that happens to have such a key is a result.
        check(&core(Some(json!({"error": "x", "value": 1}))), error, false);
        check(&core(Some(json!({"panic": "nil"}))), one, true);
        check(&core(Some(json!({"panic": "nil"}))), error, true);
        check(
            &generated(&json!({"error": "x", "errorKind": "panic"})),
            error,
            true,
        );
        check(
            &generated(&json!({"error": "x", "errorKind": "native"})),
            one,
            false,
        );
        check(&generated(&json!({"unsupported": true})), one, false);
        for case in [
            value(),
            core(Some(json!({"error": "x"}))),
            core(Some(json!({"panic": "x"}))),
        ] {
            for no_answer in [unsupported, malformed, crash] {
                check(&case, no_answer, false);
            }
        }
    }

    #[test]
    fn rows_without_an_answer_are_skipped_but_must_run() {
        let op = op(one);
        let case = core(None);
        assert_eq!(
            judge_op(&op, &case, &run_op(&op, &case)),
            Verdict::Skipped("no `out` recorded".into())
        );
        check(&case, crash, false);
        check(&case, unsupported, false);
        let row = json!({"name": "a", "clusters": [], "spec": {}});
        let case = Case::recognise("f", 1, row).unwrap();
        assert_eq!(
            judge_op(&op, &case, &run_op(&op, &case)),
            Verdict::Skipped("no `expect` recorded".into())
        );
    }

    #[test]
    fn what_is_declared_out_of_reach_is_skipped() {
        let op = op(|_| Err(RunError::OutOfReach("needs a server".into())));
        let case = core(Some(json!({"value": 1})));
        assert_eq!(
            judge_op(&op, &case, &run_op(&op, &case)),
            Verdict::Skipped("needs a server".into())
        );
    }

    #[test]
    fn a_panic_says_what_and_where() {
        let Answer::Panic(text) = run_op(&op(crash), &core(None)) else {
            panic!("not caught")
        };
        assert!(
            text.starts_with("boom 7 at ") && text.contains("run.rs:"),
            "{text}"
        );
        // Catching ends with the case.
        assert!(!CATCHING.get());
    }

    #[test]
    fn an_unknown_op_fails() {
        let row = json!({"op": "never heard of", "name": "a", "in": {}, "out": {"panic": "x"}});
        let case = Case::recognise("f", 1, row).unwrap();
        let answer = run(&case);
        assert_eq!(answer, Answer::UnknownOp);
        assert!(matches!(judge(&case, &answer), Verdict::Failed(_)));
    }

    #[test]
    fn answers_are_written_as_the_vectors_write_them() {
        let failed = |kind: Option<&str>| {
            Answer::Error(RunError::Failed {
                text: "no".into(),
                kind: kind.map(str::to_owned),
            })
        };
        assert_eq!(Answer::Value(json!({"value": 1})).to_json(), json!({"value": 1}));
        assert_eq!(failed(None).to_json(), json!({"error": "no"}));
        assert_eq!(
            failed(Some("native")).to_json(),
            json!({"error": "no", "errorKind": "native"})
        );
        assert_eq!(Answer::Panic("boom".into()).to_json(), json!({"panic": "boom"}));
    }
}
