//! Holds `docs/scheduler-coverage.md` against the tests it names, and against the paragraphs, list items, tables and
//! examples of the requirements where the shared folder is at hand (`KARMADA_SHARED`).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What a row says instead of a test when its rule is about what only a host does: connections, workers, flags, metrics.
const LATER: &str = "later: client";

/// The rules for which that is so: section and unit.
const OF_THE_CLIENT: &[(&str, usize)] = &[
    ("1.6", 1),
    ("1.7", 9),
    ("5.6", 1),
    ("5.6", 2),
    ("5.6", 16),
    ("5.6", 17),
    ("6.2", 6),
    ("7.3", 5),
    ("7.4", 1),
];

/// A row of the document.
#[derive(Debug)]
struct Row<'a> {
    /// The number of the section it is in.
    section: &'a str,
    /// Which units of the section it is about: one, or from one to another. In section 8.4 the defect.
    units: &'a str,
    rule: &'a str,
    tests: &'a str,
    cases: &'a str,
}

impl Row<'_> {
    /// The first and the last unit.
    fn range(&self) -> Option<(usize, usize)> {
        let (first, last) = self.units.split_once('-').unwrap_or((self.units, self.units));
        let range = (first.parse().ok()?, last.parse().ok()?);
        (range.0 <= range.1).then_some(range)
    }
}

/// The rows of all tables, without heads.
fn rows(document: &str) -> Result<Vec<Row<'_>>, String> {
    let (mut section, mut line_of_table, mut rows) = ("", 0, Vec::new());
    for line in document.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            section = title.split(' ').next().unwrap_or_default();
        }
        line_of_table = if line.starts_with('|') {
            line_of_table + 1
        } else {
            0
        };
        if line_of_table > 2 {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [units, rule, tests, cases] = cells[..] else {
                return Err(format!("{section}: cannot read {line}"));
            };
            rows.push(Row {
                section,
                units,
                rule,
                tests,
                cases,
            });
        }
    }
    Ok(rows)
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
    let (folder, modules) = match segments.split_first() {
        Some((library, modules)) if library.starts_with("karmada_") => (
            package.join("..").join(library.replace('_', "-")).join("src"),
            modules,
        ),
        _ => (package.join("tests"), &segments[..]),
    };
    let mut files = Vec::new();
    // Tests are in a file of their own or in that of the module they test.
    for modules in [Some(modules), modules.strip_suffix(&["tests"])]
        .into_iter()
        .flatten()
    {
        let file = folder.join(modules.join("/"));
        files.extend([file.with_extension("rs"), file.join("mod.rs")]);
    }
    files
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

/// Whether there is a test for every row, and in it every case.
fn check_names(rows: &[Row<'_>]) -> Result<(), String> {
    for row @ Row {
        section, units, rule, ..
    } in rows
    {
        let place = format!("{section}, {units}: {rule}");
        if row.tests == LATER {
            continue;
        }
        let tests = quoted(row.tests);
        if tests.is_empty() {
            return Err(format!("{place}: there is no test"));
        }
        let mut texts = String::new();
        for path in tests {
            texts += &test(path).ok_or_else(|| format!("{place}: there is no test {path}"))?;
        }
        if let Some(case) = quoted(row.cases).into_iter().find(|case| !texts.contains(case)) {
            return Err(format!("{place}: there is no case {case}"));
        }
    }
    Ok(())
}

/// A paragraph, a list item or a row of a table.
#[derive(Debug, PartialEq, Eq)]
struct Unit {
    /// The first cell of a row.
    row: Option<String>,
    text: String,
}

/// The units of every section. A line that begins a sentence at the margin begins a paragraph.
fn units(requirements: &str) -> BTreeMap<&str, Vec<Unit>> {
    let mut units: BTreeMap<&str, Vec<Unit>> = BTreeMap::new();
    let (mut section, mut line_of_table, mut last, mut in_item) = (None, 0, "", false);
    for line in requirements.lines() {
        line_of_table = if line.starts_with('|') {
            line_of_table + 1
        } else {
            0
        };
        if line.starts_with("## ") || line.starts_with("### ") {
            let number = line.trim_start_matches('#').trim_start().split(' ').next();
            section = number.map(|number| number.trim_end_matches('.'));
        }
        let (item, _) = line.split_once(' ').unwrap_or_default();
        let starts_item = item == "-"
            || item
                .strip_suffix('.')
                .is_some_and(|number| number.parse::<u8>().is_ok());
        let is_text = !line.is_empty() && !line.starts_with(['#', '|']) && !line.starts_with("---");
        if let Some(list) = section.map(|section| units.entry(section).or_default()) {
            if line_of_table > 2 {
                let row = line
                    .trim_matches('|')
                    .split('|')
                    .next()
                    .unwrap_or_default()
                    .trim();
                list.push(Unit {
                    row: Some(row.to_owned()),
                    text: line.to_owned(),
                });
            } else if is_text {
                let continues = !starts_item
                    && !last.is_empty()
                    && (line.starts_with(' ') || !in_item && !last.ends_with(['.', ':']));
                in_item = starts_item || in_item && continues;
                match list.last_mut() {
                    Some(unit) if continues && unit.row.is_none() => unit.text += line,
                    _ => list.push(Unit {
                        row: None,
                        text: line.to_owned(),
                    }),
                }
            }
        }
        last = if is_text { line } else { "" };
    }
    units
}

/// How many cases an example needs: one for each outcome it states.
fn wanted_cases(unit: &Unit) -> usize {
    let is_example = ["Worked", "Example"].iter().any(|word| unit.text.contains(word));
    if is_example {
        unit.text.matches("->").count().max(1)
    } else {
        0
    }
}

/// Whether every unit of sections 1 to 7 has a row here: rows of tables one each of their name, examples a case for
/// each outcome. Says how many units and examples there are.
fn check_units(rows: &[Row<'_>], requirements: &str) -> Result<(usize, usize), String> {
    let (mut count, mut examples) = (0, 0);
    for (section, units) in units(requirements) {
        let of_section: Vec<&Row<'_>> = rows.iter().filter(|row| row.section == section).collect();
        if !('1'..='7').any(|part| section.starts_with(part)) {
            continue;
        }
        for (number, unit) in (1..).zip(&units) {
            let covers = |row: &&&Row<'_>| {
                row.range()
                    .is_some_and(|(first, last)| (first..=last).contains(&number))
            };
            let covering: Vec<&&Row<'_>> = of_section.iter().filter(covers).collect();
            let named = |name: &String| {
                // A name here may say more, or leave off where the other becomes a list.
                let own = |row: &&&Row<'_>| {
                    row.range() == Some((number, number))
                        && !row.rule.is_empty()
                        && (row.rule.starts_with(name.as_str()) || name.starts_with(row.rule))
                };
                covering.iter().any(own)
            };
            if covering.is_empty() || !unit.row.as_ref().is_none_or(named) {
                return Err(format!("{section}, {number} has no row: {}", unit.text));
            }
            let cases: usize = covering.iter().map(|row| quoted(row.cases).len()).sum();
            if cases < wanted_cases(unit) {
                return Err(format!("{section}, {number} has {cases} cases: {}", unit.text));
            }
            examples += usize::from(wanted_cases(unit) > 0);
        }
        let beyond = |row: &&&Row<'_>| {
            row.range()
                .is_none_or(|(first, last)| first == 0 || last > units.len())
        };
        if let Some(row) = of_section.iter().find(beyond) {
            return Err(format!("{section} has no {}", row.units));
        }
        count += units.len();
    }
    Ok((count, examples))
}

/// The numbers of the defects in section 8.4: those of upstream's issues, and those counted from 1.
fn defects(requirements: &str) -> Vec<String> {
    let mut section = requirements.split("### 8.4").nth(1).unwrap_or_default();
    section = section.split("\n---").next().unwrap_or_default();
    let (reported, found) = section.split_once("Found by reading").unwrap_or_default();
    let issue = |part: &str| {
        part.split_whitespace()
            .find(|word| word.len() == 4 && word.parse::<u16>().is_ok())
            .map(str::to_owned)
    };
    let mut numbers: Vec<String> = reported.split(';').filter_map(issue).collect();
    let is_there =
        |number: &usize| found.contains(&format!(" {number}. ")) || found.contains(&format!("\n{number}. "));
    numbers.extend((1..).take_while(is_there).map(|number| number.to_string()));
    numbers
}

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scheduler-coverage.md");
    fs::read_to_string(path).unwrap()
}

fn requirements() -> Option<String> {
    let shared = std::env::var("KARMADA_SHARED").unwrap_or_else(|_| "../../shared".into());
    let path = PathBuf::from(shared).join("spec/scheduler.md");
    let text = fs::read_to_string(&path).ok();
    if text.is_none() {
        let required = std::env::var("KARMADA_REQUIRE_SHARED").is_ok();
        assert!(!required, "{} is missing", path.display());
        println!("SKIPPED {}", path.display());
    }
    text
}

#[test]
fn every_row_has_its_test() {
    let document = document();
    let rows = rows(&document).unwrap();
    assert!(rows.len() > 200);
    assert_eq!(check_names(&rows), Ok(()));
}

#[test]
fn only_what_a_client_does_is_put_off() {
    let document = document();
    let mut later = Vec::new();
    for row in rows(&document).unwrap() {
        if row.tests == LATER {
            println!("{LATER}: {}, {}: {}", row.section, row.units, row.rule);
            later.push((
                row.section.to_owned(),
                row.range().map(|(first, _)| first).unwrap(),
            ));
        }
    }
    let expected: Vec<(String, usize)> = OF_THE_CLIENT
        .iter()
        .map(|(section, unit)| ((*section).to_owned(), *unit))
        .collect();
    assert_eq!(later, expected);
}

#[test]
fn every_paragraph_has_a_row() {
    let (document, Some(requirements)) = (document(), requirements()) else {
        return;
    };
    let (count, examples) = check_units(&rows(&document).unwrap(), &requirements).unwrap();
    println!("{count} paragraphs, list items and rows of tables; {examples} of them examples");
}

#[test]
fn every_defect_has_a_row() {
    let (document, Some(requirements)) = (document(), requirements()) else {
        return;
    };
    let wanted = defects(&requirements);
    assert_eq!(wanted.len(), 29);
    let mut known: Vec<&str> = rows(&document)
        .unwrap()
        .iter()
        .filter(|row| row.section == "8.4")
        .map(|row| row.units)
        .collect();
    known.dedup();
    assert_eq!(known, wanted);
}

#[test]
fn what_is_not_true_is_found() {
    let truth = document();
    let refuses = |from: &str, to: &str, reason: &str| {
        assert!(truth.contains(from), "{from}");
        let changed = truth.replacen(from, to, 1);
        let error = check_names(&rows(&changed).unwrap()).unwrap_err();
        assert!(error.contains(reason), "{error}");
    };
    let strategies = "`worked_examples::strategies`";
    refuses(
        strategies,
        "`worked_examples::strategy`",
        "no test worked_examples::strategy",
    );
    refuses(strategies, "`worked::strategies`", "no test worked::strategies");
    // A function that is none.
    refuses(
        strategies,
        "`worked_examples::divided`",
        "no test worked_examples::divided",
    );
    refuses(strategies, "", "there is no test");
    refuses(strategies, "later: somebody", "there is no test");
    refuses("`\"Weighted, nil\"`", "`\"Weighted, none\"`", "no case");
    // A case of another test.
    refuses("`\"Weighted, nil\"`", "`\"fresh 9\"`", "no case");
    assert!(rows("## 2.1 A\n| Unit | Rule |\n|---|---|\n| 1 | a |").is_err());
}

#[test]
fn what_is_missing_is_found() {
    let requirements = "## 2. Title\nIntroduction.\n\n### 2.1 First\n- An item\n  of two lines.\n- Another:\nwith text.\n\
        A sentence\ngoes on. And on.\n\n| a | b |\n|---|---|\n| X | 1 |\n| Y | 2 |\nWorked: 1 -> 2; 2 -> 3.\n---\n\n\
        ## 8. Else\nNothing.\n";
    let found = units(requirements);
    assert_eq!(
        found
            .iter()
            .map(|(section, units)| (*section, units.len()))
            .collect::<Vec<_>>(),
        [("2", 1), ("2.1", 7), ("8", 1)]
    );
    let check = |ours: &[&str], want: Result<(usize, usize), &str>| {
        let document = format!(
            "## 2 A\n|||||\n|||||\n| 1 | a | t | |\n## 2.1 B\n|||||\n|||||\n{}\n",
            ours.join("\n")
        );
        let got = check_units(&rows(&document).unwrap(), requirements);
        match want {
            Ok(want) => assert_eq!(got, Ok(want), "{ours:?}"),
            Err(text) => assert!(got.clone().unwrap_err().starts_with(text), "{ours:?}: {got:?}"),
        }
    };
    let (text, x, y) = (
        "| 1-4 | text | t | |",
        "| 5 | X, named | t | |",
        "| 6 | Y | t | |",
    );
    let example = "| 7 | worked | t | `1`, `2` |";
    check(&[text, x, y, example], Ok((8, 1)));
    check(
        &[
            "| 1-2 | text | t | |",
            "| 3 | | t | |",
            "| 4 | | t | |",
            x,
            y,
            "| 7 | | t | `1` |",
            "| 7 | | t | `2` |",
        ],
        Ok((8, 1)),
    );
    check(&["| 1-3 | text | t | |", x, y, example], Err("2.1, 4 has no row"));
    check(&[text, "| 5-6 | X | t | |", example], Err("2.1, 5 has no row"));
    check(&[text, "| 5 | Y | t | |", y, example], Err("2.1, 5 has no row"));
    check(
        &[text, x, y, "| 7 | worked | t | `1` |"],
        Err("2.1, 7 has 1 cases"),
    );
    check(&[text, x, y, example, "| 8 | more | t | |"], Err("2.1 has no 8"));
    check(
        &[text, x, y, example, "| some | more | t | |"],
        Err("2.1 has no some"),
    );
}
