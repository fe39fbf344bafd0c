//! The options of a store on PostgreSQL: those of its URL, and the password.

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use crate::store::remote::{self, Secrets};

/// Maximum time to connect to one address.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A server that is silent for this long is asked whether it is still there.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(15);
/// Maximum length of the schema's and the table's name. The names of functions and indexes begin
/// with the table's and must not exceed 63 bytes.
const MAX_NAME: usize = 40;
const MAX_POOL: usize = 64;

/// Where the table is, and how to reach it.
#[derive(Clone)]
pub struct Options {
    /// How to connect. Contains the password: never print it.
    pub config: Config,
    /// The schema of the table.
    pub schema: String,
    /// The name of the table.
    pub table: String,
    /// Maximum number of connections, and so of statements under way.
    pub pool: usize,
    /// Maximum duration of a statement.
    pub statement_timeout: Duration,
    /// File with the certificates of the authorities that may vouch for the server.
    pub root_certificates: Option<PathBuf>,
}

impl Options {
    /// Reads a URL `postgres://user@host:port/database?option=value&…`.
    ///
    /// # Errors
    /// What is wrong with it, without the URL itself, which may contain a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        remote::refuse_password(base)?;
        let mut schema = "annals".to_owned();
        let mut table = "slots".to_owned();
        let mut pool = 8;
        let mut statement_timeout = Duration::from_secs(10);
        let mut ssl_mode = None;
        let mut root_certificates = None;
        let mut passed_on = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            let value = remote::decode(raw)?;
            match name {
                "schema" => schema = identifier(name, value)?,
                "table" => table = identifier(name, value)?,
                "pool" => {
                    let size = value.parse().ok();
                    let size = size.filter(|size| (1..=MAX_POOL).contains(size));
                    pool =
                        size.ok_or(format!("pool={value}: give a number from 1 to {MAX_POOL}"))?;
                }
                "statement_timeout" => statement_timeout = remote::time(name, &value)?,
                "sslmode" => ssl_mode = Some(mode(&value)?),
                "sslrootcert" => root_certificates = Some(PathBuf::from(value)),
                "password" => return Err(remote::PASSWORD_REMEDY.into()),
                _ => passed_on.push(pair),
            }
        }
        let mut rest = base.to_owned();
        if !passed_on.is_empty() {
            rest = format!("{base}?{}", passed_on.join("&"));
        }
        let mut config: Config = rest.parse().map_err(|error| words(&error))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err("the URL of the store names no host".into());
        }
        let local = config.get_hosts().iter().all(is_local);
        config.ssl_mode(ssl_mode.unwrap_or(match local {
            true => SslMode::Disable,
            false => SslMode::Require,
        }));
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("annals-host");
        }
        config.keepalives_idle(KEEPALIVE_IDLE);
        config.tcp_user_timeout(statement_timeout.max(CONNECT_TIMEOUT));
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        Ok(Self {
            config,
            schema,
            table,
            pool,
            statement_timeout,
            root_certificates,
        })
    }

    /// Adds the password from its file, or from the environment.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn authenticate(&mut self, secrets: &Secrets) -> Result<(), String> {
        let password = secrets.password(&["ANNALS_STORE_PASSWORD", "PGPASSWORD"])?;
        if let Some(password) = password {
            self.config.password(password);
        }
        Ok(())
    }

    /// What the host connects to, for messages.
    pub fn target(&self) -> String {
        let ports = self.config.get_ports();
        let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
        let hosts = self.config.get_hosts().iter().enumerate();
        let mut hosts: Vec<_> = hosts
            .map(|(at, host)| match host {
                Host::Tcp(name) => format!("{name}:{}", port(at)),
                #[cfg(unix)]
                Host::Unix(path) => format!("{}:{}", path.display(), port(at)),
            })
            .collect();
        if hosts.is_empty() {
            let addresses = self.config.get_hostaddrs().iter().enumerate();
            hosts = addresses
                .map(|(at, address)| format!("{address}:{}", port(at)))
                .collect();
        }
        let user = self.config.get_user().unwrap_or("of the system");
        let database = self.config.get_dbname().or(self.config.get_user());
        format!(
            "PostgreSQL at {} (database {}, user {user})",
            hosts.join(","),
            database.unwrap_or("of the user"),
        )
    }
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => remote::is_local(name),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// The certificate is always verified: `require` means the same as `verify-full`.
fn mode(value: &str) -> Result<SslMode, String> {
    match value {
        "disable" => Ok(SslMode::Disable),
        "prefer" => Ok(SslMode::Prefer),
        "require" | "verify-full" => Ok(SslMode::Require),
        _ => Err(format!(
            "sslmode={value}: give disable, prefer, require or verify-full"
        )),
    }
}

/// Allows only names that SQL needs no quotes for.
fn identifier(name: &str, value: String) -> Result<String, String> {
    let first = |c: char| c.is_ascii_lowercase() || c == '_';
    let fits = value.len() <= MAX_NAME
        && value.starts_with(first)
        && value.chars().all(|c| first(c) || c.is_ascii_digit());
    match fits {
        true => Ok(value),
        false => Err(format!(
            "{name}={value}: give at most {MAX_NAME} characters of a-z, 0-9 and _, and no digit first"
        )),
    }
}

/// An error of the driver with its causes, and without the SQL statement.
pub fn words(error: &tokio_postgres::Error) -> String {
    if let Some(database) = error.as_db_error() {
        return format!(
            "{} (SQLSTATE {})",
            database.message(),
            database.code().code()
        );
    }
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_options_are_taken_out_and_the_others_passed_on() {
        let options = Options::parse(
            "postgres://me@db.example:6432/bank?schema=es&table=log_1&pool=3&statement_timeout=500ms\
             &sslrootcert=%2Fetc%2Fca.pem&application_name=x&connect_timeout=7",
        )
        .expect("valid");
        assert_eq!((&*options.schema, &*options.table), ("es", "log_1"));
        assert_eq!(
            (options.pool, options.statement_timeout.as_millis()),
            (3, 500)
        );
        assert_eq!(options.root_certificates, Some("/etc/ca.pem".into()));
        assert_eq!(options.config.get_application_name(), Some("x"));
        assert_eq!(
            options.config.get_connect_timeout(),
            Some(&Duration::from_secs(7))
        );
        assert_eq!(options.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(
            options.target(),
            "PostgreSQL at db.example:6432 (database bank, user me)"
        );
    }

    #[test]
    fn a_local_server_needs_no_certificate() {
        for url in [
            "postgres://me@localhost/bank",
            "postgres://me@127.0.0.1/bank",
            "postgres://me@[::1]/bank",
            "postgresql:///bank?host=/run/postgresql&user=me",
        ] {
            let options = Options::parse(url).expect("valid");
            assert_eq!(options.config.get_ssl_mode(), SslMode::Disable, "{url}");
        }
        let required = Options::parse("postgres://me@localhost/bank?sslmode=verify-full");
        let mode = required.map(|options| options.config.get_ssl_mode());
        assert_eq!(mode, Ok(SslMode::Require));
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_repeated() {
        for url in [
            "postgres://me:secret@h/db",
            "postgres://me@h/db?password=secret",
            "postgres://me:secret@h,i/db?schema=es",
        ] {
            let refused = Options::parse(url).err().expect("refused");
            assert!(refused.contains("--store-password-file"), "{refused}");
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn wrong_options_are_named() {
        for (option, named) in [
            ("schema=A", "schema=A"),
            ("table=1a", "table=1a"),
            ("table=", "table="),
            ("pool=0", "1 to 64"),
            ("statement_timeout=x", "500ms"),
            ("sslmode=allow", "sslmode=allow"),
            ("colour=red", "colour"),
            ("schema=%4", "hexadecimal"),
        ] {
            let refused = Options::parse(&format!("postgres://me@h/db?{option}"));
            let refused = refused.err().expect(option);
            assert!(refused.contains(named), "{option}: {refused}");
        }
    }
}
