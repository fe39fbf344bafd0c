//! Checks before any measurement that every peer implements the same bank. Each peer gets the bank's own commands,
//! and each answer is compared with that of `annals-host`.

use std::fs;

use annals_tests::app;
use annals_tests::client::Client;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::bench::Bench;
use crate::peers::{ANNALS, BANKS, Peer};

/// Number of commands to compare.
const COMMANDS: usize = 400;

/// `parity`
pub fn run(bench: &mut Bench) -> Result<()> {
    let commands = commands(bench)?;
    let expected = play(bench, ANNALS, &commands)?;
    for peer in BANKS.into_iter().filter(|peer| *peer != ANNALS) {
        let answers = play(bench, peer, &commands)?;
        compare(&peer.name(), &commands, &expected, &answers)?;
    }
    Ok(())
}

/// The bank's own commands: their types and payloads.
///
/// # Errors
///
/// If the bank has none.
pub fn commands(bench: &Bench) -> Result<Vec<(String, String)>> {
    let text = fs::read_to_string(app::bank().join("commands.jsonl"))?;
    let mut commands = Vec::new();
    for line in text.lines() {
        let command: Value = serde_json::from_str(line)?;
        let field = |name: &str| command[name].as_str().map(ToString::to_string);
        let (Some(command_type), Some(body)) = (field("type"), field("body")) else {
            continue;
        };
        if ["OpenAccount", "Deposit", "Withdraw"].contains(&command_type.as_str()) {
            commands.push((command_type, body));
        }
    }
    commands.truncate(if bench.quick { COMMANDS / 4 } else { COMMANDS });
    ensure!(!commands.is_empty(), "the bank has no commands");
    Ok(commands)
}

/// Compares the answers of a peer with those of `annals-host`.
///
/// # Errors
///
/// If one of them differs.
pub fn compare(
    peer: &str,
    commands: &[(String, String)],
    expected: &[(u16, String)],
    answers: &[(u16, String)],
) -> Result<()> {
    for ((command, expected), answer) in commands.iter().zip(expected).zip(answers) {
        ensure!(
            expected == answer,
            "{peer} answers {command:?} with {answer:?}, annals-host with {expected:?}"
        );
    }
    println!(
        "{peer} answers {} commands as annals-host does",
        commands.len()
    );
    Ok(())
}

/// Sends the commands to a peer that has just started.
fn play(
    bench: &mut Bench,
    peer: Peer,
    commands: &[(String, String)],
) -> Result<Vec<(u16, String)>> {
    let run = bench.start(peer, &[])?;
    send(&run.client(), commands).with_context(|| peer.name())
}

/// Sends the commands. Returns the status of each answer, and the code of a rejection.
///
/// # Errors
///
/// If an answer is missing.
pub fn send(client: &Client, commands: &[(String, String)]) -> Result<Vec<(u16, String)>> {
    let mut answers = Vec::new();
    for (command_type, body) in commands {
        let answer = client.post(
            &format!("/commands/{command_type}"),
            &[("content-type", "application/json")],
            body.as_bytes(),
        )?;
        let code = answer.body["code"].as_str().unwrap_or_default();
        answers.push((answer.status, code.to_string()));
    }
    Ok(answers)
}
