//! Peers that `cargo xtask bench` installs with the package managers of their languages, or builds apart.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use annals_tests::server::Server;
use annals_tests::tools;
use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use crate::bench::Killed;
use crate::database::{Base, Database};
use crate::peers::Running;
use crate::process;

/// A file below the folder of the peers, or a line that says what is skipped.
fn find(file: &str, what: &str, remedy: &str) -> Result<Option<PathBuf>> {
    let file = tools::target_folder()?.join("peers").join(file);
    if file.exists() {
        return Ok(Some(file));
    }
    println!("skipped: {what} is not there; {remedy}, and run `cargo xtask bench`");
    Ok(None)
}

/// Express and Emmett.
pub struct Emmett {
    script: PathBuf,
}

impl Emmett {
    /// The installed one. If there is none, prints that.
    ///
    /// # Errors
    ///
    /// If this binary is in no target folder.
    pub fn find() -> Result<Option<Self>> {
        let installed = find("emmett/installed", "Emmett", "install Node.js with npm")?;
        Ok(installed.map(|installed| Self {
            script: installed.with_file_name("bank.mjs"),
        }))
    }

    /// Starts a server of this many processes on a database.
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub fn start(&self, url: &str, processes: u8, folder: &Path) -> Result<Running> {
        let (script, url) = (self.script.clone(), url.to_owned());
        let serve = move |place: &annals_tests::server::Place<'_>| {
            let mut command = Command::new("node");
            command.arg(&script).arg(&url);
            command.args([place.port.to_string(), processes.to_string()]);
            command.env("NODE_ENV", "production");
            Ok(command)
        };
        Running::of(Server::start_by(serve, Path::new(""), folder)?)
    }

    /// The query for the number of events in its tables.
    pub const EVENTS: &str = "SELECT count(*) FROM emt_messages";
}

/// `eventsourcing`, in a virtual environment of Python.
pub struct EventSourcing {
    script: PathBuf,
}

/// What `bank.py` prints.
#[derive(Debug, Deserialize)]
pub struct Opened {
    /// Number of all accounts that were opened.
    pub opened: f64,
    /// Number of those that were opened in the measured time.
    pub measured: f64,
    /// The measured time.
    pub seconds: f64,
    /// Median latency in milliseconds.
    pub p50_ms: f64,
    /// 99th percentile of latency in milliseconds.
    pub p99_ms: f64,
    /// Processor seconds of all its processes, for all accounts.
    pub cpu_seconds: f64,
    /// The maximum resident memory of its processes together.
    pub peak_mib: f64,
    /// The first errors.
    errors: Vec<String>,
}

impl EventSourcing {
    /// The installed one. If there is none, prints that.
    ///
    /// # Errors
    ///
    /// If this binary is in no target folder.
    pub fn find() -> Result<Option<Self>> {
        let installed = find(
            "eventsourcing/installed",
            "eventsourcing",
            "install Python with pip",
        )?;
        Ok(installed.map(|installed| Self {
            script: installed.with_file_name("bank.py"),
        }))
    }

    fn command(&self, database: &Database, base: &Base<'_>) -> Result<Command> {
        let folder = self.script.parent().context("a file lies in a folder")?;
        let port = database.port().to_string();
        let mut command = Command::new(folder.join("venv/bin/python"));
        command.arg(&self.script).envs([
            ("PERSISTENCE_MODULE", "eventsourcing.postgres"),
            ("POSTGRES_DBNAME", base.name.as_str()),
            ("POSTGRES_HOST", "127.0.0.1"),
            ("POSTGRES_PORT", port.as_str()),
            ("POSTGRES_USER", "annals"),
            ("POSTGRES_PASSWORD", "unused"),
            // The fastest way to insert that the library has: one statement, which calls a function.
            ("POSTGRES_ENABLE_DB_FUNCTIONS", "y"),
        ]);
        Ok(command)
    }

    /// Makes the tables.
    ///
    /// # Errors
    ///
    /// If it fails.
    pub fn make(&self, database: &Database, base: &Base<'_>) -> Result<()> {
        output(self.command(database, base)?.arg("make"))?;
        Ok(())
    }

    /// Opens accounts with 64 clients.
    ///
    /// # Errors
    ///
    /// If a client fails.
    pub fn open(
        &self,
        database: &Database,
        base: &Base<'_>,
        clients: Clients,
        times: [Duration; 2],
    ) -> Result<Opened> {
        let mut command = self.command(database, base)?;
        command
            .arg("open")
            .args(["--processes", &clients.processes.to_string()]);
        command.args(["--threads", &clients.threads.to_string()]);
        let [warm_up, time] = times.map(|time| time.as_secs_f64().to_string());
        command.args(["--warm-up", &warm_up, "--seconds", &time]);
        let opened: Opened = serde_json::from_slice(&output(&mut command)?)?;
        ensure!(opened.errors.is_empty(), "{:?}", opened.errors);
        Ok(opened)
    }

    /// The query for the number of events in its table.
    pub const EVENTS: &str = "SELECT count(*) FROM bank_events";
}

/// The clients of a library that is measured in process: threads, which some processes share.
#[derive(Debug, Clone, Copy)]
pub struct Clients {
    /// Number of processes.
    pub processes: usize,
    /// Number of threads of each process.
    pub threads: usize,
}

/// UmaDB and its clients.
pub struct Umadb {
    program: PathBuf,
}

/// What the clients of UmaDB print.
#[derive(Debug, Deserialize)]
pub struct Appended {
    /// Number of appends in the measured time.
    pub measured: f64,
    /// The measured time.
    pub seconds: f64,
    /// Median latency in milliseconds.
    pub p50_ms: f64,
    /// 99th percentile of latency in milliseconds.
    pub p99_ms: f64,
    /// The maximum resident memory of the server.
    #[serde(skip)]
    pub peak_mib: f64,
}

impl Umadb {
    /// The built one. If there is none, prints that.
    ///
    /// # Errors
    ///
    /// If this binary is in no target folder.
    pub fn find() -> Result<Option<Self>> {
        let remedy = "install protoc (Debian: apt-get install protobuf-compiler)";
        let program = find("release/bench-umadb", "UmaDB", remedy)?;
        Ok(program.map(|program| Self { program }))
    }

    /// Starts a server on a folder, and appends with this many clients.
    ///
    /// # Errors
    ///
    /// If an append fails, or an acknowledged one is missing.
    pub fn append(&self, folder: &Path, clients: usize, times: [Duration; 2]) -> Result<Appended> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut serve = Command::new(&self.program);
        serve.arg("serve").arg("--store").arg(folder);
        serve.args(["--listen", &address.to_string()]);
        let log = std::fs::File::create(folder.with_extension("log"))?;
        serve
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let server = Killed(serve.spawn()?);
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(address).is_err() {
            ensure!(Instant::now() < deadline, "UmaDB does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        let [warm_up, time] = times.map(|time| time.as_secs_f64().to_string());
        let mut append = Command::new(&self.program);
        append.args(["append", "--to", &address.to_string()]);
        append.args(["--clients", &clients.to_string()]);
        append.args(["--warm-up", &warm_up, "--seconds", &time]);
        let mut appended: Appended = serde_json::from_slice(&output(&mut append)?)?;
        appended.peak_mib = peak_mib(&server.0)?;
        Ok(appended)
    }
}

#[allow(clippy::cast_precision_loss, reason = "small")]
fn peak_mib(child: &Child) -> Result<f64> {
    Ok(process::usage(child.id())?.peak_kib as f64 / 1024.0)
}

/// Runs a command to its end, and returns what it printed.
fn output(command: &mut Command) -> Result<Vec<u8>> {
    let out = command.stdin(Stdio::null()).output()?;
    if !out.status.success() {
        let program = command.get_program().display();
        bail!("{program}: {}", String::from_utf8_lossy(&out.stderr));
    }
    Ok(out.stdout)
}
