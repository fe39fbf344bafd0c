//! Projectors: events to rows of a view.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};

use crate::{About, Event, StartFrom};

/// Folds events, of any number of streams, into the rows of a view: what can be asked for over HTTP.
///
/// A projector is pure, and sees every event once, in the order of the log. An event touches some
/// rows by their keys, and each of them is folded with it:
///
/// ```
/// use annals::{About, Event, Projector};
///
/// #[derive(Event)]
/// enum SeatEvent {
///     SeatReserved { by: String },
///     SeatReleased { by: String },
/// }
///
/// #[annals::data]
/// struct Guest {
///     seats: u32,
/// }
///
/// /// How many seats each guest has.
/// struct Guests;
///
/// impl Projector for Guests {
///     type Event = SeatEvent;
///     type Row = Guest;
///     const VIEW: &'static str = "guests";
///
///     fn touches(event: &SeatEvent, _: &About) -> Vec<String> {
///         let (SeatEvent::SeatReserved { by } | SeatEvent::SeatReleased { by }) = event;
///         vec![by.clone()]
///     }
///
///     fn fold(row: Option<Guest>, _: &str, event: &SeatEvent, _: &About) -> Option<Guest> {
///         let seats = row.map_or(0, |guest| guest.seats);
///         let seats = match event {
///             SeatEvent::SeatReserved { .. } => seats + 1,
///             SeatEvent::SeatReleased { .. } => seats.saturating_sub(1),
///         };
///         (seats > 0).then_some(Guest { seats })
///     }
/// }
///
/// annals::export!(projector Guests);
///
/// use annals::test::{on, project};
/// let reserved = |by: &str| SeatEvent::SeatReserved { by: by.into() };
/// let released = |by: &str| SeatEvent::SeatReleased { by: by.into() };
///
/// project::<Guests>([on("seat-7A", reserved("Ada")), on("seat-7B", reserved("Ada"))])
///     .row("Ada", Guest { seats: 2 })
///     .no_row("Bob");
/// project::<Guests>([on("seat-7A", reserved("Ada")), on("seat-7A", released("Ada"))])
///     .no_row("Ada");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projector",
    label = "does not implement `annals::Projector`",
    note = "in `annals::export!`, the word before a type says what it is: \
            `Decider`s have none, others have `projector`, `process_manager` or `notifier`"
)]
pub trait Projector: 'static {
    /// The events that it folds, as an enum that derives [`Event`](derive@crate::Event). It is given no others.
    type Event: Event;
    /// A row of the view: JSON, for those who ask.
    type Row: Serialize + DeserializeOwned;

    /// The view, `[a-z][a-z0-9_-]*`, at most 64 bytes. It is the projector's name in the application, too, and what the
    /// store knows it by. Keep it, wherever the code moves. Another view is another projector, unless `formerly` in
    /// `annals.toml` says which one it was.
    const VIEW: &'static str;
    /// Version of what it derives. Raise it whenever `Row`, `touches` or `fold` changes: the view is
    /// built anew from the log, and the old one answers until that is done.
    const VERSION: u32 = 1;
    /// Where it starts when it is first deployed.
    const FROM: StartFrom = StartFrom::Origin;

    /// Keys of the rows that an event touches, each 1 to 1024 bytes.
    fn touches(event: &Self::Event, about: &About) -> Vec<String>;

    /// What becomes of a row that an event touches. `None` is no row: there was none yet, there is
    /// none from now on.
    fn fold(
        row: Option<Self::Row>,
        key: &str,
        event: &Self::Event,
        about: &About,
    ) -> Option<Self::Row>;

    /// What an event does to all the rows that it touches. Folds one after the other; to be
    /// overridden where what becomes of one row depends on another.
    fn project(rows: &mut Rows<Self::Row>, event: &Self::Event, about: &About) {
        rows.fold(|key, row| Self::fold(row, key, event, about));
    }
}

/// The rows that an event touches, and what becomes of them. See [`Projector::project`].
#[derive(Clone, Debug)]
pub struct Rows<R> {
    /// By key; absent rows are there as `None`.
    rows: BTreeMap<String, Option<R>>,
    /// A row that was changed and is not among the touched ones.
    stray: Option<String>,
}

impl<R> Rows<R> {
    pub(crate) fn new(rows: BTreeMap<String, Option<R>>) -> Self {
        Self { rows, stray: None }
    }

    /// The rows at the end, or the key of one that must not be changed.
    pub(crate) fn into_parts(self) -> Result<BTreeMap<String, Option<R>>, String> {
        self.stray.map_or(Ok(self.rows), Err)
    }

    /// Keys of all touched rows, present or not, in the order of their bytes.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }

    /// A row, if it is there.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&R> {
        self.rows.get(key)?.as_ref()
    }

    /// A row to be changed in place, if it is there.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut R> {
        self.rows.get_mut(key)?.as_mut()
    }

    /// Puts a row in place of what was there. Only a row that the event touches may be put: another
    /// one makes the whole projection fail.
    pub fn put(&mut self, key: &str, row: R) {
        self.set(key, Some(row));
    }

    /// Deletes a row that the event touches, if it is there.
    pub fn delete(&mut self, key: &str) {
        self.set(key, None);
    }

    /// Folds each touched row, present or not.
    pub fn fold(&mut self, mut fold: impl FnMut(&str, Option<R>) -> Option<R>) {
        for (key, row) in &mut self.rows {
            *row = fold(key, row.take());
        }
    }

    fn set(&mut self, key: &str, row: Option<R>) {
        match self.rows.get_mut(key) {
            Some(place) => *place = row,
            None => self.stray = Some(key.to_owned()),
        }
    }
}
