//! Projectors: fold events into the rows of a view.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Event, EventMetadata, StartFrom};

/// Folds events, from any number of streams, into the rows of a view. Clients read the view over HTTP.
///
/// A projector is pure. It sees every event of its types once, in the order of the log. It names the keys of the rows
/// that an event changes; the framework then folds each of these rows with the event:
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
/// If the new value of a row depends on another row, the projector overrides [`Projector::project`].
/// [`Projector::reads`] names the rows that the projector only reads. `keys` and `reads` see only the event;
/// [`Projector::further_keys`] names rows whose keys are stored in other rows.
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
    /// The events that the projector folds, as an enum that derives [`Event`](derive@crate::Event). It receives no
    /// other events.
    type Event: Event;
    /// A row of the view. Clients receive it as JSON.
    type Row: Serialize + DeserializeOwned;

    /// Name of the view: `[a-z][a-z0-9_-]*`, at most 64 bytes. It is also the projector's name in the application,
    /// and the name by which the store identifies the projector. Keep the name when the code moves. A projector with
    /// another view name is a new projector, unless `formerly` in `annals.toml` gives its former name.
    const VIEW: &'static str;
    /// Version of the view. Raise it whenever `Row`, `keys` or `fold` changes: the framework then rebuilds the view
    /// from the log. The old view answers queries until the new one is complete.
    const VERSION: u32 = 1;
    /// The position where the projector starts when it is first deployed.
    const FROM: StartFrom = StartFrom::Origin;

    /// Returns the keys of the rows that an event changes, each 1 to 1024 bytes.
    #[allow(deprecated)]
    fn keys(event: &Self::Event, metadata: &EventMetadata) -> Vec<String> {
        Self::touches(event, metadata)
    }

    /// Former name of [`Projector::keys`].
    #[deprecated(note = "renamed `keys`")]
    fn touches(event: &Self::Event, metadata: &EventMetadata) -> Vec<String> {
        let _ = (event, metadata);
        const { missing::<Self>("a projector names the rows that an event changes: implement `keys`") }
    }

    /// Returns the keys of further rows that [`Projector::project`] reads and does not change.
    fn reads(event: &Self::Event, metadata: &EventMetadata) -> Vec<String> {
        let _ = (event, metadata);
        Vec::new()
    }

    /// Returns the keys of further rows that the event changes, where these keys depend on rows that the projector
    /// reads. The framework loads the named rows and calls this method again, until it returns no new key.
    fn further_keys(
        rows: &Rows<Self::Row>,
        event: &Self::Event,
        metadata: &EventMetadata,
    ) -> Vec<String> {
        let _ = (rows, event, metadata);
        Vec::new()
    }

    /// Folds an event into one of the rows that it changes. A `row` of `None` means that the row does not exist yet.
    /// Returning `None` deletes the row.
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

    /// Applies an event to all the rows that it changes. The default folds one row after the other. Override this
    /// method if the new value of one row depends on another row.
    fn project(rows: &mut Rows<Self::Row>, event: &Self::Event, metadata: &EventMetadata) {
        rows.fold(|key, row| Self::fold(row, key, event, metadata));
    }
}

/// Fails the build of a projector that uses a default which must be overridden.
const fn missing<P: Projector + ?Sized>(what: &'static str) -> ! {
    // The match on a constant of `P` delays the evaluation until a projector uses the default. Without it, the
    // compiler evaluates the panic for all projectors at once.
    match P::VERSION {
        0 => panic!("versions count from 1"),
        _ => panic!("{}", what),
    }
}

/// The rows that an event changes or reads. [`Projector::project`] reads and changes them.
#[derive(Clone, Debug)]
pub struct Rows<R> {
    rows: BTreeMap<String, Place<R>>,
    /// Key of a row that the projector changed without permission.
    stray: Option<String>,
}

/// One row, present or absent, and its permission.
#[derive(Clone, Debug)]
struct Place<R> {
    /// The row, if it exists.
    row: Option<R>,
    /// Whether the event may change the row, or only reads it.
    changes: bool,
}

impl<R> Rows<R> {
    pub(crate) fn new() -> Self {
        Self {
            rows: BTreeMap::new(),
            stray: None,
        }
    }

    /// Adds a row, or the key of a row that does not exist.
    pub(crate) fn add(&mut self, key: String, row: Option<R>, changes: bool) {
        self.rows.insert(key, Place { row, changes });
    }

    /// Returns the final rows in the order of their keys, each with its permission to change; or the reason why the
    /// event failed.
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

    /// Returns the keys of the rows that the event changes, present or absent, in the order of their bytes.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let changing = self.rows.iter().filter(|(_, place)| place.changes);
        changing.map(|(key, _)| key.as_str())
    }

    /// Returns a row that the event changes or reads, if the row exists.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&R> {
        self.rows.get(key)?.row.as_ref()
    }

    /// Returns a row that is among the event's `keys`, if the row exists, to be changed in place. For a row that the
    /// event only reads, the whole projection fails.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut R> {
        let (rows, stray) = (&mut self.rows, &mut self.stray);
        let place = rows.get_mut(key)?;
        if !place.changes {
            *stray = Some(key.to_owned());
            return None;
        }
        place.row.as_mut()
    }

    /// Stores a row and replaces any previous one. Only a row that is among the event's `keys` may be stored: for any
    /// other key the whole projection fails.
    pub fn put(&mut self, key: &str, row: R) {
        self.set(key, Some(row));
    }

    /// Deletes a row, if it exists. Only a row that is among the event's `keys` may be deleted: for any other key the
    /// whole projection fails.
    pub fn delete(&mut self, key: &str) {
        self.set(key, None);
    }

    /// Folds each row that the event changes, present or absent.
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
