//! Rows and checkpoints.

use crate::error::{StoreError, WriteError};
use crate::model::{Checkpoint, Row};
use crate::slots::Slots;
use crate::tools::line::Line;

use super::{ImportError, Importer};

impl<S: Slots> Importer<S> {
    /// A row, or that it was deleted. An older one is replaced.
    pub(super) fn row(&mut self, line: &Line<'_>) -> Result<(), ImportError> {
        let view = self.has(line.view.as_deref(), "view")?;
        let key = self.has(line.viewkey.as_deref(), "viewkey")?;
        let position = self.has(line.reflects, "reflects")?;
        let row = match line.is_without_data() {
            true => None,
            false => Some(Row {
                key: key.to_owned(),
                content_type: self
                    .has(line.datacontenttype.as_deref(), "datacontenttype")?
                    .to_owned(),
                value: self.legal(line.payload())?,
                position,
            }),
        };
        let (place, found) = self
            .log
            .place_row(view, key)
            .map_err(|source| self.store(source))?;
        self.count.rows += 1;
        if place.revision > 0 && place.position == position && found == row {
            return Ok(());
        }
        // Not entered a second time, if an import was stopped before the row was there.
        if place.revision == 0 && !self.views.contains(view) {
            let listed = self.log.scan_rows(view, None, 1);
            listed.map_err(|source| self.store(source))?;
            self.views.insert(view.to_owned());
        }
        let seen = found.map_or(0, |row| row.position);
        let written = match row {
            Some(row) => self.log.put_row(view, row, seen),
            None => self.log.delete_row(view, key, seen, position),
        };
        self.wrote(written, || format!("row {key:?} of view {view:?}"))
    }

    /// How far a handler is. What is there and is not further is replaced.
    pub(super) fn checkpoint(&mut self, line: &Line<'_>) -> Result<(), ImportError> {
        let handler = self.has(line.handler.as_deref(), "handler")?;
        let stored = self
            .log
            .load_checkpoint(handler)
            .map_err(|source| self.store(source))?;
        let next = Checkpoint {
            position: self.has(line.reflects, "reflects")?,
            generation: self.has(line.generation, "generation")?,
            revision: stored.as_ref().map_or(0, |stored| stored.revision),
            state: self.legal(line.payload())?,
        };
        self.count.checkpoints += 1;
        if stored.as_ref() == Some(&next) {
            return Ok(());
        }
        let place = || format!("the checkpoint of {handler:?}");
        let order = |it: &Checkpoint| (it.generation, it.position);
        if stored.is_some_and(|stored| order(&stored) > order(&next)) {
            return Err(self.different(place()));
        }
        let written = self.log.save_checkpoint(handler, next);
        self.wrote(written, place)
    }

    fn wrote(
        &mut self,
        written: Result<(), WriteError>,
        place: impl Fn() -> String,
    ) -> Result<(), ImportError> {
        match written {
            Ok(()) => {
                self.count.written += 1;
                Ok(())
            }
            Err(WriteError::Stale) => Err(self.different(place())),
            Err(WriteError::Store(StoreError::Invalid(what))) => Err(self.malformed(what)),
            Err(WriteError::Store(source)) => Err(self.store(source)),
        }
    }
}
