//! A host on the store of another host refuses it at the first access, and leaves the store unchanged.

use annals_tests::app;
use annals_tests::client::Client;
use annals_tests::server::{Kind, Server};
use std::fs;
use std::path::Path;

/// Names in the directory of a store.
fn names(store: &Path) -> Vec<String> {
    let entries = fs::read_dir(store).expect("a directory");
    let mut names: Vec<String> = entries
        .map(|entry| {
            let name = entry.expect("an entry").file_name();
            name.to_string_lossy().into_owned()
        })
        .collect();
    names.sort();
    names
}

/// A host that only reads would take the foreign store for an empty one.
#[test]
fn wasmtime_serve_refuses_annals_hosts_own_store_before_it_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    annals_fixtures::application(folder.path(), 1).expect("a decider");
    let own = app::compose(folder.path(), Kind::Annals, folder.path()).expect("it composes");
    let server = Server::start(Kind::Annals, &own, folder.path()).expect("the host starts");
    let sent = Client::new(server.url()).post("/commands/Command0", &[], b"{}");
    assert_eq!(sent.expect("an answer").status, 200);
    drop(server);
    let store = folder.path().join("store");
    let before = names(&store);

    let other = app::compose(folder.path(), Kind::Wasmtime, folder.path()).expect("it composes");
    let server = Server::start(Kind::Wasmtime, &other, folder.path()).expect("the host starts");
    let client = Client::new(server.url());
    for path in ["/events", "/streams/toy-0", "/healthz"] {
        let answer = client.get(path).expect("an answer");
        assert_eq!(answer.status, 503, "{path}: {}", answer.text);
    }
    let sent = client.post("/commands/Command0", &[], b"{}");
    let sent = sent.expect("an answer");
    assert_eq!(sent.status, 503, "{}", sent.text);
    assert_eq!(names(&store), before);
    // Both the host's log and the answer name the remedy.
    let told = format!("{}{}", sent.text, server.log_text());
    assert!(
        told.contains("holds a store of annals-host's own") && told.contains("annals-host import"),
        "{told}"
    );
}
