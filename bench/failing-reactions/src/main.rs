//! Measures how much handlers that always fail slow down the handlers beside them.
//!
//! The program serves two applications with the same handlers side by side. In one of them, an event makes a
//! notifier, a projector and a process manager fail for ever, and the host retries them all the time. The other
//! application has no such event. The program sends commands to each application in turn, and times two intervals:
//! until the answer, and until the row of a healthy projector shows the event.

use annals_tests::client::Client;
use annals_tests::server::{Kind, Server};
use annals_tests::{app, tools};
use anyhow::{Result, bail, ensure};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

const ROUNDS: usize = 10;
/// Commands to each application in a round.
const COMMANDS: usize = 20;

fn main() -> Result<()> {
    println!(
        "ms, median (p90) of {} commands in {ROUNDS} interleaved rounds",
        ROUNDS * COMMANDS
    );
    println!("| host | | all healthy | beside failing ones | ratio of the medians, by round |");
    println!("|---|---|---|---|---|");
    for kind in Kind::ALL {
        compare(kind)?;
    }
    Ok(())
}

fn compare(kind: Kind) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let handlers = tools::workspace().join("tests/reactions");
    let app = app::compose_manifest(&handlers, "stubborn.toml", kind, folder.path())?;
    let healthy = serve(kind, &app, &folder.path().join("healthy"))?;
    let failing = serve(kind, &app, &folder.path().join("failing"))?;
    let poison = Client::new(failing.url()).command("Poison", "p", br#"{"stream":"p"}"#)?;
    ensure!(poison.status == 200, "{}", poison.text);
    wait_for_failures(&Client::new(failing.url()), kind)?;

    let mut times = [Times::default(), Times::default()];
    for round in 0..ROUNDS {
        for (server, times) in [&healthy, &failing].into_iter().zip(&mut times) {
            let client = Client::new(server.url());
            for number in 0..COMMANDS {
                times.command(&client, round, round * COMMANDS + number)?;
            }
        }
    }
    let [healthy, failing] = times;
    for (what, healthy, failing) in [
        ("answer", healthy.answer, failing.answer),
        ("row", healthy.row, failing.row),
    ] {
        let ratios: Vec<f64> = healthy
            .chunks(COMMANDS)
            .zip(failing.chunks(COMMANDS))
            .map(|(healthy, failing)| at(failing, 0.5) / at(healthy, 0.5))
            .collect();
        println!(
            "| {} | {what} | {:.2} ({:.2}) | {:.2} ({:.2}) | {:.2} ({:.2}..{:.2}) |",
            kind.name(),
            at(&healthy, 0.5),
            at(&healthy, 0.9),
            at(&failing, 0.5),
            at(&failing, 0.9),
            at(&ratios, 0.5),
            at(&ratios, 0.0),
            at(&ratios, 1.0),
        );
    }
    Ok(())
}

fn serve(kind: Kind, app: &Path, data: &Path) -> Result<Server> {
    Server::start(kind, app, data)
}

/// Waits until each handler that the poison event affects has failed at least once.
fn wait_for_failures(client: &Client, kind: Kind) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if kind == Kind::Wasmtime {
            client.post("/admin/pump?budget=200", &[], b"")?;
        }
        let reactions = client.get("/admin/reactions")?;
        let all = reactions.body["reactions"].as_array().into_iter().flatten();
        // A handler that traps cannot report an error. Its lag shows the failure.
        if all
            .filter(|it| it["state"] == "retrying" || it["lag"] != 0)
            .count()
            >= 2
        {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("nobody fails: {}", reactions.text);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Milliseconds, in the order of the commands.
#[derive(Default)]
struct Times {
    answer: Vec<f64>,
    row: Vec<f64>,
}

impl Times {
    fn command(&mut self, client: &Client, round: usize, number: usize) -> Result<()> {
        let body = json!({"stream": format!("r{round}"), "from": number, "count": 1}).to_string();
        let expected = (number % COMMANDS + 1).to_string();
        let began = Instant::now();
        let answer = client.command("Count", &format!("c{number}"), body.as_bytes())?;
        ensure!(answer.status == 200, "{}", answer.text);
        self.answer.push(milliseconds(began));
        loop {
            let row = client.get(&format!("/views/healthy/burst-r{round}"))?;
            if row.text == expected {
                self.row.push(milliseconds(began));
                return Ok(());
            }
            if began.elapsed() > Duration::from_secs(60) {
                bail!(
                    "the row is {} {}, and {expected} is expected",
                    row.status,
                    row.text
                );
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn at(times: &[f64], quantile: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a short list"
    )]
    let place = (last as f64 * quantile).round() as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}
