//! The command line tool, on files of its own making.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use karmada_conformance::command;
use serde_json::{Value, json};

/// A folder of its own below the system's temporary one, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("karmada-conformance-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

/// Exit status, output and error output.
fn run(arguments: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = command::run(arguments.iter().map(OsString::from), &mut out, &mut err);
    (
        status,
        String::from_utf8(out).unwrap(),
        String::from_utf8(err).unwrap(),
    )
}

fn name_case(name: &str, value: &str) -> Value {
    let input = json!({"fn": "GenerateExecutionSpaceName", "args": ["m1"]});
    json!({"op": "names", "name": name, "in": input, "out": {"value": value}})
}

const RIGHT: &str = "karmada-es-m1";

#[test]
fn right_answers_pass() {
    let folder = Folder::new("right");
    let file = folder.write("any name.jsonl", format!("{}\n\n", name_case("a", RIGHT)));
    assert_eq!(
        run(&[&file]),
        (
            0,
            format!("{file} names: 1 passed, 0 failed\ntotal: 1 passed, 0 failed\n"),
            String::new()
        )
    );
}

#[test]
fn a_wrong_expectation_is_found_and_shown() {
    let folder = Folder::new("wrong");
    let rows = [
        name_case("a", RIGHT),
        name_case("b", "else"),
        name_case("c", "else"),
    ]
    .map(|row| row.to_string());
    let file = folder.write("f.jsonl", rows.join("\n"));
    let (status, out, err) = run(&[&file, "--show", "1"]);
    assert_eq!((status, err.as_str()), (1, ""));
    assert_eq!(
        out,
        format!(
            "{file}:2: names b\n  path      value\n  expected  \"else\"\n  got       \"{RIGHT}\"\n\
             {file} names: 1 passed, 2 failed\ntotal: 1 passed, 2 failed\n"
        )
    );
}

#[test]
fn an_unknown_op_fails() {
    let folder = Folder::new("unknown");
    let file = folder.write(
        "f.jsonl",
        r#"{"op":"conjure","name":"a","in":{},"out":{"panic":"x"}}"#,
    );
    let (status, out, _) = run(&[&file, "--show", "1"]);
    assert_eq!(status, 1);
    assert!(out.contains("got       not an op of this runner"), "{out}");
    assert!(
        out.ends_with("conjure: 0 passed, 1 failed\ntotal: 0 passed, 1 failed\n"),
        "{out}"
    );
}

#[test]
fn rows_without_an_answer_are_skipped_and_counted() {
    let folder = Folder::new("skipped");
    let mut row = name_case("a", RIGHT);
    row.as_object_mut().unwrap().remove("out");
    let file = folder.write("f.jsonl", format!("{row}\n{}", name_case("b", RIGHT)));
    let (status, out, _) = run(&[&file]);
    assert_eq!(status, 0);
    assert!(
        out.ends_with("skipped, no `out` recorded: 1\ntotal: 1 passed, 0 failed, 1 skipped\n"),
        "{out}"
    );
}

#[test]
fn folders_are_read_recursively_and_in_order() {
    let folder = Folder::new("folders");
    let row = name_case("a", RIGHT).to_string();
    folder.write("b/z.jsonl", &row);
    folder.write("b/a.jsonl.gz", gzip(&row));
    folder.write("a.jsonl", &row);
    folder.write("README.md", "no cases");
    folder.write(
        "c/retain.yaml",
        "name: x\noperation: conjure\ndesiredObj: {}\n---\n# nothing\n---\nname: y\noperation: CONJURE\nobservedObj: {}\n",
    );
    let (status, out, err) = run(&[&folder.path("")]);
    assert_eq!((status, err.as_str()), (1, ""));
    let names = [
        "a.jsonl names",
        "b/a.jsonl.gz names",
        "b/z.jsonl names",
        "c/retain.yaml conjure",
        "c/retain.yaml CONJURE",
    ];
    for (line, name) in out.lines().zip(names) {
        assert!(line.contains(name), "{line}");
    }
    assert!(out.ends_with("total: 3 passed, 2 failed\n"), "{out}");
}

#[test]
fn only_some_ops() {
    let folder = Folder::new("only");
    let other = json!({"op": "conjure", "name": "b", "in": {}, "out": {}});
    let file = folder.write("f.jsonl", format!("{}\n{other}", name_case("a", RIGHT)));
    assert_eq!(run(&[&file]).0, 1);
    let (status, out, _) = run(&[&file, "--only", "names"]);
    assert_eq!(status, 0);
    assert!(out.ends_with("total: 1 passed, 0 failed\n"), "{out}");
    assert_eq!(run(&[&file, "--only", "no such op"]).0, 2);
}

#[test]
fn answers_are_emitted_before_any_comparison() {
    let folder = Folder::new("emit");
    let failing = json!({"op": "names", "name": "b", "in": {"fn": "GetClusterName", "args": ["default"]}, "out": {"error": "x"}});
    let rows = [
        name_case("a", "else"),
        failing,
        json!({"op": "conjure", "name": "c", "in": {}, "out": {}}),
    ];
    let file = folder.write("f.jsonl", rows.map(|row| row.to_string()).join("\n"));
    let emitted = folder.path("emitted.jsonl");
    assert_eq!(run(&[&file, "--emit", &emitted]).0, 1);
    let lines: Vec<Value> = fs::read_to_string(&emitted)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        lines[0],
        json!({"file": file, "name": "a", "out": {"value": RIGHT}})
    );
    assert_eq!(lines[1]["name"], "b");
    assert!(lines[1]["out"]["error"].is_string());
    // What is no answer must not look like one.
    assert_eq!(
        lines[2]["out"],
        json!({"unsupported operation": "not an op of this runner"})
    );
}

#[test]
fn unreadable_input_is_its_own_status() {
    let folder = Folder::new("unreadable");
    let row = name_case("a", RIGHT).to_string();
    #[track_caller]
    fn check(arguments: &[&str], complaint: &str) {
        let (status, _, err) = run(arguments);
        assert_eq!(status, 2, "{err}");
        assert!(err.contains(complaint), "{err}");
    }
    check(&[&folder.path("missing.jsonl")], "missing.jsonl: cannot be read");
    check(&[&folder.write("notes.txt", &row)], "is no .jsonl");
    check(&[&folder.write("empty.jsonl", "\n")], "no case found");
    fs::create_dir_all(folder.path("nothing")).unwrap();
    check(&[&folder.path("nothing")], "no case found");
    check(
        &[&folder.write("syntax.jsonl", format!("{row}\n{{"))],
        "syntax.jsonl:2: ",
    );
    check(
        &[&folder.write("binary.jsonl", b"\xff\xfe")],
        "binary.jsonl: cannot be read",
    );
    check(
        &[&folder.write("other.jsonl", format!("{row}\n{{\"kind\":\"Pod\"}}"))],
        "other.jsonl:2: no known case: keys kind",
    );
    check(&[&folder.write("syntax.yaml", "operation: [")], "syntax.yaml:1: ");
    check(
        &[&folder.write("plain.jsonl.gz", &row)],
        "plain.jsonl.gz: cannot be read",
    );
    let whole = gzip(&format!("{row}\n").repeat(1000));
    let cut = folder.write("cut.jsonl.gz", &whole[..whole.len() - 20]);
    check(&[&cut], "cut.jsonl.gz: cannot be read");
    let right = folder.write("right.jsonl", &row);
    check(
        &[&right, "--emit", &folder.path("no/such/folder")],
        "cannot write",
    );
    check(&[&right, "--verbose"], "unknown option --verbose");
    check(&[], "no PATH given");
    // The rest is run and counted all the same.
    let (status, out, _) = run(&[&folder.path("missing.jsonl"), &right]);
    assert_eq!((status, out.ends_with("total: 1 passed, 0 failed\n")), (2, true));
}

#[test]
fn help_goes_to_the_output() {
    let (status, out, err) = run(&["--help"]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(
        out.contains("usage: conformance PATH") && out.contains("cluster-match"),
        "{out}"
    );
}
