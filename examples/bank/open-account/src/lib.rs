//! Opens accounts.

use annals::{Command, Context, Decider, Decision, Event, Rejection};
use bank_events::{AccountOpened, CATEGORY, Cents};

/// What this handler is asked.
#[derive(Command)]
pub enum Request {
    OpenAccount {
        account: String,
        owner: String,
        deposit: Cents,
    },
}

/// What matters to it of an account's past: only whether there is one.
#[derive(Event)]
pub enum Fact {
    AccountOpened(AccountOpened),
}

/// Why it says no.
#[derive(Rejection)]
pub enum No {
    #[annals(message = "account {account} exists")]
    AccountExists { account: String },
    #[annals(message = "an account cannot start with {deposit} cents")]
    AmountNegative { deposit: Cents },
}

/// Decides whether an account is opened.
pub struct OpenAccount;

impl Decider for OpenAccount {
    /// Does the account exist?
    type State = bool;
    type Command = Request;
    type Event = Fact;
    type Rejection = No;
    const CATEGORY: &'static str = CATEGORY;

    fn initial() -> bool {
        false
    }

    fn stream_id(command: &Request) -> String {
        let Request::OpenAccount { account, .. } = command;
        account.clone()
    }

    fn evolve(exists: &mut bool, event: &Fact) {
        match event {
            Fact::AccountOpened(_) => *exists = true,
        }
    }

    fn decide(&exists: &bool, command: Request, _: &Context) -> Result<Decision<Fact>, No> {
        let Request::OpenAccount {
            account,
            owner,
            deposit,
        } = command;
        if exists {
            return Err(No::AccountExists { account });
        }
        if deposit < 0 {
            return Err(No::AmountNegative { deposit });
        }
        Ok(Fact::AccountOpened(AccountOpened {
            account,
            owner,
            deposit,
        })
        .into())
    }
}

annals::export!(OpenAccount);

#[cfg(test)]
mod tests;
