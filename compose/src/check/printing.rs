//! Finds handlers whose printed text is lost.

use crate::handler::Handler;
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// Names of functions that `println!` and `eprintln!` of Rust's standard library leave in a module.
const PRINTS: [&str; 2] = ["StdoutLock", "StderrLock"];

/// A note for a handler that prints where the standard library has no output: Rust on
/// wasm32-unknown-unknown.
#[must_use]
pub fn note(handler: &Handler) -> Option<String> {
    let has_output = |import: &str| import.starts_with("wasi:cli/std");
    if handler.runtime || handler.host_imports().any(has_output) || !prints(&handler.bytes) {
        return None;
    }
    Some(format!(
        "handler `{}`: the output of `println!` and `eprintln!` is lost on wasm32-unknown-unknown; `annals::log!` of the SDK writes \
         into the host's log",
        handler.name
    ))
}

/// True if the component has code that prints. A component without function names does not show it.
fn prints(component: &[u8]) -> bool {
    Parser::new(0)
        .parse_all(component)
        .map_while(Result::ok)
        .any(|payload| {
            let Payload::CustomSection(section) = payload else {
                return false;
            };
            let KnownCustom::Name(names) = section.as_known() else {
                return false;
            };
            names.into_iter().map_while(Result::ok).any(|name| {
                let Name::Function(functions) = name else {
                    return false;
                };
                let mut functions = functions.into_iter().map_while(Result::ok);
                functions.any(|function| PRINTS.iter().any(|one| function.name.contains(one)))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(function: &str, import: &str) -> bool {
        let module = wat::parse_str(format!("(module (func ${function}))")).expect("a module");
        let handler = Handler {
            name: "h".into(),
            bytes: module,
            imports: vec![import.into()],
            exports: Vec::new(),
            sdk: true,
            runtime: false,
        };
        note(&handler).is_some()
    }

    #[test]
    fn a_handler_that_prints_nowhere_is_told_of_annals_log() {
        let printing =
            "_RNvXNvNtCs1_3std2io17default_write_fmtINtB2_7AdapterNtNtB4_5stdio10StdoutLockE";
        let other = "_RNvNtCs1_3std5alloc8rust_oom";
        assert!(noted(printing, "annals:es/types@0.2.0"));
        assert!(!noted(other, "annals:es/types@0.2.0"));
        // The sandbox writes the output into the log.
        assert!(!noted(printing, "wasi:cli/stdout@0.2.6"));
    }
}
