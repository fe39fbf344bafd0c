//! The trait that a domain implements.

use serde::{Serialize, de::DeserializeOwned};

use crate::{Command, Context, Decision, Event, Precondition, Rejection};

/// Decides on the commands about one subject, from what happened to that subject.
///
/// A decider is pure: its functions depend on their arguments alone. The state is private to it
/// and derived from the events of one stream; other deciders may fold the same stream into
/// states of their own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a decider",
    label = "does not implement `annals::Decider`",
    note = "`annals::export!` lists handlers by kind: `deciders`, `projectors`, `process_managers`, `notifiers`"
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
    /// When a snapshot of the state is taken.
    #[allow(deprecated)]
    const SNAPSHOTS: Snapshots = match Self::SNAPSHOT_EVERY {
        0 => Snapshots::Never,
        events => Snapshots::Every(events),
    };
    /// The former way to say [`Decider::SNAPSHOTS`]: 0 is never.
    #[deprecated(note = "write `const SNAPSHOTS: Snapshots = Snapshots::Every(n);`")]
    const SNAPSHOT_EVERY: u32 = 0;
    /// Version of the state. 0: a snapshot is used only by the very component that took it, and a changed component folds
    /// the events anew. Any other version vouches for its snapshots, whatever else in the component changes: raise it
    /// whenever `State` or `evolve` changes, since snapshots of other versions are not used.
    const STATE_VERSION: u32 = 0;

    /// The state of a subject to which nothing has happened.
    fn initial() -> Self::State;

    /// The id of the subject that a command is about. At least one byte, no control characters;
    /// with category and dash at most 128 bytes. Otherwise the command counts as malformed.
    ///
    /// By default it is the field that each command marks with `#[annals(stream)]`. Override it where an id must be computed.
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

    /// The former way to say what a type of command demands of its stream.
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

/// When a snapshot of a decider's state is taken.
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
    /// Never: a state is made of all events of its stream.
    #[default]
    Never,
    /// Every so many events, at least one.
    Every(u32),
}

impl Snapshots {
    /// As a number of events; 0 is never.
    #[must_use]
    pub const fn every(self) -> u32 {
        match self {
            Self::Never => 0,
            Self::Every(events) => events,
        }
    }
}

/// How a decider answers a command: with events, or with a rejection.
pub type Decided<D> = Result<Decision<<D as Decider>::Event>, <D as Decider>::Rejection>;

/// Decides on one type of command, of a decider whose commands are structs.
///
/// The decider's [`Decider::Command`] lists the structs, and its [`Decider::decide`] hands each to its `Decide`
/// by [`dispatch`]:
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
/// A command that is listed and has no `Decide` does not compile:
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
    /// The domain's own reasons to say no.
    fn decide(state: &Self::State, command: C, context: &Context) -> Decided<Self>;
}

/// Commands that are structs, each with a [`Decide`] of the decider `D`. Derived with [`Command`](derive@crate::Command).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hand its commands to `Decide`s of `{D}`",
    label = "every variant holds one struct, with `#[annals::command]`",
    note = "a variant with fields of its own is decided on in `Decider::decide`"
)]
pub trait Dispatch<D: Decider> {
    /// Hands the command to its `Decide`.
    ///
    /// # Errors
    ///
    /// The rejection of that.
    fn dispatch(self, state: &D::State, context: &Context) -> Decided<D>;
}

/// Hands a command to its [`Decide`]: what a decider's [`Decider::decide`] does whose commands are structs.
///
/// # Errors
///
/// The rejection of that.
pub fn dispatch<D>(state: &D::State, command: D::Command, context: &Context) -> Decided<D>
where
    D: Decider,
    D::Command: Dispatch<D>,
{
    command.dispatch(state, context)
}
