//! Calls the contract's interfaces on request of the wire.

use annals_event_log as log;
use annals_store_wire::{Call, decode, encode};
use serde::Serialize;

use crate::annals::es::event_reader as reader;
use crate::annals::es::event_store::{self as store, AppendError};
use crate::annals::es::reaction_store::{self as reactions, KeyRange, WriteError};
use crate::annals::es::types::{RowKey, StoreError};
use crate::convert::alike;

/// Executes a call. The error is for a body that is no call.
pub fn call(body: &[u8]) -> Result<Vec<u8>, String> {
    let call = decode(body).map_err(|error| format!("this is no call: {error}"))?;
    match call {
        Call::Health => answer(reader::health()),
        Call::Load {
            stream,
            after,
            limit,
        } => answer(store::load(&stream, alike(&after)?, limit)),
        Call::Append(request) => answer_append(store::append(&alike(&request)?)),
        Call::ClaimCommand {
            command_id,
            fingerprint,
            stream,
            cursor,
        } => answer(store::claim_command(
            &command_id,
            fingerprint,
            &stream,
            cursor,
        )),
        Call::FindOutcome {
            command_id,
            stream,
            cursor,
        } => answer(store::find_outcome(&command_id, &stream, cursor)),
        Call::RecordOutcome {
            stream,
            at,
            metadata,
            rejection,
            recorded_at,
        } => {
            let (metadata, rejection) = (alike(&metadata)?, alike::<_, Option<_>>(&rejection)?);
            answer_append(store::record_outcome(
                &stream,
                alike(&at)?,
                &metadata,
                rejection.as_ref(),
                recorded_at,
            ))
        }
        Call::ReadStream {
            stream,
            after,
            limit,
        } => answer(reader::read_stream(&stream, after, limit)),
        Call::ReadStreamBackward {
            stream,
            before,
            limit,
        } => answer(reader::read_stream_backward(&stream, before, limit)),
        Call::ReadLog {
            after,
            limit,
            filter,
            now,
        } => answer(reader::read_log(after, limit, &alike(&filter)?, now)),
        Call::LogEnd => answer(reader::log_end()),
        Call::LoadSnapshot { stream, decider } => answer(store::load_snapshot(&stream, &decider)),
        Call::SaveSnapshot {
            stream,
            decider,
            snapshot,
        } => answer(store::save_snapshot(&stream, &decider, &alike(&snapshot)?)),
        Call::DeleteSnapshot { stream, decider } => {
            answer(store::delete_snapshot(&stream, &decider))
        }
        Call::LoadCheckpoint { handler } => answer(reactions::load_checkpoint(&handler)),
        Call::SaveCheckpoint { handler, next } => {
            answer_write(reactions::save_checkpoint(&handler, &alike(&next)?))
        }
        Call::GetRow { view, key } => answer(reactions::get_row(&RowKey { view, key })),
        Call::FindRow { view, key } => answer(reactions::find_row(&RowKey { view, key })),
        Call::PutRow { view, row, seen } => {
            answer_write(reactions::put_row(&view, &alike(&row)?, seen))
        }
        Call::DeleteRow {
            view,
            key,
            seen,
            position,
        } => answer_write(reactions::delete_row(&RowKey { view, key }, seen, position)),
        Call::ScanRows { view, after, limit } => {
            let keys = KeyRange {
                first: None,
                after,
                before: None,
            };
            answer(reactions::scan_rows(&view, &keys, limit))
        }
        Call::DropRows { view, limit } => answer(reactions::drop_rows(&view, limit)),
    }
}

fn answer<T: Serialize>(result: Result<T, StoreError>) -> Result<Vec<u8>, String> {
    written(&result.map_err(log::StoreError::from))
}

fn answer_append<T: Serialize>(result: Result<T, AppendError>) -> Result<Vec<u8>, String> {
    written(&result.map_err(log::AppendError::from))
}

fn answer_write<T: Serialize>(result: Result<T, WriteError>) -> Result<Vec<u8>, String> {
    written(&result.map_err(log::WriteError::from))
}

fn written<T: Serialize>(answer: &T) -> Result<Vec<u8>, String> {
    encode(answer).map_err(|error| error.to_string())
}
