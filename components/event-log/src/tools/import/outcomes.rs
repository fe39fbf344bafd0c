//! How commands ended without events.

use crate::records::{After, OutcomeRecord};
use crate::slots::Slots;
use crate::tools::line::{Line, OutcomeData};

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
                version: self.has(line.streamversion, "streamversion")?,
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
        values.push(self.value(self.log.keys.slot(stream, at.slot), &outcome)?);
        let absent = self.absent(values)?;
        self.create(absent)?;
        self.count.outcomes += 1;
        Ok(())
    }
}
