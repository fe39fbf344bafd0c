//! Plays cases of deciders, and checks the laws of every decision.

use super::file::{Case, Message};
use super::outcome::Outcome;
use super::runtime::{Answer, Command, Context, Deciders, Event, Runtime, Session, Stopped};

/// Plays a case. Returns one line for each difference; none if the case passes.
///
/// # Errors
///
/// If the handler cannot be instantiated.
pub fn play(runtime: &Runtime, decider: u32, case: &Case, when: &Message) -> Answer<Vec<String>> {
    let play = Play {
        runtime,
        decider,
        events: case.given.iter().zip(1..).map(event).collect(),
        command: Command {
            id: case.context.command_id.clone().unwrap_or("test".into()),
            command_type: when.r#type.clone(),
            content_type: when.content_type(),
            payload: when.payload(),
        },
        context: Context {
            now: case.context.now,
            seed: case.context.seed,
            actor: case.context.actor.clone(),
            extensions: case.context.extensions.clone().into_iter().collect(),
        },
    };
    let mut instance = runtime.deciders()?;
    let outcome = play.whole(&mut instance);
    let mut lines = outcome.differs(&case.then);
    let printed = instance.printed();
    if lines.is_empty() {
        lines = play.laws(&outcome)?;
    }
    if !lines.is_empty() {
        lines.extend(printed.lines().map(|line| format!("  it printed: {line}")));
    }
    Ok(lines)
}

fn event((given, version): (&Message, u64)) -> Event {
    Event {
        version,
        event_type: given.r#type.clone(),
        schema_version: given.schema_version.unwrap_or(1),
        content_type: given.content_type(),
        payload: given.payload(),
    }
}

struct Play<'a> {
    runtime: &'a Runtime,
    decider: u32,
    events: Vec<Event>,
    command: Command,
    context: Context,
}

impl Play<'_> {
    /// Decides like the sourcer: the stream, its events, the decision.
    fn whole(&self, instance: &mut Deciders) -> Outcome {
        self.try_whole(instance).unwrap_or_else(Into::into)
    }

    fn try_whole(&self, instance: &mut Deciders) -> Answer<Outcome> {
        let stream = match instance.stream_id(self.decider, &self.command)? {
            Ok(stream) => stream,
            Err(error) => return Ok(error.into()),
        };
        let session = instance.open(self.decider)?;
        instance.evolve(session, &self.events)?;
        Ok(self.decide(instance, session, stream))
    }

    fn decide(&self, instance: &mut Deciders, session: Session, stream: String) -> Outcome {
        Outcome::of(
            stream,
            instance.decide(session, &[], &self.command, &self.context),
        )
    }

    /// Checks the laws that hold for every decision. Each law runs in a fresh instance.
    fn laws(&self, outcome: &Outcome) -> Answer<Vec<String>> {
        let stream = match outcome {
            Outcome::Decided { stream, .. } => stream.clone(),
            // The laws compare only decisions that reach `decide`.
            Outcome::Rejected { .. } => String::new(),
            Outcome::Malformed(_) | Outcome::Fault(_) => return Ok(Vec::new()),
        };
        type Law<'a> = (
            &'static str,
            &'a dyn Fn(&mut Deciders) -> Answer<Option<Outcome>>,
        );
        let laws: [Law<'_>; 5] = [
            (
                "a second `decide` of the same session has another result: `decide` must not change the state, \
                 nor depend on anything but its arguments",
                &|instance| {
                    let session = instance.open(self.decider)?;
                    instance.evolve(session, &self.events)?;
                    self.decide(instance, session, stream.clone());
                    Ok(Some(self.decide(instance, session, stream.clone())))
                },
            ),
            (
                "a second session of the same instance has another result: \
                 sessions must not share anything that changes",
                &|instance| {
                    self.try_whole(instance)?;
                    let session = instance.open(self.decider)?;
                    instance.evolve(session, &self.events)?;
                    Ok(Some(self.decide(instance, session, stream.clone())))
                },
            ),
            (
                "with the events folded one by one, the result differs: `evolve` must not \
                 depend on the boundaries of pages",
                &|instance| {
                    let session = instance.open(self.decider)?;
                    for event in &self.events {
                        instance.evolve(session, std::slice::from_ref(event))?;
                    }
                    Ok(Some(self.decide(instance, session, stream.clone())))
                },
            ),
            (
                "with the events passed to `decide`, the result differs: `decide` must fold them like `evolve`",
                &|instance| {
                    let session = instance.open(self.decider)?;
                    let decision =
                        instance.decide(session, &self.events, &self.command, &self.context);
                    Ok(Some(Outcome::of(stream.clone(), decision)))
                },
            ),
            (
                "from a snapshot, the result differs: the snapshot must contain the whole state",
                &|instance| self.after_snapshot(instance, &stream),
            ),
        ];
        for (law, decide) in laws {
            let mut instance = self.runtime.deciders()?;
            let again = decide(&mut instance).unwrap_or_else(|stopped| Some(stopped.into()));
            if let Some(again) = again
                && again != *outcome
            {
                let mut lines = vec![law.to_owned()];
                let first = outcome.to_string();
                lines.extend(first.lines().map(|line| format!("- {line}")));
                lines.extend(again.to_string().lines().map(|line| format!("+ {line}")));
                return Ok(lines);
            }
        }
        Ok(Vec::new())
    }

    /// Decides in another instance from a snapshot taken halfway and the remaining events. Returns
    /// `None` if the decider has no snapshots.
    fn after_snapshot(&self, instance: &mut Deciders, stream: &str) -> Answer<Option<Outcome>> {
        let (before, after) = self.events.split_at(self.events.len().div_ceil(2));
        let session = instance.open(self.decider)?;
        instance.evolve(session, before)?;
        let Some(state) = instance.snapshot(session)? else {
            return Ok(None);
        };
        let mut other = self.runtime.deciders()?;
        let restored = other
            .restore(self.decider, &state)
            .map_err(|Stopped(why)| Stopped(format!("its own snapshot cannot be read: {why}")))?;
        other.evolve(restored, after)?;
        Ok(Some(self.decide(&mut other, restored, stream.to_owned())))
    }
}
