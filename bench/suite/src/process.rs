//! The resources that a process uses, read from `/proc`.

use anyhow::{Context as _, Result};
use std::fs;

/// Resources that a process has used since its start.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Processor seconds of all its threads, in user and kernel mode.
    pub cpu_seconds: f64,
    /// Bytes sent to the block layer.
    pub written_bytes: u64,
    /// Resident memory now, in KiB.
    pub resident_kib: u64,
    /// Maximum resident memory so far, in KiB.
    pub peak_kib: u64,
}

impl Usage {
    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: &Self) -> Self {
        Self {
            cpu_seconds: self.cpu_seconds + other.cpu_seconds,
            written_bytes: self.written_bytes + other.written_bytes,
            resident_kib: self.resident_kib + other.resident_kib,
            peak_kib: self.peak_kib + other.peak_kib,
        }
    }
}

/// Reads the resources that a process has used.
///
/// # Errors
///
/// If the process has ended.
pub fn usage(pid: u32) -> Result<Usage> {
    let status = read(pid, "status")?;
    Ok(Usage {
        cpu_seconds: cpu(pid)?.0,
        written_bytes: number(&read(pid, "io")?, "write_bytes:")?,
        resident_kib: number(&status, "VmRSS:")?,
        peak_kib: number(&status, "VmHWM:")?,
    })
}

/// Reads the resources that a process and its descendants have used, those included that have ended. The memory of
/// pages that several of them share counts several times.
///
/// # Errors
///
/// If the process has ended.
pub fn usage_of_all(pid: u32) -> Result<Usage> {
    let mut sum = usage(pid)?;
    let (_, ended) = cpu(pid)?;
    sum.cpu_seconds += ended;
    for child in children(pid)? {
        // A child may end meanwhile.
        if let Ok(child) = usage_of_all(child) {
            sum = sum.plus(&child);
        }
    }
    Ok(sum)
}

fn children(pid: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = fs::read_to_string(task?.path().join("children")).unwrap_or_default();
        children.extend(
            text.split_whitespace()
                .filter_map(|pid| pid.parse::<u32>().ok()),
        );
    }
    Ok(children)
}

/// Processor seconds of a process, and of its children that have ended.
fn cpu(pid: u32) -> Result<(f64, f64)> {
    let stat = read(pid, "stat")?;
    // The process name may contain any character. The fields after its last parenthesis are numbers.
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().collect())
        .unwrap_or_default();
    let field = |number: usize| -> Result<f64> {
        // The third field of the file is the first of `fields`.
        let text = fields
            .get(number - 3)
            .context("a field of stat is missing")?;
        Ok(text.parse()?)
    };
    #[allow(clippy::cast_precision_loss, reason = "100, usually")]
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    let own = (field(14)? + field(15)?) / ticks;
    let ended = (field(16)? + field(17)?) / ticks;
    Ok((own, ended))
}

fn read(pid: u32, file: &str) -> Result<String> {
    fs::read_to_string(format!("/proc/{pid}/{file}"))
        .with_context(|| format!("the server (process {pid}) is gone"))
}

fn number(text: &str, name: &str) -> Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.with_context(|| format!("no {name}"))?.parse()?)
}

/// Processor seconds that this thread has used.
///
/// # Errors
///
/// If the kernel does not count them.
pub fn this_thread() -> Result<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos: u64 = text.split_whitespace().next().unwrap_or_default().parse()?;
    #[allow(clippy::cast_precision_loss, reason = "a few digits are enough")]
    Ok(nanos as f64 / 1e9)
}
