//! Rows of views, written by compare-and-set. A row is a chain of revisions, and a deletion is a revision.
//!
//! Every revision holds the position of the event that caused it, and positions only grow. So an event that is
//! delivered again, to any instance, changes nothing, even after a deletion.

use std::collections::BTreeMap;

use super::chain::Chain;
use super::lists::{Lists, is_dropped};
use super::name;
use super::remember::remember;
use crate::error::{StoreError, WriteError};
use crate::model::Row;
use crate::numbers::{Position, Revision};
use crate::records::reactions::{Content, RowRecord};
use crate::slots::Slots;
use crate::store::Store;

/// A revision of a row that was read. These facts stay valid, because a writer replaces a revision only by a tombstone.
/// A newer revision may exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowPlace {
    /// 0: the row never existed.
    pub revision: Revision,
    /// Position of the newest event that wrote or deleted the row.
    pub position: Position,
    pub deleted: bool,
    /// Whether the row's key is known to be in the view's list.
    listed: bool,
}

impl RowPlace {
    fn of(revision: Revision, record: &RowRecord) -> Self {
        Self {
            revision,
            position: record.position,
            deleted: record.content.is_none(),
            // A writer lists the key before it creates the first revision.
            listed: true,
        }
    }

    /// The position that a writer must have read.
    fn seen(self) -> Position {
        match self.deleted {
            true => Position::default(),
            false => self.position,
        }
    }

    /// Whether a writer that has read the row at position `seen` may write for the event at `position`.
    fn admits(self, seen: Position, position: Position) -> bool {
        self.seen() == seen && self.position < position
    }
}

/// The newest known revision of each row, by view and key.
#[derive(Debug, Default)]
pub struct Rows {
    places: BTreeMap<(String, String), RowPlace>,
}

impl Rows {
    /// Replaces a row whose position is exactly `seen`.
    pub fn put<S: Slots>(
        &mut self,
        store: &Store<S>,
        lists: &mut Lists,
        view: &str,
        row: Row,
        seen: Position,
    ) -> Result<(), WriteError> {
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
        self.write(
            store,
            lists,
            view,
            &key,
            Some(content),
            seen,
            position.into(),
        )
    }

    /// Deletes a row whose position is exactly `seen`.
    pub fn delete<S: Slots>(
        &mut self,
        store: &Store<S>,
        lists: &mut Lists,
        view: &str,
        key: &str,
        seen: Position,
        position: Position,
    ) -> Result<(), WriteError> {
        self.write(store, lists, view, key, None, seen, position)
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "a row's parts, and where they go"
    )]
    fn write<S: Slots>(
        &mut self,
        store: &Store<S>,
        lists: &mut Lists,
        view: &str,
        key: &str,
        content: Option<Content>,
        seen: Position,
        position: Position,
    ) -> Result<(), WriteError> {
        name::check_row(view, key)?;
        if position == Position::default() {
            let message = "a row reflects an event, and positions of events are greater than 0";
            return Err(StoreError::Invalid(message.into()).into());
        }
        let none = Revision::default();
        let chain = Chain(store.keys().row(view, key));
        let mut record = RowRecord {
            view: view.to_owned(),
            key: key.to_owned(),
            revision: none,
            position,
            content,
        };
        // The cached place decides whether the writer may write. If another writer has superseded it, creating the next
        // revision fails.
        let mut place = self.remembered(view, key);
        if !place.admits(seen, position) || place.revision == none {
            place = self.place(store, lists, view, key)?.0;
        }
        loop {
            if !place.admits(seen, position) {
                return Err(WriteError::Stale);
            }
            if place.revision == none && !place.listed {
                // List the key before the row's first revision is created, so that every row that exists is listed.
                lists.enter(store, view, key)?;
                let listed = RowPlace {
                    listed: true,
                    ..place
                };
                self.remember(view, key, listed);
            }
            record.revision = place.revision.next();
            if chain.extend(store, place.revision, &record)? {
                chain.supersede(store, record.revision, !place.deleted);
                self.remember(view, key, RowPlace::of(record.revision, &record));
                return Ok(());
            }
            // The loop terminates: each lost race means a revision with a higher position.
            place = self.place(store, lists, view, key)?.0;
        }
    }

    /// Reads the place of a row's newest revision, and the row unless it is absent.
    pub fn place<S: Slots>(
        &mut self,
        store: &Store<S>,
        lists: &mut Lists,
        view: &str,
        key: &str,
    ) -> Result<(RowPlace, Option<Row>), StoreError> {
        let known = self.remembered(view, key);
        let chain = Chain(store.keys().row(view, key));
        let newest = chain.newest(
            store,
            known.revision,
            |record: &RowRecord, revision| match record {
                r if r.view != view => Err(format!("it belongs to view {:?}", r.view)),
                r if r.key != key => Err(format!("it is the row {:?}", r.key)),
                r if r.revision != revision => Err(format!("it is revision {}", r.revision)),
                _ => Ok(()),
            },
        );
        let newest = match newest {
            // A drop of the view is deleting this row. The cached revision may be gone, and the chain may be
            // incomplete.
            Err(StoreError::Corrupt { .. } | StoreError::Newer { .. })
                if is_dropped(store, view)? =>
            {
                self.forget();
                lists.forget(view);
                return Ok((RowPlace::default(), None));
            }
            other => other?,
        };
        let Some((revision, record)) = newest else {
            return Ok((known, None));
        };
        let place = RowPlace::of(revision, &record);
        self.remember(view, key, place);
        let row = record.content.map(|content| Row {
            key: record.key,
            content_type: content.content_type,
            value: content.value,
            position: record.position.get(),
        });
        Ok((place, row))
    }

    fn remembered(&self, view: &str, key: &str) -> RowPlace {
        // The map's keys are pairs of owned strings.
        let name = (view.to_owned(), key.to_owned());
        self.places.get(&name).copied().unwrap_or_default()
    }

    fn remember(&mut self, view: &str, key: &str, place: RowPlace) {
        let name = (view.to_owned(), key.to_owned());
        remember(&mut self.places, name, place);
    }

    /// Forgets the rows of all views, not only of the dropped one. Drops are rare, so this costs little.
    pub fn forget(&mut self) {
        self.places.clear();
    }
}
