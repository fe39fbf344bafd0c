//! What is known of a transfer: that it was requested, and how it ended.

use annals::{Command, Context, Decider, Decision, Event, Rejection};
use bank_events::{Cents, TRANSFERS, TransferCompleted, TransferFailed, TransferRequested};

/// What this handler is asked. Customers ask for transfers; how they end, the process says.
#[derive(Command)]
pub enum Request {
    RequestTransfer {
        transfer: String,
        from: String,
        to: String,
        amount: Cents,
    },
    #[annals(internal)]
    CompleteTransfer {
        transfer: String,
    },
    #[annals(internal)]
    FailTransfer {
        transfer: String,
        reason: String,
    },
}

/// What happens to a transfer.
#[derive(Event)]
pub enum Fact {
    TransferRequested(TransferRequested),
    TransferCompleted(TransferCompleted),
    TransferFailed(TransferFailed),
}

/// Why it says no.
#[derive(Rejection)]
pub enum No {
    #[annals(message = "transfer {transfer} exists")]
    TransferExists { transfer: String },
    #[annals(message = "{amount} cents cannot be moved")]
    AmountNotPositive { amount: Cents },
    #[annals(message = "from {account} to {account} there is nothing to move")]
    SameAccount { account: String },
    #[annals(message = "nobody has requested transfer {transfer}")]
    TransferNotRequested { transfer: String },
    #[annals(message = "transfer {transfer} has ended otherwise")]
    TransferEnded { transfer: String },
}

/// A transfer, as far as it has come.
#[annals::data]
pub struct Known {
    from: String,
    to: String,
    amount: Cents,
    end: Option<End>,
}

#[annals::data]
#[derive(PartialEq)]
enum End {
    Completed,
    Failed,
}

/// Decides whether a transfer is begun, and how it ends: once, and in one way.
pub struct Transfer;

impl Decider for Transfer {
    type State = Option<Known>;
    type Command = Request;
    type Event = Fact;
    type Rejection = No;
    const CATEGORY: &'static str = TRANSFERS;

    fn initial() -> Option<Known> {
        None
    }

    fn stream_id(command: &Request) -> String {
        let (Request::RequestTransfer { transfer, .. }
        | Request::CompleteTransfer { transfer }
        | Request::FailTransfer { transfer, .. }) = command;
        transfer.clone()
    }

    fn evolve(state: &mut Option<Known>, event: &Fact) {
        match event {
            Fact::TransferRequested(requested) => {
                *state = Some(Known {
                    from: requested.from.clone(),
                    to: requested.to.clone(),
                    amount: requested.amount,
                    end: None,
                });
            }
            Fact::TransferCompleted(_) => end(state, End::Completed),
            Fact::TransferFailed(_) => end(state, End::Failed),
        }
    }

    fn decide(state: &Option<Known>, command: Request, _: &Context) -> Result<Decision<Fact>, No> {
        match command {
            Request::RequestTransfer { transfer, .. } if state.is_some() => {
                Err(No::TransferExists { transfer })
            }
            Request::RequestTransfer { amount, .. } if amount <= 0 => {
                Err(No::AmountNotPositive { amount })
            }
            Request::RequestTransfer { from, to, .. } if from == to => {
                Err(No::SameAccount { account: from })
            }
            Request::RequestTransfer {
                transfer,
                from,
                to,
                amount,
            } => Ok(Fact::TransferRequested(TransferRequested {
                transfer,
                from,
                to,
                amount,
            })
            .into()),
            Request::CompleteTransfer { transfer } => {
                ending(state, transfer, End::Completed, |transfer, known| {
                    Fact::TransferCompleted(TransferCompleted {
                        transfer,
                        from: known.from.clone(),
                        to: known.to.clone(),
                        amount: known.amount,
                    })
                })
            }
            Request::FailTransfer { transfer, reason } => {
                ending(state, transfer, End::Failed, |transfer, known| {
                    Fact::TransferFailed(TransferFailed {
                        transfer,
                        from: known.from.clone(),
                        to: known.to.clone(),
                        amount: known.amount,
                        reason,
                    })
                })
            }
        }
    }
}

fn end(state: &mut Option<Known>, end: End) {
    if let Some(known) = state {
        known.end = Some(end);
    }
}

/// Ends a transfer. Ending it again in the same way does nothing.
fn ending(
    state: &Option<Known>,
    transfer: String,
    end: End,
    fact: impl FnOnce(String, &Known) -> Fact,
) -> Result<Decision<Fact>, No> {
    match state {
        None => Err(No::TransferNotRequested { transfer }),
        Some(known) => match &known.end {
            None => Ok(fact(transfer, known).into()),
            Some(ended) if *ended == end => Ok(Decision::none()),
            Some(_) => Err(No::TransferEnded { transfer }),
        },
    }
}
