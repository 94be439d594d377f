//! The part of the recordings that is kept in the repository.
//!
//! Rows are chosen for variety: what counts is how many shapes and values of the inputs and answers the sample has, not
//! how many rows. The choice depends on nothing but the rows.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use serde_json::Value;

use crate::read;

/// Longer rows are left out: the large fleets of the benchmarks.
const LONGEST_ROW: usize = 256 << 10;
/// A file gives at most this part of its bytes, in percent, ...
const PERCENT: usize = 40;
/// ... but this many in any case.
const LEAST: usize = 64 << 10;
/// A text or number counts as a value of its own if its path has at most this many different ones.
const DISTINCT_VALUES: usize = 24;

/// Why no sample could be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder of recordings cannot be listed.
    #[error("cannot list the recordings")]
    List(#[source] read::Error),
    /// A file cannot be read or written.
    #[error("{path}")]
    File {
        /// The file.
        path: String,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// A row is not JSON.
    #[error("{path}:{line}")]
    Syntax {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// What was taken of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The file, below the folder of the recordings.
    pub file: PathBuf,
    /// Rows it has.
    pub rows: usize,
    /// Rows that were taken.
    pub taken: usize,
    /// Compressed size of the sample, in bytes.
    pub bytes: u64,
}

/// Samples every `.jsonl` and `.jsonl.gz` below `from` into a `.jsonl.gz` of the same name below `to`.
///
/// # Errors
/// The first file that cannot be read or written.
pub fn write(from: &Path, to: &Path) -> Result<Vec<Taken>, Error> {
    let mut all = Vec::new();
    for path in read::files(from).map_err(Error::List)? {
        let Some(name) = path.to_str().map(|name| name.strip_suffix(".gz").unwrap_or(name)) else {
            continue;
        };
        if !name.ends_with(".jsonl") {
            continue;
        }
        let lines = lines(&path).map_err(file_error(&path))?;
        let chosen = select(&path, &lines)?;
        let below = Path::new(name)
            .strip_prefix(from)
            .unwrap_or(Path::new(name))
            .with_extension("jsonl.gz");
        let target = to.join(&below);
        let bytes = compress(&target, chosen.iter().filter_map(|&index| lines.get(index)))
            .map_err(file_error(&target))?;
        all.push(Taken {
            file: below,
            rows: lines.len(),
            taken: chosen.len(),
            bytes,
        });
    }
    Ok(all)
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
    move |source| Error::File {
        path: path.display().to_string(),
        source,
    }
}

fn lines(path: &Path) -> io::Result<Vec<String>> {
    let file = File::open(path)?;
    let reader: Box<dyn Read> = if path.extension().is_some_and(|extension| extension == "gz") {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    BufReader::new(reader)
        .lines()
        .filter(|line| line.as_ref().map_or(true, |line| !line.trim().is_empty()))
        .collect()
}

fn compress<'a>(target: &Path, lines: impl Iterator<Item = &'a String>) -> io::Result<u64> {
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    // Neither name nor time of modification: the same rows give the same bytes.
    let mut gzip = GzBuilder::new()
        .mtime(0)
        .write(File::create(target)?, Compression::best());
    for line in lines {
        writeln!(gzip, "{line}")?;
    }
    gzip.finish()?.flush()?;
    Ok(fs::metadata(target)?.len())
}

/// Chooses rows, by index and in order.
///
/// Row by row that one is taken which adds most of what the sample does not have yet, per byte; once it has everything
/// the search starts anew for a second of each, until the budget is used up.
fn select(path: &Path, lines: &[String]) -> Result<Vec<usize>, Error> {
    let mut rows = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let row: Value = serde_json::from_str(line).map_err(|source| Error::Syntax {
            path: path.display().to_string(),
            line: index + 1,
            source,
        })?;
        rows.push(row);
    }
    let features = features(&rows);
    let bytes: usize = lines.iter().map(String::len).sum();
    let mut budget = LEAST.max(bytes / 100 * PERCENT);
    let mut chosen = BTreeSet::new();
    loop {
        let before = chosen.len();
        cover(lines, &features, &mut budget, &mut chosen);
        if chosen.len() == before {
            return Ok(chosen.into_iter().collect());
        }
    }
}

/// One round of [`select`]: takes rows until they have every feature of the rows that were left, or the budget ends.
fn cover(lines: &[String], features: &[BTreeSet<usize>], budget: &mut usize, chosen: &mut BTreeSet<usize>) {
    let gain = |row: usize, covered: &BTreeSet<usize>| -> u64 {
        let (Some(features), Some(line)) = (features.get(row), lines.get(row)) else {
            return 0;
        };
        let new = features.difference(covered).count() as u64;
        // Per byte, in integers so that no platform rounds differently.
        if new == 0 {
            0
        } else {
            1 + new * 1_000_000 / line.len().max(1) as u64
        }
    };
    let mut covered = BTreeSet::new();
    // A gain only shrinks, so the row on top is the best one if its gain is up to date. Ties go to the first row.
    let mut heap: BinaryHeap<(u64, std::cmp::Reverse<usize>)> = (0..lines.len())
        .filter(|row| !chosen.contains(row) && lines.get(*row).is_some_and(|line| line.len() <= LONGEST_ROW))
        .map(|row| (gain(row, &covered), std::cmp::Reverse(row)))
        .collect();
    while let Some((known, std::cmp::Reverse(row))) = heap.pop() {
        let now = gain(row, &covered);
        if now == 0 {
            continue;
        }
        if now < known {
            heap.push((now, std::cmp::Reverse(row)));
            continue;
        }
        let length = lines.get(row).map_or(0, String::len);
        if length > *budget {
            continue;
        }
        *budget -= length;
        chosen.insert(row);
        covered.extend(features.get(row).into_iter().flatten().copied());
    }
}

/// What each row has: every path with the type of its value, and the value where the path has few different ones.
fn features(rows: &[Value]) -> Vec<BTreeSet<usize>> {
    let per_row: Vec<BTreeMap<String, BTreeSet<String>>> = rows
        .iter()
        .map(|row| {
            let mut paths = BTreeMap::new();
            walk(row, &mut String::new(), &mut paths);
            paths
        })
        .collect();
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (path, seen) in per_row.iter().flatten() {
        values
            .entry(path)
            .or_default()
            .extend(seen.iter().map(String::as_str));
    }
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut number = |feature: String| {
        let next = numbers.len();
        *numbers.entry(feature).or_insert(next)
    };
    let mut all = Vec::new();
    for paths in &per_row {
        let mut row = BTreeSet::new();
        for (path, seen) in paths {
            row.insert(number(path.clone()));
            if values
                .get(path.as_str())
                .is_some_and(|distinct| distinct.len() <= DISTINCT_VALUES)
            {
                row.extend(seen.iter().map(|value| number(format!("{path}={value}"))));
            }
        }
        all.push(row);
    }
    all
}

fn walk(value: &Value, path: &mut String, paths: &mut BTreeMap<String, BTreeSet<String>>) {
    let length = path.len();
    let (kind, text) = match value {
        Value::Null => ("null", String::new()),
        Value::Bool(bool) => ("bool", bool.to_string()),
        Value::Number(number) => (
            if number.is_f64() { "float" } else { "integer" },
            number.to_string(),
        ),
        Value::String(text) => ("text", text.clone()),
        Value::Array(items) => ("list", items.len().min(2).to_string()),
        Value::Object(fields) => ("map", fields.len().min(1).to_string()),
    };
    paths.entry(format!("{path}:{kind}")).or_default().insert(text);
    match value {
        Value::Array(items) => {
            path.push_str(".*");
            for item in items {
                walk(item, path, paths);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                path.push('.');
                path.push_str(key);
                walk(field, path, paths);
                path.truncate(length);
            }
        }
        _ => {}
    }
    path.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows(values: &[Value]) -> Vec<String> {
        values.iter().map(Value::to_string).collect()
    }

    #[test]
    fn variety_comes_first() {
        let plain = || json!({"op": "a", "in": {"x": "y"}});
        // Together the rows are far below the budget, so all are taken; within a round the odd ones come first.
        let lines = rows(&[
            plain(),
            plain(),
            plain(),
            json!({"op": "a", "in": {"x": null}}),
            json!({"op": "b"}),
        ]);
        let features = features(
            &lines
                .iter()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect::<Vec<_>>(),
        );
        let (mut budget, mut chosen) = (1 << 20, BTreeSet::new());
        cover(&lines, &features, &mut budget, &mut chosen);
        assert_eq!(chosen, BTreeSet::from([0, 3, 4]));
        assert_eq!(select(Path::new("f"), &lines).unwrap(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn the_budget_and_the_longest_row_hold() {
        let long = |length: usize| json!({"text": "x".repeat(length)});
        let lines = rows(&[
            long(LONGEST_ROW),
            long(LEAST / 2),
            long(LEAST / 2 - 1000),
            long(LEAST / 2 - 2000),
        ]);
        let chosen = select(Path::new("f"), &lines).unwrap();
        assert!(!chosen.contains(&0));
        let taken: usize = chosen.iter().map(|&index| lines[index].len()).sum();
        let bytes: usize = lines.iter().map(String::len).sum();
        assert!(taken > 0 && taken <= LEAST.max(bytes / 100 * PERCENT));
    }

    #[test]
    fn a_row_that_is_not_json_is_named() {
        let error = select(Path::new("f"), &["{}".into(), "{".into()]).unwrap_err();
        assert_eq!(error.to_string(), "f:2");
    }
}
