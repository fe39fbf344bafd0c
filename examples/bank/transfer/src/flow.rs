//! How the money moves: out of one account, into the other, and back if the other does not take it.

use annals::{
    Command, Event, EventMetadata, Interest, ProcessContext, ProcessManager, Reaction, Refusal,
    StartFrom,
};
use bank_events::commands::{CompleteTransfer, Deposit, FailTransfer, Withdraw};
use bank_events::{
    Cents, Deposited, TransferCompleted, TransferFailed, TransferRequested, Withdrawn,
};

/// What the process follows.
#[derive(Event)]
pub enum Seen {
    TransferRequested(TransferRequested),
    Withdrawn(Withdrawn),
    Deposited(Deposited),
    TransferCompleted(TransferCompleted),
    TransferFailed(TransferFailed),
}

/// What it asks of others.
#[derive(Command)]
pub enum Order {
    Withdraw(Withdraw),
    Deposit(Deposit),
    CompleteTransfer(CompleteTransfer),
    FailTransfer(FailTransfer),
}

/// A transfer under way.
#[annals::data]
pub struct State {
    pub from: String,
    pub to: String,
    pub amount: Cents,
    pub stage: Stage,
}

/// What a transfer waits for.
#[annals::data]
pub enum Stage {
    /// The money is being taken.
    Withdrawing,
    /// The money is being brought to where it belongs.
    Depositing,
    /// The other account has refused it, for this reason: it is being given back.
    Returning { reason: String },
    /// The money is where it stays, and the book is being closed.
    Closing,
}

/// Moves the money of transfers. The process of a transfer has its id.
pub struct TransferFlow;

impl ProcessManager for TransferFlow {
    type State = State;
    type Event = Seen;
    type Command = Order;
    const NAME: &'static str = "transfer";
    const FROM: StartFrom = StartFrom::Origin;

    fn interest(event: &Seen, _: &EventMetadata) -> Vec<Interest> {
        let interest = match event {
            Seen::TransferRequested(requested) => Some(Interest::start(&requested.transfer)),
            Seen::Withdrawn(Withdrawn { transfer, .. })
            | Seen::Deposited(Deposited { transfer, .. }) => {
                transfer.as_ref().map(Interest::proceed)
            }
            Seen::TransferCompleted(TransferCompleted { transfer, .. })
            | Seen::TransferFailed(TransferFailed { transfer, .. }) => {
                Some(Interest::stop(transfer))
            }
        };
        interest.into_iter().collect()
    }

    fn react(
        state: Option<State>,
        event: &Seen,
        _: &EventMetadata,
        process: &ProcessContext,
    ) -> Reaction<State, Order> {
        let transfer = process.id.clone();
        if let Seen::TransferRequested(requested) = event {
            return begin(transfer, requested);
        }
        let Some(state) = state else {
            return Reaction::stopped();
        };
        match (event, &state.stage) {
            (Seen::Withdrawn(out), Stage::Withdrawing)
                if state.moves(&state.from, &out.account, out.amount) =>
            {
                let order = state.deposit(&state.to, transfer);
                Reaction::running(state.at(Stage::Depositing)).send(order)
            }
            (Seen::Deposited(there), Stage::Depositing)
                if state.moves(&state.to, &there.account, there.amount) =>
            {
                Reaction::running(state.at(Stage::Closing)).send(CompleteTransfer { transfer })
            }
            (Seen::Deposited(back), Stage::Returning { reason })
                if state.moves(&state.from, &back.account, back.amount) =>
            {
                let reason = reason.clone();
                state.fail(transfer, reason)
            }
            (Seen::TransferCompleted(_) | Seen::TransferFailed(_), _) => Reaction::stopped(),
            // Somebody moves other money in the name of this transfer: that is not what it waits for.
            _ => Reaction::running(state),
        }
    }

    fn refused(
        state: State,
        refusal: Refusal<Order>,
        process: &ProcessContext,
    ) -> Reaction<State, Order> {
        let transfer = process.id.clone();
        let note = refusal.to_string();
        match state.stage {
            Stage::Withdrawing => state.fail(transfer, refusal.code).note(note),
            Stage::Depositing => {
                let order = state.deposit(&state.from, transfer);
                let reason = refusal.code;
                Reaction::running(state.at(Stage::Returning { reason }))
                    .send(order)
                    .note(note)
            }
            // The money is out of both accounts: only people can help.
            Stage::Returning { .. } => {
                let lost = format!("{} cents of {} are in no account", state.amount, state.from);
                state
                    .fail(transfer, "not-returned".into())
                    .note(note)
                    .note(lost)
            }
            Stage::Closing => Reaction::stopped().note(note),
        }
    }
}

fn begin(transfer: String, requested: &TransferRequested) -> Reaction<State, Order> {
    let state = State {
        from: requested.from.clone(),
        to: requested.to.clone(),
        amount: requested.amount,
        stage: Stage::Withdrawing,
    };
    let order = Withdraw {
        account: state.from.clone(),
        amount: state.amount,
        transfer: Some(transfer),
    };
    Reaction::running(state).send(order)
}

impl State {
    fn at(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }

    /// Is this the movement of this transfer's money at that account?
    fn moves(&self, at: &str, account: &str, amount: Cents) -> bool {
        at == account && self.amount == amount
    }

    fn deposit(&self, account: &str, transfer: String) -> Deposit {
        Deposit {
            account: account.to_owned(),
            amount: self.amount,
            transfer: Some(transfer),
        }
    }

    fn fail(self, transfer: String, reason: String) -> Reaction<Self, Order> {
        Reaction::running(self.at(Stage::Closing)).send(FailTransfer { transfer, reason })
    }
}
