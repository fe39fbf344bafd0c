//! What came in and went out of each account, and from and to where.
//!
//! An account's own events say which transfer they are part of; who is at its other end, only the
//! transfer's events say. A statement joins the two: it keeps the other ends of the transfers that
//! are under way, and forgets each when its transfer ends.

use std::collections::BTreeMap;

use annals::{About, Event, Projector};
use bank_events::{
    AccountOpened, Cents, Deposited, TransferCompleted, TransferFailed, TransferRequested,
    Withdrawn,
};

/// What shows in a statement, or explains what does.
#[derive(Event)]
pub enum Fact {
    AccountOpened(AccountOpened),
    Deposited(Deposited),
    Withdrawn(Withdrawn),
    TransferRequested(TransferRequested),
    TransferCompleted(TransferCompleted),
    TransferFailed(TransferFailed),
}

/// A row of the view `statements`; its key is the account.
#[annals::data]
pub struct Statement {
    pub account: String,
    /// In the order of their positions.
    pub movements: Vec<Movement>,
    /// The other accounts of transfers that are under way, by transfer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub transfers: BTreeMap<String, String>,
}

/// Money that came in or went out.
#[annals::data]
pub struct Movement {
    /// Of the event, in the log.
    pub position: u64,
    /// The event's: `AccountOpened`, `Deposited` or `Withdrawn`.
    pub r#type: String,
    pub amount: Cents,
    /// The transfer that it is part of, if it is part of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<String>,
    /// The other account of that transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
}

/// Keeps the view `statements`.
pub struct Statements;

impl Projector for Statements {
    type Event = Fact;
    type Row = Statement;
    const VIEW: &'static str = "statements";

    fn touches(event: &Fact, _: &About) -> Vec<String> {
        match event {
            Fact::AccountOpened(AccountOpened { account, .. })
            | Fact::Deposited(Deposited { account, .. })
            | Fact::Withdrawn(Withdrawn { account, .. }) => vec![account.clone()],
            Fact::TransferRequested(TransferRequested { from, to, .. })
            | Fact::TransferCompleted(TransferCompleted { from, to, .. })
            | Fact::TransferFailed(TransferFailed { from, to, .. }) => {
                vec![from.clone(), to.clone()]
            }
        }
    }

    fn fold(
        row: Option<Statement>,
        account: &str,
        event: &Fact,
        about: &About,
    ) -> Option<Statement> {
        // A transfer may name an account that is not open yet, or never will be.
        let mut statement = row.unwrap_or_else(|| Statement {
            account: account.to_owned(),
            movements: Vec::new(),
            transfers: BTreeMap::new(),
        });
        let position = about.position;
        match event {
            Fact::AccountOpened(opened) => statement.add(position, event, opened.deposit, None),
            Fact::Deposited(moved) => {
                statement.add(position, event, moved.amount, moved.transfer.as_ref());
            }
            Fact::Withdrawn(moved) => {
                statement.add(position, event, moved.amount, moved.transfer.as_ref());
            }
            Fact::TransferRequested(TransferRequested {
                transfer, from, to, ..
            }) => {
                let other = if account == from { to } else { from };
                statement.transfers.insert(transfer.clone(), other.clone());
            }
            Fact::TransferCompleted(TransferCompleted { transfer, .. })
            | Fact::TransferFailed(TransferFailed { transfer, .. }) => {
                statement.transfers.remove(transfer);
            }
        }
        let says_something = !statement.movements.is_empty() || !statement.transfers.is_empty();
        says_something.then_some(statement)
    }
}

impl Statement {
    fn add(&mut self, position: u64, event: &Fact, amount: Cents, transfer: Option<&String>) {
        self.movements.push(Movement {
            position,
            r#type: event.event_type().name.to_owned(),
            amount,
            transfer: transfer.cloned(),
            other: transfer.and_then(|transfer| self.transfers.get(transfer).cloned()),
        });
    }
}
