//! The bank of the examples as plain Rust: what every peer of the measurements decides.
//!
//! The rules are those of `examples/bank/open-account` and `examples/bank/transact`. The suite plays the
//! bank's own commands to every peer and compares the answers before it measures anything.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Money in cents.
pub type Cents = i64;

/// What the bank is asked.
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
    /// Names the stream.
    pub account: String,
    /// Whose account it is.
    pub owner: String,
    /// What it starts with.
    pub deposit: Cents,
}

/// The payload of `Deposit` and `Withdraw`, and of their events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// Names the stream.
    pub account: String,
    /// How much.
    pub amount: Cents,
    /// The transfer that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// An account came into being.
    AccountOpened(Open),
    /// Money came in.
    Deposited(Movement),
    /// Money went out.
    Withdrawn(Movement),
}

impl Event {
    /// The type's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::AccountOpened(_) => "AccountOpened",
            Self::Deposited(_) => "Deposited",
            Self::Withdrawn(_) => "Withdrawn",
        }
    }
}

/// Why the bank says no: the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection(pub &'static str);

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Rejection {}

/// Why bytes are no command.
#[derive(Debug)]
pub enum Malformed {
    /// There is no such command.
    Unknown,
    /// The payload does not fit it.
    Payload(serde_json::Error),
}

impl Command {
    /// Reads the payload of a command.
    ///
    /// # Errors
    ///
    /// If there is no such command, or the payload does not fit it.
    pub fn parse(command_type: &str, payload: &[u8]) -> Result<Self, Malformed> {
        match command_type {
            "OpenAccount" => serde_json::from_slice(payload).map(Self::Open),
            "Deposit" => serde_json::from_slice(payload).map(Self::Deposit),
            "Withdraw" => serde_json::from_slice(payload).map(Self::Withdraw),
            _ => return Err(Malformed::Unknown),
        }
        .map_err(Malformed::Payload)
    }

    /// The type's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open(_) => "OpenAccount",
            Self::Deposit(_) => "Deposit",
            Self::Withdraw(_) => "Withdraw",
        }
    }

    /// The account that it is about.
    #[must_use]
    pub fn account(&self) -> &str {
        match self {
            Self::Open(open) => &open.account,
            Self::Deposit(movement) | Self::Withdraw(movement) => &movement.account,
        }
    }
}

/// An account: its balance, once it is open. Never negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// None: not open.
    pub balance: Option<Cents>,
}

impl Account {
    /// Folds what happened.
    pub fn apply(&mut self, event: &Event) {
        let balance = self.balance.unwrap_or(0);
        self.balance = Some(match event {
            Event::AccountOpened(open) => balance.saturating_add(open.deposit),
            Event::Deposited(movement) => balance.saturating_add(movement.amount),
            Event::Withdrawn(movement) => balance.saturating_sub(movement.amount),
        });
    }

    /// Decides what happens.
    ///
    /// # Errors
    ///
    /// The bank's rejections.
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

/// The event at a version of a stream that measurements are prepared with.
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
