//! Handlers that fail at each poison event, each in its own way, and some that do not fail.

use annals::{
    Delivery, Event, EventMetadata, Interest, Notifier, ProcessContext, ProcessManager, Projector,
    Reaction, StartFrom,
};

#[derive(Event)]
pub enum Fact {
    Counted { number: u64 },
    Poisoned {},
}

#[derive(annals::Command)]
pub enum Nothing {}

/// A projector without rows that traps.
pub struct TrappingProjector;

impl Projector for TrappingProjector {
    type Event = Fact;
    type Row = u64;
    const VIEW: &'static str = "traps";

    fn keys(_: &Fact, about: &EventMetadata) -> Vec<String> {
        vec![about.stream.clone()]
    }

    fn fold(row: Option<u64>, _: &str, event: &Fact, _: &EventMetadata) -> Option<u64> {
        match event {
            Fact::Counted { number } => Some(row.unwrap_or_default() + number),
            Fact::Poisoned {} => panic!("poison"),
        }
    }
}

/// A process manager that loops for ever.
pub struct LoopingProcess;

impl ProcessManager for LoopingProcess {
    type State = u64;
    type Event = Fact;
    type Command = Nothing;
    const NAME: &'static str = "looping-process";
    const FROM: StartFrom = StartFrom::Origin;

    fn interest(_: &Fact, about: &EventMetadata) -> Vec<Interest> {
        vec![Interest::start(about.stream.clone())]
    }

    #[expect(clippy::empty_loop, reason = "that is what it is for")]
    fn react(
        state: Option<u64>,
        event: &Fact,
        _: &EventMetadata,
        _: &ProcessContext,
    ) -> Reaction<u64, Nothing> {
        match event {
            Fact::Counted { number } => Reaction::running(state.unwrap_or_default() + number),
            Fact::Poisoned {} => loop {},
        }
    }
}

/// A notifier that returns an error.
pub struct RefusingNotifier;

impl Notifier for RefusingNotifier {
    type Event = Fact;
    const NAME: &'static str = "refusing-notifier";
    const FROM: StartFrom = StartFrom::Origin;

    fn notify(event: &Fact, _: &EventMetadata, attempt: u32) -> Delivery {
        match event {
            Fact::Counted { .. } => Delivery::Done,
            Fact::Poisoned {} => Delivery::Reject(format!("poison, at attempt {attempt}")),
        }
    }
}

/// A notifier that traps.
pub struct TrappingNotifier;

impl Notifier for TrappingNotifier {
    type Event = Fact;
    const NAME: &'static str = "trapping-notifier";
    const FROM: StartFrom = StartFrom::Origin;

    fn notify(event: &Fact, _: &EventMetadata, _: u32) -> Delivery {
        match event {
            Fact::Counted { .. } => Delivery::Done,
            Fact::Poisoned {} => panic!("poison"),
        }
    }
}

/// A healthy projector.
pub struct Healthy;

impl Projector for Healthy {
    type Event = Fact;
    type Row = u64;
    const VIEW: &'static str = "healthy";

    fn keys(_: &Fact, about: &EventMetadata) -> Vec<String> {
        vec![about.stream.clone()]
    }

    fn fold(row: Option<u64>, _: &str, _: &Fact, _: &EventMetadata) -> Option<u64> {
        Some(row.unwrap_or_default() + 1)
    }
}

annals::export! {
    projectors: [TrappingProjector, Healthy],
    process_managers: [LoopingProcess],
    notifiers: [RefusingNotifier, TrappingNotifier],
}
