//! `cargo xtask demo`: builds only what it runs, and shows a result before it builds the next thing.

use crate::run::{cargo, run};
use crate::setup;
use anyhow::Result;
use std::process::Command;
use xtask::tools::WASMTIME;

/// Plays the bank on annals-host, and then on `wasmtime serve`.
pub fn demo() -> Result<()> {
    let wasmtime = WASMTIME.find()?;
    announce(wasmtime.is_some());
    setup::for_demo()?;
    run(
        "building annals, annals-host and the demo",
        cargo().args(["build", "--jobs=2", "--bins"]).args(PACKAGES),
    )?;
    play("annals")?;
    setup::tool(&WASMTIME)?;
    play("wasmtime")
}

/// The features of dependencies are the same as in a build of the whole workspace, so that `cargo xtask test`
/// finds wasmtime compiled. A test compares them.
pub const PACKAGES: [&str; 4] = [
    "--package=annals-compose",
    "--package=annals-cli",
    "--package=annals-host",
    "--package=annals-tests",
];

/// The times are those of two cores with nothing built before.
fn announce(wasmtime: bool) {
    println!(
        "The demo builds annals and annals-host (on two cores about ten minutes at the first time),"
    );
    println!("composes the bank, and plays it on annals-host, which it kills six times.");
    if wasmtime {
        println!("Then it plays the same on `wasmtime serve`, which is there already.");
    } else {
        println!(
            "Then it builds {WASMTIME} (about {} minutes, once), and plays the same on `wasmtime serve`.",
            WASMTIME.minutes
        );
        println!("A `wasmtime` of this version on the path saves that.");
    }
}

fn play(host: &str) -> Result<()> {
    // Built beside this task.
    let demo = std::env::current_exe()?.with_file_name("demo");
    run(
        &format!("the bank on the host `{host}`"),
        Command::new(demo).arg(host),
    )
}
