//! The cadence of snapshots. The sourcer takes them when no client waits for an answer.
//!
//! A snapshot only saves time. If a due snapshot is not taken, because the instance ended or the ingress did
//! not report its answer, the snapshot is due again with the next command on the stream.

use std::cell::RefCell;

use crate::annals::es::event_store::Snapshot;
use crate::annals::es::types::DeciderDescriptor;
use crate::outside::event_store;
use crate::rehydrate::Loaded;
use crate::{routes, sessions};

/// Index of the decider, and the stream.
type Due = (u32, String);

thread_local! {
    /// The due snapshot, at most one. The next command takes it if nothing else did.
    static DUE: RefCell<Option<Due>> = const { RefCell::new(None) };
}

/// Records that a snapshot is due. The cache holds the session, which is at the head of the stream.
pub fn remember(decider: u32, stream: String) {
    DUE.set(Some((decider, stream)));
}

/// Takes the due snapshot.
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

/// Whether the cadence demands a snapshot.
///
/// The cadence counts events, and slots too: recorded outcomes take slots, which a replay must read.
pub fn is_due(loaded: &Loaded, decider: &DeciderDescriptor) -> bool {
    let every = u64::from(decider.snapshot_every);
    let due = |now: u64, then: u64| now / every > then / every;
    let (now, then) = (loaded.head, loaded.snapshot);
    every > 0 && (due(now.version, then.version) || due(now.cursor, then.cursor))
}

/// Takes a snapshot if it is due. The failure to store it is ignored.
///
/// # Errors
/// The decider's fault, if the session cannot fold its events. The session is invalid then.
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
