//! Clients that leave connections open, send slowly, or do not read.

use super::{plain_command, size};
use crate::support;
use annals_tests::app;
use annals_tests::client::Client;
use annals_tests::hostile::{self, body_without_end, open_long, page_that_is_not_read};
use annals_tests::server::{Kind, Place, Server};
use std::io::Read as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn idle_connections_beyond_the_limit_of_open_files_harm_nobody() {
    let data = tempfile::tempdir().expect("a folder");
    let app = support::composed(&app::bank(), Kind::Annals);
    let few_files = |place: &Place<'_>| hostile::few_files(place, 128);
    let mut server = Server::start_by(few_files, &app, data.path()).expect("the host starts");
    let url = server.url();
    let client = Client::new(url.clone());
    let idle = |_| hostile::sent(&url, b"").expect("a connection");
    let idle: Vec<TcpStream> = (0..150).map(idle).collect();
    // More data than the store buffers in memory, so it has to write files.
    let count = size(150, 600);
    for number in 0..count {
        open_long(&client, number, 100_000).expect("accepted");
    }
    plain_command(&Client::new(url.clone()));
    let log = server.log_text();
    assert_eq!(log.matches("too many connections").count(), 1, "{log}");
    assert!(!log.contains("flush failed"), "{log}");
    drop(idle);
    server.restart().expect("it starts again");
    assert_eq!(client.log().expect("the log").len(), count + 1);
}

#[test]
fn those_who_ask_for_long_pages_and_do_not_read_them_hold_nothing_up() {
    let flags = ["--concurrency", "2", "--queue", "1000"];
    let flags = [&flags[..], &["--max-buffered", "16MiB"]].concat();
    let served = support::serve_manifest(&app::bank(), "annals.toml", Kind::Annals, &flags);
    let url = served.server.url();
    let client = Client::new(url.clone());
    for number in 0..10 {
        open_long(&client, number, 200_000).expect("accepted");
    }
    let before = resident(&served.server);
    let reader = |_| page_that_is_not_read(&url, 8).expect("a connection");
    let readers: Vec<TcpStream> = (0..size(40, 450)).map(reader).collect();
    for _ in 0..size(20, 100) {
        plain_command(&client);
    }
    let grown = resident(&served.server).saturating_sub(before);
    assert!(grown < size(64, 128) << 20, "it grew by {grown} bytes");
    // A reader gets a page, because the host cuts a client that does not read. (After a minute the host would cut
    // that client in any case.)
    let limit = Instant::now() + Duration::from_secs(30);
    loop {
        let page = client.get("/events?limit=1000").expect("an answer");
        if page.status == 200 {
            break;
        }
        assert_eq!(page.problem(), Some("overloaded"), "{}", page.text);
        assert!(page.header("retry-after").is_some());
        assert!(Instant::now() < limit, "{}", page.text);
        std::thread::sleep(Duration::from_millis(200));
    }
    drop(readers);
}

/// Bodies that never end share one budget.
#[test]
fn bodies_have_one_budget() {
    let flags = ["--max-buffered", "8MiB", "--timeout", "20s"];
    let served = support::serve_manifest(&app::bank(), "annals.toml", Kind::Annals, &flags);
    let url = served.server.url();
    let client = Client::new(url.clone());
    plain_command(&client);
    let before = resident(&served.server);
    let senders = size(20, 100);
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..senders)
            .map(|_| scope.spawn(|| body_without_end(&url).expect("a connection")))
            .collect();
        for _ in 0..size(20, 100) {
            plain_command(&client);
        }
        let grown = resident(&served.server).saturating_sub(before);
        assert!(grown < 64 << 20, "it grew by {grown} bytes");
        let mut refused = 0;
        for sender in senders {
            let mut sender = sender.join().expect("no panic");
            let timeout = Some(Duration::from_millis(50));
            sender.set_read_timeout(timeout).expect("set");
            let mut answer = [0; 12];
            // The host refused or cut the request, or it is among those within the budget.
            match sender.read(&mut answer) {
                Ok(12) => refused += u32::from(&answer == b"HTTP/1.1 503"),
                Ok(_) => refused += 1,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => refused += 1,
            }
        }
        assert!(refused > 0, "not all of them have room");
    });
    plain_command(&client);
}

/// Resident memory of a host, in bytes.
fn resident(server: &Server) -> usize {
    let path = format!("/proc/{}/statm", server.pid().expect("it runs"));
    let text = std::fs::read_to_string(path).expect("it runs");
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.map_or(0, |pages: usize| pages * 4096)
}

#[test]
fn health_is_told_while_all_places_are_taken() {
    let flags = ["--concurrency", "1", "--queue", "0", "--timeout", "6s"];
    let served = support::misbehaving(Kind::Annals, &flags);
    let url = served.server.url();
    let looping = std::thread::spawn({
        let client = Client::new(url.clone());
        move || {
            loop {
                let answer = client.post("/commands/Loop", &[], br#"{"id":"l"}"#)?;
                // A request that looks whether the place is taken may have it for a moment.
                if answer.status != 503 {
                    return Ok::<_, anyhow::Error>(answer);
                }
            }
        }
    });
    let client = Client::new(url);
    let busy = || client.get("/events").expect("an answer").status == 503;
    while !busy() {
        assert!(!looping.is_finished(), "it is at work");
    }
    let health = client.get("/healthz").expect("an answer");
    assert_eq!(health.status, 200, "{}", health.text);
    assert!(busy(), "the place is still taken");
    let looping = looping.join().expect("no panic").expect("an answer");
    assert_eq!(looping.status, 500);
}
