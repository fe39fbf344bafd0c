//! Why a handler could not be described.

use super::guard::TooMuchMemory;
use crate::limits;
use crate::problem::Code;
use wasmtime::Trap;

/// Why a handler could not be described.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The engine rejects the component.
    #[error("it cannot be compiled: {0}")]
    Compile(String),
    /// The component cannot be instantiated.
    #[error("it cannot be instantiated: {0}")]
    Instantiate(String),
    /// Its sandbox stopped it.
    #[error("`describe` failed: it {0}")]
    Stopped(String),
    /// It trapped, or returned an invalid result.
    #[error("`describe` failed: {0}")]
    Trap(String),
    /// It used up its fuel.
    #[error("`describe` does not return: it was stopped after {} million instructions", limits::DESCRIBE_FUEL / 1_000_000)]
    Endless,
    /// It exceeded the time limit.
    #[error("`describe` did not return within {} seconds, including compilation", limits::DESCRIBE_TIME.as_secs())]
    Slow,
    /// It exceeded the memory limit.
    #[error("{0}")]
    Memory(TooMuchMemory),
    /// Its description is too large.
    #[error("`describe` returns more than {} MB", limits::DESCRIPTION_BYTES >> 20)]
    Verbose,
    /// The prober itself failed.
    #[error("it cannot be probed: the engine panicked")]
    Panicked,
}

impl Failure {
    /// Classifies an error of a running handler; `starting` is true during instantiation.
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

    /// Adds the handler's last log line, because a panic message contains its place.
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

    /// The remedy.
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
