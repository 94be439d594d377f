//! Files of recorded cases: where they are and what is in them.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::case::{Case, NotACase};

/// Folders below a given one are descended into this deep; a loop of links ends there.
const MAX_FOLDERS: usize = 32;

/// Why a file gives no cases.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file or folder cannot be read.
    #[error("{path}: cannot be read")]
    Unreadable {
        /// The path.
        path: String,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// A file that was named on the command line is of none of the formats.
    #[error("{path}: is no .jsonl, .jsonl.gz, .yaml or .yml file")]
    UnknownFormat {
        /// The path.
        path: String,
    },
    /// Folders are nested too deeply, or in a loop.
    #[error("{path}: more than {MAX_FOLDERS} folders deep")]
    TooDeep {
        /// The path.
        path: String,
    },
    /// A row is not JSON or YAML.
    #[error("{path}:{number}: {reason}")]
    Syntax {
        /// The file.
        path: String,
        /// The line or document, from 1.
        number: usize,
        /// What is wrong.
        reason: String,
    },
    /// A row is of no known format.
    #[error("{path}:{number}")]
    NotACase {
        /// The file.
        path: String,
        /// The line or document, from 1.
        number: usize,
        /// What the row looks like.
        #[source]
        source: NotACase,
    },
}

#[derive(Clone, Copy)]
enum Format {
    Lines,
    GzipLines,
    Yaml,
}

fn format(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_str()?;
    if name.ends_with(".jsonl") {
        Some(Format::Lines)
    } else if name.ends_with(".jsonl.gz") {
        Some(Format::GzipLines)
    } else if name.ends_with(".yaml") || name.ends_with(".yml") {
        Some(Format::Yaml)
    } else {
        None
    }
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
    move |source| Error::Unreadable {
        path: path.display().to_string(),
        source,
    }
}

/// The files a path stands for: itself, or every file of a known format below it, sorted.
///
/// # Errors
/// [`Error::Unreadable`], [`Error::UnknownFormat`] for a single file, [`Error::TooDeep`].
pub fn files(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    if fs::metadata(path).map_err(unreadable(path))?.is_dir() {
        collect(path, MAX_FOLDERS, &mut found)?;
    } else if format(path).is_some() {
        found.push(path.to_owned());
    } else {
        return Err(Error::UnknownFormat {
            path: path.display().to_string(),
        });
    }
    Ok(found)
}

fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Error::TooDeep {
            path: folder.display().to_string(),
        });
    };
    let mut entries = fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| Ok(entry?.path()))
                .collect::<io::Result<Vec<_>>>()
        })
        .map_err(unreadable(folder))?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            collect(&entry, depth, found)?;
        } else if format(&entry).is_some() {
            found.push(entry);
        }
    }
    Ok(())
}

/// Hands the cases of one file to `each`, in order and one at a time: a row can be large.
///
/// Rows of no known format are handed on as errors, and the reading goes on behind them.
///
/// # Errors
/// The first one that ends the reading: what cannot be read or parsed.
pub fn cases(path: &Path, each: &mut dyn FnMut(Result<Case, Error>)) -> Result<(), Error> {
    let name = path.display().to_string();
    let Some(format) = format(path) else {
        return Err(Error::UnknownFormat { path: name });
    };
    let mut row = |number: usize, value: Value| {
        let case = Case::recognise(&name, number, value);
        each(case.map_err(|source| Error::NotACase {
            path: name.clone(),
            number,
            source,
        }));
    };
    let syntax = |number: usize, reason: &dyn std::fmt::Display| Error::Syntax {
        path: path.display().to_string(),
        number,
        reason: reason.to_string(),
    };
    let reader: Box<dyn BufRead> = match format {
        Format::Yaml => {
            let text = fs::read_to_string(path).map_err(unreadable(path))?;
            let options = serde_saphyr::options! { legacy_octal_numbers: true, with_snippet: false };
            let mut bytes = text.as_bytes();
            let documents = serde_saphyr::read_with_options::<_, Value>(&mut bytes, options);
            for (index, document) in documents.enumerate() {
                let mut document = document.map_err(|error| syntax(index + 1, &error))?;
                integers_of_whole_floats(&mut document);
                row(index + 1, document);
            }
            return Ok(());
        }
        Format::Lines => Box::new(BufReader::new(File::open(path).map_err(unreadable(path))?)),
        Format::GzipLines => {
            let file = File::open(path).map_err(unreadable(path))?;
            Box::new(BufReader::new(MultiGzDecoder::new(file)))
        }
    };
    for (index, line) in reader.lines().enumerate() {
        let line = line.map_err(unreadable(path))?;
        if line.trim().is_empty() {
            continue;
        }
        row(
            index + 1,
            serde_json::from_str(&line).map_err(|error| syntax(index + 1, &error))?,
        );
    }
    Ok(())
}

/// Upstream reads YAML by way of JSON, on which a whole float loses its fraction.
fn integers_of_whole_floats(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            // Every whole float below 2^53 is an exact i64.
            let whole = number
                .as_f64()
                .filter(|f| f.fract() == 0.0 && f.abs() <= 9_007_199_254_740_992.0);
            if let Some(whole) = whole {
                *value = Value::from(whole as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(integers_of_whole_floats),
        Value::Object(fields) => fields.values_mut().for_each(integers_of_whole_floats),
        _ => {}
    }
}
