//! Projectors: events to rows of a view.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Event, EventMetadata, StartFrom};

/// Folds events, of any number of streams, into the rows of a view: what can be asked for over HTTP.
///
/// A projector is pure, and sees every event once, in the order of the log. It names the keys of the rows that an
/// event changes, and each of them is folded with the event:
///
/// ```
/// use annals::{EventMetadata, Event, Projector};
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
///     fn keys(event: &SeatEvent, _: &EventMetadata) -> Vec<String> {
///         let (SeatEvent::SeatReserved { by } | SeatEvent::SeatReleased { by }) = event;
///         vec![by.clone()]
///     }
///
///     fn fold(row: Option<Guest>, _: &str, event: &SeatEvent, _: &EventMetadata) -> Option<Guest> {
///         let seats = row.map_or(0, |guest| guest.seats);
///         let seats = match event {
///             SeatEvent::SeatReserved { .. } => seats + 1,
///             SeatEvent::SeatReleased { .. } => seats.saturating_sub(1),
///         };
///         (seats > 0).then_some(Guest { seats })
///     }
/// }
///
/// annals::export! { projectors: [Guests] }
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
///
/// # Rows that depend on other rows
///
/// Where what becomes of a row depends on another one, the projector overrides [`Projector::project`], and names in
/// [`Projector::reads`] the rows that it only looks at. Both follow from the event alone. [`Projector::further_keys`] names
/// rows whose keys are in other rows.
///
/// ```
/// use annals::{Event, EventMetadata, Projector, Rows};
///
/// #[derive(Event)]
/// enum SeatEvent {
///     GuestNamed { guest: String, name: String },
///     SeatReserved { seat: String, guest: String },
/// }
///
/// /// Who sits where. The names of guests are rows, too: `guest/…`.
/// struct Seating;
///
/// impl Projector for Seating {
///     type Event = SeatEvent;
///     type Row = String;
///     const VIEW: &'static str = "seating";
///
///     fn keys(event: &SeatEvent, _: &EventMetadata) -> Vec<String> {
///         match event {
///             SeatEvent::GuestNamed { guest, .. } => vec![format!("guest/{guest}")],
///             SeatEvent::SeatReserved { seat, .. } => vec![format!("seat/{seat}")],
///         }
///     }
///
///     fn reads(event: &SeatEvent, _: &EventMetadata) -> Vec<String> {
///         match event {
///             SeatEvent::GuestNamed { .. } => vec![],
///             SeatEvent::SeatReserved { guest, .. } => vec![format!("guest/{guest}")],
///         }
///     }
///
///     fn project(rows: &mut Rows<String>, event: &SeatEvent, _: &EventMetadata) {
///         match event {
///             SeatEvent::GuestNamed { guest, name } => rows.put(&format!("guest/{guest}"), name.clone()),
///             SeatEvent::SeatReserved { seat, guest } => {
///                 let name = rows.get(&format!("guest/{guest}")).cloned();
///                 rows.put(&format!("seat/{seat}"), name.unwrap_or_else(|| "somebody".into()));
///             }
///         }
///     }
/// }
///
/// use annals::test::{on, project};
/// let named = on("guest-1", SeatEvent::GuestNamed { guest: "1".into(), name: "Ada".into() });
/// let reserved = on("seat-7A", SeatEvent::SeatReserved { seat: "7A".into(), guest: "1".into() });
/// project::<Seating>([named, reserved]).row("seat/7A", "Ada".into());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projector",
    label = "does not implement `annals::Projector`",
    note = "`annals::export!` lists handlers by kind: `deciders`, `projectors`, `process_managers`, `notifiers`"
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
    /// Version of what it derives. Raise it whenever `Row`, `keys` or `fold` changes: the view is
    /// built anew from the log, and the old one answers until that is done.
    const VERSION: u32 = 1;
    /// Where it starts when it is first deployed.
    const FROM: StartFrom = StartFrom::Origin;

    /// Keys of the rows that an event changes, each 1 to 1024 bytes.
    #[allow(deprecated)]
    fn keys(event: &Self::Event, metadata: &EventMetadata) -> Vec<String> {
        Self::touches(event, metadata)
    }

    /// The former name of [`Projector::keys`].
    #[deprecated(note = "renamed `keys`")]
    fn touches(event: &Self::Event, metadata: &EventMetadata) -> Vec<String> {
        let _ = (event, metadata);
        const { missing::<Self>("a projector names the rows that an event changes: implement `keys`") }
    }

    /// Keys of further rows that [`Projector::project`] looks at, and does not change.
    fn reads(event: &Self::Event, metadata: &EventMetadata) -> Vec<String> {
        let _ = (event, metadata);
        Vec::new()
    }

    /// Keys of further rows that the event changes, where they depend on rows that it reads. The framework asks again with the rows
    /// that were named, until no key is new.
    fn further_keys(
        rows: &Rows<Self::Row>,
        event: &Self::Event,
        metadata: &EventMetadata,
    ) -> Vec<String> {
        let _ = (rows, event, metadata);
        Vec::new()
    }

    /// What becomes of a row that an event changes. `None` is no row: there was none yet, there is
    /// none from now on.
    fn fold(
        row: Option<Self::Row>,
        key: &str,
        event: &Self::Event,
        metadata: &EventMetadata,
    ) -> Option<Self::Row> {
        let _ = (row, key, event, metadata);
        const {
            missing::<Self>(
                "a projector says what becomes of a row: implement `fold`, or `project` for all rows",
            )
        }
    }

    /// What an event does to all the rows that it changes. Folds one after the other; to be
    /// overridden where what becomes of one row depends on another.
    fn project(rows: &mut Rows<Self::Row>, event: &Self::Event, metadata: &EventMetadata) {
        rows.fold(|key, row| Self::fold(row, key, event, metadata));
    }
}

/// Ends the build of a projector that uses a default which is none.
const fn missing<P: Projector + ?Sized>(what: &'static str) -> ! {
    // Without a constant of `P` the compiler evaluates it for all projectors at once.
    match P::VERSION {
        0 => panic!("versions count from 1"),
        _ => panic!("{}", what),
    }
}

/// The rows that an event changes or reads, and what becomes of them. See [`Projector::project`].
#[derive(Clone, Debug)]
pub struct Rows<R> {
    rows: BTreeMap<String, Place<R>>,
    /// A row that was changed and must not be.
    stray: Option<String>,
}

/// The place of a row.
#[derive(Clone, Debug)]
struct Place<R> {
    /// The row, if it is there.
    row: Option<R>,
    /// May it be changed, or is it only read?
    changes: bool,
}

impl<R> Rows<R> {
    pub(crate) fn new() -> Self {
        Self {
            rows: BTreeMap::new(),
            stray: None,
        }
    }

    /// Adds a row, or the place of one that is not there.
    pub(crate) fn add(&mut self, key: String, row: Option<R>, changes: bool) {
        self.rows.insert(key, Place { row, changes });
    }

    /// The rows at the end, in the order of their keys, and whether they may have changed; or why the event failed.
    pub(crate) fn into_places(
        self,
    ) -> Result<impl Iterator<Item = (String, Option<R>, bool)>, String> {
        if let Some(key) = self.stray {
            return Err(match self.rows.contains_key(&key) {
                true => {
                    format!("it changes the row {key:?}, which it only reads: name it in `keys`")
                }
                false => format!("it changes the row {key:?}, which is not among its `keys`"),
            });
        }
        let rows = self.rows.into_iter();
        Ok(rows.map(|(key, place)| (key, place.row, place.changes)))
    }

    /// Keys of the rows that the event changes, present or not, in the order of their bytes.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let changing = self.rows.iter().filter(|(_, place)| place.changes);
        changing.map(|(key, _)| key.as_str())
    }

    /// A row that it changes or reads, if it is there.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&R> {
        self.rows.get(key)?.row.as_ref()
    }

    /// A row that is among the event's `keys`, to be changed in place, if it is there. A row that is only read
    /// makes the whole projection fail.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut R> {
        let (rows, stray) = (&mut self.rows, &mut self.stray);
        let place = rows.get_mut(key)?;
        if !place.changes {
            *stray = Some(key.to_owned());
            return None;
        }
        place.row.as_mut()
    }

    /// Puts a row in place of what was there. Only a row that is among the event's `keys` may be put: another
    /// one makes the whole projection fail.
    pub fn put(&mut self, key: &str, row: R) {
        self.set(key, Some(row));
    }

    /// Deletes a row that is among the event's `keys`, if it is there.
    pub fn delete(&mut self, key: &str) {
        self.set(key, None);
    }

    /// Folds each row that the event changes, present or not.
    pub fn fold(&mut self, mut fold: impl FnMut(&str, Option<R>) -> Option<R>) {
        for (key, place) in &mut self.rows {
            if place.changes {
                place.row = fold(key, place.row.take());
            }
        }
    }

    fn set(&mut self, key: &str, row: Option<R>) {
        match self.rows.get_mut(key) {
            Some(place) if place.changes => place.row = row,
            _ => self.stray = Some(key.to_owned()),
        }
    }
}
