//! Process managers: events to commands, with a memory.

use serde::{Serialize, de::DeserializeOwned};

use crate::{Command, Event, EventMetadata, Random, StartFrom};

/// Sees a process through that spans several subjects: folds events into the state of the process,
/// and sends commands.
///
/// A process manager is pure. It has any number of processes, told apart by ids; an event concerns
/// none, one or several of them. A command takes effect once, whatever dies on the way, and one that is
/// refused comes back to [`ProcessManager::refused`], so that the process can make up for it.
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
    /// What a process remembers.
    type State: Serialize + DeserializeOwned;
    /// The events that it folds, as an enum that derives [`Event`](derive@crate::Event). It is given no others.
    type Event: Event;
    /// The commands that it sends, as an enum that derives [`Command`](derive@crate::Command), with the
    /// types and payloads of the deciders that take them.
    type Command: Command;

    /// Name in the application: 1 to 64 letters, digits, `-` and `_`. It is what the store knows the process manager by: its place in the log, its processes, and the ids of its commands.
    /// Keep it, wherever the code moves. Another name is another process manager, unless
    /// `formerly` in `annals.toml` says which one it was.
    const NAME: &'static str;
    /// Version of the process manager, for people: processes that run go on with their state, so a
    /// changed `State` must still decode what older versions wrote.
    const VERSION: u32 = 1;
    /// Where it starts when it is first deployed on a store that has events already: [`StartFrom::Origin`] is every
    /// event since the beginning, [`StartFrom::Now`] only what is recorded from then on.
    const FROM: StartFrom;

    /// Which processes an event concerns, each at most once; none: it is ignored.
    fn interest(event: &Self::Event, metadata: &EventMetadata) -> Vec<Interest>;

    /// One step of one process that an event concerns. There is no state if it starts.
    fn react(
        state: Option<Self::State>,
        event: &Self::Event,
        metadata: &EventMetadata,
        process: &ProcessContext,
    ) -> Reaction<Self::State, Self::Command>;

    /// One step of a process of which a command was refused. A process that has stopped is not told.
    /// If it is not overridden, the process goes on as it was, with a note.
    fn refused(
        state: Self::State,
        refusal: Refusal<Self::Command>,
        process: &ProcessContext,
    ) -> Reaction<Self::State, Self::Command> {
        let _ = process;
        Reaction::running(state).note(refusal.to_string())
    }
}

/// What an event means to a process. Ids have 1 to 1024 bytes, and are not shared between
/// process managers.
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
    /// Starts the process, or goes on with it if it runs already.
    pub fn start(process: impl Into<String>) -> Self {
        Self::Start(process.into())
    }

    /// Starts the process; it is a failure of the event's delivery if it runs already.
    pub fn start_strict(process: impl Into<String>) -> Self {
        Self::StartStrict(process.into())
    }

    /// Goes on with the process, if it runs.
    pub fn proceed(process: impl Into<String>) -> Self {
        Self::Proceed(process.into())
    }

    /// Goes on with the process; it is a failure of the event's delivery if it does not run.
    pub fn proceed_strict(process: impl Into<String>) -> Self {
        Self::ProceedStrict(process.into())
    }

    /// Lets the process see the event, if it runs, then ends it, whatever it answers.
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

/// The facts that a step of a process may use beside its state and what it is told. A step that is
/// made again sees the same ones.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessContext {
    /// The id of the process.
    pub id: String,
    /// When the event was recorded, in milliseconds since 1970-01-01T00:00:00Z.
    pub now: u64,
    /// 64 bits of randomness, derived from the event. See [`ProcessContext::random`].
    pub seed: u64,
    /// Who asked for what led to the event.
    pub actor: Option<String>,
}

impl ProcessContext {
    /// Random numbers of this step: the same sequence each time that it is called.
    #[must_use]
    pub fn random(&self) -> Random {
        Random::new(self.seed)
    }
}

/// A command that came to nothing. Mostly its decider rejected it; the framework does so where what the
/// decider demands of the stream does not hold (`precondition-failed`), where the decider cannot decode it
/// (`malformed-command`), and where people skip a command that came to no end (`command-skipped`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal<C> {
    /// The command, as the process had sent it.
    pub command: C,
    /// The rejection's stable name, in kebab-case.
    pub code: String,
    /// Its explanation for people.
    pub message: String,
    /// A JSON value for programs, or nothing.
    pub details: Option<String>,
    /// The event that had led to the command.
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

/// What a step of a process comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Reaction<S, C> {
    /// None: it stops.
    state: Option<S>,
    commands: Vec<C>,
    notes: Vec<String>,
}

impl<S, C> Reaction<S, C> {
    /// The process goes on from this state.
    pub fn running(state: S) -> Self {
        Self::from_state(Some(state))
    }

    /// The process has nothing more to do, and is forgotten. Commands of this step are still sent,
    /// but if one is refused, nobody is told: stay until the last one that matters has had its event.
    pub fn stopped() -> Self {
        Self::from_state(None)
    }

    /// Sends a command, after those that this step sends already.
    pub fn send(mut self, command: impl Into<C>) -> Self {
        self.commands.push(command.into());
        self
    }

    /// Sends commands, in this order.
    pub fn send_all(mut self, commands: impl IntoIterator<Item = C>) -> Self {
        self.commands.extend(commands);
        self
    }

    /// Notes what the process did or waits for, for people who look after it.
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
