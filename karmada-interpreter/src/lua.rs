//! Interpreters written in Lua: what admission asks of a script (feature `lua`).
//!
//! The engine is Lua 5.1 with one kind of number, as upstream's is. Upstream's also knows `goto`, which Lua 5.1 does
//! not: a script that uses it is refused here.

use mlua::chunk::ChunkMode;
use mlua::{Lua, LuaOptions, StdLib};

/// What loading a script may take, in bytes: a script is text in an object of at most 1.5 MiB.
const MEMORY_LIMIT: usize = 64 << 20;

/// Why a script cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// The text is not Lua.
    #[error("line {line}: {reason}")]
    Syntax {
        /// The line the engine stopped at, from 1.
        line: u32,
        /// What it says.
        reason: String,
    },
    /// The script needs more than the engine allows, or the engine failed otherwise.
    #[error("{0}")]
    Engine(String),
}

/// Checks that a script can be loaded (`karmada:pkg/webhook/resourceinterpretercustomization`). It is not run, and
/// whether it has the function its rule needs is not looked at.
///
/// # Errors
/// [`ScriptError`] with the line at fault, as far as the engine tells.
///
/// ```
/// use karmada_interpreter::lua::check_script;
/// assert!(check_script("function GetReplicas(obj) return obj.spec.replicas, nil end").is_ok());
/// let error = check_script("local a = 1\nif").unwrap_err();
/// assert_eq!(error.to_string(), "line 2: unexpected symbol near '<eof>'");
/// ```
pub fn check_script(script: &str) -> Result<(), ScriptError> {
    let engine = |error: mlua::Error| ScriptError::Engine(error.to_string());
    let lua = Lua::new_with(StdLib::NONE, LuaOptions::default()).map_err(engine)?;
    lua.set_memory_limit(MEMORY_LIMIT).map_err(engine)?;
    // Text only: the engine trusts what it takes for its own byte code.
    let chunk = lua.load(script).set_name("=<string>").set_mode(ChunkMode::Text);
    match chunk.into_function() {
        Ok(_) => Ok(()),
        Err(mlua::Error::SyntaxError { message, .. }) => Err(syntax_error(&message)),
        Err(error) => Err(engine(error)),
    }
}

/// Takes `<string>:LINE: REASON` apart.
fn syntax_error(message: &str) -> ScriptError {
    message
        .strip_prefix("<string>:")
        .and_then(|rest| rest.split_once(": "))
        .and_then(|(line, reason)| Some((line.parse().ok()?, reason)))
        .map_or_else(
            || ScriptError::Engine(message.to_owned()),
            |(line, reason)| ScriptError::Syntax {
                line,
                reason: reason.to_owned(),
            },
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scripts() {
        fn check(script: &str, line: Option<u32>) {
            let got = match check_script(script) {
                Ok(()) => None,
                Err(ScriptError::Syntax { line, .. }) => Some(line),
                Err(error) => panic!("{script:?}: {error}"),
            };
            assert_eq!(got, line, "{script:?}");
        }
        check("", None);
        check("function Retain(desired, observed) return desired end", None);
        check("local kube = require('kube')\nerror('not run')", None);
        check("while true do end", None);
        check("x = = 1", Some(1));
        check("return 1 +", Some(1));
        check("\n\nif", Some(3));
        check("a = 'open", Some(1));
        check("goto done\n::done::", Some(1));
        check("-- \u{fffd} \u{0}", None);
    }

    #[test]
    fn byte_code_is_refused() {
        assert!(check_script("\u{1b}LuaQ").is_err());
    }

    #[test]
    fn nesting_has_an_end() {
        let deep = format!("return {}1{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(check_script(&deep).is_err());
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(script in any::<String>()) {
            let _ = check_script(&script);
        }
    }
}
