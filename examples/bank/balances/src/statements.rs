//! What came in and went out of each account, and from and to where.
//!
//! A row is one movement, and its key is `{account}/{position}`. So a movement costs the same however long the statement is,
//! and the statement of an account is the rows whose keys begin with `{account}/`, oldest first.
//!
//! An account's own events say which transfer they are part of; who is at its other end, only the
//! transfer's events say. The view joins the two: while a transfer is under way, a row keeps its ends.

use annals::{Event, EventMetadata, Projector, Rows};
use bank_events::{
    AccountOpened, Cents, Deposited, TransferCompleted, TransferFailed, TransferRequested,
    Withdrawn,
};

/// What shows in a statement, or explains what does.
#[derive(Event)]
pub enum StatementEvent {
    AccountOpened(AccountOpened),
    Deposited(Deposited),
    Withdrawn(Withdrawn),
    TransferRequested(TransferRequested),
    TransferCompleted(TransferCompleted),
    TransferFailed(TransferFailed),
}

/// A row of the view `statements`.
#[annals::data]
#[serde(untagged)]
pub enum Line {
    Movement(Movement),
    UnderWay(UnderWay),
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

/// A transfer that has not ended.
#[annals::data]
pub struct UnderWay {
    pub from: String,
    pub to: String,
}

/// Keeps the view `statements`.
pub struct Statements;

impl Projector for Statements {
    type Event = StatementEvent;
    type Row = Line;
    const VIEW: &'static str = "statements";
    const VERSION: u32 = 2;

    fn keys(event: &StatementEvent, metadata: &EventMetadata) -> Vec<String> {
        match event.movement() {
            Some((account, _, _)) => vec![movement_key(account, metadata.position)],
            None => event.transfer().map(transfer_key).into_iter().collect(),
        }
    }

    /// A movement looks at its transfer, which says who is at the other end.
    fn reads(event: &StatementEvent, _: &EventMetadata) -> Vec<String> {
        let transfer = event.movement().and_then(|(_, _, transfer)| transfer);
        transfer.map(transfer_key).into_iter().collect()
    }

    /// A movement is made of the event alone; only [`Self::project`] knows the transfer.
    fn fold(
        _: Option<Line>,
        _: &str,
        event: &StatementEvent,
        metadata: &EventMetadata,
    ) -> Option<Line> {
        event.line(metadata.position, None)
    }

    fn project(rows: &mut Rows<Line>, event: &StatementEvent, metadata: &EventMetadata) {
        let Some((account, _, transfer)) = event.movement() else {
            return rows.fold(|key, row| Self::fold(row, key, event, metadata));
        };
        let ends = match transfer.and_then(|transfer| rows.get(&transfer_key(transfer))) {
            Some(Line::UnderWay(ends)) => Some(ends),
            _ => None,
        };
        if let Some(line) = event.line(metadata.position, ends) {
            rows.put(&movement_key(account, metadata.position), line);
        }
    }
}

/// Key of a movement: a statement's rows are in the order of the log.
#[must_use]
pub fn movement_key(account: &str, position: u64) -> String {
    format!("{account}/{position:020}")
}

/// Key of a transfer that is under way. It has no `/`, so that it is in nobody's statement.
#[must_use]
pub fn transfer_key(transfer: &str) -> String {
    format!("~{}", transfer.replace('%', "%25").replace('/', "%2F"))
}

impl StatementEvent {
    /// The account, the amount and the transfer of what moves money.
    fn movement(&self) -> Option<(&str, Cents, Option<&str>)> {
        match self {
            Self::AccountOpened(opened) => Some((&opened.account, opened.deposit, None)),
            Self::Deposited(moved) => {
                Some((&moved.account, moved.amount, moved.transfer.as_deref()))
            }
            Self::Withdrawn(moved) => {
                Some((&moved.account, moved.amount, moved.transfer.as_deref()))
            }
            _ => None,
        }
    }

    /// The transfer that begins or ends.
    fn transfer(&self) -> Option<&str> {
        match self {
            Self::TransferRequested(TransferRequested { transfer, .. })
            | Self::TransferCompleted(TransferCompleted { transfer, .. })
            | Self::TransferFailed(TransferFailed { transfer, .. }) => Some(transfer),
            _ => None,
        }
    }

    /// The row that the event leaves.
    fn line(&self, position: u64, ends: Option<&UnderWay>) -> Option<Line> {
        if let Some((account, amount, transfer)) = self.movement() {
            let other = ends.map(|ends| {
                if account == ends.from {
                    &ends.to
                } else {
                    &ends.from
                }
            });
            return Some(Line::Movement(Movement {
                position,
                r#type: self.event_type().name.to_owned(),
                amount,
                transfer: transfer.map(Into::into),
                other: other.cloned(),
            }));
        }
        match self {
            Self::TransferRequested(TransferRequested { from, to, .. }) => {
                Some(Line::UnderWay(UnderWay {
                    from: from.clone(),
                    to: to.clone(),
                }))
            }
            // It has ended.
            _ => None,
        }
    }
}
