//! Runs `annals run`, reads its output, and ends it.

use crate::tools;
use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Maximum wait for any step. A step may be a build from scratch beside many others.
const PATIENCE: Duration = Duration::from_secs(600);

/// An application that `annals run` builds, composes and serves. Dropping it ends the program.
pub struct Development {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Development {
    /// Starts `annals run` in a folder, on a port that the system chooses.
    ///
    /// # Errors
    ///
    /// If the program cannot be started.
    pub fn start(folder: &Path, args: &[&str]) -> Result<Self> {
        let mut child = tools::with_tools(Command::new(tools::built("annals")?))?
            .current_dir(folder)
            .args(["run", "--listen", "127.0.0.1:0"])
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let said = Arc::new(Mutex::new(String::new()));
        collect(child.stdout.take().context("an output")?, &said);
        collect(child.stderr.take().context("an output")?, &said);
        Ok(Self { child, said })
    }

    /// The output so far.
    #[must_use]
    pub fn said(&self) -> String {
        self.said
            .lock()
            .map(|said| said.clone())
            .unwrap_or_default()
    }

    /// Waits until the output has `words` for the `times`-th time. Returns the rest of that line.
    ///
    /// # Errors
    ///
    /// If the program ends before, or the time is over.
    pub fn hear(&mut self, words: &str, times: usize) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = self.child.try_wait()?;
            let said = self.said();
            if let Some(rest) = said.split(words).nth(times) {
                let line = rest
                    .split_once('\n')
                    .map(|(line, _)| line.trim().to_owned());
                if let Some(line) = line {
                    return Ok(line);
                }
            }
            if let Some(status) = ended {
                bail!("it ended ({status}) before it said {words:?}:\n{said}");
            }
            if Instant::now() > deadline {
                bail!("it does not say {words:?}:\n{said}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the application is served. Returns its URL.
    ///
    /// # Errors
    ///
    /// If the application is not served in time.
    pub fn url(&mut self) -> Result<String> {
        let line = self.hear("is served at ", 1)?;
        Ok(line.split(' ').next().unwrap_or_default().to_owned())
    }

    /// Ends the program as Ctrl-C does, and waits for its end.
    ///
    /// # Errors
    ///
    /// If the program does not end.
    pub fn stop(mut self) -> Result<(ExitStatus, String)> {
        self.signal("-INT")?;
        let deadline = Instant::now() + Duration::from_secs(60);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok((status, self.said()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("it does not end:\n{}", self.said())
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args([signal, &id]).status()?;
        Ok(())
    }
}

impl Drop for Development {
    fn drop(&mut self) {
        // Let the program end in good order, if it still runs: only the program itself can end its host.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.signal("-TERM");
            let deadline = Instant::now() + Duration::from_secs(40);
            while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn collect(output: impl Read + Send + 'static, said: &Arc<Mutex<String>>) {
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Ok(mut said) = said.lock() {
                said.push_str(&line);
                said.push('\n');
            }
        }
    });
}
