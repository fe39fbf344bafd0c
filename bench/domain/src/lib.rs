//! The bank of the examples as plain Rust: the domain logic of every peer in the measurements.
//!
//! The rules are those of `examples/bank/open-account` and `examples/bank/transact`. The suite plays the
//! bank's own commands to every peer and compares the answers before it measures anything.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Money in cents.
pub type Cents = i64;

/// A command to the bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `OpenAccount`.
    Open(Open),
    /// `Deposit`.
    Deposit(Movement),
    /// `Withdraw`.
    Withdraw(Movement),
}

/// The payload of `OpenAccount`, and of its event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The account, which names the stream.
    pub account: String,
    /// The owner of the account.
    pub owner: String,
    /// The opening balance.
    pub deposit: Cents,
}

/// The payload of `Deposit` and `Withdraw`, and of their events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// The account, which names the stream.
    pub account: String,
    /// The amount.
    pub amount: Cents,
    /// The transfer that this movement belongs to, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<String>,
}

/// An event of the bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// An account was opened.
    AccountOpened(Open),
    /// Money was paid in.
    Deposited(Movement),
    /// Money was taken out.
    Withdrawn(Movement),
}

impl Event {
    /// The name of the event type.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::AccountOpened(_) => "AccountOpened",
            Self::Deposited(_) => "Deposited",
            Self::Withdrawn(_) => "Withdrawn",
        }
    }
}

/// A rejected command: the code of the rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection(pub &'static str);

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Rejection {}

/// The reason why a request does not parse as a command.
#[derive(Debug)]
pub enum Malformed {
    /// No command has this type.
    Unknown,
    /// The payload does not match the command type.
    Payload(serde_json::Error),
}

impl Command {
    /// Reads the payload of a command.
    ///
    /// # Errors
    ///
    /// If no command has this type, or the payload does not match it.
    pub fn parse(command_type: &str, payload: &[u8]) -> Result<Self, Malformed> {
        match command_type {
            "OpenAccount" => serde_json::from_slice(payload).map(Self::Open),
            "Deposit" => serde_json::from_slice(payload).map(Self::Deposit),
            "Withdraw" => serde_json::from_slice(payload).map(Self::Withdraw),
            _ => return Err(Malformed::Unknown),
        }
        .map_err(Malformed::Payload)
    }

    /// The name of the command type.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open(_) => "OpenAccount",
            Self::Deposit(_) => "Deposit",
            Self::Withdraw(_) => "Withdraw",
        }
    }

    /// The account that the command addresses.
    #[must_use]
    pub fn account(&self) -> &str {
        match self {
            Self::Open(open) => &open.account,
            Self::Deposit(movement) | Self::Withdraw(movement) => &movement.account,
        }
    }
}

/// An account: its balance, once it is open. The balance is never negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `None`: the account is not open.
    pub balance: Option<Cents>,
}

impl Account {
    /// Folds an event into the state.
    pub fn apply(&mut self, event: &Event) {
        let balance = self.balance.unwrap_or(0);
        self.balance = Some(match event {
            Event::AccountOpened(open) => balance.saturating_add(open.deposit),
            Event::Deposited(movement) => balance.saturating_add(movement.amount),
            Event::Withdrawn(movement) => balance.saturating_sub(movement.amount),
        });
    }

    /// Decides on a command and returns its event.
    ///
    /// # Errors
    ///
    /// The rejection by the bank's rules.
    pub fn decide(&self, command: Command) -> Result<Event, Rejection> {
        match (command, self.balance) {
            (Command::Open(_), Some(_)) => Err(Rejection("account-exists")),
            (Command::Open(open), None) if open.deposit < 0 => Err(Rejection("amount-negative")),
            (Command::Open(open), None) => Ok(Event::AccountOpened(open)),
            (_, None) => Err(Rejection("account-not-open")),
            (Command::Deposit(movement) | Command::Withdraw(movement), _)
                if movement.amount <= 0 =>
            {
                Err(Rejection("amount-not-positive"))
            }
            (Command::Deposit(movement), Some(balance)) => {
                match balance.checked_add(movement.amount) {
                    Some(_) => Ok(Event::Deposited(movement)),
                    None => Err(Rejection("amount-too-large")),
                }
            }
            (Command::Withdraw(movement), Some(balance)) if movement.amount > balance => {
                Err(Rejection("insufficient-funds"))
            }
            (Command::Withdraw(movement), Some(_)) => Ok(Event::Withdrawn(movement)),
        }
    }
}

/// The event at a version of a stream that the suite prepares before a measurement.
#[must_use]
pub fn prepared(account: &str, version: u64) -> Event {
    let account = account.to_string();
    match version {
        1 => Event::AccountOpened(Open {
            account,
            owner: "Ada".into(),
            deposit: 100,
        }),
        _ => Event::Deposited(Movement {
            account,
            amount: 1,
            transfer: None,
        }),
    }
}
