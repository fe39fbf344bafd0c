//! `cargo xtask demo`: composes the bank for two hosts, plays its commands from eight clients,
//! kills the host in the middle, and compares every outcome and every balance with the oracle.

use annals_tests::server::{Kind, Server};
use annals_tests::{app, bank};
use anyhow::{Result, bail};
use std::time::Instant;

/// How often each host is killed while it works.
const KILLS: usize = 3;

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut rows = Vec::new();
    for host in Kind::ALL {
        println!("composing the bank for {}", host.name());
        let app = app::compose(&app::bank(), host, folder.path())?;
        let mut server = Server::start(host, &app, &folder.path().join(host.name()))?;
        println!(
            "playing its commands on {} at {}, with {KILLS} times SIGKILL",
            host.name(),
            server.url()
        );
        let start = Instant::now();
        let tally = bank::play(&mut server, KILLS)?;
        rows.push((host, tally, start.elapsed()));
    }
    println!();
    println!(
        "| host | commands | accepted | rejected | malformed | duplicates | conflicts retried | restarts | lost | wrong | seconds |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for (host, t, took) in &rows {
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.1} |",
            host.name(),
            t.commands,
            t.accepted,
            t.rejected,
            t.malformed,
            t.duplicates,
            t.conflicts,
            t.restarts,
            t.lost,
            t.wrong.len(),
            took.as_secs_f64(),
        );
    }
    let wrong: Vec<&String> = rows.iter().flat_map(|(_, tally, _)| &tally.wrong).collect();
    for line in wrong.iter().take(20) {
        eprintln!("wrong: {line}");
    }
    if !wrong.is_empty() || rows.iter().any(|(_, tally, _)| tally.lost > 0) {
        bail!("the bank does not add up");
    }
    println!("\nEvery outcome and every balance is as the oracle says.");
    Ok(())
}
