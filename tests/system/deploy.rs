//! What the files in `deploy/` give to our programs.

use annals_test_servers::postgres::Server as Postgres;
use annals_tests::app;
use annals_tests::client::Client;
use annals_tests::development::Development;
use annals_tests::server::{Kind, Place, Server};
use std::net::TcpStream;

/// The arguments after `serve` in the compose file.
fn arguments() -> Vec<&'static str> {
    let file = include_str!("../../deploy/compose.yaml");
    let (_, rest) = file.split_once("- serve\n").expect("the host's command");
    let (list, _) = rest.split_once("secrets:").expect("it ends");
    let items = list.lines().map(str::trim);
    items.filter_map(|line| line.strip_prefix("- ")).collect()
}

#[test]
fn annals_host_takes_the_arguments_of_the_compose_file() {
    let Some(postgres) = Postgres::start(&[]) else {
        return;
    };
    let data = tempfile::tempdir().expect("a temporary folder");
    let password = data.path().join("password.txt");
    std::fs::write(&password, "sesame\n").expect("written");
    let [app, listen, options @ ..] = &arguments()[..] else {
        panic!("an application and an address");
    };
    assert_eq!((*app, *listen), ("/app.wasm", "--listen=0.0.0.0:8080"));
    let server = format!("annals@127.0.0.1:{}/postgres", postgres.port());
    let options: Vec<String> = options
        .iter()
        .map(|option| {
            let option = option.replace("annals@postgres/app", &server);
            option.replace("/run/secrets/password", &password.display().to_string())
        })
        .collect();
    assert!(options.len() >= 3, "{options:?}");
    let app = app::compose(&app::bank(), Kind::Annals, data.path()).expect("it composes");
    let serve = move |place: &Place<'_>| place.serve_on(&options);
    let host = Server::start_by(serve, &app, &data.path().join("host")).expect("it starts");
    let client = Client::new(host.url());
    let body = br#"{"account":"1","owner":"Ada","deposit":1}"#;
    let opened = client.post("/commands/OpenAccount", &[], body);
    assert_eq!(opened.expect("an answer").status, 200);
    let table = "SELECT count(*) > 0 FROM annals.slots WHERE key LIKE '%account-1%'";
    assert_eq!(postgres.sql(table), ["t"]);
}

#[test]
fn annals_run_starts_a_postgresql_server_for_the_time_of_the_run() {
    // The server of this test only tells whether PostgreSQL is to be skipped.
    let Some(_postgres) = Postgres::shared() else {
        return;
    };
    let mut development =
        Development::start(&app::bank(), &["--store", "postgres"]).expect("it starts");
    let client = Client::new(development.url().expect("it is served"));
    let body = br#"{"account":"1","owner":"Ada","deposit":1}"#;
    let opened = client.post("/commands/OpenAccount", &[], body);
    assert_eq!(opened.expect("an answer").status, 200);
    let store = development
        .hear("events in postgres://annals@", 1)
        .expect("it says where");
    let (address, _) = store.split_once('/').expect("an address");
    assert!(TcpStream::connect(address).is_ok(), "{address}");
    let (status, said) = development.stop().expect("it ends");
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(TcpStream::connect(address).is_err(), "the server has ended");
}
