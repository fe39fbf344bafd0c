//! Imports outcomes of commands that ended without events.

use crate::line::{Line, OutcomeData};
use annals_event_log::Slots;
use annals_event_log::records::{After, OutcomeRecord};

use super::{ImportError, Importer};

impl<S: Slots> Importer<S> {
    pub(super) fn outcome(
        &mut self,
        line: &Line<'_>,
        extensions: &[(String, String)],
    ) -> Result<(), ImportError> {
        let (at, stream, metadata, claim) = self.place(line, extensions)?;
        let data = line
            .data
            .ok_or_else(|| self.malformed("it has no data"))
            .and_then(|data| {
                serde_json::from_str::<OutcomeData>(data.get())
                    .map_err(|error| self.malformed(error.to_string()))
            })?;
        let outcome = OutcomeRecord {
            after: After {
                version: self.has(line.streamversion, "streamversion")?.into(),
                closed: line.streamclosed,
                recorded_at: self.legal(line.millis())?,
            },
            stream,
            metadata,
            rejection: data.rejection,
        };
        let stream = self.name(&outcome.stream)?;
        let mut values = self.divided(at.partitions)?;
        values.extend(self.front(stream, at, outcome.after, claim.as_ref())?);
        values.push(self.value(self.store.keys().slot(stream, at.slot.into()), &outcome)?);
        let absent = self.absent(values)?;
        self.create(absent)?;
        self.count.outcomes += 1;
        Ok(())
    }
}
