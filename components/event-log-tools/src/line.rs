//! One line of an export: a CloudEvents 1.0 structured event.
//!
//! Attributes have the same names as in the application's own `GET /events`. Further extension attributes contain the
//! other data that an import needs:
//!
//! | attribute | meaning |
//! |---|---|
//! | `streamslot` | the slot of the commit or outcome in its stream |
//! | `streamvoids` | number of voids directly before that slot, if there are any |
//! | `streamclosed` | `true` if the stream is closed: no event can follow |
//! | `commitsize` | number of events of the commit; the event's index is in its id |
//! | `logpartitions` | number of partitions of the store's log, if there are several |
//! | `commandtype` | the command's type |
//! | `tags`, `extensions` | see `attributes` |
//! | `claimfingerprint`, `claimcursor` | fingerprint and cursor of the command id's claim, if there is one |
//! | `view`, `viewkey` | view and key of a row; a row without data was deleted |
//! | `handler`, `generation` | handler and generation of a checkpoint; its data is the dispatcher's state |
//! | `reflects` | the position of the row or checkpoint |
//! | `timems` | milliseconds since the epoch, if `time` cannot represent them |

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{attributes, number};
use annals_event_log::internals::hex;
use annals_event_log::internals::{check_extensions, check_tags};
use annals_event_log::records::{ClaimRecord, Commit, CommitId, OutcomeRecord};
use annals_event_log::{Checkpoint, Metadata, Rejection, Row};

/// The type of a line with an outcome: a command that ended without events.
pub(crate) const OUTCOME: &str = "annals.outcome.v1";
/// The type of a line with a row of a view.
pub(crate) const ROW: &str = "annals.row.v1";
/// The type of a line with a handler's checkpoint.
pub(crate) const CHECKPOINT: &str = "annals.checkpoint.v1";
/// The type of the last line.
pub(crate) const END: &str = "annals.end.v1";
/// The last millisecond of the year 9999, the last one that RFC 3339 can represent.
const MAX_TIME: u64 = 253_402_300_799_999;

/// Any line.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line<'a> {
    #[serde(borrow)]
    pub specversion: Cow<'a, str>,
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    #[serde(borrow)]
    pub source: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    pub event_type: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub datacontenttype: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub data: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub data_base64: Option<Cow<'a, str>>,
    #[serde(
        with = "number::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub streamversion: Option<u64>,
    #[serde(
        with = "number::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub position: Option<u64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub commandid: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub correlationid: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub causationid: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schemaversion: Option<u32>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub commandtype: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Cow<'a, str>>,
    /// Names of the extension attributes. An export writes these attributes after all others, and a reader extracts
    /// them before it parses the others.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Cow<'a, str>>,
    #[serde(
        with = "number::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub streamslot: Option<u64>,
    #[serde(with = "number", default, skip_serializing_if = "is_zero")]
    pub streamvoids: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub streamclosed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitsize: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logpartitions: Option<u32>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub claimfingerprint: Option<Cow<'a, str>>,
    #[serde(
        with = "number::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub claimcursor: Option<u64>,
    #[serde(
        with = "number::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub timems: Option<u64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub view: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub viewkey: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    #[serde(
        with = "number::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub reflects: Option<u64>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The place of a commit or outcome in its stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    pub slot: u64,
    /// Number of voids directly before the slot.
    pub voids: u64,
    /// Partitions of the store's log.
    pub partitions: u32,
}

/// The data of an outcome's line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutcomeData {
    /// `None` if the decider accepted the command without events.
    pub rejection: Option<Rejection>,
}

/// The data of the last line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndData {
    /// The last log slot of the source store, including slots with dead refs.
    pub logend: u64,
    pub logpartitions: u32,
    pub commits: u64,
    pub events: u64,
    pub outcomes: u64,
    /// Absent in exports of releases without reactions.
    #[serde(default)]
    pub rows: u64,
    #[serde(default)]
    pub checkpoints: u64,
}

/// Writes the lines of a commit: one line for each event, with its newline.
pub(crate) fn commit(
    out: &mut Vec<u8>,
    source: &str,
    at: At,
    commit: &Commit,
    claim: Option<&ClaimRecord>,
) -> Result<(), serde_json::Error> {
    let fingerprint = claim.map(|claim| format!("{:016x}", claim.fingerprint));
    for (index, event) in (0u64..).zip(&commit.events) {
        let data = json(&event.content_type, &event.payload);
        let line = Line {
            id: Commit::event_id(&commit.id, index).into(),
            event_type: event.event_type.as_str().into(),
            datacontenttype: Some(event.content_type.as_str().into()),
            data,
            data_base64: match data {
                Some(_) => None,
                None => Some(STANDARD.encode(&event.payload).into()),
            },
            streamversion: Some(commit.first_version.get() + index),
            position: Some(commit.position.get() + index),
            schemaversion: Some(event.schema_version),
            commitsize: u32::try_from(commit.events.len()).ok(),
            tags: attributes::tags(&event.tags).map(Into::into),
            ..common(
                source,
                &commit.stream,
                at,
                &commit.after,
                &commit.metadata,
                claim,
                fingerprint.as_deref(),
            )
        };
        write(out, &line, &commit.metadata.extensions)?;
    }
    Ok(())
}

/// Writes the line of an outcome.
pub(crate) fn outcome(
    out: &mut Vec<u8>,
    source: &str,
    at: At,
    outcome: &OutcomeRecord,
    claim: Option<&ClaimRecord>,
) -> Result<(), serde_json::Error> {
    let fingerprint = claim.map(|claim| format!("{:016x}", claim.fingerprint));
    let data = serde_json::value::to_raw_value(&OutcomeData {
        rejection: outcome.rejection.clone(),
    })?;
    let line = Line {
        id: format!("{}@{}", outcome.stream, at.slot).into(),
        event_type: OUTCOME.into(),
        datacontenttype: Some("application/json".into()),
        data: Some(&data),
        streamversion: Some(outcome.after.version.get()),
        ..common(
            source,
            &outcome.stream,
            at,
            &outcome.after,
            &outcome.metadata,
            claim,
            fingerprint.as_deref(),
        )
    };
    write(out, &line, &outcome.metadata.extensions)
}

/// Writes the line of a row, or of a row that was deleted at a position.
pub(crate) fn row(
    out: &mut Vec<u8>,
    source: &str,
    view: &str,
    key: &str,
    position: u64,
    row: Option<&Row>,
) -> Result<(), serde_json::Error> {
    let data = row.and_then(|row| json(&row.content_type, &row.value));
    let encoded = match (row, data) {
        (Some(row), None) => Some(STANDARD.encode(&row.value).into()),
        _ => None,
    };
    let line = Line {
        specversion: "1.0".into(),
        id: format!("row/{view}/{key}").into(),
        source: source.into(),
        event_type: ROW.into(),
        datacontenttype: row.map(|row| row.content_type.as_str().into()),
        data,
        data_base64: encoded,
        view: Some(view.into()),
        viewkey: Some(key.into()),
        reflects: Some(position),
        ..Line::default()
    };
    write(out, &line, &[])
}

/// Writes the line of a checkpoint.
pub(crate) fn checkpoint(
    out: &mut Vec<u8>,
    source: &str,
    handler: &str,
    checkpoint: &Checkpoint,
) -> Result<(), serde_json::Error> {
    let line = Line {
        specversion: "1.0".into(),
        id: format!("checkpoint/{handler}").into(),
        source: source.into(),
        event_type: CHECKPOINT.into(),
        data_base64: Some(STANDARD.encode(&checkpoint.state).into()),
        handler: Some(handler.into()),
        generation: Some(checkpoint.generation),
        reflects: Some(checkpoint.position),
        ..Line::default()
    };
    write(out, &line, &[])
}

/// Writes the last line.
pub(crate) fn end(out: &mut Vec<u8>, source: &str, end: EndData) -> Result<(), serde_json::Error> {
    let data = serde_json::value::to_raw_value(&end)?;
    let line = Line {
        specversion: "1.0".into(),
        id: "end".into(),
        source: source.into(),
        event_type: END.into(),
        datacontenttype: Some("application/json".into()),
        data: Some(&data),
        ..Line::default()
    };
    write(out, &line, &[])
}

fn common<'a>(
    source: &'a str,
    stream: &'a str,
    at: At,
    after: &annals_event_log::records::After,
    metadata: &'a Metadata,
    claim: Option<&ClaimRecord>,
    fingerprint: Option<&'a str>,
) -> Line<'a> {
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(after.recorded_at.min(MAX_TIME));
    Line {
        specversion: "1.0".into(),
        source: source.into(),
        subject: Some(stream.into()),
        time: Some(humantime::format_rfc3339_millis(time).to_string().into()),
        timems: (after.recorded_at > MAX_TIME).then_some(after.recorded_at),
        streamslot: Some(at.slot),
        streamvoids: at.voids,
        logpartitions: Some(at.partitions).filter(|partitions| *partitions > 1),
        streamclosed: after.closed,
        commandid: Some(metadata.command_id.as_str().into()),
        commandtype: Some(metadata.command_type.as_str().into()),
        correlationid: Some(metadata.correlation_id.as_str().into()),
        causationid: Some(metadata.causation_id.as_str().into()),
        actor: metadata.actor.as_deref().map(Into::into),
        traceparent: metadata.traceparent.as_deref().map(Into::into),
        claimfingerprint: fingerprint.map(Into::into),
        claimcursor: claim.map(|claim| claim.cursor.get()),
        extensions: attributes::listed(&metadata.extensions).map(Into::into),
        ..Line::default()
    }
}

fn write(
    out: &mut Vec<u8>,
    line: &Line<'_>,
    extensions: &[(String, String)],
) -> Result<(), serde_json::Error> {
    serde_json::to_writer(&mut *out, line)?;
    if !extensions.is_empty() {
        // Insert the extension attributes before the closing brace.
        out.pop();
        for (name, value) in extensions {
            out.push(b',');
            serde_json::to_writer(&mut *out, &attributes::attribute(name))?;
            out.push(b':');
            serde_json::to_writer(&mut *out, value)?;
        }
        out.push(b'}');
    }
    out.push(b'\n');
    Ok(())
}

/// The payload as raw JSON, if it is JSON on one line from which an import restores exactly these bytes. `null` is
/// excluded, because `data: null` means that there is no data.
fn json<'p>(content_type: &str, payload: &'p [u8]) -> Option<&'p RawValue> {
    if !content_type.starts_with("application/json") && !content_type.ends_with("+json") {
        return None;
    }
    let raw: &RawValue = serde_json::from_slice(payload).ok()?;
    let text = raw.get();
    let same = text.len() == payload.len() && text != "null";
    (same && !text.contains(['\n', '\r'])).then_some(raw)
}

impl Line<'_> {
    /// Decodes the payload's bytes.
    pub fn payload(&self) -> Result<Vec<u8>, String> {
        match (&self.data, &self.data_base64) {
            (Some(data), None) => Ok(data.get().as_bytes().to_vec()),
            (None, Some(text)) => STANDARD
                .decode(text.as_bytes())
                .map_err(|error| format!("data_base64: {error}")),
            (None, None) => Err("it has neither data nor data_base64".into()),
            (Some(_), Some(_)) => Err("it has both data and data_base64".into()),
        }
    }

    pub fn is_without_data(&self) -> bool {
        self.data.is_none() && self.data_base64.is_none()
    }

    /// The time in milliseconds since the epoch.
    pub fn millis(&self) -> Result<u64, String> {
        if let Some(millis) = self.timems {
            return Ok(millis);
        }
        let text = self.time.as_deref().ok_or("it has no time")?;
        let time = humantime::parse_rfc3339(text).map_err(|error| format!("time: {error}"))?;
        let since = time
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_err(|_| "time: it is before 1970".to_owned())?;
        u64::try_from(since.as_millis()).map_err(|_| "time: it is too late".into())
    }

    /// The commit's id, and the event's index in it.
    pub fn commit_id(&self) -> Result<(CommitId, u64), String> {
        let wrong = || format!("id {:?} is not that of an event", self.id);
        let (digits, index) = self.id.split_once('-').ok_or_else(wrong)?;
        let mut id = CommitId::default();
        if digits.len() != 32 || !digits.is_ascii() {
            return Err(wrong());
        }
        for (place, pair) in id.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *place = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        let index = index.parse().map_err(|_| wrong())?;
        if hex(&id) != digits {
            return Err(wrong());
        }
        Ok((id, index))
    }

    /// The command's metadata. `extensions` are the extension attributes of the line.
    pub fn metadata(&self, extensions: &[(String, String)]) -> Result<Metadata, String> {
        check_extensions(extensions).map_err(|error| error.to_string())?;
        let own = |text: &Option<Cow<'_, str>>, name: &str| {
            text.as_deref()
                .map(str::to_owned)
                .ok_or_else(|| format!("it has no {name}"))
        };
        Ok(Metadata {
            command_id: own(&self.commandid, "commandid")?,
            command_type: own(&self.commandtype, "commandtype")?,
            correlation_id: own(&self.correlationid, "correlationid")?,
            causation_id: own(&self.causationid, "causationid")?,
            actor: self.actor.as_deref().map(str::to_owned),
            traceparent: self.traceparent.as_deref().map(str::to_owned),
            extensions: extensions.to_vec(),
        })
    }

    /// The tags of the event.
    pub fn tags(&self) -> Result<Vec<String>, String> {
        let tags = attributes::read_tags(self.tags.as_deref())?;
        check_tags(&tags).map_err(|error| error.to_string())?;
        Ok(tags)
    }

    /// The claim of the command id, if the line has one.
    pub fn claim(&self, stream: &str, metadata: &Metadata) -> Result<Option<ClaimRecord>, String> {
        match (&self.claimfingerprint, self.claimcursor) {
            (None, None) => Ok(None),
            (Some(text), Some(cursor)) => Ok(Some(ClaimRecord {
                command_id: metadata.command_id.clone(),
                stream: stream.to_owned(),
                cursor: cursor.into(),
                fingerprint: u64::from_str_radix(text, 16)
                    .map_err(|error| format!("claimfingerprint: {error}"))?,
            })),
            _ => Err("claimfingerprint and claimcursor belong together".into()),
        }
    }
}
