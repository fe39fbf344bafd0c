//! A guest component made from text, the real host binary, and a simple HTTP/1.1 client.
#![allow(dead_code, reason = "each test uses its part")]

pub mod stores;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The guest of `tests/guest`, with or without reactions.
pub fn guest(reacts: bool) -> Vec<u8> {
    let text = include_str!("../guest/guest.wat");
    let text = match reacts {
        true => text.replace("$reacts i32 (i32.const 0)", "$reacts i32 (i32.const 1)"),
        false => text.to_owned(),
    };
    let mut module = wat::parse_str(text).expect("the guest's text is right");
    let mut resolve = Resolve::default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for package in ["draft", "draft2"] {
        resolve
            .push_dir(root.join("wit").join(package))
            .expect("the keyvalue texts are right");
    }
    let conditional = root.join("wit/conditional/conditional.wit");
    let text = std::fs::read_to_string(&conditional).expect("the file is there");
    resolve
        .push_str(&conditional, &text)
        .expect("the extension's text is right");
    let mut main = None;
    for file in ["io", "clocks", "http", "cli", "world"] {
        let path = root.join(format!("tests/guest/{file}.wit"));
        let text = std::fs::read_to_string(&path).expect("the file is there");
        main = Some(
            resolve
                .push_str(&path, &text)
                .expect("the guest's world is right"),
        );
    }
    let main = main.expect("a package");
    let world = resolve
        .select_world(&[main], Some("guest"))
        .expect("the world is there");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)
        .expect("metadata fits");
    ComponentEncoder::default()
        .module(&module)
        .expect("the guest imports what its world says")
        .validate(true)
        .encode()
        .expect("the guest is a component")
}

/// A directory with the guest in `app.wasm` and room for a store.
pub struct Workspace {
    dir: tempfile::TempDir,
}

impl Workspace {
    pub fn new() -> Self {
        Self::with(guest(false))
    }

    /// A workspace whose guest has reactions.
    pub fn reacting() -> Self {
        Self::with(guest(true))
    }

    fn with(guest: Vec<u8>) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(dir.path().join("app.wasm"), guest).expect("room for the guest");
        Self { dir }
    }

    pub fn app(&self) -> PathBuf {
        self.dir.path().join("app.wasm")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn command(&self, options: &[&str]) -> Command {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
        let mut command = self.command_with_cache(&cache);
        command.args(options);
        command
    }

    pub fn command_with_cache(&self, cache: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_annals-host"));
        command
            .arg("serve")
            .arg(self.app())
            .args(["--listen", "127.0.0.1:0"])
            .arg("--cache-dir")
            .arg(cache)
            .stdin(Stdio::null());
        command
    }

    /// Starts the host with its store in this directory.
    pub fn start(&self, options: &[&str]) -> Host {
        let store = self.path("store");
        let mut command = self.command(options);
        command.arg("--store").arg(store);
        Host::start(command)
    }
}

/// A running host; killed when dropped.
pub struct Host {
    child: Child,
    pub address: String,
    log: Arc<Mutex<String>>,
}

impl Host {
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the host starts");
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = child.stderr.take().expect("piped");
        std::thread::spawn({
            let log = log.clone();
            move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    let mut log = log.lock().expect("no panic");
                    log.push_str(&line);
                    log.push('\n');
                }
            }
        });
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("stdout is read");
        let address = line
            .trim()
            .strip_prefix("annals-host: listening on http://");
        let Some(address) = address.map(str::to_owned) else {
            let _ = child.wait();
            std::thread::sleep(Duration::from_millis(100));
            panic!(
                "the host did not start: {line:?} {}",
                log.lock().expect("no panic")
            );
        };
        Self {
            child,
            address,
            log,
        }
    }

    pub fn log(&self) -> String {
        // The log arrives on another channel than the response.
        std::thread::sleep(Duration::from_millis(100));
        self.log.lock().expect("no panic").clone()
    }

    pub fn get(&self, path: &str) -> Answer {
        send(&self.address, path, "", b"").expect("an answer")
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("gone");
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status of a host that ends by itself.
    pub fn ended(&mut self) -> Option<i32> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match self.child.try_wait().expect("waited for") {
                Some(status) => return status.code(),
                None if Instant::now() > deadline => panic!("the host still runs: {}", self.log()),
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Sends SIGTERM and returns the exit status.
    pub fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill is there");
        assert!(sent.success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub fn json(&self) -> serde_json::Value {
        assert!(
            self.head.contains("application/problem+json"),
            "{}",
            self.head
        );
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// Sends one request on a connection of its own. A response that is cut short is an error.
pub fn send(address: &str, path: &str, headers: &str, body: &[u8]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let length = body.len();
    let method = if body.is_empty() { "GET" } else { "POST" };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes())?;
    // The host may answer and close before it has read the whole body.
    let _ = stream.write_all(body);
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&bytes).ok_or_else(|| std::io::Error::other("the response was cut short"))
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec())
        .ok()?
        .to_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let rest = &bytes[end + 4..];
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let body = match length {
        Some(length) => rest.get(..length.parse().ok()?)?.to_vec(),
        None => dechunk(rest)?,
    };
    Some(Answer { status, head, body })
}

fn dechunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?, 16).ok()?;
        rest = &rest[end + 2..];
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..length)?);
        rest = rest.get(length + 2..)?;
    }
}
