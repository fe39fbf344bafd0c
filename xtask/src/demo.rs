//! `cargo xtask demo`: builds only what it runs, and shows each result before it builds the next
//! program.

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

/// Select the same dependency features as a build of the whole workspace, so that `cargo xtask
/// test` need not compile wasmtime again. A test compares the features.
pub const PACKAGES: [&str; 4] = [
    "--package=annals-compose",
    "--package=annals-cli",
    "--package=annals-host",
    "--package=annals-tests",
];

/// Prints the duration, measured on two cores with nothing built before.
fn announce(wasmtime: bool) {
    println!(
        "The demo builds annals and annals-host (about ten minutes on two cores, the first time),"
    );
    println!("composes the bank, and plays it on annals-host, which it kills six times.");
    if wasmtime {
        println!("Then it plays the same on `wasmtime serve`, which is already installed.");
    } else {
        println!(
            "Then it builds {WASMTIME} (about {} minutes, once), and plays the same on `wasmtime serve`.",
            WASMTIME.minutes
        );
        println!("If a `wasmtime` of this version is on the path, the demo uses it instead.");
    }
}

fn play(host: &str) -> Result<()> {
    // Cargo puts the demo beside this binary.
    let demo = std::env::current_exe()?.with_file_name("demo");
    run(
        &format!("the bank on the host `{host}`"),
        Command::new(demo).arg(host),
    )
}
