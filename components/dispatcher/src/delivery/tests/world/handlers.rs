//! The world's handlers, and the bank that takes their commands.

use super::{Answer, Death, World};
use crate::annals::es::event_store::Appended;
use crate::annals::es::notifiers::Delivery;
use crate::annals::es::process_managers::{Input, Interest, Reaction as ProcessReaction};
use crate::annals::es::projectors::{ChangedRow, Projection, RowChange};
use crate::annals::es::sourcer::{Accepted, HandlerFault, Refused, SubmitError};
use crate::annals::es::types::{
    Context, Fault, OutgoingCommand, PageFault, RecordedEvent, Rejection, Row, RowKey,
};
use crate::annals::framework::sourcing::ProcessCommand;
use crate::ports::{Commands, EventRef, Handlers};
use std::collections::BTreeMap;
use std::panic::resume_unwind;

fn words(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    text.split(' ').map(str::to_owned).collect()
}

/// A ledger whose rows depend on each other: `Moved a b n` moves what `a` has, `n` at most. `Counted a` counts in the row
/// `h{n}` that `a` had `n`, so only the value of row `a` says which row it changes.
fn ledger(rows: &mut BTreeMap<String, i64>, event_type: &str, payload: &[u8]) {
    let words = words(payload);
    match event_type {
        "Given" => *rows.entry(words[0].clone()).or_default() += words[1].parse::<i64>().unwrap(),
        "Moved" => {
            let has = rows.get(&words[0]).copied().unwrap_or_default();
            let moved = has.min(words[2].parse().unwrap());
            rows.insert(words[0].clone(), has - moved);
            *rows.entry(words[1].clone()).or_default() += moved;
        }
        "Counted" => *rows.entry(counter(rows, &words[0])).or_default() += 1,
        "Emptied" => {
            rows.remove(&words[0]);
        }
        _ => {}
    }
}

/// The key of the row that counts the accounts with the value of this one.
fn counter(rows: &BTreeMap<String, i64>, account: &str) -> String {
    format!("h{}", rows.get(account).copied().unwrap_or_default())
}

/// Keys of `Filled a n width`: `n` rows, each numbered with this many digits.
fn filled(words: &[String]) -> Vec<String> {
    let count: u32 = words[1].parse().unwrap();
    (0..count).map(|n| format!("{}{n}", words[0])).collect()
}

/// The row that this event changes beside those named by `keys`, unless it was already asked for. `Greedy` never has enough.
fn further(
    rows: &BTreeMap<String, i64>,
    event: &RecordedEvent,
    needed: &[RowKey],
) -> Option<String> {
    let key = match event.event_type.as_str() {
        "Counted" => counter(rows, &words(&event.payload)[0]),
        "Greedy" => format!("g{}", needed.len()),
        _ => return None,
    };
    needed.iter().all(|row| row.key != key).then_some(key)
}

fn ledger_key(key: &str) -> RowKey {
    RowKey {
        view: "ledger".into(),
        key: key.into(),
    }
}

impl World {
    /// The expected rows of the ledger.
    pub fn expected(&self) -> BTreeMap<String, String> {
        let mut rows = BTreeMap::new();
        for event in self.events.borrow().iter() {
            ledger(&mut rows, &event.event_type, &event.payload);
        }
        rows.into_iter()
            .map(|(key, n)| (key, n.to_string()))
            .collect()
    }
}

impl Handlers for World {
    fn keys(&self, _: u32, events: &[RecordedEvent]) -> Result<Vec<Vec<RowKey>>, PageFault> {
        let keys = |event: &RecordedEvent| {
            let words = words(&event.payload);
            let keys = match event.event_type.as_str() {
                "Given" | "Emptied" | "Counted" | "Greedy" => &words[..1],
                "Moved" => &words[..2],
                "Filled" => &filled(&words),
                _ => &[],
            };
            keys.iter().map(|key| ledger_key(key)).collect()
        };
        Ok(events.iter().map(keys).collect())
    }

    fn project(
        &self,
        _: u32,
        events: &[RecordedEvent],
        given: &[Row],
        needed: &[RowKey],
    ) -> Result<Projection, PageFault> {
        let text = |row: &Row| String::from_utf8_lossy(&row.value).into_owned();
        let mut rows: BTreeMap<String, String> = given
            .iter()
            .map(|row| (row.key.clone(), text(row)))
            .collect();
        let mut changed: BTreeMap<String, u32> = BTreeMap::new();
        for (index, event) in (0..).zip(events) {
            self.fail(event)
                .map_err(|fault| PageFault { index, fault })?;
            self.projected.set(self.projected.get() + 1);
            let before = rows.clone();
            if event.event_type == "Filled" {
                let words = words(&event.payload);
                let width: usize = words[2].parse().unwrap();
                let value = format!("{}1", "0".repeat(width - 1));
                rows.extend(filled(&words).into_iter().map(|key| (key, value.clone())));
            } else {
                let number = |(key, text): (&String, &String)| (key.clone(), text.parse().unwrap());
                let mut numbers = rows.iter().map(number).collect();
                if let Some(key) = further(&numbers, event, needed) {
                    return Ok(Projection::Needs(vec![ledger_key(&key)]));
                }
                ledger(&mut numbers, &event.event_type, &event.payload);
                let text = |(key, n): (&String, &i64)| (key.clone(), n.to_string());
                rows = numbers.iter().map(text).collect();
            }
            for key in before.keys().chain(rows.keys()) {
                if before.get(key) != rows.get(key) {
                    changed.insert(key.clone(), index);
                }
            }
        }
        let change = |(key, event): (String, u32)| ChangedRow {
            change: match rows.get(&key) {
                Some(value) => RowChange::Put(Row {
                    view: "ledger".into(),
                    content_type: "text/plain".into(),
                    value: value.clone().into_bytes(),
                    key,
                }),
                None => RowChange::Remove(ledger_key(&key)),
            },
            event,
        };
        Ok(Projection::Changes(
            changed.into_iter().map(change).collect(),
        ))
    }

    fn interested(&self, _: u32, event: EventRef<'_>) -> Result<Vec<Interest>, Fault> {
        if let Some(Answer::Deaf) = self.answer(event) {
            return Err(Fault {
                message: "deaf".into(),
            });
        }
        let words = words(&event.payload);
        let id = words.last().cloned().unwrap_or_default();
        Ok(match event.event_type.as_str() {
            "Fed" => vec![Interest::Start(id)],
            "Noted" => words[1..].iter().cloned().map(Interest::Start).collect(),
            "Requested" => vec![Interest::StartStrict(id)],
            "Given twice" => vec![Interest::Start(id)],
            "Withdrawn" => vec![Interest::Proceed(id)],
            "Deposited" => vec![Interest::Stop(id)],
            _ => Vec::new(),
        })
    }

    /// State: `from to amount`. A transfer, with its compensation.
    fn react(
        &self,
        _: u32,
        process: &str,
        state: Option<&[u8]>,
        what: &Input,
        _: &Context,
    ) -> Result<ProcessReaction, Fault> {
        let send = |kind: &str, account: &str, amount: &str| OutgoingCommand {
            command_type: kind.into(),
            content_type: "text/plain".into(),
            payload: format!("{account} {amount} {process}").into_bytes(),
            deliver_at: None,
            name: None,
        };
        let mut reaction = ProcessReaction {
            state: state.unwrap_or_default().to_vec(),
            commands: Vec::new(),
            cancellations: Vec::new(),
            notes: Vec::new(),
            stop: false,
        };
        match what {
            Input::Event(event) => {
                self.fail(event)?;
                let now = words(&event.payload);
                match event.event_type.as_str() {
                    "Requested" => {
                        reaction.state = now[..3].join(" ").into_bytes();
                        reaction.commands.push(send("Withdraw", &now[0], &now[2]));
                    }
                    "Fed" => reaction.commands.push(send("Feed", &now[0], &now[1])),
                    // The process stores the first word and sends it in a command.
                    "Noted" => {
                        let mut all = reaction.state.clone();
                        all.extend_from_slice(now[0].as_bytes());
                        all.push(b' ');
                        reaction.state = all;
                        reaction.commands.push(OutgoingCommand {
                            command_type: "Deposit".into(),
                            content_type: "text/plain".into(),
                            payload: format!("{} 1 -", now[0]).into_bytes(),
                            deliver_at: None,
                            name: None,
                        });
                    }
                    "Given twice" => {
                        reaction.commands.push(send("Deposit", &now[0], &now[2]));
                        reaction.commands.push(send("Deposit", &now[1], &now[2]));
                    }
                    "Withdrawn" => {
                        let state = words(&reaction.state);
                        reaction
                            .commands
                            .push(send("Deposit", &state[1], &state[2]));
                    }
                    _ => {}
                }
            }
            Input::Refused(refusal) => {
                let state = words(&reaction.state);
                reaction.notes.push(refusal.reason.code.clone());
                match refusal.command.command_type.as_str() {
                    "Deposit" => reaction
                        .commands
                        .push(send("Deposit", &state[0], &state[2])),
                    _ => reaction.stop = true,
                }
            }
        }
        Ok(reaction)
    }

    fn notify(&self, _: u32, event: EventRef<'_>, attempt: u32) -> Result<Delivery, Fault> {
        self.call(|| self.notified.borrow_mut().push((event.position, attempt)));
        Ok(match self.answer(event) {
            Some(Answer::Reject) => Delivery::Reject("never".into()),
            Some(Answer::RetryAfter(pause)) => Delivery::RetryAfter(pause),
            _ => {
                self.fail(event)?;
                Delivery::Done
            }
        })
    }
}

impl Commands for World {
    /// A bank: accounts named `closed..` take no deposits.
    fn submit(&self, command: &ProcessCommand) -> Result<Accepted, SubmitError> {
        let request = &command.request;
        self.call(|| {
            let id = request.command_id.clone().unwrap();
            let payload = String::from_utf8_lossy(&request.payload).into_owned();
            let words = words(&request.payload);
            if let Some(answer) = self.answers.borrow().get(&payload) {
                match answer {
                    Answer::Trap => resume_unwind(Box::new(Death)),
                    _ => {
                        return Err(SubmitError::Fault(HandlerFault {
                            handler: "bank".into(),
                            message: "no".into(),
                        }));
                    }
                }
            }
            let known = self.outcomes.borrow().get(&id).cloned();
            let (duplicate, outcome) = match known {
                Some((payload, outcome)) => {
                    assert_eq!(
                        payload, request.payload,
                        "{id} was sent with another payload"
                    );
                    (true, outcome)
                }
                None => {
                    let amount: i64 = words[1].parse().unwrap();
                    let mut balances = self.balances.borrow_mut();
                    let balance = balances.entry(words[0].clone()).or_default();
                    let no = |code: &str| {
                        Err(Rejection {
                            code: code.into(),
                            message: String::new(),
                            details: None,
                        })
                    };
                    let outcome = match request.command_type.as_str() {
                        "Feed" => {
                            self.append_of(&words[0], "Fed", &payload, &id);
                            Ok(())
                        }
                        "Withdraw" if *balance < amount => no("insufficient"),
                        "Withdraw" => {
                            *balance -= amount;
                            self.append_of(&words[0], "Withdrawn", &payload, &id);
                            Ok(())
                        }
                        _ if words[0].starts_with("closed") => no("closed"),
                        _ => {
                            *balance += amount;
                            self.append_of(&words[0], "Deposited", &payload, &id);
                            Ok(())
                        }
                    };
                    let record = (request.payload.clone(), outcome.clone());
                    self.outcomes.borrow_mut().insert(id.clone(), record);
                    (false, outcome)
                }
            };
            match outcome {
                Ok(()) => Ok(Accepted {
                    command_id: id,
                    stream: words[0].clone(),
                    appended: Appended {
                        version: 1,
                        position: 1,
                        cursor: 1,
                        events: Vec::new(),
                    },
                    duplicate,
                    attempts: 1,
                    snapshot_due: false,
                }),
                Err(reason) => Err(SubmitError::Rejected(Refused {
                    command_id: id,
                    reason,
                    duplicate,
                })),
            }
        })
    }
}
