//! Transfers between accounts while the host is killed again and again.

use crate::support;
use annals_tests::mailbox::Mailbox;
use annals_tests::server::Kind;
use annals_tests::transfers::{self, Plan};

fn no_money_is_lost(host: Kind) {
    let mailbox = Mailbox::open().expect("a mailbox");
    let mut served = support::bank_with_mail(host, &mailbox);
    let plan = Plan {
        transfers: 500,
        clients: 8,
        kills: 20,
        seed: 2026,
    };
    let tally = transfers::play(&mut served.server, &mailbox, plan).expect("it finishes");
    println!("{}: {tally:#?}", host.name());
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    assert_eq!(
        tally.completed + tally.refused + tally.compensated,
        plan.transfers
    );
    assert!(
        tally.completed > 200 && tally.refused > 20 && tally.compensated > 20,
        "{tally:?}"
    );
    assert_eq!(served.server.starts, 21);
}

#[test]
fn transfers_survive_twenty_kills_of_annals_host() {
    no_money_is_lost(Kind::Annals);
}

#[test]
fn transfers_survive_twenty_kills_of_wasmtime_serve() {
    no_money_is_lost(Kind::Wasmtime);
}
