//! Process managers: react to events with commands, and keep a state for each process.

use serde::{Serialize, de::DeserializeOwned};

use crate::{Command, Event, EventMetadata, Random, StartFrom};

/// Coordinates a process that spans several subjects: folds events into the state of the process, and sends commands.
///
/// A process manager is pure. It has any number of processes, each with its own id. An event concerns none, one or
/// several of them. A command takes effect once, even if components crash on the way. A refused command comes back to
/// [`ProcessManager::refused`], so that the process can compensate for it.
///
/// ```
/// use annals::{
///     EventMetadata, Command, Event, Interest, ProcessContext, ProcessManager, Reaction, Refusal, StartFrom,
/// };
///
/// #[derive(Event)]
/// enum Seen {
///     OrderPlaced { order: String, seat: String },
///     SeatReserved { seat: String, by: String },
/// }
///
/// #[derive(Command)]
/// enum Ask {
///     ReserveSeat { seat: String, by: String },
///     ConfirmOrder { order: String },
///     CancelOrder { order: String },
/// }
///
/// /// An order gets its seat, or is cancelled.
/// struct Ordering;
///
/// impl ProcessManager for Ordering {
///     type State = String; // the seat
///     type Event = Seen;
///     type Command = Ask;
///     const NAME: &'static str = "ordering";
///     const FROM: StartFrom = StartFrom::Origin;
///
///     fn interest(event: &Seen, _: &EventMetadata) -> Vec<Interest> {
///         match event {
///             Seen::OrderPlaced { order, .. } => vec![Interest::start(order)],
///             Seen::SeatReserved { by, .. } => vec![Interest::proceed(by)],
///         }
///     }
///
///     fn react(state: Option<String>, event: &Seen, _: &EventMetadata, process: &ProcessContext) -> Reaction<String, Ask> {
///         let order = process.id.clone();
///         match (event, state) {
///             (Seen::OrderPlaced { seat, .. }, _) => Reaction::running(seat.clone())
///                 .send(Ask::ReserveSeat { seat: seat.clone(), by: order }),
///             (Seen::SeatReserved { seat, .. }, Some(wanted)) if *seat != wanted => Reaction::running(wanted),
///             (Seen::SeatReserved { .. }, _) => Reaction::stopped().send(Ask::ConfirmOrder { order }),
///         }
///     }
///
///     fn refused(seat: String, refusal: Refusal<Ask>, process: &ProcessContext) -> Reaction<String, Ask> {
///         let order = process.id.clone();
///         Reaction::stopped()
///             .note(format!("seat {seat}: {}", refusal.code))
///             .send(Ask::CancelOrder { order })
///     }
/// }
///
/// annals::export! { process_managers: [Ordering] }
///
/// use annals::test::{on, process};
/// let placed = || on("order-1", Seen::OrderPlaced { order: "1".into(), seat: "7A".into() });
/// let reserved = || on("seat-7A", Seen::SeatReserved { seat: "7A".into(), by: "1".into() });
/// let reserve = || Ask::ReserveSeat { seat: "7A".into(), by: "1".into() };
///
/// process::<Ordering>([]).when(placed()).then_commands([reserve()]).then_running("1");
/// process::<Ordering>([placed()])
///     .when(reserved())
///     .then_commands([Ask::ConfirmOrder { order: "1".into() }])
///     .then_stopped("1");
/// process::<Ordering>([placed()])
///     .when_refused(reserve(), "seat-taken")
///     .then_commands([Ask::CancelOrder { order: "1".into() }])
///     .then_notes(["seat 7A: seat-taken"])
///     .then_stopped("1");
/// process::<Ordering>([]).when(reserved()).then_ignored();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a process manager",
    label = "does not implement `annals::ProcessManager`",
    note = "`annals::export!` lists handlers by kind: `deciders`, `projectors`, `process_managers`, `notifiers`"
)]
pub trait ProcessManager: 'static {
    /// The state of one process.
    type State: Serialize + DeserializeOwned;
    /// The events that the process manager folds, as an enum that derives [`Event`](derive@crate::Event). It receives
    /// no other events.
    type Event: Event;
    /// The commands that the process manager sends, as an enum that derives [`Command`](derive@crate::Command). Types
    /// and payloads must match those of the deciders that handle the commands.
    type Command: Command;

    /// Name in the application: 1 to 64 letters, digits, `-` and `_`. The store identifies the process manager by
    /// this name: its position in the log, its processes, and the ids of its commands. Keep the name when the code
    /// moves. A process manager with another name is a new one, unless `formerly` in `annals.toml` gives its former
    /// name.
    const NAME: &'static str;
    /// Version of the process manager, for people. Running processes keep their state across versions, so a changed
    /// `State` must still decode the states that older versions wrote.
    const VERSION: u32 = 1;
    /// The position where the process manager starts when it is first deployed on a store that already has events:
    /// [`StartFrom::Origin`] includes every event since the beginning, [`StartFrom::Now`] only events recorded from
    /// then on.
    const FROM: StartFrom;

    /// Returns the processes that an event concerns, each at most once. If there are none, the event is ignored.
    fn interest(event: &Self::Event, metadata: &EventMetadata) -> Vec<Interest>;

    /// Performs one step of one process that an event concerns. The state is `None` if the process starts.
    fn react(
        state: Option<Self::State>,
        event: &Self::Event,
        metadata: &EventMetadata,
        process: &ProcessContext,
    ) -> Reaction<Self::State, Self::Command>;

    /// Performs one step of a process after one of its commands was refused. The framework does not call this for a
    /// process that has stopped. The default keeps the state and adds a note.
    fn refused(
        state: Self::State,
        refusal: Refusal<Self::Command>,
        process: &ProcessContext,
    ) -> Reaction<Self::State, Self::Command> {
        let _ = process;
        Reaction::running(state).note(refusal.to_string())
    }
}

/// The effect of an event on a process. Process ids have 1 to 1024 bytes. Each process manager has its own ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interest {
    /// See [`Interest::start`].
    Start(String),
    /// See [`Interest::start_strict`].
    StartStrict(String),
    /// See [`Interest::proceed`].
    Proceed(String),
    /// See [`Interest::proceed_strict`].
    ProceedStrict(String),
    /// See [`Interest::stop`].
    Stop(String),
}

impl Interest {
    /// Starts the process, or continues it if it is already running.
    pub fn start(process: impl Into<String>) -> Self {
        Self::Start(process.into())
    }

    /// Starts the process. The event's delivery fails if the process is already running.
    pub fn start_strict(process: impl Into<String>) -> Self {
        Self::StartStrict(process.into())
    }

    /// Continues the process, if it is running.
    pub fn proceed(process: impl Into<String>) -> Self {
        Self::Proceed(process.into())
    }

    /// Continues the process. The event's delivery fails if the process is not running.
    pub fn proceed_strict(process: impl Into<String>) -> Self {
        Self::ProceedStrict(process.into())
    }

    /// Passes the event to the process, if it is running, and then stops it, whatever the process returns.
    pub fn stop(process: impl Into<String>) -> Self {
        Self::Stop(process.into())
    }

    /// The id of the process.
    #[must_use]
    pub fn process(&self) -> &str {
        match self {
            Self::Start(process)
            | Self::StartStrict(process)
            | Self::Proceed(process)
            | Self::ProceedStrict(process)
            | Self::Stop(process) => process,
        }
    }
}

/// The facts that a step of a process may use besides its state and its input. A repeated step sees the same facts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessContext {
    /// The id of the process.
    pub id: String,
    /// Time when the event was recorded, in milliseconds since 1970-01-01T00:00:00Z.
    pub now: u64,
    /// 64 bits of randomness, derived from the event. See [`ProcessContext::random`].
    pub seed: u64,
    /// The actor: the user or system whose request led to the event.
    pub actor: Option<String>,
}

impl ProcessContext {
    /// Returns the random numbers of this step. Each call returns the same sequence.
    #[must_use]
    pub fn random(&self) -> Random {
        Random::new(self.seed)
    }
}

/// A command that was refused.
///
/// Usually its decider rejected it. The framework refuses a command if its precondition on the stream does not hold
/// (`precondition-failed`), if the decider cannot decode it (`malformed-command`), or if an operator skips a command
/// that could not be completed (`command-skipped`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal<C> {
    /// The command, as the process sent it.
    pub command: C,
    /// The rejection's stable name, in kebab-case.
    pub code: String,
    /// The rejection's explanation for people.
    pub message: String,
    /// The rejection's details: a JSON value for programs, if there is one.
    pub details: Option<String>,
    /// The event that led to the command.
    pub cause: EventMetadata,
}

impl<C: Command> std::fmt::Display for Refusal<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, message, .. } = self;
        write!(
            f,
            "{} was refused: {code} ({message})",
            self.command.command_type()
        )
    }
}

/// The result of one step of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Reaction<S, C> {
    /// `None`: the process stops.
    state: Option<S>,
    commands: Vec<C>,
    notes: Vec<String>,
}

impl<S, C> Reaction<S, C> {
    /// Continues the process with this state.
    pub fn running(state: S) -> Self {
        Self::from_state(Some(state))
    }

    /// Stops the process: the framework deletes its state. The framework still sends the commands of this step, but
    /// reports no refusal of them. Keep the process running until the last command that matters has produced its
    /// event.
    pub fn stopped() -> Self {
        Self::from_state(None)
    }

    /// Sends a command, after the other commands of this step.
    pub fn send(mut self, command: impl Into<C>) -> Self {
        self.commands.push(command.into());
        self
    }

    /// Sends commands, in this order.
    pub fn send_all(mut self, commands: impl IntoIterator<Item = C>) -> Self {
        self.commands.extend(commands);
        self
    }

    /// Adds a note for operators about what the process did or waits for.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    fn from_state(state: Option<S>) -> Self {
        Self {
            state,
            commands: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(crate) fn into_parts(self) -> (Option<S>, Vec<C>, Vec<String>) {
        (self.state, self.commands, self.notes)
    }
}
