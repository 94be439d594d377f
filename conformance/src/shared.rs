//! The folder with the full set of recordings, which a clone does not have.

use std::env;
use std::path::{Path, PathBuf};

/// Names the folder; without it, `../shared` from the root of the workspace.
pub const FOLDER: &str = "KARMADA_SHARED";
/// Set to `1`, a missing folder is an error.
pub const REQUIRE: &str = "KARMADA_REQUIRE_SHARED";

/// The full set of recordings is required and not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is missing, and {REQUIRE}=1 says that it must be there ({FOLDER} names the folder that holds it)"
)]
pub struct Missing(String);

/// A file or folder of the shared set, or nothing where the set is not at hand.
///
/// # Errors
/// [`Missing`] when it is not at hand but required.
pub fn find(below: &str) -> Result<Option<PathBuf>, Missing> {
    locate(
        env::var_os(FOLDER).map(PathBuf::from),
        env::var(REQUIRE).is_ok_and(|value| value == "1"),
        below,
    )
}

fn locate(folder: Option<PathBuf>, required: bool, below: &str) -> Result<Option<PathBuf>, Missing> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."));
    // Relative to the root of the workspace, whichever folder a test runs in.
    let path = root
        .join(folder.unwrap_or_else(|| "../shared".into()))
        .join(below);
    match path.exists() {
        true => Ok(Some(path)),
        false if required => Err(Missing(path.display().to_string())),
        false => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_is_an_error_only_if_required() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let missing = || Some(here.join("no such folder"));
        assert_eq!(locate(missing(), false, "vectors"), Ok(None));
        let error = locate(missing(), true, "vectors").unwrap_err().to_string();
        assert!(error.contains("no such folder/vectors is missing"), "{error}");
        assert_eq!(
            locate(Some(here.to_owned()), true, "src"),
            Ok(Some(here.join("src")))
        );
        assert!(locate(Some("conformance".into()), true, "src").unwrap().is_some());
    }
}
