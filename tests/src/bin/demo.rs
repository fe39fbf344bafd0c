//! `demo [annals] [wasmtime]`, which `cargo xtask demo` runs. It composes the bank for each host. Eight clients then
//! send the bank's commands and after them transfers, while the host is killed in the middle. The demo compares every
//! outcome and balance with the oracle, and every view and notice with the log.

use annals_tests::bank::Tally;
use annals_tests::mailbox::Mailbox;
use annals_tests::server::{Kind, Server};
use annals_tests::transfers::{self, Plan};
use annals_tests::{app, bank};
use anyhow::{Context as _, Result, bail};
use std::path::Path;
use std::time::Instant;

/// Number of kills of each host during the commands, and again during the transfers.
const KILLS: usize = 3;

/// The result of one host.
struct Played {
    host: Kind,
    commands: Tally,
    commands_took: f64,
    transfers: transfers::Tally,
    transfers_took: f64,
}

fn main() -> Result<()> {
    let hosts = hosts(std::env::args().skip(1))?;
    let folder = tempfile::tempdir()?;
    let played = hosts
        .into_iter()
        .map(|host| play(host, folder.path()))
        .collect::<Result<Vec<_>>>()?;
    print_commands(&played);
    print_transfers(&played);
    let wrong: Vec<&String> = played
        .iter()
        .flat_map(|it| it.commands.wrong.iter().chain(&it.transfers.wrong))
        .collect();
    for line in wrong.iter().take(20) {
        eprintln!("wrong: {line}");
    }
    if !wrong.is_empty() || played.iter().any(|it| it.commands.lost > 0) {
        bail!("the bank does not add up");
    }
    println!("\nEvery outcome, balance, view and notice is as it must be.\n");
    Ok(())
}

/// The hosts with these names, or all hosts if no name is given.
fn hosts(names: impl Iterator<Item = String>) -> Result<Vec<Kind>> {
    let named = names
        .map(|name| {
            let known = Kind::ALL.into_iter().find(|host| host.name() == name);
            known.with_context(|| format!("`{name}` is no host of the demo: annals, wasmtime"))
        })
        .collect::<Result<Vec<_>>>()?;
    if named.is_empty() {
        return Ok(Kind::ALL.to_vec());
    }
    Ok(named)
}

fn play(host: Kind, folder: &Path) -> Result<Played> {
    let name = host.name();
    println!("composing the bank for {name}");
    let app = app::compose(&app::bank(), host, folder)?;
    let start = |part: &str, mailbox: &Mailbox| {
        let url = format!("MAILER_URL={}", mailbox.url());
        let data = folder.join(format!("{name}-{part}"));
        Server::start_with(host, &app, &data, &["--env", &url])
    };

    let mailbox = Mailbox::open()?;
    let mut server = start("commands", &mailbox)?;
    let url = server.url();
    println!("playing its commands on {name} at {url}, with {KILLS} times SIGKILL");
    let began = Instant::now();
    let commands = bank::play(&mut server, KILLS)?;
    let commands_took = began.elapsed().as_secs_f64();
    drop(server);

    let mailbox = Mailbox::open()?;
    let mut server = start("transfers", &mailbox)?;
    let url = server.url();
    println!("transferring money on {name} at {url}, with {KILLS} times SIGKILL");
    let plan = Plan {
        transfers: 200,
        clients: 8,
        kills: KILLS,
        seed: 1,
    };
    let began = Instant::now();
    let transfers = transfers::play(std::slice::from_mut(&mut server), &mailbox, plan)?;
    Ok(Played {
        host,
        commands,
        commands_took,
        transfers,
        transfers_took: began.elapsed().as_secs_f64(),
    })
}

fn print_commands(played: &[Played]) {
    println!(
        "\n| host | commands | accepted | rejected | malformed | duplicates | conflicts retried | restarts | lost | wrong | seconds |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for it in played {
        let t = &it.commands;
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.1} |",
            it.host.name(),
            t.commands,
            t.accepted,
            t.rejected,
            t.malformed,
            t.duplicates,
            t.conflicts,
            t.restarts,
            t.lost,
            t.wrong.len(),
            it.commands_took,
        );
    }
}

fn print_transfers(played: &[Played]) {
    println!(
        "\n| host | transfers completed | refused | compensated | notices | repeated | restarts | wrong | seconds |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for it in played {
        let t = &it.transfers;
        println!(
            "| {} | {} | {} | {} | {} | {} | {KILLS} | {} | {:.1} |",
            it.host.name(),
            t.completed,
            t.refused,
            t.compensated,
            t.notices,
            t.repeated,
            t.wrong.len(),
            it.transfers_took,
        );
    }
}
