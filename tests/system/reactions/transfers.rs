//! Transfers between accounts while the hosts are killed again and again.

use crate::support;
use annals_test_servers::nats::Nats;
use annals_test_servers::postgres::Server as Postgres;
use annals_tests::app;
use annals_tests::mailbox::Mailbox;
use annals_tests::server::{Kind, Server};
use annals_tests::transfers::{self, Plan};

const WHOLE: Plan = Plan {
    transfers: 500,
    clients: 8,
    kills: 20,
    seed: 2026,
};
/// For hosts on servers, which take minutes for the whole.
const SHORT: Plan = Plan {
    transfers: 100,
    kills: 6,
    ..WHOLE
};

fn no_money_is_lost(name: &str, hosts: &mut [Server], mailbox: &Mailbox, plan: Plan) {
    let tally = transfers::play(hosts, mailbox, plan).expect("it finishes");
    println!("{name}: {tally:#?}");
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    assert_eq!(
        tally.completed + tally.refused + tally.compensated,
        plan.transfers
    );
    assert!(
        tally.completed > plan.transfers / 4 && tally.refused > plan.transfers / 25,
        "{tally:?}"
    );
    let is_whole = plan.transfers == WHOLE.transfers;
    assert!(!is_whole || tally.compensated > 20, "{tally:?}");
    // A notice is repeated only if a host was killed while it was sent.
    assert!(tally.repeated <= plan.kills, "{tally:?}");
    let starts: u32 = hosts.iter().map(|host| host.starts).sum();
    assert_eq!(starts as usize, hosts.len() + plan.kills);
}

fn one_host(host: Kind) {
    let mailbox = Mailbox::open().expect("a mailbox");
    let mut served = support::bank_with_mail(host, &mailbox);
    let hosts = std::slice::from_mut(&mut served.server);
    no_money_is_lost(host.name(), hosts, &mailbox, WHOLE);
}

#[test]
fn transfers_survive_twenty_kills_of_annals_host() {
    one_host(Kind::Annals);
}

#[test]
fn transfers_survive_twenty_kills_of_wasmtime_serve() {
    one_host(Kind::Wasmtime);
}

#[test]
fn transfers_survive_kills_of_three_annals_hosts_on_postgres() {
    on_postgres(SHORT);
}

#[test]
fn transfers_survive_kills_of_three_annals_hosts_on_nats() {
    on_nats(SHORT);
}

#[test]
#[ignore = "takes minutes"]
fn transfers_survive_twenty_kills_of_three_annals_hosts_on_postgres() {
    on_postgres(WHOLE);
}

#[test]
#[ignore = "takes minutes"]
fn transfers_survive_twenty_kills_of_three_annals_hosts_on_nats() {
    on_nats(WHOLE);
}

fn on_postgres(plan: Plan) {
    if let Some(postgres) = Postgres::start(&[]) {
        three_hosts("three hosts on PostgreSQL", &postgres.url(""), plan);
    }
}

fn on_nats(plan: Plan) {
    if let Some(servers) = Nats::start(3, "") {
        three_hosts("three hosts on NATS", &servers.url("bank", ""), plan);
    }
}

fn three_hosts(name: &str, store: &str, plan: Plan) {
    let mailbox = Mailbox::open().expect("a mailbox");
    let data = tempfile::tempdir().expect("a temporary folder");
    let app = app::compose(&app::bank(), Kind::Annals, data.path()).expect("it composes");
    let mut hosts: Vec<_> = (0..3)
        .map(|host| {
            let flags = [
                "--store".to_owned(),
                store.to_owned(),
                "--env".to_owned(),
                format!("MAILER_URL={}", mailbox.url()),
            ];
            let serve = move |place: &annals_tests::server::Place<'_>| place.serve_on(&flags);
            let data = data.path().join(host.to_string());
            Server::start_by(serve, &app, &data).expect("the host starts")
        })
        .collect();
    no_money_is_lost(name, &mut hosts, &mailbox, plan);
}
