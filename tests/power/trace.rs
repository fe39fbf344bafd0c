//! The system calls of a host, in order, recorded by `strace`.

use std::collections::HashMap;
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use annals_tests::server::Kind;
use annals_tests::{client, tools};

/// All calls that change files, find them by name, or send data.
const CALLS: &str = "trace=open,openat,openat2,creat,close,dup,dup2,dup3,fcntl,lseek,write,\
    pwrite64,writev,pwritev,pwritev2,truncate,ftruncate,fallocate,fsync,fdatasync,link,linkat,\
    rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,sendto,sendmsg,\
    copy_file_range,sendfile,splice,mmap,statx,newfstatat";

/// The beginning or the end of a call.
#[derive(Debug, Clone)]
pub struct Event {
    pub call: Call,
    pub moment: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// From now on, sent data may be visible, and a sync covers the written data.
    Begin,
    /// The call has taken effect.
    End,
}

#[derive(Debug, Clone)]
pub struct Call {
    /// Pairs the end of a call with its beginning.
    pub number: usize,
    pub name: String,
    pub arguments: Vec<String>,
    /// The result; negative: the call failed.
    pub result: i64,
}

impl Call {
    /// All quoted bytes of an argument, concatenated.
    pub fn bytes(&self, argument: usize) -> Vec<u8> {
        let text = self.arguments.get(argument).map_or("", String::as_str);
        let quoted = text.split('"').skip(1).step_by(2);
        quoted
            .flat_map(|hex| {
                let bytes = hex.split("\\x").skip(1);
                bytes.map(|byte| u8::from_str_radix(byte, 16).expect("hex"))
            })
            .collect()
    }

    pub fn text(&self, argument: usize) -> String {
        String::from_utf8(self.bytes(argument)).expect("a path in UTF-8")
    }

    pub fn number(&self, argument: usize) -> i64 {
        let text = self.arguments.get(argument).map_or("", String::as_str);
        text.parse().unwrap_or(-1)
    }
}

/// True if this machine has `strace` and permits tracing.
pub fn is_possible() -> bool {
    let tried = Command::new("strace")
        .args(["-D", "-f", "-o", "/dev/null", "true"])
        .output();
    tried.is_ok_and(|output| output.status.success())
}

/// Serves an application on a store while `work` is done with its URL, then kills the host.
pub fn record(
    kind: Kind,
    app: &Path,
    data: &Path,
    work: impl FnOnce(&str) -> Result<()>,
) -> Result<Vec<Event>> {
    let store = data.join("store");
    let trace = data.join("trace");
    std::fs::create_dir_all(&store)?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port();
    let address = format!("127.0.0.1:{port}");
    let log = File::create(data.join("host.log"))?;
    // -D: makes the host, and not strace, our child process, so that we can kill the host.
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "--seccomp-bpf", "-xx", "-s", "1000000"]);
    command.args(["-e", CALLS, "-o"]).arg(&trace);
    match kind {
        Kind::Annals => {
            command.arg(tools::built("annals-host")?);
            command
                .args(["serve", "--listen", &address, "--store"])
                .arg(&store);
        }
        Kind::Wasmtime => {
            command.arg(tools::wasmtime()?);
            command.args(["serve", "-S", "cli", "--addr", &address, "--dir"]);
            command.arg(format!("{}::/data", store.display()));
        }
        other => bail!("{} is not recorded", other.name()),
    }
    let mut host = command
        .arg(app)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let url = format!("http://{address}");
    let worked = wait_until_ready(&url).and_then(|()| work(&url));
    host.kill()?;
    host.wait()?;
    worked.with_context(|| std::fs::read_to_string(data.join("host.log")).unwrap_or_default())?;
    let ended = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        words.next() == Some(host.id().to_string().as_str())
            && words.eq("+++ killed by SIGKILL +++".split(' '))
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let text = std::fs::read_to_string(&trace)?;
        if text.lines().any(ended) {
            return parse(&text);
        }
        if Instant::now() > deadline {
            bail!("strace does not end");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn wait_until_ready(url: &str) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(120);
    let agent = client::agent(Duration::from_secs(20));
    while agent.get(format!("{url}/healthz")).call().is_err() {
        if Instant::now() > deadline {
            bail!("the host does not answer");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Parses lines of the form `1234 name(arguments) = result`. If other threads interrupt a call, it has two lines,
/// `1234 name(argu <unfinished ...>` and `1234 <... name resumed>ments) = result`.
pub fn parse(text: &str) -> Result<Vec<Event>> {
    // For each thread: the line where its unfinished call began, and the text so far.
    let mut begun: HashMap<&str, (usize, String)> = HashMap::new();
    let mut calls = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let (thread, rest) = line.split_once(' ').context("a thread")?;
        let rest = rest.trim_start();
        if let Some(start) = rest.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, (at, start.to_owned()));
        } else if let Some((_, end)) = rest
            .split_once(" resumed>")
            .filter(|_| rest.starts_with("<..."))
        {
            let (begin, start) = begun.remove(thread).context("a call that was begun")?;
            calls.push((begin, at, start + end));
        } else if !rest.starts_with("+++") && !rest.starts_with("---") {
            calls.push((at, at, rest.to_owned()));
        }
    }
    // Calls that the kill interrupted: they began and never ended.
    calls.extend(
        begun
            .into_values()
            .map(|(at, start)| (at, usize::MAX, start + ") = ?")),
    );
    let mut events = Vec::new();
    for (number, (begin, end, text)) in calls.into_iter().enumerate() {
        let call = call(number, &text).with_context(|| format!("unknown line: {text:.300}"))?;
        let event = |at, moment| {
            let call = call.clone();
            ((at, moment == Moment::End), Event { call, moment })
        };
        events.push(event(begin, Moment::Begin));
        if end < usize::MAX {
            events.push(event(end, Moment::End));
        }
    }
    events.sort_by_key(|(at, _)| *at);
    Ok(events.into_iter().map(|(_, event)| event).collect())
}

fn call(number: usize, text: &str) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let arguments = arguments.trim_end().strip_suffix(')')?;
    let result = result.split(' ').next()?;
    let result = match result.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).unwrap_or(0),
        None => result.parse().unwrap_or(-1),
    };
    Some(Call {
        number,
        name: name.to_owned(),
        arguments: split(arguments),
        result,
    })
}

/// Splits at the commas outside of quotes and brackets.
fn split(arguments: &str) -> Vec<String> {
    let (mut depth, mut quoted) = (0, false);
    let parts = arguments.split(|c| {
        match c {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        c == ',' && !quoted && depth == 0
    });
    parts.map(|part| part.trim().to_owned()).collect()
}
