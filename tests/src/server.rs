//! Starts, kills and restarts real hosts on free ports of loopback.

use crate::tools;
use annals_compose::host::jco_launcher;
use anyhow::{Context as _, Result, bail};
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A kind of host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Annals's own host, over its embedded store.
    Annals,
    /// The real `wasmtime serve`, over files.
    Wasmtime,
    /// The same, with the option to serve many requests by one instance.
    WasmtimeKept,
    /// jco in Node.js, over files, started by the launcher that the composer writes.
    Jco,
    /// A stand-in for Spin with its SQLite backend: see `annals-host-doubles`.
    SpinSqlite,
    /// A stand-in for Spin with its Redis backend.
    SpinRedis,
    /// A stand-in for wasmCloud with a backend whose `increment` is atomic.
    WasmCloud,
}

impl Kind {
    /// The real hosts that are fast enough for long plays.
    pub const ALL: [Self; 2] = [Self::Annals, Self::Wasmtime];

    /// The name in `annals compose --host`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Annals => "annals",
            Self::Wasmtime | Self::WasmtimeKept => "wasmtime",
            Self::Jco => "jco",
            Self::SpinSqlite | Self::SpinRedis => "spin",
            Self::WasmCloud => "wasmcloud",
        }
    }

    /// The command that serves, with additional flags for the host.
    ///
    /// # Errors
    ///
    /// If the host is not installed or built.
    pub fn serve(self, place: &Place<'_>, extra: &[String]) -> Result<Command> {
        let mut command = self.command(place)?;
        command.args(extra);
        // jco's launcher contains the application.
        if self != Self::Jco {
            command.arg(place.app);
        }
        Ok(command)
    }

    /// The command that serves, without the argument for the application.
    ///
    /// # Errors
    ///
    /// If the host is not installed or built.
    fn command(self, place: &Place<'_>) -> Result<Command> {
        let address = place.address();
        Ok(match self {
            Self::Annals => {
                let mut command = Command::new(tools::built("annals-host")?);
                command
                    .args(["serve", "--listen", &address, "--store"])
                    .arg(place.store);
                command
            }
            Self::Wasmtime | Self::WasmtimeKept => {
                let mut command = Command::new(tools::wasmtime()?);
                command
                    .args(["serve", "-S", "cli", "--addr", &address, "--dir"])
                    .arg(format!("{}::/data", place.store.display()));
                if self == Self::WasmtimeKept {
                    command.args(["--max-instance-reuse-count", "1000"]);
                }
                command
            }
            Self::Jco => {
                let mut command = Command::new("node");
                command
                    .arg(jco_launcher(place.app).join("serve.mjs"))
                    .args(["--listen", &address, "--data"])
                    .arg(place.store);
                command
            }
            Self::SpinSqlite => stand_in("spin-sqlite", place)?,
            Self::SpinRedis => stand_in("spin-redis", place)?,
            Self::WasmCloud => stand_in("wasmcloud-memory", place)?,
        })
    }
}

/// The command of the stand-in that behaves like another host.
fn stand_in(like: &str, place: &Place<'_>) -> Result<Command> {
    let mut command = Command::new(tools::built("stand-in")?);
    command
        .args(["--like", like, "--listen", &place.address(), "--store"])
        .arg(place.store);
    Ok(command)
}

/// Makes the command that serves an application.
type Serve = Box<dyn Fn(&Place<'_>) -> Result<Command> + Send>;

/// The files and the port of a served application.
pub struct Place<'a> {
    /// The component file.
    pub app: &'a Path,
    /// The data folder.
    pub store: &'a Path,
    /// The free port of 127.0.0.1 to listen at.
    pub port: u16,
}

impl Place<'_> {
    /// The command by which annals-host serves on a store that the flags name, in place of the data folder.
    ///
    /// # Errors
    ///
    /// If annals-host is not built.
    pub fn serve_on(&self, flags: &[String]) -> Result<Command> {
        let mut command = Command::new(tools::built("annals-host")?);
        command
            .args(["serve", "--listen", &self.address()])
            .args(flags)
            .arg(self.app);
        Ok(command)
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

/// A host that serves one application. Dropping it kills it.
pub struct Server {
    serve: Serve,
    app: PathBuf,
    data: PathBuf,
    port: u16,
    child: Option<Child>,
    /// Number of starts.
    pub starts: u32,
}

impl Server {
    /// Starts a host and waits until it answers. The folder `data` gets its data and its log.
    ///
    /// # Errors
    ///
    /// If it does not answer within five minutes.
    pub fn start(kind: Kind, app: &Path, data: &Path) -> Result<Self> {
        Self::start_with(kind, app, data, &[])
    }

    /// The same, with additional flags for the host.
    ///
    /// # Errors
    ///
    /// If it does not answer within five minutes.
    pub fn start_with(kind: Kind, app: &Path, data: &Path, extra: &[&str]) -> Result<Self> {
        let extra: Vec<String> = extra.iter().map(ToString::to_string).collect();
        Self::start_by(move |place| kind.serve(place, &extra), app, data)
    }

    /// Starts any host. `serve` makes the command for each start.
    ///
    /// # Errors
    ///
    /// If it does not answer within five minutes.
    pub fn start_by(
        serve: impl Fn(&Place<'_>) -> Result<Command> + Send + 'static,
        app: &Path,
        data: &Path,
    ) -> Result<Self> {
        std::fs::create_dir_all(data.join("store"))?;
        let mut server = Self {
            serve: Box::new(serve),
            app: app.to_path_buf(),
            data: data.to_path_buf(),
            port: free_port()?,
            child: None,
            starts: 0,
        };
        server.restart()?;
        Ok(server)
    }

    /// The URL of the host.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The path of the host's log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.data.join("host.log")
    }

    /// Ends the host at once, as a power switch would: SIGKILL.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Restarts the host on the same port and data.
    ///
    /// # Errors
    ///
    /// If it does not answer within five minutes.
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut command = (self.serve)(&Place {
            app: &self.app,
            store: &self.data.join("store"),
            port: self.port,
        })?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        self.child = Some(command.spawn().context("starting the host")?);
        self.starts += 1;
        self.wait_until_ready()
    }

    /// Replaces the application, and serves it on the same port and data.
    ///
    /// # Errors
    ///
    /// If it does not answer within five minutes.
    pub fn replace(&mut self, app: &Path) -> Result<()> {
        self.app = app.to_path_buf();
        self.restart()
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(300);
        let agent = crate::client::agent(Duration::from_secs(5));
        loop {
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait()?
            {
                bail!("the host ended ({status}); its log:\n{}", self.log_text());
            }
            if agent.get(format!("{}/healthz", self.url())).call().is_ok() {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("the host does not answer; its log:\n{}", self.log_text());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The text of the host's log.
    #[must_use]
    pub fn log_text(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// The host's process id.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
