//! Holds `docs/scheduler-coverage.md` against the tests it names, and against the tables of the requirements where the
//! shared folder is at hand (`KARMADA_SHARED`).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Sections with a table that says nothing of decisions: the protocol between a host and estimators.
const ELSEWHERE: [&str; 1] = ["5.6"];

/// A line of a table.
struct Row<'a> {
    /// The number of the section it is in.
    section: &'a str,
    /// The first cell of the head of the table.
    head: &'a str,
    cells: Vec<&'a str>,
}

/// The rows of all tables, without heads.
fn rows<'a>(document: &'a str, level: &str) -> Vec<Row<'a>> {
    let (mut section, mut head, mut rows) = ("", None, Vec::new());
    for line in document.lines() {
        if let Some(title) = line.strip_prefix(level) {
            section = title.split(' ').next().unwrap();
        }
        if !line.starts_with('|') {
            head = None;
            continue;
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        match head {
            None => head = Some(cells[0]),
            Some(_) if cells.iter().all(|cell| cell.chars().all(|c| c == '-')) => {}
            Some(head) => rows.push(Row { section, head, cells }),
        }
    }
    rows
}

/// What stands in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The files that may hold a test.
fn files(path: &str) -> Vec<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut segments: Vec<&str> = path.split("::").collect();
    segments.pop();
    if !segments[0].starts_with("karmada_") {
        return vec![package.join("tests").join(segments.join("/") + ".rs")];
    }
    let library = segments.remove(0).replace('_', "-");
    if segments.last() == Some(&"tests") {
        segments.pop();
    }
    let module = package
        .join("..")
        .join(library)
        .join("src")
        .join(segments.join("/"));
    vec![
        module.with_extension("rs"),
        module.join("mod.rs"),
        module.join("tests.rs"),
    ]
}

/// The text of a test.
fn test(path: &str) -> Option<String> {
    let start = format!("fn {}(", path.rsplit("::").next()?);
    for text in files(path)
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
    {
        let lines: Vec<&str> = text.lines().collect();
        let first = lines
            .windows(2)
            .position(|pair| pair[0].trim() == "#[test]" && pair[1].trim_start().starts_with(&start));
        if let Some(first) = first {
            let indent = lines[first].split('#').next().unwrap();
            let end = format!("{indent}}}");
            let body = lines[first..].iter().take_while(|line| **line != end);
            return Some(body.copied().collect::<Vec<_>>().join("\n"));
        }
    }
    None
}

fn check_names(document: &str) -> Result<usize, String> {
    let rows = rows(document, "## ");
    for row in &rows {
        let [name, tests, cases] = row.cells[..] else {
            return Err(format!("cannot read {:?}", row.cells));
        };
        let tests = quoted(tests);
        if tests.is_empty() {
            return Err(format!("{} {name} has no test", row.section));
        }
        let mut texts = String::new();
        for path in tests {
            texts += &test(path).ok_or_else(|| format!("{} {name}: there is no test {path}", row.section))?;
        }
        if let Some(case) = quoted(cases).into_iter().find(|case| !texts.contains(case)) {
            return Err(format!("{} {name}: there is no case {case}", row.section));
        }
    }
    Ok(rows.len())
}

/// Whether each table has a row here for every row there, in the same order; a name here may say more.
fn check_tables(document: &str, requirements: &str) -> Result<usize, String> {
    let mut wanted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in rows(requirements, "### ") {
        let decision = ["2.", "3.", "4.", "5."]
            .iter()
            .any(|part| row.section.starts_with(part));
        if decision && !ELSEWHERE.contains(&row.section) {
            wanted.entry(row.section).or_default().push(row.cells[0]);
        }
    }
    let mut known: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in rows(document, "## ").iter().filter(|row| row.head == "Row") {
        known.entry(row.section).or_default().push(row.cells[0]);
    }
    if !known.keys().eq(wanted.keys()) {
        return Err(format!(
            "tables of {:?} instead of {:?}",
            known.keys(),
            wanted.keys()
        ));
    }
    for (section, names) in &wanted {
        let known = &known[section];
        let same =
            known.len() == names.len() && known.iter().zip(names).all(|(ours, name)| ours.starts_with(name));
        if !same {
            return Err(format!("{section}: {known:?} instead of {names:?}"));
        }
    }
    Ok(wanted.values().map(Vec::len).sum())
}

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scheduler-coverage.md");
    fs::read_to_string(path).unwrap()
}

#[test]
fn every_row_has_its_test() {
    assert!(check_names(&document()).unwrap() > 50);
}

#[test]
fn every_table_has_all_rows() {
    let shared = std::env::var("KARMADA_SHARED").unwrap_or_else(|_| "../../shared".into());
    let path = PathBuf::from(shared).join("spec/scheduler.md");
    let Ok(requirements) = fs::read_to_string(&path) else {
        assert!(
            std::env::var("KARMADA_REQUIRE_SHARED").is_err(),
            "{} is missing",
            path.display()
        );
        println!("SKIPPED {}", path.display());
        return;
    };
    assert_eq!(check_tables(&document(), &requirements), Ok(23));
}

#[test]
fn what_is_not_true_is_found() {
    let truth = document();
    let refuses = |from: &str, to: &str, reason: &str| {
        assert!(truth.contains(from), "{from}");
        let error = check_names(&truth.replacen(from, to, 1)).unwrap_err();
        assert!(error.contains(reason), "{error}");
    };
    refuses(
        "`worked_examples::strategies`",
        "`worked_examples::strategy`",
        "no test",
    );
    refuses("`worked_examples::strategies`", "`worked::strategies`", "no test");
    refuses(
        "`worked_examples::strategies`",
        "`worked_examples::divided`",
        "no test",
    );
    refuses("`worked_examples::strategies`", "", "has no test");
    refuses("`\"Weighted, nil\"`", "`\"Weighted, none\"`", "no case");
    // A case of another test.
    refuses("`\"Weighted, nil\"`", "`\"fresh 9\"`", "no case");
    let requirements =
        "### 2.6 In-tree plugins\n| plugin |\n|---|\n| A |\n| B |\n### 6.1 Else\n| x |\n|---|\n| y |";
    let ours = |rows: &str| format!("## 2.6 In-tree plugins\n| Row |\n|---|\n{rows}");
    assert_eq!(check_tables(&ours("| A |\n| B, twice |"), requirements), Ok(2));
    for wrong in ["| A |", "| A |\n| B |\n| B |", "| B |\n| A |", ""] {
        assert!(check_tables(&ours(wrong), requirements).is_err(), "{wrong}");
    }
}
