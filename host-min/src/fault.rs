//! What went wrong in a guest: few words for the client, all details for the log.

use std::hash::{BuildHasher, Hasher, RandomState};

use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::problem::Problem;

/// Name of the core module that the composer generates to stand between the framework and the
/// handlers.
const SWITCHBOARD: &str = "annals-switchboard";
/// What the name of its function for one handler begins with.
const HANDLER: &str = "handler:";

/// The engine calls it an interrupt.
const PAST_ITS_DEADLINE: &str =
    "it computed until its deadline (`--timeout`) and was stopped; the backtrace says where";

/// A request that its guest did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The guest trapped, ran out of time or memory, or returned without an answer.
    Handler {
        /// Under which the log has the details.
        incident: String,
        /// The handler that was running, if one was.
        handler: Option<String>,
    },
    /// The pool has no room for the instance now.
    Busy,
}

/// Why a guest did not do what it was asked for, before anybody was told.
#[derive(Debug)]
pub enum Failure {
    /// It trapped, or could not be instantiated.
    Trap(wasmtime::Error),
    /// It left no trace but these words.
    Words(String),
}

impl Failure {
    /// A failure without a trace.
    pub fn words(words: String) -> Self {
        Self::Words(words)
    }

    /// Looks into it, and logs it.
    pub fn report(&self) -> Fault {
        let (handler, details) = match self {
            Self::Trap(error) if error.is::<PoolConcurrencyLimitError>() => {
                tracing::warn!(error = format!("{error:#}"), "no room for another instance");
                return Fault::Busy;
            }
            // Why comes before where: the trace may be long.
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

    /// The same for failures of the same kind.
    pub fn kind(&self) -> String {
        let handler = self.handler();
        format!("{}: {}", handler.as_deref().unwrap_or("-"), self.cause())
    }

    /// In a few words.
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
    /// For the client.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Handler { incident, handler } => {
                Problem::handler_fault(handler.as_deref(), incident)
            }
            Self::Busy => Problem::overloaded(),
        }
    }
}

/// The innermost function of a switchboard that bears a handler's name. A function elsewhere
/// that merely looks like one counts only where no switchboard took part.
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

/// The backtrace of a stack that overflowed has thousands of lines: the first ones tell enough.
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

/// Unlikely to be met twice in one log: the standard library seeds each `RandomState` anew.
fn incident() -> String {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u128(
        std::time::UNIX_EPOCH
            .elapsed()
            .map_or(0, |age| age.as_nanos()),
    );
    format!("{:016x}", hasher.finish())
}
