//! What can happen to an account: the facts that handlers share. Each handler makes of them what
//! it needs; none shares its state.

/// Category of the streams: the account `42` is the stream `account-42`.
pub const CATEGORY: &str = "account";

/// Money in cents.
pub type Cents = i64;

/// An account came into being. The first event of its stream.
#[annals::data]
pub struct AccountOpened {
    pub account: String,
    pub owner: String,
    /// Not negative.
    pub deposit: Cents,
}

/// Money came in.
#[annals::data]
pub struct Deposited {
    pub account: String,
    /// Positive.
    pub amount: Cents,
}

/// Money went out.
#[annals::data]
pub struct Withdrawn {
    pub account: String,
    /// Positive.
    pub amount: Cents,
}
