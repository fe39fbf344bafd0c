//! Keeps a server: when this process ends, however it ends, the keeper reads the end of its input,
//! kills the server and, if it is told to, removes a directory.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A shell with a server. Dropping it ends the server.
pub(crate) struct Keeper {
    shell: Child,
    server: u32,
}

impl Keeper {
    /// Starts a server in `directory`, where its output goes to the file `log`. If the server is
    /// ended by the end of this process, the directory is removed.
    ///
    /// # Panics
    /// If there is no shell.
    pub(crate) fn start(server: &Command, directory: &Path) -> Self {
        // `read` fails at the end of the input.
        let script = r#"dir=$1; shift; cd "$dir"
            "$@" >>log 2>&1 </dev/null & server=$!
            echo $server
            read -r _ && exit
            kill -QUIT $server 2>/dev/null; kill -CONT $server 2>/dev/null; wait $server; cd /; rm -rf "$dir""#;
        let mut shell = Command::new("sh");
        shell
            .args(["-c", script, "keeper"])
            .arg(directory)
            .arg(server.get_program())
            .args(server.get_args())
            // A signal to the group of this process must not end the keeper before the server.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut shell = shell.spawn().expect("a shell");
        let mut line = String::new();
        let output = shell.stdout.as_mut().expect("piped");
        BufReader::new(output).read_line(&mut line).expect("read");
        let server = line.trim().parse().expect("a process id");
        Self { shell, server }
    }

    /// The process of the server.
    pub(crate) fn server(&self) -> u32 {
        self.server
    }

    /// Ends a keeper whose server has ended, without removing the directory.
    pub(crate) fn release(mut self) {
        if let Some(input) = self.shell.stdin.as_mut() {
            let _ = input.write_all(b"\n");
        }
        let _ = self.shell.wait();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// True if the process exists and is no zombie.
pub(crate) fn runs(process: &str) -> bool {
    Path::new(&format!("/proc/{process}/exe")).exists()
}

/// Sends a signal to a process.
///
/// # Panics
/// If there is no such process.
pub fn kill(signal: &str, process: u32) {
    let sent = Command::new("kill")
        .args([&format!("-{signal}"), &process.to_string()])
        .status();
    assert!(sent.expect("kill is there").success());
}
