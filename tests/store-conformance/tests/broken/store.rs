//! The library with one defect.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use annals_event_log::*;
use annals_store_conformance::{Backend, Native, Store};

use crate::model::Reactions;

/// The defect of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    IgnoresExpectedVersion,
    HidesActual,
    WritesBeforeChecking,
    WritesOnEmpty,
    LosesLastEvent,
    SplitsCommits,
    ForgetsThatItIsClosed,
    RaisesTheLimit,
    EmptyPageForUnknown,
    BackwardIsForward,
    EndsTooEarly,
    RemembersReads,
    LeaksStreams,
    IgnoresCase,
    CutsNames,
    AcceptsAnyName,
    PayloadsAsText,
    CutsPayloads,
    EmptyIsNothing,
    DropsTags,
    SortsTags,
    CutsTags,
    DropsExtensions,
    CutsExtensions,
    WantsAllTags,
    RepeatsIds,
    TrustsClocks,
    IgnoresFilter,
    CategoriesByPrefix,
    StopsAtFiltered,
    SkipsInLog,
    RepeatsInLog,
    LogByStreams,
    ForgetsClaims,
    LeavesClaimsOut,
    ClaimsTwice,
    ForgetsRejections,
    IgnoresFingerprint,
    AppendsTwice,
    SharesSnapshots,
    TrustsSnapshots,
    KeepsSnapshots,
    ForgetsStateVersion,
    IgnoresRevision,
    CheckpointsGoBack,
    IgnoresSeen,
    RowsGoBack,
    ForgetsDeletions,
    HidesDeletions,
    ScansOutOfOrder,
    ForgetsStates,
    KeepsStaleStates,
    CutsStates,
    EndsWhereItWasRead,
    EndsAtOwnAppends,
    EndsBeforeTheLast,
    NeverDrops,
    DropsOneBatch,
    DropsAtOnce,
    DropsByPrefix,
    DropsBesideTheKey,
    LeaksPrefixes,
    IgnoresDamage,
}

use Defect as D;

/// A backend with a defect, or without one.
pub struct Broken {
    defect: Option<Defect>,
    native: Native<Arc<MemorySlots>>,
    shared: Arc<Shared>,
}

/// The state that all connections share.
#[derive(Default)]
struct Shared {
    reactions: Mutex<BTreeMap<String, Reactions>>,
    snapshots: Mutex<BTreeMap<(String, String), Snapshot>>,
    times: Mutex<BTreeMap<String, Vec<u64>>>,
}

impl Broken {
    pub fn new(defect: Option<Defect>, native: Native<Arc<MemorySlots>>) -> Self {
        Self {
            defect,
            native,
            shared: Arc::default(),
        }
    }
}

impl Backend for Broken {
    fn name(&self) -> String {
        format!("{:?}", self.defect)
    }

    fn connect(&self, prefix: &str) -> Box<dyn Store + Send> {
        let leaks = self.defect == Some(D::LeaksPrefixes);
        let prefix = if leaks { "" } else { prefix };
        Box::new(Connection {
            defect: self.defect,
            inner: self.native.connect(prefix),
            shared: self.shared.clone(),
            prefix: prefix.to_owned(),
            reads: BTreeMap::new(),
            end: None,
        })
    }

    fn crash(&self) -> bool {
        self.native.crash()
    }

    fn damage_snapshots(&self) -> bool {
        self.native.damage_snapshots()
    }
}

struct Connection {
    defect: Option<Defect>,
    inner: Box<dyn Store + Send>,
    shared: Arc<Shared>,
    prefix: String,
    reads: BTreeMap<String, Option<StreamPage>>,
    end: Option<u64>,
}

impl Connection {
    fn is(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    fn reactions<T>(&self, run: impl FnOnce(&mut Reactions) -> T) -> T {
        let mut reactions = self.shared.reactions.lock().unwrap();
        run(reactions.entry(self.prefix.clone()).or_default())
    }

    /// The name of a stream, changed by the defect.
    fn stream(&self, name: &str) -> String {
        match self.defect {
            Some(D::LeaksStreams) => name.trim_end_matches(['.', ' ', '-']).to_owned(),
            Some(D::IgnoresCase) => name.to_lowercase(),
            Some(D::CutsNames) if name.is_char_boundary(127.min(name.len())) => {
                name[..127.min(name.len())].to_owned()
            }
            Some(D::AcceptsAnyName) if StreamName::parse(name).is_err() => {
                format!("illegal-{}", escape(name))
            }
            _ => name.to_owned(),
        }
    }

    /// Changes recorded events by the defect.
    fn recorded(&self, events: &mut [RecordedEvent]) {
        for event in events {
            match self.defect {
                Some(D::RepeatsIds) => event.id = event.event_type.clone(),
                Some(D::EmptyIsNothing) => {
                    let actor = event.metadata.actor.take();
                    event.metadata.actor = actor.filter(|actor| !actor.is_empty());
                }
                Some(D::DropsTags) => event.tags.clear(),
                Some(D::SortsTags) => event.tags.sort(),
                Some(D::DropsExtensions) => event.metadata.extensions.clear(),
                Some(D::TrustsClocks) => {
                    let times = self.shared.times.lock().unwrap();
                    let given = times.get(&event.stream);
                    let given = given.and_then(|times| times.get(event.version as usize - 1));
                    event.recorded_at = *given.unwrap_or(&event.recorded_at);
                }
                _ => {}
            }
        }
    }
}

impl Store for Connection {
    fn health(&mut self) -> Result<(), StoreError> {
        self.inner.health()
    }

    fn load(&mut self, stream: &str, after: Head, limit: u32) -> Result<Page, StoreError> {
        let mut page = self.inner.load(&self.stream(stream), after, limit)?;
        if self.is(D::ForgetsThatItIsClosed) {
            page.head.closed = false;
        }
        Ok(page)
    }

    fn append(&mut self, request: AppendRequest) -> Result<Appended, AppendError> {
        let mut request = AppendRequest {
            stream: self.stream(&request.stream),
            ..request
        };
        let expected = request.expected;
        match self.defect {
            Some(D::IgnoresExpectedVersion) => request.expected = Precondition::Any,
            Some(D::WritesBeforeChecking) => {
                request.expected = Precondition::Any;
                let appended = self.inner.append(request.clone())?;
                let before = appended.version - request.events.len() as u64;
                if !expected.holds(before) {
                    let actual = before;
                    return Err(AppendError::Conflict { expected, actual });
                }
                return Ok(appended);
            }
            Some(D::LeavesClaimsOut) => request.claim = None,
            Some(D::ClaimsTwice) => {
                if let Some(fingerprint) = request.claim.take() {
                    let (id, cursor) = (&request.metadata.command_id, request.cursor);
                    let claim = self.inner.claim_command(
                        id,
                        fingerprint,
                        &request.stream,
                        cursor.unwrap_or_default(),
                    );
                    // A claim that is not fresh goes unnoticed.
                    claim?;
                }
            }
            Some(D::CutsTags) => request
                .events
                .iter_mut()
                .for_each(|event| event.tags.truncate(MAX_TAGS)),
            Some(D::CutsExtensions) => request.metadata.extensions.truncate(MAX_EXTENSIONS),
            Some(D::WritesOnEmpty) if request.events.is_empty() => {
                request.events.push(NewEvent {
                    event_type: "Nothing".into(),
                    schema_version: 1,
                    content_type: String::new(),
                    payload: vec![],
                    tags: Vec::new(),
                });
            }
            Some(D::LosesLastEvent) if request.events.len() > 1 => {
                request.events.pop();
            }
            Some(D::SplitsCommits) if request.events.len() > 1 => {
                let close = std::mem::take(&mut request.close);
                let rest = request.events.split_off(1);
                let first = self.inner.append(request.clone())?;
                // Wait long enough for a reader to read in between, even on a busy machine.
                std::thread::sleep(std::time::Duration::from_millis(5));
                let rest = AppendRequest {
                    events: rest,
                    close,
                    expected: Precondition::Any,
                    cursor: None,
                    ..request
                };
                let mut all = self.inner.append(rest)?;
                all.events.splice(0..0, first.events);
                return Ok(all);
            }
            Some(D::ForgetsThatItIsClosed) => request.close = false,
            Some(D::RaisesTheLimit) => request.events.truncate(MAX_EVENTS),
            Some(D::PayloadsAsText) => {
                for event in &mut request.events {
                    event.payload = String::from_utf8_lossy(&event.payload).into_owned().into();
                }
            }
            Some(D::CutsPayloads) => {
                for event in &mut request.events {
                    event.payload.truncate(65536);
                }
            }
            Some(D::TrustsClocks) => {
                let mut times = self.shared.times.lock().unwrap();
                let times = times.entry(request.stream.clone()).or_default();
                times.extend(vec![request.recorded_at; request.events.len()]);
            }
            Some(D::AppendsTwice) => request.metadata.command_id += "+",
            _ => {}
        }
        match self.inner.append(request) {
            Ok(appended) if self.is(D::EndsAtOwnAppends) => {
                self.end = Some(appended.position);
                Ok(appended)
            }
            Err(AppendError::Conflict { expected, .. }) if self.is(D::HidesActual) => {
                let actual = 0;
                Err(AppendError::Conflict { expected, actual })
            }
            other => other,
        }
    }

    fn claim_command(
        &mut self,
        command_id: &str,
        fingerprint: u64,
        stream: &str,
        cursor: u64,
    ) -> Result<Claim, StoreError> {
        let stream = self.stream(stream);
        let ignores = self.is(D::IgnoresFingerprint);
        let fingerprint = if ignores { 0 } else { fingerprint };
        match self
            .inner
            .claim_command(command_id, fingerprint, &stream, cursor)?
        {
            _ if self.is(D::ForgetsClaims) => Ok(Claim::Fresh),
            Claim::Done(Outcome::Rejected(_)) if self.is(D::ForgetsRejections) => {
                Ok(Claim::Pending)
            }
            claim => Ok(claim),
        }
    }

    fn find_outcome(
        &mut self,
        command_id: &str,
        stream: &str,
        cursor: u64,
    ) -> Result<Option<Outcome>, StoreError> {
        let found = self
            .inner
            .find_outcome(command_id, &self.stream(stream), cursor)?;
        let forgets = self.is(D::ForgetsRejections);
        Ok(found.filter(|found| !forgets || matches!(found, Outcome::Accepted(_))))
    }

    fn record_outcome(
        &mut self,
        stream: &str,
        at: Head,
        metadata: Metadata,
        rejection: Option<Rejection>,
        recorded_at: u64,
    ) -> Result<(), AppendError> {
        self.inner
            .record_outcome(&self.stream(stream), at, metadata, rejection, recorded_at)
    }

    fn read_stream(
        &mut self,
        stream: &str,
        after: u64,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        let question = format!("{stream} {after} {limit}");
        if let (true, Some(page)) = (self.is(D::RemembersReads), self.reads.get(&question)) {
            return Ok(page.clone());
        }
        let mut page = self.inner.read_stream(&self.stream(stream), after, limit)?;
        if let Some(page) = &mut page {
            self.recorded(&mut page.events);
            page.end |= self.is(D::EndsTooEarly) && page.events.len() == limit as usize;
        } else if self.is(D::EmptyPageForUnknown) {
            page = Some(StreamPage {
                events: vec![],
                version: 0,
                end: true,
            });
        }
        self.reads.insert(question, page.clone());
        Ok(page)
    }

    fn read_stream_backward(
        &mut self,
        stream: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        let stream = self.stream(stream);
        let mut page = self.inner.read_stream_backward(&stream, before, limit)?;
        if let Some(page) = &mut page {
            self.recorded(&mut page.events);
            if self.is(D::BackwardIsForward) {
                page.events.reverse();
                page.version = page.events.last().map_or(0, |event| event.version);
            }
        }
        Ok(page)
    }

    fn read_log(
        &mut self,
        after: u64,
        limit: u32,
        filter: &LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        let all = LogFilter::default();
        let mut page = match self.defect {
            Some(D::IgnoresFilter) => self.inner.read_log(after, limit, &all, now)?,
            Some(D::CategoriesByPrefix) => {
                let types = LogFilter {
                    categories: vec![],
                    ..filter.clone()
                };
                let mut page = self.inner.read_log(after, limit, &types, now)?;
                page.events.retain(|event| {
                    let begins = |wanted: &String| event.stream.starts_with(wanted.as_str());
                    filter.categories.is_empty() || filter.categories.iter().any(begins)
                });
                page
            }
            Some(D::WantsAllTags) => {
                let mut page = self.inner.read_log(after, limit, filter, now)?;
                page.events
                    .retain(|event| filter.tags.iter().all(|tag| event.tags.contains(tag)));
                page
            }
            Some(D::StopsAtFiltered) => {
                let mut page = self.inner.read_log(after, limit, &all, now)?;
                page.events
                    .retain(|event| filter.wants(&event.event_type, &event.stream, &event.tags));
                if page.events.is_empty() {
                    page.next = after;
                    page.end = true;
                }
                page
            }
            _ => self.inner.read_log(after, limit, filter, now)?,
        };
        match self.defect {
            Some(D::SkipsInLog) if page.events.len() == limit as usize && limit > 1 => {
                page.events.pop();
            }
            Some(D::RepeatsInLog) if !page.events.is_empty() => {
                page.next = page.events[0].position;
            }
            // The events appear stream by stream.
            Some(D::LogByStreams) => page.events.sort_by_key(|event| event.stream.clone()),
            _ => {}
        }
        self.recorded(&mut page.events);
        Ok(page)
    }

    fn log_end(&mut self) -> Result<u64, StoreError> {
        let end = self.inner.log_end()?;
        Ok(match self.defect {
            Some(D::EndsWhereItWasRead) => *self.end.get_or_insert(end),
            Some(D::EndsAtOwnAppends) => self.end.unwrap_or_default(),
            Some(D::EndsBeforeTheLast) => end.saturating_sub(1024),
            _ => end,
        })
    }

    fn load_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
    ) -> Result<Option<Snapshot>, StoreError> {
        let decider = if self.is(D::SharesSnapshots) {
            ""
        } else {
            decider
        };
        let found = self.inner.load_snapshot(&self.stream(stream), decider)?;
        if self.is(D::TrustsSnapshots) || self.is(D::IgnoresDamage) {
            let snapshots = self.shared.snapshots.lock().unwrap();
            let mut last = snapshots
                .get(&(stream.to_owned(), decider.to_owned()))
                .cloned();
            if let Some(last) = last.as_mut().filter(|_| self.is(D::IgnoresDamage)) {
                last.state.push(0);
            }
            return Ok(found.or(last));
        }
        Ok(found)
    }

    fn save_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
        mut snapshot: Snapshot,
    ) -> Result<(), StoreError> {
        let decider = if self.is(D::SharesSnapshots) {
            ""
        } else {
            decider
        };
        if self.is(D::ForgetsStateVersion) {
            snapshot.state_version = 1;
        }
        let place = (stream.to_owned(), decider.to_owned());
        let mut snapshots = self.shared.snapshots.lock().unwrap();
        snapshots.insert(place, snapshot.clone());
        self.inner
            .save_snapshot(&self.stream(stream), decider, snapshot)
    }

    fn delete_snapshot(&mut self, stream: &str, decider: &str) -> Result<(), StoreError> {
        if self.is(D::KeepsSnapshots) {
            return Ok(());
        }
        self.inner.delete_snapshot(&self.stream(stream), decider)
    }

    fn load_checkpoint(&mut self, handler: &str) -> Result<Option<Checkpoint>, StoreError> {
        Ok(self.reactions(|reactions| reactions.load_checkpoint(handler)))
    }

    fn save_checkpoint(&mut self, handler: &str, next: Checkpoint) -> Result<(), WriteError> {
        self.reactions(|reactions| reactions.save_checkpoint(handler, next, self.defect))
    }

    fn get_row(&mut self, view: &str, key: &str) -> Result<Option<Row>, StoreError> {
        Ok(self.reactions(|reactions| reactions.get_row(view, key)))
    }

    fn find_row(&mut self, view: &str, key: &str) -> Result<FoundRow, StoreError> {
        Ok(self.reactions(|reactions| reactions.find_row(view, key, self.defect)))
    }

    fn put_row(&mut self, view: &str, row: Row, seen: u64) -> Result<(), WriteError> {
        let (key, position) = (row.key.clone(), row.position);
        self.reactions(|it| it.write_row(view, &key, Some(row), seen, position, self.defect))
    }

    fn delete_row(
        &mut self,
        view: &str,
        key: &str,
        seen: u64,
        position: u64,
    ) -> Result<(), WriteError> {
        self.reactions(|it| it.write_row(view, key, None, seen, position, self.defect))
    }

    fn scan_rows(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<RowPage, StoreError> {
        Ok(self.reactions(|reactions| reactions.scan_rows(view, after, limit, self.defect)))
    }

    fn drop_rows(&mut self, view: &str, limit: u32) -> Result<bool, StoreError> {
        Ok(self.reactions(|reactions| reactions.drop_rows(view, limit, self.defect)))
    }
}
