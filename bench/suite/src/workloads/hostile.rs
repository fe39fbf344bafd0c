//! Measures plain commands with and without attacks, in turns on one host, so that a disturbance of the machine
//! affects both.

use std::collections::BTreeMap;
use std::time::Duration;

use annals_tests::hostile::lasting::{Attack, Target};
use annals_tests::hostile::plain::{self, Answered};
use annals_tests::server::Kind;
use anyhow::{Context as _, Result, ensure};

use crate::apps::App;
use crate::bench::Bench;
use crate::report::{Metric, Sample};

/// The part's name.
pub const PART: &str = "hostile";
/// Plain commands by themselves.
pub const WITHOUT: &str = "annals-host, whole bank";
/// Plain commands while an attack lasts.
pub const BESIDE: &str = "annals-host, whole bank, attacked";

/// Clients that send plain commands.
const CLIENTS: usize = 4;
/// Maximum number of commands of each client in a turn.
const LIMIT: usize = 20_000;
/// Turns with and without an attack in each round.
const TURNS: usize = 2;
/// Time after an attack until its remaining work has ended.
const PAUSE: Duration = Duration::from_millis(300);

/// `hostile`
pub fn run(bench: &mut Bench) -> Result<()> {
    for attack in Attack::ALL {
        against(bench, attack).with_context(|| attack.name())?;
    }
    Ok(())
}

fn against(bench: &mut Bench, attack: Attack) -> Result<()> {
    let app = bench.apps.get(App::Bank, Kind::Annals)?;
    let data = bench.folder("hostile-")?;
    let target = Target::start(attack, &app, data.path())?;
    let url = target.server.url();
    let commands = |time| plain::commands(&url, CLIENTS, time, LIMIT);
    commands(bench.warm_up);
    for turn in 0..bench.rounds * TURNS {
        add(bench, attack, WITHOUT, turn, &commands(bench.time))?;
        let going = target.attack();
        let answered = commands(bench.time);
        let acts = going.end()?;
        ensure!(acts > 0, "nobody attacked");
        add(bench, attack, BESIDE, turn, &answered)?;
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "counts are small")]
fn add(
    bench: &mut Bench,
    attack: Attack,
    peer: &str,
    turn: usize,
    answered: &Answered,
) -> Result<()> {
    for failure in &answered.failures {
        println!("{peer}: {failure}");
    }
    ensure!(!answered.times.is_empty(), "no command was accepted");
    let millis = |share| answered.percentile(share).as_secs_f64() * 1e3;
    bench.report.add(Sample {
        part: PART,
        case: attack.name().into(),
        x: None,
        peer: peer.into(),
        round: turn,
        values: BTreeMap::from([
            (
                Metric::Rate,
                answered.times.len() as f64 / answered.time.as_secs_f64(),
            ),
            (Metric::P50, millis(50)),
            (Metric::P99, millis(99)),
            (Metric::Failures, answered.failed as f64),
        ]),
    });
    Ok(())
}
