//! Given/when/then tests of process managers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::marker::PhantomData;

use super::encoding::{assert_command_survives, assert_survives, encode, encode_command, text};
use super::log::{Log, On};
use crate::erased::ProcessManagerEntry;
use crate::wire::{Fault, Input, OutgoingCommand, RawReaction, RawRefusal, Recorded};
use crate::{Command, Interest, ProcessContext, ProcessManager, Rejection};

/// Starts a test of a process manager: it has handled these events, in the order of the log, and none of its commands
/// was refused.
///
/// # Panics
///
/// Panics if the process manager fails on one of the events, or for any of the reasons of the [module](super).
#[track_caller]
pub fn process<P: ProcessManager>(events: impl IntoIterator<Item = On<P::Event>>) -> Processes<P> {
    let mut processes = Processes {
        log: Log::default(),
        running: BTreeMap::new(),
        sent: Vec::new(),
        step: Ok(Step::default()),
        manager: PhantomData,
    };
    for event in events {
        processes = processes.when(event);
        if let Err(reason) = &processes.step {
            panic!("{reason}");
        }
    }
    processes.step = Ok(Step::default());
    processes
}

/// The processes of a process manager, and the result of the last step. [`process`] creates it.
pub struct Processes<P> {
    log: Log,
    /// The state of each running process, by process id.
    running: BTreeMap<String, Vec<u8>>,
    /// All commands that processes have sent so far.
    sent: Vec<Sent>,
    /// The result of the last step, or the reason why it failed.
    step: Result<Step, String>,
    manager: PhantomData<P>,
}

#[derive(Clone)]
struct Sent {
    process: String,
    command: OutgoingCommand,
    cause: Recorded,
}

/// The results of the processes that received one event or refusal.
#[derive(Clone, Default)]
struct Step {
    /// The ids of the processes that received the input.
    told: Vec<String>,
    commands: Vec<OutgoingCommand>,
    notes: Vec<String>,
}

impl<P: ProcessManager> Processes<P> {
    /// Records the next event, and delivers it to the processes that it concerns.
    ///
    /// # Panics
    ///
    /// Panics for any of the reasons of the [module](super).
    #[track_caller]
    pub fn when(&self, event: On<P::Event>) -> Self {
        let mut after = self.begin();
        let recorded = after.log.record(event);
        if let Err(reason) = after.deliver(&recorded) {
            after.step = Err(reason);
        }
        after
    }

    /// Refuses a command that a process sent, with this code or this rejection.
    ///
    /// # Panics
    ///
    /// Panics if no process has sent the command, or if the process that sent it has stopped and receives no refusal;
    /// or for any of the reasons of the [module](super).
    #[track_caller]
    pub fn when_refused(&self, command: impl Into<P::Command>, refusal: impl GivenRefusal) -> Self {
        let command: P::Command = command.into();
        let payload = encode_command(&command);
        let command_type = command.command_type();
        let sent = self.sent.iter().rev().find(|sent| {
            sent.command.command_type == command_type && sent.command.payload == payload
        });
        let Some(sent) = sent.cloned() else {
            panic!("no process has sent {command_type} {}", text(&payload));
        };
        let Some(state) = self.running.get(&sent.process).cloned() else {
            panic!(
                "the process {:?} has stopped, and will not be told",
                sent.process
            );
        };
        let mut after = self.begin();
        let (code, message, details) = refusal.parts();
        let cause = sent.cause.clone();
        let input = || {
            Input::Refused(RawRefusal {
                command: sent.command.clone(),
                code: code.clone(),
                message: message.clone(),
                details: details.clone(),
                cause: cause.clone(),
            })
        };
        if let Err(reason) = after.react(&sent.process, Some(&state), &cause, false, input) {
            after.step = Err(reason);
        }
        after
    }

    /// Expects that the last step sent these commands and no others, in this order.
    ///
    /// # Panics
    ///
    /// Panics if there were others, or if the step failed.
    #[track_caller]
    pub fn then_commands(&self, commands: impl IntoIterator<Item = P::Command>) -> &Self {
        let expected: Vec<(&str, Vec<u8>)> = commands
            .into_iter()
            .map(|command| (command.command_type(), encode_command(&command)))
            .collect();
        let matches = self.step.as_ref().is_ok_and(|step| {
            let actual = step.commands.iter();
            actual
                .map(|command| (&*command.command_type, &*command.payload))
                .eq(expected.iter().map(|(name, payload)| (*name, &**payload)))
        });
        let mut wanted = String::from(if expected.is_empty() {
            "no commands"
        } else {
            "commands"
        });
        for (name, payload) in &expected {
            let _ = write!(wanted, "\n          {name} {}", text(payload));
        }
        self.expect(matches, &wanted);
        self
    }

    /// Expects that the last step sent no commands.
    ///
    /// # Panics
    ///
    /// Panics if there were commands, or if the step failed.
    #[track_caller]
    pub fn then_no_commands(&self) -> &Self {
        self.then_commands([])
    }

    /// Expects that the last step made these notes and no others, in this order.
    ///
    /// # Panics
    ///
    /// Panics if there were others, or if the step failed.
    #[track_caller]
    pub fn then_notes<'a>(&self, notes: impl IntoIterator<Item = &'a str>) -> &Self {
        let expected: Vec<&str> = notes.into_iter().collect();
        let matches = self.step.as_ref().is_ok_and(|step| step.notes == expected);
        self.expect(matches, &format!("notes {expected:?}"));
        self
    }

    /// Expects that no process received the event.
    ///
    /// # Panics
    ///
    /// Panics if a process received the event, or if the step failed.
    #[track_caller]
    pub fn then_ignored(&self) -> &Self {
        let matches = self.step.as_ref().is_ok_and(|step| step.told.is_empty());
        self.expect(matches, "no process is told");
        self
    }

    /// Expects that the process is running.
    ///
    /// # Panics
    ///
    /// Panics if the process is not running, or if the step failed.
    #[track_caller]
    pub fn then_running(&self, process: &str) -> &Self {
        let matches = self.step.is_ok() && self.running.contains_key(process);
        self.expect(matches, &format!("the process {process:?} runs"));
        self
    }

    /// Expects that the process is running in this state.
    ///
    /// # Panics
    ///
    /// Panics if the process is not running, is in another state, or if the step failed.
    #[track_caller]
    pub fn then_state(&self, process: &str, state: P::State) -> &Self {
        let expected = encode(&state);
        let matches = self.step.is_ok() && self.running.get(process) == Some(&expected);
        let wanted = format!("the process {process:?} runs: {}", text(&expected));
        self.expect(matches, &wanted);
        self
    }

    /// Expects that the process received the event or refusal, and has stopped.
    ///
    /// # Panics
    ///
    /// Panics if the process did not receive it, or is still running.
    #[track_caller]
    pub fn then_stopped(&self, process: &str) -> &Self {
        let told = |step: &Step| step.told.iter().any(|told| told == process);
        let matches = self.step.as_ref().is_ok_and(told) && !self.running.contains_key(process);
        self.expect(matches, &format!("the process {process:?} stops"));
        self
    }

    /// Expects that the step failed, for a reason that contains this text. A failed step changes nothing, and the
    /// framework delivers the event again.
    ///
    /// # Panics
    ///
    /// Panics if the step did not fail, or failed for another reason.
    #[track_caller]
    pub fn then_failed(&self, why: &str) -> &Self {
        let matches = self.step.as_ref().is_err_and(|reason| reason.contains(why));
        self.expect(matches, &format!("failed: … {why} …"));
        self
    }

    /// Returns a copy, ready for the next step.
    fn begin(&self) -> Self {
        Self {
            log: self.log.clone(),
            running: self.running.clone(),
            sent: self.sent.clone(),
            step: Ok(Step::default()),
            manager: PhantomData,
        }
    }

    /// Delivers an event to the processes that it concerns. If one of them fails, the delivery changes none of them.
    #[track_caller]
    fn deliver(&mut self, recorded: &Recorded) -> Result<(), String> {
        let before = (self.running.clone(), self.sent.clone());
        let told = self.tell_all(recorded);
        if told.is_err() {
            (self.running, self.sent) = before;
        }
        told
    }

    #[track_caller]
    fn tell_all(&mut self, recorded: &Recorded) -> Result<(), String> {
        let entry = const { ProcessManagerEntry::of::<P>() };
        for interest in (entry.interested)(recorded).map_err(|fault| fault.0)? {
            let process = interest.process();
            let state = self.running.get(process).cloned();
            match (&interest, &state) {
                (Interest::StartStrict(_), Some(_)) => {
                    return Err(format!("the process {process:?} runs already"));
                }
                (Interest::ProceedStrict(_), None) => {
                    return Err(format!("the process {process:?} does not run"));
                }
                (Interest::Proceed(_) | Interest::Stop(_), None) => continue,
                _ => {}
            }
            let end = matches!(interest, Interest::Stop(_));
            let input = || Input::Event(recorded.clone());
            self.react(process, state.as_deref(), recorded, end, input)?;
        }
        Ok(())
    }

    /// Performs one step of one process twice, and checks that both results are the same.
    #[track_caller]
    fn react(
        &mut self,
        process: &str,
        state: Option<&[u8]>,
        cause: &Recorded,
        end: bool,
        input: impl Fn() -> Input,
    ) -> Result<(), String> {
        let entry = const { ProcessManagerEntry::of::<P>() };
        let context = ProcessContext {
            id: process.to_owned(),
            now: cause.about.recorded_at,
            seed: cause.about.position,
            actor: cause.about.actor.clone(),
        };
        let ask = || -> Result<RawReaction, Fault> { (entry.react)(&context, state, input()) };
        let answer = ask();
        assert!(
            answer == ask(),
            "the process {process:?} does not do the same thing twice: process managers depend on their arguments alone",
        );
        let reaction = answer.map_err(|fault| fault.0)?;
        if reaction.stop || end {
            self.running.remove(process);
        } else {
            let name = format!("the state of the process {process:?}");
            assert_survives::<P::State>(&name, &reaction.state);
            self.running.insert(process.to_owned(), reaction.state);
        }
        for command in &reaction.commands {
            assert_command_survives::<P::Command>(&command.command_type, &command.payload);
            self.sent.push(Sent {
                process: process.to_owned(),
                command: command.clone(),
                cause: cause.clone(),
            });
        }
        if let Ok(step) = &mut self.step {
            step.told.push(process.to_owned());
            step.commands.extend(reaction.commands);
            step.notes.extend(reaction.notes);
        }
        Ok(())
    }

    #[track_caller]
    fn expect(&self, matches: bool, wanted: &str) {
        assert!(matches, "\nexpected: {wanted}\n     got: {}\n", self.show());
    }

    fn show(&self) -> String {
        let step = match &self.step {
            Ok(step) => step,
            Err(reason) => return format!("failed: {reason}"),
        };
        let mut out = format!("told {:?}", step.told);
        for command in &step.commands {
            let _ = write!(
                out,
                "\n          {} {}",
                command.command_type,
                text(&command.payload)
            );
        }
        for note in &step.notes {
            let _ = write!(out, "\n          note: {note}");
        }
        for (process, state) in &self.running {
            let _ = write!(out, "\n          {process:?} runs: {}", text(state));
        }
        out
    }
}

/// The refusal for [`Processes::when_refused`]: a code, or a whole rejection.
pub trait GivenRefusal {
    /// Returns the code, the message, and the details as JSON.
    fn parts(&self) -> (String, String, Option<String>);
}

impl GivenRefusal for &str {
    fn parts(&self) -> (String, String, Option<String>) {
        ((*self).to_owned(), self.replace('-', " "), None)
    }
}

impl<R: Rejection> GivenRefusal for R {
    fn parts(&self) -> (String, String, Option<String>) {
        (self.code().to_owned(), self.message(), self.details())
    }
}
