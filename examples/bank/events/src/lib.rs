//! What can happen to accounts and transfers: the facts that handlers share, and the commands that one sends
//! to another. Each handler makes of them what it needs; none shares its state.

pub mod commands;

/// Category of the accounts' streams: the account `42` is the stream `account-42`.
pub const CATEGORY: &str = "account";

/// Category of the transfers' streams: the transfer `t1` is the stream `transfer-t1`.
pub const TRANSFERS: &str = "transfer";

/// Money in cents.
pub type Cents = i64;

/// An account came into being. The first event of its stream.
#[annals::event]
pub struct AccountOpened {
    pub account: String,
    pub owner: String,
    /// Not negative.
    pub deposit: Cents,
}

/// Money came in.
#[annals::event]
pub struct Deposited {
    pub account: String,
    /// Positive.
    pub amount: Cents,
    /// The transfer that it is part of, if it is part of one.
    #[annals(tag)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<String>,
}

/// Money went out.
#[annals::event]
pub struct Withdrawn {
    pub account: String,
    /// Positive.
    pub amount: Cents,
    /// The transfer that it is part of, if it is part of one.
    #[annals(tag)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<String>,
}

/// Money is to go from one account to another. The first event of a transfer's stream.
#[annals::event]
pub struct TransferRequested {
    #[annals(tag)]
    pub transfer: String,
    pub from: String,
    /// Another account.
    pub to: String,
    /// Positive.
    pub amount: Cents,
}

/// The money has arrived.
#[annals::event]
pub struct TransferCompleted {
    #[annals(tag)]
    pub transfer: String,
    pub from: String,
    pub to: String,
    pub amount: Cents,
}

/// The money has not arrived, and whatever was taken has been given back.
#[annals::event]
pub struct TransferFailed {
    #[annals(tag)]
    pub transfer: String,
    pub from: String,
    pub to: String,
    pub amount: Cents,
    /// The code of what was refused; `not-returned` if the money could not be given back either.
    pub reason: String,
}
