//! A minimal sourcer, which uses a store as real callers do: it folds, claims the command, decides and appends, and
//! decides again after a conflict. Every second attempt claims the command with its first append.

use annals_event_log::{
    AppendError, AppendRequest, Claim, Head, NewEvent, Outcome, Precondition, Rejection, StoreError,
};

use crate::scene::{Connection, Scene, event, metadata, unique};

/// Maximum number of consecutive conflicts.
const PATIENCE: u32 = 200;

/// The result of a decision.
#[derive(Clone)]
pub(crate) enum Decision {
    /// These events, or none.
    Accept(Vec<NewEvent>),
    Reject(Rejection),
}

/// A command.
pub(crate) struct Command<'a> {
    pub id: String,
    pub fingerprint: u64,
    pub stream: String,
    /// Decides by the stream's version.
    pub decide: &'a (dyn Fn(u64) -> Decision + Sync),
}

/// The reason why a command has no outcome.
#[derive(Debug)]
pub(crate) enum NoOutcome {
    /// The id belongs to a different command.
    Mismatch,
    Closed,
    Store(StoreError),
}

impl From<StoreError> for NoOutcome {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Always accepts with two events.
pub(crate) fn two_events(_version: u64) -> Decision {
    Decision::Accept(vec![event("One"), event("Two")])
}

/// Always rejects.
pub(crate) fn no(_version: u64) -> Decision {
    Decision::Reject(Rejection {
        code: "no".into(),
        message: "No — never.".into(),
        details: Some(r#"{"why":"never"}"#.into()),
    })
}

/// Always accepts without events.
pub(crate) fn nothing(_version: u64) -> Decision {
    Decision::Accept(Vec::new())
}

/// Submits a command once.
pub(crate) fn submit(
    scene: &Scene<'_>,
    store: &mut Connection,
    command: &Command<'_>,
) -> Result<Outcome, NoOutcome> {
    let Command {
        id,
        fingerprint,
        stream,
        decide,
    } = command;
    let mut head = Head::default();
    let mut together = unique().is_multiple_of(2);
    for _ in 0..PATIENCE {
        loop {
            let page = store.load(stream, head, 1000)?;
            head = page.head;
            if page.end {
                break;
            }
        }
        let decision = decide(head.version);
        together &= matches!(&decision, Decision::Accept(events) if !events.is_empty());
        if !together {
            match store.claim_command(id, *fingerprint, stream, head.cursor)? {
                Claim::Done(outcome) => return Ok(outcome),
                Claim::Mismatch => return Err(NoOutcome::Mismatch),
                // The claim has just searched for events that an earlier attempt wrote up to this cursor.
                Claim::Fresh | Claim::Pending => {}
            }
        }
        let expected = Precondition::At(head.version);
        let request = AppendRequest {
            cursor: Some(head.cursor),
            metadata: metadata(id),
            claim: together.then_some(*fingerprint),
            ..scene.request(stream, expected, &[])
        };
        let result = match decision {
            Decision::Accept(events) if events.is_empty() => {
                let recorded =
                    store.record_outcome(stream, head, request.metadata, None, request.recorded_at);
                match recorded {
                    Ok(()) => match store.find_outcome(id, stream, 0)? {
                        Some(outcome) => Ok(outcome),
                        None => panic!("an outcome was recorded and is not there"),
                    },
                    Err(error) => Err(error),
                }
            }
            Decision::Accept(events) => store
                .append(AppendRequest { events, ..request })
                .map(Outcome::Accepted),
            Decision::Reject(rejection) => {
                let reason = Some(rejection.clone());
                store
                    .record_outcome(stream, head, request.metadata, reason, request.recorded_at)
                    .map(|()| Outcome::Rejected(rejection))
            }
        };
        match result {
            Ok(outcome) => return Ok(outcome),
            Err(AppendError::Conflict { .. }) => {}
            Err(AppendError::Claimed) => assert!(together, "claimed, and nobody asked"),
            Err(AppendError::Closed(_)) => return Err(NoOutcome::Closed),
            Err(AppendError::Store(error)) => return Err(error.into()),
        }
        together = false;
    }
    panic!("{PATIENCE} conflicts in a row");
}

/// Submits a command, and asserts that it has an outcome.
#[track_caller]
pub(crate) fn submitted(
    scene: &Scene<'_>,
    store: &mut Connection,
    command: &Command<'_>,
) -> Outcome {
    match submit(scene, store, command) {
        Ok(outcome) => outcome,
        Err(error) => panic!("a command that must have an outcome has none: {error:?}"),
    }
}

/// Asserts that the stream has the events of the outcome exactly once, and that a repetition returns the same
/// outcome.
#[track_caller]
pub(crate) fn check_once(store: &mut Connection, stream: &str, command_id: &str, told: &Outcome) {
    let recorded: Vec<String> = crate::reading::stream(store, stream)
        .into_iter()
        .filter(|event| event.metadata.command_id == command_id)
        .map(|event| event.id)
        .collect();
    let promised: Vec<String> = match told {
        Outcome::Accepted(appended) => appended.events.iter().map(|e| e.id.clone()).collect(),
        Outcome::Rejected(_) => Vec::new(),
    };
    assert_eq!(recorded, promised, "{command_id} took effect once, as told");
    let again = store.find_outcome(command_id, stream, 0);
    assert_eq!(again.as_ref(), Ok(&Some(told.clone())), "asked again");
}
