//! Snapshots only save reads: a lost or damaged snapshot costs time, and changes no result.

use annals_tests::client::Client;
use annals_tests::server::{Kind, Server};
use annals_tests::{app, tools};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The bank with a snapshot every three events, on the host whose store consists of plain files. With reactions, it
/// has another dispatcher.
fn bank_with_snapshots(folder: &Path, reactions: bool) -> Server {
    let bank = tools::workspace().join("examples/bank");
    let mut manifest = format!(
        "[app]\nname = \"bank\"\n[handlers.open-account]\npath = {0:?}\n\
         [handlers.transact]\npath = {1:?}\nsnapshot-every = 3\n",
        bank.join("open-account"),
        bank.join("transact"),
    );
    for reacting in ["balances", "transfer"].iter().filter(|_| reactions) {
        let path = bank.join(reacting);
        manifest += &format!("[handlers.{reacting}]\npath = {path:?}\n");
    }
    std::fs::write(folder.join("annals.toml"), manifest).expect("written");
    let app = app::compose(folder, Kind::Wasmtime, folder).expect("it composes");
    Server::start(Kind::Wasmtime, &app, folder).expect("the host starts")
}

/// The store's files whose names contain a text.
fn files(folder: &Path, part: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for shard in std::fs::read_dir(folder.join("store")).expect("a store") {
        for file in std::fs::read_dir(shard.expect("a shard").path()).expect("a shard") {
            let path = file.expect("a file").path();
            if path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().contains(part))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Sends a transaction and returns its status.
fn transact(client: &Client, command: &str, amount: u32) -> u16 {
    let body = format!("{{\"account\":\"s\",\"amount\":{amount}}}");
    let answer = client
        .post(&format!("/commands/{command}"), &[], body.as_bytes())
        .expect("an answer");
    answer.status
}

/// Waits for a snapshot with this balance in cents. The host takes it after the answer.
fn wait_for_snapshot(folder: &Path, cents: u32) {
    let state = cents.to_string();
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let holds = |file: PathBuf| {
            let bytes = std::fs::read(file).unwrap_or_default();
            String::from_utf8_lossy(&bytes).contains(&state)
        };
        if files(folder, ".snapshot.").into_iter().any(holds) {
            return;
        }
        assert!(Instant::now() < deadline, "no snapshot holds {state} cents");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// An account with 7 events, 100 + 6 * 10 cents, and a snapshot of 6 of them.
fn seven_events(client: &Client, folder: &Path) {
    let body = br#"{"account":"s","owner":"Ada","deposit":100}"#;
    assert_eq!(
        client
            .post("/commands/OpenAccount", &[], body)
            .expect("an answer")
            .status,
        200
    );
    for event in 2..8 {
        assert_eq!(transact(client, "Deposit", 10), 200);
        if event % 3 == 0 {
            wait_for_snapshot(folder, 90 + 10 * event);
        }
    }
}

#[test]
fn a_snapshot_replaces_the_reading_of_what_it_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = bank_with_snapshots(folder.path(), false);
    let client = Client::new(server.url());
    seven_events(&client, folder.path());
    assert_eq!(files(folder.path(), ".snapshot.").len(), 1);
    // Move the first event away: only a fold that starts from the snapshot can succeed.
    let first = files(folder.path(), ".stream.account-s.0000000000000001").remove(0);
    let aside = folder.path().join("aside");
    std::fs::rename(&first, &aside).expect("moved");
    assert_eq!(
        transact(&client, "Withdraw", 161),
        422,
        "160 cents are there, not more"
    );
    assert_eq!(transact(&client, "Withdraw", 160), 200);
    // Without the snapshot, the fold starts at the missing event, so the account has no money.
    for snapshot in files(folder.path(), ".snapshot.") {
        std::fs::remove_file(snapshot).expect("removed");
    }
    assert_eq!(transact(&client, "Deposit", 1), 422);
    std::fs::rename(&aside, &first).expect("moved back");
    assert_eq!(transact(&client, "Deposit", 1), 200);
}

#[test]
fn a_damaged_snapshot_becomes_a_replay_never_the_empty_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = bank_with_snapshots(folder.path(), true);
    let client = Client::new(server.url());
    seven_events(&client, folder.path());
    for snapshot in files(folder.path(), ".snapshot.") {
        let mut bytes = std::fs::read(&snapshot).expect("read");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&snapshot, bytes).expect("written");
    }
    assert_eq!(transact(&client, "Withdraw", 161), 422);
    assert_eq!(transact(&client, "Withdraw", 160), 200);
    assert_eq!(client.stream("account-s").expect("a stream").len(), 8);
}

#[test]
fn recorded_rejections_count_for_the_cadence() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = bank_with_snapshots(folder.path(), false);
    let client = Client::new(server.url());
    let body = br#"{"account":"s","owner":"Ada","deposit":100}"#;
    assert_eq!(
        client
            .command("OpenAccount", "open", body)
            .expect("an answer")
            .status,
        200
    );
    for n in 0..8 {
        let body = br#"{"account":"s","amount":101}"#;
        assert_eq!(
            client
                .command("Withdraw", &format!("no-{n}"), body)
                .expect("an answer")
                .status,
            422
        );
    }
    assert_eq!(files(folder.path(), ".snapshot.").len(), 1);
    let first = files(folder.path(), ".stream.account-s.0000000000000001").remove(0);
    std::fs::remove_file(first).expect("removed");
    assert_eq!(
        transact(&client, "Withdraw", 100),
        200,
        "the snapshot stands in for what was read"
    );
}
