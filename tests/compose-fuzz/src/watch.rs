//! Watches the process that runs inputs.

use annals_compose::limits;
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Maximum time of an input: the limit of a handler's `describe`, plus the work before and after it.
const LONGEST: Duration = limits::DESCRIBE_TIME.saturating_add(Duration::from_secs(30));

/// Maximum memory of the process, in bytes.
const MEMORY: u64 = 3 << 30;

/// Maximum number of findings; the run ends there.
const FINDINGS: usize = 20;

/// Interval between two checks of the process.
const PAUSE: Duration = Duration::from_millis(100);

/// The observations of a run.
#[derive(Default)]
pub struct Watched {
    /// Number of inputs.
    pub played: u64,
    /// Number of occurrences of each outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Maximum memory of the process.
    pub memory: u64,
    /// The longest duration of an input, and the input's number.
    pub longest: (Duration, u64),
    /// The findings.
    pub findings: Vec<Finding>,
}

/// An input that violated a limit or panicked.
pub struct Finding {
    /// The number of the input.
    pub number: u64,
    /// The violation.
    pub what: String,
}

/// Runs inputs for a time.
pub fn watch(seed: u64, seconds: u64) -> Result<Watched> {
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut watched = Watched::default();
    let mut next = 0;
    while Instant::now() < end && watched.findings.len() < FINDINGS {
        let finding = one_process(seed, &mut next, end, &mut watched)?;
        watched.findings.extend(finding);
    }
    Ok(watched)
}

/// Runs inputs in one process, until it ends or its time is over.
fn one_process(
    seed: u64,
    next: &mut u64,
    end: Instant,
    watched: &mut Watched,
) -> Result<Option<Finding>> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--seed", &seed.to_string(), "--worker", &next.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("starting a process that plays inputs")?;
    let (told, heard) = mpsc::channel();
    let out = BufReader::new(child.stdout.take().context("its output")?);
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            if told.send(line).is_err() {
                break;
            }
        }
    });
    let mut errors = child.stderr.take().context("its errors")?;
    let errors = std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = errors.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    let mut since = Instant::now();
    let why = loop {
        match heard.recv_timeout(PAUSE) {
            Ok(line) => {
                let (_, outcome) = line.split_once(' ').unwrap_or_default();
                *watched.outcomes.entry(outcome.into()).or_default() += 1;
                watched.played += 1;
                watched.longest = watched.longest.max((since.elapsed(), *next));
                since = Instant::now();
                *next += 1;
            }
            Err(RecvTimeoutError::Disconnected) => break None,
            Err(RecvTimeoutError::Timeout) => {}
        }
        let memory = resident(&child);
        watched.memory = watched.memory.max(memory);
        if memory > MEMORY {
            break Some(format!("takes {} MB", memory >> 20));
        }
        if since.elapsed() > LONGEST {
            break Some(format!("takes more than {} s", LONGEST.as_secs()));
        }
        if Instant::now() > end && since.elapsed() < PAUSE * 2 {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
    };
    let what = match why {
        Some(why) => {
            child.kill()?;
            child.wait()?;
            why
        }
        None => {
            let status = child.wait()?;
            let said = errors.join().unwrap_or_default();
            let last: Vec<&str> = said.lines().rev().take(12).collect();
            let last: Vec<&str> = last.into_iter().rev().collect();
            format!("ends the process ({status})\n    {}", last.join("\n    "))
        }
    };
    let number = *next;
    *next += 1;
    Ok(Some(Finding { number, what }))
}

/// Resident memory of a process in bytes, if the system reports it.
fn resident(child: &Child) -> u64 {
    const PAGE: u64 = 4096;
    let statm = std::fs::read_to_string(format!("/proc/{}/statm", child.id()));
    let pages = statm
        .ok()
        .and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * PAGE
}
