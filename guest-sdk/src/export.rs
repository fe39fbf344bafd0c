//! The macro `export!`, and the parts of its expansion that depend on the target.

/// Exports the handlers of a crate, listed by kind. Use it once in a crate. In a native build it only checks the
/// handlers.
///
/// ```
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone {} }
/// # macro_rules! view { ($view:ident $name:literal) => {
/// #   struct $view;
/// #   impl Projector for $view {
/// #     type Event = E; type Row = u32;
/// #     const VIEW: &'static str = $name;
/// #     fn keys(_: &E, _: &EventMetadata) -> Vec<String> { vec![] }
/// #     fn fold(row: Option<u32>, _: &str, _: &E, _: &EventMetadata) -> Option<u32> { row }
/// #   }
/// # } }
/// # view!(Balances "balances"); view!(Statements "statements");
/// annals::export! {
///     projectors: [Balances, Statements],
/// }
/// ```
///
/// The lists are `deciders`, `projectors`, `process_managers` and `notifiers`. The component exports the interfaces
/// of the listed kinds only.
///
/// An invalid name is an error:
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Command)] enum C { Go { #[annals(stream)] id: u8 } }
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// # impl Decider for Bad {
/// #   type State = (); type Command = C; type Event = E; type Rejection = std::convert::Infallible;
/// #   fn initial() {}
/// #   fn evolve(_: &mut (), _: &E) {}
/// #   fn decide(_: &(), _: C, _: &Context) -> Result<Decision<E>, Self::Rejection> { Ok(Decision::none()) }
/// const CATEGORY: &'static str = "Not-a-category";
/// # }
/// annals::export! { deciders: [Bad] }
/// ```
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// # impl Projector for Bad {
/// #   type Event = E; type Row = u32;
/// #   fn keys(_: &E, _: &EventMetadata) -> Vec<String> { vec![] }
/// #   fn fold(row: Option<u32>, _: &str, _: &E, _: &EventMetadata) -> Option<u32> { row }
/// const VIEW: &'static str = "not@a-view";
/// # }
/// annals::export! { projectors: [Bad] }
/// ```
///
/// A handler without event types is an error, and so is a notifier with a concurrency of 0:
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Command)] enum C { Go {} }
/// #[derive(Event)]
/// enum Nothing {}
/// # struct Bad;
/// # impl ProcessManager for Bad {
/// #   type State = (); type Event = Nothing; type Command = C;
/// #   const NAME: &'static str = "bad"; const FROM: StartFrom = StartFrom::Origin;
/// #   fn interest(_: &Nothing, _: &EventMetadata) -> Vec<Interest> { vec![] }
/// #   fn react(_: Option<()>, _: &Nothing, _: &EventMetadata, _: &ProcessContext) -> Reaction<(), C> { Reaction::stopped() }
/// # }
/// annals::export! { process_managers: [Bad] }
/// ```
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// # impl Notifier for Bad {
/// #   type Event = E;
/// #   const NAME: &'static str = "bad"; const FROM: StartFrom = StartFrom::Now;
/// #   fn notify(_: &E, _: &EventMetadata, _: u32) -> Delivery { Delivery::Done }
/// const CONCURRENCY: u32 = 0;
/// # }
/// annals::export! { notifiers: [Bad] }
/// ```
///
/// A process manager or notifier without a `NAME` or `FROM` does not compile: the store identifies the handler by its
/// name.
///
/// ```compile_fail,E0046
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// impl Notifier for Bad {
/// #   type Event = E;
/// #   fn notify(_: &E, _: &EventMetadata, _: u32) -> Delivery { Delivery::Done }
///     const FROM: StartFrom = StartFrom::Now;
/// } // missing: `NAME`
/// # annals::export! { notifiers: [Bad] }
/// ```
///
/// Two mistakes fail a build, but not `cargo check`. One is a decider whose commands do not mark their subject:
///
/// ```compile_fail,E0080
/// # use annals::*;
/// #[derive(Command)]
/// enum Walk {
///     Go { to: String }, // missing: #[annals(stream)]
/// }
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// # impl Decider for Bad {
/// #   type State = (); type Command = Walk; type Event = E; type Rejection = std::convert::Infallible;
/// #   const CATEGORY: &'static str = "walk";
/// #   fn initial() {}
/// #   fn evolve(_: &mut (), _: &E) {}
/// #   fn decide(_: &(), _: Walk, _: &Context) -> Result<Decision<E>, Self::Rejection> { Ok(Decision::none()) }
/// # }
/// annals::export! { deciders: [Bad] }
/// ```
///
/// The other is a projector that does not implement `keys`, or implements neither `fold` nor `project`:
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// impl Projector for Bad {
/// #   type Event = E; type Row = u32;
/// #   const VIEW: &'static str = "bad";
/// #   fn fold(row: Option<u32>, _: &str, _: &E, _: &EventMetadata) -> Option<u32> { row }
///     // missing: `keys`
/// }
/// annals::export! { projectors: [Bad] }
/// ```
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// impl Projector for Bad {
/// #   type Event = E; type Row = u32;
/// #   const VIEW: &'static str = "bad";
/// #   fn keys(_: &E, _: &EventMetadata) -> Vec<String> { vec![] }
///     // missing: `fold`, or `project`
/// }
/// annals::export! { projectors: [Bad] }
/// ```
///
/// A handler in the list of another kind is an error, and so is an unknown kind:
///
/// ```compile_fail,E0277
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Balances;
/// # impl Projector for Balances {
/// #   type Event = E; type Row = u32;
/// #   const VIEW: &'static str = "balances";
/// #   fn keys(_: &E, _: &EventMetadata) -> Vec<String> { vec![] }
/// #   fn fold(row: Option<u32>, _: &str, _: &E, _: &EventMetadata) -> Option<u32> { row }
/// # }
/// annals::export! { deciders: [Balances] } // `Balances` is not a decider
/// ```
///
/// ```compile_fail
/// struct Balances;
/// annals::export! { projektors: [Balances] } // unknown kind of handlers; known: deciders, projectors, ..
/// ```
///
/// The former syntax, with bare deciders and a word before each other handler, is deprecated. So are constants that
/// have been renamed:
///
/// ```compile_fail
/// #![deny(deprecated)]
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Balances;
/// # impl Projector for Balances {
/// #   type Event = E; type Row = u32;
/// #   const VIEW: &'static str = "balances";
/// #   fn keys(_: &E, _: &EventMetadata) -> Vec<String> { vec![] }
/// #   fn fold(row: Option<u32>, _: &str, _: &E, _: &EventMetadata) -> Option<u32> { row }
/// # }
/// annals::export!(projector Balances);
/// ```
///
/// ```compile_fail
/// #![deny(deprecated)]
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Bell;
/// # impl Notifier for Bell {
/// #   type Event = E;
/// #   const NAME: &'static str = "bell"; const FROM: StartFrom = StartFrom::Now;
/// #   fn notify(_: &E, _: &EventMetadata, _: u32) -> Delivery { Delivery::Done }
/// const LANES: u32 = 2;
/// # }
/// annals::export! { notifiers: [Bell] }
/// ```
///
/// ```compile_fail
/// #![deny(deprecated)]
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
/// const SNAPSHOT_EVERY: u32 = 100;
/// # }
/// annals::export! { deciders: [Walk] }
/// ```
pub use annals_macros::export;

/// Defines one macro for each kind, so that a component exports only the kinds that it has.
macro_rules! export_on_wasm {
    ($($name:ident: $bindings:ident $table:ident $entry:ident),* $(,)?) => {$(
        export_on_wasm!(@ ($) $name $bindings $table $entry);
    )*};
    (@ ($dollar:tt) $name:ident $bindings:ident $table:ident $entry:ident) => {
        #[cfg(target_family = "wasm")]
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $name {
            ($dollar table:ident) => {
                $dollar crate::__private::bindings::$bindings::export_world!(
                    $dollar table with_types_in $dollar crate::__private::bindings::$bindings
                );
            };
        }

        #[cfg(not(target_family = "wasm"))]
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $name {
            // Forces code generation for the table. A native build then detects the mistakes that only a build
            // detects, such as a missing function.
            ($dollar table:ident) => {
                const _: () = {
                    #[used]
                    static TABLE: &[$dollar crate::__private::$entry] =
                        <$dollar table as $dollar crate::__private::$table>::TABLE;
                };
            };
        }
    };
}

export_on_wasm! {
    __export_deciders: deciders Deciders Entry,
    __export_projectors: projectors Projectors ProjectorEntry,
    __export_process_managers: process_managers ProcessManagers ProcessManagerEntry,
    __export_notifiers: notifiers Notifiers NotifierEntry,
}

/// Marks the component in a custom section: its panics do not read the environment. The composer reads the mark.
#[cfg(target_os = "wasi")]
#[doc(hidden)]
#[macro_export]
macro_rules! __mark {
    () => {
        #[used]
        #[unsafe(link_section = "annals-sdk")]
        static MARK: [u8; 1] = *b"1";
    };
}

#[cfg(not(target_os = "wasi"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __mark {
    () => {};
}
