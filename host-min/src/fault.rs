//! Failures of guests: a short problem for the client, all details for the log.

use std::hash::{BuildHasher, Hasher, RandomState};

use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::problem::Problem;

/// Name of the core module that the composer generates between the framework and the handlers.
const SWITCHBOARD: &str = "annals-switchboard";
/// Prefix of the switchboard function that calls one handler.
const HANDLER: &str = "handler:";

/// wasmtime reports this trap as an interrupt.
const PAST_ITS_DEADLINE: &str = "the handler computed until its deadline (`--timeout`) and the host stopped it; the backtrace shows where";

/// A request without a response from its guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The guest trapped, exceeded its time or memory, or returned without a response.
    Handler {
        /// The id of the log entry with the details.
        incident: String,
        /// The handler that was running, if any.
        handler: Option<String>,
    },
    /// The pool has no room for the instance now.
    Busy,
}

/// Why a guest failed, before the failure is logged.
#[derive(Debug)]
pub enum Failure {
    /// The guest trapped, or could not be instantiated.
    Trap(wasmtime::Error),
    /// The guest failed without a trap; this is the description.
    Words(String),
}

impl Failure {
    /// Makes a failure without a trap.
    pub fn words(words: String) -> Self {
        Self::Words(words)
    }

    /// Logs the failure and returns what the client may see of it.
    pub fn report(&self) -> Fault {
        let (handler, details) = match self {
            Self::Trap(error) if error.is::<PoolConcurrencyLimitError>() => {
                tracing::warn!(error = format!("{error:#}"), "no room for another instance");
                return Fault::Busy;
            }
            // Log the cause before the backtrace, which may be long.
            Self::Trap(error) => {
                let details = format!("{}\n{error:?}", self.cause());
                (self.handler(), shortened(&details))
            }
            Self::Words(words) => (None, words.clone()),
        };
        let incident = incident();
        let name = handler.as_deref().unwrap_or("-");
        tracing::error!(incident, handler = name, "a guest failed: {details}");
        Fault::Handler { incident, handler }
    }

    /// A key that is equal for failures of the same kind.
    pub fn kind(&self) -> String {
        let handler = self.handler();
        format!("{}: {}", handler.as_deref().unwrap_or("-"), self.cause())
    }

    /// A short description.
    fn cause(&self) -> String {
        match self {
            Self::Trap(error) => match error.downcast_ref() {
                Some(Trap::Interrupt) => PAST_ITS_DEADLINE.into(),
                _ => error.root_cause().to_string(),
            },
            Self::Words(words) => words.clone(),
        }
    }

    fn handler(&self) -> Option<String> {
        match self {
            Self::Trap(error) => error.downcast_ref().and_then(handler_in),
            Self::Words(_) => None,
        }
    }
}

impl Fault {
    /// The response for the client.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Handler { incident, handler } => {
                Problem::handler_fault(handler.as_deref(), incident)
            }
            Self::Busy => Problem::overloaded(),
        }
    }
}

/// The handler named by the innermost frame of a switchboard. A frame of another module counts only
/// if the trace has no frame of a switchboard, because any module may use such a name.
fn handler_in(trace: &WasmBacktrace) -> Option<String> {
    let named = || {
        trace.frames().iter().filter_map(|frame| {
            let handler = frame.func_name()?.strip_prefix(HANDLER)?;
            Some((frame.module().name() == Some(SWITCHBOARD), handler))
        })
    };
    let found = named()
        .find(|(generated, _)| *generated)
        .or_else(|| named().next());
    found.map(|(_, handler)| handler.to_owned())
}

/// Keeps the first lines. The backtrace of a stack overflow has thousands of lines, and the first
/// ones are enough.
fn shortened(details: &str) -> String {
    const LINES: usize = 60;
    let mut kept: Vec<&str> = details.lines().take(LINES).collect();
    let left_out = details.lines().count() - kept.len();
    let note = format!("({left_out} more lines)");
    if left_out > 0 {
        kept.push(&note);
    }
    kept.join("\n")
}

/// Makes an id that is unlikely to repeat in one log: the standard library seeds each `RandomState`
/// differently.
fn incident() -> String {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u128(
        std::time::UNIX_EPOCH
            .elapsed()
            .map_or(0, |age| age.as_nanos()),
    );
    format!("{:016x}", hasher.finish())
}
