//! A PostgreSQL server that lives as long as this process: `annals run --store postgres`.
//!
//! A shell keeps the server. When this process ends, however it ends, the shell reads the end of its
//! input, stops the server, and removes the data.

use annals_compose::problem::{Code, Problem, Problems};
use anyhow::{Context as _, Result};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The value of `--store` that asks for such a server.
pub const STORE: &str = "postgres";

/// Where Debian's packages put programs that are not on the path.
const DEBIAN: &str = "/usr/lib/postgresql";
/// The user of the server if this process is root's: PostgreSQL refuses to run as root.
const USER: &str = "postgres";
/// Maximum time until a new server accepts connections.
const START_TIMEOUT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The server. Dropping it stops the server and removes its data.
#[derive(Debug)]
pub struct Postgres {
    keeper: Child,
    port: u16,
}

impl Postgres {
    /// Makes a server with no data on a free port of loopback.
    ///
    /// # Errors
    /// [`Problems`] if PostgreSQL is not installed or does not start.
    pub fn start() -> Result<Self> {
        let owner = owner()?;
        let folder = tempfile::Builder::new()
            .prefix("annals-postgres-")
            .tempdir()
            .context("no folder for the data of PostgreSQL")?;
        if let Some((user, group)) = owner {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group))?;
        }
        let data = folder.path().join("data");
        let mut initdb = Command::new(program("initdb"));
        initdb
            .args(["--auth=trust", "--encoding=UTF8", "--locale=C"])
            .args(["--username=annals", "--pgdata"])
            .arg(&data)
            .current_dir(folder.path());
        own(&mut initdb, owner);
        match initdb.output() {
            Ok(made) if made.status.success() => {}
            Ok(made) => return Err(broken(&String::from_utf8_lossy(&made.stderr))),
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing()),
            Err(error) => return Err(broken(&error.to_string())),
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let script = r#"dir=$1; shift; cd "$dir"
            "$@" >log 2>&1 </dev/null & server=$!
            read -r _
            kill -INT $server 2>/dev/null; wait $server; cd /; rm -rf "$dir""#;
        let mut keeper = Command::new("sh");
        keeper
            .args(["-c", script, "annals-postgres"])
            .arg(folder.path())
            .arg(program("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-k"])
            .arg(folder.path())
            .args(["-c", "listen_addresses=127.0.0.1"])
            // Ctrl-C must not end the keeper before the host, which still writes.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        own(&mut keeper, owner);
        let keeper = keeper.spawn().context("no shell for PostgreSQL")?;
        // The keeper removes the folder.
        let log = folder.keep().join("log");
        let mut server = Self { keeper, port };
        let until = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = server.keeper.try_wait()?.is_some();
            if ended || Instant::now() > until {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                return Err(broken(&said));
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        Ok(server)
    }

    /// The URL for `annals-host --store`.
    #[must_use]
    pub fn store(&self) -> OsString {
        format!("postgres://annals@127.0.0.1:{}/postgres", self.port).into()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Ignore the error: the keeper has ended already.
        let _ = self.keeper.wait();
    }
}

/// A program of PostgreSQL: of the newest version that Debian's packages have installed, or the one on the
/// path.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let programs = versions.map(|version| version.path().join("bin").join(name));
    let newest = programs.filter(|program| program.exists()).max();
    newest.unwrap_or_else(|| PathBuf::from(name))
}

/// The ids of the user and the group that the server runs as; `None` for those of this process.
fn owner() -> Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").context("/etc/passwd cannot be read")?;
    let ids = users.lines().find_map(|line| {
        // Name, password, user, group, and more.
        let fields: Vec<&str> = line.split(':').collect();
        match fields[..] {
            [USER, _, user, group, ..] => Some((user.parse().ok()?, group.parse().ok()?)),
            _ => None,
        }
    });
    match ids {
        Some(ids) => Ok(Some(ids)),
        None => Err(missing()),
    }
}

fn own(command: &mut Command, owner: Option<(u32, u32)>) {
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
}

fn missing() -> anyhow::Error {
    let problem = Problem::new(
        Code::MissingHost,
        "PostgreSQL",
        "is neither in /usr/lib/postgresql nor on the path",
        "install it (Debian: apt-get install postgresql), or give the URL of a server",
    );
    Problems::from(problem).into()
}

fn broken(said: &str) -> anyhow::Error {
    anyhow::anyhow!("PostgreSQL does not start: {}", said.trim())
}
