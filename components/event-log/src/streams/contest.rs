//! The competition of writers for a stream's next slot.

use super::{Place, Streams};
use crate::error::AppendError;
use crate::model::Precondition;
use crate::name::StreamName;
use crate::slots::Slots;
use crate::store::Store;

/// The conditions under which a writer wins a slot.
pub struct Contest<'a> {
    pub stream: StreamName<'a>,
    pub expected: Precondition,
    /// A writer that finds this command in the stream has lost, because the command has taken effect. If empty, the
    /// writer acts for no command.
    pub command_id: &'a str,
    /// Whether the writer may use a slot of a closed stream. Outcomes may.
    pub even_closed: bool,
}

impl Contest<'_> {
    /// Goes from slot to slot until the precondition fails or `attempt` wins one. `attempt` gets the place before a
    /// slot. It returns the place after the slot, or `None` if another writer has won the slot.
    ///
    /// If `look_first` is true, reads the slots after `start` before the first attempt.
    ///
    /// The writer tries a slot only after it has read all slots between `start` and that slot. So a command takes
    /// effect at most once, whatever happens to earlier attempts.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] if the precondition does not hold or the command has taken effect,
    /// [`AppendError::Closed`], those of `attempt`, and those of the store.
    pub fn run<S: Slots>(
        &self,
        streams: &mut Streams,
        store: &Store<S>,
        start: Place,
        look_first: bool,
        mut attempt: impl FnMut(&mut Streams, Place) -> Result<Option<Place>, AppendError>,
    ) -> Result<Place, AppendError> {
        let expected = self.expected;
        let mut place = start;
        let mut at_end = look_first;
        loop {
            if at_end {
                place = self.read_to_end(streams, store, place)?;
            }
            if place.after.closed && !self.even_closed {
                return Err(AppendError::Closed(place.after.version.get()));
            }
            if expected.holds(place.after.version.get()) {
                if let Some(place) = attempt(streams, place)? {
                    return Ok(place);
                }
            } else if at_end {
                // Report the version at which the precondition failed. At the stream's current version it may hold
                // again.
                return Err(AppendError::Conflict {
                    expected,
                    actual: place.after.version.get(),
                });
            } else if expected.is_past(place.after.version.get()) {
                return Err(self.conflict(streams, store));
            }
            at_end = true;
        }
    }

    /// Reads to the stream's end and returns the place there. Fails if a slot between `place` and the end holds the
    /// command.
    fn read_to_end<S: Slots>(
        &self,
        streams: &mut Streams,
        store: &Store<S>,
        mut place: Place,
    ) -> Result<Place, AppendError> {
        while let Some(record) = streams.read_on(store, self.stream, place.cursor.next())? {
            if record
                .command_id()
                .is_some_and(|id| id == self.command_id && !id.is_empty())
            {
                return Err(self.conflict(streams, store));
            }
            place = place.behind(&record);
            streams.remember(self.stream, place);
        }
        Ok(place)
    }

    fn conflict<S: Slots>(&self, streams: &mut Streams, store: &Store<S>) -> AppendError {
        match streams.tail(store, self.stream) {
            Ok(place) => AppendError::Conflict {
                expected: self.expected,
                actual: place.after.version.get(),
            },
            Err(error) => error.into(),
        }
    }
}
