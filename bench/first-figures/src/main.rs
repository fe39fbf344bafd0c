//! `cargo xtask bench`: commands a second on both hosts beside a hello-world component on the
//! same host, in interleaved rounds; artifact sizes; instantiation; first answer.

mod figures;

use annals_tests::client::Client;
use annals_tests::server::{Kind, Server};
use annals_tests::{app, tools};
use anyhow::Result;
use serde_json::json;
use std::time::Instant;

const ROUNDS: usize = 5;
const CLIENTS: usize = 8;
const COMMANDS: usize = 2000;

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut report = Vec::new();
    for host in Kind::ALL {
        let bank = app::compose(&app::bank(), host, folder.path())?;
        let size = std::fs::metadata(&bank)?.len();
        println!("{}: the bank is {} KB", host.name(), size.div_ceil(1024));
        let hello = figures::hello_component(folder.path())?;
        let (mut commands, mut hellos, mut starts) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let data = folder.path().join(format!("{}-{round}", host.name()));
            let start = Instant::now();
            let server = Server::start(host, &bank, &data)?;
            starts.push(start.elapsed().as_secs_f64() * 1000.0);
            commands.push(figures::rate(
                CLIENTS,
                COMMANDS,
                open_account,
                &server.url(),
            )?);
            drop(server);
            let server = Server::start(host, &hello, &data.join("hello"))?;
            hellos.push(figures::rate(
                CLIENTS,
                COMMANDS,
                |client, _| Ok(client.get("/")?.status == 200),
                &server.url(),
            )?);
        }
        let ratios: Vec<f64> = commands.iter().zip(&hellos).map(|(a, b)| a / b).collect();
        for (what, unit, values) in [
            ("durable commands, short streams", "/s", &commands),
            ("hello world on the same host", "/s", &hellos),
            ("ratio", "x", &ratios),
            ("process start to first answer", "ms", &starts),
        ] {
            let spread = figures::Spread::of(values);
            println!("{:9} {what:34} {spread} {unit}", host.name());
            report.push(json!({"host": host.name(), "what": what, "unit": unit,
                "min": spread.min, "median": spread.median, "max": spread.max}));
        }
    }
    for handlers in [2, 20, 200] {
        let spread = figures::instantiation(folder.path(), handlers)?;
        println!("instantiating {handlers:3} handlers, pooled {spread} us");
        report.push(
            json!({"what": format!("instantiate {handlers} handlers"), "unit": "us",
            "min": spread.min, "median": spread.median, "max": spread.max}),
        );
    }
    let out = tools::workspace().join("docs/benchmarks");
    std::fs::create_dir_all(&out)?;
    std::fs::write(
        out.join("first-figures.json"),
        serde_json::to_vec_pretty(&report)?,
    )?;
    Ok(())
}

fn open_account(client: &Client, n: usize) -> Result<bool> {
    let body = json!({"account": format!("n{n}"), "owner": "Ada", "deposit": 100}).to_string();
    Ok(client
        .post("/commands/OpenAccount", &[], body.as_bytes())?
        .status
        == 200)
}
