//! The machine that a run was made on.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;

/// Number of timed flushes.
const FLUSHES: usize = 200;

/// Describes the machine in words. `data` is the folder of the stores.
///
/// # Errors
///
/// If the disk cannot be written to.
pub fn describe(data: &Path) -> Result<BTreeMap<&'static str, String>> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    Ok(BTreeMap::from([
        ("date", today()),
        ("cpu", line("/proc/cpuinfo", "model name")),
        ("cores", cores.to_string()),
        ("memory", line("/proc/meminfo", "MemTotal")),
        ("kernel", read("/proc/sys/kernel/osrelease")),
        ("filesystem", filesystem(data)),
        ("fdatasync", format!("{:.0} us", flush(data)?)),
        ("load", read("/proc/loadavg")),
        ("rustc", said("rustc", &["--version"])),
        ("commit", said("git", &["rev-parse", "--short", "HEAD"])),
    ]))
}

fn read(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default().trim().into()
}

fn line(file: &str, name: &str) -> String {
    let text = read(file);
    let found = text.lines().find(|line| line.starts_with(name));
    let value = found.and_then(|line| line.split_once(':'));
    value.map_or("unknown".into(), |(_, value)| value.trim().into())
}

fn said(program: &str, args: &[&str]) -> String {
    let out = Command::new(program)
        .args(args)
        .current_dir(annals_tests::tools::workspace())
        .output();
    out.map_or("unknown".into(), |out| {
        String::from_utf8_lossy(&out.stdout).trim().into()
    })
}

/// The file system of a folder: that of the mount point with the longest matching prefix.
fn filesystem(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.into());
    let mounts = read("/proc/mounts");
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (device, place, kind) = (words.next()?, words.next()?, words.next()?);
        let device = device.rsplit('/').next()?;
        folder
            .starts_with(place)
            .then(|| (place.len(), format!("{kind} on {device}")))
    });
    mounts.max().map_or("unknown".into(), |(_, name)| name)
}

/// The median duration of [`FLUSHES`] flushes of a page, in microseconds.
fn flush(folder: &Path) -> Result<f64> {
    let path = folder.join("flush");
    let mut file = File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..FLUSHES {
        file.write_all(&[1; 4096])?;
        let start = Instant::now();
        file.sync_data()?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    fs::remove_file(path)?;
    Ok(crate::stats::Spread::of(&times).median)
}

/// The date as YYYY-MM-DD, in UTC. The algorithm is Howard Hinnant's `civil_from_days`.
fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH);
    let days = seconds.map_or(0, |time| time.as_secs() / 86_400) + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}
