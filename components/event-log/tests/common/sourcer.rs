//! A sourcer in small: loads, claims, decides, appends, and asks again after a conflict.

use super::*;

/// How a submission ended, as far as the submitter knows.
pub type Submitted = Result<Outcome, StoreError>;

/// When a submitter claims its command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claims {
    /// Before it decides.
    First,
    /// In the first round together with the append, as the sourcer does with a session that nobody disturbed. After any other
    /// answer than an acceptance it claims, and decides again.
    WithAppend,
}

/// Submits a command that appends two events, or is rejected when `reject` says so of the version.
pub fn submit<S: Slots>(
    log: &mut EventLog<S>,
    stream: &str,
    command_id: &str,
    seed: u64,
    reject: impl Fn(u64) -> bool,
) -> Submitted {
    submit_with(Claims::WithAppend, log, stream, command_id, seed, reject)
}

/// [`submit`], with a choice.
pub fn submit_with<S: Slots>(
    claims: Claims,
    log: &mut EventLog<S>,
    stream: &str,
    command_id: &str,
    seed: u64,
    reject: impl Fn(u64) -> bool,
) -> Submitted {
    const FINGERPRINT: u64 = 7;
    let mut head = log.load(stream, Head::default(), 1000)?.head;
    let mut together = claims == Claims::WithAppend && !reject(head.version);
    for round in 0..100 {
        if !together {
            match log.claim_command(command_id, FINGERPRINT, stream, head.cursor)? {
                Claim::Done(outcome) => return Ok(outcome),
                Claim::Mismatch => panic!("mismatch"),
                // What an earlier attempt wrote up to here has just been looked for.
                Claim::Fresh | Claim::Pending => {}
            }
        }
        let rejection = Rejection {
            code: "no".into(),
            message: "No.".into(),
            details: None,
        };
        let result = if reject(head.version) {
            log.record_outcome(
                stream,
                head,
                metadata(command_id),
                Some(rejection.clone()),
                NOW,
            )
            .map(|()| Outcome::Rejected(rejection))
        } else {
            let expected = Precondition::At(head.version);
            let request = request(
                stream,
                expected,
                command_id,
                seed * 1000 + round,
                &["One", "Two"],
            );
            log.append(AppendRequest {
                cursor: Some(head.cursor),
                claim: together.then_some(FINGERPRINT),
                ..request
            })
            .map(Outcome::Accepted)
        };
        match result {
            Ok(outcome) => return Ok(outcome),
            Err(AppendError::Store(error)) => return Err(error),
            Err(AppendError::Closed(_)) => panic!("closed"),
            Err(AppendError::Claimed) => assert!(together, "claimed, and nobody asked"),
            Err(AppendError::Conflict { .. }) => head = log.load(stream, head, 1000)?.head,
        }
        together = false;
    }
    panic!("conflicts without end");
}

/// The command's events and its recorded outcome must tell the same, and it took effect once.
pub fn check_once<S: Slots>(slots: S, stream: &str, command_id: &str, told: &Outcome) {
    let mut log = open(slots);
    let events: Vec<_> = read_all(&mut log, stream, 100)
        .into_iter()
        .filter(|e| e.metadata.command_id == command_id)
        .collect();
    match told {
        Outcome::Accepted(appended) => {
            let ids: Vec<_> = appended.events.iter().map(|e| e.id.clone()).collect();
            assert_eq!(
                events.iter().map(|e| e.id.clone()).collect::<Vec<_>>(),
                ids,
                "took effect once"
            );
        }
        Outcome::Rejected(_) => assert!(events.is_empty(), "rejected, and has events"),
    }
    assert_eq!(
        log.find_outcome(command_id, stream, 0).unwrap().as_ref(),
        Some(told),
        "asked again"
    );
}
