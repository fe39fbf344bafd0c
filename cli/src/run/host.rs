//! Finds annals-host, starts it, and stops it cleanly.

use annals_compose::problem::{Code, Problem, Problems};
use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};
use std::env;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const NAME: &str = "annals-host";

/// The host prints this before its address when it is ready.
const READY: &str = "annals-host: listening on http://";

/// Maximum time for a host to answer running requests and to flush. The host itself limits requests
/// to 10 s.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// The command line of annals-host.
#[derive(Debug, Clone)]
pub struct Serve {
    /// The binary.
    pub binary: PathBuf,
    /// The application.
    pub app: PathBuf,
    /// The address to listen on; `None` for the host's default.
    pub listen: Option<String>,
    /// Where events are stored.
    pub store: OsString,
    /// Further arguments.
    pub extra: Vec<OsString>,
}

impl Serve {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("serve").arg("--store").arg(&self.store);
        if let Some(listen) = &self.listen {
            command.args(["--listen", listen]);
        }
        command.args(&self.extra).arg(&self.app);
        command
    }
}

/// Lets the host compile an application into its cache, so that the next start is fast. Returns
/// whether the host accepts the application; if not, the host has printed the reason.
///
/// # Errors
///
/// If the host cannot be started.
pub fn compile(serve: &Serve) -> Result<bool> {
    let mut command = serve.command();
    command.arg("--compile-only").stdin(Stdio::null());
    end_with_us(&mut command);
    let status = command.status();
    let status = status.with_context(|| format!("starting {}", serve.binary.display()))?;
    Ok(status.success())
}

/// Makes the system stop the process when this process ends in any way, because nothing else would
/// stop it.
#[cfg(target_os = "linux")]
fn end_with_us(command: &mut Command) {
    use rustix::process::{getpid, getppid, set_parent_process_death_signal};
    use std::os::unix::process::CommandExt as _;
    let us = getpid();
    // SAFETY: between fork and exec the closure makes two system calls and allocates no memory.
    unsafe {
        command.pre_exec(move || {
            set_parent_process_death_signal(Some(Signal::TERM))?;
            // This process may have ended already.
            match getppid() == Some(us) {
                true => Ok(()),
                false => Err(std::io::ErrorKind::BrokenPipe.into()),
            }
        });
    }
}

#[cfg(not(target_os = "linux"))]
fn end_with_us(_: &mut Command) {}

/// The exit status of a host that ended by itself. The host has printed the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended(pub ExitStatus);

/// A running host. Dropping it kills the host.
#[derive(Debug)]
pub struct Host {
    child: Child,
    /// The address on which it listens, such as `127.0.0.1:8080`.
    pub address: String,
}

impl Host {
    /// Starts a host and waits until it listens.
    ///
    /// # Errors
    ///
    /// If it cannot be started. A host that ends before it listens is returned as [`Ended`].
    pub fn start(serve: &Serve, stop: &AtomicBool) -> Result<Result<Self, Ended>> {
        let mut command = serve.command();
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        end_with_us(&mut command);
        let mut child = command
            .spawn()
            .with_context(|| format!("starting {}", serve.binary.display()))?;
        let lines = pass_on(&mut child)?;
        let mut host = Self {
            child,
            address: String::new(),
        };
        loop {
            match lines.recv_timeout(Duration::from_millis(100)) {
                Ok(address) => {
                    host.address = address;
                    return Ok(Ok(host));
                }
                Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => {
                    return Ok(Err(Ended(host.stop()?)));
                }
                Err(RecvTimeoutError::Timeout) => {}
                // The host has closed its output, so it is about to end.
                Err(RecvTimeoutError::Disconnected) => return Ok(Err(Ended(host.child.wait()?))),
            }
        }
    }

    /// The URL from this machine.
    #[must_use]
    pub fn url(&self) -> String {
        // A client cannot connect to the unspecified address.
        let address = self.address.replacen("0.0.0.0:", "127.0.0.1:", 1);
        format!("http://{}", address.replacen("[::]:", "[::1]:", 1))
    }

    /// The exit status, if the host has ended.
    ///
    /// # Errors
    ///
    /// If the system does not report it.
    pub fn ended(&mut self) -> Result<Option<Ended>> {
        Ok(self.child.try_wait()?.map(Ended))
    }

    /// Stops the host cleanly: it answers running requests and flushes.
    ///
    /// # Errors
    ///
    /// If the system refuses the signal.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // The host may have received the same Ctrl-C already.
            let _ = kill_process(pid, Signal::TERM);
        }
        let deadline = Instant::now() + STOP_TIMEOUT;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                eprintln!("annals: annals-host does not stop in time and is killed");
                self.child.kill()?;
                return Ok(self.child.wait()?);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Takes the address from the host's output, and passes the rest on.
fn pass_on(child: &mut Child) -> Result<Receiver<String>> {
    let output = child.stdout.take().context("the host has no output")?;
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            match line.strip_prefix(READY) {
                Some(address) => drop(send.send(address.to_owned())),
                // Ignore the error: stdout may be closed.
                None => drop(writeln!(std::io::stdout(), "{line}")),
            }
        }
    });
    Ok(receive)
}

/// Finds annals-host beside this binary, or on the path.
///
/// # Errors
///
/// A problem with a remedy.
pub fn find() -> Result<PathBuf, Problems> {
    let beside = env::current_exe().ok();
    let beside = beside
        .as_deref()
        .and_then(Path::parent)
        .map(Path::to_path_buf);
    let path = env::var_os("PATH").unwrap_or_default();
    find_in(beside.into_iter().chain(env::split_paths(&path))).ok_or_else(|| {
        Problem::new(
            Code::MissingHost,
            NAME,
            "is neither beside `annals` nor on the path",
            "put it there; `cargo build` in a checkout of Annals builds both",
        )
        .into()
    })
}

fn find_in(folders: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    let name = format!("{NAME}{}", env::consts::EXE_SUFFIX);
    let mut files = folders.into_iter().map(|folder| folder.join(&name));
    files.find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host of which only the output and the end matter.
    fn script(text: &str) -> (tempfile::TempDir, Serve) {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().expect("a folder");
        let binary = home.path().join(NAME);
        std::fs::write(&binary, format!("#!/bin/sh\n{text}\n")).expect("written");
        std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o755))
            .expect("executable");
        let serve = Serve {
            binary,
            app: "app.wasm".into(),
            listen: Some("127.0.0.1:0".into()),
            store: "data".into(),
            extra: vec!["--timeout".into(), "5s".into()],
        };
        (home, serve)
    }

    #[test]
    fn the_first_folder_that_has_it_is_taken() {
        let (home, serve) = script("");
        let found = find_in([home.path().join("elsewhere"), home.path().to_path_buf()]);
        assert_eq!(found, Some(serve.binary));
        assert_eq!(find_in([home.path().join("elsewhere")]), None);
    }

    #[test]
    fn arguments_are_passed_on_and_the_address_is_taken_from_the_output() {
        let (home, serve) = script(&format!(
            "echo \"$@\" > {}\necho '{READY}0.0.0.0:1234'\nexec sleep 60",
            "$(dirname $0)/arguments"
        ));
        let mut host = Host::start(&serve, &AtomicBool::new(false))
            .expect("started")
            .expect("ready");
        assert_eq!(
            (&*host.address, &*host.url()),
            ("0.0.0.0:1234", "http://127.0.0.1:1234")
        );
        let arguments = std::fs::read_to_string(home.path().join("arguments")).expect("there");
        assert_eq!(
            arguments,
            "serve --store data --listen 127.0.0.1:0 --timeout 5s app.wasm\n"
        );
        assert_eq!(host.ended().expect("known"), None);
        assert!(!host.stop().expect("ended").success(), "by a signal");
    }

    #[test]
    fn a_host_that_ends_before_it_listens_is_told_apart() {
        let (_home, serve) = script("exit 1");
        let ended = Host::start(&serve, &AtomicBool::new(false))
            .expect("started")
            .expect_err("ended");
        assert_eq!(ended.0.code(), Some(1));
    }

    #[test]
    fn an_application_that_the_host_does_not_compile_is_told_apart() {
        let (_home, serve) = script("case \"$*\" in *--compile-only*) exit 0;; esac\nexit 1");
        assert!(compile(&serve).expect("started"));
        let (_home, serve) = script("exit 1");
        assert!(!compile(&serve).expect("started"));
    }

    #[test]
    fn a_host_that_is_stopped_ends_in_good_order() {
        let (home, serve) = script(&format!(
            "trap 'echo flushed > $(dirname $0)/flushed; exit 0' TERM\necho '{READY}[::]:1'\nwhile :; do sleep 0.05; done"
        ));
        let mut host = Host::start(&serve, &AtomicBool::new(false))
            .expect("started")
            .expect("ready");
        assert_eq!(host.url(), "http://[::1]:1");
        assert!(host.stop().expect("ended").success());
        assert!(home.path().join("flushed").exists());
    }
}
