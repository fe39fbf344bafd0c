//! Pays money in and out.

use annals::{Command, Context, Decide, Decided, Decider, Decision, Event, Rejection, Snapshots};
use bank_events::commands::{Deposit, Withdraw};
use bank_events::{AccountOpened, CATEGORY, Cents, Deposited, Withdrawn};

/// What this handler is asked.
#[derive(Command)]
pub enum AccountCommand {
    Deposit(Deposit),
    Withdraw(Withdraw),
}

/// What matters to it of an account's past: whatever moves its balance.
#[derive(Event)]
pub enum AccountEvent {
    AccountOpened(AccountOpened),
    Deposited(Deposited),
    Withdrawn(Withdrawn),
}

/// Why it says no.
#[derive(Rejection)]
pub enum AccountRejection {
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
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Rejection = AccountRejection;
    const CATEGORY: &'static str = CATEGORY;
    const EMITS: &'static [&'static str] = &["Deposited", "Withdrawn"];
    const SNAPSHOTS: Snapshots = Snapshots::Every(100);

    fn initial() -> Option<Cents> {
        None
    }

    fn evolve(state: &mut Option<Cents>, event: &AccountEvent) {
        let balance = state.unwrap_or(0);
        // `decide` let through no sum that saturates; facts from elsewhere must not trap.
        *state = Some(match event {
            AccountEvent::AccountOpened(opened) => balance.saturating_add(opened.deposit),
            AccountEvent::Deposited(deposited) => balance.saturating_add(deposited.amount),
            AccountEvent::Withdrawn(withdrawn) => balance.saturating_sub(withdrawn.amount),
        });
    }

    fn decide(state: &Option<Cents>, command: AccountCommand, context: &Context) -> Decided<Self> {
        annals::dispatch::<Self>(state, command, context)
    }
}

impl Decide<Deposit> for Transact {
    fn decide(state: &Option<Cents>, deposit: Deposit, _: &Context) -> Decided<Self> {
        let balance = movable(*state, &deposit.account, deposit.amount)?;
        let Deposit {
            account,
            amount,
            transfer,
        } = deposit;
        if balance.checked_add(amount).is_none() {
            return Err(AccountRejection::AmountTooLarge { amount, balance });
        }
        Ok(Decision::of(Deposited {
            account,
            amount,
            transfer,
        }))
    }
}

impl Decide<Withdraw> for Transact {
    fn decide(state: &Option<Cents>, withdraw: Withdraw, _: &Context) -> Decided<Self> {
        let balance = movable(*state, &withdraw.account, withdraw.amount)?;
        let Withdraw {
            account,
            amount,
            transfer,
        } = withdraw;
        if amount > balance {
            return Err(AccountRejection::InsufficientFunds { amount, balance });
        }
        Ok(Decision::of(Withdrawn {
            account,
            amount,
            transfer,
        }))
    }
}

/// The balance of an account in which so much may move.
fn movable(
    balance: Option<Cents>,
    account: &str,
    amount: Cents,
) -> Result<Cents, AccountRejection> {
    let Some(balance) = balance else {
        return Err(AccountRejection::AccountNotOpen {
            account: account.to_owned(),
        });
    };
    if amount <= 0 {
        return Err(AccountRejection::AmountNotPositive { amount });
    }
    Ok(balance)
}

annals::export! { deciders: [Transact] }

#[cfg(test)]
mod tests;
