//! The options of a store on NATS: those of its URL.

use std::path::PathBuf;
use std::time::Duration;

use super::names;
use crate::store::remote;

/// The port of a server that names none.
const PORT: u16 = 4222;
const MAX_REPLICAS: u32 = 5;

/// Where the stream is, and how to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Names or addresses of servers of one cluster, and their ports.
    pub servers: Vec<(String, u16)>,
    /// The name of the user, if it is not in the credentials.
    pub user: Option<String>,
    /// The name of the stream.
    pub stream: String,
    /// The number of servers that must have the stream. `None`: three in a cluster, otherwise one.
    pub replicas: Option<u32>,
    /// Maximum duration of an operation.
    pub timeout: Duration,
    /// Encrypt the connection.
    pub tls: bool,
    /// File with the certificates of the authorities that may vouch for the servers.
    pub authorities: Option<PathBuf>,
}

impl Options {
    /// Reads a URL `nats://user@host1:port,host2:port/stream?option=value&…`.
    ///
    /// # Errors
    /// What is wrong with it, without the URL itself, which may contain a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        remote::refuse_password(base)?;
        let rest = base.split_once("://").map_or(base, |(_, rest)| rest);
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (Some(remote::decode(user)?), hosts),
            None => (None, authority),
        };
        let servers: Vec<_> = hosts.split(',').map(server).collect::<Result<_, _>>()?;
        let stream = remote::decode(path.trim_end_matches('/'))?;
        if !names::is_stream(&stream) {
            return Err(format!(
                "the URL names the stream \"{stream}\": give nats://HOST:PORT/STREAM with at most 64 characters of A-Z, \
                 a-z, 0-9, - and _"
            ));
        }
        let mut options = Self {
            tls: !servers.iter().all(|(host, _)| remote::is_local(host)),
            servers,
            user: user.filter(|user| !user.is_empty()),
            stream,
            replicas: None,
            timeout: Duration::from_secs(10),
            authorities: None,
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            options.set(name, remote::decode(raw)?)?;
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), String> {
        match name {
            "replicas" => {
                let count = value.parse().ok();
                let count = count.filter(|count| (1..=MAX_REPLICAS).contains(count));
                let wrong = || format!("replicas={value}: give a number from 1 to {MAX_REPLICAS}");
                self.replicas = Some(count.ok_or_else(wrong)?);
            }
            "timeout" => self.timeout = remote::time(name, &value)?,
            "tls" => {
                self.tls = match value.as_str() {
                    "require" => true,
                    "disable" => false,
                    _ => return Err(format!("tls={value}: give require or disable")),
                }
            }
            "tlsca" => self.authorities = Some(PathBuf::from(value)),
            "password" | "token" => return Err(remote::PASSWORD_REMEDY.into()),
            _ => {
                return Err(format!(
                    "unknown option {name}: the URL may have replicas, timeout, tls and tlsca"
                ));
            }
        }
        Ok(())
    }

    /// What the host connects to, for messages.
    pub fn target(&self) -> String {
        let servers = self.servers.iter();
        let servers: Vec<_> = servers.map(|(host, port)| address(host, *port)).collect();
        format!("NATS at {} (stream {})", servers.join(","), self.stream)
    }
}

/// A server's name or address with its port.
pub fn address(host: &str, port: u16) -> String {
    match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    }
}

fn server(text: &str) -> Result<(String, u16), String> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if host.is_empty() {
        return Err("the URL of the store names no host".into());
    }
    let port = match port {
        None => PORT,
        Some(port) => port
            .parse()
            .map_err(|_| format!("the URL of the store has the port {port:?}"))?,
    };
    Ok((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_servers_a_stream_and_options() {
        let options = Options::parse(
            "nats://me@a.example:4223,b.example,[::1]:4/bank?replicas=5&timeout=500ms&tlsca=%2Fca.pem",
        )
        .expect("valid");
        let servers = [("a.example", 4223), ("b.example", 4222), ("::1", 4)];
        let servers = servers.map(|(host, port)| (host.to_owned(), port));
        assert_eq!(options.servers, servers);
        assert_eq!(options.user.as_deref(), Some("me"));
        assert_eq!((&*options.stream, options.replicas), ("bank", Some(5)));
        assert_eq!(options.timeout.as_millis(), 500);
        assert_eq!(options.authorities, Some("/ca.pem".into()));
        assert_eq!(
            options.target(),
            "NATS at a.example:4223,b.example:4222,[::1]:4 (stream bank)"
        );
    }

    #[test]
    fn only_servers_of_this_machine_need_no_certificate() {
        let tls = |url: &str| Options::parse(url).expect(url).tls;
        assert!(!tls("nats://localhost/b") && !tls("nats://127.0.0.1:1,[::1]/b"));
        assert!(tls("nats://a.example/b") && tls("nats://localhost,a.example/b"));
        assert!(tls("nats://localhost/b?tls=require") && !tls("nats://a.example/b?tls=disable"));
    }

    #[test]
    fn secrets_in_the_url_are_refused_and_not_repeated() {
        for url in [
            "nats://me:secret@h/b",
            "nats://h/b?password=secret",
            "nats://h/b?token=secret",
        ] {
            let refused = Options::parse(url).expect_err("refused");
            assert!(refused.contains("--store-password-file"), "{refused}");
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (url, named) in [
            ("nats:///b", "names no host"),
            ("nats://h:x/b", "port \"x\""),
            ("nats://h", "nats://HOST:PORT/STREAM"),
            ("nats://h/a.b", "stream \"a.b\""),
            ("nats://h/b?replicas=0", "1 to 5"),
            ("nats://h/b?timeout=x", "500ms"),
            ("nats://h/b?tls=maybe", "require or disable"),
            ("nats://h/b?colour=red", "colour"),
            ("nats://h/b?tlsca=%4", "hexadecimal"),
        ] {
            let refused = Options::parse(url).expect_err(url);
            assert!(refused.contains(named), "{url}: {refused}");
        }
    }
}
