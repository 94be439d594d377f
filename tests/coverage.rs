//! Holds the last two parts of `docs/coverage.md` against the sources: every section of the propagation model has the
//! items and table tests it names, and so has every pure function that the requirements list, or it is admitted to be
//! missing.
//!
//! The rows are kept in the document. Where the shared folder is at hand, they are compared with the subsections of
//! `api.md` section 4 and with the list in `controllers.md` section 18, of which none may be left out.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use karmada_conformance::shared;

/// Rows without an implementation, which the document calls open. There are none any more, and none may come.
const OPEN: [&str; 0] = [];

/// Sections of the requirements that belong to later work.
const LATER: [&str; 2] = ["10", "14"];

const MODEL: &str = "## api.md 4: the propagation model";
const HEADING: &str = "## controllers.md 18: pure functions";

/// The cells of the rows of all tables between two headings of the same level, without those above the rule.
fn rows<'a>(document: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let level = heading.split(' ').next().unwrap();
    let inside = document
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| line.split(' ').next() != Some(level));
    let mut rows = Vec::new();
    for line in inside.filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if cells.iter().all(|cell| cell.chars().all(|c| c == '-')) {
            rows.pop();
        } else {
            rows.push(cells);
        }
    }
    rows
}

/// What stands in backticks, as paths of modules and items.
fn paths(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn sources(below: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(below).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The source text of the deepest module that a path names, and what is left of the path.
fn module<'a>(root: &Path, path: &'a str) -> Option<(String, Vec<&'a str>)> {
    let mut segments = path.split("::");
    let mut folder = root.join(segments.next()?.replace('_', "-")).join("src");
    let mut left: Vec<&str> = segments.collect();
    let mut file = None;
    while let Some(segment) = left.first().copied() {
        let (next, alone) = (folder.join(segment), folder.join(format!("{segment}.rs")));
        if !next.is_dir() && !alone.is_file() {
            break;
        }
        file = alone.is_file().then_some(alone);
        folder = next;
        left.remove(0);
    }
    let mut files: Vec<PathBuf> = file.into_iter().collect();
    // The source folder of a whole crate is no module.
    if !folder.ends_with("src") {
        sources(&folder, &mut files);
    }
    files.sort();
    let text: String = files
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    (!text.is_empty()).then_some((text, left))
}

/// Whether a line declares a public item of that name.
fn declares(line: &str, name: &str) -> bool {
    let kinds = ["fn", "struct", "enum", "trait", "const"];
    let public = line.trim_start().strip_prefix("pub ").unwrap_or_default();
    let public = public
        .strip_prefix("const fn ")
        .map_or(public.to_owned(), |rest| format!("fn {rest}"));
    kinds.iter().any(|kind| {
        let rest = public.strip_prefix(kind).and_then(|rest| rest.strip_prefix(' '));
        let rest = rest.and_then(|rest| rest.strip_prefix(name));
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

fn item_exists(root: &Path, path: &str) -> bool {
    module(root, path).is_some_and(|(text, left)| {
        !left.is_empty()
            && left
                .iter()
                .all(|name| text.lines().any(|line| declares(line, name)))
    })
}

fn test_exists(root: &Path, path: &str) -> bool {
    module(root, path).is_some_and(|(text, left)| {
        let Some(name) = left.last() else {
            return false;
        };
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        lines
            .windows(2)
            .any(|pair| pair[0] == "#[test]" && pair[1].starts_with(&format!("fn {name}()")))
    })
}

fn document(root: &Path) -> String {
    fs::read_to_string(root.join("docs/coverage.md")).unwrap()
}

/// Whether a row has items and table tests, all of which exist.
fn check_row(root: &Path, name: &str, items: &str, tests: &str) -> Result<(), String> {
    for (what, cell, exists) in [
        ("item", items, item_exists as fn(&Path, &str) -> bool),
        ("test", tests, test_exists),
    ] {
        let paths = paths(cell);
        if paths.is_empty() {
            return Err(format!("{name} has no {what}"));
        }
        if let Some(path) = paths.into_iter().find(|path| !exists(root, path)) {
            return Err(format!("{name}: there is no {what} {path}"));
        }
    }
    Ok(())
}

/// The numbers of the sections of the model, each of which has a row.
fn check_model(root: &Path, document: &str) -> Result<BTreeSet<String>, String> {
    let mut known = BTreeSet::new();
    for row in rows(document, MODEL) {
        let [section, items, tests] = row[..] else {
            return Err(format!("cannot read the row {row:?}"));
        };
        check_row(root, section, items, tests)?;
        let number = section.split(' ').next().unwrap_or_default();
        if !known.insert(number.to_owned()) {
            return Err(format!("{number} is listed twice"));
        }
    }
    Ok(known)
}

fn check(root: &Path, document: &str) -> Result<BTreeSet<String>, String> {
    let mut known = BTreeSet::new();
    let mut open = Vec::new();
    for row in rows(document, HEADING) {
        if !known.insert(row[0].to_owned()) {
            return Err(format!("{} is listed twice", row[0]));
        }
        match row[..] {
            [name, items, tests] => check_row(root, name, items, tests)?,
            [name, "open"] => open.push(name),
            [_, section] if LATER.contains(&section) => {}
            _ => return Err(format!("cannot read the row {row:?}")),
        }
    }
    let (listed, admitted) = (BTreeSet::from_iter(open), BTreeSet::from(OPEN));
    if listed != admitted {
        return Err(format!("open are {listed:?}, admitted {admitted:?}"));
    }
    Ok(known)
}

#[test]
fn every_row_has_an_item_and_a_test_or_is_admitted_to_be_open() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let known = check(root, &document(root)).unwrap();
    assert!(!known.is_empty());
    let Some(list) = shared::find("spec/controllers.md").unwrap() else {
        return;
    };
    let list = fs::read_to_string(list).unwrap();
    let wanted = rows(
        &list,
        "## 18. Pure-function index (unit-test targets for `karmada-core`)",
    );
    let later: BTreeSet<&str> = wanted
        .iter()
        .filter(|row| LATER.contains(&row[2]))
        .map(|row| row[0])
        .collect();
    let wanted: BTreeSet<String> = wanted.iter().map(|row| row[0].to_owned()).collect();
    assert_eq!(known, wanted);
    let document = document(root);
    let postponed = rows(&document, HEADING)
        .into_iter()
        .filter(|row| row.len() == 2 && row[1] != "open");
    assert_eq!(postponed.map(|row| row[0]).collect::<BTreeSet<_>>(), later);
}

#[test]
fn every_section_of_the_model_has_items_and_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let known = check_model(root, &document(root)).unwrap();
    assert!(!known.is_empty());
    let Some(model) = shared::find("spec/api.md").unwrap() else {
        return;
    };
    let model = fs::read_to_string(model).unwrap();
    let wanted = model
        .lines()
        .filter_map(|line| line.strip_prefix("### 4."))
        .filter_map(|heading| heading.split(' ').next())
        .map(|number| format!("4.{number}"));
    assert_eq!(known, wanted.collect());
}

#[test]
fn a_row_that_is_not_true_is_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let truth = document(root);
    let (item, test) = (
        "`karmada_core::names::work_name`",
        "`karmada_core::names::tests::derives`",
    );
    let refuses = |from: &str, to: &str, reason: &str| {
        assert!(truth.contains(from), "{from}");
        let error = check(root, &truth.replacen(from, to, 1)).unwrap_err();
        assert!(error.contains(reason), "{error}");
    };
    refuses(item, "`karmada_core::names::work_names`", "no item");
    refuses(item, "`karmada_core::nowhere::work_name`", "no item");
    refuses(item, "`karmada_core::names`", "no item");
    refuses(test, "`karmada_core::names::tests::derive`", "no test");
    refuses(test, "`karmada_core::names::work_name`", "no test");
    refuses(test, "none", "has no test");
    refuses("`list_plan` | 10 |", "`list_plan` | open |", "admitted");
    refuses("| `remedy_actions` |", "| `is_controller_enabled` |", "twice");

    let (item, test) = (
        "`karmada_core::prune::prune`",
        "`karmada_core::prune::tests::kinds`",
    );
    let refuses = |from: &str, to: &str, reason: &str| {
        assert!(truth.contains(from), "{from}");
        let error = check_model(root, &truth.replacen(from, to, 1)).unwrap_err();
        assert!(error.contains(reason), "{error}");
    };
    refuses(item, "`karmada_core::prune::pruned`", "no item");
    refuses(test, "`karmada_core::prune::tests::kind`", "no test");
    refuses(test, "none", "has no test");
    refuses("| 4.12 pruning |", "| 4.13 pruning |", "twice");
}
