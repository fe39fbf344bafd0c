//! The resources that a process uses, read from `/proc`.

use anyhow::{Context as _, Result};
use std::fs;

/// Resources that a process has used since its start.
#[derive(Debug, Clone, Copy)]
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

/// Reads the resources that a process has used.
///
/// # Errors
///
/// If the process has ended.
pub fn usage(pid: u32) -> Result<Usage> {
    let read = |file: &str| {
        fs::read_to_string(format!("/proc/{pid}/{file}"))
            .with_context(|| format!("the server (process {pid}) is gone"))
    };
    let stat = read("stat")?;
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
    let status = read("status")?;
    Ok(Usage {
        cpu_seconds: (field(14)? + field(15)?) / ticks,
        written_bytes: number(&read("io")?, "write_bytes:")?,
        resident_kib: number(&status, "VmRSS:")?,
        peak_kib: number(&status, "VmHWM:")?,
    })
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
