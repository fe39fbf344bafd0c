//! The common parts of commits and outcomes: their place, and the records before them.

use crate::line::{At, Line};
use annals_event_log::Metadata;
use annals_event_log::Slots;
use annals_event_log::StreamName;
use annals_event_log::records::{After, ClaimRecord, Void};

use super::values::Value;
use super::{ImportError, Importer};

/// Maximum number of voids in a row in a stream. A higher number counts as damage.
const MAX_VOIDS: u64 = 1 << 16;

impl<S: Slots> Importer<S> {
    /// Parses the common attributes of events and outcomes: place, stream, metadata and claim.
    pub(super) fn place(
        &self,
        line: &Line<'_>,
        extensions: &[(String, String)],
    ) -> Result<(At, String, Metadata, Option<ClaimRecord>), ImportError> {
        let slot = self.has(line.streamslot, "streamslot")?;
        let stream = self.has(line.subject.as_deref(), "subject")?.to_owned();
        StreamName::parse(&stream).map_err(|error| self.malformed(error.to_string()))?;
        let metadata = self.legal(line.metadata(extensions))?;
        let claim = self.legal(line.claim(&stream, &metadata))?;
        if slot == 0
            || claim
                .as_ref()
                .is_some_and(|claim| claim.cursor.get() >= slot)
        {
            return Err(self.malformed("its streamslot is not after its claim's"));
        }
        let at = At {
            slot,
            voids: line.streamvoids,
            partitions: line.logpartitions.unwrap_or(1),
        };
        Ok((at, stream, metadata, claim))
    }

    /// The values to write before a slot: the claim, and voids for missing slots. Checks that the stream's state before
    /// the slot has the version and closed flag of `stood`, and no later time.
    pub(super) fn front(
        &mut self,
        stream: StreamName<'_>,
        At { slot, voids, .. }: At,
        stood: After,
        claim: Option<&ClaimRecord>,
    ) -> Result<Vec<Value>, ImportError> {
        let mut values = Vec::new();
        if let Some(claim) = claim {
            values.push(self.value(self.store.keys().command(&claim.command_id), claim)?);
        }
        let Some(seen) = (slot - 1).checked_sub(voids).filter(|_| voids <= MAX_VOIDS) else {
            return Err(self.malformed("its streamvoids are too many"));
        };
        let before = match seen {
            0 => After::default(),
            seen => {
                let found = self.store.read_slot(stream, seen.into());
                found
                    .map_err(|source| self.store(source))?
                    .ok_or_else(|| self.malformed("lines of its stream are missing before it"))?
                    .after()
            }
        };
        if (before.version, before.closed) != (stood.version, stood.closed) {
            return Err(self.malformed(format!(
                "it goes on from version {} of {stream}, which is {}at {} in the store",
                stood.version,
                if before.closed { "closed " } else { "" },
                before.version
            )));
        }
        if stood.recorded_at < before.recorded_at {
            return Err(self.malformed("its time is before that of the slot in front of it"));
        }
        for absent in seen + 1..slot {
            let void = Void {
                stream: stream.as_str().to_owned(),
                after: before,
            };
            values.push(self.value(self.store.keys().slot(stream, absent.into()), &void)?);
        }
        Ok(values)
    }

    pub(super) fn name<'n>(&self, name: &'n str) -> Result<StreamName<'n>, ImportError> {
        StreamName::parse(name).map_err(|error| self.malformed(error.to_string()))
    }
}
