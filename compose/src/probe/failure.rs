//! Why a handler did not say what it is.

use super::guard::TooMuchMemory;
use crate::limits;
use crate::problem::Code;
use wasmtime::Trap;

/// Why a handler did not say what it is.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The engine does not take it.
    #[error("it cannot be compiled: {0}")]
    Compile(String),
    /// It does not start.
    #[error("it cannot be instantiated: {0}")]
    Instantiate(String),
    /// Its sandbox stopped it.
    #[error("`describe` failed: it {0}")]
    Stopped(String),
    /// It trapped, or was not answered as it must be.
    #[error("`describe` failed: {0}")]
    Trap(String),
    /// It ran out of fuel.
    #[error("`describe` does not return: it was stopped after {} million instructions", limits::FUEL / 1_000_000)]
    Endless,
    /// It ran out of time.
    #[error("`describe` was not answered in {} seconds, compiling it included", limits::TIME.as_secs())]
    Slow,
    /// It wanted too much memory.
    #[error("{0}")]
    Memory(TooMuchMemory),
    /// It said too much.
    #[error("`describe` answers with more than {} MB", limits::DESCRIPTION >> 20)]
    Verbose,
    /// The probing itself went wrong.
    #[error("it cannot be probed: the engine gave up")]
    Panicked,
}

impl Failure {
    /// A failure while the handler ran; `starting` while it was instantiated.
    pub fn of(error: &wasmtime::Error, starting: bool) -> Self {
        if let Some(trap) = error.downcast_ref::<Trap>() {
            match trap {
                Trap::OutOfFuel => return Self::Endless,
                Trap::Interrupt => return Self::Slow,
                _ => {}
            }
        }
        if error.is::<TooMuchMemory>() {
            return Self::Memory(TooMuchMemory);
        }
        let cause = match error.downcast_ref::<Trap>() {
            Some(trap) => trap.to_string(),
            None => error.root_cause().to_string(),
        };
        let chain = format!("{error:#}");
        if cause.contains("fuel allocated for hostcalls") {
            return Self::Verbose;
        }
        if starting {
            return Self::Instantiate(chain.lines().next().unwrap_or_default().into());
        }
        Self::Trap(cause)
    }

    /// The same failure of a handler that said this before. A panic says where it happened.
    #[must_use]
    pub fn saying(self, said: &str) -> Self {
        match self {
            Self::Trap(cause) if !said.is_empty() => Self::Trap(format!("{said} ({cause})")),
            other => other,
        }
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Compile(_) | Self::Panicked => Code::InvalidComponent,
            Self::Instantiate(_) | Self::Stopped(_) | Self::Trap(_) => Code::DescribeFailed,
            Self::Endless | Self::Slow => Code::DescribeEndless,
            Self::Memory(_) | Self::Verbose => Code::DescribeGreedy,
        }
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Compile(_) | Self::Panicked => {
                "build it again, with the newest release of its tools"
            }
            _ => "`describe` must return constants; run the handler's own tests",
        }
    }
}
