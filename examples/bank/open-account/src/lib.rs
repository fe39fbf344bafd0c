//! Opens accounts.

use annals::{Command, Context, Decider, Decision, Event, Rejection};
use bank_events::{AccountOpened, CATEGORY, Cents};

/// What this handler is asked.
#[derive(Command)]
pub enum AccountCommand {
    OpenAccount {
        #[annals(stream)]
        account: String,
        owner: String,
        deposit: Cents,
    },
}

/// What matters to it of an account's past: only whether there is one.
#[derive(Event)]
pub enum AccountEvent {
    AccountOpened(AccountOpened),
}

/// Why it says no.
#[derive(Rejection)]
pub enum AccountRejection {
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
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Rejection = AccountRejection;
    const CATEGORY: &'static str = CATEGORY;

    fn initial() -> bool {
        false
    }

    fn evolve(exists: &mut bool, event: &AccountEvent) {
        match event {
            AccountEvent::AccountOpened(_) => *exists = true,
        }
    }

    fn decide(
        &exists: &bool,
        command: AccountCommand,
        _: &Context,
    ) -> Result<Decision<AccountEvent>, AccountRejection> {
        let AccountCommand::OpenAccount {
            account,
            owner,
            deposit,
        } = command;
        if exists {
            return Err(AccountRejection::AccountExists { account });
        }
        if deposit < 0 {
            return Err(AccountRejection::AmountNegative { deposit });
        }
        Ok(Decision::of(AccountOpened {
            account,
            owner,
            deposit,
        }))
    }
}

annals::export! { deciders: [OpenAccount] }

#[cfg(test)]
mod tests;
