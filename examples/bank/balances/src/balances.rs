//! What is in each account.

use annals::{Event, EventMetadata, Projector};
use bank_events::{AccountOpened, Cents, Deposited, Withdrawn};

/// What moves a balance.
#[derive(Event)]
pub enum BalanceEvent {
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
    type Event = BalanceEvent;
    type Row = Balance;
    const VIEW: &'static str = "balances";

    fn keys(event: &BalanceEvent, _: &EventMetadata) -> Vec<String> {
        let (BalanceEvent::AccountOpened(AccountOpened { account, .. })
        | BalanceEvent::Deposited(Deposited { account, .. })
        | BalanceEvent::Withdrawn(Withdrawn { account, .. })) = event;
        vec![account.clone()]
    }

    fn fold(
        row: Option<Balance>,
        account: &str,
        event: &BalanceEvent,
        _: &EventMetadata,
    ) -> Option<Balance> {
        // Facts from elsewhere must not trap: no sum that the bank lets through saturates.
        let moved = |sum: fn(Cents, Cents) -> Cents, amount| {
            row.map(|row| Balance {
                balance: sum(row.balance, amount),
                ..row
            })
        };
        match event {
            BalanceEvent::AccountOpened(opened) => Some(Balance {
                account: account.to_owned(),
                owner: opened.owner.clone(),
                balance: opened.deposit,
            }),
            BalanceEvent::Deposited(deposited) => moved(Cents::saturating_add, deposited.amount),
            BalanceEvent::Withdrawn(withdrawn) => moved(Cents::saturating_sub, withdrawn.amount),
        }
    }
}
