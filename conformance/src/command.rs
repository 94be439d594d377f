//! The command line tool.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use serde_json::json;

use crate::case::Case;
use crate::ops;
use crate::read;
use crate::report::{Report, Shown};
use crate::run::{self, Verdict};

/// All cases passed.
pub const PASSED: u8 = 0;
/// At least one case failed.
pub const FAILED: u8 = 1;
/// Input could not be read, there was no case in it, or the command line is wrong.
pub const UNREADABLE: u8 = 2;

const USAGE: &str = "\
Runs recorded upstream results through the crates and compares.

usage: conformance PATH... [--show K] [--only OP] [--emit FILE]

  PATH         a .jsonl, .jsonl.gz or .yaml file of cases, or a folder of them
  --show K     print the first K differences (default 0)
  --only OP    only the cases of this op; may be given several times
  --emit FILE  write {file, name, out} of every case as a line of JSON, before any comparison
  --help       print this

exit status: 0 all passed, 1 some failed, 2 unreadable input or no case found
";

/// What the command line asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    paths: Vec<PathBuf>,
    show: usize,
    only: Vec<String>,
    emit: Option<PathBuf>,
    help: bool,
}

/// Why a command line makes no sense.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum UsageError {
    #[error("unknown option {0}")]
    UnknownOption(String),
    #[error("{0} needs a value")]
    NoValue(&'static str),
    #[error("--help takes no value")]
    NeedlessValue,
    #[error("--show {0}: not a number")]
    NotANumber(String),
    #[error("--only: not UTF-8")]
    NotText,
    #[error("{0} given twice")]
    Twice(&'static str),
    #[error("no PATH given")]
    NoPath,
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, UsageError> {
    let mut request = Request::default();
    let mut arguments = arguments.into_iter();
    let mut show = None;
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy().into_owned();
        if text == "--" {
            request.paths.extend(arguments.by_ref().map(PathBuf::from));
            break;
        }
        if !text.starts_with('-') || text == "-" {
            request.paths.push(argument.into());
            continue;
        }
        let (name, joined) = match text.split_once('=') {
            Some((name, value)) => (name, Some(OsString::from(value))),
            None => (text.as_str(), None),
        };
        let mut value = |name| {
            joined
                .clone()
                .or_else(|| arguments.next())
                .ok_or(UsageError::NoValue(name))
        };
        match name {
            "--help" | "-h" if joined.is_some() => return Err(UsageError::NeedlessValue),
            "--help" | "-h" => request.help = true,
            "--show" if show.is_some() => return Err(UsageError::Twice("--show")),
            "--show" => {
                let count = value("--show")?.to_string_lossy().into_owned();
                show = Some(count.parse().map_err(|_| UsageError::NotANumber(count))?);
            }
            "--only" => {
                request
                    .only
                    .push(value("--only")?.into_string().map_err(|_| UsageError::NotText)?);
            }
            "--emit" if request.emit.is_some() => return Err(UsageError::Twice("--emit")),
            "--emit" => request.emit = Some(value("--emit")?.into()),
            _ => return Err(UsageError::UnknownOption(text)),
        }
    }
    request.show = show.unwrap_or_default();
    if request.paths.is_empty() && !request.help {
        return Err(UsageError::NoPath);
    }
    Ok(request)
}

/// Runs the tool with the arguments behind the program's name and gives its exit status.
pub fn run(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let request = match parse(arguments) {
        Ok(request) => request,
        Err(error) => {
            // Where even the error stream is gone the status has to do.
            let _ = write!(err, "error: {error}\n\n{USAGE}");
            return UNREADABLE;
        }
    };
    if request.help {
        let listed = ops::all().map(|op| op.name).collect::<Vec<_>>().join(", ");
        return status(write!(out, "{USAGE}\nops: {listed}\n"), PASSED, err);
    }
    let (mut report, mut complaints) = (Report::default(), 0_usize);
    let done = run_cases(&request, &mut report, &mut complaints, out, err);
    let total = report.total();
    let code = if complaints > 0 {
        UNREADABLE
    } else if total.cases() == 0 {
        let _ = writeln!(err, "error: no case found");
        UNREADABLE
    } else if total.failed > 0 {
        FAILED
    } else {
        PASSED
    };
    status(
        done.and_then(|()| write!(out, "{report}"))
            .and_then(|()| out.flush()),
        code,
        err,
    )
}

fn status(written: io::Result<()>, code: u8, err: &mut dyn Write) -> u8 {
    match written {
        Ok(()) => code,
        Err(error) => {
            let _ = writeln!(err, "error: cannot write: {error}");
            UNREADABLE
        }
    }
}

fn run_cases(
    request: &Request,
    report: &mut Report,
    complaints: &mut usize,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<()> {
    let mut emit = match &request.emit {
        Some(path) => Some(BufWriter::new(File::create(path)?)),
        None => None,
    };
    let mut complain = |error: &dyn std::error::Error| {
        *complaints += 1;
        let source = error
            .source()
            .map(|source| format!(": {source}"))
            .unwrap_or_default();
        let _ = writeln!(err, "error: {error}{source}");
    };
    let mut shown = 0;
    let mut written = Ok(());
    for path in &request.paths {
        let files = match read::files(path) {
            Ok(files) => files,
            Err(error) => {
                complain(&error);
                continue;
            }
        };
        for file in files {
            let mut each = |case: Result<Case, read::Error>| {
                let case = match case {
                    Ok(case) => case,
                    Err(error) => return complain(&error),
                };
                if written.is_err() || !(request.only.is_empty() || request.only.contains(&case.op)) {
                    return;
                }
                written = run_case(&case, request, report, &mut shown, emit.as_mut(), out);
            };
            if let Err(error) = read::cases(&file, &mut each) {
                complain(&error);
            }
        }
    }
    written?;
    emit.map_or(Ok(()), |mut emit| emit.flush())
}

fn run_case(
    case: &Case,
    request: &Request,
    report: &mut Report,
    shown: &mut usize,
    emit: Option<&mut BufWriter<File>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let answer = run::run(case);
    if let Some(emit) = emit {
        writeln!(
            emit,
            "{}",
            json!({"file": case.file, "name": case.name, "out": answer.to_json()})
        )?;
    }
    let verdict = run::judge(case, &answer);
    report.add(&case.file, &case.op, &verdict);
    if let Verdict::Failed(differences) = verdict {
        for difference in differences.iter().take(request.show.saturating_sub(*shown)) {
            *shown += 1;
            write!(out, "{}", Shown { case, difference })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn command_lines() {
        #[track_caller]
        #[expect(
            clippy::needless_pass_by_value,
            reason = "the table reads better without references"
        )]
        fn check(text: &str, expect: Result<Request, UsageError>) {
            assert_eq!(parse(arguments(text)), expect, "{text}");
        }
        let request = || Request {
            paths: vec!["a".into()],
            ..Request::default()
        };
        check("a", Ok(request()));
        check(
            "a b -",
            Ok(Request {
                paths: vec!["a".into(), "b".into(), "-".into()],
                ..request()
            }),
        );
        check("--show 3 a", Ok(Request { show: 3, ..request() }));
        check("a --show=3", Ok(Request { show: 3, ..request() }));
        check(
            "a --only x --only=y",
            Ok(Request {
                only: vec!["x".into(), "y".into()],
                ..request()
            }),
        );
        check(
            "a --emit f",
            Ok(Request {
                emit: Some("f".into()),
                ..request()
            }),
        );
        check(
            "-- a --show",
            Ok(Request {
                paths: vec!["a".into(), "--show".into()],
                ..request()
            }),
        );
        check(
            "--help",
            Ok(Request {
                help: true,
                ..Request::default()
            }),
        );
        check("", Err(UsageError::NoPath));
        check("--show 1", Err(UsageError::NoPath));
        check("a --show", Err(UsageError::NoValue("--show")));
        check("a --show x", Err(UsageError::NotANumber("x".into())));
        check("a --show -1", Err(UsageError::NotANumber("-1".into())));
        check("a --show 1 --show 2", Err(UsageError::Twice("--show")));
        check("a --emit f --emit g", Err(UsageError::Twice("--emit")));
        check("a --verbose", Err(UsageError::UnknownOption("--verbose".into())));
        check("--help=x", Err(UsageError::NeedlessValue));
    }
}
