//! Validates the composed component as a host would.

use crate::host::Host;
use crate::read::{self, FEATURES};
use anyhow::{Context as _, Result, bail};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;
use wasmparser::{BinaryReaderError, FuncValidatorAllocations, Parser, ValidPayload, Validator};

/// Number of additional threads that validate functions. More threads gain nothing, because
/// validation takes only milliseconds.
const HELPERS: usize = 3;

/// Validates the bytes alone.
///
/// # Errors
///
/// If the component is not valid.
pub fn valid(bytes: &[u8]) -> Result<()> {
    validate(bytes).context("the composed component is not valid")
}

/// Like [`Validator::validate_all`], but validates functions on several threads, because they are
/// independent of each other.
fn validate(bytes: &[u8]) -> Result<(), BinaryReaderError> {
    let mut validator = Validator::new_with_features(FEATURES);
    let mut parser = Parser::new(0);
    parser.set_features(FEATURES);
    let mut functions = Vec::new();
    for payload in parser.parse_all(bytes) {
        if let ValidPayload::Func(function, body) = validator.payload(&payload?)? {
            functions.push((function, body));
        }
    }
    let functions = Mutex::new(functions.into_iter());
    let next = || {
        let mut functions = functions.lock().unwrap_or_else(PoisonError::into_inner);
        functions.next()
    };
    let some = || {
        let mut allocations = FuncValidatorAllocations::default();
        while let Some((function, body)) = next() {
            let mut validator = function.into_validator(allocations);
            validator.validate(&body)?;
            allocations = validator.into_allocations();
        }
        Ok(())
    };
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let helpers: Vec<_> = (1..processors)
            .take(HELPERS)
            .map(|_| scope.spawn(some))
            .collect();
        let own = some();
        helpers
            .into_iter()
            .map(|helper| helper.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .fold(own, Result::and)
    })
}

/// Validates the bytes and returns their imports, all of which the host must offer. The component
/// must export the interfaces that the host calls, including `wasi:cli/run` if the application runs
/// commands.
///
/// # Errors
///
/// If the component is not valid, or imports what the host does not offer.
pub fn verify(bytes: &[u8], host: Host, runs_commands: bool) -> Result<Vec<String>> {
    valid(bytes)?;
    let (imports, exports) = read::externs(bytes)?;
    let missing: Vec<&String> = imports
        .iter()
        .filter(|import| !host.offers(import))
        .collect();
    if !missing.is_empty() {
        bail!("the composed component needs {missing:?}, which the host `{host}` does not offer");
    }
    let wanted = [
        ("wasi:http/incoming-handler@0.2", true),
        ("wasi:cli/run@0.2", runs_commands),
    ];
    for (export, expected) in wanted {
        if expected != exports.iter().any(|one| one.starts_with(export)) {
            bail!(
                "the composed component exports {exports:?}, but {export} is missing or superfluous"
            );
        }
    }
    Ok(imports)
}
