//! Runs recorded upstream results through the crates and compares.
//!
//! ```text
//! cargo run --release --example conformance -- ../shared/vectors/core --show 3
//! ```
//!
//! `--help` tells the rest; `tests/vectors` has recordings to try it on.

use std::io;
use std::process::ExitCode;

use karmada_conformance::command;

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    let status = command::run(arguments, &mut io::stdout().lock(), &mut io::stderr());
    ExitCode::from(status)
}
