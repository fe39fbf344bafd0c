//! A PostgreSQL server of a test's own, on a free port, with its data in a temporary directory.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::keeper::{Keeper, runs};

pub use crate::keeper::kill;

const INSTALL: &str = "initdb is missing: install PostgreSQL 13 or later (Debian: apt-get install postgresql), or set \
     ANNALS_SKIP_POSTGRES=1";

/// Where Debian's packages put programs that are not in `PATH`.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A program of PostgreSQL: of the newest version that Debian's packages have installed, or the one in `PATH`.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let programs = versions.map(|version| version.path().join("bin").join(name));
    let newest = programs.filter(|program| program.exists()).max();
    newest.unwrap_or_else(|| PathBuf::from(name))
}

/// True if PostgreSQL is installed.
pub fn is_installed() -> bool {
    let version = Command::new(program("initdb")).arg("--version").output();
    version.is_ok_and(|version| version.status.success())
}

/// A server; stopped when dropped.
pub struct Server {
    directory: PathBuf,
    port: u16,
    keeper: Mutex<Option<Keeper>>,
    settings: Vec<String>,
}

impl Server {
    /// Starts a server with these settings, each `name=value`. Returns `None` if tests with
    /// PostgreSQL are to be skipped.
    pub fn start(settings: &[&str]) -> Option<Self> {
        if std::env::var_os("ANNALS_SKIP_POSTGRES").is_some_and(|value| value == "1") {
            eprintln!("skipped: ANNALS_SKIP_POSTGRES=1");
            return None;
        }
        Some(Self::start_in(&std::env::temp_dir(), settings))
    }

    /// Starts a server whose data is in a new directory inside of this one, which every user must be able to reach.
    ///
    /// # Panics
    /// If PostgreSQL is missing, or does not start.
    pub fn start_in(parent: &Path, settings: &[&str]) -> Self {
        let directory = tempfile::Builder::new()
            .prefix("annals-postgres-")
            .tempdir_in(parent);
        let directory = directory.expect("a directory").keep();
        if let Some(user) = user() {
            let owned = std::os::unix::fs::chown(&directory, Some(user), None);
            owned.expect("the directory is given away");
        }
        let mut initdb = as_user("initdb");
        initdb
            .args(["--no-sync", "--auth=trust", "-U", "annals", "-E", "UTF8"])
            .args(["--locale=C", "-D"])
            .arg(directory.join("data"))
            .current_dir(&directory);
        let made = initdb.output().expect(INSTALL);
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{INSTALL}: {said}");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let server = Self {
            directory,
            port,
            keeper: Mutex::new(None),
            settings: settings.iter().map(ToString::to_string).collect(),
        };
        server.start_again();
        server
    }

    /// A server that all tests of this process share.
    pub fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Server>> = OnceLock::new();
        SERVER.get_or_init(|| Self::start(&[])).as_ref()
    }

    /// The URL of a store, with options such as `schema=x`.
    pub fn url(&self, options: &str) -> String {
        let port = self.port;
        format!("postgres://annals@127.0.0.1:{port}/postgres?{options}")
    }

    /// The port of 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory with the data and the log.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Starts the server, which must not be running, on its data, and waits until it answers.
    pub fn start_again(&self) {
        let mut postgres = as_user("postgres");
        postgres
            .arg("-D")
            .arg(self.directory.join("data"))
            .args(["-p", &self.port.to_string(), "-k"])
            .arg(&self.directory)
            .args(["-c", "listen_addresses=127.0.0.1"]);
        for setting in &self.settings {
            postgres.args(["-c", setting]);
        }
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let keeper = Keeper::start(&postgres, &self.directory);
            let process = keeper.server().to_string();
            let replaced = self.keeper.lock().expect("no panic").replace(keeper);
            if let Some(replaced) = replaced {
                replaced.release();
            }
            // It ends at once while a process of a killed server still has its shared memory.
            while runs(&process) {
                if self.try_sql("SELECT 1").is_ok() {
                    return;
                }
                assert!(Instant::now() < deadline, "{}", self.log());
                std::thread::sleep(Duration::from_millis(20));
            }
            assert!(Instant::now() < deadline, "{}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The text of the log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    /// The process id of the running server.
    pub fn postmaster(&self) -> u32 {
        let file = std::fs::read_to_string(self.directory.join("data/postmaster.pid"));
        let file = file.expect("the server runs");
        let line = file.lines().next().expect("a line");
        line.trim().parse().expect("a process id")
    }

    /// Sends a signal to the server, and waits until it and its processes have ended. A new server does not start
    /// before.
    ///
    /// # Panics
    /// If one of them still runs after half a minute.
    pub fn end(&self, signal: &str) {
        let postmaster = self.postmaster();
        let children = format!("/proc/{postmaster}/task/{postmaster}/children");
        let children = std::fs::read_to_string(children).unwrap_or_default();
        kill(signal, postmaster);
        let deadline = Instant::now() + Duration::from_secs(30);
        let postmaster = postmaster.to_string();
        for process in children.split_whitespace().chain([postmaster.as_str()]) {
            while runs(process) {
                assert!(Instant::now() < deadline, "process {process} still runs");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }

    /// Runs SQL, and returns the values of all rows.
    pub fn sql(&self, text: &str) -> Vec<String> {
        self.try_sql(text).expect("the server answers")
    }

    /// The same.
    ///
    /// # Errors
    /// If the server cannot be reached or refuses the SQL.
    pub fn try_sql(&self, text: &str) -> Result<Vec<String>, tokio_postgres::Error> {
        self.try_sql_in("postgres", text)
    }

    /// The same in a database of this name.
    ///
    /// # Errors
    /// If the server cannot be reached or refuses the SQL.
    pub fn try_sql_in(
        &self,
        database: &str,
        text: &str,
    ) -> Result<Vec<String>, tokio_postgres::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let mut config: tokio_postgres::Config = self.url("").parse()?;
            config.dbname(database);
            let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
            tokio::spawn(connection);
            let messages = client.simple_query(text).await?;
            let rows = messages.into_iter().filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
                _ => None,
            });
            let values = rows.flat_map(|row| {
                let values = (0..row.len()).map(|at| row.get(at).unwrap_or_default().to_owned());
                values.collect::<Vec<_>>()
            });
            Ok(values.collect())
        })
    }
}

/// PostgreSQL refuses to run as root: the id of another user, if this is root.
fn user() -> Option<u32> {
    let id = |arguments: &[&str]| {
        let found = Command::new("id").args(arguments).output().ok()?;
        let text = String::from_utf8(found.stdout).ok()?;
        text.trim().parse::<u32>().ok()
    };
    match id(&["-u"]) {
        Some(0) => id(&["-u", "postgres"]).or_else(|| id(&["-u", "nobody"])),
        _ => None,
    }
}

fn as_user(program: &str) -> Command {
    let program = self::program(program);
    let Some(user) = user() else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command
        .args([format!("--reuid={user}"), format!("--regid={user}")])
        .arg("--clear-groups")
        .arg(program);
    command
}
