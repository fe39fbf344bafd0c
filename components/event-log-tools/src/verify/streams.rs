//! Verifies streams, one slot after the other.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::scan::{Home, Stem};
use super::walk::Step;
use super::{FOREIGN, PUT_BACK, Walk};
use crate::Listing;
use crate::listing::owner;
use annals_event_log::MAX_EVENTS;
use annals_event_log::StoreError;
use annals_event_log::internals::unescape;
use annals_event_log::records::{After, Commit, LogRecord, StreamRecord};
use annals_event_log::{Position, StreamName};

const REWRITTEN: &str = "export what can be read, and import it into a new store";
/// Maximum number of command ids that the walk remembers for one stream. At this number it forgets them all and starts
/// again.
const MAX_REMEMBERED_COMMANDS: usize = 1 << 20;

/// The state of the walk through a stream.
#[derive(Default)]
struct Way {
    /// The stream's state after the last slot. `None` after a hole or a slot that could not be read.
    after: Option<After>,
    position: Position,
    commands: HashSet<u64>,
}

impl<S: Listing> Walk<'_, S> {
    pub(super) fn streams(&mut self, home: &Home) -> Result<(), StoreError> {
        for (stem, extent) in &home.streams {
            self.summary.streams += 1;
            let word = if stem.hashed {
                "stream-sha256"
            } else {
                "stream"
            };
            let front = format!("{}.{word}.{}", home.keys.root(), stem.text);
            let mut way = Way {
                after: Some(After::default()),
                ..Way::default()
            };
            self.row(
                *extent,
                |slot| format!("{front}.{slot:016x}"),
                |walk, step| walk.slot(home, stem, &mut way, &step),
            )?;
        }
        Ok(())
    }

    fn slot(
        &mut self,
        home: &Home,
        stem: &Stem,
        way: &mut Way,
        step: &Step,
    ) -> Result<(), StoreError> {
        if step.after_hole {
            way.after = None;
        }
        let name = match stem.hashed {
            false => Ok(unescape(&stem.text).unwrap_or_default()),
            true => owner(&step.key, &step.bytes),
        };
        let record =
            name.and_then(|name| Ok((StreamRecord::decode(&step.key, &name, &step.bytes)?, name)));
        let (record, name) = match record {
            Ok(read) => read,
            Err(error) => {
                self.corrupt(&step.key, &error, PUT_BACK);
                way.after = None;
                return Ok(());
            }
        };
        match StreamName::parse(&name) {
            Ok(stream) if home.keys.slot(stream, step.number.into()) == step.key => {}
            Ok(_) => {
                let what = format!("its record belongs to stream {name:?}");
                self.error(&step.key, what, FOREIGN);
            }
            Err(error) => self.error(&step.key, error.to_string(), FOREIGN),
        }
        match &record {
            StreamRecord::Commit(commit) => {
                self.summary.commits += 1;
                self.summary.events += commit.events.len() as u64;
                self.commit(home, way, step, commit)?;
            }
            StreamRecord::Outcome(_) => self.summary.outcomes += 1,
            StreamRecord::Void(_) => self.summary.voids += 1,
        }
        if let Some(before) = way.after {
            self.goes_on(step, before, &record);
        }
        self.effect(way, step, &record);
        way.after = Some(record.after());
        Ok(())
    }

    /// Checks that a record continues from the stream's state before it.
    fn goes_on(&mut self, step: &Step, before: After, record: &StreamRecord) {
        let after = record.after();
        let from = record.version_before();
        if from != before.version {
            let what = format!(
                "it goes on from version {from}, the stream was at {}",
                before.version
            );
            self.error(&step.key, what, REWRITTEN);
        }
        let closed = match record {
            StreamRecord::Commit(_) => before.closed,
            StreamRecord::Outcome(_) | StreamRecord::Void(_) => before.closed != after.closed,
        };
        if closed {
            let what = "the stream is closed before it, and it says otherwise";
            self.error(&step.key, what, REWRITTEN);
        }
        if after.recorded_at < before.recorded_at {
            let what = format!(
                "it was recorded at {}, before the slot in front of it ({})",
                after.recorded_at, before.recorded_at
            );
            self.error(&step.key, what, REWRITTEN);
        }
    }

    /// Checks that the commit's log slot refers back to the commit.
    fn commit(
        &mut self,
        home: &Home,
        way: &mut Way,
        step: &Step,
        commit: &Commit,
    ) -> Result<(), StoreError> {
        if commit.events.len() > MAX_EVENTS {
            let what = format!(
                "it has {} events, {MAX_EVENTS} are allowed",
                commit.events.len()
            );
            self.error(&step.key, what, REWRITTEN);
        }
        if commit.position <= way.position {
            let what = format!(
                "its position {} does not follow {}, the position in front of it",
                commit.position, way.position
            );
            self.error(&step.key, what, REWRITTEN);
        }
        way.position = commit.position;
        let index = commit.position.log_slot();
        if !commit.position.is_first() {
            let what = format!("its position {} is no log slot's", commit.position);
            self.error(&step.key, what, REWRITTEN);
            return Ok(());
        }
        let at = home.keys.log(index);
        let undelivered = match self.get(&at)? {
            None => "is absent",
            Some(bytes) => match LogRecord::decode(&at, index, &bytes) {
                Ok(LogRecord::Ref(claim))
                    if claim.stream == commit.stream
                        && claim.slot.get() == step.number
                        && claim.commit == commit.id =>
                {
                    return Ok(());
                }
                Ok(_) => "leads elsewhere",
                // The walk through the log reports this damage.
                Err(_) => return Ok(()),
            },
        };
        let what = format!("its log slot {at} {undelivered}: it is never delivered");
        self.error(&step.key, what, PUT_BACK);
        Ok(())
    }

    /// Checks that a command ends only once in a stream.
    fn effect(&mut self, way: &mut Way, step: &Step, record: &StreamRecord) {
        let Some(command) = record.command_id().filter(|id| !id.is_empty()) else {
            return;
        };
        let mut hasher = DefaultHasher::new();
        command.hash(&mut hasher);
        if way.commands.len() >= MAX_REMEMBERED_COMMANDS {
            way.commands.clear();
        }
        if !way.commands.insert(hasher.finish()) {
            let what = format!("command {command:?} ended in this stream before");
            self.error(&step.key, what, REWRITTEN);
        }
    }
}
