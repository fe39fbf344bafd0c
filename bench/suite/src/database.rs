//! The PostgreSQL server that all sides of a comparison share, with a fresh database for each run.
//!
//! The server has the settings of a new installation, except that it counts statements. So every commit waits until the
//! disk has synced the log, unless a client asks for less; [`Database::start`] checks that.

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use annals_test_servers::Delay;
use annals_test_servers::postgres::{Server, is_installed};
use anyhow::{Context as _, Result, ensure};

use crate::process::{self, Usage};
use crate::stats::Spread;

/// A folder that lies on a disk and that every user can reach: PostgreSQL does not run as root.
const FOLDER: &str = "/var/tmp";
/// A checkpoint takes as much of the disk as a run. With so much room there is none within a run.
const SETTINGS: [&str; 1] = ["max_wal_size=8GB"];
/// Settings with which the server may lose what it has acknowledged, when they are off.
const DURABLE: [&str; 3] = ["fsync", "synchronous_commit", "full_page_writes"];
/// Statements from which the duration of a round trip is taken.
const ROUND_TRIPS: usize = 200;

/// A server.
pub struct Database {
    server: Server,
    counts_statements: bool,
    made: Cell<u32>,
}

impl Database {
    /// Starts a server. Returns `None`, and prints why, if PostgreSQL is not installed.
    ///
    /// # Errors
    ///
    /// If the server could lose an acknowledged write.
    pub fn start() -> Result<Option<Self>> {
        if !is_installed() {
            println!("skipped: PostgreSQL is not installed (Debian: apt-get install postgresql)");
            return Ok(None);
        }
        let server = Server::start_in(Path::new(FOLDER), &SETTINGS);
        let module = server.try_sql(
            "SELECT name FROM pg_available_extensions WHERE name = 'pg_stat_statements'",
        )?;
        let counts_statements = !module.is_empty();
        if counts_statements {
            server.try_sql("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")?;
            server.end("INT");
            server.start_again();
            server.try_sql("CREATE EXTENSION pg_stat_statements")?;
        } else {
            println!(
                "note: statements are not counted, because pg_stat_statements is not installed"
            );
        }
        for setting in DURABLE {
            let value = server.try_sql(&format!("SHOW {setting}"))?;
            ensure!(value == ["on"], "{setting} is {value:?}");
        }
        let version = server.try_sql("SHOW server_version")?;
        println!(
            "PostgreSQL {}, fsync on, data in {FOLDER}",
            version.join("")
        );
        Ok(Some(Self {
            server,
            counts_statements,
            made: Cell::new(0),
        }))
    }

    /// Makes an empty database, or a copy of another one, which nobody may use meanwhile.
    ///
    /// # Errors
    ///
    /// If the server refuses.
    pub fn create(&self, template: Option<&Base<'_>>) -> Result<Base<'_>> {
        self.made.set(self.made.get() + 1);
        let name = format!("bench_{}", self.made.get());
        let template = template.map_or("template1", |base| &base.name);
        self.server
            .try_sql(&format!("CREATE DATABASE {name} TEMPLATE {template}"))?;
        // The checkpoint writes the dirty pages now, so the run that follows does not pay for them.
        self.server.try_sql("CHECKPOINT")?;
        Ok(Base {
            database: self,
            name,
        })
    }

    /// The port of 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Starts a proxy to the server, by which a round trip takes this much longer.
    #[must_use]
    pub fn delayed(&self, round_trip: Duration) -> Delay {
        Delay::to(self.server.port(), round_trip / 2)
    }

    /// The resources that all processes of the server have used.
    ///
    /// # Errors
    ///
    /// If the server has ended.
    pub fn usage(&self) -> Result<Usage> {
        process::usage_of_all(self.server.postmaster())
    }
}

/// A database of a server. Dropping it deletes it.
pub struct Base<'a> {
    database: &'a Database,
    /// The name.
    pub name: String,
}

impl Base<'_> {
    /// The URL for clients that connect to this port: the server's or a proxy's.
    #[must_use]
    pub fn url(&self, port: u16) -> String {
        format!("postgres://annals@127.0.0.1:{port}/{}", self.name)
    }

    /// Number of statements that clients have sent, if the server counts them.
    ///
    /// # Errors
    ///
    /// If the server does not answer.
    pub fn statements(&self) -> Result<Option<f64>> {
        if !self.database.counts_statements {
            return Ok(None);
        }
        let sql = format!(
            "SELECT coalesce(sum(s.calls), 0) FROM pg_stat_statements s \
             JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = '{}'",
            self.name
        );
        Ok(Some(self.database.number("postgres", &sql)?))
    }

    /// The number that a query in this database returns.
    ///
    /// # Errors
    ///
    /// If the server refuses the query.
    pub fn number(&self, sql: &str) -> Result<f64> {
        self.database.number(&self.name, sql)
    }

    /// The median duration of a statement that does nothing, in milliseconds.
    ///
    /// # Errors
    ///
    /// If the server does not answer.
    pub fn round_trip(&self, port: u16) -> Result<f64> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let config: tokio_postgres::Config = self.url(port).parse()?;
            let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
            let connection = tokio::spawn(connection);
            let mut times = Vec::new();
            for _ in 0..ROUND_TRIPS {
                let start = Instant::now();
                client.simple_query("SELECT 1").await?;
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
            drop(client);
            connection.await??;
            Ok(Spread::of(&times).median)
        })
    }
}

impl Database {
    fn number(&self, database: &str, sql: &str) -> Result<f64> {
        let values = self.server.try_sql_in(database, sql)?;
        let value = values.first().with_context(|| format!("no row: {sql}"))?;
        Ok(value.parse()?)
    }
}

impl Drop for Base<'_> {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let _ = self.database.server.try_sql(&drop);
    }
}
