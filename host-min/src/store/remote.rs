//! What stores on servers have in common: secrets, options of URLs, patience and pauses.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::{KvError, MAX_REMOTE_KEY, check_names};
use crate::error::HostError;

/// Pause between two attempts to reach the server at the start.
const START_RETRY: Duration = Duration::from_millis(500);
/// Time between a failed connection and the next attempt: at first, and at most.
const MIN_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// How a store on a server is opened.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// How the host identifies itself.
    pub secrets: Secrets,
    /// Accept settings with which the server may lose acknowledged writes.
    pub allow_unsafe: bool,
    /// Make the store if it is absent.
    pub make: bool,
    /// Make created keys durable with the next barrier, and not each at once. For imports, which no
    /// other process observes.
    pub durable_at_barrier: bool,
    /// How long to try to reach the server. `None`: one attempt.
    pub patience: Option<Duration>,
}

/// How the host identifies itself. A password in the URL would show in the process list.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// A file whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// A file with a JWT and the seed of its key, as `nsc` writes it. For NATS.
    pub credentials_file: Option<PathBuf>,
}

impl Secrets {
    /// The password from its file, or from the first of these environment variables that is set.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn password(&self, variables: &[&str]) -> Result<Option<String>, String> {
        let Some(path) = &self.password_file else {
            let mut values = variables.iter().map(std::env::var);
            return Ok(values.find_map(Result::ok));
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("--store-password-file {}: {error}", path.display()))?;
        Ok(Some(text.lines().next().unwrap_or_default().to_owned()))
    }
}

/// How to give a password that is in the URL.
pub const PASSWORD_REMEDY: &str = "the URL of the store contains a password, which would show in the process list; put it into a file \
     (--store-password-file FILE) or into the environment (ANNALS_STORE_PASSWORD)";

/// Refuses a URL without its query if it contains a password.
///
/// # Errors
/// [`PASSWORD_REMEDY`].
pub fn refuse_password(base: &str) -> Result<(), String> {
    let rest = base.split_once("://").map_or(base, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => Err(PASSWORD_REMEDY.into()),
        _ => Ok(()),
    }
}

/// True if the name or the address is one of this machine.
pub fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|at: IpAddr| at.is_loopback())
}

/// The value of the option `name` as a time.
///
/// # Errors
/// The value is no time above zero.
pub fn time(name: &str, value: &str) -> Result<Duration, String> {
    let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("", 1)];
    let millis = units.iter().find_map(|(unit, factor)| {
        let number: u64 = value.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(*factor)
    });
    match millis {
        Some(millis) if millis > 0 => Ok(Duration::from_millis(millis)),
        _ => Err(format!("{name}={value}: give a time such as 500ms or 10s")),
    }
}

/// Replaces `%` and two hexadecimal digits by the byte that they stand for.
///
/// # Errors
/// Other characters follow a `%`, or the result is not UTF-8.
pub fn decode(raw: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| (byte as char).to_digit(16));
        let code = digit().zip(digit()).map(|(high, low)| high * 16 + low);
        let code = code.and_then(|code| u8::try_from(code).ok());
        bytes.push(code.ok_or("the URL of the store has a % without two hexadecimal digits")?);
    }
    String::from_utf8(bytes).map_err(|_| "the URL of the store is not UTF-8".into())
}

/// Checks names. Servers take no longer keys.
pub fn check_name(bucket: &str, key: &str) -> Result<(), KvError> {
    check_names(bucket, key)?;
    match key.len() > MAX_REMOTE_KEY {
        true => Err(KvError::NameTooLong),
        false => Ok(()),
    }
}

/// A runtime for a store that is opened by a caller without one.
///
/// # Errors
/// The system's.
pub fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
}

/// Why there is no connection.
#[derive(Debug, Clone)]
pub enum ConnectError {
    /// The server does not answer, is starting or cannot write. That may pass.
    Unreachable(String),
    /// The server answers, and does not fit.
    Refused(String),
}

impl ConnectError {
    /// The reason.
    pub fn reason(&self) -> &str {
        match self {
            Self::Unreachable(reason) | Self::Refused(reason) => reason,
        }
    }
}

/// Connects at the start, and tries again for as long as `patience` says.
///
/// # Errors
/// [`HostError::StoreUnreachable`], [`HostError::StoreRefused`].
pub async fn reach<T, C>(
    target: &str,
    patience: Option<Duration>,
    mut connect: impl FnMut() -> C,
) -> Result<T, HostError>
where
    C: Future<Output = Result<T, ConnectError>>,
{
    let started = Instant::now();
    let mut logged = false;
    loop {
        let reason = match connect().await {
            Ok(connected) => return Ok(connected),
            Err(ConnectError::Refused(reason)) => {
                return Err(HostError::StoreRefused {
                    target: target.to_owned(),
                    reason,
                });
            }
            Err(ConnectError::Unreachable(reason)) => reason,
        };
        let elapsed = started.elapsed();
        if patience.is_none_or(|patience| elapsed + START_RETRY > patience) {
            return Err(HostError::StoreUnreachable {
                target: target.to_owned(),
                reason,
            });
        }
        if !logged {
            tracing::warn!(reason, "waiting for {target} (--wait-for-store)");
            logged = true;
        }
        tokio::time::sleep(START_RETRY).await;
    }
}

/// Remembers that the server could not be reached, so that requests fail at once while it is away.
#[derive(Default)]
pub struct Outage(Mutex<Option<Failure>>);

/// The last attempt to connect failed.
struct Failure {
    reason: String,
    attempts: u32,
    /// The host does not try to connect before this time.
    until: Instant,
}

impl Outage {
    fn lock(&self) -> MutexGuard<'_, Option<Failure>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an attempt to connect may begin.
    ///
    /// # Errors
    /// [`KvError::Unavailable`] if the last one failed a moment ago.
    pub fn check(&self) -> Result<(), KvError> {
        match &*self.lock() {
            Some(failure) if Instant::now() < failure.until => {
                Err(KvError::Unavailable(failure.reason.clone()))
            }
            _ => Ok(()),
        }
    }

    /// An attempt succeeded.
    pub fn end(&self) {
        if self.lock().take().is_some() {
            tracing::info!("the store can be reached again");
        }
    }

    /// An attempt failed.
    pub fn record(&self, reason: &str) -> KvError {
        let mut failure = self.lock();
        let attempts = failure.as_ref().map_or(0, |failure| failure.attempts + 1);
        if attempts == 0 {
            tracing::error!(reason, "the store cannot be reached");
        }
        let backoff = MIN_BACKOFF.saturating_mul(1 << attempts.min(10));
        *failure = Some(Failure {
            reason: reason.to_owned(),
            attempts,
            until: Instant::now() + backoff.min(MAX_BACKOFF),
        });
        KvError::Unavailable(reason.to_owned())
    }
}
