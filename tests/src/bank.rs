//! Plays the bank's commands and compares everything with the oracle.

use crate::app;
use crate::client::{Answer, Client, number};
use crate::server::Server;
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::process::Command as Process;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A line of `commands.jsonl`.
#[derive(Debug, Clone, Deserialize)]
pub struct Command {
    /// The command id.
    pub id: String,
    /// The client that sends the command. All commands of one account have the same lane and are sent in order.
    pub lane: usize,
    /// The command type.
    #[serde(rename = "type")]
    pub command_type: String,
    /// The request's body.
    pub body: String,
}

/// The results that the oracle computed.
#[derive(Debug, Deserialize)]
pub struct Oracle {
    /// Final balance of every account, in cents.
    pub balances: BTreeMap<String, i64>,
    outcomes: Vec<Expected>,
}

#[derive(Debug, Deserialize)]
struct Expected {
    status: u16,
    code: Option<String>,
    duplicate: bool,
}

/// The end of a play, as a row of the demo's table.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Commands sent.
    pub commands: usize,
    /// Answered with 200, not counting duplicates.
    pub accepted: usize,
    /// Rejected by the domain, not counting duplicates.
    pub rejected: usize,
    /// Answered as malformed.
    pub malformed: usize,
    /// Answered with the first outcome of the same id.
    pub duplicates: usize,
    /// Decided again because of a conflict with another command.
    pub conflicts: usize,
    /// Number of times that the host was killed and restarted.
    pub restarts: u32,
    /// Events that were acknowledged and are missing in the log.
    pub lost: usize,
    /// A message for each wrong outcome, balance or history.
    pub wrong: Vec<String>,
}

/// The bank's commands, in their order.
///
/// # Errors
///
/// If the file is damaged.
pub fn commands() -> Result<Vec<Command>> {
    let text = std::fs::read_to_string(app::bank().join("commands.jsonl"))?;
    text.lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("reading {line}")))
        .collect()
}

/// Runs the oracle, which is independent of Annals.
///
/// # Errors
///
/// If Python is missing or the script fails.
pub fn oracle() -> Result<Oracle> {
    oracle_of(usize::MAX)
}

fn oracle_of(most: usize) -> Result<Oracle> {
    let text = std::fs::read_to_string(app::bank().join("commands.jsonl"))?;
    let lines: Vec<&str> = text.lines().take(most).collect();
    let mut some = tempfile::NamedTempFile::new()?;
    std::io::Write::write_all(&mut some, lines.join("\n").as_bytes())?;
    let out = Process::new("python3")
        .current_dir(app::bank())
        .arg("oracle.py")
        .arg(some.path())
        .output()
        .context("starting python3")?;
    if !out.status.success() {
        bail!(
            "the oracle failed: {}",
            String::from_utf8_lossy(&out.stderr)
        );
    }
    Ok(serde_json::from_slice(&out.stdout)?)
}

/// Plays all commands. Each lane has its own client. The host is killed and restarted `kills` times, at equal shares
/// of answered commands.
///
/// # Errors
///
/// If a host does not restart. Wrong answers do not fail the call: they are in the tally.
pub fn play(server: &mut Server, kills: usize) -> Result<Tally> {
    play_first(server, kills, usize::MAX)
}

/// The same, with at most the first `most` commands.
///
/// # Errors
///
/// As [`play`].
pub fn play_first(server: &mut Server, kills: usize, most: usize) -> Result<Tally> {
    let mut commands = commands()?;
    commands.truncate(most);
    let oracle = oracle_of(commands.len())?;
    let lanes = 1 + commands
        .iter()
        .map(|command| command.lane)
        .max()
        .unwrap_or(0);
    let answered = AtomicUsize::new(0);
    let url = server.url();
    let mut answers: Vec<Option<Answer>> = vec![None; commands.len()];
    std::thread::scope(|scope| -> Result<()> {
        let clients: Vec<_> = (0..lanes)
            .map(|lane| {
                let (commands, answered, url) = (&commands, &answered, url.clone());
                scope.spawn(move || play_lane(commands, lane, url, answered))
            })
            .collect();
        for kill in 1..=kills {
            let due = commands.len() * kill / (kills + 1);
            while answered.load(Ordering::Relaxed) < due && !clients.iter().all(|c| c.is_finished())
            {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            server.kill()?;
            server.restart()?;
        }
        for client in clients {
            for (index, answer) in client
                .join()
                .map_err(|_| anyhow::anyhow!("a client panicked"))??
            {
                answers[index] = Some(answer);
            }
        }
        Ok(())
    })?;
    let mut tally = Tally {
        commands: commands.len(),
        restarts: server.starts - 1,
        ..Tally::default()
    };
    compare_outcomes(&mut tally, &commands, &answers, &oracle);
    compare_history(&mut tally, &Client::new(url), &answers, &oracle)?;
    Ok(tally)
}

fn play_lane(
    commands: &[Command],
    lane: usize,
    url: String,
    answered: &AtomicUsize,
) -> Result<Vec<(usize, Answer)>> {
    let client = Client::new(url);
    let mut answers = Vec::new();
    for (index, command) in commands
        .iter()
        .enumerate()
        .filter(|(_, command)| command.lane == lane)
    {
        let answer = client.command(&command.command_type, &command.id, command.body.as_bytes())?;
        answers.push((index, answer));
        answered.fetch_add(1, Ordering::Relaxed);
    }
    Ok(answers)
}

fn compare_outcomes(
    tally: &mut Tally,
    commands: &[Command],
    answers: &[Option<Answer>],
    oracle: &Oracle,
) {
    if oracle.outcomes.len() != commands.len() {
        tally
            .wrong
            .push("the oracle knows another number of commands".into());
    }
    for ((command, answer), expected) in commands.iter().zip(answers).zip(&oracle.outcomes) {
        let Some(answer) = answer else {
            tally.wrong.push(format!("{} was not answered", command.id));
            continue;
        };
        let code = answer.body["code"].as_str();
        let duplicate = answer.body["duplicate"] == true;
        // A command that was sent again after a crash may meet the effect of its own first attempt.
        let fits = answer.status == expected.status
            && (answer.status != 422 || code == expected.code.as_deref())
            && (duplicate == expected.duplicate
                || answer.resent
                || ![200, 422].contains(&answer.status));
        if !fits {
            tally.wrong.push(format!(
                "{} {}: answered {} {}, expected {expected:?}",
                command.id, command.command_type, answer.status, answer.text
            ));
        }
        match answer.status {
            _ if expected.duplicate => tally.duplicates += 1,
            200 => tally.accepted += 1,
            422 => tally.rejected += 1,
            _ => tally.malformed += 1,
        }
        let attempts: usize = answer
            .header("annals-attempts")
            .and_then(|n| n.parse().ok())
            .unwrap_or(1);
        tally.conflicts += attempts.saturating_sub(1);
    }
}

fn compare_history(
    tally: &mut Tally,
    client: &Client,
    answers: &[Option<Answer>],
    oracle: &Oracle,
) -> Result<()> {
    let log = client.log()?;
    tally.wrong.extend(check_log(&log));
    // Every acknowledged event is in the log once.
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for event in &log {
        *seen
            .entry(event["id"].as_str().unwrap_or_default())
            .or_default() += 1;
    }
    let acknowledged = answers
        .iter()
        .flatten()
        .filter(|answer| answer.status == 200);
    for event in
        acknowledged.flat_map(|answer| answer.body["events"].as_array().into_iter().flatten())
    {
        match seen.get(event["id"].as_str().unwrap_or_default()) {
            Some(1) => {}
            Some(times) => tally
                .wrong
                .push(format!("{event} is in the log {times} times")),
            None => tally.lost += 1,
        }
    }
    let balances = balances(&log);
    if balances != oracle.balances {
        let differing = oracle
            .balances
            .iter()
            .filter(|(account, cents)| balances.get(*account) != Some(cents));
        for (account, cents) in differing {
            tally.wrong.push(format!(
                "{account} has {:?}, expected {cents}",
                balances.get(account)
            ));
        }
        for account in balances
            .keys()
            .filter(|account| !oracle.balances.contains_key(*account))
        {
            tally.wrong.push(format!("{account} should not exist"));
        }
    }
    // The streams must have the same events as the log.
    for account in oracle.balances.keys() {
        let name = format!("account-{account}");
        let stream = client.stream(&name)?;
        let of_log: Vec<&Value> = log
            .iter()
            .filter(|event| event["subject"] == name.as_str())
            .collect();
        if stream.iter().collect::<Vec<_>>() != of_log {
            tally
                .wrong
                .push(format!("{name} differs between its stream and the log"));
        }
    }
    Ok(())
}

/// Returns the errors in a whole log. Positions must increase, the versions of a stream must be contiguous from 1,
/// and the events of one command id must belong to one commit.
#[must_use]
pub fn check_log(log: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut position = 0;
    let mut versions: HashMap<&str, u64> = HashMap::new();
    let mut commands: HashMap<&str, (&str, u64)> = HashMap::new();
    for event in log {
        let here = number(&event["position"]).unwrap_or_default();
        if here <= position {
            wrong.push(format!("position {here} follows {position}"));
        }
        let stream = event["subject"].as_str().unwrap_or_default();
        let version = number(&event["streamversion"]).unwrap_or_default();
        let before = versions.insert(stream, version).unwrap_or(0);
        if version != before + 1 {
            wrong.push(format!("{stream}: version {version} follows {before}"));
        }
        let command = event["commandid"].as_str().unwrap_or_default();
        if let Some((first_stream, first)) = commands.insert(command, (stream, here))
            && (first_stream != stream || here != first + 1)
        {
            wrong.push(format!(
                "command {command} took effect at {first} and {here}"
            ));
        }
        position = here;
    }
    wrong
}

/// Balances in cents, folded from the log.
#[must_use]
pub fn balances(log: &[Value]) -> BTreeMap<String, i64> {
    let mut balances = BTreeMap::new();
    for event in log {
        let data = &event["data"];
        let account = data["account"].as_str().unwrap_or_default().to_string();
        let amount = data["amount"].as_i64().unwrap_or_default();
        match event["type"].as_str().unwrap_or_default() {
            "AccountOpened" => {
                balances.insert(account, data["deposit"].as_i64().unwrap_or_default());
            }
            "Deposited" => *balances.entry(account).or_default() += amount,
            "Withdrawn" => *balances.entry(account).or_default() -= amount,
            _ => {}
        }
    }
    balances
}
