//! What one handler asks of another: whoever pays money in and out is a customer, or a transfer.

use crate::Cents;

/// Pays money into an account.
#[annals::command]
pub struct Deposit {
    #[annals(stream)]
    pub account: String,
    pub amount: Cents,
    /// The transfer that it is part of, if it is part of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<String>,
}

/// Pays money out of an account.
#[annals::command]
pub struct Withdraw {
    #[annals(stream)]
    pub account: String,
    pub amount: Cents,
    /// The transfer that it is part of, if it is part of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<String>,
}

/// Says that the money of a transfer has arrived.
#[annals::command(internal)]
pub struct CompleteTransfer {
    #[annals(stream)]
    pub transfer: String,
}

/// Says that a transfer came to nothing.
#[annals::command(internal)]
pub struct FailTransfer {
    #[annals(stream)]
    pub transfer: String,
    /// The code of what was refused.
    pub reason: String,
}
