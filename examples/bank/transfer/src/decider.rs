//! What is known of a transfer: that it was requested, and how it ended.

use annals::{Command, Context, Decider, Decision, Event, Rejection};
use bank_events::commands::{CompleteTransfer, FailTransfer};
use bank_events::{Cents, TRANSFERS, TransferCompleted, TransferFailed, TransferRequested};

/// What this handler is asked. Customers ask for transfers; how they end, the process says.
#[derive(Command)]
pub enum TransferCommand {
    RequestTransfer {
        #[annals(stream)]
        transfer: String,
        from: String,
        to: String,
        amount: Cents,
    },
    CompleteTransfer(CompleteTransfer),
    FailTransfer(FailTransfer),
}

/// What happens to a transfer.
#[derive(Event)]
pub enum TransferEvent {
    TransferRequested(TransferRequested),
    TransferCompleted(TransferCompleted),
    TransferFailed(TransferFailed),
}

/// Why it says no.
#[derive(Rejection)]
pub enum TransferRejection {
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
    type Command = TransferCommand;
    type Event = TransferEvent;
    type Rejection = TransferRejection;
    const CATEGORY: &'static str = TRANSFERS;

    fn initial() -> Option<Known> {
        None
    }

    fn evolve(state: &mut Option<Known>, event: &TransferEvent) {
        match event {
            TransferEvent::TransferRequested(requested) => {
                *state = Some(Known {
                    from: requested.from.clone(),
                    to: requested.to.clone(),
                    amount: requested.amount,
                    end: None,
                });
            }
            TransferEvent::TransferCompleted(_) => end(state, End::Completed),
            TransferEvent::TransferFailed(_) => end(state, End::Failed),
        }
    }

    fn decide(
        state: &Option<Known>,
        command: TransferCommand,
        _: &Context,
    ) -> Result<Decision<TransferEvent>, TransferRejection> {
        match command {
            TransferCommand::RequestTransfer { transfer, .. } if state.is_some() => {
                Err(TransferRejection::TransferExists { transfer })
            }
            TransferCommand::RequestTransfer { amount, .. } if amount <= 0 => {
                Err(TransferRejection::AmountNotPositive { amount })
            }
            TransferCommand::RequestTransfer { from, to, .. } if from == to => {
                Err(TransferRejection::SameAccount { account: from })
            }
            TransferCommand::RequestTransfer {
                transfer,
                from,
                to,
                amount,
            } => Ok(Decision::of(TransferRequested {
                transfer,
                from,
                to,
                amount,
            })),
            TransferCommand::CompleteTransfer(CompleteTransfer { transfer }) => {
                ending(state, transfer, End::Completed, |transfer, known| {
                    TransferEvent::TransferCompleted(TransferCompleted {
                        transfer,
                        from: known.from.clone(),
                        to: known.to.clone(),
                        amount: known.amount,
                    })
                })
            }
            TransferCommand::FailTransfer(FailTransfer { transfer, reason }) => {
                ending(state, transfer, End::Failed, |transfer, known| {
                    TransferEvent::TransferFailed(TransferFailed {
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
    fact: impl FnOnce(String, &Known) -> TransferEvent,
) -> Result<Decision<TransferEvent>, TransferRejection> {
    match state {
        None => Err(TransferRejection::TransferNotRequested { transfer }),
        Some(known) => match &known.end {
            None => Ok(fact(transfer, known).into()),
            Some(ended) if *ended == end => Ok(Decision::none()),
            Some(_) => Err(TransferRejection::TransferEnded { transfer }),
        },
    }
}
