//! Lines to a store, such that its reads answer what the source's would have.
//!
//! Every value follows from the lines alone, so an import that was stopped anywhere, or that is
//! run again, finds its own values and goes on. Before a commit is written, all that it needs is
//! looked at: where something else lies, nothing of the commit is written.
//!
//! The order of the writes: the claim, voids for slots that were left out, the commit, skips for
//! log slots that were left out, and last the ref that leads to the commit. The commit comes before its ref, unlike in an append: a reader that looked at the half imported
//! store could otherwise take the importer for dead, and void the slot.

use crate::error::StoreError;
use crate::keys::Keys;
use crate::log::{EventLog, MAX_PARTITIONS, Settings, Written};
use crate::model::{MAX_EVENTS, Metadata, NewEvent};
use crate::name::StreamName;
use crate::record::{
    self, After, ClaimRecord, Commit, CommitId, OutcomeRecord, Ref, Skip, StoreRecord, Void,
};
use crate::slots::Slots;
use crate::tools::line::{At, END, EndData, Line, OUTCOME, OutcomeData};

const PER_COMMIT: u64 = MAX_EVENTS as u64;
/// Most slots of a stream that may be left out in a row: a higher number is taken for damage.
const MAX_VOIDS: u64 = 1 << 16;
/// The same for the log.
const MAX_LEFT_OUT: u64 = 1 << 20;

/// Why a line was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The line is not one that an export writes, or it does not follow the lines before it.
    #[error("line {line}: {what}; export again")]
    Malformed {
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The target holds something else.
    #[error(
        "line {line}: the store has something else at {key}, which was left as it is; import into an empty store, or with another prefix"
    )]
    Different {
        /// Which line, from 1.
        line: u64,
        /// Where.
        key: String,
    },
    /// The lines end before the last one.
    #[error(
        "the lines end at line {0} without the last one that an export writes: what is there was imported, but the export was not finished; let it finish, and import again"
    )]
    Unfinished(u64),
    /// The target cannot be read or written.
    #[error("line {line}: {source}")]
    Store {
        /// Which line, from 1.
        line: u64,
        /// What the store said.
        source: StoreError,
    },
}

/// What the lines held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Commits.
    pub commits: u64,
    /// Events.
    pub events: u64,
    /// Outcomes.
    pub outcomes: u64,
    /// Values that were written; those that were there already are not counted.
    pub written: u64,
}

/// Takes lines one after the other. Memory: one commit.
#[derive(Debug)]
pub struct Importer<S> {
    log: EventLog<S>,
    /// Number of the line at hand.
    line: u64,
    count: Imported,
    /// The commit whose events are coming.
    open: Option<Open>,
    prefix: String,
    /// Of the log, as the first line says.
    partitions: Option<u32>,
    /// The last log slot that was filled.
    log_slot: u64,
    ended: bool,
}

/// A commit whose events are coming.
#[derive(Debug)]
struct Open {
    at: At,
    size: u64,
    commit: Commit,
    claim: Option<ClaimRecord>,
}

/// A value that is to be written.
struct Value {
    key: String,
    bytes: Vec<u8>,
}

impl<S: Slots> Importer<S> {
    /// Imports under a prefix. Reads and writes nothing yet.
    ///
    /// # Errors
    /// As [`EventLog::open`].
    pub fn new(slots: S, prefix: &str) -> Result<Self, StoreError> {
        let settings = Settings {
            prefix: prefix.to_owned(),
            ..Settings::default()
        };
        Ok(Self {
            log: EventLog::open(slots, &settings)?,
            line: 0,
            count: Imported::default(),
            open: None,
            prefix: prefix.to_owned(),
            partitions: None,
            log_slot: 0,
            ended: false,
        })
    }

    /// Takes the next line, with or without its newline.
    ///
    /// # Errors
    /// See [`ImportError`].
    pub fn line(&mut self, text: &[u8]) -> Result<(), ImportError> {
        self.line += 1;
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        if self.ended {
            return Err(self.malformed("it follows the last one"));
        }
        let line: Line<'_> =
            serde_json::from_slice(text).map_err(|error| self.malformed(error.to_string()))?;
        if line.specversion != "1.0" {
            return Err(self.malformed("its specversion is not 1.0"));
        }
        match (line.position, line.event_type.as_ref()) {
            (Some(position), _) => self.event(&line, position),
            (None, _) if self.open.is_some() => {
                Err(self.malformed("events of the commit before it are missing"))
            }
            (None, OUTCOME) => self.outcome(&line),
            (None, END) => self.end(&line),
            (None, other) => {
                let what = format!("it has no position, and its type {other:?} is not known");
                Err(self.malformed(what))
            }
        }
    }

    /// After the last line.
    ///
    /// # Errors
    /// [`ImportError::Unfinished`] if the export was not whole.
    pub fn finish(self) -> Result<Imported, ImportError> {
        match self.ended {
            true => Ok(self.count),
            false => Err(ImportError::Unfinished(self.line)),
        }
    }

    /// What the lines so far held.
    #[must_use]
    pub fn so_far(&self) -> Imported {
        self.count
    }

    fn event(&mut self, line: &Line<'_>, position: u64) -> Result<(), ImportError> {
        let (id, index) = self.legal(line.commit_id())?;
        let payload = self.legal(line.payload())?;
        let event = NewEvent {
            event_type: line.event_type.clone().into_owned(),
            schema_version: self.has(line.schemaversion, "schemaversion")?,
            content_type: self
                .has(line.datacontenttype.as_ref(), "datacontenttype")?
                .clone()
                .into_owned(),
            payload,
        };
        let version = self.has(line.streamversion, "streamversion")?;
        let mut open = match self.open.take() {
            Some(open) => open,
            None if index > 0 => {
                return Err(self.malformed("events of its commit are missing before it"));
            }
            None => self.begin(line, id, position, version)?,
        };
        let came = open.commit.events.len() as u64;
        let commit = &open.commit;
        let fits = commit.id == id
            && index == came
            && position == commit.position + came
            && version == commit.first_version + came
            && line.subject.as_deref() == Some(commit.stream.as_str());
        if !fits {
            return Err(self.malformed("it does not follow the event before it"));
        }
        open.commit.events.push(event);
        if came + 1 < open.size {
            self.open = Some(open);
            return Ok(());
        }
        self.commit(open)
    }

    /// What the first event of a commit tells of it.
    fn begin(
        &self,
        line: &Line<'_>,
        id: CommitId,
        position: u64,
        version: u64,
    ) -> Result<Open, ImportError> {
        let size = u64::from(self.has(line.commitsize, "commitsize")?);
        let first = (1..=PER_COMMIT).contains(&size)
            && version > 0
            && position > 0
            && position.is_multiple_of(PER_COMMIT);
        let last_version = version.checked_add(size).map(|next| next - 1);
        let (Some(last_version), true) = (last_version, first) else {
            return Err(self.malformed("its version, position and commitsize fit no commit"));
        };
        let (at, stream, metadata, claim) = self.place(line)?;
        Ok(Open {
            at,
            size,
            claim,
            commit: Commit {
                stream,
                after: After {
                    version: last_version,
                    closed: line.streamclosed,
                    recorded_at: self.legal(line.millis())?,
                },
                id,
                first_version: version,
                position,
                metadata,
                events: Vec::new(),
            },
        })
    }

    /// What events and outcomes share.
    fn place(
        &self,
        line: &Line<'_>,
    ) -> Result<(At, String, Metadata, Option<ClaimRecord>), ImportError> {
        let slot = self.has(line.streamslot, "streamslot")?;
        let stream = self.has(line.subject.as_deref(), "subject")?.to_owned();
        StreamName::parse(&stream).map_err(|error| self.malformed(error.to_string()))?;
        let metadata = self.legal(line.metadata())?;
        let claim = self.legal(line.claim(&stream, &metadata))?;
        if slot == 0 || claim.as_ref().is_some_and(|claim| claim.cursor >= slot) {
            return Err(self.malformed("its streamslot is not after its claim's"));
        }
        let at = At {
            slot,
            voids: line.streamvoids,
            partitions: line.logpartitions.unwrap_or(1),
        };
        Ok((at, stream, metadata, claim))
    }

    fn commit(&mut self, open: Open) -> Result<(), ImportError> {
        let Open {
            at, commit, claim, ..
        } = open;
        let index = commit.position / PER_COMMIT;
        if index <= self.log_slot {
            return Err(self.malformed(format!(
                "its position {} is not after the commit before it",
                commit.position
            )));
        }
        let stream = self.name(&commit.stream)?;
        let stood = After {
            version: commit.first_version - 1,
            closed: false,
            ..commit.after
        };
        let mut front = self.divided(at.partitions)?;
        front.extend(self.front(stream, at, stood, claim.as_ref())?);
        let slot = self.value(self.log.keys.slot(stream, at.slot), &commit)?;
        let lead = Ref {
            stream: commit.stream.clone(),
            slot: at.slot,
            commit: commit.id,
            claimed_at: commit.after.recorded_at,
        };
        let lead = self.value(self.log.keys.log(index), &lead)?;
        let absent = self.absent(front.into_iter().chain([slot]))?;
        self.leave_out(index, false)?;
        let lead = self.absent([lead])?;
        self.create(absent)?;
        self.leave_out(index, true)?;
        self.create(lead)?;
        self.count.commits += 1;
        self.count.events += commit.events.len() as u64;
        self.log_slot = index;
        Ok(())
    }

    fn outcome(&mut self, line: &Line<'_>) -> Result<(), ImportError> {
        let (at, stream, metadata, claim) = self.place(line)?;
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

    fn end(&mut self, line: &Line<'_>) -> Result<(), ImportError> {
        let data = self.has(line.data, "data")?;
        let end: EndData =
            serde_json::from_str(data.get()).map_err(|error| self.malformed(error.to_string()))?;
        let Imported {
            commits,
            events,
            outcomes,
            ..
        } = self.count;
        if (end.commits, end.events, end.outcomes) != (commits, events, outcomes) {
            return Err(self.malformed(format!(
                "the export wrote {} commits, {} events and {} outcomes, and {commits}, {events} \
                 and {outcomes} came",
                end.commits, end.events, end.outcomes
            )));
        }
        // What was passed stays passed: no new commit may come at the place of a dead one.
        let behind = end.logend.saturating_add(1);
        if end.logend > 0 {
            let store = self.divided(end.logpartitions)?;
            let store = self.absent(store)?;
            self.leave_out(behind, false)?;
            self.create(store)?;
            self.leave_out(behind, true)?;
        }
        self.ended = true;
        Ok(())
    }

    /// What lies in front of a slot: the claim, and voids for slots that were left out. The stream
    /// must have stood where the slot goes on, not later than `stood` says.
    fn front(
        &mut self,
        stream: StreamName<'_>,
        At { slot, voids, .. }: At,
        stood: After,
        claim: Option<&ClaimRecord>,
    ) -> Result<Vec<Value>, ImportError> {
        let mut values = Vec::new();
        if let Some(claim) = claim {
            values.push(self.value(self.log.keys.command(&claim.command_id), claim)?);
        }
        let Some(seen) = (slot - 1).checked_sub(voids).filter(|_| voids <= MAX_VOIDS) else {
            return Err(self.malformed("its streamvoids are too many"));
        };
        let before = match seen {
            0 => After::default(),
            seen => {
                let found = self.log.read_slot(stream, seen);
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
            values.push(self.value(self.log.keys.slot(stream, absent), &void)?);
        }
        Ok(values)
    }

    /// The store's record, once. All lines must be of one store.
    fn divided(&mut self, partitions: u32) -> Result<Vec<Value>, ImportError> {
        if !(1..=MAX_PARTITIONS).contains(&partitions)
            || self.partitions.is_some_and(|first| first != partitions)
        {
            return Err(self.malformed("its logpartitions fit no store, or another one"));
        }
        if self.partitions.is_some() {
            return Ok(Vec::new());
        }
        self.partitions = Some(partitions);
        self.log.keys = Keys::new(&self.prefix, partitions);
        let store = self.log.keys.store();
        Ok(vec![self.value(store, &StoreRecord { partitions })?])
    }

    /// Puts skips into the log slots that come before this one and that no line has; or only looks
    /// whether something else lies there.
    fn leave_out(&mut self, before: u64, write: bool) -> Result<(), ImportError> {
        if before - self.log_slot.min(before) > MAX_LEFT_OUT {
            return Err(self.malformed("lines are missing before it: its position is too far away"));
        }
        for index in self.log_slot + 1..before {
            let value = self.value(self.log.keys.log(index), &Skip { index })?;
            let absent = self.absent([value])?;
            if write {
                self.create(absent)?;
            }
        }
        Ok(())
    }

    /// Those that are absent; none may have another value.
    fn absent(&self, values: impl IntoIterator<Item = Value>) -> Result<Vec<Value>, ImportError> {
        let mut absent = Vec::new();
        for value in values {
            match self.log.get(&value.key) {
                Ok(None) => absent.push(value),
                Ok(Some(found)) if found == value.bytes => {}
                Ok(Some(_)) => return Err(self.different(value.key)),
                Err(source) => return Err(self.store(source)),
            }
        }
        Ok(absent)
    }

    fn create(&mut self, values: impl IntoIterator<Item = Value>) -> Result<(), ImportError> {
        for value in values {
            match self.log.create(&value.key, &value.bytes) {
                Ok(Written::Ours) => self.count.written += 1,
                Ok(Written::Taken) => return Err(self.different(value.key)),
                Err(source) => return Err(self.store(source)),
            }
        }
        Ok(())
    }

    fn value<R: record::Record>(&self, key: String, record: &R) -> Result<Value, ImportError> {
        let bytes = record::encode(record).map_err(|source| self.store(source))?;
        Ok(Value { key, bytes })
    }

    fn name<'n>(&self, name: &'n str) -> Result<StreamName<'n>, ImportError> {
        StreamName::parse(name).map_err(|error| self.malformed(error.to_string()))
    }

    fn has<T>(&self, value: Option<T>, name: &str) -> Result<T, ImportError> {
        value.ok_or_else(|| self.malformed(format!("it has no {name}")))
    }

    fn legal<T>(&self, value: Result<T, String>) -> Result<T, ImportError> {
        value.map_err(|what| self.malformed(what))
    }

    fn malformed(&self, what: impl Into<String>) -> ImportError {
        ImportError::Malformed {
            line: self.line,
            what: what.into(),
        }
    }

    fn different(&self, key: String) -> ImportError {
        ImportError::Different {
            line: self.line,
            key,
        }
    }

    fn store(&self, source: StoreError) -> ImportError {
        ImportError::Store {
            line: self.line,
            source,
        }
    }
}
