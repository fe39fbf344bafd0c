//! When snapshots are taken: by cadence, and when nobody waits for an answer.
//!
//! A snapshot only saves time. One that was not taken, since the instance is gone or nobody said that
//! the answer is given, is due again with the next command on the stream.

use std::cell::RefCell;

use crate::annals::es::event_store::Snapshot;
use crate::annals::es::types::DeciderDescriptor;
use crate::outside::event_store;
use crate::rehydrate::Loaded;
use crate::{routes, sessions};

/// By which decider, on which stream.
type Due = (u32, String);

thread_local! {
    /// At most one: the next command takes it if nobody else did.
    static DUE: RefCell<Option<Due>> = const { RefCell::new(None) };
}

/// Remembers that a snapshot is due. The session is kept, and stands where the stream does.
pub fn remember(decider: u32, stream: String) {
    DUE.set(Some((decider, stream)));
}

/// Takes what is due.
pub fn take_due() {
    let Some((index, stream)) = DUE.take() else {
        return;
    };
    let decider = routes::catalogue().get(index as usize);
    if let (Some(decider), Some(mut loaded)) = (decider, sessions::take(index, &stream))
        && take(&mut loaded, decider, &stream).is_ok()
    {
        sessions::keep(index, stream, loaded);
    }
}

/// Does the cadence ask for a snapshot?
///
/// It counts events, and what is to be read: recorded outcomes take slots too.
pub fn is_due(loaded: &Loaded, decider: &DeciderDescriptor) -> bool {
    let every = u64::from(decider.snapshot_every);
    let due = |now: u64, then: u64| now / every > then / every;
    let (now, then) = (loaded.head, loaded.snapshot);
    every > 0 && (due(now.version, then.version) || due(now.cursor, then.cursor))
}

/// Takes a snapshot if it is due. A snapshot that cannot be stored fails nothing.
///
/// # Errors
/// A fault if the session cannot fold its events. The session is of no use then.
pub fn take(loaded: &mut Loaded, decider: &DeciderDescriptor, stream: &str) -> Result<(), String> {
    if !is_due(loaded, decider) {
        return Ok(());
    }
    if let Some(state) = loaded.state()? {
        let snapshot = Snapshot {
            state,
            state_version: decider.state_version,
            head: loaded.head,
        };
        if event_store::save_snapshot(stream, &decider.name, &snapshot).is_ok() {
            loaded.snapshot = loaded.head;
        }
    }
    Ok(())
}
