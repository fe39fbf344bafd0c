//! The traits that a domain implements: [`Decider`] and [`Decide`].

use serde::{Serialize, de::DeserializeOwned};

use crate::{Command, Context, Decision, Event, Precondition, Rejection};

/// Decides on the commands about one subject, from the events of that subject.
///
/// A decider is pure: its functions depend on their arguments alone. The framework derives the state from the events
/// of one stream. The state is private to the decider; other deciders may fold the same stream into their own states.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a decider",
    label = "does not implement `annals::Decider`",
    note = "`annals::export!` lists handlers by kind: `deciders`, `projectors`, `process_managers`, `notifiers`"
)]
pub trait Decider: 'static {
    /// The state: the part of the past that a decision needs. Nothing else reads it, so keep it small. The framework
    /// serializes it for snapshots only.
    type State: Serialize + DeserializeOwned;
    /// The commands that this decider handles, as an enum that derives [`Command`](derive@crate::Command).
    type Command: Command;
    /// The events that the decider folds and emits, as an enum that derives [`Event`](derive@crate::Event). The
    /// decider ignores events of other types on the stream.
    type Event: Event;
    /// The reasons to refuse a command, as an enum that derives [`Rejection`](derive@crate::Rejection).
    type Rejection: Rejection;

    /// Name within the application. If empty, the name is the type's name in kebab-case.
    const NAME: &'static str = "";
    /// Category of the streams, `[a-z][a-z0-9_]*`. The name of a subject's stream is `CATEGORY-id`.
    const CATEGORY: &'static str;
    /// Types of the events that the decider emits. If empty, it emits all of [`Decider::Event`]. List the types if
    /// the decider folds more than it emits: the framework then detects more mistakes.
    const EMITS: &'static [&'static str] = &[];
    /// How often the framework takes a snapshot of the state.
    #[allow(deprecated)]
    const SNAPSHOTS: Snapshots = match Self::SNAPSHOT_EVERY {
        0 => Snapshots::Never,
        events => Snapshots::Every(events),
    };
    /// Former form of [`Decider::SNAPSHOTS`]; 0 means never.
    #[deprecated(note = "write `const SNAPSHOTS: Snapshots = Snapshots::Every(n);`")]
    const SNAPSHOT_EVERY: u32 = 0;
    /// Version of the state.
    ///
    /// With 0, the framework uses a snapshot only in the exact component that took it; a changed component folds the
    /// events again. With any other version, the framework uses the snapshots of that version, whatever else in the
    /// component changes: raise the version whenever `State` or `evolve` changes. Snapshots of other versions are not
    /// used.
    const STATE_VERSION: u32 = 0;

    /// Returns the state of a subject that has no events.
    fn initial() -> Self::State;

    /// Returns the id of the subject that a command is about. The id has at least one byte and no control characters;
    /// category, dash and id together have at most 128 bytes. The framework reports a command with any other id as
    /// malformed.
    ///
    /// The default returns the field that each command marks with `#[annals(stream)]`. Override this method to
    /// compute the id.
    #[must_use]
    fn stream_id(command: &Self::Command) -> String {
        const {
            assert!(
                <Self::Command as Command>::HAS_STREAM,
                "the commands of this decider do not say which subject they are about: mark a field of each with #[annals(stream)]"
            );
        }
        command.stream()
    }

    /// Folds an event into the state. An event is a fact and cannot be refused: this method must accept every event.
    fn evolve(state: &mut Self::State, event: &Self::Event);

    /// Decides on a command.
    ///
    /// # Errors
    ///
    /// The domain's rejection of the command.
    fn decide(
        state: &Self::State,
        command: Self::Command,
        context: &Context,
    ) -> Result<Decision<Self::Event>, Self::Rejection>;

    /// Former way to declare the precondition of a command type.
    #[deprecated(
        note = "write `#[annals(no_stream)]` or `#[annals(stream_exists)]` on the command's variant or struct"
    )]
    #[must_use]
    fn precondition(command_type: &str) -> Precondition {
        let mut types = <Self::Command as Command>::TYPES.iter();
        types
            .position(|known| *known == command_type)
            .and_then(|index| <Self::Command as Command>::PRECONDITIONS.get(index))
            .copied()
            .unwrap_or_default()
    }
}

/// How often the framework takes a snapshot of a decider's state.
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Command)] enum C { Go { #[annals(stream)] id: u8 } }
/// # #[derive(Event)] enum E { Gone }
/// # struct Walk;
/// # impl Decider for Walk {
/// #   type State = (); type Command = C; type Event = E; type Rejection = std::convert::Infallible;
/// #   const CATEGORY: &'static str = "walk";
/// #   fn initial() {}
/// #   fn evolve(_: &mut (), _: &E) {}
/// #   fn decide(_: &(), _: C, _: &Context) -> Result<Decision<E>, Self::Rejection> { Ok(Decision::none()) }
/// const SNAPSHOTS: Snapshots = Snapshots::Every(0); // never is `Snapshots::Never`
/// # }
/// annals::export! { deciders: [Walk] }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Snapshots {
    /// Never: the framework folds all events of the stream.
    #[default]
    Never,
    /// After every so many events, at least one.
    Every(u32),
}

impl Snapshots {
    /// Returns the interval as a number of events; 0 means never.
    #[must_use]
    pub const fn every(self) -> u32 {
        match self {
            Self::Never => 0,
            Self::Every(events) => events,
        }
    }
}

/// The answer of a decider to a command: a decision or a rejection.
pub type Decided<D> = Result<Decision<<D as Decider>::Event>, <D as Decider>::Rejection>;

/// Decides on one type of command, for a decider whose commands are structs.
///
/// The decider's [`Decider::Command`] lists the structs. Its [`Decider::decide`] passes each command to the matching
/// `Decide` implementation with [`dispatch`]:
///
/// ```
/// use annals::{Command, Context, Decide, Decided, Decider, Decision, Event, Rejection};
///
/// #[annals::command(no_stream)]
/// struct OpenAccount {
///     #[annals(stream)]
///     account: String,
///     owner: String,
/// }
///
/// #[annals::command(stream_exists)]
/// struct CloseAccount {
///     #[annals(stream)]
///     account: String,
/// }
///
/// #[derive(Command)]
/// enum AccountCommand {
///     Open(OpenAccount),
///     Close(CloseAccount),
/// }
///
/// #[annals::event]
/// struct AccountOpened {
///     owner: String,
/// }
///
/// #[annals::event]
/// struct AccountClosed {}
///
/// #[derive(Event)]
/// enum AccountEvent {
///     Opened(AccountOpened),
///     Closed(AccountClosed),
/// }
///
/// struct Account;
///
/// impl Decider for Account {
///     type State = ();
///     type Command = AccountCommand;
///     type Event = AccountEvent;
///     type Rejection = std::convert::Infallible;
///     const CATEGORY: &'static str = "account";
///
///     fn initial() {}
///
///     fn evolve(_: &mut (), _: &AccountEvent) {}
///
///     fn decide(state: &(), command: AccountCommand, context: &Context) -> Decided<Self> {
///         annals::dispatch::<Self>(state, command, context)
///     }
/// }
///
/// impl Decide<OpenAccount> for Account {
///     fn decide(_: &(), OpenAccount { owner, .. }: OpenAccount, _: &Context) -> Decided<Self> {
///         Ok(Decision::of(AccountOpened { owner }))
///     }
/// }
///
/// impl Decide<CloseAccount> for Account {
///     fn decide(_: &(), _: CloseAccount, _: &Context) -> Decided<Self> {
///         Ok(Decision::of(AccountClosed {}).closing())
///     }
/// }
///
/// annals::export! { deciders: [Account] }
///
/// use annals::test::given;
/// given::<Account>([])
///     .when(OpenAccount { account: "42".into(), owner: "Ada".into() })
///     .on_stream("account-42")
///     .then([AccountOpened { owner: "Ada".into() }.into()]);
/// ```
///
/// A listed command without a `Decide` implementation is a compile error:
///
/// ```compile_fail,E0277
/// # use annals::*;
/// # #[annals::command] struct Open { #[annals(stream)] id: String }
/// # #[annals::command] struct Close { #[annals(stream)] id: String }
/// # #[derive(Command)] enum C { Open(Open), Close(Close) }
/// # #[derive(Event)] enum E { Opened {} }
/// # struct Account;
/// # impl Decider for Account {
/// #   type State = (); type Command = C; type Event = E; type Rejection = std::convert::Infallible;
/// #   const CATEGORY: &'static str = "account";
/// #   fn initial() {}
/// #   fn evolve(_: &mut (), _: &E) {}
/// fn decide(state: &(), command: C, context: &Context) -> Decided<Self> {
///     annals::dispatch::<Self>(state, command, context) // there is no `Decide<Close>`
/// }
/// # }
/// # impl Decide<Open> for Account {
/// #   fn decide(_: &(), _: Open, _: &Context) -> Decided<Self> { Ok(E::Opened {}.into()) }
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not decide on `{C}`",
    label = "write `impl Decide<{C}> for {Self}`"
)]
pub trait Decide<C>: Decider {
    /// Decides on a command.
    ///
    /// # Errors
    ///
    /// The domain's rejection of the command.
    fn decide(state: &Self::State, command: C, context: &Context) -> Decided<Self>;
}

/// A command enum whose variants all hold structs, each with a [`Decide`] implementation of the decider `D`.
/// [`Command`](derive@crate::Command) derives this trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hand its commands to `Decide`s of `{D}`",
    label = "every variant holds one struct, with `#[annals::command]`",
    note = "a variant with fields of its own is decided on in `Decider::decide`"
)]
pub trait Dispatch<D: Decider> {
    /// Passes the command to its `Decide` implementation.
    ///
    /// # Errors
    ///
    /// The rejection that the `Decide` implementation returns.
    fn dispatch(self, state: &D::State, context: &Context) -> Decided<D>;
}

/// Passes a command to its [`Decide`] implementation. A decider whose commands are structs calls this from
/// [`Decider::decide`].
///
/// # Errors
///
/// The rejection that the `Decide` implementation returns.
pub fn dispatch<D>(state: &D::State, command: D::Command, context: &Context) -> Decided<D>
where
    D: Decider,
    D::Command: Dispatch<D>,
{
    command.dispatch(state, context)
}
