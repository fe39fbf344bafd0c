//! A guest uses `annals:keyvalue/conditional` on each kind of store.

mod support;

use support::{Host, Workspace};

fn creates_and_draws(workspace: &Workspace, store: &str) {
    let mut command = workspace.command(&["--store", store]);
    command.env("NO_COLOR", "1");
    let host = Host::start(command);
    let answer = |path: &str| {
        let answer = host.get(path);
        (answer.status, answer.text().to_owned())
    };
    assert_eq!(answer("/dab").0, 201, "{store}: {}", host.log());
    assert_eq!(answer("/gab"), (200, "value".into()));
    assert_eq!(answer("/ga"), (200, "value".into()));
    // `ab` exists, and `abc` is not created without it.
    assert_eq!(answer("/dabc"), (409, "1".into()));
    assert_eq!(answer("/gabc").0, 404);
    assert_eq!(answer("/rn"), (200, "041".into()));
    assert_eq!(answer("/rn"), (200, "042".into()));
    assert_eq!(answer("/gn"), (200, "42".into()));
    assert_eq!(host.terminate(), Some(0));
}

#[test]
fn a_guest_creates_groups_and_draws_numbers() {
    let workspace = Workspace::new();
    let directory = workspace.path("store");
    creates_and_draws(&workspace, directory.to_str().expect("text"));
    creates_and_draws(&workspace, "memory:");
    if let Some(server) = annals_test_servers::postgres::Server::shared() {
        creates_and_draws(&workspace, &server.url("schema=conditional"));
    }
    if let Some(server) = annals_test_servers::nats::Nats::shared() {
        creates_and_draws(&workspace, &server.url("conditional", ""));
    }
}
