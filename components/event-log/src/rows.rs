//! Rows of views, by compare-and-set. A row is a chain of revisions, a deletion one of them.
//!
//! Every revision carries the position of the event that made it, and positions only grow: so an
//! event that is delivered again, to whatever instance, changes nothing, also after a deletion.

use crate::chain::Chain;
use crate::error::{StoreError, WriteError};
use crate::log::EventLog;
use crate::memory::{RowPlace, remember};
use crate::model::{FoundRow, Row};
use crate::reactions::check_name;
use crate::records::reactions::{Content, RowRecord};
use crate::slots::Slots;

impl<S: Slots> EventLog<S> {
    /// A row, if it is there.
    ///
    /// # Errors
    /// What the store says.
    pub fn get_row(&mut self, view: &str, key: &str) -> Result<Option<Row>, StoreError> {
        check_names(view, key)?;
        Ok(self.place_row(view, key)?.1)
    }

    /// The same, with the position of a row that is deleted.
    ///
    /// # Errors
    /// What the store says.
    pub fn find_row(&mut self, view: &str, key: &str) -> Result<FoundRow, StoreError> {
        check_names(view, key)?;
        let (place, row) = self.place_row(view, key)?;
        Ok(FoundRow {
            position: place.position,
            row,
        })
    }

    /// Replaces a row that reflects exactly `seen` (0: there is none) by one that reflects a later
    /// position.
    ///
    /// # Errors
    /// [`WriteError::Stale`] if the row reflects something else, or the position is not later, be
    /// it than that of a deletion; what the store says.
    pub fn put_row(&mut self, view: &str, row: Row, seen: u64) -> Result<(), WriteError> {
        let Row {
            key,
            content_type,
            value,
            position,
        } = row;
        let content = Content {
            content_type,
            value,
        };
        self.write_row(view, &key, Some(content), seen, position)
    }

    /// Deletes a row that reflects exactly `seen`. That it was deleted at `position` is remembered,
    /// also if there is no row (`seen` is 0): an older event that comes late changes nothing.
    ///
    /// # Errors
    /// As for [`EventLog::put_row`].
    pub fn delete_row(
        &mut self,
        view: &str,
        key: &str,
        seen: u64,
        position: u64,
    ) -> Result<(), WriteError> {
        self.write_row(view, key, None, seen, position)
    }

    fn write_row(
        &mut self,
        view: &str,
        key: &str,
        content: Option<Content>,
        seen: u64,
        position: u64,
    ) -> Result<(), WriteError> {
        check_names(view, key)?;
        if position == 0 {
            let message = "a row reflects an event, and positions of events are greater than 0";
            return Err(StoreError::Invalid(message.into()).into());
        }
        let chain = Chain(self.keys.row(view, key));
        let mut record = RowRecord {
            view: view.to_owned(),
            key: key.to_owned(),
            revision: 0,
            position,
            content,
        };
        // What is remembered admits a writer only if it is the newest or somebody else was faster,
        // and then the creation tells.
        let mut place = self.remembered_row(view, key);
        if !place.admits(seen, position) || place.revision == 0 {
            place = self.place_row(view, key)?.0;
        }
        loop {
            if !place.admits(seen, position) {
                return Err(WriteError::Stale);
            }
            if place.revision == 0 && !place.listed {
                // Before the row is there: a row that exists is always listed.
                self.list_row(view, key)?;
                let listed = RowPlace {
                    listed: true,
                    ..place
                };
                self.remember_row(view, key, listed);
            }
            record.revision = place.revision.saturating_add(1);
            if self.extend(&chain, place.revision, &record)? {
                self.supersede(&chain, record.revision, !place.deleted);
                let written = RowPlace {
                    revision: record.revision,
                    position,
                    deleted: record.content.is_none(),
                    listed: true,
                };
                self.remember_row(view, key, written);
                return Ok(());
            }
            // Ends: positions grow with every revision.
            place = self.place_row(view, key)?.0;
        }
    }

    /// Where a row stands now, and the row unless it is absent.
    pub(crate) fn place_row(
        &mut self,
        view: &str,
        key: &str,
    ) -> Result<(RowPlace, Option<Row>), StoreError> {
        let known = self.remembered_row(view, key);
        let chain = Chain(self.keys.row(view, key));
        let newest = self.newest(
            &chain,
            known.revision,
            |record: &RowRecord, revision| match record {
                r if r.view != view => Err(format!("it belongs to view {:?}", r.view)),
                r if r.key != key => Err(format!("it is the row {:?}", r.key)),
                r if r.revision != revision => Err(format!("it is revision {}", r.revision)),
                _ => Ok(()),
            },
        );
        let newest = match newest {
            // What is remembered may be gone, and what is there half deleted.
            Err(StoreError::Corrupt { .. } | StoreError::Newer { .. })
                if self.is_dropped(view)? =>
            {
                self.reactions.forget_view(view);
                return Ok((RowPlace::default(), None));
            }
            other => other?,
        };
        let Some((revision, record)) = newest else {
            return Ok((known, None));
        };
        let place = RowPlace {
            revision,
            position: record.position,
            deleted: record.content.is_none(),
            listed: true,
        };
        self.remember_row(view, key, place);
        let RowRecord {
            key,
            position,
            content,
            ..
        } = record;
        let row = content.map(|content| Row {
            key,
            content_type: content.content_type,
            value: content.value,
            position,
        });
        Ok((place, row))
    }

    fn remembered_row(&self, view: &str, key: &str) -> RowPlace {
        // The map's keys are pairs of owned strings.
        let name = (view.to_owned(), key.to_owned());
        self.reactions.rows.get(&name).copied().unwrap_or_default()
    }

    fn remember_row(&mut self, view: &str, key: &str, place: RowPlace) {
        let name = (view.to_owned(), key.to_owned());
        remember(&mut self.reactions.rows, name, place);
    }
}

fn check_names(view: &str, key: &str) -> Result<(), StoreError> {
    check_name("a view's name", view)?;
    check_name("a row's key", key)
}
