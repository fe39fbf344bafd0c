//! Pays money in and out.

use annals::{Command, Context, Decider, Decision, Event, Rejection};
use bank_events::{AccountOpened, CATEGORY, Cents, Deposited, Withdrawn};

/// What this handler is asked.
#[derive(Command)]
pub enum Request {
    Deposit {
        account: String,
        amount: Cents,
        /// The transfer that it is part of, if it is part of one.
        #[serde(default)]
        transfer: Option<String>,
    },
    Withdraw {
        account: String,
        amount: Cents,
        #[serde(default)]
        transfer: Option<String>,
    },
}

/// What matters to it of an account's past: whatever moves its balance.
#[derive(Event)]
pub enum Fact {
    AccountOpened(AccountOpened),
    Deposited(Deposited),
    Withdrawn(Withdrawn),
}

/// Why it says no.
#[derive(Rejection)]
pub enum No {
    #[annals(message = "account {account} is not open")]
    AccountNotOpen { account: String },
    #[annals(message = "{amount} cents cannot be moved")]
    AmountNotPositive { amount: Cents },
    /// The balance would be more than can be counted.
    #[annals(message = "a balance of {balance} cents cannot take {amount} more")]
    AmountTooLarge { amount: Cents, balance: Cents },
    #[annals(message = "{amount} cents are asked for, {balance} are there")]
    InsufficientFunds { amount: Cents, balance: Cents },
}

/// Decides whether money moves.
pub struct Transact;

impl Decider for Transact {
    /// The balance, of an account that is open. Never negative.
    type State = Option<Cents>;
    type Command = Request;
    type Event = Fact;
    type Rejection = No;
    const CATEGORY: &'static str = CATEGORY;
    const EMITS: &'static [&'static str] = &["Deposited", "Withdrawn"];
    const SNAPSHOT_EVERY: u32 = 100;

    fn initial() -> Option<Cents> {
        None
    }

    fn stream_id(command: &Request) -> String {
        let (Request::Deposit { account, .. } | Request::Withdraw { account, .. }) = command;
        account.clone()
    }

    fn evolve(state: &mut Option<Cents>, event: &Fact) {
        let balance = state.unwrap_or(0);
        // `decide` let through no sum that saturates; facts from elsewhere must not trap.
        *state = Some(match event {
            Fact::AccountOpened(opened) => balance.saturating_add(opened.deposit),
            Fact::Deposited(deposited) => balance.saturating_add(deposited.amount),
            Fact::Withdrawn(withdrawn) => balance.saturating_sub(withdrawn.amount),
        });
    }

    fn decide(state: &Option<Cents>, command: Request, _: &Context) -> Result<Decision<Fact>, No> {
        let (Request::Deposit {
            account, amount, ..
        }
        | Request::Withdraw {
            account, amount, ..
        }) = &command;
        let Some(balance) = *state else {
            return Err(No::AccountNotOpen {
                account: account.clone(),
            });
        };
        if *amount <= 0 {
            return Err(No::AmountNotPositive { amount: *amount });
        }
        match command {
            Request::Deposit { amount, .. } if balance.checked_add(amount).is_none() => {
                Err(No::AmountTooLarge { amount, balance })
            }
            Request::Deposit {
                account,
                amount,
                transfer,
            } => Ok(Fact::Deposited(Deposited {
                account,
                amount,
                transfer,
            })
            .into()),
            Request::Withdraw { amount, .. } if amount > balance => {
                Err(No::InsufficientFunds { amount, balance })
            }
            Request::Withdraw {
                account,
                amount,
                transfer,
            } => Ok(Fact::Withdrawn(Withdrawn {
                account,
                amount,
                transfer,
            })
            .into()),
        }
    }
}

annals::export!(Transact);

#[cfg(test)]
mod tests;
