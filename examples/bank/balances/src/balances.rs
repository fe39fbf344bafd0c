//! What is in each account.

use annals::{About, Event, Projector};
use bank_events::{AccountOpened, Cents, Deposited, Withdrawn};

/// What moves a balance.
#[derive(Event)]
pub enum Fact {
    AccountOpened(AccountOpened),
    Deposited(Deposited),
    Withdrawn(Withdrawn),
}

/// A row of the view `balances`; its key is the account.
#[annals::data]
pub struct Balance {
    pub account: String,
    pub owner: String,
    pub balance: Cents,
}

/// Keeps the view `balances`.
pub struct Balances;

impl Projector for Balances {
    type Event = Fact;
    type Row = Balance;
    const VIEW: &'static str = "balances";

    fn touches(event: &Fact, _: &About) -> Vec<String> {
        let (Fact::AccountOpened(AccountOpened { account, .. })
        | Fact::Deposited(Deposited { account, .. })
        | Fact::Withdrawn(Withdrawn { account, .. })) = event;
        vec![account.clone()]
    }

    fn fold(row: Option<Balance>, account: &str, event: &Fact, _: &About) -> Option<Balance> {
        // Facts from elsewhere must not trap: no sum that the bank lets through saturates.
        let moved = |sum: fn(Cents, Cents) -> Cents, amount| {
            row.map(|row| Balance {
                balance: sum(row.balance, amount),
                ..row
            })
        };
        match event {
            Fact::AccountOpened(opened) => Some(Balance {
                account: account.to_owned(),
                owner: opened.owner.clone(),
                balance: opened.deposit,
            }),
            Fact::Deposited(deposited) => moved(Cents::saturating_add, deposited.amount),
            Fact::Withdrawn(withdrawn) => moved(Cents::saturating_sub, withdrawn.amount),
        }
    }
}
