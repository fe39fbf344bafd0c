//! `cargo xtask fuzz`: runs the event log's fuzz targets with libFuzzer on the stable toolchain,
//! and the composer's fuzz target.
//!
//! With cargo-fuzz and a nightly toolchain, `cargo fuzz run <target>` in `components/event-log`
//! runs the same targets with the address sanitizer.

use crate::run::{cargo, run, workspace};
use anyhow::{Context as _, Result, bail};
use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// Duration in every CI run, for all targets together.
pub const CI_SECONDS: u64 = 20;

/// The flags of cargo-fuzz without sanitizers: the coverage instrumentation that libFuzzer needs.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    --cfg fuzzing -Ccodegen-units=1";

/// A target, its maximum input length, and whether the golden files are inputs.
const TARGETS: [(&str, u32, bool); 3] = [
    ("records", 4096, true),
    ("damaged_store", 256, false),
    ("operations", 1024, false),
];

/// Runs every target for its share of the time. A finding is an error.
pub fn fuzz(seconds: u64) -> Result<()> {
    // Each part runs for one second at least. The composer gets as much time as all targets of the
    // log together.
    event_log((seconds / 2).max(1))?;
    composer((seconds / 2).max(1))
}

/// Runs hostile manifests and components through the composer. The composer depends on the
/// compiler, which is large and would have to be built again for libFuzzer. This target is
/// therefore a program of the workspace with its own checks.
fn composer(seconds: u64) -> Result<()> {
    run(
        "building the composer's fuzz target",
        cargo().args(["build", "--workspace", "--bins", "--jobs=2"]),
    )?;
    // Cargo puts the target beside this binary.
    let target = env::current_exe()?.with_file_name("compose-fuzz");
    let artifacts = workspace().join("target").join("fuzz");
    fs::create_dir_all(&artifacts).with_context(|| format!("creating {}", artifacts.display()))?;
    run(
        "fuzzing the composer",
        Command::new(target)
            .args(["--seconds", &seconds.to_string()])
            .arg("--artifacts")
            .arg(artifacts),
    )
}

/// Runs the event log's targets.
fn event_log(seconds: u64) -> Result<()> {
    let log = workspace().join("components").join("event-log");
    let output = match env::var_os("CARGO_TARGET_DIR") {
        Some(target) => workspace().join(target),
        None => workspace().join("target"),
    }
    .join("fuzz");
    // With an explicit target triple, cargo applies the flags to the fuzzed code and not to build
    // scripts.
    let triple = host()?;
    run(
        "building the fuzz targets",
        cargo()
            .args([
                "build",
                "--release",
                "--bins",
                "--jobs=2",
                "--target",
                &triple,
            ])
            .arg("--target-dir")
            .arg(&output)
            .env("RUSTFLAGS", FLAGS)
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .current_dir(log.join("fuzz")),
    )?;
    // Each target runs for one second at least.
    let each = (seconds / TARGETS.len() as u64).max(1);
    for (target, longest, golden) in TARGETS {
        // The corpus keeps the interesting inputs for the next run.
        let corpus = output.join("corpus").join(target);
        fs::create_dir_all(&corpus).with_context(|| format!("creating {}", corpus.display()))?;
        let binary = output.join(&triple).join("release").join(target);
        let mut command = Command::new(binary);
        command
            .arg(format!("-max_total_time={each}"))
            .arg(format!("-max_len={longest}"))
            .args(["-len_control=0", "-timeout=10", "-print_final_stats=1"])
            .arg(format!("-artifact_prefix={}/", output.display()))
            .arg(&corpus);
        if golden {
            command.arg(log.join("tests").join("golden"));
        }
        let executions = execute(target, &mut command, &output)?;
        println!("{target}: {executions} executions in {each} s, nothing found");
    }
    Ok(())
}

/// The target triple of this machine.
fn host() -> Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("rustc does not name its host")?.to_owned())
}

/// Runs a target and returns the number of executions.
fn execute(target: &str, command: &mut Command, artifacts: &Path) -> Result<u64> {
    eprintln!("==> fuzzing {target}");
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", command.get_program().display()))?;
    let mut executions = None;
    let mut last = Vec::new();
    if let Some(output) = child.stderr.take() {
        for line in BufReader::new(output).lines() {
            // The output may not be text, because an input of arbitrary bytes may be printed.
            let Ok(line) = line else { continue };
            executions = executions.or_else(|| executions_in(&line));
            if last.len() >= MAX_SHOWN_LINES {
                last.remove(0);
            }
            last.push(line);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        eprintln!("{}", last.join("\n"));
        bail!(
            "fuzzing {target}: failed ({status}); the failing input is in {}",
            artifacts.display()
        );
    }
    executions.with_context(|| format!("fuzzing {target}: the output has no number of executions"))
}

/// Number of output lines shown after a failure.
const MAX_SHOWN_LINES: usize = 60;

/// The number in `stat::number_of_executed_units: 7`.
fn executions_in(line: &str) -> Option<u64> {
    let number = line.strip_prefix("stat::number_of_executed_units:")?;
    number.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::executions_in;

    #[test]
    fn executions_come_from_the_final_statistics() {
        assert_eq!(
            executions_in("stat::number_of_executed_units: 205166"),
            Some(205_166)
        );
        assert_eq!(executions_in("#205166 DONE"), None);
    }
}
