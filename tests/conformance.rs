//! Our answers against upstream's: the sample in `tests/vectors` always, the full set of recordings where it is at hand.
//!
//! [`PASSING`] says what passes. It only grows: an entry is never lowered or removed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::path::Path;

use karmada_conformance::report::{Report, Shown};
use karmada_conformance::{Answer, Case, Form, Tally, Verdict, run, shared};
use serde_json::{Value, json};

/// The verdict on the cases of one op in one file, or in the files of a folder.
struct Passing {
    /// The file or folder, below the folder of recordings.
    files: &'static str,
    /// `*` for every op in there.
    op: &'static str,
    /// How many pass at least, in the full set and in the sample; without, none fails.
    least: Option<(usize, usize)>,
}

const fn all(files: &'static str, op: &'static str) -> Passing {
    Passing {
        files,
        op,
        least: None,
    }
}

const PASSING: &[Passing] = &[
    all("core/names.jsonl.gz", "names"),
    all("core/selector-match.jsonl.gz", "selector-match"),
    all("core/cluster-match.jsonl.gz", "cluster-match"),
    all("core/taints.jsonl.gz", "tolerate"),
    all("core/taints.jsonl.gz", "need-eviction"),
    all("core/taints.jsonl.gz", "set-taints"),
    all("core/taints.jsonl.gz", "add-tolerations"),
    all("core/taints.jsonl.gz", "parse-taints"),
    all("core/eviction.jsonl.gz", "graceful-evict"),
    all("core/eviction.jsonl.gz", "remove-cluster"),
    all("core/eviction.jsonl.gz", "binding-queries"),
    all("core/eviction.jsonl.gz", "job-division"),
    all("core/eviction.jsonl.gz", "spread-replicas"),
    all("core/eviction.jsonl.gz", "merge-target-clusters"),
    all("core/eviction.jsonl.gz", "sum-target-clusters"),
    all("core/eviction.jsonl.gz", "merge-suspension"),
    all("core/eviction.jsonl.gz", "assess-eviction"),
    all("core/eviction.jsonl.gz", "preserved-label-state"),
    all("core/eviction.jsonl.gz", "app-failover"),
    all("core/eviction.jsonl.gz", "cluster-failover"),
    all("core/image.jsonl.gz", "image-parse"),
    all("core/image.jsonl.gz", "image-override"),
    all("core/override.jsonl.gz", "override"),
    all("interpreter-generated/native.jsonl.gz", "*"),
    all("core/prune.jsonl.gz", "prune"),
    all("core/prune.jsonl.gz", "workload-mutate"),
    all("core/prune.jsonl.gz", "retain-metadata"),
    all("core/prune.jsonl.gz", "retain"),
    all("core/select-policy.jsonl.gz", "select-policy"),
    all("core/select-policy.jsonl.gz", "preempt"),
    all("interpreter-generated/thirdparty.jsonl.gz", "*"),
    all("interpreter/", "*"),
    all("scheduler/small.jsonl.gz", "schedule"),
    all("scheduler/large.jsonl.gz", "schedule"),
    all("scheduler/region.jsonl.gz", "schedule"),
    all("scheduler/bench.jsonl.gz", "schedule"),
    all("scheduler/cycle.jsonl.gz", "cycle"),
    all("core/works.jsonl.gz", "works"),
    all("core/binding.jsonl.gz", "propagate"),
    all("core/default.jsonl.gz", "default"),
    all("core/validate.jsonl.gz", "validate"),
    all("pipeline/admission.jsonl.gz", "pipeline/admission"),
];

/// Differences shown of an entry that does not hold.
const SHOWN: usize = 5;

/// Where inside an answer the text of an error stands, of which only that there is one counts.
const ERROR_TEXTS: &[&str] = &["optionsError", "stateError", "errorText"];

/// A recorded answer with every text, number and flag changed; nothing where upstream crashed and any answer is right.
fn changed(case: &Case) -> Option<Value> {
    fn change(value: &mut Value, count: &mut usize) {
        match value {
            Value::Null => return,
            Value::Array(items) => return items.iter_mut().for_each(|item| change(item, count)),
            Value::Object(fields) => {
                let before = fields.len();
                fields.retain(|key, _| !ERROR_TEXTS.contains(&key.as_str()));
                *count += before - fields.len();
                return fields.values_mut().for_each(|field| change(field, count));
            }
            Value::Bool(flag) => *flag = !*flag,
            Value::Number(number) => *value = (-1.25 - number.as_f64().unwrap()).into(),
            Value::String(text) => text.push_str(" changed"),
        }
        *count += 1;
    }
    let recorded = case.expected.as_ref()?;
    if recorded.get("panic").is_some() {
        return None;
    }
    let (mut answer, mut count) = (recorded.clone(), 0);
    change(&mut answer, &mut count);
    // An error is an error whatever its text, and a result may have nothing to change.
    let any_error =
        matches!(case.form, Form::Core | Form::Generated { .. }) && recorded.get("error").is_some();
    Some(if any_error || count == 0 {
        json!({"changed": true})
    } else {
        answer
    })
}

/// Runs everything below a folder and checks the entries that concern it.
fn check(root: &Path, folder: &str, full: bool) {
    let entries = || PASSING.iter().filter(|entry| entry.files.starts_with(folder));
    let mut report = Report::default();
    let (mut crashes, mut differences) = (Vec::new(), Vec::<(usize, String)>::new());
    let mut blind = Vec::new();
    let entry_of = |file: &str, op: &str| {
        entries().position(|entry| (entry.op == "*" || entry.op == op) && file.starts_with(entry.files))
    };
    run::run_all(&root.join(folder), &mut |case, answer, verdict| {
        let file = Path::new(&case.file)
            .strip_prefix(root)
            .unwrap()
            .to_str()
            .unwrap();
        report.add(file, &case.op, verdict);
        if let Answer::Panic(text) = answer {
            crashes.push(format!(
                "{file}:{}: {} {}: {text}",
                case.number, case.op, case.name
            ));
        }
        // A comparison that finds nothing here would pass whatever we answered.
        if let (Verdict::Passed, false, Some(expected)) = (verdict, full, changed(case)) {
            let case = Case {
                expected: Some(expected),
                ..case.clone()
            };
            if run::judge(&case, answer) == Verdict::Passed {
                blind.push(format!("{file}:{}: {} {}", case.number, case.op, case.name));
            }
        }
        if let (Verdict::Failed(found), Some(entry)) = (verdict, entry_of(file, &case.op))
            && differences.iter().filter(|(of, _)| *of == entry).count() < SHOWN
        {
            let shown = found
                .iter()
                .map(|difference| Shown { case, difference }.to_string())
                .collect::<String>();
            differences.push((entry, shown));
        }
    })
    .unwrap();
    println!("{report}");

    let mut complaints = Vec::new();
    for (index, entry) in entries().enumerate() {
        let mut tally = Tally::default();
        for (_, _, line) in report
            .lines()
            .filter(|(file, op, _)| entry_of(file, op) == Some(index))
        {
            tally.merge(line);
        }
        let holds = match entry.least {
            None => tally.failed == 0 && tally.passed > 0,
            Some((in_full, in_sample)) => tally.passed >= if full { in_full } else { in_sample },
        };
        if !holds {
            complaints.push(format!("{} {}: {tally}", entry.files, entry.op));
            let of_entry = differences.iter().filter(|(of, _)| *of == index);
            complaints.extend(of_entry.map(|(_, difference)| difference.clone()));
        }
    }
    assert!(
        complaints.is_empty(),
        "no longer passes:\n{}",
        complaints.join("\n")
    );
    assert!(
        blind.is_empty(),
        "passes although the recorded answer was changed:\n{}",
        blind.join("\n")
    );
    assert!(crashes.is_empty(), "panicked:\n{}", crashes.join("\n"));
}

/// What fails without being listed is not covered yet; what panics is wrong in any case.
fn check_sample_and_full(folder: &str) {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    if sample.join(folder).exists() {
        check(&sample, folder, false);
    }
    match shared::find("vectors").unwrap() {
        Some(vectors) => check(&vectors, folder, true),
        None => {
            let count = PASSING
                .iter()
                .filter(|entry| entry.files.starts_with(folder))
                .count();
            // Past the capture of the test harness: who runs the tests must see what they did not do.
            let note = format!(
                "SKIPPED: {count} listed ops of {folder} on the full set of recordings, which is not there\n"
            );
            std::io::stderr().write_all(note.as_bytes()).unwrap();
        }
    }
}

#[test]
fn core() {
    check_sample_and_full("core/");
}

#[test]
fn scheduler() {
    check_sample_and_full("scheduler/");
}

#[test]
fn interpreter() {
    check_sample_and_full("interpreter/");
}

#[test]
fn interpreter_generated() {
    check_sample_and_full("interpreter-generated/");
}

#[test]
fn pipeline() {
    check_sample_and_full("pipeline/");
}

#[test]
fn every_entry_is_checked_once() {
    const FOLDERS: [&str; 5] = [
        "core/",
        "scheduler/",
        "interpreter/",
        "interpreter-generated/",
        "pipeline/",
    ];
    for (index, entry) in PASSING.iter().enumerate() {
        assert_eq!(
            FOLDERS
                .iter()
                .filter(|folder| entry.files.starts_with(**folder))
                .count(),
            1,
            "{}",
            entry.files
        );
        let twice = PASSING
            .iter()
            .skip(index + 1)
            .find(|other| other.op == entry.op && other.files == entry.files);
        assert!(twice.is_none(), "{} {} is listed twice", entry.files, entry.op);
    }
}
