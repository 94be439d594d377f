//! Takes the sample of the recordings that is kept in `tests/vectors`.
//!
//! ```text
//! cargo run --release -p karmada-conformance --example sample -- ../shared/vectors tests/vectors
//! ```

use std::path::Path;
use std::process::ExitCode;

use karmada_conformance::sample;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [from, to] = arguments.as_slice() else {
        eprintln!("usage: sample FOLDER-OF-RECORDINGS FOLDER-OF-THE-SAMPLE");
        return ExitCode::from(2);
    };
    match sample::write(Path::new(from), Path::new(to)) {
        Ok(files) => {
            let mut bytes = 0;
            for taken in files {
                println!(
                    "{}: {} of {} rows, {} bytes",
                    taken.file.display(),
                    taken.taken,
                    taken.rows,
                    taken.bytes
                );
                bytes += taken.bytes;
            }
            println!("total: {bytes} bytes");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let cause = std::error::Error::source(&error)
                .map(|cause| format!(": {cause}"))
                .unwrap_or_default();
            eprintln!("error: {error}{cause}");
            ExitCode::FAILURE
        }
    }
}
