//! Measures commands inside this process, without HTTP: the cost of the library itself.

use std::path::Path;
use std::time::{Duration, Instant};

use annals_bench_domain::{Command, Movement, Open};
use anyhow::Result;
use cqrs_es::CqrsFramework;
use serde_json::json;

use crate::bank;

/// Prints commands per second: on fresh streams, and on one stream, with and without snapshots.
pub async fn measure(folder: &Path, seconds: f64) -> Result<()> {
    let time = Duration::from_secs_f64(seconds);
    let mut results = Vec::new();
    for (what, hot, snapshots) in [
        ("short streams", false, 0),
        ("one stream of 1,500 events, no snapshots", true, 0),
        (
            "one stream of 1,500 events, a snapshot every 100",
            true,
            100,
        ),
    ] {
        let folder = folder.join(format!("{hot}-{snapshots}"));
        std::fs::create_dir_all(&folder)?;
        if hot {
            bank::fill(&folder, &["hot=1500".into()]).await?;
        }
        let pool = bank::open(&folder, 10).await?;
        let framework = CqrsFramework::new(bank::store(pool, snapshots), vec![], ());
        let command = |n: u64| match hot {
            true => Command::Deposit(Movement {
                account: "hot".into(),
                amount: 1,
                transfer: None,
            }),
            false => Command::Open(Open {
                account: format!("n{n}"),
                owner: "Ada".into(),
                deposit: 100,
            }),
        };
        // This loop also takes the first snapshot.
        for n in 0..100 {
            framework.execute(&account(hot, n), command(n)).await?;
        }
        let (start, mut n) = (Instant::now(), 100);
        while start.elapsed() < time {
            framework.execute(&account(hot, n), command(n)).await?;
            n += 1;
        }
        let rate = (n - 100) as f64 / start.elapsed().as_secs_f64();
        results.push(json!({"what": what, "rate": rate}));
    }
    println!("{}", json!(results));
    Ok(())
}

fn account(hot: bool, n: u64) -> String {
    match hot {
        true => "hot".into(),
        false => format!("n{n}"),
    }
}
