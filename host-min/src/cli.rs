//! The command line.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use annals_host::pool::Recycling;
use annals_host::precompiled::CompileCache;
use annals_host::state::SharedDirectory;
use annals_host::tools::export::Export;
use annals_host::tools::import::Import;
use annals_host::tools::place::{Remote, is_nats, is_postgres};
use annals_host::tools::verify::Verify;
use clap::{Args, Parser, Subcommand};

/// The minimal WASI 0.2 HTTP host with wasi:keyvalue for composed Annals components, and the
/// maintenance tools for its store.
///
/// The host sends a response only when every write that the response could have observed is
/// durable.
#[derive(Debug, Parser)]
#[command(name = "annals-host", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Serve(Serve),
    Verify(Verify),
    Export(Export),
    Import(Import),
    Completions(Completions),
}

/// Print a shell completion script for this command.
#[derive(Debug, Args)]
#[command(after_help = "Example: source <(annals-host completions bash)")]
pub struct Completions {
    /// The shell to generate the script for.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Serve a composed component over HTTP.
///
/// Prints `annals-host: listening on http://ADDRESS` on stdout when it is ready. Logs go to stderr
/// (RUST_LOG filters them, NO_COLOR is respected). SIGTERM and SIGINT stop the host cleanly: it
/// answers the running requests and flushes the store.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 stopped in good order, 1 the input is at fault, 2 usage, \
                        3 the host is at fault, or its store cannot go on: start it again."
)]
pub struct Serve {
    /// The component to serve, as made by `annals compose --host annals`.
    #[arg(value_name = "APP.WASM")]
    pub component: PathBuf,

    /// Address to listen on; with port 0 the system chooses the port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: String,

    /// Where wasi:keyvalue stores its buckets: a directory, `memory:` for a store that is lost when
    /// the host stops, or a store that several hosts may share: `postgres://USER@HOST/DATABASE` for a
    /// table, `nats://HOST,HOST,HOST/STREAM` for a stream of JetStream (docs/postgresql.md and
    /// docs/nats.md list the options of the URLs).
    #[arg(
        long,
        value_name = "DIR|memory:|postgres://…|nats://…",
        default_value = "./data"
    )]
    pub store: StoreChoice,

    #[command(flatten)]
    pub remote: Remote,

    /// Keep trying if the server of the store cannot be reached at the start [for as long as it
    /// takes, or for SECONDS].
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true,
          default_missing_value = "4294967295")]
    pub wait_for_store: Option<u32>,

    /// Share a directory with the component, readable and writable; may be repeated. Without this
    /// option the component sees no files.
    #[arg(long, value_name = "HOST::GUEST")]
    pub dir: Vec<Shared>,

    /// Set an environment variable of the component; may be repeated. Without this option the
    /// component has no variables. Only handlers that the manifest grants `wasi:cli/environment`
    /// can read them.
    #[arg(long, value_name = "NAME=VALUE")]
    pub env: Vec<Variable>,

    /// Do not deliver to reactions in the background. Something else must then call `POST
    /// /admin/pump`.
    #[arg(long)]
    pub no_delivery: bool,

    /// Accept a change of the application that the host refuses by default, e.g. `retire:mailer`;
    /// may be repeated. Such a change delivers history again, drops a reaction or runs older code.
    /// The refusal lists the names of the changes.
    #[arg(long, value_name = "CHANGE")]
    pub accept: Vec<String>,

    /// Maximum time that a request may take in the component, e.g. `500ms`, `10s`, `2m`.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub timeout: Time,

    /// Maximum size of one linear memory (each handler has its own).
    #[arg(long, value_name = "SIZE", default_value = "128MiB")]
    pub max_memory: Size,

    /// Maximum number of requests that run at one time; each has an instance of its own.
    #[arg(long, visible_alias = "max-instances", value_name = "N", default_value_t = 64,
          value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub concurrency: u32,

    /// Maximum number of requests that wait for an instance; the host answers further requests 503
    /// at once [default: 16 for each that may run].
    #[arg(long, value_name = "N")]
    pub queue: Option<usize>,

    /// Instances that stay warm between requests [default: as many as may run]. With 0 each request
    /// gets a fresh instance.
    #[arg(long, value_name = "N")]
    pub warm: Option<u32>,

    /// Requests that one instance serves before the host replaces it.
    #[arg(long, value_name = "N", default_value_t = 100_000,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub recycle_requests: u32,

    /// Age at which the host replaces an instance.
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub recycle_age: Time,

    /// Memory growth at which the host replaces an instance.
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub recycle_memory: Size,

    /// Maximum number of event streams open at one time, in addition to the running requests; the
    /// host tells further clients to reconnect later.
    #[arg(long, value_name = "N", default_value_t = 256,
          value_parser = clap::value_parser!(u32).range(0..=4_000))]
    pub max_streams: u32,

    /// Maximum size of a request's body.
    #[arg(long, value_name = "SIZE", default_value = "8MiB")]
    pub max_body: Size,

    /// Maximum memory for the bodies of requests and of responses that clients have not taken yet,
    /// for all clients together. Beyond it the host answers 503 and cuts slow clients.
    #[arg(long, value_name = "SIZE", default_value = "256MiB")]
    pub max_buffered: Size,

    /// Directory for compiled components; no other user may be able to write to it [default:
    /// annals-host in the user's cache directory].
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    pub cache_dir: Option<PathBuf>,

    /// Compile the component at each start.
    #[arg(long)]
    pub no_cache: bool,

    /// Compile the component into the cache and exit. The next start with the same options uses the
    /// compiled component. This opens no store and serves nothing.
    #[arg(long)]
    pub compile_only: bool,

    /// For profiling: write the names of the component's functions to /tmp/perf-PID.map, where
    /// `perf` reads them.
    #[arg(long)]
    pub perf_map: bool,
}

impl Serve {
    pub fn queue_length(&self) -> usize {
        self.queue.unwrap_or(self.concurrency as usize * 16)
    }

    pub fn recycling(&self) -> Recycling {
        Recycling {
            warm: self.warm.unwrap_or(self.concurrency) as usize,
            requests: self.recycle_requests,
            age: self.recycle_age.0,
            max_memory_growth: self.recycle_memory.0,
            ..Recycling::default()
        }
    }

    pub fn compile_cache(&self) -> CompileCache {
        match &self.cache_dir {
            _ if self.no_cache => CompileCache::Off,
            Some(directory) => CompileCache::At(directory.clone()),
            None => CompileCache::User,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreChoice {
    Memory,
    Directory(PathBuf),
    /// The URL of a table. It may be wrong: an error of this parser would print it.
    Postgres(String),
    /// The URL of a stream. The same holds.
    Nats(String),
}

impl FromStr for StoreChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "memory:" => Ok(Self::Memory),
            _ if text.starts_with("files:") => Err(
                "this host cannot serve a store of files; give an empty directory, and copy the events: \
                 annals-host export --store files:DIR | annals-host import --store NEW"
                    .into(),
            ),
            _ if is_postgres(text) => Ok(Self::Postgres(text.to_owned())),
            _ if is_nats(text) => Ok(Self::Nats(text.to_owned())),
            _ if text.contains("://") => {
                Err("this host does not support that kind of store; give a directory, `memory:`, `postgres://…` or `nats://…`".into())
            }
            _ => Ok(Self::Directory(text.into())),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Shared(pub SharedDirectory);

impl FromStr for Shared {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, guest) = text.split_once("::").unwrap_or((text, text));
        if host.is_empty() || guest.is_empty() {
            return Err("give HOST::GUEST, e.g. ./data::/data".into());
        }
        Ok(Self(SharedDirectory {
            host: host.into(),
            guest: guest.into(),
        }))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable(pub (String, String));

impl FromStr for Variable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self((name.into(), value.into()))),
            _ => Err("give NAME=VALUE, e.g. MAILER_URL=http://127.0.0.1:9000".into()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Duration);

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let units = [("ms", 1), ("s", 1_000), ("m", 60_000)];
        match scaled(text, &units) {
            Some(millis) if millis > 0 => Ok(Self(Duration::from_millis(millis))),
            _ => Err("give a time such as 500ms, 10s or 2m".into()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub usize);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let units = [
            ("KiB", 1 << 10),
            ("MiB", 1 << 20),
            ("GiB", 1 << 30),
            ("B", 1),
            ("", 1),
        ];
        // A guest can address 4 GiB at most.
        match scaled(text, &units).filter(|bytes| (1..=1 << 32).contains(bytes)) {
            Some(bytes) => usize::try_from(bytes).map(Self).map_err(|e| e.to_string()),
            None => Err("give a size such as 64KiB, 128MiB or 1GiB (4GiB at most)".into()),
        }
    }
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (unit, factor) = units.iter().find(|(unit, _)| text.ends_with(unit))?;
    let number = text.strip_suffix(unit)?.trim().parse::<u64>().ok()?;
    number.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_read_with_their_units() {
        assert_eq!("500ms".parse(), Ok(Time(Duration::from_millis(500))));
        assert_eq!("2m".parse(), Ok(Time(Duration::from_secs(120))));
        assert_eq!("128MiB".parse(), Ok(Size(128 << 20)));
        assert_eq!("17".parse(), Ok(Size(17)));
        for bad in ["", "s", "0s", "-1s", "10", "99999999999999999999s"] {
            assert!(bad.parse::<Time>().is_err(), "{bad}");
        }
        for bad in ["", "0", "5GiB", "1TiB", "x"] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
    }
}
