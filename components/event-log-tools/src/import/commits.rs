//! Imports events, one commit at a time.

use crate::line::{At, Line};
use annals_event_log::Slots;
use annals_event_log::records::{After, ClaimRecord, Commit, CommitId, Ref};
use annals_event_log::{MAX_EVENTS, NewEvent, Position};

use super::{ImportError, Importer};

/// A commit whose events are being read.
#[derive(Debug)]
pub(super) struct Open {
    at: At,
    size: u64,
    commit: Commit,
    claim: Option<ClaimRecord>,
}

impl<S: Slots> Importer<S> {
    pub(super) fn event(
        &mut self,
        line: &Line<'_>,
        extensions: &[(String, String)],
        position: u64,
    ) -> Result<(), ImportError> {
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
            tags: self.legal(line.tags())?,
        };
        let version = self.has(line.streamversion, "streamversion")?;
        let mut open = match self.open.take() {
            Some(open) => open,
            None if index > 0 => {
                return Err(self.malformed("events of its commit are missing before it"));
            }
            None => self.begin(line, extensions, id, position, version)?,
        };
        let came = open.commit.events.len() as u64;
        let commit = &open.commit;
        let fits = commit.id == id
            && index == came
            && position == commit.position.get() + came
            && version == commit.first_version.get() + came
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

    /// Starts a commit from the line of its first event.
    pub(super) fn begin(
        &self,
        line: &Line<'_>,
        extensions: &[(String, String)],
        id: CommitId,
        position: u64,
        version: u64,
    ) -> Result<Open, ImportError> {
        let size = u64::from(self.has(line.commitsize, "commitsize")?);
        let first = (1..=MAX_EVENTS as u64).contains(&size)
            && version > 0
            && Position::from(position).is_first();
        let last_version = version.checked_add(size).map(|next| next - 1);
        let (Some(last_version), true) = (last_version, first) else {
            return Err(self.malformed("its version, position and commitsize fit no commit"));
        };
        let (at, stream, metadata, claim) = self.place(line, extensions)?;
        Ok(Open {
            at,
            size,
            claim,
            commit: Commit {
                stream,
                after: After {
                    version: last_version.into(),
                    closed: line.streamclosed,
                    recorded_at: self.legal(line.millis())?,
                },
                id,
                first_version: version.into(),
                position: position.into(),
                metadata,
                events: Vec::new(),
            },
        })
    }

    pub(super) fn commit(&mut self, open: Open) -> Result<(), ImportError> {
        let Open {
            at, commit, claim, ..
        } = open;
        let index = commit.position.log_slot().get();
        if index <= self.log_slot {
            return Err(self.malformed(format!(
                "its position {} is not after the commit before it",
                commit.position
            )));
        }
        let stream = self.name(&commit.stream)?;
        let stood = After {
            version: commit.first_version.before().unwrap_or_default(),
            closed: false,
            ..commit.after
        };
        let mut front = self.divided(at.partitions)?;
        front.extend(self.front(stream, at, stood, claim.as_ref())?);
        let slot = self.value(self.store.keys().slot(stream, at.slot.into()), &commit)?;
        let lead = Ref {
            stream: commit.stream.clone(),
            slot: at.slot.into(),
            commit: commit.id,
            claimed_at: commit.after.recorded_at,
        };
        let lead = self.value(self.keys.log(index.into()), &lead)?;
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
}
