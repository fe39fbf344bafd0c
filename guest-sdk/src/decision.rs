//! Decisions: the answers of deciders.

use crate::Decider;

/// The events to append to the stream: all of them or none. A decision without events is valid.
///
/// `.into()` converts one event, a vector, an array or an option of events into a decision. [`Decision::of`] converts
/// the struct that an event holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Decision<E> {
    events: Vec<E>,
    closing: bool,
}

impl<E> Decision<E> {
    /// A decision without events.
    pub fn none() -> Self {
        Vec::new().into()
    }

    /// A decision of one event, or of the struct that an event holds.
    pub fn of(event: impl Into<E>) -> Self {
        vec![event.into()].into()
    }

    /// Appends one more event.
    pub fn and(mut self, event: impl Into<E>) -> Self {
        self.events.push(event.into());
        self
    }

    /// Closes the stream after these events: the framework refuses every later command about it. A decision without
    /// events cannot close its stream.
    pub fn closing(mut self) -> Self {
        self.closing = true;
        self
    }

    /// Whether this decision closes the stream.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    /// Returns the events, in order.
    #[must_use]
    pub fn events(&self) -> &[E] {
        &self.events
    }

    pub(crate) fn into_parts(self) -> (Vec<E>, bool) {
        (self.events, self.closing)
    }
}

impl<E> From<Vec<E>> for Decision<E> {
    fn from(events: Vec<E>) -> Self {
        Self {
            events,
            closing: false,
        }
    }
}

impl<E> From<E> for Decision<E> {
    fn from(event: E) -> Self {
        vec![event].into()
    }
}

impl<E, const N: usize> From<[E; N]> for Decision<E> {
    fn from(events: [E; N]) -> Self {
        Vec::from(events).into()
    }
}

impl<E> From<Option<E>> for Decision<E> {
    fn from(event: Option<E>) -> Self {
        event.into_iter().collect::<Vec<_>>().into()
    }
}

/// Starts a decision of several steps. Each step sees the state that results from the events of the previous steps.
///
/// ```
/// # use annals::*;
/// # #[derive(Command)] enum C { Refill { to: u32 } }
/// # #[derive(Event)] enum E { Emptied, Filled { litres: u32 } }
/// # #[derive(Rejection)] enum R { TooSmall }
/// # struct Tank;
/// # impl Decider for Tank {
/// #   type State = u32; type Command = C; type Event = E; type Rejection = R;
/// #   const CATEGORY: &'static str = "tank";
/// #   fn initial() -> u32 { 0 }
/// #   fn stream_id(_: &C) -> String { "1".into() }
/// #   fn evolve(state: &mut u32, event: &E) {
/// #     match event { E::Emptied => *state = 0, E::Filled { litres } => *state += litres }
/// #   }
/// fn decide(state: &u32, command: C, _: &Context) -> Result<Decision<E>, R> {
///     let C::Refill { to } = command;
///     Ok(annals::steps::<Self>(state)
///         .then(|_| Ok(E::Emptied.into()))?
///         .then(|litres| Ok(E::Filled { litres: to - litres }.into()))?
///         .decision())
/// }
/// # }
/// # annals::test::given::<Tank>([E::Filled { litres: 5 }])
/// #   .when(C::Refill { to: 7 }).then([E::Emptied, E::Filled { litres: 7 }]);
/// ```
pub fn steps<D: Decider>(state: &D::State) -> Steps<D>
where
    D::State: Clone,
{
    Steps {
        state: state.clone(),
        decision: Decision::none(),
    }
}

/// An unfinished decision of several steps. [`steps`] creates it.
#[must_use]
pub struct Steps<D: Decider> {
    /// The state after all events of `decision`.
    state: D::State,
    decision: Decision<D::Event>,
}

impl<D: Decider> Steps<D> {
    /// Takes the next step. A rejection ends the whole decision.
    ///
    /// # Errors
    ///
    /// The rejection that the step returns.
    pub fn then<F>(mut self, step: F) -> Result<Self, D::Rejection>
    where
        F: FnOnce(&D::State) -> Result<Decision<D::Event>, D::Rejection>,
    {
        let (events, closing) = step(&self.state)?.into_parts();
        for event in &events {
            D::evolve(&mut self.state, event);
        }
        self.decision.events.extend(events);
        self.decision.closing |= closing;
        Ok(self)
    }

    /// Returns the state after the steps so far.
    pub fn state(&self) -> &D::State {
        &self.state
    }

    /// Returns the events of all steps as one decision. It closes the stream if any step closes it.
    pub fn decision(self) -> Decision<D::Event> {
        self.decision
    }
}
