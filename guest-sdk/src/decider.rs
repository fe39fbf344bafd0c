//! The trait that a domain implements.

use serde::{Serialize, de::DeserializeOwned};

use crate::{Command, Context, Decision, Event, Rejection};

/// Decides on the commands about one subject, from what happened to that subject.
///
/// A decider is pure: its functions depend on their arguments alone. The state is private to it
/// and derived from the events of one stream; other deciders may fold the same stream into
/// states of their own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a decider",
    label = "does not implement `annals::Decider`",
    note = "in `annals::export!`, the word before a type says what it is: \
            `Decider`s have none, others have `projector`, `process_manager` or `notifier`"
)]
pub trait Decider: 'static {
    /// What a decision needs to know of the past. It has no other use, so keep it small.
    /// Serialised for snapshots only.
    type State: Serialize + DeserializeOwned;
    /// The commands that this decider handles, as an enum that derives [`Command`](derive@crate::Command).
    type Command: Command;
    /// The events that it folds and emits, as an enum that derives [`Event`](derive@crate::Event). Events of
    /// the stream with other types are passed over.
    type Event: Event;
    /// Why it says no, as an enum that derives [`Rejection`](derive@crate::Rejection).
    type Rejection: Rejection;

    /// Name within the application; empty: the type's name in kebab-case.
    const NAME: &'static str = "";
    /// Category of the streams, `[a-z][a-z0-9_]*`. The stream of a subject is `CATEGORY-id`.
    const CATEGORY: &'static str;
    /// Types of the events that it emits; empty: all of [`Decider::Event`]. Name them where it
    /// folds more than it emits, and the framework can tell more mistakes.
    const EMITS: &'static [&'static str] = &[];
    /// Take a snapshot of the state every so many events; 0: never.
    const SNAPSHOT_EVERY: u32 = 0;
    /// Version of the state. 0: a snapshot is used only by the very component that took it, and a changed component folds
    /// the events anew. Any other version vouches for its snapshots, whatever else in the component changes: raise it
    /// whenever `State` or `evolve` changes, since snapshots of other versions are not used.
    const STATE_VERSION: u32 = 0;

    /// The state of a subject to which nothing has happened.
    fn initial() -> Self::State;

    /// The id of the subject that a command is about. At least one byte, no control characters;
    /// with category and dash at most 128 bytes. Otherwise the command counts as malformed.
    fn stream_id(command: &Self::Command) -> String;

    /// Takes note of an event. Facts cannot be refused: this must accept every event.
    fn evolve(state: &mut Self::State, event: &Self::Event);

    /// Decides on a command.
    ///
    /// # Errors
    ///
    /// The domain's own reasons to say no.
    fn decide(
        state: &Self::State,
        command: Self::Command,
        context: &Context,
    ) -> Result<Decision<Self::Event>, Self::Rejection>;

    /// What a type of command demands of its stream. What it demands is checked before `decide`
    /// and answered by the framework, not by a rejection of the domain.
    #[must_use]
    fn precondition(command_type: &str) -> Precondition {
        let _ = command_type;
        Precondition::Any
    }
}

/// What must be true of a stream for a command to be decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    #[default]
    Any,
    /// It has no events.
    NoStream,
    /// It has at least one event.
    StreamExists,
}
